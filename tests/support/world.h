/*
 * A small machine for tests of the plan: one user, one project on D:, the usual Windows folders.
 *
 *     struct world w;
 *     world_open(&w);
 *     world_policy(&w, "{...}");       merged as the command line's layer
 *     world_root(&w, "D:\\more");      one per allowWrite entry, in order
 *     status = world_plan(&w, &err);   w.plan
 *     world_close(&w);
 */
#ifndef SBX_TESTS_WORLD_H
#define SBX_TESTS_WORLD_H

#include "shared/core/plan.h"

#define WORLD_CALLER "S-1-5-21-1-2-3-1001"
#define WORLD_LOGON "S-1-5-5-0-77777"
#define WORLD_GROUP "S-1-5-21-1-2-3-2000"
#define WORLD_OFFLINE "S-1-5-21-1-2-3-2001"
#define WORLD_ONLINE "S-1-5-21-1-2-3-2002"
#define WORLD_CWD "D:\\proj"

struct world {
    struct sbx_policy policy;
    struct sbx_facts facts;
    struct sbx_plan plan;
    bool planned;
};

void world_open(struct world *w);
void world_close(struct world *w);

/** Make the user an operator of a current installation: mode auto becomes elevated. */
void world_install(struct world *w);

/** Replace the policy: one layer of JSON, merged. */
void world_policy(struct world *w, const char *json);
/** As above with a machine layer over it. */
void world_policies(struct world *w, const char *machine, const char *command);

/** Add a root fact: exists, a directory on a fixed NTFS drive. Its file id comes from its path. */
struct sbx_root_fact *world_root(struct world *w, const char *path);

/** Add an object fact of the given kind. */
struct sbx_object_fact *world_object(struct world *w, enum sbx_object_kind kind, const char *path);

void world_env(struct world *w, const char *name, const char *value);
/** Add a directory to facts.path_directories. */
void world_on_path(struct world *w, const char *path);
/** Replace an owned string of the facts. */
void world_set(char **field, const char *text);

enum sbx_status world_plan(struct world *w, struct sbx_error *err);
/** As above, and it must succeed. */
void world_must_plan(struct world *w);

/** How many planned ACEs are exactly this one; sid NULL and mask 0 match everything. */
size_t world_count(const struct world *w, const char *path, const char *sid, uint8_t type,
    int flags, uint32_t mask);
/** The planned root with that path; the test fails when there is none. */
const struct sbx_plan_root *world_planned(const struct world *w, const char *path);

/** A refusal: one line with the word in it, and a hint. */
void world_ck_says(const struct sbx_error *err, const char *word);

#endif
