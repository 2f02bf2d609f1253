/*
 * What the tests of the grant engine share: one tree (grantworld.h), its plan, the options, the
 * report of the last call.
 */
#ifndef SBX_TESTS_GRANTCASE_H
#define SBX_TESTS_GRANTCASE_H

#include "tests/support/unit.h"
#include "tests/support/grant/grantworld.h"
#include "tests/support/win/scratch.h"
#include "agent/ledger.h"
#include "agent/revoke.h"

/* What the plan names: ws, ws\.git, ws\.mcp.json. */
#define GRANT_TARGETS 3u

extern struct sbx_error err;
extern struct sbx_plan plan;
extern struct sbx_grant_report report;
extern struct sbx_grant_options options;
extern char state[700];

/** The fixture: a tree, an unelevated plan for it, a snapshot of every descriptor. */
void grant_case_setup(void);
void grant_case_teardown(void);
/** Options with the state folder of the tree that was begun or joined. */
void grant_case_use_state(void);
void use_plan(bool elevated, bool read_only);

/* The engine with the options and plan above; the report of an earlier call is released. */
SBX_MUST_CHECK enum sbx_status apply(void);
SBX_MUST_CHECK enum sbx_status revoke_all(void);

/** Revoke all; every descriptor must be as in the snapshot. */
void ck_restored(const char *when);

/** How many ledgers there are. */
size_t ledger_count(void);
/** The name of the only one. */
void only_ledger(char name[SBX_LEDGER_NAME_SIZE]);
/** True when `grants list` calls the only one complete. */
bool is_complete(void);

#endif
