/*
 * See verifycheck.h: what is written down. The list of a root, what a repair puts back, where a
 * result may go.
 */
#include "verifychecks.h"

#include "repair.h"
#include "result.h"

#include "shared/core/plan.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define OWNER_RIGHTS "S-1-3-4"
#define CONTROL_MASK 0x000C0000u /* WRITE_DAC | WRITE_OWNER */

/* --- the list of a root ----------------------------------------------------------------------- */

/* As sbx_verify_attack, more than once in a row: the ping is a file that must not be there. */
static enum sbx_status attack(
    const struct sbx_verify_check *check, const char *words, struct sbx_error *err)
{
    char place[48];
    char *path = NULL;
    wchar_t *path_w = NULL;
    enum sbx_status status;

    snprintf(place, sizeof(place), "{free}\\ping-%s", check->result->row->id);
    status = sbx_verify_path(check, place, &path, err);
    if (!status)
        status = sbx_wstr_from_utf8(path, &path_w, err);
    if (!status)
        DeleteFileW(path_w);
    free(path_w);
    free(path);
    return status ? status : sbx_verify_attack(check, NULL, words, err);
}

enum sbx_status sbx_verify_grant_root(const struct sbx_verify_check *check, struct sbx_error *err)
{
    enum sbx_status status = attack(check, "ping", err);

    check->result->seen.inside = SBX_VERIFY_NONE;
    return status;
}

/* Masks that a list gives one SID, on the object itself and below it. */
struct given {
    uint32_t here, below, denied_here;
    bool any;
};

static struct given given_to(const struct sbx_acl *acl, const struct sbx_sid *sid)
{
    struct given given = {0};
    size_t i;

    for (i = 0; i < acl->count; i++) {
        const struct sbx_ace *ace = &acl->aces[i];
        const bool here = !(ace->flags & SBX_ACE_IO);

        if (!sbx_sid_equal(&ace->sid, sid))
            continue;
        given.any = true;
        if (ace->type == SBX_ACE_DENY)
            given.denied_here |= here ? ace->mask : 0;
        if (ace->type != SBX_ACE_ALLOW)
            continue;
        given.here |= here ? ace->mask : 0;
        given.below |= ace->flags & (SBX_ACE_OI | SBX_ACE_CI) ? ace->mask : 0;
    }
    return given;
}

/* Whether a root with this list could be deleted, emptied past its denies, or given away. */
static enum sbx_verify_outcome open_to(const struct sbx_acl *acl, const struct sbx_sid *sid)
{
    const struct given given = given_to(acl, sid);

    if (!given.any)
        return SBX_VERIFY_ODD;
    return given.here & ~given.denied_here & (SBX_MASK_DENY_ABOVE | CONTROL_MASK) ||
                   !(given.denied_here & SBX_MASK_DELETE_CHILD) ||
                   given.below & (SBX_MASK_DELETE_CHILD | CONTROL_MASK)
               ? SBX_VERIFY_SUCCEEDED
               : SBX_VERIFY_DENIED;
}

/* Elevated: an account owns what it makes, and may not change its list for that. */
static bool owner_may_not(const struct sbx_acl *acl)
{
    struct sbx_sid owner;
    struct given given;

    if (sbx_sid_parse(OWNER_RIGHTS, &owner, NULL))
        return false;
    given = given_to(acl, &owner);
    return given.any && given.below && !(given.below & CONTROL_MASK);
}

enum sbx_status sbx_verify_check_root_list(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_descriptor root = {0}, open = {0};
    const struct sbx_sid *capability;
    struct sbx_sid everyone;
    enum sbx_status status = sbx_verify_grant_root(check, err);

    if (!status)
        status = sbx_verify_descriptor(check, "{ws}", &root, err);
    if (!status)
        status = sbx_verify_descriptor(check, "{everyone}", &open, err);
    if (!status)
        status = sbx_sid_parse("S-1-1-0", &everyone, err);
    if (!status) {
        capability = sbx_acl_capability(&root.dacl);
        seen->inside = capability ? open_to(&root.dacl, capability) : SBX_VERIFY_ODD;
        if (seen->inside == SBX_VERIFY_DENIED && check->run->mode == SBX_MODE_ELEVATED &&
            !owner_may_not(&root.dacl))
            seen->inside = SBX_VERIFY_SUCCEEDED;
        seen->twin_ran = true;
        seen->twin = open_to(&open.dacl, &everyone);
    }
    sbx_descriptor_done(&root);
    sbx_descriptor_done(&open);
    return status;
}

/* --- repair ----------------------------------------------------------------------------------- */

/* As another tool would: the denies of one file are gone, everything else stays. */
static enum sbx_status take_denies_away(
    const struct sbx_verify_check *check, const char *place, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = READ_CONTROL | WRITE_DAC};
    struct sbx_descriptor descriptor = {0};
    HANDLE handle = NULL;
    char *path = NULL;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);
    size_t i, kept = 0;

    if (!status)
        status = sbx_file_open(path, &how, &handle, err);
    if (!status)
        status = sbx_acl_get(handle, NULL, &descriptor, err);
    for (i = 0; !status && i < descriptor.dacl.count; i++) {
        struct sbx_ace *ace = &descriptor.dacl.aces[i];

        if (ace->type != SBX_ACE_DENY)
            descriptor.dacl.aces[kept++] = *ace;
        else
            free(ace->rest);
    }
    if (!status)
        descriptor.dacl.count = kept;
    if (!status)
        status = sbx_acl_set_dacl(handle, &descriptor, NULL, err);
    sbx_descriptor_done(&descriptor);
    sbx_handle_close(&handle);
    free(path);
    return status;
}

static enum sbx_status repair(const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_grant_options options = {0};
    struct sbx_grant_report report = {0};
    struct sbx_repair what = {0};
    char *state = NULL, *ws = NULL;
    enum sbx_status status = sbx_verify_path(check, "{state}", &state, err);

    if (!status)
        status = sbx_verify_path(check, "{ws}", &ws, err);
    options.state_directory = state;
    what.path_or_name = ws;
    if (!status) {
        status = sbx_grants_repair(&what, &options, &report, err);
        sbx_grant_report_done(&report);
    }
    free(state);
    free(ws);
    return status;
}

/* Whether the list of this file denies anybody anything. */
static enum sbx_status has_deny(const struct sbx_verify_check *check, const char *place,
    bool *ret_denies, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status = sbx_verify_descriptor(check, place, &descriptor, err);
    size_t i;

    *ret_denies = false;
    for (i = 0; !status && i < descriptor.dacl.count; i++)
        *ret_denies = *ret_denies || descriptor.dacl.aces[i].type == SBX_ACE_DENY;
    sbx_descriptor_done(&descriptor);
    return status;
}

/* The twin is a run: it looks at the roots and at what is protected, not at each file below. */
enum sbx_status sbx_verify_check_repair(const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char file[] = "{ws}\\.vscode\\tasks.json";
    struct sbx_verify_seen *seen = &check->result->seen;
    bool granted = false, after_run = true, after_repair = false;
    enum sbx_status status = sbx_verify_grant_root(check, err);

    if (!status)
        status = has_deny(check, file, &granted, err);
    if (!status && granted)
        status = take_denies_away(check, file, err);
    if (!status && granted)
        status = sbx_verify_grant_root(check, err);
    if (!status && granted)
        status = has_deny(check, file, &after_run, err);
    if (!status && granted)
        status = repair(check, err);
    if (!status && granted)
        status = has_deny(check, file, &after_repair, err);
    if (!status) {
        seen->twin_ran = true;
        seen->twin = granted && !after_run ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
        seen->inside = !granted       ? SBX_VERIFY_ODD
                       : after_repair ? SBX_VERIFY_DENIED
                                      : SBX_VERIFY_SUCCEEDED;
    }
    return status;
}

/* --- the result ------------------------------------------------------------------------------- */

static enum sbx_verify_outcome open_result(const char *path)
{
    void *handle = NULL;
    enum sbx_status status = sbx_result_open(path, &handle, NULL);

    if (!status)
        CloseHandle(handle);
    return status ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
}

/* A second name that a command planted where the caller wants the result. */
enum sbx_status sbx_verify_check_planted_result(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    char *planted = NULL, *plain = NULL;
    enum sbx_status status =
        sbx_verify_must(check, "hardlink|{free}\\result.json|{out}\\target.txt", err);

    if (!status)
        status = sbx_verify_path(check, "{free}\\result.json", &planted, err);
    if (!status)
        status = sbx_verify_path(check, "{free}\\plain.json", &plain, err);
    if (!status)
        status = sbx_verify_must(check, "append|{free}\\result.json", err);
    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined = check->report->confined; /* as the runs before: nothing runs here */
        seen->twin = SBX_VERIFY_SUCCEEDED;        /* a plain program writes through it */
        seen->ping = open_result(plain);
        seen->inside = open_result(planted);
    }
    free(planted);
    free(plain);
    return status;
}
