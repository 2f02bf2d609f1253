/* See grantrun.h. */
#include "grantrun.h"

bool sbx_grantrun_is_explicit(const struct sbx_ace *ace)
{
    return !(ace->flags & SBX_ACE_INHERITED);
}

bool sbx_grantrun_is_deny(const struct sbx_ace *ace)
{
    return ace->type == SBX_ACE_DENY || ace->type == 0x06 || ace->type == 0x0A || ace->type == 0x0C;
}

const struct sbx_acl *sbx_grantrun_form(const struct sbx_grant_block *block, bool is_directory)
{
    return is_directory ? &block->directory : &block->file;
}

bool sbx_grantrun_entry(const struct sbx_grantrun *run, size_t n, struct sbx_ace *ret_ace)
{
    size_t i;

    for (i = 0; i < run->form->count; i++) {
        const struct sbx_ace *ace = &run->form->aces[i];

        if (run->part != SBX_GRANTRUN_ALL &&
            sbx_grantrun_is_deny(ace) != (run->part == SBX_GRANTRUN_DENIES))
            continue;
        if (n-- == 0) {
            *ret_ace = *ace;
            if (run->is_explicit)
                ret_ace->flags &= (uint8_t)~SBX_ACE_INHERITED;
            return true;
        }
    }
    return false;
}

size_t sbx_grantrun_length(const struct sbx_grantrun *run)
{
    struct sbx_ace ace;
    size_t n = 0;

    while (sbx_grantrun_entry(run, n, &ace))
        n++;
    return n;
}

bool sbx_grantrun_is_at(const struct sbx_grantrun *run, const struct sbx_acl *acl, size_t at)
{
    struct sbx_ace ace;
    size_t n;

    for (n = 0; sbx_grantrun_entry(run, n, &ace); n++) {
        if (at + n >= acl->count || !sbx_ace_equal(&acl->aces[at + n], &ace))
            return false;
    }
    return true;
}

size_t sbx_grantrun_find(const struct sbx_grantrun *run, const struct sbx_acl *acl)
{
    size_t at;

    for (at = 0; at < acl->count; at++) {
        if (sbx_grantrun_is_at(run, acl, at))
            return at;
    }
    return SIZE_MAX;
}

enum sbx_status sbx_grantrun_insert(
    const struct sbx_grantrun *run, struct sbx_acl *acl, size_t at, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_ace ace;
    size_t n;

    for (n = 0; sbx_grantrun_entry(run, n, &ace) && !status; n++)
        status = sbx_acl_insert(acl, at + n, &ace, err);
    return status;
}

void sbx_grantrun_erase(struct sbx_acl *acl, size_t at, size_t count)
{
    size_t i;

    for (i = at; i < at + count; i++)
        free(acl->aces[i].rest);
    memmove(
        &acl->aces[at], &acl->aces[at + count], (acl->count - at - count) * sizeof(acl->aces[0]));
    acl->count -= count;
}
