/* Policies, the plan, and the result. */
#include "suite.h"

static void dry_run(const struct row *row)
{
    struct agent agent = {.no_result = true};
    (void)row;
    agent_opt(&agent, "--dry-run", NULL);
    agent_probe(&agent, "create|{ws}\\started.txt");
    agent_go(&agent);
    cJSON *plan = cJSON_Parse(agent.run.out_text);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(cJSON_IsObject(plan), "no JSON on stdout: %s", agent_story(&agent));
    char *text = plan ? cJSON_PrintUnformatted(plan) : NULL;
    EXPECT(text && strstr(text, "S-1-5-21-") && strstr(text, "recipe"),
        "the plan names no SID or recipe: %.400s", text ? text : "");
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
}

/* A policy as given; then a command that needs it. */
static void with_policy(struct agent *agent, const char *json, const char *name)
{
    char *path = f("%s\\%s", fx.res, name);
    write_file(path, json);
    agent_opt(agent, "--policy", path, NULL);
}

static void policy_file(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    with_policy(&agent, "{\"environment\":{\"set\":{\"SUITE_POLICY\":\"one\"}}}", "one.json");
    agent_probe(&agent, "env|SUITE_POLICY");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "env SUITE_POLICY=one"), "%s", agent_story(&agent));
    EXPECT(strlen(result_text(&agent, "policyHash")) == 64, "policyHash is '%s'",
        result_text(&agent, "policyHash"));
}

static void policy_stdin(const struct row *row)
{
    static const char json[] = "{\"limits\":{\"timeoutSeconds\":1}}";
    struct agent agent = {.run.input = json, .run.input_length = sizeof json - 1};
    (void)row;
    agent_opt(&agent, "--policy", "-", NULL);
    agent_probe(&agent, "sleep|20000");
    agent_go(&agent);
    EXPECT(agent.run.code == 124, "the policy's time limit did not count: %s", agent_story(&agent));
}

static void policy_repeated(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    with_policy(&agent, "{\"environment\":{\"set\":{\"SUITE_ONE\":\"1\",\"SUITE_BOTH\":\"1\"}}}",
        "one.json");
    with_policy(&agent, "{\"environment\":{\"set\":{\"SUITE_TWO\":\"2\",\"SUITE_BOTH\":\"2\"}}}",
        "two.json");
    agent_probe(&agent, "env");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "env SUITE_ONE=1\n") &&
               strstr(agent.run.out_text, "env SUITE_TWO=2\n"),
        "both files must count: %s", agent_story(&agent));
    EXPECT(strstr(agent.run.out_text, "env SUITE_BOTH=2\n"), "the later file must win");
}

static const struct {
    const char *name, *text, *named; /* a part of the message, or NULL */
} bad_policies[] = {
    {"truncated", "{\"profile\":\"read-only\"", NULL},
    {"empty", "", NULL},
    {"not an object", "[]", NULL},
    {"trailing text", "{} x", NULL},
    {"duplicate key", "{\"profile\":\"read-only\",\"profile\":\"workspace-write\"}", "profile"},
    {"wrong type", "{\"profile\":7}", "profile"},
    {"wrong word", "{\"profile\":\"read-onyl\"}", "profile"},
    {"unknown key", "{\"profil\":\"read-only\"}", "profile"},
    {"case of a key", "{\"Profile\":\"read-only\"}", "profile"},
    {"unknown inner key", "{\"filesystem\":{\"allowWrit\":[]}}", "allowWrite"},
    {"wrong inner type", "{\"filesystem\":{\"allowWrite\":\"x\"}}", "allowWrite"},
    {"invalid UTF-8", "{\"profile\":\"\xFF\xFE\"}", NULL},
    {"escaped NUL", "{\"filesystem\":{\"allowWrite\":[\"C:\\\\a\\u0000b\"]}}", NULL},
    {"lone surrogate", "{\"filesystem\":{\"allowWrite\":[\"C:\\\\\\ud800\"]}}", NULL},
    {"denyRead without accounts", "{\"filesystem\":{\"denyRead\":[\"C:\\\\x\"]}}", "denyRead"},
    {"network none without accounts", "{\"network\":{\"access\":\"none\"}}", "network"},
};

static void expect_refused(struct agent *agent, const char *name, const char *named)
{
    agent_probe(agent, "create|{ws}\\started.txt");
    agent_go(agent);
    EXPECT(agent->run.code == 2 || agent->run.code == 125, "%s, wanted 2 or 125: %s", name,
        agent_story(agent));
    EXPECT(strstr(agent->run.err_text, "agent: "), "%s: no message", name);
    EXPECT(!named || strstr(agent->run.err_text, named), "%s: '%s' is not named: %s", name, named,
        agent->run.err_text);
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "%s: the command was started", name);
}

static void policy_bad(const struct row *row)
{
    (void)row;
    for (size_t i = 0; i < countof(bad_policies); i++) {
        struct agent agent = {.no_result = true};
        with_policy(&agent, bad_policies[i].text, f("bad-%u.json", (unsigned)i));
        expect_refused(&agent, bad_policies[i].name, bad_policies[i].named);
        bool names_file = strstr(agent.run.err_text, f("bad-%u.json", (unsigned)i));
        bool by_mode = strstr(bad_policies[i].name, "without accounts");
        EXPECT(names_file || by_mode, "%s: the file is not named: %s", bad_policies[i].name,
            agent.run.err_text);
    }
}

static void policy_hostile(const struct row *row)
{
    size_t big = 10u << 20;
    char *text = malloc(big + 1);
    struct agent large = {.no_result = true}, deep = {.no_result = true}, nul = {.no_result = true},
                 none = {.no_result = true};
    (void)row;
    memset(text, ' ', big);
    memcpy(text, "{\"profile\":\"", 12);
    memset(text + 12, 'a', big - 14);
    memcpy(text + big - 2, "\"}", 3);
    with_policy(&large, text, "large.json");
    expect_refused(&large, "10 MiB", "large.json");
    memset(text, '[', 10000);
    memset(text + 10000, ']', 10000);
    text[20000] = 0;
    with_policy(&deep, f("{\"filesystem\":%s}", text), "deep.json");
    expect_refused(&deep, "10,000 deep", "deep.json");
    write_bytes(f("%s\\nul.json", fx.res), "{\"profile\":\"read-only\"}\0\0", 25);
    agent_opt(&nul, "--policy", f("%s\\nul.json", fx.res), NULL);
    expect_refused(&nul, "NUL bytes after the end", "nul.json");
    agent_opt(&none, "--policy", f("%s\\absent.json", fx.res), NULL);
    expect_refused(&none, "missing file", "absent.json");
}

static void workspace_narrows(const struct row *row)
{
    struct agent narrow = {.no_result = true}, wide = {.no_result = true};
    (void)row;
    write_file(f("%s\\.agent-sandbox.json", fx.ws), "{\"profile\":\"read-only\"}");
    agent_opt(&narrow, "--dry-run", NULL);
    agent_probe(&narrow, "ping");
    agent_go(&narrow);
    EXPECT(narrow.run.code == 0 && !strstr(narrow.run.out_text, "\"writable\":true"),
        "the workspace's file must be able to narrow: %s", agent_story(&narrow));
    cJSON *path = cJSON_CreateString(fx.out);
    write_file(f("%s\\.agent-sandbox.json", fx.ws),
        f("{\"filesystem\":{\"allowWrite\":[%s]}}", cJSON_PrintUnformatted(path)));
    agent_opt(&wide, "--dry-run", NULL);
    agent_probe(&wide, "ping");
    agent_go(&wide);
    cJSON *plan = cJSON_Parse(wide.run.out_text);
    const cJSON *roots = cJSON_GetObjectItemCaseSensitive(plan, "roots"), *root = NULL;
    bool found = false;
    cJSON_ArrayForEach(root, roots)
    {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "path");
        found = found || (cJSON_IsString(item) && !_stricmp(item->valuestring, fx.out));
    }
    EXPECT(!found, "the workspace's file made another folder writable: %s", agent_story(&wide));
    EXPECT(wide.run.code != 0 || cJSON_GetArraySize(roots) > 0, "the plan lists no roots");
}

static void root_refused(const struct row *row)
{
    static const char *const roots[] = {"{drive}\\", "{windows}", "{windows}\\Temp", "{programs}",
        "{home}", "{roaming}", "{local}", "\\\\localhost\\c$\\x", "{base}\\absent"};
    (void)row;
    for (size_t i = 0; i < countof(roots); i++) {
        struct agent agent = {.no_result = true};
        char *root = expand(roots[i]);
        agent_opt(&agent, "--allow-write", root, NULL);
        agent_probe(&agent, "create|{ws}\\started.txt");
        agent_go(&agent);
        EXPECT(agent.run.code == 125 || agent.run.code == 126 || agent.run.code == 2,
            "'%s' as a writable root was not refused: %s", root, agent_story(&agent));
        EXPECT(strstr(agent.run.err_text, "agent: "), "'%s': no message", root);
        EXPECT(!exists(f("%s\\started.txt", fx.ws)), "'%s': the command was started", root);
    }
    struct agent own = {.no_result = true};
    agent_opt(&own, "--allow-write", opt.programs, NULL);
    agent_probe(&own, "create|{ws}\\started.txt");
    agent_go(&own);
    EXPECT(own.run.code == 125 || own.run.code == 126 || own.run.code == 2,
        "our own programs as a writable root: %s", agent_story(&own));
}

static void result_fields(const struct row *row)
{
    static const char *const texts[] = {"ended", "platform", "mode", "recipe", "network"};
    static const char *const lists[] = {"unproved", "limitsHit", "warnings", "protected"};
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "ping");
    agent_go(&agent);
    CHECK(agent.result, "no result: %s", agent_story(&agent));
    EXPECT(result_number(&agent, "version") == 1, "version");
    for (size_t i = 0; i < countof(texts); i++)
        EXPECT(result_text(&agent, texts[i])[0], "'%s' is missing or empty", texts[i]);
    for (size_t i = 0; i < countof(lists); i++)
        EXPECT(cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(agent.result, lists[i])),
            "'%s' is no list", lists[i]);
    EXPECT(cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(agent.result, "confined")), "confined");
    EXPECT(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(agent.result, "process")), "process");
    EXPECT(
        cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(agent.result, "timingsUs")), "timingsUs");
    EXPECT(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(agent.result, "error")), "error");
    EXPECT(!strcmp(result_text(&agent, "mode"), "unelevated") ||
               !strcmp(result_text(&agent, "mode"), "elevated"),
        "mode '%s'", result_text(&agent, "mode"));
    diag("platform '%s', mode %s, recipe %s", result_text(&agent, "platform"),
        result_text(&agent, "mode"), result_text(&agent, "recipe"));
}

static void result_handle(const struct row *row)
{
    struct agent agent = {.no_result = true};
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE ours = NULL, theirs = NULL;
    static char text[65536];
    DWORD done = 0, total = 0;
    (void)row;
    CreatePipe(&ours, &theirs, &inherit, 65536);
    SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
    agent_opt(&agent, "--result", f("handle:%llu", (unsigned long long)(uintptr_t)theirs), NULL);
    agent_probe(&agent, "exit|300");
    CHECK(agent_start(&agent), "no start");
    CloseHandle(theirs);
    agent_finish(&agent);
    while (total < sizeof text - 1 &&
           ReadFile(ours, text + total, sizeof text - 1 - total, &done, NULL) && done)
        total += done;
    agent.result = cJSON_Parse(text);
    EXPECT(agent.run.code == 300 && result_number(&agent, "exitCode") == 300,
        "result by handle: %.300s; %s", text, agent_story(&agent));
}

static void result_not_openable(const struct row *row)
{
    struct agent agent = {.no_result = true};
    (void)row;
    agent_opt(&agent, "--result", f("%s\\absent\\r.json", fx.res), NULL);
    agent_probe(&agent, "create|{ws}\\started.txt");
    agent_go(&agent);
    EXPECT(agent.run.code == 125 || agent.run.code == 2, "%s", agent_story(&agent));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
}

static void quiet(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    if (opt.unconfined) {
        skip("--wine-unconfined always says what is not enforced");
        return;
    }
    agent_opt(&agent, "--quiet", NULL);
    agent_probe(&agent, "ping");
    agent_go(&agent);
    EXPECT(agent.run.err_bytes == 0, "--quiet, yet: %s", agent_story(&agent));
}

static void command_rule(const struct row *row)
{
    struct agent denied = {0}, planned = {.no_result = true}, other = {0};
    const char *json = "{\"commands\":[{\"match\":[\"probe\",\"seq\"],\"decision\":\"deny\","
                       "\"reason\":\"because the suite says so\"}]}";
    (void)row;
    with_policy(&denied, json, "rule.json");
    agent_probe(&denied, "seq|create|{ws}\\started.txt");
    agent_go(&denied);
    EXPECT(denied.run.code == 126, "wanted 126: %s", agent_story(&denied));
    EXPECT(strstr(denied.run.err_text, "because the suite says so"), "the reason is not shown: %s",
        denied.run.err_text);
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    /* Nothing is settled in a dry run: the rules alone say no here. */
    with_policy(&planned, json, "rule.json");
    agent_opt(&planned, "--dry-run", NULL);
    agent_probe(&planned, "seq|create|{ws}\\started.txt");
    agent_go(&planned);
    EXPECT(planned.run.code == 126, "dry run: wanted 126: %s", agent_story(&planned));
    with_policy(&other, json, "rule.json");
    agent_probe(&other, "ping");
    agent_go(&other);
    EXPECT(other.run.code == PROBE_SUCCEEDED, "another command: %s", agent_story(&other));
}

#define RUN NEED_RUN
static const struct row rows[] = {
    {"Y01", "policy__dry_run__prints_the_plan_and_starts_nothing", RUN, 0, dry_run, NULL},
    {"Y02", "policy__from_file__counts", RUN, 0, policy_file, NULL},
    {"Y03", "policy__from_standard_input__counts", RUN, 0, policy_stdin, NULL},
    {"Y04", "policy__repeated__later_wins", RUN, 0, policy_repeated, NULL},
    {"Y05", "policy__malformed__refused_with_the_key", RUN, 0, policy_bad, NULL},
    {"Y06", "policy__hostile_size_or_depth__refused", RUN, 0, policy_hostile, NULL},
    {"Y07", "policy__workspace_file__only_narrows", RUN, 0, workspace_narrows, NULL},
    {"Y08", "policy__dangerous_root__refused", RUN, 120, root_refused, NULL},
    {"Y09", "result__every_field__present", RUN, 0, result_fields, NULL},
    {"Y10", "result__by_handle__written", RUN, 0, result_handle, NULL},
    {"Y11", "result__cannot_be_opened__refused", RUN, 0, result_not_openable, NULL},
    {"Y13", "policy__command_rule__denied_with_its_reason", RUN, 0, command_rule, NULL},
    {"Y12", "messages__quiet__none", RUN, 0, quiet, NULL},
};
const struct row_set rows_policy = {rows, countof(rows)};
