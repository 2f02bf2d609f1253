/* See session.h. */
#include "session.h"

#include "streams.h"
#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/handle.h"
#include "shared/win/hardening.h"
#include "shared/win/pipe.h"
#include "shared/win/sid.h"
#include "shared/win/spawn.h"
#include "shared/win/thread.h"

/* Beyond the command's own time limit, for the runner to end it and report. */
#define RUNNER_GRACE_MS 30000u

struct live {
    struct sbx_process runner;
    HANDLE request; /* our end of the runner's standard input; closing it means "we are gone" */
    HANDLE replies; /* our end of its standard output */
    HANDLE reader;  /* thread that reads replies until their end */
    struct sbx_reply *reply; /* filled by the reader thread, read after it has ended */
    bool got_result;
};

/* A request's strings are the structure's own; here they are borrowed and never released. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* Everything the runner needs to know, from the plan. */
static void fill_request(const struct sbx_session *session, struct sbx_request *request)
{
    const struct sbx_plan *plan = session->plan;

    memset(request, 0, sizeof(*request));
    request->stage = SBX_STAGE_LAUNCH;
    request->image = session->program->image;
    request->argv = session->program->argv;
    request->command_line = session->program->command_line;
    request->cwd = plan->cwd;
    request->environment = plan->environment;
    request->mode = plan->mode;
    request->recipe = plan->recipe;
    request->user_sid = borrow(session->user_sid);
    if (plan->mode == SBX_MODE_ELEVATED) {
        request->account = borrow(session->account);
        request->account_sid = borrow(session->account_sid);
        request->group_sid = borrow(session->group_sid);
    }
    request->run_sid = plan->run_sid;
    request->capability_sids = plan->capability_sids;
    request->limits = plan->limits;
    request->background = plan->background;
    request->desktop = plan->desktop;
    request->wine_unconfined = session->wine_unconfined;
}

static enum sbx_status lock_runner(const struct live *live, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    if (!status)
        status =
            sbx_hardening_lock_process(live->runner.process, live->runner.thread, &user, NULL, err);
    return status;
}

/*
 * The runner, suspended until it is locked: between its creation and its own first instruction
 * another process of this user could otherwise open it for writing.
 */
static enum sbx_status start_runner(const struct sbx_session *session, struct sbx_streams *streams,
    struct sbx_request *request, struct live *live, struct sbx_error *err)
{
    const char *argv[] = {"command-runner"};
    uint64_t *const values[] = {
        &request->stdin_handle, &request->stdout_handle, &request->stderr_handle};
    struct sbx_spawn_extra extra[3] = {{0}};
    struct sbx_pipe requests = {0}, replies = {0};
    struct sbx_spawn spawn = {.image = session->runner,
        .argv = argv,
        .argc = countof(argv),
        .cwd = session->plan->cwd,
        .extra = extra,
        .options = SBX_SPAWN_OUR_ENVIRONMENT};
    enum sbx_status status;
    size_t i, which[3] = {0};

    status = sbx_pipe_new(0, &requests, err);
    if (!status)
        status = sbx_pipe_new(0, &replies, err);
    for (i = 0; i < 3; i++) {
        if (!streams->child[i])
            continue;
        which[spawn.extra_count] = i;
        extra[spawn.extra_count++].source = streams->child[i];
    }
    spawn.std_in = requests.read;
    spawn.std_out = replies.write;
    if (!status)
        status = sbx_spawn_create(&spawn, &live->runner, err);
    if (!status)
        status = lock_runner(live, err);
    if (!status)
        status = sbx_process_resume(&live->runner, err);
    if (status) {
        sbx_process_kill(&live->runner, 1); /* suspended: it would not end by itself */
        sbx_error_context(err, "start '%s'", session->runner);
        sbx_error_hint(err, "command-runner.exe must lie beside agent.exe");
        /* "Not found" and "denied" are answers about the command, and this is not about it. */
        status = SBX_NOT_SETUP;
        if (err)
            err->status = status;
        goto cleanup;
    }
    for (i = 0; i < spawn.extra_count; i++)
        *values[which[i]] = (uint64_t)(uintptr_t)extra[i].ret_value;
    live->request = requests.write;
    live->replies = replies.read;
    requests.write = NULL;
    replies.read = NULL;
cleanup:
    sbx_pipe_close(&requests);
    sbx_pipe_close(&replies);
    return status;
}

/* One frame into a reply. @return SBX_NOT_FOUND at the end of the pipe */
static enum sbx_status read_reply(HANDLE pipe, struct sbx_reply *ret_reply, struct sbx_error *err)
{
    enum sbx_status status;
    uint8_t prefix[4];
    uint32_t length = 0;
    char *json = NULL;

    status = sbx_pipe_read_exact(pipe, prefix, sizeof(prefix), SBX_PIPE_FOREVER, err);
    if (!status)
        status = sbx_frame_length(prefix, &length, err);
    if (!status)
        status = sbx_calloc(length, 1, &json, err);
    if (!status)
        status = sbx_pipe_read_exact(pipe, json, length, SBX_PIPE_FOREVER, err);
    if (!status)
        status = sbx_reply_decode(json, length, ret_reply, err);
    free(json);
    return status;
}

static DWORD WINAPI reply_thread(void *context)
{
    struct live *live = context;

    while (!live->got_result) {
        struct sbx_reply reply;

        if (read_reply(live->replies, &reply, NULL))
            break;
        if (reply.kind == SBX_REPLY_RESULT) {
            *live->reply = reply;
            live->got_result = true;
        } else {
            sbx_reply_done(&reply);
        }
    }
    return 0;
}

static enum sbx_status send_request(
    struct live *live, const struct sbx_request *request, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, SBX_FRAME_MAX_BYTES + 4);
    status = sbx_request_encode(request, &frame, err);
    if (!status)
        status = sbx_pipe_write(live->request, frame.data, frame.length_bytes, err);
    if (status)
        sbx_error_context(err, "hand the request to the runner");
    sbx_buf_wipe(&frame);
    return status;
}

/* Ctrl-C: the first asks politely, the second ends it. @return true for the second */
static bool pass_on_cancel(struct live *live, HANDLE cancelled)
{
    struct sbx_buf frame;
    bool again = sbx_consolectl_count() > 1;

    ResetEvent(cancelled);
    sbx_buf_init(&frame, 4096);
    if (sbx_control_encode(again ? SBX_CONTROL_KILL : SBX_CONTROL_CANCEL, &frame, NULL) ||
        sbx_pipe_write(live->request, frame.data, frame.length_bytes, NULL))
        sbx_handle_close(&live->request);
    sbx_buf_done(&frame);
    return again;
}

static enum sbx_status wait_for_result(
    const struct sbx_session *session, struct live *live, struct sbx_error *err)
{
    const uint64_t limit_ms = session->plan->limits.timeout_ms;
    uint64_t deadline_ms = limit_ms ? sbx_clock_ms() + limit_ms + RUNNER_GRACE_MS : UINT64_MAX;
    HANDLE handles[2] = {live->reader, NULL};
    enum sbx_status status = sbx_consolectl_install(&handles[1], err);

    if (status)
        return status;
    for (;;) {
        DWORD which = WaitForMultipleObjects(2, handles, FALSE, sbx_clock_left_ms(deadline_ms));
        DWORD code = GetLastError();

        if (which == WAIT_OBJECT_0)
            break;
        if (which == WAIT_OBJECT_0 + 1) {
            /* Twice asked to end: a runner that hangs no longer keeps us. */
            if (pass_on_cancel(live, handles[1]) && deadline_ms > sbx_clock_ms() + RUNNER_GRACE_MS)
                deadline_ms = sbx_clock_ms() + RUNNER_GRACE_MS;
        } else if (which != WAIT_TIMEOUT) {
            return sbx_fail_win32(err, code, "wait for the runner");
        } else if (!sbx_clock_left_ms(deadline_ms)) {
            return sbx_fail(err, SBX_TIMEOUT, "the runner did not end the command in time");
        }
    }
    if (!live->got_result) {
        status = sbx_fail(err, SBX_INTERNAL, "the runner ended without a result");
        sbx_error_hint(err, "its processes were ended with it; was it killed?");
        return status;
    }
    return SBX_OK;
}

/* The runner's end ends every process of the run (kill on close), whatever the reason. */
static void end_runner(struct live *live)
{
    sbx_handle_close(&live->request);
    if (live->runner.process) {
        uint32_t exit_code = 0;

        if (sbx_process_wait(&live->runner, 15000, &exit_code, NULL))
            sbx_process_kill(&live->runner, 1);
    }
    if (live->reader)
        WaitForSingleObject(live->reader, INFINITE);
    sbx_handle_close(&live->reader);
    sbx_handle_close(&live->replies);
    sbx_process_close(&live->runner);
}

enum sbx_status sbx_session_run(const struct sbx_session *session, struct sbx_reply *ret_reply,
    struct sbx_session_times *ret_times, struct sbx_error *err)
{
    const uint64_t begun_us = sbx_clock_us();
    struct live live = {.reply = ret_reply};
    struct sbx_streams streams;
    struct sbx_request request;
    enum sbx_status status;

    memset(ret_reply, 0, sizeof(*ret_reply));
    memset(ret_times, 0, sizeof(*ret_times));
    fill_request(session, &request);
    status = sbx_streams_open(&streams, err);
    if (status)
        return status;
    status = start_runner(session, &streams, &request, &live, err);
    if (status)
        goto cleanup;
    sbx_streams_handed_over(&streams);
    status = sbx_thread_start(reply_thread, &live, &live.reader, err);
    if (status)
        goto cleanup;
    status = send_request(&live, &request, err);
    if (!status)
        status = wait_for_result(session, &live, err);
cleanup:
    end_runner(&live);
    sbx_streams_close(&streams);
    /* A runner that refuses before it has read the whole request says why in its result. */
    if (status && live.got_result && ret_reply->ended == SBX_ENDED_FAILED)
        status = SBX_OK;
    ret_times->replied_us = sbx_clock_us() - begun_us;
    if (status && live.got_result)
        sbx_reply_done(ret_reply);
    return status;
}
