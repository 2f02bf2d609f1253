/* Limits and membership of job.h; waiting is in job_wait.c. */
#include "job.h"
#include "handle.h"

#include <stdio.h>

/*
 * MUST:
 *  1. KILL_ON_JOB_CLOSE unless the policy said `background`; never a breakaway flag.
 *  2. The handle is not inheritable: a child that held it would keep the job alive.
 *  3. Each limit is read back; what does not come back is a finding, whatever set returned.
 */

#define PORT_KEY 1u
#define PAGE_BYTES 65536u /* a multiple of every page size, so that rounding cannot differ */

/* JOBOBJECT_CPU_RATE_CONTROL_INFORMATION: class and flags that older headers lack. */
#define CPU_RATE_CLASS ((JOBOBJECTINFOCLASS)15)
#define CPU_RATE_ENABLE_HARD_CAP 0x5u

struct cpu_rate {
    DWORD flags;
    DWORD rate; /* hundredths of a percent of all processors */
};

/* Memory limits are SIZE_T: on a 32-bit build "more than can be addressed" is as good as none. */
static SIZE_T whole_pages(uint64_t bytes)
{
    if (bytes > SIZE_MAX - PAGE_BYTES)
        bytes = SIZE_MAX - PAGE_BYTES;
    return (SIZE_T)(bytes - bytes % PAGE_BYTES);
}

static void fill(const struct sbx_job_limits *limits, JOBOBJECT_EXTENDED_LIMIT_INFORMATION *info)
{
    JOBOBJECT_BASIC_LIMIT_INFORMATION *basic = &info->BasicLimitInformation;

    basic->LimitFlags = JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    if (!limits->outlive)
        basic->LimitFlags |= JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (limits->processes) {
        basic->LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        basic->ActiveProcessLimit = limits->processes;
    }
    if (limits->cpu_time_ms) {
        basic->LimitFlags |= JOB_OBJECT_LIMIT_JOB_TIME;
        basic->PerJobUserTimeLimit.QuadPart = (LONGLONG)(limits->cpu_time_ms * 10000u);
    }
    if (limits->memory_bytes) {
        basic->LimitFlags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
        info->JobMemoryLimit = whole_pages(limits->memory_bytes);
    }
    if (limits->process_memory_bytes) {
        basic->LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
        info->ProcessMemoryLimit = whole_pages(limits->process_memory_bytes);
    }
}

static void compare(const JOBOBJECT_EXTENDED_LIMIT_INFORMATION *wanted,
    const JOBOBJECT_EXTENDED_LIMIT_INFORMATION *seen, struct sbx_findings *findings)
{
    const JOBOBJECT_BASIC_LIMIT_INFORMATION *a = &wanted->BasicLimitInformation;
    const JOBOBJECT_BASIC_LIMIT_INFORMATION *b = &seen->BasicLimitInformation;

    if (a->LimitFlags != b->LimitFlags)
        sbx_findings_add(findings, "JobLimitFlags", "0x%lX read back, not 0x%lX",
            (unsigned long)b->LimitFlags, (unsigned long)a->LimitFlags);
    if (a->ActiveProcessLimit && a->ActiveProcessLimit != b->ActiveProcessLimit)
        sbx_findings_add(findings, "JobProcesses", "%lu read back, not %lu",
            (unsigned long)b->ActiveProcessLimit, (unsigned long)a->ActiveProcessLimit);
    /* The kernel counts down the time that is left. */
    if (a->PerJobUserTimeLimit.QuadPart &&
        (b->PerJobUserTimeLimit.QuadPart <= 0 ||
            b->PerJobUserTimeLimit.QuadPart > a->PerJobUserTimeLimit.QuadPart))
        sbx_findings_add(findings, "JobCpuTime", "another limit read back");
    if (wanted->JobMemoryLimit && wanted->JobMemoryLimit != seen->JobMemoryLimit)
        sbx_findings_add(findings, "JobMemory", "%llu bytes read back, not %llu",
            (unsigned long long)seen->JobMemoryLimit, (unsigned long long)wanted->JobMemoryLimit);
    if (wanted->ProcessMemoryLimit && wanted->ProcessMemoryLimit != seen->ProcessMemoryLimit)
        sbx_findings_add(findings, "JobProcessMemory", "%llu bytes read back, not %llu",
            (unsigned long long)seen->ProcessMemoryLimit,
            (unsigned long long)wanted->ProcessMemoryLimit);
}

static enum sbx_status set_limits(HANDLE job, const struct sbx_job_limits *limits,
    struct sbx_findings *findings, struct sbx_error *err)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION wanted = {0}, seen = {0};
    DWORD code;

    fill(limits, &wanted);
    if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &wanted, sizeof(wanted))) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "limits of the job");
    }
    if (QueryInformationJobObject(
            job, JobObjectExtendedLimitInformation, &seen, sizeof(seen), NULL)) {
        compare(&wanted, &seen, findings);
    } else {
        code = GetLastError();
        sbx_findings_add(
            findings, "JobLimitFlags", "cannot be read back (%lu)", (unsigned long)code);
    }
    return SBX_OK;
}

/* CPU time that is used up: tell us instead of ending the job, so that the reason is known. */
static enum sbx_status set_end_of_time(HANDLE job, struct sbx_error *err)
{
    JOBOBJECT_END_OF_JOB_TIME_INFORMATION info = {JOB_OBJECT_POST_AT_END_OF_JOB};
    DWORD code;

    if (SetInformationJobObject(job, JobObjectEndOfJobTimeInformation, &info, sizeof(info)))
        return SBX_OK;
    code = GetLastError();
    return sbx_fail_win32(err, code, "CPU time limit of the job");
}

static enum sbx_status set_ui(
    HANDLE job, uint32_t ui, uint32_t *ret_ui, struct sbx_findings *findings, struct sbx_error *err)
{
    JOBOBJECT_BASIC_UI_RESTRICTIONS wanted = {ui}, seen = {0};
    DWORD code = ERROR_SUCCESS;

    if (!SetInformationJobObject(job, JobObjectBasicUIRestrictions, &wanted, sizeof(wanted)))
        code = GetLastError();
    /* Builds before the bit existed refuse the whole mask. */
    if (code != ERROR_SUCCESS && (ui & SBX_JOB_UI_INJECTION)) {
        code = ERROR_SUCCESS;
        wanted.UIRestrictionsClass = ui & ~SBX_JOB_UI_INJECTION;
        if (!SetInformationJobObject(job, JobObjectBasicUIRestrictions, &wanted, sizeof(wanted)))
            code = GetLastError();
    }
    if (code != ERROR_SUCCESS)
        return sbx_fail_win32(err, code, "UI limits of the job");
    if (!QueryInformationJobObject(job, JobObjectBasicUIRestrictions, &seen, sizeof(seen), NULL)) {
        code = GetLastError();
        sbx_findings_add(findings, "JobUiLimits", "cannot be read back (%lu)", (unsigned long)code);
    } else if (seen.UIRestrictionsClass != wanted.UIRestrictionsClass) {
        sbx_findings_add(findings, "JobUiLimits", "0x%lX read back, not 0x%lX",
            (unsigned long)seen.UIRestrictionsClass, (unsigned long)wanted.UIRestrictionsClass);
    }
    *ret_ui = wanted.UIRestrictionsClass;
    return SBX_OK;
}

static enum sbx_status set_cpu_rate(
    HANDLE job, uint32_t percent, struct sbx_findings *findings, struct sbx_error *err)
{
    struct cpu_rate wanted = {CPU_RATE_ENABLE_HARD_CAP, percent * 100u};
    struct cpu_rate seen = {0, 0};
    DWORD code;

    if (percent > 100)
        return sbx_fail(err, SBX_INVALID, "CPU limit of %u percent", (unsigned)percent);
    if (!SetInformationJobObject(job, CPU_RATE_CLASS, &wanted, sizeof(wanted))) {
        code = GetLastError();
        sbx_fail_win32(err, code, "CPU limit of %u percent", (unsigned)percent);
        sbx_error_hint(err, "CPU limits need Windows 8 or later and no other rate control; remove "
                            "limits.cpuPercent from the policy");
        if (err)
            err->status = SBX_UNSUPPORTED;
        return SBX_UNSUPPORTED;
    }
    if (!QueryInformationJobObject(job, CPU_RATE_CLASS, &seen, sizeof(seen), NULL)) {
        code = GetLastError();
        sbx_findings_add(findings, "JobCpuRate", "cannot be read back (%lu)", (unsigned long)code);
    } else if (seen.flags != wanted.flags || seen.rate != wanted.rate) {
        sbx_findings_add(findings, "JobCpuRate", "0x%lX %lu read back, not 0x%lX %lu",
            (unsigned long)seen.flags, (unsigned long)seen.rate, (unsigned long)wanted.flags,
            (unsigned long)wanted.rate);
    }
    return SBX_OK;
}

static enum sbx_status create(struct sbx_job *job, struct sbx_error *err)
{
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT port = {NULL, NULL};
    const ULONG_PTR key = PORT_KEY; /* declared as a pointer, comes back as a number */
    DWORD code;

    job->handle = CreateJobObjectW(NULL, NULL);
    code = GetLastError();
    if (!job->handle)
        return sbx_fail_win32(err, code, "create a job");
    job->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    code = GetLastError();
    if (!job->port)
        return sbx_fail_win32(err, code, "create the port of a job");
    memcpy(&port.CompletionKey, &key, sizeof(key));
    port.CompletionPort = job->port;
    if (!SetInformationJobObject(
            job->handle, JobObjectAssociateCompletionPortInformation, &port, sizeof(port))) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "connect a job with its port");
    }
    return SBX_OK;
}

enum sbx_status sbx_job_new(const struct sbx_job_limits *limits, struct sbx_findings *findings,
    struct sbx_job *ret_job, struct sbx_error *err)
{
    struct sbx_job job = {0};
    enum sbx_status status;

    status = create(&job, err);
    if (!status)
        status = set_limits(job.handle, limits, findings, err);
    if (!status && limits->cpu_time_ms)
        status = set_end_of_time(job.handle, err);
    if (!status && limits->ui)
        status = set_ui(job.handle, limits->ui, &job.ui, findings, err);
    if (!status && limits->cpu_percent)
        status = set_cpu_rate(job.handle, limits->cpu_percent, findings, err);
    if (status)
        sbx_job_close(&job);
    else
        *ret_job = job;
    return status;
}

void sbx_job_close(struct sbx_job *job)
{
    if (!job)
        return;
    sbx_handle_close(&job->handle);
    sbx_handle_close(&job->port);
}

enum sbx_status sbx_job_assign(struct sbx_job *job, HANDLE process, struct sbx_error *err)
{
    DWORD code;

    if (AssignProcessToJobObject(job->handle, process))
        return SBX_OK;
    code = GetLastError();
    sbx_fail_win32(err, code, "put the process into its job");
    if (code == ERROR_ACCESS_DENIED)
        sbx_error_hint(err, "a job with UI limits cannot nest in another job that forbids "
                            "breakaway; start from outside it, or set limits.ui to best-effort");
    return sbx_code_status(SBX_DOMAIN_WIN32, code);
}

enum sbx_status sbx_job_prove_member(
    const struct sbx_job *job, HANDLE process, struct sbx_error *err)
{
    BOOL inside = FALSE;
    DWORD code;

    if (!IsProcessInJob(process, job->handle, &inside)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "whether the process is in its job");
    }
    if (!inside)
        return sbx_fail(err, SBX_UNPROVEN, "the process is not in its job");
    return SBX_OK;
}

enum sbx_status sbx_job_self_in_job(bool *ret_in_job, struct sbx_error *err)
{
    BOOL inside = FALSE;
    DWORD code;

    if (!IsProcessInJob(GetCurrentProcess(), NULL, &inside)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "whether this process is in a job");
    }
    *ret_in_job = inside != 0;
    return SBX_OK;
}

enum sbx_status sbx_job_terminate(struct sbx_job *job, uint32_t exit_code, struct sbx_error *err)
{
    DWORD code;

    if (TerminateJobObject(job->handle, exit_code))
        return SBX_OK;
    code = GetLastError();
    return sbx_fail_win32(err, code, "terminate the job");
}

void sbx_job_hit_names(unsigned hits, char *text, size_t size_bytes)
{
    static const char *const names[] = {"processes", "memory", "process-memory", "cpu-time"};
    size_t i, used = 0;
    int n;

    text[0] = '\0';
    for (i = 0; i < countof(names); i++) {
        if (!(hits & (1u << i)))
            continue;
        n = snprintf(text + used, size_bytes - used, "%s%s", used ? "," : "", names[i]);
        if (n < 0 || (size_t)n >= size_bytes - used)
            return;
        used += (size_t)n;
    }
}
