/* The table of descriptors against the same written as SDDL, read by the system's parser. */
#include "tests/support/unit.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"

static struct sbx_error err;

/* U = user, A = account, R = run, L = logon, G = group below. */
#define U "S-1-5-21-1-2-3-1001"
#define A "S-1-5-21-1-2-3-1002"
#define R "S-1-5-21-4-5-6-2147483655"
#define L "S-1-5-5-0-77"
#define G "S-1-5-21-1-2-3-1003"

static const struct {
    const struct sbx_sd_spec *spec;
    const char *full;    /* everybody given */
    const char *minimal; /* only those that are required */
} rows[] = {
    {&sbx_sd_locked_process, "D:P(A;;0x1fffff;;;SY)(A;;0x121001;;;" U ")(A;;0x20000;;;S-1-3-4)",
        "D:P(A;;0x1fffff;;;SY)(A;;0x20000;;;S-1-3-4)"},
    {&sbx_sd_logging_on, "D:P(A;;0x1fffff;;;SY)(A;;0x1214c1;;;" U ")(A;;0x20000;;;S-1-3-4)",
        "D:P(A;;0x1fffff;;;SY)(A;;0x1214c1;;;" U ")(A;;0x20000;;;S-1-3-4)"},
    {&sbx_sd_locked_thread, "D:P(A;;0x1fffff;;;SY)(A;;0x120800;;;" U ")(A;;0x20000;;;S-1-3-4)",
        "D:P(A;;0x1fffff;;;SY)(A;;0x20000;;;S-1-3-4)"},
    {&sbx_sd_stage_default, "D:(A;;GA;;;SY)(A;;RC;;;S-1-3-4)", "D:(A;;GA;;;SY)(A;;RC;;;S-1-3-4)"},
    {&sbx_sd_console_default, "D:(A;;GA;;;SY)(A;;0x8;;;" U ")(A;;RC;;;S-1-3-4)",
        "D:(A;;GA;;;SY)(A;;0x8;;;" U ")(A;;RC;;;S-1-3-4)"},
    {&sbx_sd_stage_token, "D:(A;;0xf01ff;;;SY)(A;;0x8;;;" A ")(A;;RC;;;S-1-3-4)",
        "D:(A;;0xf01ff;;;SY)(A;;0x8;;;" A ")(A;;RC;;;S-1-3-4)"},
    {&sbx_sd_private_pipe, "D:P(A;;FA;;;SY)(A;;0x1301ff;;;" U ")(A;;RC;;;S-1-3-4)",
        "D:P(A;;FA;;;SY)(A;;0x1301ff;;;" U ")(A;;RC;;;S-1-3-4)"},
    {&sbx_sd_state_folder, "D:P(D;OICI;FA;;;" G ")(A;OICI;FA;;;SY)(A;OICI;FA;;;" U ")",
        "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;" U ")"},
    {&sbx_sd_work_folder,
        "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;" U ")(A;;0x1201bf;;;" G ")(A;OICIIO;0x1301bf;;;" G
        ")(A;;0x1201bf;;;" R ")(A;OICIIO;0x1301bf;;;" R ")(A;OICIIO;RC;;;S-1-3-4)",
        "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;" U ")(A;;0x1201bf;;;" R ")(A;OICIIO;0x1301bf;;;" R
        ")(A;OICIIO;RC;;;S-1-3-4)"},
    /* The last: a test below takes its text. */
    {&sbx_sd_private_desktop,
        "D:P(A;;0xf01ff;;;SY)(A;;0xf01ff;;;" U ")(A;;0x200c7;;;" A ")(A;;0x200c7;;;" R
        ")(A;;0x200c7;;;" L ")",
        "D:P(A;;0xf01ff;;;SY)(A;;0xf01ff;;;" U ")(A;;0x200c7;;;" R ")"},
};

static void give(struct sbx_sd_people *people, enum sbx_sd_who who, const char *text)
{
    ck_assert_sbx_ok(sbx_sid_parse(text, &people->sid[who], &err), &err);
}

static void everybody(struct sbx_sd_people *people)
{
    memset(people, 0, sizeof(*people));
    give(people, SBX_WHO_USER, U);
    give(people, SBX_WHO_ACCOUNT, A);
    give(people, SBX_WHO_RUN, R);
    give(people, SBX_WHO_LOGON, L);
    give(people, SBX_WHO_GROUP, G);
}

static void ck_equals_sddl(const struct sbx_descriptor *built, const char *sddl)
{
    struct sbx_descriptor parsed = {0};

    ck_assert_sbx_ok(sbx_sd_from_sddl(sddl, &parsed, &err), &err);
    ck_assert_msg(sbx_acl_same_aces(&built->dacl, &parsed.dacl), "%s", sddl);
    ck_assert_uint_eq(
        built->control & SBX_SD_DACL_PROTECTED, parsed.control & SBX_SD_DACL_PROTECTED);
    sbx_descriptor_done(&parsed);
}

START_TEST(build__everybody_given__as_written)
{
    struct sbx_sd_people people;
    struct sbx_descriptor built = {0};

    everybody(&people);
    ck_assert_sbx_ok(sbx_sd_build(rows[_i].spec, &people, &built, &err), &err);
    ck_equals_sddl(&built, rows[_i].full);
    ck_assert(sbx_acl_is_canonical(&built.dacl));
    sbx_descriptor_done(&built);
}
END_TEST

START_TEST(build__optional_ones_missing__left_out)
{
    const struct sbx_sd_spec *spec = rows[_i].spec;
    struct sbx_sd_people people, minimal;
    struct sbx_descriptor built = {0};
    size_t i;

    everybody(&people);
    memset(&minimal, 0, sizeof(minimal));
    for (i = 0; i < spec->count; i++) {
        if (!spec->entries[i].optional)
            minimal.sid[spec->entries[i].who] = people.sid[spec->entries[i].who];
    }
    ck_assert_sbx_ok(sbx_sd_build(spec, &minimal, &built, &err), &err);
    ck_equals_sddl(&built, rows[_i].minimal);
    sbx_descriptor_done(&built);
}
END_TEST

/* A descriptor that silently lacks an entry would be too open or too closed: an error instead. */
START_TEST(build__required_one_missing__refused)
{
    struct sbx_sd_people people;
    struct sbx_descriptor built = {0};

    everybody(&people);
    memset(&people.sid[SBX_WHO_RUN], 0, sizeof(people.sid[0]));
    ck_assert_int_eq(sbx_sd_build(&sbx_sd_child_process, &people, &built, &err), SBX_INTERNAL);
    ck_assert_int_eq(built.dacl.kind, SBX_ACL_ABSENT);
}
END_TEST

START_TEST(table__every_entry__has_a_reason)
{
    const struct sbx_sd_spec *spec = rows[_i].spec;
    size_t i;

    for (i = 0; i < spec->count; i++)
        ck_assert_uint_gt(strlen(spec->entries[i].why), 10);
}
END_TEST

START_TEST(build_bytes__as_security_attributes__object_has_it)
{
    struct sbx_sd_people people;
    struct sbx_descriptor now = {0};
    struct sbx_buf bytes;
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    HANDLE event;

    everybody(&people);
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_sd_build_bytes(&sbx_sd_private_desktop, &people, &bytes, &err), &err);
    ck_assert(IsValidSecurityDescriptor(bytes.data));
    ck_assert_uint_eq(GetSecurityDescriptorLength(bytes.data), bytes.length_bytes);
    attributes.lpSecurityDescriptor = bytes.data;
    event = CreateEventW(&attributes, TRUE, FALSE, NULL);
    ck_assert_ptr_nonnull(event);
    ck_assert_sbx_ok(sbx_acl_get(event, NULL, &now, &err), &err);
    ck_equals_sddl(&now, rows[countof(rows) - 1].full);
    sbx_descriptor_done(&now);
    sbx_buf_done(&bytes);
    sbx_handle_close(&event);
}
END_TEST

START_TEST(to_sddl_from_sddl__round_trip__same)
{
    struct sbx_sd_people people;
    struct sbx_descriptor built = {0}, back = {0};
    char *sddl = NULL;

    everybody(&people);
    ck_assert_sbx_ok(sbx_sd_build(rows[_i].spec, &people, &built, &err), &err);
    built.has_owner = true;
    built.owner = people.sid[SBX_WHO_USER];
    ck_assert_sbx_ok(sbx_sd_to_sddl(&built, &sddl, &err), &err);
    ck_assert_sbx_ok(sbx_sd_from_sddl(sddl, &back, &err), &err);
    ck_assert(sbx_acl_same_aces(&built.dacl, &back.dacl));
    ck_assert(back.has_owner && sbx_sid_equal(&back.owner, &built.owner));
    free(sddl);
    sbx_descriptor_done(&built);
    sbx_descriptor_done(&back);
}
END_TEST

START_TEST(from_sddl__garbage__refused)
{
    struct sbx_descriptor parsed = {0};

    /* No cut-off entry here: Wine's parser reads on behind the end of the text. */
    ck_assert_int_ne(sbx_sd_from_sddl("D:(Q;;GA;;;WD)", &parsed, &err), SBX_OK);
    ck_assert_int_ne(sbx_sd_from_sddl("D:(A;;GA;;;NOBODY)", &parsed, &err), SBX_OK);
    ck_assert_int_eq(parsed.dacl.kind, SBX_ACL_ABSENT);
}
END_TEST

static void add_tests(TCase *tcase)
{
    int count = (int)countof(rows);

    tcase_add_loop_test(tcase, build__everybody_given__as_written, 0, count);
    tcase_add_loop_test(tcase, build__optional_ones_missing__left_out, 0, count);
    tcase_add_test(tcase, build__required_one_missing__refused);
    tcase_add_loop_test(tcase, table__every_entry__has_a_reason, 0, count);
    tcase_add_test(tcase, build_bytes__as_security_attributes__object_has_it);
    tcase_add_loop_test(tcase, to_sddl_from_sddl__round_trip__same, 0, count);
    tcase_add_test(tcase, from_sddl__garbage__refused);
}

UNIT_MAIN("sd", add_tests)
