/*
 * The child that test_spawn, test_job, test_pipe and test_tokenproof start: one word, one thing.
 *
 *   args A...        prints each argument as hexadecimal UTF-16 units, one line each
 *   exit N           ends with exit code N (decimal or 0x...)
 *   cat              copies standard input to standard output, then writes "end" to standard error
 *   open H...        prints 1 or 0 for each handle value: does it name an open handle here
 *   write H TEXT     writes TEXT to the handle with that value
 *   env NAME         prints the value, or "(none)"
 *   cwd              prints the working directory
 *   sleep MS         sleeps
 *   tree N MS        starts N children that sleep MS, then sleeps itself
 *   burn MS          uses the processor for MS of user time
 *   memory BYTES     commits memory and touches it; exit code 0 or 9 when refused
 */
#include "shared/win/win.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>

static int args(int argc, wchar_t **argv)
{
    int i;
    const wchar_t *at;

    for (i = 2; i < argc; i++) {
        for (at = argv[i]; *at; at++)
            printf("%04x", (unsigned)*at);
        printf("\n");
    }
    return 0;
}

static int cat(void)
{
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    static char bytes[65536];
    DWORD got = 0, put = 0;

    while (ReadFile(in, bytes, sizeof(bytes), &got, NULL) && got > 0)
        if (!WriteFile(out, bytes, got, &put, NULL) || put != got)
            return 3;
    if (!WriteFile(GetStdHandle(STD_ERROR_HANDLE), "end", 3, &put, NULL))
        return 4;
    return 0;
}

static HANDLE handle_of(const wchar_t *text)
{
    return (HANDLE)(uintptr_t)_wcstoui64(text, NULL, 0);
}

static int open_handles(int argc, wchar_t **argv)
{
    DWORD flags = 0;
    int i;

    for (i = 2; i < argc; i++)
        printf("%d", GetHandleInformation(handle_of(argv[i]), &flags) ? 1 : 0);
    printf("\n");
    return 0;
}

static int write_handle(wchar_t **argv)
{
    char text[256];
    DWORD put = 0;
    int n = snprintf(text, sizeof(text), "%ls", argv[3]);

    return n > 0 && WriteFile(handle_of(argv[2]), text, (DWORD)n, &put, NULL) ? 0 : 5;
}

static int print_env(const wchar_t *name)
{
    wchar_t value[1024];
    DWORD cch = GetEnvironmentVariableW(name, value, countof(value));

    if (cch == 0 || cch >= countof(value))
        printf("(none)\n");
    else
        printf("%ls\n", value);
    return 0;
}

static int print_cwd(void)
{
    wchar_t path[1024];

    if (!GetCurrentDirectoryW(countof(path), path))
        return 6;
    printf("%ls\n", path);
    return 0;
}

static int tree(const wchar_t *count, const wchar_t *ms)
{
    STARTUPINFOW startup = {0};
    PROCESS_INFORMATION info = {0};
    wchar_t image[1024], line[128];
    unsigned long i, started = 0;

    startup.cb = sizeof(startup);
    if (!GetModuleFileNameW(NULL, image, countof(image)))
        return 7;
    for (i = 0; i < wcstoul(count, NULL, 0); i++) {
        swprintf(line, countof(line), L"child sleep %ls", ms);
        if (!CreateProcessW(image, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &info))
            continue;
        started++;
        CloseHandle(info.hThread);
        CloseHandle(info.hProcess);
    }
    printf("%lu\n", started);
    fflush(stdout);
    Sleep(wcstoul(ms, NULL, 0));
    return 0;
}

static int burn(unsigned long ms)
{
    FILETIME made, ended, kernel, user;
    volatile unsigned spin = 0;

    do {
        while (++spin % 1000000u)
            ;
        if (!GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user))
            return 8;
    } while (user.dwHighDateTime == 0 && user.dwLowDateTime / 10000u < ms);
    return 0;
}

static int memory(unsigned long long bytes)
{
    char *block = VirtualAlloc(NULL, (SIZE_T)bytes, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

    if (!block)
        return 9;
    memset(block, 1, (size_t)bytes);
    return 0;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    const wchar_t *word = argc > 1 ? argv[1] : L"";

    _setmode(1, _O_BINARY);
    if (!wcscmp(word, L"args"))
        return args(argc, argv);
    if (!wcscmp(word, L"exit") && argc == 3)
        ExitProcess((UINT)wcstoul(argv[2], NULL, 0));
    if (!wcscmp(word, L"cat"))
        return cat();
    if (!wcscmp(word, L"open"))
        return open_handles(argc, argv);
    if (!wcscmp(word, L"write") && argc == 4)
        return write_handle(argv);
    if (!wcscmp(word, L"env") && argc == 3)
        return print_env(argv[2]);
    if (!wcscmp(word, L"cwd"))
        return print_cwd();
    if (!wcscmp(word, L"sleep") && argc == 3) {
        Sleep(wcstoul(argv[2], NULL, 0));
        return 0;
    }
    if (!wcscmp(word, L"tree") && argc == 4)
        return tree(argv[2], argv[3]);
    if (!wcscmp(word, L"burn") && argc == 3)
        return burn(wcstoul(argv[2], NULL, 0));
    if (!wcscmp(word, L"memory") && argc == 3)
        return memory(_wcstoui64(argv[2], NULL, 0));
    fprintf(stderr, "child: unknown word '%ls'\n", word);
    return 99;
}
