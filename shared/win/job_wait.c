/*
 * Waiting and accounting of job.h.
 *
 * The port delivers the job's messages. Other handles are turned into packets on the same port by
 * the thread pool, so that one call waits for everything without polling. Microsoft does not
 * promise that every message arrives, so "empty" is decided by counting, at least every SLICE_MS.
 * https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-jobobject_associate_completion_port
 */
#include "job.h"
#include "clock.h"
#include "handle.h"

#define SLICE_MS 1000u
#define JOB_KEY 1u   /* as in job.c */
#define OTHER_KEY 2u /* + index */

struct waker {
    HANDLE port;
    HANDLE registration;
    ULONG_PTR key;
    DWORD sequence;
};

static VOID CALLBACK wake(PVOID context, BOOLEAN timed_out)
{
    const struct waker *waker = context;

    (void)timed_out;
    PostQueuedCompletionStatus(waker->port, waker->sequence, waker->key, NULL);
}

static enum sbx_status count_active(
    const struct sbx_job *job, uint32_t *ret_active, struct sbx_error *err)
{
    struct sbx_job_usage usage = {0};
    enum sbx_status status = sbx_job_usage(job, &usage, err);

    if (!status)
        *ret_active = usage.processes_active;
    return status;
}

/* One message of the job. Returns true when the job may have become empty. */
static bool take(struct sbx_job *job, DWORD message)
{
    switch (message) {
    case JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT:
        job->hits |= SBX_JOB_HIT_PROCESSES;
        return false;
    case JOB_OBJECT_MSG_JOB_MEMORY_LIMIT:
        job->hits |= SBX_JOB_HIT_MEMORY;
        return false;
    case JOB_OBJECT_MSG_PROCESS_MEMORY_LIMIT:
        job->hits |= SBX_JOB_HIT_PROCESS_MEMORY;
        return false;
    case JOB_OBJECT_MSG_END_OF_JOB_TIME:
        /* The kernel cancels the limit when it posts this; ending the job is ours to do. */
        job->hits |= SBX_JOB_HIT_CPU_TIME;
        TerminateJobObject(job->handle, ERROR_NOT_ENOUGH_QUOTA);
        return false;
    case JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO:
        return true;
    default:
        return false;
    }
}

/* Next packet. SBX_TIMEOUT when none came in time. */
static enum sbx_status next(const struct sbx_job *job, DWORD timeout_ms, ULONG_PTR *ret_key,
    DWORD *ret_number, struct sbx_error *err)
{
    OVERLAPPED *overlapped = NULL;
    DWORD code;

    if (GetQueuedCompletionStatus(job->port, ret_number, ret_key, &overlapped, timeout_ms))
        return SBX_OK;
    code = GetLastError();
    return code == WAIT_TIMEOUT ? SBX_TIMEOUT : sbx_fail_win32(err, code, "wait for the job");
}

static enum sbx_status register_wakers(struct sbx_job *job, const HANDLE *others, size_t count,
    struct waker *wakers, struct sbx_error *err)
{
    DWORD code;
    size_t i;

    job->sequence++;
    for (i = 0; i < count; i++) {
        wakers[i].port = job->port;
        wakers[i].key = OTHER_KEY + i;
        wakers[i].sequence = job->sequence;
        if (!RegisterWaitForSingleObject(&wakers[i].registration, others[i], wake, &wakers[i],
                INFINITE, WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE)) {
            code = GetLastError();
            wakers[i].registration = NULL;
            return sbx_fail_win32(err, code, "wait for a handle");
        }
    }
    return SBX_OK;
}

/* INVALID_HANDLE_VALUE: returns only when no callback runs any more; they use our stack. */
static void unregister_wakers(struct waker *wakers, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (wakers[i].registration)
            UnregisterWaitEx(wakers[i].registration, INVALID_HANDLE_VALUE);
}

static size_t lowest_signalled(const HANDLE *others, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (WaitForSingleObject(others[i], 0) == WAIT_OBJECT_0)
            return i;
    return SBX_JOB_EMPTY;
}

static enum sbx_status wait_loop(struct sbx_job *job, const HANDLE *others, size_t count,
    uint32_t timeout_ms, size_t *ret_which, struct sbx_error *err)
{
    uint64_t deadline_ms = timeout_ms == INFINITE ? UINT64_MAX : sbx_clock_ms() + timeout_ms;
    enum sbx_status status;
    uint32_t active = 1;
    bool look = true; /* a job may be empty before the first message */

    for (;;) {
        ULONG_PTR key = 0;
        DWORD number = 0, slice_ms = SLICE_MS;

        if (look) {
            status = count_active(job, &active, err);
            if (status)
                return status;
            *ret_which = lowest_signalled(others, count);
            if (*ret_which != SBX_JOB_EMPTY || active == 0)
                break;
        }
        if (sbx_clock_left_ms(deadline_ms) == 0)
            return sbx_fail(err, SBX_TIMEOUT, "the job did not end in time");
        if (sbx_clock_left_ms(deadline_ms) < slice_ms)
            slice_ms = sbx_clock_left_ms(deadline_ms);
        status = next(job, slice_ms, &key, &number, err);
        if (status == SBX_TIMEOUT)
            look = true;
        else if (status)
            return status;
        else if (key == JOB_KEY)
            look = take(job, number);
        else
            look = number == job->sequence; /* else left over from an earlier wait */
    }
    return sbx_job_poll(job, err);
}

enum sbx_status sbx_job_wait_any(struct sbx_job *job, const HANDLE *others, size_t other_count,
    uint32_t timeout_ms, size_t *ret_which, struct sbx_error *err)
{
    struct waker wakers[SBX_JOB_WAIT_MAX] = {{0}};
    enum sbx_status status;
    size_t which = SBX_JOB_EMPTY;

    if (other_count > SBX_JOB_WAIT_MAX)
        return sbx_fail(err, SBX_INTERNAL, "%zu handles in one wait", other_count);
    status = register_wakers(job, others, other_count, wakers, err);
    if (!status)
        status = wait_loop(job, others, other_count, timeout_ms, &which, err);
    unregister_wakers(wakers, other_count);
    if (!status)
        *ret_which = which;
    return status;
}

enum sbx_status sbx_job_wait(
    struct sbx_job *job, HANDLE other, uint32_t timeout_ms, bool *ret_empty, struct sbx_error *err)
{
    size_t which = SBX_JOB_EMPTY;
    enum sbx_status status;

    status = sbx_job_wait_any(job, &other, other ? 1 : 0, timeout_ms, &which, err);
    if (!status)
        *ret_empty = which == SBX_JOB_EMPTY;
    return status;
}

enum sbx_status sbx_job_poll(struct sbx_job *job, struct sbx_error *err)
{
    enum sbx_status status;

    for (;;) {
        ULONG_PTR key = 0;
        DWORD number = 0;

        status = next(job, 0, &key, &number, err);
        if (status == SBX_TIMEOUT)
            return SBX_OK;
        if (status)
            return status;
        if (key == JOB_KEY)
            (void)take(job, number);
    }
}

enum sbx_status sbx_job_usage(
    const struct sbx_job *job, struct sbx_job_usage *ret_usage, struct sbx_error *err)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION basic = {0};
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION extended = {0};
    DWORD code;

    if (!QueryInformationJobObject(
            job->handle, JobObjectBasicAccountingInformation, &basic, sizeof(basic), NULL)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "accounting of the job");
    }
    /* The peaks are for the report only; a platform without them reports 0. */
    if (!QueryInformationJobObject(
            job->handle, JobObjectExtendedLimitInformation, &extended, sizeof(extended), NULL))
        memset(&extended, 0, sizeof(extended));
    ret_usage->user_time_us = (uint64_t)basic.TotalUserTime.QuadPart / 10u;
    ret_usage->kernel_time_us = (uint64_t)basic.TotalKernelTime.QuadPart / 10u;
    ret_usage->peak_job_memory_bytes = extended.PeakJobMemoryUsed;
    ret_usage->peak_process_memory_bytes = extended.PeakProcessMemoryUsed;
    ret_usage->processes_total = basic.TotalProcesses;
    ret_usage->processes_active = basic.ActiveProcesses;
    ret_usage->processes_ended_by_limit = basic.TotalTerminatedProcesses;
    return SBX_OK;
}
