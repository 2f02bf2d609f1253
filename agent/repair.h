/*
 * `agent grants repair`: what the ledgers say was granted is made true once more.
 *
 * A warm run looks at the roots and at what is protected in them, not at each file: an entry that
 * another tool took away further down (icacls /reset, a restored backup) stays away. A repair walks
 * all of it with the engine of the runs (grants.h, with all its MUSTs), from the ledgers alone: no
 * policy is read and nothing is granted that was not granted before. What it leaves is listed:
 * links, files with several names, objects of other owners, lists that are missing.
 *
 * A root that was renamed is found by the path it has now. A ledger whose object is not where it
 * was is otherwise not repaired but named; `agent revoke NAME` takes back what is left of it. One
 * whose root was deleted (revokewalk.h) is a note in a repair of all, because nothing is missing.
 */
#ifndef SBX_AGENT_REPAIR_H
#define SBX_AGENT_REPAIR_H

#include "grants.h"
#include "linkset.h"

struct sbx_repair {
    const char *path_or_name; /* as for sbx_revoke; NULL: every ledger */
    bool include_links;       /* also files with several names, when all of them are in the root */
    /* May be NULL. With include_links, per root: after the look, before such a file is written. */
    void (*look)(void *ctx, const struct sbx_linkset *links);
    void *ctx;
};

/**
 * @param options as for sbx_grants_apply; `again` and `links` are set here
 * @param ret_report initialised here; counts.writes: how many lists were not as they should be
 * @return SBX_OK when everything is true again, apart from what is listed as skipped;
 *         SBX_NOT_FOUND when nothing was granted there or it was deleted; otherwise the first
 * failure: all are in the report
 */
SBX_MUST_CHECK enum sbx_status sbx_grants_repair(const struct sbx_repair *repair,
    const struct sbx_grant_options *options, struct sbx_grant_report *ret_report,
    struct sbx_error *err);

#endif
