/*
 * Step "accounts": the sandbox accounts, made disabled, members of the group and of nothing else.
 *
 * The password that an account is born with is random and forgotten at once: nobody needs it. The
 * one that is used is set, and sealed, by the step "secrets".
 */
#include "steps.h"

#include "identity.h"
#include "newpassword.h"
#include "shared/win/profile.h"
#include "shared/win/rights.h"

#define COMMENT "Agent Sandbox: sandboxed commands run as this account. Removed by sandbox-setup."

/* A password that must be changed is the business of the step "secrets", which sets a new one. */
static bool is_sound(const struct sbx_account_facts *facts)
{
    struct sbx_account_facts copy = *facts;

    copy.password_expired = false;
    return sbx_account_is_sound(&copy);
}

static bool is_wanted(const struct sbx_setup *setup, const char *name)
{
    return sbx_installation_account(&setup->wanted, name) != NULL;
}

/* --- examine ---------------------------------------------------------------------------------- */

/* What was seen of all accounts. */
struct seen {
    size_t absent, good, bad;
    bool foreign;
    struct sbx_account_members members; /* of the group */
};

static enum sbx_status see_wanted(
    struct sbx_setup *setup, struct seen *seen, size_t index, struct sbx_error *err)
{
    struct sbx_installed_account *account = &setup->wanted.accounts[index];
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    enum sbx_status status = sbx_identity_user(setup, account->name, &identity, &facts, err);

    if (!status)
        status = sbx_identity_note(
            &account->sid, identity == SBX_IDENTITY_OURS ? &facts.sid : NULL, err);
    if (status)
        return status;
    if (identity == SBX_IDENTITY_FOREIGN)
        seen->foreign = true;
    else if (identity == SBX_IDENTITY_ABSENT)
        seen->absent++;
    else if (is_sound(&facts) && sbx_account_is_member(&seen->members, &facts.sid))
        seen->good++;
    else
        seen->bad++;
    return SBX_OK;
}

/* Accounts that an earlier set-up made and that are not wanted any more. */
static enum sbx_status see_unwanted(
    struct sbx_setup *setup, struct seen *seen, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    char name[32];
    size_t i;

    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        if (!sbx_identity_name(setup, i, name, sizeof(name)) || is_wanted(setup, name))
            continue;
        status = sbx_identity_user(setup, name, &identity, &facts, err);
        seen->bad += !status && identity == SBX_IDENTITY_OURS;
    }
    return status;
}

/* Members of the group that are not the wanted accounts. */
static size_t count_strangers(const struct sbx_setup *setup, const struct seen *seen)
{
    size_t strangers = seen->members.count;
    struct sbx_sid sid;
    size_t i;

    for (i = 0; i < setup->wanted.account_count; i++)
        if (sbx_identity_account_sid(setup, i, &sid) && sbx_account_is_member(&seen->members, &sid))
            strangers--;
    return strangers;
}

/* The record may name a group that somebody deleted: nobody is a member of it. */
static enum sbx_status see_members(
    struct sbx_setup *setup, struct sbx_account_members *members, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (setup->wanted.group_sid)
        status = sbx_account_group_members(SBX_GROUP_NAME, members, err);
    return status == SBX_NOT_FOUND ? SBX_OK : status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status;
    struct seen seen;
    size_t i;

    memset(&seen, 0, sizeof(seen));
    status = see_members(setup, &seen.members, err);
    for (i = 0; !status && !seen.foreign && i < setup->wanted.account_count; i++)
        status = see_wanted(setup, &seen, i, err);
    if (!status && !seen.foreign)
        status = see_unwanted(setup, &seen, err);
    if (status)
        return status;
    if (seen.foreign) { /* the object at work is the foreign one */
        *ret = SBX_STEP_FOREIGN;
        return SBX_OK;
    }
    sbx_setup_at(setup, "group '%s'", SBX_GROUP_NAME);
    if (!seen.good && !seen.bad && !count_strangers(setup, &seen))
        *ret = SBX_STEP_ABSENT;
    else if (seen.absent || seen.bad || count_strangers(setup, &seen))
        *ret = SBX_STEP_DIFFERENT;
    else
        *ret = SBX_STEP_PRESENT;
    return SBX_OK;
}

/* --- apply ------------------------------------------------------------------------------------ */

static enum sbx_status create(
    struct sbx_setup *setup, struct sbx_installed_account *account, struct sbx_error *err)
{
    char password[SBX_PASSWORD_SIZE];
    struct sbx_account_facts facts = {0};
    enum sbx_status ended;
    unsigned tries = 0;
    enum sbx_status status = sbx_identity_begin(setup, SBX_STEP_ACCOUNTS, account->name, err);

    if (status)
        return status;
    do {
        status = sbx_newpassword(password, err);
        if (!status)
            status = sbx_account_user_create(account->name, COMMENT, password, &facts, err);
        SecureZeroMemory(password, sizeof(password));
    } while (sbx_newpassword_again(status, err, ++tries));
    /* UNPROVEN: it may be there. The attempt stays open, so that undo removes it. */
    if (status == SBX_UNPROVEN && !sbx_sid_is_set(&facts.sid))
        return status;
    ended = sbx_identity_end(setup, SBX_STEP_ACCOUNTS, account->name,
        sbx_sid_is_set(&facts.sid) ? &facts.sid : NULL, status ? NULL : err);
    if (!status)
        status = ended;
    return status ? status : sbx_identity_note(&account->sid, &facts.sid, err);
}

static enum sbx_status make_right(
    struct sbx_setup *setup, struct sbx_installed_account *account, struct sbx_error *err)
{
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    struct sbx_sid sid;
    enum sbx_status status = sbx_identity_user(setup, account->name, &identity, &facts, err);

    if (!status && identity == SBX_IDENTITY_FOREIGN)
        status = sbx_fail(err, SBX_EXISTS, "an account that set-up did not make");
    if (!status && identity == SBX_IDENTITY_ABSENT)
        status = create(setup, account, err);
    else if (!status)
        status = sbx_identity_note(&account->sid, &facts.sid, err);
    if (!status)
        status = sbx_sid_parse(account->sid, &sid, err);
    /* The gate is closed while this step is at work (engine.h, MUST 5): disabled is right. */
    if (!status && identity == SBX_IDENTITY_OURS && !is_sound(&facts))
        status = sbx_account_user_enable(account->name, &sid, false, err);
    return status ? status : sbx_account_group_add(SBX_GROUP_NAME, &sid, err);
}

/* An account of ours with all that Windows keeps about it. Profile and rights first: Windows keeps
 * both when the account goes, and they would be found by SID only. */
static enum sbx_status remove_account(
    const char *name, const struct sbx_sid *sid, struct sbx_error *err)
{
    enum sbx_status status = sbx_account_user_enable(name, sid, false, err);

    if (!status)
        status = sbx_profile_delete(sid, err);
    if (!status)
        status = sbx_rights_remove_all(sid, err);
    return status ? status : sbx_account_user_delete(name, sid, err);
}

static enum sbx_status remove_ours(struct sbx_setup *setup, bool wanted_too, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    char name[32];
    size_t i;

    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        if (!sbx_identity_name(setup, i, name, sizeof(name)) ||
            (!wanted_too && is_wanted(setup, name)))
            continue;
        status = sbx_identity_user(setup, name, &identity, &facts, err);
        if (!status && identity == SBX_IDENTITY_OURS)
            status = remove_account(name, &facts.sid, err);
    }
    return status;
}

/* Membership gives the denies of the group to somebody who is no sandbox account, and the reading
 * of their folders; whoever did that is told. */
static enum sbx_status remove_strangers(struct sbx_setup *setup, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_account_members members;
    struct sbx_sid sid;
    enum sbx_status status = sbx_account_group_members(SBX_GROUP_NAME, &members, err);
    size_t i, k;

    for (i = 0; !status && i < members.count; i++) {
        for (k = 0; k < setup->wanted.account_count; k++)
            if (sbx_identity_account_sid(setup, k, &sid) && sbx_sid_equal(&sid, &members.sids[i]))
                break;
        if (k < setup->wanted.account_count)
            continue;
        sbx_sid_format(&members.sids[i], text);
        sbx_setup_at(setup, "member %s of group '%s'", text, SBX_GROUP_NAME);
        status = sbx_account_group_remove(SBX_GROUP_NAME, &members.sids[i], err);
        if (!status)
            sbx_setup_note(setup, "%s was taken out of the group %s, which is for sandbox accounts",
                text, SBX_GROUP_NAME);
    }
    return status;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = make_right(setup, &setup->wanted.accounts[i], err);
    if (!status)
        status = remove_ours(setup, false, err);
    return status ? status : remove_strangers(setup, err);
}

/* --- verify, undo ----------------------------------------------------------------------------- */

static enum sbx_status verify_one(struct sbx_setup *setup, size_t index,
    const struct sbx_account_members *members, struct sbx_error *err)
{
    const char *name = setup->wanted.accounts[index].name;
    struct sbx_account_facts facts;
    struct sbx_sid sid;
    enum sbx_status status;

    sbx_setup_at(setup, "account '%s'", name);
    status = sbx_account_user_read(name, &facts, err);
    if (status)
        return status;
    if (!sbx_identity_account_sid(setup, index, &sid) || !sbx_sid_equal(&sid, &facts.sid))
        return sbx_fail(err, SBX_UNPROVEN, "it has another SID than the one made");
    if (!facts.ordinary) {
        status = sbx_fail(err, SBX_UNPROVEN, "it is no ordinary user");
        sbx_error_hint(err, "take it out of Administrators and of the operators' groups");
        return status;
    }
    if (!is_sound(&facts))
        return sbx_fail(err, SBX_UNPROVEN, "its flags are 0x%X", (unsigned)facts.flags);
    if (!facts.disabled)
        return sbx_fail(err, SBX_UNPROVEN, "it is enabled before its fence is up");
    if (!sbx_account_is_member(members, &facts.sid))
        return sbx_fail(err, SBX_UNPROVEN, "it is no member of '%s'", SBX_GROUP_NAME);
    return SBX_OK;
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_account_members members;
    enum sbx_status status = sbx_account_group_members(SBX_GROUP_NAME, &members, err);
    size_t i;

    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = verify_one(setup, i, &members, err);
    if (!status && members.count != setup->wanted.account_count)
        status = sbx_fail(err, SBX_UNPROVEN, "the group has %zu members", members.count);
    return status;
}

/* The SIDs on record whose accounts somebody else deleted: what Windows kept of them. */
static enum sbx_status remove_remains(struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_sid sid;
    size_t i;

    for (i = 0; !status && setup->has_found && i < setup->found.account_count; i++) {
        const struct sbx_installed_account *account = &setup->found.accounts[i];

        if (!account->sid || sbx_sid_parse(account->sid, &sid, NULL))
            continue;
        sbx_setup_at(setup, "account '%s'", account->name);
        status = sbx_profile_delete(&sid, err);
        if (!status)
            status = sbx_rights_remove_all(&sid, err);
    }
    return status;
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = remove_ours(setup, true, err);
    size_t i;

    if (!status)
        status = remove_remains(setup, err);
    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = sbx_identity_note(&setup->wanted.accounts[i].sid, NULL, err);
    return status;
}

const struct sbx_step sbx_step_accounts = {
    .name = SBX_STEP_ACCOUNTS,
    .why_safe = "makes local users that are disabled, with passwords nobody knows, in no group but "
                "the sandbox's; an account of such a name which set-up did not make (by SID) ends "
                "the run before anything is changed",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
    .flags = SBX_STEP_BOUNDARY,
};
