/*
 * See policy.h: fold the layers into the effective policy.
 *
 *   1. What the machine forbids, no layer gets: a wider scalar or an entry outside a written list
 *      of the machine is an error that names both, never a silent cut.
 *   2. The workspace's file only takes away: a wider scalar is an error, a list of allows keeps
 *      what both admit, environment.set is refused.
 *   3. Among command line, files and user the higher layer decides scalars; lists add up.
 *   4. Every list that takes away is the union of all layers.
 * Written against policy_fields.c, so a new member cannot be forgotten here.
 */
#include "policy.h"

#include "policy_fields.h"
#include "policy_lists.h"
#include "utf.h"

#define NUMBER_UNLIMITED UINT64_MAX

/* Machine first, then falling authority; later --policy files before earlier ones. */
static enum sbx_status sort_layers(const struct sbx_policy *const *layers, size_t count,
    struct sbx_merge *merge, struct sbx_error *err)
{
    enum sbx_layer layer;
    size_t i, k;

    if (count > SBX_MERGE_LAYERS_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u policies", SBX_MERGE_LAYERS_MAX);
    for (layer = SBX_LAYER_MACHINE; layer <= SBX_LAYER_WORKSPACE; layer++)
        for (i = 0; i < count; i++) {
            k = layer == SBX_LAYER_FILE ? count - 1 - i : i;
            if (layers[k]->layer == layer)
                merge->layers[merge->count++] = layers[k];
        }
    if (merge->count != count)
        return sbx_fail(err, SBX_INTERNAL, "policy of an unknown layer");
    /* Both act as one bound; a second one would be looked at only in part. */
    for (i = 1; i < count; i++)
        if (merge->layers[i]->layer == merge->layers[i - 1]->layer &&
            (merge->layers[i]->layer == SBX_LAYER_MACHINE ||
                merge->layers[i]->layer == SBX_LAYER_WORKSPACE))
            return sbx_fail(
                err, SBX_INTERNAL, "two %s policies", sbx_layer_name(merge->layers[i]->layer));
    return SBX_OK;
}

static const char *source_of(const struct sbx_policy *policy)
{
    return policy->source ? policy->source : sbx_layer_name(policy->layer);
}

/* --- scalars ------------------------------------------------------------------------------- */

static bool is_scalar_written(const struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    return field->type == SBX_FIELD_NUMBER ? sbx_policy_get_number(policy, field) != 0
                                           : sbx_policy_get_value(policy, field) != 0;
}

/*
 * Width of what a policy has in a field: smaller is narrower, 0 = leaves the choice open. A number
 * that is not written is no limit at all.
 */
static uint64_t width_of(const struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    unsigned value;

    if (field->type == SBX_FIELD_NUMBER) {
        uint64_t number = sbx_policy_get_number(policy, field);

        return number ? number : NUMBER_UNLIMITED;
    }
    value = sbx_policy_get_value(policy, field);
    return field->rank ? field->rank[value] : value;
}

static void copy_scalar(
    const struct sbx_policy *from, const struct sbx_policy_field *field, struct sbx_policy *to)
{
    if (field->type == SBX_FIELD_NUMBER)
        sbx_policy_set_number(to, field, sbx_policy_get_number(from, field));
    else
        sbx_policy_set_value(to, field, sbx_policy_get_value(from, field));
}

static enum sbx_status refuse_over_machine(const struct sbx_policy_field *field,
    const struct sbx_policy *asks, const struct sbx_policy *machine, struct sbx_error *err)
{
    char path[64];

    sbx_policy_field_path(field, path, sizeof(path));
    sbx_fail(err, SBX_DENIED, "%s: '%s' asks for more than the machine's policy '%s' allows",
        source_of(asks), path, source_of(machine));
    sbx_error_hint(err, "an administrator sets the bounds in that file");
    return SBX_DENIED;
}

static enum sbx_status refuse_workspace(
    const struct sbx_policy_field *field, const struct sbx_policy *workspace, struct sbx_error *err)
{
    char path[64];

    sbx_policy_field_path(field, path, sizeof(path));
    sbx_fail(err, SBX_INVALID, "%s: '%s' asks for more than this command has without it",
        source_of(workspace), path);
    sbx_error_hint(err, "a policy in the workspace may only narrow; write this in your own policy "
                        "or on the command line");
    return SBX_INVALID;
}

/*
 * `auto` (width 0) of a lower layer takes the machine's choice. In the network field nothing
 * written means at least "none", so a workspace may still write "none", and nothing else.
 */
static enum sbx_status merge_scalar(const struct sbx_merge *merge,
    const struct sbx_policy_field *field, struct sbx_policy *ret, struct sbx_error *err)
{
    const struct sbx_policy *machine = NULL, *chosen = NULL, *workspace = NULL, *layer;
    uint64_t floor;
    size_t i;

    for (i = 0; i < merge->count; i++) {
        layer = merge->layers[i];
        if (!is_scalar_written(layer, field))
            continue;
        if (field->machine_only && layer->layer != SBX_LAYER_MACHINE)
            return sbx_fail(err, SBX_INVALID,
                "%s: '%s' may be written only in the machine's policy", source_of(layer),
                field->key);
        if (layer->layer == SBX_LAYER_MACHINE)
            machine = machine ? machine : layer;
        else if (layer->layer == SBX_LAYER_WORKSPACE)
            workspace = workspace ? workspace : layer;
        else
            chosen = chosen ? chosen : layer;
    }
    if (chosen && machine && width_of(machine, field) &&
        width_of(chosen, field) > width_of(machine, field))
        return refuse_over_machine(field, chosen, machine, err);
    if (chosen && (!machine || width_of(chosen, field)))
        copy_scalar(chosen, field, ret);
    else if (machine)
        copy_scalar(machine, field, ret);
    else if (field->type == SBX_FIELD_NUMBER)
        sbx_policy_set_number(ret, field, field->default_number);
    else
        sbx_policy_set_value(ret, field, field->default_value);
    if (!workspace || !width_of(workspace, field))
        return SBX_OK;
    floor = width_of(ret, field);
    if (!floor) /* open: "elevated" narrows auto, "strict" too; nothing may name the widest */
        floor = width_of(workspace, field) == 1 ? 1 : 0;
    if (width_of(workspace, field) > floor)
        return refuse_workspace(field, workspace, err);
    copy_scalar(workspace, field, ret);
    return SBX_OK;
}

/* --- special members ----------------------------------------------------------------------- */

static bool has_assignment(const struct sbx_strings *list, const char *text)
{
    size_t i, name_bytes = strcspn(text, "=");

    for (i = 0; i < list->count; i++)
        if (sbx_utf_equal_ci_ascii_n(
                list->items[i], strcspn(list->items[i], "="), text, name_bytes))
            return true;
    return false;
}

/* The highest layer that sets a variable decides its value. */
static enum sbx_status merge_environment_set(
    const struct sbx_merge *merge, struct sbx_policy *ret, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, k;

    for (i = 0; i < merge->count; i++) {
        const struct sbx_strings *list = &merge->layers[i]->env_set;

        if (list->count && merge->layers[i]->layer == SBX_LAYER_WORKSPACE) {
            sbx_fail(err, SBX_INVALID, "%s: 'environment.set' may not be written in a workspace",
                source_of(merge->layers[i]));
            sbx_error_hint(err, "a policy in the workspace may only narrow");
            return SBX_INVALID;
        }
        for (k = 0; !status && k < list->count; k++)
            if (!has_assignment(&ret->env_set, list->items[k]))
                status = sbx_strings_add(&ret->env_set, list->items[k], err);
    }
    return status;
}

static enum sbx_status copy_rule(const struct sbx_command_rule *from, enum sbx_layer layer,
    struct sbx_command_rule *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_strings_join(&ret->match, &from->match, err);

    if (!status && from->reason)
        status = sbx_strdup(from->reason, &ret->reason, err);
    ret->decision = from->decision;
    ret->layer = layer;
    return status;
}

static enum sbx_status merge_commands(
    const struct sbx_merge *merge, struct sbx_policy *ret, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, k, count = 0;

    for (i = 0; i < merge->count; i++)
        count += merge->layers[i]->command_count;
    if (!count)
        return SBX_OK;
    status = sbx_calloc(count, sizeof(*ret->commands), &ret->commands, err);
    for (i = 0; !status && i < merge->count; i++)
        for (k = 0; !status && k < merge->layers[i]->command_count; k++)
            status = copy_rule(&merge->layers[i]->commands[k], merge->layers[i]->layer,
                &ret->commands[ret->command_count++], err);
    return status;
}

/* --- all ----------------------------------------------------------------------------------- */

static enum sbx_status merge_union(const struct sbx_merge *merge,
    const struct sbx_policy_field *field, struct sbx_policy *ret, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < merge->count; i++) {
        const struct sbx_strings *list = sbx_policy_list_const(merge->layers[i], field);

        if (field->machine_only && list->written && merge->layers[i]->layer != SBX_LAYER_MACHINE)
            return sbx_fail(err, SBX_INVALID,
                "%s: '%s.%s' may be written only in the machine's policy",
                source_of(merge->layers[i]), field->section, field->key);
        status = sbx_strings_join(sbx_policy_list(ret, field), list, err);
    }
    return status;
}

static enum sbx_status merge_field(const struct sbx_merge *merge,
    const struct sbx_policy_field *field, struct sbx_policy *ret, struct sbx_error *err)
{
    switch (field->merge) {
    case SBX_MERGE_SCALAR:
        return merge_scalar(merge, field, ret, err);
    case SBX_MERGE_UNION:
        return merge_union(merge, field, ret, err);
    case SBX_MERGE_ALLOW:
        return sbx_merge_allow(merge, field, ret, err);
    case SBX_MERGE_SPECIAL:
        return field->type == SBX_FIELD_COMMANDS ? merge_commands(merge, ret, err)
                                                 : merge_environment_set(merge, ret, err);
    }
    return sbx_fail(err, SBX_INTERNAL, "policy field '%s'", field->key);
}

enum sbx_status sbx_policy_merge(const struct sbx_policy *const *layers, size_t layer_count,
    struct sbx_policy *ret_policy, struct sbx_error *err)
{
    const struct sbx_policy_field *fields;
    struct sbx_merge merge = {0};
    enum sbx_status status;
    size_t count, i;

    sbx_policy_init(ret_policy, SBX_LAYER_MACHINE);
    fields = sbx_policy_fields(&count);
    status = sort_layers(layers, layer_count, &merge, err);
    if (!status)
        status = sbx_strdup("effective policy", &ret_policy->source, err);
    /* Scalars first: what allowWrite means depends on the profile. */
    for (i = 0; !status && i < count; i++)
        if (fields[i].merge == SBX_MERGE_SCALAR)
            status = merge_field(&merge, &fields[i], ret_policy, err);
    for (i = 0; !status && i < count; i++)
        if (fields[i].merge != SBX_MERGE_SCALAR)
            status = merge_field(&merge, &fields[i], ret_policy, err);
    if (status)
        sbx_policy_done(ret_policy);
    return status;
}
