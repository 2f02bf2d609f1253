/*
 * A process of command-runner.exe from the agent's side: started locked, given handles and one
 * request, ended. One that was started before its request came (a spare) saves the next command
 * the time of a process start: it is locked, holds no secret, has run nothing, and waits on a pipe
 * that ends with the agent.
 */
#ifndef SBX_AGENT_RUNNERPROC_H
#define SBX_AGENT_RUNNERPROC_H

#include "shared/win/spawn.h"

struct sbx_runner {
    struct sbx_process process;
    HANDLE request; /* our end of its standard input; closing it means "we are gone" */
    HANDLE replies; /* our end of its standard output */
    bool birth_job; /* it was born in a job of ours: say so in its request */
};

/**
 * Start a runner. It is born locked, because between its creation and its own first instruction
 * another process of this user could otherwise open it for writing; not suspended; and in a job
 * that ends it while CreateProcess has not resumed it yet (birthjob.h): it would stay for ever if
 * we were killed in that moment.
 * @param path absolute path of command-runner.exe
 * @param streams handles that it inherits, NULL entries are none; NULL for a spare
 * @param ret_values their numbers in the runner, 0 for none; NULL with streams
 * @param ret_runner to be ended with sbx_runner_end; {0} on failure
 * @return SBX_NOT_SETUP whatever went wrong: "not found" and "denied" are answers about a command
 *         Boundary B6 and B35.
 */
SBX_MUST_CHECK enum sbx_status sbx_runner_start(const char *path, const HANDLE streams[3],
    uint64_t *const ret_values[3], struct sbx_runner *ret_runner, struct sbx_error *err);

/**
 * Duplicate a handle of ours into the runner.
 * @param ret_value the number it has there
 * @see https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-duplicatehandle
 */
SBX_MUST_CHECK enum sbx_status sbx_runner_give(
    const struct sbx_runner *runner, HANDLE handle, uint64_t *ret_value, struct sbx_error *err);

/** Close our handles and let it live: an elevated background run, whose lease it holds. */
void sbx_runner_leave(struct sbx_runner *runner);

/** Close the pipes, wait until it is gone, kill it after 15 s. {0} does nothing. */
void sbx_runner_end(struct sbx_runner *runner);

/* --- spares ----------------------------------------------------------------------------------- */

/* Keeps one runner ready. Used by many threads; the structure must not move. */
struct sbx_runner_pool {
    char *path;       /* owned */
    HANDLE soon, now; /* auto-reset: start one, and when */
    HANDLE started;   /* manual-reset: none is on its way */
    HANDLE keeper;    /* the thread that starts them */
    CRITICAL_SECTION lock;
    struct sbx_runner spare;      /* guarded by lock */
    bool have, starting, closing; /* guarded by lock */
};

/**
 * Begin: a thread starts the first spare.
 * @param path copied
 */
SBX_MUST_CHECK enum sbx_status sbx_runner_pool_begin(
    struct sbx_runner_pool *pool, const char *path, struct sbx_error *err);

/**
 * As above for command-runner.exe beside this program, ready before the first command comes.
 * @return false: there are no spares, and all works without
 */
bool sbx_runner_pool_begin_beside(struct sbx_runner_pool *pool);

/**
 * Take the spare, if there is one and it is alive; the caller owns it from here on. One that is on
 * its way is waited for: it is there sooner than another.
 * @param pool NULL: there is none
 */
bool sbx_runner_pool_take(struct sbx_runner_pool *pool, struct sbx_runner *ret_runner);

/**
 * Say that a new spare may be started; does not wait for it. NULL does nothing.
 * @param now true: at once. false: a command has just begun, most are short, and starting a
 *        process beside it would slow it down: when it ends (somebody says "now") or goes on
 */
void sbx_runner_pool_refill(struct sbx_runner_pool *pool, bool now);

/**
 * End the spare and the thread. Lock and event stay: a command that is late may still ask, and gets
 * nothing. So this is for the end of the process.
 */
void sbx_runner_pool_end(struct sbx_runner_pool *pool);

#endif
