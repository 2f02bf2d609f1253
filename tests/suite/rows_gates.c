/*
 * What must be settled before anything is granted or started, and who may ask for it at all: the
 * record in the audit log, the approvals, the client of `agent serve --pipe`.
 */
#include "suite.h"
#include <aclapi.h>
#include <sddl.h>

static char *state(const char *name)
{
    return f("%s\\AgentSandbox\\%s", env("LOCALAPPDATA"), name);
}

/* The access list as text. */
static char *dacl_of(const char *path)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    wchar_t *text = NULL;
    if (GetNamedSecurityInfoW(w(path), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, NULL,
            NULL, &descriptor) ||
        !ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL))
        return f("unreadable");
    return u(text);
}

/* --- the audit log --- */

/* Its folder is held by somebody who shares it with nobody. */
static void not_recorded(const struct row *row)
{
    struct agent first = {0}, held = {0}, after = {0};
    (void)row;
    agent_probe(&first, "ping"); /* makes the log where there was none */
    agent_go(&first);
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    HANDLE folder = CreateFileW(w(state("audit")), FILE_LIST_DIRECTORY, 0, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS, NULL);
    CHECK(folder != INVALID_HANDLE_VALUE, "cannot hold '%s': error %lu", state("audit"),
        GetLastError());
    agent_probe(&held, "create|{ws}\\started.txt");
    agent_go(&held);
    CloseHandle(folder);
    EXPECT(held.run.code == 125, "wanted 125: %s", agent_story(&held));
    EXPECT(strstr(held.run.err_text, "cannot be recorded does not start"),
        "it does not say why: %s", agent_story(&held));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    agent_probe(&after, "create|{ws}\\started.txt");
    agent_go(&after);
    EXPECT(after.run.code == PROBE_SUCCEEDED && exists(f("%s\\started.txt", fx.ws)),
        "the twin must run: %s", agent_story(&after));
}

/* --- approvals --- */

static void ask_for_more(struct agent *agent, const char *policy)
{
    char *path = f("%s\\approvals.json", fx.res);
    write_file(path, policy);
    agent_opt(agent, "--policy", path, "--allow-write", fx.extra, NULL);
    agent_probe(agent, "create|{extra}\\started.txt");
    agent_go(agent);
}

static void denied_leaves_nothing(const struct row *row)
{
    struct agent denied = {0}, allowed = {0};
    char *ws = dacl_of(fx.ws), *extra = dacl_of(fx.extra), *ledgers = snapshot(state("ledger"));
    (void)row;
    ask_for_more(&denied, "{\"approvals\":{\"write\":\"deny\"}}");
    EXPECT(denied.run.code == 126, "wanted 126: %s", agent_story(&denied));
    EXPECT(!exists(f("%s\\started.txt", fx.extra)), "the command was started");
    EXPECT(!strcmp(ws, dacl_of(fx.ws)), "the root was granted: %s", dacl_of(fx.ws));
    EXPECT(!strcmp(extra, dacl_of(fx.extra)), "what was denied was granted: %s", dacl_of(fx.extra));
    EXPECT(!strcmp(ledgers, snapshot(state("ledger"))), "the ledgers changed: %s",
        snapshot(state("ledger")));
    ask_for_more(&allowed, "{\"approvals\":{\"write\":\"allow\"}}");
    EXPECT(allowed.run.code == PROBE_SUCCEEDED && strcmp(extra, dacl_of(fx.extra)) &&
               strcmp(ledgers, snapshot(state("ledger"))),
        "the twin must be granted: %s", agent_story(&allowed));
}

/* --- serve --pipe --- */

static bool serve(struct run *run, const char *name)
{
    *run = (struct run){.image = agent_path(), .cwd = fx.ws};
    run_args(run, "serve", "--pipe", name, NULL);
    bool ok = run_start(run);
    for (int i = 0; ok && i < 200; i++) {
        if (WaitNamedPipeW(w(f("\\\\.\\pipe\\%s", name)), 50))
            return true;
        Sleep(50);
    }
    return false;
}

/* What a session answers to us. Our end of the pipe ends it. */
static void must_serve_the_suite(struct run *run, const char *name)
{
    static const char hello[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
                                "\"params\":{\"protocolVersion\":1}}\n";
    char answer[4096] = "";
    DWORD done = 0;
    WaitNamedPipeW(w(f("\\\\.\\pipe\\%s", name)), 10000);
    HANDLE pipe = CreateFileW(w(f("\\\\.\\pipe\\%s", name)), GENERIC_READ | GENERIC_WRITE, 0, NULL,
        OPEN_EXISTING, 0, NULL);
    if (pipe != INVALID_HANDLE_VALUE && WriteFile(pipe, hello, sizeof hello - 1, &done, NULL) &&
        !ReadFile(pipe, answer, sizeof answer - 1, &done, NULL))
        answer[0] = 0;
    if (pipe != INVALID_HANDLE_VALUE)
        CloseHandle(pipe);
    run_finish(run);
    EXPECT(strstr(answer, "\"result\"") && !run->timed_out && !run->code,
        "the twin outside must be served: '%.300s' %lu %.300s", answer, run->code, run->err_text);
}

/* An unelevated command is this user, too, and may open the pipe for reading. It stays alive for as
 * long as the agent needs to look at it, is sent away, and leaves the pipe to us. */
static void sandboxed_client(const struct row *row)
{
    struct agent agent = {0};
    struct run run;
    char *name = f("sbx-suite-%lu", GetCurrentProcessId());
    (void)row;
    CHECK(serve(&run, name), "serve does not listen: %s", run.err_text ? run.err_text : "");
    agent_probe(&agent, f("seq|open|\\\\.\\pipe\\%s|80000000|+|sleep|2000", name));
    agent_go(&agent);
    const bool opened = probe_judge(&agent.run).first == PROBE_SUCCEEDED;
    if (!opened)
        diag("the pipe itself refuses it: %s", agent_story(&agent));
    must_serve_the_suite(&run, name);
    if (opened)
        EXPECT(strstr(run.err_text, "may not use the pipe"),
            "it was taken for the client: %lu %.400s", run.code, run.err_text);
}

static const struct row rows[] = {
    {"Y14", "audit__log_cannot_be_written__nothing_starts", NEED_RUN, 0, not_recorded, NULL},
    {"Y15", "approval__denied__no_grant_and_no_ledger", NEED_HELD, 0, denied_leaves_nothing, NULL},
    {"Y16", "serve__sandboxed_client__refused", NEED_HELD, 0, sandboxed_client, NULL},
};
const struct row_set rows_gates = {rows, countof(rows)};
