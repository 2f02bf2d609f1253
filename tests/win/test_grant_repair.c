/*
 * `grants repair`: what the ledger says is put back by a walk, what must not be written is listed,
 * and files with several names are written only when all of them can be shown to be in the root.
 */
#include "tests/support/grant/grantcase.h"
#include "agent/repair.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"

#include <stdio.h>

#define FILES 12u /* that a walk of the tree meets */

static struct sbx_repair how;
/* What the last look was told. */
static size_t looked, cleared;
static char reason[120];

static void look(void *ctx, const struct sbx_linkset *links)
{
    size_t i;

    (void)ctx;
    looked = links->count;
    for (i = 0; i < links->count; i++) {
        cleared += links->files[i].is_cleared;
        if (!links->files[i].is_cleared)
            snprintf(reason, sizeof(reason), "%s", links->files[i].reason);
        ck_assert(!links->files[i].is_written); /* a look comes first */
    }
}

static enum sbx_status repair(bool include_links)
{
    looked = cleared = 0;
    reason[0] = '\0';
    memset(&how, 0, sizeof(how));
    how.include_links = include_links;
    how.look = look;
    sbx_grant_report_done(&report);
    return sbx_grants_repair(&how, &options, &report, &err);
}

/* Grant, and then put one object back as it was, as a restored backup does: nothing of ours. */
static void grant_but(const char *name)
{
    struct sbx_descriptor before;

    grant_get(name, &before);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_gt(grant_entries(name), 0);
    grant_set(name, &before);
    sbx_descriptor_done(&before);
    ck_assert_uint_eq(grant_entries(name), 0);
}

static void link_name(const char *old_name, const char *new_name)
{
    wchar_t old_w[600];

    wcscpy(old_w, scratch_path_w(old_name));
    ck_assert_msg(CreateHardLinkW(scratch_path_w(new_name), old_w, NULL), "%s: %lu", new_name,
        GetLastError());
}

static void move(const char *from, const char *to)
{
    wchar_t from_w[600];

    wcscpy(from_w, scratch_path_w(from));
    ck_assert_msg(MoveFileW(from_w, scratch_path_w(to)), "%s: %lu", to, GetLastError());
}

/* --- putting back ------------------------------------------------------------------------------
 */

START_TEST(nothing_missing__repair__walks_and_writes_nothing)
{
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_uint_eq(report.files_walked, FILES);
    ck_assert_uint_eq(report.skip_count, 0);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("repaired");
}
END_TEST

START_TEST(nothing_granted__repair__nothing_to_do)
{
    ck_assert_sbx_ok(repair(false), &err);
    how.path_or_name = grant_path("ws");
    ck_assert_int_eq(sbx_grants_repair(&how, &options, &report, &err), SBX_NOT_FOUND);
}
END_TEST

static const char *const stripped[] = {
    "ws", "ws\\sub", "ws\\sub\\b.txt", "ws\\.git", "ws\\.git\\config", "ws\\.mcp.json", "ws\\prot"};

/* A warm run does not look below the roots; the repair does. */
START_TEST(entries_lost__repair__are_back)
{
    const char *name = stripped[_i];

    grant_but(name);
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_gt(grant_entries(name), 0);
    /* What is denied gets its own entries first, then those of the root. */
    ck_assert_uint_ge(report.counts.writes, 1);
    ck_assert_uint_le(report.counts.writes, 2);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored(name);
}
END_TEST

START_TEST(elevated__repair__group_and_capability)
{
    use_plan(true, false);
    grant_but("ws\\a.txt");
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_eq(report.counts.writes, 1);
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_restored("elevated");
}
END_TEST

START_TEST(root_replaced__repair__failure_names_the_way_out)
{
    ck_assert_sbx_ok(apply(), &err);
    move("ws", "elsewhere");
    scratch_mkdir("ws");
    ck_assert_int_eq(repair(false), SBX_DENIED);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_ptr_nonnull(strstr(err.hint, "agent revoke"));
    ck_assert_uint_eq(grant_entries("ws"), 0);
}
END_TEST

/* The ledger goes with the file id, and its records have the old paths. */
START_TEST(root_renamed__repair_by_its_path__entries_are_back)
{
    struct sbx_descriptor before;

    grant_get("ws\\sub\\b.txt", &before);
    ck_assert_sbx_ok(apply(), &err);
    move("ws", "renamed");
    grant_set("renamed\\sub\\b.txt", &before);
    ck_assert_uint_eq(grant_entries("renamed\\sub\\b.txt"), 0);
    ck_assert_int_ne(repair(false), SBX_OK);
    memset(&how, 0, sizeof(how));
    how.path_or_name = grant_path("renamed");
    sbx_grant_report_done(&report);
    ck_assert_sbx_ok(sbx_grants_repair(&how, &options, &report, &err), &err);
    ck_assert_uint_eq(report.counts.writes, 1);
    ck_assert_uint_gt(grant_entries("renamed\\sub\\b.txt"), 0);
    move("renamed", "ws");
    sbx_descriptor_done(&before);
    ck_restored("renamed");
}
END_TEST

START_TEST(cancelled__repair__ledger_is_true)
{
    volatile LONG cancel = 1;

    grant_but("ws\\a.txt");
    options.cancel = &cancel;
    ck_assert_int_eq(repair(false), SBX_CANCELLED);
    cancel = 0;
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_eq(report.counts.writes, 1);
    ck_restored("after a cancelled repair");
}
END_TEST

/* --- what is listed ----------------------------------------------------------------------------
 */

START_TEST(null_dacl__repair__listed_and_left)
{
    struct sbx_descriptor d;

    ck_assert_sbx_ok(apply(), &err);
    grant_get("ws\\a.txt", &d);
    sbx_acl_done(&d.dacl);
    d.dacl.kind = SBX_ACL_NULL;
    grant_set("ws\\a.txt", &d);
    sbx_descriptor_done(&d);
    ck_assert_sbx_ok(repair(true), &err);
    ck_assert_uint_eq(report.skip_count, 1);
    ck_assert_str_eq(report.skips[0].reason, "NULL DACL");
    ck_assert_uint_eq(report.counts.writes, 0);
}
END_TEST

/* OWNER RIGHTS takes the owner's own WRITE_DAC away: as for an object of somebody else. */
START_TEST(not_to_be_written__repair__listed_with_its_owner)
{
    static const struct sbx_sid owner_rights = {3, 1, {4}};
    struct sbx_ace aces[2];
    struct sbx_descriptor d;

    if (platform_is_stock_wine())
        UNIT_SKIP("stock Wine refuses nobody to write an access list");
    ck_assert_sbx_ok(apply(), &err);
    grant_get("ws\\a.txt", &d);
    aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_READ_CONTROL, &owner_rights);
    aces[1] = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_GENERIC_READ, &d.owner);
    sbx_acl_done(&d.dacl);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 0, &aces[0], &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 1, &aces[1], &err), &err);
    grant_set("ws\\a.txt", &d);
    sbx_descriptor_done(&d);
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_eq(report.skip_count, 1);
    ck_assert_msg(strncmp(report.skips[0].reason, "access denied (5), owned by ", 28) == 0 &&
                      report.skips[0].reason[28],
        "'%s'", report.skips[0].reason);
}
END_TEST

/* --- files with several names ------------------------------------------------------------------
 */

START_TEST(two_names_in_the_root__include_links__looked_at_then_written)
{
    struct sbx_descriptor before, now;

    link_name("ws\\a.txt", "ws\\sub\\again.txt");
    grant_get("ws\\a.txt", &before);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.skip_count, 2);
    ck_assert_sbx_ok(repair(false), &err);
    ck_assert_uint_eq(report.skip_count, 2);
    ck_assert_uint_eq(grant_entries("ws\\a.txt"), 0);
    ck_assert_uint_eq(looked, 0);

    ck_assert_sbx_ok(repair(true), &err);
    ck_assert_uint_eq(looked, 1);
    ck_assert_msg(cleared == 1, "%s", reason);
    ck_assert_uint_eq(report.skip_count, 0);
    ck_assert_uint_eq(report.counts.writes, 1);
    ck_assert_uint_gt(grant_entries("ws\\sub\\again.txt"), 0);
    ck_assert_sbx_ok(repair(true), &err);
    ck_assert_uint_eq(report.counts.writes, 0);

    ck_assert_sbx_ok(revoke_all(), &err);
    grant_get("ws\\a.txt", &now);
    ck_assert(sbx_descriptor_equal(&before, &now));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&now);
}
END_TEST

START_TEST(name_outside_the_root__include_links__left)
{
    struct sbx_descriptor before, now;

    link_name("outside\\o.txt", "ws\\linked.txt");
    grant_get("outside\\o.txt", &before);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_sbx_ok(repair(true), &err);
    ck_assert_uint_eq(looked, 1);
    ck_assert_uint_eq(cleared, 0);
    ck_assert_str_eq(reason, "1 of its 2 names are not in the root");
    ck_assert_uint_eq(report.skip_count, 1);
    grant_get("outside\\o.txt", &now);
    ck_assert(sbx_descriptor_equal(&before, &now));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&now);
}
END_TEST

/* One name under the root's allow, one under the deny of .git. */
START_TEST(names_under_different_entries__include_links__left)
{
    link_name("ws\\.git\\config", "ws\\head.txt");
    ck_assert_int_ne(apply(), SBX_INTERNAL);
    ck_assert_int_ne(repair(true), SBX_INTERNAL);
    ck_assert_uint_eq(cleared, 0);
    ck_assert_uint_eq(grant_entries("ws\\head.txt"), 0);
}
END_TEST

/* Somebody could move one of the names while it is written. */
START_TEST(held_for_deletion__include_links__left)
{
    HANDLE held;

    link_name("ws\\a.txt", "ws\\sub\\again.txt");
    ck_assert_sbx_ok(apply(), &err);
    held = CreateFileW(scratch_path_w("ws\\a.txt"), DELETE, 7, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(held != INVALID_HANDLE_VALUE);
    ck_assert_sbx_ok(repair(true), &err);
    CloseHandle(held);
    ck_assert_uint_eq(looked, 1);
    ck_assert_uint_eq(cleared, 0);
    ck_assert_uint_eq(grant_entries("ws\\a.txt"), 0);
}
END_TEST

/* --- the set itself: names that move while they are counted --------------------------------------
 */

static struct sbx_linkset set;

static void meet(const char *open_name, const wchar_t *name_w, uint32_t *links)
{
    static const struct sbx_file_how how_to = {.kind = SBX_FILE_PLAIN, .access = READ_CONTROL};
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_open(grant_path(open_name), &how_to, &handle, &err), &err);
    sbx_linkset_meet(&set, handle, grant_path("ws"), name_w, wcslen(name_w), &set, links);
    sbx_handle_close(&handle);
}

/* The one name inside is renamed behind the walk and met again: as many as the file has. */
START_TEST(one_name_met_twice__hold__refused)
{
    uint32_t links = 2;

    link_name("outside\\o.txt", "ws\\l1.txt");
    meet("ws\\l1.txt", L"l1.txt", &links);
    move("ws\\l1.txt", "ws\\l2.txt");
    meet("ws\\l2.txt", L"l2.txt", &links);
    ck_assert_uint_eq(set.count, 1);
    ck_assert_uint_eq(set.files[0].names.count, 2);
    ck_assert_uint_eq(sbx_linkset_hold(&set), 0);
    set.is_writing = true;
    meet("ws\\l2.txt", L"l2.txt", &links);
    ck_assert_uint_eq(links, 2); /* not to be written */
    sbx_linkset_done(&set);
}
END_TEST

START_TEST(same_name_met_twice__hold__refused)
{
    uint32_t links = 2;

    link_name("outside\\o.txt", "ws\\l1.txt");
    meet("ws\\l1.txt", L"l1.txt", &links);
    meet("ws\\l1.txt", L"L1.TXT", &links);
    ck_assert_uint_eq(sbx_linkset_hold(&set), 0);
    ck_assert_str_eq(set.files[0].reason, "a name was met twice");
    sbx_linkset_done(&set);
}
END_TEST

/* While it is held no name of it can be moved or removed; another one that is made is noticed. */
START_TEST(held__names__stay)
{
    uint32_t links = 2;
    wchar_t from_w[600];

    link_name("ws\\a.txt", "ws\\sub\\again.txt");
    meet("ws\\a.txt", L"a.txt", &links);
    meet("ws\\sub\\again.txt", L"sub\\again.txt", &links);
    ck_assert_msg(sbx_linkset_hold(&set) == 1, "%s", set.files[0].reason);
    wcscpy(from_w, scratch_path_w("ws\\sub\\again.txt"));
    ck_assert(!MoveFileW(from_w, scratch_path_w("ws\\gone.txt")));
    ck_assert(!DeleteFileW(scratch_path_w("ws\\a.txt")));
    set.is_writing = true;
    meet("ws\\a.txt", L"a.txt", &links);
    ck_assert_uint_eq(links, 1);
    link_name("ws\\a.txt", "outside\\new.txt");
    links = 3;
    meet("ws\\a.txt", L"a.txt", &links);
    ck_assert_uint_eq(links, 3);
    sbx_linkset_done(&set);
    ck_assert(DeleteFileW(scratch_path_w("ws\\sub\\again.txt")));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, grant_case_setup, grant_case_teardown);
    tcase_add_test(tcase, nothing_missing__repair__walks_and_writes_nothing);
    tcase_add_test(tcase, nothing_granted__repair__nothing_to_do);
    tcase_add_loop_test(tcase, entries_lost__repair__are_back, 0, (int)countof(stripped));
    tcase_add_test(tcase, elevated__repair__group_and_capability);
    tcase_add_test(tcase, root_replaced__repair__failure_names_the_way_out);
    tcase_add_test(tcase, root_renamed__repair_by_its_path__entries_are_back);
    tcase_add_test(tcase, cancelled__repair__ledger_is_true);
    tcase_add_test(tcase, null_dacl__repair__listed_and_left);
    tcase_add_test(tcase, not_to_be_written__repair__listed_with_its_owner);
    tcase_add_test(tcase, two_names_in_the_root__include_links__looked_at_then_written);
    tcase_add_test(tcase, name_outside_the_root__include_links__left);
    tcase_add_test(tcase, names_under_different_entries__include_links__left);
    tcase_add_test(tcase, held_for_deletion__include_links__left);
    tcase_add_test(tcase, one_name_met_twice__hold__refused);
    tcase_add_test(tcase, same_name_met_twice__hold__refused);
    tcase_add_test(tcase, held__names__stay);
}

UNIT_MAIN("grant_repair", add_tests)
