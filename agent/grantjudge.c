/* What a unit needs, from what is there. See grants.h for the MUSTs. */
#include "grantparts.h"

#include <stdio.h>

#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"

bool sbx_grant_is_passed_on(
    const struct sbx_grant_target *target, const struct sbx_grant_work_target *at)
{
    return at->object.facts.is_directory && !sbx_grant_block_is_empty(&target->block);
}

/* --- looking -----------------------------------------------------------------------------------
 */

/* MUST 1, second half: what was opened is what the plan was made for, on a volume with ACLs. */
enum sbx_status sbx_grant_check_identity(struct sbx_grant_work *work, struct sbx_error *err)
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
enum sbx_status sbx_grant_open_target(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct sbx_grant_work_target *at = &work->targets[index];
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
    struct sbx_grant_work *work, size_t index, const char *reason, struct sbx_error *err)
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
enum sbx_status sbx_grant_judge(struct sbx_grant_work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct sbx_grant_work_target *at = &work->targets[index];
    const struct sbx_grant_object *object = &at->object;
    char reason[SBX_GRANT_REASON_MAX];
    enum sbx_status status = SBX_OK;

    if (!sbx_handle_is_set(object->handle) || !target->count)
        return SBX_OK;
    if (sbx_acl_has_all(&object->descriptor.dacl, target->aces, target->count)) {
        if (sbx_grant_is_passed_on(target, at) &&
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

static bool is_target_path(const struct sbx_grant_work *work, const char *path)
{
    size_t i;

    for (i = 0; work->unit->targets && i < work->unit->count; i++) {
        if (sbx_winpath_equal(work->unit->targets[i].path, path))
            return true;
    }
    return false;
}

static const struct sbx_grant_target *target_with_id(
    const struct sbx_grant_work *work, const uint8_t id[16])
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
static bool denies_more(const struct sbx_grant_work *work, const struct sbx_ledger_record *record)
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
void sbx_grant_list_earlier(struct sbx_grant_work *work)
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
