/* The planned token as data. See whyanswer.h. */
#include "whyanswer.h"

/*
 * Integrity labels are no groups and are not among plan->groups. SBX_GROUP_* of a token and of the
 * access check are the same bits; LUA_TOKEN and the plan's disable list make groups deny-only.
 */
static void fill_groups(const struct sbx_tokenplan *plan, struct sbx_why_token *token)
{
    size_t i;

    for (i = 0; i < plan->groups.count; i++) {
        const struct sbx_group *group = &plan->groups.items[i];

        token->groups[i].sid = group->sid;
        token->groups[i].attributes = group->attributes;
        if (sbx_groups_find(&plan->disable, &group->sid))
            token->groups[i].attributes =
                (group->attributes & ~SBX_GROUP_ENABLED) | SBX_GROUP_DENY_ONLY;
    }
}

enum sbx_status sbx_why_token_make(
    const struct sbx_tokenplan *plan, struct sbx_why_token *ret_token, struct sbx_error *err)
{
    struct sbx_why_token token = {0};
    enum sbx_status status;
    size_t i;

    status = sbx_calloc(plan->groups.count + 1, sizeof(*token.groups), &token.groups, err);
    if (!status)
        status = sbx_calloc(
            plan->restricting.count + 1, sizeof(*token.restricting), &token.restricting, err);
    if (status) {
        sbx_why_token_done(&token);
        return status;
    }
    fill_groups(plan, &token);
    for (i = 0; i < plan->restricting.count; i++)
        token.restricting[i] = plan->restricting.items[i].sid;
    token.token.user = plan->user_sid;
    token.token.user_deny_only = sbx_groups_find(&plan->disable, &plan->user_sid) != NULL;
    token.token.groups = token.groups;
    token.token.group_count = plan->groups.count;
    token.token.restricting = token.restricting;
    token.token.restricting_count = plan->restricting.count;
    token.token.restricted = true;
    token.token.write_restricted = (plan->flags & SBX_RESTRICT_WRITE_RESTRICTED) != 0;
    /* The one privilege that is kept opens no object. */
    token.token.privileges = 0;
    *ret_token = token;
    return SBX_OK;
}

void sbx_why_token_done(struct sbx_why_token *token)
{
    if (!token)
        return;
    free(token->groups);
    free(token->restricting);
    memset(token, 0, sizeof(*token));
}
