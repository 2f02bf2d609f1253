/* Named pipes of pipe.h: overlapped, so that every wait has a deadline. */
#include "pipe.h"
#include "clock.h"
#include "handle.h"
#include "late.h"
#include "wstr.h"

#define BUFFER_BYTES 65536u
#define RETRY_MS 5u

static const char prefix[] = "\\\\.\\pipe\\";

static enum sbx_status check_name(const char *name, wchar_t **ret_name_w, struct sbx_error *err)
{
    const char *rest = name + sizeof(prefix) - 1;

    /* Local pipes only: \\server\pipe\ would send our identity to another machine. */
    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || !*rest || strchr(rest, '\\') ||
        strlen(rest) > 240)
        return sbx_fail(err, SBX_INVALID, "'%s' is not the name of a local pipe", name);
    return sbx_wstr_from_utf8(name, ret_name_w, err);
}

static enum sbx_status add_event(struct sbx_named_pipe *pipe, struct sbx_error *err)
{
    DWORD code;

    pipe->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    code = GetLastError();
    return pipe->event ? SBX_OK : sbx_fail_win32(err, code, "event of a pipe");
}

enum sbx_status sbx_named_pipe_listen(const char *name, PSECURITY_DESCRIPTOR descriptor,
    struct sbx_named_pipe *ret_pipe, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), descriptor, FALSE};
    struct sbx_named_pipe pipe = {NULL, NULL, true};
    enum sbx_status status;
    wchar_t *name_w = NULL;
    DWORD code;

    /* Without a descriptor the default grants Everyone reading. */
    if (!descriptor)
        return sbx_fail(err, SBX_INTERNAL, "pipe '%s' without a descriptor", name);
    status = check_name(name, &name_w, err);
    if (status)
        return status;
    pipe.handle = CreateNamedPipeW(name_w,
        PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1,
        BUFFER_BYTES, BUFFER_BYTES, 0, &attributes);
    code = GetLastError();
    free(name_w);
    if (pipe.handle == INVALID_HANDLE_VALUE) {
        status = sbx_fail_win32(err, code, "create pipe '%s'", name);
        /* FIRST_PIPE_INSTANCE answers 5, the instance limit 231; both mean it is taken. */
        if (code != ERROR_ACCESS_DENIED && code != ERROR_PIPE_BUSY)
            return status;
        if (err)
            err->status = SBX_EXISTS;
        return SBX_EXISTS;
    }
    status = add_event(&pipe, err);
    if (status)
        sbx_named_pipe_close(&pipe);
    else
        *ret_pipe = pipe;
    return status;
}

/*
 * Finish an overlapped operation. After a timeout it is cancelled and waited for: the buffer is
 * the caller's, and the kernel must not write into it any more when we return.
 */
static enum sbx_status finish(struct sbx_named_pipe *pipe, OVERLAPPED *operation, BOOL started,
    DWORD start_code, uint32_t timeout_ms, DWORD *ret_bytes, struct sbx_error *err)
{
    DWORD code = start_code;

    if (!started && start_code != ERROR_IO_PENDING)
        return sbx_fail_win32(err, start_code, "pipe");
    if (!started && WaitForSingleObject(pipe->event, timeout_ms) != WAIT_OBJECT_0) {
        CancelIoEx(pipe->handle, operation);
        /* It may have completed just before: then it counts. */
        if (GetOverlappedResult(pipe->handle, operation, ret_bytes, TRUE))
            return SBX_OK;
        return sbx_fail(err, SBX_TIMEOUT, "pipe: no answer within %u ms", (unsigned)timeout_ms);
    }
    if (GetOverlappedResult(pipe->handle, operation, ret_bytes, FALSE))
        return SBX_OK;
    code = GetLastError();
    return sbx_fail_win32(err, code, "pipe");
}

enum sbx_status sbx_named_pipe_accept(
    struct sbx_named_pipe *pipe, uint32_t timeout_ms, struct sbx_error *err)
{
    OVERLAPPED operation = {0};
    DWORD code, bytes = 0;
    BOOL started;

    operation.hEvent = pipe->event;
    ResetEvent(pipe->event);
    started = ConnectNamedPipe(pipe->handle, &operation);
    code = GetLastError();
    if (!started && code == ERROR_PIPE_CONNECTED)
        return SBX_OK;
    return finish(pipe, &operation, started, code, timeout_ms, &bytes, err);
}

enum sbx_status sbx_named_pipe_disconnect(struct sbx_named_pipe *pipe, struct sbx_error *err)
{
    DWORD code;

    if (DisconnectNamedPipe(pipe->handle))
        return SBX_OK;
    code = GetLastError();
    return sbx_fail_win32(err, code, "disconnect the client of a pipe");
}

static enum sbx_status open_client(const char *name, const wchar_t *name_w, uint64_t deadline_ms,
    HANDLE *ret_handle, struct sbx_error *err)
{
    HANDLE handle;
    DWORD code;

    for (;;) {
        handle = CreateFileW(name_w, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        code = GetLastError();
        if (handle != INVALID_HANDLE_VALUE) {
            *ret_handle = handle;
            return SBX_OK;
        }
        if (code != ERROR_PIPE_BUSY && code != ERROR_FILE_NOT_FOUND)
            return sbx_fail_win32(err, code, "open pipe '%s'", name);
        if (sbx_clock_left_ms(deadline_ms) == 0)
            return sbx_fail(err, SBX_TIMEOUT, "open pipe '%s': no server in time", name);
        Sleep(RETRY_MS);
    }
}

enum sbx_status sbx_named_pipe_connect(const char *name, uint32_t timeout_ms,
    uint32_t expected_server_pid, struct sbx_named_pipe *ret_pipe, struct sbx_error *err)
{
    uint64_t deadline_ms =
        timeout_ms == SBX_PIPE_FOREVER ? UINT64_MAX : sbx_clock_ms() + timeout_ms;
    struct sbx_named_pipe pipe = {NULL, NULL, false};
    enum sbx_status status;
    wchar_t *name_w = NULL;
    uint32_t pid = 0;

    status = check_name(name, &name_w, err);
    if (!status)
        status = open_client(name, name_w, deadline_ms, &pipe.handle, err);
    if (!status)
        status = add_event(&pipe, err);
    if (!status && expected_server_pid)
        status = sbx_named_pipe_peer(&pipe, &pid, err);
    if (!status && pid != expected_server_pid)
        status = sbx_fail(err, SBX_DENIED, "pipe '%s' belongs to process %u, not to %u", name,
            (unsigned)pid, (unsigned)expected_server_pid);
    free(name_w);
    if (status)
        sbx_named_pipe_close(&pipe);
    else
        *ret_pipe = pipe;
    return status;
}

enum sbx_status sbx_named_pipe_peer(
    const struct sbx_named_pipe *pipe, uint32_t *ret_pid, struct sbx_error *err)
{
    sbx_late_fn_get_named_pipe_client_process_id client =
        sbx_late_get_named_pipe_client_process_id();
    sbx_late_fn_get_named_pipe_server_process_id server =
        sbx_late_get_named_pipe_server_process_id();
    ULONG pid = 0;
    DWORD code;
    BOOL done;

    if (!client || !server)
        return sbx_late_missing(SBX_LATE_get_named_pipe_client_process_id, err);
    done = pipe->server ? client(pipe->handle, &pid) : server(pipe->handle, &pid);
    code = GetLastError();
    if (!done)
        return sbx_fail_win32(err, code, "process at the other end of a pipe");
    *ret_pid = pid;
    return SBX_OK;
}

/* Read or write exactly size_bytes. */
static enum sbx_status transfer(struct sbx_named_pipe *pipe, char *read_to, const char *write_from,
    size_t size_bytes, uint32_t timeout_ms, struct sbx_error *err)
{
    uint64_t deadline_ms =
        timeout_ms == SBX_PIPE_FOREVER ? UINT64_MAX : sbx_clock_ms() + timeout_ms;
    enum sbx_status status = SBX_OK;
    size_t total_bytes = 0;

    while (total_bytes < size_bytes && !status) {
        size_t left_bytes = size_bytes - total_bytes;
        DWORD chunk_bytes = left_bytes > BUFFER_BYTES ? BUFFER_BYTES : (DWORD)left_bytes;
        uint32_t left_ms = deadline_ms == UINT64_MAX ? INFINITE : sbx_clock_left_ms(deadline_ms);
        OVERLAPPED operation = {0};
        DWORD done_bytes = 0, code;
        BOOL started;

        operation.hEvent = pipe->event;
        ResetEvent(pipe->event);
        if (read_to)
            started = ReadFile(pipe->handle, read_to + total_bytes, chunk_bytes, NULL, &operation);
        else
            started =
                WriteFile(pipe->handle, write_from + total_bytes, chunk_bytes, NULL, &operation);
        code = GetLastError();
        status = finish(pipe, &operation, started, code, left_ms, &done_bytes, err);
        total_bytes += done_bytes;
    }
    if (status)
        sbx_error_context(
            err, "%s, %zu of %zu bytes", read_to ? "read" : "write", total_bytes, size_bytes);
    return status;
}

enum sbx_status sbx_named_pipe_read(struct sbx_named_pipe *pipe, void *bytes, size_t size_bytes,
    uint32_t timeout_ms, struct sbx_error *err)
{
    return transfer(pipe, bytes, NULL, size_bytes, timeout_ms, err);
}

enum sbx_status sbx_named_pipe_write(struct sbx_named_pipe *pipe, const void *bytes,
    size_t size_bytes, uint32_t timeout_ms, struct sbx_error *err)
{
    return transfer(pipe, NULL, bytes, size_bytes, timeout_ms, err);
}

void sbx_named_pipe_close(struct sbx_named_pipe *pipe)
{
    if (!pipe)
        return;
    sbx_handle_close(&pipe->handle);
    sbx_handle_close(&pipe->event);
}
