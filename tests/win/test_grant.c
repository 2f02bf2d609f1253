/*
 * The grant engine on a real tree: made once, true at every moment, taken back byte for byte.
 * On stock Wine descriptors live in the fixture (tests/support/grant/grantworld.h). What happens
 * when it is ended in the middle is in test_grant_kill.c.
 */
#include "tests/support/grant/grantcase.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"

#include <stdio.h>

#define TARGETS 3u /* ws, ws\.git, ws\.mcp.json */

/* --- what a grant is -------------------------------------------------------------------------- */

START_TEST(fresh_tree__apply_twice__second_is_warm)
{
    use_plan(_i == 1, false);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(!report.warm);
    ck_assert_uint_eq(report.files_walked, 12);
    ck_assert_uint_eq(report.skip_count, 0);
    ck_assert_ptr_nonnull(grant_anything_left());

    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_uint_eq(report.counts.reads, TARGETS);
    ck_assert_uint_eq(report.files_walked, 0);
}
END_TEST

START_TEST(granted_tree__revoke__byte_for_byte_and_no_ledger)
{
    use_plan(_i == 1, false);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(ledger_count(), 1);
    ck_restored("revoke");
    ck_assert_uint_eq(ledger_count(), 0);
    ck_assert_sbx_ok(revoke_all(), &err); /* nothing left to do is no failure */
}
END_TEST

START_TEST(new_file_in_granted_tree__revoke__ours_is_gone)
{
    ck_assert_sbx_ok(apply(), &err);
    grant_create_file("ws\\sub\\new.txt");
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_ptr_null(grant_anything_left());
}
END_TEST

START_TEST(revoke_by_path__of_another_directory__not_found)
{
    ck_assert_sbx_ok(apply(), &err);
    sbx_grant_report_done(&report);
    ck_assert_int_eq(sbx_revoke(grant_path("outside"), &options, &report, &err), SBX_NOT_FOUND);
    sbx_grant_report_done(&report);
    ck_assert_sbx_ok(sbx_revoke(grant_path("ws"), &options, &report, &err), &err);
    ck_assert_ptr_null(grant_snapshot_differs());
}
END_TEST

/* --- what is put back, left alone, refused ------------------------------------------------------
 */

START_TEST(denied_file_replaced__apply__deny_is_back_without_a_walk)
{
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(DeleteFileW(scratch_path_w("ws\\.mcp.json")));
    grant_create_file("ws\\.mcp.json"); /* an editor's atomic save */
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(!report.warm);
    ck_assert_uint_eq(report.counts.writes, 1);
    ck_assert_uint_eq(report.files_walked, 0);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_assert_uint_eq(report.skip_count, 0); /* the ledger still names the old object */
}
END_TEST

START_TEST(hard_link_to_outside__apply__file_is_untouched_and_listed)
{
    struct sbx_descriptor before, now;
    wchar_t target_w[600];

    wcscpy(target_w, scratch_path_w("outside\\o.txt"));
    ck_assert(CreateHardLinkW(scratch_path_w("ws\\linked.txt"), target_w, NULL));
    grant_get("outside\\o.txt", &before);
    ck_assert_sbx_ok(apply(), &err);
    grant_get("outside\\o.txt", &now);
    ck_assert(sbx_descriptor_equal(&before, &now));
    ck_assert_uint_eq(report.skip_count, 1);
    ck_assert_str_eq(report.skips[0].reason, "2 links");
    ck_assert_str_eq(report.skips[0].path, grant_path("ws\\linked.txt"));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&now);
}
END_TEST

/* Protected, two names, and open to Everyone: neither may it be written nor may the run go on. */
START_TEST(open_protected_file_with_two_names__apply__refused)
{
    struct sbx_ace open = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_everyone);
    struct sbx_descriptor d;
    wchar_t target_w[600];

    grant_get("ws\\.mcp.json", &d);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 0, &open, &err), &err);
    grant_set("ws\\.mcp.json", &d);
    wcscpy(target_w, scratch_path_w("ws\\.mcp.json"));
    ck_assert(CreateHardLinkW(scratch_path_w("outside\\other.json"), target_w, NULL));
    grant_snapshot_take();
    ck_assert_int_eq(apply(), SBX_DENIED);
    ck_assert_uint_eq(report.failure_count, 1);
    ck_assert(report.failures[0].fatal);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_ptr_null(grant_snapshot_differs());
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(null_dacl_in_the_tree__apply__untouched_and_listed)
{
    struct sbx_descriptor d;

    grant_get("ws\\a.txt", &d);
    sbx_acl_done(&d.dacl);
    d.dacl.kind = SBX_ACL_NULL;
    grant_set("ws\\a.txt", &d);
    sbx_descriptor_done(&d);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.skip_count, 1);
    ck_assert_str_eq(report.skips[0].reason, "NULL DACL");
    grant_get("ws\\a.txt", &d);
    ck_assert_int_eq(d.dacl.kind, SBX_ACL_NULL);
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(null_dacl_below_a_deny__apply__refused)
{
    struct sbx_descriptor d;

    grant_get("ws\\.git\\hooks\\pre-commit", &d);
    sbx_acl_done(&d.dacl);
    d.dacl.kind = SBX_ACL_NULL;
    grant_set("ws\\.git\\hooks\\pre-commit", &d);
    sbx_descriptor_done(&d);
    ck_assert_int_eq(apply(), SBX_DENIED);
    ck_assert(strstr(err.context, "pre-commit") != NULL);
    ck_assert_int_eq(apply(), SBX_DENIED); /* and again: nothing says that it was done */
}
END_TEST

START_TEST(owned_by_a_sandbox_account__apply__left_and_listed)
{
    char owner[SBX_SID_TEXT_SIZE];
    const char *accounts[] = {owner};
    struct sbx_descriptor d;

    grant_get("ws\\a.txt", &d);
    sbx_sid_format(&d.owner, owner);
    sbx_descriptor_done(&d);
    options.account_sids = accounts;
    options.account_sid_count = 1;
    /* Everything here has this owner: the root itself refuses. */
    ck_assert_int_eq(apply(), SBX_DENIED);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert(strstr(err.context, "sandbox account") != NULL);
}
END_TEST

START_TEST(another_directory_at_the_path__apply__changed_since_the_plan)
{
    plan.roots[0].file_id[0] ^= 0x40;
    ck_assert_int_eq(apply(), SBX_DENIED);
    ck_assert(strstr(err.context, "changed since the plan") != NULL);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_ptr_null(grant_snapshot_differs());
}
END_TEST

START_TEST(object_outside_fails__apply__root_is_granted_all_the_same)
{
    grant_plan_add(
        &plan, grant_path("missing"), "S-1-5-21-7-7-7-1005", SBX_ACE_ALLOW, 3, SBX_MASK_RX);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.failure_count, 1);
    ck_assert(!report.failures[0].fatal);
    ck_assert_int_eq(report.failures[0].error.status, SBX_NOT_FOUND);
    ck_assert_ptr_nonnull(grant_anything_left());
}
END_TEST

START_TEST(missing_deny_outside__apply__fatal)
{
    grant_plan_add(
        &plan, grant_path("missing"), "S-1-5-21-7-7-7-1005", SBX_ACE_DENY, 3, SBX_MASK_DENY_READ);
    ck_assert_int_eq(apply(), SBX_NOT_FOUND);
    ck_assert(report.failures[0].fatal);
}
END_TEST

/* --- cancel, lock, ledger ----------------------------------------------------------------------
 */

START_TEST(cancelled__apply_again__goes_on)
{
    volatile LONG cancel = 1;

    options.cancel = &cancel;
    ck_assert_int_eq(apply(), SBX_CANCELLED);
    cancel = 0;
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(!report.warm);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("after a cancel");
}
END_TEST

START_TEST(ledger_held_by_another__apply__timeout)
{
    const struct sbx_ledger_how how = {.create = false};
    char name[SBX_LEDGER_NAME_SIZE];
    struct sbx_ledger ledger;
    HANDLE directory = NULL;

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    ck_assert_sbx_ok(sbx_ledger_directory(state, false, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    options.lock_wait_ms = 300;
    ck_assert_int_eq(apply(), SBX_TIMEOUT);
    ck_assert_uint_eq(ledger_count(), 1); /* listing does not wait */
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
}
END_TEST

static void damage(const char *name, const void *bytes, DWORD count)
{
    char relative[100];
    DWORD written = 0;
    HANDLE file;

    snprintf(relative, sizeof(relative), "state\\ledger\\%s", name);
    file = CreateFileW(scratch_path_w(relative), FILE_APPEND_DATA, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(file != INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(file, bytes, count, &written, NULL));
    CloseHandle(file);
}

START_TEST(ledger_with_a_tail_of_nuls__apply__set_aside_and_walked_again)
{
    static const char nuls[512];
    char name[SBX_LEDGER_NAME_SIZE];
    char copy[100];

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    damage(name, nuls, sizeof(nuls));
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.ledgers_repaired, 1);
    ck_assert(!report.warm);
    ck_assert_uint_eq(report.counts.writes, 0); /* it was all there */
    snprintf(copy, sizeof(copy), "state\\ledger\\%s.damaged-1", name);
    ck_assert(GetFileAttributesW(scratch_path_w(copy)) != INVALID_FILE_ATTRIBUTES);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("after a repair");
}
END_TEST

START_TEST(ledger_deleted__apply__nothing_is_written_twice)
{
    char name[SBX_LEDGER_NAME_SIZE];
    char relative[100];

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    snprintf(relative, sizeof(relative), "state\\ledger\\%s", name);
    ck_assert(DeleteFileW(scratch_path_w(relative)));
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_uint_eq(report.files_walked, 12);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_ptr_null(grant_anything_left()); /* by the SID, which needs no journal */
}
END_TEST

/* Records that say again what is said: as many runs leave them. Ends with a STALE. */
static void lengthen(unsigned rounds)
{
    const struct sbx_ledger_how how = {.create = false};
    char name[SBX_LEDGER_NAME_SIZE];
    struct sbx_ledger ledger;
    HANDLE directory = NULL;
    unsigned i;

    only_ledger(name);
    ck_assert_sbx_ok(sbx_ledger_directory(state, false, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    for (i = 0; i < rounds; i++) {
        struct sbx_ledger_record stale = {.kind = SBX_LEDGER_STALE};
        struct sbx_ledger_record again = ledger.records.items[1];

        again.added_count = 0;
        ck_assert_sbx_ok(sbx_ledger_append(&ledger, &again, &err), &err);
        ck_assert_sbx_ok(sbx_ledger_append(&ledger, &stale, &err), &err);
    }
    ck_assert_sbx_ok(sbx_ledger_flush(&ledger, &err), &err);
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
}

static size_t ledger_lines(void)
{
    struct sbx_grant_info *infos = NULL;
    size_t lines, count = 0;

    ck_assert_sbx_ok(sbx_grants_list(state, &infos, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    ck_assert(!infos[0].is_damaged);
    lines = infos[0].records;
    sbx_grants_list_free(infos, count);
    return lines;
}

START_TEST(ledger_grown_long__apply__shorter_and_still_true)
{
    size_t lines;

    ck_assert_sbx_ok(apply(), &err);
    lines = ledger_lines();
    lengthen(SBX_LEDGER_SHRINK_AT / 2);
    ck_assert_uint_gt(ledger_lines(), SBX_LEDGER_SHRINK_AT);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_uint_le(ledger_lines(), lines + TARGETS);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("a shorter ledger");
}
END_TEST

static void copy_ledger(const char *suffix)
{
    char name[SBX_LEDGER_NAME_SIZE], to[120];
    wchar_t from_w[600];

    only_ledger(name);
    snprintf(to, sizeof(to), "state\\ledger\\%s", name);
    wcscpy(from_w, scratch_path_w(to));
    snprintf(to, sizeof(to), "state\\ledger\\%s%s", name, suffix);
    ck_assert(CopyFileW(from_w, scratch_path_w(to), FALSE));
}

/* Killed while the ledger was overwritten: the next content is whole, the ledger is not. */
START_TEST(shrink_killed__revoke__byte_for_byte)
{
    char name[SBX_LEDGER_NAME_SIZE], relative[120];
    HANDLE file;

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    copy_ledger(".next");
    snprintf(relative, sizeof(relative), "state\\ledger\\%s", name);
    file = CreateFileW(scratch_path_w(relative), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(file != INVALID_HANDLE_VALUE);
    SetFilePointer(file, _i ? 300 : 0, NULL, FILE_BEGIN);
    ck_assert(SetEndOfFile(file));
    CloseHandle(file);
    ck_assert(is_complete()); /* a list that is asked for meanwhile is right, too */
    if (_i) {
        ck_assert_sbx_ok(apply(), &err);
        ck_assert(report.warm);
        ck_assert_uint_eq(report.ledgers_repaired, 0);
        snprintf(relative, sizeof(relative), "state\\ledger\\%s.next", name);
        ck_assert(GetFileAttributesW(scratch_path_w(relative)) == INVALID_FILE_ATTRIBUTES);
    }
    ck_restored("a shrink that was killed");
}
END_TEST

START_TEST(tree_grows__warm_run__reads_the_same)
{
    uint64_t reads;
    char name[60];
    int i;

    ck_assert_sbx_ok(apply(), &err);
    ck_assert_sbx_ok(apply(), &err);
    reads = report.counts.reads;
    for (i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "ws\\sub\\n%d", i);
        scratch_write(name, "x");
    }
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_assert_uint_eq(report.counts.reads, reads);
}
END_TEST

START_TEST(plan_changes_to_elevated__apply__adds_the_group_and_revoke_restores)
{
    ck_assert_sbx_ok(apply(), &err);
    use_plan(true, false);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(!report.warm);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("two modes");
}
END_TEST

/* git: "deny" becomes git: "write": what still stands there must be named. */
START_TEST(policy_denies_less__apply__earlier_deny_is_listed_once_and_kept)
{
    size_t i;

    ck_assert_sbx_ok(apply(), &err);
    for (i = 0; i < plan.ace_count; i++) {
        if (strcmp(plan.aces[i].path, grant_path("ws\\.git")) == 0)
            plan.aces[i].mask = SBX_MASK_DENY_REPLACE;
    }
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.skip_count, 1);
    ck_assert_str_eq(report.skips[0].path, grant_path("ws\\.git"));
    ck_assert(strstr(report.skips[0].reason, "earlier policy") != NULL);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_assert_uint_eq(report.skip_count, 1);
    ck_restored("two policies");
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.skip_count, 0);
}
END_TEST

/* On these platforms nobody else can own a file: the user's own SID stands for the account. */
START_TEST(owned_by_a_sandbox_account__revoke__taken_over_and_told)
{
    char owner[SBX_SID_TEXT_SIZE];
    const char *accounts[] = {owner};
    struct sbx_descriptor d;
    size_t i, told = 0;

    if (platform_is_stock_wine())
        UNIT_SKIP("owners of files are not kept here");
    ck_assert_sbx_ok(apply(), &err);
    grant_get("ws\\a.txt", &d);
    sbx_sid_format(&d.owner, owner);
    sbx_descriptor_done(&d);
    options.account_sids = accounts;
    options.account_sid_count = 1;
    ck_restored("taken over");
    ck_assert_uint_ge(report.owners_taken, 12);
    for (i = 0; i < report.note_count; i++)
        told += strstr(report.notes[i].reason, "yours now") != NULL;
    ck_assert_uint_eq(told, report.owners_taken);
}
END_TEST

/* As test_filewalk.c makes them: Wine's own mklink does nothing, and it does not wait for ln. */
static bool make_link(const char *name, const char *target)
{
    wchar_t command_w[1400], directory_w[600];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process = {0};
    char path[100];
    int i;

    snprintf(path, sizeof(path), "ws\\%s", name);
    wcscpy(directory_w, scratch_path_w("ws"));
    if (platform_is_wine())
        _snwprintf_s(
            command_w, countof(command_w), _TRUNCATE, L"Z:\\bin\\ln -s ../%hs %hs", target, name);
    else
        _snwprintf_s(command_w, countof(command_w), _TRUNCATE, L"cmd.exe /c mklink /J %hs ..\\%hs",
            name, target);
    if (!CreateProcessW(NULL, command_w, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, directory_w,
            &startup, &process))
        return false;
    WaitForSingleObject(process.hProcess, 10000);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
    for (i = 0; i < 100; i++) {
        DWORD attributes = GetFileAttributesW(scratch_path_w(path));

        if (attributes != INVALID_FILE_ATTRIBUTES)
            return attributes & FILE_ATTRIBUTE_REPARSE_POINT;
        Sleep(50);
    }
    return false;
}

START_TEST(link_in_the_root__revoke__told_and_not_entered)
{
    struct sbx_descriptor before, now;
    bool is_link;

    ck_assert_sbx_ok(apply(), &err);
    is_link = make_link("link", "outside");
    if (!is_link)
        UNIT_SKIP("no link that is a reparse point can be made here: error %lu", GetLastError());
    grant_get("outside\\o.txt", &before);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_uint_eq(report.note_count, 1);
    ck_assert_str_eq(report.notes[0].path, grant_path("ws\\link"));
    ck_assert_msg(
        strncmp(report.notes[0].reason, "reparse point: ", 15) == 0, "%s", report.notes[0].reason);
    grant_get("outside\\o.txt", &now);
    ck_assert(sbx_descriptor_equal(&before, &now));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&now);
    ck_assert_ptr_null(grant_anything_left());
}
END_TEST

START_TEST(read_only_root__apply_and_revoke__byte_for_byte)
{
    use_plan(true, true);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.counts.writes, 13);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("read-only");
}
END_TEST

/* --- programs -----------------------------------------------------------------------------------
 */

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, grant_case_setup, grant_case_teardown);
    tcase_add_loop_test(tcase, fresh_tree__apply_twice__second_is_warm, 0, 2);
    tcase_add_loop_test(tcase, granted_tree__revoke__byte_for_byte_and_no_ledger, 0, 2);
    tcase_add_test(tcase, new_file_in_granted_tree__revoke__ours_is_gone);
    tcase_add_test(tcase, revoke_by_path__of_another_directory__not_found);
    tcase_add_test(tcase, denied_file_replaced__apply__deny_is_back_without_a_walk);
    tcase_add_test(tcase, hard_link_to_outside__apply__file_is_untouched_and_listed);
    tcase_add_test(tcase, open_protected_file_with_two_names__apply__refused);
    tcase_add_test(tcase, null_dacl_in_the_tree__apply__untouched_and_listed);
    tcase_add_test(tcase, null_dacl_below_a_deny__apply__refused);
    tcase_add_test(tcase, owned_by_a_sandbox_account__apply__left_and_listed);
    tcase_add_test(tcase, another_directory_at_the_path__apply__changed_since_the_plan);
    tcase_add_test(tcase, object_outside_fails__apply__root_is_granted_all_the_same);
    tcase_add_test(tcase, missing_deny_outside__apply__fatal);
    tcase_add_test(tcase, cancelled__apply_again__goes_on);
    tcase_add_test(tcase, ledger_held_by_another__apply__timeout);
    tcase_add_test(tcase, ledger_with_a_tail_of_nuls__apply__set_aside_and_walked_again);
    tcase_add_test(tcase, ledger_deleted__apply__nothing_is_written_twice);
    tcase_add_test(tcase, ledger_grown_long__apply__shorter_and_still_true);
    tcase_add_loop_test(tcase, shrink_killed__revoke__byte_for_byte, 0, 2);
    tcase_add_test(tcase, tree_grows__warm_run__reads_the_same);
    tcase_add_test(tcase, plan_changes_to_elevated__apply__adds_the_group_and_revoke_restores);
    tcase_add_test(tcase, policy_denies_less__apply__earlier_deny_is_listed_once_and_kept);
    tcase_add_test(tcase, owned_by_a_sandbox_account__revoke__taken_over_and_told);
    tcase_add_test(tcase, link_in_the_root__revoke__told_and_not_entered);
    tcase_add_test(tcase, read_only_root__apply_and_revoke__byte_for_byte);
}

UNIT_MAIN("grant", add_tests)
