/*
 * One command from options to result; the order of steps is design 3. `agent run` runs one, `agent
 * serve` and `agent mcp` many at once: nothing here belongs to the process, and what does (console,
 * standard handles) comes from the caller.
 */
#ifndef SBX_AGENT_RUN_H
#define SBX_AGENT_RUN_H

#include "cli.h"
#include "say.h"
#include "session.h"

struct sbx_approvals;

/* The most that a result, or the plan of a dry run, can take. */
#define SBX_RUN_JSON_MAX_BYTES (64u * 1024u * 1024u)

/* Own exit codes; anything else is the child's (all 32 bits). Listed in help.c and README.md. */
enum sbx_exit {
    SBX_EXIT_USAGE = 2,
    SBX_EXIT_TIMEOUT = 124,
    SBX_EXIT_SANDBOX = 125,
    SBX_EXIT_REFUSED = 126,
    SBX_EXIT_NOT_FOUND = 127,
    SBX_EXIT_CANCELLED = 130
};

/* What one command is given. All borrowed. */
struct sbx_run_how {
    const struct sbx_cli *cli; /* as parsed for `run` */
    const struct sbx_say *say;
    struct sbx_session_streams streams;
    struct sbx_cancel cancel;          /* also looked at before the command starts */
    struct sbx_runner_pool *runners;   /* NULL: no spares */
    struct sbx_approvals *approvals;   /* NULL: nobody can be asked */
    const struct sbx_session_tty *tty; /* NULL: no terminal */
    uint64_t timeout_at_most_ms;       /* shortens the policy's limit, never lengthens it; 0: no */
    /* The result is there, and nothing of the command runs; what this process used for it (its
       TEMP, the watch over its roots) is put away after this call. NULL: nobody is in a hurry. */
    void (*reported)(void *context, uint32_t exit_code, const struct sbx_buf *json);
    void *reported_context;
};

/**
 * Run one command to its end. Errors and warnings go to how->say. May be called from many threads
 * at once, with a stack of SBX_THREAD_STACK_LARGE.
 * @param ret_json initialised with a cap of SBX_RUN_JSON_MAX_BYTES; gets the result (result.h),
 *        also of a command that failed; with cli->dry_run the plan, nothing on failure
 * @return the exit code, as agent.exe would have it
 */
uint32_t sbx_run(const struct sbx_run_how *how, struct sbx_buf *ret_json);

/** `agent run`, with this process's console and standard handles. @return its exit code */
int sbx_run_command(const struct sbx_cli *cli, const struct sbx_say *say);

#endif
