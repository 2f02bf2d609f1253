/*
 * What ledger.c and ledgershrink.c share: positions and contents of a ledger's file, and of
 * NAME.next beside it, which is there while the ledger is being shortened.
 */
#ifndef SBX_AGENT_LEDGERFILE_H
#define SBX_AGENT_LEDGERFILE_H

#include "ledger.h"

SBX_MUST_CHECK enum sbx_status sbx_ledger_move_to(
    HANDLE file, uint64_t at_bytes, struct sbx_error *err);

/** @param bytes, records empty; what the file holds, as bytes and as records */
SBX_MUST_CHECK enum sbx_status sbx_ledger_read_all(
    HANDLE file, struct sbx_buf *bytes, struct sbx_ledger_records *records, struct sbx_error *err);

/**
 * The whole content that a shrink was about to write.
 * @param ret_file owned, also after a failure to read it
 * @return SBX_NOT_FOUND: there was none
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_read_next(HANDLE directory, const char *name,
    HANDLE *ret_file, struct sbx_buf *bytes, struct sbx_ledger_records *records,
    struct sbx_error *err);

/** After a shrink that was killed: NAME.next is whole, because it was renamed when it was. */
SBX_MUST_CHECK enum sbx_status sbx_ledger_recover(
    HANDLE directory, const struct sbx_ledger *ledger, struct sbx_error *err);

#endif
