/* The private desktop: a name of its own, never someone else's, and honest about its DACL. */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

#include "shared/win/desktop.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_findings findings;
static struct sbx_descriptor descriptor;
static char name[64];

static void setup(void)
{
    struct sbx_sd_people people = {0};
    uint8_t random[16] = {1, 2, 3};
    static unsigned number;

    sbx_error_init(&err);
    sbx_findings_init(&findings);
    ck_assert_sbx_ok(sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], &err), &err);
    sbx_capsid_for_run(random, &people.sid[SBX_WHO_RUN]);
    ck_assert_sbx_ok(sbx_sd_build(&sbx_sd_private_desktop, &people, &descriptor, &err), &err);
    snprintf(name, sizeof(name), "SbxTest-%lu-%u", GetCurrentProcessId(), number++);
}

static void teardown(void)
{
    sbx_descriptor_done(&descriptor);
}

START_TEST(desktop__new__has_its_path_and_reports_the_dacl)
{
    struct sbx_private_desktop desktop = {0};
    char *current = NULL;
    char *backslash;

    ck_assert_sbx_ok(sbx_desktop_current(&current, &err), &err);
    ck_assert_sbx_ok(sbx_desktop_new(name, &descriptor, &findings, &desktop, &err), &err);
    ck_assert_ptr_nonnull(desktop.handle);
    backslash = strchr(desktop.path, '\\');
    ck_assert_ptr_nonnull(backslash);
    ck_assert_str_eq(backslash + 1, name);
    /* The same station as ours, another desktop. */
    ck_assert_int_eq(strncmp(desktop.path, current, (size_t)(backslash - desktop.path) + 1), 0);
    ck_assert_str_ne(desktop.path, current);
    if (platform_is_stock_wine())
        ck_assert(sbx_findings_has(&findings, "DesktopDacl"));
    else if (!platform_is_wine())
        ck_assert_uint_eq(findings.count, 0);
    free(current);
    sbx_desktop_close(&desktop);
    ck_assert_ptr_null(desktop.path);
}
END_TEST

START_TEST(desktop__taken_name__is_refused)
{
    struct sbx_private_desktop first = {0}, second = {0};

    ck_assert_sbx_ok(sbx_desktop_new(name, &descriptor, &findings, &first, &err), &err);
    ck_assert_int_eq(sbx_desktop_new(name, &descriptor, &findings, &second, &err), SBX_EXISTS);
    ck_assert_ptr_null(second.handle);
    sbx_desktop_close(&first);
    ck_assert_sbx_ok(sbx_desktop_new(name, &descriptor, &findings, &second, &err), &err);
    sbx_desktop_close(&second);
}
END_TEST

static const char *const bad_names[] = {"", "a\\b", "a b", "Default\\x", "a/b", "\xC3\xA4",
    "0123456789012345678901234567890123456789012345678901234567890123456789"};

START_TEST(desktop__bad_name__is_refused)
{
    struct sbx_private_desktop desktop = {0};

    ck_assert_int_eq(
        sbx_desktop_new(bad_names[_i], &descriptor, &findings, &desktop, &err), SBX_INVALID);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, desktop__new__has_its_path_and_reports_the_dacl);
    tcase_add_test(tcase, desktop__taken_name__is_refused);
    tcase_add_loop_test(tcase, desktop__bad_name__is_refused, 0, countof(bad_names));
}

UNIT_MAIN("desktop", add_tests)
