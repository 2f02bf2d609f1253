/*
 * The caller's terminal of `run --tty`: the test is the terminal on one side (pipes for standard
 * input and output) and on the other a console host that behaves as those of Windows do and Wine's
 * does not: it asks what terminal it has when it starts.
 */
#include "tests/support/unit.h"

#include "agent/tty.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/stream.h"

/* What a console host of Windows 11 24H2 begins with. */
static const char greeting[] = "\x1b[1t\x1b[c\x1b[?1004h\x1b[?9001h";

static struct sbx_error err;
static struct sbx_pipe keyboard, screen; /* the terminal's */
static struct sbx_tty tty;
static struct sbx_session_streams streams;
static HANDLE host_in, host_out; /* the console host's */
static HANDLE old_in, old_out;

static void begin(bool pass)
{
    const struct sbx_tty_size size = {80, 25};
    HANDLE child[3] = {NULL};

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &keyboard, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &screen, &err), &err);
    old_in = GetStdHandle(STD_INPUT_HANDLE);
    old_out = GetStdHandle(STD_OUTPUT_HANDLE);
    SetStdHandle(STD_INPUT_HANDLE, keyboard.read);
    SetStdHandle(STD_OUTPUT_HANDLE, screen.write);
    sbx_tty_init(&tty, &size, pass);
    streams = sbx_tty_streams(&tty);
    ck_assert_sbx_ok(streams.open(streams.context, child, &err), &err);
    ck_assert_sbx_ok(sbx_handle_duplicate(child[0], false, &host_in, &err), &err);
    ck_assert_sbx_ok(sbx_handle_duplicate(child[1], false, &host_out, &err), &err);
    streams.handed_over(streams.context);
}

static void end(void)
{
    sbx_handle_close(&host_in);
    sbx_handle_close(&host_out);
    streams.close(streams.context);
    SetStdHandle(STD_INPUT_HANDLE, old_in);
    SetStdHandle(STD_OUTPUT_HANDLE, old_out);
    sbx_handle_close(&keyboard.write); /* the thread that reads the other end, ends */
    sbx_pipe_close(&screen);
}

static void host_gets(const char *text)
{
    char bytes[64] = "";

    ck_assert_sbx_ok(sbx_pipe_read_exact(host_in, bytes, strlen(text), 5000, &err), &err);
    ck_assert_str_eq(bytes, text);
}

static void terminal_gets(const char *text)
{
    char bytes[128] = "";

    ck_assert_sbx_ok(sbx_pipe_read_exact(screen.read, bytes, strlen(text), 5000, &err), &err);
    ck_assert_str_eq(bytes, text);
}

START_TEST(neutral__host_that_asks__is_answered_once_and_the_terminal_not_asked)
{
    begin(false);
    ck_assert(sbx_stream_write(host_out, greeting, sizeof(greeting) - 1));
    host_gets("\x1b[?61;22c");
    ck_assert(sbx_stream_write(host_out, "a\x1b[cb", 5)); /* a program's own question */
    terminal_gets("ab");
    ck_assert(sbx_stream_write(keyboard.write, "k", 1));
    host_gets("k");
    end();
}
END_TEST

START_TEST(pass__host_that_asks__asks_the_terminal)
{
    begin(true);
    ck_assert(sbx_stream_write(host_out, greeting, sizeof(greeting) - 1));
    terminal_gets(greeting);
    ck_assert(sbx_stream_write(keyboard.write, "\x1b[?6c", 5));
    host_gets("\x1b[?6c");
    end();
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, neutral__host_that_asks__is_answered_once_and_the_terminal_not_asked);
    tcase_add_test(tcase, pass__host_that_asks__asks_the_terminal);
}

UNIT_MAIN("tty", add_tests)
