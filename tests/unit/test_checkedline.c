/*
 * The line form of ledgers and journals: what was written is read, and nothing else is.
 */
#include "tests/support/unit.h"
#include "shared/core/checkedline.h"

#include <stdio.h>

#define TEXT_MAX_BYTES 4000u
#define LINES 5u

static struct sbx_error err;
static struct sbx_buf lines;
static size_t starts[LINES + 1]; /* of each line, and the end */
static size_t taken, refuse_at;
static enum sbx_status refuse_with;

/* Of the most ordinary kind, and of the shortest and a longer one. */
static const char *const texts[LINES] = {
    "{\"seq\":1}", "{}", "{\"path\":\"C:\\\\w\\u0007s\"}", "[1,2]", "{\"last\":true}"};

static void setup(void)
{
    size_t i;

    sbx_error_init(&err);
    sbx_buf_init(&lines, TEXT_MAX_BYTES);
    taken = 0;
    refuse_at = LINES;
    for (i = 0; i < LINES; i++) {
        starts[i] = lines.length_bytes;
        ck_assert_sbx_ok(sbx_checkedline_add(&lines, texts[i], strlen(texts[i]), &err), &err);
    }
    starts[LINES] = lines.length_bytes;
}

static void teardown(void)
{
    sbx_buf_done(&lines);
}

/* Every line must open, hold what was written, and come in its turn. */
static enum sbx_status take(
    void *context, const char *line, size_t line_bytes, size_t index, struct sbx_error *error)
{
    const char *json = NULL;
    size_t json_bytes = 0;
    enum sbx_status status = sbx_checkedline_open(line, line_bytes, &json, &json_bytes, error);

    ck_assert_ptr_eq(context, &taken);
    ck_assert_uint_eq(index, taken);
    if (!status && index == refuse_at)
        status = sbx_fail(error, refuse_with, "not wanted");
    if (status)
        return status;
    ck_assert_uint_lt(index, LINES);
    ck_assert_uint_eq(json_bytes, strlen(texts[index]));
    ck_assert_mem_eq(json, texts[index], json_bytes);
    taken++;
    return SBX_OK;
}

static enum sbx_status read_front(
    const char *bytes, size_t length_bytes, struct sbx_checkedline_front *ret)
{
    taken = 0;
    return sbx_checkedline_each(bytes, length_bytes, take, &taken, ret, &err);
}

/* How many whole lines end at or before this byte. */
static size_t whole_lines(size_t bytes)
{
    size_t count = 0;

    while (count < LINES && starts[count + 1] <= bytes)
        count++;
    return count;
}

START_TEST(written__read__the_same_and_nothing_left)
{
    struct sbx_checkedline_front front;

    ck_assert_sbx_ok(read_front(lines.data, lines.length_bytes, &front), &err);
    ck_assert_uint_eq(taken, LINES);
    ck_assert_uint_eq(front.count, LINES);
    ck_assert_uint_eq(front.good_bytes, lines.length_bytes);
    ck_assert(!front.damaged && !front.torn && !front.why[0]);
}
END_TEST

/* An independent maker of the line: digits, then SHA-256 as sha256sum prints it. */
START_TEST(form__known_text__as_documented)
{
    static const char line[] = "000002 44136fa355b3678a1146ad16 {}\n";
    const char *json = NULL;
    size_t json_bytes = 0;

    ck_assert_uint_eq(starts[2] - starts[1], strlen(line));
    ck_assert_mem_eq(lines.data + starts[1], line, strlen(line));
    ck_assert_sbx_ok(sbx_checkedline_open(line, strlen(line), &json, &json_bytes, &err), &err);
    ck_assert_ptr_eq(json, line + SBX_CHECKEDLINE_HEAD);
    ck_assert_uint_eq(json_bytes, 2);
}
END_TEST

START_TEST(cut_anywhere__read__whole_lines_and_torn)
{
    struct sbx_checkedline_front front;
    size_t bytes;

    for (bytes = 0; bytes <= lines.length_bytes; bytes++) {
        size_t whole = whole_lines(bytes);

        ck_assert_sbx_ok(read_front(lines.data, bytes, &front), &err);
        ck_assert_uint_eq(front.count, whole);
        ck_assert_uint_eq(front.good_bytes, starts[whole]);
        ck_assert(front.damaged == (bytes != starts[whole]));
        ck_assert(front.torn == front.damaged);
    }
}
END_TEST

/* One bit of one byte: that line is not taken, the ones before it are. */
START_TEST(any_bit_changed__read__stops_at_that_line)
{
    struct sbx_checkedline_front front;
    size_t at;
    unsigned bit;

    for (at = 0; at < lines.length_bytes; at++) {
        for (bit = 0; bit < 8; bit++) {
            size_t line = whole_lines(at);

            lines.data[at] = (char)(lines.data[at] ^ (1 << bit));
            ck_assert_sbx_ok(read_front(lines.data, lines.length_bytes, &front), &err);
            lines.data[at] = (char)(lines.data[at] ^ (1 << bit));
            ck_assert_msg(front.damaged && front.count == line, "byte %zu bit %u: %zu lines", at,
                bit, front.count);
            ck_assert_uint_eq(front.good_bytes, starts[line]);
            ck_assert(strstr(front.why, "line ") == front.why);
        }
    }
}
END_TEST

START_TEST(tail_of_nuls__read__not_taken)
{
    struct sbx_checkedline_front front;
    char nuls[64] = {0};

    ck_assert_sbx_ok(sbx_buf_add(&lines, nuls, sizeof(nuls), &err), &err);
    ck_assert_sbx_ok(read_front(lines.data, lines.length_bytes, &front), &err);
    ck_assert(front.damaged && front.torn);
    ck_assert_uint_eq(front.count, LINES);
}
END_TEST

START_TEST(line_not_wanted__read__damage_with_the_reason)
{
    struct sbx_checkedline_front front;

    refuse_at = 2;
    refuse_with = SBX_INVALID;
    ck_assert_sbx_ok(read_front(lines.data, lines.length_bytes, &front), &err);
    ck_assert(front.damaged && !front.torn);
    ck_assert_uint_eq(front.count, 2);
    ck_assert_str_eq(front.why, "line 3: not wanted");
    refuse_at = LINES - 1;
    ck_assert_sbx_ok(read_front(lines.data, lines.length_bytes, &front), &err);
    ck_assert(front.torn);
}
END_TEST

START_TEST(out_of_memory__read__fails)
{
    struct sbx_checkedline_front front = {.count = 77};

    refuse_at = 1;
    refuse_with = SBX_OOM;
    ck_assert_int_eq(read_front(lines.data, lines.length_bytes, &front), SBX_OOM);
    ck_assert_uint_eq(front.count, 77);
}
END_TEST

START_TEST(text_too_long__add__refused_and_nothing_added)
{
    size_t before = lines.length_bytes;
    char *text = calloc(1, SBX_CHECKEDLINE_MAX + 1u);

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', SBX_CHECKEDLINE_MAX + 1u);
    ck_assert_int_eq(
        sbx_checkedline_add(&lines, text, SBX_CHECKEDLINE_MAX + 1u, &err), SBX_INVALID);
    ck_assert_uint_eq(lines.length_bytes, before);
    free(text);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, written__read__the_same_and_nothing_left);
    tcase_add_test(tcase, form__known_text__as_documented);
    tcase_add_test(tcase, cut_anywhere__read__whole_lines_and_torn);
    tcase_add_test(tcase, any_bit_changed__read__stops_at_that_line);
    tcase_add_test(tcase, tail_of_nuls__read__not_taken);
    tcase_add_test(tcase, line_not_wanted__read__damage_with_the_reason);
    tcase_add_test(tcase, out_of_memory__read__fails);
    tcase_add_test(tcase, text_too_long__add__refused_and_nothing_added);
}

UNIT_MAIN("checkedline", add_tests)
