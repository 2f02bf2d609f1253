/*
 * See verifycheck.h: what is written down. The list of a root, what a repair puts back, what a
 * ledger still says when it was damaged or a program was killed, where a result may go.
 */
#include "verifychecks.h"

#include "ledger.h"
#include "ledgerlist.h"
#include "repair.h"
#include "result.h"
#include "revoke.h"

#include "shared/core/capsid.h"
#include "shared/core/plan.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define OWNER_RIGHTS "S-1-3-4"
#define CONTROL_MASK 0x000C0000u /* WRITE_DAC | WRITE_OWNER */
#define LEDGER_PATH_BYTES 1200u

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

/* An ordinary run, which grants the root. Of the attack nothing was seen yet. */
static enum sbx_status grant_root(const struct sbx_verify_check *check, struct sbx_error *err)
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

/* The SID of the root itself: no other entry of the machine has its form. */
static const struct sbx_sid *capability_in(const struct sbx_acl *acl)
{
    size_t i;

    for (i = 0; i < acl->count; i++)
        if (sbx_capsid_is_ours(&acl->aces[i].sid))
            return &acl->aces[i].sid;
    return NULL;
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
    enum sbx_status status = grant_root(check, err);

    if (!status)
        status = sbx_verify_descriptor(check, "{ws}", &root, err);
    if (!status)
        status = sbx_verify_descriptor(check, "{everyone}", &open, err);
    if (!status)
        status = sbx_sid_parse("S-1-1-0", &everyone, err);
    if (!status) {
        capability = capability_in(&root.dacl);
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
    enum sbx_status status = grant_root(check, err);

    if (!status)
        status = has_deny(check, file, &granted, err);
    if (!status && granted)
        status = take_denies_away(check, file, err);
    if (!status && granted)
        status = grant_root(check, err);
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

/* --- ledgers ---------------------------------------------------------------------------------- */

static enum sbx_status ledger_name(
    const struct sbx_verify_check *check, char ret_name[48], struct sbx_error *err)
{
    struct sbx_grant_info *infos = NULL;
    char *state = NULL, *ws = NULL;
    size_t count = 0, i;
    enum sbx_status status = sbx_verify_path(check, "{state}", &state, err);

    ret_name[0] = '\0';
    if (!status)
        status = sbx_verify_path(check, "{ws}", &ws, err);
    if (!status)
        status = sbx_grants_list(state, &infos, &count, err);
    for (i = 0; !status && i < count; i++)
        if (infos[i].path && sbx_winpath_equal(infos[i].path, ws))
            snprintf(ret_name, 48, "%s", infos[i].name);
    if (!status && !ret_name[0])
        status = sbx_fail(err, SBX_NOT_FOUND, "no ledger names '%s'", ws);
    sbx_grants_list_free(infos, count);
    free(state);
    free(ws);
    return status;
}

/* What happened to a ledger, and what a revoke makes of it. */
struct damage {
    char name[48]; /* of the ledger */
    char path[LEDGER_PATH_BYTES], next[LEDGER_PATH_BYTES];
    wchar_t *path_w, *next_w;
};

static enum sbx_status find_ledger(
    const struct sbx_verify_check *check, struct damage *damage, struct sbx_error *err)
{
    char place[96];
    char *path = NULL;
    enum sbx_status status = ledger_name(check, damage->name, err);

    snprintf(place, sizeof(place), "{state}\\ledger\\%s", damage->name);
    if (!status)
        status = sbx_verify_path(check, place, &path, err);
    if (!status) {
        snprintf(damage->path, sizeof(damage->path), "%s", path);
        snprintf(damage->next, sizeof(damage->next), "%s.next", path);
        status = sbx_wstr_from_utf8(damage->path, &damage->path_w, err);
    }
    if (!status)
        status = sbx_wstr_from_utf8(damage->next, &damage->next_w, err);
    free(path);
    return status;
}

static void damage_done(struct damage *damage)
{
    free(damage->path_w);
    free(damage->next_w);
}

/*
 * SUCCEEDED: it says that all was taken back, and the root still has our entries.
 * @param name of the ledger; NULL: by the path of the root
 */
static enum sbx_status revoke_and_look(const struct sbx_verify_check *check, const char *name,
    enum sbx_verify_outcome *ret_outcome, bool *ret_clean, struct sbx_error *err)
{
    struct sbx_grant_options options = {0};
    struct sbx_grant_report report = {0};
    struct sbx_descriptor root = {0};
    char *state = NULL, *ws = NULL;
    enum sbx_status status = sbx_verify_path(check, "{state}", &state, err), revoked = SBX_OK;

    if (!status)
        status = sbx_verify_path(check, "{ws}", &ws, err);
    options.state_directory = state;
    if (!status) {
        revoked = sbx_revoke(name ? name : ws, &options, &report, NULL);
        sbx_grant_report_done(&report);
        status = sbx_verify_descriptor(check, "{ws}", &root, err);
    }
    if (!status) {
        *ret_clean = !capability_in(&root.dacl);
        *ret_outcome = !revoked && !*ret_clean ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
    }
    sbx_descriptor_done(&root);
    free(state);
    free(ws);
    return status;
}

/* The twin of both: the same with a whole ledger, which must end without our entries. */
static enum sbx_status revoke_whole(const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    enum sbx_verify_outcome outcome = SBX_VERIFY_NONE;
    bool clean = false;
    enum sbx_status status = revoke_and_look(check, NULL, &outcome, &clean, err);

    if (!status) {
        seen->twin_ran = true;
        seen->twin = clean ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    return status;
}

static enum sbx_status change_first_byte(
    const struct damage *damage, char *byte, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA | FILE_WRITE_DATA};
    HANDLE file = NULL;
    enum sbx_status status = sbx_file_open(damage->path, &how, &file, err);
    char was = 0;
    DWORD done = 0;

    if (status)
        return status;
    if (!ReadFile(file, &was, 1, &done, NULL) || done != 1 ||
        SetFilePointer(file, 0, NULL, FILE_BEGIN) || !WriteFile(file, byte, 1, &done, NULL))
        status = sbx_fail(err, SBX_OS, "the ledger '%s' cannot be changed", damage->path);
    *byte = was;
    sbx_handle_close(&file);
    return status;
}

enum sbx_status sbx_verify_check_damaged_ledger(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct damage damage = {{0}, {0}, {0}, NULL, NULL};
    enum sbx_verify_outcome outcome = SBX_VERIFY_NONE;
    char byte = '?';
    bool clean = false;
    enum sbx_status status = grant_root(check, err);

    if (!status)
        status = find_ledger(check, &damage, err);
    if (!status)
        status = change_first_byte(&damage, &byte, err);
    if (!status)
        status = revoke_and_look(check, damage.name, &outcome, &clean, err);
    seen->inside = outcome;
    if (!status && outcome != SBX_VERIFY_SUCCEEDED) {
        status = change_first_byte(&damage, &byte, err);
        if (!status)
            status = revoke_whole(check, err);
    }
    damage_done(&damage);
    return status;
}

/* As if the agent had been killed while it overwrote the ledger with a shorter one. */
static enum sbx_status cut_while_shrinking(const struct damage *damage, struct sbx_error *err)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    BOOL done = CopyFileW(damage->path_w, damage->next_w, TRUE);

    if (done)
        file = CreateFileW(damage->path_w, GENERIC_WRITE, 0, NULL, TRUNCATE_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return sbx_fail(err, SBX_OS, "the ledger '%s' cannot be changed", damage->path);
    CloseHandle(file);
    return SBX_OK;
}

enum sbx_status sbx_verify_check_cut_ledger(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct damage damage = {{0}, {0}, {0}, NULL, NULL};
    enum sbx_verify_outcome outcome = SBX_VERIFY_NONE;
    bool clean = false;
    enum sbx_status status = grant_root(check, err);

    if (!status)
        status = revoke_whole(check, err);
    if (!status)
        status = grant_root(check, err);
    if (!status)
        status = find_ledger(check, &damage, err);
    if (!status)
        status = cut_while_shrinking(&damage, err);
    if (!status)
        status = revoke_and_look(check, NULL, &outcome, &clean, err);
    /* It is not enough that it complains: what it needs is all there. */
    seen->inside = outcome == SBX_VERIFY_DENIED && !clean ? SBX_VERIFY_ODD : outcome;
    if (damage.next_w)
        DeleteFileW(damage.next_w);
    damage_done(&damage);
    return status;
}

/* --- a shorter ledger ------------------------------------------------------------------------- */

static size_t added_to(const char *text, size_t length_bytes, const uint8_t file_id[16])
{
    struct sbx_ledger_records records = {0};
    struct sbx_ace *added = NULL;
    size_t count = 0;

    if (sbx_ledger_read(text, length_bytes, &records, NULL) ||
        sbx_ledger_added(&records, file_id, &added, &count, NULL))
        count = 0;
    free(added);
    sbx_ledger_records_done(&records);
    return count;
}

/*
 * A ledger in which an object was granted, and later written again with nothing new: what it once
 * got stands in the earlier line only. @param ret_short the ledger after it was made shorter
 */
static enum sbx_status write_twice_and_compact(const struct sbx_ledger_records *records, size_t at,
    struct sbx_buf *ret_short, struct sbx_error *err)
{
    struct sbx_ledger_record again = records->items[at]; /* borrows */
    struct sbx_ledger_records longer = {0};
    struct sbx_buf text;
    enum sbx_status status = SBX_OK;
    size_t i, lines = 0;

    sbx_buf_init(&text, SBX_LEDGER_MAX_BYTES);
    again.added_count = 0;
    again.added = NULL;
    again.sequence = records->count + 1;
    for (i = 0; !status && i < records->count; i++)
        status = sbx_ledger_format(&records->items[i], &text, err);
    if (!status)
        status = sbx_ledger_format(&again, &text, err);
    if (!status)
        status = sbx_ledger_read(text.data, text.length_bytes, &longer, err);
    if (!status)
        status = sbx_ledger_compact(&longer, NULL, NULL, ret_short, &lines, err);
    sbx_ledger_records_done(&longer);
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status compare_compacted(const struct sbx_verify_check *check,
    const struct sbx_ledger_records *records, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    const struct sbx_ledger_record *target = NULL;
    struct sbx_buf text;
    size_t at = 0, i;
    enum sbx_status status;

    for (i = 0; i < records->count && !target; i++)
        if (records->items[i].kind == SBX_LEDGER_TARGET && records->items[i].added_count)
            target = &records->items[at = i];
    if (!target)
        return sbx_fail(err, SBX_NOT_FOUND, "the ledger of the root names nothing that was added");
    sbx_buf_init(&text, SBX_LEDGER_MAX_BYTES);
    status = write_twice_and_compact(records, at, &text, err);
    if (!status) {
        const size_t left = added_to(text.data, text.length_bytes, target->file_id);
        static const uint8_t nobody[16] = {0};

        /* The twin: an object that no line names has lost them. */
        seen->twin_ran = true;
        seen->twin =
            added_to(text.data, text.length_bytes, nobody) ? SBX_VERIFY_ODD : SBX_VERIFY_SUCCEEDED;
        seen->inside = left >= target->added_count ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
    }
    sbx_buf_done(&text);
    return status;
}

enum sbx_status sbx_verify_check_shorter_ledger(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_ledger_records records = {0};
    char name[48];
    char *state = NULL;
    HANDLE directory = NULL;
    enum sbx_status status = grant_root(check, err);

    if (!status)
        status = ledger_name(check, name, err);
    if (!status)
        status = sbx_verify_path(check, "{state}", &state, err);
    if (!status)
        status = sbx_ledger_directory(state, false, &directory, err);
    if (!status)
        status = sbx_ledger_peek(directory, name, &records, err);
    if (!status)
        status = compare_compacted(check, &records, err);
    sbx_ledger_records_done(&records);
    sbx_handle_close(&directory);
    free(state);
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
