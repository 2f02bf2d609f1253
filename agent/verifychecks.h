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

#endif
