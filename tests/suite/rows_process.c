/* Attacks on processes, the job, the console, and other objects (research: P1-P8, P17, P19, P22,
 * P23). */
#include "suite.h"
#include <sddl.h>

/* An attack whose words are known only at run time. The twin runs the same words outside. */
static void attack_words(const struct row *row, const char *words, unsigned flags)
{
    struct attack attack = {.command = words, .error = 5, .flags = flags | ATTACK_NO_CHANGE};
    struct row inner = *row;
    inner.data = &attack;
    attack_run(&inner);
}

/* P1: a plain process of the user; rights that change it. The reading rights are printed. Rights
 * over a thread's token are a row of their own: whether they are writing is the kernel's opinion.
 */
static void users_process(const struct row *row)
{
    struct run victim = {0};
    const char *what = row->data, *rights = strstr(what, "borrow") ? "borrow" : "write";
    probe_words(&victim, f("hold|%s", fx.res));
    CHECK(run_start(&victim) && wait_held(fx.res, 1, 10000), "no victim");
    attack_words(row, f("%.*s|%lu|%s", (int)strcspn(what, " "), what, victim.pid, rights),
        *rights == 'b' ? ATTACK_PLATFORM : 0);
    EXPECT(WaitForSingleObject(victim.process, 0) == WAIT_TIMEOUT, "the victim died");
    TerminateProcess(victim.process, 1);
    run_finish(&victim);
}

static void terminate_users_process(const struct row *row)
{
    struct run victim = {0}, twin = {0};
    struct agent agent = {0};
    (void)row;
    probe_words(&victim, f("hold|%s", fx.res));
    CHECK(run_start(&victim) && wait_held(fx.res, 1, 10000), "no victim");
    agent_probe(&agent, f("seq|create|{ws}\\ping.tmp|+|terminate|%lu", victim.pid));
    agent_go(&agent);
    struct probe_result result = probe_judge(&agent.run);
    EXPECT(result.first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    if (result.outcome == PROBE_SUCCEEDED && !strcmp(result_text(&agent, "recipe"), "standard")) {
        skip("residual with recipe standard: the logon SID may end the session's processes: %s",
            result.line);
        run_finish(&victim);
        return;
    }
    EXPECT(result.outcome == PROBE_DENIED, "%s", agent_story(&agent));
    EXPECT(WaitForSingleObject(victim.process, 0) == WAIT_TIMEOUT, "the victim died");
    probe_words(&twin, f("terminate|%lu", victim.pid));
    run_all(&twin);
    EXPECT(twin.code == PROBE_SUCCEEDED, "the twin outside must succeed: %.300s", twin.out_text);
    TerminateProcess(victim.process, 1);
    run_finish(&victim);
}

/* P2: the processes above the child. Inside, ^1 is the runner and ^2 the agent; outside, the same
 * words name plain processes of the suite, which must give in. */
static void ancestors(const struct row *row)
{
    const char *words = row->data;
    struct run twin = {0};
    struct agent agent = {0};
    probe_words(&twin, f("spawn|spawn|%s", words));
    run_all(&twin);
    CHECK(probe_judge(&twin).outcome == PROBE_SUCCEEDED, "the twin outside must succeed: %.600s",
        twin.out_text);
    agent_probe(&agent, f("seq|create|{ws}\\ping.tmp|+|%s", words));
    agent_go(&agent);
    struct probe_result result = probe_judge(&agent.run);
    EXPECT(result.first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    EXPECT(result.outcome == PROBE_DENIED && result.error == 5, "wanted DENIED 5: %.900s",
        agent.run.out_text);
}

/* P3: a child of another run. */
static void other_run(const struct row *row)
{
    struct agent victim = {.no_result = true}, agent = {0}; /* it is killed before it has one */
    char *dir = f("%s\\held", fx.ws);
    int count = 0;
    (void)row;
    make_dir(dir);
    agent_probe(&victim, f("hold|%s", dir));
    CHECK(agent_start(&victim) && wait_held(dir, 1, 15000), "no victim");
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(w(f("%s\\*.held", dir)), &found);
    unsigned long pid = search == INVALID_HANDLE_VALUE ? 0 : wcstoul(found.cFileName, NULL, 10);
    FindClose(search);
    agent.no_cwd = true;
    agent_opt(&agent, "--cwd", fx.extra, NULL);
    agent_probe(&agent, f("seq|create|{extra}\\ping.tmp|+|process|%lu|write", pid));
    agent_go(&agent);
    struct probe_result result = probe_judge(&agent.run);
    const char *recipe = result_text(&agent, "recipe");
    EXPECT(result.first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    if (result.outcome == PROBE_SUCCEEDED && !strcmp(recipe, "standard"))
        skip("residual with recipe standard: both runs have the logon SID (design 2): %s",
            result.line);
    else
        EXPECT(result.outcome == PROBE_DENIED, "%.600s", agent.run.out_text);
    held_alive(dir, &count);
    EXPECT(count == 1, "no victim was there");
    TerminateProcess(victim.run.process, 1);
    agent_finish(&victim);
    wait_none_held(dir, 5000);
}

static void breakaway(const struct row *row)
{
    attack_words(row, "breakaway|ping", 0);
}

/* P5 is in rows_lifetime.c. P8: a process of the user as the parent. */
static void parent_spoof(const struct row *row)
{
    struct run victim = {0};
    probe_words(&victim, f("hold|%s", fx.res));
    CHECK(run_start(&victim) && wait_held(fx.res, 1, 10000), "no victim");
    attack_words(row, f("parentspoof|%lu", victim.pid), 0);
    TerminateProcess(victim.process, 1);
    run_finish(&victim);
}

static void registry(const struct row *row)
{
    char *key = f("Software\\sbx-suite-%lu", GetCurrentProcessId());
    HKEY made = NULL;
    RegCreateKeyExW(HKEY_CURRENT_USER, w(key), 0, NULL, 0, KEY_ALL_ACCESS, NULL, &made, NULL);
    CHECK(made, "no key");
    attack_words(row, f("regwrite|%s", key), 0);
    RegCloseKey(made);
    RegDeleteKeyW(HKEY_CURRENT_USER, w(key));
}

static void registry_create(const struct row *row)
{
    char *key = f("Software\\sbx-suite-new-%lu", GetCurrentProcessId());
    struct agent agent = {0};
    struct run twin = {0};
    (void)row;
    probe_words(&twin, f("regcreate|%s", key));
    run_all(&twin);
    EXPECT(twin.code == PROBE_SUCCEEDED, "the twin outside must succeed: %.300s", twin.out_text);
    RegDeleteKeyW(HKEY_CURRENT_USER, w(key));
    agent_probe(&agent, f("seq|create|{ws}\\ping.tmp|+|regcreate|%s", key));
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    EXPECT(probe_judge(&agent.run).outcome == PROBE_DENIED, "%s", agent_story(&agent));
    EXPECT(RegDeleteKeyW(HKEY_CURRENT_USER, w(key)) == ERROR_FILE_NOT_FOUND, "the key was made");
}

/* CX31b repaired: the pipe exists, and grants its user only. Several instances, one per visitor. */
static void pipe_of_user(const struct row *row)
{
    char *name = f("\\\\.\\pipe\\sbx-suite-%lu", GetCurrentProcessId());
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
    HANDLE pipes[3];
    ConvertStringSecurityDescriptorToSecurityDescriptorW(
        w(expand("D:P(A;;FA;;;{user})(A;;FA;;;SY)")), SDDL_REVISION_1,
        &attributes.lpSecurityDescriptor, NULL);
    for (size_t i = 0; i < countof(pipes); i++)
        pipes[i] = CreateNamedPipeW(
            w(name), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 3, 512, 512, 0, &attributes);
    CHECK(pipes[2] != INVALID_HANDLE_VALUE, "no pipe: error %lu", GetLastError());
    attack_words(row, f("pipe|%s", name), 0);
    for (size_t i = 0; i < countof(pipes); i++)
        CloseHandle(pipes[i]);
}

/* P23: the agent has a console, as in a terminal; the child must not get into it. */
static void agents_console(const struct row *row)
{
    struct agent agent = {.run.create_flags = CREATE_NEW_CONSOLE};
    (void)row;
    agent_probe(&agent, "seq|create|{ws}\\ping.tmp|+|console|^2");
    agent_go(&agent);
    struct probe_result result = probe_judge(&agent.run);
    EXPECT(result.first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    EXPECT(result.outcome != PROBE_SUCCEEDED, "the child types into the agent's console: %s",
        agent_story(&agent));
    diag("%s", result.line);
}

static void desktop_name(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "desktop-name");
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).outcome == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(!strstr(agent.run.out_text, "desktop: Default\n"), "the child is on the user's desktop");
    diag("%.100s", agent.run.out_text);
}

static void users_event(const struct row *row)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
    char *name = f("Local\\sbx-suite-%lu", GetCurrentProcessId());
    ConvertStringSecurityDescriptorToSecurityDescriptorW(
        w(expand("D:P(A;;GA;;;{user})(A;;GA;;;SY)")), SDDL_REVISION_1,
        &attributes.lpSecurityDescriptor, NULL);
    HANDLE event = CreateEventW(&attributes, TRUE, FALSE, w(name));
    CHECK(event, "no event: error %lu", GetLastError());
    attack_words(row, f("event|%s", name), 0);
    CloseHandle(event);
}

#define CASE(id, name, needs, function, data)                                                      \
    {                                                                                              \
        id, name, NEED_HELD | (needs), 0, function, data                                           \
    }
#define PROC NEED(FACT_PROCESS)
static const struct row rows[] = {
    CASE("P01a", "users_process__rights_that_change_it__denied", PROC, users_process, "process"),
    CASE("P01b", "users_thread__rights_that_change_it__denied", PROC, users_process, "thread"),
    CASE("P01d", "users_thread__rights_over_its_token__denied", PROC, users_process,
        "thread borrow"),
    CASE("P01c", "users_process__terminate__denied_or_residual", PROC, terminate_users_process,
        NULL),
    CASE("P02a", "runner_process__every_right_but_ending_it__denied", PROC, ancestors,
        "process|^1|all"),
    CASE("P02b", "runner_threads__every_right__denied", PROC, ancestors, "thread|^1|all"),
    CASE("P02c", "runner_token__open__denied", PROC, ancestors, "token|^1"),
    CASE("P02d", "agent_process__every_right_but_ending_it__denied", PROC, ancestors,
        "process|^2|all"),
    CASE("P02e", "agent_threads__every_right__denied", PROC, ancestors, "thread|^2|all"),
    CASE("P02f", "agent_token__open__denied", PROC, ancestors, "token|^2"),
    CASE("P03", "child_of_another_run__rights_that_change_it__denied", PROC, other_run, NULL),
    CASE("P04", "job__breakaway__denied", 0, breakaway, NULL),
    CASE("P08", "parent_spoofing__users_process__denied", PROC, parent_spoof, NULL),
    CASE("P12a", "registry__write_value__denied", NEED(FACT_REGISTRY), registry, NULL),
    CASE("P12b", "registry__create_key__denied", NEED(FACT_REGISTRY), registry_create, NULL),
    CASE("P17", "users_pipe__connect__denied", NEED(FACT_PIPE), pipe_of_user, NULL),
    CASE("P18", "users_event__set__denied", 0, users_event, NULL),
    CASE("P22", "desktop__of_the_child__is_its_own", 0, desktop_name, NULL),
    CASE("P23", "agents_console__type_into__denied", NEED(FACT_CONSOLE_HELD), agents_console, NULL),
};
const struct row_set rows_process = {rows, countof(rows)};
