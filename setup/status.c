/* See run.h: what of an installation is on this machine. Names and places are design 5. */
#include "run.h"

#include "prepare.h"
#include "statusfacts.h"
#include "steps.h"
#include "table.h"

#include "shared/core/jsonwrite.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/platform.h"
#include "shared/win/sid.h"

#define RECORD_PATH "AgentSandbox\\installation.json"

/* In the order in which setup makes them. */
static const char *const account_names[] = {
    "AgentSandboxUsers", "AgentSandboxOffline", "AgentSandboxOnline"};

static enum sbx_status find_record(char **ret_path, bool *ret_exists, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN};
    char *folder = NULL;
    struct sbx_buf path;
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_buf_init(&path, 4096);
    status = sbx_known_folder(SBX_KNOWN_PROGRAM_FILES, &folder, err);
    if (!status)
        status = sbx_buf_printf(&path, err, "%s\\%s", folder, RECORD_PATH);
    if (!status) {
        enum sbx_status found = sbx_file_open(path.data, &how, &handle, err);

        *ret_exists = found == SBX_OK;
        status = found == SBX_NOT_FOUND ? SBX_OK : found;
    }
    if (!status)
        status = sbx_buf_steal(&path, ret_path, err);
    sbx_handle_close(&handle);
    sbx_buf_done(&path);
    free(folder);
    return status;
}

static enum sbx_status write_account(
    struct sbx_json_writer *w, const char *name, bool *all, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;
    enum sbx_status status = sbx_sid_from_account(name, &sid, NULL, err);

    if (status && status != SBX_NOT_FOUND)
        return status;
    *all &= !status;
    sbx_json_key_object(w, name);
    sbx_json_key_bool(w, "exists", !status);
    if (!status) {
        sbx_sid_format(&sid, text);
        sbx_json_key_string(w, "sid", text);
    }
    sbx_json_end_object(w);
    return SBX_OK;
}

/*
 * What each step finds. One that cannot tell, often for want of rights, says so and why. The record
 * is compared with what the steps before it found: without all of them nobody knows what it should
 * say, and "different" would be a false alarm.
 */
static enum sbx_status write_steps(struct sbx_json_writer *w, struct sbx_error *err)
{
    struct sbx_setup setup = {.request = {.mode = SBX_SETUP_STATUS}};
    enum sbx_status status = sbx_setup_prepare(&setup, false, err);
    bool blind = false;
    size_t i;

    if (!status)
        status = sbx_setup_want(&setup, err);
    sbx_json_key_array(w, "steps");
    for (i = 0; !status && i < sbx_setup_step_count; i++) {
        const struct sbx_step *step = sbx_setup_steps[i];
        enum sbx_step_state state = 0;
        struct sbx_error why;

        sbx_error_init(&why);
        setup.object[0] = '\0';
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", step->name);
        if (step->examine(&setup, &state, &why)) {
            blind = true;
            sbx_json_key_string(w, "state", "unknown");
            sbx_json_key_string(w, "why", why.context);
        } else if (blind && step == &sbx_step_record && state == SBX_STEP_DIFFERENT) {
            sbx_json_key_string(w, "state", "unknown");
            sbx_json_key_string(w, "why", "it is there; steps before it could not be looked at");
        } else {
            sbx_json_key_string(w, "state", sbx_step_state_name(state));
        }
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    if (!status)
        sbx_setup_status_facts(w, &setup);
    sbx_setup_done(&setup);
    return status;
}

enum sbx_status sbx_setup_status(struct sbx_buf *ret_json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    bool all = true, record = false;
    enum sbx_status status;
    char *path = NULL;
    char platform[96];
    size_t i;

    status = find_record(&path, &record, err);
    if (status)
        return status;
    sbx_platform_name(platform, sizeof(platform));
    sbx_json_writer_begin(&w, ret_json, true);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "version", SBX_VERSION);
    sbx_json_key_string(&w, "platform", platform);
    sbx_json_key_object(&w, "record");
    sbx_json_key_string(&w, "path", path);
    sbx_json_key_bool(&w, "exists", record);
    sbx_json_end_object(&w);
    sbx_json_key_object(&w, "accounts");
    for (i = 0; !status && i < countof(account_names); i++)
        status = write_account(&w, account_names[i], &all, err);
    sbx_json_end_object(&w);
    sbx_json_key_bool(&w, "installed", all && record);
    if (!status)
        status = write_steps(&w, err);
    sbx_json_end_object(&w);
    free(path);
    return status ? status : sbx_json_writer_end(&w, err);
}
