/* Facts of a run: what a policy names by another name than the volume does. */
#include "tests/support/protect/protectcase.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"

#include <stdio.h>

/* JSON text of a path. */
static void quote(const char *path, char *ret_text)
{
    for (; *path; path++) {
        if (*path == '\\')
            *ret_text++ = '\\';
        *ret_text++ = *path;
    }
    *ret_text = '\0';
}

static void gather(const char *key, const char *path)
{
    struct sbx_strings none = {0};
    char quoted[3000], json[3200];

    quote(path, quoted);
    snprintf(json, sizeof(json), "{\"mode\":\"unelevated\",\"filesystem\":{\"%s\":[\"%s\"]}}", key,
        quoted);
    use_policy(json);
    ck_assert_sbx_ok(sbx_facts_places(root, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_facts_roots(&run_policy, &none, &facts, &err), &err);
}

static bool has_denied(const char *path)
{
    size_t i;

    for (i = 0; i < facts.object_count; i++)
        if (facts.objects[i].kind == SBX_OBJECT_DENY_WRITE &&
            strcmp(facts.objects[i].path, path) == 0)
            return true;
    return false;
}

START_TEST(deny_write__by_another_name_of_the_root__is_denied)
{
    char name[1100];

    other_name_of_root(name, sizeof(name));
    strcat(name, "\\src");
    gather("denyWrite", name);
    ck_assert_msg(has_denied(scratch_path("ws\\src")), "%s", name);
}
END_TEST

START_TEST(deny_write__another_name_of_the_root_itself__no_root)
{
    char name[1100];

    other_name_of_root(name, sizeof(name));
    gather("denyWrite", name);
    if (!platform_is_wine()) /* a junction is the object there, and is told as a link */
        return;
    ck_assert(has_denied(root));
    ck_assert_sbx_ok(sbx_plan_make(&run_policy, &facts, &plan, &err), &err);
    have_plan = true;
    ck_assert(!plan.roots[0].writable);
}
END_TEST

START_TEST(deny_write__short_name__is_the_long_one)
{
    wchar_t short_w[600];
    char name[1000];
    size_t i;
    DWORD cch;

    scratch_mkdir("ws\\a long directory name");
    scratch_write("ws\\a long directory name\\secret.file.txt", "x");
    cch = GetShortPathNameW(
        scratch_path_w("ws\\a long directory name\\secret.file.txt"), short_w, 600);
    ck_assert_uint_gt(cch, 0);
    for (i = 0; i <= cch; i++)
        name[i] = (char)short_w[i];
    gather("denyWrite", name);
    ck_assert_msg(
        has_denied(scratch_path("ws\\a long directory name\\secret.file.txt")), "%s", name);
}
END_TEST

START_TEST(deny_write__other_case_of_no_ascii_letter__is_denied)
{
    char name[1000];

    scratch_mkdir("ws\\\xC3\xA4");
    scratch_mkdir("ws\\\xC3\xA4\\inner");
    snprintf(name, sizeof(name), "%s\\\xC3\x84\\INNER", root);
    gather("denyWrite", name);
    ck_assert(has_denied(scratch_path("ws\\\xC3\xA4\\inner")));
}
END_TEST

START_TEST(deny_write__what_is_not_there_or_elsewhere__says_nothing)
{
    char name[1000];

    snprintf(name, sizeof(name), "%s\\no such\\name", root);
    gather("denyWrite", name);
    ck_assert_uint_eq(facts.object_count, 0);
    sbx_facts_done(&facts);
    sbx_policy_done(&run_policy);
    gather("denyWrite", scratch_path("outside"));
    ck_assert_uint_eq(facts.object_count, 0);
}
END_TEST

/* git writes the path that it was given into the `.git` file of a worktree. */
START_TEST(git_file__short_name_of_its_repository__is_the_long_one)
{
    struct sbx_object_fact object = {0};
    wchar_t short_w[600];
    char text[1000] = "gitdir: ";
    size_t i, at = strlen(text);
    DWORD cch;

    scratch_mkdir("ws\\a long directory name");
    scratch_mkdir("ws\\a long directory name\\modules.folder");
    cch = GetShortPathNameW(
        scratch_path_w("ws\\a long directory name\\modules.folder"), short_w, 600);
    ck_assert_uint_gt(cch, 0);
    for (i = 0; i <= cch; i++)
        text[at + i] = (char)short_w[i];
    scratch_write("ws\\.git", text);
    ck_assert_sbx_ok(sbx_facts_git_targets(scratch_path("ws\\.git"), root, &object, &err), &err);
    ck_assert_str_eq(
        object.gitdir_target, scratch_path("ws\\a long directory name\\modules.folder"));
    free(object.gitdir_target);
    free(object.commondir_target);
}
END_TEST

/* --- places ------------------------------------------------------------------------------------
 */

/* CreateFileW takes 259 characters without a prefix. */
START_TEST(cwd__longer_than_a_path_without_prefix__is_found)
{
    wchar_t path_w[1200];
    char path[1000];
    size_t i, length = (size_t)snprintf(path, sizeof(path), "%s", root);
    char *slash;

    if (platform_is_wine())
        UNIT_SKIP("names of open folders end at 260 characters: %s", "Wine");
    for (i = 0; i < 3; i++) {
        length += (size_t)snprintf(path + length, sizeof(path) - length, "\\%0100u", (unsigned)i);
        for (slash = path; *slash; slash++)
            path_w[4 + (slash - path)] = (wchar_t)(unsigned char)*slash;
        path_w[4 + length] = 0;
        memcpy(path_w, L"\\\\?\\", 4 * sizeof(wchar_t));
        ck_assert(CreateDirectoryW(path_w, NULL));
    }
    ck_assert_sbx_ok(sbx_facts_places(path, &facts, &err), &err);
    ck_assert_str_eq(facts.cwd, path);
}
END_TEST

/* A protected list: one entry for the user. */
static void set_list(HANDLE folder, const char *entry)
{
    char text[300], user[SBX_SID_TEXT_SIZE];
    struct sbx_descriptor descriptor = {0};
    struct sbx_sid sid;
    struct sbx_buf bytes;

    ck_assert_sbx_ok(sbx_sid_of_current_user(&sid, &err), &err);
    sbx_sid_format(&sid, user);
    snprintf(text, sizeof(text), "D:P(%s;;;%s)", entry, user);
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_sd_from_sddl(text, &descriptor, &err), &err);
    ck_assert_sbx_ok(sbx_descriptor_serialise(&descriptor, &bytes, &err), &err);
    ck_assert(SetKernelObjectSecurity(folder, DACL_SECURITY_INFORMATION, bytes.data));
    sbx_buf_done(&bytes);
    sbx_descriptor_done(&descriptor);
}

static HANDLE open_for_lists(const char *name)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = READ_CONTROL | WRITE_DAC};
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_open(scratch_path(name), &how, &handle, &err), &err);
    return handle;
}

/* Such a folder can be gone through, and a link in it would be followed unseen. */
START_TEST(cwd__below_a_closed_folder_of_a_root__refused)
{
    enum sbx_status status;
    HANDLE folder;

    if (platform_is_stock_wine())
        UNIT_SKIP("files keep no access lists: %s", "stock Wine");
    scratch_mkdir("ws\\closed");
    scratch_mkdir("ws\\closed\\inner");
    begin();
    sbx_plan_done(&plan);
    have_plan = false;
    sbx_facts_done(&facts);
    folder = open_for_lists("ws\\closed");
    set_list(folder, "A;;0x20000"); /* no SYNCHRONIZE, whatever the folder above implies */
    status = sbx_facts_places(scratch_path("ws\\closed\\inner"), &facts, &err);
    set_list(folder, "A;OICI;FA");
    sbx_handle_close(&folder);
    ck_assert_int_eq(status, SBX_DENIED);
    ck_assert_msg(strstr(err.context, "can have made") != NULL, "%s", err.context);
}
END_TEST

/* Its owner may change its list and not look into it. */
START_TEST(grant__folder_that_its_owner_cannot_list__stamped)
{
    HANDLE folder;

    if (platform_is_stock_wine())
        UNIT_SKIP("files keep no access lists: %s", "stock Wine");
    scratch_mkdir("ws\\closed");
    folder = open_for_lists("ws\\closed");
    set_list(folder, "A;;0x160080"); /* attributes, SYNCHRONIZE, READ_CONTROL, WRITE_DAC */
    begin();
    end();
    set_list(folder, "A;OICI;FA");
    sbx_handle_close(&folder);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, protect_case_setup, protect_case_teardown);
    tcase_add_test(tcase, deny_write__by_another_name_of_the_root__is_denied);
    tcase_add_test(tcase, deny_write__another_name_of_the_root_itself__no_root);
    tcase_add_test(tcase, deny_write__short_name__is_the_long_one);
    tcase_add_test(tcase, deny_write__other_case_of_no_ascii_letter__is_denied);
    tcase_add_test(tcase, deny_write__what_is_not_there_or_elsewhere__says_nothing);
    tcase_add_test(tcase, git_file__short_name_of_its_repository__is_the_long_one);
    tcase_add_test(tcase, cwd__longer_than_a_path_without_prefix__is_found);
    tcase_add_test(tcase, cwd__below_a_closed_folder_of_a_root__refused);
    tcase_add_test(tcase, grant__folder_that_its_owner_cannot_list__stamped);
}

UNIT_MAIN("protect_facts", add_tests)
