/*
 * Step "group": the local group AgentSandboxUsers, empty until the accounts are made.
 * What the sandbox accounts have in common (rights, denies in descriptors) is given to it.
 */
#include "steps.h"

#include "identity.h"
#include "shared/win/rights.h"
#include "shared/win/sid.h"

#define COMMENT "Agent Sandbox: accounts in which sandboxed commands run. Removed by sandbox-setup."

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    static const enum sbx_step_state states[] = {[SBX_IDENTITY_ABSENT] = SBX_STEP_ABSENT,
        [SBX_IDENTITY_OURS] = SBX_STEP_PRESENT,
        [SBX_IDENTITY_FOREIGN] = SBX_STEP_FOREIGN};
    struct sbx_setup *setup = context;
    enum sbx_identity identity = 0;
    struct sbx_sid sid;
    enum sbx_status status = sbx_identity_group(setup, &identity, &sid, err);

    if (!status)
        status = sbx_identity_note(
            &setup->wanted.group_sid, identity == SBX_IDENTITY_OURS ? &sid : NULL, err);
    if (!status)
        *ret = states[identity];
    return status;
}

/*
 * A group that somebody deleted leaves its logon rights behind, under a SID that nobody has any
 * more and that a new group does not get. The record still names it.
 */
static enum sbx_status forget_former(struct sbx_setup *setup, struct sbx_error *err)
{
    struct sbx_sid former;
    enum sbx_status status;

    if (!setup->has_found || !setup->found.group_sid)
        return SBX_OK;
    status = sbx_sid_parse(setup->found.group_sid, &former, err);
    sbx_setup_at(setup, "rights of the former group %s", setup->found.group_sid);
    return status ? status : sbx_rights_remove_all(&former, err);
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_sid sid = {0};
    enum sbx_status ended;
    enum sbx_status status = forget_former(setup, err);

    if (!status)
        status = sbx_identity_begin(setup, SBX_STEP_GROUP, SBX_GROUP_NAME, err);
    if (status)
        return status;
    status = sbx_account_group_create(SBX_GROUP_NAME, COMMENT, &sid, err);
    if (status == SBX_UNPROVEN)
        return status; /* it may be there: the attempt stays open, so that undo removes it */
    ended = sbx_identity_end(
        setup, SBX_STEP_GROUP, SBX_GROUP_NAME, status ? NULL : &sid, status ? NULL : err);
    if (!status)
        status = ended;
    return status ? status : sbx_identity_note(&setup->wanted.group_sid, &sid, err);
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_sid noted;
    struct sbx_sid sid;
    enum sbx_status status;

    sbx_setup_at(setup, "group '%s'", SBX_GROUP_NAME);
    status = sbx_account_group_read(SBX_GROUP_NAME, &sid, err);
    if (!status && (!sbx_identity_group_sid(setup, &noted) || !sbx_sid_equal(&sid, &noted)))
        status = sbx_fail(err, SBX_UNPROVEN, "the group has another SID than the one made");
    return status;
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_identity identity = 0;
    struct sbx_sid sid;
    enum sbx_status status = sbx_identity_group(setup, &identity, &sid, err);

    if (!status && identity == SBX_IDENTITY_OURS)
        status = sbx_account_group_delete(SBX_GROUP_NAME, &sid, err);
    return status ? status : sbx_identity_note(&setup->wanted.group_sid, NULL, err);
}

const struct sbx_step sbx_step_group = {
    .name = SBX_STEP_GROUP,
    .why_safe = "makes one local group, which has no member and no right yet; a group of that name "
                "which set-up did not make (by SID) is never touched",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
    .flags = SBX_STEP_BOUNDARY,
};
