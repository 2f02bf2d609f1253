/* Files by handle: opened without a link on the way, and created. */
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "tests/support/unit.h"
#include "tests/support/win/filecase.h"
#include "tests/support/win/scratch.h"

#include <stdio.h>
#include <winioctl.h>

static struct sbx_error err;

/* --- open ---------------------------------------------------------------------------------- */

START_TEST(open__full_and_relative_and_plain_win32__same_object)
{
    struct sbx_file_facts a, b, c;
    HANDLE full = NULL, relative = file_open_at("dir\\file", &any), win32;

    ck_assert_sbx_ok(sbx_file_open(scratch_path("dir\\FILE"), &plain, &full, &err), &err);
    win32 = CreateFileW(
        scratch_path_w("dir\\file"), FILE_READ_ATTRIBUTES, 7, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert_sbx_ok(sbx_file_get_facts(full, &a, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(relative, &b, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(win32, &c, &err), &err);
    ck_assert(sbx_file_same(&a, &b));
    ck_assert(sbx_file_same(&a, &c));
    sbx_handle_close(&full);
    sbx_handle_close(&relative);
    sbx_handle_close(&win32);
}
END_TEST

START_TEST(open__verbatim_prefix_and_drive_root__work)
{
    char path[900];
    HANDLE handle = NULL;

    snprintf(path, sizeof(path), "\\\\?\\%s", scratch_path("dir\\file"));
    ck_assert_sbx_ok(sbx_file_open(path, &plain, &handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert_sbx_ok(sbx_file_open("C:\\", &directory, &handle, &err), &err);
    sbx_handle_close(&handle);
}
END_TEST

START_TEST(open__missing__not_found)
{
    HANDLE handle = NULL;

    ck_assert_int_eq(sbx_file_open_at(file_root, "none", &any, &handle, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(sbx_file_open_at(file_root, "none\\x", &any, &handle, &err), SBX_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.context, "none\\x"));
    ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(open__other_kind__invalid)
{
    HANDLE handle = NULL;

    ck_assert_int_eq(sbx_file_open_at(file_root, "dir", &plain, &handle, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_file_open_at(file_root, "dir\\file", &directory, &handle, &err), SBX_INVALID);
    ck_assert_int_ne(sbx_file_open_at(file_root, "dir\\file\\x", &any, &handle, &err), SBX_OK);
    ck_assert_ptr_null(handle);
}
END_TEST

static const char *const bad_names[] = {"", ".", "..", "dir\\..\\dir", "dir\\.", "dir\\", "\\dir",
    "dir\\\\file", "dir/file", "dir\\file:stream", "dir\\file::$DATA", "d*r", "di?", "<", "a|b",
    "C:\\windows", "\\\\?\\C:\\windows", "\"dir\""};

/* Each of these, given to a looser opener, is a way out of the directory or a second spelling. */
START_TEST(open_at__bad_name__refused)
{
    HANDLE handle = NULL;

    ck_assert_msg(sbx_file_open_at(file_root, bad_names[_i], &any, &handle, &err) == SBX_INVALID,
        "%s", bad_names[_i]);
    ck_assert_msg(
        sbx_file_create_at(file_root, bad_names[_i], &plain, NULL, &handle, &err) == SBX_INVALID,
        "%s", bad_names[_i]);
    ck_assert_ptr_null(handle);
}
END_TEST

static const char *const bad_paths[] = {"", "dir", "\\windows", "C:", "C:windows", "C:/windows",
    "\\\\server\\share\\x", "\\\\?\\UNC\\server\\share", "\\\\.\\C:\\windows",
    "\\\\?\\GLOBALROOT\\Device", "\\??\\C:\\windows", "\\\\?\\Volume{1", "\\\\?\\Volume{1}x\\a",
    "\\\\?\\Volume{a{b}\\", "\\\\?\\C:windows", "1:\\windows"};

START_TEST(open__other_path_form__refused)
{
    HANDLE handle = NULL;

    ck_assert_msg(
        sbx_file_open(bad_paths[_i], &any, &handle, &err) == SBX_INVALID, "%s", bad_paths[_i]);
    ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(open__handle__not_inheritable_and_shared_as_asked)
{
    struct sbx_file_how alone = {
        .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA, .share_none = true};
    HANDLE handle = file_open_at("dir\\file", &alone), second = NULL;
    DWORD flags = 99;

    ck_assert(GetHandleInformation(handle, &flags));
    ck_assert_uint_eq(flags & HANDLE_FLAG_INHERIT, 0);
    ck_assert_int_ne(sbx_file_open_at(file_root, "dir\\file", &reading, &second, &err), SBX_OK);
    ck_assert_uint_eq(err.code, 0xC0000043u);
    sbx_handle_close(&handle);
    handle = file_open_at("dir\\file", &reading);
    second = file_open_at("dir\\file", &reading);
    sbx_handle_close(&handle);
    sbx_handle_close(&second);
}
END_TEST

/* A directory that is moved away while its handle is the parent: we stay in it. */
START_TEST(open_at__parent_renamed__still_the_same_directory)
{
    HANDLE parent = file_open_at("dir", &directory), handle = NULL;
    wchar_t from_w[800];

    wcscpy_s(from_w, countof(from_w), scratch_path_w("dir"));
    ck_assert(MoveFileW(from_w, scratch_path_w("moved")));
    scratch_mkdir("dir");
    ck_assert_sbx_ok(sbx_file_open_at(parent, "file", &plain, &handle, &err), &err);
    sbx_handle_close(&handle);
    sbx_handle_close(&parent);
}
END_TEST

/* --- links --------------------------------------------------------------------------------- */

/* A junction by its control code, 16 bytes of header and two names. */
static bool make_junction(const char *name, const char *target)
{
    struct {
        DWORD tag;
        WORD data_bytes, reserved, name_at, name_bytes, print_at, print_bytes;
        WCHAR text[900];
    } data;
    wchar_t target_w[800];
    HANDLE link;
    DWORD done = 0;
    BOOL ok;

    scratch_mkdir(name);
    wcscpy_s(target_w, countof(target_w), scratch_path_w(target));
    memset(&data, 0, sizeof(data));
    _snwprintf_s(data.text, countof(data.text), _TRUNCATE, L"\\??\\%ls", target_w);
    data.tag = 0xA0000003u;
    data.name_bytes = (WORD)(wcslen(data.text) * 2);
    data.print_at = (WORD)(data.name_bytes + 2);
    data.data_bytes = (WORD)(8 + data.name_bytes + 4);
    link = CreateFileW(scratch_path_w(name), GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
        FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
    ck_assert(link != INVALID_HANDLE_VALUE);
    ok = DeviceIoControl(link, 0x000900A4u, &data, 8u + data.data_bytes, NULL, 0, &done, NULL);
    CloseHandle(link);
    return ok != FALSE;
}

START_TEST(junction__on_the_way_or_at_the_end__refused)
{
    static const struct sbx_file_how itself = {.allow_reparse = true, .access = DELETE};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;

    if (!make_junction("link", "dir")) {
        ck_assert(platform_is_wine()); /* no junctions on Wine 8 and 10 (FSCTL unsupported) */
        return;
    }
    ck_assert_int_eq(sbx_file_open_at(file_root, "link", &any, &handle, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, 0xC000050Bu);
    ck_assert_int_eq(sbx_file_open_at(file_root, "link\\file", &any, &handle, &err), SBX_DENIED);
    ck_assert_int_eq(sbx_file_open(scratch_path("link\\sub"), &any, &handle, &err), SBX_DENIED);
    ck_assert_int_ne(
        sbx_file_ensure_directory(file_root, "link", &directory, NULL, &handle, NULL, &err),
        SBX_OK);
    ck_assert_ptr_null(handle);
    handle = file_open_at("link", &itself);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &facts, &err), &err);
    ck_assert(facts.is_reparse);
    ck_assert_uint_eq(facts.reparse_tag, 0xA0000003u);
    ck_assert_sbx_ok(sbx_file_delete(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!scratch_exists("link"));
    ck_assert(scratch_exists("dir\\file"));
}
END_TEST

/* --- create -------------------------------------------------------------------------------- */

START_TEST(create__name_taken__exists_and_untouched)
{
    HANDLE handle = NULL;

    scratch_write("taken", "old");
    ck_assert_int_eq(
        sbx_file_create_at(file_root, "TAKEN", &plain, NULL, &handle, &err), SBX_EXISTS);
    ck_assert_int_eq(sbx_file_create_at(file_root, "dir", &plain, NULL, &handle, &err), SBX_EXISTS);
    ck_assert_int_eq(
        sbx_file_create_at(file_root, "dir", &directory, NULL, &handle, &err), SBX_EXISTS);
    ck_assert_int_eq(sbx_file_create_at(file_root, "x", &any, NULL, &handle, &err), SBX_INTERNAL);
    ck_assert_ptr_null(handle);
    file_ck_content("taken", "old");
}
END_TEST

START_TEST(create__file_and_directory__made)
{
    struct sbx_file_how writing = {.kind = SBX_FILE_PLAIN, .access = FILE_WRITE_DATA};
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_create_at(file_root, "new", &writing, NULL, &handle, &err), &err);
    ck_assert_sbx_ok(sbx_file_write_all(handle, "hello", 5, &err), &err);
    sbx_handle_close(&handle);
    file_ck_content("new", "hello");
    ck_assert_sbx_ok(
        sbx_file_create_at(file_root, "newdir", &directory, NULL, &handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(GetFileAttributesW(scratch_path_w("newdir")) & FILE_ATTRIBUTE_DIRECTORY);
}
END_TEST

START_TEST(ensure_directory__twice__made_once_same_object)
{
    struct sbx_file_facts one, two;
    HANDLE a = NULL, b = NULL;
    bool created = false;

    ck_assert_sbx_ok(
        sbx_file_ensure_directory(file_root, "e", &any, NULL, &a, &created, &err), &err);
    ck_assert(created);
    ck_assert_sbx_ok(
        sbx_file_ensure_directory(file_root, "e", &any, NULL, &b, &created, &err), &err);
    ck_assert(!created);
    ck_assert_sbx_ok(sbx_file_get_facts(a, &one, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(b, &two, &err), &err);
    ck_assert(sbx_file_same(&one, &two));
    sbx_handle_close(&a);
    sbx_handle_close(&b);
    scratch_write("f", "");
    ck_assert_int_eq(
        sbx_file_ensure_directory(file_root, "f", &any, NULL, &a, &created, &err), SBX_INVALID);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, file_case_setup, file_case_teardown);
    tcase_add_test(tcase, open__full_and_relative_and_plain_win32__same_object);
    tcase_add_test(tcase, open__verbatim_prefix_and_drive_root__work);
    tcase_add_test(tcase, open__missing__not_found);
    tcase_add_test(tcase, open__other_kind__invalid);
    tcase_add_loop_test(tcase, open_at__bad_name__refused, 0, (int)countof(bad_names));
    tcase_add_loop_test(tcase, open__other_path_form__refused, 0, (int)countof(bad_paths));
    tcase_add_test(tcase, open__handle__not_inheritable_and_shared_as_asked);
    tcase_add_test(tcase, open_at__parent_renamed__still_the_same_directory);
    tcase_add_test(tcase, junction__on_the_way_or_at_the_end__refused);
    tcase_add_test(tcase, create__name_taken__exists_and_untouched);
    tcase_add_test(tcase, create__file_and_directory__made);
    tcase_add_test(tcase, ensure_directory__twice__made_once_same_object);
}

UNIT_MAIN("file", add_tests)
