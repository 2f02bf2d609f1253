/* The session of `agent serve`, and the methods that ask: see serve.h. */
#include "serve.h"

#include "rpcargs.h"
#include "verbcall.h"
#include "verbs.h"

#include "shared/win/conpty.h"
#include "shared/win/platform.h"
#include "shared/win/thread.h"

#define TASKS_MAX 8

/* --- methods that a verb answers ---------------------------------------------------------------
 */

struct task {
    struct sbx_serve *serve;
    struct sbx_rpc_id id;
    struct sbx_verbcall call;
};

static void raw_or_null(struct sbx_json_writer *w, const char *key, const struct sbx_buf *json)
{
    sbx_json_key(w, key);
    if (json->length_bytes)
        sbx_json_raw(w, json->data, json->length_bytes);
    else
        sbx_json_null(w);
}

static DWORD WINAPI task_thread(void *context)
{
    struct task *task = context;
    struct sbx_rpcio_out out;
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_verbcall_run(&task->call, &err)) {
        sbx_rpcio_fail(&task->serve->io, &task->id, SBX_RPC_INVALID_PARAMS, &err);
    } else {
        sbx_rpcio_begin_result(&out, &task->id);
        sbx_json_begin_object(&out.w);
        sbx_json_key_int64(&out.w, "exitCode", task->call.exit_code);
        raw_or_null(&out.w, "answer", &task->call.answer);
        raw_or_null(&out.w, "message", &task->call.said);
        sbx_json_end_object(&out.w);
        sbx_rpcio_send(&task->serve->io, &out, &task->id);
    }
    sbx_verbcall_done(&task->call);
    InterlockedDecrement(&task->serve->tasks);
    free(task);
    return 0;
}

/* On a thread of its own: reading access lists may take a while. */
static enum sbx_status run_verb(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    const char *words[2], const char *operand, enum sbx_rpc_code *code, struct sbx_error *err)
{
    const struct sbx_rpcargs args = {.row = sbx_verb_find(words[0], words[1]),
        .session_row = serve->row,
        .session = serve->cli->options,
        .session_count = serve->cli->option_count,
        .params = &message->params,
        .own = &operand,
        .own_count = operand ? 1 : 0};
    struct task *task = NULL;
    enum sbx_status status;
    const char *text = NULL;

    if (serve->tasks >= TASKS_MAX) {
        *code = SBX_RPC_BUSY;
        return sbx_fail(err, SBX_EXISTS, "%d questions are open: wait for one", TASKS_MAX);
    }
    status = sbx_calloc(1, sizeof(*task), &task, err);
    if (status)
        return status;
    task->serve = serve;
    task->id = message->id;
    status = sbx_rpcargs_build(&args, &task->call.argv, err);
    if (!status)
        status = sbx_strings_add(&task->call.argv, "--json", err);
    if (!status && operand) {
        status = sbx_json_require(&message->params, operand, err);
        if (!status)
            status = sbx_json_get_string(&message->params, operand, 32768, &text, err);
        if (!status)
            status = sbx_strings_add(&task->call.argv, "--", err);
        if (!status)
            status = sbx_strings_add(&task->call.argv, text, err);
    }
    InterlockedIncrement(&serve->tasks);
    if (!status)
        status = sbx_thread_start_asking(task_thread, task, NULL, err);
    if (status) {
        InterlockedDecrement(&serve->tasks);
        sbx_verbcall_done(&task->call);
        free(task);
    }
    return status;
}

static enum sbx_status why(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    return run_verb(serve, message, (const char *[]){"why", NULL}, "path", code, err);
}

static enum sbx_status grants(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    return run_verb(serve, message, (const char *[]){"grants", "list"}, NULL, code, err);
}

static enum sbx_status policy_show(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    return run_verb(serve, message, (const char *[]){"policy", "show"}, NULL, code, err);
}

/* --- the session's own methods -----------------------------------------------------------------
 */

static void write_platform(struct sbx_json_writer *w)
{
    char platform[96];

    sbx_platform_name(platform, sizeof(platform));
    sbx_json_key_object(w, "serverInfo");
    sbx_json_key_string(w, "name", "agent-sandbox");
    sbx_json_key_string(w, "version", SBX_VERSION);
    sbx_json_end_object(w);
    sbx_json_key_string(w, "platform", platform);
}

static enum sbx_status initialize(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"protocolVersion", "clientInfo"};
    struct sbx_rpcio_out out;
    int64_t version = SBX_SERVE_PROTOCOL;
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);

    if (!status)
        status = sbx_json_get_int(&message->params, "protocolVersion", SBX_SERVE_PROTOCOL,
            SBX_SERVE_PROTOCOL, &version, err);
    if (!status && serve->ready) {
        *code = SBX_RPC_INVALID_REQUEST;
        status = sbx_fail(err, SBX_INVALID, "initialize came twice");
    }
    if (status)
        return status;
    serve->ready = true;
    sbx_rpcio_begin_result(&out, &message->id);
    sbx_json_begin_object(&out.w);
    sbx_json_key_int64(&out.w, "protocolVersion", SBX_SERVE_PROTOCOL);
    write_platform(&out.w);
    sbx_json_key_object(&out.w, "capabilities");
    sbx_json_key_bool(&out.w, "tty", sbx_conpty_exists());
    sbx_json_end_object(&out.w);
    sbx_json_key_object(&out.w, "limits");
    sbx_json_key_uint64(&out.w, "lineBytes", SBX_RPC_LINE_MAX_BYTES);
    sbx_json_key_uint64(&out.w, "runningCommands", SBX_SERVE_RUNNING_MAX);
    sbx_json_key_uint64(&out.w, "keptResults", SBX_SERVE_ENDED_MAX);
    sbx_json_key_uint64(&out.w, "waitingInputBytes", SBX_EXEC_INPUT_MAX_BYTES);
    sbx_json_end_object(&out.w);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&serve->io, &out, &message->id);
    return SBX_OK;
}

static enum sbx_status status_method(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err)
{
    struct sbx_rpcio_out out;

    (void)code, (void)err;
    sbx_rpcio_begin_result(&out, &message->id);
    sbx_json_begin_object(&out.w);
    write_platform(&out.w);
    sbx_json_key_array(&out.w, "commands");
    sbx_serve_list(serve, &out.w);
    sbx_json_end_array(&out.w);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&serve->io, &out, &message->id);
    return SBX_OK;
}

static enum sbx_status shutdown_method(struct sbx_serve *serve,
    const struct sbx_rpc_message *message, enum sbx_rpc_code *code, struct sbx_error *err)
{
    (void)code, (void)err;
    sbx_serve_end_all(serve); /* first: whoever has the answer knows that nothing is left */
    sbx_rpcio_done(&serve->io, &message->id);
    sbx_rpcio_stop(&serve->io);
    return SBX_OK;
}

/* --- approvals -------------------------------------------------------------------------------- */

/* The command of this thread; 0: none. */
static uint64_t current_command(struct sbx_serve *serve, HANDLE *ret_cancelled)
{
    struct sbx_served *served;
    uint64_t id = 0;

    EnterCriticalSection(&serve->lock);
    for (served = serve->first; served && !id; served = served->next) {
        if (!served->ended && sbx_exec_is_current(served->exec)) {
            id = served->id;
            *ret_cancelled = sbx_exec_cancelled(served->exec);
        }
    }
    LeaveCriticalSection(&serve->lock);
    return id;
}

enum sbx_status sbx_serve_ask(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err)
{
    struct sbx_serve *serve = context;
    struct sbx_question waiting;
    struct sbx_rpcio_out out;
    HANDLE cancelled = NULL;
    uint64_t command = current_command(serve, &cancelled);
    enum sbx_status status;

    if (!command)
        return sbx_fail(err, SBX_INTERNAL, "a question without a command");
    status = sbx_question_begin(&serve->questions, question->number, &waiting, err);
    if (status)
        return status;
    sbx_rpcio_begin_notification(&out, "approval.request");
    sbx_json_begin_object(&out.w);
    sbx_json_key_uint64(&out.w, "approvalId", question->number);
    sbx_json_key_uint64(&out.w, "commandId", command);
    sbx_json_key_string(&out.w, "kind", sbx_approval_kind_name(question->kind));
    sbx_json_key_string(&out.w, "subject", question->subject);
    sbx_json_key_string(&out.w, "cwd", question->cwd);
    sbx_json_key_string(&out.w, "reason", question->reason);
    sbx_json_key_string(&out.w, "policyHash", question->policy_hash);
    sbx_json_key_uint64(&out.w, "timeoutMs", question->timeout_ms);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&serve->io, &out, NULL);
    return sbx_question_wait(&serve->questions, &waiting, serve->io.ended, cancelled,
        question->timeout_ms, ret_answer, err);
}

static enum sbx_status approval_answer(struct sbx_serve *serve,
    const struct sbx_rpc_message *message, enum sbx_rpc_code *code, struct sbx_error *err)
{
    static const char *const keys[] = {"approvalId", "choice", "by"};
    struct sbx_approval_answer answer = {0};
    const char *choice = "", *by = "";
    enum sbx_status status = sbx_json_known_keys(&message->params, keys, countof(keys), err);
    int64_t id = 0;

    if (!status)
        status = sbx_json_get_int(&message->params, "approvalId", 0, SBX_JSON_INT_MAX, &id, err);
    if (!status)
        status = sbx_json_get_string(&message->params, "choice", 16, &choice, err);
    if (!status)
        status = sbx_json_get_string(&message->params, "by", sizeof(answer.by) - 1, &by, err);
    answer.choice = sbx_approval_choice_read(choice, strlen(choice));
    if (!status && answer.choice == SBX_CHOICE_NONE)
        status = sbx_fail(err, SBX_INVALID, "'choice' is none of once, session, deny, never");
    if (status)
        return status;
    memcpy(answer.by, by, strlen(by) + 1);
    if (!sbx_question_answer(&serve->questions, (uint64_t)id, &answer)) {
        *code = SBX_RPC_UNKNOWN;
        return sbx_fail(err, SBX_NOT_FOUND, "question %lld is not open", (long long)id);
    }
    if (message->kind == SBX_RPC_REQUEST)
        sbx_rpcio_done(&serve->io, &message->id);
    return SBX_OK;
}

/* --- dispatch --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    sbx_serve_fn fn;
    bool notification; /* also without an id */
} methods[] = {
    {"initialize", initialize, false},
    {"exec.start", sbx_serve_start, false},
    {"exec.write", sbx_serve_write, false},
    {"exec.closeStdin", sbx_serve_close_input, false},
    {"exec.resize", sbx_serve_resize, false},
    {"exec.kill", sbx_serve_kill, false},
    {"exec.wait", sbx_serve_wait, false},
    {"exec.ack", sbx_serve_ack, true},
    {"approval.answer", approval_answer, true},
    {"policy.show", policy_show, false},
    {"why", why, false},
    {"grants", grants, false},
    {"status", status_method, false},
    {"shutdown", shutdown_method, false},
};

static void on_message(void *context, const struct sbx_rpc_message *message)
{
    struct sbx_serve *serve = context;
    enum sbx_rpc_code code = SBX_RPC_NO_METHOD;
    struct sbx_error err;
    enum sbx_status status;
    size_t i;

    if (message->kind != SBX_RPC_REQUEST && message->kind != SBX_RPC_NOTIFICATION)
        return; /* we ask nothing that is answered so */
    sbx_error_init(&err);
    for (i = 0; i < countof(methods); i++)
        if (strcmp(methods[i].name, message->method) == 0)
            break;
    if (i == countof(methods)) {
        status = sbx_fail(&err, SBX_INVALID, "no method '%.64s'", message->method);
    } else if (!serve->ready && i) {
        code = SBX_RPC_NOT_READY;
        status = sbx_fail(&err, SBX_INVALID, "initialize comes first");
    } else if (message->kind == SBX_RPC_NOTIFICATION && !methods[i].notification) {
        return; /* nobody would learn how it ended, so it is not begun */
    } else {
        code = SBX_RPC_INVALID_PARAMS;
        status = methods[i].fn(serve, message, &code, &err);
        if (status && status != SBX_INVALID && code == SBX_RPC_INVALID_PARAMS)
            code = SBX_RPC_FAILED;
    }
    if (status && message->kind == SBX_RPC_REQUEST)
        sbx_rpcio_fail(&serve->io, &message->id, code, &err);
}

static DWORD WINAPI reader(void *context)
{
    struct sbx_serve *serve = context;

    sbx_rpcio_read(&serve->io, on_message, serve);
    return 0;
}

static enum sbx_status run(struct sbx_serve *serve, struct sbx_error *err)
{
    enum sbx_status status;
    DWORD code;

    serve->idle = CreateEventW(NULL, TRUE, TRUE, NULL);
    code = GetLastError();
    if (!serve->idle)
        return sbx_fail_win32(err, code, "event of the session");
    status = sbx_thread_start_asking(reader, serve, NULL, err);
    if (status)
        return status;
    serve->have_runners = sbx_runner_pool_begin_beside(&serve->runners);
    WaitForSingleObject(serve->io.ended, INFINITE);
    if (!sbx_rpcio_take_no_more(&serve->io))
        ExitProcess(SBX_EXIT_SANDBOX); /* the reader still uses what the return releases */
    sbx_serve_end_all(serve);
    if (serve->have_runners)
        sbx_runner_pool_end(&serve->runners);
    return SBX_OK;
}

int sbx_serve_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    /* Not released: threads that wait for the other side may still look at it. */
    static struct sbx_serve serve;
    enum sbx_status status;
    struct sbx_error err;

    sbx_error_init(&err);
    serve.cli = cli;
    serve.row = sbx_verb_find("serve", NULL);
    InitializeCriticalSection(&serve.lock);
    sbx_questions_init(&serve.questions);
    sbx_approvals_init(&serve.approvals, SBX_ORIGIN_PROGRAM, sbx_serve_ask, &serve);
    status = cli->pipe ? sbx_rpcio_open_pipe(&serve.io, cli->pipe, say, &err)
                       : sbx_rpcio_open_stdio(&serve.io, &err);
    if (!status)
        status = run(&serve, &err);
    return status ? sbx_verbs_failed(say, &err) : 0;
}
