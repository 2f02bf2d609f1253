/*
 * What a root needs to know about the volume it is on.
 */
#ifndef SBX_VOLUME_H
#define SBX_VOLUME_H

#include "win.h"
#include "../core/error.h"

enum sbx_volume_kind {
    SBX_VOLUME_UNKNOWN = 0,
    SBX_VOLUME_FIXED,
    SBX_VOLUME_REMOVABLE,
    SBX_VOLUME_REMOTE,
    SBX_VOLUME_OPTICAL,
    SBX_VOLUME_RAM
};

struct sbx_volume {
    char filesystem[32];  /* "NTFS", "ReFS", "FAT32", ... */
    DWORD flags;          /* FILE_PERSISTENT_ACLS, FILE_SUPPORTS_REPARSE_POINTS, ... */
    bool persistent_acls; /* without this no grant means anything */
    enum sbx_volume_kind kind;
    char guid_path[64]; /* "\\?\Volume{...}\", empty when the system gives none */
};

/** Lower-case word: "fixed", "removable", ... */
const char *sbx_volume_kind_name(enum sbx_volume_kind kind);

/**
 * The volume that an open object lives on, asked through the handle, so junctions and mapped
 * names cannot hide it.
 * @param handle file or directory with FILE_READ_ATTRIBUTES
 * @see
 * https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/nf-ntifs-ntqueryvolumeinformationfile
 */
SBX_MUST_CHECK enum sbx_status sbx_volume_of_handle(
    HANDLE handle, struct sbx_volume *ret_volume, struct sbx_error *err);

/**
 * What stands behind a drive letter as this logon session sees it.
 * @param letter 'A'-'Z' or 'a'-'z'
 * @param ret_subst true for a SUBST drive: another name for a directory, refused as a root because
 *        anybody in the session can point it elsewhere
 * @param ret_remote true for a mapped network drive
 * @return SBX_NOT_FOUND when the letter is not in use
 * @see https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-querydosdevicew
 */
SBX_MUST_CHECK enum sbx_status sbx_volume_drive(
    char letter, bool *ret_subst, bool *ret_remote, struct sbx_error *err);

#endif
