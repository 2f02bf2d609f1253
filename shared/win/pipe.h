/*
 * Pipes: anonymous pairs between parent and child, and named ones with a descriptor, the first
 * instance, no remote clients, a known peer and a deadline.
 *
 * Reads and writes have a size that is known beforehand and a deadline; what a peer sends never
 * chooses how much is allocated or how long we wait.
 */
#ifndef SBX_PIPE_H
#define SBX_PIPE_H

#include "win.h"
#include "../core/buf.h"
#include "../core/error.h"

#define SBX_PIPE_FOREVER UINT32_MAX

struct sbx_pipe {
    HANDLE read;
    HANDLE write;
};

/**
 * An anonymous pipe; neither end is inheritable (spawn makes the inheritable duplicate it needs).
 * @param buffer_bytes size of the kernel's buffer, 0 = default
 * @see https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createpipe
 */
SBX_MUST_CHECK enum sbx_status sbx_pipe_new(
    uint32_t buffer_bytes, struct sbx_pipe *ret_pipe, struct sbx_error *err);

/** Close what is open of both ends. NULL and an empty struct do nothing. */
void sbx_pipe_close(struct sbx_pipe *pipe);

/**
 * Write all bytes to an anonymous pipe. Blocks while the pipe is full.
 * @return SBX_OS with ERROR_NO_DATA or ERROR_BROKEN_PIPE when the reader is gone
 */
SBX_MUST_CHECK enum sbx_status sbx_pipe_write(
    HANDLE pipe, const void *bytes, size_t size_bytes, struct sbx_error *err);

/**
 * Read exactly size_bytes from an anonymous pipe.
 * @param timeout_ms SBX_PIPE_FOREVER = no deadline; else the pipe is polled (anonymous pipes have
 *        no overlapped mode), at intervals of 1 to 16 ms
 * @return SBX_TIMEOUT; SBX_NOT_FOUND (ERROR_BROKEN_PIPE kept as code) when it ended early
 */
SBX_MUST_CHECK enum sbx_status sbx_pipe_read_exact(
    HANDLE pipe, void *bytes, size_t size_bytes, uint32_t timeout_ms, struct sbx_error *err);

/**
 * Read until the writer closes, at most buf's cap.
 * @return SBX_INVALID when there is more than the cap, SBX_TIMEOUT
 */
SBX_MUST_CHECK enum sbx_status sbx_pipe_read_all(
    HANDLE pipe, uint32_t timeout_ms, struct sbx_buf *ret_bytes, struct sbx_error *err);

/* One end of a named pipe, overlapped. */
struct sbx_named_pipe {
    HANDLE handle;
    HANDLE event; /* of the one operation in flight */
    bool server;
};

/**
 * Make the first instance of a named pipe: byte mode, one client, no remote clients.
 * @param name "\\.\pipe\..." UTF-8
 * @param descriptor self-relative; who may connect; required
 * @return SBX_EXISTS when someone else has the name (squatting: refuse, do not connect)
 * @see https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew
 */
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_listen(const char *name,
    PSECURITY_DESCRIPTOR descriptor, struct sbx_named_pipe *ret_pipe, struct sbx_error *err);

/** Wait for the client. @return SBX_TIMEOUT */
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_accept(
    struct sbx_named_pipe *pipe, uint32_t timeout_ms, struct sbx_error *err);

/**
 * Send the client away; the pipe is there for the next sbx_named_pipe_accept.
 * @see
 * https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-disconnectnamedpipe
 */
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_disconnect(
    struct sbx_named_pipe *pipe, struct sbx_error *err);

/**
 * Connect as a client; the server may not impersonate (SECURITY_IDENTIFICATION).
 * @param expected_server_pid 0 = any; else another server process is SBX_DENIED
 */
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_connect(const char *name, uint32_t timeout_ms,
    uint32_t expected_server_pid, struct sbx_named_pipe *ret_pipe, struct sbx_error *err);

/** Process id of the other end. @return SBX_UNSUPPORTED when the platform cannot say */
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_peer(
    const struct sbx_named_pipe *pipe, uint32_t *ret_pid, struct sbx_error *err);

/** Exactly size_bytes within timeout_ms, else nothing is in flight any more. As above. */
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_read(struct sbx_named_pipe *pipe, void *bytes,
    size_t size_bytes, uint32_t timeout_ms, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_named_pipe_write(struct sbx_named_pipe *pipe, const void *bytes,
    size_t size_bytes, uint32_t timeout_ms, struct sbx_error *err);

/** Close. NULL and an empty struct do nothing. */
void sbx_named_pipe_close(struct sbx_named_pipe *pipe);

#endif
