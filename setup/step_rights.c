/*
 * Step "rights": how the sandbox accounts may log on, given to their group.
 *
 * Interactively, because that is what the runner does; in no other way, so that a password which
 * leaked is of no use from the network, for a task, for a service or for a remote desktop.
 * Nothing else may be given to the group or to an account by its own SID: a privilege there would
 * be in every token that the runner restricts.
 */
#include "steps.h"

#include "identity.h"
#include "shared/win/rights.h"

/* https://learn.microsoft.com/windows/win32/secauthz/account-rights-constants */
static const char *const wanted_rights[] = {
    "SeInteractiveLogonRight", /* LogonUserW and CreateProcessWithLogonW of the runner */
    "SeDenyNetworkLogonRight", /* shares, WinRM, RPC: checked by behaviour (step enable) */
    "SeDenyBatchLogonRight",   /* scheduled tasks would run outside the job and the fence */
    "SeDenyServiceLogonRight", /* services as well */
    "SeDenyRemoteInteractiveLogonRight", /* remote desktop */
};

static bool is_wanted(const char *name)
{
    size_t i;

    for (i = 0; i < countof(wanted_rights); i++)
        if (strcmp(wanted_rights[i], name) == 0)
            return true;
    return false;
}

/* How many wanted rights a list has; *ret_extra: how many others. */
static size_t count_wanted(const struct sbx_rights *rights, size_t *ret_extra)
{
    size_t good = 0;
    size_t i;

    for (i = 0; i < rights->count; i++)
        good += is_wanted(rights->names[i]);
    *ret_extra = rights->count - good;
    return good;
}

/* Rights that an account has by its own SID; ours have none. */
static enum sbx_status count_own(struct sbx_setup *setup, size_t *ret_count, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_rights rights;
    struct sbx_sid sid;
    size_t i;

    *ret_count = 0;
    for (i = 0; !status && i < setup->wanted.account_count; i++) {
        if (!sbx_identity_account_sid(setup, i, &sid))
            continue;
        sbx_setup_at(setup, "rights of account '%s'", setup->wanted.accounts[i].name);
        status = sbx_rights_read(&sid, &rights, err);
        *ret_count += status ? 0 : rights.count;
    }
    return status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    size_t good = 0, extra = 0, own = 0;
    struct sbx_rights rights;
    struct sbx_sid group;
    enum sbx_status status = SBX_OK;

    if (!sbx_identity_group_sid(setup, &group)) {
        *ret = SBX_STEP_ABSENT;
        return SBX_OK;
    }
    status = count_own(setup, &own, err);
    sbx_setup_at(setup, "rights of group '%s'", SBX_GROUP_NAME);
    if (!status)
        status = sbx_rights_read(&group, &rights, err);
    if (status)
        return status;
    good = count_wanted(&rights, &extra);
    if (!good && !extra && !own)
        *ret = SBX_STEP_ABSENT;
    else
        *ret = good == countof(wanted_rights) && !extra && !own ? SBX_STEP_PRESENT
                                                                : SBX_STEP_DIFFERENT;
    return SBX_OK;
}

/* Take away what is not wanted, by name: the denies are never gone in between. */
static enum sbx_status remove_extra(
    struct sbx_setup *setup, const struct sbx_sid *group, struct sbx_error *err)
{
    struct sbx_rights rights;
    enum sbx_status status = sbx_rights_read(group, &rights, err);
    size_t i;

    for (i = 0; !status && i < rights.count; i++) {
        const char *name = rights.names[i];

        if (is_wanted(name))
            continue;
        status = sbx_rights_remove(group, &name, 1, err);
        if (!status)
            sbx_setup_note(setup, "the right %s was taken from the group %s", name, SBX_GROUP_NAME);
    }
    return status;
}

static enum sbx_status remove_own(struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    char name[32];
    size_t i;

    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        if (!sbx_identity_name(setup, i, name, sizeof(name)))
            continue;
        status = sbx_identity_user(setup, name, &identity, &facts, err);
        sbx_setup_at(setup, "rights of account '%s'", name);
        if (!status && identity == SBX_IDENTITY_OURS)
            status = sbx_rights_remove_all(&facts.sid, err);
    }
    return status;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = SBX_OK;
    struct sbx_sid group;

    if (!sbx_identity_group_sid(setup, &group))
        return sbx_fail(err, SBX_INTERNAL, "there is no group to give rights to");
    status = remove_own(setup, err);
    sbx_setup_at(setup, "rights of group '%s'", SBX_GROUP_NAME);
    if (!status)
        status = sbx_rights_add(&group, wanted_rights, countof(wanted_rights), err);
    return status ? status : remove_extra(setup, &group, err);
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_rights rights = {0};
    struct sbx_sid group;
    size_t own = 0;
    size_t i;
    enum sbx_status status = count_own(setup, &own, err);

    if (!status && own)
        status = sbx_fail(err, SBX_UNPROVEN, "an account has rights of its own");
    sbx_setup_at(setup, "rights of group '%s'", SBX_GROUP_NAME);
    if (!status && !sbx_identity_group_sid(setup, &group))
        status = sbx_fail(err, SBX_UNPROVEN, "there is no group");
    if (!status)
        status = sbx_rights_read(&group, &rights, err);
    for (i = 0; !status && i < countof(wanted_rights); i++)
        if (!sbx_rights_have(&rights, wanted_rights[i]))
            status = sbx_fail(err, SBX_UNPROVEN, "%s is missing", wanted_rights[i]);
    if (!status && rights.count != countof(wanted_rights))
        status = sbx_fail(err, SBX_UNPROVEN, "it has %zu rights", rights.count);
    return status;
}

/*
 * Asks for itself what is there: undo is called without examine. Also by the SID on record: LSA
 * keeps the rights of a group that somebody deleted. Accounts lose theirs when they are removed.
 */
static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    const char *recorded = sbx_identity_recorded(setup, SBX_GROUP_NAME);
    enum sbx_identity identity = 0;
    struct sbx_sid sid;
    enum sbx_status status = sbx_identity_group(setup, &identity, &sid, err);

    sbx_setup_at(setup, "rights of group '%s'", SBX_GROUP_NAME);
    if (!status && identity == SBX_IDENTITY_OURS)
        status = sbx_rights_remove_all(&sid, err);
    if (!status && recorded && sbx_sid_parse(recorded, &sid, NULL) == SBX_OK)
        status = sbx_rights_remove_all(&sid, err);
    return status ? status : remove_own(setup, err);
}

const struct sbx_step sbx_step_rights = {
    .name = "rights",
    .why_safe = "gives one right, to log on at this machine, and four denies, all to a group whose "
                "only members are the sandbox accounts; takes any other right from them",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
    .flags = SBX_STEP_BOUNDARY,
};
