/*
 * Named objects of the session, for tests/elevated. Prints facts, never judges.
 *
 *   try         makes an event, a mutex and a section by name and opens each: "KIND made", "KIND
 *               opened" or "KIND refused CODE"
 *   list        entries of the session's object directory: "entries N", and "may-change yes|no"
 *   close       takes the right to change that list from every entry but SYSTEM's and
 *               Administrators'
 *   restricted  makes NT's directory for restricted tokens below it, open to everybody: "made",
 *               then it stays for a minute, or until this program is ended
 */
#include <windows.h>
#include <winternl.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

NTSTATUS WINAPI NtOpenDirectoryObject(
    HANDLE *ret_directory, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes);
NTSTATUS WINAPI NtCreateDirectoryObject(
    HANDLE *ret_directory, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes);

static HANDLE open_directory(ACCESS_MASK access)
{
    OBJECT_ATTRIBUTES attributes;
    wchar_t path_w[64];
    UNICODE_STRING name;
    HANDLE directory = NULL;
    DWORD session = 0;

    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    _snwprintf(path_w, 64, L"\\Sessions\\%lu\\BaseNamedObjects", session);
    RtlInitUnicodeString(&name, path_w);
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    return NtOpenDirectoryObject(&directory, access, &attributes) < 0 ? NULL : directory;
}

static void tell(
    const char *kind, HANDLE made, HANDLE (*open)(const wchar_t *), const wchar_t *name)
{
    DWORD code = GetLastError();
    HANDLE opened;

    if (!made) {
        printf("%s refused %lu\n", kind, code);
        return;
    }
    printf("%s made\n", kind);
    opened = open(name);
    if (opened)
        printf("%s opened\n", kind);
    else
        printf("%s refused %lu\n", kind, GetLastError());
}

static HANDLE open_event(const wchar_t *name)
{
    return OpenEventW(SYNCHRONIZE, FALSE, name);
}

static HANDLE open_mutex(const wchar_t *name)
{
    return OpenMutexW(SYNCHRONIZE, FALSE, name);
}

static HANDLE open_section(const wchar_t *name)
{
    return OpenFileMappingW(FILE_MAP_READ, FALSE, name);
}

static int try(void)
{
    const wchar_t *const names[] = {L"Local\\sbx-try-e", L"Local\\sbx-try-m", L"Local\\sbx-try-s"};

    tell("event", CreateEventW(NULL, TRUE, FALSE, names[0]), open_event, names[0]);
    tell("mutex", CreateMutexW(NULL, FALSE, names[1]), open_mutex, names[1]);
    tell("section",
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, names[2]),
        open_section, names[2]);
    return 0;
}

static SECURITY_DESCRIPTOR *read_list(HANDLE directory, ACL **ret_dacl)
{
    static union {
        SECURITY_DESCRIPTOR descriptor;
        BYTE bytes[8192];
    } space;
    BOOL present = FALSE, defaulted = FALSE;
    DWORD size = 0;

    if (!GetKernelObjectSecurity(
            directory, DACL_SECURITY_INFORMATION, &space.descriptor, sizeof(space), &size) ||
        !GetSecurityDescriptorDacl(&space.descriptor, &present, ret_dacl, &defaulted) || !present)
        return NULL;
    return &space.descriptor;
}

static int list(void)
{
    HANDLE directory = open_directory(READ_CONTROL);
    ACL *dacl = NULL;

    if (!directory || !read_list(directory, &dacl) || !dacl)
        return 1;
    printf("entries %u\n", dacl->AceCount);
    printf("may-change %s\n", open_directory(READ_CONTROL | WRITE_DAC) ? "yes" : "no");
    return 0;
}

static int close_list(void)
{
    HANDLE directory = open_directory(READ_CONTROL | WRITE_DAC);
    SECURITY_DESCRIPTOR wanted;
    ACL *dacl = NULL;
    DWORD i;

    if (!directory || !read_list(directory, &dacl) || !dacl)
        return 1;
    for (i = 0; i < dacl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;

        if (GetAce(dacl, i, (void **)&ace) && !IsWellKnownSid(&ace->SidStart, WinLocalSystemSid) &&
            !IsWellKnownSid(&ace->SidStart, WinBuiltinAdministratorsSid))
            ace->Mask &= ~(DWORD)(WRITE_DAC | WRITE_OWNER);
    }
    if (!InitializeSecurityDescriptor(&wanted, SECURITY_DESCRIPTOR_REVISION) ||
        !SetSecurityDescriptorDacl(&wanted, TRUE, dacl, FALSE) ||
        !SetKernelObjectSecurity(directory, DACL_SECURITY_INFORMATION, &wanted))
        return 1;
    puts("closed");
    return 0;
}

static int keep_restricted(void)
{
    HANDLE above = open_directory(0xF), directory = NULL;
    OBJECT_ATTRIBUTES attributes;
    SECURITY_DESCRIPTOR open;
    UNICODE_STRING name;

    if (!above || !InitializeSecurityDescriptor(&open, SECURITY_DESCRIPTOR_REVISION) ||
        !SetSecurityDescriptorDacl(&open, TRUE, NULL, FALSE))
        return 1;
    RtlInitUnicodeString(&name, L"Restricted");
    InitializeObjectAttributes(&attributes, &name, 0, above, &open);
    if (NtCreateDirectoryObject(&directory, 0xF, &attributes) < 0)
        return 1;
    puts("made");
    fflush(stdout);
    Sleep(60000);
    return 0;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    const wchar_t *word = argc > 1 ? argv[1] : L"";

    if (!wcscmp(word, L"try"))
        return try();
    if (!wcscmp(word, L"list"))
        return list();
    if (!wcscmp(word, L"restricted"))
        return keep_restricted();
    return wcscmp(word, L"close") ? 99 : close_list();
}
