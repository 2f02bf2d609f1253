/* ntwine test double: account rights of LSA, part of advapi32.dll. See ../README.md.
 * https://learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-lsaaddaccountrights */

#include "double.h"

#include <ntsecapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_DENIED ((NTSTATUS)0xC0000022)
#define STATUS_NOT_FOUND_NAME ((NTSTATUS)0xC0000034)
#define STATUS_NO_PRIVILEGE_NAME ((NTSTATUS)0xC0000060)
#define STATUS_BAD_PARAMETER ((NTSTATUS)0xC000000D)

ULONG WINAPI RtlNtStatusToDosError(NTSTATUS status);

/* An injected failure is a Win32 code; LSA speaks NTSTATUS, so it travels as FACILITY_NTWIN32. */
static NTSTATUS begin(const char *function, PSID sid, const LSA_UNICODE_STRING *rights, ULONG count)
{
    char list[1024] = "", text[128] = "-";
    DWORD code;
    ULONG i;

    if (sid) sid_format(sid, text, sizeof(text));
    for (i = 0; rights && i < count && strlen(list) < 900; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%.*ls", i ? "," : "", (int)(rights[i].Length / 2), rights[i].Buffer);
    code = double_call(function, "sid=%s rights=%s", text, list);
    if (code) return (NTSTATUS)(0xC0070000u | code);
    return caller_is_admin() ? 0 : STATUS_DENIED;
}

static NTSTATUS finish(const char *function, NTSTATUS status)
{
    double_result(function, status ? RtlNtStatusToDosError(status) : 0);
    return status;
}

static struct record *find_right(struct machine *machine, const char *sid, const char *name)
{
    struct record *record = NULL;

    while ((record = record_find(machine, record, "right", "sid", sid)))
        if (!name || !_stricmp(record_get(record, "name"), name)) return record;
    return NULL;
}

static void right_name(const LSA_UNICODE_STRING *right, char *out, size_t room)
{
    snprintf(out, room, "%.*ls", (int)(right->Length / 2), right->Buffer);
}

NTSTATUS WINAPI double_LsaAddAccountRights(LSA_HANDLE policy, PSID sid, PLSA_UNICODE_STRING rights, ULONG count)
{
    NTSTATUS status = begin("LsaAddAccountRights", sid, rights, count);
    char name[128], text[128];
    struct machine *machine;
    struct record *record;
    ULONG i;

    (void)policy;
    if (status) return finish("LsaAddAccountRights", status);
    sid_format(sid, text, sizeof(text));
    do {
        machine = machine_load();
        for (i = 0; i < count && !status; i++) {
            right_name(&rights[i], name, sizeof(name));
            if (strncmp(name, "Se", 2) != 0) status = STATUS_NO_PRIVILEGE_NAME;
            else if (!find_right(machine, text, name)) {
                record = record_add(machine, "right");
                record_set(record, "sid", text);
                record_set(record, "name", name);
            }
        }
    } while (!machine_done(machine, !status) && !status);
    return finish("LsaAddAccountRights", status);
}

NTSTATUS WINAPI double_LsaRemoveAccountRights(LSA_HANDLE policy, PSID sid, BOOLEAN all, PLSA_UNICODE_STRING rights, ULONG count)
{
    NTSTATUS status = begin("LsaRemoveAccountRights", sid, all ? NULL : rights, count);
    struct machine *machine;
    struct record *record;
    char name[128], text[128];
    ULONG i;

    (void)policy;
    if (status) return finish("LsaRemoveAccountRights", status);
    sid_format(sid, text, sizeof(text));
    do {
        machine = machine_load();
        if (!find_right(machine, text, NULL)) status = STATUS_NOT_FOUND_NAME;
        while (all && (record = find_right(machine, text, NULL))) record_remove(machine, record);
        for (i = 0; !all && !status && i < count; i++) {
            right_name(&rights[i], name, sizeof(name));
            if ((record = find_right(machine, text, name))) record_remove(machine, record);
        }
    } while (!machine_done(machine, !status) && !status);
    return finish("LsaRemoveAccountRights", status);
}

NTSTATUS WINAPI double_LsaEnumerateAccountRights(LSA_HANDLE policy, PSID sid, PLSA_UNICODE_STRING *ret_rights, PULONG ret_count)
{
    NTSTATUS status = begin("LsaEnumerateAccountRights", sid, NULL, 0);
    struct machine *machine;
    struct record *record = NULL;
    LSA_UNICODE_STRING *out;
    char text[128];
    WCHAR *strings;
    ULONG count = 0;

    (void)policy;
    if (status) return finish("LsaEnumerateAccountRights", status);
    sid_format(sid, text, sizeof(text));
    machine = machine_load();
    while ((record = record_find(machine, record, "right", "sid", text))) count++;
    if (!count) status = STATUS_NOT_FOUND_NAME;
    else if ((out = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, count * (sizeof(*out) + 128 * sizeof(WCHAR))))) {
        strings = (WCHAR *)(out + count);
        *ret_rights = out;
        *ret_count = count;
        while ((record = record_find(machine, record, "right", "sid", text))) {
            int length = MultiByteToWideChar(CP_UTF8, 0, record_get(record, "name"), -1, strings, 128) - 1;
            out->Buffer = strings;
            out->Length = (USHORT)(length * 2);
            out->MaximumLength = (USHORT)(out->Length + 2);
            out++;
            strings += 128;
        }
    }
    machine_done(machine, FALSE);
    return finish("LsaEnumerateAccountRights", status);
}

NTSTATUS WINAPI double_LsaEnumerateAccountsWithUserRight(LSA_HANDLE policy, PLSA_UNICODE_STRING right, PVOID *buffer, PULONG ret_count)
{
    NTSTATUS status = begin("LsaEnumerateAccountsWithUserRight", NULL, right, right ? 1 : 0);
    struct machine *machine;
    struct record *record = NULL;
    LSA_ENUMERATION_INFORMATION *out;
    char name[128] = "";
    ULONG count = 0;
    BYTE *sids;

    (void)policy;
    if (status) return finish("LsaEnumerateAccountsWithUserRight", status);
    if (right) right_name(right, name, sizeof(name));
    machine = machine_load();
    while ((record = record_find(machine, record, "right", "name", name))) count++;
    if (!count) status = (NTSTATUS)0x8000001A; /* STATUS_NO_MORE_ENTRIES */
    else if ((out = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, count * (sizeof(*out) + 68)))) {
        sids = (BYTE *)(out + count);
        *buffer = out;
        *ret_count = count;
        for (; (record = record_find(machine, record, "right", "name", name)); out++, sids += 68) {
            sid_parse(record_get(record, "sid"), sids, 68);
            out->Sid = sids;
        }
    }
    machine_done(machine, FALSE);
    return finish("LsaEnumerateAccountsWithUserRight", status);
}
