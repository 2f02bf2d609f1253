/*
 * The second hop: see hop.h. Boundaries B8 and B15 of SECURITY.md.
 *
 * MUSTs:
 *  1. The confine stage is locked through the handles of its creation before its first instruction,
 *     because from then on every process of its account may try to open it.
 *  2. Nothing that matters is taken as done: what it got is read back out of the suspended process.
 *  3. Nothing secret is in its command line, environment or request.
 *  4. This process is open to its own user for the one call that asks the logon service, and locked
 *     again before anything else is done, whatever came of the call.
 */
#include "hop.h"

#include "shared/core/envblock.h"
#include "shared/core/winpath.h"
#include "shared/win/birthjob.h"
#include "shared/win/framepipe.h"
#include "shared/win/handle.h"
#include "shared/win/hardening.h"
#include "shared/win/known.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/spawn_logon.h"

#define END_MS 15000u

/* The few variables without which a program does not start; none of the caller's own. */
static enum sbx_status stage_environment(
    sbx_char16 **ret_block_w, size_t *ret_cch, struct sbx_error *err)
{
    struct sbx_env env;
    char *windows = NULL;
    char drive[3] = "C:";
    enum sbx_status status;

    sbx_env_init(&env);
    status = sbx_known_folder(SBX_KNOWN_WINDOWS, &windows, err);
    if (!status)
        drive[0] = windows[0];
    if (!status)
        status = sbx_env_set(&env, "SystemRoot", windows, err);
    if (!status)
        status = sbx_env_set(&env, "windir", windows, err);
    if (!status)
        status = sbx_env_set(&env, "SystemDrive", drive, err);
    if (!status)
        status = sbx_env_emit(&env, ret_block_w, ret_cch, err);
    sbx_env_done(&env);
    free(windows);
    return status;
}

/*
 * The service opens the process that asks it, as that process's user, for its handles and for
 * being the parent: a process that is locked to its user is answered with error 5. (Sysmon shows
 * the access, 0x14c0; Windows documents none of it.) See sbx_sd_logging_on for who gets in.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-createprocesswithlogonw
 */
static enum sbx_status spawn_with_logon(const struct sbx_spawn_logon *spawn,
    struct sbx_findings *findings, struct sbx_process *stage, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    struct sbx_sid *user = &people.sid[SBX_WHO_USER];
    struct sbx_error own;
    enum sbx_status status = sbx_sid_of_current_user(user, err), locked;

    if (status)
        return status;
    sbx_error_init(&own);
    status = sbx_hardening_protect(GetCurrentProcess(), &sbx_sd_logging_on, &people, findings, err);
    if (!status)
        status = sbx_spawn_with_logon(spawn, stage, err);
    locked = sbx_hardening_lock_process(GetCurrentProcess(), NULL, user, findings, &own);
    if (!locked || status)
        return status;
    if (err)
        *err = own;
    return locked;
}

static enum sbx_status spawn_stage(const struct sbx_hop_start *start, HANDLE std_in, HANDLE std_out,
    struct sbx_findings *findings, struct sbx_process *stage, struct sbx_error *err)
{
    const char *const argv[] = {"command-runner", SBX_HOP_ARGUMENT};
    struct sbx_spawn_logon spawn = {.image = start->runner,
        .argv = argv,
        .argc = countof(argv),
        .account = start->request->account,
        .password = start->password,
        .desktop = start->desktop,
        .std_in = std_in,
        .std_out = std_out};
    sbx_char16 *block_w = NULL;
    enum sbx_status status;
    size_t block_cch = 0;
    char *cwd = NULL;

    /* The command's own directory may be one that the service, or the account, cannot enter. */
    status = sbx_known_folder(SBX_KNOWN_SYSTEM, &cwd, err);
    if (!status)
        status = stage_environment(&block_w, &block_cch, err);
    spawn.cwd = cwd;
    spawn.environment_w = (const wchar_t *)block_w;
    if (!status)
        status = spawn_with_logon(&spawn, findings, stage, err);
    free(block_w);
    free(cwd);
    return status;
}

/* The caller's streams into the stage; one handle for output and error is one there too. */
static enum sbx_status give_streams(
    const struct sbx_hop_start *start, struct sbx_hop *hop, struct sbx_error *err)
{
    const HANDLE *ours = start->streams;
    uint64_t *const theirs[] = {
        &hop->request.stdin_handle, &hop->request.stdout_handle, &hop->request.stderr_handle};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < countof(theirs) && !status; i++) {
        *theirs[i] = 0;
        if (i == 2 && ours[2] == ours[1])
            *theirs[2] = *theirs[1];
        else if (ours[i])
            status = sbx_spawn_give_handle(hop->stage.process, ours[i], theirs[i], err);
    }
    return status;
}

static enum sbx_status prepare(const struct sbx_hop_start *start, const struct sbx_pipe *requests,
    const struct sbx_pipe *replies, struct sbx_findings *findings, struct sbx_hop *hop,
    struct sbx_error *err)
{
    enum sbx_status status =
        spawn_stage(start, requests->read, replies->write, findings, &hop->stage, err);

    /* The service that makes it takes no job list, so this is the first thing done with it. */
    if (!status) {
        hop->birth_job = sbx_birthjob_new(false);
        hop->request.birth_job = sbx_birthjob_assign(hop->birth_job, hop->stage.process);
    }
    if (!status)
        status =
            sbx_hardening_lock_process(hop->stage.process, hop->stage.thread, NULL, findings, err);
    if (!status)
        status = sbx_spawn_prove_stdio(hop->stage.process, requests->read, replies->write, err);
    /* The one other way, and only where the first was seen not to have worked. */
    if (status == SBX_UNPROVEN)
        status = sbx_spawn_set_stdio(hop->stage.process, requests->read, replies->write, err);
    if (!status)
        status = give_streams(start, hop, err);
    return status;
}

enum sbx_status sbx_hop_open(const struct sbx_hop_start *start, struct sbx_findings *findings,
    struct sbx_hop *ret_hop, struct sbx_error *err)
{
    struct sbx_pipe requests = {0}, replies = {0};
    struct sbx_hop hop = {.request = *start->request};
    enum sbx_status status = sbx_pipe_new(0, &requests, err);

    hop.request.stage = SBX_STAGE_CONFINE;
    hop.request.desktop_path = (char *)(uintptr_t)start->desktop;
    if (!status)
        status = sbx_pipe_new(0, &replies, err);
    if (!status)
        status = prepare(start, &requests, &replies, findings, &hop, err);
    if (status) {
        sbx_error_context(err, "confine stage");
        sbx_process_kill(&hop.stage, 1); /* suspended: it would not end by itself */
        sbx_process_close(&hop.stage);
        sbx_handle_close(&hop.birth_job);
    } else {
        hop.requests = requests.write;
        hop.replies = replies.read;
        requests.write = NULL;
        replies.read = NULL;
        *ret_hop = hop;
    }
    /* Its ends must not stay open here: their last handle is what says that it is gone. */
    sbx_pipe_close(&requests);
    sbx_pipe_close(&replies);
    return status;
}

enum sbx_status sbx_hop_begin(struct sbx_hop *hop, struct sbx_error *err)
{
    enum sbx_status status = sbx_process_resume(&hop->stage, err);

    if (!sbx_birthjob_release(&hop->birth_job) && !status)
        status = sbx_fail(err, SBX_OS, "the job of its birth would end the confine stage");
    if (!status)
        status = sbx_frame_send_request(hop->requests, &hop->request, err);
    if (status)
        sbx_error_context(err, "hand the request to the confine stage");
    return status;
}

void sbx_hop_close(struct sbx_hop *hop)
{
    uint32_t exit_code = 0;

    sbx_handle_close(&hop->requests);
    if (hop->stage.process && sbx_process_wait(&hop->stage, END_MS, &exit_code, NULL))
        sbx_process_kill(&hop->stage, 1);
    sbx_handle_close(&hop->replies);
    sbx_process_close(&hop->stage);
    sbx_handle_close(&hop->birth_job);
    memset(&hop->request, 0, sizeof(hop->request));
}
