/*
 * Text of programs that may or may not write UTF-8.
 *
 * What cmd, the tools of Windows and Windows PowerShell write into a pipe is in the machine's OEM
 * code page: "Datentr\x84ger". A line that is not UTF-8 is taken for such.
 *
 * @see
 * https://learn.microsoft.com/windows/win32/api/stringapiset/nf-stringapiset-multibytetowidechar
 *      https://learn.microsoft.com/windows/win32/intl/locale-idefault-constants
 */
#ifndef SBX_OEMTEXT_H
#define SBX_OEMTEXT_H

#include "win.h"
#include "../core/buf.h"
#include "../core/error.h"

/**
 * The OEM code page of the machine. Not GetOEMCP, which says what our manifest says of us: UTF-8.
 * @return 0 when Windows does not say
 */
unsigned sbx_oem_code_page(void);

/**
 * As UTF-8 without NUL, appended. What is neither UTF-8 nor of the code page becomes U+FFFD; so
 * does a character that the end of the bytes cuts in two.
 * @param code_page as above; 0: there is none
 * @return SBX_OOM, SBX_INVALID at the buffer's cap
 */
SBX_MUST_CHECK enum sbx_status sbx_oem_text(const char *bytes, size_t length_bytes,
    unsigned code_page, struct sbx_buf *ret_text, struct sbx_error *err);

/* Output that comes in parts. {code_page} to begin. */
struct sbx_oem_feed {
    unsigned code_page;
    char carry[3]; /* the start of a UTF-8 character */
    size_t carry_bytes;
};

/**
 * The next part, as above; the start of a character at its end waits for the next part.
 * @param length_bytes 0: that was all
 */
SBX_MUST_CHECK enum sbx_status sbx_oem_feed(struct sbx_oem_feed *feed, const char *bytes,
    size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err);

#endif
