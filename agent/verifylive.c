/*
 * See verifycheck.h: what a command gets and how long it stays. Environment, handles, its time, its
 * descendants; who may change the agent meanwhile; who may be the client of `agent serve`.
 */
#include "verifychecks.h"

#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/late.h"
#include "shared/win/wstr.h"

#include <stdio.h>
#include <tlhelp32.h>

#define OUTSIDE_MS 20000u
/* A descendant that lives makes its file after this time; then it is waited for. */
#define LINGER_MS 500u
#define LINGER_WAIT_MS 10000u
#define SERVE_MS 10000u
#define EXIT_TIMEOUT 124u
#define EXIT_NO_PROGRAM 127u

/* --- parts ------------------------------------------------------------------------------------ */

static bool exists(const wchar_t *path_w)
{
    return GetFileAttributesW(path_w) != INVALID_FILE_ATTRIBUTES;
}

/* @return milliseconds until it was there; limit_ms: it is not */
static uint32_t wait_for_file(const wchar_t *path_w, uint32_t limit_ms)
{
    uint32_t waited_ms = 0;

    for (; waited_ms < limit_ms && !exists(path_w); waited_ms += 20)
        Sleep(20);
    return waited_ms;
}

/* --- time and descendants --------------------------------------------------------------------- */

enum sbx_status sbx_verify_check_timeout(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0}, in_time = {0};
    enum sbx_status status = sbx_verify_run_words(
        check, "--timeout|1", "{probe}|seq|create|{free}\\p|+|sleep|4000", &ran, err);

    if (!status)
        status = sbx_verify_run_words(check, NULL, "{probe}|sleep|10", &in_time, err);
    if (!status) {
        sbx_verify_take_run(check, &ran);
        seen->twin_ran = true;
        seen->twin = sbx_verify_ran_outcome(&in_time);
        seen->inside = ran.began && ran.exit_code == EXIT_TIMEOUT ? SBX_VERIFY_DENIED
                                                                  : sbx_verify_ran_outcome(&ran);
    }
    sbx_verify_ran_done(&ran);
    sbx_verify_ran_done(&in_time);
    return status;
}

static enum sbx_status linger_outside(const struct sbx_verify_check *check, const char *path,
    const wchar_t *path_w, uint32_t *ret_took_ms, struct sbx_error *err)
{
    char ms[16];
    const char *argv[] = {"sandbox-probe", "linger", ms, path};
    struct sbx_verify_seen *seen = &check->result->seen;
    enum sbx_verify_outcome outcome = SBX_VERIFY_NONE;
    enum sbx_status status;

    snprintf(ms, sizeof(ms), "%u", LINGER_MS);
    status = sbx_verify_run_outside(check, argv, countof(argv), NULL, &outcome, err);
    if (status)
        return status;
    *ret_took_ms = wait_for_file(path_w, LINGER_WAIT_MS);
    seen->twin_ran = true;
    seen->twin = exists(path_w) ? outcome : SBX_VERIFY_ODD;
    return DeleteFileW(path_w) || !exists(path_w)
               ? SBX_OK
               : sbx_fail(err, SBX_OS, "'%s' cannot be removed", path);
}

/* Outside first: how long it takes there says how long is waited for what must not come. */
enum sbx_status sbx_verify_check_descendant(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    uint32_t took_ms = 0;
    wchar_t *path_w = NULL;
    char *path = NULL, program[128];
    enum sbx_status status = sbx_verify_path(check, "{free}\\late.txt", &path, err);

    if (!status)
        status = sbx_wstr_from_utf8(path, &path_w, err);
    if (!status)
        status = linger_outside(check, path, path_w, &took_ms, err);
    snprintf(program, sizeof(program), "{probe}|seq|create|{free}\\p|+|linger|%u|{free}\\late.txt",
        LINGER_MS);
    if (!status)
        status = sbx_verify_run_words(check, NULL, program, &ran, err);
    if (!status) {
        sbx_verify_take_run(check, &ran);
        (void)wait_for_file(path_w, 2 * took_ms + 2 * LINGER_MS);
        if (ran.began && sbx_verify_ran_outcome(&ran) == SBX_VERIFY_SUCCEEDED)
            seen->inside = exists(path_w) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
    }
    sbx_verify_ran_done(&ran);
    free(path_w);
    free(path);
    return status;
}

/* The process that an agent started for its command; 0: there is none. */
static DWORD runner_of(DWORD agent)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    DWORD found = 0;
    BOOL more;

    if (list == INVALID_HANDLE_VALUE)
        return 0;
    for (more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        if (entry.th32ParentProcessID == agent &&
            _wcsicmp(entry.szExeFile, L"command-runner.exe") == 0)
            found = entry.th32ProcessID;
    CloseHandle(list);
    return found;
}

static enum sbx_status kill_runner(DWORD agent, struct sbx_error *err)
{
    const DWORD pid = runner_of(agent);
    HANDLE runner = pid ? OpenProcess(PROCESS_TERMINATE, FALSE, pid) : NULL;
    const bool killed = runner && TerminateProcess(runner, 1);

    sbx_handle_close(&runner);
    return killed ? SBX_OK
                  : sbx_fail(err, SBX_OS, "the runner of agent %lu cannot be ended",
                        (unsigned long)agent);
}

/* What both copies run: a file at once, another when nobody ended it meanwhile. */
#define SLEEPS_MS "1500"
struct late {
    wchar_t *begun_w, *late_w; /* owned */
    char *begun, *late;        /* owned */
};

static enum sbx_status late_places(const struct sbx_verify_check *check, const char *folder,
    struct late *late, struct sbx_error *err)
{
    char place[64];
    enum sbx_status status;

    snprintf(place, sizeof(place), "%s\\begun", folder);
    status = sbx_verify_path(check, place, &late->begun, err);
    snprintf(place, sizeof(place), "%s\\late", folder);
    if (!status)
        status = sbx_verify_path(check, place, &late->late, err);
    if (!status)
        status = sbx_wstr_from_utf8(late->begun, &late->begun_w, err);
    return status ? status : sbx_wstr_from_utf8(late->late, &late->late_w, err);
}

static void late_done(struct late *late)
{
    free(late->begun);
    free(late->late);
    free(late->begun_w);
    free(late->late_w);
}

/* A plain program whose parent is killed goes on. */
static enum sbx_status orphan_outside(
    const struct sbx_verify_check *check, uint32_t *ret_took_ms, struct sbx_error *err)
{
    struct late late = {NULL, NULL, NULL, NULL};
    struct sbx_process parent = {0};
    enum sbx_status status = late_places(check, "{out}", &late, err);

    if (!status) {
        const char *argv[] = {"sandbox-probe", "spawn", "seq", "create", late.begun, "+", "sleep",
            SLEEPS_MS, "+", "create", late.late};
        struct sbx_spawn spawn = {.image = check->run->probe,
            .argv = argv,
            .argc = countof(argv),
            .cwd = check->run->folder,
            .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};

        status = sbx_spawn_create(&spawn, &parent, err);
    }
    if (!status && wait_for_file(late.begun_w, OUTSIDE_MS) == OUTSIDE_MS)
        status = sbx_fail(err, SBX_TIMEOUT, "the twin did not start");
    sbx_process_kill(&parent, 1);
    sbx_process_close(&parent);
    if (!status) {
        *ret_took_ms = wait_for_file(late.late_w, LINGER_WAIT_MS);
        check->result->seen.twin_ran = true;
        check->result->seen.twin = exists(late.late_w) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    late_done(&late);
    return status;
}

enum sbx_status sbx_verify_check_runner_killed(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct late late = {NULL, NULL, NULL, NULL};
    struct sbx_process agent = {0};
    uint32_t took_ms = 0, exit_code = 0;
    enum sbx_status status = orphan_outside(check, &took_ms, err);

    if (!status)
        status = late_places(check, "{free}", &late, err);
    if (!status)
        status = sbx_verify_start_agent(check,
            "{probe}|seq|create|{free}\\begun|+|sleep|" SLEEPS_MS "|+|create|{free}\\late", &agent,
            err);
    if (!status && wait_for_file(late.begun_w, OUTSIDE_MS) == OUTSIDE_MS)
        status = sbx_fail(err, SBX_TIMEOUT, "the command did not start");
    if (!status)
        status = kill_runner(agent.pid, err);
    if (!status)
        (void)wait_for_file(late.late_w, took_ms + 2 * LINGER_MS);
    if (!status) {
        seen->inside_ran = true;
        seen->confined = check->report->confined; /* another agent's run: as ours before */
        seen->ping = SBX_VERIFY_SUCCEEDED;        /* its first file is there */
        seen->inside = exists(late.late_w) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
    }
    if (agent.process && sbx_process_wait(&agent, OUTSIDE_MS, &exit_code, NULL))
        sbx_process_kill(&agent, 1);
    sbx_process_close(&agent);
    late_done(&late);
    return status;
}

/* --- handles and environment ------------------------------------------------------------------ */

/* A file that every process inherits whose creator does not list what it may. */
static enum sbx_status make_inheritable(
    const struct sbx_verify_check *check, HANDLE *ret_file, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
    wchar_t *path_w = NULL;
    char *path = NULL;
    enum sbx_status status = sbx_verify_path(check, "{out}\\leak.txt", &path, err);
    HANDLE file = INVALID_HANDLE_VALUE;
    DWORD code;

    if (!status)
        status = sbx_wstr_from_utf8(path, &path_w, err);
    if (!status) {
        file =
            CreateFileW(path_w, GENERIC_WRITE, FILE_SHARE_READ, &inherited, CREATE_ALWAYS, 0, NULL);
        code = GetLastError();
        if (file == INVALID_HANDLE_VALUE)
            status = sbx_fail_win32(err, code, "create '%s'", path);
    }
    free(path_w);
    free(path);
    *ret_file = file == INVALID_HANDLE_VALUE ? NULL : file;
    return status;
}

static bool has_grown(HANDLE file, LONGLONG *size_bytes)
{
    LARGE_INTEGER now = {.QuadPart = *size_bytes};
    bool grown;

    if (!GetFileSizeEx(file, &now))
        return true; /* not known: never said to be held */
    grown = now.QuadPart > *size_bytes;
    *size_bytes = now.QuadPart;
    return grown;
}

enum sbx_status sbx_verify_check_handles(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char *const twin[] = {"sandbox-probe", "ping"};
    struct sbx_verify_seen *seen = &check->result->seen;
    const bool pool = check->run->have_runners;
    enum sbx_verify_outcome outcome = SBX_VERIFY_NONE;
    struct sbx_verify_ran ran = {0};
    LONGLONG size_bytes = 0;
    HANDLE file = NULL;
    char program[128];
    enum sbx_status status = make_inheritable(check, &file, err);

    /* Where it is handed over as a stream, the probe writes to it. */
    if (!status)
        status = sbx_verify_run_outside(check, twin, countof(twin), file, &outcome, err);
    if (!status) {
        seen->twin_ran = true;
        seen->twin = has_grown(file, &size_bytes) ? outcome : SBX_VERIFY_ODD;
        snprintf(program, sizeof(program), "{probe}|seq|create|{free}\\p|+|use-file|%llu",
            (unsigned long long)(uintptr_t)file);
        check->run->have_runners = false; /* a spare one was started before the file was there */
        status = sbx_verify_run_words(check, NULL, program, &ran, err);
        check->run->have_runners = pool;
    }
    if (!status) {
        sbx_verify_take_run(check, &ran);
        if (ran.began && seen->ping == SBX_VERIFY_SUCCEEDED)
            seen->inside = has_grown(file, &size_bytes) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
    }
    sbx_verify_ran_done(&ran);
    sbx_handle_close(&file);
    return status;
}

#define OLD_PATH_CCH 32768u

/* The caller's PATH with a relative entry in front, for one run. */
static enum sbx_status run_with_path(
    const struct sbx_verify_check *check, struct sbx_verify_ran *ret_ran, struct sbx_error *err)
{
    static const wchar_t entry_w[] = L".\\agent-verify-entry;";
    wchar_t *new_w = NULL, *old_w;
    enum sbx_status status =
        sbx_calloc(OLD_PATH_CCH + countof(entry_w), sizeof(*new_w), &new_w, err);
    DWORD length;

    memset(ret_ran, 0, sizeof(*ret_ran));
    if (status)
        return status;
    old_w = new_w + countof(entry_w) - 1;
    memcpy(new_w, entry_w, sizeof(entry_w));
    length = GetEnvironmentVariableW(L"PATH", old_w, OLD_PATH_CCH);
    if (!length || length >= OLD_PATH_CCH || !SetEnvironmentVariableW(L"PATH", new_w))
        status = sbx_fail(err, SBX_OS, "PATH cannot be changed for a run");
    if (!status) {
        status = sbx_verify_run_words(check, "--env|AGENT_VERIFY=.\\agent-verify-twin",
            "{probe}|seq|env|AGENT_VERIFY|+|env|PATH", ret_ran, err);
        SetEnvironmentVariableW(L"PATH", old_w);
    }
    free(new_w);
    return status;
}

enum sbx_status sbx_verify_check_path(const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    enum sbx_status status = run_with_path(check, &ran, err);

    if (!status) {
        sbx_verify_take_run(check, &ran);
        seen->twin_ran = true;
        seen->twin =
            strstr(ran.out.data, "agent-verify-twin") ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
        if (sbx_verify_ran_outcome(&ran) == SBX_VERIFY_SUCCEEDED)
            seen->inside = strstr(ran.out.data, "agent-verify-entry") ? SBX_VERIFY_SUCCEEDED
                                                                      : SBX_VERIFY_DENIED;
    }
    sbx_verify_ran_done(&ran);
    return status;
}

/* probe.exe lies in the working directory, and nowhere on PATH. */
enum sbx_status sbx_verify_check_bare_name(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran bare = {0}, whole = {0};
    enum sbx_status status = sbx_verify_run_words(check, NULL, "probe|ping", &bare, err);

    if (!status)
        status = sbx_verify_run_words(check, NULL, ".\\probe.exe|ping", &whole, err);
    if (!status) {
        sbx_verify_take_run(check, &whole);
        seen->twin_ran = true;
        seen->twin = sbx_verify_ran_outcome(&whole);
        seen->inside = bare.began                          ? SBX_VERIFY_SUCCEEDED
                       : bare.exit_code == EXIT_NO_PROGRAM ? SBX_VERIFY_DENIED
                                                           : SBX_VERIFY_ODD;
    }
    sbx_verify_ran_done(&bare);
    sbx_verify_ran_done(&whole);
    return status;
}

/* --- what a result says ----------------------------------------------------------------------- */

/* Off Wine and in elevated mode the option itself is refused: nothing runs that could lie. */
enum sbx_status sbx_verify_check_unconfined(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran open = {0}, plain = {0};
    enum sbx_status status;

    if (check->run->cli->wine_unconfined)
        return sbx_fail(err, SBX_UNSUPPORTED, "every run of this verify is unconfined");
    status = sbx_verify_run_words(check, "--wine-unconfined", "{probe}|ping", &open, err);
    if (!status)
        status = sbx_verify_run_words(check, NULL, "{probe}|ping", &plain, err);
    if (!status) {
        sbx_verify_take_run(check, &plain);
        seen->twin_ran = true;
        seen->twin = plain.confined ? sbx_verify_ran_outcome(&plain) : SBX_VERIFY_ODD;
        seen->inside = open.began && open.confined ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
        if (!open.began && sbx_late_wine_version() && check->run->mode == SBX_MODE_UNELEVATED)
            seen->inside = SBX_VERIFY_ODD;
    }
    sbx_verify_ran_done(&open);
    sbx_verify_ran_done(&plain);
    return status;
}

/* --- our own processes ------------------------------------------------------------------------ */

/* Locked by its first run. The attacker is a plain program of the user's, the twin's target too. */
enum sbx_status sbx_verify_check_other_programs(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    char ours[16], victims[16];
    const char *attack[] = {"sandbox-probe", "process", ours, "all"};
    const char *twin[] = {"sandbox-probe", "process", victims, "all"};
    enum sbx_status status;

    snprintf(ours, sizeof(ours), "%lu", (unsigned long)GetCurrentProcessId());
    snprintf(victims, sizeof(victims), "%lu", (unsigned long)check->run->targets.victim.pid);
    status = sbx_verify_run_outside(check, attack, countof(attack), NULL, &seen->inside, err);
    if (!status)
        status = sbx_verify_run_outside(check, twin, countof(twin), NULL, &seen->twin, err);
    if (status)
        return status;
    seen->inside_ran = seen->twin_ran = true;
    seen->ping = seen->twin;
    seen->confined = check->report->confined; /* as the runs before: nothing runs inside here */
    return SBX_OK;
}
