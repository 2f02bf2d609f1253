/*
 * Facts about git repositories in the roots: where a `.git` file leads to, and what inside a
 * repository stays protected although its policy says git: "write" (design 4). See facts.h.
 *
 * Everything read here is untrusted content: small caps, no links followed, and a name that
 * cannot be resolved names nothing.
 */
#include "facts.h"

#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"

/* A `.git` file is one line, "gitdir: PATH"; anything longer is not one. */
#define GIT_FILE_MAX_BYTES 4096u
/* Submodule repositories are searched for hooks and config; more entries than this stop the run. */
#define MODULES_MAX_ENTRIES 200000u

/*
 * git writes a path as it was given: C:\Users\RUNNER~1\..., or in another case. Roots and the walk
 * below them have the names that are on the disk. Untrusted text: no link is followed, and nothing
 * is asked for on another computer.
 */
static void use_stored_names(char **path)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY};
    char *verbatim = NULL, *stored = NULL;
    HANDLE handle = NULL;

    if (sbx_winpath_classify(*path) == SBX_WINPATH_DRIVE &&
        !sbx_file_open(*path, &how, &handle, NULL) &&
        !sbx_file_final_path(handle, false, &verbatim, NULL) &&
        !sbx_winpath_normalise(verbatim, &stored, NULL, NULL)) {
        free(*path);
        *path = stored;
    }
    sbx_handle_close(&handle);
    free(verbatim);
}

/*
 * The path that a small git file names, resolved against `directory`; NULL when it names none.
 * Untrusted content: a link is not followed, a long file is not one, what cannot be resolved names
 * nothing.
 */
static enum sbx_status read_git_path(const char *file, const char *key, const char *directory,
    char **ret_target, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    enum sbx_status status = SBX_OK;
    struct sbx_buf text;
    HANDLE handle = NULL;
    char *at, *end;

    sbx_buf_init(&text, GIT_FILE_MAX_BYTES);
    if (sbx_file_open(file, &how, &handle, NULL) || sbx_file_read_all(handle, &text, NULL) ||
        !text.data || strncmp(text.data, key, strlen(key)) != 0)
        goto cleanup;
    for (at = text.data + strlen(key); *at == ' '; at++)
        continue;
    for (end = at; *end && *end != '\r' && *end != '\n'; end++)
        continue;
    *end = '\0';
    status = sbx_winpath_resolve(directory, at, ret_target, NULL, err);
    if (status == SBX_INVALID)
        status = SBX_OK;
    if (!status && *ret_target)
        use_stored_names(ret_target);
cleanup:
    sbx_handle_close(&handle);
    sbx_buf_done(&text);
    return status;
}

/* A `.git` file names a folder, and a commondir file in there may name another (worktrees). */
enum sbx_status sbx_facts_git_targets(const char *git_file, const char *directory,
    struct sbx_object_fact *object, struct sbx_error *err)
{
    enum sbx_status status;
    char *commondir = NULL;

    status = read_git_path(git_file, "gitdir:", directory, &object->gitdir_target, err);
    if (status || !object->gitdir_target)
        return status;
    status = sbx_winpath_join(object->gitdir_target, "commondir", &commondir, err);
    if (!status)
        status =
            read_git_path(commondir, "", object->gitdir_target, &object->commondir_target, err);
    free(commondir);
    return status;
}

/* git: "write": what in a repository must stay as it is although the rest may be written. */
static const char *const git_inner_names[] = {
    "hooks", "config", "config.worktree", "commondir", "worktrees"};

/* What a walk below modules\ collects: relative paths of hooks and config. */
struct modules {
    struct sbx_strings paths;
    enum sbx_status status;
};

static bool is_name(const struct sbx_filewalk_entry *entry, const wchar_t *name_w)
{
    return _wcsicmp(entry->name_w, name_w) == 0;
}

static enum sbx_filewalk_next visit_module(void *context, struct sbx_filewalk_entry *entry)
{
    struct modules *modules = context;
    char *path = NULL;

    /* Content that git never executes, and most of the entries. */
    if (is_name(entry, L"objects") || is_name(entry, L"refs") || is_name(entry, L"logs"))
        return SBX_WALK_SKIP;
    if (!is_name(entry, L"hooks") && !is_name(entry, L"config"))
        return SBX_WALK_ON;
    modules->status = sbx_utf16_to_utf8(
        (const sbx_char16 *)entry->relative_w, entry->relative_cch, &path, NULL, NULL);
    if (!modules->status)
        modules->status = sbx_strings_add(&modules->paths, path, NULL);
    free(path);
    return modules->status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

/* modules\**\{hooks,config} below a repository folder. */
static enum sbx_status add_modules(
    struct sbx_facts *facts, size_t root, const char *git_folder, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    struct modules modules = {{0}, SBX_OK};
    struct sbx_filewalk walk = {
        .context = &modules, .visit = visit_module, .max_entries = MODULES_MAX_ENTRIES};
    struct sbx_buf path;
    HANDLE handle = NULL;
    enum sbx_status status;
    size_t i;

    sbx_buf_init(&path, SBX_POLICY_MAX_TEXT);
    status = sbx_buf_printf(&path, err, "%s\\modules", git_folder);
    if (status || sbx_file_open(path.data, &how, &handle, NULL))
        goto cleanup; /* no submodules */
    status = sbx_filewalk_run(handle, &walk, NULL, err);
    if (status)
        sbx_error_context(err, "submodules in '%s'", git_folder);
    for (i = 0; !status && i < modules.paths.count; i++) {
        sbx_buf_clear(&path);
        status = sbx_buf_printf(&path, err, "%s\\modules\\%s", git_folder, modules.paths.items[i]);
        if (!status)
            status = sbx_facts_add_object(facts, SBX_OBJECT_GIT_INNER, root, path.data, err);
    }
cleanup:
    sbx_handle_close(&handle);
    sbx_strings_done(&modules.paths);
    sbx_buf_done(&path);
    return status;
}

static enum sbx_status add_git_inner(
    struct sbx_facts *facts, size_t root, const char *git_folder, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(git_inner_names); i++) {
        char *path = NULL;

        status = sbx_winpath_join(git_folder, git_inner_names[i], &path, err);
        if (!status)
            status = sbx_facts_add_object(facts, SBX_OBJECT_GIT_INNER, root, path, err);
        free(path);
    }
    if (!status)
        status = add_modules(facts, root, git_folder, err);
    return status;
}

/* For every repository found: its own folder, and the folders its `.git` file leads to. */
enum sbx_status sbx_facts_git_inner(struct sbx_facts *facts, struct sbx_error *err)
{
    const size_t count = facts->object_count; /* grows below */
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < count; i++) {
        /* facts->objects moves when it grows: copies of the pointers stay valid. */
        const struct sbx_object_fact object = facts->objects[i];

        if (object.kind != SBX_OBJECT_PROTECTED ||
            !sbx_utf_equal_ci_ascii(sbx_winpath_base_name(object.path), ".git"))
            continue;
        if (object.is_directory && !object.is_reparse)
            status = add_git_inner(facts, object.root, object.path, err);
        if (!status && object.gitdir_target)
            status = add_git_inner(facts, object.root, object.gitdir_target, err);
        if (!status && object.commondir_target)
            status = add_git_inner(facts, object.root, object.commondir_target, err);
    }
    return status;
}
