/*
 * What this machine can do, found out without any of our code. A row here passes when the machine
 * can, and is a skip with the evidence when it cannot; the other rows refer to it.
 */
#include "suite.h"
#include <sddl.h>
#include <winioctl.h>
#include <winternl.h>

static void m_system(const struct row *row)
{
    typedef LONG(WINAPI * get_version)(OSVERSIONINFOEXW *);
    typedef const char *(CDECL * wine_version)(void);
    OSVERSIONINFOEXW version = {.dwOSVersionInfoSize = sizeof version};
    SYSTEM_INFO system;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    (void)row;
    get_version ask = (get_version)(void (*)(void))GetProcAddress(ntdll, "RtlGetVersion");
    CHECK(ask && ask(&version) == 0, "RtlGetVersion does not answer");
    GetNativeSystemInfo(&system);
    diag("NT %lu.%lu build %lu, %s, processor architecture %u, suite %u bit, %lu processors",
        version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber,
        version.wProductType == VER_NT_WORKSTATION ? "workstation" : "server",
        system.wProcessorArchitecture, (unsigned)sizeof(void *) * 8, system.dwNumberOfProcessors);
    diag("work folder %s, programs %s", opt.work, opt.programs);
    EXPECT(version.dwMajorVersion >= 5, "not an NT");
    wine_version wine = (wine_version)(void (*)(void))GetProcAddress(ntdll, "wine_get_version");
    /* The answer "no" is no skip: it is what a Windows gives. */
    if (wine)
        fact_set(FACT_WINE, true, "wine %s", wine());
}

static void m_programs(const struct row *row)
{
    (void)row;
    char *runner = f("%s\\command-runner.exe", opt.programs);
    if (!exists(agent_path()))
        fact_set(FACT_PROGRAMS, false, "there is no %s", agent_path());
    else if (!exists(runner))
        fact_set(FACT_PROGRAMS, false, "there is no %s", runner);
    else
        fact_set(FACT_PROGRAMS, true, "in %s", opt.programs);
    EXPECT(exists(probe_path()), "there is no %s", probe_path());
}

static void m_probe(const struct row *row)
{
    static const struct {
        const char *words;
        enum probe_outcome outcome;
    } tries[] = {{"ping", PROBE_SUCCEEDED}, {"write|{out}\\target.txt", PROBE_SUCCEEDED},
        {"read|{out}\\absent.txt", PROBE_NOT_FOUND}, {"no-such-command", PROBE_BROKEN},
        {"seq|read|{out}\\absent.txt|+|ping", PROBE_SUCCEEDED}};
    (void)row;
    for (size_t i = 0; i < countof(tries); i++) {
        struct run run = {0};
        probe_words(&run, tries[i].words);
        EXPECT(run_all(&run), "probe.exe did not run: error %lu", run.start_error);
        EXPECT(run.code == (DWORD)tries[i].outcome, "'%s' ended with %lu: %.300s", tries[i].words,
            run.code, run.out_text);
        EXPECT(probe_judge(&run).outcome == tries[i].outcome || run.code == PROBE_BROKEN,
            "'%s' printed %.300s", tries[i].words, run.out_text);
    }
}

static void m_acl(const struct row *row)
{
    wchar_t root[8] = L"?:\\";
    DWORD flags = 0;
    (void)row;
    root[0] = w(opt.work)[0];
    GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, NULL, 0);
    char *path = f("%s\\target.txt", fx.out);
    HANDLE before = CreateFileW(w(path), GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(before != INVALID_HANDLE_VALUE, "the counterpart: error %lu", GetLastError());
    CloseHandle(before);
    if (!set_dacl(path, "D:P(D;;0x2;;;{user})(A;;FA;;;{user})(A;;FA;;;SY)")) {
        fact_set(FACT_ACL, false, "a DACL cannot be written: error %lu", GetLastError());
        return;
    }
    HANDLE file = CreateFileW(w(path), GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    DWORD error = file == INVALID_HANDLE_VALUE ? GetLastError() : 0;
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    if (error != ERROR_ACCESS_DENIED)
        fact_set(FACT_ACL, false,
            "a file with a deny ACE for its user was opened for writing (result %lu), volume "
            "flags 0x%lX",
            error, flags);
    else
        fact_set(FACT_ACL, true, "a deny ACE refuses with 5, volume flags 0x%lX", flags);
}

static void m_restrict(const struct row *row)
{
    (void)row;
    char *held = f("%s\\target.txt", fx.out), *open = f("%s\\keep.txt", fx.extra);
    set_dacl(held, "D:P(A;;FA;;;{user})(A;;FA;;;SY)");
    set_dacl(open, "D:P(A;;FA;;;{user})(A;;FA;;;SY)(A;;FA;;;" SUITE_RANDOM_SID ")");
    struct probe_result read = restricted_try("read|{out}\\target.txt");
    struct probe_result granted = restricted_try("write|{extra}\\keep.txt");
    struct probe_result refused = restricted_try("write|{out}\\target.txt");
    diag("read: %s; granted: %s; not granted: %s", read.line, granted.line, refused.line);
    if (read.outcome != PROBE_SUCCEEDED || granted.outcome != PROBE_SUCCEEDED)
        fact_set(FACT_RESTRICT, false,
            "a process with a write-restricted token could not read, or write where a "
            "restricting SID is granted: %s; %s",
            read.line, granted.line);
    else if (refused.outcome != PROBE_DENIED || refused.error != ERROR_ACCESS_DENIED)
        fact_set(FACT_RESTRICT, false,
            "CreateRestrictedToken(WRITE_RESTRICTED) succeeded, and a process with that token "
            "wrote a file that grants none of its restricting SIDs: %s",
            refused.line);
    else
        fact_set(FACT_RESTRICT, true,
            "a write is refused with 5 unless a restricting SID is "
            "granted, a read passes");
}

static void m_admin(const struct row *row)
{
    SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    PSID admins = NULL;
    BOOL member = FALSE;
    (void)row;
    AllocateAndInitializeSid(&nt, 2, 32, 544, 0, 0, 0, 0, 0, 0, &admins);
    CHECK(CheckTokenMembership(NULL, admins, &member), "error %lu", GetLastError());
    FreeSid(admins);
    diag("user %s, logon SID %s, administrator: %s", user_sid(), logon_sid() ? logon_sid() : "none",
        member ? "yes" : "no");
    if (opt.elevated)
        CHECK(member, "--elevated, but this process is no administrator");
    fact_set(FACT_ADMIN, member, member ? "member of Administrators" : "an ordinary user");
}

static void m_process(const struct row *row)
{
    struct run victim = {0};
    (void)row;
    probe_words(&victim, f("hold|%s", fx.res));
    CHECK(run_start(&victim) && wait_held(fx.res, 1, 10000), "no victim");
    struct run plain = {0};
    probe_words(&plain, f("process|%lu|write", victim.pid));
    run_all(&plain);
    struct probe_result twin = probe_judge(&plain),
                        held = restricted_try(f("process|%lu|write", victim.pid));
    TerminateProcess(victim.process, 1);
    run_finish(&victim);
    CHECK(twin.outcome == PROBE_SUCCEEDED, "the counterpart: %s", twin.line);
    fact_set(FACT_PROCESS, held.outcome == PROBE_DENIED,
        "a write-restricted process asks for write access to a plain process: %s", held.line);
}

static void m_registry(const struct row *row)
{
    char *key = f("Software\\sbx-suite-%lu", GetCurrentProcessId());
    struct run plain = {0};
    (void)row;
    probe_words(&plain, f("regcreate|%s", key));
    run_all(&plain);
    struct probe_result twin = probe_judge(&plain), held = restricted_try(f("regwrite|%s", key));
    RegDeleteKeyW(HKEY_CURRENT_USER, w(key));
    CHECK(twin.outcome == PROBE_SUCCEEDED, "the counterpart: %s", twin.line);
    fact_set(FACT_REGISTRY, held.outcome == PROBE_DENIED,
        "a write-restricted process writes a value below HKEY_CURRENT_USER: %s", held.line);
}

static void m_pipe(const struct row *row)
{
    char *name = f("\\\\.\\pipe\\sbx-suite-%lu", GetCurrentProcessId());
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
    struct run plain = {0};
    (void)row;
    ConvertStringSecurityDescriptorToSecurityDescriptorW(
        w(expand("D:P(A;;FA;;;{user})(A;;FA;;;SY)")), SDDL_REVISION_1,
        &attributes.lpSecurityDescriptor, NULL);
    HANDLE pipes[2];
    for (int i = 0; i < 2; i++)
        pipes[i] = CreateNamedPipeW(
            w(name), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 2, 512, 512, 0, &attributes);
    CHECK(pipes[1] != INVALID_HANDLE_VALUE, "no pipe: error %lu", GetLastError());
    probe_words(&plain, f("pipe|%s", name));
    run_all(&plain);
    struct probe_result twin = probe_judge(&plain), held = restricted_try(f("pipe|%s", name));
    CloseHandle(pipes[0]);
    CloseHandle(pipes[1]);
    CHECK(twin.outcome == PROBE_SUCCEEDED, "the counterpart: %s", twin.line);
    fact_set(FACT_PIPE, held.outcome == PROBE_DENIED,
        "a write-restricted process connects to a pipe that grants only its user: %s", held.line);
}

static bool plain_try(const char *words, char **ret_line)
{
    struct run run = {0};
    probe_words(&run, words);
    run_all(&run);
    struct probe_result result = probe_judge(&run);
    *ret_line = result.line;
    return result.outcome == PROBE_SUCCEEDED;
}

static void m_junction(const struct row *row)
{
    char *line = NULL;
    (void)row;
    bool ok = plain_try("seq|junction|{ws}\\j|{out}|+|write|{ws}\\j\\target.txt", &line);
    size_t length = 0;
    char *text = read_file(f("%s\\target.txt", fx.out), &length);
    ok = ok && text && length > 8 && strncmp(text, "original", 8) != 0;
    RemoveDirectoryW(w(f("%s\\j", fx.ws)));
    fact_set(FACT_JUNCTION, ok, "a junction is made and followed: %s", line);
}

static void m_stream(const struct row *row)
{
    char *line = NULL, *before = snapshot(fx.out);
    (void)row;
    bool ok = plain_try("overwrite|{out}\\target.txt:more|x", &line);
    ok = ok && !strcmp(before, snapshot(fx.out));
    fact_set(FACT_STREAM, ok, "name:stream writes a stream and no other file: %s", line);
}

static void m_short(const struct row *row)
{
    char *line = NULL;
    (void)row;
    make_dir(f("%s\\.long-enough-name", fx.out));
    bool ok = plain_try("shortwrite|{out}|.long-enough-name|file.txt", &line);
    ok = ok && exists(f("%s\\.long-enough-name\\file.txt", fx.out));
    fact_set(FACT_SHORT, ok, "a file is written through the short name of its folder: %s", line);
}

static void m_hardlink(const struct row *row)
{
    char *line = NULL;
    (void)row;
    bool ok = plain_try("seq|hardlink|{ws}\\l.txt|{out}\\target.txt|+|write|{ws}\\l.txt", &line);
    char *text = read_file(f("%s\\target.txt", fx.out), NULL);
    fact_set(FACT_HARDLINK, ok && text && strncmp(text, "original", 8) != 0,
        "a hard link is the same file: %s", line);
}

/* --- what the grant engine rests on: asked of the kernel itself --------------------------------
 */

/* The rights of a list meet no share mode: the engine stamps files that programs have open. */
static void m_shared_with_nobody(const struct row *row)
{
    char *path = f("%s\\target.txt", fx.out);
    (void)row;
    HANDLE held =
        CreateFileW(w(path), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(held != INVALID_HANDLE_VALUE, "open it for nobody else: error %lu", GetLastError());
    HANDLE other = CreateFileW(w(path), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(other == INVALID_HANDLE_VALUE, "the counterpart: it is shared all the same");
    HANDLE list =
        CreateFileW(w(path), READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES | SYNCHRONIZE, 7, NULL,
            OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    EXPECT(list != INVALID_HANDLE_VALUE, "for its list: error %lu", GetLastError());
    CloseHandle(list);
    CloseHandle(held);
}

/* Set on the handle and read again: entries in their order, doubled ones too, and the marks. */
static void set_and_read(HANDLE file, const char *sddl, bool marked)
{
    const SECURITY_DESCRIPTOR_CONTROL marks = SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED;
    PSECURITY_DESCRIPTOR wanted = NULL;
    BYTE seen[4096];
    SECURITY_DESCRIPTOR_CONTROL asked = 0, got = 0;
    PACL wanted_list = NULL, seen_list = NULL;
    BOOL present, defaulted;
    DWORD size = 0, revision;
    CHECK(ConvertStringSecurityDescriptorToSecurityDescriptorW(w(sddl), 1, &wanted, NULL),
        "%s: error %lu", sddl, GetLastError());
    /* The text "AI" sets the mark; only with the request does the kernel keep it. */
    SECURITY_DESCRIPTOR *raw = wanted;
    if (marked)
        raw->Control |= SE_DACL_AUTO_INHERITED | SE_DACL_AUTO_INHERIT_REQ;
    EXPECT(SetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, wanted), "set %s: error %lu",
        sddl, GetLastError());
    CHECK(GetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, seen, sizeof seen, &size),
        "read %s: error %lu", sddl, GetLastError());
    GetSecurityDescriptorControl(wanted, &asked, &revision);
    GetSecurityDescriptorControl(seen, &got, &revision);
    GetSecurityDescriptorDacl(wanted, &present, &wanted_list, &defaulted);
    GetSecurityDescriptorDacl(seen, &present, &seen_list, &defaulted);
    diag("%s: asked for 0x%04x, has 0x%04x", sddl, asked & marks, got & marks);
    EXPECT(!((asked ^ got) & SE_DACL_PROTECTED), "%s: protection differs", sddl);
    EXPECT(!marked || (got & SE_DACL_AUTO_INHERITED), "%s: the mark of inheritance is gone", sddl);
    CHECK(seen_list && seen_list->AceCount == wanted_list->AceCount, "%s: %u entries", sddl,
        seen_list ? seen_list->AceCount : 0u);
    for (WORD i = 0; i < wanted_list->AceCount; i++) {
        void *one = NULL, *other = NULL;
        GetAce(wanted_list, i, &one);
        GetAce(seen_list, i, &other);
        EXPECT(!memcmp(one, other, ((ACE_HEADER *)one)->AceSize), "%s: entry %u differs", sddl, i);
    }
    LocalFree(wanted);
}

static void m_list_reads_back(const struct row *row)
{
    static const struct {
        const char *sddl;
        bool marked;
    } tries[] = {{"D:(A;;FA;;;{user})(A;;FA;;;SY)", false},
        {"D:P(D;;0x40;;;WD)(A;;FA;;;{user})(A;;FA;;;SY)", false},
        /* not in canonical order, an entry twice, one that is inherited before one that is not */
        {"D:(A;ID;FR;;;WD)(A;;FA;;;{user})(A;;FA;;;{user})(D;;0x2;;;BG)", true},
        {"D:(D;ID;0x10156;;;S-1-5-21-1-2-3-4)(A;ID;0x1301bf;;;S-1-5-21-1-2-3-4)(A;ID;FA;;;{user})",
            true},
        {"D:(A;;FA;;;{user})", false}};
    char *path = f("%s\\target.txt", fx.out);
    (void)row;
    HANDLE file = CreateFileW(
        w(path), READ_CONTROL | WRITE_DAC | SYNCHRONIZE, 7, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(file != INVALID_HANDLE_VALUE, "open: error %lu", GetLastError());
    for (size_t i = 0; i < countof(tries); i++) {
        const char *at = strstr(tries[i].sddl, "{user}");
        char *text = f("%s", tries[i].sddl);
        while ((at = strstr(text, "{user}")) != NULL)
            text = f("%.*s%s%s", (int)(at - text), text, user_sid(), at + 6);
        set_and_read(file, text, tries[i].marked);
    }
    CloseHandle(file);
}

static NTSTATUS open_name(
    HANDLE parent, const wchar_t *name, ULONG attributes, ULONG options, HANDLE *ret_handle)
{
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES object;
    IO_STATUS_BLOCK io;
    RtlInitUnicodeString(&text, name);
    InitializeObjectAttributes(&object, &text, OBJ_CASE_INSENSITIVE | attributes, parent, NULL);
    return NtCreateFile(ret_handle, FILE_READ_ATTRIBUTES | SYNCHRONIZE, &object, &io, NULL, 0, 7,
        FILE_OPEN, options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

/* What OBJ_DONT_REPARSE does to a link on the way, and to one that is asked for itself. */
static void m_link_itself(const struct row *row)
{
    const ULONG dont = 0x1000; /* OBJ_DONT_REPARSE */
    char *line = NULL;
    HANDLE folder, handle = NULL;
    (void)row;
    bool made = plain_try("junction|{ws}\\j|{out}", &line);
    CHECK(made, "make the junction: %s", line);
    folder = CreateFileW(w(fx.ws), FILE_TRAVERSE | SYNCHRONIZE, 7, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS, NULL);
    CHECK(folder != INVALID_HANDLE_VALUE, "open its folder: error %lu", GetLastError());
    NTSTATUS plain = open_name(folder, L"j", 0, FILE_OPEN_REPARSE_POINT, &handle);
    EXPECT(plain >= 0, "the link itself: 0x%08lX", (unsigned long)plain);
    CloseHandle(handle);
    handle = NULL;
    NTSTATUS itself = open_name(folder, L"j", dont, FILE_OPEN_REPARSE_POINT, &handle);
    if (itself >= 0)
        CloseHandle(handle);
    diag("the link itself with OBJ_DONT_REPARSE: 0x%08lX", (unsigned long)itself);
    EXPECT(itself >= 0 || (ULONG)itself == 0xC000050B || (ULONG)itself == 0xC000000D,
        "neither opened nor refused as a link, nor an unknown flag");
    handle = NULL;
    NTSTATUS through = open_name(folder, L"j\\target.txt", dont, FILE_OPEN_REPARSE_POINT, &handle);
    if (through >= 0)
        CloseHandle(handle);
    CloseHandle(folder);
    RemoveDirectoryW(w(f("%s\\j", fx.ws)));
    diag("through it: 0x%08lX", (unsigned long)through);
    if (through >= 0) { /* our opens ask each handle as well, and go one name at a time */
        skip("a link on the way was followed in spite of OBJ_DONT_REPARSE");
        return;
    }
    EXPECT((ULONG)through == 0xC000050B || (ULONG)through == 0xC000000D, "it was followed");
}

/* A command under a job with the given limits; the job closes after it. */
static struct probe_result in_job(JOBOBJECT_EXTENDED_LIMIT_INFORMATION *limits, const char *words)
{
    struct run run = {.create_flags = CREATE_SUSPENDED | CREATE_BREAKAWAY_FROM_JOB};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    limits->BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    BOOL set =
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, sizeof *limits);
    probe_words(&run, words);
    struct probe_result result = {.outcome = PROBE_BROKEN, .line = f("the job was not made")};
    if (set && run_start(&run) && AssignProcessToJobObject(job, run.process)) {
        ResumeThread(run.thread);
        run_finish(&run);
        result = probe_judge(&run);
        result.line = f("%s; printed %.100s", result.line, run.out_text);
    } else if (run.process) {
        TerminateProcess(run.process, 1);
    }
    CloseHandle(job);
    return result;
}

static void m_job_seen(const struct row *row)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    (void)row;
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_BREAKAWAY_OK;
    struct probe_result result = in_job(&limits, "job-limits");
    fact_set(FACT_JOB_SEEN, strstr(result.line, "flags 0x2800") != NULL,
        "kill on close and breakaway (0x2800) as the process in the job reads them: %s",
        result.line);
}

static void m_job_count(const struct row *row)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    (void)row;
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
    limits.BasicLimitInformation.ActiveProcessLimit = 3;
    struct probe_result result = in_job(&limits, f("fork|5|%s|end", fx.res));
    fact_set(FACT_JOB_COUNT, strstr(result.line, "started 2") != NULL,
        "5 processes in a job for 3: %s", result.line);
    wait_none_held(fx.res, 5000);
}

static void m_job_memory(const struct row *row)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    (void)row;
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_JOB_MEMORY;
    limits.JobMemoryLimit = 64u << 20;
    struct probe_result result = in_job(&limits, "allocate|128");
    fact_set(FACT_JOB_MEMORY, strstr(result.line, "stopped at") != NULL,
        "128 MiB in a job for 64 MiB: %s", result.line);
}

/* A console of its own for the child, an event to its group from a process inside that console. */
static void m_console(const struct row *row)
{
    struct run child = {.create_flags = CREATE_NEW_CONSOLE | CREATE_NEW_PROCESS_GROUP};
    (void)row;
    probe_words(&child, f("await-break|%s|4000", fx.res));
    if (!run_start(&child) || !wait_held(fx.res, 1, 5000)) {
        fact_set(FACT_CONSOLE, false, "a process with a console of its own did not start");
        return;
    }
    Sleep(200);
    FreeConsole();
    BOOL attached = AttachConsole(child.pid);
    DWORD attach_error = GetLastError();
    SetConsoleCtrlHandler(NULL, TRUE);
    BOOL sent = attached && GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child.pid);
    DWORD sent_error = GetLastError();
    FreeConsole();
    if (!sent)
        TerminateProcess(child.process, 1);
    run_finish(&child);
    struct probe_result result = probe_judge(&child);
    fact_set(FACT_CONSOLE, sent && result.outcome == PROBE_SUCCEEDED,
        "AttachConsole %s (%lu), CTRL_BREAK %s (%lu), received: %s", attached ? "worked" : "failed",
        attached ? 0 : attach_error, sent ? "sent" : "not sent", sent ? 0 : sent_error,
        result.line);
}

static void m_attach(const struct row *row)
{
    struct run owner = {.create_flags = CREATE_NEW_CONSOLE},
               guest = {.create_flags = DETACHED_PROCESS};
    bool held = row->data != NULL;
    probe_words(&owner, f("hold|%s", fx.res));
    CHECK(run_start(&owner) && wait_held(fx.res, 1, 10000), "no process with a console");
    probe_words(&guest, f("console|%lu", owner.pid));
    if (held)
        guest.token = restricted_token();
    run_all(&guest);
    TerminateProcess(owner.process, 1);
    run_finish(&owner);
    struct probe_result result = probe_judge(&guest);
    if (held)
        fact_set(FACT_CONSOLE_HELD, guest.out_text[0] && result.outcome != PROBE_SUCCEEDED,
            "a write-restricted process types into another's console: %s", result.line);
    else
        fact_set(FACT_ATTACH, result.outcome == PROBE_SUCCEEDED,
            "typing into another process's console: %s", result.line);
}

static void m_surrogate(const struct row *row)
{
    struct run run = {0};
    (void)row;
    probe_words(&run, "argv|\xED\xA0\x80x");
    run_all(&run);
    fact_set(FACT_SURROGATE, strstr(run.out_text, "arg d8000078") != NULL,
        "argument U+D800 x came as: %.60s", run.out_text);
}

static void m_tool(const struct row *row)
{
    static const struct {
        const char *image, *argument, *wanted;
    } tools[FACT_COUNT] = {
        [FACT_POWERSHELL] = {"powershell.exe", "-NoProfile -NonInteractive -Command \"6*7\"", "42"},
        [FACT_GIT] = {"git.exe", "--version", "git version"},
        [FACT_CURL] = {"curl.exe", "--version", "curl"},
        [FACT_PYTHON] = {"python.exe", "-c \"print(6*7)\"", "42"},
    };
    enum fact which = (enum fact)(uintptr_t)row->data;
    wchar_t path[1024];
    if (!SearchPathW(NULL, w(tools[which].image), NULL, 1024, path, NULL)) {
        fact_set(which, false, "%s is not on PATH", tools[which].image);
        return;
    }
    struct run run = {.image = u(path), .raw_tail = tools[which].argument};
    run_all(&run);
    /* Wine's powershell.exe says nothing and ends with 0. */
    fact_set(which, strstr(run.out_text, tools[which].wanted) != NULL, "%s answers '%.60s'",
        run.image, run.out_text);
}

static const struct row rows[] = {
    {"M01", "machine__system__reported", 0, 0, m_system, NULL},
    {"M02", "machine__programs__present", 0, 0, m_programs, NULL},
    {"M03", "machine__probe__answers_as_documented", 0, 0, m_probe, NULL},
    {"M04", "machine__deny_ace_on_file__refused", 0, 0, m_acl, NULL},
    {"M05", "machine__restricting_sids__enforced", 0, 0, m_restrict, NULL},
    {"M06", "machine__user_is_administrator__reported", 0, 0, m_admin, NULL},
    {"M07", "machine__process_under_restricted_token__refused", NEED(FACT_RESTRICT), 0, m_process,
        NULL},
    {"M08", "machine__registry_under_restricted_token__refused", NEED(FACT_RESTRICT), 0, m_registry,
        NULL},
    {"M09", "machine__pipe_under_restricted_token__refused", NEED(FACT_RESTRICT), 0, m_pipe, NULL},
    {"M10", "machine__junction__followed", 0, 0, m_junction, NULL},
    {"M11", "machine__stream__written", 0, 0, m_stream, NULL},
    {"M12", "machine__short_name__opens", 0, 0, m_short, NULL},
    {"M13", "machine__hard_link__same_file", 0, 0, m_hardlink, NULL},
    {"M41", "machine__file_shared_with_nobody__its_list_is_open", 0, 0, m_shared_with_nobody, NULL},
    {"M42", "machine__list_set_by_handle__reads_back", NEED(FACT_ACL), 0, m_list_reads_back, NULL},
    {"M43", "machine__link_with_dont_reparse__not_followed", NEED(FACT_JUNCTION), 0, m_link_itself,
        NULL},
    {"M24", "machine__job_limits__seen_from_inside", 0, 0, m_job_seen, NULL},
    {"M14", "machine__job_process_limit__enforced", 0, 0, m_job_count, NULL},
    {"M15", "machine__job_memory_limit__enforced", 0, 0, m_job_memory, NULL},
    {"M16", "machine__ctrl_break__reaches_a_group", 0, 0, m_console, NULL},
    {"M17", "machine__console_of_another__can_be_typed_into", 0, 0, m_attach, NULL},
    {"M18", "machine__lone_surrogate__passes_a_command_line", 0, 0, m_surrogate, NULL},
    {"M23", "machine__console_under_restricted_token__refused",
        NEED(FACT_RESTRICT) | NEED(FACT_ATTACH), 0, m_attach, "held"},
    {"M19", "machine__powershell__present", 0, 0, m_tool, (void *)FACT_POWERSHELL},
    {"M20", "machine__git__present", 0, 0, m_tool, (void *)FACT_GIT},
    {"M21", "machine__curl__present", 0, 0, m_tool, (void *)FACT_CURL},
    {"M22", "machine__python__present", 0, 0, m_tool, (void *)FACT_PYTHON},
};
const struct row_set rows_facts = {rows, countof(rows)};
