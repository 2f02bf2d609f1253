/* See relay.h. Boundary B6. */
#include "relay.h"

#include "shared/win/clock.h"
#include "shared/win/framepipe.h"
#include "shared/win/handle.h"
#include "shared/win/thread.h"

/* Beyond the command's own limit, for the confine stage to end it and say so; less than the
 * agent's, so that the reason comes from the nearest. */
#define STAGE_GRACE_MS 25000u
/* After "kill", or without a caller. */
#define KILL_GRACE_MS 15000u

struct relay {
    struct sbx_run *run;
    HANDLE replies;
    struct sbx_reply reply; /* read after the thread has ended */
    bool got_result, started;
};

/* Strictly decoded and encoded anew: what the account's process says is checked here already. */
static DWORD WINAPI read_replies(void *context)
{
    struct relay *relay = context;

    while (!relay->got_result) {
        struct sbx_reply reply;

        if (sbx_frame_read_reply(relay->replies, &reply, NULL))
            break;
        if (reply.kind == SBX_REPLY_RESULT) {
            relay->reply = reply;
            relay->got_result = true;
            break;
        }
        /* From here on nothing is tried again: our copies of the streams would only keep a pipe
         * open. A caller that is gone is seen on its own pipe. */
        sbx_confine_streams_given(&relay->run->request);
        relay->started = true;
        if (sbx_wire_send_started(relay->run, reply.process_id, NULL))
            break;
        sbx_reply_done(&reply);
    }
    return 0;
}

static void pass_on_size(struct sbx_run *run, struct sbx_hop *hop)
{
    const LONG packed = InterlockedExchange(&run->resize, 0);
    const struct sbx_tty_size size = {
        (uint16_t)((uint32_t)packed >> 16), (uint16_t)((uint32_t)packed & 0xffffu)};

    if (packed && hop->requests && sbx_frame_send_resize(hop->requests, &size, NULL))
        sbx_handle_close(&hop->requests);
}

/* What the agent asked for goes on; when it is gone, so is the reason for the stage to live. */
static void pass_on(struct sbx_run *run, struct sbx_hop *hop, uint64_t *deadline_ms)
{
    bool kill;

    ResetEvent(run->control);
    pass_on_size(run, hop);
    kill = run->kill != 0;
    if (!kill && !run->cancel)
        return;
    if (hop->requests &&
        sbx_frame_send_control(hop->requests, kill ? SBX_CONTROL_KILL : SBX_CONTROL_CANCEL, NULL))
        sbx_handle_close(&hop->requests);
    if (!kill)
        return;
    sbx_handle_close(&hop->requests);
    if (*deadline_ms > sbx_clock_ms() + KILL_GRACE_MS)
        *deadline_ms = sbx_clock_ms() + KILL_GRACE_MS;
}

static enum sbx_status wait_for_result(
    struct sbx_run *run, struct sbx_hop *hop, HANDLE reader, struct sbx_error *err)
{
    const uint64_t limit_ms = run->request.limits.timeout_ms;
    uint64_t deadline_ms = limit_ms ? sbx_clock_ms() + limit_ms + STAGE_GRACE_MS : UINT64_MAX;
    HANDLE handles[2] = {reader, run->control};

    for (;;) {
        DWORD which = WaitForMultipleObjects(2, handles, FALSE, sbx_clock_left_ms(deadline_ms));
        DWORD code = GetLastError();

        if (which == WAIT_OBJECT_0)
            return SBX_OK;
        if (which == WAIT_OBJECT_0 + 1)
            pass_on(run, hop, &deadline_ms);
        else if (which != WAIT_TIMEOUT)
            return sbx_fail_win32(err, code, "wait for the confine stage");
        else if (!sbx_clock_left_ms(deadline_ms))
            return sbx_fail(err, SBX_TIMEOUT, "the confine stage did not end the command in time");
    }
}

/* Why there is no result. */
static enum sbx_status no_result(struct sbx_run *run, struct sbx_hop *hop, struct sbx_error *err)
{
    enum sbx_status status;
    uint32_t exit_code = 0;

    if (run->kill)
        return sbx_fail(err, SBX_CANCELLED, "the caller is gone, or ended the command");
    if (sbx_process_wait(&hop->stage, KILL_GRACE_MS, &exit_code, NULL))
        exit_code = STILL_ACTIVE;
    status = sbx_fail(err, SBX_INTERNAL, "the confine stage ended without a result (exit code %lu)",
        (unsigned long)exit_code);
    sbx_error_hint(err, "its processes were ended with it; was it killed?");
    return status;
}

static bool is_stale(const struct relay *relay)
{
    return relay->got_result && !relay->started && relay->reply.ended == SBX_ENDED_FAILED &&
           relay->reply.error.domain == SBX_DOMAIN_WIN32 &&
           relay->reply.error.code == ERROR_NO_SUCH_LOGON_SESSION;
}

/* A stage that stays (keep.c) is not waited for here, nor ended. */
static void keep_stage(struct sbx_run *run, struct sbx_hop *hop, const struct sbx_reply *reply)
{
    if (!reply || !run->request.background || reply->ended != SBX_ENDED_EXIT)
        return;
    run->stage = hop->stage.process;
    hop->stage.process = NULL;
}

enum sbx_status sbx_relay_run(
    struct sbx_run *run, struct sbx_hop *hop, bool *ret_stale, struct sbx_error *err)
{
    struct relay relay = {.run = run, .replies = hop->replies};
    enum sbx_status status;
    HANDLE reader = NULL;

    *ret_stale = false;
    run->relayed_after_us = sbx_run_clock(run);
    status = sbx_thread_start(read_replies, &relay, &reader, err);
    if (!status)
        status = sbx_hop_begin(hop, err);
    if (!status)
        status = wait_for_result(run, hop, reader, err);
    if (!status && !relay.got_result)
        status = no_result(run, hop, err);
    /* A stage that fails while its request is still coming has said why. */
    if (status && reader &&
        WaitForSingleObject(reader, status == SBX_TIMEOUT ? 0 : 1000) == WAIT_OBJECT_0 &&
        relay.got_result)
        status = SBX_OK;
    if (status)
        sbx_process_kill(&hop->stage, 1);
    /* The reader uses the pipe until the stage's end of it is gone. */
    sbx_handle_close(&hop->requests);
    if (reader) {
        if (WaitForSingleObject(reader, KILL_GRACE_MS) != WAIT_OBJECT_0)
            sbx_process_kill(&hop->stage, 1);
        WaitForSingleObject(reader, INFINITE);
    }
    sbx_handle_close(&reader);
    keep_stage(run, hop, status ? NULL : &relay.reply);
    sbx_hop_close(hop);
    if (!status && is_stale(&relay)) {
        *ret_stale = true;
        status = sbx_fail_win32(err, ERROR_NO_SUCH_LOGON_SESSION, "%s", relay.reply.error.context);
    } else if (!status) {
        run->reply = relay.reply;
        run->relayed = true;
        return SBX_OK;
    }
    if (relay.got_result)
        sbx_reply_done(&relay.reply);
    return status;
}
