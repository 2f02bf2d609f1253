/* What the watch heard of, looked at by handle. See protect.h for the MUSTs. */
#include "protectlook.h"

#include "shared/win/handle.h"
#include "shared/win/wstr.h"

static int compare(const void *a, const void *b)
{
    return wcscmp(*(const wchar_t *const *)a, *(const wchar_t *const *)b);
}

enum sbx_status sbx_protect_sort_events(struct sbx_protect_looking *look)
{
    size_t i, count = 0;
    enum sbx_status status;

    if (!look->heard || !look->heard->count)
        return SBX_OK;
    status =
        sbx_calloc(look->heard->count, sizeof(*look->sorted_w), &look->sorted_w, look->work->err);
    if (status)
        return status;
    memcpy(look->sorted_w, look->heard->names_w, look->heard->count * sizeof(*look->sorted_w));
    qsort(look->sorted_w, look->heard->count, sizeof(*look->sorted_w), compare);
    for (i = 0; i < look->heard->count; i++)
        if (!count || wcscmp(look->sorted_w[count - 1], look->sorted_w[i]) != 0)
            look->sorted_w[count++] = look->sorted_w[i];
    look->sorted_count = count;
    return SBX_OK;
}

static void close_parent(struct sbx_protect_looking *look)
{
    if (look->parent != look->root->list)
        sbx_handle_close(&look->parent);
    look->parent = NULL;
    free(look->parent_w);
    look->parent_w = NULL;
}

/* The directory of an event, one component after the other. NULL: there is none (any more). */
static HANDLE open_parent(struct sbx_protect_looking *look, const wchar_t *path_w, size_t cch)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    size_t at = 0, length;
    HANDLE next = NULL;

    if (look->parent_w && wcslen(look->parent_w) == cch &&
        wmemcmp(look->parent_w, path_w, cch) == 0)
        return look->parent;
    close_parent(look);
    look->parent = look->root->list;
    while (at < cch) {
        const wchar_t *end_w = wmemchr(path_w + at, L'\\', cch - at);
        enum sbx_status status;

        length = end_w ? (size_t)(end_w - path_w) - at : cch - at;
        next = NULL;
        status = sbx_file_open_child(look->parent, path_w + at, length, &how, &next, NULL);
        if (look->parent != look->root->list)
            sbx_handle_close(&look->parent);
        look->parent = next;
        if (status)
            break;
        at += length + 1;
    }
    if (!sbx_calloc(cch + 1, sizeof(*look->parent_w), &look->parent_w, NULL))
        memcpy(look->parent_w, path_w, cch * sizeof(*path_w));
    return look->parent;
}

/* The stored name of an open object: an event may have given its 8.3 name. */
static wchar_t *real_name(HANDLE handle)
{
    char *path = NULL;
    wchar_t *name_w = NULL;
    const char *base;

    if (sbx_file_final_path(handle, false, &path, NULL))
        return NULL;
    base = strrchr(path, '\\');
    if (sbx_wstr_from_utf8(base ? base + 1 : path, &name_w, NULL))
        name_w = NULL;
    free(path);
    return name_w;
}

/* Inside a repository folder: is this one of the places that make git run something? */
static bool is_git_inner(const wchar_t *rest_w)
{
    static const wchar_t *const places_w[] = {
        L"hooks", L"config", L"config.worktree", L"commondir"};
    size_t cch = wcscspn(rest_w, L"\\"), i;

    for (i = 0; i < countof(places_w); i++)
        if (cch == wcslen(places_w[i]) && _wcsnicmp(rest_w, places_w[i], cch) == 0)
            return true;
    return false;
}

/*
 * What lies in a protected folder. At the top of the root that is denied, or compared by its
 * content (git: "write"); in a nested repository the watch is all there is.
 */
static bool event_in_protected(
    struct sbx_protect_looking *look, const wchar_t *path_w, enum sbx_status *status)
{
    enum sbx_spelling spelling;
    const wchar_t *at_w = path_w, *end_w;
    char path[SBX_PROTECT_DISPLAY_BYTES];

    while ((end_w = wcschr(at_w, L'\\')) != NULL) {
        size_t name = sbx_protect_find_name(
            look->work->protect, at_w, (size_t)(end_w - at_w), NULL, 0, &spelling);

        if (name != SBX_PROTECT_NONE && at_w == path_w)
            return true;
        if (name != SBX_PROTECT_NONE && sbx_protect_is_git(look->work->protect, name)) {
            if (is_git_inner(end_w + 1)) {
                sbx_protect_path_of(look->root, L"", path_w, path, sizeof(path));
                *status = sbx_protect_add_change(look->work, path, "created");
            }
            return true;
        }
        at_w = end_w + 1;
    }
    return false;
}

/* A directory that was made, or moved here with whatever is in it. */
static enum sbx_status walk_new(struct sbx_protect_looking *look, const wchar_t *path_w,
    const struct sbx_protect_candidate *directory, bool *ret_covered)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    enum sbx_status status = SBX_OK;
    struct sbx_file_facts facts;
    HANDLE handle = NULL;

    if (sbx_file_open_child(
            directory->parent, directory->entry_w, directory->entry_cch, &how, &handle, NULL) ||
        sbx_file_get_facts(handle, &facts, NULL) || !sbx_file_same(&facts, &directory->facts)) {
        look->work->report->truncated = true;
    } else {
        *ret_covered = true;
        status = sbx_protect_walk_tree(look, handle, path_w, true);
    }
    sbx_handle_close(&handle);
    return status;
}

/* The object of an event, by its handle. @param ret_covered a directory that was walked */
static enum sbx_status judge_event(struct sbx_protect_looking *look, const wchar_t *path_w,
    HANDLE handle, const struct sbx_file_facts *facts, const wchar_t *leaf_w, bool *ret_covered)
{
    struct sbx_protect_work *work = look->work;
    struct sbx_protect_candidate candidate = {.root = look->root,
        .parent = look->parent,
        .entry_w = leaf_w,
        .entry_cch = wcslen(leaf_w),
        .is_certain = true,
        .facts = *facts};
    enum sbx_status status = SBX_OK;
    char path[SBX_PROTECT_DISPLAY_BYTES];

    sbx_protect_path_of(look->root, L"", path_w, path, sizeof(path));
    candidate.path = path;
    candidate.name = sbx_protect_find_name(
        work->protect, leaf_w, candidate.entry_cch, NULL, 0, &candidate.spelling);
    if (candidate.name != SBX_PROTECT_NONE && look->parent == look->root->list)
        return SBX_OK; /* the top was read */
    if (candidate.name != SBX_PROTECT_NONE)
        status = sbx_protect_found_below(look, &candidate);
    if (status ||
        (candidate.name != SBX_PROTECT_NONE && sbx_protect_is_git(work->protect, candidate.name)))
        return status;
    if (facts->is_reparse || (!facts->is_directory && facts->links > 1))
        return sbx_protect_add_link(
            work, look->root, path, handle, facts->reparse_tag, facts->links);
    if (!facts->is_directory)
        return SBX_OK;
    return walk_new(look, path_w, &candidate, ret_covered);
}

static enum sbx_status look_at_event(
    struct sbx_protect_looking *look, const wchar_t *path_w, bool *ret_covered)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    const wchar_t *slash_w = wcsrchr(path_w, L'\\'), *leaf_w = slash_w ? slash_w + 1 : path_w;
    struct sbx_file_facts facts;
    enum sbx_status status = SBX_OK;
    wchar_t *real_w = NULL;
    HANDLE handle = NULL, parent;

    *ret_covered = false;
    if (event_in_protected(look, path_w, &status))
        return status;
    parent = open_parent(look, path_w, slash_w ? (size_t)(slash_w - path_w) : 0);
    if (!parent)
        return SBX_OK;
    if (sbx_file_open_child(parent, leaf_w, wcslen(leaf_w), &how, &handle, NULL))
        return SBX_OK;
    look->work->report->files_opened++;
    if (!sbx_file_get_facts(handle, &facts, NULL) && !facts.delete_pending) {
        if (wcschr(leaf_w, L'~'))
            real_w = real_name(handle);
        status = judge_event(look, path_w, handle, &facts, real_w ? real_w : leaf_w, ret_covered);
    }
    free(real_w);
    sbx_handle_close(&handle);
    return status;
}

/*
 * Sorted, a directory comes before what is in it: once its tree was walked, the events below are
 * settled.
 */
enum sbx_status sbx_protect_look_at_events(struct sbx_protect_looking *look)
{
    const wchar_t *covered_w = NULL;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < look->sorted_count && !status; i++) {
        const wchar_t *path_w = look->sorted_w[i];
        size_t cch = covered_w ? wcslen(covered_w) : 0;
        bool covered = false;

        if (covered_w && wcsncmp(covered_w, path_w, cch) == 0 && path_w[cch] == L'\\')
            continue;
        if (sbx_protect_is_over(look))
            break;
        status = look_at_event(look, path_w, &covered);
        if (covered)
            covered_w = path_w;
    }
    close_parent(look);
    return status;
}
