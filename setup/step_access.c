/*
 * Group and operators enter the descriptors of secrets, data and work (descriptors.c). A step of
 * its own, because the group's SID is known only after the folders are there.
 */
#include "place.h"

static const enum sbx_setup_folder order[] = {SBX_FOLDER_SECRETS, SBX_FOLDER_DATA, SBX_FOLDER_WORK};

static enum sbx_status look(const struct sbx_setup *setup, enum sbx_setup_folder folder,
    const struct sbx_installation *inst, bool *ret_there, bool *ret_same, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    struct sbx_descriptor found = {0};
    struct sbx_descriptor wanted = {0};
    enum sbx_status status = sbx_place_look(setup, folder, &state, &found, err);

    if (!status)
        status = sbx_setup_descriptor(folder, inst, &wanted, err);
    *ret_there = state == SBX_PLACE_FOLDER;
    *ret_same = !status && *ret_there && sbx_setup_same_dacl(&found, &wanted);
    sbx_descriptor_done(&found);
    sbx_descriptor_done(&wanted);
    return status;
}

/* The base form, where a folder has it, is "nothing of this step is there". */
static enum sbx_status access_examine(
    void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    size_t good = 0;
    size_t base = 0;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(order); i++) {
        bool there = false;
        bool same = false;

        sbx_setup_at(setup, "folder '%s'", sbx_setup_folder_path(setup, order[i]));
        status = look(setup, order[i], NULL, &there, &same, err);
        base += !there || same;
        if (!status && setup->wanted.group_sid) {
            status = look(setup, order[i], &setup->wanted, &there, &same, err);
            good += same;
        }
    }
    *ret = good == countof(order)   ? SBX_STEP_PRESENT
           : base == countof(order) ? SBX_STEP_ABSENT
                                    : SBX_STEP_DIFFERENT;
    return status;
}

static enum sbx_status set_all(
    struct sbx_setup *setup, const struct sbx_installation *inst, bool must, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(order); i++) {
        struct sbx_descriptor wanted = {0};
        bool there = false;
        bool same = false;

        status = look(setup, order[i], inst, &there, &same, err);
        if (!status && !there && must)
            status = sbx_fail(err, SBX_NOT_FOUND, "'%s' is not there any more",
                sbx_setup_folder_path(setup, order[i]));
        if (!status && there && !same)
            status = sbx_setup_descriptor(order[i], inst, &wanted, err);
        if (!status && there && !same)
            status = sbx_place_make(setup, order[i], &wanted, err);
        sbx_descriptor_done(&wanted);
    }
    return status;
}

static enum sbx_status access_apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;

    if (!setup->wanted.group_sid)
        return sbx_fail(err, SBX_INTERNAL, "the group's SID is not known");
    return set_all(setup, &setup->wanted, true, err);
}

static enum sbx_status access_verify(void *context, struct sbx_error *err)
{
    enum sbx_step_state state = SBX_STEP_ABSENT;
    enum sbx_status status = access_examine(context, &state, err);

    if (!status && state != SBX_STEP_PRESENT)
        status = sbx_fail(
            err, SBX_UNPROVEN, "the descriptors of the folders do not read back as they were set");
    return status;
}

static enum sbx_status access_undo(void *context, struct sbx_error *err)
{
    return set_all(context, NULL, false, err);
}

const struct sbx_step sbx_step_access = {
    .name = "access",
    .why_safe =
        "Literal tables (setup/descriptors.c): operators may read the sealed credentials and add "
        "folders to work, the sandbox group is denied the first and passes through the second; set "
        "through handles of folders that belong to the machine, and read back.",
    .examine = access_examine,
    .apply = access_apply,
    .verify = access_verify,
    .undo = access_undo,
};
