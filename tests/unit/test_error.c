/* sbx_error: codes keep their name and meaning, text is bounded and marked when cut. */
#include "shared/core/error.h"
#include "shared/core/utf.h"

#include "tests/support/unit.h"

START_TEST(error__win32_code__maps_status_and_name)
{
    struct sbx_error err;
    char text[256];

    ck_assert_int_eq(sbx_fail_win32(&err, 5, "open '%s'", "C:\\x"), SBX_DENIED);
    sbx_error_format(&err, text, sizeof(text));
    ck_assert_str_eq(text, "open 'C:\\x': ERROR_ACCESS_DENIED (5)");
}
END_TEST

START_TEST(error__zero_code__is_never_success)
{
    struct sbx_error err;

    ck_assert_int_eq(sbx_fail_win32(&err, 0, "call"), SBX_INTERNAL);
    ck_assert_int_eq(sbx_fail_nt(&err, 0, "call"), SBX_INTERNAL);
    ck_assert_int_eq(sbx_fail_hr(&err, 0, "call"), SBX_INTERNAL);
}
END_TEST

START_TEST(error__context__goes_outermost_first)
{
    struct sbx_error err;
    char text[256];

    ck_assert_int_eq(sbx_fail_nt(&err, 0xC000050Bu, "open"), SBX_DENIED);
    sbx_error_context(&err, "grant '%s'", "D:\\r");
    sbx_error_format(&err, text, sizeof(text));
    ck_assert_str_eq(text, "grant 'D:\\r': open: STATUS_REPARSE_POINT_ENCOUNTERED (0xC000050B)");
}
END_TEST

START_TEST(error__long_text__is_cut_and_marked)
{
    struct sbx_error err;
    char long_text[SBX_ERROR_CONTEXT_MAX * 2];
    size_t length;

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    ck_assert_int_eq(sbx_fail(&err, SBX_INVALID, "%s", long_text), SBX_INVALID);
    length = strlen(err.context);
    ck_assert_uint_eq(length, SBX_ERROR_CONTEXT_MAX - 1);
    ck_assert_str_eq(err.context + length - 3, "...");
    sbx_error_context(&err, "outer");
    ck_assert_int_eq(strncmp(err.context, "outer: x", 8), 0);
    ck_assert_str_eq(err.context + strlen(err.context) - 3, "...");
}
END_TEST

/* A path of two-byte characters is cut between them: JSON refuses half a character. */
START_TEST(error__long_utf8__is_cut_between_characters)
{
    struct sbx_error err;
    char long_text[SBX_ERROR_CONTEXT_MAX * 2 + 1];
    size_t i, shift;

    for (shift = 0; shift < 2; shift++) {
        memset(long_text, 'x', sizeof(long_text));
        for (i = shift; i + 2 < sizeof(long_text); i += 2)
            memcpy(long_text + i, "\xC3\xA4", 2);
        long_text[sizeof(long_text) - 1] = '\0';
        ck_assert_int_eq(sbx_fail(&err, SBX_INVALID, "%s", long_text), SBX_INVALID);
        ck_assert(sbx_utf_is_valid(err.context, strlen(err.context)));
        ck_assert_str_eq(err.context + strlen(err.context) - 3, "...");
        sbx_error_context(&err, "%s", shift ? "ab" : "a");
        ck_assert(sbx_utf_is_valid(err.context, strlen(err.context)));
    }
}
END_TEST

START_TEST(error__hint__innermost_wins)
{
    struct sbx_error err;

    ck_assert_int_eq(sbx_fail(&err, SBX_DENIED, "no"), SBX_DENIED);
    sbx_error_hint(&err, "do %d", 1);
    sbx_error_hint(&err, "do %d", 2);
    ck_assert_str_eq(err.hint, "do 1");
}
END_TEST

/* Codes of winerror.h that mean: the program is fine, and something on this machine stops it. */
static const struct {
    uint32_t code;
    const char *word; /* NULL: no such code */
} blockers[] = {{225, "virus scanner"}, {226, "virus scanner"}, {577, "application control"},
    {1260, "AppLocker"}, {4551, "application control"}, {4556, "Smart App Control"},
    {4560, "Smart App Control"}, {0, NULL}, {2, NULL}, {5, NULL}, {193, NULL}, {740, NULL},
    {1326, NULL}, {4555, NULL}, {4561, NULL}};

START_TEST(error__code_of_a_blocker__says_who_and_what_to_do)
{
    const char *text = sbx_code_blocker(blockers[_i].code);

    if (!blockers[_i].word) {
        ck_assert_ptr_null(text);
        return;
    }
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, blockers[_i].word));
    ck_assert_int_eq(sbx_code_status(SBX_DOMAIN_WIN32, blockers[_i].code), SBX_DENIED);
    ck_assert_ptr_nonnull(sbx_code_name(SBX_DOMAIN_WIN32, blockers[_i].code));
}
END_TEST

START_TEST(error__null__is_allowed)
{
    ck_assert_int_eq(sbx_fail(NULL, SBX_DENIED, "no"), SBX_DENIED);
    ck_assert_int_eq(sbx_fail_oom(NULL), SBX_OOM);
    sbx_error_context(NULL, "x");
    sbx_error_hint(NULL, "x");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, error__win32_code__maps_status_and_name);
    tcase_add_test(tcase, error__zero_code__is_never_success);
    tcase_add_test(tcase, error__context__goes_outermost_first);
    tcase_add_test(tcase, error__long_text__is_cut_and_marked);
    tcase_add_test(tcase, error__long_utf8__is_cut_between_characters);
    tcase_add_test(tcase, error__hint__innermost_wins);
    tcase_add_loop_test(
        tcase, error__code_of_a_blocker__says_who_and_what_to_do, 0, (int)countof(blockers));
    tcase_add_test(tcase, error__null__is_allowed);
}

UNIT_MAIN("error", add_tests)
