/* Token queries against the own process's token, and the restricted token that is asked for. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

#include "shared/win/handle.h"
#include "shared/win/random.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"

static struct sbx_error err;
static HANDLE token;

static void setup(void)
{
    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_token_open_self(TOKEN_ALL_ACCESS, &token, &err), &err);
}

static void teardown(void)
{
    sbx_handle_close(&token);
}

START_TEST(token__queries__agree_with_each_other)
{
    struct sbx_privileges privileges = {0};
    struct sbx_group user = {0};
    struct sbx_groups groups = {0};
    struct sbx_sid sid = {0}, logon = {0};
    uint32_t type = 0;
    size_t i;
    bool notify = false;

    ck_assert_sbx_ok(sbx_token_user(token, &user, &err), &err);
    ck_assert_sbx_ok(sbx_sid_of_current_user(&sid, &err), &err);
    ck_assert(sbx_sid_equal(&user.sid, &sid));
    ck_assert_sbx_ok(sbx_token_groups(token, &groups, &err), &err);
    ck_assert_ptr_nonnull(sbx_groups_find(&groups, &sbx_sid_everyone));
    ck_assert_sbx_ok(sbx_token_logon_sid(token, &logon, &err), &err);
    ck_assert(logon.authority == 5 && logon.count == 3 && logon.sub[0] == 5);
    ck_assert_ptr_eq(sbx_groups_find(&groups, &logon), sbx_groups_logon(&groups));
    ck_assert_sbx_ok(sbx_token_privileges(token, &privileges, &err), &err);
    for (i = 0; i < privileges.count; i++)
        notify = notify || strcmp(privileges.items[i].name, SBX_PRIVILEGE_CHANGE_NOTIFY) == 0;
    ck_assert(notify);
    ck_assert_sbx_ok(sbx_token_number(token, TokenType, &type, &err), &err);
    ck_assert_uint_eq(type, TokenPrimary);
    ck_assert_sbx_ok(sbx_token_owner(token, &sid, &err), &err);
    ck_assert_uint_ge(sid.count, 1);
    sbx_groups_done(&groups);
}
END_TEST

START_TEST(token__answer_over_the_cap__is_refused)
{
    void *bytes = NULL;
    size_t size_bytes = 0;

    ck_assert_int_eq(
        sbx_token_query(token, TokenGroups, 16, &bytes, &size_bytes, &err), SBX_INVALID);
    ck_assert_ptr_null(bytes);
    ck_assert_int_ne(sbx_token_query(NULL, TokenGroups, 4096, &bytes, &size_bytes, &err), SBX_OK);
}
END_TEST

START_TEST(token__default_dacl__round_trips)
{
    struct sbx_acl wanted = {0}, seen = {0}, none = {0};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_GENERIC_ALL, &sbx_sid_system);
    HANDLE copy = NULL;

    ck_assert_sbx_ok(sbx_token_duplicate(token, true, TOKEN_ALL_ACCESS, &copy, &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&wanted, 0, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_token_set_default_dacl(copy, &wanted, &err), &err);
    ck_assert_sbx_ok(sbx_token_default_dacl(copy, &seen, &err), &err);
    ck_assert(sbx_acl_same_aces(&wanted, &seen));
    ck_assert_int_eq(sbx_token_set_default_dacl(copy, &none, &err), SBX_INVALID);
    sbx_acl_done(&seen);
    /* The own token was not touched by setting the copy's. */
    ck_assert_sbx_ok(sbx_token_default_dacl(token, &seen, &err), &err);
    ck_assert(!sbx_acl_same_aces(&wanted, &seen));
    sbx_acl_done(&seen);
    sbx_acl_done(&wanted);
    sbx_handle_close(&copy);
}
END_TEST

START_TEST(token__own_token__is_not_restricted)
{
    struct sbx_tokenplan_input input = {0};
    struct sbx_groups groups = {0};

    ck_assert_sbx_ok(sbx_token_describe_base(token, &input, &groups, &err), &err);
    ck_assert(!input.base_is_restricted);
    ck_assert(sbx_sid_is_set(&input.user_sid));
    ck_assert_uint_gt(input.groups->count, 0);
    sbx_groups_done(&groups);
}
END_TEST

/* What every platform here really does with CreateRestrictedToken: deny-only groups. */
START_TEST(token__restrict__administrators_become_deny_only)
{
    struct sbx_tokenplan_input input = {0};
    struct sbx_tokenplan plan = {0};
    struct sbx_groups base = {0}, groups = {0};
    const struct sbx_group *admins;
    struct sbx_acl dacl = {0};
    uint8_t random[16];
    HANDLE made = NULL;

    ck_assert_sbx_ok(sbx_random_bytes(random, sizeof(random), &err), &err);
    sbx_capsid_for_run(random, &input.run_sid);
    input.recipe = SBX_TOKEN_STANDARD;
    ck_assert_sbx_ok(sbx_token_describe_base(token, &input, &base, &err), &err);
    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &plan, &err), &err);
    ck_assert_sbx_ok(sbx_token_restrict(token, &plan, &made, &err), &err);
    ck_assert_sbx_ok(sbx_token_groups(made, &groups, &err), &err);
    admins = sbx_groups_find(&base, &sbx_sid_administrators);
    if (admins) {
        admins = sbx_groups_find(&groups, &sbx_sid_administrators);
        ck_assert_ptr_nonnull(admins);
        ck_assert(admins->attributes & SBX_GROUP_DENY_ONLY);
        ck_assert(!(admins->attributes & SBX_GROUP_ENABLED));
    }
    ck_assert_sbx_ok(sbx_token_default_dacl(made, &dacl, &err), &err);
    ck_assert(sbx_acl_same_aces(&dacl, &plan.default_dacl));
    sbx_acl_done(&dacl);
    sbx_groups_done(&groups);
    sbx_groups_done(&base);
    sbx_tokenplan_done(&plan);
    sbx_handle_close(&made);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, token__queries__agree_with_each_other);
    tcase_add_test(tcase, token__answer_over_the_cap__is_refused);
    tcase_add_test(tcase, token__default_dacl__round_trips);
    tcase_add_test(tcase, token__own_token__is_not_restricted);
    tcase_add_test(tcase, token__restrict__administrators_become_deny_only);
}

UNIT_MAIN("token", add_tests)
