/* New passwords from the system's generator, tried again when a policy refuses one. */
#ifndef SBX_SETUP_NEWPASSWORD_H
#define SBX_SETUP_NEWPASSWORD_H

#include "shared/core/error.h"
#include "shared/core/password.h"
#include "shared/win/win.h"

/** @param ret_password wiped by the caller; all zero after a failure */
SBX_MUST_CHECK enum sbx_status sbx_newpassword(
    char ret_password[SBX_PASSWORD_SIZE], struct sbx_error *err);

/**
 * Whether a call that took a password is worth another one: the policy refused this one (2245), and
 * it was not the last try. A filter that looks into passwords may refuse one random text and take
 * the next.
 * @param tries how many were made
 */
bool sbx_newpassword_again(enum sbx_status status, const struct sbx_error *err, unsigned tries);

#endif
