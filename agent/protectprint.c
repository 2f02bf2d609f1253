/*
 * git: "write": what makes git run a program inside a repository is the same before and after a
 * run, or the difference is told and what could not be denied goes aside. See protect.h.
 */
#include "protectgit.h"

#include "shared/core/sha256.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define HASH_MAX_BYTES ((size_t)1024 * 1024)
#define PRINTS_MAX 8192u

struct taking {
    struct sbx_protect_prints *prints;
    const char *git; /* full path of the folder */
    struct sbx_error *err;
    enum sbx_status status;
};

static enum sbx_status reserve(struct sbx_protect_prints *prints, struct sbx_error *err)
{
    size_t capacity = prints->capacity ? prints->capacity * 2 : 32;
    struct sbx_protect_print *larger = NULL;
    enum sbx_status status;

    if (prints->count < prints->capacity)
        return SBX_OK;
    status = sbx_calloc(capacity, sizeof(*larger), &larger, err);
    if (status)
        return status;
    if (prints->count)
        memcpy(larger, prints->items, prints->count * sizeof(*larger));
    free(prints->items);
    prints->items = larger;
    prints->capacity = capacity;
    return SBX_OK;
}

/* Size, time and content; what cannot be read has the hash of nothing. */
static void look_at_file(const struct sbx_filewalk_entry *entry, struct sbx_protect_print *print)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = FILE_READ_DATA, .allow_reparse = true};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, HASH_MAX_BYTES);
    if (!sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &handle, NULL) &&
        !sbx_file_get_facts(handle, &facts, NULL)) {
        print->size_bytes = facts.size_bytes;
        print->last_write = facts.last_write;
        if (!facts.is_reparse && !sbx_file_read_all(handle, &bytes, NULL))
            sbx_sha256(bytes.data ? bytes.data : "", bytes.length_bytes, print->hash);
    }
    sbx_buf_done(&bytes);
    sbx_handle_close(&handle);
}

static enum sbx_status add_print(struct taking *taking, const struct sbx_filewalk_entry *entry)
{
    struct sbx_protect_print print = {
        .is_directory = (entry->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0};
    enum sbx_status status = reserve(taking->prints, taking->err);
    char *relative = NULL;
    struct sbx_buf path;

    if (status)
        return status;
    if (taking->prints->count >= PRINTS_MAX ||
        sbx_wstr_to_utf8_n(entry->relative_w, entry->relative_cch, &relative, NULL)) {
        taking->prints->truncated = true;
        return SBX_OK;
    }
    sbx_buf_init(&path, 65536);
    status = sbx_buf_printf(&path, taking->err, "%s\\%s", taking->git, relative);
    if (!status)
        status = sbx_buf_steal(&path, &print.path, taking->err);
    if (!status && !print.is_directory)
        look_at_file(entry, &print);
    if (!status)
        taking->prints->items[taking->prints->count++] = print;
    sbx_buf_done(&path);
    free(relative);
    return status;
}

/* The parts of design 4: hooks, config, config.worktree, commondir, modules and worktrees. */
static enum sbx_filewalk_next visit_print(void *context, struct sbx_filewalk_entry *entry)
{
    struct taking *taking = context;
    enum sbx_git_part part = sbx_protect_git_part(entry);
    bool in_hooks = entry->parent_data != NULL;

    if (in_hooks || part == SBX_GIT_PART_HOOKS || part == SBX_GIT_PART_COMMONDIR ||
        (part == SBX_GIT_PART_CONFIG && !(entry->attributes & FILE_ATTRIBUTE_DIRECTORY))) {
        taking->status = add_print(taking, entry);
        entry->data = taking; /* all that is in a hooks folder counts */
        return taking->status ? SBX_WALK_STOP : SBX_WALK_ON;
    }
    if (part == SBX_GIT_PART_CONTENT ||
        (entry->depth == 0 && !sbx_protect_git_is(entry, L"modules") &&
            !sbx_protect_git_is(entry, L"worktrees")))
        return SBX_WALK_SKIP;
    return SBX_WALK_ON;
}

static enum sbx_status take_one(
    const char *git, struct sbx_protect_prints *prints, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    struct taking taking = {prints, git, err, SBX_OK};
    struct sbx_filewalk walk = {
        .context = &taking, .visit = visit_print, .max_entries = SBX_GIT_ENTRIES_MAX};
    HANDLE handle = NULL;

    if (sbx_file_open(git, &how, &handle, NULL))
        return SBX_OK; /* gone or replaced: the top of its root tells */
    if (sbx_filewalk_run(handle, &walk, NULL, NULL))
        prints->truncated = true;
    sbx_handle_close(&handle);
    return taking.status;
}

enum sbx_status sbx_protect_prints_take(
    const struct sbx_protect *protect, struct sbx_protect_prints *ret_prints, struct sbx_error *err)
{
    const struct sbx_facts *facts = protect->options.facts;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(ret_prints, 0, sizeof(*ret_prints));
    for (i = 0; protect->plan->git == SBX_GIT_WRITE && !status && i < facts->object_count; i++) {
        const struct sbx_object_fact *object = &facts->objects[i];

        if (object->kind == SBX_OBJECT_PROTECTED && object->is_directory && !object->is_reparse &&
            sbx_utf_equal_ci_ascii(sbx_winpath_base_name(object->path), ".git"))
            status = take_one(object->path, ret_prints, err);
    }
    if (status)
        sbx_protect_prints_done(ret_prints);
    return status;
}

static const struct sbx_protect_print *find(
    const struct sbx_protect_prints *prints, const char *path)
{
    size_t i;

    for (i = 0; i < prints->count; i++)
        if (sbx_utf_equal_ci_ascii(prints->items[i].path, path))
            return &prints->items[i];
    return NULL;
}

static bool is_same(const struct sbx_protect_print *a, const struct sbx_protect_print *b)
{
    return a->is_directory == b->is_directory &&
           (a->is_directory ||
               (a->size_bytes == b->size_bytes && memcmp(a->hash, b->hash, sizeof(a->hash)) == 0 &&
                   a->last_write == b->last_write));
}

/*
 * A hooks folder or a commondir file that was not there could not be denied. It goes aside, as in
 * a repository that is adopted.
 */
static enum sbx_status act_on_created(
    struct sbx_protect_work *work, const struct sbx_protect_print *print)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    const char *name = sbx_winpath_base_name(print->path);
    bool is_hooks = sbx_utf_equal_ci_ascii(name, "hooks");
    char *directory = NULL, *aside = NULL;
    struct sbx_error problem;
    wchar_t *name_w = NULL;
    HANDLE parent = NULL;
    size_t index;
    enum sbx_status status;

    if (work->protect->plan->on_created_protected == SBX_ON_CREATED_REPORT ||
        (!is_hooks && !sbx_utf_equal_ci_ascii(name, "commondir")))
        return SBX_OK;
    sbx_error_init(&problem);
    status = sbx_protect_add_item(work, print->path, SBX_PROTECT_QUARANTINED, &index);
    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    if (sbx_winpath_parent(print->path, &directory, &problem) ||
        sbx_wstr_from_utf8(name, &name_w, &problem) ||
        sbx_file_open(directory, &how, &parent, &problem) ||
        sbx_protect_move_aside(
            work->protect, parent, name_w, wcslen(name_w), name, NULL, &aside, &problem)) {
        work->report->items[index].action = SBX_PROTECT_FAILED;
        status = sbx_protect_say(&work->report->items[index].details, work->err,
            "could not be renamed: %s", problem.context);
    } else {
        status = sbx_protect_say(
            &work->report->items[index].details, work->err, "renamed to '%s'", aside);
        if (!status && is_hooks && sbx_protect_git_empty_hooks(parent, &problem))
            status = sbx_protect_say(&work->report->items[index].details, work->err,
                "no empty folder in its place: %s", problem.context);
    }
    free(directory);
    free(aside);
    free(name_w);
    sbx_handle_close(&parent);
    return status;
}

/* Moved with its folder already: one line for the folder is enough. */
static bool is_in_created_folder(const struct sbx_protect_prints *before,
    const struct sbx_protect_prints *now, const struct sbx_protect_print *print)
{
    size_t i;

    for (i = 0; i < now->count; i++)
        if (now->items[i].is_directory && &now->items[i] != print &&
            sbx_winpath_is_inside(now->items[i].path, print->path) &&
            !find(before, now->items[i].path))
            return true;
    return false;
}

enum sbx_status sbx_protect_prints_compare(struct sbx_protect_work *work)
{
    const struct sbx_protect_prints *before = &work->protect->prints;
    struct sbx_protect_prints now = {0};
    enum sbx_status status = sbx_protect_prints_take(work->protect, &now, work->err);
    size_t i;

    work->report->truncated = work->report->truncated || before->truncated || now.truncated;
    for (i = 0; i < now.count && !status; i++) {
        const struct sbx_protect_print *was = find(before, now.items[i].path);

        if (was && is_same(was, &now.items[i]))
            continue;
        status = sbx_protect_add_change(work, now.items[i].path, was ? "changed" : "created");
        if (!status && !was && !is_in_created_folder(before, &now, &now.items[i]))
            status = act_on_created(work, &now.items[i]);
    }
    for (i = 0; i < before->count && !status; i++)
        if (!find(&now, before->items[i].path))
            status = sbx_protect_add_change(work, before->items[i].path, "removed");
    sbx_protect_prints_done(&now);
    return status;
}

void sbx_protect_prints_done(struct sbx_protect_prints *prints)
{
    size_t i;

    for (i = 0; i < prints->count; i++)
        free(prints->items[i].path);
    free(prints->items);
    memset(prints, 0, sizeof(*prints));
}
