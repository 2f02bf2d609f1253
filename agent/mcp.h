/*
 * `agent mcp`: a Model Context Protocol server on standard input and output. Tools: run, why,
 * status. mcp.c has the session, mcprun.c the tool that runs commands, mcpresult.c what it answers,
 * mcpask.c its questions, mcptools.c the list.
 *
 * A model writes the arguments of a tool, so they choose a command and nothing else: what it may
 * do is what the options of `agent mcp` and the policy files say. There is no working directory
 * among them: it would be a writable root of the model's choice.
 *
 * @see https://modelcontextprotocol.io/specification/2025-06-18
 */
#ifndef SBX_AGENT_MCP_H
#define SBX_AGENT_MCP_H

#include "exec.h"
#include "options.h"
#include "question.h"
#include "rpcio.h"

#define SBX_MCP_CALLS_MAX 16
#define SBX_MCP_STREAM_BYTES (96u * 1024u) /* of a stream: so much of its begin, and of its end */

struct sbx_mcp {
    struct sbx_rpcio io;
    const struct sbx_cli *cli;
    const struct sbx_verb_row *row;
    struct sbx_runner_pool runners;
    bool have_runners;
    struct sbx_approvals approvals;
    struct sbx_questions questions;
    bool ready, elicitation;
    size_t version; /* index into the table of protocol versions, newest first */
    char client[64];
    volatile LONG tasks;
    CRITICAL_SECTION lock;
    struct sbx_mcp_call *first; /* guarded by lock */
    size_t running;             /* guarded by lock */
    size_t unsettled;           /* guarded by lock */
    HANDLE idle;                /* manual-reset: nothing runs or is left to be put away */
};

/** tools/list: the JSON of its result, static. */
extern const char sbx_mcp_tools[];

/** The tool "run". @return SBX_INVALID for arguments: the model is told in the tool's result */
SBX_MUST_CHECK enum sbx_status sbx_mcp_run(struct sbx_mcp *mcp, const struct sbx_rpc_id *id,
    const struct sbx_json_at *arguments, const struct sbx_rpc_id *progress, struct sbx_error *err);

/** End the command that a request started; it is not answered any more. */
void sbx_mcp_cancel(struct sbx_mcp *mcp, const struct sbx_rpc_id *id);

/** End all; wait until they are gone, but not for ever. */
void sbx_mcp_end_all(struct sbx_mcp *mcp);

/** What is set when the command of this thread is cancelled; NULL: this thread runs none. */
HANDLE sbx_mcp_current_cancelled(struct sbx_mcp *mcp);

/** sbx_ask_fn: elicitation, where the client offers it. */
enum sbx_status sbx_mcp_ask(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err);

/** The answer to a question of ours. */
void sbx_mcp_answered(struct sbx_mcp *mcp, const struct sbx_rpc_message *message);

/** A tool's result that says what went wrong, for the model to read. */
void sbx_mcp_tool_failed(
    struct sbx_mcp *mcp, const struct sbx_rpc_id *id, const struct sbx_error *error);

/** Text for a JSON string whatever the bytes are: see sbx_oem_text, of this machine. */
SBX_MUST_CHECK enum sbx_status sbx_mcp_clean(
    const char *bytes, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err);

#endif
