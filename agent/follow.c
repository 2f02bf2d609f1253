/* See follow.h. */
#include "follow.h"

#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

static enum sbx_status final_path(HANDLE handle, char **ret_path, struct sbx_error *err)
{
    char *verbatim = NULL;
    enum sbx_status status = sbx_file_final_path(handle, false, &verbatim, err);

    if (!status)
        status = sbx_winpath_normalise(verbatim, ret_path, NULL, err);
    free(verbatim);
    return status;
}

enum sbx_status sbx_follow_open(const char *path, ACCESS_MASK access, HANDLE *ret_handle,
    char **ret_path, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    wchar_t *path_w = NULL;
    HANDLE handle = INVALID_HANDLE_VALUE;
    DWORD code;

    status = sbx_wstr_from_utf8(path, &path_w, err);
    if (status)
        return status;
    /* BACKUP_SEMANTICS opens directories; it gives no right by itself. */
    handle = CreateFileW(path_w, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS, NULL);
    code = GetLastError();
    if (handle == INVALID_HANDLE_VALUE) {
        status = sbx_fail_win32(err, code, "open '%s'", path);
        goto cleanup;
    }
    if (ret_path) {
        status = final_path(handle, ret_path, err);
        if (status)
            goto cleanup;
    }
    if (ret_handle) {
        *ret_handle = handle;
        handle = INVALID_HANDLE_VALUE;
    }
cleanup:
    sbx_handle_close(&handle);
    free(path_w);
    return status;
}
