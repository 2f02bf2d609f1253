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

/** One warning per skipped object and per failure that did not stop the command. */
void sbx_granting_say(const struct sbx_say *say, const struct sbx_grant_report *report);

/**
 * The report as an object: warm, reads, writes, filesWalked, filesStamped, ledgersRepaired,
 * failures (path, needed, error), skips (path, reason), skipsLeftOut. NULL writes null.
 */
void sbx_granting_format(
    const char *key, const struct sbx_grant_report *report, struct sbx_json_writer *w);

#endif
