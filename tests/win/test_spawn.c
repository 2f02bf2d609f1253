/* One place creates processes: what the child gets, and what is refused before one exists. */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"
#include "shared/win/spawn_logon.h"

#include <stdio.h>

static struct sbx_error err;
static char output[65536];

static void setup(void)
{
    sbx_error_init(&err);
    output[0] = '\0';
}

START_TEST(spawn__vector__arrives_unchanged)
{
    static const char *const argv[] = {"child", "args", "", "a b", "\"", "\\\\\"", "C:\\dir\\",
        "%PATH%", "a\tb", "\xC3\xA4\xF0\x9F\x98\x80", "-", "x\\", "^&|<>"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));

    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    ck_assert_str_eq(output, "\n006100200062\n0022\n005c005c0022\n0043003a005c006400690072005c\n"
                             "00250050004100540048"
                             "0025\n006100090062\n00e4d83dde00\n002d\n0078005c\n"
                             "005e0026007c003c003e\n");
}
END_TEST

START_TEST(spawn__exit_code__has_32_bits)
{
    static const char *const argv[] = {"child", "exit", "0xC0000005"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));

    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0xC0000005u);
}
END_TEST

START_TEST(spawn__environment_and_cwd__are_the_given_ones)
{
    static const char *const env_argv[] = {"child", "env", "SBX_TEST"};
    static const char *const none_argv[] = {"child", "env", "SBX_OURS"};
    static const char *const cwd_argv[] = {"child", "cwd"};
    static const wchar_t block[] = L"SBX_TEST=given\0SystemRoot=C:\\windows\0";
    struct sbx_spawn spawn = child_request(env_argv, countof(env_argv));

    SetEnvironmentVariableW(L"SBX_OURS", L"leak");
    spawn.environment_w = block;
    spawn.options &= ~(unsigned)SBX_SPAWN_OUR_ENVIRONMENT;
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    ck_assert_str_eq(output, "given\n");
    spawn.argv = none_argv;
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    ck_assert_str_eq(output, "(none)\n");
    /* The twin: with our environment it is there. */
    spawn = child_request(none_argv, countof(none_argv));
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    ck_assert_str_eq(output, "leak\n");
    spawn = child_request(cwd_argv, countof(cwd_argv));
    spawn.cwd = "C:\\windows";
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    ck_assert_int_eq(_stricmp(output, "C:\\windows\n"), 0);
}
END_TEST

START_TEST(spawn__stdio__each_stream_its_own)
{
    static const char *const argv[] = {"child", "cat"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_pipe in = {0}, out = {0}, problems = {0};
    struct sbx_process process = {0};
    char bytes[8] = {0};
    uint32_t code = 1;

    ck_assert_sbx_ok(sbx_pipe_new(0, &in, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &out, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &problems, &err), &err);
    spawn.std_in = in.read;
    spawn.std_out = out.write;
    spawn.std_err = problems.write;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    sbx_handle_close(&in.read);
    sbx_handle_close(&out.write);
    sbx_handle_close(&problems.write);
    ck_assert_sbx_ok(sbx_pipe_write(in.write, "a\r\n\0b", 5, &err), &err);
    sbx_handle_close(&in.write);
    ck_assert_sbx_ok(sbx_pipe_read_exact(out.read, bytes, 5, 20000, &err), &err);
    ck_assert_int_eq(memcmp(bytes, "a\r\n\0b", 5), 0);
    ck_assert_sbx_ok(sbx_pipe_read_exact(problems.read, bytes, 3, 20000, &err), &err);
    ck_assert_int_eq(memcmp(bytes, "end", 3), 0);
    ck_assert_sbx_ok(sbx_process_wait(&process, 20000, &code, &err), &err);
    ck_assert_uint_eq(code, 0);
    sbx_process_close(&process);
    sbx_pipe_close(&in);
    sbx_pipe_close(&out);
    sbx_pipe_close(&problems);
}
END_TEST

/* stdout == stderr is common; a list with the same handle twice is refused by Windows. */
START_TEST(spawn__same_handle_twice__works)
{
    static const char *const argv[] = {"child", "cat"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_process process = {0};
    struct sbx_pipe pipe = {0};
    char bytes[3];

    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    spawn.std_out = pipe.write;
    spawn.std_err = pipe.write;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_read_exact(pipe.read, bytes, 3, 20000, &err), &err);
    ck_assert_int_eq(memcmp(bytes, "end", 3), 0);
    sbx_process_close(&process);
    sbx_pipe_close(&pipe);
}
END_TEST

/* An inheritable handle that is not in the list stays here; one that is listed arrives. */
START_TEST(spawn__handles__only_listed_ones_are_inherited)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), NULL, TRUE};
    HANDLE low[128], stray[64];
    HANDLE listed = CreateEventW(NULL, TRUE, FALSE, NULL);
    struct sbx_spawn_extra extra = {listed, NULL};
    struct sbx_process process = {0};
    struct sbx_pipe pipe = {0};
    const char *argv[3] = {"child", "open", NULL};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    const char *all[2 + countof(stray)] = {"child", "open"};
    char values[countof(stray)][24], wanted[countof(stray) + 2], bytes[2];
    size_t i;

    /* High handle values, so that the child's own handles cannot have the same number. */
    for (i = 0; i < countof(low); i++)
        low[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (i = 0; i < countof(stray); i++) {
        stray[i] = CreateEventW(&inheritable, TRUE, FALSE, NULL);
        snprintf(values[i], sizeof(values[i]), "%llu", (unsigned long long)(uintptr_t)stray[i]);
        all[2 + i] = values[i];
        wanted[i] = '0';
    }
    memcpy(wanted + countof(stray), "\n", 2);
    spawn.argv = all;
    spawn.argc = countof(all);
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    ck_assert_str_eq(output, wanted);
    argv[2] = values[63];

    /* The listed one: its number is known after creation, so the child reads it suspended. */
    spawn = child_request(argv, countof(argv));
    spawn.extra = &extra;
    spawn.extra_count = 1;
    spawn.options &= ~(unsigned)SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    spawn.std_out = pipe.write;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    ck_assert(extra.ret_value != NULL && extra.ret_value != listed);
    {
        HANDLE copy = NULL;

        ck_assert_msg(DuplicateHandle(process.process, extra.ret_value, GetCurrentProcess(), &copy,
                          0, FALSE, DUPLICATE_SAME_ACCESS),
            "the listed handle is not in the child");
        SetEvent(copy);
        ck_assert_uint_eq(WaitForSingleObject(listed, 0), WAIT_OBJECT_0);
        sbx_handle_close(&copy);
    }
    ck_assert_sbx_ok(sbx_process_resume(&process, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_read_exact(pipe.read, bytes, 2, 20000, &err), &err);
    ck_assert_int_eq(bytes[0], '0');
    sbx_process_close(&process);
    sbx_pipe_close(&pipe);
    sbx_handle_close(&listed);
    for (i = 0; i < countof(stray); i++)
        sbx_handle_close(&stray[i]);
    for (i = 0; i < countof(low); i++)
        sbx_handle_close(&low[i]);
}
END_TEST

START_TEST(spawn__no_leftovers__our_inheritable_duplicates_are_closed)
{
    static const char *const argv[] = {"child", "exit", "0"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    DWORD before = 0, after = 0;
    int i;

    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    spawn = child_request(argv, countof(argv));
    GetProcessHandleCount(GetCurrentProcess(), &before);
    for (i = 0; i < 5; i++) {
        spawn = child_request(argv, countof(argv));
        ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    }
    GetProcessHandleCount(GetCurrentProcess(), &after);
    ck_assert_msg(after <= before + 2, "%lu handles, %lu before", after, before);
}
END_TEST

START_TEST(spawn__suspended__runs_only_after_resume)
{
    static const char *const argv[] = {"child", "exit", "7"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_process process = {0};
    uint32_t code = 0;

    spawn.options &= ~(unsigned)SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    ck_assert_int_eq(sbx_process_wait(&process, 300, &code, &err), SBX_TIMEOUT);
    ck_assert_sbx_ok(sbx_process_resume(&process, &err), &err);
    ck_assert_sbx_ok(sbx_process_wait(&process, 20000, &code, &err), &err);
    ck_assert_uint_eq(code, 7);
    sbx_process_close(&process);
}
END_TEST

START_TEST(spawn__job__holds_the_child_from_birth)
{
    static const char *const argv[] = {"child", "sleep", "60000"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_job_limits limits = {0};
    struct sbx_process process = {0};
    struct sbx_findings findings;
    struct sbx_job job = {0};
    uint32_t code = 0;

    sbx_findings_init(&findings);
    ck_assert_sbx_ok(sbx_job_new(&limits, &findings, &job, &err), &err);
    spawn.job = &job;
    spawn.options &= ~(unsigned)SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    ck_assert_sbx_ok(sbx_job_prove_member(&job, process.process, &err), &err);
    ck_assert_sbx_ok(sbx_process_resume(&process, &err), &err);
    sbx_job_close(&job);
    ck_assert_sbx_ok(sbx_process_wait(&process, 5000, &code, &err), &err);
    sbx_process_close(&process);
}
END_TEST

START_TEST(spawn__to_the_end__code_or_no_process_left)
{
    static const char *const quick[] = {"child", "exit", "9"};
    static const char *const slow[] = {"child", "sleep", "60000"};
    struct sbx_spawn spawn = child_request(quick, countof(quick));
    struct sbx_job_limits limits = {0};
    struct sbx_findings findings;
    struct sbx_job job = {0};
    uint32_t code = 0;
    bool empty = false;

    ck_assert_sbx_ok(sbx_spawn_to_end(&spawn, 20000, &code, &err), &err);
    ck_assert_uint_eq(code, 9);
    sbx_findings_init(&findings);
    ck_assert_sbx_ok(sbx_job_new(&limits, &findings, &job, &err), &err);
    spawn = child_request(slow, countof(slow));
    spawn.job = &job;
    ck_assert_int_eq(sbx_spawn_to_end(&spawn, 300, &code, &err), SBX_TIMEOUT);
    ck_assert_sbx_ok(sbx_job_wait(&job, NULL, 5000, &empty, &err), &err);
    ck_assert(empty);
    sbx_job_close(&job);
}
END_TEST

START_TEST(spawn__own_token__runs_as_us)
{
    static const char *const argv[] = {"child", "exit", "3"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    HANDLE token = NULL;

    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    spawn.token = token;
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 3);
    sbx_handle_close(&token);
}
END_TEST

struct refusal {
    const char *image;
    const char *cwd;
    enum sbx_status status;
    const char *named; /* must be in the text */
};

static const struct refusal refusals[] = {
    {"child.exe", NULL, SBX_INVALID, "child.exe"},
    {"C:child.exe", NULL, SBX_INVALID, "C:child.exe"},
    {"\\windows\\system32\\cmd.exe", NULL, SBX_INVALID, "absolute"},
    {"C:\\windows\\..\\windows\\system32\\cmd.exe", NULL, SBX_INVALID, "normal form"},
    {"C:\\no\\such\\program.exe", NULL, SBX_NOT_FOUND, "C:\\no\\such\\program.exe"},
    {"C:\\build.cmd", NULL, SBX_INVALID, "cmd.exe"},
    {"C:\\build.BAT", NULL, SBX_INVALID, "cmd.exe"},
    {NULL, "relative", SBX_INVALID, "relative"},
    {NULL, "C:\\no\\such\\directory", SBX_INVALID, "C:\\no\\such\\directory"},
};

START_TEST(spawn__bad_image_or_cwd__is_refused)
{
    static const char *const argv[] = {"child", "exit", "0"};
    const struct refusal *row = &refusals[_i];
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_process process = {0};

    if (row->image)
        spawn.image = row->image;
    if (row->cwd)
        spawn.cwd = row->cwd;
    ck_assert_int_eq(sbx_spawn_create(&spawn, &process, &err), row->status);
    ck_assert_msg(strstr(err.context, row->named) != NULL, "%s", err.context);
    ck_assert_ptr_null(process.process);
}
END_TEST

START_TEST(spawn__contradictions__are_refused)
{
    static const char *const argv[] = {"child", "exit", "0"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_process process = {0};

    spawn.command_line = "child exit 0";
    ck_assert_int_eq(sbx_spawn_create(&spawn, &process, &err), SBX_INTERNAL);
    spawn = child_request(argv, countof(argv));
    spawn.options &= ~(unsigned)SBX_SPAWN_OUR_ENVIRONMENT;
    ck_assert_int_eq(sbx_spawn_create(&spawn, &process, &err), SBX_INTERNAL);
    spawn = child_request(argv, countof(argv));
    spawn.std_in = (HANDLE)(uintptr_t)7; /* a console handle of an old kernel */
    ck_assert_int_eq(sbx_spawn_create(&spawn, &process, &err), SBX_INVALID);
    ck_assert_ptr_nonnull(strstr(err.context, "console"));
    spawn = child_request(argv, countof(argv));
    spawn.std_in = (HANDLE)(uintptr_t)0xABCDE0; /* no handle */
    ck_assert_int_eq(sbx_spawn_create(&spawn, &process, &err), SBX_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.context, "standard input"));
}
END_TEST

START_TEST(spawn__prebuilt_command_line__goes_to_cmd_as_it_is)
{
    struct sbx_spawn spawn = child_request(NULL, 0);

    spawn.image = "C:\\windows\\system32\\cmd.exe";
    spawn.command_line = "cmd /d /c \"echo a&&exit 5\"";
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 5);
    ck_assert_str_eq(output, "a\r\n");
}
END_TEST

/* What the second hop does when a service did not pass the standard handles on. */
START_TEST(spawn__stdio_set_afterwards__is_used)
{
    static const char *const argv[] = {"child", "cat"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_pipe in = {0}, out = {0};
    struct sbx_process process = {0};
    char bytes[8] = {0};

    ck_assert_sbx_ok(sbx_pipe_new(0, &in, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &out, &err), &err);
    spawn.options &= ~(unsigned)SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err); /* NUL devices */
    ck_assert_int_eq(
        sbx_spawn_prove_stdio(process.process, in.read, out.write, &err), SBX_UNPROVEN);
    ck_assert_sbx_ok(sbx_spawn_set_stdio(process.process, in.read, out.write, &err), &err);
    ck_assert_sbx_ok(sbx_spawn_prove_stdio(process.process, in.read, out.write, &err), &err);
    ck_assert_int_eq(sbx_spawn_prove_stdio(process.process, in.read, in.read, &err), SBX_UNPROVEN);
    sbx_handle_close(&in.read);
    sbx_handle_close(&out.write);
    ck_assert_sbx_ok(sbx_process_resume(&process, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_write(in.write, "there", 5, &err), &err);
    sbx_handle_close(&in.write);
    ck_assert_sbx_ok(sbx_pipe_read_exact(out.read, bytes, 5, 20000, &err), &err);
    ck_assert_int_eq(memcmp(bytes, "there", 5), 0);
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    sbx_pipe_close(&in);
    sbx_pipe_close(&out);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, spawn__vector__arrives_unchanged);
    tcase_add_test(tcase, spawn__exit_code__has_32_bits);
    tcase_add_test(tcase, spawn__environment_and_cwd__are_the_given_ones);
    tcase_add_test(tcase, spawn__stdio__each_stream_its_own);
    tcase_add_test(tcase, spawn__same_handle_twice__works);
    tcase_add_test(tcase, spawn__stdio_set_afterwards__is_used);
    tcase_add_test(tcase, spawn__handles__only_listed_ones_are_inherited);
    tcase_add_test(tcase, spawn__no_leftovers__our_inheritable_duplicates_are_closed);
    tcase_add_test(tcase, spawn__suspended__runs_only_after_resume);
    tcase_add_test(tcase, spawn__job__holds_the_child_from_birth);
    tcase_add_test(tcase, spawn__to_the_end__code_or_no_process_left);
    tcase_add_test(tcase, spawn__own_token__runs_as_us);
    tcase_add_loop_test(tcase, spawn__bad_image_or_cwd__is_refused, 0, countof(refusals));
    tcase_add_test(tcase, spawn__contradictions__are_refused);
    tcase_add_test(tcase, spawn__prebuilt_command_line__goes_to_cmd_as_it_is);
}

UNIT_MAIN("spawn", add_tests)
