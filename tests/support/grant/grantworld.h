/*
 * A small tree, a plan for it, and every descriptor in it: what the grant tests start from and
 * compare with.
 *
 * Stock Wine does not keep file descriptors. The grant tests are linked with --wrap for the two
 * functions of shared/win/acl.h that touch them, so that there they live in a file of this
 * fixture, by file id, and everything else (walk, handles, identities, ledger, lock) is real. On
 * a platform that keeps them the real functions are called. Both ways a write can be made the
 * last thing that the process does.
 */
#ifndef SBX_TESTS_GRANTWORLD_H
#define SBX_TESTS_GRANTWORLD_H

#include "shared/core/plan.h"
#include "shared/win/acl.h"
#include "shared/win/win.h"

enum grant_kill { GRANT_KILL_NEVER, GRANT_KILL_BEFORE, GRANT_KILL_AFTER };

/* Exit code of a process that was ended by a write. */
#define GRANT_KILLED 99u

extern const struct sbx_sid grant_group; /* stands for AgentSandboxUsers */

/** Make SCRATCH\ws with files, .git, a protected directory, SCRATCH\state; give them descriptors.
 */
void grant_world_begin(void);
void grant_world_end(void);

/** Use the tree that another process of this test made. */
void grant_world_join(const char *scratch);

/** "SCRATCH\name", static for a few calls. */
const char *grant_path(const char *name);

/** The plan for SCRATCH\ws. @param elevated with entries for the group @param read_only */
void grant_plan_make(struct sbx_plan *plan, bool elevated, bool read_only);
void grant_plan_add(struct sbx_plan *plan, const char *path, const char *sid, uint8_t type,
    uint8_t flags, uint32_t mask);
void grant_plan_done(struct sbx_plan *plan);

/** Text of the capability SID of the plan above. */
const char *grant_capability(void);

/** Remember every descriptor below SCRATCH, without `state`. */
void grant_snapshot_take(void);
/** NULL, or the name of the first object whose descriptor is another one now. */
const char *grant_snapshot_differs(void);
/** The name of the first object that has an entry for the capability; NULL. */
const char *grant_anything_left(void);

/** Read or set the descriptor of SCRATCH\name. */
void grant_get(const char *name, struct sbx_descriptor *ret_descriptor);
void grant_set(const char *name, const struct sbx_descriptor *descriptor);
/** How many entries of SCRATCH\name are for the capability, inherited ones included. */
size_t grant_entries(const char *name);

/** Create SCRATCH\name as the system would: it inherits from its directory. */
void grant_create_file(const char *name);

/** The n-th write from now on (1 = the next) ends this process. */
void grant_kill_at(unsigned n, enum grant_kill when);

/** The n-th write from now on (1 = the next) sets the flag when it is done; 0: none does. */
void grant_cancel_at(unsigned n, volatile LONG *flag);

/** Start this program again as `child WHAT`, with a kill. @return its exit code */
uint32_t grant_run_child(const char *what, unsigned n, enum grant_kill when);

/** Writes seen since the world began, in this process. */
unsigned grant_writes(void);

#endif
