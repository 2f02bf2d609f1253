/* SIDs of this machine, and our constants against the system's. */
#include "tests/support/unit.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"

static struct sbx_error err;

static const struct {
    const struct sbx_sid *sid;
    WELL_KNOWN_SID_TYPE type;
    const char *text;
} known[] = {
    {&sbx_sid_everyone, WinWorldSid, "S-1-1-0"},
    {&sbx_sid_creator_owner, WinCreatorOwnerSid, "S-1-3-0"},
    {&sbx_sid_creator_group, WinCreatorGroupSid, "S-1-3-1"},
    {&sbx_sid_owner_rights, WinCreatorOwnerRightsSid, "S-1-3-4"},
    {&sbx_sid_interactive, WinInteractiveSid, "S-1-5-4"},
    {&sbx_sid_authenticated, WinAuthenticatedUserSid, "S-1-5-11"},
    {&sbx_sid_restricted, WinRestrictedCodeSid, "S-1-5-12"},
    {&sbx_sid_system, WinLocalSystemSid, "S-1-5-18"},
    {&sbx_sid_local_service, WinLocalServiceSid, "S-1-5-19"},
    {&sbx_sid_network_service, WinNetworkServiceSid, "S-1-5-20"},
    {&sbx_sid_write_restricted, WinWriteRestrictedCodeSid, "S-1-5-33"},
    {&sbx_sid_administrators, WinBuiltinAdministratorsSid, "S-1-5-32-544"},
    {&sbx_sid_users, WinBuiltinUsersSid, "S-1-5-32-545"},
    {&sbx_sid_medium_label, WinMediumLabelSid, "S-1-16-8192"},
};

START_TEST(well_known__constant__equals_the_systems)
{
    BYTE system[SECURITY_MAX_SID_SIZE];
    DWORD size_bytes = sizeof(system);
    struct sbx_sid_native native;
    struct sbx_sid back = {0};
    char text[SBX_SID_TEXT_SIZE];
    PSID psid = sbx_sid_to_native(known[_i].sid, &native);

    sbx_sid_format(known[_i].sid, text);
    ck_assert_str_eq(text, known[_i].text);
    ck_assert(IsValidSid(psid));
    ck_assert_uint_eq(GetLengthSid(psid), sbx_sid_length_bytes(known[_i].sid));
    if (CreateWellKnownSid(known[_i].type, NULL, system, &size_bytes))
        ck_assert(EqualSid(psid, system));
    ck_assert_sbx_ok(sbx_sid_from_psid(psid, &back, &err), &err);
    ck_assert(sbx_sid_equal(&back, known[_i].sid));
}
END_TEST

START_TEST(trusted_installer__text__as_documented)
{
    char text[SBX_SID_TEXT_SIZE];

    sbx_sid_format(&sbx_sid_trusted_installer, text);
    ck_assert_str_eq(text, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
}
END_TEST

START_TEST(format_parse__random_sids__agree_with_the_system)
{
    uint64_t rng = unit_seed();
    int round;

    for (round = 0; round < 300; round++) {
        struct sbx_sid sid = {0}, back = {0};
        struct sbx_sid_native native;
        char text[SBX_SID_TEXT_SIZE];
        char *system = NULL;
        PSID psid = NULL;
        uint8_t i;

        /* Both spellings of the authority; only the decimal one is compared with the system,
         * because Wine prints authorities from 2^31 on in its own way. */
        sid.authority = unit_random(&rng) & (round % 2 ? 0x7FFFFFFFu : 0xFFFFFFFFFFFFu);
        sid.count = (uint8_t)(1 + unit_random(&rng) % 15);
        for (i = 0; i < sid.count; i++)
            sid.sub[i] = (uint32_t)unit_random(&rng);
        sbx_sid_format(&sid, text);
        ck_assert_sbx_ok(sbx_sid_parse(text, &back, &err), &err);
        ck_assert(sbx_sid_equal(&sid, &back));
        if (sid.authority > 0x7FFFFFFFu)
            continue;
        ck_assert(ConvertSidToStringSidA(sbx_sid_to_native(&sid, &native), &system));
        ck_assert_str_eq(system, text);
        ck_assert(ConvertStringSidToSidA(text, &psid));
        ck_assert(EqualSid(psid, &native.u.sid));
        LocalFree(system);
        LocalFree(psid);
    }
}
END_TEST

START_TEST(from_psid__malformed__refused)
{
    BYTE bytes[SECURITY_MAX_SID_SIZE] = {2, 1, 0, 0, 0, 0, 0, 5};
    struct sbx_sid sid = {0};

    ck_assert_int_eq(sbx_sid_from_psid(NULL, &sid, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_sid_from_psid(bytes, &sid, &err), SBX_INVALID);
    ck_assert(!sbx_sid_is_set(&sid));
}
END_TEST

START_TEST(current_user__name_and_back__same_sid)
{
    struct sbx_sid user = {0}, back = {0};
    SID_NAME_USE use = SidTypeUnknown;
    char *name = NULL;

    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    ck_assert_sbx_ok(sbx_sid_to_account(&user, &name, &err), &err);
    ck_assert_ptr_nonnull(strchr(name, '\\'));
    ck_assert_sbx_ok(sbx_sid_from_account(name, &back, &use, &err), &err);
    ck_assert(sbx_sid_equal(&user, &back));
    ck_assert_int_eq(use, SidTypeUser);
    free(name);
}
END_TEST

START_TEST(account__everyone__both_ways)
{
    struct sbx_sid sid = {0};
    char *name = NULL;

    ck_assert_sbx_ok(sbx_sid_to_account(&sbx_sid_everyone, &name, &err), &err);
    ck_assert_sbx_ok(sbx_sid_from_account(name, &sid, NULL, &err), &err);
    ck_assert(sbx_sid_equal(&sid, &sbx_sid_everyone));
    free(name);
}
END_TEST

START_TEST(account__unknown__not_found)
{
    static const struct sbx_sid capability = {5, 5, {21, 1, 2, 3, 0x80000004u}};
    struct sbx_sid sid = {0};
    char *name = NULL;

    ck_assert_int_eq(sbx_sid_from_account("sbx-no-such-account", &sid, NULL, &err), SBX_NOT_FOUND);
    ck_assert_uint_eq(err.code, ERROR_NONE_MAPPED);
    ck_assert(!sbx_sid_is_set(&sid));
    ck_assert_int_eq(sbx_sid_to_account(&capability, &name, &err), SBX_NOT_FOUND);
    ck_assert_ptr_null(name);
}
END_TEST

START_TEST(logon__own_token__a_logon_sid)
{
    HANDLE token = NULL;
    struct sbx_sid sid = {0};

    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    ck_assert_sbx_ok(sbx_sid_of_logon(token, &sid, &err), &err);
    ck_assert_uint_eq(sid.authority, 5);
    ck_assert_uint_eq(sid.count, 3);
    ck_assert_uint_eq(sid.sub[0], 5);
    sbx_handle_close(&token);
}
END_TEST

START_TEST(token__no_token__error)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    struct sbx_sid sid = {0};

    ck_assert_int_ne(sbx_sid_of_token(event, &sid, &err), SBX_OK);
    ck_assert_int_ne(sbx_sid_of_logon(event, &sid, &err), SBX_OK);
    ck_assert(!sbx_sid_is_set(&sid));
    sbx_handle_close(&event);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, well_known__constant__equals_the_systems, 0, (int)countof(known));
    tcase_add_test(tcase, trusted_installer__text__as_documented);
    tcase_add_test(tcase, format_parse__random_sids__agree_with_the_system);
    tcase_add_test(tcase, from_psid__malformed__refused);
    tcase_add_test(tcase, current_user__name_and_back__same_sid);
    tcase_add_test(tcase, account__everyone__both_ways);
    tcase_add_test(tcase, account__unknown__not_found);
    tcase_add_test(tcase, logon__own_token__a_logon_sid);
    tcase_add_test(tcase, token__no_token__error);
}

UNIT_MAIN("sid", add_tests)
