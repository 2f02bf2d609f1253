/*
 * One run for the tests of protected names: a root, its policy and plan, begin and end. The test
 * does what a command could do in between. Linked into test_protect*.exe only.
 *
 * Without access lists (stock Wine) owner and denies are left out, as --wine-unconfined does.
 */
#ifndef SBX_TESTS_PROTECTCASE_H
#define SBX_TESTS_PROTECTCASE_H

#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"
#include "agent/facts.h"
#include "agent/protect.h"

#define CONFIG_BAD "[core]\n\tfsmonitor = evil.exe\n[alias]\n\tst = !evil\n"

extern struct sbx_error err;
extern struct sbx_policy run_policy;
extern struct sbx_facts facts;
extern struct sbx_plan plan;
extern bool have_plan;
extern struct sbx_grant_options grant_options;
extern struct sbx_protect_options options;
extern struct sbx_protect *protect;
extern struct sbx_protect_report report;
extern char root[500], state[600];

/** The fixture: SCRATCH\ws with a file and a directory, SCRATCH\outside, SCRATCH\state. */
void protect_case_setup(void);
void protect_case_teardown(void);

/** Into `run_policy`. @param json of a command's layer */
void use_policy(const char *json);
/** Facts and plan for `run_policy`, with a ledger folder of the test's own. */
void make_plan(void);

/** Grant, and begin to watch. */
void begin_with(const char *json);
/** The same with a plain policy of unelevated mode. */
void begin(void);
/** Into `report`. */
void end(void);

/** A repository folder with a hook and this configuration. */
void make_git(const char *name, const char *config);
void move(const char *from, const char *to);

/** The only item of the report, which must be this. */
const struct sbx_protect_item *only_item(const char *name, enum sbx_protect_action action);
bool says(const struct sbx_protect_item *item, const char *part);
/** "NAME.quarantined-ID" beside NAME, by the id of this run. */
const char *aside(const char *name);

/** Another name of `root`: a junction; where none can be made (Wine), one through the Unix root. */
void other_name_of_root(char *ret_path, size_t size_bytes);

#endif
