/* See inherit.h. */
#include "inherit.h"

static bool is_creator_sid(const struct sbx_sid *sid)
{
    return sbx_sid_equal(sid, &sbx_sid_creator_owner) || sbx_sid_equal(sid, &sbx_sid_creator_group);
}

/*
 * MS-DTYP 2.5.3.4.7 PostProcessACL for one entry that the creator asked for: the effective form
 * for this object, and where the entry is also for children, an inherit-only copy of what it was.
 */
static enum sbx_status add_asked(struct sbx_acl *list, const struct sbx_ace *ace,
    const struct sbx_descriptor *object, struct sbx_error *err)
{
    uint8_t onward = ace->flags & (SBX_ACE_OI | SBX_ACE_CI);
    struct sbx_ace effective = *ace;
    struct sbx_ace kept = *ace;
    enum sbx_status status = SBX_OK;

    kept.flags &= (uint8_t)~SBX_ACE_INHERITED;
    if ((ace->type != SBX_ACE_ALLOW && ace->type != SBX_ACE_DENY) || (ace->flags & SBX_ACE_IO))
        return sbx_acl_insert(list, list->count, &kept, err);
    effective.mask = sbx_file_map_generic(ace->mask);
    if (sbx_sid_equal(&ace->sid, &sbx_sid_creator_owner))
        effective.sid = object->owner;
    else if (sbx_sid_equal(&ace->sid, &sbx_sid_creator_group))
        effective.sid = object->group;
    if (effective.mask == ace->mask && !is_creator_sid(&ace->sid))
        return sbx_acl_insert(list, list->count, &kept, err);
    effective.flags = 0;
    if (sbx_sid_is_set(&effective.sid))
        status = sbx_acl_insert(list, list->count, &effective, err);
    if (status != SBX_OK || !onward)
        return status;
    kept.flags |= SBX_ACE_IO;
    return sbx_acl_insert(list, list->count, &kept, err);
}

static enum sbx_status append_all(
    struct sbx_acl *list, const struct sbx_acl *more, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    for (size_t i = 0; i < more->count && status == SBX_OK; i++)
        status = sbx_acl_insert(list, list->count, &more->aces[i], err);
    return status;
}

/* MS-DTYP 2.5.3.4.6 PreProcessACLfromCreator: inherited entries are not the creator's to give. */
static enum sbx_status make_asked(const struct sbx_descriptor *asked,
    const struct sbx_descriptor *object, struct sbx_acl *list, struct sbx_error *err)
{
    bool is_protected = (asked->control & SBX_SD_DACL_PROTECTED) != 0;
    enum sbx_status status = SBX_OK;

    list->kind = SBX_ACL_LIST;
    for (size_t i = 0; i < asked->dacl.count && status == SBX_OK; i++)
        if (is_protected || !(asked->dacl.aces[i].flags & SBX_ACE_INHERITED))
            status = add_asked(list, &asked->dacl.aces[i], object, err);
    return status;
}

static enum sbx_status make_default(const struct sbx_creator *creator,
    const struct sbx_descriptor *object, struct sbx_acl *list, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (!creator->default_dacl || creator->default_dacl->kind != SBX_ACL_LIST) {
        list->kind = SBX_ACL_NULL;
        return SBX_OK;
    }
    list->kind = SBX_ACL_LIST;
    for (size_t i = 0; i < creator->default_dacl->count && status == SBX_OK; i++)
        status = add_asked(list, &creator->default_dacl->aces[i], object, err);
    return status;
}

/* MS-DTYP 2.5.3.4.2 ComputeACL for the DACL. `object` has owner and group already. */
static enum sbx_status compute_dacl(const struct sbx_acl *inherited,
    const struct sbx_descriptor *asked, const struct sbx_creator *creator,
    const struct sbx_descriptor *object, struct sbx_acl *ret_list, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (asked && asked->dacl.kind == SBX_ACL_NULL) {
        ret_list->kind = SBX_ACL_NULL;
        return SBX_OK;
    }
    if (asked && asked->dacl.kind == SBX_ACL_LIST) {
        status = make_asked(asked, object, ret_list, err);
        if (status != SBX_OK || (asked->control & SBX_SD_DACL_PROTECTED))
            return status;
        return append_all(ret_list, inherited, err);
    }
    if (inherited->count == 0)
        return make_default(creator, object, ret_list, err);
    ret_list->kind = SBX_ACL_LIST;
    return append_all(ret_list, inherited, err);
}

enum sbx_status sbx_inherit_create(const struct sbx_descriptor *parent,
    const struct sbx_descriptor *asked, bool is_directory, const struct sbx_creator *creator,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    struct sbx_descriptor object;
    struct sbx_acl inherited;
    enum sbx_status status = SBX_OK;

    memset(&object, 0, sizeof(object));
    memset(&inherited, 0, sizeof(inherited));
    object.has_owner = object.has_group = true;
    object.owner = asked && asked->has_owner ? asked->owner : creator->owner;
    object.group = asked && asked->has_group ? asked->group : creator->group;
    object.control = SBX_SD_DACL_AUTO_INHERITED;
    if (asked)
        object.control |= asked->control & SBX_SD_DACL_PROTECTED;

    status =
        sbx_acl_inherit(&parent->dacl, is_directory, &object.owner, &object.group, &inherited, err);
    if (status != SBX_OK)
        goto cleanup;
    status = compute_dacl(&inherited, asked, creator, &object, &object.dacl, err);
    if (status != SBX_OK)
        goto cleanup;
    *ret_descriptor = object;
    memset(&object, 0, sizeof(object));

cleanup:
    sbx_acl_done(&inherited);
    sbx_descriptor_done(&object);
    return status;
}

enum sbx_status sbx_inherit_existing(const struct sbx_descriptor *parent,
    const struct sbx_descriptor *child, bool is_directory, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err)
{
    struct sbx_descriptor copy;
    struct sbx_acl dacl;
    enum sbx_status status = SBX_OK;

    memset(&copy, 0, sizeof(copy));
    memset(&dacl, 0, sizeof(dacl));
    status = sbx_descriptor_copy(child, &copy, err);
    if (status != SBX_OK)
        goto cleanup;
    status = sbx_acl_reinherit(&parent->dacl, child, is_directory, &dacl, err);
    if (status != SBX_OK)
        goto cleanup;
    if (dacl.kind == SBX_ACL_LIST && !(child->control & SBX_SD_DACL_PROTECTED))
        copy.control |= SBX_SD_DACL_AUTO_INHERITED;
    sbx_acl_done(&copy.dacl);
    copy.dacl = dacl;
    memset(&dacl, 0, sizeof(dacl));
    *ret_descriptor = copy;
    memset(&copy, 0, sizeof(copy));

cleanup:
    sbx_acl_done(&dacl);
    sbx_descriptor_done(&copy);
    return status;
}
