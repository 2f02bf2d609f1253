/* See volume.h. */
#include "volume.h"
#include "wstr.h"
#include "../core/buf.h"

#define DEVICE_CD_ROM 0x02u
#define DEVICE_CD_ROM_FILE_SYSTEM 0x03u
#define DEVICE_NETWORK_FILE_SYSTEM 0x14u
#define DEVICE_VIRTUAL_DISK 0x24u
#define DEVICE_DVD 0x33u
#define CHARACTERISTIC_REMOVABLE 0x01u
#define CHARACTERISTIC_REMOTE 0x10u
#define FS_DEVICE_INFORMATION 4 /* FileFsDeviceInformation */

/* FILE_FS_DEVICE_INFORMATION; https://learn.microsoft.com/windows-hardware/drivers/ddi/wdm/ */
struct device_information {
    ULONG type;
    ULONG characteristics;
};

const char *sbx_volume_kind_name(enum sbx_volume_kind kind)
{
    static const char *const names[] = {
        "unknown", "fixed", "removable", "remote", "optical", "ram"};

    return (size_t)kind < countof(names) ? names[kind] : names[0];
}

static enum sbx_volume_kind kind_of(const struct device_information *device)
{
    if ((device->characteristics & CHARACTERISTIC_REMOTE) ||
        device->type == DEVICE_NETWORK_FILE_SYSTEM)
        return SBX_VOLUME_REMOTE;
    if (device->type == DEVICE_CD_ROM || device->type == DEVICE_CD_ROM_FILE_SYSTEM ||
        device->type == DEVICE_DVD)
        return SBX_VOLUME_OPTICAL;
    if (device->characteristics & CHARACTERISTIC_REMOVABLE)
        return SBX_VOLUME_REMOVABLE;
    return device->type == DEVICE_VIRTUAL_DISK ? SBX_VOLUME_RAM : SBX_VOLUME_FIXED;
}

/* The part "\\?\Volume{...}\" of the object's path; stays empty where there is none. */
static enum sbx_status get_guid_path(
    HANDLE handle, struct sbx_volume *volume, struct sbx_error *err)
{
    static const wchar_t prefix_w[] = L"\\\\?\\Volume{";
    enum sbx_status status = SBX_OK;
    wchar_t *path_w = NULL;
    const wchar_t *end_w = NULL;
    DWORD cch = GetFinalPathNameByHandleW(handle, NULL, 0, VOLUME_NAME_GUID);

    if (!cch || cch > 40000)
        return SBX_OK;
    status = sbx_calloc((size_t)cch + 1, sizeof(*path_w), &path_w, err);
    if (status)
        return status;
    if (GetFinalPathNameByHandleW(handle, path_w, cch + 1, VOLUME_NAME_GUID) <= cch &&
        wcsncmp(path_w, prefix_w, countof(prefix_w) - 1) == 0)
        end_w = wcschr(path_w + countof(prefix_w) - 1, L'\\');
    if (end_w)
        sbx_wstr_display(
            path_w, (size_t)(end_w - path_w) + 1, volume->guid_path, sizeof(volume->guid_path));
    free(path_w);
    return SBX_OK;
}

enum sbx_status sbx_volume_of_handle(
    HANDLE handle, struct sbx_volume *ret_volume, struct sbx_error *err)
{
    struct sbx_volume volume;
    struct device_information device = {0, 0};
    IO_STATUS_BLOCK io;
    wchar_t filesystem_w[32] = {0};
    DWORD serial = 0;
    enum sbx_status status = SBX_OK;
    NTSTATUS nt;

    memset(&volume, 0, sizeof(volume));
    if (!GetVolumeInformationByHandleW(
            handle, NULL, 0, &serial, NULL, &volume.flags, filesystem_w, countof(filesystem_w)))
        return sbx_fail_win32(err, GetLastError(), "query the volume");
    nt = NtQueryVolumeInformationFile(
        handle, &io, &device, sizeof(device), (FS_INFORMATION_CLASS)FS_DEVICE_INFORMATION);
    if (nt < 0)
        return sbx_fail_nt(err, (uint32_t)nt, "query the volume's device");
    sbx_wstr_display(
        filesystem_w, wcslen(filesystem_w), volume.filesystem, sizeof(volume.filesystem));
    volume.serial = serial;
    volume.persistent_acls = (volume.flags & FILE_PERSISTENT_ACLS) != 0;
    volume.kind = kind_of(&device);
    status = get_guid_path(handle, &volume, err);
    if (!status)
        *ret_volume = volume;
    return status;
}

enum sbx_status sbx_volume_drive(
    char letter, bool *ret_subst, bool *ret_remote, struct sbx_error *err)
{
    wchar_t name_w[] = L"A:";
    wchar_t root_w[] = L"A:\\";
    wchar_t target_w[1024];

    if (!((letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z')))
        return sbx_fail(err, SBX_INVALID, "not a drive letter");
    name_w[0] = root_w[0] = (wchar_t)(letter & ~0x20);
    if (!QueryDosDeviceW(name_w, target_w, countof(target_w)))
        return sbx_fail_win32(err, GetLastError(), "query the drive %c:", letter & ~0x20);
    /* SUBST and per-session links point back into the Win32 name space. */
    *ret_subst = wcsncmp(target_w, L"\\??\\", 4) == 0;
    *ret_remote = GetDriveTypeW(root_w) == DRIVE_REMOTE;
    return SBX_OK;
}
