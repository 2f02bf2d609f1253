/*
 * A full-screen program in small: what a program on a pseudo console sees and does.
 *
 *   ttychild              says its size, moves the cursor and asks where it is, colours, draws,
 *                         then reads keys until 'q' and says each; Ctrl-C is an event
 *   ttychild raw          the same, and Ctrl-C is a key
 *   ttychild escapes      writes sequences that act on the terminal that shows it
 *   ttychild attach PID   tries to join the console of another process: 7 when it could
 *
 * It opens its console itself, as Wine gives a child on a pseudo console no standard handles.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static HANDLE in, out;
static volatile LONG interrupted;

static void say(const char *text)
{
    DWORD written = 0;

    WriteConsoleA(out, text, (DWORD)strlen(text), &written, NULL);
}

static BOOL WINAPI on_control(DWORD event)
{
    if (event == CTRL_C_EVENT)
        InterlockedExchange(&interrupted, 1);
    return TRUE;
}

static int open_console(void)
{
    in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
        NULL, OPEN_EXISTING, 0, NULL);
    out = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
        NULL, OPEN_EXISTING, 0, NULL);
    return in != INVALID_HANDLE_VALUE && out != INVALID_HANDLE_VALUE;
}

/* The size, and a cursor that is where it was put. */
static void draw(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    const COORD place = {5, 3}, home = {0, 5};
    char text[100];

    GetConsoleScreenBufferInfo(out, &info);
    snprintf(text, sizeof(text), "size %dx%d\r\n", info.srWindow.Right - info.srWindow.Left + 1,
        info.srWindow.Bottom - info.srWindow.Top + 1);
    say(text);
    SetConsoleCursorPosition(out, place);
    GetConsoleScreenBufferInfo(out, &info);
    snprintf(text, sizeof(text), "cursor %d,%d", info.dwCursorPosition.X, info.dwCursorPosition.Y);
    SetConsoleTextAttribute(out, FOREGROUND_RED);
    say(text);
    SetConsoleTextAttribute(out, FOREGROUND_RED | FOREGROUND_GREEN | FOREGROUND_BLUE);
    SetConsoleCursorPosition(out, home);
    say("ready\r\n");
}

static int read_keys(DWORD mode)
{
    char text[40];

    SetConsoleMode(in, mode);
    for (;;) {
        INPUT_RECORD record;
        DWORD count = 0;

        if (WaitForSingleObject(in, 100) == WAIT_OBJECT_0 &&
            ReadConsoleInputW(in, &record, 1, &count) && count && record.EventType == KEY_EVENT &&
            record.Event.KeyEvent.bKeyDown && record.Event.KeyEvent.uChar.UnicodeChar) {
            wchar_t key = record.Event.KeyEvent.uChar.UnicodeChar;

            snprintf(text, sizeof(text), "key %u\r\n", (unsigned)key);
            say(text);
            if (key == L'q')
                return 5;
        }
        if (InterlockedExchange(&interrupted, 0))
            say("interrupted\r\n");
    }
}

static int escapes(void)
{
    DWORD mode = 0;

    GetConsoleMode(out, &mode);
    SetConsoleMode(out, mode | 4 /* ENABLE_VIRTUAL_TERMINAL_PROCESSING */);
    say("before\x1b]52;c;c2VjcmV0\x07\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"
        "\x1b[6n\x1b[c\x1bPq\x1b\\after\r\n");
    return 0;
}

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    if (argc > 2 && wcscmp(argv_w[1], L"attach") == 0) {
        FreeConsole();
        return AttachConsole((DWORD)wcstoul(argv_w[2], NULL, 10)) ? 7 : 0;
    }
    if (!open_console())
        return 9;
    SetConsoleCtrlHandler(on_control, TRUE);
    if (argc > 1 && wcscmp(argv_w[1], L"escapes") == 0)
        return escapes();
    draw();
    return read_keys(argc > 1 ? 0 : ENABLE_PROCESSED_INPUT);
}
