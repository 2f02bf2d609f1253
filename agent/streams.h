/*
 * What the child gets as standard handles: the caller's own, except where that is a console.
 */
#ifndef SBX_AGENT_STREAMS_H
#define SBX_AGENT_STREAMS_H

#include "shared/win/win.h"
#include "shared/core/error.h"

/* Three streams in the order of STD_INPUT_HANDLE, OUTPUT, ERROR. */
struct sbx_streams {
    HANDLE child[3]; /* to hand over: borrowed from the process, or a pipe end; NULL = none */
    bool owned[3];   /* a pipe end made here, to be closed after the hand-over */
    HANDLE ours[3];  /* our end of a console stream's pipe */
    HANDLE thread[3];
};

/** Look at the three standard handles; make pipes and copying threads for consoles. */
SBX_MUST_CHECK enum sbx_status sbx_streams_open(
    struct sbx_streams *ret_streams, struct sbx_error *err);

/**
 * After the hand-over: close the pipe ends that went to the child, and our own standard input and
 * output, so that the caller sees the end of each stream when the child's side ends. What is also
 * standard error stays open: our own messages go there.
 */
void sbx_streams_handed_over(struct sbx_streams *streams);

/**
 * After the command: let the copying threads write what is left, and release everything. A thread
 * that cannot (the console is paused, a descendant still holds the pipe) keeps what it uses until
 * the process ends.
 */
void sbx_streams_close(struct sbx_streams *streams);

#endif
