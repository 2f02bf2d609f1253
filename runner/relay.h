/* The launch stage while the confine stage runs the command: passes on what is said. */
#ifndef SBX_RUNNER_RELAY_H
#define SBX_RUNNER_RELAY_H

#include "hop.h"
#include "run.h"

/**
 * Begin, forward "started", pass cancel and kill on, wait for the result.
 * @param ret_stale the stage reported ERROR_NO_SUCH_LOGON_SESSION before anything ran
 * @return SBX_OK with run->reply filled and run->relayed set; SBX_INTERNAL when the stage ended
 *         without a result; SBX_TIMEOUT; SBX_CANCELLED when the caller is gone. The stage has
 *         ended in every case, and with it everything below.
 */
SBX_MUST_CHECK enum sbx_status sbx_relay_run(
    struct sbx_run *run, struct sbx_hop *hop, bool *ret_stale, struct sbx_error *err);

#endif
