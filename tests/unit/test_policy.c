/* policy: what a layer may say, what is refused and how, and that text survives a round trip. */
#include "shared/core/policy.h"

#include <stdio.h>

#include "shared/core/json.h"
#include "shared/core/policy_fields.h"
#include "tests/support/unit.h"

static struct sbx_policy policy;
static struct sbx_buf text;

static void setup(void)
{
    sbx_policy_init(&policy, SBX_LAYER_COMMAND);
    sbx_buf_init(&text, 32u << 20);
}

static void teardown(void)
{
    sbx_policy_done(&policy);
    sbx_buf_done(&text);
}

static enum sbx_status parse(const char *json, enum sbx_layer layer, struct sbx_error *err)
{
    return sbx_policy_parse(json, strlen(json), layer, "C:\\p.json", &policy, err);
}

static const char full[] =
    "{\"$schema\":\"policy.schema.json\",\"profile\":\"read-only\",\"mode\":\"elevated\","
    "\"token\":\"isolated\",\"git\":\"write\",\"background\":true,\"desktop\":\"interactive\","
    "\"commands\":[{\"match\":[\"git\",\"push\"],\"decision\":\"prompt\",\"reason\":\"r\"},"
    "{\"match\":[\"rm\"],\"decision\":\"deny\"}],\"allowUnelevated\":true,"
    "\"filesystem\":{\"allowWrite\":[\"C:\\\\w\",\"src\"],\"denyWrite\":[\"**\\\\*.pem\"],"
    "\"allowRead\":[],\"denyRead\":[\"C:\\\\k\"]},\"network\":{\"access\":\"advisory\","
    "\"allowedDomains\":[\"a.example\",\"*.b.example:443\"],\"deniedDomains\":[\"x.a.example\"],"
    "\"allowLocalBinding\":false},\"protect\":{\"add\":[\"secrets\"],\"remove\":[\".idea\"],"
    "\"onCreated\":\"report\"},\"environment\":{\"pass\":[\"LANG\",\"MY_*\"],"
    "\"set\":{\"CI\":\"\",\"P\":\"a=b\"},\"scrub\":[\"X*\"]},\"limits\":{\"timeoutSeconds\":60,"
    "\"processes\":8,\"memoryMiB\":512,\"processMemoryMiB\":256,\"cpuPercent\":50,"
    "\"ui\":\"best-effort\"},\"accounts\":{\"sharing\":\"wait\"},\"audit\":{\"enabled\":false,"
    "\"eventLog\":\"required\"},"
    "\"approvals\":{\"write\":\"allow\",\"desktop\":\"deny\",\"network\":\"prompt\"}}";

START_TEST(policy__every_member__is_read)
{
    struct sbx_error err;

    ck_assert_sbx_ok(parse(full, SBX_LAYER_MACHINE, &err), &err);
    ck_assert_str_eq(policy.source, "C:\\p.json");
    ck_assert_int_eq(policy.profile, SBX_PROFILE_READ_ONLY);
    ck_assert_int_eq(policy.mode, SBX_MODE_ELEVATED);
    ck_assert_int_eq(policy.token, SBX_TOKEN_ISOLATED);
    ck_assert_int_eq(policy.git, SBX_GIT_WRITE);
    ck_assert_int_eq(policy.background, SBX_FLAG_YES);
    ck_assert_int_eq(policy.desktop, SBX_DESKTOP_INTERACTIVE);
    ck_assert_int_eq(policy.approve_write, SBX_DECISION_ALLOW);
    ck_assert_int_eq(policy.approve_desktop, SBX_DECISION_DENY);
    ck_assert_int_eq(policy.approve_network, SBX_DECISION_PROMPT);
    ck_assert_uint_eq(policy.command_count, 2);
    ck_assert_uint_eq(policy.commands[0].match.count, 2);
    ck_assert_str_eq(policy.commands[0].match.items[1], "push");
    ck_assert_int_eq(policy.commands[0].decision, SBX_DECISION_PROMPT);
    ck_assert_str_eq(policy.commands[0].reason, "r");
    ck_assert_int_eq(policy.commands[1].decision, SBX_DECISION_DENY);
    ck_assert_ptr_null(policy.commands[1].reason);
    ck_assert_int_eq(policy.allow_unelevated, SBX_FLAG_YES);
    ck_assert_uint_eq(policy.allow_write.count, 2);
    ck_assert_str_eq(policy.allow_write.items[1], "src");
    ck_assert_str_eq(policy.deny_write.items[0], "**\\*.pem");
    ck_assert(policy.allow_read.written);
    ck_assert_uint_eq(policy.allow_read.count, 0);
    ck_assert_str_eq(policy.deny_read.items[0], "C:\\k");
    ck_assert_int_eq(policy.network, SBX_NETWORK_ADVISORY);
    ck_assert_uint_eq(policy.allowed_domains.count, 2);
    ck_assert_uint_eq(policy.denied_domains.count, 1);
    ck_assert_int_eq(policy.allow_local_binding, SBX_FLAG_NO);
    ck_assert_str_eq(policy.protect_add.items[0], "secrets");
    ck_assert_str_eq(policy.protect_remove.items[0], ".idea");
    ck_assert_int_eq(policy.on_created_protected, SBX_ON_CREATED_REPORT);
    ck_assert_uint_eq(policy.env_pass.count, 2);
    ck_assert_str_eq(policy.env_set.items[0], "CI=");
    ck_assert_str_eq(policy.env_set.items[1], "P=a=b");
    ck_assert_str_eq(policy.env_scrub.items[0], "X*");
    ck_assert_uint_eq(policy.limits.timeout_ms, 60000);
    ck_assert_uint_eq(policy.limits.processes, 8);
    ck_assert_uint_eq(policy.limits.memory_bytes, UINT64_C(512) << 20);
    ck_assert_uint_eq(policy.limits.process_memory_bytes, UINT64_C(256) << 20);
    ck_assert_uint_eq(policy.limits.cpu_percent, 50);
    ck_assert_int_eq(policy.limits.ui, SBX_UI_BEST_EFFORT);
    ck_assert_int_eq(policy.sharing, SBX_SHARING_WAIT);
    ck_assert_int_eq(policy.audit, SBX_FLAG_NO);
    ck_assert_int_eq(policy.event_log, SBX_EVENT_LOG_REQUIRED);
}
END_TEST

/* A field that parser or printer forgets breaks this for its own member. */
START_TEST(policy__every_member__survives_format)
{
    const struct sbx_policy_field *fields;
    struct sbx_policy again;
    struct sbx_error err;
    char first[65], second[65], path[64], key[64];
    size_t count, i;

    ck_assert_sbx_ok(parse(full, SBX_LAYER_MACHINE, &err), &err);
    ck_assert_sbx_ok(sbx_policy_format(&policy, &text, &err), &err);
    fields = sbx_policy_fields(&count);
    for (i = 0; i < count; i++) {
        sbx_policy_field_path(&fields[i], path, sizeof(path));
        snprintf(key, sizeof(key), "\"%s\"", fields[i].key);
        ck_assert_msg(strstr(text.data, key) != NULL, "'%s' is not printed", path);
        snprintf(key, sizeof(key), "\"%s\"", fields[i].section);
        ck_assert_msg(!*fields[i].section || strstr(text.data, key) != NULL, "no '%s'", path);
    }
    ck_assert_sbx_ok(
        sbx_policy_parse(text.data, text.length_bytes, SBX_LAYER_MACHINE, "again", &again, &err),
        &err);
    ck_assert_sbx_ok(sbx_policy_hash(&policy, first, &err), &err);
    ck_assert_sbx_ok(sbx_policy_hash(&again, second, &err), &err);
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(strlen(first), 64);
    again.limits.timeout_ms++; /* the JSON rounds it, the hash does not */
    ck_assert_sbx_ok(sbx_policy_hash(&again, second, &err), &err);
    ck_assert_str_ne(first, second);
    sbx_policy_done(&again);
}
END_TEST

START_TEST(policy__nothing_written__is_an_empty_policy)
{
    struct sbx_error err;

    ck_assert_sbx_ok(parse("{}", SBX_LAYER_USER, &err), &err);
    ck_assert_int_eq(policy.layer, SBX_LAYER_USER);
    ck_assert_int_eq(policy.profile, SBX_PROFILE_UNSET);
    ck_assert_int_eq(policy.network, SBX_NETWORK_UNSET);
    ck_assert(!policy.allow_write.written);
    ck_assert_uint_eq(policy.limits.processes, 0);
    ck_assert_sbx_ok(sbx_policy_format(&policy, &text, &err), &err);
    ck_assert_str_eq(text.data, "{}\n");
}
END_TEST

/* --- bad input: text, and what the one line must name ---------------------------------------- */

static const struct bad {
    const char *json, *names;
} bad[] = {
    {"", ""},
    {"[]", ""},
    {"null", ""},
    {"{", "line 1"},
    {"{\"mode\":\"auto\"", "line 1"},
    {"{\n\"mode\":\n}", "line 3"},
    {"{\"mode\":\"auto\"}{}", "line 1"},
    {"{\"mode\":\"auto\",\"mode\":\"auto\"}", "mode"},
    {"{\"filesystem\":{\"denyWrite\":[],\"denyWrite\":[]}}", "denyWrite"},
    {"{\"profil\":\"read-only\"}", "profil"},
    {"{\"filesystem\":{\"allowWrites\":[]}}", "allowWrites"},
    {"{\"limits\":{\"Processes\":1}}", "Processes"},
    {"{\"Mode\":\"auto\"}", "Mode"},
    {"{\"mode\":1}", "mode"},
    {"{\"mode\":null}", "mode"},
    {"{\"mode\":\"Auto\"}", "mode"},
    {"{\"mode\":\"unset\"}", "mode"},
    {"{\"background\":\"true\"}", "background"},
    {"{\"background\":1}", "background"},
    {"{\"filesystem\":[]}", "filesystem"},
    {"{\"filesystem\":{\"allowWrite\":\"C:\\\\w\"}}", "filesystem.allowWrite"},
    {"{\"filesystem\":{\"allowWrite\":[1]}}", "filesystem.allowWrite[0]"},
    {"{\"filesystem\":{\"allowWrite\":[\"a\",\"\"]}}", "filesystem.allowWrite[1]"},
    {"{\"filesystem\":{\"allowWrite\":[\"C:\\\\*\"]}}", "wildcard"},
    {"{\"filesystem\":{\"allowWrite\":[\"C:x\"]}}", "filesystem.allowWrite[0]"},
    {"{\"filesystem\":{\"allowWrite\":[\"\\\\\\\\.\\\\C:\"]}}", "filesystem.allowWrite[0]"},
    {"{\"filesystem\":{\"allowWrite\":[\"\\\\??\\\\C:\\\\a\"]}}", "filesystem.allowWrite[0]"},
    {"{\"filesystem\":{\"denyRead\":[\"a\\nb\"]}}", "filesystem.denyRead[0]"},
    {"{\"filesystem\":{\"denyRead\":[\"a\\u0000b\"]}}", ""},
    {"{\"filesystem\":{\"denyRead\":[\"\xFF\"]}}", ""},
    {"{\"filesystem\":{\"denyRead\":[\"\\ud800\"]}}", ""},
    {"{\"network\":{\"access\":\"on\"}}", "network.access"},
    {"{\"network\":{\"allowedDomains\":[\"*\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"*.com\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"https://a.example\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"a.example.\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"a..example\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"a.*.example\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"a.example:0\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"a.example:65536\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"allowedDomains\":[\"-a.example\"]}}", "network.allowedDomains[0]"},
    {"{\"network\":{\"deniedDomains\":[\"\xC3\xA4.example\"]}}", "network.deniedDomains[0]"},
    {"{\"protect\":{\"add\":[\"a\\\\b\"]}}", "protect.add[0]"},
    {"{\"protect\":{\"add\":[\"..\"]}}", "protect.add[0]"},
    {"{\"protect\":{\"add\":[\"a.\"]}}", "protect.add[0]"},
    {"{\"protect\":{\"add\":[\"a:b\"]}}", "protect.add[0]"},
    {"{\"protect\":{\"remove\":[\".git\"]}}", "protect.remove"},
    {"{\"allowUnelevated\":false}", "allowUnelevated"},
    {"{\"environment\":{\"set\":[]}}", "environment.set"},
    {"{\"environment\":{\"set\":{\"A\":1}}}", "environment.set.A"},
    {"{\"environment\":{\"set\":{\"A=B\":\"\"}}}", "environment.set"},
    {"{\"environment\":{\"set\":{\"A*\":\"\"}}}", "environment.set"},
    {"{\"environment\":{\"set\":{\"\":\"\"}}}", "environment.set"},
    {"{\"environment\":{\"set\":{\"LongName\":\"\",\"a\":\"\",\"A\":\"\"}}}", "environment.set.A"},
    {"{\"environment\":{\"pass\":[\"\"]}}", "environment.pass[0]"},
    {"{\"environment\":{\"pass\":[\"A=1\"]}}", "environment.pass[0]"},
    {"{\"limits\":{\"timeoutSeconds\":0}}", "limits.timeoutSeconds"},
    {"{\"limits\":{\"timeoutSeconds\":604801}}", "limits.timeoutSeconds"},
    {"{\"limits\":{\"timeoutSeconds\":1.5}}", "limits.timeoutSeconds"},
    {"{\"limits\":{\"timeoutSeconds\":1e300}}", "limits.timeoutSeconds"},
    {"{\"limits\":{\"processes\":65536}}", "limits.processes"},
    {"{\"limits\":{\"processes\":-1}}", "limits.processes"},
    {"{\"limits\":{\"memoryMiB\":15}}", "limits.memoryMiB"},
    {"{\"limits\":{\"memoryMiB\":8589934592}}", "limits.memoryMiB"},
    {"{\"limits\":{\"cpuPercent\":101}}", "limits.cpuPercent"},
    {"{\"commands\":{}}", "commands"},
    {"{\"commands\":[1]}", "commands[0]"},
    {"{\"commands\":[{\"decision\":\"deny\"}]}", "match"},
    {"{\"commands\":[{\"match\":[],\"decision\":\"deny\"}]}", "commands[0].match"},
    {"{\"commands\":[{\"match\":[\"\"],\"decision\":\"deny\"}]}", "commands[0].match"},
    {"{\"commands\":[{\"match\":[\"a\"]}]}", "decision"},
    {"{\"commands\":[{\"match\":[\"a\"],\"decision\":\"ask\"}]}", "commands[0].decision"},
    {"{\"commands\":[{\"match\":[\"a\"],\"decision\":\"deny\",\"why\":\"x\"}]}", "why"},
    {"{\"$schema\":1}", "$schema"},
    {"{\"audit\":true}", "audit"},
    {"{\"audit\":{\"eventLog\":true}}", "eventLog"},
    {"{\"audit\":{\"eventLog\":\"On\"}}", "eventLog"},
};

static void assert_one_line(const struct sbx_error *err, const char *names)
{
    ck_assert_msg(strstr(err->context, names) != NULL, "\"%s\" names no '%s'", err->context, names);
    ck_assert_ptr_null(strchr(err->context, '\n'));
    ck_assert_msg(strncmp(err->context, "C:\\p.json", 9) == 0, "no source: %s", err->context);
}

START_TEST(policy__bad_text__is_refused_in_one_line)
{
    struct sbx_error err;

    ck_assert_msg(
        parse(bad[_i].json, SBX_LAYER_USER, &err) == SBX_INVALID, "accepted: %s", bad[_i].json);
    assert_one_line(&err, bad[_i].names);
    ck_assert_ptr_null(policy.source);
    ck_assert_uint_eq(policy.allow_write.count, 0);
}
END_TEST

START_TEST(policy__unknown_key__names_the_nearest)
{
    struct sbx_error err;

    ck_assert_int_eq(
        parse("{\"filesystem\":{\"allowWrites\":[]}}", SBX_LAYER_USER, &err), SBX_INVALID);
    ck_assert_msg(strstr(err.hint, "allowWrite") || strstr(err.context, "'allowWrite'"), "%s / %s",
        err.context, err.hint);
}
END_TEST

START_TEST(policy__every_prefix__is_refused)
{
    size_t length;

    for (length = 0; length < sizeof(full) - 1; length++)
        ck_assert_int_eq(
            sbx_policy_parse(full, length, SBX_LAYER_MACHINE, "x", &policy, NULL), SBX_INVALID);
}
END_TEST

static void fill(size_t count, const char *piece)
{
    struct sbx_error err;

    while (count--)
        ck_assert_sbx_ok(sbx_buf_puts(&text, piece, &err), &err);
}

START_TEST(policy__ten_megabytes__are_refused)
{
    struct sbx_error err;

    fill(1, "{\"profile\":\"read-only\"");
    fill(10u << 20, " ");
    fill(1, "}");
    ck_assert_int_eq(
        sbx_policy_parse(text.data, text.length_bytes, SBX_LAYER_USER, "C:\\p.json", &policy, &err),
        SBX_INVALID);
    assert_one_line(&err, "bytes");
}
END_TEST

START_TEST(policy__ten_thousand_levels__are_refused)
{
    struct sbx_error err;

    fill(1, "{\"filesystem\":");
    fill(10000, "[");
    fill(10000, "]");
    fill(1, "}");
    ck_assert_int_eq(
        sbx_policy_parse(text.data, text.length_bytes, SBX_LAYER_USER, "C:\\p.json", &policy, &err),
        SBX_INVALID);
    assert_one_line(&err, "line 1");
}
END_TEST

START_TEST(policy__nul_bytes__are_refused)
{
    static const char with_nul[] = "{\"profile\":\"read-only\"}\0";
    static const char nuls[64] = {0};
    struct sbx_error err;

    ck_assert_int_eq(sbx_policy_parse(with_nul, sizeof(with_nul) - 1, SBX_LAYER_USER, "C:\\p.json",
                         &policy, &err),
        SBX_INVALID);
    assert_one_line(&err, "line 1");
    ck_assert_int_eq(
        sbx_policy_parse(nuls, sizeof(nuls), SBX_LAYER_USER, "C:\\p.json", &policy, &err),
        SBX_INVALID);
}
END_TEST

START_TEST(policy__too_long_list__is_refused)
{
    struct sbx_error err;

    fill(1, "{\"protect\":{\"add\":[\"x\"");
    fill(SBX_POLICY_MAX_LIST, ",\"x\"");
    fill(1, "]}}");
    ck_assert_int_eq(
        sbx_policy_parse(text.data, text.length_bytes, SBX_LAYER_USER, "C:\\p.json", &policy, &err),
        SBX_INVALID);
    assert_one_line(&err, "protect.add");
}
END_TEST

/* --- command rules --------------------------------------------------------------------------- */

static const char rules[] =
    "{\"commands\":[{\"match\":[\"git\",\"push\"],\"decision\":\"deny\",\"reason\":\"no push\"},"
    "{\"match\":[\"git\"],\"decision\":\"allow\"},{\"match\":[\"C:\\\\t\\\\x.exe\"],"
    "\"decision\":\"prompt\"},{\"match\":[\"node\"],\"decision\":\"prompt\"}]}";

static const struct decided {
    const char *argv[3];
    enum sbx_decision decision;
} decided[] = {
    {{"git", "push", "x"}, SBX_DECISION_DENY},
    {{"C:\\Program Files\\Git\\cmd\\GIT.EXE", "push", NULL}, SBX_DECISION_DENY},
    {{"c:/git/git.cmd", "push", NULL}, SBX_DECISION_DENY},
    {{"git", "pull", "push"}, SBX_DECISION_ALLOW},
    {{"git", "Push", NULL}, SBX_DECISION_ALLOW},
    {{"git", NULL, NULL}, SBX_DECISION_ALLOW},
    {{"C:\\T\\X.exe", "a", NULL}, SBX_DECISION_PROMPT},
    {{"C:\\u\\x.exe", "a", NULL}, SBX_DECISION_ALLOW},
    {{"node.bat", NULL, NULL}, SBX_DECISION_PROMPT},
    {{"node.js", NULL, NULL}, SBX_DECISION_ALLOW},
    {{"nodemon", NULL, NULL}, SBX_DECISION_ALLOW},
};

START_TEST(policy__command__is_decided_by_the_first_match)
{
    const struct decided *row = &decided[_i];
    const char *reason = "untouched";
    struct sbx_error err;
    size_t argc = 0;

    while (argc < countof(row->argv) && row->argv[argc])
        argc++;
    ck_assert_sbx_ok(parse(rules, SBX_LAYER_USER, &err), &err);
    ck_assert_int_eq(sbx_policy_decide(&policy, row->argv, argc, &reason), row->decision);
    if (row->decision == SBX_DECISION_DENY)
        ck_assert_str_eq(reason, "no push");
    else
        ck_assert_ptr_null(reason);
}
END_TEST

START_TEST(policy__names__are_the_words_of_the_schema)
{
    ck_assert_str_eq(sbx_profile_name(SBX_PROFILE_WORKSPACE_WRITE), "workspace-write");
    ck_assert_str_eq(sbx_mode_name(SBX_MODE_UNELEVATED), "unelevated");
    ck_assert_str_eq(sbx_token_choice_name(SBX_TOKEN_STANDARD), "standard");
    ck_assert_str_eq(sbx_network_name(SBX_NETWORK_ALLOWLIST), "allowlist");
    ck_assert_str_eq(sbx_network_name(SBX_NETWORK_ADVISORY), "advisory");
    ck_assert_str_eq(sbx_git_name(SBX_GIT_WRITE), "write");
    ck_assert_str_eq(sbx_on_created_name(SBX_ON_CREATED_QUARANTINE), "quarantine");
    ck_assert_str_eq(sbx_desktop_name(SBX_DESKTOP_PRIVATE), "private");
    ck_assert_str_eq(sbx_decision_name(SBX_DECISION_PROMPT), "prompt");
    ck_assert_str_eq(sbx_ui_limits_name(SBX_UI_BEST_EFFORT), "best-effort");
    ck_assert_str_eq(sbx_mode_name(SBX_MODE_UNSET), "unset");
    ck_assert_str_eq(sbx_mode_name((enum sbx_mode)99), "unset");
    ck_assert_str_eq(sbx_decision_name(SBX_DECISION_UNSET), "unset");
}
END_TEST

START_TEST(policy__list_of_strings__grows_to_its_cap)
{
    struct sbx_strings list = {0};
    struct sbx_error err;
    char name[16];
    size_t i;

    for (i = 0; i < SBX_STRINGS_MAX; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        ck_assert_sbx_ok(sbx_strings_add(&list, name, &err), &err);
    }
    ck_assert_int_eq(sbx_strings_add(&list, "x", &err), SBX_INVALID);
    ck_assert_uint_eq(list.count, SBX_STRINGS_MAX);
    ck_assert_str_eq(list.items[4], "4");
    ck_assert_str_eq(list.items[SBX_STRINGS_MAX - 1], "16383");
    sbx_strings_done(&list);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(policy__limit_timeout__shortens_only)
{
    static const uint64_t cases[][3] = {/* written, at most, then */
        {0, 0, 0}, {0, 5, 5}, {9, 0, 9}, {9, 5, 5}, {5, 9, 5}, {5, 5, 5}};

    policy.limits.timeout_ms = cases[_i][0];
    sbx_policy_limit_timeout(&policy, cases[_i][1]);
    ck_assert_uint_eq(policy.limits.timeout_ms, cases[_i][2]);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, policy__every_member__is_read);
    tcase_add_test(tcase, policy__every_member__survives_format);
    tcase_add_test(tcase, policy__nothing_written__is_an_empty_policy);
    tcase_add_loop_test(tcase, policy__bad_text__is_refused_in_one_line, 0, (int)countof(bad));
    tcase_add_test(tcase, policy__unknown_key__names_the_nearest);
    tcase_add_test(tcase, policy__every_prefix__is_refused);
    tcase_add_test(tcase, policy__ten_megabytes__are_refused);
    tcase_add_test(tcase, policy__ten_thousand_levels__are_refused);
    tcase_add_test(tcase, policy__nul_bytes__are_refused);
    tcase_add_test(tcase, policy__too_long_list__is_refused);
    tcase_add_loop_test(
        tcase, policy__command__is_decided_by_the_first_match, 0, (int)countof(decided));
    tcase_add_test(tcase, policy__names__are_the_words_of_the_schema);
    tcase_add_test(tcase, policy__list_of_strings__grows_to_its_cap);
    tcase_add_loop_test(tcase, policy__limit_timeout__shortens_only, 0, 6);
}

UNIT_MAIN("policy", add_tests)
