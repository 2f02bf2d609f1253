/*
 * Pseudo consoles: a program on one sees a terminal of the right size, moves its cursor and gets
 * keys; `agent run` on one asks there, or says why it does not.
 */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"
#include "tests/support/win/scratch.h"
#include "shared/win/conpty.h"

#include <stdio.h>

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/pipe.h"
#include "shared/win/thread.h"

static struct sbx_error err;
static struct sbx_pipe keys, screen;
static struct sbx_conpty conpty;
static struct sbx_process child;
static CRITICAL_SECTION lock;
static char seen[65536]; /* guarded by lock */
static size_t seen_bytes;
static HANDLE reader;

static DWORD WINAPI read_screen(void *context)
{
    char part[1024];
    DWORD length = 0;

    (void)context;
    while (ReadFile(screen.read, part, sizeof(part), &length, NULL) && length) {
        EnterCriticalSection(&lock);
        if (seen_bytes + length < sizeof(seen)) {
            memcpy(seen + seen_bytes, part, length);
            seen_bytes += length;
            seen[seen_bytes] = '\0';
        }
        LeaveCriticalSection(&lock);
    }
    return 0;
}

static void setup(void)
{
    const struct sbx_tty_size size = {70, 20};

    sbx_error_init(&err);
    InitializeCriticalSection(&lock);
    seen_bytes = 0;
    seen[0] = '\0';
    scratch_begin();
    if (!sbx_late_create_pseudo_console())
        return;
    ck_assert_sbx_ok(sbx_pipe_new(0, &keys, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_new(0, &screen, &err), &err);
    ck_assert_sbx_ok(sbx_conpty_open(&size, keys.read, screen.write, &conpty, &err), &err);
    sbx_handle_close(&keys.read);
    sbx_handle_close(&screen.write);
    ck_assert_sbx_ok(sbx_thread_start(read_screen, NULL, &reader, &err), &err);
}

static void teardown(void)
{
    if (child.process)
        sbx_process_kill(&child, 1);
    sbx_process_close(&child);
    sbx_conpty_close(&conpty);
    if (reader)
        WaitForSingleObject(reader, 5000);
    sbx_handle_close(&reader);
    sbx_pipe_close(&keys);
    sbx_pipe_close(&screen);
    scratch_end();
    DeleteCriticalSection(&lock);
}

/* Wait until the screen has shown a text. */
static bool shows(const char *text, uint32_t timeout_ms)
{
    const uint64_t deadline_ms = sbx_clock_ms() + timeout_ms;
    bool found;

    do {
        EnterCriticalSection(&lock);
        found = strstr(seen, text) != NULL;
        LeaveCriticalSection(&lock);
        if (!found)
            Sleep(20);
    } while (!found && sbx_clock_left_ms(deadline_ms));
    return found;
}

static void press(const char *text)
{
    DWORD written = 0;

    ck_assert(WriteFile(keys.write, text, (DWORD)strlen(text), &written, NULL));
}

static uint32_t exit_code_of_child(void)
{
    uint32_t exit_code = 0;

    ck_assert_sbx_ok(sbx_process_wait(&child, 30000, &exit_code, &err), &err);
    return exit_code;
}

static void start(const char *image, const char *const *argv, size_t argc)
{
    struct sbx_spawn spawn = child_request(argv, argc);

    spawn.image = image;
    spawn.conpty = conpty.handle;
    spawn.options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &child, &err), &err);
}

START_TEST(program__sees_size_moves_cursor_and_gets_keys)
{
    const char *argv[] = {"ttychild"};
    char image[800];

    if (!conpty.handle)
        UNIT_SKIP("this system has no pseudo consoles");
    snprintf(image, sizeof(image), "%s\\ttychild.exe", child_directory());
    start(image, argv, countof(argv));
    ck_assert_msg(shows("ready", 20000), "'%s'", seen);
    ck_assert_msg(shows("size 70x20", 0), "'%s'", seen);
    ck_assert_msg(shows("\x1b[4;6H", 0), "'%s'", seen);
    ck_assert_msg(shows("cursor 5,3", 0), "'%s'", seen);
    press("a");
    ck_assert_msg(shows("key 97", 5000), "'%s'", seen);
    press("q");
    ck_assert_uint_eq(exit_code_of_child(), 5);
}
END_TEST

START_TEST(resize__done_or_said_to_be_impossible)
{
    const struct sbx_tty_size size = {100, 30};
    enum sbx_status status;

    if (!conpty.handle)
        UNIT_SKIP("this system has no pseudo consoles");
    status = sbx_conpty_resize(&conpty, &size, &err);
    ck_assert(status == SBX_OK || (platform_is_wine() && status == SBX_UNSUPPORTED));
}
END_TEST

START_TEST(spawn__console_and_handles__refused)
{
    const char *argv[] = {"child"};
    struct sbx_spawn spawn = child_request(argv, 1);
    char any;

    spawn.conpty = &any;
    spawn.options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_NO_WINDOW;
    ck_assert_int_eq(sbx_spawn_create(&spawn, &child, &err), SBX_INTERNAL);
    spawn.options = SBX_SPAWN_OUR_ENVIRONMENT;
    spawn.std_out = GetStdHandle(STD_OUTPUT_HANDLE);
    ck_assert_int_eq(sbx_spawn_create(&spawn, &child, &err), SBX_INTERNAL);
}
END_TEST

/* Its console is the given one, its streams are the given ones: what a command gets. */
START_TEST(spawn__hosted__console_and_streams)
{
    const char *argv[] = {"child", "cwd"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    char output[4096];

    spawn.options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_HOSTED;
    ck_assert_int_eq(sbx_spawn_create(&spawn, &child, &err), SBX_INTERNAL); /* hosted by nobody */
    if (!conpty.handle)
        UNIT_SKIP("this system has no pseudo consoles");
    spawn.conpty = conpty.handle;
    child_run(&spawn, output, sizeof(output));
    ck_assert_msg(output[0] != '\0', "nothing came through the pipe");
}
END_TEST

/* Into `seen`: on Wine a program on a pseudo console has no standard error to say it on. */
static void read_result(const char *path)
{
    FILE *file = fopen(path, "rb");

    ck_assert_ptr_nonnull(file);
    seen[fread(seen, 1, sizeof(seen) - 1, file)] = '\0';
    fclose(file);
}

/* agent.exe lies one folder above the tests; a policy asks before cmd echoes. */
START_TEST(agent_on_a_console__asks_there_or_says_why_not)
{
    const char *argv[14] = {"agent", "run", "--quiet", "--cwd", NULL, "--policy", NULL, "--result"};
    char image[800], cwd[800], policy[800], result[800];
    size_t argc = 9;
    bool asked;

    if (!conpty.handle)
        UNIT_SKIP("this system has no pseudo consoles");
    scratch_mkdir("ws");
    scratch_write("p.json", "{\"commands\":[{\"match\":[\"cmd\",\"/c\",\"echo\"],"
                            "\"decision\":\"prompt\",\"reason\":\"echo is loud\"}]}");
    snprintf(image, sizeof(image), "%s", child_directory());
    ck_assert_ptr_nonnull(strrchr(image, '\\'));
    snprintf(strrchr(image, '\\'), 20, "\\agent.exe");
    snprintf(cwd, sizeof(cwd), "%s", scratch_path("ws"));
    snprintf(policy, sizeof(policy), "%s", scratch_path("p.json"));
    argv[4] = cwd;
    snprintf(result, sizeof(result), "%s", scratch_path("r.json"));
    argv[6] = policy;
    argv[8] = result;
    if (platform_is_stock_wine())
        argv[argc++] = "--wine-unconfined";
    argv[argc++] = "cmd";
    argv[argc++] = "/c";
    argv[argc++] = "echo";
    argv[argc++] = "loud42";
    start(image, argv, argc);
    asked = shows("once, session, deny or never", 20000);
    if (asked) {
        ck_assert_msg(shows("echo is loud", 0), "'%s'", seen);
        press("once\r");
        ck_assert_uint_eq(exit_code_of_child(), 0);
    } else {
        ck_assert_uint_eq(exit_code_of_child(), 126);
        read_result(result);
        ck_assert_msg(strstr(seen, "cannot answer on this console") != NULL, "'%s'", seen);
    }
}
END_TEST

/* `agent run --tty` with its output in a pipe: what would reach a terminal. */
static const char *tty_output(bool pass)
{
    static char output[65536];
    const char *argv[14] = {"agent", "run", "--quiet", "--cwd", NULL, "--tty"};
    struct sbx_spawn spawn = child_request(argv, 0);
    char image[800], cwd[800], program[800];
    size_t argc = 6;

    snprintf(program, sizeof(program), "%s\\ttychild.exe", child_directory());
    snprintf(image, sizeof(image), "%s", child_directory());
    snprintf(strrchr(image, '\\'), 20, "\\agent.exe");
    snprintf(cwd, sizeof(cwd), "%s", scratch_path("ws"));
    argv[4] = cwd;
    if (pass)
        argv[argc++] = "--tty-escapes=pass";
    if (platform_is_stock_wine())
        argv[argc++] = "--wine-unconfined";
    argv[argc++] = program;
    argv[argc++] = "escapes";
    spawn.image = image;
    spawn.argc = argc;
    ck_assert_uint_eq(child_run(&spawn, output, sizeof(output)), 0);
    return output;
}

START_TEST(agent_tty__what_acts_on_the_terminal__does_not_come_out)
{
    static const char *const acting[] = {"\x1b]", "\x1bP", "\x1b[6n", "\x1b[c", "c2VjcmV0"};
    const char *output;
    size_t i;

    if (!sbx_late_create_pseudo_console())
        UNIT_SKIP("this system has no pseudo consoles");
    scratch_mkdir("ws");
    output = tty_output(false);
    ck_assert_msg(strstr(output, "before") && strstr(output, "after"), "'%s'", output);
    for (i = 0; i < countof(acting); i++)
        ck_assert_msg(!strstr(output, acting[i]), "%s in '%s'", acting[i], output);
    output = tty_output(true); /* the twin */
    ck_assert_msg(strstr(output, "\x1b]52") != NULL, "'%s'", output);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, program__sees_size_moves_cursor_and_gets_keys);
    tcase_add_test(tcase, resize__done_or_said_to_be_impossible);
    tcase_add_test(tcase, spawn__console_and_handles__refused);
    tcase_add_test(tcase, spawn__hosted__console_and_streams);
    tcase_add_test(tcase, agent_on_a_console__asks_there_or_says_why_not);
    tcase_add_test(tcase, agent_tty__what_acts_on_the_terminal__does_not_come_out);
}

UNIT_MAIN("conpty", add_tests)
