/* What is left of runs: their TEMP folders. See workdirs.h. */
#include "workdirs.h"
#include "workparts.h"

#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"

#define WEEK_TICKS (UINT64_C(7) * 24 * 3600 * 10000000) /* FILETIME units of 100 ns */

#define HOUR_MS 3600000

/* What a walk found, deepest last. */
struct found {
    struct sbx_strings paths;
    bool overflow;
};

static enum sbx_filewalk_next collect(void *context, struct sbx_filewalk_entry *entry)
{
    struct found *found = context;
    char *path = NULL;

    if (sbx_utf16_to_utf8(
            (const sbx_char16 *)entry->relative_w, entry->relative_cch, &path, NULL, NULL) ||
        sbx_strings_add(&found->paths, path, NULL))
        found->overflow = true;
    free(path);
    return found->overflow ? SBX_WALK_STOP : SBX_WALK_ON;
}

static bool remove_one(HANDLE root, const char *relative)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = DELETE | FILE_WRITE_ATTRIBUTES, .allow_reparse = true};
    HANDLE handle = NULL;
    bool gone;

    if (sbx_file_open_at(root, relative, &how, &handle, NULL))
        return false;
    gone = !sbx_file_delete_read_only(handle, NULL);
    sbx_handle_close(&handle);
    return gone;
}

/* One pass over a tree: remove what fits the list. @return true when another pass is needed */
static bool remove_pass(HANDLE root, size_t *left)
{
    struct found found = {0};
    struct sbx_filewalk walk = {.context = &found, .visit = collect};
    size_t i, stayed = 0;

    if (sbx_filewalk_run(root, &walk, NULL, NULL) && !found.overflow)
        stayed++;
    for (i = found.paths.count; i > 0; i--)
        stayed += !remove_one(root, found.paths.items[i - 1]);
    sbx_strings_done(&found.paths);
    *left = stayed;
    return found.overflow && !stayed;
}

/* Everything in a directory and the directory itself; counts what stays. */
static void remove_tree(HANDLE parent, const char *name, size_t *left)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    enum sbx_status status;
    HANDLE root = NULL;
    size_t stayed = 0;
    int passes = 0;

    status = sbx_file_open_at(parent, name, &how, &root, NULL);
    if (status == SBX_NOT_FOUND)
        return;   /* never made, or gone already */
    if (status) { /* the command can turn its folder, once empty, into a link: that goes itself */
        *left += !remove_one(parent, name);
        return;
    }
    while (remove_pass(root, &stayed) && passes++ < 1000)
        continue;
    sbx_handle_close(&root);
    *left += stayed + !remove_one(parent, name);
}

struct sweep {
    HANDLE folder;
    const char *prefix; /* of what may be swept; "" = everything */
    struct sbx_strings stale;
    uint64_t now;
};

static enum sbx_filewalk_next find_stale(void *context, struct sbx_filewalk_entry *entry)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    struct sweep *sweep = context;
    struct sbx_file_facts facts;
    HANDLE handle = NULL;
    char *name = NULL;

    if (!sbx_utf16_to_utf8((const sbx_char16 *)entry->name_w, entry->name_cch, &name, NULL, NULL) &&
        strncmp(name, sweep->prefix, strlen(sweep->prefix)) == 0 &&
        !sbx_file_open_at(sweep->folder, name, &how, &handle, NULL) &&
        !sbx_file_get_facts(handle, &facts, NULL) && facts.last_write + WEEK_TICKS < sweep->now &&
        sbx_strings_add(&sweep->stale, name, NULL))
        SetLastError(ERROR_SUCCESS); /* out of memory: the next run sweeps */
    sbx_handle_close(&handle);
    free(name);
    return SBX_WALK_SKIP;
}

/* Once an hour of this process: a session that runs many commands would look at the same folders,
   one for each run that was killed in the last week, after every one of them. */
static bool swept_lately(void)
{
    static volatile LONG64 last_ms;
    const LONG64 now_ms = (LONG64)sbx_clock_ms(), before_ms = last_ms;

    if (before_ms && now_ms - before_ms < HOUR_MS)
        return true;
    last_ms = now_ms; /* two that meet here sweep both: no harm */
    return false;
}

static void sweep_stale(HANDLE folder, const char *prefix)
{
    struct sweep sweep = {.folder = folder, .prefix = prefix};
    struct sbx_filewalk walk = {.context = &sweep, .visit = find_stale};
    size_t i, left = 0;
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    sweep.now = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    if (sbx_filewalk_run(folder, &walk, NULL, NULL))
        SetLastError(ERROR_SUCCESS); /* what was found is swept, the rest next time */
    for (i = 0; i < sweep.stale.count; i++)
        remove_tree(folder, sweep.stale.items[i], &left);
    sbx_strings_done(&sweep.stale);
}

enum sbx_status sbx_workdirs_clean(const struct sbx_facts *facts, const struct sbx_plan *plan,
    size_t *ret_left, struct sbx_error *err)
{
    bool elevated = plan->mode == SBX_MODE_ELEVATED;
    HANDLE folder = NULL;
    enum sbx_status status = sbx_workdirs_open_temps(facts, elevated, &folder, err);

    *ret_left = 0;
    if (!status) {
        remove_tree(folder, sbx_winpath_base_name(facts->temp_directory), ret_left);
        if (!swept_lately())
            sweep_stale(folder, elevated ? SBX_WORKDIRS_TEMP_PREFIX : "");
    }
    sbx_handle_close(&folder);
    return status;
}
