/* Attacks on processes, threads, tokens and the job. */
#include "probe_internal.h"
#include <tlhelp32.h>

DWORD parent_of(DWORD pid)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    DWORD parent = 0;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (list == INVALID_HANDLE_VALUE)
        return 0;
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        if (entry.th32ProcessID == pid)
            parent = entry.th32ParentProcessID;
    CloseHandle(list);
    return parent;
}

/* A process is named by its id, or as ^1, ^2, ...: parent, grandparent, ... */
static DWORD pid_of(const wchar_t *text)
{
    DWORD pid = GetCurrentProcessId();
    if (text[0] != L'^')
        return wcstoul(text, NULL, 10);
    for (unsigned long n = wcstoul(text + 1, NULL, 10); n && pid; n--)
        pid = parent_of(pid);
    return pid;
}

struct right {
    DWORD mask;
    const char *name;
    enum {
        CHANGES,
        READS,
        ENDS,    /* NT's default descriptor lets the whole logon session do it */
        BORROWS, /* about its token; no write right in a thread's generic mapping */
        WAITS    /* and looks on: what only `any` counts */
    } kind;
};

static const struct right process_rights[] = {
    {PROCESS_VM_WRITE, "VM_WRITE", CHANGES},
    {PROCESS_VM_OPERATION, "VM_OPERATION", CHANGES},
    {PROCESS_CREATE_THREAD, "CREATE_THREAD", CHANGES},
    {PROCESS_DUP_HANDLE, "DUP_HANDLE", CHANGES},
    {PROCESS_CREATE_PROCESS, "CREATE_PROCESS", CHANGES},
    {PROCESS_SET_INFORMATION, "SET_INFORMATION", CHANGES},
    {PROCESS_SUSPEND_RESUME, "SUSPEND_RESUME", CHANGES},
    {PROCESS_TERMINATE, "TERMINATE", ENDS},
    {WRITE_DAC, "WRITE_DAC", CHANGES},
    {WRITE_OWNER, "WRITE_OWNER", CHANGES},
    {PROCESS_VM_READ, "VM_READ", READS},
};

static const struct right thread_rights[] = {
    {THREAD_SET_CONTEXT, "SET_CONTEXT", CHANGES},
    {THREAD_SUSPEND_RESUME, "SUSPEND_RESUME", CHANGES},
    {THREAD_TERMINATE, "TERMINATE", ENDS},
    {THREAD_SET_THREAD_TOKEN, "SET_THREAD_TOKEN", BORROWS},
    {THREAD_IMPERSONATE, "IMPERSONATE", BORROWS},
    {THREAD_DIRECT_IMPERSONATION, "DIRECT_IMPERSONATION", BORROWS},
    {WRITE_DAC, "WRITE_DAC", CHANGES},
    {WRITE_OWNER, "WRITE_OWNER", CHANGES},
    {THREAD_GET_CONTEXT, "GET_CONTEXT", READS},
    {SYNCHRONIZE, "SYNCHRONIZE", WAITS},
    {THREAD_QUERY_LIMITED_INFORMATION, "QUERY_LIMITED_INFORMATION", WAITS},
};

static HANDLE open_process(DWORD mask, DWORD id)
{
    return OpenProcess(mask, FALSE, id);
}

static HANDLE open_thread(DWORD mask, DWORD id)
{
    return OpenThread(mask, FALSE, id);
}

static bool counts(const struct right *right, const wchar_t *which)
{
    if (!wcscmp(which, L"any"))
        return true;
    if (!wcscmp(which, L"borrow"))
        return right->kind == BORROWS;
    return right->kind == CHANGES || (right->kind == READS && !wcscmp(which, L"all"));
}

/* Tries each right alone and prints the answer. Which ones count: `write` the changing ones, `all`
 * those that read too, `borrow` those about the token, `any` each. SUCCEEDED when one that counts
 * is granted.
 */
static int try_rights(const struct right *rights, size_t count, const wchar_t *which, DWORD id,
    HANDLE (*open)(DWORD, DWORD))
{
    int outcome = PROBE_DENIED;
    DWORD error = ERROR_ACCESS_DENIED;
    for (size_t i = 0; i < count; i++) {
        HANDLE handle = open(rights[i].mask, id);
        DWORD code = handle ? 0 : GetLastError();
        put("  %s %lu%s\n", rights[i].name, code, handle ? " GRANTED" : "");
        if (handle)
            CloseHandle(handle);
        if (!counts(&rights[i], which))
            continue;
        if (handle)
            outcome = PROBE_SUCCEEDED;
        else if (code != ERROR_ACCESS_DENIED && outcome == PROBE_DENIED)
            outcome = refused_with(error = code);
    }
    probe_error = outcome == PROBE_SUCCEEDED ? 0 : error;
    return outcome;
}

/* process PID write|all|borrow */
static int do_process(int argc, const wchar_t **argv)
{
    DWORD pid = pid_of(argv[1]);
    (void)argc;
    put("process %lu\n", pid);
    return pid ? try_rights(process_rights, sizeof process_rights / sizeof process_rights[0],
                     argv[2], pid, open_process)
               : refused_with(ERROR_NOT_FOUND);
}

/* thread PID write|all|borrow|any: every thread of that process; the worst answer counts. */
static int do_thread(int argc, const wchar_t **argv)
{
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    DWORD pid = pid_of(argv[1]), error = ERROR_NOT_FOUND;
    int worst = PROBE_BROKEN;
    (void)argc;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    if (list == INVALID_HANDLE_VALUE)
        return refused();
    for (BOOL more = Thread32First(list, &entry); more; more = Thread32Next(list, &entry)) {
        if (entry.th32OwnerProcessID != pid)
            continue;
        put("thread %lu of process %lu\n", entry.th32ThreadID, pid);
        int outcome = try_rights(thread_rights, sizeof thread_rights / sizeof thread_rights[0],
            argv[2], entry.th32ThreadID, open_thread);
        if (worst != PROBE_SUCCEEDED) {
            worst = outcome;
            error = probe_error;
        }
    }
    CloseHandle(list);
    probe_error = worst == PROBE_SUCCEEDED ? 0 : error;
    return worst;
}

/* token PID: a handle to its token that could be used. */
static int do_token(int argc, const wchar_t **argv)
{
    HANDLE token = NULL;
    (void)argc;
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, pid_of(argv[1]));
    if (!process)
        return refused();
    BOOL ok = OpenProcessToken(
        process, TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY | TOKEN_IMPERSONATE, &token);
    int outcome = ok ? succeeded() : refused();
    if (token)
        CloseHandle(token);
    CloseHandle(process);
    return outcome;
}

static int do_terminate(int argc, const wchar_t **argv)
{
    (void)argc;
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid_of(argv[1]));
    if (!process)
        return refused();
    int outcome = TerminateProcess(process, 99) ? succeeded() : refused();
    CloseHandle(process);
    return outcome;
}

/* breakaway COMMAND ARGS...: the command in a process outside the job. */
static int do_breakaway(int argc, const wchar_t **argv)
{
    PROCESS_INFORMATION pi = {0};
    if (!start_self(argc - 1, argv + 1, false, CREATE_BREAKAWAY_FROM_JOB, NULL, &pi))
        return refused();
    BOOL in_job = TRUE;
    IsProcessInJob(pi.hProcess, NULL, &in_job);
    TerminateProcess(pi.hProcess, 1);
    CloseHandle(pi.hThread);
    CloseHandle(pi.hProcess);
    /* Windows lets a nested job's own limits decide; still inside one is no escape. */
    return in_job ? refused_with(ERROR_ACCESS_DENIED) : succeeded();
}

/* job-limits: the limit flags of the job this process is in, as it sees them itself. */
static int do_job_limits(int argc, const wchar_t **argv)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    (void)argc;
    (void)argv;
    if (!QueryInformationJobObject(
            NULL, JobObjectExtendedLimitInformation, &limits, sizeof limits, NULL))
        return refused();
    put("flags 0x%lx\n", limits.BasicLimitInformation.LimitFlags);
    return succeeded();
}

/* linger MS PATH: a detached process makes the file after that time; this one ends at once. */
static int do_linger(int argc, const wchar_t **argv)
{
    const wchar_t *later[] = {L"seq", L"sleep", argv[1], L"+", L"create", argv[2]};
    PROCESS_INFORMATION pi = {0};
    (void)argc;
    if (!start_self(6, later, false, DETACHED_PROCESS, NULL, &pi))
        return refused();
    CloseHandle(pi.hThread);
    CloseHandle(pi.hProcess);
    return succeeded();
}

/* parentspoof PID: a child that the system takes for another process's. */
static int do_parentspoof(int argc, const wchar_t **argv)
{
    BYTE space[512];
    SIZE_T size = sizeof space;
    STARTUPINFOEXW startup = {.StartupInfo.cb = sizeof startup};
    PROCESS_INFORMATION pi = {0};
    const wchar_t *ping[] = {L"ping"};
    (void)argc;
    HANDLE parent = OpenProcess(PROCESS_CREATE_PROCESS, FALSE, pid_of(argv[1]));
    if (!parent)
        return refused();
    startup.lpAttributeList = (LPPROC_THREAD_ATTRIBUTE_LIST)space;
    if (!InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size) ||
        !UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PARENT_PROCESS,
            &parent, sizeof parent, NULL, NULL))
        return refused();
    bool ok = start_self(1, ping, false, EXTENDED_STARTUPINFO_PRESENT, &startup.StartupInfo, &pi);
    int outcome = ok ? succeeded() : refused();
    if (ok) {
        WaitForSingleObject(pi.hProcess, 5000);
        CloseHandle(pi.hThread);
        CloseHandle(pi.hProcess);
    }
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    CloseHandle(parent);
    return outcome;
}

/* spawn COMMAND ARGS...: the same from a grandchild; its answer is ours. */
static int do_spawn(int argc, const wchar_t **argv)
{
    PROCESS_INFORMATION pi = {0};
    DWORD code = 0;
    if (!start_self(argc - 1, argv + 1, true, 0, NULL, &pi))
        return refused();
    WaitForSingleObject(pi.hProcess, INFINITE);
    GetExitCodeProcess(pi.hProcess, &code);
    CloseHandle(pi.hThread);
    CloseHandle(pi.hProcess);
    probe_error = code == PROBE_DENIED ? ERROR_ACCESS_DENIED : 0;
    return (int)code;
}

/* fork N DIR end|stay: N children that hold a lock in DIR and nothing of our streams; then ends or
 * stays too. */
static int do_fork(int argc, const wchar_t **argv)
{
    unsigned long count = wcstoul(argv[1], NULL, 10), started = 0;
    const wchar_t *hold[] = {L"hold", argv[2]};
    (void)argc;
    for (; started < count; started++) {
        PROCESS_INFORMATION pi = {0};
        if (!start_self(2, hold, false, DETACHED_PROCESS, NULL, &pi)) {
            put("started %lu\n", started);
            return refused();
        }
        CloseHandle(pi.hThread);
        CloseHandle(pi.hProcess);
    }
    put("started %lu\n", started);
    if (!wcscmp(argv[3], L"stay"))
        Sleep(INFINITE);
    return succeeded();
}

/* allocate MIB: commits and touches memory. */
static int do_allocate(int argc, const wchar_t **argv)
{
    unsigned long total = wcstoul(argv[1], NULL, 10);
    (void)argc;
    for (unsigned long i = 0; i < total; i++) {
        char *block = VirtualAlloc(NULL, 1 << 20, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
        if (!block) {
            put("stopped at %lu MiB\n", i);
            return refused();
        }
        for (int p = 0; p < 1 << 20; p += 4096)
            block[p] = 1;
    }
    put("allocated %lu MiB\n", total);
    return succeeded();
}

static int do_spin(int argc, const wchar_t **argv)
{
    ULONGLONG end = GetTickCount64() + wcstoul(argv[1], NULL, 10);
    volatile unsigned turns = 0;
    (void)argc;
    while (GetTickCount64() < end)
        turns++;
    return succeeded();
}

const struct probe_command process_commands[] = {
    {L"process", 2, do_process},
    {L"thread", 2, do_thread},
    {L"token", 1, do_token},
    {L"terminate", 1, do_terminate},
    {L"breakaway", 1, do_breakaway},
    {L"job-limits", 0, do_job_limits},
    {L"linger", 2, do_linger},
    {L"parentspoof", 1, do_parentspoof},
    {L"spawn", 1, do_spawn},
    {L"fork", 3, do_fork},
    {L"allocate", 1, do_allocate},
    {L"spin", 1, do_spin},
    {NULL, 0, NULL},
};
