/*
 * What a command of elevated mode may read beyond the rights of its account, and what it may not,
 * as facts for the plan (design 4, "Reads"): allowRead, denyRead with its globs expanded, tool
 * homes found from PATH (shared/core/toolhome.h), and the folders that lead to all of it inside the
 * profile. Looks only; the plan decides (plan_reads.c) and the grant engine writes.
 *
 * Names are followed to the object they stand for, because an entry on a link means nothing.
 */
#ifndef SBX_AGENT_READROOTS_H
#define SBX_AGENT_READROOTS_H

#include "shared/core/plan.h"

/**
 * Add the objects that a policy's reads are about. Does nothing in unelevated mode, where reads are
 * open and denyRead is refused by the plan.
 * @param mode  the plan's (sbx_plan_mode)
 * @param facts with places and roots filled in; facts->read_notes gets one line for each glob (what
 *        it matched now), each entry that names nothing, and each denied single file
 * @return SBX_INVALID for a glob that covers or matches more than can be denied one by one, or for
 *         a path that is none; SBX_DENIED for a denyRead that exists and cannot be opened; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_readroots_add(const struct sbx_policy *policy,
    enum sbx_mode mode, struct sbx_facts *facts, struct sbx_error *err);

#endif
