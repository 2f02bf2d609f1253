/*
 * The entries of a plan, sorted into the pieces that are granted, journalled and revoked together.
 *
 * A unit is one root with all objects that belong to it, or one object outside all roots (a tool
 * home, an ancestor, a denyRead). It has one ledger and one lock, and fails on its own.
 */
#ifndef SBX_GRANTUNIT_H
#define SBX_GRANTUNIT_H

#include "grantstep.h"
#include "ledgerline.h"
#include "plan.h"

#define SBX_LEDGER_NAME_SIZE 48u

/* One object that gets explicit entries. */
struct sbx_grant_target {
    char *path;           /* owned; normal form */
    const char *relative; /* into path: below the unit's object; "" = that object itself;
                             NULL = outside of it (the target of a .git file) */
    struct sbx_ace *aces; /* owned; denies first, each kind in the plan's order */
    size_t count;
    uint32_t deny_mask; /* of all denies; 0: there is none */
    struct sbx_grant_block block;
};

struct sbx_grant_unit {
    const struct sbx_plan_root *root; /* borrowed; NULL: an object outside all roots */
    struct sbx_sid capability;        /* every entry for it is ours; {0} when there is none */
    bool needed;                      /* the command must not start without it */
    struct sbx_grant_target *targets; /* [0] is the unit's own object */
    size_t count;
};

struct sbx_grant_units {
    struct sbx_grant_unit *items; /* nested roots before the roots around them */
    size_t count;
};

/**
 * Sort the entries of a plan. An entry on an object inside a root belongs to the innermost one that
 * is writable, or without such a one to the innermost;
 * one that names the capability SID of a root belongs to that root; any other is its own unit.
 * Needed: writable roots, the root of the working directory, and everything with a deny or a
 * capability.
 * @param ret_units borrows from the plan; release with sbx_grant_units_done
 * @return SBX_INTERNAL for an entry that cannot be granted (generic rights, NO_PROPAGATE, no SID)
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_units_make(
    const struct sbx_plan *plan, struct sbx_grant_units *ret_units, struct sbx_error *err);

/**
 * The unit that a ledger speaks of, as it was granted last: of each path the newest TARGET record
 * that no GONE took back, on whatever object has that path now (editors replace files). What runs
 * with an earlier policy denied and no later one did is in it: only `revoke` takes a deny away.
 * @param ret_root filled with strings of the records; the unit borrows it
 * @param ret_units one unit, everything in it needed; release with sbx_grant_units_done
 * @return SBX_NOT_FOUND when no record says anything; SBX_INVALID for a SID that is none
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_units_from_ledger(const struct sbx_ledger_records *records,
    struct sbx_plan_root *ret_root, struct sbx_grant_units *ret_units, struct sbx_error *err);
void sbx_grant_units_done(struct sbx_grant_units *units);

/**
 * File name of the ledger of an object: 32 hexadecimal digits and ".log", from the volume, the
 * file id and the capability SID (may be {0}). A renamed root keeps its ledger.
 */
void sbx_ledger_name(const char *volume_guid, const uint8_t file_id[16],
    const struct sbx_sid *capability, char ret_name[SBX_LEDGER_NAME_SIZE]);

#endif
