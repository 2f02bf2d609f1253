/*
 * What is around the child: its job, its desktop, who may connect to the window station, and who
 * may make named objects in the session.
 * Boundaries B6 and B7 of SECURITY.md.
 */
#include "run.h"

#include "shared/win/sd.h"
#include "shared/win/sid.h"

#include <stdio.h>

/*
 * A job with UI limits cannot be nested: a runner that already sits in a job starts the child with
 * breakaway. Whether that is allowed is asked first, so that error 5 keeps one meaning.
 * https://learn.microsoft.com/windows/win32/procthread/nested-jobs
 */
static enum sbx_status breakaway_needed(
    struct sbx_run *run, bool *ret_breakaway, bool *ret_without_ui, struct sbx_error *err)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    enum sbx_status status;
    bool in_job = false;

    *ret_breakaway = false;
    *ret_without_ui = false;
    status = sbx_job_self_in_job(&in_job, err);
    if (status || !in_job)
        return status;
    /* Where a process cannot read the limits of its own job (Wine), its creator's word is needed.
       One that is wrong ends in a refused creation, or in a job that is not the child's: proved. */
    if (run->request.birth_job) {
        *ret_breakaway = true;
        return SBX_OK;
    }
    if (QueryInformationJobObject(
            NULL, JobObjectExtendedLimitInformation, &limits, sizeof(limits), NULL)) {
        DWORD flags = limits.BasicLimitInformation.LimitFlags;

        if (flags & (JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK)) {
            *ret_breakaway = true;
            return SBX_OK;
        }
    }
    if (run->request.limits.ui == SBX_UI_BEST_EFFORT) {
        *ret_without_ui = true;
        return SBX_OK;
    }
    status = sbx_fail(err, SBX_UNSUPPORTED,
        "the caller's job forbids breakaway, and a job with UI limits cannot be nested in it");
    sbx_error_hint(err, "start agent outside that job, allow breakaway in it, or set limits.ui to "
                        "\"best-effort\"");
    return status;
}

static enum sbx_status make_job(struct sbx_run *run, bool without_ui, struct sbx_error *err)
{
    const struct sbx_policy_limits *asked = &run->request.limits;
    struct sbx_job_limits limits = {
        .processes = asked->processes,
        .memory_bytes = asked->memory_bytes,
        .process_memory_bytes = asked->process_memory_bytes,
        .cpu_percent = asked->cpu_percent,
        .ui = without_ui ? 0 : SBX_JOB_UI_ALL | SBX_JOB_UI_INJECTION,
        .outlive = run->request.background,
    };
    enum sbx_status status = sbx_job_new(&limits, &run->findings, &run->job, err);

    run->times.job = sbx_run_clock(run);
    return status;
}

/*
 * The desktop this process is on: the user's. The agent asked a person before (agent/approve.c).
 * Nothing is made or granted, so nothing is left when the command has ended; and it has to end,
 * because a window that stays behind would be on that desktop without anybody's leave. The UI
 * limits of the job hold: windows of others stay out of its reach as handles.
 */
static enum sbx_status use_own_desktop(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;

    if (run->request.mode == SBX_MODE_ELEVATED)
        return sbx_fail(err, SBX_UNSUPPORTED,
            "desktop 'interactive' is for unelevated mode: the sandbox account has no right to it");
    if (run->request.background)
        return sbx_fail(
            err, SBX_UNSUPPORTED, "desktop 'interactive' and background exclude each other");
    status = sbx_desktop_current(&run->desktop.path, err);
    run->times.desktop = sbx_run_clock(run);
    return status;
}

enum sbx_status sbx_surround_desktop(struct sbx_run *run, const struct sbx_sid *user,
    const struct sbx_sid *account, const struct sbx_sid *run_sid, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_sd_people people = {0};
    enum sbx_status status;
    char name[80];

    if (run->request.desktop == SBX_DESKTOP_INTERACTIVE)
        return use_own_desktop(run, err);
    people.sid[SBX_WHO_USER] = *user;
    people.sid[SBX_WHO_ACCOUNT] = *account;
    people.sid[SBX_WHO_RUN] = *run_sid;
    snprintf(name, sizeof(name), "SbxRun-%08lX-%08lX%08lX", (unsigned long)GetCurrentProcessId(),
        (unsigned long)run_sid->sub[3], (unsigned long)run_sid->sub[4]);
    status = sbx_sd_build(&sbx_sd_private_desktop, &people, &descriptor, err);
    if (!status)
        status = sbx_desktop_new(name, &descriptor, &run->findings, &run->desktop, err);
    if (status)
        sbx_error_context(err, "private desktop");
    sbx_descriptor_done(&descriptor);
    run->times.desktop = sbx_run_clock(run);
    return status;
}

/*
 * The logon SID that the station belongs to is in the child's token with `standard` and two hops:
 * the secondary logon service puts the caller's into it. Everything else has to be let in.
 */
enum sbx_status sbx_surround_station(struct sbx_run *run, const struct sbx_sid *account,
    const struct sbx_sid *run_sid, struct sbx_error *err)
{
    struct sbx_sid sids[SBX_STATION_GRANTS_MAX];
    enum sbx_status status;

    if (run->request.recipe == SBX_TOKEN_STANDARD && !run->one_hop)
        return SBX_OK;
    sids[0] = *account;
    sids[1] = *run_sid;
    status = sbx_station_grant(sids, countof(sids), &run->findings, &run->station, err);
    if (status)
        sbx_error_context(err, "window station");
    return status;
}

/* With `standard` and two hops the caller's logon SID admits it, as it does to the station. */
void sbx_surround_names(
    struct sbx_run *run, const struct sbx_sid *account, const struct sbx_sid *run_sid)
{
    struct sbx_sid sids[SBX_NAMES_GRANTS_MAX];

    if (run->request.recipe == SBX_TOKEN_STANDARD && !run->one_hop)
        return;
    sids[0] = *account;
    sids[1] = *run_sid;
    if (sbx_names_grant(sids, countof(sids), &run->names, NULL))
        SetLastError(ERROR_SUCCESS); /* sbx_confine_prove says what the child can do */
}

/* Where the child goes: made here, or by the launch stage, which then says where. */
static enum sbx_status make_desktop(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_sid user = run->plan.user_sid;
    enum sbx_status status = SBX_OK;

    if (run->confine_stage)
        return sbx_strdup(run->request.desktop_path, &run->desktop.path, err);
    if (run->one_hop)
        status = sbx_sid_of_current_user(&user, err);
    if (!status)
        status = sbx_surround_desktop(run, &user, &run->plan.user_sid, &run->plan.run_sid, err);
    if (!status && run->one_hop)
        status = sbx_surround_station(run, &run->plan.user_sid, &run->plan.run_sid, err);
    if (!status && run->one_hop)
        sbx_surround_names(run, &run->plan.user_sid, &run->plan.run_sid);
    return status;
}

enum sbx_status sbx_confine_surroundings(struct sbx_run *run, struct sbx_error *err)
{
    bool without_ui = false;
    enum sbx_status status = breakaway_needed(run, &run->breakaway, &without_ui, err);

    if (!status)
        status = make_job(run, without_ui, err);
    if (!status)
        status = make_desktop(run, err);
    return status;
}
