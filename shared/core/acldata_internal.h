/* What the acldata_*.c files share; nobody else includes this. */
#ifndef SBX_ACLDATA_INTERNAL_H
#define SBX_ACLDATA_INTERNAL_H

#include "acldata.h"

/**
 * Append a copy without looking at the list's size, which costs a pass over the list: with it,
 * reading a list of 16,000 tiny entries (a file's owner can write one) would be quadratic.
 * The caller knows that the whole fits, or checks sbx_acl_size_bytes once at the end.
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_append_unsized(
    struct sbx_acl *acl, const struct sbx_ace *ace, struct sbx_error *err);

/** The one check at the end. @return SBX_INVALID when the list is over 65,535 bytes */
SBX_MUST_CHECK enum sbx_status sbx_acl_check_size(size_t size_bytes, struct sbx_error *err);

#endif
