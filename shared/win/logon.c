/* See logon.h. */
#include "logon.h"
#include "handle.h"
#include "late.h"
#include "secretw.h"
#include "token.h"
#include "wstr.h"

/* What a refusal means for an account of ours, and what to do. */
static const struct {
    DWORD code;
    const char *meaning;
    const char *hint;
} refusals[] = {
    {ERROR_LOGON_FAILURE, "the sealed password is not the account's, or there is no such account",
        "run: agent repair"},
    {ERROR_ACCOUNT_RESTRICTION, "a policy forbids this account to log on",
        "look at the account's restrictions and at group policy, then run: agent repair"},
    {ERROR_INVALID_LOGON_HOURS, "the account's logon hours forbid it",
        "clear the logon hours of the account"},
    {ERROR_INVALID_WORKSTATION, "the account is limited to other machines",
        "clear the list of workstations of the account"},
    {ERROR_PASSWORD_EXPIRED, "the account's password has expired",
        "run: agent repair (it sets a new one, which does not expire)"},
    {ERROR_ACCOUNT_DISABLED, "the account is disabled; setup leaves it so when a proof failed",
        "run: agent repair"},
    {ERROR_LOGON_TYPE_NOT_GRANTED, "the account lacks the right to log on interactively",
        "a group policy may have replaced the right 'Allow log on locally', or this is a domain "
        "controller; run: agent repair"},
    {ERROR_ACCOUNT_EXPIRED, "the account has an expiry date, which has passed",
        "clear the expiry date of the account"},
    {ERROR_PASSWORD_MUST_CHANGE, "the account's password must be changed before it is used",
        "run: agent repair (it sets a new one)"},
    {ERROR_ACCOUNT_LOCKED_OUT, "the account is locked after too many wrong passwords",
        "wait until the lockout ends, or run: agent repair"},
};

enum sbx_status sbx_logon_explain(uint32_t code, const char *name, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    for (i = 0; i < countof(refusals); i++) {
        if (refusals[i].code != code)
            continue;
        status = sbx_fail_win32(err, code, "log on as '%s': %s", name, refusals[i].meaning);
        sbx_error_hint(err, "%s", refusals[i].hint);
        return status;
    }
    return sbx_fail_win32(err, code, "log on as '%s'", name);
}

/* One attempt, never a second one: each wrong password counts. */
static enum sbx_status attempt(const char *name, const char *password, DWORD type,
    HANDLE *ret_token, DWORD *ret_code, struct sbx_error *err)
{
    wchar_t password_w[SBX_PASSWORD_SIZE];
    wchar_t *name_w = NULL;
    HANDLE token = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);

    *ret_code = ERROR_SUCCESS;
    if (!status)
        status = sbx_secret_to_w(password, password_w, err);
    if (!status) {
        /* "." is the local machine: never a domain's account of the same name. */
        if (!LogonUserW(name_w, L".", password_w, type, LOGON32_PROVIDER_DEFAULT, &token))
            *ret_code = GetLastError();
        SecureZeroMemory(password_w, sizeof(password_w));
        if (*ret_code)
            sbx_handle_close(&token);
        else if (!token)
            status = sbx_fail(err, SBX_UNPROVEN, "log on as '%s': no token", name);
    }
    free(name_w);
    *ret_token = token;
    return status;
}

enum sbx_status sbx_logon_user(
    const char *name, const char *password, HANDLE *ret_token, struct sbx_error *err)
{
    HANDLE token = NULL;
    DWORD code = 0;
    enum sbx_status status = attempt(name, password, LOGON32_LOGON_INTERACTIVE, &token, &code, err);

    if (!status && code)
        status = sbx_logon_explain(code, name, err);
    if (!status)
        *ret_token = token;
    return status;
}

enum sbx_status sbx_logon_network_is_denied(
    const char *name, const char *password, struct sbx_error *err)
{
    HANDLE token = NULL;
    DWORD code = 0;
    enum sbx_status status = attempt(name, password, LOGON32_LOGON_NETWORK, &token, &code, err);

    if (status || code == ERROR_LOGON_TYPE_NOT_GRANTED)
        return status;
    sbx_handle_close(&token);
    if (!code) {
        status = sbx_fail(err, SBX_UNPROVEN, "'%s' can log on over the network", name);
        sbx_error_hint(err, "a group policy may have replaced the right 'Deny access to this "
                            "computer from the network'");
        return status;
    }
    (void)sbx_fail_win32(err, code, "a network logon as '%s' was refused for another reason", name);
    if (err)
        err->status = SBX_UNPROVEN;
    return SBX_UNPROVEN;
}

/* --- the token -------------------------------------------------------------------------------- */

static enum sbx_status unproven(struct sbx_error *err, const char *fact)
{
    return sbx_fail(err, SBX_UNPROVEN, "the token of the sandbox account: %s", fact);
}

static enum sbx_status check_groups(
    HANDLE token, const struct sbx_sid *group, struct sbx_error *err)
{
    struct sbx_groups groups = {0};
    const struct sbx_group *found = NULL;
    enum sbx_status status = sbx_token_groups(token, &groups, err);

    if (status)
        return status;
    found = sbx_groups_find(&groups, group);
    if (!found || !(found->attributes & SE_GROUP_ENABLED) ||
        (found->attributes & SE_GROUP_USE_FOR_DENY_ONLY))
        status = unproven(err, "not a member of the sandbox group");
    /* Deny-only too: UAC filters an administrator, and the whole token is one call away. */
    else if (sbx_groups_find(&groups, &sbx_sid_administrators))
        status = unproven(err, "a member of Administrators");
    sbx_groups_done(&groups);
    return status;
}

/* A linked token is what UAC keeps for an administrator. Before version 6 there is no UAC. */
static enum sbx_status check_elevation(HANDLE token, struct sbx_error *err)
{
    struct sbx_kernel_version kernel = {0};
    uint32_t kind = 0;
    enum sbx_status status = sbx_late_kernel_version(&kernel, err);

    if (status || kernel.major < 6)
        return status;
    status = sbx_token_number(token, TokenElevationType, &kind, err);
    if (!status && kind != TokenElevationTypeDefault)
        status = unproven(err, "it has an elevated twin");
    return status;
}

enum sbx_status sbx_logon_check(
    HANDLE token, const struct sbx_sid *account, const struct sbx_sid *group, struct sbx_error *err)
{
    struct sbx_group user = {0};
    bool restricted = true;
    uint32_t type = 0;
    enum sbx_status status = sbx_token_number(token, TokenType, &type, err);

    if (!status && type != TokenPrimary)
        status = unproven(err, "not a primary token");
    if (!status)
        status = sbx_token_user(token, &user, err);
    if (!status &&
        (!sbx_sid_equal(&user.sid, account) || (user.attributes & SE_GROUP_USE_FOR_DENY_ONLY)))
        status = unproven(err, "another user than the one that was set up");
    if (!status)
        status = check_groups(token, group, err);
    if (!status)
        status = check_elevation(token, err);
    if (!status)
        status = sbx_token_is_restricted(token, &restricted, err);
    if (!status && restricted)
        status = unproven(err, "restricted already");
    return status;
}
