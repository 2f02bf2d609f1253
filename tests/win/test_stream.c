/* Streams that others made: overlapped or not, 0 bytes that are no end, consoles. */
#include "tests/support/unit.h"

#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/stream.h"

#include <stdio.h>

static struct sbx_error err;

/* A pair as libuv makes it for 'overlapped': both ends, both ways, opened for overlapped I/O. */
static void open_overlapped(HANDLE *ret_server, HANDLE *ret_client)
{
    static unsigned number;
    char name[96];

    snprintf(name, sizeof(name), "\\\\.\\pipe\\sbx-stream-%lu-%u", GetCurrentProcessId(), number++);
    *ret_server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1, 4096, 4096, 0, NULL);
    ck_assert(*ret_server != INVALID_HANDLE_VALUE);
    *ret_client = CreateFileA(
        name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    ck_assert(*ret_client != INVALID_HANDLE_VALUE);
}

struct late_write {
    HANDLE to;
    const char *text;
};

static DWORD WINAPI write_late(void *context)
{
    const struct late_write *late = context;

    Sleep(150);
    return sbx_stream_write(late->to, late->text, strlen(late->text));
}

static DWORD WINAPI write_nothing_then_text(void *context)
{
    DWORD done = 7;

    Sleep(100);
    WriteFile(context, "", 0, &done, NULL);
    Sleep(100);
    return sbx_stream_write(context, "after", 5);
}

START_TEST(pipe__somebody_writes_nothing__is_not_the_end)
{
    struct sbx_pipe pipe = {0};
    char bytes[64];
    DWORD length = 0;
    HANDLE writer;

    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    writer = CreateThread(NULL, 0, write_nothing_then_text, pipe.write, 0, NULL);
    ck_assert(sbx_stream_read(pipe.read, bytes, sizeof(bytes), &length));
    ck_assert_uint_eq(length, 5);
    ck_assert_mem_eq(bytes, "after", 5);
    WaitForSingleObject(writer, INFINITE);
    sbx_handle_close(&pipe.write);
    ck_assert(!sbx_stream_read(pipe.read, bytes, sizeof(bytes), &length));
    sbx_pipe_close(&pipe);
    sbx_handle_close(&writer);
}
END_TEST

/* The same where Wine shows it: its byte pipes swallow what its message pipes deliver. */
START_TEST(message_pipe__somebody_writes_nothing__is_not_the_end)
{
    char name[96], bytes[64];
    HANDLE server, client, writer;
    DWORD length = 0;

    snprintf(name, sizeof(name), "\\\\.\\pipe\\sbx-message-%lu", GetCurrentProcessId());
    server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX,
        PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, 4096, 4096, 0, NULL);
    ck_assert(server != INVALID_HANDLE_VALUE);
    client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(client != INVALID_HANDLE_VALUE);
    writer = CreateThread(NULL, 0, write_nothing_then_text, client, 0, NULL);
    ck_assert(sbx_stream_read(server, bytes, sizeof(bytes), &length));
    ck_assert_uint_eq(length, 5);
    WaitForSingleObject(writer, INFINITE);
    sbx_handle_close(&client);
    ck_assert(!sbx_stream_read(server, bytes, sizeof(bytes), &length));
    sbx_handle_close(&server);
    sbx_handle_close(&writer);
}
END_TEST

/* On one file object that was opened for overlapped I/O, a write ends while a read is under way. */
START_TEST(overlapped__write_during_a_read__read_waits_for_its_own)
{
    HANDLE server = NULL, client = NULL, writer, echo;
    struct late_write to_server = {NULL, "mine"}, to_client = {NULL, "yours"};
    char bytes[64] = "";
    DWORD length = 0;

    open_overlapped(&server, &client);
    to_server.to = client; /* completes on the handle that is read */
    writer = CreateThread(NULL, 0, write_late, &to_server, 0, NULL);
    Sleep(100);
    to_client.to = server;
    echo = CreateThread(NULL, 0, write_late, &to_client, 0, NULL);
    ck_assert(sbx_stream_read(client, bytes, sizeof(bytes), &length));
    ck_assert_uint_eq(length, 5);
    ck_assert_mem_eq(bytes, "yours", 5);
    ck_assert(sbx_stream_read(server, bytes, sizeof(bytes), &length));
    ck_assert_uint_eq(length, 4);
    WaitForSingleObject(writer, INFINITE);
    WaitForSingleObject(echo, INFINITE);
    sbx_handle_close(&server);
    ck_assert(!sbx_stream_read(client, bytes, sizeof(bytes), &length));
    sbx_handle_close(&client);
    sbx_handle_close(&writer);
    sbx_handle_close(&echo);
}
END_TEST

START_TEST(one_file__overlapped_or_not__is_told)
{
    struct sbx_pipe pipe = {0};
    HANDLE server = NULL, client = NULL, copy = NULL, plain;
    char name[96];

    open_overlapped(&server, &client);
    ck_assert_sbx_ok(sbx_handle_duplicate(client, false, &copy, &err), &err);
    ck_assert(!sbx_stream_is_one_at_a_time(client, copy));
    sbx_handle_close(&client);
    sbx_handle_close(&copy);
    sbx_handle_close(&server);
    snprintf(name, sizeof(name), "\\\\.\\pipe\\sbx-plain-%lu", GetCurrentProcessId());
    server = CreateNamedPipeA(
        name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
    plain = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(server != INVALID_HANDLE_VALUE && plain != INVALID_HANDLE_VALUE);
    ck_assert_sbx_ok(sbx_handle_duplicate(plain, false, &copy, &err), &err);
    ck_assert(sbx_stream_is_one_at_a_time(plain, copy));
    ck_assert(sbx_stream_is_one_at_a_time(plain, plain));
    sbx_handle_close(&plain);
    sbx_handle_close(&copy);
    sbx_handle_close(&server);
    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    ck_assert(!sbx_stream_is_one_at_a_time(pipe.read, pipe.write));
    sbx_pipe_close(&pipe);
}
END_TEST

/* Our parent may have tied the file to a completion port; its packets are not for it. */
START_TEST(overlapped__completion_port__gets_nothing)
{
    HANDLE server = NULL, client = NULL, port;
    OVERLAPPED *packet = NULL;
    ULONG_PTR key = 0;
    char bytes[64];
    DWORD length = 0;

    open_overlapped(&server, &client);
    port = CreateIoCompletionPort(client, NULL, 1, 1);
    ck_assert_ptr_nonnull(port);
    ck_assert(sbx_stream_write(server, "abc", 3));
    ck_assert(sbx_stream_read(client, bytes, sizeof(bytes), &length));
    ck_assert_uint_eq(length, 3);
    ck_assert(!GetQueuedCompletionStatus(port, &length, &key, &packet, 200));
    ck_assert_ptr_null(packet);
    sbx_handle_close(&server);
    sbx_handle_close(&client);
    sbx_handle_close(&port);
}
END_TEST

START_TEST(file_and_nul__end_is_the_end)
{
    char folder[MAX_PATH], path[MAX_PATH], bytes[64];
    DWORD length = 0;
    HANDLE file, nul;

    ck_assert(GetTempPathA(sizeof(folder), folder) && GetTempFileNameA(folder, "sbx", 0, path));
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
        FILE_FLAG_DELETE_ON_CLOSE, NULL);
    ck_assert(file != INVALID_HANDLE_VALUE);
    ck_assert(sbx_stream_write(file, "abc", 3) && sbx_stream_write(file, "de", 2));
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    ck_assert(sbx_stream_read(file, bytes, sizeof(bytes), &length));
    ck_assert_uint_eq(length, 5);
    ck_assert_mem_eq(bytes, "abcde", 5);
    ck_assert(!sbx_stream_read(file, bytes, sizeof(bytes), &length));
    CloseHandle(file);
    nul = CreateFileA("NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(!sbx_stream_read(nul, bytes, sizeof(bytes), &length));
    CloseHandle(nul);
}
END_TEST

START_TEST(console_utf8__any_split__is_the_same_text)
{
    /* a, u-umlaut, euro, a pair, a high without a low, a low alone, z */
    static const WCHAR text_w[] = {
        'a', 0xfc, 0x20ac, 0xd83d, 0xde00, 0xd83d, 'b', 0xde00, 0xd83d, 0xd83d, 0xde00, 'z'};
    static const char expected[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd"
                                   "b\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80z";
    size_t split;

    for (split = 0; split <= countof(text_w); split++) {
        char out[3 * (countof(text_w) + 2)];
        WCHAR high = 0;
        size_t length = sbx_console_utf8(&high, text_w, split, out);

        length += sbx_console_utf8(&high, text_w + split, countof(text_w) - split, out + length);
        ck_assert_uint_eq(length, sizeof(expected) - 1);
        ck_assert_mem_eq(out, expected, length);
        ck_assert_uint_eq(high, 0);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, pipe__somebody_writes_nothing__is_not_the_end);
    tcase_add_test(tcase, message_pipe__somebody_writes_nothing__is_not_the_end);
    tcase_add_test(tcase, overlapped__write_during_a_read__read_waits_for_its_own);
    tcase_add_test(tcase, overlapped__completion_port__gets_nothing);
    tcase_add_test(tcase, one_file__overlapped_or_not__is_told);
    tcase_add_test(tcase, file_and_nul__end_is_the_end);
    tcase_add_test(tcase, console_utf8__any_split__is_the_same_text);
}

UNIT_MAIN("stream", add_tests)
