/*
 * sbx_buf: a growable byte buffer with a mandatory cap.
 *
 * Every text or message this project builds grows in one of these, so "too big" is an ordinary
 * error with a number in it, never an allocation that an attacker chooses. The content is kept
 * NUL-terminated (the NUL is not counted).
 */
#ifndef SBX_BUF_H
#define SBX_BUF_H

#include "base.h"
#include "error.h"

struct sbx_buf {
    char *data;            /* owned; NULL until the first byte; NUL-terminated otherwise */
    size_t length_bytes;   /* without the NUL */
    size_t capacity_bytes; /* allocated */
    size_t max_bytes;      /* content never exceeds this */
};

/** Make an empty buffer that will hold at most max_bytes bytes of content. Allocates nothing. */
void sbx_buf_init(struct sbx_buf *buf, size_t max_bytes);

/** Free the content and empty the buffer. NULL and an already released buffer do nothing. */
void sbx_buf_done(struct sbx_buf *buf);

/** As sbx_buf_done, but the bytes are wiped first, in a way the compiler may not remove. */
void sbx_buf_wipe(struct sbx_buf *buf);

/** Forget the content, keep the allocation. */
void sbx_buf_clear(struct sbx_buf *buf);

/**
 * Append bytes. The buffer is unchanged after a failure.
 * @return SBX_INVALID when the cap would be exceeded, SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_buf_add(
    struct sbx_buf *buf, const void *bytes, size_t length_bytes, struct sbx_error *err);

/** Append a NUL-terminated string (without its NUL). */
SBX_MUST_CHECK enum sbx_status sbx_buf_puts(
    struct sbx_buf *buf, const char *text, struct sbx_error *err);

/** Append one byte. */
SBX_MUST_CHECK enum sbx_status sbx_buf_putc(struct sbx_buf *buf, char byte, struct sbx_error *err);

/** Append printf-formatted text of any length up to the cap. */
SBX_MUST_CHECK enum sbx_status sbx_buf_printf(
    struct sbx_buf *buf, struct sbx_error *err, const char *format, ...) SBX_PRINTF(3, 4);

/** The buffer holds exactly these bytes. */
bool sbx_buf_is(const struct sbx_buf *buf, const char *bytes, size_t length_bytes);

/** Move the content out as an owned NUL-terminated string (never NULL unless out of memory). */
SBX_MUST_CHECK enum sbx_status sbx_buf_steal(
    struct sbx_buf *buf, char **ret_text, struct sbx_error *err);

/** Duplicate a string. @return SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_strdup(const char *text, char **ret_copy, struct sbx_error *err);

/** calloc with an overflow check and our error. count and size_bytes of at least 1. */
SBX_MUST_CHECK enum sbx_status sbx_calloc(
    size_t count, size_t size_bytes, void *ret_pointer, struct sbx_error *err);

/** Overwrite memory that held a secret; not removed by the optimizer. */
void sbx_wipe(void *memory, size_t size_bytes);

#endif
