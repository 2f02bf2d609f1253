/* `agent explain CODE`. */
#include "verbs.h"

#include "shared/core/explain.h"
#include "shared/core/jsonwrite.h"

#define TEXT_MAX_BYTES 16384u

static enum sbx_status as_json(
    const char *code, const struct sbx_buf *text, struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer w;

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "code", code);
    sbx_json_key_string(&w, "text", text->data);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

int sbx_explain_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_buf text, json;
    enum sbx_status status;
    struct sbx_error err;
    int code = 0;

    sbx_error_init(&err);
    sbx_buf_init(&text, TEXT_MAX_BYTES);
    sbx_buf_init(&json, 2 * TEXT_MAX_BYTES);
    status = sbx_explain(cli->operands.items[0], &text, &err);
    if (!status && cli->json)
        status = as_json(cli->operands.items[0], &text, &json, &err);
    if (status == SBX_NOT_FOUND) {
        sbx_say_error(say, &err);
        code = SBX_EXIT_NOT_FOUND;
    } else if (status) {
        code = sbx_verbs_failed(say, &err);
    } else {
        code = (cli->json ? sbx_verbs_print_json(say, &json) : sbx_verbs_print(say, &text))
                   ? 0
                   : SBX_EXIT_SANDBOX;
    }
    sbx_buf_done(&text);
    sbx_buf_done(&json);
    return code;
}
