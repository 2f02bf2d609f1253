/* Pipes: sizes and deadlines are ours, never the peer's; names cannot be squatted unnoticed. */
#include "tests/support/unit.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_pipe pair;
static struct sbx_buf descriptor;
static char name[128];

static void setup(void)
{
    struct sbx_sd_people people = {0};
    static unsigned number;

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &pair, &err), &err);
    ck_assert_sbx_ok(sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], &err), &err);
    sbx_buf_init(&descriptor, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_sd_build_bytes(&sbx_sd_private_pipe, &people, &descriptor, &err), &err);
    snprintf(name, sizeof(name), "\\\\.\\pipe\\sbx-test-%lu-%u", GetCurrentProcessId(), number++);
}

static void teardown(void)
{
    sbx_pipe_close(&pair);
    sbx_buf_done(&descriptor);
}

static PSECURITY_DESCRIPTOR sd(void)
{
    return (PSECURITY_DESCRIPTOR)(void *)descriptor.data;
}

START_TEST(pipe__ends__are_not_inheritable)
{
    DWORD flags = HANDLE_FLAG_INHERIT;

    ck_assert(GetHandleInformation(pair.read, &flags));
    ck_assert_uint_eq(flags & HANDLE_FLAG_INHERIT, 0);
    ck_assert(GetHandleInformation(pair.write, &flags));
    ck_assert_uint_eq(flags & HANDLE_FLAG_INHERIT, 0);
}
END_TEST

START_TEST(pipe__nothing_comes__ends_at_the_deadline)
{
    uint64_t start_ms = sbx_clock_ms();
    char bytes[4];

    ck_assert_int_eq(sbx_pipe_read_exact(pair.read, bytes, 4, 200, &err), SBX_TIMEOUT);
    ck_assert_uint_ge(sbx_clock_ms() - start_ms, 190);
    ck_assert_uint_lt(sbx_clock_ms() - start_ms, 5000);
    ck_assert_sbx_ok(sbx_pipe_write(pair.write, "ab", 2, &err), &err);
    ck_assert_int_eq(sbx_pipe_read_exact(pair.read, bytes, 4, 100, &err), SBX_TIMEOUT);
}
END_TEST

START_TEST(pipe__writer_gone__says_how_much_is_missing)
{
    char bytes[4];

    ck_assert_sbx_ok(sbx_pipe_write(pair.write, "ab", 2, &err), &err);
    sbx_handle_close(&pair.write);
    ck_assert_int_eq(sbx_pipe_read_exact(pair.read, bytes, 4, 5000, &err), SBX_NOT_FOUND);
    ck_assert_uint_eq(err.code, ERROR_BROKEN_PIPE);
    ck_assert_ptr_nonnull(strstr(err.context, "2 of 4 bytes"));
}
END_TEST

START_TEST(pipe__reader_gone__fails)
{
    sbx_handle_close(&pair.read);
    ck_assert_int_ne(sbx_pipe_write(pair.write, "ab", 2, &err), SBX_OK);
}
END_TEST

static DWORD WINAPI write_lot(void *context)
{
    static char bytes[300000];
    struct sbx_error own;
    enum sbx_status status;

    (void)context;
    memset(bytes, 'x', sizeof(bytes));
    sbx_error_init(&own);
    status = sbx_pipe_write(pair.write, bytes, sizeof(bytes), &own);
    sbx_handle_close(&pair.write);
    return (DWORD)status;
}

START_TEST(pipe__read_all__has_a_cap)
{
    HANDLE thread = CreateThread(NULL, 0, write_lot, NULL, 0, NULL);
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, _i ? 299999 : 300000);
    ck_assert_int_eq(sbx_pipe_read_all(pair.read, 10000, &bytes, &err), _i ? SBX_INVALID : SBX_OK);
    sbx_handle_close(&pair.read);
    ck_assert_uint_eq(WaitForSingleObject(thread, 10000), WAIT_OBJECT_0);
    if (!_i)
        ck_assert_uint_eq(bytes.length_bytes, 300000);
    sbx_handle_close(&thread);
    sbx_buf_done(&bytes);
}
END_TEST

START_TEST(named_pipe__both_ends__talk_and_know_each_other)
{
    struct sbx_named_pipe server = {0}, client = {0};
    uint32_t pid = 0;
    char bytes[8] = {0};

    ck_assert_sbx_ok(sbx_named_pipe_listen(name, sd(), &server, &err), &err);
    ck_assert_sbx_ok(
        sbx_named_pipe_connect(name, 2000, GetCurrentProcessId(), &client, &err), &err);
    ck_assert_sbx_ok(sbx_named_pipe_accept(&server, 2000, &err), &err);
    ck_assert_sbx_ok(sbx_named_pipe_peer(&server, &pid, &err), &err);
    ck_assert_uint_eq(pid, GetCurrentProcessId());
    ck_assert_sbx_ok(sbx_named_pipe_write(&client, "hello", 5, 2000, &err), &err);
    ck_assert_sbx_ok(sbx_named_pipe_read(&server, bytes, 5, 2000, &err), &err);
    ck_assert_str_eq(bytes, "hello");
    ck_assert_int_eq(sbx_named_pipe_read(&server, bytes, 1, 100, &err), SBX_TIMEOUT);
    sbx_named_pipe_close(&client);
    ck_assert_int_ne(sbx_named_pipe_read(&server, bytes, 1, 2000, &err), SBX_OK);
    ck_assert_int_ne(err.status, SBX_TIMEOUT);
    sbx_named_pipe_close(&server);
}
END_TEST

START_TEST(named_pipe__foreign_server__is_refused)
{
    struct sbx_named_pipe server = {0}, client = {0};

    ck_assert_sbx_ok(sbx_named_pipe_listen(name, sd(), &server, &err), &err);
    ck_assert_int_eq(
        sbx_named_pipe_connect(name, 2000, GetCurrentProcessId() + 4, &client, &err), SBX_DENIED);
    ck_assert_ptr_null(client.handle);
    sbx_named_pipe_close(&server);
}
END_TEST

START_TEST(named_pipe__taken_name__is_refused)
{
    struct sbx_named_pipe first = {0}, second = {0};

    ck_assert_sbx_ok(sbx_named_pipe_listen(name, sd(), &first, &err), &err);
    ck_assert_int_eq(sbx_named_pipe_listen(name, sd(), &second, &err), SBX_EXISTS);
    sbx_named_pipe_close(&first);
    ck_assert_sbx_ok(sbx_named_pipe_listen(name, sd(), &second, &err), &err);
    sbx_named_pipe_close(&second);
}
END_TEST

START_TEST(named_pipe__waits__have_deadlines)
{
    struct sbx_named_pipe server = {0}, client = {0};

    ck_assert_int_eq(sbx_named_pipe_connect(name, 100, 0, &client, &err), SBX_TIMEOUT);
    ck_assert_sbx_ok(sbx_named_pipe_listen(name, sd(), &server, &err), &err);
    ck_assert_int_eq(sbx_named_pipe_accept(&server, 100, &err), SBX_TIMEOUT);
    sbx_named_pipe_close(&server);
}
END_TEST

static const char *const bad_names[] = {"\\\\server\\pipe\\x", "\\\\.\\pipe\\", "\\\\.\\pipe\\a\\b",
    "pipe", "\\\\.\\C:", "\\\\?\\pipe\\x"};

START_TEST(named_pipe__other_names__are_refused)
{
    struct sbx_named_pipe pipe = {0};

    ck_assert_int_eq(sbx_named_pipe_listen(bad_names[_i], sd(), &pipe, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_named_pipe_connect(bad_names[_i], 10, 0, &pipe, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_named_pipe_listen(name, NULL, &pipe, &err), SBX_INTERNAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pipe__ends__are_not_inheritable);
    tcase_add_test(tcase, pipe__nothing_comes__ends_at_the_deadline);
    tcase_add_test(tcase, pipe__writer_gone__says_how_much_is_missing);
    tcase_add_test(tcase, pipe__reader_gone__fails);
    tcase_add_loop_test(tcase, pipe__read_all__has_a_cap, 0, 2);
    tcase_add_test(tcase, named_pipe__both_ends__talk_and_know_each_other);
    tcase_add_test(tcase, named_pipe__foreign_server__is_refused);
    tcase_add_test(tcase, named_pipe__taken_name__is_refused);
    tcase_add_test(tcase, named_pipe__waits__have_deadlines);
    tcase_add_loop_test(tcase, named_pipe__other_names__are_refused, 0, countof(bad_names));
}

UNIT_MAIN("pipe", add_tests)
