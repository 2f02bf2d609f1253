/* The walk: everything once, parents first, links never entered, limits kept. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define MAX_SEEN 64

static struct sbx_error err;
static HANDLE root;

/* What the visitor saw, and how it is told to behave. */
static struct {
    char path[MAX_SEEN][200];
    size_t depth[MAX_SEEN];
    const void *parent_data[MAX_SEEN];
    size_t count;
    size_t entered;
    size_t left;
    size_t problems;
    char problem[200];
    const char *skip;
    const char *stop;
    const char *vanish; /* removed before it can be entered */
    bool give_handles;
    bool end_on_problem;
    bool opens_children;
    volatile LONG *cancel_after_first;
} seen;

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    size_t i = seen.count++;
    struct sbx_file_how list = {.kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    HANDLE handle = NULL;

    ck_assert_ptr_eq(context, &seen);
    ck_assert_uint_lt(i, MAX_SEEN);
    sbx_wstr_display(entry->relative_w, entry->relative_cch, seen.path[i], sizeof(seen.path[i]));
    ck_assert_uint_eq(wcslen(entry->relative_w), entry->relative_cch);
    ck_assert_uint_eq(wcslen(entry->name_w), entry->name_cch);
    seen.depth[i] = entry->depth;
    seen.parent_data[i] = entry->parent_data;
    entry->data = (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) ? seen.path[i] : NULL;
    if (entry->attributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return SBX_WALK_ON; /* asks for it; the walk must refuse all the same */
    if (entry->attributes & FILE_ATTRIBUTE_DIRECTORY)
        seen.entered++;
    if (seen.opens_children) {
        struct sbx_file_how any = {.kind = SBX_FILE_ANY};

        ck_assert_sbx_ok(
            sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &any, &handle, &err),
            &err);
        sbx_handle_close(&handle);
    }
    if (seen.vanish && strcmp(seen.path[i], seen.vanish) == 0)
        ck_assert(RemoveDirectoryW(scratch_path_w(seen.vanish)));
    if (seen.give_handles && (entry->attributes & FILE_ATTRIBUTE_DIRECTORY))
        ck_assert_sbx_ok(sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &list,
                             &entry->directory, &err),
            &err);
    if (seen.cancel_after_first)
        InterlockedExchange(seen.cancel_after_first, 1);
    if (seen.stop && strcmp(seen.path[i], seen.stop) == 0)
        return SBX_WALK_STOP;
    return seen.skip && strcmp(seen.path[i], seen.skip) == 0 ? SBX_WALK_SKIP : SBX_WALK_ON;
}

static void leave(void *context, void *data)
{
    ck_assert_ptr_eq(context, &seen);
    ck_assert_ptr_nonnull(data);
    seen.left++;
}

static bool problem(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    ck_assert_ptr_eq(context, &seen);
    ck_assert_int_ne(error->status, SBX_OK);
    sbx_wstr_display(relative_w, cch, seen.problem, sizeof(seen.problem));
    seen.problems++;
    return !seen.end_on_problem;
}

static struct sbx_filewalk walk_of(void)
{
    struct sbx_filewalk walk = {
        .context = &seen, .root_data = &seen, .visit = visit, .leave = leave, .problem = problem};

    return walk;
}

static void setup(void)
{
    struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};

    sbx_error_init(&err);
    memset(&seen, 0, sizeof(seen));
    ck_assert_sbx_ok(sbx_file_open(scratch_begin(), &how, &root, &err), &err);
    scratch_mkdir("a");
    scratch_mkdir("a\\b");
    scratch_mkdir("a\\b\\c");
    scratch_mkdir("d");
    scratch_write("a\\one", "1");
    scratch_write("a\\b\\two", "22");
    scratch_write("a\\b\\c\\three", "333");
    scratch_write("four", "4444");
}

static void teardown(void)
{
    sbx_handle_close(&root);
    scratch_end();
}

static size_t place_of(const char *path)
{
    size_t i;

    for (i = 0; i < seen.count; i++) {
        if (strcmp(seen.path[i], path) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* The root is left as well; each directory that was offered is left exactly once. */
static void ck_balanced(void)
{
    ck_assert_uint_eq(seen.left, seen.entered + 1);
}

START_TEST(walk__tree__everything_once_parents_first)
{
    static const char *const all[] = {
        "a", "a\\b", "a\\b\\c", "d", "a\\one", "a\\b\\two", "a\\b\\c\\three", "four"};
    struct sbx_filewalk walk = walk_of();
    uint64_t entries = 0;
    size_t i;

    seen.opens_children = true;
    seen.give_handles = _i == 1; /* the same with the visitor's own handles */
    ck_assert_sbx_ok(sbx_filewalk_run(root, &walk, &entries, &err), &err);
    ck_assert_uint_eq(entries, countof(all));
    ck_assert_uint_eq(seen.count, countof(all));
    for (i = 0; i < countof(all); i++)
        ck_assert_msg(place_of(all[i]) != SIZE_MAX, "%s", all[i]);
    ck_assert_uint_lt(place_of("a"), place_of("a\\b"));
    ck_assert_uint_lt(place_of("a\\b"), place_of("a\\b\\c\\three"));
    ck_assert_uint_eq(seen.depth[place_of("four")], 0);
    ck_assert_uint_eq(seen.depth[place_of("a\\b\\c\\three")], 3);
    ck_assert_ptr_eq(seen.parent_data[place_of("four")], &seen);
    ck_assert_ptr_eq(seen.parent_data[place_of("a\\b\\two")], seen.path[place_of("a\\b")]);
    ck_assert_uint_eq(seen.problems, 0);
    ck_balanced();
}
END_TEST

START_TEST(walk__skip__not_entered)
{
    struct sbx_filewalk walk = walk_of();

    seen.skip = "a\\b";
    ck_assert_sbx_ok(sbx_filewalk_run(root, &walk, NULL, &err), &err);
    ck_assert_uint_ne(place_of("a\\b"), SIZE_MAX);
    ck_assert_uint_eq(place_of("a\\b\\two"), SIZE_MAX);
    ck_assert_uint_ne(place_of("four"), SIZE_MAX);
    ck_balanced();
}
END_TEST

START_TEST(walk__stop_or_cancel__ends_and_leaves_all)
{
    struct sbx_filewalk walk = walk_of();
    volatile LONG cancel = 0;

    seen.stop = "a\\b\\c\\three";
    ck_assert_int_eq(sbx_filewalk_run(root, &walk, NULL, &err), SBX_CANCELLED);
    ck_balanced();
    memset(&seen, 0, sizeof(seen));
    walk.cancel = &cancel;
    seen.cancel_after_first = &cancel;
    ck_assert_int_eq(sbx_filewalk_run(root, &walk, NULL, &err), SBX_CANCELLED);
    ck_assert_uint_eq(seen.count, 1);
    ck_balanced();
}
END_TEST

START_TEST(walk__limits__refused_when_reached)
{
    struct sbx_filewalk walk = walk_of();
    uint64_t entries = 0;

    walk.max_entries = 3;
    ck_assert_int_eq(sbx_filewalk_run(root, &walk, &entries, &err), SBX_INVALID);
    ck_assert_uint_eq(entries, 3);
    ck_balanced();
    memset(&seen, 0, sizeof(seen));
    walk.max_entries = 0;
    walk.max_depth = 2;
    ck_assert_sbx_ok(sbx_filewalk_run(root, &walk, NULL, &err), &err);
    ck_assert_uint_eq(seen.problems, 1);
    ck_assert_str_eq(seen.problem, "a\\b\\c");
    ck_assert_uint_eq(place_of("a\\b\\c\\three"), SIZE_MAX);
    ck_assert_uint_ne(place_of("four"), SIZE_MAX);
    ck_balanced();
}
END_TEST

START_TEST(walk__directory_vanishes__reported_and_siblings_visited)
{
    struct sbx_filewalk walk = walk_of();

    seen.vanish = "d";
    ck_assert_sbx_ok(sbx_filewalk_run(root, &walk, NULL, &err), &err);
    ck_assert_uint_eq(seen.problems, 1);
    ck_assert_str_eq(seen.problem, "d");
    ck_assert_uint_eq(seen.count, 8);
    ck_balanced();
}
END_TEST

START_TEST(walk__problem_handler_ends_it__cancelled)
{
    struct sbx_filewalk walk = walk_of();

    seen.vanish = "d";
    seen.end_on_problem = true;
    ck_assert_int_eq(sbx_filewalk_run(root, &walk, NULL, &err), SBX_CANCELLED);
    ck_balanced();
    scratch_mkdir("d");
    memset(&seen, 0, sizeof(seen));
    seen.vanish = "d";
    walk.problem = NULL; /* without a handler the problem itself is the result */
    ck_assert_int_eq(sbx_filewalk_run(root, &walk, NULL, &err), SBX_NOT_FOUND);
    ck_balanced();
}
END_TEST

START_TEST(walk__many_entries__more_than_one_buffer)
{
    struct sbx_filewalk walk = {.context = NULL};
    struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    HANDLE many = NULL;
    int i;

    scratch_mkdir("d\\many");
    for (i = 0; i < 40; i++) {
        char name[200];

        snprintf(name, sizeof(name), "d\\many\\%02d-%0120d", i, i);
        scratch_write(name, "");
    }
    walk = walk_of();
    ck_assert_sbx_ok(sbx_file_open(scratch_path("d\\many"), &how, &many, &err), &err);
    ck_assert_sbx_ok(sbx_filewalk_run(many, &walk, NULL, &err), &err);
    ck_assert_uint_eq(seen.count, 40);
    for (i = 0; i < 40; i++) {
        char name[200];

        snprintf(name, sizeof(name), "%02d-%0120d", i, i);
        ck_assert_uint_ne(place_of(name), SIZE_MAX);
    }
    sbx_handle_close(&many);
}
END_TEST

START_TEST(walk__no_directory__error)
{
    struct sbx_filewalk walk = walk_of();
    struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    HANDLE file = NULL;

    ck_assert_sbx_ok(sbx_file_open(scratch_path("four"), &how, &file, &err), &err);
    ck_assert_int_ne(sbx_filewalk_run(file, &walk, NULL, &err), SBX_OK);
    ck_assert_uint_eq(seen.count, 0);
    sbx_handle_close(&file);
}
END_TEST

static void run_in(const wchar_t *directory_w, const wchar_t *format_w, const wchar_t *argument_w)
{
    wchar_t command_w[1800];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process = {0};

    _snwprintf_s(command_w, countof(command_w), _TRUNCATE, format_w, argument_w);
    ck_assert_msg(CreateProcessW(NULL, command_w, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL,
                      directory_w, &startup, &process),
        "%lu", GetLastError());
    WaitForSingleObject(process.hProcess, 10000);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
}

/* Wine does not wait for Unix programs. */
static bool link_becomes(bool present)
{
    int tries;

    for (tries = 0; tries < 100; tries++) {
        DWORD attributes = GetFileAttributesW(scratch_path_w("d\\link"));

        if ((attributes != INVALID_FILE_ATTRIBUTES) == present)
            return true;
        Sleep(50);
    }
    return false;
}

/* d\link -> a: by mklink on Windows, by ln on Wine (where mklink does nothing). */
static void make_directory_link(void)
{
    wchar_t directory_w[800];

    wcscpy_s(directory_w, countof(directory_w), scratch_path_w("d"));
    if (platform_is_wine())
        run_in(directory_w, L"Z:\\bin\\ln -s ../a link", L"");
    else
        run_in(directory_w, L"cmd.exe /c mklink /J link \"%ls\"", scratch_path_w("a"));
    ck_assert(link_becomes(true));
}

/* Not by RemoveDirectory on Wine: that removes the target. */
static void remove_directory_link(void)
{
    wchar_t directory_w[800];

    wcscpy_s(directory_w, countof(directory_w), scratch_path_w("d"));
    if (platform_is_wine())
        run_in(directory_w, L"Z:\\bin\\rm link", L"");
    else
        ck_assert(RemoveDirectoryW(scratch_path_w("d\\link")));
    ck_assert(link_becomes(false));
}

START_TEST(walk__directory_link__offered_never_entered)
{
    struct sbx_filewalk walk = walk_of();
    bool is_inside_offered;

    make_directory_link();
    ck_assert_uint_ne(GetFileAttributesW(scratch_path_w("d\\link\\one")), INVALID_FILE_ATTRIBUTES);
    ck_assert_sbx_ok(sbx_filewalk_run(root, &walk, NULL, &err), &err);
    is_inside_offered = place_of("d\\link\\one") != SIZE_MAX;
    remove_directory_link();
    ck_assert_uint_ne(place_of("d\\link"), SIZE_MAX);
    ck_assert(!is_inside_offered);
    ck_assert_uint_eq(seen.count, 9);
    ck_balanced();
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, walk__tree__everything_once_parents_first, 0, 2);
    tcase_add_test(tcase, walk__skip__not_entered);
    tcase_add_test(tcase, walk__stop_or_cancel__ends_and_leaves_all);
    tcase_add_test(tcase, walk__limits__refused_when_reached);
    tcase_add_test(tcase, walk__directory_vanishes__reported_and_siblings_visited);
    tcase_add_test(tcase, walk__problem_handler_ends_it__cancelled);
    tcase_add_test(tcase, walk__many_entries__more_than_one_buffer);
    tcase_add_test(tcase, walk__no_directory__error);
    tcase_add_test(tcase, walk__directory_link__offered_never_entered);
}

UNIT_MAIN("filewalk", add_tests)
