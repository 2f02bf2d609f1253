/*
 * command-runner.exe: runs one command for agent.exe (design 1, 3). Unelevated mode: this is the
 * launch stage, as the calling user.
 *
 * The order is the contract: harden, lock, read, restrict, job, desktop, create suspended, prove,
 * resume, supervise, report. A failure anywhere ends the run; there is no path to a child that
 * skips a step. GUI subsystem: no console, so no console host with our token exists.
 */
#include "run.h"

#include "shared/win/clock.h"
#include "shared/win/hardening.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"

/* The exit code says only whether a result was sent; the result itself goes over the pipe. */
#define EXIT_REPORTED 0
#define EXIT_MUTE 125

/* Before anything is read: no other process of this user may open us for writing. Boundary B8. */
static enum sbx_status lock_self(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    if (!status)
        status = sbx_hardening_lock_process(
            GetCurrentProcess(), GetCurrentThread(), &user, &run->findings, err);
    if (status)
        sbx_error_context(err, "lock the runner");
    return status;
}

static enum sbx_status run_command(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;

    status = lock_self(run, err);
    if (!status)
        status = sbx_wire_read_request(run, err);
    if (!status)
        status = sbx_wire_watch(run, err);
    if (!status && run->request.mode != SBX_MODE_UNELEVATED)
        status = sbx_fail(err, SBX_UNSUPPORTED, "this version has no elevated mode");
    if (!status)
        status = sbx_confine_token(run, err);
    if (!status)
        status = sbx_confine_surroundings(run, err);
    if (!status)
        status = sbx_confine_create(run, err);
    if (!status)
        status = sbx_confine_prove(run, err);
    if (!status)
        status = sbx_supervise(run, err);
    return status;
}

/* Only agent.exe starts this program: both standard handles must be pipes. */
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

    (void)instance, (void)previous, (void)command_line, (void)show;
    sbx_hardening_apply();
    sbx_error_init(&err);
    sbx_findings_init(&run.findings);
    run.started_us = sbx_clock_us();
    run.input = GetStdHandle(STD_INPUT_HANDLE);
    run.output = GetStdHandle(STD_OUTPUT_HANDLE);
    if (!wired(&run))
        return EXIT_MUTE;
    status = run_command(&run, &err);
    if (status && run.child.process)
        sbx_process_kill(&run.child, 1);
    if (status && run.job.handle && sbx_job_terminate(&run.job, 1, NULL))
        run.ended = SBX_ENDED_FAILED; /* closing the job's handle ends them */
    status = sbx_wire_send_result(&run, status ? &err : NULL, &err);
    sbx_confine_done(&run);
    sbx_request_done(&run.request);
    return status ? EXIT_MUTE : EXIT_REPORTED;
}
