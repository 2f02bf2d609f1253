/* See birthjob.h. */
#include "birthjob.h"
#include "handle.h"
#include "job.h"

#define LET_OUT (JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK)

static bool set(HANDLE job, DWORD flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {0};

    info.BasicLimitInformation.LimitFlags = flags;
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, sizeof(info)) !=
           0;
}

/* In no job, or in one that lets its processes out. */
static bool free_to_leave(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    bool in_job = true;

    if (sbx_job_self_in_job(&in_job, NULL))
        return false;
    return !in_job || (QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &limits,
                           sizeof(limits), NULL) &&
                          (limits.BasicLimitInformation.LimitFlags & LET_OUT));
}

HANDLE sbx_birthjob_new(bool inherits)
{
    HANDLE job = !inherits || free_to_leave() ? CreateJobObjectW(NULL, NULL) : NULL;

    if (job && !set(job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | LET_OUT))
        sbx_handle_close(&job);
    return job;
}

bool sbx_birthjob_assign(HANDLE job, HANDLE process)
{
    BOOL in_job = TRUE;

    return job && IsProcessInJob(process, NULL, &in_job) && !in_job &&
           AssignProcessToJobObject(job, process);
}

bool sbx_birthjob_release(HANDLE *job)
{
    bool released = !*job || set(*job, LET_OUT);

    sbx_handle_close(job);
    return released;
}
