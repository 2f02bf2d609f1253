/*
 * Errors for people: the system's own sentence behind our line, and NTSTATUS numbers that our
 * table has no name for translated to the Win32 code that people know.
 */
#ifndef SBX_WINERR_H
#define SBX_WINERR_H

#include "win.h"
#include "../core/buf.h"
#include "../core/error.h"

/**
 * Append the system's text for a code in UTF-8: one line, no line end, no trailing full stop.
 * Without a text the number is appended ("win32 12345", "0xC0000123"), so something always is.
 * @return SBX_OOM, SBX_INVALID when the buffer's cap is reached
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-formatmessagew
 */
SBX_MUST_CHECK enum sbx_status sbx_winerr_text(
    enum sbx_domain domain, uint32_t code, struct sbx_buf *ret_text, struct sbx_error *err);

/**
 * Append what a program prints for a failure: "context: ERROR_X (5): Access is denied".
 * An NTSTATUS without a name of its own is followed by the Win32 code that it maps to.
 * Without a system code only the context is appended. The hint is not included.
 */
SBX_MUST_CHECK enum sbx_status sbx_winerr_describe(
    const struct sbx_error *error, struct sbx_buf *ret_text, struct sbx_error *err);

/**
 * The Win32 code an NTSTATUS stands for (RtlNtStatusToDosError); ERROR_MR_MID_NOT_FOUND (317)
 * when there is none.
 * @see https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-rtlntstatustodoserror
 */
uint32_t sbx_winerr_from_nt(uint32_t nt_status);

#endif
