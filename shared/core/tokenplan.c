/* See tokenplan.h. The proof is in tokenplan_check.c. */
#include "tokenplan.h"

/*
 * MUST:
 *  1. Every restricting SID that the caller chooses has our own form, so no list can hold Users,
 *     Authenticated Users, INTERACTIVE, an account or a group: these may write in places that the
 *     policy never named.
 *  2. Everyone and the logon SID come from the recipe table only, the account SID from the logon.
 *  3. The default DACL never names Everyone, Users or a group of the user.
 */

struct recipe {
    enum sbx_token_choice name;
    bool everyone;
    bool logon; /* restricting and left enabled; otherwise made deny-only */
};

static const struct recipe recipes[] = {
    {SBX_TOKEN_STRICT, false, false},
    {SBX_TOKEN_ISOLATED, true, false},
    {SBX_TOKEN_STANDARD, true, true},
};

/*
 * Groups that LUA_TOKEN is documented to take away, named again so that the plan, and not a
 * kernel's idea of it, says what must be deny-only; and Hyper-V Administrators, which can mount
 * disks. Aliases are S-1-5-32-X.
 * https://learn.microsoft.com/windows/security/application-security/application-control/user-account-control/how-it-works
 * https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
 */
static const uint32_t privileged_aliases[] = {
    544, /* Administrators */
    547, /* Power Users */
    548, /* Account Operators */
    549, /* Server Operators */
    550, /* Print Operators */
    551, /* Backup Operators */
    552, /* Replicator */
    554, /* Pre-Windows 2000 Compatible Access */
    556, /* Network Configuration Operators */
    569, /* Cryptographic Operators */
    578, /* Hyper-V Administrators */
};

/* Domain groups are S-1-5-21-a-b-c-X. */
static const uint32_t privileged_domain_groups[] = {
    498, /* Enterprise Read-only Domain Controllers */
    512, /* Domain Admins */
    516, /* Domain Controllers */
    517, /* Cert Publishers */
    518, /* Schema Admins */
    519, /* Enterprise Admins */
    520, /* Group Policy Creator Owners */
    521, /* Read-only Domain Controllers */
    526, /* Key Admins */
    527, /* Enterprise Key Admins */
    553, /* RAS and IAS Servers */
};

/* GENERIC_READ | GENERIC_EXECUTE: what Windows itself gives the logon SID in a default DACL. */
#define LOGON_MASK (SBX_GENERIC_READ | SBX_GENERIC_EXECUTE)

enum sbx_status sbx_groups_add(
    struct sbx_groups *list, const struct sbx_sid *sid, uint32_t attributes, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_group *items = NULL;
    size_t capacity;

    if (list->count >= SBX_GROUPS_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u SIDs in a token list", SBX_GROUPS_MAX);
    if (list->count == list->capacity) {
        capacity = list->capacity ? list->capacity * 2 : 16;
        status = sbx_calloc(capacity, sizeof(*items), &items, err);
        if (status)
            return status;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        free(list->items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count].sid = *sid;
    list->items[list->count].attributes = attributes;
    list->count++;
    return SBX_OK;
}

const struct sbx_group *sbx_groups_find(const struct sbx_groups *list, const struct sbx_sid *sid)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (sbx_sid_equal(&list->items[i].sid, sid))
            return &list->items[i];
    return NULL;
}

static bool is_logon(const struct sbx_group *group)
{
    return (group->attributes & SBX_GROUP_LOGON_ID) == SBX_GROUP_LOGON_ID;
}

const struct sbx_group *sbx_groups_logon(const struct sbx_groups *list)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (is_logon(&list->items[i]))
            return &list->items[i];
    return NULL;
}

void sbx_groups_done(struct sbx_groups *list)
{
    if (!list)
        return;
    free(list->items);
    memset(list, 0, sizeof(*list));
}

static bool one_of(const uint32_t *numbers, size_t count, uint32_t number)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static bool is_privileged(const struct sbx_sid *sid)
{
    if (sid->authority != 5)
        return false;
    if (sid->count == 1)
        return sid->sub[0] == 114; /* local account and member of Administrators */
    if (sid->count == 2 && sid->sub[0] == 32)
        return one_of(privileged_aliases, countof(privileged_aliases), sid->sub[1]);
    if (sid->count == 5 && sid->sub[0] == 21)
        return one_of(privileged_domain_groups, countof(privileged_domain_groups), sid->sub[4]);
    return false;
}

static const struct recipe *recipe_of(enum sbx_token_choice name)
{
    size_t i;

    for (i = 0; i < countof(recipes); i++)
        if (recipes[i].name == name)
            return &recipes[i];
    return NULL;
}

static enum sbx_status add_unique(
    struct sbx_groups *list, const struct sbx_sid *sid, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];

    if (sbx_groups_find(list, sid)) {
        sbx_sid_format(sid, text);
        return sbx_fail(err, SBX_INVALID, "restricting SID '%s' appears twice", text);
    }
    return sbx_groups_add(list, sid, 0, err);
}

/* A SID that the caller chose: ours by form, and nothing that the token has anyway. */
static enum sbx_status add_own(const struct sbx_tokenplan_input *input, const struct sbx_sid *sid,
    const char *what, struct sbx_groups *list, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];

    sbx_sid_format(sid, text);
    if (!sbx_capsid_is_ours(sid))
        return sbx_fail(
            err, SBX_INVALID, "%s '%s' is not of the form this program makes", what, text);
    if (sbx_sid_equal(sid, &input->user_sid) || sbx_groups_find(input->groups, sid))
        return sbx_fail(err, SBX_INVALID, "%s '%s' is the user or one of its groups", what, text);
    return add_unique(list, sid, err);
}

static enum sbx_status plan_restricting(const struct sbx_tokenplan_input *input,
    const struct recipe *recipe, struct sbx_groups *list, struct sbx_error *err)
{
    enum sbx_status status;
    bool any_logon = false;
    size_t i;

    if (input->capability_count > SBX_CAPABILITIES_MAX)
        return sbx_fail(err, SBX_INVALID, "%zu writable roots, at most %u are possible",
            input->capability_count, SBX_CAPABILITIES_MAX);
    for (i = 0; i < input->capability_count; i++) {
        status = add_own(input, &input->capability_sids[i], "capability SID", list, err);
        if (status)
            return status;
    }
    status = add_own(input, &input->run_sid, "run SID", list, err);
    if (!status && input->elevated)
        status = add_unique(list, &input->account_sid, err);
    if (!status && recipe->everyone)
        status = add_unique(list, &sbx_sid_everyone, err);
    if (status || !recipe->logon)
        return status;
    for (i = 0; i < input->groups->count && !status; i++) {
        if (!is_logon(&input->groups->items[i]))
            continue;
        any_logon = true;
        status = add_unique(list, &input->groups->items[i].sid, err);
    }
    if (!status && !any_logon)
        status = sbx_fail(err, SBX_UNSUPPORTED,
            "token recipe 'standard': the base token has no logon SID (a service?)");
    return status;
}

static enum sbx_status plan_groups(const struct sbx_tokenplan_input *input,
    const struct recipe *recipe, struct sbx_tokenplan *plan, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const struct sbx_group *group;
    size_t i;

    for (i = 0; i < input->groups->count && !status; i++) {
        group = &input->groups->items[i];
        if (group->attributes & SBX_GROUP_INTEGRITY)
            continue; /* the label is compared as such */
        status = sbx_groups_add(&plan->groups, &group->sid, group->attributes, err);
        if (!status && (is_privileged(&group->sid) || (is_logon(group) && !recipe->logon)))
            status = sbx_groups_add(&plan->disable, &group->sid, 0, err);
    }
    return status;
}

static enum sbx_status allow(
    struct sbx_acl *dacl, const struct sbx_sid *sid, uint32_t mask, struct sbx_error *err)
{
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, mask, sid);

    return sbx_acl_insert(dacl, dacl->count, &ace, err);
}

/*
 * What the child and its descendants make is open to themselves: the user's entry passes the first
 * check, the run's the second. The logon SID of `standard` gets no more than Windows' own default.
 */
static enum sbx_status plan_default_dacl(const struct sbx_tokenplan_input *input,
    const struct recipe *recipe, struct sbx_acl *dacl, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    status = allow(dacl, &input->user_sid, SBX_GENERIC_ALL, err);
    if (!status)
        status = allow(dacl, &input->run_sid, SBX_GENERIC_ALL, err);
    if (!status)
        status = allow(dacl, &sbx_sid_system, SBX_GENERIC_ALL, err);
    for (i = 0; i < input->groups->count && recipe->logon && !status; i++)
        if (is_logon(&input->groups->items[i]))
            status = allow(dacl, &input->groups->items[i].sid, LOGON_MASK, err);
    return status;
}

static enum sbx_status check_input(const struct sbx_tokenplan_input *input, struct sbx_error *err)
{
    if (!sbx_sid_is_set(&input->user_sid) || !input->groups)
        return sbx_fail(err, SBX_INVALID, "token plan without the base token's user and groups");
    if (input->base_is_restricted)
        return sbx_fail(err, SBX_DENIED, "the calling process is itself in a sandbox");
    if (!input->elevated && sbx_sid_is_set(&input->account_sid))
        return sbx_fail(err, SBX_INVALID, "an account SID in unelevated mode");
    if (input->elevated && !sbx_sid_equal(&input->account_sid, &input->user_sid))
        return sbx_fail(err, SBX_INVALID, "the base token is not the sandbox account's");
    return SBX_OK;
}

enum sbx_status sbx_tokenplan_make(
    const struct sbx_tokenplan_input *input, struct sbx_tokenplan *ret_plan, struct sbx_error *err)
{
    const struct recipe *recipe = recipe_of(input->recipe);
    struct sbx_tokenplan plan = {0};
    enum sbx_status status = check_input(input, err);

    memset(ret_plan, 0, sizeof(*ret_plan));
    if (status)
        goto cleanup;
    if (!recipe) {
        status = sbx_fail(
            err, SBX_INVALID, "no token recipe '%s'", sbx_token_choice_name(input->recipe));
        goto cleanup;
    }
    plan.recipe = input->recipe;
    plan.elevated = input->elevated;
    plan.user_sid = input->user_sid;
    plan.run_sid = input->run_sid;
    plan.flags =
        SBX_RESTRICT_DISABLE_MAX_PRIVILEGE | SBX_RESTRICT_LUA_TOKEN | SBX_RESTRICT_WRITE_RESTRICTED;
    plan.integrity_sid = sbx_sid_medium_label;
    plan.kept_privilege = SBX_PRIVILEGE_CHANGE_NOTIFY;
    status = plan_restricting(input, recipe, &plan.restricting, err);
    if (!status)
        status = plan_groups(input, recipe, &plan, err);
    if (!status)
        status = plan_default_dacl(input, recipe, &plan.default_dacl, err);
    if (status)
        goto cleanup;
    *ret_plan = plan;
    memset(&plan, 0, sizeof(plan));
cleanup:
    sbx_tokenplan_done(&plan);
    return status;
}

void sbx_tokenplan_done(struct sbx_tokenplan *plan)
{
    if (!plan)
        return;
    sbx_groups_done(&plan->disable);
    sbx_groups_done(&plan->restricting);
    sbx_groups_done(&plan->groups);
    sbx_acl_done(&plan->default_dacl);
    memset(plan, 0, sizeof(*plan));
}
