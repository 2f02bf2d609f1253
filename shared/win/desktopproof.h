/*
 * On which desktop a suspended process will start, read back from the process itself.
 */
#ifndef SBX_DESKTOPPROOF_H
#define SBX_DESKTOPPROOF_H

#include "win.h"
#include "../core/error.h"
#include "../core/finding.h"

/**
 * Compare the desktop recorded in a suspended child's parameters with the one asked for.
 *
 * The kernel copies STARTUPINFO's desktop into the process parameters at creation, and the
 * process connects to that desktop when it initialises. A process that has run may have changed
 * its own copy, so this is only for a child that was never resumed.
 *
 * @param process with PROCESS_QUERY_INFORMATION and PROCESS_VM_READ, suspended since its creation
 * @param desktop "WinSta0\name"
 * @param findings may be NULL; gets "Desktop"
 * @return SBX_UNPROVEN when it cannot be read or differs
 * @see https://learn.microsoft.com/windows/win32/winstation/process-connection-to-a-desktop
 *      https://learn.microsoft.com/windows/win32/api/winternl/ns-winternl-rtl_user_process_parameters
 */
SBX_MUST_CHECK enum sbx_status sbx_desktop_prove(
    HANDLE process, const char *desktop, struct sbx_findings *findings, struct sbx_error *err);

#endif
