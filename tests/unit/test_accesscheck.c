/* The access check of an ordinary token: one row per rule, and what explains it. */
#include "shared/core/accesscheck.h"

#include "tests/support/accessrow.h"
#include "tests/support/unit.h"

/* One pass. */
static const struct access_row plain_rows[] = {
    {"null_dacl__grants", "V G null", "U", "", "", "", 0x2, 0x2,
        P1 "no DACL, everyone is granted 0x00000002", NULL},
    {"absent_dacl__grants", "V G none", "U", "", "", "", 0x2, 0x2,
        P1 "no DACL, everyone is granted 0x00000002", NULL},
    {"null_dacl__maximum__is_the_types_all", "V G null", "U", "", "", "", MAX, 0x1F01FF,
        P1 "no DACL, everyone is granted 0x001F01FF", NULL},
    {"empty_dacl__denies", "V G empty", "U", "E:7", "", "", 0x1, 0, P1 "no entry grants 0x00000001",
        NULL},
    {"allow_user__grants", "V G (A - 3 U)", "U", "", "", "", 0x3, 0x3,
        P1 "allow entry 0 of " U_ " grants 0x00000003", NULL},
    {"allow_other__denies", "V G (A - 3 V)", "U", "", "", "", 0x3, 0,
        P1 "no entry grants 0x00000003", NULL},
    {"allow_half__denies_the_rest", "V G (A - 1 U)", "U", "", "", "", 0x3, 0,
        P1 "no entry grants 0x00000002", NULL},
    {"two_allows__add_up", "V G (A - 1 U)(A - 2 G)", "U", "G:7", "", "", 0x3, 0x3,
        P1 "allow entry 0 of " U_ " grants 0x00000001", NULL},
    {"deny_first__denies", "V G (D - 2 G)(A - 3 U)", "U", "G:7", "", "", 0x3, 0,
        P1 "deny entry 0 of " G_ " denies 0x00000002", NULL},
    {"deny_after_allow__is_too_late", "V G (A - 3 U)(D - 2 G)", "U", "G:7", "", "", 0x3, 0x3,
        P1 "allow entry 0 of " U_ " grants 0x00000003", NULL},
    {"deny_of_another_bit__does_not_matter", "V G (D - 4 U)(A - 3 U)", "U", "", "", "", 0x3, 0x3,
        P1 "allow entry 1 of " U_ " grants 0x00000003", NULL},
    {"inherited_entry__is_named_so", "V G (D ID 1 U)", "U", "", "", "", 0x1, 0,
        P1 "deny entry 0 of " U_ " (inherited) denies 0x00000001", NULL},
    {"inherit_only_allow__is_skipped", "V G (A OICIIO 1f01ff U)", "U", "", "", "", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"inherit_only_deny__is_skipped", "V G (D CIIO 1 U)(A - 1 U)", "U", "", "", "", 0x1, 0x1,
        P1 "allow entry 1 of " U_ " grants 0x00000001", NULL},
    {"object_and_callback_entries__are_ignored", "V G (O - 0 E)(X - 0 E)(A - 1 U)", "U", "E:7", "",
        "", 0x1, 0x1, P1 "allow entry 2 of " U_ " grants 0x00000001", NULL},
    {"disabled_group__grants_nothing", "V G (A - 1 G)", "U", "G:1", "", "", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"disabled_group__denies_nothing", "V G (D - 1 G)(A - 1 U)", "U", "G:0", "", "", 0x1, 0x1,
        P1 "allow entry 1 of " U_ " grants 0x00000001", NULL},
    {"deny_only_group__grants_nothing", "V G (A - 1 G)", "U", "G:10", "", "", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"deny_only_group__denies", "V G (D - 1 G)(A - 1 U)", "U", "G:10", "", "", 0x1, 0,
        P1 "deny entry 0 of " G_ " denies 0x00000001", NULL},
    {"deny_only_user__grants_nothing", "V G (A - 1 U)", "U:10", "", "", "", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"deny_only_user__denies", "V G (D - 1 U)(A - 1 E)", "U:10", "E:7", "", "", 0x1, 0,
        P1 "deny entry 0 of " U_ " denies 0x00000001", NULL},
    {"deny_only_wins_over_enabled_in_one_group", "V G (A - 1 G)", "U", "G:14", "", "", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"generic_request__is_mapped", "V G (A - 120089 U)", "U", "", "", "", SBX_GENERIC_READ,
        0x120089, P1 "allow entry 0 of " U_ " grants 0x00120089", NULL},
    {"generic_entry__is_mapped", "V G (A - 10000000 U)", "U", "", "", "", SBX_GENERIC_WRITE,
        0x120116, P1 "allow entry 0 of " U_ " grants 0x00120116", NULL},
    {"generic_execute__is_mapped", "V G (A - 20000000 U)", "U", "", "", "", 0x20, 0x20,
        P1 "allow entry 0 of " U_ " grants 0x00000020", NULL},
    {"maximum__adds_up_in_order", "V G (A - 3 U)(D - 6 E)(A - c U)", "U", "E:7", "", "", MAX, 0xB,
        P1 "allow entry 0 of " U_ " grants 0x00000003", NULL},
    {"maximum_and_named__fails_without_the_named", "V G (A - 3 U)", "U", "", "", "", MAX | 0x4, 0,
        P1 "no entry grants 0x001FFFFC", NULL},
    {"maximum_and_named__gives_both", "V G (A - 7 U)", "U", "", "", "", MAX | 0x4, 0x7,
        P1 "allow entry 0 of " U_ " grants 0x00000007", NULL},
    {"maximum__of_nothing__is_denied", "V G (A - 3 V)", "U", "", "", "", MAX, 0,
        P1 "no entry grants 0x001FFFFF", NULL},
};

/* The owner, and privileges. */
static const struct access_row owner_rows[] = {
    {"owner__reads_and_writes_the_dacl", "U G empty", "U", "", "", "", 0x60000, 0x60000,
        P1 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00060000", NULL},
    {"owner__gets_no_other_right", "U G empty", "U", "", "", "", 0x80000, 0,
        P1 "no entry grants 0x00080000", NULL},
    {"owner__survives_a_deny", "U G (D - 1f01ff U)", "U", "", "", "", 0x40000, 0x40000,
        P1 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00040000", NULL},
    {"group_as_owner__counts", "G G empty", "U", "G:f", "", "", 0x20000, 0x20000,
        P1 "owner " G_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00020000", NULL},
    {"deny_only_group_as_owner__does_not", "G G empty", "U", "G:10", "", "", 0x20000, 0,
        P1 "no entry grants 0x00020000", NULL},
    {"deny_only_user_as_owner__does_not", "U G empty", "U:10", "", "", "", 0x20000, 0,
        P1 "no entry grants 0x00020000", NULL},
    {"no_owner__nobody_is_it", "- G empty", "U", "", "", "", 0x20000, 0,
        P1 "no entry grants 0x00020000", NULL},
    {"owner_rights_entry__replaces_the_implicit_ones", "U G (A - 20000 OW)", "U", "", "", "",
        0x40000, 0, P1 "no entry grants 0x00040000", NULL},
    {"owner_rights_entry__grants_the_owner", "U G (A - 20001 OW)", "U", "", "", "", 0x20001,
        0x20001, P1 "allow entry 0 of S-1-3-4 (owner rights) grants 0x00020001", NULL},
    {"owner_rights_entry__grants_nobody_else", "V G (A - 20000 OW)", "U", "", "", "", 0x20000, 0,
        P1 "no entry grants 0x00020000", NULL},
    {"owner_rights_deny__denies_the_owner", "U G (D - 1 OW)(A - 1 U)", "U", "", "", "", 0x1, 0,
        P1 "deny entry 0 of S-1-3-4 (owner rights) denies 0x00000001", NULL},
    {"owner_rights_deny__is_for_deny_only_owners_too", "G G (D - 1 OW)(A - 1 U)", "U", "G:10", "",
        "", 0x1, 0, P1 "deny entry 0 of S-1-3-4 (owner rights) denies 0x00000001", NULL},
    {"owner_rights_entry__stands_in_the_order", "U G (D - 2 E)(A - 2 OW)", "U", "E:7", "", "", 0x2,
        0, P1 "deny entry 0 of S-1-1-0 denies 0x00000002", NULL},
    {"owner_rights_inherit_only__changes_nothing", "U G (A OICIIO 20000 OW)", "U", "", "", "",
        0x40000, 0x40000,
        P1 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00040000", NULL},
    {"owner_rights_object_entry__changes_nothing", "U G (O - 0 E)", "U", "", "", "", 0x40000,
        0x40000, P1 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00040000",
        NULL},
    {"maximum__finds_the_owners_rights", "U G (D - 40000 U)(A - 1 U)", "U", "", "", "", MAX,
        0x60001, P1 "allow entry 1 of " U_ " grants 0x00000001", NULL},
    {"take_ownership__gives_write_owner", "V G (D - 1f01ff U)", "U", "", "", "t", 0x80000, 0x80000,
        "SeTakeOwnershipPrivilege grants 0x00080000", NULL},
    {"take_ownership__gives_nothing_else", "V G empty", "U", "", "", "t", 0xC0000, 0,
        P1 "no entry grants 0x00040000", NULL},
    {"take_ownership__is_not_in_maximum", "V G (A - 1 U)", "U", "", "", "t", MAX, 0x1,
        P1 "allow entry 0 of " U_ " grants 0x00000001", NULL},
    {"take_ownership__named_beside_maximum", "V G (A - 1 U)", "U", "", "", "t", MAX | 0x80000,
        0x80001, P1 "allow entry 0 of " U_ " grants 0x00000001", NULL},
    {"take_ownership__beats_restriction", "V G empty", "U", "", "K1", "t", 0x80000, 0x80000,
        "SeTakeOwnershipPrivilege grants 0x00080000", NULL},
    {"security__gives_the_sacl", "V G (A - 1 U)", "U", "", "", "s", SACL | 1, SACL | 1,
        P1 "allow entry 0 of " U_ " grants 0x00000001", NULL},
    {"sacl_without_privilege__is_denied", "V G (A - 1 U)", "U", "", "", "", SACL | 1, 0,
        "0x01000000 needs SeSecurityPrivilege, which is not held", NULL},
    {"sacl_in_an_entry__counts_for_nothing", "V G (A - 1000001 U)", "U", "", "", "", SACL, 0,
        "0x01000000 needs SeSecurityPrivilege, which is not held", NULL},
    {"sacl_of_a_null_dacl__needs_the_privilege", "V G null", "U", "", "", "", SACL | 1, 0,
        "0x01000000 needs SeSecurityPrivilege, which is not held", NULL},
    {"backup_without_intent__gives_nothing", "V G empty", "U", "", "", "be", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"backup_with_intent__reads", "V G (D - 1f01ff U)", "U", "", "K1", "bi", 0x1200A9, 0x1200A9,
        "SeBackupPrivilege grants 0x001200A9", NULL},
    {"backup_with_intent__does_not_write", "V G empty", "U", "", "", "bi", 0x2, 0,
        P1 "no entry grants 0x00000002", NULL},
    {"restore_with_intent__writes", "V G empty", "U", "", "", "ei", 0xD0116, 0xD0116,
        "SeRestorePrivilege grants 0x000D0116", NULL},
    {"restore_with_intent__does_not_read", "V G empty", "U", "", "", "ei", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"backup_with_intent__is_in_maximum", "V G empty", "U", "", "", "bi", MAX, 0x1200A9,
        "SeBackupPrivilege grants 0x001200A9", NULL},
};

START_TEST(accesscheck__plain_row__answers_and_says_why)
{
    access_row_check(&plain_rows[_i]);
}
END_TEST

START_TEST(accesscheck__owner_row__answers_and_says_why)
{
    access_row_check(&owner_rows[_i]);
}
END_TEST

static void ask(const char *text, const char *restricting, const char *flags, uint32_t desired,
    struct sbx_access_result *ret_result)
{
    struct sbx_descriptor descriptor;
    struct sd_token token;
    struct sbx_access_request request;

    sd_parse(text, &descriptor);
    sd_token(&token, "U", "G:7 E:7", restricting, flags);
    sd_request(&request, desired, flags);
    sbx_access_check(&descriptor, &token.token, &request, ret_result);
    sbx_descriptor_done(&descriptor);
}

START_TEST(accesscheck__nothing_asked__is_denied_without_a_step)
{
    struct sbx_access_result result;

    ask("U G (A - 1f01ff U)", "", "", 0, &result);
    ck_assert(!result.granted);
    ck_assert_uint_eq(result.step_count, 0);
    ck_assert_ptr_null(sbx_access_deciding(&result));
}
END_TEST

START_TEST(accesscheck__steps__name_entry_sid_and_pass)
{
    struct sbx_access_result result;
    struct sbx_sid k1 = sd_sid("K1");

    ask("V G (A - 1 V)(A - 1 U)(A - 2 G)(A ID 3 K1)", "K1", "", 0x3, &result);
    ck_assert_uint_eq(result.step_count, 3);
    ck_assert_uint_eq(result.steps[0].ace_index, 1);
    ck_assert_uint_eq(result.steps[1].ace_index, 2);
    ck_assert_int_eq(result.steps[1].pass, SBX_PASS_NORMAL);
    ck_assert_uint_eq(result.steps[2].ace_index, 3);
    ck_assert_int_eq(result.steps[2].pass, SBX_PASS_RESTRICTED);
    ck_assert_uint_eq(result.steps[2].ace_flags, SBX_ACE_INHERITED);
    ck_assert(sbx_sid_equal(&result.steps[2].sid, &k1));
}
END_TEST

START_TEST(accesscheck__explain__tells_the_whole_story)
{
    static const char denied[] =
        "denied: 0x00000002 of 0x00020003 is missing\n"
        "an OWNER RIGHTS (S-1-3-4) entry replaces the owner's implicit rights\n" P1
        "allow entry 1 of S-1-3-4 (owner rights) grants 0x00020000\n" P1 "allow entry 2 of " U_
        " grants 0x00000003\n" P2 "deny entry 0 of " K1_ " denies 0x00000002\n"
        "1 entries of other types are not judged\n";
    struct sbx_access_result result;
    struct sbx_error err;
    struct sbx_buf text;

    sbx_buf_init(&text, 4096);
    ask("U G (D - 2 K1)(A - 20000 OW)(A - 3 U)(X - 0 E)", "K1", "w", 0x20003, &result);
    ck_assert_sbx_ok(sbx_access_explain(&result, &text, &err), &err);
    ck_assert_str_eq(text.data, denied);
    sbx_buf_clear(&text);
    ask("V G null", "", "", 0x1, &result);
    ck_assert_sbx_ok(sbx_access_explain(&result, &text, &err), &err);
    ck_assert_str_eq(
        text.data, "granted 0x00000001\n" P1 "no DACL, everyone is granted 0x00000001\n");
    sbx_buf_done(&text);
}
END_TEST

START_TEST(accesscheck__explain__full_buffer__fails)
{
    struct sbx_access_result result;
    struct sbx_error err;
    struct sbx_buf text;

    sbx_buf_init(&text, 30);
    ask("V G (A - 1 U)", "", "", 0x1, &result);
    ck_assert_int_eq(sbx_access_explain(&result, &text, &err), SBX_INVALID);
    sbx_buf_done(&text);
}
END_TEST

START_TEST(accesscheck__write_part__is_the_documented_masks)
{
    static const struct sbx_generic_mapping key = {0x20019, 0x20006, 0x20019, 0xF003F};

    ck_assert_uint_eq(sbx_access_write_part(&sbx_file_mapping, 0), 0xD0116);
    ck_assert_uint_eq(sbx_access_write_part(&sbx_file_mapping, SBX_READING_MAPPING_ONLY), 0x116);
    ck_assert_uint_eq(sbx_access_write_part(&key, SBX_READING_MAPPING_ONLY), 0x6);
    ck_assert_uint_eq(sbx_access_write_part(&sbx_file_mapping, 0) & SBX_FILE_DELETE_CHILD, 0);
}
END_TEST

START_TEST(accesscheck__other_mapping__is_used)
{
    static const struct sbx_generic_mapping key = {0x20019, 0x20006, 0x20019, 0xF003F};
    struct sbx_descriptor descriptor;
    struct sd_token token;
    struct sbx_access_request request;
    struct sbx_access_result result;

    sd_parse("V G (A - 80000000 U)", &descriptor);
    sd_token(&token, "U", "", "", "");
    sd_request(&request, SBX_GENERIC_READ, "");
    request.mapping = &key;
    sbx_access_check(&descriptor, &token.token, &request, &result);
    sbx_descriptor_done(&descriptor);
    ck_assert_uint_eq(result.granted_mask, 0x20019);
}
END_TEST

START_TEST(accesscheck__names__are_fixed)
{
    ck_assert_str_eq(sbx_access_pass_name(SBX_PASS_NONE), "before the passes");
    ck_assert_str_eq(sbx_privilege_name(SBX_PRIVILEGE_RESTORE), "SeRestorePrivilege");
    ck_assert_str_eq(sbx_privilege_name(0x100), "an unknown privilege");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, accesscheck__plain_row__answers_and_says_why, 0, (int)countof(plain_rows));
    tcase_add_loop_test(
        tcase, accesscheck__owner_row__answers_and_says_why, 0, (int)countof(owner_rows));
    tcase_add_test(tcase, accesscheck__nothing_asked__is_denied_without_a_step);
    tcase_add_test(tcase, accesscheck__steps__name_entry_sid_and_pass);
    tcase_add_test(tcase, accesscheck__explain__tells_the_whole_story);
    tcase_add_test(tcase, accesscheck__explain__full_buffer__fails);
    tcase_add_test(tcase, accesscheck__write_part__is_the_documented_masks);
    tcase_add_test(tcase, accesscheck__other_mapping__is_used);
    tcase_add_test(tcase, accesscheck__names__are_fixed);
}

UNIT_MAIN("accesscheck", add_tests)
