/* See handle.h. */
#include "handle.h"

bool sbx_handle_is_set(HANDLE handle)
{
    return handle != NULL && handle != INVALID_HANDLE_VALUE;
}

void sbx_handle_close(HANDLE *handle)
{
    DWORD last_error = GetLastError();

    if (sbx_handle_is_set(*handle))
        CloseHandle(*handle);
    *handle = NULL;
    SetLastError(last_error);
}

size_t sbx_handle_close_each(HANDLE *handles, size_t count)
{
    size_t closed = 0, i, j;

    for (i = 0; i < count; i++) {
        for (j = i + 1; j < count; j++)
            if (handles[j] == handles[i])
                handles[j] = NULL;
        closed += sbx_handle_is_set(handles[i]);
        sbx_handle_close(&handles[i]);
    }
    return closed;
}

/* The thread that asks; a bad handle of any other thread is a bug and may end the process. */
static volatile LONG asking_thread;

static LONG CALLBACK continue_asking(EXCEPTION_POINTERS *exception)
{
    bool mine = (DWORD)asking_thread == GetCurrentThreadId() &&
                exception->ExceptionRecord->ExceptionCode == (DWORD)STATUS_INVALID_HANDLE;

    return mine ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

bool sbx_handle_is_open(HANDLE handle)
{
    DWORD flags = 0;
    void *handler = NULL;
    bool is_open;

    if (!sbx_handle_is_set(handle))
        return false;
    InterlockedExchange(&asking_thread, (LONG)GetCurrentThreadId());
    handler = AddVectoredExceptionHandler(1, continue_asking);
    is_open = GetHandleInformation(handle, &flags) != FALSE;
    if (handler)
        RemoveVectoredExceptionHandler(handler);
    InterlockedExchange(&asking_thread, 0);
    return is_open;
}

enum sbx_status sbx_handle_duplicate(
    HANDLE handle, bool inheritable, HANDLE *ret_handle, struct sbx_error *err)
{
    HANDLE copy = NULL;

    if (!sbx_handle_is_set(handle))
        return sbx_fail(err, SBX_INTERNAL, "duplicate an unset handle");
    if (!DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &copy, 0,
            inheritable ? TRUE : FALSE, DUPLICATE_SAME_ACCESS))
        return sbx_fail_win32(err, GetLastError(), "duplicate a handle");
    *ret_handle = copy;
    return SBX_OK;
}
