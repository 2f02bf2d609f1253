/*
 * Where a reparse point says that it leads: symbolic links and junctions, from the bytes that
 * FSCTL_GET_REPARSE_POINT gives. For reports; no access decision rests on it.
 *
 * @see https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_reparse_data_buffer
 */
#ifndef SBX_LINKTARGET_H
#define SBX_LINKTARGET_H

#include "base.h"
#include "error.h"

#define SBX_REPARSE_MAX_BYTES 16384u
#define SBX_REPARSE_JUNCTION 0xA0000003u
#define SBX_REPARSE_SYMLINK 0xA000000Cu

/**
 * The target in UTF-8, without "\??\": "C:\x", "Volume{...}\" gets "\\?\" in front, "UNC\s\h"
 * becomes "\\s\h".
 * @param bytes        untrusted
 * @param ret_target   owned
 * @param ret_relative true: relative to the directory of the link
 * @return SBX_UNSUPPORTED for a tag without a target; SBX_INVALID for malformed bytes; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_linktarget_parse(const void *bytes, size_t length_bytes,
    char **ret_target, bool *ret_relative, struct sbx_error *err);

#endif
