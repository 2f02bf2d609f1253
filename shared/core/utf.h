/*
 * Strict UTF-8 <-> UTF-16, and the few text helpers that depend on it.
 *
 * A security tool must not let two spellings mean one name, so ill-formed text is an error that
 * says where, never a replacement character: no overlong forms, no surrogates in UTF-8, no lone
 * surrogates in UTF-16, nothing above U+10FFFF.
 *
 * Units: *_bytes counts UTF-8 bytes, *_cch counts UTF-16 code units; neither counts a final NUL.
 *
 * Case: only ASCII letters are folded here. Windows compares names with the upcase table of the
 * volume or of the kernel, which differs between releases; a copy of it in this ring would agree
 * with some machines only. Where full folding matters, the win ring asks Windows
 * (CompareStringOrdinal) or compares file ids by handle.
 */
#ifndef SBX_UTF_H
#define SBX_UTF_H

#include "base.h"
#include "error.h"

/**
 * Decode one code point.
 * @param ret_code_point written on success
 * @return bytes consumed (1-4), or 0 when the text is empty or ill-formed at its start
 */
size_t sbx_utf8_decode(const char *text, size_t length_bytes, uint32_t *ret_code_point);

/**
 * Encode one code point.
 * @return bytes written (1-4), or 0 when it is a surrogate or above U+10FFFF
 */
size_t sbx_utf8_encode(uint32_t code_point, char bytes[4]);

/** Length in bytes of the longest well-formed start of the text (== length_bytes when valid). */
size_t sbx_utf8_valid_bytes(const char *text, size_t length_bytes);

/** True when the text is well-formed UTF-8. NUL bytes count as well-formed. */
bool sbx_utf_is_valid(const char *text, size_t length_bytes);

/**
 * As sbx_utf_is_valid, with an error that names the byte offset; a NUL byte is an error too.
 * @return SBX_INVALID
 */
SBX_MUST_CHECK enum sbx_status sbx_utf8_check(
    const char *text, size_t length_bytes, struct sbx_error *err);

/** UTF-16 code units that a well-formed UTF-8 text takes (undefined but safe for other text). */
size_t sbx_utf8_cch(const char *text, size_t length_bytes);

/** UTF-16 code units before the NUL. */
size_t sbx_utf16_cch(const sbx_char16 *text_w);

/**
 * Convert UTF-8 to a NUL-terminated UTF-16 string.
 * @param ret_w owned by the caller, released with free()
 * @param ret_cch length without the NUL; may be NULL
 * @return SBX_INVALID when ill-formed or when it contains U+0000 (the text names the byte
 *         offset); SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_utf8_to_utf16(const char *text, size_t length_bytes,
    sbx_char16 **ret_w, size_t *ret_cch, struct sbx_error *err);

/**
 * Convert UTF-16 to a NUL-terminated UTF-8 string.
 * @param ret_text owned by the caller, released with free()
 * @param ret_length_bytes length without the NUL; may be NULL
 * @return SBX_INVALID for a lone surrogate or U+0000 (the text names the code unit offset);
 *         SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_utf16_to_utf8(const sbx_char16 *text_w, size_t length_cch,
    char **ret_text, size_t *ret_length_bytes, struct sbx_error *err);

/** ASCII-only case folding, other bytes unchanged. */
char sbx_ascii_upper(char c);
char sbx_ascii_lower(char c);

/** Equal when ASCII letters are compared without case and everything else byte by byte. */
bool sbx_utf_equal_ci_ascii(const char *a, const char *b);

/** As above for counted text. */
bool sbx_utf_equal_ci_ascii_n(
    const char *a, size_t a_length_bytes, const char *b, size_t b_length_bytes);

/**
 * Order two well-formed UTF-8 strings as Windows orders environment names: by upper-cased (ASCII
 * here) UTF-16 code unit. Not the byte order: U+10000 and above sort before U+E000.
 * @return < 0, 0, > 0
 */
int sbx_utf_compare_ci_ascii(const char *a, const char *b);

/**
 * Copy untrusted text for a message: control characters, bidirectional controls and ill-formed
 * bytes become '?', so that it can neither move the cursor nor forge a second line; cut with
 * "..." when it does not fit. Always terminated.
 * @param size_bytes size of ret_text, at least 8
 */
void sbx_utf_printable(const char *text, size_t length_bytes, char *ret_text, size_t size_bytes);

#endif
