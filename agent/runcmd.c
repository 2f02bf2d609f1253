/* `agent run`: one command on the standard handles and the console of this process. */
#include "run.h"

#include "ask.h"
#include "streams.h"
#include "tty.h"
#include "shared/win/consolectl.h"

static enum sbx_status open_streams(void *context, HANDLE ret_child[3], struct sbx_error *err)
{
    struct sbx_streams *streams = context;
    enum sbx_status status = sbx_streams_open(streams, err);

    if (!status)
        memcpy(ret_child, streams->child, sizeof(streams->child));
    return status;
}

static void streams_handed_over(void *context)
{
    sbx_streams_handed_over(context);
}

static void close_streams(void *context)
{
    sbx_streams_close(context);
}

int sbx_run_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_streams streams; /* filled by open_streams */
    struct sbx_approvals approvals;
    struct sbx_tty tty;
    struct sbx_run_how how = {.cli = cli,
        .say = say,
        .streams = {open_streams, streams_handed_over, close_streams, &streams}};
    uint32_t exit_code = SBX_EXIT_SANDBOX;
    struct sbx_error err;
    struct sbx_buf json;

    sbx_error_init(&err);
    sbx_buf_init(&json, SBX_RUN_JSON_MAX_BYTES);
    if (sbx_consolectl_install(&how.cancel.event, &err)) {
        sbx_say_error(say, &err);
        return (int)exit_code;
    }
    how.cancel.count = sbx_consolectl_counter();
    if (cli->tty) {
        sbx_tty_init(&tty, &cli->tty_size, cli->tty_pass);
        how.streams = sbx_tty_streams(&tty);
        how.tty = &tty.session;
    }
    sbx_approvals_init(&approvals, SBX_ORIGIN_PERSON, sbx_ask_console, NULL);
    approvals.on_console = true;
    how.approvals = &approvals;
    exit_code = sbx_run(&how, &json);
    sbx_approvals_done(&approvals);
    if (!cli->dry_run) {
        sbx_say_json(say, &json);
    } else if (!exit_code && !sbx_say_write(STD_OUTPUT_HANDLE, json.data, json.length_bytes)) {
        exit_code = SBX_EXIT_SANDBOX;
        sbx_fail(&err, SBX_OS, "standard output cannot be written");
        sbx_say_error(say, &err);
    }
    sbx_buf_done(&json);
    return (int)exit_code;
}
