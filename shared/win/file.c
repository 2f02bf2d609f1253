/* Opening and creating by handle. The MUSTs are in file.h; facts and content in file_io.c. */
#include "file_internal.h"
#include "handle.h"
#include "wstr.h"

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define ALWAYS_ACCESS (FILE_READ_ATTRIBUTES | SYNCHRONIZE)
#define DISPLAY_BYTES 300
#define NT_REPARSE_POINT_ENCOUNTERED 0xC000050Bu

enum sbx_status sbx_file_check_name(const wchar_t *name_w, size_t cch, struct sbx_error *err)
{
    size_t i;

    if (cch == 0 || cch > 255 || (cch == 1 && name_w[0] == L'.') ||
        (cch == 2 && name_w[0] == L'.' && name_w[1] == L'.'))
        return sbx_fail(err, SBX_INVALID, "not a file name (%zu characters)", cch);
    for (i = 0; i < cch; i++) {
        if (name_w[i] == 0 || wcschr(L"\\/:*?\"<>|", name_w[i])) {
            char text[DISPLAY_BYTES];

            sbx_wstr_display(name_w, cch, text, sizeof(text));
            return sbx_fail(err, SBX_INVALID, "character 0x%02x in the file name '%s'",
                (unsigned)name_w[i], text);
        }
    }
    return SBX_OK;
}

/*
 * MUST 2: ask the handle. The tag class is unknown to file systems without reparse points, so the
 * attributes decide when it fails; when neither can be read, nothing is proved and we refuse.
 */
static enum sbx_status refuse_reparse(HANDLE handle, const char *name, struct sbx_error *err)
{
    FILE_ATTRIBUTE_TAG_INFO tag = {0, 0};
    BY_HANDLE_FILE_INFORMATION info;

    if (GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof(tag))) {
        if (!(tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            return SBX_OK;
    } else if (!GetFileInformationByHandle(handle, &info)) {
        return sbx_fail_win32(err, GetLastError(), "query the attributes of '%s'", name);
    } else if (!(info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)) {
        return SBX_OK;
    }
    return sbx_fail_nt(err, NT_REPARSE_POINT_ENCOUNTERED,
        "'%s' is a reparse point (tag 0x%08X), not followed", name, (unsigned)tag.ReparseTag);
}

static NTSTATUS create_file(
    const struct sbx_file_request *request, ULONG extra_attributes, HANDLE *ret_handle)
{
    /* FILE_OPEN_REPARSE_POINT: the last component is opened itself, whatever it is. */
    ULONG options = FILE_OPEN_REPARSE_POINT | FILE_SYNCHRONOUS_IO_NONALERT;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    IO_STATUS_BLOCK io;

    if (request->kind == SBX_FILE_DIRECTORY)
        options |= FILE_DIRECTORY_FILE;
    if (request->kind == SBX_FILE_PLAIN)
        options |= FILE_NON_DIRECTORY_FILE;
    if (request->backup)
        options |= FILE_OPEN_FOR_BACKUP_INTENT;
    name.Buffer = (wchar_t *)(uintptr_t)request->name_w; /* only read */
    name.Length = (USHORT)(request->name_cch * sizeof(wchar_t));
    name.MaximumLength = name.Length;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | extra_attributes,
        request->parent, (void *)(uintptr_t)request->descriptor);
    return NtCreateFile(ret_handle, request->access | ALWAYS_ACCESS, &attributes, &io, NULL,
        FILE_ATTRIBUTE_NORMAL, request->share, request->disposition, options, NULL, 0);
}

/*
 * Not known before Windows 10; and Microsoft does not say that it lets a link be opened itself. One
 * name below a handle has nothing before it that could lead elsewhere, and FILE_OPEN_REPARSE_POINT
 * keeps that one from it: without the flag no more is followed.
 */
static bool is_flag_in_the_way(const struct sbx_file_request *request, NTSTATUS nt)
{
    return nt == STATUS_INVALID_PARAMETER ||
           (request->allow_reparse && (uint32_t)nt == NT_REPARSE_POINT_ENCOUNTERED);
}

enum sbx_status sbx_file_request_run(
    const struct sbx_file_request *request, HANDLE *ret_handle, struct sbx_error *err)
{
    char text[DISPLAY_BYTES];
    HANDLE handle = NULL;
    enum sbx_status status = SBX_OK;
    NTSTATUS nt;

    sbx_wstr_display(request->name_w, request->name_cch, text, sizeof(text));
    if (request->name_cch > 0x7FF0)
        return sbx_fail(err, SBX_INVALID, "the name '%s' is too long", text);
    /* A volume root goes through object manager links ("\??\C:"), which count as reparsing. */
    nt = create_file(request, request->parent ? OBJ_DONT_REPARSE : 0, &handle);
    if (request->parent && is_flag_in_the_way(request, nt))
        nt = create_file(request, 0, &handle);
    if (nt < 0)
        return sbx_fail_nt(err, (uint32_t)nt, "%s '%s'",
            request->disposition == FILE_CREATE ? "create" : "open", text);
    if (!request->allow_reparse)
        status = refuse_reparse(handle, text, err);
    if (status)
        sbx_handle_close(&handle);
    else
        *ret_handle = handle;
    return status;
}

static struct sbx_file_request request_of(const struct sbx_file_how *how)
{
    struct sbx_file_request request;

    memset(&request, 0, sizeof(request));
    request.access = how->access;
    request.share = how->share_none ? 0 : how->share ? how->share : SHARE_ALL;
    request.kind = how->kind;
    request.allow_reparse = how->allow_reparse;
    request.backup = how->backup;
    request.disposition = FILE_OPEN;
    return request;
}

enum sbx_status sbx_file_open_child(HANDLE directory, const wchar_t *name_w, size_t cch,
    const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err)
{
    struct sbx_file_request request = request_of(how);
    enum sbx_status status = sbx_file_check_name(name_w, cch, err);

    if (status)
        return status;
    request.parent = directory;
    request.name_w = name_w;
    request.name_cch = cch;
    return sbx_file_request_run(&request, ret_handle, err);
}

/* MUST 1: one component after the other; each directory's handle is the next one's parent. */
static enum sbx_status open_below(HANDLE directory, const wchar_t *relative_w,
    const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err)
{
    static const struct sbx_file_how pass = {.kind = SBX_FILE_DIRECTORY};
    enum sbx_status status = SBX_OK;
    HANDLE parent = directory; /* borrowed at first, then ours */
    HANDLE next = NULL;
    const wchar_t *at_w = relative_w;

    for (;;) {
        size_t cch = wcscspn(at_w, L"\\");
        bool is_last = at_w[cch] == 0;

        next = NULL;
        status = sbx_file_open_child(parent, at_w, cch, is_last ? how : &pass, &next, err);
        if (parent != directory)
            sbx_handle_close(&parent);
        if (status || is_last)
            break;
        parent = next;
        at_w += cch + 1;
    }
    if (!status)
        *ret_handle = next;
    return status;
}

enum sbx_status sbx_file_open_at(HANDLE directory, const char *relative,
    const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err)
{
    wchar_t *relative_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(relative, &relative_w, err);

    if (!status)
        status = open_below(directory, relative_w, how, ret_handle, err);
    if (status && relative_w)
        sbx_error_context(err, "'%s'", relative);
    free(relative_w);
    return status;
}

/* Length of "X:\" or "Volume{...}\" at the start, 0 for anything else. */
static size_t root_cch(const wchar_t *path_w)
{
    static const wchar_t volume_w[] = L"Volume{";
    const wchar_t *end_w;

    if (((path_w[0] | 0x20) >= L'a' && (path_w[0] | 0x20) <= L'z') && path_w[1] == L':' &&
        path_w[2] == L'\\')
        return 3;
    if (_wcsnicmp(path_w, volume_w, countof(volume_w) - 1) != 0)
        return 0;
    end_w = wcschr(path_w, L'}');
    return end_w && end_w[1] == L'\\' && !wcspbrk(path_w + countof(volume_w) - 1, L"{:") &&
                   end_w - path_w < 60
               ? (size_t)(end_w - path_w) + 2
               : 0;
}

/* "\??\" and the root: the only open of ours that goes through the object manager's names. */
static enum sbx_status open_root(const wchar_t *path_w, size_t cch, const struct sbx_file_how *how,
    HANDLE *ret_handle, struct sbx_error *err)
{
    struct sbx_file_request request = request_of(how);
    wchar_t name_w[80] = L"\\??\\";

    memcpy(name_w + 4, path_w, cch * sizeof(wchar_t));
    request.name_w = name_w;
    request.name_cch = cch + 4;
    return sbx_file_request_run(&request, ret_handle, err);
}

static enum sbx_status open_full(const wchar_t *path_w, const struct sbx_file_how *how,
    HANDLE *ret_handle, struct sbx_error *err)
{
    static const struct sbx_file_how pass = {.kind = SBX_FILE_DIRECTORY};
    HANDLE root = NULL;
    enum sbx_status status = SBX_OK;
    size_t cch;

    if (wcsncmp(path_w, L"\\\\?\\", 4) == 0)
        path_w += 4;
    cch = root_cch(path_w);
    if (!cch)
        return sbx_fail(err, SBX_INVALID, "not a full path with a drive or volume");
    if (path_w[cch] == 0)
        return open_root(path_w, cch, how, ret_handle, err);
    status = open_root(path_w, cch, &pass, &root, err);
    if (!status)
        status = open_below(root, path_w + cch, how, ret_handle, err);
    sbx_handle_close(&root);
    return status;
}

enum sbx_status sbx_file_open(
    const char *path, const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err)
{
    wchar_t *path_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(path, &path_w, err);

    if (!status)
        status = open_full(path_w, how, ret_handle, err);
    if (status && path_w)
        sbx_error_context(err, "'%s'", path);
    free(path_w);
    return status;
}

enum sbx_status sbx_file_create_at(HANDLE directory, const char *name,
    const struct sbx_file_how *how, const void *descriptor, HANDLE *ret_handle,
    struct sbx_error *err)
{
    struct sbx_file_request request = request_of(how);
    wchar_t *name_w = NULL;
    enum sbx_status status = SBX_OK;

    if (how->kind != SBX_FILE_PLAIN && how->kind != SBX_FILE_DIRECTORY)
        return sbx_fail(err, SBX_INTERNAL, "create '%s': neither file nor directory", name);
    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (!status)
        status = sbx_file_check_name(name_w, wcslen(name_w), err);
    if (!status) {
        request.parent = directory;
        request.name_w = name_w;
        request.name_cch = wcslen(name_w);
        request.disposition = FILE_CREATE;
        request.descriptor = descriptor;
        status = sbx_file_request_run(&request, ret_handle, err);
    }
    free(name_w);
    return status;
}

enum sbx_status sbx_file_ensure_directory(HANDLE directory, const char *name,
    const struct sbx_file_how *how, const void *descriptor, HANDLE *ret_handle, bool *ret_created,
    struct sbx_error *err)
{
    struct sbx_file_how directory_how = *how;
    enum sbx_status status = SBX_OK;
    bool created = true;

    directory_how.kind = SBX_FILE_DIRECTORY;
    status = sbx_file_create_at(directory, name, &directory_how, descriptor, ret_handle, err);
    if (status == SBX_EXISTS) {
        created = false;
        status = sbx_file_open_at(directory, name, &directory_how, ret_handle, err);
    }
    if (!status && ret_created)
        *ret_created = created;
    return status;
}
