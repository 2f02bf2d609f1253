/*
 * Descriptors of open objects: read as data, written through the handle, read back.
 *
 * Only GetKernelObjectSecurity and SetKernelObjectSecurity. The aclapi setters are banned: by
 * name they can be raced, and even from a handle they rewrite the whole tree below.
 *
 * Counts: the caller passes one struct along, so that "a warm run writes nothing" is a number in
 * the result and not a belief.
 */
#ifndef SBX_ACL_H
#define SBX_ACL_H

#include "win.h"
#include "../core/acldata.h"

struct sbx_acl_counts {
    uint64_t reads;  /* descriptors read for a decision */
    uint64_t writes; /* descriptors written */
    uint64_t proofs; /* descriptors read back after a write */
};

/**
 * Owner, group, control bits and DACL of an object.
 * @param handle file, directory, key, event, process, token, ... with READ_CONTROL
 * @param counts may be NULL
 * @return SBX_DENIED without READ_CONTROL; SBX_UNPROVEN when the call succeeded but gave no
 *         owner or no descriptor (some kernels answer success with nothing)
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-getkernelobjectsecurity
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_get(HANDLE handle, struct sbx_acl_counts *counts,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/**
 * Set the DACL of one object, itself only, and prove it by reading it back.
 *
 * Uses wanted->dacl (LIST or NULL, not ABSENT) and the PROTECTED and AUTO_INHERITED bits of
 * wanted->control; owner, group and SACL are not touched. The kernel drops AUTO_INHERITED unless
 * the request also carries AUTO_INHERIT_REQ, so that bit is added here; PROTECTED is taken as
 * given. No child is visited.
 * @param handle with WRITE_DAC and READ_CONTROL
 * @return SBX_UNPROVEN when what is read back differs from what was asked for (the object then
 *         holds whatever the system made of it); SBX_INVALID for an ABSENT DACL
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-setkernelobjectsecurity
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_set_dacl(HANDLE handle, const struct sbx_descriptor *wanted,
    struct sbx_acl_counts *counts, struct sbx_error *err);

/**
 * Set the owner and prove it.
 * @param handle with WRITE_OWNER and READ_CONTROL; an owner other than the caller or one of its
 *        owner-capable groups needs SeRestorePrivilege (else ERROR_INVALID_OWNER)
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_set_owner(HANDLE handle, const struct sbx_sid *owner,
    struct sbx_acl_counts *counts, struct sbx_error *err);

#endif
