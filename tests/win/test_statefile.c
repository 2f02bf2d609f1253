/* State files: whole or not at all, and only from where they should be. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

#include "shared/win/sid.h"
#include "shared/win/statefile.h"

static struct sbx_error err;
static struct sbx_buf bytes;
static struct sbx_descriptor descriptor, seen;

static void setup(void)
{
    struct sbx_sid user;
    struct sbx_ace ace;

    sbx_error_init(&err);
    scratch_begin();
    sbx_buf_init(&bytes, 4096);
    memset(&descriptor, 0, sizeof(descriptor));
    memset(&seen, 0, sizeof(seen));
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    descriptor.control = SBX_SD_DACL_PROTECTED;
    ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &user);
    ck_assert_sbx_ok(sbx_acl_insert(&descriptor.dacl, 0, &ace, &err), &err);
}

static void teardown(void)
{
    sbx_buf_done(&bytes);
    sbx_descriptor_done(&descriptor);
    sbx_descriptor_done(&seen);
    scratch_end();
}

static char *copy_path(const char *name)
{
    char *path = NULL;

    ck_assert_sbx_ok(sbx_strdup(scratch_path(name), &path, &err), &err);
    return path;
}

static unsigned files_in_scratch(void)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(scratch_path_w("*"), &found);
    unsigned count = 0;

    ck_assert_ptr_ne(find, INVALID_HANDLE_VALUE);
    do
        count += !(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
    while (FindNextFileW(find, &found));
    FindClose(find);
    return count;
}

START_TEST(write_and_read__same_bytes_and_nothing_beside_it)
{
    char *path = copy_path("state.json");

    ck_assert_sbx_ok(sbx_statefile_write(path, NULL, "one", 3, &err), &err);
    ck_assert_sbx_ok(sbx_statefile_write(path, NULL, "second", 6, &err), &err);
    ck_assert_sbx_ok(sbx_statefile_read(path, SBX_STATEFILE_ANY, &bytes, &err), &err);
    ck_assert_uint_eq(bytes.length_bytes, 6);
    ck_assert_str_eq(bytes.data, "second");
    ck_assert_uint_eq(files_in_scratch(), 1);
    ck_assert_sbx_ok(sbx_statefile_delete(path, &err), &err);
    ck_assert_sbx_ok(sbx_statefile_delete(path, &err), &err);
    ck_assert_uint_eq(files_in_scratch(), 0);
    ck_assert_int_eq(sbx_statefile_read(path, SBX_STATEFILE_ANY, &bytes, &err), SBX_NOT_FOUND);
    free(path);
}
END_TEST

START_TEST(write__descriptor__kept_or_unproven)
{
    char *path = copy_path("sealed.json");
    enum sbx_status status = sbx_statefile_write(path, &descriptor, "x", 1, &err);

    if (platform_is_stock_wine()) {
        ck_assert_int_eq(status, SBX_UNPROVEN);
    } else {
        ck_assert_sbx_ok(status, &err);
        ck_assert_sbx_ok(sbx_statefile_descriptor(path, &seen, &err), &err);
        ck_assert(sbx_acl_same_aces(&seen.dacl, &descriptor.dacl));
        ck_assert(seen.control & SBX_SD_DACL_PROTECTED);
    }
    free(path);
}
END_TEST

START_TEST(read__over_the_cap_or_a_directory__refused)
{
    struct sbx_buf small;

    scratch_write("big", "0123456789");
    scratch_mkdir("folder");
    sbx_buf_init(&small, 9);
    ck_assert_int_eq(
        sbx_statefile_read(scratch_path("big"), SBX_STATEFILE_ANY, &small, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_statefile_read(scratch_path("folder"), SBX_STATEFILE_ANY, &bytes, &err), SBX_INVALID);
    sbx_buf_done(&small);
}
END_TEST

START_TEST(read__second_name__refused)
{
    char *link = copy_path("link");
    wchar_t *file_w;

    scratch_write("file", "x");
    file_w = _wcsdup(scratch_path_w("file"));
    ck_assert_ptr_nonnull(file_w);
    ck_assert(CreateHardLinkW(scratch_path_w("link"), file_w, NULL));
    free(file_w);
    ck_assert_int_eq(sbx_statefile_read(link, SBX_STATEFILE_ANY, &bytes, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "second name"));
    free(link);
}
END_TEST

/* Whoever runs this test made the file: the user, or Administrators under an elevated token. */
START_TEST(read__owner__asked_when_wanted)
{
    bool machine;

    scratch_write("file", "x");
    ck_assert_sbx_ok(sbx_statefile_descriptor(scratch_path("file"), &seen, &err), &err);
    ck_assert(seen.has_owner);
    machine = sbx_sid_equal(&seen.owner, &sbx_sid_administrators) ||
              sbx_sid_equal(&seen.owner, &sbx_sid_system);
    ck_assert_int_eq(sbx_statefile_read(scratch_path("file"), SBX_STATEFILE_MACHINE, &bytes, &err),
        machine ? SBX_OK : SBX_DENIED);
    ck_assert_uint_eq(bytes.length_bytes, machine ? 1 : 0);
    ck_assert_sbx_ok(
        sbx_statefile_read(scratch_path("file"), SBX_STATEFILE_ANY, &bytes, &err), &err);
}
END_TEST

START_TEST(write__folder_missing_or_no_path__refused)
{
    ck_assert_int_eq(
        sbx_statefile_write(scratch_path("no\\file"), NULL, "x", 1, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(sbx_statefile_write("file", NULL, "x", 1, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_statefile_write("C:\\", NULL, "x", 1, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_statefile_write("\\\\server\\share\\file", NULL, "x", 1, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_statefile_write(scratch_path("file:stream"), NULL, "x", 1, &err), SBX_INVALID);
}
END_TEST

/* A read-only target, or one that is a directory: the old content stays, no temporary is left. */
START_TEST(write__cannot_replace__old_content_stays)
{
    scratch_mkdir("taken");
    ck_assert_int_ne(sbx_statefile_write(scratch_path("taken"), NULL, "x", 1, &err), SBX_OK);
    ck_assert_uint_eq(files_in_scratch(), 0);
    ck_assert_int_ne(sbx_statefile_delete(scratch_path("taken"), &err), SBX_OK);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, write_and_read__same_bytes_and_nothing_beside_it);
    tcase_add_test(tcase, write__descriptor__kept_or_unproven);
    tcase_add_test(tcase, read__over_the_cap_or_a_directory__refused);
    tcase_add_test(tcase, read__second_name__refused);
    tcase_add_test(tcase, read__owner__asked_when_wanted);
    tcase_add_test(tcase, write__folder_missing_or_no_path__refused);
    tcase_add_test(tcase, write__cannot_replace__old_content_stays);
}

UNIT_MAIN("statefile", add_tests)
