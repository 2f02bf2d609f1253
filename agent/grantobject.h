/*
 * One object that a grant or a revoke is about to change: opened without following links, read,
 * and asked whether it may be written at all (MUST 5 of grants.h).
 */
#ifndef SBX_AGENT_GRANTOBJECT_H
#define SBX_AGENT_GRANTOBJECT_H

#include "grantreport.h"
#include "shared/win/file.h"

struct sbx_grant_object {
    HANDLE handle; /* owned; READ_CONTROL, FILE_LIST_DIRECTORY for a directory */
    struct sbx_file_facts facts;
    struct sbx_descriptor descriptor; /* owned */
    bool may_write;                   /* the handle carries WRITE_DAC */
};

/**
 * Open an object and read its descriptor: one descriptor read.
 * @param parent NULL: path is a full path; else it is below this directory, "" = that directory
 *        itself, which is opened again (`full_path` names it)
 * @return SBX_NOT_FOUND; SBX_DENIED for a reparse point (NTSTATUS 0xC000050B) and when not even
 *         reading is allowed. Nothing is to be closed after a failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_object_open(struct sbx_grant_engine *engine, HANDLE parent,
    const char *path, struct sbx_grant_object *ret_object, struct sbx_error *err);
void sbx_grant_object_close(struct sbx_grant_object *object);

/** True for the failure that a reparse point gives. */
bool sbx_grant_is_reparse_error(const struct sbx_error *error);

/**
 * Why an object must not be written.
 * @param links FILE_STANDARD_INFO.NumberOfLinks; 1 for a directory
 * @param reason filled when the answer is true
 */
bool sbx_grant_must_skip(const struct sbx_grant_engine *engine,
    const struct sbx_descriptor *descriptor, uint32_t links, char reason[SBX_GRANT_REASON_MAX]);

/** The number of names of an open file, asked from the handle that is written through.
 * @see https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-file_standard_info */
SBX_MUST_CHECK enum sbx_status sbx_grant_links(
    HANDLE handle, uint32_t *ret_links, struct sbx_error *err);

/** Write a DACL in place of the object's; everything else of the descriptor stays. */
SBX_MUST_CHECK enum sbx_status sbx_grant_write(struct sbx_grant_engine *engine, HANDLE handle,
    const struct sbx_descriptor *now, const struct sbx_acl *dacl, struct sbx_error *err);

/** "path, owned by NAME: " in front of the error, and what to do about it. */
void sbx_grant_explain(
    const char *path, const struct sbx_descriptor *descriptor, struct sbx_error *err);

#endif
