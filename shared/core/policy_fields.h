/*
 * The members of a policy as one table: how each is spelled, checked, printed and merged.
 *
 * Parser, printer, merge and the test of shared/schema/policy.schema.json all walk this table, so
 * a key cannot be known to one of them and unknown to another. Internal to the policy files and
 * their tests.
 */
#ifndef SBX_POLICY_FIELDS_H
#define SBX_POLICY_FIELDS_H

#include "policy.h"

enum sbx_field_type {
    SBX_FIELD_ENUM,    /* one word of `words`; stored as index + 1 */
    SBX_FIELD_FLAG,    /* true or false; stored as enum sbx_flag */
    SBX_FIELD_NUMBER,  /* integer min..max, stored times `scale`, 0 = not written */
    SBX_FIELD_STRINGS, /* list of texts, each passing `check` */
    SBX_FIELD_MAP,     /* object of texts; stored as "NAME=value" */
    SBX_FIELD_COMMANDS /* the command rules */
};

enum sbx_field_merge {
    SBX_MERGE_SCALAR, /* highest layer wins, machine bounds, workspace narrows */
    SBX_MERGE_UNION,  /* a list that takes away: all layers together */
    SBX_MERGE_ALLOW,  /* a list that gives: machine bounds it, workspace cuts it */
    SBX_MERGE_SPECIAL /* environment.set and commands */
};

struct sbx_policy_field {
    const char *section; /* "" for members of the root object */
    const char *key;
    enum sbx_field_type type;
    enum sbx_field_merge merge;
    size_t offset; /* in struct sbx_policy */
    bool machine_only;
    /* ENUM and FLAG */
    const char *const *words;
    size_t word_count;
    const uint8_t *rank; /* by stored value: smaller is narrower, 0 = no choice; NULL = the value */
    unsigned default_value;
    /* NUMBER */
    uint64_t min, max, scale;
    bool wide; /* uint64_t; else uint32_t */
    uint64_t default_number;
    /* STRINGS */
    enum sbx_status (*check)(const char *text, struct sbx_error *err);
    /* ALLOW lists: true when everything `entry` admits is admitted by `bound` */
    bool (*covers)(const char *bound, const char *entry);
};

/** All fields, grouped by section. */
const struct sbx_policy_field *sbx_policy_fields(size_t *ret_count);

/** "filesystem.allowWrite": the key path of a field, for messages and tests. */
void sbx_policy_field_path(const struct sbx_policy_field *field, char *text, size_t size_bytes);

/** Stored value of an ENUM or FLAG field. */
unsigned sbx_policy_get_value(
    const struct sbx_policy *policy, const struct sbx_policy_field *field);
void sbx_policy_set_value(
    struct sbx_policy *policy, const struct sbx_policy_field *field, unsigned value);
/** Stored value of a NUMBER field. */
uint64_t sbx_policy_get_number(
    const struct sbx_policy *policy, const struct sbx_policy_field *field);
void sbx_policy_set_number(
    struct sbx_policy *policy, const struct sbx_policy_field *field, uint64_t value);
/** List of a STRINGS or MAP field. */
struct sbx_strings *sbx_policy_list(
    struct sbx_policy *policy, const struct sbx_policy_field *field);
const struct sbx_strings *sbx_policy_list_const(
    const struct sbx_policy *policy, const struct sbx_policy_field *field);

/* What one text of a list may be. SBX_INVALID says why not; the caller adds source and key. */
SBX_MUST_CHECK enum sbx_status sbx_policy_check_path(const char *text, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_policy_check_pattern_path(
    const char *text, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_policy_check_name(const char *text, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_policy_check_domain(const char *text, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_policy_check_env_pattern(
    const char *text, struct sbx_error *err);
/** "NAME=value": the name is checked, the value may be any text. */
SBX_MUST_CHECK enum sbx_status sbx_policy_check_assignment(const char *text, struct sbx_error *err);

/*
 * Containment of policy texts. Paths: true only when both are absolute, or both relative to the
 * working directory, and it can be seen from the text; `false` may mean "cannot be seen".
 */
bool sbx_policy_path_covers(const char *bound, const char *entry);
bool sbx_policy_domain_covers(const char *bound, const char *entry);
bool sbx_policy_env_covers(const char *bound, const char *entry);
/** True for a path whose place is fixed by the text alone (C:\a, \\server\share\a). */
bool sbx_policy_path_is_absolute(const char *text);
/** True for a path that lies below the working directory, wherever that is: relative, no "..". */
bool sbx_policy_path_is_below_cwd(const char *text);

/* The words of `decision` in a command rule. */
extern const char *const sbx_policy_decision_words[3];

#endif
