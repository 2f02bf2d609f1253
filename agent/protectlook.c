/* What was made during a run. See protect.h for the MUSTs. */
#include "protectparts.h"

#include <stdio.h>

#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define DISPLAY_BYTES 2048u
#define CLOCK_EVERY 256u
#define NONE SBX_PROTECTNAME_NONE

/* One root being looked at. */
struct look {
    struct sbx_protect_work *work;
    struct sbx_protect_root *root;
    const struct sbx_watch_names *heard;
    const wchar_t **sorted_w; /* owned array of borrowed paths, each once */
    size_t sorted_count;
    const wchar_t *below_w; /* the part of the root that is walked; "" = all of it */
    bool is_certain;        /* what the walk finds was made during the run */
    enum sbx_status status; /* ended the walk */
    /* The directory of the last event: the next one mostly lies in the same. */
    HANDLE parent;     /* owned, but for the root's */
    wchar_t *parent_w; /* owned */
};

/* --- names -------------------------------------------------------------------------------------
 */

/*
 * Which protected name an entry has. Case beyond ASCII is the volume's business; the kernel's
 * table is asked here, so that a name which a policy added is found in its other case too.
 */
static size_t find_name(const struct sbx_protect *protect, const wchar_t *name_w, size_t cch,
    const wchar_t *short_w, size_t short_cch, enum sbx_spelling *ret_spelling)
{
    const struct sbx_strings *names = &protect->plan->protected_names;
    size_t i, found = sbx_protectname_find(names, (const sbx_char16 *)name_w, cch,
                  (const sbx_char16 *)short_w, short_cch, ret_spelling);

    for (i = 0; i < names->count && found == NONE; i++) {
        const char *name = names->items[i];
        wchar_t *wanted_w = NULL;

        if (sbx_utf8_cch(name, strlen(name)) == strlen(name)) /* ASCII: settled above */
            continue;
        if (!sbx_wstr_from_utf8(name, &wanted_w, NULL) &&
            CompareStringOrdinal(wanted_w, -1, name_w, (int)cch, TRUE) == CSTR_EQUAL) {
            found = i;
            *ret_spelling = SBX_SPELLING_PLAIN;
        }
        free(wanted_w);
    }
    return found;
}

static bool is_git(const struct sbx_protect *protect, size_t name)
{
    return sbx_utf_equal_ci_ascii(protect->plan->protected_names.items[name], ".git");
}

/* "ROOT\relative" for people; a lone surrogate in it does not stop anything. */
static void path_of(const struct sbx_protect_root *root, const wchar_t *below_w,
    const wchar_t *relative_w, char *ret_path, size_t size_bytes)
{
    const char *separator = root->root->path[strlen(root->root->path) - 1] == '\\' ? "" : "\\";
    size_t used = (size_t)snprintf(ret_path, size_bytes, "%s%s", root->root->path, separator);

    if (used + 8 < size_bytes && below_w[0]) {
        sbx_wstr_display(below_w, wcslen(below_w), ret_path + used, size_bytes - used - 1);
        used += strlen(ret_path + used);
        ret_path[used++] = '\\';
        ret_path[used] = '\0';
    }
    if (used + 8 < size_bytes)
        sbx_wstr_display(relative_w, wcslen(relative_w), ret_path + used, size_bytes - used);
}

/* --- objects ------------------------------------------------------------------------------------
 */

static bool facts_of(HANDLE parent, const wchar_t *name_w, size_t cch,
    struct sbx_file_facts *ret_facts, uint64_t *ret_created)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    FILE_BASIC_INFO basic;
    HANDLE handle = NULL;
    bool ok = !sbx_file_open_child(parent, name_w, cch, &how, &handle, NULL) &&
              !sbx_file_get_facts(handle, ret_facts, NULL);

    memset(&basic, 0, sizeof(basic));
    if (ok && ret_created) {
        /* Left at zero it only makes an object look new. */
        if (!GetFileInformationByHandleEx(handle, FileBasicInfo, &basic, sizeof(basic)))
            basic.CreationTime.QuadPart = 0;
        *ret_created = (uint64_t)basic.CreationTime.QuadPart;
    }
    sbx_handle_close(&handle);
    return ok;
}

static bool heard_of(const struct look *look, const wchar_t *name_w, size_t cch)
{
    size_t i;

    for (i = 0; i < look->sorted_count; i++)
        if (wcslen(look->sorted_w[i]) == cch &&
            CompareStringOrdinal(look->sorted_w[i], (int)cch, name_w, (int)cch, TRUE) == CSTR_EQUAL)
            return true;
    return false;
}

/*
 * MUST 2. The same file id as before is the same object, but for file systems that give the id of
 * a deleted file to the next one (not NTFS): there the watch has to have heard of the name and the
 * time of creation to differ.
 */
static bool was_there(
    const struct look *look, const struct sbx_protect_candidate *candidate, uint64_t created)
{
    size_t i;

    for (i = 0; i < look->root->seen_count; i++) {
        const struct sbx_protect_seen *seen = &look->root->seen[i];

        if (seen->name == candidate->name && sbx_file_same(&seen->facts, &candidate->facts))
            return seen->created == created ||
                   !heard_of(look, candidate->entry_w, candidate->entry_cch);
    }
    return false;
}

/* --- the top of a root --------------------------------------------------------------------------
 */

struct top {
    struct sbx_protect *protect;
    struct sbx_protect_root *root;
    struct look *look; /* NULL: the snapshot before the run */
    enum sbx_status status;
};

static enum sbx_status remember(
    struct top *top, const struct sbx_protect_candidate *candidate, uint64_t created)
{
    struct sbx_protect_root *root = top->root;
    struct sbx_protect_seen *larger = NULL;
    enum sbx_status status = sbx_calloc(root->seen_count + 1, sizeof(*larger), &larger, NULL);

    if (status)
        return status;
    if (root->seen_count)
        memcpy(larger, root->seen, root->seen_count * sizeof(*larger));
    free(root->seen);
    root->seen = larger;
    larger[root->seen_count].name = candidate->name;
    larger[root->seen_count].facts = candidate->facts;
    larger[root->seen_count++].created = created;
    return SBX_OK;
}

static enum sbx_filewalk_next visit_top(void *context, struct sbx_filewalk_entry *entry)
{
    struct top *top = context;
    struct sbx_protect_candidate candidate = {.root = top->root,
        .parent = entry->parent,
        .entry_w = entry->name_w,
        .entry_cch = entry->name_cch,
        .is_top = true,
        .is_certain = true};
    char path[DISPLAY_BYTES];
    uint64_t created = 0;

    if (top->look)
        top->look->work->report->entries_read++;
    candidate.name = find_name(top->protect, entry->name_w, entry->name_cch, entry->short_w,
        entry->short_cch, &candidate.spelling);
    if (candidate.name == NONE ||
        !facts_of(entry->parent, entry->name_w, entry->name_cch, &candidate.facts, &created))
        return SBX_WALK_SKIP;
    if (!top->look) {
        top->status = remember(top, &candidate, created);
    } else if (!was_there(top->look, &candidate, created)) {
        path_of(top->root, L"", entry->relative_w, path, sizeof(path));
        candidate.path = path;
        top->status = sbx_protect_deal(top->look->work, &candidate);
    }
    return top->status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

static enum sbx_status read_top(struct top *top, struct sbx_error *err)
{
    struct sbx_filewalk walk = {.context = top, .visit = visit_top, .max_depth = 1};
    enum sbx_status status = sbx_filewalk_run(top->root->list, &walk, NULL, err);

    return top->status ? top->status : status;
}

enum sbx_status sbx_protect_snapshot(
    struct sbx_protect *protect, struct sbx_protect_root *root, struct sbx_error *err)
{
    struct top top = {.protect = protect, .root = root};

    return read_top(&top, err);
}

/* --- a tree --------------------------------------------------------------------------------------
 */

static bool is_over(struct look *look)
{
    struct sbx_protect_report *report = look->work->report;

    if (report->entries_read >= SBX_PROTECT_ENTRIES_MAX ||
        (report->entries_read % CLOCK_EVERY == 0 && sbx_clock_ms() >= look->work->deadline_ms))
        report->truncated = true;
    return report->truncated;
}

/* A name that is protected at the top of a root, deeper: repositories are dealt with. */
static enum sbx_status found_below(struct look *look, struct sbx_protect_candidate *candidate)
{
    enum sbx_status status;
    size_t index;

    if (is_git(look->work->protect, candidate->name))
        return sbx_protect_deal(look->work, candidate);
    status = sbx_protect_add_item(look->work, candidate->path, SBX_PROTECT_REPORTED, &index);
    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    return sbx_protect_say(&look->work->report->items[index].details, look->work->err,
        "below the top of a root: only there this name is protected");
}

static enum sbx_status note_link(struct look *look, const struct sbx_filewalk_entry *entry)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    struct sbx_protect_work *work = look->work;
    bool is_link = (entry->attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    enum sbx_status status = SBX_OK;
    FILE_STANDARD_INFO info;
    char path[DISPLAY_BYTES];
    HANDLE handle = NULL;

    if (!is_link && (entry->attributes & FILE_ATTRIBUTE_DIRECTORY))
        return SBX_OK;
    if (!is_link && work->report->files_opened >= SBX_PROTECT_OPENS_MAX) {
        work->report->truncated = true;
        return SBX_OK;
    }
    if (sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &handle, NULL))
        return SBX_OK; /* gone again, or not ours to see */
    work->report->files_opened++;
    if (GetFileInformationByHandleEx(handle, FileStandardInfo, &info, sizeof(info)) &&
        (is_link || info.NumberOfLinks > 1)) {
        path_of(look->root, look->below_w, entry->relative_w, path, sizeof(path));
        status = sbx_protect_add_link(
            work, look->root, path, handle, entry->reparse_tag, info.NumberOfLinks);
    }
    sbx_handle_close(&handle);
    return status;
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    struct look *look = context;
    struct sbx_protect_candidate candidate = {.root = look->root,
        .parent = entry->parent,
        .entry_w = entry->name_w,
        .entry_cch = entry->name_cch,
        .is_certain = look->is_certain};
    char path[DISPLAY_BYTES];

    if (is_over(look))
        return SBX_WALK_STOP;
    look->work->report->entries_read++;
    candidate.name = find_name(look->work->protect, entry->name_w, entry->name_cch, entry->short_w,
        entry->short_cch, &candidate.spelling);
    if (candidate.name != NONE && !look->below_w[0] && entry->depth == 0)
        return SBX_WALK_SKIP; /* the top was read before */
    if (candidate.name != NONE &&
        facts_of(entry->parent, entry->name_w, entry->name_cch, &candidate.facts, NULL)) {
        path_of(look->root, look->below_w, entry->relative_w, path, sizeof(path));
        candidate.path = path;
        look->status = found_below(look, &candidate);
        if (!look->status && is_git(look->work->protect, candidate.name))
            return SBX_WALK_SKIP;
    }
    if (!look->status)
        look->status = note_link(look, entry);
    return look->status ? SBX_WALK_STOP : SBX_WALK_ON;
}

static bool problem_seen(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    struct look *look = context;

    (void)relative_w;
    (void)cch;
    if (error->status != SBX_NOT_FOUND)
        look->work->report->truncated = true; /* a directory that cannot be read */
    return true;
}

static enum sbx_status walk_tree(
    struct look *look, HANDLE directory, const wchar_t *below_w, bool is_certain)
{
    struct sbx_filewalk walk = {.context = look, .visit = visit, .problem = problem_seen};
    enum sbx_status status;

    look->below_w = below_w;
    look->is_certain = is_certain;
    look->status = SBX_OK;
    status = sbx_filewalk_run(directory, &walk, NULL, NULL);
    if (look->status)
        return look->status;
    if (status == SBX_OOM)
        return sbx_fail_oom(look->work->err);
    if (status)
        look->work->report->truncated = true;
    return SBX_OK;
}

/* --- events --------------------------------------------------------------------------------------
 */

static int compare(const void *a, const void *b)
{
    return wcscmp(*(const wchar_t *const *)a, *(const wchar_t *const *)b);
}

static enum sbx_status sort_events(struct look *look)
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

static void close_parent(struct look *look)
{
    if (look->parent != look->root->list)
        sbx_handle_close(&look->parent);
    look->parent = NULL;
    free(look->parent_w);
    look->parent_w = NULL;
}

/* The directory of an event, one component after the other. NULL: there is none (any more). */
static HANDLE open_parent(struct look *look, const wchar_t *path_w, size_t cch)
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
static bool event_in_protected(struct look *look, const wchar_t *path_w, enum sbx_status *status)
{
    enum sbx_spelling spelling;
    const wchar_t *at_w = path_w, *end_w;
    char path[DISPLAY_BYTES];

    while ((end_w = wcschr(at_w, L'\\')) != NULL) {
        size_t name =
            find_name(look->work->protect, at_w, (size_t)(end_w - at_w), NULL, 0, &spelling);

        if (name != NONE && at_w == path_w)
            return true;
        if (name != NONE && is_git(look->work->protect, name)) {
            if (is_git_inner(end_w + 1)) {
                path_of(look->root, L"", path_w, path, sizeof(path));
                *status = sbx_protect_add_change(look->work, path, "created");
            }
            return true;
        }
        at_w = end_w + 1;
    }
    return false;
}

/* A directory that was made, or moved here with whatever is in it. */
static enum sbx_status walk_new(struct look *look, const wchar_t *path_w,
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
        status = walk_tree(look, handle, path_w, true);
    }
    sbx_handle_close(&handle);
    return status;
}

/* The object of an event, by its handle. @param ret_covered a directory that was walked */
static enum sbx_status judge_event(struct look *look, const wchar_t *path_w, HANDLE handle,
    const struct sbx_file_facts *facts, const wchar_t *leaf_w, bool *ret_covered)
{
    struct sbx_protect_work *work = look->work;
    struct sbx_protect_candidate candidate = {.root = look->root,
        .parent = look->parent,
        .entry_w = leaf_w,
        .entry_cch = wcslen(leaf_w),
        .is_certain = true,
        .facts = *facts};
    enum sbx_status status = SBX_OK;
    char path[DISPLAY_BYTES];

    path_of(look->root, L"", path_w, path, sizeof(path));
    candidate.path = path;
    candidate.name =
        find_name(work->protect, leaf_w, candidate.entry_cch, NULL, 0, &candidate.spelling);
    if (candidate.name != NONE && look->parent == look->root->list)
        return SBX_OK; /* the top was read */
    if (candidate.name != NONE)
        status = found_below(look, &candidate);
    if (status || (candidate.name != NONE && is_git(work->protect, candidate.name)))
        return status;
    if (facts->is_reparse || (!facts->is_directory && facts->links > 1))
        return sbx_protect_add_link(
            work, look->root, path, handle, facts->reparse_tag, facts->links);
    if (!facts->is_directory)
        return SBX_OK;
    return walk_new(look, path_w, &candidate, ret_covered);
}

static enum sbx_status look_at_event(struct look *look, const wchar_t *path_w, bool *ret_covered)
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
static enum sbx_status look_at_events(struct look *look)
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
        if (is_over(look))
            break;
        status = look_at_event(look, path_w, &covered);
        if (covered)
            covered_w = path_w;
    }
    close_parent(look);
    return status;
}

enum sbx_status sbx_protect_look(struct sbx_protect_work *work, struct sbx_protect_root *root)
{
    struct look look = {.work = work, .root = root};
    struct top top = {.protect = work->protect, .root = root, .look = &look};
    enum sbx_status status;

    look.heard = sbx_watch_names(work->protect->watch, root->watch);
    work->report->events += look.heard->events;
    status = sort_events(&look);
    if (!status)
        status = read_top(&top, work->err);
    if (!status)
        status = look_at_events(&look);
    if (!status && look.heard->lost) {
        work->report->roots_lost++;
        status = walk_tree(&look, root->list, L"", false);
    }
    free(look.sorted_w);
    return status;
}
