/* See profile.h. */
#include "profile.h"
#include "regvalue.h"
#include "wstr.h"

#include <stdio.h>
#include <userenv.h>

#define PROFILE_LIST "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"

enum sbx_status sbx_profile_exists(
    const struct sbx_sid *sid, bool *ret_exists, struct sbx_error *err)
{
    char key[sizeof(PROFILE_LIST) + SBX_SID_TEXT_SIZE] = PROFILE_LIST;

    sbx_sid_format(sid, key + sizeof(PROFILE_LIST) - 1);
    return sbx_regvalue_key_exists(key, ret_exists, err);
}

enum sbx_status sbx_profile_delete(const struct sbx_sid *sid, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    wchar_t *text_w = NULL;
    DWORD code = ERROR_SUCCESS;
    enum sbx_status status;
    bool exists = false;

    sbx_sid_format(sid, text);
    status = sbx_wstr_from_utf8(text, &text_w, err);
    if (status)
        return status;
    /* Path NULL: Windows takes it from its own list, and removes the entry as well. */
    if (!DeleteProfileW(text_w, NULL, NULL))
        code = GetLastError();
    free(text_w);
    if (code && code != ERROR_FILE_NOT_FOUND && code != ERROR_PATH_NOT_FOUND) {
        status = sbx_fail_win32(err, code, "delete the profile of %s", text);
        sbx_error_hint(err, code == ERROR_ACCESS_DENIED
                                ? "run it as an administrator"
                                : "end the account's programs, or restart, then try again");
        return status;
    }
    status = sbx_profile_exists(sid, &exists, err);
    if (!status && exists)
        status = sbx_fail(err, SBX_UNPROVEN, "the profile of %s was deleted and is there", text);
    return status;
}
