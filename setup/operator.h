/* Who may do what: this process an administrator, a user an operator. */
#ifndef SBX_SETUP_OPERATOR_H
#define SBX_SETUP_OPERATOR_H

#include "context.h"

/**
 * This process holds Administrators, enabled.
 * @return SBX_DENIED with what to do
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-checktokenmembership
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_check_administrator(struct sbx_error *err);

/**
 * A SID that may become an operator: a person's account (of this machine, a domain or a directory
 * service), not a group, a service, SYSTEM, a sandbox account or a member of the sandbox group.
 * @return SBX_DENIED
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_check_operator(
    const struct sbx_setup *setup, const struct sbx_sid *sid, struct sbx_error *err);

/**
 * The argument of --operator: a SID, or DOMAIN\user.
 * @return SBX_NOT_FOUND; SBX_DENIED when it names something that is no user
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_find_operator(
    const char *text, struct sbx_sid *ret_sid, struct sbx_error *err);

#endif
