/* See streams.h. */
#include "streams.h"

#include "shared/core/utf.h"
#include "shared/win/handle.h"
#include "shared/win/oemtext.h"
#include "shared/win/pipe.h"
#include "shared/win/spawn.h"
#include "shared/win/stream.h"
#include "shared/win/thread.h"

#define DRAIN_MS 5000u /* for what is in a pipe to reach the console */

static const DWORD stream_ids[3] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

struct copy {
    HANDLE from, to;
    bool
        keys; /* `from` is a console, and `to` a pipe end that must end with it; else `to` is one */
};

static void copy_keys(const struct copy *copy)
{
    struct sbx_console_input console = {.handle = copy->from};
    char part[8192];
    DWORD length = 0;

    while (sbx_console_read(&console, part, sizeof(part), &length))
        if (!sbx_stream_write(copy->to, part, length))
            break;
}

/* As UTF-16: whatever the console's code page is, and without changing it for others on it. */
static bool show(HANDLE console, const struct sbx_buf *text)
{
    sbx_char16 *text_w = NULL;
    size_t cch = 0, at = 0;
    DWORD written = 0;

    if (!text->length_bytes)
        return true;
    if (sbx_utf8_to_utf16(text->data, text->length_bytes, &text_w, &cch, NULL))
        return false;
    for (; at < cch; at += written)
        if (!WriteConsoleW(console, text_w + at, (DWORD)(cch - at), &written, NULL) || !written)
            break;
    free(text_w);
    return at == cch;
}

/* Programs write UTF-8 into pipes, or the code page that consoles have here. */
static void copy_screen(const struct copy *copy)
{
    struct sbx_oem_feed feed = {.code_page = sbx_oem_code_page()};
    char part[8192];
    struct sbx_buf text;
    DWORD length = 0;
    bool open = true;

    sbx_buf_init(&text, 3 * (sizeof(part) + 4));
    while (open) {
        sbx_buf_clear(&text);
        if (!sbx_stream_read(copy->from, part, sizeof(part), &length))
            break;
        open = !sbx_oem_feed(&feed, part, length, &text, NULL) && show(copy->to, &text);
    }
    if (open && !sbx_oem_feed(&feed, "", 0, &text, NULL))
        show(copy->to, &text);
    sbx_buf_done(&text);
}

static DWORD WINAPI copy_thread(void *context)
{
    struct copy copy = *(struct copy *)context;

    free(context);
    if (!copy.keys) {
        copy_screen(&copy);
        return 0;
    }
    copy_keys(&copy);
    sbx_handle_close(&copy.to);
    return 0;
}

static enum sbx_status start_copy(
    HANDLE from, HANDLE to, bool keys, HANDLE *ret_thread, struct sbx_error *err)
{
    struct copy *copy = NULL;
    enum sbx_status status = sbx_calloc(1, sizeof(*copy), &copy, err);

    if (status)
        return status;
    copy->from = from;
    copy->to = to;
    copy->keys = keys;
    status = sbx_thread_start_stack(copy_thread, copy, SBX_THREAD_STACK_PUMP, ret_thread, err);
    if (status)
        free(copy);
    return status;
}

static enum sbx_status open_console_stream(
    struct sbx_streams *streams, size_t i, HANDLE console, struct sbx_error *err)
{
    struct sbx_pipe pipe;
    enum sbx_status status = sbx_pipe_new(0, &pipe, err);

    if (status)
        return status;
    streams->owned[i] = true;
    if (i == 0) {
        streams->child[i] = pipe.read;
        /* The thread owns this end: the child's input ends when the console's does. */
        return start_copy(console, pipe.write, true, &streams->thread[i], err);
    }
    streams->child[i] = pipe.write;
    streams->ours[i] = pipe.read;
    return start_copy(pipe.read, console, false, &streams->thread[i], err);
}

enum sbx_status sbx_streams_open(struct sbx_streams *ret_streams, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(ret_streams, 0, sizeof(*ret_streams));
    for (i = 0; !status && i < countof(stream_ids); i++) {
        HANDLE handle = GetStdHandle(stream_ids[i]);

        if (!sbx_handle_is_open(handle))
            continue; /* the child gets NUL */
        if (!sbx_spawn_is_console(handle)) {
            ret_streams->child[i] = handle;
            continue;
        }
        status = open_console_stream(ret_streams, i, handle, err);
    }
    if (status)
        sbx_streams_close(ret_streams);
    return status;
}

void sbx_streams_handed_over(struct sbx_streams *streams)
{
    const HANDLE messages = GetStdHandle(STD_ERROR_HANDLE);
    HANDLE gone[countof(stream_ids)] = {NULL};
    size_t i;

    for (i = 0; i < countof(stream_ids); i++) {
        bool ours = !streams->owned[i] && i < 2 && streams->child[i] != messages;

        if (ours && streams->child[i])
            SetStdHandle(stream_ids[i], NULL);
        if (ours || streams->owned[i])
            gone[i] = streams->child[i];
        streams->owned[i] = false;
        streams->child[i] = NULL;
    }
    /* Input and output may be one handle, as a socket is. */
    sbx_handle_close_each(gone, countof(gone));
}

void sbx_streams_close(struct sbx_streams *streams)
{
    size_t i;

    for (i = 0; i < countof(stream_ids); i++) {
        bool ended = !streams->thread[i];

        if (streams->owned[i])
            sbx_handle_close(&streams->child[i]);
        /* Output ends when the last process of the run has closed its end; input may never end. */
        if (streams->thread[i] && i > 0)
            ended = WaitForSingleObject(streams->thread[i], DRAIN_MS) == WAIT_OBJECT_0;
        sbx_handle_close(&streams->thread[i]);
        if (ended)
            sbx_handle_close(&streams->ours[i]);
    }
}
