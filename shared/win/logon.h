/*
 * Logging a sandbox account on, and proving what came back. Boundaries B14 and B15.
 *
 * After a refusal nothing else is tried: every wrong password counts towards the account lockout.
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-logonuserw
 */
#ifndef SBX_LOGON_H
#define SBX_LOGON_H

#include "win.h"
#include "../core/ntsid.h"

/**
 * Log a local account on interactively (LOGON32_LOGON_INTERACTIVE, domain ".").
 * Needs no privilege. Proves that the password is right and the account usable; what token it is
 * must be asked by sbx_logon_check.
 * @param name without a domain
 * @param password ASCII, at most SBX_PASSWORD_LENGTH characters; borrowed, wiped by the caller; the
 *        widened copy is wiped here
 * @param ret_token owned primary token, sbx_handle_close
 * @return SBX_DENIED with the code, a sentence and a hint of its own for 1326 (wrong password),
 *         1327 (restriction), 1328, 1329, 1330 and 1907 (password expired, must change), 1331
 *         (disabled), 1385 (logon right), 1793 (account expired), 1909 (locked out)
 */
SBX_MUST_CHECK enum sbx_status sbx_logon_user(
    const char *name, const char *password, HANDLE *ret_token, struct sbx_error *err);

/**
 * Prove that a token is what an account of ours must have: a primary token, user SID as expected
 * and not deny-only, the sandbox group enabled, BUILTIN\Administrators not among its groups in any
 * form, no linked (elevated) token, no restricting SIDs.
 * @param token with TOKEN_QUERY
 * @return SBX_UNPROVEN naming the first fact that differs
 */
SBX_MUST_CHECK enum sbx_status sbx_logon_check(HANDLE token, const struct sbx_sid *account,
    const struct sbx_sid *group, struct sbx_error *err);

/**
 * Prove by behaviour that the denied rights are in force: a network logon with the right password
 * must be refused with 1385.
 * @return SBX_OK when it is; SBX_UNPROVEN when the logon worked (the token is closed at once) or
 *         failed for another reason, which proves nothing
 */
SBX_MUST_CHECK enum sbx_status sbx_logon_network_is_denied(
    const char *name, const char *password, struct sbx_error *err);

/**
 * The sentence and the hint for a code that LogonUserW or CreateProcessWithLogonW refused with.
 * Sets both in err, context "log on as 'NAME': ...".
 * @return the status that the code stands for
 */
SBX_MUST_CHECK enum sbx_status sbx_logon_explain(
    uint32_t code, const char *name, struct sbx_error *err);

#endif
