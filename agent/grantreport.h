/*
 * What a grant or a revoke tells: skipped objects, failures, progress. Shared by both.
 */
#ifndef SBX_AGENT_GRANTREPORT_H
#define SBX_AGENT_GRANTREPORT_H

#include "grants.h"

/* State of one run of the engine. */
struct sbx_grant_engine {
    const struct sbx_grant_options *options; /* borrowed */
    struct sbx_grant_report *report;         /* borrowed */
    HANDLE ledgers;                          /* the folder; owned by the caller */
    struct sbx_sid *accounts;                /* parsed account_sids; owned by the caller */
    size_t account_count;
    /* Progress of the root that is being done. */
    const char *root;
    uint64_t root_started_ms;
    uint64_t root_files;
    uint64_t root_writes;
    uint64_t told_ms; /* 0: not yet */
    bool tty_line;    /* a line without end is on the terminal */
};

/** True when the caller wants the work to stop. */
bool sbx_grant_cancelled(const struct sbx_grant_engine *engine);

/** Parse options->account_sids. Free engine->accounts afterwards, also after a failure. */
SBX_MUST_CHECK enum sbx_status sbx_grant_engine_accounts(
    struct sbx_grant_engine *engine, struct sbx_error *err);

/** Start counting for a root. @param root borrowed until the next call */
void sbx_grant_progress_begin(struct sbx_grant_engine *engine, const char *root);

/** One object was looked at; now and then the caller hears of it. @param relative_w may be NULL */
void sbx_grant_progress_step(
    struct sbx_grant_engine *engine, const wchar_t *relative_w, size_t cch);

/** Waiting for the lock. @param context the engine */
void sbx_grant_progress_waiting(void *context);

/** Take the progress line off the terminal. */
void sbx_grant_progress_end(struct sbx_grant_engine *engine);

/** List an object that was left as it is. Never fails: what does not fit is counted. */
void sbx_grant_skip(struct sbx_grant_engine *engine, const char *path, const char *reason);

/** As sbx_grant_skip for an object below a root. */
void sbx_grant_skip_below(struct sbx_grant_engine *engine, const char *root,
    const wchar_t *relative_w, size_t cch, const char *reason);

/** List something the caller has to know about an object. Never fails, as sbx_grant_skip. */
void sbx_grant_note(struct sbx_grant_engine *engine, const char *path, const char *text);
void sbx_grant_note_below(struct sbx_grant_engine *engine, const char *root,
    const wchar_t *relative_w, size_t cch, const char *text);

/** "access denied (5)" or "ERROR_X (n)" of an error, for a skip. */
void sbx_grant_reason(const struct sbx_error *error, char reason[SBX_GRANT_REASON_MAX]);

/** List a root that could not be made true. Never fails. */
void sbx_grant_fail(
    struct sbx_grant_engine *engine, const char *path, bool fatal, const struct sbx_error *error);

#endif
