/* See station.h. */
#include "station.h"
#include "handle.h"
#include "late.h"
#include "userobject.h"

#define MUTEX_MS 10000u
/*
 * What connecting and drawing needs. Without CREATEDESKTOP, EXITWINDOWS, READSCREEN and
 * ACCESSCLIPBOARD: the job's UI limits say the same a second time.
 */
#define STATION_CHILD                                                                              \
    (0x0001u /* ENUMDESKTOPS */ | 0x0002u /* READATTRIBUTES */ | 0x0010u /* WRITEATTRIBUTES */ |   \
        0x0020u /* ACCESSGLOBALATOMS */ | 0x0100u /* ENUMERATE */ | SBX_READ_CONTROL)

#define WHAT "the window station"

static enum sbx_status write_list(
    HANDLE station, const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    enum sbx_status status = sbx_userobject_set_dacl(station, WHAT, descriptor, err);

    if (status)
        sbx_error_hint(err, "recipe 'standard' needs no such change");
    return status;
}

static struct sbx_ace entry_for(const struct sbx_sid *sid)
{
    return sbx_ace_make(SBX_ACE_ALLOW, 0, STATION_CHILD, sid);
}

/* One more entry for each, even where an equal one stands: each run takes away its own. */
static enum sbx_status add(HANDLE station, const struct sbx_sid *sids, size_t count,
    struct sbx_findings *findings, struct sbx_station_grant *grant, struct sbx_error *err)
{
    struct sbx_descriptor list = {0}, seen = {0};
    enum sbx_status status = sbx_userobject_get_dacl(station, WHAT, &list, err);
    size_t i;

    if (status || list.dacl.kind != SBX_ACL_LIST)
        goto cleanup;
    for (i = 0; i < count && !status; i++) {
        struct sbx_ace ace = entry_for(&sids[i]);

        status = sbx_acl_insert(&list.dacl, list.dacl.count, &ace, err);
    }
    if (!status)
        status = write_list(station, &list, err);
    if (status)
        goto cleanup;
    for (i = 0; i < count; i++)
        grant->sids[grant->count++] = sids[i];
    status = sbx_userobject_get_dacl(station, WHAT, &seen, err);
    for (i = 0; i < count && !status; i++) {
        struct sbx_ace ace = entry_for(&sids[i]);

        if (sbx_acl_count_equal(&seen.dacl, &ace) != sbx_acl_count_equal(&list.dacl, &ace))
            sbx_findings_add(findings, "StationDacl", "the entry was not kept");
    }
cleanup:
    sbx_descriptor_done(&seen);
    sbx_descriptor_done(&list);
    return status;
}

static enum sbx_status take(
    HANDLE station, const struct sbx_station_grant *grant, struct sbx_error *err)
{
    struct sbx_descriptor list = {0};
    enum sbx_status status = sbx_userobject_get_dacl(station, WHAT, &list, err);
    size_t i;

    for (i = 0; i < grant->count && !status; i++) {
        struct sbx_ace ace = entry_for(&grant->sids[i]);

        sbx_acl_remove_first(&list.dacl, &ace);
    }
    if (!status)
        status = write_list(station, &list, err);
    sbx_descriptor_done(&list);
    return status;
}

/* Read, change, write: two at once would lose one. */
static enum sbx_status lock(HANDLE *ret_mutex, struct sbx_error *err)
{
    HANDLE mutex = CreateMutexW(NULL, FALSE, L"Local\\AgentSandbox-station");
    DWORD code = GetLastError(), result;

    if (!mutex)
        return sbx_fail_win32(err, code, "lock the window station's list");
    result = WaitForSingleObject(mutex, MUTEX_MS);
    if (result == WAIT_OBJECT_0 || result == WAIT_ABANDONED) {
        *ret_mutex = mutex;
        return SBX_OK;
    }
    sbx_handle_close(&mutex);
    return sbx_fail(err, SBX_TIMEOUT, "the window station's list is being changed by another");
}

static void unlock(HANDLE *mutex)
{
    if (*mutex)
        ReleaseMutex(*mutex);
    sbx_handle_close(mutex);
}

/* The handle that this process has is for drawing; changing the list needs one that says so. */
static enum sbx_status open_station(HANDLE *ret_station, struct sbx_error *err)
{
    sbx_late_fn_get_process_window_station current = sbx_late_get_process_window_station();
    sbx_late_fn_open_window_station open = sbx_late_open_window_station();
    wchar_t name_w[SBX_USEROBJECT_NAME_CCH];
    enum sbx_status status;
    HWINSTA station;
    DWORD code;

    if (!current || !open)
        return sbx_late_missing(SBX_LATE_open_window_station, err);
    status = sbx_userobject_name((HANDLE)current(), WHAT, name_w, err);
    if (status)
        return status;
    station = open(name_w, FALSE, READ_CONTROL | WRITE_DAC);
    code = GetLastError();
    if (!station)
        return sbx_fail_win32(err, code, "open the window station");
    *ret_station = (HANDLE)station;
    return SBX_OK;
}

static void close_station(HANDLE station)
{
    sbx_late_fn_close_window_station close = sbx_late_close_window_station();

    if (station && close)
        close((HWINSTA)station);
}

enum sbx_status sbx_station_grant(const struct sbx_sid *sids, size_t count,
    struct sbx_findings *findings, struct sbx_station_grant *ret_grant, struct sbx_error *err)
{
    HANDLE station = NULL, mutex = NULL;
    enum sbx_status status;

    ret_grant->count = 0;
    if (count > SBX_STATION_GRANTS_MAX)
        return sbx_fail(err, SBX_INTERNAL, "%zu grants on a window station", count);
    status = lock(&mutex, err);
    if (!status)
        status = open_station(&station, err);
    if (!status)
        status = add(station, sids, count, findings, ret_grant, err);
    if (status && ret_grant->count && !take(station, ret_grant, NULL))
        ret_grant->count = 0;
    close_station(station);
    unlock(&mutex);
    return status;
}

void sbx_station_revoke(struct sbx_station_grant *grant)
{
    HANDLE station = NULL, mutex = NULL;

    if (!grant || !grant->count)
        return;
    if (!lock(&mutex, NULL) && !open_station(&station, NULL) && !take(station, grant, NULL))
        grant->count = 0;
    close_station(station);
    unlock(&mutex);
}
