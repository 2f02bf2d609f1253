/*
 * The inside half of tests/elevated: what the confined command tries. Every word prints one line
 * per fact, "NAME VALUE", and never judges; outside, each has a twin that must give the opposite.
 *
 *   who                  user, group, restricted, own token and process as the child sees them
 *   processes NAME       "PID PARENT" of every process with that image name
 *   siege NAME           for every process with that image name but this one: its rights, those on
 *                        its threads and its token, starting a process in its name, debugging it
 *   breakaway            starts a process outside the job
 *   handles              handles of this process that are a token, a pipe, or a process or thread
 *                        that is neither this process nor its console's
 *   find HEX             looks for the bytes (each ^ 0x5A) in every process it can read, its
 *                        environments and command lines included
 *   hold HEX MS          keeps the bytes in clear in memory: what `find` must find
 *   connect PORT         TCP to 127.0.0.1
 *   exit N | sleep MS | tree MS | cat | write FILE | read FILE
 */
#include <winsock2.h>
#include <windows.h>
#include <tlhelp32.h>
#include <sddl.h>

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void print_sid(const char *name, PSID sid)
{
    wchar_t *text = NULL;

    if (ConvertSidToStringSidW(sid, &text)) {
        printf("%s %ls\n", name, text);
        LocalFree(text);
    }
}

static int who(void)
{
    static const DWORD rights[] = {
        TOKEN_QUERY, TOKEN_DUPLICATE, TOKEN_IMPERSONATE, TOKEN_ASSIGN_PRIMARY, WRITE_DAC};
    union {
        TOKEN_USER user;
        BYTE bytes[4096];
    } info;
    HANDLE token = NULL, process, thread;
    wchar_t given[64] = L"(none)";
    DWORD size = 0, granted = 0;
    size_t i;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token)) {
        printf("token refused %lu\n", GetLastError());
        return 1;
    }
    if (GetTokenInformation(token, TokenUser, &info, sizeof(info), &size))
        print_sid("user", info.user.User.Sid);
    printf("restricted %d\n", IsTokenRestricted(token) != 0);
    CloseHandle(token);
    for (i = 0; i < COUNT(rights); i++)
        if (OpenProcessToken(GetCurrentProcess(), rights[i], &token)) {
            granted |= rights[i];
            CloseHandle(token);
        }
    printf("own-token 0x%lx\n", granted);
    process = OpenProcess(PROCESS_VM_WRITE | PROCESS_TERMINATE, FALSE, GetCurrentProcessId());
    printf("own-process %s\n", process ? "open" : "refused");
    thread = OpenThread(THREAD_SUSPEND_RESUME, FALSE, GetCurrentThreadId());
    printf("own-thread %s\n", thread ? "open" : "refused");
    printf("impersonate-self %s\n", ImpersonateSelf(SecurityImpersonation) ? "yes" : "no");
    RevertToSelf();
    GetEnvironmentVariableW(L"SBX_GIVEN", given, COUNT(given));
    printf("given %ls\n", given);
    return 0;
}

static BOOL named(DWORD pid, const wchar_t *name)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    BOOL more, same = FALSE;

    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry))
        same |= entry.th32ProcessID == pid && !_wcsicmp(entry.szExeFile, name);
    CloseHandle(snapshot);
    return same;
}

static int processes(const wchar_t *name)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    BOOL more;

    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry))
        if (!_wcsicmp(entry.szExeFile, name))
            printf("%lu %lu\n", entry.th32ProcessID, entry.th32ParentProcessID);
    CloseHandle(snapshot);
    return 0;
}

static int open_process(DWORD pid)
{
    static const struct {
        const char *name;
        DWORD right;
    } rights[] = {{"terminate", PROCESS_TERMINATE}, {"create-thread", PROCESS_CREATE_THREAD},
        {"vm-operation", PROCESS_VM_OPERATION}, {"vm-read", PROCESS_VM_READ},
        {"vm-write", PROCESS_VM_WRITE}, {"dup-handle", PROCESS_DUP_HANDLE},
        {"create-process", PROCESS_CREATE_PROCESS}, {"set-information", PROCESS_SET_INFORMATION},
        {"suspend", PROCESS_SUSPEND_RESUME}, {"query", PROCESS_QUERY_INFORMATION},
        {"query-limited", PROCESS_QUERY_LIMITED_INFORMATION}, {"synchronize", SYNCHRONIZE},
        {"write-dac", WRITE_DAC}, {"write-owner", WRITE_OWNER}, {"delete", DELETE}};
    size_t i;

    printf("rights");
    for (i = 0; i < COUNT(rights); i++) {
        HANDLE process = OpenProcess(rights[i].right, FALSE, pid);

        if (process)
            printf(" %s", rights[i].name);
        if (process)
            CloseHandle(process);
    }
    printf("\n");
    return 0;
}

static int open_threads(DWORD pid)
{
    static const DWORD rights[] = {THREAD_TERMINATE, THREAD_SUSPEND_RESUME, THREAD_GET_CONTEXT,
        THREAD_SET_CONTEXT, THREAD_SET_INFORMATION, THREAD_SET_THREAD_TOKEN, THREAD_IMPERSONATE,
        THREAD_DIRECT_IMPERSONATION, THREAD_QUERY_INFORMATION, THREAD_QUERY_LIMITED_INFORMATION,
        SYNCHRONIZE, DELETE, WRITE_DAC, WRITE_OWNER};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    DWORD granted = 0, count = 0;
    BOOL more;
    size_t i;

    for (more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
        if (entry.th32OwnerProcessID != pid)
            continue;
        count++;
        for (i = 0; i < COUNT(rights); i++) {
            HANDLE thread = OpenThread(rights[i], FALSE, entry.th32ThreadID);

            if (thread)
                granted |= rights[i];
            if (thread)
                CloseHandle(thread);
        }
    }
    CloseHandle(snapshot);
    printf("threads %lu granted 0x%lx\n", count, granted);
    return 0;
}

static int open_token(DWORD pid)
{
    static const DWORD ways[] = {PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION};
    DWORD granted = 0, bit;
    size_t i;

    for (i = 0; i < COUNT(ways); i++) {
        HANDLE process = OpenProcess(ways[i], FALSE, pid), token;

        for (bit = 1; process && bit <= WRITE_OWNER; bit <<= 1)
            if (OpenProcessToken(process, bit, &token)) {
                granted |= bit;
                CloseHandle(token);
            }
        if (process)
            CloseHandle(process);
    }
    printf("token 0x%lx\n", granted);
    return 0;
}

static int start(DWORD flags, DWORD parent)
{
    STARTUPINFOEXW startup = {.StartupInfo.cb = sizeof(startup)};
    PROCESS_INFORMATION info = {0};
    wchar_t image[1024], line[] = L"hopchild exit 0";
    HANDLE process = NULL;
    SIZE_T size = 0;

    GetModuleFileNameW(NULL, image, COUNT(image));
    if (parent) {
        process = OpenProcess(PROCESS_CREATE_PROCESS, FALSE, parent);
        if (!process) {
            printf("refused %lu\n", GetLastError());
            return 0;
        }
        InitializeProcThreadAttributeList(NULL, 1, 0, &size);
        startup.lpAttributeList = malloc(size);
        InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size);
        UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PARENT_PROCESS,
            &process, sizeof(process), NULL, NULL);
        flags |= EXTENDED_STARTUPINFO_PRESENT;
    } else {
        startup.StartupInfo.cb = sizeof(startup.StartupInfo);
    }
    if (!CreateProcessW(
            image, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup.StartupInfo, &info))
        printf("refused %lu\n", GetLastError());
    else
        printf("started\n");
    return 0;
}

static int debug(DWORD pid)
{
    if (DebugActiveProcess(pid))
        printf("debugging\n");
    else
        printf("refused %lu\n", GetLastError());
    return 0;
}

/* Everything below the standard handles' numbers and well above them. */
static int handles(void)
{
    HANDLE std[] = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE),
        GetStdHandle(STD_ERROR_HANDLE)};
    unsigned processes_seen = 0, tokens = 0, pipes = 0, inheritable = 0;
    uintptr_t value;

    for (value = 4; value < 0x2000; value += 4) {
        HANDLE handle = (HANDLE)value;
        DWORD flags = 0, size = 0, pid;
        TOKEN_STATISTICS statistics;

        if (handle == std[0] || handle == std[1] || handle == std[2] ||
            !GetHandleInformation(handle, &flags))
            continue;
        inheritable += (flags & HANDLE_FLAG_INHERIT) != 0;
        pid = GetProcessId(handle);
        if (!pid)
            pid = GetThreadId(handle) ? GetProcessIdOfThread(handle) : 0;
        processes_seen += pid && pid != GetCurrentProcessId() && !named(pid, L"conhost.exe");
        tokens += (unsigned)GetTokenInformation(
            handle, TokenStatistics, &statistics, sizeof(statistics), &size);
        pipes += GetFileType(handle) == FILE_TYPE_PIPE;
    }
    printf("process-or-thread %u token %u pipe %u inheritable %u\n", processes_seen, tokens, pipes,
        inheritable);
    return 0;
}

static int siege(const wchar_t *name)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    BOOL more;

    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        if (_wcsicmp(entry.szExeFile, name) || entry.th32ProcessID == GetCurrentProcessId())
            continue;
        printf("pid %lu parent %lu\n", entry.th32ProcessID, entry.th32ParentProcessID);
        open_process(entry.th32ProcessID);
        open_threads(entry.th32ProcessID);
        open_token(entry.th32ProcessID);
        printf("spoof ");
        start(0, entry.th32ProcessID);
        printf("debug ");
        debug(entry.th32ProcessID);
        printf("end\n");
    }
    CloseHandle(snapshot);
    return 0;
}

static BYTE needle[256];
static size_t needle_size;

/* Both as bytes and as UTF-16. The needle itself is only ever here, with every byte changed. */
static unsigned matches(const BYTE *bytes, size_t size)
{
    unsigned found = 0;
    size_t at, i;

    for (at = 0; at + needle_size <= size; at++) {
        for (i = 0; i < needle_size && (bytes[at + i] ^ 0x5A) == needle[i]; i++)
            ;
        found += i == needle_size;
        for (i = 0; at + 2 * needle_size <= size && i < needle_size &&
                    (bytes[at + 2 * i] ^ 0x5A) == needle[i] && !bytes[at + 2 * i + 1];
             i++)
            ;
        found += i == needle_size && at + 2 * needle_size <= size;
    }
    return found;
}

static unsigned search(HANDLE process, size_t *bytes_read)
{
    MEMORY_BASIC_INFORMATION region;
    BYTE *at = NULL, *copy;
    unsigned found = 0;
    SIZE_T got;

    while (VirtualQueryEx(process, at, &region, sizeof(region))) {
        if (region.State == MEM_COMMIT && !(region.Protect & (PAGE_NOACCESS | PAGE_GUARD)) &&
            region.RegionSize < 64u << 20 && (copy = malloc(region.RegionSize))) {
            got = 0;
            ReadProcessMemory(process, region.BaseAddress, copy, region.RegionSize, &got);
            found += matches(copy, got);
            *bytes_read += got;
            free(copy);
        }
        at = (BYTE *)region.BaseAddress + region.RegionSize;
    }
    return found;
}

static void read_needle(const wchar_t *hex)
{
    for (needle_size = 0; hex[2 * needle_size] && hex[2 * needle_size + 1] && needle_size < 64;
         needle_size++) {
        unsigned value = 0;

        swscanf(hex + 2 * needle_size, L"%2x", &value);
        needle[needle_size] = (BYTE)value;
    }
}

static int hold(const wchar_t *hex, DWORD ms)
{
    static char clear[256];
    size_t i;

    read_needle(hex);
    for (i = 0; i < needle_size; i++)
        clear[i] = (char)(needle[i] ^ 0x5A);
    printf("holding %u\n", (unsigned)strlen(clear));
    fflush(stdout);
    Sleep(ms);
    return 0;
}

static int find(const wchar_t *hex)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    unsigned found = 0, readable = 0, seen = 0, here;
    size_t bytes = 0;
    BOOL more;

    read_needle(hex);
    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        HANDLE process =
            OpenProcess(PROCESS_VM_READ | PROCESS_QUERY_INFORMATION, FALSE, entry.th32ProcessID);

        seen++;
        if (!process)
            continue;
        readable++;
        here = search(process, &bytes);
        if (here)
            printf("in %lu %ls\n", entry.th32ProcessID, entry.szExeFile);
        found += here;
        CloseHandle(process);
    }
    CloseHandle(snapshot);
    printf("processes %u readable %u bytes %s found %u\n", seen, readable,
        bytes > 100000 ? "many" : "few", found);
    return 0;
}

static int cat(void)
{
    static char bytes[65536];
    DWORD got = 0, put = 0;

    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof(bytes), &got, NULL) && got)
        WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, got, &put, NULL);
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), "end\n", 4, &put, NULL);
    return 0;
}

static int tree(const wchar_t *ms)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info = {0};
    wchar_t image[1024], line[64];

    GetModuleFileNameW(NULL, image, COUNT(image));
    swprintf(line, COUNT(line), L"hopchild sleep %ls", ms);
    if (!CreateProcessW(image, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &info))
        printf("refused %lu\n", GetLastError());
    else
        printf("pids %lu %lu\n", GetCurrentProcessId(), info.dwProcessId);
    fflush(stdout);
    Sleep(wcstoul(ms, NULL, 0));
    return 0;
}

static int write_file(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        printf("refused %lu\n", GetLastError());
    else
        printf("written\n");
    return 0;
}

static int read_file(const wchar_t *path)
{
    HANDLE file = CreateFileW(
        path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        printf("refused %lu\n", GetLastError());
    else
        printf("read\n");
    return 0;
}

static int connect_to(DWORD port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};
    WSADATA data;
    SOCKET s;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (WSAStartup(MAKEWORD(2, 2), &data)) {
        printf("no sockets\n");
        return 0;
    }
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (s == INVALID_SOCKET)
        printf("no socket %d\n", WSAGetLastError());
    else if (connect(s, (struct sockaddr *)&address, sizeof(address)))
        printf("refused %d\n", WSAGetLastError());
    else
        printf("connected\n");
    return 0;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    const wchar_t *word = argc > 1 ? argv[1] : L"";
    DWORD number = argc > 2 ? wcstoul(argv[2], NULL, 0) : 0;

    _setmode(1, _O_BINARY);
    if (!wcscmp(word, L"who"))
        return who();
    if (!wcscmp(word, L"breakaway"))
        return start(CREATE_BREAKAWAY_FROM_JOB, 0);
    if (!wcscmp(word, L"handles"))
        return handles();
    if (!wcscmp(word, L"cat"))
        return cat();
    if (argc < 3)
        return 98;
    if (!wcscmp(word, L"processes"))
        return processes(argv[2]);
    if (!wcscmp(word, L"siege"))
        return siege(argv[2]);
    if (!wcscmp(word, L"hold") && argc > 3)
        return hold(argv[2], wcstoul(argv[3], NULL, 0));
    if (!wcscmp(word, L"read"))
        return read_file(argv[2]);
    if (!wcscmp(word, L"find"))
        return find(argv[2]);
    if (!wcscmp(word, L"exit"))
        return (int)number;
    if (!wcscmp(word, L"sleep"))
        return Sleep(number), 0;
    if (!wcscmp(word, L"tree"))
        return tree(argv[2]);
    if (!wcscmp(word, L"connect"))
        return connect_to(number);
    if (!wcscmp(word, L"write"))
        return write_file(argv[2]);
    return 99;
}
