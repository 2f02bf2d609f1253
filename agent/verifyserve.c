/*
 * See verifycheck.h: who may be the client of `agent serve --pipe`.
 */
#include "verifychecks.h"

#include "shared/win/known.h"

#include <stdio.h>

#define SERVE_MS 10000u

static enum sbx_status start_serve(const struct sbx_verify_check *check, const char *name,
    struct sbx_process *ret_serve, struct sbx_error *err)
{
    const char *argv[] = {"agent", "serve", "--pipe", name};
    struct sbx_spawn spawn = {.argv = argv,
        .argc = countof(argv),
        .cwd = check->run->folder,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    char *program = NULL;
    wchar_t path_w[128];
    uint32_t waited_ms = 0;
    enum sbx_status status = sbx_known_program(&program, err);

    spawn.image = program;
    if (!status)
        status = sbx_spawn_create(&spawn, ret_serve, err);
    swprintf(path_w, countof(path_w), L"\\\\.\\pipe\\%hs", name);
    for (; !status && !WaitNamedPipeW(path_w, 20); waited_ms += 20) {
        if (waited_ms >= SERVE_MS)
            status = sbx_fail(err, SBX_TIMEOUT, "agent serve does not listen");
        Sleep(20);
    }
    free(program);
    return status;
}

/*
 * Whether it took somebody for its client: then it ends with the pipe, and content. One that sent
 * somebody away listens again, or has ended with an error.
 */
static enum sbx_verify_outcome end_of_serve(struct sbx_process *serve, const char *name)
{
    enum sbx_verify_outcome outcome = SBX_VERIFY_NONE;
    uint32_t exit_code = 0, waited_ms = 0;
    wchar_t path_w[128];

    swprintf(path_w, countof(path_w), L"\\\\.\\pipe\\%hs", name);
    for (; outcome == SBX_VERIFY_NONE && waited_ms < SERVE_MS; waited_ms += 50) {
        if (!sbx_process_wait(serve, 50, &exit_code, NULL))
            outcome = exit_code ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
        else if (WaitNamedPipeW(path_w, 1))
            outcome = SBX_VERIFY_DENIED;
    }
    /* It still serves somebody who is gone: whom, nobody can tell. */
    if (outcome == SBX_VERIFY_NONE)
        outcome = SBX_VERIFY_SUCCEEDED;
    sbx_process_kill(serve, 1);
    sbx_process_close(serve);
    return outcome;
}

/* A client that opens it for reading, which is what a restricted token may, and stays a while. */
static enum sbx_status serve_inside(const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_process serve = {0};
    struct sbx_verify_ran ran = {0};
    char name[64], program[160];
    enum sbx_status status;

    snprintf(name, sizeof(name), "agent-verify-s%lu", (unsigned long)GetCurrentProcessId());
    snprintf(
        program, sizeof(program), "{probe}|seq|open|\\\\.\\pipe\\%s|80000000|+|sleep|1500", name);
    status = start_serve(check, name, &serve, err);
    if (!status)
        status = sbx_verify_run_words(check, NULL, program, &ran, err);
    if (!status) {
        sbx_verify_take_run(check, &ran);
        seen->inside = seen->ping;
        seen->ping = sbx_verify_ran_outcome(&ran);
        if (seen->inside == SBX_VERIFY_SUCCEEDED)
            seen->inside = end_of_serve(&serve, name);
    }
    sbx_verify_ran_done(&ran);
    sbx_process_kill(&serve, 1);
    sbx_process_close(&serve);
    return status;
}

enum sbx_status sbx_verify_check_serve_client(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    char name[64], path[96];
    const char *argv[] = {"sandbox-probe", "seq", "open", path, "C0000000", "+", "sleep", "500"};
    struct sbx_verify_seen *seen = &check->result->seen;
    enum sbx_verify_outcome slept = SBX_VERIFY_NONE;
    struct sbx_process serve = {0};
    enum sbx_status status = serve_inside(check, err);

    snprintf(name, sizeof(name), "agent-verify-t%lu", (unsigned long)GetCurrentProcessId());
    snprintf(path, sizeof(path), "\\\\.\\pipe\\%s", name);
    if (!status)
        status = start_serve(check, name, &serve, err);
    if (!status)
        status = sbx_verify_run_outside(check, argv, countof(argv), NULL, &slept, err);
    if (!status) {
        seen->twin_ran = true;
        seen->twin = slept == SBX_VERIFY_SUCCEEDED ? end_of_serve(&serve, name) : SBX_VERIFY_ODD;
    }
    sbx_process_kill(&serve, 1);
    sbx_process_close(&serve);
    return status;
}
