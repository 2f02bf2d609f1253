/* Folders by role. */
#include "tests/support/unit.h"

#include "shared/win/known.h"
#include "shared/win/regvalue.h"

#include <stdlib.h>

#define VERSION_KEY "SOFTWARE\\Microsoft\\Windows\\CurrentVersion"

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
}

/* A 32-bit program and a 64-bit one must look for the installation in one place. */
START_TEST(program_files__any_bitness__the_systems_own)
{
    char *shown = NULL, *native = NULL;

    ck_assert_sbx_ok(sbx_known_folder(SBX_KNOWN_PROGRAM_FILES, &shown, &err), &err);
    ck_assert_sbx_ok(sbx_known_native_program_files(&native, &err), &err);
    ck_assert_str_eq(shown, native);
    ck_assert_ptr_null(strstr(native, "(x86)"));
    free(shown);
    free(native);
}
END_TEST

START_TEST(get_path__no_key_no_value__not_found)
{
    char *text = NULL;

    ck_assert_int_eq(
        sbx_regvalue_get_path("SOFTWARE\\SbxNoSuchKey", "x", &text, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(
        sbx_regvalue_get_path(VERSION_KEY, "SbxNoSuchValue", &text, &err), SBX_NOT_FOUND);
    ck_assert_ptr_null(text);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, program_files__any_bitness__the_systems_own);
    tcase_add_test(tcase, get_path__no_key_no_value__not_found);
}

UNIT_MAIN("known", add_tests)
