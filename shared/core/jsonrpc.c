/* See jsonrpc.h. */
#include "jsonrpc.h"

#include <cjson/cJSON.h>

/* --- lines ------------------------------------------------------------------------------------ */

#define FEED_MAX_BYTES 65536u

void sbx_rpc_lines_init(struct sbx_rpc_lines *lines, size_t max_bytes)
{
    memset(lines, 0, sizeof(*lines));
    sbx_buf_init(&lines->bytes, max_bytes + FEED_MAX_BYTES + 2);
    lines->max_bytes = max_bytes;
}

void sbx_rpc_lines_done(struct sbx_rpc_lines *lines)
{
    sbx_buf_wipe(&lines->bytes); /* an environment may hold secrets */
}

/* What was handed out is forgotten. */
static void drop(struct sbx_rpc_lines *lines)
{
    size_t left = lines->bytes.length_bytes - lines->start;

    if (!lines->start)
        return;
    if (left)
        memmove(lines->bytes.data, lines->bytes.data + lines->start, left);
    lines->bytes.length_bytes = left;
    lines->scanned -= lines->start;
    lines->start = 0;
}

enum sbx_status sbx_rpc_lines_feed(
    struct sbx_rpc_lines *lines, const char *bytes, size_t length_bytes, struct sbx_error *err)
{
    drop(lines);
    return sbx_buf_add(&lines->bytes, bytes, length_bytes, err);
}

/* Nothing complete is left; a line that is already too long is not kept. */
static enum sbx_rpc_line no_line(struct sbx_rpc_lines *lines)
{
    size_t length = lines->bytes.length_bytes - lines->start;

    lines->scanned = lines->bytes.length_bytes;
    if (!lines->skipping && length <= lines->max_bytes + 1)
        return SBX_RPC_LINE_NONE;
    lines->start = lines->bytes.length_bytes;
    if (lines->skipping)
        return SBX_RPC_LINE_NONE;
    lines->skipping = true;
    return SBX_RPC_LINE_TOO_LONG;
}

enum sbx_rpc_line sbx_rpc_lines_next(
    struct sbx_rpc_lines *lines, const char **ret_text, size_t *ret_length_bytes)
{
    while (lines->scanned < lines->bytes.length_bytes) {
        const char *line = lines->bytes.data + lines->start;
        const char *end = memchr(
            lines->bytes.data + lines->scanned, '\n', lines->bytes.length_bytes - lines->scanned);
        bool skipped = lines->skipping;
        size_t length;

        if (!end)
            break;
        length = (size_t)(end - line);
        lines->start += length + 1;
        lines->scanned = lines->start;
        lines->skipping = false;
        if (!lines->begun && length >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
            line += 3;
            length -= 3;
        }
        lines->begun = true;
        if (length && line[length - 1] == '\r')
            length--;
        if (skipped || !length)
            continue;
        if (length > lines->max_bytes)
            return SBX_RPC_LINE_TOO_LONG;
        *ret_text = line;
        *ret_length_bytes = length;
        return SBX_RPC_LINE_TEXT;
    }
    return no_line(lines);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum sbx_status sbx_rpc_parse(
    const char *text, size_t length_bytes, struct cJSON **ret_root, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_RPC_LINE_MAX_BYTES, SBX_RPC_DEPTH_MAX};

    return sbx_json_parse(text, length_bytes, &limits, ret_root, err);
}

bool sbx_rpc_is_batch(const struct cJSON *root, struct sbx_json_at *ret_batch)
{
    memset(ret_batch, 0, sizeof(*ret_batch));
    ret_batch->item = root;
    return cJSON_IsArray(root);
}

/* @param at the value of the id */
static enum sbx_status read_id(
    const struct sbx_json_at *at, struct sbx_rpc_id *ret_id, struct sbx_error *err)
{
    const char *text = NULL;
    enum sbx_status status;

    memset(ret_id, 0, sizeof(*ret_id));
    if (sbx_json_type(at) == SBX_JSON_NUMBER) {
        status = sbx_json_as_int(at, -SBX_JSON_INT_MAX, SBX_JSON_INT_MAX, &ret_id->number, err);
        if (!status)
            ret_id->kind = SBX_RPC_ID_NUMBER;
        return status;
    }
    status = sbx_json_as_string(at, SBX_RPC_ID_MAX_BYTES, &text, err);
    if (status)
        return status;
    memcpy(ret_id->text, text, strlen(text) + 1);
    ret_id->kind = SBX_RPC_ID_STRING;
    return SBX_OK;
}

/* The value of a key, any type. */
static bool find(const struct sbx_json_at *object, const char *key, struct sbx_json_at *ret)
{
    ret->item = NULL;
    while (sbx_json_next(object, ret))
        if (strcmp(sbx_json_name(ret), key) == 0)
            return true;
    ret->item = NULL;
    return false;
}

enum sbx_status sbx_rpc_id_get(const struct sbx_json_at *object, const char *key,
    struct sbx_rpc_id *ret_id, struct sbx_error *err)
{
    struct sbx_json_at at;

    if (!find(object, key, &at))
        return sbx_json_require(object, key, err);
    return read_id(&at, ret_id, err);
}

/* {"jsonrpc", "id", "result"} or {"jsonrpc", "id", "error"} */
static enum sbx_status read_answer(
    const struct sbx_json_at *root, struct sbx_rpc_message *message, struct sbx_error *err)
{
    static const char *const keys[] = {"jsonrpc", "id", "result", "error"};
    struct sbx_json_at error;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    message->kind = SBX_RPC_RESULT;
    if (status)
        return status;
    if (find(root, "result", &message->result))
        return sbx_json_has(root, "error") ? sbx_fail(err, SBX_INVALID, "both result and error")
                                           : SBX_OK;
    message->kind = SBX_RPC_ERROR;
    message->error_message = "";
    status = sbx_json_get_object(root, "error", &error, err);
    if (!status)
        status = sbx_json_get_string(
            &error, "message", SBX_RPC_LINE_MAX_BYTES, &message->error_message, err);
    if (!status)
        status = sbx_json_get_int(
            &error, "code", -SBX_JSON_INT_MAX, SBX_JSON_INT_MAX, &message->error_code, err);
    return status;
}

/* {"jsonrpc", "id"?, "method", "params"?} */
static enum sbx_status read_call(
    const struct sbx_json_at *root, struct sbx_rpc_message *message, struct sbx_error *err)
{
    static const char *const keys[] = {"jsonrpc", "id", "method", "params"};
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = sbx_json_require(root, "method", err);
    if (!status)
        status = sbx_json_get_string(root, "method", 256, &message->method, err);
    if (!status)
        message->kind = sbx_json_has(root, "id") ? SBX_RPC_REQUEST : SBX_RPC_NOTIFICATION;
    return status;
}

static enum sbx_status read_version(const struct sbx_json_at *root, struct sbx_error *err)
{
    const char *version = "";
    enum sbx_status status = sbx_json_require(root, "jsonrpc", err);

    if (!status)
        status = sbx_json_get_string(root, "jsonrpc", 16, &version, err);
    if (!status && strcmp(version, "2.0") != 0)
        status = sbx_fail(err, SBX_INVALID, "'jsonrpc' is not \"2.0\"");
    return status;
}

enum sbx_status sbx_rpc_read(const struct cJSON *root, struct sbx_rpc_message *ret_message,
    enum sbx_rpc_code *ret_code, struct sbx_error *err)
{
    struct sbx_rpc_message *message = ret_message;
    struct sbx_json_at at, id;
    enum sbx_status status;

    memset(message, 0, sizeof(*message));
    *ret_code = SBX_RPC_INVALID_REQUEST;
    status = sbx_json_root_object(root, &at, err);
    if (status)
        return status;
    if (find(&at, "id", &id))
        status = read_id(&id, &message->id, err);
    /* Before anything may fail: an answer is never answered, however broken it is. */
    if (!sbx_json_has(&at, "method") && (sbx_json_has(&at, "result") || sbx_json_has(&at, "error")))
        message->kind = SBX_RPC_RESULT;
    if (!status)
        status = read_version(&at, err);
    if (status)
        return status;
    if (message->kind)
        return read_answer(&at, message, err);
    status = read_call(&at, message, err);
    if (status) {
        message->kind = (enum sbx_rpc_kind)0;
        return status;
    }
    *ret_code = SBX_RPC_INVALID_PARAMS;
    status = sbx_json_get_object(&at, "params", &message->params, err);
    if (status && message->kind == SBX_RPC_REQUEST)
        message->kind = (enum sbx_rpc_kind)0;
    return status;
}

bool sbx_rpc_id_equal(const struct sbx_rpc_id *a, const struct sbx_rpc_id *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == SBX_RPC_ID_NUMBER ? a->number == b->number : strcmp(a->text, b->text) == 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

void sbx_rpc_id_write(struct sbx_json_writer *w, const struct sbx_rpc_id *id)
{
    if (id->kind == SBX_RPC_ID_NUMBER)
        sbx_json_int64(w, id->number);
    else
        sbx_json_string(w, id->kind == SBX_RPC_ID_STRING ? id->text : NULL);
}

static void begin(struct sbx_json_writer *w, const struct sbx_rpc_id *id)
{
    sbx_json_begin_object(w);
    sbx_json_key_string(w, "jsonrpc", "2.0");
    if (!id)
        return;
    sbx_json_key(w, "id");
    sbx_rpc_id_write(w, id);
}

void sbx_rpc_begin_result(struct sbx_json_writer *w, const struct sbx_rpc_id *id)
{
    begin(w, id);
    sbx_json_key(w, "result");
}

void sbx_rpc_begin_request(
    struct sbx_json_writer *w, const struct sbx_rpc_id *id, const char *method)
{
    begin(w, id);
    sbx_json_key_string(w, "method", method);
    sbx_json_key(w, "params");
}

void sbx_rpc_begin_notification(struct sbx_json_writer *w, const char *method)
{
    sbx_rpc_begin_request(w, NULL, method);
}

void sbx_rpc_begin_error(struct sbx_json_writer *w, const struct sbx_rpc_id *id,
    enum sbx_rpc_code code, const char *message)
{
    begin(w, id);
    sbx_json_key_object(w, "error");
    sbx_json_key_int64(w, "code", code);
    sbx_json_key_string(w, "message", message);
}

void sbx_rpc_end_error(struct sbx_json_writer *w)
{
    sbx_json_end_object(w);
    sbx_rpc_end(w);
}

void sbx_rpc_end(struct sbx_json_writer *w)
{
    sbx_json_end_object(w);
}
