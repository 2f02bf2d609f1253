/* What the files of the grant engine share about one unit that is being made true: grants.c,
 * grantjudge.c, grantjournal.c. See grants.h for the MUSTs. */
#ifndef SBX_AGENT_GRANTPARTS_H
#define SBX_AGENT_GRANTPARTS_H

#include "grantwalk.h"
#include "ledger.h"

enum sbx_grant_need {
    NEED_NOTHING = 0, /* true already, or not there */
    NEED_ENTRIES,     /* explicit entries are missing on the object itself */
    NEED_WALK         /* its own entries are there, those of its children may not be */
};

struct sbx_grant_work_target {
    struct sbx_grant_object object; /* handle NULL: the object does not exist or is skipped */
    enum sbx_grant_need need;
};

/* One unit being made true. */
struct sbx_grant_work {
    struct sbx_grant_engine *engine;
    const struct sbx_grant_unit *unit;
    struct sbx_grant_work_target *targets; /* as unit->targets */
    struct sbx_ledger ledger;
    char volume_guid[64];
};

/* --- grantjudge.c: what is missing
 * ----------------------------------------------------------------
 */

/** True for a directory that hands entries down. */
bool sbx_grant_is_passed_on(
    const struct sbx_grant_target *target, const struct sbx_grant_work_target *at);

/** MUST 1, second half: the root is what the plan was made for, on a volume with ACLs. */
SBX_MUST_CHECK enum sbx_status sbx_grant_check_identity(
    struct sbx_grant_work *work, struct sbx_error *err);

/** Open one target. An object that is gone or is a link needs nothing and can get nothing. */
SBX_MUST_CHECK enum sbx_status sbx_grant_open_target(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err);

/** What one target needs: sets its `need`. Nothing but what was read on opening is looked at. */
SBX_MUST_CHECK enum sbx_status sbx_grant_judge(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err);

/** List the denies of an earlier policy that still stand. */
void sbx_grant_list_earlier(struct sbx_grant_work *work);

/* --- grantjournal.c: what is written down before
 * ---------------------------------------------------
 */

/** MUST 3: all that this unit will write, in one go and on disk. */
SBX_MUST_CHECK enum sbx_status sbx_grant_journal(
    struct sbx_grant_work *work, struct sbx_error *err);

/** The walk below a target is complete. */
SBX_MUST_CHECK enum sbx_status sbx_grant_journal_done(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err);

/** For sbx_ledger_shrink. @param context the unit's work */
bool sbx_grant_is_gone(void *context, const struct sbx_ledger_record *record);

#endif
