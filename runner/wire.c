/*
 * The two pipes to the agent: see shared/core/message.h.
 *
 * Frames are read into a capped buffer and decoded strictly. The agent is trusted no more than
 * the format says: it runs as the same user as everything else that user started.
 */
#include "run.h"

#include "shared/win/clock.h"
#include "shared/win/framepipe.h"
#include "shared/win/platform.h"
#include "shared/win/thread.h"

#include <stdio.h>

/* A caller that has begun its request and does not end it within this time is broken. */
#define REQUEST_TIMEOUT_MS 30000u
/* Without a caller this process ends within this time, whatever its main thread waits for. */
#define ORPHAN_MS 60000u
#define ORPHAN_EXIT 125u

uint64_t sbx_run_clock(const struct sbx_run *run)
{
    uint64_t now = sbx_clock_us() - run->started_us;

    return now ? now : 1;
}

enum sbx_status sbx_wire_read_request(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, SBX_FRAME_MAX_BYTES);
    status = sbx_frame_read(run->input, REQUEST_TIMEOUT_MS, &frame, &run->started_us, err);
    if (!status)
        status = sbx_request_decode(frame.data, frame.length_bytes, &run->request, err);
    /* Who started this process says which stage it is; a request cannot turn one into the other. */
    if (!status && (run->request.stage == SBX_STAGE_CONFINE) != run->confine_stage)
        status = sbx_fail(err, SBX_INVALID, "'stage' is %s, and this process is the other",
            sbx_stage_name(run->request.stage));
    if (status)
        sbx_error_context(err, "request");
    sbx_buf_wipe(&frame);
    run->times.request = sbx_run_clock(run);
    return status;
}

/* Ends with the pipe: no more frames, an ill-formed one, or the caller's death all mean "kill". */
static DWORD WINAPI watch_input(void *context)
{
    struct sbx_run *run = context;
    struct sbx_buf frame;

    sbx_buf_init(&frame, 4096);
    for (;;) {
        enum sbx_control control = SBX_CONTROL_KILL;
        struct sbx_tty_size size = {0, 0};

        if (sbx_frame_read(run->input, SBX_PIPE_FOREVER, &frame, NULL, NULL) ||
            sbx_control_decode(frame.data, frame.length_bytes, &control, &size, NULL) ||
            control == SBX_CONTROL_KILL)
            break;
        if (control == SBX_CONTROL_RESIZE)
            InterlockedExchange(&run->resize, (LONG)size.columns << 16 | size.rows);
        else
            InterlockedExchange(&run->cancel, 1);
        SetEvent(run->control);
    }
    sbx_buf_done(&frame);
    InterlockedExchange(&run->kill, 1);
    SetEvent(run->control);
    /* The end of this process ends the job, and so the command: nobody is left to ask for it. */
    if (!run->keeping)
        Sleep(ORPHAN_MS);
    if (!run->keeping)
        TerminateProcess(GetCurrentProcess(), ORPHAN_EXIT);
    return 0;
}

enum sbx_status sbx_wire_watch(struct sbx_run *run, struct sbx_error *err)
{
    DWORD code;

    run->control = CreateEventW(NULL, TRUE, FALSE, NULL);
    code = GetLastError();
    if (!run->control)
        return sbx_fail_win32(err, code, "create the control event");
    return sbx_thread_start_closed(watch_input, run, NULL, err); /* it ends with the process */
}

enum sbx_status sbx_wire_send_started(
    struct sbx_run *run, uint32_t process_id, struct sbx_error *err)
{
    struct sbx_reply reply = {.kind = SBX_REPLY_STARTED, .process_id = process_id};

    return sbx_frame_send_reply(run->output, &reply, err);
}

static enum sbx_status add_findings(
    const struct sbx_run *run, struct sbx_reply *reply, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < run->findings.count; i++) {
        char text[SBX_FINDING_FACT_MAX + SBX_FINDING_TEXT_MAX + 4];

        snprintf(
            text, sizeof(text), "%s: %s", run->findings.items[i].fact, run->findings.items[i].text);
        status = sbx_strings_add(&reply->unproved, text, err);
    }
    if (!status && run->findings.left_out)
        status = sbx_strings_add(&reply->unproved, "...", err);
    return status;
}

static enum sbx_status add_limits(
    const struct sbx_run *run, struct sbx_reply *reply, struct sbx_error *err)
{
    static const struct {
        unsigned bit;
        const char *name;
    } rows[] = {{SBX_JOB_HIT_PROCESSES, "processes"}, {SBX_JOB_HIT_MEMORY, "memory"},
        {SBX_JOB_HIT_PROCESS_MEMORY, "process-memory"}, {SBX_JOB_HIT_CPU_TIME, "cpu"}};
    enum sbx_status status = SBX_OK;
    size_t i;

    if (run->ended == SBX_ENDED_TIMEOUT)
        status = sbx_strings_add(&reply->limits_hit, "timeout", err);
    for (i = 0; !status && i < countof(rows); i++)
        if (run->job.hits & rows[i].bit)
            status = sbx_strings_add(&reply->limits_hit, rows[i].name, err);
    return status;
}

enum sbx_status sbx_wire_send_result(
    struct sbx_run *run, const struct sbx_error *failure, struct sbx_error *err)
{
    struct sbx_reply reply = {.kind = SBX_REPLY_RESULT};
    struct sbx_job_usage usage = {0};
    enum sbx_status status;
    char platform[96];

    reply.ended = failure ? SBX_ENDED_FAILED : run->ended;
    reply.exit_code = run->exit_code;
    reply.confined = !failure && run->findings.count == 0;
    reply.named_objects = run->named_objects;
    if (failure)
        reply.error = *failure;
    else
        sbx_error_init(&reply.error);
    if (run->job.handle && !sbx_job_usage(&run->job, &usage, NULL)) {
        reply.peak_memory_bytes = usage.peak_job_memory_bytes;
        reply.total_processes = usage.processes_total;
        reply.cpu_time_us = usage.user_time_us + usage.kernel_time_us;
    }
    sbx_platform_name(platform, sizeof(platform));
    status = sbx_strdup(platform, &reply.platform, err);
    if (!status)
        status = add_findings(run, &reply, err);
    if (!status)
        status = add_limits(run, &reply, err);
    run->times.done = sbx_run_clock(run);
    reply.times = run->times;
    if (!status)
        status = sbx_frame_send_reply(run->output, &reply, err);
    sbx_reply_done(&reply);
    return status;
}

/* The other stage counted from its own start. */
static void shift_times(struct sbx_stage_times *times, uint64_t by_us)
{
    uint64_t *const all[] = {&times->request, &times->token, &times->job, &times->desktop,
        &times->created, &times->proved, &times->resumed, &times->exited, &times->done};
    size_t i;

    for (i = 0; i < countof(all); i++)
        if (*all[i])
            *all[i] += by_us;
}

enum sbx_status sbx_wire_send_relayed(struct sbx_run *run, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (run->findings.count) {
        run->reply.confined = false;
        status = add_findings(run, &run->reply, err);
    }
    shift_times(&run->reply.times, run->relayed_after_us);
    run->reply.times.request = run->times.request;
    run->reply.times.done = sbx_run_clock(run);
    if (!status)
        status = sbx_frame_send_reply(run->output, &run->reply, err);
    return status;
}
