/* See token.h. The queries are in token_query.c. */
#include "token.h"
#include "handle.h"
#include "late.h"
#include "sid.h"

enum sbx_status sbx_token_open(
    HANDLE process, DWORD access, HANDLE *ret_token, struct sbx_error *err)
{
    HANDLE token = NULL;
    DWORD code;

    if (!OpenProcessToken(process, access, &token)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "token of a process");
    }
    *ret_token = token;
    return SBX_OK;
}

enum sbx_status sbx_token_open_self(DWORD access, HANDLE *ret_token, struct sbx_error *err)
{
    return sbx_token_open(GetCurrentProcess(), access, ret_token, err);
}

enum sbx_status sbx_token_duplicate(
    HANDLE token, bool primary, DWORD access, HANDLE *ret_token, struct sbx_error *err)
{
    TOKEN_TYPE type = primary ? TokenPrimary : TokenImpersonation;
    HANDLE copy = NULL;
    DWORD code;

    if (!DuplicateTokenEx(token, access, NULL, SecurityImpersonation, type, &copy)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "duplicate a token");
    }
    *ret_token = copy;
    return SBX_OK;
}

enum sbx_status sbx_token_set_default_dacl(
    HANDLE token, const struct sbx_acl *dacl, struct sbx_error *err)
{
    TOKEN_DEFAULT_DACL info = {NULL};
    enum sbx_status status;
    struct sbx_buf bytes;
    DWORD code;

    /* A token without a default DACL gives objects with no protection at all. */
    if (dacl->kind != SBX_ACL_LIST)
        return sbx_fail(err, SBX_INVALID, "default DACL of a token: not a list");
    sbx_buf_init(&bytes, SBX_ACL_MAX_BYTES);
    status = sbx_acl_serialise(dacl, &bytes, err);
    if (!status) {
        info.DefaultDacl = (PACL)(void *)bytes.data;
        if (!SetTokenInformation(token, TokenDefaultDacl, &info, sizeof(info))) {
            code = GetLastError();
            status = sbx_fail_win32(err, code, "default DACL of a token");
        }
    }
    sbx_buf_done(&bytes);
    return status;
}

enum sbx_status sbx_token_set_integrity(
    HANDLE token, const struct sbx_sid *label, struct sbx_error *err)
{
    struct sbx_sid_native native = {0};
    TOKEN_MANDATORY_LABEL info = {{NULL, SE_GROUP_INTEGRITY}};
    DWORD code;

    info.Label.Sid = sbx_sid_to_native(label, &native);
    if (!SetTokenInformation(token, TokenIntegrityLevel, &info,
            (DWORD)(sizeof(info) + sbx_sid_length_bytes(label)))) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "integrity level of a token");
    }
    return SBX_OK;
}

/* SID_AND_ATTRIBUTES and the SIDs they point to, in two arrays with one life. */
struct sid_array {
    SID_AND_ATTRIBUTES *entries;
    struct sbx_sid_native *natives;
    DWORD count;
};

static void sid_array_done(struct sid_array *array)
{
    free(array->entries);
    free(array->natives);
    memset(array, 0, sizeof(*array));
}

static enum sbx_status sid_array_init(
    const struct sbx_groups *list, struct sid_array *ret_array, struct sbx_error *err)
{
    enum sbx_status status;
    DWORD i;

    memset(ret_array, 0, sizeof(*ret_array));
    if (list->count == 0)
        return SBX_OK;
    status = sbx_calloc(list->count, sizeof(*ret_array->entries), &ret_array->entries, err);
    if (!status)
        status = sbx_calloc(list->count, sizeof(*ret_array->natives), &ret_array->natives, err);
    if (status) {
        sid_array_done(ret_array);
        return status;
    }
    ret_array->count = (DWORD)list->count;
    for (i = 0; i < ret_array->count; i++) /* attributes must be 0 for restricting SIDs */
        ret_array->entries[i].Sid = sbx_sid_to_native(&list->items[i].sid, &ret_array->natives[i]);
    return SBX_OK;
}

static enum sbx_status set_medium(
    HANDLE token, const struct sbx_tokenplan *plan, struct sbx_error *err)
{
    struct sbx_kernel_version version = {0};
    enum sbx_status status = sbx_late_kernel_version(&version, err);

    if (status || version.major < 6)
        return status;
    return sbx_token_set_integrity(token, &plan->integrity_sid, err);
}

enum sbx_status sbx_token_restrict(
    HANDLE base, const struct sbx_tokenplan *plan, HANDLE *ret_token, struct sbx_error *err)
{
    struct sid_array disable = {NULL, NULL, 0};
    struct sid_array restricting = {NULL, NULL, 0};
    enum sbx_status status;
    HANDLE token = NULL;
    DWORD code;

    status = sid_array_init(&plan->disable, &disable, err);
    if (!status)
        status = sid_array_init(&plan->restricting, &restricting, err);
    if (status)
        goto cleanup;
    if (!CreateRestrictedToken(base, plan->flags, disable.count, disable.entries, 0, NULL,
            restricting.count, restricting.entries, &token)) {
        code = GetLastError();
        token = NULL;
        status = sbx_fail_win32(err, code, "create the restricted token");
        goto cleanup;
    }
    status = sbx_token_set_default_dacl(token, &plan->default_dacl, err);
    if (!status)
        status = set_medium(token, plan, err);
    if (status)
        goto cleanup;
    *ret_token = token;
    token = NULL;
cleanup:
    sbx_handle_close(&token);
    sid_array_done(&restricting);
    sid_array_done(&disable);
    return status;
}

enum sbx_status sbx_token_describe_base(HANDLE base, struct sbx_tokenplan_input *input,
    struct sbx_groups *groups_storage, struct sbx_error *err)
{
    struct sbx_group user = {0};
    enum sbx_status status;
    bool restricted = false;

    status = sbx_token_user(base, &user, err);
    if (!status)
        status = sbx_token_groups(base, groups_storage, err);
    if (!status)
        status = sbx_token_came_restricted(base, &restricted, err);
    if (status) {
        sbx_groups_done(groups_storage);
        return status;
    }
    input->user_sid = user.sid;
    input->groups = groups_storage;
    input->base_is_restricted = restricted;
    return SBX_OK;
}
