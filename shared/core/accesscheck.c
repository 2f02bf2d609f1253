/* See accesscheck.h. */
#include "accesscheck.h"

#include <stddef.h>

const struct sbx_generic_mapping sbx_file_mapping = {
    SBX_FILE_GENERIC_READ, SBX_FILE_GENERIC_WRITE, SBX_FILE_GENERIC_EXECUTE, SBX_FILE_ALL};

#define IMPLICIT_OWNER_RIGHTS (SBX_READ_CONTROL | SBX_WRITE_DAC)
/* What MAXIMUM_ALLOWED can find: all specific and standard rights. */
#define FINDABLE_RIGHTS 0x001FFFFFu
/* What the two backup privileges give. FILE_TRAVERSE is FILE_EXECUTE, FILE_ADD_FILE and
 * FILE_ADD_SUBDIRECTORY are FILE_WRITE_DATA and FILE_APPEND_DATA. */
#define BACKUP_RIGHTS                                                                              \
    (SBX_READ_CONTROL | SBX_ACCESS_SYSTEM_SECURITY | SBX_FILE_GENERIC_READ | SBX_FILE_EXECUTE)
#define RESTORE_RIGHTS                                                                             \
    (SBX_WRITE_DAC | SBX_WRITE_OWNER | SBX_ACCESS_SYSTEM_SECURITY | SBX_FILE_GENERIC_WRITE |       \
        SBX_DELETE)

/* One question with its defaults filled in, and where the answer goes. */
struct check {
    const struct sbx_descriptor *descriptor;
    const struct sbx_access_token *token;
    const struct sbx_generic_mapping *mapping;
    unsigned readings;
    bool backup_intent;
    bool maximum;
    struct sbx_access_result *result;
};

uint32_t sbx_access_map(uint32_t mask, const struct sbx_generic_mapping *mapping)
{
    uint32_t mapped =
        mask & ~(SBX_GENERIC_READ | SBX_GENERIC_WRITE | SBX_GENERIC_EXECUTE | SBX_GENERIC_ALL);

    if (mask & SBX_GENERIC_READ)
        mapped |= mapping->read;
    if (mask & SBX_GENERIC_WRITE)
        mapped |= mapping->write;
    if (mask & SBX_GENERIC_EXECUTE)
        mapped |= mapping->execute;
    if (mask & SBX_GENERIC_ALL)
        mapped |= mapping->all;
    return mapped;
}

uint32_t sbx_access_write_part(const struct sbx_generic_mapping *mapping, unsigned readings)
{
    uint32_t part = mapping->write & ~(mapping->read | mapping->execute);

    if (!(readings & SBX_READING_MAPPING_ONLY))
        part |= SBX_WRITE_PART_STANDARD;
    return part;
}

static struct sbx_access_step *add_step(struct sbx_access_result *result, enum sbx_access_pass pass,
    enum sbx_access_reason reason, bool granted, uint32_t mask)
{
    struct sbx_access_step *step = &result->steps[result->step_count++];

    memset(step, 0, sizeof(*step));
    step->mask = mask;
    step->pass = pass;
    step->reason = reason;
    step->granted = granted;
    return step;
}

/*
 * Does an ACE for this SID count? A deny-only SID can refuse and never grant, so the answer depends
 * on the kind of entry; a token may hold a SID twice, then any of the two will do.
 */
static bool token_has(const struct sbx_access_token *token, enum sbx_access_pass pass,
    const struct sbx_sid *sid, bool for_deny)
{
    if (!sbx_sid_is_set(sid))
        return false;
    if (pass == SBX_PASS_RESTRICTED) {
        for (size_t i = 0; i < token->restricting_count; i++)
            if (sbx_sid_equal(&token->restricting[i], sid))
                return true;
        return false;
    }
    if (sbx_sid_equal(&token->user, sid) && (for_deny || !token->user_deny_only))
        return true;
    for (size_t i = 0; i < token->group_count; i++) {
        uint32_t attributes = token->groups[i].attributes;
        bool deny_only = (attributes & SBX_GROUP_DENY_ONLY) != 0;
        bool counts = deny_only ? for_deny : (attributes & SBX_GROUP_ENABLED) != 0;

        if (counts && sbx_sid_equal(&token->groups[i].sid, sid))
            return true;
    }
    return false;
}

/* An inherit-only entry is there for the children; it says nothing about this object. */
static bool ace_applies(const struct sbx_ace *ace)
{
    return !(ace->flags & SBX_ACE_IO);
}

static bool ace_is_known(const struct sbx_ace *ace)
{
    return ace->type == SBX_ACE_ALLOW || ace->type == SBX_ACE_DENY;
}

/* The owner's implicit rights end where an OWNER RIGHTS entry applies to the object.
 * @see https://learn.microsoft.com/windows/win32/secauthz/well-known-sids */
static bool has_owner_rights_ace(const struct sbx_acl *dacl)
{
    for (size_t i = 0; dacl->kind == SBX_ACL_LIST && i < dacl->count; i++)
        if (ace_is_known(&dacl->aces[i]) && ace_applies(&dacl->aces[i]) &&
            sbx_sid_equal(&dacl->aces[i].sid, &sbx_sid_owner_rights))
            return true;
    return false;
}

static bool is_restricted(const struct sbx_access_token *token)
{
    return token->restricted || token->restricting_count > 0;
}

static bool owner_gets_implicit_rights(const struct check *check, enum sbx_access_pass pass)
{
    const struct sbx_sid *owner = &check->descriptor->owner;

    if (check->result->owner_rights_ace)
        return false;
    if ((check->readings & SBX_READING_OWNER_IN_BOTH) && is_restricted(check->token))
        return token_has(check->token, SBX_PASS_NORMAL, owner, false) &&
               token_has(check->token, SBX_PASS_RESTRICTED, owner, false);
    return token_has(check->token, pass, owner, false);
}

/* S-1-3-4 stands for whoever owns the object now. */
static bool ace_matches(
    const struct check *check, enum sbx_access_pass pass, const struct sbx_ace *ace)
{
    bool for_deny = ace->type == SBX_ACE_DENY;
    const struct sbx_sid *sid = &ace->sid;

    if (sbx_sid_equal(sid, &sbx_sid_owner_rights))
        sid = &check->descriptor->owner;
    return token_has(check->token, pass, sid, for_deny);
}

/* The DACL in its order; each bit is decided by the first entry that names it and matches. */
static uint32_t walk_dacl(const struct check *check, enum sbx_access_pass pass, uint32_t wanted)
{
    const struct sbx_acl *dacl = &check->descriptor->dacl;
    uint32_t remaining = wanted;
    uint32_t granted = 0;

    for (size_t i = 0; i < dacl->count && remaining; i++) {
        const struct sbx_ace *ace = &dacl->aces[i];
        uint32_t hit = sbx_access_map(ace->mask, check->mapping) & remaining;
        struct sbx_access_step *step = NULL;

        if (!hit || !ace_is_known(ace) || !ace_applies(ace) || !ace_matches(check, pass, ace))
            continue;
        remaining &= ~hit;
        step = add_step(check->result, pass, SBX_REASON_ACE, ace->type == SBX_ACE_ALLOW, hit);
        step->ace_index = i;
        step->ace_flags = ace->flags;
        step->sid = ace->sid;
        step->owner_rights = sbx_sid_equal(&ace->sid, &sbx_sid_owner_rights);
        if (step->granted)
            granted |= hit;
    }
    if (remaining)
        add_step(check->result, pass, SBX_REASON_NO_ACE, false, remaining);
    return granted;
}

/* One pass over the whole descriptor: which of the wanted bits do these SIDs get? */
static uint32_t run_pass(const struct check *check, enum sbx_access_pass pass, uint32_t wanted)
{
    uint32_t implicit = 0;

    if (!wanted)
        return 0;
    if (check->descriptor->dacl.kind != SBX_ACL_LIST) {
        add_step(check->result, pass, SBX_REASON_NO_DACL, true, wanted);
        return wanted;
    }
    /* Before the DACL, so that an owner who denied himself everything can still repair it. */
    if ((wanted & IMPLICIT_OWNER_RIGHTS) && owner_gets_implicit_rights(check, pass)) {
        implicit = wanted & IMPLICIT_OWNER_RIGHTS;
        add_step(check->result, pass, SBX_REASON_OWNER, true, implicit)->sid =
            check->descriptor->owner;
    }
    return implicit | walk_dacl(check, pass, wanted & ~implicit);
}

static uint32_t use_privilege(
    const struct check *check, uint32_t privilege, uint32_t gives, uint32_t open)
{
    uint32_t hit = gives & open;

    if (!hit || !(check->token->privileges & privilege))
        return 0;
    add_step(check->result, SBX_PASS_NONE, SBX_REASON_PRIVILEGE, true, hit)->privilege = privilege;
    return hit;
}

/*
 * Privileges give rights without looking at the DACL or the restricting SIDs, but only rights that
 * were asked for by name; MAXIMUM_ALLOWED does not draw on them, except for backup intent, where
 * the caller asked for the privilege itself.
 * @see https://learn.microsoft.com/windows-hardware/drivers/ddi/wdm/nf-wdm-seaccesscheck
 */
static uint32_t run_privileges(const struct check *check, uint32_t asked)
{
    uint32_t pool = asked;
    uint32_t granted = 0;

    granted |= use_privilege(check, SBX_PRIVILEGE_SECURITY, SBX_ACCESS_SYSTEM_SECURITY, pool);
    granted |= use_privilege(check, SBX_PRIVILEGE_TAKE_OWNERSHIP, SBX_WRITE_OWNER, pool);
    if (!check->backup_intent)
        return granted;
    if (check->maximum)
        pool |= FINDABLE_RIGHTS;
    granted |= use_privilege(check, SBX_PRIVILEGE_BACKUP, BACKUP_RIGHTS, pool & ~granted);
    granted |= use_privilege(check, SBX_PRIVILEGE_RESTORE, RESTORE_RIGHTS, pool & ~granted);
    return granted;
}

/* The bits that the restricting SIDs are asked about. */
static uint32_t restricted_part(const struct check *check, uint32_t wanted)
{
    uint32_t part = sbx_access_write_part(check->mapping, check->readings);

    if (!is_restricted(check->token))
        return 0;
    if (!check->token->write_restricted)
        return wanted;
    if ((check->readings & SBX_READING_WHOLE_REQUEST) && !check->maximum && (wanted & part))
        return wanted;
    return wanted & part;
}

static uint32_t run_passes(const struct check *check, uint32_t wanted)
{
    uint32_t second = restricted_part(check, wanted);
    uint32_t granted = run_pass(check, SBX_PASS_NORMAL, wanted);

    if (second)
        granted &= run_pass(check, SBX_PASS_RESTRICTED, second) | ~second;
    return granted;
}

/*
 * A file may be deleted by who may delete children of its directory, and its attributes read by who
 * may list it, whatever its own DACL says.
 * @see https://learn.microsoft.com/windows/win32/fileio/file-security-and-access-rights
 *      https://learn.microsoft.com/openspecs/windows_protocols/ms-fsa/7fc4e81f-03ba-42ce-b7cd-4441ea06638c
 */
static uint32_t ask_parent(const struct check *check, const struct sbx_descriptor *parent,
    uint32_t missing, uint32_t file_right, uint32_t directory_right)
{
    const struct sbx_access_step *by = NULL;
    struct sbx_access_step *step = NULL;
    struct sbx_access_result answer;
    struct sbx_access_request request = {
        directory_right, check->mapping, false, NULL, check->readings};

    if (!(missing & file_right))
        return 0;
    memset(&answer, 0, sizeof(answer));
    sbx_access_check(parent, check->token, &request, &answer);
    if (!answer.granted)
        return 0;
    by = sbx_access_deciding(&answer);
    step = add_step(check->result, SBX_PASS_NONE, SBX_REASON_PARENT, true, file_right);
    if (by) {
        step->sid = by->sid;
        step->ace_index = by->ace_index;
        step->ace_flags = by->ace_flags;
    }
    return file_right;
}

static size_t count_unjudged(const struct sbx_acl *dacl)
{
    size_t count = 0;

    for (size_t i = 0; dacl->kind == SBX_ACL_LIST && i < dacl->count; i++)
        if (!ace_is_known(&dacl->aces[i]) && ace_applies(&dacl->aces[i]))
            count++;
    return count;
}

/* ACCESS_SYSTEM_SECURITY comes from a privilege or not at all, even without any DACL. */
static uint32_t refuse_sacl_access(const struct check *check, uint32_t wanted)
{
    if (!(wanted & SBX_ACCESS_SYSTEM_SECURITY))
        return wanted;
    add_step(check->result, SBX_PASS_NONE, SBX_REASON_NOT_HELD, false, SBX_ACCESS_SYSTEM_SECURITY)
        ->privilege = SBX_PRIVILEGE_SECURITY;
    return wanted & ~SBX_ACCESS_SYSTEM_SECURITY;
}

void sbx_access_check(const struct sbx_descriptor *descriptor, const struct sbx_access_token *token,
    const struct sbx_access_request *request, struct sbx_access_result *ret_result)
{
    struct check check = {descriptor, token,
        request->mapping ? request->mapping : &sbx_file_mapping, request->readings,
        request->backup_intent, false, ret_result};
    uint32_t asked = 0, wanted = 0, granted = 0;

    /* The steps are 13 KB, which nobody reads beyond step_count; each is cleared when it is used.
     */
    memset(ret_result, 0, offsetof(struct sbx_access_result, steps));
    ret_result->step_count = 0;
    ret_result->desired = sbx_access_map(request->desired, check.mapping);
    ret_result->owner_rights_ace = has_owner_rights_ace(&descriptor->dacl);
    ret_result->unjudged_count = count_unjudged(&descriptor->dacl);
    check.maximum = (ret_result->desired & SBX_MAXIMUM_ALLOWED) != 0;
    asked = ret_result->desired & ~SBX_MAXIMUM_ALLOWED;

    granted = run_privileges(&check, asked);
    wanted = asked;
    if (check.maximum) /* without a DACL all that the object type knows, else all that is named */
        wanted |= descriptor->dacl.kind == SBX_ACL_LIST ? FINDABLE_RIGHTS : check.mapping->all;
    wanted = refuse_sacl_access(&check, wanted & ~granted);
    granted |= run_passes(&check, wanted);
    if (request->parent) {
        uint32_t missing = wanted & ~granted;

        granted |= ask_parent(&check, request->parent, missing, SBX_DELETE, SBX_FILE_DELETE_CHILD);
        granted |= ask_parent(
            &check, request->parent, missing, SBX_FILE_READ_ATTRIBUTES, SBX_FILE_READ_DATA);
    }

    ret_result->missing_mask = asked & ~granted;
    ret_result->granted = ret_result->missing_mask == 0 && granted != 0;
    ret_result->granted_mask = ret_result->granted ? granted : 0;
}
