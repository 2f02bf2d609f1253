/*
 * What a command is asked about, and what an answer does: with an asker that answers from a list.
 */
#include "tests/support/unit.h"
#include "agent/approve.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_approvals approvals;
static struct sbx_approval_records records;
static struct sbx_policy policy, options;
static struct sbx_facts facts;
static struct sbx_plan plan;
static struct sbx_root_fact root_facts[2];
static struct sbx_plan_root roots[2];
static struct sbx_approval_request request;
static const char *const argv[] = {"git", "push", "--token", "[scrubbed]"};

/* The asker: what it was asked, what it answers. */
static enum sbx_approval_choice next_choice;
static enum sbx_status next_status;
static unsigned times_asked;
static char asked_subject[200], asked_reason[100];
static enum sbx_approval_kind asked_kind;
static enum sbx_status console_status;

static enum sbx_status answer(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *error)
{
    ck_assert_ptr_eq(context, &times_asked);
    ck_assert_str_eq(question->policy_hash, "cafe");
    ck_assert_str_eq(question->cwd, "C:\\ws");
    times_asked++;
    asked_kind = question->kind;
    snprintf(asked_subject, sizeof(asked_subject), "%s", question->subject);
    snprintf(asked_reason, sizeof(asked_reason), "%s", question->reason ? question->reason : "");
    ret_answer->choice = next_choice;
    snprintf(ret_answer->by, sizeof(ret_answer->by), "ann");
    return next_status ? sbx_fail(error, next_status, "the asker failed") : SBX_OK;
}

static enum sbx_status prove_console(void *context, struct sbx_error *error)
{
    (void)context;
    return console_status ? sbx_fail(error, console_status, "a command can join it") : SBX_OK;
}

static void use(enum sbx_approval_origin origin)
{
    sbx_approvals_done(&approvals);
    sbx_approvals_init(&approvals, origin, answer, &times_asked);
    free(approvals.home);
    approvals.home = NULL;
    ck_assert_sbx_ok(sbx_strdup("C:\\ws", &approvals.home, &err), &err);
}

static void setup(void)
{
    sbx_error_init(&err);
    next_choice = SBX_CHOICE_ONCE;
    next_status = console_status = SBX_OK;
    times_asked = 0;
    memset(&records, 0, sizeof(records));
    sbx_policy_init(&policy, SBX_LAYER_MACHINE);
    sbx_policy_init(&options, SBX_LAYER_COMMAND);
    memset(&facts, 0, sizeof(facts));
    memset(&plan, 0, sizeof(plan));
    memset(root_facts, 0, sizeof(root_facts));
    memset(roots, 0, sizeof(roots));
    root_facts[0].path = (char *)(uintptr_t) "C:\\ws";
    root_facts[1].path = (char *)(uintptr_t) "D:\\more";
    root_facts[1].asked = (char *)(uintptr_t) "..\\more";
    roots[0].path = root_facts[0].path;
    roots[0].writable = true;
    roots[1].path = root_facts[1].path;
    roots[1].writable = true;
    facts.roots = root_facts;
    facts.root_count = 1;
    plan.roots = roots;
    plan.root_count = 1;
    plan.cwd = root_facts[0].path;
    plan.network = SBX_NETWORK_ADVISORY;
    plan.desktop = SBX_DESKTOP_PRIVATE;
    snprintf(plan.policy_hash, sizeof(plan.policy_hash), "cafe");
    memset(&request, 0, sizeof(request));
    request.policy = &policy;
    request.options = &options;
    request.facts = &facts;
    request.plan = &plan;
    request.argv = argv;
    request.argc = countof(argv);
    request.command = SBX_DECISION_ALLOW;
    sbx_approvals_init(&approvals, SBX_ORIGIN_PERSON, NULL, NULL);
    use(SBX_ORIGIN_PERSON);
}

static void teardown(void)
{
    sbx_approval_records_done(&records);
    sbx_approvals_done(&approvals);
    sbx_policy_done(&policy);
    sbx_policy_done(&options);
}

static enum sbx_status decide(void)
{
    sbx_error_init(&err);
    return sbx_approvals_decide(&approvals, &request, &records, &err);
}

static void want_more(void)
{
    facts.root_count = plan.root_count = 2;
    ck_assert_sbx_ok(sbx_strings_add(&options.allow_write, "..\\more", &err), &err);
}

/* --- what is asked ---------------------------------------------------------------------------- */

START_TEST(plain_command__nothing_is_asked)
{
    use(_i ? SBX_ORIGIN_PROGRAM : SBX_ORIGIN_PERSON);
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 0);
    ck_assert_uint_eq(records.count, 0);
}
END_TEST

START_TEST(command_prompt__asked_with_the_rule_and_scrubbed_words)
{
    request.command = SBX_DECISION_PROMPT;
    request.reason = "ask before pushing";
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 1);
    ck_assert_int_eq(asked_kind, SBX_APPROVAL_COMMAND);
    ck_assert_str_eq(asked_subject, "git push --token [scrubbed]");
    ck_assert_str_eq(asked_reason, "ask before pushing");
    ck_assert_uint_eq(records.count, 1);
    ck_assert_str_eq(records.items[0].how, "answered");
    ck_assert_uint_gt(records.items[0].answer.time_ms, 1700000000000u);
}
END_TEST

START_TEST(directory_beyond_the_policy__asked_by_its_final_path_of_a_program_only)
{
    want_more();
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 0); /* a person typed it */
    use(SBX_ORIGIN_PROGRAM);
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 1);
    ck_assert_int_eq(asked_kind, SBX_APPROVAL_WRITE);
    ck_assert_str_eq(asked_subject, "D:\\more");
}
END_TEST

START_TEST(directory_of_the_policy_files__not_asked)
{
    want_more();
    sbx_strings_done(&options.allow_write);
    use(SBX_ORIGIN_PROGRAM);
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 0);
}
END_TEST

START_TEST(working_directory_outside_home__asked_of_a_program)
{
    use(SBX_ORIGIN_PROGRAM);
    free(approvals.home);
    approvals.home = NULL;
    if (_i)
        ck_assert_sbx_ok(sbx_strdup("C:\\wsx", &approvals.home, &err), &err);
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 1);
    ck_assert_str_eq(asked_subject, "C:\\ws");
    roots[0].writable = false;
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 1); /* read-only: nothing is asked for */
}
END_TEST

START_TEST(desktop_and_full_network__asked)
{
    plan.desktop = SBX_DESKTOP_INTERACTIVE;
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_int_eq(asked_kind, SBX_APPROVAL_DESKTOP);
    plan.desktop = SBX_DESKTOP_PRIVATE;
    plan.network = options.network = SBX_NETWORK_FULL;
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 1);
    use(SBX_ORIGIN_PROGRAM);
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_int_eq(asked_kind, SBX_APPROVAL_NETWORK);
    options.network = SBX_NETWORK_UNSET; /* the policy files gave it */
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 2);
}
END_TEST

START_TEST(command_deny__denied_with_the_rule_and_without_a_question)
{
    request.command = SBX_DECISION_DENY;
    request.reason = "never push";
    ck_assert_int_eq(decide(), SBX_DENIED);
    ck_assert_uint_eq(times_asked, 0);
    ck_assert_uint_eq(records.count, 1);
    ck_assert_str_eq(records.items[0].how, "rule");
    ck_assert_ptr_nonnull(strstr(err.context, "never push"));
    ck_assert_ptr_nonnull(strstr(err.context, "git push"));
}
END_TEST

START_TEST(rule_says_deny__denied_without_a_question)
{
    want_more();
    policy.approve_write = SBX_DECISION_DENY;
    ck_assert_int_eq(decide(), SBX_DENIED);
    ck_assert_uint_eq(times_asked, 0);
    ck_assert_str_eq(records.items[0].how, "rule");
    ck_assert_ptr_nonnull(strstr(err.context, "approvals.write"));
}
END_TEST

/* --- what an answer does ---------------------------------------------------------------------- */

static const struct {
    enum sbx_approval_choice choice;
    enum sbx_status asker;
    enum sbx_status expected;
    unsigned asked_twice; /* how often after a second decide */
    const char *how;
} answers[] = {
    {SBX_CHOICE_ONCE, SBX_OK, SBX_OK, 2, "answered"},
    {SBX_CHOICE_SESSION, SBX_OK, SBX_OK, 1, "answered"},
    {SBX_CHOICE_DENY, SBX_OK, SBX_DENIED, 2, "answered"},
    {SBX_CHOICE_NEVER, SBX_OK, SBX_DENIED, 1, "answered"},
    {SBX_CHOICE_NONE, SBX_OK, SBX_DENIED, 2, "timeout"},
    {SBX_CHOICE_ONCE, SBX_TIMEOUT, SBX_DENIED, 2, "timeout"},
    {SBX_CHOICE_SESSION, SBX_UNSUPPORTED, SBX_DENIED, 2, "nobody to ask"},
    {SBX_CHOICE_SESSION, SBX_OS, SBX_DENIED, 2, "failed"},
    {SBX_CHOICE_SESSION, SBX_CANCELLED, SBX_CANCELLED, 2, "failed"},
};

START_TEST(answer__row__does_what_it_says_and_no_more)
{
    request.command = SBX_DECISION_PROMPT;
    next_choice = answers[_i].choice;
    next_status = answers[_i].asker;
    ck_assert_int_eq(decide(), answers[_i].expected);
    ck_assert_str_eq(records.items[0].how, answers[_i].how);
    ck_assert_int_eq(decide(), answers[_i].expected);
    ck_assert_uint_eq(times_asked, answers[_i].asked_twice);
    if (answers[_i].asked_twice == 1)
        ck_assert_str_eq(records.items[1].how, "remembered");
}
END_TEST

START_TEST(remembered__other_command__asked_again)
{
    request.command = SBX_DECISION_PROMPT;
    next_choice = SBX_CHOICE_SESSION;
    ck_assert_sbx_ok(decide(), &err);
    request.argc = 2;
    next_choice = SBX_CHOICE_DENY;
    ck_assert_int_eq(decide(), SBX_DENIED);
    ck_assert_uint_eq(times_asked, 2);
}
END_TEST

START_TEST(nobody_to_ask__denied)
{
    request.command = SBX_DECISION_PROMPT;
    approvals.ask = NULL;
    ck_assert_int_eq(decide(), SBX_DENIED);
    ck_assert_str_eq(records.items[0].how, "nobody to ask");
    ck_assert_int_eq(records.items[0].answer.choice, SBX_CHOICE_NONE);
}
END_TEST

START_TEST(first_deny__ends_it)
{
    want_more();
    use(SBX_ORIGIN_PROGRAM);
    request.command = SBX_DECISION_PROMPT;
    next_choice = SBX_CHOICE_DENY;
    ck_assert_int_eq(decide(), SBX_DENIED);
    ck_assert_uint_eq(times_asked, 1);
}
END_TEST

START_TEST(console__not_proved_or_no_proof__nobody_is_asked)
{
    request.command = SBX_DECISION_PROMPT;
    approvals.on_console = true;
    ck_assert_int_eq(decide(), SBX_DENIED); /* no way to prove it */
    request.prove_console = prove_console;
    console_status = SBX_UNPROVEN;
    ck_assert_int_eq(decide(), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "a command can join it"));
    ck_assert_uint_eq(times_asked, 0);
    console_status = SBX_OK;
    ck_assert_sbx_ok(decide(), &err);
    ck_assert_uint_eq(times_asked, 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, plain_command__nothing_is_asked, 0, 2);
    tcase_add_test(tcase, command_prompt__asked_with_the_rule_and_scrubbed_words);
    tcase_add_test(tcase, directory_beyond_the_policy__asked_by_its_final_path_of_a_program_only);
    tcase_add_test(tcase, directory_of_the_policy_files__not_asked);
    tcase_add_loop_test(tcase, working_directory_outside_home__asked_of_a_program, 0, 2);
    tcase_add_test(tcase, desktop_and_full_network__asked);
    tcase_add_test(tcase, command_deny__denied_with_the_rule_and_without_a_question);
    tcase_add_test(tcase, rule_says_deny__denied_without_a_question);
    tcase_add_loop_test(
        tcase, answer__row__does_what_it_says_and_no_more, 0, (int)countof(answers));
    tcase_add_test(tcase, remembered__other_command__asked_again);
    tcase_add_test(tcase, nobody_to_ask__denied);
    tcase_add_test(tcase, first_deny__ends_it);
    tcase_add_test(tcase, console__not_proved_or_no_proof__nobody_is_asked);
}

UNIT_MAIN("approve", add_tests)
