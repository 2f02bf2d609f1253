/* See userobject.h. */
#include "userobject.h"
#include "late.h"

enum sbx_status sbx_userobject_get_dacl(
    HANDLE object, const char *what, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    sbx_late_fn_get_user_object_security get = sbx_late_get_user_object_security();
    SECURITY_INFORMATION part = DACL_SECURITY_INFORMATION;
    enum sbx_status status;
    void *bytes = NULL;
    DWORD size_bytes = 0, code;

    if (!get)
        return sbx_late_missing(SBX_LATE_get_user_object_security, err);
    if (!get(object, &part, NULL, 0, &size_bytes)) {
        code = GetLastError();
        if (code != ERROR_INSUFFICIENT_BUFFER)
            return sbx_fail_win32(err, code, "access list of %s", what);
    }
    if (size_bytes == 0 || size_bytes > SBX_DESCRIPTOR_MAX_BYTES)
        return sbx_fail(
            err, SBX_UNPROVEN, "access list of %s: %u bytes", what, (unsigned)size_bytes);
    status = sbx_calloc(1, size_bytes, &bytes, err);
    if (status)
        return status;
    if (!get(object, &part, bytes, size_bytes, &size_bytes)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "access list of %s", what);
    } else {
        status = sbx_descriptor_parse(bytes, size_bytes, ret_descriptor, err);
    }
    free(bytes);
    return status;
}

enum sbx_status sbx_userobject_set_dacl(
    HANDLE object, const char *what, const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    sbx_late_fn_set_user_object_security set = sbx_late_set_user_object_security();
    SECURITY_INFORMATION part = DACL_SECURITY_INFORMATION;
    enum sbx_status status;
    struct sbx_buf bytes;
    DWORD code;

    if (!set)
        return sbx_late_missing(SBX_LATE_set_user_object_security, err);
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_descriptor_serialise(descriptor, &bytes, err);
    if (!status && !set(object, &part, (PSECURITY_DESCRIPTOR)(void *)bytes.data)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "change the access list of %s", what);
    }
    sbx_buf_done(&bytes);
    return status;
}

enum sbx_status sbx_userobject_name(HANDLE object, const char *what,
    wchar_t ret_name_w[SBX_USEROBJECT_NAME_CCH], struct sbx_error *err)
{
    sbx_late_fn_get_user_object_information get = sbx_late_get_user_object_information();
    wchar_t name_w[SBX_USEROBJECT_NAME_CCH] = {0};
    DWORD size_bytes = 0, code;

    if (!get)
        return sbx_late_missing(SBX_LATE_get_user_object_information, err);
    if (!object ||
        !get(object, 2 /* UOI_NAME */, name_w, sizeof(name_w) - sizeof(*name_w), &size_bytes)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "name of %s", what);
    }
    memcpy(ret_name_w, name_w, sizeof(name_w));
    return SBX_OK;
}
