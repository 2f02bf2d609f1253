/* The local group. The MUSTs are in account.h. */
#include "account.h"
#include "sid.h"
#include "wstr.h"

#include <lm.h>
#include <stdio.h>

/* "MACHINE\NAME": a bare name may also be found in a domain. */
static enum sbx_status qualify(
    const char *name, char *text, size_t size_bytes, struct sbx_error *err)
{
    wchar_t machine_w[MAX_COMPUTERNAME_LENGTH + 1];
    DWORD cch = countof(machine_w);
    char *machine = NULL;
    enum sbx_status status;
    int needed;

    if (!GetComputerNameW(machine_w, &cch))
        return sbx_fail_win32(err, GetLastError(), "find the name of this machine");
    status = sbx_wstr_to_utf8_n(machine_w, cch, &machine, err);
    if (status)
        return status;
    needed = snprintf(text, size_bytes, "%s\\%s", machine, name);
    free(machine);
    return needed > 0 && (size_t)needed < size_bytes
               ? SBX_OK
               : sbx_fail(err, SBX_INVALID, "a group's name is too long");
}

enum sbx_status sbx_account_group_read(
    const char *name, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    char qualified[400];
    struct sbx_sid sid = {0};
    SID_NAME_USE use = SidTypeUnknown;
    enum sbx_status status = qualify(name, qualified, sizeof(qualified), err);

    if (!status)
        status = sbx_sid_from_account(qualified, &sid, &use, err);
    if (!status && use != SidTypeAlias)
        status = sbx_fail(err, SBX_EXISTS, "'%s' is there and is no local group", name);
    if (!status)
        *ret_sid = sid;
    return status;
}

static enum sbx_status fail_change(
    struct sbx_error *err, NET_API_STATUS code, const char *what, const char *name)
{
    enum sbx_status status = sbx_fail_win32(err, code, "%s group '%s'", what, name);

    if (code == ERROR_ACCESS_DENIED)
        sbx_error_hint(err, "run it as an administrator");
    return status;
}

enum sbx_status sbx_account_group_create(
    const char *name, const char *comment, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    LOCALGROUP_INFO_1 info = {NULL, NULL};
    NET_API_STATUS code;
    enum sbx_status status = sbx_wstr_from_utf8(name, &info.lgrpi1_name, err);

    if (!status)
        status = sbx_wstr_from_utf8(comment, &info.lgrpi1_comment, err);
    if (status)
        goto cleanup;
    code = NetLocalGroupAdd(NULL, 1, (LPBYTE)&info, NULL);
    if (code) {
        status = fail_change(err, code, "create", name);
        goto cleanup;
    }
    status = sbx_account_group_read(name, ret_sid, err);
    if (status) {
        sbx_error_context(err, "group '%s' was created, says Windows", name);
        status = SBX_UNPROVEN;
        if (err)
            err->status = status;
    }
cleanup:
    free(info.lgrpi1_comment);
    free(info.lgrpi1_name);
    return status;
}

enum sbx_status sbx_account_group_delete(
    const char *name, const struct sbx_sid *expected, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;
    wchar_t *name_w = NULL;
    NET_API_STATUS code;
    enum sbx_status status = sbx_account_group_read(name, &sid, err);

    if (status)
        return status == SBX_NOT_FOUND ? SBX_OK : status;
    if (!sbx_sid_equal(&sid, expected)) {
        sbx_sid_format(&sid, text);
        status = sbx_fail(err, SBX_DENIED, "group '%s' is not the one that was made here", name);
        sbx_error_hint(
            err, "group %s has that name now; rename or delete it, then try again", text);
        return status;
    }
    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (status)
        return status;
    code = NetLocalGroupDel(NULL, name_w);
    free(name_w);
    if (code && code != NERR_GroupNotFound && code != ERROR_NO_SUCH_ALIAS)
        return fail_change(err, code, "delete", name);
    status = sbx_account_group_read(name, &sid, err);
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    return status ? status
                  : sbx_fail(err, SBX_UNPROVEN, "group '%s' was deleted and is there", name);
}

/* --- members ---------------------------------------------------------------------------------- */

enum sbx_status sbx_account_group_members(
    const char *name, struct sbx_account_members *ret_members, struct sbx_error *err)
{
    LOCALGROUP_MEMBERS_INFO_0 *info = NULL;
    DWORD read = 0, total = 0, i;
    wchar_t *name_w = NULL;
    NET_API_STATUS code;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);

    if (status)
        return status;
    code = NetLocalGroupGetMembers(
        NULL, name_w, 0, (LPBYTE *)&info, MAX_PREFERRED_LENGTH, &read, &total, NULL);
    free(name_w);
    if (code)
        return sbx_fail_win32(err, code, "read the members of group '%s'", name);
    if (read < total || read > countof(ret_members->sids))
        status =
            sbx_fail(err, SBX_INVALID, "group '%s' has %lu members", name, (unsigned long)total);
    for (i = 0; !status && i < read; i++)
        status = sbx_sid_from_psid(info[i].lgrmi0_sid, &ret_members->sids[i], err);
    ret_members->count = status ? 0 : read;
    if (info)
        NetApiBufferFree(info);
    return status;
}

bool sbx_account_is_member(const struct sbx_account_members *members, const struct sbx_sid *sid)
{
    size_t i;

    for (i = 0; i < members->count; i++)
        if (sbx_sid_equal(&members->sids[i], sid))
            return true;
    return false;
}

static enum sbx_status change_member(
    const char *name, const struct sbx_sid *member, bool add, struct sbx_error *err)
{
    struct sbx_sid_native native;
    LOCALGROUP_MEMBERS_INFO_0 info = {sbx_sid_to_native(member, &native)};
    struct sbx_account_members members;
    wchar_t *name_w = NULL;
    NET_API_STATUS code;
    enum sbx_status status = sbx_account_group_members(name, &members, err);

    if (status || sbx_account_is_member(&members, member) == add)
        return status;
    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (status)
        return status;
    code = add ? NetLocalGroupAddMembers(NULL, name_w, 0, (LPBYTE)&info, 1)
               : NetLocalGroupDelMembers(NULL, name_w, 0, (LPBYTE)&info, 1);
    free(name_w);
    if (code && code != (NET_API_STATUS)(add ? ERROR_MEMBER_IN_ALIAS : ERROR_MEMBER_NOT_IN_ALIAS))
        return fail_change(err, code, add ? "add a member to" : "take a member from", name);
    status = sbx_account_group_members(name, &members, err);
    if (!status && sbx_account_is_member(&members, member) != add)
        status = sbx_fail(err, SBX_UNPROVEN, "the members of group '%s' did not change", name);
    return status;
}

enum sbx_status sbx_account_group_add(
    const char *name, const struct sbx_sid *member, struct sbx_error *err)
{
    return change_member(name, member, true, err);
}

enum sbx_status sbx_account_group_remove(
    const char *name, const struct sbx_sid *member, struct sbx_error *err)
{
    return change_member(name, member, false, err);
}
