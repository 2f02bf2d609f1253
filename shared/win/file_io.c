/* Facts, content, rename and delete of open files. See file.h. */
#include "file_internal.h"
#include "acl.h"
#include "handle.h"
#include "wstr.h"

#include <stdio.h>

#define READ_CHUNK_BYTES 65536u
#define TEMPORARY_TRIES 64
#define FIRST_TRY_CCH 320u /* of a path: most fit, and asking for the length costs as much */

/* FILE_DISPOSITION_INFORMATION_EX: delete, at once (Windows 10 1709), read-only or not (1809). */
#define DISPOSITION_EX_CLASS 64
#define DISPOSITION_AT_ONCE (0x01u | 0x02u)
#define DISPOSITION_READ_ONLY 0x10u

/* FILE_RENAME_INFORMATION with flags (Windows 10 1709): replace, also what others have open. */
#define RENAME_EX_CLASS 65
#define RENAME_EX_REPLACE (0x01u | 0x02u)

/* Scanners and indexers look at what is new: renaming waits for them, about half a second in all.
 */
#define BUSY_TRIES 6
#define BUSY_FIRST_MS 16u

/* --- facts --------------------------------------------------------------------------------- */

/* FILE_ID_INFO and its class: newer than the imports, but the function that takes it is not. */
static bool id_128(HANDLE handle, struct sbx_file_facts *facts)
{
    FILE_ID_INFO id;

    memset(&id, 0, sizeof(id));
    if (!GetFileInformationByHandleEx(handle, FileIdInfo, &id, sizeof(id)))
        return false;
    memcpy(facts->id, &id.FileId, sizeof(facts->id));
    facts->volume_serial = id.VolumeSerialNumber;
    return true;
}

static enum sbx_status id_64(HANDLE handle, struct sbx_file_facts *facts, struct sbx_error *err)
{
    BY_HANDLE_FILE_INFORMATION info;
    uint64_t index;

    if (!GetFileInformationByHandle(handle, &info))
        return sbx_fail_win32(err, GetLastError(), "query a file");
    index = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
    facts->id_short = true;
    memcpy(facts->id, &index, sizeof(index));
    facts->volume_serial = info.dwVolumeSerialNumber;
    return SBX_OK;
}

static enum sbx_status query(HANDLE handle, FILE_INFO_BY_HANDLE_CLASS which, void *ret_info,
    DWORD size_bytes, struct sbx_error *err)
{
    if (GetFileInformationByHandleEx(handle, which, ret_info, size_bytes))
        return SBX_OK;
    return sbx_fail_win32(err, GetLastError(), "query a file");
}

enum sbx_status sbx_file_get_type(
    HANDLE handle, struct sbx_file_type *ret_type, struct sbx_error *err)
{
    FILE_ATTRIBUTE_TAG_INFO tag = {0, 0};
    FILE_BASIC_INFO basic;
    enum sbx_status status = query(handle, FileBasicInfo, &basic, sizeof(basic), err);

    if (status)
        return status;
    /* Fails where the file system knows no tags; the attributes then say there is none. */
    if (GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof(tag)))
        basic.FileAttributes |= tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT;
    ret_type->attributes = basic.FileAttributes;
    ret_type->is_directory = (basic.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    ret_type->is_reparse = (basic.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    ret_type->reparse_tag = ret_type->is_reparse ? tag.ReparseTag : 0;
    ret_type->last_write = (uint64_t)basic.LastWriteTime.QuadPart;
    return SBX_OK;
}

enum sbx_status sbx_file_get_facts(
    HANDLE handle, struct sbx_file_facts *ret_facts, struct sbx_error *err)
{
    FILE_STANDARD_INFO standard;
    struct sbx_file_facts facts;
    struct sbx_file_type type;
    enum sbx_status status;

    memset(&facts, 0, sizeof(facts));
    memset(&standard, 0, sizeof(standard));
    status = sbx_file_get_type(handle, &type, err);
    if (!status)
        status = query(handle, FileStandardInfo, &standard, sizeof(standard), err);
    if (!status && !id_128(handle, &facts))
        status = id_64(handle, &facts, err);
    if (status)
        return status;
    facts.links = standard.NumberOfLinks;
    facts.attributes = type.attributes;
    facts.is_directory = type.is_directory;
    facts.is_reparse = type.is_reparse;
    facts.reparse_tag = type.reparse_tag;
    facts.delete_pending = standard.DeletePending != 0;
    facts.size_bytes = (uint64_t)standard.EndOfFile.QuadPart;
    facts.last_write = type.last_write;
    *ret_facts = facts;
    return SBX_OK;
}

bool sbx_file_same(const struct sbx_file_facts *a, const struct sbx_file_facts *b)
{
    return a->volume_serial == b->volume_serial && a->id_short == b->id_short &&
           memcmp(a->id, b->id, sizeof(a->id)) == 0;
}

enum sbx_status sbx_file_final_path(
    HANDLE handle, bool volume_guid, char **ret_path, struct sbx_error *err)
{
    DWORD flags = volume_guid ? VOLUME_NAME_GUID : VOLUME_NAME_DOS;
    wchar_t first_w[FIRST_TRY_CCH], *path_w = first_w, *larger_w = NULL;
    DWORD capacity_cch = FIRST_TRY_CCH, code = 0;
    enum sbx_status status = SBX_OK;
    DWORD cch = GetFinalPathNameByHandleW(handle, first_w, capacity_cch, flags);

    if (cch >= capacity_cch) { /* what it takes, with the end */
        capacity_cch = cch + 1;
        status = sbx_calloc(capacity_cch, sizeof(*larger_w), &larger_w, err);
        if (status)
            return status;
        path_w = larger_w;
        cch = GetFinalPathNameByHandleW(handle, path_w, capacity_cch, flags);
    }
    if (!cch || cch >= capacity_cch) {
        /* A rename in between may lengthen it; then it does not fit and that is an error. */
        code = cch ? ERROR_INSUFFICIENT_BUFFER : GetLastError();
        status = sbx_fail_win32(err, code, "find the path of an open file");
    } else {
        status = sbx_wstr_to_utf8_n(path_w, cch, ret_path, err);
    }
    free(larger_w);
    return status;
}

/* --- content ------------------------------------------------------------------------------- */

static enum sbx_status read_from_here(
    HANDLE handle, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    char *chunk = NULL;
    enum sbx_status status = sbx_calloc(READ_CHUNK_BYTES, 1, &chunk, err);

    while (!status) {
        DWORD got = 0;

        if (!ReadFile(handle, chunk, READ_CHUNK_BYTES, &got, NULL)) {
            status = sbx_fail_win32(err, GetLastError(), "read a file");
            break;
        }
        if (!got)
            break;
        status = sbx_buf_add(ret_bytes, chunk, got, err);
    }
    if (chunk)
        sbx_wipe(chunk, READ_CHUNK_BYTES);
    free(chunk);
    return status;
}

enum sbx_status sbx_file_read_all(HANDLE handle, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    LARGE_INTEGER start;

    start.QuadPart = 0;
    if (!SetFilePointerEx(handle, start, NULL, FILE_BEGIN))
        return sbx_fail_win32(err, GetLastError(), "read a file");
    return read_from_here(handle, ret_bytes, err);
}

enum sbx_status sbx_file_read_named(
    const char *path, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    HANDLE handle = NULL;
    wchar_t *path_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(path, &path_w, err);

    if (status)
        return status;
    /* Identification only: a pipe of that name must not get to act as us. */
    handle = CreateFileW(path_w, GENERIC_READ,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_ATTRIBUTE_NORMAL | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        status = sbx_fail_win32(err, GetLastError(), "open '%s'", path);
    else if (GetFileType(handle) != FILE_TYPE_DISK)
        status = sbx_fail(err, SBX_INVALID, "'%s' is no file", path);
    else
        status = read_from_here(handle, ret_bytes, err);
    if (status == SBX_INVALID && GetFileType(handle) == FILE_TYPE_DISK)
        sbx_error_context(err, "'%s'", path);
    sbx_handle_close(&handle);
    free(path_w);
    return status;
}

enum sbx_status sbx_file_write_all(
    HANDLE handle, const void *bytes, size_t length_bytes, struct sbx_error *err)
{
    const char *at = bytes;

    while (length_bytes) {
        DWORD want = length_bytes > 1u << 20 ? 1u << 20 : (DWORD)length_bytes;
        DWORD done = 0;

        if (!WriteFile(handle, at, want, &done, NULL))
            return sbx_fail_win32(err, GetLastError(), "write a file");
        if (!done)
            return sbx_fail(err, SBX_OS, "write a file: nothing was written");
        at += done;
        length_bytes -= done;
    }
    return SBX_OK;
}

/* --- rename, delete, attributes ------------------------------------------------------------ */

/* What a system, or a file system, says to a class that it does not have. */
static bool is_unknown_class(NTSTATUS nt)
{
    switch ((uint32_t)nt) {
    case 0xC0000002u: /* STATUS_NOT_IMPLEMENTED */
    case 0xC0000003u: /* STATUS_INVALID_INFO_CLASS */
    case 0xC000000Du: /* STATUS_INVALID_PARAMETER */
    case 0xC0000010u: /* STATUS_INVALID_DEVICE_REQUEST */
    case 0xC00000BBu: /* STATUS_NOT_SUPPORTED */
        return true;
    default:
        return false;
    }
}

/* Somebody has what is to be replaced open, or something in the directory that is to be renamed. */
static bool is_busy(NTSTATUS nt)
{
    return (uint32_t)nt == 0xC0000022u /* STATUS_ACCESS_DENIED */ ||
           (uint32_t)nt == 0xC0000043u /* STATUS_SHARING_VIOLATION */;
}

/* @param info everything but what the class decides */
static NTSTATUS rename_once(
    HANDLE handle, FILE_RENAME_INFORMATION *info, ULONG size_bytes, bool replace)
{
    const ULONG flags = RENAME_EX_REPLACE;
    IO_STATUS_BLOCK io;
    NTSTATUS nt;

    if (replace) {
        memcpy(info, &flags, sizeof(flags)); /* the place of ReplaceIfExists */
        nt = NtSetInformationFile(
            handle, &io, info, size_bytes, (FILE_INFORMATION_CLASS)RENAME_EX_CLASS);
        if (!is_unknown_class(nt))
            return nt;
        memset(info, 0, sizeof(flags));
    }
    info->ReplaceIfExists = replace ? TRUE : FALSE;
    return NtSetInformationFile(handle, &io, info, size_bytes, FileRenameInformation);
}

/* FILE_RENAME_INFORMATION with the name behind it. */
static enum sbx_status rename_w(
    HANDLE handle, HANDLE directory, const wchar_t *name_w, bool replace, struct sbx_error *err)
{
    size_t name_bytes = wcslen(name_w) * sizeof(wchar_t);
    size_t size_bytes = sizeof(FILE_RENAME_INFORMATION) + name_bytes;
    FILE_RENAME_INFORMATION *info = NULL;
    NTSTATUS nt;
    unsigned i;
    enum sbx_status status = sbx_calloc(size_bytes, 1, &info, err);

    if (status)
        return status;
    info->RootDirectory = directory;
    info->FileNameLength = (ULONG)name_bytes;
    memcpy(info->FileName, name_w, name_bytes);
    nt = rename_once(handle, info, (ULONG)size_bytes, replace);
    for (i = 0; i < BUSY_TRIES && is_busy(nt); i++) {
        Sleep(BUSY_FIRST_MS << (i < 3 ? i : 3));
        nt = rename_once(handle, info, (ULONG)size_bytes, replace);
    }
    free(info);
    return nt < 0 ? sbx_fail_nt(err, (uint32_t)nt, "rename") : SBX_OK;
}

enum sbx_status sbx_file_rename(
    HANDLE handle, HANDLE directory, const char *new_name, bool replace, struct sbx_error *err)
{
    wchar_t *name_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(new_name, &name_w, err);

    if (!status)
        status = sbx_file_check_name(name_w, wcslen(name_w), err);
    if (!status)
        status = rename_w(handle, directory, name_w, replace, err);
    if (status && name_w)
        sbx_error_context(err, "new name '%s'", new_name);
    free(name_w);
    return status;
}

enum sbx_status sbx_file_delete(HANDLE handle, struct sbx_error *err)
{
    FILE_DISPOSITION_INFORMATION info;
    ULONG flags = DISPOSITION_AT_ONCE;
    IO_STATUS_BLOCK io;
    NTSTATUS nt = NtSetInformationFile(
        handle, &io, &flags, sizeof(flags), (FILE_INFORMATION_CLASS)DISPOSITION_EX_CLASS);

    if (is_unknown_class(nt)) {
        info.DoDeleteFile = TRUE;
        nt = NtSetInformationFile(handle, &io, &info, sizeof(info), FileDispositionInformation);
    }
    return nt < 0 ? sbx_fail_nt(err, (uint32_t)nt, "delete") : SBX_OK;
}

enum sbx_status sbx_file_delete_read_only(HANDLE handle, struct sbx_error *err)
{
    ULONG flags = DISPOSITION_AT_ONCE | DISPOSITION_READ_ONLY;
    struct sbx_file_facts facts;
    IO_STATUS_BLOCK io;
    enum sbx_status status = sbx_file_get_facts(handle, &facts, err);
    NTSTATUS nt;

    if (status)
        return status;
    if (!(facts.attributes & FILE_ATTRIBUTE_READONLY))
        return sbx_file_delete(handle, err);
    if (facts.is_directory || facts.is_reparse || facts.links <= 1) {
        status = sbx_file_set_attributes(handle, FILE_ATTRIBUTE_NORMAL, err);
        return status ? status : sbx_file_delete(handle, err);
    }
    nt = NtSetInformationFile(
        handle, &io, &flags, sizeof(flags), (FILE_INFORMATION_CLASS)DISPOSITION_EX_CLASS);
    if (nt < 0)
        return sbx_fail(err, SBX_DENIED, "a read-only file with %u names", (unsigned)facts.links);
    return SBX_OK;
}

enum sbx_status sbx_file_set_attributes(HANDLE handle, DWORD attributes, struct sbx_error *err)
{
    FILE_BASIC_INFO info; /* times of zero mean "leave as it is" */

    memset(&info, 0, sizeof(info));
    info.FileAttributes = attributes ? attributes : FILE_ATTRIBUTE_NORMAL;
    if (!SetFileInformationByHandle(handle, FileBasicInfo, &info, sizeof(info)))
        return sbx_fail_win32(err, GetLastError(), "set file attributes");
    return SBX_OK;
}

enum sbx_status sbx_file_set_owner(
    HANDLE handle, const struct sbx_sid *owner, struct sbx_error *err)
{
    return sbx_acl_set_owner(handle, owner, NULL, err);
}

/* --- replace ------------------------------------------------------------------------------- */

/* A new file beside `name`; nobody else's file is ever opened, taken names are skipped. */
static enum sbx_status create_temporary(HANDLE directory, const char *name, const void *descriptor,
    HANDLE *ret_handle, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_WRITE_DATA | DELETE, .share = FILE_SHARE_READ};
    static volatile LONG counter;
    enum sbx_status status = SBX_EXISTS;
    struct sbx_buf text;
    int i;

    sbx_buf_init(&text, 4096);
    for (i = 0; i < TEMPORARY_TRIES && status == SBX_EXISTS; i++) {
        sbx_buf_clear(&text);
        status = sbx_buf_printf(&text, err, "%s.%lx-%lx.tmp", name,
            (unsigned long)GetCurrentProcessId(), (unsigned long)InterlockedIncrement(&counter));
        if (!status)
            status = sbx_file_create_at(directory, text.data, &how, descriptor, ret_handle, err);
    }
    sbx_buf_done(&text);
    return status;
}

/* @return behind the hex digits at `at`; `at` itself when there is none */
static size_t skip_hex(const wchar_t *name_w, size_t name_cch, size_t at)
{
    while (at < name_cch &&
           ((name_w[at] >= '0' && name_w[at] <= '9') || (name_w[at] >= 'a' && name_w[at] <= 'f')))
        at++;
    return at;
}

static bool skip_text(const wchar_t *name_w, size_t name_cch, const char *text, size_t *at)
{
    size_t i;

    for (i = 0; text[i]; i++) {
        if (*at + i >= name_cch || name_w[*at + i] != (wchar_t)(unsigned char)text[i])
            return false;
    }
    *at += i;
    return true;
}

/* The form that create_temporary prints. */
bool sbx_file_is_temporary(const wchar_t *name_w, size_t name_cch, const char *name)
{
    size_t at = 0, behind;

    if (!skip_text(name_w, name_cch, name, &at) || !skip_text(name_w, name_cch, ".", &at))
        return false;
    behind = skip_hex(name_w, name_cch, at);
    if (behind == at || !skip_text(name_w, name_cch, "-", &behind))
        return false;
    at = skip_hex(name_w, name_cch, behind);
    return at > behind && skip_text(name_w, name_cch, ".tmp", &at) && at == name_cch;
}

enum sbx_status sbx_file_replace_at(HANDLE directory, const char *name, const void *bytes,
    size_t length_bytes, const void *descriptor, struct sbx_error *err)
{
    HANDLE handle = NULL;
    enum sbx_status status = create_temporary(directory, name, descriptor, &handle, err);

    if (status)
        goto cleanup;
    status = sbx_file_write_all(handle, bytes, length_bytes, err);
    /* Before the rename: after a power loss the new name must not lead to an empty file. */
    if (!status && !FlushFileBuffers(handle))
        status = sbx_fail_win32(err, GetLastError(), "flush a file");
    if (!status)
        status = sbx_file_rename(handle, directory, name, true, err);
    if (status)
        (void)!sbx_file_delete(handle, NULL);

cleanup:
    if (status)
        sbx_error_context(err, "replace '%s'", name);
    sbx_handle_close(&handle);
    return status;
}
