/* shared/core/background.h */
#include "tests/support/unit.h"
#include "shared/core/background.h"

static struct sbx_error err;
static struct sbx_background record, again;
static struct sbx_buf text;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&record, 0, sizeof(record));
    memset(&again, 0, sizeof(again));
    sbx_buf_init(&text, SBX_BACKGROUND_MAX_BYTES);
}

static void teardown(void)
{
    sbx_background_done(&record);
    sbx_background_done(&again);
    sbx_buf_done(&text);
}

START_TEST(key__name_object_or_time_differs__another_key)
{
    static const uint8_t id[16] = {1, 2, 3}, other[16] = {1, 2, 4};
    char key[SBX_BACKGROUND_KEY_SIZE], second[SBX_BACKGROUND_KEY_SIZE];
    char name[2000];

    sbx_background_key(".git", id, 77, key);
    ck_assert_str_eq(key, "000000000000004d 01020300000000000000000000000000 .git");
    sbx_background_key(".git", other, 77, second);
    ck_assert_str_ne(key, second);
    sbx_background_key(".git", id, 78, second);
    ck_assert_str_ne(key, second);
    sbx_background_key(".hg", id, 77, second);
    ck_assert_str_ne(key, second);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    sbx_background_key(name, id, 77, key);
    ck_assert_uint_eq(strlen(key), SBX_BACKGROUND_KEY_SIZE - 1);
}
END_TEST

START_TEST(record__round_trip__same)
{
    ck_assert_sbx_ok(sbx_strdup("C:\\ws \xC3\xA4", &record.path, &err), &err);
    record.since_ms = 1700000000000u;
    record.looked_ms = 1700000000001u;
    ck_assert_sbx_ok(sbx_strings_add(&record.seen, "a", &err), &err);
    ck_assert_sbx_ok(sbx_strings_add(&record.seen, "b \"quoted\"", &err), &err);
    ck_assert_sbx_ok(sbx_background_format(&record, &text, &err), &err);
    ck_assert_sbx_ok(sbx_background_parse(text.data, text.length_bytes, &again, &err), &err);
    ck_assert_str_eq(again.path, record.path);
    ck_assert_uint_eq(again.since_ms, record.since_ms);
    ck_assert_uint_eq(again.looked_ms, record.looked_ms);
    ck_assert_uint_eq(again.seen.count, 2);
    ck_assert(sbx_background_knows(&again, "b \"quoted\""));
    ck_assert(!sbx_background_knows(&again, "b"));
}
END_TEST

static const char *const bad[] = {"", "{}", "[]", "\0\0\0\0",
    "{\"version\":2,\"path\":\"\",\"since\":0,\"looked\":0,\"seen\":[]}",
    "{\"version\":1,\"path\":\"\",\"since\":-1,\"looked\":0,\"seen\":[]}",
    "{\"version\":1,\"path\":\"\",\"since\":0,\"looked\":0}",
    "{\"version\":1,\"path\":\"\",\"since\":0,\"looked\":0,\"seen\":[1]}",
    "{\"version\":1,\"path\":\"\",\"since\":0,\"looked\":0,\"seen\":[],\"x\":1}"};

START_TEST(record__not_ours__invalid)
{
    ck_assert_int_eq(sbx_background_parse(bad[_i], strlen(bad[_i]), &again, &err), SBX_INVALID);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, key__name_object_or_time_differs__another_key);
    tcase_add_test(tcase, record__round_trip__same);
    tcase_add_loop_test(tcase, record__not_ours__invalid, 0, (int)countof(bad));
}

UNIT_MAIN("background", add_tests)
