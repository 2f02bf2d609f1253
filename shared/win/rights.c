/* See rights.h. */
#include "rights.h"
#include "sid.h"
#include "wstr.h"

#include <ntsecapi.h>

#define NT_NAME_NOT_FOUND ((NTSTATUS)0xC0000034) /* the SID has no account object: no rights */

static enum sbx_status fail_lsa(
    struct sbx_error *err, NTSTATUS nt, const char *what, const struct sbx_sid *sid)
{
    ULONG code = LsaNtStatusToWinError(nt);
    char text[SBX_SID_TEXT_SIZE];
    enum sbx_status status;

    sbx_sid_format(sid, text);
    status = sbx_fail_win32(err, code, "%s account rights of %s", what, text);
    if (code == ERROR_ACCESS_DENIED)
        sbx_error_hint(err, "run it as an administrator");
    return status;
}

/* The policy of this machine (system name NULL). */
static NTSTATUS open_policy(ACCESS_MASK access, LSA_HANDLE *ret_policy)
{
    LSA_OBJECT_ATTRIBUTES attributes; /* "not used": zero, says LsaOpenPolicy */

    memset(&attributes, 0, sizeof(attributes));
    *ret_policy = NULL;
    return LsaOpenPolicy(NULL, &attributes, access, ret_policy);
}

/* Names are ASCII; one that is not, or too long, is none of Windows' and not shortened. */
static enum sbx_status name_from(
    const LSA_UNICODE_STRING *text_w, char name[SBX_RIGHT_NAME_SIZE], struct sbx_error *err)
{
    size_t cch = text_w->Length / sizeof(wchar_t);
    size_t i;

    if (!cch || cch >= SBX_RIGHT_NAME_SIZE)
        return sbx_fail(err, SBX_INVALID, "an account right with a name of %zu characters", cch);
    for (i = 0; i < cch; i++) {
        if (text_w->Buffer[i] <= L' ' || text_w->Buffer[i] > L'~')
            return sbx_fail(err, SBX_INVALID, "an account right with a name that is not ASCII");
        name[i] = (char)text_w->Buffer[i];
    }
    name[cch] = '\0';
    return SBX_OK;
}

enum sbx_status sbx_rights_read(
    const struct sbx_sid *sid, struct sbx_rights *ret_rights, struct sbx_error *err)
{
    struct sbx_sid_native native;
    LSA_UNICODE_STRING *names_w = NULL;
    enum sbx_status status = SBX_OK;
    LSA_HANDLE policy = NULL;
    ULONG count = 0, i;
    NTSTATUS nt = open_policy(POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION, &policy);

    memset(ret_rights, 0, sizeof(*ret_rights));
    if (nt < 0)
        return fail_lsa(err, nt, "open the policy to read the", sid);
    nt = LsaEnumerateAccountRights(policy, sbx_sid_to_native(sid, &native), &names_w, &count);
    LsaClose(policy);
    if (nt == NT_NAME_NOT_FOUND)
        return SBX_OK;
    if (nt < 0)
        return fail_lsa(err, nt, "read the", sid);
    if (count > countof(ret_rights->names))
        status = sbx_fail(err, SBX_INVALID, "a SID with %lu account rights", (unsigned long)count);
    for (i = 0; !status && i < count; i++)
        status = name_from(&names_w[i], ret_rights->names[i], err);
    if (names_w)
        LsaFreeMemory(names_w);
    ret_rights->count = status ? 0 : count;
    return status;
}

bool sbx_rights_have(const struct sbx_rights *rights, const char *name)
{
    size_t i;

    for (i = 0; i < rights->count; i++)
        if (strcmp(rights->names[i], name) == 0)
            return true;
    return false;
}

/* Add or remove by name; the strings are ours, static or from sbx_rights_read. */
static enum sbx_status change(const struct sbx_sid *sid, const char *const *names, size_t count,
    bool add, struct sbx_error *err)
{
    const char *what = add ? "add" : "remove";
    LSA_UNICODE_STRING names_w[SBX_RIGHTS_MAX];
    struct sbx_sid_native native;
    enum sbx_status status = SBX_OK;
    LSA_HANDLE policy = NULL;
    NTSTATUS nt = 0;
    size_t made = 0;
    PSID psid = sbx_sid_to_native(sid, &native);

    if (!count || count > countof(names_w))
        return count ? sbx_fail(err, SBX_INTERNAL, "%zu account rights", count) : SBX_OK;
    for (made = 0; !status && made < count; made++) {
        names_w[made].Buffer = NULL;
        status = sbx_wstr_from_utf8(names[made], &names_w[made].Buffer, err);
        if (status)
            break;
        names_w[made].Length = (USHORT)(wcslen(names_w[made].Buffer) * sizeof(wchar_t));
        names_w[made].MaximumLength = (USHORT)(names_w[made].Length + sizeof(wchar_t));
    }
    if (!status) {
        nt = open_policy(POLICY_LOOKUP_NAMES | (add ? POLICY_CREATE_ACCOUNT : 0), &policy);
        if (nt >= 0) {
            nt = add ? LsaAddAccountRights(policy, psid, names_w, (ULONG)count)
                     : LsaRemoveAccountRights(policy, psid, FALSE, names_w, (ULONG)count);
            LsaClose(policy);
        }
        if (nt < 0 && (add || nt != NT_NAME_NOT_FOUND))
            status = fail_lsa(err, nt, what, sid);
    }
    while (made)
        free(names_w[--made].Buffer);
    return status;
}

enum sbx_status sbx_rights_add(
    const struct sbx_sid *sid, const char *const *names, size_t count, struct sbx_error *err)
{
    return change(sid, names, count, true, err);
}

enum sbx_status sbx_rights_remove(
    const struct sbx_sid *sid, const char *const *names, size_t count, struct sbx_error *err)
{
    return change(sid, names, count, false, err);
}

enum sbx_status sbx_rights_remove_all(const struct sbx_sid *sid, struct sbx_error *err)
{
    struct sbx_sid_native native;
    LSA_HANDLE policy = NULL;
    NTSTATUS nt = open_policy(POLICY_LOOKUP_NAMES, &policy);

    if (nt < 0)
        return fail_lsa(err, nt, "open the policy to remove the", sid);
    nt = LsaRemoveAccountRights(policy, sbx_sid_to_native(sid, &native), TRUE, NULL, 0);
    LsaClose(policy);
    return nt < 0 && nt != NT_NAME_NOT_FOUND ? fail_lsa(err, nt, "remove the", sid) : SBX_OK;
}
