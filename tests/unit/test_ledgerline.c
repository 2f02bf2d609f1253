/* Ledger lines: what is written reads back, and nothing else does. */
#include "tests/support/unit.h"
#include "shared/core/ledgerline.h"

#include <stdio.h>

#define RECORDS 6

static struct sbx_error err;
static uint64_t rng;
static struct sbx_buf file;
static struct sbx_ledger_records records;

static const struct sbx_sid cap = {5, 5, {21, 11, 22, 33, 0x80000044u}};
static const struct sbx_sid group = {5, 5, {21, 1, 2, 3, 1005}};
static const uint8_t root_id[16] = {1, 2, 3, 0xFE};
static const uint8_t other_id[16] = {9};
static struct sbx_ace aces[2];

static void setup(void)
{
    sbx_error_init(&err);
    rng = unit_seed();
    memset(&records, 0, sizeof(records));
    sbx_buf_init(&file, 1u << 20);
    aces[0] = sbx_ace_make(SBX_ACE_DENY, 3, 0x000D0156, &cap);
    aces[1] = sbx_ace_make(SBX_ACE_ALLOW, 11, 0xFFFFFFFF, &group);
}

static void teardown(void)
{
    sbx_ledger_records_done(&records);
    sbx_buf_done(&file);
}

static void add(enum sbx_ledger_kind kind, uint64_t sequence, const uint8_t id[16],
    size_t ace_count, size_t added_count)
{
    struct sbx_ledger_record record = {.kind = kind,
        .sequence = sequence,
        .path = (char *)(uintptr_t) "C:\\w\xC3\xB6rk \"x\"\n",
        .volume_guid = (char *)(uintptr_t) "\\\\?\\Volume{1}\\",
        .capability = (char *)(uintptr_t) "S-1-5-21-1-2-3-4",
        .is_directory = true,
        .aces = aces,
        .ace_count = ace_count,
        .added = aces,
        .added_count = added_count};

    memcpy(record.file_id, id, 16);
    ck_assert_sbx_ok(sbx_ledger_format(&record, &file, &err), &err);
}

/* Granted, walked, put back, walked. */
static void write_file(void)
{
    add(SBX_LEDGER_ROOT, 1, root_id, 0, 0);
    add(SBX_LEDGER_TARGET, 2, root_id, 2, 1);
    add(SBX_LEDGER_TARGET, 3, other_id, 1, 1);
    add(SBX_LEDGER_DONE, 4, root_id, 2, 0);
    add(SBX_LEDGER_DONE, 5, other_id, 1, 0);
    add(SBX_LEDGER_TARGET, 6, root_id, 2, 2);
}

static void read_file(size_t length_bytes)
{
    sbx_ledger_records_done(&records);
    ck_assert_sbx_ok(sbx_ledger_read(file.data, length_bytes, &records, &err), &err);
}

START_TEST(records__format_and_read__the_same)
{
    write_file();
    read_file(file.length_bytes);
    ck_assert(!records.damaged);
    ck_assert_uint_eq(records.count, RECORDS);
    ck_assert_uint_eq(records.good_bytes, file.length_bytes);
    ck_assert_str_eq(records.items[0].path, "C:\\w\xC3\xB6rk \"x\"\n");
    ck_assert_str_eq(records.items[0].volume_guid, "\\\\?\\Volume{1}\\");
    ck_assert_str_eq(records.items[0].capability, "S-1-5-21-1-2-3-4");
    ck_assert_mem_eq(records.items[1].file_id, root_id, 16);
    ck_assert(records.items[1].is_directory);
    ck_assert_uint_eq(records.items[1].ace_count, 2);
    ck_assert(sbx_ledger_same_aces(records.items[1].aces, 2, aces, 2));
    ck_assert_uint_eq(records.items[1].added_count, 1);
    ck_assert_uint_eq(records.items[5].added_count, 2);
}
END_TEST

START_TEST(file_cut_anywhere__read__whole_lines_before_the_cut)
{
    size_t cut, lines, i;

    write_file();
    for (cut = 0; cut <= file.length_bytes; cut++) {
        for (i = lines = 0; i < cut; i++)
            lines += file.data[i] == '\n';
        read_file(cut);
        ck_assert_uint_eq(records.count, lines);
        ck_assert_int_eq(records.damaged, cut > 0 && file.data[cut - 1] != '\n');
        ck_assert(records.good_bytes <= cut);
        ck_assert_int_eq(records.damaged, records.why[0] != 0);
    }
}
END_TEST

START_TEST(any_byte_changed__read__that_line_and_all_after_are_damaged)
{
    size_t at, lines, i;

    write_file();
    for (at = 0; at < file.length_bytes; at++) {
        char kept = file.data[at];

        file.data[at] = (char)(kept ^ (1 << (unit_random(&rng) % 8)));
        for (i = lines = 0; i < at; i++)
            lines += file.data[i] == '\n';
        read_file(file.length_bytes);
        ck_assert_msg(records.damaged && records.count == lines, "byte %zu", at);
        file.data[at] = kept;
    }
}
END_TEST

START_TEST(tail_of_nuls__read__damaged_and_the_rest_is_good)
{
    static const char nuls[4096];
    size_t good;

    write_file();
    good = file.length_bytes;
    ck_assert_sbx_ok(sbx_buf_add(&file, nuls, sizeof(nuls), &err), &err);
    read_file(file.length_bytes);
    ck_assert(records.damaged);
    ck_assert_uint_eq(records.good_bytes, good);
    ck_assert_uint_eq(records.count, RECORDS);
}
END_TEST

START_TEST(line_missing_in_the_middle__read__stops_there)
{
    add(SBX_LEDGER_ROOT, 1, root_id, 0, 0);
    add(SBX_LEDGER_TARGET, 3, root_id, 2, 1);
    read_file(file.length_bytes);
    ck_assert(records.damaged);
    ck_assert_uint_eq(records.count, 1);
}
END_TEST

START_TEST(first_line_is_no_header__read__nothing)
{
    add(SBX_LEDGER_TARGET, 1, root_id, 2, 1);
    read_file(file.length_bytes);
    ck_assert(records.damaged);
    ck_assert_uint_eq(records.count, 0);
}
END_TEST

START_TEST(second_header__read__stops_there)
{
    add(SBX_LEDGER_ROOT, 1, root_id, 0, 0);
    add(SBX_LEDGER_ROOT, 2, root_id, 0, 0);
    read_file(file.length_bytes);
    ck_assert(records.damaged);
    ck_assert_uint_eq(records.count, 1);
}
END_TEST

START_TEST(done_then_put_back__is_done__no)
{
    write_file();
    read_file(file.length_bytes);
    /* the root had to be put back after its walk; the other object did not */
    ck_assert(!sbx_ledger_is_done(&records, root_id, aces, 2));
    ck_assert(sbx_ledger_is_done(&records, other_id, aces, 1));
    ck_assert(!sbx_ledger_is_done(&records, other_id, aces, 2)); /* other entries */
    add(SBX_LEDGER_DONE, 7, root_id, 2, 0);
    read_file(file.length_bytes);
    ck_assert(sbx_ledger_is_done(&records, root_id, aces, 2));
    add(SBX_LEDGER_STALE, 8, root_id, 0, 0);
    read_file(file.length_bytes);
    ck_assert(!sbx_ledger_is_done(&records, root_id, aces, 2));
    ck_assert(!sbx_ledger_is_done(&records, other_id, aces, 1));
}
END_TEST

START_TEST(target_with_other_entries__is_done__still)
{
    add(SBX_LEDGER_ROOT, 1, root_id, 0, 0);
    add(SBX_LEDGER_TARGET, 2, root_id, 2, 1);
    add(SBX_LEDGER_DONE, 3, root_id, 2, 0);
    add(SBX_LEDGER_TARGET, 4, root_id, 1, 1);
    read_file(file.length_bytes);
    ck_assert(sbx_ledger_is_done(&records, root_id, aces, 2));
    ck_assert(!sbx_ledger_is_done(&records, root_id, aces, 1));
}
END_TEST

START_TEST(several_targets__added__union_until_gone)
{
    struct sbx_ace *added = NULL;
    size_t count = 0;

    write_file();
    read_file(file.length_bytes);
    ck_assert_sbx_ok(sbx_ledger_added(&records, root_id, &added, &count, &err), &err);
    ck_assert_uint_eq(count, 2);
    free(added);
    add(SBX_LEDGER_GONE, 7, root_id, 0, 0);
    read_file(file.length_bytes);
    ck_assert_sbx_ok(sbx_ledger_added(&records, root_id, &added, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(added);
    ck_assert_sbx_ok(sbx_ledger_added(&records, other_id, &added, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    free(added);
}
END_TEST

START_TEST(inherited_entry__format__refused)
{
    struct sbx_ledger_record record = {.kind = SBX_LEDGER_DONE, .sequence = 1};

    record.aces = aces;
    record.ace_count = 1;
    aces[0].flags |= SBX_ACE_INHERITED;
    ck_assert_int_eq(sbx_ledger_format(&record, &file, &err), SBX_INVALID);
    ck_assert_uint_eq(file.length_bytes, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, records__format_and_read__the_same);
    tcase_add_test(tcase, file_cut_anywhere__read__whole_lines_before_the_cut);
    tcase_add_test(tcase, any_byte_changed__read__that_line_and_all_after_are_damaged);
    tcase_add_test(tcase, tail_of_nuls__read__damaged_and_the_rest_is_good);
    tcase_add_test(tcase, line_missing_in_the_middle__read__stops_there);
    tcase_add_test(tcase, first_line_is_no_header__read__nothing);
    tcase_add_test(tcase, second_header__read__stops_there);
    tcase_add_test(tcase, done_then_put_back__is_done__no);
    tcase_add_test(tcase, target_with_other_entries__is_done__still);
    tcase_add_test(tcase, several_targets__added__union_until_gone);
    tcase_add_test(tcase, inherited_entry__format__refused);
}

UNIT_MAIN("ledgerline", add_tests)
