/*
 * UTF-8 inside, UTF-16 at the edge: the conversion, allocated and strict.
 *
 * Strict both ways: a lone surrogate or an overlong sequence is an error, because a security tool
 * must not let two spellings mean one name. The rules themselves are in shared/core/utf.h.
 */
#ifndef SBX_WSTR_H
#define SBX_WSTR_H

#include "win.h"
#include "../core/error.h"

/** UTF-8 to an owned NUL-terminated UTF-16 string (free()). @return SBX_INVALID, SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_wstr_from_utf8(
    const char *text, wchar_t **ret_text_w, struct sbx_error *err);

/** UTF-16 to an owned UTF-8 string (free()). @return SBX_INVALID for lone surrogates, SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_wstr_to_utf8(
    const wchar_t *text_w, char **ret_text, struct sbx_error *err);

/** As above for cch code units without a terminator. An embedded NUL is SBX_INVALID. */
SBX_MUST_CHECK enum sbx_status sbx_wstr_to_utf8_n(
    const wchar_t *text_w, size_t cch, char **ret_text, struct sbx_error *err);

/**
 * For messages only, never for a decision: as much as fits, lone surrogates as U+FFFD, control
 * characters as '?', always terminated.
 */
void sbx_wstr_display(const wchar_t *text_w, size_t cch, char *text, size_t size_bytes);

#endif
