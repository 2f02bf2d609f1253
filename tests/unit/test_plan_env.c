/* plan_env: what the child's environment holds, what never gets in, and the network stubs. */
#include "shared/core/plan.h"

#include <stdio.h>

#include "shared/core/plan_parts.h"
#include "tests/support/unit.h"
#include "tests/support/world.h"

#define HOME "C:\\Users\\me\\AppData\\Local\\AgentSandbox\\work\\1"
#define TMPDIR "C:\\Users\\me\\AppData\\Local\\AgentSandbox\\tmp\\1"
#define DENYBIN "C:\\Users\\me\\AppData\\Local\\AgentSandbox\\deny-bin"

static struct world w;

static void setup(void)
{
    world_open(&w);
    world_policy(&w, "{\"network\":{\"access\":\"full\"}}");
}

static void teardown(void)
{
    world_close(&w);
}

static const char *value(const char *name)
{
    return sbx_env_get(&w.plan.environment, name);
}

static void assert_value(const char *name, const char *expected)
{
    ck_assert_msg(value(name) != NULL, "%s is not set", name);
    ck_assert_msg(!strcmp(value(name), expected), "%s is '%s'", name, value(name));
}

static bool is_scrubbed(const char *name)
{
    size_t i;

    for (i = 0; i < w.plan.environment_scrubbed.count; i++)
        if (!strcmp(w.plan.environment_scrubbed.items[i], name))
            return true;
    return false;
}

/* --- from the caller ------------------------------------------------------------------------- */

START_TEST(env__only_the_list__comes_from_the_caller)
{
    static const char *const in[] = {"SystemRoot", "ComSpec", "PATHEXT", "PROCESSOR_LEVEL",
        "ProgramFiles", "ProgramFiles(x86)", "CommonProgramFiles(x86)", "USERPROFILE", "LC_ALL",
        "TERM", "NO_COLOR"};
    static const char *const out[] = {"EDITOR", "NODE_OPTIONS", "PYTHONPATH", "GIT_DIR",
        "HTTP_PROXY", "ProgramFilesX", "PATHX", "MYPATH", "JAVA_HOME", "PROMPT"};
    size_t i;

    for (i = 0; i < countof(in); i++)
        world_env(&w, in[i], "v");
    for (i = 0; i < countof(out); i++)
        world_env(&w, out[i], "v");
    world_must_plan(&w);
    for (i = 0; i < countof(in); i++)
        assert_value(in[i], "v");
    for (i = 0; i < countof(out); i++)
        ck_assert_msg(value(out[i]) == NULL, "%s got in", out[i]);
    ck_assert_uint_eq(w.plan.environment_scrubbed.count, 0); /* nobody asked for them */
}
END_TEST

START_TEST(env__pass__takes_names_and_patterns)
{
    world_policy(&w, "{\"environment\":{\"pass\":[\"editor\",\"MY_*\"]}}");
    world_env(&w, "EDITOR", "vi");
    world_env(&w, "MY_A", "1");
    world_env(&w, "OTHER", "2");
    world_must_plan(&w);
    assert_value("EDITOR", "vi");
    assert_value("MY_A", "1");
    ck_assert_ptr_null(value("OTHER"));
    ck_assert_ptr_null(value("MY_B"));
}
END_TEST

static const char *const secrets[] = {"GITHUB_TOKEN", "npm_token_x", "CLIENT_SECRET", "DB_PASSWORD",
    "PASSWD", "OPENAI_API_KEY", "SIGNING_KEY", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AZURE_TENANT",
    "GH_PAT", "MYSQL_PWD", "SENTRY_DSN", "DATABASE_URL", "SSH_AUTH_SOCK", "GIT_ASKPASS",
    "KUBECONFIG", "ConnectionStrings__Main", "GOOGLE_APPLICATION_CREDENTIALS", "SESSION_COOKIE"};

START_TEST(env__secret__is_scrubbed_from_a_pattern)
{
    world_policy(&w, "{\"environment\":{\"pass\":[\"*\"]}}");
    world_env(&w, secrets[_i], "hunter2");
    world_must_plan(&w);
    ck_assert_msg(value(secrets[_i]) == NULL, "%s got in", secrets[_i]);
    ck_assert(is_scrubbed(secrets[_i]));
}
END_TEST

START_TEST(env__secret_by_its_own_name__passes_with_a_warning)
{
    char policy[128];
    size_t i;

    snprintf(policy, sizeof(policy), "{\"environment\":{\"pass\":[\"%s\"]}}", secrets[_i]);
    world_policy(&w, policy);
    world_env(&w, secrets[_i], "hunter2");
    world_must_plan(&w);
    assert_value(secrets[_i], "hunter2");
    ck_assert(!is_scrubbed(secrets[_i]));
    ck_assert_uint_eq(w.plan.warnings.count, 1);
    for (i = 0; i < w.plan.warnings.count; i++) {
        ck_assert_ptr_nonnull(strstr(w.plan.warnings.items[i], secrets[_i]));
        ck_assert_ptr_null(strstr(w.plan.warnings.items[i], "hunter2"));
    }
}
END_TEST

START_TEST(env__harmless_names__are_no_secrets)
{
    static const char *const names[] = {"PATH", "PATHEXT", "TEMP", "TERM", "PUBLIC", "USERNAME",
        "PROCESSOR_IDENTIFIER", "KEYBOARD", "MONKEY", "AUTHOR", "SystemRoot",
        "NUMBER_OF_PROCESSORS", "ARMOR", "PWD"};
    size_t i;

    for (i = 0; i < countof(names); i++)
        ck_assert_msg(!sbx_plan_is_secret(names[i]), "%s", names[i]);
}
END_TEST

START_TEST(env__scrub__beats_pass_but_not_set)
{
    world_policy(&w, "{\"environment\":{\"pass\":[\"MINE\",\"TWO\"],\"scrub\":[\"mine\",\"T*\","
                     "\"LANG\"],\"set\":{\"TWO\":\"set\"}}}");
    world_env(&w, "MINE", "v");
    world_env(&w, "TWO", "v");
    world_env(&w, "LANG", "de");
    world_must_plan(&w);
    ck_assert_ptr_null(value("MINE"));
    ck_assert_ptr_null(value("LANG"));
    ck_assert(is_scrubbed("MINE"));
    assert_value("TWO", "set");
}
END_TEST

START_TEST(env__set__has_the_last_word)
{
    world_policy(&w, "{\"network\":{\"access\":\"advisory\"},\"environment\":{\"set\":{"
                     "\"MY_TOKEN\":\"given\",\"TEMP\":\"D:\\\\t\",\"HTTP_PROXY\":\"http://p:1\","
                     "\"EMPTY\":\"\",\"EQ\":\"a=b\"}}}");
    world_must_plan(&w);
    assert_value("MY_TOKEN", "given");
    assert_value("TEMP", "D:\\t");
    assert_value("HTTP_PROXY", "http://p:1");
    assert_value("EMPTY", "");
    assert_value("EQ", "a=b");
    ck_assert_uint_eq(w.plan.environment_scrubbed.count, 0);
}
END_TEST

/* --- PATH ------------------------------------------------------------------------------------ */

static const struct path_row {
    const char *given, *expected;
} paths[] = {
    {"C:\\a;D:\\b", "C:\\a;D:\\b"},
    {";C:\\a;;D:\\b;", "C:\\a;D:\\b"},
    {".;C:\\a;..\\b;bin;\\c;C:d", "C:\\a"},
    {"\"C:\\a;b\";C:\\c", "\"C:\\a;b\";C:\\c"},
    {"\"bin\";C:\\c", "C:\\c"},
    {"\\\\server\\share\\bin;C:\\c", "\\\\server\\share\\bin;C:\\c"},
    {"%X%\\bin;C:\\c", "C:\\c"},
    {".", ""},
};

START_TEST(env__path__keeps_absolute_entries_only)
{
    world_env(&w, "PATH", paths[_i].given);
    world_must_plan(&w);
    assert_value("PATH", paths[_i].expected);
    assert_value("NoDefaultCurrentDirectoryInExePath", "1");
}
END_TEST

/* --- folders --------------------------------------------------------------------------------- */

START_TEST(env__unelevated__moves_caches_and_temp_only)
{
    world_env(&w, "USERPROFILE", "C:\\Users\\me");
    world_env(&w, "APPDATA", "C:\\Users\\me\\AppData\\Roaming");
    world_must_plan(&w);
    assert_value("USERPROFILE", "C:\\Users\\me");
    assert_value("APPDATA", "C:\\Users\\me\\AppData\\Roaming");
    assert_value("TEMP", TMPDIR);
    assert_value("TMP", TMPDIR);
    assert_value("GOCACHE", HOME "\\go-build");
    assert_value("CARGO_HOME", HOME "\\cargo");
    assert_value("npm_config_cache", HOME "\\npm");
    assert_value("GRADLE_USER_HOME", HOME "\\gradle");
    ck_assert_ptr_null(value("HOME"));
    ck_assert_ptr_null(value("GIT_CONFIG_COUNT"));
}
END_TEST

START_TEST(env__elevated__moves_the_profile)
{
    world_install(&w);
    world_env(&w, "USERPROFILE", "C:\\Users\\me");
    world_env(&w, "USERNAME", "me");
    world_env(&w, "USERDOMAIN", "CORP");
    world_must_plan(&w);
    assert_value("USERPROFILE", HOME);
    assert_value("HOME", HOME);
    assert_value("APPDATA", HOME "\\AppData\\Roaming");
    assert_value("LOCALAPPDATA", HOME "\\AppData\\Local");
    assert_value("HOMEDRIVE", "C:");
    assert_value("HOMEPATH", HOME + 2);
    assert_value("USERNAME", "AgentSandboxOnline");
    ck_assert_ptr_null(value("USERDOMAIN"));
    assert_value("TEMP", TMPDIR);
    assert_value("DOTNET_CLI_HOME", HOME "\\dotnet");
}
END_TEST

START_TEST(env__read_only__does_not_use_the_home)
{
    world_policy(&w, "{\"profile\":\"read-only\",\"network\":{\"access\":\"full\"}}");
    world_must_plan(&w);
    ck_assert_ptr_null(value("GOCACHE"));
    assert_value("TEMP", TMPDIR);
    world_install(&w);
    world_must_plan(&w);
    assert_value("GOCACHE", TMPDIR "\\go-build"); /* the account has nothing else */
    assert_value("USERPROFILE", TMPDIR);
}
END_TEST

START_TEST(env__cache_passed_by_name__stays)
{
    world_policy(&w, "{\"environment\":{\"pass\":[\"cargo_home\",\"GO*\"]}}");
    world_env(&w, "CARGO_HOME", "D:\\cargo");
    world_env(&w, "GOCACHE", "D:\\go");
    world_must_plan(&w);
    assert_value("CARGO_HOME", "D:\\cargo");
    assert_value("GOCACHE", HOME "\\go-build"); /* a pattern does not mean this one */
}
END_TEST

START_TEST(env__no_folders_given__leaves_the_callers)
{
    world_set(&w.facts.home_directory, NULL);
    world_set(&w.facts.temp_directory, NULL);
    world_must_plan(&w);
    assert_value("TEMP", "C:\\Users\\me\\AppData\\Local\\Temp");
    ck_assert_ptr_null(value("GOCACHE"));
}
END_TEST

START_TEST(env__dev_null__becomes_nul)
{
    world_policy(&w, "{\"environment\":{\"pass\":[\"*\"],\"set\":{\"B\":\"/dev/null\"}}}");
    world_env(&w, "A", "/dev/null");
    world_env(&w, "C", "/dev/null/x");
    world_must_plan(&w);
    assert_value("A", "NUL");
    assert_value("B", "NUL");
    assert_value("C", "/dev/null/x");
}
END_TEST

/* --- git ------------------------------------------------------------------------------------- */

START_TEST(env__elevated__names_the_repository_as_safe)
{
    world_install(&w);
    world_must_plan(&w);
    assert_value("GIT_CONFIG_COUNT", "2");
    assert_value("GIT_CONFIG_KEY_0", "safe.directory");
    assert_value("GIT_CONFIG_VALUE_0", "D:/proj");
    assert_value("GIT_CONFIG_VALUE_1", "D:/proj/*");
    world_set(&w.facts.git_root, "D:\\repo");
    world_must_plan(&w);
    assert_value("GIT_CONFIG_VALUE_0", "D:/repo");
}
END_TEST

static const struct count_row {
    const char *given, *expected, *key;
} counts[] = {
    {"1", "3", "GIT_CONFIG_KEY_1"},
    {"0", "2", "GIT_CONFIG_KEY_0"},
    {"", "2", "GIT_CONFIG_KEY_0"},
    {"1x", "2", "GIT_CONFIG_KEY_0"},
    {"-1", "2", "GIT_CONFIG_KEY_0"},
    {"99999999999999999999", "2", "GIT_CONFIG_KEY_0"},
};

START_TEST(env__git_config_of_the_caller__is_kept)
{
    world_install(&w);
    world_policy(&w, "{\"environment\":{\"pass\":[\"GIT_CONFIG_*\"]}}");
    world_env(&w, "GIT_CONFIG_COUNT", counts[_i].given);
    world_must_plan(&w);
    assert_value("GIT_CONFIG_COUNT", counts[_i].expected);
    assert_value(counts[_i].key, "safe.directory");
}
END_TEST

/* --- stubs ----------------------------------------------------------------------------------- */

START_TEST(env__advisory__turns_clients_off)
{
    world_policy(&w, "{\"environment\":{\"pass\":[\"HTTP_PROXY\"]}}");
    world_env(&w, "HTTP_PROXY", "http://corp:8080");
    world_must_plan(&w);
    assert_value("HTTP_PROXY", "http://127.0.0.1:9");
    assert_value("HTTPS_PROXY", "http://127.0.0.1:9");
    assert_value("ALL_PROXY", "http://127.0.0.1:9");
    assert_value("NO_PROXY", "");
    assert_value("PIP_NO_INDEX", "1");
    assert_value("NPM_CONFIG_OFFLINE", "true");
    assert_value("CARGO_NET_OFFLINE", "true");
    assert_value("GOPROXY", "off");
    assert_value("GIT_ALLOW_PROTOCOL", "file");
    ck_assert_ptr_nonnull(value("GIT_SSH_COMMAND"));
    assert_value("PATH", DENYBIN ";C:\\Windows\\system32;D:\\tools\\bin");
}
END_TEST

START_TEST(env__full__has_no_stubs)
{
    world_must_plan(&w);
    ck_assert_ptr_null(value("HTTP_PROXY"));
    ck_assert_ptr_null(value("GIT_ALLOW_PROTOCOL"));
    assert_value("PATH", "C:\\Windows\\system32;D:\\tools\\bin");
}
END_TEST

static const struct path_row extensions[] = {
    {".COM;.EXE;.BAT;.CMD", ".COM;.EXE;.BAT;.CMD"},
    {".exe;.cmd", ".exe;.cmd"},
    {".EXE", ".EXE;.CMD"},
    {".CMDX", ".CMDX;.CMD"},
    {"", ".CMD"},
};

START_TEST(env__pathext__finds_the_stubs)
{
    world_policy(&w, "{}");
    world_env(&w, "PATHEXT", extensions[_i].given);
    world_must_plan(&w);
    assert_value("PATHEXT", extensions[_i].expected);
}
END_TEST

START_TEST(env__path_set_by_policy__still_has_the_stubs_first)
{
    world_policy(&w, "{\"environment\":{\"set\":{\"Path\":\"C:\\\\only\"}}}");
    world_must_plan(&w);
    assert_value("PATH", DENYBIN ";C:\\only");
}
END_TEST

START_TEST(env__stub_files__end_lines_as_cmd_needs_them)
{
    size_t count = 0, i;
    const struct sbx_stub_file *stubs = sbx_plan_stub_files(&count);
    bool has_ssh = false;

    ck_assert_uint_ge(count, 2);
    for (i = 0; i < count; i++) {
        const char *text = stubs[i].content, *at;

        has_ssh = has_ssh || !strcmp(stubs[i].name, "ssh.cmd");
        ck_assert_str_eq(stubs[i].name + strlen(stubs[i].name) - 4, ".cmd");
        for (at = text; (at = strchr(at, '\n')) != NULL; at++)
            ck_assert_int_eq(at[-1], '\r');
        ck_assert_ptr_null(strchr(text, '\\')); /* no "\r\n" spelled out */
        ck_assert_ptr_nonnull(strstr(text, "1>&2\r\n"));
        ck_assert_str_eq(text + strlen(text) - strlen("@exit /b 1\r\n"), "@exit /b 1\r\n");
    }
    ck_assert(has_ssh);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, env__only_the_list__comes_from_the_caller);
    tcase_add_test(tcase, env__pass__takes_names_and_patterns);
    tcase_add_loop_test(tcase, env__secret__is_scrubbed_from_a_pattern, 0, (int)countof(secrets));
    tcase_add_loop_test(
        tcase, env__secret_by_its_own_name__passes_with_a_warning, 0, (int)countof(secrets));
    tcase_add_test(tcase, env__harmless_names__are_no_secrets);
    tcase_add_test(tcase, env__scrub__beats_pass_but_not_set);
    tcase_add_test(tcase, env__set__has_the_last_word);
    tcase_add_loop_test(tcase, env__path__keeps_absolute_entries_only, 0, (int)countof(paths));
    tcase_add_test(tcase, env__unelevated__moves_caches_and_temp_only);
    tcase_add_test(tcase, env__elevated__moves_the_profile);
    tcase_add_test(tcase, env__read_only__does_not_use_the_home);
    tcase_add_test(tcase, env__cache_passed_by_name__stays);
    tcase_add_test(tcase, env__no_folders_given__leaves_the_callers);
    tcase_add_test(tcase, env__dev_null__becomes_nul);
    tcase_add_test(tcase, env__elevated__names_the_repository_as_safe);
    tcase_add_loop_test(tcase, env__git_config_of_the_caller__is_kept, 0, (int)countof(counts));
    tcase_add_test(tcase, env__advisory__turns_clients_off);
    tcase_add_test(tcase, env__full__has_no_stubs);
    tcase_add_loop_test(tcase, env__pathext__finds_the_stubs, 0, (int)countof(extensions));
    tcase_add_test(tcase, env__path_set_by_policy__still_has_the_stubs_first);
    tcase_add_test(tcase, env__stub_files__end_lines_as_cmd_needs_them);
}

UNIT_MAIN("plan_env", add_tests)
