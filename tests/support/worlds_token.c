/* Tokens of a random world, and what its own access lists give them. See worlds.h. */
#include "tests/support/unit.h"
#include "worlds.h"

#define ENABLED 7u

static struct sbx_access_group user_groups[8];
static struct sbx_access_group other_groups[3];

static struct sbx_access_group group(const struct sbx_sid *sid, uint32_t attributes)
{
    struct sbx_access_group value = {*sid, attributes};

    return value;
}

struct sbx_access_token worlds_token_user(const struct worlds *worlds)
{
    struct sbx_access_token token = {.user = worlds->caller, .groups = user_groups};

    user_groups[token.group_count++] = group(&sbx_sid_everyone, ENABLED);
    user_groups[token.group_count++] = group(&sbx_sid_users, ENABLED);
    user_groups[token.group_count++] = group(&sbx_sid_authenticated, ENABLED);
    user_groups[token.group_count++] = group(&sbx_sid_interactive, ENABLED);
    user_groups[token.group_count++] = group(&worlds->team, ENABLED);
    user_groups[token.group_count++] = group(&worlds->logon, ENABLED);
    if (worlds->admin)
        user_groups[token.group_count++] = group(&sbx_sid_administrators, ENABLED);
    return token;
}

struct sbx_access_token worlds_token_other(const struct worlds *worlds)
{
    struct sbx_access_token token = {.user = worlds->other, .groups = other_groups};

    other_groups[token.group_count++] = group(&sbx_sid_everyone, ENABLED);
    other_groups[token.group_count++] = group(&sbx_sid_users, ENABLED);
    other_groups[token.group_count++] = group(&sbx_sid_authenticated, ENABLED);
    return token;
}

static void add(struct sbx_groups *groups, const struct sbx_sid *sid, uint32_t attributes)
{
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_groups_add(groups, sid, attributes, &err), &err);
}

static struct sbx_sid parsed(const char *text)
{
    struct sbx_sid sid;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_sid_parse(text, &sid, &err), &err);
    return sid;
}

void worlds_token_planned(const struct worlds *worlds, const struct sbx_plan *plan,
    const struct sbx_sid *capabilities, size_t count, struct worlds_token *token)
{
    bool elevated = plan->mode == SBX_MODE_ELEVATED;
    struct sbx_groups groups = {0};
    struct sbx_tokenplan_input input = {.recipe = plan->recipe,
        .elevated = elevated,
        .capability_sids = capabilities,
        .capability_count = count,
        .groups = &groups};
    struct sbx_error err;

    input.user_sid = parsed(plan->user_sid);
    input.run_sid = parsed(plan->run_sid);
    if (elevated)
        input.account_sid = input.user_sid;
    add(&groups, &sbx_sid_everyone, ENABLED);
    add(&groups, &sbx_sid_users, ENABLED);
    add(&groups, &sbx_sid_authenticated, ENABLED);
    add(&groups, &sbx_sid_interactive, ENABLED);
    add(&groups, &worlds->logon, ENABLED | SBX_GROUP_LOGON_ID);
    add(&groups, elevated ? &worlds->group : &worlds->team, ENABLED);
    if (!elevated && worlds->admin)
        add(&groups, &sbx_sid_administrators, ENABLED);
    memset(token, 0, sizeof(*token));
    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &token->plan, &err), &err);
    ck_assert_sbx_ok(sbx_why_token_make(&token->plan, &token->why, &err), &err);
    sbx_groups_done(&groups);
}

void worlds_token_done(struct worlds_token *token)
{
    sbx_why_token_done(&token->why);
    sbx_tokenplan_done(&token->plan);
}

uint32_t worlds_rights(const struct sbx_descriptor *descriptor,
    const struct sbx_access_token *token, unsigned readings)
{
    const struct sbx_access_request request = {
        .desired = SBX_MAXIMUM_ALLOWED, .readings = readings};
    struct sbx_access_result result;

    sbx_access_check(descriptor, token, &request, &result);
    return result.granted_mask;
}

uint32_t worlds_given(const struct sbx_descriptor *before, const struct worlds_token *token)
{
    const struct sbx_groups *restricting = &token->plan.restricting;
    uint32_t given = 0;
    size_t i;

    if (before->dacl.kind != SBX_ACL_LIST)
        return SBX_FILE_ALL;
    for (i = 0; i < before->dacl.count; i++) {
        const struct sbx_ace *ace = &before->dacl.aces[i];

        if (ace->type == SBX_ACE_ALLOW && !(ace->flags & SBX_ACE_IO) &&
            sbx_groups_find(restricting, &ace->sid))
            given |= sbx_file_map_generic(ace->mask);
    }
    if (sbx_groups_find(restricting, &before->owner))
        given |= SBX_READ_CONTROL | SBX_WRITE_DAC;
    return given;
}

uint32_t worlds_denied(const struct sbx_descriptor *before, const struct sbx_access_token *token)
{
    uint32_t denied = 0;
    size_t i, k;

    for (i = 0; before->dacl.kind == SBX_ACL_LIST && i < before->dacl.count; i++) {
        const struct sbx_ace *ace = &before->dacl.aces[i];
        bool hits = sbx_sid_equal(&ace->sid, &token->user);

        for (k = 0; k < token->group_count; k++)
            hits = hits || sbx_sid_equal(&ace->sid, &token->groups[k].sid);
        for (k = 0; k < token->restricting_count; k++)
            hits = hits || sbx_sid_equal(&ace->sid, &token->restricting[k]);
        if (hits && ace->type == SBX_ACE_DENY && !(ace->flags & SBX_ACE_IO))
            denied |= sbx_file_map_generic(ace->mask);
    }
    return denied;
}
