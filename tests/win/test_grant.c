/*
 * The grant engine on a real tree: made once, true at every moment, taken back byte for byte.
 * On stock Wine descriptors live in the fixture (tests/support/grant/grantworld.h). What happens
 * when it is ended in the middle is in test_grant_kill.c, its ledger in test_grant_ledger.c.
 */
#include "tests/support/grant/grantcase.h"

#include <stdio.h>

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
    ck_assert_uint_eq(report.counts.reads, GRANT_TARGETS);
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

/* --- what is put back, left alone, refused ---------------------------------------------------- */

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

/* --- a later run ------------------------------------------------------------------------------ */

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
    tcase_add_test(tcase, tree_grows__warm_run__reads_the_same);
    tcase_add_test(tcase, plan_changes_to_elevated__apply__adds_the_group_and_revoke_restores);
    tcase_add_test(tcase, policy_denies_less__apply__earlier_deny_is_listed_once_and_kept);
    tcase_add_test(tcase, owned_by_a_sandbox_account__revoke__taken_over_and_told);
    tcase_add_test(tcase, link_in_the_root__revoke__told_and_not_entered);
    tcase_add_test(tcase, read_only_root__apply_and_revoke__byte_for_byte);
}

UNIT_MAIN("grant", add_tests)
