/* Attacks on files and directories. Each opens, acts and closes by itself. */
#include "probe_internal.h"
#include <sddl.h>
#include <aclapi.h>

static int act(
    const wchar_t *path, DWORD access, DWORD disposition, DWORD flags, const wchar_t *text)
{
    HANDLE file = CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        NULL, disposition, flags, NULL);
    DWORD done = 0, length = text ? (DWORD)(wcslen(text) * sizeof(wchar_t)) : 0;
    int outcome = PROBE_SUCCEEDED;
    if (file == INVALID_HANDLE_VALUE)
        return refused();
    if (length && (!WriteFile(file, text, length, &done, NULL) || done != length))
        outcome = refused();
    CloseHandle(file);
    return outcome == PROBE_SUCCEEDED ? succeeded() : outcome;
}

static const wchar_t *text_of(int argc, const wchar_t **argv)
{
    return argc > 2 ? argv[2] : L"changed";
}

static int do_read(int argc, const wchar_t **argv)
{
    char buffer[64];
    DWORD done = 0;
    (void)argc;
    HANDLE file = CreateFileW(argv[1], GENERIC_READ,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return refused();
    BOOL ok = ReadFile(file, buffer, sizeof buffer, &done, NULL);
    int outcome = ok ? succeeded() : refused();
    CloseHandle(file);
    return outcome;
}

static int do_write(int argc, const wchar_t **argv)
{
    return act(argv[1], GENERIC_WRITE, OPEN_EXISTING, 0, text_of(argc, argv));
}

static int do_create(int argc, const wchar_t **argv)
{
    return act(argv[1], GENERIC_WRITE, CREATE_NEW, 0, text_of(argc, argv));
}

static int do_overwrite(int argc, const wchar_t **argv)
{
    return act(argv[1], GENERIC_WRITE, CREATE_ALWAYS, 0, text_of(argc, argv));
}

static int do_append(int argc, const wchar_t **argv)
{
    return act(argv[1], FILE_APPEND_DATA | SYNCHRONIZE, OPEN_EXISTING, 0, text_of(argc, argv));
}

static int do_truncate(int argc, const wchar_t **argv)
{
    (void)argc;
    return act(argv[1], GENERIC_WRITE, TRUNCATE_EXISTING, 0, NULL);
}

/* open PATH MASK: only the open; the mask in hexadecimal. Works for devices and directories. */
static int do_open(int argc, const wchar_t **argv)
{
    (void)argc;
    return act(
        argv[1], wcstoul(argv[2], NULL, 16), OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

static int do_delete_on_close(int argc, const wchar_t **argv)
{
    (void)argc;
    return act(argv[1], DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

static int do_mkdir(int argc, const wchar_t **argv)
{
    (void)argc;
    return CreateDirectoryW(argv[1], NULL) ? succeeded() : refused();
}

static int do_rmdir(int argc, const wchar_t **argv)
{
    (void)argc;
    return RemoveDirectoryW(argv[1]) ? succeeded() : refused();
}

static int do_delete(int argc, const wchar_t **argv)
{
    (void)argc;
    return DeleteFileW(argv[1]) ? succeeded() : refused();
}

static int do_rename(int argc, const wchar_t **argv)
{
    (void)argc;
    return MoveFileExW(argv[1], argv[2], MOVEFILE_REPLACE_EXISTING) ? succeeded() : refused();
}

static int do_hardlink(int argc, const wchar_t **argv)
{
    (void)argc;
    return CreateHardLinkW(argv[1], argv[2], NULL) ? succeeded() : refused();
}

static int do_attributes(int argc, const wchar_t **argv)
{
    (void)argc;
    return SetFileAttributesW(argv[1], FILE_ATTRIBUTE_HIDDEN) ? succeeded() : refused();
}

/* setdacl PATH SDDL */
static int do_setdacl(int argc, const wchar_t **argv)
{
    PSECURITY_DESCRIPTOR sd = NULL;
    int outcome = PROBE_BROKEN;
    (void)argc;
    HANDLE file = CreateFileW(argv[1], WRITE_DAC | READ_CONTROL,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return refused();
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(argv[2], SDDL_REVISION_1, &sd, NULL))
        outcome = broken("SDDL");
    else
        outcome =
            SetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, sd) ? succeeded() : refused();
    LocalFree(sd);
    CloseHandle(file);
    return outcome;
}

/* inherits PATH: SUCCEEDED when its list may get entries from above. %NAME% in it is expanded. */
static int do_inherits(int argc, const wchar_t **argv)
{
    BYTE bytes[8192];
    DWORD needed = 0, revision = 0;
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    wchar_t path[1024];
    (void)argc;
    DWORD length = ExpandEnvironmentStringsW(argv[1], path, 1024);
    if (!length || length > 1024)
        return broken("the path");
    put("path ");
    put_wide(path);
    put("\n");
    if (!GetFileSecurityW(path, DACL_SECURITY_INFORMATION, bytes, sizeof bytes, &needed) ||
        !GetSecurityDescriptorControl(bytes, &control, &revision))
        return refused();
    return control & SE_DACL_PROTECTED ? refused_with(ERROR_ACCESS_DENIED) : succeeded();
}

/* takeown PATH: write the token's own user as owner. */
static int do_takeown(int argc, const wchar_t **argv)
{
    BYTE user[256];
    SECURITY_DESCRIPTOR sd;
    HANDLE token = NULL;
    DWORD length = 0;
    int outcome = PROBE_BROKEN;
    (void)argc;
    HANDLE file =
        CreateFileW(argv[1], WRITE_OWNER, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return refused();
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
        !GetTokenInformation(token, TokenUser, user, sizeof user, &length) ||
        !InitializeSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION) ||
        !SetSecurityDescriptorOwner(&sd, ((TOKEN_USER *)user)->User.Sid, FALSE))
        outcome = broken("own user");
    else
        outcome = SetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION, &sd) ? succeeded()
                                                                                 : refused();
    if (token)
        CloseHandle(token);
    CloseHandle(file);
    return outcome;
}

/* mapwrite PATH: through a section instead of WriteFile. */
static int do_mapwrite(int argc, const wchar_t **argv)
{
    int outcome = PROBE_BROKEN;
    (void)argc;
    HANDLE file = CreateFileW(argv[1], GENERIC_READ | FILE_WRITE_DATA,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return refused();
    HANDLE map = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *view = map ? MapViewOfFile(map, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (view) {
        view[0] ^= 0x20;
        outcome = succeeded();
        UnmapViewOfFile(view);
    } else {
        outcome = refused();
    }
    if (map)
        CloseHandle(map);
    CloseHandle(file);
    return outcome;
}

const struct probe_command file_commands[] = {
    {L"read", 1, do_read},
    {L"write", 1, do_write},
    {L"create", 1, do_create},
    {L"overwrite", 1, do_overwrite},
    {L"append", 1, do_append},
    {L"truncate", 1, do_truncate},
    {L"open", 2, do_open},
    {L"delete-on-close", 1, do_delete_on_close},
    {L"mkdir", 1, do_mkdir},
    {L"rmdir", 1, do_rmdir},
    {L"delete", 1, do_delete},
    {L"rename", 2, do_rename},
    {L"hardlink", 2, do_hardlink},
    {L"attributes", 1, do_attributes},
    {L"setdacl", 2, do_setdacl},
    {L"inherits", 1, do_inherits},
    {L"takeown", 1, do_takeown},
    {L"mapwrite", 1, do_mapwrite},
    {NULL, 0, NULL},
};
