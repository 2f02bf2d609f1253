/*
 * Step "enable": the gate. After fence and rights were read back the accounts are enabled, and each
 * one must then be able to do what it is for and unable to do what it is denied: log on
 * interactively and get exactly the token that is expected; be refused over the network.
 */
#include "steps.h"

#include "identity.h"
#include "shared/win/handle.h"
#include "shared/win/logon.h"

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    size_t open = 0, ready = 0;
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    enum sbx_status status = SBX_OK;
    char name[32];
    size_t i;

    /* An enabled account that is no longer wanted is an open gate too. */
    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        if (!sbx_identity_name(setup, i, name, sizeof(name)))
            continue;
        status = sbx_identity_user(setup, name, &identity, &facts, err);
        if (status || identity != SBX_IDENTITY_OURS || facts.disabled)
            continue;
        open++;
        ready += !facts.locked && sbx_installation_account(&setup->wanted, name) != NULL;
    }
    if (status)
        return status;
    if (!open)
        *ret = SBX_STEP_ABSENT;
    else
        *ret = ready == setup->wanted.account_count && ready == open ? SBX_STEP_PRESENT
                                                                     : SBX_STEP_DIFFERENT;
    return SBX_OK;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = SBX_OK;
    struct sbx_sid sid;
    size_t i;

    for (i = 0; !status && i < setup->wanted.account_count; i++) {
        const char *name = setup->wanted.accounts[i].name;

        sbx_setup_at(setup, "account '%s'", name);
        if (!sbx_identity_account_sid(setup, i, &sid))
            status = sbx_fail(err, SBX_INTERNAL, "it is not there");
        else
            status = sbx_account_user_enable(name, &sid, true, err);
    }
    return status;
}

static enum sbx_status verify_one(
    struct sbx_setup *setup, size_t index, const struct sbx_sid *group, struct sbx_error *err)
{
    const char *name = setup->wanted.accounts[index].name;
    const struct sbx_setup_secret *secret = &setup->secrets[index];
    struct sbx_account_facts facts;
    struct sbx_sid sid;
    HANDLE token = NULL;
    enum sbx_status status;

    sbx_setup_at(setup, "account '%s'", name);
    if (!sbx_identity_account_sid(setup, index, &sid))
        return sbx_fail(err, SBX_UNPROVEN, "it is not there");
    if (!secret->known)
        return sbx_fail(err, SBX_UNPROVEN, "its password is not known, so it cannot be tried");
    status = sbx_account_user_read(name, &facts, err);
    if (!status && (!sbx_sid_equal(&facts.sid, &sid) || facts.disabled || facts.locked))
        status = sbx_fail(err, SBX_UNPROVEN, "it is not enabled");
    if (!status)
        status = sbx_logon_user(name, secret->text, &token, err);
    if (!status)
        status = sbx_logon_check(token, &sid, group, err);
    sbx_handle_close(&token);
    return status ? status : sbx_logon_network_is_denied(name, secret->text, err);
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = SBX_OK;
    struct sbx_sid group;
    size_t i;

    if (!sbx_identity_group_sid(setup, &group))
        return sbx_fail(err, SBX_UNPROVEN, "there is no group");
    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = verify_one(setup, i, &group, err);
    return status;
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    enum sbx_status status = SBX_OK;
    char name[32];
    size_t i;

    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        if (!sbx_identity_name(setup, i, name, sizeof(name)))
            continue;
        status = sbx_identity_user(setup, name, &identity, &facts, err);
        if (!status && identity == SBX_IDENTITY_OURS)
            status = sbx_account_user_enable(name, &facts.sid, false, err);
    }
    return status;
}

const struct sbx_step sbx_step_enable = {
    .name = "enable",
    .why_safe = "enables only accounts that set-up made, after everything before it was read back; "
                "then proves by logging on that the token is the expected one and that a network "
                "logon is refused",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
    .flags = SBX_STEP_GATE,
};
