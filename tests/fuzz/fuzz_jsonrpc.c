/*
 * What arrives at `agent serve` and `agent mcp`: the first byte is the size of the portions. Lines
 * are the same whatever the portions; each is refused or is a message whose id reads back.
 */
#include "shared/core/jsonrpc.h"

#include "tests/fuzz/fuzz.h"

#define MAX_LINE 512u

static void check_id(const struct sbx_rpc_id *id)
{
    enum sbx_rpc_code code;
    struct sbx_rpc_message message;
    struct sbx_json_writer w;
    struct cJSON *root = NULL;
    struct sbx_buf buf;

    sbx_buf_init(&buf, 4096);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_rpc_begin_result(&w, id);
    sbx_json_null(&w);
    sbx_rpc_end(&w);
    FUZZ_CHECK(!sbx_json_writer_end(&w, NULL));
    FUZZ_CHECK(!sbx_rpc_parse(buf.data, buf.length_bytes, &root, NULL));
    FUZZ_CHECK(!sbx_rpc_read(root, &message, &code, NULL));
    FUZZ_CHECK(message.kind == SBX_RPC_RESULT && sbx_rpc_id_equal(id, &message.id));
    sbx_json_free(root);
    sbx_buf_done(&buf);
}

static void check_message(const struct cJSON *root)
{
    struct sbx_rpc_message message;
    enum sbx_rpc_code code = SBX_RPC_INTERNAL;

    if (sbx_rpc_read(root, &message, &code, NULL)) {
        FUZZ_CHECK(code == SBX_RPC_INVALID_REQUEST || code == SBX_RPC_INVALID_PARAMS);
        FUZZ_CHECK(message.kind != SBX_RPC_REQUEST);
        return;
    }
    FUZZ_CHECK(message.kind != 0);
    if (message.kind == SBX_RPC_REQUEST || message.kind == SBX_RPC_NOTIFICATION)
        FUZZ_CHECK(message.method != NULL);
    FUZZ_CHECK((message.kind == SBX_RPC_REQUEST) <= (message.id.kind != SBX_RPC_ID_NONE));
    if (message.id.kind != SBX_RPC_ID_NONE)
        check_id(&message.id);
}

static void check_line(const char *text, size_t length)
{
    struct sbx_json_at batch, at = {0};
    struct cJSON *root = NULL;

    if (sbx_rpc_parse(text, length, &root, NULL))
        return;
    if (sbx_rpc_is_batch(root, &batch))
        while (sbx_json_next(&batch, &at))
            check_message(at.item);
    check_message(root);
    sbx_json_free(root);
}

/* A number that stands for all lines in their order. */
static uint64_t take(const char *text, size_t length, size_t portion, bool check)
{
    struct sbx_rpc_lines lines;
    uint64_t sum = 14695981039346656037u;
    size_t at = 0;

    sbx_rpc_lines_init(&lines, MAX_LINE);
    while (at < length) {
        size_t n = length - at < portion ? length - at : portion, line_length = 0, i;
        const char *line = NULL;
        enum sbx_rpc_line kind;

        FUZZ_CHECK(!sbx_rpc_lines_feed(&lines, text + at, n, NULL));
        at += n;
        while ((kind = sbx_rpc_lines_next(&lines, &line, &line_length)) != SBX_RPC_LINE_NONE) {
            sum = (sum ^ (uint64_t)kind) * 1099511628211u;
            if (kind != SBX_RPC_LINE_TEXT)
                continue;
            FUZZ_CHECK(line_length && line_length <= MAX_LINE);
            for (i = 0; i < line_length; i++)
                sum = (sum ^ (uint8_t)line[i]) * 1099511628211u;
            if (check)
                check_line(line, line_length);
        }
    }
    sbx_rpc_lines_done(&lines);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;

    if (size < 2)
        return 0;
    FUZZ_CHECK(
        take(text, size - 1, (size_t)data[0] + 1, true) == take(text, size - 1, 65536, false));
    return 0;
}
