/*
 * Who may be the client of `agent serve --pipe` (boundary B42), from facts of two tokens. Pure.
 *
 * The pipe's list lets in this user and SYSTEM, so on a machine whose lists hold no other account
 * gets this far. What comes from a kernel that does not check, or from a handle that SYSTEM passed
 * on, is stopped by the comparison here; and a command of an unelevated run is this user, too.
 */
#ifndef SBX_PIPECLIENT_H
#define SBX_PIPECLIENT_H

#include "error.h"
#include "ntsid.h"

struct sbx_pipeclient {
    uint32_t pid;        /* for messages */
    struct sbx_sid user; /* of the client's process token */
    bool is_restricted;  /* that token has restricting SIDs */
};

/**
 * May it be served? Only the very user who serves, and not from inside a sandbox.
 * @param server the user of the serving process
 * @return SBX_DENIED with the reason
 */
SBX_MUST_CHECK enum sbx_status sbx_pipeclient_check(
    const struct sbx_sid *server, const struct sbx_pipeclient *client, struct sbx_error *err);

#endif
