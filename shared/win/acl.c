/* See acl.h. */
#include "acl.h"
#include "sid.h"

#define KEPT_CONTROL (SBX_SD_DACL_PROTECTED | SBX_SD_DACL_AUTO_INHERITED)
#define WHAT (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)

/* The binary descriptor; owned by the caller. Grows while another process makes it grow. */
static enum sbx_status read_bytes(
    HANDLE handle, void **ret_bytes, DWORD *ret_length_bytes, struct sbx_error *err)
{
    DWORD capacity_bytes = 512;
    int round;

    for (round = 0; round < 8; round++) {
        DWORD need_bytes = 0;
        void *bytes = NULL;
        DWORD code;
        enum sbx_status status = sbx_calloc(capacity_bytes, 1, &bytes, err);

        if (status)
            return status;
        if (GetKernelObjectSecurity(handle, WHAT, bytes, capacity_bytes, &need_bytes)) {
            *ret_bytes = bytes;
            /* The length is in the descriptor; what was not written is zero and parses as bad. */
            *ret_length_bytes = capacity_bytes;
            return SBX_OK;
        }
        code = GetLastError();
        free(bytes);
        if (code != ERROR_INSUFFICIENT_BUFFER || need_bytes <= capacity_bytes ||
            need_bytes > SBX_DESCRIPTOR_MAX_BYTES)
            return sbx_fail_win32(err, code, "read the security descriptor");
        capacity_bytes = need_bytes;
    }
    return sbx_fail(err, SBX_OS, "the security descriptor keeps growing");
}

static enum sbx_status get(
    HANDLE handle, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    struct sbx_descriptor descriptor;
    void *bytes = NULL;
    DWORD length_bytes = 0;
    enum sbx_status status = read_bytes(handle, &bytes, &length_bytes, err);

    if (status)
        return status;
    memset(&descriptor, 0, sizeof(descriptor));
    if (((const uint8_t *)bytes)[0] == 0) {
        status = sbx_fail(
            err, SBX_UNPROVEN, "the system reports success but gives no security descriptor");
        goto cleanup;
    }
    status = sbx_descriptor_parse(bytes, length_bytes, &descriptor, err);
    if (status) {
        sbx_error_context(err, "security descriptor");
        goto cleanup;
    }
    if (!descriptor.has_owner) {
        status =
            sbx_fail(err, SBX_UNPROVEN, "the system gives a security descriptor with no owner");
        goto cleanup;
    }
    *ret_descriptor = descriptor;
    memset(&descriptor, 0, sizeof(descriptor));

cleanup:
    sbx_descriptor_done(&descriptor);
    free(bytes);
    return status;
}

enum sbx_status sbx_acl_get(HANDLE handle, struct sbx_acl_counts *counts,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    if (counts)
        counts->reads++;
    return get(handle, ret_descriptor, err);
}

/* What was asked for is what the object has now, or the write is not believed. */
static enum sbx_status prove_dacl(HANDLE handle, const struct sbx_descriptor *wanted,
    struct sbx_acl_counts *counts, struct sbx_error *err)
{
    struct sbx_descriptor now;
    enum sbx_status status = SBX_OK;

    memset(&now, 0, sizeof(now));
    if (counts)
        counts->proofs++;
    status = get(handle, &now, err);
    if (!status && !sbx_acl_same_aces(&now.dacl, &wanted->dacl))
        status = sbx_fail(err, SBX_UNPROVEN,
            "the access list was set, but reading back gives another one (%zu entries, wanted %zu)",
            now.dacl.count, wanted->dacl.count);
    /* A mark that the system keeps although nobody asked for it changes no right. */
    if (!status && (((now.control ^ wanted->control) & SBX_SD_DACL_PROTECTED) ||
                       (wanted->control & ~now.control & SBX_SD_DACL_AUTO_INHERITED)))
        status = sbx_fail(err, SBX_UNPROVEN,
            "the access list was set, but its inheritance flags are 0x%04x, wanted 0x%04x",
            (unsigned)(now.control & KEPT_CONTROL), (unsigned)(wanted->control & KEPT_CONTROL));
    sbx_descriptor_done(&now);
    return status;
}

enum sbx_status sbx_acl_set_dacl(HANDLE handle, const struct sbx_descriptor *wanted,
    struct sbx_acl_counts *counts, struct sbx_error *err)
{
    struct sbx_descriptor request;
    struct sbx_buf bytes;
    enum sbx_status status = SBX_OK;

    if (wanted->dacl.kind == SBX_ACL_ABSENT)
        return sbx_fail(err, SBX_INVALID, "no access list to set");
    memset(&request, 0, sizeof(request));
    request.control = wanted->control & KEPT_CONTROL;
    if (request.control & SBX_SD_DACL_AUTO_INHERITED)
        request.control |= SBX_SD_DACL_AUTO_INHERIT_REQ;
    request.dacl = wanted->dacl; /* borrowed: `request` is not released */
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_descriptor_serialise(&request, &bytes, err);
    if (status)
        goto cleanup;
    if (!SetKernelObjectSecurity(handle, DACL_SECURITY_INFORMATION, bytes.data)) {
        status = sbx_fail_win32(err, GetLastError(), "set the access list");
        goto cleanup;
    }
    if (counts)
        counts->writes++;
    status = prove_dacl(handle, wanted, counts, err);

cleanup:
    sbx_buf_done(&bytes);
    return status;
}

enum sbx_status sbx_acl_set_owner(HANDLE handle, const struct sbx_sid *owner,
    struct sbx_acl_counts *counts, struct sbx_error *err)
{
    struct sbx_descriptor request;
    struct sbx_descriptor now;
    struct sbx_buf bytes;
    enum sbx_status status = SBX_OK;

    memset(&request, 0, sizeof(request));
    memset(&now, 0, sizeof(now));
    request.has_owner = true;
    request.owner = *owner;
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_descriptor_serialise(&request, &bytes, err);
    if (status)
        goto cleanup;
    if (!SetKernelObjectSecurity(handle, OWNER_SECURITY_INFORMATION, bytes.data)) {
        status = sbx_fail_win32(err, GetLastError(), "set the owner");
        goto cleanup;
    }
    if (counts) {
        counts->writes++;
        counts->proofs++;
    }
    status = get(handle, &now, err);
    if (!status && !sbx_sid_equal(&now.owner, owner))
        status = sbx_fail(err, SBX_UNPROVEN, "the owner was set, but reading back gives another");

cleanup:
    sbx_descriptor_done(&now);
    sbx_buf_done(&bytes);
    return status;
}
