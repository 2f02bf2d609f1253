/*
 * The job of one run: limits set, read back, and watched through a completion port.
 *
 * Always: KILL_ON_JOB_CLOSE, DIE_ON_UNHANDLED_EXCEPTION, no breakaway of either kind. The handle
 * is never inheritable, so the last one closes with our process, and the kernel then ends all
 * descendants: nothing needs us to live long enough to clean up. Boundary: limits, descendants.
 *
 * @see https://learn.microsoft.com/windows/win32/procthread/job-objects
 */
#ifndef SBX_JOB_H
#define SBX_JOB_H

#include "win.h"
#include "../core/error.h"
#include "../core/finding.h"

/* JOB_OBJECT_UILIMIT_*. 0x200 (no injection of input) is newer than the headers. */
#define SBX_JOB_UI_ALL 0x000000FFu
#define SBX_JOB_UI_INJECTION 0x00000200u

struct sbx_job_limits {
    uint32_t processes;            /* active at once; 0 = no limit */
    uint64_t memory_bytes;         /* committed by all together; 0 = no limit */
    uint64_t process_memory_bytes; /* committed by each; 0 = no limit */
    uint64_t cpu_time_ms;          /* user time of all together; 0 = no limit */
    uint32_t cpu_percent;          /* hard cap of the whole machine, 1-100; 0 = no limit */
    uint32_t ui;                   /* JOB_OBJECT_UILIMIT_* mask; 0 = none */
    bool outlive;                  /* no KILL_ON_JOB_CLOSE: policy `background` only */
};

/* A limit that was hit. */
enum sbx_job_hit {
    SBX_JOB_HIT_PROCESSES = 1 << 0,
    SBX_JOB_HIT_MEMORY = 1 << 1,
    SBX_JOB_HIT_PROCESS_MEMORY = 1 << 2,
    SBX_JOB_HIT_CPU_TIME = 1 << 3
};

struct sbx_job {
    HANDLE handle;
    HANDLE port;
    unsigned hits; /* SBX_JOB_HIT_*, collected by sbx_job_wait */
    uint32_t ui;   /* UI limits that were set: SBX_JOB_UI_INJECTION only where the build has it */
    uint32_t sequence; /* of waits; tells late wake-ups from current ones */
};

/**
 * Make a job with its limits and read each one back.
 *
 * A limit that the system refuses to set is an error (the text names it). One that was accepted
 * but cannot be read back, or reads back differently, is a finding ("JobUiLimits", "JobMemory",
 * ...) and the call succeeds: the caller must refuse when there are any.
 *
 * @param findings required
 * @param ret_job release with sbx_job_close
 * @return SBX_UNSUPPORTED when CPU rate control or UI limits do not exist here
 * @see https://learn.microsoft.com/windows/win32/api/jobapi2/nf-jobapi2-setinformationjobobject
 */
SBX_MUST_CHECK enum sbx_status sbx_job_new(const struct sbx_job_limits *limits,
    struct sbx_findings *findings, struct sbx_job *ret_job, struct sbx_error *err);

/** Close job and port; with KILL_ON_JOB_CLOSE this ends what is left. NULL does nothing. */
void sbx_job_close(struct sbx_job *job);

/**
 * Put a suspended process into the job.
 * @return SBX_DENIED (5) with a hint when the process is in a job that cannot nest
 * @see https://learn.microsoft.com/windows/win32/api/jobapi2/nf-jobapi2-assignprocesstojobobject
 */
SBX_MUST_CHECK enum sbx_status sbx_job_assign(
    struct sbx_job *job, HANDLE process, struct sbx_error *err);

/** Prove membership. @return SBX_UNPROVEN when the process is not in this job */
SBX_MUST_CHECK enum sbx_status sbx_job_prove_member(
    const struct sbx_job *job, HANDLE process, struct sbx_error *err);

/** Whether this process runs in any job (then a child with UI limits must break away). */
SBX_MUST_CHECK enum sbx_status sbx_job_self_in_job(bool *ret_in_job, struct sbx_error *err);

/** End every process of the job. The exit code is what each will report. */
SBX_MUST_CHECK enum sbx_status sbx_job_terminate(
    struct sbx_job *job, uint32_t exit_code, struct sbx_error *err);

/* What ended a wait. */
#define SBX_JOB_EMPTY SIZE_MAX
#define SBX_JOB_WAIT_MAX 8u

/**
 * Take notifications until the job is empty, one of `others` is signalled or time is up; collects
 * hits. A job whose CPU time is used up is terminated here.
 * @param others processes, events: at most SBX_JOB_WAIT_MAX; the lowest signalled one wins
 * @param ret_which SBX_JOB_EMPTY: no process is left (counted, not only notified); else an index
 * @return SBX_TIMEOUT
 */
SBX_MUST_CHECK enum sbx_status sbx_job_wait_any(struct sbx_job *job, const HANDLE *others,
    size_t other_count, uint32_t timeout_ms, size_t *ret_which, struct sbx_error *err);

/**
 * The same for one handle.
 * @param other may be NULL
 * @param ret_empty true: no process is left; false: `other` is signalled
 */
SBX_MUST_CHECK enum sbx_status sbx_job_wait(
    struct sbx_job *job, HANDLE other, uint32_t timeout_ms, bool *ret_empty, struct sbx_error *err);

/** Take the notifications that are there now, without waiting. */
SBX_MUST_CHECK enum sbx_status sbx_job_poll(struct sbx_job *job, struct sbx_error *err);

struct sbx_job_usage {
    uint64_t user_time_us;
    uint64_t kernel_time_us;
    uint64_t peak_job_memory_bytes;
    uint64_t peak_process_memory_bytes;
    uint32_t processes_total;
    uint32_t processes_active;
    uint32_t processes_ended_by_limit;
};

SBX_MUST_CHECK enum sbx_status sbx_job_usage(
    const struct sbx_job *job, struct sbx_job_usage *ret_usage, struct sbx_error *err);

/** Comma-separated words of a hit mask: "processes,memory". Always terminated; "" for 0. */
void sbx_job_hit_names(unsigned hits, char *text, size_t size_bytes);

#endif
