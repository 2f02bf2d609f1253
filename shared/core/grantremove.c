/* Taking back what grantstep.c added. See grantstep.h. */
#include "grantrun.h"

static size_t longest(const struct sbx_grant_removal *removal, bool is_directory)
{
    size_t most = 0;
    size_t i;

    for (i = 0; i < removal->block_count; i++) {
        size_t count = sbx_grantrun_form(removal->blocks[i], is_directory)->count;

        most = count > most ? count : most;
    }
    return most;
}

/* Every occurrence of the run. Returns how many entries went. */
static size_t remove_run(const struct sbx_grantrun *run, struct sbx_acl *acl)
{
    size_t length = sbx_grantrun_length(run);
    size_t removed = 0;
    size_t at;

    while (length && (at = sbx_grantrun_find(run, acl)) != SIZE_MAX) {
        sbx_grantrun_erase(acl, at, length);
        removed += length;
    }
    return removed;
}

static size_t remove_block(
    const struct sbx_grant_block *block, bool is_directory, struct sbx_acl *acl)
{
    const struct sbx_acl *form = sbx_grantrun_form(block, is_directory);
    const struct sbx_grantrun runs[] = {{form, SBX_GRANTRUN_ALL, false},
        {form, SBX_GRANTRUN_DENIES, true}, {form, SBX_GRANTRUN_ALLOWS, true}};
    size_t removed = 0;
    size_t i;

    for (i = 0; i < countof(runs); i++)
        removed += remove_run(&runs[i], acl);
    return removed;
}

/* What is left of our SID, explicit or inherited: nothing else on this machine has it. */
static size_t remove_capability(struct sbx_acl *acl, const struct sbx_sid *capability)
{
    size_t removed = 0;
    size_t i = 0;

    while (i < acl->count) {
        const struct sbx_ace *ace = &acl->aces[i];

        if ((ace->type == SBX_ACE_ALLOW || ace->type == SBX_ACE_DENY) &&
            sbx_sid_equal(&ace->sid, capability)) {
            sbx_grantrun_erase(acl, i, 1);
            removed++;
        } else {
            i++;
        }
    }
    return removed;
}

enum sbx_status sbx_grant_step_remove(const struct sbx_descriptor *descriptor, bool is_directory,
    const struct sbx_grant_removal *removal, struct sbx_acl *ret_dacl, bool *ret_changed,
    size_t *ret_irregular, struct sbx_error *err)
{
    struct sbx_acl dacl;
    enum sbx_status status = SBX_OK;
    size_t removed = 0;
    size_t irregular = 0;
    size_t length;
    size_t i;

    memset(&dacl, 0, sizeof(dacl));
    *ret_changed = false;
    if (ret_irregular)
        *ret_irregular = 0;
    if (descriptor->dacl.kind != SBX_ACL_LIST)
        return SBX_OK;
    status = sbx_acl_copy(&descriptor->dacl, &dacl, err);
    if (status)
        return status;
    removed += sbx_acl_remove(&dacl, removal->added, removal->added_count);
    /* Longer ones first: a grant in another mode may have left a block that is part of another. */
    for (length = longest(removal, is_directory); length > 0; length--) {
        for (i = 0; i < removal->block_count; i++) {
            if (sbx_grantrun_form(removal->blocks[i], is_directory)->count == length)
                removed += remove_block(removal->blocks[i], is_directory, &dacl);
        }
    }
    if (removal->capability)
        irregular = remove_capability(&dacl, removal->capability);
    if (ret_irregular)
        *ret_irregular = irregular;
    if (removed + irregular) {
        *ret_dacl = dacl;
        *ret_changed = true;
        return SBX_OK;
    }
    sbx_acl_done(&dacl);
    return SBX_OK;
}
