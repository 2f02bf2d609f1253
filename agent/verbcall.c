/* See verbcall.h. */
#include "verbcall.h"

#include "verbs.h"

#define ANSWER_MAX_BYTES (17u * 1024u * 1024u)
#define SAID_MAX_BYTES 65536u

static void said(void *context, const char *json, size_t length_bytes)
{
    struct sbx_buf *buf = context;

    sbx_buf_clear(buf);
    if (sbx_buf_add(buf, json, length_bytes, NULL))
        sbx_buf_clear(buf);
}

/* Line ends of a JSON text are white space between its tokens. */
static void one_line(struct sbx_buf *json)
{
    size_t i;

    for (i = 0; i < json->length_bytes; i++)
        if (json->data[i] == '\n' || json->data[i] == '\r')
            json->data[i] = ' ';
}

enum sbx_status sbx_verbcall_run(struct sbx_verbcall *call, struct sbx_error *err)
{
    struct sbx_say say = {.sink = said, .context = &call->said, .answer = &call->answer};
    enum sbx_status status;
    struct sbx_cli cli;

    sbx_buf_init(&call->answer, ANSWER_MAX_BYTES);
    sbx_buf_init(&call->said, SAID_MAX_BYTES);
    status = sbx_cli_parse((const char *const *)call->argv.items, call->argv.count, &cli, err);
    if (status)
        return status;
    call->exit_code = sbx_verbs_command(&cli, &say);
    sbx_cli_done(&cli);
    one_line(&call->answer);
    return SBX_OK;
}

void sbx_verbcall_done(struct sbx_verbcall *call)
{
    sbx_buf_wipe(&call->answer);
    sbx_buf_done(&call->said);
    sbx_strings_done(&call->argv);
}
