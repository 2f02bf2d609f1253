/*
 * Starting one of our own programs as a sandbox account: the second hop of design 1. With spawn.h
 * the only place that creates processes; what spawn.h says about images and vectors holds here too.
 *
 * The secondary logon service makes the process. It inherits nothing but the three standard
 * handles, gets the given environment and no profile, and stays suspended: whoever calls this locks
 * it, looks at what arrived, and resumes it. Needs no privilege. LocalSystem cannot use it.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-createprocesswithlogonw
 */
#ifndef SBX_SPAWN_LOGON_H
#define SBX_SPAWN_LOGON_H

#include "spawn.h"
#include "../core/finding.h"

struct sbx_spawn_logon {
    const char *image;       /* absolute, normal form; never a batch file */
    const char *const *argv; /* argc strings; at most 1,023 characters together, nothing secret */
    size_t argc;
    const char *account;  /* a local account's name, without a domain */
    const char *password; /* ASCII; borrowed, wiped by the caller; the wide copy is wiped here */
    const wchar_t *environment_w; /* double-zero block; required */
    const char *cwd;              /* absolute; the account must be able to enter it */
    const char *desktop;    /* "WinSta0\name", granted to the account before; NULL = the caller's */
    HANDLE std_in, std_out; /* borrowed; standard error is a NUL device */
};

/**
 * Create the process, suspended.
 *
 * With a desktop named, nothing is added to the caller's own window station and desktop.
 *
 * @param ret_process release with sbx_process_close; its handles have the access that the service
 *        gave, which is to be proved by using them
 * @return what sbx_logon_explain says for a refused logon, with the code kept; SBX_DENIED and
 *         SBX_NOT_FOUND as in spawn.h; SBX_UNSUPPORTED when the service is disabled (1058) or the
 *         caller may not use it; ERROR_NO_SUCH_LOGON_SESSION (1312) is kept as code: a stale logon
 *         session, worth one retry. No process is left after a failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_spawn_with_logon(
    const struct sbx_spawn_logon *spawn, struct sbx_process *ret_process, struct sbx_error *err);

/**
 * Whether a suspended process has the two handles as its standard input and output: its parameters
 * are read, the values duplicated back and compared as objects.
 *
 * "Standard handle fields are copied unchanged, without validation", says the documentation; that
 * they are usable in a process which another service made is what this asks.
 *
 * @param process never resumed, with PROCESS_VM_READ, PROCESS_QUERY_INFORMATION, PROCESS_DUP_HANDLE
 * @return SBX_UNPROVEN when they are not there, or cannot be looked at
 * @see https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-compareobjecthandles
 */
SBX_MUST_CHECK enum sbx_status sbx_spawn_prove_stdio(
    HANDLE process, HANDLE std_in, HANDLE std_out, struct sbx_error *err);

/**
 * Give a suspended process of ours two standard handles, where it did not get those it was created
 * with: duplicated into it, written into its parameters, and proved as above.
 * @param process never resumed, with PROCESS_DUP_HANDLE and PROCESS_VM_OPERATION | VM_WRITE as well
 * @return SBX_UNPROVEN when they are not there afterwards; SBX_DENIED
 */
SBX_MUST_CHECK enum sbx_status sbx_spawn_set_stdio(
    HANDLE process, HANDLE std_in, HANDLE std_out, struct sbx_error *err);

/**
 * Give a handle of ours to a suspended process of ours, and prove that it arrived.
 * @param source    borrowed
 * @param ret_value its number in the process; not inheritable there
 * @return SBX_DENIED without PROCESS_DUP_HANDLE; SBX_UNPROVEN when what is there is something else
 * @see https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-duplicatehandle
 */
SBX_MUST_CHECK enum sbx_status sbx_spawn_give_handle(
    HANDLE process, HANDLE source, uint64_t *ret_value, struct sbx_error *err);

#endif
