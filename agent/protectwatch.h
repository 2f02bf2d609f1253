/*
 * Names that appear below directories, as ReadDirectoryChangesW tells them: hints for protect.c.
 *
 * One locked thread serves all directories through one completion port. It only collects relative
 * paths; whatever it cannot take (overflow, malformed record, more than the caps) marks the
 * directory as lost, and the caller then reads it in full.
 */
#ifndef SBX_AGENT_PROTECTWATCH_H
#define SBX_AGENT_PROTECTWATCH_H

#include "shared/win/win.h"
#include "shared/core/error.h"

#define SBX_WATCH_EVENTS_MAX 16384u /* kept per directory */

struct sbx_watch; /* all directories of one run */

/* What was heard of one directory. */
struct sbx_watch_names {
    wchar_t **names_w; /* owned array of owned strings: relative paths, each at least once */
    size_t count;
    uint64_t events; /* all, with what was not kept */
    bool lost;       /* more happened than is listed */
};

/**
 * Start watching: entries that are created or renamed, in the whole subtree. From the return on
 * nothing is missed without `lost`.
 * @param directories opened with FILE_LIST_DIRECTORY and FILE_FLAG_OVERLAPPED, each for this use
 *        alone; borrowed until the stop. INVALID_HANDLE_VALUE or NULL: lost from the start.
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-readdirectorychangesw
 *      https://learn.microsoft.com/windows/win32/fileio/i-o-completion-ports
 */
SBX_MUST_CHECK enum sbx_status sbx_watch_start(
    const HANDLE *directories, size_t count, struct sbx_watch **ret_watch, struct sbx_error *err);

/**
 * Take what has happened until now, and end the thread. sbx_watch_names may be read afterwards.
 * Does nothing the second time.
 */
void sbx_watch_stop(struct sbx_watch *watch);

/** What was heard of directory `index`; after the stop. */
const struct sbx_watch_names *sbx_watch_names(const struct sbx_watch *watch, size_t index);

/** Stop if needed, and release. NULL does nothing. */
void sbx_watch_free(struct sbx_watch *watch);

#endif
