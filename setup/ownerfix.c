/* See ownerfix.h. */
#include "ownerfix.h"

#include "profilepath.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/privilege.h"
#include "shared/win/token.h"
#include "shared/win/volume.h"

#define ENTRIES_MAX 5000000u

struct fix {
    const struct sbx_setup *setup;
    struct sbx_sid accounts[SBX_INSTALLATION_ACCOUNTS_MAX];
    size_t account_count;
    uint64_t changed;
    uint64_t failed;
    uint64_t skipped; /* more than one name */
    struct sbx_error first;
};

static const struct sbx_file_how how_object = {
    .access = READ_CONTROL | WRITE_OWNER | FILE_LIST_DIRECTORY, .backup = true};

static bool is_accounts(const struct fix *fix, const struct sbx_sid *sid)
{
    size_t i;

    for (i = 0; i < fix->account_count; i++) {
        if (sbx_sid_equal(&fix->accounts[i], sid))
            return true;
    }
    return false;
}

/* MUST 2. */
static enum sbx_status fix_one(struct fix *fix, HANDLE handle, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_file_facts facts = {0};
    enum sbx_status status = sbx_file_get_facts(handle, &facts, err);

    if (!status)
        status = sbx_acl_get(handle, NULL, &descriptor, err);
    if (!status && descriptor.has_owner && is_accounts(fix, &descriptor.owner)) {
        if (!facts.is_directory && facts.links > 1) {
            fix->skipped++;
        } else {
            status = sbx_acl_set_owner(handle, &fix->setup->operator_sid, NULL, err);
            fix->changed += !status;
        }
    }
    sbx_descriptor_done(&descriptor);
    return status;
}

static void count_failure(struct fix *fix, const struct sbx_error *error)
{
    if (!fix->failed++)
        fix->first = *error;
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    struct fix *fix = context;
    struct sbx_error err;
    HANDLE handle = NULL;
    enum sbx_status status;

    if (entry->reparse_tag)
        return SBX_WALK_SKIP;
    sbx_error_init(&err);
    status = sbx_file_open_child(
        entry->parent, entry->name_w, entry->name_cch, &how_object, &handle, &err);
    if (!status)
        status = fix_one(fix, handle, &err);
    if (status)
        count_failure(fix, &err);
    if (!status && (entry->attributes & FILE_ATTRIBUTE_DIRECTORY)) {
        entry->directory = handle;
        return SBX_WALK_ON;
    }
    sbx_handle_close(&handle);
    return SBX_WALK_SKIP;
}

static bool problem(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    (void)relative_w;
    (void)cch;
    count_failure(context, error);
    return true;
}

/* --- MUST 1 ----------------------------------------------------------------------------------- */

static enum sbx_status refuse(const char *path, const char *why, struct sbx_error *err)
{
    return sbx_fail(err, SBX_DENIED, "'%s' is refused: %s", path, why);
}

/* "\\?\C:\..." as the handle says it, in the form that the rules compare. */
static enum sbx_status path_of(HANDLE handle, char **ret_path, struct sbx_error *err)
{
    char *final = NULL;
    enum sbx_status status = sbx_file_final_path(handle, false, &final, err);

    if (!status)
        status = sbx_winpath_normalise(final, ret_path, NULL, err);
    free(final);
    return status;
}

static enum sbx_status check_machine(const char *path, struct sbx_error *err)
{
    static const enum sbx_known_folder closed[] = {SBX_KNOWN_WINDOWS, SBX_KNOWN_PROGRAM_FILES,
        SBX_KNOWN_PROGRAM_FILES_X86, SBX_KNOWN_PROGRAM_DATA};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(closed); i++) {
        char *folder = NULL;
        char *normal = NULL;

        status = sbx_known_folder(closed[i], &folder, err);
        if (status == SBX_NOT_FOUND) {
            status = SBX_OK;
            continue;
        }
        if (!status)
            status = sbx_winpath_normalise(folder, &normal, NULL, err);
        if (!status && (sbx_winpath_is_inside(normal, path) || sbx_winpath_is_inside(path, normal)))
            status = refuse(path, "it is the system's or holds its folders", err);
        free(normal);
        free(folder);
    }
    return status;
}

/* Profiles lie side by side: inside that folder, only the operator's own one is let through. */
static enum sbx_status check_profiles(
    const struct sbx_setup *setup, const char *path, struct sbx_error *err)
{
    char *own = NULL;
    char *all = NULL;
    char *folder = NULL;
    enum sbx_status status = sbx_profile_path(&setup->operator_sid, &own, err);

    if (status == SBX_NOT_FOUND) /* this user never logged on here: no profile is his */
        status = SBX_OK;
    if (!status)
        status = sbx_profile_directory(&folder, err);
    if (!status)
        status = sbx_winpath_normalise(folder, &all, NULL, err);
    if (!status && (sbx_winpath_is_inside(all, path) || sbx_winpath_is_inside(path, all))) {
        char *normal = NULL;

        if (own)
            status = sbx_winpath_normalise(own, &normal, NULL, err);
        if (!status && (!normal || !sbx_winpath_is_inside(normal, path)))
            status = refuse(path, "it is not in the profile of the user who asks", err);
        free(normal);
    }
    free(folder);
    free(all);
    free(own);
    return status;
}

static enum sbx_status check_place(
    const struct sbx_setup *setup, HANDLE handle, struct sbx_error *err)
{
    struct sbx_volume volume;
    char *path = NULL;
    enum sbx_status status = sbx_volume_of_handle(handle, &volume, err);

    if (!status)
        status = path_of(handle, &path, err);
    if (!status && (volume.kind == SBX_VOLUME_REMOTE || !volume.persistent_acls))
        status = refuse(path, "its volume is remote or keeps no owners", err);
    if (!status &&
        (sbx_winpath_is_volume_root(path) || sbx_winpath_classify(path) != SBX_WINPATH_DRIVE))
        status = refuse(path, "it is no folder or file on a drive", err);
    if (!status)
        status = check_machine(path, err);
    if (!status)
        status = check_profiles(setup, path, err);
    free(path);
    return status;
}

/* --- all -------------------------------------------------------------------------------------- */

/* WRITE_OWNER on what is closed to administrators, and an owner other than the caller. */
static enum sbx_status enable_restore(struct sbx_error *err)
{
    HANDLE token = NULL;
    enum sbx_status status =
        sbx_token_open_self(TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token, err);

    if (!status)
        status = sbx_privilege_set(token, "SeRestorePrivilege", true, err);
    if (!status)
        status = sbx_privilege_set(token, "SeBackupPrivilege", true, err);
    sbx_handle_close(&token);
    return status;
}

/* MUST 3, and the accounts of MUST 2. */
static enum sbx_status load(struct fix *fix, struct sbx_error *err)
{
    const struct sbx_setup *setup = fix->setup;
    char sid[SBX_SID_TEXT_SIZE];
    enum sbx_status status = SBX_OK;
    size_t i;

    if (!setup->has_found)
        return sbx_fail(err, SBX_NOT_SETUP, "nothing is installed on this machine");
    sbx_sid_format(&setup->operator_sid, sid);
    if (!setup->has_operator || !sbx_installation_is_operator(&setup->found, sid))
        return sbx_fail(err, SBX_DENIED, "who asks is not an operator of this installation");
    for (i = 0; !status && i < setup->found.account_count; i++)
        status =
            sbx_sid_parse(setup->found.accounts[i].sid, &fix->accounts[fix->account_count++], err);
    return status;
}

enum sbx_status sbx_ownerfix_run(struct sbx_setup *setup, bool *ret_changed, struct sbx_error *err)
{
    struct fix fix = {.setup = setup};
    const struct sbx_filewalk walk = {
        .context = &fix, .visit = visit, .problem = problem, .max_entries = ENTRIES_MAX};
    struct sbx_file_facts facts = {0};
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_setup_at(setup, "'%.150s'", setup->request.path);
    status = load(&fix, err);
    if (!status)
        status = enable_restore(err);
    if (!status)
        status = sbx_file_open(setup->request.path, &how_object, &handle, err);
    if (!status)
        status = check_place(setup, handle, err);
    if (!status)
        status = sbx_file_get_facts(handle, &facts, err);
    if (!status)
        status = fix_one(&fix, handle, err);
    if (!status && facts.is_directory)
        status = sbx_filewalk_run(handle, &walk, NULL, err);
    sbx_handle_close(&handle);
    *ret_changed = fix.changed > 0;
    if (!status)
        sbx_setup_note(setup,
            "%llu objects got their owner back, %llu with a second name were "
            "left alone",
            (unsigned long long)fix.changed, (unsigned long long)fix.skipped);
    if (!status && fix.failed) {
        *err = fix.first;
        status = err->status;
        sbx_error_context(
            err, "%llu objects could not be changed, the first", (unsigned long long)fix.failed);
    }
    return status;
}
