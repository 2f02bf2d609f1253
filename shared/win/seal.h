/*
 * Sealing a password with DPAPI in machine scope, and opening it again. Boundary B14.
 *
 * Machine scope, because setup (an administrator) seals and the runner (an operator) opens: any
 * process of this machine that can read the file can open the blob. What protects the password is
 * therefore the DACL of the file; sealing keeps it out of backups and of disks in other machines.
 * The entropy names the account's SID. It is no secret; it makes a blob that was moved to another
 * account's entry fail to open.
 *
 * @see https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
 *      https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptunprotectdata
 */
#ifndef SBX_SEAL_H
#define SBX_SEAL_H

#include "win.h"
#include "../core/buf.h"
#include "../core/ntsid.h"
#include "../core/password.h"

/**
 * Seal a password for an account. Nothing is shown to the user (CRYPTPROTECT_UI_FORBIDDEN).
 * @param ret_blob appended to; not secret on this machine's terms, never logged all the same
 */
SBX_MUST_CHECK enum sbx_status sbx_seal_password(const struct sbx_sid *account,
    const char *password, struct sbx_buf *ret_blob, struct sbx_error *err);

/**
 * Open a blob.
 * @param ret_password NUL-terminated on success, all zero after a failure; the caller wipes it with
 *        sbx_wipe as soon as the logon is done. The system's own copy is wiped and freed here
 * @return SBX_DENIED when it was sealed for another account, on another machine, or is damaged
 *         (ERROR_INVALID_DATA and the like); SBX_INVALID when what comes out is no password of ours
 */
SBX_MUST_CHECK enum sbx_status sbx_seal_open(const struct sbx_sid *account, const void *blob,
    size_t blob_bytes, char ret_password[SBX_PASSWORD_SIZE], struct sbx_error *err);

#endif
