/* Text at the edge, and handles. */
#include "tests/support/unit.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

static struct sbx_error err;

START_TEST(round_trip__all_planes__identity)
{
    static const char *const texts[] = {"", "abc", "\xC3\xA4\xE2\x82\xAC", "\xF0\x9F\x98\x80 x",
        "\xEF\xBF\xBD", "C:\\a b\\\xC5\x81"};
    size_t i;

    for (i = 0; i < countof(texts); i++) {
        wchar_t *text_w = NULL;
        char *back = NULL;
        wchar_t system_w[64];

        ck_assert_sbx_ok(sbx_wstr_from_utf8(texts[i], &text_w, &err), &err);
        ck_assert_int_gt(MultiByteToWideChar(CP_UTF8, 0, texts[i], -1, system_w, 64), 0);
        ck_assert_int_eq(wcscmp(text_w, system_w), 0);
        ck_assert_sbx_ok(sbx_wstr_to_utf8(text_w, &back, &err), &err);
        ck_assert_str_eq(back, texts[i]);
        free(back);
        free(text_w);
    }
}
END_TEST

START_TEST(from_utf8__ill_formed__refused)
{
    static const char *const texts[] = {
        "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xFF", "\xE2\x82"};
    wchar_t *text_w = NULL;
    size_t i;

    for (i = 0; i < countof(texts); i++)
        ck_assert_int_eq(sbx_wstr_from_utf8(texts[i], &text_w, &err), SBX_INVALID);
    ck_assert_ptr_null(text_w);
}
END_TEST

START_TEST(to_utf8__lone_surrogate_or_nul__refused)
{
    static const wchar_t high_w[] = {L'a', 0xD800, 0};
    static const wchar_t low_w[] = {0xDC00, L'a', 0};
    char *text = NULL;

    ck_assert_int_eq(sbx_wstr_to_utf8(high_w, &text, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_wstr_to_utf8(low_w, &text, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_wstr_to_utf8_n(L"a\0b", 3, &text, &err), SBX_INVALID);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(display__ill_formed_and_controls__replaced)
{
    static const wchar_t text_w[] = {L'a', 0xD800, L'b', 0xDC01, 7, 0xD83D, 0xDE00};
    char text[64];
    char tiny[4];

    sbx_wstr_display(text_w, countof(text_w), text, sizeof(text));
    ck_assert_str_eq(text, "a\xEF\xBF\xBD"
                           "b\xEF\xBF\xBD?\xF0\x9F\x98\x80");
    sbx_wstr_display(text_w, countof(text_w), tiny, sizeof(tiny));
    ck_assert_str_eq(tiny, "a");
}
END_TEST

START_TEST(handle_close__any_value__idempotent_and_last_error_kept)
{
    HANDLE handle = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE copy = handle;
    HANDLE invalid = INVALID_HANDLE_VALUE;
    DWORD last_error;

    ck_assert(sbx_handle_is_set(handle));
    SetLastError(4711);
    sbx_handle_close(&handle);
    sbx_handle_close(&handle);
    sbx_handle_close(&invalid);
    last_error = GetLastError(); /* before Check calls anything */
    ck_assert_uint_eq(last_error, 4711);
    ck_assert_ptr_null(handle);
    ck_assert_ptr_null(invalid);
    ck_assert(!SetEvent(copy)); /* it really was closed */
}
END_TEST

START_TEST(handle_duplicate__inheritable_or_not__as_asked)
{
    HANDLE handle = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE plain = NULL, inheritable = NULL;
    DWORD flags = 99;

    ck_assert_sbx_ok(sbx_handle_duplicate(handle, false, &plain, &err), &err);
    ck_assert_sbx_ok(sbx_handle_duplicate(handle, true, &inheritable, &err), &err);
    ck_assert(GetHandleInformation(plain, &flags) && !(flags & HANDLE_FLAG_INHERIT));
    ck_assert(GetHandleInformation(inheritable, &flags) && (flags & HANDLE_FLAG_INHERIT));
    ck_assert(SetEvent(plain));
    ck_assert_uint_eq(WaitForSingleObject(handle, 0), WAIT_OBJECT_0);
    sbx_handle_close(&plain);
    sbx_handle_close(&inheritable);
    sbx_handle_close(&handle);
    ck_assert_int_eq(sbx_handle_duplicate(NULL, false, &plain, &err), SBX_INTERNAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, round_trip__all_planes__identity);
    tcase_add_test(tcase, from_utf8__ill_formed__refused);
    tcase_add_test(tcase, to_utf8__lone_surrogate_or_nul__refused);
    tcase_add_test(tcase, display__ill_formed_and_controls__replaced);
    tcase_add_test(tcase, handle_close__any_value__idempotent_and_last_error_kept);
    tcase_add_test(tcase, handle_duplicate__inheritable_or_not__as_asked);
}

UNIT_MAIN("wstr", add_tests)
