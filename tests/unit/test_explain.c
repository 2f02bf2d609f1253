/* `agent explain`: every code that our messages use has a text. */
#include "tests/support/unit.h"

#include "shared/core/explain.h"
#include "shared/core/tokenplan.h"
#include "shared/core/verify.h"

static bool explained(const char *code)
{
    struct sbx_error err;
    struct sbx_buf text;
    enum sbx_status status;
    bool found;

    sbx_error_init(&err);
    sbx_buf_init(&text, 16384);
    status = sbx_explain(code, &text, &err);
    found = !status && text.length_bytes > 10;
    if (status)
        ck_assert_int_eq(status, SBX_NOT_FOUND);
    sbx_buf_done(&text);
    return found;
}

START_TEST(explain__every_status__has_a_text)
{
    int i;

    for (i = SBX_INVALID; i <= SBX_OS; i++)
        ck_assert_msg(explained(sbx_status_name((enum sbx_status)i)), "%s",
            sbx_status_name((enum sbx_status)i));
}
END_TEST

START_TEST(explain__every_token_fact__has_a_text)
{
    int i;

    for (i = 0; i < SBX_FACT_COUNT; i++)
        ck_assert_msg(explained(sbx_token_fact_name((enum sbx_token_fact)i)), "%s",
            sbx_token_fact_name((enum sbx_token_fact)i));
}
END_TEST

START_TEST(explain__every_verify_row__has_a_text)
{
    size_t i;

    for (i = 0; i < sbx_verify_row_count; i++)
        ck_assert_msg(explained(sbx_verify_rows[i].id), "%s", sbx_verify_rows[i].id);
}
END_TEST

START_TEST(explain__exit_codes_and_spellings__found)
{
    static const char *const codes[] = {"2", "124", "125", "126", "127", "130",
        "error_logon_failure", "ERROR_ACCOUNT_DISABLED", "f1A", "UNPROVEN", "JobUiLimits"};
    size_t i;

    for (i = 0; i < countof(codes); i++)
        ck_assert_msg(explained(codes[i]), "%s", codes[i]);
    ck_assert(!explained("12"));
    ck_assert(!explained("F"));
    ck_assert(!explained(""));
    ck_assert(!explained("ERROR_"));
}
END_TEST

START_TEST(explain__table__unique_and_complete)
{
    size_t i, j;

    for (i = 0; i < sbx_explanation_count; i++) {
        const struct sbx_explanation *row = &sbx_explanations[i];

        ck_assert(row->what && *row->what && row->why && row->remedy && *row->remedy);
        for (j = 0; j < i; j++)
            ck_assert_str_ne(row->code, sbx_explanations[j].code);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, explain__every_status__has_a_text);
    tcase_add_test(tcase, explain__every_token_fact__has_a_text);
    tcase_add_test(tcase, explain__every_verify_row__has_a_text);
    tcase_add_test(tcase, explain__exit_codes_and_spellings__found);
    tcase_add_test(tcase, explain__table__unique_and_complete);
}

UNIT_MAIN("explain", add_tests)
