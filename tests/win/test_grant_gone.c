/*
 * Roots that are not where they were: deleted (nothing to take back, the ledger goes), moved (found
 * by its file id), or on a volume that is not there (the ledger stays).
 */
#include "tests/support/grant/grantcase.h"
#include "agent/repair.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"

#include <stdio.h>

#define ABSENT_VOLUME "\\\\?\\Volume{00000000-0000-0000-0000-00000000dead}\\"

/* Stock Wine gives volumes no name: there nothing can be proved, and every ledger stays. */
static bool can_be_asked;

static void setup(void)
{
    struct sbx_volume volume;
    HANDLE handle = NULL;
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};

    grant_case_setup();
    ck_assert_sbx_ok(sbx_file_open(grant_path("ws"), &how, &handle, &err), &err);
    ck_assert_sbx_ok(sbx_volume_of_handle(handle, &volume, &err), &err);
    sbx_handle_close(&handle);
    can_be_asked = volume.guid_path[0] != '\0';
}

static void delete_tree(const char *name)
{
    wchar_t pattern_w[700], path_w[700];
    char child[300];
    WIN32_FIND_DATAW found;
    HANDLE find;

    wcscpy(path_w, scratch_path_w(name));
    _snwprintf_s(pattern_w, countof(pattern_w), _TRUNCATE, L"%ls\\*", path_w);
    find = FindFirstFileW(pattern_w, &found);
    ck_assert_ptr_ne(find, INVALID_HANDLE_VALUE);
    do {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        snprintf(child, sizeof(child), "%s\\%ls", name, found.cFileName);
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
            delete_tree(child);
        else
            ck_assert_msg(DeleteFileW(scratch_path_w(child)), "%s: %lu", child, GetLastError());
    } while (FindNextFileW(find, &found));
    FindClose(find);
    ck_assert_msg(RemoveDirectoryW(path_w), "%s: %lu", name, GetLastError());
}

static void move(const char *from, const char *to)
{
    wchar_t from_w[700];

    wcscpy(from_w, scratch_path_w(from));
    ck_assert_msg(MoveFileW(from_w, scratch_path_w(to)), "%s: %lu", to, GetLastError());
}

/* The ledger is gone, and why is said; or, where nothing can be proved, it is kept. */
static void ck_forgotten(enum sbx_status status)
{
    if (!can_be_asked) {
        ck_assert_int_eq(status, SBX_DENIED);
        ck_assert_uint_eq(ledger_count(), 1);
        return;
    }
    ck_assert_sbx_ok(status, &err);
    ck_assert_uint_eq(ledger_count(), 0);
    ck_assert_uint_eq(report.skip_count, 0);
    ck_assert_uint_eq(report.note_count, 1);
    ck_assert_str_eq(report.notes[0].path, grant_path("ws"));
    ck_assert_str_eq(report.notes[0].reason, SBX_REVOKE_GONE);
}

/* --- deleted ---------------------------------------------------------------------------------- */

START_TEST(root_deleted__revoke__ledger_goes_and_it_is_said)
{
    ck_assert_sbx_ok(apply(), &err);
    delete_tree("ws");
    if (_i == 0) {
        ck_forgotten(revoke_all());
        return;
    }
    sbx_grant_report_done(&report);
    ck_forgotten(sbx_revoke(grant_path("ws"), &options, &report, &err));
}
END_TEST

START_TEST(root_replaced__revoke__other_directory_untouched)
{
    ck_assert_sbx_ok(apply(), &err);
    move("ws", "old"); /* first, so that the new one cannot get its file id */
    scratch_mkdir("ws");
    scratch_write("ws\\theirs.txt", "theirs");
    delete_tree("old");
    ck_forgotten(revoke_all());
    ck_assert_uint_eq(report.counts.writes, 0);
}
END_TEST

START_TEST(root_deleted__object_outside__still_restored)
{
    char path[700];

    snprintf(path, sizeof(path), "%s", grant_path("outside"));
    grant_plan_add(&plan, path, grant_capability(), SBX_ACE_DENY, 0, SBX_FILE_APPEND_DATA);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_gt(grant_entries("outside"), 0);
    delete_tree("ws");
    ck_assert_int_eq(revoke_all(), can_be_asked ? SBX_OK : SBX_DENIED);
    ck_assert_uint_eq(grant_entries("outside"), 0);
}
END_TEST

START_TEST(child_deleted__revoke__rest_restored_and_nothing_said)
{
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(DeleteFileW(scratch_path_w("ws\\.mcp.json"))); /* has a record of its own */
    ck_assert_int_eq(revoke_all(), can_be_asked ? SBX_OK : SBX_DENIED);
    ck_assert_uint_eq(grant_entries("ws") + grant_entries("ws\\sub\\b.txt"), 0);
    ck_assert_uint_eq(report.note_count, 0);
    ck_assert_uint_eq(ledger_count(), can_be_asked ? 0 : 1);
}
END_TEST

/* --- moved ------------------------------------------------------------------------------------ */

START_TEST(root_moved__revoke__restored_where_it_is)
{
    ck_assert_sbx_ok(apply(), &err);
    move("ws", "moved");
    ck_assert_int_eq(revoke_all(), can_be_asked ? SBX_OK : SBX_DENIED);
    ck_assert_uint_eq(report.note_count, 0);
    ck_assert_uint_eq(ledger_count(), can_be_asked ? 0 : 1);
    if (can_be_asked)
        ck_assert_uint_eq(grant_entries("moved") + grant_entries("moved\\sub\\b.txt"), 0);
}
END_TEST

/* Named in the ledger by its file id: found wherever it is on the volume. */
START_TEST(named_object_moved_out__revoke__our_entries_are_gone)
{
    ck_assert_sbx_ok(apply(), &err);
    move("ws\\.mcp.json", "out.json");
    ck_assert_uint_gt(grant_entries("out.json"), 0);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_uint_eq(grant_entries("out.json"), 0);
}
END_TEST

/* The residual of SECURITY.md, so that its words stay true: `agent why` calls it left over. */
START_TEST(other_file_moved_out__revoke__keeps_what_was_passed_on)
{
    ck_assert_sbx_ok(apply(), &err);
    move("ws\\sub\\b.txt", "out.txt");
    ck_assert_uint_gt(grant_entries("out.txt"), 0);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_uint_gt(grant_entries("out.txt"), 0);
    ck_assert_uint_eq(ledger_count(), 0);
}
END_TEST

/* --- not there, which is another thing -------------------------------------------------------- */

/* A ledger for a root that no volume of this machine has. @param guid "": none was given */
static void add_ledger(const char *path, const char *guid)
{
    static const struct sbx_ledger_how how = {.create = true, .wait_ms = 1000};
    struct sbx_ledger_record root = {.kind = SBX_LEDGER_ROOT, .is_directory = true};
    char name[SBX_LEDGER_NAME_SIZE];
    struct sbx_ledger ledger;
    HANDLE directory = NULL;
    const struct sbx_sid none = {0};

    memset(root.file_id, 0x5a, 6); /* no such id on any volume */
    sbx_ledger_name(guid, root.file_id, &none, name);
    ck_assert_sbx_ok(sbx_strdup(path, &root.path, &err), &err);
    ck_assert_sbx_ok(sbx_strdup(guid, &root.volume_guid, &err), &err);
    ck_assert_sbx_ok(sbx_strdup("", &root.capability, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_directory(state, true, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_append(&ledger, &root, &err), &err);
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
    sbx_ledger_record_done(&root);
}

static const struct {
    const char *path; /* NULL: SCRATCH\gone, on a volume that is there */
    const char *guid;
    const char *reason;
} absent[] = {
    {"Q:\\unplugged", ABSENT_VOLUME, "its volume is not there"},
    {"Q:\\unplugged", "", "has no name"},
    {NULL, ABSENT_VOLUME, "its volume is not there"}, /* another disk has the letter now */
    {NULL, "", "has no name"},                        /* or may have: nothing tells them apart */
};

START_TEST(volume_absent__revoke__ledger_stays)
{
    add_ledger(absent[_i].path ? absent[_i].path : grant_path("gone"), absent[_i].guid);
    ck_assert_int_eq(revoke_all(), SBX_DENIED);
    ck_assert_uint_eq(ledger_count(), 1);
    ck_assert_uint_eq(report.note_count, 0);
    ck_assert_uint_gt(report.skip_count, 0);
    ck_assert_msg(
        strstr(report.skips[0].reason, absent[_i].reason) != NULL, "%s", report.skips[0].reason);
}
END_TEST

/* --- repair ----------------------------------------------------------------------------------- */

static enum sbx_status repair(const char *path)
{
    const struct sbx_repair how = {.path_or_name = path};

    sbx_grant_report_done(&report);
    return sbx_grants_repair(&how, &options, &report, &err);
}

START_TEST(root_deleted__repair_of_all__said_and_left)
{
    ck_assert_sbx_ok(apply(), &err);
    delete_tree("ws");
    if (can_be_asked) {
        ck_assert_sbx_ok(repair(NULL), &err);
        ck_assert_uint_eq(report.note_count, 1);
        ck_assert_str_eq(report.notes[0].path, grant_path("ws"));
    } else {
        ck_assert_int_ne(repair(NULL), SBX_OK);
    }
    ck_assert_uint_eq(ledger_count(), 1);
    ck_assert_int_eq(repair(grant_path("ws")), SBX_NOT_FOUND);
    ck_assert_uint_eq(ledger_count(), 1);
}
END_TEST

START_TEST(volume_absent__repair_of_all__fails)
{
    add_ledger("Q:\\unplugged", ABSENT_VOLUME);
    ck_assert_int_ne(repair(NULL), SBX_OK);
    ck_assert_uint_eq(report.note_count, 0);
    ck_assert_uint_eq(ledger_count(), 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, grant_case_teardown);
    tcase_add_loop_test(tcase, root_deleted__revoke__ledger_goes_and_it_is_said, 0, 2);
    tcase_add_test(tcase, root_replaced__revoke__other_directory_untouched);
    tcase_add_test(tcase, root_deleted__object_outside__still_restored);
    tcase_add_test(tcase, child_deleted__revoke__rest_restored_and_nothing_said);
    tcase_add_test(tcase, root_moved__revoke__restored_where_it_is);
    tcase_add_test(tcase, named_object_moved_out__revoke__our_entries_are_gone);
    tcase_add_test(tcase, other_file_moved_out__revoke__keeps_what_was_passed_on);
    tcase_add_loop_test(tcase, volume_absent__revoke__ledger_stays, 0, (int)countof(absent));
    tcase_add_test(tcase, root_deleted__repair_of_all__said_and_left);
    tcase_add_test(tcase, volume_absent__repair_of_all__fails);
}

UNIT_MAIN("grant_gone", add_tests)
