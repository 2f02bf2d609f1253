/*
 * The journal as a file: %ProgramFiles%\AgentSandbox\journal.jsonl.
 *
 * It is made with the first line, together with the program folder if that is missing, so that a
 * run which changes nothing leaves no trace; and it lives as long as the installation, because it
 * says which accounts, filters and folders are ours. While a run has it open for writing nobody
 * else can: a second set-up at the same time is refused.
 */
#ifndef SBX_SETUP_JOURNALFILE_H
#define SBX_SETUP_JOURNALFILE_H

#include "context.h"
#include "journal.h"

struct sbx_setup_journal {
    struct sbx_journal_records records;
    HANDLE file;         /* NULL until the first line of this run, or when there is no file */
    uint64_t good_bytes; /* the next line goes here; what lies behind was never confirmed */
    uint64_t next;       /* sequence number of the next line */
};

/**
 * Read what is there and keep the file locked. A torn tail is forgotten; a journal damaged in the
 * middle is kept under another name and reported in the notes, its good front stays valid.
 * @param write false: read only, no lock (status)
 * @return SBX_DENIED: another set-up is at work, or the file is not the machine's
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_journal_open(
    struct sbx_setup *setup, bool write, struct sbx_error *err);

/** Append a line and flush it. This is the engine's `journal`; context is the sbx_setup. */
SBX_MUST_CHECK enum sbx_status sbx_setup_journal_line(void *context, enum sbx_journal_kind kind,
    const char *step, const char *object, struct sbx_error *err);

/**
 * Nothing of ours is left: delete the journal, and the program folder if it is empty then.
 * @param ret_folder_left something that set-up did not make is in the folder (a machine policy)
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_journal_remove(
    struct sbx_setup *setup, bool *ret_folder_left, struct sbx_error *err);

/** Close. NULL members do nothing. */
void sbx_setup_journal_close(struct sbx_setup *setup);

#endif
