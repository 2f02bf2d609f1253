/*
 * After a run of elevated mode: what the command made at the top of a writable root belongs to its
 * account, and git refuses a repository that belongs to somebody else ("dubious ownership"). The
 * user is made the owner of new top-level entries (design 4). What lies deeper keeps its owner: the
 * user has full access to it through the root's entries.
 */
#ifndef SBX_AGENT_OWNERS_H
#define SBX_AGENT_OWNERS_H

#include "shared/core/plan.h"
#include "shared/win/acl.h"

/** The present as a FILETIME number: what sbx_owners_return takes as `since`. */
uint64_t sbx_owners_now(void);

/**
 * Make the user the owner of each top-level entry of a writable root that was created since a time
 * and that the run's account owns. Links and files with more than one name are left alone.
 * Never fails: an entry that stays is counted.
 * @param counts what was read and written is added
 * @return entries that could not be given back
 */
size_t sbx_owners_return(const struct sbx_plan *plan, const char *user_sid, uint64_t since,
    struct sbx_acl_counts *counts);

#endif
