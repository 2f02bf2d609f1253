/* See privilege.h. */
#include "privilege.h"
#include "wstr.h"
#include "../core/buf.h"

static enum sbx_status luid_of(const char *name, LUID *ret_luid, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    wchar_t *name_w = NULL;
    DWORD code;

    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (status)
        return status;
    if (!LookupPrivilegeValueW(NULL, name_w, ret_luid)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "privilege '%s'", name);
    }
    free(name_w);
    return status;
}

static enum sbx_status adjust(
    HANDLE token, const char *name, DWORD attributes, struct sbx_error *err)
{
    TOKEN_PRIVILEGES privileges = {0};
    enum sbx_status status;
    DWORD code;
    BOOL done;

    status = luid_of(name, &privileges.Privileges[0].Luid, err);
    if (status)
        return status;
    privileges.PrivilegeCount = 1;
    privileges.Privileges[0].Attributes = attributes;
    /* TRUE also when nothing was assigned: the code decides, so it must be fresh. */
    SetLastError(ERROR_SUCCESS);
    done = AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
    code = GetLastError();
    if (!done || code != ERROR_SUCCESS)
        return sbx_fail_win32(err, code, "adjust privilege '%s'", name);
    return SBX_OK;
}

/* Held and enabled, by looking at the token. */
static enum sbx_status look(
    HANDLE token, const LUID *luid, bool *ret_held, bool *ret_enabled, struct sbx_error *err)
{
    /* No token has more than a few dozen privileges; a larger answer is refused, not cut. */
    union {
        TOKEN_PRIVILEGES privileges;
        BYTE bytes[4 + 128 * sizeof(LUID_AND_ATTRIBUTES)];
    } info = {0};
    DWORD size_bytes = 0, i, code;

    if (!GetTokenInformation(token, TokenPrivileges, &info, sizeof(info), &size_bytes)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "privileges of a token");
    }
    if (size_bytes < sizeof(DWORD) ||
        info.privileges.PrivilegeCount > (size_bytes - sizeof(DWORD)) / sizeof(LUID_AND_ATTRIBUTES))
        return sbx_fail(err, SBX_INVALID, "privileges of a token: inconsistent answer");
    *ret_held = false;
    *ret_enabled = false;
    for (i = 0; i < info.privileges.PrivilegeCount; i++) {
        const LUID_AND_ATTRIBUTES *entry = &info.privileges.Privileges[i];

        if (entry->Luid.LowPart != luid->LowPart || entry->Luid.HighPart != luid->HighPart)
            continue;
        *ret_held = true;
        *ret_enabled = (entry->Attributes & SE_PRIVILEGE_ENABLED) != 0;
    }
    return SBX_OK;
}

enum sbx_status sbx_privilege_query(
    HANDLE token, const char *name, bool *ret_held, bool *ret_enabled, struct sbx_error *err)
{
    enum sbx_status status;
    bool held = false, enabled = false;
    LUID luid = {0};

    status = luid_of(name, &luid, err);
    if (!status)
        status = look(token, &luid, &held, &enabled, err);
    if (status)
        return status;
    if (ret_held)
        *ret_held = held;
    if (ret_enabled)
        *ret_enabled = enabled;
    return SBX_OK;
}

enum sbx_status sbx_privilege_set(
    HANDLE token, const char *name, bool enabled, struct sbx_error *err)
{
    enum sbx_status status;
    bool is_enabled = false;

    status = adjust(token, name, enabled ? SE_PRIVILEGE_ENABLED : 0, err);
    if (!status)
        status = sbx_privilege_query(token, name, NULL, &is_enabled, err);
    if (!status && is_enabled != enabled)
        status = sbx_fail(err, SBX_UNPROVEN, "privilege '%s' is %s after it was %s", name,
            is_enabled ? "enabled" : "not enabled", enabled ? "enabled" : "disabled");
    return status;
}

enum sbx_status sbx_privilege_remove(HANDLE token, const char *name, struct sbx_error *err)
{
    enum sbx_status status;
    bool held = false;

    status = sbx_privilege_query(token, name, &held, NULL, err);
    if (status || !held)
        return status;
    status = adjust(token, name, SE_PRIVILEGE_REMOVED, err);
    if (!status)
        status = sbx_privilege_query(token, name, &held, NULL, err);
    if (!status && held)
        status = sbx_fail(err, SBX_UNPROVEN, "privilege '%s' is still held after removal", name);
    return status;
}
