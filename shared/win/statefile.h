/*
 * State files of the machine: written whole or not at all, read without following links.
 * Boundary B18.
 *
 * Nothing here judges the content; a checksum, where there is one, is the format's.
 */
#ifndef SBX_STATEFILE_H
#define SBX_STATEFILE_H

#include "win.h"
#include "../core/buf.h"
#include "../core/acldata.h"

/* Whose a file must be before it is believed. */
enum sbx_statefile_owner {
    SBX_STATEFILE_ANY,    /* not asked */
    SBX_STATEFILE_MACHINE /* SYSTEM, Administrators or TrustedInstaller */
};

/**
 * Replace (or create) a file: a new one beside it with the given descriptor, flushed, renamed over
 * it, then opened again and compared, content and descriptor.
 * @param path full path; no component may be a reparse point; the folder must exist
 * @param descriptor owner (optional) and DACL of the new file; NULL: inherited, not compared
 * @return SBX_UNPROVEN when what is read back differs; otherwise the old file is still there,
 *         unchanged, after a failure
 */
SBX_MUST_CHECK enum sbx_status sbx_statefile_write(const char *path,
    const struct sbx_descriptor *descriptor, const void *bytes, size_t length_bytes,
    struct sbx_error *err);

/**
 * Read a file.
 * @param owner SBX_STATEFILE_MACHINE: refuse a file that anyone else owns
 * @param ret_bytes its cap is the limit; appended to
 * @return SBX_NOT_FOUND; SBX_DENIED for a reparse point in the path, a file with more than one
 *         name, or another owner; SBX_INVALID for a directory or over the cap
 */
SBX_MUST_CHECK enum sbx_status sbx_statefile_read(const char *path, enum sbx_statefile_owner owner,
    struct sbx_buf *ret_bytes, struct sbx_error *err);

/** The descriptor of a file: owner, group and DACL. Release with sbx_descriptor_done. */
SBX_MUST_CHECK enum sbx_status sbx_statefile_descriptor(
    const char *path, struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/**
 * Give an existing file another owner (if the descriptor has one) and DACL, and prove both; its
 * content is not touched.
 * @return SBX_UNPROVEN when it reads back otherwise
 */
SBX_MUST_CHECK enum sbx_status sbx_statefile_set_descriptor(
    const char *path, const struct sbx_descriptor *descriptor, struct sbx_error *err);

/** Same DACL entries, same PROTECTED bit, and the owner of `wanted` if it has one. */
bool sbx_statefile_same_descriptor(
    const struct sbx_descriptor *seen, const struct sbx_descriptor *wanted);

/** Delete a file; an absent one is success. A reparse point in the path is refused. */
SBX_MUST_CHECK enum sbx_status sbx_statefile_delete(const char *path, struct sbx_error *err);

#endif
