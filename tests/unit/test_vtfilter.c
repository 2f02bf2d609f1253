/* What output may do to the terminal that shows it. */
#include "tests/support/unit.h"
#include "shared/core/vtfilter.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_buf out;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&out, 1u << 20);
}

static void teardown(void)
{
    sbx_buf_done(&out);
}

/* The whole text in parts of `step` bytes. */
static const char *filtered(const char *text, size_t length, size_t step)
{
    struct sbx_vtfilter filter;
    size_t at;

    sbx_buf_clear(&out);
    ck_assert_sbx_ok(sbx_buf_puts(&out, "", &err), &err);
    sbx_vtfilter_init(&filter);
    for (at = 0; at < length; at += step)
        ck_assert_sbx_ok(sbx_vtfilter_feed(&filter, text + at,
                             length - at < step ? length - at : step, &out, &err),
            &err);
    return out.data ? out.data : "";
}

#define E "\x1b"
#define ST E "\\"

/* Passes as it is. */
static const char *const allowed[] = {
    "plain text\r\n\ttab\b\a",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xe4\xb8\xad",
    E "[A" E "[10B" E "[C" E "[D" E "[2;3H" E "[4;5f" E "[6G" E "[7d" E "[E" E "[F",
    E "[J" E "[2J" E "[K" E "[?K" E "[X" E "[3P" E "[4@" E "[L" E "[M" E "[S" E "[T",
    E "[m" E "[0m" E "[1;31;48;5;17m" E "[38;2;1;2;3m" E "[4:3m",
    E "[?25l" E "[?25h" E "[?1049h" E "[?1049l" E "[?7l" E "[?1h" E "[?12;25h" E "[?2004h",
    E "7" E "8" E "M" E "D" E "E" E "=" E ">",
    E "(0lqk" E "(B" E ")0",
    E "[2;20r" E "[r" E "[s" E "[u" E "[4h" E "[4l" E "[b" E "[80b",
    E "[2 q" E "[0 q",
};

START_TEST(allowed__row__passes_as_it_is)
{
    ck_assert_str_eq(filtered(allowed[_i], strlen(allowed[_i]), 1000), allowed[_i]);
}
END_TEST

static const struct {
    const char *in, *out;
} rows[] = {
    /* the host: clipboard, title, icon, hyperlink, notification, directory, palette, font */
    {"a" E "]52;c;aGk=\a"
     "b",
        "ab"},
    {"a" E "]52;c;aGk=" ST "b", "ab"},
    {"a" E "]52;c;?" ST "b", "ab"},
    {"a" E "]0;title\ab", "ab"},
    {"a" E "]2;title" ST "b", "ab"},
    {E "]8;;http://x" ST "link" E "]8;;" ST, "link"},
    {"a" E "]9;hello\a" E "]777;notify;a;b\a" E "]7;file://x\a" E "]1337;File=:eA==\a"
     "b",
        "ab"},
    {"a" E "]4;1;?\a" E "]10;?\a" E "]11;#000000\a" E "]50;x\a"
     "b",
        "ab"},
    {"a" E "]133;A\a" E "]633;E;rm\a"
     "b",
        "ab"},
    /* strings: DCS (sixel, queries, keys), APC, PM, SOS */
    {"a" E "Pq#0;2;0;0;0" ST "b", "ab"},
    {"a" E "P$qm" ST "b", "ab"},
    {"a" E "P+q544e" ST "b", "ab"},
    {"a" E "_Gx" ST E "^x" ST E "Xx" ST "b", "ab"},
    /* queries: what the terminal answers would be typed into the program */
    {"a" E "[c" E "[>c" E "[=c" E "[0c" E "Z"
     "b",
        "ab"},
    {"a" E "[5n" E "[6n" E "[?6n" E "[?15n" E "[x" E "[>q"
     "b",
        "ab"},
    {"a" E "[?25$p" E "[4$p" E "[18t" E "[21t" E "[14t" E "[8;100;200t" E "[2t"
     "b",
        "ab"},
    {"a\x05"
     "b",
        "ab"},
    {"a" E "[?1004h" E "[?9001h" E "[?1000h" E "[?1003;1006h" E "[?2026h" E "[?5h"
     "b",
        "ab"},
    {"a" E "[?25;1000h"
     "b",
        "ab"},
    {"a" E "[>4;2m" E "[?4m" E "[>1u" E "[=1u" E "[?u" E "[<u"
     "b",
        "ab"},
    {"a" E "c" E "[!p" E "#8" E "%G" E " F" E "n" E "o" E "|"
     "b",
        "ab"},
    {"a" E "[i" E "[5i" E "[?5i" E "[20h" E "[12l" E "[1;1;1;1$r" E "[*x"
     "b",
        "ab"},
    {"a" E "[5000b" E "[99999999999b" E "[1:2b"
     "b",
        "ab"},
    {"a" E "H" E "[3g" E "[g" E "[0g"
     "b",
        "ab"}, /* tab stops */
    {"a" E "(A" E "*0" E "+B" E "(%0"
     "b",
        "ab"},
    /* C1 and what is not UTF-8 */
    {"a\xc2\x9b"
     "31mb\xc2\x9d"
     "52;c;x\x07"
     "c",
        "a31mb52;c;x\ac"},
    {"a\x9b"
     "31mb",
        "a?31mb"},
    {"a\x9d"
     "0;t\x9c"
     "b",
        "a?0;t?b"},
    {"\xff\xfe", "??"},
    {"\xc0\xaf \xed\xa0\x80 \xf5", "?? ? ?"},
    {"\xe2\x82"
     "a\xf0\x9f",
        "?a"},
    {E "[\xc3\xa4m", "m"},
    /* controls */
    {"a\0b", "a"},
    {"a\x7f\x0e\x0f\x01"
     "b",
        "ab"},
    /* cut off, nested, aborted */
    {"a" E, "a"},
    {"a" E "[", "a"},
    {"a" E "]52;c;x", "a"},
    {"a" E "]0;x" E "[31mb", "a" E "[31mb"},
    {"a" E "]0;x" E "]52;c;y\ab", "ab"},
    {"a" E "]0;x\x18"
     "b",
        "ab"},
    {"a" E "[3\x1a"
     "1m",
        "a1m"},
    {"a" E "[3" E "[1m", "a" E "[1m"},
    {"a" E "P" ST ST "b", "ab"},
    {"a" E E "[1m", "a" E "[1m"},
    {"a" E "[0000000000000000000000000000000000000000000000000000000000000000000001mb", "ab"},
    {"a" E "[3\n1m", "a" E "[31m"},
};

START_TEST(row__is_neutral)
{
    ck_assert_str_eq(filtered(rows[_i].in, strlen(rows[_i].in), 1000), rows[_i].out);
}
END_TEST

START_TEST(row_in_parts_of_any_size__comes_out_the_same)
{
    size_t step;

    for (step = 1; step < 8; step++)
        ck_assert_str_eq(filtered(rows[_i].in, strlen(rows[_i].in), step), rows[_i].out);
}
END_TEST

/* The one question that a console host waits for; an answer of ours must not be one again. */
START_TEST(question__what_terminal__is_noted_and_dropped)
{
    static const char *const questions[] = {E "[c", E "[0c", "x" E "[1m" E "[c"};
    static const char *const others[] = {
        E "[>c", E "[=c", E "[1c", E "[6n", E "c", "c", sbx_vtfilter_attributes};
    struct sbx_vtfilter filter;
    struct sbx_buf shown;
    size_t i, at;

    sbx_buf_init(&shown, 4096);
    for (i = 0; i < countof(questions); i++) {
        sbx_vtfilter_init(&filter);
        for (at = 0; questions[i][at]; at++) {
            ck_assert(!filter.asked);
            ck_assert_int_eq(
                sbx_vtfilter_feed(&filter, questions[i] + at, 1, &shown, NULL), SBX_OK);
        }
        ck_assert(filter.asked);
    }
    for (i = 0; i < countof(others); i++) {
        sbx_vtfilter_init(&filter);
        ck_assert_int_eq(
            sbx_vtfilter_feed(&filter, others[i], strlen(others[i]), &shown, NULL), SBX_OK);
        ck_assert_msg(!filter.asked, "row %zu", i);
    }
    sbx_buf_done(&shown);
}
END_TEST

START_TEST(nul__is_dropped)
{
    ck_assert_str_eq(filtered("a\0b", 3, 1000), "ab");
}
END_TEST

START_TEST(random_bytes__filtered_twice__is_filtered_once)
{
    static const char pieces[] =
        "\x1b\x1b\x1b[[]]P_^X\\\a\x18\x9b\xc2\xc3\x9c;;??0123459mhlHcntqr (B7";
    uint64_t random = unit_seed();
    char text[64], *once;
    unsigned i;

    for (i = 0; i < 20000; i++) {
        size_t length = unit_random(&random) % sizeof(text), k;

        for (k = 0; k < length; k++)
            text[k] = pieces[unit_random(&random) % (sizeof(pieces) - 1)];
        filtered(text, length, 1 + i % 7);
        ck_assert_uint_le(out.length_bytes, length);
        ck_assert_sbx_ok(sbx_buf_steal(&out, &once, &err), &err);
        ck_assert_str_eq(filtered(once, strlen(once), 1000), once);
        free(once);
        sbx_buf_done(&out);
        sbx_buf_init(&out, 1u << 20);
    }
}
END_TEST

/* Sets something that stays; undone by what the reset has. Margins and colours: by hand below. */
static const struct {
    const char *sets, *undone_by;
} lasting[] = {
    {E "[?1h", E "[?1l"},
    {E "[?7l", E "[?7h"},
    {E "[?12h", E "[0 q"}, /* blinking is part of the shape */
    {E "[?12l", E "[0 q"},
    {E "[?25l", E "[?25h"},
    {E "[?47h", E "[?1049l"},
    {E "[?1047h", E "[?1049l"},
    {E "[?1049h", E "[?1049l"},
    {E "[?2004h", E "[?2004l"},
    {E "[4h", E "[4l"},
    {E "=", E ">"},
    {E "(0", E "(B"},
    {E ")0", E ")B"},
    {E "[1 q", E "[0 q"},
    {E "[2 q", E "[0 q"},
    {E "[3 q", E "[0 q"},
    {E "[4 q", E "[0 q"},
    {E "[5 q", E "[0 q"},
    {E "[6 q", E "[0 q"},
    {E "[m", E "[0m"},
    {E "[r", E "[r"},
};

/* Sets nothing that stays on the terminal when the program has ended, or is what undoes it. */
static const char *const passing[] = {
    E "[?1l",
    E "[?7h",
    E "[?25h",
    E "[?47l",
    E "[?1047l",
    E "[?1049l",
    E "[?2004l",
    E "[4l",
    E ">",
    E "(B",
    E ")B",
    E "[0 q",
    E "[?1048h",
    E "[?1048l",
    E "7",
    E "8",
    E "[s",
    E "[u", /* where the cursor was */
    E "D",
    E "E",
    E "M",
    E "[?J",
    E "[?K",
};

static void ck_known(const char *sequence)
{
    size_t i;

    if (strcmp(filtered(sequence, strlen(sequence), 1000), sequence))
        return;
    for (i = 0; i < countof(lasting); i++)
        if (!strcmp(lasting[i].sets, sequence)) {
            ck_assert_msg(strstr(sbx_vtfilter_reset, lasting[i].undone_by), "ESC%s is not undone",
                sequence + 1);
            return;
        }
    for (i = 0; i < countof(passing); i++)
        if (!strcmp(passing[i], sequence))
            return;
    /* Moving, erasing and repeating: of the text, which stays whatever it is. */
    i = strlen(sequence) - 1;
    ck_assert_msg(sequence[1] == '[' && i == 2 && strchr("ABCDEFGHIJKLMPSTXZ@`adefb", sequence[i]),
        "ESC%s passes, and no row says what undoes it", sequence + 1);
}

/* Every mode, every plain escape and every final byte that the list can let through. */
START_TEST(reset__whatever_passes_and_stays__is_undone)
{
    char sequence[24];
    int n, c;

    for (n = 0; n < 10000; n++) {
        snprintf(sequence, sizeof(sequence), E "[?%dh", n);
        ck_known(sequence);
        snprintf(sequence, sizeof(sequence), E "[?%dl", n);
        ck_known(sequence);
        snprintf(sequence, sizeof(sequence), E "[%dh", n % 100);
        ck_known(sequence);
        snprintf(sequence, sizeof(sequence), E "[%dl", n % 100);
        ck_known(sequence);
    }
    for (c = 0x30; c < 0x7f; c++) {
        snprintf(sequence, sizeof(sequence), E "%c", c);
        ck_known(sequence);
        snprintf(sequence, sizeof(sequence), E "[%c", c);
        ck_known(sequence);
        snprintf(sequence, sizeof(sequence), E "[?%c", c);
        ck_known(sequence);
        for (n = 0x20; n < 0x30; n++) {
            snprintf(sequence, sizeof(sequence), E "%c%c", n, c);
            ck_known(sequence);
            snprintf(sequence, sizeof(sequence), E "[%c%c", n, c);
            ck_known(sequence);
        }
        for (n = 0; n < 10; n++) {
            snprintf(sequence, sizeof(sequence), E "[%d %c", n, c);
            ck_known(sequence);
        }
    }
}
END_TEST

START_TEST(reset__passes_the_filter_itself)
{
    ck_assert_str_eq(
        filtered(sbx_vtfilter_reset, strlen(sbx_vtfilter_reset), 1000), sbx_vtfilter_reset);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, allowed__row__passes_as_it_is, 0, (int)countof(allowed));
    tcase_add_loop_test(tcase, row__is_neutral, 0, (int)countof(rows));
    tcase_add_loop_test(tcase, row_in_parts_of_any_size__comes_out_the_same, 0, (int)countof(rows));
    tcase_add_test(tcase, question__what_terminal__is_noted_and_dropped);
    tcase_add_test(tcase, nul__is_dropped);
    tcase_add_test(tcase, random_bytes__filtered_twice__is_filtered_once);
    tcase_add_test(tcase, reset__whatever_passes_and_stays__is_undone);
    tcase_add_test(tcase, reset__passes_the_filter_itself);
}

UNIT_MAIN("vtfilter", add_tests)
