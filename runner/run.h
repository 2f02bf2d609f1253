/*
 * One run, from request to result: the structure that the stages share, and the stages in the
 * order that runner/main.c calls them. Reads like the list in design 3, step 4 and 5.
 */
#ifndef SBX_RUNNER_RUN_H
#define SBX_RUNNER_RUN_H

#include "shared/core/finding.h"
#include "shared/core/message.h"
#include "shared/core/tokenplan.h"
#include "shared/win/desktop.h"
#include "shared/win/job.h"
#include "shared/win/spawn.h"

struct sbx_run {
    struct sbx_request request;
    HANDLE input;         /* requests and control frames; its end means the caller is gone */
    HANDLE output;        /* replies */
    HANDLE control;       /* manual-reset event: something came or ended on input */
    volatile LONG cancel; /* set by the control thread: stop it politely */
    volatile LONG kill;   /* set by the control thread: stop it now, or the caller is gone */

    struct sbx_tokenplan plan;
    HANDLE token;   /* restricted primary token */
    bool breakaway; /* this process is in a job, and the child leaves it */
    struct sbx_job job;
    struct sbx_private_desktop desktop;
    struct sbx_process child;
    struct sbx_findings findings; /* facts that could not be proved */

    uint64_t started_us;
    struct sbx_stage_times times;
    enum sbx_ended ended;
    uint32_t exit_code;
};

/** Microseconds since the run started, never 0. */
uint64_t sbx_run_clock(const struct sbx_run *run);

/* --- wire.c: frames ------------------------------------------------------------------------ */

/** Read and decode the request. @return SBX_TIMEOUT after 30 s without one, SBX_INVALID */
SBX_MUST_CHECK enum sbx_status sbx_wire_read_request(struct sbx_run *run, struct sbx_error *err);

/** Start the thread that reads control frames until the caller is gone. */
SBX_MUST_CHECK enum sbx_status sbx_wire_watch(struct sbx_run *run, struct sbx_error *err);

/** Send "started". */
SBX_MUST_CHECK enum sbx_status sbx_wire_send_started(struct sbx_run *run, struct sbx_error *err);

/**
 * Send the result.
 * @param failure NULL, or why nothing ran (ended = FAILED)
 */
SBX_MUST_CHECK enum sbx_status sbx_wire_send_result(
    struct sbx_run *run, const struct sbx_error *failure, struct sbx_error *err);

/* --- confine.c: token, job, desktop, child, proof. Boundaries B1, B6, B7 -------------------- */

/** Build the restricted token of the recipe from the own primary token. */
SBX_MUST_CHECK enum sbx_status sbx_confine_token(struct sbx_run *run, struct sbx_error *err);

/** Make the job with its limits, and the private desktop. */
SBX_MUST_CHECK enum sbx_status sbx_confine_surroundings(struct sbx_run *run, struct sbx_error *err);

/** Create the child, suspended, in its job, on its desktop, with its three handles only. */
SBX_MUST_CHECK enum sbx_status sbx_confine_create(struct sbx_run *run, struct sbx_error *err);

/**
 * Read everything back from the suspended child. Any difference is SBX_UNPROVEN, except under
 * Wine with --wine-unconfined, where the list of findings goes into the result.
 */
SBX_MUST_CHECK enum sbx_status sbx_confine_prove(struct sbx_run *run, struct sbx_error *err);

/** End whatever is left and release everything. Does nothing on an empty run. */
void sbx_confine_done(struct sbx_run *run);

/* --- supervise.c ------------------------------------------------------------------------------ */

/** Resume the child and wait for its end, the time limit, a control frame or the caller's end. */
SBX_MUST_CHECK enum sbx_status sbx_supervise(struct sbx_run *run, struct sbx_error *err);

#endif
