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
