/*
 * One command of a session, beside others: started, fed, cancelled; what it prints and how it ends
 * come back through callbacks. `agent serve` and `agent mcp` are two ways to use it.
 *
 * Threads per command: one that runs it (run.h), one per output stream, one that writes its input.
 * A callback that blocks holds up its own stream and with it the command, nobody else; at most
 * SBX_EXEC_PART_BYTES per stream and SBX_EXEC_INPUT_MAX_BYTES of input are in memory.
 */
#ifndef SBX_AGENT_EXEC_H
#define SBX_AGENT_EXEC_H

#include "run.h"
#include "shared/core/jsonrpc.h"

#define SBX_EXEC_PART_BYTES 32768u
#define SBX_EXEC_INPUT_MAX_BYTES (1024u * 1024u)

enum sbx_exec_stream { SBX_EXEC_STDOUT = 1, SBX_EXEC_STDERR = 2 };

/* Where a standard stream of the command goes. */
enum sbx_exec_target {
    SBX_EXEC_CALLBACK = 0, /* input: none, the NUL device */
    SBX_EXEC_WRITTEN,      /* input only: what sbx_exec_write gives */
    SBX_EXEC_HANDLE,       /* straight to a handle of the caller's; nothing passes through here */
    SBX_EXEC_NOWHERE,      /* output only: the NUL device */
    SBX_EXEC_WITH_STDOUT   /* standard error only */
};

struct sbx_exec_how {
    struct sbx_runner_pool *runners;
    struct sbx_approvals *approvals;
    enum sbx_exec_target target[3]; /* standard input, output, error */
    HANDLE handle[3];               /* for SBX_EXEC_HANDLE; taken, also on failure */
    uint64_t timeout_at_most_ms;    /* as in struct sbx_run_how */
    void *context;
    /* Some bytes of a stream, in order; length 0: its end. On the stream's thread. */
    void (*output)(
        void *context, enum sbx_exec_stream stream, const char *bytes, size_t length_bytes);
    /* A message (say.h) as JSON. */
    void (*said)(void *context, const char *json, size_t length_bytes);
    /* Input was passed on, or could not be. On the input's thread. */
    void (*written)(void *context, const struct sbx_rpc_id *id, size_t length_bytes,
        const struct sbx_error *failure);
    /* The command ended; all output was delivered, except of a background command that goes on. */
    void (*ended)(void *context, uint32_t exit_code, const struct sbx_buf *result);
    /* And what this process used for it was put away: it need not live longer for this command. */
    void (*settled)(void *context);
    /* Nothing will be called any more: the context may go. */
    void (*gone)(void *context);
};

struct sbx_exec;

/**
 * Prepare a command: nothing runs and nothing is called yet. Then sbx_exec_begin or sbx_exec_drop.
 * With --tty it gets a pseudo console: its input is what sbx_exec_write gives, its screen is the
 * output stream, through the filter of core/vtfilter.h unless the option says otherwise.
 * @param argv for sbx_cli_parse, "run" first; taken, also on failure
 * @param how copied; its handles are taken, also on failure
 * @return SBX_INVALID for options that are none, and for streams beside a terminal; SBX_OOM, SBX_OS
 */
SBX_MUST_CHECK enum sbx_status sbx_exec_new(struct sbx_strings *argv,
    const struct sbx_exec_how *how, struct sbx_exec **ret_exec, struct sbx_error *err);

/**
 * Start it. Returns at once; whatever goes wrong from here on is in its result. The structure is
 * valid until `ended` has returned.
 */
void sbx_exec_begin(struct sbx_exec *exec);

/** Release a command that was not begun; `gone` is not called. */
void sbx_exec_drop(struct sbx_exec *exec);

/**
 * Input for the command; does not wait. `written` is called for each accepted one.
 * @return SBX_INVALID without SBX_EXEC_WRITTEN or after the end; SBX_EXISTS when
 *         SBX_EXEC_INPUT_MAX_BYTES are waiting already
 */
SBX_MUST_CHECK enum sbx_status sbx_exec_write(struct sbx_exec *exec, const struct sbx_rpc_id *id,
    const char *bytes, size_t length_bytes, struct sbx_error *err);

/** The end of input, behind what is waiting; `written` is called with length 0. As above. */
SBX_MUST_CHECK enum sbx_status sbx_exec_close_input(
    struct sbx_exec *exec, const struct sbx_rpc_id *id, struct sbx_error *err);

/**
 * Another size for the command's terminal.
 * @return SBX_UNSUPPORTED when it has none
 */
SBX_MUST_CHECK enum sbx_status sbx_exec_resize(
    struct sbx_exec *exec, const struct sbx_tty_size *size, struct sbx_error *err);

/** Ask it to end (Ctrl-Break, then the end after a grace period), or end it now. */
void sbx_exec_cancel(struct sbx_exec *exec, bool now);

/** Set once somebody cancelled; for callbacks that wait. Manual-reset. */
HANDLE sbx_exec_cancelled(const struct sbx_exec *exec);

/** Whether the calling thread is the one that runs this command. */
bool sbx_exec_is_current(const struct sbx_exec *exec);

#endif
