/* See tokenproof.h. */
#include "tokenproof.h"
#include "handle.h"
#include "late.h"
#include "sid.h"
#include "token.h"

/*
 * MUST:
 *  1. The token is opened from the created process, never the handle that was asked for.
 *  2. Every query leaves a state; a query that is not made leaves NOT_READ, which proves nothing.
 */

/* What became of one query. Out of memory is the only failure that is not itself a fact. */
static void note(struct sbx_token_facts *facts, enum sbx_token_fact fact, enum sbx_status status,
    const struct sbx_error *err)
{
    struct sbx_fact_status *entry = &facts->status[fact];
    bool old_kernel = facts->kernel_major > 0 && facts->kernel_major < 6;
    bool since_vista =
        fact == SBX_FACT_HAS_RESTRICTIONS || fact == SBX_FACT_FLAGS || fact == SBX_FACT_INTEGRITY;

    entry->code = status && err->domain == SBX_DOMAIN_WIN32 ? err->code : 0;
    if (!status)
        entry->state = SBX_FACT_READ;
    else
        entry->state = since_vista && old_kernel ? SBX_FACT_ABSENT : SBX_FACT_FAILED;
}

/* A made-up object that grants everything to a SID that is not restricting (the user, where that is
 * one) and, if asked for, to the run SID. */
static enum sbx_status made_up_object(const struct sbx_tokenplan *plan, bool with_run,
    struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    const struct sbx_sid *plain_sid = sbx_tokenplan_plain_sid(plan);
    struct sbx_ace plain = {0};
    struct sbx_ace run = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &plan->run_sid);
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status;

    /* AccessCheck wants an owner and a group; SYSTEM, so that being the owner gives nothing. */
    descriptor.has_owner = true;
    descriptor.has_group = true;
    descriptor.owner = sbx_sid_system;
    descriptor.group = sbx_sid_system;
    if (!plain_sid)
        return sbx_fail(err, SBX_UNPROVEN, "every SID of the token is restricting");
    plain = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, plain_sid);
    status = sbx_acl_insert(&descriptor.dacl, 0, &plain, err);
    if (!status && with_run)
        status = sbx_acl_insert(&descriptor.dacl, 1, &run, err);
    if (!status)
        status = sbx_descriptor_serialise(&descriptor, ret_bytes, err);
    sbx_descriptor_done(&descriptor);
    return status;
}

static enum sbx_status may(HANDLE token, const struct sbx_buf *descriptor, DWORD wanted,
    bool *ret_granted, struct sbx_error *err)
{
    GENERIC_MAPPING mapping = {
        FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
    union {
        PRIVILEGE_SET set;
        BYTE bytes[512];
    } privileges = {0};
    DWORD privileges_bytes = sizeof(privileges), granted_mask = 0, code;
    BOOL granted = FALSE;

    if (!AccessCheck((PSECURITY_DESCRIPTOR)(void *)descriptor->data, token, wanted, &mapping,
            &privileges.set, &privileges_bytes, &granted_mask, &granted)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "AccessCheck");
    }
    *ret_granted = granted && (granted_mask & wanted) == wanted;
    return SBX_OK;
}

/*
 * Each right that changes a file or what may be done with it, asked alone. Deleting, changing the
 * list and taking ownership are no part of GENERIC_WRITE, and Microsoft's page says only "write
 * access": that the restricting SIDs are asked about them is not taken on trust.
 */
static const DWORD changes[] = {FILE_WRITE_DATA, FILE_APPEND_DATA, FILE_WRITE_ATTRIBUTES,
    FILE_WRITE_EA, DELETE, WRITE_DAC, WRITE_OWNER};

static enum sbx_status may_change(
    HANDLE token, const struct sbx_buf *descriptor, bool *ret_any, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    *ret_any = false;
    for (i = 0; !status && i < countof(changes); i++) {
        bool granted = true;

        status = may(token, descriptor, changes[i], &granted, err);
        *ret_any = *ret_any || granted;
    }
    return status;
}

static enum sbx_status read_access_check(HANDLE token, const struct sbx_tokenplan *plan,
    struct sbx_token_facts *facts, struct sbx_error *err)
{
    struct sbx_buf without, with;
    enum sbx_status status;
    HANDLE copy = NULL;

    sbx_buf_init(&without, SBX_DESCRIPTOR_MAX_BYTES);
    sbx_buf_init(&with, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_token_duplicate(token, false, TOKEN_QUERY, &copy, err);
    if (!status)
        status = made_up_object(plan, false, &without, err);
    if (!status)
        status = made_up_object(plan, true, &with, err);
    if (!status)
        status = may(copy, &without, FILE_READ_DATA, &facts->read_without_restricting, err);
    if (!status)
        status = may_change(copy, &without, &facts->write_without_restricting, err);
    if (!status)
        status = may(copy, &with, FILE_WRITE_DATA, &facts->write_with_restricting, err);
    sbx_handle_close(&copy);
    sbx_buf_done(&with);
    sbx_buf_done(&without);
    return status;
}

static enum sbx_status read_type(HANDLE token, struct sbx_token_facts *facts, struct sbx_error *err)
{
    uint32_t number = 0;
    enum sbx_status status = sbx_token_number(token, TokenType, &number, err);

    if (!status)
        facts->primary = number == (uint32_t)TokenPrimary;
    return status;
}

static enum sbx_status read_user(HANDLE token, struct sbx_token_facts *facts, struct sbx_error *err)
{
    struct sbx_group user = {0};
    enum sbx_status status = sbx_token_user(token, &user, err);

    if (!status) {
        facts->user_sid = user.sid;
        facts->user_attributes = user.attributes;
    }
    return status;
}

static enum sbx_status read_has_restrictions(
    HANDLE token, struct sbx_token_facts *facts, struct sbx_error *err)
{
    uint32_t number = 0;
    enum sbx_status status = sbx_token_number(token, TokenHasRestrictions, &number, err);

    if (!status)
        facts->has_restrictions = number != 0;
    return status;
}

static enum sbx_status read_one(HANDLE token, const struct sbx_tokenplan *plan,
    enum sbx_token_fact fact, struct sbx_token_facts *facts, struct sbx_error *err)
{
    switch (fact) {
    case SBX_FACT_TYPE:
        return read_type(token, facts, err);
    case SBX_FACT_USER:
        return read_user(token, facts, err);
    case SBX_FACT_RESTRICTED:
        return sbx_token_is_restricted(token, &facts->restricted, err);
    case SBX_FACT_HAS_RESTRICTIONS:
        return read_has_restrictions(token, facts, err);
    case SBX_FACT_RESTRICTING_SIDS:
        return sbx_token_restricting(token, &facts->restricting, err);
    case SBX_FACT_FLAGS:
        return sbx_token_flags(token, &facts->flags, err);
    case SBX_FACT_ACCESS_CHECK:
        return read_access_check(token, plan, facts, err);
    case SBX_FACT_PRIVILEGES:
        return sbx_token_privileges(token, &facts->privileges, err);
    case SBX_FACT_GROUPS:
        return sbx_token_groups(token, &facts->groups, err);
    case SBX_FACT_INTEGRITY:
        return sbx_token_integrity(token, &facts->integrity_sid, err);
    case SBX_FACT_DEFAULT_DACL:
        return sbx_token_default_dacl(token, &facts->default_dacl, err);
    case SBX_FACT_COUNT:
        break;
    }
    return sbx_fail(err, SBX_INTERNAL, "no token fact %d", (int)fact);
}

enum sbx_status sbx_tokenproof_read(HANDLE token, const struct sbx_tokenplan *plan,
    struct sbx_token_facts *ret_facts, struct sbx_error *err)
{
    struct sbx_kernel_version version = {0};
    struct sbx_error own;
    enum sbx_status status;
    size_t fact;

    memset(ret_facts, 0, sizeof(*ret_facts));
    sbx_error_init(&own);
    /* Unknown stays 0, which is not "older than 6". */
    if (!sbx_late_kernel_version(&version, &own))
        ret_facts->kernel_major = version.major;
    for (fact = 0; fact < SBX_FACT_COUNT; fact++) {
        sbx_error_init(&own);
        status = read_one(token, plan, (enum sbx_token_fact)fact, ret_facts, &own);
        if (status == SBX_OOM) {
            sbx_token_facts_done(ret_facts);
            return sbx_fail_oom(err);
        }
        note(ret_facts, (enum sbx_token_fact)fact, status, &own);
    }
    return SBX_OK;
}

enum sbx_status sbx_tokenproof_child(HANDLE process, const struct sbx_tokenplan *plan,
    struct sbx_findings *findings, struct sbx_error *err)
{
    struct sbx_token_facts facts = {0};
    enum sbx_status status;
    HANDLE token = NULL;

    status = sbx_token_open(process, TOKEN_QUERY | TOKEN_DUPLICATE, &token, err);
    if (!status)
        status = sbx_tokenproof_read(token, plan, &facts, err);
    if (!status)
        status = sbx_tokenplan_check(plan, &facts, findings, err);
    sbx_token_facts_done(&facts);
    sbx_handle_close(&token);
    return status;
}
