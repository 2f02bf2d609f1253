/*
 * The access lists of object directories, as the machine has them: read with NtOpenDirectoryObject,
 * which every NT has and no import library of ours needs.
 */
#include "suite.h"
#include <sddl.h>
#include <winternl.h>

/* Query, traverse, make objects, make subdirectories: all that a run's entry may give. */
#define DIRECTORY_USE 0x000Fu

DWORD session_number(void)
{
    DWORD session = 0;
    return ProcessIdToSessionId(GetCurrentProcessId(), &session) ? session : 0;
}

char *session_directory(void)
{
    DWORD session = session_number();
    return session ? f("\\Sessions\\%lu\\BaseNamedObjects", session) : f("\\BaseNamedObjects");
}

static HANDLE open_list(const char *path, LONG *ret_status)
{
    typedef LONG(WINAPI * open_directory)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
    open_directory open = (open_directory)(void (*)(void))GetProcAddress(
        GetModuleHandleW(L"ntdll.dll"), "NtOpenDirectoryObject");
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE directory = NULL;
    wchar_t *wide = w(path);
    name.Buffer = wide;
    name.Length = (USHORT)(wcslen(wide) * sizeof(wchar_t));
    name.MaximumLength = (USHORT)(name.Length + sizeof(wchar_t));
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    *ret_status =
        open ? open(&directory, READ_CONTROL, &attributes) : (LONG)0xC0000002 /* no function */;
    return *ret_status < 0 ? NULL : directory;
}

static void take_entries(struct list *list, ACL *dacl)
{
    for (DWORD i = 0; dacl && i < dacl->AceCount && i < LIST_ENTRIES_MAX; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;
        wchar_t *sid = NULL;
        if (!GetAce(dacl, i, (void **)&ace) || !ConvertSidToStringSidW(&ace->SidStart, &sid))
            continue;
        list->entries[list->count].type = ace->Header.AceType;
        list->entries[list->count].flags = ace->Header.AceFlags;
        list->entries[list->count].mask = ace->Mask;
        list->entries[list->count++].sid = u(sid);
        LocalFree(sid);
    }
}

struct list list_of(const char *path)
{
    static union {
        SECURITY_DESCRIPTOR descriptor;
        BYTE space[65536];
    } was;
    struct list list = {0};
    BOOL present = FALSE, defaulted = FALSE;
    ACL *dacl = NULL;
    LONG status = 0;
    DWORD size = 0;
    HANDLE directory = open_list(path, &status);
    if (!directory) {
        list.evidence = f("%s does not open: 0x%08lX", path, (unsigned long)status);
        return list;
    }
    if (!GetKernelObjectSecurity(
            directory, DACL_SECURITY_INFORMATION, &was.descriptor, sizeof was, &size) ||
        !GetSecurityDescriptorDacl(&was.descriptor, &present, &dacl, &defaulted))
        list.evidence = f("the list of %s is not read: error %lu", path, GetLastError());
    else
        take_entries(&list, present ? dacl : NULL);
    CloseHandle(directory);
    return list;
}

static char *entry_text(const struct list *list, DWORD i)
{
    return f("(%u;%02x;%08lx;%s)", list->entries[i].type, list->entries[i].flags,
        list->entries[i].mask, list->entries[i].sid);
}

char *list_text(const struct list *list)
{
    char *text = f("%s", list->evidence ? list->evidence : "");
    for (DWORD i = 0; i < list->count; i++)
        text = f("%s%s", text, entry_text(list, i));
    return text;
}

char *other_lists(void)
{
    static const char *const paths[] = {"\\", "\\BaseNamedObjects", "\\Sessions", "\\Sessions\\0",
        "\\KernelObjects", "\\RPC Control", "\\Device"};
    char *all = f("%s", "");
    for (size_t i = 0; i < countof(paths); i++) {
        struct list list = list_of(paths[i]);
        if (strcmp(paths[i], session_directory()))
            all = f("%s\n%s %s", all, paths[i], list_text(&list));
    }
    return all;
}

void must_be_of_a_run(const struct list *before, const struct list *now)
{
    bool used[LIST_ENTRIES_MAX] = {false};
    for (DWORD i = 0; i < now->count; i++) {
        DWORD k = 0;
        while (k < before->count &&
               (used[k] || strcmp(entry_text(before, k), entry_text(now, i)) != 0))
            k++;
        if (k < before->count) {
            used[k] = true;
            continue;
        }
        EXPECT(now->entries[i].type == ACCESS_ALLOWED_ACE_TYPE && !now->entries[i].flags &&
                   !(now->entries[i].mask & ~DIRECTORY_USE),
            "an entry of the run gives more than names: %s", entry_text(now, i));
        EXPECT(!strncmp(now->entries[i].sid, "S-1-5-21-", 9) &&
                   strcmp(now->entries[i].sid, user_sid()) != 0,
            "an entry for others than the run: %s", entry_text(now, i));
        diag("while it runs: %s", entry_text(now, i));
    }
    for (DWORD k = 0; k < before->count; k++)
        EXPECT(used[k], "while it runs, an entry is gone: %s", entry_text(before, k));
}
