/*
 * `agent verify` as data: the list of attacks, and what the answers of a probe mean.
 *
 * Each row names an attack of the project's attack table. A row with words is a probe: the same
 * words are run outside the sandbox, where they must work (the twin), and inside, after a harmless
 * step that must work too (the ping); so a broken probe cannot look like a closed door. A row
 * without words says why there is nothing to run. Where one command cannot show it, the words begin
 * with '@' and describe a check of several steps (agent/verifycheck.h), judged by the same rules.
 * Pure: agent/verifytry.c does the running.
 */
#ifndef SBX_VERIFY_H
#define SBX_VERIFY_H

#include "buf.h"
#include "error.h"
#include "policy.h"

enum sbx_verify_group {
    SBX_VERIFY_FILES,
    SBX_VERIFY_REPOSITORY,
    SBX_VERIFY_NETWORK,
    SBX_VERIFY_PROCESS,
    SBX_VERIFY_DESKTOP,
    SBX_VERIFY_CREDENTIALS,
    SBX_VERIFY_STATE,
    SBX_VERIFY_GROUP_COUNT
};

enum sbx_verify_class {
    SBX_VERIFY_HELD = 1,
    SBX_VERIFY_BROKEN,
    SBX_VERIFY_RESIDUAL,
    SBX_VERIFY_NOT_APPLICABLE,
    SBX_VERIFY_CANNOT_TELL
};

/* What a row is for. The defaults (0) are the strictest reading. */
enum sbx_verify_flag {
    SBX_VERIFY_ONLY_UNELEVATED = 1 << 0, /* the other mode has another row, or no such thing */
    SBX_VERIFY_ONLY_ELEVATED = 1 << 1,
    SBX_VERIFY_RESIDUAL_UNELEVATED = 1 << 2, /* known not to hold there; reason says why */
    SBX_VERIFY_RESIDUAL_LOOSE = 1 << 3,      /* the same with `standard` and `isolated` */
    SBX_VERIFY_RESIDUAL_STANDARD = 1 << 4,   /* the same with `standard`, both modes */
    SBX_VERIFY_RESIDUAL_BOTH = 1 << 5,       /* the same everywhere */
    SBX_VERIFY_TWIN_MAY_FAIL = 1 << 6,       /* the user itself may be refused: not applicable */
    SBX_VERIFY_NO_TRACE = 1 << 7,            /* success leaves nothing in the watched folder */
    SBX_VERIFY_MUST_WORK = 1 << 8,           /* a control: inside it must succeed */
    SBX_VERIFY_NOT_IN_WINE = 1 << 9, /* no Wine checks this: what works there says nothing */
    SBX_VERIFY_ABSENT_TOO = 1 << 10  /* "not found" is a refusal: a first step was refused */
};

struct sbx_verify_row {
    const char *id;        /* of the attack table, with a letter where a row has several probes */
    const char *name;      /* what is tried, a few words */
    const char *mechanism; /* what should stop it */
    const char *words;     /* of the probe, '|' between; "@...": a check; NULL: not run */
    const char *options;   /* more options of `agent run`, '|' between; NULL */
    const char *reason;    /* why residual, or why not run; NULL for a plain probe */
    enum sbx_verify_class unprobed; /* without words: RESIDUAL, NOT_APPLICABLE or CANNOT_TELL */
    uint8_t group;                  /* enum sbx_verify_group */
    uint16_t flags;                 /* enum sbx_verify_flag */
};

extern const struct sbx_verify_row sbx_verify_rows[];
extern const size_t sbx_verify_row_count;

/* What a program of the probe's said at its end. */
enum sbx_verify_outcome {
    SBX_VERIFY_NONE = 0, /* it did not run, or said nothing */
    SBX_VERIFY_SUCCEEDED,
    SBX_VERIFY_DENIED,
    SBX_VERIFY_NOT_FOUND,
    SBX_VERIFY_ODD /* anything else */
};

/* What was seen of one row. */
struct sbx_verify_seen {
    enum sbx_mode mode;
    enum sbx_token_choice recipe; /* of the run; as asked where there was no run */
    bool confined;                /* the result said so; false under --wine-unconfined */
    bool wine;                    /* the platform is Wine, in whatever form */
    bool twin_ran, inside_ran;
    enum sbx_verify_outcome twin, ping, inside;
    bool twin_changed, inside_changed; /* the watched folder */
};

/**
 * What it means. Strict in one direction: an attack that worked, or changed its target, is never
 * held; a refusal without confinement is never held either.
 * @param ret_why static text; never NULL
 */
enum sbx_verify_class sbx_verify_judge(
    const struct sbx_verify_row *row, const struct sbx_verify_seen *seen, const char **ret_why);

/** True when the row means something in this mode. */
bool sbx_verify_applies(const struct sbx_verify_row *row, enum sbx_mode mode);

/** True for a row that agent/verifycheck.c tries; what follows the '@' is for people. */
bool sbx_verify_is_check(const struct sbx_verify_row *row);

/** "held", "BROKEN", "residual", "not applicable", "cannot tell". */
const char *sbx_verify_class_name(enum sbx_verify_class value);
/** "files", "repository persistence", ... */
const char *sbx_verify_group_name(enum sbx_verify_group group);

/** The exit code of the probe program as an outcome; its codes are in tests/suite/probe.h. */
enum sbx_verify_outcome sbx_verify_outcome_of(uint32_t exit_code);

/**
 * The outcome of the first step of a "seq" from the probe's output, which prints one line
 * "= OUTCOME ERROR WORDS" per step.
 */
enum sbx_verify_outcome sbx_verify_first(const char *output);

/**
 * Whether the row's attack may share a run with others: it takes no option of its own, is no check,
 * and nothing of it may work here, so that each finds the fixture as it was.
 */
bool sbx_verify_shares(const struct sbx_verify_row *row, enum sbx_mode mode, bool wine);

/**
 * Whether a shared run has answered for the row. Only what must be stopped and was, or must work
 * and did, counts; of anything else the row is tried alone, so that a hole is seen by itself.
 * @param seen of the run; what it changed is in inside_changed
 */
bool sbx_verify_answered(const struct sbx_verify_row *row, const struct sbx_verify_seen *seen);

/**
 * The outcome of the next step that has these words.
 * @param words as the probe was given them, '|' between; or up to "|+|"
 * @param output at the line to begin with; moved behind the step's line, when there is one
 * @return SBX_VERIFY_NONE: no such line
 */
enum sbx_verify_outcome sbx_verify_step(const char **output, const char *words);

/**
 * Put fixture paths into words: {ws} {out} {extra} {home} {windows} {programs} {state} {pid}.
 * @param values pairs of name and value, NULL at the end
 * @return SBX_INVALID for a name that is not among them
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_expand(
    const char *words, const char *const *values, struct sbx_buf *ret_text, struct sbx_error *err);

#endif
