/* What is done with an open file: its facts, its content, another name, its end. */
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "tests/support/unit.h"
#include "tests/support/win/filecase.h"
#include "tests/support/win/scratch.h"

#include <stdio.h>

static struct sbx_error err;

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

/* --- facts --------------------------------------------------------------------------------- */

START_TEST(facts__file_and_hard_link__one_object_two_links)
{
    struct sbx_file_facts one, two, other;
    wchar_t file_w[800];
    HANDLE a = file_open_at("dir\\file", &any), b, c = file_open_at("dir", &any);

    ck_assert_sbx_ok(sbx_file_get_facts(a, &one, &err), &err);
    ck_assert_uint_eq(one.links, 1);
    ck_assert_uint_eq(one.size_bytes, 7);
    ck_assert(!one.is_directory && !one.is_reparse && !one.delete_pending);
    wcscpy_s(file_w, countof(file_w), scratch_path_w("dir\\file"));
    ck_assert(CreateHardLinkW(scratch_path_w("second"), file_w, NULL));
    b = file_open_at("second", &any);
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
    HANDLE handle = file_open_at("dir\\sub", &any);

    ck_assert_sbx_ok(sbx_file_get_facts(handle, &before, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(RemoveDirectoryW(scratch_path_w("dir\\sub")));
    scratch_mkdir("dir\\keep-the-number"); /* a Unix file system below Wine reuses numbers */
    scratch_mkdir("dir\\sub");
    handle = file_open_at("dir\\sub", &any);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &after, &err), &err);
    ck_assert(!sbx_file_same(&before, &after));
    sbx_handle_close(&handle);
}
END_TEST

START_TEST(final_path__open_file__its_full_path)
{
    HANDLE handle = file_open_at("DIR\\FILE", &any);
    char wanted[900];
    char *path = NULL;

    snprintf(wanted, sizeof(wanted), "\\\\?\\%s", scratch_path("dir\\file"));
    ck_assert_sbx_ok(sbx_file_final_path(handle, false, &path, &err), &err);
    ck_assert_str_eq(path, wanted);
    free(path);
    sbx_handle_close(&handle);
}
END_TEST

/* The first try has room for most paths; this one asks for more. */
START_TEST(final_path__longer_than_most__its_full_path)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_ADD_SUBDIRECTORY | DELETE};
    HANDLE chain[4] = {file_open_at("dir",
        &(struct sbx_file_how){.kind = SBX_FILE_DIRECTORY, .access = FILE_ADD_SUBDIRECTORY})};
    char wanted[1200], name[121];
    char *path = NULL;
    size_t i;

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (i = 1; i < countof(chain); i++)
        ck_assert_sbx_ok(sbx_file_create_at(chain[i - 1], name, &how, NULL, &chain[i], &err), &err);
    snprintf(
        wanted, sizeof(wanted), "\\\\?\\%s\\%s\\%s\\%s", scratch_path("dir"), name, name, name);
    if (sbx_file_final_path(chain[3], false, &path, &err)) {
        ck_assert(platform_is_wine()); /* Wine 8 asks its server with a buffer of MAX_PATH */
        ck_assert_uint_eq(err.code, ERROR_MORE_DATA);
    } else {
        ck_assert_str_eq(path, wanted);
    }
    free(path);
    for (i = countof(chain); i-- > 0;) {
        if (i)
            ck_assert_sbx_ok(sbx_file_delete(chain[i], &err), &err);
        sbx_handle_close(&chain[i]);
    }
}
END_TEST

/* --- content ------------------------------------------------------------------------------- */

START_TEST(read_all__at_and_over_the_cap__whole_or_refused)
{
    HANDLE handle = file_open_at("dir\\file", &reading);
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

    ck_assert_sbx_ok(sbx_file_replace_at(file_root, "state", "one", 3, NULL, &err), &err);
    file_ck_content("state", "one");
    ck_assert_sbx_ok(sbx_file_replace_at(file_root, "state", "second", 6, NULL, &err), &err);
    file_ck_content("state", "second");
    ck_assert_sbx_ok(sbx_file_replace_at(file_root, "state", "", 0, NULL, &err), &err);
    file_ck_content("state", "");
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

static DWORD WINAPI close_after_a_while(void *handle)
{
    Sleep(60);
    CloseHandle(handle);
    return 0;
}

/* A scanner that shares everything, and one that shares deleting with nobody. */
START_TEST(replace__somebody_has_it_open_for_a_moment__waits)
{
    const DWORD shares[] = {
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_SHARE_READ};
    HANDLE held, thread;

    ck_assert_sbx_ok(sbx_file_replace_at(file_root, "state", "one", 3, NULL, &err), &err);
    held = CreateFileW(
        scratch_path_w("state"), GENERIC_READ, shares[_i], NULL, OPEN_EXISTING, 0, NULL);
    ck_assert_ptr_ne(held, INVALID_HANDLE_VALUE);
    thread = CreateThread(NULL, 0, close_after_a_while, held, 0, NULL);
    ck_assert_ptr_nonnull(thread);
    ck_assert_sbx_ok(sbx_file_replace_at(file_root, "state", "second", 6, NULL, &err), &err);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    file_ck_content("state", "second");
    ck_assert_uint_eq(count_entries("state*"), 1);
}
END_TEST

START_TEST(replace__target_is_a_directory__refused_and_nothing_left_beside)
{
    unsigned before = count_entries("*");

    ck_assert_int_ne(sbx_file_replace_at(file_root, "dir", "x", 1, NULL, &err), SBX_OK);
    ck_assert_uint_eq(count_entries("*"), before);
    file_ck_content("dir\\file", "content");
}
END_TEST

/* --- rename and delete --------------------------------------------------------------------- */

START_TEST(rename__free_taken_replace_move__as_asked)
{
    static const struct sbx_file_how moving = {.access = DELETE};
    HANDLE handle = file_open_at("dir\\file", &moving), sub = file_open_at("dir\\sub", &directory);

    scratch_write("taken", "old");
    ck_assert_int_eq(sbx_file_rename(handle, file_root, "taken", false, &err), SBX_EXISTS);
    file_ck_content("taken", "old");
    ck_assert_int_eq(sbx_file_rename(handle, file_root, "..\\up", true, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_file_rename(handle, file_root, "a:b", true, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_file_rename(handle, file_root, "taken", true, &err), &err);
    file_ck_content("taken", "content");
    ck_assert(!scratch_exists("dir\\file"));
    ck_assert_sbx_ok(sbx_file_rename(handle, sub, "deep", false, &err), &err);
    file_ck_content("dir\\sub\\deep", "content");
    sbx_handle_close(&handle);
    sbx_handle_close(&sub);
}
END_TEST

START_TEST(delete__file_and_full_directory__gone_and_refused)
{
    static const struct sbx_file_how deleting = {.access = DELETE};
    HANDLE handle = file_open_at("dir", &deleting);

    ck_assert_int_ne(sbx_file_delete(handle, &err), SBX_OK);
    sbx_handle_close(&handle);
    ck_assert(scratch_exists("dir\\file"));
    handle = file_open_at("dir\\file", &deleting);
    ck_assert_sbx_ok(sbx_file_delete(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!scratch_exists("dir\\file"));
}
END_TEST

START_TEST(rename_delete__without_the_right__denied)
{
    HANDLE handle = file_open_at("dir\\file", &reading);

    ck_assert_int_eq(sbx_file_delete(handle, &err), SBX_DENIED);
    ck_assert(scratch_exists("dir\\file"));
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
    handle = file_open_at("link", &deleting);
    (void)!sbx_file_delete_read_only(handle, &err); /* old systems cannot; then the name stays */
    sbx_handle_close(&handle);
    ck_assert(scratch_exists("dir\\file"));
    ck_assert(GetFileAttributesW(scratch_path_w("dir\\file")) & FILE_ATTRIBUTE_READONLY);
    ck_assert(SetFileAttributesW(scratch_path_w("dir\\file"), FILE_ATTRIBUTE_NORMAL));
}
END_TEST

/* FILE_DISPOSITION_INFORMATION_EX; true where names really go at once. */
static bool deletes_at_once(void)
{
    static const struct sbx_file_how how = {.access = DELETE};
    HANDLE handle = NULL, other = NULL;
    IO_STATUS_BLOCK io;
    ULONG flags = 3;
    bool gone;

    scratch_write("trial", "x");
    handle = file_open_at("trial", &how);
    other = file_open_at("trial", &any);
    gone =
        NtSetInformationFile(handle, &io, &flags, sizeof(flags), (FILE_INFORMATION_CLASS)64) >= 0;
    sbx_handle_close(&handle);
    gone = gone && !scratch_exists("trial");
    sbx_handle_close(&other);
    return gone;
}

START_TEST(delete__somebody_else_has_it_open__its_folder_can_go)
{
    static const struct sbx_file_how how = {.access = DELETE};
    HANDLE other, handle;

    if (platform_is_wine() && !deletes_at_once())
        UNIT_SKIP("names do not go at once here: %s", "Wine");
    scratch_mkdir("tree");
    scratch_write("tree\\leaf", "x");
    other = file_open_at("tree\\leaf", &reading);
    handle = file_open_at("tree\\leaf", &how);
    ck_assert_sbx_ok(sbx_file_delete(handle, &err), &err);
    sbx_handle_close(&handle);
    handle = file_open_at("tree", &how);
    ck_assert_sbx_ok(sbx_file_delete(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!scratch_exists("tree"));
    sbx_handle_close(&other);
}
END_TEST

START_TEST(delete_read_only__only_name__gone)
{
    static const struct sbx_file_how deleting = {
        .kind = SBX_FILE_PLAIN, .access = DELETE | FILE_WRITE_ATTRIBUTES};
    HANDLE handle;

    ck_assert(SetFileAttributesW(scratch_path_w("dir\\file"), FILE_ATTRIBUTE_READONLY));
    handle = file_open_at("dir\\file", &deleting);
    ck_assert_sbx_ok(sbx_file_delete_read_only(handle, &err), &err);
    sbx_handle_close(&handle);
    ck_assert(!scratch_exists("dir\\file"));
}
END_TEST

START_TEST(set_attributes__read_only_and_back__kept)
{
    static const struct sbx_file_how how = {.access = FILE_WRITE_ATTRIBUTES};
    HANDLE handle = file_open_at("dir\\file", &how);
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
    tcase_add_checked_fixture(tcase, file_case_setup, file_case_teardown);
    tcase_add_test(tcase, facts__file_and_hard_link__one_object_two_links);
    tcase_add_test(tcase, facts__deleted_and_made_again__another_id);
    tcase_add_test(tcase, final_path__open_file__its_full_path);
    tcase_add_test(tcase, final_path__longer_than_most__its_full_path);
    tcase_add_test(tcase, read_all__at_and_over_the_cap__whole_or_refused);
    tcase_add_test(tcase, read_named__device_directory_missing__refused);
    tcase_add_test(tcase, replace__new_and_existing__content_and_nothing_left_beside);
    tcase_add_test(tcase, temporary__name_of_a_replaced_file__known_and_no_other);
    tcase_add_loop_test(tcase, replace__somebody_has_it_open_for_a_moment__waits, 0, 2);
    tcase_add_test(tcase, replace__target_is_a_directory__refused_and_nothing_left_beside);
    tcase_add_test(tcase, rename__free_taken_replace_move__as_asked);
    tcase_add_test(tcase, delete__file_and_full_directory__gone_and_refused);
    tcase_add_test(tcase, rename_delete__without_the_right__denied);
    tcase_add_test(tcase, delete_read_only__file_with_another_name__keeps_its_attribute);
    tcase_add_test(tcase, delete__somebody_else_has_it_open__its_folder_can_go);
    tcase_add_test(tcase, delete_read_only__only_name__gone);
    tcase_add_test(tcase, set_attributes__read_only_and_back__kept);
}

UNIT_MAIN("file_io", add_tests)
