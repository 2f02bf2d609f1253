/*
 * command-runner.exe: runs one command for agent.exe (design 1, 3).
 *
 * As the calling user it is the launch stage; in unelevated mode that is all there is. In elevated
 * mode it logs the sandbox account on and starts itself as that account: the confine stage, which
 * goes the same way from there on, with the account's token.
 *
 * The order is the contract: harden, lock, read, (log on, hop,) restrict, job, desktop, create
 * suspended, prove, resume, supervise, report. A failure anywhere ends the run; there is no path to
 * a child that skips a step. GUI subsystem: no console of its own, hence none to share by mistake.
 */
#include "fenceprobe.h"
#include "hop.h"
#include "run.h"

#include "shared/win/attachtry.h"
#include "shared/win/clock.h"
#include "shared/win/hardening.h"
#include "shared/win/handle.h"

/* The exit code says only whether a result was sent; the result itself goes over the pipe. */
#define EXIT_REPORTED 0
#define EXIT_MUTE 125

static enum sbx_status run_command(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;

    status = sbx_lock_stage(run, err);
    if (!status)
        status = sbx_wire_read_request(run, err);
    if (!status)
        status = sbx_wire_watch(run, err);
    if (!status && run->request.mode == SBX_MODE_ELEVATED && !run->confine_stage)
        status = sbx_launch(run, err);
    if (run->relayed)
        return status;
    if (!status)
        status = sbx_run_about_the_sandbox(sbx_confine_token(run, err), err);
    if (!status)
        status = sbx_run_about_the_sandbox(sbx_confine_surroundings(run, err), err);
    if (!status)
        status = sbx_confine_create(run, err);
    if (!status)
        status = sbx_confine_prove(run, err);
    if (!status)
        status = sbx_supervise(run, err);
    return status;
}

/* Only agent.exe and the launch stage start this program: both standard handles must be pipes. */
static bool wired(const struct sbx_run *run)
{
    return sbx_handle_is_set(run->input) && GetFileType(run->input) == FILE_TYPE_PIPE &&
           sbx_handle_is_set(run->output) && GetFileType(run->output) == FILE_TYPE_PIPE;
}

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, LPWSTR command_line, int show)
{
    static struct sbx_run run;
    struct sbx_error err;
    enum sbx_status status;
    int probe_code = EXIT_MUTE;

    (void)instance, (void)previous, (void)show;
    sbx_hardening_apply();
    if (sbx_fenceprobe_asked(command_line)) /* as a child of the sandbox: see fenceprobe.h */
        return sbx_fenceprobe_run(command_line);
    if (sbx_attach_asked(command_line, &probe_code)) /* as a child, too: see attachtry.h */
        return probe_code;
    sbx_error_init(&err);
    sbx_findings_init(&run.findings);
    run.started_us = sbx_clock_us();
    run.input = GetStdHandle(STD_INPUT_HANDLE);
    run.output = GetStdHandle(STD_OUTPUT_HANDLE);
    if (!wired(&run))
        return EXIT_MUTE;
    /* Which stage this is decides how it is locked, which comes before its request is read. */
    run.confine_stage = command_line && !wcscmp(command_line, L"" SBX_HOP_ARGUMENT);
    status = run_command(&run, &err);
    if (status && run.child.process)
        sbx_process_kill(&run.child, 1);
    if (status && run.job.handle && sbx_job_terminate(&run.job, 1, NULL))
        run.ended = SBX_ENDED_FAILED; /* closing the job's handle ends them */
    /* Said before the result: with it the caller closes its pipe, which would otherwise end us. */
    if (!status && sbx_keep_wanted(&run))
        InterlockedExchange(&run.keeping, 1);
    if (run.relayed && !status)
        status = sbx_wire_send_relayed(&run, &err);
    else
        status = sbx_wire_send_result(&run, status ? &err : NULL, &err);
    if (run.keeping)
        sbx_keep_wait(&run);
    sbx_confine_done(&run);
    sbx_request_done(&run.request);
    return status ? EXIT_MUTE : EXIT_REPORTED;
}
