/*
 * Ledgers that do not tell what was granted: their first line cannot be read. Whoever takes back
 * says so and leaves them (a damaged file is never treated as empty); a run on the root writes them
 * anew.
 */
#include "tests/support/grant/grantcase.h"
#include "shared/win/handle.h"

#include <stdio.h>

static char name[SBX_LEDGER_NAME_SIZE];

static const wchar_t *ledger_path_w(const char *end)
{
    char relative[120];

    snprintf(relative, sizeof(relative), "state\\ledger\\%s%s", name, end);
    return scratch_path_w(relative);
}

/* Granted, then the first byte of its ledger is another one. */
static void grant_and_damage(void)
{
    DWORD written = 0;
    HANDLE file;

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    file = CreateFileW(ledger_path_w(""), FILE_WRITE_DATA, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(file != INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(file, "?", 1, &written, NULL));
    CloseHandle(file);
}

static LONGLONG ledger_bytes(void)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    ck_assert(GetFileAttributesExW(ledger_path_w(""), GetFileExInfoStandard, &data));
    return (LONGLONG)data.nFileSizeHigh << 32 | data.nFileSizeLow;
}

static bool is_called_damaged(void)
{
    struct sbx_grant_info *infos = NULL;
    size_t count = 0;
    bool damaged;

    ck_assert_sbx_ok(sbx_grants_list(state, &infos, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    damaged = infos[0].is_damaged;
    sbx_grants_list_free(infos, count);
    return damaged;
}

static void ck_kept(enum sbx_status status, LONGLONG bytes)
{
    ck_assert_int_eq(status, SBX_UNPROVEN);
    ck_assert_ptr_nonnull(strstr(err.context, name));
    ck_assert_ptr_nonnull(strstr(err.hint, "revoke again"));
    ck_assert_ptr_nonnull(grant_anything_left());
    ck_assert(is_called_damaged());
    ck_assert(ledger_bytes() == bytes);
}

static enum sbx_status revoke(const char *path_or_name)
{
    sbx_grant_report_done(&report);
    sbx_error_init(&err);
    return sbx_revoke(path_or_name, &options, &report, &err);
}

START_TEST(first_line_unreadable__revoke__refused_and_ledger_as_it_was)
{
    LONGLONG bytes;

    grant_and_damage();
    bytes = ledger_bytes();
    ck_kept(revoke_all(), bytes);
    ck_assert_uint_eq(report.failure_count, 1);
    ck_kept(revoke(name), bytes);
    ck_kept(revoke(grant_path("ws")), bytes); /* no ledger names it any more; this may be its */
    ck_kept(revoke_all(), bytes);
}
END_TEST

START_TEST(first_line_unreadable__run_then_revoke__restored)
{
    grant_and_damage();
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.ledgers_repaired, 1);
    ck_assert_sbx_ok(revoke(grant_path("ws")), &err);
    ck_assert_ptr_null(grant_anything_left());
    ck_assert_uint_eq(ledger_count(), 0);
    ck_assert(GetFileAttributesW(ledger_path_w(".damaged-1")) != INVALID_FILE_ATTRIBUTES);
}
END_TEST

/* As after a run that was killed between setting the damage aside and its first line. */
START_TEST(set_aside_and_killed__revoke__refused_until_a_run)
{
    const struct sbx_ledger_how how = {.create = true};
    struct sbx_ledger ledger;
    HANDLE directory = NULL;

    grant_and_damage();
    ck_assert_sbx_ok(sbx_ledger_directory(state, false, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    ck_assert_uint_eq(ledger.records.count, 0);
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
    ck_kept(revoke_all(), 0);
    ck_kept(revoke(grant_path("ws")), 0);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_ptr_null(grant_anything_left());
}
END_TEST

/* Made, and its maker killed before the first line, which comes before the first write. */
START_TEST(empty_and_never_damaged__revoke__goes)
{
    const struct sbx_ledger_how how = {.create = true};
    struct sbx_ledger ledger;
    HANDLE directory = NULL;

    snprintf(name, sizeof(name), "0123456789abcdef0123456789abcdef.log");
    ck_assert_sbx_ok(sbx_ledger_directory(state, true, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
    ck_assert_int_eq(revoke(grant_path("outside")), SBX_NOT_FOUND);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_uint_eq(ledger_count(), 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, grant_case_setup, grant_case_teardown);
    tcase_add_test(tcase, first_line_unreadable__revoke__refused_and_ledger_as_it_was);
    tcase_add_test(tcase, first_line_unreadable__run_then_revoke__restored);
    tcase_add_test(tcase, set_aside_and_killed__revoke__refused_until_a_run);
    tcase_add_test(tcase, empty_and_never_damaged__revoke__goes);
}

UNIT_MAIN("grant_damaged", add_tests)
