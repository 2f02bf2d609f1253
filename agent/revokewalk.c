/* See revokewalk.h. */
#include "revokewalk.h"

#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/volume.h"

/* --- what must go ------------------------------------------------------------------------------
 */

void sbx_revoke_work_done(struct sbx_revoke_work *work)
{
    size_t i;

    for (i = 0; i < work->block_count; i++)
        sbx_grant_block_done(&work->blocks[i]);
    free(work->blocks);
    free(work->block_pointers);
    memset(work, 0, sizeof(*work));
}

/* True when an earlier TARGET record has the same entries. */
static bool is_repeated(const struct sbx_ledger_records *records, size_t index)
{
    const struct sbx_ledger_record *record = &records->items[index];
    size_t i;

    for (i = 0; i < index; i++) {
        const struct sbx_ledger_record *other = &records->items[i];

        if (other->kind == SBX_LEDGER_TARGET &&
            sbx_ledger_same_aces(other->aces, other->ace_count, record->aces, record->ace_count))
            return true;
    }
    return false;
}

enum sbx_status sbx_revoke_work_init(struct sbx_grant_engine *engine,
    const struct sbx_ledger_records *records, struct sbx_revoke_work *ret_work,
    struct sbx_error *err)
{
    struct sbx_revoke_work work = {.engine = engine, .records = records};
    enum sbx_status status = sbx_sid_of_current_user(&work.user, err);
    size_t i;

    if (!status)
        status = sbx_calloc(records->count + 1, sizeof(*work.blocks), &work.blocks, err);
    if (!status)
        status = sbx_calloc(records->count + 1, sizeof(void *), &work.block_pointers, err);
    if (!status && records->items[0].capability && records->items[0].capability[0])
        status = sbx_sid_parse(records->items[0].capability, &work.capability, err);
    for (i = 0; i < records->count && !status; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        if (record->kind != SBX_LEDGER_TARGET || is_repeated(records, i))
            continue;
        status = sbx_grant_block_make(
            record->aces, record->ace_count, &work.blocks[work.block_count], err);
        work.block_pointers[work.block_count] = &work.blocks[work.block_count];
        work.block_count += status == SBX_OK;
    }
    if (status)
        sbx_revoke_work_done(&work);
    else
        *ret_work = work;
    return status;
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* "X:\" when it is the very volume of the record. Wine takes no other handle for a hint. */
static bool open_drive(const char *path, const char *volume_guid, HANDLE *ret_volume)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};
    const char root[] = {path[0], ':', '\\', '\0'};
    struct sbx_volume volume;
    HANDLE handle = NULL;

    if (path[0] && path[1] == ':' && !sbx_file_open(root, &how, &handle, NULL) &&
        !sbx_volume_of_handle(handle, &volume, NULL) &&
        _stricmp(volume.guid_path, volume_guid) == 0) {
        *ret_volume = handle;
        return true;
    }
    sbx_handle_close(&handle);
    return false;
}

/*
 * Never SBX_NOT_FOUND: a disk that is not plugged in comes back with its entries, and the ledger
 * is all that is known of them.
 */
static enum sbx_status open_volume(
    const char *path, const char *volume_guid, HANDLE *ret_volume, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};

    if (volume_guid && volume_guid[0] &&
        (open_drive(path, volume_guid, ret_volume) ||
            !sbx_file_open(volume_guid, &how, ret_volume, err)))
        return SBX_OK;
    if (!volume_guid || !volume_guid[0])
        return sbx_fail(err, SBX_OS, "its volume has no name to be found by");
    sbx_fail(err, SBX_OS, "its volume is not there");
    sbx_error_hint(err, "connect the drive and run it again");
    return SBX_OS;
}

static HANDLE open_id(HANDLE volume, const uint8_t id[16], bool is_long, ACCESS_MASK access)
{
    FILE_ID_DESCRIPTOR what;

    memset(&what, 0, sizeof(what));
    what.dwSize = sizeof(what);
    what.Type = is_long ? ExtendedFileIdType : FileIdType;
    if (is_long)
        memcpy(&what.ExtendedFileId, id, 16);
    else
        memcpy(&what.FileId, id, 8);
    return OpenFileById(volume, &what, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
}

/* Are ids looked up at all here? Without that, "no such id" says nothing about an object. */
static bool finds_itself(HANDLE volume, bool is_long)
{
    struct sbx_file_facts facts;
    HANDLE handle = INVALID_HANDLE_VALUE;

    if (!sbx_file_get_facts(volume, &facts, NULL))
        handle = open_id(volume, facts.id, is_long, 0);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    return CloseHandle(handle);
}

static enum sbx_status open_by_id(const struct sbx_ledger_record *record, const char *volume_guid,
    ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err)
{
    static const uint8_t zero[8] = {0};
    const bool is_long = memcmp(record->file_id + 8, zero, sizeof(zero)) != 0;
    HANDLE volume = NULL;
    HANDLE handle = NULL;
    enum sbx_status status = open_volume(record->path, volume_guid, &volume, err);

    if (status)
        return status;
    handle = open_id(volume, record->file_id, is_long, access);
    if (handle == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();

        status = sbx_fail_win32(err, code, "open by file id");
        /* NTFS says "invalid parameter" for an id that is not in use. */
        if (code == ERROR_INVALID_PARAMETER || status == SBX_NOT_FOUND)
            status = finds_itself(volume, is_long)
                         ? sbx_fail(err, SBX_NOT_FOUND, "no object has this file id any more")
                         : sbx_fail(err, SBX_UNPROVEN, "this volume cannot be asked for file ids");
        handle = NULL;
    }
    sbx_handle_close(&volume);
    *ret_handle = handle;
    return status;
}

static bool has_id(HANDLE handle, const uint8_t id[16])
{
    struct sbx_file_facts facts;

    return !sbx_file_get_facts(handle, &facts, NULL) && !facts.is_reparse &&
           memcmp(facts.id, id, sizeof(facts.id)) == 0;
}

enum sbx_status sbx_revoke_open(const struct sbx_ledger_record *record, const char *volume_guid,
    ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err)
{
    struct sbx_file_how how = {.kind = SBX_FILE_ANY, .access = access};
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open(record->path, &how, &handle, err);

    if (!status && has_id(handle, record->file_id)) {
        *ret_handle = handle;
        return SBX_OK;
    }
    sbx_handle_close(&handle);
    if (status == SBX_DENIED && !sbx_grant_is_reparse_error(err))
        return status;
    return open_by_id(record, volume_guid, access, ret_handle, err);
}

/* --- one object --------------------------------------------------------------------------------
 */

static bool is_account(const struct sbx_grant_engine *engine, const struct sbx_sid *sid)
{
    size_t i;

    for (i = 0; i < engine->account_count; i++) {
        if (sbx_sid_equal(sid, &engine->accounts[i]))
            return true;
    }
    return false;
}

/*
 * What a sandboxed command made belongs to its account, and the user may manage it only by the
 * entry that is about to go: so it becomes the user's first.
 */
static enum sbx_status take_over(struct sbx_revoke_work *work, HANDLE handle, struct sbx_error *err)
{
    HANDLE owner = ReOpenFile(handle, READ_CONTROL | WRITE_OWNER,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    enum sbx_status status = SBX_OK;

    if (owner == INVALID_HANDLE_VALUE)
        return sbx_fail_win32(err, GetLastError(), "open for changing the owner");
    status = sbx_acl_set_owner(owner, &work->user, &work->engine->report->counts, err);
    sbx_handle_close(&owner);
    return status;
}

enum sbx_status sbx_revoke_object(struct sbx_revoke_work *work, HANDLE handle, bool is_directory,
    const struct sbx_ace *added, size_t added_count, struct sbx_error *err)
{
    const struct sbx_grant_removal removal = {.blocks = work->block_pointers,
        .block_count = work->block_count,
        .added = added,
        .added_count = added_count,
        .capability = sbx_sid_is_set(&work->capability) ? &work->capability : NULL};
    struct sbx_descriptor descriptor;
    struct sbx_acl dacl;
    bool changed = false;
    enum sbx_status status = SBX_OK;

    memset(&descriptor, 0, sizeof(descriptor));
    memset(&dacl, 0, sizeof(dacl));
    status = sbx_acl_get(handle, &work->engine->report->counts, &descriptor, err);
    if (!status)
        status =
            sbx_grant_step_remove(&descriptor, is_directory, &removal, &dacl, &changed, NULL, err);
    if (!status && changed && is_account(work->engine, &descriptor.owner)) {
        status = take_over(work, handle, err);
        work->engine->report->owners_taken += status == SBX_OK;
    }
    if (!status && changed) {
        status = sbx_grant_write(work->engine, handle, &descriptor, &dacl, err);
        work->engine->root_writes += status == SBX_OK;
    }
    sbx_acl_done(&dacl);
    sbx_descriptor_done(&descriptor);
    return status;
}

/* --- everything below --------------------------------------------------------------------------
 */

struct below {
    struct sbx_revoke_work *work;
    const char *path;
};

/*
 * A link got nothing from a grant, but one that was made later inherited: that goes, from the link
 * itself and by its handle. What it leads to was never granted and is not entered; the link stays,
 * and whoever cleans up after a sandbox should know of it.
 */
static void revoke_link(const struct below *below, const struct sbx_filewalk_entry *entry)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = READ_CONTROL | WRITE_DAC, .allow_reparse = true};
    struct sbx_revoke_work *work = below->work;
    bool is_directory = (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    HANDLE handle = NULL;
    bool is_done =
        !sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &handle, NULL) &&
        !sbx_revoke_object(work, handle, is_directory, NULL, 0, NULL);

    sbx_handle_close(&handle);
    sbx_grant_note_below(work->engine, below->path, entry->relative_w, entry->relative_cch,
        is_done ? "reparse point: not entered" : "reparse point: left with its access list");
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    const struct below *below = context;
    struct sbx_revoke_work *work = below->work;
    uint64_t writes = work->engine->report->counts.writes;
    uint64_t taken = work->engine->report->owners_taken;
    char reason[SBX_GRANT_REASON_MAX];
    struct sbx_error problem;
    struct sbx_grant_entry opened = {NULL, false, false};
    enum sbx_status status = SBX_OK;

    sbx_error_init(&problem);
    sbx_grant_progress_step(work->engine, entry->relative_w, entry->relative_cch);
    if ((entry->attributes & FILE_ATTRIBUTE_REPARSE_POINT) || entry->reparse_tag) {
        revoke_link(below, entry);
        return SBX_WALK_SKIP;
    }
    status = sbx_grant_open_entry(entry, &opened, &problem);
    if (status == SBX_NOT_FOUND)
        return SBX_WALK_SKIP;
    if (!status)
        status = sbx_revoke_object(work, opened.handle,
            (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0, NULL, 0, &problem);
    sbx_grant_entry_leave(entry, &opened);
    if (status) {
        sbx_grant_reason(&problem, reason);
        sbx_grant_skip_below(
            work->engine, below->path, entry->relative_w, entry->relative_cch, reason);
        work->incomplete = true;
    } else if (work->engine->report->counts.writes != writes) {
        work->engine->report->files_stamped++;
    }
    if (work->engine->report->owners_taken != taken)
        sbx_grant_note_below(work->engine, below->path, entry->relative_w, entry->relative_cch,
            "belonged to a sandbox account, is yours now");
    return SBX_WALK_ON;
}

static bool problem_seen(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    const struct below *below = context;
    char reason[SBX_GRANT_REASON_MAX];

    sbx_grant_reason(error, reason);
    sbx_grant_skip_below(below->work->engine, below->path, relative_w, cch, reason);
    below->work->incomplete = true;
    return true;
}

enum sbx_status sbx_revoke_below(
    struct sbx_revoke_work *work, HANDLE directory, const char *path, struct sbx_error *err)
{
    struct below below = {work, path};
    const struct sbx_filewalk walk = {.context = &below,
        .visit = visit,
        .problem = problem_seen,
        .cancel = work->engine->options->cancel};

    return sbx_filewalk_run(directory, &walk, NULL, err);
}
