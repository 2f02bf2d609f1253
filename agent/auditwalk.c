/* See auditwalk.h. */
#include "auditwalk.h"

#include <stdio.h>

#include "grantreport.h"
#include "shared/win/acl.h"
#include "shared/win/clock.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"
#include "shared/win/wstr.h"

#define PATH_MAX_BYTES 70000u

/* One walk below one place. */
struct walk {
    struct sbx_audit *audit;
    struct sbx_audit_place *place;
    bool shallow; /* only what is directly in it; files too */
    uint64_t deadline_ms;
    bool out_of_time;
    struct sbx_error fatal;
    char *path; /* PATH_MAX_BYTES, scratch */
};

static void count_reason(struct sbx_audit *audit, const char *text)
{
    size_t i;

    for (i = 0; i < audit->reason_count; i++)
        if (strcmp(audit->reasons[i].text, text) == 0)
            break;
    if (i == SBX_AUDIT_REASONS_MAX)
        i--; /* the last one takes the rest */
    else if (i == audit->reason_count) {
        snprintf(audit->reasons[i].text, sizeof(audit->reasons[i].text), "%s",
            i + 1 == SBX_AUDIT_REASONS_MAX ? "other reasons" : text);
        audit->reason_count++;
    }
    audit->reasons[i].count++;
}

static void count_error(struct sbx_audit *audit, const char *what, const struct sbx_error *error)
{
    char reason[SBX_GRANT_REASON_MAX], text[64];

    sbx_grant_reason(error, reason);
    snprintf(text, sizeof(text), "%.12s: %.48s", what, reason);
    count_reason(audit, text);
}

/* --- findings --------------------------------------------------------------------------------- */

/* The same entry, come down from a directory that is a finding already. */
static bool comes_from(const struct sbx_audit_finding *above, const struct sbx_why_hole *hole)
{
    return above->is_directory && hole->verdict.has_ace &&
           (hole->verdict.ace_flags & SBX_ACE_INHERITED) && above->hole.verdict.has_ace &&
           sbx_sid_equal(&above->hole.verdict.step.sid, &hole->verdict.step.sid);
}

/* @param ret_finding what things below this object are compared with; may be NULL */
static enum sbx_status add_finding(struct sbx_audit *audit, const char *path, bool is_directory,
    const struct sbx_why_hole *hole, struct sbx_audit_finding *above,
    struct sbx_audit_finding **ret_finding, struct sbx_error *err)
{
    struct sbx_audit_finding *finding = NULL;
    enum sbx_status status;

    *ret_finding = above;
    if (above && comes_from(above, hole)) {
        above->below++;
        return SBX_OK;
    }
    if (audit->finding_count == SBX_AUDIT_FINDINGS_MAX) {
        audit->findings_left_out++;
        return SBX_OK;
    }
    finding = &audit->findings[audit->finding_count];
    status = sbx_strdup(path, &finding->path, err);
    if (status)
        return status;
    finding->is_directory = is_directory;
    finding->hole = *hole;
    audit->finding_count++;
    *ret_finding = finding;
    return SBX_OK;
}

static enum sbx_status judge(struct sbx_audit *audit, HANDLE handle, const char *path,
    bool is_directory, struct sbx_audit_finding *above, struct sbx_audit_finding **ret_finding,
    struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status = SBX_OK;
    struct sbx_error problem;
    struct sbx_why_hole hole;

    sbx_error_init(&problem);
    *ret_finding = NULL;
    if (sbx_acl_get(handle, NULL, &descriptor, &problem)) {
        count_error(audit, is_directory ? "directory" : "file", &problem);
        return problem.status == SBX_OOM ? sbx_fail_oom(err) : SBX_OK;
    }
    audit->directories += is_directory;
    audit->files += !is_directory;
    if (sbx_why_find_hole(&descriptor, is_directory, audit->token, 0, &hole))
        status = add_finding(audit, path, is_directory, &hole, above, ret_finding, err);
    else
        audit->delete_child += hole.delete_child;
    sbx_descriptor_done(&descriptor);
    return status;
}

/* --- the walk --------------------------------------------------------------------------------- */

static bool is_same(const struct sbx_audit_exclusion *root, const struct walk *walk, uint64_t id)
{
    uint64_t low = 0;

    memcpy(&low, root->id, sizeof(low));
    return root->volume_serial == walk->place->facts.volume_serial && low == id;
}

/* A writable root; or a place that has a walk of its own. */
static bool is_excluded(struct walk *walk, uint64_t id)
{
    struct sbx_audit *audit = walk->audit;
    size_t i;

    for (i = 0; id && i < audit->root_count; i++) {
        if (!is_same(&audit->roots[i], walk, id))
            continue;
        audit->in_roots++;
        return true;
    }
    for (i = 0; id && !walk->shallow && i < audit->place_count; i++) {
        struct sbx_audit_exclusion place = {audit->places[i].facts.volume_serial, {0}};

        memcpy(place.id, audit->places[i].facts.id, sizeof(place.id));
        if (&audit->places[i] != walk->place && is_same(&place, walk, id))
            return true;
    }
    return false;
}

static void make_path(struct walk *walk, const struct sbx_filewalk_entry *entry)
{
    size_t length = strlen(walk->place->path);

    snprintf(walk->path, PATH_MAX_BYTES, "%s%s", walk->place->path,
        length && walk->place->path[length - 1] == '\\' ? "" : "\\");
    length = strlen(walk->path);
    sbx_wstr_display(
        entry->relative_w, entry->relative_cch, walk->path + length, PATH_MAX_BYTES - length);
}

/* With the right to list it where possible; its list can be read where only that is allowed. */
static enum sbx_status open_entry(const struct sbx_filewalk_entry *entry, bool is_directory,
    bool *ret_may_list, HANDLE *ret_handle, struct sbx_error *err)
{
    struct sbx_file_how how = {.kind = is_directory ? SBX_FILE_DIRECTORY : SBX_FILE_PLAIN,
        .access = READ_CONTROL | (is_directory ? FILE_LIST_DIRECTORY | FILE_TRAVERSE : 0u)};
    enum sbx_status status =
        sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, ret_handle, err);

    *ret_may_list = true;
    if (status != SBX_DENIED || !is_directory)
        return status;
    *ret_may_list = false;
    how.access = READ_CONTROL;
    return sbx_file_open_child(
        entry->parent, entry->name_w, entry->name_cch, &how, ret_handle, err);
}

static struct sbx_audit_finding *find_finding(struct sbx_audit *audit, const char *path)
{
    size_t i;

    for (i = 0; i < audit->finding_count; i++)
        if (strcmp(audit->findings[i].path, path) == 0)
            return &audit->findings[i];
    return NULL;
}

/* @param again the first look was at this already: it is only entered */
static enum sbx_filewalk_next look_at(
    struct walk *walk, struct sbx_filewalk_entry *entry, bool is_directory, bool again)
{
    struct sbx_audit_finding *finding = NULL;
    enum sbx_status status = SBX_OK;
    struct sbx_error problem;
    HANDLE handle = NULL;
    bool may_list = false;

    sbx_error_init(&problem);
    if (open_entry(entry, is_directory, &may_list, &handle, &problem)) {
        if (!again && problem.status != SBX_NOT_FOUND) /* deleted meanwhile */
            count_error(walk->audit, is_directory ? "directory" : "file", &problem);
        return SBX_WALK_SKIP;
    }
    make_path(walk, entry);
    if (again)
        finding = find_finding(walk->audit, walk->path);
    if (again && !finding) /* counted with the place, perhaps: what is below it then is too */
        finding = find_finding(walk->audit, walk->place->path);
    if (!again)
        status = judge(walk->audit, handle, walk->path, is_directory, entry->parent_data, &finding,
            &walk->fatal);
    entry->data = finding;
    if (!status && is_directory && may_list && !walk->shallow) {
        entry->directory = handle;
        return SBX_WALK_ON;
    }
    sbx_handle_close(&handle);
    if (!status && is_directory && !walk->shallow)
        count_reason(walk->audit, "directory: may not be listed");
    return status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    struct walk *walk = context;
    bool is_directory = (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;

    if (!sbx_clock_left_ms(walk->deadline_ms)) {
        walk->out_of_time = true;
        return SBX_WALK_STOP;
    }
    if ((entry->attributes & FILE_ATTRIBUTE_REPARSE_POINT) || entry->reparse_tag) {
        if (walk->shallow || entry->depth)
            count_reason(walk->audit, "link");
        return SBX_WALK_SKIP;
    }
    if (!is_directory && !walk->shallow)
        return SBX_WALK_ON;
    if (is_directory && is_excluded(walk, entry->file_id))
        return SBX_WALK_SKIP;
    return look_at(walk, entry, is_directory, !walk->shallow && !entry->depth);
}

static bool problem_seen(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    struct walk *walk = context;

    (void)relative_w;
    (void)cch;
    count_error(walk->audit, "list", error);
    return true;
}

/* @param above the finding that the place itself is, or NULL */
static enum sbx_status walk_place(
    struct walk *walk, HANDLE directory, struct sbx_audit_finding *above, struct sbx_error *err)
{
    const struct sbx_filewalk run = {
        .context = walk, .root_data = above, .visit = visit, .problem = problem_seen};
    struct sbx_error problem;
    enum sbx_status status;

    sbx_error_init(&problem);
    sbx_error_init(&walk->fatal);
    status = sbx_filewalk_run(directory, &run, NULL, &problem);
    if (walk->fatal.status) {
        *err = walk->fatal;
        return walk->fatal.status;
    }
    if (status == SBX_OOM)
        return sbx_fail_oom(err);
    if (status && !walk->out_of_time)
        count_error(walk->audit, "list", &problem);
    return SBX_OK;
}

/* --- places ----------------------------------------------------------------------------------- */

static HANDLE open_place(struct sbx_audit *audit, const struct sbx_audit_place *place, bool list)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY,
        .access = READ_CONTROL | (list ? FILE_LIST_DIRECTORY | FILE_TRAVERSE : 0u)};
    struct sbx_error problem;
    HANDLE handle = NULL;

    sbx_error_init(&problem);
    if (!sbx_file_open(place->path, &how, &handle, &problem))
        return handle;
    if (!list || problem.status != SBX_DENIED)
        count_error(audit, "place", &problem);
    return NULL;
}

static bool is_root_place(struct sbx_audit *audit, const struct sbx_audit_place *place)
{
    size_t i;

    for (i = 0; i < audit->root_count; i++)
        if (audit->roots[i].volume_serial == place->facts.volume_serial &&
            memcmp(audit->roots[i].id, place->facts.id, sizeof(place->facts.id)) == 0)
            return true;
    return false;
}

/* On FAT and its like everything is open to everybody: one finding, and nothing to read below. */
static enum sbx_status judge_volume(
    struct walk *walk, HANDLE handle, bool *ret_keeps, struct sbx_error *err)
{
    struct sbx_why_hole hole = {.rights = SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_DELETE};
    struct sbx_audit_finding *finding = NULL;
    struct sbx_volume volume;

    *ret_keeps = sbx_volume_of_handle(handle, &volume, NULL) || volume.persistent_acls;
    if (*ret_keeps)
        return SBX_OK;
    walk->place->finished = true;
    if (!walk->shallow)
        return SBX_OK;
    hole.verdict.granted = true;
    hole.verdict.step.granted = true;
    hole.verdict.step.mask = hole.rights;
    hole.verdict.step.reason = SBX_REASON_NO_DACL;
    return add_finding(walk->audit, walk->place->path, true, &hole, NULL, &finding, err);
}

/* The place itself and what is directly in it, or (deep) what is further below. */
static enum sbx_status search_place(struct walk *walk, struct sbx_error *err)
{
    struct sbx_audit_place *place = walk->place;
    struct sbx_audit_finding *finding = NULL;
    enum sbx_status status = SBX_OK;
    HANDLE handle = NULL;
    bool may_list = true, keeps = true;

    if (!walk->shallow && (!place->opened || place->finished))
        return SBX_OK;
    if (is_root_place(walk->audit, place)) {
        walk->audit->in_roots += walk->shallow;
        place->opened = place->finished = true;
        return SBX_OK;
    }
    handle = open_place(walk->audit, place, true);
    may_list = handle != NULL;
    if (!handle)
        handle = open_place(walk->audit, place, false);
    if (!handle)
        return SBX_OK;
    status = judge_volume(walk, handle, &keeps, err);
    if (!status && keeps && walk->shallow)
        status = judge(walk->audit, handle, place->path, true, NULL, &finding, err);
    place->opened = true;
    if (!keeps) {
        sbx_handle_close(&handle);
        return status;
    }
    if (!status && may_list)
        status = walk_place(walk, handle, finding, err);
    else if (!may_list && walk->shallow)
        count_reason(walk->audit, "directory: may not be listed");
    if (!walk->shallow)
        place->finished = !walk->out_of_time;
    sbx_handle_close(&handle);
    return status;
}

/* One place, with its share of the time that is left; the first look has no share. */
static enum sbx_status search_share(
    struct sbx_audit *audit, size_t at, bool shallow, char *path, struct sbx_error *err)
{
    uint32_t left_ms = sbx_clock_left_ms(audit->deadline_ms);
    struct walk walk = {
        .audit = audit, .place = &audit->places[at], .shallow = shallow, .path = path};

    if (!left_ms)
        return SBX_OK;
    walk.deadline_ms = audit->deadline_ms;
    if (!shallow)
        walk.deadline_ms = sbx_clock_ms() + left_ms / (audit->place_count - at);
    return search_place(&walk, err);
}

enum sbx_status sbx_audit_run(struct sbx_audit *audit, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char *path = NULL;
    size_t i;

    status = sbx_calloc(PATH_MAX_BYTES, 1, &path, err);
    if (!status)
        status =
            sbx_calloc(SBX_AUDIT_FINDINGS_MAX, sizeof(*audit->findings), &audit->findings, err);
    for (i = 0; !status && i < audit->place_count; i++)
        status = search_share(audit, i, true, path, err);
    for (i = 0; !status && i < audit->place_count; i++)
        status = search_share(audit, i, false, path, err);
    free(path);
    return status;
}

void sbx_audit_done(struct sbx_audit *audit)
{
    size_t i;

    for (i = 0; i < audit->place_count; i++)
        free(audit->places[i].path);
    for (i = 0; i < audit->finding_count; i++)
        free(audit->findings[i].path);
    free(audit->places);
    free(audit->roots);
    free(audit->findings);
    memset(audit, 0, sizeof(*audit));
}
