/* See mcpresult.h. */
#include "mcpresult.h"

#include "shared/win/oemtext.h"

/* --- what was printed ------------------------------------------------------------------------- */

enum sbx_status sbx_mcp_clean(
    const char *bytes, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err)
{
    return sbx_oem_text(bytes, length_bytes, sbx_oem_code_page(), ret_text, err);
}

/* Keep the last bytes of what comes. */
static void keep_end(struct sbx_mcp_stream *stream, const char *bytes, size_t length_bytes)
{
    struct sbx_buf *tail = &stream->tail;

    if (tail->length_bytes + length_bytes > 2 * SBX_MCP_STREAM_BYTES &&
        tail->length_bytes > SBX_MCP_STREAM_BYTES) {
        size_t drop = tail->length_bytes - SBX_MCP_STREAM_BYTES;

        memmove(tail->data, tail->data + drop, SBX_MCP_STREAM_BYTES);
        tail->length_bytes = SBX_MCP_STREAM_BYTES;
        stream->left_out += drop;
    }
    if (sbx_buf_add(tail, bytes, length_bytes, NULL))
        stream->left_out += length_bytes;
}

void sbx_mcp_stream_add(struct sbx_mcp_stream *stream, const char *bytes, size_t length_bytes)
{
    size_t room = SBX_MCP_STREAM_BYTES - stream->head.length_bytes;
    size_t part = length_bytes < room ? length_bytes : room;

    if (part && sbx_buf_add(&stream->head, bytes, part, NULL))
        part = 0;
    if (length_bytes > part)
        keep_end(stream, bytes + part, length_bytes - part);
}

void sbx_mcp_stream_done(struct sbx_mcp_stream *stream)
{
    sbx_buf_done(&stream->head);
    sbx_buf_done(&stream->tail);
}

/* --- what is answered ------------------------------------------------------------------------- */

/* What the answer needs of a result. */
struct facts {
    struct cJSON *root;
    const char *ended, *message, *hint;
    bool confined;
};

static void read_result(const struct sbx_buf *result, struct facts *facts)
{
    const struct sbx_json_limits limits = {SBX_RUN_JSON_MAX_BYTES, 0};
    struct sbx_json_at at, error = {0};

    memset(facts, 0, sizeof(*facts));
    facts->ended = "failed";
    if (!result->length_bytes ||
        sbx_json_parse(result->data, result->length_bytes, &limits, &facts->root, NULL) ||
        sbx_json_root_object(facts->root, &at, NULL) ||
        sbx_json_get_string(&at, "ended", 32, &facts->ended, NULL) ||
        sbx_json_get_bool(&at, "confined", &facts->confined, NULL) ||
        sbx_json_get_object(&at, "error", &error, NULL) || !error.item)
        return;
    if (sbx_json_get_string(&error, "message", 65536, &facts->message, NULL) ||
        sbx_json_get_string(&error, "hint", 65536, &facts->hint, NULL))
        facts->hint = NULL;
}

/* The tail begins anywhere: perhaps within a character, whose line is UTF-8 all the same. */
static size_t half_character(const struct sbx_mcp_stream *stream)
{
    size_t bytes = 0;

    while (bytes < 3 && bytes < stream->tail.length_bytes &&
           ((unsigned char)stream->tail.data[bytes] & 0xc0u) == 0x80u)
        bytes++;
    return bytes;
}

static enum sbx_status stream_text(const struct sbx_mcp_stream *stream, struct sbx_buf *text)
{
    const size_t half = half_character(stream);
    enum sbx_status status;

    status = sbx_mcp_clean(stream->head.data, stream->head.length_bytes, text, NULL);
    if (!status && stream->left_out)
        status = sbx_buf_printf(
            text, NULL, "\n[... %llu bytes left out ...]\n", (unsigned long long)stream->left_out);
    if (!status)
        status =
            sbx_mcp_clean(stream->tail.data + half, stream->tail.length_bytes - half, text, NULL);
    return status ? status : sbx_buf_add(text, "", 0, NULL);
}

static const char *text_of(const struct sbx_buf *buf)
{
    return buf->data ? buf->data : "";
}

/* One text for the model: what was printed, and what has to be said about it. */
static void write_content(struct sbx_json_writer *w, uint32_t exit_code, const struct facts *facts,
    const struct sbx_buf texts[2])
{
    struct sbx_buf all;
    size_t i;

    sbx_buf_init(&all, 8 * SBX_MCP_STREAM_BYTES);
    for (i = 0; i < 2; i++)
        if (texts[i].length_bytes && (sbx_buf_puts(&all, i ? "[stderr]\n" : "", NULL) ||
                                         sbx_buf_puts(&all, text_of(&texts[i]), NULL)))
            break;
    if (facts->message && sbx_buf_printf(&all, NULL, "[sandbox: %s%s%s]\n", facts->message,
                              facts->hint ? "; hint: " : "", facts->hint ? facts->hint : ""))
        sbx_buf_clear(&all);
    if (sbx_buf_printf(&all, NULL, "[exit code %lu, %s]", (unsigned long)exit_code, facts->ended))
        sbx_buf_clear(&all);
    sbx_json_key_array(w, "content");
    sbx_json_begin_object(w);
    sbx_json_key_string(w, "type", "text");
    sbx_json_key_string(w, "text", text_of(&all));
    sbx_json_end_object(w);
    sbx_json_end_array(w);
    sbx_buf_done(&all);
}

void sbx_mcp_answer(struct sbx_mcp *mcp, const struct sbx_rpc_id *id,
    const struct sbx_mcp_stream streams[2], uint32_t exit_code, const struct sbx_buf *result)
{
    struct sbx_rpcio_out out;
    struct sbx_buf texts[2];
    struct facts facts;
    size_t i;

    read_result(result, &facts);
    for (i = 0; i < 2; i++) {
        sbx_buf_init(&texts[i], 7 * SBX_MCP_STREAM_BYTES);
        if (stream_text(&streams[i], &texts[i]))
            sbx_buf_clear(&texts[i]);
    }
    sbx_rpcio_begin_result(&out, id);
    sbx_json_begin_object(&out.w);
    write_content(&out.w, exit_code, &facts, texts);
    sbx_json_key_object(&out.w, "structuredContent");
    sbx_json_key_uint64(&out.w, "exitCode", exit_code);
    sbx_json_key_string(&out.w, "ended", facts.ended);
    sbx_json_key_bool(&out.w, "confined", facts.confined);
    sbx_json_key_string(&out.w, "stdout", text_of(&texts[0]));
    sbx_json_key_string(&out.w, "stderr", text_of(&texts[1]));
    sbx_json_key_uint64(&out.w, "leftOutBytes", streams[0].left_out + streams[1].left_out);
    sbx_json_key(&out.w, "result");
    if (result->length_bytes)
        sbx_json_raw(&out.w, result->data, result->length_bytes);
    else
        sbx_json_null(&out.w);
    sbx_json_end_object(&out.w);
    sbx_json_key_bool(&out.w, "isError", facts.message != NULL);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&mcp->io, &out, id);
    for (i = 0; i < 2; i++)
        sbx_buf_done(&texts[i]);
    sbx_json_free(facts.root);
}
