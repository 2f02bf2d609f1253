/* plan: mode, network, identity, recipe and limits of a run, and the plan as JSON. */
#include "shared/core/plan.h"

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
        world_ck_says(&err, row->in_group ? "AgentSandboxUsers" : "elevated");
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
        world_ck_says(&err, row->account);
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
    world_ck_says(&err, "the runner was changed");
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
    tcase_add_test(tcase, plan__format__shows_everything_but_values);
}

UNIT_MAIN("plan_mode", add_tests)
