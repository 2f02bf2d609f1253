/*
 * SIDs of this machine: accounts by name, the current user, a token's logon session.
 * The value type, text form and well-known SIDs are pure: shared/core/capsid.h and ntsid.h.
 */
#ifndef SBX_SID_H
#define SBX_SID_H

#include "win.h"
#include "../core/ntsid.h"

/** Copy a SID that Windows returned. @return SBX_INVALID when IsValidSid says no */
SBX_MUST_CHECK enum sbx_status sbx_sid_from_psid(
    PSID psid, struct sbx_sid *ret_sid, struct sbx_error *err);

/* The form Windows calls take; a value, aligned as they expect. */
struct sbx_sid_native {
    union {
        BYTE bytes[SBX_SID_BINARY_MAX];
        SID sid;
    } u;
};

/** Convert for a call: the result points into `native` and lives as long as it. */
PSID sbx_sid_to_native(const struct sbx_sid *sid, struct sbx_sid_native *native);

/**
 * The SID of an account or group by name ("NAME", "DOMAIN\NAME").
 * Names are ambiguous across domains: pass "MACHINE\NAME" for a local account.
 * @param ret_use may be NULL: what kind of account it is
 * @return SBX_NOT_FOUND (1332) for an unknown name
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-lookupaccountnamew
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_from_account(
    const char *name, struct sbx_sid *ret_sid, SID_NAME_USE *ret_use, struct sbx_error *err);

/**
 * "DOMAIN\NAME" of a SID, owned by the caller (free()).
 * @return SBX_NOT_FOUND (1332) for a SID without an account: capability SIDs, deleted accounts
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-lookupaccountsidw
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_to_account(
    const struct sbx_sid *sid, char **ret_name, struct sbx_error *err);

/** The user of a token. @param token opened with TOKEN_QUERY */
SBX_MUST_CHECK enum sbx_status sbx_sid_of_token(
    HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err);

/** The user of this process's token (impersonation is ignored). */
SBX_MUST_CHECK enum sbx_status sbx_sid_of_current_user(
    struct sbx_sid *ret_sid, struct sbx_error *err);

/**
 * The logon SID (S-1-5-5-x-y) in a token's groups: the one with SE_GROUP_LOGON_ID.
 * @return SBX_NOT_FOUND when the token has none (services, SYSTEM)
 * @see https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-token_groups
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_of_logon(
    HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err);

#endif
