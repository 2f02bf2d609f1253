/*
 * Base64 (RFC 4648, section 4), strictly: one text for each sequence of bytes.
 *
 * Decoding refuses white space, other alphabets, missing or surplus padding, and bits behind the
 * last byte that are not zero, so that a state file that was edited cannot say the same in two
 * ways.
 */
#ifndef SBX_BASE64_H
#define SBX_BASE64_H

#include "buf.h"

/** Append the text form. @return SBX_INVALID when the buffer's cap is reached, SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_base64_encode(
    const void *bytes, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err);

/**
 * Append the bytes.
 * @return SBX_INVALID for anything that sbx_base64_encode does not write, or at the buffer's cap;
 *         the buffer is then as it was. SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_base64_decode(
    const char *text, size_t length_bytes, struct sbx_buf *ret_bytes, struct sbx_error *err);

#endif
