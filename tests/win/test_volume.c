/* Volumes, drive letters, known folders. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/volume.h"
#include "shared/win/wstr.h"

static struct sbx_error err;

START_TEST(of_handle__system_drive__local_with_acls)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};
    struct sbx_volume volume = {{0}, 0, false, SBX_VOLUME_UNKNOWN, {0}};
    HANDLE handle = NULL;
    wchar_t filesystem_w[32] = {0};
    char filesystem[32];
    DWORD flags = 0;

    ck_assert_sbx_ok(sbx_file_open("C:\\", &how, &handle, &err), &err);
    ck_assert_sbx_ok(sbx_volume_of_handle(handle, &volume, &err), &err);
    ck_assert(GetVolumeInformationW(
        L"C:\\", NULL, 0, NULL, NULL, &flags, filesystem_w, countof(filesystem_w)));
    sbx_wstr_display(filesystem_w, wcslen(filesystem_w), filesystem, sizeof(filesystem));
    ck_assert_str_eq(volume.filesystem, filesystem);
    ck_assert_uint_eq(volume.flags, flags);
    ck_assert_int_eq(volume.persistent_acls, (flags & FILE_PERSISTENT_ACLS) != 0);
    ck_assert_int_ne(volume.kind, SBX_VOLUME_REMOTE);
    ck_assert_int_ne(volume.kind, SBX_VOLUME_UNKNOWN);
    ck_assert_uint_gt(strlen(volume.filesystem), 2);
    if (volume.guid_path[0]) {
        ck_assert_int_eq(strncmp(volume.guid_path, "\\\\?\\Volume{", 11), 0);
        ck_assert_uint_eq(strlen(volume.guid_path), 49);
        ck_assert_int_eq(volume.guid_path[48], '\\');
    }
    sbx_handle_close(&handle);
}
END_TEST

/* The volume's own name leads to the same object as the drive letter. Wine gives out such names
 * but cannot open one (not by CreateFileW either); there the open must fail, not go elsewhere. */
START_TEST(guid_path__opened__same_object)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};
    struct sbx_file_facts by_letter, by_guid;
    HANDLE handle = NULL;
    char *path = NULL;

    ck_assert_sbx_ok(sbx_file_open("C:\\windows", &how, &handle, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &by_letter, &err), &err);
    ck_assert_sbx_ok(sbx_file_final_path(handle, true, &path, &err), &err);
    sbx_handle_close(&handle);
    ck_assert_int_eq(strncmp(path, "\\\\?\\Volume{", 11), 0);
    if (platform_is_wine()) {
        ck_assert_int_ne(sbx_file_open(path, &how, &handle, &err), SBX_OK);
        free(path);
        return;
    }
    ck_assert_sbx_ok(sbx_file_open(path, &how, &handle, &err), &err);
    ck_assert_sbx_ok(sbx_file_get_facts(handle, &by_guid, &err), &err);
    ck_assert(sbx_file_same(&by_letter, &by_guid));
    sbx_handle_close(&handle);
    free(path);
}
END_TEST

START_TEST(of_handle__no_file__error)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    struct sbx_volume volume;

    ck_assert_int_ne(sbx_volume_of_handle(event, &volume, &err), SBX_OK);
    sbx_handle_close(&event);
}
END_TEST

START_TEST(drive__system_drive__neither_subst_nor_remote)
{
    bool subst = true, remote = true;

    ck_assert_sbx_ok(sbx_volume_drive('c', &subst, &remote, &err), &err);
    ck_assert(!subst);
    ck_assert(!remote);
}
END_TEST

static char free_letter(void)
{
    DWORD used = GetLogicalDrives();
    int i;

    for (i = 25; i > 3; i--) {
        if (!(used & (1u << i)))
            return (char)('A' + i);
    }
    ck_abort_msg("no free drive letter");
    return 0;
}

START_TEST(drive__unused_letter__not_found)
{
    bool subst = false, remote = false;

    ck_assert_int_eq(sbx_volume_drive(free_letter(), &subst, &remote, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(sbx_volume_drive('?', &subst, &remote, &err), SBX_INVALID);
}
END_TEST

START_TEST(drive__substituted__told)
{
    wchar_t name_w[] = L"?:";
    bool subst = false, remote = true;
    char letter = free_letter();

    name_w[0] = (wchar_t)letter;
    ck_assert(DefineDosDeviceW(0, name_w, L"C:\\windows"));
    ck_assert_sbx_ok(sbx_volume_drive(letter, &subst, &remote, &err), &err);
    ck_assert(DefineDosDeviceW(
        DDD_REMOVE_DEFINITION | DDD_EXACT_MATCH_ON_REMOVE, name_w, L"C:\\windows"));
    ck_assert(subst);
    ck_assert(!remote);
}
END_TEST

START_TEST(known__every_folder__full_path_without_separator_at_the_end)
{
    int which;

    for (which = 0; which < SBX_KNOWN_COUNT; which++) {
        char *path = NULL;
        enum sbx_status status = sbx_known_folder((enum sbx_known_folder)which, &path, &err);

        if (which == SBX_KNOWN_PROGRAM_FILES_X86 && status)
            continue; /* 32-bit Windows has none */
        ck_assert_sbx_ok(status, &err);
        ck_assert_uint_gt(strlen(path), 3);
        ck_assert_int_eq(path[1], ':');
        ck_assert_int_eq(path[2], '\\');
        ck_assert_int_ne(path[strlen(path) - 1], '\\');
        free(path);
    }
}
END_TEST

/* A caller's environment must not decide where the folders that we protect are. */
START_TEST(known__environment_changed__same_answer)
{
    char *before = NULL, *after = NULL;

    ck_assert_sbx_ok(sbx_known_folder(SBX_KNOWN_WINDOWS, &before, &err), &err);
    ck_assert(SetEnvironmentVariableW(L"SystemRoot", L"C:\\evil"));
    ck_assert(SetEnvironmentVariableW(L"windir", L"C:\\evil"));
    ck_assert_sbx_ok(sbx_known_folder(SBX_KNOWN_WINDOWS, &after, &err), &err);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

START_TEST(known_program__this_test__ends_in_its_name)
{
    char *path = NULL;

    ck_assert_sbx_ok(sbx_known_program(&path, &err), &err);
    ck_assert_ptr_nonnull(strstr(path, "test_volume"));
    ck_assert_int_eq(path[1], ':');
    free(path);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, of_handle__system_drive__local_with_acls);
    tcase_add_test(tcase, guid_path__opened__same_object);
    tcase_add_test(tcase, of_handle__no_file__error);
    tcase_add_test(tcase, drive__system_drive__neither_subst_nor_remote);
    tcase_add_test(tcase, drive__unused_letter__not_found);
    tcase_add_test(tcase, drive__substituted__told);
    tcase_add_test(tcase, known__every_folder__full_path_without_separator_at_the_end);
    tcase_add_test(tcase, known__environment_changed__same_answer);
    tcase_add_test(tcase, known_program__this_test__ends_in_its_name);
}

UNIT_MAIN("volume", add_tests)
