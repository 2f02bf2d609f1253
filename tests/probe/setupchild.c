/*
 * The other end of a set-up pipe, for tests/win/test_setupstart.c and test_requester.c.
 *
 *   setupchild --pipe NAME    what agent starts as set-up. SBX_SETUPCHILD says what it does:
 *                             talk    comes to the pipe itself
 *                             other   another process does
 *                             leave   ends at once
 *                             It reads the request, puts it into the file SBX_SETUPCHILD_FILE, and
 *                             answers with a result.
 *   setupchild listen NAME HEX    makes the pipe, as an agent would, and writes the bytes to
 * whoever comes; it prints "ready" when it listens
 */
#include "shared/core/setupmsg.h"
#include "shared/win/win.h"

#include <stdio.h>

static bool put_file(const void *bytes, DWORD count)
{
    wchar_t path[1024];
    DWORD put = 0;
    HANDLE file;

    if (!GetEnvironmentVariableW(L"SBX_SETUPCHILD_FILE", path, countof(path)))
        return false;
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    WriteFile(file, bytes, count, &put, NULL);
    CloseHandle(file);
    return put == count;
}

static int talk(const wchar_t *name)
{
    const struct sbx_setup_event event = {.kind = SBX_SETUP_EVENT_RESULT, .ok = true};
    static char request[65536];
    DWORD got = 0, put = 0;
    struct sbx_error err;
    struct sbx_buf frame;
    HANDLE pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (pipe == INVALID_HANDLE_VALUE)
        return 2;
    if (!ReadFile(pipe, request, sizeof(request), &got, NULL) || !got || !put_file(request, got))
        return 3;
    sbx_error_init(&err);
    sbx_buf_init(&frame, 65536);
    if (sbx_setup_event_encode(&event, &frame, &err) ||
        !WriteFile(pipe, frame.data, (DWORD)frame.length_bytes, &put, NULL))
        return 4;
    FlushFileBuffers(pipe);
    CloseHandle(pipe);
    sbx_buf_done(&frame);
    return 0;
}

static int let_another_talk(const wchar_t *name)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info = {0};
    wchar_t image[1024], line[1024];

    GetModuleFileNameW(NULL, image, countof(image));
    _snwprintf_s(line, countof(line), _TRUNCATE, L"setupchild talk %ls", name);
    if (!CreateProcessW(image, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &info))
        return 5;
    WaitForSingleObject(info.hProcess, 20000);
    return 0;
}

static int listen_as_agent(const wchar_t *name, const wchar_t *hex)
{
    static unsigned char bytes[1024];
    DWORD count = 0, put = 0;
    HANDLE pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, 4096, 4096, 0, NULL);

    if (pipe == INVALID_HANDLE_VALUE) {
        printf("refused %lu\n", GetLastError());
        return 6;
    }
    for (; hex[2 * count] && hex[2 * count + 1] && count < sizeof(bytes); count++) {
        unsigned value = 0;

        swscanf(hex + 2 * count, L"%2x", &value);
        bytes[count] = (unsigned char)value;
    }
    printf("ready\n");
    fflush(stdout);
    if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
        return 7;
    WriteFile(pipe, bytes, count, &put, NULL);
    Sleep(60000); /* ended by the test: who asks has to be there when it is looked at */
    return 0;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    wchar_t what[32] = L"";

    GetEnvironmentVariableW(L"SBX_SETUPCHILD", what, countof(what));
    if (argc == 4 && !wcscmp(argv[1], L"listen"))
        return listen_as_agent(argv[2], argv[3]);
    if (argc != 3)
        return 98;
    if (!wcscmp(argv[1], L"talk") || !wcscmp(what, L"talk"))
        return talk(argv[2]);
    if (!wcscmp(what, L"other"))
        return let_another_talk(argv[2]);
    return !wcscmp(what, L"leave") ? 9 : 99;
}
