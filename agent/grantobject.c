/* See grantobject.h. */
#include "grantobject.h"

#include <stdio.h>

#include "shared/win/handle.h"
#include "shared/win/sid.h"

#define NT_REPARSE 0xC000050Bu

void sbx_grant_object_close(struct sbx_grant_object *object)
{
    if (!object)
        return;
    sbx_handle_close(&object->handle);
    sbx_descriptor_done(&object->descriptor);
    memset(object, 0, sizeof(*object));
}

bool sbx_grant_is_reparse_error(const struct sbx_error *error)
{
    return error->domain == SBX_DOMAIN_NTSTATUS && error->code == NT_REPARSE;
}

static enum sbx_status open_with(
    HANDLE parent, const char *path, ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err)
{
    struct sbx_file_how how = {.kind = SBX_FILE_ANY, .access = access};

    return parent ? sbx_file_open_at(parent, path, &how, ret_handle, err)
                  : sbx_file_open(path, &how, ret_handle, err);
}

enum sbx_status sbx_grant_object_open(struct sbx_grant_engine *engine, HANDLE parent,
    const char *path, struct sbx_grant_object *ret_object, struct sbx_error *err)
{
    /* FILE_LIST_DIRECTORY is FILE_READ_DATA on a file: not asked for until it is known. */
    static const ACCESS_MASK tries[] = {READ_CONTROL | WRITE_DAC, READ_CONTROL};
    struct sbx_grant_object object;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(&object, 0, sizeof(object));
    for (i = 0; i < countof(tries); i++) {
        status = open_with(parent, path, tries[i], &object.handle, err);
        if (status != SBX_DENIED || sbx_grant_is_reparse_error(err))
            break;
    }
    if (status)
        goto cleanup;
    object.may_write = i == 0;
    status = sbx_file_get_facts(object.handle, &object.facts, err);
    if (!status)
        status = sbx_acl_get(object.handle, &engine->report->counts, &object.descriptor, err);
    if (status)
        goto cleanup;
    *ret_object = object;
    memset(&object, 0, sizeof(object));

cleanup:
    sbx_grant_object_close(&object);
    return status;
}

bool sbx_grant_must_skip(const struct sbx_grant_engine *engine,
    const struct sbx_descriptor *descriptor, uint32_t links, char reason[SBX_GRANT_REASON_MAX])
{
    size_t i;

    if (descriptor->dacl.kind != SBX_ACL_LIST) {
        snprintf(reason, SBX_GRANT_REASON_MAX, "NULL DACL");
        return true;
    }
    for (i = 0; i < engine->account_count; i++) {
        if (descriptor->has_owner && sbx_sid_equal(&descriptor->owner, &engine->accounts[i])) {
            snprintf(reason, SBX_GRANT_REASON_MAX, "owned by a sandbox account");
            return true;
        }
    }
    if (links != 1) {
        snprintf(reason, SBX_GRANT_REASON_MAX, "%u links", (unsigned)links);
        return true;
    }
    return false;
}

enum sbx_status sbx_grant_links(HANDLE handle, uint32_t *ret_links, struct sbx_error *err)
{
    FILE_STANDARD_INFO info;

    if (!GetFileInformationByHandleEx(handle, FileStandardInfo, &info, sizeof(info)))
        return sbx_fail_win32(err, GetLastError(), "count the names of a file");
    *ret_links = info.NumberOfLinks;
    return SBX_OK;
}

enum sbx_status sbx_grant_write(struct sbx_grant_engine *engine, HANDLE handle,
    const struct sbx_descriptor *now, const struct sbx_acl *dacl, struct sbx_error *err)
{
    struct sbx_descriptor wanted = *now; /* borrows; not released */

    wanted.dacl = *dacl;
    return sbx_acl_set_dacl(handle, &wanted, &engine->report->counts, err);
}

void sbx_grant_explain(
    const char *path, const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    char sid[SBX_SID_TEXT_SIZE];
    char *name = NULL;

    if (!descriptor || !descriptor->has_owner) {
        sbx_error_context(err, "'%s'", path);
        return;
    }
    sbx_sid_format(&descriptor->owner, sid);
    if (sbx_sid_to_account(&descriptor->owner, &name, NULL))
        name = NULL;
    sbx_error_context(err, "'%s' (owned by %s)", path, name ? name : sid);
    if (err && err->status == SBX_DENIED)
        sbx_error_hint(err,
            "the access list may be changed by the owner and by administrators only: make yourself "
            "the owner (takeown /f \"%s\"), or choose another directory",
            path);
    free(name);
}
