/*
 * One random world under test, and what is asked of every node of it (test_worlds.c).
 */
#ifndef SBX_TESTS_WORLDCHECK_H
#define SBX_TESTS_WORLDCHECK_H

#include "tests/support/unit.h"
#include "tests/support/worlds.h"

/* The rights that change a file, or what is in a directory. */
#define WRITES                                                                                     \
    (SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_FILE_WRITE_EA | SBX_FILE_WRITE_ATTRIBUTES)
#define CONTROL (SBX_WRITE_DAC | SBX_WRITE_OWNER)

extern uint64_t seed;
extern size_t world_index;
extern bool verbose;
extern struct worlds worlds;
extern struct world w;
extern struct worlds_policy policy;
extern struct worlds_verdict verdicts[WORLDS_NODES];
extern struct sbx_access_token user, other;
extern uint32_t user_before[WORLDS_NODES], other_before[WORLDS_NODES];
/* The run, the same read-only, another session. */
extern struct worlds_token child, idle, stranger;
/* What each of them may now; see look(). */
extern uint32_t user_now[WORLDS_NODES], other_now[WORLDS_NODES], child_now[WORLDS_NODES];

/* --- saying what went wrong (worlds_say.c) --- */
void print_world(void);
/* End the test, with the seed, the world and the node. */
void broken(size_t node, const char *what, uint32_t mask);
#define CHECK(node, mask, what)                                                                    \
    do {                                                                                           \
        if (mask)                                                                                  \
            broken((node), (what), (mask));                                                        \
    } while (0)

/* --- rights (worlds_check.c) --- */
const struct worlds_file *file_of(size_t node);
uint32_t now(size_t node, const struct sbx_access_token *token);
uint32_t before(size_t node, const struct sbx_access_token *token);
/* After each granting: an access check costs more than all the rest. */
void look(void);
/* Has every entry that was meant for it. */
bool is_stamped(size_t node);
/* See the definition: the user has to take such an object back as an administrator. */
bool is_locked_out(size_t node);

/* --- the boundary (worlds_check.c) --- */
void check_refused(size_t node);
void check_refused_mapping_only(size_t node);
void check_granted(size_t node);
void check_made_in(size_t node, bool is_directory, const struct sbx_sid *owner);
void check_outside(size_t node);
void check_inside(size_t node, bool runs);
void check_other_sessions(size_t node);

#endif
