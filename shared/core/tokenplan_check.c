/* The proof of tokenplan.h: a token's facts against the plan, without looking anything up. */
#include "tokenplan.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * MUST:
 *  1. A fact that was not read is a finding; nothing is taken as true because it is unknown.
 *  2. Lists are compared both ways: what is missing and what is too much.
 *  3. ABSENT is accepted for two facts, and only when the kernel says it is older than 6.0.
 */

static const char *const fact_names[SBX_FACT_COUNT] = {
    [SBX_FACT_TYPE] = "TokenType",
    [SBX_FACT_USER] = "TokenUser",
    [SBX_FACT_RESTRICTED] = "IsTokenRestricted",
    [SBX_FACT_HAS_RESTRICTIONS] = "TokenHasRestrictions",
    [SBX_FACT_RESTRICTING_SIDS] = "TokenRestrictedSids",
    [SBX_FACT_FLAGS] = "TokenWriteRestricted",
    [SBX_FACT_ACCESS_CHECK] = "AccessCheck",
    [SBX_FACT_PRIVILEGES] = "TokenPrivileges",
    [SBX_FACT_GROUPS] = "TokenGroups",
    [SBX_FACT_INTEGRITY] = "TokenIntegrityLevel",
    [SBX_FACT_DEFAULT_DACL] = "TokenDefaultDacl",
};

const char *sbx_token_fact_name(enum sbx_token_fact fact)
{
    return (size_t)fact < countof(fact_names) ? fact_names[fact] : "unknown";
}

const struct sbx_sid *sbx_tokenplan_plain_sid(const struct sbx_tokenplan *plan)
{
    size_t i;

    if (!sbx_groups_find(&plan->restricting, &plan->user_sid))
        return &plan->user_sid;
    for (i = 0; i < plan->groups.count; i++) {
        const struct sbx_group *group = &plan->groups.items[i];

        if ((group->attributes & SBX_GROUP_ENABLED) && !(group->attributes & SBX_GROUP_DENY_ONLY) &&
            !sbx_groups_find(&plan->disable, &group->sid) &&
            !sbx_groups_find(&plan->restricting, &group->sid))
            return &group->sid;
    }
    return NULL;
}

void sbx_token_facts_done(struct sbx_token_facts *facts)
{
    if (!facts)
        return;
    sbx_groups_done(&facts->restricting);
    sbx_groups_done(&facts->groups);
    sbx_acl_done(&facts->default_dacl);
    memset(facts, 0, sizeof(*facts));
}

/* The differences of one fact: the first in words, the others counted. */
struct differences {
    char first[160];
    size_t count;
};

static void differ(struct differences *differences, const char *format, ...) SBX_PRINTF(2, 3);

static void differ(struct differences *differences, const char *format, ...)
{
    va_list args;

    if (differences->count++)
        return;
    va_start(args, format);
    vsnprintf(differences->first, sizeof(differences->first), format, args);
    va_end(args);
}

static void differ_sid(
    struct differences *differences, const struct sbx_sid *sid, const char *problem)
{
    char text[SBX_SID_TEXT_SIZE];

    sbx_sid_format(sid, text);
    differ(differences, "%s %s", text, problem);
}

static void check_type(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    (void)plan;
    if (!facts->primary)
        differ(differences, "not a primary token");
}

static void check_user(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    if (!sbx_sid_equal(&facts->user_sid, &plan->user_sid))
        differ_sid(differences, &facts->user_sid, "is not the planned user");
    if (facts->user_attributes & SBX_GROUP_DENY_ONLY)
        differ(differences, "the user is deny-only");
}

static void check_restricted(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    (void)plan;
    if (!facts->restricted)
        differ(differences, "the token has no restricting SIDs");
}

static void check_has_restrictions(const struct sbx_tokenplan *plan,
    const struct sbx_token_facts *facts, struct differences *differences)
{
    (void)plan;
    if (!facts->has_restrictions)
        differ(differences, "the token was never filtered");
}

static void check_restricting(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    size_t i;

    for (i = 0; i < facts->restricting.count; i++)
        if (!sbx_groups_find(&plan->restricting, &facts->restricting.items[i].sid))
            differ_sid(
                differences, &facts->restricting.items[i].sid, "is restricting, not planned");
    for (i = 0; i < plan->restricting.count; i++)
        if (!sbx_groups_find(&facts->restricting, &plan->restricting.items[i].sid))
            differ_sid(differences, &plan->restricting.items[i].sid, "is not restricting");
    if (facts->restricting.count != plan->restricting.count)
        differ(differences, "%zu restricting SIDs, planned %zu", facts->restricting.count,
            plan->restricting.count);
}

static void check_flags(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    if ((plan->flags & SBX_RESTRICT_WRITE_RESTRICTED) &&
        !(facts->flags & SBX_TOKENFLAG_WRITE_RESTRICTED))
        differ(differences, "flags 0x%X are not those of a write-restricted token",
            (unsigned)facts->flags);
}

static void check_access(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    (void)plan;
    if (facts->write_without_restricting)
        differ(differences, "a right without a restricting SID allows writing");
    if (!facts->read_without_restricting)
        differ(differences, "a right without a restricting SID does not allow reading");
    if (!facts->write_with_restricting)
        differ(differences, "the run SID does not allow writing");
}

/* A kept privilege that is missing confines more, not less, and is left to show itself. */
static void check_privileges(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    size_t i;

    for (i = 0; i < facts->privileges.count; i++)
        if (strcmp(facts->privileges.items[i].name, plan->kept_privilege) != 0)
            differ(differences, "%s is still held", facts->privileges.items[i].name);
}

static void check_group(const struct sbx_tokenplan *plan, const struct sbx_group *group,
    struct differences *differences)
{
    const struct sbx_group *base = sbx_groups_find(&plan->groups, &group->sid);
    bool deny_only = (group->attributes & SBX_GROUP_DENY_ONLY) != 0;
    bool enabled = (group->attributes & SBX_GROUP_ENABLED) != 0;

    if (!base) {
        differ_sid(differences, &group->sid, "is a group, not planned");
        return;
    }
    if (sbx_groups_find(&plan->disable, &group->sid) && (!deny_only || enabled))
        differ_sid(differences, &group->sid, "is not deny-only");
    else if ((base->attributes & SBX_GROUP_DENY_ONLY) && !deny_only)
        differ_sid(differences, &group->sid, "is no longer deny-only");
    else if (enabled && !(base->attributes & SBX_GROUP_ENABLED))
        differ_sid(differences, &group->sid, "became enabled");
}

/* A group that vanished would take the denies along that name it. */
static void check_groups(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    size_t i;

    for (i = 0; i < facts->groups.count; i++)
        if (!(facts->groups.items[i].attributes & SBX_GROUP_INTEGRITY))
            check_group(plan, &facts->groups.items[i], differences);
    for (i = 0; i < plan->groups.count; i++)
        if (!sbx_groups_find(&facts->groups, &plan->groups.items[i].sid))
            differ_sid(differences, &plan->groups.items[i].sid, "is no longer a group");
}

static void check_integrity(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
    struct differences *differences)
{
    if (!sbx_sid_equal(&facts->integrity_sid, &plan->integrity_sid))
        differ_sid(differences, &facts->integrity_sid, "is not the planned integrity level");
}

static void check_default_dacl(const struct sbx_tokenplan *plan,
    const struct sbx_token_facts *facts, struct differences *differences)
{
    if (!sbx_acl_same_aces(&facts->default_dacl, &plan->default_dacl))
        differ(differences, "%zu entries that are not the %zu planned ones",
            facts->default_dacl.count, plan->default_dacl.count);
}

struct row {
    void (*check)(const struct sbx_tokenplan *plan, const struct sbx_token_facts *facts,
        struct differences *differences);
    bool since_vista; /* the kernels before 6.0 have no such thing */
};

static const struct row rows[SBX_FACT_COUNT] = {
    [SBX_FACT_TYPE] = {check_type, false},
    [SBX_FACT_USER] = {check_user, false},
    [SBX_FACT_RESTRICTED] = {check_restricted, false},
    [SBX_FACT_HAS_RESTRICTIONS] = {check_has_restrictions, true},
    [SBX_FACT_RESTRICTING_SIDS] = {check_restricting, false},
    [SBX_FACT_FLAGS] = {check_flags, true},
    [SBX_FACT_ACCESS_CHECK] = {check_access, false},
    [SBX_FACT_PRIVILEGES] = {check_privileges, false},
    [SBX_FACT_GROUPS] = {check_groups, false},
    [SBX_FACT_INTEGRITY] = {check_integrity, true},
    [SBX_FACT_DEFAULT_DACL] = {check_default_dacl, false},
};

/* True when the value may be looked at; says why not otherwise. */
static bool was_read(
    const struct sbx_token_facts *facts, enum sbx_token_fact fact, struct differences *differences)
{
    const struct sbx_fact_status *fact_status = &facts->status[fact];
    const char *name = sbx_code_name(SBX_DOMAIN_WIN32, fact_status->code);

    switch (fact_status->state) {
    case SBX_FACT_READ:
        return true;
    case SBX_FACT_ABSENT:
        if (rows[fact].since_vista && facts->kernel_major > 0 && facts->kernel_major < 6)
            return false;
        differ(differences, "said to be absent on kernel %u", (unsigned)facts->kernel_major);
        return false;
    case SBX_FACT_FAILED:
        differ(differences, "%s (%u)", name ? name : "query failed", (unsigned)fact_status->code);
        return false;
    case SBX_FACT_NOT_READ:
        break;
    }
    differ(differences, "not read");
    return false;
}

enum sbx_status sbx_tokenplan_check(const struct sbx_tokenplan *plan,
    const struct sbx_token_facts *facts, struct sbx_findings *findings, struct sbx_error *err)
{
    struct sbx_findings own;
    size_t fact;

    sbx_findings_init(&own);
    for (fact = 0; fact < SBX_FACT_COUNT; fact++) {
        struct differences differences = {{0}, 0};
        char more[32] = "";

        if (was_read(facts, (enum sbx_token_fact)fact, &differences))
            rows[fact].check(plan, facts, &differences);
        if (differences.count == 0)
            continue;
        if (differences.count > 1)
            snprintf(more, sizeof(more), ", and %zu more", differences.count - 1);
        sbx_findings_add(&own, fact_names[fact], "%s%s", differences.first, more);
        sbx_findings_add(findings, fact_names[fact], "%s%s", differences.first, more);
    }
    return sbx_findings_refuse(&own, "the child's token", err);
}
