/* See operator.h. */
#include "operator.h"

#include "shared/win/account.h"
#include "shared/win/sid.h"

enum sbx_status sbx_setup_check_administrator(struct sbx_error *err)
{
    struct sbx_sid_native native;
    BOOL member = FALSE;
    enum sbx_status status;

    if (!CheckTokenMembership(NULL, sbx_sid_to_native(&sbx_sid_administrators, &native), &member))
        return sbx_fail_win32(err, GetLastError(), "ask for the membership in Administrators");
    if (member)
        return SBX_OK;
    status = sbx_fail(err, SBX_DENIED, "set-up needs an administrator's rights");
    sbx_error_hint(err, "run: agent setup, which asks for them, or start a console as "
                        "administrator");
    return status;
}

/* S-1-5-21-... (machine, domain) or S-1-12-1-... (Entra ID), and none that this project makes up.
 */
static bool is_persons(const struct sbx_sid *sid)
{
    if (sbx_capsid_is_ours(sid))
        return false;
    return (sid->authority == 5 && sid->count == 5 && sid->sub[0] == 21) ||
           (sid->authority == 12 && sid->count == 5 && sid->sub[0] == 1);
}

static enum sbx_status refuse(const struct sbx_sid *sid, const char *why, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    enum sbx_status status;

    sbx_sid_format(sid, text);
    status = sbx_fail(err, SBX_DENIED, "%s cannot be an operator: %s", text, why);
    sbx_error_hint(err, "an administrator can name one: sandbox-setup provision --operator "
                        "DOMAIN\\user");
    return status;
}

enum sbx_status sbx_setup_check_operator(
    const struct sbx_setup *setup, const struct sbx_sid *sid, struct sbx_error *err)
{
    struct sbx_account_members members = {0};
    char text[SBX_SID_TEXT_SIZE];
    enum sbx_status status;
    size_t i;

    if (!is_persons(sid))
        return refuse(sid, "it is no account of a person", err);
    sbx_sid_format(sid, text);
    for (i = 0; i < setup->found.account_count; i++) {
        if (strcmp(setup->found.accounts[i].sid, text) == 0)
            return refuse(sid, "it is a sandbox account", err);
    }
    status = sbx_account_group_members(SBX_GROUP_NAME, &members, err);
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status && sbx_account_is_member(&members, sid))
        return refuse(sid, "it is a member of " SBX_GROUP_NAME, err);
    return status;
}

enum sbx_status sbx_setup_find_operator(
    const char *text, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    SID_NAME_USE use = SidTypeUnknown;
    enum sbx_status status;

    if (!sbx_sid_parse(text, ret_sid, NULL))
        return SBX_OK;
    status = sbx_sid_from_account(text, ret_sid, &use, err);
    if (!status && use != SidTypeUser)
        status = sbx_fail(err, SBX_DENIED, "'%s' is no user", text);
    return status;
}
