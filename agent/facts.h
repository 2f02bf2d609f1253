/*
 * Gathers the facts that a plan is made from (shared/core/plan.h): who calls, where things lie,
 * what the roots and the protected objects in them are. Reads only; decides nothing.
 */
#ifndef SBX_AGENT_FACTS_H
#define SBX_AGENT_FACTS_H

#include "shared/core/plan.h"

/**
 * Who and where: SIDs, known folders, the working directory, the caller's environment, random
 * bytes. Fills every member of facts but roots and objects.
 * @param cwd  as the caller wrote it, relative to the current directory; NULL = that one
 * @return SBX_NOT_FOUND for a working directory that does not exist (the text names it);
 *         SBX_UNSUPPORTED when this process is itself sandboxed. On failure facts is released.
 */
SBX_MUST_CHECK enum sbx_status sbx_facts_places(
    const char *cwd, struct sbx_facts *ret_facts, struct sbx_error *err);

/**
 * The working directory and every allowWrite entry as roots, and the protected and denyWrite
 * objects that exist in them.
 * @param protected_names names to look for in every root
 */
SBX_MUST_CHECK enum sbx_status sbx_facts_roots(const struct sbx_policy *policy,
    const struct sbx_strings *protected_names, struct sbx_facts *facts, struct sbx_error *err);

/**
 * A path of a policy as absolute text: relative to the working directory, "~" is the profile.
 * @param facts with cwd and profile filled in
 */
SBX_MUST_CHECK enum sbx_status sbx_facts_resolve(
    const struct sbx_facts *facts, const char *asked, char **ret_path, struct sbx_error *err);

/**
 * The caller's environment, and what Windows gives every program where the caller left it out:
 * hosts of MCP servers hand on a dozen variables (no PATHEXT, ComSpec, windir, ProgramData), and
 * without those shells, ssh, MSBuild and .NET fail in ways that nobody traces back to them.
 * @see https://learn.microsoft.com/windows/win32/api/userenv/nf-userenv-createenvironmentblock
 */
SBX_MUST_CHECK enum sbx_status sbx_facts_environment(
    struct sbx_facts *facts, struct sbx_error *err);

/* --- between facts_roots.c and facts_git.c --------------------------------------------------- */

/** Add one object by its path, links not followed; nothing when it does not exist. */
SBX_MUST_CHECK enum sbx_status sbx_facts_add_object(struct sbx_facts *facts,
    enum sbx_object_kind kind, size_t root, const char *path, struct sbx_error *err);

/** Fill gitdir_target and commondir_target of a `.git` file's object. */
SBX_MUST_CHECK enum sbx_status sbx_facts_git_targets(const char *git_file, const char *directory,
    struct sbx_object_fact *object, struct sbx_error *err);

/** git: "write": add hooks, config and the like of every repository among the objects. */
SBX_MUST_CHECK enum sbx_status sbx_facts_git_inner(struct sbx_facts *facts, struct sbx_error *err);

#endif
