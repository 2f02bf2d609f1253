/* Whom the fence is around: the accounts of the installation, as steps fence, firewall and proof
 * need them. */
#ifndef SBX_SETUP_FENCED_H
#define SBX_SETUP_FENCED_H

#include "context.h"
#include "shared/core/fence.h"

struct sbx_fenced {
    struct sbx_sid offline[SBX_INSTALLATION_ACCOUNTS_MAX], online[SBX_INSTALLATION_ACCOUNTS_MAX];
    size_t offline_count, online_count;
};

/**
 * The SIDs of the wanted accounts.
 * @return false when one of them is not known to be there, or there is no offline account: then
 *         there can be no fence yet
 */
bool sbx_fenced_accounts(const struct sbx_setup *setup, struct sbx_fenced *ret_fenced);

/**
 * The fence that is to be on this machine.
 * @param ret_ready false as above, and `ret_fence` stays {0}
 */
SBX_MUST_CHECK enum sbx_status sbx_fenced_make(const struct sbx_setup *setup,
    struct sbx_fence *ret_fence, bool *ret_ready, struct sbx_error *err);

/**
 * Whether set-up may ever have put objects of a step on this machine: the journal or the record
 * says so. Where it has not, a service that cannot be asked has nothing of ours to lose.
 */
bool sbx_fenced_ever(const struct sbx_setup *setup, const char *step, const char *object);

/** The mode of this run puts things on the machine. */
bool sbx_fenced_builds(const struct sbx_setup *setup);

#endif
