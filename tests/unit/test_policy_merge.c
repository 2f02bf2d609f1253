/*
 * policy_merge: authority of layers. The machine bounds, the workspace narrows; shown row by row.
 * Random layers are in test_policy_merge_random.c.
 */
#include "shared/core/policy.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define LAYERS 6

/* One text per layer, in the order machine, command, file 1, file 2, user, workspace; NULL = none
 */
static const enum sbx_layer layer_of[LAYERS] = {SBX_LAYER_MACHINE, SBX_LAYER_COMMAND,
    SBX_LAYER_FILE, SBX_LAYER_FILE, SBX_LAYER_USER, SBX_LAYER_WORKSPACE};
static const char *const source_of[LAYERS] = {
    "M.json", "command line", "F1.json", "F2.json", "U.json", "W.json"};

static struct sbx_policy merged;

static void setup(void)
{
    sbx_policy_init(&merged, SBX_LAYER_MACHINE);
}

static void teardown(void)
{
    sbx_policy_done(&merged);
}

static enum sbx_status merge(const char *const texts[LAYERS], struct sbx_error *err)
{
    struct sbx_policy layers[LAYERS];
    const struct sbx_policy *list[LAYERS];
    enum sbx_status status;
    size_t i, count = 0;

    for (i = LAYERS; i-- > 0;) /* order is free: hand them over backwards, but for the files */
        if (texts[i] && layer_of[i] != SBX_LAYER_FILE)
            list[count++] = &layers[i];
    for (i = 2; i < 4; i++)
        if (texts[i])
            list[count++] = &layers[i];
    for (i = 0; i < LAYERS; i++)
        if (texts[i])
            ck_assert_sbx_ok(sbx_policy_parse(texts[i], strlen(texts[i]), layer_of[i], source_of[i],
                                 &layers[i], err),
                err);
    sbx_policy_done(&merged);
    status = sbx_policy_merge(list, count, &merged, err);
    for (i = 0; i < LAYERS; i++)
        if (texts[i])
            sbx_policy_done(&layers[i]);
    return status;
}

START_TEST(merge__no_layers__gives_the_defaults)
{
    const char *const none[LAYERS] = {NULL, NULL, NULL, NULL, NULL, NULL};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(none, &err), &err);
    ck_assert_int_eq(merged.profile, SBX_PROFILE_WORKSPACE_WRITE);
    ck_assert_int_eq(merged.mode, SBX_MODE_AUTO);
    ck_assert_int_eq(merged.token, SBX_TOKEN_AUTO);
    ck_assert_int_eq(merged.network, SBX_NETWORK_UNSET);
    ck_assert_int_eq(merged.git, SBX_GIT_DENY);
    ck_assert_int_eq(merged.on_created_protected, SBX_ON_CREATED_ADOPT);
    ck_assert_int_eq(merged.desktop, SBX_DESKTOP_PRIVATE);
    ck_assert_int_eq(merged.limits.ui, SBX_UI_ENFORCE);
    ck_assert_uint_eq(merged.limits.processes, 512);
    ck_assert_uint_eq(merged.limits.timeout_ms, 0);
    ck_assert_int_eq(merged.background, SBX_FLAG_NO);
    ck_assert_int_eq(merged.allow_local_binding, SBX_FLAG_NO);
    ck_assert_int_eq(merged.allow_unelevated, SBX_FLAG_NO);
    ck_assert_int_eq(merged.audit, SBX_FLAG_YES);
    ck_assert_int_eq(merged.event_log, SBX_EVENT_LOG_OFF);
    ck_assert(!merged.write_bound.written);
}
END_TEST

START_TEST(merge__scalars__highest_layer_wins)
{
    const char *const texts[LAYERS] = {NULL, "{\"git\":\"write\"}",
        "{\"git\":\"deny\",\"mode\":\"elevated\",\"desktop\":\"private\"}",
        "{\"mode\":\"unelevated\"}",
        "{\"mode\":\"elevated\",\"desktop\":\"interactive\",\"limits\":{\"processes\":7}}", NULL};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(merged.git, SBX_GIT_WRITE);
    ck_assert_int_eq(merged.mode, SBX_MODE_UNELEVATED); /* the later file */
    ck_assert_int_eq(merged.desktop, SBX_DESKTOP_PRIVATE);
    ck_assert_uint_eq(merged.limits.processes, 7);
}
END_TEST

START_TEST(merge__lists__add_up)
{
    const char *const texts[LAYERS] = {"{\"filesystem\":{\"denyWrite\":[\"m\"]}}",
        "{\"filesystem\":{\"allowWrite\":[\"C:\\\\a\"],\"denyWrite\":[\"c\"]}}",
        "{\"filesystem\":{\"allowWrite\":[\"C:\\\\b\",\"C:\\\\a\"]}}", NULL,
        "{\"filesystem\":{\"allowWrite\":[\"C:\\\\u\"]},\"protect\":{\"add\":[\"u\"]}}",
        "{\"filesystem\":{\"denyWrite\":[\"w\"]},\"protect\":{\"add\":[\"v\"]},"
        "\"environment\":{\"scrub\":[\"X*\"]}}"};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_uint_eq(merged.allow_write.count, 3);
    ck_assert_uint_eq(merged.deny_write.count, 3);
    ck_assert_uint_eq(merged.protect_add.count, 2);
    ck_assert_uint_eq(merged.env_scrub.count, 1);
}
END_TEST

START_TEST(merge__environment_set__highest_layer_decides_each_name)
{
    const char *const texts[LAYERS] = {"{\"environment\":{\"set\":{\"A\":\"machine\"}}}",
        "{\"environment\":{\"set\":{\"a\":\"command\",\"B\":\"command\"}}}", NULL, NULL,
        "{\"environment\":{\"set\":{\"b\":\"user\",\"C\":\"user\"}}}", NULL};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_uint_eq(merged.env_set.count, 3);
    ck_assert_str_eq(merged.env_set.items[0], "A=machine");
    ck_assert_str_eq(merged.env_set.items[1], "B=command");
    ck_assert_str_eq(merged.env_set.items[2], "C=user");
}
END_TEST

/* --- refusals: what a layer may not say, and who is named ------------------------------------- */

static const struct refused {
    const char *texts[LAYERS];
    enum sbx_status status;
    const char *names;
} refused[] = {
    {{"{\"profile\":\"read-only\"}", "{\"profile\":\"workspace-write\"}"}, SBX_DENIED, "profile"},
    {{"{\"mode\":\"elevated\"}", "{\"mode\":\"unelevated\"}"}, SBX_DENIED, "M.json"},
    {{"{\"token\":\"strict\"}", NULL, "{\"token\":\"isolated\"}"}, SBX_DENIED, "F1.json"},
    {{"{\"network\":{\"access\":\"allowlist\"}}", "{\"network\":{\"access\":\"advisory\"}}"},
        SBX_DENIED, "network.access"},
    {{"{\"network\":{\"access\":\"none\"}}", NULL, NULL, NULL,
         "{\"network\":{\"access\":\"full\"}}"},
        SBX_DENIED, "U.json"},
    {{"{\"limits\":{\"processes\":4}}", "{\"limits\":{\"processes\":5}}"}, SBX_DENIED,
        "limits.processes"},
    {{"{\"limits\":{\"ui\":\"enforce\"}}", "{\"limits\":{\"ui\":\"best-effort\"}}"}, SBX_DENIED,
        "limits.ui"},
    {{"{\"background\":false}", "{\"background\":true}"}, SBX_DENIED, "background"},
    {{"{\"audit\":{\"enabled\":true}}", "{\"audit\":{\"enabled\":false}}"}, SBX_DENIED,
        "audit.enabled"},
    {{"{\"audit\":{\"eventLog\":\"required\"}}", "{\"audit\":{\"eventLog\":\"on\"}}"}, SBX_DENIED,
        "audit.eventLog"},
    {{"{\"audit\":{\"eventLog\":\"on\"}}", NULL, NULL, NULL, "{\"audit\":{\"eventLog\":\"off\"}}"},
        SBX_DENIED, "audit.eventLog"},
    {{"{\"protect\":{\"onCreated\":\"quarantine\"}}", "{\"protect\":{\"onCreated\":\"adopt\"}}"},
        SBX_DENIED, "protect.onCreated"},
    {{"{\"filesystem\":{\"allowWrite\":[\"C:\\\\m\"]}}",
         "{\"filesystem\":{\"allowWrite\":[\"C:\\\\mm\"]}}"},
        SBX_DENIED, "C:\\mm"},
    {{"{\"filesystem\":{\"allowWrite\":[\"C:\\\\m\"]}}",
         "{\"filesystem\":{\"allowWrite\":[\"C:\\\\m\\\\..\\\\x\"]}}"},
        SBX_DENIED, "M.json"},
    {{"{\"filesystem\":{\"allowWrite\":[]}}", "{\"filesystem\":{\"allowWrite\":[\"x\"]}}"},
        SBX_DENIED, "filesystem.allowWrite"},
    {{"{\"profile\":\"read-only\"}", NULL, NULL, NULL,
         "{\"filesystem\":{\"allowWrite\":[\"C:\\\\x\"]}}"},
        SBX_DENIED, "U.json"},
    {{"{\"filesystem\":{\"denyRead\":[\"C:\\\\k\"]}}",
         "{\"filesystem\":{\"allowRead\":[\"C:\\\\k\\\\a\"]}}"},
        SBX_DENIED, "denyRead"},
    {{"{\"network\":{\"allowedDomains\":[\"*.a.example\"]}}",
         "{\"network\":{\"allowedDomains\":[\"a.example\"]}}"},
        SBX_DENIED, "network.allowedDomains"},
    {{"{\"network\":{\"allowedDomains\":[\"a.example:443\"]}}",
         "{\"network\":{\"allowedDomains\":[\"a.example\"]}}"},
        SBX_DENIED, "a.example"},
    {{"{\"environment\":{\"pass\":[\"A*\"]}}", "{\"environment\":{\"pass\":[\"*\"]}}"}, SBX_DENIED,
        "environment.pass"},
    {{[5] = "{\"mode\":\"unelevated\"}"}, SBX_INVALID, "mode"},
    {{[5] = "{\"token\":\"standard\"}"}, SBX_INVALID, "token"},
    {{[5] = "{\"git\":\"write\"}"}, SBX_INVALID, "git"},
    {{[5] = "{\"background\":true}"}, SBX_INVALID, "background"},
    {{[5] = "{\"desktop\":\"interactive\"}"}, SBX_INVALID, "desktop"},
    {{[5] = "{\"audit\":{\"enabled\":false}}"}, SBX_INVALID, "audit.enabled"},
    {{"{\"audit\":{\"eventLog\":\"on\"}}", [5] = "{\"audit\":{\"eventLog\":\"off\"}}"}, SBX_INVALID,
        "audit.eventLog"},
    {{NULL, "{\"audit\":{\"eventLog\":\"required\"}}", [5] = "{\"audit\":{\"eventLog\":\"on\"}}"},
        SBX_INVALID, "audit.eventLog"},
    {{[5] = "{\"network\":{\"access\":\"full\"}}"}, SBX_INVALID, "network.access"},
    {{[5] = "{\"network\":{\"access\":\"advisory\"}}"}, SBX_INVALID, "W.json"},
    {{[5] = "{\"network\":{\"allowLocalBinding\":true}}"}, SBX_INVALID, "allowLocalBinding"},
    {{[5] = "{\"limits\":{\"processes\":513}}"}, SBX_INVALID, "limits.processes"},
    {{[5] = "{\"protect\":{\"onCreated\":\"report\"}}"}, SBX_INVALID, "protect.onCreated"},
    {{[5] = "{\"environment\":{\"set\":{\"A\":\"b\"}}}"}, SBX_INVALID, "environment.set"},
    {{NULL, "{\"profile\":\"read-only\"}", [5] = "{\"profile\":\"workspace-write\"}"}, SBX_INVALID,
        "profile"},
    {{NULL, "{\"limits\":{\"timeoutSeconds\":5}}", [5] = "{\"limits\":{\"timeoutSeconds\":6}}"},
        SBX_INVALID, "limits.timeoutSeconds"},
};

START_TEST(merge__wider_than_allowed__is_refused_by_name)
{
    const struct refused *row = &refused[_i];
    struct sbx_error err;

    ck_assert_msg(merge(row->texts, &err) == row->status, "row %d: %s", _i, row->names);
    ck_assert_msg(strstr(err.context, row->names) != NULL, "row %d: \"%s\" names no '%s'", _i,
        err.context, row->names);
    ck_assert(err.hint[0] != '\0');
    ck_assert_ptr_null(merged.source);
}
END_TEST

START_TEST(merge__machine_only_members__are_refused_elsewhere)
{
    struct sbx_policy layer;
    const struct sbx_policy *const list[1] = {&layer};
    struct sbx_error err;

    sbx_policy_init(&layer, SBX_LAYER_COMMAND);
    layer.allow_unelevated = SBX_FLAG_YES; /* as an option of the command line would */
    ck_assert_int_eq(sbx_policy_merge(list, 1, &merged, &err), SBX_INVALID);
    layer.allow_unelevated = SBX_FLAG_UNSET;
    ck_assert_sbx_ok(sbx_strings_add(&layer.protect_remove, ".git", &err), &err);
    ck_assert_int_eq(sbx_policy_merge(list, 1, &merged, &err), SBX_INVALID);
    sbx_policy_done(&layer);
}
END_TEST

START_TEST(merge__two_machine_policies__are_refused)
{
    struct sbx_policy layer;
    const struct sbx_policy *const list[2] = {&layer, &layer};
    struct sbx_error err;

    sbx_policy_init(&layer, SBX_LAYER_MACHINE);
    ck_assert_int_eq(sbx_policy_merge(list, 2, &merged, &err), SBX_INTERNAL);
    layer.layer = SBX_LAYER_WORKSPACE;
    ck_assert_int_eq(sbx_policy_merge(list, 2, &merged, &err), SBX_INTERNAL);
    sbx_policy_done(&layer);
}
END_TEST

START_TEST(merge__inside_the_bounds__is_granted)
{
    const char *const texts[LAYERS] = {
        "{\"filesystem\":{\"allowWrite\":[\"C:\\\\m\"],\"denyRead\":[\"C:\\\\k\"],"
        "\"allowRead\":[\"C:\\\\k\\\\open\"]},\"network\":{\"access\":\"full\","
        "\"allowedDomains\":[\"*.a.example\"]},\"environment\":{\"pass\":[\"A*\"]},"
        "\"limits\":{\"processes\":4}}",
        "{\"filesystem\":{\"allowWrite\":[\"c:/M/x\",\"relative\"],"
        "\"allowRead\":[\"C:\\\\k\\\\open\\\\a\"]},"
        "\"network\":{\"access\":\"none\",\"allowedDomains\":[\"x.a.example:443\"]},"
        "\"environment\":{\"pass\":[\"AB*\"]}}",
        NULL, NULL, NULL, NULL};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_uint_eq(merged.allow_write.count, 2); /* the relative one is the plan's to check */
    ck_assert_uint_eq(merged.allow_read.count, 1);
    ck_assert_int_eq(merged.network, SBX_NETWORK_NONE);
    ck_assert_uint_eq(merged.limits.processes, 4);
    ck_assert_uint_eq(merged.env_pass.count, 1);
    ck_assert(merged.write_bound.written);
    ck_assert_str_eq(merged.write_bound.items[0], "C:\\m");
    ck_assert_str_eq(merged.machine_deny_read.items[0], "C:\\k");
}
END_TEST

START_TEST(merge__machine_auto__bounds_nothing)
{
    const char *const texts[LAYERS] = {"{\"mode\":\"auto\",\"token\":\"auto\"}",
        "{\"mode\":\"unelevated\",\"token\":\"standard\"}"};
    const char *const other[LAYERS] = {
        "{\"mode\":\"elevated\",\"token\":\"strict\"}", "{\"mode\":\"auto\",\"token\":\"auto\"}"};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(merged.mode, SBX_MODE_UNELEVATED);
    ck_assert_int_eq(merged.token, SBX_TOKEN_STANDARD);
    ck_assert_sbx_ok(merge(other, &err), &err);
    ck_assert_int_eq(merged.mode, SBX_MODE_ELEVATED);
    ck_assert_int_eq(merged.token, SBX_TOKEN_STRICT);
}
END_TEST

/* --- read-only and the workspace -------------------------------------------------------------- */

START_TEST(merge__read_only__ends_grants_of_lower_layers)
{
    const char *const texts[LAYERS] = {NULL, "{\"filesystem\":{\"allowWrite\":[\"C:\\\\c\"]}}",
        "{\"profile\":\"read-only\",\"filesystem\":{\"allowWrite\":[\"C:\\\\f\"]}}", NULL,
        "{\"profile\":\"workspace-write\",\"filesystem\":{\"allowWrite\":[\"C:\\\\u\"]}}", NULL};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(merged.profile, SBX_PROFILE_READ_ONLY);
    ck_assert_uint_eq(merged.allow_write.count, 2);
    ck_assert_str_eq(merged.allow_write.items[0], "C:\\c");
    ck_assert_str_eq(merged.allow_write.items[1], "C:\\f");
}
END_TEST

START_TEST(merge__overruled_read_only__ends_nothing)
{
    const char *const texts[LAYERS] = {NULL, "{\"profile\":\"workspace-write\"}",
        "{\"profile\":\"read-only\"}", NULL, "{\"filesystem\":{\"allowWrite\":[\"C:\\\\u\"]}}",
        NULL};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(merged.profile, SBX_PROFILE_WORKSPACE_WRITE);
    ck_assert_uint_eq(merged.allow_write.count, 1);
}
END_TEST

START_TEST(merge__workspace__narrows_scalars)
{
    const char *const texts[LAYERS] = {NULL, "{\"limits\":{\"processes\":9}}", NULL, NULL,
        "{\"network\":{\"access\":\"full\"}}",
        "{\"profile\":\"read-only\",\"mode\":\"elevated\",\"token\":\"strict\","
        "\"network\":{\"access\":\"none\"},\"limits\":{\"processes\":3,\"timeoutSeconds\":1},"
        "\"protect\":{\"onCreated\":\"quarantine\"}}"};
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(merged.profile, SBX_PROFILE_READ_ONLY);
    ck_assert_int_eq(merged.mode, SBX_MODE_ELEVATED);
    ck_assert_int_eq(merged.token, SBX_TOKEN_STRICT);
    ck_assert_int_eq(merged.network, SBX_NETWORK_NONE);
    ck_assert_uint_eq(merged.limits.processes, 3);
    ck_assert_uint_eq(merged.limits.timeout_ms, 1000);
    ck_assert_int_eq(merged.on_created_protected, SBX_ON_CREATED_QUARANTINE);
}
END_TEST

/* Workspace allowWrite: what remains of cwd (implied by the profile) and of the lists above. */
static const struct cut {
    const char *above, *workspace;
    enum sbx_profile profile;
    const char *left[3];
} cuts[] = {
    {"{}", "[\"build\",\"out\\\\x\"]", SBX_PROFILE_READ_ONLY, {"build", "out\\x", NULL}},
    {"{}", "[\".\"]", SBX_PROFILE_WORKSPACE_WRITE, {NULL, NULL, NULL}},
    {"{}", "[\"./\",\"build\"]", SBX_PROFILE_WORKSPACE_WRITE, {NULL, NULL, NULL}},
    {"{}", "[]", SBX_PROFILE_READ_ONLY, {NULL, NULL, NULL}},
    {"{}", "[\"..\\\\up\",\"a\\\\..\\\\..\\\\b\",\"C:\\\\x\",\"~\\\\x\",\"%X%\",\"\\\\r\"]",
        SBX_PROFILE_READ_ONLY, {NULL, NULL, NULL}},
    {"{\"filesystem\":{\"allowWrite\":[\"C:\\\\a\",\"C:\\\\b\\\\c\"]}}",
        "[\".\",\"C:\\\\a\\\\x\",\"C:\\\\b\"]", SBX_PROFILE_WORKSPACE_WRITE,
        {"C:\\b\\c", "C:\\a\\x", NULL}},
    {"{\"profile\":\"read-only\"}", "[\"build\"]", SBX_PROFILE_READ_ONLY, {NULL, NULL, NULL}},
    {"{\"profile\":\"read-only\",\"filesystem\":{\"allowWrite\":[\"src\"]}}",
        "[\"src\\\\a\",\"b\"]", SBX_PROFILE_READ_ONLY, {"src\\a", NULL, NULL}},
    {"{\"filesystem\":{\"allowWrite\":[\"A:\\\\cwd\\\\x\"]}}", "[\"x\"]", SBX_PROFILE_READ_ONLY,
        {"x", NULL, NULL}},
};

START_TEST(merge__workspace_allow_write__cuts)
{
    const struct cut *row = &cuts[_i];
    char workspace[256];
    const char *texts[LAYERS] = {NULL, row->above, NULL, NULL, NULL, workspace};
    struct sbx_error err;
    size_t i;

    snprintf(workspace, sizeof(workspace), "{\"filesystem\":{\"allowWrite\":%s}}", row->workspace);
    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(merged.profile, row->profile);
    for (i = 0; row->left[i]; i++) {
        ck_assert_uint_gt(merged.allow_write.count, i);
        ck_assert_str_eq(merged.allow_write.items[i], row->left[i]);
    }
    ck_assert_uint_eq(merged.allow_write.count, i);
}
END_TEST

START_TEST(merge__command_rules__strictest_of_three_counts)
{
    const char *const texts[LAYERS] = {
        "{\"commands\":[{\"match\":[\"a\"],\"decision\":\"allow\"},"
        "{\"match\":[\"m\"],\"decision\":\"deny\",\"reason\":\"machine\"}]}",
        "{\"commands\":[{\"match\":[\"m\"],\"decision\":\"allow\"},"
        "{\"match\":[\"a\"],\"decision\":\"prompt\",\"reason\":\"command\"}]}",
        NULL, NULL,
        "{\"commands\":[{\"match\":[\"a\"],\"decision\":\"deny\",\"reason\":\"user\"}]}",
        "{\"commands\":[{\"match\":[\"w\"],\"decision\":\"deny\",\"reason\":\"workspace\"},"
        "{\"match\":[\"m\"],\"decision\":\"allow\"},{\"match\":[\"a\"],\"decision\":\"allow\"}]}"};
    const char *const a[] = {"a"}, *const m[] = {"m"}, *const w[] = {"w"};
    const char *reason = NULL;
    struct sbx_error err;

    ck_assert_sbx_ok(merge(texts, &err), &err);
    ck_assert_int_eq(sbx_policy_decide(&merged, a, 1, &reason), SBX_DECISION_PROMPT);
    ck_assert_str_eq(reason, "command"); /* the command line comes before the user's file */
    ck_assert_int_eq(sbx_policy_decide(&merged, m, 1, &reason), SBX_DECISION_DENY);
    ck_assert_str_eq(reason, "machine");
    ck_assert_int_eq(sbx_policy_decide(&merged, w, 1, &reason), SBX_DECISION_DENY);
    ck_assert_str_eq(reason, "workspace");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, merge__no_layers__gives_the_defaults);
    tcase_add_test(tcase, merge__scalars__highest_layer_wins);
    tcase_add_test(tcase, merge__lists__add_up);
    tcase_add_test(tcase, merge__environment_set__highest_layer_decides_each_name);
    tcase_add_loop_test(
        tcase, merge__wider_than_allowed__is_refused_by_name, 0, (int)countof(refused));
    tcase_add_test(tcase, merge__machine_only_members__are_refused_elsewhere);
    tcase_add_test(tcase, merge__two_machine_policies__are_refused);
    tcase_add_test(tcase, merge__inside_the_bounds__is_granted);
    tcase_add_test(tcase, merge__machine_auto__bounds_nothing);
    tcase_add_test(tcase, merge__read_only__ends_grants_of_lower_layers);
    tcase_add_test(tcase, merge__overruled_read_only__ends_nothing);
    tcase_add_test(tcase, merge__workspace__narrows_scalars);
    tcase_add_loop_test(tcase, merge__workspace_allow_write__cuts, 0, (int)countof(cuts));
    tcase_add_test(tcase, merge__command_rules__strictest_of_three_counts);
}

UNIT_MAIN("policy_merge", add_tests)
