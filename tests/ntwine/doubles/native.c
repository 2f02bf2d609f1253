/* ntwine test double: failures and deaths at what a program changes through Wine's own ntdll (files, descriptors,
 * registry): the calls that need no double to work, only one to be counted and failed. In ntwinestate.dll; puts itself
 * in front of the functions only when NTWINE_FAIL has a rule `native:...`. */

#include "double.h"

#include <string.h>

#define CHANGING (GENERIC_WRITE | GENERIC_ALL | DELETE | WRITE_DAC | WRITE_OWNER | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES)
#define STUB_BYTES 32 /* of a system call in Wine's ntdll; no part of it is relative to anything outside */

static HANDLE streams[2]; /* what a program says is no change of the machine */

static struct {
    const char *name;
    BYTE *original; /* the copied stub */
} places[16];

static void *original(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i].name && !strcmp(places[i].name, name)) return places[i].original;
    return NULL;
}

/* @return the NTSTATUS to fail with, or 0 */
static NTSTATUS counted(const char *name, const char *format, unsigned long value)
{
    DWORD error = GetLastError(), code = native_call(name, format, value);

    SetLastError(error);
    switch (code) {
    case 0: return 0;
    case ERROR_ACCESS_DENIED: return (NTSTATUS)0xC0000022; /* STATUS_ACCESS_DENIED */
    case ERROR_DISK_FULL: return (NTSTATUS)0xC000007F;     /* STATUS_DISK_FULL */
    default: return (NTSTATUS)0xC0000185;                  /* STATUS_IO_DEVICE_ERROR */
    }
}

#define ORIGINAL(name) ((NTSTATUS (WINAPI *)(ARGS_##name))original(#name))

#define ARGS_NtCreateFile HANDLE *, ACCESS_MASK, void *, void *, void *, ULONG, ULONG, ULONG, ULONG, void *, ULONG
static NTSTATUS WINAPI my_NtCreateFile(HANDLE *handle, ACCESS_MASK access, void *attr, void *io, void *size, ULONG attributes,
                                       ULONG share, ULONG disposition, ULONG options, void *ea, ULONG ea_size)
{
    NTSTATUS status = 0;

    if (disposition != FILE_OPEN || (options & FILE_DELETE_ON_CLOSE)) status = counted("NtCreateFile", "make %lu", disposition);
    else if (access & CHANGING) status = counted("NtCreateFile", "open 0x%lx", access);
    if (status) return status;
    return ORIGINAL(NtCreateFile)(handle, access, attr, io, size, attributes, share, disposition, options, ea, ea_size);
}

#define ARGS_NtOpenFile HANDLE *, ACCESS_MASK, void *, void *, ULONG, ULONG
static NTSTATUS WINAPI my_NtOpenFile(HANDLE *handle, ACCESS_MASK access, void *attr, void *io, ULONG share, ULONG options)
{
    NTSTATUS status = 0;

    if ((access & CHANGING) || (options & FILE_DELETE_ON_CLOSE)) status = counted("NtOpenFile", "open 0x%lx", access);
    return status ? status : ORIGINAL(NtOpenFile)(handle, access, attr, io, share, options);
}

#define ARGS_NtWriteFile HANDLE, HANDLE, void *, void *, void *, const void *, ULONG, void *, void *
static NTSTATUS WINAPI my_NtWriteFile(HANDLE file, HANDLE event, void *apc, void *context, void *io, const void *data, ULONG size,
                                      void *offset, void *key)
{
    NTSTATUS status = 0;

    if (file != streams[0] && file != streams[1] && GetFileType(file) == FILE_TYPE_DISK) /* a pipe keeps nothing */
        status = counted("NtWriteFile", "%lu bytes", size);
    return status ? status : ORIGINAL(NtWriteFile)(file, event, apc, context, io, data, size, offset, key);
}

#define ARGS_NtSetInformationFile HANDLE, void *, void *, ULONG, int
static NTSTATUS WINAPI my_NtSetInformationFile(HANDLE file, void *io, void *data, ULONG size, int class)
{
    NTSTATUS status = 0;

    switch (class) {
    case 4: case 10: case 11: case 13: case 19: case 20: case 64: case 65: case 72: /* all but positions and modes */
        status = counted("NtSetInformationFile", "class %lu", (unsigned long)class);
    }
    return status ? status : ORIGINAL(NtSetInformationFile)(file, io, data, size, class);
}

#define ARGS_NtFlushBuffersFile HANDLE, void *
static NTSTATUS WINAPI my_NtFlushBuffersFile(HANDLE file, void *io)
{
    NTSTATUS status = 0;

    if (file != streams[0] && file != streams[1]) status = counted("NtFlushBuffersFile", "", 0);
    return status ? status : ORIGINAL(NtFlushBuffersFile)(file, io);
}

#define ARGS_NtSetSecurityObject HANDLE, SECURITY_INFORMATION, void *
static NTSTATUS WINAPI my_NtSetSecurityObject(HANDLE object, SECURITY_INFORMATION what, void *descriptor)
{
    NTSTATUS status = counted("NtSetSecurityObject", "0x%lx", what);

    return status ? status : ORIGINAL(NtSetSecurityObject)(object, what, descriptor);
}

#define ARGS_NtCreateKey HANDLE *, ACCESS_MASK, void *, ULONG, void *, ULONG, ULONG *
static NTSTATUS WINAPI my_NtCreateKey(HANDLE *key, ACCESS_MASK access, void *attr, ULONG index, void *class, ULONG options,
                                      ULONG *disposition)
{
    NTSTATUS status = counted("NtCreateKey", "0x%lx", access);

    return status ? status : ORIGINAL(NtCreateKey)(key, access, attr, index, class, options, disposition);
}

#define ARGS_NtSetValueKey HANDLE, void *, ULONG, ULONG, const void *, ULONG
static NTSTATUS WINAPI my_NtSetValueKey(HANDLE key, void *name, ULONG index, ULONG type, const void *data, ULONG size)
{
    NTSTATUS status = counted("NtSetValueKey", "type %lu", type);

    return status ? status : ORIGINAL(NtSetValueKey)(key, name, index, type, data, size);
}

#define ARGS_NtDeleteValueKey HANDLE, void *
static NTSTATUS WINAPI my_NtDeleteValueKey(HANDLE key, void *name)
{
    NTSTATUS status = counted("NtDeleteValueKey", "", 0);

    return status ? status : ORIGINAL(NtDeleteValueKey)(key, name);
}

#define ARGS_NtDeleteKey HANDLE
static NTSTATUS WINAPI my_NtDeleteKey(HANDLE key)
{
    NTSTATUS status = counted("NtDeleteKey", "", 0);

    return status ? status : ORIGINAL(NtDeleteKey)(key);
}

/* The stub is copied and its place gets `jmp [rip]` with the address behind it. */
static void put_before(HMODULE ntdll, BYTE **room, size_t at, const char *name, void *mine)
{
    static const BYTE jump[6] = {0xff, 0x25, 0, 0, 0, 0};
    static const BYTE stub[4] = {0x4c, 0x8b, 0xd1, 0xb8}; /* mov r10,rcx; mov eax,N */
    BYTE *place = (BYTE *)GetProcAddress(ntdll, name);
    DWORD old;

    if (!place || memcmp(place, stub, sizeof(stub)) != 0 || !VirtualProtect(place, STUB_BYTES, PAGE_EXECUTE_READWRITE, &old))
        TerminateProcess(GetCurrentProcess(), 3); /* a test that fails nothing must not look like one that passed */
    memcpy(*room, place, STUB_BYTES);
    places[at].name = name;
    places[at].original = *room;
    *room += STUB_BYTES;
    memcpy(place, jump, sizeof(jump));
    memcpy(place + sizeof(jump), &mine, sizeof(mine));
    VirtualProtect(place, STUB_BYTES, old, &old);
}

#define MINE(name) {#name, (void *)my_##name}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    static const struct {
        const char *name;
        void *mine;
    } all[] = {MINE(NtCreateFile), MINE(NtOpenFile), MINE(NtWriteFile), MINE(NtSetInformationFile), MINE(NtFlushBuffersFile),
               MINE(NtSetSecurityObject), MINE(NtCreateKey), MINE(NtSetValueKey), MINE(NtDeleteValueKey), MINE(NtDeleteKey)};
    char rules[1024];
    DWORD size = GetEnvironmentVariableA("NTWINE_FAIL", rules, sizeof(rules));
    BYTE *room;
    size_t i;

    if (reason != DLL_PROCESS_ATTACH || !size || size >= sizeof(rules) || !strstr(rules, "native:")) return TRUE;
    if (!(room = VirtualAlloc(NULL, STUB_BYTES * sizeof(all) / sizeof(all[0]), MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE)))
        return FALSE;
    streams[0] = GetStdHandle(STD_OUTPUT_HANDLE);
    streams[1] = GetStdHandle(STD_ERROR_HANDLE);
    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        put_before(GetModuleHandleW(L"ntdll.dll"), &room, i, all[i].name, all[i].mine);
    return TRUE;
}
