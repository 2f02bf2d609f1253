/* See ledgerlist.h. */
#include "ledgerlist.h"

#include <stdio.h>

#include "shared/core/list.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define LEDGERS_MAX 10000u

/* --- finding ledgers ----------------------------------------------------------------------------
 */

struct finding {
    struct sbx_ledger_names *names;
    struct sbx_error error;
};

static bool is_ledger_name(const char *name)
{
    return strlen(name) == 36 && strspn(name, "0123456789abcdef") == 32 &&
           strcmp(name + 32, ".log") == 0;
}

static enum sbx_filewalk_next collect(void *context, struct sbx_filewalk_entry *entry)
{
    struct finding *finding = context;
    struct sbx_ledger_names *names = finding->names;
    char name[SBX_LEDGER_NAME_SIZE];

    sbx_wstr_display(entry->name_w, entry->name_cch, name, sizeof(name));
    if ((entry->attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) ||
        entry->name_cch != 36 || !is_ledger_name(name))
        return SBX_WALK_SKIP;
    if (sbx_list_grow(&names->items, names->count, sizeof(*names->items), &finding->error))
        return SBX_WALK_STOP;
    memcpy(names->items[names->count++], name, sizeof(name));
    return SBX_WALK_SKIP;
}

static enum sbx_status list_names(
    HANDLE directory, struct sbx_ledger_names *ret_names, struct sbx_error *err)
{
    struct finding finding = {.names = ret_names};
    struct sbx_filewalk walk = {.context = &finding, .visit = collect, .max_entries = LEDGERS_MAX};
    enum sbx_status status;

    memset(ret_names, 0, sizeof(*ret_names));
    sbx_error_init(&finding.error);
    status = sbx_filewalk_run(directory, &walk, NULL, err);
    if (finding.error.status)
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

bool sbx_ledger_is_last_target(const struct sbx_ledger_records *records, size_t index)
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
    info.records = records->count;
    info.is_damaged = records->damaged;
    info.is_complete = records->count > 0 && !records->damaged;
    if (records->count) {
        const char *guid = records->items[0].volume_guid;

        memcpy(info.file_id, records->items[0].file_id, sizeof(info.file_id));
        snprintf(info.volume_guid, sizeof(info.volume_guid), "%s", guid ? guid : "");
    }
    status = sbx_strdup(records->count ? records->items[0].path : "", &info.path, err);
    if (!status)
        status =
            sbx_strdup(records->count ? records->items[0].capability : "", &info.capability, err);
    for (i = 0; i < records->count && !status; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        if (!sbx_ledger_is_last_target(records, i))
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
    struct sbx_ledger_names names = {NULL, 0};
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
        if (!status && !records.count && sbx_ledger_was_set_aside(directory, names.items[i]))
            infos[count].is_damaged = true;
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

/* --- which ledgers ------------------------------------------------------------------------------
 */

/* True when the ledger is for this path, or for the object that has this path now. */
static bool is_meant(HANDLE directory, const char *name, const char *path_or_name,
    const struct sbx_file_facts *facts)
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

enum sbx_status sbx_ledger_names(HANDLE directory, const char *path_or_name,
    struct sbx_ledger_names *ret_names, struct sbx_error *err)
{
    struct sbx_file_facts facts;
    bool has_facts = path_or_name && facts_of(path_or_name, &facts);
    enum sbx_status status = list_names(directory, ret_names, err);
    size_t i, kept = 0;

    for (i = 0; i < ret_names->count && !status && path_or_name; i++) {
        if (is_meant(directory, ret_names->items[i], path_or_name, has_facts ? &facts : NULL))
            memmove(ret_names->items[kept++], ret_names->items[i], sizeof(*ret_names->items));
    }
    if (path_or_name)
        ret_names->count = kept;
    if (status) {
        free(ret_names->items);
        memset(ret_names, 0, sizeof(*ret_names));
    }
    return status;
}

char *sbx_ledger_path(HANDLE directory, const char *name)
{
    struct sbx_ledger_records records;
    char *path = NULL;

    memset(&records, 0, sizeof(records));
    if (sbx_ledger_peek(directory, name, &records, NULL))
        return NULL;
    if (records.count) {
        path = records.items[0].path;
        records.items[0].path = NULL;
    }
    sbx_ledger_records_done(&records);
    return path;
}
