/* See ask.h. */
#include "ask.h"

#include "shared/core/capsid.h"
#include "shared/core/utf.h"
#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define TEXT_MAX_BYTES 16384u
#define LINE_MAX_CCH 16u

struct console {
    HANDLE in, out;
    HANDLE cancelled; /* Ctrl-C; borrowed */
    DWORD in_mode;
};

static bool open_end(const wchar_t *name_w, HANDLE *ret_end)
{
    *ret_end = CreateFileW(name_w, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
        NULL, OPEN_EXISTING, 0, NULL);
    return *ret_end != INVALID_HANDLE_VALUE;
}

static void close_console(struct console *console)
{
    if (console->in)
        SetConsoleMode(console->in, console->in_mode);
    sbx_handle_close(&console->in);
    sbx_handle_close(&console->out);
}

/* Keys one by one: no echo and no line editing of the system's, so that waiting can end. */
static enum sbx_status open_console(struct console *console, struct sbx_error *err)
{
    if (!open_end(L"CONIN$", &console->in) || !open_end(L"CONOUT$", &console->out) ||
        !GetConsoleMode(console->in, &console->in_mode)) {
        sbx_handle_close(&console->in);
        sbx_handle_close(&console->out);
        return sbx_fail(err, SBX_UNSUPPORTED, "there is no console to ask on");
    }
    SetConsoleMode(console->in, ENABLE_PROCESSED_INPUT);
    return sbx_consolectl_install(&console->cancelled, err);
}

static void put(const struct console *console, const char *text)
{
    wchar_t *text_w = NULL;
    DWORD written = 0;

    if (!sbx_wstr_from_utf8(text, &text_w, NULL))
        WriteConsoleW(console->out, text_w, (DWORD)wcslen(text_w), &written, NULL);
    free(text_w);
}

/* "agent: the command wants to ...": every line is ours, what came from outside is in quotes. */
static enum sbx_status put_question(const struct console *console,
    const struct sbx_approval_question *question, struct sbx_error *err)
{
    static const char *const what[] = {"?", "May this command run", "May the command write in",
        "May the command use your desktop", "May the command use the network"};
    char subject[2048], reason[512], cwd[512];
    struct sbx_buf text;
    enum sbx_status status;

    sbx_utf_printable(question->subject, strlen(question->subject), subject, sizeof(subject));
    sbx_utf_printable(question->cwd, strlen(question->cwd), cwd, sizeof(cwd));
    sbx_utf_printable(question->reason ? question->reason : "",
        question->reason ? strlen(question->reason) : 0, reason, sizeof(reason));
    sbx_buf_init(&text, TEXT_MAX_BYTES);
    status = sbx_buf_printf(&text, err,
        "\r\nagent: %s?\r\n  '%s'\r\n  in '%s'\r\n%s%s%s"
        "  once, session, deny or never (no answer within %u s is deny): ",
        what[(size_t)question->kind < countof(what) ? question->kind : 0], subject, cwd,
        reason[0] ? "  rule: '" : "", reason, reason[0] ? "'\r\n" : "",
        (unsigned)(question->timeout_ms / 1000));
    if (!status)
        put(console, text.data);
    sbx_buf_done(&text);
    return status;
}

/* One event into the line. @return true when the line is whole */
static bool take_key(
    const struct console *console, const INPUT_RECORD *record, wchar_t *line_w, size_t *cch)
{
    const wchar_t key = record->Event.KeyEvent.uChar.UnicodeChar;
    wchar_t shown_w[2] = {key, 0};
    DWORD written = 0;

    if (record->EventType != KEY_EVENT || !record->Event.KeyEvent.bKeyDown || !key)
        return false;
    if (key == L'\r' || key == L'\n')
        return true;
    if (key == L'\b') {
        if (*cch) {
            (*cch)--;
            WriteConsoleW(console->out, L"\b \b", 3, &written, NULL);
        }
        return false;
    }
    /* What is longer than any answer stays longer: it must not become one by being cut. */
    if (*cch + 1 < LINE_MAX_CCH)
        line_w[(*cch)++] = key;
    if (key >= L' ')
        WriteConsoleW(console->out, shown_w, 1, &written, NULL);
    return false;
}

static enum sbx_status read_line(const struct console *console, uint64_t deadline_ms,
    wchar_t *line_w, size_t *ret_cch, struct sbx_error *err)
{
    INPUT_RECORD record;
    const HANDLE handles[] = {console->cancelled, console->in};
    DWORD count = 0, code, left, which;
    size_t cch = 0;

    for (;;) {
        left = sbx_clock_left_ms(deadline_ms);
        which =
            left ? WaitForMultipleObjects(countof(handles), handles, FALSE, left) : WAIT_TIMEOUT;
        if (which == WAIT_TIMEOUT)
            return sbx_fail(err, SBX_TIMEOUT, "no answer in time");
        if (which == WAIT_OBJECT_0)
            return sbx_fail(err, SBX_CANCELLED, "Ctrl-C instead of an answer");
        if (!ReadConsoleInputW(console->in, &record, 1, &count)) {
            code = GetLastError();
            return sbx_fail_win32(err, code, "read the answer");
        }
        if (count && take_key(console, &record, line_w, &cch))
            break;
    }
    *ret_cch = cch;
    return SBX_OK;
}

static enum sbx_approval_choice read_choice(const wchar_t *line_w, size_t cch)
{
    char line[LINE_MAX_CCH];
    size_t i;

    for (i = 0; i < cch; i++)
        line[i] = line_w[i] < 128 ? (char)line_w[i] : '?';
    return sbx_approval_choice_read(line, cch);
}

/* Whoever sits there: the account this process runs as is what can be said. */
static void name_asker(char by[SBX_APPROVAL_BY_MAX])
{
    struct sbx_sid user;
    char *name = NULL;

    if (!sbx_sid_of_current_user(&user, NULL) && !sbx_sid_to_account(&user, &name, NULL))
        snprintf(by, SBX_APPROVAL_BY_MAX, "console: %s", name);
    else
        snprintf(by, SBX_APPROVAL_BY_MAX, "console");
    free(name);
}

enum sbx_status sbx_ask_console(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err)
{
    const uint64_t deadline_ms = sbx_clock_ms() + question->timeout_ms;
    wchar_t line_w[LINE_MAX_CCH];
    struct console console = {0};
    enum sbx_status status;
    size_t cch = 0;

    (void)context;
    status = open_console(&console, err);
    if (status) {
        close_console(&console);
        return status;
    }
    status = put_question(&console, question, err);
    FlushConsoleInputBuffer(console.in);
    while (!status && ret_answer->choice == SBX_CHOICE_NONE) {
        status = read_line(&console, deadline_ms, line_w, &cch, err);
        put(&console, "\r\n");
        if (!status)
            ret_answer->choice = read_choice(line_w, cch);
        if (!status && ret_answer->choice == SBX_CHOICE_NONE)
            put(&console, "  once, session, deny or never: ");
    }
    if (!status)
        name_asker(ret_answer->by);
    close_console(&console);
    return status;
}
