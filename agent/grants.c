/* See grants.h for the MUSTs, the order and the reasons. */
#include "grants.h"

#include <stdio.h>

#include "grantwalk.h"
#include "ledger.h"
#include "revokewalk.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"

#define LOCK_WAIT_MS 120000u

enum need {
    NEED_NOTHING = 0, /* true already, or not there */
    NEED_ENTRIES,     /* explicit entries are missing on the object itself */
    NEED_WALK         /* its own entries are there, those of its children may not be */
};

struct work_target {
    struct sbx_grant_object object; /* handle NULL: the object does not exist or is skipped */
    enum need need;
};

/* One unit being made true. */
struct work {
    struct sbx_grant_engine *engine;
    const struct sbx_grant_unit *unit;
    struct work_target *targets; /* as unit->targets */
    struct sbx_ledger ledger;
    char volume_guid[64];
};

static bool is_passed_on(const struct sbx_grant_target *target, const struct work_target *at)
{
    return at->object.facts.is_directory && !sbx_grant_block_is_empty(&target->block);
}

/* --- looking -----------------------------------------------------------------------------------
 */

/* MUST 1, second half: what was opened is what the plan was made for, on a volume with ACLs. */
static enum sbx_status check_identity(struct work *work, struct sbx_error *err)
{
    const struct sbx_grant_object *object = &work->targets[0].object;
    const struct sbx_plan_root *root = work->unit->root;
    const char *path = work->unit->targets[0].path;
    struct sbx_volume volume;
    enum sbx_status status = SBX_OK;

    memset(&volume, 0, sizeof(volume));
    status = sbx_volume_of_handle(object->handle, &volume, err);
    if (status)
        return status;
    snprintf(work->volume_guid, sizeof(work->volume_guid), "%s", volume.guid_path);
    if (!volume.persistent_acls) {
        sbx_fail(err, SBX_UNSUPPORTED, "'%s' is on a volume (%s) that keeps no access lists", path,
            volume.filesystem);
        sbx_error_hint(err, "use a directory on an NTFS or ReFS volume");
        return SBX_UNSUPPORTED;
    }
    if (!root)
        return SBX_OK;
    if (!root->volume_guid || !volume.guid_path[0])
        snprintf(work->volume_guid, sizeof(work->volume_guid), "%s",
            root->volume_guid ? root->volume_guid : "");
    else if (_stricmp(volume.guid_path, root->volume_guid) != 0)
        return sbx_fail(err, SBX_DENIED, "'%s' changed since the plan: another volume", path);
    if (memcmp(object->facts.id, root->file_id, sizeof(root->file_id)) != 0)
        return sbx_fail(err, SBX_DENIED, "'%s' changed since the plan: another directory", path);
    return SBX_OK;
}

/* Open one target. An object that is gone or is a link needs nothing and can get nothing. */
static enum sbx_status open_target(struct work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct work_target *at = &work->targets[index];
    bool is_relative = index > 0 && target->relative;
    enum sbx_status status =
        sbx_grant_object_open(work->engine, is_relative ? work->targets[0].object.handle : NULL,
            is_relative ? target->relative : target->path, &at->object, err);

    if (!status || index == 0)
        return status;
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (sbx_grant_is_reparse_error(err)) {
        sbx_grant_skip(work->engine, target->path, "reparse point");
        return SBX_OK;
    }
    sbx_error_context(err, "'%s'", target->path);
    return status;
}

/*
 * An object that may not be written. Without a deny to put there that is only listed; with one it
 * depends on whether the child could write it as it is (MUST 5).
 */
static enum sbx_status skip_target(
    struct work *work, size_t index, const char *reason, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    const struct sbx_grant_object *object = &work->targets[index].object;
    size_t i;

    sbx_grant_skip(work->engine, target->path, reason);
    for (i = 0; i < target->count; i++) {
        const struct sbx_ace *ace = &target->aces[i];

        if (ace->type != SBX_ACE_DENY || (ace->flags & SBX_ACE_IO) ||
            !sbx_grant_lets(&object->descriptor.dacl, &ace->sid, 1, ace->mask))
            continue;
        sbx_fail(err, SBX_DENIED, "'%s' must be denied, but it is open and left: %s", target->path,
            reason);
        sbx_error_hint(err, "take write access for Everyone and for the sandbox away from it "
                            "(icacls), remove its other names, or remove it");
        return SBX_DENIED;
    }
    return SBX_OK;
}

/* What one target needs. One descriptor was read for it; nothing else is asked. */
static enum sbx_status judge(struct work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct work_target *at = &work->targets[index];
    const struct sbx_grant_object *object = &at->object;
    char reason[SBX_GRANT_REASON_MAX];
    enum sbx_status status = SBX_OK;

    if (!sbx_handle_is_set(object->handle) || !target->count)
        return SBX_OK;
    if (sbx_acl_has_all(&object->descriptor.dacl, target->aces, target->count)) {
        if (is_passed_on(target, at) &&
            (work->engine->options->again || !sbx_ledger_is_done(&work->ledger.records,
                                                 object->facts.id, target->aces, target->count)))
            at->need = NEED_WALK;
        return SBX_OK;
    }
    at->need = NEED_ENTRIES;
    if (sbx_grant_must_skip(work->engine, &object->descriptor,
            object->facts.is_directory ? 1 : object->facts.links, reason)) {
        if (index == 0 && work->unit->root) {
            status = sbx_fail(err,
                object->descriptor.dacl.kind == SBX_ACL_LIST ? SBX_DENIED : SBX_UNSUPPORTED,
                "'%s' cannot be a root: %s", target->path, reason);
            sbx_error_hint(
                err, "give it an access list of its own (icacls \"%s\" /reset)", target->path);
            return status;
        }
        status = skip_target(work, index, reason, err);
        sbx_grant_object_close(&at->object);
        at->need = NEED_NOTHING;
        return status;
    }
    if (!object->may_write) {
        status = sbx_fail_win32(err, ERROR_ACCESS_DENIED, "change the access list");
        sbx_grant_explain(target->path, &object->descriptor, err);
    }
    return status;
}

/* --- what an earlier policy left -----------------------------------------------------------------
 */

static bool is_target_path(const struct work *work, const char *path)
{
    size_t i;

    for (i = 0; work->unit->targets && i < work->unit->count; i++) {
        if (sbx_winpath_equal(work->unit->targets[i].path, path))
            return true;
    }
    return false;
}

static const struct sbx_grant_target *target_with_id(const struct work *work, const uint8_t id[16])
{
    size_t i;

    for (i = 0; i < work->unit->count; i++) {
        if (sbx_handle_is_set(work->targets[i].object.handle) &&
            memcmp(work->targets[i].object.facts.id, id, 16) == 0)
            return &work->unit->targets[i];
    }
    return NULL;
}

/* True when the object that the record speaks of still has its path; no descriptor is read. */
static bool is_still_there(const struct sbx_ledger_record *record)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_ANY};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;
    bool is_it = !sbx_file_open(record->path, &how, &handle, NULL) &&
                 !sbx_file_get_facts(handle, &facts, NULL) &&
                 memcmp(facts.id, record->file_id, sizeof(facts.id)) == 0;

    sbx_handle_close(&handle);
    return is_it;
}

/* True when the record denies the capability something that this plan does not deny there. */
static bool denies_more(const struct work *work, const struct sbx_ledger_record *record)
{
    const struct sbx_grant_target *target = target_with_id(work, record->file_id);
    uint32_t now = target ? target->deny_mask : 0;
    size_t i;

    /* An object that was replaced by another one of the same name: a save, as most are. */
    if (!target && is_target_path(work, record->path))
        return false;
    for (i = 0; i < record->ace_count; i++) {
        if (record->aces[i].type == SBX_ACE_DENY && (record->aces[i].mask & ~now) &&
            sbx_sid_equal(&record->aces[i].sid, &work->unit->capability))
            return true;
    }
    return false;
}

/*
 * A deny of an earlier policy stays until the root is revoked: another run with that policy may be
 * alive, and all runs of a root share its capability. It is listed, each time, so that nobody has
 * to guess why a write fails. From the ledger alone: a warm run reads no descriptor for it.
 */
static void list_earlier_denies(struct work *work)
{
    const struct sbx_ledger_records *records = &work->ledger.records;
    size_t i;
    size_t k;

    for (i = 0; i < records->count; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        if (record->kind != SBX_LEDGER_TARGET || !denies_more(work, record))
            continue;
        for (k = 0; k < i; k++) {
            if (records->items[k].kind == SBX_LEDGER_TARGET &&
                memcmp(records->items[k].file_id, record->file_id, 16) == 0 &&
                denies_more(work, &records->items[k]))
                break;
        }
        if (k == i && is_still_there(record))
            sbx_grant_skip(work->engine, record->path, "still denied by an earlier policy: revoke");
    }
}

/* --- journalling --------------------------------------------------------------------------------
 */

static bool is_journalled(const struct work *work, size_t index)
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

static enum sbx_status journal_root(struct work *work, struct sbx_error *err)
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

static enum sbx_status journal_target(struct work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    const struct work_target *at = &work->targets[index];
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

static enum sbx_status journal_done(struct work *work, size_t index, struct sbx_error *err)
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
static enum sbx_status journal(struct work *work, struct sbx_error *err)
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

/* --- writing -----------------------------------------------------------------------------------
 */

static enum sbx_status write_entries(struct work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct work_target *at = &work->targets[index];
    struct sbx_acl dacl;
    size_t added = 0;
    enum sbx_status status = SBX_OK;

    if (at->need != NEED_ENTRIES)
        return SBX_OK;
    if (sbx_grant_cancelled(work->engine))
        return sbx_fail(err, SBX_CANCELLED, "cancelled before '%s'", target->path);
    memset(&dacl, 0, sizeof(dacl));
    status = sbx_acl_copy(&at->object.descriptor.dacl, &dacl, err);
    if (!status)
        status = sbx_acl_merge(&dacl, target->aces, target->count, &added, err);
    if (!status && added)
        status =
            sbx_grant_write(work->engine, at->object.handle, &at->object.descriptor, &dacl, err);
    if (status)
        sbx_grant_explain(target->path, &at->object.descriptor, err);
    else
        at->need = is_passed_on(target, at) ? NEED_WALK : NEED_NOTHING;
    sbx_acl_done(&dacl);
    return status;
}

/* MUST 4: objects with denies first, then the root itself, then what allows inside a deny. */
static enum sbx_status write_all(struct work *work, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 1; i < work->unit->count && !status; i++) {
        if (work->unit->targets[i].deny_mask)
            status = write_entries(work, i, err);
    }
    for (i = 0; i < work->unit->count && !status; i++)
        status = write_entries(work, i, err);
    return status;
}

/* The next target to walk: the one nearest to the volume root, because it covers those below. */
static size_t next_walk(const struct work *work)
{
    size_t best = SIZE_MAX;
    size_t i;

    for (i = 0; i < work->unit->count; i++) {
        if (work->targets[i].need == NEED_WALK &&
            (best == SIZE_MAX ||
                strlen(work->unit->targets[i].path) < strlen(work->unit->targets[best].path)))
            best = i;
    }
    return best;
}

static enum sbx_status walk_all(struct work *work, struct sbx_error *err)
{
    const struct sbx_grant_target *targets = work->unit->targets;
    enum sbx_status status = SBX_OK;
    bool walked = false;
    size_t top;
    size_t i;

    while (!status && (top = next_walk(work)) != SIZE_MAX) {
        status = sbx_grant_walk(work->engine, work->unit, top, &work->targets[top].object, err);
        for (i = 0; i < work->unit->count && !status; i++) {
            if (work->targets[i].need == NEED_WALK &&
                (i == top || sbx_winpath_is_inside(targets[top].path, targets[i].path)))
                status = journal_done(work, i, err);
        }
        walked = true;
    }
    if (!status && walked)
        status = sbx_ledger_flush(&work->ledger, err);
    return status;
}

/* For a shorter ledger: nothing can be taken back from an object that is not there any more. */
static bool is_gone(void *context, const struct sbx_ledger_record *record)
{
    const struct work *work = context;
    HANDLE handle = NULL;
    enum sbx_status status =
        sbx_revoke_open(record, work->volume_guid, READ_CONTROL, &handle, NULL);

    sbx_handle_close(&handle);
    return status == SBX_NOT_FOUND && work->volume_guid[0];
}

/* --- one unit ----------------------------------------------------------------------------------
 */

static enum sbx_status open_ledger(struct work *work, struct sbx_error *err)
{
    const struct sbx_grant_options *options = work->engine->options;
    struct sbx_ledger_how how = {.create = true,
        .wait_ms = options->lock_wait_ms ? options->lock_wait_ms : LOCK_WAIT_MS,
        .cancel = options->cancel,
        .waiting = sbx_grant_progress_waiting,
        .context = work->engine};
    char name[SBX_LEDGER_NAME_SIZE];
    enum sbx_status status;

    sbx_ledger_name(
        work->volume_guid, work->targets[0].object.facts.id, &work->unit->capability, name);
    status = sbx_ledger_open(work->engine->ledgers, name, &how, &work->ledger, err);
    work->engine->report->ledgers_repaired += work->ledger.repaired;
    return status;
}

static enum sbx_status run(struct work *work, struct sbx_error *err)
{
    enum sbx_status status = open_target(work, 0, err);
    bool is_needed = false;
    size_t i;

    if (status) {
        sbx_error_context(err, "'%s'", work->unit->targets[0].path);
        return status;
    }
    status = check_identity(work, err);
    if (!status)
        status = open_ledger(work, err);
    for (i = 1; i < work->unit->count && !status; i++)
        status = open_target(work, i, err);
    for (i = 0; i < work->unit->count && !status; i++) {
        status = judge(work, i, err);
        is_needed = is_needed || work->targets[i].need != NEED_NOTHING;
    }
    if (!status)
        list_earlier_denies(work);
    if (status || !is_needed)
        return status;
    status = sbx_ledger_shrink(work->engine->ledgers, &work->ledger, is_gone, work, err);
    if (!status)
        status = journal(work, err);
    if (!status)
        status = write_all(work, err);
    if (!status)
        status = walk_all(work, err);
    return status;
}

static enum sbx_status apply_unit(
    struct sbx_grant_engine *engine, const struct sbx_grant_unit *unit, struct sbx_error *err)
{
    struct work work = {.engine = engine, .unit = unit};
    enum sbx_status status = sbx_calloc(unit->count, sizeof(*work.targets), &work.targets, err);
    size_t i;

    if (status)
        return status;
    sbx_grant_progress_begin(engine, unit->targets[0].path);
    status = run(&work, err);
    sbx_grant_progress_end(engine);
    sbx_ledger_close(&work.ledger);
    for (i = 0; i < unit->count; i++)
        sbx_grant_object_close(&work.targets[i].object);
    free(work.targets);
    return status;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static enum sbx_status apply_units(
    struct sbx_grant_engine *engine, const struct sbx_grant_units *units, struct sbx_error *err)
{
    enum sbx_status first = SBX_OK;
    size_t i;

    for (i = 0; i < units->count; i++) {
        const struct sbx_grant_unit *unit = &units->items[i];
        struct sbx_error error;
        enum sbx_status status = SBX_OK;

        sbx_error_init(&error);
        status = apply_unit(engine, unit, &error);
        if (!status)
            continue;
        sbx_grant_fail(engine, unit->targets[0].path, unit->needed, &error);
        if (!first && (unit->needed || status == SBX_CANCELLED)) {
            first = status;
            if (err)
                *err = error;
        }
        if (status == SBX_CANCELLED)
            break;
    }
    return first;
}

enum sbx_status sbx_grants_apply_units(const struct sbx_grant_units *units,
    const struct sbx_grant_options *options, struct sbx_grant_report *report, struct sbx_error *err)
{
    struct sbx_grant_engine engine = {.options = options, .report = report};
    enum sbx_status status = sbx_grant_engine_accounts(&engine, err);

    if (!status && units->count)
        status = sbx_ledger_directory(options->state_directory, true, &engine.ledgers, err);
    if (!status)
        status = apply_units(&engine, units, err);
    sbx_handle_close(&engine.ledgers);
    free(engine.accounts);
    return status;
}

enum sbx_status sbx_grants_apply(const struct sbx_plan *plan,
    const struct sbx_grant_options *options, struct sbx_grant_report *ret_report,
    struct sbx_error *err)
{
    struct sbx_grant_units units = {NULL, 0};
    enum sbx_status status = SBX_OK;

    memset(ret_report, 0, sizeof(*ret_report));
    status = sbx_grant_units_make(plan, &units, err);
    if (!status)
        status = sbx_grants_apply_units(&units, options, ret_report, err);
    ret_report->warm = !status && ret_report->counts.writes == 0 && ret_report->files_walked == 0;
    sbx_grant_units_done(&units);
    return status;
}
