/* See known.h. */
#include "known.h"
#include "regvalue.h"
#include "wow64.h"
#include "wstr.h"
#include "../core/buf.h"
#include "../core/winpath.h"

#include <shlobj.h>

/*
 * The CSIDL call is used and not SHGetKnownFolderPath: it returns the same folders, exists on
 * every NT, and needs no COM allocator.
 */
static const struct {
    int csidl;
    const char *name;
} folders[SBX_KNOWN_COUNT] = {
    [SBX_KNOWN_PROFILE] = {CSIDL_PROFILE, "the user profile"},
    [SBX_KNOWN_ROAMING] = {CSIDL_APPDATA, "AppData\\Roaming"},
    [SBX_KNOWN_LOCAL] = {CSIDL_LOCAL_APPDATA, "AppData\\Local"},
    [SBX_KNOWN_DOCUMENTS] = {CSIDL_PERSONAL, "Documents"},
    [SBX_KNOWN_STARTUP] = {CSIDL_STARTUP, "Startup"},
    [SBX_KNOWN_PROGRAM_DATA] = {CSIDL_COMMON_APPDATA, "ProgramData"},
    [SBX_KNOWN_PROGRAM_FILES] = {CSIDL_PROGRAM_FILES, "Program Files"},
    [SBX_KNOWN_PROGRAM_FILES_X86] = {CSIDL_PROGRAM_FILESX86, "Program Files (x86)"},
    [SBX_KNOWN_COMMON_STARTUP] = {CSIDL_COMMON_STARTUP, "the common Startup folder"},
    [SBX_KNOWN_WINDOWS] = {CSIDL_WINDOWS, "the Windows folder"},
    [SBX_KNOWN_SYSTEM] = {CSIDL_SYSTEM, "System32"},
};

enum sbx_status sbx_known_native_program_files(char **ret_path, struct sbx_error *err)
{
    static const char key[] = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion";
    char *path = NULL, *normal = NULL;
    enum sbx_status status = sbx_regvalue_get_path(key, "ProgramFilesDir", &path, err);

    if (!status)
        status = sbx_winpath_normalise(path, &normal, NULL, err);
    if (!status && sbx_winpath_classify(normal) != SBX_WINPATH_DRIVE)
        status = sbx_fail(err, SBX_INVALID, "'%s' is no path on a drive", path);
    free(path);
    if (status) {
        free(normal);
        sbx_error_context(err, "find %s", folders[SBX_KNOWN_PROGRAM_FILES].name);
        return status;
    }
    *ret_path = normal;
    return SBX_OK;
}

static bool is_told_another(enum sbx_known_folder which)
{
    bool wow64 = false;

    return which == SBX_KNOWN_PROGRAM_FILES && !sbx_wow64_of(GetCurrentProcess(), &wow64, NULL) &&
           wow64;
}

enum sbx_status sbx_known_folder(
    enum sbx_known_folder which, char **ret_path, struct sbx_error *err)
{
    wchar_t path_w[MAX_PATH + 1] = {0};
    size_t cch;
    HRESULT hr;

    if ((size_t)which >= countof(folders))
        return sbx_fail(err, SBX_INTERNAL, "folder %d", (int)which);
    if (is_told_another(which))
        return sbx_known_native_program_files(ret_path, err);
    hr = SHGetFolderPathW(
        NULL, folders[which].csidl | CSIDL_FLAG_DONT_VERIFY, NULL, SHGFP_TYPE_CURRENT, path_w);
    /* S_FALSE: a valid id for a folder that does not exist in this configuration. */
    if (FAILED(hr))
        return sbx_fail_hr(err, (uint32_t)hr, "find %s", folders[which].name);
    cch = wcslen(path_w);
    while (cch > 3 && path_w[cch - 1] == L'\\')
        cch--;
    if (!cch)
        return sbx_fail(err, SBX_NOT_FOUND, "this user has no %s", folders[which].name);
    return sbx_wstr_to_utf8_n(path_w, cch, ret_path, err);
}

enum sbx_status sbx_known_program(char **ret_path, struct sbx_error *err)
{
    DWORD capacity_cch = 260;
    enum sbx_status status = SBX_OK;

    /* Truncation is told by a full buffer only, on old systems without a terminator. */
    for (;;) {
        wchar_t *path_w = NULL;
        DWORD cch;

        status = sbx_calloc(capacity_cch, sizeof(*path_w), &path_w, err);
        if (status)
            return status;
        cch = GetModuleFileNameW(NULL, path_w, capacity_cch);
        if (!cch)
            status = sbx_fail_win32(err, GetLastError(), "find the path of this program");
        else if (cch < capacity_cch)
            status = sbx_wstr_to_utf8_n(path_w, cch, ret_path, err);
        free(path_w);
        if (status || (cch && cch < capacity_cch))
            return status;
        if (capacity_cch >= 32768)
            return sbx_fail(err, SBX_INTERNAL, "the path of this program is too long");
        capacity_cch *= 2;
    }
}
