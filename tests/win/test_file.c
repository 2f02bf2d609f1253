/* Files by handle. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"

#include <stdio.h>
#include <winioctl.h>

static struct sbx_error err;
static HANDLE root;

static const struct sbx_file_how any = {0};
static const struct sbx_file_how plain = {.kind = SBX_FILE_PLAIN};
static const struct sbx_file_how directory = {.kind = SBX_FILE_DIRECTORY};
static const struct sbx_file_how reading = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};

static void setup(void)
{
    struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_ADD_FILE | FILE_TRAVERSE};

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_file_open(scratch_begin(), &how, &root, &err), &err);
    scratch_mkdir("dir");
    scratch_mkdir("dir\\sub");
    scratch_write("dir\\file", "content");
}

static void teardown(void)
{
    sbx_handle_close(&root);
    scratch_end();
}

static HANDLE open_at(const char *relative, const struct sbx_file_how *how)
{
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_open_at(root, relative, how, &handle, &err), &err);
    return handle;
}

static unsigned count_entries(const char *pattern)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(scratch_path_w(pattern), &found);
    unsigned count = 0;

    if (find == INVALID_HANDLE_VALUE)
        return 0;
    do {
        if (wcscmp(found.cFileName, L".") != 0 && wcscmp(found.cFileName, L"..") != 0)
            count++;
    } while (FindNextFileW(find, &found));
    FindClose(find);
    return count;
}

static bool exists(const char *name)
{
    return GetFileAttributesW(scratch_path_w(name)) != INVALID_FILE_ATTRIBUTES;
}

static void ck_content(const char *name, const char *wanted)
{
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, 100);
    ck_assert_sbx_ok(sbx_file_read_named(scratch_path(name), &bytes, &err), &err);
    ck_assert_str_eq(bytes.length_bytes ? bytes.data : "", wanted);
    sbx_buf_done(&bytes);
}

/* --- open ---------------------------------------------------------------------------------- */

START_TEST(open__full_and_relative_and_plain_win32__same_object)
{
    struct sbx_file_facts a, b, c;
    HANDLE full = NULL, relative = open_at("dir\\file", &any), win32;

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

    ck_assert_int_eq(sbx_file_open_at(root, "none", &any, &handle, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(sbx_file_open_at(root, "none\\x", &any, &handle, &err), SBX_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.context, "none\\x"));
    ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(open__other_kind__invalid)
{
    HANDLE handle = NULL;

    ck_assert_int_eq(sbx_file_open_at(root, "dir", &plain, &handle, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_file_open_at(root, "dir\\file", &directory, &handle, &err), SBX_INVALID);
    ck_assert_int_ne(sbx_file_open_at(root, "dir\\file\\x", &any, &handle, &err), SBX_OK);
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

    ck_assert_msg(sbx_file_open_at(root, bad_names[_i], &any, &handle, &err) == SBX_INVALID, "%s",
        bad_names[_i]);
    ck_assert_msg(
        sbx_file_create_at(root, bad_names[_i], &plain, NULL, &handle, &err) == SBX_INVALID, "%s",
        bad_names[_i]);
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
    HANDLE handle = open_at("dir\\file", &alone), second = NULL;
    DWORD flags = 99;

    ck_assert(GetHandleInformation(handle, &flags));
    ck_assert_uint_eq(flags & HANDLE_FLAG_INHERIT, 0);
    ck_assert_int_ne(sbx_file_open_at(root, "dir\\file", &reading, &second, &err), SBX_OK);
    ck_assert_uint_eq(err.code, 0xC0000043u);
    sbx_handle_close(&handle);
    handle = open_at("dir\\file", &reading);
    second = open_at("dir\\file", &reading);
    sbx_handle_close(&handle);
    sbx_handle_close(&second);
}
END_TEST

/* A directory that is moved away while its handle is the parent: we stay in it. */
START_TEST(open_at__parent_renamed__still_the_same_directory)
{
    HANDLE parent = open_at("dir", &directory), handle = NULL;
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
    ck_assert_int_eq(sbx_file_open_at(root, "link", &any, &handle, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, 0xC000050Bu);
    ck_assert_int_eq(sbx_file_open_at(root, "link\\file", &any, &handle, &err), SBX_DENIED);
    ck_assert_int_eq(sbx_file_open(scratch_path("link\\sub"), &any, &handle, &err), SBX_DENIED);
    ck_assert_int_ne(
        sbx_file_ensure_directory(root, "link", &directory, NULL, &handle, NULL, &err), SBX_OK);
    ck_assert_ptr_null(handle);
    handle = open_at("link", &itself);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &facts, &err), &err);
    ck_assert(facts.is_reparse);
    ck_assert_uint_eq(facts.reparse_tag, 0xA0000003u);
    ck_assert_sbx_ok(sbx_file_delete(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!exists("link"));
    ck_assert(exists("dir\\file"));
}
END_TEST

/* --- facts --------------------------------------------------------------------------------- */

START_TEST(facts__file_and_hard_link__one_object_two_links)
{
    struct sbx_file_facts one, two, other;
    wchar_t file_w[800];
    HANDLE a = open_at("dir\\file", &any), b, c = open_at("dir", &any);

    ck_assert_sbx_ok(sbx_file_get_facts(a, &one, &err), &err);
    ck_assert_uint_eq(one.links, 1);
    ck_assert_uint_eq(one.size_bytes, 7);
    ck_assert(!one.is_directory && !one.is_reparse && !one.delete_pending);
    wcscpy_s(file_w, countof(file_w), scratch_path_w("dir\\file"));
    ck_assert(CreateHardLinkW(scratch_path_w("second"), file_w, NULL));
    b = open_at("second", &any);
    ck_assert_sbx_ok(sbx_file_get_facts(b, &two, &err), &err);
    ck_assert_uint_eq(two.links, 2);
    ck_assert(sbx_file_same(&one, &two));
    ck_assert_sbx_ok(sbx_file_get_facts(c, &other, &err), &err);
    ck_assert(other.is_directory);
    ck_assert(!sbx_file_same(&one, &other));
    sbx_handle_close(&a);
    sbx_handle_close(&b);
    sbx_handle_close(&c);
}
END_TEST

/* The capability SID of a root is made of this id: it must not survive delete and re-create. */
START_TEST(facts__deleted_and_made_again__another_id)
{
    struct sbx_file_facts before, after;
    HANDLE handle = open_at("dir\\sub", &any);

    ck_assert_sbx_ok(sbx_file_get_facts(handle, &before, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(RemoveDirectoryW(scratch_path_w("dir\\sub")));
    scratch_mkdir("dir\\keep-the-number"); /* a Unix file system below Wine reuses numbers */
    scratch_mkdir("dir\\sub");
    handle = open_at("dir\\sub", &any);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &after, &err), &err);
    ck_assert(!sbx_file_same(&before, &after));
    sbx_handle_close(&handle);
}
END_TEST

START_TEST(final_path__open_file__its_full_path)
{
    HANDLE handle = open_at("DIR\\FILE", &any);
    char wanted[900];
    char *path = NULL;

    snprintf(wanted, sizeof(wanted), "\\\\?\\%s", scratch_path("dir\\file"));
    ck_assert_sbx_ok(sbx_file_final_path(handle, false, &path, &err), &err);
    ck_assert_str_eq(path, wanted);
    free(path);
    sbx_handle_close(&handle);
}
END_TEST

/* --- create -------------------------------------------------------------------------------- */

START_TEST(create__name_taken__exists_and_untouched)
{
    HANDLE handle = NULL;

    scratch_write("taken", "old");
    ck_assert_int_eq(sbx_file_create_at(root, "TAKEN", &plain, NULL, &handle, &err), SBX_EXISTS);
    ck_assert_int_eq(sbx_file_create_at(root, "dir", &plain, NULL, &handle, &err), SBX_EXISTS);
    ck_assert_int_eq(sbx_file_create_at(root, "dir", &directory, NULL, &handle, &err), SBX_EXISTS);
    ck_assert_int_eq(sbx_file_create_at(root, "x", &any, NULL, &handle, &err), SBX_INTERNAL);
    ck_assert_ptr_null(handle);
    ck_content("taken", "old");
}
END_TEST

START_TEST(create__file_and_directory__made)
{
    struct sbx_file_how writing = {.kind = SBX_FILE_PLAIN, .access = FILE_WRITE_DATA};
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_create_at(root, "new", &writing, NULL, &handle, &err), &err);
    ck_assert_sbx_ok(sbx_file_write_all(handle, "hello", 5, &err), &err);
    sbx_handle_close(&handle);
    ck_content("new", "hello");
    ck_assert_sbx_ok(sbx_file_create_at(root, "newdir", &directory, NULL, &handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(GetFileAttributesW(scratch_path_w("newdir")) & FILE_ATTRIBUTE_DIRECTORY);
}
END_TEST

START_TEST(ensure_directory__twice__made_once_same_object)
{
    struct sbx_file_facts one, two;
    HANDLE a = NULL, b = NULL;
    bool created = false;

    ck_assert_sbx_ok(sbx_file_ensure_directory(root, "e", &any, NULL, &a, &created, &err), &err);
    ck_assert(created);
    ck_assert_sbx_ok(sbx_file_ensure_directory(root, "e", &any, NULL, &b, &created, &err), &err);
    ck_assert(!created);
    ck_assert_sbx_ok(sbx_file_get_facts(a, &one, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(b, &two, &err), &err);
    ck_assert(sbx_file_same(&one, &two));
    sbx_handle_close(&a);
    sbx_handle_close(&b);
    scratch_write("f", "");
    ck_assert_int_eq(
        sbx_file_ensure_directory(root, "f", &any, NULL, &a, &created, &err), SBX_INVALID);
}
END_TEST

/* --- content ------------------------------------------------------------------------------- */

START_TEST(read_all__at_and_over_the_cap__whole_or_refused)
{
    HANDLE handle = open_at("dir\\file", &reading);
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, 7);
    ck_assert_sbx_ok(sbx_file_read_all(handle, &bytes, &err), &err);
    ck_assert_str_eq(bytes.data, "content");
    sbx_buf_clear(&bytes); /* from the start again, wherever the position is */
    ck_assert_sbx_ok(sbx_file_read_all(handle, &bytes, &err), &err);
    ck_assert_str_eq(bytes.data, "content");
    sbx_buf_done(&bytes);
    sbx_buf_init(&bytes, 6);
    ck_assert_int_eq(sbx_file_read_all(handle, &bytes, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_file_read_named(scratch_path("dir\\file"), &bytes, &err), SBX_INVALID);
    ck_assert_ptr_nonnull(strstr(err.context, "dir\\file"));
    sbx_buf_done(&bytes);
    sbx_handle_close(&handle);
}
END_TEST

START_TEST(read_named__device_directory_missing__refused)
{
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, 100);
    ck_assert_int_eq(sbx_file_read_named("NUL", &bytes, &err), SBX_INVALID);
    ck_assert_int_ne(sbx_file_read_named(scratch_path("dir"), &bytes, &err), SBX_OK);
    ck_assert_int_eq(sbx_file_read_named(scratch_path("none"), &bytes, &err), SBX_NOT_FOUND);
    ck_assert_uint_eq(bytes.length_bytes, 0);
    sbx_buf_done(&bytes);
}
END_TEST

START_TEST(replace__new_and_existing__content_and_nothing_left_beside)
{
    unsigned before = count_entries("*");

    ck_assert_sbx_ok(sbx_file_replace_at(root, "state", "one", 3, NULL, &err), &err);
    ck_content("state", "one");
    ck_assert_sbx_ok(sbx_file_replace_at(root, "state", "second", 6, NULL, &err), &err);
    ck_content("state", "second");
    ck_assert_sbx_ok(sbx_file_replace_at(root, "state", "", 0, NULL, &err), &err);
    ck_content("state", "");
    ck_assert_uint_eq(count_entries("*"), before + 1);
}
END_TEST

START_TEST(temporary__name_of_a_replaced_file__known_and_no_other)
{
    static const struct {
        const wchar_t *name_w;
        bool is;
    } names[] = {{L"state.1a4-1.tmp", true}, {L"state.0-ffffffff.tmp", true}, {L"state.tmp", false},
        {L"state", false}, {L"", false}, {L"state.-1.tmp", false}, {L"state.1-.tmp", false},
        {L"state.1a4-1.tmp2", false}, {L"state.1a4-1.tm", false}, {L"state.1G-1.tmp", false},
        {L"state2.1-1.tmp", false}, {L"stat.1-1.tmp", false}, {L"state.1-1-1.tmp", false},
        {L"\u0173tate.1-1.tmp", false}, {L"state.1.1-1.tmp", false}};
    size_t i;

    for (i = 0; i < countof(names); i++)
        ck_assert_msg(
            sbx_file_is_temporary(names[i].name_w, wcslen(names[i].name_w), "state") == names[i].is,
            "%zu", i);
}
END_TEST

START_TEST(replace__target_is_a_directory__refused_and_nothing_left_beside)
{
    unsigned before = count_entries("*");

    ck_assert_int_ne(sbx_file_replace_at(root, "dir", "x", 1, NULL, &err), SBX_OK);
    ck_assert_uint_eq(count_entries("*"), before);
    ck_content("dir\\file", "content");
}
END_TEST

/* --- rename and delete --------------------------------------------------------------------- */

START_TEST(rename__free_taken_replace_move__as_asked)
{
    static const struct sbx_file_how moving = {.access = DELETE};
    HANDLE handle = open_at("dir\\file", &moving), sub = open_at("dir\\sub", &directory);

    scratch_write("taken", "old");
    ck_assert_int_eq(sbx_file_rename(handle, root, "taken", false, &err), SBX_EXISTS);
    ck_content("taken", "old");
    ck_assert_int_eq(sbx_file_rename(handle, root, "..\\up", true, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_file_rename(handle, root, "a:b", true, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_file_rename(handle, root, "taken", true, &err), &err);
    ck_content("taken", "content");
    ck_assert(!exists("dir\\file"));
    ck_assert_sbx_ok(sbx_file_rename(handle, sub, "deep", false, &err), &err);
    ck_content("dir\\sub\\deep", "content");
    sbx_handle_close(&handle);
    sbx_handle_close(&sub);
}
END_TEST

START_TEST(delete__file_and_full_directory__gone_and_refused)
{
    static const struct sbx_file_how deleting = {.access = DELETE};
    HANDLE handle = open_at("dir", &deleting);

    ck_assert_int_ne(sbx_file_delete(handle, &err), SBX_OK);
    sbx_handle_close(&handle);
    ck_assert(exists("dir\\file"));
    handle = open_at("dir\\file", &deleting);
    ck_assert_sbx_ok(sbx_file_delete(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!exists("dir\\file"));
}
END_TEST

START_TEST(rename_delete__without_the_right__denied)
{
    HANDLE handle = open_at("dir\\file", &reading);

    ck_assert_int_eq(sbx_file_delete(handle, &err), SBX_DENIED);
    ck_assert(exists("dir\\file"));
    sbx_handle_close(&handle);
}
END_TEST

/* A hard link to somebody's read-only file, left for us to clean up. */
START_TEST(delete_read_only__file_with_another_name__keeps_its_attribute)
{
    static const struct sbx_file_how deleting = {
        .kind = SBX_FILE_PLAIN, .access = DELETE | FILE_WRITE_ATTRIBUTES};
    wchar_t link_w[800];
    HANDLE handle;

    wcscpy_s(link_w, countof(link_w), scratch_path_w("link"));
    ck_assert(CreateHardLinkW(link_w, scratch_path_w("dir\\file"), NULL));
    ck_assert(SetFileAttributesW(scratch_path_w("dir\\file"), FILE_ATTRIBUTE_READONLY));
    handle = open_at("link", &deleting);
    (void)!sbx_file_delete_read_only(handle, &err); /* old systems cannot; then the name stays */
    sbx_handle_close(&handle);
    ck_assert(exists("dir\\file"));
    ck_assert(GetFileAttributesW(scratch_path_w("dir\\file")) & FILE_ATTRIBUTE_READONLY);
    ck_assert(SetFileAttributesW(scratch_path_w("dir\\file"), FILE_ATTRIBUTE_NORMAL));
}
END_TEST

START_TEST(delete_read_only__only_name__gone)
{
    static const struct sbx_file_how deleting = {
        .kind = SBX_FILE_PLAIN, .access = DELETE | FILE_WRITE_ATTRIBUTES};
    HANDLE handle;

    ck_assert(SetFileAttributesW(scratch_path_w("dir\\file"), FILE_ATTRIBUTE_READONLY));
    handle = open_at("dir\\file", &deleting);
    ck_assert_sbx_ok(sbx_file_delete_read_only(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!exists("dir\\file"));
}
END_TEST

START_TEST(set_attributes__read_only_and_back__kept)
{
    static const struct sbx_file_how how = {.access = FILE_WRITE_ATTRIBUTES};
    HANDLE handle = open_at("dir\\file", &how);
    struct sbx_file_facts facts;

    ck_assert_sbx_ok(sbx_file_set_attributes(handle, FILE_ATTRIBUTE_READONLY, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &facts, &err), &err);
    ck_assert(facts.attributes & FILE_ATTRIBUTE_READONLY);
    ck_assert_sbx_ok(sbx_file_set_attributes(handle, 0, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &facts, &err), &err);
    ck_assert(!(facts.attributes & FILE_ATTRIBUTE_READONLY));
    sbx_handle_close(&handle);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, open__full_and_relative_and_plain_win32__same_object);
    tcase_add_test(tcase, open__verbatim_prefix_and_drive_root__work);
    tcase_add_test(tcase, open__missing__not_found);
    tcase_add_test(tcase, open__other_kind__invalid);
    tcase_add_loop_test(tcase, open_at__bad_name__refused, 0, (int)countof(bad_names));
    tcase_add_loop_test(tcase, open__other_path_form__refused, 0, (int)countof(bad_paths));
    tcase_add_test(tcase, open__handle__not_inheritable_and_shared_as_asked);
    tcase_add_test(tcase, open_at__parent_renamed__still_the_same_directory);
    tcase_add_test(tcase, junction__on_the_way_or_at_the_end__refused);
    tcase_add_test(tcase, facts__file_and_hard_link__one_object_two_links);
    tcase_add_test(tcase, facts__deleted_and_made_again__another_id);
    tcase_add_test(tcase, final_path__open_file__its_full_path);
    tcase_add_test(tcase, create__name_taken__exists_and_untouched);
    tcase_add_test(tcase, create__file_and_directory__made);
    tcase_add_test(tcase, ensure_directory__twice__made_once_same_object);
    tcase_add_test(tcase, read_all__at_and_over_the_cap__whole_or_refused);
    tcase_add_test(tcase, read_named__device_directory_missing__refused);
    tcase_add_test(tcase, replace__new_and_existing__content_and_nothing_left_beside);
    tcase_add_test(tcase, temporary__name_of_a_replaced_file__known_and_no_other);
    tcase_add_test(tcase, replace__target_is_a_directory__refused_and_nothing_left_beside);
    tcase_add_test(tcase, rename__free_taken_replace_move__as_asked);
    tcase_add_test(tcase, delete__file_and_full_directory__gone_and_refused);
    tcase_add_test(tcase, rename_delete__without_the_right__denied);
    tcase_add_test(tcase, delete_read_only__file_with_another_name__keeps_its_attribute);
    tcase_add_test(tcase, delete_read_only__only_name__gone);
    tcase_add_test(tcase, set_attributes__read_only_and_back__kept);
}

UNIT_MAIN("file", add_tests)
