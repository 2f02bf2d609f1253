/* See say.h. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

#include "shared/core/jsonwrite.h"
#include "shared/core/utf.h"
#include "shared/win/stream.h"
#include "shared/win/winerr.h"

#define SAY_MAX_BYTES 65536u

bool sbx_say_write(unsigned long which, const char *text, size_t length_bytes)
{
    HANDLE handle = GetStdHandle(which);
    sbx_char16 *text_w = NULL;
    size_t cch = 0;
    DWORD mode = 0, written = 0;
    bool ok;

    if (!handle || handle == INVALID_HANDLE_VALUE)
        return false;
    if (!GetConsoleMode(handle, &mode) ||
        sbx_utf8_to_utf16(text, length_bytes, &text_w, &cch, NULL))
        return sbx_stream_write(handle, text, length_bytes);
    ok = WriteConsoleW(handle, text_w, (DWORD)cch, &written, NULL);
    free(text_w);
    return ok;
}

/* One line of text: control characters cannot leave this program. */
static void say_line(const char *prefix, const char *text)
{
    char line[2048];
    char clean[1900];
    int n;

    sbx_utf_printable(text, strlen(text), clean, sizeof(clean));
    n = snprintf(line, sizeof(line), "agent: %s%s\n", prefix, clean);
    if (n > 0)
        sbx_say_write(STD_ERROR_HANDLE, line, strlen(line));
}

/* A JSON object to where messages go; text where it could not be made, so that none is lost. */
static void say_object(
    const struct sbx_say *say, struct sbx_json_writer *w, struct sbx_buf *buf, const char *text)
{
    if (sbx_json_writer_end(w, NULL) || sbx_buf_putc(buf, '\n', NULL))
        say_line("", text);
    else if (say->sink)
        say->sink(say->context, buf->data, buf->length_bytes - 1);
    else
        sbx_say_write(STD_ERROR_HANDLE, buf->data, buf->length_bytes);
}

/* {"event":KIND,"message":TEXT} */
static void say_event(const struct sbx_say *say, const char *kind, const char *text)
{
    struct sbx_json_writer w;
    struct sbx_buf buf;
    char clean[1900];

    sbx_buf_init(&buf, SAY_MAX_BYTES);
    sbx_utf_printable(text, strlen(text), clean, sizeof(clean));
    sbx_json_writer_begin(&w, &buf, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "event", kind);
    sbx_json_key_string(&w, "message", clean);
    sbx_json_end_object(&w);
    say_object(say, &w, &buf, text);
    sbx_buf_done(&buf);
}

void sbx_say_warning(const struct sbx_say *say, const char *format, ...)
{
    char text[1536];
    va_list args;

    if (say->quiet)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (say->json || say->sink)
        say_event(say, "warning", text);
    else
        say_line("warning: ", text);
}

void sbx_say_debug(const struct sbx_say *say, const char *format, ...)
{
    char text[1536];
    va_list args;

    if (!say->debug)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (say->json || say->sink)
        say_event(say, "debug", text);
    else
        say_line("debug: ", text);
}

static void say_error_json(
    const struct sbx_say *say, const struct sbx_error *error, const char *text)
{
    struct sbx_json_writer w;
    struct sbx_buf buf;
    const char *name = sbx_code_name(error->domain, error->code);

    sbx_buf_init(&buf, SAY_MAX_BYTES);
    sbx_json_writer_begin(&w, &buf, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "event", "error");
    sbx_json_key_string(&w, "status", sbx_status_name(error->status));
    sbx_json_key_string(&w, "message", text);
    if (error->domain != SBX_DOMAIN_NONE) {
        sbx_json_key_string(&w, "domain", sbx_domain_name(error->domain));
        sbx_json_key_uint64(&w, "code", error->code);
        if (name)
            sbx_json_key_string(&w, "name", name);
    }
    if (error->hint[0])
        sbx_json_key_string(&w, "hint", error->hint);
    sbx_json_end_object(&w);
    say_object(say, &w, &buf, text);
    sbx_buf_done(&buf);
}

void sbx_say_error(const struct sbx_say *say, const struct sbx_error *error)
{
    struct sbx_buf text;
    char clean[1900];

    sbx_buf_init(&text, SAY_MAX_BYTES);
    if (sbx_winerr_describe(error, &text, NULL) || !text.data)
        sbx_error_format(error, clean, sizeof(clean));
    else
        sbx_utf_printable(text.data, text.length_bytes, clean, sizeof(clean));
    sbx_buf_done(&text);
    if (say->json || say->sink) {
        say_error_json(say, error, clean);
        return;
    }
    say_line("", clean);
    if (error->hint[0])
        say_line("hint: ", error->hint);
    if (say->debug && error->file) {
        snprintf(clean, sizeof(clean), "%s:%d, status %s", error->file, error->line,
            sbx_status_name(error->status));
        say_line("debug: ", clean);
    }
}

void sbx_say_json(const struct sbx_say *say, const struct sbx_buf *json)
{
    if (!say->json || !json->data || say->sink)
        return;
    sbx_say_write(STD_ERROR_HANDLE, json->data, json->length_bytes);
    sbx_say_write(STD_ERROR_HANDLE, "\n", 1);
}

void sbx_say_progress(const struct sbx_say *say, const struct sbx_buf *json)
{
    if (say->sink && json->data)
        say->sink(say->context, json->data, json->length_bytes);
    else
        sbx_say_json(say, json);
}
