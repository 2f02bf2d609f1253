/* See secretw.h. */
#include "secretw.h"

enum sbx_status sbx_secret_to_w(
    const char *password, wchar_t ret_password_w[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    size_t i;

    for (i = 0; i < SBX_PASSWORD_LENGTH && password[i] >= ' ' && password[i] <= '~'; i++)
        ret_password_w[i] = (wchar_t)password[i];
    if (i && password[i] == '\0') {
        ret_password_w[i] = L'\0';
        return SBX_OK;
    }
    SecureZeroMemory(ret_password_w, SBX_PASSWORD_SIZE * sizeof(*ret_password_w));
    return sbx_fail(err, SBX_INVALID, "a password that is not one of this program's");
}
