/*
 * `agent verify`: the attack list, tried inside the real sandbox (shared/core/verify.h has the
 * rows and what the answers mean).
 *
 * Harmless by construction: canaries in a folder of its own below the profile, a process and a
 * registry key of its own; everything is removed at the end. Each attack is run by the probe
 * program (sandbox-probe.exe beside agent.exe), outside first in a copy of the fixture, then
 * through the same pipeline as `agent run`. No traffic leaves the machine.
 */
#ifndef SBX_AGENT_VERIFY_H
#define SBX_AGENT_VERIFY_H

#include "cli.h"
#include "run.h"
#include "say.h"
#include "shared/core/verify.h"
#include "shared/win/spawn.h"

#define SBX_VERIFY_PATH_MAX 1024u
#define SBX_VERIFY_PLACES_MAX 48u

/* One copy of the places that words name; `values` is for sbx_verify_expand. */
struct sbx_verify_fixture {
    char *base;                                /* owned */
    const char *probe;                         /* copied to ws\probe.exe; NULL: no copy. Borrowed */
    const char *values[SBX_VERIFY_PLACES_MAX]; /* name, value, ..., NULL */
    char text[SBX_VERIFY_PLACES_MAX][SBX_VERIFY_PATH_MAX]; /* what values point to */
    size_t count;
};

/* Objects of the user's that probes try to get at. */
struct sbx_verify_targets {
    struct sbx_process victim; /* a plain process */
    HANDLE pipes[8];           /* instances of one pipe, one per visitor */
    HANDLE event;
    HKEY key;
    char pipe_name[64], event_name[64], key_name[64], desktop_name[64];
};

/* Everything of one call. */
struct sbx_verify_run {
    const struct sbx_cli *cli;
    const struct sbx_say *say;
    char *probe;  /* sandbox-probe.exe */
    char *folder; /* base of both fixtures; owned */
    struct sbx_verify_fixture inside, outside;
    struct sbx_verify_targets targets;
    struct sbx_runner_pool runners;
    bool have_runners;
    bool spoiled;             /* a check was at the inner fixture: made again before a probe */
    bool shares_targets;      /* they are another lane's, which closes them */
    struct sbx_cancel cancel; /* Ctrl-C ends the run under way, and then the list */
    uint64_t until_ms;        /* sbx_clock_ms at which the time is up; 0: never */
    enum sbx_mode mode;
};

/* What came out of one row. */
struct sbx_verify_result {
    const struct sbx_verify_row *row;
    struct sbx_verify_seen seen;
    enum sbx_verify_class value;
    const char *why; /* static */
    char error[256]; /* of a run that failed, "" */
    uint64_t took_us;
};

/* Of all of them. */
struct sbx_verify_report {
    struct sbx_verify_result *results; /* owned, in table order */
    size_t count;
    size_t counts[SBX_VERIFY_GROUP_COUNT][SBX_VERIFY_CANNOT_TELL + 1];
    size_t broken;
    size_t untried; /* rows that the time did not suffice for */
    uint64_t took_us;
    char platform[96], mode[16], recipe[16], policy_hash[65];
    bool confined, any_run;
};

/* --- verifyfixture.c ----------------------------------------------------------------------------
 */

/** Make the folder, both copies and, unless they are another's, the targets. @return on failure
 * nothing is left */
SBX_MUST_CHECK enum sbx_status sbx_verify_prepare(
    struct sbx_verify_run *run, struct sbx_error *err);

/** Put a copy back as it was made, when something changed it. */
SBX_MUST_CHECK enum sbx_status sbx_verify_restore(
    struct sbx_verify_fixture *fixture, struct sbx_error *err);

/** Take back what the runs granted in the inner copy; before it is made again, too. */
void sbx_verify_revoke(const struct sbx_verify_run *run);
/** The same for one more root, which a check made or moved. */
void sbx_verify_revoke_path(const char *path);

/** Hash over names and contents of all that an attack must not change. */
SBX_MUST_CHECK enum sbx_status sbx_verify_snapshot(
    const struct sbx_verify_fixture *fixture, char ret_hash[65], struct sbx_error *err);

/** Revoke what was granted, remove folder and own targets. @param ret_left entries that stayed */
void sbx_verify_clean(struct sbx_verify_run *run, size_t *ret_left);

/* --- verifytry.c --------------------------------------------------------------------------------
 */

/** Try one row, a probe outside and inside or a check (verifycheck.h), and judge. Failures become
 * part of the result. */
void sbx_verify_try(struct sbx_verify_run *run, const struct sbx_verify_row *row,
    struct sbx_verify_result *ret_result, struct sbx_verify_report *report);

/**
 * The attack of a row inside, with its ping; without its twin. The fixture is whole again after it.
 * @param ret_output the probe's lines; released by the caller, also on failure
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_try_inside(struct sbx_verify_run *run,
    const struct sbx_verify_row *row, struct sbx_verify_result *result,
    struct sbx_verify_report *report, struct sbx_buf *ret_output, struct sbx_error *err);

/** How long something may be waited for. @return most_ms, or what is left of the time, at least 1 s
 */
uint32_t sbx_verify_limit_ms(const struct sbx_verify_run *run, uint32_t most_ms);

/**
 * Run a parsed `agent run` inside: mode, recipe and confinement go into the result, the failure of
 * a run that did not begin into result->error.
 * @param ret_output standard output; released by the caller, whatever happened
 * @param ret_json the result, or the plan of a dry run; released by the caller; may be NULL
 * @return the exit code
 */
uint32_t sbx_verify_inside(struct sbx_verify_run *run, const struct sbx_cli *cli,
    struct sbx_verify_result *result, struct sbx_verify_report *report, struct sbx_buf *ret_output,
    struct sbx_buf *ret_json);

/** The probe's words as the user, with the places of this fixture. @return SBX_TIMEOUT after 20 s
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_by_hand(const struct sbx_verify_run *run,
    const struct sbx_verify_fixture *fixture, const char *words, uint32_t *ret_exit_code,
    struct sbx_error *err);

/** The same in the outer fixture, which is whole again afterwards: sets twin, twin_ran,
 * twin_changed. */
SBX_MUST_CHECK enum sbx_status sbx_verify_outside(struct sbx_verify_run *run, const char *words,
    struct sbx_verify_seen *seen, struct sbx_error *err);

/* --- verifytogether.c ---------------------------------------------------------------------------
 */

#define SBX_VERIFY_TOGETHER_MAX 12u

/**
 * Try rows that may share a run (sbx_verify_shares): one run with all their attacks, then each
 * twin. A row that the run has not answered (sbx_verify_answered) is tried again alone; when
 * something of the fixture changed, all are. Results as with sbx_verify_try.
 * @param results count of them; `row` is set in each
 */
void sbx_verify_try_together(struct sbx_verify_run *run, struct sbx_verify_result *const *results,
    size_t count, struct sbx_verify_report *report);

/* --- verifylanes.c ------------------------------------------------------------------------------
 */

/**
 * The first run: ordinary work must succeed. Sets run->mode, and what `report` says as a whole.
 * @return SBX_UNPROVEN
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_try_first(
    struct sbx_verify_run *run, struct sbx_verify_report *report, struct sbx_error *err);

/**
 * Try the rows of report->results in several lanes at once, each with fixtures and spare runners of
 * its own; what changes this process, or is the user's only one, is tried alone at the end. Stops
 * when cancelled, and begins nothing when the time is up.
 * @param run the first lane; `report` has what its first run said
 * @param report `row` is set in report->count results, in table order; gets all values
 * @return SBX_CANCELLED
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_try_all(struct sbx_verify_run *run, const char *runner,
    struct sbx_verify_report *report, size_t *ret_left, struct sbx_error *err);

/* --- verifyreport.c -----------------------------------------------------------------------------
 */

/** The table for people. */
SBX_MUST_CHECK enum sbx_status sbx_verify_print(
    const struct sbx_verify_report *report, struct sbx_buf *ret_text, struct sbx_error *err);

/** One JSON object: platform, OS build, hashes of the programs, rows, and a hash over itself. */
SBX_MUST_CHECK enum sbx_status sbx_verify_json(
    const struct sbx_verify_report *report, struct sbx_buf *ret_json, struct sbx_error *err);

/* --- verifycmd.c --------------------------------------------------------------------------------
 */

/** The path of a program beside agent.exe, which must be there. @param ret_path owned */
SBX_MUST_CHECK enum sbx_status sbx_verify_find_beside(
    const char *name, char **ret_path, struct sbx_error *err);

/** `agent verify`. @return 0: nothing BROKEN; 1: BROKEN; 125: could not be run */
int sbx_verify_command(const struct sbx_cli *cli, const struct sbx_say *say);

#endif
