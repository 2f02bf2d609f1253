/* See policy_fields.h. */
#include "policy_fields.h"

#include <stdio.h>

static const char *const profile_words[] = {"read-only", "workspace-write"};
static const char *const mode_words[] = {"auto", "elevated", "unelevated"};
static const char *const token_words[] = {"auto", "strict", "isolated", "standard"};
static const char *const network_words[] = {"none", "allowlist", "advisory", "full"};
static const char *const git_words[] = {"deny", "write"};
static const char *const on_created_words[] = {"adopt", "quarantine", "report"};
static const char *const desktop_words[] = {"private", "interactive"};
static const char *const ui_words[] = {"enforce", "best-effort"};
static const char *const sharing_words[] = {"refuse", "wait", "share"};
static const char *const event_log_words[] = {"off", "on", "required"};
const char *const sbx_policy_decision_words[3] = {"allow", "prompt", "deny"};

/*
 * Ranks where the order of the enum is not "narrow to wide". Rank 0 leaves the choice open: `auto`
 * neither bounds another layer nor asks for more than a bound.
 */
static const uint8_t auto_first[] = {0, 0, 1, 2, 3};
static const uint8_t on_created_rank[] = {0, 2, 1, 3};
static const uint8_t yes_is_narrow[] = {0, 2, 1};
static const uint8_t deny_is_narrow[] = {0, 3, 2, 1};
static const uint8_t last_is_narrow[] = {0, 3, 2, 1};

#define AT(member) offsetof(struct sbx_policy, member)
#define WORDS(table) .words = (table), .word_count = countof(table)
#define ENUM(in, name, member, table, otherwise)                                                   \
    .section = (in), .key = (name), .type = SBX_FIELD_ENUM, .merge = SBX_MERGE_SCALAR,             \
    .offset = AT(member), WORDS(table), .default_value = (otherwise)
#define FLAG(in, name, member, otherwise)                                                          \
    .section = (in), .key = (name), .type = SBX_FIELD_FLAG, .merge = SBX_MERGE_SCALAR,             \
    .offset = AT(member), .default_value = (otherwise)
#define LIST(in, name, member, how, checker)                                                       \
    .section = (in), .key = (name), .type = SBX_FIELD_STRINGS, .merge = (how),                     \
    .offset = AT(member), .check = (checker)
#define NUMBER(name, member, low, high, factor)                                                    \
    .section = "limits", .key = (name), .type = SBX_FIELD_NUMBER, .merge = SBX_MERGE_SCALAR,       \
    .offset = AT(limits.member), .min = (low), .max = (high), .scale = (factor),                   \
    .wide = sizeof(((struct sbx_policy *)0)->limits.member) == sizeof(uint64_t)

#define MIB (1024u * 1024u)
/* The most MiB whose number of bytes JSON still carries exactly. */
#define MIB_MAX ((UINT64_C(1) << 53) / MIB - 1)

static const struct sbx_policy_field fields[] = {
    {ENUM("", "profile", profile, profile_words, SBX_PROFILE_WORKSPACE_WRITE)},
    {ENUM("", "mode", mode, mode_words, SBX_MODE_AUTO), .rank = auto_first},
    {ENUM("", "token", token, token_words, SBX_TOKEN_AUTO), .rank = auto_first},
    {ENUM("", "git", git, git_words, SBX_GIT_DENY)},
    {FLAG("", "background", background, SBX_FLAG_NO)},
    {ENUM("", "desktop", desktop, desktop_words, SBX_DESKTOP_PRIVATE)},
    {.section = "",
        .key = "commands",
        .type = SBX_FIELD_COMMANDS,
        .merge = SBX_MERGE_SPECIAL,
        .offset = AT(commands)},
    {FLAG("", "allowUnelevated", allow_unelevated, SBX_FLAG_NO), .machine_only = true},
    {LIST("filesystem", "allowWrite", allow_write, SBX_MERGE_ALLOW, sbx_policy_check_path),
        .covers = sbx_policy_path_covers},
    {LIST("filesystem", "denyWrite", deny_write, SBX_MERGE_UNION, sbx_policy_check_pattern_path)},
    {LIST("filesystem", "allowRead", allow_read, SBX_MERGE_ALLOW, sbx_policy_check_path),
        .covers = sbx_policy_path_covers},
    {LIST("filesystem", "denyRead", deny_read, SBX_MERGE_UNION, sbx_policy_check_pattern_path)},
    {ENUM("network", "access", network, network_words, SBX_NETWORK_UNSET)},
    {LIST("network", "allowedDomains", allowed_domains, SBX_MERGE_ALLOW, sbx_policy_check_domain),
        .covers = sbx_policy_domain_covers},
    {LIST("network", "deniedDomains", denied_domains, SBX_MERGE_UNION, sbx_policy_check_domain)},
    {FLAG("network", "allowLocalBinding", allow_local_binding, SBX_FLAG_NO)},
    {LIST("protect", "add", protect_add, SBX_MERGE_UNION, sbx_policy_check_name)},
    {LIST("protect", "remove", protect_remove, SBX_MERGE_UNION, sbx_policy_check_name),
        .machine_only = true},
    {ENUM("protect", "onCreated", on_created_protected, on_created_words, SBX_ON_CREATED_ADOPT),
        .rank = on_created_rank},
    {LIST("environment", "pass", env_pass, SBX_MERGE_ALLOW, sbx_policy_check_env_pattern),
        .covers = sbx_policy_env_covers},
    {.section = "environment",
        .key = "set",
        .type = SBX_FIELD_MAP,
        .merge = SBX_MERGE_SPECIAL,
        .offset = AT(env_set),
        .check = sbx_policy_check_assignment},
    {LIST("environment", "scrub", env_scrub, SBX_MERGE_UNION, sbx_policy_check_env_pattern)},
    {NUMBER("timeoutSeconds", timeout_ms, 1, 7u * 86400u, 1000u)},
    {NUMBER("processes", processes, 1, 65535u, 1u), .default_number = 512u},
    {NUMBER("memoryMiB", memory_bytes, 16u, MIB_MAX, MIB)},
    {NUMBER("processMemoryMiB", process_memory_bytes, 8u, MIB_MAX, MIB)},
    {NUMBER("cpuPercent", cpu_percent, 1, 100u, 1u)},
    {ENUM("limits", "ui", limits.ui, ui_words, SBX_UI_ENFORCE)},
    {ENUM("approvals", "write", approve_write, sbx_policy_decision_words, SBX_DECISION_UNSET),
        .rank = deny_is_narrow},
    {ENUM("approvals", "desktop", approve_desktop, sbx_policy_decision_words, SBX_DECISION_UNSET),
        .rank = deny_is_narrow},
    {ENUM("approvals", "network", approve_network, sbx_policy_decision_words, SBX_DECISION_UNSET),
        .rank = deny_is_narrow},
    {ENUM("accounts", "sharing", sharing, sharing_words, SBX_SHARING_SHARE)},
    {FLAG("audit", "enabled", audit, SBX_FLAG_YES), .rank = yes_is_narrow},
    {ENUM("audit", "eventLog", event_log, event_log_words, SBX_EVENT_LOG_OFF),
        .rank = last_is_narrow},
};

const struct sbx_policy_field *sbx_policy_fields(size_t *ret_count)
{
    *ret_count = countof(fields);
    return fields;
}

void sbx_policy_field_path(const struct sbx_policy_field *field, char *text, size_t size_bytes)
{
    snprintf(text, size_bytes, "%s%s%s", field->section, field->section[0] ? "." : "", field->key);
}

/* Every enum of the policy has the size of an int; memcpy, because the types differ. */
unsigned sbx_policy_get_value(const struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    unsigned value = 0;

    memcpy(&value, (const char *)policy + field->offset, sizeof(value));
    return value;
}

void sbx_policy_set_value(
    struct sbx_policy *policy, const struct sbx_policy_field *field, unsigned value)
{
    memcpy((char *)policy + field->offset, &value, sizeof(value));
}

uint64_t sbx_policy_get_number(
    const struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    const char *at = (const char *)policy + field->offset;
    uint64_t wide = 0;
    uint32_t narrow = 0;

    if (field->wide) {
        memcpy(&wide, at, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, at, sizeof(narrow));
    return narrow;
}

void sbx_policy_set_number(
    struct sbx_policy *policy, const struct sbx_policy_field *field, uint64_t value)
{
    char *at = (char *)policy + field->offset;
    uint32_t narrow = (uint32_t)value;

    if (field->wide)
        memcpy(at, &value, sizeof(value));
    else
        memcpy(at, &narrow, sizeof(narrow));
}

struct sbx_strings *sbx_policy_list(struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    return (struct sbx_strings *)(void *)((char *)policy + field->offset);
}

const struct sbx_strings *sbx_policy_list_const(
    const struct sbx_policy *policy, const struct sbx_policy_field *field)
{
    return (const struct sbx_strings *)(const void *)((const char *)policy + field->offset);
}
