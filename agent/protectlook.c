/* What was made during a run. See protect.h for the MUSTs. */
#include "protectlook.h"

#include <stdio.h>

#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define CLOCK_EVERY 256u

/* --- names -------------------------------------------------------------------------------------
 */

/*
 * Which protected name an entry has. Case beyond ASCII is the volume's business; the kernel's
 * table is asked here, so that a name which a policy added is found in its other case too.
 */
size_t sbx_protect_find_name(const struct sbx_protect *protect, const wchar_t *name_w, size_t cch,
    const wchar_t *short_w, size_t short_cch, enum sbx_spelling *ret_spelling)
{
    const struct sbx_strings *names = &protect->plan->protected_names;
    size_t i, found = sbx_protectname_find(names, (const sbx_char16 *)name_w, cch,
                  (const sbx_char16 *)short_w, short_cch, ret_spelling);

    for (i = 0; i < names->count && found == SBX_PROTECT_NONE; i++) {
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

bool sbx_protect_is_git(const struct sbx_protect *protect, size_t name)
{
    return sbx_utf_equal_ci_ascii(protect->plan->protected_names.items[name], ".git");
}

/* "ROOT\relative" for people; a lone surrogate in it does not stop anything. */
void sbx_protect_path_of(const struct sbx_protect_root *root, const wchar_t *below_w,
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

bool sbx_protect_facts_of(HANDLE parent, const wchar_t *name_w, size_t cch,
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

/* --- a tree --------------------------------------------------------------------------------------
 */

bool sbx_protect_is_over(struct sbx_protect_looking *look)
{
    struct sbx_protect_report *report = look->work->report;

    if (report->entries_read >= SBX_PROTECT_ENTRIES_MAX ||
        (report->entries_read % CLOCK_EVERY == 0 && sbx_clock_ms() >= look->work->deadline_ms))
        report->truncated = true;
    return report->truncated;
}

/* A name that is protected at the top of a root, deeper: repositories are dealt with. */
enum sbx_status sbx_protect_found_below(
    struct sbx_protect_looking *look, struct sbx_protect_candidate *candidate)
{
    enum sbx_status status;
    size_t index;

    if (sbx_protect_is_git(look->work->protect, candidate->name))
        return sbx_protect_deal(look->work, candidate);
    status = sbx_protect_add_item(look->work, candidate->path, SBX_PROTECT_REPORTED, &index);
    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    return sbx_protect_say(&look->work->report->items[index].details, look->work->err,
        "below the top of a root: only there this name is protected");
}

static enum sbx_status note_link(
    struct sbx_protect_looking *look, const struct sbx_filewalk_entry *entry)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    struct sbx_protect_work *work = look->work;
    bool is_link = (entry->attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    enum sbx_status status = SBX_OK;
    FILE_STANDARD_INFO info;
    char path[SBX_PROTECT_DISPLAY_BYTES];
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
        sbx_protect_path_of(look->root, look->below_w, entry->relative_w, path, sizeof(path));
        status = sbx_protect_add_link(
            work, look->root, path, handle, entry->reparse_tag, info.NumberOfLinks);
    }
    sbx_handle_close(&handle);
    return status;
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    struct sbx_protect_looking *look = context;
    struct sbx_protect_candidate candidate = {.root = look->root,
        .parent = entry->parent,
        .entry_w = entry->name_w,
        .entry_cch = entry->name_cch,
        .is_certain = look->is_certain};
    char path[SBX_PROTECT_DISPLAY_BYTES];

    if (sbx_protect_is_over(look))
        return SBX_WALK_STOP;
    look->work->report->entries_read++;
    candidate.name = sbx_protect_find_name(look->work->protect, entry->name_w, entry->name_cch,
        entry->short_w, entry->short_cch, &candidate.spelling);
    if (candidate.name != SBX_PROTECT_NONE && !look->below_w[0] && entry->depth == 0)
        return SBX_WALK_SKIP; /* the top was read before */
    if (candidate.name != SBX_PROTECT_NONE && sbx_protect_facts_of(entry->parent, entry->name_w,
                                                  entry->name_cch, &candidate.facts, NULL)) {
        sbx_protect_path_of(look->root, look->below_w, entry->relative_w, path, sizeof(path));
        candidate.path = path;
        look->status = sbx_protect_found_below(look, &candidate);
        if (!look->status && sbx_protect_is_git(look->work->protect, candidate.name))
            return SBX_WALK_SKIP;
    }
    if (!look->status)
        look->status = note_link(look, entry);
    return look->status ? SBX_WALK_STOP : SBX_WALK_ON;
}

static bool problem_seen(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    struct sbx_protect_looking *look = context;

    (void)relative_w;
    (void)cch;
    if (error->status != SBX_NOT_FOUND)
        look->work->report->truncated = true; /* a directory that cannot be read */
    return true;
}

enum sbx_status sbx_protect_walk_tree(
    struct sbx_protect_looking *look, HANDLE directory, const wchar_t *below_w, bool is_certain)
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

enum sbx_status sbx_protect_look(struct sbx_protect_work *work, struct sbx_protect_root *root)
{
    struct sbx_protect_looking look = {.work = work, .root = root};
    enum sbx_status status;

    look.heard = sbx_watch_names(work->protect->watch, root->watch);
    work->report->events += look.heard->events;
    status = sbx_protect_sort_events(&look);
    if (!status)
        status = sbx_protect_look_at_top(&look);
    if (!status)
        status = sbx_protect_look_at_events(&look);
    if (!status && look.heard->lost) {
        work->report->roots_lost++;
        status = sbx_protect_walk_tree(&look, root->list, L"", false);
    }
    free(look.sorted_w);
    return status;
}
