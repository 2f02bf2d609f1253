/*
 * JSON-RPC over standard input and output, or over one named pipe: reading, answering.
 *
 * Many threads answer; one message is one write under a lock, so lines never mix. A reader that
 * stops reading blocks the writers: that is the back-pressure, and nothing is queued here.
 */
#ifndef SBX_AGENT_RPCIO_H
#define SBX_AGENT_RPCIO_H

#include "say.h"

#include "shared/core/jsonrpc.h"
#include "shared/win/win.h"

/* A message of ours may hold a result (run.h), and what a child printed. */
#define SBX_RPCIO_OUT_MAX_BYTES (80u * 1024u * 1024u)

struct sbx_rpcio {
    HANDLE in, out;          /* the same for a pipe */
    bool batches;            /* accept them (MCP 2025-03-26 demands it) */
    HANDLE ended;            /* manual-reset: nobody is there any more, or sbx_rpcio_stop */
    CRITICAL_SECTION lock;   /* of writing and of batches */
    CRITICAL_SECTION taking; /* held while a message is dealt with */
    bool closed;             /* guarded by taking: none is any more */
};

/**
 * Take over the standard handles: nobody else in this process has them afterwards, and no child
 * gets them.
 * @return SBX_INVALID when they are none, or a console
 */
SBX_MUST_CHECK enum sbx_status sbx_rpcio_open_stdio(struct sbx_rpcio *io, struct sbx_error *err);

/**
 * Make the pipe, owner-only, and wait for its one client. Whoever is no program of this user
 * outside every sandbox is sent away, and said; the wait goes on, until 60 s are over.
 * @param name without "\\.\pipe\"
 * @return SBX_EXISTS when someone else has the name; SBX_TIMEOUT
 */
SBX_MUST_CHECK enum sbx_status sbx_rpcio_open_pipe(
    struct sbx_rpcio *io, const char *name, const struct sbx_say *say, struct sbx_error *err);
void sbx_rpcio_close(struct sbx_rpcio *io);

/** Set `ended`. */
void sbx_rpcio_stop(struct sbx_rpcio *io);

/**
 * No message is dealt with from here on; waits for the one that is. What has come in already would
 * otherwise start commands beside the end of all commands. Not from inside a sbx_rpcio_fn.
 * @return false when the other side keeps one from ending (20 s)
 */
bool sbx_rpcio_take_no_more(struct sbx_rpcio *io);

/** Called for every message that is well-formed; answers to the others were given. */
typedef void (*sbx_rpcio_fn)(void *context, const struct sbx_rpc_message *message);

/** Read until the end, then set `ended`. On a thread of its own: a read cannot be called back. */
void sbx_rpcio_read(struct sbx_rpcio *io, sbx_rpcio_fn message, void *context);

/* One message under way. */
struct sbx_rpcio_out {
    struct sbx_json_writer w;
    struct sbx_buf buf;
};

void sbx_rpcio_begin_result(struct sbx_rpcio_out *out, const struct sbx_rpc_id *id);
void sbx_rpcio_begin_notification(struct sbx_rpcio_out *out, const char *method);
void sbx_rpcio_begin_request(
    struct sbx_rpcio_out *out, const struct sbx_rpc_id *id, const char *method);

/**
 * End the message and write it.
 * @param id of the request that it answers; NULL: it answers none. An answer that could not be
 *        made becomes an internal error, so that no request stays open.
 * @return false when nobody reads any more
 */
bool sbx_rpcio_send(struct sbx_rpcio *io, struct sbx_rpcio_out *out, const struct sbx_rpc_id *id);

/** Answer with an error; its parts go into error.data as in a result. */
void sbx_rpcio_fail(struct sbx_rpcio *io, const struct sbx_rpc_id *id, enum sbx_rpc_code code,
    const struct sbx_error *error);

/** Answer with {}. */
void sbx_rpcio_done(struct sbx_rpcio *io, const struct sbx_rpc_id *id);

#endif
