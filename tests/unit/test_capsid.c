/* capsid: SIDs read and print as Windows does; capability SIDs depend on each part and on no
 * spelling. */
#include "shared/core/capsid.h"

#include "tests/support/unit.h"

#define CALLER "S-1-5-21-1-2-3-1001"
#define GUID "{0ab1c2d3-0000-1111-2222-abcdef012345}"

/* Computed with another implementation (Python's hashlib) from the encoding in capsid.c. */
#define EXPECTED_ROOT "S-1-5-21-3360542463-2267240941-2715962686-4047608647"
#define EXPECTED_RUN "S-1-5-21-2377860734-841726488-1596233006-3380476548"

static const uint8_t file_id[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static const char *const good_rows[] = {"S-1-0-0", "S-1-1-0", "S-1-5-18", "S-1-5-32-544",
    "S-1-5-21-4294967295-0-1-4294967295", "S-1-4294967295-1", "S-1-0x000100000000-5",
    "S-1-0xFFFFFFFFFFFF-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15",
    "S-1-0xFFFFFFFFFFFF-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
    "4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
    "4294967295"};

START_TEST(capsid__sid_text__round_trips_through_binary)
{
    struct sbx_sid sid, back;
    uint8_t bytes[SBX_SID_BINARY_MAX];
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_error err;
    size_t length;

    ck_assert_sbx_ok(sbx_sid_parse(good_rows[_i], &sid, &err), &err);
    sbx_sid_format(&sid, text);
    ck_assert_str_eq(text, good_rows[_i]);
    length = sbx_sid_to_bytes(&sid, bytes);
    ck_assert_uint_eq(length, 8u + 4u * sid.count);
    ck_assert_sbx_ok(sbx_sid_from_bytes(bytes, length, &back, &err), &err);
    ck_assert(sbx_sid_equal(&sid, &back));
    ck_assert_int_eq(sbx_sid_from_bytes(bytes, length - 1, &back, &err), SBX_INVALID);
}
END_TEST

static const char *const bad_rows[] = {"", "S", "S-", "S-1", "S-1-", "S-1-5", "S-1-5-", "S-2-5-18",
    "S-01-5-18", "X-1-5-18", "S-1-5-18 ", " S-1-5-18", "S-1-5--18", "S-1-5-+1", "S-1-5--1",
    "S-1-5-018", "S-1-05-18", "S-1-5-4294967296", "S-1-5-99999999999999999999999",
    "S-1-4294967296-1", "S-1-0x5-18", "S-1-0x000000000005-18", "S-1-0x1000000000000-18",
    "S-1-0x00010000000g-1", "S-1-5-18\n", "S-1-5-0x12", "BA",
    "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "S-1-5-18-", "S-1--18", "S-1-5-1e1"};

START_TEST(capsid__bad_sid_text__refused)
{
    struct sbx_error err;
    struct sbx_sid sid;

    ck_assert_msg(sbx_sid_parse(bad_rows[_i], &sid, &err) == SBX_INVALID, "%s", bad_rows[_i]);
    ck_assert_int_eq(strncmp(err.context, "SID '", 5), 0);
}
END_TEST

START_TEST(capsid__binary__as_windows_lays_it_out)
{
    static const uint8_t admins[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0};
    static const uint8_t bare[] = {1, 0, 0, 0, 0, 0, 0, 5};
    uint8_t bad[sizeof(admins)], bytes[SBX_SID_BINARY_MAX];
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_error err;
    struct sbx_sid sid;

    ck_assert_sbx_ok(sbx_sid_from_bytes(admins, sizeof(admins), &sid, &err), &err);
    sbx_sid_format(&sid, text);
    ck_assert_str_eq(text, "S-1-5-32-544");
    ck_assert_uint_eq(sbx_sid_to_bytes(&sid, bytes), sizeof(admins));
    ck_assert_mem_eq(bytes, admins, sizeof(admins));
    ck_assert_sbx_ok(sbx_sid_from_bytes(bare, sizeof(bare), &sid, &err), &err);
    memcpy(bad, admins, sizeof(bad));
    bad[0] = 2;
    ck_assert_int_eq(sbx_sid_from_bytes(bad, sizeof(bad), &sid, &err), SBX_INVALID);
    bad[0] = 1;
    bad[1] = 16;
    ck_assert_int_eq(sbx_sid_from_bytes(bad, sizeof(bad), &sid, &err), SBX_INVALID);
    bad[1] = 1;
    ck_assert_int_eq(sbx_sid_from_bytes(bad, sizeof(bad), &sid, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_sid_from_bytes(bad, 0, &sid, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_sid_from_bytes(bad, 7, &sid, &err), SBX_INVALID);
}
END_TEST

static void root_text(const char *caller, const char *guid, const uint8_t *id, char *text)
{
    struct sbx_error err;
    struct sbx_sid sid;

    ck_assert_sbx_ok(sbx_capsid_for_root(caller, guid, id, &sid, &err), &err);
    ck_assert(sbx_capsid_is_ours(&sid));
    sbx_sid_format(&sid, text);
}

START_TEST(capsid__root__known_answer)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;

    root_text(CALLER, GUID, file_id, text);
    ck_assert_str_eq(text, EXPECTED_ROOT);
    sbx_capsid_for_run(file_id, &sid);
    sbx_sid_format(&sid, text);
    ck_assert_str_eq(text, EXPECTED_RUN);
    ck_assert(sbx_capsid_is_ours(&sid));
}
END_TEST

START_TEST(capsid__root__does_not_depend_on_spelling)
{
    char text[SBX_SID_TEXT_SIZE];

    root_text("s-1-5-21-1-2-3-1001", "{0AB1C2D3-0000-1111-2222-ABCDEF012345}", file_id, text);
    ck_assert_str_eq(text, EXPECTED_ROOT);
    root_text(CALLER, "\\\\?\\Volume" GUID "\\", file_id, text);
    ck_assert_str_eq(text, EXPECTED_ROOT);
    root_text(CALLER, "\\\\?\\VOLUME" GUID, file_id, text);
    ck_assert_str_eq(text, EXPECTED_ROOT);
}
END_TEST

START_TEST(capsid__root__depends_on_every_part)
{
    char text[SBX_SID_TEXT_SIZE];
    uint8_t other[16];
    size_t i;

    root_text("S-1-5-21-1-2-3-1002", GUID, file_id, text);
    ck_assert_str_ne(text, EXPECTED_ROOT);
    root_text(CALLER, "{0ab1c2d3-0000-1111-2222-abcdef012346}", file_id, text);
    ck_assert_str_ne(text, EXPECTED_ROOT);
    for (i = 0; i < 16; i++) {
        memcpy(other, file_id, 16);
        other[i] ^= 1;
        root_text(CALLER, GUID, other, text);
        ck_assert_str_ne(text, EXPECTED_ROOT);
    }
}
END_TEST

START_TEST(capsid__root__refuses_other_forms)
{
    static const char *const guids[] = {"", "0ab1c2d3-0000-1111-2222-abcdef012345",
        "{0ab1c2d3-0000-1111-2222-abcdef01234}", "{0ab1c2d3-0000-1111-2222-abcdef0123456}",
        "{0ab1c2d30000-1111-2222-abcdef012345}", GUID "x", GUID "\\", "\\\\?\\Volume" GUID "\\x",
        "\\\\.\\Volume" GUID, "C:\\", "{gab1c2d3-0000-1111-2222-abcdef012345}"};
    struct sbx_error err;
    struct sbx_sid sid;
    size_t i;

    for (i = 0; i < countof(guids); i++)
        ck_assert_msg(sbx_capsid_for_root(CALLER, guids[i], file_id, &sid, &err) == SBX_INVALID,
            "%s", guids[i]);
    ck_assert_int_eq(sbx_capsid_for_root("BA", GUID, file_id, &sid, &err), SBX_INVALID);
}
END_TEST

START_TEST(capsid__real_accounts__are_not_ours)
{
    static const char *const others[] = {"S-1-5-21-1-2-3-500", "S-1-5-21-1-2-3-2147483647",
        "S-1-5-18", "S-1-5-21-1-2-2147483648", "S-1-5-22-1-2-3-2147483648",
        "S-1-15-21-1-2-3-2147483648", "S-1-5-21-1-2-3-4-2147483648"};
    struct sbx_error err;
    struct sbx_sid sid;
    size_t i;

    for (i = 0; i < countof(others); i++) {
        ck_assert_sbx_ok(sbx_sid_parse(others[i], &sid, &err), &err);
        ck_assert_msg(!sbx_capsid_is_ours(&sid), "%s", others[i]);
    }
}
END_TEST

START_TEST(capsid__equal__compares_all)
{
    struct sbx_sid a, b;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_sid_parse("S-1-5-32-544", &a, &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse("S-1-5-32-545", &b, &err), &err);
    ck_assert(!sbx_sid_equal(&a, &b));
    ck_assert_sbx_ok(sbx_sid_parse("S-1-5-32", &b, &err), &err);
    ck_assert(!sbx_sid_equal(&a, &b) && !sbx_sid_equal(&b, &a));
    ck_assert_sbx_ok(sbx_sid_parse("S-1-6-32-544", &b, &err), &err);
    ck_assert(!sbx_sid_equal(&a, &b));
    b = a;
    b.sub[14] = 1; /* beyond the count: no part of the value */
    ck_assert(sbx_sid_equal(&a, &b));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, capsid__sid_text__round_trips_through_binary, 0, (int)countof(good_rows));
    tcase_add_loop_test(tcase, capsid__bad_sid_text__refused, 0, (int)countof(bad_rows));
    tcase_add_test(tcase, capsid__binary__as_windows_lays_it_out);
    tcase_add_test(tcase, capsid__root__known_answer);
    tcase_add_test(tcase, capsid__root__does_not_depend_on_spelling);
    tcase_add_test(tcase, capsid__root__depends_on_every_part);
    tcase_add_test(tcase, capsid__root__refuses_other_forms);
    tcase_add_test(tcase, capsid__real_accounts__are_not_ours);
    tcase_add_test(tcase, capsid__equal__compares_all);
}

UNIT_MAIN("capsid", add_tests)
