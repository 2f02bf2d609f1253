/*
 * Passwords for the sandbox accounts: 64 characters that nobody ever types, from random bytes that
 * the caller brings (shared/win/random.h). Boundary B14.
 *
 * Every password that the rules admit is equally likely: a byte that does not fit a whole number of
 * alphabets is thrown away instead of being reduced modulo the alphabet, and a draw that lacks one
 * of the four classes is thrown away as a whole instead of being repaired at some place. What is
 * left is 64 characters of 85, about 410 bits.
 *
 * The alphabet is ASCII without space, quotes, backslash, grave accent, percent, caret, ampersand
 * and angle brackets. None of them matters to the API; a password that is never on a command line
 * is still not made of characters that one would split.
 */
#ifndef SBX_PASSWORD_H
#define SBX_PASSWORD_H

#include "base.h"
#include "error.h"

#define SBX_PASSWORD_LENGTH 64u
#define SBX_PASSWORD_SIZE (SBX_PASSWORD_LENGTH + 1u)
/* Three draws at least; fewer than one in 10^9 of such inputs hold no password. */
#define SBX_PASSWORD_RANDOM_BYTES 256u

/**
 * Make one password.
 * @param random, size_bytes from the system's generator; borrowed, wiped by the caller
 * @param ret_password NUL-terminated on success, all zero after a failure; wiped by the caller with
 *        sbx_wipe
 * @return SBX_NOT_FOUND: these bytes gave no password, call again with fresh ones
 */
SBX_MUST_CHECK enum sbx_status sbx_password_make(const uint8_t *random, size_t size_bytes,
    char ret_password[SBX_PASSWORD_SIZE], struct sbx_error *err);

/**
 * Whether a text has the form of such a password: length, alphabet, four classes. For what comes
 * out of a sealed blob, before it is shown to the logon.
 */
bool sbx_password_is_ours(const char *text);

#endif
