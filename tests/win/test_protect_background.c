/* Protected names that appear after a background run: the next run and the audit tell of them. */
#include "tests/support/protect/protectcase.h"
#include "shared/win/handle.h"

#include <stdio.h>

#define BACKGROUND "{\"mode\":\"unelevated\",\"background\":true}"

/* A run that leaves something, as far as the watch knows; then the next one. */
static void run_once(const char *json)
{
    begin_with(json);
    end();
    sbx_protect_report_done(&report);
    sbx_plan_done(&plan);
    have_plan = false;
    sbx_facts_done(&facts);
    memset(&facts, 0, sizeof(facts));
    sbx_policy_done(&run_policy);
}

START_TEST(background__name_made_after_the_end__reported_by_the_next_run_once)
{
    scratch_mkdir("ws\\.vscode");
    run_once(BACKGROUND);
    make_git("ws\\.git", CONFIG_BAD);
    begin();
    end();
    ck_assert_uint_eq(report.unwatched, 1);
    ck_assert(says(only_item("ws\\.git", SBX_PROTECT_REPORTED), "background run"));
    ck_assert(says(&report.items[0], "hooks: 1 in use"));
    ck_assert(says(&report.items[0], "core.fsmonitor"));
    ck_assert(scratch_exists("ws\\.git\\hooks\\pre-commit")); /* it may be the user's */
    sbx_protect_report_done(&report);
    ck_assert_sbx_ok(sbx_protect_begin(&plan, &options, &protect, &err), &err);
    end();
    ck_assert_uint_eq(report.item_count, 0);
    ck_assert_uint_eq(report.unwatched, 1); /* something may still live */
}
END_TEST

START_TEST(background__replaced_after_the_end__reported)
{
    scratch_write("ws\\.mcp.json", "mine");
    run_once(BACKGROUND);
    ck_assert(DeleteFileW(scratch_path_w("ws\\.mcp.json")));
    Sleep(30);
    scratch_write("ws\\.mcp.json", "evil");
    begin();
    end();
    only_item("ws\\.mcp.json", SBX_PROTECT_REPORTED);
}
END_TEST

/* What is known to be the run's own is dealt with as ever. */
START_TEST(background__made_during_the_next_run__quarantined)
{
    run_once(BACKGROUND);
    begin();
    scratch_mkdir("ws\\.idea");
    end();
    only_item("ws\\.idea", SBX_PROTECT_QUARANTINED);
}
END_TEST

START_TEST(background__audit__tells_and_changes_nothing)
{
    run_once(BACKGROUND);
    scratch_mkdir("ws\\.claude");
    use_policy("{\"mode\":\"unelevated\"}");
    make_plan();
    options.policy = &run_policy;
    options.facts = &facts;
    ck_assert_sbx_ok(sbx_protect_audit(&plan, &options, &report, &err), &err);
    only_item("ws\\.claude", SBX_PROTECT_REPORTED);
    ck_assert_uint_eq(report.unwatched, 1);
    sbx_protect_report_done(&report);
    ck_assert_sbx_ok(sbx_protect_audit(&plan, &options, &report, &err), &err);
    ck_assert_uint_eq(report.item_count, 1); /* only a run settles it */
    ck_assert(scratch_exists("ws\\.claude"));
}
END_TEST

START_TEST(background__none__no_record)
{
    run_once("{\"mode\":\"unelevated\"}");
    scratch_mkdir("ws\\.claude");
    begin();
    end();
    ck_assert_uint_eq(report.item_count, 0);
    ck_assert_uint_eq(report.unwatched, 0);
    ck_assert(!scratch_exists("state\\background"));
}
END_TEST

/* Everything is told rather than nothing. */
START_TEST(background__record_damaged__all_reported)
{
    char name[400];
    WIN32_FIND_DATAW found;
    HANDLE search;

    scratch_mkdir("ws\\.vscode");
    run_once(BACKGROUND);
    search = FindFirstFileW(scratch_path_w("state\\background\\*.json"), &found);
    ck_assert(search != INVALID_HANDLE_VALUE);
    FindClose(search);
    snprintf(name, sizeof(name), "state\\background\\%ls", found.cFileName);
    scratch_write(name, "not JSON");
    begin();
    end();
    only_item("ws\\.vscode", SBX_PROTECT_REPORTED);
}
END_TEST

/* No process is older than the machine's start: nothing can have been made since. */
START_TEST(background__machine_started_anew__record_goes)
{
    char name[400];
    WIN32_FIND_DATAW found;
    HANDLE search;

    run_once(BACKGROUND);
    search = FindFirstFileW(scratch_path_w("state\\background\\*.json"), &found);
    ck_assert(search != INVALID_HANDLE_VALUE);
    FindClose(search);
    snprintf(name, sizeof(name), "state\\background\\%ls", found.cFileName);
    scratch_write(
        name, "{\"version\":1,\"path\":\"x\",\"since\":1000,\"looked\":1000,\"seen\":[]}");
    scratch_mkdir("ws\\.vscode"); /* made before the shutdown */
    begin();
    end();
    only_item("ws\\.vscode", SBX_PROTECT_REPORTED);
    ck_assert(!scratch_exists(name));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, protect_case_setup, protect_case_teardown);
    tcase_add_test(tcase, background__name_made_after_the_end__reported_by_the_next_run_once);
    tcase_add_test(tcase, background__replaced_after_the_end__reported);
    tcase_add_test(tcase, background__made_during_the_next_run__quarantined);
    tcase_add_test(tcase, background__audit__tells_and_changes_nothing);
    tcase_add_test(tcase, background__none__no_record);
    tcase_add_test(tcase, background__record_damaged__all_reported);
    tcase_add_test(tcase, background__machine_started_anew__record_goes);
}

UNIT_MAIN("protect_background", add_tests)
