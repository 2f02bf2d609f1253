/* See statusfacts.h. */
#include "statusfacts.h"

#include "identity.h"

#include "shared/win/firewall.h"
#include "shared/win/rights.h"

/* What of a user's facts is not as set-up makes it; the flags of account.h, for `agent doctor`. */
static void write_user_facts(struct sbx_json_writer *w, const struct sbx_account_facts *facts,
    const struct sbx_account_members *members, bool ours)
{
    sbx_json_key_bool(w, "exists", true);
    sbx_json_key_bool(w, "ours", ours);
    sbx_json_key_bool(w, "disabled", facts->disabled);
    sbx_json_key_bool(w, "locked", facts->locked);
    sbx_json_key_bool(w, "expires", facts->account_expires);
    sbx_json_key_bool(w, "passwordExpired", facts->password_expired);
    sbx_json_key_bool(w, "needsNoPassword", facts->needs_no_password);
    sbx_json_key_bool(w, "passwordMayExpire", !facts->password_lasts);
    sbx_json_key_bool(w, "special", !facts->ordinary);
    sbx_json_key_bool(w, "member", sbx_account_is_member(members, &facts->sid));
}

static void write_user(struct sbx_json_writer *w, struct sbx_setup *setup, const char *name,
    const struct sbx_account_members *members)
{
    enum sbx_identity identity = 0;
    struct sbx_account_facts facts;
    struct sbx_rights rights = {0};
    struct sbx_error why;

    sbx_error_init(&why);
    sbx_json_begin_object(w);
    sbx_json_key_string(w, "name", name);
    if (sbx_identity_user(setup, name, &identity, &facts, &why)) {
        sbx_json_key_string(w, "why", why.context);
    } else if (identity == SBX_IDENTITY_ABSENT) {
        sbx_json_key_bool(w, "exists", false);
    } else {
        write_user_facts(w, &facts, members, identity == SBX_IDENTITY_OURS);
        if (!sbx_rights_read(&facts.sid, &rights, NULL))
            sbx_json_key_uint64(w, "ownRights", rights.count);
    }
    sbx_json_end_object(w);
}

/* Members of the group that are no account of the record, and the rights of the group. */
static void write_group(
    struct sbx_json_writer *w, struct sbx_setup *setup, struct sbx_account_members *ret_members)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_rights rights = {0};
    struct sbx_sid group, account;
    struct sbx_error why;
    enum sbx_status status;
    size_t i, j;

    sbx_error_init(&why);
    sbx_json_key_object(w, "group");
    status = sbx_account_group_read(SBX_GROUP_NAME, &group, &why);
    if (!status || status == SBX_NOT_FOUND)
        sbx_json_key_bool(w, "exists", !status);
    if (!status)
        status = sbx_account_group_members(SBX_GROUP_NAME, ret_members, &why);
    sbx_json_key_array(w, "strangers");
    for (i = 0; !status && i < ret_members->count; i++) {
        for (j = 0; j < setup->found.account_count; j++)
            if (setup->found.accounts[j].sid &&
                !sbx_sid_parse(setup->found.accounts[j].sid, &account, NULL) &&
                sbx_sid_equal(&account, &ret_members->sids[i]))
                break;
        if (j < setup->found.account_count)
            continue;
        sbx_sid_format(&ret_members->sids[i], text);
        sbx_json_string(w, text);
    }
    sbx_json_end_array(w);
    if (!status)
        status = sbx_rights_read(&group, &rights, &why);
    if (!status) {
        sbx_json_key_array(w, "rights");
        for (i = 0; i < rights.count; i++)
            sbx_json_string(w, rights.names[i]);
        sbx_json_end_array(w);
    } else {
        sbx_json_key_string(w, "why", why.context);
    }
    sbx_json_end_object(w);
}

static void write_firewall(struct sbx_json_writer *w)
{
    struct sbx_firewall_effect effect;
    struct sbx_error why;

    sbx_error_init(&why);
    sbx_json_key_object(w, "firewall");
    if (!sbx_firewall_effect(&effect, &why)) {
        sbx_json_key_bool(w, "effective", effect.effective);
        sbx_json_key_string(w, "note", effect.note);
    } else {
        sbx_json_key_string(w, "why", why.context);
    }
    sbx_json_end_object(w);
}

void sbx_setup_status_facts(struct sbx_json_writer *w, struct sbx_setup *setup)
{
    struct sbx_account_members members = {0};
    size_t i;

    if (!setup->has_found)
        return;
    write_group(w, setup, &members);
    sbx_json_key_array(w, "users");
    for (i = 0; i < setup->found.account_count; i++)
        write_user(w, setup, setup->found.accounts[i].name, &members);
    sbx_json_end_array(w);
    write_firewall(w);
}
