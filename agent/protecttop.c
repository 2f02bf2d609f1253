/* The top of a root, before and after a run. See protect.h for the MUSTs. */
#include "protectlook.h"

#include "shared/win/handle.h"

static bool heard_of(const struct sbx_protect_looking *look, const wchar_t *name_w, size_t cch)
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
 * time of creation to differ. NULL: it is new.
 */
static const struct sbx_protect_seen *was_there(const struct sbx_protect_looking *look,
    const struct sbx_protect_candidate *candidate, uint64_t created)
{
    size_t i;

    for (i = 0; i < look->root->seen_count; i++) {
        const struct sbx_protect_seen *seen = &look->root->seen[i];

        if (seen->name == candidate->name && sbx_file_same(&seen->facts, &candidate->facts))
            return seen->created == created ||
                           !heard_of(look, candidate->entry_w, candidate->entry_cch)
                       ? seen
                       : NULL;
    }
    return NULL;
}

struct top {
    struct sbx_protect *protect;
    struct sbx_protect_root *root;
    struct sbx_protect_looking *look; /* NULL: the snapshot before the run */
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

/* What was not there before, and what only a background process can have left there before. */
static enum sbx_status judge(
    struct top *top, struct sbx_protect_candidate *candidate, uint64_t created)
{
    const struct sbx_protect_seen *seen = was_there(top->look, candidate, created);

    if (seen && !seen->is_late)
        return SBX_OK;
    if (seen) {
        candidate->is_late = true;
        candidate->is_certain = seen->is_certain;
    }
    return sbx_protect_deal(top->look->work, candidate);
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
    char path[SBX_PROTECT_DISPLAY_BYTES];
    uint64_t created = 0;

    if (top->look)
        top->look->work->report->entries_read++;
    candidate.name = sbx_protect_find_name(top->protect, entry->name_w, entry->name_cch,
        entry->short_w, entry->short_cch, &candidate.spelling);
    if (candidate.name == SBX_PROTECT_NONE || !sbx_protect_facts_of(entry->parent, entry->name_w,
                                                  entry->name_cch, &candidate.facts, &created))
        return SBX_WALK_SKIP;
    if (!top->look) {
        top->status = remember(top, &candidate, created);
    } else {
        sbx_protect_path_of(top->root, L"", entry->relative_w, path, sizeof(path));
        candidate.path = path;
        top->status = judge(top, &candidate, created);
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

    free(root->seen);
    root->seen = NULL;
    root->seen_count = 0;
    return read_top(&top, err);
}

enum sbx_status sbx_protect_look_at_top(struct sbx_protect_looking *look)
{
    struct top top = {.protect = look->work->protect, .root = look->root, .look = look};

    return read_top(&top, look->work->err);
}
