/* See workdirs.h. */
#include "workdirs.h"
#include "workparts.h"

#include "follow.h"
#include "shared/core/sha256.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"

#include <stdio.h>

#define STATE_NAME "AgentSandbox"
#define HOME_PREFIX "home-"

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

/* The name of a root's home: the same for each run there, another one for each user. */
static void home_name(const struct sbx_facts *facts, char ret_name[33])
{
    const struct sbx_root_fact *root = &facts->roots[0];
    struct sbx_sha256 sha;
    uint8_t digest[32];

    sbx_sha256_init(&sha);
    sbx_sha256_add(&sha, root->volume_guid, strlen(root->volume_guid) + 1);
    sbx_sha256_add(&sha, root->file_id, sizeof(root->file_id));
    if (facts->work_directory) /* shared by all operators */
        sbx_sha256_add(&sha, facts->caller_sid, strlen(facts->caller_sid));
    sbx_sha256_end(&sha, digest);
    hex(digest, 16, ret_name);
}

/* Elevated: both kinds side by side in the machine's folder, told apart by their first letters. */
static enum sbx_status name_elevated(
    struct sbx_facts *facts, const char *home, const char *run, struct sbx_error *err)
{
    char text[48];
    enum sbx_status status = SBX_OK;

    if (!facts->work_directory)
        return sbx_fail(err, SBX_INTERNAL, "elevated mode without a work folder");
    if (home) {
        snprintf(text, sizeof(text), HOME_PREFIX "%s", home);
        status = sbx_winpath_join(facts->work_directory, text, &facts->home_directory, err);
    }
    snprintf(text, sizeof(text), SBX_WORKDIRS_TEMP_PREFIX "%s", run);
    if (!status)
        status = sbx_winpath_join(facts->work_directory, text, &facts->temp_directory, err);
    return status;
}

enum sbx_status sbx_workdirs_name(const struct sbx_policy *policy, enum sbx_mode mode,
    struct sbx_facts *facts, struct sbx_error *err)
{
    /* A read-only run has no capability to write its home with: the caller's own serves reading. */
    bool has_home = policy->profile != SBX_PROFILE_READ_ONLY && facts->roots[0].volume_guid;
    enum sbx_status status = SBX_OK;
    char home[33] = "", run[33];

    if (has_home)
        home_name(facts, home);
    hex(facts->random, 16, run);
    if (mode == SBX_MODE_ELEVATED) {
        status = name_elevated(facts, has_home ? home : NULL, run, err);
    } else {
        if (has_home)
            status = below(facts->state_directory, "work", home, &facts->home_directory, err);
        if (!status)
            status = below(facts->state_directory, "tmp", run, &facts->temp_directory, err);
        if (!status) /* elevated: the child could not read it there */
            status = sbx_winpath_join(
                facts->state_directory, "deny-bin", &facts->denybin_directory, err);
    }
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
    struct sbx_file_type type;
    HANDLE handle = NULL;

    if (!sbx_file_open_at(parent, name, &how, &handle, NULL) &&
        !sbx_file_get_type(handle, &type, NULL) && type.is_reparse &&
        sbx_file_delete_read_only(handle, NULL))
        SetLastError(ERROR_SUCCESS); /* opening it without following refuses, and says what it is */
    sbx_handle_close(&handle);
}

/* parent\(last component of path), granted to `sid`. @param ret_handle may be NULL */
static enum sbx_status make_granted(HANDLE parent, const char *path, const char *sid,
    struct make *make, HANDLE *ret_handle, struct sbx_error *err)
{
    enum sbx_status status;
    HANDLE handle = NULL;

    status = sbx_sid_parse(sid, &make->people.sid[SBX_WHO_RUN], err);
    if (!status) {
        drop_link(parent, sbx_winpath_base_name(path));
        status =
            ensure(parent, sbx_winpath_base_name(path), &sbx_sd_work_folder, make, &handle, err);
    }
    if (!status && ret_handle) {
        *ret_handle = handle;
        handle = NULL;
    }
    sbx_handle_close(&handle);
    return status;
}

/* As above, in state\folder. */
static enum sbx_status make_below(HANDLE state, const char *folder, const char *path,
    const char *sid, struct make *make, struct sbx_error *err)
{
    HANDLE parent = NULL;
    enum sbx_status status = ensure(state, folder, NULL, NULL, &parent, err);

    if (!status)
        status = make_granted(parent, path, sid, make, NULL, err);
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

enum sbx_status sbx_workdirs_state(const struct sbx_facts *facts, struct sbx_error *err)
{
    struct make make = {0};
    HANDLE state = NULL;
    enum sbx_status status = open_state(facts, &make, &state, err);

    sbx_handle_close(&state);
    return status;
}

/* --- elevated mode ------------------------------------------------------------------------------
 */

/* Made by setup; a folder of that name that anybody else owns was not. */
static enum sbx_status check_work_owner(HANDLE work, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status = sbx_acl_get(work, NULL, &descriptor, err);

    if (!status && !sbx_sid_equal(&descriptor.owner, &sbx_sid_system) &&
        !sbx_sid_equal(&descriptor.owner, &sbx_sid_administrators) &&
        !sbx_sid_equal(&descriptor.owner, &sbx_sid_trusted_installer))
        status = sbx_fail(err, SBX_DENIED, "it belongs to none of the machine's own accounts");
    sbx_descriptor_done(&descriptor);
    return status;
}

static enum sbx_status open_work(
    const struct sbx_facts *facts, HANDLE *ret_work, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY,
        .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_SUBDIRECTORY | READ_CONTROL};
    enum sbx_status status = sbx_file_open(facts->work_directory, &how, ret_work, err);

    if (!status)
        status = check_work_owner(*ret_work, err);
    if (status) {
        sbx_error_context(err, "work folder '%s'", facts->work_directory);
        sbx_error_hint(err, "run: agent repair");
        sbx_handle_close(ret_work);
    }
    return status;
}

/*
 * APPDATA and LOCALAPPDATA of the child. Programs expect them to exist; a command may have put
 * something else in their place, which is its own loss and no failure of this run.
 */
static void make_profile_folders(HANDLE home)
{
    static const char *const names[] = {"Roaming", "Local"};
    HANDLE app_data = NULL, folder = NULL;
    size_t i;

    if (ensure(home, "AppData", NULL, NULL, &app_data, NULL))
        return;
    for (i = 0; i < countof(names); i++) {
        if (ensure(app_data, names[i], NULL, NULL, &folder, NULL))
            SetLastError(ERROR_SUCCESS); /* see above */
        sbx_handle_close(&folder);
    }
    sbx_handle_close(&app_data);
}

static enum sbx_status make_elevated(const struct sbx_facts *facts, const struct sbx_plan *plan,
    struct make *make, struct sbx_error *err)
{
    HANDLE work = NULL, home = NULL, temp = NULL;
    enum sbx_status status = open_work(facts, &work, err);

    if (!status && facts->home_directory && plan->roots[0].writable)
        status = make_granted(
            work, facts->home_directory, plan->roots[0].capability_sid, make, &home, err);
    if (!status)
        status = make_granted(work, facts->temp_directory, plan->run_sid, make, &temp, err);
    if (!status)
        make_profile_folders(home ? home : temp);
    sbx_handle_close(&home);
    sbx_handle_close(&temp);
    sbx_handle_close(&work);
    return status;
}

enum sbx_status sbx_workdirs_make(const struct sbx_facts *facts, const struct sbx_plan *plan,
    bool unproved_ok, struct sbx_error *err)
{
    bool elevated = plan->mode == SBX_MODE_ELEVATED;
    struct make make = {.unproved_ok = unproved_ok};
    enum sbx_status status = SBX_OK;
    struct sbx_sid group = {0};
    HANDLE state = NULL;

    if (facts->group_sid) /* whatever the mode: the ledger's folder denies the group */
        status = sbx_sid_parse(facts->group_sid, &group, err);
    make.people.sid[SBX_WHO_GROUP] = group;
    if (!status)
        status = open_state(facts, &make, &state, err);
    if (!elevated) /* nor is a home or TEMP of this mode anything for it */
        memset(&make.people.sid[SBX_WHO_GROUP], 0, sizeof(make.people.sid[SBX_WHO_GROUP]));
    if (!status && elevated)
        status = make_elevated(facts, plan, &make, err);
    if (!status && !elevated && facts->home_directory && plan->root_count &&
        plan->roots[0].writable)
        status = make_below(
            state, "work", facts->home_directory, plan->roots[0].capability_sid, &make, err);
    if (!status && !elevated)
        status = make_below(state, "tmp", facts->temp_directory, plan->run_sid, &make, err);
    if (!status && !elevated && plan->network == SBX_NETWORK_ADVISORY)
        status = make_stubs(state, err);
    sbx_handle_close(&state);
    return status;
}

enum sbx_status sbx_workdirs_open_temps(
    const struct sbx_facts *facts, bool elevated, HANDLE *ret_folder, struct sbx_error *err)
{
    /* The folders were proved when the run began, or the run ended there. */
    struct make make = {.unproved_ok = true};
    enum sbx_status status;
    HANDLE state = NULL;

    if (elevated)
        return open_work(facts, ret_folder, err);
    status = open_state(facts, &make, &state, err);
    if (!status)
        status = ensure(state, "tmp", NULL, NULL, ret_folder, err);
    sbx_handle_close(&state);
    return status;
}
