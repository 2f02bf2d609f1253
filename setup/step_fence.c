/*
 * Step "fence": the WFP filters of the sandbox accounts (shared/core/fencetable.c). The boundary of
 * the network: any failure is fatal, and the accounts are enabled only after all of it was read
 * back. Everything of it carries keys that are ours alone, so nothing of it can be foreign.
 */
#include "fenced.h"
#include "steps.h"

#include "shared/win/wfp.h"

#define NAME "fence"
#define OBJECT "WFP provider 'Agent Sandbox'"

/*
 * A filter engine that cannot be asked: before anything is built that ends the run, with the
 * machine untouched. To remove what was never put there it is not needed.
 */
static bool may_be_silent(const struct sbx_setup *setup)
{
    return !sbx_fenced_builds(setup) && !sbx_fenced_ever(setup, NAME, OBJECT);
}

static enum sbx_status state_of(struct sbx_setup *setup, enum sbx_wfp_state *ret_state,
    struct sbx_findings *findings, struct sbx_error *err)
{
    struct sbx_fence fence = {0};
    bool ready = false;
    enum sbx_status status;

    sbx_setup_at(setup, OBJECT);
    status = sbx_fenced_make(setup, &fence, &ready, err);
    if (!status)
        status = sbx_wfp_compare(ready ? &fence : NULL, ret_state, findings, err);
    sbx_fence_done(&fence);
    return status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_wfp_state state = SBX_WFP_ABSENT;
    enum sbx_status status = state_of(setup, &state, NULL, err);

    if (status && may_be_silent(setup))
        status = SBX_OK;
    if (status)
        return status;
    *ret = state == SBX_WFP_ABSENT    ? SBX_STEP_ABSENT
           : state == SBX_WFP_PRESENT ? SBX_STEP_PRESENT
                                      : SBX_STEP_DIFFERENT;
    return SBX_OK;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_fence fence = {0};
    bool ready = false;
    enum sbx_status status;

    setup->wanted.fence_proved = false; /* what was proved was another fence */
    status = sbx_fenced_make(setup, &fence, &ready, err);
    if (!status && !ready)
        status = sbx_fail(err, SBX_INTERNAL, "the accounts are not there");
    if (!status)
        status = sbx_setup_intend(setup, NAME, OBJECT, err);
    if (!status)
        status = sbx_wfp_install(&fence, err);
    sbx_fence_done(&fence);
    return status;
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_wfp_state state = SBX_WFP_ABSENT;
    struct sbx_findings findings;
    enum sbx_status status;

    sbx_findings_init(&findings);
    status = state_of(setup, &state, &findings, err);
    if (status || state == SBX_WFP_PRESENT)
        return status;
    status = sbx_findings_refuse(&findings, "the network fence", err);
    return status ? status : sbx_fail(err, SBX_UNPROVEN, "the network fence is not there");
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status;

    sbx_setup_at(setup, OBJECT);
    setup->wanted.fence_proved = false;
    status = sbx_wfp_remove(err);
    return status && may_be_silent(setup) ? SBX_OK : status;
}

const struct sbx_step sbx_step_fence = {
    .name = NAME,
    .why_safe =
        "adds filters with keys of its own to the filtering platform, in one transaction: they "
        "block the sandbox accounts and nobody else; in the complement form also whoever cannot "
        "show that he is somebody else",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
    .flags = SBX_STEP_BOUNDARY,
};
