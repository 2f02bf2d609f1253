/*
 * What a command of elevated mode may read beyond the rights of its account, and what it may not,
 * as facts for the plan (design 4, "Reads"): allowRead, denyRead with its globs expanded, tool
 * homes found from PATH (shared/core/toolhome.h), and the folders that lead to all of it inside the
 * profile. Looks only; the plan decides (plan_objects.c) and the grant engine writes.
 */
#ifndef SBX_AGENT_READROOTS_H
#define SBX_AGENT_READROOTS_H

#include "shared/core/plan.h"

/**
 * Add the objects that a policy's reads are about. Does nothing in unelevated mode, where reads are
 * open and denyRead is refused by the plan.
 * @param facts with places and roots filled in; paths are final paths
 * @param ret_notes appended: one line for each glob (what it matched now) and each entry that names
 *        nothing; the result carries them as warnings
 * @return SBX_INVALID for a glob that matches more than a policy can deny one by one; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_readroots_add(const struct sbx_policy *policy,
    enum sbx_mode mode, struct sbx_facts *facts, struct sbx_strings *ret_notes,
    struct sbx_error *err);

#endif
