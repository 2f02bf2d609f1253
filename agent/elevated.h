/*
 * What a run of elevated mode has besides a plan: the installation it rests on, the account it
 * leased, the runner from Program Files. A run of unelevated mode has none of it, and every
 * function here then does nothing.
 */
#ifndef SBX_AGENT_ELEVATED_H
#define SBX_AGENT_ELEVATED_H

#include "grants.h"
#include "installed.h"
#include "lease.h"
#include "session.h"

/* Start with {0}. */
struct sbx_elevated {
    bool active;
    struct sbx_installed installed;
    struct sbx_lease lease;
    bool lease_kept; /* by the runner of a background run: it is not given back by us */
    uint64_t begun;  /* FILETIME: what is newer was made by the run */
    const char *account_sids[SBX_INSTALLATION_ACCOUNTS_MAX]; /* borrowed from the record */
    size_t account_count;
};

/**
 * Check the installed runner, lease an account and put it into the plan. Call it before anything
 * is granted, and not for a dry run.
 * @param cancel may be NULL: nonzero ends the waiting for an account
 * @return SBX_NOT_SETUP, SBX_UNPROVEN (the runner is not the installed one), SBX_DENIED,
 *         SBX_TIMEOUT (see sbx_lease_take). On failure nothing is held.
 */
SBX_MUST_CHECK enum sbx_status sbx_elevated_begin(const struct sbx_facts *facts,
    const struct sbx_policy *policy, const volatile LONG *cancel, struct sbx_plan *plan,
    struct sbx_elevated *elevated, struct sbx_error *err);

/** Name the sandbox accounts to the grant engine: what they own is never written. */
void sbx_elevated_grants(const struct sbx_elevated *elevated, struct sbx_grant_options *options);

/** Put account, group and the installed runner into a session. */
void sbx_elevated_session(const struct sbx_elevated *elevated, const struct sbx_plan *plan,
    const struct sbx_facts *facts, struct sbx_session *session);

/**
 * After the command: new top-level entries go to the user, the lease is given back, or left
 * to the runner that keeps it.
 * @param counts descriptors read and written are added
 * @return entries that still belong to the account
 */
size_t sbx_elevated_end(struct sbx_elevated *elevated, const struct sbx_plan *plan,
    const struct sbx_facts *facts, struct sbx_acl_counts *counts);

/** Release; ends the lease if that was not done. lease.shared stays readable until here. */
void sbx_elevated_done(struct sbx_elevated *elevated);

#endif
