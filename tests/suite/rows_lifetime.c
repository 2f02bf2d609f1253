/* Time limits, cancellation, deaths and limits: nothing of a run is left. */
#include "suite.h"
#include <tlhelp32.h>

static char *held_dir(void)
{
    char *dir = f("%s\\held", fx.ws);
    make_dir(dir);
    return dir;
}

static void nobody_left(const char *dir, const char *when)
{
    bool gone = wait_none_held(dir, 5000);
    int count = 0, alive = held_alive(dir, &count);
    EXPECT(gone, "%s: %d of %d processes are still there", when, alive, count);
}

static void timeout_code(const struct row *row)
{
    struct agent agent = {0};
    char *dir = held_dir();
    ULONGLONG start = GetTickCount64();
    (void)row;
    agent_opt(&agent, "--timeout", "1.5", NULL);
    agent_probe(&agent, f("hold|%s", dir));
    agent_go(&agent);
    ULONGLONG took = GetTickCount64() - start;
    EXPECT(agent.run.code == 124, "wanted 124: %s", agent_story(&agent));
    EXPECT(!strcmp(result_text(&agent, "ended"), "timeout"), "ended '%s'",
        result_text(&agent, "ended"));
    EXPECT(took >= 1400, "ended after %llu ms", took);
    int count = 0;
    held_alive(dir, &count);
    EXPECT(count == 1, "the command had not started");
    nobody_left(dir, "after the time-out");
}

static void timeout_tree(const struct row *row)
{
    struct agent agent = {0};
    char *dir = held_dir();
    (void)row;
    agent_opt(&agent, "--timeout", "4", NULL);
    agent_probe(&agent, f("fork|12|%s|stay", dir));
    agent_go(&agent);
    int count = 0;
    held_alive(dir, &count);
    EXPECT(
        agent.run.code == 124 && count == 12, "%d of 12 started: %s", count, agent_story(&agent));
    nobody_left(dir, "after the time-out");
}

static void no_timeout(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_opt(&agent, "--timeout", "20", NULL);
    agent_probe(&agent, "exit|9");
    agent_go(&agent);
    EXPECT(agent.run.code == 9, "%s", agent_story(&agent));
}

static void stubborn(const struct row *row)
{
    struct agent agent = {0};
    char *dir = held_dir();
    (void)row;
    agent_opt(&agent, "--timeout", "1.5", NULL);
    agent_probe(&agent, f("stubborn|%s", dir));
    agent_go(&agent);
    EXPECT(agent.run.code == 124, "wanted 124: %s", agent_story(&agent));
    nobody_left(dir, "a child that ignores control events");
}

static void descendants(const struct row *row)
{
    struct agent agent = {.run.limit_ms = 60000};
    char *dir = held_dir();
    (void)row;
    agent_probe(&agent, f("fork|100|%s|end", dir));
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "started 100"), "%s", agent_story(&agent));
    nobody_left(dir, "100 grandchildren after the command's end");
}

/* --- deaths --- */

static DWORD child_of(DWORD parent, const wchar_t *image)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    DWORD found = 0;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        if (entry.th32ParentProcessID == parent && !_wcsicmp(entry.szExeFile, image))
            found = entry.th32ProcessID;
    CloseHandle(list);
    return found;
}

static void agent_killed(const struct row *row)
{
    struct agent agent = {.no_result = true};
    char *dir = held_dir();
    (void)row;
    agent_probe(&agent, f("fork|5|%s|stay", dir));
    CHECK(agent_start(&agent) && wait_held(dir, 5, 15000), "the command did not start");
    DWORD runner = child_of(agent.run.pid, L"command-runner.exe");
    HANDLE process = runner ? OpenProcess(SYNCHRONIZE, FALSE, runner) : NULL;
    CHECK(TerminateProcess(agent.run.process, 77), "cannot kill: error %lu", GetLastError());
    nobody_left(dir, "after the agent's death");
    agent_finish(&agent);
    EXPECT(runner, "no command-runner.exe was its child");
    if (process)
        EXPECT(WaitForSingleObject(process, 5000 * opt.slow) == WAIT_OBJECT_0,
            "the runner outlives the agent");
}

static void runner_killed(const struct row *row)
{
    struct agent agent = {0};
    char *dir = held_dir();
    (void)row;
    agent_probe(&agent, f("fork|5|%s|stay", dir));
    CHECK(agent_start(&agent) && wait_held(dir, 5, 15000), "the command did not start");
    DWORD runner = child_of(agent.run.pid, L"command-runner.exe");
    HANDLE process = runner ? OpenProcess(PROCESS_TERMINATE, FALSE, runner) : NULL;
    if (!process) {
        TerminateProcess(agent.run.process, 77);
        agent_finish(&agent);
    }
    CHECK(process, "the runner cannot be opened: pid %lu, error %lu", runner, GetLastError());
    TerminateProcess(process, 66);
    agent_finish(&agent);
    nobody_left(dir, "after the runner's death");
    EXPECT(!agent.run.timed_out && agent.run.code == 125, "wanted 125: %s", agent_story(&agent));
}

static void cancelled(const struct row *row)
{
    struct agent agent = {.run.create_flags = CREATE_NEW_CONSOLE | CREATE_NEW_PROCESS_GROUP};
    char *dir = held_dir();
    (void)row;
    agent_probe(&agent, f("hold|%s", dir));
    CHECK(agent_start(&agent) && wait_held(dir, 1, 15000), "the command did not start");
    FreeConsole();
    BOOL attached = AttachConsole(agent.run.pid);
    SetConsoleCtrlHandler(NULL, TRUE);
    BOOL sent = attached && GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, agent.run.pid);
    FreeConsole();
    agent_finish(&agent);
    CHECK(sent, "the event could not be sent");
    EXPECT(agent.run.code == 130, "wanted 130: %s", agent_story(&agent));
    EXPECT(!strcmp(result_text(&agent, "ended"), "cancelled"), "ended '%s'",
        result_text(&agent, "ended"));
    nobody_left(dir, "after Ctrl-Break");
}

static void background(const struct row *row)
{
    struct agent agent = {0};
    char *dir = held_dir();
    (void)row;
    agent_opt(&agent, "--background", NULL);
    agent_probe(&agent, f("seq|fork|1|%s|end|+|sleep|800", dir));
    agent_go(&agent);
    EXPECT(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    int count = 0;
    EXPECT(held_alive(dir, &count) == 1, "with --background, %d of 1 survived of %d",
        held_alive(dir, NULL), count);
    /* Still in a job of the runner's: killing the runner (and agent) must end it. */
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        if (strstr(u(entry.szExeFile), "probe") &&
            exists(f("%s\\%lu.held", dir, entry.th32ProcessID))) {
            HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, entry.th32ProcessID);
            if (process)
                TerminateProcess(process, 1);
        }
    CloseHandle(list);
    nobody_left(dir, "after it was ended by hand");
}

/* --- limits --- */

static void process_limit(const struct row *row)
{
    struct agent agent = {0};
    char *dir = held_dir();
    (void)row;
    agent_opt(&agent, "--max-processes", "4", NULL);
    agent_probe(&agent, f("fork|10|%s|end", dir));
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, "started 3"), "with 4 processes at most: %s",
        agent_story(&agent));
    EXPECT(result_has_text(&agent, "limitsHit", "rocess"), "the limit is not named: %s",
        agent_story(&agent));
    nobody_left(dir, "after it");
}

static void memory_limit(const struct row *row)
{
    struct agent agent = {0}, fits = {0};
    (void)row;
    agent_opt(&agent, "--max-memory", "96", NULL);
    agent_probe(&agent, "allocate|256");
    agent_go(&agent);
    EXPECT(!strstr(agent.run.out_text, "allocated 256"), "256 MiB with 96 at most");
    EXPECT(result_has_text(&agent, "limitsHit", "emory"), "the limit is not named: %s",
        agent_story(&agent));
    agent_opt(&fits, "--max-memory", "96", NULL);
    agent_probe(&fits, "allocate|24");
    agent_go(&fits);
    EXPECT(fits.run.code == PROBE_SUCCEEDED, "24 MiB with 96 at most: %s", agent_story(&fits));
}

static void breakaway(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "breakaway|ping");
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).outcome == PROBE_DENIED, "breakaway from the job: %s",
        agent_story(&agent));
}

/* A caller whose job lets nobody out: either nested, and everything holds, or 125 with the reason.
 */
static void caller_in_job(const struct row *row)
{
    struct agent agent = {.run.create_flags = CREATE_SUSPENDED};
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    (void)row;
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    agent_probe(&agent, "exit|5");
    CHECK(agent_start(&agent), "no start");
    BOOL assigned = AssignProcessToJobObject(job, agent.run.process);
    ResumeThread(agent.run.thread);
    agent_finish(&agent);
    CloseHandle(job);
    if (!assigned) {
        skip("this platform cannot nest a process into a second job");
        return;
    }
    bool refused = agent.run.code == 125 && strstr(agent.run.err_text, "job");
    EXPECT(agent.run.code == 5 || refused, "%s", agent_story(&agent));
}

static void many_at_once(const struct row *row)
{
    static struct agent agents[6];
    (void)row;
    for (size_t i = 0; i < countof(agents); i++) {
        agent_probe(
            &agents[i], f("seq|create|run-%u.txt|+|exit|%u", (unsigned)i, (unsigned)i + 10));
        EXPECT(agent_start(&agents[i]), "run %u did not start", (unsigned)i);
    }
    for (size_t i = 0; i < countof(agents); i++) {
        agent_finish(&agents[i]);
        EXPECT(agents[i].run.code == i + 10, "run %u: %s", (unsigned)i, agent_story(&agents[i]));
    }
}

#define RUN NEED_RUN
static const struct row rows[] = {
    {"L01", "lifetime__time_limit__124_and_nothing_left", RUN, 0, timeout_code, NULL},
    {"L02", "lifetime__time_limit_with_tree__nothing_left", RUN, 0, timeout_tree, NULL},
    {"L03", "lifetime__ends_before_the_limit__own_code", RUN, 0, no_timeout, NULL},
    {"L04", "lifetime__control_events_ignored__killed", RUN, 0, stubborn, NULL},
    {"L05", "lifetime__100_grandchildren__none_left", RUN, 180, descendants, NULL},
    {"L06", "lifetime__agent_killed__nothing_left", RUN, 0, agent_killed, NULL},
    {"L07", "lifetime__runner_killed__125_and_nothing_left", RUN, 0, runner_killed, NULL},
    {"L08", "lifetime__ctrl_break__130_and_nothing_left", RUN | NEED(FACT_CONSOLE), 0, cancelled,
        NULL},
    {"L09", "lifetime__background__descendant_survives", RUN, 0, background, NULL},
    {"L10", "limits__processes__held_and_named", RUN | NEED(FACT_JOB_COUNT), 0, process_limit,
        NULL},
    {"L11", "limits__memory__held_and_named", RUN | NEED(FACT_JOB_MEMORY), 0, memory_limit, NULL},
    {"L12", "limits__breakaway__refused", RUN, 0, breakaway, NULL},
    {"L13", "lifetime__caller_in_strict_job__works_or_says_why", RUN, 0, caller_in_job, NULL},
    {"L14", "lifetime__six_runs_at_once__each_its_own", RUN, 120, many_at_once, NULL},
};
const struct row_set rows_lifetime = {rows, countof(rows)};
