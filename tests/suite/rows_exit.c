/* Exit codes, and runs that end before a command starts. */
#include "suite.h"

static void expect_own_message(const struct agent *agent, const char *part)
{
    EXPECT(strstr(agent->run.err_text, "agent: "), "no line 'agent: ...' on stderr: %s",
        agent_story(agent));
    if (part)
        EXPECT(
            strstr(agent->run.err_text, part), "'%s' is not named: %s", part, agent_story(agent));
}

static void refuses_unproved(const struct row *row)
{
    struct agent agent = {0};
    bool unconfined = opt.unconfined;
    (void)row;
    if (fact(FACT_RESTRICT)) {
        skip("this platform enforces restricting SIDs");
        return;
    }
    opt.unconfined = false;
    agent_probe(&agent, "create|{ws}\\started.txt");
    agent_go(&agent);
    opt.unconfined = unconfined;
    EXPECT(agent.run.code == 125, "wanted 125: %s", agent_story(&agent));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    expect_own_message(&agent, NULL);
    CHECK(agent.result, "no result was written");
    EXPECT(!strcmp(result_text(&agent, "ended"), "failed"), "ended is '%s'",
        result_text(&agent, "ended"));
    EXPECT(result_has_text(&agent, "error", "message"), "the result has no error");
    EXPECT(result_number(&agent, "confined") != 1, "the result claims to be confined");
}

static void unconfined_marked(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    if (!opt.unconfined) {
        skip("only with --unconfined");
        return;
    }
    agent_probe(&agent, "ping");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED && agent.result, "%s", agent_story(&agent));
    const cJSON *confined = cJSON_GetObjectItemCaseSensitive(agent.result, "confined");
    const cJSON *unproved = cJSON_GetObjectItemCaseSensitive(agent.result, "unproved");
    EXPECT(cJSON_IsFalse(confined), "confined is not false");
    EXPECT(cJSON_GetArraySize(unproved) > 0, "nothing is listed as unproved");
    EXPECT(strstr(agent.run.err_text, "agent: "), "nothing is said on stderr");
}

static void option_needs_wine(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    if (fact(FACT_WINE)) {
        skip("this is Wine");
        return;
    }
    agent_opt(&agent, "--wine-unconfined", NULL);
    agent_probe(&agent, "create|{ws}\\started.txt");
    agent_go(&agent);
    EXPECT(
        agent.run.code == 125 || agent.run.code == 2, "wanted a refusal: %s", agent_story(&agent));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
}

static void codes(const struct row *row)
{
    static const uint32_t codes[] = {0, 1, 2, 42, 124, 125, 126, 127, 255, 256, 300, 259,
        0x7FFFFFFF, 0x80000000, 0xC0000005, 0xFFFFFFFF};
    (void)row;
    for (size_t i = 0; i < countof(codes); i++) {
        struct agent agent = {0};
        agent_probe(&agent, f("exit|0x%X", codes[i]));
        agent_go(&agent);
        EXPECT(agent.run.code == codes[i], "the child ended with 0x%X: %s", codes[i],
            agent_story(&agent));
        EXPECT(result_number(&agent, "exitCode") == (double)codes[i],
            "exitCode in the result is %.0f, wanted %u", result_number(&agent, "exitCode"),
            codes[i]);
        EXPECT(!strcmp(result_text(&agent, "ended"), "exit"), "ended is '%s' for 0x%X",
            result_text(&agent, "ended"), codes[i]);
    }
}

static void crash(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "crash");
    agent_go(&agent);
    EXPECT(agent.run.code == 0xC0000005, "wanted 0xC0000005: %s", agent_story(&agent));
}

static void missing_program(const struct row *row)
{
    static const char *const names[] = {
        "no-such-program-here", "{ws}\\no-such.exe", "{ws}\\no-such-dir\\x.exe", ".\\no-such.exe"};
    (void)row;
    for (size_t i = 0; i < countof(names); i++) {
        struct agent agent = {0};
        char *name = expand(names[i]);
        agent_cmd(&agent, name, NULL);
        agent_go(&agent);
        EXPECT(agent.run.code == 127, "'%s', wanted 127: %s", name, agent_story(&agent));
        expect_own_message(&agent, strrchr(name, '\\') ? strrchr(name, '\\') + 1 : name);
        EXPECT(agent.result && result_number(&agent, "exitCode") == 127, "no result with 127");
    }
}

static void directory_program(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_cmd(&agent, f("%s\\sub", fx.ws), NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 126, "wanted 126: %s", agent_story(&agent));
    expect_own_message(&agent, "sub");
}

static void no_program_file(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    write_file(f("%s\\text.exe", fx.ws), "this is no program\r\n");
    agent_cmd(&agent, f("%s\\text.exe", fx.ws), NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 126, "wanted 126: %s", agent_story(&agent));
    expect_own_message(&agent, "text.exe");
}

static void not_from_cwd(const struct row *row)
{
    struct agent agent = {.run.cwd = fx.ws};
    (void)row;
    CHECK(CopyFileW(w(probe_path()), w(f("%s\\planted-probe.exe", fx.ws)), TRUE), "copy");
    agent_cmd(&agent, "planted-probe", "create", f("%s\\started.txt", fx.ws), NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 127, "a bare name was found in the working directory: %s",
        agent_story(&agent));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the planted program ran");
    struct agent named = {.run.cwd = fx.ws};
    agent_cmd(&named, ".\\planted-probe.exe", "ping", NULL);
    agent_go(&named);
    EXPECT(named.run.code == PROBE_SUCCEEDED, "with .\\ it must run: %s", agent_story(&named));
}

static void missing_cwd(const struct row *row)
{
    struct agent agent = {.no_cwd = true}, file = {.no_cwd = true};
    char *path = f("%s\\no-such-folder", fx.base);
    (void)row;
    agent_opt(&agent, "--cwd", path, NULL);
    agent_probe(&agent, "ping");
    agent_go(&agent);
    EXPECT(agent.run.code == 125, "wanted 125: %s", agent_story(&agent));
    expect_own_message(&agent, "no-such-folder");
    EXPECT(!exists(path), "it was created");
    agent_opt(&file, "--cwd", f("%s\\keep.txt", fx.ws), NULL);
    agent_probe(&file, "ping");
    agent_go(&file);
    EXPECT(file.run.code == 125, "a file as cwd, wanted 125: %s", agent_story(&file));
    expect_own_message(&file, "keep.txt");
}

static void usage(const struct row *row)
{
    static const char *const lines[][4] = {{"--no-such-option", NULL}, {"--profile", "writable"},
        {"--timeout", "-1"}, {"--timeout", "soon"}, {"--max-processes", "0"}, {"--cpu", "101"},
        {"--max-memory", "x"}, {"--mode", "third"}, {"--network", "some"}, {"--env", "=x"}};
    (void)row;
    for (size_t i = 0; i < countof(lines); i++) {
        struct agent agent = {.no_result = true};
        agent_opt(&agent, lines[i][0], lines[i][1], NULL);
        agent_probe(&agent, "create|{ws}\\started.txt");
        agent_go(&agent);
        EXPECT(agent.run.code == 2, "%s %s, wanted 2: %s", lines[i][0],
            lines[i][1] ? lines[i][1] : "", agent_story(&agent));
        expect_own_message(&agent, lines[i][0] + 2);
        EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    }
    struct agent none = {.no_result = true};
    agent_go(&none);
    EXPECT(none.run.code == 2, "without a program, wanted 2: %s", agent_story(&none));
    struct run bare = {.image = agent_path()};
    run_all(&bare);
    EXPECT(bare.code == 2, "agent alone, wanted 2, got %lu", bare.code);
}

static void alias(const struct row *row)
{
    struct run run = {.image = agent_path()};
    (void)row;
    run_args(&run, "exec", "--cwd", fx.ws, NULL);
    if (opt.unconfined)
        run_arg(&run, "--wine-unconfined");
    run_args(&run, "--", probe_path(), "exit", "7", NULL);
    run_all(&run);
    EXPECT(run.code == 7, "agent exec ended with %lu: %.300s", run.code, run.err_text);
}

static void works_in_cwd(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "seq|cwd|+|create|made-here.txt");
    agent_go(&agent);
    EXPECT(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(exists(f("%s\\made-here.txt", fx.ws)), "the working directory is another: %s",
        agent.run.out_text);
}

static void stdout_is_the_childs(const struct row *row)
{
    struct agent agent = {0}, json = {0};
    (void)row;
    agent_probe(&agent, "flood|8");
    agent_go(&agent);
    EXPECT(agent.run.out_bytes == 8, "%.0f bytes on stdout: %s", (double)agent.run.out_bytes,
        agent_story(&agent));
    agent_opt(&json, "--json", NULL);
    agent_probe(&json, "flood|8");
    agent_go(&json);
    EXPECT(json.run.out_bytes == 8, "with --json, %.0f bytes on stdout: %s",
        (double)json.run.out_bytes, agent_story(&json));
    char *copy = f("%s", json.run.err_text);
    int lines = 0;
    for (char *line = strtok(copy, "\r\n"); line; line = strtok(NULL, "\r\n"), lines++) {
        cJSON *parsed = cJSON_Parse(line);
        EXPECT(cJSON_IsObject(parsed), "with --json, no JSON line on stderr: %.200s", line);
        cJSON_Delete(parsed);
    }
    EXPECT(lines > 0, "--json printed no result");
}

/* An earlier command left a second name of somebody's file where the result is to go. */
static void result_is_planted(const struct row *row)
{
    struct agent agent = {.no_result = true};
    char *victim = f("%s\\victim.txt", fx.out), *link = f("%s\\planted.json", fx.ws);
    (void)row;
    write_file(victim, "precious");
    CHECK(CreateHardLinkW(w(link), w(victim), NULL), "no hard link: error %lu", GetLastError());
    agent_opt(&agent, "--result", link, NULL);
    agent_probe(&agent, "ping");
    agent_go(&agent);
    char *text = read_file(victim, NULL);
    EXPECT(text && !strcmp(text, "precious"), "the file was written through its other name");
    EXPECT(agent.run.code == 125, "wanted 125: %s", agent_story(&agent));
}

/* Our own half missing is no answer about the command. */
static void runner_missing(const struct row *row)
{
    char *dir = f("%s\\lone", fx.res), *lone = f("%s\\agent.exe", dir);
    struct run run = {.image = lone};
    (void)row;
    make_dir(dir);
    CHECK(CopyFileW(w(agent_path()), w(lone), FALSE), "no copy: error %lu", GetLastError());
    run_args(&run, "run", "--cwd", fx.ws, NULL);
    if (opt.unconfined)
        run_arg(&run, "--wine-unconfined");
    run_args(&run, "--", probe_path(), "ping", NULL);
    run_all(&run);
    EXPECT(run.code == 125, "agent ended with %lu, wanted 125: %.400s", run.code, run.err_text);
}

#define RUN NEED_RUN
static const struct row rows[] = {
    {"E01", "platform__cannot_confine__refused_and_nothing_started", NEED(FACT_PROGRAMS), 0,
        refuses_unproved, NULL},
    {"E02", "platform__unconfined_run__marked_in_result", RUN, 0, unconfined_marked, NULL},
    {"E03", "platform__wine_option_elsewhere__refused", RUN, 0, option_needs_wine, NULL},
    {"E04", "exit__any_code__reported_in_32_bits", RUN, 0, codes, NULL},
    {"E05", "exit__access_violation__code_of_the_exception", RUN, 0, crash, NULL},
    {"E06", "exit__program_missing__127", RUN, 0, missing_program, NULL},
    {"E07", "exit__program_is_directory__126", RUN, 0, directory_program, NULL},
    {"E08", "exit__program_is_no_executable__126", RUN, 0, no_program_file, NULL},
    {"E09", "exit__bare_name_in_working_directory__127", RUN, 0, not_from_cwd, NULL},
    {"E10", "exit__working_directory_missing__125_names_it", RUN, 0, missing_cwd, NULL},
    {"E11", "exit__bad_usage__2_names_the_option", RUN, 0, usage, NULL},
    {"E12", "exit__exec_is_alias_of_run__same", RUN, 0, alias, NULL},
    {"E13", "run__working_directory__is_the_childs", RUN, 0, works_in_cwd, NULL},
    {"E14", "run__standard_output__only_the_childs", RUN, 0, stdout_is_the_childs, NULL},
    {"E15", "result__planted_hard_link__refused", RUN | NEED(FACT_HARDLINK), 0, result_is_planted,
        NULL},
    {"E16", "exit__runner_missing__125", RUN, 0, runner_missing, NULL},
};
const struct row_set rows_exit = {rows, countof(rows)};
