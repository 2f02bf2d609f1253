/*
 * Ledger files: one per root in STATE\ledger, append-only, held by one agent at a time.
 *
 * The open file is the lock: it is shared for reading only, so a second agent that wants to grant
 * or revoke the same root waits, and `grants list` reads meanwhile. Nothing is left over when the
 * holder is killed. The folder's DACL keeps the sandboxed child out (design 5): a named mutex it
 * could open and hold.
 *
 * A line is in the file before the descriptor it speaks of is written; sbx_ledger_flush makes that
 * true for a power failure too and is called once before the first write and once at the end.
 */
#ifndef SBX_AGENT_LEDGER_H
#define SBX_AGENT_LEDGER_H

#include "shared/core/grantunit.h"
#include "shared/core/ledgerline.h"
#include "shared/win/win.h"

struct sbx_ledger {
    HANDLE file; /* owned; the lock */
    char name[SBX_LEDGER_NAME_SIZE];
    struct sbx_ledger_records records;
    bool repaired; /* a damaged tail was set aside as NAME.damaged-N */
};

struct sbx_ledger_how {
    bool create;                    /* make it when missing */
    uint32_t wait_ms;               /* for another holder */
    const volatile LONG *cancel;    /* may be NULL */
    void (*waiting)(void *context); /* may be NULL; called every 100 ms while waiting */
    void *context;
};

/**
 * Open STATE\ledger, making it if needed.
 * @param state_directory exists; normal form
 * @param create false: SBX_NOT_FOUND when nothing was ever granted
 * @param ret_directory owned; may be listed and written
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_directory(
    const char *state_directory, bool create, HANDLE *ret_directory, struct sbx_error *err);

/**
 * Open and lock a ledger and read it. A damaged tail is copied to NAME.damaged-N, cut off, and a
 * STALE record is appended, so that every walk is done again. Where not even the first line can be
 * read, only a caller that writes it anew (how->create) gets an empty ledger; the others get an
 * error, and the file stays as it is.
 * @param directory of sbx_ledger_directory; borrowed
 * @return SBX_NOT_FOUND when missing and how->create is false; SBX_UNPROVEN when nothing in it can
 *         be read and how->create is false; SBX_TIMEOUT; SBX_CANCELLED
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_open(HANDLE directory, const char *name,
    const struct sbx_ledger_how *how, struct sbx_ledger *ret_ledger, struct sbx_error *err);

/** True when the damaged part of a ledger of this name was set aside at some time. */
bool sbx_ledger_was_set_aside(HANDLE directory, const char *name);

/** What is said of a ledger that does not tell what was granted. @return SBX_UNPROVEN */
enum sbx_status sbx_ledger_unreadable(const char *name, struct sbx_error *err);

/** Read a ledger without locking it. A damaged tail is left where it is. */
SBX_MUST_CHECK enum sbx_status sbx_ledger_peek(HANDLE directory, const char *name,
    struct sbx_ledger_records *ret_records, struct sbx_error *err);

/** Append one record; its sequence number is set here. Not flushed. */
SBX_MUST_CHECK enum sbx_status sbx_ledger_append(
    struct sbx_ledger *ledger, struct sbx_ledger_record *record, struct sbx_error *err);

/** Wait until the disk has it. @see
 * https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-flushfilebuffers */
SBX_MUST_CHECK enum sbx_status sbx_ledger_flush(struct sbx_ledger *ledger, struct sbx_error *err);

/* Lines from which on a ledger that is about to grow is looked at. */
#define SBX_LEDGER_SHRINK_AT 256u

/**
 * Replace a long ledger by a shorter one that says the same (sbx_ledger_compact), when that is at
 * most half as long. Killed at any point: the new content stands whole in NAME.next before the
 * ledger is touched, and opening or peeking takes it from there.
 * @param is_gone, ctx as for sbx_ledger_compact
 * @return SBX_OK also when nothing was worth doing, or could be begun; after a failure the ledger
 *         must not be written: opening it again repairs it
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_shrink(HANDLE directory, struct sbx_ledger *ledger,
    bool (*is_gone)(void *ctx, const struct sbx_ledger_record *record), void *ctx,
    struct sbx_error *err);

/** Delete the file: all of it was taken back. The ledger is closed. */
SBX_MUST_CHECK enum sbx_status sbx_ledger_remove(struct sbx_ledger *ledger, struct sbx_error *err);

/** Unlock and release. {0} and a closed ledger do nothing. */
void sbx_ledger_close(struct sbx_ledger *ledger);

#endif
