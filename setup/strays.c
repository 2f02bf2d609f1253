/* See strays.h. */
#include "strays.h"

#include "journalfile.h"
#include "place.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"

/* Every name that sbx_file_replace_at is given by set-up. */
static const char *const replaced[] = {SBX_RUNNER_NAME, SBX_SETUP_NAME, SBX_RECORD_NAME,
    SBX_JOURNAL_NAME, SBX_JOURNAL_NAME ".damaged", SBX_CREDENTIALS_NAME};

struct sweep {
    struct sbx_error *err; /* of the first failure */
    enum sbx_status status;
    size_t removed;
};

static bool is_stray(const struct sbx_filewalk_entry *entry)
{
    size_t i;

    if (entry->attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT))
        return false;
    for (i = 0; i < countof(replaced); i++) {
        if (sbx_file_is_temporary(entry->name_w, entry->name_cch, replaced[i]))
            return true;
    }
    return false;
}

static enum sbx_filewalk_next visit(void *context, struct sbx_filewalk_entry *entry)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = DELETE};
    struct sweep *sweep = context;
    struct sbx_error err;
    HANDLE file = NULL;
    enum sbx_status status;

    if (!is_stray(entry))
        return SBX_WALK_SKIP;
    sbx_error_init(&err);
    status = sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &how, &file, &err);
    if (!status)
        status = sbx_file_delete(file, &err);
    sbx_handle_close(&file);
    sweep->removed += !status;
    if (status && !sweep->status) {
        sweep->status = status;
        *sweep->err = err;
    }
    return SBX_WALK_SKIP;
}

static enum sbx_status sweep_folder(
    struct sbx_setup *setup, enum sbx_setup_folder which, size_t *removed, struct sbx_error *err)
{
    struct sweep sweep = {.err = err, .status = SBX_OK};
    const struct sbx_filewalk walk = {.context = &sweep, .visit = visit};
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    HANDLE folder = NULL;
    enum sbx_status status = sbx_place_look(setup, which, &state, NULL, err);

    if (status || state != SBX_PLACE_FOLDER)
        return status;
    status = sbx_place_open(setup, which, FILE_LIST_DIRECTORY | FILE_TRAVERSE, &folder, err);
    if (!status)
        status = sbx_filewalk_run(folder, &walk, NULL, err);
    sbx_handle_close(&folder);
    *removed += sweep.removed;
    return status ? status : sweep.status;
}

enum sbx_status sbx_setup_remove_strays(
    struct sbx_setup *setup, size_t *ret_removed, struct sbx_error *err)
{
    enum sbx_status status;

    *ret_removed = 0;
    status = sweep_folder(setup, SBX_FOLDER_PROGRAM, ret_removed, err);
    if (!status)
        status = sweep_folder(setup, SBX_FOLDER_SECRETS, ret_removed, err);
    return status;
}

enum sbx_status sbx_setup_remove_folder(
    struct sbx_setup *setup, bool *ret_changed, bool *ret_left, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    size_t strays = 0;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);

    *ret_left = false;
    sbx_setup_at(setup, "folder '%s'", setup->program_folder);
    if (!status)
        status = sbx_setup_remove_strays(setup, &strays, err);
    if (!status)
        status = sbx_setup_journal_remove(setup, ret_left, err);
    if (!status && (strays || (state == SBX_PLACE_FOLDER && !*ret_left)))
        *ret_changed = true;
    return status;
}
