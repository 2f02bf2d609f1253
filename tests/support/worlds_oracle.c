/*
 * What a policy means for each node, from design 4 and from nothing else. See worlds.h.
 *
 *   writable   the working directory under workspace-write, and each allowWrite, but not one that
 *              is or lies in something denied or protected
 *   locked     in every root of the policy, writable or not: a protected name, a denyWrite, what a
 *              `.git` file names; with git: "write" not the repository but what git would run
 *   held       what is locked, other roots, and every directory on the way to one, keep their names
 */
#include "shared/core/utf.h"
#include "tests/support/unit.h"
#include "worlds.h"

static bool is_named(const struct worlds *worlds, size_t node, const char *name)
{
    return sbx_utf_equal_ci_ascii(worlds->nodes[node].name, name);
}

static bool is_protected_name(const struct worlds_policy *policy, const char *name)
{
    static const char *const always[] = {".git", ".envrc", ".mcp.json"};
    size_t i;

    for (i = 0; i < countof(always); i++)
        if (sbx_utf_equal_ci_ascii(always[i], name))
            return true;
    return (!policy->removes_vscode && sbx_utf_equal_ci_ascii(".vscode", name)) ||
           (policy->adds_secrets && sbx_utf_equal_ci_ascii("secrets", name));
}

/* Named as a root, whether or not it may be written. */
static bool is_asked_root(const struct worlds_policy *policy, size_t node)
{
    size_t i;

    for (i = 0; i < policy->allow_count; i++)
        if (policy->allow[i] == node)
            return true;
    return node == policy->cwd;
}

static bool is_repository(const struct worlds *worlds, size_t node)
{
    return worlds->nodes[node].is_directory && !worlds->nodes[node].is_reparse &&
           is_named(worlds, node, ".git");
}

/* A protected name in a root. */
static bool is_protected(
    const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    return node != 0 && is_asked_root(policy, worlds->nodes[node].parent) &&
           is_protected_name(policy, worlds->nodes[node].name);
}

/* A directory whose hooks and config git would use: `.git` of a root, or what its file names. */
static bool is_used_by_git(
    const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    size_t i;

    for (i = 1; i < worlds->node_count; i++)
        if (is_protected(worlds, policy, i) && is_named(worlds, i, ".git") &&
            (worlds->nodes[i].gitdir == node || worlds->nodes[i].commondir == node ||
                (i == node && is_repository(worlds, i))))
            return true;
    return false;
}

/* hooks and config in modules\, which git does not look for in `objects`. */
static bool is_in_modules(const struct worlds *worlds, size_t node)
{
    size_t up;

    if (!is_named(worlds, node, "hooks") && !is_named(worlds, node, "config"))
        return false;
    for (up = worlds->nodes[node].parent; up != 0; up = worlds->nodes[up].parent) {
        if (is_named(worlds, up, "objects") || is_named(worlds, up, "hooks"))
            return false;
        if (is_named(worlds, up, "modules"))
            return true;
    }
    return false;
}

static bool is_git_inner(
    const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    static const char *const inner[] = {
        "hooks", "config", "config.worktree", "commondir", "worktrees"};
    size_t up = worlds->nodes[node].parent;
    size_t i;

    if (!policy->git_write || node == 0)
        return false;
    for (i = 0; i < countof(inner); i++)
        if (is_named(worlds, node, inner[i]) && is_used_by_git(worlds, policy, up))
            return true;
    if (is_in_modules(worlds, node))
        for (; up != SIZE_MAX; up = worlds->nodes[up].parent)
            if (is_named(worlds, up, "modules") && up != 0 &&
                is_used_by_git(worlds, policy, worlds->nodes[up].parent))
                return true;
    return false;
}

/* Denied because of its name; what a `.git` file names comes on top of it. */
static bool is_fixed(const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    if (is_git_inner(worlds, policy, node))
        return true;
    return is_protected(worlds, policy, node) &&
           !(policy->git_write && is_repository(worlds, node));
}

static bool is_denied(const struct worlds_policy *policy, size_t node)
{
    size_t i;

    for (i = 0; i < policy->deny_count; i++)
        if (policy->deny[i] == node)
            return true;
    return false;
}

bool worlds_is_root(const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    bool asked = node == policy->cwd && !policy->read_only;
    size_t i;

    for (i = 0; i < policy->allow_count; i++)
        asked = asked || policy->allow[i] == node;
    for (; asked && node != SIZE_MAX; node = worlds->nodes[node].parent)
        if (is_denied(policy, node) || is_fixed(worlds, policy, node))
            return false;
    return asked;
}

/* Content of the tree may name anything: a directory that holds a root is not taken. */
static bool is_target(const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    size_t i;

    if (node == 0 || (is_repository(worlds, node) && is_protected(worlds, policy, node) &&
                         !is_used_by_git(worlds, policy, node)))
        return false;
    for (i = 1; i < worlds->node_count; i++)
        if (is_asked_root(policy, i) && worlds_is_in(worlds, node, i))
            return false;
    for (i = 1; i < worlds->node_count; i++)
        if (is_protected(worlds, policy, i) && is_named(worlds, i, ".git") &&
            (worlds->nodes[i].gitdir == node || worlds->nodes[i].commondir == node))
            return true;
    return false;
}

bool worlds_is_git_target(
    const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    for (; node != SIZE_MAX; node = worlds->nodes[node].parent)
        if (is_target(worlds, policy, node))
            return true;
    return false;
}

static bool locks(const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    return is_fixed(worlds, policy, node) || is_denied(policy, node) ||
           (!policy->git_write && is_target(worlds, policy, node));
}

/* Can have entries of its own: other names of a file lead out of the root. */
static bool is_plain(const struct worlds *worlds, size_t node)
{
    const struct worlds_node *at = &worlds->nodes[node];

    return !at->is_reparse && (at->is_directory || worlds->files[at->file].links == 1);
}

static bool must_stay(const struct worlds *worlds, const struct worlds_policy *policy, size_t node)
{
    return is_plain(worlds, node) &&
           (locks(worlds, policy, node) || is_target(worlds, policy, node) ||
               (is_repository(worlds, node) && is_protected(worlds, policy, node)));
}

static void hold_way(const struct worlds *worlds, const struct worlds_policy *policy, size_t node,
    struct worlds_verdict *verdicts)
{
    size_t up;

    for (up = node; up != SIZE_MAX; up = worlds->nodes[up].parent) {
        bool below = false;
        size_t root;

        for (root = worlds->nodes[up].parent; root != SIZE_MAX; root = worlds->nodes[root].parent)
            below = below || worlds_is_root(worlds, policy, root);
        if (below)
            verdicts[up].held = true;
    }
}

void worlds_judge(const struct worlds *worlds, const struct worlds_policy *policy,
    struct worlds_verdict *verdicts)
{
    bool root[WORLDS_NODES];
    size_t i, up;

    memset(verdicts, 0, WORLDS_NODES * sizeof(*verdicts));
    for (i = 0; i < worlds->node_count; i++)
        root[i] = worlds_is_root(worlds, policy, i);
    for (i = 0; i < worlds->node_count; i++) {
        for (up = i; up != SIZE_MAX; up = worlds->nodes[up].parent) {
            verdicts[i].in_asked = verdicts[i].in_asked || is_asked_root(policy, up);
            verdicts[i].in_root = verdicts[i].in_root || root[up];
            verdicts[i].below_root = verdicts[i].below_root || (root[up] && up != i);
            verdicts[i].locked = verdicts[i].locked || locks(worlds, policy, up);
        }
        verdicts[i].may_write = verdicts[i].in_root && !verdicts[i].locked;
    }
    for (i = 0; i < worlds->node_count; i++)
        if (verdicts[i].below_root && (root[i] || must_stay(worlds, policy, i)))
            hold_way(worlds, policy, i, verdicts);
    for (i = 0; i < worlds->node_count; i++)
        verdicts[i].may_delete = verdicts[i].below_root && !verdicts[i].locked && !verdicts[i].held;
}
