/* See workdirs.h. */
#include "workdirs.h"

#include "follow.h"
#include "shared/core/sha256.h"
#include "shared/core/winpath.h"
#include "shared/core/utf.h"
#include "shared/win/acl.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"

#include <stdio.h>

#define STATE_NAME "AgentSandbox"
#define WEEK_TICKS (UINT64_C(7) * 24 * 3600 * 10000000) /* FILETIME units of 100 ns */

static void hex(const uint8_t *bytes, size_t count, char *ret_text)
{
    size_t i;

    for (i = 0; i < count; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

static enum sbx_status below(
    const char *base, const char *folder, const char *name, char **ret_path, struct sbx_error *err)
{
    enum sbx_status status;
    char *path = NULL;

    status = sbx_winpath_join(base, folder, &path, err);
    if (!status)
        status = sbx_winpath_join(path, name, ret_path, err);
    free(path);
    return status;
}

enum sbx_status sbx_workdirs_name(
    const struct sbx_policy *policy, struct sbx_facts *facts, struct sbx_error *err)
{
    const struct sbx_root_fact *root = &facts->roots[0];
    enum sbx_status status = SBX_OK;
    uint8_t digest[32];
    struct sbx_sha256 sha;
    char name[33];

    /* A read-only run has no capability to write its home with: the caller's own serves reading. */
    if (policy->profile != SBX_PROFILE_READ_ONLY && root->volume_guid) {
        sbx_sha256_init(&sha);
        sbx_sha256_add(&sha, root->volume_guid, strlen(root->volume_guid) + 1);
        sbx_sha256_add(&sha, root->file_id, sizeof(root->file_id));
        sbx_sha256_end(&sha, digest);
        hex(digest, 16, name);
        status = below(facts->state_directory, "work", name, &facts->home_directory, err);
    }
    hex(facts->random, 16, name);
    if (!status)
        status = below(facts->state_directory, "tmp", name, &facts->temp_directory, err);
    if (!status)
        status =
            sbx_winpath_join(facts->state_directory, "deny-bin", &facts->denybin_directory, err);
    return status;
}

/* Whom descriptors name, and whether they must read back. */
struct make {
    struct sbx_sd_people people;
    bool unproved_ok;
};

static enum sbx_status open_or_make(HANDLE parent, const char *name,
    const struct sbx_descriptor *wanted, HANDLE *ret_handle, bool *ret_created,
    struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY,
        .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY |
                  (wanted ? READ_CONTROL | WRITE_DAC : 0u)};
    enum sbx_status status = SBX_OK;
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    if (wanted)
        status = sbx_descriptor_serialise(wanted, &bytes, err);
    if (!status)
        status =
            sbx_file_ensure_directory(parent, name, &how, bytes.data, ret_handle, ret_created, err);
    sbx_buf_done(&bytes);
    return status;
}

/*
 * Read the descriptor back. This is also the first proof of a run that this machine keeps ACLs at
 * all: it fails here, on a folder of our own, before anything of the user's is touched.
 */
static enum sbx_status prove(
    HANDLE handle, const struct sbx_descriptor *wanted, bool created, struct sbx_error *err)
{
    struct sbx_descriptor seen = {0};
    enum sbx_status status = sbx_acl_get(handle, NULL, &seen, err);

    if (!status && !sbx_acl_same_aces(&seen.dacl, &wanted->dacl)) {
        if (created)
            status = sbx_fail(err, SBX_UNPROVEN,
                "the access list it was created with does not read back: files keep none here");
        else
            status = sbx_acl_set_dacl(handle, wanted, NULL, err);
    }
    sbx_descriptor_done(&seen);
    return status;
}

/* A directory below `parent`, made with a descriptor of the table when it is missing. */
static enum sbx_status ensure(HANDLE parent, const char *name, const struct sbx_sd_spec *spec,
    const struct make *make, HANDLE *ret_handle, struct sbx_error *err)
{
    struct sbx_descriptor wanted = {0};
    enum sbx_status status = SBX_OK;
    bool created = false;

    if (spec)
        status = sbx_sd_build(spec, &make->people, &wanted, err);
    if (!status)
        status = open_or_make(parent, name, spec ? &wanted : NULL, ret_handle, &created, err);
    if (!status && spec && !make->unproved_ok)
        status = prove(*ret_handle, &wanted, created, err);
    if (status)
        sbx_error_context(err, "state folder '%s'", name);
    sbx_descriptor_done(&wanted);
    return status;
}

/*
 * The command may write in its home, hence turn it, once it is empty, into a link; no later run
 * would then get past it. The link itself goes, whatever it leads to.
 */
static void drop_link(HANDLE parent, const char *name)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = DELETE | FILE_WRITE_ATTRIBUTES, .allow_reparse = true};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;

    if (!sbx_file_open_at(parent, name, &how, &handle, NULL) &&
        !sbx_file_get_facts(handle, &facts, NULL) && facts.is_reparse &&
        sbx_file_delete_read_only(handle, NULL))
        SetLastError(ERROR_SUCCESS); /* opening it without following refuses, and says what it is */
    sbx_handle_close(&handle);
}

/* state\folder\(last component of path), granted to `sid`. */
static enum sbx_status make_granted(HANDLE state, const char *folder, const char *path,
    const char *sid, struct make *make, struct sbx_error *err)
{
    enum sbx_status status;
    HANDLE parent = NULL, handle = NULL;

    status = sbx_sid_parse(sid, &make->people.sid[SBX_WHO_RUN], err);
    if (!status)
        status = ensure(state, folder, NULL, NULL, &parent, err);
    if (!status) {
        drop_link(parent, sbx_winpath_base_name(path));
        status =
            ensure(parent, sbx_winpath_base_name(path), &sbx_sd_work_folder, make, &handle, err);
    }
    sbx_handle_close(&handle);
    sbx_handle_close(&parent);
    return status;
}

static enum sbx_status make_stubs(HANDLE state, struct sbx_error *err)
{
    const struct sbx_file_how read = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    enum sbx_status status;
    HANDLE folder = NULL;
    size_t i, count = 0;
    const struct sbx_stub_file *stubs = sbx_plan_stub_files(&count);

    status = ensure(state, "deny-bin", NULL, NULL, &folder, err);
    for (i = 0; !status && i < count; i++) {
        struct sbx_buf old;
        HANDLE file = NULL;
        size_t length = strlen(stubs[i].content);
        bool same;

        sbx_buf_init(&old, 4096);
        same = !sbx_file_open_at(folder, stubs[i].name, &read, &file, NULL) &&
               !sbx_file_read_all(file, &old, NULL) && old.length_bytes == length &&
               memcmp(old.data, stubs[i].content, length) == 0;
        sbx_handle_close(&file);
        sbx_buf_done(&old);
        if (!same)
            status =
                sbx_file_replace_at(folder, stubs[i].name, stubs[i].content, length, NULL, err);
    }
    sbx_handle_close(&folder);
    return status;
}

static enum sbx_status open_state(
    const struct sbx_facts *facts, struct make *make, HANDLE *ret_state, struct sbx_error *err)
{
    enum sbx_status status;
    HANDLE local = NULL;

    status = sbx_sid_parse(facts->caller_sid, &make->people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_follow_open(facts->local_app_data,
            FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_SUBDIRECTORY, &local, NULL, err);
    if (!status)
        status = ensure(local, STATE_NAME, &sbx_sd_state_folder, make, ret_state, err);
    sbx_handle_close(&local);
    return status;
}

enum sbx_status sbx_workdirs_make(const struct sbx_facts *facts, const struct sbx_plan *plan,
    bool unproved_ok, struct sbx_error *err)
{
    struct make make = {.unproved_ok = unproved_ok};
    enum sbx_status status;
    HANDLE state = NULL;

    status = open_state(facts, &make, &state, err);
    if (!status && facts->home_directory && plan->root_count && plan->roots[0].writable)
        status = make_granted(
            state, "work", facts->home_directory, plan->roots[0].capability_sid, &make, err);
    if (!status)
        status = make_granted(state, "tmp", facts->temp_directory, plan->run_sid, &make, err);
    if (!status && plan->network == SBX_NETWORK_ADVISORY)
        status = make_stubs(state, err);
    sbx_handle_close(&state);
    return status;
}

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
        !sbx_file_open_at(sweep->folder, name, &how, &handle, NULL) &&
        !sbx_file_get_facts(handle, &facts, NULL) && facts.last_write + WEEK_TICKS < sweep->now &&
        sbx_strings_add(&sweep->stale, name, NULL))
        SetLastError(ERROR_SUCCESS); /* out of memory: the next run sweeps */
    sbx_handle_close(&handle);
    free(name);
    return SBX_WALK_SKIP;
}

static void sweep_stale(HANDLE folder)
{
    struct sweep sweep = {.folder = folder};
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

enum sbx_status sbx_workdirs_clean(
    const struct sbx_facts *facts, size_t *ret_left, struct sbx_error *err)
{
    /* The folders were proved when the run began, or the run ended there. */
    struct make make = {.unproved_ok = true};
    enum sbx_status status;
    HANDLE state = NULL, folder = NULL;

    *ret_left = 0;
    status = open_state(facts, &make, &state, err);
    if (!status)
        status = ensure(state, "tmp", NULL, NULL, &folder, err);
    if (!status) {
        remove_tree(folder, sbx_winpath_base_name(facts->temp_directory), ret_left);
        sweep_stale(folder);
    }
    sbx_handle_close(&folder);
    sbx_handle_close(&state);
    return status;
}
