/*
 * When a record goes to the Windows Event Log, and what it means when it does not get there. The
 * agent's own code; failures come from ntwine's double.
 */
#include "tests/support/win/doubles.h"
#include "tests/support/win/scratch.h"

#include "agent/auditevents.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_facts facts;
static struct sbx_policy policy;
static struct sbx_plan plan;
static struct sbx_strings argv;
static struct sbx_audit_run run;
static char sid[] = "S-1-5-21-1-2-3-1001";
static char cwd[] = "C:\\proj";

static unsigned opened_before, written_before;

static unsigned opened(void)
{
    return doubles_calls("RegisterEventSourceW") - opened_before;
}

static unsigned written(void)
{
    return doubles_calls("ReportEventW") - written_before;
}

static void setup(void)
{
    sbx_error_init(&err);
    memset(&facts, 0, sizeof(facts));
    memset(&plan, 0, sizeof(plan));
    memset(&argv, 0, sizeof(argv));
    memset(&run, 0, sizeof(run));
    facts.caller_sid = sid;
    facts.cwd = cwd;
    facts.state_directory = (char *)(uintptr_t)scratch_begin();
    sbx_policy_init(&policy, SBX_LAYER_COMMAND);
    ck_assert_sbx_ok(sbx_strings_add(&argv, "cmd", &err), &err);
    run.facts = &facts;
    run.policy = &policy;
    run.plan = &plan;
    run.argv = &argv;
    if (doubles_present()) {
        doubles_clear();
        doubles_forget_calls();
        opened_before = doubles_calls("RegisterEventSourceW");
        written_before = doubles_calls("ReportEventW");
    }
}

static void teardown(void)
{
    sbx_audit_run_done(&run);
    sbx_strings_done(&argv);
    if (doubles_present())
        doubles_clear();
    scratch_end();
}

#define NEED_DOUBLE()                                                                              \
    do {                                                                                           \
        if (!doubles_present()) {                                                                  \
            doubles_skip(__func__, "only a test double fails on demand");                          \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Actions of the log's records, "run-started run-ended ". */
static const char *actions(void)
{
    static char text[400];
    struct sbx_buf bytes;
    const char *at;

    text[0] = '\0';
    sbx_buf_init(&bytes, SBX_AUDITLOG_FILE_MAX_BYTES);
    ck_assert_sbx_ok(sbx_auditlog_read(&run.log, 1, &bytes, &err), &err);
    for (at = bytes.data; at && (at = strstr(at, "\"action\":\"")) != NULL;) {
        at += 10;
        snprintf(
            text + strlen(text), sizeof(text) - strlen(text), "%.*s ", (int)strcspn(at, "\""), at);
    }
    sbx_buf_done(&bytes);
    return text;
}

START_TEST(started__off__nothing_is_written)
{
    NEED_DOUBLE();
    ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    policy.event_log = SBX_EVENT_LOG_OFF;
    ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    ck_assert_uint_eq(opened(), 0);
    ck_assert_str_eq(actions(), "run-started run-started ");
}
END_TEST

static const char *const functions[] = {"RegisterEventSourceW", "ReportEventW"};

START_TEST(started__on_and_it_fails__starts_and_is_told)
{
    NEED_DOUBLE();
    policy.event_log = SBX_EVENT_LOG_ON;
    doubles_fail(functions[_i], 1, RPC_S_SERVER_UNAVAILABLE);
    ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    ck_assert_uint_eq(run.uncopied.code, RPC_S_SERVER_UNAVAILABLE);
    ck_assert(strstr(run.uncopied_text, "'run-started'") != NULL);
    ck_assert(strstr(run.uncopied_text, "(1722)") != NULL);
    ck_assert_str_eq(actions(), "run-started ");
}
END_TEST

START_TEST(started__required_and_it_fails__does_not_start)
{
    NEED_DOUBLE();
    policy.event_log = SBX_EVENT_LOG_REQUIRED;
    doubles_fail(functions[_i], 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_audit_started(&run, &err), SBX_OS); /* "denied" is about commands */
    ck_assert(strstr(err.hint, "audit.eventLog") != NULL);
    ck_assert_str_eq(actions(), "run-started run-ended ");
}
END_TEST

START_TEST(started__required_without_a_file__does_not_start)
{
    NEED_DOUBLE();
    policy.audit = SBX_FLAG_NO;
    policy.event_log = SBX_EVENT_LOG_REQUIRED;
    doubles_fail("ReportEventW", 1, ERROR_LOG_FILE_FULL);
    ck_assert_int_ne(sbx_audit_started(&run, &err), SBX_OK);
    ck_assert_uint_eq(err.code, ERROR_LOG_FILE_FULL);
    doubles_clear();
    memset(&run.uncopied, 0, sizeof(run.uncopied));
    run.settled = false;
    ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    ck_assert(!run.opened);
}
END_TEST

/* It was let go: its end stops nothing any more. So it is with what is refused anyway. */
START_TEST(ended_or_denied__required_and_it_fails__told)
{
    const struct sbx_protect_report protect = {0};
    const struct sbx_result result = {.protect = &protect};
    struct sbx_error why;

    NEED_DOUBLE();
    sbx_error_init(&why);
    (void)!sbx_fail(&why, SBX_DENIED, "by a rule");
    policy.event_log = SBX_EVENT_LOG_REQUIRED;
    if (_i)
        ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    doubles_fail("ReportEventW", 1, RPC_S_SERVER_UNAVAILABLE);
    ck_assert_sbx_ok(
        _i ? sbx_audit_ended(&run, &result, &err) : sbx_audit_denied(&run, &why, &err), &err);
    ck_assert_uint_eq(run.uncopied.code, RPC_S_SERVER_UNAVAILABLE);
    ck_assert_str_eq(actions(), _i ? "run-started run-ended " : "run-denied ");
}
END_TEST

/* What the log says of itself goes with the record that it was found by. */
START_TEST(started__log_was_torn__both_records_are_copied)
{
    HANDLE handle;
    DWORD done = 0;

    NEED_DOUBLE();
    policy.event_log = SBX_EVENT_LOG_ON;
    ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    ck_assert_uint_eq(written(), 1);
    handle = CreateFileW(scratch_path_w("audit\\audit-00000001.jsonl"), FILE_APPEND_DATA,
        FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    ck_assert(handle != INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(handle, "{\"half", 6, &done, NULL) && done == 6);
    CloseHandle(handle);
    ck_assert_sbx_ok(sbx_audit_started(&run, &err), &err);
    ck_assert_uint_eq(written(), 3);
    ck_assert_uint_eq(opened(), 1);
    ck_assert_str_eq(actions(), "run-started log-repaired run-started ");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, started__off__nothing_is_written);
    tcase_add_loop_test(tcase, started__on_and_it_fails__starts_and_is_told, 0, 2);
    tcase_add_loop_test(tcase, started__required_and_it_fails__does_not_start, 0, 2);
    tcase_add_test(tcase, started__required_without_a_file__does_not_start);
    tcase_add_loop_test(tcase, ended_or_denied__required_and_it_fails__told, 0, 2);
    tcase_add_test(tcase, started__log_was_torn__both_records_are_copied);
}

DOUBLES_MAIN("auditevents", add_tests)
