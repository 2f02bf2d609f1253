/*
 * The folders a run gets besides its roots (design 7), below %LOCALAPPDATA%\AgentSandbox:
 *
 *   work\<root>       per-root home: caches of build tools, kept; granted to the root's capability
 *   tmp\<run>         TEMP of one run, granted to the run SID, removed afterwards
 *   deny-bin          stubs that stand before ssh and others while the network is advisory
 *
 * In elevated mode the child is another user and the first two lie in the folder that setup made
 * for them, %ProgramData%\AgentSandbox\work, each granted to the group as well:
 *
 *   home-<root, user> the child's whole profile
 *   tmp-<run>
 *
 * Each is created with its own protected descriptor, by handle, never through a link; an existing
 * one is used as it is. The child may write in none of their parents.
 */
#ifndef SBX_AGENT_WORKDIRS_H
#define SBX_AGENT_WORKDIRS_H

#include "shared/core/plan.h"

/**
 * Fill facts.home_directory, temp_directory and denybin_directory; creates nothing.
 * @param mode the plan's (sbx_plan_mode)
 */
SBX_MUST_CHECK enum sbx_status sbx_workdirs_name(const struct sbx_policy *policy,
    enum sbx_mode mode, struct sbx_facts *facts, struct sbx_error *err);

/**
 * Make the state folder, %LOCALAPPDATA%\AgentSandbox, when it is missing, and prove its descriptor.
 * @return SBX_UNPROVEN when files keep no access lists here
 */
SBX_MUST_CHECK enum sbx_status sbx_workdirs_state(
    const struct sbx_facts *facts, struct sbx_error *err);

/**
 * Create what the plan's environment names, and prove each descriptor by reading it back.
 * @param unproved_ok  true only for --wine-unconfined under Wine: a descriptor that does not read
 *        back is then no failure (the result says that nothing was confined)
 * @return SBX_UNPROVEN when files keep no access lists here: the first proof of a run, made before
 *         anything of the user's is touched
 */
SBX_MUST_CHECK enum sbx_status sbx_workdirs_make(const struct sbx_facts *facts,
    const struct sbx_plan *plan, bool unproved_ok, struct sbx_error *err);

/**
 * Remove the run's TEMP with all that is in it, links themselves and never their targets, and
 * what earlier runs that were killed left behind (older than a week).
 * @return SBX_OK also when something could not be removed: ret_left says how many entries stayed
 */
SBX_MUST_CHECK enum sbx_status sbx_workdirs_clean(const struct sbx_facts *facts,
    const struct sbx_plan *plan, size_t *ret_left, struct sbx_error *err);

#endif
