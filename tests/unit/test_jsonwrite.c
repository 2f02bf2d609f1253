/* jsonwrite: what is written is JSON and reads back as it was; misuse is reported, not written. */
#include "shared/core/jsonwrite.h"

#include "shared/core/json.h"
#include "tests/support/unit.h"

static struct sbx_buf buf;
static struct sbx_json_writer w;

static void setup(void)
{
    sbx_buf_init(&buf, 4096);
    sbx_json_writer_begin(&w, &buf, false);
}

static void teardown(void)
{
    sbx_buf_done(&buf);
}

static void write_sample(void)
{
    static const char *const list[] = {"x", "y"};

    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "s", "a\"b\\c\n\x01");
    sbx_json_key_string(&w, "none", NULL);
    sbx_json_key_int64(&w, "min", INT64_MIN);
    sbx_json_key_uint64(&w, "max", UINT64_MAX);
    sbx_json_key_bool(&w, "yes", true);
    sbx_json_key_strings(&w, "list", list, 2);
    sbx_json_key_object(&w, "empty");
    sbx_json_end_object(&w);
    sbx_json_key_strings(&w, "nil", NULL, 0);
    sbx_json_end_object(&w);
}

START_TEST(jsonwrite__compact__exact)
{
    struct sbx_error err;

    write_sample();
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    ck_assert_str_eq(buf.data,
        "{\"s\":\"a\\\"b\\\\c\\n\\u0001\",\"none\":null,\"min\":-9223372036854775808,"
        "\"max\":18446744073709551615,\"yes\":true,\"list\":[\"x\",\"y\"],\"empty\":{},"
        "\"nil\":[]}");
}
END_TEST

START_TEST(jsonwrite__raw_value__taken_as_it_is)
{
    struct sbx_error err;

    sbx_json_begin_object(&w);
    sbx_json_key(&w, "a");
    sbx_json_raw(&w, "{\"b\":[1]}", 9);
    sbx_json_key_bool(&w, "c", true);
    sbx_json_end_object(&w);
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    ck_assert_str_eq(buf.data, "{\"a\":{\"b\":[1]},\"c\":true}");
    sbx_json_writer_begin(&w, &buf, false);
    sbx_json_begin_object(&w);
    sbx_json_raw(&w, "1", 1); /* without a key */
    sbx_json_end_object(&w);
    ck_assert_int_eq(sbx_json_writer_end(&w, &err), SBX_INTERNAL);
}
END_TEST

START_TEST(jsonwrite__indented__exact)
{
    struct sbx_error err;

    sbx_json_writer_begin(&w, &buf, true);
    sbx_json_begin_object(&w);
    sbx_json_key_array(&w, "a");
    sbx_json_int64(&w, 1);
    sbx_json_begin_object(&w);
    sbx_json_end_object(&w);
    sbx_json_end_array(&w);
    sbx_json_key_null(&w, "b");
    sbx_json_end_object(&w);
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    ck_assert_str_eq(buf.data, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": null\n}\n");
}
END_TEST

START_TEST(jsonwrite__line_separators_and_controls__escaped)
{
    struct sbx_error err;

    sbx_json_string(&w, "\xE2\x80\xA8\xE2\x80\xA9\x7F\xC2\x85\t\r\xF0\x9F\x98\x80/");
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    ck_assert_str_eq(buf.data, "\"\\u2028\\u2029\\u007f\\u0085\\t\\r\xF0\x9F\x98\x80/\"");
}
END_TEST

START_TEST(jsonwrite__every_code_point__reads_back)
{
    struct sbx_json_at root, at = {NULL, 0, ""};
    struct cJSON *doc = NULL;
    struct sbx_error err;
    uint32_t c;

    for (c = 1; c < 0x10FFFF; c += c < 0x3000 ? 1 : 211) {
        char text[5] = "";
        const char *back = NULL;

        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        text[0] = (char)c;
        if (c >= 0x80) {
            text[0] = (char)(c < 0x800     ? 0xC0 | c >> 6
                             : c < 0x10000 ? 0xE0 | c >> 12
                                           : 0xF0 | c >> 18);
            text[1] = (char)(0x80 | (c >> (c < 0x800 ? 0 : c < 0x10000 ? 6 : 12) & 0x3F));
            if (c >= 0x800)
                text[2] = (char)(0x80 | (c >> (c < 0x10000 ? 0 : 6) & 0x3F));
            if (c >= 0x10000)
                text[3] = (char)(0x80 | (c & 0x3F));
        }
        sbx_buf_clear(&buf);
        sbx_json_writer_begin(&w, &buf, false);
        sbx_json_begin_object(&w);
        sbx_json_key_string(&w, text, text);
        sbx_json_end_object(&w);
        ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
        ck_assert_sbx_ok(sbx_json_parse(buf.data, buf.length_bytes, NULL, &doc, &err), &err);
        ck_assert_sbx_ok(sbx_json_root_object(doc, &root, &err), &err);
        at.item = NULL;
        ck_assert(sbx_json_next(&root, &at));
        ck_assert_str_eq(sbx_json_name(&at), text);
        ck_assert_sbx_ok(sbx_json_as_string(&at, 4, &back, &err), &err);
        ck_assert_str_eq(back, text);
        sbx_json_free(doc);
    }
}
END_TEST

START_TEST(jsonwrite__ill_formed_text__refused)
{
    struct sbx_error err;

    sbx_json_begin_array(&w);
    sbx_json_string(&w, "ok\xC0\xAF");
    sbx_json_end_array(&w);
    ck_assert_int_eq(sbx_json_writer_end(&w, &err), SBX_INVALID);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_json_string_n(&w, "a\0b", 3);
    ck_assert_int_eq(sbx_json_writer_end(&w, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "JSON writer: NUL in a string");
}
END_TEST

static void unclosed(void)
{
    sbx_json_begin_object(&w);
}
static void nothing(void)
{
}
static void two_roots(void)
{
    sbx_json_null(&w);
    sbx_json_null(&w);
}
static void value_without_key(void)
{
    sbx_json_begin_object(&w);
    sbx_json_int64(&w, 1);
    sbx_json_end_object(&w);
}
static void key_without_value(void)
{
    sbx_json_begin_object(&w);
    sbx_json_key(&w, "a");
    sbx_json_end_object(&w);
}
static void key_after_key(void)
{
    sbx_json_begin_object(&w);
    sbx_json_key(&w, "a");
    sbx_json_key(&w, "b");
}
static void key_in_array(void)
{
    sbx_json_begin_array(&w);
    sbx_json_key(&w, "a");
}
static void wrong_end(void)
{
    sbx_json_begin_array(&w);
    sbx_json_end_object(&w);
}
static void end_too_many(void)
{
    sbx_json_begin_array(&w);
    sbx_json_end_array(&w);
    sbx_json_end_array(&w);
}
static void too_deep(void)
{
    unsigned i;

    for (i = 0; i <= SBX_JSON_WRITER_DEPTH; i++)
        sbx_json_begin_array(&w);
    for (i = 0; i <= SBX_JSON_WRITER_DEPTH; i++)
        sbx_json_end_array(&w);
}

static void (*const misuses[])(void) = {unclosed, nothing, two_roots, value_without_key,
    key_without_value, key_after_key, key_in_array, wrong_end, end_too_many, too_deep};

START_TEST(jsonwrite__misuse__is_an_internal_error)
{
    struct sbx_error err;

    misuses[_i]();
    ck_assert_int_eq(sbx_json_writer_end(&w, &err), SBX_INTERNAL);
    ck_assert_int_eq(err.status, SBX_INTERNAL);
}
END_TEST

START_TEST(jsonwrite__cap_of_the_buffer__reported_at_the_end)
{
    struct sbx_error err;
    int i;

    sbx_buf_init(&buf, 16);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_json_begin_array(&w);
    for (i = 0; i < 100; i++)
        sbx_json_int64(&w, i);
    sbx_json_end_array(&w);
    ck_assert_int_eq(sbx_json_writer_end(&w, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "more than 16 bytes");
}
END_TEST

START_TEST(error__key__every_field_or_null)
{
    struct sbx_error error;
    struct sbx_buf out;

    sbx_buf_init(&out, 4096);
    sbx_json_writer_begin(&w, &out, false);
    sbx_json_begin_object(&w);
    sbx_error_init(&error);
    sbx_json_key_error(&w, "none", &error);
    sbx_json_key_error(&w, "null", NULL);
    ck_assert_int_eq(sbx_fail_win32(&error, 5, "open 'x'"), SBX_DENIED);
    sbx_error_hint(&error, "look");
    sbx_json_key_error(&w, "error", &error);
    sbx_json_end_object(&w);
    ck_assert_int_eq(sbx_json_writer_end(&w, NULL), SBX_OK);
    ck_assert_str_eq(out.data,
        "{\"none\":null,\"null\":null,\"error\":{\"status\":\"denied\",\"domain\":\"win32\","
        "\"code\":5,\"name\":\"ERROR_ACCESS_DENIED\",\"message\":\"open 'x'\",\"hint\":\"look\"}}");
    sbx_buf_done(&out);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, error__key__every_field_or_null);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, jsonwrite__compact__exact);
    tcase_add_test(tcase, jsonwrite__raw_value__taken_as_it_is);
    tcase_add_test(tcase, jsonwrite__indented__exact);
    tcase_add_test(tcase, jsonwrite__line_separators_and_controls__escaped);
    tcase_add_test(tcase, jsonwrite__every_code_point__reads_back);
    tcase_add_test(tcase, jsonwrite__ill_formed_text__refused);
    tcase_add_loop_test(tcase, jsonwrite__misuse__is_an_internal_error, 0, (int)countof(misuses));
    tcase_add_test(tcase, jsonwrite__cap_of_the_buffer__reported_at_the_end);
}

UNIT_MAIN("jsonwrite", add_tests)
