/* See policy.h: lists, names of enum values, and the command rules. */
#include "policy.h"

#include <stdio.h>

#include "policy_fields.h"
#include "utf.h"
#include "winpath.h"

void sbx_policy_init(struct sbx_policy *policy, enum sbx_layer layer)
{
    memset(policy, 0, sizeof(*policy));
    policy->layer = layer;
}

void sbx_policy_done(struct sbx_policy *policy)
{
    const struct sbx_policy_field *fields;
    size_t count, i;

    if (!policy)
        return;
    fields = sbx_policy_fields(&count);
    for (i = 0; i < count; i++)
        if (fields[i].type == SBX_FIELD_STRINGS || fields[i].type == SBX_FIELD_MAP)
            sbx_strings_done(sbx_policy_list(policy, &fields[i]));
    sbx_strings_done(&policy->write_bound);
    sbx_strings_done(&policy->machine_deny_read);
    for (i = 0; i < policy->command_count; i++) {
        sbx_strings_done(&policy->commands[i].match);
        free(policy->commands[i].reason);
    }
    free(policy->commands);
    free(policy->source);
    sbx_policy_init(policy, policy->layer);
}

/*
 * The allocation holds the next power of two from 4 on, so it is full exactly when count is 0 or
 * such a power. Copies instead of realloc: a list may hold secrets (environment.set).
 */
static bool is_full(size_t count)
{
    return count == 0 || (count >= 4 && (count & (count - 1)) == 0);
}

enum sbx_status sbx_strings_add(struct sbx_strings *list, const char *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char **items = NULL;
    char *copy = NULL;

    if (list->count >= SBX_STRINGS_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u entries", SBX_STRINGS_MAX);
    status = sbx_strdup(text, &copy, err);
    if (status)
        return status;
    if (is_full(list->count)) {
        status = sbx_calloc(list->count ? list->count * 2 : 4, sizeof(*items), &items, err);
        if (status) {
            free(copy);
            return status;
        }
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        free(list->items);
        list->items = items;
    }
    list->items[list->count++] = copy;
    list->written = true;
    return SBX_OK;
}

void sbx_strings_done(struct sbx_strings *list)
{
    size_t i;

    if (!list)
        return;
    for (i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    memset(list, 0, sizeof(*list));
}

/* --- command rules ------------------------------------------------------------------------- */

/* "C:\tools\git.exe" is "git" to a rule, with and without the extensions that Windows adds. */
static bool is_program(const char *word, const char *program)
{
    static const char *const extensions[] = {".exe", ".cmd", ".bat", ".com"};
    const char *base = program, *at;
    size_t word_bytes = strlen(word), base_bytes, i;

    if (strpbrk(word, "\\/"))
        return sbx_utf_equal_ci_ascii(word, program);
    for (at = program; *at; at++)
        if (*at == '\\' || *at == '/')
            base = at + 1;
    base_bytes = strlen(base);
    if (sbx_utf_equal_ci_ascii_n(word, word_bytes, base, base_bytes))
        return true;
    for (i = 0; i < countof(extensions); i++) {
        size_t extension_bytes = strlen(extensions[i]);

        if (base_bytes == word_bytes + extension_bytes &&
            sbx_utf_equal_ci_ascii(base + word_bytes, extensions[i]) &&
            sbx_utf_equal_ci_ascii_n(word, word_bytes, base, word_bytes))
            return true;
    }
    return false;
}

static bool rule_matches(const struct sbx_command_rule *rule, const char *const *argv, size_t argc)
{
    size_t i;

    if (!rule->match.count || rule->match.count > argc ||
        !is_program(rule->match.items[0], argv[0]))
        return false;
    for (i = 1; i < rule->match.count; i++)
        if (strcmp(rule->match.items[i], argv[i]) != 0)
            return false;
    return true;
}

/* Machine rules, the user's own and the workspace's are judged apart; the strictest counts. */
static unsigned group_of(enum sbx_layer layer)
{
    return layer == SBX_LAYER_MACHINE ? 0 : layer == SBX_LAYER_WORKSPACE ? 2 : 1;
}

enum sbx_decision sbx_policy_decide(
    const struct sbx_policy *policy, const char *const *argv, size_t argc, const char **ret_reason)
{
    const struct sbx_command_rule *strictest = NULL;
    bool decided[3] = {false, false, false};
    size_t i;

    for (i = 0; i < policy->command_count; i++) {
        const struct sbx_command_rule *rule = &policy->commands[i];
        unsigned group = group_of(rule->layer);

        if (decided[group] || !rule_matches(rule, argv, argc))
            continue;
        decided[group] = true;
        if (!strictest || rule->decision > strictest->decision)
            strictest = rule;
    }
    if (ret_reason)
        *ret_reason = strictest ? strictest->reason : NULL;
    return strictest ? strictest->decision : SBX_DECISION_ALLOW;
}

/* --- words --------------------------------------------------------------------------------- */

/* The word of a stored value, from the same table the parser reads. */
static const char *word_at(size_t offset, unsigned value)
{
    const struct sbx_policy_field *fields;
    size_t count, i;

    fields = sbx_policy_fields(&count);
    for (i = 0; i < count; i++)
        if (fields[i].type == SBX_FIELD_ENUM && fields[i].offset == offset)
            return value >= 1 && value <= fields[i].word_count ? fields[i].words[value - 1]
                                                               : "unset";
    return "unset";
}

const char *sbx_profile_name(enum sbx_profile profile)
{
    return word_at(offsetof(struct sbx_policy, profile), profile);
}

const char *sbx_mode_name(enum sbx_mode mode)
{
    return word_at(offsetof(struct sbx_policy, mode), mode);
}

const char *sbx_token_choice_name(enum sbx_token_choice token)
{
    return word_at(offsetof(struct sbx_policy, token), token);
}

const char *sbx_network_name(enum sbx_network network)
{
    return word_at(offsetof(struct sbx_policy, network), network);
}

const char *sbx_git_name(enum sbx_git git)
{
    return word_at(offsetof(struct sbx_policy, git), git);
}

const char *sbx_on_created_name(enum sbx_on_created on_created)
{
    return word_at(offsetof(struct sbx_policy, on_created_protected), on_created);
}

const char *sbx_desktop_name(enum sbx_desktop desktop)
{
    return word_at(offsetof(struct sbx_policy, desktop), desktop);
}

const char *sbx_ui_limits_name(enum sbx_ui_limits ui)
{
    return word_at(offsetof(struct sbx_policy, limits.ui), ui);
}

const char *sbx_sharing_name(enum sbx_sharing sharing)
{
    return word_at(offsetof(struct sbx_policy, sharing), sharing);
}

const char *sbx_decision_name(enum sbx_decision decision)
{
    return decision >= SBX_DECISION_ALLOW && decision <= SBX_DECISION_DENY
               ? sbx_policy_decision_words[decision - 1]
               : "unset";
}

const char *sbx_layer_name(enum sbx_layer layer)
{
    static const char *const names[] = {"machine", "command line", "file", "user", "workspace"};

    return (size_t)layer < countof(names) ? names[layer] : "unknown";
}

void sbx_policy_limit_timeout(struct sbx_policy *policy, uint64_t at_most_ms)
{
    if (at_most_ms && (!policy->limits.timeout_ms || policy->limits.timeout_ms > at_most_ms))
        policy->limits.timeout_ms = at_most_ms;
}
