/*
 * The audit log, as text (design 8): one event is one line of JSON with the names of the Elastic
 * Common Schema, and each line carries the hash of the one before and its own.
 *
 *   {"@timestamp":"...","ecs":{...},"event":{...,"sequence":7},...,
 *    "chain":{"previous":"<64 hex digits>","hash":"<64 hex digits>"}}
 *
 * `hash` is SHA-256 over the bytes of the line up to and with the last digit of `previous`. So a
 * byte that changed, a line that is missing, moved or doubled is found, and the first one is named.
 * What a chain alone cannot show: that whole lines are missing at the end, or that somebody who
 * may write the file wrote all of it anew. The last hash, kept elsewhere (a SIEM, the event log),
 * shows both.
 *
 * A line without its line end is an append that did not finish: it is no record and no damage.
 * Pure; the files are shared/win/auditlog.h.
 */
#ifndef SBX_AUDITRECORD_H
#define SBX_AUDITRECORD_H

#include "policy.h"
#include "sha256.h"

#define SBX_AUDIT_LINE_MAX 65536u /* with its line end */
#define SBX_AUDIT_TEXT_MAX 4096u  /* bytes of one text; longer ones are cut with "..." */
#define SBX_AUDIT_LIST_MAX 16384u /* bytes of the texts of one list; the rest is left out */
#define SBX_AUDIT_FIELDS_MAX 40u

enum sbx_audit_action {
    SBX_AUDIT_RUN_STARTED = 1,
    SBX_AUDIT_RUN_ENDED,
    SBX_AUDIT_RUN_DENIED, /* by a rule, a bound or the plan; nothing ran */
    SBX_AUDIT_APPROVAL_ASKED,
    SBX_AUDIT_APPROVAL_DECIDED,
    SBX_AUDIT_GRANTS_CHANGED, /* access lists were written or taken back */
    SBX_AUDIT_PROTECTED_NAME,
    SBX_AUDIT_SETUP_CHANGED,
    SBX_AUDIT_LOG_REPAIRED, /* an append that had not finished was cut off */
    SBX_AUDIT_LOG_RESTARTED /* the end of the log could not be read: a new file, a new chain */
};

enum sbx_audit_outcome { SBX_OUTCOME_UNKNOWN = 0, SBX_OUTCOME_SUCCESS, SBX_OUTCOME_FAILURE };

/* One member "section.key"; everything borrowed. */
struct sbx_audit_field {
    const char *section, *key;
    enum { SBX_AUDIT_TEXT, SBX_AUDIT_NUMBER, SBX_AUDIT_FLAG, SBX_AUDIT_LIST } kind;
    const char *text;
    const char *const *list;
    uint64_t number; /* or the count of the list, or the flag */
};

/* An event before it is in the log. Start with sbx_audit_begin. */
struct sbx_audit_record {
    enum sbx_audit_action action;
    enum sbx_audit_outcome outcome;
    uint64_t time_ms; /* since 1970, UTC */
    struct sbx_audit_field fields[SBX_AUDIT_FIELDS_MAX];
    size_t field_count;
};

/* The end of a chain: what the next record follows. */
struct sbx_audit_tip {
    uint64_t sequence; /* 0: nothing yet */
    char hash[SBX_SHA256_HEX_SIZE];
};

void sbx_audit_begin(struct sbx_audit_record *record, enum sbx_audit_action action,
    enum sbx_audit_outcome outcome, uint64_t time_ms);

/*
 * Add members. Sections may come in any order; the same section twice is one object. text NULL
 * adds nothing; a member beyond SBX_AUDIT_FIELDS_MAX makes sbx_audit_format fail.
 */
void sbx_audit_text(
    struct sbx_audit_record *record, const char *section, const char *key, const char *text);
void sbx_audit_number(
    struct sbx_audit_record *record, const char *section, const char *key, uint64_t number);
void sbx_audit_flag(
    struct sbx_audit_record *record, const char *section, const char *key, bool flag);
void sbx_audit_list(struct sbx_audit_record *record, const char *section, const char *key,
    const char *const *list, size_t count);

/** A chain that has no record yet: sequence 0, a hash of zeros. */
void sbx_audit_tip_init(struct sbx_audit_tip *tip);

/**
 * Append the line of a record, with its line end.
 * @param tip what it follows; becomes this record on success
 * @return SBX_INVALID for text that is not UTF-8 or a line beyond SBX_AUDIT_LINE_MAX; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_format(const struct sbx_audit_record *record,
    struct sbx_audit_tip *tip, struct sbx_buf *ret_line, struct sbx_error *err);

/**
 * Append a record that is in no chain, without "sequence", "chain" and a line end: for what goes
 * to the Windows Event Log only.
 * @return as sbx_audit_format
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_format_single(
    const struct sbx_audit_record *record, struct sbx_buf *ret_json, struct sbx_error *err);

/**
 * Check one line alone: its form, its JSON, its own hash.
 * @param length_bytes with the line end
 * @param ret_previous may be NULL: the hash it says it follows
 * @return SBX_INVALID
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_read_line(const char *line, size_t length_bytes,
    struct sbx_audit_tip *ret_tip, char ret_previous[SBX_SHA256_HEX_SIZE], struct sbx_error *err);

/* A log under verification: several files, oldest first. Start with {0}. */
struct sbx_audit_check {
    struct sbx_audit_tip tip; /* of the last good record */
    bool started;
    uint64_t begins_at; /* sequence of the first record: more than 1 when older files are gone */
    uint64_t records;   /* good ones */
    uint64_t restarts;  /* SBX_AUDIT_LOG_RESTARTED records: the log said that it lost its end */
    size_t torn_bytes;  /* after the last line end of the last file */
};

/**
 * Check the next file of a log.
 * @param is_last only there may the last line lack its end
 * @return SBX_INVALID naming the first damaged record by its place (line and byte of this file)
 *         and by the record it should have followed; check holds what was good before it
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_check_file(struct sbx_audit_check *check,
    const char *bytes, size_t length_bytes, bool is_last, struct sbx_error *err);

/** Bytes up to and with the last line end: what an append keeps of a file. */
size_t sbx_audit_whole_bytes(const char *bytes, size_t length_bytes);

/** "2026-01-02T03:04:05.678Z" */
void sbx_audit_time_text(uint64_t time_ms, char ret_text[32]);

/** "run-started", ... */
const char *sbx_audit_action_name(enum sbx_audit_action action);

#endif
