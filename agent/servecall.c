/* The methods of a command that was started: each names it by its number. See serve.h. */
#include "serve.h"

#include "shared/core/base64.h"

/*
 * The command a request names. On success the lock is held until `leave`: a command that has not
 * ended cannot go away meanwhile.
 */
static enum sbx_status enter(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    struct sbx_served **ret_served, enum sbx_rpc_code *code, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(&message->params, "commandId", err);
    struct sbx_served *served;
    int64_t id = 0;

    if (!status)
        status = sbx_json_get_int(&message->params, "commandId", 1, SBX_JSON_INT_MAX, &id, err);
    if (status)
        return status;
    EnterCriticalSection(&serve->lock);
    for (served = serve->first; served && served->id != (uint64_t)id; served = served->next)
        ;
    *ret_served = served;
    if (served)
        return SBX_OK;
    LeaveCriticalSection(&serve->lock);
    *code = SBX_RPC_UNKNOWN;
    return sbx_fail(err, SBX_NOT_FOUND, "no command %lld", (long long)id);
}

static void leave(struct sbx_serve *serve)
{
    LeaveCriticalSection(&serve->lock);
}

/* As enter, for a command that has not ended. */
static enum sbx_status enter_running(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    struct sbx_served **ret_served, enum sbx_rpc_code *code, struct sbx_error *err)
{
    enum sbx_status status = enter(serve, message, ret_served, code, err);

    if (status || !(*ret_served)->ended)
        return status;
    *code = SBX_RPC_UNKNOWN;
    status = sbx_fail(
        err, SBX_NOT_FOUND, "command %llu has ended", (unsigned long long)(*ret_served)->id);
    leave(serve); /* from here on another thread may forget it */
    return status;
}

/* {"text"} or {"base64"} */
static enum sbx_status read_bytes(
    const struct sbx_json_at *params, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    const char *text = NULL, *base64 = NULL;
    enum sbx_status status;

    status = sbx_json_get_string(params, "text", SBX_RPC_LINE_MAX_BYTES, &text, err);
    if (!status)
        status = sbx_json_get_string(params, "base64", SBX_RPC_LINE_MAX_BYTES, &base64, err);
    if (!status && !text == !base64)
        status = sbx_fail(err, SBX_INVALID, "either 'text' or 'base64' is needed");
    if (status)
        return status;
    return text ? sbx_buf_puts(ret_bytes, text, err)
                : sbx_base64_decode(base64, strlen(base64), ret_bytes, err);
}

enum sbx_status sbx_serve_write(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"commandId", "text", "base64"};
    struct sbx_served *served = NULL;
    enum sbx_status status;
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, SBX_RPC_LINE_MAX_BYTES);
    status = sbx_json_known_keys(&message->params, keys, countof(keys), err);
    if (!status)
        status = read_bytes(&message->params, &bytes, err);
    if (!status)
        status = enter_running(serve, message, &served, code, err);
    if (!status) {
        status = sbx_exec_write(served->exec, &message->id, bytes.data, bytes.length_bytes, err);
        leave(serve);
    }
    if (status == SBX_EXISTS)
        *code = SBX_RPC_BUSY;
    sbx_buf_wipe(&bytes);
    return status;
}

enum sbx_status sbx_serve_close_input(struct sbx_serve *serve,
    const struct sbx_rpc_message *message, enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"commandId"};
    struct sbx_served *served = NULL;
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);

    if (!status)
        status = enter_running(serve, message, &served, code, err);
    if (status)
        return status;
    status = sbx_exec_close_input(served->exec, &message->id, err);
    leave(serve);
    return status;
}

enum sbx_status sbx_serve_resize(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"commandId", "columns", "rows"};
    struct sbx_served *served = NULL;
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);
    struct sbx_tty_size size = {0, 0};

    if (!status)
        status = sbx_serve_read_size(&message->params, &size, err);
    if (!status)
        status = enter_running(serve, message, &served, code, err);
    if (status)
        return status;
    status = sbx_exec_resize(served->exec, &size, err);
    leave(serve);
    if (!status)
        sbx_rpcio_done(&serve->io, &message->id);
    else
        *code = SBX_RPC_FAILED;
    return status;
}

enum sbx_status sbx_serve_kill(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"commandId", "now"};
    struct sbx_served *served = NULL;
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);
    bool now = false;

    if (!status)
        status = sbx_json_get_bool(&message->params, "now", &now, err);
    if (!status)
        status = enter_running(serve, message, &served, code, err);
    if (status)
        return status;
    if (now) {
        InterlockedExchange(&served->discard, 1);
        SetEvent(served->window_event);
    }
    sbx_exec_cancel(served->exec, now);
    leave(serve);
    sbx_rpcio_done(&serve->io, &message->id);
    return SBX_OK;
}

enum sbx_status sbx_serve_wait(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"commandId"};
    struct sbx_served *served = NULL;
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);
    bool is_over = false;

    if (!status)
        status = enter(serve, message, &served, code, err);
    if (status)
        return status;
    is_over = served->ended;
    if (is_over) {
        InterlockedIncrement(&served->refs);
    } else if (served->waiter_count < SBX_SERVE_WAITERS_MAX) {
        served->waiters[served->waiter_count++] = message->id;
    } else {
        *code = SBX_RPC_BUSY;
        status = sbx_fail(err, SBX_EXISTS, "too many requests wait for this command");
    }
    leave(serve);
    if (is_over) {
        sbx_serve_answer_wait(served, &message->id);
        sbx_serve_unref(served);
    }
    return status;
}

enum sbx_status sbx_serve_ack(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"commandId", "bytes"};
    struct sbx_served *served = NULL;
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);
    int64_t bytes = 0;

    if (!status)
        status = sbx_json_get_int(&message->params, "bytes", 0, SBX_JSON_INT_MAX, &bytes, err);
    if (!status)
        status = enter(serve, message, &served, code, err);
    if (status)
        return status;
    /* More than was sent is no reason to send more than the window at once. */
    if (InterlockedExchangeAdd64(&served->window, bytes) + bytes > served->window_max)
        InterlockedExchange64(&served->window, served->window_max);
    SetEvent(served->window_event);
    leave(serve);
    if (message->kind == SBX_RPC_REQUEST)
        sbx_rpcio_done(&serve->io, &message->id);
    return SBX_OK;
}
