/*
 * What `agent serve` is measured against (tests/hosts/second.py): a program that is there already
 * and runs a command the way a host without a sandbox does, libuv with windowsHide for one: pipes
 * of its own for output, CREATE_NO_WINDOW, read to the end, wait. Plain API, nothing of libsbx.
 *
 * One command line per line of standard input; one line with the exit code per command.
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define LINE_CCH 4096

struct output {
    HANDLE ours, childs;
};

static BOOL make_pipe(struct output *output)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), NULL, TRUE};

    return CreatePipe(&output->ours, &output->childs, &inheritable, 65536) &&
           SetHandleInformation(output->ours, HANDLE_FLAG_INHERIT, 0);
}

static DWORD WINAPI read_to_end(void *context)
{
    const struct output *output = context;
    char part[4096];
    DWORD length = 0;

    while (ReadFile(output->ours, part, sizeof(part), &length, NULL) && length)
        ;
    return 0;
}

static BOOL start(wchar_t *line_w, HANDLE nul, const struct output output[2], HANDLE *ret_process)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info = {0};

    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = nul;
    startup.hStdOutput = output[0].childs;
    startup.hStdError = output[1].childs;
    if (!CreateProcessW(NULL, line_w, NULL, NULL, TRUE,
            CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT, NULL, NULL, &startup, &info))
        return FALSE;
    CloseHandle(info.hThread);
    *ret_process = info.hProcess;
    return TRUE;
}

/* @return the exit code; as negative number the error that kept it from running */
static long run(wchar_t *line_w, HANDLE nul)
{
    struct output output[2] = {{NULL, NULL}, {NULL, NULL}};
    HANDLE readers[2] = {NULL, NULL}, process = NULL;
    DWORD exit_code = 0;
    BOOL started;
    long result;
    int i;

    if (!make_pipe(&output[0]) || !make_pipe(&output[1]))
        return -(long)GetLastError();
    started = start(line_w, nul, output, &process);
    result = -(long)GetLastError();
    for (i = 0; i < 2; i++) {
        CloseHandle(output[i].childs);
        if (started)
            readers[i] = CreateThread(NULL, 0, read_to_end, &output[i], 0, NULL);
    }
    if (started && readers[0] && readers[1]) {
        WaitForMultipleObjects(2, readers, TRUE, INFINITE);
        WaitForSingleObject(process, INFINITE);
        result = GetExitCodeProcess(process, &exit_code) ? (long)exit_code : -1;
    }
    for (i = 0; i < 2; i++) {
        CloseHandle(output[i].ours);
        if (readers[i])
            CloseHandle(readers[i]);
    }
    if (process)
        CloseHandle(process);
    return result;
}

int wmain(void);

int wmain(void)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), NULL, TRUE};
    HANDLE nul =
        CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ, &inheritable, OPEN_EXISTING, 0, NULL);
    char line[LINE_CCH];
    wchar_t line_w[LINE_CCH];

    if (nul == INVALID_HANDLE_VALUE)
        return 2;
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, line, -1, line_w, LINE_CCH))
            return 2;
        printf("%ld\n", run(line_w, nul));
        fflush(stdout);
    }
    return 0;
}
