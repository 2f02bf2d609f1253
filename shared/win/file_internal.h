/*
 * What the halves of file.c share; nobody else includes this.
 */
#ifndef SBX_FILE_INTERNAL_H
#define SBX_FILE_INTERNAL_H

#include "file.h"

/* Arguments of NtCreateFile that differ between our opens. */
struct sbx_file_request {
    HANDLE parent; /* NULL: name_w is a full NT path of a volume root */
    const wchar_t *name_w;
    size_t name_cch;
    ACCESS_MASK access;
    DWORD share;
    DWORD disposition; /* FILE_OPEN, FILE_CREATE */
    enum sbx_file_kind kind;
    bool allow_reparse;
    bool backup;
    const void *descriptor; /* for FILE_CREATE */
};

/** Open one name relative to a handle and refuse a reparse point, by the MUSTs of file.h. */
SBX_MUST_CHECK enum sbx_status sbx_file_request_run(
    const struct sbx_file_request *request, HANDLE *ret_handle, struct sbx_error *err);

/** Refuse what is not one plain name (MUST 4). */
SBX_MUST_CHECK enum sbx_status sbx_file_check_name(
    const wchar_t *name_w, size_t cch, struct sbx_error *err);

#endif
