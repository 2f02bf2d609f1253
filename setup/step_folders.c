/*
 * The folders of design 5, made with the descriptors of descriptors.c in their base form: SYSTEM
 * and Administrators only. Group and operators come with the step "access", when they are known.
 *
 * %ProgramFiles%\AgentSandbox itself is there already: the journal lies in it (journalfile.h).
 */
#include "place.h"

#include "shared/win/handle.h"
#include "shared/win/privilege.h"
#include "shared/win/token.h"

static const enum sbx_setup_folder order[] = {
    SBX_FOLDER_PROGRAM, SBX_FOLDER_SECRETS, SBX_FOLDER_DATA, SBX_FOLDER_WORK};

/* Base form, or the form of the step "access" for the old or the new set of operators. */
static enum sbx_status is_right(const struct sbx_setup *setup, enum sbx_setup_folder folder,
    const struct sbx_descriptor *found, bool *ret_right, struct sbx_error *err)
{
    const struct sbx_installation *forms[] = {
        NULL, &setup->wanted, setup->has_found ? &setup->found : NULL};
    enum sbx_status status = SBX_OK;
    size_t i;

    *ret_right = false;
    for (i = 0; !status && !*ret_right && i < countof(forms); i++) {
        struct sbx_descriptor wanted = {0};

        status = sbx_setup_descriptor(folder, forms[i], &wanted, err);
        *ret_right = !status && sbx_setup_same_dacl(found, &wanted);
        sbx_descriptor_done(&wanted);
    }
    return status;
}

static enum sbx_status folders_examine(
    void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    size_t there = 0;
    size_t good = 0;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(order); i++) {
        enum sbx_place_state state = SBX_PLACE_ABSENT;
        struct sbx_descriptor found = {0};
        bool right = false;

        sbx_setup_at(setup, "folder '%s'", sbx_setup_folder_path(setup, order[i]));
        status = sbx_place_look(setup, order[i], &state, &found, err);
        if (!status && state == SBX_PLACE_FOLDER)
            status = is_right(setup, order[i], &found, &right, err);
        there += state == SBX_PLACE_FOLDER && order[i] != SBX_FOLDER_PROGRAM;
        good += right;
        sbx_descriptor_done(&found);
    }
    *ret = good == countof(order) ? SBX_STEP_PRESENT : there ? SBX_STEP_DIFFERENT : SBX_STEP_ABSENT;
    return status;
}

static enum sbx_status make_one(
    struct sbx_setup *setup, enum sbx_setup_folder folder, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    struct sbx_descriptor base = {0};
    struct sbx_descriptor found = {0};
    bool right = false;
    enum sbx_status status = sbx_place_look(setup, folder, &state, &found, err);

    if (!status && state == SBX_PLACE_FOLDER)
        status = is_right(setup, folder, &found, &right, err);
    if (!status && !right) {
        status = sbx_setup_descriptor(folder, NULL, &base, err);
        if (!status && state != SBX_PLACE_FOLDER)
            status = sbx_setup_intend(setup, "folders", sbx_setup_folder_path(setup, folder), err);
        if (!status)
            status = sbx_place_make(setup, folder, &base, err);
    }
    sbx_descriptor_done(&found);
    sbx_descriptor_done(&base);
    return status;
}

static enum sbx_status folders_apply(void *context, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(order); i++)
        status = make_one(context, order[i], err);
    return status;
}

static enum sbx_status folders_verify(void *context, struct sbx_error *err)
{
    enum sbx_step_state state = SBX_STEP_ABSENT;
    enum sbx_status status = folders_examine(context, &state, err);

    if (!status && state != SBX_STEP_PRESENT)
        status = sbx_fail(err, SBX_UNPROVEN, "the folders do not read back as they were made");
    return status;
}

/* Homes and TEMP folders are closed to administrators; backup privileges open and remove them. */
static void enable_backup(void)
{
    HANDLE token = NULL;

    if (sbx_token_open_self(TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token, NULL))
        return;
    (void)!sbx_privilege_set(token, "SeBackupPrivilege", true, NULL);
    (void)!sbx_privilege_set(token, "SeRestorePrivilege", true, NULL);
    sbx_handle_close(&token);
}

static enum sbx_status folders_undo(void *context, struct sbx_error *err)
{
    enum sbx_status status;

    enable_backup();
    status = sbx_place_remove(context, SBX_FOLDER_WORK, err);
    if (!status)
        status = sbx_place_remove(context, SBX_FOLDER_DATA, err);
    if (!status)
        status = sbx_place_remove(context, SBX_FOLDER_SECRETS, err);
    return status;
}

const struct sbx_step sbx_step_folders = {
    .name = "folders",
    .why_safe =
        "Paths are constants below Program Files and ProgramData, opened without following links; "
        "a folder that another user made is renamed aside and never opened up; new ones are "
        "created with a protected descriptor, for SYSTEM and Administrators only.",
    .examine = folders_examine,
    .apply = folders_apply,
    .verify = folders_verify,
    .undo = folders_undo,
};
