/* Junctions, as a standard user: followed on the way, themselves where they are asked for, and no way around a
 * descriptor. Stock Wine has none. */

#include "probe.h"

#include <winioctl.h>

#define OPEN_REPARSE 0x00200000u
#define OF_THE_LINK "D:P(A;OICI;FA;;;" ME ")(A;OICI;0x1301bf;;;" CAP ")"

struct mount_point {
    ULONG tag;
    USHORT data_size, reserved, name_offset, name_size, print_offset, print_size;
    wchar_t names[MAX_PATH];
};

/* CreateFileW's flag for this is lost in Wine's kernelbase. */
static HANDLE open_itself(const wchar_t *path, ACCESS_MASK access)
{
    wchar_t native[MAX_PATH + 8];
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    UNICODE_STRING name;
    HANDLE handle = NULL;

    swprintf(native, MAX_PATH + 8, L"\\??\\%ls", path);
    RtlInitUnicodeString(&name, native);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NtCreateFile(&handle, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &attributes, &io, NULL, 0, 7, FILE_OPEN,
                 OPEN_REPARSE | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    return handle;
}

/* 0 or the error */
static DWORD make_link(const wchar_t *path, const wchar_t *target, ACCESS_MASK access)
{
    struct mount_point point = {.tag = IO_REPARSE_TAG_MOUNT_POINT};
    HANDLE handle = open_itself(path, access);
    DWORD done = 0, code;

    point.name_size = (USHORT)(swprintf(point.names, MAX_PATH, L"\\??\\%ls", target) * 2);
    point.print_offset = (USHORT)(point.name_size + 2);
    point.data_size = (USHORT)(8 + point.name_size + 4);
    code = result(DeviceIoControl(handle, FSCTL_SET_REPARSE_POINT, &point, point.data_size + 8u, NULL, 0, &done, NULL));
    CloseHandle(handle);
    return code;
}

static void final_name(const char *name, HANDLE handle, const wchar_t *want)
{
    wchar_t path[MAX_PATH] = L"";

    GetFinalPathNameByHandleW(handle, path, MAX_PATH, 0);
    check(name, !wcscmp(path + 4, want), "%ls, not %ls", path, want);
    CloseHandle(handle);
}

static void test_itself(const wchar_t *link, const wchar_t *target)
{
    FILE_ATTRIBUTE_TAG_INFO tag = {0};
    BY_HANDLE_FILE_INFORMATION all = {0};
    struct mount_point point = {0};
    HANDLE handle = open_itself(link, READ_CONTROL);
    PSECURITY_DESCRIPTOR descriptor = NULL;
    char *text = NULL;
    DWORD done = 0;

    is("link__attributes-by-name", GetFileAttributesW(link), FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT);
    is("link__tag-can-be-asked", result(GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof(tag))), 0);
    is("link__tag", tag.ReparseTag, IO_REPARSE_TAG_MOUNT_POINT);
    is("link__all-can-be-asked", result(GetFileInformationByHandle(handle, &all)), 0);
    is("link__attributes-by-handle", all.dwFileAttributes, FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT);
    is("link__target-can-be-asked",
       result(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &point, sizeof(point), &done, NULL)), 0);
    check("link__target", !wcscmp(point.names + 4, target), "%ls", point.names);
    GetSecurityInfo(handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL, &descriptor);
    ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, 1, DACL_SECURITY_INFORMATION, &text, NULL);
    check("link__keeps-the-directory's-descriptor", text && !strcmp(text, OF_THE_LINK), "%s", text);
    final_name("link__opened-itself-has-its-own-name", handle, link);
}

static void test_through(const wchar_t *link, const wchar_t *target)
{
    HANDLE token = restricted(own, WRITE_RESTRICTED, CAP, NULL, NULL);
    wchar_t file[MAX_PATH], there[MAX_PATH];

    swprintf(file, MAX_PATH, L"%ls\\a", link);
    swprintf(there, MAX_PATH, L"%ls\\a", target);
    make_file(there);
    is("link__followed-on-the-way", try_open(file, GENERIC_WRITE, OPEN_EXISTING), 0);
    final_name("link__what-lies-behind-is-named-by-its-place",
               CreateFileW(file, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL), there);
    as(token);
    is("link__its-own-descriptor-gives-nothing-behind-it", try_open(file, GENERIC_WRITE, OPEN_EXISTING), 5);
    as(NULL);
}

static void test_making(const wchar_t *target)
{
    CreateDirectoryW(in(L"full"), NULL);
    make_file(in(L"full\\a"));
    is("link__of-a-full-directory-refused", make_link(in(L"full"), target, FILE_WRITE_DATA), ERROR_DIR_NOT_EMPTY);
    CreateDirectoryW(in(L"read-only"), NULL);
    is("link__without-a-right-to-write-refused", make_link(in(L"read-only"), target, FILE_READ_DATA), ERROR_ACCESS_DENIED);
}

void test_links(void)
{
    wchar_t link[MAX_PATH], target[MAX_PATH];

    wcscpy(link, in(L"link"));
    wcscpy(target, in(L"behind"));
    CreateDirectoryW(target, NULL);
    set_sd(target, "D:P(A;OICI;0x1301bf;;;" ME ")");
    CreateDirectoryW(link, NULL);
    set_sd(link, OF_THE_LINK);
    test_making(target);
    is("link__made", make_link(link, target, FILE_WRITE_DATA), 0);
    test_itself(link, target);
    test_through(link, target);
    is("link__renamed", result(MoveFileExW(link, in(L"renamed-link"), 0)), 0);
    is("link__renaming-leaves-its-target", GetFileAttributesW(target), FILE_ATTRIBUTE_DIRECTORY);
    is("link__removed", result(RemoveDirectoryW(in(L"renamed-link"))), 0);
    is("link__removed-is-gone", GetFileAttributesW(in(L"renamed-link")), INVALID_FILE_ATTRIBUTES);
    is("link__removing-leaves-its-target", GetFileAttributesW(target), FILE_ATTRIBUTE_DIRECTORY);
}
