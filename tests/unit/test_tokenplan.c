/* The token recipes as tables. The proof that a token is as planned: test_tokenplan_check.c. */
#include "tests/support/tokencase.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct sbx_error err;

static void join(const struct sbx_groups *list, char *text, size_t size_bytes)
{
    char one[SBX_SID_TEXT_SIZE];
    size_t i, used = 0;

    text[0] = '\0';
    for (i = 0; i < list->count && used < size_bytes; i++) {
        sbx_sid_format(&list->items[i].sid, one);
        used += (size_t)snprintf(text + used, size_bytes - used, "%s%s", i ? " " : "", one);
    }
}

struct recipe_row {
    enum sbx_token_choice recipe;
    bool elevated;
    const char *restricting;
    const char *disable;
    size_t dacl_count;
};

#define ADMINS "S-1-5-32-544 S-1-5-21-1-2-3-512 S-1-5-114"
static const struct recipe_row recipe_rows[] = {
    {SBX_TOKEN_STRICT, false, CAP1 " " CAP2 " " RUN, ADMINS " " LOGON, 3},
    {SBX_TOKEN_STRICT, true, CAP1 " " CAP2 " " RUN " " USER, ADMINS " " LOGON, 3},
    {SBX_TOKEN_ISOLATED, false, CAP1 " " CAP2 " " RUN " S-1-1-0", ADMINS " " LOGON, 3},
    {SBX_TOKEN_ISOLATED, true, CAP1 " " CAP2 " " RUN " " USER " S-1-1-0", ADMINS " " LOGON, 3},
    {SBX_TOKEN_STANDARD, false, CAP1 " " CAP2 " " RUN " S-1-1-0 " LOGON, ADMINS, 4},
    {SBX_TOKEN_STANDARD, true, CAP1 " " CAP2 " " RUN " " USER " S-1-1-0 " LOGON, ADMINS, 4},
};

START_TEST(tokenplan__each_recipe__lists_exactly)
{
    const struct recipe_row *row = &recipe_rows[_i];
    struct sbx_tokenplan_input input = tokencase_input(row->recipe, row->elevated);
    struct sbx_tokenplan plan = {0};
    struct sbx_sid owner = tokencase_sid(USER), run = tokencase_sid(RUN),
                   logon = tokencase_sid(LOGON);
    char text[2048];
    size_t i;

    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &plan, &err), &err);
    join(&plan.restricting, text, sizeof(text));
    ck_assert_str_eq(text, row->restricting);
    join(&plan.disable, text, sizeof(text));
    ck_assert_str_eq(text, row->disable);
    ck_assert_uint_eq(plan.flags, 0xD);
    ck_assert(sbx_sid_equal(&plan.integrity_sid, &sbx_sid_medium_label));
    ck_assert_str_eq(plan.kept_privilege, "SeChangeNotifyPrivilege");
    ck_assert_uint_eq(plan.groups.count, tokencase_groups.count - 1);
    ck_assert_uint_eq(plan.default_dacl.count, row->dacl_count);
    ck_assert(sbx_sid_equal(&plan.default_dacl.aces[0].sid, &owner));
    ck_assert(sbx_sid_equal(&plan.default_dacl.aces[1].sid, &run));
    ck_assert(sbx_sid_equal(&plan.default_dacl.aces[2].sid, &sbx_sid_system));
    for (i = 0; i < plan.default_dacl.count; i++) {
        ck_assert_uint_eq(plan.default_dacl.aces[i].type, SBX_ACE_ALLOW);
        ck_assert(!sbx_sid_equal(&plan.default_dacl.aces[i].sid, &sbx_sid_everyone));
    }
    if (row->dacl_count == 4) {
        ck_assert(sbx_sid_equal(&plan.default_dacl.aces[3].sid, &logon));
        ck_assert_uint_eq(plan.default_dacl.aces[3].mask, SBX_GENERIC_READ | SBX_GENERIC_EXECUTE);
    }
    sbx_tokenplan_done(&plan);
}
END_TEST

START_TEST(tokenplan__no_writable_root__only_the_run_sid)
{
    struct sbx_tokenplan_input input = tokencase_input(SBX_TOKEN_STRICT, false);
    struct sbx_tokenplan plan = {0};
    char text[512];

    input.capability_count = 0;
    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &plan, &err), &err);
    join(&plan.restricting, text, sizeof(text));
    ck_assert_str_eq(text, RUN);
    sbx_tokenplan_done(&plan);
}
END_TEST

static const char *const broad_sids[] = {
    "S-1-5-32-545", "S-1-5-11", "S-1-5-4", "S-1-1-0", "S-1-5-32-544", "S-1-5-18", "S-1-5-12",
    "S-1-5-33", "S-1-3-4", "S-1-5-2", "S-1-15-2-1", "S-1-2-0", LOGON, USER,
    "S-1-5-21-1-2-3-513", /* a group of the user */
    "S-1-5-21-9-9-9-1005" /* an account or group of some domain */, RUN /* twice */,
    CAP2 /* twice */
};

START_TEST(tokenplan__broad_or_foreign_capability__is_refused)
{
    struct sbx_tokenplan_input input = tokencase_input(SBX_TOKEN_STANDARD, false);
    struct sbx_tokenplan plan = {0};

    tokencase_capabilities[0] = tokencase_sid(broad_sids[_i]);
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
    ck_assert_msg(strstr(err.context, broad_sids[_i]) != NULL, "%s", err.context);
    ck_assert_ptr_null(plan.restricting.items);
    input.run_sid = tokencase_capabilities[0];
    tokencase_capabilities[0] = tokencase_sid(CAP1);
    if (strcmp(broad_sids[_i], RUN) != 0)
        ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
}
END_TEST

START_TEST(tokenplan__own_form_but_a_group_of_the_token__is_refused)
{
    struct sbx_tokenplan_input input = tokencase_input(SBX_TOKEN_STANDARD, false);
    struct sbx_tokenplan plan = {0};
    struct sbx_sid cap = tokencase_sid(CAP1);

    ck_assert_sbx_ok(sbx_groups_add(&tokencase_groups, &cap, PLAIN, &err), &err);
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
}
END_TEST

START_TEST(tokenplan__too_many_capabilities__is_refused)
{
    struct sbx_tokenplan_input input = tokencase_input(SBX_TOKEN_STANDARD, false);
    struct sbx_tokenplan plan = {0};
    size_t i;

    for (i = 0; i < countof(tokencase_capabilities); i++) {
        tokencase_capabilities[i] = tokencase_sid(CAP1);
        tokencase_capabilities[i].sub[1] = (uint32_t)i + 1000;
    }
    input.capability_count = SBX_CAPABILITIES_MAX;
    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &plan, &err), &err);
    ck_assert_uint_eq(plan.restricting.count, SBX_CAPABILITIES_MAX + 3);
    sbx_tokenplan_done(&plan);
    input.capability_count = SBX_CAPABILITIES_MAX + 1;
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
}
END_TEST

START_TEST(tokenplan__bad_base__is_refused)
{
    struct sbx_tokenplan_input input = tokencase_input(SBX_TOKEN_STANDARD, false);
    struct sbx_tokenplan plan = {0};
    struct sbx_groups none = {0};

    input.base_is_restricted = true;
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_DENIED);
    input = tokencase_input(SBX_TOKEN_STANDARD, false);
    input.groups = &none;
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_UNSUPPORTED);
    input = tokencase_input(SBX_TOKEN_STANDARD, false);
    input.account_sid = tokencase_sid(USER);
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
    input = tokencase_input(SBX_TOKEN_STANDARD, true);
    input.account_sid = tokencase_sid("S-1-5-21-1-2-3-1002");
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
    input = tokencase_input(SBX_TOKEN_AUTO, false);
    ck_assert_int_eq(sbx_tokenplan_make(&input, &plan, &err), SBX_INVALID);
}
END_TEST

/* Whom a made-up object may grant to show that writing needs a restricting SID. */
START_TEST(tokenplan__plain_sid__is_enabled_and_not_restricting)
{
    const struct recipe_row *row = &recipe_rows[_i];
    struct sbx_tokenplan_input input = tokencase_input(row->recipe, row->elevated);
    struct sbx_tokenplan plan;
    char text[SBX_SID_TEXT_SIZE];
    size_t i;

    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &plan, &err), &err);
    ck_assert_ptr_nonnull(sbx_tokenplan_plain_sid(&plan));
    sbx_sid_format(sbx_tokenplan_plain_sid(&plan), text);
    ck_assert_str_eq(text, row->elevated ? "S-1-5-21-1-2-3-513" : USER);
    /* Everything that is left is restricting, deny-only or not enabled: nothing to show it with. */
    for (i = 0; i < plan.groups.count; i++)
        if (i % 2)
            plan.groups.items[i].attributes = SBX_GROUP_DENY_ONLY;
        else
            plan.groups.items[i].attributes &= ~SBX_GROUP_ENABLED;
    if (row->elevated)
        ck_assert_ptr_null(sbx_tokenplan_plain_sid(&plan));
    sbx_tokenplan_done(&plan);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, tokencase_setup, tokencase_teardown);
    tcase_add_loop_test(tcase, tokenplan__each_recipe__lists_exactly, 0, countof(recipe_rows));
    tcase_add_loop_test(
        tcase, tokenplan__plain_sid__is_enabled_and_not_restricting, 0, countof(recipe_rows));
    tcase_add_test(tcase, tokenplan__no_writable_root__only_the_run_sid);
    tcase_add_loop_test(
        tcase, tokenplan__broad_or_foreign_capability__is_refused, 0, countof(broad_sids));
    tcase_add_test(tcase, tokenplan__own_form_but_a_group_of_the_token__is_refused);
    tcase_add_test(tcase, tokenplan__too_many_capabilities__is_refused);
    tcase_add_test(tcase, tokenplan__bad_base__is_refused);
}

UNIT_MAIN("tokenplan", add_tests)
