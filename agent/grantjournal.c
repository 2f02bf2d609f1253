/* The ledger records of a unit. See grants.h for the MUSTs. */
#include "grantparts.h"

#include "revokewalk.h"
#include "shared/win/handle.h"

static bool is_journalled(const struct sbx_grant_work *work, size_t index)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    const struct sbx_ledger_records *records = &work->ledger.records;
    bool found = false;
    size_t i;

    for (i = 0; i < records->count; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        if (memcmp(record->file_id, work->targets[index].object.facts.id, 16) != 0)
            continue;
        if (record->kind == SBX_LEDGER_GONE)
            found = false;
        else if (record->kind == SBX_LEDGER_TARGET &&
                 sbx_ledger_same_aces(record->aces, record->ace_count, target->aces, target->count))
            found = true;
    }
    return found;
}

static enum sbx_status journal_root(struct sbx_grant_work *work, struct sbx_error *err)
{
    const struct sbx_grant_object *object = &work->targets[0].object;
    char capability[SBX_SID_TEXT_SIZE] = "";
    struct sbx_ledger_record record = {.kind = SBX_LEDGER_ROOT,
        .path = work->unit->targets[0].path,
        .volume_guid = work->volume_guid,
        .capability = capability,
        .is_directory = object->facts.is_directory};

    if (work->ledger.records.count)
        return SBX_OK;
    if (sbx_sid_is_set(&work->unit->capability))
        sbx_sid_format(&work->unit->capability, capability);
    memcpy(record.file_id, object->facts.id, sizeof(record.file_id));
    return sbx_ledger_append(&work->ledger, &record, err);
}

/* Which of the entries the object does not have: what revoke will take away again. */
static size_t find_missing(
    const struct sbx_acl *dacl, const struct sbx_grant_target *target, struct sbx_ace *ret_missing)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < target->count; i++) {
        if (sbx_acl_find(dacl, &target->aces[i], 0) == SIZE_MAX)
            ret_missing[count++] = target->aces[i];
    }
    return count;
}

static enum sbx_status journal_target(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    const struct sbx_grant_work_target *at = &work->targets[index];
    struct sbx_ledger_record record = {.kind = SBX_LEDGER_TARGET,
        .path = target->path,
        .is_directory = at->object.facts.is_directory,
        .aces = target->aces,
        .ace_count = target->count};
    enum sbx_status status = SBX_OK;

    if (at->need == NEED_NOTHING || (at->need == NEED_WALK && is_journalled(work, index)))
        return SBX_OK;
    status = sbx_calloc(target->count, sizeof(*record.added), &record.added, err);
    if (status)
        return status;
    memcpy(record.file_id, at->object.facts.id, sizeof(record.file_id));
    record.added_count = find_missing(&at->object.descriptor.dacl, target, record.added);
    status = sbx_ledger_append(&work->ledger, &record, err);
    free(record.added);
    return status;
}

enum sbx_status sbx_grant_journal_done(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct sbx_ledger_record record = {.kind = SBX_LEDGER_DONE,
        .path = target->path,
        .is_directory = true,
        .aces = target->aces,
        .ace_count = target->count};

    work->targets[index].need = NEED_NOTHING;
    memcpy(record.file_id, work->targets[index].object.facts.id, sizeof(record.file_id));
    return sbx_ledger_append(&work->ledger, &record, err);
}

/* MUST 3: all that this unit will write, in one go and on disk. */
enum sbx_status sbx_grant_journal(struct sbx_grant_work *work, struct sbx_error *err)
{
    size_t before = work->ledger.records.count;
    enum sbx_status status = journal_root(work, err);
    size_t i;

    for (i = 0; i < work->unit->count && !status; i++)
        status = journal_target(work, i, err);
    if (!status && work->ledger.records.count != before)
        status = sbx_ledger_flush(&work->ledger, err);
    return status;
}

/* For a shorter ledger: nothing can be taken back from an object that is not there any more. */
bool sbx_grant_is_gone(void *context, const struct sbx_ledger_record *record)
{
    const struct sbx_grant_work *work = context;
    HANDLE handle = NULL;
    enum sbx_status status =
        sbx_revoke_open(record, work->volume_guid, READ_CONTROL, &handle, NULL);

    sbx_handle_close(&handle);
    return status == SBX_NOT_FOUND && work->volume_guid[0];
}
