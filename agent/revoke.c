/* See revoke.h. */
#include "revoke.h"

#include <stdio.h>

#include "revokewalk.h"
#include "shared/core/list.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define LOCK_WAIT_MS 120000u
#define LEDGERS_MAX 10000u

/* --- finding ledgers ----------------------------------------------------------------------------
 */

struct names {
    char (*items)[SBX_LEDGER_NAME_SIZE]; /* owned array */
    size_t count;
    struct sbx_error error;
};

static bool is_ledger_name(const char *name)
{
    return strlen(name) == 36 && strspn(name, "0123456789abcdef") == 32 &&
           strcmp(name + 32, ".log") == 0;
}

static enum sbx_filewalk_next collect(void *context, struct sbx_filewalk_entry *entry)
{
    struct names *names = context;
    char name[SBX_LEDGER_NAME_SIZE];

    sbx_wstr_display(entry->name_w, entry->name_cch, name, sizeof(name));
    if ((entry->attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) ||
        entry->name_cch != 36 || !is_ledger_name(name))
        return SBX_WALK_SKIP;
    if (sbx_list_grow(&names->items, names->count, sizeof(*names->items), &names->error))
        return SBX_WALK_STOP;
    memcpy(names->items[names->count++], name, sizeof(name));
    return SBX_WALK_SKIP;
}

static enum sbx_status list_names(HANDLE directory, struct names *ret_names, struct sbx_error *err)
{
    struct sbx_filewalk walk = {.context = ret_names, .visit = collect, .max_entries = LEDGERS_MAX};
    enum sbx_status status;

    memset(ret_names, 0, sizeof(*ret_names));
    sbx_error_init(&ret_names->error);
    status = sbx_filewalk_run(directory, &walk, NULL, err);
    if (ret_names->error.status)
        return sbx_fail_oom(err);
    return status;
}

/* --- listing ------------------------------------------------------------------------------------
 */

void sbx_grants_list_free(struct sbx_grant_info *infos, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(infos[i].path);
        free(infos[i].capability);
    }
    free(infos);
}

/* True for the newest TARGET record of its object: each object counts once. */
static bool is_last_target(const struct sbx_ledger_records *records, size_t index)
{
    const struct sbx_ledger_record *record = &records->items[index];
    size_t i;

    if (record->kind != SBX_LEDGER_TARGET)
        return false;
    for (i = index + 1; i < records->count; i++) {
        if (records->items[i].kind == SBX_LEDGER_TARGET &&
            memcmp(records->items[i].file_id, record->file_id, 16) == 0)
            return false;
    }
    return true;
}

static bool passes_on(const struct sbx_ledger_record *record)
{
    size_t i;

    for (i = 0; i < record->ace_count && record->is_directory; i++) {
        if (record->aces[i].flags & (SBX_ACE_OI | SBX_ACE_CI))
            return true;
    }
    return false;
}

static enum sbx_status describe(const char *name, const struct sbx_ledger_records *records,
    struct sbx_grant_info *ret_info, struct sbx_error *err)
{
    struct sbx_grant_info info;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(&info, 0, sizeof(info));
    snprintf(info.name, sizeof(info.name), "%s", name);
    info.is_damaged = records->damaged;
    info.is_complete = records->count > 0 && !records->damaged;
    status = sbx_strdup(records->count ? records->items[0].path : "", &info.path, err);
    if (!status)
        status =
            sbx_strdup(records->count ? records->items[0].capability : "", &info.capability, err);
    for (i = 0; i < records->count && !status; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        if (!is_last_target(records, i))
            continue;
        info.objects++;
        if (passes_on(record) &&
            !sbx_ledger_is_done(records, record->file_id, record->aces, record->ace_count))
            info.is_complete = false;
    }
    if (status) {
        free(info.path);
        return status;
    }
    *ret_info = info;
    return SBX_OK;
}

enum sbx_status sbx_grants_list(const char *state_directory, struct sbx_grant_info **ret_infos,
    size_t *ret_count, struct sbx_error *err)
{
    struct sbx_grant_info *infos = NULL;
    struct names names;
    HANDLE directory = NULL;
    size_t count = 0;
    size_t i;
    enum sbx_status status = sbx_ledger_directory(state_directory, false, &directory, err);

    *ret_infos = NULL;
    *ret_count = 0;
    if (status)
        return status == SBX_NOT_FOUND ? SBX_OK : status;
    status = list_names(directory, &names, err);
    if (!status && names.count)
        status = sbx_calloc(names.count, sizeof(*infos), &infos, err);
    for (i = 0; i < names.count && !status; i++) {
        struct sbx_ledger_records records;

        memset(&records, 0, sizeof(records));
        status = sbx_ledger_peek(directory, names.items[i], &records, err);
        if (status == SBX_NOT_FOUND) { /* revoked meanwhile */
            status = SBX_OK;
            continue;
        }
        if (!status)
            status = describe(names.items[i], &records, &infos[count], err);
        count += status == SBX_OK;
        sbx_ledger_records_done(&records);
    }
    free(names.items);
    sbx_handle_close(&directory);
    if (status) {
        sbx_grants_list_free(infos, count);
        return status;
    }
    *ret_infos = infos;
    *ret_count = count;
    return SBX_OK;
}

/* --- revoking one ledger ------------------------------------------------------------------------
 */

/* Nothing is left of an object that does not exist any more. */
static enum sbx_status forgive_missing(enum sbx_status status)
{
    return status == SBX_NOT_FOUND ? SBX_OK : status;
}

/* The explicit entries of one granted object. */
static enum sbx_status revoke_target(
    struct sbx_revoke_work *work, const struct sbx_ledger_record *record, struct sbx_error *err)
{
    const char *volume = work->records->items[0].volume_guid;
    struct sbx_ace *added = NULL;
    size_t added_count = 0;
    HANDLE handle = NULL;
    enum sbx_status status =
        sbx_revoke_open(record, volume, READ_CONTROL | WRITE_DAC, &handle, err);

    if (!status)
        status = sbx_ledger_added(work->records, record->file_id, &added, &added_count, err);
    if (!status)
        status = sbx_revoke_object(work, handle, record->is_directory, added, added_count, err);
    free(added);
    sbx_handle_close(&handle);
    return forgive_missing(status);
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
    return forgive_missing(status);
}

/* One failing object is listed; the others are done. Only a stop stops. */
static enum sbx_status go_on(struct sbx_revoke_work *work, const struct sbx_ledger_record *record,
    enum sbx_status status, const struct sbx_error *error)
{
    char reason[SBX_GRANT_REASON_MAX];

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
    enum sbx_status status = go_on(work, root, revoke_target(work, root, err), err);
    size_t i;

    if (!status)
        status = go_on(work, root, revoke_tree(work, root, err), err);
    for (i = 1; i < work->records->count && !status; i++) {
        const struct sbx_ledger_record *record = &work->records->items[i];

        if (!is_last_target(work->records, i) || memcmp(record->file_id, root->file_id, 16) == 0)
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

    if (!ledger->records.count) /* nothing in it could be read: it was set aside */
        return sbx_ledger_remove(ledger, err);
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
    return forgive_missing(status);
}

/*
 * Read-only roots pass on entries for the group only, which look the same for all of them. So what
 * was taken from a tree may be missing for a root inside it: that one is walked again.
 */
static void mark_nested(
    struct sbx_grant_engine *engine, const struct names *names, const char *revoked_path)
{
    const struct sbx_ledger_how how = {.wait_ms = 1000};
    struct sbx_ledger_record stale = {.kind = SBX_LEDGER_STALE};
    size_t i;

    for (i = 0; i < names->count; i++) {
        struct sbx_ledger ledger;

        memset(&ledger, 0, sizeof(ledger));
        if (sbx_ledger_open(engine->ledgers, names->items[i], &how, &ledger, NULL))
            continue;
        if (ledger.records.count && !ledger.records.items[0].capability[0] &&
            sbx_winpath_is_inside(revoked_path, ledger.records.items[0].path) &&
            !sbx_ledger_append(&ledger, &stale, NULL))
            FlushFileBuffers(ledger.file);
        sbx_ledger_close(&ledger);
    }
}

/* --- which ledgers ------------------------------------------------------------------------------
 */

/* True when the ledger is for this path, or for the object that has this path now. */
static bool is_meant(HANDLE directory, const char *name, const char *path_or_name,
    const struct sbx_file_facts *facts, char **ret_path)
{
    struct sbx_ledger_records records;
    bool is_it = false;

    memset(&records, 0, sizeof(records));
    if (sbx_ledger_peek(directory, name, &records, NULL))
        return strcmp(name, path_or_name) == 0;
    is_it = strcmp(name, path_or_name) == 0;
    if (records.count && !is_it)
        is_it = sbx_winpath_equal(records.items[0].path, path_or_name) ||
                (facts && memcmp(records.items[0].file_id, facts->id, 16) == 0);
    if (is_it && records.count)
        *ret_path = records.items[0].path;
    if (is_it && records.count)
        records.items[0].path = NULL;
    sbx_ledger_records_done(&records);
    return is_it;
}

static bool facts_of(const char *path, struct sbx_file_facts *ret_facts)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_ANY};
    HANDLE handle = NULL;
    bool is_known =
        !sbx_file_open(path, &how, &handle, NULL) && !sbx_file_get_facts(handle, ret_facts, NULL);

    sbx_handle_close(&handle);
    return is_known;
}

/* path_or_name NULL: all of them. */
static enum sbx_status revoke_chosen(struct sbx_grant_engine *engine, const char *path_or_name,
    size_t *ret_found, struct sbx_error *err)
{
    struct sbx_file_facts facts;
    bool has_facts = path_or_name && facts_of(path_or_name, &facts);
    struct names names;
    enum sbx_status first = list_names(engine->ledgers, &names, err);
    size_t i;

    *ret_found = 0;
    for (i = 0; i < names.count && first != SBX_OOM && first != SBX_CANCELLED; i++) {
        char *path = NULL;
        struct sbx_error error;
        enum sbx_status status = SBX_OK;

        sbx_error_init(&error);
        if (path_or_name && !is_meant(engine->ledgers, names.items[i], path_or_name,
                                has_facts ? &facts : NULL, &path))
            continue;
        ++*ret_found;
        status = revoke_ledger(engine, names.items[i], &error);
        if (status)
            sbx_grant_fail(engine, path ? path : names.items[i], true, &error);
        else if (path_or_name && path)
            mark_nested(engine, &names, path);
        if (status && !first) {
            first = status;
            if (err)
                *err = error;
        }
        free(path);
    }
    free(names.items);
    return first;
}

static enum sbx_status revoke(const char *path_or_name, const struct sbx_grant_options *options,
    struct sbx_grant_report *report, struct sbx_error *err)
{
    struct sbx_grant_engine engine = {.options = options, .report = report};
    size_t found = 0;
    enum sbx_status status;

    memset(report, 0, sizeof(*report));
    status = sbx_grant_engine_accounts(&engine, err);
    if (!status)
        status = sbx_ledger_directory(options->state_directory, false, &engine.ledgers, err);
    if (!status)
        status = revoke_chosen(&engine, path_or_name, &found, err);
    else if (status == SBX_NOT_FOUND)
        status = SBX_OK;
    if (!status && path_or_name && !found)
        status = sbx_fail(err, SBX_NOT_FOUND, "nothing was granted on '%s'", path_or_name);
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
