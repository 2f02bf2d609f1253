/* See elevated.h. */
#include "elevated.h"

#include "fencecheck.h"
#include "owners.h"

#define RUNNER_NAME "command-runner.exe"

static enum sbx_status take_account(const struct sbx_facts *facts, const struct sbx_policy *policy,
    const volatile LONG *cancel, struct sbx_plan *plan, struct sbx_elevated *elevated,
    struct sbx_error *err)
{
    char key[SBX_LEASE_HEX_SIZE];
    const struct sbx_lease_options options = {.work_directory = facts->work_directory,
        .record = &elevated->installed.record,
        .caller_sid = facts->caller_sid,
        .online = plan->online,
        .key = key,
        .sharing = policy->sharing,
        .cancel = cancel};
    enum sbx_status status;

    sbx_lease_key(plan, facts->caller_sid, key);
    status = sbx_lease_take(&options, &elevated->lease, err);
    if (status)
        return status;
    return sbx_plan_set_account(
        plan, elevated->lease.account->name, elevated->lease.account->sid, err);
}

enum sbx_status sbx_elevated_begin(const struct sbx_facts *facts, const struct sbx_policy *policy,
    const volatile LONG *cancel, struct sbx_plan *plan, struct sbx_elevated *elevated,
    struct sbx_error *err)
{
    const struct sbx_installation *record = &elevated->installed.record;
    enum sbx_status status;
    size_t i;

    if (plan->mode != SBX_MODE_ELEVATED)
        return SBX_OK;
    status = sbx_installed_read(facts->program_files, &elevated->installed, err);
    if (!status && !elevated->installed.current) {
        status = sbx_fail(err, SBX_NOT_SETUP, "the installation changed since the plan was made");
        sbx_error_hint(err, "try again");
    }
    if (!status)
        status = sbx_installed_check_program(&elevated->installed, RUNNER_NAME, err);
    if (!status)
        status = take_account(facts, policy, cancel, plan, elevated, err);
    if (!status)
        status = sbx_fencecheck(facts, &elevated->installed, elevated->lease.account, err);
    if (status) {
        sbx_elevated_done(elevated);
        return status;
    }
    for (i = 0; i < record->account_count && i < countof(elevated->account_sids); i++)
        elevated->account_sids[elevated->account_count++] = record->accounts[i].sid;
    elevated->begun = sbx_owners_now();
    elevated->active = true;
    return SBX_OK;
}

void sbx_elevated_grants(const struct sbx_elevated *elevated, struct sbx_grant_options *options)
{
    options->account_sids = elevated->active ? elevated->account_sids : NULL;
    options->account_sid_count = elevated->account_count;
}

void sbx_elevated_session(const struct sbx_elevated *elevated, const struct sbx_plan *plan,
    const struct sbx_facts *facts, struct sbx_session *session)
{
    if (!elevated->active)
        return;
    session->runner = elevated->installed.runner;
    session->runners = NULL; /* spares are started from beside the agent, and not checked */
    session->account = plan->account;
    session->account_sid = plan->user_sid;
    session->group_sid = facts->group_sid;
    session->lease = elevated->lease.handle;
}

size_t sbx_elevated_end(struct sbx_elevated *elevated, const struct sbx_plan *plan,
    const struct sbx_facts *facts, struct sbx_acl_counts *counts)
{
    size_t left;

    if (!elevated->active)
        return 0;
    left = sbx_owners_return(plan, facts->caller_sid, elevated->begun, counts);
    if (elevated->lease_kept)
        sbx_lease_leave(&elevated->lease);
    else
        sbx_lease_end(&elevated->lease);
    return left;
}

void sbx_elevated_done(struct sbx_elevated *elevated)
{
    sbx_lease_end(&elevated->lease);
    sbx_installed_done(&elevated->installed);
    elevated->active = false;
    elevated->account_count = 0;
}
