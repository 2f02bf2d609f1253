/* What programs print, as UTF-8: lines in the OEM code page are found and turned into it. */
#include "tests/support/unit.h"

#include "shared/win/oemtext.h"

#define U "\xEF\xBF\xBD"

static const struct {
    unsigned code_page;
    const char *bytes, *text;
} rows[] = {
    {850, "plain\r\n", "plain\r\n"},
    {850, "Datentr\x84ger in Laufwerk C:\r\n", "Datentr\xc3\xa4ger in Laufwerk C:\r\n"},
    {850, "Datentr\xc3\xa4ger\nDatentr\x84ger\n", "Datentr\xc3\xa4ger\nDatentr\xc3\xa4ger\n"},
    {850, "\x81", "\xc3\xbc"}, /* no UTF-8 at all: no character that was cut */
    {866, "\x92\xae\xac C\n", "\xd0\xa2\xd0\xbe\xd0\xbc C\n"},
    {932, "\x83\x7b\x83\x8a\n", "\xe3\x83\x9c\xe3\x83\xaa\n"},
    {0, "Datentr\x84ger\n", "Datentr" U "ger\n"},
    /* A character cut at the end: the rest of the line is UTF-8 still. */
    {850, "x \xc3\xbc \xe2\x82", "x \xc3\xbc " U U},
    {850, "x\x84\nx \xe2\x82\ny", "x\xc3\xa4\nx \xc3\x94\xc3\xa9\ny"}, /* not the end: no cut */
    {850, "", ""},
};

START_TEST(row__is_as_listed)
{
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_buf_init(&text, 4096);
    ck_assert_sbx_ok(
        sbx_oem_text(rows[_i].bytes, strlen(rows[_i].bytes), rows[_i].code_page, &text, &err),
        &err);
    ck_assert_str_eq(text.data ? text.data : "", rows[_i].text);
    sbx_buf_done(&text);
}
END_TEST

/* Longer than what is looked at at once: nothing is cut, wherever the characters lie. */
START_TEST(long_line__utf8__comes_out_the_same)
{
    static char line[20000];
    struct sbx_buf text;
    size_t skew, at;

    for (skew = 0; skew < 4; skew++) {
        memset(line, 'x', skew);
        for (at = skew; at + 3 <= 15000; at += 3)
            memcpy(line + at, "\xe2\x82\xac", 3);
        sbx_buf_init(&text, 40000);
        ck_assert_int_eq(sbx_oem_text(line, at, 850, &text, NULL), SBX_OK);
        ck_assert_uint_eq(text.length_bytes, at);
        ck_assert_mem_eq(text.data, line, at);
        sbx_buf_done(&text);
    }
}
END_TEST

/* UTF-8 in parts of any size is the same text; a line of the code page is one in whatever part. */
START_TEST(parts_of_any_size__same_text)
{
    static const char utf8[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80z\r\n";
    static const char oem[] = "Datentr\x84ger gr\x94\xe1"
                              "er\r\n";
    static const char *const texts[] = {utf8, oem};
    static const char *const wanted[] = {utf8, "Datentr\xc3\xa4ger gr\xc3\xb6\xc3\x9f"
                                               "er\r\n"};
    size_t size, at, i;

    for (i = 0; i < countof(texts); i++) {
        for (size = 1; size <= strlen(texts[i]); size++) {
            struct sbx_oem_feed feed = {.code_page = 850};
            const size_t length = strlen(texts[i]);
            struct sbx_buf text;

            sbx_buf_init(&text, 4096);
            for (at = 0; at < length; at += size)
                ck_assert_int_eq(sbx_oem_feed(&feed, texts[i] + at,
                                     length - at < size ? length - at : size, &text, NULL),
                    SBX_OK);
            ck_assert_int_eq(sbx_oem_feed(&feed, "", 0, &text, NULL), SBX_OK);
            ck_assert_str_eq(text.data, wanted[i]);
            sbx_buf_done(&text);
        }
    }
}
END_TEST

START_TEST(nul__is_replaced)
{
    struct sbx_buf text;

    sbx_buf_init(&text, 64);
    ck_assert_int_eq(sbx_oem_text("a\0b\x84", 4, 850, &text, NULL), SBX_OK);
    ck_assert_str_eq(text.data, "a" U "b\xc3\xa4");
    sbx_buf_done(&text);
}
END_TEST

START_TEST(code_page__is_the_machine_s_and_not_our_manifest_s)
{
    wchar_t text_w[4];
    const char letter = 'a';
    unsigned code_page = sbx_oem_code_page();

    ck_assert(code_page == 0 || MultiByteToWideChar(code_page, 0, &letter, 1, text_w, 4) == 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, row__is_as_listed, 0, (int)countof(rows));
    tcase_add_test(tcase, long_line__utf8__comes_out_the_same);
    tcase_add_test(tcase, parts_of_any_size__same_text);
    tcase_add_test(tcase, nul__is_replaced);
    tcase_add_test(tcase, code_page__is_the_machine_s_and_not_our_manifest_s);
}

UNIT_MAIN("oemtext", add_tests)
