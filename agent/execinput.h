/*
 * Standard input of a command of a session: writes that wait their turn, on a thread of their own,
 * so that a command which does not read holds up nobody.
 */
#ifndef SBX_AGENT_EXECINPUT_H
#define SBX_AGENT_EXECINPUT_H

#include "shared/core/jsonrpc.h"
#include "shared/win/win.h"

typedef void (*sbx_execinput_fn)(void *context, const struct sbx_rpc_id *id, size_t length_bytes,
    const struct sbx_error *failure);

struct sbx_execinput_part; /* one write that waits */

struct sbx_execinput {
    bool wanted; /* the command has an input of this kind */
    sbx_execinput_fn written;
    void *context;
    CRITICAL_SECTION lock;
    /* all below guarded by lock */
    struct sbx_execinput_part *first, *last;
    size_t waiting_bytes;
    bool closing; /* the end of input was asked for: nothing more */
    bool over;    /* the command ended: nothing is written any more */
    HANDLE wake;  /* auto-reset */
    HANDLE pipe;  /* our end */
    HANDLE thread;
};

void sbx_execinput_init(
    struct sbx_execinput *input, bool wanted, sbx_execinput_fn written, void *context);

/** Make the pipe and start the thread. @param ret_child the command's end; owned by the caller */
SBX_MUST_CHECK enum sbx_status sbx_execinput_open(
    struct sbx_execinput *input, HANDLE *ret_child, struct sbx_error *err);

/** See sbx_exec_write. @param end the end of input */
SBX_MUST_CHECK enum sbx_status sbx_execinput_add(struct sbx_execinput *input,
    const struct sbx_rpc_id *id, const char *bytes, size_t length_bytes, bool end,
    struct sbx_error *err);

/** A word of ours to the console host of the command's terminal; it waits its turn as others do. */
void sbx_execinput_answer(struct sbx_execinput *input, const char *text);

/** The command is over: answer what waits, end the thread. Twice is fine. */
void sbx_execinput_end(struct sbx_execinput *input);
void sbx_execinput_done(struct sbx_execinput *input);

#endif
