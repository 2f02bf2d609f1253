/* The session of `agent mcp`: see mcp.h. */
#include "mcp.h"

#include "rpcargs.h"
#include "verbcall.h"
#include "verbs.h"

#include "shared/core/utf.h"
#include "shared/win/platform.h"
#include "shared/win/thread.h"

#define TASKS_MAX 8

/* Newest first; what a client asks for that is not here is answered with the newest. */
static const struct {
    const char *name;
    bool elicitation, batches;
} versions[] = {{"2025-11-25", true, false}, {"2025-06-18", true, false},
    {"2025-03-26", false, true}, {"2024-11-05", false, false}};

static const char instructions[] =
    "Commands run in a sandbox: they may write in the workspace and where the policy says. When "
    "something is refused, the tool why says which rule or access entry decides.";

/* --- answers ---------------------------------------------------------------------------------- */

static void answer_raw(
    struct sbx_mcp *mcp, const struct sbx_rpc_id *id, const char *json, size_t length_bytes)
{
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_result(&out, id);
    sbx_json_raw(&out.w, json, length_bytes);
    sbx_rpcio_send(&mcp->io, &out, id);
}

/* @param json structuredContent, an object; NULL: text alone */
static void answer_tool(struct sbx_mcp *mcp, const struct sbx_rpc_id *id, const char *text,
    const struct sbx_buf *json, bool is_error)
{
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_result(&out, id);
    sbx_json_begin_object(&out.w);
    sbx_json_key_array(&out.w, "content");
    sbx_json_begin_object(&out.w);
    sbx_json_key_string(&out.w, "type", "text");
    sbx_json_key_string(&out.w, "text", text);
    sbx_json_end_object(&out.w);
    sbx_json_end_array(&out.w);
    if (json) {
        sbx_json_key(&out.w, "structuredContent");
        sbx_json_raw(&out.w, json->data, json->length_bytes);
    }
    sbx_json_key_bool(&out.w, "isError", is_error);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&mcp->io, &out, id);
}

void sbx_mcp_tool_failed(
    struct sbx_mcp *mcp, const struct sbx_rpc_id *id, const struct sbx_error *error)
{
    answer_tool(mcp, id, error->context, NULL, true);
}

/* --- the tools why and status ------------------------------------------------------------------
 */

struct task {
    struct sbx_mcp *mcp;
    struct sbx_rpc_id id;
    struct sbx_verbcall call;
};

static DWORD WINAPI why_thread(void *context)
{
    struct task *task = context;
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_verbcall_run(&task->call, &err))
        sbx_mcp_tool_failed(task->mcp, &task->id, &err);
    else if (task->call.answer.length_bytes)
        answer_tool(task->mcp, &task->id, task->call.answer.data, &task->call.answer, false);
    else
        answer_tool(task->mcp, &task->id,
            task->call.said.length_bytes ? task->call.said.data : "no answer", NULL, true);
    sbx_verbcall_done(&task->call);
    InterlockedDecrement(&task->mcp->tasks);
    free(task);
    return 0;
}

static enum sbx_status why_argv(const struct sbx_mcp *mcp, const struct sbx_json_at *arguments,
    struct sbx_strings *argv, struct sbx_error *err)
{
    static const char *const keys[] = {"path", "op"};
    const struct sbx_rpcargs args = {.row = sbx_verb_find("why", NULL),
        .session_row = mcp->row,
        .session = mcp->cli->options,
        .session_count = mcp->cli->option_count,
        .params = arguments,
        .own = keys,
        .own_count = countof(keys),
        .no_options = true};
    static const char *const words[] = {"read", "write", "delete"};
    static const char *const options[] = {"--op=read", "--op=write", "--op=delete"};
    const char *path = NULL;
    enum sbx_status status = sbx_json_require(arguments, "path", err);
    size_t word = 0;

    if (!status)
        status = sbx_json_require(arguments, "op", err);
    if (!status)
        status = sbx_json_get_string(arguments, "path", 32768, &path, err);
    if (!status)
        status = sbx_json_get_enum(arguments, "op", words, countof(words), &word, err);
    if (!status)
        status = sbx_rpcargs_build(&args, argv, err);
    if (!status)
        status = sbx_strings_add(argv, options[word], err);
    if (!status)
        status = sbx_strings_add(argv, "--json", err);
    if (!status)
        status = sbx_strings_add(argv, "--", err);
    return status ? status : sbx_strings_add(argv, path, err);
}

static enum sbx_status tool_why(struct sbx_mcp *mcp, const struct sbx_rpc_id *id,
    const struct sbx_json_at *arguments, struct sbx_error *err)
{
    struct task *task = NULL;
    enum sbx_status status;

    if (mcp->tasks >= TASKS_MAX)
        return sbx_fail(err, SBX_EXISTS, "%d questions are open: wait for one", TASKS_MAX);
    status = sbx_calloc(1, sizeof(*task), &task, err);
    if (status)
        return status;
    task->mcp = mcp;
    task->id = *id;
    status = why_argv(mcp, arguments, &task->call.argv, err);
    InterlockedIncrement(&mcp->tasks);
    if (!status)
        status = sbx_thread_start_asking(why_thread, task, NULL, err);
    if (status) {
        InterlockedDecrement(&mcp->tasks);
        sbx_verbcall_done(&task->call);
        free(task);
    }
    return status;
}

static enum sbx_status tool_status(
    struct sbx_mcp *mcp, const struct sbx_rpc_id *id, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status;
    struct sbx_buf json;
    char platform[96];

    sbx_platform_name(platform, sizeof(platform));
    sbx_buf_init(&json, 65536);
    sbx_json_writer_begin(&w, &json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "version", SBX_VERSION);
    sbx_json_key_string(&w, "platform", platform);
    sbx_json_key_uint64(&w, "running", mcp->running);
    sbx_json_key_bool(&w, "canAsk", mcp->elicitation);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    if (!status)
        answer_tool(mcp, id, json.data, &json, false);
    sbx_buf_done(&json);
    return status;
}

/* --- methods ---------------------------------------------------------------------------------- */

/* Whether the client can show a form. {} means so; later versions name the kinds. */
static bool offers_elicitation(const struct sbx_json_at *params)
{
    struct sbx_json_at capabilities = {0}, elicitation = {0};

    if (sbx_json_get_object(params, "capabilities", &capabilities, NULL) || !capabilities.item ||
        sbx_json_get_object(&capabilities, "elicitation", &elicitation, NULL) || !elicitation.item)
        return false;
    return !sbx_json_count(&elicitation) || sbx_json_has(&elicitation, "form");
}

static void answer_initialize(struct sbx_mcp *mcp, const struct sbx_rpc_id *id)
{
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_result(&out, id);
    sbx_json_begin_object(&out.w);
    sbx_json_key_string(&out.w, "protocolVersion", versions[mcp->version].name);
    sbx_json_key_object(&out.w, "capabilities");
    sbx_json_key_object(&out.w, "tools");
    sbx_json_key_bool(&out.w, "listChanged", false);
    sbx_json_end_object(&out.w);
    sbx_json_end_object(&out.w);
    sbx_json_key_object(&out.w, "serverInfo");
    sbx_json_key_string(&out.w, "name", "agent-sandbox");
    sbx_json_key_string(&out.w, "title", "Agent Sandbox for Windows");
    sbx_json_key_string(&out.w, "version", SBX_VERSION);
    sbx_json_end_object(&out.w);
    sbx_json_key_string(&out.w, "instructions", instructions);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&mcp->io, &out, id);
}

static enum sbx_status initialize(
    struct sbx_mcp *mcp, const struct sbx_rpc_message *message, struct sbx_error *err)
{
    const char *version = "", *name = "";
    struct sbx_json_at client = {0};
    enum sbx_status status;
    size_t i;

    if (mcp->ready)
        return sbx_fail(err, SBX_INVALID, "initialize came twice");
    status = sbx_json_get_string(&message->params, "protocolVersion", 64, &version, err);
    if (!status)
        status = sbx_json_get_object(&message->params, "clientInfo", &client, err);
    if (!status && client.item)
        status = sbx_json_get_string(&client, "name", 1024, &name, err);
    if (status)
        return status;
    for (i = 0; i < countof(versions); i++)
        if (strcmp(versions[i].name, version) == 0)
            mcp->version = i;
    mcp->io.batches = versions[mcp->version].batches;
    mcp->elicitation = versions[mcp->version].elicitation && offers_elicitation(&message->params);
    sbx_utf_printable(name, strlen(name), mcp->client, sizeof(mcp->client));
    mcp->ready = true;
    answer_initialize(mcp, &message->id);
    return SBX_OK;
}

/* params._meta.progressToken; none is fine. */
static enum sbx_status progress_token(
    const struct sbx_json_at *params, struct sbx_rpc_id *ret_token, struct sbx_error *err)
{
    struct sbx_json_at meta = {0};
    enum sbx_status status = sbx_json_get_object(params, "_meta", &meta, err);

    if (!status && meta.item && sbx_json_has(&meta, "progressToken"))
        status = sbx_rpc_id_get(&meta, "progressToken", ret_token, err);
    return status;
}

static enum sbx_status call_tool(
    struct sbx_mcp *mcp, const struct sbx_rpc_message *message, struct sbx_error *err)
{
    static const char *const names[] = {"run", "why", "status"};
    struct sbx_rpc_id progress = {.kind = SBX_RPC_ID_NONE};
    struct sbx_json_at arguments = {0};
    struct sbx_error problem;
    enum sbx_status status;
    size_t tool = 0;

    status = sbx_json_require(&message->params, "name", err);
    if (!status)
        status = sbx_json_get_enum(&message->params, "name", names, countof(names), &tool, err);
    if (!status)
        status = sbx_json_get_object(&message->params, "arguments", &arguments, err);
    if (!status)
        status = progress_token(&message->params, &progress, err);
    if (status)
        return status;
    /* From here on what is wrong is told to the model, which can do better. */
    sbx_error_init(&problem);
    if (!arguments.item && tool < 2)
        status = sbx_fail(&problem, SBX_INVALID, "the tool needs arguments");
    else if (tool == 0)
        status = sbx_mcp_run(mcp, &message->id, &arguments, &progress, &problem);
    else if (tool == 1)
        status = tool_why(mcp, &message->id, &arguments, &problem);
    else
        status = tool_status(mcp, &message->id, &problem);
    if (status)
        sbx_mcp_tool_failed(mcp, &message->id, &problem);
    return SBX_OK;
}

static void on_request(struct sbx_mcp *mcp, const struct sbx_rpc_message *message)
{
    enum sbx_rpc_code code = SBX_RPC_INVALID_PARAMS;
    enum sbx_status status = SBX_OK;
    struct sbx_error err;

    sbx_error_init(&err);
    if (strcmp(message->method, "ping") == 0) {
        sbx_rpcio_done(&mcp->io, &message->id);
    } else if (strcmp(message->method, "initialize") == 0) {
        status = initialize(mcp, message, &err);
    } else if (!mcp->ready) {
        code = SBX_RPC_INVALID_REQUEST;
        status = sbx_fail(&err, SBX_INVALID, "initialize comes first");
    } else if (strcmp(message->method, "tools/list") == 0) {
        answer_raw(mcp, &message->id, sbx_mcp_tools, strlen(sbx_mcp_tools));
    } else if (strcmp(message->method, "tools/call") == 0) {
        status = call_tool(mcp, message, &err);
    } else {
        code = SBX_RPC_NO_METHOD;
        status = sbx_fail(&err, SBX_INVALID, "no method '%.64s'", message->method);
    }
    if (status)
        sbx_rpcio_fail(&mcp->io, &message->id, code, &err);
}

static void on_message(void *context, const struct sbx_rpc_message *message)
{
    struct sbx_mcp *mcp = context;
    struct sbx_rpc_id id;

    switch (message->kind) {
    case SBX_RPC_REQUEST:
        on_request(mcp, message);
        break;
    case SBX_RPC_NOTIFICATION:
        if (strcmp(message->method, "notifications/cancelled") == 0 && message->params.item &&
            !sbx_rpc_id_get(&message->params, "requestId", &id, NULL))
            sbx_mcp_cancel(mcp, &id);
        break;
    case SBX_RPC_RESULT:
    case SBX_RPC_ERROR:
        sbx_mcp_answered(mcp, message);
        break;
    }
}

/* --- the session ------------------------------------------------------------------------------ */

static DWORD WINAPI reader(void *context)
{
    struct sbx_mcp *mcp = context;

    sbx_rpcio_read(&mcp->io, on_message, mcp);
    return 0;
}

static enum sbx_status run(struct sbx_mcp *mcp, struct sbx_error *err)
{
    enum sbx_status status;
    DWORD code;

    mcp->idle = CreateEventW(NULL, TRUE, TRUE, NULL);
    code = GetLastError();
    if (!mcp->idle)
        return sbx_fail_win32(err, code, "event of the session");
    status = sbx_thread_start_asking(reader, mcp, NULL, err);
    if (status)
        return status;
    mcp->have_runners = sbx_runner_pool_begin_beside(&mcp->runners);
    WaitForSingleObject(mcp->io.ended, INFINITE);
    if (!sbx_rpcio_take_no_more(&mcp->io))
        ExitProcess(SBX_EXIT_SANDBOX); /* the reader still uses what the return releases */
    sbx_mcp_end_all(mcp);
    if (mcp->have_runners)
        sbx_runner_pool_end(&mcp->runners);
    return SBX_OK;
}

int sbx_mcp_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    /* Not released: threads that wait for the other side may still look at it. */
    static struct sbx_mcp mcp;
    enum sbx_status status;
    struct sbx_error err;

    sbx_error_init(&err);
    mcp.cli = cli;
    mcp.row = sbx_verb_find("mcp", NULL);
    InitializeCriticalSection(&mcp.lock);
    sbx_questions_init(&mcp.questions);
    sbx_approvals_init(&mcp.approvals, SBX_ORIGIN_PROGRAM, sbx_mcp_ask, &mcp);
    status = sbx_rpcio_open_stdio(&mcp.io, &err);
    if (!status)
        status = run(&mcp, &err);
    return status ? sbx_verbs_failed(say, &err) : 0;
}
