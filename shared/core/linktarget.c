/* See linktarget.h. */
#include "linktarget.h"

#include "buf.h"
#include "utf.h"

#define HEAD_BYTES 8u  /* tag, length, reserved */
#define NAMES_BYTES 8u /* four offsets and lengths */
#define SYMLINK_FLAGS_BYTES 4u
#define RELATIVE_FLAG 1u

static uint32_t u16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32(const uint8_t *at)
{
    return u16(at) | u16(at + 2) << 16;
}

static bool starts(const char *text, const char *prefix)
{
    return sbx_utf_equal_ci_ascii_n(text,
        strlen(text) < strlen(prefix) ? strlen(text) : strlen(prefix), prefix, strlen(prefix));
}

/* "\??\X" as a path that people and winpath.h know. */
static enum sbx_status readable(const char *nt, char **ret_target, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    if (!starts(nt, "\\??\\"))
        return sbx_strdup(nt, ret_target, err);
    nt += 4;
    sbx_buf_init(&text, (size_t)4 * SBX_REPARSE_MAX_BYTES);
    if (starts(nt, "UNC\\"))
        status = sbx_buf_printf(&text, err, "\\\\%s", nt + 4);
    else
        status = sbx_buf_printf(&text, err, "%s%s", starts(nt, "Volume{") ? "\\\\?\\" : "", nt);
    if (!status)
        status = sbx_buf_steal(&text, ret_target, err);
    sbx_buf_done(&text);
    return status;
}

enum sbx_status sbx_linktarget_parse(const void *bytes, size_t length_bytes, char **ret_target,
    bool *ret_relative, struct sbx_error *err)
{
    const uint8_t *at = bytes;
    sbx_char16 *name_w = NULL;
    enum sbx_status status;
    char *nt = NULL;
    size_t names, first, count, i;
    uint32_t tag;

    if (length_bytes < HEAD_BYTES)
        return sbx_fail(err, SBX_INVALID, "a reparse point of %zu bytes", length_bytes);
    tag = u32(at);
    if (tag != SBX_REPARSE_JUNCTION && tag != SBX_REPARSE_SYMLINK)
        return sbx_fail(err, SBX_UNSUPPORTED, "reparse tag 0x%08X has no target", (unsigned)tag);
    names = HEAD_BYTES + NAMES_BYTES + (tag == SBX_REPARSE_SYMLINK ? SYMLINK_FLAGS_BYTES : 0);
    if (length_bytes < names || u16(at + 4) > length_bytes - HEAD_BYTES)
        return sbx_fail(err, SBX_INVALID, "a reparse point that is cut off");
    first = u16(at + HEAD_BYTES);
    count = u16(at + HEAD_BYTES + 2);
    if (first % 2 || count % 2 || first + count > length_bytes - names)
        return sbx_fail(err, SBX_INVALID, "a reparse point whose target lies outside of it");
    count /= 2;
    status = sbx_calloc(count + 1, sizeof(*name_w), &name_w, err);
    if (status)
        return status;
    for (i = 0; i < count; i++)
        name_w[i] = (sbx_char16)u16(at + names + first + 2 * i);
    status = sbx_utf16_to_utf8(name_w, count, &nt, NULL, err);
    if (!status)
        status = readable(nt, ret_target, err);
    if (!status)
        *ret_relative =
            tag == SBX_REPARSE_SYMLINK && (u32(at + HEAD_BYTES + NAMES_BYTES) & RELATIVE_FLAG) != 0;
    free(nt);
    free(name_w);
    return status;
}
