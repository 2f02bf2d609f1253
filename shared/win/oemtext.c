/* See oemtext.h. */
#include "oemtext.h"

#include "../core/utf.h"

#define LINE_MAX_BYTES 4096u /* longer ones are looked at in parts */
#define REPLACEMENT "\xEF\xBF\xBD"

unsigned sbx_oem_code_page(void)
{
    DWORD code_page = 0;

    if (!GetLocaleInfoW(LOCALE_SYSTEM_DEFAULT, LOCALE_IDEFAULTCODEPAGE | LOCALE_RETURN_NUMBER,
            (wchar_t *)(void *)&code_page, sizeof(code_page) / sizeof(wchar_t)))
        return 0;
    return code_page > CP_SYMBOL && IsValidCodePage(code_page) ? code_page : 0;
}

/* UTF-8, what is none of it replaced byte by byte. */
static enum sbx_status put_utf8(
    const char *bytes, size_t length_bytes, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t at = 0;

    while (!status && at < length_bytes) {
        size_t valid = sbx_utf8_valid_bytes(bytes + at, length_bytes - at);
        const char *nul = memchr(bytes + at, '\0', valid);

        if (nul)
            valid = (size_t)(nul - (bytes + at));
        if (valid)
            status = sbx_buf_add(text, bytes + at, valid, err);
        at += valid;
        if (!status && at < length_bytes) {
            status = sbx_buf_puts(text, REPLACEMENT, err);
            at++;
        }
    }
    return status;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0u) == 0x80u;
}

/* UTF-8, but for a character that the end of the bytes cuts in two. */
static bool is_utf8(const char *bytes, size_t length_bytes, bool last)
{
    size_t valid = sbx_utf8_valid_bytes(bytes, length_bytes), at = valid + 1;

    if (valid == length_bytes)
        return true;
    if (!last || length_bytes - valid > 3 || (unsigned char)bytes[valid] < 0xc2u)
        return false;
    while (at < length_bytes && is_continuation(bytes[at]))
        at++;
    return at == length_bytes;
}

/* A line with its end, or as much of it as there is or is looked at; no character is cut by us. */
static size_t line_bytes(const char *bytes, size_t length_bytes)
{
    size_t part = length_bytes < LINE_MAX_BYTES ? length_bytes : LINE_MAX_BYTES;
    const char *end = memchr(bytes, '\n', part);
    size_t back = 0;

    if (end)
        return (size_t)(end - bytes) + 1;
    while (part < length_bytes && back < 3 && is_continuation(bytes[part - back]))
        back++;
    return part - back;
}

static enum sbx_status put_oem(const char *bytes, size_t length_bytes, unsigned code_page,
    struct sbx_buf *text, struct sbx_error *err)
{
    wchar_t text_w[LINE_MAX_BYTES];
    char utf8[3 * LINE_MAX_BYTES];
    int cch =
        MultiByteToWideChar(code_page, 0, bytes, (int)length_bytes, text_w, (int)countof(text_w));
    int length =
        cch > 0 ? WideCharToMultiByte(CP_UTF8, 0, text_w, cch, utf8, (int)sizeof(utf8), NULL, NULL)
                : 0;

    return length > 0 ? put_utf8(utf8, (size_t)length, text, err)
                      : put_utf8(bytes, length_bytes, text, err);
}

enum sbx_status sbx_oem_text(const char *bytes, size_t length_bytes, unsigned code_page,
    struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t at = 0;

    while (!status && at < length_bytes) {
        const char *line = bytes + at;
        size_t part = line_bytes(line, length_bytes - at);

        if (!code_page || is_utf8(line, part, at + part == length_bytes))
            status = put_utf8(line, part, ret_text, err);
        else
            status = put_oem(line, part, code_page, ret_text, err);
        at += part;
    }
    return status;
}

/* Bytes at the end that begin a character and are not all of it. */
static size_t unfinished(const char *bytes, size_t length_bytes)
{
    size_t back, needs;

    for (back = 1; back <= 3 && back <= length_bytes; back++) {
        const unsigned char first = (unsigned char)bytes[length_bytes - back];

        if ((first & 0xc0u) == 0x80u)
            continue;
        needs = first >= 0xf0 && first <= 0xf4   ? 4
                : first >= 0xe0 && first <= 0xef ? 3
                : first >= 0xc2 && first <= 0xdf ? 2
                                                 : 0;
        return needs > back ? back : 0;
    }
    return 0;
}

enum sbx_status sbx_oem_feed(struct sbx_oem_feed *feed, const char *bytes, size_t length_bytes,
    struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf joined;
    size_t keep = 0;

    sbx_buf_init(&joined, length_bytes + sizeof(feed->carry));
    status = sbx_buf_add(&joined, feed->carry, feed->carry_bytes, err);
    if (!status)
        status = sbx_buf_add(&joined, bytes, length_bytes, err);
    if (!status && joined.length_bytes) {
        keep = length_bytes ? unfinished(joined.data, joined.length_bytes) : 0;
        status =
            sbx_oem_text(joined.data, joined.length_bytes - keep, feed->code_page, ret_text, err);
        memcpy(feed->carry, joined.data + joined.length_bytes - keep, keep);
        feed->carry_bytes = keep;
    }
    sbx_buf_done(&joined);
    return status;
}
