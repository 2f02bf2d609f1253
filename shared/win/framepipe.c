/* See framepipe.h. */
#include "framepipe.h"

#include "clock.h"

enum sbx_status sbx_frame_read(HANDLE pipe, uint32_t timeout_ms, struct sbx_buf *frame,
    uint64_t *ret_begun_us, struct sbx_error *err)
{
    enum sbx_status status;
    uint8_t prefix[4];
    uint32_t length = 0;
    char *bytes = NULL;

    sbx_buf_clear(frame);
    status = sbx_pipe_read_exact(pipe, prefix, sizeof(prefix), SBX_PIPE_FOREVER, err);
    if (ret_begun_us)
        *ret_begun_us = sbx_clock_us();
    if (!status)
        status = sbx_frame_length(prefix, &length, err);
    if (!status)
        status = sbx_calloc(length, 1, &bytes, err);
    if (!status)
        status = sbx_pipe_read_exact(pipe, bytes, length, timeout_ms, err);
    if (!status)
        status = sbx_buf_add(frame, bytes, length, err);
    if (bytes)
        sbx_wipe(bytes, length); /* an environment may hold secrets */
    free(bytes);
    return status;
}

enum sbx_status sbx_frame_read_reply(
    HANDLE pipe, struct sbx_reply *ret_reply, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, SBX_FRAME_MAX_BYTES);
    status = sbx_frame_read(pipe, SBX_PIPE_FOREVER, &frame, NULL, err);
    if (!status)
        status = sbx_reply_decode(frame.data, frame.length_bytes, ret_reply, err);
    sbx_buf_done(&frame);
    return status;
}

enum sbx_status sbx_frame_send_request(
    HANDLE pipe, const struct sbx_request *request, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, SBX_FRAME_MAX_BYTES + 4);
    status = sbx_request_encode(request, &frame, err);
    if (!status)
        status = sbx_pipe_write(pipe, frame.data, frame.length_bytes, err);
    sbx_buf_wipe(&frame);
    return status;
}

enum sbx_status sbx_frame_send_reply(
    HANDLE pipe, const struct sbx_reply *reply, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, SBX_FRAME_MAX_BYTES + 4);
    status = sbx_reply_encode(reply, &frame, err);
    if (!status)
        status = sbx_pipe_write(pipe, frame.data, frame.length_bytes, err);
    sbx_buf_done(&frame);
    return status;
}

enum sbx_status sbx_frame_send_control(HANDLE pipe, enum sbx_control control, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, 4096);
    status = sbx_control_encode(control, &frame, err);
    if (!status)
        status = sbx_pipe_write(pipe, frame.data, frame.length_bytes, err);
    sbx_buf_done(&frame);
    return status;
}

enum sbx_status sbx_frame_send_resize(
    HANDLE pipe, const struct sbx_tty_size *size, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf frame;

    sbx_buf_init(&frame, 4096);
    status = sbx_resize_encode(size, &frame, err);
    if (!status)
        status = sbx_pipe_write(pipe, frame.data, frame.length_bytes, err);
    sbx_buf_done(&frame);
    return status;
}
