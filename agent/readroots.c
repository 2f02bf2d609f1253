/* See readroots.h. */
#include "readroots.h"

#include <stdarg.h>
#include <stdio.h>

#include "facts.h"
#include "follow.h"

#include "shared/core/pathglob.h"
#include "shared/core/toolhome.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"

#define NOTE_MAX_BYTES 2048u
/* Beyond these a folder is to be named: the entries would be many, or looking for them slow. */
#define GLOB_ENTRIES_MAX 100000u
#define GLOB_MATCHES_MAX 256u

static enum sbx_status note(struct sbx_facts *facts, struct sbx_error *err, const char *format, ...)
    SBX_PRINTF(3, 4);

static enum sbx_status note(struct sbx_facts *facts, struct sbx_error *err, const char *format, ...)
{
    char text[NOTE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return sbx_strings_add(&facts->read_notes, text, err);
}

static bool has_object(const struct sbx_facts *facts, enum sbx_object_kind kind, const char *path)
{
    size_t i;

    for (i = 0; i < facts->object_count; i++)
        if (facts->objects[i].kind == kind && sbx_winpath_equal(facts->objects[i].path, path))
            return true;
    return false;
}

static enum sbx_status add(
    struct sbx_facts *facts, enum sbx_object_kind kind, const char *path, struct sbx_error *err)
{
    return has_object(facts, kind, path) ? SBX_OK
                                         : sbx_facts_add_object(facts, kind, SIZE_MAX, path, err);
}

/* --- globs ---------------------------------------------------------------------------------------
 */

struct expansion {
    const char *pattern; /* below the base */
    size_t depth;        /* how many components a match has at most */
    struct sbx_strings matches;
    size_t unread; /* folders that could not be looked into */
    enum sbx_status status;
};

static enum sbx_filewalk_next look_at(void *context, struct sbx_filewalk_entry *entry)
{
    struct expansion *expansion = context;
    bool deeper = entry->depth + 1 < expansion->depth;
    char *relative = NULL;
    bool matches;

    /* A name that is no text is matched by no pattern. */
    if (sbx_utf16_to_utf8(
            (const sbx_char16 *)entry->relative_w, entry->relative_cch, &relative, NULL, NULL))
        return deeper ? SBX_WALK_ON : SBX_WALK_SKIP;
    matches = sbx_pathglob_match(expansion->pattern, relative);
    if (matches)
        expansion->status = expansion->matches.count < GLOB_MATCHES_MAX
                                ? sbx_strings_add(&expansion->matches, relative, NULL)
                                : SBX_INVALID;
    free(relative);
    if (expansion->status)
        return SBX_WALK_STOP;
    return matches || !deeper ? SBX_WALK_SKIP : SBX_WALK_ON; /* a folder is denied as a whole */
}

static bool cannot_read(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    struct expansion *expansion = context;

    (void)relative_w;
    (void)cch;
    (void)error;
    expansion->unread++;
    return true;
}

static enum sbx_status walk(
    const char *base, struct expansion *expansion, const char *asked, struct sbx_error *err)
{
    const struct sbx_filewalk filewalk = {.context = expansion,
        .visit = look_at,
        .problem = cannot_read,
        .max_entries = GLOB_ENTRIES_MAX};
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    HANDLE root = NULL;
    enum sbx_status status = sbx_file_open(base, &how, &root, err);

    if (!status)
        status = sbx_filewalk_run(root, &filewalk, NULL, err);
    sbx_handle_close(&root);
    if (expansion->status == SBX_OOM)
        return sbx_fail_oom(err);
    if (expansion->status == SBX_INVALID) {
        status = sbx_fail(err, SBX_INVALID, "denyRead '%s' matches more than %u files and folders",
            asked, GLOB_MATCHES_MAX);
        sbx_error_hint(err, "name the folder that holds them");
    } else if (status == SBX_INVALID) {
        status = sbx_fail(err, SBX_INVALID,
            "denyRead '%s' would have to look at more than %u files and folders", asked,
            GLOB_ENTRIES_MAX);
        sbx_error_hint(err, "name a folder, or begin the pattern deeper");
    }
    return status;
}

/* One match: a link stands for what it leads to. */
static enum sbx_status add_match(struct sbx_facts *facts, enum sbx_object_kind kind,
    const char *base, const char *relative, struct sbx_error *err)
{
    char *path = NULL, *final = NULL;
    enum sbx_status status = sbx_winpath_resolve(base, relative, &path, NULL, err);

    if (!status && !sbx_follow_open(path, 0, NULL, &final, NULL))
        status = add(facts, kind, final, err);
    else if (!status) /* a link that leads nowhere, or what is gone again: as it is */
        status = add(facts, kind, path, err);
    free(path);
    free(final);
    return status;
}

static enum sbx_status add_glob(
    struct sbx_facts *facts, enum sbx_object_kind kind, const char *asked, struct sbx_error *err)
{
    struct expansion expansion = {0};
    char *base = NULL, *path = NULL, *final = NULL;
    enum sbx_status status;
    size_t i;

    status = sbx_pathglob_split(asked, &base, &expansion.pattern, err);
    if (!status)
        status = sbx_facts_resolve(facts, base[0] ? base : ".", &path, err);
    if (!status && sbx_winpath_classify(path) == SBX_WINPATH_UNC) {
        status = sbx_fail(err, SBX_DENIED,
            "denyRead '%s' is on another computer, where nothing can be denied", asked);
        goto cleanup;
    }
    if (!status && sbx_follow_open(path, 0, NULL, &final, NULL)) {
        status = note(facts, err, "denyRead '%s': there is no '%s' now", asked, path);
        goto cleanup;
    }
    expansion.depth = sbx_pathglob_depth(expansion.pattern);
    if (!status)
        status = walk(final, &expansion, asked, err);
    for (i = 0; !status && i < expansion.matches.count; i++)
        status = add_match(facts, kind, final, expansion.matches.items[i], err);
    if (!status)
        status = note(facts, err,
            "denyRead '%s': %zu matches now; what is made later is denied by the next run", asked,
            expansion.matches.count);
    if (!status && expansion.unread)
        status = note(facts, err, "denyRead '%s': %zu folders could not be looked into", asked,
            expansion.unread);
cleanup:
    sbx_strings_done(&expansion.matches);
    free(base);
    free(path);
    free(final);
    return status;
}

/* --- entries of the policy
 * ------------------------------------------------------------------------ */

static enum sbx_status add_plain(
    struct sbx_facts *facts, enum sbx_object_kind kind, const char *asked, struct sbx_error *err)
{
    bool denies = kind != SBX_OBJECT_ALLOW_READ;
    const char *key = denies ? "denyRead" : "allowRead";
    char *path = NULL, *final = NULL;
    struct sbx_error problem;
    enum sbx_status status, opened;

    sbx_error_init(&problem);
    status = sbx_facts_resolve(facts, asked, &path, err);
    if (!status && sbx_winpath_classify(path) == SBX_WINPATH_UNC) {
        /* Not opened: the policy may be the workspace's, and opening logs on there. */
        status =
            denies ? sbx_fail(err, SBX_DENIED,
                         "denyRead '%s' is on another computer, where nothing can be denied", asked)
                   : note(facts, err, "allowRead '%s' is on another computer", asked);
        goto cleanup;
    }
    if (status)
        goto cleanup;
    opened = sbx_follow_open(path, 0, NULL, &final, &problem);
    if (opened == SBX_NOT_FOUND) {
        status = note(facts, err, "%s '%s' names nothing that is there now", key, asked);
    } else if (opened && denies) {
        *err = problem;
        status = err->status = SBX_DENIED;
        sbx_error_context(err, "denyRead '%s'", asked);
    } else if (opened) {
        status = note(facts, err, "allowRead '%s' cannot be opened: %s", asked, problem.context);
    } else {
        status = add(facts, kind, final, err);
        if (!status && denies && facts->object_count &&
            !facts->objects[facts->object_count - 1].is_directory)
            status = note(facts, err,
                "denyRead '%s' is a single file: one that replaces it is denied by the next run "
                "only; name its folder",
                asked);
    }
cleanup:
    free(path);
    free(final);
    return status;
}

static bool is_listed(const struct sbx_strings *list, const char *text)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static enum sbx_status add_policy(
    const struct sbx_policy *policy, struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    /* The union of all layers; an entry that is the machine's too is the machine's. */
    for (i = 0; !status && i < policy->deny_read.count; i++) {
        const char *asked = policy->deny_read.items[i];
        enum sbx_object_kind kind = is_listed(&policy->machine_deny_read, asked)
                                        ? SBX_OBJECT_DENY_READ_MACHINE
                                        : SBX_OBJECT_DENY_READ;

        status = sbx_pathglob_is_pattern(asked) ? add_glob(facts, kind, asked, err)
                                                : add_plain(facts, kind, asked, err);
    }
    for (i = 0; !status && i < policy->allow_read.count; i++)
        status = add_plain(facts, SBX_OBJECT_ALLOW_READ, policy->allow_read.items[i], err);
    return status;
}

/* --- tools and ways
 * ------------------------------------------------------------------------------- */

static enum sbx_status add_tools(struct sbx_facts *facts, struct sbx_error *err)
{
    struct sbx_strings homes = {0};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && facts->profile && i < facts->path_count; i++)
        status = sbx_toolhome_find(facts->profile, facts->path_directories[i], &homes, err);
    for (i = 0; !status && i < homes.count; i++)
        status = add(facts, SBX_OBJECT_TOOL_HOME, homes.items[i], err);
    sbx_strings_done(&homes);
    return status;
}

/* The folders above a path, up to the profile itself; nothing for a path outside of it. */
static enum sbx_status add_way(struct sbx_facts *facts, const char *path, struct sbx_error *err)
{
    char *at = NULL, *up = NULL;
    enum sbx_status status = SBX_OK;

    if (!sbx_winpath_is_inside(facts->profile, path) || sbx_winpath_equal(facts->profile, path))
        return SBX_OK;
    status = sbx_winpath_parent(path, &at, err);
    while (!status) {
        status = add(facts, SBX_OBJECT_ANCESTOR, at, err);
        if (status || sbx_winpath_equal(at, facts->profile))
            break;
        status = sbx_winpath_parent(at, &up, err);
        free(at);
        at = up;
        up = NULL;
    }
    free(at);
    return status;
}

static enum sbx_status add_ways(struct sbx_facts *facts, struct sbx_error *err)
{
    const size_t count = facts->object_count; /* those that are added lead to nothing new */
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && facts->profile && i < facts->root_count; i++)
        if (facts->roots[i].exists)
            status = add_way(facts, facts->roots[i].path, err);
    for (i = 0; !status && facts->profile && i < count; i++) {
        enum sbx_object_kind kind = facts->objects[i].kind;

        if (kind == SBX_OBJECT_ALLOW_READ || kind == SBX_OBJECT_TOOL_HOME)
            status = add_way(facts, facts->objects[i].path, err);
    }
    return status;
}

enum sbx_status sbx_readroots_add(const struct sbx_policy *policy, enum sbx_mode mode,
    struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status;

    if (mode != SBX_MODE_ELEVATED)
        return SBX_OK;
    status = add_policy(policy, facts, err);
    if (!status)
        status = add_tools(facts, err);
    return status ? status : add_ways(facts, err);
}
