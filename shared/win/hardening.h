/*
 * The first call of every wmain: what a hostile directory, environment or neighbour could use
 * against our own process before it does anything.
 */
#ifndef SBX_HARDENING_H
#define SBX_HARDENING_H

#include "win.h"
#include "sid.h"
#include "../core/error.h"
#include "../core/finding.h"

/* What sbx_hardening_apply could switch on; reported, so that a result can show what is missing. */
enum sbx_hardening {
    SBX_HARDENING_DLL_DIRECTORIES = 1 << 0,  /* LoadLibrary searches System32 only */
    SBX_HARDENING_NO_CWD_DLL = 1 << 1,       /* SetDllDirectoryW(L"") */
    SBX_HARDENING_SAFE_SEARCH = 1 << 2,      /* SearchPath: current directory last, for good */
    SBX_HARDENING_ERROR_MODE = 1 << 3,       /* no message boxes */
    SBX_HARDENING_HEAP = 1 << 4,             /* heap corruption ends the process */
    SBX_HARDENING_EXTENSION_POINTS = 1 << 5, /* no AppInit DLLs, no legacy hooks */
    SBX_HARDENING_IMAGE_LOAD = 1 << 6,       /* no remote or low-label images, System32 first */
    SBX_HARDENING_STRICT_HANDLES = 1 << 7,   /* a bad handle raises an exception */
    SBX_HARDENING_BINARY_STDIO = 1 << 8,     /* no CR/LF translation on 0, 1, 2 */
    /* Not against anybody: folders of OneDrive and its like are the folders they look like. What
     * this project refuses as a link is a link then. Since Windows 10 1803. */
    SBX_HARDENING_PLACEHOLDERS = 1 << 9
};

/**
 * Harden this process. Call it before anything else; cannot fail: what a kernel does not have is
 * missing from the mask, and nothing that confines a child rests on any of it.
 * @return SBX_HARDENING_* bits that are in effect
 * @see
 * https://learn.microsoft.com/windows/win32/api/libloaderapi/nf-libloaderapi-setdefaultdlldirectories
 *      https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-setprocessmitigationpolicy
 *      https://learn.microsoft.com/windows/win32/api/errhandlingapi/nf-errhandlingapi-seterrormode
 *      https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/nf-ntifs-rtlsetprocessplaceholdercompatibilitymode
 */
unsigned sbx_hardening_apply(void);

/** Space-separated words of a mask into text, always terminated ("dll-directories heap ..."). */
void sbx_hardening_names(unsigned mask, char *text, size_t size_bytes);

/**
 * Convert the vector that wmain got to UTF-8, refusing what has no UTF-8 form.
 * @param ret_argv argc owned strings and a NULL; released with sbx_hardening_free_args
 * @return SBX_INVALID when an argument holds a lone surrogate: the text names its position; a
 *         replacement character would let two spellings mean one path
 */
SBX_MUST_CHECK enum sbx_status sbx_hardening_args(
    int argc, wchar_t *const *argv_w, char ***ret_argv, struct sbx_error *err);
void sbx_hardening_free_args(int argc, char **argv);

struct sbx_sd_spec;
struct sbx_sd_people;

/**
 * Give an open kernel object (process, thread, token) a descriptor of the table and prove it by
 * reading back.
 * @param object   with WRITE_DAC and READ_CONTROL
 * @param findings may be NULL; gets "ProcessDaclProtected" when the descriptor is a PROTECTED one
 *                 and the platform does not keep that bit
 * @return SBX_UNPROVEN when reading back shows other entries; SBX_DENIED without WRITE_DAC
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-setkernelobjectsecurity
 */
SBX_MUST_CHECK enum sbx_status sbx_hardening_protect(HANDLE object, const struct sbx_sd_spec *spec,
    const struct sbx_sd_people *people, struct sbx_findings *findings, struct sbx_error *err);

/**
 * Lock one of our own processes against others of the same user (design 1): a PROTECTED DACL of
 * SYSTEM full; user: PROCESS_TERMINATE, QUERY_LIMITED, SYNCHRONIZE, READ_CONTROL; OWNER RIGHTS:
 * READ_CONTROL (sbx_sd_locked_process). So a child that runs as the same user can end it, but not
 * read its memory, inject, or duplicate handles out of it. The thread gets QUERY_LIMITED,
 * SYNCHRONIZE and READ_CONTROL for the user (sbx_sd_locked_thread).
 *
 * Threads made later get the token's default DACL: a stage that makes threads sets that first
 * (sbx_token_set_default_dacl).
 *
 * @param process  with WRITE_DAC and READ_CONTROL; GetCurrentProcess() does
 * @param thread   as process; NULL when only the process is to be locked
 * @param user     whom the middle entry is for; NULL for no such entry
 * @param findings may be NULL; gets "ProcessDaclProtected" where the platform does not keep the
 *                 PROTECTED bit (kernel objects have no parent to inherit from, so the entries,
 *                 which must match, decide)
 * @return SBX_UNPROVEN when reading back shows other entries; SBX_DENIED without WRITE_DAC
 * @see https://learn.microsoft.com/windows/win32/procthread/process-security-and-access-rights
 */
SBX_MUST_CHECK enum sbx_status sbx_hardening_lock_process(HANDLE process, HANDLE thread,
    const struct sbx_sid *user, struct sbx_findings *findings, struct sbx_error *err);

#endif
