/*
 * From one identity to another: the second hop of design 1, and a way for setup to use the chain.
 *
 * The launch stage (the calling user) creates the confine stage (the sandbox account)
 * suspended, locks it through the handles that it got, gives it the pipes and the caller's
 * streams, reads back that they arrived, and lets it run. What is said over the pipes is
 * shared/core/message.h in both hops: one request, control frames, "started", one result.
 */
#ifndef SBX_HOP_H
#define SBX_HOP_H

#include "shared/core/finding.h"
#include "shared/core/message.h"
#include "shared/win/spawn.h"

/* --- hop.c: the second hop, from the launch stage --------------------------------------------- */

/* How the confine stage is started: its whole command line besides the program. */
#define SBX_HOP_ARGUMENT "--confine"

struct sbx_hop_start {
    const char *runner;                /* this program; the confine stage is the same file */
    const struct sbx_request *request; /* the launch stage's; its stream values are not looked at */
    HANDLE streams[3];    /* for the child: input, output, error; NULL = NUL; borrowed */
    const char *password; /* borrowed; not used after sbx_hop_open */
    const char *desktop;  /* "WinSta0\\SbxRun-...", granted to account and run */
};

/* A confine stage that is locked, has its pipes and streams, and has not run yet. */
struct sbx_hop {
    struct sbx_process stage;
    struct sbx_request request; /* what it will be sent; strings are borrowed, never released */
    HANDLE requests;            /* our end of its standard input; closing it ends it */
    HANDLE replies;             /* our end of its standard output */
    HANDLE birth_job;           /* ends it while it is suspended and we die; NULL: none */
};

/**
 * Create the confine stage, suspended: locked through the returned handles, its standard handles
 * read back, the streams duplicated into it and read back.
 *
 * @param findings gets what a platform does not keep; to be refused before the stage runs
 * @return as sbx_spawn_with_logon; SBX_UNPROVEN when something did not arrive. Nothing is left
 *         after a failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_hop_open(const struct sbx_hop_start *start,
    struct sbx_findings *findings, struct sbx_hop *ret_hop, struct sbx_error *err);

/** Let it run and send it its request. @return SBX_OS when it is gone */
SBX_MUST_CHECK enum sbx_status sbx_hop_begin(struct sbx_hop *hop, struct sbx_error *err);

/** Close the pipes; wait for its end, 15 s at most, then end it; release. {0} does nothing. */
void sbx_hop_close(struct sbx_hop *hop);

/* --- hoprun.c: for sandbox-setup ---------------------------------------------------------------
 */

/**
 * Run one command through an installed command-runner.exe, the way agent.exe does: the launch stage
 * starts as this process's user, unseals, logs on, hops, and the reply is the one that an agent
 * would get. For setup's behavioural proof; it proves the installed chain, the sealed credential
 * included. Nothing secret passes through the caller. Needs agent/runnerproc.c and libsbx only.
 *
 * @param runner     absolute path of the installed command-runner.exe
 * @param request    mode ELEVATED, stage LAUNCH; stdin_handle, stdout_handle and stderr_handle are
 *                   handle values of this process (0 = NUL) and stay the caller's
 * @param timeout_ms for everything, the logon included; then the runner and all below it are ended
 * @param ret_reply  the result, released with sbx_reply_done. ended == SBX_ENDED_FAILED with
 *                   `error` when the chain refused; `confined` is the word of the confine stage
 * @return SBX_OK when there is a result, whatever it says; SBX_NOT_SETUP when the runner cannot be
 *         started; SBX_TIMEOUT; SBX_INTERNAL when it ended without a result. Nothing runs after
 *         a failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_hop_run(const char *runner, const struct sbx_request *request,
    uint32_t timeout_ms, struct sbx_reply *ret_reply, struct sbx_error *err);

#endif
