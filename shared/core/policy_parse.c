/*
 * See policy.h: one layer from JSON text.
 *
 * Policies reach this parser from files that untrusted content may have brought (the workspace),
 * so the size is checked first, json.h refuses everything that is not plain JSON, and each member
 * goes through the table of policy_fields.c: what is not in it does not exist.
 */
#include "policy.h"

#include "json.h"
#include "policy_fields.h"
#include "utf.h"

#define RULE_WORDS_MAX 64u
#define REASON_MAX_BYTES 1024u
#define SECTION_KEYS_MAX 16u

/* An error about one text: "'filesystem.allowWrite[2]' ('a*'): has a wildcard". */
static enum sbx_status name_text(
    enum sbx_status status, const char *path, const char *text, struct sbx_error *err)
{
    char shown[120];

    if (status == SBX_INVALID) {
        sbx_utf_printable(text, strlen(text), shown, sizeof(shown));
        sbx_error_context(err, "'%s' \"%s\"", path, shown);
    }
    return status;
}

static enum sbx_status parse_strings(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_strings *list, struct sbx_error *err)
{
    struct sbx_json_at array, at = {0};
    enum sbx_status status = sbx_json_get_array(section, field->key, &array, err);
    const char *text = NULL;

    if (status || !array.item)
        return status;
    list->written = true;
    while (!status && sbx_json_next(&array, &at)) {
        if (list->count >= SBX_POLICY_MAX_LIST)
            return sbx_fail(
                err, SBX_INVALID, "'%s' has more than %u entries", array.path, SBX_POLICY_MAX_LIST);
        status = sbx_json_as_string(&at, SBX_POLICY_MAX_TEXT, &text, err);
        if (!status)
            status = name_text(field->check(text, err), at.path, text, err);
        if (!status)
            status = sbx_strings_add(list, text, err);
    }
    return status;
}

/* {"NAME": "value"} becomes "NAME=value"; two spellings of one name would depend on order. */
static enum sbx_status add_assignment(
    const struct sbx_json_at *at, struct sbx_strings *list, struct sbx_error *err)
{
    const char *name = sbx_json_name(at), *value = NULL;
    size_t name_bytes = strlen(name), i;
    struct sbx_buf text;
    enum sbx_status status = sbx_json_as_string(at, SBX_POLICY_MAX_TEXT, &value, err);

    if (status)
        return status;
    /* "NAME=value" is checked as a whole below; a '=' inside the name would hide there. */
    if (strchr(name, '='))
        return sbx_fail(err, SBX_INVALID, "'%s' is not the name of a variable", at->path);
    for (i = 0; i < list->count; i++)
        if (sbx_utf_equal_ci_ascii_n(
                list->items[i], strcspn(list->items[i], "="), name, name_bytes))
            return sbx_fail(err, SBX_INVALID, "'%s' appears twice but for case", at->path);
    sbx_buf_init(&text, 2 * (size_t)SBX_POLICY_MAX_TEXT + 1);
    status = sbx_buf_printf(&text, err, "%s=%s", name, value);
    if (!status)
        status = name_text(sbx_policy_check_assignment(text.data, err), at->path, name, err);
    if (!status)
        status = sbx_strings_add(list, text.data, err);
    sbx_buf_wipe(&text);
    return status;
}

static enum sbx_status parse_map(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_strings *list, struct sbx_error *err)
{
    struct sbx_json_at object, at = {0};
    enum sbx_status status = sbx_json_get_object(section, field->key, &object, err);

    if (status || !object.item)
        return status;
    list->written = true;
    while (!status && sbx_json_next(&object, &at)) {
        if (list->count >= SBX_POLICY_MAX_LIST)
            return sbx_fail(err, SBX_INVALID, "'%s' has more than %u entries", object.path,
                SBX_POLICY_MAX_LIST);
        status = add_assignment(&at, list, err);
    }
    return status;
}

/* --- command rules ------------------------------------------------------------------------- */

static enum sbx_status parse_match(
    const struct sbx_json_at *at, struct sbx_strings *match, struct sbx_error *err)
{
    struct sbx_json_at array, word = {0};
    enum sbx_status status = sbx_json_require(at, "match", err);
    const char *text = NULL;

    if (!status)
        status = sbx_json_get_array(at, "match", &array, err);
    if (status)
        return status;
    while (!status && sbx_json_next(&array, &word)) {
        if (match->count >= RULE_WORDS_MAX)
            return sbx_fail(
                err, SBX_INVALID, "'%s' has more than %u words", array.path, RULE_WORDS_MAX);
        status = sbx_json_as_string(&word, SBX_POLICY_MAX_TEXT, &text, err);
        if (!status)
            status = sbx_strings_add(match, text, err);
    }
    if (!status && (!match->count || !match->items[0][0]))
        status = sbx_fail(err, SBX_INVALID, "'%s' names no program", array.path);
    return status;
}

static enum sbx_status parse_rule(const struct sbx_json_at *at, enum sbx_layer layer,
    struct sbx_command_rule *rule, struct sbx_error *err)
{
    static const char *const keys[] = {"match", "decision", "reason"};
    const char *reason = NULL;
    size_t decision = 0;
    enum sbx_status status = sbx_json_as_object(at, err);

    if (!status)
        status = sbx_json_known_keys(at, keys, countof(keys), err);
    if (!status)
        status = parse_match(at, &rule->match, err);
    if (!status)
        status = sbx_json_require(at, "decision", err);
    if (!status)
        status = sbx_json_get_enum(at, "decision", sbx_policy_decision_words,
            countof(sbx_policy_decision_words), &decision, err);
    if (!status)
        status = sbx_json_get_string(at, "reason", REASON_MAX_BYTES, &reason, err);
    if (!status && reason)
        status = sbx_strdup(reason, &rule->reason, err);
    rule->decision = (enum sbx_decision)(decision + 1);
    rule->layer = layer;
    return status;
}

static enum sbx_status parse_commands(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_policy *policy, struct sbx_error *err)
{
    struct sbx_json_at array, at = {0};
    enum sbx_status status = sbx_json_get_array(section, field->key, &array, err);
    size_t count;

    if (status || !array.item)
        return status;
    count = sbx_json_count(&array);
    if (count > SBX_POLICY_MAX_LIST)
        return sbx_fail(
            err, SBX_INVALID, "'%s' has more than %u entries", array.path, SBX_POLICY_MAX_LIST);
    if (!count)
        return SBX_OK;
    status = sbx_calloc(count, sizeof(*policy->commands), &policy->commands, err);
    while (!status && sbx_json_next(&array, &at))
        status = parse_rule(&at, policy->layer, &policy->commands[policy->command_count++], err);
    return status;
}

/* --- scalars ------------------------------------------------------------------------------- */

static enum sbx_status parse_word(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_policy *policy, struct sbx_error *err)
{
    size_t word = 0;
    enum sbx_status status;

    if (!sbx_json_has(section, field->key))
        return SBX_OK;
    status = sbx_json_get_enum(section, field->key, field->words, field->word_count, &word, err);
    if (!status)
        sbx_policy_set_value(policy, field, (unsigned)word + 1);
    return status;
}

static enum sbx_status parse_flag(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_policy *policy, struct sbx_error *err)
{
    bool value = false;
    enum sbx_status status;

    if (!sbx_json_has(section, field->key))
        return SBX_OK;
    status = sbx_json_get_bool(section, field->key, &value, err);
    if (!status)
        sbx_policy_set_value(policy, field, value ? SBX_FLAG_YES : SBX_FLAG_NO);
    return status;
}

static enum sbx_status parse_number(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_policy *policy, struct sbx_error *err)
{
    int64_t value = 0;
    enum sbx_status status;

    status = sbx_json_get_int(
        section, field->key, (int64_t)field->min, (int64_t)field->max, &value, err);
    if (!status && value)
        sbx_policy_set_number(policy, field, (uint64_t)value * field->scale);
    return status;
}

static enum sbx_status parse_field(const struct sbx_json_at *section,
    const struct sbx_policy_field *field, struct sbx_policy *policy, struct sbx_error *err)
{
    char path[64];

    if (field->machine_only && policy->layer != SBX_LAYER_MACHINE &&
        sbx_json_has(section, field->key)) {
        sbx_policy_field_path(field, path, sizeof(path));
        return sbx_fail(err, SBX_INVALID, "'%s' may be written only in the machine's policy", path);
    }
    switch (field->type) {
    case SBX_FIELD_ENUM:
        return parse_word(section, field, policy, err);
    case SBX_FIELD_FLAG:
        return parse_flag(section, field, policy, err);
    case SBX_FIELD_NUMBER:
        return parse_number(section, field, policy, err);
    case SBX_FIELD_STRINGS:
        return parse_strings(section, field, sbx_policy_list(policy, field), err);
    case SBX_FIELD_MAP:
        return parse_map(section, field, sbx_policy_list(policy, field), err);
    case SBX_FIELD_COMMANDS:
        return parse_commands(section, field, policy, err);
    }
    return sbx_fail(err, SBX_INTERNAL, "policy field '%s'", field->key);
}

/* --- the document -------------------------------------------------------------------------- */

/* The fields first .. end-1 of the table have the same section. */
static enum sbx_status parse_section(const struct sbx_json_at *root,
    const struct sbx_policy_field *first, const struct sbx_policy_field *end,
    struct sbx_policy *policy, struct sbx_error *err)
{
    const struct sbx_policy_field *field;
    const char *keys[SECTION_KEYS_MAX];
    struct sbx_json_at section;
    enum sbx_status status = sbx_json_get_object(root, first->section, &section, err);
    size_t count = 0;

    if (status || !section.item)
        return status;
    for (field = first; field < end && count < SECTION_KEYS_MAX; field++)
        keys[count++] = field->key;
    status = sbx_json_known_keys(&section, keys, count, err);
    for (field = first; !status && field < end; field++)
        status = parse_field(&section, field, policy, err);
    return status;
}

static enum sbx_status parse_root(
    const struct sbx_json_at *root, struct sbx_policy *policy, struct sbx_error *err)
{
    const char *keys[2 * SECTION_KEYS_MAX] = {"$schema"};
    const struct sbx_policy_field *fields;
    const char *ignored = NULL;
    size_t field_count, key_count = 1, i, first;
    enum sbx_status status;

    fields = sbx_policy_fields(&field_count);
    for (i = 0; i < field_count && key_count < countof(keys); i++)
        if (!fields[i].section[0])
            keys[key_count++] = fields[i].key;
        else if (i == 0 || strcmp(fields[i].section, fields[i - 1].section) != 0)
            keys[key_count++] = fields[i].section;
    status = sbx_json_known_keys(root, keys, key_count, err);
    if (!status) /* lets an editor find the schema; means nothing here */
        status = sbx_json_get_string(root, "$schema", SBX_POLICY_MAX_TEXT, &ignored, err);
    for (first = 0; !status && first < field_count; first = i) {
        for (i = first + 1; i < field_count; i++)
            if (strcmp(fields[i].section, fields[first].section) != 0)
                break;
        if (fields[first].section[0]) {
            status = parse_section(root, &fields[first], &fields[i], policy, err);
            continue;
        }
        for (; !status && first < i; first++)
            status = parse_field(root, &fields[first], policy, err);
    }
    return status;
}

enum sbx_status sbx_policy_parse(const char *text, size_t length_bytes, enum sbx_layer layer,
    const char *source, struct sbx_policy *ret_policy, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_POLICY_MAX_BYTES, 8};
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    enum sbx_status status;

    sbx_policy_init(ret_policy, layer);
    status = sbx_strdup(source, &ret_policy->source, err);
    if (!status)
        status = sbx_json_parse(text, length_bytes, &limits, &doc, err);
    if (!status)
        status = sbx_json_root_object(doc, &root, err);
    if (!status)
        status = parse_root(&root, ret_policy, err);
    sbx_json_free(doc);
    if (status) {
        sbx_policy_done(ret_policy);
        sbx_error_context(err, "%s", source);
    }
    return status;
}
