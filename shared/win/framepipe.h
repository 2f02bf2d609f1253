/*
 * Frames of core/message.h over anonymous pipes: both stages of the runner, agent and setup read
 * and write them here. What is read is capped by the format and decoded strictly by the caller.
 */
#ifndef SBX_FRAMEPIPE_H
#define SBX_FRAMEPIPE_H

#include "pipe.h"
#include "../core/message.h"

/**
 * One frame's JSON. The wait for its first bytes is without a limit: a runner waits for its request
 * as long as the caller lives, and the end of the pipe ends it.
 * @param timeout_ms for the rest; SBX_PIPE_FOREVER = none
 * @param frame cleared first; wipe it when it may hold an environment
 * @param ret_begun_us when the first bytes came (sbx_clock_us); may be NULL
 * @return SBX_NOT_FOUND at the end of the pipe, SBX_TIMEOUT, SBX_INVALID for a bad length
 */
SBX_MUST_CHECK enum sbx_status sbx_frame_read(HANDLE pipe, uint32_t timeout_ms,
    struct sbx_buf *frame, uint64_t *ret_begun_us, struct sbx_error *err);

/** One frame that is a reply. @param ret_reply released with sbx_reply_done */
SBX_MUST_CHECK enum sbx_status sbx_frame_read_reply(
    HANDLE pipe, struct sbx_reply *ret_reply, struct sbx_error *err);

/** Encode and send; the encoded bytes are wiped. Blocks while the pipe is full. */
SBX_MUST_CHECK enum sbx_status sbx_frame_send_request(
    HANDLE pipe, const struct sbx_request *request, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_frame_send_reply(
    HANDLE pipe, const struct sbx_reply *reply, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_frame_send_control(
    HANDLE pipe, enum sbx_control control, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_frame_send_resize(
    HANDLE pipe, const struct sbx_tty_size *size, struct sbx_error *err);

#endif
