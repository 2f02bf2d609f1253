/*
 * Threads of our own programs, locked from birth.
 *
 * A thread gets the default DACL of the creating token, which on most machines lets every process
 * of the user open it. So each of ours is created with sbx_sd_locked_thread. The token's default
 * DACL itself is left alone: it would also become the descriptor of every token and process made
 * from here on, and a child that cannot open its own token does not work.
 */
#ifndef SBX_THREAD_H
#define SBX_THREAD_H

#include "win.h"
#include "../core/error.h"
#include "../core/finding.h"

/* For a thread that waits and copies, and for one that runs a whole command. */
#define SBX_THREAD_STACK_SMALL (64u * 1024u)
#define SBX_THREAD_STACK_PUMP (128u * 1024u)
#define SBX_THREAD_STACK_LARGE (1024u * 1024u)

/**
 * Start a thread with a small stack.
 * @param ret_thread owned by the caller; NULL: the thread runs until it ends or the process does
 * @see
 * https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createthread
 */
SBX_MUST_CHECK enum sbx_status sbx_thread_start(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err);

/** As above with a stack of stack_bytes (address space; memory is taken as it is used). */
SBX_MUST_CHECK enum sbx_status sbx_thread_start_stack(LPTHREAD_START_ROUTINE routine, void *context,
    size_t stack_bytes, HANDLE *ret_thread, struct sbx_error *err);

/**
 * A thread with a large stack that may ask about volumes. Under Wine it is born with the default
 * descriptor: Wine's volume manager, a process of this user, opens the thread that asks and dies
 * when it may not, for everybody. Such a thread locks itself before it starts what is to be
 * confined (run.c, lock_self).
 */
SBX_MUST_CHECK enum sbx_status sbx_thread_start_asking(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err);

/**
 * As sbx_thread_start, and nobody but SYSTEM opens it. For the runner: the user of its confine
 * stage is its child's, so there an entry for the current user would be one for the child.
 */
SBX_MUST_CHECK enum sbx_status sbx_thread_start_closed(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err);

/**
 * Close every thread of this process that is not closed yet (SYSTEM full, OWNER RIGHTS read
 * control), and prove it. One that gives this token no right at all counts as closed. Threads that
 * we never made are there before main: the loader of Windows 10 works with several, and they got
 * the default list of the token as it was then. Set that default first
 * (sbx_token_set_default_dacl): what is born during the call is then closed at birth.
 * @param findings may be NULL; see sbx_hardening_protect
 * @return SBX_DENIED when a thread that gives some right cannot be closed; SBX_UNPROVEN when its
 * list reads back as another one, or when the list of threads has none of ours
 * @see https://learn.microsoft.com/windows/win32/procthread/thread-security-and-access-rights
 * https://learn.microsoft.com/windows/win32/api/tlhelp32/nf-tlhelp32-createtoolhelp32snapshot
 */
SBX_MUST_CHECK enum sbx_status sbx_thread_close_all(
    struct sbx_findings *findings, struct sbx_error *err);

#endif
