/* See policy_lists.h. */
#include "policy_lists.h"

#include "utf.h"

enum sbx_status sbx_strings_join(
    struct sbx_strings *list, const struct sbx_strings *from, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, k;

    for (i = 0; !status && i < from->count; i++) {
        for (k = 0; k < list->count; k++)
            if (!strcmp(list->items[k], from->items[i]))
                break;
        if (k == list->count)
            status = sbx_strings_add(list, from->items[i], err);
    }
    list->written = list->written || from->written;
    return status;
}

static const struct sbx_policy *find_layer(const struct sbx_merge *merge, enum sbx_layer layer)
{
    size_t i;

    for (i = 0; i < merge->count; i++)
        if (merge->layers[i]->layer == layer)
            return merge->layers[i];
    return NULL;
}

static bool is_covered(
    const struct sbx_policy_field *field, const struct sbx_strings *bounds, const char *entry)
{
    size_t i;

    for (i = 0; i < bounds->count; i++)
        if (field->covers(bounds->items[i], entry))
            return true;
    return false;
}

static bool is_write_list(const struct sbx_policy_field *field)
{
    return field->offset == offsetof(struct sbx_policy, allow_write);
}

static bool is_read_list(const struct sbx_policy_field *field)
{
    return field->offset == offsetof(struct sbx_policy, allow_read);
}

/* --- the machine's bound ------------------------------------------------------------------- */

static enum sbx_status refuse_entry(const struct sbx_policy_field *field, const char *entry,
    const struct sbx_policy *asks, const struct sbx_policy *machine, const char *why,
    struct sbx_error *err)
{
    char path[64], shown[200];

    sbx_policy_field_path(field, path, sizeof(path));
    sbx_utf_printable(entry, strlen(entry), shown, sizeof(shown));
    sbx_fail(err, SBX_DENIED, "%s: '%s' \"%s\" %s '%s'",
        asks->source ? asks->source : sbx_layer_name(asks->layer), path, shown, why,
        machine->source ? machine->source : "machine");
    sbx_error_hint(err, "an administrator sets the bounds in that file");
    return SBX_DENIED;
}

/*
 * allowWrite is settled by the plan on final paths (write_bound); here it is refused as soon as
 * the texts alone decide. For other lists nothing later knows more, so what cannot be seen to be
 * inside is outside.
 */
static bool text_decides(const struct sbx_strings *bounds, const char *entry)
{
    size_t i;

    for (i = 0; i < bounds->count; i++)
        if (!sbx_policy_path_is_absolute(bounds->items[i]) || strchr(bounds->items[i], '%'))
            return false;
    return sbx_policy_path_is_absolute(entry) && !strchr(entry, '%');
}

static enum sbx_status check_bound(const struct sbx_policy_field *field,
    const struct sbx_policy *machine, const struct sbx_policy *asks, const char *entry,
    struct sbx_error *err)
{
    const struct sbx_strings *bounds = sbx_policy_list_const(machine, field);
    bool bounded = bounds->written;

    /* A machine that says read-only and names no exception admits none. */
    if (is_write_list(field) && machine->profile == SBX_PROFILE_READ_ONLY)
        bounded = true;
    if (bounded && !is_covered(field, bounds, entry) &&
        (!is_write_list(field) || !bounds->count || text_decides(bounds, entry)))
        return refuse_entry(field, entry, asks, machine, "is outside what is allowed by", err);
    if (is_read_list(field) && !is_covered(field, bounds, entry) &&
        is_covered(field, &machine->deny_read, entry))
        return refuse_entry(field, entry, asks, machine, "is in denyRead of", err);
    return SBX_OK;
}

/* --- union --------------------------------------------------------------------------------- */

/*
 * A layer that says read-only takes back what layers below it would let be written; an explicit
 * allowWrite of its own or of a higher layer is an exception that somebody meant.
 */
static bool ends_grants(const struct sbx_policy_field *field, const struct sbx_policy *layer)
{
    return is_write_list(field) && layer->profile == SBX_PROFILE_READ_ONLY;
}

static enum sbx_status add_layers(const struct sbx_merge *merge,
    const struct sbx_policy_field *field, struct sbx_strings *ret, struct sbx_error *err)
{
    const struct sbx_policy *machine = find_layer(merge, SBX_LAYER_MACHINE);
    enum sbx_status status = SBX_OK;
    bool profile_decided = false;
    size_t i, k;

    for (i = 0; !status && i < merge->count; i++) {
        const struct sbx_policy *layer = merge->layers[i];
        const struct sbx_strings *list = sbx_policy_list_const(layer, field);

        if (layer->layer == SBX_LAYER_MACHINE || layer->layer == SBX_LAYER_WORKSPACE)
            continue;
        for (k = 0; !status && machine && k < list->count; k++)
            status = check_bound(field, machine, layer, list->items[k], err);
        if (!status)
            status = sbx_strings_join(ret, list, err);
        /* Only the layer whose profile counts: the highest that wrote one. */
        if (!profile_decided && layer->profile != SBX_PROFILE_UNSET) {
            profile_decided = true;
            if (ends_grants(field, layer))
                break;
        }
    }
    return status;
}

/* --- the workspace's cut ------------------------------------------------------------------- */

static bool is_cwd(const char *entry)
{
    return sbx_policy_path_is_below_cwd(entry) && sbx_policy_path_covers(entry, ".");
}

/* Keep what both lists admit: entries of one inside entries of the other. */
static enum sbx_status intersect(const struct sbx_policy_field *field, struct sbx_strings *list,
    const struct sbx_strings *cut, struct sbx_error *err)
{
    struct sbx_strings both = {NULL, 0, true};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < list->count; i++)
        if (is_covered(field, cut, list->items[i]))
            status = sbx_strings_add(&both, list->items[i], err);
    for (i = 0; !status && i < cut->count; i++)
        if (is_covered(field, list, cut->items[i]) && !is_covered(field, &both, cut->items[i]))
            status = sbx_strings_add(&both, cut->items[i], err);
    sbx_strings_done(list);
    *list = both;
    return status;
}

/*
 * With profile workspace-write the working directory is writable without being listed. A
 * workspace that lists parts of it gets these parts: the profile becomes read-only and they stand
 * in allowWrite.
 */
static enum sbx_status cut_cwd(
    const struct sbx_strings *cut, struct sbx_policy *ret, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, k;

    for (i = 0; i < cut->count; i++)
        if (is_cwd(cut->items[i]))
            return SBX_OK;
    ret->profile = SBX_PROFILE_READ_ONLY;
    for (i = 0; !status && i < cut->count; i++) {
        for (k = 0; k < ret->allow_write.count; k++)
            if (!strcmp(ret->allow_write.items[k], cut->items[i]))
                break;
        if (sbx_policy_path_is_below_cwd(cut->items[i]) && k == ret->allow_write.count)
            status = sbx_strings_add(&ret->allow_write, cut->items[i], err);
    }
    return status;
}

static enum sbx_status cut_by_workspace(const struct sbx_merge *merge,
    const struct sbx_policy_field *field, struct sbx_policy *ret, struct sbx_error *err)
{
    const struct sbx_policy *workspace = find_layer(merge, SBX_LAYER_WORKSPACE);
    const struct sbx_strings *cut;
    bool cwd_is_writable = ret->profile == SBX_PROFILE_WORKSPACE_WRITE;
    enum sbx_status status;

    if (!workspace || !sbx_policy_list_const(workspace, field)->written)
        return SBX_OK;
    cut = sbx_policy_list_const(workspace, field);
    status = intersect(field, sbx_policy_list(ret, field), cut, err);
    if (!status && is_write_list(field) && cwd_is_writable)
        status = cut_cwd(cut, ret, err);
    return status;
}

/* What the plan must check again, on final paths. */
static enum sbx_status carry_bounds(
    const struct sbx_policy *machine, struct sbx_policy *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_strings_join(&ret->write_bound, &machine->allow_write, err);

    if (machine->profile == SBX_PROFILE_READ_ONLY)
        ret->write_bound.written = true;
    if (!status)
        status = sbx_strings_join(&ret->machine_deny_read, &machine->deny_read, err);
    return status;
}

enum sbx_status sbx_merge_allow(const struct sbx_merge *merge, const struct sbx_policy_field *field,
    struct sbx_policy *ret, struct sbx_error *err)
{
    const struct sbx_policy *machine = find_layer(merge, SBX_LAYER_MACHINE);
    enum sbx_status status = add_layers(merge, field, sbx_policy_list(ret, field), err);

    if (!status)
        status = cut_by_workspace(merge, field, ret, err);
    if (!status && machine && is_write_list(field))
        status = carry_bounds(machine, ret, err);
    return status;
}
