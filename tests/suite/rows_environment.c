/* The environment is built, not inherited; handles too. */
#include "suite.h"

static void set_env(const char *name, const char *value)
{
    SetEnvironmentVariableW(w(name), value ? w(value) : NULL);
}

static const char *const secrets[] = {"GITHUB_TOKEN", "MY_SECRET", "DB_PASSWORD", "OPENAI_API_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "npm_token_x", "Ssh_Secret_Thing"};

static void secrets_scrubbed(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    for (size_t i = 0; i < countof(secrets); i++)
        set_env(secrets[i], "hunter2-canary");
    agent_probe(&agent, "env");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "env PATH=") || strstr(agent.run.out_text, "env Path="),
        "no environment was printed: %s", agent_story(&agent));
    EXPECT(!strstr(agent.run.out_text, "hunter2-canary"), "a secret reached the child: %.200s",
        strstr(agent.run.out_text, "hunter2-canary"));
    for (size_t i = 0; i < countof(secrets); i++)
        set_env(secrets[i], NULL);
}

static void set_and_pass(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    set_env("SUITE_PASSED", "from the caller");
    set_env("SUITE_UNASKED", "unasked-canary");
    agent_opt(&agent, "--env", "SUITE_SET=a=b c", "--env", "SUITE_PASSED", "--env",
        "SUITE_EMPTY=", "--env", "SUITE_WIDE=\xC3\xBC\xF0\x9F\x98\x80", NULL);
    agent_probe(&agent, "env");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "env SUITE_SET=a=b c\n"), "--env NAME=VALUE: %.500s",
        agent.run.out_text);
    EXPECT(strstr(agent.run.out_text, "env SUITE_PASSED=from the caller\n"), "--env NAME");
    EXPECT(
        strstr(agent.run.out_text, "env SUITE_WIDE=\xC3\xBC\xF0\x9F\x98\x80\n"), "Unicode value");
    EXPECT(!strstr(agent.run.out_text, "unasked-canary"), "an unasked variable was inherited");
}

static void folders(const struct row *row)
{
    static const char *const names[] = {"TEMP", "TMP"};
    (void)row;
    for (size_t i = 0; i < countof(names); i++) {
        struct agent agent = {0};
        char *ours = env(names[i]);
        agent_probe(&agent, f("envwrite|%s|suite-%lu.tmp", names[i], GetCurrentProcessId()));
        agent_go(&agent);
        EXPECT(agent.run.code == PROBE_SUCCEEDED, "%%%s%% is not writable: %s", names[i],
            agent_story(&agent));
        EXPECT(!ours || !exists(f("%s\\suite-%lu.tmp", ours, GetCurrentProcessId())),
            "%%%s%% is the caller's own", names[i]);
    }
    static const char *const caches[] = {"npm_config_cache", "PIP_CACHE_DIR", "NUGET_PACKAGES",
        "CARGO_HOME", "GOCACHE", "GRADLE_USER_HOME"};
    for (size_t i = 0; i < countof(caches); i++) {
        struct agent agent = {0};
        agent_probe(&agent, f("env|%s", caches[i]));
        agent_go(&agent);
        EXPECT(agent.run.code == PROBE_SUCCEEDED && strstr(agent.run.out_text, "AgentSandbox"),
            "%s does not point into our folders: %s", caches[i], agent_story(&agent));
    }
}

static void deny_bin(const struct row *row)
{
    static const char *const programs[] = {"ssh", "scp"};
    (void)row;
    for (size_t i = 0; i < countof(programs); i++) {
        struct agent agent = {0};
        agent_cmd(&agent, "cmd", "/d", "/c", f("%s host", programs[i]), NULL);
        agent_go(&agent);
        EXPECT(agent.run.code == 1, "%s in the sandbox, wanted 1: %s", programs[i],
            agent_story(&agent));
        EXPECT(agent.run.out_bytes + agent.run.err_bytes > 0, "%s says nothing", programs[i]);
        EXPECT(!strstr(agent.run.out_text, "\\r\\n") && !strstr(agent.run.err_text, "\\r\\n"),
            "the stub's line ends are text");
    }
}

static void network_variables(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_opt(&agent, "--network", "advisory", NULL);
    agent_probe(&agent, "env|HTTPS_PROXY");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "=http://127.0.0.1:"), "no dead proxy is set: %s",
        agent_story(&agent));
    EXPECT(!strcmp(result_text(&agent, "network"), "advisory"), "the result says network '%s'",
        result_text(&agent, "network"));
}

static void only_std_handles(const struct row *row)
{
    struct agent agent = {0};
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    (void)row;
    HANDLE event = CreateEventW(&inherit, TRUE, FALSE, NULL);
    HANDLE file = CreateFileW(
        w(f("%s\\leak.txt", fx.res)), GENERIC_WRITE, 3, &inherit, CREATE_ALWAYS, 0, NULL);
    CHECK(event && file != INVALID_HANDLE_VALUE, "no handles to leak");
    char *words = f("seq|use-event|%llu|+|use-file|%llu", (unsigned long long)(uintptr_t)event,
        (unsigned long long)(uintptr_t)file);
    struct run twin = {0};
    probe_words(&twin, words);
    run_all(&twin);
    CHECK(probe_judge(&twin).first == PROBE_SUCCEEDED &&
              probe_judge(&twin).outcome == PROBE_SUCCEEDED &&
              WaitForSingleObject(event, 0) == WAIT_OBJECT_0,
        "the counterpart outside must inherit both: %.300s", twin.out_text);
    ResetEvent(event);
    agent_probe(&agent, words);
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "= "), "the probe did not run: %s", agent_story(&agent));
    EXPECT(WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "the child set the caller's event");
    LARGE_INTEGER size = {.QuadPart = 0};
    GetFileSizeEx(file, &size);
    EXPECT(size.QuadPart == 4, "the child wrote to the caller's file");
    CloseHandle(event);
    CloseHandle(file);
}

static void standard_handles(const struct row *row)
{
    struct agent agent = {0};
    int inheritable = 0;
    (void)row;
    agent_probe(&agent, "seq|std|+|handles|4096");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "std 0 open 1") &&
               strstr(agent.run.out_text, "std 1 open 1") &&
               strstr(agent.run.out_text, "std 2 open 1"),
        "a standard handle is not open: %s", agent_story(&agent));
    for (const char *p = agent.run.out_text; (p = strstr(p, " inherit 1")) != NULL; p++)
        inheritable++;
    EXPECT(inheritable <= 3, "%d inheritable handles in the child: %.600s", inheritable,
        agent.run.out_text);
}

/* The caller sits in a console; whatever the child has, nobody else is in it. */
static void no_console(const struct row *row)
{
    struct agent agent = {.run.create_flags = CREATE_NEW_CONSOLE};
    (void)row;
    agent_probe(&agent, "has-console");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "processes in this console: 0") ||
               strstr(agent.run.out_text, "processes in this console: 1"),
        "the child shares a console: %s", agent_story(&agent));
}

#define RUN NEED_RUN
static const struct row rows[] = {
    {"V01", "environment__secrets__scrubbed", RUN, 0, secrets_scrubbed, NULL},
    {"V02", "environment__set_and_pass__arrive", RUN, 0, set_and_pass, NULL},
    {"V03", "environment__temp_and_caches__redirected", RUN, 0, folders, NULL},
    {"V04", "environment__ssh_stub__fails_and_says_so", RUN, 0, deny_bin, NULL},
    {"V05", "environment__network_advisory__dead_proxy", RUN, 0, network_variables, NULL},
    {"V06", "handles__callers_inheritable_ones__not_in_the_child", RUN, 0, only_std_handles, NULL},
    {"V07", "handles__in_the_child__three_standard_ones", RUN, 0, standard_handles, NULL},
    {"V08", "console__of_the_caller__not_shared", RUN, 0, no_console, NULL},
};
const struct row_set rows_environment = {rows, countof(rows)};
