/* Logging an account on, each state of it, and the proof of its token. */
#include "tests/support/win/doubles.h"

#include "shared/win/account.h"
#include "shared/win/handle.h"
#include "shared/win/logon.h"
#include "shared/win/profile.h"
#include "shared/core/password.h"
#include "shared/win/random.h"
#include "shared/win/rights.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"

#include <lm.h>

#define USER "SbxLogonUser"
#define GROUP "SbxLogonGroup"

static struct sbx_error err;
static struct sbx_sid user_sid, group_sid;
static char password[SBX_PASSWORD_SIZE];
static HANDLE token;
static const char *const group_rights[] = {"SeInteractiveLogonRight", "SeDenyNetworkLogonRight"};

static void clean(void)
{
    doubles_clear();
    sbx_handle_close(&token);
    if (doubles_why_not())
        return;
    if (sbx_sid_is_set(&group_sid))
        (void)!sbx_rights_remove_all(&group_sid, NULL);
    NetUserDel(NULL, L"" USER);
    NetLocalGroupDel(NULL, L"" GROUP);
}

/* An account as set-up makes it, enabled. */
static void setup(void)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    struct sbx_account_facts facts;

    sbx_error_init(&err);
    clean();
    ck_assert_sbx_ok(sbx_random_bytes(random, sizeof(random), &err), &err);
    ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), password, &err), &err);
    if (doubles_why_not())
        return;
    ck_assert_sbx_ok(sbx_account_group_create(GROUP, "", &group_sid, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_create(USER, "", password, &facts, &err), &err);
    user_sid = facts.sid;
    ck_assert_sbx_ok(sbx_account_group_add(GROUP, &user_sid, &err), &err);
    ck_assert_sbx_ok(sbx_rights_add(&group_sid, group_rights, 2, &err), &err);
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &user_sid, true, &err), &err);
}

START_TEST(logon__right_password__a_token_that_passes_the_check)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_logon_user(USER, password, &token, &err), &err);
    ck_assert_sbx_ok(sbx_logon_check(token, &user_sid, &group_sid, &err), &err);
}
END_TEST

START_TEST(logon__wrong_password__1326_with_a_hint_and_no_password)
{
    DOUBLES_NEED();
    password[0] = password[0] == 'a' ? 'b' : 'a';
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, ERROR_LOGON_FAILURE);
    ck_assert_ptr_nonnull(strstr(err.hint, "agent repair"));
    ck_assert_ptr_null(strstr(err.context, password));
    ck_assert_ptr_null(token);
}
END_TEST

START_TEST(logon__disabled_account__1331)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_account_user_enable(USER, &user_sid, false, &err), &err);
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, ERROR_ACCOUNT_DISABLED);
}
END_TEST

/* A state of the account, the code of Windows, a word of our sentence. */
static const struct {
    const char *field;
    const char *value;
    uint32_t code;
    const char *word;
} states[] = {
    {"flags", "0x10211", ERROR_ACCOUNT_LOCKED_OUT, "locked"},
    {"flags", "0x10203", ERROR_ACCOUNT_DISABLED, "disabled"},
    {"account_expired", "1", ERROR_ACCOUNT_EXPIRED, "expiry"},
    {"password_expired", "1", ERROR_PASSWORD_MUST_CHANGE, "must be changed"},
};

START_TEST(logon__each_state__its_own_code_and_sentence)
{
    DOUBLES_NEED_NTWINE();
    doubles_set("user", USER, states[_i].field, states[_i].value);
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, states[_i].code);
    ck_assert_ptr_nonnull(strstr(err.context, states[_i].word));
    ck_assert_ptr_nonnull(strstr(err.context, USER));
    ck_assert_uint_gt(strlen(err.hint), 0);
    ck_assert_ptr_null(token);
}
END_TEST

/* Pure: no account needed. Every sentence is another one. */
static const uint32_t explained[] = {1326, 1327, 1328, 1329, 1330, 1331, 1385, 1793, 1907, 1909};

START_TEST(explain__each_code__sentence_and_hint_of_its_own)
{
    char first[SBX_ERROR_CONTEXT_MAX];
    size_t i;

    ck_assert_int_eq(sbx_logon_explain(explained[_i], "NAME", &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, explained[_i]);
    ck_assert_ptr_nonnull(strstr(err.context, "log on as 'NAME': "));
    ck_assert_uint_gt(strlen(err.hint), 0);
    ck_assert_ptr_nonnull(sbx_code_name(SBX_DOMAIN_WIN32, explained[_i]));
    memcpy(first, err.context, sizeof(first));
    for (i = 0; i < countof(explained); i++) {
        ck_assert_int_eq(sbx_logon_explain(explained[i], "NAME", &err), SBX_DENIED);
        ck_assert((strcmp(first, err.context) == 0) == (i == (size_t)_i));
    }
    ck_assert_int_eq(sbx_logon_explain(1450, "NAME", &err), SBX_OS);
    ck_assert_str_eq(err.context, "log on as 'NAME'");
}
END_TEST

START_TEST(logon__no_interactive_right__1385)
{
    static const char *const deny[] = {"SeDenyInteractiveLogonRight"};

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_rights_add(&group_sid, deny, 1, &err), &err);
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, ERROR_LOGON_TYPE_NOT_GRANTED);
}
END_TEST

START_TEST(network__denied_right__proved)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_logon_network_is_denied(USER, password, &err), &err);
}
END_TEST

/* Taking the right away must turn the proof red, and so must any other reason for a refusal. */
START_TEST(network__right_missing_or_another_refusal__unproven)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_rights_remove(&group_sid, group_rights + 1, 1, &err), &err);
    ck_assert_int_eq(sbx_logon_network_is_denied(USER, password, &err), SBX_UNPROVEN);
    ck_assert_ptr_nonnull(strstr(err.hint, "group policy"));
    ck_assert_sbx_ok(sbx_rights_add(&group_sid, group_rights + 1, 1, &err), &err);
    ck_assert_sbx_ok(sbx_logon_network_is_denied(USER, password, &err), &err);
    password[0] = password[0] == 'a' ? 'b' : 'a';
    ck_assert_int_eq(sbx_logon_network_is_denied(USER, password, &err), SBX_UNPROVEN);
    ck_assert_uint_eq(err.code, ERROR_LOGON_FAILURE);
}
END_TEST

START_TEST(check__every_fact_that_differs__unproven)
{
    static const struct sbx_sid stranger = {5, 5, {21, 7, 7, 7, 4711}};
    HANDLE copy = NULL, own = NULL;

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_logon_user(USER, password, &token, &err), &err);
    ck_assert_int_eq(sbx_logon_check(token, &stranger, &group_sid, &err), SBX_UNPROVEN);
    ck_assert_int_eq(sbx_logon_check(token, &user_sid, &stranger, &err), SBX_UNPROVEN);
    ck_assert_sbx_ok(
        sbx_token_duplicate(token, false, TOKEN_QUERY | TOKEN_DUPLICATE, &copy, &err), &err);
    ck_assert_int_eq(sbx_logon_check(copy, &user_sid, &group_sid, &err), SBX_UNPROVEN);
    sbx_handle_close(&copy);
    /* Our own token: an administrator's, and not of that user. */
    ck_assert_sbx_ok(sbx_token_open_self(TOKEN_QUERY, &own, &err), &err);
    ck_assert_int_eq(sbx_logon_check(own, &user_sid, &group_sid, &err), SBX_UNPROVEN);
    sbx_handle_close(&own);
}
END_TEST

START_TEST(check__restricted_or_group_disabled__unproven)
{
    struct sbx_sid_native native;
    SID_AND_ATTRIBUTES one;
    HANDLE made = NULL;

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_logon_user(USER, password, &token, &err), &err);
    one.Sid = sbx_sid_to_native(&user_sid, &native);
    one.Attributes = 0;
    ck_assert(CreateRestrictedToken(token, 0, 0, NULL, 0, NULL, 1, &one, &made));
    ck_assert_int_eq(sbx_logon_check(made, &user_sid, &group_sid, &err), SBX_UNPROVEN);
    ck_assert_ptr_nonnull(strstr(err.context, "restricted"));
    sbx_handle_close(&made);
    one.Sid = sbx_sid_to_native(&group_sid, &native);
    ck_assert(CreateRestrictedToken(token, 0, 1, &one, 0, NULL, 0, NULL, &made));
    ck_assert_int_eq(sbx_logon_check(made, &user_sid, &group_sid, &err), SBX_UNPROVEN);
    ck_assert_ptr_nonnull(strstr(err.context, "group"));
    sbx_handle_close(&made);
    one.Sid = sbx_sid_to_native(&user_sid, &native);
    ck_assert(CreateRestrictedToken(token, 0, 1, &one, 0, NULL, 0, NULL, &made));
    ck_assert_int_eq(sbx_logon_check(made, &user_sid, &group_sid, &err), SBX_UNPROVEN);
    sbx_handle_close(&made);
}
END_TEST

/* Somebody put the account into Administrators: deny-only in its token, refused all the same. */
START_TEST(check__member_of_administrators__unproven)
{
    struct sbx_sid_native native;
    LOCALGROUP_MEMBERS_INFO_0 member;
    wchar_t name_w[256];
    wchar_t domain_w[256];
    DWORD cch = countof(name_w), domain_cch = countof(domain_w);
    SID_NAME_USE use;

    DOUBLES_NEED();
    ck_assert(LookupAccountSidW(NULL, sbx_sid_to_native(&sbx_sid_administrators, &native), name_w,
        &cch, domain_w, &domain_cch, &use));
    member.lgrmi0_sid = sbx_sid_to_native(&user_sid, &native);
    ck_assert_uint_eq(NetLocalGroupAddMembers(NULL, name_w, 0, (LPBYTE)&member, 1), 0);
    ck_assert_sbx_ok(sbx_logon_user(USER, password, &token, &err), &err);
    ck_assert_int_eq(sbx_logon_check(token, &user_sid, &group_sid, &err), SBX_UNPROVEN);
    ck_assert_ptr_nonnull(strstr(err.context, "Administrators"));
}
END_TEST

START_TEST(failure__logon_call__its_code)
{
    DOUBLES_NEED_NTWINE();
    doubles_fail("LogonUserW", 1, ERROR_ACCOUNT_RESTRICTION);
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert_uint_eq(err.code, ERROR_ACCOUNT_RESTRICTION);
    ck_assert_ptr_null(token);
}
END_TEST

/* One refusal is one attempt: nothing is tried again. */
START_TEST(logon__refused__one_call_only)
{
    unsigned calls;

    DOUBLES_NEED_NTWINE();
    password[0] = password[0] == 'a' ? 'b' : 'a';
    calls = doubles_calls("LogonUserW");
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert_uint_eq(doubles_calls("LogonUserW"), calls + 1);
}
END_TEST

/* --- what is left of a password -----------------------------------------------------------------
 */

/* The password in UTF-16 anywhere in memory of ours that can be written: stack, heap, data. The
 * needle is compared character by character, so that it is not itself there in that form. */
static bool is_in_memory_w(const char *secret)
{
    MEMORY_BASIC_INFORMATION info;
    const BYTE *at = NULL;

    while (VirtualQuery(at, &info, sizeof(info))) {
        const BYTE *end = (const BYTE *)info.BaseAddress + info.RegionSize;

        if (info.State == MEM_COMMIT && (info.Protect & (PAGE_READWRITE | PAGE_WRITECOPY)) &&
            !(info.Protect & PAGE_GUARD)) {
            const wchar_t *text_w = info.BaseAddress;

            for (; (const BYTE *)(text_w + SBX_PASSWORD_LENGTH) <= end; text_w++) {
                size_t i;

                for (i = 0; i < SBX_PASSWORD_LENGTH; i++)
                    if (text_w[i] != (wchar_t)secret[i])
                        break;
                if (i == SBX_PASSWORD_LENGTH)
                    return true;
            }
        }
        at = end;
    }
    return false;
}

START_TEST(memory__after_every_call_that_takes_it__no_wide_copy)
{
    wchar_t *twin;
    size_t i;

    DOUBLES_NEED_NTWINE();
    /* setup() created the account with it. */
    ck_assert(!is_in_memory_w(password));
    ck_assert_sbx_ok(sbx_account_user_set_password(USER, &user_sid, password, &err), &err);
    ck_assert(!is_in_memory_w(password));
    ck_assert_sbx_ok(sbx_logon_user(USER, password, &token, &err), &err);
    ck_assert(!is_in_memory_w(password));
    ck_assert_sbx_ok(sbx_logon_network_is_denied(USER, password, &err), &err);
    ck_assert(!is_in_memory_w(password));
    doubles_fail("LogonUserW", 1, ERROR_ACCOUNT_LOCKED_OUT);
    sbx_handle_close(&token);
    ck_assert_int_eq(sbx_logon_user(USER, password, &token, &err), SBX_DENIED);
    ck_assert(!is_in_memory_w(password));
    /* The twin: what is there is found. */
    twin = calloc(SBX_PASSWORD_SIZE, sizeof(*twin));
    ck_assert_ptr_nonnull(twin);
    for (i = 0; i < SBX_PASSWORD_LENGTH; i++)
        twin[i] = (wchar_t)password[i];
    ck_assert(is_in_memory_w(password));
    SecureZeroMemory(twin, SBX_PASSWORD_SIZE * sizeof(*twin));
    free(twin);
}
END_TEST

START_TEST(profile__none__deleting_it_is_success)
{
    bool exists = true;

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_profile_exists(&user_sid, &exists, &err), &err);
    ck_assert(!exists);
    ck_assert_sbx_ok(sbx_profile_delete(&user_sid, &err), &err);
    if (!doubles_present())
        return;
    doubles_fail("DeleteProfileW", 1, ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(sbx_profile_delete(&user_sid, &err), SBX_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.hint, "restart"));
    doubles_clear();
    doubles_fail("DeleteProfileW", 1, ERROR_ACCESS_DENIED);
    ck_assert_int_eq(sbx_profile_delete(&user_sid, &err), SBX_DENIED);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, clean);
    tcase_add_test(tcase, logon__right_password__a_token_that_passes_the_check);
    tcase_add_test(tcase, logon__wrong_password__1326_with_a_hint_and_no_password);
    tcase_add_test(tcase, logon__disabled_account__1331);
    tcase_add_loop_test(
        tcase, logon__each_state__its_own_code_and_sentence, 0, (int)countof(states));
    tcase_add_loop_test(
        tcase, explain__each_code__sentence_and_hint_of_its_own, 0, (int)countof(explained));
    tcase_add_test(tcase, logon__no_interactive_right__1385);
    tcase_add_test(tcase, network__denied_right__proved);
    tcase_add_test(tcase, network__right_missing_or_another_refusal__unproven);
    tcase_add_test(tcase, check__every_fact_that_differs__unproven);
    tcase_add_test(tcase, check__restricted_or_group_disabled__unproven);
    tcase_add_test(tcase, check__member_of_administrators__unproven);
    tcase_add_test(tcase, failure__logon_call__its_code);
    tcase_add_test(tcase, logon__refused__one_call_only);
    tcase_add_test(tcase, memory__after_every_call_that_takes_it__no_wide_copy);
    tcase_add_test(tcase, profile__none__deleting_it_is_success);
}

DOUBLES_MAIN("logon", add_tests)
