/* See sid.h. */
#include "sid.h"
#include "handle.h"
#include "wstr.h"
#include "../core/buf.h"

enum sbx_status sbx_sid_from_psid(PSID psid, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    if (!psid || !IsValidSid(psid) || !sbx_sid_from_prefix(psid, GetLengthSid(psid), ret_sid))
        return sbx_fail(err, SBX_INVALID, "the system gave a malformed SID");
    return SBX_OK;
}

PSID sbx_sid_to_native(const struct sbx_sid *sid, struct sbx_sid_native *native)
{
    memset(native, 0, sizeof(*native));
    sbx_sid_to_bytes(sid, native->u.bytes);
    return &native->u.sid;
}

enum sbx_status sbx_sid_from_account(
    const char *name, struct sbx_sid *ret_sid, SID_NAME_USE *ret_use, struct sbx_error *err)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD sid_bytes = sizeof(sid);
    wchar_t domain_w[256];
    DWORD domain_cch = countof(domain_w);
    SID_NAME_USE use = SidTypeUnknown;
    wchar_t *name_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);

    if (status)
        return status;
    if (!LookupAccountNameW(NULL, name_w, sid, &sid_bytes, domain_w, &domain_cch, &use))
        status = sbx_fail_win32(err, GetLastError(), "look up the account '%s'", name);
    free(name_w);
    if (!status)
        status = sbx_sid_from_psid(sid, ret_sid, err);
    if (!status && ret_use)
        *ret_use = use;
    return status;
}

enum sbx_status sbx_sid_to_account(
    const struct sbx_sid *sid, char **ret_name, struct sbx_error *err)
{
    struct sbx_sid_native native;
    wchar_t name_w[257];
    wchar_t domain_w[257];
    DWORD name_cch = countof(name_w);
    DWORD domain_cch = countof(domain_w);
    SID_NAME_USE use = SidTypeUnknown;
    struct sbx_buf text;
    char *name = NULL;
    char *domain = NULL;
    enum sbx_status status = SBX_OK;

    sbx_buf_init(&text, 4096);
    if (!LookupAccountSidW(NULL, sbx_sid_to_native(sid, &native), name_w, &name_cch, domain_w,
            &domain_cch, &use)) {
        DWORD code = GetLastError();
        char sid_text[SBX_SID_TEXT_SIZE];

        sbx_sid_format(sid, sid_text);
        return sbx_fail_win32(err, code, "look up the account of %s", sid_text);
    }
    status = sbx_wstr_to_utf8(name_w, &name, err);
    if (!status)
        status = sbx_wstr_to_utf8(domain_w, &domain, err);
    if (!status)
        status = sbx_buf_printf(&text, err, "%s%s%s", domain, domain[0] ? "\\" : "", name);
    if (!status)
        status = sbx_buf_steal(&text, ret_name, err);
    sbx_buf_done(&text);
    free(domain);
    free(name);
    return status;
}

/* A variable-size token fact; owned by the caller. */
static enum sbx_status query_token(
    HANDLE token, TOKEN_INFORMATION_CLASS what, void **ret_data, struct sbx_error *err)
{
    DWORD size_bytes = 0;
    void *data = NULL;
    enum sbx_status status = SBX_OK;

    if (GetTokenInformation(token, what, NULL, 0, &size_bytes) || !size_bytes)
        return sbx_fail_win32(err, GetLastError(), "query the token (%d)", (int)what);
    status = sbx_calloc(size_bytes, 1, &data, err);
    if (status)
        return status;
    if (!GetTokenInformation(token, what, data, size_bytes, &size_bytes)) {
        status = sbx_fail_win32(err, GetLastError(), "query the token (%d)", (int)what);
        free(data);
        return status;
    }
    *ret_data = data;
    return SBX_OK;
}

enum sbx_status sbx_sid_of_token(HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    TOKEN_USER *user = NULL;
    enum sbx_status status = query_token(token, TokenUser, (void **)&user, err);

    if (!status)
        status = sbx_sid_from_psid(user->User.Sid, ret_sid, err);
    free(user);
    return status;
}

/*
 * Asked once per process, and kept: every thread that is started needs it. Nobody can change the
 * answer: the user of a token is fixed when the token is made, and a process whose first thread has
 * run keeps its primary token.
 */
static struct sbx_sid own_user;
static volatile LONG own_user_state; /* 0: not asked, 1: being kept, 2: kept */

enum sbx_status sbx_sid_of_current_user(struct sbx_sid *ret_sid, struct sbx_error *err)
{
    HANDLE token = NULL;
    enum sbx_status status = SBX_OK;

    if (InterlockedCompareExchange(&own_user_state, 2, 2) == 2) {
        *ret_sid = own_user;
        return SBX_OK;
    }
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return sbx_fail_win32(err, GetLastError(), "open the token of this process");
    status = sbx_sid_of_token(token, ret_sid, err);
    sbx_handle_close(&token);
    if (!status && InterlockedCompareExchange(&own_user_state, 1, 0) == 0) {
        own_user = *ret_sid;
        InterlockedExchange(&own_user_state, 2);
    }
    return status;
}

enum sbx_status sbx_sid_of_logon(HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    TOKEN_GROUPS *groups = NULL;
    enum sbx_status status = query_token(token, TokenGroups, (void **)&groups, err);
    DWORD i;

    if (status)
        return status;
    status = SBX_NOT_FOUND;
    for (i = 0; i < groups->GroupCount && status == SBX_NOT_FOUND; i++) {
        if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
            status = sbx_sid_from_psid(groups->Groups[i].Sid, ret_sid, err);
    }
    free(groups);
    if (status == SBX_NOT_FOUND)
        return sbx_fail(err, SBX_NOT_FOUND, "the token has no logon SID");
    return status;
}
