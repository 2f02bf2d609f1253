/* What the grants of a run make of one object's access list. See whyanswer.h. */
#include "whyanswer.h"

#include "grantunit.h"
#include "winpath.h"

static const struct sbx_descriptor *find_above(
    const struct sbx_why_question *question, const char *path)
{
    size_t i;

    for (i = 0; i < question->above_count; i++)
        if (sbx_winpath_equal(question->above[i].path, path))
            return question->above[i].descriptor;
    return NULL;
}

static bool lies_below(const struct sbx_grant_target *target, const char *path)
{
    return sbx_winpath_is_inside(target->path, path) && !sbx_winpath_equal(target->path, path);
}

/*
 * Will the run leave the children of this unit alone? Yes when its ledger says the walk is done
 * and the targets above the object hold their entries: the engine walks again otherwise.
 */
static bool is_done(const struct sbx_why_question *question, const struct sbx_grant_unit *unit,
    const struct sbx_why_object *object)
{
    bool walked = false;
    size_t i;

    if (!unit->root || !unit->root->capability_sid || !question->walked)
        return false;
    for (i = 0; i < question->walked->count; i++)
        walked |= strcmp(question->walked->items[i], unit->root->capability_sid) == 0;
    for (i = 0; walked && i < unit->count; i++) {
        const struct sbx_grant_target *target = &unit->targets[i];
        const struct sbx_descriptor *now = NULL;

        if (!lies_below(target, object->path))
            continue;
        now = find_above(question, target->path);
        walked = now && sbx_acl_has_all(&now->dacl, target->aces, target->count);
    }
    return walked;
}

/* The targets above the object, nearest first, as the levels of a walk. */
static const struct sbx_grant_level *link_levels(const struct sbx_grant_unit *unit,
    const struct sbx_why_object *object, struct sbx_grant_level *levels)
{
    const struct sbx_grant_level *nearest = NULL;
    size_t longest = 0, shortest, i, count = 0;

    /* From the outermost inwards: each round takes the shortest path that is left. */
    for (;;) {
        const struct sbx_grant_target *next = NULL;

        shortest = SIZE_MAX;
        for (i = 0; i < unit->count; i++) {
            size_t length = strlen(unit->targets[i].path);

            if (length <= longest || length >= shortest ||
                !lies_below(&unit->targets[i], object->path))
                continue;
            shortest = length;
            next = &unit->targets[i];
        }
        if (!next)
            return nearest;
        longest = shortest;
        if (sbx_grant_block_is_empty(&next->block))
            continue;
        levels[count].block = &next->block;
        levels[count].parent = nearest;
        nearest = &levels[count++];
    }
}

static const struct sbx_grant_target *own_target(
    const struct sbx_grant_unit *unit, const struct sbx_why_object *object)
{
    size_t i;

    for (i = 0; i < unit->count; i++)
        if (sbx_winpath_equal(unit->targets[i].path, object->path))
            return &unit->targets[i];
    return NULL;
}

/* One unit over one object: its own entries, then what comes down to it. */
static enum sbx_status apply_unit(const struct sbx_grant_unit *unit,
    const struct sbx_why_object *object, bool walk, struct sbx_descriptor *descriptor,
    struct sbx_error *err)
{
    const struct sbx_grant_target *own = own_target(unit, object);
    struct sbx_grant_child child = {descriptor, object->is_directory, NULL, 0};
    const struct sbx_grant_level *nearest = NULL;
    struct sbx_grant_level *levels = NULL;
    struct sbx_acl dacl = {0};
    enum sbx_status status = SBX_OK;
    bool changed = false;
    size_t added = 0;

    if (own) {
        status = sbx_acl_merge(&descriptor->dacl, own->aces, own->count, &added, err);
        child.own = own->aces;
        child.own_count = own->count;
    }
    if (status || !walk)
        return status;
    status = sbx_calloc(unit->count + 1, sizeof(*levels), &levels, err);
    if (status)
        return status;
    nearest = link_levels(unit, object, levels);
    if (nearest)
        status = sbx_grant_step_add(&child, nearest, &dacl, &changed, err);
    if (!status && changed) {
        sbx_acl_done(&descriptor->dacl);
        descriptor->dacl = dacl;
    }
    free(levels);
    return status;
}

enum sbx_status sbx_why_planned(const struct sbx_why_question *question,
    const struct sbx_why_object *object, bool whole, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_grant_units units = {0};
    enum sbx_status status;
    size_t i;

    status = sbx_descriptor_copy(object->descriptor, &descriptor, err);
    if (!status)
        status = sbx_grant_units_make(question->plan, &units, err);
    /* What the engine never writes: a NULL DACL, a file with several names. */
    if (object->descriptor->dacl.kind == SBX_ACL_LIST &&
        (object->links <= 1 || object->is_directory))
        for (i = 0; !status && i < units.count; i++)
            status = apply_unit(&units.items[i], object,
                whole || !is_done(question, &units.items[i], object), &descriptor, err);
    sbx_grant_units_done(&units);
    if (status) {
        sbx_descriptor_done(&descriptor);
        return status;
    }
    *ret_descriptor = descriptor;
    return SBX_OK;
}
