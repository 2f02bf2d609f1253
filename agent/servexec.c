/* Commands of a session: the list of them, their beginning, output and end. See serve.h. */
#include "serve.h"

#include "result.h"
#include "rpcargs.h"

#include "shared/win/handle.h"

#define ARGS_MAX 4096u
#define ARG_MAX_BYTES 32768u
#define END_MS 20000u

static const char *const start_keys[] = {"argv", "stdin", "stdout", "stderr", "window", "tty"};

/* --- the list --------------------------------------------------------------------------------- */

void sbx_serve_unref(struct sbx_served *served)
{
    if (InterlockedDecrement(&served->refs))
        return;
    sbx_handle_close(&served->window_event);
    sbx_buf_done(&served->result);
    free(served);
}

/* Forget the oldest result when there are too many. The caller holds the lock. */
static struct sbx_served *evict(struct sbx_serve *serve)
{
    struct sbx_served **at, **oldest = NULL, *served;

    if (serve->ended <= SBX_SERVE_ENDED_MAX)
        return NULL;
    for (at = &serve->first; *at; at = &(*at)->next)
        if ((*at)->ended)
            oldest = at;
    if (!oldest)
        return NULL;
    served = *oldest;
    *oldest = served->next;
    serve->ended--;
    return served;
}

void sbx_serve_list(struct sbx_serve *serve, struct sbx_json_writer *w)
{
    struct sbx_served *served;

    EnterCriticalSection(&serve->lock);
    for (served = serve->first; served; served = served->next) {
        sbx_json_begin_object(w);
        sbx_json_key_uint64(w, "commandId", served->id);
        sbx_json_key_bool(w, "running", !served->ended);
        if (served->ended)
            sbx_json_key_uint64(w, "exitCode", served->exit_code);
        sbx_json_end_object(w);
    }
    LeaveCriticalSection(&serve->lock);
}

void sbx_serve_end_all(struct sbx_serve *serve)
{
    struct sbx_served *served;

    EnterCriticalSection(&serve->lock);
    for (served = serve->first; served; served = served->next) {
        if (served->ended)
            continue;
        InterlockedExchange(&served->discard, 1);
        SetEvent(served->window_event);
        sbx_exec_cancel(served->exec, true);
    }
    LeaveCriticalSection(&serve->lock);
    WaitForSingleObject(serve->idle, END_MS);
}

/* --- callbacks of a command --------------------------------------------------------------------
 */

static void said(void *context, const char *json, size_t length_bytes)
{
    struct sbx_served *served = context;
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_notification(&out, "progress");
    sbx_json_begin_object(&out.w);
    sbx_json_key_uint64(&out.w, "commandId", served->id);
    sbx_json_key(&out.w, "message");
    sbx_json_raw(&out.w, json, length_bytes);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&served->serve->io, &out, NULL);
}

static void written(void *context, const struct sbx_rpc_id *id, size_t length_bytes,
    const struct sbx_error *failure)
{
    struct sbx_served *served = context;
    struct sbx_rpcio_out out;

    if (failure) {
        sbx_rpcio_fail(&served->serve->io, id, SBX_RPC_FAILED, failure);
        return;
    }
    sbx_rpcio_begin_result(&out, id);
    sbx_json_begin_object(&out.w);
    sbx_json_key_uint64(&out.w, "bytes", length_bytes);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&served->serve->io, &out, id);
}

static void write_end(
    struct sbx_json_writer *w, const struct sbx_served *served, const struct sbx_buf *result)
{
    sbx_json_begin_object(w);
    sbx_json_key_uint64(w, "commandId", served->id);
    sbx_json_key_uint64(w, "exitCode", served->exit_code);
    sbx_json_key_uint64(w, "outputLeftOut", (uint64_t)served->left_out);
    sbx_json_key(w, "result");
    if (result->length_bytes)
        sbx_json_raw(w, result->data, result->length_bytes);
    else
        sbx_json_null(w); /* too big to be kept: exec.exit had it */
    sbx_json_end_object(w);
}

void sbx_serve_answer_wait(struct sbx_served *served, const struct sbx_rpc_id *id)
{
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_result(&out, id);
    write_end(&out.w, served, &served->result);
    sbx_rpcio_send(&served->serve->io, &out, id);
}

static void ended(void *context, uint32_t exit_code, const struct sbx_buf *result)
{
    struct sbx_served *served = context, *old;
    struct sbx_serve *serve = served->serve;
    struct sbx_rpcio_out out;
    size_t i;

    served->exit_code = exit_code;
    if (result->length_bytes > SBX_SERVE_KEPT_BYTES ||
        sbx_buf_add(&served->result, result->data, result->length_bytes, NULL))
        sbx_buf_clear(&served->result);
    sbx_rpcio_begin_notification(&out, "exec.exit");
    write_end(&out.w, served, result);
    sbx_rpcio_send(&serve->io, &out, NULL);
    EnterCriticalSection(&serve->lock);
    served->ended = true; /* no waiter is added from here on */
    serve->ended++;
    serve->running--;
    old = evict(serve);
    LeaveCriticalSection(&serve->lock);
    for (i = 0; i < served->waiter_count; i++)
        sbx_serve_answer_wait(served, &served->waiters[i]);
    if (old)
        sbx_serve_unref(old);
}

static void settled(void *context)
{
    struct sbx_served *served = context;
    struct sbx_serve *serve = served->serve;

    EnterCriticalSection(&serve->lock);
    if (!--serve->unsettled)
        SetEvent(serve->idle);
    LeaveCriticalSection(&serve->lock);
}

static void gone(void *context)
{
    sbx_serve_unref(context);
}

/* --- exec.start ------------------------------------------------------------------------------- */

/* {"file": PATH} or {"pipe": NAME} */
static enum sbx_status open_raw(
    const struct sbx_json_at *at, HANDLE *ret_handle, struct sbx_error *err)
{
    static const char *const keys[] = {"file", "pipe"};
    const char *file = NULL, *pipe = NULL;
    enum sbx_status status = sbx_json_known_keys(at, keys, countof(keys), err);
    char *path = NULL;

    if (!status)
        status = sbx_json_get_string(at, "file", ARG_MAX_BYTES, &file, err);
    if (!status)
        status = sbx_json_get_string(at, "pipe", 240, &pipe, err);
    if (!status && !file == !pipe)
        status = sbx_fail(err, SBX_INVALID, "'%s' needs a file or a pipe", at->path);
    if (!status && pipe && strpbrk(pipe, "\\/"))
        status = sbx_fail(err, SBX_INVALID, "'%s' is no name of a pipe", pipe);
    if (!status && pipe) {
        struct sbx_buf name;

        sbx_buf_init(&name, 512);
        status = sbx_buf_printf(&name, err, "\\\\.\\pipe\\%s", pipe);
        if (!status)
            status = sbx_buf_steal(&name, &path, err);
        sbx_buf_done(&name);
    }
    if (!status)
        status = sbx_result_open_file(pipe ? path : file, ret_handle, err);
    free(path);
    return status;
}

static enum sbx_status read_stream(const struct sbx_json_at *params, const char *key, size_t i,
    struct sbx_exec_how *how, struct sbx_error *err)
{
    static const char *const words[] = {"rpc", "none", "stdout"};
    static const enum sbx_exec_target targets[] = {
        SBX_EXEC_CALLBACK, SBX_EXEC_NOWHERE, SBX_EXEC_WITH_STDOUT};
    struct sbx_json_at object = {0};
    enum sbx_status status;
    size_t word = 0;

    if (!sbx_json_get_object(params, key, &object, NULL) && object.item) {
        how->target[i] = SBX_EXEC_HANDLE;
        status = open_raw(&object, &how->handle[i], err);
    } else {
        status = sbx_json_get_enum(params, key, words, i == 2 ? 3 : 2, &word, err);
        how->target[i] = targets[word];
    }
    if (status)
        sbx_error_context(err, "%s", key);
    return status;
}

static enum sbx_status read_streams(
    const struct sbx_json_at *params, struct sbx_exec_how *how, struct sbx_error *err)
{
    static const char *const words[] = {"none", "pipe"};
    enum sbx_status status;
    size_t word = 0;

    status = sbx_json_get_enum(params, "stdin", words, countof(words), &word, err);
    how->target[0] = word ? SBX_EXEC_WRITTEN : SBX_EXEC_CALLBACK;
    if (!status)
        status = read_stream(params, "stdout", 1, how, err);
    if (!status)
        status = read_stream(params, "stderr", 2, how, err);
    return status;
}

static enum sbx_status read_argv(struct sbx_serve *serve, const struct sbx_json_at *params,
    struct sbx_strings *ret_argv, struct sbx_error *err)
{
    const struct sbx_rpcargs args = {.row = sbx_verb_find("run", NULL),
        .session_row = serve->row,
        .session = serve->cli->options,
        .session_count = serve->cli->option_count,
        .params = params,
        .own = start_keys,
        .own_count = countof(start_keys)};
    const char **argv = NULL;
    size_t count = 0, i;
    enum sbx_status status = sbx_json_require(params, "argv", err);

    if (!status)
        status =
            sbx_json_get_string_list(params, "argv", ARGS_MAX, ARG_MAX_BYTES, &argv, &count, err);
    if (!status && !count)
        status = sbx_fail(err, SBX_INVALID, "'argv' is empty");
    if (!status)
        status = sbx_rpcargs_build(&args, ret_argv, err);
    if (!status)
        status = sbx_serve_add_tty(params, ret_argv, err);
    if (!status)
        status = sbx_strings_add(ret_argv, "--", err);
    for (i = 0; !status && i < count; i++)
        status = sbx_strings_add(ret_argv, argv[i], err);
    free(argv);
    return status;
}

static enum sbx_status new_served(struct sbx_serve *serve, const struct sbx_json_at *params,
    struct sbx_served **ret_served, struct sbx_error *err)
{
    struct sbx_served *served = NULL;
    int64_t window = 0;
    enum sbx_status status;
    DWORD code;

    status =
        sbx_json_get_int(params, "window", SBX_SERVE_WINDOW_MIN, 1024 * 1024 * 1024, &window, err);
    if (!status)
        status = sbx_calloc(1, sizeof(*served), &served, err);
    if (status)
        return status;
    served->serve = serve;
    served->refs = 1;
    served->windowed = window != 0;
    served->window = served->window_max = window;
    sbx_buf_init(&served->result, SBX_SERVE_KEPT_BYTES);
    served->window_event = CreateEventW(NULL, FALSE, FALSE, NULL);
    code = GetLastError();
    if (!served->window_event) {
        sbx_serve_unref(served);
        return sbx_fail_win32(err, code, "event of a command");
    }
    *ret_served = served;
    return SBX_OK;
}

/* In the list and answered first: only then may anything be said about it. */
static void begin(struct sbx_serve *serve, struct sbx_served *served, const struct sbx_rpc_id *id)
{
    struct sbx_rpcio_out out;

    EnterCriticalSection(&serve->lock);
    served->id = ++serve->last_id;
    served->next = serve->first;
    serve->first = served;
    served->refs++; /* one for the list, one for the command */
    serve->running++;
    serve->unsettled++;
    ResetEvent(serve->idle);
    LeaveCriticalSection(&serve->lock);
    sbx_rpcio_begin_result(&out, id);
    sbx_json_begin_object(&out.w);
    sbx_json_key_uint64(&out.w, "commandId", served->id);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&serve->io, &out, id);
    sbx_exec_begin(served->exec);
}

enum sbx_status sbx_serve_start(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    struct sbx_exec_how how = {.runners = serve->have_runners ? &serve->runners : NULL,
        .approvals = &serve->approvals,
        .output = sbx_serve_output,
        .said = said,
        .written = written,
        .ended = ended,
        .settled = settled,
        .gone = gone};
    struct sbx_strings argv = {0};
    struct sbx_served *served = NULL;
    enum sbx_status status;
    size_t i;

    if (serve->running >= SBX_SERVE_RUNNING_MAX) {
        *code = SBX_RPC_BUSY;
        return sbx_fail(
            err, SBX_EXISTS, "%u commands are running: wait for one", SBX_SERVE_RUNNING_MAX);
    }
    status = read_argv(serve, &message->params, &argv, err);
    if (!status)
        status = new_served(serve, &message->params, &served, err);
    if (!status)
        status = read_streams(&message->params, &how, err);
    if (status) {
        sbx_strings_done(&argv);
        for (i = 0; i < countof(how.handle); i++)
            sbx_handle_close(&how.handle[i]);
    } else {
        how.context = served;
        status = sbx_exec_new(&argv, &how, &served->exec, err);
    }
    if (!status)
        begin(serve, served, &message->id);
    else if (served)
        sbx_serve_unref(served);
    return status;
}
