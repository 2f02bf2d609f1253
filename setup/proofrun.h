/* One run of the fence probe as a sandbox account, through the installed chain. */
#ifndef SBX_SETUP_PROOFRUN_H
#define SBX_SETUP_PROOFRUN_H

#include "context.h"
#include "shared/win/fencetry.h"

/**
 * Run `command-runner.exe --fence-probe` as the account, confined by the recipe that runs use, and
 * read its report.
 * @param token as whom it makes its tries
 * @return SBX_UNPROVEN when the chain ran it but says that it was not confined, or it reported on
 *         another token; SBX_INVALID for a report that is none; SBX_TIMEOUT; what the chain says
 */
SBX_MUST_CHECK enum sbx_status sbx_proof_run(struct sbx_setup *setup,
    const struct sbx_installed_account *account, enum sbx_fence_token token,
    const struct sbx_fencetry_ports *ports, struct sbx_fence_report *ret_report,
    struct sbx_error *err);

#endif
