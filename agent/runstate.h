/*
 * One run under way, for its two halves: run.c takes the steps of design 3 in order, runchild.c has
 * the ones in which something runs.
 */
#ifndef SBX_AGENT_RUNSTATE_H
#define SBX_AGENT_RUNSTATE_H

#include "auditevents.h"
#include "elevated.h"
#include "facts.h"
#include "protect.h"
#include "resolve.h"
#include "result.h"
#include "run.h"

/* Everything one run owns; released in one place. */
struct sbx_run_state {
    const struct sbx_run_how *how;
    const struct sbx_cli *cli;
    const struct sbx_say *say;
    void *result_handle;
    struct sbx_facts facts;
    struct sbx_policy policy;
    struct sbx_program program;
    struct sbx_plan plan;
    struct sbx_elevated elevated; /* {0} in unelevated mode */
    struct sbx_grant_report grants;
    struct sbx_protect *protect;
    struct sbx_protect_report protect_report;
    struct sbx_reply reply;
    struct sbx_strings argv;    /* scrubbed: what is shown to a person and logged */
    enum sbx_decision decision; /* of the command rules; the reason is the policy's */
    const char *decision_reason;
    struct sbx_approval_records approvals;
    struct sbx_audit_run audit;
    bool have_facts, have_plan, have_reply, started, has_temp;
    struct sbx_result result;
    uint64_t begun_us;
};

/**
 * --wine-unconfined: stock Wine keeps no file ACLs, and trying would change the mode bits of the
 * user's files for nothing. Accepted only where Wine itself answers; the result then says that
 * the run was not confined, whatever else could be proved.
 */
bool sbx_run_unconfined_wine(const struct sbx_run_state *command);

/** Between two stages. @return SBX_CANCELLED when it was asked to end before anything started */
SBX_MUST_CHECK enum sbx_status sbx_run_check_cancel(
    const struct sbx_run_state *command, struct sbx_error *err);

/**
 * Run the command to its end, with a watch over the protected names that do not exist yet (design
 * 4). This process is locked before.
 * @param command planned and granted; gets reply and protect_report, says what they hold
 * @return as sbx_session_run, or what a failed runner reported; SBX_CANCELLED: nothing has run
 */
SBX_MUST_CHECK enum sbx_status sbx_run_watched(
    struct sbx_run_state *command, struct sbx_error *err);

/**
 * Elevated: lease the account and put it into the plan, once; see sbx_elevated_begin. Writes no
 * grant. Does nothing in unelevated mode.
 */
SBX_MUST_CHECK enum sbx_status sbx_run_begin_elevated(
    struct sbx_run_state *command, struct sbx_error *err);

/**
 * Could this command join our console and type an answer? Tried by a program of ours, run exactly
 * as the command would be: account (leased for it, and kept for the run), token, job, desktop. Our
 * own process is locked before, as it will be.
 * @param context struct sbx_run_state *, planned
 * @return SBX_OK: it was tried and refused. SBX_UNPROVEN and everything else: it is not known
 */
SBX_MUST_CHECK enum sbx_status sbx_run_try_to_join(void *context, struct sbx_error *err);

#endif
