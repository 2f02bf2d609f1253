/*
 * Talking to sandbox-setup.exe: started with administrator's rights, asked over a pipe, listened to
 * until its result. Boundary B23.
 *
 * MUSTs:
 *  1. the program is the one beside agent.exe, by absolute path; nothing is searched;
 *  2. nothing but the pipe's name is on its command line. The pipe is new, has one instance, takes
 *     no remote client, and admits this user, Administrators (who may be somebody else, when
 *     somebody else's password was typed) and SYSTEM;
 *  3. whoever connects must be the process that was started;
 *  4. what comes back is decoded strictly and believed only as a report: the caller looks at the
 *     machine itself afterwards.
 */
#ifndef SBX_AGENT_SETUPSTART_H
#define SBX_AGENT_SETUPSTART_H

#include "shared/core/setupmsg.h"

struct sbx_setup_call {
    const char *setup;                       /* absolute path of sandbox-setup.exe */
    const struct sbx_setup_request *request; /* encoded and checked before anything is started */
    bool elevated;                           /* this process is: no prompt, a plain start */
    /* May be NULL. Each step event as it comes. */
    void (*step)(void *context, const struct sbx_setup_event *event);
    void *context;
};

/**
 * Start setup, send the request, read events until the result.
 * @param ret_result {0}; the result event, also of a failed set-up (ok == false, error filled);
 *        released by the caller with sbx_setup_event_done
 * @return SBX_OK when there is a result. SBX_CANCELLED: the prompt was declined (1223);
 *         SBX_NOT_FOUND: no sandbox-setup.exe beside us; SBX_TIMEOUT: it was started and did not
 *         come to the pipe; SBX_INTERNAL: it ended without a result; SBX_DENIED: another process
 *         came to the pipe
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_talk(
    const struct sbx_setup_call *call, struct sbx_setup_event *ret_result, struct sbx_error *err);

#endif
