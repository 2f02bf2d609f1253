/* See eventtext.h. */
#include "eventtext.h"

#include "utf.h"

#define SEVERITY_INFORMATIONAL (UINT32_C(1) << 30)
#define SEVERITY_WARNING (UINT32_C(2) << 30)

/* What stands for '%' inside of a JSON string; outside of one there is none. */
static const char percent[] = "\\u0025";
#define PERCENT_CCH 6u
#define CHAIN ",\"chain\":{"
/* CHAIN, "previous":"<64>","hash":"<64>"}} */
#define CHAIN_BYTES 163u
#define MARK_MAX_CCH 128u

bool sbx_event_is_warning(enum sbx_audit_action action, enum sbx_audit_outcome outcome)
{
    switch (action) {
    case SBX_AUDIT_RUN_DENIED:
    case SBX_AUDIT_LOG_REPAIRED:
    case SBX_AUDIT_LOG_RESTARTED:
        return true;
    case SBX_AUDIT_RUN_STARTED:
    case SBX_AUDIT_APPROVAL_ASKED:
        return false;
    default:
        return outcome == SBX_OUTCOME_FAILURE;
    }
}

uint32_t sbx_event_id(enum sbx_audit_action action, enum sbx_audit_outcome outcome)
{
    return (sbx_event_is_warning(action, outcome) ? SEVERITY_WARNING : SEVERITY_INFORMATIONAL) |
           (uint32_t)action;
}

/* Bytes and code units of the character at the start of well-formed text, as it is written. */
static size_t character(const char *text, size_t length_bytes, size_t *ret_cch)
{
    uint32_t code_point = 0;
    size_t bytes = sbx_utf8_decode(text, length_bytes, &code_point);

    *ret_cch = code_point == '%' ? PERCENT_CCH : code_point > 0xFFFF ? 2 : 1;
    return bytes;
}

/* How many bytes, whole characters, fit into max_cch as they are written. */
static size_t fitting(const char *text, size_t length_bytes, size_t max_cch)
{
    size_t at = 0, used = 0, cch = 0;

    while (at < length_bytes) {
        size_t bytes = character(text + at, length_bytes - at, &cch);

        if (!bytes || used + cch > max_cch)
            break;
        used += cch;
        at += bytes;
    }
    return at;
}

static enum sbx_status put(
    const char *text, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t at = 0;

    while (!status && at < length_bytes) {
        const char *found = memchr(text + at, '%', length_bytes - at);
        size_t plain = found ? (size_t)(found - text) - at : length_bytes - at;

        status = sbx_buf_add(ret_text, text + at, plain, err);
        if (!status && found)
            status = sbx_buf_add(ret_text, percent, PERCENT_CCH, err);
        at += plain + (found != NULL);
    }
    return status;
}

enum sbx_status sbx_event_text(
    const char *line, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err)
{
    size_t head, tail = 0;
    enum sbx_status status;

    if (length_bytes && line[length_bytes - 1] == '\n')
        length_bytes--;
    status = sbx_utf8_check(line, length_bytes, err);
    if (status)
        return status;
    if (fitting(line, length_bytes, SBX_EVENT_TEXT_MAX) == length_bytes)
        return put(line, length_bytes, ret_text, err);
    if (length_bytes > CHAIN_BYTES &&
        memcmp(line + length_bytes - CHAIN_BYTES, CHAIN, sizeof(CHAIN) - 1) == 0)
        tail = CHAIN_BYTES;
    head =
        fitting(line, length_bytes - tail, SBX_EVENT_TEXT_MAX - MARK_MAX_CCH - tail * PERCENT_CCH);
    status = put(line, head, ret_text, err);
    if (!status)
        status =
            sbx_buf_printf(ret_text, err, "... [cut: %zu of %zu bytes are left out of this copy] ",
                length_bytes - tail - head, length_bytes);
    return status ? status : put(line + length_bytes - tail, tail, ret_text, err);
}
