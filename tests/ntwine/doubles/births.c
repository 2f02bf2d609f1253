/* ntwine test double: what is in a new process before its own first instruction. See ../README.md.
 *
 * Integrity: a process never has a higher level than its program's file. Windows takes the lower of the token's and the
 * file's label when it makes the process; here the creator does, before anybody can resume it.
 * @see https://learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control
 *
 * Threads: the loader of Windows 10 works with several, which are there before main with the default list of the token
 * as it is then. Wine's has none. Here a process that the secondary logon's double made gets one, which never runs. */

#include "double.h"
#include "protocol.h"

#include <string.h>
#include <winternl.h>

#ifndef LABEL_SECURITY_INFORMATION
#define LABEL_SECURITY_INFORMATION 0x10
#endif
#define IMAGE_NAME 0x20005 /* PS_ATTRIBUTE_IMAGE_NAME */
#define TOKEN_RESTRICTED 0x10
#define TOKEN_SECLOGON 0x20000

struct attribute {
    ULONG_PTR what;
    SIZE_T size;
    void *value;
    SIZE_T *ret_size;
};

struct attributes {
    SIZE_T size;
    struct attribute items[1];
};

typedef NTSTATUS(WINAPI *create_process)(HANDLE *process, HANDLE *thread, ACCESS_MASK process_access,
    ACCESS_MASK thread_access, OBJECT_ATTRIBUTES *process_attributes, OBJECT_ATTRIBUTES *thread_attributes, ULONG flags,
    ULONG thread_flags, void *parameters, void *info, struct attributes *attributes);

NTSTATUS WINAPI NtOpenProcessToken(HANDLE process, DWORD access, HANDLE *token);

static create_process wine_create;
static NTSTATUS(WINAPI *open_file)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG);
static NTSTATUS(WINAPI *query_security)(HANDLE, SECURITY_INFORMATION, void *, ULONG, ULONG *);

/* The level of a file's label; none is medium. */
static DWORD level_of_file(HANDLE file)
{
    BYTE space[1024];
    BOOL present = FALSE, defaulted;
    ACL *sacl = NULL;
    ULONG needed;
    SYSTEM_MANDATORY_LABEL_ACE *ace;

    if (query_security(file, LABEL_SECURITY_INFORMATION, space, sizeof(space), &needed) ||
        !GetSecurityDescriptorSacl(space, &present, &sacl, &defaulted) || !present || !sacl || !sacl->AceCount ||
        !GetAce(sacl, 0, (void **)&ace) || ace->Header.AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE)
        return SECURITY_MANDATORY_MEDIUM_RID;
    return *GetSidSubAuthority(&ace->SidStart, 0);
}

static DWORD level_of_image(const struct attributes *attributes)
{
    DWORD level = SECURITY_MANDATORY_MEDIUM_RID;
    OBJECT_ATTRIBUTES name = {.Length = sizeof(name), .Attributes = OBJ_CASE_INSENSITIVE};
    UNICODE_STRING text;
    IO_STATUS_BLOCK io;
    HANDLE file;
    SIZE_T i, count = attributes ? (attributes->size - sizeof(SIZE_T)) / sizeof(struct attribute) : 0;

    for (i = 0; i < count; i++) {
        if (attributes->items[i].what != IMAGE_NAME) continue;
        text.Length = text.MaximumLength = (USHORT)attributes->items[i].size;
        text.Buffer = attributes->items[i].value;
        name.ObjectName = &text;
        if (open_file(&file, READ_CONTROL, &name, &io, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0)) continue;
        level = level_of_file(file);
        CloseHandle(file);
    }
    return level;
}

static NTSTATUS WINAPI create(HANDLE *process, HANDLE *thread, ACCESS_MASK process_access, ACCESS_MASK thread_access,
    OBJECT_ATTRIBUTES *process_attributes, OBJECT_ATTRIBUTES *thread_attributes, ULONG flags, ULONG thread_flags,
    void *parameters, void *info, struct attributes *attributes)
{
    NTSTATUS status = wine_create(process, thread, process_access, thread_access, process_attributes, thread_attributes, flags,
        thread_flags, parameters, info, attributes);
    struct token_state state;
    HANDLE token;
    DWORD level;

    if (status || (level = level_of_image(attributes)) >= SECURITY_MANDATORY_MEDIUM_RID ||
        NtOpenProcessToken(*process, TOKEN_QUERY | TOKEN_ADJUST_DEFAULT, &token))
        return status;
    if (token_state(token, &state) && level < state.integrity) server_extension(token, NT_SET_INTEGRITY, level, NULL, 0);
    CloseHandle(token);
    return status;
}

void hook(HMODULE module, const char *name, void *ours, void **ret_theirs); /* jobs.c */
void install_births(void);

/* Called when advapi32.dll is attached: before main. */
void install_births(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll"), kernelbase = GetModuleHandleW(L"kernelbase.dll");
    struct token_state state;
    HANDLE thread;

    open_file = (void *)GetProcAddress(ntdll, "NtOpenFile");
    query_security = (void *)GetProcAddress(ntdll, "NtQuerySecurityObject");
    if (kernelbase && open_file && query_security) hook(kernelbase, "NtCreateUserProcess", (void *)create, (void **)&wine_create);
    if (!token_state(NULL, &state) || !(state.flags & TOKEN_SECLOGON) || (state.flags & TOKEN_RESTRICTED)) return;
    thread = CreateThread(NULL, 0, (LPTHREAD_START_ROUTINE)(void *)Sleep, NULL, CREATE_SUSPENDED, NULL);
    if (thread) CloseHandle(thread);
}
