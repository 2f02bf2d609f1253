/* Checks of `agent doctor`: accounts, group and rights, as sandbox-setup sees them. */
#include "doctor_internal.h"

#include <stdio.h>

#include "installation.h"

#define REPAIR "agent repair"

typedef const struct sbx_doctor_account account;

/* An account of ours that is there: the only kind whose properties mean anything. */
static bool is_there(account *a)
{
    return a->exists == SBX_KNOWN_YES && a->ours != SBX_KNOWN_NO;
}

/* Nothing is known about an account. @return true when a row says so */
static bool unasked(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    size_t unknown = 0, i;

    for (i = 0; i < machine->account_count; i++)
        unknown += machine->accounts[i].exists == SBX_UNKNOWN;
    if (machine->account_count && !unknown)
        return false;
    sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "%s",
                          machine->why_not[0] ? machine->why_not
                          : unknown           ? "not every account could be asked"
                                              : "sandbox-setup names no account"),
        true, NULL, "run agent doctor from an administrator's prompt");
    return true;
}

/* One row per account that `is_bad`, or one "ok". */
static void each(const char *id, const struct sbx_doctor_facts *facts,
    struct sbx_doctor_report *report, bool (*is_bad)(account *), const char *bad, const char *good)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    bool found = unasked(id, facts, report);
    size_t i;

    for (i = 0; i < machine->account_count; i++)
        if (is_bad(&machine->accounts[i])) {
            found = true;
            sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT, "account '%s' %s",
                                 machine->accounts[i].name, bad),
                REPAIR);
        }
    if (!found)
        sbx_doctor_add(
            report, id, SBX_DOCTOR_OK, "%s (%zu accounts)", good, machine->account_count);
}

void sbx_doctor_account_missing(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    bool found = unasked(id, facts, report);
    size_t i;

    for (i = 0; i < machine->account_count; i++) {
        account *a = &machine->accounts[i];

        if (a->exists == SBX_KNOWN_NO)
            sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                                 "account '%s' does not exist", a->name),
                REPAIR);
        else if (a->exists == SBX_KNOWN_YES && a->ours == SBX_KNOWN_NO)
            sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                                  "account '%s' is not the one that set-up made", a->name),
                true, NULL, "look whose it is and rename or remove it, then run: " REPAIR);
        else
            continue;
        found = true;
    }
    if (!found)
        sbx_doctor_add(
            report, id, SBX_DOCTOR_OK, "every account is there (%zu)", machine->account_count);
}

static bool disabled(account *a)
{
    return is_there(a) && a->disabled;
}

void sbx_doctor_account_disabled(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    each(id, facts, report, disabled, "is disabled", "none is disabled");
}

static bool locked(account *a)
{
    return is_there(a) && a->locked;
}

void sbx_doctor_account_locked(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    each(id, facts, report, locked, "is locked out after wrong passwords", "none is locked out");
}

static bool expires(account *a)
{
    return is_there(a) && a->expires;
}

void sbx_doctor_account_expires(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    each(id, facts, report, expires, "has expired or has a date to expire", "none expires");
}

static bool password_expired(account *a)
{
    return is_there(a) && (a->password_expired || a->password_may_expire);
}

void sbx_doctor_account_password(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    each(id, facts, report, password_expired, "has a password that has expired or can expire",
        "no password expires");
}

static bool odd(account *a)
{
    return is_there(a) && (a->needs_no_password || a->special || !a->member);
}

void sbx_doctor_account_kind(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    each(id, facts, report, odd,
        "is not an ordinary account with a password in the group " SBX_GROUP_NAME,
        "ordinary accounts of the group");
}

/* --- the group ---------------------------------------------------------------------------------
 */

static bool is_operator(const struct sbx_doctor_facts *facts, const char *sid)
{
    size_t i;

    for (i = 0; i < facts->operator_count; i++)
        if (strcmp(facts->operators[i], sid) == 0)
            return true;
    return facts->user_sid && strcmp(facts->user_sid, sid) == 0;
}

void sbx_doctor_group_members(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    bool found = machine->group_exists != SBX_KNOWN_YES;
    size_t i;

    if (machine->group_exists == SBX_KNOWN_NO)
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                             "the group " SBX_GROUP_NAME " does not exist"),
            REPAIR);
    else if (found)
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "%s",
                machine->why_not[0] ? machine->why_not : "the group could not be asked"),
            true, NULL, "run agent doctor from an administrator's prompt");
    for (i = 0; i < machine->stranger_count; i++) {
        if (is_operator(facts, machine->strangers[i]))
            continue; /* a check of its own */
        found = true;
        sbx_doctor_agent(
            sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                "%s is a member of " SBX_GROUP_NAME " and none of its accounts: what is granted "
                "to the sandbox is granted to it",
                machine->strangers[i]),
            REPAIR);
    }
    if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "the group has its accounts and nobody else");
}

/* Who may unseal the credential must not be one of those who are confined. */
void sbx_doctor_group_operator(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    char command[SBX_DOCTOR_TEXT_MAX];
    bool found = false;
    size_t i;

    for (i = 0; i < machine->stranger_count; i++) {
        const char *sid = machine->strangers[i];
        const bool self = facts->user_sid && strcmp(facts->user_sid, sid) == 0;

        if (!is_operator(facts, sid))
            continue;
        found = true;
        snprintf(command, sizeof(command),
            "powershell.exe -Command Remove-LocalGroupMember -Group " SBX_GROUP_NAME " -Member %s",
            sid);
        sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                              "the operator %s%s is a member of " SBX_GROUP_NAME, sid,
                              self ? " (this user)" : ""),
            true, command, "as an administrator: %s; then that user logs on again", command);
    }
    if (!found && facts->in_group == SBX_KNOWN_YES) {
        found = true;
        sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                              "this user's logon is one of a member of " SBX_GROUP_NAME),
            false, NULL, "log off and on again; if it stays, take this user out of the group");
    }
    if (!found && facts->in_group == SBX_UNKNOWN)
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "memberships could not be asked"),
            true, NULL, "run agent doctor from an administrator's prompt");
    else if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "no operator is a member of the group");
}

/* --- rights ------------------------------------------------------------------------------------
 */

#define LOGON "SeInteractiveLogonRight"
#define DENY_LOGON "SeDenyInteractiveLogonRight"

static const char *const denied[] = {"SeDenyNetworkLogonRight", "SeDenyBatchLogonRight",
    "SeDenyServiceLogonRight", "SeDenyRemoteInteractiveLogonRight"};

static bool has(const struct sbx_doctor_machine *machine, const char *name)
{
    size_t i;

    for (i = 0; i < machine->right_count; i++)
        if (strcmp(machine->rights[i], name) == 0)
            return true;
    return false;
}

/* Only administrators may read the rights of others. */
static bool rights_unasked(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    if (facts->machine.rights_asked == SBX_KNOWN_YES)
        return false;
    sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "%s",
                          facts->machine.why_not[0] ? facts->machine.why_not
                                                    : "only an administrator may read rights"),
        true, NULL, "run agent doctor from an administrator's prompt");
    return true;
}

void sbx_doctor_rights_granted(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    bool found = rights_unasked(id, facts, report);

    if (!found && !has(machine, LOGON)) {
        found = true;
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                             "the group may not log on at this machine: " LOGON " is missing"),
            REPAIR);
    }
    if (has(machine, DENY_LOGON)) {
        found = true;
        sbx_doctor_agent(
            sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                "the group may not log on at this machine: " DENY_LOGON " is given to it"),
            REPAIR);
    }
    if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "the group may log on at this machine");
}

void sbx_doctor_rights_denied(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    bool found = rights_unasked(id, facts, report);
    const bool asked = !found;
    size_t i;

    for (i = 0; asked && i < countof(denied); i++)
        if (!has(&facts->machine, denied[i])) {
            found = true;
            sbx_doctor_agent(
                sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                    "%s of the group is missing: a password that leaked could be used", denied[i]),
                REPAIR);
        }
    if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK,
            "network, batch, service and remote desktop logons are denied");
}

void sbx_doctor_rights_extra(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    bool found = rights_unasked(id, facts, report);
    size_t i, j;

    for (i = 0; i < machine->right_count; i++) {
        const char *name = machine->rights[i];

        for (j = 0; j < countof(denied) && strcmp(denied[j], name) != 0; j++)
            continue;
        if (j < countof(denied) || strcmp(name, LOGON) == 0 || strcmp(name, DENY_LOGON) == 0)
            continue;
        found = true;
        sbx_doctor_agent(
            sbx_doctor_add(report, id, SBX_DOCTOR_FAULT, "%s was given to the group", name),
            REPAIR);
    }
    if (machine->own_right_count) {
        found = true;
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                             "accounts have %zu rights of their own", machine->own_right_count),
            REPAIR);
    }
    if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "no other right was given to them");
}
