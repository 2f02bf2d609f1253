/* See whyread.h. */
#include "whyread.h"

#include "follow.h"
#include "revoke.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"

static enum sbx_status final_path(HANDLE handle, char **ret_path, struct sbx_error *err)
{
    char *verbatim = NULL;
    enum sbx_status status = sbx_file_final_path(handle, false, &verbatim, err);

    if (!status)
        status = sbx_winpath_normalise(verbatim, ret_path, NULL, err);
    free(verbatim);
    return status;
}

/* An open object into the question. */
static enum sbx_status describe(HANDLE handle, char **path, struct sbx_descriptor *descriptor,
    struct sbx_why_object *object, struct sbx_error *err)
{
    struct sbx_file_facts facts;
    enum sbx_status status;

    free(*path);
    *path = NULL;
    status = final_path(handle, path, err);
    if (!status)
        status = sbx_file_get_facts(handle, &facts, err);
    if (!status)
        status = sbx_acl_get(handle, NULL, descriptor, err);
    if (status) {
        sbx_error_context(err, "read the access list");
        return status;
    }
    object->path = *path;
    object->is_directory = facts.is_directory;
    object->links = facts.links;
    object->read_only = !facts.is_directory && (facts.attributes & FILE_ATTRIBUTE_READONLY) != 0;
    object->descriptor = descriptor;
    return SBX_OK;
}

static enum sbx_status read_parent(
    const char *path, HANDLE *ret_handle, struct sbx_why_place *place, struct sbx_error *err)
{
    char *parent = NULL;
    enum sbx_status status = sbx_winpath_parent(path, &parent, err);

    if (!status)
        status = sbx_follow_open(parent, READ_CONTROL, ret_handle, NULL, err);
    if (!status)
        status = describe(
            *ret_handle, &place->parent_path, &place->parent, &place->question.parent, err);
    if (status)
        sbx_error_context(err, "the directory of '%s'", path);
    free(parent);
    return status;
}

/* The object itself, relative to its directory. Missing is no failure: ret_handle stays NULL. */
static enum sbx_status open_object(
    const char *path, HANDLE parent, bool *ret_reparse, HANDLE *ret_handle, struct sbx_error *err)
{
    const struct sbx_file_how how = {.access = READ_CONTROL, .allow_reparse = true};
    struct sbx_file_facts facts;
    enum sbx_status status;

    status = sbx_file_open_at(parent, sbx_winpath_base_name(path), &how, ret_handle, err);
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status)
        status = sbx_file_get_facts(*ret_handle, &facts, err);
    if (status)
        sbx_error_context(err, "'%s'", path);
    else
        *ret_reparse = facts.is_reparse;
    return status;
}

/* @param ret_target owned: where a link leads, to start again with; NULL: done */
static enum sbx_status read_object(
    const char *path, struct sbx_why_place *place, char **ret_target, struct sbx_error *err)
{
    HANDLE parent = NULL, object = NULL;
    bool is_reparse = false;
    enum sbx_status status;

    status = read_parent(path, &parent, place, err);
    if (!status)
        status = open_object(path, parent, &is_reparse, &object, err);
    if (!status && is_reparse && place->question.op != SBX_WHY_DELETE) {
        status = sbx_follow_open(path, 0, NULL, ret_target, err);
    } else if (!status && object) {
        status = describe(object, &place->path, &place->object, &place->question.object, err);
    } else if (!status) {
        status =
            sbx_winpath_join(place->parent_path, sbx_winpath_base_name(path), &place->path, err);
        place->question.object.path = place->path;
        place->question.object.links = 1;
    }
    sbx_handle_close(&object);
    sbx_handle_close(&parent);
    return status;
}

static enum sbx_status read_volume_root(
    const char *path, struct sbx_why_place *place, struct sbx_error *err)
{
    HANDLE handle = NULL;
    enum sbx_status status = sbx_follow_open(path, READ_CONTROL, &handle, NULL, err);

    if (!status)
        status = describe(handle, &place->path, &place->object, &place->question.object, err);
    sbx_handle_close(&handle);
    return status;
}

static enum sbx_status read_path(
    const char *cwd, const char *asked, struct sbx_why_place *place, struct sbx_error *err)
{
    char *path = NULL, *target = NULL;
    enum sbx_status status = sbx_winpath_resolve(cwd, asked, &path, NULL, err);

    if (status)
        return status;
    if (!sbx_winpath_is_volume_root(path))
        status = read_object(path, place, &target, err);
    else
        status = read_volume_root(path, place, err);
    if (!status && target) {
        sbx_descriptor_done(&place->parent);
        memset(&place->question.parent, 0, sizeof(place->question.parent));
        free(path);
        path = target;
        target = NULL;
        status = sbx_winpath_is_volume_root(path) ? read_volume_root(path, place, err)
                                                  : read_object(path, place, &target, err);
        if (!status && target)
            status = sbx_fail(err, SBX_DENIED, "'%s' became a link while it was read", path);
    }
    free(target);
    free(path);
    return status;
}

/* --- above ------------------------------------------------------------------------------------ */

static bool is_listed(const struct sbx_why_place *place, const char *path)
{
    size_t i;

    for (i = 0; i < place->above_count; i++)
        if (sbx_winpath_equal(place->above[i].path, path))
            return true;
    return false;
}

/* One that cannot be read counts as "not granted": the run would say why. */
static void read_above(struct sbx_why_place *place, const char *path)
{
    const struct sbx_file_how how = {.access = READ_CONTROL};
    struct sbx_descriptor *descriptor = &place->above_descriptors[place->above_count];
    HANDLE handle = NULL;

    place->above[place->above_count].path = path;
    if (!sbx_file_open(path, &how, &handle, NULL) && !sbx_acl_get(handle, NULL, descriptor, NULL))
        place->above[place->above_count].descriptor = descriptor;
    place->above_count++;
    sbx_handle_close(&handle);
}

static enum sbx_status read_all_above(struct sbx_why_place *place, struct sbx_error *err)
{
    const struct sbx_plan *plan = place->question.plan;
    enum sbx_status status;
    size_t i;

    status = sbx_calloc(plan->ace_count + 1, sizeof(*place->above), &place->above, err);
    if (!status)
        status = sbx_calloc(
            plan->ace_count + 1, sizeof(*place->above_descriptors), &place->above_descriptors, err);
    for (i = 0; !status && i < plan->ace_count; i++) {
        const char *path = plan->aces[i].path;

        if (sbx_winpath_is_inside(path, place->path) && !sbx_winpath_equal(path, place->path) &&
            !is_listed(place, path))
            read_above(place, path);
    }
    place->question.above = place->above;
    place->question.above_count = place->above_count;
    return status;
}

static enum sbx_status read_ledgers(
    const char *state_directory, struct sbx_why_place *place, struct sbx_error *err)
{
    struct sbx_grant_info *infos = NULL;
    size_t i, count = 0;
    enum sbx_status status = sbx_grants_list(state_directory, &infos, &count, err);

    for (i = 0; !status && i < count; i++)
        if (infos[i].is_complete && infos[i].capability[0])
            status = sbx_strings_add(&place->walked, infos[i].capability, err);
    sbx_grants_list_free(infos, count);
    place->question.walked = &place->walked;
    return status;
}

enum sbx_status sbx_why_read(const char *cwd, const char *path, enum sbx_why_op op,
    const struct sbx_plan *plan, const char *state_directory, struct sbx_why_place *ret_place,
    struct sbx_error *err)
{
    enum sbx_status status;

    ret_place->question.op = op;
    ret_place->question.plan = plan;
    status = read_path(cwd, path, ret_place, err);
    if (!status)
        status = read_all_above(ret_place, err);
    if (!status && state_directory)
        status = read_ledgers(state_directory, ret_place, err);
    return status;
}

void sbx_why_place_done(struct sbx_why_place *place)
{
    size_t i;

    for (i = 0; i < place->above_count; i++)
        sbx_descriptor_done(&place->above_descriptors[i]);
    free(place->above_descriptors);
    free(place->above);
    sbx_descriptor_done(&place->object);
    sbx_descriptor_done(&place->parent);
    sbx_strings_done(&place->walked);
    free(place->path);
    free(place->parent_path);
    memset(place, 0, sizeof(*place));
}
