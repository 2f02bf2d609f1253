/*
 * Who may open our own process, and who the child. Boundary B8 of SECURITY.md.
 *
 * MUSTs:
 *  1. A stage is locked before it reads anything, by itself and, from outside, by its creator.
 *  2. The confine stage has the account's unrestricted token, and its child runs as the same
 * account: nothing of the stage (process, threads, token, what it creates) names the account, but
 * for TOKEN_QUERY on its own token, which is reached through its process only; and OWNER RIGHTS
 * leaves the owner, who is the account, reading these lists. That goes for threads we never made.
 *  3. The child's own process, thread and token are open to the child. A token object gets the
 *     default list of whoever creates it: locked, the child could not look at itself, and hardly a
 *     program starts. So that list is changed for the creation, and set again afterwards.
 */
#include "run.h"

#include "shared/win/handle.h"
#include "shared/win/hardening.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/thread.h"
#include "shared/win/token.h"

/* The default list of this process's own token, as the table has it for stages. */
static enum sbx_status lock_default(struct sbx_run *run, struct sbx_error *err)
{
    const struct sbx_sd_people nobody = {0};
    struct sbx_descriptor stage = {0};
    enum sbx_status status = sbx_sd_build(&sbx_sd_stage_default, &nobody, &stage, err);

    if (!status)
        status = sbx_token_set_default_dacl(run->base, &stage.dacl, err);
    sbx_descriptor_done(&stage);
    return status;
}

static enum sbx_status lock_account(
    struct sbx_run *run, const struct sbx_sid *account, struct sbx_error *err)
{
    const DWORD own = TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT;
    struct sbx_sd_people people = {0};
    enum sbx_status status;
    bool may_lock = false;

    people.sid[SBX_WHO_ACCOUNT] = *account;
    /* Opened first: afterwards this token can be asked only, here as anywhere. */
    status = sbx_token_open_self(own | WRITE_DAC | READ_CONTROL, &run->base, err);
    if (!status)
        may_lock = true;
    else if (status == SBX_DENIED)
        status = sbx_token_open_self(own, &run->base, err);
    if (!status)
        status = lock_default(run, err);
    if (!status)
        status = sbx_thread_close_all(&run->findings, err);
    /* The second lock on one door: a token is reached through its process or a thread, and those
     * are locked. Where the logon made a token whose list its user may not change, that has to do.
     */
    if (!status && may_lock)
        status =
            sbx_hardening_protect(run->base, &sbx_sd_stage_token, &people, &run->findings, err);
    return status;
}

enum sbx_status sbx_lock_stage(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    /* The operator may end and watch the launch stage. The confine stage's user is its child's. */
    if (!status)
        status = sbx_hardening_lock_process(GetCurrentProcess(), GetCurrentThread(),
            run->confine_stage ? NULL : &user, &run->findings, err);
    if (!status && run->confine_stage)
        status = lock_account(run, &user, err);
    if (status)
        sbx_error_context(err, "lock the runner");
    return status;
}

enum sbx_status sbx_lock_creating(struct sbx_run *run, bool creating, struct sbx_error *err)
{
    enum sbx_status status;

    if (!run->confine_stage)
        return SBX_OK;
    if (creating)
        return sbx_token_set_default_dacl(run->base, &run->plan.default_dacl, err);
    status = lock_default(run, err);
    /* What creating a process made the system start in here has the list of the child's things. */
    return status ? status : sbx_thread_close_all(&run->findings, err);
}

enum sbx_status sbx_lock_child(struct sbx_run *run, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    enum sbx_status status = SBX_OK;
    HANDLE token = NULL;

    if (run->request.mode != SBX_MODE_ELEVATED)
        return SBX_OK;
    people.sid[SBX_WHO_ACCOUNT] = run->plan.user_sid;
    people.sid[SBX_WHO_RUN] = run->plan.run_sid;
    if (run->one_hop)
        status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_hardening_protect(
            run->child.process, &sbx_sd_child_process, &people, &run->findings, err);
    if (!status)
        status = sbx_hardening_protect(
            run->child.thread, &sbx_sd_child_process, &people, &run->findings, err);
    /* Of the process, not run->token: whether creating a process copies it is not documented. */
    if (!status)
        status =
            sbx_token_open(run->child.process, TOKEN_QUERY | READ_CONTROL | WRITE_DAC, &token, err);
    if (!status)
        status = sbx_hardening_protect(token, &sbx_sd_child_token, &people, &run->findings, err);
    if (status)
        sbx_error_context(err, "descriptors of the child");
    sbx_handle_close(&token);
    return status;
}
