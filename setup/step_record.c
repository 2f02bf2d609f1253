/*
 * installation.json, written last: it is what makes agents use the elevated mode, so it exists
 * only when everything before it was verified.
 */
#include "place.h"

#include "shared/core/winpath.h"
#include "shared/win/statefile.h"

static enum sbx_status record_path(
    const struct sbx_setup *setup, char **ret_path, struct sbx_error *err)
{
    return sbx_winpath_join(setup->program_folder, SBX_RECORD_NAME, ret_path, err);
}

/* @param ret_text empty when there is none */
static enum sbx_status read_text(
    struct sbx_setup *setup, bool *ret_there, struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    char *path = NULL;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);

    *ret_there = false;
    if (status || state != SBX_PLACE_FOLDER)
        return status;
    status = record_path(setup, &path, err);
    if (!status) {
        enum sbx_status found = sbx_statefile_read(path, SBX_STATEFILE_MACHINE, ret_text, err);

        *ret_there = found != SBX_NOT_FOUND;
        if (found == SBX_OOM)
            status = found;
        else if (found)
            sbx_buf_clear(ret_text);
    }
    free(path);
    return status;
}

static enum sbx_status record_examine(
    void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_error unfinished;
    struct sbx_buf text;
    struct sbx_buf wanted;
    bool there = false;
    enum sbx_status status;

    sbx_error_init(&unfinished);
    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    sbx_buf_init(&wanted, SBX_INSTALLATION_MAX_BYTES);
    sbx_setup_at(setup, "record '%s'", SBX_RECORD_NAME);
    status = read_text(setup, &there, &text, err);
    *ret = there ? SBX_STEP_DIFFERENT : SBX_STEP_ABSENT;
    /* A record that cannot be printed yet lacks what an earlier step still has to find out. */
    if (!status && there && !sbx_installation_format(&setup->wanted, &wanted, &unfinished) &&
        wanted.length_bytes == text.length_bytes &&
        memcmp(wanted.data, text.data, text.length_bytes) == 0)
        *ret = SBX_STEP_PRESENT;
    sbx_buf_done(&wanted);
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status record_apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_buf text;
    char *path = NULL;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    status = sbx_setup_intend(setup, "record", SBX_RECORD_NAME, err);
    if (!status)
        status = sbx_installation_format(&setup->wanted, &text, err);
    if (!status)
        status = record_path(setup, &path, err);
    if (!status)
        status = sbx_statefile_write(path, NULL, text.data, text.length_bytes, err);
    free(path);
    sbx_buf_done(&text);
    return status;
}

/* By the reader that the agent uses, not by comparing bytes with what was meant. */
static enum sbx_status record_verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_installation back = {0};
    struct sbx_buf text;
    bool there = false;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    status = read_text(setup, &there, &text, err);
    if (!status && !text.length_bytes)
        status = sbx_fail(err, SBX_UNPROVEN, "the record is not there or not the machine's");
    if (!status)
        status = sbx_installation_parse(text.data, text.length_bytes, &back, err);
    if (!status && (back.account_count != setup->wanted.account_count ||
                       back.operators.count != setup->wanted.operators.count))
        status = sbx_fail(err, SBX_UNPROVEN, "the record does not say what was written");
    sbx_installation_done(&back);
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status record_undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    char *path = NULL;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);

    sbx_setup_at(setup, "record '%s'", SBX_RECORD_NAME);
    if (status || state != SBX_PLACE_FOLDER)
        return status;
    status = record_path(setup, &path, err);
    if (!status)
        status = sbx_statefile_delete(path, err);
    free(path);
    return status;
}

const struct sbx_step sbx_step_record = {
    .name = "record",
    .why_safe =
        "A file without secrets in a folder that only administrators write, with a checksum; "
        "written when everything else was read back, removed before anything else is undone.",
    .examine = record_examine,
    .apply = record_apply,
    .verify = record_verify,
    .undo = record_undo,
};
