/*
 * See verifycheck.h: which calibration counts. The record lies in a folder of the fixture; the
 * user's own is neither read nor written.
 */
#include "verifychecks.h"

#include "shared/win/calibrationfile.h"
#include "shared/win/platform.h"
#include "shared/win/sid.h"

#include <stdio.h>

/* A record that says "strict" for this version and mode, written as `doctor --calibrate` does. */
static enum sbx_status write_record(const struct sbx_verify_check *check, const char *folder,
    const struct sbx_sid *user, const char *os_build, struct sbx_error *err)
{
    struct sbx_calibration_entry entry = {.mode = check->run->mode,
        .tries = {{.recipe = SBX_TOKEN_STRICT, .passed = true, .rows = 1}}};
    struct sbx_calibration *record = NULL;
    enum sbx_status status = sbx_calloc(1, sizeof(*record), &record, err);

    if (status)
        return status;
    entry.try_count = 1;
    snprintf(entry.os_build, sizeof(entry.os_build), "%s", os_build);
    snprintf(entry.product_version, sizeof(entry.product_version), "%s", SBX_VERSION);
    sbx_calibration_put(record, &entry);
    status = sbx_calibrationfile_write(folder, user, record, err);
    free(record);
    return status;
}

/* Does the record count for what runs here? As facts.c asks. */
static bool counts(const struct sbx_verify_check *check, const char *folder,
    const struct sbx_sid *user, const char *platform)
{
    struct sbx_calibration *record = NULL;
    bool exists = false, found = false;

    if (sbx_calloc(1, sizeof(*record), &record, NULL))
        return false;
    found = !sbx_calibrationfile_read(folder, user, record, &exists, NULL) &&
            sbx_calibration_find(record, platform, SBX_VERSION, check->run->mode);
    free(record);
    return found;
}

/* Both checks: one record that counts, then the same made wrong. */
static enum sbx_status try_record(const struct sbx_verify_check *check,
    enum sbx_status (*spoil)(const struct sbx_verify_check *check, const char *folder,
        const struct sbx_sid *user, struct sbx_error *err),
    struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    char platform[96];
    char *folder = NULL;
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    sbx_platform_name(platform, sizeof(platform));
    if (!status)
        status = sbx_verify_path(check, "{out}", &folder, err);
    if (!status)
        status = write_record(check, folder, &user, platform, err);
    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined = check->report->confined; /* nothing runs: as the runs before */
        seen->ping = seen->twin =
            counts(check, folder, &user, platform) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
        status = spoil(check, folder, &user, err);
    }
    if (!status)
        seen->inside =
            counts(check, folder, &user, platform) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
    free(folder);
    return status;
}

static enum sbx_status of_another_build(const struct sbx_verify_check *check, const char *folder,
    const struct sbx_sid *user, struct sbx_error *err)
{
    return write_record(check, folder, user, "another build 1.2.3", err);
}

static enum sbx_status open_to_everyone(const struct sbx_verify_check *check, const char *folder,
    const struct sbx_sid *user, struct sbx_error *err)
{
    (void)folder, (void)user;
    return sbx_verify_must(check, "setdacl|{out}\\calibration.json|D:P(A;;FA;;;WD)", err);
}

enum sbx_status sbx_verify_check_other_build(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    /* Of the record that is left only the other build's counts: the first goes with its file. */
    return try_record(check, of_another_build, err);
}

enum sbx_status sbx_verify_check_open_record(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    return try_record(check, open_to_everyone, err);
}
