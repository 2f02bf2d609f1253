/*
 * The commands of agent.exe and their options, as tables: cli.c parses by them, help.c prints
 * them, and a test compares them with README.md. The tables themselves are in options.c, what an
 * option does in optionapply.c.
 */
#ifndef SBX_AGENT_OPTIONS_H
#define SBX_AGENT_OPTIONS_H

#include "cli.h"

enum sbx_option_id {
    OPT_PROFILE = 1,
    OPT_PIPE,
    OPT_ALLOW_WRITE,
    OPT_DENY_WRITE,
    OPT_POLICY,
    OPT_MODE,
    OPT_TOKEN,
    OPT_NETWORK,
    OPT_CWD,
    OPT_ENV,
    OPT_TIMEOUT,
    OPT_MAX_PROCESSES,
    OPT_MAX_MEMORY,
    OPT_CPU,
    OPT_BACKGROUND,
    OPT_DESKTOP,
    OPT_DRY_RUN,
    OPT_RESULT,
    OPT_JSON,
    OPT_QUIET,
    OPT_DEBUG,
    OPT_WINE_UNCONFINED,
    OPT_HELP,
    OPT_OP,
    OPT_ALL,
    OPT_INCLUDE_LINKS,
    OPT_TTY,
    OPT_TTY_SIZE,
    OPT_TTY_ESCAPES,
    OPT_SECONDS,
    OPT_FOLLOW,
    OPT_SINCE,
    OPT_ACCOUNTS,
    OPT_FENCE,
    OPT_VERIFY,
    OPT_ONLY,
    OPT_REPORT,
    OPT_CALIBRATE
};

struct sbx_option {
    enum sbx_option_id id;
    const char *name;     /* with its dashes */
    const char *argument; /* as shown in help; NULL = none */
    bool repeatable;
    const char *group; /* heading in help */
    const char *help;  /* one or two lines, '\n' between */
};

/* More options than any command has. */
#define SBX_OPTIONS_MAX 48u

struct sbx_verb_row {
    enum sbx_verb verb;
    const char *name;       /* "run", "grants list" */
    const char *alias;      /* NULL: none */
    const char *operands;   /* as the usage line shows them */
    size_t min, max;        /* how many; not looked at for a program */
    bool program;           /* the first operand ends the options: the rest belongs to it */
    const char *summary;    /* for the overview */
    const char *intro;      /* for its own help, below the usage line */
    const char *exit_codes; /* the same, at the end */
    const struct sbx_option *options;
    size_t option_count; /* up to SBX_OPTIONS_MAX */
};

extern const struct sbx_verb_row sbx_verb_rows[];
extern const size_t sbx_verb_row_count;

/**
 * The row of a command.
 * @param second may be NULL; looked at for names of two words
 * @return NULL when there is none
 */
const struct sbx_verb_row *sbx_verb_find(const char *first, const char *second);

/**
 * Do what an option says: check its value and put it where it belongs.
 * @param value "" for an option without one; borrowed by cli
 * @param cli changed; may hold a value that was not accepted when this fails
 * @return SBX_INVALID naming the option and its value; SBX_OOM; SBX_INTERNAL for an option of the
 *         table that nothing is written for
 */
SBX_MUST_CHECK enum sbx_status sbx_option_apply(
    const struct sbx_option *option, const char *value, struct sbx_cli *cli, struct sbx_error *err);

#endif
