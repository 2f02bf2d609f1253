/*
 * Writing to the Windows Event Log: source SBX_EVENTLOG_SOURCE of the Application log.
 *
 * What it proves and what not (SECURITY.md): whoever is no administrator cannot take an event out
 * of the log again, so what stands there with the hash of a record's chain shows that a log that
 * was written anew later is another one. But anybody may write events under any source, and an
 * administrator may clear the log.
 *
 * Set-up registers the source (setup/step_eventlog.c), so that readers find the texts. Windows
 * takes events of a source that is not registered, too; a reader shows their strings without text.
 */
#ifndef SBX_EVENTLOG_H
#define SBX_EVENTLOG_H

#include "win.h"
#include "../core/eventtext.h"

#define SBX_EVENTLOG_SOURCE "AgentSandbox"
#define SBX_EVENTLOG_PARENT "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application"
#define SBX_EVENTLOG_KEY SBX_EVENTLOG_PARENT "\\" SBX_EVENTLOG_SOURCE

/* Start with {0}. One thread at a time. */
struct sbx_eventlog {
    HANDLE source; /* owned; kept from the first event on: opening it is a call to the service */
};

/**
 * Write one event; on success the service has taken it.
 * @param line the record as JSON (sbx_event_text says what becomes of it)
 * @return SBX_INVALID for text that is not UTF-8; the errors of the service: its being stopped, a
 *         full log. After a failure the next call opens the source again.
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-registereventsourcew
 *      https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-reporteventw
 */
SBX_MUST_CHECK enum sbx_status sbx_eventlog_write(struct sbx_eventlog *log,
    enum sbx_audit_action action, enum sbx_audit_outcome outcome, const char *line,
    size_t length_bytes, struct sbx_error *err);

/** @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-deregistereventsource */
void sbx_eventlog_close(struct sbx_eventlog *log);

#endif
