/* The lists of a merge that give access. Internal to policy_merge.c and policy_lists.c. */
#ifndef SBX_POLICY_LISTS_H
#define SBX_POLICY_LISTS_H

#include "policy_fields.h"

#define SBX_MERGE_LAYERS_MAX 64u

/* The layers of one merge in falling order of authority; borrowed. */
struct sbx_merge {
    const struct sbx_policy *layers[SBX_MERGE_LAYERS_MAX];
    size_t count;
};

/** Add every entry of `from` that is not there yet; `written` is carried over too. */
SBX_MUST_CHECK enum sbx_status sbx_strings_join(
    struct sbx_strings *list, const struct sbx_strings *from, struct sbx_error *err);

/**
 * Merge one ALLOW list: union of command line, files and user, bounded by the machine, cut by the
 * workspace. Scalars of ret must be merged already.
 * @return SBX_DENIED for an entry outside the machine's list
 */
SBX_MUST_CHECK enum sbx_status sbx_merge_allow(const struct sbx_merge *merge,
    const struct sbx_policy_field *field, struct sbx_policy *ret, struct sbx_error *err);

#endif
