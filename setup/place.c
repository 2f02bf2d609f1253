/* See place.h. */
#include "place.h"

#include <stdio.h>

#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/random.h"

static const char *leaf_of(const char *path)
{
    return sbx_winpath_base_name(path);
}

/* --- looking ---------------------------------------------------------------------------------- */

/* MUST 1 and 3. For a folder below one of ours, the parent is ours and checked the same way. */
static enum sbx_status open_parent(
    const char *path, ACCESS_MASK access, HANDLE *ret_parent, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = access | READ_CONTROL | FILE_TRAVERSE};
    struct sbx_descriptor descriptor = {0};
    HANDLE parent = NULL;
    char *parent_path = NULL;
    enum sbx_status status = sbx_winpath_parent(path, &parent_path, err);

    if (!status)
        status = sbx_file_open(parent_path, &how, &parent, err);
    if (!status)
        status = sbx_acl_get(parent, NULL, &descriptor, err);
    if (!status && !sbx_setup_owner_is_machine(&descriptor)) {
        status = sbx_fail(err, SBX_DENIED,
            "'%s' does not belong to SYSTEM, Administrators or TrustedInstaller", parent_path);
        sbx_error_hint(err, "somebody changed its owner: give it back to Administrators first");
    }
    if (status)
        sbx_handle_close(&parent);
    else
        *ret_parent = parent;
    sbx_descriptor_done(&descriptor);
    free(parent_path);
    return status;
}

/* @param ret_handle set when the state is FOLDER; opened with `access` and READ_CONTROL */
static enum sbx_status look_at(HANDLE parent, const char *name, ACCESS_MASK access,
    enum sbx_place_state *ret_state, HANDLE *ret_handle, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err)
{
    struct sbx_file_how how = {.access = READ_CONTROL, .allow_reparse = true};
    struct sbx_descriptor descriptor = {0};
    struct sbx_file_facts facts = {0};
    HANDLE handle = NULL;
    bool good = false;
    enum sbx_status status = sbx_file_open_at(parent, name, &how, &handle, err);

    if (status == SBX_NOT_FOUND) {
        *ret_state = SBX_PLACE_ABSENT;
        return SBX_OK;
    }
    if (!status)
        status = sbx_file_get_facts(handle, &facts, err);
    if (!status)
        status = sbx_acl_get(handle, NULL, &descriptor, err);
    if (!status)
        good = facts.is_directory && !facts.is_reparse && sbx_setup_owner_is_machine(&descriptor);
    sbx_handle_close(&handle);
    if (!status && good && ret_handle) {
        how = (struct sbx_file_how){.kind = SBX_FILE_DIRECTORY, .access = access | READ_CONTROL};
        status = sbx_file_open_at(parent, name, &how, &handle, err);
    }
    if (!status)
        *ret_state = good ? SBX_PLACE_FOLDER : SBX_PLACE_SQUATTED;
    if (!status && good && ret_handle)
        *ret_handle = handle;
    if (!status && good && ret_descriptor)
        *ret_descriptor = descriptor;
    else
        sbx_descriptor_done(&descriptor);
    return status;
}

/* A parent of ours that is absent or squatted means that the folder is absent. */
static enum sbx_status open_parent_of(const struct sbx_setup *setup, enum sbx_setup_folder folder,
    ACCESS_MASK access, HANDLE *ret_parent, struct sbx_error *err)
{
    enum sbx_setup_folder above =
        folder == SBX_FOLDER_SECRETS ? SBX_FOLDER_PROGRAM : SBX_FOLDER_DATA;

    if (folder == SBX_FOLDER_SECRETS || folder == SBX_FOLDER_WORK)
        return sbx_place_open(setup, above, access | FILE_TRAVERSE, ret_parent, err);
    return open_parent(sbx_setup_folder_path(setup, folder), access, ret_parent, err);
}

enum sbx_status sbx_place_open(const struct sbx_setup *setup, enum sbx_setup_folder folder,
    ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err)
{
    const char *path = sbx_setup_folder_path(setup, folder);
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    HANDLE parent = NULL;
    enum sbx_status status = open_parent_of(setup, folder, 0, &parent, err);

    if (!status)
        status = look_at(parent, leaf_of(path), access, &state, ret_handle, NULL, err);
    if (!status && state == SBX_PLACE_ABSENT)
        status = sbx_fail(err, SBX_NOT_FOUND, "'%s' does not exist", path);
    if (!status && state == SBX_PLACE_SQUATTED)
        status = sbx_fail(err, SBX_DENIED, "'%s' is not a folder of the machine", path);
    sbx_handle_close(&parent);
    return status;
}

enum sbx_status sbx_place_look(const struct sbx_setup *setup, enum sbx_setup_folder folder,
    enum sbx_place_state *ret_state, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    HANDLE parent = NULL;
    HANDLE handle = NULL;
    enum sbx_status status = open_parent_of(setup, folder, 0, &parent, err);

    if (ret_descriptor)
        memset(ret_descriptor, 0, sizeof(*ret_descriptor));
    if (status && (folder == SBX_FOLDER_SECRETS || folder == SBX_FOLDER_WORK) &&
        (status == SBX_NOT_FOUND || status == SBX_DENIED)) {
        enum sbx_place_state above = SBX_PLACE_FOLDER;

        /* Only when the parent is really absent or squatted: its own ancestors were fine. */
        status = sbx_place_look(setup,
            folder == SBX_FOLDER_SECRETS ? SBX_FOLDER_PROGRAM : SBX_FOLDER_DATA, &above, NULL, err);
        if (!status && above != SBX_PLACE_FOLDER) {
            *ret_state = SBX_PLACE_ABSENT;
            return SBX_OK;
        }
        if (!status)
            status = sbx_fail(
                err, SBX_DENIED, "'%s' cannot be opened", sbx_setup_folder_path(setup, folder));
        return status;
    }
    if (!status)
        status = look_at(parent, leaf_of(sbx_setup_folder_path(setup, folder)), 0, ret_state,
            &handle, ret_descriptor, err);
    sbx_handle_close(&handle);
    sbx_handle_close(&parent);
    return status;
}

/* --- making ----------------------------------------------------------------------------------- */

/* MUST 2: the object itself; a name that nobody can guess, so that it cannot be squatted too. */
static enum sbx_status rename_aside(
    struct sbx_setup *setup, HANDLE parent, const char *name, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.access = DELETE, .allow_reparse = true};
    uint8_t random[8];
    char aside[96];
    HANDLE handle = NULL;
    enum sbx_status status = sbx_random_bytes(random, sizeof(random), err);

    if (status)
        return status;
    snprintf(aside, sizeof(aside), "%.48s.aside-%02x%02x%02x%02x%02x%02x%02x%02x", name, random[0],
        random[1], random[2], random[3], random[4], random[5], random[6], random[7]);
    status = sbx_file_open_at(parent, name, &how, &handle, err);
    if (!status)
        status = sbx_file_rename(handle, parent, aside, false, err);
    sbx_handle_close(&handle);
    if (status) {
        sbx_error_context(err, "rename aside '%s', which set-up did not make", name);
        sbx_error_hint(err, "remove or rename it yourself, then run set-up again");
    } else {
        sbx_setup_note(setup,
            "'%s' was there and did not belong to the machine: renamed to '%s', look at it", name,
            aside);
    }
    return status;
}

static enum sbx_status create(
    HANDLE parent, const char *name, const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = READ_CONTROL};
    struct sbx_buf bytes;
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_descriptor_serialise(descriptor, &bytes, err);
    if (!status)
        status = sbx_file_create_at(parent, name, &how, bytes.data, &handle, err);
    sbx_handle_close(&handle);
    sbx_buf_done(&bytes);
    return status;
}

/* Look once more, by handle: it is what was asked for, whoever may have been faster. */
static enum sbx_status prove(
    HANDLE parent, const char *name, const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    struct sbx_descriptor found = {0};
    enum sbx_status status = look_at(parent, name, 0, &state, NULL, &found, err);

    if (!status && (state != SBX_PLACE_FOLDER || !sbx_setup_same_dacl(&found, descriptor)))
        status = sbx_fail(err, SBX_UNPROVEN, "folder '%s' does not read back as it was made", name);
    sbx_descriptor_done(&found);
    return status;
}

enum sbx_status sbx_place_make(struct sbx_setup *setup, enum sbx_setup_folder folder,
    const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    const char *path = sbx_setup_folder_path(setup, folder);
    const char *name = leaf_of(path);
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    struct sbx_descriptor found = {0};
    HANDLE parent = NULL;
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_setup_at(setup, "folder '%s'", path);
    status =
        open_parent_of(setup, folder, FILE_LIST_DIRECTORY | FILE_ADD_SUBDIRECTORY, &parent, err);
    if (!status)
        status = look_at(parent, name, WRITE_DAC, &state, &handle, &found, err);
    if (!status && state == SBX_PLACE_SQUATTED)
        status = rename_aside(setup, parent, name, err);
    if (!status && state != SBX_PLACE_FOLDER)
        status = create(parent, name, descriptor, err);
    else if (!status && !sbx_setup_same_dacl(&found, descriptor))
        status = sbx_acl_set_dacl(handle, descriptor, NULL, err);
    if (!status)
        status = prove(parent, name, descriptor, err);
    sbx_descriptor_done(&found);
    sbx_handle_close(&handle);
    sbx_handle_close(&parent);
    return status;
}

/* --- removing --------------------------------------------------------------------------------- */

struct removal {
    struct sbx_error *err; /* of the first failure */
    enum sbx_status status;
};

static void keep_first(struct removal *removal, enum sbx_status status, const struct sbx_error *err)
{
    if (removal->status || !status)
        return;
    removal->status = status;
    *removal->err = *err;
}

/* MUST 4: opened as itself. A directory is deleted when it is left, through the same handle. */
static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    struct removal *removal = context;
    struct sbx_file_how how = {.access = DELETE | FILE_WRITE_ATTRIBUTES | FILE_LIST_DIRECTORY,
        .allow_reparse = true,
        .backup = true};
    struct sbx_file_facts facts = {0};
    struct sbx_error err;
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_error_init(&err);
    status =
        sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &handle, &err);
    if (!status)
        status = sbx_file_get_facts(handle, &facts, &err);
    if (!status && facts.is_directory && !facts.is_reparse) {
        entry->directory = handle;
        entry->data = handle;
        return SBX_WALK_ON;
    }
    if (!status)
        status = sbx_file_delete_read_only(handle, &err);
    sbx_handle_close(&handle);
    keep_first(removal, status, &err);
    return SBX_WALK_SKIP;
}

static void leave(void *context, void *data)
{
    struct sbx_error err;

    sbx_error_init(&err);
    if (data)
        keep_first(context, sbx_file_delete_read_only(data, &err), &err);
}

static bool problem(
    void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error)
{
    (void)relative_w;
    (void)cch;
    keep_first(context, error->status, error);
    return true;
}

static enum sbx_status remove_tree(HANDLE root, struct sbx_error *err)
{
    struct removal removal = {.err = err, .status = SBX_OK};
    const struct sbx_filewalk walk = {
        .context = &removal, .visit = visit, .leave = leave, .problem = problem};
    struct sbx_error walk_err;
    enum sbx_status status;

    sbx_error_init(&walk_err);
    status = sbx_filewalk_run(root, &walk, NULL, &walk_err);
    keep_first(&removal, status, &walk_err);
    return removal.status;
}

enum sbx_status sbx_place_remove(
    struct sbx_setup *setup, enum sbx_setup_folder folder, struct sbx_error *err)
{
    const char *path = sbx_setup_folder_path(setup, folder);
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_setup_at(setup, "folder '%s'", path);
    status = sbx_place_look(setup, folder, &state, NULL, err);
    if (status || state != SBX_PLACE_FOLDER)
        return status;
    status = sbx_place_open(setup, folder, DELETE | FILE_LIST_DIRECTORY, &handle, err);
    if (!status)
        status = remove_tree(handle, err);
    if (!status)
        status = sbx_file_delete(handle, err);
    sbx_handle_close(&handle);
    if (status)
        sbx_error_context(err, "remove '%s'", path);
    return status;
}

enum sbx_status sbx_place_remove_empty(
    struct sbx_setup *setup, enum sbx_setup_folder folder, bool *ret_removed, struct sbx_error *err)
{
    struct sbx_descriptor wanted = {0};
    struct sbx_descriptor found = {0};
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    HANDLE handle = NULL;
    bool removed = false;
    enum sbx_status status = sbx_setup_descriptor(folder, NULL, &wanted, err);

    if (!status)
        status = sbx_place_look(setup, folder, &state, &found, err);
    if (!status && state == SBX_PLACE_FOLDER && sbx_setup_same_dacl(&found, &wanted)) {
        status = sbx_place_open(setup, folder, DELETE, &handle, err);
        if (!status)
            status = sbx_file_delete(handle, err);
        removed = !status;
        /* Not empty: what is left is not ours (a machine policy). */
        if (status && (err->code == ERROR_DIR_NOT_EMPTY || err->code == 0xC0000101u))
            status = SBX_OK;
    }
    sbx_handle_close(&handle);
    sbx_descriptor_done(&found);
    sbx_descriptor_done(&wanted);
    if (!status && ret_removed)
        *ret_removed = removed || state == SBX_PLACE_ABSENT;
    return status;
}
