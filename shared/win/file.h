/*
 * Files by handle, without following reparse points.
 *
 * MUSTs of this file:
 *  1. a name is opened one component at a time, relative to the handle of its parent, so a
 *     directory that is renamed or replaced in between cannot lead elsewhere;
 *  2. each handle is asked whether it is a reparse point (junction, symbolic link, mount point,
 *     anything with a tag), and refused if so, also when the system was told not to follow any;
 *  3. after the open only the handle is used: facts, read, rename, delete never take the name
 *     of the object again;
 *  4. a component with a separator, a colon (stream), a wildcard or a NUL is refused here, even
 *     if a caller forgot its own path rules.
 *
 * OBJ_DONT_REPARSE is asked for where the system knows it; systems before Windows 10 answer
 * "invalid parameter" (the open is repeated without), Wine ignores it. MUST 2 holds everywhere.
 * Wine resolves Unix symbolic links below all this: file links cannot be seen there at all.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntcreatefile
 */
#ifndef SBX_FILE_H
#define SBX_FILE_H

#include "win.h"
#include "../core/buf.h"
#include "../core/ntsid.h"

enum sbx_file_kind { SBX_FILE_ANY = 0, SBX_FILE_PLAIN, SBX_FILE_DIRECTORY };

/* How to open. {0} means: whatever it is, attributes only, shared with everybody. */
struct sbx_file_how {
    enum sbx_file_kind kind;
    ACCESS_MASK access; /* FILE_READ_ATTRIBUTES and SYNCHRONIZE are always added */
    DWORD share;        /* FILE_SHARE_*; 0 = all three, so that nobody is disturbed */
    bool share_none;    /* really nobody */
    bool allow_reparse; /* give a handle to the reparse point itself (to report or remove it) */
    bool backup;        /* SeBackup and SeRestore count where the token has them enabled */
};

struct sbx_file_facts {
    uint8_t id[16];         /* 128-bit file id; the 64-bit index in the first half if `id_short` */
    bool id_short;          /* the file system has only 64 bits */
    uint64_t volume_serial; /* with id: identifies the object on this machine */
    uint32_t links;         /* 1 for an ordinary file */
    DWORD attributes;       /* FILE_ATTRIBUTE_* */
    DWORD reparse_tag;      /* 0 when it is no reparse point */
    bool is_directory;
    bool is_reparse;
    bool delete_pending;
    uint64_t size_bytes;
    uint64_t last_write; /* FILETIME as one number */
};

/**
 * Open an existing object by full path: "C:\...", "\\?\C:\...", "\\?\Volume{...}\...".
 * @param ret_handle owned, synchronous, not inheritable
 * @return SBX_NOT_FOUND; SBX_DENIED by the system, or for a reparse point (the context names the
 *         component, the code is STATUS_REPARSE_POINT_ENCOUNTERED); SBX_INVALID for a path of
 *         another form, or kind mismatch (file opened as directory and vice versa)
 */
SBX_MUST_CHECK enum sbx_status sbx_file_open(
    const char *path, const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err);

/** As sbx_file_open for a path below an open directory: "name" or "a\b\c". */
SBX_MUST_CHECK enum sbx_status sbx_file_open_at(HANDLE directory, const char *relative,
    const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err);

/** As sbx_file_open_at for one component as a walk gives it: ill-formed UTF-16 is allowed. */
SBX_MUST_CHECK enum sbx_status sbx_file_open_child(HANDLE directory, const wchar_t *name_w,
    size_t cch, const struct sbx_file_how *how, HANDLE *ret_handle, struct sbx_error *err);

/**
 * Create a new file or directory below an open directory; never opens an existing one.
 * @param how kind must be PLAIN or DIRECTORY
 * @param descriptor self-relative security descriptor for the new object, or NULL to inherit
 * @return SBX_EXISTS when the name is taken (whatever takes it)
 */
SBX_MUST_CHECK enum sbx_status sbx_file_create_at(HANDLE directory, const char *name,
    const struct sbx_file_how *how, const void *descriptor, HANDLE *ret_handle,
    struct sbx_error *err);

/**
 * Open a directory below an open directory, creating it if missing. Race-safe: after a lost race
 * the existing one is opened and checked like any other.
 * @param ret_created may be NULL
 */
SBX_MUST_CHECK enum sbx_status sbx_file_ensure_directory(HANDLE directory, const char *name,
    const struct sbx_file_how *how, const void *descriptor, HANDLE *ret_handle, bool *ret_created,
    struct sbx_error *err);

/* What kind of object it is, without which one. */
struct sbx_file_type {
    DWORD attributes;  /* FILE_ATTRIBUTE_* */
    DWORD reparse_tag; /* 0 when it is no reparse point */
    bool is_directory;
    bool is_reparse;
    uint64_t last_write; /* FILETIME as one number */
};

/**
 * A part of sbx_file_get_facts that asks the file only, not its volume: which volume it is costs a
 * trip to another process on Wine.
 */
SBX_MUST_CHECK enum sbx_status sbx_file_get_type(
    HANDLE handle, struct sbx_file_type *ret_type, struct sbx_error *err);

/** What the handle says about its object. @see
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-getfileinformationbyhandleex */
SBX_MUST_CHECK enum sbx_status sbx_file_get_facts(
    HANDLE handle, struct sbx_file_facts *ret_facts, struct sbx_error *err);

/** True when both facts are of the same object (volume and id). */
bool sbx_file_same(const struct sbx_file_facts *a, const struct sbx_file_facts *b);

/**
 * The path of an open object, links resolved: "\\?\C:\..."; owned by the caller (free()).
 * @param volume_guid true: "\\?\Volume{...}\..." instead of a drive letter
 * @return SBX_NOT_FOUND when the volume has no such name
 * @see https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-getfinalpathnamebyhandlew
 */
SBX_MUST_CHECK enum sbx_status sbx_file_final_path(
    HANDLE handle, bool volume_guid, char **ret_path, struct sbx_error *err);

/**
 * Append the whole content from the start of the file.
 * @param handle opened with FILE_READ_DATA
 * @param ret_bytes its cap is the limit
 * @return SBX_INVALID when the file is larger than the cap, also when it grows while read
 */
SBX_MUST_CHECK enum sbx_status sbx_file_read_all(
    HANDLE handle, struct sbx_buf *ret_bytes, struct sbx_error *err);

/**
 * Read a file that the caller named on purpose (a policy): links are followed as usual.
 * Pipes, consoles and devices are refused by kind before anything is read.
 */
SBX_MUST_CHECK enum sbx_status sbx_file_read_named(
    const char *path, struct sbx_buf *ret_bytes, struct sbx_error *err);

/** Write all bytes at the current position. */
SBX_MUST_CHECK enum sbx_status sbx_file_write_all(
    HANDLE handle, const void *bytes, size_t length_bytes, struct sbx_error *err);

/**
 * Replace (or create) a file's content in one step: write a temporary name beside it, flush,
 * rename over it. Readers see the old or the new content, never a part, also after power loss.
 * @param descriptor for the new file, or NULL to inherit from the directory
 * @return the temporary file is gone after a failure, the old content still there
 */
SBX_MUST_CHECK enum sbx_status sbx_file_replace_at(HANDLE directory, const char *name,
    const void *bytes, size_t length_bytes, const void *descriptor, struct sbx_error *err);

/**
 * True for a name that sbx_file_replace_at gives the temporary file of `name`: the process that
 * made it was killed, or the power failed, between writing and renaming.
 * @param name_w name of a directory entry
 */
bool sbx_file_is_temporary(const wchar_t *name_w, size_t name_cch, const char *name);

/**
 * Rename an open object. Waits up to half a second for others that have open what is to be
 * replaced, or something in the directory that is to be renamed.
 * @param handle opened with DELETE
 * @param directory the new parent, or NULL to stay in the same one
 * @param new_name one component
 * @return SBX_EXISTS when the name is taken and replace is false
 * @see
 * https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_rename_information
 */
SBX_MUST_CHECK enum sbx_status sbx_file_rename(
    HANDLE handle, HANDLE directory, const char *new_name, bool replace, struct sbx_error *err);

/**
 * Mark an open file or empty directory for deletion. Its name goes when this handle closes, so that
 * what a scanner still has open keeps no folder from being removed; before Windows 10 1709, and on
 * file systems that cannot, when the last handle closes.
 * A reparse point opened with allow_reparse goes itself, not its target (Wine: see the head).
 * @param handle opened with DELETE
 */
SBX_MUST_CHECK enum sbx_status sbx_file_delete(HANDLE handle, struct sbx_error *err);

/**
 * As sbx_file_delete, read-only or not. The attribute belongs to the file and not to the name, so
 * it is cleared only for a file with no other name: whoever can make a hard link to somebody's
 * read-only file must not get it made writable by having the link cleaned up.
 * @param handle opened with DELETE and FILE_WRITE_ATTRIBUTES
 * @return SBX_DENIED where the name of such a file cannot be removed without touching the file
 * @see
 * https://learn.microsoft.com/windows-hardware/drivers/ddi/ntddk/ns-ntddk-_file_disposition_information_ex
 */
SBX_MUST_CHECK enum sbx_status sbx_file_delete_read_only(HANDLE handle, struct sbx_error *err);

/** Set FILE_ATTRIBUTE_* of an open object. @param handle with FILE_WRITE_ATTRIBUTES */
SBX_MUST_CHECK enum sbx_status sbx_file_set_attributes(
    HANDLE handle, DWORD attributes, struct sbx_error *err);

/**
 * Set the owner (see sbx_acl_set_owner, which this is for files).
 * @param handle with WRITE_OWNER and READ_CONTROL
 */
SBX_MUST_CHECK enum sbx_status sbx_file_set_owner(
    HANDLE handle, const struct sbx_sid *owner, struct sbx_error *err);

#endif
