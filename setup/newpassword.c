/* See newpassword.h. */
#include "newpassword.h"

#include "shared/win/random.h"

#include <lmerr.h>

#define TRIES_MAX 4u
#define DRAWS_MAX 8 /* of random bytes: each has a password but for one in 10^9 */

enum sbx_status sbx_newpassword(char ret_password[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    enum sbx_status status = SBX_NOT_FOUND;
    int i;

    SecureZeroMemory(ret_password, SBX_PASSWORD_SIZE);
    for (i = 0; i < DRAWS_MAX && status == SBX_NOT_FOUND; i++) {
        status = sbx_random_bytes(random, sizeof(random), err);
        if (!status)
            status = sbx_password_make(random, sizeof(random), ret_password, err);
    }
    SecureZeroMemory(random, sizeof(random));
    return status;
}

bool sbx_newpassword_again(enum sbx_status status, const struct sbx_error *err, unsigned tries)
{
    return status == SBX_DENIED && err && err->domain == SBX_DOMAIN_WIN32 &&
           err->code == NERR_PasswordTooShort && tries < TRIES_MAX;
}
