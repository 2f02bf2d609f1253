/* jsonrpc: lines in any portions, envelopes by the book, answers to what cannot be read. */
#include "shared/core/jsonrpc.h"

#include <stdio.h>

#include "tests/support/unit.h"

static struct sbx_rpc_lines lines;
static struct cJSON *root;

static void setup(void)
{
    sbx_rpc_lines_init(&lines, 16);
}

static void teardown(void)
{
    sbx_rpc_lines_done(&lines);
    sbx_json_free(root);
    root = NULL;
}

/* Feed text in portions of n; every line comes out as "text|", one that is too long as "!|". */
static void split(const char *text, size_t n, char *ret, size_t size)
{
    size_t length = strlen(text), at, part;

    *ret = '\0';
    for (at = 0; at < length; at += part) {
        enum sbx_rpc_line kind;
        const char *line;
        size_t line_length;

        part = length - at < n ? length - at : n;
        ck_assert_int_eq(sbx_rpc_lines_feed(&lines, text + at, part, NULL), SBX_OK);
        while ((kind = sbx_rpc_lines_next(&lines, &line, &line_length)) != SBX_RPC_LINE_NONE) {
            size_t have = strlen(ret);

            if (kind == SBX_RPC_LINE_TOO_LONG)
                snprintf(ret + have, size - have, "!|");
            else
                snprintf(ret + have, size - have, "%.*s|", (int)line_length, line);
        }
    }
}

START_TEST(lines__any_portions__same_lines)
{
    static const char text[] = "one\n\r\n\ntwo\r\n1234567890123456\n12345678901234567\n"
                               "12345678901234567890123456789012345678901234567890\nend\nrest";
    char got[256];
    size_t n;

    for (n = 1; n < sizeof(text); n++) {
        sbx_rpc_lines_done(&lines);
        sbx_rpc_lines_init(&lines, 16);
        split(text, n, got, sizeof(got));
        ck_assert_str_eq(got, "one|two|1234567890123456|!|!|end|");
    }
}
END_TEST

/* Before the first line, once; what comes later is a character, for the parser to judge. */
START_TEST(lines__byte_order_mark__passed_over_at_the_start)
{
    static const char *const text = "\xEF\xBB\xBFone\r\n\xEF\xBB\xBFtwo\n";
    static const char *const alone = "\xEF\xBB\xBF\n\xEF\xBB\xBFtwo\n";
    char got[256];
    size_t n;

    for (n = 1; n < strlen(text); n++) {
        sbx_rpc_lines_done(&lines);
        sbx_rpc_lines_init(&lines, 16);
        split(text, n, got, sizeof(got));
        ck_assert_str_eq(got, "one|\xEF\xBB\xBFtwo|");
        sbx_rpc_lines_done(&lines);
        sbx_rpc_lines_init(&lines, 16);
        split(alone, n, got, sizeof(got));
        ck_assert_str_eq(got, "\xEF\xBB\xBFtwo|");
    }
}
END_TEST

START_TEST(lines__endless_line__told_once_and_not_kept)
{
    char part[1000];
    const char *line;
    size_t i, length, told = 0;

    memset(part, 'x', sizeof(part));
    for (i = 0; i < 1000; i++) {
        ck_assert_int_eq(sbx_rpc_lines_feed(&lines, part, sizeof(part), NULL), SBX_OK);
        told += sbx_rpc_lines_next(&lines, &line, &length) == SBX_RPC_LINE_TOO_LONG;
        ck_assert_int_eq(sbx_rpc_lines_next(&lines, &line, &length), SBX_RPC_LINE_NONE);
    }
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_lt(lines.bytes.capacity_bytes, 70000);
    ck_assert_int_eq(sbx_rpc_lines_feed(&lines, "\nok\n", 4, NULL), SBX_OK);
    ck_assert_int_eq(sbx_rpc_lines_next(&lines, &line, &length), SBX_RPC_LINE_TEXT);
    ck_assert_uint_eq(length, 2);
}
END_TEST

/* kind 0 and a code: refused with that code */
static const struct {
    const char *text;
    int kind, code;
    int id_kind;
} rows[] = {
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", SBX_RPC_REQUEST, 0, SBX_RPC_ID_NUMBER},
    {"{\"method\":\"m\",\"params\":{},\"id\":\"a\",\"jsonrpc\":\"2.0\"}", SBX_RPC_REQUEST, 0,
        SBX_RPC_ID_STRING},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", SBX_RPC_NOTIFICATION, 0, SBX_RPC_ID_NONE},
    {"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}", SBX_RPC_RESULT, 0, SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-1,\"message\":\"no\"}}", SBX_RPC_ERROR, 0,
        SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":-9007199254740991,\"method\":\"m\"}", SBX_RPC_REQUEST, 0,
        SBX_RPC_ID_NUMBER},
    /* requests that are none */
    {"{}", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NONE},
    {"1", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NONE},
    {"null", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NONE},
    {"[]", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NONE},
    {"{\"id\":1,\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", 0, SBX_RPC_INVALID_REQUEST, SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NONE},
    {"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NONE},
    {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NONE},
    {"{\"jsonrpc\":\"2.0\",\"id\":9007199254740992,\"method\":\"m\"}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NONE},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"extra\":1}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"result\":1}", 0, SBX_RPC_INVALID_REQUEST,
        SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[1]}", 0, SBX_RPC_INVALID_PARAMS,
        SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":null}", 0, SBX_RPC_INVALID_PARAMS,
        SBX_RPC_ID_NUMBER},
    /* broken, but must not be answered: kind stays */
    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[1]}", SBX_RPC_NOTIFICATION, 1,
        SBX_RPC_ID_NONE},
    {"{\"id\":2,\"result\":1}", SBX_RPC_RESULT, 1, SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}", SBX_RPC_RESULT, 1, SBX_RPC_ID_NONE},
    {"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":1,\"error\":{}}", SBX_RPC_RESULT, 1,
        SBX_RPC_ID_NUMBER},
    {"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":1}", SBX_RPC_ERROR, 1, SBX_RPC_ID_NUMBER},
};

START_TEST(read__table__as_expected)
{
    struct sbx_rpc_message message;
    enum sbx_rpc_code code = SBX_RPC_INTERNAL;
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_rpc_parse(rows[_i].text, strlen(rows[_i].text), &root, &err), &err);
    status = sbx_rpc_read(root, &message, &code, &err);
    ck_assert_msg((status != SBX_OK) == (rows[_i].code != 0), "%s", rows[_i].text);
    ck_assert_msg((int)message.kind == rows[_i].kind, "%s", rows[_i].text);
    ck_assert_msg((int)message.id.kind == rows[_i].id_kind, "%s", rows[_i].text);
    if (rows[_i].code < 0)
        ck_assert_msg((int)code == rows[_i].code, "%s: %d", rows[_i].text, (int)code);
}
END_TEST

START_TEST(parse__not_json_or_too_deep__refused)
{
    static const char *const bad[] = {"", "{", "{\"a\":1,\"a\":2}", "\xff", "{\"a\":\"\\ud800\"}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "{} {}"};
    size_t i;

    for (i = 0; i < countof(bad); i++)
        ck_assert_msg(sbx_rpc_parse(bad[i], strlen(bad[i]), &root, NULL) != SBX_OK, "%s", bad[i]);
}
END_TEST

START_TEST(write__all_forms__exact)
{
    const struct sbx_rpc_id number = {.kind = SBX_RPC_ID_NUMBER, .number = -7};
    const struct sbx_rpc_id text = {.kind = SBX_RPC_ID_STRING, .text = "a\"b"};
    const struct sbx_rpc_id none = {.kind = SBX_RPC_ID_NONE};
    struct sbx_json_writer w;
    struct sbx_error err;
    struct sbx_buf buf;

    sbx_buf_init(&buf, 4096);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_rpc_begin_result(&w, &number);
    sbx_json_bool(&w, true);
    sbx_rpc_end(&w);
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_rpc_begin_request(&w, &text, "m");
    sbx_json_begin_object(&w);
    sbx_json_end_object(&w);
    sbx_rpc_end(&w);
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_rpc_begin_error(&w, &none, SBX_RPC_PARSE, "no");
    sbx_rpc_end_error(&w);
    ck_assert_sbx_ok(sbx_json_writer_end(&w, &err), &err);
    ck_assert_str_eq(buf.data,
        "{\"jsonrpc\":\"2.0\",\"id\":-7,\"result\":true}"
        "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"method\":\"m\",\"params\":{}}"
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}");
    sbx_buf_done(&buf);
}
END_TEST

START_TEST(id__equal__by_kind_and_value)
{
    const struct sbx_rpc_id one = {.kind = SBX_RPC_ID_NUMBER, .number = 1};
    const struct sbx_rpc_id two = {.kind = SBX_RPC_ID_NUMBER, .number = 2};
    const struct sbx_rpc_id text = {.kind = SBX_RPC_ID_STRING, .text = "1"};

    ck_assert(sbx_rpc_id_equal(&one, &one));
    ck_assert(!sbx_rpc_id_equal(&one, &two));
    ck_assert(!sbx_rpc_id_equal(&one, &text));
    ck_assert(sbx_rpc_id_equal(&text, &text));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, lines__any_portions__same_lines);
    tcase_add_test(tcase, lines__byte_order_mark__passed_over_at_the_start);
    tcase_add_test(tcase, lines__endless_line__told_once_and_not_kept);
    tcase_add_loop_test(tcase, read__table__as_expected, 0, (int)countof(rows));
    tcase_add_test(tcase, parse__not_json_or_too_deep__refused);
    tcase_add_test(tcase, write__all_forms__exact);
    tcase_add_test(tcase, id__equal__by_kind_and_value);
}

UNIT_MAIN("jsonrpc", add_tests)
