/* The checks of verifycheck.c's table; each is described at its row (shared/core/verifyrows.c). */
#ifndef SBX_AGENT_VERIFYCHECKS_H
#define SBX_AGENT_VERIFYCHECKS_H

#include "verifycheck.h"

/* --- verifyrefused.c: what is refused before it begins --- */
enum sbx_status sbx_verify_check_unapproved(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_denied_command(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_denied_plan(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_unrecorded(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_denied_settled(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifyreach.c: what needs several runs, or the user's hand between them --- */
enum sbx_status sbx_verify_check_wider_run(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_other_root(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_moved_root(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_repaired_link(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_held_names(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_link_untouched(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_late_name(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_open_root(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifychild.c: what a command is given, and its end --- */
enum sbx_status sbx_verify_check_exit_code(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_secret(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_default_list(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_console(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_agent_killed(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifylive.c: what a command gets, how long it stays, who may come near us --- */
enum sbx_status sbx_verify_check_timeout(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_descendant(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_runner_killed(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_handles(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_path(const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_bare_name(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_unconfined(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_other_programs(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifyserve.c: who may be the client of a session --- */
enum sbx_status sbx_verify_check_serve_client(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifystate.c: lists, repairs, results --- */
enum sbx_status sbx_verify_check_root_list(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_repair(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_planted_result(
    const struct sbx_verify_check *check, struct sbx_error *err);

/** An ordinary run, which grants the root. Of the attack nothing was seen yet. */
SBX_MUST_CHECK enum sbx_status sbx_verify_grant_root(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifyledger.c: ledgers --- */
enum sbx_status sbx_verify_check_damaged_ledger(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_cut_ledger(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_shorter_ledger(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifyabsent.c: ledgers of roots that are not there --- */
enum sbx_status sbx_verify_check_absent_volume(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_unnamed_volume(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifywalk.c: the walk that sets descriptors --- */
enum sbx_status sbx_verify_check_opened_link(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_swapped_folder(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_cancelled_walk(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifylabel.c: a child that did not come out as planned --- */
enum sbx_status sbx_verify_check_lowered_program(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifymachine.c: the machine's policy, the event log, who is served; nothing runs --- */
enum sbx_status sbx_verify_check_weaker_policy(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_event_text(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_other_client(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifyscreen.c: what output does to a terminal --- */
enum sbx_status sbx_verify_check_terminal(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifypolicy.c: who may ask for what --- */
enum sbx_status sbx_verify_check_workspace_roots(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_workspace_variables(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_workspace_scalars(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_forbidden_place(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_request(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifyproof.c: code that refuses, shown what it must refuse --- */
enum sbx_status sbx_verify_check_token_plan(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_token_proof(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_message(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifybatch.c: arguments of batch files --- */
enum sbx_status sbx_verify_check_batch_and(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_batch_percent(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_batch_started(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* --- verifycalibrated.c: which calibration counts --- */
enum sbx_status sbx_verify_check_other_build(
    const struct sbx_verify_check *check, struct sbx_error *err);
enum sbx_status sbx_verify_check_open_record(
    const struct sbx_verify_check *check, struct sbx_error *err);

#endif
