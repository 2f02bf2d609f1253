/* See grantcase.h. */
#include "grantcase.h"

#include <stdio.h>

struct sbx_error err;
struct sbx_plan plan;
struct sbx_grant_report report;
struct sbx_grant_options options;
char state[700];

void grant_case_use_state(void)
{
    snprintf(state, sizeof(state), "%s", grant_path("state"));
    memset(&options, 0, sizeof(options));
    options.state_directory = state;
}

void grant_case_setup(void)
{
    sbx_error_init(&err);
    memset(&report, 0, sizeof(report));
    grant_world_begin();
    grant_case_use_state();
    grant_plan_make(&plan, false, false);
    grant_snapshot_take();
}

void grant_case_teardown(void)
{
    sbx_grant_report_done(&report);
    grant_plan_done(&plan);
    grant_world_end();
}

enum sbx_status apply(void)
{
    sbx_grant_report_done(&report);
    return sbx_grants_apply(&plan, &options, &report, &err);
}

enum sbx_status revoke_all(void)
{
    sbx_grant_report_done(&report);
    return sbx_revoke_all(&options, &report, &err);
}

void ck_restored(const char *when)
{
    const char *name;

    ck_assert_sbx_ok(revoke_all(), &err);
    name = grant_snapshot_differs();
    ck_assert_msg(!name, "%s: '%s' is not as it was", when, name ? name : "");
}

size_t ledger_count(void)
{
    struct sbx_grant_info *infos = NULL;
    size_t count = 0;

    ck_assert_sbx_ok(sbx_grants_list(state, &infos, &count, &err), &err);
    sbx_grants_list_free(infos, count);
    return count;
}

void use_plan(bool elevated, bool read_only)
{
    grant_plan_done(&plan);
    grant_plan_make(&plan, elevated, read_only);
}

void only_ledger(char name[SBX_LEDGER_NAME_SIZE])
{
    struct sbx_grant_info *infos = NULL;
    size_t count = 0;

    ck_assert_sbx_ok(sbx_grants_list(state, &infos, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    snprintf(name, SBX_LEDGER_NAME_SIZE, "%s", infos[0].name);
    sbx_grants_list_free(infos, count);
}

bool is_complete(void)
{
    struct sbx_grant_info *infos = NULL;
    size_t count = 0;
    bool complete;

    ck_assert_sbx_ok(sbx_grants_list(state, &infos, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    complete = infos[0].is_complete;
    sbx_grants_list_free(infos, count);
    return complete;
}
