/*
 * What the commands that change access lists have in common (run, revoke, grants repair): Ctrl-C
 * stops them before the next write, work that takes over a second tells how far it is, and the
 * report of the engine comes out in one shape.
 *
 * Progress goes to standard error: one line that is overwritten on a console; with --json lines of
 *   {"event":"progress","stage":"grants","root":P,"path":P,"files":N,"written":N,
 *    "filesPerSecond":N,"elapsedMs":N,"waiting":B}
 * at most five per second; nothing with --quiet, and nothing as text into a file or a pipe. A
 * session (`agent serve`) gets the same object as an event.
 */
#ifndef SBX_AGENT_GRANTING_H
#define SBX_AGENT_GRANTING_H

#include "grants.h"
#include "installed.h"
#include "say.h"
#include "shared/core/jsonwrite.h"

/**
 * Options for the engine with progress and a flag that stops it.
 * @param say borrowed as long as the options are used
 * @param state_directory borrowed, the same
 * @param cancel may be NULL: nonzero stops before the next write
 */
void sbx_granting_options(const struct sbx_say *say, const char *state_directory,
    const volatile LONG *cancel, struct sbx_grant_options *ret_options);

/** The same for a command of its own, which Ctrl-C stops: the handler is installed here. */
SBX_MUST_CHECK enum sbx_status sbx_granting_begin(const struct sbx_say *say,
    const char *state_directory, struct sbx_grant_options *ret_options, struct sbx_error *err);

/* The sandbox accounts of this machine, for as long as options name them. Start with {0}. */
struct sbx_granting_accounts {
    struct sbx_installed installed;
    const char *sids[SBX_INSTALLATION_ACCOUNTS_MAX]; /* borrowed from it */
};

/**
 * Name the sandbox accounts to the engine: what they own is not granted to, and a revoke makes it
 * the user's. Without an installation, or with one that cannot be read, there are none: said as a
 * warning in the second case.
 * @param accounts release with sbx_granting_accounts_done when the options are used no more
 */
SBX_MUST_CHECK enum sbx_status sbx_granting_name_accounts(const struct sbx_say *say,
    const char *program_files, struct sbx_granting_accounts *accounts,
    struct sbx_grant_options *options, struct sbx_error *err);
void sbx_granting_accounts_done(struct sbx_granting_accounts *accounts);

/** One warning per skipped object and per failure that did not stop the command. */
void sbx_granting_say(const struct sbx_say *say, const struct sbx_grant_report *report);
/** One warning per note: what a revoke or a repair met and somebody should know of. */
void sbx_granting_say_notes(const struct sbx_say *say, const struct sbx_grant_report *report);

/**
 * The report as an object: warm, reads, writes, filesWalked, filesStamped, ledgersRepaired,
 * failures (path, needed, error), skips (path, reason), skipsLeftOut, notes (the same, for what was
 * done or met), notesLeftOut, ownersTaken. NULL writes null.
 */
void sbx_granting_format(
    const char *key, const struct sbx_grant_report *report, struct sbx_json_writer *w);

#endif
