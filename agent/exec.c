/* See exec.h. */
#include "exec.h"

#include "execinput.h"

#include "shared/core/vtfilter.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/stream.h"
#include "shared/win/thread.h"

#define PIPE_BYTES 65536u
/* A stream that is open this long after the command's end, and silent, belongs to something that
   was allowed to outlive it. */
#define SILENT_MS 1000u

/* One output stream that comes through here. */
struct pump {
    struct sbx_exec *exec;
    enum sbx_exec_stream stream;
    HANDLE pipe; /* our end */
    HANDLE thread;
    volatile LONG reading;   /* nothing to deliver right now */
    volatile LONG delivered; /* parts so far */
};

struct sbx_exec {
    volatile LONG refs; /* the command's thread and each stream's */
    struct sbx_exec_how how;
    struct sbx_strings argv;
    struct sbx_cli cli;
    struct sbx_say say;
    HANDLE cancel_event;    /* for the session, which resets it */
    HANDLE cancelled_event; /* for callbacks that wait */
    volatile LONG cancel_count;
    DWORD thread_id;
    HANDLE child[3]; /* ends for the runner, until it has its own */
    struct pump pumps[2];
    struct sbx_execinput input;
    /* With a terminal: */
    struct sbx_session_tty tty;
    volatile LONG tty_size; /* columns << 16 | rows */
    struct sbx_vtfilter filter;
    bool answered; /* what the console host asked */
};

static void release(struct sbx_exec *exec)
{
    size_t i;

    if (InterlockedDecrement(&exec->refs))
        return;
    if (exec->how.gone)
        exec->how.gone(exec->how.context);
    for (i = 0; i < countof(exec->how.handle); i++)
        sbx_handle_close(&exec->how.handle[i]);
    sbx_execinput_done(&exec->input);
    sbx_cli_done(&exec->cli);
    sbx_strings_done(&exec->argv);
    sbx_handle_close(&exec->cancel_event);
    sbx_handle_close(&exec->cancelled_event);
    sbx_handle_close(&exec->tty.changed);
    free(exec);
}

/* --- streams ---------------------------------------------------------------------------------- */

/* The screen of a terminal goes on as what a host may show. @return false: no memory */
static bool deliver(
    struct pump *pump, struct sbx_buf *filtered, const char *part, size_t length_bytes)
{
    struct sbx_exec *exec = pump->exec;

    if (exec->cli.tty && !exec->cli.tty_pass) {
        sbx_buf_clear(filtered);
        if (sbx_vtfilter_feed(&exec->filter, part, length_bytes, filtered, NULL))
            return false;
        if (exec->filter.asked && !exec->answered)
            sbx_execinput_answer(&exec->input, sbx_vtfilter_attributes);
        exec->answered = exec->filter.asked;
        part = filtered->data;
        length_bytes = filtered->length_bytes;
    }
    if (length_bytes)
        exec->how.output(exec->how.context, pump->stream, part, length_bytes);
    return true;
}

static DWORD WINAPI pump_thread(void *context)
{
    struct pump *pump = context;
    struct sbx_exec *exec = pump->exec;
    char *part = NULL;
    struct sbx_buf filtered;

    sbx_buf_init(&filtered, SBX_EXEC_PART_BYTES + SBX_VT_SEQUENCE_MAX + 8);
    if (!sbx_calloc(SBX_EXEC_PART_BYTES, 1, &part, NULL)) {
        for (;;) {
            DWORD length = 0;
            bool ok;

            InterlockedExchange(&pump->reading, 1);
            ok = sbx_stream_read(pump->pipe, part, SBX_EXEC_PART_BYTES, &length);
            InterlockedExchange(&pump->reading, 0);
            InterlockedIncrement(&pump->delivered);
            if (!ok || !deliver(pump, &filtered, part, length))
                break;
        }
    }
    exec->how.output(exec->how.context, pump->stream, NULL, 0);
    sbx_buf_done(&filtered);
    free(part);
    sbx_handle_close(&pump->pipe);
    release(exec);
    return 0;
}

static enum sbx_status open_output(struct sbx_exec *exec, size_t i, struct sbx_error *err)
{
    struct pump *pump = &exec->pumps[i - 1];
    enum sbx_status status;
    struct sbx_pipe pipe;

    status = sbx_pipe_new(PIPE_BYTES, &pipe, err);
    if (status)
        return status;
    pump->exec = exec;
    pump->stream = i == 1 ? SBX_EXEC_STDOUT : SBX_EXEC_STDERR;
    pump->pipe = pipe.read;
    exec->child[i] = pipe.write;
    InterlockedIncrement(&exec->refs);
    status = sbx_thread_start_stack(pump_thread, pump, SBX_THREAD_STACK_PUMP, &pump->thread, err);
    if (status) {
        InterlockedDecrement(&exec->refs); /* ours is still there */
        sbx_handle_close(&pump->pipe);
    }
    return status;
}

static void handed_over(void *context)
{
    struct sbx_exec *exec = context;
    size_t i;

    for (i = 0; i < countof(exec->child); i++)
        if (exec->child[i] == exec->how.handle[i])
            exec->how.handle[i] = NULL; /* closed here */
    sbx_handle_close_each(exec->child, countof(exec->child));
}

static enum sbx_status open_streams(void *context, HANDLE ret_child[3], struct sbx_error *err)
{
    struct sbx_exec *exec = context;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(exec->child); i++) {
        switch (exec->how.target[i]) {
        case SBX_EXEC_HANDLE:
            exec->child[i] = exec->how.handle[i];
            break;
        case SBX_EXEC_CALLBACK:
            if (i)
                status = open_output(exec, i, err);
            break;
        case SBX_EXEC_WRITTEN:
            status = sbx_execinput_open(&exec->input, &exec->child[0], err);
            break;
        case SBX_EXEC_WITH_STDOUT:
            exec->child[i] = exec->child[1];
            break;
        case SBX_EXEC_NOWHERE:
            break;
        }
    }
    if (status)
        handed_over(exec);
    else
        memcpy(ret_child, exec->child, sizeof(exec->child));
    return status;
}

/*
 * The command is over, and so is everything of it that had our pipes, unless it was a background
 * command: what such a one leaves behind keeps its pipes and stays silent for a while, sometime.
 */
static void drain(struct pump *pump)
{
    LONG delivered = -1;

    if (!pump->thread)
        return;
    while (WaitForSingleObject(pump->thread, SILENT_MS) == WAIT_TIMEOUT) {
        LONG now = pump->delivered;

        if (pump->reading && now == delivered)
            break;
        delivered = now;
    }
    sbx_handle_close(&pump->thread);
}

static void close_streams(void *context)
{
    struct sbx_exec *exec = context;

    handed_over(exec); /* where it did not come to that */
    sbx_execinput_end(&exec->input);
    drain(&exec->pumps[0]);
    drain(&exec->pumps[1]);
}

/* --- the command ------------------------------------------------------------------------------ */

static void said(void *context, const char *json, size_t length_bytes)
{
    struct sbx_exec *exec = context;

    exec->how.said(exec->how.context, json, length_bytes);
}

static void reported(void *context, uint32_t exit_code, const struct sbx_buf *result)
{
    struct sbx_exec *exec = context;

    sbx_execinput_end(&exec->input); /* also where it did not come to streams */
    exec->how.ended(exec->how.context, exit_code, result);
}

static DWORD WINAPI command_thread(void *context)
{
    struct sbx_exec *exec = context;
    const struct sbx_run_how how = {.cli = &exec->cli,
        .say = &exec->say,
        .streams = {open_streams, handed_over, close_streams, exec},
        .cancel = {exec->cancel_event, &exec->cancel_count},
        .tty = exec->cli.tty ? &exec->tty : NULL,
        .runners = exec->how.runners,
        .approvals = exec->how.approvals,
        .timeout_at_most_ms = exec->how.timeout_at_most_ms,
        .reported = reported,
        .reported_context = exec};
    struct sbx_buf result;

    exec->thread_id = GetCurrentThreadId();
    sbx_buf_init(&result, SBX_RUN_JSON_MAX_BYTES);
    sbx_run(&how, &result);
    exec->how.settled(exec->how.context);
    sbx_runner_pool_refill(exec->how.runners, true);
    sbx_buf_done(&result);
    release(exec);
    return 0;
}

static enum sbx_status make_events(struct sbx_exec *exec, struct sbx_error *err)
{
    DWORD code;

    exec->cancel_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (exec->cancel_event)
        exec->cancelled_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    code = GetLastError();
    return exec->cancelled_event ? SBX_OK : sbx_fail_win32(err, code, "event of a command");
}

/* Keys in, screen out, and nothing beside them: a pseudo console has these two ends. */
static enum sbx_status make_terminal(struct sbx_exec *exec, struct sbx_error *err)
{
    static const struct sbx_tty_size usual = {80, 25};
    enum sbx_exec_target *target = exec->how.target;
    DWORD code;

    if (target[1] != SBX_EXEC_CALLBACK || target[2] != SBX_EXEC_CALLBACK)
        return sbx_fail(err, SBX_INVALID, "a command with a terminal has no stdout and stderr");
    target[0] = SBX_EXEC_WRITTEN;
    target[2] = SBX_EXEC_NOWHERE;
    exec->tty.size = exec->cli.tty_size.columns ? exec->cli.tty_size : usual;
    exec->tty_size = (LONG)exec->tty.size.columns << 16 | exec->tty.size.rows;
    exec->tty.packed = &exec->tty_size;
    sbx_vtfilter_init(&exec->filter);
    exec->tty.changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    code = GetLastError();
    return exec->tty.changed ? SBX_OK : sbx_fail_win32(err, code, "event for a terminal's size");
}

enum sbx_status sbx_exec_new(struct sbx_strings *argv, const struct sbx_exec_how *how,
    struct sbx_exec **ret_exec, struct sbx_error *err)
{
    struct sbx_exec *exec = NULL;
    enum sbx_status status = sbx_calloc(1, sizeof(*exec), &exec, err);
    struct sbx_exec_how unused = *how;

    if (status) {
        sbx_strings_done(argv);
        sbx_handle_close_each(unused.handle, countof(unused.handle));
        return status;
    }
    exec->refs = 1;
    exec->how = *how;
    exec->argv = *argv;
    memset(argv, 0, sizeof(*argv));
    exec->say.sink = said;
    exec->say.context = exec;
    sbx_policy_init(&exec->cli.policy, SBX_LAYER_COMMAND);
    sbx_execinput_init(
        &exec->input, how->target[0] == SBX_EXEC_WRITTEN, how->written, how->context);
    status =
        sbx_cli_parse((const char *const *)exec->argv.items, exec->argv.count, &exec->cli, err);
    if (!status && exec->cli.verb != SBX_VERB_RUN)
        status = sbx_fail(err, SBX_INVALID, "not a command to run");
    if (!status)
        status = make_events(exec, err);
    if (!status && exec->cli.tty)
        status = make_terminal(exec, err);
    exec->input.wanted = exec->how.target[0] == SBX_EXEC_WRITTEN;
    if (status)
        sbx_exec_drop(exec);
    else
        *ret_exec = exec;
    return status;
}

void sbx_exec_begin(struct sbx_exec *exec)
{
    struct sbx_error err;
    struct sbx_buf none;

    sbx_error_init(&err);
    if (!sbx_thread_start_asking(command_thread, exec, NULL, &err))
        return;
    sbx_say_error(&exec->say, &err);
    sbx_buf_init(&none, 0);
    exec->how.ended(exec->how.context, SBX_EXIT_SANDBOX, &none);
    exec->how.settled(exec->how.context);
    release(exec);
}

void sbx_exec_drop(struct sbx_exec *exec)
{
    exec->how.gone = NULL;
    release(exec);
}

enum sbx_status sbx_exec_write(struct sbx_exec *exec, const struct sbx_rpc_id *id,
    const char *bytes, size_t length_bytes, struct sbx_error *err)
{
    return sbx_execinput_add(&exec->input, id, bytes, length_bytes, false, err);
}

enum sbx_status sbx_exec_close_input(
    struct sbx_exec *exec, const struct sbx_rpc_id *id, struct sbx_error *err)
{
    /* A pseudo console ends with its input, and everything on it. */
    if (exec->cli.tty)
        return sbx_fail(err, SBX_INVALID, "a terminal's input has no end: write Ctrl-Z, or kill");
    return sbx_execinput_add(&exec->input, id, NULL, 0, true, err);
}

enum sbx_status sbx_exec_resize(
    struct sbx_exec *exec, const struct sbx_tty_size *size, struct sbx_error *err)
{
    if (!exec->cli.tty)
        return sbx_fail(err, SBX_UNSUPPORTED, "the command has no terminal");
    InterlockedExchange(&exec->tty_size, (LONG)size->columns << 16 | size->rows);
    SetEvent(exec->tty.changed);
    return SBX_OK;
}

void sbx_exec_cancel(struct sbx_exec *exec, bool now)
{
    InterlockedExchangeAdd(&exec->cancel_count, now ? 2 : 1);
    SetEvent(exec->cancelled_event);
    SetEvent(exec->cancel_event);
}

HANDLE sbx_exec_cancelled(const struct sbx_exec *exec)
{
    return exec->cancelled_event;
}

bool sbx_exec_is_current(const struct sbx_exec *exec)
{
    return exec->thread_id == GetCurrentThreadId();
}
