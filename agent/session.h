/*
 * One command from the agent's side: start the runner, hand over request and handles, pass on
 * Ctrl-C, wait for the result (design 3, steps 3 and 5).
 *
 * The streams go to the child directly: no byte of output passes through here. Many sessions may
 * run at once in one process.
 */
#ifndef SBX_AGENT_SESSION_H
#define SBX_AGENT_SESSION_H

#include "resolve.h"
#include "runnerproc.h"
#include "shared/core/message.h"
#include "shared/core/plan.h"

/* Where the child's standard handles come from. Called in this order, on the command's thread. */
struct sbx_session_streams {
    /* ret_child: NULL for the NUL device; lent until handed_over */
    enum sbx_status (*open)(void *context, HANDLE ret_child[3], struct sbx_error *err);
    void (*handed_over)(void *context); /* the runner has its own now; not after a failed open */
    void (*close)(void *context);       /* after the command; not after a failed open */
    void *context;
};

/* Who may end a command early. */
struct sbx_cancel {
    HANDLE event;               /* manual-reset: asked (again) */
    const volatile LONG *count; /* how often; the first time politely, from the second at once */
};

/* The child's pseudo console (agent/tty.h, or a host of `agent serve`). */
struct sbx_session_tty {
    struct sbx_tty_size size; /* read after the streams were opened */
    HANDLE changed;           /* auto-reset: there is a new size; NULL: it never changes */
    volatile LONG *packed;    /* columns << 16 | rows */
};

struct sbx_session {
    const struct sbx_plan *plan;
    const struct sbx_program *program;
    const char *runner;   /* absolute path of command-runner.exe; elevated: the installed one */
    const char *cwd;      /* NULL: the plan's */
    const char *user_sid; /* whose token is restricted: plan->user_sid */
    /* Elevated: who the child will be (design 5). All NULL in unelevated mode. */
    const char *account;
    const char *account_sid;
    const char *group_sid;
    /* Elevated: the lease of the account, lent. A background run's runner gets a duplicate, and
     * lives as long as what the command left. NULL: none */
    HANDLE lease;
    bool wine_unconfined;
    struct sbx_session_streams streams;
    struct sbx_cancel cancel;
    struct sbx_runner_pool *runners;   /* NULL: no spares */
    const struct sbx_session_tty *tty; /* NULL: three streams and no terminal */
};

struct sbx_session_times {
    uint64_t replied_us; /* since the session began */
    bool runner_ready;   /* a spare runner took it */
    bool lease_kept;     /* the runner holds session->lease now, and stays */
};

/**
 * Run the command to its end.
 * @param ret_reply the runner's result, released by the caller with sbx_reply_done. A command that
 *        the runner could not start is SBX_OK here with ended = FAILED and the error in the reply.
 * @return failures of the agent's own half: the runner is missing or died without a result
 */
SBX_MUST_CHECK enum sbx_status sbx_session_run(const struct sbx_session *session,
    struct sbx_reply *ret_reply, struct sbx_session_times *ret_times, struct sbx_error *err);

#endif
