/*
 * Folders that Windows knows by role. Asked from the shell's registry data for the calling user,
 * never from environment variables, which the caller of agent.exe controls.
 */
#ifndef SBX_KNOWN_H
#define SBX_KNOWN_H

#include "win.h"
#include "../core/error.h"

enum sbx_known_folder {
    SBX_KNOWN_PROFILE,           /* C:\Users\NAME */
    SBX_KNOWN_ROAMING,           /* ...\AppData\Roaming */
    SBX_KNOWN_LOCAL,             /* ...\AppData\Local */
    SBX_KNOWN_DOCUMENTS,         /* PowerShell profiles live below it; may be redirected */
    SBX_KNOWN_STARTUP,           /* programs started at logon */
    SBX_KNOWN_PROGRAM_DATA,      /* C:\ProgramData */
    SBX_KNOWN_PROGRAM_FILES,     /* the system's own, also in a 32-bit process on 64-bit Windows */
    SBX_KNOWN_PROGRAM_FILES_X86, /* missing on 32-bit Windows */
    SBX_KNOWN_COMMON_STARTUP,
    SBX_KNOWN_WINDOWS,
    SBX_KNOWN_SYSTEM, /* C:\Windows\System32 */
    SBX_KNOWN_COUNT
};

/**
 * Full path of a folder, without a trailing separator; owned by the caller (free()).
 * It need not exist.
 * @return SBX_NOT_FOUND when this Windows or this user has no such folder
 * @see https://learn.microsoft.com/windows/win32/api/shlobj_core/nf-shlobj_core-shgetfolderpathw
 */
SBX_MUST_CHECK enum sbx_status sbx_known_folder(
    enum sbx_known_folder which, char **ret_path, struct sbx_error *err);

/**
 * "C:\Program Files" as the system's own programs see it, whatever this process is. A 32-bit
 * process on 64-bit Windows is told "Program Files (x86)" by the shell, and
 * FOLDERID_ProgramFilesX64 is not supported there; so the value of the 64-bit view of the registry
 * is read. The environment (ProgramW6432) belongs to the caller.
 * @return SBX_NOT_FOUND, SBX_INVALID when the value is missing or no path on a drive
 * @see https://learn.microsoft.com/windows/win32/winprog64/registry-redirector
 * @see https://learn.microsoft.com/windows/win32/shell/knownfolderid
 */
SBX_MUST_CHECK enum sbx_status sbx_known_native_program_files(
    char **ret_path, struct sbx_error *err);

/** Full path of the running program; owned by the caller (free()). */
SBX_MUST_CHECK enum sbx_status sbx_known_program(char **ret_path, struct sbx_error *err);

#endif
