/*
 * Whether a process is a 32-bit program on a 64-bit Windows. A 64-bit program for another processor
 * (x86_64 on ARM64) is not one.
 *
 * @see https://learn.microsoft.com/windows/win32/api/wow64apiset/nf-wow64apiset-iswow64process
 * @see https://learn.microsoft.com/windows/win32/winprog64/running-32-bit-applications
 */
#ifndef SBX_WOW64_H
#define SBX_WOW64_H

#include "win.h"
#include "../core/error.h"

/** @param process with PROCESS_QUERY_LIMITED_INFORMATION, or GetCurrentProcess() */
SBX_MUST_CHECK enum sbx_status sbx_wow64_of(HANDLE process, bool *ret_wow64, struct sbx_error *err);

/** This process may set up: sbx_bitness_check_setup with what it is. Unknown is refused. */
SBX_MUST_CHECK enum sbx_status sbx_wow64_may_set_up(struct sbx_error *err);

/**
 * This process can prove that child: sbx_bitness_check_child with what both are.
 * @param program for the message
 */
SBX_MUST_CHECK enum sbx_status sbx_wow64_may_start(
    HANDLE child, const char *program, struct sbx_error *err);

#endif
