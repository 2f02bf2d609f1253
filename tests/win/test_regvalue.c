/* Single values below HKEY_LOCAL_MACHINE. */
#include "tests/support/win/doubles.h"

#include "shared/win/regvalue.h"

#define OUTER "SOFTWARE\\SbxTestKey"
#define INNER OUTER "\\UserList"

static struct sbx_error err;
static bool exists;
static uint32_t value;
static bool writable;

static void clean(void)
{
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, L"" OUTER);
}

static void setup(void)
{
    HKEY key = NULL;

    sbx_error_init(&err);
    clean();
    exists = true;
    value = 99;
    writable = RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"" OUTER, 0, NULL, 0,
                   KEY_WRITE | KEY_WOW64_64KEY, NULL, &key, NULL) == ERROR_SUCCESS;
    if (key)
        RegCloseKey(key);
    clean();
}

#define NEED_WRITABLE()                                                                            \
    do {                                                                                           \
        if (!writable) {                                                                           \
            doubles_skip(__func__, "HKEY_LOCAL_MACHINE is not writable with this token");          \
            return;                                                                                \
        }                                                                                          \
    } while (0)

START_TEST(get__no_key_no_value__absent)
{
    ck_assert_sbx_ok(sbx_regvalue_get(INNER, "name", &exists, &value, &err), &err);
    ck_assert(!exists);
    ck_assert_uint_eq(value, 99);
    ck_assert_sbx_ok(sbx_regvalue_key_exists(INNER, &exists, &err), &err);
    ck_assert(!exists);
    ck_assert_sbx_ok(sbx_regvalue_delete(INNER, "name", &err), &err);
    ck_assert_sbx_ok(sbx_regvalue_prune(INNER, &exists, &err), &err);
    ck_assert(!exists);
}
END_TEST

START_TEST(set__keys_missing__made_and_read_back)
{
    NEED_WRITABLE();
    ck_assert_sbx_ok(sbx_regvalue_set(INNER, "name", 0, &err), &err);
    ck_assert_sbx_ok(sbx_regvalue_get(INNER, "name", &exists, &value, &err), &err);
    ck_assert(exists);
    ck_assert_uint_eq(value, 0);
    ck_assert_sbx_ok(sbx_regvalue_set(INNER, "name", 7, &err), &err);
    ck_assert_sbx_ok(sbx_regvalue_get(INNER, "name", &exists, &value, &err), &err);
    ck_assert_uint_eq(value, 7);
    ck_assert_sbx_ok(sbx_regvalue_get(INNER, "other", &exists, &value, &err), &err);
    ck_assert(!exists);
}
END_TEST

START_TEST(prune__only_what_is_empty)
{
    NEED_WRITABLE();
    ck_assert_sbx_ok(sbx_regvalue_set(INNER, "name", 0, &err), &err);
    ck_assert_sbx_ok(sbx_regvalue_prune(INNER, &exists, &err), &err);
    ck_assert(!exists); /* it has a value */
    ck_assert_sbx_ok(sbx_regvalue_prune(OUTER, &exists, &err), &err);
    ck_assert(!exists); /* it has a key */
    ck_assert_sbx_ok(sbx_regvalue_delete(INNER, "name", &err), &err);
    ck_assert_sbx_ok(sbx_regvalue_prune(INNER, &exists, &err), &err);
    ck_assert(exists);
    ck_assert_sbx_ok(sbx_regvalue_key_exists(INNER, &exists, &err), &err);
    ck_assert(!exists);
    ck_assert_sbx_ok(sbx_regvalue_key_exists(OUTER, &exists, &err), &err);
    ck_assert(exists);
    ck_assert_sbx_ok(sbx_regvalue_prune(OUTER, &exists, &err), &err);
    ck_assert(exists);
}
END_TEST

START_TEST(get__another_type__refused)
{
    HKEY key = NULL;

    NEED_WRITABLE();
    ck_assert_sbx_ok(sbx_regvalue_set(INNER, "name", 0, &err), &err);
    ck_assert_int_eq(
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"" INNER, 0, KEY_WRITE | KEY_WOW64_64KEY, &key), 0);
    RegSetValueExW(key, L"text", 0, REG_SZ, (const BYTE *)L"a", 4);
    RegSetValueExW(key, L"long", 0, REG_BINARY, (const BYTE *)"0123456789", 10);
    RegCloseKey(key);
    ck_assert_int_eq(sbx_regvalue_get(INNER, "text", &exists, &value, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_regvalue_get(INNER, "long", &exists, &value, &err), SBX_INVALID);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, clean);
    tcase_add_test(tcase, get__no_key_no_value__absent);
    tcase_add_test(tcase, set__keys_missing__made_and_read_back);
    tcase_add_test(tcase, prune__only_what_is_empty);
    tcase_add_test(tcase, get__another_type__refused);
}

DOUBLES_MAIN("regvalue", add_tests)
