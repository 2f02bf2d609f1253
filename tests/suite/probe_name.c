/* Attacks that reach a file by another name: links, short names, native paths, file ids. */
#include "probe_internal.h"
#include <winioctl.h>
#include <winternl.h>

NTSTATUS NTAPI NtCreateFile(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, PIO_STATUS_BLOCK,
    PLARGE_INTEGER, ULONG, ULONG, ULONG, ULONG, PVOID, ULONG);

/* A mount-point reparse buffer as FSCTL_SET_REPARSE_POINT wants it. */
struct mount_point {
    ULONG tag;
    USHORT data_length, reserved;
    USHORT substitute_offset, substitute_length, print_offset, print_length;
    WCHAR path[1024];
};

static int make_junction(const wchar_t *link, const wchar_t *target)
{
    struct mount_point point = {.tag = IO_REPARSE_TAG_MOUNT_POINT};
    DWORD done = 0;
    int length = swprintf(point.path, 1000, L"\\??\\%ls", target);
    if (length <= 0)
        return broken("target too long");
    if (!CreateDirectoryW(link, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        return refused();
    HANDLE dir =
        CreateFileW(link, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (dir == INVALID_HANDLE_VALUE)
        return refused();
    point.substitute_length = (USHORT)(length * 2);
    point.print_offset = (USHORT)(point.substitute_length + 2);
    point.data_length = (USHORT)(8 + point.substitute_length + 4);
    BOOL ok = DeviceIoControl(
        dir, FSCTL_SET_REPARSE_POINT, &point, (DWORD)point.data_length + 8, NULL, 0, &done, NULL);
    int outcome = ok ? succeeded() : refused();
    CloseHandle(dir);
    return outcome;
}

static int do_junction(int argc, const wchar_t **argv)
{
    (void)argc;
    return make_junction(argv[1], argv[2]);
}

static int write_to(const wchar_t *path)
{
    const wchar_t *step[] = {L"overwrite", path, L"changed"};
    return dispatch(3, step);
}

/* flip LINK INSIDE OUTSIDE NAME ROUNDS: points the link at each directory in turn and writes
 * LINK\NAME each time; what counts is whether OUTSIDE\NAME ever changed, which the caller sees. */
static int do_flip(int argc, const wchar_t **argv)
{
    wchar_t path[1024];
    int outcome = PROBE_BROKEN, worst = PROBE_DENIED;
    (void)argc;
    swprintf(path, 1024, L"%ls\\%ls", argv[1], argv[4]);
    for (unsigned long i = 0, n = wcstoul(argv[5], NULL, 10); i < n; i++) {
        RemoveDirectoryW(argv[1]);
        outcome = make_junction(argv[1], i % 2 ? argv[3] : argv[2]);
        if (outcome != PROBE_SUCCEEDED)
            return outcome;
        outcome = write_to(path);
        if (i % 2 && outcome == PROBE_SUCCEEDED)
            worst = PROBE_SUCCEEDED;
    }
    RemoveDirectoryW(argv[1]);
    probe_error = worst == PROBE_DENIED ? ERROR_ACCESS_DENIED : 0;
    return worst;
}

static int do_symlink(int argc, const wchar_t **argv)
{
    DWORD flags = argc > 3 && !wcscmp(argv[3], L"dir") ? 1 : 0;
    /* 2 = without the privilege where developer mode allows it */
    return CreateSymbolicLinkW(argv[1], argv[2], flags | 2) ||
                   CreateSymbolicLinkW(argv[1], argv[2], flags)
               ? succeeded()
               : refused();
}

/* shortwrite DIR NAME FILE: writes DIR\<short form of NAME>\FILE */
static int do_shortwrite(int argc, const wchar_t **argv)
{
    wchar_t path[1024], full[1024];
    WIN32_FIND_DATAW found;
    (void)argc;
    swprintf(full, 1024, L"%ls\\%ls", argv[1], argv[2]);
    HANDLE search = FindFirstFileW(full, &found);
    if (search == INVALID_HANDLE_VALUE)
        return refused();
    FindClose(search);
    if (!found.cAlternateFileName[0])
        return refused_with(ERROR_FILE_NOT_FOUND);
    swprintf(path, 1024, L"%ls\\%ls\\%ls", argv[1], found.cAlternateFileName, argv[3]);
    put("short name: ");
    put_wide(found.cAlternateFileName);
    put("\n");
    return write_to(path);
}

/* ntwrite NATIVE-PATH: opens an NT path, as a native program can spell it, and writes. */
static int do_ntwrite(int argc, const wchar_t **argv)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    HANDLE file = NULL;
    DWORD done = 0;
    (void)argc;
    RtlInitUnicodeString(&name, argv[1]);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS status = NtCreateFile(&file, FILE_GENERIC_WRITE, &attributes, &io, NULL, 0, 7,
        5 /* FILE_OVERWRITE_IF */, 0x60 /* synchronous, not a directory */, NULL, 0);
    if (status < 0)
        return refused_with(RtlNtStatusToDosError(status));
    int outcome = WriteFile(file, "changed", 7, &done, NULL) ? succeeded() : refused();
    CloseHandle(file);
    return outcome;
}

/* idwrite PATH: opens by file id, so that no name of a parent is passed. */
static int do_idwrite(int argc, const wchar_t **argv)
{
    BY_HANDLE_FILE_INFORMATION info = {0};
    FILE_ID_DESCRIPTOR id = {.dwSize = sizeof id, .Type = FileIdType};
    DWORD done = 0;
    int outcome = PROBE_BROKEN;
    (void)argc;
    HANDLE hint = CreateFileW(argv[1], GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (hint == INVALID_HANDLE_VALUE)
        return broken("cannot read the target");
    GetFileInformationByHandle(hint, &info);
    id.FileId.QuadPart = (LONGLONG)((uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow);
    HANDLE file = OpenFileById(hint, &id, GENERIC_WRITE, 7, NULL, 0);
    if (file == INVALID_HANDLE_VALUE) {
        outcome = refused();
    } else {
        outcome = WriteFile(file, "changed", 7, &done, NULL) ? succeeded() : refused();
        CloseHandle(file);
    }
    CloseHandle(hint);
    return outcome;
}

const struct probe_command name_commands[] = {
    {L"junction", 2, do_junction},
    {L"flip", 5, do_flip},
    {L"symlink", 2, do_symlink},
    {L"shortwrite", 3, do_shortwrite},
    {L"ntwrite", 1, do_ntwrite},
    {L"idwrite", 1, do_idwrite},
    {NULL, 0, NULL},
};
