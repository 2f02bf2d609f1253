/* Edits that change exactly what is ours in an access list. See acldata.h. */
#include "acldata.h"

static bool is_explicit(const struct sbx_ace *ace)
{
    return !(ace->flags & SBX_ACE_INHERITED);
}

/* Deny, object deny, callback deny, callback object deny. */
static bool is_deny(const struct sbx_ace *ace)
{
    return ace->type == SBX_ACE_DENY || ace->type == 0x06 || ace->type == 0x0A || ace->type == 0x0C;
}

/* Explicit deny 0, other explicit 1, inherited 2: canonical when never falling. */
static int rank(const struct sbx_ace *ace)
{
    if (!is_explicit(ace))
        return 2;
    return is_deny(ace) ? 0 : 1;
}

bool sbx_acl_is_canonical(const struct sbx_acl *acl)
{
    size_t i;

    for (i = 1; i < acl->count; i++) {
        if (rank(&acl->aces[i]) < rank(&acl->aces[i - 1]))
            return false;
    }
    return true;
}

size_t sbx_acl_find(const struct sbx_acl *acl, const struct sbx_ace *ace, size_t start)
{
    size_t i;

    for (i = start; i < acl->count; i++) {
        if (sbx_ace_equal(&acl->aces[i], ace))
            return i;
    }
    return SIZE_MAX;
}

/* How many explicit denies the list begins with: they work whatever comes after them. */
static size_t leading_denies(const struct sbx_acl *acl)
{
    size_t i = 0;

    while (i < acl->count && rank(&acl->aces[i]) == 0)
        i++;
    return i;
}

static size_t behind_last_explicit(const struct sbx_acl *acl)
{
    size_t i = acl->count;

    while (i > 0 && !is_explicit(&acl->aces[i - 1]))
        i--;
    return i;
}

/* A deny behind an allow is there but may not work, so it does not count. */
static bool is_present(const struct sbx_acl *acl, const struct sbx_ace *ace)
{
    size_t at = sbx_acl_find(acl, ace, 0);

    return at != SIZE_MAX && (!is_deny(ace) || at < leading_denies(acl));
}

bool sbx_acl_has_all(const struct sbx_acl *acl, const struct sbx_ace *ours, size_t count)
{
    size_t i;

    if (acl->kind != SBX_ACL_LIST)
        return false;
    for (i = 0; i < count; i++) {
        if (!is_present(acl, &ours[i]))
            return false;
    }
    return true;
}

static enum sbx_status check_ours(const struct sbx_ace *ours, size_t count, struct sbx_error *err)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!is_explicit(&ours[i]) || ours[i].rest_bytes ||
            (ours[i].type != SBX_ACE_ALLOW && ours[i].type != SBX_ACE_DENY))
            return sbx_fail(err, SBX_INTERNAL, "entry %zu is not a plain explicit one", i);
    }
    return SBX_OK;
}

enum sbx_status sbx_acl_merge(struct sbx_acl *acl, const struct sbx_ace *ours, size_t count,
    size_t *ret_added, struct sbx_error *err)
{
    struct sbx_acl merged;
    enum sbx_status status = check_ours(ours, count, err);
    size_t added = 0;
    size_t i;

    if (status)
        return status;
    if (acl->kind != SBX_ACL_LIST)
        return sbx_fail(
            err, SBX_UNSUPPORTED, "the object has no access list (everyone has full access)");
    *ret_added = 0;
    if (sbx_acl_has_all(acl, ours, count))
        return SBX_OK;
    memset(&merged, 0, sizeof(merged));
    status = sbx_acl_copy(acl, &merged, err);
    for (i = 0; i < count && !status; i++) {
        if (is_present(&merged, &ours[i]))
            continue;
        status = sbx_acl_insert(&merged,
            is_deny(&ours[i]) ? leading_denies(&merged) : behind_last_explicit(&merged), &ours[i],
            err);
        added++;
    }
    if (status) {
        sbx_acl_done(&merged);
        return status;
    }
    sbx_acl_done(acl);
    *acl = merged;
    *ret_added = added;
    return SBX_OK;
}

/* Drop the entries that `drop` says, keeping order and bytes of the others. */
static size_t remove_where(struct sbx_acl *acl,
    bool (*drop)(const struct sbx_ace *ace, const void *context), const void *context)
{
    size_t kept = 0;
    size_t removed;
    size_t i;

    for (i = 0; i < acl->count; i++) {
        if (is_explicit(&acl->aces[i]) && drop(&acl->aces[i], context))
            free(acl->aces[i].rest);
        else
            acl->aces[kept++] = acl->aces[i];
    }
    removed = acl->count - kept;
    acl->count = kept;
    return removed;
}

struct ours {
    const struct sbx_ace *aces;
    size_t count;
};

static bool is_one_of(const struct sbx_ace *ace, const void *context)
{
    const struct ours *ours = context;
    size_t i;

    for (i = 0; i < ours->count; i++) {
        if (sbx_ace_equal(ace, &ours->aces[i]))
            return true;
    }
    return false;
}

size_t sbx_acl_remove(struct sbx_acl *acl, const struct sbx_ace *ours, size_t count)
{
    struct ours context = {ours, count};

    return remove_where(acl, is_one_of, &context);
}

size_t sbx_acl_remove_first(struct sbx_acl *acl, const struct sbx_ace *ours)
{
    size_t at = 0, i;

    while (at < acl->count && !sbx_ace_equal(&acl->aces[at], ours))
        at++;
    if (at == acl->count)
        return 0;
    free(acl->aces[at].rest);
    for (i = at; i + 1 < acl->count; i++)
        acl->aces[i] = acl->aces[i + 1];
    acl->count--;
    return 1;
}

size_t sbx_acl_count_equal(const struct sbx_acl *acl, const struct sbx_ace *ace)
{
    size_t i, count = 0;

    for (i = 0; i < acl->count; i++)
        count += sbx_ace_equal(&acl->aces[i], ace) ? 1u : 0u;
    return count;
}

static bool is_for_sid(const struct sbx_ace *ace, const void *context)
{
    return (ace->type == SBX_ACE_ALLOW || ace->type == SBX_ACE_DENY) &&
           sbx_sid_equal(&ace->sid, context);
}

size_t sbx_acl_remove_sid(struct sbx_acl *acl, const struct sbx_sid *sid)
{
    return remove_where(acl, is_for_sid, sid);
}
