/*
 * The other end of `--pipe NAME`: who asks, and what. Boundary B17: everything that comes from
 * there comes from an ordinary user.
 *
 * MUSTs of this file:
 *  1. The name is one that the agent makes: \\.\pipe\agent-sandbox-setup- and 32 hexadecimal
 *     digits. No other pipe, no other machine's, no device is opened.
 *  2. The server cannot impersonate this process (SECURITY_IDENTIFICATION).
 *  3. Who asks is said by the kernel: the pipe's server process, its token, its user. A restricted
 *     token and an AppContainer are nobody to ask.
 *  4. One request, capped before it is read, decoded strictly. Nothing is changed before all of
 *     this has passed.
 */
#ifndef SBX_SETUP_REQUESTER_H
#define SBX_SETUP_REQUESTER_H

#include "context.h"
#include "shared/win/pipe.h"

struct sbx_requester {
    struct sbx_named_pipe pipe;
    struct sbx_sid user;
    bool gone; /* the other end closed: nothing is sent any more, the run goes on to its end */
};

/**
 * Connect, find out who asks, read the request.
 * @param ret_request {0}
 * @return SBX_INVALID, SBX_DENIED, SBX_TIMEOUT; the requester may be connected then (to be told)
 */
SBX_MUST_CHECK enum sbx_status sbx_requester_open(const char *name, struct sbx_requester *requester,
    struct sbx_setup_request *ret_request, struct sbx_error *err);

/** Send an event. A requester that has gone away is no failure of the run. */
void sbx_requester_send(struct sbx_requester *requester, const struct sbx_setup_event *event);

void sbx_requester_close(struct sbx_requester *requester);

#endif
