/*
 * Handles: closing that is idempotent and leaves the last error alone, asking, duplicating.
 */
#ifndef SBX_HANDLE_H
#define SBX_HANDLE_H

#include "win.h"
#include "../core/error.h"

/** False for NULL and INVALID_HANDLE_VALUE. (Also the pseudo handle of the own process, -1.) */
bool sbx_handle_is_set(HANDLE handle);

/**
 * Close and set to NULL. NULL and INVALID_HANDLE_VALUE are only set to NULL. The calling thread's
 * last error is as before, so a cleanup label never destroys the code it is about to report.
 * @see https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-closehandle
 */
void sbx_handle_close(HANDLE *handle);

/**
 * Close several handles, one that stands there more than once only once, and set all to NULL. The
 * standard handles of a process are often one and the same; closing a number twice may hit what
 * another thread has opened since, and ends a process that checks its handles strictly.
 * @return how many were closed
 */
size_t sbx_handle_close_each(HANDLE *handles, size_t count);

/**
 * Whether a number that somebody else chose (a standard handle, an option, a request) is an open
 * handle of this process. Asking is safe after sbx_hardening_apply, where any other call with a
 * bad handle raises an exception. One thread at a time.
 * @see
 * https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-process_mitigation_strict_handle_check_policy
 */
bool sbx_handle_is_open(HANDLE handle);

/**
 * A second handle to the same object with the same access, in this process.
 * @param inheritable false unless the handle goes into a child's handle list
 * @param ret_handle owned by the caller
 * @see https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-duplicatehandle
 */
SBX_MUST_CHECK enum sbx_status sbx_handle_duplicate(
    HANDLE handle, bool inheritable, HANDLE *ret_handle, struct sbx_error *err);

#endif
