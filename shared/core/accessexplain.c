/* Why an access check came out as it did, in words. See accesscheck.h. */
#include "accesscheck.h"

const char *sbx_access_pass_name(enum sbx_access_pass pass)
{
    switch (pass) {
    case SBX_PASS_NORMAL:
        return "pass 1 (user and groups)";
    case SBX_PASS_RESTRICTED:
        return "pass 2 (restricting SIDs)";
    case SBX_PASS_NONE:
        break;
    }
    return "before the passes";
}

const char *sbx_privilege_name(uint32_t privilege)
{
    switch (privilege) {
    case SBX_PRIVILEGE_TAKE_OWNERSHIP:
        return "SeTakeOwnershipPrivilege";
    case SBX_PRIVILEGE_SECURITY:
        return "SeSecurityPrivilege";
    case SBX_PRIVILEGE_BACKUP:
        return "SeBackupPrivilege";
    case SBX_PRIVILEGE_RESTORE:
        return "SeRestorePrivilege";
    default:
        return "an unknown privilege";
    }
}

/* A bit that was granted counts where it was asked last: pass 2, or the parent after that. */
static const struct sbx_access_step *granting_step(
    const struct sbx_access_result *result, uint32_t bit)
{
    for (size_t i = result->step_count; i-- > 0;)
        if (result->steps[i].granted && (result->steps[i].mask & bit))
            return &result->steps[i];
    return NULL;
}

static const struct sbx_access_step *denying_step(
    const struct sbx_access_result *result, uint32_t bit)
{
    for (size_t i = 0; i < result->step_count; i++)
        if (!result->steps[i].granted && (result->steps[i].mask & bit))
            return &result->steps[i];
    return NULL;
}

static uint32_t lowest_bit(uint32_t mask)
{
    return mask & (~mask + 1u);
}

const struct sbx_access_step *sbx_access_deciding(const struct sbx_access_result *result)
{
    uint32_t denied = result->missing_mask;

    if (result->granted)
        return granting_step(result, lowest_bit(result->granted_mask));
    if (!denied && result->step_count > 0) /* MAXIMUM_ALLOWED that found nothing */
        denied = result->steps[result->step_count - 1].mask;
    return denied ? denying_step(result, lowest_bit(denied)) : NULL;
}

static enum sbx_status format_ace(
    const struct sbx_access_step *step, struct sbx_buf *ret_text, struct sbx_error *err)
{
    char sid[SBX_SID_TEXT_SIZE];

    sbx_sid_format(&step->sid, sid);
    return sbx_buf_printf(ret_text, err, "%s: %s entry %zu of %s%s%s %s 0x%08X",
        sbx_access_pass_name(step->pass), step->granted ? "allow" : "deny", step->ace_index, sid,
        step->owner_rights ? " (owner rights)" : "",
        step->ace_flags & SBX_ACE_INHERITED ? " (inherited)" : "",
        step->granted ? "grants" : "denies", (unsigned)step->mask);
}

static enum sbx_status format_owner(
    const struct sbx_access_step *step, struct sbx_buf *ret_text, struct sbx_error *err)
{
    char sid[SBX_SID_TEXT_SIZE];

    sbx_sid_format(&step->sid, sid);
    return sbx_buf_printf(ret_text, err,
        "%s: owner %s has implicit READ_CONTROL and WRITE_DAC, grants 0x%08X",
        sbx_access_pass_name(step->pass), sid, (unsigned)step->mask);
}

static enum sbx_status format_parent(
    const struct sbx_access_step *step, struct sbx_buf *ret_text, struct sbx_error *err)
{
    const char *right = step->mask & SBX_DELETE ? "FILE_DELETE_CHILD" : "FILE_LIST_DIRECTORY";
    char sid[SBX_SID_TEXT_SIZE];

    if (!sbx_sid_is_set(&step->sid))
        return sbx_buf_printf(ret_text, err, "parent directory: %s, without a DACL, grants 0x%08X",
            right, (unsigned)step->mask);
    sbx_sid_format(&step->sid, sid);
    return sbx_buf_printf(ret_text, err, "parent directory: %s, entry %zu of %s, grants 0x%08X",
        right, step->ace_index, sid, (unsigned)step->mask);
}

enum sbx_status sbx_access_step_format(
    const struct sbx_access_step *step, struct sbx_buf *ret_text, struct sbx_error *err)
{
    unsigned mask = (unsigned)step->mask;

    switch (step->reason) {
    case SBX_REASON_ACE:
        return format_ace(step, ret_text, err);
    case SBX_REASON_OWNER:
        return format_owner(step, ret_text, err);
    case SBX_REASON_PARENT:
        return format_parent(step, ret_text, err);
    case SBX_REASON_NO_ACE:
        return sbx_buf_printf(
            ret_text, err, "%s: no entry grants 0x%08X", sbx_access_pass_name(step->pass), mask);
    case SBX_REASON_NO_DACL:
        return sbx_buf_printf(ret_text, err, "%s: no DACL, everyone is granted 0x%08X",
            sbx_access_pass_name(step->pass), mask);
    case SBX_REASON_PRIVILEGE:
        return sbx_buf_printf(
            ret_text, err, "%s grants 0x%08X", sbx_privilege_name(step->privilege), mask);
    case SBX_REASON_NOT_HELD:
        return sbx_buf_printf(ret_text, err, "0x%08X needs %s, which is not held", mask,
            sbx_privilege_name(step->privilege));
    }
    return sbx_fail(err, SBX_INTERNAL, "access step: unknown reason %d", (int)step->reason);
}

enum sbx_status sbx_access_explain(
    const struct sbx_access_result *result, struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (result->granted)
        status = sbx_buf_printf(ret_text, err, "granted 0x%08X\n", (unsigned)result->granted_mask);
    else
        status = sbx_buf_printf(ret_text, err, "denied: 0x%08X of 0x%08X is missing\n",
            (unsigned)result->missing_mask, (unsigned)result->desired);
    if (status == SBX_OK && result->owner_rights_ace)
        status = sbx_buf_puts(ret_text,
            "an OWNER RIGHTS (S-1-3-4) entry replaces the owner's implicit rights\n", err);
    for (size_t i = 0; status == SBX_OK && i < result->step_count; i++) {
        status = sbx_access_step_format(&result->steps[i], ret_text, err);
        if (status == SBX_OK)
            status = sbx_buf_putc(ret_text, '\n', err);
    }
    if (status == SBX_OK && result->unjudged_count > 0)
        status = sbx_buf_printf(
            ret_text, err, "%zu entries of other types are not judged\n", result->unjudged_count);
    return status;
}
