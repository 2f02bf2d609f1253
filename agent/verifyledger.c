/*
 * See verifycheck.h: what a ledger still says when it was damaged, made shorter, or a program was
 * killed at it.
 */
#include "verifychecks.h"

#include "ledger.h"
#include "ledgerlist.h"
#include "revoke.h"

#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define LEDGER_PATH_BYTES 1200u

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
        *ret_clean = !sbx_acl_capability(&root.dacl);
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
    enum sbx_status status = sbx_verify_grant_root(check, err);

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
    enum sbx_status status = sbx_verify_grant_root(check, err);

    if (!status)
        status = revoke_whole(check, err);
    if (!status)
        status = sbx_verify_grant_root(check, err);
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
    enum sbx_status status = sbx_verify_grant_root(check, err);

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
