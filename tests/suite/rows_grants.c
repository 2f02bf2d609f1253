/*
 * What the grants of a run leave on the disk, and what the result says about them: a second
 * session, the counters, links, cancelling, repairing.
 */
#include "suite.h"

/* result.grants.KEY, -1 when it is missing. */
static double grants(const struct agent *agent, const char *key)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(agent->result, "grants");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(list, key);
    return cJSON_IsNumber(item) ? item->valuedouble : cJSON_IsTrue(item) ? 1 : item ? 0 : -1;
}

static bool grants_say(const struct agent *agent, const char *list, const char *text)
{
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(agent->result, "grants");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(all, list);
    char *json = item ? cJSON_PrintUnformatted(item) : NULL;
    return json && strstr(json, text);
}

/* Another command of agent.exe, with --json: its code and standard output. */
static struct run answer(const char *words)
{
    struct run run = {.image = agent_path()};
    char *copy = expand(words);
    for (char *p = copy, *bar; p && *p; p = bar) {
        bar = strchr(p, '|');
        if (bar)
            *bar++ = 0;
        run_arg(&run, p);
    }
    run_all(&run);
    return run;
}

/* --- two sessions ---
 * B has a plan of its own, made by agent.exe for another folder, while the grants of A stand. */

static void second_plan(const struct row *row)
{
    const char *attack = row->data;
    struct agent a = {0}, b = {.no_cwd = true};
    struct run twin = {0};
    char *before;
    probe_words(&twin, attack);
    run_all(&twin);
    CHECK(twin.code == PROBE_SUCCEEDED, "the twin outside must succeed: %s", twin.out_text);
    fixture_reset();
    agent_probe(&a, "create|{ws}\\by-a.txt");
    agent_go(&a);
    CHECK(a.run.code == PROBE_SUCCEEDED, "A in its own root: %s", agent_story(&a));
    before = snapshot(fx.ws);
    agent_opt(&b, "--cwd", fx.extra, NULL);
    agent_probe(&b, f("seq|create|{extra}\\ping.tmp|+|%s", attack));
    agent_go(&b);
    struct probe_result result = probe_judge(&b.run);
    EXPECT(result.first == PROBE_SUCCEEDED, "B in its own root: %s", agent_story(&b));
    EXPECT(
        result.outcome == PROBE_DENIED && result.error == 5, "B in A's root: %s", agent_story(&b));
    EXPECT(!strcmp(before, snapshot(fx.ws)), "A's root changed");
    EXPECT(
        grants(&b, "failures") == 0 && result_number(&b, "confined") == 1, "%s", agent_story(&b));
}

/* --- what the result says --- */

static void first_and_warm(const struct row *row)
{
    struct agent first = {0}, warm = {0};
    (void)row;
    agent_probe(&first, "ping");
    agent_go(&first);
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    EXPECT(grants(&first, "warm") == 0 && grants(&first, "filesWalked") >= 5 &&
               grants(&first, "writes") >= grants(&first, "filesStamped") &&
               grants(&first, "filesStamped") >= 5,
        "first run: %s", cJSON_PrintUnformatted(first.result));
    agent_probe(&warm, "ping");
    agent_go(&warm);
    EXPECT(grants(&warm, "warm") == 1 && grants(&warm, "writes") == 0 &&
               grants(&warm, "filesWalked") == 0 && grants(&warm, "filesStamped") == 0,
        "warm run: %s", cJSON_PrintUnformatted(warm.result));
    /* The root and .git: one read each, however many files there are. */
    EXPECT(grants(&warm, "reads") == 2, "warm run read %g descriptors", grants(&warm, "reads"));
}

static void link_listed(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    CHECK(CreateHardLinkW(w(f("%s\\second.txt", fx.ws)), w(f("%s\\target.txt", fx.out)), NULL),
        "no hard link: error %lu", GetLastError());
    agent_probe(&agent, "ping");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(grants_say(&agent, "skips", "second.txt") && grants_say(&agent, "skips", "2 links") &&
               grants(&agent, "skipsLeftOut") == 0,
        "not listed: %s", cJSON_PrintUnformatted(agent.result));
    EXPECT(strstr(agent.run.err_text, "second.txt"), "not said: %s", agent.run.err_text);
}

/* A list that lets its owner do nothing to it: as a folder of somebody else. */
static void root_fails(const struct row *row)
{
    struct agent agent = {0};
    char *locked = f("%s\\locked", fx.base);
    (void)row;
    make_dir(locked);
    CHECK(set_dacl(locked, "D:P(A;OICI;0x1200a9;;;{user})(A;;RC;;;OW)"), "no access list: %lu",
        GetLastError());
    agent_opt(&agent, "--allow-write", locked, NULL);
    agent_probe(&agent, "create|{ws}\\started.txt");
    agent_go(&agent);
    EXPECT(agent.run.code == 125, "wanted 125: %s", agent_story(&agent));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    EXPECT(grants_say(&agent, "failures", "locked") &&
               grants_say(&agent, "failures", "\"needed\":true") &&
               grants_say(&agent, "failures", "\"hint\":\"") &&
               grants_say(&agent, "failures", "owned by"),
        "the failure is not explained: %s", cJSON_PrintUnformatted(agent.result));
}

/* --- cancelling --- */

static char *newest_ledger(void)
{
    char *folder = f("%s\\AgentSandbox\\ledger", env("LOCALAPPDATA")), *newest = NULL;
    FILETIME time = {0};
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(w(f("%s\\*.log", folder)), &found);
    if (search == INVALID_HANDLE_VALUE)
        return NULL;
    do {
        if (newest && CompareFileTime(&found.ftLastWriteTime, &time) < 0)
            continue;
        time = found.ftLastWriteTime;
        newest = f("%s\\%s", folder, u(found.cFileName));
    } while (FindNextFileW(search, &found));
    FindClose(search);
    return newest;
}

/* The ledger of the root is held, as another agent does: the run waits for it, says so, and ends
 * when it is asked to, with nothing started. */
static void cancelled_while_granting(const struct row *row)
{
    struct agent first = {0};
    struct agent agent = {.run.create_flags = CREATE_NEW_CONSOLE | CREATE_NEW_PROCESS_GROUP};
    (void)row;
    agent_probe(&first, "ping");
    agent_go(&first);
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    char *ledger = newest_ledger();
    char *text = ledger ? read_file(ledger, NULL) : NULL;
    CHECK(text && strstr(text, strrchr(fx.base, '\\') + 1), "no ledger of this root: %s",
        ledger ? ledger : "none");
    HANDLE held = CreateFileW(
        w(ledger), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(held != INVALID_HANDLE_VALUE, "the ledger cannot be held: error %lu", GetLastError());
    agent_opt(&agent, "--json", NULL);
    agent_probe(&agent, "create|{ws}\\started.txt");
    bool started = agent_start(&agent);
    Sleep(3000 * opt.slow);
    FreeConsole();
    BOOL attached = AttachConsole(agent.run.pid);
    SetConsoleCtrlHandler(NULL, TRUE);
    BOOL sent = attached && GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, agent.run.pid);
    FreeConsole();
    agent_finish(&agent);
    CloseHandle(held);
    CHECK(started && sent, "the event could not be sent");
    EXPECT(agent.run.code == 130, "wanted 130: %s", agent_story(&agent));
    EXPECT(!strcmp(result_text(&agent, "ended"), "cancelled"), "ended '%s'",
        result_text(&agent, "ended"));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    EXPECT(strstr(agent.run.err_text, "\"event\":\"progress\"") &&
               strstr(agent.run.err_text, "\"waiting\":true"),
        "no progress was told: %.600s", agent.run.err_text);
}

/* --- repairing and taking back --- */

static void repaired(const struct row *row)
{
    struct agent first = {0}, second = {0};
    (void)row;
    agent_probe(&first, "ping");
    agent_go(&first);
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    /* Another tool resets a file and the deny of a protected one. */
    CHECK(set_dacl(f("%s\\sub", fx.ws), "D:(A;OICI;FA;;;{user})") &&
              set_dacl(f("%s\\.git\\config", fx.ws), "D:(A;;FA;;;{user})(A;;FA;;;WD)"),
        "no access list: error %lu", GetLastError());
    struct run run = answer("grants|repair|{ws}|--json");
    CHECK(run.code == 0, "repair ended with %lu: %s %s", run.code, run.out_text, run.err_text);
    EXPECT(strstr(run.out_text, "\"ok\":true") && strstr(run.out_text, "\"writes\":"), "%s",
        run.out_text);
    agent_probe(&second, "seq|create|{ws}\\sub\\new.txt|+|write|{ws}\\.git\\config");
    agent_go(&second);
    EXPECT(probe_judge(&second.run).first == PROBE_SUCCEEDED, "the folder is not given back: %s",
        agent_story(&second));
    EXPECT(probe_judge(&second.run).outcome == PROBE_DENIED, "the deny is not back: %s",
        agent_story(&second));
    /* Older than any root: where ids of deleted ones are given out again, {out} may have one. */
    run = answer(f("grants|repair|%s", opt.work));
    EXPECT(run.code == 127, "wanted 127 where nothing was granted: %lu", run.code);
}

static void links_included(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    CHECK(CreateHardLinkW(w(f("%s\\sub\\again.txt", fx.ws)), w(f("%s\\keep.txt", fx.ws)), NULL) &&
              CreateHardLinkW(w(f("%s\\outside.txt", fx.ws)), w(f("%s\\target.txt", fx.out)), NULL),
        "no hard link: error %lu", GetLastError());
    agent_probe(&agent, "ping");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    struct run run = answer("grants|repair|{ws}|--include-links|--json");
    CHECK(run.code == 0, "repair ended with %lu: %s %s", run.code, run.out_text, run.err_text);
    EXPECT(strstr(run.out_text, "\"included\":true") &&
               strstr(run.out_text, "1 of its 2 names are not in the root"),
        "%s", run.out_text);
    struct agent after = {0};
    agent_probe(&after, "seq|append|{ws}\\keep.txt|+|write|{ws}\\outside.txt");
    agent_go(&after);
    EXPECT(probe_judge(&after.run).first == PROBE_SUCCEEDED, "names in the root: %s",
        agent_story(&after));
    EXPECT(probe_judge(&after.run).outcome == PROBE_DENIED, "a name outside was handed over: %s",
        agent_story(&after));
}

static const struct row rows[] = {
    {"F27a", "second_session__write_in_the_first_root__denied", NEED_HELD, 0, second_plan,
        "write|{ws}\\keep.txt"},
    {"F27b", "second_session__create_in_the_first_root__denied", NEED_HELD, 0, second_plan,
        "create|{ws}\\planted.txt"},
    {"F27c", "second_session__write_to_git_of_the_first_root__denied", NEED_HELD, 0, second_plan,
        "write|{ws}\\.git\\config"},
    {"R01", "grants__first_and_second_run__counted", NEED_HELD, 0, first_and_warm, NULL},
    {"R02", "grants__file_with_two_names__listed", NEED_HELD | NEED(FACT_HARDLINK), 0, link_listed,
        NULL},
    {"R03", "grants__root_that_cannot_be_granted__explained", NEED_HELD, 0, root_fails, NULL},
    {"R04", "grants__cancelled_while_waiting__130_and_nothing_started",
        NEED_HELD | NEED(FACT_CONSOLE), 0, cancelled_while_granting, NULL},
    {"R05", "repair__entries_reset__are_back", NEED_HELD, 0, repaired, NULL},
    {"R06", "repair__include_links__only_those_in_the_root", NEED_HELD | NEED(FACT_HARDLINK), 0,
        links_included, NULL},
};
const struct row_set rows_grants = {rows, countof(rows)};
