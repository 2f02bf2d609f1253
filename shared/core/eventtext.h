/*
 * A record of the audit log as an event of the Windows Event Log, as text and numbers. Pure; what
 * writes it is shared/win/eventlog.h, the texts around it are shared/events.mc.
 *
 * The number of an event is the number of its enum sbx_audit_action. Bits 31..30 are the severity
 * (1 informational, 2 warning), as in every message file: one number can be of both kinds, so that
 * a reader finds all "run-ended" by number, and all warnings by level.
 *
 * @see https://learn.microsoft.com/windows/win32/eventlog/event-identifiers
 */
#ifndef SBX_EVENTTEXT_H
#define SBX_EVENTTEXT_H

#include "auditrecord.h"

/*
 * UTF-16 code units of an inserted string. ReportEventW takes 31,839 for each; that is what one
 * string leaves of the 64 KiB of an event whose names of source and computer are short, so ours is
 * a little less.
 */
#define SBX_EVENT_TEXT_MAX 30000u

/** Denials, failures, and a log that was not whole: a warning. All else informs. */
bool sbx_event_is_warning(enum sbx_audit_action action, enum sbx_audit_outcome outcome);

/** The whole identifier, severity and number: one of those of shared/events.mc. */
uint32_t sbx_event_id(enum sbx_audit_action action, enum sbx_audit_outcome outcome);

/**
 * Append a record as an inserted string: the same JSON without a line end, in which
 *  - '%' is written as \u0025: a reader of the log takes "%1" in an inserted string for another
 *    insertion, and "%%1" for one from a parameter file, and a command's arguments are in here;
 *  - what is beyond SBX_EVENT_TEXT_MAX is cut out, between two characters, and says how much it
 *    was. The chain at the end of a record stays: the hash is what the log is compared by.
 * @param line JSON; UTF-8; with or without its line end
 * @return SBX_INVALID for text that is not UTF-8 or holds U+0000; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_event_text(
    const char *line, size_t length_bytes, struct sbx_buf *ret_text, struct sbx_error *err);

#endif
