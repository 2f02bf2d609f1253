/*
 * The walk below a granted object: every existing child gets the blocks of the targets above it
 * (shared/core/grantstep.h), in one write, or none.
 */
#ifndef SBX_AGENT_GRANTWALK_H
#define SBX_AGENT_GRANTWALK_H

#include "grantobject.h"
#include "shared/core/grantunit.h"
#include "shared/win/filewalk.h"

/**
 * Walk below one target of a unit. Targets further below add their blocks on the way.
 * @param top the target's object; the directory is opened again for reading and compared
 * @return SBX_OK when every object below has its blocks or is listed as skipped; SBX_CANCELLED;
 *         SBX_DENIED when an object that must be denied can be written by the child and cannot be
 *         changed; SBX_UNPROVEN when the system does not keep what is written
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_walk(struct sbx_grant_engine *engine,
    const struct sbx_grant_unit *unit, size_t target_index, const struct sbx_grant_object *top,
    struct sbx_error *err);

/**
 * Open a directory for reading that is already open as an object, and make sure that it is the
 * same one.
 * @param ret_handle owned; FILE_LIST_DIRECTORY
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_open_list(const char *path,
    const struct sbx_grant_object *object, HANDLE *ret_handle, struct sbx_error *err);

/* An entry of a walk, open. */
struct sbx_grant_entry {
    HANDLE handle;  /* owned; READ_CONTROL */
    bool may_write; /* with WRITE_DAC */
    bool may_list;  /* a directory, with FILE_LIST_DIRECTORY */
};

/** Open the entry of a walk with as much of all that as the caller's rights allow. */
SBX_MUST_CHECK enum sbx_status sbx_grant_open_entry(const struct sbx_filewalk_entry *entry,
    struct sbx_grant_entry *ret_opened, struct sbx_error *err);

/** Hand the handle of a directory to the walk, so that it is not opened twice; else close it. */
void sbx_grant_entry_leave(struct sbx_filewalk_entry *entry, struct sbx_grant_entry *opened);

#endif
