/* plan: mode, network, identity and roots. Every refusal names the object, the rule and a fix. */
#include "shared/core/plan.h"

#include <stdio.h>

#include "shared/core/capsid.h"
#include "shared/core/json.h"
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

static void assert_says(const struct sbx_error *err, const char *word)
{
    ck_assert_msg(
        strstr(err->context, word) != NULL, "\"%s\" does not say '%s'", err->context, word);
    ck_assert_msg(err->hint[0] != '\0', "no hint: %s", err->context);
    ck_assert_ptr_null(strchr(err->context, '\n'));
}

/* --- mode ----------------------------------------------------------------------------------- */

static const struct mode_row {
    const char *machine, *policy;
    bool is_operator, installed, in_group;
    enum sbx_status status;
    enum sbx_mode mode;
} modes[] = {
    {NULL, "{}", false, false, false, SBX_OK, SBX_MODE_UNELEVATED},
    {NULL, "{}", false, true, false, SBX_OK, SBX_MODE_UNELEVATED},
    {NULL, "{}", true, true, false, SBX_OK, SBX_MODE_ELEVATED},
    {NULL, "{}", true, false, false, SBX_NOT_SETUP, 0},
    {NULL, "{}", false, false, true, SBX_DENIED, 0},
    {NULL, "{}", true, true, true, SBX_DENIED, 0},
    {NULL, "{\"mode\":\"elevated\"}", false, false, false, SBX_NOT_SETUP, 0},
    {NULL, "{\"mode\":\"elevated\"}", false, true, false, SBX_NOT_SETUP, 0},
    {NULL, "{\"mode\":\"elevated\"}", true, true, false, SBX_OK, SBX_MODE_ELEVATED},
    {NULL, "{\"mode\":\"unelevated\"}", false, false, false, SBX_OK, SBX_MODE_UNELEVATED},
    {NULL, "{\"mode\":\"unelevated\"}", true, true, false, SBX_DENIED, 0},
    {NULL, "{\"mode\":\"unelevated\"}", true, false, false, SBX_DENIED, 0},
    {"{\"allowUnelevated\":true}", "{\"mode\":\"unelevated\"}", true, true, false, SBX_OK,
        SBX_MODE_UNELEVATED},
    {"{\"allowUnelevated\":true}", "{}", true, true, false, SBX_OK, SBX_MODE_ELEVATED},
    {"{\"allowUnelevated\":true}", "{}", true, false, false, SBX_OK, SBX_MODE_UNELEVATED},
    {"{\"allowUnelevated\":false}", "{\"mode\":\"unelevated\"}", true, true, false, SBX_DENIED, 0},
};

START_TEST(plan__mode__follows_installation_and_operator)
{
    const struct mode_row *row = &modes[_i];
    struct sbx_error err;

    if (row->installed)
        world_install(&w);
    w.facts.is_operator = row->is_operator;
    w.facts.in_sandbox_group = row->in_group;
    world_policies(&w, row->machine, row->policy);
    ck_assert_int_eq(world_plan(&w, &err), row->status);
    if (row->status == SBX_OK)
        ck_assert_int_eq(w.plan.mode, row->mode);
    else
        assert_says(&err, row->in_group ? "AgentSandboxUsers" : "elevated");
}
END_TEST

/* --- network -------------------------------------------------------------------------------- */

static const struct network_row {
    const char *policy;
    bool installed;
    enum sbx_status status;
    enum sbx_network network;
    bool defaulted;
    const char *account; /* or what the refusal names */
} networks[] = {
    {"{}", false, SBX_OK, SBX_NETWORK_ADVISORY, true, ""},
    {"{}", true, SBX_OK, SBX_NETWORK_NONE, true, "AgentSandboxOffline"},
    {"{\"network\":{\"access\":\"none\"}}", false, SBX_UNSUPPORTED, 0, false, "none"},
    {"{\"network\":{\"access\":\"none\"}}", true, SBX_OK, SBX_NETWORK_NONE, false,
        "AgentSandboxOffline"},
    {"{\"network\":{\"access\":\"advisory\"}}", false, SBX_OK, SBX_NETWORK_ADVISORY, false, ""},
    {"{\"network\":{\"access\":\"advisory\"}}", true, SBX_OK, SBX_NETWORK_ADVISORY, false,
        "AgentSandboxOnline"},
    {"{\"network\":{\"access\":\"full\"}}", false, SBX_OK, SBX_NETWORK_FULL, false, ""},
    {"{\"network\":{\"access\":\"full\"}}", true, SBX_OK, SBX_NETWORK_FULL, false,
        "AgentSandboxOnline"},
    {"{\"network\":{\"access\":\"allowlist\"}}", false, SBX_UNSUPPORTED, 0, false, "allowlist"},
    {"{\"network\":{\"access\":\"allowlist\"}}", true, SBX_UNSUPPORTED, 0, false, "proxy"},
    {"{\"network\":{\"allowedDomains\":[\"a.example\"]}}", false, SBX_UNSUPPORTED, 0, false,
        "allowlist"},
    {"{\"network\":{\"allowedDomains\":[]}}", false, SBX_UNSUPPORTED, 0, false, "none"},
    {"{\"network\":{\"allowedDomains\":[]}}", true, SBX_OK, SBX_NETWORK_NONE, false,
        "AgentSandboxOffline"},
    {"{\"network\":{\"deniedDomains\":[\"a.example\"]}}", false, SBX_UNSUPPORTED, 0, false,
        "deniedDomains"},
    {"{\"network\":{\"deniedDomains\":[\"a.example\"],\"access\":\"full\"}}", true, SBX_UNSUPPORTED,
        0, false, "deniedDomains"},
    {"{\"network\":{\"deniedDomains\":[\"a.example\"],\"access\":\"none\"}}", true, SBX_OK,
        SBX_NETWORK_NONE, false, "AgentSandboxOffline"},
    {"{\"network\":{\"allowLocalBinding\":true}}", true, SBX_UNSUPPORTED, 0, false,
        "allowLocalBinding"},
    {"{\"filesystem\":{\"denyRead\":[\"C:\\\\k\"]}}", false, SBX_UNSUPPORTED, 0, false, "denyRead"},
    {"{\"filesystem\":{\"denyRead\":[\"C:\\\\k\"]}}", true, SBX_OK, SBX_NETWORK_NONE, true,
        "AgentSandboxOffline"},
};

START_TEST(plan__network__is_what_the_mode_can_do)
{
    const struct network_row *row = &networks[_i];
    struct sbx_error err;

    if (row->installed)
        world_install(&w);
    world_policy(&w, row->policy);
    ck_assert_int_eq(world_plan(&w, &err), row->status);
    if (row->status != SBX_OK) {
        assert_says(&err, row->account);
        return;
    }
    ck_assert_int_eq(w.plan.network, row->network);
    ck_assert_int_eq(w.plan.network_defaulted, row->defaulted);
    ck_assert_str_eq(w.plan.account, row->account);
    ck_assert_str_eq(w.plan.user_sid, !row->account[0]                       ? WORLD_CALLER
                                      : row->network >= SBX_NETWORK_ADVISORY ? WORLD_ONLINE
                                                                             : WORLD_OFFLINE);
}
END_TEST

START_TEST(plan__installation_without_accounts__is_not_set_up)
{
    struct sbx_error err;

    world_install(&w);
    world_set(&w.facts.offline_account_sid, NULL);
    ck_assert_int_eq(world_plan(&w, &err), SBX_NOT_SETUP);
    world_policy(&w, "{\"network\":{\"access\":\"full\"}}");
    world_must_plan(&w);
    world_set(&w.facts.group_sid, NULL);
    ck_assert_int_eq(world_plan(&w, &err), SBX_NOT_SETUP);
}
END_TEST

START_TEST(plan__installation_problem__is_told)
{
    struct sbx_error err;

    w.facts.is_operator = true;
    world_set(&w.facts.installation_problem, "the runner was changed");
    ck_assert_int_eq(world_plan(&w, &err), SBX_NOT_SETUP);
    assert_says(&err, "the runner was changed");
}
END_TEST

START_TEST(plan__set_account__changes_user_and_its_name)
{
    struct sbx_error err;

    world_env(&w, "USERNAME", "me");
    world_must_plan(&w);
    ck_assert_int_eq(
        sbx_plan_set_account(&w.plan, "AgentSandboxOffline2", WORLD_ONLINE, &err), SBX_INTERNAL);
    world_install(&w);
    world_must_plan(&w);
    ck_assert(!w.plan.online);
    ck_assert_str_eq(sbx_env_get(&w.plan.environment, "USERNAME"), "AgentSandboxOffline");
    ck_assert_sbx_ok(
        sbx_plan_set_account(&w.plan, "AgentSandboxOffline2", "S-1-5-21-9", &err), &err);
    ck_assert_str_eq(w.plan.account, "AgentSandboxOffline2");
    ck_assert_str_eq(w.plan.user_sid, "S-1-5-21-9");
    ck_assert_str_eq(sbx_env_get(&w.plan.environment, "USERNAME"), "AgentSandboxOffline2");
    world_policy(&w, "{\"environment\":{\"set\":{\"USERNAME\":\"x\"}},"
                     "\"network\":{\"access\":\"full\"}}");
    world_must_plan(&w);
    ck_assert(w.plan.online);
    ck_assert_sbx_ok(
        sbx_plan_set_account(&w.plan, "AgentSandboxOnline2", "S-1-5-21-8", &err), &err);
    ck_assert_str_eq(sbx_env_get(&w.plan.environment, "USERNAME"), "x");
}
END_TEST

/* --- recipe and run ------------------------------------------------------------------------- */

START_TEST(plan__recipe__is_the_calibrated_one)
{
    world_must_plan(&w);
    ck_assert_int_eq(w.plan.recipe, SBX_TOKEN_STANDARD);
    w.facts.calibrated_elevated = SBX_TOKEN_STRICT; /* of the other mode: counts for nothing */
    world_must_plan(&w);
    ck_assert_int_eq(w.plan.recipe, SBX_TOKEN_STANDARD);
    w.facts.calibrated_unelevated = SBX_TOKEN_ISOLATED;
    world_must_plan(&w);
    ck_assert_int_eq(w.plan.recipe, SBX_TOKEN_ISOLATED);
    ck_assert_int_eq(sbx_plan_auto_recipe(&w.facts, SBX_MODE_ELEVATED), SBX_TOKEN_STRICT);
    w.facts.calibrated_unelevated = (enum sbx_token_choice)77; /* no recipe: the known one */
    world_must_plan(&w);
    ck_assert_int_eq(w.plan.recipe, SBX_TOKEN_STANDARD);
    world_policy(&w, "{\"token\":\"strict\"}");
    world_must_plan(&w);
    ck_assert_int_eq(w.plan.recipe, SBX_TOKEN_STRICT);
}
END_TEST

START_TEST(plan__run_sid__comes_from_the_random_bytes)
{
    char first[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;

    world_must_plan(&w);
    ck_assert_int_eq(sbx_sid_parse(w.plan.run_sid, &sid, NULL), SBX_OK);
    ck_assert(sbx_capsid_is_ours(&sid));
    sbx_sid_format(&sid, first);
    w.facts.random[3] ^= 1;
    world_must_plan(&w);
    ck_assert_str_ne(w.plan.run_sid, first);
}
END_TEST

START_TEST(plan__the_rest__is_taken_over)
{
    world_policy(&w, "{\"background\":true,\"desktop\":\"interactive\",\"git\":\"write\","
                     "\"limits\":{\"timeoutSeconds\":5,\"processes\":9,\"ui\":\"best-effort\"},"
                     "\"protect\":{\"add\":[\"SECRETS\",\".GIT\"],\"onCreated\":\"report\"}}");
    world_must_plan(&w);
    ck_assert(w.plan.background);
    ck_assert_int_eq(w.plan.desktop, SBX_DESKTOP_INTERACTIVE);
    ck_assert_int_eq(w.plan.git, SBX_GIT_WRITE);
    ck_assert_uint_eq(w.plan.limits.timeout_ms, 5000);
    ck_assert_uint_eq(w.plan.limits.processes, 9);
    ck_assert_int_eq(w.plan.limits.ui, SBX_UI_BEST_EFFORT);
    ck_assert_int_eq(w.plan.on_created_protected, SBX_ON_CREATED_REPORT);
    ck_assert_uint_eq(w.plan.protected_names.count, 16); /* 15 built in, .GIT is one of them */
    ck_assert_str_eq(w.plan.protected_names.items[15], "SECRETS");
    ck_assert_uint_eq(strlen(w.plan.policy_hash), 64);
    ck_assert_str_eq(w.plan.cwd, WORLD_CWD);
}
END_TEST

START_TEST(plan__protect_remove__shortens_the_list)
{
    world_policies(&w, "{\"protect\":{\"remove\":[\".IDEA\"]}}", "{}");
    world_must_plan(&w);
    ck_assert_uint_eq(w.plan.protected_names.count, 14);
}
END_TEST

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
    assert_says(&err, row->rule);
    assert_says(&err, row->path);
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
    assert_says(&err, row->rule);
    assert_says(&err, row->path);
    assert_says(&err, "link");
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
    assert_says(&err, words[_i]);
    assert_says(&err, WORLD_CWD);
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
    assert_says(&err, "machine's policy");
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

/* --- as JSON -------------------------------------------------------------------------------- */

START_TEST(plan__format__shows_everything_but_values)
{
    static const char *const words[] = {"\"mode\": \"elevated\"", "\"recipe\": \"standard\"",
        "WRITE_RESTRICTED", WORLD_OFFLINE, "S-1-1-0", "logon SID", "\"aces\"", "0x001201BF",
        "0x000D0156", "\"deny\"", "\"why\": \"protected\"", "\"OI\"", "PATH", "MY_TOKEN",
        "\"processes\": 512", "\"timeoutMs\": null", "\"desktop\": \"private\"",
        "\"access\": \"none\"", "\"enforced\": true", ".envrc", "\"policyHash\"", "\"warnings\""};
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    struct sbx_error err;
    struct sbx_buf json;
    size_t i;

    world_install(&w);
    world_policy(&w, "{\"environment\":{\"pass\":[\"MY_*\"],\"set\":{\"K\":\"hidden-value\"}}}");
    world_env(&w, "MY_TOKEN", "hidden-value");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    world_must_plan(&w);
    sbx_buf_init(&json, 1u << 20);
    ck_assert_sbx_ok(sbx_plan_format(&w.plan, &json, &err), &err);
    for (i = 0; i < countof(words); i++)
        ck_assert_msg(strstr(json.data, words[i]) != NULL, "no %s in %s", words[i], json.data);
    ck_assert_ptr_null(strstr(json.data, "hidden-value"));
    ck_assert_sbx_ok(sbx_json_parse(json.data, json.length_bytes, NULL, &doc, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(doc, &root, &err), &err);
    sbx_json_free(doc);
    sbx_buf_done(&json);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(
        tcase, plan__mode__follows_installation_and_operator, 0, (int)countof(modes));
    tcase_add_loop_test(tcase, plan__network__is_what_the_mode_can_do, 0, (int)countof(networks));
    tcase_add_test(tcase, plan__installation_without_accounts__is_not_set_up);
    tcase_add_test(tcase, plan__installation_problem__is_told);
    tcase_add_test(tcase, plan__set_account__changes_user_and_its_name);
    tcase_add_test(tcase, plan__recipe__is_the_calibrated_one);
    tcase_add_test(tcase, plan__run_sid__comes_from_the_random_bytes);
    tcase_add_test(tcase, plan__the_rest__is_taken_over);
    tcase_add_test(tcase, plan__protect_remove__shortens_the_list);
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
    tcase_add_test(tcase, plan__format__shows_everything_but_values);
}

UNIT_MAIN("plan", add_tests)
