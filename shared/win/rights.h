/*
 * Account rights in the local security policy: which kinds of logon a SID is granted or denied.
 * Boundary B15.
 *
 * The LSA functions return NTSTATUS; it is shown as the Win32 code that LsaNtStatusToWinError gives
 * for it, which is what people find in a search. A SID without any right is no error, but an empty
 * list, although LSA answers STATUS_OBJECT_NAME_NOT_FOUND for it.
 *
 * @see https://learn.microsoft.com/windows/win32/secauthz/account-rights-constants
 *      https://learn.microsoft.com/windows/win32/secmgmt/managing-account-permissions
 */
#ifndef SBX_RIGHTS_H
#define SBX_RIGHTS_H

#include "win.h"
#include "../core/ntsid.h"

#define SBX_RIGHTS_MAX 64u
#define SBX_RIGHT_NAME_SIZE 64u

struct sbx_rights {
    char names[SBX_RIGHTS_MAX][SBX_RIGHT_NAME_SIZE]; /* "SeInteractiveLogonRight" */
    size_t count;
};

/**
 * All rights and privileges that are given to exactly this SID.
 * @return SBX_DENIED without administrator's rights; SBX_INVALID for more than the struct holds
 * @see https://learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-lsaenumerateaccountrights
 */
SBX_MUST_CHECK enum sbx_status sbx_rights_read(
    const struct sbx_sid *sid, struct sbx_rights *ret_rights, struct sbx_error *err);

bool sbx_rights_have(const struct sbx_rights *rights, const char *name);

/**
 * Add rights to a SID; those it has are left alone. LSA makes its account object if needed.
 * @return SBX_NOT_FOUND (1313) for a right that this Windows does not know
 * @see https://learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-lsaaddaccountrights
 */
SBX_MUST_CHECK enum sbx_status sbx_rights_add(
    const struct sbx_sid *sid, const char *const *names, size_t count, struct sbx_error *err);

/**
 * Take these rights from a SID; those it does not have are no error.
 * @see https://learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-lsaremoveaccountrights
 */
SBX_MUST_CHECK enum sbx_status sbx_rights_remove(
    const struct sbx_sid *sid, const char *const *names, size_t count, struct sbx_error *err);

/**
 * Take all rights from a SID and remove its account object from the policy. A SID that has none is
 * success. Needed before its account is deleted: LSA keeps rights of SIDs that no longer exist.
 */
SBX_MUST_CHECK enum sbx_status sbx_rights_remove_all(
    const struct sbx_sid *sid, struct sbx_error *err);

#endif
