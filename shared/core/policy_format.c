/* See policy.h: a policy as JSON, and its hash. Walks the same table as the parser. */
#include "policy.h"

#include "jsonwrite.h"
#include "policy_fields.h"
#include "sha256.h"

/* Text of a whole effective policy: every list at its cap would still be refused by the parser. */
#define FORMAT_MAX_BYTES (16u * 1024u * 1024u)

static bool is_written(const struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    switch (field->type) {
    case SBX_FIELD_ENUM:
    case SBX_FIELD_FLAG:
        return sbx_policy_get_value(policy, field) != 0;
    case SBX_FIELD_NUMBER:
        return sbx_policy_get_number(policy, field) != 0;
    case SBX_FIELD_STRINGS:
    case SBX_FIELD_MAP:
        return sbx_policy_list_const(policy, field)->written;
    case SBX_FIELD_COMMANDS:
        return policy->command_count != 0;
    }
    return false;
}

static void put_map(struct sbx_json_writer *w, const struct sbx_strings *list, struct sbx_buf *name)
{
    size_t i;

    sbx_json_begin_object(w);
    for (i = 0; i < list->count; i++) {
        const char *equals = strchr(list->items[i], '=');

        sbx_buf_clear(name);
        if (!equals || sbx_buf_add(name, list->items[i], (size_t)(equals - list->items[i]), NULL))
            continue; /* sbx_policy_check_assignment does not let such a text in */
        sbx_json_key_string(w, name->data, equals + 1);
    }
    sbx_json_end_object(w);
}

static void put_commands(struct sbx_json_writer *w, const struct sbx_policy *policy)
{
    size_t i;

    sbx_json_begin_array(w);
    for (i = 0; i < policy->command_count; i++) {
        const struct sbx_command_rule *rule = &policy->commands[i];

        sbx_json_begin_object(w);
        sbx_json_key_strings(w, "match", (const char *const *)rule->match.items, rule->match.count);
        sbx_json_key_string(w, "decision", sbx_decision_name(rule->decision));
        if (rule->reason)
            sbx_json_key_string(w, "reason", rule->reason);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

static void put_field(struct sbx_json_writer *w, const struct sbx_policy *policy,
    const struct sbx_policy_field *field, struct sbx_buf *scratch)
{
    const struct sbx_strings *list;
    unsigned value;

    sbx_json_key(w, field->key);
    switch (field->type) {
    case SBX_FIELD_ENUM:
        value = sbx_policy_get_value(policy, field);
        sbx_json_string(w, value <= field->word_count ? field->words[value - 1] : NULL);
        break;
    case SBX_FIELD_FLAG:
        sbx_json_bool(w, sbx_policy_get_value(policy, field) == SBX_FLAG_YES);
        break;
    case SBX_FIELD_NUMBER: /* rounded up: --timeout may have set a part of a second */
        sbx_json_uint64(
            w, (sbx_policy_get_number(policy, field) + field->scale - 1) / field->scale);
        break;
    case SBX_FIELD_STRINGS:
        list = sbx_policy_list_const(policy, field);
        sbx_json_begin_array(w);
        for (value = 0; value < list->count; value++)
            sbx_json_string(w, list->items[value]);
        sbx_json_end_array(w);
        break;
    case SBX_FIELD_MAP:
        put_map(w, sbx_policy_list_const(policy, field), scratch);
        break;
    case SBX_FIELD_COMMANDS:
        put_commands(w, policy);
        break;
    }
}

static enum sbx_status format_policy(
    const struct sbx_policy *policy, bool indented, struct sbx_buf *ret_json, struct sbx_error *err)
{
    const struct sbx_policy_field *fields;
    const char *open = "";
    struct sbx_json_writer w;
    struct sbx_buf scratch;
    size_t count, i;

    sbx_buf_init(&scratch, SBX_POLICY_MAX_TEXT);
    fields = sbx_policy_fields(&count);
    sbx_json_writer_begin(&w, ret_json, indented);
    sbx_json_begin_object(&w);
    for (i = 0; i < count; i++) {
        if (open[0] && strcmp(open, fields[i].section) != 0) {
            sbx_json_end_object(&w);
            open = "";
        }
        if (!is_written(policy, &fields[i]))
            continue;
        if (fields[i].section[0] && !open[0]) {
            sbx_json_key_object(&w, fields[i].section);
            open = fields[i].section;
        }
        put_field(&w, policy, &fields[i], &scratch);
    }
    if (open[0])
        sbx_json_end_object(&w);
    sbx_json_end_object(&w);
    sbx_buf_done(&scratch);
    return sbx_json_writer_end(&w, err);
}

enum sbx_status sbx_policy_format(
    const struct sbx_policy *policy, struct sbx_buf *ret_json, struct sbx_error *err)
{
    return format_policy(policy, true, ret_json, err);
}

/* What the JSON does not show and two policies may still differ in. Nothing for most of them. */
static enum sbx_status add_hidden(
    const struct sbx_policy *policy, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    if (policy->limits.timeout_ms % 1000)
        status = sbx_buf_printf(
            text, err, "\ntimeoutMs %llu", (unsigned long long)policy->limits.timeout_ms);
    if (!status && policy->write_bound.written)
        status = sbx_buf_puts(text, "\nwriteBound", err);
    for (i = 0; !status && i < policy->write_bound.count; i++)
        status = sbx_buf_printf(text, err, "\n %s", policy->write_bound.items[i]);
    for (i = 0; !status && i < policy->machine_deny_read.count; i++)
        status =
            sbx_buf_printf(text, err, "\nmachineDenyRead %s", policy->machine_deny_read.items[i]);
    for (i = 0; !status && i < policy->command_count; i++)
        if (policy->commands[i].layer != policy->layer)
            status = sbx_buf_printf(
                text, err, "\nrule %zu %s", i, sbx_layer_name(policy->commands[i].layer));
    return status;
}

enum sbx_status sbx_policy_hash(
    const struct sbx_policy *policy, char ret_hex[65], struct sbx_error *err)
{
    uint8_t digest[SBX_SHA256_BYTES];
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, FORMAT_MAX_BYTES);
    status = format_policy(policy, false, &text, err);
    if (!status)
        status = add_hidden(policy, &text, err);
    if (!status) {
        sbx_sha256(text.data, text.length_bytes, digest);
        sbx_sha256_hex(digest, ret_hex);
    }
    sbx_buf_wipe(&text); /* environment.set may hold secrets */
    return status;
}
