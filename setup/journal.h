/*
 * The lines of set-up's journal, and what they say about objects. Pure; the file is journalfile.h.
 *
 * Append-only, one line per change of the machine, on the disk before the change. The form is that
 * of a grant ledger (shared/core/checkedline.h) around
 *
 *     {"seq":1,"kind":"apply","step":"group"}
 *
 * so a torn last line, a tail of NULs and a missing line are noticed. What survives of a damaged
 * journal is the front up to the first bad line; since a line precedes its change, a torn last line
 * belongs to a change that did not happen.
 */
#ifndef SBX_SETUP_JOURNAL_H
#define SBX_SETUP_JOURNAL_H

#include "engine.h"
#include "shared/core/buf.h"

#define SBX_JOURNAL_LINE_MAX 4096u
#define SBX_JOURNAL_MAX_BYTES (4u * 1024u * 1024u)
#define SBX_JOURNAL_WORD_MAX 256u /* bytes of a step's or an object's name */

struct sbx_journal_record {
    enum sbx_journal_kind kind;
    char *step;   /* owned; NULL in BEGIN and END */
    char *object; /* owned; NULL but in BEGIN, OBJECT, END */
};

/* The good front of a journal. Start with {0}. */
struct sbx_journal_records {
    struct sbx_journal_record *items; /* owned; grown by sbx_list_grow only */
    size_t count;
    size_t good_bytes;
    bool damaged;  /* there is more, and it is not good */
    bool torn;     /* damaged, and nothing but the last line is concerned: a power loss */
    char why[160]; /* "" when not damaged */
};

/**
 * Append one line to a buffer.
 * @param sequence from 1, without a gap
 * @return SBX_INVALID: a word too long or not printable, or missing where the kind needs it
 */
SBX_MUST_CHECK enum sbx_status sbx_journal_format(uint64_t sequence, enum sbx_journal_kind kind,
    const char *step, const char *object, struct sbx_buf *ret_line, struct sbx_error *err);

/** Read one line. @param length_bytes with its line end @param ret {0} */
SBX_MUST_CHECK enum sbx_status sbx_journal_parse(const char *line, size_t length_bytes,
    uint64_t *ret_sequence, struct sbx_journal_record *ret, struct sbx_error *err);

/**
 * Read a whole journal. Damage is no failure: the records before it are returned.
 * @param ret {0}
 * @return SBX_INVALID when it is larger than SBX_JOURNAL_MAX_BYTES; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_journal_read(
    const char *bytes, size_t length_bytes, struct sbx_journal_records *ret, struct sbx_error *err);

/** Append a record to the list in memory. */
SBX_MUST_CHECK enum sbx_status sbx_journal_add(struct sbx_journal_records *records,
    enum sbx_journal_kind kind, const char *step, const char *object, struct sbx_error *err);

void sbx_journal_record_done(struct sbx_journal_record *record);
void sbx_journal_records_done(struct sbx_journal_records *records);

/** An OBJECT line of this step names the object, and no UNDONE of the step came after it. */
bool sbx_journal_intended(
    const struct sbx_journal_records *records, const char *step, const char *object);

/** A run began and did not end: the machine lost its power in it, or it was killed. */
bool sbx_journal_is_open(const struct sbx_journal_records *records);

/*
 * What a build wants, for a repair that finds no record: OBJECT lines of this name, written behind
 * BEGIN ("fence complement", "ports 48620-48627", "operator S-1-..."). They are no objects.
 */
#define SBX_JOURNAL_SETTINGS "settings"

/** True when an OBJECT line of any step is still valid: something of ours may be there. */
bool sbx_journal_has_objects(const struct sbx_journal_records *records);

/**
 * Step through the settings of one kind, the newest first:
 *     at = records->count; while ((value = sbx_journal_setting(records, "operator ", &at))) ...
 * @return what follows the prefix, borrowed; NULL at the end
 */
const char *sbx_journal_setting(
    const struct sbx_journal_records *records, const char *prefix, size_t *at);

/**
 * Write what a shorter journal must say to mean the same: the valid OBJECT lines, as one ended run.
 * @param ret_text initialised by the caller
 */
SBX_MUST_CHECK enum sbx_status sbx_journal_compact(
    const struct sbx_journal_records *records, struct sbx_buf *ret_text, struct sbx_error *err);

#endif
