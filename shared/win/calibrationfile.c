/* See calibrationfile.h. */
#include "calibrationfile.h"

#include "file.h"
#include "handle.h"
#include "statefile.h"

#define NAME "calibration.json"
#define PATH_MAX_BYTES 8192u

static enum sbx_status path_of(
    const char *state_directory, struct sbx_buf *path, struct sbx_error *err)
{
    sbx_buf_init(path, PATH_MAX_BYTES);
    return sbx_buf_printf(path, err, "%s\\" NAME, state_directory);
}

static enum sbx_status check_writers(
    const char *path, const struct sbx_sid *user, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status = sbx_statefile_descriptor(path, &descriptor, err);

    if (!status)
        status = sbx_calibration_check_writers(&descriptor, user, err);
    sbx_descriptor_done(&descriptor);
    return status;
}

enum sbx_status sbx_calibrationfile_read(const char *state_directory, const struct sbx_sid *user,
    struct sbx_calibration *ret, bool *ret_exists, struct sbx_error *err)
{
    struct sbx_buf path, text;
    enum sbx_status status = path_of(state_directory, &path, err);

    memset(ret, 0, sizeof(*ret));
    *ret_exists = false;
    sbx_buf_init(&text, SBX_CALIBRATION_MAX_BYTES);
    if (!status) {
        status = sbx_statefile_read(path.data, SBX_STATEFILE_ANY, &text, err);
        *ret_exists = status != SBX_NOT_FOUND;
    }
    if (!*ret_exists) {
        if (status == SBX_NOT_FOUND)
            status = SBX_OK;
        goto cleanup;
    }
    if (!status)
        status = check_writers(path.data, user, err);
    if (!status)
        status = sbx_calibration_parse(text.data ? text.data : "", text.length_bytes, ret, err);
cleanup:
    sbx_buf_done(&text);
    sbx_buf_done(&path);
    return status;
}

/* What cannot be read is evidence of something: it is kept. */
static enum sbx_status set_aside(const char *state_directory, struct sbx_error *err)
{
    const struct sbx_file_how folder_how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE};
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .access = DELETE, .allow_reparse = true};
    HANDLE folder = NULL, file = NULL;
    enum sbx_status status = sbx_file_open(state_directory, &folder_how, &folder, err);

    if (!status)
        status = sbx_file_open_at(folder, NAME, &how, &file, err);
    if (!status)
        status = sbx_file_rename(file, folder, NAME ".damaged", true, err);
    sbx_handle_close(&file);
    sbx_handle_close(&folder);
    return status;
}

enum sbx_status sbx_calibrationfile_write(const char *state_directory, const struct sbx_sid *user,
    const struct sbx_calibration *calibration, struct sbx_error *err)
{
    struct sbx_calibration again;
    struct sbx_buf path, text, back;
    bool exists = false;
    enum sbx_status status = path_of(state_directory, &path, err);

    sbx_buf_init(&text, SBX_CALIBRATION_MAX_BYTES);
    sbx_buf_init(&back, SBX_CALIBRATION_MAX_BYTES);
    if (!status)
        status = sbx_calibration_format(calibration, &text, err);
    if (!status && sbx_calibrationfile_read(state_directory, user, &again, &exists, NULL) && exists)
        status = set_aside(state_directory, err);
    if (!status)
        status = sbx_statefile_write(path.data, NULL, text.data, text.length_bytes, err);
    if (!status)
        status = sbx_calibrationfile_read(state_directory, user, &again, &exists, err);
    if (!status && exists)
        status = sbx_calibration_format(&again, &back, err);
    if (!status && !sbx_buf_is(&back, text.data, text.length_bytes))
        status = sbx_fail(err, SBX_UNPROVEN, "'%s' is not what was written", path.data);
    sbx_buf_done(&text);
    sbx_buf_done(&back);
    sbx_buf_done(&path);
    return status;
}
