/* See grantwalk.h. */
#include "grantwalk.h"

#include "linkset.h"
#include <stdio.h>

#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/wstr.h"

/* A target below the top, as the walk meets it. */
struct station {
    const struct sbx_grant_target *target;
    wchar_t *relative_w; /* owned; from the top of the walk */
    size_t cch;
    struct sbx_grant_level level;
};

struct walk {
    struct sbx_grant_engine *engine;
    const char *top_path;
    struct station *stations;
    size_t station_count;
    struct sbx_error fatal; /* status not OK: ended the walk */
    bool in_danger;         /* something that must be denied is open; the first is in `danger` */
    struct sbx_error danger;
};

/* --- opening ---------------------------------------------------------------------------------- */

enum sbx_status sbx_grant_open_list(const char *path, const struct sbx_grant_object *object,
    HANDLE *ret_handle, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open(path, &how, &handle, err);

    if (!status)
        status = sbx_file_get_facts(handle, &facts, err);
    if (!status && !sbx_file_same(&facts, &object->facts))
        status = sbx_fail(err, SBX_DENIED, "'%s' was replaced while it was granted", path);
    if (status)
        sbx_handle_close(&handle);
    else
        *ret_handle = handle;
    return status;
}

enum sbx_status sbx_grant_open_entry(const struct sbx_filewalk_entry *entry,
    struct sbx_grant_entry *ret_opened, struct sbx_error *err)
{
    bool is_directory = (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    enum sbx_status status = SBX_DENIED;
    unsigned i;

    /*
     * All of it, then without listing, then without writing, then neither. Listing also meets
     * whoever shares a directory with nobody; the rights of a list meet no share mode.
     */
    for (i = 0; i < 4 && (status == SBX_DENIED || status == SBX_OS); i++) {
        bool may_list = is_directory && !(i & 1);
        bool may_write = !(i & 2);
        struct sbx_file_how how = {.kind = is_directory ? SBX_FILE_DIRECTORY : SBX_FILE_PLAIN,
            .access = READ_CONTROL | (may_write ? WRITE_DAC : 0) |
                      (may_list ? FILE_LIST_DIRECTORY | FILE_TRAVERSE : 0)};

        if (!is_directory && (i & 1))
            continue;
        ret_opened->may_write = may_write;
        ret_opened->may_list = may_list;
        status = sbx_file_open_child(
            entry->parent, entry->name_w, entry->name_cch, &how, &ret_opened->handle, err);
        if (status && sbx_grant_is_reparse_error(err))
            break;
    }
    return status;
}

void sbx_grant_entry_leave(struct sbx_filewalk_entry *entry, struct sbx_grant_entry *opened)
{
    if (opened->may_list && sbx_handle_is_set(opened->handle)) {
        entry->directory = opened->handle;
        opened->handle = NULL;
    }
    sbx_handle_close(&opened->handle);
}

/* --- one entry -------------------------------------------------------------------------------- */

static struct station *station_of(struct walk *walk, const struct sbx_filewalk_entry *entry)
{
    size_t i;

    for (i = 0; i < walk->station_count; i++) {
        struct station *station = &walk->stations[i];

        if (station->cch == entry->relative_cch &&
            CompareStringOrdinal(station->relative_w, (int)station->cch, entry->relative_w,
                (int)entry->relative_cch, TRUE) == CSTR_EQUAL)
            return station;
    }
    return NULL;
}

/* True when one of the levels denies what the list lets its SIDs, or everyone, do. */
static bool is_open_to_child(
    const struct sbx_grant_level *nearest, const struct sbx_acl *dacl, bool is_directory)
{
    const struct sbx_grant_level *level;
    size_t i;

    for (level = nearest; level && !level->block->allows; level = level->parent) {
        const struct sbx_acl *form = is_directory ? &level->block->directory : &level->block->file;

        for (i = 0; i < form->count; i++) {
            if (!(form->aces[i].flags & SBX_ACE_IO) &&
                sbx_grant_lets(dacl, &form->aces[i].sid, 1, form->aces[i].mask))
                return true;
        }
    }
    return false;
}

/* An object stays as it is. That is listed; below a deny it may end the root. */
static void leave_alone(struct walk *walk, const struct sbx_filewalk_entry *entry,
    const struct sbx_descriptor *descriptor, const char *reason)
{
    const struct sbx_grant_level *nearest = entry->parent_data;
    char name[300];

    sbx_grant_skip_below(
        walk->engine, walk->top_path, entry->relative_w, entry->relative_cch, reason);
    if (walk->in_danger || !descriptor ||
        !is_open_to_child(
            nearest, &descriptor->dacl, (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0))
        return;
    walk->in_danger = true;
    sbx_wstr_display(entry->relative_w, entry->relative_cch, name, sizeof(name));
    sbx_error_init(&walk->danger);
    sbx_fail(&walk->danger, SBX_DENIED, "'%s' in '%s' must be denied, but it is open and left: %s",
        name, walk->top_path, reason);
    sbx_error_hint(&walk->danger,
        "take write access for Everyone and for the sandbox away from it (icacls), or remove it");
}

/* Read and decide. @param ret_dacl what to write, when *ret_changed */
static enum sbx_status decide(struct walk *walk, const struct sbx_filewalk_entry *entry,
    const struct station *station, HANDLE handle, struct sbx_descriptor *ret_descriptor,
    struct sbx_acl *ret_dacl, bool *ret_changed, struct sbx_error *err)
{
    struct sbx_grant_child child = {.descriptor = ret_descriptor,
        .is_directory = (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0};
    enum sbx_status status =
        sbx_acl_get(handle, &walk->engine->report->counts, ret_descriptor, err);

    if (station) {
        child.own = station->target->aces;
        child.own_count = station->target->count;
    }
    if (status)
        return status;
    if (ret_descriptor->dacl.kind != SBX_ACL_LIST) {
        *ret_changed = true; /* so that it is listed */
        return SBX_OK;
    }
    return sbx_grant_step_add(&child, entry->parent_data, ret_dacl, ret_changed, err);
}

/* Somebody else's: the reason names the owner, as long as it will be listed at all. */
static enum sbx_status not_ours(const struct sbx_grant_engine *engine,
    const struct sbx_descriptor *descriptor, char reason[SBX_GRANT_REASON_MAX],
    struct sbx_error *err)
{
    char sid[SBX_SID_TEXT_SIZE];
    char *name = NULL;

    if (descriptor->has_owner && engine->report->skip_count < SBX_GRANT_SKIPS_MAX) {
        sbx_sid_format(&descriptor->owner, sid);
        if (sbx_sid_to_account(&descriptor->owner, &name, NULL))
            name = NULL;
        snprintf(reason, SBX_GRANT_REASON_MAX, "access denied (5), owned by %s", name ? name : sid);
        free(name);
    }
    return sbx_fail_win32(err, ERROR_ACCESS_DENIED, "open for writing the access list");
}

/* @return only what ends the walk; anything else is listed */
static enum sbx_status stamp(struct walk *walk, const struct sbx_filewalk_entry *entry,
    const struct station *station, HANDLE handle, bool may_write, struct sbx_error *err)
{
    struct sbx_grant_engine *engine = walk->engine;
    struct sbx_descriptor descriptor;
    struct sbx_acl dacl;
    char reason[SBX_GRANT_REASON_MAX] = "";
    uint32_t links = 1;
    bool changed = false;
    enum sbx_status status = SBX_OK;

    memset(&descriptor, 0, sizeof(descriptor));
    memset(&dacl, 0, sizeof(dacl));
    status = decide(walk, entry, station, handle, &descriptor, &dacl, &changed, err);
    if (!status && !changed)
        goto cleanup;
    if (!status && !(entry->attributes & FILE_ATTRIBUTE_DIRECTORY))
        status = sbx_grant_links(handle, &links, err);
    if (!status && links != 1 && engine->options->links)
        sbx_linkset_meet(engine->options->links, handle, walk->top_path, entry->relative_w,
            entry->relative_cch, station ? NULL : entry->parent_data, &links);
    if (!status && !sbx_grant_must_skip(engine, &descriptor, links, reason)) {
        if (may_write)
            status = sbx_grant_write(engine, handle, &descriptor, &dacl, err);
        else
            status = not_ours(engine, &descriptor, reason, err);
        if (!status) {
            engine->root_writes++;
            engine->report->files_stamped++;
            goto cleanup;
        }
    }
    if (status == SBX_UNPROVEN || status == SBX_OOM)
        goto cleanup;
    if (status && !reason[0])
        sbx_grant_reason(err, reason);
    leave_alone(walk, entry, descriptor.has_owner ? &descriptor : NULL, reason);
    status = SBX_OK;

cleanup:
    sbx_acl_done(&dacl);
    sbx_descriptor_done(&descriptor);
    return status;
}

/* What the children of this entry are below of. */
static void set_level(struct station *station, struct sbx_filewalk_entry *entry)
{
    entry->data = entry->parent_data;
    if (!station || sbx_grant_block_is_empty(&station->target->block))
        return;
    station->level.parent = entry->parent_data;
    entry->data = &station->level;
}

/*
 * A directory that its owner could not list may be open to him now. What is in there must be seen
 * by this walk: the walk over a root around this one would see it, and hand its allow down there
 * without the denies of this one.
 */
static void list_after_all(const struct sbx_filewalk_entry *entry, struct sbx_grant_entry *opened)
{
    struct sbx_grant_entry again = {NULL, false, false};
    struct sbx_error problem;

    sbx_error_init(&problem);
    if (!(entry->attributes & FILE_ATTRIBUTE_DIRECTORY) ||
        sbx_grant_open_entry(entry, &again, &problem))
        return;
    sbx_handle_close(&opened->handle);
    *opened = again;
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    struct walk *walk = context;
    struct station *station = station_of(walk, entry);
    char reason[SBX_GRANT_REASON_MAX];
    struct sbx_error problem;
    struct sbx_grant_entry opened = {NULL, false, false};
    enum sbx_status status = SBX_OK;

    sbx_error_init(&problem);
    sbx_grant_progress_step(walk->engine, entry->relative_w, entry->relative_cch);
    set_level(station, entry);
    if ((entry->attributes & FILE_ATTRIBUTE_REPARSE_POINT) || entry->reparse_tag) {
        leave_alone(walk, entry, NULL, "reparse point");
        return SBX_WALK_SKIP;
    }
    status = sbx_grant_open_entry(entry, &opened, &problem);
    if (status == SBX_NOT_FOUND)
        return SBX_WALK_SKIP; /* deleted since the directory was read */
    if (status) {
        sbx_grant_reason(&problem, reason);
        leave_alone(
            walk, entry, NULL, sbx_grant_is_reparse_error(&problem) ? "reparse point" : reason);
        return SBX_WALK_SKIP;
    }
    status = stamp(walk, entry, station, opened.handle, opened.may_write, &problem);
    if (!status && !opened.may_list && opened.may_write)
        list_after_all(entry, &opened);
    sbx_grant_entry_leave(entry, &opened);
    if (status) {
        walk->fatal = problem;
        walk->fatal.status = status;
        return SBX_WALK_STOP;
    }
    return SBX_WALK_ON;
}

static bool problem_seen(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    struct walk *walk = context;
    char reason[SBX_GRANT_REASON_MAX];

    sbx_grant_reason(error, reason);
    sbx_grant_skip_below(walk->engine, walk->top_path, relative_w, cch, reason);
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void stations_done(struct walk *walk)
{
    size_t i;

    for (i = 0; i < walk->station_count; i++)
        free(walk->stations[i].relative_w);
    free(walk->stations);
}

/* The other targets of the unit that lie below the top. */
static enum sbx_status find_stations(
    struct walk *walk, const struct sbx_grant_unit *unit, size_t top_index, struct sbx_error *err)
{
    const char *top = unit->targets[top_index].path;
    size_t top_bytes = strlen(top);
    enum sbx_status status = sbx_calloc(unit->count, sizeof(*walk->stations), &walk->stations, err);
    size_t i;

    for (i = 0; i < unit->count && !status; i++) {
        const struct sbx_grant_target *target = &unit->targets[i];
        struct station *station = &walk->stations[walk->station_count];
        const char *relative = target->path + top_bytes;

        if (i == top_index || !sbx_winpath_is_inside(top, target->path))
            continue;
        relative += *relative == '\\';
        status = sbx_wstr_from_utf8(relative, &station->relative_w, err);
        if (status)
            break;
        station->cch = wcslen(station->relative_w);
        station->target = target;
        station->level.block = &target->block;
        walk->station_count++;
    }
    return status;
}

enum sbx_status sbx_grant_walk(struct sbx_grant_engine *engine, const struct sbx_grant_unit *unit,
    size_t target_index, const struct sbx_grant_object *top, struct sbx_error *err)
{
    const struct sbx_grant_target *target = &unit->targets[target_index];
    struct sbx_grant_level level = {&target->block, NULL};
    struct walk walk = {.engine = engine, .top_path = target->path};
    struct sbx_filewalk run = {.context = &walk,
        .root_data = sbx_grant_block_is_empty(&target->block) ? NULL : &level,
        .visit = visit,
        .problem = problem_seen,
        .cancel = engine->options->cancel};
    HANDLE directory = NULL;
    enum sbx_status status = find_stations(&walk, unit, target_index, err);

    if (!status)
        status = sbx_grant_open_list(target->path, top, &directory, err);
    if (!status)
        status = sbx_filewalk_run(directory, &run, NULL, err);
    if (walk.fatal.status || (!status && walk.in_danger)) {
        const struct sbx_error *worst = walk.fatal.status ? &walk.fatal : &walk.danger;

        status = worst->status;
        if (err)
            *err = *worst;
    }
    if (status == SBX_CANCELLED)
        status =
            sbx_fail(err, SBX_CANCELLED, "'%s': cancelled; the next run goes on", target->path);
    sbx_handle_close(&directory);
    stations_done(&walk);
    return status;
}
