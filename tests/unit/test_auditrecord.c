/* The audit log as text: what a line is, and that no change of a closed record goes unseen. */
#include "tests/support/unit.h"
#include "shared/core/auditrecord.h"

#include <stdio.h>

#include "shared/core/json.h"

#define RECORDS 5u

static struct sbx_error err;
static struct sbx_buf lines;
static struct sbx_audit_tip tip;
static size_t ends[RECORDS + 1]; /* byte behind each record of the log */

static void add_record(unsigned number)
{
    const char *const argv[] = {"git", "commit", "-m", "t\xc3\xa4st \"x\""};
    struct sbx_audit_record record;

    sbx_audit_begin(&record, SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_UNKNOWN, 1700000000000u + number);
    sbx_audit_list(&record, "process", "args", argv, countof(argv));
    sbx_audit_text(&record, "event", "reason", number == 2 ? "because" : NULL);
    sbx_audit_number(&record, "agent_sandbox", "run", number);
    sbx_audit_flag(&record, "agent_sandbox", "confined", true);
    sbx_audit_text(&record, "process", "working_directory", "C:\\p");
    ck_assert_sbx_ok(sbx_audit_format(&record, &tip, &lines, &err), &err);
}

static void setup(void)
{
    unsigned i;

    sbx_error_init(&err);
    sbx_buf_init(&lines, 1u << 20);
    sbx_audit_tip_init(&tip);
    ends[0] = 0;
    for (i = 0; i < RECORDS; i++) {
        add_record(i);
        ends[i + 1] = lines.length_bytes;
    }
}

static void teardown(void)
{
    sbx_buf_done(&lines);
}

static enum sbx_status check(const char *bytes, size_t length, struct sbx_audit_check *ret)
{
    memset(ret, 0, sizeof(*ret));
    sbx_error_init(&err);
    return sbx_audit_check_file(ret, bytes, length, true, &err);
}

/* --- the line --------------------------------------------------------------------------------- */

START_TEST(format__record__is_one_line_of_json_with_ecs_names)
{
    const struct sbx_json_limits limits = {SBX_AUDIT_LINE_MAX, 8};
    struct sbx_json_at root, section;
    const char *text = NULL;
    struct cJSON *doc = NULL;
    int64_t number = 0;

    ck_assert(memchr(lines.data, '\n', lines.length_bytes) == lines.data + ends[1] - 1);
    ck_assert_sbx_ok(
        sbx_json_parse(lines.data + ends[2], ends[3] - ends[2], &limits, &doc, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(doc, &root, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_string(&root, "@timestamp", 100, &text, &err), &err);
    ck_assert_str_eq(text, "2023-11-14T22:13:20.002Z");
    ck_assert_sbx_ok(sbx_json_get_object(&root, "event", &section, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_string(&section, "reason", 100, &text, &err), &err);
    ck_assert_str_eq(text, "because");
    ck_assert_sbx_ok(sbx_json_get_int(&section, "sequence", 1, 9, &number, &err), &err);
    ck_assert_int_eq(number, 3);
    ck_assert_sbx_ok(sbx_json_get_object(&root, "process", &section, &err), &err);
    ck_assert_uint_eq(sbx_json_count(&section), 2); /* two calls, one object */
    ck_assert_sbx_ok(sbx_json_get_object(&root, "chain", &section, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_string(&section, "hash", 100, &text, &err), &err);
    ck_assert_uint_eq(strlen(text), 64);
    sbx_json_free(doc);
}
END_TEST

/* For the Windows Event Log alone: the same members, and nothing that claims a place in a chain. */
START_TEST(format_single__record__has_no_place_in_a_chain)
{
    const struct sbx_json_limits limits = {SBX_AUDIT_LINE_MAX, 8};
    struct sbx_audit_record record;
    struct sbx_json_at root, section;
    struct cJSON *doc = NULL;
    const char *text = NULL;
    struct sbx_buf json;

    sbx_buf_init(&json, SBX_AUDIT_LINE_MAX);
    sbx_audit_begin(&record, SBX_AUDIT_SETUP_CHANGED, SBX_OUTCOME_SUCCESS, 1700000000000u);
    sbx_audit_text(&record, "user", "id", "S-1-5-18");
    ck_assert_sbx_ok(sbx_audit_format_single(&record, &json, &err), &err);
    ck_assert(json.data[json.length_bytes - 1] == '}');
    ck_assert_sbx_ok(sbx_json_parse(json.data, json.length_bytes, &limits, &doc, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(doc, &root, &err), &err);
    ck_assert(!sbx_json_has(&root, "chain"));
    ck_assert_sbx_ok(sbx_json_get_object(&root, "event", &section, &err), &err);
    ck_assert(!sbx_json_has(&section, "sequence"));
    ck_assert_sbx_ok(sbx_json_get_string(&section, "action", 100, &text, &err), &err);
    ck_assert_str_eq(text, "setup-changed");
    ck_assert_sbx_ok(sbx_json_get_object(&root, "user", &section, &err), &err);
    sbx_json_free(doc);
    sbx_audit_text(&record, "user", "id", "\xff");
    ck_assert_int_eq(sbx_audit_format_single(&record, &json, &err), SBX_INVALID);
    sbx_buf_done(&json);
}
END_TEST

START_TEST(format__text_too_long__is_cut_between_characters)
{
    struct sbx_audit_record record;
    struct sbx_buf text;
    size_t i;

    sbx_buf_init(&text, 65536);
    for (i = 0; i < 3000; i++)
        ck_assert_sbx_ok(sbx_buf_puts(&text, "\xc3\xa4", &err), &err);
    sbx_audit_begin(&record, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_SUCCESS, 0);
    sbx_audit_text(&record, "event", "reason", text.data);
    sbx_buf_clear(&lines);
    ck_assert_sbx_ok(sbx_audit_format(&record, &tip, &lines, &err), &err);
    ck_assert(lines.length_bytes > SBX_AUDIT_TEXT_MAX && lines.length_bytes < 6000);
    ck_assert(strstr(lines.data, "\xa4...\"") != NULL);
    sbx_buf_done(&text);
}
END_TEST

START_TEST(format__list_too_long__says_so)
{
    const char *argv[2000];
    struct sbx_audit_record record;
    size_t i;

    for (i = 0; i < countof(argv); i++)
        argv[i] = "a long word of forty bytes, or nearly so";
    sbx_audit_begin(&record, SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_SUCCESS, 0);
    sbx_audit_list(&record, "process", "args", argv, countof(argv));
    sbx_buf_clear(&lines);
    ck_assert_sbx_ok(sbx_audit_format(&record, &tip, &lines, &err), &err);
    ck_assert(lines.length_bytes < SBX_AUDIT_LIST_MAX + 2000);
    ck_assert(strstr(lines.data, ",\"...\"]") != NULL);
}
END_TEST

START_TEST(format__ill_formed_text_or_too_many_members__refused_and_tip_kept)
{
    struct sbx_audit_tip before = tip;
    struct sbx_audit_record record;
    unsigned i;

    sbx_audit_begin(&record, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_SUCCESS, 0);
    sbx_audit_text(&record, "event", "reason", "\xff");
    ck_assert_int_eq(sbx_audit_format(&record, &tip, &lines, &err), SBX_INVALID);
    sbx_audit_begin(&record, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_SUCCESS, 0);
    for (i = 0; i <= SBX_AUDIT_FIELDS_MAX; i++)
        sbx_audit_flag(&record, "a", "b", true);
    ck_assert_int_eq(sbx_audit_format(&record, &tip, &lines, &err), SBX_INTERNAL);
    ck_assert_uint_eq(tip.sequence, before.sequence);
    ck_assert_str_eq(tip.hash, before.hash);
    ck_assert_uint_eq(lines.length_bytes, ends[RECORDS]);
}
END_TEST

static const struct {
    uint64_t time_ms;
    const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {951782399999u, "2000-02-28T23:59:59.999Z"},
    {951782400000u, "2000-02-29T00:00:00.000Z"},
    {951868800001u, "2000-03-01T00:00:00.001Z"},
    {4107542400000u, "2100-03-01T00:00:00.000Z"},
    {1709164800000u, "2024-02-29T00:00:00.000Z"},
    {1798761599000u, "2026-12-31T23:59:59.000Z"},
};

START_TEST(time_text__is_the_date)
{
    char text[32];

    sbx_audit_time_text(times[_i].time_ms, text);
    ck_assert_str_eq(text, times[_i].text);
}
END_TEST

/* --- the chain -------------------------------------------------------------------------------- */

START_TEST(check__log_as_written__is_good)
{
    struct sbx_audit_check result;

    ck_assert_sbx_ok(check(lines.data, lines.length_bytes, &result), &err);
    ck_assert_uint_eq(result.records, RECORDS);
    ck_assert_uint_eq(result.begins_at, 1);
    ck_assert_uint_eq(result.torn_bytes, 0);
    ck_assert_str_eq(result.tip.hash, tip.hash);
}
END_TEST

START_TEST(check__any_bit_of_any_byte_changed__first_damaged_record_is_named)
{
    struct sbx_audit_check result;
    size_t at, record = 0;
    unsigned bit;

    for (at = 0; at < lines.length_bytes; at++) {
        if (at == ends[record + 1])
            record++;
        for (bit = 0; bit < 8; bit++) {
            lines.data[at] = (char)(lines.data[at] ^ (1 << bit));
            if (at == lines.length_bytes - 1) /* the last line end: an append that did not finish */
                ck_assert(check(lines.data, lines.length_bytes, &result) == SBX_OK &&
                          result.records == RECORDS - 1 && result.torn_bytes > 0);
            else
                ck_assert_msg(check(lines.data, lines.length_bytes, &result) == SBX_INVALID,
                    "byte %zu bit %u goes unseen", at, bit);
            ck_assert_msg(result.records <= record && result.records + 1 >= record,
                "byte %zu of record %zu: %llu good", at, record + 1,
                (unsigned long long)result.records);
            lines.data[at] = (char)(lines.data[at] ^ (1 << bit));
        }
    }
}
END_TEST

START_TEST(check__byte_removed_or_doubled_anywhere__is_found)
{
    struct sbx_audit_check result;
    char *copy = malloc(lines.length_bytes + 1);
    size_t at, length = lines.length_bytes;

    ck_assert_ptr_nonnull(copy);
    for (at = 0; at + 1 < length; at++) {
        memcpy(copy, lines.data, at);
        memcpy(copy + at, lines.data + at + 1, length - at - 1);
        ck_assert_msg(check(copy, length - 1, &result) == SBX_INVALID, "byte %zu removed", at);
        memcpy(copy, lines.data, at + 1);
        memcpy(copy + at + 1, lines.data + at, length - at);
        ck_assert_msg(check(copy, length + 1, &result) == SBX_INVALID, "byte %zu doubled", at);
    }
    free(copy);
}
END_TEST

/* Records put together anew: each line is sound, their order is not. */
static enum sbx_status check_order(const unsigned *order, size_t count)
{
    struct sbx_audit_check result;
    struct sbx_buf text;
    enum sbx_status status;
    size_t i;

    sbx_buf_init(&text, 1u << 20);
    for (i = 0; i < count; i++)
        ck_assert_sbx_ok(sbx_buf_add(&text, lines.data + ends[order[i]],
                             ends[order[i] + 1] - ends[order[i]], &err),
            &err);
    status = check(text.data, text.length_bytes, &result);
    sbx_buf_done(&text);
    return status;
}

START_TEST(check__line_missing_moved_or_doubled__is_found)
{
    static const unsigned missing[] = {0, 1, 3, 4}, moved[] = {0, 2, 1, 3}, doubled[] = {0, 1, 1},
                          later[] = {2, 3, 4}, back[] = {2, 3, 0};

    ck_assert_int_eq(check_order(missing, countof(missing)), SBX_INVALID);
    ck_assert(strstr(err.context, "after record 2") != NULL);
    ck_assert_int_eq(check_order(moved, countof(moved)), SBX_INVALID);
    ck_assert_int_eq(check_order(doubled, countof(doubled)), SBX_INVALID);
    ck_assert_int_eq(check_order(back, countof(back)), SBX_INVALID);
    ck_assert_int_eq(check_order(later, countof(later)), SBX_OK); /* older files are gone */
}
END_TEST

/* Somebody who knows how records are made: one is written anew, with a right hash of its own. */
START_TEST(check__record_rewritten_with_a_right_hash__the_next_one_gives_it_away)
{
    struct sbx_audit_check result;
    struct sbx_buf text;

    sbx_buf_init(&text, 1u << 20);
    ck_assert_sbx_ok(sbx_buf_add(&text, lines.data, ends[RECORDS], &err), &err);
    sbx_buf_clear(&lines);
    ck_assert_sbx_ok(
        sbx_audit_read_line(text.data + ends[1], ends[2] - ends[1], &tip, NULL, &err), &err);
    ck_assert_sbx_ok(sbx_buf_add(&lines, text.data, ends[2], &err), &err);
    add_record(77);
    ck_assert_sbx_ok(check(lines.data, lines.length_bytes, &result), &err); /* so far sound */
    ck_assert_sbx_ok(sbx_buf_add(&lines, text.data + ends[3], ends[RECORDS] - ends[3], &err), &err);
    ck_assert_int_eq(check(lines.data, lines.length_bytes, &result), SBX_INVALID);
    ck_assert_uint_eq(result.records, 3);
    ck_assert_ptr_nonnull(strstr(err.context, "follows another record"));
    sbx_buf_done(&text);
}
END_TEST

START_TEST(check__sequence_number_skipped_by_a_writer__is_found)
{
    struct sbx_audit_check result;

    tip.sequence += 3;
    add_record(1);
    ck_assert_int_eq(check(lines.data, lines.length_bytes, &result), SBX_INVALID);
    ck_assert_uint_eq(result.records, RECORDS);
}
END_TEST

START_TEST(check__truncated_at_every_byte__whole_records_stay_good)
{
    struct sbx_audit_check result;
    size_t length, record;

    for (length = 0; length <= lines.length_bytes; length++) {
        for (record = 0; record < RECORDS && ends[record + 1] <= length; record++)
            ;
        ck_assert_sbx_ok(check(lines.data, length, &result), &err);
        ck_assert_uint_eq(result.records, record);
        ck_assert_uint_eq(result.torn_bytes, length - ends[record]);
        ck_assert_uint_eq(sbx_audit_whole_bytes(lines.data, length), ends[record]);
    }
}
END_TEST

START_TEST(check__several_files__one_chain)
{
    struct sbx_audit_check result = {0};

    ck_assert_sbx_ok(sbx_audit_check_file(&result, lines.data, ends[2], false, &err), &err);
    ck_assert_sbx_ok(sbx_audit_check_file(&result, "", 0, false, &err), &err);
    ck_assert_sbx_ok(sbx_audit_check_file(
                         &result, lines.data + ends[2], lines.length_bytes - ends[2], true, &err),
        &err);
    ck_assert_uint_eq(result.records, RECORDS);
    memset(&result, 0, sizeof(result));
    ck_assert_sbx_ok(sbx_audit_check_file(&result, lines.data, ends[2], false, &err), &err);
    ck_assert_int_eq(sbx_audit_check_file(
                         &result, lines.data + ends[3], lines.length_bytes - ends[3], true, &err),
        SBX_INVALID);
    memset(&result, 0, sizeof(result));
    ck_assert_int_eq(
        sbx_audit_check_file(&result, lines.data, ends[2] - 1, false, &err), SBX_INVALID);
}
END_TEST

START_TEST(check__restart_record__begins_a_chain_and_is_counted)
{
    struct sbx_audit_record record;
    struct sbx_audit_check result;

    sbx_audit_tip_init(&tip);
    sbx_audit_begin(&record, SBX_AUDIT_LOG_RESTARTED, SBX_OUTCOME_FAILURE, 0);
    ck_assert_sbx_ok(sbx_audit_format(&record, &tip, &lines, &err), &err);
    ck_assert_sbx_ok(check(lines.data, lines.length_bytes, &result), &err);
    ck_assert_uint_eq(result.restarts, 1);
    ck_assert_uint_eq(result.records, RECORDS + 1);
    /* Only such a record may: an ordinary first record in the middle is a cut. */
    sbx_audit_tip_init(&tip);
    add_record(9);
    ck_assert_int_eq(check(lines.data, lines.length_bytes, &result), SBX_INVALID);
}
END_TEST

START_TEST(read_line__not_a_record__refused)
{
    static const char *const bad[] = {"", "\n", "{}\n", "{\"chain\":{}}\n"};
    struct sbx_audit_tip read;
    size_t i;

    for (i = 0; i < countof(bad); i++)
        ck_assert_int_eq(
            sbx_audit_read_line(bad[i], strlen(bad[i]), &read, NULL, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_audit_read_line(lines.data, ends[1], &read, NULL, &err), &err);
    ck_assert_uint_eq(read.sequence, 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, format__record__is_one_line_of_json_with_ecs_names);
    tcase_add_test(tcase, format_single__record__has_no_place_in_a_chain);
    tcase_add_test(tcase, format__text_too_long__is_cut_between_characters);
    tcase_add_test(tcase, format__list_too_long__says_so);
    tcase_add_test(tcase, format__ill_formed_text_or_too_many_members__refused_and_tip_kept);
    tcase_add_loop_test(tcase, time_text__is_the_date, 0, (int)countof(times));
    tcase_add_test(tcase, check__log_as_written__is_good);
    tcase_add_test(tcase, check__any_bit_of_any_byte_changed__first_damaged_record_is_named);
    tcase_add_test(tcase, check__byte_removed_or_doubled_anywhere__is_found);
    tcase_add_test(tcase, check__line_missing_moved_or_doubled__is_found);
    tcase_add_test(tcase, check__record_rewritten_with_a_right_hash__the_next_one_gives_it_away);
    tcase_add_test(tcase, check__sequence_number_skipped_by_a_writer__is_found);
    tcase_add_test(tcase, check__truncated_at_every_byte__whole_records_stay_good);
    tcase_add_test(tcase, check__several_files__one_chain);
    tcase_add_test(tcase, check__restart_record__begins_a_chain_and_is_counted);
    tcase_add_test(tcase, read_line__not_a_record__refused);
}

UNIT_MAIN("auditrecord", add_tests)
