/*
 * The ACEs of roots (design 4). Home and TEMP are made with descriptors of their own. Boundary B1.
 *
 *   1. P is the capability SID, in elevated mode also the group: both passes of the access check
 *      of a write-restricted token need their own grant.
 *   2. FILE_DELETE_CHILD is in no allow, and denied on the root: with it, the right to delete a
 *      protected child would come from the parent and go round the child's deny.
 *   3. OWNER RIGHTS never stands without the caller's full access, or the user loses the files.
 *      In elevated mode only: there an account owns what the child makes. In unelevated mode pass 2
 *      refuses WRITE_DAC to the owner, and the entry would only end the implicit rights of the
 *      user, who may need them to take back a deny of his own, and of other owners.
 *   4. A read-only root gets nothing in unelevated mode, where reads are open.
 *   5. In unelevated mode the child has the user's own FILE_DELETE_CHILD, which pass 2 does not
 *      see (accesscheck.h), so a deny for the capability would not be asked. Where it would let
 *      the child delete or rename what must stay, the user's SID is denied it. The user goes on
 *      deleting everything by DELETE on the child itself, which the root passes on to all.
 */
#include "plan_parts.h"

#include "winpath.h"

/* Grown as sbx_strings: the allocation holds the next power of two from 16 on. */
static enum sbx_status reserve_ace(struct sbx_plan *plan, struct sbx_error *err)
{
    struct sbx_plan_ace *aces = NULL;
    size_t count = plan->ace_count;
    enum sbx_status status;

    if (count >= SBX_PLAN_ACES_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u access entries", SBX_PLAN_ACES_MAX);
    if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
        return SBX_OK;
    status = sbx_calloc(count ? count * 2 : 16, sizeof(*aces), &aces, err);
    if (status)
        return status;
    if (count)
        memcpy(aces, plan->aces, count * sizeof(*aces));
    free(plan->aces);
    plan->aces = aces;
    return SBX_OK;
}

enum sbx_status sbx_plan_add_ace(
    struct sbx_plan *plan, const char *sid, const struct sbx_plan_ace *ace, struct sbx_error *err)
{
    struct sbx_plan_ace copy = *ace;
    enum sbx_status status = reserve_ace(plan, err);

    copy.path = NULL;
    copy.sid = NULL;
    if (!status)
        status = sbx_strdup(ace->path, &copy.path, err);
    if (!status)
        status = sbx_strdup(sid, &copy.sid, err);
    if (status) {
        free(copy.path);
        return status;
    }
    plan->aces[plan->ace_count++] = copy;
    return SBX_OK;
}

/* One row of the table for P. */
static enum sbx_status add_for_p(struct sbx_plan_work *work, const char *capability_sid,
    const struct sbx_plan_ace *ace, struct sbx_error *err)
{
    enum sbx_status status = sbx_plan_add_ace(work->plan, capability_sid, ace, err);

    if (!status && work->plan->mode == SBX_MODE_ELEVATED)
        status = sbx_plan_add_ace(work->plan, work->facts->group_sid, ace, err);
    return status;
}

enum sbx_status sbx_plan_deny_delete_child(
    struct sbx_plan_work *work, const char *directory, uint8_t flags, struct sbx_error *err)
{
    static const char why[] = "caller-delete-child";
    struct sbx_plan_ace ace = {NULL, NULL, SBX_ACE_DENY, flags, SBX_MASK_DELETE_CHILD, why};
    const struct sbx_plan *plan = work->plan;
    enum sbx_status status;
    size_t i;

    if (plan->mode != SBX_MODE_UNELEVATED)
        return SBX_OK;
    for (i = 0; i < plan->ace_count; i++)
        if (plan->aces[i].why == why && plan->aces[i].flags == flags &&
            sbx_winpath_equal(plan->aces[i].path, directory))
            return SBX_OK;
    status = sbx_strdup(directory, &ace.path, err);
    if (!status)
        status = sbx_plan_add_ace(work->plan, work->facts->caller_sid, &ace, err);
    free(ace.path);
    return status;
}

/* Renaming a folder between R and R2 would put another folder in the place of R2. */
static enum sbx_status add_nested(struct sbx_plan_work *work, const struct sbx_plan_root *root,
    const struct sbx_plan_root *nested, struct sbx_error *err)
{
    struct sbx_plan_ace ace = {nested->path, NULL, SBX_ACE_DENY, 0, SBX_MASK_DELETE, "nested-root"};
    enum sbx_status status = add_for_p(work, root->capability_sid, &ace, err);
    char *at = NULL, *up = NULL;

    if (!status)
        status = sbx_winpath_parent(nested->path, &at, err);
    while (!status && !sbx_winpath_equal(at, root->path)) {
        ace.path = at;
        ace.mask = SBX_MASK_DENY_ABOVE;
        ace.why = "above-nested-root";
        status = add_for_p(work, root->capability_sid, &ace, err);
        if (!status)
            status = sbx_plan_deny_delete_child(work, at, 0, err);
        if (!status)
            status = sbx_winpath_parent(at, &up, err);
        if (!status) {
            free(at);
            at = up;
            up = NULL;
        }
    }
    free(at);
    return status;
}

static enum sbx_status add_writable(
    struct sbx_plan_work *work, const struct sbx_plan_root *root, struct sbx_error *err)
{
    const uint8_t inherited = SBX_ACE_OI | SBX_ACE_CI;
    const struct sbx_plan_ace for_p[] = {
        {root->path, NULL, SBX_ACE_ALLOW, 0, SBX_MASK_RWX, "root"},
        {root->path, NULL, SBX_ACE_ALLOW, inherited | SBX_ACE_IO, SBX_MASK_RWXD, "root-children"},
        {root->path, NULL, SBX_ACE_DENY, 0, SBX_MASK_DELETE_CHILD, "root-delete-child"},
    };
    const struct sbx_plan_ace caller = {
        root->path, NULL, SBX_ACE_ALLOW, inherited, SBX_MASK_FULL, "caller-manages"};
    const struct sbx_plan_ace owner = {root->path, NULL, SBX_ACE_ALLOW, inherited | SBX_ACE_IO,
        SBX_MASK_READ_CONTROL, "owner-rights"};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(for_p); i++)
        status = add_for_p(work, root->capability_sid, &for_p[i], err);
    if (!status)
        status = sbx_plan_deny_delete_child(work, root->path, 0, err);
    if (!status)
        status = sbx_plan_add_ace(work->plan, work->facts->caller_sid, &caller, err);
    if (!status && work->plan->mode == SBX_MODE_ELEVATED)
        status = sbx_plan_add_ace(work->plan, SBX_OWNER_RIGHTS_SID, &owner, err);
    for (i = 0; !status && i < work->plan->root_count; i++) {
        const struct sbx_plan_root *other = &work->plan->roots[i];

        if (other->writable && !sbx_winpath_equal(other->path, root->path) &&
            sbx_winpath_is_inside(root->path, other->path))
            status = add_nested(work, root, other, err);
    }
    return status;
}

/* What lies in a writable root is read by that root's entries. One more allow there would stand in
 * one block with the denies that such a directory often has (grantstep.h). */
static bool is_in_writable(const struct sbx_plan *plan, const char *path)
{
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (plan->roots[i].writable && sbx_winpath_is_inside(plan->roots[i].path, path))
            return true;
    return false;
}

/* Never a whole profile or system folder: the account reads what every user may read there. */
static enum sbx_status add_readable(
    struct sbx_plan_work *work, const struct sbx_plan_root *root, struct sbx_error *err)
{
    const struct sbx_plan_ace ace = {
        root->path, NULL, SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI, SBX_MASK_RX, "read-root"};
    const char *rule = sbx_plan_forbidden_place(work->facts, root->path);

    if (work->plan->mode != SBX_MODE_ELEVATED || is_in_writable(work->plan, root->path))
        return SBX_OK;
    if (rule || !root->capability_sid || !sbx_winpath_is_normal(root->path))
        return sbx_plan_warn(work->plan, err, "'%s' gets no read access of its own: it %s",
            root->path, rule ? rule : "has no identity on a local volume");
    return sbx_plan_add_ace(work->plan, work->facts->group_sid, &ace, err);
}

enum sbx_status sbx_plan_aces(struct sbx_plan_work *work, struct sbx_error *err)
{
    struct sbx_plan *plan = work->plan;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < plan->root_count; i++)
        status = plan->roots[i].writable ? add_writable(work, &plan->roots[i], err)
                                         : add_readable(work, &plan->roots[i], err);
    return status ? status : sbx_plan_object_aces(work, err);
}
