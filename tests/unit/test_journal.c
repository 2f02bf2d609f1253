/* The lines of set-up's journal, damage, and what they say about objects. */
#include "tests/support/unit.h"
#include "setup/journal.h"

static struct sbx_error err;
static struct sbx_buf text;
static struct sbx_journal_records records;
static uint64_t next;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&text, SBX_JOURNAL_MAX_BYTES);
    memset(&records, 0, sizeof(records));
    next = 1;
}

static void teardown(void)
{
    sbx_journal_records_done(&records);
    sbx_buf_done(&text);
}

static void line(enum sbx_journal_kind kind, const char *step, const char *object)
{
    ck_assert_sbx_ok(sbx_journal_format(next++, kind, step, object, &text, &err), &err);
}

static void whole(void)
{
    line(SBX_JOURNAL_BEGIN, NULL, "install");
    line(SBX_JOURNAL_APPLY, "accounts", NULL);
    line(SBX_JOURNAL_OBJECT, "accounts", "AgentSandboxOffline 1");
    line(SBX_JOURNAL_DONE, "accounts", NULL);
    line(SBX_JOURNAL_OBJECT, "fence", "AgentSandboxOffline 1");
    line(SBX_JOURNAL_UNDO, "fence", NULL);
    line(SBX_JOURNAL_UNDONE, "fence", NULL);
    line(SBX_JOURNAL_END, NULL, "ok");
}

static void read_all(size_t length_bytes)
{
    sbx_journal_records_done(&records);
    ck_assert_sbx_ok(sbx_journal_read(text.data, length_bytes, &records, &err), &err);
}

START_TEST(read__whole__says_what_is_ours)
{
    whole();
    read_all(text.length_bytes);
    ck_assert(!records.damaged);
    ck_assert_uint_eq(records.count, 8);
    ck_assert(sbx_journal_intended(&records, "accounts", "AgentSandboxOffline 1"));
    ck_assert(!sbx_journal_intended(&records, "accounts", "AgentSandboxOffline"));
    ck_assert(!sbx_journal_intended(&records, "fence", "AgentSandboxOffline 1"));
    ck_assert(!sbx_journal_is_open(&records));
    ck_assert(sbx_journal_has_objects(&records));
}
END_TEST

/* A power loss at any byte: the lines before it are kept, and nothing is made up. */
START_TEST(read__cut_anywhere__keeps_the_lines_before)
{
    size_t length;
    size_t lines = 0;

    whole();
    for (length = 0; length <= text.length_bytes; length++) {
        read_all(length);
        if (length && text.data[length - 1] == '\n')
            lines++;
        ck_assert_uint_eq(records.count, lines);
        ck_assert(records.damaged == (length && text.data[length - 1] != '\n'));
        ck_assert(records.torn == records.damaged);
        ck_assert(sbx_journal_is_open(&records) == (lines > 0 && lines < 8));
    }
}
END_TEST

START_TEST(read__any_bit_flipped__that_line_is_not_believed)
{
    size_t i;

    whole();
    for (i = 0; i < text.length_bytes; i++) {
        text.data[i] = (char)(text.data[i] ^ 1);
        read_all(text.length_bytes);
        ck_assert_msg(records.damaged && records.good_bytes <= i, "byte %zu", i);
        text.data[i] = (char)(text.data[i] ^ 1);
    }
}
END_TEST

START_TEST(read__line_missing__stops_there)
{
    line(SBX_JOURNAL_BEGIN, NULL, "install");
    next++;
    line(SBX_JOURNAL_OBJECT, "accounts", "x");
    read_all(text.length_bytes);
    ck_assert(records.damaged);
    ck_assert_uint_eq(records.count, 1);
    ck_assert(!sbx_journal_has_objects(&records));
}
END_TEST

START_TEST(read__damage_in_the_middle__is_not_torn)
{
    whole();
    text.data[60] ^= 1;
    read_all(text.length_bytes);
    ck_assert(records.damaged && !records.torn);
}
END_TEST

START_TEST(compact__any_journal__means_the_same)
{
    struct sbx_buf shorter;

    whole();
    read_all(text.length_bytes);
    sbx_buf_init(&shorter, SBX_JOURNAL_MAX_BYTES);
    ck_assert_sbx_ok(sbx_journal_compact(&records, &shorter, &err), &err);
    sbx_journal_records_done(&records);
    ck_assert_sbx_ok(sbx_journal_read(shorter.data, shorter.length_bytes, &records, &err), &err);
    ck_assert(!records.damaged);
    ck_assert(sbx_journal_intended(&records, "accounts", "AgentSandboxOffline 1"));
    ck_assert(!sbx_journal_intended(&records, "fence", "AgentSandboxOffline 1"));
    ck_assert(!sbx_journal_is_open(&records));
    sbx_buf_done(&shorter);
}
END_TEST

START_TEST(format__what_a_line_cannot_hold__refused)
{
    char lengthy[SBX_JOURNAL_WORD_MAX + 2];

    memset(lengthy, 'x', sizeof(lengthy) - 1);
    lengthy[sizeof(lengthy) - 1] = '\0';
    ck_assert_int_eq(
        sbx_journal_format(1, SBX_JOURNAL_APPLY, NULL, NULL, &text, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_journal_format(1, SBX_JOURNAL_OBJECT, "a", NULL, &text, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_journal_format(1, SBX_JOURNAL_OBJECT, "a", lengthy, &text, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_journal_format(1, SBX_JOURNAL_OBJECT, "a", "b\nc", &text, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_journal_format(1, (enum sbx_journal_kind)9, "a", "b", &text, &err), SBX_INVALID);
    ck_assert_uint_eq(text.length_bytes, 0);
}
END_TEST

START_TEST(setting__several__the_newest_first_and_no_objects)
{
    size_t at;

    line(SBX_JOURNAL_BEGIN, NULL, "install");
    line(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "fence plain");
    line(SBX_JOURNAL_OBJECT, "accounts", "fence none");
    line(SBX_JOURNAL_UNDONE, "accounts", NULL);
    line(SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, "fence complement");
    line(SBX_JOURNAL_END, NULL, "ok");
    read_all(text.length_bytes);
    at = records.count;
    ck_assert_str_eq(sbx_journal_setting(&records, "fence ", &at), "complement");
    ck_assert_str_eq(sbx_journal_setting(&records, "fence ", &at), "plain");
    ck_assert_ptr_null(sbx_journal_setting(&records, "fence ", &at));
    at = records.count;
    ck_assert_ptr_null(sbx_journal_setting(&records, "ports ", &at));
    ck_assert(!sbx_journal_has_objects(&records));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, read__whole__says_what_is_ours);
    tcase_add_test(tcase, read__cut_anywhere__keeps_the_lines_before);
    tcase_add_test(tcase, read__any_bit_flipped__that_line_is_not_believed);
    tcase_add_test(tcase, read__line_missing__stops_there);
    tcase_add_test(tcase, read__damage_in_the_middle__is_not_torn);
    tcase_add_test(tcase, compact__any_journal__means_the_same);
    tcase_add_test(tcase, setting__several__the_newest_first_and_no_objects);
    tcase_add_test(tcase, format__what_a_line_cannot_hold__refused);
}

UNIT_MAIN("journal", add_tests)
