/*
 * Leases of sandbox accounts (design 5): concurrent runs of one operator and policy share an
 * account, another policy takes a free one of the pool, or shares and says so.
 *
 * A lease is a folder in %ProgramData%\AgentSandbox\work, held open by the agent without any
 * sharing (leasechoice.h has its name). Whoever looks tries to open it for reading: a sharing
 * violation means that the holder lives. A process that died holds no handle, so no lock outlives
 * it; the empty folder that it leaves is removed by the next run of the same user. There is no lock
 * around the choice: each agent first puts down its own lease, then looks; of two that chose the
 * same account at the same time at least one sees the other, and withdraws.
 *
 * Each folder's access list names the operators of the record, for reading only, and SYSTEM, so
 * that a sandboxed command can neither make, hold nor remove a lease. Boundary B21.
 */
#ifndef SBX_AGENT_LEASE_H
#define SBX_AGENT_LEASE_H

#include "shared/core/installation.h"
#include "shared/core/leasechoice.h"
#include "shared/win/win.h"

struct sbx_lease_options {
    const char *work_directory;            /* exists, made by setup */
    const struct sbx_installation *record; /* whose accounts and operators */
    const char *caller_sid;
    bool online;                 /* which kind of account */
    const char *key;             /* sbx_lease_key */
    enum sbx_sharing sharing;    /* when all are in use by others */
    uint32_t wait_ms;            /* for SBX_SHARING_WAIT; 0 = ten minutes */
    const volatile LONG *cancel; /* may be NULL */
};

/* Start with {0}. */
struct sbx_lease {
    char *directory; /* the work folder's path; owned */
    HANDLE work;     /* the folder; owned */
    HANDLE handle;   /* the lease; owned */
    struct sbx_lease_name name;
    const struct sbx_installed_account *account; /* borrowed from options->record */
    bool shared; /* a run with another key uses the account too, or did when we took it */
};

/**
 * Take an account.
 * @return SBX_DENIED when sharing is refused and every account is in use by others; SBX_TIMEOUT
 *         when waiting did not help; SBX_NOT_SETUP when the record has no account of the kind or
 *         the work folder is missing; SBX_CANCELLED
 */
SBX_MUST_CHECK enum sbx_status sbx_lease_take(
    const struct sbx_lease_options *options, struct sbx_lease *lease, struct sbx_error *err);

/**
 * Close our handle only: another process has a duplicate, and the lease lives as long as that. The
 * folder is removed by the next run of this user. lease->shared as with sbx_lease_end.
 */
void sbx_lease_leave(struct sbx_lease *lease);

/**
 * Give it back. Looks once more whether somebody shares the account, so that lease->shared is true
 * also for the run that was there first. {0} and a released lease do nothing.
 */
void sbx_lease_end(struct sbx_lease *lease);

#endif
