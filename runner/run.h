/*
 * One run, from request to result: the structure that the stages share, and the stages in the
 * order that runner/main.c calls them. Reads like the list in design 3, step 4 and 5.
 */
#ifndef SBX_RUNNER_RUN_H
#define SBX_RUNNER_RUN_H

#include "shared/core/finding.h"
#include "shared/core/message.h"
#include "shared/core/tokenplan.h"
#include "shared/win/conpty.h"
#include "shared/win/desktop.h"
#include "shared/win/job.h"
#include "shared/win/sessionnames.h"
#include "shared/win/spawn.h"
#include "shared/win/station.h"

struct sbx_run {
    bool confine_stage; /* how this process was started; the request must say the same */
    struct sbx_request request;
    HANDLE input;          /* requests and control frames; its end means the caller is gone */
    HANDLE output;         /* replies */
    HANDLE control;        /* manual-reset event: something came or ended on input */
    volatile LONG cancel;  /* set by the control thread: stop it politely */
    volatile LONG resize;  /* set by the control thread: columns << 16 | rows; 0: nothing new */
    volatile LONG kill;    /* set by the control thread: stop it now, or the caller is gone */
    volatile LONG keeping; /* keep.c: the caller has its result, and this process stays */

    /* What the child's token is made from: NULL in unelevated mode (this process's own), the
     * account's otherwise: own token of the confine stage, or what LogonUserW gave (one hop). */
    HANDLE base;
    bool one_hop; /* elevated, and this launch stage creates the child itself */
    struct sbx_tokenplan plan;
    HANDLE token;   /* restricted primary token */
    bool breakaway; /* this process is in a job, and the child leaves it */
    struct sbx_job job;
    struct sbx_private_desktop desktop; /* confine stage: the path only */
    struct sbx_station_grant station;
    struct sbx_names_grant names;
    enum sbx_named_objects named_objects; /* tried with the child's token, before it ran */
    struct sbx_conpty conpty;             /* with request.tty, or hidden: confine.c */
    HANDLE console_keys;                  /* of a hidden one: open until it is closed */
    struct sbx_process child;
    struct sbx_findings findings; /* facts that could not be proved */

    uint64_t started_us;
    struct sbx_stage_times times;
    enum sbx_ended ended;
    uint32_t exit_code;

    bool relayed; /* two hops: `reply` is the confine stage's result, to be passed on */
    struct sbx_reply reply;
    HANDLE stage;              /* and `background`: the confine stage, which stays; else NULL */
    uint64_t relayed_after_us; /* this stage's clock when the other's began */
};

/** Microseconds since the run started, never 0. */
uint64_t sbx_run_clock(const struct sbx_run *run);

/* --- wire.c: frames ------------------------------------------------------------------------ */

/** Read and decode the request; it must be for the stage that this process is. @return SBX_TIMEOUT
 *  when it stops coming for 30 s, SBX_INVALID */
SBX_MUST_CHECK enum sbx_status sbx_wire_read_request(struct sbx_run *run, struct sbx_error *err);

/** Start the thread that reads control frames until the caller is gone. */
SBX_MUST_CHECK enum sbx_status sbx_wire_watch(struct sbx_run *run, struct sbx_error *err);

/** Send "started". */
SBX_MUST_CHECK enum sbx_status sbx_wire_send_started(
    struct sbx_run *run, uint32_t process_id, struct sbx_error *err);

/** Send run->reply, the confine stage's result, with this stage's findings and clock. */
SBX_MUST_CHECK enum sbx_status sbx_wire_send_relayed(struct sbx_run *run, struct sbx_error *err);

/**
 * Send the result.
 * @param failure NULL, or why nothing ran (ended = FAILED)
 */
SBX_MUST_CHECK enum sbx_status sbx_wire_send_result(
    struct sbx_run *run, const struct sbx_error *failure, struct sbx_error *err);

/* --- lock.c: descriptors of our own process and of the child. Boundary B8 --------------------- */

/** Lock this process and thread, before anything is read. The confine stage, whose child runs as
 *  the same account, also its token, and what it creates from here on; fills run->base. */
SBX_MUST_CHECK enum sbx_status sbx_lock_stage(struct sbx_run *run, struct sbx_error *err);

/** What is made from here on gets the child's default list (true), or the stage's again (false).
 *  Only the confine stage's own token is changed. */
SBX_MUST_CHECK enum sbx_status sbx_lock_creating(
    struct sbx_run *run, bool creating, struct sbx_error *err);

/** Elevated: set and read back the lists of the suspended child's process, thread and token. */
SBX_MUST_CHECK enum sbx_status sbx_lock_child(struct sbx_run *run, struct sbx_error *err);

/* --- launch.c, relay.c: from the user to the account. Boundaries B14, B15 -------------------
 */

/**
 * Launch stage, elevated: unseal, log on, check, and take the one or the two hops.
 * @return SBX_OK with run->base set (one hop: go on as in unelevated mode), or with run->relayed
 *         (two hops: the command has run to its end)
 */
SBX_MUST_CHECK enum sbx_status sbx_launch(struct sbx_run *run, struct sbx_error *err);

/* --- surround.c: job, desktop, window station, named objects. Boundaries B6, B7
 * -------------------------------
 */

/** The run's private desktop, for the token user `account`, made by and for `user`. */
SBX_MUST_CHECK enum sbx_status sbx_surround_desktop(struct sbx_run *run, const struct sbx_sid *user,
    const struct sbx_sid *account, const struct sbx_sid *run_sid, struct sbx_error *err);

/** Elevated: let account and run connect to the window station, where no logon SID admits them. */
SBX_MUST_CHECK enum sbx_status sbx_surround_station(struct sbx_run *run,
    const struct sbx_sid *account, const struct sbx_sid *run_sid, struct sbx_error *err);

/**
 * Elevated: let account and run make named objects in the session, where no logon SID admits them
 * and this user may change the directory's list. No failure: what came of it is tried later.
 */
void sbx_surround_names(
    struct sbx_run *run, const struct sbx_sid *account, const struct sbx_sid *run_sid);

/* --- confine.c: token, child, proof. Boundary B1 ------------------------------------------------
 */

/**
 * "Denied", "not found" and "invalid" are answers about the command (exit codes 126 and 127). What
 * fails before there is a child is about the sandbox (125), whatever Windows calls it.
 * @return SBX_OS for these three, err's status with it; everything else as it is
 */
enum sbx_status sbx_run_about_the_sandbox(enum sbx_status status, struct sbx_error *err);

/** Build the restricted token of the recipe from run->base, or the own primary token. */
SBX_MUST_CHECK enum sbx_status sbx_confine_token(struct sbx_run *run, struct sbx_error *err);

/** Make the job with its limits, and the private desktop. */
SBX_MUST_CHECK enum sbx_status sbx_confine_surroundings(struct sbx_run *run, struct sbx_error *err);

/**
 * The stream handles that the request names: open here, of a kind that makes sense, and none of
 * this process's own two pipes: a child with those would speak for the agent or for us.
 * @param ret_streams input, output, error; NULL = none
 */
SBX_MUST_CHECK enum sbx_status sbx_confine_streams(
    const struct sbx_run *run, HANDLE ret_streams[3], struct sbx_error *err);

/** Close this process's copies, once the child (or the next stage) has its own: a pipe ends for
 *  its reader when the last is closed. */
void sbx_confine_streams_given(struct sbx_request *request);

/** Create the child, suspended, in its job, on its desktop, with its three handles only. */
SBX_MUST_CHECK enum sbx_status sbx_confine_create(struct sbx_run *run, struct sbx_error *err);

/**
 * Read everything back from the suspended child. Any difference is SBX_UNPROVEN, except under
 * Wine with --wine-unconfined, where the list of findings goes into the result. Last, try with
 * its token what nothing rests on: named objects.
 */
SBX_MUST_CHECK enum sbx_status sbx_confine_prove(struct sbx_run *run, struct sbx_error *err);

/** End whatever is left and release everything. Does nothing on an empty run. */
void sbx_confine_done(struct sbx_run *run);

/* --- keep.c: an elevated background run's account stays leased. Boundary B21 -------------------
 */

/** Whether this process stays after its result: elevated, background, and the command ended. */
bool sbx_keep_wanted(const struct sbx_run *run);

/** Wait, without limit, until nothing of the command runs any more. */
void sbx_keep_wait(struct sbx_run *run);

/* --- supervise.c ------------------------------------------------------------------------------ */

/** Resume the child and wait for its end, the time limit, a control frame or the caller's end. */
SBX_MUST_CHECK enum sbx_status sbx_supervise(struct sbx_run *run, struct sbx_error *err);

#endif
