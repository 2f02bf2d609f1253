/*
 * The grant engine over a random world: the order, the skips and the refusals of agent/grants.c
 * and agent/grantwalk.c, with the same pure steps for what an access list becomes. See worlds.h.
 */
#include "shared/core/grantunit.h"
#include "shared/core/winpath.h"
#include "tests/support/unit.h"
#include "worlds.h"

struct engine {
    struct worlds *worlds;
    const struct sbx_plan *plan;
    const struct sbx_grant_unit *unit;
    struct sbx_access_token user;
    size_t *nodes; /* of the unit's targets; SIZE_MAX: not there, or skipped */
    struct sbx_grant_level *levels;
    bool in_danger;
};

static struct sbx_descriptor *descriptor_of(const struct engine *engine, size_t node)
{
    return &engine->worlds->files[engine->worlds->nodes[node].file].now;
}

static bool user_may(const struct engine *engine, size_t node, uint32_t mask)
{
    return (worlds_rights(descriptor_of(engine, node), &engine->user, 0) & mask) == mask;
}

static bool must_skip(const struct engine *engine, size_t node)
{
    const struct worlds *worlds = engine->worlds;
    const struct sbx_descriptor *d = descriptor_of(engine, node);

    if (d->dacl.kind != SBX_ACL_LIST)
        return true;
    if (engine->plan->mode == SBX_MODE_ELEVATED || worlds->has_accounts)
        if (sbx_sid_equal(&d->owner, &worlds->account))
            return true;
    return !worlds->nodes[node].is_directory && worlds->files[worlds->nodes[node].file].links != 1;
}

static bool refuse(const struct engine *engine, size_t node, const char *reason)
{
    engine->worlds->reason = reason;
    engine->worlds->reason_node = node;
    return false;
}

static void write_list(struct engine *engine, size_t node, struct sbx_acl *dacl)
{
    struct sbx_descriptor *d = descriptor_of(engine, node);

    sbx_acl_done(&d->dacl);
    d->dacl = *dacl;
    engine->worlds->nodes[node].written = true;
}

/* --- the objects that the plan names -----------------------------------------------------------
 */

static bool open_target(struct engine *engine, size_t index)
{
    const char *path = engine->unit->targets[index].path;
    size_t node = worlds_find(engine->worlds, path);

    engine->nodes[index] = node;
    if (node == SIZE_MAX)
        return index > 0;
    if (engine->worlds->nodes[node].is_reparse) {
        engine->nodes[index] = SIZE_MAX;
        return index > 0;
    }
    return user_may(engine, node, SBX_READ_CONTROL) || refuse(engine, node, "cannot be read");
}

/* An object that cannot have its deny must not need it. */
static bool skip_target(struct engine *engine, size_t index)
{
    const struct sbx_grant_target *target = &engine->unit->targets[index];
    size_t node = engine->nodes[index];
    const struct sbx_acl *dacl = &descriptor_of(engine, node)->dacl;
    size_t i;

    engine->worlds->nodes[node].left = true;
    engine->nodes[index] = SIZE_MAX;
    for (i = 0; i < target->count; i++)
        if (target->aces[i].type == SBX_ACE_DENY && !(target->aces[i].flags & SBX_ACE_IO) &&
            sbx_grant_lets(dacl, &target->aces[i].sid, 1, target->aces[i].mask))
            return refuse(engine, node, "must be denied, is open and is left");
    return true;
}

static bool judge_target(struct engine *engine, size_t index)
{
    const struct sbx_grant_target *target = &engine->unit->targets[index];
    size_t node = engine->nodes[index];

    if (node == SIZE_MAX || !target->count ||
        sbx_acl_has_all(&descriptor_of(engine, node)->dacl, target->aces, target->count))
        return true;
    if (must_skip(engine, node) && index == 0 && engine->unit->root)
        return refuse(engine, node, "is a root that must be left");
    if (must_skip(engine, node))
        return skip_target(engine, index);
    return user_may(engine, node, SBX_READ_CONTROL | SBX_WRITE_DAC) ||
           refuse(engine, node, "cannot be granted by the user");
}

static void write_target(struct engine *engine, size_t index)
{
    const struct sbx_grant_target *target = &engine->unit->targets[index];
    size_t node = engine->nodes[index];
    struct sbx_acl dacl;
    struct sbx_error err;
    size_t added = 0;

    if (node == SIZE_MAX || !target->count)
        return;
    if (index == 0)
        engine->worlds->nodes[node].reached++;
    memset(&dacl, 0, sizeof(dacl));
    ck_assert_sbx_ok(sbx_acl_copy(&descriptor_of(engine, node)->dacl, &dacl, &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&dacl, target->aces, target->count, &added, &err), &err);
    if (added)
        write_list(engine, node, &dacl);
    else
        sbx_acl_done(&dacl);
}

/* --- what is below -----------------------------------------------------------------------------
 */

static bool is_open_to_child(
    const struct sbx_grant_level *nearest, const struct sbx_acl *dacl, bool is_directory)
{
    const struct sbx_grant_level *level;
    size_t i;

    for (level = nearest; level && !level->block->allows; level = level->parent) {
        const struct sbx_acl *form = is_directory ? &level->block->directory : &level->block->file;

        for (i = 0; i < form->count; i++)
            if (!(form->aces[i].flags & SBX_ACE_IO) &&
                sbx_grant_lets(dacl, &form->aces[i].sid, 1, form->aces[i].mask))
                return true;
    }
    return false;
}

static void stamp(struct engine *engine, size_t node, const struct sbx_grant_target *own,
    const struct sbx_grant_level *nearest, bool may_write)
{
    struct worlds_node *at = &engine->worlds->nodes[node];
    struct sbx_grant_child child = {descriptor_of(engine, node), at->is_directory, NULL, 0};
    bool is_list = child.descriptor->dacl.kind == SBX_ACL_LIST;
    struct sbx_acl dacl;
    struct sbx_error err;
    bool changed = !is_list;

    memset(&dacl, 0, sizeof(dacl));
    if (own) {
        child.own = own->aces;
        child.own_count = own->count;
    }
    if (is_list)
        ck_assert_sbx_ok(sbx_grant_step_add(&child, nearest, &dacl, &changed, &err), &err);
    if (changed && !must_skip(engine, node) && may_write) {
        write_list(engine, node, &dacl);
        return;
    }
    sbx_acl_done(&dacl);
    if (!changed)
        return;
    at->left = true;
    if (is_open_to_child(nearest, &child.descriptor->dacl, at->is_directory))
        engine->in_danger = !refuse(engine, node, "below a deny, is open and is left");
}

static void walk(struct engine *engine, size_t directory, const struct sbx_grant_level *nearest)
{
    struct worlds *worlds = engine->worlds;
    size_t node, i;

    for (node = 1; node < worlds->node_count; node++) {
        struct worlds_node *at = &worlds->nodes[node];
        const struct sbx_grant_target *own = NULL;
        const struct sbx_grant_level *below = nearest;
        bool may_write;

        if (at->parent != directory)
            continue;
        at->reached++;
        for (i = 0; i < engine->unit->count; i++)
            if (sbx_winpath_equal(engine->unit->targets[i].path, at->path)) {
                own = &engine->unit->targets[i];
                if (!sbx_grant_block_is_empty(&own->block)) {
                    engine->levels[i].block = &own->block;
                    engine->levels[i].parent = nearest;
                    below = &engine->levels[i];
                }
            }
        may_write = user_may(engine, node, SBX_READ_CONTROL | SBX_WRITE_DAC);
        if (at->is_reparse || !user_may(engine, node, SBX_READ_CONTROL)) {
            at->left = true;
            continue;
        }
        stamp(engine, node, own, nearest, may_write);
        /* asked after the writing, as list_after_all in agent/grantwalk.c does */
        if (at->is_directory &&
            user_may(engine, node, SBX_READ_CONTROL | SBX_FILE_READ_DATA | SBX_FILE_EXECUTE))
            walk(engine, node, below);
    }
}

/* --- units -------------------------------------------------------------------------------------
 */

static bool is_below_another(const struct engine *engine, size_t index)
{
    size_t i;

    for (i = 0; i < engine->unit->count; i++)
        if (i != index && engine->nodes[i] != SIZE_MAX && engine->unit->targets[i].count &&
            !sbx_grant_block_is_empty(&engine->unit->targets[i].block) &&
            sbx_winpath_is_inside(engine->unit->targets[i].path, engine->unit->targets[index].path))
            return true;
    return false;
}

/* False when the unit could not be made true. */
static bool apply_unit(struct engine *engine)
{
    const struct sbx_grant_unit *unit = engine->unit;
    size_t i;

    for (i = 0; i < unit->count; i++)
        if (!open_target(engine, i))
            return false;
    for (i = 0; i < unit->count; i++)
        if (!judge_target(engine, i))
            return false;
    for (i = 1; i < unit->count; i++)
        if (unit->targets[i].deny_mask)
            write_target(engine, i);
    for (i = 0; i < unit->count; i++)
        write_target(engine, i);
    for (i = 0; i < unit->count; i++) {
        struct sbx_grant_level level = {&unit->targets[i].block, NULL};
        size_t node = engine->nodes[i];

        if (node == SIZE_MAX || sbx_grant_block_is_empty(&unit->targets[i].block) ||
            !engine->worlds->nodes[node].is_directory || is_below_another(engine, i))
            continue;
        if (!user_may(engine, node, SBX_FILE_READ_DATA | SBX_FILE_EXECUTE))
            return refuse(engine, node, "cannot be listed by the user");
        walk(engine, node, &level);
    }
    return !engine->in_danger;
}

bool worlds_apply(struct worlds *worlds, const struct sbx_plan *plan)
{
    struct engine engine = {.worlds = worlds, .plan = plan};
    struct sbx_grant_units units = {NULL, 0};
    const char *reason;
    struct sbx_error err;
    bool all = true;
    size_t reason_node, i;

    for (i = 0; i < worlds->node_count; i++) {
        worlds->nodes[i].left = worlds->nodes[i].written = false;
        worlds->nodes[i].reached = 0;
    }
    engine.user = worlds_token_user(worlds);
    ck_assert_sbx_ok(sbx_grant_units_make(plan, &units, &err), &err);
    for (i = 0; i < units.count; i++) {
        engine.unit = &units.items[i];
        engine.in_danger = false;
        ck_assert_sbx_ok(
            sbx_calloc(engine.unit->count, sizeof(*engine.nodes), &engine.nodes, &err), &err);
        ck_assert_sbx_ok(
            sbx_calloc(engine.unit->count, sizeof(*engine.levels), &engine.levels, &err), &err);
        reason = worlds->reason;
        reason_node = worlds->reason_node;
        if (!apply_unit(&engine) && engine.unit->needed) {
            all = false;
        } else { /* what no run needs may fail, and is not why one did */
            worlds->reason = reason;
            worlds->reason_node = reason_node;
        }
        free(engine.nodes);
        free(engine.levels);
    }
    sbx_grant_units_done(&units);
    return all;
}
