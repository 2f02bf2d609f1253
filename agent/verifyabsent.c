/*
 * See verifycheck.h: ledgers of roots that are not where they were. A folder whose volume says that
 * it is gone has nothing left to take back; a disk that is not plugged in comes back with its
 * entries, and the ledger is all that is known of them. Tried with a ledger in a state folder of
 * the fixture's own, for a root that never was.
 */
#include "verifychecks.h"

#include "ledgerlist.h"
#include "repair.h"
#include "revoke.h"

#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"
#include "shared/win/wstr.h"

#define NO_VOLUME "\\\\?\\Volume{00000000-0000-0000-0000-00000000dead}\\"

/* An empty folder for a ledger of its own. @param ret_path owned */
static enum sbx_status make_state(
    const struct sbx_verify_check *check, const char *place, char **ret_path, struct sbx_error *err)
{
    wchar_t *path_w = NULL;
    enum sbx_status status = sbx_verify_path(check, place, ret_path, err);
    DWORD code;

    if (!status)
        status = sbx_wstr_from_utf8(*ret_path, &path_w, err);
    if (!status && !CreateDirectoryW(path_w, NULL)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "create '%s'", *ret_path);
    }
    free(path_w);
    return status;
}

/* The root's line, as a grant would have begun it: a folder with an id that no volume has given. */
static enum sbx_status put_ledger(
    const char *state, const char *root_path, const char *volume_guid, struct sbx_error *err)
{
    static const struct sbx_ledger_how how = {.create = true, .wait_ms = 1000};
    static const struct sbx_sid none;
    struct sbx_ledger_record root = {.kind = SBX_LEDGER_ROOT, .is_directory = true};
    struct sbx_ledger ledger = {0};
    char name[SBX_LEDGER_NAME_SIZE];
    HANDLE directory = NULL;
    enum sbx_status status = sbx_strdup(root_path, &root.path, err);

    memset(root.file_id, 0x5a, 6);
    sbx_ledger_name(volume_guid, root.file_id, &none, name);
    if (!status)
        status = sbx_strdup(volume_guid, &root.volume_guid, err);
    if (!status)
        status = sbx_strdup("", &root.capability, err);
    if (!status)
        status = sbx_ledger_directory(state, true, &directory, err);
    if (!status)
        status = sbx_ledger_open(directory, name, &how, &ledger, err);
    if (!status)
        status = sbx_ledger_append(&ledger, &root, err);
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
    sbx_ledger_record_done(&root);
    return status;
}

static enum sbx_status count_ledgers(const char *state, size_t *ret_count, struct sbx_error *err)
{
    struct sbx_grant_info *infos = NULL;
    enum sbx_status status = sbx_grants_list(state, &infos, ret_count, err);

    sbx_grants_list_free(infos, *ret_count);
    return status;
}

/*
 * What becomes of such a ledger. @param ret_kept revoke and repair both complain, and it stays
 * @param ret_forgotten revoke is content, and it is gone
 */
static enum sbx_status try_ledger(const struct sbx_verify_check *check, const char *place,
    const char *volume_guid, bool *ret_kept, bool *ret_forgotten, struct sbx_error *err)
{
    struct sbx_grant_options options = {0};
    struct sbx_grant_report report = {0};
    const struct sbx_repair everything = {.path_or_name = NULL};
    enum sbx_status status, repaired = SBX_OK, revoked = SBX_OK;
    size_t before = 0, after = 0;
    char *state = NULL, *gone = NULL;

    status = make_state(check, place, &state, err);
    if (!status)
        status = sbx_verify_path(check, "{out}\\unplugged", &gone, err);
    if (!status)
        status = put_ledger(state, gone, volume_guid, err);
    if (!status)
        status = count_ledgers(state, &before, err);
    if (!status && before != 1)
        status = sbx_fail(err, SBX_UNPROVEN, "the made-up ledger is not listed");
    options.state_directory = state;
    if (!status) {
        repaired = sbx_grants_repair(&everything, &options, &report, NULL);
        sbx_grant_report_done(&report);
        revoked = sbx_revoke_all(&options, &report, NULL);
        sbx_grant_report_done(&report);
        status = count_ledgers(state, &after, err);
    }
    *ret_kept = !status && repaired && revoked && after == 1;
    *ret_forgotten = !status && !revoked && !after;
    free(state);
    free(gone);
    return status;
}

/* The volume that the fixture lies on. @return a failure when it has no name to be found by */
static enum sbx_status own_volume(
    const struct sbx_verify_check *check, struct sbx_volume *ret_volume, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};
    HANDLE handle = NULL;
    char *path = NULL;
    enum sbx_status status = sbx_verify_path(check, "{out}", &path, err);

    if (!status)
        status = sbx_file_open(path, &how, &handle, err);
    if (!status)
        status = sbx_volume_of_handle(handle, ret_volume, err);
    if (!status && !ret_volume->guid_path[0])
        status = sbx_fail(err, SBX_UNSUPPORTED, "volumes have no names on this platform");
    sbx_handle_close(&handle);
    free(path);
    return status;
}

/* The twin: on a volume that is there and says that it has no such object, the ledger goes. */
static enum sbx_status absent(
    const struct sbx_verify_check *check, const char *volume_guid, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_volume volume = {{0}, 0, false, SBX_VOLUME_UNKNOWN, {0}};
    bool kept = false, forgotten = false, twin_kept = false, twin_forgotten = false;
    enum sbx_status status = own_volume(check, &volume, err);

    if (!status)
        status = try_ledger(
            check, "{out}\\state-here", volume.guid_path, &twin_kept, &twin_forgotten, err);
    if (!status)
        status = try_ledger(check, "{out}\\state-away", volume_guid, &kept, &forgotten, err);
    if (status)
        return status;
    seen->inside_ran = seen->twin_ran = true;
    seen->confined = check->report->confined; /* as the runs before: nothing runs here */
    seen->ping = SBX_VERIFY_SUCCEEDED;        /* the ledger was read back */
    seen->twin = twin_forgotten ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    seen->inside = kept ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
    return SBX_OK;
}

enum sbx_status sbx_verify_check_absent_volume(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    return absent(check, NO_VOLUME, err);
}

enum sbx_status sbx_verify_check_unnamed_volume(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    return absent(check, "", err);
}
