/* See wstr.h. */
#include "wstr.h"
#include "../core/utf.h"

/* wchar_t and sbx_char16 are both 16-bit code units here. */
_Static_assert(sizeof(wchar_t) == sizeof(sbx_char16), "UTF-16 wchar_t");

enum sbx_status sbx_wstr_from_utf8(const char *text, wchar_t **ret_text_w, struct sbx_error *err)
{
    sbx_char16 *text_w = NULL;
    enum sbx_status status = sbx_utf8_to_utf16(text, strlen(text), &text_w, NULL, err);

    if (!status)
        *ret_text_w = (wchar_t *)text_w;
    return status;
}

enum sbx_status sbx_wstr_to_utf8_n(
    const wchar_t *text_w, size_t cch, char **ret_text, struct sbx_error *err)
{
    return sbx_utf16_to_utf8((const sbx_char16 *)text_w, cch, ret_text, NULL, err);
}

enum sbx_status sbx_wstr_to_utf8(const wchar_t *text_w, char **ret_text, struct sbx_error *err)
{
    return sbx_wstr_to_utf8_n(text_w, wcslen(text_w), ret_text, err);
}

/* One code point of possibly ill-formed UTF-16, for display. */
static uint32_t next_code_point(const wchar_t *text_w, size_t cch, size_t *at)
{
    uint32_t unit = text_w[(*at)++];

    if (unit < 0x20 || unit == 0x7F)
        return '?';
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit;
    if (unit > 0xDBFF || *at >= cch || text_w[*at] < 0xDC00 || text_w[*at] > 0xDFFF)
        return 0xFFFD;
    return 0x10000 + ((unit - 0xD800) << 10) + (text_w[(*at)++] - 0xDC00u);
}

void sbx_wstr_display(const wchar_t *text_w, size_t cch, char *text, size_t size_bytes)
{
    size_t used = 0;
    size_t at = 0;

    while (at < cch) {
        char bytes[4];
        size_t n = sbx_utf8_encode(next_code_point(text_w, cch, &at), bytes);

        if (used + n >= size_bytes)
            break;
        memcpy(text + used, bytes, n);
        used += n;
    }
    if (size_bytes)
        text[used] = '\0';
}
