/* What a command does with its streams, arguments, environment and time. */
#include "probe_internal.h"

static int do_ping(int argc, const wchar_t **argv)
{
    (void)argc;
    (void)argv;
    return succeeded();
}

/* exit CODE: decimal or 0x...; the code is the program's, no outcome is printed. */
static int do_exit(int argc, const wchar_t **argv)
{
    (void)argc;
    ExitProcess(wcstoul(argv[1], NULL, 0));
}

/* crash: an access violation that nobody handles. */
static int do_crash(int argc, const wchar_t **argv)
{
    volatile uintptr_t address = 8; /* volatile, so that the compiler cannot see it coming */
    (void)argc;
    (void)argv;
    *(volatile int *)address = 1;
    return broken("survived");
}

static uint64_t clock_us(void)
{
    LARGE_INTEGER now, per_second;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&per_second);
    return (uint64_t)(now.QuadPart * 1000000 / per_second.QuadPart);
}

/* flood BYTES out|err [timed]: the stream of stream.h; timed: then "took N us" on the error stream.
 */
static int do_flood(int argc, const wchar_t **argv)
{
    static unsigned char block[65536];
    uint64_t total = _wcstoui64(argv[1], NULL, 10);
    uint64_t begun = clock_us();
    HANDLE to =
        GetStdHandle(argc > 2 && !wcscmp(argv[2], L"err") ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    for (uint64_t at = 0; at < total; at += sizeof block) {
        DWORD want = total - at < sizeof block ? (DWORD)(total - at) : sizeof block, done = 0;
        stream_fill(block, sizeof block, at);
        for (DWORD sent = 0; sent < want; sent += done)
            if (!WriteFile(to, block + sent, want - sent, &done, NULL) || !done)
                ExitProcess(PROBE_BROKEN);
    }
    if (argc > 3 && !wcscmp(argv[3], L"timed")) {
        char text[48];
        DWORD done = 0;
        int length =
            snprintf(text, sizeof text, "took %llu us\n", (unsigned long long)(clock_us() - begun));
        WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, (DWORD)length, &done, NULL);
    }
    ExitProcess(0);
}

/* count: reads standard input to its end; bytes and hash. */
static int do_count(int argc, const wchar_t **argv)
{
    static unsigned char block[65536];
    struct stream_hash hash = {0};
    uint64_t total = 0;
    DWORD done = 0;
    (void)argc;
    (void)argv;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), block, sizeof block, &done, NULL) && done) {
        stream_hash_add(&hash, block, done);
        total += done;
    }
    DWORD error = GetLastError();
    put("bytes %llu hash %016llx\n", (unsigned long long)total,
        (unsigned long long)stream_hash_end(&hash));
    return done && error != ERROR_BROKEN_PIPE ? refused_with(error) : succeeded();
}

/* cat: standard input to standard output, nothing else printed. */
static int do_cat(int argc, const wchar_t **argv)
{
    static unsigned char block[65536];
    DWORD done = 0;
    (void)argc;
    (void)argv;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), block, sizeof block, &done, NULL) && done)
        put_bytes(block, done);
    ExitProcess(0);
}

/* close-input: closes standard input at once, then answers after a while. */
static int do_close_input(int argc, const wchar_t **argv)
{
    (void)argc;
    CloseHandle(GetStdHandle(STD_INPUT_HANDLE));
    Sleep(wcstoul(argv[1], NULL, 10));
    return succeeded();
}

/* order N: numbered lines, odd ones to standard error. */
static int do_order(int argc, const wchar_t **argv)
{
    (void)argc;
    for (unsigned long i = 0, n = wcstoul(argv[1], NULL, 10); i < n; i++) {
        char line[32];
        DWORD done = 0;
        int length = snprintf(line, sizeof line, "%lu\n", i);
        WriteFile(GetStdHandle(i % 2 ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE), line, (DWORD)length,
            &done, NULL);
    }
    ExitProcess(0);
}

/* argv ARGS...: each argument as UTF-16 code units in hexadecimal, one a line. */
static int do_argv(int argc, const wchar_t **argv)
{
    for (int i = 1; i < argc; i++) {
        put("arg ");
        for (const wchar_t *p = argv[i]; *p; p++)
            put("%04x", *p);
        put("\n");
    }
    return succeeded();
}

/* argv-length ARG: its length and hash; for vectors too long to print. */
static int do_argv_length(int argc, const wchar_t **argv)
{
    struct stream_hash hash = {0};
    (void)argc;
    size_t length = wcslen(argv[1]);
    stream_hash_add(&hash, (const unsigned char *)argv[1], length * sizeof(wchar_t));
    put("length %lu hash %016llx\n", (unsigned long)length,
        (unsigned long long)stream_hash_end(&hash));
    return succeeded();
}

/* env [NAME]: the environment, or one variable; absent = NOT_FOUND. */
static int do_env(int argc, const wchar_t **argv)
{
    static wchar_t value[32768];
    if (argc > 1) {
        if (!GetEnvironmentVariableW(argv[1], value, 32768) && GetLastError())
            return refused_with(ERROR_FILE_NOT_FOUND);
        put("env ");
        put_wide(argv[1]);
        put("=");
        put_wide(value);
        put("\n");
        return succeeded();
    }
    wchar_t *block = GetEnvironmentStringsW();
    for (wchar_t *p = block; p && *p; p += wcslen(p) + 1) {
        put("env ");
        put_wide(p);
        put("\n");
    }
    return block ? succeeded() : refused();
}

/* envwrite NAME FILE: creates FILE in the directory that the variable names. */
static int do_envwrite(int argc, const wchar_t **argv)
{
    static wchar_t path[33000];
    (void)argc;
    DWORD length = GetEnvironmentVariableW(argv[1], path, 32000);
    if (!length)
        return refused_with(ERROR_FILE_NOT_FOUND);
    swprintf(path + length, 900, L"\\%ls", argv[2]);
    put("path ");
    put_wide(path);
    put("\n");
    const wchar_t *step[] = {L"overwrite", path};
    return dispatch(2, step);
}

static int do_cwd(int argc, const wchar_t **argv)
{
    static wchar_t path[32768];
    (void)argc;
    (void)argv;
    if (!GetCurrentDirectoryW(32768, path))
        return refused();
    put("cwd ");
    put_wide(path);
    put("\n");
    return succeeded();
}

static int do_sleep(int argc, const wchar_t **argv)
{
    (void)argc;
    Sleep(wcstoul(argv[1], NULL, 10));
    return succeeded();
}

/* A file that exists and cannot be opened by anyone else for as long as this process lives. */
static int hold_lock(const wchar_t *dir)
{
    wchar_t path[1024];
    swprintf(path, 1024, L"%ls\\%lu.held", dir, GetCurrentProcessId());
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    return file == INVALID_HANDLE_VALUE ? refused() : succeeded();
}

static int do_hold(int argc, const wchar_t **argv)
{
    (void)argc;
    int outcome = hold_lock(argv[1]);
    if (outcome == PROBE_SUCCEEDED)
        Sleep(INFINITE);
    return outcome;
}

static BOOL WINAPI ignore(DWORD event)
{
    (void)event;
    return TRUE;
}

/* stubborn DIR: holds and ignores Ctrl-C and Ctrl-Break. */
static int do_stubborn(int argc, const wchar_t **argv)
{
    SetConsoleCtrlHandler(ignore, TRUE);
    return do_hold(argc, argv);
}

static volatile LONG break_seen;

static BOOL WINAPI note_break(DWORD event)
{
    if (event == CTRL_BREAK_EVENT)
        InterlockedExchange(&break_seen, 1);
    return TRUE;
}

/* await-break DIR MS: SUCCEEDED when CTRL_BREAK arrives in time. */
static int do_await_break(int argc, const wchar_t **argv)
{
    (void)argc;
    SetConsoleCtrlHandler(note_break, TRUE);
    int outcome = hold_lock(argv[1]);
    for (ULONGLONG end = GetTickCount64() + wcstoul(argv[2], NULL, 10);
         outcome == PROBE_SUCCEEDED && !break_seen;) {
        if (GetTickCount64() > end)
            return refused_with(WAIT_TIMEOUT);
        Sleep(20);
    }
    return outcome;
}

/* hollow: words, a write of nothing, and more words. */
static int do_hollow(int argc, const wchar_t **argv)
{
    static const char *const parts[] = {"before\n", "", "behind nothing\n"};
    DWORD done = 0;
    (void)argc;
    (void)argv;
    for (int i = 0; i < 3; i++) {
        Sleep(200);
        WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), parts[i], (DWORD)strlen(parts[i]), &done, NULL);
    }
    return succeeded();
}

const struct probe_command io_commands[] = {
    {L"ping", 0, do_ping},
    {L"exit", 1, do_exit},
    {L"crash", 0, do_crash},
    {L"flood", 1, do_flood},
    {L"hollow", 0, do_hollow},
    {L"count", 0, do_count},
    {L"cat", 0, do_cat},
    {L"close-input", 1, do_close_input},
    {L"order", 1, do_order},
    {L"argv", 0, do_argv},
    {L"argv-length", 1, do_argv_length},
    {L"env", 0, do_env},
    {L"envwrite", 2, do_envwrite},
    {L"cwd", 0, do_cwd},
    {L"sleep", 1, do_sleep},
    {L"hold", 1, do_hold},
    {L"stubborn", 1, do_stubborn},
    {L"await-break", 2, do_await_break},
    {NULL, 0, NULL},
};
