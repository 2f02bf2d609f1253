/* Local users and the group, against the double; skipped where there are no accounts. */
#include "tests/support/win/doubles.h"
#include "tests/support/win/scratch.h"

#include "shared/win/account.h"
#include "shared/win/random.h"
#include "shared/win/secretw.h"
#include "shared/win/sid.h"

#include <lm.h>

#define USER "SbxTestUser"
#define GROUP "SbxTestGroup"

static struct sbx_error err;
static char password[SBX_PASSWORD_SIZE];
static const struct sbx_sid stranger = {5, 5, {21, 7, 7, 7, 4711}};

static void clean(void)
{
    doubles_clear();
    if (doubles_why_not())
        return;
    NetUserDel(NULL, L"" USER);
    NetLocalGroupDel(NULL, L"" GROUP);
}

static void setup(void)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];

    sbx_error_init(&err);
    clean();
    ck_assert_sbx_ok(sbx_random_bytes(random, sizeof(random), &err), &err);
    ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), password, &err), &err);
}

static struct sbx_account_facts make_user(void)
{
    struct sbx_account_facts facts;

    ck_assert_sbx_ok(sbx_account_user_create(USER, "a comment", password, &facts, &err), &err);
    return facts;
}

START_TEST(create__new_user__disabled_and_as_asked_for)
{
    struct sbx_account_facts facts, again;
    struct sbx_sid named;

    DOUBLES_NEED();
    facts = make_user();
    ck_assert(facts.disabled && facts.password_lasts && facts.ordinary);
    ck_assert(!facts.needs_no_password && !facts.locked && !facts.account_expires);
    ck_assert(!facts.password_expired);
    ck_assert(sbx_account_is_sound(&facts));
    ck_assert_sbx_ok(sbx_account_user_read(USER, &again, &err), &err);
    ck_assert(sbx_sid_equal(&facts.sid, &again.sid));
    ck_assert_sbx_ok(sbx_sid_from_account(USER, &named, NULL, &err), &err);
    ck_assert(sbx_sid_equal(&facts.sid, &named));
}
END_TEST

START_TEST(create__taken_name__refused_and_unchanged)
{
    struct sbx_account_facts facts, after;
    struct sbx_sid group;

    DOUBLES_NEED();
    facts = make_user();
    ck_assert_int_eq(sbx_account_user_create(USER, "", password, &after, &err), SBX_EXISTS);
    ck_assert_uint_eq(err.code, NERR_UserExists);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &after, &err), &err);
    ck_assert(sbx_sid_equal(&facts.sid, &after.sid));
    ck_assert_sbx_ok(sbx_account_group_create(GROUP, "c", &group, &err), &err);
    ck_assert_int_eq(sbx_account_user_create(GROUP, "", password, &after, &err), SBX_EXISTS);
    ck_assert_int_eq(sbx_account_group_create(GROUP, "c", &group, &err), SBX_EXISTS);
    ck_assert_uint_eq(err.code, ERROR_ALIAS_EXISTS);
    ck_assert_int_eq(sbx_account_group_create(USER, "c", &group, &err), SBX_EXISTS);
    /* A user is no group, whatever its name. */
    ck_assert_int_eq(sbx_account_group_read(USER, &group, &err), SBX_EXISTS);
}
END_TEST

START_TEST(read__unknown__not_found)
{
    struct sbx_account_facts facts;
    struct sbx_account_members members;
    struct sbx_sid sid;

    if (platform_is_stock_wine()) {
        doubles_skip(__func__, "stock Wine has no accounts");
        return;
    }
    ck_assert_int_eq(sbx_account_user_read(USER, &facts, &err), SBX_NOT_FOUND);
    ck_assert_uint_eq(err.code, NERR_UserNotFound);
    ck_assert_int_eq(sbx_account_group_read(GROUP, &sid, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(sbx_account_group_members(GROUP, &members, &err), SBX_NOT_FOUND);
}
END_TEST

/*
 * The level is made from the built-in groups: a new account is in none of them, so Windows calls it
 * a guest, and one that an administrator put into Users a user. Both are what set-up made; an
 * administrator or an operator is not.
 */
static const struct {
    const char *group;
    bool ordinary;
} levels[] = {{"Users", true}, {"Administrators", false}, {"Account Operators", false},
    {"Server Operators", false}, {"Print Operators", false}};

START_TEST(read__member_of_a_built_in_group__ordinary_or_not)
{
    struct sbx_account_facts facts;
    USER_INFO_1 *info = NULL;

    DOUBLES_NEED_NTWINE();
    make_user();
    ck_assert_uint_eq(NetUserGetInfo(NULL, L"" USER, 1, (LPBYTE *)&info), 0);
    ck_assert_uint_eq(info->usri1_priv, USER_PRIV_GUEST);
    NetApiBufferFree(info);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_add(levels[_i].group, &facts.sid, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert_int_eq(facts.ordinary, levels[_i].ordinary);
    ck_assert_int_eq(sbx_account_is_sound(&facts), levels[_i].ordinary);
}
END_TEST

/* What the platform only pretends is noticed: stock Wine's NetUserAdd answers 0 and adds nobody. */
START_TEST(create__platform_without_accounts__unproven)
{
    struct sbx_account_facts facts;

    if (!platform_is_stock_wine()) {
        doubles_skip(__func__, "this platform has accounts");
        return;
    }
    ck_assert_int_eq(sbx_account_user_create(USER, "", password, &facts, &err), SBX_UNPROVEN);
}
END_TEST

START_TEST(change__another_account_of_that_name__refused)
{
    struct sbx_account_facts facts, after;
    struct sbx_sid group;
    unsigned calls;

    DOUBLES_NEED();
    facts = make_user();
    ck_assert_sbx_ok(sbx_account_group_create(GROUP, "c", &group, &err), &err);
    calls = doubles_present() ? doubles_calls("NetUserSetInfo") : 0;
    ck_assert_int_eq(sbx_account_user_set_password(USER, &stranger, password, &err), SBX_DENIED);
    ck_assert_int_eq(sbx_account_user_enable(USER, &stranger, true, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "S-1-5-21-"));
    ck_assert_int_eq(sbx_account_user_delete(USER, &stranger, &err), SBX_DENIED);
    ck_assert_int_eq(sbx_account_group_delete(GROUP, &stranger, &err), SBX_DENIED);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &after, &err), &err);
    ck_assert(sbx_sid_equal(&facts.sid, &after.sid) && after.disabled);
    ck_assert_sbx_ok(sbx_account_group_read(GROUP, &group, &err), &err);
    if (doubles_present())
        ck_assert_uint_eq(doubles_calls("NetUserSetInfo"), calls);
}
END_TEST

START_TEST(enable_disable__twice__changes_once)
{
    struct sbx_account_facts facts;
    unsigned calls = 0;

    DOUBLES_NEED();
    facts = make_user();
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &facts.sid, true, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(!facts.disabled && sbx_account_is_sound(&facts));
    if (doubles_present())
        calls = doubles_calls("NetUserSetInfo");
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &facts.sid, true, &err), &err);
    if (doubles_present())
        ck_assert_uint_eq(doubles_calls("NetUserSetInfo"), calls);
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &facts.sid, false, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(facts.disabled);
}
END_TEST

START_TEST(enable__flags_damaged_and_locked__mended)
{
    struct sbx_account_facts facts;

    DOUBLES_NEED_NTWINE();
    facts = make_user();
    /* Locked, no password required, password expires. */
    doubles_set("user", USER, "flags", "0x231");
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(facts.locked && facts.needs_no_password && !facts.password_lasts);
    ck_assert(!sbx_account_is_sound(&facts));
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &facts.sid, true, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(!facts.locked && !facts.needs_no_password && facts.password_lasts);
    doubles_set("user", USER, "password_expired", "1");
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(facts.password_expired && !sbx_account_is_sound(&facts));
}
END_TEST

/* An administrator ticked "must change the password", or set an expiry date. */
START_TEST(expiry__password_and_account__taken_away)
{
    struct sbx_account_facts facts;

    DOUBLES_NEED_NTWINE();
    facts = make_user();
    doubles_set("user", USER, "password_expired", "1");
    doubles_set("user", USER, "account_expired", "1");
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(facts.password_expired && facts.account_expires);
    ck_assert_sbx_ok(sbx_account_user_set_password(USER, &facts.sid, password, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(!facts.password_expired && !facts.account_expires);
    doubles_set("user", USER, "account_expired", "1");
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &facts.sid, true, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, &err), &err);
    ck_assert(!facts.account_expires && !facts.disabled && sbx_account_is_sound(&facts));
}
END_TEST

START_TEST(delete__absent_and_present__gone)
{
    struct sbx_account_facts facts;
    struct sbx_sid group;

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_account_user_delete(USER, &stranger, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_delete(GROUP, &stranger, &err), &err);
    facts = make_user();
    ck_assert_sbx_ok(sbx_account_user_delete(USER, &facts.sid, &err), &err);
    ck_assert_int_eq(sbx_account_user_read(USER, &facts, &err), SBX_NOT_FOUND);
    ck_assert_sbx_ok(sbx_account_group_create(GROUP, "c", &group, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_delete(GROUP, &group, &err), &err);
    ck_assert_int_eq(sbx_account_group_read(GROUP, &group, &err), SBX_NOT_FOUND);
}
END_TEST

START_TEST(members__add_and_remove__read_back_and_idempotent)
{
    struct sbx_account_members members;
    struct sbx_account_facts facts;
    struct sbx_sid group;

    DOUBLES_NEED();
    facts = make_user();
    ck_assert_sbx_ok(sbx_account_group_create(GROUP, "c", &group, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_members(GROUP, &members, &err), &err);
    ck_assert_uint_eq(members.count, 0);
    ck_assert_sbx_ok(sbx_account_group_add(GROUP, &facts.sid, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_add(GROUP, &facts.sid, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_members(GROUP, &members, &err), &err);
    ck_assert_uint_eq(members.count, 1);
    ck_assert(sbx_account_is_member(&members, &facts.sid));
    ck_assert(!sbx_account_is_member(&members, &stranger));
    ck_assert_int_eq(sbx_account_group_add(GROUP, &stranger, &err), SBX_NOT_FOUND);
    ck_assert_sbx_ok(sbx_account_group_remove(GROUP, &facts.sid, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_remove(GROUP, &facts.sid, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_members(GROUP, &members, &err), &err);
    ck_assert_uint_eq(members.count, 0);
}
END_TEST

/* --- failures ----------------------------------------------------------------------------------
 */

static enum sbx_status try_create(void)
{
    struct sbx_account_facts facts;

    return sbx_account_user_create(USER, "", password, &facts, &err);
}

static enum sbx_status try_password(void)
{
    struct sbx_account_facts facts;

    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, NULL), &err);
    return sbx_account_user_set_password(USER, &facts.sid, password, &err);
}

static enum sbx_status try_delete(void)
{
    struct sbx_account_facts facts;

    ck_assert_sbx_ok(sbx_account_user_read(USER, &facts, NULL), &err);
    return sbx_account_user_delete(USER, &facts.sid, &err);
}

static enum sbx_status try_group(void)
{
    struct sbx_sid sid;

    return sbx_account_group_create(GROUP, "c", &sid, &err);
}

static const struct {
    const char *function;
    uint32_t code;
    enum sbx_status status;
    bool with_user;
    enum sbx_status (*attempt)(void);
} failures[] = {
    {"NetUserAdd", ERROR_ACCESS_DENIED, SBX_DENIED, false, try_create},
    {"NetUserAdd", NERR_PasswordTooShort, SBX_DENIED, false, try_create},
    {"NetUserAdd", NERR_UserExists, SBX_EXISTS, false, try_create},
    {"NetUserAdd", NERR_NotPrimary, SBX_UNSUPPORTED, false, try_create},
    {"NetUserAdd", ERROR_INVALID_PARAMETER, SBX_INTERNAL, false, try_create},
    {"NetUserSetInfo", ERROR_ACCESS_DENIED, SBX_DENIED, true, try_password},
    {"NetUserSetInfo", NERR_PasswordTooShort, SBX_DENIED, true, try_password},
    {"NetUserSetInfo", NERR_UserNotFound, SBX_NOT_FOUND, true, try_password},
    {"NetUserDel", ERROR_ACCESS_DENIED, SBX_DENIED, true, try_delete},
    {"NetLocalGroupAdd", ERROR_ACCESS_DENIED, SBX_DENIED, false, try_group},
    {"NetLocalGroupAdd", ERROR_ALIAS_EXISTS, SBX_EXISTS, false, try_group},
};

START_TEST(failure__each_call__its_code_and_no_password)
{
    DOUBLES_NEED_NTWINE();
    if (failures[_i].with_user)
        make_user();
    doubles_fail(failures[_i].function, 1, failures[_i].code);
    ck_assert_int_eq(failures[_i].attempt(), failures[_i].status);
    ck_assert_int_eq(err.status, failures[_i].status);
    ck_assert_int_eq(err.domain, SBX_DOMAIN_WIN32);
    ck_assert_uint_eq(err.code, failures[_i].code);
    ck_assert_ptr_null(strstr(err.context, password));
    ck_assert_ptr_null(strstr(err.hint, password));
    /* The same once more, with nothing in the way. */
    doubles_clear();
    ck_assert_sbx_ok(failures[_i].attempt(), &err);
}
END_TEST

/* The user exists then; the caller must hear that nobody saw it. */
START_TEST(create__reading_back_fails__is_no_success)
{
    DOUBLES_NEED_NTWINE();
    doubles_fail("NetUserGetInfo", 1, NERR_UserNotFound);
    ck_assert_int_eq(try_create(), SBX_UNPROVEN);
    doubles_clear();
    ck_assert_int_eq(try_create(), SBX_EXISTS);
}
END_TEST

START_TEST(members__addition_fails__reported)
{
    struct sbx_account_facts facts;
    struct sbx_sid group;

    DOUBLES_NEED_NTWINE();
    facts = make_user();
    ck_assert_sbx_ok(sbx_account_group_create(GROUP, "c", &group, &err), &err);
    doubles_fail("NetLocalGroupAddMembers", 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_account_group_add(GROUP, &facts.sid, &err), SBX_DENIED);
    /* "Is a member already", says Windows, and it is not: reading back decides. */
    doubles_clear();
    doubles_fail("NetLocalGroupAddMembers", 1, ERROR_MEMBER_IN_ALIAS);
    ck_assert_int_eq(sbx_account_group_add(GROUP, &facts.sid, &err), SBX_UNPROVEN);
    doubles_clear();
    ck_assert_sbx_ok(sbx_account_group_add(GROUP, &facts.sid, &err), &err);
}
END_TEST

START_TEST(policy__longer_passwords_wanted__refused_with_a_hint)
{
    struct sbx_account_facts facts;

    DOUBLES_NEED_NTWINE();
    facts = make_user();
    doubles_fail("NetUserSetInfo", 1, NERR_PasswordTooShort);
    ck_assert_int_eq(sbx_account_user_set_password(USER, &facts.sid, password, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "password policy"));
}
END_TEST

START_TEST(changes__ordinary_user__denied)
{
    struct sbx_account_facts facts;
    struct sbx_sid sid;

    if (!doubles_present() || !doubles_why_not()) {
        doubles_skip(__func__, "needs an ordinary token, and accounts");
        return;
    }
    ck_assert_int_eq(sbx_account_user_create(USER, "", password, &facts, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, ERROR_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "administrator"));
    ck_assert_int_eq(sbx_account_group_create(GROUP, "", &sid, &err), SBX_DENIED);
}
END_TEST

/* --- the password in UTF-16 ------------------------------------------------------------------- */

START_TEST(secret__ours__widened)
{
    wchar_t wide[SBX_PASSWORD_SIZE];
    size_t i;

    ck_assert_sbx_ok(sbx_secret_to_w(password, wide, &err), &err);
    for (i = 0; i < SBX_PASSWORD_SIZE; i++)
        ck_assert_uint_eq(wide[i], (unsigned char)password[i]);
}
END_TEST

static const char *const no_secrets[] = {"", "a\xC3\xA4", "tab\t", "\x7F",
    "12345678901234567890123456789012345678901234567890123456789012345"};

START_TEST(secret__anything_else__refused_and_nothing_is_left)
{
    wchar_t wide[SBX_PASSWORD_SIZE];
    size_t i;

    wmemset(wide, L'x', SBX_PASSWORD_SIZE);
    ck_assert_int_eq(sbx_secret_to_w(no_secrets[_i], wide, &err), SBX_INVALID);
    for (i = 0; i < SBX_PASSWORD_SIZE; i++)
        ck_assert_uint_eq(wide[i], 0);
    ck_assert(!no_secrets[_i][0] || !strstr(err.context, no_secrets[_i]));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, clean);
    tcase_add_test(tcase, create__new_user__disabled_and_as_asked_for);
    tcase_add_test(tcase, create__taken_name__refused_and_unchanged);
    tcase_add_test(tcase, read__unknown__not_found);
    tcase_add_loop_test(
        tcase, read__member_of_a_built_in_group__ordinary_or_not, 0, (int)countof(levels));
    tcase_add_test(tcase, create__platform_without_accounts__unproven);
    tcase_add_test(tcase, change__another_account_of_that_name__refused);
    tcase_add_test(tcase, enable_disable__twice__changes_once);
    tcase_add_test(tcase, enable__flags_damaged_and_locked__mended);
    tcase_add_test(tcase, expiry__password_and_account__taken_away);
    tcase_add_test(tcase, delete__absent_and_present__gone);
    tcase_add_test(tcase, members__add_and_remove__read_back_and_idempotent);
    tcase_add_loop_test(
        tcase, failure__each_call__its_code_and_no_password, 0, (int)countof(failures));
    tcase_add_test(tcase, create__reading_back_fails__is_no_success);
    tcase_add_test(tcase, members__addition_fails__reported);
    tcase_add_test(tcase, policy__longer_passwords_wanted__refused_with_a_hint);
    tcase_add_test(tcase, changes__ordinary_user__denied);
    tcase_add_test(tcase, secret__ours__widened);
    tcase_add_loop_test(
        tcase, secret__anything_else__refused_and_nothing_is_left, 0, (int)countof(no_secrets));
}

DOUBLES_MAIN("account", add_tests)
