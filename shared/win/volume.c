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

#define FS_ATTRIBUTE_INFORMATION 5 /* FileFsAttributeInformation */
#define PATH_CCH 32768u            /* no path is longer; asking for the length costs as much */

/*
 * FILE_FS_ATTRIBUTE_INFORMATION with room for the name. GetVolumeInformationByHandleW asks for the
 * label and the serial number, too.
 * https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_fs_attribute_information
 */
struct filesystem_information {
    ULONG flags;
    LONG component_cch;
    ULONG name_bytes;
    wchar_t name_w[32];
};

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
    DWORD cch;

    status = sbx_calloc(PATH_CCH, sizeof(*path_w), &path_w, err);
    if (status)
        return status;
    cch = GetFinalPathNameByHandleW(handle, path_w, PATH_CCH, VOLUME_NAME_GUID);
    if (cch && cch < PATH_CCH && wcsncmp(path_w, prefix_w, countof(prefix_w) - 1) == 0)
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
    struct filesystem_information filesystem;
    enum sbx_status status = SBX_OK;
    NTSTATUS nt;

    memset(&volume, 0, sizeof(volume));
    memset(&filesystem, 0, sizeof(filesystem));
    nt = NtQueryVolumeInformationFile(handle, &io, &filesystem, sizeof(filesystem),
        (FS_INFORMATION_CLASS)FS_ATTRIBUTE_INFORMATION);
    if (nt < 0)
        return sbx_fail_nt(err, (uint32_t)nt, "query the volume");
    nt = NtQueryVolumeInformationFile(
        handle, &io, &device, sizeof(device), (FS_INFORMATION_CLASS)FS_DEVICE_INFORMATION);
    if (nt < 0)
        return sbx_fail_nt(err, (uint32_t)nt, "query the volume's device");
    if (filesystem.name_bytes > sizeof(filesystem.name_w))
        return sbx_fail(err, SBX_UNPROVEN, "the name of the file system does not fit");
    sbx_wstr_display(filesystem.name_w, filesystem.name_bytes / sizeof(wchar_t), volume.filesystem,
        sizeof(volume.filesystem));
    volume.flags = filesystem.flags;
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
