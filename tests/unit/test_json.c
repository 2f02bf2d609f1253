/* json: nothing but RFC 8259 gets in, caps hold, errors say where, readers are exact. */
#include "shared/core/json.h"

#include <stdio.h>
#include <time.h>

#include "shared/core/buf.h"
#include "tests/support/unit.h"

struct text_row {
    const char *text;
    const char *want; /* part of the error */
};

/* cJSON alone accepts many of these. */
static const struct text_row bad_rows[] = {
    {"", "line 1, column 1"},
    {"   ", "text ends early"},
    {"\xEF\xBB\xBF{}", "byte order mark"},
    {"{} x", "line 1, column 4: the text must end"},
    {"{}{}", "column 3"},
    {"[1]\n\n ]", "line 3, column 2"},
    {"01", "leading zero"},
    {"-01", "leading zero"},
    {"00", "leading zero"},
    {"+1", "unexpected '+'"},
    {".5", "unexpected '.'"},
    {"1.", "a digit was expected"},
    {"1.e5", "a digit was expected"},
    {"1e", "a digit was expected"},
    {"1e+", "a digit was expected"},
    {"-", "a digit was expected"},
    {"- 1", "a digit was expected"},
    {"0x10", "unexpected 'x'"},
    {"1e999", "number '' is out of range"},
    {"{\"a\":{\"b\":[0,-1e400]}}", "number 'a.b[1]' is out of range"},
    {"NaN", "unexpected 'N'"},
    {"Infinity", "unexpected 'I'"},
    {"-Infinity", "unexpected 'I'"},
    {"nan", "a value was expected"},
    {"1234567890123456789012345678901234567890123456789012345678901234", "more than 63"},
    {"True", "unexpected 'T'"},
    {"tru", "a value was expected"},
    {"nul", "a value was expected"},
    {"truex", "must end"},
    {"'a'", "unexpected '''"},
    {"\"a", "a string is not closed"},
    {"\"\\", "unknown escape"},
    {"\"a\nb\"", "must be escaped"},
    {"\"a\tb\"", "must be escaped"},
    {"\"\x01\"", "unexpected '?' (0x01)"},
    {"\"\\x41\"", "unknown escape"},
    {"\"\\'\"", "unknown escape"},
    {"\"\\u12\"", "four hexadecimal"},
    {"\"\\u123g\"", "four hexadecimal"},
    {"\"\\u0000\"", "\\u0000 is not allowed"},
    {"\"\\ud800\"", "lone surrogate"},
    {"\"\\ud800x\"", "lone surrogate"},
    {"\"\\udc00\\ud800\"", "lone surrogate"},
    {"\"\\ud800\\ud800\"", "lone surrogate"},
    {"\"\\ud800\\n\"", "lone surrogate"},
    {"\"\xC0\xAF\"", "line 1, column 2: ill-formed UTF-8"},
    {"\"\xED\xA0\x80\"", "ill-formed UTF-8"},
    {"[\"\xC3\xA4\", \x80]", "line 1, column 7: ill-formed UTF-8"},
    {"[1,]", "no comma"},
    {"[,1]", "unexpected ','"},
    {"[1 2]", "',' or ']'"},
    {"[1", "',' or ']'"},
    {"[", "text ends early"},
    {"]", "unexpected ']'"},
    {"[1}", "',' or ']'"},
    {"{\"a\":1,}", "no comma"},
    {"{,}", "a key"},
    {"{a:1}", "a key"},
    {"{1:1}", "a key"},
    {"{\"a\"}", "':'"},
    {"{\"a\" 1}", "':'"},
    {"{\"a\":}", "a value was expected"},
    {"{\"a\":1", "',' or '}'"},
    {"{\"a\":1]", "',' or '}'"},
    {"{\"a\":1 \"b\":2}", "',' or '}'"},
    {"// c\n{}", "unexpected '/'"},
    {"{} /* c */", "unexpected '/'"},
    {"\x0C{}", "0x0C"},
    {"\xC2\xA0{}", "a value was expected"},
    {"{\"a\":1,\"a\":2}", "key 'a' appears twice"},
    {"{\"a\":1,\"\\u0061\":2}", "key 'a' appears twice"},
    {"{\"x\":[{},{\"k\":1,\"z\":2,\"k\":3}]}", "key 'x[1].k' appears twice"},
};

static enum sbx_status parse(const char *text, struct cJSON **ret, struct sbx_error *err)
{
    return sbx_json_parse(text, strlen(text), NULL, ret, err);
}

START_TEST(json__not_rfc8259__refused_with_place)
{
    const struct text_row *row = &bad_rows[_i];
    struct cJSON *root = NULL;
    struct sbx_error err;

    ck_assert_msg(parse(row->text, &root, &err) == SBX_INVALID, "accepted: %s", row->text);
    ck_assert_ptr_null(root);
    ck_assert_msg(strstr(err.context, row->want) != NULL, "%s: %s", row->text, err.context);
}
END_TEST

static const char *const good_rows[] = {
    "{}",
    " [ ] ",
    "0",
    "-0",
    "1.5e-3",
    "1E+2",
    "true",
    "null",
    "\"\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"",
    "{\"a\":1,\"A\":2}",
    "\t\r\n {\"a\" : [ 1 , 2 , { } ] }\n",
    "\"\x7F\xF4\x8F\xBF\xBF\"",
    "123456789012345678901234567890123456789012345678901234567890123",
};

START_TEST(json__rfc8259__accepted)
{
    struct cJSON *root = NULL;
    struct sbx_error err;

    ck_assert_sbx_ok(parse(good_rows[_i], &root, &err), &err);
    ck_assert_ptr_nonnull(root);
    sbx_json_free(root);
}
END_TEST

START_TEST(json__nul_byte__refused_anywhere)
{
    static const char inside[] = "{\"a\":\"x\0y\"}", after[] = "{}\0", escaped[] = "\"\\\0\"";
    struct cJSON *root = NULL;
    struct sbx_error err;

    ck_assert_int_eq(sbx_json_parse(inside, sizeof(inside) - 1, NULL, &root, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_parse(after, sizeof(after) - 1, NULL, &root, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_parse(escaped, sizeof(escaped) - 1, NULL, &root, &err), SBX_INVALID);
}
END_TEST

START_TEST(json__unterminated_buffer__is_not_read_beyond)
{
    /* Exactly as long as the text, so that the sanitizer sees any byte too far. */
    static const char *const texts[] = {"{\"a\":12}", "12", "tru", "\"ab", "-", "[1,", "\"\\u12"};
    struct sbx_error err;
    size_t i;

    for (i = 0; i < countof(texts); i++) {
        size_t length = strlen(texts[i]);
        char *copy = malloc(length);
        struct cJSON *root = NULL;
        enum sbx_status status;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, texts[i], length);
        status = sbx_json_parse(copy, length, NULL, &root, &err);
        ck_assert_int_eq(status, i < 2 ? SBX_OK : SBX_INVALID);
        free(copy);
        sbx_json_free(root);
    }
}
END_TEST

START_TEST(json__depth__capped_before_recursion)
{
    static const struct sbx_json_limits four = {0, 4};
    struct cJSON *root = NULL;
    struct sbx_error err;
    char *deep = malloc(20001);

    ck_assert_ptr_nonnull(deep);
    ck_assert_sbx_ok(sbx_json_parse("[[[{}]]]", 8, &four, &root, &err), &err);
    sbx_json_free(root);
    root = NULL;
    ck_assert_int_eq(sbx_json_parse("[[[{\"a\":[]}]]]", 14, &four, &root, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "line 1, column 9: nested too deep");
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 10000);
    ck_assert_int_eq(sbx_json_parse(deep, 20000, NULL, &root, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "line 1, column 33: nested too deep");
    ck_assert_int_eq(sbx_json_scan(deep, 20000, 100000, &err), SBX_INTERNAL);
    ck_assert_ptr_null(root);
    free(deep);
}
END_TEST

START_TEST(json__deepest_limit__parses)
{
    const struct sbx_json_limits limits = {0, SBX_JSON_DEPTH_LIMIT};
    char text[2 * SBX_JSON_DEPTH_LIMIT];
    struct cJSON *root = NULL;
    struct sbx_error err;

    memset(text, '[', SBX_JSON_DEPTH_LIMIT);
    memset(text + SBX_JSON_DEPTH_LIMIT, ']', SBX_JSON_DEPTH_LIMIT);
    ck_assert_sbx_ok(sbx_json_parse(text, sizeof(text), &limits, &root, &err), &err);
    sbx_json_free(root);
}
END_TEST

START_TEST(json__size__capped_first)
{
    static const struct sbx_json_limits ten = {10, 0};
    struct cJSON *root = NULL;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_json_parse("\"12345678\"", 10, &ten, &root, &err), &err);
    sbx_json_free(root);
    root = NULL;
    /* Not even looked at: the text is not JSON, the error is the size. */
    ck_assert_int_eq(sbx_json_parse("]]]]]]]]]]]", 11, &ten, &root, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "11 bytes of JSON, at most 10 are accepted");
}
END_TEST

/* {"k0000000":0,...}: ascending, which is the worst case of a naive quicksort. */
static void many_keys(struct sbx_buf *buf, unsigned count, bool repeat_first)
{
    struct sbx_error err;
    unsigned i;

    for (i = 0; i < count; i++)
        ck_assert_sbx_ok(sbx_buf_printf(buf, &err, "%s\"k%07u\":0", i ? "," : "{", i), &err);
    if (repeat_first)
        ck_assert_sbx_ok(sbx_buf_puts(buf, ",\"k0000000\":1", &err), &err);
    ck_assert_sbx_ok(sbx_buf_puts(buf, "}", &err), &err);
}

START_TEST(json__ten_megabytes_of_keys__not_quadratic)
{
    static const struct sbx_json_limits large = {16u << 20, 0};
    struct cJSON *root = NULL;
    struct sbx_error err;
    struct sbx_buf buf;
    clock_t start;

    sbx_buf_init(&buf, 16u << 20);
    many_keys(&buf, 820000, true);
    ck_assert_uint_gt(buf.length_bytes, 10u << 20);
    ck_assert_int_eq(sbx_json_parse(buf.data, buf.length_bytes, NULL, &root, &err), SBX_INVALID);
    start = clock();
    ck_assert_int_eq(sbx_json_parse(buf.data, buf.length_bytes, &large, &root, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "key 'k0000000' appears twice");
    /* About 1 s under sanitizers; quadratic would be hours. */
    ck_assert_int_lt((int)((clock() - start) / CLOCKS_PER_SEC), 60);
    sbx_buf_done(&buf);
    sbx_buf_init(&buf, 16u << 20);
    many_keys(&buf, 3000, false);
    ck_assert_sbx_ok(sbx_json_parse(buf.data, buf.length_bytes, NULL, &root, &err), &err);
    sbx_json_free(root);
    sbx_buf_done(&buf);
}
END_TEST

/* --- readers --- */

static struct cJSON *doc;
static struct sbx_json_at root_at;

static void read_setup(void)
{
    static const char text[] =
        "{\"mode\":\"auto\",\"quiet\":true,\"limits\":{\"memory\":4096,\"half\":1.5,\"exact\":1e2,"
        "\"large\":9007199254740993,\"huge\":1e300,\"neg\":-5},\"nothing\":null,"
        "\"filesystem\":{\"allowWrite\":[\"a\",\"b\",3],\"denyWrite\":[\"x\",\"y\"],\"none\":[]}}";
    struct sbx_error err;

    doc = NULL;
    ck_assert_sbx_ok(sbx_json_parse(text, sizeof(text) - 1, NULL, &doc, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(doc, &root_at, &err), &err);
}

static void read_teardown(void)
{
    sbx_json_free(doc);
    doc = NULL;
}

START_TEST(json__unknown_key__named_with_nearest)
{
    static const char *const keys[] = {"mode", "limits", "filesystem", "nothing", "quite"};
    static const char *const all[] = {"mode", "quiet", "limits", "filesystem", "nothing"};
    static const char *const far[] = {"mode", "limits", "filesystem", "nothing", "network"};
    struct sbx_json_at files;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_json_known_keys(&root_at, all, countof(all), &err), &err);
    ck_assert_int_eq(sbx_json_known_keys(&root_at, keys, countof(keys), &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "unknown key 'quiet' (nearest known key: 'quite')");
    ck_assert_int_eq(sbx_json_known_keys(&root_at, far, countof(far), &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "unknown key 'quiet'");
    ck_assert_sbx_ok(sbx_json_get_object(&root_at, "filesystem", &files, &err), &err);
    ck_assert_int_eq(sbx_json_known_keys(&files, all, countof(all), &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "unknown key 'filesystem.allowWrite'");
}
END_TEST

START_TEST(json__nearest__needs_small_distance)
{
    static const char *const words[] = {"allowWrite", "denyWrite", "git"};
    char long_word[300];

    ck_assert_str_eq(sbx_json_nearest("alowWrite", words, 3), "allowWrite");
    ck_assert_str_eq(sbx_json_nearest("AllowWrite", words, 3), "allowWrite");
    ck_assert_str_eq(sbx_json_nearest("denyWrit", words, 3), "denyWrite");
    ck_assert_ptr_null(sbx_json_nearest("completely", words, 3));
    ck_assert_ptr_null(sbx_json_nearest("x", words, 3));
    ck_assert_ptr_null(sbx_json_nearest("", words, 3));
    memset(long_word, 'a', sizeof(long_word) - 1);
    long_word[sizeof(long_word) - 1] = '\0';
    ck_assert_ptr_null(sbx_json_nearest(long_word, words, 3));
}
END_TEST

START_TEST(json__absent_key__leaves_default)
{
    static const char *const words[] = {"auto"};
    struct sbx_json_at sub;
    const char *text = "default", **list = NULL;
    bool flag = true;
    int64_t number = 42;
    size_t word = 7, count = 0;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_json_get_string(&root_at, "Mode", 9, &text, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_bool(&root_at, "no", &flag, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_int(&root_at, "no", 0, 1, &number, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_enum(&root_at, "no", words, 1, &word, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_object(&root_at, "no", &sub, &err), &err);
    ck_assert_ptr_null(sub.item);
    ck_assert_sbx_ok(sbx_json_get_string_list(&root_at, "no", 9, 9, &list, &count, &err), &err);
    ck_assert_str_eq(text, "default");
    ck_assert(flag && number == 42 && word == 7 && !list && !count);
    ck_assert(!sbx_json_has(&root_at, "MODE") && sbx_json_has(&root_at, "nothing"));
    ck_assert_int_eq(sbx_json_require(&root_at, "no", &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'no' is missing");
    ck_assert_sbx_ok(sbx_json_require(&root_at, "mode", &err), &err);
}
END_TEST

START_TEST(json__values__read_exactly)
{
    static const char *const words[] = {"elevated", "auto"};
    struct sbx_json_at limits, files, at = {NULL, 0, ""};
    const char *text = NULL, **list = NULL;
    bool flag = false;
    int64_t number = 0;
    size_t word = 9, count = 0, seen = 0;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_json_get_string(&root_at, "mode", 4, &text, &err), &err);
    ck_assert_str_eq(text, "auto");
    ck_assert_sbx_ok(sbx_json_get_enum(&root_at, "mode", words, 2, &word, &err), &err);
    ck_assert_uint_eq(word, 1);
    ck_assert_sbx_ok(sbx_json_get_bool(&root_at, "quiet", &flag, &err), &err);
    ck_assert(flag);
    ck_assert_sbx_ok(sbx_json_get_object(&root_at, "limits", &limits, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_int(&limits, "memory", 4096, 4096, &number, &err), &err);
    ck_assert_int_eq(number, 4096);
    ck_assert_sbx_ok(sbx_json_get_int(&limits, "exact", 0, 100, &number, &err), &err);
    ck_assert_int_eq(number, 100);
    ck_assert_sbx_ok(sbx_json_get_int(&limits, "neg", INT64_MIN, INT64_MAX, &number, &err), &err);
    ck_assert_int_eq(number, -5);
    ck_assert_sbx_ok(sbx_json_get_object(&root_at, "filesystem", &files, &err), &err);
    ck_assert_sbx_ok(
        sbx_json_get_string_list(&files, "denyWrite", 2, 1, &list, &count, &err), &err);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(list[0], "x");
    ck_assert_str_eq(list[1], "y");
    free(list);
    list = NULL;
    ck_assert_sbx_ok(sbx_json_get_string_list(&files, "none", 2, 1, &list, &count, &err), &err);
    ck_assert(!list && !count);
    while (sbx_json_next(&files, &at))
        seen++;
    ck_assert_uint_eq(seen, 3);
    ck_assert_str_eq(at.path, "filesystem.none");
    ck_assert_str_eq(sbx_json_name(&at), "none");
}
END_TEST

START_TEST(json__wrong_values__name_the_path)
{
    static const char *const words[] = {"elevated", "unelevated", "off"};
    struct sbx_json_at limits, files;
    const char *text = NULL, **list = NULL;
    bool flag = false;
    int64_t n = 0;
    size_t word = 9, count = 0;
    struct sbx_error err;

    ck_assert_int_eq(sbx_json_get_string(&root_at, "mode", 3, &text, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'mode' is longer than 3 bytes");
    ck_assert_int_eq(sbx_json_get_string(&root_at, "quiet", 3, &text, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'quiet' must be a string, not a boolean");
    ck_assert_int_eq(sbx_json_get_string(&root_at, "nothing", 3, &text, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_get_bool(&root_at, "mode", &flag, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'mode' must be true or false, not a string");
    ck_assert_int_eq(sbx_json_get_enum(&root_at, "mode", words, 3, &word, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'mode' is 'auto', must be 'elevated', 'unelevated' or 'off'");
    ck_assert_int_eq(sbx_json_get_enum(&root_at, "quiet", words, 3, &word, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_json_get_object(&root_at, "limits", &limits, &err), &err);
    ck_assert_int_eq(sbx_json_get_int(&limits, "memory", 1, 4095, &n, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'limits.memory' must be an integer from 1 to 4095");
    ck_assert_int_eq(sbx_json_get_int(&limits, "half", 0, 9, &n, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'limits.half' must be an integer, not 1.5");
    ck_assert_int_eq(sbx_json_get_int(&limits, "large", 0, INT64_MAX, &n, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_get_int(&limits, "huge", 0, INT64_MAX, &n, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_get_int(&root_at, "mode", 0, 9, &n, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_get_object(&root_at, "mode", &files, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_json_get_array(&root_at, "limits", &files, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_json_get_object(&root_at, "filesystem", &files, &err), &err);
    ck_assert_int_eq(
        sbx_json_get_string_list(&files, "allowWrite", 9, 9, &list, &count, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'filesystem.allowWrite[2]' must be a string, not a number");
    ck_assert_int_eq(
        sbx_json_get_string_list(&files, "denyWrite", 1, 9, &list, &count, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'filesystem.denyWrite' has 2 entries, at most 1");
    ck_assert(!text && !flag && !n && word == 9 && !list);
}
END_TEST

START_TEST(json__hostile_key__is_harmless_in_errors)
{
    static const char *const keys[] = {"a"};
    struct cJSON *root = NULL;
    struct sbx_json_at at;
    struct sbx_error err;
    char text[1200] = "{\"\\u001b[2J\\n";

    memset(text + strlen(text), 'k', 1000);
    memcpy(text + strlen(text), "\":1}", 5);
    ck_assert_sbx_ok(parse(text, &root, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(root, &at, &err), &err);
    ck_assert_int_eq(sbx_json_known_keys(&at, keys, 1, &err), SBX_INVALID);
    ck_assert_int_eq(strncmp(err.context, "unknown key '?[2J?kkk", 21), 0);
    ck_assert_msg(strstr(err.context, "k...'") != NULL, "%s", err.context);
    sbx_json_free(root);
    ck_assert_sbx_ok(parse("[1]", &root, &err), &err);
    ck_assert_int_eq(sbx_json_root_object(root, &at, &err), SBX_INVALID);
    ck_assert_str_eq(err.context, "'(root)' must be an object, not an array");
    sbx_json_free(root);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, read_setup, read_teardown);
    tcase_add_loop_test(tcase, json__not_rfc8259__refused_with_place, 0, (int)countof(bad_rows));
    tcase_add_loop_test(tcase, json__rfc8259__accepted, 0, (int)countof(good_rows));
    tcase_add_test(tcase, json__nul_byte__refused_anywhere);
    tcase_add_test(tcase, json__unterminated_buffer__is_not_read_beyond);
    tcase_add_test(tcase, json__depth__capped_before_recursion);
    tcase_add_test(tcase, json__deepest_limit__parses);
    tcase_add_test(tcase, json__size__capped_first);
    tcase_add_test(tcase, json__ten_megabytes_of_keys__not_quadratic);
    tcase_add_test(tcase, json__unknown_key__named_with_nearest);
    tcase_add_test(tcase, json__nearest__needs_small_distance);
    tcase_add_test(tcase, json__absent_key__leaves_default);
    tcase_add_test(tcase, json__values__read_exactly);
    tcase_add_test(tcase, json__wrong_values__name_the_path);
    tcase_add_test(tcase, json__hostile_key__is_harmless_in_errors);
}

UNIT_MAIN("json", add_tests)
