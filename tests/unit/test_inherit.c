/* Inheritance: one row per rule of MS-DTYP 2.5.3.4 and "ACE inheritance rules", then laws. */
#include "shared/core/inherit.h"

#include "tests/support/sdtext.h"
#include "tests/support/unit.h"

#include <stdio.h>

/* A new object made by user U (group G) with the token default DACL "(A - 1f01ff U)(A - 1 SY)". */
struct row {
    const char *name;
    const char *parent;    /* descriptor */
    const char *asked;     /* descriptor or NULL */
    const char *file;      /* DACL of a new file */
    const char *directory; /* DACL of a new directory */
};

#define DEFAULT "(A - 1f01ff U)(A - 1 SY)"

static const struct row rows[] = {
    {"not_inheritable__is_not_passed_on", "V G (A - 1 E)(A OICI 2 E)", NULL, "(A ID 2 E)",
        "(A OICIID 2 E)"},
    {"for_files", "V G (A OI 1 E)", NULL, "(A ID 1 E)", "(A OIIOID 1 E)"},
    {"for_directories", "V G (A CI 1 E)", NULL, DEFAULT, "(A CIID 1 E)"},
    {"inherit_only__works_on_the_child", "V G (A OICIIO 1 E)", NULL, "(A ID 1 E)",
        "(A OICIID 1 E)"},
    {"inherit_only_for_files__stays_so_on_directories", "V G (A OIIO 1 E)", NULL, "(A ID 1 E)",
        "(A OIIOID 1 E)"},
    {"no_propagate__stops_at_the_child", "V G (A OICINP 1 E)", NULL, "(A ID 1 E)", "(A ID 1 E)"},
    {"no_propagate_for_files__skips_directories", "V G (A OINP 1 E)(A CI 2 E)", NULL, "(A ID 1 E)",
        "(A CIID 2 E)"},
    {"denies_and_order__are_kept", "V G (A OICI 1 E)(D OICI 2 U)(A OICIID 4 G)", NULL,
        "(A ID 1 E)(D ID 2 U)(A ID 4 G)", "(A OICIID 1 E)(D OICIID 2 U)(A OICIID 4 G)"},
    {"creator_owner__becomes_the_owner", "V G (A OICIIO 1f01ff CO)", NULL, "(A ID 1f01ff U)",
        "(A ID 1f01ff U)(A OICIIOID 1f01ff CO)"},
    {"creator_group__becomes_the_group", "V G (A OICI 1 CG)", NULL, "(A ID 1 G)",
        "(A ID 1 G)(A OICIIOID 1 CG)"},
    {"creator_owner_no_propagate__leaves_no_copy", "V G (A OICINP 1 CO)", NULL, "(A ID 1 U)",
        "(A ID 1 U)"},
    {"creator_owner_for_files__is_kept_for_them", "V G (A OIIO 1 CO)", NULL, "(A ID 1 U)",
        "(A OIIOID 1 CO)"},
    {"owner_rights__is_not_replaced", "V G (A OICIIO 20000 OW)", NULL, "(A ID 20000 OW)",
        "(A OICIID 20000 OW)"},
    {"generic_rights__are_mapped_where_they_work", "V G (A OICIIO 10000000 E)", NULL,
        "(A ID 1f01ff E)", "(A ID 1f01ff E)(A OICIIOID 10000000 E)"},
    {"generic_deny__is_mapped_too", "V G (D OI 40000000 E)(A OI 1 E)", NULL,
        "(D ID 120116 E)(A ID 1 E)", "(D OIIOID 40000000 E)(A OIIOID 1 E)"},
    {"nothing_inheritable__gives_the_default_dacl", "V G (A - 1 E)", NULL, DEFAULT, DEFAULT},
    {"empty_parent__gives_the_default_dacl", "V G empty", NULL, DEFAULT, DEFAULT},
    {"null_parent__gives_the_default_dacl", "V G null", NULL, DEFAULT, DEFAULT},
    {"protected_parent__passes_on_all_the_same", "V G P (A OICI 1 E)", NULL, "(A ID 1 E)",
        "(A OICIID 1 E)"},
    {"asked__comes_before_the_inherited", "V G (D OICI 2 E)", "- G (A - 1 U)",
        "(A - 1 U)(D ID 2 E)", "(A - 1 U)(D OICIID 2 E)"},
    {"asked__with_nothing_inherited", "V G (A - 1 E)", "- G (A - 1 U)", "(A - 1 U)", "(A - 1 U)"},
    {"asked_protected__is_alone", "V G (A OICI 2 E)", "- G P (A - 1 U)", "(A - 1 U)", "(A - 1 U)"},
    {"asked_inherited_entries__are_dropped", "V G (A OICI 2 E)", "- G (A - 1 U)(A ID 4 U)",
        "(A - 1 U)(A ID 2 E)", "(A - 1 U)(A OICIID 2 E)"},
    {"asked_protected_inherited_entries__become_explicit", "V G (A OICI 2 E)",
        "- G P (A - 1 U)(A ID 4 U)", "(A - 1 U)(A - 4 U)", "(A - 1 U)(A - 4 U)"},
    {"asked_null__stays_null", "V G (A OICI 2 E)", "- G null", "null", "null"},
    {"asked_empty__leaves_the_inherited", "V G (A OICI 2 E)", "- G empty", "(A ID 2 E)",
        "(A OICIID 2 E)"},
    {"asked_empty_and_protected__is_empty", "V G (A OICI 2 E)", "- G P empty", "empty", "empty"},
    {"asked_owner__is_who_creator_owner_becomes", "V G (A OICINP 1 CO)", "H G none", "(A ID 1 H)",
        "(A ID 1 H)"},
    {"asked_generic__is_mapped", "V G empty", "- G (A OICI 80000000 CO)",
        "(A - 120089 U)(A OICIIO 80000000 CO)", "(A - 120089 U)(A OICIIO 80000000 CO)"},
    {"design_4_root__gives_children_delete",
        "U G (D - 40 K1)(A - 1201bf K1)(A OICIIO 1301bf K1)(A OICIIO 20000 OW)", NULL,
        "(A ID 1301bf K1)(A ID 20000 OW)", "(A OICIID 1301bf K1)(A OICIID 20000 OW)"},
};

static void make(const char *parent_text, const char *asked_text, bool is_directory,
    const char *default_text, struct sbx_descriptor *ret_descriptor)
{
    struct sbx_descriptor parent, asked, defaults;
    struct sbx_creator creator;
    struct sbx_error err;

    memset(&asked, 0, sizeof(asked));
    memset(&creator, 0, sizeof(creator));
    memset(ret_descriptor, 0, sizeof(*ret_descriptor));
    sd_parse(parent_text, &parent);
    sd_parse(default_text, &defaults);
    if (asked_text)
        sd_parse(asked_text, &asked);
    creator.owner = sd_sid("U");
    creator.group = sd_sid("G");
    creator.default_dacl = defaults.dacl.kind == SBX_ACL_ABSENT ? NULL : &defaults.dacl;
    ck_assert_sbx_ok(sbx_inherit_create(&parent, asked_text ? &asked : NULL, is_directory, &creator,
                         ret_descriptor, &err),
        &err);
    sbx_descriptor_done(&parent);
    sbx_descriptor_done(&asked);
    sbx_descriptor_done(&defaults);
}

static void check_row(const struct row *row, bool is_directory)
{
    const char *expected = is_directory ? row->directory : row->file;
    struct sbx_descriptor made;
    char text[512];

    make(row->parent, row->asked, is_directory, "U G " DEFAULT, &made);
    sd_dacl_text(&made.dacl, text, sizeof(text));
    sbx_descriptor_done(&made);
    ck_assert_msg(strcmp(text, expected) == 0, "%s, %s: '%s', not '%s'", row->name,
        is_directory ? "directory" : "file", text, expected);
}

START_TEST(inherit__row__gives_files_and_directories_their_dacl)
{
    check_row(&rows[_i], false);
    check_row(&rows[_i], true);
}
END_TEST

START_TEST(inherit__owner_and_group__come_from_token_or_request)
{
    struct sbx_descriptor made;
    struct sbx_sid user = sd_sid("U"), other = sd_sid("V"), group = sd_sid("H");

    make("V G (A OICI 1 E)", NULL, false, "U G none", &made);
    ck_assert(made.has_owner && sbx_sid_equal(&made.owner, &user));
    ck_assert_uint_eq(made.control, SBX_SD_DACL_AUTO_INHERITED);
    sbx_descriptor_done(&made);
    make("V G (A OICI 1 E)", "V H P (A - 1 U)", false, "U G none", &made);
    ck_assert(sbx_sid_equal(&made.owner, &other));
    ck_assert(made.has_group && sbx_sid_equal(&made.group, &group));
    ck_assert_uint_eq(made.control, SBX_SD_DACL_AUTO_INHERITED | SBX_SD_DACL_PROTECTED);
    sbx_descriptor_done(&made);
}
END_TEST

START_TEST(inherit__no_default_dacl__leaves_a_null_dacl)
{
    struct sbx_descriptor made;

    make("V G empty", NULL, false, "U G none", &made);
    ck_assert_int_eq(made.dacl.kind, SBX_ACL_NULL);
    sbx_descriptor_done(&made);
}
END_TEST

static const struct {
    const char *name, *parent, *child, *file, *directory;
} existing_rows[] = {
    {"inherited_part__is_replaced", "V G (A OICI 2 E)", "U G (A - 1 U)(A ID 4 E)",
        "(A - 1 U)(A ID 2 E)", "(A - 1 U)(A OICIID 2 E)"},
    {"explicit_part__keeps_even_a_bad_order", "V G (D OICI 2 E)",
        "U G (A - 1 U)(D - 4 U)(A ID 8 E)", "(A - 1 U)(D - 4 U)(D ID 2 E)",
        "(A - 1 U)(D - 4 U)(D OICIID 2 E)"},
    {"creator_owner__is_the_childs_owner", "V G (A OICINP 1 CO)", "H G empty", "(A ID 1 H)",
        "(A ID 1 H)"},
    {"protected_child__is_left", "V G (A OICI 2 E)", "U G P (A - 1 U)(A ID 4 E)",
        "(A - 1 U)(A ID 4 E)", "(A - 1 U)(A ID 4 E)"},
    {"null_child__stays_open", "V G (A OICI 2 E)", "U G null", "null", "null"},
    {"absent_child__stays_absent", "V G (A OICI 2 E)", "U G none", "none", "none"},
    {"nothing_inheritable__leaves_the_explicit", "V G (A - 2 E)", "U G (A - 1 U)(A ID 4 E)",
        "(A - 1 U)", "(A - 1 U)"},
    {"nothing_at_all__is_empty_not_default", "V G (A - 2 E)", "U G (A ID 4 E)", "empty", "empty"},
};

static void redo(const char *parent_text, const char *child_text, bool is_directory,
    struct sbx_descriptor *ret_descriptor)
{
    struct sbx_descriptor parent, child;
    struct sbx_error err;

    memset(ret_descriptor, 0, sizeof(*ret_descriptor));
    sd_parse(parent_text, &parent);
    sd_parse(child_text, &child);
    ck_assert_sbx_ok(
        sbx_inherit_existing(&parent, &child, is_directory, ret_descriptor, &err), &err);
    sbx_descriptor_done(&parent);
    sbx_descriptor_done(&child);
}

START_TEST(inherit__existing_row__keeps_explicit_and_renews_inherited)
{
    for (int is_directory = 0; is_directory <= 1; is_directory++) {
        const char *expected = is_directory ? existing_rows[_i].directory : existing_rows[_i].file;
        struct sbx_descriptor result;
        char text[512];

        redo(existing_rows[_i].parent, existing_rows[_i].child, is_directory != 0, &result);
        sd_dacl_text(&result.dacl, text, sizeof(text));
        sbx_descriptor_done(&result);
        ck_assert_msg(strcmp(text, expected) == 0, "%s: '%s', not '%s'", existing_rows[_i].name,
            text, expected);
    }
}
END_TEST

START_TEST(inherit__existing__keeps_owner_and_marks_control)
{
    struct sbx_descriptor result;
    struct sbx_sid owner = sd_sid("H");

    redo("V G (A OICI 2 E)", "H G (A - 1 U)", false, &result);
    ck_assert(sbx_sid_equal(&result.owner, &owner));
    ck_assert_uint_eq(result.control, SBX_SD_DACL_AUTO_INHERITED);
    sbx_descriptor_done(&result);
    redo("V G (A OICI 2 E)", "H G P (A - 1 U)", false, &result);
    ck_assert_uint_eq(result.control, SBX_SD_DACL_PROTECTED);
    sbx_descriptor_done(&result);
}
END_TEST

/* Random parents: what a child is made with, re-propagation leaves as it is; twice is once. */
START_TEST(inherit__redone_on_a_new_child__changes_nothing)
{
    static const char *const flags[] = {
        "-", "OI", "CI", "OICI", "OICIIO", "OIIO", "CINP", "OICINP"};
    static const char *const who[] = {"U", "E", "CO", "CG", "OW", "K1"};
    static const char *const masks[] = {"1", "1301bf", "10000000", "40020000"};
    uint64_t state = unit_seed();

    for (int i = 0; i < 2000; i++) {
        struct sbx_descriptor parent, made, again;
        struct sbx_error err;
        char text[400] = "V G (A OICI 1 E)", before[600], after[600];
        bool is_directory = unit_random(&state) % 2 == 0;

        for (uint64_t n = unit_random(&state) % 6; n > 0; n--)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "(%c %s %s %s)",
                unit_random(&state) % 3 ? 'A' : 'D', flags[unit_random(&state) % countof(flags)],
                masks[unit_random(&state) % countof(masks)],
                who[unit_random(&state) % countof(who)]);
        memset(&again, 0, sizeof(again));
        make(text, NULL, is_directory, "U G none", &made);
        sd_parse(text, &parent);
        ck_assert_sbx_ok(sbx_inherit_existing(&parent, &made, is_directory, &again, &err), &err);
        sd_dacl_text(&made.dacl, before, sizeof(before));
        sd_dacl_text(&again.dacl, after, sizeof(after));
        ck_assert_msg(strcmp(before, after) == 0, "%s: '%s', then '%s'", text, before, after);
        sbx_descriptor_done(&parent);
        sbx_descriptor_done(&made);
        sbx_descriptor_done(&again);
    }
}
END_TEST

/* The list is full: nothing is left behind, nothing is returned. */
START_TEST(inherit__too_big__fails_and_returns_nothing)
{
    struct sbx_descriptor parent, asked, made;
    struct sbx_creator creator;
    struct sbx_error err;
    struct sbx_sid everyone = sd_sid("E");
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI, 1, &everyone);

    memset(&made, 0, sizeof(made));
    memset(&creator, 0, sizeof(creator));
    sd_parse("V G empty", &parent);
    sd_parse("V G empty", &asked);
    for (int i = 0; i < 2000; i++) {
        ck_assert_sbx_ok(sbx_acl_insert(&parent.dacl, parent.dacl.count, &ace, &err), &err);
        ck_assert_sbx_ok(sbx_acl_insert(&asked.dacl, asked.dacl.count, &ace, &err), &err);
    }
    ck_assert_int_eq(
        sbx_inherit_create(&parent, &asked, false, &creator, &made, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_inherit_existing(&parent, &asked, false, &made, &err), SBX_INVALID);
    ck_assert_int_eq(made.dacl.kind, SBX_ACL_ABSENT);
    sbx_descriptor_done(&parent);
    sbx_descriptor_done(&asked);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, inherit__row__gives_files_and_directories_their_dacl, 0, (int)countof(rows));
    tcase_add_test(tcase, inherit__owner_and_group__come_from_token_or_request);
    tcase_add_test(tcase, inherit__no_default_dacl__leaves_a_null_dacl);
    tcase_add_loop_test(tcase, inherit__existing_row__keeps_explicit_and_renews_inherited, 0,
        (int)countof(existing_rows));
    tcase_add_test(tcase, inherit__existing__keeps_owner_and_marks_control);
    tcase_add_test(tcase, inherit__redone_on_a_new_child__changes_nothing);
    tcase_add_test(tcase, inherit__too_big__fails_and_returns_nothing);
}

UNIT_MAIN("inherit", add_tests)
