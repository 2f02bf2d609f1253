/* Local users. The MUSTs are in account.h. */
#include "account.h"
#include "secretw.h"
#include "sid.h"
#include "wstr.h"

#include <lm.h>

/* UF_SCRIPT must be set (USER_INFO_1); the account must never come to want a new password. */
#define OUR_FLAGS ((DWORD)(UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD))
/* Of the others only those count that change who may log on, and how. */
#define COUNTING_FLAGS                                                                             \
    ((DWORD)(UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD | UF_PASSWD_NOTREQD |                       \
             UF_ENCRYPTED_TEXT_PASSWORD_ALLOWED | UF_SMARTCARD_REQUIRED |                          \
             UF_TRUSTED_FOR_DELEGATION | UF_DONT_REQUIRE_PREAUTH))

static enum sbx_status facts_from(
    const USER_INFO_4 *info, struct sbx_account_facts *ret_facts, struct sbx_error *err)
{
    struct sbx_account_facts facts;
    enum sbx_status status;

    memset(&facts, 0, sizeof(facts));
    status = sbx_sid_from_psid(info->usri4_user_sid, &facts.sid, err);
    if (status)
        return status;
    facts.flags = info->usri4_flags;
    facts.disabled = (info->usri4_flags & UF_ACCOUNTDISABLE) != 0;
    facts.locked = (info->usri4_flags & UF_LOCKOUT) != 0;
    facts.needs_no_password = (info->usri4_flags & UF_PASSWD_NOTREQD) != 0;
    facts.password_lasts = (info->usri4_flags & UF_DONT_EXPIRE_PASSWD) != 0;
    facts.password_expired = info->usri4_password_expired != 0;
    facts.account_expires = info->usri4_acct_expires != TIMEQ_FOREVER;
    /* Both are made from the built-in groups. The level of an account that is in none of them, not
     * even in Users, is "guest": NetUserAdd adds to none, and ours stay so. */
    facts.ordinary = info->usri4_priv != USER_PRIV_ADMIN && !info->usri4_auth_flags;
    *ret_facts = facts;
    return SBX_OK;
}

enum sbx_status sbx_account_user_read(
    const char *name, struct sbx_account_facts *ret_facts, struct sbx_error *err)
{
    USER_INFO_4 *info = NULL;
    wchar_t *name_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);
    NET_API_STATUS code;

    if (status)
        return status;
    code = NetUserGetInfo(NULL, name_w, 4, (LPBYTE *)&info);
    free(name_w);
    if (code)
        return sbx_fail_win32(err, code, "read account '%s'", name);
    if (!info)
        return sbx_fail(err, SBX_UNPROVEN, "read account '%s': an empty answer", name);
    status = facts_from(info, ret_facts, err);
    if (status)
        sbx_error_context(err, "read account '%s'", name);
    NetApiBufferFree(info);
    return status;
}

bool sbx_account_is_sound(const struct sbx_account_facts *facts)
{
    return (facts->flags & COUNTING_FLAGS) == (OUR_FLAGS & COUNTING_FLAGS) &&
           !facts->password_expired && !facts->account_expires && facts->ordinary;
}

/* The account of that name, and that it is the one which the caller means. */
static enum sbx_status read_expected(const char *name, const struct sbx_sid *expected,
    struct sbx_account_facts *ret_facts, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    enum sbx_status status = sbx_account_user_read(name, ret_facts, err);

    if (status || sbx_sid_equal(&ret_facts->sid, expected))
        return status;
    sbx_sid_format(&ret_facts->sid, text);
    status = sbx_fail(err, SBX_DENIED, "account '%s' is not the one that was made here", name);
    sbx_error_hint(err, "account %s has that name now; rename or delete it, then try again", text);
    return status;
}

static enum sbx_status fail_change(
    struct sbx_error *err, NET_API_STATUS code, const char *what, const char *name)
{
    enum sbx_status status = sbx_fail_win32(err, code, "%s account '%s'", what, name);

    if (code == ERROR_ACCESS_DENIED)
        sbx_error_hint(err, "run it as an administrator");
    if (code == NERR_PasswordTooShort)
        sbx_error_hint(err, "the password policy or a password filter of this machine refuses "
                            "random passwords of 64 characters");
    return status;
}

static enum sbx_status call_add(const wchar_t *name_w, const wchar_t *comment_w,
    const char *password, const char *name, struct sbx_error *err)
{
    wchar_t password_w[SBX_PASSWORD_SIZE];
    enum sbx_status status = sbx_secret_to_w(password, password_w, err);
    NET_API_STATUS code;
    USER_INFO_1 info;
    DWORD member = 0;

    if (status)
        return status;
    memset(&info, 0, sizeof(info));
    info.usri1_name = (wchar_t *)(uintptr_t)name_w;
    info.usri1_comment = (wchar_t *)(uintptr_t)comment_w;
    info.usri1_password = password_w;
    info.usri1_priv = USER_PRIV_USER;
    info.usri1_flags = OUR_FLAGS | UF_ACCOUNTDISABLE;
    code = NetUserAdd(NULL, 1, (LPBYTE)&info, &member);
    SecureZeroMemory(password_w, sizeof(password_w));
    if (code == ERROR_INVALID_PARAMETER)
        return sbx_fail_win32(
            err, code, "create account '%s': member %u of the description", name, (unsigned)member);
    return code ? fail_change(err, code, "create", name) : SBX_OK;
}

enum sbx_status sbx_account_user_create(const char *name, const char *comment, const char *password,
    struct sbx_account_facts *ret_facts, struct sbx_error *err)
{
    wchar_t *name_w = NULL;
    wchar_t *comment_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);

    memset(ret_facts, 0, sizeof(*ret_facts));
    if (!status)
        status = sbx_wstr_from_utf8(comment, &comment_w, err);
    if (!status)
        status = call_add(name_w, comment_w, password, name, err);
    if (status)
        goto cleanup;
    status = sbx_account_user_read(name, ret_facts, err);
    if (status) {
        /* Nobody saw it, so it does not count as made; the code of the reading stays. */
        sbx_error_context(err, "account '%s' was created, says Windows", name);
        status = SBX_UNPROVEN;
        if (err)
            err->status = status;
    }
    if (!status && (!ret_facts->disabled || !sbx_account_is_sound(ret_facts)))
        status = sbx_fail(err, SBX_UNPROVEN,
            "account '%s' was created with other flags than asked for (0x%X)", name,
            (unsigned)ret_facts->flags);
cleanup:
    free(comment_w);
    free(name_w);
    return status;
}

static enum sbx_status set_info(
    const char *name, DWORD level, void *info, const char *what, struct sbx_error *err)
{
    wchar_t *name_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);
    NET_API_STATUS code;

    if (status)
        return status;
    code = NetUserSetInfo(NULL, name_w, level, info, NULL);
    free(name_w);
    return code ? fail_change(err, code, what, name) : SBX_OK;
}

/*
 * "Must change the password" and an expiry date have no level of their own that clears them both:
 * the whole description is read, these two members are changed, and it is written back.
 * https://learn.microsoft.com/windows/win32/netmgmt/forcing-a-user-to-change-the-logon-password
 */
static enum sbx_status clear_expiry(const char *name, struct sbx_error *err)
{
    USER_INFO_4 *info = NULL;
    wchar_t *name_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);
    NET_API_STATUS code;

    if (status)
        return status;
    code = NetUserGetInfo(NULL, name_w, 4, (LPBYTE *)&info);
    if (!code && info) {
        info->usri4_password = NULL; /* stays as it is */
        info->usri4_password_expired = 0;
        info->usri4_acct_expires = TIMEQ_FOREVER;
        info->usri4_flags &= ~(DWORD)UF_PASSWORD_EXPIRED;
        code = NetUserSetInfo(NULL, name_w, 4, (LPBYTE)info, NULL);
    }
    if (info)
        NetApiBufferFree(info);
    free(name_w);
    return code ? fail_change(err, code, "clear the expiry of", name) : SBX_OK;
}

enum sbx_status sbx_account_user_set_password(
    const char *name, const struct sbx_sid *expected, const char *password, struct sbx_error *err)
{
    wchar_t password_w[SBX_PASSWORD_SIZE];
    struct sbx_account_facts facts;
    USER_INFO_1003 info = {password_w};
    enum sbx_status status = read_expected(name, expected, &facts, err);

    if (status)
        return status;
    status = sbx_secret_to_w(password, password_w, err);
    if (!status)
        status = set_info(name, 1003, &info, "set the password of", err);
    SecureZeroMemory(password_w, sizeof(password_w));
    if (!status)
        status = read_expected(name, expected, &facts, err);
    return status || !facts.password_expired ? status : clear_expiry(name, err);
}

enum sbx_status sbx_account_user_enable(
    const char *name, const struct sbx_sid *expected, bool enabled, struct sbx_error *err)
{
    const DWORD wanted = OUR_FLAGS | (enabled ? 0u : (DWORD)UF_ACCOUNTDISABLE);
    const DWORD counting = COUNTING_FLAGS | UF_ACCOUNTDISABLE | UF_LOCKOUT;
    USER_INFO_1008 info = {wanted}; /* without UF_LOCKOUT: unlocks */
    struct sbx_account_facts facts;
    enum sbx_status status = read_expected(name, expected, &facts, err);

    if (!status && facts.account_expires)
        status = clear_expiry(name, err);
    if (status || (facts.flags & counting) == (wanted & counting))
        return status;
    status = set_info(name, 1008, &info, enabled ? "enable" : "disable", err);
    if (!status)
        status = read_expected(name, expected, &facts, err);
    if (!status && (facts.flags & counting) != (wanted & counting))
        status = sbx_fail(err, SBX_UNPROVEN, "account '%s' has the flags 0x%X, not 0x%X", name,
            (unsigned)facts.flags, (unsigned)wanted);
    return status;
}

enum sbx_status sbx_account_user_delete(
    const char *name, const struct sbx_sid *expected, struct sbx_error *err)
{
    struct sbx_account_facts facts;
    wchar_t *name_w = NULL;
    NET_API_STATUS code;
    enum sbx_status status = read_expected(name, expected, &facts, err);

    if (status)
        return status == SBX_NOT_FOUND ? SBX_OK : status;
    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (status)
        return status;
    code = NetUserDel(NULL, name_w);
    free(name_w);
    if (code && code != NERR_UserNotFound)
        return fail_change(err, code, "delete", name);
    status = sbx_account_user_read(name, &facts, err);
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    return status ? status
                  : sbx_fail(err, SBX_UNPROVEN, "account '%s' was deleted and is there", name);
}
