/* See jsonwrite.h. */
#include "jsonwrite.h"

#include "utf.h"

void sbx_json_writer_begin(struct sbx_json_writer *w, struct sbx_buf *buf, bool indented)
{
    memset(w, 0, sizeof(*w));
    w->buf = buf;
    w->indented = indented;
}

static bool failed(const struct sbx_json_writer *w)
{
    return w->first.status != SBX_OK;
}

/* The status is in w->first already; this only marks it as looked at. */
static void keep(enum sbx_status status)
{
    (void)status;
}

static void fail(struct sbx_json_writer *w, enum sbx_status status, const char *what)
{
    if (!failed(w))
        keep(sbx_fail(&w->first, status, "JSON writer: %s", what));
}

static void put(struct sbx_json_writer *w, const char *bytes, size_t length_bytes)
{
    if (!failed(w))
        keep(sbx_buf_add(w->buf, bytes, length_bytes, &w->first));
}

static void puts_raw(struct sbx_json_writer *w, const char *text)
{
    put(w, text, strlen(text));
}

static void new_line(struct sbx_json_writer *w)
{
    unsigned i;

    if (!w->indented)
        return;
    puts_raw(w, "\n");
    for (i = 0; i < w->depth; i++)
        puts_raw(w, "  ");
}

/* The comma and line break before an element or key. */
static void separate(struct sbx_json_writer *w)
{
    if (w->has_items[w->depth - 1])
        puts_raw(w, ",");
    w->has_items[w->depth - 1] = true;
    new_line(w);
}

/* What must come before any value; refuses a value in the wrong place. */
static void before_value(struct sbx_json_writer *w)
{
    if (failed(w))
        return;
    if (!w->depth) {
        if (w->complete)
            fail(w, SBX_INTERNAL, "second root value");
    } else if (!w->is_object[w->depth - 1]) {
        separate(w);
    } else if (!w->key_pending) {
        fail(w, SBX_INTERNAL, "value without a key");
    }
    w->key_pending = false;
}

static void after_value(struct sbx_json_writer *w)
{
    if (!w->depth)
        w->complete = true;
}

static void scalar(struct sbx_json_writer *w, const char *text)
{
    before_value(w);
    puts_raw(w, text);
    after_value(w);
}

static void open_container(struct sbx_json_writer *w, bool is_object)
{
    before_value(w);
    if (failed(w))
        return;
    if (w->depth == SBX_JSON_WRITER_DEPTH) {
        fail(w, SBX_INTERNAL, "nested too deep");
        return;
    }
    puts_raw(w, is_object ? "{" : "[");
    w->is_object[w->depth] = is_object;
    w->has_items[w->depth] = false;
    w->depth++;
}

static void close_container(struct sbx_json_writer *w, bool is_object)
{
    bool had_items;

    if (failed(w))
        return;
    if (!w->depth || w->is_object[w->depth - 1] != is_object || w->key_pending) {
        fail(w, SBX_INTERNAL, "end without its begin, or after a key");
        return;
    }
    had_items = w->has_items[w->depth - 1];
    w->depth--;
    if (had_items)
        new_line(w);
    puts_raw(w, is_object ? "}" : "]");
    after_value(w);
}

/* Escape for code points that need one; NULL for those that stand for themselves. */
static const char *escape_of(uint32_t c, char text[8])
{
    static const char digits[] = "0123456789abcdef";
    unsigned i;

    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    /* U+2028 and U+2029 end a line in some readers, DEL and C1 can drive a terminal. */
    if (c >= 0x20 && !(c >= 0x7F && c <= 0x9F) && c != 0x2028 && c != 0x2029)
        return NULL;
    memcpy(text, "\\u0000", 7);
    for (i = 0; i < 4; i++)
        text[2 + i] = digits[c >> (12 - 4 * i) & 0xF];
    return text;
}

static void quoted(struct sbx_json_writer *w, const char *text, size_t length_bytes)
{
    size_t at = 0, run = 0, n;
    uint32_t code_point = 0;
    const char *escape;
    char scratch[8];

    puts_raw(w, "\"");
    while (at < length_bytes && !failed(w)) {
        n = sbx_utf8_decode(text + at, length_bytes - at, &code_point);
        if (!n || !code_point) {
            fail(w, SBX_INVALID, n ? "NUL in a string" : "ill-formed UTF-8 in a string");
            return;
        }
        escape = escape_of(code_point, scratch);
        if (escape) {
            put(w, text + run, at - run);
            puts_raw(w, escape);
            run = at + n;
        }
        at += n;
    }
    put(w, text + run, at - run);
    puts_raw(w, "\"");
}

void sbx_json_begin_object(struct sbx_json_writer *w)
{
    open_container(w, true);
}

void sbx_json_end_object(struct sbx_json_writer *w)
{
    close_container(w, true);
}

void sbx_json_begin_array(struct sbx_json_writer *w)
{
    open_container(w, false);
}

void sbx_json_end_array(struct sbx_json_writer *w)
{
    close_container(w, false);
}

void sbx_json_string_n(struct sbx_json_writer *w, const char *text, size_t length_bytes)
{
    before_value(w);
    quoted(w, text, length_bytes);
    after_value(w);
}

void sbx_json_string(struct sbx_json_writer *w, const char *text)
{
    if (text)
        sbx_json_string_n(w, text, strlen(text));
    else
        sbx_json_null(w);
}

void sbx_json_int64(struct sbx_json_writer *w, int64_t value)
{
    before_value(w);
    if (!failed(w))
        keep(sbx_buf_printf(w->buf, &w->first, "%lld", (long long)value));
    after_value(w);
}

void sbx_json_uint64(struct sbx_json_writer *w, uint64_t value)
{
    before_value(w);
    if (!failed(w))
        keep(sbx_buf_printf(w->buf, &w->first, "%llu", (unsigned long long)value));
    after_value(w);
}

void sbx_json_bool(struct sbx_json_writer *w, bool value)
{
    scalar(w, value ? "true" : "false");
}

void sbx_json_null(struct sbx_json_writer *w)
{
    scalar(w, "null");
}

void sbx_json_raw(struct sbx_json_writer *w, const char *json, size_t length_bytes)
{
    before_value(w);
    put(w, json, length_bytes);
    after_value(w);
}

void sbx_json_key(struct sbx_json_writer *w, const char *key)
{
    if (failed(w))
        return;
    if (!w->depth || !w->is_object[w->depth - 1] || w->key_pending) {
        fail(w, SBX_INTERNAL, "key outside an object, or after a key");
        return;
    }
    separate(w);
    quoted(w, key, strlen(key));
    puts_raw(w, w->indented ? ": " : ":");
    w->key_pending = true;
}

void sbx_json_key_string(struct sbx_json_writer *w, const char *key, const char *text)
{
    sbx_json_key(w, key);
    sbx_json_string(w, text);
}

void sbx_json_key_int64(struct sbx_json_writer *w, const char *key, int64_t value)
{
    sbx_json_key(w, key);
    sbx_json_int64(w, value);
}

void sbx_json_key_uint64(struct sbx_json_writer *w, const char *key, uint64_t value)
{
    sbx_json_key(w, key);
    sbx_json_uint64(w, value);
}

void sbx_json_key_bool(struct sbx_json_writer *w, const char *key, bool value)
{
    sbx_json_key(w, key);
    sbx_json_bool(w, value);
}

void sbx_json_key_null(struct sbx_json_writer *w, const char *key)
{
    sbx_json_key(w, key);
    sbx_json_null(w);
}

void sbx_json_key_object(struct sbx_json_writer *w, const char *key)
{
    sbx_json_key(w, key);
    sbx_json_begin_object(w);
}

void sbx_json_key_array(struct sbx_json_writer *w, const char *key)
{
    sbx_json_key(w, key);
    sbx_json_begin_array(w);
}

void sbx_json_key_strings(
    struct sbx_json_writer *w, const char *key, const char *const *list, size_t count)
{
    size_t i;

    sbx_json_key_array(w, key);
    for (i = 0; i < count; i++)
        sbx_json_string(w, list[i]);
    sbx_json_end_array(w);
}

void sbx_json_key_error(struct sbx_json_writer *w, const char *key, const struct sbx_error *error)
{
    if (!error || !error->status) {
        sbx_json_key_null(w, key);
        return;
    }
    sbx_json_key_object(w, key);
    sbx_json_key_string(w, "status", sbx_status_name(error->status));
    sbx_json_key_string(w, "domain", sbx_domain_name(error->domain));
    sbx_json_key_uint64(w, "code", error->code);
    sbx_json_key_string(w, "name", sbx_code_name(error->domain, error->code));
    sbx_json_key_string(w, "message", error->context);
    sbx_json_key_string(w, "hint", error->hint[0] ? error->hint : NULL);
    sbx_json_end_object(w);
}

enum sbx_status sbx_json_writer_end(struct sbx_json_writer *w, struct sbx_error *err)
{
    if (!failed(w) && (!w->complete || w->depth))
        fail(w, SBX_INTERNAL, "document not closed");
    if (w->indented)
        puts_raw(w, "\n");
    if (failed(w) && err)
        *err = w->first;
    return w->first.status;
}
