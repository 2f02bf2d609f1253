/* See base64.h. */
#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum sbx_status sbx_base64_encode(
    const void *bytes, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err)
{
    const uint8_t *at = bytes;
    size_t start = ret_text->length_bytes;
    enum sbx_status status = SBX_OK;

    while (!status && length_bytes) {
        uint32_t group = (uint32_t)at[0] << 16;
        char text[4];

        if (length_bytes > 1)
            group |= (uint32_t)at[1] << 8;
        if (length_bytes > 2)
            group |= at[2];
        text[0] = digits[group >> 18];
        text[1] = digits[group >> 12 & 63u];
        text[2] = '=';
        text[3] = '=';
        if (length_bytes > 1)
            text[2] = digits[group >> 6 & 63u];
        if (length_bytes > 2)
            text[3] = digits[group & 63u];
        status = sbx_buf_add(ret_text, text, sizeof(text), err);
        at += length_bytes > 3 ? 3 : length_bytes;
        length_bytes -= length_bytes > 3 ? 3 : length_bytes;
    }
    if (status && ret_text->data) {
        ret_text->length_bytes = start;
        ret_text->data[start] = '\0';
    }
    return status;
}

/* 0..63, or 64 for a byte that is no digit ('=' and NUL among them). */
static uint32_t value_of(char c)
{
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (uint32_t)(found - digits) : 64u;
}

/* Four characters; only the last group of a text may be padded. Returns 0 for anything else. */
static size_t decode_group(const char *text, bool is_last, uint8_t ret_bytes[3])
{
    size_t padding = 0;
    uint32_t group = 0;
    size_t i;

    if (is_last && text[3] == '=')
        padding = text[2] == '=' ? 2 : 1;
    for (i = 0; i < 4 - padding; i++) {
        uint32_t value = value_of(text[i]);

        if (value > 63u)
            return 0;
        group |= value << (18 - 6 * i);
    }
    ret_bytes[0] = (uint8_t)(group >> 16);
    ret_bytes[1] = (uint8_t)(group >> 8);
    ret_bytes[2] = (uint8_t)group;
    /* Bits that no byte takes must be zero, or two texts would mean the same. */
    if ((padding == 2 && ret_bytes[1]) || (padding && ret_bytes[2]))
        return 0;
    return 3 - padding;
}

enum sbx_status sbx_base64_decode(
    const char *text, size_t length_bytes, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    size_t start = ret_bytes->length_bytes;
    enum sbx_status status = SBX_OK;
    uint8_t bytes[3];
    size_t i;

    if (length_bytes % 4)
        status = sbx_fail(err, SBX_INVALID, "base64 text of %zu characters", length_bytes);
    for (i = 0; !status && i < length_bytes; i += 4) {
        size_t count = decode_group(text + i, i + 4 == length_bytes, bytes);

        status = count ? sbx_buf_add(ret_bytes, bytes, count, err)
                       : sbx_fail(err, SBX_INVALID, "no base64 at character %zu", i + 1);
    }
    if (status && ret_bytes->data) {
        sbx_wipe(ret_bytes->data + start, ret_bytes->length_bytes - start);
        ret_bytes->length_bytes = start;
    }
    sbx_wipe(bytes, sizeof(bytes));
    return status;
}
