/*
 * What a child is confined by, and the proof. Boundary B1 of SECURITY.md.
 *
 * MUSTs:
 *  1. The child's token is the recipe's and nothing else: every fact of it is read back from the
 *     created, still suspended child; a difference ends the child before its first instruction.
 *  2. The child is in our job before it runs, and so is everything it starts.
 *  3. It inherits three handles, its standard ones; with --tty none.
 *  4. Nothing here has a second way: where a step cannot be done or proved, the run ends. The one
 *     exception is --wine-unconfined, which needs Wine's own export, never confines, and says so.
 */
#include "run.h"

#include "shared/core/envblock.h"
#include "shared/core/vtfilter.h"
#include "shared/win/desktopproof.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/logon.h"
#include "shared/win/pipe.h"
#include "shared/win/sd.h"
#include "shared/win/token.h"
#include "shared/win/tokenproof.h"
#include "shared/win/wow64.h"

/* The console hosts from Windows 11 24H2 on may ask their terminal. */
#define ASKING_BUILD 26100u

enum sbx_status sbx_run_about_the_sandbox(enum sbx_status status, struct sbx_error *err)
{
    if (status != SBX_DENIED && status != SBX_NOT_FOUND && status != SBX_INVALID)
        return status;
    err->status = SBX_OS;
    return SBX_OS;
}

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

/* The account that was asked for, and nothing more than a member of the sandbox group. */
static enum sbx_status check_account(const struct sbx_run *run, HANDLE base,
    struct sbx_tokenplan_input *input, struct sbx_error *err)
{
    struct sbx_sid group;
    enum sbx_status status = sbx_sid_parse(run->request.account_sid, &input->account_sid, err);

    if (!status)
        status = sbx_sid_parse(run->request.group_sid, &group, err);
    if (!status)
        status = sbx_logon_check(base, &input->account_sid, &group, err);
    input->elevated = true;
    return status;
}

/* Who is confined, and by which SIDs. Lists go to the caller, who releases them. */
static enum sbx_status describe(struct sbx_run *run, HANDLE base, struct sbx_tokenplan_input *input,
    struct sbx_groups *groups, struct sbx_sid **capabilities, struct sbx_error *err)
{
    struct sbx_sid asked_user;
    enum sbx_status status = sbx_token_describe_base(base, input, groups, err);

    if (!status)
        status = sbx_sid_parse(run->request.user_sid, &asked_user, err);
    if (!status)
        status = sbx_sid_parse(run->request.run_sid, &input->run_sid, err);
    if (!status)
        status = parse_capabilities(&run->request, capabilities, err);
    if (status)
        return status;
    /* The plan was made for one user; a runner started as another would confine someone else. */
    if (!sbx_sid_equal(&asked_user, &input->user_sid))
        return sbx_fail(err, SBX_UNPROVEN, "the runner is not the user that the plan was made for");
    if (run->request.mode == SBX_MODE_ELEVATED)
        status = check_account(run, base, input, err);
    input->capability_sids = *capabilities;
    input->capability_count = run->request.capability_sids.count;
    return status;
}

enum sbx_status sbx_confine_token(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_tokenplan_input input = {.recipe = run->request.recipe};
    struct sbx_groups groups = {0};
    struct sbx_sid *capabilities = NULL;
    enum sbx_status status = SBX_OK;
    HANDLE own = NULL, base = run->base;

    /* The filtered token's handle gets the access of the base's, hence ADJUST_DEFAULT here. */
    if (!base) {
        status = sbx_token_open_self(
            TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT, &own, err);
        base = own;
    }
    if (!status)
        status = describe(run, base, &input, &groups, &capabilities, err);
    if (!status)
        status = sbx_tokenplan_make(&input, &run->plan, err);
    if (!status)
        status = sbx_lock_creating(run, true, err);
    if (!status)
        status = sbx_token_restrict(base, &run->plan, &run->token, err);
    if (status)
        sbx_error_context(err, "restricted token");
    free(capabilities);
    sbx_groups_done(&groups);
    sbx_handle_close(&own);
    run->times.token = sbx_run_clock(run);
    return status;
}

static enum sbx_status check_stream(const struct sbx_run *run, uint64_t value, const char *name,
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

enum sbx_status sbx_confine_streams(
    const struct sbx_run *run, HANDLE ret_streams[3], struct sbx_error *err)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    const uint64_t values[] = {
        run->request.stdin_handle, run->request.stdout_handle, run->request.stderr_handle};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < countof(values) && !status; i++)
        status = check_stream(run, values[i], names[i], &ret_streams[i], err);
    return status;
}

/* Output and error are one handle for many callers. */
void sbx_confine_streams_given(struct sbx_request *request)
{
    HANDLE ours[] = {(HANDLE)(uintptr_t)request->stdin_handle,
        (HANDLE)(uintptr_t)request->stdout_handle, (HANDLE)(uintptr_t)request->stderr_handle};

    sbx_handle_close_each(ours, countof(ours));
    request->stdin_handle = 0;
    request->stdout_handle = 0;
    request->stderr_handle = 0;
}

/*
 * The console host is started here and has this process's token: nothing of it may be open to the
 * child, so it is made with a default list like a stage's. Elevated, that is the list already.
 * Unelevated it also lets the host ask about its own token, which gets the same list.
 */
static enum sbx_status open_console(struct sbx_run *run, const struct sbx_tty_size *size, HANDLE in,
    HANDLE out, struct sbx_error *err)
{
    const bool unelevated = run->request.mode != SBX_MODE_ELEVATED;
    struct sbx_sd_people people = {0};
    struct sbx_descriptor stage = {0};
    struct sbx_acl before = {0};
    HANDLE own = NULL, self = run->base;
    enum sbx_status status = SBX_OK;

    people.sid[SBX_WHO_USER] = run->plan.user_sid;
    /* The confine stage's own token is closed by now, to itself too; run->base is it. */
    if (!run->confine_stage) {
        status = sbx_token_open_self(TOKEN_QUERY | TOKEN_ADJUST_DEFAULT | READ_CONTROL, &own, err);
        self = own;
    }
    if (!status)
        status = sbx_token_default_dacl(self, &before, err);
    if (!status)
        status = sbx_sd_build(
            unelevated ? &sbx_sd_console_default : &sbx_sd_stage_default, &people, &stage, err);
    if (!status)
        status = sbx_token_set_default_dacl(self, &stage.dacl, err);
    if (!status) {
        status = sbx_conpty_open(size, in, out, &run->conpty, err);
        if (sbx_token_set_default_dacl(self, &before, status ? NULL : err) && !status)
            status = SBX_OS;
    }
    sbx_descriptor_done(&stage);
    sbx_acl_done(&before);
    sbx_handle_close(&own);
    return status;
}

/*
 * A console that nobody sees, made here: a program under `standard` has not been seen to get one
 * made by itself. Without a console its first DLLs fail (0xC0000142), reported for such tokens
 * wherever the creator had none to hand down (dsh-desktop 528, 990), which this program never has.
 * `isolated` and `strict` start theirs themselves: they are used where calibration saw that work.
 * So does a background command, which outlives this process.
 *
 * Nobody types there, and the screen goes nowhere. A newer host first asks its terminal what it is
 * and waits seconds for the answer, so that is in the pipe before it asks; the end of the pipe
 * would end the host.
 */
static enum sbx_status host_console(struct sbx_run *run, struct sbx_error *err)
{
    static const struct sbx_tty_size usual = {80, 25};
    struct sbx_kernel_version kernel = {0};
    struct sbx_pipe keys = {NULL, NULL};
    HANDLE nul = INVALID_HANDLE_VALUE;
    DWORD code = 0;
    enum sbx_status status = sbx_pipe_new(0, &keys, err);

    if (!status) {
        nul = CreateFileW(L"\\\\.\\NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
            OPEN_EXISTING, 0, NULL);
        code = GetLastError();
        if (nul == INVALID_HANDLE_VALUE)
            status = sbx_fail_win32(err, code, "open the NUL device");
    }
    if (!status && !sbx_late_kernel_version(&kernel, NULL) && kernel.build >= ASKING_BUILD)
        status = sbx_pipe_write(
            keys.write, sbx_vtfilter_attributes, strlen(sbx_vtfilter_attributes), err);
    if (!status)
        status = open_console(run, &usual, keys.read, nul, err);
    if (status) {
        sbx_error_context(err, "console of the command");
    } else {
        run->console_keys = keys.write;
        keys.write = NULL;
    }
    sbx_handle_close(&nul);
    sbx_pipe_close(&keys);
    return status;
}

/* A hidden console and three streams, or a pseudo console and none. */
static enum sbx_status give_console(
    struct sbx_run *run, const HANDLE streams[3], struct sbx_spawn *spawn, struct sbx_error *err)
{
    enum sbx_status status;

    if (!run->request.tty.columns) {
        /* A group of its own is what CTRL_BREAK is sent to. */
        spawn->options |= SBX_SPAWN_NEW_GROUP;
        spawn->std_in = streams[0];
        spawn->std_out = streams[1];
        spawn->std_err = streams[2];
        if (run->request.recipe != SBX_TOKEN_STANDARD || run->request.background ||
            !sbx_conpty_exists()) {
            spawn->options |= SBX_SPAWN_NO_WINDOW;
            return SBX_OK;
        }
        status = host_console(run, err);
        spawn->options |= SBX_SPAWN_HOSTED;
        spawn->conpty = run->conpty.handle;
        return status;
    }
    /* In a group of its own it would not hear Ctrl-C, which here is a key like any other. */
    status = open_console(run, &run->request.tty, streams[0], streams[1], err);
    spawn->conpty = run->conpty.handle;
    return status;
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
        .options = run->breakaway ? SBX_SPAWN_BREAKAWAY : 0u,
    };
    HANDLE streams[3] = {NULL};
    sbx_char16 *block_w = NULL;
    size_t block_cch = 0;
    enum sbx_status status;

    status = sbx_confine_streams(run, streams, err);
    if (!status)
        status = give_console(run, streams, &spawn, err);
    if (!status)
        status = sbx_env_emit(&request->environment, &block_w, &block_cch, err);
    if (status)
        goto cleanup;
    spawn.environment_w = (const wchar_t *)block_w;
    if (request->command_line)
        spawn.argv = NULL;
    status = sbx_spawn_create(&spawn, &run->child, err);
    if (!status)
        sbx_confine_streams_given(request);
    if (!status)
        status = sbx_lock_child(run, err);
    if (!status)
        status = sbx_lock_creating(run, false, err);
    if (!status) /* where its handles and desktop could not be read, this is why */
        status = sbx_wow64_may_start(run->child.process, run->request.image, err);
cleanup:
    if (block_w)
        sbx_wipe(block_w, block_cch * sizeof(*block_w));
    free(block_w);
    run->times.created = sbx_run_clock(run);
    return status;
}

/* What is unproved becomes a finding, so that all are told and refused together. */
static bool told(const struct sbx_run *run, enum sbx_status status)
{
    return status == SBX_UNPROVEN && run->findings.count;
}

enum sbx_status sbx_confine_prove(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;

    status = sbx_tokenproof_child(run->child.process, &run->plan, &run->findings, err);
    if (status && !told(run, status))
        return status;
    status = sbx_job_prove_member(&run->job, run->child.process, err);
    if (status)
        return status; /* jobs are real everywhere: no exception, not even under Wine */
    status = sbx_desktop_prove(run->child.process, run->desktop.path, &run->findings, err);
    if (status && !told(run, status))
        return status;
    run->named_objects = sbx_names_try(run->token);
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
    sbx_conpty_close(&run->conpty);
    sbx_handle_close(&run->console_keys);
    sbx_job_close(&run->job);
    sbx_station_revoke(&run->station);
    sbx_names_revoke(&run->names);
    sbx_desktop_close(&run->desktop);
    sbx_handle_close(&run->token);
    sbx_handle_close(&run->base);
    sbx_handle_close(&run->stage);
    sbx_reply_done(&run->reply);
    sbx_tokenplan_done(&run->plan);
}
