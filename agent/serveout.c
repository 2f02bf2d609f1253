/* What commands print, as notifications: see serve.h. */
#include "serve.h"

#include "shared/core/base64.h"
#include "shared/core/utf.h"

/*
 * A host that asked for flow control says with exec.ack what it has dealt with. Without room this
 * command waits, and only this one: nothing was sent that another one's output would stand behind.
 * @return false: it is not sent at all
 */
static bool wait_for_room(struct sbx_served *served, size_t length_bytes)
{
    HANDLE handles[] = {served->window_event, served->serve->io.ended};

    while (served->windowed && InterlockedCompareExchange64(&served->window, 0, 0) <= 0) {
        if (served->discard ||
            WaitForMultipleObjects(2, handles, FALSE, INFINITE) != WAIT_OBJECT_0) {
            InterlockedExchangeAdd64(&served->left_out, (LONG64)length_bytes);
            return false;
        }
    }
    if (served->windowed)
        InterlockedExchangeAdd64(&served->window, -(LONG64)length_bytes);
    return true;
}

static void send_part(struct sbx_served *served, enum sbx_exec_stream stream, const char *bytes,
    size_t length_bytes, bool text)
{
    struct sbx_serve_stream *state = &served->streams[stream - 1];
    struct sbx_rpcio_out out;
    struct sbx_buf encoded;

    if (!length_bytes || !wait_for_room(served, length_bytes))
        return;
    sbx_buf_init(&encoded, 2 * SBX_EXEC_PART_BYTES);
    sbx_rpcio_begin_notification(&out, "exec.output");
    sbx_json_begin_object(&out.w);
    sbx_json_key_uint64(&out.w, "commandId", served->id);
    sbx_json_key_string(&out.w, "stream", stream == SBX_EXEC_STDOUT ? "stdout" : "stderr");
    sbx_json_key_uint64(&out.w, "seq", state->seq++);
    if (text) {
        sbx_json_key(&out.w, "text");
        sbx_json_string_n(&out.w, bytes, length_bytes);
    } else if (!sbx_base64_encode(bytes, length_bytes, &encoded, NULL)) {
        sbx_json_key_string(&out.w, "base64", encoded.data);
    }
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&served->serve->io, &out, NULL);
    sbx_buf_done(&encoded);
}

/* Whether these few bytes are the begin of a character that is not complete. */
static bool begins_character(const char *bytes, size_t length_bytes)
{
    static const char continuation[3] = {(char)0x80, (char)0x80, (char)0x80};
    static const char other[3] = {(char)0xA0, (char)0x80, (char)0x80}; /* after E0, F0 */
    char whole[8] = {0};
    uint32_t c;
    size_t i;

    if (!length_bytes || length_bytes > 3)
        return false;
    memcpy(whole, bytes, length_bytes);
    for (i = 0; i < 2; i++) {
        memcpy(whole + length_bytes, i ? other : continuation, 3);
        if (sbx_utf8_decode(whole, length_bytes + 3, &c) > length_bytes)
            return true;
    }
    return false;
}

void sbx_serve_output(
    void *context, enum sbx_exec_stream stream, const char *bytes, size_t length_bytes)
{
    struct sbx_served *served = context;
    struct sbx_serve_stream *state = &served->streams[stream - 1];
    char joined[sizeof(state->carry) + 4];
    size_t valid, taken = 0;

    if (!length_bytes) { /* the end: a character that was never finished */
        send_part(served, stream, state->carry, state->carry_bytes, false);
        state->carry_bytes = 0;
        return;
    }
    /* A character in two parts goes out by itself. */
    while (state->carry_bytes && taken < length_bytes) {
        memcpy(joined, state->carry, state->carry_bytes);
        joined[state->carry_bytes] = bytes[taken++];
        state->carry_bytes++;
        if (begins_character(joined, state->carry_bytes)) {
            memcpy(state->carry, joined, state->carry_bytes);
            continue;
        }
        send_part(served, stream, joined, state->carry_bytes,
            sbx_utf8_valid_bytes(joined, state->carry_bytes) == state->carry_bytes);
        state->carry_bytes = 0;
    }
    bytes += taken;
    length_bytes -= taken;
    valid = sbx_utf8_valid_bytes(bytes, length_bytes);
    if (begins_character(bytes + valid, length_bytes - valid)) {
        state->carry_bytes = length_bytes - valid;
        memcpy(state->carry, bytes + valid, state->carry_bytes);
        length_bytes = valid;
    }
    /* JSON could carry a NUL; the reader in many languages could not. */
    send_part(served, stream, bytes, length_bytes,
        valid == length_bytes && !memchr(bytes, '\0', length_bytes));
}
