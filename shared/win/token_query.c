/* The queries of token.h: size, capped allocation, answer, and then nothing of it is believed. */
#include "token.h"
#include "sid.h"

#include <stdio.h>

#define MAX_GROUPS_BYTES (SBX_GROUPS_MAX * (sizeof(SID_AND_ATTRIBUTES) + SBX_SID_BINARY_MAX) + 64u)
#define MAX_SMALL_BYTES 4096u
#define MAX_ACCESS_BYTES (4u * MAX_GROUPS_BYTES)

enum sbx_status sbx_token_query(HANDLE token, TOKEN_INFORMATION_CLASS what, size_t max_bytes,
    void **ret_bytes, size_t *ret_size_bytes, struct sbx_error *err)
{
    enum sbx_status status;
    DWORD need_bytes = 0, got_bytes = 0, code;
    void *bytes = NULL;

    if (GetTokenInformation(token, what, NULL, 0, &need_bytes))
        return sbx_fail(err, SBX_INVALID, "token information %d: an empty answer", (int)what);
    code = GetLastError();
    if (code != ERROR_INSUFFICIENT_BUFFER && code != ERROR_BAD_LENGTH)
        return sbx_fail_win32(err, code, "token information %d", (int)what);
    if (need_bytes == 0 || need_bytes > max_bytes)
        return sbx_fail(err, SBX_INVALID, "token information %d: %u bytes, at most %zu expected",
            (int)what, (unsigned)need_bytes, max_bytes);
    status = sbx_calloc(1, need_bytes, &bytes, err);
    if (status)
        return status;
    if (!GetTokenInformation(token, what, bytes, need_bytes, &got_bytes)) {
        code = GetLastError();
        free(bytes);
        return sbx_fail_win32(err, code, "token information %d", (int)what);
    }
    if (got_bytes > need_bytes) {
        free(bytes);
        return sbx_fail(err, SBX_INVALID, "token information %d grew while read", (int)what);
    }
    *ret_bytes = bytes;
    *ret_size_bytes = got_bytes;
    return SBX_OK;
}

/* A pointer inside an answer: read the SID only when it lies in that answer completely. */
static enum sbx_status sid_in(const void *bytes, size_t size_bytes, const void *pointer,
    struct sbx_sid *ret_sid, struct sbx_error *err)
{
    uintptr_t start = (uintptr_t)bytes;
    uintptr_t at = (uintptr_t)pointer;

    if (at < start || at - start >= size_bytes ||
        sbx_sid_from_prefix(pointer, size_bytes - (at - start), ret_sid) == 0)
        return sbx_fail(err, SBX_INVALID, "a SID of a token lies outside the answer");
    return SBX_OK;
}

static enum sbx_status too_short(TOKEN_INFORMATION_CLASS what, struct sbx_error *err)
{
    return sbx_fail(err, SBX_INVALID, "token information %d: the answer is cut off", (int)what);
}

/* TOKEN_USER, TOKEN_OWNER and TOKEN_MANDATORY_LABEL all start with a SID pointer. */
static enum sbx_status query_sid(
    HANDLE token, TOKEN_INFORMATION_CLASS what, struct sbx_group *ret_group, struct sbx_error *err)
{
    bool has_attributes = what != TokenOwner;
    size_t least = has_attributes ? sizeof(SID_AND_ATTRIBUTES) : sizeof(TOKEN_OWNER);
    struct sbx_group group = {0};
    SID_AND_ATTRIBUTES entry = {0};
    enum sbx_status status;
    void *bytes = NULL;
    size_t size_bytes = 0;

    status = sbx_token_query(token, what, MAX_SMALL_BYTES, &bytes, &size_bytes, err);
    if (status)
        return status;
    if (size_bytes < least) {
        status = too_short(what, err);
    } else {
        memcpy(&entry, bytes, least);
        status = sid_in(bytes, size_bytes, entry.Sid, &group.sid, err);
        group.attributes = has_attributes ? entry.Attributes : 0;
    }
    free(bytes);
    if (!status)
        *ret_group = group;
    return status;
}

enum sbx_status sbx_token_user(HANDLE token, struct sbx_group *ret_user, struct sbx_error *err)
{
    return query_sid(token, TokenUser, ret_user, err);
}

enum sbx_status sbx_token_owner(HANDLE token, struct sbx_sid *ret_owner, struct sbx_error *err)
{
    struct sbx_group owner = {0};
    enum sbx_status status = query_sid(token, TokenOwner, &owner, err);

    if (!status)
        *ret_owner = owner.sid;
    return status;
}

enum sbx_status sbx_token_integrity(HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    struct sbx_group label = {0};
    enum sbx_status status = query_sid(token, TokenIntegrityLevel, &label, err);

    if (!status)
        *ret_sid = label.sid;
    return status;
}

static enum sbx_status query_groups(HANDLE token, TOKEN_INFORMATION_CLASS what,
    struct sbx_groups *ret_groups, struct sbx_error *err)
{
    const size_t header_bytes = offsetof(TOKEN_GROUPS, Groups);
    struct sbx_groups list = {0};
    const TOKEN_GROUPS *groups;
    enum sbx_status status;
    struct sbx_sid sid = {0};
    void *bytes = NULL;
    size_t size_bytes = 0;
    DWORD i;

    status = sbx_token_query(token, what, MAX_GROUPS_BYTES, &bytes, &size_bytes, err);
    if (status)
        return status;
    groups = bytes;
    /* An empty list may come as the bare count. */
    if (size_bytes < sizeof(DWORD) ||
        (groups->GroupCount > 0 &&
            (size_bytes < header_bytes ||
                groups->GroupCount > (size_bytes - header_bytes) / sizeof(SID_AND_ATTRIBUTES)))) {
        status = too_short(what, err);
        goto cleanup;
    }
    for (i = 0; i < groups->GroupCount && !status; i++) {
        status = sid_in(bytes, size_bytes, groups->Groups[i].Sid, &sid, err);
        if (!status)
            status = sbx_groups_add(&list, &sid, groups->Groups[i].Attributes, err);
    }
    if (status)
        goto cleanup;
    *ret_groups = list;
    memset(&list, 0, sizeof(list));
cleanup:
    sbx_groups_done(&list);
    free(bytes);
    return status;
}

enum sbx_status sbx_token_groups(HANDLE token, struct sbx_groups *ret_groups, struct sbx_error *err)
{
    return query_groups(token, TokenGroups, ret_groups, err);
}

enum sbx_status sbx_token_restricting(
    HANDLE token, struct sbx_groups *ret_sids, struct sbx_error *err)
{
    return query_groups(token, TokenRestrictedSids, ret_sids, err);
}

enum sbx_status sbx_token_logon_sid(HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    struct sbx_groups groups = {0};
    const struct sbx_group *logon;
    enum sbx_status status = sbx_token_groups(token, &groups, err);

    if (status)
        return status;
    logon = sbx_groups_logon(&groups);
    if (logon)
        *ret_sid = logon->sid;
    else
        status = sbx_fail(err, SBX_NOT_FOUND, "the token has no logon SID");
    sbx_groups_done(&groups);
    return status;
}

/* Names are ASCII; what has none, or a longer one, is written as its number. */
static void name_privilege(const LUID *luid, struct sbx_privilege *privilege)
{
    wchar_t name_w[countof(privilege->name)];
    DWORD cch = countof(name_w), i;
    LUID copy = *luid;

    if (!LookupPrivilegeNameW(NULL, &copy, name_w, &cch)) {
        snprintf(privilege->name, sizeof(privilege->name), "LUID %lX:%lX",
            (unsigned long)luid->HighPart, (unsigned long)luid->LowPart);
        return;
    }
    for (i = 0; i < cch && i + 1 < sizeof(privilege->name); i++)
        privilege->name[i] = name_w[i] > 0x20 && name_w[i] < 0x7F ? (char)name_w[i] : '?';
    privilege->name[i] = '\0';
}

enum sbx_status sbx_token_privileges(
    HANDLE token, struct sbx_privileges *ret_privileges, struct sbx_error *err)
{
    const size_t header_bytes = offsetof(TOKEN_PRIVILEGES, Privileges);
    const TOKEN_PRIVILEGES *privileges;
    enum sbx_status status;
    void *bytes = NULL;
    size_t size_bytes = 0;
    DWORD i;

    status = sbx_token_query(token, TokenPrivileges, MAX_SMALL_BYTES, &bytes, &size_bytes, err);
    if (status)
        return status;
    privileges = bytes;
    if (size_bytes < header_bytes ||
        privileges->PrivilegeCount > (size_bytes - header_bytes) / sizeof(LUID_AND_ATTRIBUTES)) {
        status = too_short(TokenPrivileges, err);
    } else if (privileges->PrivilegeCount > SBX_PRIVILEGES_MAX) {
        status = sbx_fail(
            err, SBX_INVALID, "a token with %u privileges", (unsigned)privileges->PrivilegeCount);
    } else {
        memset(ret_privileges, 0, sizeof(*ret_privileges));
        for (i = 0; i < privileges->PrivilegeCount; i++) {
            name_privilege(&privileges->Privileges[i].Luid, &ret_privileges->items[i]);
            ret_privileges->items[i].attributes = privileges->Privileges[i].Attributes;
        }
        ret_privileges->count = privileges->PrivilegeCount;
    }
    free(bytes);
    return status;
}

enum sbx_status sbx_token_default_dacl(
    HANDLE token, struct sbx_acl *ret_dacl, struct sbx_error *err)
{
    TOKEN_DEFAULT_DACL info = {NULL};
    enum sbx_status status;
    void *bytes = NULL;
    size_t size_bytes = 0;
    uintptr_t offset;

    status =
        sbx_token_query(token, TokenDefaultDacl, SBX_ACL_MAX_BYTES + 64u, &bytes, &size_bytes, err);
    if (status)
        return status;
    if (size_bytes < sizeof(info)) {
        status = too_short(TokenDefaultDacl, err);
        goto cleanup;
    }
    memcpy(&info, bytes, sizeof(info));
    if (!info.DefaultDacl) {
        memset(ret_dacl, 0, sizeof(*ret_dacl));
        ret_dacl->kind = SBX_ACL_NULL;
        goto cleanup;
    }
    offset = (uintptr_t)info.DefaultDacl - (uintptr_t)bytes;
    if ((uintptr_t)info.DefaultDacl < (uintptr_t)bytes || offset >= size_bytes)
        status = too_short(TokenDefaultDacl, err);
    else
        status = sbx_acl_parse((const char *)bytes + offset, size_bytes - offset, ret_dacl, err);
cleanup:
    free(bytes);
    return status;
}

enum sbx_status sbx_token_number(
    HANDLE token, TOKEN_INFORMATION_CLASS what, uint32_t *ret_number, struct sbx_error *err)
{
    DWORD number = 0, size_bytes = 0, code;

    if (!GetTokenInformation(token, what, &number, sizeof(number), &size_bytes)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "token information %d", (int)what);
    }
    if (size_bytes > sizeof(number))
        return sbx_fail(err, SBX_INVALID, "token information %d is not a number", (int)what);
    *ret_number = number;
    return SBX_OK;
}

enum sbx_status sbx_token_flags(HANDLE token, uint32_t *ret_flags, struct sbx_error *err)
{
    enum sbx_status status;
    void *bytes = NULL;
    size_t size_bytes = 0;

    status =
        sbx_token_query(token, TokenAccessInformation, MAX_ACCESS_BYTES, &bytes, &size_bytes, err);
    if (status)
        return status;
    if (size_bytes < offsetof(TOKEN_ACCESS_INFORMATION, Flags) + sizeof(DWORD))
        status = too_short(TokenAccessInformation, err);
    else
        *ret_flags = ((const TOKEN_ACCESS_INFORMATION *)bytes)->Flags;
    free(bytes);
    return status;
}

enum sbx_status sbx_token_is_restricted(HANDLE token, bool *ret_restricted, struct sbx_error *err)
{
    struct sbx_groups list = {0};
    DWORD code;
    BOOL restricted;

    /* FALSE is also the answer to an error, so the code decides, and must be fresh. */
    SetLastError(ERROR_SUCCESS);
    restricted = IsTokenRestricted(token);
    code = GetLastError();
    *ret_restricted = restricted != 0;
    if (restricted || code == ERROR_SUCCESS)
        return SBX_OK;
    /* A plain "no" may come with a code left by something on the way; the list itself decides. */
    if (sbx_token_restricting(token, &list, NULL))
        return sbx_fail_win32(err, code, "IsTokenRestricted");
    *ret_restricted = list.count != 0;
    sbx_groups_done(&list);
    return SBX_OK;
}

enum sbx_status sbx_token_came_restricted(HANDLE token, bool *ret_restricted, struct sbx_error *err)
{
    enum sbx_status status = sbx_token_is_restricted(token, ret_restricted, err);

    if (!status || err->domain != SBX_DOMAIN_WIN32 || err->code != ERROR_INVALID_FUNCTION)
        return status;
    sbx_error_init(err);
    *ret_restricted = false;
    return SBX_OK;
}
