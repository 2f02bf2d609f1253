/* See tokencase.h. */
#include "tokencase.h"

#include "tests/support/unit.h"

static struct sbx_error err;
struct sbx_groups tokencase_groups;
struct sbx_sid tokencase_capabilities[SBX_CAPABILITIES_MAX + 1];

struct sbx_sid tokencase_sid(const char *text)
{
    struct sbx_sid value = {0};

    ck_assert_sbx_ok(sbx_sid_parse(text, &value, &err), &err);
    return value;
}

void tokencase_setup(void)
{
    static const struct {
        const char *sid;
        uint32_t attributes;
    } rows[] = {
        {"S-1-5-21-1-2-3-513", PLAIN},
        {"S-1-1-0", PLAIN},
        {"S-1-5-32-544", PLAIN | SBX_GROUP_OWNER},
        {"S-1-5-32-545", PLAIN},
        {"S-1-5-21-1-2-3-512", PLAIN},
        {"S-1-5-4", PLAIN},
        {"S-1-5-11", PLAIN},
        {"S-1-5-114", SBX_GROUP_DENY_ONLY},
        {LOGON, PLAIN | SBX_GROUP_LOGON_ID},
        {"S-1-16-12288", 0x60},
    };
    struct sbx_sid value;
    size_t i;

    sbx_error_init(&err);
    memset(&tokencase_groups, 0, sizeof(tokencase_groups));
    for (i = 0; i < countof(rows); i++) {
        value = tokencase_sid(rows[i].sid);
        ck_assert_sbx_ok(sbx_groups_add(&tokencase_groups, &value, rows[i].attributes, &err), &err);
    }
    tokencase_capabilities[0] = tokencase_sid(CAP1);
    tokencase_capabilities[1] = tokencase_sid(CAP2);
}

void tokencase_teardown(void)
{
    sbx_groups_done(&tokencase_groups);
}

struct sbx_tokenplan_input tokencase_input(enum sbx_token_choice recipe, bool elevated)
{
    struct sbx_tokenplan_input input = {0};

    input.recipe = recipe;
    input.elevated = elevated;
    input.user_sid = tokencase_sid(USER);
    if (elevated)
        input.account_sid = tokencase_sid(USER);
    input.run_sid = tokencase_sid(RUN);
    input.capability_sids = tokencase_capabilities;
    input.capability_count = 2;
    input.groups = &tokencase_groups;
    return input;
}
