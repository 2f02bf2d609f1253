/*
 * Step "firewall": rules of the Windows Firewall, for administrators' eyes and as a second line
 * behind the filters (shared/core/fwrule.c). Where local rules have no effect (group policy,
 * another firewall, the service switched off) that is recorded and shown, and nothing fails by it;
 * a firewall that takes rules must take ours.
 */
#include "fenced.h"
#include "steps.h"

#include "shared/win/firewall.h"

#define NAME "firewall"
#define OBJECT "firewall rules 'Agent Sandbox'"

static enum sbx_status set_effect(
    struct sbx_setup *setup, bool effective, const char *note, struct sbx_error *err)
{
    setup->wanted.firewall_effective = effective;
    return sbx_setup_set(&setup->wanted.firewall_note, note, err);
}

/* @param ret_usable false: there is no firewall that could be asked; the record says why */
static enum sbx_status note_effect(struct sbx_setup *setup, bool *ret_usable, struct sbx_error *err)
{
    struct sbx_firewall_effect effect;
    struct sbx_error why;
    char text[SBX_INSTALLATION_NOTE_MAX];

    sbx_error_init(&why);
    *ret_usable = sbx_firewall_effect(&effect, &why) == SBX_OK;
    if (*ret_usable)
        return set_effect(setup, effect.effective, effect.note, err);
    sbx_error_format(&why, text, sizeof(text));
    return set_effect(setup, false, text, err);
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_firewall_state state = SBX_FIREWALL_ABSENT;
    struct sbx_fenced fenced;
    enum sbx_status status;
    bool usable = false;

    sbx_setup_at(setup, OBJECT);
    status = note_effect(setup, &usable, err);
    if (status)
        return status;
    if (!usable && sbx_fenced_builds(setup)) {
        *ret = SBX_STEP_PRESENT; /* as much as there can be; the filters are the boundary */
        return SBX_OK;
    }
    if (!usable && !sbx_fenced_ever(setup, NAME, OBJECT)) {
        *ret = SBX_STEP_ABSENT;
        return SBX_OK;
    }
    if (!sbx_fenced_accounts(setup, &fenced))
        fenced.offline_count = 0;
    status = sbx_firewall_compare(fenced.offline, fenced.offline_count, &state, NULL, err);
    if (status)
        return status;
    *ret = state == SBX_FIREWALL_ABSENT    ? SBX_STEP_ABSENT
           : state == SBX_FIREWALL_PRESENT ? SBX_STEP_PRESENT
                                           : SBX_STEP_DIFFERENT;
    return SBX_OK;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_fenced fenced;
    enum sbx_status status;

    if (!sbx_fenced_accounts(setup, &fenced))
        return sbx_fail(err, SBX_INTERNAL, "the accounts are not there");
    status = sbx_setup_intend(setup, NAME, OBJECT, err);
    return status ? status : sbx_firewall_install(fenced.offline, fenced.offline_count, err);
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_firewall_state state = SBX_FIREWALL_ABSENT;
    struct sbx_findings findings;
    struct sbx_fenced fenced;
    enum sbx_status status;

    sbx_setup_at(setup, OBJECT);
    sbx_findings_init(&findings);
    if (!sbx_fenced_accounts(setup, &fenced))
        return sbx_fail(err, SBX_INTERNAL, "the accounts are not there");
    status = sbx_firewall_compare(fenced.offline, fenced.offline_count, &state, &findings, err);
    if (status || state == SBX_FIREWALL_PRESENT)
        return status;
    status = sbx_findings_refuse(&findings, "the firewall rules", err);
    return status ? status : sbx_fail(err, SBX_UNPROVEN, "the firewall rules are not there");
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status;

    sbx_setup_at(setup, OBJECT);
    status = sbx_firewall_remove(err);
    return status && !sbx_fenced_ever(setup, NAME, OBJECT) ? SBX_OK : status;
}

const struct sbx_step sbx_step_firewall = {
    .name = NAME,
    .why_safe = "adds two rules by name that block the offline accounts; touches no other rule, "
                "and no setting of the firewall",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
};
