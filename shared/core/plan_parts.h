/* The parts of sbx_plan_make, in the order in which they run. Internal to plan*.c. */
#ifndef SBX_PLAN_PARTS_H
#define SBX_PLAN_PARTS_H

#include "plan.h"

#define SBX_PLAN_ACES_MAX 65536u
#define SBX_OWNER_RIGHTS_SID "S-1-3-4"

/* What a part works on; policy and facts borrowed, plan owned by sbx_plan_make. */
struct sbx_plan_work {
    const struct sbx_policy *policy;
    const struct sbx_facts *facts;
    struct sbx_plan *plan;
};

/** Add a line for stderr. */
SBX_MUST_CHECK enum sbx_status sbx_plan_warn(
    struct sbx_plan *plan, struct sbx_error *err, const char *format, ...) SBX_PRINTF(3, 4);

/**
 * plan_roots.c: which roots are writable, their capability SIDs; refuses what design 4 refuses.
 * Needs plan->mode. @return SBX_DENIED
 */
SBX_MUST_CHECK enum sbx_status sbx_plan_roots(struct sbx_plan_work *work, struct sbx_error *err);

/**
 * plan_places.c: the rule of design 4 that forbids making a directory writable, by its path.
 * @param path normal
 * @return NULL when no rule does; else a static text ("is the root of a volume")
 */
const char *sbx_plan_forbidden_place(const struct sbx_facts *facts, const char *path);

/**
 * plan_places.c: the rule of design 4 that forbids giving a directory to read as a whole.
 * @return as above
 */
const char *sbx_plan_forbidden_read(const struct sbx_facts *facts, const char *path);

/** plan_reads.c: what the account may read beyond its rights, and what it may not (elevated). */
SBX_MUST_CHECK enum sbx_status sbx_plan_read_object(
    struct sbx_plan_work *work, const struct sbx_object_fact *object, struct sbx_error *err);

/** plan_places.c: every place of the facts is in normal form. @return SBX_INTERNAL */
SBX_MUST_CHECK enum sbx_status sbx_plan_check_places(
    const struct sbx_facts *facts, struct sbx_error *err);

/** plan_aces.c: roots, then objects. */
SBX_MUST_CHECK enum sbx_status sbx_plan_aces(struct sbx_plan_work *work, struct sbx_error *err);

/** plan_objects.c: protected, denied and read objects. */
SBX_MUST_CHECK enum sbx_status sbx_plan_object_aces(
    struct sbx_plan_work *work, struct sbx_error *err);

/** plan_aces.c: append one ACE; why is static. */
SBX_MUST_CHECK enum sbx_status sbx_plan_add_ace(
    struct sbx_plan *plan, const char *sid, const struct sbx_plan_ace *ace, struct sbx_error *err);

/**
 * plan_aces.c: keep the caller's own FILE_DELETE_CHILD on a directory in a writable root away from
 * the child; nothing in elevated mode, where the child is not the caller.
 * @param flags SBX_ACE_CI for the directories below as well, else 0
 */
SBX_MUST_CHECK enum sbx_status sbx_plan_deny_delete_child(
    struct sbx_plan_work *work, const char *directory, uint8_t flags, struct sbx_error *err);

/** plan_env.c: the whole environment of the child. Needs mode, network, account, roots. */
SBX_MUST_CHECK enum sbx_status sbx_plan_environment(
    struct sbx_plan_work *work, struct sbx_error *err);

/** plan_stubs.c: the variables that turn network clients off while the network is advisory. */
SBX_MUST_CHECK enum sbx_status sbx_plan_stub_variables(struct sbx_env *env, struct sbx_error *err);
/** plan_stubs.c: put a folder first on PATH and see that PATHEXT finds .cmd files. */
SBX_MUST_CHECK enum sbx_status sbx_plan_stub_path(
    struct sbx_env *env, const char *directory, struct sbx_error *err);

/** plan_secrets.c: true when a name looks like that of a secret (design 7). */
bool sbx_plan_is_secret(const char *name);

#endif
