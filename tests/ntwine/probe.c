/* probe: shows each semantic of ntwine from a Windows program, each refusal with a twin that is allowed.
 *
 *   probe.exe user       as a standard user        probe.exe admin      with the full token (NTWINE_ELEVATED=1)
 *   probe.exe child DIR  what a program under a write-restricted token may do (used by "user")
 *   probe.exe whoami     prints the token's user (used by "admin")
 *   probe.exe elevated   exit code 7 when elevated, 6 when not
 *
 * One line per check, "ok NAME" or "not ok NAME: ...". tests/ntwine/selftest.sh counts them. */

#include "probe.h"

#include <tlhelp32.h>

static unsigned own_threads(void)
{
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    unsigned count = 0;
    BOOL more;

    for (more = Thread32First(list, &entry); more; more = Thread32Next(list, &entry))
        count += entry.th32OwnerProcessID == GetCurrentProcessId();
    CloseHandle(list);
    return count;
}

/* Writes our SID, what opening the process that started us for writing gives, and how many threads are in here. */
static int whoami(const wchar_t *path)
{
    char *text = NULL, line[256];
    FILE *out = path ? _wfopen(path, L"w") : stdout;
    DWORD parent = 0, code;
    PROCESS_BASIC_INFORMATION info;

    if (!out || !ConvertSidToStringSidA(((TOKEN_USER *)info_of(own, TokenUser))->User.Sid, &text)) return 1;
    if (!NtQueryInformationProcess(GetCurrentProcess(), ProcessBasicInformation, &info, sizeof(info), NULL)) parent = (DWORD)info.InheritedFromUniqueProcessId;
    code = result(OpenProcess(PROCESS_VM_WRITE, FALSE, parent) != NULL);
    snprintf(line, sizeof(line), "%s open=%lu threads=%u", text, code, own_threads());
    fprintf(out, "%s\n", line);
    if (path) fclose(out);
    return 0;
}

int wmain(int argc, wchar_t **argv)
{
    wchar_t temp[MAX_PATH];
    FILETIME now;

    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &own)) return 2;
    if (argc > 2 && !wcscmp(argv[1], L"child")) {
        child(argv[2]);
        return 0;
    }
    if (argc > 1 && !wcscmp(argv[1], L"whoami")) return whoami(argc > 2 ? argv[2] : NULL);
    if (argc > 1 && !wcscmp(argv[1], L"elevated")) return 6 + (int)number_of(own, TokenElevation);
    CloseHandle(own);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS & ~TOKEN_ADJUST_SESSIONID, &own)) return 2;
    GetTempPathW(MAX_PATH, temp);
    GetSystemTimeAsFileTime(&now); /* process ids come again after a restart of the server */
    _snwprintf(base, MAX_PATH, L"%lsprobe-%08lx%08lx", temp, now.dwHighDateTime, now.dwLowDateTime);
    CreateDirectoryW(base, NULL);
    if (argc > 1 && !wcscmp(argv[1], L"user")) test_user();
    else if (argc > 1 && !wcscmp(argv[1], L"admin")) {
        test_privileges();
        test_accounts();
        test_logon();
        test_second_user();
        test_wfp();
        test_sockets();
        test_firewall();
        test_removal();
    } else return 2;
    printf("done\n");
    return 0;
}
