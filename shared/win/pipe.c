/* Anonymous pipes of pipe.h; named ones are in pipe_named.c. */
#include "pipe.h"
#include "clock.h"
#include "handle.h"

#define READ_CHUNK_BYTES 65536u
#define POLL_MAX_MS 16u

enum sbx_status sbx_pipe_new(
    uint32_t buffer_bytes, struct sbx_pipe *ret_pipe, struct sbx_error *err)
{
    struct sbx_pipe pipe = {NULL, NULL};
    DWORD code;

    if (!CreatePipe(&pipe.read, &pipe.write, NULL, buffer_bytes)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "create a pipe");
    }
    *ret_pipe = pipe;
    return SBX_OK;
}

void sbx_pipe_close(struct sbx_pipe *pipe)
{
    if (!pipe)
        return;
    sbx_handle_close(&pipe->read);
    sbx_handle_close(&pipe->write);
}

enum sbx_status sbx_pipe_write(
    HANDLE pipe, const void *bytes, size_t size_bytes, struct sbx_error *err)
{
    const char *at = bytes;
    size_t left_bytes = size_bytes;
    DWORD chunk_bytes, done_bytes, code;

    while (left_bytes > 0) {
        chunk_bytes = left_bytes > READ_CHUNK_BYTES ? READ_CHUNK_BYTES : (DWORD)left_bytes;
        done_bytes = 0;
        if (!WriteFile(pipe, at, chunk_bytes, &done_bytes, NULL)) {
            code = GetLastError();
            return sbx_fail_win32(err, code, "write to a pipe");
        }
        if (done_bytes == 0 || done_bytes > chunk_bytes)
            return sbx_fail(err, SBX_OS, "write to a pipe: nothing was taken");
        at += done_bytes;
        left_bytes -= done_bytes;
    }
    return SBX_OK;
}

static enum sbx_status ended(DWORD code, size_t missing_bytes, struct sbx_error *err)
{
    sbx_fail_win32(err, code, "read from a pipe");
    if (code != ERROR_BROKEN_PIPE && code != ERROR_HANDLE_EOF)
        return err ? err->status : SBX_OS;
    if (missing_bytes)
        sbx_error_context(err, "%zu bytes missing", missing_bytes);
    if (err)
        err->status = SBX_NOT_FOUND;
    return SBX_NOT_FOUND;
}

/* Wait until the pipe has data or has ended; both make the read that follows return at once. */
static enum sbx_status wait_data(HANDLE pipe, uint64_t deadline_ms, struct sbx_error *err)
{
    DWORD available_bytes = 0, pause_ms = 0;

    for (;;) {
        if (!PeekNamedPipe(pipe, NULL, 0, NULL, &available_bytes, NULL) || available_bytes > 0)
            return SBX_OK; /* the read reports what is wrong */
        if (sbx_clock_left_ms(deadline_ms) == 0)
            return sbx_fail(err, SBX_TIMEOUT, "read from a pipe: nothing came in time");
        Sleep(pause_ms);
        pause_ms = pause_ms == 0 ? 1 : pause_ms < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
    }
}

/* One read of 1..size_bytes bytes. SBX_NOT_FOUND at the end. */
static enum sbx_status read_some(HANDLE pipe, void *bytes, size_t size_bytes, uint64_t deadline_ms,
    size_t *ret_bytes, struct sbx_error *err)
{
    DWORD chunk_bytes = size_bytes > READ_CHUNK_BYTES ? READ_CHUNK_BYTES : (DWORD)size_bytes;
    enum sbx_status status = SBX_OK;
    DWORD done_bytes = 0, code;

    do {
        if (deadline_ms != UINT64_MAX)
            status = wait_data(pipe, deadline_ms, err);
        if (status)
            return status;
        if (!ReadFile(pipe, bytes, chunk_bytes, &done_bytes, NULL)) {
            code = GetLastError();
            return ended(code, 0, err);
        }
    } while (done_bytes == 0); /* a writer may write nothing; that is not the end */
    if (done_bytes > chunk_bytes)
        return sbx_fail(err, SBX_INTERNAL, "read from a pipe: more than was asked for");
    *ret_bytes = done_bytes;
    return SBX_OK;
}

static uint64_t deadline_of(uint32_t timeout_ms)
{
    return timeout_ms == SBX_PIPE_FOREVER ? UINT64_MAX : sbx_clock_ms() + timeout_ms;
}

enum sbx_status sbx_pipe_read_exact(
    HANDLE pipe, void *bytes, size_t size_bytes, uint32_t timeout_ms, struct sbx_error *err)
{
    uint64_t deadline_ms = deadline_of(timeout_ms);
    size_t total_bytes = 0, done_bytes = 0;
    enum sbx_status status;

    while (total_bytes < size_bytes) {
        status = read_some(pipe, (char *)bytes + total_bytes, size_bytes - total_bytes, deadline_ms,
            &done_bytes, err);
        if (status) {
            sbx_error_context(err, "%zu of %zu bytes", total_bytes, size_bytes);
            return status;
        }
        total_bytes += done_bytes;
    }
    return SBX_OK;
}

enum sbx_status sbx_pipe_read_all(
    HANDLE pipe, uint32_t timeout_ms, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    uint64_t deadline_ms = deadline_of(timeout_ms);
    enum sbx_status status = SBX_OK;
    struct sbx_error own;
    size_t done_bytes = 0;
    char *chunk = NULL;

    status = sbx_calloc(1, READ_CHUNK_BYTES, &chunk, err);
    while (!status) {
        sbx_error_init(&own);
        status = read_some(pipe, chunk, READ_CHUNK_BYTES, deadline_ms, &done_bytes, &own);
        if (status == SBX_NOT_FOUND) {
            status = SBX_OK;
            break;
        }
        if (status && err)
            *err = own;
        if (!status)
            status = sbx_buf_add(ret_bytes, chunk, done_bytes, err);
    }
    if (chunk)
        sbx_wipe(chunk, READ_CHUNK_BYTES);
    free(chunk);
    return status;
}
