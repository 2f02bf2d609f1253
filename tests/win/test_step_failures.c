/*
 * The steps that make accounts, with a failure at every single call of every function that the
 * double has: whatever fails, no account is left enabled, and the next run ends the work.
 */
#include "tests/support/setup/machine.h"

/* --- a failure at every call --------------------------------------------------------------------
 */

static const char *const functions[] = {"NetUserAdd", "NetUserSetInfo", "NetUserGetInfo",
    "NetLocalGroupAdd", "NetLocalGroupAddMembers", "NetLocalGroupGetMembers", "LsaAddAccountRights",
    "LsaEnumerateAccountRights", "LsaRemoveAccountRights", "LogonUserW"};

/*
 * The nth call of a function fails. Whatever happens: no account is enabled afterwards unless the
 * run succeeded; and one more run (nothing in the way) completes it, or uninstall takes all away.
 */
static bool play(const char *function, unsigned nth, bool repair)
{
    struct sbx_account_facts facts;
    enum sbx_status status;
    unsigned before;
    bool reached;

    doubles_forget_calls();
    before = doubles_calls(function);
    doubles_fail(function, nth, ERROR_GEN_FAILURE);
    status = build();
    reached = doubles_calls(function) >= before + nth;
    doubles_clear();
    ck_assert_msg(!reached || status, "%s %u: nobody noticed", function, nth);
    if (reached) {
        ck_assert_msg(err.code == ERROR_GEN_FAILURE || err.status == SBX_UNPROVEN ||
                          outcome.failed_step != NULL,
            "%s %u: %s", function, nth, err.context);
        if (sbx_account_user_read(OFFLINE, &facts, NULL) == SBX_OK)
            ck_assert_msg(facts.disabled, "%s %u: left enabled", function, nth);
        if (sbx_account_user_read(ONLINE, &facts, NULL) == SBX_OK)
            ck_assert_msg(facts.disabled, "%s %u: left enabled", function, nth);
    }
    if (repair) {
        ck_assert_sbx_ok(build(), &err);
        ck_states(SBX_STEP_PRESENT);
    }
    ck_assert_sbx_ok(take_away(), &err);
    ck_nothing_left();
    return reached;
}

START_TEST(failure__every_call_of_every_function__repaired_or_removed)
{
    unsigned total = 0;
    unsigned n;

    DOUBLES_NEED_NTWINE();
    for (n = 1; play(functions[_i], n, n % 2 == 0); n++)
        total++;
    printf("%s: %u failures played\n", functions[_i], total);
    ck_assert_uint_gt(total, 0);
}
END_TEST

/* Undo: every call fails once; a second uninstall ends the work. */
static const char *const undo_functions[] = {"NetUserDel", "NetUserSetInfo", "NetUserGetInfo",
    "NetLocalGroupDel", "LsaRemoveAccountRights", "DeleteProfileW"};

START_TEST(failure__every_call_of_uninstall__second_uninstall_ends_it)
{
    unsigned total = 0;
    bool reached = true;
    unsigned n;

    DOUBLES_NEED_NTWINE();
    for (n = 1; reached; n++) {
        unsigned before;
        enum sbx_status status;

        doubles_forget_calls();
        ck_assert_sbx_ok(build(), &err);
        before = doubles_calls(undo_functions[_i]);
        doubles_fail(undo_functions[_i], n, ERROR_GEN_FAILURE);
        status = take_away();
        reached = doubles_calls(undo_functions[_i]) >= before + n;
        doubles_clear();
        total += reached;
        ck_assert_msg(!reached || status, "%s %u: nobody noticed", undo_functions[_i], n);
        ck_assert_sbx_ok(take_away(), &err);
        ck_nothing_left();
    }
    printf("%s: %u failures of uninstall played\n", undo_functions[_i], total);
    ck_assert_uint_gt(total, 0);
}
END_TEST

/* A policy refuses the first passwords: another one is tried; always: the run fails and undoes. */
START_TEST(policy__refuses_passwords__tried_again_then_told)
{
    struct sbx_account_facts facts;

    DOUBLES_NEED_NTWINE();
    doubles_fail("NetUserAdd", 1, NERR_PasswordTooShort);
    doubles_fail("NetUserAdd", 2, NERR_PasswordTooShort);
    ck_assert_sbx_ok(build(), &err);
    doubles_clear();
    ck_assert_sbx_ok(take_away(), &err);
    doubles_fail("NetUserAdd", 1, NERR_PasswordTooShort);
    doubles_fail("NetUserAdd", 2, NERR_PasswordTooShort);
    doubles_fail("NetUserAdd", 3, NERR_PasswordTooShort);
    doubles_fail("NetUserAdd", 4, NERR_PasswordTooShort);
    ck_assert_int_eq(build(), SBX_DENIED);
    ck_assert_uint_eq(err.code, NERR_PasswordTooShort);
    ck_assert_str_eq(outcome.failed_step, "accounts");
    doubles_clear();
    ck_assert_int_eq(sbx_account_user_read(OFFLINE, &facts, &err), SBX_NOT_FOUND);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, failure__every_call_of_every_function__repaired_or_removed, 0,
        (int)countof(functions));
    tcase_add_loop_test(tcase, failure__every_call_of_uninstall__second_uninstall_ends_it, 0,
        (int)countof(undo_functions));
    tcase_add_test(tcase, policy__refuses_passwords__tried_again_then_told);
}

DOUBLES_MAIN("step_failures", add_tests)
