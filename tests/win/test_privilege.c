/* Privileges: "success, not all assigned" is a failure, and what was set is read back. */
#include "tests/support/unit.h"

#include "shared/win/handle.h"
#include "shared/win/privilege.h"
#include "shared/win/token.h"

static struct sbx_error err;
static HANDLE token;

/* On a copy: a privilege removed from a token does not come back. */
static void setup(void)
{
    HANDLE own = NULL;

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_token_open_self(TOKEN_ALL_ACCESS, &own, &err), &err);
    ck_assert_sbx_ok(sbx_token_duplicate(own, true, TOKEN_ALL_ACCESS, &token, &err), &err);
    sbx_handle_close(&own);
}

static void teardown(void)
{
    sbx_handle_close(&token);
}

START_TEST(privilege__held__can_be_switched)
{
    bool held = false, enabled = false;

    ck_assert_sbx_ok(sbx_privilege_set(token, "SeChangeNotifyPrivilege", false, &err), &err);
    ck_assert_sbx_ok(
        sbx_privilege_query(token, "SeChangeNotifyPrivilege", &held, &enabled, &err), &err);
    ck_assert(held);
    ck_assert(!enabled);
    ck_assert_sbx_ok(sbx_privilege_set(token, "SeChangeNotifyPrivilege", true, &err), &err);
    ck_assert_sbx_ok(
        sbx_privilege_query(token, "SeChangeNotifyPrivilege", &held, &enabled, &err), &err);
    ck_assert(enabled);
}
END_TEST

START_TEST(privilege__not_held__is_a_failure)
{
    bool held = true;

    ck_assert_sbx_ok(sbx_privilege_remove(token, "SeChangeNotifyPrivilege", &err), &err);
    ck_assert_sbx_ok(
        sbx_privilege_query(token, "SeChangeNotifyPrivilege", &held, NULL, &err), &err);
    ck_assert(!held);
    ck_assert_int_eq(sbx_privilege_set(token, "SeChangeNotifyPrivilege", true, &err), SBX_UNPROVEN);
    ck_assert_uint_eq(err.code, ERROR_NOT_ALL_ASSIGNED);
    /* Removing what is gone is no failure. */
    ck_assert_sbx_ok(sbx_privilege_remove(token, "SeChangeNotifyPrivilege", &err), &err);
}
END_TEST

START_TEST(privilege__unknown_name__is_named)
{
    bool held = true;

    ck_assert_int_eq(
        sbx_privilege_query(token, "SeNoSuchPrivilege", &held, NULL, &err), SBX_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.context, "SeNoSuchPrivilege"));
    ck_assert(held); /* untouched on failure */
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, privilege__held__can_be_switched);
    tcase_add_test(tcase, privilege__not_held__is_a_failure);
    tcase_add_test(tcase, privilege__unknown_name__is_named);
}

UNIT_MAIN("privilege", add_tests)
