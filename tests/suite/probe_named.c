/* Objects by name: events, mutexes, sections, and the directories that names lie in. */
#include "probe_internal.h"

#include <winternl.h>

static HANDLE make_event(const wchar_t *name)
{
    return CreateEventW(NULL, TRUE, FALSE, name);
}

static HANDLE open_event(const wchar_t *name)
{
    return OpenEventW(SYNCHRONIZE | EVENT_MODIFY_STATE, FALSE, name);
}

static HANDLE make_mutex(const wchar_t *name)
{
    return CreateMutexW(NULL, FALSE, name);
}

/* WRITE_DAC: there is no right to a mutex alone that every NT maps to writing. */
static HANDLE open_mutex(const wchar_t *name)
{
    return OpenMutexW(SYNCHRONIZE | MUTEX_MODIFY_STATE | WRITE_DAC, FALSE, name);
}

static HANDLE make_section(const wchar_t *name)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name);
}

static HANDLE open_section(const wchar_t *name)
{
    return OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, name);
}

static const struct kind {
    const wchar_t *name;
    HANDLE (*make)(const wchar_t *name);
    HANDLE (*open)(const wchar_t *name);
} kinds[] = {{L"event", make_event, open_event}, {L"mutex", make_mutex, open_mutex},
    {L"section", make_section, open_section}};

static const struct kind *kind_of(const wchar_t *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!wcscmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

/* named KIND NAME: makes it anew and opens it to change it; kept until this process ends. */
static int do_named(int argc, const wchar_t **argv)
{
    const struct kind *kind = kind_of(argv[1]);
    (void)argc;
    if (!kind)
        return broken("no such kind of object");
    SetLastError(0);
    if (!kind->make(argv[2]))
        return refused();
    if (GetLastError() == ERROR_ALREADY_EXISTS)
        return refused_with(ERROR_ALREADY_EXISTS);
    return kind->open(argv[2]) ? succeeded() : refused();
}

/* named-open KIND NAME: somebody else's, to change it. */
static int do_named_open(int argc, const wchar_t **argv)
{
    const struct kind *kind = kind_of(argv[1]);
    (void)argc;
    if (!kind)
        return broken("no such kind of object");
    return kind->open(argv[2]) ? succeeded() : refused();
}

/* directory PATH ACCESS: an object directory with that access, hexadecimal; `session` is that of
 * this session's names. */
static int do_directory(int argc, const wchar_t **argv)
{
    typedef LONG(WINAPI * open_directory)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
    typedef ULONG(WINAPI * code_of)(LONG);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    open_directory open =
        (open_directory)(void (*)(void))GetProcAddress(ntdll, "NtOpenDirectoryObject");
    code_of code = (code_of)(void (*)(void))GetProcAddress(ntdll, "RtlNtStatusToDosError");
    wchar_t path[128] = L"\\BaseNamedObjects";
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE directory = NULL;
    DWORD session = 0;
    (void)argc;
    if (!open || !code)
        return broken("ntdll has no NtOpenDirectoryObject");
    if (wcscmp(argv[1], L"session"))
        swprintf(path, 127, L"%ls", argv[1]);
    else if (ProcessIdToSessionId(GetCurrentProcessId(), &session) && session)
        swprintf(path, 127, L"\\Sessions\\%lu\\BaseNamedObjects", session);
    name.Buffer = path;
    name.Length = (USHORT)(wcslen(path) * sizeof(wchar_t));
    name.MaximumLength = (USHORT)(name.Length + sizeof(wchar_t));
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    LONG status = open(&directory, wcstoul(argv[2], NULL, 16), &attributes);
    if (status < 0)
        return refused_with(code(status));
    CloseHandle(directory);
    return succeeded();
}

const struct probe_command named_commands[] = {
    {L"named", 2, do_named},
    {L"named-open", 2, do_named_open},
    {L"directory", 2, do_directory},
    {NULL, 0, NULL},
};
