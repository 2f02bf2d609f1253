/*
 * The removal itself: one object, and everything below it.
 */
#ifndef SBX_AGENT_REVOKEWALK_H
#define SBX_AGENT_REVOKEWALK_H

#include "grantwalk.h"
#include "ledger.h"

/* What a ledger says must go. */
struct sbx_revoke_work {
    struct sbx_grant_engine *engine;
    const struct sbx_ledger_records *records; /* borrowed */
    struct sbx_sid capability;                /* {0}: none */
    struct sbx_grant_block *blocks;           /* owned; one per different list of entries */
    const struct sbx_grant_block **block_pointers;
    size_t block_count;
    struct sbx_sid user; /* who becomes owner of what a sandbox account owns */
    bool incomplete;     /* something could not be taken back */
};

SBX_MUST_CHECK enum sbx_status sbx_revoke_work_init(struct sbx_grant_engine *engine,
    const struct sbx_ledger_records *records, struct sbx_revoke_work *ret_work,
    struct sbx_error *err);
void sbx_revoke_work_done(struct sbx_revoke_work *work);

/**
 * Open the object a record speaks of: by its path, or, when another object has that path now, by
 * its file id.
 * @param volume_guid of the ledger's root; NULL or "" where the system gave none
 * @param access READ_CONTROL | WRITE_DAC, with FILE_LIST_DIRECTORY to walk
 * @return SBX_NOT_FOUND when it exists no more, which its volume was asked for: a path that leads
 *         nowhere is no proof. SBX_OS: the volume is not there, or has no name to be found by;
 *         SBX_UNPROVEN: it knows no file ids; SBX_DENIED
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-openfilebyid
 */
SBX_MUST_CHECK enum sbx_status sbx_revoke_open(const struct sbx_ledger_record *record,
    const char *volume_guid, ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err);

/** Take everything from one open object. @param added may be NULL */
SBX_MUST_CHECK enum sbx_status sbx_revoke_object(struct sbx_revoke_work *work, HANDLE handle,
    bool is_directory, const struct sbx_ace *added, size_t added_count, struct sbx_error *err);

/** Take everything from what is below an open directory. Objects that fail are listed. */
SBX_MUST_CHECK enum sbx_status sbx_revoke_below(
    struct sbx_revoke_work *work, HANDLE directory, const char *path, struct sbx_error *err);

#endif
