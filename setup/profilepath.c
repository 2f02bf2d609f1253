/* See profilepath.h. */
#include "profilepath.h"

#include "shared/core/buf.h"
#include "shared/core/winpath.h"
#include "shared/win/known.h"
#include "shared/win/regvalue.h"

#define LIST "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"
#define PATH_MAX_BYTES 4096u

enum sbx_status sbx_profile_expand(
    const char *stored, const char *windows, char **ret_path, struct sbx_error *err)
{
    static const struct {
        const char *name;
        bool drive_only;
    } known[] = {{"%SystemDrive%", true}, {"%SystemRoot%", false}};
    const char *rest = stored, *start = "";
    enum sbx_status status;
    struct sbx_buf text;
    size_t i;

    for (i = 0; i < countof(known); i++) {
        size_t length = strlen(known[i].name);

        if (!_strnicmp(stored, known[i].name, length)) {
            start = windows;
            rest = stored + length;
            break;
        }
    }
    if (strchr(rest, '%'))
        return sbx_fail(err, SBX_INVALID, "'%.200s' names a variable", stored);
    sbx_buf_init(&text, PATH_MAX_BYTES);
    status = sbx_buf_printf(&text, err, "%.*s%s",
        i < countof(known) && known[i].drive_only ? 2 : (int)strlen(start), start, rest);
    if (!status)
        status = sbx_winpath_normalise(text.data, ret_path, NULL, err);
    if (!status && sbx_winpath_classify(*ret_path) != SBX_WINPATH_DRIVE) {
        free(*ret_path);
        *ret_path = NULL;
        status = sbx_fail(err, SBX_INVALID, "'%.200s' is no path on a drive", stored);
    }
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status read_path(
    const char *key, const char *name, char **ret_path, struct sbx_error *err)
{
    char *stored = NULL, *windows = NULL;
    enum sbx_status status = sbx_regvalue_get_path(key, name, &stored, err);

    if (!status)
        status = sbx_known_folder(SBX_KNOWN_WINDOWS, &windows, err);
    if (!status)
        status = sbx_profile_expand(stored, windows, ret_path, err);
    free(windows);
    free(stored);
    return status;
}

enum sbx_status sbx_profile_path(const struct sbx_sid *sid, char **ret_path, struct sbx_error *err)
{
    char key[sizeof(LIST "\\") + SBX_SID_TEXT_SIZE] = LIST "\\";
    enum sbx_status status;

    sbx_sid_format(sid, key + sizeof(LIST "\\") - 1);
    status = read_path(key, "ProfileImagePath", ret_path, err);
    if (status)
        sbx_error_context(err, "the profile of %s", key + sizeof(LIST "\\") - 1);
    return status;
}

enum sbx_status sbx_profile_directory(char **ret_path, struct sbx_error *err)
{
    enum sbx_status status = read_path(LIST, "ProfilesDirectory", ret_path, err);

    if (status)
        sbx_error_context(err, "the folder of all profiles");
    return status;
}
