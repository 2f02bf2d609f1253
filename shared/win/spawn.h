/*
 * The only place that creates processes.
 *
 * MUST, and kept in spawn.c:
 *  1. The image is an absolute path that was resolved before; nothing is searched, nothing of the
 *     command line is taken as a program name.
 *  2. The command line comes from a vector through core/cmdline (or is one that was built for
 *     cmd.exe there).
 *  3. Exactly the three standard handles and the listed extra ones are inherited, through
 *     PROC_THREAD_ATTRIBUTE_HANDLE_LIST: no duplicates, no NULLs, no console handles. On a pseudo
 *     console: none, and inheritance is off (but see SBX_SPAWN_HOSTED).
 *  4. The environment is given as a block; never inherited by default.
 *  5. The process starts suspended, is in its job before its first instruction, and membership is
 *     proved. If anything fails after creation, it is terminated before we return.
 *
 * Inheritable duplicates exist only during the call. Another thread that created a process with
 * "inherit everything" at that moment would leak them: no such call exists (lint: CreateProcess*
 * only here, and always with a handle list), so no lock is needed.
 *
 * @see
 * https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessw
 *      https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessasuserw
 *      https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-updateprocthreadattribute
 */
#ifndef SBX_SPAWN_H
#define SBX_SPAWN_H

#include "win.h"
#include "job.h"
#include "../core/error.h"

#define SBX_SPAWN_EXTRA_MAX 16u

enum sbx_spawn_option {
    SBX_SPAWN_RUN = 1 << 0,             /* resume before returning; default is suspended */
    SBX_SPAWN_NO_WINDOW = 1 << 1,       /* CREATE_NO_WINDOW: a console of its own, never ours */
    SBX_SPAWN_NEW_GROUP = 1 << 2,       /* CREATE_NEW_PROCESS_GROUP: target of CTRL_BREAK */
    SBX_SPAWN_BREAKAWAY = 1 << 3,       /* CREATE_BREAKAWAY_FROM_JOB: we are in a job ourselves */
    SBX_SPAWN_DETACHED = 1 << 4,        /* DETACHED_PROCESS: no console at all */
    SBX_SPAWN_OUR_ENVIRONMENT = 1 << 5, /* environment NULL is meant: our own programs only */
    /* Our own programs only, without a job and a token: born with sbx_sd_locked_process, so that
     * nobody can open it before it is locked, and running, so that it notices our end at any
     * moment. A suspended process would stay for ever if we were killed before resuming it. */
    SBX_SPAWN_LOCKED = 1 << 6,
    /* With a pseudo console: the three standard handles are given as without one. */
    SBX_SPAWN_HOSTED = 1 << 7
};

/* A handle that the child inherits besides stdio; `value` is its number in the child. */
struct sbx_spawn_extra {
    HANDLE source;    /* ours, need not be inheritable, stays ours */
    HANDLE ret_value; /* set by sbx_spawn_create */
};

struct sbx_spawn {
    const char *image;       /* absolute, normal form (C:\..., \\server\share\...) */
    const char *const *argv; /* argc strings with the program name first, or NULL */
    size_t argc;
    const char *command_line;        /* instead of argv: from sbx_cmdline_* */
    const wchar_t *environment_w;    /* double-zero block from core/envblock */
    const char *cwd;                 /* absolute; required */
    HANDLE std_in, std_out, std_err; /* borrowed; NULL = a NUL device opened for the child */
    struct sbx_spawn_extra *extra;   /* extra_count entries, at most SBX_SPAWN_EXTRA_MAX */
    size_t extra_count;
    struct sbx_job *job; /* may be NULL */
    HANDLE birth_job;    /* of birthjob.h, borrowed, instead of job: no proof; may be NULL */
    HANDLE token;        /* primary; NULL = our own identity */
    const char *desktop; /* "WinSta0\name"; NULL = ours */
    void *conpty;        /* of conpty.h, borrowed: its console, no SBX_SPAWN_NO_WINDOW or _DETACHED;
                            without SBX_SPAWN_HOSTED no handle at all is inherited, and std_* and extra
                            stay empty */
    unsigned options;    /* SBX_SPAWN_* */
};

struct sbx_process {
    HANDLE process; /* PROCESS_ALL_ACCESS, owned */
    HANDLE thread;  /* the first thread, owned */
    uint32_t pid;
    bool job_at_birth; /* JOB_LIST was used; else assigned while suspended (not birth_job) */
};

/**
 * Create a process.
 * @param ret_process release with sbx_process_close
 * @return SBX_NOT_FOUND: image missing (2, 3); SBX_INVALID: not an absolute image or cwd, no
 *         program for this machine (193, 216), cwd missing (267: the text names it), too long;
 *         SBX_DENIED: 5, 740 (needs elevation), 1314; SBX_UNPROVEN: not in the job. Hints say
 *         what to do. No process is left after a failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_spawn_create(
    struct sbx_spawn *spawn, struct sbx_process *ret_process, struct sbx_error *err);

/** Let a suspended process run. @return SBX_INTERNAL when it was not suspended exactly once */
SBX_MUST_CHECK enum sbx_status sbx_process_resume(
    struct sbx_process *process, struct sbx_error *err);

/** Terminate and wait until it is gone (5 s). Safe on a process that has ended. */
void sbx_process_kill(struct sbx_process *process, uint32_t exit_code);

/**
 * Wait for the end.
 * @param ret_exit_code all 32 bits
 * @return SBX_TIMEOUT
 */
SBX_MUST_CHECK enum sbx_status sbx_process_wait(const struct sbx_process *process,
    uint32_t timeout_ms, uint32_t *ret_exit_code, struct sbx_error *err);

/**
 * Create a process, wait for its end, and end it when it takes longer. No process is left.
 * @param spawn with SBX_SPAWN_RUN
 * @return as sbx_spawn_create and sbx_process_wait
 */
SBX_MUST_CHECK enum sbx_status sbx_spawn_to_end(
    struct sbx_spawn *spawn, uint32_t timeout_ms, uint32_t *ret_exit_code, struct sbx_error *err);

/** Close the handles; the process is not touched. NULL and an empty struct do nothing. */
void sbx_process_close(struct sbx_process *process);

/** True for handles of a console, pseudo handles of old kernels included. */
bool sbx_spawn_is_console(HANDLE handle);

#endif
