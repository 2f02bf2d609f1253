/*
 * The other end of a pipe, for tests/hosts; plain API, nothing of libsbx.
 *
 *   pipehost NAME LINE...   a host for `agent serve --pipe NAME`: sends the lines, prints what
 * comes until a command has ended, and goes pipehost --read NAME    makes the pipe, says so in a
 * line, prints what its one client writes
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static HANDLE connect_to(const wchar_t *name_w)
{
    wchar_t path_w[300];
    int tries;

    _snwprintf(path_w, 299, L"\\\\.\\pipe\\%ls", name_w);
    path_w[299] = 0;
    for (tries = 0; tries < 200; tries++) {
        HANDLE pipe = CreateFileW(path_w, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
            SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);

        if (pipe != INVALID_HANDLE_VALUE)
            return pipe;
        Sleep(50);
    }
    return NULL;
}

static int read_as_server(const wchar_t *name_w)
{
    char part[4096];
    wchar_t path_w[300];
    DWORD length = 0;
    HANDLE pipe;

    _snwprintf(path_w, 299, L"\\\\.\\pipe\\%ls", name_w);
    path_w[299] = 0;
    pipe = CreateNamedPipeW(
        path_w, PIPE_ACCESS_INBOUND, PIPE_REJECT_REMOTE_CLIENTS, 1, 4096, 4096, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE)
        return 2;
    puts("listening");
    fflush(stdout);
    if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
        return 3;
    while (ReadFile(pipe, part, sizeof(part), &length, NULL) && length)
        fwrite(part, 1, length, stdout);
    CloseHandle(pipe);
    return 0;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    static char all[1 << 20];
    const int serves = argc == 3 && wcscmp(argv[1], L"--read") == 0;
    HANDLE pipe = argc > 2 && !serves ? connect_to(argv[1]) : NULL;
    DWORD length = 0, at = 0;
    int i;

    if (serves)
        return read_as_server(argv[2]);
    if (!pipe)
        return 2;
    for (i = 2; i < argc; i++) {
        char line[4096];
        int n = WideCharToMultiByte(CP_UTF8, 0, argv[i], -1, line, sizeof(line) - 1, NULL, NULL);

        if (n < 2)
            return 2;
        line[n - 1] = '\n';
        if (!WriteFile(pipe, line, (DWORD)n, &length, NULL) || length != (DWORD)n)
            return 3;
    }
    while (!strstr(all, "exec.exit") && at < sizeof(all) - 1 &&
           ReadFile(pipe, all + at, sizeof(all) - 1 - at, &length, NULL) && length)
        at += length;
    fwrite(all, 1, at, stdout);
    CloseHandle(pipe);
    return strstr(all, "exec.exit") ? 0 : 1;
}
