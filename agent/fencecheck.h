/*
 * The network fence, proved by behaviour at each account's first run after a boot (design 6).
 * Filters that were proved once are kept by the filter engine; whether that engine, its service and
 * what else filters on this machine came up as before, only a try can tell.
 *
 * The agent does it: listening on loopback, logging on as the account and confining the probe need
 * no administrator. An online account is proved as well: that it cannot listen on a proxy port, nor
 * reach this machine's own addresses, is what keeps an online run from relaying for an offline one.
 * What was proved is remembered in STATE\fence.json, per boot, installation
 * record and account; no sandboxed command may write there. A file that is missing, damaged or
 * speaks for another boot costs a proof, never skips one. Boundary B16.
 */
#ifndef SBX_AGENT_FENCECHECK_H
#define SBX_AGENT_FENCECHECK_H

#include "installed.h"

/**
 * Make sure that the fence of an account, offline or online, was proved in this boot, now if need
 * be (a few runs of the probe: about a second).
 * @param account of installed->record
 * @return SBX_UNPROVEN when the fence is open or cannot be told: then nothing may run
 */
SBX_MUST_CHECK enum sbx_status sbx_fencecheck(const struct sbx_facts *facts,
    const struct sbx_installed *installed, const struct sbx_installed_account *account,
    struct sbx_error *err);

#endif
