/* See checkedline.h. */
#include "checkedline.h"

#include <stdio.h>

#include "sha256.h"

#define LENGTH_DIGITS 6u
#define CHECK_DIGITS 24u

static void check_text(const char *json, size_t length_bytes, char text[CHECK_DIGITS + 1])
{
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];

    sbx_sha256(json, length_bytes, digest);
    sbx_sha256_hex(digest, hex);
    memcpy(text, hex, CHECK_DIGITS);
    text[CHECK_DIGITS] = '\0';
}

enum sbx_status sbx_checkedline_add(
    struct sbx_buf *lines, const char *json, size_t length_bytes, struct sbx_error *err)
{
    char check[CHECK_DIGITS + 1];
    enum sbx_status status;

    if (length_bytes > SBX_CHECKEDLINE_MAX)
        return sbx_fail(err, SBX_INVALID, "a line of %zu bytes", length_bytes);
    check_text(json, length_bytes, check);
    status = sbx_buf_printf(lines, err, "%06zu %s ", length_bytes, check);
    if (!status)
        status = sbx_buf_add(lines, json, length_bytes, err);
    return status ? status : sbx_buf_putc(lines, '\n', err);
}

static bool is_sound(const char *line, size_t length_bytes, size_t *ret_json_bytes)
{
    char check[CHECK_DIGITS + 1];
    size_t json_bytes = 0;
    size_t i;

    if (length_bytes < SBX_CHECKEDLINE_HEAD + 3 || line[LENGTH_DIGITS] != ' ' ||
        line[SBX_CHECKEDLINE_HEAD - 1] != ' ' || line[length_bytes - 1] != '\n')
        return false;
    for (i = 0; i < LENGTH_DIGITS; i++) {
        if (line[i] < '0' || line[i] > '9')
            return false;
        json_bytes = json_bytes * 10 + (size_t)(line[i] - '0');
    }
    if (SBX_CHECKEDLINE_HEAD + json_bytes + 1 != length_bytes)
        return false;
    check_text(line + SBX_CHECKEDLINE_HEAD, json_bytes, check);
    *ret_json_bytes = json_bytes;
    return memcmp(line + LENGTH_DIGITS + 1, check, CHECK_DIGITS) == 0;
}

enum sbx_status sbx_checkedline_open(const char *line, size_t length_bytes, const char **ret_json,
    size_t *ret_json_bytes, struct sbx_error *err)
{
    if (!is_sound(line, length_bytes, ret_json_bytes))
        return sbx_fail(err, SBX_INVALID, "length or checksum of the line is wrong");
    *ret_json = line + SBX_CHECKEDLINE_HEAD;
    return SBX_OK;
}

enum sbx_status sbx_checkedline_each(const char *bytes, size_t length_bytes,
    enum sbx_status (*take)(
        void *context, const char *line, size_t line_bytes, size_t index, struct sbx_error *err),
    void *context, struct sbx_checkedline_front *ret_front, struct sbx_error *err)
{
    struct sbx_checkedline_front front = {0};
    struct sbx_error bad;

    sbx_error_init(&bad);
    while (front.good_bytes < length_bytes && !front.damaged) {
        const char *line = bytes + front.good_bytes;
        const char *end = memchr(line, '\n', length_bytes - front.good_bytes);
        size_t line_bytes = end ? (size_t)(end - line) + 1 : length_bytes - front.good_bytes;
        enum sbx_status status = take(context, line, line_bytes, front.count, &bad);

        if (status == SBX_OOM)
            return sbx_fail_oom(err);
        if (status) {
            front.damaged = true;
            front.torn = front.good_bytes + line_bytes == length_bytes;
            snprintf(
                front.why, sizeof(front.why), "line %zu: %.120s", front.count + 1, bad.context);
        } else {
            front.good_bytes += line_bytes;
            front.count++;
        }
    }
    *ret_front = front;
    return SBX_OK;
}
