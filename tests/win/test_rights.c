/* Account rights, against the double; skipped where there is no policy to write. */
#include "tests/support/win/doubles.h"

#include "shared/win/rights.h"

#define INTERACTIVE "SeInteractiveLogonRight"
#define DENY_NETWORK "SeDenyNetworkLogonRight"
#define DENY_BATCH "SeDenyBatchLogonRight"

static struct sbx_error err;
static struct sbx_rights rights;
static const struct sbx_sid sid = {5, 5, {21, 7, 7, 7, 4712}}; /* LSA does not ask whether it is */
static const char *const three[] = {INTERACTIVE, DENY_NETWORK, DENY_BATCH};

static void clean(void)
{
    doubles_clear();
    if (!doubles_why_not())
        (void)!sbx_rights_remove_all(&sid, NULL);
}

static void setup(void)
{
    sbx_error_init(&err);
    clean();
}

START_TEST(read__a_sid_without_rights__empty_list)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_rights_read(&sid, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 0);
    ck_assert(!sbx_rights_have(&rights, INTERACTIVE));
}
END_TEST

START_TEST(add__three_twice__read_back)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_rights_add(&sid, three, 3, &err), &err);
    ck_assert_sbx_ok(sbx_rights_add(&sid, three, 3, &err), &err);
    ck_assert_sbx_ok(sbx_rights_read(&sid, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 3);
    ck_assert(sbx_rights_have(&rights, INTERACTIVE));
    ck_assert(sbx_rights_have(&rights, DENY_NETWORK));
    ck_assert(sbx_rights_have(&rights, DENY_BATCH));
    ck_assert(!sbx_rights_have(&rights, "SeDenyBatchLogonRigh"));
}
END_TEST

START_TEST(remove__one_and_one_that_is_not_there__the_others_stay)
{
    const char *const names[] = {DENY_BATCH, "SeDenyServiceLogonRight"};

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_rights_add(&sid, three, 3, &err), &err);
    ck_assert_sbx_ok(sbx_rights_remove(&sid, names, 2, &err), &err);
    ck_assert_sbx_ok(sbx_rights_read(&sid, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 2);
    ck_assert(!sbx_rights_have(&rights, DENY_BATCH));
}
END_TEST

START_TEST(remove_all__twice__nothing_left)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_rights_add(&sid, three, 3, &err), &err);
    ck_assert_sbx_ok(sbx_rights_remove_all(&sid, &err), &err);
    ck_assert_sbx_ok(sbx_rights_remove_all(&sid, &err), &err);
    ck_assert_sbx_ok(sbx_rights_remove(&sid, three, 3, &err), &err);
    ck_assert_sbx_ok(sbx_rights_read(&sid, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 0);
}
END_TEST

START_TEST(add__unknown_right__refused_and_nothing_is_added)
{
    const char *const names[] = {INTERACTIVE, "NoSuchRight"};

    DOUBLES_NEED();
    ck_assert_int_eq(sbx_rights_add(&sid, names, 2, &err), SBX_NOT_FOUND);
    ck_assert_uint_eq(err.code, ERROR_NO_SUCH_PRIVILEGE);
    ck_assert_sbx_ok(sbx_rights_read(&sid, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 0);
}
END_TEST

START_TEST(add__none__nothing_is_called)
{
    ck_assert_sbx_ok(sbx_rights_add(&sid, NULL, 0, &err), &err);
    ck_assert_sbx_ok(sbx_rights_remove(&sid, NULL, 0, &err), &err);
}
END_TEST

/* LSA answers in NTSTATUS; what is shown is the Win32 code. */
START_TEST(failure__each_call__denied)
{
    DOUBLES_NEED_NTWINE();
    doubles_fail("LsaAddAccountRights", 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_rights_add(&sid, three, 3, &err), SBX_DENIED);
    ck_assert_int_eq(err.domain, SBX_DOMAIN_WIN32);
    ck_assert_uint_eq(err.code, ERROR_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "administrator"));
    doubles_clear();
    ck_assert_sbx_ok(sbx_rights_add(&sid, three, 3, &err), &err);
    doubles_fail("LsaEnumerateAccountRights", 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_rights_read(&sid, &rights, &err), SBX_DENIED);
    ck_assert_uint_eq(rights.count, 0);
    doubles_fail("LsaRemoveAccountRights", 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_rights_remove_all(&sid, &err), SBX_DENIED);
    doubles_clear();
    doubles_fail("LsaRemoveAccountRights", 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_rights_remove(&sid, three, 1, &err), SBX_DENIED);
    doubles_clear();
    ck_assert_sbx_ok(sbx_rights_read(&sid, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 3);
}
END_TEST

START_TEST(change__ordinary_user__denied)
{
    if (!doubles_present() || !doubles_why_not()) {
        doubles_skip(__func__, "needs an ordinary token, and a policy");
        return;
    }
    ck_assert_int_eq(sbx_rights_add(&sid, three, 3, &err), SBX_DENIED);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, clean);
    tcase_add_test(tcase, read__a_sid_without_rights__empty_list);
    tcase_add_test(tcase, add__three_twice__read_back);
    tcase_add_test(tcase, remove__one_and_one_that_is_not_there__the_others_stay);
    tcase_add_test(tcase, remove_all__twice__nothing_left);
    tcase_add_test(tcase, add__unknown_right__refused_and_nothing_is_added);
    tcase_add_test(tcase, add__none__nothing_is_called);
    tcase_add_test(tcase, failure__each_call__denied);
    tcase_add_test(tcase, change__ordinary_user__denied);
}

DOUBLES_MAIN("rights", add_tests)
