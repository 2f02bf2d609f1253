/* See buf.h. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>

void sbx_buf_init(struct sbx_buf *buf, size_t max_bytes)
{
    memset(buf, 0, sizeof(*buf));
    buf->max_bytes = max_bytes;
}

void sbx_buf_done(struct sbx_buf *buf)
{
    if (!buf)
        return;
    free(buf->data);
    buf->data = NULL;
    buf->length_bytes = 0;
    buf->capacity_bytes = 0;
}

void sbx_wipe(void *memory, size_t size_bytes)
{
    volatile unsigned char *byte = memory;

    while (size_bytes--)
        *byte++ = 0;
}

void sbx_buf_wipe(struct sbx_buf *buf)
{
    if (buf && buf->data)
        sbx_wipe(buf->data, buf->capacity_bytes);
    sbx_buf_done(buf);
}

void sbx_buf_clear(struct sbx_buf *buf)
{
    buf->length_bytes = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/*
 * Grow by allocate-copy-wipe-free instead of realloc: a buffer may hold a secret, and realloc
 * would leave a copy behind.
 */
static enum sbx_status reserve(struct sbx_buf *buf, size_t more_bytes, struct sbx_error *err)
{
    size_t need, size;
    char *data;

    if (more_bytes > buf->max_bytes - buf->length_bytes)
        return sbx_fail(err, SBX_INVALID, "more than %zu bytes", buf->max_bytes);
    if (buf->max_bytes == SIZE_MAX)
        return sbx_fail(err, SBX_INTERNAL, "buffer without a cap");
    need = buf->length_bytes + more_bytes + 1;
    if (need <= buf->capacity_bytes)
        return SBX_OK;
    size = need < 64 ? 64 : need;
    if (size < buf->capacity_bytes * 2 && buf->capacity_bytes <= SIZE_MAX / 2)
        size = buf->capacity_bytes * 2;
    if (size > buf->max_bytes + 1)
        size = buf->max_bytes + 1;
    data = malloc(size);
    if (!data)
        return sbx_fail_oom(err);
    if (buf->data) {
        memcpy(data, buf->data, buf->length_bytes);
        sbx_wipe(buf->data, buf->length_bytes);
        free(buf->data);
    }
    data[buf->length_bytes] = '\0';
    buf->data = data;
    buf->capacity_bytes = size;
    return SBX_OK;
}

enum sbx_status sbx_buf_add(
    struct sbx_buf *buf, const void *bytes, size_t length_bytes, struct sbx_error *err)
{
    enum sbx_status status = reserve(buf, length_bytes, err);

    if (status)
        return status;
    if (length_bytes)
        memcpy(buf->data + buf->length_bytes, bytes, length_bytes);
    buf->length_bytes += length_bytes;
    buf->data[buf->length_bytes] = '\0';
    return SBX_OK;
}

enum sbx_status sbx_buf_puts(struct sbx_buf *buf, const char *text, struct sbx_error *err)
{
    return sbx_buf_add(buf, text, strlen(text), err);
}

enum sbx_status sbx_buf_putc(struct sbx_buf *buf, char byte, struct sbx_error *err)
{
    return sbx_buf_add(buf, &byte, 1, err);
}

enum sbx_status sbx_buf_printf(struct sbx_buf *buf, struct sbx_error *err, const char *format, ...)
{
    enum sbx_status status;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return sbx_fail(err, SBX_INTERNAL, "format '%s'", format);
    status = reserve(buf, (size_t)n, err);
    if (status)
        return status;
    va_start(args, format);
    vsnprintf(buf->data + buf->length_bytes, (size_t)n + 1, format, args);
    va_end(args);
    buf->length_bytes += (size_t)n;
    return SBX_OK;
}

enum sbx_status sbx_buf_steal(struct sbx_buf *buf, char **ret_text, struct sbx_error *err)
{
    enum sbx_status status = reserve(buf, 0, err);

    if (status)
        return status;
    *ret_text = buf->data;
    buf->data = NULL;
    buf->length_bytes = 0;
    buf->capacity_bytes = 0;
    return SBX_OK;
}

enum sbx_status sbx_strdup(const char *text, char **ret_copy, struct sbx_error *err)
{
    size_t size_bytes = strlen(text) + 1;
    char *copy = malloc(size_bytes);

    if (!copy)
        return sbx_fail_oom(err);
    memcpy(copy, text, size_bytes);
    *ret_copy = copy;
    return SBX_OK;
}

enum sbx_status sbx_calloc(
    size_t count, size_t size_bytes, void *ret_pointer, struct sbx_error *err)
{
    void *memory = NULL;

    if (count && size_bytes && count <= SIZE_MAX / size_bytes)
        memory = calloc(count, size_bytes);
    if (!memory)
        return sbx_fail_oom(err);
    memcpy(ret_pointer, &memory, sizeof(memory));
    return SBX_OK;
}

bool sbx_buf_is(const struct sbx_buf *buf, const char *bytes, size_t length_bytes)
{
    return buf->length_bytes == length_bytes &&
           (!length_bytes || memcmp(buf->data, bytes, length_bytes) == 0);
}
