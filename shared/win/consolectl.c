/* See consolectl.h. */
#include "consolectl.h"

/* Windows gives a console program 5 s after close, and less after logoff. */
#define CLOSE_GRACE_MS 4000u

/* The handler is called on a thread of the system's, without a context argument: hence statics. */
static HANDLE control_event;
static volatile LONG control_count;

static BOOL WINAPI on_control(DWORD type)
{
    InterlockedIncrement(&control_count);
    SetEvent(control_event);
    if (type == CTRL_CLOSE_EVENT || type == CTRL_LOGOFF_EVENT || type == CTRL_SHUTDOWN_EVENT)
        Sleep(CLOSE_GRACE_MS);
    return TRUE;
}

enum sbx_status sbx_consolectl_install(HANDLE *ret_event, struct sbx_error *err)
{
    DWORD code;

    if (!control_event) {
        control_event = CreateEventW(NULL, TRUE, FALSE, NULL);
        code = GetLastError();
        if (!control_event)
            return sbx_fail_win32(err, code, "event for Ctrl-C");
        if (!SetConsoleCtrlHandler(on_control, TRUE)) {
            code = GetLastError();
            CloseHandle(control_event);
            control_event = NULL;
            return sbx_fail_win32(err, code, "handler for Ctrl-C");
        }
    }
    *ret_event = control_event;
    return SBX_OK;
}

unsigned sbx_consolectl_count(void)
{
    return (unsigned)InterlockedCompareExchange(&control_count, 0, 0);
}

const volatile LONG *sbx_consolectl_counter(void)
{
    return &control_count;
}

enum sbx_status sbx_consolectl_break(uint32_t group_pid, struct sbx_error *err)
{
    DWORD code;

    if (group_pid == 0)
        return sbx_fail(err, SBX_INTERNAL, "Ctrl-Break to group 0 would reach this process");
    if (!GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group_pid)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "Ctrl-Break to process group %u", (unsigned)group_pid);
    }
    return SBX_OK;
}
