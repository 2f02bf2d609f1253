/* ntwine test double: tokens. advapi32.dll forwards all exports to Wine's own (renamed wadvapi.dll) but those below,
 * which ask the ntwine server for what Wine's protocol cannot carry. See ../README.md. */

#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NTSTATUS WINAPI NtFilterToken(HANDLE token, ULONG flags, TOKEN_GROUPS *disable, TOKEN_PRIVILEGES *remove, TOKEN_GROUPS *restricting,
                              HANDLE *ret);
NTSTATUS WINAPI NtQueryInformationToken(HANDLE token, int what, void *data, ULONG size, ULONG *needed);
NTSTATUS WINAPI NtSetInformationToken(HANDLE token, int what, void *data, ULONG size);

#define FLAG_RESTRICTED 0x10u
#define FLAG_WRITE_RESTRICTED 0x08u
#define FLAG_SANDBOX_INERT 0x40u

BOOL WINAPI double_CreateRestrictedToken(HANDLE token, DWORD flags, DWORD disable_count, PSID_AND_ATTRIBUTES disable,
                                         DWORD delete_count, PLUID_AND_ATTRIBUTES privileges, DWORD restrict_count,
                                         PSID_AND_ATTRIBUTES restricting, PHANDLE ret)
{
    static BYTE marker[12] = {1, 1, 0, 0, 0, 0, 0, 99, 1, 0, 0, 0};
    DWORD i, count = disable_count + (restrict_count ? restrict_count + 1 : 0);
    TOKEN_GROUPS *groups = NULL;
    TOKEN_PRIVILEGES *removed = NULL;
    NTSTATUS status;

    if (flags & ~0xfu || !ret) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    if (count) {
        groups = calloc(1, offsetof(TOKEN_GROUPS, Groups) + count * sizeof(groups->Groups[0]));
        groups->GroupCount = count;
        if (disable_count) memcpy(groups->Groups, disable, disable_count * sizeof(*disable));
        if (restrict_count) groups->Groups[disable_count].Sid = marker;
        for (i = 0; i < restrict_count; i++) groups->Groups[disable_count + 1 + i].Sid = restricting[i].Sid;
    }
    if (delete_count) {
        removed = calloc(1, offsetof(TOKEN_PRIVILEGES, Privileges) + delete_count * sizeof(*privileges));
        removed->PrivilegeCount = delete_count;
        memcpy(removed->Privileges, privileges, delete_count * sizeof(*privileges));
    }
    status = NtFilterToken(token, flags, groups, removed, NULL, ret);
    free(groups);
    free(removed);
    return fail_nt(status);
}

/* ---- queries ---- */

static BOOL give(void *data, DWORD size, DWORD *needed, const void *value, DWORD value_size)
{
    if (needed) *needed = value_size;
    if (!data || size < value_size) {
        SetLastError(data ? ERROR_INSUFFICIENT_BUFFER : ERROR_INSUFFICIENT_BUFFER);
        return FALSE;
    }
    memcpy(data, value, value_size);
    return TRUE;
}

static BOOL restricted_sids(HANDLE token, TOKEN_GROUPS *out, DWORD size, DWORD *needed)
{
    BYTE *reply = malloc(65536);
    unsigned attr_len = 0, sid_len = 0, i, count;
    BYTE *sid, *to;
    NTSTATUS status = server_query(token, NT_QUERY_RESTRICTED, reply, 65536, &attr_len, &sid_len);
    DWORD want;

    count = attr_len / 4;
    want = (DWORD)(offsetof(TOKEN_GROUPS, Groups) + count * sizeof(SID_AND_ATTRIBUTES) + sid_len);
    if (want < sizeof(TOKEN_GROUPS) && !count) want = offsetof(TOKEN_GROUPS, Groups);
    if (needed) *needed = want;
    if (status || size < want) {
        free(reply);
        if (status) return fail_nt(status);
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return FALSE;
    }
    out->GroupCount = count;
    to = (BYTE *)out + offsetof(TOKEN_GROUPS, Groups) + count * sizeof(SID_AND_ATTRIBUTES);
    memcpy(to, reply + attr_len, sid_len);
    for (i = 0, sid = to; i < count; i++, sid += sid_size(sid)) {
        out->Groups[i].Sid = sid;
        memcpy(&out->Groups[i].Attributes, reply + 4 * i, 4);
    }
    free(reply);
    return TRUE;
}

static BOOL integrity(unsigned rid, void *data, DWORD size, DWORD *needed)
{
    struct {
        TOKEN_MANDATORY_LABEL label;
        BYTE sid[12];
    } out = {{{NULL, SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED}}, {1, 1, 0, 0, 0, 0, 0, 16}};
    DWORD want = (DWORD)(offsetof(TOKEN_MANDATORY_LABEL, Label) + sizeof(SID_AND_ATTRIBUTES) + 12);

    memcpy(out.sid + 8, &rid, 4);
    if (needed) *needed = want;
    if (size < want) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return FALSE;
    }
    memcpy((BYTE *)data + sizeof(TOKEN_MANDATORY_LABEL), out.sid, 12);
    out.label.Label.Sid = (BYTE *)data + sizeof(TOKEN_MANDATORY_LABEL);
    memcpy(data, &out.label, sizeof(out.label));
    return TRUE;
}

/* The part of TokenAccessInformation that programs read; groups and privileges are left to their own classes. */
static BOOL access_information(HANDLE token, const struct token_state *state, void *data, DWORD size, DWORD *needed)
{
    struct {
        void *sid_hash, *restricted_hash, *privileges;
        LUID auth_id;
        DWORD type, level, policy, flags, appcontainer_number;
        void *package, *capabilities, *trust, *attributes;
    } info = {0};
    TOKEN_STATISTICS statistics;
    ULONG used;

    info.auth_id = state->auth_id;
    info.policy = 1;
    info.flags = (state->flags & (FLAG_RESTRICTED | FLAG_WRITE_RESTRICTED | FLAG_SANDBOX_INERT));
    if (!NtQueryInformationToken(token, TokenStatistics, &statistics, sizeof(statistics), &used)) {
        info.type = statistics.TokenType;
        info.level = statistics.ImpersonationLevel;
    }
    return give(data, size, needed, &info, sizeof(info));
}

static BOOL from_state(HANDLE token, TOKEN_INFORMATION_CLASS what, const struct token_state *state, void *data, DWORD size, DWORD *needed)
{
    DWORD number = 0;

    switch ((int)what) {
    case TokenHasRestrictions: number = (state->flags & FLAG_RESTRICTED) != 0; break;
    case 40 /* TokenIsRestricted */: number = (state->flags & FLAG_RESTRICTED) != 0; break;
    case TokenSandBoxInert: number = (state->flags & FLAG_SANDBOX_INERT) != 0; break;
    case TokenUIAccess: number = 0; break;
    case TokenVirtualizationAllowed: number = 0; break;
    case TokenMandatoryPolicy: number = 1; break;
    case TokenIntegrityLevel: return integrity(state->integrity, data, size, needed);
    case TokenAccessInformation: return access_information(token, state, data, size, needed);
    default: return FALSE;
    }
    return give(data, size, needed, &number, sizeof(number));
}

BOOL WINAPI double_GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS what, void *data, DWORD size, DWORD *needed)
{
    struct token_state state;
    ULONG used = 0;
    NTSTATUS status;

    switch ((int)what) {
    case TokenRestrictedSids: return restricted_sids(token, data, size, needed);
    case TokenHasRestrictions:
    case 40:
    case TokenSandBoxInert:
    case TokenUIAccess:
    case TokenVirtualizationAllowed:
    case TokenMandatoryPolicy:
    case TokenIntegrityLevel:
    case TokenAccessInformation:
        if ((LONG_PTR)token < 0) break; /* pseudo handles: left to Wine */
        return token_state(token, &state) && from_state(token, what, &state, data, size, needed);
    }
    status = NtQueryInformationToken(token, (int)what, data, size, &used);
    if (needed) *needed = used;
    if (!status && (what == TokenUser || what == TokenStatistics) && (LONG_PTR)token > 0 && token_state(token, &state)) {
        if (what == TokenUser) ((TOKEN_USER *)data)->User.Attributes = state.user_attrs;
        else ((TOKEN_STATISTICS *)data)->AuthenticationId = state.auth_id;
    }
    return fail_nt(status);
}

BOOL WINAPI double_SetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS what, void *data, DWORD size)
{
    const TOKEN_MANDATORY_LABEL *label = data;
    unsigned rid;

    if (what != TokenIntegrityLevel) return fail_nt(NtSetInformationToken(token, (int)what, data, size));
    if (size < sizeof(*label) || !label->Label.Sid || ((BYTE *)label->Label.Sid)[7] != 16) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    memcpy(&rid, (BYTE *)label->Label.Sid + 8, 4);
    return fail_nt(server_extension(token, 1, rid, NULL, 0));
}

/* FALSE for an ordinary token is an answer, not an error: the last error is ERROR_SUCCESS then.
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-istokenrestricted */
BOOL WINAPI double_IsTokenRestricted(HANDLE token)
{
    struct token_state state;

    if (!token_state(token, &state)) return FALSE;
    SetLastError(ERROR_SUCCESS);
    return (state.flags & FLAG_RESTRICTED) != 0;
}
