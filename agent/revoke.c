/* See revoke.h. */
#include "revoke.h"

#include <stdio.h>

#include "ledgerlist.h"
#include "revokewalk.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define LOCK_WAIT_MS 120000u

/* --- revoking one ledger ------------------------------------------------------------------------
 */

/* The explicit entries of one granted object. */
static enum sbx_status revoke_target(
    struct sbx_revoke_work *work, const struct sbx_ledger_record *record, struct sbx_error *err)
{
    const char *volume = work->records->items[0].volume_guid;
    struct sbx_ace *added = NULL;
    size_t added_count = 0;
    HANDLE handle = NULL;
    uint64_t taken = work->engine->report->owners_taken;
    enum sbx_status status =
        sbx_revoke_open(record, volume, READ_CONTROL | WRITE_DAC, &handle, err);

    if (!status)
        status = sbx_ledger_added(work->records, record->file_id, &added, &added_count, err);
    if (!status)
        status = sbx_revoke_object(work, handle, record->is_directory, added, added_count, err);
    free(added);
    sbx_handle_close(&handle);
    if (work->engine->report->owners_taken != taken)
        sbx_grant_note(work->engine, record->path, "belonged to a sandbox account, is yours now");
    return status;
}

static enum sbx_status revoke_tree(
    struct sbx_revoke_work *work, const struct sbx_ledger_record *record, struct sbx_error *err)
{
    const char *volume = work->records->items[0].volume_guid;
    HANDLE handle = NULL;
    enum sbx_status status = SBX_OK;

    if (!record->is_directory)
        return SBX_OK;
    status = sbx_revoke_open(
        record, volume, READ_CONTROL | FILE_LIST_DIRECTORY | FILE_TRAVERSE, &handle, err);
    if (!status)
        status = sbx_revoke_below(work, handle, record->path, err);
    sbx_handle_close(&handle);
    return status;
}

/*
 * One failing object is listed; the others are done. Only a stop stops. Nothing is left of an
 * object that does not exist any more.
 */
static enum sbx_status go_on(struct sbx_revoke_work *work, const struct sbx_ledger_record *record,
    enum sbx_status status, const struct sbx_error *error)
{
    char reason[SBX_GRANT_REASON_MAX];

    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status || status == SBX_CANCELLED || status == SBX_OOM)
        return status;
    sbx_grant_reason(error, reason);
    sbx_grant_skip(work->engine, record->path, reason);
    work->incomplete = true;
    return SBX_OK;
}

/* The root with its tree first, then the objects the ledger names. */
static enum sbx_status revoke_all_of(struct sbx_revoke_work *work, struct sbx_error *err)
{
    const struct sbx_ledger_record *root = &work->records->items[0];
    enum sbx_status status = revoke_target(work, root, err);
    const bool is_gone = status == SBX_NOT_FOUND;
    size_t i;

    if (is_gone)
        sbx_grant_note(work->engine, root->path, SBX_REVOKE_GONE);
    status = go_on(work, root, status, err);
    if (!status && !is_gone)
        status = go_on(work, root, revoke_tree(work, root, err), err);
    for (i = 1; i < work->records->count && !status; i++) {
        const struct sbx_ledger_record *record = &work->records->items[i];

        if (!sbx_ledger_is_last_target(work->records, i) ||
            memcmp(record->file_id, root->file_id, 16) == 0)
            continue;
        status = go_on(work, record, revoke_target(work, record, err), err);
        if (!status && !sbx_winpath_is_inside(root->path, record->path))
            status = go_on(work, record, revoke_tree(work, record, err), err);
    }
    return status;
}

static enum sbx_status revoke_open_ledger(
    struct sbx_grant_engine *engine, struct sbx_ledger *ledger, struct sbx_error *err)
{
    struct sbx_ledger_record stale = {.kind = SBX_LEDGER_STALE};
    struct sbx_revoke_work work;
    enum sbx_status status = SBX_OK;

    /* Made and never written, or the run that set its damaged lines aside was ended before it wrote
     * them anew: then something may be granted. */
    if (!ledger->records.count)
        return sbx_ledger_was_set_aside(engine->ledgers, ledger->name)
                   ? sbx_ledger_unreadable(ledger->name, err)
                   : sbx_ledger_remove(ledger, err);
    status = sbx_revoke_work_init(engine, &ledger->records, &work, err);
    if (status)
        return status;
    sbx_grant_progress_begin(engine, ledger->records.items[0].path);
    status = sbx_ledger_append(ledger, &stale, err);
    if (!status)
        status = sbx_ledger_flush(ledger, err);
    if (!status)
        status = revoke_all_of(&work, err);
    sbx_grant_progress_end(engine);
    if (!status && work.incomplete) {
        status = sbx_fail(err, SBX_DENIED, "'%s': not everything could be taken back",
            ledger->records.items[0].path);
        sbx_error_hint(err, "see the list of objects; run it again as their owner, or as "
                            "administrator");
    }
    sbx_revoke_work_done(&work);
    return status ? status : sbx_ledger_remove(ledger, err);
}

static enum sbx_status revoke_ledger(
    struct sbx_grant_engine *engine, const char *name, struct sbx_error *err)
{
    const struct sbx_grant_options *options = engine->options;
    const struct sbx_ledger_how how = {
        .wait_ms = options->lock_wait_ms ? options->lock_wait_ms : LOCK_WAIT_MS,
        .cancel = options->cancel,
        .waiting = sbx_grant_progress_waiting,
        .context = engine};
    struct sbx_ledger ledger;
    enum sbx_status status;

    memset(&ledger, 0, sizeof(ledger));
    sbx_grant_progress_begin(engine, name);
    status = sbx_ledger_open(engine->ledgers, name, &how, &ledger, err);
    engine->report->ledgers_repaired += ledger.repaired;
    if (!status)
        status = revoke_open_ledger(engine, &ledger, err);
    sbx_ledger_close(&ledger);
    return status == SBX_NOT_FOUND ? SBX_OK : status; /* another agent revoked it meanwhile */
}

/*
 * Read-only roots pass on entries for the group only, which look the same for all of them. So what
 * was taken from a tree may be missing for a root inside it: that one is walked again.
 */
static void mark_nested(struct sbx_grant_engine *engine, const char *revoked_path)
{
    struct sbx_ledger_names names = {NULL, 0};
    const struct sbx_ledger_how how = {.wait_ms = 1000};
    struct sbx_ledger_record stale = {.kind = SBX_LEDGER_STALE};
    size_t i;

    if (sbx_ledger_names(engine->ledgers, NULL, &names, NULL))
        return; /* the folder was read a moment ago; a run that finds entries missing walks again */
    for (i = 0; i < names.count; i++) {
        struct sbx_ledger ledger;

        memset(&ledger, 0, sizeof(ledger));
        if (sbx_ledger_open(engine->ledgers, names.items[i], &how, &ledger, NULL))
            continue;
        if (ledger.records.count && !ledger.records.items[0].capability[0] &&
            sbx_winpath_is_inside(revoked_path, ledger.records.items[0].path) &&
            !sbx_ledger_append(&ledger, &stale, NULL))
            FlushFileBuffers(ledger.file);
        sbx_ledger_close(&ledger);
    }
    free(names.items);
}

/* @param is_all no root inside another one is left to be walked again */
static enum sbx_status revoke_chosen(struct sbx_grant_engine *engine,
    const struct sbx_ledger_names *chosen, bool is_all, struct sbx_error *err)
{
    enum sbx_status first = SBX_OK;
    size_t i;

    for (i = 0; i < chosen->count && first != SBX_OOM && first != SBX_CANCELLED; i++) {
        char *path = sbx_ledger_path(engine->ledgers, chosen->items[i]);
        struct sbx_error error;
        enum sbx_status status = SBX_OK;

        sbx_error_init(&error);
        status = revoke_ledger(engine, chosen->items[i], &error);
        if (status)
            sbx_grant_fail(engine, path ? path : chosen->items[i], true, &error);
        else if (!is_all && path)
            mark_nested(engine, path);
        if (status && !first) {
            first = status;
            if (err)
                *err = error;
        }
        free(path);
    }
    return first;
}

/* No ledger names it; one that cannot be read may be its. */
static enum sbx_status nothing_found(
    const char *path_or_name, const char *state_directory, struct sbx_error *err)
{
    struct sbx_grant_info *infos = NULL;
    size_t i, count = 0;
    enum sbx_status status = sbx_grants_list(state_directory, &infos, &count, err);

    for (i = 0; i < count && !status; i++)
        if (!infos[i].records && infos[i].is_damaged)
            status = sbx_ledger_unreadable(infos[i].name, err);
    sbx_grants_list_free(infos, count);
    if (status)
        return status;
    return sbx_fail(err, SBX_NOT_FOUND, "nothing was granted on '%s'", path_or_name);
}

static enum sbx_status revoke(const char *path_or_name, const struct sbx_grant_options *options,
    struct sbx_grant_report *report, struct sbx_error *err)
{
    struct sbx_grant_engine engine = {.options = options, .report = report};
    struct sbx_ledger_names chosen = {NULL, 0};
    enum sbx_status status;

    memset(report, 0, sizeof(*report));
    status = sbx_grant_engine_accounts(&engine, err);
    if (!status)
        status = sbx_ledger_directory(options->state_directory, false, &engine.ledgers, err);
    if (!status)
        status = sbx_ledger_names(engine.ledgers, path_or_name, &chosen, err);
    if (!status)
        status = revoke_chosen(&engine, &chosen, !path_or_name, err);
    else if (status == SBX_NOT_FOUND)
        status = SBX_OK;
    if (!status && path_or_name && !chosen.count)
        status = nothing_found(path_or_name, options->state_directory, err);
    free(chosen.items);
    sbx_handle_close(&engine.ledgers);
    free(engine.accounts);
    return status;
}

enum sbx_status sbx_revoke(const char *path_or_name, const struct sbx_grant_options *options,
    struct sbx_grant_report *ret_report, struct sbx_error *err)
{
    return revoke(path_or_name, options, ret_report, err);
}

enum sbx_status sbx_revoke_all(const struct sbx_grant_options *options,
    struct sbx_grant_report *ret_report, struct sbx_error *err)
{
    return revoke(NULL, options, ret_report, err);
}
