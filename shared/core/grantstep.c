/* What a granted directory passes on to an existing child. See grantstep.h. */
#include "grantrun.h"
#include "grantstep.h"

void sbx_grant_block_done(struct sbx_grant_block *block)
{
    if (!block)
        return;
    sbx_acl_done(&block->directory);
    sbx_acl_done(&block->file);
    memset(block, 0, sizeof(*block));
}

bool sbx_grant_block_is_empty(const struct sbx_grant_block *block)
{
    return block->directory.count == 0 && block->file.count == 0;
}

enum sbx_status sbx_grant_block_make(const struct sbx_ace *aces, size_t count,
    struct sbx_grant_block *ret_block, struct sbx_error *err)
{
    struct sbx_grant_block block;
    struct sbx_acl own;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(&block, 0, sizeof(block));
    memset(&own, 0, sizeof(own));
    own.kind = SBX_ACL_LIST;
    for (i = 0; i < count && !status; i++) {
        if ((aces[i].flags & SBX_ACE_NP) || !sbx_grantrun_is_explicit(&aces[i]))
            status = sbx_fail(err, SBX_INTERNAL, "entry %zu cannot be granted", i);
        else
            status = sbx_acl_insert(&own, own.count, &aces[i], err);
    }
    if (!status)
        status = sbx_acl_inherit(&own, true, NULL, NULL, &block.directory, err);
    if (!status)
        status = sbx_acl_inherit(&own, false, NULL, NULL, &block.file, err);
    if (status)
        goto cleanup;
    for (i = 0; i < block.directory.count; i++) {
        if (sbx_grantrun_is_deny(&block.directory.aces[i]))
            block.denies = true;
        else
            block.allows = true;
    }
    *ret_block = block;
    memset(&block, 0, sizeof(block));

cleanup:
    sbx_grant_block_done(&block);
    sbx_acl_done(&own);
    return status;
}

/* --- adding ----------------------------------------------------------------------------------- */

static size_t leading_denies(const struct sbx_acl *acl)
{
    size_t i = 0;

    while (i < acl->count && sbx_grantrun_is_explicit(&acl->aces[i]) &&
           sbx_grantrun_is_deny(&acl->aces[i]))
        i++;
    return i;
}

static size_t behind_last_explicit(const struct sbx_acl *acl)
{
    size_t i = acl->count;

    while (i > 0 && !sbx_grantrun_is_explicit(&acl->aces[i - 1]))
        i--;
    return i;
}

static bool overlaps(const struct sbx_ace *allow, const struct sbx_acl *form)
{
    size_t i;

    if (sbx_grantrun_is_deny(allow))
        return false;
    for (i = 0; i < form->count; i++) {
        if (sbx_grantrun_is_deny(&form->aces[i]) && (form->aces[i].mask & allow->mask) &&
            sbx_sid_equal(&form->aces[i].sid, &allow->sid))
            return true;
    }
    return false;
}

/* True when something nearer than `level` allows on purpose what this level denies. */
static bool is_shadowed(const struct sbx_grant_child *child, const struct sbx_grant_level *nearest,
    const struct sbx_grant_level *level, const struct sbx_acl *form)
{
    const struct sbx_grant_level *at;
    size_t i;

    for (i = 0; i < child->own_count; i++) {
        if (overlaps(&child->own[i], form))
            return true;
    }
    for (at = nearest; at != level; at = at->parent) {
        for (i = 0; i < at->block->directory.count; i++) {
            if (overlaps(&at->block->directory.aces[i], form))
                return true;
        }
    }
    return false;
}

/* Denies in front of everything else; nothing happens when they are there already. */
static enum sbx_status add_explicit_denies(
    const struct sbx_acl *form, struct sbx_acl *acl, size_t *ret_added, struct sbx_error *err)
{
    struct sbx_grantrun run = {form, SBX_GRANTRUN_DENIES, true};
    size_t length = sbx_grantrun_length(&run);
    size_t at = sbx_grantrun_find(&run, acl);

    *ret_added = 0;
    if (!length || (at != SIZE_MAX && at + length <= leading_denies(acl)))
        return SBX_OK;
    *ret_added = length;
    return sbx_grantrun_insert(&run, acl, 0, err);
}

/* A PROTECTED list: the same entries, as explicit ones. */
static enum sbx_status add_explicit(const struct sbx_grant_child *child,
    const struct sbx_grant_level *nearest, struct sbx_acl *acl, bool *changed,
    struct sbx_error *err)
{
    const struct sbx_grant_level *level;
    enum sbx_status status = SBX_OK;

    for (level = nearest; level && !status; level = level->parent) {
        const struct sbx_acl *form = sbx_grantrun_form(level->block, child->is_directory);
        struct sbx_grantrun allows = {form, SBX_GRANTRUN_ALLOWS, true};
        size_t added = 0;

        if (!is_shadowed(child, nearest, level, form))
            status = add_explicit_denies(form, acl, &added, err);
        if (!status && sbx_grantrun_length(&allows) &&
            sbx_grantrun_find(&allows, acl) == SIZE_MAX) {
            status = sbx_grantrun_insert(&allows, acl, behind_last_explicit(acl), err);
            added++;
        }
        if (added)
            *changed = true;
    }
    return status;
}

/* Something before `at` may allow, so that a deny at `at` would not be reached. */
static bool allow_before(const struct sbx_acl *acl, size_t at)
{
    size_t i;

    for (i = 0; i < at; i++) {
        if (!sbx_grantrun_is_deny(&acl->aces[i]))
            return true;
    }
    return false;
}

/*
 * Where a missing block goes: at the cursor. One that only allows goes behind the denies that
 * others handed down, because it holds an allow for the caller, too, and must not undo them.
 */
static size_t place(const struct sbx_acl *acl, const struct sbx_grant_level *level,
    const struct sbx_grant_level *farther, size_t cursor, bool is_directory)
{
    if (level->block->denies)
        return cursor;
    while (cursor < acl->count && !sbx_grantrun_is_explicit(&acl->aces[cursor]) &&
           sbx_grantrun_is_deny(&acl->aces[cursor])) {
        const struct sbx_grant_level *at;

        for (at = farther; at; at = at->parent) {
            struct sbx_grantrun run = {
                sbx_grantrun_form(at->block, is_directory), SBX_GRANTRUN_ALL, false};

            if (sbx_grantrun_length(&run) && sbx_grantrun_is_at(&run, acl, cursor))
                return cursor; /* ours, of a farther target */
        }
        cursor++;
    }
    return cursor;
}

static enum sbx_status add_inherited(const struct sbx_grant_child *child,
    const struct sbx_grant_level *nearest, struct sbx_acl *acl, bool *changed,
    struct sbx_error *err)
{
    size_t cursor = behind_last_explicit(acl);
    const struct sbx_grant_level *level;
    enum sbx_status status = SBX_OK;

    for (level = nearest; level && !status; level = level->parent) {
        struct sbx_grantrun run = {
            sbx_grantrun_form(level->block, child->is_directory), SBX_GRANTRUN_ALL, false};
        size_t length = sbx_grantrun_length(&run);
        size_t at = sbx_grantrun_find(&run, acl);
        size_t added = 0;

        if (!length)
            continue;
        if (at == SIZE_MAX) {
            at = place(acl, level, level->parent, cursor, child->is_directory);
            status = sbx_grantrun_insert(&run, acl, at, err);
            *changed = true;
        }
        if (!status && level->block->denies && allow_before(acl, at) &&
            !is_shadowed(child, nearest, level, run.form))
            status = add_explicit_denies(run.form, acl, &added, err);
        if (added)
            *changed = true;
        cursor = (at + length > cursor ? at + length : cursor) + added;
    }
    return status;
}

enum sbx_status sbx_grant_step_add(const struct sbx_grant_child *child,
    const struct sbx_grant_level *nearest, struct sbx_acl *ret_dacl, bool *ret_changed,
    struct sbx_error *err)
{
    struct sbx_acl dacl;
    enum sbx_status status = SBX_OK;
    bool changed = false;

    memset(&dacl, 0, sizeof(dacl));
    *ret_changed = false;
    if (child->descriptor->dacl.kind != SBX_ACL_LIST)
        return sbx_fail(err, SBX_UNSUPPORTED, "the object has a NULL DACL");
    status = sbx_acl_copy(&child->descriptor->dacl, &dacl, err);
    if (status)
        return status;
    if (child->descriptor->control & SBX_SD_DACL_PROTECTED)
        status = add_explicit(child, nearest, &dacl, &changed, err);
    else
        status = add_inherited(child, nearest, &dacl, &changed, err);
    if (!status && sbx_acl_size_bytes(&dacl) > SBX_ACL_MAX_BYTES)
        status = sbx_fail(err, SBX_INVALID, "the access list would exceed 65,535 bytes");
    if (!status && changed) {
        *ret_dacl = dacl;
        *ret_changed = true;
        return SBX_OK;
    }
    sbx_acl_done(&dacl);
    return status;
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool lets_sid(const struct sbx_acl *dacl, const struct sbx_sid *sid, uint32_t mask)
{
    size_t i;

    for (i = 0; i < dacl->count && mask; i++) {
        const struct sbx_ace *ace = &dacl->aces[i];

        if ((ace->flags & SBX_ACE_IO) || !sbx_sid_equal(&ace->sid, sid))
            continue;
        if (ace->type == SBX_ACE_DENY)
            mask &= ~sbx_file_map_generic(ace->mask);
        else if (ace->type == SBX_ACE_ALLOW && (mask & sbx_file_map_generic(ace->mask)))
            return true;
    }
    return false;
}

bool sbx_grant_lets(
    const struct sbx_acl *dacl, const struct sbx_sid *sids, size_t sid_count, uint32_t mask)
{
    size_t i;

    if (dacl->kind != SBX_ACL_LIST)
        return true;
    for (i = 0; i < sid_count; i++) {
        if (lets_sid(dacl, &sids[i], mask))
            return true;
    }
    return lets_sid(dacl, &sbx_sid_everyone, mask);
}
