/* A password in UTF-16 for the one call that takes it, in the caller's memory and nowhere else. */
#ifndef SBX_SECRETW_H
#define SBX_SECRETW_H

#include "win.h"
#include "../core/error.h"
#include "../core/password.h"

/**
 * Widen an ASCII password. No allocation, no conversion function that might keep a copy.
 * @param ret_password_w the caller wipes it with SecureZeroMemory right after the call it is for;
 *        all zero after a failure
 * @return SBX_INVALID for another length than 1 to SBX_PASSWORD_LENGTH or a byte above 0x7E; the
 *         text of the error says neither the length nor the byte
 */
SBX_MUST_CHECK enum sbx_status sbx_secret_to_w(
    const char *password, wchar_t ret_password_w[SBX_PASSWORD_SIZE], struct sbx_error *err);

#endif
