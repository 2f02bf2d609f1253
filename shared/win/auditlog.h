/*
 * The audit log's files: STATE\audit\audit-00000001.jsonl, -00000002, ... The highest number is
 * the one that grows; the others are closed for good (rotation at SBX_AUDITLOG_ROTATE_BYTES, the
 * oldest go when there are more than SBX_AUDITLOG_FILES_MAX).
 *
 * One append at a time, whoever does it: the open file is the lock (shared for reading only), so a
 * writer that is killed leaves none behind. Each append reads the last record back first:
 *   - a line without an end is what a killed writer left: it is cut off, and a record says so;
 *   - a last line that is not a record means damage: the file is left as it is, a new file begins
 *     a new chain with a record that says so, and `agent audit verify` names the damaged record.
 * A line is written by one call. It is handed to the system, not waited for: after a power failure
 * the last records may be missing or torn, which is the first case again.
 *
 * The folder's descriptor is that of the state folder: the user and SYSTEM. An unelevated command
 * runs as that user and may read the log, and by holding it open keep others from writing; a run
 * that cannot be recorded does not start.
 */
#ifndef SBX_AUDITLOG_H
#define SBX_AUDITLOG_H

#include "win.h"
#include "../core/auditrecord.h"

#define SBX_AUDITLOG_FOLDER "audit"
#define SBX_AUDITLOG_ROTATE_BYTES (8u * 1024u * 1024u)
#define SBX_AUDITLOG_FILE_MAX_BYTES (2u * SBX_AUDITLOG_ROTATE_BYTES)
#define SBX_AUDITLOG_FILES_MAX 16u
#define SBX_AUDITLOG_WAIT_MS 10000u /* for other writers */
#define SBX_AUDITLOG_NAME_SIZE 32u

struct sbx_auditlog {
    HANDLE state;          /* owned; the folder that the log's folder is in */
    HANDLE directory;      /* owned */
    CRITICAL_SECTION lock; /* of the threads of this process */
    uint64_t rotate_bytes; /* set by open; tests make it small */
    uint32_t wait_ms;
};

/**
 * Open the folder of the log.
 * @param state_directory exists; normal form
 * @param create make the folder when missing; false: SBX_NOT_FOUND when there is no log
 */
SBX_MUST_CHECK enum sbx_status sbx_auditlog_open(
    const char *state_directory, bool create, struct sbx_auditlog *ret_log, struct sbx_error *err);

/** {0} and a closed one do nothing. No append may be under way. */
void sbx_auditlog_close(struct sbx_auditlog *log);

/* What an append wrote. Start with {0}; release `lines` with sbx_buf_done. */
struct sbx_auditlog_written {
    struct sbx_buf lines;       /* the record's line last; before it a line of the log's own */
    enum sbx_audit_action note; /* of that line; 0: there is none */
};

/**
 * Append a record. Several threads and processes may do this at once.
 * @param ret_written may be NULL; filled on success only
 * @return SBX_TIMEOUT when other writers held the log for log->wait_ms; SBX_INVALID for a record
 *         that cannot be written. After a failure the log ends where it ended before.
 */
SBX_MUST_CHECK enum sbx_status sbx_auditlog_append(struct sbx_auditlog *log,
    const struct sbx_audit_record *record, struct sbx_auditlog_written *ret_written,
    struct sbx_error *err);

/** Numbers of the log's files: the lowest and the highest; 0 and 0 when there is none. */
SBX_MUST_CHECK enum sbx_status sbx_auditlog_range(const struct sbx_auditlog *log,
    uint32_t *ret_lowest, uint32_t *ret_highest, struct sbx_error *err);

/** Name of a file in the folder. */
void sbx_auditlog_name(uint32_t number, char ret_name[SBX_AUDITLOG_NAME_SIZE]);

/**
 * Read a file whole, without getting in the way of writers.
 * @param ret_bytes initialised with a cap of SBX_AUDITLOG_FILE_MAX_BYTES
 */
SBX_MUST_CHECK enum sbx_status sbx_auditlog_read(const struct sbx_auditlog *log, uint32_t number,
    struct sbx_buf *ret_bytes, struct sbx_error *err);

/** Milliseconds since 1970, UTC. @see
 * https://learn.microsoft.com/windows/win32/api/sysinfoapi/nf-sysinfoapi-getsystemtimeasfiletime */
uint64_t sbx_auditlog_now_ms(void);

#endif
