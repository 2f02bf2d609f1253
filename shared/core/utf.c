/* See utf.h. */
#include "utf.h"

#include "buf.h"

size_t sbx_utf8_decode(const char *text, size_t length_bytes, uint32_t *ret_code_point)
{
    /* Smallest code point per length: anything below is an overlong spelling. */
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    uint32_t code_point;
    size_t need, i;

    if (!length_bytes)
        return 0;
    if (byte[0] < 0x80) {
        *ret_code_point = byte[0];
        return 1;
    }
    need = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || need > length_bytes)
        return 0;
    code_point = byte[0] & (0x7Fu >> need);
    for (i = 1; i < need; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
        code_point = code_point << 6 | (byte[i] & 0x3Fu);
    }
    if (code_point < smallest[need] || code_point > 0x10FFFF ||
        (code_point >= 0xD800 && code_point <= 0xDFFF))
        return 0;
    *ret_code_point = code_point;
    return need;
}

size_t sbx_utf8_encode(uint32_t code_point, char bytes[4])
{
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (char)(0xC0 | code_point >> 6);
        bytes[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF)
            return 0;
        bytes[0] = (char)(0xE0 | code_point >> 12);
        bytes[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    if (code_point > 0x10FFFF)
        return 0;
    bytes[0] = (char)(0xF0 | code_point >> 18);
    bytes[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    bytes[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    bytes[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

size_t sbx_utf8_valid_bytes(const char *text, size_t length_bytes)
{
    uint32_t code_point;
    size_t at = 0, n;

    while (at < length_bytes) {
        n = sbx_utf8_decode(text + at, length_bytes - at, &code_point);
        if (!n)
            break;
        at += n;
    }
    return at;
}

bool sbx_utf_is_valid(const char *text, size_t length_bytes)
{
    return sbx_utf8_valid_bytes(text, length_bytes) == length_bytes;
}

enum sbx_status sbx_utf8_check(const char *text, size_t length_bytes, struct sbx_error *err)
{
    size_t valid = sbx_utf8_valid_bytes(text, length_bytes);
    const char *nul = length_bytes ? memchr(text, 0, length_bytes) : NULL;

    if (nul && (size_t)(nul - text) < valid)
        return sbx_fail(err, SBX_INVALID, "NUL byte at offset %zu", (size_t)(nul - text));
    if (valid < length_bytes)
        return sbx_fail(err, SBX_INVALID, "ill-formed UTF-8 at byte offset %zu (0x%02X)", valid,
            (unsigned)(unsigned char)text[valid]);
    return SBX_OK;
}

/* Each lead byte starts one unit, a four-byte sequence two. */
size_t sbx_utf8_cch(const char *text, size_t length_bytes)
{
    size_t i, cch = 0;

    for (i = 0; i < length_bytes; i++) {
        unsigned char byte = (unsigned char)text[i];

        if ((byte & 0xC0) != 0x80)
            cch += byte >= 0xF0 ? 2 : 1;
    }
    return cch;
}

size_t sbx_utf16_cch(const sbx_char16 *text_w)
{
    size_t cch = 0;

    while (text_w[cch])
        cch++;
    return cch;
}

enum sbx_status sbx_utf8_to_utf16(const char *text, size_t length_bytes, sbx_char16 **ret_w,
    size_t *ret_cch, struct sbx_error *err)
{
    enum sbx_status status = sbx_utf8_check(text, length_bytes, err);
    uint32_t code_point = 0;
    sbx_char16 *out = NULL;
    size_t at = 0, cch = 0;

    if (status)
        return status;
    status = sbx_calloc(sbx_utf8_cch(text, length_bytes) + 1, sizeof(*out), &out, err);
    if (status)
        return status;
    while (at < length_bytes) {
        at += sbx_utf8_decode(text + at, length_bytes - at, &code_point);
        if (code_point >= 0x10000) {
            out[cch++] = (sbx_char16)(0xD800 + ((code_point - 0x10000) >> 10));
            out[cch++] = (sbx_char16)(0xDC00 + ((code_point - 0x10000) & 0x3FF));
        } else {
            out[cch++] = (sbx_char16)code_point;
        }
    }
    *ret_w = out;
    if (ret_cch)
        *ret_cch = cch;
    return SBX_OK;
}

/* One code point; 0 units consumed for a lone surrogate. */
static size_t decode16(const sbx_char16 *text_w, size_t length_cch, uint32_t *ret_code_point)
{
    uint32_t unit = text_w[0];

    if (unit < 0xD800 || unit > 0xDFFF) {
        *ret_code_point = unit;
        return 1;
    }
    if (unit > 0xDBFF || length_cch < 2 || text_w[1] < 0xDC00 || text_w[1] > 0xDFFF)
        return 0;
    *ret_code_point = 0x10000 + ((unit - 0xD800) << 10) + (text_w[1] - 0xDC00u);
    return 2;
}

/* Bytes needed, or an error that names the unit. */
static enum sbx_status measure16(
    const sbx_char16 *text_w, size_t length_cch, size_t *ret_bytes, struct sbx_error *err)
{
    size_t at = 0, n, bytes = 0;
    uint32_t code_point = 0;

    while (at < length_cch) {
        n = decode16(text_w + at, length_cch - at, &code_point);
        if (!n)
            return sbx_fail(err, SBX_INVALID, "lone surrogate 0x%04X at UTF-16 offset %zu",
                (unsigned)text_w[at], at);
        if (!code_point)
            return sbx_fail(err, SBX_INVALID, "NUL at UTF-16 offset %zu", at);
        at += n;
        bytes += code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    }
    *ret_bytes = bytes;
    return SBX_OK;
}

enum sbx_status sbx_utf16_to_utf8(const sbx_char16 *text_w, size_t length_cch, char **ret_text,
    size_t *ret_length_bytes, struct sbx_error *err)
{
    size_t at = 0, bytes = 0, length = 0;
    uint32_t code_point = 0;
    char *out = NULL;
    enum sbx_status status = measure16(text_w, length_cch, &bytes, err);

    if (status)
        return status;
    status = sbx_calloc(bytes + 1, 1, &out, err);
    if (status)
        return status;
    while (at < length_cch) {
        char encoded[4];
        size_t n;

        at += decode16(text_w + at, length_cch - at, &code_point);
        n = sbx_utf8_encode(code_point, encoded);
        memcpy(out + length, encoded, n);
        length += n;
    }
    *ret_text = out;
    if (ret_length_bytes)
        *ret_length_bytes = length;
    return SBX_OK;
}

char sbx_ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

char sbx_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sbx_utf_equal_ci_ascii_n(
    const char *a, size_t a_length_bytes, const char *b, size_t b_length_bytes)
{
    size_t i;

    if (a_length_bytes != b_length_bytes)
        return false;
    for (i = 0; i < a_length_bytes; i++)
        if (sbx_ascii_upper(a[i]) != sbx_ascii_upper(b[i]))
            return false;
    return true;
}

bool sbx_utf_equal_ci_ascii(const char *a, const char *b)
{
    return sbx_utf_equal_ci_ascii_n(a, strlen(a), b, strlen(b));
}

/*
 * A byte's rank such that comparing ranks orders UTF-8 as UTF-16 code units: in UTF-16,
 * U+10000 and above (lead bytes F0-F4) start with a surrogate D8xx and so come before
 * U+E000..U+FFFF (lead bytes EE and EF). Everywhere else both orders agree.
 */
static unsigned rank16(char c)
{
    unsigned byte = (unsigned char)sbx_ascii_upper(c);

    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

int sbx_utf_compare_ci_ascii(const char *a, const char *b)
{
    while (*a && rank16(*a) == rank16(*b)) {
        a++;
        b++;
    }
    return (int)rank16(*a) - (int)rank16(*b);
}

/* C0, DEL, C1, line and paragraph separator, and the controls that reorder displayed text. */
static bool is_printable(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7F && c <= 0x9F) && !(c >= 0x200B && c <= 0x200F) &&
           !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069) && c != 0x061C &&
           c != 0xFEFF;
}

void sbx_utf_printable(const char *text, size_t length_bytes, char *ret_text, size_t size_bytes)
{
    size_t at = 0, out = 0, room = size_bytes - 4, n, keep;
    uint32_t code_point = 0;

    while (at < length_bytes) {
        n = sbx_utf8_decode(text + at, length_bytes - at, &code_point);
        keep = n && is_printable(code_point) ? n : 1;
        if (out + keep > room) {
            memcpy(ret_text + out, "...", 4);
            return;
        }
        if (n && is_printable(code_point))
            memcpy(ret_text + out, text + at, n);
        else
            ret_text[out] = '?';
        out += keep;
        at += n ? n : 1;
    }
    ret_text[out] = '\0';
}
