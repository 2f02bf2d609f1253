/*
 * A job for the time in which a process of ours is born.
 *
 * Windows makes the first thread of a process suspended and resumes it as CreateProcess's last act;
 * a process that has to be locked first is even asked for that way. Whoever is killed in between
 * would leave a process for ever that has not run an instruction. So it is born in a job that only
 * the creator has a handle of, with kill on close: the kernel ends it with the creator. Once it
 * runs, it notices the creator's end on its own pipe and cleans up after itself; so the kill is
 * taken off then, and what is left of the job is a name for one process.
 *
 * The job lets its processes out, because a child with UI limits cannot be in a job inside another.
 *
 * @see https://learn.microsoft.com/windows/win32/procthread/job-objects
 *      https://learn.microsoft.com/windows/win32/procthread/nested-jobs
 */
#ifndef SBX_BIRTHJOB_H
#define SBX_BIRTHJOB_H

#include "win.h"

#include <stdbool.h>

/**
 * Make one.
 * @param inherits the process will also be in the job that this one is in, if any
 * @return NULL where there is none to be had: that job lets nobody out (from inside ours, a child
 *         that has to leave could not see that), or the system refused. All works without; only the
 *         case above is then not covered.
 */
HANDLE sbx_birthjob_new(bool inherits);

/**
 * Put a process into it that was created suspended by others (CreateProcessWithLogonW knows no job
 * list). Not one that is in a job already: as above.
 * @param job NULL does nothing
 * @return false: it is not in it
 */
bool sbx_birthjob_assign(HANDLE job, HANDLE process);

/**
 * The process runs: it may outlive this handle.
 * @param job closed and set to NULL; NULL does nothing
 * @return false: that could not be said, and the process ends here and now
 */
bool sbx_birthjob_release(HANDLE *job);

#endif
