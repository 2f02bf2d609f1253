/*
 * suite.exe: options, the order of the rows, and the report.
 *
 * Exit codes: 0 nothing failed, 1 something failed, 2 usage, 3 the suite itself is broken.
 */
#include "suite.h"
#include <tlhelp32.h>

struct options opt = {.slow = 1, .mib = 64};

static const struct row_set *const sets[] = {&rows_facts, &rows_accounts, &rows_exit, &rows_streams,
    &rows_argv, &rows_environment, &rows_policy, &rows_gates, &rows_hosts, &rows_lifetime,
    &rows_codex, &rows_files, &rows_names, &rows_process, &rows_objects, &rows_extra, &rows_grants,
    &rows_integrity, &rows_setup, &rows_hops, &rows_hop_objects, &rows_installed, &rows_everyday,
    &rows_uninstall};
#define SETS_OF_FACTS 2 /* these are always run */

static const char usage[] =
    "suite.exe [options]: what Agent Sandbox does on this machine, as TAP\n"
    "  --list              the rows, and stop\n"
    "  --from ID           rows before ID are left out (the machine facts are always run)\n"
    "  --only ID,ID        only these rows, and the machine facts\n"
    "  --user | --elevated as an ordinary user (the default), or as an administrator\n"
    "  --out FILE          also write the report there, row by row\n"
    "  --serial NAME       also write it to a serial port, such as COM1\n"
    "  --programs DIR      where agent.exe is (default: beside suite.exe)\n"
    "  --work DIR          an empty folder to work in (default: a new one in the user's profile)\n"
    "  --mib N             size of the big streams in MiB (default 64)\n"
    "  --slow N            multiply every time limit by N\n"
    "  --unconfined        pass --wine-unconfined to agent: what needs no confinement is tested\n"
    "                      on a platform that cannot confine; the others are skipped\n"
    "  --verbose           diagnostics of rows that passed, too\n";

static HANDLE sinks[3];

static void report(const char *format, ...)
{
    char text[8192];
    va_list list;
    DWORD done = 0;
    va_start(list, format);
    int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (length >= (int)sizeof text)
        length = (int)sizeof text - 1;
    for (size_t i = 0; i < countof(sinks); i++)
        if (sinks[i] && sinks[i] != INVALID_HANDLE_VALUE) {
            WriteFile(sinks[i], text, (DWORD)length, &done, NULL);
            if (i)
                FlushFileBuffers(sinks[i]);
        }
}

static bool open_sinks(void)
{
    sinks[0] = GetStdHandle(STD_OUTPUT_HANDLE);
    if (opt.out) {
        sinks[1] = CreateFileW(w(opt.out), GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
            FILE_FLAG_WRITE_THROUGH, NULL);
        if (sinks[1] == INVALID_HANDLE_VALUE) {
            report("Bail out! cannot write '%s': error %lu\n", opt.out, GetLastError());
            return false;
        }
    }
    if (opt.serial) {
        const char *path = strchr(opt.serial, '\\') ? opt.serial : f("\\\\.\\%s", opt.serial);
        DCB dcb = {.DCBlength = sizeof dcb};
        sinks[2] = CreateFileW(w(path), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (sinks[2] == INVALID_HANDLE_VALUE) {
            report("Bail out! cannot open '%s': error %lu\n", path, GetLastError());
            return false;
        }
        if (GetCommState(sinks[2], &dcb) && BuildCommDCBW(L"115200,n,8,1", &dcb))
            SetCommState(sinks[2], &dcb);
    }
    return true;
}

static const struct row *find(const char *id)
{
    for (size_t s = 0; s < countof(sets); s++)
        for (size_t i = 0; i < sets[s]->count; i++)
            if (!_stricmp(sets[s]->rows[i].id, id))
                return &sets[s]->rows[i];
    return NULL;
}

static bool listed(const char *list, const char *id)
{
    size_t length = strlen(id);
    for (const char *p = list; p; p = strchr(p, ','), p += p ? 1 : 0)
        if (!_strnicmp(p, id, length) && (!p[length] || p[length] == ','))
            return true;
    return false;
}

/* --- one row in a process of its own --- */

struct counts {
    unsigned number, passed, failed, skipped;
};

static char facts_text[32000];

static void note_fact(const char *text)
{
    size_t used = strlen(facts_text);
    if (used + strlen(text) + 2 < sizeof facts_text)
        snprintf(facts_text + used, sizeof facts_text - used, "%s\n", text);
    SetEnvironmentVariableW(L"SUITE_FACTS", w(facts_text));
    fact_note(text);
}

/*
 * A row's descendants die with its job, except those that a command under test takes out of it:
 * the runner breaks away, because a job with UI limits cannot nest (design 2). Where a process
 * cannot read the limits of its own job (Wine), the runner must take it for one that forbids that;
 * there the rows run without a job, and what a killed row leaves is ended by its parentage.
 */
static HANDLE make_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = fact(FACT_JOB_SEEN) ? CreateJobObjectW(NULL, NULL) : NULL;
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK;
    if (job &&
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return job;
    if (job)
        CloseHandle(job);
    return NULL;
}

static void kill_tree(DWORD pid)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        if (entry.th32ParentProcessID == pid && entry.th32ProcessID != pid)
            kill_tree(entry.th32ProcessID);
    CloseHandle(list);
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
    if (process) {
        TerminateProcess(process, 0xDEAD);
        CloseHandle(process);
    }
}

static void row_arguments(struct run *run, const struct row *row)
{
    run_args(run, "--row", row->id, "--programs", opt.programs, "--work", opt.work, "--slow",
        f("%u", opt.slow), "--mib", f("%u", opt.mib), NULL);
    if (opt.elevated)
        run_arg(run, "--elevated");
    if (opt.unconfined)
        run_arg(run, "--unconfined");
}

/* Without a place for the reason, the verdict lines were read before. */
static void show(const struct run *run, bool all, char **ret_reason)
{
    char *copy = f("%s", run->out_text);
    for (char *line = strtok(copy, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        if (!strncmp(line, "!fact ", 6) && ret_reason)
            note_fact(line + 6);
        else if (!strncmp(line, "!skip ", 6) && ret_reason)
            *ret_reason = line + 6;
        else if (all && line[0] != '!')
            report("%s%.2000s\n", line[0] == '#' ? "" : "# ", line);
    }
    if (all && run->err_text[0])
        report("# stderr: %.500s\n", run->err_text);
}

static void run_row(const struct row *row, struct counts *counts)
{
    struct run run = {.image = opt.self};
    char *reason = NULL;
    if (!row_needs_process(row)) {
        counts->skipped++;
        report("ok %u - %s %s # SKIP %.1500s\n", ++counts->number, row->id, row->name,
            needs_missing(row->needs));
        return;
    }
    HANDLE job = make_job();
    ULONGLONG start = GetTickCount64();
    row_arguments(&run, row);
    run.limit_ms = (row->limit_s ? row->limit_s : 60) * 1000;
    run.create_flags = CREATE_SUSPENDED;
    bool started = run_start(&run);
    if (started && job && !AssignProcessToJobObject(job, run.process))
        report("# %s runs without a job: error %lu\n", row->id, GetLastError());
    if (started)
        ResumeThread(run.thread);
    if (started && WaitForSingleObject(run.process, run.limit_ms * opt.slow) == WAIT_TIMEOUT) {
        kill_tree(run.pid);
        run.timed_out = true;
    }
    run_finish(&run);
    if (job)
        CloseHandle(job);
    show(&run, false, &reason);
    bool fine = started && !run.timed_out && (run.code == 0 || (run.code == 77 && reason));
    counts->number++;
    if (!fine) {
        counts->failed++;
        report("not ok %u - %s %s\n", counts->number, row->id, row->name);
        if (!started)
            report("# the row's process did not start: error %lu\n", run.start_error);
        else if (run.timed_out)
            report("# killed after %u s\n", run.limit_ms * opt.slow / 1000);
        else if (run.code != 1)
            report("# the row's process ended with 0x%lX\n", run.code);
    } else if (run.code == 77) {
        counts->skipped++;
        report("ok %u - %s %s # SKIP %.1500s\n", counts->number, row->id, row->name, reason);
    } else {
        counts->passed++;
        report("ok %u - %s %s\n", counts->number, row->id, row->name);
    }
    if (opt.verbose)
        report("# %llu ms\n", GetTickCount64() - start);
    show(&run, !fine || opt.verbose || row->id[0] == 'M', NULL);
}

static int run_rows(void)
{
    struct counts counts = {0};
    unsigned planned = 0;
    bool started = !opt.from;
    for (int pass = 0; pass < 2; pass++) {
        started = !opt.from;
        for (size_t s = 0; s < countof(sets); s++)
            for (size_t i = 0; i < sets[s]->count; i++) {
                const struct row *row = &sets[s]->rows[i];
                started = started || (opt.from && !_stricmp(opt.from, row->id));
                if (s >= SETS_OF_FACTS && (!started || (opt.only && !listed(opt.only, row->id))))
                    continue;
                if (pass)
                    run_row(row, &counts);
                else
                    planned++;
            }
        if (!pass)
            report("TAP version 13\n1..%u\n", planned);
    }
    report("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
    return counts.failed ? 1 : 0;
}

/* --- options --- */

static char *full_path(const char *path)
{
    wchar_t full[1024];
    DWORD length = GetFullPathNameW(w(path), 1024, full, NULL);
    if (!length || length >= 1024)
        return f("%s", path);
    if (length > 3 && full[length - 1] == L'\\')
        full[length - 1] = 0;
    return u(full);
}

static void defaults(bool *ret_made_work)
{
    wchar_t self[1024];
    GetModuleFileNameW(NULL, self, 1024);
    opt.self = u(self);
    char *dir = u(self), *slash = strrchr(dir, '\\');
    if (slash)
        *slash = 0;
    opt.self_dir = dir;
    opt.programs = opt.programs ? full_path(opt.programs) : opt.self_dir;
    *ret_made_work = !opt.work;
    char *home = env("USERPROFILE");
    opt.work = opt.work ? full_path(opt.work)
                        : f("%s\\sbx-suite-%lu", home ? home : opt.self_dir, GetCurrentProcessId());
}

/* Returns -1 to go on, or an exit code. */
static int parse(int argc, wchar_t **argv, const char **ret_row)
{
    static const struct {
        const char *name;
        const char **value;
    } texts[] = {{"--from", &opt.from}, {"--only", &opt.only}, {"--out", &opt.out},
        {"--serial", &opt.serial}, {"--programs", &opt.programs}, {"--work", &opt.work}};
    const char *number = NULL;
    for (int i = 1; i < argc; i++) {
        const char *name = u(argv[i]), **value = NULL;
        bool *flag = !strcmp(name, "--list")         ? &opt.list
                     : !strcmp(name, "--elevated")   ? &opt.elevated
                     : !strcmp(name, "--unconfined") ? &opt.unconfined
                     : !strcmp(name, "--verbose")    ? &opt.verbose
                                                     : NULL;
        for (size_t t = 0; t < countof(texts); t++)
            if (!strcmp(name, texts[t].name))
                value = texts[t].value;
        if (!strcmp(name, "--row"))
            value = ret_row;
        bool numeric = !strcmp(name, "--mib") || !strcmp(name, "--slow");
        if (numeric)
            value = &number;
        if (!strcmp(name, "--user"))
            opt.elevated = false;
        else if (flag)
            *flag = true;
        else if (value && i + 1 < argc)
            *value = u(argv[++i]);
        else
            return 2;
        unsigned long n = numeric ? strtoul(number, NULL, 10) : 1;
        if (n < 1 || n > 4096)
            return 2;
        if (numeric)
            *(!strcmp(name, "--mib") ? &opt.mib : &opt.slow) = (unsigned)n;
    }
    return -1;
}

static int list_rows(void)
{
    for (size_t s = 0; s < countof(sets); s++)
        for (size_t i = 0; i < sets[s]->count; i++)
            report("%-5s %s\n", sets[s]->rows[i].id, sets[s]->rows[i].name);
    return 0;
}

int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    const char *id = NULL;
    bool made_work = false;
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    int code = parse(argc, argv, &id);
    sinks[0] = GetStdHandle(STD_OUTPUT_HANDLE);
    if (code >= 0) {
        report("%s", usage);
        return code;
    }
    defaults(&made_work);
    if (opt.list)
        return list_rows();
    if (id)
        return find(id) ? row_main(find(id)) : 3;
    for (const char *p = opt.only; p; p = strchr(p, ','), p += p ? 1 : 0)
        if (!find(f("%.*s", (int)strcspn(p, ","), p))) {
            report("suite: no row %s; see --list\n", p);
            return 2;
        }
    if (opt.from && !find(opt.from)) {
        report("suite: no row %s; see --list\n", opt.from);
        return 2;
    }
    if (!open_sinks())
        return 3;
    make_dir(opt.work);
    code = run_rows();
    if (made_work)
        remove_tree(opt.work);
    return code;
}
