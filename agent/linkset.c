/* See linkset.h. */
#include "linkset.h"

#include <stdio.h>

#include "shared/core/list.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define PATH_MAX_BYTES 131072u

/* --- the first walk -----------------------------------------------------------------------------
 */

static struct sbx_linkset_file *find(struct sbx_linkset *set, const uint8_t id[16])
{
    size_t i;

    for (i = 0; i < set->count; i++)
        if (memcmp(set->files[i].id, id, sizeof(set->files[i].id)) == 0)
            return &set->files[i];
    return NULL;
}

/* A name that cannot be written down exactly cannot be opened again: the count then says so. */
static void note(struct sbx_linkset *set, const struct sbx_file_facts *facts, const char *path,
    const void *level)
{
    struct sbx_linkset_file *file = find(set, facts->id);

    if (!file) {
        if (set->count >= SBX_LINKSET_FILES_MAX ||
            sbx_list_grow(&set->files, set->count, sizeof(*set->files), NULL)) {
            set->left_out++;
            return;
        }
        file = &set->files[set->count++];
        memcpy(file->id, facts->id, sizeof(file->id));
        file->links = facts->links;
        file->level = level;
        file->is_mixed = !level;
    }
    file->is_mixed = file->is_mixed || file->level != level || file->links != facts->links ||
                     file->names.count >= SBX_LINKSET_NAMES_MAX ||
                     sbx_strings_add(&file->names, path, NULL);
}

static void meet_first(struct sbx_linkset *set, const struct sbx_file_facts *facts,
    const char *top_path, const wchar_t *relative_w, size_t cch, const void *level)
{
    size_t top_bytes = strlen(top_path);
    const char *slash = top_bytes && top_path[top_bytes - 1] == '\\' ? "" : "\\";
    char *relative = NULL;
    struct sbx_buf path;

    sbx_buf_init(&path, PATH_MAX_BYTES);
    if (!sbx_wstr_to_utf8_n(relative_w, cch, &relative, NULL) &&
        !sbx_buf_printf(&path, NULL, "%s%s%s", top_path, slash, relative))
        note(set, facts, path.data, level);
    else
        set->left_out++;
    sbx_buf_done(&path);
    free(relative);
}

void sbx_linkset_meet(struct sbx_linkset *set, HANDLE handle, const char *top_path,
    const wchar_t *relative_w, size_t cch, const void *level, uint32_t *links)
{
    struct sbx_linkset_file *file;
    struct sbx_file_facts facts;

    if (sbx_file_get_facts(handle, &facts, NULL) || facts.is_directory || facts.is_reparse)
        return;
    if (!set->is_writing) {
        meet_first(set, &facts, top_path, relative_w, cch, level);
        return;
    }
    file = find(set, facts.id);
    if (!file || !file->is_cleared || file->links != facts.links || facts.links != *links)
        return;
    file->is_written = true;
    *links = 1;
}

/* --- between the walks --------------------------------------------------------------------------
 */

static void let_go(struct sbx_linkset_file *file)
{
    size_t i;

    for (i = 0; i < file->held_count; i++)
        sbx_handle_close(&file->held[i]);
    free(file->held);
    file->held = NULL;
    file->held_count = 0;
}

/*
 * FILE_READ_DATA: an open for attributes alone takes no part in sharing, and would hold nothing.
 */
static enum sbx_status hold_name(
    struct sbx_linkset_file *file, const char *path, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN,
        .access = FILE_READ_DATA,
        .share = FILE_SHARE_READ | FILE_SHARE_WRITE};
    struct sbx_file_facts facts;
    enum sbx_status status = sbx_file_open(path, &how, &file->held[file->held_count], err);

    if (status)
        return status;
    status = sbx_file_get_facts(file->held[file->held_count++], &facts, err);
    if (!status && (memcmp(facts.id, file->id, sizeof(file->id)) != 0 || facts.is_reparse ||
                       facts.delete_pending))
        status = sbx_fail(err, SBX_DENIED, "it is another file now");
    if (!status && facts.links != file->names.count)
        status = sbx_fail(err, SBX_DENIED, "it has %u names now", (unsigned)facts.links);
    return status;
}

static bool is_name_twice(const struct sbx_strings *names)
{
    size_t i, k;

    for (i = 0; i < names->count; i++)
        for (k = 0; k < i; k++)
            if (sbx_winpath_equal(names->items[i], names->items[k]))
                return true;
    return false;
}

static bool hold(struct sbx_linkset_file *file)
{
    struct sbx_error problem;
    enum sbx_status status = SBX_OK;
    size_t i;

    sbx_error_init(&problem);
    if (file->is_mixed)
        status = sbx_fail(&problem, SBX_DENIED, "its names are under different entries");
    else if (file->names.count != file->links)
        status = sbx_fail(&problem, SBX_DENIED, "%u of its %u names are not in the root",
            (unsigned)(file->links - file->names.count), (unsigned)file->links);
    else if (is_name_twice(&file->names))
        status = sbx_fail(&problem, SBX_DENIED, "a name was met twice");
    if (!status)
        status = sbx_calloc(file->names.count, sizeof(*file->held), &file->held, &problem);
    for (i = 0; i < file->names.count && !status; i++) {
        status = hold_name(file, file->names.items[i], &problem);
        if (status)
            sbx_error_context(&problem, "'%s'", file->names.items[i]);
    }
    if (status) {
        let_go(file);
        snprintf(file->reason, sizeof(file->reason), "%.119s", problem.context);
    }
    file->is_cleared = status == SBX_OK;
    return file->is_cleared;
}

size_t sbx_linkset_hold(struct sbx_linkset *set)
{
    size_t i, cleared = 0;

    for (i = 0; i < set->count; i++)
        cleared += hold(&set->files[i]);
    return cleared;
}

void sbx_linkset_done(struct sbx_linkset *set)
{
    size_t i;

    for (i = 0; i < set->count; i++) {
        let_go(&set->files[i]);
        sbx_strings_done(&set->files[i].names);
    }
    free(set->files);
    memset(set, 0, sizeof(*set));
}
