/* See profilepath.h. */
#include "profilepath.h"

#include "shared/core/winpath.h"
#include "shared/win/known.h"
#include "shared/win/wstr.h"

#define LIST "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
#define PATH_MAX_CCH 1024u

enum sbx_status sbx_profile_path(const struct sbx_sid *sid, char **ret_path, struct sbx_error *err)
{
    wchar_t path_w[PATH_MAX_CCH];
    DWORD size_bytes = sizeof(path_w);
    char key[sizeof(LIST) + SBX_SID_TEXT_SIZE] = LIST;
    wchar_t *key_w = NULL;
    enum sbx_status status;
    LSTATUS code;

    sbx_sid_format(sid, key + sizeof(LIST) - 1);
    status = sbx_wstr_from_utf8(key, &key_w, err);
    if (status)
        return status;
    code = RegGetValueW(HKEY_LOCAL_MACHINE, key_w, L"ProfileImagePath",
        RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ, NULL, path_w, &size_bytes);
    free(key_w);
    if (code != ERROR_SUCCESS)
        return sbx_fail_win32(err, (uint32_t)code, "the profile of %s", key + sizeof(LIST) - 1);
    return sbx_wstr_to_utf8(path_w, ret_path, err);
}

enum sbx_status sbx_profile_directory(char **ret_path, struct sbx_error *err)
{
    char *own = NULL;
    char *normal = NULL;
    enum sbx_status status = sbx_known_folder(SBX_KNOWN_PROFILE, &own, err);

    if (!status)
        status = sbx_winpath_normalise(own, &normal, NULL, err);
    if (!status)
        status = sbx_winpath_parent(normal, ret_path, err);
    free(normal);
    free(own);
    return status;
}
