/*
 * Step "proof": offline means offline, shown by behaviour. As each account, through the installed
 * runner and the sealed credential, the probe tries the network with the token that a run has and
 * with tokens that a child can derive from it. Whatever works that must not, and whatever cannot be
 * told, fails the step; the engine then closes the gate and undoes what this run made. How it is
 * tried and judged: runner/proofrun.h.
 */
#include "fenced.h"
#include "steps.h"

#include "runner/proofrun.h"
#include "shared/win/wfp.h"

#define NAME "proof"

/* The fence of this very machine was proved by this very version, and is still there. */
static enum sbx_status still_proved(struct sbx_setup *setup, bool *ret, struct sbx_error *err)
{
    const struct sbx_installation *found = &setup->found, *wanted = &setup->wanted;
    enum sbx_wfp_state state = SBX_WFP_ABSENT;
    struct sbx_fence fence = {0};
    enum sbx_status status;
    bool ready = false;
    size_t i;

    *ret = false;
    if (!setup->has_found || !found->fence_proved || !wanted->fence_proved ||
        strcmp(found->product_version, wanted->product_version) != 0 ||
        strcmp(found->os_build, wanted->os_build) != 0 ||
        found->fence_complement != wanted->fence_complement ||
        found->proxy_first != wanted->proxy_first || found->proxy_last != wanted->proxy_last ||
        found->account_count != wanted->account_count)
        return SBX_OK;
    for (i = 0; i < found->account_count; i++)
        if (!wanted->accounts[i].sid || !found->accounts[i].sid ||
            strcmp(found->accounts[i].sid, wanted->accounts[i].sid) != 0)
            return SBX_OK;
    status = sbx_fenced_make(setup, &fence, &ready, err);
    if (!status && ready)
        status = sbx_wfp_compare(&fence, &state, NULL, err);
    sbx_fence_done(&fence);
    *ret = !status && state == SBX_WFP_PRESENT;
    return status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = SBX_OK;
    bool proved = false;

    sbx_setup_at(setup, "network fence");
    if (setup->wanted.fence_proved)
        status = still_proved(setup, &proved, err);
    if (!status)
        *ret = proved ? SBX_STEP_PRESENT : SBX_STEP_ABSENT;
    if (!proved)
        setup->wanted.fence_proved = false;
    return status;
}

static enum sbx_status prove_account(struct sbx_setup *setup, size_t index,
    const struct sbx_fencetry_listeners *listeners, struct sbx_error *err)
{
    const struct sbx_installed_account *account = &setup->wanted.accounts[index];
    const struct sbx_proof_chain chain = {.runner = setup->runner_path,
        .folder = setup->program_folder,
        .group_sid = setup->wanted.group_sid,
        .complement = setup->wanted.fence_complement};
    enum sbx_status status = SBX_OK;
    int token;

    for (token = 0; !status && token < SBX_FENCE_TOKEN_COUNT; token++) {
        sbx_setup_at(setup, "network fence of account '%s', %s token", account->name,
            sbx_fence_token_name((enum sbx_fence_token)token));
        status = sbx_proof_account(&chain, account, (enum sbx_fence_token)token, listeners, err);
    }
    if (status == SBX_UNPROVEN)
        sbx_error_hint(
            err, "another firewall or a group policy may interfere; nothing is left enabled");
    return status;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_fencetry_listeners listeners = {.count = 0};
    struct sbx_setup *setup = context;
    enum sbx_status status;
    size_t i;

    sbx_setup_at(setup, "network fence");
    setup->wanted.fence_proved = false;
    status = sbx_fencetry_begin(err);
    if (!status)
        status = sbx_fencetry_listen(
            setup->wanted.proxy_first, setup->wanted.proxy_last, &listeners, err);
    if (!status)
        status = sbx_proof_twin(&listeners, err);
    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = prove_account(setup, i, &listeners, err);
    sbx_fencetry_close(&listeners);
    if (!status)
        setup->wanted.fence_proved = true;
    return status;
}

/* The proof is the apply; what remains to see is that the fence that was proved is still there. */
static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_wfp_state state = SBX_WFP_ABSENT;
    struct sbx_fence fence = {0};
    enum sbx_status status;
    bool ready = false;

    sbx_setup_at(setup, "network fence");
    status = sbx_fenced_make(setup, &fence, &ready, err);
    if (!status && ready)
        status = sbx_wfp_compare(&fence, &state, NULL, err);
    sbx_fence_done(&fence);
    if (!status && (state != SBX_WFP_PRESENT || !setup->wanted.fence_proved))
        status = sbx_fail(err, SBX_UNPROVEN, "the fence changed while it was proved");
    return status;
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;

    (void)err;
    setup->wanted.fence_proved = false; /* nothing on the machine but the record's word */
    return SBX_OK;
}

const struct sbx_step sbx_step_proof = {
    .name = NAME,
    .why_safe = "starts the installed runner as each sandbox account, to open sockets on loopback "
                "and close them; changes nothing on the machine",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
    .flags = SBX_STEP_BOUNDARY,
};
