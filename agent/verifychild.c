/*
 * See verifycheck.h: what a command is given (variables, exit code, console, default list) and what
 * becomes of it when the agent dies.
 */
#include "verifychecks.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define POLICY "{out}\\policy.json"
#define ODD_CODE 0x12345678u /* more than Unix's eight bits, and no code of anybody's */
#define HELD_MS 10000u       /* for a program to start */
#define GONE_MS 4000u        /* for it to be ended */
#define ALIVE_MS "15000"     /* until it ends by itself */
#define TWIN_ALIVE_MS "2500"

/* As seen inside when it was the very thing that must not be. */
static enum sbx_verify_outcome bad(bool is_bad)
{
    return is_bad ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
}

enum sbx_status sbx_verify_check_exit_code(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char words[] = "exit|305419896";
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    uint32_t outside = 0;
    enum sbx_status status =
        sbx_verify_by_hand(check->run, &check->run->outside, words, &outside, err);

    if (!status)
        status = sbx_verify_run_words(check, NULL, "{probe}|exit|305419896", &ran, err);
    if (!status) {
        seen->twin_ran = true;
        seen->twin = outside == ODD_CODE ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
        sbx_verify_take_run(check, &ran);
        seen->ping = ran.began ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_NONE;
        seen->inside = bad(ran.exit_code != ODD_CODE);
    }
    sbx_verify_ran_done(&ran);
    return status;
}

/* Both variables are this process's own (verifyfixture.c); one looks like a secret. */
enum sbx_status sbx_verify_check_secret(const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    enum sbx_status status = sbx_verify_put_file(
        check, POLICY, "{\"environment\":{\"pass\":[\"AGENT_VERIFY_*\"]}}", err);

    if (!status)
        status = sbx_verify_run_words(check, "--policy|" POLICY,
            "{probe}|seq|env|AGENT_VERIFY_CANARY|+|env|AGENT_VERIFY_TOKEN", &ran, err);
    if (!status) {
        sbx_verify_take_run(check, &ran); /* the ping: the pattern passes what is no secret */
        seen->inside = sbx_verify_ran_outcome(&ran);
        if (seen->inside == SBX_VERIFY_NOT_FOUND)
            seen->inside = SBX_VERIFY_DENIED;
        status = sbx_verify_outside(check->run, "env|AGENT_VERIFY_TOKEN", seen, err);
    }
    sbx_verify_ran_done(&ran);
    return status;
}

enum sbx_status sbx_verify_check_default_list(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    enum sbx_status status = sbx_verify_attack(check, NULL, "default-list|as-it-is", err);

    /* What the probe would see, put there by a process that may change its own token. */
    return status
               ? status
               : sbx_verify_outside(check->run, "default-list|opened", &check->result->seen, err);
}

/* --- an agent of its own ---------------------------------------------------------------------- */

enum sbx_status sbx_verify_check_console(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_process agent = {0};
    uint32_t exit_code = 0;
    enum sbx_status status = sbx_verify_start_agent(check, "{probe}|shares-console", &agent, err);

    if (!status)
        status = sbx_process_wait(&agent, 2 * HELD_MS, &exit_code, err);
    if (status && agent.process)
        sbx_process_kill(&agent, 1);
    sbx_process_close(&agent);
    if (status)
        return status;
    seen->inside = sbx_verify_outcome_of(exit_code);
    seen->ping = seen->inside == SBX_VERIFY_ODD ? SBX_VERIFY_NONE : SBX_VERIFY_SUCCEEDED;
    seen->inside_ran = true;
    seen->confined = check->report->confined;
    /* Two plain processes, the second in the console of the first. */
    return sbx_verify_outside(check->run, "spawn|shares-console", seen, err);
}

/* The lock file of a program that runs: found, and whether the program still has it. */
static bool find_lock(const wchar_t *folder_w, wchar_t *ret_path_w, size_t cch)
{
    WIN32_FIND_DATAW found;
    HANDLE search;

    swprintf(ret_path_w, cch, L"%ls\\*.held", folder_w);
    search = FindFirstFileW(ret_path_w, &found);
    if (search == INVALID_HANDLE_VALUE)
        return false;
    FindClose(search);
    swprintf(ret_path_w, cch, L"%ls\\%ls", folder_w, found.cFileName);
    return true;
}

static bool is_held(const wchar_t *path_w)
{
    HANDLE file = CreateFileW(
        path_w, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    const bool held = file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION;

    sbx_handle_close(&file);
    return held;
}

/* Wait until a program holds its lock (`wanted`), or until it does not. */
static bool wait_lock(const char *folder, bool wanted, uint32_t limit_ms)
{
    const uint64_t deadline_ms = sbx_clock_ms() + limit_ms;
    wchar_t path_w[SBX_VERIFY_PATH_MAX];
    wchar_t *folder_w = NULL;
    bool is = !wanted;

    if (sbx_wstr_from_utf8(folder, &folder_w, NULL))
        return false;
    for (;;) {
        is = find_lock(folder_w, path_w, countof(path_w)) && is_held(path_w);
        if (is == wanted || !sbx_clock_left_ms(deadline_ms))
            break;
        Sleep(20);
    }
    free(folder_w);
    return is == wanted;
}

/* Kill what started the program; tell whether that ended the program, too. */
static enum sbx_status kill_parent(
    struct sbx_process *parent, const char *folder, bool *ret_gone, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (!wait_lock(folder, true, HELD_MS))
        status = sbx_fail(err, SBX_TIMEOUT, "the probe did not start in %u s", HELD_MS / 1000);
    sbx_process_kill(parent, 1);
    *ret_gone = !status && wait_lock(folder, false, GONE_MS);
    if (!*ret_gone) /* nobody may hold the fixture when it is removed */
        (void)wait_lock(folder, false, 2 * HELD_MS);
    return status;
}

static enum sbx_status orphan_outside(
    const struct sbx_verify_check *check, bool *ret_gone, struct sbx_error *err)
{
    const char *folder = check->run->outside.base;
    const char *argv[] = {"sandbox-probe", "spawn", "await-break", folder, TWIN_ALIVE_MS};
    struct sbx_spawn spawn = {.image = check->run->probe,
        .argv = argv,
        .argc = countof(argv),
        .cwd = check->run->folder,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    struct sbx_process process = {0};
    enum sbx_status status = sbx_spawn_create(&spawn, &process, err);

    if (!status && !wait_lock(folder, true, HELD_MS))
        status = sbx_fail(err, SBX_TIMEOUT, "the twin did not start");
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    Sleep(200);
    *ret_gone = wait_lock(folder, false, 0);
    (void)wait_lock(folder, false, HELD_MS);
    return status ? status : sbx_verify_restore(&check->run->outside, err);
}

enum sbx_status sbx_verify_check_agent_killed(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_process agent = {0};
    bool gone = false, twin_gone = true;
    char *folder = NULL;
    enum sbx_status status = sbx_verify_path(check, "{free}", &folder, err);

    if (!status)
        status = sbx_verify_start_agent(check, "{probe}|await-break|{free}|" ALIVE_MS, &agent, err);
    if (!status)
        status = kill_parent(&agent, folder, &gone, err);
    sbx_process_close(&agent);
    if (!status)
        status = orphan_outside(check, &twin_gone, err);
    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined = check->report->confined;
        seen->ping = SBX_VERIFY_SUCCEEDED; /* it held its lock */
        seen->inside = bad(!gone);
        seen->twin = twin_gone ? SBX_VERIFY_ODD : SBX_VERIFY_SUCCEEDED;
    }
    free(folder);
    return status;
}
