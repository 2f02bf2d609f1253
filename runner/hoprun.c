/* For sandbox-setup, which is linked with this file and agent/runnerproc.c: see hop.h. */
#include "hop.h"

#include "agent/runnerproc.h"
#include "shared/win/framepipe.h"
#include "shared/win/handle.h"
#include "shared/win/thread.h"

struct waiting {
    HANDLE replies;
    struct sbx_reply reply; /* read after the thread has ended */
    bool got_result;
};

static DWORD WINAPI read_replies(void *context)
{
    struct waiting *waiting = context;

    while (!waiting->got_result) {
        struct sbx_reply reply;

        if (sbx_frame_read_reply(waiting->replies, &reply, NULL))
            break;
        if (reply.kind == SBX_REPLY_RESULT) {
            waiting->reply = reply;
            waiting->got_result = true;
        } else {
            sbx_reply_done(&reply);
        }
    }
    return 0;
}

static enum sbx_status wait_for_result(
    const struct waiting *waiting, HANDLE reader, uint32_t timeout_ms, struct sbx_error *err)
{
    DWORD which = WaitForSingleObject(reader, timeout_ms);

    if (which == WAIT_TIMEOUT)
        return sbx_fail(
            err, SBX_TIMEOUT, "no result of the runner within %u ms", (unsigned)timeout_ms);
    if (!waiting->got_result)
        return sbx_fail(err, SBX_INTERNAL, "the runner ended without a result");
    return SBX_OK;
}

enum sbx_status sbx_hop_run(const char *runner, const struct sbx_request *request,
    uint32_t timeout_ms, struct sbx_reply *ret_reply, struct sbx_error *err)
{
    struct sbx_request sent = *request; /* strings are borrowed, never released */
    struct waiting waiting = {0};
    struct sbx_runner process = {0};
    const HANDLE streams[] = {(HANDLE)(uintptr_t)request->stdin_handle,
        (HANDLE)(uintptr_t)request->stdout_handle, (HANDLE)(uintptr_t)request->stderr_handle};
    uint64_t *const values[] = {&sent.stdin_handle, &sent.stdout_handle, &sent.stderr_handle};
    HANDLE reader = NULL;
    enum sbx_status status = sbx_runner_start(runner, streams, values, &process, err);

    memset(ret_reply, 0, sizeof(*ret_reply));
    waiting.replies = process.replies;
    process.replies = NULL;
    sent.birth_job = process.birth_job;
    if (!status)
        status = sbx_thread_start(read_replies, &waiting, &reader, err);
    if (!status)
        status = sbx_frame_send_request(process.request, &sent, err);
    if (!status)
        status = wait_for_result(&waiting, reader, timeout_ms, err);
    /* Its end ends every process of the run, whatever the reason. */
    if (status)
        sbx_process_kill(&process.process, 1);
    sbx_runner_end(&process);
    if (reader)
        WaitForSingleObject(reader, INFINITE);
    sbx_handle_close(&reader);
    sbx_handle_close(&waiting.replies);
    /* A runner that refuses before it has read the whole request says why in its result. */
    if (status && status != SBX_TIMEOUT && waiting.got_result)
        status = SBX_OK;
    if (!status)
        *ret_reply = waiting.reply;
    else if (waiting.got_result)
        sbx_reply_done(&waiting.reply);
    return status;
}
