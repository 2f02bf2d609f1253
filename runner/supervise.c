/*
 * From resume to the end: exit, time limit, cancel, the caller's death. Boundary B6.
 *
 * Whatever way it ends, the job is empty before the result is sent (unless the policy said
 * `background`), so "the command is over" means that nothing of it is left. If this process dies
 * instead, the kernel closes the job's only handle and ends the children itself.
 */
#include "run.h"

#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/handle.h"
#include "shared/win/thread.h"

/* For the screen of a pseudo console to be read to its end. */
#define CONSOLE_MS 5000u
/* Between asking politely and ending it. */
#define GRACE_MS 2000u
/* For processes of a terminated job to disappear. */
#define EMPTY_MS 10000u
/* The exit code of processes that we end, as TerminateProcess callers use it. */
#define ENDED_BY_US 1u

/* The command can send events to everybody on its console; to us they say nothing. */
static BOOL WINAPI not_for_us(DWORD type)
{
    (void)type;
    return TRUE;
}

/*
 * CTRL_BREAK reaches a process group only from its own console, so this process joins the child's
 * (hidden) console for a moment. Nothing is read or written there, and our own handler says that
 * events are dealt with: a NULL handler would ignore Ctrl-C only, and a command that answers a
 * cancel with Ctrl-Break for its whole console would end us instead of itself. It has to be set
 * after joining, which empties the list.
 * https://learn.microsoft.com/windows/console/generateconsolectrlevent
 * https://learn.microsoft.com/windows/console/console-control-handlers
 */
static void ask_politely(const struct sbx_run *run)
{
    if (!AttachConsole(run->child.pid))
        return; /* no console (a GUI program, or it is gone): the grace period is all it gets */
    SetConsoleCtrlHandler(not_for_us, TRUE);
    if (sbx_consolectl_break(run->child.pid, NULL))
        SetLastError(ERROR_SUCCESS);
    FreeConsole();
}

static DWORD WINAPI close_console(void *context)
{
    struct sbx_run *run = context;

    sbx_conpty_close(&run->conpty);
    return 0;
}

/*
 * The end of a pseudo console asks what is on it to end (CTRL_CLOSE_EVENT), and sends out what is
 * left of the screen. That can wait for a reader, so it is not waited for without limit.
 */
static void end_console(struct sbx_run *run)
{
    HANDLE thread = NULL;

    if (!run->conpty.handle || sbx_thread_start_closed(close_console, run, &thread, NULL))
        return;
    WaitForSingleObject(thread, CONSOLE_MS);
    sbx_handle_close(&thread);
}

static bool exited(const struct sbx_run *run, DWORD timeout_ms)
{
    return WaitForSingleObject(run->child.process, timeout_ms) == WAIT_OBJECT_0;
}

static void stop_politely(struct sbx_run *run, enum sbx_ended ended)
{
    run->ended = ended;
    if (exited(run, 0))
        return;
    if (run->request.tty.columns)
        end_console(run);
    else
        ask_politely(run);
    if (!exited(run, GRACE_MS))
        TerminateProcess(run->child.process, ENDED_BY_US);
}

/* A size that cannot be set (Wine) leaves the old one: the program runs on. */
static void apply_size(struct sbx_run *run)
{
    const LONG packed = InterlockedExchange(&run->resize, 0);
    const struct sbx_tty_size size = {
        (uint16_t)((uint32_t)packed >> 16), (uint16_t)((uint32_t)packed & 0xffffu)};

    if (packed && run->conpty.handle && sbx_conpty_resize(&run->conpty, &size, NULL))
        SetLastError(ERROR_SUCCESS);
}

/* Wait until the child ends or has to be ended. */
static enum sbx_status wait_for_end(struct sbx_run *run, struct sbx_error *err)
{
    const uint64_t limit_ms = run->request.limits.timeout_ms;
    const uint64_t deadline_ms = sbx_clock_ms() + limit_ms;
    HANDLE handles[2];

    handles[0] = run->child.process;
    handles[1] = run->control;
    for (;;) {
        DWORD timeout = limit_ms ? sbx_clock_left_ms(deadline_ms) : INFINITE;
        DWORD which = WaitForMultipleObjects(countof(handles), handles, FALSE, timeout);
        DWORD code = GetLastError();

        if (which == WAIT_OBJECT_0) {
            run->ended = SBX_ENDED_EXIT;
            return SBX_OK;
        }
        if (which == WAIT_OBJECT_0 + 1) {
            ResetEvent(run->control);
            apply_size(run);
            if (!run->cancel && !run->kill)
                continue;
            if (!run->kill)
                stop_politely(run, SBX_ENDED_CANCELLED);
            run->ended = SBX_ENDED_CANCELLED;
            return SBX_OK;
        }
        if (which != WAIT_TIMEOUT)
            return sbx_fail_win32(err, code, "wait for the command");
        if (sbx_clock_left_ms(deadline_ms))
            continue;
        stop_politely(run, SBX_ENDED_TIMEOUT);
        return SBX_OK;
    }
}

/* Descendants end with the command; then the job is empty, counted and not only notified. */
static enum sbx_status empty_job(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;
    bool empty = false;

    if (run->request.background && run->ended == SBX_ENDED_EXIT)
        return sbx_job_poll(&run->job, err);
    status = sbx_job_terminate(&run->job, ENDED_BY_US, err);
    if (!status)
        status = sbx_job_wait(&run->job, NULL, EMPTY_MS, &empty, err);
    if (status)
        sbx_error_context(err, "end the command's processes");
    return status;
}

enum sbx_status sbx_supervise(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;

    if (run->kill)
        return sbx_fail(err, SBX_CANCELLED, "the caller is gone, or ended the command");
    status = sbx_process_resume(&run->child, err);
    if (status)
        return status;
    run->times.resumed = sbx_run_clock(run);
    status = sbx_wire_send_started(run, run->child.pid, err);
    if (!status)
        status = wait_for_end(run, err);
    if (status)
        return status;
    run->times.exited = sbx_run_clock(run);
    status = empty_job(run, err);
    end_console(run);
    if (!status)
        status = sbx_process_wait(&run->child, EMPTY_MS, &run->exit_code, err);
    return status;
}
