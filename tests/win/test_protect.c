/*
 * Protected names that appear during a run at the top of a root, on real directories, and what is
 * made of each: adopted, moved aside, told. Plain Win32 for the command's part.
 */
#include "tests/support/protect/protectcase.h"
#include "shared/core/acldata.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"

#include <stdio.h>

/* --- the top of a root --------------------------------------------------------------------------
 */

START_TEST(protect__nothing_made__nothing_reported)
{
    make_git("ws\\.git", CONFIG_BAD);
    scratch_mkdir("ws\\.vscode");
    begin();
    scratch_write("ws\\b.txt", "b");
    scratch_mkdir("ws\\src\\new");
    end();
    ck_assert_uint_eq(report.item_count, 0);
    ck_assert_uint_eq(report.change_count, 0);
    ck_assert_uint_eq(report.link_count, 0);
    ck_assert_uint_eq(report.roots_watched, 1);
    ck_assert(platform_is_wine() || report.roots_lost == 0);
    ck_assert(!report.truncated);
    ck_assert(scratch_exists("ws\\.git\\hooks\\pre-commit"));
}
END_TEST

static const char *const names[] = {".hg", ".svn", ".codex", ".agents", ".claude", ".cursor",
    ".gemini", ".vscode", ".idea", ".mcp.json", ".gitmodules", ".gitconfig", ".envrc"};

START_TEST(protect__each_name_made__quarantined)
{
    char path[100];
    bool is_directory = _i < 9;

    snprintf(path, sizeof(path), "ws\\%s", names[_i]);
    begin();
    if (is_directory)
        scratch_mkdir(path);
    else
        scratch_write(path, "x");
    end();
    only_item(path, SBX_PROTECT_QUARANTINED);
    ck_assert(!scratch_exists(path));
    ck_assert(scratch_exists(aside(path)));
}
END_TEST

START_TEST(protect__git_made__adopted_without_hooks)
{
    const struct sbx_protect_item *item;

    begin();
    make_git("ws\\.git", CONFIG_BAD);
    scratch_write("ws\\.git\\commondir", "..\\..\\outside");
    scratch_mkdir("ws\\.git\\modules");
    make_git("ws\\.git\\modules\\sub", "[core]\n\teditor = evil\n");
    end();
    item = only_item("ws\\.git", SBX_PROTECT_ADOPTED);
    ck_assert(says(item, "hooks: 1 moved"));
    ck_assert(says(item, "core.fsmonitor"));
    ck_assert(says(item, "alias.st"));
    ck_assert(says(item, "modules\\sub\\hooks: 1 moved"));
    ck_assert(says(item, "modules\\sub\\config sets core.editor"));
    ck_assert(scratch_exists("ws\\.git\\hooks"));
    ck_assert(!scratch_exists("ws\\.git\\hooks\\pre-commit"));
    ck_assert(!scratch_exists("ws\\.git\\commondir"));
    ck_assert(!scratch_exists("ws\\.git\\modules\\sub\\hooks\\pre-commit"));
    ck_assert(scratch_exists(aside("ws\\.git\\hooks")));
    ck_assert(scratch_exists("ws\\.git\\config"));
}
END_TEST

/* What an ordinary `git init` makes is left as it is. */
START_TEST(protect__harmless_git__adopted_untouched)
{
    const struct sbx_protect_item *item;

    begin();
    scratch_mkdir("ws\\.git");
    scratch_mkdir("ws\\.git\\hooks");
    scratch_write("ws\\.git\\hooks\\pre-commit.sample", "x");
    scratch_write("ws\\.git\\config", "[core]\n\tbare = false\n");
    end();
    item = only_item("ws\\.git", SBX_PROTECT_ADOPTED);
    ck_assert_uint_eq(item->details.count, 1); /* the denies */
    ck_assert(scratch_exists("ws\\.git\\hooks\\pre-commit.sample"));
    ck_assert(!scratch_exists(aside("ws\\.git\\hooks")));
}
END_TEST

static bool is_denied(const char *name)
{
    HANDLE handle = CreateFileW(scratch_path_w(name), READ_CONTROL, 7, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS, NULL);
    struct sbx_descriptor descriptor = {0};
    bool found = false;
    size_t i;

    ck_assert(handle != INVALID_HANDLE_VALUE);
    ck_assert_sbx_ok(sbx_acl_get(handle, NULL, &descriptor, &err), &err);
    for (i = 0; i < descriptor.dacl.count; i++) {
        char sid[SBX_SID_TEXT_SIZE];

        sbx_sid_format(&descriptor.dacl.aces[i].sid, sid);
        found = found || (descriptor.dacl.aces[i].type == SBX_ACE_DENY &&
                             descriptor.dacl.aces[i].mask == SBX_MASK_DENY_WRITE &&
                             strcmp(sid, plan.roots[0].capability_sid) == 0);
    }
    sbx_descriptor_done(&descriptor);
    CloseHandle(handle);
    return found;
}

/* As the plan denies one that is there from the start. */
START_TEST(protect__adopted__denied_like_an_old_one)
{
    if (platform_is_stock_wine())
        UNIT_SKIP("stock Wine keeps no access lists of files");
    begin();
    make_git("ws\\.git", "");
    ck_assert(!is_denied("ws\\.git"));
    end();
    only_item("ws\\.git", SBX_PROTECT_ADOPTED);
    ck_assert(is_denied("ws\\.git"));
    ck_assert(is_denied("ws\\.git\\config"));
    ck_assert_uint_gt(report.descriptors.writes, 0);
}
END_TEST

START_TEST(protect__adopted__says_whether_denied)
{
    begin();
    make_git("ws\\.git", "");
    end();
    ck_assert(says(only_item("ws\\.git", SBX_PROTECT_ADOPTED),
        platform_is_stock_wine() ? "not denied" : "denied to later commands"));
}
END_TEST

/* MUST 2. */
START_TEST(protect__deleted_and_made_again__new)
{
    scratch_mkdir("ws\\.vscode");
    begin();
    ck_assert(RemoveDirectoryW(scratch_path_w("ws\\.vscode")));
    Sleep(30); /* file ids are used again on Wine: there the time of creation tells, by ticks */
    scratch_mkdir("ws\\.vscode");
    end();
    only_item("ws\\.vscode", SBX_PROTECT_QUARANTINED);
    ck_assert(!scratch_exists("ws\\.vscode"));
}
END_TEST

START_TEST(protect__renamed_onto__new)
{
    scratch_write("ws\\.mcp.json", "mine");
    scratch_mkdir("ws\\other");
    begin();
    scratch_write("ws\\x", "evil");
    move("ws\\x", "ws\\.mcp.json");
    move("ws\\other", "ws\\.claude");
    end();
    ck_assert_uint_eq(report.item_count, 2);
    ck_assert(!scratch_exists("ws\\.mcp.json") && scratch_exists(aside("ws\\.mcp.json")));
    ck_assert(!scratch_exists("ws\\.claude") && scratch_exists(aside("ws\\.claude")));
}
END_TEST

/* An old protected object under another protected name is new there. */
START_TEST(protect__one_name_onto_another__new)
{
    scratch_mkdir("ws\\.vscode");
    begin();
    move("ws\\.vscode", "ws\\.idea");
    end();
    only_item("ws\\.idea", SBX_PROTECT_QUARANTINED);
}
END_TEST

/* MUST 4. */
START_TEST(protect__hard_link__quarantined_and_target_untouched)
{
    wchar_t link_w[600];

    _snwprintf_s(link_w, countof(link_w), _TRUNCATE, L"%ls", scratch_path_w("ws\\.mcp.json"));
    begin();
    ck_assert(CreateHardLinkW(link_w, scratch_path_w("outside\\file"), NULL));
    end();
    ck_assert(says(only_item("ws\\.mcp.json", SBX_PROTECT_QUARANTINED), "more than one name"));
    ck_assert(!scratch_exists("ws\\.mcp.json") && scratch_exists(aside("ws\\.mcp.json")));
    ck_assert(scratch_exists("outside\\file"));
}
END_TEST

START_TEST(protect__git_as_hard_link__not_adopted)
{
    wchar_t link_w[600];

    _snwprintf_s(link_w, countof(link_w), _TRUNCATE, L"%ls", scratch_path_w("ws\\.git"));
    begin();
    ck_assert(CreateHardLinkW(link_w, scratch_path_w("outside\\file"), NULL));
    end();
    only_item("ws\\.git", SBX_PROTECT_QUARANTINED);
    ck_assert(!scratch_exists("ws\\.git"));
}
END_TEST

static const char *const spellings[] = {".VSCode", ".vscode.", ".vscode ", ".vscode. ."};

START_TEST(protect__other_spelling__quarantined)
{
    char path[900];
    wchar_t path_w[900];

    begin();
    snprintf(path, sizeof(path), "\\\\?\\%s\\%s", root, spellings[_i]);
    ck_assert_int_gt(MultiByteToWideChar(CP_UTF8, 0, path, -1, path_w, countof(path_w)), 0);
    ck_assert_msg(CreateDirectoryW(path_w, NULL), "%s: %lu", path, GetLastError());
    end();
    ck_assert_uint_eq(report.item_count, 1);
    ck_assert_int_eq(report.items[0].action, SBX_PROTECT_QUARANTINED);
    ck_assert(GetFileAttributesW(path_w) == INVALID_FILE_ATTRIBUTES);
    ck_assert(scratch_exists(aside("ws\\.vscode")));
}
END_TEST

START_TEST(protect__odd_git__never_adopted)
{
    char path[900];
    wchar_t path_w[900];

    begin();
    snprintf(path, sizeof(path), "\\\\?\\%s\\.git.", root);
    ck_assert_int_gt(MultiByteToWideChar(CP_UTF8, 0, path, -1, path_w, countof(path_w)), 0);
    ck_assert_msg(CreateDirectoryW(path_w, NULL), "%s: %lu", path, GetLastError());
    end();
    ck_assert_uint_eq(report.item_count, 1);
    ck_assert_int_eq(report.items[0].action, SBX_PROTECT_QUARANTINED);
}
END_TEST

/* A taken name is never overwritten. */
START_TEST(protect__aside_name_taken__next_one)
{
    begin();
    scratch_write("ws\\.envrc", "x");
    scratch_write(aside("ws\\.envrc"), "planted");
    end();
    ck_assert(says(only_item("ws\\.envrc", SBX_PROTECT_QUARANTINED), "-1'"));
    ck_assert(scratch_exists(aside("ws\\.envrc")));
}
END_TEST

/* --- `.git` files -------------------------------------------------------------------------------
 */

START_TEST(protect__git_file_out_of_root__quarantined)
{
    begin();
    scratch_write("ws\\.git", "gitdir: ../outside\n");
    end();
    ck_assert(says(only_item("ws\\.git", SBX_PROTECT_QUARANTINED), "in no writable root"));
    ck_assert(!scratch_exists("ws\\.git"));
}
END_TEST

/* MUST 5: what it names keeps its hooks. */
START_TEST(protect__git_file_to_live_hooks__quarantined_target_untouched)
{
    begin();
    make_git("ws\\src\\repo", "");
    scratch_write("ws\\.git", "gitdir: src/repo\n");
    end();
    ck_assert(says(only_item("ws\\.git", SBX_PROTECT_QUARANTINED), "hooks: 1 in use"));
    ck_assert(scratch_exists("ws\\src\\repo\\hooks\\pre-commit"));
}
END_TEST

START_TEST(protect__git_file_to_clean_folder__adopted)
{
    begin();
    scratch_mkdir("ws\\src\\repo");
    scratch_write("ws\\src\\repo\\config", "[core]\n\tbare = false\n");
    scratch_write("ws\\.git", "gitdir: src/repo\n");
    end();
    only_item("ws\\.git", SBX_PROTECT_ADOPTED);
    ck_assert(scratch_exists("ws\\.git"));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, protect_case_setup, protect_case_teardown);
    tcase_add_test(tcase, protect__nothing_made__nothing_reported);
    tcase_add_loop_test(tcase, protect__each_name_made__quarantined, 0, (int)countof(names));
    tcase_add_test(tcase, protect__git_made__adopted_without_hooks);
    tcase_add_test(tcase, protect__harmless_git__adopted_untouched);
    tcase_add_test(tcase, protect__adopted__denied_like_an_old_one);
    tcase_add_test(tcase, protect__adopted__says_whether_denied);
    tcase_add_test(tcase, protect__deleted_and_made_again__new);
    tcase_add_test(tcase, protect__renamed_onto__new);
    tcase_add_test(tcase, protect__one_name_onto_another__new);
    tcase_add_test(tcase, protect__hard_link__quarantined_and_target_untouched);
    tcase_add_test(tcase, protect__git_as_hard_link__not_adopted);
    tcase_add_loop_test(tcase, protect__other_spelling__quarantined, 0, (int)countof(spellings));
    tcase_add_test(tcase, protect__odd_git__never_adopted);
    tcase_add_test(tcase, protect__aside_name_taken__next_one);
    tcase_add_test(tcase, protect__git_file_out_of_root__quarantined);
    tcase_add_test(tcase, protect__git_file_to_live_hooks__quarantined_target_untouched);
    tcase_add_test(tcase, protect__git_file_to_clean_folder__adopted);
}

UNIT_MAIN("protect", add_tests)
