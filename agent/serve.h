/*
 * `agent serve`: between the messages (rpcio.h) and the commands (exec.h). README.md has the
 * protocol. What is here is shared by serve.c (session, methods that ask), servexec.c (methods of
 * commands) and serveout.c (what a command prints).
 */
#ifndef SBX_AGENT_SERVE_H
#define SBX_AGENT_SERVE_H

#include "exec.h"
#include "options.h"
#include "question.h"
#include "rpcio.h"

#define SBX_SERVE_PROTOCOL 1
#define SBX_SERVE_RUNNING_MAX 64u
#define SBX_SERVE_ENDED_MAX 64u   /* results that are kept for exec.wait */
#define SBX_SERVE_WAITERS_MAX 16u /* requests that wait for one command */
#define SBX_SERVE_KEPT_BYTES (256u * 1024u)
#define SBX_SERVE_WINDOW_MIN 1024

struct sbx_serve {
    struct sbx_rpcio io;
    const struct sbx_cli *cli; /* options of the session */
    const struct sbx_verb_row *row;
    struct sbx_runner_pool runners;
    bool have_runners, ready;
    struct sbx_approvals approvals;
    struct sbx_questions questions;
    volatile LONG tasks;
    CRITICAL_SECTION lock;
    /* all below guarded by lock */
    struct sbx_served *first; /* newest first */
    size_t running, ended, unsettled;
    uint64_t last_id;
    HANDLE idle; /* manual-reset: nothing runs, and nothing is left to be put away */
};

/* One output stream of a command. Used by its own thread only. */
struct sbx_serve_stream {
    uint64_t seq;
    char carry[4]; /* the begin of a character whose rest is still to come */
    size_t carry_bytes;
};

/* One command, from its start until its result is forgotten. */
struct sbx_served {
    struct sbx_served *next;
    struct sbx_serve *serve;
    struct sbx_exec *exec;
    volatile LONG refs; /* the list's and the command's */
    uint64_t id;
    bool ended;
    uint32_t exit_code;
    struct sbx_buf result;
    struct sbx_rpc_id waiters[SBX_SERVE_WAITERS_MAX];
    size_t waiter_count;
    struct sbx_serve_stream streams[2];
    /* Flow control, when the host asked for it. */
    bool windowed;
    volatile LONG discard;    /* it was ended: do not wait for a host that reads nothing */
    volatile LONG64 window;   /* bytes that may still be sent */
    volatile LONG64 left_out; /* bytes that were not */
    LONG64 window_max;
    HANDLE window_event; /* auto-reset: it grew, or discard */
};

/* A method. @return what to answer with; the method itself answers on SBX_OK */
typedef enum sbx_status (*sbx_serve_fn)(struct sbx_serve *serve,
    const struct sbx_rpc_message *message, enum sbx_rpc_code *code, struct sbx_error *err);

/* servexec.c */
enum sbx_status sbx_serve_start(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err);

/* servecall.c: methods of a command that was started. */
enum sbx_status sbx_serve_write(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err);
enum sbx_status sbx_serve_close_input(struct sbx_serve *serve,
    const struct sbx_rpc_message *message, enum sbx_rpc_code *code, struct sbx_error *err);
enum sbx_status sbx_serve_resize(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err);
enum sbx_status sbx_serve_kill(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err);
enum sbx_status sbx_serve_wait(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err);
enum sbx_status sbx_serve_ack(struct sbx_serve *serve, const struct sbx_rpc_message *message,
    enum sbx_rpc_code *code, struct sbx_error *err);

/* Answer an exec.wait for a command that has ended. */
void sbx_serve_answer_wait(struct sbx_served *served, const struct sbx_rpc_id *id);

/* Give a reference up. The last one frees it. */
void sbx_serve_unref(struct sbx_served *served);

/* servetty.c: {"columns", "rows"}; and the options that a "tty" parameter stands for. */
enum sbx_status sbx_serve_read_size(
    const struct sbx_json_at *at, struct sbx_tty_size *ret_size, struct sbx_error *err);
enum sbx_status sbx_serve_add_tty(
    const struct sbx_json_at *params, struct sbx_strings *argv, struct sbx_error *err);

/** End every command; wait until they are gone, but not for ever. */
void sbx_serve_end_all(struct sbx_serve *serve);

/** Append {"commandId", "running", ...} of every command to an open array. */
void sbx_serve_list(struct sbx_serve *serve, struct sbx_json_writer *w);

/** The question of a command, on its thread. */
enum sbx_status sbx_serve_ask(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err);

/** sbx_exec_how.output: UTF-8 or base64, as much as the host wants to have. */
void sbx_serve_output(
    void *context, enum sbx_exec_stream stream, const char *bytes, size_t length_bytes);

#endif
