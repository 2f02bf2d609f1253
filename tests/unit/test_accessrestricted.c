/* The access check of restricted tokens, and what the parent directory adds. */
#include "shared/core/accesscheck.h"

#include "tests/support/accessrow.h"
#include "tests/support/unit.h"

#define H_ "S-1-5-21-1-2-3-1105"

/* The second pass. */
static const struct access_row restricted_rows[] = {
    {"restricted__needs_both", "V G (A - 3 U)(A - 1 K1)", "U", "", "K1", "", 0x1, 0x1,
        P2 "allow entry 1 of " K1_ " grants 0x00000001", NULL},
    {"restricted__user_alone_is_not_enough", "V G (A - 3 U)", "U", "", "K1", "", 0x1, 0,
        P2 "no entry grants 0x00000001", NULL},
    {"restricted__sid_alone_is_not_enough", "V G (A - 3 K1)", "U", "", "K1", "", 0x1, 0,
        P1 "no entry grants 0x00000001", NULL},
    {"restricted__the_sid_does_not_count_in_pass_1", "V G (D - 1 K1)(A - 1 U)", "U", "", "K1", "",
        0x1, 0, P2 "deny entry 0 of " K1_ " denies 0x00000001", NULL},
    {"restricted__a_group_may_be_both", "V G (A - 1 E)", "U", "E:7", "E", "", 0x1, 0x1,
        P2 "allow entry 0 of S-1-1-0 grants 0x00000001", NULL},
    {"restricted__null_dacl_grants_both", "V G null", "U", "", "K1", "", 0x2, 0x2,
        P2 "no DACL, everyone is granted 0x00000002", NULL},
    {"restricted__owner_is_not_enough", "U G empty", "U", "", "K1", "", 0x20000, 0,
        P2 "no entry grants 0x00020000", NULL},
    {"restricted__owner_as_restricting_sid", "U G empty", "U", "", "U", "", 0x60000, 0x60000,
        P2 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00060000", NULL},
    {"restricted__owner_rights_entry_for_the_restricting_owner", "U G (A - 20000 OW)", "U", "", "U",
        "", 0x20000, 0x20000, P2 "allow entry 0 of S-1-3-4 (owner rights) grants 0x00020000", NULL},
    {"restricted__owner_rights_entry_ends_it_there_too", "U G (A - 20000 OW)", "U", "", "U", "",
        0x40000, 0, P1 "no entry grants 0x00040000", NULL},
    {"restricted__owner_by_pass_1_and_entry_by_pass_2", "U G (A - 20000 K1)", "U", "", "K1", "",
        0x20000, 0x20000, P2 "allow entry 0 of " K1_ " grants 0x00020000", NULL},
    {"restricted__owner_in_both__denies_that", "U G (A - 20000 K1)", "U", "", "K1", "o", 0x20000, 0,
        P1 "no entry grants 0x00020000", NULL},
    {"restricted__maximum_is_the_intersection", "V G (A - 7 U)(A - e K1)", "U", "", "K1", "", MAX,
        0x6, P2 "allow entry 1 of " K1_ " grants 0x0000000E", NULL},
    {"restricted__maximum_without_overlap", "V G (A - 1 U)(A - 2 K1)", "U", "", "K1", "", MAX, 0,
        P2 "no entry grants 0x001FFFFD", NULL},
    {"write_restricted__reads_by_the_user", "V G (A - 1f01ff U)", "U", "", "K1", "w", 0x1200A9,
        0x1200A9, P1 "allow entry 0 of " U_ " grants 0x001200A9", NULL},
    {"write_restricted__does_not_write", "V G (A - 1f01ff U)", "U", "", "K1", "w", 0x120116, 0,
        P2 "no entry grants 0x00000116", NULL},
    {"write_restricted__attributes_are_writes", "V G (A - 1f01ff U)", "U", "", "K1", "w", 0x100, 0,
        P2 "no entry grants 0x00000100", NULL},
    {"write_restricted__does_not_delete", "V G (A - 1f01ff U)", "U", "", "K1", "w", 0x10000, 0,
        P2 "no entry grants 0x00010000", NULL},
    {"write_restricted__does_not_change_the_dacl", "V G (A - 1f01ff U)", "U", "", "K1", "w",
        0x40000, 0, P2 "no entry grants 0x00040000", NULL},
    {"write_restricted__does_not_take_it", "V G (A - 1f01ff U)", "U", "", "K1", "w", 0x80000, 0,
        P2 "no entry grants 0x00080000", NULL},
    {"write_restricted__owner_does_not_change_the_dacl", "U G empty", "U", "", "K1", "w", 0x40000,
        0, P2 "no entry grants 0x00040000", NULL},
    {"write_restricted__owner_reads_it", "U G empty", "U", "", "K1", "w", 0x20000, 0x20000,
        P1 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00020000", NULL},
    {"write_restricted__owner_in_both__does_not_read_it", "U G empty", "U", "", "K1", "wo", 0x20000,
        0, P1 "no entry grants 0x00020000", NULL},
    {"write_restricted__writes_by_both", "V G (A - 1f01ff U)(A - 1301bf K1)", "U", "", "K1", "w",
        0x130116, 0x130116, P2 "allow entry 1 of " K1_ " grants 0x00010116", NULL},
    {"write_restricted__read_deny_for_the_sid_is_not_seen", "V G (D - 1 K1)(A - 1 U)", "U", "",
        "K1", "w", 0x1, 0x1, P1 "allow entry 1 of " U_ " grants 0x00000001", NULL},
    {"write_restricted__write_deny_for_the_sid_is", "V G (D - 2 K1)(A - 2 U)(A - 2 K1)", "U", "",
        "K1", "w", 0x2, 0, P2 "deny entry 0 of " K1_ " denies 0x00000002", NULL},
    {"write_restricted__delete_child_is_not_in_pass_2", "V G (A - 1f01ff U)", "U", "", "K1", "w",
        0x40, 0x40, P1 "allow entry 0 of " U_ " grants 0x00000040", NULL},
    {"write_restricted__maximum", "V G (A - 1f01ff U)(A - 2 K1)", "U", "", "K1", "w", MAX, 0x1200EB,
        P1 "allow entry 0 of " U_ " grants 0x001F01FF", NULL},
    {"restricted_to_no_sid__denies", "V G (A - 1f01ff U)", "U", "", "", "z", 0x1, 0,
        P2 "no entry grants 0x00000001", NULL},
    {"write_restricted_to_no_sid__reads", "V G (A - 1f01ff U)", "U", "", "", "zw", 0x1, 0x1,
        P1 "allow entry 0 of " U_ " grants 0x00000001", NULL},
    {"write_restricted_to_no_sid__does_not_write", "V G (A - 1f01ff U)", "U", "", "", "zw", 0x2, 0,
        P2 "no entry grants 0x00000002", NULL},
    {"write_restricted_without_sids__is_nothing", "V G (A - 2 U)", "U", "", "", "w", 0x2, 0x2,
        P1 "allow entry 0 of " U_ " grants 0x00000002", NULL},
    {"mapping_only__deletes", "V G (A - 1f01ff U)", "U", "", "K1", "wm", 0x10000, 0x10000,
        P1 "allow entry 0 of " U_ " grants 0x00010000", NULL},
    {"mapping_only__owner_changes_the_dacl", "U G empty", "U", "", "K1", "wm", 0x40000, 0x40000,
        P1 "owner " U_ " has implicit READ_CONTROL and WRITE_DAC, grants 0x00040000", NULL},
    {"mapping_only__still_does_not_write", "V G (A - 1f01ff U)", "U", "", "K1", "wm", 0x2, 0,
        P2 "no entry grants 0x00000002", NULL},
    {"whole_request__reads_fail_beside_a_write", "V G (A - 1f01ff U)(A - 116 K1)", "U", "", "K1",
        "wr", 0x117, 0, P2 "no entry grants 0x00000001", NULL},
    {"whole_request__reads_alone_do_not", "V G (A - 1f01ff U)(A - 116 K1)", "U", "", "K1", "wr",
        0x1, 0x1, P1 "allow entry 0 of " U_ " grants 0x00000001", NULL},
    {"mapping_only_of_a_full_restriction__changes_nothing", "V G (A - 1f01ff U)", "U", "", "K1",
        "m", 0x10000, 0, P2 "no entry grants 0x00010000", NULL},
};

/* The directory that holds the file. */
static const struct access_row parent_rows[] = {
    {"parent_delete_child__deletes", "V G (D - 10000 U)", "U", "", "", "", 0x10000, 0x10000,
        "parent directory: FILE_DELETE_CHILD, entry 0 of " U_ ", grants 0x00010000",
        "V G (A - 40 U)"},
    {"parent_list__reads_attributes", "V G empty", "U", "G:7", "", "", 0x80, 0x80,
        "parent directory: FILE_LIST_DIRECTORY, entry 0 of " G_ ", grants 0x00000080",
        "V G (A - 1 G)"},
    {"parent__gives_nothing_else", "V G empty", "U", "", "", "", 0x10002, 0,
        P1 "no entry grants 0x00010002", "V G (A - 1f01ff U)"},
    {"parent_without_dacl__deletes", "V G empty", "U", "", "", "", 0x10000, 0x10000,
        "parent directory: FILE_DELETE_CHILD, without a DACL, grants 0x00010000", "V G null"},
    {"parent_denied_in_pass_2__does_not", "V G empty", "U", "", "K1", "", 0x10000, 0,
        P1 "no entry grants 0x00010000", "V G (A - 40 U)"},
    {"parent_of_a_write_restricted_child__deletes", "U G (A - 1f01ff U)", "U", "", "K1", "w",
        0x10000, 0x10000,
        "parent directory: FILE_DELETE_CHILD, entry 0 of " U_ ", grants 0x00010000",
        "U G (A - 1f01ff U)"},
    {"parent__is_in_maximum", "V G (A - 2 U)", "U", "", "", "", MAX, 0x10002,
        P1 "allow entry 0 of " U_ " grants 0x00000002", "V G (A - 40 U)"},
    {"own_right__comes_before_the_parents", "V G (A - 10000 U)", "U", "", "", "", 0x10000, 0x10000,
        P1 "allow entry 0 of " U_ " grants 0x00010000", "V G (A - 40 U)"},
};

/*
 * What the plan of design 4 comes to: R is a root that U owns, V the sandbox account, H the group
 * AgentSandboxUsers, K1 the capability SID.
 */
#define ROOT_UNELEVATED "U G (D - 40 K1)(D - 40 U)(A - 1201bf K1)(A OICI 1f01ff U)"
#define ROOT_WITHOUT_DENY_FOR_THE_USER "U G (D - 40 K1)(A - 1201bf K1)(A OICI 1f01ff U)"
#define ROOT_ELEVATED "U G (D - 40 K1)(D - 40 H)(A - 1201bf K1)(A - 1201bf H)(A OICI 1f01ff U)"
#define GIT_UNELEVATED "U G (D OICI d0156 K1)(A OICIID 1f01ff U)(A OICIID 1301bf K1)"
#define GIT_ELEVATED                                                                               \
    "U G (D OICI d0156 K1)(D OICI d0156 H)(A OICIID 1f01ff U)(A OICIID 1301bf K1)"                 \
    "(A OICIID 1301bf H)"
#define DATA_DRIVE "BA G (A OICI 1301bf AU)(A OICI 1f01ff BA)"

static const struct access_row world_rows[] = {
    {"elevated__writes_in_the_root", ROOT_ELEVATED, "V", "H:7 AU:7 E:7", "K1 R V E", "w", 0x6, 0x6,
        P2 "allow entry 2 of " K1_ " grants 0x00000006", NULL},
    {"elevated__does_not_write_to_git", GIT_ELEVATED, "V", "H:7 AU:7 E:7", "K1 R V E", "w", 0x2, 0,
        P1 "deny entry 1 of " H_ " denies 0x00000002", ROOT_ELEVATED},
    {"elevated__does_not_delete_git", GIT_ELEVATED, "V", "H:7 AU:7 E:7", "K1 R V E", "w", 0x10000,
        0, P1 "deny entry 1 of " H_ " denies 0x00010000", ROOT_ELEVATED},
    {"elevated_mapping_only__does_not_delete_git", GIT_ELEVATED, "V", "H:7 AU:7 E:7", "K1 R V E",
        "wm", 0x10000, 0, P1 "deny entry 1 of " H_ " denies 0x00010000", ROOT_ELEVATED},
    {"elevated_read_only_run__does_not_write", ROOT_ELEVATED, "V", "H:7 AU:7 E:7", "R V E", "w",
        0x2, 0, P2 "no entry grants 0x00000002", NULL},
    {"elevated__does_not_write_to_a_data_drive", DATA_DRIVE, "V", "H:7 AU:7 E:7", "K1 R V E", "w",
        0x2, 0, P2 "no entry grants 0x00000002", NULL},
    {"elevated__does_not_delete_on_a_data_drive", DATA_DRIVE, "V", "H:7 AU:7 E:7", "K1 R V E", "w",
        0x10000, 0, P2 "no entry grants 0x00010000", NULL},
    {"elevated_mapping_only__deletes_on_a_data_drive", DATA_DRIVE, "V", "H:7 AU:7 E:7", "K1 R V E",
        "wm", 0x10000, 0x10000, P1 "allow entry 0 of S-1-5-11 grants 0x00010000", NULL},
    {"unelevated__does_not_write_to_git", GIT_UNELEVATED, "U", "AU:7 E:7", "K1 R E", "w", 0x2, 0,
        P2 "deny entry 0 of " K1_ " denies 0x00000002", ROOT_UNELEVATED},
    {"unelevated__does_not_write_outside", "U G (A ID 1f01ff U)", "U", "AU:7 E:7", "K1 R E", "w",
        0x2, 0, P2 "no entry grants 0x00000002", NULL},
    {"unelevated__does_not_delete_git", GIT_UNELEVATED, "U", "AU:7 E:7", "K1 R E", "w", 0x10000, 0,
        P2 "deny entry 0 of " K1_ " denies 0x00010000", ROOT_UNELEVATED},
    /*
     * Why the root denies FILE_DELETE_CHILD to the user himself (plan_aces.c, 5), and what is left
     * outside the roots (see SBX_WRITE_PART_STANDARD): the right to delete a child of his own
     * directory comes to the user from pass 1 alone, so neither the deny for the capability SID nor
     * the missing grant outside matters.
     */
    {"unelevated_without_that_deny__deletes_git", GIT_UNELEVATED, "U", "AU:7 E:7", "K1 R E", "w",
        0x10000, 0x10000,
        "parent directory: FILE_DELETE_CHILD, entry 2 of " U_ ", grants 0x00010000",
        ROOT_WITHOUT_DENY_FOR_THE_USER},
    {"unelevated__deletes_outside_by_the_users_right", "U G (A ID 1f01ff U)", "U", "AU:7 E:7",
        "K1 R E", "w", 0x10000, 0x10000,
        "parent directory: FILE_DELETE_CHILD, entry 0 of " U_ ", grants 0x00010000",
        "U G (A OICI 1f01ff U)"},
    {"fully_restricted__does_not_delete_git", GIT_UNELEVATED, "U", "AU:7 E:7", "K1 R E", "",
        0x10000, 0, P2 "deny entry 0 of " K1_ " denies 0x00010000", ROOT_UNELEVATED},
    {"fully_restricted__does_not_delete_outside", "U G (A ID 1f01ff U)", "U", "AU:7 E:7", "K1 R E",
        "", 0x10000, 0, P2 "no entry grants 0x00010000", "U G (A OICI 1f01ff U)"},
};

START_TEST(accessrestricted__row__answers_and_says_why)
{
    access_row_check(&restricted_rows[_i]);
}
END_TEST

START_TEST(accessrestricted__parent_row__answers_and_says_why)
{
    access_row_check(&parent_rows[_i]);
}
END_TEST

START_TEST(accessrestricted__planned_row__answers_and_says_why)
{
    access_row_check(&world_rows[_i]);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, accessrestricted__row__answers_and_says_why, 0, (int)countof(restricted_rows));
    tcase_add_loop_test(
        tcase, accessrestricted__parent_row__answers_and_says_why, 0, (int)countof(parent_rows));
    tcase_add_loop_test(
        tcase, accessrestricted__planned_row__answers_and_says_why, 0, (int)countof(world_rows));
}

UNIT_MAIN("accessrestricted", add_tests)
