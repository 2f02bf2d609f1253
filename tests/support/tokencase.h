/*
 * What the tests of the token's plan and of its proof share: an administrator's groups, two
 * capability SIDs, and the input of a plan with them.
 */
#ifndef SBX_TESTS_TOKENCASE_H
#define SBX_TESTS_TOKENCASE_H

#include "shared/core/tokenplan.h"

#define USER "S-1-5-21-1-2-3-1001"
#define LOGON "S-1-5-5-0-4711"
#define RUN "S-1-5-21-7-8-9-2147483658"
#define CAP1 "S-1-5-21-10-11-12-2147483661"
#define CAP2 "S-1-5-21-20-21-22-2147483671"
#define PLAIN (SBX_GROUP_MANDATORY | SBX_GROUP_ENABLED_BY_DEFAULT | SBX_GROUP_ENABLED)

/* Of the token that is restricted. Capabilities: the first two are CAP1 and CAP2. */
extern struct sbx_groups tokencase_groups;
extern struct sbx_sid tokencase_capabilities[SBX_CAPABILITIES_MAX + 1];

/** The fixture. */
void tokencase_setup(void);
void tokencase_teardown(void);

struct sbx_sid tokencase_sid(const char *text);

/** The input of a plan for USER: borrows the groups and the capabilities above. */
struct sbx_tokenplan_input tokencase_input(enum sbx_token_choice recipe, bool elevated);

#endif
