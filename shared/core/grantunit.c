/* See grantunit.h. */
#include "grantunit.h"

#include <stdio.h>

#include "list.h"
#include "sha256.h"
#include "winpath.h"

#define GENERIC_BITS 0xF0000000u

static void target_done(struct sbx_grant_target *target)
{
    sbx_grant_block_done(&target->block);
    free(target->aces);
    free(target->path);
    memset(target, 0, sizeof(*target));
}

void sbx_grant_units_done(struct sbx_grant_units *units)
{
    size_t i;
    size_t k;

    if (!units)
        return;
    for (i = 0; i < units->count; i++) {
        for (k = 0; k < units->items[i].count; k++)
            target_done(&units->items[i].targets[k]);
        free(units->items[i].targets);
    }
    free(units->items);
    memset(units, 0, sizeof(*units));
}

/* --- which unit an entry belongs to --------------------------------------------------------------
 */

/*
 * The unit that walks over the object must be the one that allows there, or its walk would hand an
 * allow down past a deny that another unit holds: a root that only asked to be writable (denied or
 * protected) does not count inside one that is.
 */
static bool is_better(const struct sbx_plan_root *root, const struct sbx_plan_root *best)
{
    if (!best || root->writable != best->writable)
        return !best || root->writable;
    return strlen(root->path) > strlen(best->path);
}

static const struct sbx_plan_root *innermost_root(const struct sbx_plan *plan, const char *path)
{
    const struct sbx_plan_root *best = NULL;
    size_t i;

    for (i = 0; i < plan->root_count; i++) {
        const struct sbx_plan_root *root = &plan->roots[i];

        if (sbx_winpath_is_inside(root->path, path) && is_better(root, best))
            best = root;
    }
    return best;
}

/* The root whose capability SID one of the entries on this path names. */
static const struct sbx_plan_root *root_by_capability(const struct sbx_plan *plan, const char *path)
{
    size_t i;
    size_t k;

    for (i = 0; i < plan->ace_count; i++) {
        if (!sbx_winpath_equal(plan->aces[i].path, path))
            continue;
        for (k = 0; k < plan->root_count; k++) {
            if (plan->roots[k].capability_sid &&
                strcmp(plan->roots[k].capability_sid, plan->aces[i].sid) == 0)
                return &plan->roots[k];
        }
    }
    return NULL;
}

static struct sbx_grant_unit *find_unit(
    struct sbx_grant_units *units, const struct sbx_plan_root *root, const char *path)
{
    size_t i;

    for (i = 0; i < units->count; i++) {
        if (root
                ? units->items[i].root == root
                : !units->items[i].root && sbx_winpath_equal(units->items[i].targets[0].path, path))
            return &units->items[i];
    }
    return NULL;
}

static struct sbx_grant_target *find_target(struct sbx_grant_unit *unit, const char *path)
{
    size_t i;

    for (i = 0; i < unit->count; i++) {
        if (sbx_winpath_equal(unit->targets[i].path, path))
            return &unit->targets[i];
    }
    return NULL;
}

/* The part of path below top; "" when they are the same; NULL when it is not inside. */
static const char *below(const char *top, const char *path)
{
    size_t length_bytes = strlen(top);

    if (!sbx_winpath_is_inside(top, path))
        return NULL;
    if (sbx_winpath_equal(top, path))
        return path + strlen(path);
    return path + length_bytes + (top[length_bytes - 1] != '\\' ? 1 : 0);
}

/* --- building ----------------------------------------------------------------------------------
 */

static enum sbx_status add_target(struct sbx_grant_unit *unit, const char *path,
    struct sbx_grant_target **ret_target, struct sbx_error *err)
{
    struct sbx_grant_target *target;
    enum sbx_status status =
        sbx_list_grow(&unit->targets, unit->count, sizeof(*unit->targets), err);

    if (status)
        return status;
    target = &unit->targets[unit->count];
    status = sbx_strdup(path, &target->path, err);
    if (status)
        return status;
    target->relative = unit->count ? below(unit->targets[0].path, target->path)
                                   : target->path + strlen(target->path);
    unit->count++;
    *ret_target = target;
    return SBX_OK;
}

static enum sbx_status add_unit(struct sbx_grant_units *units, const struct sbx_plan_root *root,
    const char *path, struct sbx_grant_unit **ret_unit, struct sbx_error *err)
{
    struct sbx_grant_target *target = NULL;
    struct sbx_grant_unit *unit;
    enum sbx_status status = sbx_list_grow(&units->items, units->count, sizeof(*units->items), err);

    if (status)
        return status;
    unit = &units->items[units->count];
    unit->root = root;
    if (root && root->capability_sid && root->capability_sid[0]) {
        status = sbx_sid_parse(root->capability_sid, &unit->capability, err);
        if (status)
            return status;
    }
    status = add_target(unit, root ? root->path : path, &target, err);
    if (status) {
        free(unit->targets);
        return status;
    }
    units->count++;
    *ret_unit = unit;
    return SBX_OK;
}

/* Insert behind the denies or at the end, unless the very entry is there. */
static enum sbx_status add_entry(
    struct sbx_grant_target *target, const struct sbx_ace *ace, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t at = target->count;
    size_t i;

    for (i = 0; i < target->count; i++) {
        if (sbx_ace_equal(&target->aces[i], ace))
            return SBX_OK;
    }
    status = sbx_list_grow(&target->aces, target->count, sizeof(*target->aces), err);
    if (status)
        return status;
    if (ace->type == SBX_ACE_DENY) {
        for (at = 0; at < target->count && target->aces[at].type == SBX_ACE_DENY; at++) {
        }
        target->deny_mask |= ace->mask;
    }
    memmove(&target->aces[at + 1], &target->aces[at], (target->count - at) * sizeof(*ace));
    target->aces[at] = *ace;
    target->count++;
    return SBX_OK;
}

static enum sbx_status add_plan_ace(const struct sbx_plan *plan, const struct sbx_plan_ace *wanted,
    struct sbx_grant_units *units, struct sbx_error *err)
{
    const struct sbx_plan_root *root = innermost_root(plan, wanted->path);
    struct sbx_grant_target *target = NULL;
    struct sbx_grant_unit *unit = NULL;
    enum sbx_status status = SBX_OK;
    struct sbx_ace ace;
    struct sbx_sid sid;

    if ((wanted->mask & GENERIC_BITS) || !wanted->mask ||
        (wanted->flags & ~(SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_IO)) ||
        (wanted->type != SBX_ACE_ALLOW && wanted->type != SBX_ACE_DENY))
        return sbx_fail(err, SBX_INTERNAL, "an entry on '%s' cannot be granted", wanted->path);
    status = sbx_sid_parse(wanted->sid, &sid, err);
    if (status)
        return status;
    if (!root)
        root = root_by_capability(plan, wanted->path);
    unit = find_unit(units, root, wanted->path);
    if (!unit)
        status = add_unit(units, root, wanted->path, &unit, err);
    if (!unit)
        return status;
    target = find_target(unit, wanted->path);
    if (!target)
        status = add_target(unit, wanted->path, &target, err);
    if (!target)
        return status;
    if (!root && sbx_capsid_is_ours(&sid))
        unit->capability = sid;
    ace = sbx_ace_make(wanted->type, wanted->flags, wanted->mask, &sid);
    return add_entry(target, &ace, err);
}

static enum sbx_status finish_unit(
    const struct sbx_plan *plan, struct sbx_grant_unit *unit, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    unit->needed = sbx_sid_is_set(&unit->capability);
    if (unit->root)
        unit->needed = unit->root->writable ||
                       (plan->cwd && sbx_winpath_is_inside(unit->root->path, plan->cwd));
    for (i = 0; i < unit->count && !status; i++) {
        struct sbx_grant_target *target = &unit->targets[i];

        if (target->deny_mask)
            unit->needed = true;
        status = sbx_grant_block_make(target->aces, target->count, &target->block, err);
    }
    return status;
}

/* Longer paths first, so that a nested root is done before the one around it. */
static void sort_units(struct sbx_grant_units *units)
{
    size_t i;
    size_t k;

    for (i = 1; i < units->count; i++) {
        for (k = i; k > 0 && strlen(units->items[k].targets[0].path) >
                                 strlen(units->items[k - 1].targets[0].path);
             k--) {
            struct sbx_grant_unit swapped = units->items[k];

            units->items[k] = units->items[k - 1];
            units->items[k - 1] = swapped;
        }
    }
}

enum sbx_status sbx_grant_units_make(
    const struct sbx_plan *plan, struct sbx_grant_units *ret_units, struct sbx_error *err)
{
    struct sbx_grant_units units = {NULL, 0};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < plan->ace_count && !status; i++)
        status = add_plan_ace(plan, &plan->aces[i], &units, err);
    for (i = 0; i < units.count && !status; i++)
        status = finish_unit(plan, &units.items[i], err);
    if (status) {
        sbx_grant_units_done(&units);
        return status;
    }
    sort_units(&units);
    *ret_units = units;
    return SBX_OK;
}

/* --- from a ledger
 * --------------------------------------------------------------------------------
 */

/* A TARGET record that no later record of its path or object stands for. */
static bool is_current(const struct sbx_ledger_records *records, size_t index)
{
    const struct sbx_ledger_record *record = &records->items[index];
    size_t i;

    if (record->kind != SBX_LEDGER_TARGET)
        return false;
    for (i = index + 1; i < records->count; i++) {
        const struct sbx_ledger_record *later = &records->items[i];

        if (later->kind == SBX_LEDGER_GONE && memcmp(later->file_id, record->file_id, 16) == 0)
            return false;
        if (later->kind == SBX_LEDGER_TARGET && sbx_winpath_equal(later->path, record->path))
            return false;
    }
    return true;
}

static enum sbx_status add_record(
    struct sbx_grant_unit *unit, const struct sbx_ledger_record *record, struct sbx_error *err)
{
    struct sbx_grant_target *target = find_target(unit, record->path);
    enum sbx_status status = SBX_OK;
    size_t i;

    if (!target)
        status = add_target(unit, record->path, &target, err);
    for (i = 0; i < record->ace_count && !status; i++)
        status = add_entry(target, &record->aces[i], err);
    return status;
}

static void fill_root(const struct sbx_ledger_record *first, struct sbx_plan_root *root)
{
    memset(root, 0, sizeof(*root));
    root->path = first->path;
    root->volume_guid = first->volume_guid && first->volume_guid[0] ? first->volume_guid : NULL;
    root->capability_sid = first->capability;
    root->writable = first->capability && first->capability[0];
    memcpy(root->file_id, first->file_id, sizeof(root->file_id));
}

enum sbx_status sbx_grant_units_from_ledger(const struct sbx_ledger_records *records,
    struct sbx_plan_root *ret_root, struct sbx_grant_units *ret_units, struct sbx_error *err)
{
    struct sbx_grant_units units = {NULL, 0};
    struct sbx_grant_unit *unit = NULL;
    enum sbx_status status;
    size_t i;

    if (!records->count || records->items[0].kind != SBX_LEDGER_ROOT)
        return sbx_fail(err, SBX_NOT_FOUND, "the ledger says nothing");
    fill_root(&records->items[0], ret_root);
    status = add_unit(&units, ret_root, ret_root->path, &unit, err);
    for (i = 1; i < records->count && !status; i++) {
        if (is_current(records, i))
            status = add_record(unit, &records->items[i], err);
    }
    for (i = 0; unit && i < unit->count && !status; i++)
        status = sbx_grant_block_make(
            unit->targets[i].aces, unit->targets[i].count, &unit->targets[i].block, err);
    if (status) {
        sbx_grant_units_done(&units);
        return status;
    }
    unit->needed = true;
    *ret_units = units;
    return SBX_OK;
}

void sbx_ledger_name(const char *volume_guid, const uint8_t file_id[16],
    const struct sbx_sid *capability, char ret_name[SBX_LEDGER_NAME_SIZE])
{
    struct sbx_sha256 sha;
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    char sid[SBX_SID_TEXT_SIZE] = "";
    size_t i;

    sbx_sha256_init(&sha);
    for (i = 0; volume_guid && volume_guid[i]; i++) {
        char c = volume_guid[i] >= 'A' && volume_guid[i] <= 'Z' ? (char)(volume_guid[i] + 32)
                                                                : volume_guid[i];

        sbx_sha256_add(&sha, &c, 1);
    }
    sbx_sha256_add(&sha, "", 1); /* the NUL: no volume and id can run into each other */
    sbx_sha256_add(&sha, file_id, 16);
    if (sbx_sid_is_set(capability))
        sbx_sid_format(capability, sid);
    sbx_sha256_add(&sha, sid, strlen(sid));
    sbx_sha256_end(&sha, digest);
    sbx_sha256_hex(digest, hex);
    snprintf(ret_name, SBX_LEDGER_NAME_SIZE, "%.32s.log", hex);
}
