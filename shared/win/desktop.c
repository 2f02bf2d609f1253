/* See desktop.h. */
#include "desktop.h"
#include "late.h"
#include "userobject.h"
#include "wstr.h"

#include <stdio.h>

#define NAME_MAX_CCH 64u

static bool is_name(const char *name)
{
    size_t length = strlen(name), i;

    if (length == 0 || length > NAME_MAX_CCH)
        return false;
    for (i = 0; i < length; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
                (name[i] >= '0' && name[i] <= '9') || name[i] == '-'))
            return false;
    return true;
}

/* Name of a window station or desktop. */
static enum sbx_status name_of(HANDLE object, char **ret_name, struct sbx_error *err)
{
    wchar_t name_w[SBX_USEROBJECT_NAME_CCH];
    enum sbx_status status =
        sbx_userobject_name(object, "the window station or desktop", name_w, err);

    return status ? status : sbx_wstr_to_utf8(name_w, ret_name, err);
}

static enum sbx_status join(
    const char *station, const char *desktop, char **ret_path, struct sbx_error *err)
{
    struct sbx_buf path;
    enum sbx_status status;

    sbx_buf_init(&path, 1024);
    status = sbx_buf_printf(&path, err, "%s\\%s", station, desktop);
    if (!status)
        status = sbx_buf_steal(&path, ret_path, err);
    sbx_buf_done(&path);
    return status;
}

static enum sbx_status station_name(char **ret_name, struct sbx_error *err)
{
    sbx_late_fn_get_process_window_station get = sbx_late_get_process_window_station();

    if (!get)
        return sbx_late_missing(SBX_LATE_get_process_window_station, err);
    return name_of((HANDLE)get(), ret_name, err);
}

/*
 * CreateDesktopW opens a desktop that exists, with whatever descriptor its maker gave it. So the
 * name must be free: anything but "not found" when opening it refuses.
 */
static enum sbx_status must_be_free(const char *name, const wchar_t *name_w, struct sbx_error *err)
{
    sbx_late_fn_open_desktop open = sbx_late_open_desktop();
    sbx_late_fn_close_desktop close = sbx_late_close_desktop();
    HDESK desktop;
    DWORD code;

    if (!open || !close)
        return sbx_late_missing(SBX_LATE_open_desktop, err);
    desktop = open(name_w, 0, FALSE, READ_CONTROL);
    code = GetLastError();
    if (!desktop && code == ERROR_FILE_NOT_FOUND)
        return SBX_OK;
    if (desktop)
        close(desktop);
    return sbx_fail(err, SBX_EXISTS, "desktop '%s' exists already", name);
}

static void prove_dacl(
    HDESK desktop, const struct sbx_descriptor *wanted, struct sbx_findings *findings)
{
    struct sbx_descriptor seen = {0};
    struct sbx_error own;
    char text[300];

    sbx_error_init(&own);
    if (sbx_userobject_get_dacl((HANDLE)desktop, "the desktop", &seen, &own)) {
        sbx_error_format(&own, text, sizeof(text));
        sbx_findings_add(findings, "DesktopDacl", "%s", text);
    } else if (!sbx_acl_same_aces(&seen.dacl, &wanted->dacl)) {
        sbx_findings_add(findings, "DesktopDacl", "%zu entries read back, not the %zu asked for",
            seen.dacl.count, wanted->dacl.count);
    }
    sbx_descriptor_done(&seen);
}

static enum sbx_status create(const wchar_t *name_w, const struct sbx_descriptor *descriptor,
    HDESK *ret_desktop, struct sbx_error *err)
{
    sbx_late_fn_create_desktop create_desktop = sbx_late_create_desktop();
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    enum sbx_status status;
    struct sbx_buf bytes;
    HDESK desktop;
    DWORD code;

    if (!create_desktop)
        return sbx_late_missing(SBX_LATE_create_desktop, err);
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_descriptor_serialise(descriptor, &bytes, err);
    if (!status) {
        attributes.lpSecurityDescriptor = bytes.data;
        /* READ_CONTROL comes with GENERIC_ALL; it is what the read-back needs. */
        desktop = create_desktop(name_w, NULL, NULL, 0, GENERIC_ALL, &attributes);
        code = GetLastError();
        if (desktop)
            *ret_desktop = desktop;
        else
            status = sbx_fail_win32(err, code, "create the private desktop");
    }
    sbx_buf_done(&bytes);
    return status;
}

enum sbx_status sbx_desktop_new(const char *name, const struct sbx_descriptor *descriptor,
    struct sbx_findings *findings, struct sbx_private_desktop *ret_desktop, struct sbx_error *err)
{
    struct sbx_private_desktop desktop = {NULL, NULL};
    enum sbx_status status;
    wchar_t *name_w = NULL;
    char *station = NULL;

    if (!is_name(name))
        return sbx_fail(err, SBX_INVALID, "'%s' is no name for a desktop", name);
    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (!status)
        status = station_name(&station, err);
    if (!status)
        status = join(station, name, &desktop.path, err);
    if (!status)
        status = must_be_free(name, name_w, err);
    if (!status)
        status = create(name_w, descriptor, &desktop.handle, err);
    if (!status)
        prove_dacl(desktop.handle, descriptor, findings);
    free(station);
    free(name_w);
    if (status)
        sbx_desktop_close(&desktop);
    else
        *ret_desktop = desktop;
    return status;
}

void sbx_desktop_close(struct sbx_private_desktop *desktop)
{
    sbx_late_fn_close_desktop close = NULL;

    if (!desktop)
        return;
    if (desktop->handle)
        close = sbx_late_close_desktop();
    if (close)
        close(desktop->handle);
    free(desktop->path);
    memset(desktop, 0, sizeof(*desktop));
}

enum sbx_status sbx_desktop_current(char **ret_path, struct sbx_error *err)
{
    sbx_late_fn_get_thread_desktop get = sbx_late_get_thread_desktop();
    enum sbx_status status;
    char *station = NULL;
    char *desktop = NULL;

    if (!get)
        return sbx_late_missing(SBX_LATE_get_thread_desktop, err);
    status = station_name(&station, err);
    if (!status)
        status = name_of((HANDLE)get(GetCurrentThreadId()), &desktop, err);
    if (!status)
        status = join(station, desktop, ret_path, err);
    free(desktop);
    free(station);
    return status;
}
