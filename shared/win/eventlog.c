/* See eventlog.h. */
#include "eventlog.h"
#include "wstr.h"

/* Each '%' takes six bytes in place of one. */
#define TEXT_MAX_BYTES (6u * SBX_AUDIT_LINE_MAX)

static enum sbx_status open_source(struct sbx_eventlog *log, struct sbx_error *err)
{
    DWORD code;

    if (log->source)
        return SBX_OK;
    log->source = RegisterEventSourceW(NULL, L"" SBX_EVENTLOG_SOURCE);
    code = GetLastError();
    return log->source ? SBX_OK
                       : sbx_fail_win32(
                             err, code, "open source '%s' of the event log", SBX_EVENTLOG_SOURCE);
}

enum sbx_status sbx_eventlog_write(struct sbx_eventlog *log, enum sbx_audit_action action,
    enum sbx_audit_outcome outcome, const char *line, size_t length_bytes, struct sbx_error *err)
{
    const WORD type =
        sbx_event_is_warning(action, outcome) ? EVENTLOG_WARNING_TYPE : EVENTLOG_INFORMATION_TYPE;
    const wchar_t *string_w = NULL;
    wchar_t *text_w = NULL;
    struct sbx_buf text;
    enum sbx_status status;
    DWORD code;

    sbx_buf_init(&text, TEXT_MAX_BYTES);
    status = sbx_event_text(line, length_bytes, &text, err);
    if (!status)
        status = sbx_wstr_from_utf8(text.data ? text.data : "", &text_w, err);
    if (!status)
        status = open_source(log, err);
    string_w = text_w;
    if (!status && !ReportEventW(log->source, type, 0, sbx_event_id(action, outcome), NULL, 1, 0,
                       &string_w, NULL)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "write to the event log");
        sbx_eventlog_close(log); /* the handle is of a service that may have been started anew */
    }
    free(text_w);
    sbx_buf_done(&text);
    return status;
}

void sbx_eventlog_close(struct sbx_eventlog *log)
{
    if (log->source)
        DeregisterEventSource(log->source);
    log->source = NULL;
}
