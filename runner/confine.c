/*
 * What a child is confined by, and the proof. Boundaries B1, B6, B7 of SECURITY.md.
 *
 * MUSTs:
 *  1. The child's token is the recipe's and nothing else: every fact of it is read back from the
 *     created, still suspended child; a difference ends the child before its first instruction.
 *  2. The child is in our job before it runs, and so is everything it starts.
 *  3. It inherits three handles, its standard ones.
 *  4. Nothing here has a second way: where a step cannot be done or proved, the run ends. The one
 *     exception is --wine-unconfined, which needs Wine's own export, never confines, and says so.
 */
#include "run.h"

#include "shared/core/envblock.h"
#include "shared/win/desktopproof.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/sd.h"
#include "shared/win/token.h"
#include "shared/win/tokenproof.h"

#include <stdio.h>

/* The capability SIDs of the request, as the token plan wants them. */
static enum sbx_status parse_capabilities(
    const struct sbx_request *request, struct sbx_sid **ret_sids, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_sid *sids = NULL;
    size_t i;

    if (request->capability_sids.count)
        status = sbx_calloc(request->capability_sids.count, sizeof(*sids), &sids, err);
    for (i = 0; !status && i < request->capability_sids.count; i++)
        status = sbx_sid_parse(request->capability_sids.items[i], &sids[i], err);
    if (status) {
        free(sids);
        return status;
    }
    *ret_sids = sids;
    return SBX_OK;
}

enum sbx_status sbx_confine_token(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_tokenplan_input input = {.recipe = run->request.recipe};
    struct sbx_groups groups = {0};
    struct sbx_sid *capabilities = NULL;
    struct sbx_sid asked_user;
    enum sbx_status status;
    HANDLE base = NULL;

    /* The filtered token's handle gets the access of the base's, hence ADJUST_DEFAULT here. */
    status = sbx_token_open_self(
        TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT, &base, err);
    if (!status)
        status = sbx_token_describe_base(base, &input, &groups, err);
    if (!status)
        status = sbx_sid_parse(run->request.user_sid, &asked_user, err);
    if (!status)
        status = sbx_sid_parse(run->request.run_sid, &input.run_sid, err);
    if (!status)
        status = parse_capabilities(&run->request, &capabilities, err);
    if (status)
        goto cleanup;
    /* The plan was made for one user; a runner started as another one would confine someone else.
     */
    if (!sbx_sid_equal(&asked_user, &input.user_sid)) {
        status = sbx_fail(err, SBX_DENIED, "the runner is not the user that the plan was made for");
        goto cleanup;
    }
    input.capability_sids = capabilities;
    input.capability_count = run->request.capability_sids.count;
    status = sbx_tokenplan_make(&input, &run->plan, err);
    if (!status)
        status = sbx_token_restrict(base, &run->plan, &run->token, err);
cleanup:
    if (status)
        sbx_error_context(err, "restricted token");
    free(capabilities);
    sbx_groups_done(&groups);
    sbx_handle_close(&base);
    run->times.token = sbx_run_clock(run);
    return status;
}

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

static enum sbx_status make_desktop(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_sd_people people = {0};
    enum sbx_status status;
    char name[80];

    if (run->request.desktop == SBX_DESKTOP_INTERACTIVE)
        return sbx_fail(err, SBX_UNSUPPORTED,
            "desktop 'interactive' needs an approval, which "
            "this version cannot ask for");
    people.sid[SBX_WHO_USER] = run->plan.user_sid;
    people.sid[SBX_WHO_ACCOUNT] = run->plan.user_sid;
    people.sid[SBX_WHO_RUN] = run->plan.run_sid;
    snprintf(name, sizeof(name), "SbxRun-%08lX-%08lX%08lX", (unsigned long)GetCurrentProcessId(),
        (unsigned long)run->plan.run_sid.sub[3], (unsigned long)run->plan.run_sid.sub[4]);
    status = sbx_sd_build(&sbx_sd_private_desktop, &people, &descriptor, err);
    if (!status)
        status = sbx_desktop_new(name, &descriptor, &run->findings, &run->desktop, err);
    if (status)
        sbx_error_context(err, "private desktop");
    sbx_descriptor_done(&descriptor);
    run->times.desktop = sbx_run_clock(run);
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

/*
 * A handle value from the request must be open here, of a kind that makes sense as stdio, and not
 * one of our own two pipes: a child with those would speak for the agent or for us.
 */
static enum sbx_status check_stdio(const struct sbx_run *run, uint64_t value, const char *name,
    HANDLE *ret_handle, struct sbx_error *err)
{
    HANDLE handle = (HANDLE)(uintptr_t)value;

    *ret_handle = NULL;
    if (!value)
        return SBX_OK;
    /* Before anything is asked of it: a query waits for the read that another thread has pending.
     */
    if (handle == run->input || handle == run->output)
        return sbx_fail(err, SBX_INVALID, "%s: handle %llu is a pipe of the runner", name,
            (unsigned long long)value);
    if (value > UINT32_MAX || !sbx_handle_is_open(handle))
        return sbx_fail(
            err, SBX_INVALID, "%s: handle %llu is not valid here", name, (unsigned long long)value);
    if (GetFileType(handle) == FILE_TYPE_UNKNOWN)
        return sbx_fail(err, SBX_INVALID, "%s: handle %llu is no file, pipe or device", name,
            (unsigned long long)value);
    *ret_handle = handle;
    return SBX_OK;
}

/*
 * Once the child has them, our copies must go: a pipe ends for its reader when the last is closed.
 * Output and error are one handle for many callers.
 */
static void close_stdio(struct sbx_request *request, const struct sbx_spawn *spawn)
{
    HANDLE copies[] = {spawn->std_in, spawn->std_out, spawn->std_err};

    sbx_handle_close_each(copies, countof(copies));
    request->stdin_handle = 0;
    request->stdout_handle = 0;
    request->stderr_handle = 0;
}

enum sbx_status sbx_confine_create(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_request *request = &run->request;
    struct sbx_spawn spawn = {
        .image = request->image,
        .argv = (const char *const *)request->argv.items,
        .argc = request->argv.count,
        .command_line = request->command_line,
        .cwd = request->cwd,
        .job = &run->job,
        .token = run->token,
        .desktop = run->desktop.path,
        .options =
            SBX_SPAWN_NO_WINDOW | SBX_SPAWN_NEW_GROUP | (run->breakaway ? SBX_SPAWN_BREAKAWAY : 0u),
    };
    sbx_char16 *block_w = NULL;
    size_t block_cch = 0;
    enum sbx_status status;

    status = check_stdio(run, request->stdin_handle, "stdin", &spawn.std_in, err);
    if (!status)
        status = check_stdio(run, request->stdout_handle, "stdout", &spawn.std_out, err);
    if (!status)
        status = check_stdio(run, request->stderr_handle, "stderr", &spawn.std_err, err);
    if (!status)
        status = sbx_env_emit(&request->environment, &block_w, &block_cch, err);
    if (status)
        goto cleanup;
    spawn.environment_w = (const wchar_t *)block_w;
    if (request->command_line)
        spawn.argv = NULL;
    status = sbx_spawn_create(&spawn, &run->child, err);
    if (!status)
        close_stdio(request, &spawn);
cleanup:
    if (block_w)
        sbx_wipe(block_w, block_cch * sizeof(*block_w));
    free(block_w);
    run->times.created = sbx_run_clock(run);
    return status;
}

enum sbx_status sbx_confine_prove(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;

    status = sbx_tokenproof_child(run->child.process, &run->plan, &run->findings, err);
    if (status && status != SBX_UNPROVEN)
        return status;
    status = sbx_job_prove_member(&run->job, run->child.process, err);
    if (status)
        return status; /* jobs are real everywhere: no exception, not even under Wine */
    status = sbx_desktop_prove(run->child.process, run->desktop.path, &run->findings, err);
    if (status && status != SBX_UNPROVEN)
        return status;
    run->times.proved = sbx_run_clock(run);
    if (run->request.wine_unconfined && sbx_late_wine_version())
        return SBX_OK;
    return sbx_findings_refuse(&run->findings, "the sandbox", err);
}

void sbx_confine_done(struct sbx_run *run)
{
    if (run->child.process)
        sbx_process_kill(&run->child, 1);
    sbx_process_close(&run->child);
    sbx_job_close(&run->job);
    sbx_desktop_close(&run->desktop);
    sbx_handle_close(&run->token);
    sbx_tokenplan_done(&run->plan);
}
