/*
 * Repositories that were made, or written to, during a run. See protect.h for the MUSTs.
 *
 * What makes git run a program from inside a repository folder: hooks\*, the keys of config and
 * config.worktree, and commondir, which leads to another folder for both. Submodules keep theirs
 * in modules\**, worktrees in worktrees\*.
 */
#include "protectgit.h"

#include "shared/core/gitconfig.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define DISPLAY_BYTES 600u

bool sbx_protect_git_is(const struct sbx_filewalk_entry *entry, const wchar_t *name_w)
{
    return CompareStringOrdinal(entry->name_w, (int)entry->name_cch, name_w, -1, TRUE) ==
           CSTR_EQUAL;
}

/* A branch may be called hooks, so the folder tells: refs and logs are not looked into. */
enum sbx_git_part sbx_protect_git_part(const struct sbx_filewalk_entry *entry)
{
    if (sbx_protect_git_is(entry, L"objects") || sbx_protect_git_is(entry, L"refs") ||
        sbx_protect_git_is(entry, L"logs"))
        return SBX_GIT_PART_CONTENT;
    if (sbx_protect_git_is(entry, L"hooks"))
        return SBX_GIT_PART_HOOKS;
    if (sbx_protect_git_is(entry, L"config") || sbx_protect_git_is(entry, L"config.worktree"))
        return SBX_GIT_PART_CONFIG;
    if (sbx_protect_git_is(entry, L"commondir"))
        return SBX_GIT_PART_COMMONDIR;
    return SBX_GIT_PART_OTHER;
}

/* --- hooks --------------------------------------------------------------------------------------
 */

static enum sbx_filewalk_next count_hook(void *context, struct sbx_filewalk_entry *entry)
{
    static const wchar_t sample_w[] = L".sample";
    size_t cch = countof(sample_w) - 1, *count = context;

    /* git runs no *.sample; everything else is taken for a hook, whatever its name. */
    if ((entry->attributes & FILE_ATTRIBUTE_DIRECTORY) || entry->name_cch <= cch ||
        CompareStringOrdinal(entry->name_w + entry->name_cch - cch, (int)cch, sample_w, (int)cch,
            TRUE) != CSTR_EQUAL)
        (*count)++;
    return SBX_WALK_SKIP;
}

/* How many entries of a hooks folder git could run. A link or a file in its place counts as one. */
static size_t hooks_in(const struct sbx_filewalk_entry *entry)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    size_t count = 0;
    struct sbx_filewalk walk = {
        .context = &count, .visit = count_hook, .max_depth = 1, .max_entries = SBX_GIT_ENTRIES_MAX};
    HANDLE handle = NULL;

    if (sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &handle, NULL) ||
        sbx_filewalk_run(handle, &walk, NULL, NULL))
        count = count ? count : 1;
    sbx_handle_close(&handle);
    return count;
}

/* --- config -------------------------------------------------------------------------------------
 */

static enum sbx_status say_keys(struct sbx_strings *details, const char *where,
    const struct sbx_gitconfig *config, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < config->keys.count && !status; i++)
        status = sbx_protect_say(
            details, err, "%s sets %s, which runs a program", where, config->keys.items[i]);
    if (!status && config->more)
        status = sbx_protect_say(details, err, "%s sets more of these", where);
    if (!status && config->bad_line)
        status = sbx_protect_say(
            details, err, "%s cannot be read from line %u on", where, (unsigned)config->bad_line);
    return status;
}

static enum sbx_status scan_config(const struct sbx_filewalk_entry *entry, const char *where,
    struct sbx_strings *details, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    struct sbx_gitconfig config = {0};
    enum sbx_status status = SBX_OK;
    HANDLE handle = NULL;
    struct sbx_buf text;

    sbx_buf_init(&text, SBX_GITCONFIG_MAX_BYTES);
    if (sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &handle, NULL) ||
        sbx_file_read_all(handle, &text, NULL)) {
        status = sbx_protect_say(details, err, "%s cannot be read", where);
        goto cleanup;
    }
    status = sbx_gitconfig_scan(text.data, text.length_bytes, &config, err);
    if (!status)
        status = say_keys(details, where, &config, err);
cleanup:
    sbx_gitconfig_done(&config);
    sbx_buf_done(&text);
    sbx_handle_close(&handle);
    return status;
}

/* --- a repository folder ------------------------------------------------------------------------
 */

struct repository {
    const struct sbx_protect *protect; /* NULL: only look */
    struct sbx_strings *details;
    struct sbx_error *err;
    enum sbx_status status;
};

enum sbx_status sbx_protect_git_empty_hooks(HANDLE parent, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_create_at(parent, "hooks", &how, NULL, &handle, err);

    sbx_handle_close(&handle);
    return status;
}

static enum sbx_status take_away(struct repository *repository,
    const struct sbx_filewalk_entry *entry, const char *where, size_t hooks)
{
    const char *name = hooks ? "hooks" : "commondir";
    char *aside = NULL;
    enum sbx_status status = sbx_protect_move_aside(repository->protect, entry->parent,
        entry->name_w, entry->name_cch, name, NULL, &aside, repository->err);

    if (!status && hooks)
        status = sbx_protect_say(
            repository->details, repository->err, "%s: %zu moved to '%s'", where, hooks, aside);
    else if (!status)
        status =
            sbx_protect_say(repository->details, repository->err, "%s moved to '%s'", where, aside);
    if (!status && hooks)
        status = sbx_protect_git_empty_hooks(entry->parent, repository->err);
    free(aside);
    return status;
}

static enum sbx_filewalk_next visit_repository(void *context, struct sbx_filewalk_entry *entry)
{
    struct repository *repository = context;
    enum sbx_git_part part = sbx_protect_git_part(entry);
    char where[DISPLAY_BYTES];
    size_t hooks;

    sbx_wstr_display(entry->relative_w, entry->relative_cch, where, sizeof(where));
    switch (part) {
    case SBX_GIT_PART_CONTENT:
        return SBX_WALK_SKIP;
    case SBX_GIT_PART_HOOKS:
        hooks = hooks_in(entry);
        if (hooks && repository->protect)
            repository->status = take_away(repository, entry, where, hooks);
        else if (hooks)
            repository->status = sbx_protect_say(
                repository->details, repository->err, "%s: %zu in use", where, hooks);
        break;
    case SBX_GIT_PART_CONFIG:
        if (entry->attributes & FILE_ATTRIBUTE_DIRECTORY)
            return SBX_WALK_ON; /* a submodule of that name */
        repository->status = scan_config(entry, where, repository->details, repository->err);
        break;
    case SBX_GIT_PART_COMMONDIR:
        /* In worktrees\* it is how git finds back; there it leads to this very repository. */
        if (entry->depth == 0 && repository->protect)
            repository->status = take_away(repository, entry, where, 0);
        break;
    default:
        return SBX_WALK_ON;
    }
    return repository->status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

static enum sbx_status walk_repository(struct repository *repository, HANDLE directory)
{
    struct sbx_filewalk walk = {
        .context = repository, .visit = visit_repository, .max_entries = SBX_GIT_ENTRIES_MAX};
    enum sbx_status status = sbx_filewalk_run(directory, &walk, NULL, repository->err);

    return repository->status ? repository->status : status;
}

enum sbx_status sbx_protect_git_tame(const struct sbx_protect *protect, HANDLE directory,
    struct sbx_strings *details, struct sbx_error *err)
{
    struct repository repository = {protect, details, err, SBX_OK};

    return walk_repository(&repository, directory);
}

enum sbx_status sbx_protect_git_look(
    const char *path, struct sbx_strings *details, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    struct repository repository = {NULL, details, err, SBX_OK};
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open(path, &how, &handle, NULL);

    if (!status)
        status = walk_repository(&repository, handle);
    sbx_handle_close(&handle);
    if (status == SBX_OOM)
        return status;
    return status ? sbx_protect_say(details, err, "'%s' cannot be read", path) : SBX_OK;
}
