/*
 * The ACEs of protected and denied objects (design 4); those of reads are in plan_reads.c.
 * Boundary B11.
 *
 *   1. A deny names every capability whose root contains the object, and the group: one allow
 *      that no deny answers would be enough.
 *   2. Content of the tree (`.git` files) is untrusted: what it names only ever gets denies, and
 *      never a folder that holds a root or a place of the system.
 *      The caller's own rights are touched inside writable roots only.
 *   3. No ACE on a link or on a file with more than one name: it would land on another object.
 */
#include "plan_parts.h"

#include "utf.h"
#include "winpath.h"

/* True when the object can inherit from the root: then the root's capability must be denied. */
static bool reaches(const struct sbx_plan_root *root, const char *path)
{
    return root->writable && sbx_winpath_is_inside(root->path, path);
}

/*
 * Deny for P of every writable root that contains ace->path or `also` (the `.git` file that names
 * it). Returns SBX_OK without an ACE when no root does.
 */
static enum sbx_status deny_for_roots(struct sbx_plan_work *work, const struct sbx_plan_ace *ace,
    const char *also, struct sbx_error *err)
{
    struct sbx_plan *plan = work->plan;
    enum sbx_status status = SBX_OK;
    bool any = false;
    size_t i;

    for (i = 0; !status && i < plan->root_count; i++)
        if (reaches(&plan->roots[i], ace->path) || (also && reaches(&plan->roots[i], also))) {
            any = true;
            status = sbx_plan_add_ace(plan, plan->roots[i].capability_sid, ace, err);
        }
    if (!status && any && plan->mode == SBX_MODE_ELEVATED)
        status = sbx_plan_add_ace(plan, work->facts->group_sid, ace, err);
    return status;
}

static bool has_ace(const struct sbx_plan *plan, const struct sbx_plan_ace *ace)
{
    size_t i;

    for (i = 0; i < plan->ace_count; i++)
        if (plan->aces[i].why == ace->why && sbx_winpath_equal(plan->aces[i].path, ace->path))
            return true;
    return false;
}

/*
 * The deny of an object deep in a root could be walked around by renaming a folder above it and
 * building the path again, so these folders lose DELETE (design 4 has it for nested roots only),
 * and FILE_DELETE_CHILD, which Everyone or CREATOR OWNER may have been given there.
 */
static enum sbx_status deny_chain(
    struct sbx_plan_work *work, const char *path, struct sbx_error *err)
{
    static const char why[] = "above-denied";
    struct sbx_plan_ace ace = {NULL, NULL, SBX_ACE_DENY, 0, SBX_MASK_DENY_ABOVE, why};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < work->plan->root_count; i++) {
        const struct sbx_plan_root *root = &work->plan->roots[i];
        char *at = NULL, *up = NULL;

        if (!reaches(root, path) || sbx_winpath_equal(root->path, path))
            continue;
        status = sbx_winpath_parent(path, &at, err);
        while (!status && !sbx_winpath_equal(at, root->path)) {
            ace.path = at;
            if (!has_ace(work->plan, &ace))
                status = deny_for_roots(work, &ace, NULL, err);
            if (!status)
                status = sbx_plan_deny_delete_child(work, at, 0, err);
            if (!status)
                status = sbx_winpath_parent(at, &up, err);
            free(at);
            at = up;
            up = NULL;
        }
        free(at);
    }
    return status;
}

static bool is_in_writable_root(const struct sbx_plan *plan, const char *path)
{
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (reaches(&plan->roots[i], path))
            return true;
    return false;
}

/*
 * What else holds a denied object in its place: the folders above it, and for a directory the
 * caller's own right to delete in it. Nothing outside of writable roots.
 */
static enum sbx_status hold(struct sbx_plan_work *work, const struct sbx_plan_ace *ace,
    bool is_directory, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (!is_in_writable_root(work->plan, ace->path))
        return SBX_OK;
    if (is_directory)
        status = sbx_plan_deny_delete_child(work, ace->path, ace->flags & SBX_ACE_CI, err);
    return status ? status : deny_chain(work, ace->path, err);
}

static bool is_git_directory(const struct sbx_object_fact *object)
{
    return object->is_directory &&
           sbx_utf_equal_ci_ascii(sbx_winpath_base_name(object->path), ".git");
}

/* --- what a `.git` file names ---------------------------------------------------------------- */

static const char *target_rule(const struct sbx_plan_work *work, const char *target)
{
    size_t i;

    if (!sbx_winpath_is_normal(target) || sbx_winpath_classify(target) != SBX_WINPATH_DRIVE)
        return "is not a local path";
    for (i = 0; i < work->plan->root_count; i++)
        if (sbx_winpath_is_inside(target, work->plan->roots[i].path))
            return "holds the root itself";
    return sbx_plan_forbidden_place(work->facts, target);
}

static enum sbx_status deny_target(struct sbx_plan_work *work, const struct sbx_object_fact *object,
    char *target, const char *why, struct sbx_error *err)
{
    struct sbx_plan_ace ace = {
        target, NULL, SBX_ACE_DENY, SBX_ACE_OI | SBX_ACE_CI, SBX_MASK_DENY_WRITE, why};
    enum sbx_status status;
    const char *rule;
    size_t i;

    if (!target)
        return SBX_OK;
    rule = target_rule(work, target);
    if (rule)
        return sbx_plan_warn(work->plan, err, "'%s' names '%s', which %s: nothing is denied there",
            object->path, target, rule);
    for (i = 0; work->plan->git == SBX_GIT_WRITE && i < work->plan->root_count; i++)
        if (reaches(&work->plan->roots[i], target)) {
            /* A module inside the root: git may write it, its hooks and config are denied. */
            ace.flags = 0;
            ace.mask = SBX_MASK_DENY_REPLACE;
        }
    status = deny_for_roots(work, &ace, object->path, err);
    return status ? status : hold(work, &ace, true, err);
}

/* --- one object ------------------------------------------------------------------------------ */

/* What a `.git` file names is denied whatever becomes of the file itself: who can add a name to the
 * file must not take the denies away. */
static enum sbx_status deny_targets(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    enum sbx_status status;

    if (object->kind != SBX_OBJECT_PROTECTED)
        return SBX_OK;
    status = deny_target(work, object, object->gitdir_target, "gitdir-target", err);
    if (!status)
        status = deny_target(work, object, object->commondir_target, "commondir-target", err);
    return status;
}

static enum sbx_status deny_write(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    static const char *const whys[] = {"protected", "deny-write", "git-inner"};
    struct sbx_plan_ace ace = {object->path, NULL, SBX_ACE_DENY,
        object->is_directory ? SBX_ACE_OI | SBX_ACE_CI : 0, SBX_MASK_DENY_WRITE,
        whys[object->kind]};
    enum sbx_status status;

    if (object->kind == SBX_OBJECT_PROTECTED && work->plan->git == SBX_GIT_WRITE &&
        is_git_directory(object)) {
        ace.flags = 0;
        ace.mask = SBX_MASK_DENY_REPLACE;
        ace.why = "git-write";
    }
    status = deny_for_roots(work, &ace, NULL, err);
    if (!status)
        status = hold(work, &ace, object->is_directory, err);
    return status ? status : deny_targets(work, object, err);
}

/* Rule 3. */
static enum sbx_status leave_names(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    enum sbx_status status = sbx_plan_warn(work->plan, err,
        "'%s' has %u names (hard links): its access list is left alone", object->path,
        (unsigned)object->link_count);

    return status ? status : deny_targets(work, object, err);
}

enum sbx_status sbx_plan_object_aces(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_facts *facts = work->facts;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < facts->object_count; i++) {
        const struct sbx_object_fact *object = &facts->objects[i];

        if (object->kind > SBX_OBJECT_GIT_INNER)
            status = sbx_plan_read_object(work, object, err);
        else if (object->is_reparse)
            status = sbx_plan_warn(work->plan, err,
                "'%s' is a link: neither it nor what it names is protected", object->path);
        else if (!object->is_directory && object->link_count > 1)
            status = leave_names(work, object, err);
        else
            status = deny_write(work, object, err);
    }
    return status;
}
