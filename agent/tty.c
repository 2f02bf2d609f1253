/* See tty.h. */
#include "tty.h"

#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/spawn.h"
#include "shared/win/stream.h"
#include "shared/win/thread.h"

#define PART_BYTES 16384u
#define DRAIN_MS 5000u /* for what is in the pipe to reach the terminal */
#define SIZE_MS 250u   /* how often a console is asked for its size */

/* Missing in older headers. */
#define VT_INPUT 0x0200u      /* ENABLE_VIRTUAL_TERMINAL_INPUT */
#define VT_PROCESSING 0x0004u /* ENABLE_VIRTUAL_TERMINAL_PROCESSING */
#define VT_NO_RETURN 0x0008u  /* DISABLE_NEWLINE_AUTO_RETURN */

void sbx_tty_init(struct sbx_tty *tty, const struct sbx_tty_size *size, bool pass)
{
    memset(tty, 0, sizeof(*tty));
    tty->pass = pass;
    tty->session.size = *size;
    tty->session.packed = &tty->packed;
}

/* --- size ------------------------------------------------------------------------------------- */

static LONG pack(const struct sbx_tty_size *size)
{
    return (LONG)size->columns << 16 | size->rows;
}

static bool console_size(HANDLE out, struct sbx_tty_size *ret_size)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    int columns, rows;

    if (!GetConsoleScreenBufferInfo(out, &info))
        return false;
    columns = info.srWindow.Right - info.srWindow.Left + 1;
    rows = info.srWindow.Bottom - info.srWindow.Top + 1;
    if (columns < 1 || rows < 1 || columns > (int)SBX_TTY_SIZE_MAX || rows > (int)SBX_TTY_SIZE_MAX)
        return false;
    ret_size->columns = (uint16_t)columns;
    ret_size->rows = (uint16_t)rows;
    return true;
}

/* A console says nothing when its window changes, unless its input is read as events. */
static DWORD WINAPI follow_size(void *context)
{
    struct sbx_tty *tty = context;
    struct sbx_tty_size size;

    while (!tty->ended) {
        Sleep(SIZE_MS);
        if (console_size(tty->out, &size) && pack(&size) != tty->packed) {
            InterlockedExchange(&tty->packed, pack(&size));
            SetEvent(tty->session.changed);
        }
    }
    return 0;
}

static void choose_size(struct sbx_tty *tty)
{
    static const struct sbx_tty_size usual = {80, 25};

    if (!tty->session.size.columns &&
        !(tty->out_is_console && console_size(tty->out, &tty->session.size)))
        tty->session.size = usual;
    tty->packed = pack(&tty->session.size);
}

/* --- copying ---------------------------------------------------------------------------------- */

/* What the terminal is not asked, because it does not pass the filter, is answered here. */
static void answer_host(struct sbx_tty *tty, const struct sbx_vtfilter *filter)
{
    if (!filter->asked || !tty->answers)
        return;
    sbx_stream_write(tty->answers, sbx_vtfilter_attributes, strlen(sbx_vtfilter_attributes));
    sbx_handle_close(&tty->answers);
}

/* The screen to the terminal. After the terminal is gone it is still read: the host must not wait.
 */
static DWORD WINAPI copy_screen(void *context)
{
    struct sbx_tty *tty = context;
    struct sbx_vtfilter filter;
    char part[PART_BYTES];
    struct sbx_buf out;
    DWORD length = 0;
    bool open = true;

    sbx_vtfilter_init(&filter);
    sbx_buf_init(&out, PART_BYTES + 8);
    while (sbx_stream_read(tty->screen, part, sizeof(part), &length)) {
        if (tty->pass) {
            open = open && sbx_stream_write(tty->out, part, length);
            continue;
        }
        sbx_buf_clear(&out);
        if (sbx_vtfilter_feed(&filter, part, length, &out, NULL))
            break;
        answer_host(tty, &filter);
        open = open && sbx_stream_write(tty->out, out.data ? out.data : "", out.length_bytes);
    }
    sbx_handle_close(&tty->answers);
    sbx_buf_done(&out);
    return 0;
}

/*
 * Keys to the pseudo console. It may wait for a key for ever: then the process's end ends it. What
 * it uses is its own, so the rest can be released without it.
 */
struct keys {
    HANDLE from, to;
    bool is_console;
};

static DWORD WINAPI copy_keys(void *context)
{
    struct keys keys = *(struct keys *)context;
    struct sbx_console_input console = {.handle = keys.from};
    char part[4096];
    DWORD length = 0;

    free(context);
    while (keys.is_console ? sbx_console_read(&console, part, sizeof(part), &length)
                           : sbx_stream_read(keys.from, part, sizeof(part), &length))
        if (!sbx_stream_write(keys.to, part, length))
            break;
    sbx_handle_close(&keys.to);
    return 0;
}

/* --- the terminal ----------------------------------------------------------------------------- */

static void raw_mode(struct sbx_tty *tty)
{
    if (tty->in_is_console) {
        GetConsoleMode(tty->in, &tty->in_mode);
        SetConsoleMode(tty->in, VT_INPUT);
    }
    if (tty->out_is_console) {
        tty->out_code_page = GetConsoleOutputCP();
        GetConsoleMode(tty->out, &tty->out_mode);
        SetConsoleMode(
            tty->out, tty->out_mode | ENABLE_PROCESSED_OUTPUT | VT_PROCESSING | VT_NO_RETURN);
        SetConsoleOutputCP(CP_UTF8);
    }
}

static void restore(struct sbx_tty *tty)
{
    if (tty->out_is_console) {
        sbx_stream_write(tty->out, sbx_vtfilter_reset, strlen(sbx_vtfilter_reset));
        SetConsoleMode(tty->out, tty->out_mode);
        SetConsoleOutputCP(tty->out_code_page);
    }
    if (tty->in_is_console)
        SetConsoleMode(tty->in, tty->in_mode);
}

static HANDLE standard(DWORD which)
{
    HANDLE handle = GetStdHandle(which);

    return sbx_handle_is_open(handle) ? handle : NULL;
}

/* tty->keys keeps the pipe open when the thread has come to the end of the caller's input. */
static enum sbx_status open_keys(struct sbx_tty *tty, struct sbx_error *err)
{
    struct sbx_pipe pipe = {0};
    struct keys *keys = NULL;
    enum sbx_status status = sbx_pipe_new(0, &pipe, err);

    if (status)
        return status;
    tty->child[0] = pipe.read;
    tty->owned[0] = true;
    tty->keys = pipe.write;
    if (!tty->pass)
        status = sbx_handle_duplicate(tty->keys, false, &tty->answers, err);
    if (status || !tty->in)
        return status;
    status = sbx_calloc(1, sizeof(*keys), &keys, err);
    if (status)
        return status;
    keys->from = tty->in;
    keys->is_console = tty->in_is_console;
    status = sbx_handle_duplicate(tty->keys, false, &keys->to, err);
    if (!status)
        status = sbx_thread_start(copy_keys, keys, &tty->threads[0], err);
    if (status) {
        sbx_handle_close(&keys->to);
        free(keys);
    }
    return status;
}

static enum sbx_status open_screen(struct sbx_tty *tty, struct sbx_error *err)
{
    struct sbx_pipe pipe = {0};
    enum sbx_status status;

    /* The console host writes as one does to a handle that is not overlapped: pipes may be. */
    if (tty->pass && tty->out && GetFileType(tty->out) == FILE_TYPE_DISK) {
        tty->child[1] = tty->out;
        return SBX_OK;
    }
    status = sbx_pipe_new(0, &pipe, err);
    if (status)
        return status;
    tty->child[1] = pipe.write;
    tty->owned[1] = true;
    tty->screen = pipe.read;
    return sbx_thread_start(copy_screen, tty, &tty->threads[1], err);
}

static void close_streams(void *context)
{
    struct sbx_tty *tty = context;
    size_t i;

    for (i = 0; i < countof(tty->child); i++)
        if (tty->owned[i])
            sbx_handle_close(&tty->child[i]);
    sbx_handle_close(&tty->keys);
    InterlockedExchange(&tty->ended, 1);
    if (tty->threads[1] && WaitForSingleObject(tty->threads[1], DRAIN_MS) == WAIT_OBJECT_0)
        sbx_handle_close(&tty->screen); /* else the thread still uses it */
    if (tty->threads[2])
        WaitForSingleObject(tty->threads[2], 4 * SIZE_MS);
    if (!tty->threads[1]) /* which closes it otherwise */
        sbx_handle_close(&tty->answers);
    for (i = 0; i < countof(tty->threads); i++)
        sbx_handle_close(&tty->threads[i]);
    restore(tty);
}

static enum sbx_status open_streams(void *context, HANDLE ret_child[3], struct sbx_error *err)
{
    struct sbx_tty *tty = context;
    enum sbx_status status;
    DWORD code;

    tty->in = standard(STD_INPUT_HANDLE);
    tty->out = standard(STD_OUTPUT_HANDLE);
    tty->in_is_console = tty->in && sbx_spawn_is_console(tty->in);
    tty->out_is_console = tty->out && sbx_spawn_is_console(tty->out);
    choose_size(tty);
    tty->session.changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    code = GetLastError();
    if (!tty->session.changed)
        return sbx_fail_win32(err, code, "event for the terminal's size");
    raw_mode(tty);
    status = open_keys(tty, err);
    if (!status)
        status = open_screen(tty, err);
    if (!status && tty->out_is_console)
        status = sbx_thread_start(follow_size, tty, &tty->threads[2], err);
    if (status) {
        close_streams(tty);
        return status;
    }
    ret_child[0] = tty->child[0];
    ret_child[1] = tty->child[1];
    ret_child[2] = NULL;
    return SBX_OK;
}

/* As for other streams: the caller sees the end of each when the child's side ends. */
static void handed_over(void *context)
{
    static const DWORD ids[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};
    struct sbx_tty *tty = context;
    HANDLE gone[countof(ids)] = {NULL};
    size_t i;

    for (i = 0; i < countof(ids); i++) {
        const bool ours = tty->owned[i];

        if (!ours && tty->child[i] == GetStdHandle(STD_ERROR_HANDLE))
            continue; /* our own messages go there */
        if (!ours)
            SetStdHandle(ids[i], NULL);
        gone[i] = tty->child[i];
        tty->child[i] = NULL;
        tty->owned[i] = false;
    }
    sbx_handle_close_each(gone, countof(gone));
}

struct sbx_session_streams sbx_tty_streams(struct sbx_tty *tty)
{
    const struct sbx_session_streams streams = {open_streams, handed_over, close_streams, tty};

    return streams;
}
