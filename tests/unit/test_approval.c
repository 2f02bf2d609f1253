/* Who is asked, what an answer covers, what is remembered. */
#include "tests/support/unit.h"
#include "shared/core/approval.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_approval_memory memory;
static struct sbx_approval_records records;
static struct sbx_approval_question question;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&memory, 0, sizeof(memory));
    memset(&records, 0, sizeof(records));
    memset(&question, 0, sizeof(question));
    question.kind = SBX_APPROVAL_COMMAND;
    question.subject = "git push";
    question.cwd = "C:\\p";
    question.policy_hash = "aa";
}

static void teardown(void)
{
    sbx_approval_memory_done(&memory);
    sbx_approval_records_done(&records);
}

static struct sbx_approval_answer answer_of(enum sbx_approval_choice choice)
{
    struct sbx_approval_answer answer = {choice, "ann", 1700000000000u};

    return answer;
}

/* --- the matrix, as rows -------------------------------------------------------------------- */

struct rule_row {
    enum sbx_approval_kind kind;
    enum sbx_approval_origin origin;
    enum sbx_decision written, expected;
};

#define W SBX_APPROVAL_WRITE
#define D SBX_APPROVAL_DESKTOP
#define N SBX_APPROVAL_NETWORK
#define PERSON SBX_ORIGIN_PERSON
#define PROGRAM SBX_ORIGIN_PROGRAM
#define UNSET SBX_DECISION_UNSET
#define ALLOW SBX_DECISION_ALLOW
#define PROMPT SBX_DECISION_PROMPT
#define DENY SBX_DECISION_DENY

static const struct rule_row rule_rows[] = {
    {W, PERSON, UNSET, ALLOW},
    {W, PERSON, ALLOW, ALLOW},
    {W, PERSON, PROMPT, PROMPT},
    {W, PERSON, DENY, DENY},
    {W, PROGRAM, UNSET, PROMPT},
    {W, PROGRAM, ALLOW, ALLOW},
    {W, PROGRAM, PROMPT, PROMPT},
    {W, PROGRAM, DENY, DENY},
    {N, PERSON, UNSET, ALLOW},
    {N, PERSON, PROMPT, PROMPT},
    {N, PERSON, DENY, DENY},
    {N, PROGRAM, UNSET, PROMPT},
    {N, PROGRAM, ALLOW, ALLOW},
    {N, PROGRAM, DENY, DENY},
    {D, PERSON, UNSET, PROMPT},
    {D, PROGRAM, UNSET, PROMPT},
    {D, PERSON, ALLOW, ALLOW},
    {D, PROGRAM, ALLOW, ALLOW},
    {D, PERSON, DENY, DENY},
    {D, PROGRAM, DENY, DENY},
};

START_TEST(rule__row_of_the_matrix__is_as_listed)
{
    const struct rule_row *row = &rule_rows[_i];
    struct sbx_policy policy;

    sbx_policy_init(&policy, SBX_LAYER_USER);
    policy.approve_write = row->kind == W ? row->written : DENY;
    policy.approve_desktop = row->kind == D ? row->written : DENY;
    policy.approve_network = row->kind == N ? row->written : DENY;
    ck_assert_int_eq(sbx_approval_rule(&policy, row->kind, row->origin), row->expected);
}
END_TEST

START_TEST(rule__command_or_unknown_kind__deny)
{
    struct sbx_policy policy;

    sbx_policy_init(&policy, SBX_LAYER_USER);
    policy.approve_write = policy.approve_desktop = policy.approve_network = ALLOW;
    ck_assert_int_eq(sbx_approval_rule(&policy, SBX_APPROVAL_COMMAND, PERSON), DENY);
    ck_assert_int_eq(sbx_approval_rule(&policy, (enum sbx_approval_kind)99, PERSON), DENY);
}
END_TEST

START_TEST(allows__each_choice__once_and_session_only)
{
    ck_assert(!sbx_approval_allows(SBX_CHOICE_NONE));
    ck_assert(sbx_approval_allows(SBX_CHOICE_ONCE));
    ck_assert(sbx_approval_allows(SBX_CHOICE_SESSION));
    ck_assert(!sbx_approval_allows(SBX_CHOICE_DENY));
    ck_assert(!sbx_approval_allows(SBX_CHOICE_NEVER));
    ck_assert(!sbx_approval_allows((enum sbx_approval_choice)5));
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

static bool remembers(enum sbx_approval_choice choice)
{
    struct sbx_approval_answer answer = answer_of(choice), found = {0};

    ck_assert_sbx_ok(sbx_approval_remember(&memory, &question, &answer, &err), &err);
    return sbx_approval_recall(&memory, &question, &found) && found.choice == choice &&
           strcmp(found.by, "ann") == 0 && found.time_ms == 1700000000000u;
}

START_TEST(remember__session_and_never__come_back)
{
    ck_assert(remembers(SBX_CHOICE_SESSION));
    ck_assert(remembers(SBX_CHOICE_NEVER)); /* a later answer replaces the earlier one */
    ck_assert_uint_eq(memory.count, 1);
}
END_TEST

START_TEST(remember__once_deny_and_none__are_not_kept)
{
    ck_assert(!remembers(SBX_CHOICE_ONCE));
    ck_assert(!remembers(SBX_CHOICE_DENY));
    ck_assert(!remembers(SBX_CHOICE_NONE));
    ck_assert_uint_eq(memory.count, 0);
}
END_TEST

START_TEST(recall__anything_else_about_the_question_differs__asks_again)
{
    struct sbx_approval_question other;
    struct sbx_approval_answer found;

    ck_assert(remembers(SBX_CHOICE_SESSION));
    other = question, other.subject = "git push --force";
    ck_assert(!sbx_approval_recall(&memory, &other, &found));
    other = question, other.cwd = "C:\\q";
    ck_assert(!sbx_approval_recall(&memory, &other, &found));
    other = question, other.policy_hash = "ab";
    ck_assert(!sbx_approval_recall(&memory, &other, &found));
    other = question, other.kind = SBX_APPROVAL_WRITE;
    ck_assert(!sbx_approval_recall(&memory, &other, &found));
    /* Parts do not run into each other. */
    other = question, other.subject = "git pushC:", other.cwd = "\\p";
    ck_assert(!sbx_approval_recall(&memory, &other, &found));
    other = question, other.number = 7, other.reason = "why", other.timeout_ms = 1;
    ck_assert(sbx_approval_recall(&memory, &other, &found));
}
END_TEST

START_TEST(remember__too_many__refused)
{
    struct sbx_approval_answer answer = answer_of(SBX_CHOICE_SESSION);
    char subject[32];
    size_t i;

    question.subject = subject;
    for (i = 0; i < SBX_APPROVAL_REMEMBERED_MAX; i++) {
        snprintf(subject, sizeof(subject), "c%zu", i);
        ck_assert_sbx_ok(sbx_approval_remember(&memory, &question, &answer, &err), &err);
    }
    snprintf(subject, sizeof(subject), "one more");
    ck_assert_int_eq(sbx_approval_remember(&memory, &question, &answer, &err), SBX_INVALID);
}
END_TEST

/* --- words and records ------------------------------------------------------------------------ */

START_TEST(choice_read__known_words_only)
{
    ck_assert_int_eq(sbx_approval_choice_read("once", 4), SBX_CHOICE_ONCE);
    ck_assert_int_eq(sbx_approval_choice_read("session", 7), SBX_CHOICE_SESSION);
    ck_assert_int_eq(sbx_approval_choice_read("deny", 4), SBX_CHOICE_DENY);
    ck_assert_int_eq(sbx_approval_choice_read("never", 5), SBX_CHOICE_NEVER);
    ck_assert_int_eq(sbx_approval_choice_read("none", 4), SBX_CHOICE_NONE);
    ck_assert_int_eq(sbx_approval_choice_read("Once", 4), SBX_CHOICE_NONE);
    ck_assert_int_eq(sbx_approval_choice_read("once ", 5), SBX_CHOICE_NONE);
    ck_assert_int_eq(sbx_approval_choice_read("onc", 3), SBX_CHOICE_NONE);
    ck_assert_int_eq(sbx_approval_choice_read("", 0), SBX_CHOICE_NONE);
}
END_TEST

START_TEST(record_add__keeps_what_was_asked_and_answered)
{
    struct sbx_approval_answer answer = answer_of(SBX_CHOICE_NEVER);

    ck_assert_sbx_ok(
        sbx_approval_record_add(&records, &question, &answer, "remembered", &err), &err);
    ck_assert_sbx_ok(sbx_approval_record_add(&records, &question, &answer, "answered", &err), &err);
    ck_assert_uint_eq(records.count, 2);
    ck_assert_str_eq(records.items[0].subject, "git push");
    ck_assert_str_eq(records.items[0].answer.by, "ann");
    ck_assert(records.items[0].remembered && !records.items[1].remembered);
    ck_assert_str_eq(sbx_approval_kind_name(records.items[0].kind), "command");
    ck_assert_str_eq(sbx_approval_choice_name(records.items[0].answer.choice), "never");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, rule__row_of_the_matrix__is_as_listed, 0, (int)countof(rule_rows));
    tcase_add_test(tcase, rule__command_or_unknown_kind__deny);
    tcase_add_test(tcase, allows__each_choice__once_and_session_only);
    tcase_add_test(tcase, remember__session_and_never__come_back);
    tcase_add_test(tcase, remember__once_deny_and_none__are_not_kept);
    tcase_add_test(tcase, recall__anything_else_about_the_question_differs__asks_again);
    tcase_add_test(tcase, remember__too_many__refused);
    tcase_add_test(tcase, choice_read__known_words_only);
    tcase_add_test(tcase, record_add__keeps_what_was_asked_and_answered);
}

UNIT_MAIN("approval", add_tests)
