/*
 * Offline means offline, shown by behaviour: as a sandbox account, through the installed runner and
 * the sealed credential, command-runner.exe --fence-probe tries the network with the token that a
 * run has and with tokens that a child can derive from it. For set-up's step "proof" and for an
 * agent's first run after boot (agent/fencecheck.h): neither needs an administrator. Boundary B16.
 *
 * MUSTs:
 *  1. The twin first: this process makes the same tries and all must work, so that a broken probe
 *     or listener cannot look like a closed door.
 *  2. A report counts only when the chain says that its process was confined.
 *  3. A report is read strictly: it comes from the sandbox.
 *  4. Whatever works that must not, and whatever cannot be told, is a failure.
 */
#ifndef SBX_PROOFRUN_H
#define SBX_PROOFRUN_H

#include "shared/core/fencereport.h"
#include "shared/core/installation.h"
#include "shared/win/fencetry.h"

/* The installed chain. Borrowed. */
struct sbx_proof_chain {
    const char *runner; /* the installed command-runner.exe */
    const char *folder; /* in which it lies: the probe's current directory */
    const char *group_sid;
    bool complement; /* the form of the fence, for the hint */
};

/** MUST 1. @return SBX_OS naming the try that does not work here */
SBX_MUST_CHECK enum sbx_status sbx_proof_twin(
    const struct sbx_fencetry_listeners *listeners, struct sbx_error *err);

/**
 * Run the probe as the account, confined by the recipe that runs use until they are calibrated, and
 * judge its report.
 * @param token as whom it makes its tries
 * @param listeners sbx_fencetry_listen's, already twinned
 * @return SBX_OK only when the fence was seen to hold; SBX_UNPROVEN when it is open, cannot be
 * told, or the probe was not confined; SBX_INVALID for a report that is none; SBX_TIMEOUT; what the
 * chain says
 */
SBX_MUST_CHECK enum sbx_status sbx_proof_account(const struct sbx_proof_chain *chain,
    const struct sbx_installed_account *account, enum sbx_fence_token token,
    const struct sbx_fencetry_listeners *listeners, struct sbx_error *err);

#endif
