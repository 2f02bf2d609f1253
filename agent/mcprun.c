/* The tool that runs commands: see mcp.h. What it answers is in mcpresult.c. */
#include "mcp.h"

#include "mcpresult.h"
#include "rpcargs.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"

#include <stdio.h>

#define ARGS_MAX 4096u
#define ARG_MAX_BYTES 32768u
#define END_MS 20000u
#define PROGRESS_MS 500u

struct sbx_mcp_call {
    struct sbx_mcp_call *next;
    struct sbx_mcp *mcp;
    struct sbx_exec *exec;
    struct sbx_rpc_id id, progress;
    struct sbx_mcp_stream streams[2];
    volatile LONG cancelled;
    volatile LONG parts;         /* progress so far */
    volatile LONG64 progress_ms; /* when the last was told */
    bool in_list;                /* guarded by the lock */
};

/* --- what it prints --------------------------------------------------------------------------- */

static void tell_progress(struct sbx_mcp_call *call, const char *message)
{
    struct sbx_rpcio_out out;

    if (!call->progress.kind || call->cancelled)
        return;
    sbx_rpcio_begin_notification(&out, "notifications/progress");
    sbx_json_begin_object(&out.w);
    sbx_json_key(&out.w, "progressToken");
    sbx_rpc_id_write(&out.w, &call->progress);
    sbx_json_key_int64(&out.w, "progress", InterlockedIncrement(&call->parts));
    sbx_json_key_string(&out.w, "message", message);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&call->mcp->io, &out, NULL);
}

/* The last line of what came, now and then. */
static void tell_output(struct sbx_mcp_call *call, const char *bytes, size_t length_bytes)
{
    const LONG64 now = (LONG64)sbx_clock_ms();
    const char *line = bytes;
    struct sbx_buf text;
    size_t i;

    if (!call->progress.kind || now - call->progress_ms < PROGRESS_MS)
        return;
    InterlockedExchange64(&call->progress_ms, now);
    for (i = 0; i + 1 < length_bytes; i++)
        if (bytes[i] == '\n')
            line = bytes + i + 1;
    length_bytes -= (size_t)(line - bytes);
    while (length_bytes && (line[length_bytes - 1] == '\n' || line[length_bytes - 1] == '\r'))
        length_bytes--;
    sbx_buf_init(&text, 1024);
    if (!sbx_mcp_clean(line, length_bytes > 200 ? 200 : length_bytes, &text, NULL))
        tell_progress(call, text.data ? text.data : "");
    sbx_buf_done(&text);
}

static void output(
    void *context, enum sbx_exec_stream which, const char *bytes, size_t length_bytes)
{
    struct sbx_mcp_call *call = context;

    sbx_mcp_stream_add(&call->streams[which - 1], bytes, length_bytes);
    if (length_bytes)
        tell_output(call, bytes, length_bytes);
}

static void said(void *context, const char *json, size_t length_bytes)
{
    struct sbx_mcp_call *call = context;
    struct cJSON *root = NULL;
    const char *message = NULL;
    struct sbx_json_at at;

    if (call->progress.kind && !sbx_json_parse(json, length_bytes, NULL, &root, NULL) &&
        !sbx_json_root_object(root, &at, NULL) &&
        !sbx_json_get_string(&at, "message", 4096, &message, NULL) && message)
        tell_progress(call, message);
    sbx_json_free(root);
}

static void written(void *context, const struct sbx_rpc_id *id, size_t length_bytes,
    const struct sbx_error *failure)
{
    (void)context, (void)id, (void)length_bytes, (void)failure; /* the model is not told */
}

/* --- how it ends ------------------------------------------------------------------------------ */

/* Out of the list: nobody cancels it any more. */
static void leave(struct sbx_mcp_call *call)
{
    struct sbx_mcp *mcp = call->mcp;
    struct sbx_mcp_call **at;

    EnterCriticalSection(&mcp->lock);
    for (at = &mcp->first; *at && *at != call; at = &(*at)->next)
        ;
    if (*at)
        *at = call->next;
    mcp->running--;
    LeaveCriticalSection(&mcp->lock);
}

static void settled(void *context)
{
    struct sbx_mcp_call *call = context;
    struct sbx_mcp *mcp = call->mcp;

    EnterCriticalSection(&mcp->lock);
    if (!--mcp->unsettled)
        SetEvent(mcp->idle);
    LeaveCriticalSection(&mcp->lock);
}

static void ended(void *context, uint32_t exit_code, const struct sbx_buf *result)
{
    struct sbx_mcp_call *call = context;

    /* A request that was cancelled is not answered; in a batch it would keep the others waiting. */
    if (!call->cancelled || call->id.batch)
        sbx_mcp_answer(call->mcp, &call->id, call->streams, exit_code, result);
    leave(call);
}

static void gone(void *context)
{
    struct sbx_mcp_call *call = context;
    size_t i;

    for (i = 0; i < countof(call->streams); i++)
        sbx_mcp_stream_done(&call->streams[i]);
    free(call);
}

/* --- how it begins ---------------------------------------------------------------------------- */

/* Beside the options: as one of those it would outrank every policy file. */
static enum sbx_status read_timeout(
    const struct sbx_json_at *arguments, uint64_t *ret_ms, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_json_at at = {0};
    double seconds = 0;

    while (!status && sbx_json_next(arguments, &at))
        if (strcmp(sbx_json_name(&at), "timeoutSeconds") == 0)
            status = sbx_json_as_double(&at, 0.001, 604800, &seconds, err);
    *ret_ms = (uint64_t)(seconds * 1000);
    return status;
}

static enum sbx_status read_argv(const struct sbx_mcp *mcp, const struct sbx_json_at *arguments,
    struct sbx_strings *ret_argv, struct sbx_error *err)
{
    static const char *const keys[] = {"argv", "input", "timeoutSeconds"};
    const struct sbx_rpcargs args = {.row = sbx_verb_find("run", NULL),
        .session_row = mcp->row,
        .session = mcp->cli->options,
        .session_count = mcp->cli->option_count,
        .params = arguments,
        .own = keys,
        .own_count = countof(keys),
        .no_options = true};
    const char **argv = NULL;
    size_t count = 0, i;
    enum sbx_status status = sbx_json_require(arguments, "argv", err);

    if (!status)
        status = sbx_json_get_string_list(
            arguments, "argv", ARGS_MAX, ARG_MAX_BYTES, &argv, &count, err);
    if (!status && !count)
        status = sbx_fail(err, SBX_INVALID, "'argv' is empty");
    if (!status)
        status = sbx_rpcargs_build(&args, ret_argv, err);
    if (!status)
        status = sbx_strings_add(ret_argv, "--", err);
    for (i = 0; !status && i < count; i++)
        status = sbx_strings_add(ret_argv, argv[i], err);
    free(argv);
    return status;
}

static void enter(struct sbx_mcp_call *call)
{
    struct sbx_mcp *mcp = call->mcp;

    EnterCriticalSection(&mcp->lock);
    call->next = mcp->first;
    mcp->first = call;
    mcp->running++;
    mcp->unsettled++;
    ResetEvent(mcp->idle);
    LeaveCriticalSection(&mcp->lock);
}

static void give_input(struct sbx_mcp_call *call, const char *input)
{
    const struct sbx_rpc_id none = {.kind = SBX_RPC_ID_NONE};

    if (input && *input && sbx_exec_write(call->exec, &none, input, strlen(input), NULL))
        return; /* it ended: nothing to read it */
    if (input && sbx_exec_close_input(call->exec, &none, NULL))
        return;
}

enum sbx_status sbx_mcp_run(struct sbx_mcp *mcp, const struct sbx_rpc_id *id,
    const struct sbx_json_at *arguments, const struct sbx_rpc_id *progress, struct sbx_error *err)
{
    struct sbx_exec_how how = {.runners = mcp->have_runners ? &mcp->runners : NULL,
        .approvals = &mcp->approvals,
        .output = output,
        .said = said,
        .written = written,
        .ended = ended,
        .settled = settled,
        .gone = gone};
    struct sbx_strings argv = {0};
    struct sbx_mcp_call *call = NULL;
    const char *input = NULL;
    enum sbx_status status;
    size_t i;

    if (mcp->running >= SBX_MCP_CALLS_MAX)
        return sbx_fail(
            err, SBX_EXISTS, "%d commands are running: wait for one", SBX_MCP_CALLS_MAX);
    status = sbx_json_get_string(arguments, "input", SBX_EXEC_INPUT_MAX_BYTES, &input, err);
    if (!status)
        status = read_timeout(arguments, &how.timeout_at_most_ms, err);
    if (!status)
        status = read_argv(mcp, arguments, &argv, err);
    if (!status)
        status = sbx_calloc(1, sizeof(*call), &call, err);
    if (status) {
        sbx_strings_done(&argv);
        return status;
    }
    call->mcp = mcp;
    call->id = *id;
    call->progress = *progress;
    for (i = 0; i < countof(call->streams); i++) {
        sbx_buf_init(&call->streams[i].head, SBX_MCP_STREAM_BYTES);
        sbx_buf_init(&call->streams[i].tail, 2 * SBX_MCP_STREAM_BYTES + SBX_EXEC_PART_BYTES);
    }
    how.context = call;
    how.target[0] = input ? SBX_EXEC_WRITTEN : SBX_EXEC_CALLBACK;
    status = sbx_exec_new(&argv, &how, &call->exec, err);
    if (status) {
        gone(call);
        return status;
    }
    give_input(call, input); /* it waits there until the command reads it */
    enter(call);
    sbx_exec_begin(call->exec);
    return SBX_OK;
}

void sbx_mcp_cancel(struct sbx_mcp *mcp, const struct sbx_rpc_id *id)
{
    struct sbx_mcp_call *call;

    EnterCriticalSection(&mcp->lock);
    for (call = mcp->first; call; call = call->next) {
        if (!sbx_rpc_id_equal(&call->id, id))
            continue;
        InterlockedExchange(&call->cancelled, 1);
        sbx_exec_cancel(call->exec, false);
    }
    LeaveCriticalSection(&mcp->lock);
}

void sbx_mcp_end_all(struct sbx_mcp *mcp)
{
    struct sbx_mcp_call *call;

    EnterCriticalSection(&mcp->lock);
    for (call = mcp->first; call; call = call->next)
        sbx_exec_cancel(call->exec, true);
    LeaveCriticalSection(&mcp->lock);
    WaitForSingleObject(mcp->idle, END_MS);
}

HANDLE sbx_mcp_current_cancelled(struct sbx_mcp *mcp)
{
    struct sbx_mcp_call *call;
    HANDLE cancelled = NULL;

    EnterCriticalSection(&mcp->lock);
    for (call = mcp->first; call && !cancelled; call = call->next)
        if (sbx_exec_is_current(call->exec))
            cancelled = sbx_exec_cancelled(call->exec);
    LeaveCriticalSection(&mcp->lock);
    return cancelled;
}
