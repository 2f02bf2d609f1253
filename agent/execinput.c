/* See execinput.h. */
#include "execinput.h"

#include "exec.h"

#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/thread.h"

#define BLOCKED_MS 500u

struct sbx_execinput_part {
    struct sbx_execinput_part *next;
    struct sbx_rpc_id id;
    bool end;
    bool own; /* ours: nobody waits for an answer */
    size_t length_bytes;
    char bytes[];
};

void sbx_execinput_init(
    struct sbx_execinput *input, bool wanted, sbx_execinput_fn written, void *context)
{
    memset(input, 0, sizeof(*input));
    input->wanted = wanted;
    input->written = written;
    input->context = context;
    InitializeCriticalSection(&input->lock);
}

static struct sbx_execinput_part *take(struct sbx_execinput *input, bool *ret_over)
{
    struct sbx_execinput_part *part;

    EnterCriticalSection(&input->lock);
    part = input->first;
    if (part) {
        input->first = part->next;
        input->waiting_bytes -= part->length_bytes;
        if (!input->first)
            input->last = NULL;
    }
    *ret_over = input->over;
    LeaveCriticalSection(&input->lock);
    return part;
}

static void answer(struct sbx_execinput *input, struct sbx_execinput_part *part, bool failed)
{
    struct sbx_error err;

    sbx_error_init(&err);
    if (failed)
        sbx_fail(&err, SBX_CANCELLED, "the command does not read its input any more");
    if (!part->own)
        input->written(input->context, &part->id, part->length_bytes, failed ? &err : NULL);
    sbx_wipe(part->bytes, part->length_bytes);
    free(part);
}

static DWORD WINAPI input_thread(void *context)
{
    struct sbx_execinput *input = context;
    bool over = false, broken = false;

    for (;;) {
        struct sbx_execinput_part *part = take(input, &over);

        if (part && part->end) {
            sbx_handle_close(&input->pipe);
        } else if (part && !broken && !over) {
            broken = !input->pipe ||
                     sbx_pipe_write(input->pipe, part->bytes, part->length_bytes, NULL) != SBX_OK;
        }
        if (part)
            answer(input, part, !part->end && (broken || over));
        else if (over)
            break;
        else
            WaitForSingleObject(input->wake, INFINITE);
    }
    sbx_handle_close(&input->pipe);
    return 0;
}

enum sbx_status sbx_execinput_open(
    struct sbx_execinput *input, HANDLE *ret_child, struct sbx_error *err)
{
    struct sbx_pipe pipe = {0};
    enum sbx_status status = SBX_OK;
    DWORD code;

    input->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    code = GetLastError();
    if (!input->wake)
        status = sbx_fail_win32(err, code, "event of a command's input");
    if (!status)
        status = sbx_pipe_new(0, &pipe, err);
    if (status)
        return status;
    input->pipe = pipe.write;
    *ret_child = pipe.read;
    return sbx_thread_start(input_thread, input, &input->thread, err);
}

/* @param id NULL: ours */
static enum sbx_status add(struct sbx_execinput *input, const struct sbx_rpc_id *id,
    const char *bytes, size_t length_bytes, bool end, struct sbx_error *err)
{
    struct sbx_execinput_part *part = NULL;
    enum sbx_status status = SBX_OK;

    status = sbx_calloc(1, sizeof(*part) + length_bytes, &part, err);
    if (status)
        return status;
    if (id)
        part->id = *id;
    part->own = !id;
    part->end = end;
    part->length_bytes = length_bytes;
    if (length_bytes)
        memcpy(part->bytes, bytes, length_bytes);
    EnterCriticalSection(&input->lock);
    if (!input->wanted)
        status = sbx_fail(err, SBX_INVALID, "the command has no input to write to");
    else if (input->closing || input->over)
        status = sbx_fail(err, SBX_INVALID, "the command's input is closed");
    else if (input->waiting_bytes && input->waiting_bytes + length_bytes > SBX_EXEC_INPUT_MAX_BYTES)
        status = sbx_fail(err, SBX_EXISTS, "too much input waits to be read: answer first");
    if (!status) {
        if (input->last)
            input->last->next = part;
        else
            input->first = part;
        input->last = part;
        input->waiting_bytes += length_bytes;
        input->closing = end;
        part = NULL;
    }
    LeaveCriticalSection(&input->lock);
    free(part);
    if (!status && input->wake)
        SetEvent(input->wake);
    return status;
}

enum sbx_status sbx_execinput_add(struct sbx_execinput *input, const struct sbx_rpc_id *id,
    const char *bytes, size_t length_bytes, bool end, struct sbx_error *err)
{
    return add(input, id, bytes, length_bytes, end, err);
}

void sbx_execinput_answer(struct sbx_execinput *input, const char *text)
{
    if (add(input, NULL, text, strlen(text), false, NULL))
        return; /* a program that is over, or whose input is, needs no answer */
}

void sbx_execinput_end(struct sbx_execinput *input)
{
    struct sbx_execinput_part *part;
    bool over;

    EnterCriticalSection(&input->lock);
    input->over = true;
    LeaveCriticalSection(&input->lock);
    if (input->thread) {
        SetEvent(input->wake);
        /* What outlives a background command may keep the other end and read nothing. */
        while (WaitForSingleObject(input->thread, BLOCKED_MS) == WAIT_TIMEOUT)
            CancelSynchronousIo(input->thread);
        sbx_handle_close(&input->thread);
    }
    while ((part = take(input, &over)) != NULL)
        answer(input, part, true);
}

void sbx_execinput_done(struct sbx_execinput *input)
{
    sbx_handle_close(&input->pipe);
    sbx_handle_close(&input->wake);
    DeleteCriticalSection(&input->lock);
}
