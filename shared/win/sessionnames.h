/*
 * Named objects of a run: events, mutexes and sections of the session, made by name.
 *
 * Names without "Global\" live in the object directory \Sessions\N\BaseNamedObjects. No page of
 * Microsoft's gives its access list; tools that print it (Windows 10) show SYSTEM, Administrators,
 * the user and the logon SID of the session with write access, Everyone and RESTRICTED with read.
 * So a token whose logon SID is deny-only makes no name there unless its own SIDs are let in. Who
 * may change the list is the directory's to say: asked, and never assumed.
 *
 * In session 0 that directory is the one of all sessions ("Global\"): nothing is granted there.
 *
 * @see https://learn.microsoft.com/windows/win32/termserv/kernel-object-namespaces
 * @see https://learn.microsoft.com/windows/win32/sync/object-namespaces
 * @see https://learn.microsoft.com/windows/win32/devnotes/ntopendirectoryobject
 */
#ifndef SBX_SESSIONNAMES_H
#define SBX_SESSIONNAMES_H

#include "win.h"
#include "../core/error.h"
#include "../core/message.h"
#include "../core/ntsid.h"

#define SBX_NAMES_GRANTS_MAX 2u

struct sbx_names_grant {
    struct sbx_sid sids[SBX_NAMES_GRANTS_MAX]; /* one entry each was added */
    size_t count;                              /* 0: nothing was changed */
};

/**
 * Add one allow entry for each SID to this session's directory (query, traverse, make objects and
 * subdirectories: what a program opens it with), itself only, and read them back. As with
 * sbx_station_grant, runs that do so at once follow each other, and each has entries of its own.
 *
 * Nothing that a run must have rests on it: a failure leaves the list as it was, and
 * sbx_names_try says what the child can do.
 * @return SBX_DENIED when this user may not change the list; SBX_UNSUPPORTED in session 0 or
 *         without the function; SBX_TIMEOUT; SBX_UNPROVEN when it reads back otherwise
 */
SBX_MUST_CHECK enum sbx_status sbx_names_grant(const struct sbx_sid *sids, size_t count,
    struct sbx_names_grant *ret_grant, struct sbx_error *err);

/** Take one entry for each SID away again. Best effort; an empty grant does nothing. */
void sbx_names_revoke(struct sbx_names_grant *grant);

/**
 * Can a process with this token make named objects and open them? Tried on this thread under an
 * impersonation copy of the token: the directory is opened with what a program asks of it, then an
 * event, a mutex and a section are made under a name nobody has, opened and closed. If the thread
 * cannot stop impersonating, this process ends.
 * @param token primary token with TOKEN_DUPLICATE
 * @return SBX_NAMED_UNAVAILABLE only where access was refused, to the directory for restricted
 *         tokens below it, too; SBX_NAMED_UNKNOWN where that one alone is open, and for every
 *         failure that says nothing about the token (impersonation not allowed, no function, no
 *         memory)
 * @see
 * https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-setthreadtoken
 */
enum sbx_named_objects sbx_names_try(HANDLE token);

#endif
