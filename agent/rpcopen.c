/* Where the messages of rpcio.h come from: the standard handles, or a pipe. */
#include "rpcio.h"

#include "shared/core/pipeclient.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/spawn.h"
#include "shared/win/stream.h"
#include "shared/win/token.h"

#include <stdio.h>

/* For the client of a pipe to come. */
#define CLIENT_MS 60000u
/* A client that comes again and again shall not fill the log. */
#define REFUSALS_SAID 4u

static enum sbx_status init(struct sbx_rpcio *io, struct sbx_error *err)
{
    DWORD code;

    memset(io, 0, sizeof(*io));
    InitializeCriticalSection(&io->lock);
    InitializeCriticalSection(&io->taking);
    io->ended = CreateEventW(NULL, TRUE, FALSE, NULL);
    code = GetLastError();
    return io->ended ? SBX_OK : sbx_fail_win32(err, code, "event of the session");
}

/* One standard handle, not inheritable, gone from where others would find it. */
static enum sbx_status take(
    DWORD which, const char *name, HANDLE *ret_handle, struct sbx_error *err)
{
    HANDLE handle = GetStdHandle(which);
    enum sbx_status status;

    if (!sbx_handle_is_open(handle) || sbx_spawn_is_console(handle)) {
        status = sbx_fail(err, SBX_INVALID, "%s is no pipe or file", name);
        sbx_error_hint(err, "this command is started by a program that talks JSON to it");
        return status;
    }
    status = sbx_handle_duplicate(handle, false, ret_handle, err);
    if (!status)
        SetStdHandle(which, NULL);
    return status;
}

enum sbx_status sbx_rpcio_open_stdio(struct sbx_rpcio *io, struct sbx_error *err)
{
    HANDLE old[] = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE)};
    const HANDLE messages = GetStdHandle(STD_ERROR_HANDLE);
    enum sbx_status status = init(io, err);

    if (!status)
        status = take(STD_INPUT_HANDLE, "standard input", &io->in, err);
    if (!status)
        status = take(STD_OUTPUT_HANDLE, "standard output", &io->out, err);
    if (!status && sbx_stream_is_one_at_a_time(io->in, io->out)) {
        status = sbx_fail(err, SBX_INVALID,
            "standard input and output are one pipe, which takes no answer while it is read");
        sbx_error_hint(err, "give two pipes, or one that was opened for overlapped I/O");
    }
    if (status) {
        sbx_rpcio_close(io);
        return status;
    }
    if (old[0] == messages)
        old[0] = NULL;
    if (old[1] == messages)
        old[1] = NULL;
    sbx_handle_close_each(old, countof(old)); /* one socket may be both */
    return SBX_OK;
}

/*
 * The descriptor lets in this user only, but a sandboxed command of an unelevated run is this user,
 * too, and may open for reading. It may not become the client: it could not ask for anything, but
 * it would keep the real one out.
 */
static enum sbx_status check_client(const struct sbx_named_pipe *pipe, struct sbx_error *err)
{
    struct sbx_pipeclient client = {0};
    HANDLE process = NULL, token = NULL;
    enum sbx_status status;
    struct sbx_sid ours;
    DWORD code;

    status = sbx_named_pipe_peer(pipe, &client.pid, err);
    if (status)
        return status;
    process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, client.pid);
    code = GetLastError();
    if (!process || !OpenProcessToken(process, TOKEN_QUERY, &token)) {
        if (process)
            code = GetLastError();
        status = sbx_fail_win32(err, code, "look at the client of the pipe");
        goto cleanup;
    }
    status = sbx_sid_of_token(token, &client.user, err);
    if (!status)
        status = sbx_token_came_restricted(token, &client.is_restricted, err);
    if (!status)
        status = sbx_sid_of_current_user(&ours, err);
    if (!status)
        status = sbx_pipeclient_check(&ours, &client, err);
cleanup:
    sbx_handle_close(&token);
    sbx_handle_close(&process);
    return status;
}

/*
 * A client that may not be one, or whose process is gone or closed to us, is sent away: it must
 * not end the session that it cannot use. Only the time that was left for a client is lost.
 */
static enum sbx_status accept_ours(
    struct sbx_named_pipe *pipe, const struct sbx_say *say, struct sbx_error *err)
{
    const uint64_t deadline_ms = sbx_clock_ms() + CLIENT_MS;
    unsigned refused = 0;

    for (;;) {
        enum sbx_status status = sbx_named_pipe_accept(pipe, sbx_clock_left_ms(deadline_ms), err);
        struct sbx_error problem;

        if (status)
            return status;
        sbx_error_init(&problem);
        if (!check_client(pipe, &problem))
            return SBX_OK;
        if (refused++ < REFUSALS_SAID)
            sbx_say_warning(say, "--pipe: client refused: %s", problem.context);
        status = sbx_named_pipe_disconnect(pipe, err);
        if (status)
            return status;
    }
}

static enum sbx_status listen_and_accept(
    const char *path, const struct sbx_say *say, struct sbx_named_pipe *pipe, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    struct sbx_buf descriptor;
    enum sbx_status status;

    sbx_buf_init(&descriptor, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_sd_build_bytes(&sbx_sd_private_pipe, &people, &descriptor, err);
    if (!status)
        status = sbx_named_pipe_listen(path, descriptor.data, pipe, err);
    if (!status)
        status = accept_ours(pipe, say, err);
    sbx_buf_done(&descriptor);
    return status;
}

enum sbx_status sbx_rpcio_open_pipe(
    struct sbx_rpcio *io, const char *name, const struct sbx_say *say, struct sbx_error *err)
{
    struct sbx_named_pipe pipe = {0};
    enum sbx_status status = init(io, err);
    char path[300];

    snprintf(path, sizeof(path), "\\\\.\\pipe\\%.240s", name);
    if (!status)
        status = listen_and_accept(path, say, &pipe, err);
    if (!status) {
        io->in = io->out = pipe.handle;
        pipe.handle = NULL;
        /* The protocol is on the pipe; nobody else shall read what the caller's input says. */
        SetStdHandle(STD_INPUT_HANDLE, NULL);
    } else {
        sbx_error_context(err, "--pipe");
        sbx_rpcio_close(io);
    }
    sbx_named_pipe_close(&pipe);
    return status;
}

void sbx_rpcio_close(struct sbx_rpcio *io)
{
    HANDLE handles[] = {io->in, io->out};

    sbx_handle_close_each(handles, countof(handles));
    sbx_handle_close(&io->ended);
    DeleteCriticalSection(&io->lock);
    DeleteCriticalSection(&io->taking);
    io->in = io->out = NULL;
}
