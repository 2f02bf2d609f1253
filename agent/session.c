/* See session.h. */
#include "session.h"

#include "shared/win/clock.h"
#include "shared/win/framepipe.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/thread.h"

/* Beyond the command's own time limit, for the runner to end it and report. */
#define RUNNER_GRACE_MS 30000u

struct live {
    struct sbx_runner runner;
    HANDLE replies; /* taken from the runner: the reader uses it until its own end */
    HANDLE reader;  /* thread that reads replies until their end */
    struct sbx_runner_pool *runners;
    struct sbx_reply *reply; /* filled by the reader thread, read after it has ended */
    bool got_result;
    uint32_t process_id; /* of "started" */
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
    request->cwd = session->cwd ? borrow(session->cwd) : plan->cwd;
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

/*
 * A runner with the streams in it, the spare one where there is one. One that starts now inherits
 * them: a handle that is duplicated into a process while that is starting up can be closed by the
 * start-up (seen on Wine: standard output went to the error file).
 */
static enum sbx_status start_runner(const struct sbx_session *session, const HANDLE streams[3],
    struct sbx_request *request, struct live *live, struct sbx_session_times *times,
    struct sbx_error *err)
{
    uint64_t *const values[] = {
        &request->stdin_handle, &request->stdout_handle, &request->stderr_handle};
    enum sbx_status status = SBX_OK;
    size_t i;

    times->runner_ready = sbx_runner_pool_take(session->runners, &live->runner);
    if (!times->runner_ready)
        status = sbx_runner_start(session->runner, streams, values, &live->runner, err);
    for (i = 0; times->runner_ready && !status && i < countof(values); i++)
        if (streams[i])
            status = sbx_runner_give(&live->runner, streams[i], values[i], err);
    request->birth_job = live->runner.birth_job;
    live->replies = live->runner.replies;
    live->runner.replies = NULL;
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
            live->reply->process_id = live->process_id;
            live->got_result = true;
        } else {
            live->process_id = reply.process_id;
            sbx_reply_done(&reply);
            sbx_runner_pool_refill(live->runners, false);
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
        status = sbx_pipe_write(live->runner.request, frame.data, frame.length_bytes, err);
    if (status)
        sbx_error_context(err, "hand the request to the runner");
    sbx_buf_wipe(&frame);
    return status;
}

/* The first asks politely, the second ends it. @return true for the second */
static bool pass_on_cancel(struct live *live, const struct sbx_cancel *cancel)
{
    struct sbx_buf frame;
    bool again;

    ResetEvent(cancel->event);
    again = *cancel->count > 1; /* read after the reset: what comes later sets the event again */
    sbx_buf_init(&frame, 4096);
    if (sbx_control_encode(again ? SBX_CONTROL_KILL : SBX_CONTROL_CANCEL, &frame, NULL) ||
        sbx_pipe_write(live->runner.request, frame.data, frame.length_bytes, NULL))
        sbx_handle_close(&live->runner.request);
    sbx_buf_done(&frame);
    return again;
}

static void pass_on_size(struct live *live, const struct sbx_session_tty *tty)
{
    const uint32_t packed = (uint32_t)*tty->packed;
    const struct sbx_tty_size size = {(uint16_t)(packed >> 16), (uint16_t)(packed & 0xffffu)};

    if (live->runner.request && sbx_frame_send_resize(live->runner.request, &size, NULL))
        sbx_handle_close(&live->runner.request);
}

static enum sbx_status wait_for_result(
    const struct sbx_session *session, struct live *live, struct sbx_error *err)
{
    const uint64_t limit_ms = session->plan->limits.timeout_ms;
    uint64_t deadline_ms = limit_ms ? sbx_clock_ms() + limit_ms + RUNNER_GRACE_MS : UINT64_MAX;
    HANDLE handles[3] = {live->reader, session->cancel.event, NULL};
    DWORD count = 2;
    enum sbx_status status;

    if (session->tty && session->tty->changed)
        handles[count++] = session->tty->changed;
    for (;;) {
        DWORD which = WaitForMultipleObjects(count, handles, FALSE, sbx_clock_left_ms(deadline_ms));
        DWORD code = GetLastError();

        if (which == WAIT_OBJECT_0)
            break;
        if (which == WAIT_OBJECT_0 + 1) {
            /* Twice asked to end: a runner that hangs no longer keeps us. */
            if (pass_on_cancel(live, &session->cancel) &&
                deadline_ms > sbx_clock_ms() + RUNNER_GRACE_MS)
                deadline_ms = sbx_clock_ms() + RUNNER_GRACE_MS;
        } else if (session->tty && which == WAIT_OBJECT_0 + 2) {
            pass_on_size(live, session->tty);
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

/*
 * What an elevated background command leaves runs as its account, so the lease must outlive us: the
 * runner stays that long (runner/keep.c) and gets our handle. It never learns the number.
 */
static enum sbx_status hand_lease_over(const struct sbx_session *session, struct live *live,
    struct sbx_session_times *times, struct sbx_error *err)
{
    enum sbx_status status;
    uint64_t value = 0;

    if (!session->lease || !session->plan->background || live->reply->ended != SBX_ENDED_EXIT)
        return SBX_OK;
    status = sbx_runner_give(&live->runner, session->lease, &value, err);
    times->lease_kept = !status;
    if (status)
        sbx_error_context(err, "keep the sandbox account leased for what runs in the background");
    return status;
}

/*
 * The runner's end ends every process of the run (kill on close), whatever the reason; but not of
 * an elevated background run, whose runner stays.
 */
static void end_runner(struct live *live, bool leave)
{
    if (leave)
        sbx_runner_leave(&live->runner);
    else
        sbx_runner_end(&live->runner);
    if (live->reader)
        WaitForSingleObject(live->reader, INFINITE);
    sbx_handle_close(&live->reader);
    sbx_handle_close(&live->replies);
}

enum sbx_status sbx_session_run(const struct sbx_session *session, struct sbx_reply *ret_reply,
    struct sbx_session_times *ret_times, struct sbx_error *err)
{
    const uint64_t begun_us = sbx_clock_us();
    const struct sbx_session_streams *streams = &session->streams;
    struct live live = {.reply = ret_reply, .runners = session->runners};
    HANDLE child[3] = {NULL};
    struct sbx_request request;
    enum sbx_status status;

    memset(ret_reply, 0, sizeof(*ret_reply));
    memset(ret_times, 0, sizeof(*ret_times));
    fill_request(session, &request);
    status = streams->open(streams->context, child, err);
    if (status)
        return status;
    if (session->tty)
        request.tty = session->tty->size;
    status = start_runner(session, child, &request, &live, ret_times, err);
    if (status)
        goto cleanup;
    streams->handed_over(streams->context);
    status = sbx_thread_start(reply_thread, &live, &live.reader, err);
    if (status)
        goto cleanup;
    status = send_request(&live, &request, err);
    if (!status)
        status = wait_for_result(session, &live, err);
    if (!status)
        status = hand_lease_over(session, &live, ret_times, err);
cleanup:
    end_runner(&live, ret_times->lease_kept);
    streams->close(streams->context);
    /* A runner that refuses before it has read the whole request says why in its result. */
    if (status && live.got_result && ret_reply->ended == SBX_ENDED_FAILED)
        status = SBX_OK;
    ret_times->replied_us = sbx_clock_us() - begun_us;
    if (status && live.got_result)
        sbx_reply_done(ret_reply);
    return status;
}
