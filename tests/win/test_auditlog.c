/*
 * The files of the audit log: what is left of an append that was cut off anywhere, many writers
 * at once, writers that are killed, rotation, damage.
 */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"
#include "tests/support/win/scratch.h"
#include "shared/win/auditlog.h"

#include <stdio.h>

#include "shared/win/handle.h"

#define WRITERS 8u
#define ITEMS 25u

static struct sbx_error err;
static struct sbx_auditlog log_;
static struct sbx_buf file; /* content of the file last read */

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&file, SBX_AUDITLOG_FILE_MAX_BYTES);
    ck_assert_sbx_ok(sbx_auditlog_open(scratch_begin(), true, &log_, &err), &err);
}

static void teardown(void)
{
    sbx_buf_done(&file);
    sbx_auditlog_close(&log_);
    scratch_end();
}

static void append(uint64_t item)
{
    struct sbx_audit_record record;

    sbx_audit_begin(&record, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_SUCCESS, 1700000000000u);
    sbx_audit_number(&record, "agent_sandbox", "item", item);
    ck_assert_sbx_ok(sbx_auditlog_append(&log_, &record, NULL, &err), &err);
}

static void read_file(uint32_t number)
{
    sbx_buf_clear(&file);
    ck_assert_sbx_ok(sbx_auditlog_read(&log_, number, &file, &err), &err);
}

/* By plain calls: the file as a killed writer, or somebody else, left it. */
static void write_file(uint32_t number, const void *bytes, size_t length)
{
    char name[SBX_AUDITLOG_NAME_SIZE], path[100];
    DWORD written = 0;
    HANDLE handle;

    sbx_auditlog_name(number, name);
    snprintf(path, sizeof(path), "audit\\%s", name);
    handle = CreateFileW(
        scratch_path_w(path), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    ck_assert(handle != INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(handle, bytes, (DWORD)length, &written, NULL) && written == length);
    CloseHandle(handle);
}

/* The whole log. */
static enum sbx_status verify(struct sbx_audit_check *ret)
{
    uint32_t number, lowest = 0, highest = 0;
    enum sbx_status status = SBX_OK;

    memset(ret, 0, sizeof(*ret));
    ck_assert_sbx_ok(sbx_auditlog_range(&log_, &lowest, &highest, &err), &err);
    for (number = lowest; !status && number && number <= highest; number++) {
        read_file(number);
        status = sbx_audit_check_file(
            ret, file.data ? file.data : "", file.length_bytes, number == highest, &err);
    }
    return status;
}

static uint64_t verified(void)
{
    struct sbx_audit_check check;

    ck_assert_sbx_ok(verify(&check), &err);
    ck_assert_uint_eq(check.torn_bytes, 0);
    ck_assert_uint_eq(check.restarts, 0);
    return check.records;
}

/* --- one writer ------------------------------------------------------------------------------- */

START_TEST(append__records__verify)
{
    unsigned i;

    for (i = 0; i < 5; i++)
        append(i);
    ck_assert_uint_eq(verified(), 5);
}
END_TEST

START_TEST(open__no_log_and_not_to_be_made__not_found)
{
    struct sbx_auditlog other = {0};

    ck_assert_int_eq(sbx_auditlog_open(scratch_path("none"), false, &other, &err), SBX_NOT_FOUND);
    scratch_mkdir("some");
    ck_assert_int_eq(sbx_auditlog_open(scratch_path("some"), false, &other, &err), SBX_NOT_FOUND);
}
END_TEST

/* A writer that is killed at any byte of its append. */
START_TEST(append_torn_at_every_byte__next_append__chain_is_whole)
{
    struct sbx_buf whole;
    size_t before, at;

    append(1);
    append(2);
    read_file(1);
    before = file.length_bytes;
    append(3);
    sbx_buf_init(&whole, SBX_AUDITLOG_FILE_MAX_BYTES);
    read_file(1);
    ck_assert_sbx_ok(sbx_buf_add(&whole, file.data, file.length_bytes, &err), &err);
    for (at = before; at <= whole.length_bytes; at++) {
        uint64_t expected = at == whole.length_bytes ? 4 : at == before ? 3 : 4;

        write_file(1, whole.data, at);
        append(4);
        ck_assert_msg(verified() == expected, "cut at byte %zu", at - before);
        read_file(1);
        ck_assert(memcmp(file.data, whole.data, before) == 0);
        ck_assert((strstr(file.data, "\"log-repaired\"") != NULL) ==
                  (at > before && at < whole.length_bytes));
    }
    sbx_buf_done(&whole);
}
END_TEST

START_TEST(first_append_torn_at_every_byte__next_append__chain_is_whole)
{
    struct sbx_buf whole;
    size_t at;

    append(1);
    sbx_buf_init(&whole, SBX_AUDITLOG_FILE_MAX_BYTES);
    read_file(1);
    ck_assert_sbx_ok(sbx_buf_add(&whole, file.data, file.length_bytes, &err), &err);
    for (at = 0; at < whole.length_bytes; at++) {
        write_file(1, whole.data, at);
        append(2);
        ck_assert_msg(verified() == (at ? 2u : 1u), "cut at byte %zu", at);
    }
    sbx_buf_done(&whole);
}
END_TEST

START_TEST(last_record_damaged__next_append__new_chain_in_a_new_file_and_verify_names_it)
{
    struct sbx_audit_check check;

    append(1);
    append(2);
    read_file(1);
    file.data[file.length_bytes - 100] ^= 1;
    write_file(1, file.data, file.length_bytes);
    append(3);
    ck_assert_int_eq(verify(&check), SBX_INVALID);
    ck_assert_uint_eq(check.records, 1);
    ck_assert(strstr(err.context, "line 2 (") != NULL);
    read_file(2);
    ck_assert_ptr_nonnull(strstr(file.data, "\"log-restarted\""));
    append(4); /* and goes on there */
    read_file(2);
    memset(&check, 0, sizeof(check));
    ck_assert_sbx_ok(sbx_audit_check_file(&check, file.data, file.length_bytes, true, &err), &err);
    ck_assert_uint_eq(check.records, 3);
}
END_TEST

START_TEST(file_without_any_line_end__next_append__new_file)
{
    char *bytes = calloc(3, SBX_AUDIT_LINE_MAX);
    struct sbx_audit_check check;

    ck_assert_ptr_nonnull(bytes);
    write_file(1, bytes, 3 * SBX_AUDIT_LINE_MAX);
    free(bytes);
    append(1);
    read_file(2);
    memset(&check, 0, sizeof(check));
    ck_assert_sbx_ok(sbx_audit_check_file(&check, file.data, file.length_bytes, true, &err), &err);
    ck_assert_uint_eq(check.records, 2);
}
END_TEST

START_TEST(held_by_another__times_out)
{
    struct sbx_audit_record record;
    HANDLE holder;

    append(1);
    holder = CreateFileW(scratch_path_w("audit\\audit-00000001.jsonl"), GENERIC_READ, 0, NULL,
        OPEN_EXISTING, 0, NULL);
    ck_assert(holder != INVALID_HANDLE_VALUE);
    sbx_audit_begin(&record, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_SUCCESS, 0);
    log_.wait_ms = 50;
    ck_assert_int_eq(sbx_auditlog_append(&log_, &record, NULL, &err), SBX_TIMEOUT);
    CloseHandle(holder);
    append(2);
    ck_assert_uint_eq(verified(), 2);
}
END_TEST

/* --- rotation --------------------------------------------------------------------------------- */

START_TEST(rotation__many_files__one_chain_and_the_oldest_go)
{
    uint32_t lowest = 0, highest = 0;
    struct sbx_audit_check check;
    unsigned i;

    log_.rotate_bytes = 1000;
    for (i = 0; i < 60; i++)
        append(i);
    ck_assert_sbx_ok(verify(&check), &err);
    ck_assert_sbx_ok(sbx_auditlog_range(&log_, &lowest, &highest, &err), &err);
    ck_assert_uint_eq(highest - lowest + 1, SBX_AUDITLOG_FILES_MAX);
    ck_assert_uint_gt(check.begins_at, 1);
    ck_assert_uint_eq(check.begins_at + check.records, 61);
}
END_TEST

START_TEST(rotation__killed_before_the_first_record_of_the_new_file__goes_on)
{
    append(1);
    append(2);
    write_file(2, "", 0);
    append(3);
    read_file(2);
    ck_assert_uint_gt(file.length_bytes, 0);
    ck_assert_uint_eq(verified(), 3);
    write_file(3, "{\"@time", 7);
    append(4);
    ck_assert_uint_eq(verified(), 5); /* with the one that says it was repaired */
}
END_TEST

START_TEST(other_names_in_the_folder__are_not_the_log)
{
    scratch_write("audit\\audit-1.jsonl", "x");
    scratch_write("audit\\audit-00000009.jsonl.txt", "x");
    scratch_write("audit\\audit-0000000a.jsonl", "x");
    scratch_mkdir("audit\\folder");
    append(1);
    ck_assert_uint_eq(verified(), 1);
}
END_TEST

/* --- many writers ----------------------------------------------------------------------------- */

static const char *writer_image(void)
{
    static char path[800];

    snprintf(path, sizeof(path), "%s\\auditwriter.exe", child_directory());
    return path;
}

static void start_writer(
    unsigned number, unsigned items, const char *rotate, struct sbx_process *ret)
{
    char state[800], number_text[16], items_text[16];
    const char *argv[5] = {"auditwriter", state, number_text, items_text, rotate};
    struct sbx_spawn spawn = child_request(argv, rotate ? 5 : 4);

    snprintf(state, sizeof(state), "%s", scratch_path("."));
    state[strlen(state) - 2] = '\0'; /* "\." */
    snprintf(number_text, sizeof(number_text), "%u", number);
    snprintf(items_text, sizeof(items_text), "%u", items);
    spawn.image = writer_image();
    spawn.options |= SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, ret, &err), &err);
}

START_TEST(eight_processes_at_once__no_record_is_lost)
{
    struct sbx_process writers[WRITERS] = {{0}};
    unsigned i;

    for (i = 0; i < WRITERS; i++)
        start_writer(i, ITEMS, _i ? "3000" : NULL, &writers[i]);
    for (i = 0; i < WRITERS; i++) {
        uint32_t exit_code = 1;

        ck_assert_sbx_ok(sbx_process_wait(&writers[i], 120000, &exit_code, &err), &err);
        ck_assert_uint_eq(exit_code, 0);
        sbx_process_close(&writers[i]);
    }
    if (_i) { /* rotated on the way: some are gone, none is missing */
        struct sbx_audit_check check;

        ck_assert_sbx_ok(verify(&check), &err);
        ck_assert_uint_eq(check.begins_at + check.records, WRITERS * ITEMS + 1);
    } else {
        ck_assert_uint_eq(verified(), WRITERS * ITEMS);
    }
}
END_TEST

START_TEST(writers_killed_while_they_write__chain_is_whole)
{
    uint64_t random = unit_seed();
    struct sbx_process writer;
    unsigned i;

    append(0);
    for (i = 0; i < 12; i++) {
        memset(&writer, 0, sizeof(writer));
        start_writer(i, 100000, "20000", &writer);
        Sleep((DWORD)(60 + unit_random(&random) % 100));
        sbx_process_kill(&writer, 9);
        sbx_process_close(&writer);
        append(i);
        {
            struct sbx_audit_check check;

            ck_assert_sbx_ok(verify(&check), &err);
            ck_assert_uint_eq(check.restarts, 0);
            ck_assert_uint_eq(check.torn_bytes, 0);
        }
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 280);
    tcase_add_test(tcase, append__records__verify);
    tcase_add_test(tcase, open__no_log_and_not_to_be_made__not_found);
    tcase_add_test(tcase, append_torn_at_every_byte__next_append__chain_is_whole);
    tcase_add_test(tcase, first_append_torn_at_every_byte__next_append__chain_is_whole);
    tcase_add_test(
        tcase, last_record_damaged__next_append__new_chain_in_a_new_file_and_verify_names_it);
    tcase_add_test(tcase, file_without_any_line_end__next_append__new_file);
    tcase_add_test(tcase, held_by_another__times_out);
    tcase_add_test(tcase, rotation__many_files__one_chain_and_the_oldest_go);
    tcase_add_test(tcase, rotation__killed_before_the_first_record_of_the_new_file__goes_on);
    tcase_add_test(tcase, other_names_in_the_folder__are_not_the_log);
    tcase_add_loop_test(tcase, eight_processes_at_once__no_record_is_lost, 0, 2);
    tcase_add_test(tcase, writers_killed_while_they_write__chain_is_whole);
}

UNIT_MAIN("auditlog", add_tests)
