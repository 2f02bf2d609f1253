/*
 * The answering commands of agent.exe end to end: exit codes, what is on standard output, and that
 * nothing is granted by asking. Where the platform keeps access lists (not stock Wine) also what
 * `why` says before a run, after it, of a file that was moved in, and after revoke.
 */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"
#include "tests/support/win/scratch.h"

#include <cjson/cJSON.h>
#include <stdio.h>

static char agent[1200];
static char cwd[500];
static char output[262144];

static void setup(void)
{
    char *slash;

    snprintf(agent, sizeof(agent), "%s", child_directory());
    slash = strrchr(agent, '\\');
    ck_assert_ptr_nonnull(slash);
    snprintf(slash, sizeof(agent) - (size_t)(slash - agent), "\\agent.exe");
    scratch_begin();
    scratch_mkdir("ws");
    scratch_mkdir("ws\\.git");
    scratch_mkdir("out");
    scratch_write("ws\\a.txt", "x");
    scratch_write("ws\\.git\\config", "x");
    scratch_write("out\\came.txt", "x");
    scratch_write("good.json", "{\"profile\":\"read-only\"}");
    scratch_write("bad.json", "{\"profil\":1}");
    snprintf(cwd, sizeof(cwd), "%s", scratch_path("ws"));
}

static void teardown(void)
{
    scratch_end();
}

/* The words of a command line, NULL at the end. */
static uint32_t run(const char *const *words)
{
    const char *argv[16] = {"agent"};
    struct sbx_spawn spawn;
    size_t argc = 1;

    while (words[argc - 1]) {
        ck_assert_uint_lt(argc, countof(argv));
        argv[argc] = words[argc - 1];
        argc++;
    }
    spawn = child_request(argv, argc);
    spawn.image = agent;
    spawn.cwd = cwd;
    return child_run(&spawn, output, sizeof(output));
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static cJSON *parsed(void)
{
    cJSON *json = cJSON_Parse(output);

    ck_assert_msg(json, "not JSON: %.1000s", output);
    return json;
}

static bool is_true(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);

    ck_assert_msg(cJSON_IsBool(item), "no '%s' in %.1000s", key, output);
    return cJSON_IsTrue(item);
}

static const struct {
    const char *words[8];
    uint32_t code;
} usage[] = {
    {{"why"}, 2},
    {{"why", "a.txt"}, 2},
    {{"why", "a<b", "--op", "read"}, 2},
    {{"why", "none\\x", "--op", "read"}, 125},
    {{"why", "a.txt", "--op", "read", "--cwd", "none"}, 125},
    {{"why", "a.txt", "--op", "read", "--policy", "..\\bad.json"}, 2},
    {{"grants"}, 2},
    {{"revoke"}, 2},
    {{"revoke", "a.txt"}, 127},
    {{"audit", "writable", "none"}, 125},
    {{"policy", "validate", "..\\good.json"}, 0},
    {{"policy", "validate", "..\\good.json", "..\\bad.json"}, 2},
    {{"policy", "validate", "..\\missing.json"}, 2},
    {{"policy", "show", "--policy", "..\\bad.json"}, 2},
    {{"why", "--help"}, 0},
    {{"help", "revoke"}, 0},
};

START_TEST(verbs__exit_codes__are_the_documented_ones)
{
    uint32_t code = run(usage[_i].words);

    ck_assert_msg(code == usage[_i].code, "agent %s %s: exit %u, not %u", usage[_i].words[0],
        usage[_i].words[1] ? usage[_i].words[1] : "", code, usage[_i].code);
}
END_TEST

START_TEST(verbs__json__is_one_document_on_standard_output)
{
    cJSON *json;
    uint32_t code;

    code = RUN("why", "a.txt", "--op", "read", "--json");
    ck_assert_uint_eq(code, 0);
    json = parsed();
    ck_assert(is_true(json, "allowed") && is_true(json, "exists"));
    ck_assert_ptr_nonnull(cJSON_GetObjectItemCaseSensitive(json, "decidedBy"));
    cJSON_Delete(json);
    code = RUN("policy", "show", "--profile", "read-only");
    ck_assert_uint_eq(code, 0);
    json = parsed();
    ck_assert_uint_eq(
        strlen(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "policyHash"))), 64);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
                         cJSON_GetObjectItemCaseSensitive(json, "policy"), "profile")),
        "read-only");
    cJSON_Delete(json);
    code = RUN("policy", "validate", "--json", "..\\good.json", "..\\bad.json");
    ck_assert_uint_eq(code, 2);
    json = parsed();
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "files")), 2);
    cJSON_Delete(json);
    code = RUN("audit", "writable", "..\\out", "--seconds", "30", "--json");
    json = parsed();
    ck_assert_uint_eq(
        code, cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "findings")) ? 1 : 0);
    ck_assert_ptr_nonnull(cJSON_GetObjectItemCaseSensitive(json, "coverage"));
    cJSON_Delete(json);
}
END_TEST

static void expect_why(const char *path, const char *op, uint32_t code, const char *says)
{
    uint32_t real = RUN("why", path, "--op", op);

    ck_assert_msg(real == code && strstr(output, says),
        "why %s: exit %u, not %u with '%s':\n%.1500s", path, real, code, says, output);
}

START_TEST(why__around_a_run__tells_what_is_granted)
{
    wchar_t from_w[800];
    uint32_t code;

    expect_why("a.txt", "write", 0, "note: not granted yet");
    expect_why(".git\\config", "write", 126, "a protected name (protect)");
    expect_why("..\\out\\came.txt", "write", 126, "in no writable root");
    code = RUN("grants", "list");
    ck_assert(code == 0 && !strstr(output, cwd)); /* asking has granted nothing */
    code = RUN("run", "--quiet", "--", "cmd", "/c", "echo x> made.txt");
    ck_assert_uint_eq(code, 0);
    expect_why("a.txt", "write", 0, "capability of root");
    ck_assert(!strstr(output, "not granted yet"));
    expect_why("made.txt", "delete", 0, "capability of root");
    code = RUN("grants", "list");
    ck_assert(code == 0 && strstr(output, cwd));
    wcscpy(from_w, scratch_path_w("out\\came.txt"));
    ck_assert(MoveFileW(from_w, scratch_path_w("ws\\came.txt")));
    expect_why("came.txt", "write", 126, "note: moved in");
    code = RUN("revoke", ".");
    ck_assert_uint_eq(code, 0);
    expect_why("came.txt", "write", 0, "note: not granted yet");
    code = RUN("revoke", ".");
    ck_assert_uint_eq(code, 127);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, verbs__exit_codes__are_the_documented_ones, 0, (int)countof(usage));
    tcase_add_test(tcase, verbs__json__is_one_document_on_standard_output);
    if (!platform_is_stock_wine())
        tcase_add_test(tcase, why__around_a_run__tells_what_is_granted);
}

int wmain(void);
int wmain(void)
{
    int code = unit_run("why_cli", add_tests);

    if (!code && platform_is_stock_wine())
        printf("skipped: why around a run: stock Wine keeps no access lists of files\n"
               "%zu passed, 0 failed, 1 skipped\n",
            countof(usage) + 1);
    return code;
}
