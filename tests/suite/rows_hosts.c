/*
 * What programs that start the agent give it: pipes opened for overlapped I/O, writes of nothing, a
 * byte order mark, a dozen environment variables. None of this shows on Wine as it does on Windows.
 */
#include "suite.h"

static const char hello[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
                            "\"params\":{\"protocolVersion\":1}}\n";
static const char status[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"status\"}\n";

/* --- serve --- */

/* Both ways on one file, as a socket is, and opened for overlapped I/O: a read is under way there
 * whenever an answer is written. */
static void overlapped(const struct row *row)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    char *name = f("\\\\.\\pipe\\sbx-suite-host-%lu", GetCurrentProcessId());
    struct run run = {.image = agent_path(), .cwd = fx.ws};
    char answer[8192] = "";
    DWORD done = 0;
    (void)row;
    HANDLE ours = CreateNamedPipeW(
        w(name), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
    HANDLE theirs = CreateFileW(w(name), GENERIC_READ | GENERIC_WRITE, 0, &inherit, OPEN_EXISTING,
        FILE_FLAG_OVERLAPPED, NULL);
    CHECK(ours != INVALID_HANDLE_VALUE && theirs != INVALID_HANDLE_VALUE, "no pipe: error %lu",
        GetLastError());
    run.in = run.out = theirs;
    run_args(&run, "serve", NULL);
    CHECK(run_start(&run), "agent.exe did not start: error %lu", run.start_error);
    CloseHandle(theirs);
    for (int i = 0; i < 3; i++) {
        const char *ask = i ? status : hello;
        Sleep(200); /* it reads by now */
        if (!WriteFile(ours, ask, (DWORD)strlen(ask), &done, NULL) ||
            !ReadFile(ours, answer, sizeof answer - 1, &done, NULL))
            done = 0;
        answer[done] = 0;
        EXPECT(strstr(answer, "\"result\""), "question %d: '%.300s', error %lu", i, answer,
            GetLastError());
    }
    CloseHandle(ours);
    run_finish(&run);
    EXPECT(!run.timed_out && !run.code, "it must end with its host: %s", story(&run));
}

/* The same and not overlapped: an answer would wait for the next question. Said, not hung. */
static void one_at_a_time(const struct row *row)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    char *name = f("\\\\.\\pipe\\sbx-suite-one-%lu", GetCurrentProcessId());
    struct run run = {.image = agent_path(), .cwd = fx.ws};
    (void)row;
    HANDLE ours = CreateNamedPipeW(
        w(name), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
    HANDLE theirs =
        CreateFileW(w(name), GENERIC_READ | GENERIC_WRITE, 0, &inherit, OPEN_EXISTING, 0, NULL);
    CHECK(ours != INVALID_HANDLE_VALUE && theirs != INVALID_HANDLE_VALUE, "no pipe: error %lu",
        GetLastError());
    run.in = run.out = theirs;
    run_args(&run, "serve", NULL);
    CHECK(run_start(&run), "agent.exe did not start: error %lu", run.start_error);
    CloseHandle(theirs);
    run_finish(&run);
    CloseHandle(ours);
    EXPECT(!run.timed_out && run.code && strstr(run.err_text, "are one pipe"),
        "it does not say what is wrong: %lu %.400s", run.code, run.err_text);
}

/* Writing nothing into a pipe is no end of it, and .NET Framework begins with a mark. */
static void nothing_and_a_mark(const struct row *row)
{
    struct run run = {.image = agent_path(), .cwd = fx.ws, .keep_input_open = true};
    DWORD done = 0;
    (void)row;
    run_args(&run, "serve", NULL);
    CHECK(run_start(&run), "agent.exe did not start: error %lu", run.start_error);
    WriteFile(run.pipe_in, "\xEF\xBB\xBF", 3, &done, NULL);
    WriteFile(run.pipe_in, hello, sizeof hello - 1, &done, NULL);
    for (int i = 0; i < 3; i++) {
        Sleep(200);
        WriteFile(run.pipe_in, "", 0, &done, NULL);
    }
    Sleep(200);
    WriteFile(run.pipe_in, status, sizeof status - 1, &done, NULL);
    CloseHandle(run.pipe_in);
    run_finish(&run);
    EXPECT(strstr(run.out_text, "\"id\":1,\"result\""), "the mark: %s", story(&run));
    EXPECT(strstr(run.out_text, "\"id\":2,\"result\""), "nothing was an end: %s", story(&run));
    EXPECT(!run.timed_out && !run.code, "%s", story(&run));
}

static char *json_text(const char *text)
{
    cJSON *item = cJSON_CreateString(text);
    return cJSON_PrintUnformatted(item);
}

/* A command that writes nothing has not ended its output. */
static void hollow(const struct row *row)
{
    struct run run = {.image = agent_path(), .cwd = fx.ws, .keep_input_open = true};
    DWORD done = 0;
    (void)row;
    char *start = f("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"exec.start\",\"params\":{\"argv\":["
                    "%s,\"hollow\"]}}\n"
                    "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"exec.wait\",\"params\":{"
                    "\"commandId\":1}}\n",
        json_text(probe_path()));
    run_args(&run, "serve", NULL);
    if (opt.unconfined)
        run_arg(&run, "--wine-unconfined");
    CHECK(run_start(&run), "agent.exe did not start: error %lu", run.start_error);
    WriteFile(run.pipe_in, hello, sizeof hello - 1, &done, NULL);
    WriteFile(run.pipe_in, start, (DWORD)strlen(start), &done, NULL);
    for (int i = 0; i < 300 && !strstr(run.out_text, "exec.exit"); i++)
        Sleep(100);
    CloseHandle(run.pipe_in);
    run_finish(&run);
    EXPECT(strstr(run.out_text, "before") && strstr(run.out_text, "behind nothing"),
        "output was cut off: %.900s", run.out_text);
    EXPECT(!run.timed_out && !run.code, "%s", story(&run));
}

/* --- run --- */

/* What MCP libraries hand on. https://github.com/modelcontextprotocol/typescript-sdk/issues/2037 */
static void few_variables(const struct row *row)
{
    static const char *const names[] = {"APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH",
        "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE"};
    static const char *const wanted[] = {
        "ComSpec=", "PATHEXT=", "windir=", "ProgramData=", "ALLUSERSPROFILE=", "OS="};
    struct agent agent = {0};
    static wchar_t block[65536];
    size_t at = 0;
    (void)row;
    for (size_t i = 0; i < countof(names); i++) {
        const wchar_t *entry = w(f("%s=%s", names[i], env(names[i]) ? env(names[i]) : ""));
        if (!env(names[i]) || at + wcslen(entry) + 2 > countof(block))
            continue;
        wcscpy(block + at, entry);
        at += wcslen(entry) + 1;
    }
    agent.run.environment = block;
    agent_cmd(&agent, f("%s\\cmd.exe", system_directory()), "/d", "/c", "set", NULL);
    agent_go(&agent);
    for (size_t i = 0; i < countof(wanted); i++)
        EXPECT(line_begins(agent.run.out_text, wanted[i]), "no %s: %s", wanted[i],
            agent_story(&agent));
}

/* A console host asks what terminal it has, and waits 3 s for an answer. */
static void terminal_at_once(const struct row *row)
{
    struct agent plain = {.run.keep_input_open = true}, tty = {.run.keep_input_open = true};
    ULONGLONG begun = GetTickCount64(), plain_ms, tty_ms;
    (void)row;
    if (!GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CreatePseudoConsole")) {
        skip("no pseudo consoles before Windows 10 1809");
        return;
    }
    agent_cmd(&plain, f("%s\\cmd.exe", system_directory()), "/d", "/c", "exit 7", NULL);
    agent_go(&plain);
    plain_ms = GetTickCount64() - begun;
    agent_opt(&tty, "--tty", NULL);
    agent_cmd(&tty, f("%s\\cmd.exe", system_directory()), "/d", "/c", "exit 7", NULL);
    begun = GetTickCount64();
    agent_go(&tty);
    tty_ms = GetTickCount64() - begun;
    EXPECT(tty.run.code == 7, "%s", agent_story(&tty));
    EXPECT(tty_ms < plain_ms + 2500u * opt.slow, "%llu ms with a terminal, %llu ms without",
        (unsigned long long)tty_ms, (unsigned long long)plain_ms);
}

static const struct row rows[] = {
    {"H01", "serve__one_overlapped_handle_for_both__answers", NEED(FACT_PROGRAMS), 0, overlapped,
        NULL},
    {"H06", "serve__one_plain_handle_for_both__refused", NEED(FACT_PROGRAMS), 0, one_at_a_time,
        NULL},
    {"H02", "serve__writes_of_nothing_and_a_mark__are_no_messages", NEED(FACT_PROGRAMS), 0,
        nothing_and_a_mark, NULL},
    {"H03", "serve__command_writes_nothing__the_rest_arrives", NEED_RUN, 0, hollow, NULL},
    {"H04", "run__host_with_few_variables__command_has_the_system_s", NEED_RUN, 0, few_variables,
        NULL},
    {"H05", "tty__console_host_asks__is_answered_at_once", NEED_RUN, 0, terminal_at_once, NULL},
};
const struct row_set rows_hosts = {rows, countof(rows)};
