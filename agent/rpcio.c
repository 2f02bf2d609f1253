/* See rpcio.h. */
#include "rpcio.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/spawn.h"
#include "shared/win/stream.h"

#define READ_BYTES 65536u
#define BATCH_MAX 64u
/* For the message that is being dealt with when the session ends. */
#define TAKING_MS 20000u

/* The answers of one batch, written together when the last is there. */
struct batch {
    size_t left;
    struct sbx_buf answers;
};

/* --- lines ------------------------------------------------------------------------------------ */

/* A whole line. The caller holds the lock. */
static bool write_line(struct sbx_rpcio *io, struct sbx_buf *line)
{
    bool ok = !sbx_buf_putc(line, '\n', NULL) &&
              sbx_stream_write(io->out, line->data, line->length_bytes);

    if (!ok)
        SetEvent(io->ended);
    return ok;
}

/* One answer of a batch. @return whether it was the last, which writes them all */
static bool add_to_batch(struct sbx_rpcio *io, struct batch *batch, const struct sbx_buf *answer)
{
    if (sbx_buf_putc(&batch->answers, batch->answers.length_bytes ? ',' : '[', NULL) ||
        sbx_buf_add(&batch->answers, answer->data, answer->length_bytes, NULL))
        SetEvent(io->ended); /* out of memory: the other side would wait for ever */
    if (--batch->left)
        return false;
    if (!sbx_buf_putc(&batch->answers, ']', NULL))
        write_line(io, &batch->answers);
    return true;
}

/* --- messages out ----------------------------------------------------------------------------- */

static void begin(struct sbx_rpcio_out *out)
{
    sbx_buf_init(&out->buf, SBX_RPCIO_OUT_MAX_BYTES);
    sbx_json_writer_begin(&out->w, &out->buf, false);
}

void sbx_rpcio_begin_result(struct sbx_rpcio_out *out, const struct sbx_rpc_id *id)
{
    begin(out);
    sbx_rpc_begin_result(&out->w, id);
}

void sbx_rpcio_begin_notification(struct sbx_rpcio_out *out, const char *method)
{
    begin(out);
    sbx_rpc_begin_notification(&out->w, method);
}

void sbx_rpcio_begin_request(
    struct sbx_rpcio_out *out, const struct sbx_rpc_id *id, const char *method)
{
    begin(out);
    sbx_rpc_begin_request(&out->w, id, method);
}

static bool put(struct sbx_rpcio *io, struct sbx_buf *buf, const struct sbx_rpc_id *id)
{
    struct batch *batch = id ? id->batch : NULL;
    bool ok = true, last = false;

    EnterCriticalSection(&io->lock);
    if (batch)
        last = add_to_batch(io, batch, buf);
    else
        ok = write_line(io, buf);
    LeaveCriticalSection(&io->lock);
    if (last) {
        sbx_buf_done(&batch->answers);
        free(batch);
    }
    return ok;
}

bool sbx_rpcio_send(struct sbx_rpcio *io, struct sbx_rpcio_out *out, const struct sbx_rpc_id *id)
{
    struct sbx_error err;
    bool ok = true;

    sbx_error_init(&err);
    sbx_rpc_end(&out->w);
    if (!sbx_json_writer_end(&out->w, &err))
        ok = put(io, &out->buf, id);
    else if (id)
        sbx_rpcio_fail(io, id, SBX_RPC_INTERNAL, &err);
    sbx_buf_done(&out->buf);
    return ok;
}

void sbx_rpcio_fail(struct sbx_rpcio *io, const struct sbx_rpc_id *id, enum sbx_rpc_code code,
    const struct sbx_error *error)
{
    struct sbx_rpcio_out out;

    begin(&out);
    sbx_rpc_begin_error(&out.w, id, code, error->context);
    sbx_json_key_error(&out.w, "data", error);
    sbx_json_end_object(&out.w);
    sbx_rpc_end(&out.w);
    if (sbx_json_writer_end(&out.w, NULL)) {
        /* A text that is no UTF-8: the code alone says enough. */
        sbx_buf_clear(&out.buf);
        sbx_json_writer_begin(&out.w, &out.buf, false);
        sbx_rpc_begin_error(&out.w, id, code, "failed");
        sbx_rpc_end_error(&out.w);
        if (sbx_json_writer_end(&out.w, NULL))
            SetEvent(io->ended);
    }
    put(io, &out.buf, id);
    sbx_buf_done(&out.buf);
}

void sbx_rpcio_done(struct sbx_rpcio *io, const struct sbx_rpc_id *id)
{
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_result(&out, id);
    sbx_json_begin_object(&out.w);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(io, &out, id);
}

/* --- messages in ------------------------------------------------------------------------------ */

/* One message, or one element of a batch. */
static void take_one(struct sbx_rpcio *io, const struct cJSON *item, struct batch *batch,
    sbx_rpcio_fn message, void *context)
{
    enum sbx_rpc_code code = SBX_RPC_INTERNAL;
    struct sbx_rpc_message read;
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_rpc_read(item, &read, &code, &err)) {
        if (!read.kind) {
            read.id.batch = batch;
            sbx_rpcio_fail(io, &read.id, code, &err);
        }
        return;
    }
    if (read.kind == SBX_RPC_REQUEST)
        read.id.batch = batch;
    EnterCriticalSection(&io->taking);
    if (!io->closed)
        message(context, &read);
    LeaveCriticalSection(&io->taking);
}

/* How many answers a batch will have. */
static size_t count_answers(const struct sbx_json_at *list)
{
    struct sbx_json_at at = {0};
    size_t count = 0;

    while (sbx_json_next(list, &at)) {
        enum sbx_rpc_code code;
        struct sbx_rpc_message read;
        bool failed = sbx_rpc_read(at.item, &read, &code, NULL) != SBX_OK;

        count += (failed && !read.kind) || (!failed && read.kind == SBX_RPC_REQUEST);
    }
    return count;
}

static void take_batch(
    struct sbx_rpcio *io, const struct sbx_json_at *list, sbx_rpcio_fn message, void *context)
{
    const struct sbx_rpc_id none = {.kind = SBX_RPC_ID_NONE};
    struct sbx_json_at at = {0};
    struct batch *batch = NULL;
    size_t count = sbx_json_count(list);
    struct sbx_error err;

    sbx_error_init(&err);
    if (!io->batches)
        sbx_fail(&err, SBX_INVALID, "batches are not accepted");
    else if (!count || count > BATCH_MAX)
        sbx_fail(&err, SBX_INVALID, "a batch of %zu messages, not 1 to %u", count, BATCH_MAX);
    else if (!sbx_calloc(1, sizeof(*batch), &batch, &err))
        batch->left = count_answers(list);
    if (!batch) {
        sbx_rpcio_fail(io, &none, SBX_RPC_INVALID_REQUEST, &err);
        return;
    }
    sbx_buf_init(&batch->answers, SBX_RPCIO_OUT_MAX_BYTES);
    if (!batch->left) {
        free(batch);
        batch = NULL;
    }
    while (sbx_json_next(list, &at))
        take_one(io, at.item, batch, message, context);
}

static void take_line(
    struct sbx_rpcio *io, const char *text, size_t length, sbx_rpcio_fn message, void *context)
{
    const struct sbx_rpc_id none = {.kind = SBX_RPC_ID_NONE};
    struct cJSON *root = NULL;
    struct sbx_json_at list;
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_rpc_parse(text, length, &root, &err))
        sbx_rpcio_fail(io, &none, SBX_RPC_PARSE, &err);
    else if (sbx_rpc_is_batch(root, &list))
        take_batch(io, &list, message, context);
    else
        take_one(io, root, NULL, message, context);
    sbx_json_free(root);
}

static void take_lines(
    struct sbx_rpcio *io, struct sbx_rpc_lines *lines, sbx_rpcio_fn message, void *context)
{
    const struct sbx_rpc_id none = {.kind = SBX_RPC_ID_NONE};
    enum sbx_rpc_line kind;
    const char *text = NULL;
    struct sbx_error err;
    size_t length = 0;

    while ((kind = sbx_rpc_lines_next(lines, &text, &length)) != SBX_RPC_LINE_NONE) {
        if (kind == SBX_RPC_LINE_TEXT) {
            take_line(io, text, length, message, context);
            continue;
        }
        sbx_error_init(&err);
        sbx_fail(&err, SBX_INVALID, "a line of more than %u bytes", SBX_RPC_LINE_MAX_BYTES);
        sbx_rpcio_fail(io, &none, SBX_RPC_PARSE, &err);
    }
}

void sbx_rpcio_read(struct sbx_rpcio *io, sbx_rpcio_fn message, void *context)
{
    struct sbx_rpc_lines lines;
    char *part = NULL;
    DWORD length = 0;

    sbx_rpc_lines_init(&lines, SBX_RPC_LINE_MAX_BYTES);
    if (!sbx_calloc(READ_BYTES, 1, &part, NULL)) {
        while (WaitForSingleObject(io->ended, 0) == WAIT_TIMEOUT &&
               sbx_stream_read(io->in, part, READ_BYTES, &length)) {
            if (sbx_rpc_lines_feed(&lines, part, length, NULL))
                break;
            take_lines(io, &lines, message, context);
        }
        sbx_wipe(part, READ_BYTES);
    }
    free(part);
    sbx_rpc_lines_done(&lines);
    SetEvent(io->ended);
}

bool sbx_rpcio_take_no_more(struct sbx_rpcio *io)
{
    const uint64_t deadline_ms = sbx_clock_ms() + TAKING_MS;

    while (!TryEnterCriticalSection(&io->taking)) {
        if (!sbx_clock_left_ms(deadline_ms))
            return false;
        Sleep(1);
    }
    io->closed = true;
    LeaveCriticalSection(&io->taking);
    return true;
}

void sbx_rpcio_stop(struct sbx_rpcio *io)
{
    SetEvent(io->ended);
}
