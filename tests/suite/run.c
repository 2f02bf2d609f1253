/* Starting programs and collecting what they say. One thread starts, so handles can be inherited
 * plainly: only the three standard handles (and `extra`) are inheritable at that moment. */
#include "suite.h"

void run_arg(struct run *run, const char *argument)
{
    if (run->argc == RUN_ARGS) {
        fail_at(__FILE__, __LINE__, "too many arguments for the suite");
        ExitProcess(1);
    }
    run->argv[run->argc++] = argument;
}

void run_args(struct run *run, ...)
{
    va_list list;
    va_start(list, run);
    for (const char *a = va_arg(list, const char *); a; a = va_arg(list, const char *))
        run_arg(run, a);
    va_end(list);
}

/* What was read so far is in *text and *total at every moment, so that it survives a thread that
 * has to be stopped. */
static void collect(HANDLE from, unsigned pause_ms, char *text, uint64_t *total, uint64_t *ret_hash)
{
    static const size_t block = 65536;
    struct stream_hash hash = {0};
    char *buffer = malloc(block);
    DWORD done = 0;
    while (buffer) {
        if (pause_ms)
            Sleep(pause_ms);
        if (!ReadFile(from, buffer, (DWORD)block, &done, NULL))
            break; /* 0 bytes are no end of a pipe: somebody has written nothing */
        if (*total < SUITE_KEEP)
            memcpy(text + *total, buffer,
                done < SUITE_KEEP - *total ? done : (size_t)(SUITE_KEEP - *total));
        stream_hash_add(&hash, (unsigned char *)buffer, done);
        *total += done;
    }
    free(buffer);
    if (ret_hash)
        *ret_hash = stream_hash_end(&hash);
}

static DWORD WINAPI read_out(void *context)
{
    struct run *run = context;
    collect(run->pipe_out, run->slow_reader, run->out_text, &run->out_bytes, &run->out_hash);
    return 0;
}

static DWORD WINAPI read_err(void *context)
{
    struct run *run = context;
    collect(run->pipe_err, 0, run->err_text, &run->err_bytes, NULL);
    return 0;
}

static DWORD WINAPI write_in(void *context)
{
    struct run *run = context;
    DWORD done = 0;
    for (size_t at = 0; at < run->input_length; at += done) {
        size_t left = run->input_length - at;
        if (!WriteFile(run->pipe_in, (const char *)run->input + at,
                left > 65536 ? 65536 : (DWORD)left, &done, NULL) ||
            !done)
            break; /* the child closed its end */
    }
    if (!run->keep_input_open) {
        CloseHandle(run->pipe_in);
        run->pipe_in = NULL;
    }
    return 0;
}

static void make_pipe(HANDLE *ours, HANDLE *childs, bool child_writes)
{
    if (!CreatePipe(child_writes ? ours : childs, child_writes ? childs : ours, NULL, 65536))
        ExitProcess(3);
    SetHandleInformation(*childs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

static wchar_t *command_line(struct run *run)
{
    char *line = NULL;
    quote_argument(&line, run->image);
    for (int i = 0; i < run->argc; i++)
        quote_argument(&line, run->argv[i]);
    if (run->raw_tail)
        line = f("%s %s", line, run->raw_tail);
    return w(line);
}

/* Wine says "internal error" when a new process dies before it has reached its server: once in
 * about 700 starts its stack lies where Wine must map something (scripts/wine turns that off).
 * Nothing has run then, and it is no answer about a sandbox. */
static void create(struct run *run, wchar_t *line, const wchar_t *cwd, DWORD flags,
    STARTUPINFOW *startup, PROCESS_INFORMATION *pi)
{
    void *environment = (void *)(uintptr_t)run->environment;
    if (environment)
        flags |= CREATE_UNICODE_ENVIRONMENT;
    for (int i = 0; i < 3 && (!i || run->start_error == ERROR_INTERNAL_ERROR); i++) {
        BOOL ok = run->token ? CreateProcessAsUserW(run->token, w(run->image), line, NULL, NULL,
                                   TRUE, flags, environment, cwd, startup, pi)
                             : CreateProcessW(w(run->image), line, NULL, NULL, TRUE, flags,
                                   environment, cwd, startup, pi);
        run->start_error = ok ? 0 : GetLastError();
        if (run->start_error == ERROR_INTERNAL_ERROR)
            diag("a start failed with ERROR_INTERNAL_ERROR");
    }
}

bool run_start(struct run *run)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION pi = {0};
    HANDLE in = run->in, out = run->out, err = run->err, nul = NULL;
    DWORD flags = run->create_flags;
    run->out_text = calloc(1, SUITE_KEEP + 1);
    run->err_text = calloc(1, SUITE_KEEP + 1);
    if (!run->out_text || !run->err_text)
        ExitProcess(3);
    if (!in && (run->input || run->keep_input_open)) {
        make_pipe(&run->pipe_in, &in, false);
    } else if (!in) {
        SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
        in = nul = CreateFileW(L"NUL", GENERIC_READ, 3, &inherit, OPEN_EXISTING, 0, NULL);
    }
    if (!out)
        make_pipe(&run->pipe_out, &out, true);
    if (!err)
        make_pipe(&run->pipe_err, &err, true);
    startup.hStdInput = in;
    startup.hStdOutput = out;
    startup.hStdError = err;
    if (flags & CREATE_NEW_CONSOLE) {
        startup.dwFlags |= STARTF_USESHOWWINDOW;
        startup.wShowWindow = SW_HIDE;
    } else if (!(flags & DETACHED_PROCESS)) {
        flags |= CREATE_NO_WINDOW;
    }
    if (run->token)
        startup.lpDesktop = NULL;
    wchar_t *line = command_line(run), *cwd = run->cwd ? w(run->cwd) : NULL;
    create(run, line, cwd, flags, &startup, &pi);
    if (run->pipe_in)
        CloseHandle(in);
    if (run->pipe_out)
        CloseHandle(out);
    if (run->pipe_err)
        CloseHandle(err);
    if (nul)
        CloseHandle(nul);
    run->process = pi.hProcess;
    run->thread = pi.hThread;
    run->pid = pi.dwProcessId;
    if (run->pipe_out)
        run->threads[0] = CreateThread(NULL, 0, read_out, run, 0, NULL);
    if (run->pipe_err)
        run->threads[1] = CreateThread(NULL, 0, read_err, run, 0, NULL);
    if (run->pipe_in)
        run->threads[2] = CreateThread(NULL, 0, write_in, run, 0, NULL);
    return !run->start_error;
}

void run_finish(struct run *run)
{
    DWORD limit = (run->limit_ms ? run->limit_ms : 30000) * opt.slow;
    if (run->process && WaitForSingleObject(run->process, limit) == WAIT_TIMEOUT) {
        run->timed_out = true;
        TerminateProcess(run->process, 0xDEAD);
        WaitForSingleObject(run->process, 5000);
    }
    if (run->process)
        GetExitCodeProcess(run->process, &run->code);
    for (int i = 0; i < 3; i++) {
        /* A descendant may hold the pipe's other end: the row says so and does not hang. */
        if (run->threads[i] &&
            WaitForSingleObject(run->threads[i], 2000 * opt.slow) == WAIT_TIMEOUT) {
            if (i < 2)
                diag("a descendant still holds the %s pipe", i ? "error" : "output");
            TerminateThread(run->threads[i], 1);
        }
        if (run->threads[i])
            CloseHandle(run->threads[i]);
        run->threads[i] = NULL;
    }
}

bool run_all(struct run *run)
{
    bool ok = run_start(run);
    run_finish(run);
    return ok && !run->timed_out;
}

const char *probe_path(void)
{
    return f("%s\\probe.exe", opt.self_dir);
}

void probe_words(struct run *run, const char *words)
{
    char *copy = expand(words);
    run->image = probe_path();
    for (char *p = copy, *bar; p; p = bar) {
        bar = strchr(p, '|');
        if (bar)
            *bar++ = 0;
        run_arg(run, p);
    }
}

static enum probe_outcome outcome_of(const char *line)
{
    static const struct {
        const char *name;
        enum probe_outcome outcome;
    } names[] = {{"= SUCCEEDED ", PROBE_SUCCEEDED}, {"= DENIED ", PROBE_DENIED},
        {"= NOT_FOUND ", PROBE_NOT_FOUND}};
    for (size_t i = 0; i < countof(names); i++)
        if (!strncmp(line, names[i].name, strlen(names[i].name)))
            return names[i].outcome;
    return PROBE_BROKEN;
}

struct probe_result probe_judge(const struct run *run)
{
    struct probe_result result = {PROBE_BROKEN, 0, PROBE_BROKEN, f("no answer")};
    bool first = true;
    for (const char *p = run->out_text; p && *p; p = strchr(p, '\n'), p += p ? 1 : 0) {
        if (strncmp(p, "= ", 2))
            continue;
        size_t length = strcspn(p, "\r\n");
        result.outcome = outcome_of(p);
        if (first)
            result.first = result.outcome;
        first = false;
        const char *number = strchr(p + 2, ' ');
        result.error = number ? strtoul(number, NULL, 10) : 0;
        result.line = f("%.*s", (int)length, p);
    }
    return result;
}
