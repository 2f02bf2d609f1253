/*
 * Take back what was granted: exactly the entries the ledgers name, nothing else (design 4).
 *
 * The whole tree is walked, because new files got the entries by inheritance. Of each object the
 * blocks that the ledger's entries pass on are taken out, what is left of the capability SID, and
 * on the granted objects themselves the explicit entries that the ledger says were added. Every
 * other byte of the descriptor stays, so a tree that nobody else touched has its old descriptors
 * again. Objects with several names are done too: only our own entries go.
 *
 * What a sandbox account owns becomes the user's before its entries go, and is named in the report
 * (notes, owners_taken). A link is never entered: it is named, and loses what it inherited itself.
 *
 * Order: the root's own entries first, then its children, each in one write that takes allows and
 * denies together, so a process that is still alive loses access and never a deny alone.
 *
 * A root that was deleted has nothing left to take back: that is noted, what else the ledger names
 * is done, and the ledger goes. Deleted means that its volume says so (revokewalk.h): a disk that
 * is not plugged in, a folder that cannot be reached keep their ledgers, and the revoke fails.
 *
 * A ledger that does not tell what was granted, because its first line cannot be read, is kept and
 * the revoke fails: a run on its root writes it anew.
 *
 * The ledger is deleted last. A revoke that is killed or cancelled leaves it with a STALE record,
 * so both the next run and the next revoke walk everything again.
 */
#ifndef SBX_AGENT_REVOKE_H
#define SBX_AGENT_REVOKE_H

#include "grants.h"
#include "ledgerlist.h"

/* The note about a root that its volume does not have any more. */
#define SBX_REVOKE_GONE "is not there any more: nothing to take back"

/**
 * Revoke one root.
 * @param path_or_name the root's path in normal form (its old one, or where it is now), or the
 *        name of a ledger
 * @param options as for sbx_grants_apply
 * @param ret_report initialised here; files_stamped counts the children that were restored, skips
 *        name objects that could not be, with the reason
 * @return SBX_NOT_FOUND when nothing was granted there; SBX_UNPROVEN when its ledger, or any where
 *         none names it, cannot be read (it is kept); SBX_DENIED when something could not be
 *         taken back (the ledger is kept); SBX_CANCELLED, SBX_TIMEOUT
 */
SBX_MUST_CHECK enum sbx_status sbx_revoke(const char *path_or_name,
    const struct sbx_grant_options *options, struct sbx_grant_report *ret_report,
    struct sbx_error *err);

/**
 * Revoke everything. Ledgers fail independently; the first failure is returned, all are in the
 * report. SBX_OK when there is nothing.
 */
SBX_MUST_CHECK enum sbx_status sbx_revoke_all(const struct sbx_grant_options *options,
    struct sbx_grant_report *ret_report, struct sbx_error *err);

#endif
