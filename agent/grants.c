/* See grants.h for the MUSTs, the order and the reasons. */
#include "grants.h"

#include "grantparts.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"

#define LOCK_WAIT_MS 120000u

/* --- writing -----------------------------------------------------------------------------------
 */

static enum sbx_status write_entries(
    struct sbx_grant_work *work, size_t index, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &work->unit->targets[index];
    struct sbx_grant_work_target *at = &work->targets[index];
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
        at->need = sbx_grant_is_passed_on(target, at) ? NEED_WALK : NEED_NOTHING;
    sbx_acl_done(&dacl);
    return status;
}

/* MUST 4: objects with denies first, then the root itself, then what allows inside a deny. */
static enum sbx_status write_all(struct sbx_grant_work *work, struct sbx_error *err)
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
static size_t next_walk(const struct sbx_grant_work *work)
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

static enum sbx_status walk_all(struct sbx_grant_work *work, struct sbx_error *err)
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
                status = sbx_grant_journal_done(work, i, err);
        }
        walked = true;
    }
    if (!status && walked)
        status = sbx_ledger_flush(&work->ledger, err);
    return status;
}

/* --- one unit ----------------------------------------------------------------------------------
 */

static enum sbx_status open_ledger(struct sbx_grant_work *work, struct sbx_error *err)
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

static enum sbx_status run(struct sbx_grant_work *work, struct sbx_error *err)
{
    enum sbx_status status = sbx_grant_open_target(work, 0, err);
    bool is_needed = false;
    size_t i;

    if (status) {
        sbx_error_context(err, "'%s'", work->unit->targets[0].path);
        return status;
    }
    status = sbx_grant_check_identity(work, err);
    if (!status)
        status = open_ledger(work, err);
    for (i = 1; i < work->unit->count && !status; i++)
        status = sbx_grant_open_target(work, i, err);
    for (i = 0; i < work->unit->count && !status; i++) {
        status = sbx_grant_judge(work, i, err);
        is_needed = is_needed || work->targets[i].need != NEED_NOTHING;
    }
    if (!status)
        sbx_grant_list_earlier(work);
    if (status || !is_needed)
        return status;
    status = sbx_ledger_shrink(work->engine->ledgers, &work->ledger, sbx_grant_is_gone, work, err);
    if (!status)
        status = sbx_grant_journal(work, err);
    if (!status)
        status = write_all(work, err);
    if (!status)
        status = walk_all(work, err);
    return status;
}

static enum sbx_status apply_unit(
    struct sbx_grant_engine *engine, const struct sbx_grant_unit *unit, struct sbx_error *err)
{
    struct sbx_grant_work work = {.engine = engine, .unit = unit};
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
