/* What a person is asked, through the client: see mcp.h. */
#include "mcp.h"

#include <stdio.h>

static void send_question(
    struct sbx_mcp *mcp, const struct sbx_rpc_id *id, const struct sbx_approval_question *question)
{
    static const char *const choices[] = {"once", "session", "deny", "never"};
    struct sbx_rpcio_out out;
    struct sbx_buf text;

    sbx_buf_init(&text, 65536);
    if (sbx_buf_printf(&text, NULL, "Allow in the sandbox? %s: %s (in %s)%s%s",
            sbx_approval_kind_name(question->kind), question->subject, question->cwd,
            question->reason ? "; reason of the rule: " : "",
            question->reason ? question->reason : ""))
        sbx_buf_clear(&text);
    sbx_rpcio_begin_request(&out, id, "elicitation/create");
    sbx_json_begin_object(&out.w);
    sbx_json_key_string(&out.w, "message", text.data ? text.data : "");
    sbx_json_key_object(&out.w, "requestedSchema");
    sbx_json_key_string(&out.w, "type", "object");
    sbx_json_key_object(&out.w, "properties");
    sbx_json_key_object(&out.w, "choice");
    sbx_json_key_string(&out.w, "type", "string");
    sbx_json_key_string(&out.w, "title", "Answer");
    sbx_json_key_strings(&out.w, "enum", choices, countof(choices));
    sbx_json_end_object(&out.w);
    sbx_json_end_object(&out.w);
    sbx_json_key_strings(&out.w, "required", (const char *const[]){"choice"}, 1);
    sbx_json_end_object(&out.w);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&mcp->io, &out, NULL);
    sbx_buf_done(&text);
}

/* The client may take its dialog down. */
static void withdraw(struct sbx_mcp *mcp, const struct sbx_rpc_id *id)
{
    struct sbx_rpcio_out out;

    sbx_rpcio_begin_notification(&out, "notifications/cancelled");
    sbx_json_begin_object(&out.w);
    sbx_json_key(&out.w, "requestId");
    sbx_rpc_id_write(&out.w, id);
    sbx_json_end_object(&out.w);
    sbx_rpcio_send(&mcp->io, &out, NULL);
}

enum sbx_status sbx_mcp_ask(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err)
{
    struct sbx_mcp *mcp = context;
    struct sbx_rpc_id id = {.kind = SBX_RPC_ID_STRING};
    HANDLE cancelled = sbx_mcp_current_cancelled(mcp);
    struct sbx_question waiting;
    enum sbx_status status;

    if (!mcp->elicitation || !cancelled)
        return sbx_fail(err, SBX_UNSUPPORTED, "the client offers no elicitation");
    snprintf(id.text, sizeof(id.text), "q%llu", (unsigned long long)question->number);
    status = sbx_question_begin(&mcp->questions, question->number, &waiting, err);
    if (status)
        return status;
    send_question(mcp, &id, question);
    status = sbx_question_wait(
        &mcp->questions, &waiting, mcp->io.ended, cancelled, question->timeout_ms, ret_answer, err);
    if (status == SBX_TIMEOUT || status == SBX_CANCELLED)
        withdraw(mcp, &id);
    return status;
}

void sbx_mcp_answered(struct sbx_mcp *mcp, const struct sbx_rpc_message *message)
{
    struct sbx_approval_answer answer = {.choice = SBX_CHOICE_NONE};
    struct sbx_json_at result = message->result, content = {0};
    const char *action = "", *choice = "", *p;
    uint64_t number = 0;

    if (message->id.kind != SBX_RPC_ID_STRING || message->id.text[0] != 'q')
        return;
    for (p = message->id.text + 1; *p >= '0' && *p <= '9'; p++)
        number = number * 10 + (uint64_t)(*p - '0');
    if (message->kind == SBX_RPC_ERROR) {
        sbx_question_answer(&mcp->questions, number, NULL);
        return;
    }
    snprintf(answer.by, sizeof(answer.by), "a person, through MCP client %s", mcp->client);
    if (sbx_json_as_object(&result, NULL) ||
        sbx_json_get_string(&result, "action", 16, &action, NULL) ||
        sbx_json_get_object(&result, "content", &content, NULL))
        action = "";
    if (strcmp(action, "decline") == 0) {
        answer.choice = SBX_CHOICE_DENY;
    } else if (strcmp(action, "accept") == 0 && content.item &&
               !sbx_json_get_string(&content, "choice", 16, &choice, NULL)) {
        answer.choice = sbx_approval_choice_read(choice, strlen(choice));
    }
    sbx_question_answer(&mcp->questions, number, &answer);
}
