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
#include "shared/win/win.h"

/**
 * Run one command through an installed command-runner.exe, the way agent.exe does: the launch stage
 * starts as this process's user, unseals, logs on, hops, and the reply is the one that an agent
 * would get. For setup's behavioural proof; it proves the installed chain, the sealed credential
 * included. Nothing secret passes through the caller. Lies in hoprun.c, which needs libsbx only.
 *
 * @param runner     absolute path of the installed command-runner.exe
 * @param request    mode ELEVATED, stage LAUNCH; stdin_handle, stdout_handle and stderr_handle are
 *                   handle values of this process (0 = NUL) and stay the caller's; `cwd` is also
 *                   the runner's working directory
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
