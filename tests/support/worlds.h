/*
 * Random machines for the property test of the plan: a volume with directories, files, links and
 * access lists of every bad kind, a policy, and the grants of its plan made true as the engine of
 * agent/grants.c does, with the same pure steps (grantunit.h, grantstep.h).
 *
 * What the policy means is decided in worlds_oracle.c from the policy and the tree alone: it shares
 * no code with plan*.c.
 */
#ifndef SBX_TESTS_WORLDS_H
#define SBX_TESTS_WORLDS_H

#include "shared/core/accesscheck.h"
#include "shared/core/whyanswer.h"
#include "tests/support/world.h"

#define WORLDS_NODES 40u
#define WORLDS_PATH 160u
#define WORLDS_LIST 4u
#define WORLDS_OTHER "S-1-5-21-1-2-3-1002" /* another user */
#define WORLDS_TEAM "S-1-5-21-1-2-3-1300"  /* a group of the user */

/* An object on disk; more than one name may lead to it. */
struct worlds_file {
    struct sbx_descriptor before, now;
    unsigned links;
};

struct worlds_node {
    char name[24];
    char path[WORLDS_PATH];
    size_t parent; /* SIZE_MAX for the volume */
    unsigned depth;
    bool is_directory, is_reparse;
    size_t file;
    size_t gitdir, commondir; /* a `.git` file: nodes it names; SIZE_MAX: none */
    /* Of the last worlds_apply: */
    unsigned reached; /* how many walks came here; a root counts as one */
    bool left;        /* it needed entries and got none */
    bool written;
};

/* The policy in the test's own words; paths are nodes. */
struct worlds_policy {
    bool elevated, read_only, git_write;
    enum sbx_token_choice recipe;
    size_t cwd;
    size_t allow[WORLDS_LIST], deny[WORLDS_LIST];
    size_t allow_count, deny_count;
    bool adds_secrets;   /* protect.add "Secrets" */
    bool removes_vscode; /* the machine's protect.remove ".vscode" */
};

/* What the policy says of one node. */
struct worlds_verdict {
    bool in_root;    /* in a writable root, or one */
    bool in_asked;   /* in a root of the policy, writable or not */
    bool below_root; /* strictly in one */
    bool locked;     /* protected or denied, with everything below */
    bool held;       /* keeps its name and place */
    bool may_write;
    bool may_delete;
};

struct worlds {
    uint64_t rng;
    struct worlds_node nodes[WORLDS_NODES];
    size_t node_count;
    struct worlds_file files[WORLDS_NODES];
    size_t file_count;
    const char *reason; /* why the last worlds_apply failed */
    size_t reason_node;
    bool has_accounts; /* the engine knows the sandbox accounts */
    bool admin;        /* the user is an administrator, not filtered */
    struct sbx_sid caller, other, account, group, logon, team;
};

/* A token that owns its lists. */
struct worlds_token {
    struct sbx_tokenplan plan;
    struct sbx_why_token why;
};

uint32_t worlds_pick(struct worlds *worlds, uint32_t below);

/** Make a tree with its access lists. */
void worlds_open(struct worlds *worlds, uint64_t seed);
void worlds_close(struct worlds *worlds);
/** The node with this path, ASCII case ignored; SIZE_MAX when there is none. */
size_t worlds_find(const struct worlds *worlds, const char *path);
/** The child with this name, ASCII case ignored; SIZE_MAX when there is none. */
size_t worlds_child(const struct worlds *worlds, size_t parent, const char *name);
/** True when `inner` is `outer` or lies in it. */
bool worlds_is_in(const struct worlds *worlds, size_t outer, size_t inner);

/** worlds_policy.c: a random policy, and a narrower one over the same directories. */
void worlds_policy_make(struct worlds *worlds, struct worlds_policy *ret_policy);
void worlds_policy_narrow(
    struct worlds *worlds, const struct worlds_policy *wide, struct worlds_policy *ret_narrow);
/** Policy as JSON, facts as agent/facts*.c gather them. Close with world_close. */
void worlds_facts(struct worlds *worlds, const struct worlds_policy *policy, struct world *ret_w);

/** worlds_oracle.c */
void worlds_judge(const struct worlds *worlds, const struct worlds_policy *policy,
    struct worlds_verdict *ret_verdicts); /* WORLDS_NODES of them */
/** True when the node is a root that the policy makes writable. */
bool worlds_is_root(const struct worlds *worlds, const struct worlds_policy *policy, size_t node);
/** True when a `.git` file of some root names this node or one above it. */
bool worlds_is_git_target(
    const struct worlds *worlds, const struct worlds_policy *policy, size_t node);

/**
 * worlds_grant.c: what the grant engine makes of the tree.
 * @return false when a unit that the command needs failed: the command does not start
 */
bool worlds_apply(struct worlds *worlds, const struct sbx_plan *plan);

/** worlds_token.c: the planned token with these capabilities. Release with worlds_token_done. */
void worlds_token_planned(const struct worlds *worlds, const struct sbx_plan *plan,
    const struct sbx_sid *capabilities, size_t count, struct worlds_token *ret_token);
void worlds_token_done(struct worlds_token *token);
/** The groups of the unrestricted user, or of another one. */
struct sbx_access_token worlds_token_user(const struct worlds *worlds);
struct sbx_access_token worlds_token_other(const struct worlds *worlds);

/** Every right that the descriptor itself gives. */
uint32_t worlds_rights(const struct sbx_descriptor *descriptor,
    const struct sbx_access_token *token, unsigned readings);
/** Rights that the world gave to restricting SIDs of others than ours (Everyone, logon, account) */
uint32_t worlds_given(const struct sbx_descriptor *before, const struct worlds_token *token);
/** Rights that an entry of the world denies to some SID of the token. */
uint32_t worlds_denied(const struct sbx_descriptor *before, const struct sbx_access_token *token);

#endif
