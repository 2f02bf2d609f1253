/* Between wfp.c and wfpfilter.c: a filter as data and as the structures of the platform. */
#ifndef SBX_WFP_INTERNAL_H
#define SBX_WFP_INTERNAL_H

#include "wfp.h"

#include <fwpmtypes.h>

/* Of fwpmu.h; Debian's mingw-w64 has the structures without these. */
#define SBX_FWPM_PERSISTENT 0x00000001u /* of filters, providers and sub-layers */
#define SBX_FWPM_FILTER_CLEAR_ACTION_RIGHT 0x00000008u
#define SBX_FWPM_FILTER_DISABLED 0x00000020u
#define SBX_FWPM_FILTER_INDEXED 0x00000040u /* BFE's own, from Windows 8 on */
#define SBX_FWPM_PROVIDER_DISABLED 0x00000010u

#define SBX_WFP_WIDE_MAX (SBX_FENCE_NAME_MAX + 1u)

/* An FWPM_FILTER0 and everything that it points to. Not to be moved once filled. */
struct sbx_wfp_native {
    FWPM_FILTER0 filter;
    FWPM_FILTER_CONDITION0 conditions[SBX_FENCE_CONDITIONS_MAX];
    FWP_RANGE0 ranges[SBX_FENCE_CONDITIONS_MAX];
    FWP_V4_ADDR_AND_MASK network;
    FWP_BYTE_ARRAY16 address;
    FWP_BYTE_BLOB descriptor;
    UINT64 weight;
    GUID provider;
    wchar_t name_w[SBX_WFP_WIDE_MAX];
};

/* The user descriptors in the self-relative form, by `who`. Start with sbx_wfp_users_make. */
struct sbx_wfp_users {
    struct sbx_buf bytes[SBX_FENCE_WHO_COUNT];
};

SBX_MUST_CHECK enum sbx_status sbx_wfp_users_make(
    const struct sbx_fence *fence, struct sbx_wfp_users *ret_users, struct sbx_error *err);
void sbx_wfp_users_done(struct sbx_wfp_users *users);

/** Fill the structures; they borrow the descriptor's bytes from `users`. */
void sbx_wfp_to_native(const struct sbx_fence_filter *filter, const struct sbx_wfp_users *users,
    struct sbx_wfp_native *native);

/**
 * What is different between a filter and what was read back, for people; NULL when equal.
 * @return static text
 */
const char *sbx_wfp_differs(
    const struct sbx_fence *fence, const struct sbx_fence_filter *wanted, const FWPM_FILTER0 *got);

/** Text of a table (ASCII, at most SBX_FENCE_NAME_MAX) for the platform. */
void sbx_wfp_wide(const char *text, wchar_t text_w[SBX_WFP_WIDE_MAX]);

GUID sbx_wfp_guid(const struct sbx_fence_key *key);
bool sbx_wfp_same_guid(const GUID *a, const GUID *b);

#endif
