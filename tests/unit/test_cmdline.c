/*
 * cmdline: what is built splits into the same vector, by our rules and by the real
 * CommandLineToArgvW; through cmd.exe and a batch file too, or it is refused.
 */
#include "shared/core/cmdline.h"

#include <stdio.h>

#include "shared/core/buf.h"
#include "shared/core/utf.h"
#include "tests/support/unit.h"

#ifdef _WIN32
#include <windows.h>
#include <shellapi.h>
#endif

#define ROUNDS 100000
#define MAX_ARGS 8

static void assert_same(
    const char *cmdline, const char *const *want, size_t count, char *const *got, size_t got_count)
{
    size_t i;

    ck_assert_msg(got_count == count, "%zu arguments, not %zu: %s", got_count, count, cmdline);
    for (i = 0; i < count; i++)
        ck_assert_msg(strcmp(want[i], got[i]) == 0, "argument %zu: '%s', not '%s': %s", i, got[i],
            want[i], cmdline);
}

static void assert_round_trip(const char *const *argv, size_t argc)
{
    struct sbx_error err;
    char *cmdline = NULL, **back = NULL;
    size_t count = 0;

    ck_assert_sbx_ok(sbx_cmdline_build(argv, argc, &cmdline, &err), &err);
    ck_assert_sbx_ok(sbx_cmdline_split(cmdline, &back, &count, &err), &err);
    assert_same(cmdline, argv, argc, back, count);
    sbx_cmdline_free_argv(back, count);
    free(cmdline);
}

/* Made of what has a meaning somewhere, and little else. */
static void random_arg(uint64_t *state, bool is_program, char *arg, size_t size_bytes)
{
    static const char *const pieces[] = {"\"", "\\", " ", "\t", "a", "\"\"", "\\\\", "\\\"", "%",
        "^", "&", "'", "\n", "b c", "\xC3\xA4", "\xF0\x9F\x98\x80", "/", "-", "=", "*", "\x01"};
    size_t count = (size_t)(unit_random(state) % 12), used = 0;

    arg[0] = '\0';
    while (count--) {
        const char *piece = pieces[unit_random(state) % countof(pieces)];

        if (is_program && strchr(piece, '"'))
            continue;
        if (used + strlen(piece) + 1 > size_bytes)
            return;
        memcpy(arg + used, piece, strlen(piece) + 1);
        used += strlen(piece);
    }
}

static size_t random_vector(uint64_t *state, char store[MAX_ARGS][64], const char **argv)
{
    size_t argc = 1 + (size_t)(unit_random(state) % MAX_ARGS), i;

    for (i = 0; i < argc; i++) {
        random_arg(state, i == 0, store[i], sizeof(store[i]));
        argv[i] = store[i];
    }
    return argc;
}

START_TEST(cmdline__random_vectors__split_into_the_same)
{
    char store[MAX_ARGS][64];
    const char *argv[MAX_ARGS];
    uint64_t state = unit_seed();
    int i;

    for (i = 0; i < ROUNDS; i++)
        assert_round_trip(argv, random_vector(&state, store, argv));
}
END_TEST

struct build_row {
    const char *argv[5];
    const char *want;
};

static const struct build_row build_rows[] = {
    {{"a.exe"}, "a.exe"},
    {{"C:\\Program Files\\a.exe", "x"}, "\"C:\\Program Files\\a.exe\" x"},
    {{"C:\\dir x\\", "x"}, "\"C:\\dir x\\\" x"},
    {{"", "x"}, "\"\" x"},
    {{"a", ""}, "a \"\""},
    {{"a", "b c", "d"}, "a \"b c\" d"},
    {{"a", "c:\\dir\\"}, "a c:\\dir\\"},
    {{"a", "c:\\my dir\\"}, "a \"c:\\my dir\\\\\""},
    {{"a", "say \"hi\""}, "a \"say \\\"hi\\\"\""},
    {{"a", "\\\""}, "a \"\\\\\\\"\""},
    {{"a", "%PATH%&|<>^"}, "a %PATH%&|<>^"},
    {{"a", "x\ty"}, "a \"x\ty\""},
};

START_TEST(cmdline__build__exact)
{
    const struct build_row *row = &build_rows[_i];
    struct sbx_error err;
    char *cmdline = NULL;
    size_t argc = 0;

    while (row->argv[argc])
        argc++;
    ck_assert_sbx_ok(sbx_cmdline_build(row->argv, argc, &cmdline, &err), &err);
    ck_assert_str_eq(cmdline, row->want);
    free(cmdline);
    assert_round_trip(row->argv, argc);
}
END_TEST

struct split_row {
    const char *cmdline;
    const char *argv[6];
};

/* Known answers of CommandLineToArgvW, the odd ones included. */
static const struct split_row split_rows[] = {
    {"a", {"a"}},
    {" a", {"", "a"}},
    {"\"a b\"c d", {"a b", "c", "d"}},
    {"\"unclosed b", {"unclosed b"}},
    {"a\\\"b c", {"a\\\"b", "c"}},
    {"p   x \t y ", {"p", "x", "y"}},
    {"p \"\"", {"p", ""}},
    {"p \"a\\\\\" b", {"p", "a\\", "b"}},
    {"p a\\\\b", {"p", "a\\\\b"}},
    {"p a\\\\\"b c\"", {"p", "a\\b c"}},
    {"p \"a\"\"b c", {"p", "a\"b", "c"}},
    {"p \"\"\"a b\"", {"p", "\"a", "b"}},
    {"p a\"b\"c", {"p", "abc"}},
    {"p \"a", {"p", "a"}},
    {"p \\", {"p", "\\"}},
};

START_TEST(cmdline__split__as_CommandLineToArgvW)
{
    const struct split_row *row = &split_rows[_i];
    struct sbx_error err;
    char **argv = NULL;
    size_t argc = 0, want = 0;

    while (want < countof(row->argv) && row->argv[want])
        want++;
    ck_assert_sbx_ok(sbx_cmdline_split(row->cmdline, &argv, &argc, &err), &err);
    assert_same(row->cmdline, row->argv, want, argv, argc);
    ck_assert_ptr_null(argv[argc]);
    sbx_cmdline_free_argv(argv, argc);
}
END_TEST

START_TEST(cmdline__bad_vectors__refused)
{
    static const char *const quoted[] = {"a\"b", "c"};
    static const char *const ill_formed[] = {"a", "b", "c\xC0\xAF"};
    static const char *const surrogate[] = {"a", "\xED\xA0\x80"};
    struct sbx_error err;
    char *cmdline = NULL, **argv = NULL;
    size_t argc = 0;

    ck_assert_int_eq(sbx_cmdline_build(quoted, 0, &cmdline, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_cmdline_build(quoted, 2, &cmdline, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "program name with a double quote");
    ck_assert_int_eq(sbx_cmdline_build(ill_formed, 3, &cmdline, &err), SBX_INVALID);
    ck_assert_int_eq(strncmp(err.context, "argument 2: ill-formed UTF-8", 28), 0);
    ck_assert_int_eq(sbx_cmdline_build(surrogate, 2, &cmdline, &err), SBX_INVALID);
    ck_assert_ptr_null(cmdline);
    ck_assert_int_eq(sbx_cmdline_split("", &argv, &argc, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_cmdline_split("a \xFF", &argv, &argc, &err), SBX_INVALID);
    ck_assert_ptr_null(argv);
}
END_TEST

/* "a " + count times fill. */
static enum sbx_status build_long(
    const char *fill, size_t count, char **ret_cmdline, struct sbx_error *err)
{
    size_t piece = strlen(fill), i;
    char *arg = malloc(count * piece + 1);
    const char *argv[2] = {"a", arg};
    enum sbx_status status;

    ck_assert_ptr_nonnull(arg);
    for (i = 0; i < count; i++)
        memcpy(arg + i * piece, fill, piece);
    arg[count * piece] = '\0';
    status = sbx_cmdline_build(argv, 2, ret_cmdline, err);
    free(arg);
    return status;
}

START_TEST(cmdline__limit__counts_utf16_units)
{
    struct sbx_error err;
    char *cmdline = NULL;

    ck_assert_sbx_ok(build_long("x", SBX_CMDLINE_MAX_CCH - 2, &cmdline, &err), &err);
    ck_assert_uint_eq(strlen(cmdline), SBX_CMDLINE_MAX_CCH);
    free(cmdline);
    cmdline = NULL;
    ck_assert_int_eq(build_long("x", SBX_CMDLINE_MAX_CCH - 1, &cmdline, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "command line longer than 32766 UTF-16 code units");
    ck_assert_sbx_ok(build_long("\xE2\x82\xAC", SBX_CMDLINE_MAX_CCH - 2, &cmdline, &err), &err);
    free(cmdline);
    cmdline = NULL;
    ck_assert_int_eq(
        build_long("\xF0\x9F\x98\x80", SBX_CMDLINE_MAX_CCH / 2, &cmdline, &err), SBX_INVALID);
    ck_assert_int_eq(build_long("\"", SBX_CMDLINE_MAX_CCH / 2, &cmdline, &err), SBX_INVALID);
    ck_assert_int_eq(build_long("x", 4000000, &cmdline, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "command line longer than 32766 UTF-16 code units");
    ck_assert_ptr_null(cmdline);
}
END_TEST

/* --- cmd.exe --- */

#define CMD "C:\\Windows\\System32\\cmd.exe"
#define HEAD "\"" CMD "\" /d /e:ON /v:OFF /s /c \"\"C:\\my x\\b.cmd\""

static enum sbx_status batch_one(const char *arg, char **ret_cmdline, struct sbx_error *err)
{
    return sbx_cmdline_for_cmd_exe(CMD, "C:\\my x\\b.cmd", &arg, 1, ret_cmdline, err);
}

START_TEST(cmdline__batch__quotes_all_but_plain_words)
{
    static const char *const args[] = {"plain-1_2.3/4\\", "", "a b", "a&b|c<d>e^f(g)!h!", "x=y,z;",
        "c:\\d e\\f", "*?", "\t", "\xC3\xA4"};
    struct sbx_error err;
    char *cmdline = NULL;

    ck_assert_sbx_ok(
        sbx_cmdline_for_cmd_exe(CMD, "C:\\my x\\b.cmd", args, countof(args), &cmdline, &err), &err);
    ck_assert_str_eq(cmdline, HEAD " plain-1_2.3/4\\ \"\" \"a b\" \"a&b|c<d>e^f(g)!h!\" "
                                   "\"x=y,z;\" \"c:\\d e\\f\" \"*?\" \"\t\" \"\xC3\xA4\"\"");
    free(cmdline);
}
END_TEST

static const char *const unpassable[] = {"\"", "a\"&calc&\"", "%", "%PATH%", "100%", "a\nb", "a\rb",
    "\x1A", "\x7F", "a b\\", "a&\\", "\xC0\xAF", "a\\\""};

START_TEST(cmdline__batch__refuses_what_cmd_exe_does_not_pass_on)
{
    struct sbx_error err;
    char *cmdline = NULL;

    ck_assert_msg(
        batch_one(unpassable[_i], &cmdline, &err) == SBX_INVALID, "passed: %s", unpassable[_i]);
    ck_assert_ptr_null(cmdline);
    ck_assert_msg(strstr(err.context, "argument 1") != NULL, "%s", err.context);
}
END_TEST

START_TEST(cmdline__batch__refuses_bad_paths_and_length)
{
    static const char *const paths[] = {"b.cmd", "C:b.cmd", "\\b.cmd", "C:\\a%b\\c.cmd",
        "C:\\a\"&calc&\\c.cmd", "\\\\?\\C:\\b.cmd", "\\\\.\\C:\\b.cmd", "C:\\a\nb.cmd", "",
        "C:\\b.cmd.", "C:\\b.cmd:stream"};
    struct sbx_error err;
    char *cmdline = NULL, arg[SBX_CMDLINE_CMD_EXE_MAX_CCH + 1];
    size_t i, room = SBX_CMDLINE_CMD_EXE_MAX_CCH - strlen(HEAD) - 2;

    for (i = 0; i < countof(paths); i++) {
        ck_assert_msg(
            sbx_cmdline_for_cmd_exe(CMD, paths[i], NULL, 0, &cmdline, &err) == SBX_INVALID,
            "passed: %s", paths[i]);
        ck_assert_int_eq(strncmp(err.context, "path of the batch file", 22), 0);
    }
    ck_assert_int_eq(
        sbx_cmdline_for_cmd_exe("cmd.exe", "C:\\b.cmd", NULL, 0, &cmdline, &err), SBX_INVALID);
    memset(arg, 'x', sizeof(arg));
    arg[room + 1] = '\0';
    ck_assert_int_eq(batch_one(arg, &cmdline, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "command line for cmd.exe longer than 8191 UTF-16 code units");
    ck_assert_ptr_null(cmdline);
    arg[room] = '\0';
    ck_assert_sbx_ok(batch_one(arg, &cmdline, &err), &err);
    ck_assert_uint_eq(strlen(cmdline), SBX_CMDLINE_CMD_EXE_MAX_CCH);
    free(cmdline);
}
END_TEST

START_TEST(cmdline__is_batch__sees_through_dots_and_spaces)
{
    ck_assert(sbx_cmdline_is_batch("C:\\x.cmd"));
    ck_assert(sbx_cmdline_is_batch("x.BaT"));
    ck_assert(sbx_cmdline_is_batch("x.bat. . "));
    ck_assert(sbx_cmdline_is_batch(".cmd"));
    ck_assert(!sbx_cmdline_is_batch("x.cmd.exe"));
    ck_assert(!sbx_cmdline_is_batch("cmd"));
    ck_assert(!sbx_cmdline_is_batch("xcmd"));
    ck_assert(!sbx_cmdline_is_batch(""));
    ck_assert(!sbx_cmdline_is_batch("..."));
}
END_TEST

START_TEST(cmdline__shell_line__verbatim)
{
    struct sbx_error err;
    char *cmdline = NULL;

    ck_assert_sbx_ok(
        sbx_cmdline_for_shell_line(CMD, "echo \"a b\" & dir %X%", &cmdline, &err), &err);
    ck_assert_str_eq(cmdline, "\"" CMD "\" /d /e:ON /v:OFF /s /c \"echo \"a b\" & dir %X%\"");
    free(cmdline);
    cmdline = NULL;
    ck_assert_int_eq(sbx_cmdline_for_shell_line(CMD, "a\nb", &cmdline, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_cmdline_for_shell_line("x", "a", &cmdline, &err), SBX_INVALID);
    ck_assert_ptr_null(cmdline);
}
END_TEST

#ifdef _WIN32
/* The real one, on the same text; conversion is test_utf's business. */
static void real_split(const char *cmdline, char ***ret_argv, size_t *ret_argc)
{
    struct sbx_error err;
    sbx_char16 *line_w = NULL;
    LPWSTR *argv_w;
    char **argv;
    int argc = 0, i;

    ck_assert_sbx_ok(sbx_utf8_to_utf16(cmdline, strlen(cmdline), &line_w, NULL, &err), &err);
    argv_w = CommandLineToArgvW(line_w, &argc);
    ck_assert_ptr_nonnull(argv_w);
    ck_assert_sbx_ok(sbx_calloc((size_t)argc + 1, sizeof(*argv), &argv, &err), &err);
    for (i = 0; i < argc; i++)
        ck_assert_sbx_ok(
            sbx_utf16_to_utf8(argv_w[i], sbx_utf16_cch(argv_w[i]), &argv[i], NULL, &err), &err);
    LocalFree(argv_w);
    free(line_w);
    *ret_argv = argv;
    *ret_argc = (size_t)argc;
}

START_TEST(cmdline__random_vectors__real_CommandLineToArgvW_agrees)
{
    char store[MAX_ARGS][64], *cmdline = NULL, **got;
    const char *argv[MAX_ARGS];
    uint64_t state = unit_seed();
    struct sbx_error err;
    size_t argc, got_count;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        argc = random_vector(&state, store, argv);
        ck_assert_sbx_ok(sbx_cmdline_build(argv, argc, &cmdline, &err), &err);
        real_split(cmdline, &got, &got_count);
        assert_same(cmdline, argv, argc, got, got_count);
        sbx_cmdline_free_argv(got, got_count);
        free(cmdline);
    }
}
END_TEST

/* Any line at all, not only ours: sbx_cmdline_split is the same function as the real one. */
START_TEST(cmdline__random_lines__split_as_the_real_one)
{
    uint64_t state = unit_seed();
    struct sbx_error err;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        static const char letters[] = "\"\"\"\\\\\\ \t  ab\"";
        char line[32], **ours = NULL, **real = NULL;
        size_t length = 1 + (size_t)(unit_random(&state) % 24), j, our_count, real_count;

        for (j = 0; j < length; j++)
            line[j] = letters[unit_random(&state) % (sizeof(letters) - 1)];
        line[length] = '\0';
        ck_assert_sbx_ok(sbx_cmdline_split(line, &ours, &our_count, &err), &err);
        real_split(line, &real, &real_count);
        assert_same(line, (const char *const *)real, real_count, ours, our_count);
        sbx_cmdline_free_argv(ours, our_count);
        sbx_cmdline_free_argv(real, real_count);
    }
}
END_TEST

/*
 * The whole way: cmd.exe runs a batch file that records %~1 and calls this program with %*; this
 * program records its vector, one UTF-8 line per argument.
 */
#define DUMP_VARIABLE L"SBX_TEST_DUMP_ARGV"

static void dump_argv(const wchar_t *path)
{
    int argc = 0, i;
    LPWSTR *argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    FILE *file = _wfopen(path, L"wb");
    struct sbx_error err;

    for (i = 1; file && argv && i < argc; i++) {
        char *text = NULL;

        if (!sbx_utf16_to_utf8(argv[i], sbx_utf16_cch(argv[i]), &text, NULL, &err))
            fprintf(file, "%s\n", text);
        free(text);
    }
    if (file)
        fclose(file);
    LocalFree(argv);
}

static wchar_t work_dir[MAX_PATH], batch_w[MAX_PATH], dump_w[MAX_PATH];

static void batch_setup(void)
{
    wchar_t self[MAX_PATH];
    char *self_text = NULL;
    struct sbx_error err;
    FILE *file;

    ck_assert_uint_gt(GetTempPathW(MAX_PATH - 60, work_dir), 0);
    ck_assert_uint_gt(GetModuleFileNameW(NULL, self, MAX_PATH), 0);
    swprintf(batch_w, MAX_PATH, L"%lssbx test %lu.cmd", work_dir, GetCurrentProcessId());
    swprintf(dump_w, MAX_PATH, L"%lssbx test %lu.txt", work_dir, GetCurrentProcessId());
    ck_assert_sbx_ok(sbx_utf16_to_utf8(self, sbx_utf16_cch(self), &self_text, NULL, &err), &err);
    file = _wfopen(batch_w, L"wb");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "@\"%s\" %%*\r\n", self_text);
    fclose(file);
    free(self_text);
    SetEnvironmentVariableW(DUMP_VARIABLE, dump_w);
    SetEnvironmentVariableW(L"X", L"expanded");
}

static void batch_teardown(void)
{
    SetEnvironmentVariableW(DUMP_VARIABLE, NULL);
    DeleteFileW(batch_w);
    DeleteFileW(dump_w);
}

static void run_line(const char *cmdline)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process = {0};
    sbx_char16 *line_w = NULL;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_utf8_to_utf16(cmdline, strlen(cmdline), &line_w, NULL, &err), &err);
    ck_assert(CreateProcessW(NULL, line_w, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    ck_assert_uint_eq(WaitForSingleObject(process.hProcess, 60000), WAIT_OBJECT_0);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
    free(line_w);
}

START_TEST(cmdline__batch__program_behind_it_gets_the_vector)
{
    static const char *const sets[][4] = {
        {"a", "b c", "", "d"},
        {"a&b", "c|d", "<e>", "f^g"},
        {"(h)", "i!X!", "j=k,l;m", "n'o"},
        {"C:\\dir\\", "C:\\my dir", "\\\\server\\x", "\\"},
        {"^", "^^ ^", "&& calc", "*.c"},
        {"-x=\xC3\xA4", "\xF0\x9F\x98\x80 y", "~1", "@z"},
        {"\t", "a\tb", "/?", "--"},
    };
    char *batch = NULL, *cmdline = NULL, cmd[MAX_PATH], want[512], got[512] = "";
    wchar_t system_w[MAX_PATH];
    struct sbx_error err;
    size_t i;
    FILE *file;

    GetSystemDirectoryW(system_w, MAX_PATH);
    snprintf(cmd, sizeof(cmd), "%ls\\cmd.exe", system_w);
    ck_assert_sbx_ok(sbx_utf16_to_utf8(batch_w, sbx_utf16_cch(batch_w), &batch, NULL, &err), &err);
    ck_assert_sbx_ok(sbx_cmdline_for_cmd_exe(cmd, batch, sets[_i], 4, &cmdline, &err), &err);
    run_line(cmdline);
    want[0] = '\0';
    for (i = 0; i < 4; i++)
        snprintf(want + strlen(want), sizeof(want) - strlen(want), "%s\n", sets[_i][i]);
    file = _wfopen(dump_w, L"rb");
    ck_assert_msg(file != NULL, "the program behind the batch file did not run: %s", cmdline);
    got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(got, want);
    free(batch);
    free(cmdline);
}
END_TEST
#endif

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, cmdline__random_vectors__split_into_the_same);
    tcase_add_loop_test(tcase, cmdline__build__exact, 0, (int)countof(build_rows));
    tcase_add_loop_test(tcase, cmdline__split__as_CommandLineToArgvW, 0, (int)countof(split_rows));
    tcase_add_test(tcase, cmdline__bad_vectors__refused);
    tcase_add_test(tcase, cmdline__limit__counts_utf16_units);
    tcase_add_test(tcase, cmdline__batch__quotes_all_but_plain_words);
    tcase_add_loop_test(
        tcase, cmdline__batch__refuses_what_cmd_exe_does_not_pass_on, 0, (int)countof(unpassable));
    tcase_add_test(tcase, cmdline__batch__refuses_bad_paths_and_length);
    tcase_add_test(tcase, cmdline__is_batch__sees_through_dots_and_spaces);
    tcase_add_test(tcase, cmdline__shell_line__verbatim);
#ifdef _WIN32
    tcase_add_checked_fixture(tcase, batch_setup, batch_teardown);
    tcase_add_test(tcase, cmdline__random_vectors__real_CommandLineToArgvW_agrees);
    tcase_add_test(tcase, cmdline__random_lines__split_as_the_real_one);
    tcase_add_loop_test(tcase, cmdline__batch__program_behind_it_gets_the_vector, 0, 7);
#endif
}

#ifdef _WIN32
int wmain(void);
int wmain(void)
{
    wchar_t path[MAX_PATH];

    if (GetEnvironmentVariableW(DUMP_VARIABLE, path, MAX_PATH)) {
        dump_argv(path);
        return 0;
    }
    return unit_run("cmdline", add_tests);
}
#else
UNIT_MAIN("cmdline", add_tests)
#endif
