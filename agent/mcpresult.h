/*
 * What the tool "run" answers: the begin and the end of what the command printed, as text whatever
 * the bytes were, and the result of the run.
 */
#ifndef SBX_AGENT_MCPRESULT_H
#define SBX_AGENT_MCPRESULT_H

#include "mcp.h"

/* One stream of a command: its begin and its end. Used by its own thread, then by the command's. */
struct sbx_mcp_stream {
    struct sbx_buf head, tail;
    uint64_t left_out;
};

/** Keep what came, or count it as left out: SBX_MCP_STREAM_BYTES of the begin, as much of the end.
 */
void sbx_mcp_stream_add(struct sbx_mcp_stream *stream, const char *bytes, size_t length_bytes);
void sbx_mcp_stream_done(struct sbx_mcp_stream *stream);

/**
 * Answer the call: one text for the model, and the same in parts.
 * @param streams standard output, standard error
 * @param result of the run, as `run --json` has it; empty: none came
 */
void sbx_mcp_answer(struct sbx_mcp *mcp, const struct sbx_rpc_id *id,
    const struct sbx_mcp_stream streams[2], uint32_t exit_code, const struct sbx_buf *result);

#endif
