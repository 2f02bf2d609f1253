/* The calibration's file: what counts, what does not, and what becomes of a damaged one. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

#include "shared/win/calibrationfile.h"
#include "shared/win/sid.h"
#include "shared/win/statefile.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_sid user;
static struct sbx_calibration record, again;
static char folder[MAX_PATH * 3];
static bool exists;

static void setup(void)
{
    struct sbx_calibration_entry entry;

    sbx_error_init(&err);
    snprintf(folder, sizeof(folder), "%s", scratch_begin());
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    memset(&record, 0, sizeof(record));
    memset(&entry, 0, sizeof(entry));
    snprintf(entry.os_build, sizeof(entry.os_build), "windows 10.0.1");
    snprintf(entry.product_version, sizeof(entry.product_version), "1.0");
    entry.mode = SBX_MODE_UNELEVATED;
    entry.tries[0].recipe = SBX_TOKEN_STRICT;
    entry.tries[0].passed = true;
    entry.tries[0].rows = 3;
    entry.try_count = 1;
    sbx_calibration_put(&record, &entry);
}

static void teardown(void)
{
    scratch_end();
}

static enum sbx_status read_it(void)
{
    sbx_error_init(&err);
    exists = false;
    memset(&again, 0x55, sizeof(again));
    return sbx_calibrationfile_read(folder, &user, &again, &exists, &err);
}

START_TEST(calibrationfile__none__empty_and_fine)
{
    ck_assert_sbx_ok(read_it(), &err);
    ck_assert(!exists);
    ck_assert_uint_eq(again.count, 0);
}
END_TEST

START_TEST(calibrationfile__written__read_back)
{
    ck_assert_sbx_ok(sbx_calibrationfile_write(folder, &user, &record, &err), &err);
    ck_assert_sbx_ok(read_it(), &err);
    ck_assert(exists);
    ck_assert_mem_eq(&again, &record, sizeof(record));
}
END_TEST

START_TEST(calibrationfile__damaged__counts_as_none_and_is_kept)
{
    scratch_write("calibration.json", "{\"schema\": 1}");
    ck_assert_int_ne(read_it(), SBX_OK);
    ck_assert(exists);
    ck_assert_uint_eq(again.count, 0);
    ck_assert_sbx_ok(sbx_calibrationfile_write(folder, &user, &record, &err), &err);
    ck_assert_sbx_ok(read_it(), &err);
    ck_assert_uint_eq(again.count, 1);
    ck_assert_uint_ne(
        GetFileAttributesW(scratch_path_w("calibration.json.damaged")), INVALID_FILE_ATTRIBUTES);
}
END_TEST

START_TEST(calibrationfile__others_may_write_it__counts_as_none)
{
    struct sbx_descriptor loose = {.control = SBX_SD_DACL_PROTECTED};
    struct sbx_ace ace;
    char path[MAX_PATH * 3];

    if (platform_is_stock_wine())
        return; /* it keeps no access list */
    ck_assert_sbx_ok(sbx_calibrationfile_write(folder, &user, &record, &err), &err);
    ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &user);
    ck_assert_sbx_ok(sbx_acl_insert(&loose.dacl, 0, &ace, &err), &err);
    ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_WRITE_DATA, &sbx_sid_everyone);
    ck_assert_sbx_ok(sbx_acl_insert(&loose.dacl, 1, &ace, &err), &err);
    snprintf(path, sizeof(path), "%s\\calibration.json", folder);
    ck_assert_sbx_ok(sbx_statefile_set_descriptor(path, &loose, &err), &err);
    ck_assert_int_eq(read_it(), SBX_UNPROVEN);
    ck_assert(exists);
    ck_assert_uint_eq(again.count, 0);
    ck_assert(strstr(err.context, "S-1-1-0"));
    sbx_descriptor_done(&loose);
}
END_TEST

START_TEST(calibrationfile__a_folder_of_that_name__counts_as_none)
{
    scratch_mkdir("calibration.json");
    ck_assert_int_ne(read_it(), SBX_OK);
    ck_assert_uint_eq(again.count, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, calibrationfile__none__empty_and_fine);
    tcase_add_test(tcase, calibrationfile__written__read_back);
    tcase_add_test(tcase, calibrationfile__damaged__counts_as_none_and_is_kept);
    tcase_add_test(tcase, calibrationfile__others_may_write_it__counts_as_none);
    tcase_add_test(tcase, calibrationfile__a_folder_of_that_name__counts_as_none);
}

UNIT_MAIN("calibrationfile", add_tests)
