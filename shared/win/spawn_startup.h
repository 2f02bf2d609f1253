/*
 * Inside of spawn: the handles a child inherits and the attribute list that says so. Not for
 * other files; spawn.h is the interface.
 */
#ifndef SBX_SPAWN_STARTUP_H
#define SBX_SPAWN_STARTUP_H

#include "spawn.h"

#define SBX_STARTUP_HANDLES_MAX (SBX_SPAWN_EXTRA_MAX + 3u)

struct sbx_startup {
    STARTUPINFOEXW info;
    HANDLE sources[SBX_STARTUP_HANDLES_MAX]; /* borrowed; NULL stands for the NUL device */
    HANDLE copies[SBX_STARTUP_HANDLES_MAX];  /* owned, inheritable, each object once */
    size_t copy_count;
    HANDLE job;   /* borrowed; the attribute points here */
    bool has_job; /* JOB_LIST is in the list */
    bool has_list;
};

/** True where a pseudo console takes the place of the standard handles. */
static inline bool sbx_spawn_is_on_terminal(const struct sbx_spawn *spawn)
{
    return spawn->conpty && !(spawn->options & SBX_SPAWN_HOSTED);
}

/**
 * Make inheritable duplicates of what the child gets and the attribute list that names them.
 * Fills spawn->extra[].ret_value.
 * @return SBX_INVALID for a console handle, or more than SBX_SPAWN_EXTRA_MAX extras
 */
SBX_MUST_CHECK enum sbx_status sbx_startup_init(
    struct sbx_spawn *spawn, struct sbx_startup *startup, struct sbx_error *err);

/** Close the duplicates and release the list. A zeroed struct does nothing. */
void sbx_startup_done(struct sbx_startup *startup);

#endif
