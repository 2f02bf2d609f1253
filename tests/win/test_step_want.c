/*
 * What a run of set-up wants, from what is asked, what the record says and, where that is lost,
 * what the journal remembers; which requests a run refuses before it looks at the machine; and the
 * twin of the fence's proof. No administrator is needed for any of it.
 */
#include "tests/support/unit.h"

#include "runner/proofrun.h"
#include "setup/journalfile.h"
#include "setup/prepare.h"
#include "setup/run.h"
#include "shared/win/sid.h"

#include <stdio.h>

#define SID(number) "S-1-5-21-1-2-3-" #number

static struct sbx_error err;
static struct sbx_setup context;
static struct sbx_setup_journal *journal;

static void setup(void)
{
    memset(&context, 0, sizeof(context));
    sbx_error_init(&err);
    journal = calloc(1, sizeof(*journal));
    ck_assert_ptr_nonnull(journal);
    context.journal = journal;
    context.request.mode = SBX_SETUP_INSTALL;
}

static void teardown(void)
{
    sbx_setup_done(&context);
}

static void note(enum sbx_journal_kind kind, const char *step, const char *object)
{
    ck_assert_sbx_ok(sbx_journal_add(&journal->records, kind, step, object, &err), &err);
}

static void ask_as(const char *sid)
{
    context.has_operator = true;
    ck_assert_sbx_ok(sbx_sid_parse(sid, &context.operator_sid, &err), &err);
}

/* A record of one account of each kind and one operator. */
static void find_record(void)
{
    context.has_found = true;
    context.found.schema = SBX_INSTALLATION_SCHEMA;
    context.found.proxy_first = 50;
    context.found.proxy_last = 60;
    context.found.fence_complement = true;
    ck_assert_sbx_ok(sbx_setup_set(&context.found.product_version, "0.0.1", &err), &err);
    ck_assert_sbx_ok(
        sbx_installation_add_account(&context.found, "AgentSandboxOffline", true, &err), &err);
    ck_assert_sbx_ok(
        sbx_installation_add_account(&context.found, "AgentSandboxOnline", false, &err), &err);
    ck_assert_sbx_ok(sbx_setup_set(&context.found.accounts[0].sid, SID(1001), &err), &err);
    ck_assert_sbx_ok(sbx_strings_add(&context.found.operators, SID(500), &err), &err);
}

static bool wants(const char *name)
{
    return sbx_installation_account(&context.wanted, name) != NULL;
}

/* --- accounts --------------------------------------------------------------------------------- */

START_TEST(want__nothing_there__one_of_each_and_the_defaults)
{
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert_uint_eq(context.wanted.account_count, 2);
    ck_assert(wants("AgentSandboxOffline") && wants("AgentSandboxOnline"));
    ck_assert(context.wanted.accounts[0].offline && !context.wanted.accounts[1].offline);
    ck_assert_ptr_null(context.wanted.accounts[0].sid);
    ck_assert_uint_eq(context.wanted.proxy_first, SBX_PROXY_PORT_FIRST);
    ck_assert_uint_eq(context.wanted.proxy_last, SBX_PROXY_PORT_LAST);
    ck_assert(!context.wanted.fence_complement && !context.wanted.fence_proved);
    ck_assert_str_eq(context.wanted.product_version, SBX_VERSION);
    ck_assert_uint_gt(strlen(context.wanted.os_build), 0);
    ck_assert_uint_eq(context.wanted.operators.count, 0);
}
END_TEST

START_TEST(want__three_asked__three_of_each)
{
    context.request.accounts = 3;
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert_uint_eq(context.wanted.account_count, 6);
    ck_assert(wants("AgentSandboxOffline3") && wants("AgentSandboxOnline3"));
    ck_assert(!wants("AgentSandboxOffline4"));
}
END_TEST

START_TEST(want__fewer_asked_than_there_are__none_is_forgotten)
{
    find_record();
    ck_assert_sbx_ok(
        sbx_installation_add_account(&context.found, "AgentSandboxOffline2", true, &err), &err);
    context.request.accounts = 1;
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert(wants("AgentSandboxOffline2") && !wants("AgentSandboxOnline2"));
    ck_assert_uint_eq(context.wanted.account_count, 3);
    ck_assert_str_eq(context.wanted.accounts[0].sid, SID(1001));
}
END_TEST

START_TEST(want__account_begun_and_never_recorded__is_wanted)
{
    note(SBX_JOURNAL_OBJECT, "accounts", "AgentSandboxOnline3");
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert(wants("AgentSandboxOnline2") && wants("AgentSandboxOnline3"));
    ck_assert(!wants("AgentSandboxOffline2"));
    sbx_installation_done(&context.wanted);
    note(SBX_JOURNAL_UNDONE, "accounts", NULL);
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert(!wants("AgentSandboxOnline2"));
}
END_TEST

/* --- operators -------------------------------------------------------------------------------- */

START_TEST(want__operator__added_once)
{
    find_record();
    ask_as(SID(501));
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert_uint_eq(context.wanted.operators.count, 2);
    sbx_installation_done(&context.wanted);
    ask_as(SID(500));
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert_uint_eq(context.wanted.operators.count, 1);
}
END_TEST

START_TEST(want__sandbox_account_as_operator__refused)
{
    find_record();
    ask_as(SID(1001));
    ck_assert_int_eq(sbx_setup_want(&context, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "AgentSandboxOffline"));
}
END_TEST

START_TEST(want__one_operator_too_many__refused)
{
    char sid[SBX_SID_TEXT_SIZE];
    unsigned i;

    find_record();
    for (i = 1; i < SBX_INSTALLATION_OPERATORS_MAX; i++) {
        snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%u", 5000 + i);
        ck_assert_sbx_ok(sbx_strings_add(&context.found.operators, sid, &err), &err);
    }
    ask_as(SID(501));
    ck_assert_int_eq(sbx_setup_want(&context, &err), SBX_INVALID);
    ask_as(SID(500));
    sbx_installation_done(&context.wanted);
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
}
END_TEST

/* --- settings --------------------------------------------------------------------------------- */

START_TEST(want__asked__overrides_the_record)
{
    find_record();
    context.request.fence = SBX_SETUP_FENCE_PLAIN;
    context.request.proxy_first = 40000;
    context.request.proxy_last = 40003;
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert(!context.wanted.fence_complement);
    ck_assert_uint_eq(context.wanted.proxy_first, 40000);
    ck_assert_uint_eq(context.wanted.proxy_last, 40003);
    sbx_installation_done(&context.wanted);
    memset(&context.request, 0, sizeof(context.request));
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert(context.wanted.fence_complement);
    ck_assert_uint_eq(context.wanted.proxy_first, 50);
}
END_TEST

START_TEST(want__record_lost__the_journal_remembers_the_newest)
{
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "fence plain");
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "ports 41000-41003");
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "operator " SID(500));
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "operator " SID(501));
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "operator " SID(500));
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "fence complement");
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "ports 42000-42007");
    ck_assert(sbx_setup_journal_has_operators(&context));
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert(context.wanted.fence_complement);
    ck_assert_uint_eq(context.wanted.proxy_first, 42000);
    ck_assert_uint_eq(context.wanted.proxy_last, 42007);
    ck_assert_uint_eq(context.wanted.operators.count, 2);
    ck_assert_str_eq(context.wanted.operators.items[0], SID(500));
}
END_TEST

START_TEST(want__record_there__the_journal_is_not_asked)
{
    find_record();
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "ports 42000-42007");
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "operator " SID(501));
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert_uint_eq(context.wanted.proxy_first, 50);
    ck_assert_uint_eq(context.wanted.operators.count, 1);
}
END_TEST

static const char *const nonsense[] = {"ports 80-81", "ports 42000-42000", "ports 42007-42000",
    "ports 42000", "ports 49000-49152", "ports 42000-42064", "ports 99999-99999", "ports",
    "operator nobody", "operator ", "fence open"};

START_TEST(want__journal_says_nonsense__defaults)
{
    note(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, nonsense[_i]);
    ck_assert_sbx_ok(sbx_setup_want(&context, &err), &err);
    ck_assert_uint_eq(context.wanted.proxy_first, SBX_PROXY_PORT_FIRST);
    ck_assert_uint_eq(context.wanted.proxy_last, SBX_PROXY_PORT_LAST);
    ck_assert(!context.wanted.fence_complement);
    ck_assert_uint_eq(context.wanted.operators.count, 0);
}
END_TEST

/* --- a run ------------------------------------------------------------------------------------ */

static unsigned events;

static void count_event(void *sink_context, const struct sbx_setup_event *event)
{
    (void)sink_context;
    (void)event;
    events++;
}

static const struct {
    const char *name;
    struct sbx_setup_request request;
} bad_requests[] = {
    {"no mode", {0}},
    {"a mode that is none", {.mode = (enum sbx_setup_mode)99}},
    {"too many accounts", {.mode = SBX_SETUP_INSTALL, .accounts = 10}},
    {"half a port range", {.mode = SBX_SETUP_INSTALL, .proxy_first = 40000}},
    {"repair-owner without a path", {.mode = SBX_SETUP_REPAIR_OWNER}},
};

START_TEST(run__request_that_is_none__refused_before_the_machine_is_looked_at)
{
    struct sbx_setup_event result = {0};

    events = 0;
    free(context.journal);
    context.journal = NULL;
    context.request = bad_requests[_i].request;
    context.sink = count_event;
    sbx_setup_run(&context, &result);
    ck_assert_msg(!result.ok && result.error.status == SBX_INVALID, "%s: %s", bad_requests[_i].name,
        result.error.context);
    ck_assert(!result.changed);
    ck_assert_uint_eq(events, 0);
    ck_assert_ptr_null(context.program_folder); /* prepare was never reached */
    sbx_setup_event_done(&result);
}
END_TEST

/* --- the proof's twin ------------------------------------------------------------------------- */

START_TEST(proof__twin_with_listeners__passes_and_without_them_fails)
{
    struct sbx_fencetry_listeners listeners = {.count = 0};

    ck_assert_sbx_ok(sbx_fencetry_begin(&err), &err);
    ck_assert_sbx_ok(sbx_fencetry_listen(40100, 40130, &listeners, &err), &err);
    ck_assert_sbx_ok(sbx_proof_twin(&listeners, &err), &err);
    sbx_fencetry_close(&listeners);
    ck_assert_int_ne(sbx_proof_twin(&listeners, &err), SBX_OK);
    ck_assert_ptr_nonnull(strstr(err.context, "does not work outside the sandbox either"));
}
END_TEST

/* No runner, no proof: whatever goes wrong on the way is a failure, never a fence that holds. */
START_TEST(proof__runner_that_is_not_there__fails)
{
    const struct sbx_proof_chain chain = {.runner = "C:\\no-such-folder\\command-runner.exe",
        .folder = "C:\\no-such-folder",
        .group_sid = SID(1000)};
    const struct sbx_installed_account account = {.name = (char *)(uintptr_t) "AgentSandboxOffline",
        .sid = (char *)(uintptr_t)SID(1001),
        .offline = true};
    struct sbx_fencetry_listeners listeners = {.count = 0};
    int token;

    for (token = 0; token < SBX_FENCE_TOKEN_COUNT; token++) {
        sbx_error_init(&err);
        ck_assert_int_ne(
            sbx_proof_account(&chain, &account, (enum sbx_fence_token)token, &listeners, &err),
            SBX_OK);
        ck_assert_ptr_nonnull(strstr(err.context, "fence probe as 'AgentSandboxOffline'"));
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, want__nothing_there__one_of_each_and_the_defaults);
    tcase_add_test(tcase, want__three_asked__three_of_each);
    tcase_add_test(tcase, want__fewer_asked_than_there_are__none_is_forgotten);
    tcase_add_test(tcase, want__account_begun_and_never_recorded__is_wanted);
    tcase_add_test(tcase, want__operator__added_once);
    tcase_add_test(tcase, want__sandbox_account_as_operator__refused);
    tcase_add_test(tcase, want__one_operator_too_many__refused);
    tcase_add_test(tcase, want__asked__overrides_the_record);
    tcase_add_test(tcase, want__record_lost__the_journal_remembers_the_newest);
    tcase_add_test(tcase, want__record_there__the_journal_is_not_asked);
    tcase_add_loop_test(tcase, want__journal_says_nonsense__defaults, 0, (int)countof(nonsense));
    tcase_add_loop_test(tcase, run__request_that_is_none__refused_before_the_machine_is_looked_at,
        0, (int)countof(bad_requests));
    tcase_add_test(tcase, proof__twin_with_listeners__passes_and_without_them_fails);
    tcase_add_test(tcase, proof__runner_that_is_not_there__fails);
}

UNIT_MAIN("step_want", add_tests)
