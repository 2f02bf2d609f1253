/* Error texts of the system. */
#include "tests/support/unit.h"
#include "shared/win/winerr.h"

static struct sbx_error err;
static struct sbx_buf text;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&text, 4096);
}

static void teardown(void)
{
    sbx_buf_done(&text);
}

START_TEST(describe__win32_code__name_number_and_sentence)
{
    struct sbx_error failure;
    static const char wanted[] = "open 'x': ERROR_ACCESS_DENIED (5): ";
    size_t i;

    (void)sbx_fail_win32(&failure, ERROR_ACCESS_DENIED, "open '%s'", "x");
    ck_assert_sbx_ok(sbx_winerr_describe(&failure, &text, &err), &err);
    ck_assert_int_eq(strncmp(text.data, wanted, sizeof(wanted) - 1), 0);
    ck_assert_uint_gt(text.length_bytes, sizeof(wanted) + 3);
    for (i = 0; i < text.length_bytes; i++)
        ck_assert_int_ge(text.data[i], ' ');
    ck_assert_int_ne(text.data[text.length_bytes - 1], '.');
    ck_assert_int_ne(text.data[text.length_bytes - 1], ' ');
}
END_TEST

START_TEST(describe__no_system_code__context_only)
{
    struct sbx_error failure;

    (void)sbx_fail(&failure, SBX_INVALID, "bad policy");
    ck_assert_sbx_ok(sbx_winerr_describe(&failure, &text, &err), &err);
    ck_assert_str_eq(text.data, "bad policy");
}
END_TEST

START_TEST(describe__unknown_win32_code__number_instead)
{
    struct sbx_error failure;

    (void)sbx_fail_win32(&failure, 0x20000123u, "x");
    ck_assert_sbx_ok(sbx_winerr_describe(&failure, &text, &err), &err);
    ck_assert_str_eq(text.data, "x: win32 536871203: win32 536871203");
}
END_TEST

/* STATUS_FILE_LOCK_CONFLICT: not in our table, but it is ERROR_LOCK_VIOLATION to Win32. */
START_TEST(describe__nt_code_without_name__win32_code_added)
{
    struct sbx_error failure;

    (void)sbx_fail_nt(&failure, 0xC0000054u, "x");
    ck_assert_ptr_null(sbx_code_name(SBX_DOMAIN_NTSTATUS, 0xC0000054u));
    ck_assert_sbx_ok(sbx_winerr_describe(&failure, &text, &err), &err);
    ck_assert_ptr_nonnull(strstr(text.data, "0xC0000054 = ERROR_LOCK_VIOLATION (33): "));
}
END_TEST

START_TEST(describe__nt_code_with_name__sentence_of_its_win32_code)
{
    struct sbx_error failure;
    struct sbx_buf plain;

    sbx_buf_init(&plain, 4096);
    (void)sbx_fail_nt(&failure, 0xC0000022u, "x");
    ck_assert_sbx_ok(sbx_winerr_describe(&failure, &text, &err), &err);
    ck_assert_sbx_ok(sbx_winerr_text(SBX_DOMAIN_WIN32, 5, &plain, &err), &err);
    ck_assert_ptr_nonnull(strstr(text.data, "STATUS_ACCESS_DENIED (0xC0000022): "));
    ck_assert_ptr_nonnull(strstr(text.data, plain.data));
    sbx_buf_done(&plain);
}
END_TEST

START_TEST(text__unknown_nt_code__number)
{
    ck_assert_sbx_ok(sbx_winerr_text(SBX_DOMAIN_NTSTATUS, 0xCABCDEF1u, &text, &err), &err);
    ck_assert_str_eq(text.data, "0xCABCDEF1");
}
END_TEST

START_TEST(describe__buffer_too_small__refused)
{
    struct sbx_error failure;
    struct sbx_buf tiny;

    sbx_buf_init(&tiny, 10);
    (void)sbx_fail_win32(&failure, 5, "a long enough context");
    ck_assert_int_eq(sbx_winerr_describe(&failure, &tiny, &err), SBX_INVALID);
    sbx_buf_done(&tiny);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, describe__win32_code__name_number_and_sentence);
    tcase_add_test(tcase, describe__no_system_code__context_only);
    tcase_add_test(tcase, describe__unknown_win32_code__number_instead);
    tcase_add_test(tcase, describe__nt_code_without_name__win32_code_added);
    tcase_add_test(tcase, describe__nt_code_with_name__sentence_of_its_win32_code);
    tcase_add_test(tcase, text__unknown_nt_code__number);
    tcase_add_test(tcase, describe__buffer_too_small__refused);
}

UNIT_MAIN("winerr", add_tests)
