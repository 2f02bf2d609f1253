/* What a policy changes about protected names, and the edges of a run. */
#include "tests/support/protect/protectcase.h"
#include "shared/win/handle.h"

#include <stdio.h>

/* --- policy -------------------------------------------------------------------------------------
 */

START_TEST(protect__policy_report__left_and_told)
{
    const struct sbx_protect_item *item;

    begin_with("{\"mode\":\"unelevated\",\"protect\":{\"onCreated\":\"report\"}}");
    make_git("ws\\.git", CONFIG_BAD);
    end();
    item = only_item("ws\\.git", SBX_PROTECT_REPORTED);
    ck_assert(says(item, "core.fsmonitor"));
    ck_assert(says(item, "hooks: 1 in use"));
    ck_assert(scratch_exists("ws\\.git\\hooks\\pre-commit"));
}
END_TEST

START_TEST(protect__policy_quarantine__git_too)
{
    begin_with("{\"mode\":\"unelevated\",\"protect\":{\"onCreated\":\"quarantine\"}}");
    make_git("ws\\.git", "");
    end();
    only_item("ws\\.git", SBX_PROTECT_QUARANTINED);
    ck_assert(scratch_exists(aside("ws\\.git")));
}
END_TEST

START_TEST(protect__policy_adds_name__watched_in_any_case)
{
    begin_with("{\"mode\":\"unelevated\",\"protect\":{\"add\":[\"\xC3\xA4.cfg\"]}}");
    scratch_write("ws\\\xC3\x84.CFG", "x");
    end();
    only_item("ws\\\xC3\x84.CFG", SBX_PROTECT_QUARANTINED);
}
END_TEST

START_TEST(protect__read_only__nothing_watched)
{
    begin_with("{\"mode\":\"unelevated\",\"profile\":\"read-only\"}");
    end();
    ck_assert_uint_eq(report.roots_watched, 0);
}
END_TEST

START_TEST(protect__git_write__changes_told_new_hooks_aside)
{
    scratch_mkdir("ws\\.git");
    scratch_mkdir("ws\\.git\\objects");
    scratch_write("ws\\.git\\config", "[core]\n");
    scratch_write("ws\\.git\\index", "1");
    begin_with("{\"mode\":\"unelevated\",\"git\":\"write\"}");
    scratch_write("ws\\.git\\index", "22");
    scratch_write("ws\\.git\\objects\\hooks", "no hook");
    scratch_mkdir("ws\\.git\\hooks");
    scratch_write("ws\\.git\\hooks\\pre-commit", "evil");
    scratch_write("ws\\.git\\config", "[core]\n\teditor = x\n");
    end();
    ck_assert_uint_eq(report.change_count, 3);
    only_item("ws\\.git\\hooks", SBX_PROTECT_QUARANTINED);
    ck_assert(scratch_exists(aside("ws\\.git\\hooks")));
    ck_assert(scratch_exists("ws\\.git\\hooks"));
    ck_assert(!scratch_exists("ws\\.git\\hooks\\pre-commit"));
}
END_TEST

/* Same size, same time: the content tells. */
START_TEST(protect__git_write_same_size_and_time__content_tells)
{
    FILETIME time;
    HANDLE file;

    scratch_mkdir("ws\\.git");
    scratch_write("ws\\.git\\config", "[core]\n\ta = 1\n");
    file = CreateFileW(scratch_path_w("ws\\.git\\config"), GENERIC_READ | GENERIC_WRITE, 7, NULL,
        OPEN_EXISTING, 0, NULL);
    ck_assert(GetFileTime(file, NULL, NULL, &time));
    begin_with("{\"mode\":\"unelevated\",\"git\":\"write\"}");
    {
        DWORD done = 0;

        SetFilePointer(file, 12, NULL, FILE_BEGIN);
        ck_assert(WriteFile(file, "2", 1, &done, NULL));
        ck_assert(SetFileTime(file, NULL, NULL, &time));
        CloseHandle(file);
    }
    end();
    ck_assert_uint_eq(report.change_count, 1);
    ck_assert_str_eq(report.changes[0].what, "changed");
}
END_TEST

/* --- edges --------------------------------------------------------------------------------------
 */

START_TEST(protect__held_open__failed_and_told)
{
    HANDLE held;

    begin();
    scratch_write("ws\\.envrc", "x");
    held = CreateFileW(
        scratch_path_w("ws\\.envrc"), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(held != INVALID_HANDLE_VALUE);
    end();
    CloseHandle(held);
    ck_assert(says(only_item("ws\\.envrc", SBX_PROTECT_FAILED), "could not be renamed"));
}
END_TEST

START_TEST(protect__format__is_json_with_both_keys)
{
    struct sbx_json_writer w;
    struct sbx_buf json;

    begin();
    scratch_mkdir("ws\\.idea");
    end();
    sbx_buf_init(&json, 1u << 20);
    sbx_json_writer_begin(&w, &json, false);
    sbx_json_begin_object(&w);
    sbx_protect_format(&report, &w);
    sbx_json_end_object(&w);
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    ck_assert_ptr_nonnull(strstr(json.data, "\"protected\":[{\"path\":"));
    ck_assert_ptr_nonnull(strstr(json.data, "\"action\":\"quarantined\""));
    ck_assert_ptr_nonnull(strstr(json.data, "\"integrity\":{\"changed\":[]"));
    ck_assert_ptr_nonnull(strstr(json.data, "\"truncated\":false"));
    sbx_buf_done(&json);
}
END_TEST

START_TEST(protect__null_and_cancel__nothing)
{
    ck_assert_sbx_ok(sbx_protect_end(NULL, &report, &err), &err);
    ck_assert_uint_eq(report.roots_watched, 0);
    sbx_protect_cancel(NULL);
    begin();
    scratch_mkdir("ws\\.idea");
    sbx_protect_cancel(protect);
    protect = NULL;
    ck_assert(scratch_exists("ws\\.idea"));
}
END_TEST

/* --- the working directory, between finding it and planning ------------------------------------
 */

START_TEST(facts__cwd_became_a_link__refused)
{
    struct sbx_strings none = {0};
    char link[1000];

    use_policy("{\"mode\":\"unelevated\"}");
    ck_assert_sbx_ok(sbx_facts_places(root, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_facts_roots(&run_policy, &none, &facts, &err), &err);
    sbx_facts_done(&facts);
    ck_assert_sbx_ok(sbx_facts_places(root, &facts, &err), &err);
    other_name_of_root(link, sizeof(link));
    free(facts.cwd);
    ck_assert_sbx_ok(sbx_strdup(link, &facts.cwd, &err), &err);
    ck_assert_int_eq(sbx_facts_roots(&run_policy, &none, &facts, &err), SBX_DENIED);
    ck_assert_msg(strstr(err.context, "became a link") != NULL, "%s", err.context);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, protect_case_setup, protect_case_teardown);
    tcase_add_test(tcase, protect__policy_report__left_and_told);
    tcase_add_test(tcase, protect__policy_quarantine__git_too);
    tcase_add_test(tcase, protect__policy_adds_name__watched_in_any_case);
    tcase_add_test(tcase, protect__read_only__nothing_watched);
    tcase_add_test(tcase, protect__git_write__changes_told_new_hooks_aside);
    tcase_add_test(tcase, protect__git_write_same_size_and_time__content_tells);
    tcase_add_test(tcase, protect__held_open__failed_and_told);
    tcase_add_test(tcase, protect__format__is_json_with_both_keys);
    tcase_add_test(tcase, protect__null_and_cancel__nothing);
    tcase_add_test(tcase, facts__cwd_became_a_link__refused);
}

UNIT_MAIN("protect_policy", add_tests)
