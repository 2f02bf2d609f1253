/* Protected names that appear during a run below the top of a root. */
#include "tests/support/protect/protectcase.h"
#include "agent/protectwatch.h"
#include "shared/win/handle.h"

#include <stdio.h>

/*
 * Wine now and then completes a watch with nothing in it, which means that something was lost: then
 * the full look finds the name. Unless it had been heard before the loss, it may be old, and is
 * reported and left. True for that.
 */
static bool is_left_after_a_loss(const char *name)
{
    if (!platform_is_wine() || !report.roots_lost || report.item_count != 1 ||
        report.items[0].action == SBX_PROTECT_ADOPTED)
        return false;
    ck_assert(says(only_item(name, SBX_PROTECT_REPORTED), "watch was lost"));
    return true;
}

START_TEST(protect__git_in_new_directory__adopted)
{
    begin();
    scratch_mkdir("ws\\new");
    make_git("ws\\new\\.git", "");
    end();
    if (is_left_after_a_loss("ws\\new\\.git"))
        UNIT_SKIP("the watch was lost before the name was heard; found by the full look");
    only_item("ws\\new\\.git", SBX_PROTECT_ADOPTED);
    ck_assert(!scratch_exists("ws\\new\\.git\\hooks\\pre-commit"));
}
END_TEST

/* Wine hears nothing from directories that were there before; the report must say so. */
START_TEST(protect__git_in_old_directory__adopted_or_unwatched)
{
    begin();
    make_git("ws\\src\\.git", "");
    end();
    if (platform_is_wine()) {
        ck_assert(report.nested_unwatched);
        UNIT_SKIP("Wine hears nothing from directories that were there before; the report says so");
    }
    ck_assert(!report.nested_unwatched);
    only_item("ws\\src\\.git", SBX_PROTECT_ADOPTED);
    ck_assert(!scratch_exists("ws\\src\\.git\\hooks\\pre-commit"));
}
END_TEST

/* A tree that is moved in gives one event for all of it. */
START_TEST(protect__tree_moved_in__git_below_found)
{
    scratch_mkdir("outside\\tree");
    scratch_mkdir("outside\\tree\\deep");
    make_git("outside\\tree\\deep\\.git", "");
    begin();
    move("outside\\tree", "ws\\tree");
    end();
    if (is_left_after_a_loss("ws\\tree\\deep\\.git"))
        UNIT_SKIP("the watch was lost before the name was heard; found by the full look");
    only_item("ws\\tree\\deep\\.git", SBX_PROTECT_ADOPTED);
    ck_assert(!scratch_exists("ws\\tree\\deep\\.git\\hooks\\pre-commit"));
}
END_TEST

START_TEST(protect__nested_other_name__reported_and_left)
{
    begin();
    scratch_mkdir("ws\\new");
    scratch_mkdir("ws\\new\\.vscode");
    end();
    only_item("ws\\new\\.vscode", SBX_PROTECT_REPORTED);
    ck_assert(scratch_exists("ws\\new\\.vscode"));
}
END_TEST

START_TEST(protect__hook_in_old_nested_repository__told)
{
    make_git("ws\\src\\.git", "");
    begin();
    scratch_write("ws\\src\\.git\\hooks\\post-commit", "x");
    end();
    if (platform_is_wine()) {
        ck_assert(report.nested_unwatched);
        UNIT_SKIP("Wine hears nothing from directories that were there before; the report says so");
    }
    ck_assert_uint_eq(report.item_count, 0);
    ck_assert_uint_eq(report.change_count, 1);
    ck_assert_str_eq(report.changes[0].path, scratch_path("ws\\src\\.git\\hooks\\post-commit"));
}
END_TEST

/* More events than are kept: the root is read, and what is found is told but left. */
START_TEST(protect__watch_overflow__full_scan_reports)
{
    int i;

    make_git("ws\\src\\.git", "");
    begin();
    scratch_write("ws\\t", "");
    for (i = 0; i < (int)SBX_WATCH_EVENTS_MAX / 2 + 1; i++) {
        move("ws\\t", "ws\\u");
        move("ws\\u", "ws\\t");
    }
    scratch_mkdir("ws\\.idea");
    end();
    ck_assert_uint_eq(report.roots_lost, 1);
    ck_assert_uint_eq(report.item_count, 2);
    ck_assert_int_eq(report.items[0].action, SBX_PROTECT_QUARANTINED); /* the top is certain */
    ck_assert_int_eq(report.items[1].action, SBX_PROTECT_REPORTED);
    ck_assert(says(&report.items[1], "watch was lost"));
    ck_assert(scratch_exists("ws\\src\\.git\\hooks\\pre-commit"));
}
END_TEST

START_TEST(protect__hard_link_below__listed)
{
    wchar_t link_w[600];

    _snwprintf_s(link_w, countof(link_w), _TRUNCATE, L"%ls", scratch_path_w("ws\\link"));
    begin();
    ck_assert(CreateHardLinkW(link_w, scratch_path_w("outside\\file"), NULL));
    scratch_mkdir("ws\\d");
    _snwprintf_s(link_w, countof(link_w), _TRUNCATE, L"%ls", scratch_path_w("ws\\d\\l"));
    ck_assert(CreateHardLinkW(link_w, scratch_path_w("outside\\file"), NULL));
    end();
    ck_assert_uint_eq(report.item_count, 0);
    ck_assert_uint_eq(report.link_count, 2);
    ck_assert_uint_eq(report.links[0].links, 3);
    ck_assert_uint_eq(report.links[0].tag, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, protect_case_setup, protect_case_teardown);
    tcase_add_test(tcase, protect__git_in_new_directory__adopted);
    tcase_add_test(tcase, protect__git_in_old_directory__adopted_or_unwatched);
    tcase_add_test(tcase, protect__tree_moved_in__git_below_found);
    tcase_add_test(tcase, protect__nested_other_name__reported_and_left);
    tcase_add_test(tcase, protect__hook_in_old_nested_repository__told);
    tcase_add_test(tcase, protect__watch_overflow__full_scan_reports);
    tcase_add_test(tcase, protect__hard_link_below__listed);
}

UNIT_MAIN("protect_below", add_tests)
