/*
 * Handles: closing that is idempotent and leaves the last error alone, and duplicating.
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
 * A second handle to the same object with the same access, in this process.
 * @param inheritable false unless the handle goes into a child's handle list
 * @param ret_handle owned by the caller
 * @see https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-duplicatehandle
 */
SBX_MUST_CHECK enum sbx_status sbx_handle_duplicate(
    HANDLE handle, bool inheritable, HANDLE *ret_handle, struct sbx_error *err);

#endif
