/* See repair.h. */
#include "repair.h"

#include "ledgerlist.h"
#include "revokewalk.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"

/* What was listed in a walk that is done again would be listed twice. */
static void forget_skips(struct sbx_grant_report *report, size_t count)
{
    while (report->skip_count > count)
        free(report->skips[--report->skip_count].path);
}

/* The second walk, for files that the first one noted and that can be held. */
static enum sbx_status include_links(const struct sbx_repair *repair,
    const struct sbx_grant_units *units, const struct sbx_grant_options *options,
    struct sbx_grant_report *report, size_t skips_before, struct sbx_error *err)
{
    size_t cleared = sbx_linkset_hold(options->links);

    if (repair->look)
        repair->look(repair->ctx, options->links);
    if (!cleared)
        return SBX_OK;
    forget_skips(report, skips_before);
    options->links->is_writing = true;
    return sbx_grants_apply_units(units, options, report, err);
}

static enum sbx_status repair_units(const struct sbx_repair *repair,
    const struct sbx_grant_units *units, const struct sbx_grant_options *options,
    struct sbx_grant_report *report, struct sbx_error *err)
{
    struct sbx_grant_options again = *options;
    struct sbx_linkset links = {0};
    size_t skips_before = report->skip_count;
    enum sbx_status status;

    again.again = true;
    again.links = repair->include_links ? &links : NULL;
    status = sbx_grants_apply_units(units, &again, report, err);
    if (!status && repair->include_links)
        status = include_links(repair, units, &again, report, skips_before, err);
    sbx_linkset_done(&links);
    return status;
}

static bool is_at(const char *path, const uint8_t id[16])
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_ANY};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;
    bool is_it = !sbx_file_open(path, &how, &handle, NULL) &&
                 !sbx_file_get_facts(handle, &facts, NULL) &&
                 memcmp(facts.id, id, sizeof(facts.id)) == 0;

    sbx_handle_close(&handle);
    return is_it;
}

/* "OLD\rest" becomes "NEW\rest". */
static enum sbx_status move_path(
    char **path, const char *old_root, const char *new_root, struct sbx_error *err)
{
    char *moved = NULL;
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, 65536);
    status = sbx_buf_printf(&text, err, "%s%s", new_root, *path + strlen(old_root));
    if (!status)
        status = sbx_buf_steal(&text, &moved, err);
    sbx_buf_done(&text);
    if (status)
        return status;
    free(*path);
    *path = moved;
    return SBX_OK;
}

/*
 * A root keeps its ledger when it is renamed (the name of the ledger is made from its file id), and
 * the records its old paths. When the caller's path leads to it now, they are read as below that.
 */
static enum sbx_status follow_root(
    struct sbx_ledger_records *records, const char *now, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char *old_root = NULL;
    size_t i;

    if (!records->count || !now || sbx_winpath_equal(records->items[0].path, now) ||
        !sbx_winpath_is_normal(now) || !is_at(now, records->items[0].file_id))
        return SBX_OK;
    status = sbx_strdup(records->items[0].path, &old_root, err);
    for (i = 0; i < records->count && !status; i++) {
        struct sbx_ledger_record *record = &records->items[i];

        if (record->path && record->path[0] && sbx_winpath_is_inside(old_root, record->path))
            status = move_path(&record->path, old_root, now, err);
    }
    free(old_root);
    return status;
}

/* Deleted, and its volume says so. What was named has to be there; of all, the others are done. */
static enum sbx_status check_there(const struct sbx_repair *repair,
    const struct sbx_ledger_records *records, struct sbx_grant_report *report, bool *ret_gone,
    struct sbx_error *err)
{
    struct sbx_grant_engine engine = {.report = report};
    const struct sbx_ledger_record *root = records->count ? &records->items[0] : NULL;
    HANDLE handle = NULL;

    *ret_gone = root && sbx_revoke_open(root, root->volume_guid, READ_CONTROL, &handle, NULL) ==
                            SBX_NOT_FOUND;
    sbx_handle_close(&handle);
    if (!*ret_gone)
        return SBX_OK;
    if (repair->path_or_name)
        return sbx_fail(err, SBX_NOT_FOUND, "'%s' is not there any more", root->path);
    sbx_grant_note(&engine, root->path, "is not there any more: left, see agent revoke");
    return SBX_OK;
}

/* A failure is in the report already, unless it came before the engine. */
static enum sbx_status repair_ledger(const struct sbx_repair *repair, HANDLE directory,
    const char *name, const struct sbx_grant_options *options, struct sbx_grant_report *report,
    struct sbx_error *err)
{
    struct sbx_ledger_records records;
    struct sbx_grant_units units = {NULL, 0};
    struct sbx_plan_root root;
    bool is_gone = false;
    enum sbx_status status;

    memset(&records, 0, sizeof(records));
    status = sbx_ledger_peek(directory, name, &records, err);
    if (status == SBX_NOT_FOUND)
        return SBX_OK; /* revoked meanwhile */
    if (!status)
        status = follow_root(&records, repair->path_or_name, err);
    if (!status)
        status = check_there(repair, &records, report, &is_gone, err);
    if (!status && !is_gone)
        status = sbx_grant_units_from_ledger(&records, &root, &units, err);
    if (status)
        sbx_error_context(err, "ledger '%s'", name);
    else if (!is_gone)
        status = repair_units(repair, &units, options, report, err);
    sbx_grant_units_done(&units);
    sbx_ledger_records_done(&records);
    return status;
}

static enum sbx_status repair_all(const struct sbx_repair *repair, HANDLE directory,
    const struct sbx_ledger_names *names, const struct sbx_grant_options *options,
    struct sbx_grant_report *report, struct sbx_error *err)
{
    enum sbx_status first = SBX_OK;
    size_t i;

    for (i = 0; i < names->count && first != SBX_OOM && first != SBX_CANCELLED; i++) {
        enum sbx_status status;
        struct sbx_error error;

        sbx_error_init(&error);
        status = repair_ledger(repair, directory, names->items[i], options, report, &error);
        if (!status)
            continue;
        sbx_error_hint(&error, "agent revoke %s takes back what is left of it", names->items[i]);
        if (first && status != SBX_CANCELLED)
            continue;
        first = status;
        if (err)
            *err = error;
    }
    return first;
}

enum sbx_status sbx_grants_repair(const struct sbx_repair *repair,
    const struct sbx_grant_options *options, struct sbx_grant_report *ret_report,
    struct sbx_error *err)
{
    struct sbx_ledger_names names = {NULL, 0};
    HANDLE directory = NULL;
    enum sbx_status status;

    memset(ret_report, 0, sizeof(*ret_report));
    status = sbx_ledger_directory(options->state_directory, false, &directory, err);
    if (!status)
        status = sbx_ledger_names(directory, repair->path_or_name, &names, err);
    else if (status == SBX_NOT_FOUND)
        status = SBX_OK;
    if (!status && repair->path_or_name && !names.count)
        status = sbx_fail(err, SBX_NOT_FOUND, "nothing was granted on '%s'", repair->path_or_name);
    if (!status)
        status = repair_all(repair, directory, &names, options, ret_report, err);
    free(names.items);
    sbx_handle_close(&directory);
    return status;
}
