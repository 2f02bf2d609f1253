/*
 * plan: which roots there are, and which places are refused. Every refusal names the object, the
 * rule and a fix. Mode, network and identity are in test_plan_mode.c.
 */
#include "shared/core/plan.h"

#include <stdio.h>

#include "tests/support/unit.h"
#include "tests/support/world.h"

static struct world w;

static void setup(void)
{
    world_open(&w);
}

static void teardown(void)
{
    world_close(&w);
}

/* --- roots ---------------------------------------------------------------------------------- */

START_TEST(plan__workspace_write__makes_cwd_and_list_writable)
{
    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"D:\\\\out\"]}}");
    world_root(&w, "D:\\out");
    world_must_plan(&w);
    ck_assert_uint_eq(w.plan.root_count, 2);
    ck_assert(world_planned(&w, WORLD_CWD)->writable);
    ck_assert(world_planned(&w, "D:\\out")->writable);
    ck_assert_uint_eq(w.plan.capability_sids.count, 2);
    ck_assert_str_eq(w.plan.capability_sids.items[0], world_planned(&w, WORLD_CWD)->capability_sid);
    ck_assert_str_ne(w.plan.capability_sids.items[0], w.plan.capability_sids.items[1]);
}
END_TEST

START_TEST(plan__read_only__makes_nothing_writable)
{
    world_policy(&w, "{\"profile\":\"read-only\"}");
    world_must_plan(&w);
    ck_assert(!world_planned(&w, WORLD_CWD)->writable);
    ck_assert_uint_eq(w.plan.capability_sids.count, 0);
    ck_assert_uint_eq(w.plan.ace_count, 0);
}
END_TEST

START_TEST(plan__read_only_with_a_list__makes_the_list_writable)
{
    world_policy(&w, "{\"profile\":\"read-only\",\"filesystem\":{\"allowWrite\":[\"D:\\\\out\"]}}");
    world_root(&w, "D:\\out");
    world_must_plan(&w);
    ck_assert(!world_planned(&w, WORLD_CWD)->writable);
    ck_assert(world_planned(&w, "D:\\out")->writable);
    ck_assert_uint_eq(w.plan.capability_sids.count, 1);
}
END_TEST

START_TEST(plan__one_folder_by_two_names__is_one_root)
{
    struct sbx_root_fact *root;

    world_policy(&w, "{\"profile\":\"read-only\",\"filesystem\":{\"allowWrite\":[\".\"]}}");
    root = world_root(&w, "D:\\PROJ~1"); /* as if it had not been resolved */
    memcpy(root->file_id, w.facts.roots[0].file_id, sizeof(root->file_id));
    world_must_plan(&w);
    ck_assert_uint_eq(w.plan.root_count, 1);
    ck_assert(w.plan.roots[0].writable);
    ck_assert_uint_eq(w.plan.capability_sids.count, 1);
}
END_TEST

START_TEST(plan__capability__follows_the_file_id)
{
    char *first = NULL;
    struct sbx_error err;

    world_must_plan(&w);
    ck_assert_sbx_ok(sbx_strdup(w.plan.roots[0].capability_sid, &first, &err), &err);
    w.facts.roots[0].file_id[2] ^= 1; /* a new directory at the old path */
    world_must_plan(&w);
    ck_assert_str_ne(w.plan.roots[0].capability_sid, first);
    free(first);
}
END_TEST

static const struct deny_row {
    const char *deny;
    const char *object; /* a fact, or NULL */
    bool writable;
} denied[] = {
    {"D:\\\\proj", NULL, false},
    {"D:\\\\", NULL, false},
    {".", NULL, false},
    {"d:/PROJ/", NULL, false},
    {"D:\\\\proj\\\\sub", NULL, true},
    {"D:\\\\pro", NULL, true},
    {"~\\\\x", "D:\\proj", false},
    {"**\\\\*.pem", NULL, true},
};

START_TEST(plan__deny_write__beats_the_grant)
{
    const struct deny_row *row = &denied[_i];
    char policy[256];

    snprintf(policy, sizeof(policy), "{\"filesystem\":{\"denyWrite\":[\"%s\"]}}", row->deny);
    world_policy(&w, policy);
    if (row->object)
        world_object(&w, SBX_OBJECT_DENY_WRITE, row->object);
    world_must_plan(&w);
    ck_assert_msg(world_planned(&w, WORLD_CWD)->writable == row->writable, "%s", row->deny);
    ck_assert_uint_eq(w.plan.capability_sids.count, row->writable ? 1 : 0);
    if (!row->writable)
        ck_assert_msg(strstr(w.plan.warnings.items[0], "denyWrite") != NULL, "no warning");
}
END_TEST

/* --- refused roots (design 4) ---------------------------------------------------------------- */

static const struct place {
    const char *path;
    const char *rule; /* NULL: allowed */
} places[] = {
    {"C:\\", "volume"},
    {"E:\\", "volume"},
    {"C:\\Windows", "Windows folder"},
    {"C:\\Windows\\Temp\\x", "Windows folder"},
    {"C:\\WINDOWS\\system32", "Windows folder"},
    {"c:\\Windows", "rewrite"},
    {"D:\\proj\\..\\..\\Windows", "rewrite"},
    {"C:\\Windows2", NULL},
    {"C:\\Program Files", "Program Files"},
    {"C:\\Program Files\\App", "Program Files"},
    {"C:\\Program Files (x86)\\App", "Program Files"},
    {"C:\\ProgramData", "ProgramData"},
    {"C:\\ProgramData\\Jenkins\\work", NULL},
    {"C:\\ProgramData\\AgentSandbox", "own state"},
    {"C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\StartUp", "at logon"},
    {"C:\\ProgramData\\Microsoft", "at logon"},
    {"C:\\ProgramData\\Microsoftish", NULL},
    {"C:\\ProgramData\\AgentSandbox\\work", "own state"},
    {"C:\\Users", "all user profiles"},
    {"C:\\Users\\me", "whole user profile"},
    {"C:\\Users\\other", "whole user profile"},
    {"C:\\Users\\me\\src\\proj", NULL},
    {"C:\\Users\\me\\AppData", "AppData"},
    {"C:\\Users\\me\\AppData\\Local", "AppData"},
    {"C:\\Users\\me\\AppData\\LocalLow", "AppData"},
    {"C:\\Users\\me\\AppData\\Roaming", "AppData"},
    {"C:\\Users\\me\\AppData\\Local\\Temp\\p", NULL},
    {"C:\\Users\\me\\AppData\\Roaming\\Microsoft", "Startup"},
    {"C:\\Users\\me\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup",
        "Startup"},
    {"C:\\Users\\me\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\x",
        "Startup"},
    {"C:\\Users\\me\\Documents", "PowerShell"},
    {"C:\\Users\\me\\Documents\\PowerShell", "PowerShell"},
    {"C:\\Users\\me\\Documents\\WindowsPowerShell\\Modules", "PowerShell"},
    {"C:\\Users\\me\\Documents\\proj", NULL},
    {"D:\\tools\\bin", "PATH"},
    {"D:\\Tools\\BIN", "PATH"},
    {"D:\\tools\\bin\\proj", NULL},
    {"D:\\tools\\sandbox", "agent.exe"},
    {"D:\\tools\\sandbox\\x", "agent.exe"},
    {"D:\\tools", "agent.exe"},
    {"C:\\Users\\me\\AppData\\Local\\AgentSandbox", "own state"},
    {"C:\\Users\\me\\AppData\\Local\\AgentSandbox\\tmp\\1", "own state"},
    {"\\\\server\\share\\p", "another computer"},
    {"\\\\?\\Volume{c0000000-0000-0000-0000-000000000000}\\p", "drive letter"},
};

static void move_cwd(const char *path)
{
    world_set(&w.facts.cwd, path);
    world_set(&w.facts.roots[0].path, path);
    world_set(&w.facts.roots[0].asked, path);
    world_set(&w.facts.roots[0].asked_path, path);
}

START_TEST(plan__forbidden_place__is_refused_as_cwd)
{
    const struct place *row = &places[_i];
    struct sbx_error err;

    move_cwd(row->path);
    if (!row->rule) {
        world_must_plan(&w);
        ck_assert(w.plan.roots[0].writable);
        return;
    }
    ck_assert_msg(world_plan(&w, &err) == SBX_DENIED, "'%s' was accepted", row->path);
    world_ck_says(&err, row->rule);
    world_ck_says(&err, row->path);
    ck_assert_ptr_nonnull(strstr(err.hint, "--profile read-only"));
    world_policy(&w, "{\"profile\":\"read-only\"}"); /* the fix that the hint names */
    world_must_plan(&w);
}
END_TEST

START_TEST(plan__forbidden_place__is_refused_as_allow_write)
{
    const struct place *row = &places[_i];
    struct sbx_error err;

    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"link\"]}}");
    world_root(&w, row->path);
    world_set(&w.facts.roots[1].asked, "link"); /* the target counts, not the name */
    world_set(&w.facts.roots[1].asked_path, "D:\\proj\\link");
    if (!row->rule) {
        world_must_plan(&w);
        return;
    }
    ck_assert_msg(world_plan(&w, &err) == SBX_DENIED, "'%s' was accepted", row->path);
    world_ck_says(&err, row->rule);
    world_ck_says(&err, row->path);
    world_ck_says(&err, "link");
}
END_TEST

enum defect { MISSING, FILE_ROOT, NOT_FIXED, NO_ACLS, NULL_DACL, NO_GUID, ASKED_UNC, DEFECTS };

START_TEST(plan__defective_root__is_refused)
{
    static const char *const words[DEFECTS] = {"does not exist", "file", "subst", "FAT",
        "everyone may write", "identity", "another computer"};
    struct sbx_root_fact *root = &w.facts.roots[0];
    struct sbx_error err;

    switch ((enum defect)_i) {
    case MISSING:
        root->exists = false;
        break;
    case FILE_ROOT:
        root->is_directory = false;
        break;
    case NOT_FIXED:
        root->is_local_fixed = false;
        break;
    case NO_ACLS:
        root->keeps_acls = false;
        break;
    case NULL_DACL:
        root->null_dacl = true;
        break;
    case NO_GUID:
        world_set(&root->volume_guid, NULL);
        break;
    case ASKED_UNC:
        world_set(&root->asked_path, "\\\\localhost\\d$\\proj");
        break;
    case DEFECTS:
        break;
    }
    ck_assert_int_eq(world_plan(&w, &err), SBX_DENIED);
    world_ck_says(&err, words[_i]);
    world_ck_says(&err, WORLD_CWD);
}
END_TEST

START_TEST(plan__machine_bound__is_checked_on_final_paths)
{
    struct sbx_error err;

    world_policies(&w, "{\"filesystem\":{\"allowWrite\":[\"%BASE%\"]}}", "{}");
    ck_assert_int_eq(world_plan(&w, &err), SBX_INTERNAL); /* facts that do not answer the policy */
    ck_assert_sbx_ok(sbx_calloc(1, sizeof(char *), &w.facts.write_bound, &err), &err);
    w.facts.write_bound_count = 1;
    ck_assert_int_eq(world_plan(&w, &err), SBX_DENIED); /* the bound does not exist */
    world_ck_says(&err, "machine's policy");
    world_set(&w.facts.write_bound[0], "D:\\pro");
    ck_assert_int_eq(world_plan(&w, &err), SBX_DENIED);
    world_set(&w.facts.write_bound[0], "D:\\");
    world_must_plan(&w);
    ck_assert(w.plan.roots[0].writable);
}
END_TEST

START_TEST(plan__empty_machine_bound__lets_nothing_be_written)
{
    struct sbx_error err;

    world_policies(&w, "{\"filesystem\":{\"allowWrite\":[]}}", "{}");
    ck_assert_int_eq(world_plan(&w, &err), SBX_DENIED);
    world_policies(&w, "{\"filesystem\":{\"allowWrite\":[]}}", "{\"profile\":\"read-only\"}");
    world_must_plan(&w);
}
END_TEST

START_TEST(plan__tool_folder_inside_a_root__is_warned_of)
{
    world_on_path(&w, "D:\\proj\\venv\\Scripts");
    world_must_plan(&w);
    ck_assert_uint_eq(w.plan.warnings.count, 1);
    ck_assert_ptr_nonnull(strstr(w.plan.warnings.items[0], "D:\\proj\\venv\\Scripts"));
}
END_TEST

START_TEST(plan__place_not_in_normal_form__is_an_error)
{
    struct sbx_error err;

    world_set(&w.facts.system_root, "C:\\Windows\\");
    ck_assert_int_eq(world_plan(&w, &err), SBX_INTERNAL);
}
END_TEST

START_TEST(plan__failure__leaves_the_output_alone)
{
    struct sbx_plan untouched;
    struct sbx_error err;

    memset(&untouched, 0x5A, sizeof(untouched));
    memset(&w.plan, 0x5A, sizeof(w.plan));
    w.facts.roots[0].exists = false;
    ck_assert_int_eq(sbx_plan_make(&w.policy, &w.facts, &w.plan, &err), SBX_DENIED);
    ck_assert_int_eq(memcmp(&w.plan, &untouched, sizeof(untouched)), 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, plan__workspace_write__makes_cwd_and_list_writable);
    tcase_add_test(tcase, plan__read_only__makes_nothing_writable);
    tcase_add_test(tcase, plan__read_only_with_a_list__makes_the_list_writable);
    tcase_add_test(tcase, plan__one_folder_by_two_names__is_one_root);
    tcase_add_test(tcase, plan__capability__follows_the_file_id);
    tcase_add_loop_test(tcase, plan__deny_write__beats_the_grant, 0, (int)countof(denied));
    tcase_add_loop_test(tcase, plan__forbidden_place__is_refused_as_cwd, 0, (int)countof(places));
    tcase_add_loop_test(
        tcase, plan__forbidden_place__is_refused_as_allow_write, 0, (int)countof(places));
    tcase_add_loop_test(tcase, plan__defective_root__is_refused, 0, DEFECTS);
    tcase_add_test(tcase, plan__machine_bound__is_checked_on_final_paths);
    tcase_add_test(tcase, plan__empty_machine_bound__lets_nothing_be_written);
    tcase_add_test(tcase, plan__tool_folder_inside_a_root__is_warned_of);
    tcase_add_test(tcase, plan__place_not_in_normal_form__is_an_error);
    tcase_add_test(tcase, plan__failure__leaves_the_output_alone);
}

UNIT_MAIN("plan", add_tests)
