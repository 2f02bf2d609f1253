/*
 * The ledger as the grant engine uses it (test_grant.c): held by another agent, damaged, deleted,
 * grown long, and shortened by an agent that was killed.
 */
#include "tests/support/grant/grantcase.h"
#include "shared/win/handle.h"

#include <stdio.h>

START_TEST(ledger_held_by_another__apply__timeout)
{
    const struct sbx_ledger_how how = {.create = false};
    char name[SBX_LEDGER_NAME_SIZE];
    struct sbx_ledger ledger;
    HANDLE directory = NULL;

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    ck_assert_sbx_ok(sbx_ledger_directory(state, false, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    options.lock_wait_ms = 300;
    ck_assert_int_eq(apply(), SBX_TIMEOUT);
    ck_assert_uint_eq(ledger_count(), 1); /* listing does not wait */
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
}
END_TEST

static void damage(const char *name, const void *bytes, DWORD count)
{
    char relative[100];
    DWORD written = 0;
    HANDLE file;

    snprintf(relative, sizeof(relative), "state\\ledger\\%s", name);
    file = CreateFileW(scratch_path_w(relative), FILE_APPEND_DATA, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(file != INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(file, bytes, count, &written, NULL));
    CloseHandle(file);
}

START_TEST(ledger_with_a_tail_of_nuls__apply__set_aside_and_walked_again)
{
    static const char nuls[512];
    char name[SBX_LEDGER_NAME_SIZE];
    char copy[100];

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    damage(name, nuls, sizeof(nuls));
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.ledgers_repaired, 1);
    ck_assert(!report.warm);
    ck_assert_uint_eq(report.counts.writes, 0); /* it was all there */
    snprintf(copy, sizeof(copy), "state\\ledger\\%s.damaged-1", name);
    ck_assert(GetFileAttributesW(scratch_path_w(copy)) != INVALID_FILE_ATTRIBUTES);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("after a repair");
}
END_TEST

START_TEST(ledger_deleted__apply__nothing_is_written_twice)
{
    char name[SBX_LEDGER_NAME_SIZE];
    char relative[100];

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    snprintf(relative, sizeof(relative), "state\\ledger\\%s", name);
    ck_assert(DeleteFileW(scratch_path_w(relative)));
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_uint_eq(report.files_walked, 12);
    ck_assert_sbx_ok(revoke_all(), &err);
    ck_assert_ptr_null(grant_anything_left()); /* by the SID, which needs no journal */
}
END_TEST

/* Records that say again what is said: as many runs leave them. Ends with a STALE. */
static void lengthen(unsigned rounds)
{
    const struct sbx_ledger_how how = {.create = false};
    char name[SBX_LEDGER_NAME_SIZE];
    struct sbx_ledger ledger;
    HANDLE directory = NULL;
    unsigned i;

    only_ledger(name);
    ck_assert_sbx_ok(sbx_ledger_directory(state, false, &directory, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_open(directory, name, &how, &ledger, &err), &err);
    for (i = 0; i < rounds; i++) {
        struct sbx_ledger_record stale = {.kind = SBX_LEDGER_STALE};
        struct sbx_ledger_record again = ledger.records.items[1];

        again.added_count = 0;
        ck_assert_sbx_ok(sbx_ledger_append(&ledger, &again, &err), &err);
        ck_assert_sbx_ok(sbx_ledger_append(&ledger, &stale, &err), &err);
    }
    ck_assert_sbx_ok(sbx_ledger_flush(&ledger, &err), &err);
    sbx_ledger_close(&ledger);
    sbx_handle_close(&directory);
}

static size_t ledger_lines(void)
{
    struct sbx_grant_info *infos = NULL;
    size_t lines, count = 0;

    ck_assert_sbx_ok(sbx_grants_list(state, &infos, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    ck_assert(!infos[0].is_damaged);
    lines = infos[0].records;
    sbx_grants_list_free(infos, count);
    return lines;
}

START_TEST(ledger_grown_long__apply__shorter_and_still_true)
{
    size_t lines;

    ck_assert_sbx_ok(apply(), &err);
    lines = ledger_lines();
    lengthen(SBX_LEDGER_SHRINK_AT / 2);
    ck_assert_uint_gt(ledger_lines(), SBX_LEDGER_SHRINK_AT);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert_uint_eq(report.counts.writes, 0);
    ck_assert_uint_le(ledger_lines(), lines + GRANT_TARGETS);
    ck_assert_sbx_ok(apply(), &err);
    ck_assert(report.warm);
    ck_restored("a shorter ledger");
}
END_TEST

static void copy_ledger(const char *suffix)
{
    char name[SBX_LEDGER_NAME_SIZE], to[120];
    wchar_t from_w[600];

    only_ledger(name);
    snprintf(to, sizeof(to), "state\\ledger\\%s", name);
    wcscpy(from_w, scratch_path_w(to));
    snprintf(to, sizeof(to), "state\\ledger\\%s%s", name, suffix);
    ck_assert(CopyFileW(from_w, scratch_path_w(to), FALSE));
}

/* Killed while the ledger was overwritten: the next content is whole, the ledger is not. */
START_TEST(shrink_killed__revoke__byte_for_byte)
{
    char name[SBX_LEDGER_NAME_SIZE], relative[120];
    HANDLE file;

    ck_assert_sbx_ok(apply(), &err);
    only_ledger(name);
    copy_ledger(".next");
    snprintf(relative, sizeof(relative), "state\\ledger\\%s", name);
    file = CreateFileW(scratch_path_w(relative), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(file != INVALID_HANDLE_VALUE);
    SetFilePointer(file, _i ? 300 : 0, NULL, FILE_BEGIN);
    ck_assert(SetEndOfFile(file));
    CloseHandle(file);
    ck_assert(is_complete()); /* a list that is asked for meanwhile is right, too */
    if (_i) {
        ck_assert_sbx_ok(apply(), &err);
        ck_assert(report.warm);
        ck_assert_uint_eq(report.ledgers_repaired, 0);
        snprintf(relative, sizeof(relative), "state\\ledger\\%s.next", name);
        ck_assert(GetFileAttributesW(scratch_path_w(relative)) == INVALID_FILE_ATTRIBUTES);
    }
    ck_restored("a shrink that was killed");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, grant_case_setup, grant_case_teardown);
    tcase_add_test(tcase, ledger_held_by_another__apply__timeout);
    tcase_add_test(tcase, ledger_with_a_tail_of_nuls__apply__set_aside_and_walked_again);
    tcase_add_test(tcase, ledger_deleted__apply__nothing_is_written_twice);
    tcase_add_test(tcase, ledger_grown_long__apply__shorter_and_still_true);
    tcase_add_loop_test(tcase, shrink_killed__revoke__byte_for_byte, 0, 2);
}

UNIT_MAIN("grant_ledger", add_tests)
