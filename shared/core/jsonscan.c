/*
 * The grammar of RFC 8259, whole and nothing more. See json.h.
 *
 * MUSTs of this file:
 *  1. Nothing is accepted that the grammar refuses: cJSON is lenient and runs behind this.
 *  2. Nesting is counted before it is entered: recursion here and in cJSON is bounded by it.
 *  3. Each byte is looked at a bounded number of times.
 */
#include "json.h"

#include "utf.h"

/* cJSON copies a number into a 64-byte buffer and silently cuts what does not fit. */
#define NUMBER_MAX_BYTES 63u

struct scanner {
    const char *text;
    size_t length;
    size_t at;
    size_t depth;
    size_t max_depth;
    struct sbx_error *err;
};

static enum sbx_status scan_value(struct scanner *s);

/* Line and column (code points, from 1) are worked out only for an error. */
static enum sbx_status fail_at(const struct scanner *s, size_t at, const char *what)
{
    size_t line = 1, column = 1, i;

    for (i = 0; i < at; i++) {
        if (s->text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)s->text[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    return sbx_fail(s->err, SBX_INVALID, "line %zu, column %zu: %s", line, column, what);
}

/* "expected X, found Y" at the current position. */
static enum sbx_status fail_expected(const struct scanner *s, const char *expected)
{
    enum sbx_status status = fail_at(s, s->at, expected);
    char found[16];

    if (!s->err)
        return status;
    if (s->at >= s->length) {
        sbx_error_context(s->err, "text ends early");
        return status;
    }
    sbx_utf_printable(s->text + s->at, 1, found, sizeof(found));
    sbx_error_context(
        s->err, "unexpected '%s' (0x%02X)", found, (unsigned)(unsigned char)s->text[s->at]);
    return status;
}

static int peek(const struct scanner *s)
{
    return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

static void skip_space(struct scanner *s)
{
    int c;

    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->at++;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static enum sbx_status scan_digits(struct scanner *s)
{
    if (!is_digit(peek(s)))
        return fail_expected(s, "a digit was expected");
    while (is_digit(peek(s)))
        s->at++;
    return SBX_OK;
}

static enum sbx_status scan_number(struct scanner *s)
{
    size_t start = s->at;
    enum sbx_status status;

    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0') {
        s->at++;
        if (is_digit(peek(s)))
            return fail_at(s, start, "number with a leading zero");
    } else if ((status = scan_digits(s)) != SBX_OK) {
        return status;
    }
    if (peek(s) == '.') {
        s->at++;
        status = scan_digits(s);
        if (status)
            return status;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        status = scan_digits(s);
        if (status)
            return status;
    }
    if (s->at - start > NUMBER_MAX_BYTES)
        return fail_at(s, start, "number of more than 63 characters");
    return SBX_OK;
}

static int hex_value(int c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits after \u. */
static enum sbx_status scan_hex4(struct scanner *s, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    int i, digit;

    for (i = 0; i < 4; i++) {
        digit = hex_value(peek(s));
        if (digit < 0)
            return fail_expected(s, "four hexadecimal digits must follow \\u");
        unit = unit << 4 | (uint32_t)digit;
        s->at++;
    }
    *ret_unit = unit;
    return SBX_OK;
}

/*
 * After \u. U+0000 would end a C string early ("a\u0000b" read as "a"), and a lone surrogate has
 * no UTF-8 form: cJSON would make ill-formed text of it.
 */
static enum sbx_status scan_unicode_escape(struct scanner *s, size_t start)
{
    uint32_t unit = 0, low = 0;
    enum sbx_status status = scan_hex4(s, &unit);

    if (status)
        return status;
    if (!unit)
        return fail_at(s, start, "\\u0000 is not allowed");
    if (unit < 0xD800 || unit > 0xDFFF)
        return SBX_OK;
    if (unit > 0xDBFF || s->length - s->at < 2 || s->text[s->at] != '\\' ||
        s->text[s->at + 1] != 'u')
        return fail_at(s, start, "lone surrogate escape");
    s->at += 2;
    status = scan_hex4(s, &low);
    if (status)
        return status;
    if (low < 0xDC00 || low > 0xDFFF)
        return fail_at(s, start, "lone surrogate escape");
    return SBX_OK;
}

static enum sbx_status scan_escape(struct scanner *s)
{
    size_t start = s->at;
    int c;

    s->at++;
    c = peek(s);
    if (c == 'u') {
        s->at++;
        return scan_unicode_escape(s, start);
    }
    /* strchr finds the end of its set, too. */
    if (c <= 0 || !strchr("\"\\/bfnrt", c))
        return fail_expected(s, "unknown escape in a string");
    s->at++;
    return SBX_OK;
}

static enum sbx_status scan_string(struct scanner *s)
{
    enum sbx_status status;
    int c;

    s->at++;
    for (;;) {
        c = peek(s);
        if (c == '"') {
            s->at++;
            return SBX_OK;
        }
        if (c < 0)
            return fail_expected(s, "a string is not closed");
        if (c < 0x20)
            return fail_expected(s, "control characters in strings must be escaped");
        if (c == '\\') {
            status = scan_escape(s);
            if (status)
                return status;
        } else {
            s->at++;
        }
    }
}

static enum sbx_status scan_word(struct scanner *s, const char *word)
{
    size_t length = strlen(word);

    if (s->length - s->at < length || memcmp(s->text + s->at, word, length) != 0)
        return fail_expected(s, "a value was expected");
    s->at += length;
    return SBX_OK;
}

/* Key, colon, value. */
static enum sbx_status scan_member(struct scanner *s)
{
    enum sbx_status status;

    if (peek(s) != '"')
        return fail_expected(s, "a key in double quotes was expected");
    status = scan_string(s);
    if (status)
        return status;
    skip_space(s);
    if (peek(s) != ':')
        return fail_expected(s, "':' was expected after a key");
    s->at++;
    return scan_value(s);
}

static enum sbx_status scan_container(struct scanner *s, int close)
{
    enum sbx_status status;

    if (s->depth == s->max_depth)
        return fail_at(s, s->at, "nested too deep");
    s->depth++;
    s->at++;
    skip_space(s);
    while (peek(s) != close) {
        skip_space(s);
        status = close == '}' ? scan_member(s) : scan_value(s);
        if (status)
            return status;
        skip_space(s);
        if (peek(s) == close)
            break;
        if (peek(s) != ',')
            return fail_expected(
                s, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
        s->at++;
        skip_space(s);
        if (peek(s) == close)
            return fail_expected(s, "no comma may stand before the end");
    }
    s->at++;
    s->depth--;
    return SBX_OK;
}

/* Recursion is bounded by max_depth. */
static enum sbx_status scan_value(struct scanner *s)
{
    skip_space(s);
    switch (peek(s)) {
    case '{':
        return scan_container(s, '}');
    case '[':
        return scan_container(s, ']');
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (peek(s) == '-' || is_digit(peek(s)))
            return scan_number(s);
        return fail_expected(s, "a value was expected");
    }
}

enum sbx_status sbx_json_scan(
    const char *text, size_t length_bytes, size_t max_depth, struct sbx_error *err)
{
    struct scanner s = {text, length_bytes, 0, 0, max_depth, err};
    size_t valid = sbx_utf8_valid_bytes(text, length_bytes);
    enum sbx_status status;

    if (!max_depth || max_depth > SBX_JSON_DEPTH_LIMIT)
        return sbx_fail(err, SBX_INTERNAL, "depth limit %zu", max_depth);
    if (valid < length_bytes)
        return fail_at(&s, valid, "ill-formed UTF-8");
    if (length_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        status = fail_at(&s, 0, "byte order mark");
        sbx_error_hint(err, "save the text as UTF-8 without a byte order mark");
        return status;
    }
    status = scan_value(&s);
    if (status)
        return status;
    skip_space(&s);
    if (s.at < length_bytes)
        return fail_expected(&s, "the text must end after its value");
    return SBX_OK;
}
