/* utf: one spelling per text, both directions are inverse, errors say where. */
#include "shared/core/utf.h"

#include <stdio.h>

#include "tests/support/unit.h"

struct bad_row {
    const char *name;
    const char *text;
    size_t length_bytes;
    size_t offset;
};

static const struct bad_row bad_rows[] = {
    {"lone continuation", "a\x80", 2, 1},
    {"truncated two", "ab\xC3", 3, 2},
    {"truncated three", "\xE2\x82", 2, 0},
    {"truncated four", "\xF0\x9F\x98", 3, 0},
    {"overlong slash two", "x\xC0\xAF", 3, 1},
    {"overlong slash three", "\xE0\x80\xAF", 3, 0},
    {"overlong slash four", "\xF0\x80\x80\xAF", 4, 0},
    {"overlong nul", "\xC0\x80", 2, 0},
    {"high surrogate", "\xED\xA0\x80", 3, 0},
    {"low surrogate", "\xED\xBF\xBF", 3, 0},
    {"surrogate pair", "\xED\xA0\xBD\xED\xB8\x80", 6, 0},
    {"above last", "\xF4\x90\x80\x80", 4, 0},
    {"five bytes", "\xF8\x88\x80\x80\x80", 5, 0},
    {"byte FE", "\xFE", 1, 0},
    {"byte FF", "ok\xFF", 3, 2},
    {"wrong second", "\xE2\x28\xA1", 3, 0},
    {"wrong third", "\xE2\x82\x28", 3, 0},
    {"lead then ascii", "\xC3(", 2, 0},
};

START_TEST(utf__ill_formed_utf8__refused_with_offset)
{
    const struct bad_row *row = &bad_rows[_i];
    struct sbx_error err;
    sbx_char16 *wide = NULL;
    char want[64];

    ck_assert_msg(!sbx_utf_is_valid(row->text, row->length_bytes), "%s", row->name);
    ck_assert_uint_eq(sbx_utf8_valid_bytes(row->text, row->length_bytes), row->offset);
    ck_assert_int_eq(
        sbx_utf8_to_utf16(row->text, row->length_bytes, &wide, NULL, &err), SBX_INVALID);
    ck_assert_ptr_null(wide);
    snprintf(want, sizeof(want), "byte offset %zu (", row->offset);
    ck_assert_msg(strstr(err.context, want) != NULL, "%s: %s", row->name, err.context);
}
END_TEST

START_TEST(utf__every_code_point__round_trips)
{
    uint32_t code_point, back = 0;
    struct sbx_error err;

    for (code_point = 1; code_point < 0x110010; code_point++) {
        char bytes[4];
        size_t n = sbx_utf8_encode(code_point, bytes), cch = 0, length = 0;
        bool scalar = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
        sbx_char16 *wide = NULL;
        char *text = NULL;

        ck_assert_msg((n != 0) == scalar, "U+%X", (unsigned)code_point);
        if (!n)
            continue;
        ck_assert_uint_eq(sbx_utf8_decode(bytes, n, &back), n);
        ck_assert_uint_eq(back, code_point);
        /* The allocating pair on a part of the range: all of it takes too long under Wine. */
        if (code_point % 61 && code_point > 0x900 && code_point < 0x10FFF0)
            continue;
        ck_assert_sbx_ok(sbx_utf8_to_utf16(bytes, n, &wide, &cch, &err), &err);
        ck_assert_uint_eq(cch, code_point > 0xFFFF ? 2 : 1);
        ck_assert_uint_eq(cch, sbx_utf8_cch(bytes, n));
        ck_assert_uint_eq(wide[cch], 0);
        ck_assert_sbx_ok(sbx_utf16_to_utf8(wide, cch, &text, &length, &err), &err);
        ck_assert_uint_eq(length, n);
        ck_assert_mem_eq(text, bytes, n);
        ck_assert_int_eq(text[n], '\0');
        free(wide);
        free(text);
    }
}
END_TEST

START_TEST(utf__lone_surrogate__refused_with_offset)
{
    static const sbx_char16 high_at_end[] = {'a', 0xD83D};
    static const sbx_char16 high_then_char[] = {0xD83D, 'a'};
    static const sbx_char16 low[] = {'a', 'b', 0xDE00, 'c'};
    static const sbx_char16 two_high[] = {0xD83D, 0xD83D, 0xDE00};
    struct sbx_error err;
    char *text = NULL;

    ck_assert_int_eq(sbx_utf16_to_utf8(high_at_end, 2, &text, NULL, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "lone surrogate 0xD83D at UTF-16 offset 1");
    ck_assert_int_eq(sbx_utf16_to_utf8(high_then_char, 2, &text, NULL, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "lone surrogate 0xD83D at UTF-16 offset 0");
    ck_assert_int_eq(sbx_utf16_to_utf8(low, 4, &text, NULL, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "lone surrogate 0xDE00 at UTF-16 offset 2");
    ck_assert_int_eq(sbx_utf16_to_utf8(two_high, 3, &text, NULL, &err), SBX_INVALID);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(utf__embedded_nul__refused_both_ways)
{
    static const sbx_char16 wide_nul[] = {'a', 0, 'b'};
    struct sbx_error err;
    sbx_char16 *wide = NULL;
    char *text = NULL;

    ck_assert_int_eq(sbx_utf8_to_utf16("a\0b", 3, &wide, NULL, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "NUL byte at offset 1");
    ck_assert_int_eq(sbx_utf16_to_utf8(wide_nul, 3, &text, NULL, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "NUL at UTF-16 offset 1");
    /* The first problem is the one reported. */
    ck_assert_int_eq(sbx_utf8_check("\xFF\0", 2, &err), SBX_INVALID);
    ck_assert_msg(strstr(err.context, "byte offset 0") != NULL, "%s", err.context);
}
END_TEST

START_TEST(utf__empty__gives_empty_string)
{
    struct sbx_error err;
    sbx_char16 *wide = NULL;
    char *text = NULL;
    size_t n = 99;

    ck_assert_sbx_ok(sbx_utf8_to_utf16("", 0, &wide, &n, &err), &err);
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(wide[0], 0);
    ck_assert_uint_eq(sbx_utf16_cch(wide), 0);
    ck_assert_sbx_ok(sbx_utf16_to_utf8(wide, 0, &text, &n, &err), &err);
    ck_assert_str_eq(text, "");
    free(wide);
    free(text);
}
END_TEST

START_TEST(utf__compare__is_utf16_order_without_ascii_case)
{
    ck_assert(sbx_utf_equal_ci_ascii("PaTh", "pAtH"));
    ck_assert(!sbx_utf_equal_ci_ascii("path", "path1"));
    ck_assert(!sbx_utf_equal_ci_ascii("\xC3\x84", "\xC3\xA4"));
    ck_assert(!sbx_utf_equal_ci_ascii("[", "{"));
    ck_assert_int_eq(sbx_utf_compare_ci_ascii("abc", "ABC"), 0);
    ck_assert_int_lt(sbx_utf_compare_ci_ascii("ab", "abc"), 0);
    ck_assert_int_lt(sbx_utf_compare_ci_ascii("A_", "a\x7F"), 0);
    /* '_' is above the upper-case letters: upper-casing, not lower-casing, decides. */
    ck_assert_int_gt(sbx_utf_compare_ci_ascii("a_", "aB"), 0);
    /* U+1F600 is D83D DE00 in UTF-16, before U+FF21. */
    ck_assert_int_lt(sbx_utf_compare_ci_ascii("\xF0\x9F\x98\x80", "\xEF\xBC\xA1"), 0);
    ck_assert_int_lt(sbx_utf_compare_ci_ascii("\xED\x9F\xBF", "\xF0\x9F\x98\x80"), 0);
}
END_TEST

START_TEST(utf__printable__neither_moves_the_cursor_nor_overflows)
{
    char out[16];

    sbx_utf_printable("a\x1B[2J\nb", 7, out, sizeof(out));
    ck_assert_str_eq(out, "a?[2J?b");
    sbx_utf_printable("x\xE2\x80\xAEy\xC2\x85\xFF", 8, out, sizeof(out));
    ck_assert_str_eq(out, "x?y??");
    sbx_utf_printable("0123456789ab", 12, out, sizeof(out));
    ck_assert_str_eq(out, "0123456789ab");
    sbx_utf_printable("0123456789abc", 13, out, sizeof(out));
    ck_assert_str_eq(out, "0123456789ab...");
    /* A character is kept whole or not at all. */
    sbx_utf_printable("0123456789a\xC3\xA4", 13, out, sizeof(out));
    ck_assert_str_eq(out, "0123456789a...");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, utf__ill_formed_utf8__refused_with_offset, 0, (int)countof(bad_rows));
    tcase_add_test(tcase, utf__every_code_point__round_trips);
    tcase_add_test(tcase, utf__lone_surrogate__refused_with_offset);
    tcase_add_test(tcase, utf__embedded_nul__refused_both_ways);
    tcase_add_test(tcase, utf__empty__gives_empty_string);
    tcase_add_test(tcase, utf__compare__is_utf16_order_without_ascii_case);
    tcase_add_test(tcase, utf__printable__neither_moves_the_cursor_nor_overflows);
}

UNIT_MAIN("utf", add_tests)
