/* What a child inherits from its parent's DACL. See acldata.h. */
#include "acldata_internal.h"

#define INHERIT_BITS (SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_NP | SBX_ACE_IO | SBX_ACE_INHERITED)
#define GENERIC_BITS (SBX_GENERIC_READ | SBX_GENERIC_WRITE | SBX_GENERIC_EXECUTE | SBX_GENERIC_ALL)

uint32_t sbx_file_map_generic(uint32_t mask)
{
    uint32_t mapped = mask & ~GENERIC_BITS;

    if (mask & SBX_GENERIC_READ)
        mapped |= SBX_FILE_GENERIC_READ;
    if (mask & SBX_GENERIC_WRITE)
        mapped |= SBX_FILE_GENERIC_WRITE;
    if (mask & SBX_GENERIC_EXECUTE)
        mapped |= SBX_FILE_GENERIC_EXECUTE;
    if (mask & SBX_GENERIC_ALL)
        mapped |= SBX_FILE_ALL;
    return mapped;
}

struct child {
    bool is_directory;
    const struct sbx_sid *owner; /* NULL when not known */
    const struct sbx_sid *group;
};

/*
 * Turn an entry into the effective form: generic rights mapped, creator SIDs replaced.
 * Returns false when a creator SID cannot be replaced because the child's is not known.
 */
static bool make_effective(struct sbx_ace *ace, const struct child *child)
{
    if (ace->type != SBX_ACE_ALLOW && ace->type != SBX_ACE_DENY)
        return true;
    ace->mask = sbx_file_map_generic(ace->mask);
    if (sbx_sid_equal(&ace->sid, &sbx_sid_creator_owner)) {
        if (!child->owner)
            return false;
        ace->sid = *child->owner;
    } else if (sbx_sid_equal(&ace->sid, &sbx_sid_creator_group)) {
        if (!child->group)
            return false;
        ace->sid = *child->group;
    }
    return true;
}

static enum sbx_status append(
    struct sbx_acl *list, const struct sbx_ace *ace, uint32_t flags, struct sbx_error *err)
{
    struct sbx_ace copy = *ace;

    copy.flags = (uint8_t)((ace->flags & ~INHERIT_BITS) | flags | SBX_ACE_INHERITED);
    return sbx_acl_append_unsized(list, &copy, err);
}

static enum sbx_status inherit_one(const struct sbx_ace *ace, const struct child *child,
    struct sbx_acl *list, struct sbx_error *err)
{
    uint32_t here = child->is_directory ? SBX_ACE_CI : SBX_ACE_OI;
    /* What goes on to grandchildren. Files have none, and NO_PROPAGATE stops at the child. */
    uint32_t onward = child->is_directory && !(ace->flags & SBX_ACE_NP)
                          ? ace->flags & (SBX_ACE_OI | SBX_ACE_CI)
                          : 0;
    struct sbx_ace effective = *ace;
    enum sbx_status status = SBX_OK;
    bool is_known;

    if (!(ace->flags & here)) /* for files only, seen by a directory: it carries it for them */
        return onward ? append(list, ace, onward | SBX_ACE_IO, err) : SBX_OK;
    is_known = make_effective(&effective, child);
    if (effective.mask == ace->mask && sbx_sid_equal(&effective.sid, &ace->sid) && is_known)
        return append(list, ace, onward, err);
    /* Resolved for the child, but the grandchildren must resolve the original again. */
    if (is_known)
        status = append(list, &effective, 0, err);
    if (!status && onward)
        status = append(list, ace, onward | SBX_ACE_IO, err);
    return status;
}

enum sbx_status sbx_acl_inherit(const struct sbx_acl *parent, bool child_is_directory,
    const struct sbx_sid *owner, const struct sbx_sid *group, struct sbx_acl *ret_inherited,
    struct sbx_error *err)
{
    struct child child = {child_is_directory, owner && sbx_sid_is_set(owner) ? owner : NULL,
        group && sbx_sid_is_set(group) ? group : NULL};
    struct sbx_acl list;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(&list, 0, sizeof(list));
    list.kind = SBX_ACL_LIST;
    for (i = 0; i < parent->count && !status; i++)
        status = inherit_one(&parent->aces[i], &child, &list, err);
    if (!status)
        status = sbx_acl_check_size(sbx_acl_size_bytes(&list), err);
    if (status) {
        sbx_acl_done(&list);
        return status;
    }
    *ret_inherited = list;
    return SBX_OK;
}

/* The child's list without its inherited entries, then the new ones. */
static enum sbx_status replace_inherited(
    struct sbx_acl *dacl, const struct sbx_acl *inherited, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t kept = 0;
    size_t i;

    for (i = 0; i < dacl->count; i++) {
        if (dacl->aces[i].flags & SBX_ACE_INHERITED)
            free(dacl->aces[i].rest);
        else
            dacl->aces[kept++] = dacl->aces[i];
    }
    dacl->count = kept;
    for (i = 0; i < inherited->count && !status; i++)
        status = sbx_acl_append_unsized(dacl, &inherited->aces[i], err);
    if (!status)
        status = sbx_acl_check_size(sbx_acl_size_bytes(dacl), err);
    /* Object entries that came down need the higher revision. */
    if (sbx_acl_effective_revision(inherited) > dacl->revision)
        dacl->revision = 0;
    return status;
}

enum sbx_status sbx_acl_reinherit(const struct sbx_acl *parent, const struct sbx_descriptor *child,
    bool child_is_directory, struct sbx_acl *ret_dacl, struct sbx_error *err)
{
    struct sbx_acl inherited;
    struct sbx_acl dacl;
    enum sbx_status status = SBX_OK;

    memset(&inherited, 0, sizeof(inherited));
    memset(&dacl, 0, sizeof(dacl));
    status = sbx_acl_copy(&child->dacl, &dacl, err);
    if (status)
        goto cleanup;
    if (child->dacl.kind == SBX_ACL_LIST && !(child->control & SBX_SD_DACL_PROTECTED)) {
        status =
            sbx_acl_inherit(parent, child_is_directory, child->has_owner ? &child->owner : NULL,
                child->has_group ? &child->group : NULL, &inherited, err);
        if (!status)
            status = replace_inherited(&dacl, &inherited, err);
        if (status)
            goto cleanup;
    }
    *ret_dacl = dacl;
    memset(&dacl, 0, sizeof(dacl));

cleanup:
    sbx_acl_done(&dacl);
    sbx_acl_done(&inherited);
    return status;
}
