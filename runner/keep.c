/*
 * After the result of an elevated background run. Boundary B21.
 *
 * What the command left runs as the leased account, so the lease has to last as long. The agent
 * does not: it gives its handle of the lease to the launch stage, which therefore stays until the
 * confine stage ends, which stays until its job is empty. Both have nothing left to do but wait;
 * desktop, station and names stay granted meanwhile. If one of them is killed, the lease ends early
 * and nothing else does.
 */
#include "run.h"

#define POLL_MS 60000u

bool sbx_keep_wanted(const struct sbx_run *run)
{
    const enum sbx_ended ended = run->relayed ? run->reply.ended : run->ended;

    return run->request.mode == SBX_MODE_ELEVATED && run->request.background &&
           ended == SBX_ENDED_EXIT;
}

void sbx_keep_wait(struct sbx_run *run)
{
    bool empty = false;

    if (run->relayed) {
        if (run->stage)
            WaitForSingleObject(run->stage, INFINITE);
        return;
    }
    /* What cannot be told counts as running: an account is not given away on a doubt. */
    while (!empty)
        if (sbx_job_wait(&run->job, NULL, POLL_MS, &empty, NULL) && !empty)
            Sleep(1000);
}
