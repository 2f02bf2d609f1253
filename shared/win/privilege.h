/* Privileges of a token by name. "Success, but not all assigned" is a failure here. */
#ifndef SBX_PRIVILEGE_H
#define SBX_PRIVILEGE_H

#include "win.h"
#include "../core/error.h"

/**
 * Enable or disable one privilege, and prove it by reading the token.
 * @param token with TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY
 * @param name "SeRestorePrivilege"
 * @return SBX_UNPROVEN (ERROR_NOT_ALL_ASSIGNED) when the token does not hold it; SBX_NOT_FOUND for
 *         a name Windows does not know
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-adjusttokenprivileges
 */
SBX_MUST_CHECK enum sbx_status sbx_privilege_set(
    HANDLE token, const char *name, bool enabled, struct sbx_error *err);

/** Whether the token holds a privilege, and whether it is enabled. Either output may be NULL. */
SBX_MUST_CHECK enum sbx_status sbx_privilege_query(
    HANDLE token, const char *name, bool *ret_held, bool *ret_enabled, struct sbx_error *err);

/** Remove a privilege from the token for good. Removing one that is not held succeeds. */
SBX_MUST_CHECK enum sbx_status sbx_privilege_remove(
    HANDLE token, const char *name, struct sbx_error *err);

#endif
