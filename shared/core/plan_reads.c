/*
 * Reads of elevated mode (design 4): what the account reads beyond its own rights, and what it may
 * not. Boundary B22. Everything is for the group: a write-restricted token's reads are asked in the
 * first pass only.
 *
 *   1. An explicit entry stands before the inherited ones. So an allowRead inside a denied folder
 *      beats the deny that it inherits, as it should; and so would a writable root or a tool home
 *      in there, as it should not: a root gets the deny as an entry of its own, a tool home
 * nothing.
 *   2. The machine's denyRead is beaten by no allowRead, neither inside of it nor around it.
 *   3. What must be denied and cannot be is an error, not a warning: a file with further names, a
 *      link. What would have been given is only a warning.
 *   4. Never a whole profile; no place of keys or browser data on the word of PATH (toolhome.h).
 */
#include "plan_parts.h"

#include "toolhome.h"
#include "winpath.h"

static const uint8_t tree = SBX_ACE_OI | SBX_ACE_CI;

/* An object of that kind that is the path or contains it. */
static bool is_covered(const struct sbx_facts *facts, enum sbx_object_kind kind, const char *path)
{
    size_t i;

    for (i = 0; i < facts->object_count; i++)
        if (facts->objects[i].kind == kind && sbx_winpath_is_inside(facts->objects[i].path, path))
            return true;
    return false;
}

/* Rule 2: also one that lies in the path, whose deny a wider allow must not be given beside. */
static bool is_machines(const struct sbx_facts *facts, const char *path)
{
    size_t i;

    for (i = 0; i < facts->object_count; i++)
        if (facts->objects[i].kind == SBX_OBJECT_DENY_READ_MACHINE &&
            (sbx_winpath_is_inside(facts->objects[i].path, path) ||
                sbx_winpath_is_inside(path, facts->objects[i].path)))
            return true;
    return false;
}

static enum sbx_status add(struct sbx_plan_work *work, const char *path, uint8_t type,
    uint8_t flags, uint32_t mask, const char *why, struct sbx_error *err)
{
    struct sbx_plan_ace ace = {NULL, NULL, type, flags, mask, why};
    enum sbx_status status = sbx_strdup(path, &ace.path, err);

    if (!status)
        status = sbx_plan_add_ace(work->plan, work->facts->group_sid, &ace, err);
    free(ace.path);
    return status;
}

/* --- denyRead -----------------------------------------------------------------------------------
 */

/* Rule 3. */
static enum sbx_status refuse_undeniable(
    const struct sbx_object_fact *object, struct sbx_error *err)
{
    if (object->is_reparse)
        (void)sbx_fail(err, SBX_DENIED, "denyRead '%s' is a link, which takes no entry that counts",
            object->path);
    else
        (void)sbx_fail(err, SBX_DENIED,
            "denyRead '%s' has %u names (hard links), and only one of them would be denied",
            object->path, (unsigned)object->link_count);
    sbx_error_hint(err, "name the folder that it lies in");
    return SBX_DENIED;
}

/* Rule 1: roots inside the denied folder have entries of their own. */
static enum sbx_status deny_roots(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    const struct sbx_plan *plan = work->plan;
    bool machine = object->kind == SBX_OBJECT_DENY_READ_MACHINE;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < plan->root_count; i++) {
        const char *path = plan->roots[i].path;

        if (!sbx_winpath_is_inside(object->path, path) || sbx_winpath_equal(object->path, path) ||
            (!machine && is_covered(work->facts, SBX_OBJECT_ALLOW_READ, path)))
            continue;
        status = add(work, path, SBX_ACE_DENY, tree, SBX_MASK_DENY_READ, "deny-read", err);
        if (!status)
            status =
                sbx_plan_warn(work->plan, err, "'%s' cannot be read: denyRead covers it", path);
    }
    return status;
}

static enum sbx_status deny(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    uint8_t flags = object->is_directory ? tree : 0;
    enum sbx_status status;

    if (object->kind == SBX_OBJECT_DENY_READ &&
        is_covered(work->facts, SBX_OBJECT_ALLOW_READ, object->path))
        return SBX_OK;
    if (object->is_reparse || (!object->is_directory && object->link_count > 1))
        return refuse_undeniable(object, err);
    status = add(work, object->path, SBX_ACE_DENY, flags, SBX_MASK_DENY_READ, "deny-read", err);
    return status ? status : deny_roots(work, object, err);
}

/* --- allowRead, tool homes, ancestors ------------------------------------------------------------
 */

static enum sbx_status leave(struct sbx_plan_work *work, const char *what, const char *path,
    const char *rule, struct sbx_error *err)
{
    return sbx_plan_warn(work->plan, err, "%s '%s' gets no read access: it %s", what, path, rule);
}

static enum sbx_status allow(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    const char *rule = sbx_plan_forbidden_read(work->facts, object->path);

    if (is_machines(work->facts, object->path))
        return sbx_plan_warn(work->plan, err,
            "'%s' stays unreadable: the machine's denyRead covers it", object->path);
    if (object->is_reparse)
        rule = "is a link";
    else if (!object->is_directory && object->link_count > 1)
        rule = "has further names (hard links)";
    if (rule)
        return leave(work, "allowRead", object->path, rule, err);
    return add(work, object->path, SBX_ACE_ALLOW, object->is_directory ? tree : 0, SBX_MASK_RX,
        "allow-read", err);
}

static bool is_in_writable(const struct sbx_plan *plan, const char *path)
{
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (plan->roots[i].writable && sbx_winpath_is_inside(plan->roots[i].path, path))
            return true;
    return false;
}

/* Nothing is lost but convenience, and the policy asked for none of it: no line for most of them.
 */
static enum sbx_status allow_tool(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    const struct sbx_facts *facts = work->facts;

    if (object->is_reparse || !object->is_directory || is_in_writable(work->plan, object->path))
        return SBX_OK;
    if (is_machines(facts, object->path) || is_covered(facts, SBX_OBJECT_DENY_READ, object->path) ||
        sbx_toolhome_denied(facts->profile, object->path) ||
        sbx_plan_forbidden_read(facts, object->path))
        return leave(work, "the tool folder", object->path, "is kept from commands", err);
    return add(work, object->path, SBX_ACE_ALLOW, tree, SBX_MASK_RX, "tool-home", err);
}

/* This object only, and no listing: programs ask for the attributes of each folder on their way. */
static enum sbx_status allow_way(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    if (object->is_reparse || is_in_writable(work->plan, object->path))
        return SBX_OK;
    return add(work, object->path, SBX_ACE_ALLOW, 0, SBX_MASK_ANCESTOR, "ancestor", err);
}

enum sbx_status sbx_plan_read_object(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err)
{
    if (work->plan->mode != SBX_MODE_ELEVATED)
        return SBX_OK;
    switch (object->kind) {
    case SBX_OBJECT_DENY_READ:
    case SBX_OBJECT_DENY_READ_MACHINE:
        return deny(work, object, err);
    case SBX_OBJECT_ALLOW_READ:
        return allow(work, object, err);
    case SBX_OBJECT_TOOL_HOME:
        return allow_tool(work, object, err);
    case SBX_OBJECT_ANCESTOR:
        return allow_way(work, object, err);
    default:
        return sbx_fail(err, SBX_INTERNAL, "'%s' is no object of reads", object->path);
    }
}
