/*
 * One record of a grant ledger <-> one line of text, and what can be saved of a damaged file.
 *
 * A ledger is append-only. It belongs to one root (or one object outside all roots) and says what
 * was put there, so that exactly that can be taken away. Each line carries its own length and
 * checksum (checkedline.h) around
 *
 *     {"seq":1,"kind":"root",...}
 *
 * `seq` counts from 1, so a line that is missing in the middle is noticed. Only the user himself
 * may write the file (design 5).
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/file-buffering
 */
#ifndef SBX_LEDGERLINE_H
#define SBX_LEDGERLINE_H

#include "acldata.h"
#include "checkedline.h"

#define SBX_LEDGER_LINE_MAX SBX_CHECKEDLINE_MAX    /* bytes of JSON text */
#define SBX_LEDGER_MAX_BYTES (64u * 1024u * 1024u) /* of a file */
#define SBX_LEDGER_ACES_MAX 256u                   /* in one record */

enum sbx_ledger_kind {
    SBX_LEDGER_ROOT = 0, /* first line: what the ledger is for */
    SBX_LEDGER_TARGET,   /* written before the first descriptor: these entries go to that object */
    SBX_LEDGER_DONE,     /* the walk below the object was completed with these entries */
    SBX_LEDGER_STALE,    /* everything said to be done may not be: walk again */
    SBX_LEDGER_GONE      /* the entries of that object were taken out again */
};

/* All strings owned. Start with {0}. */
struct sbx_ledger_record {
    enum sbx_ledger_kind kind;
    uint64_t sequence;
    char *path;        /* ROOT: final path; others: of the object. "" only in STALE */
    char *volume_guid; /* ROOT; "" when the system gave none */
    char *capability;  /* ROOT: text of the SID whose every entry is ours, or "" */
    uint8_t file_id[16];
    bool is_directory;
    struct sbx_ace *aces; /* TARGET, DONE: all entries wanted, explicit and plain */
    size_t ace_count;
    struct sbx_ace *added; /* TARGET: those that the object did not have */
    size_t added_count;
};

void sbx_ledger_record_done(struct sbx_ledger_record *record);

/** Append one line. @return SBX_INVALID when it is too long or an entry is not plain; SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_ledger_format(
    const struct sbx_ledger_record *record, struct sbx_buf *ret_line, struct sbx_error *err);

/**
 * Read one line. @param length_bytes with its line end
 * @return SBX_INVALID: wrong length or checksum, another key or type than sbx_ledger_format writes
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_parse(const char *line, size_t length_bytes,
    struct sbx_ledger_record *ret_record, struct sbx_error *err);

/* The good prefix of a file. Start with {0}. */
struct sbx_ledger_records {
    struct sbx_ledger_record *items; /* owned; grown by sbx_list_grow only */
    size_t count;
    size_t good_bytes; /* up to here the file is sound */
    bool damaged;      /* there is more, and it is not */
    char why[160];     /* what was wrong with the first bad line; "" when not damaged */
};

/**
 * Read a whole ledger. Damage is no failure: the records before it are returned.
 * The first record must be ROOT and sequence numbers must run from 1 without a gap.
 * @return SBX_OOM; SBX_INVALID when the file is larger than SBX_LEDGER_MAX_BYTES
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_read(const char *bytes, size_t length_bytes,
    struct sbx_ledger_records *ret_records, struct sbx_error *err);
void sbx_ledger_records_done(struct sbx_ledger_records *records);

/** True when both lists hold the same entries in the same order. */
bool sbx_ledger_same_aces(
    const struct sbx_ace *a, size_t a_count, const struct sbx_ace *b, size_t b_count);

/**
 * True when the records say that the walk below this object with these entries was completed, and
 * nothing since then took that back: STALE, GONE, or a later TARGET with the same entries, which
 * is written when they had to be put back.
 */
bool sbx_ledger_is_done(const struct sbx_ledger_records *records, const uint8_t file_id[16],
    const struct sbx_ace *aces, size_t count);

/**
 * Everything that any TARGET record says was added to an object and no later GONE took back.
 * @param ret_aces owned array, free(); NULL when there is none
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_added(const struct sbx_ledger_records *records,
    const uint8_t file_id[16], struct sbx_ace **ret_aces, size_t *ret_count, struct sbx_error *err);

/**
 * The same ledger in fewer lines: of several TARGET records of an object with the same entries the
 * last, which then says everything that they added; no record of what was taken back; one DONE for
 * each walk that is complete, so no STALE. sbx_ledger_is_done and sbx_ledger_added answer as before
 * for every object that exists. A ledger grows by a line or two with each file that an editor
 * replaces, and is read by every run.
 * @param is_gone asked about a file whose path a later record has: true when the object exists no
 *        more, so that nothing can be taken back from it. NULL: never
 * @param ret_text appended: a whole ledger, from sequence number 1
 * @param ret_count lines
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_compact(const struct sbx_ledger_records *records,
    bool (*is_gone)(void *ctx, const struct sbx_ledger_record *record), void *ctx,
    struct sbx_buf *ret_text, size_t *ret_count, struct sbx_error *err);

#endif
