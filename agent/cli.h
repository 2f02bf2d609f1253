/*
 * The command line of agent.exe, as tables (options.h): commands, and for each its options.
 *
 * --help is printed from the same tables that the parser reads, and a test compares it with the
 * README, so an option cannot exist in one place only. Pure: nothing here touches the system.
 */
#ifndef SBX_AGENT_CLI_H
#define SBX_AGENT_CLI_H

#include "shared/core/message.h"
#include "shared/core/policy.h"
#include "shared/core/setupmsg.h"
#include "shared/core/whyanswer.h"

enum sbx_verb {
    SBX_VERB_RUN = 1,
    SBX_VERB_SERVE,
    SBX_VERB_MCP,
    SBX_VERB_HELP,
    SBX_VERB_VERSION,
    SBX_VERB_WHY,
    SBX_VERB_GRANTS_LIST,
    SBX_VERB_GRANTS_REPAIR,
    SBX_VERB_REVOKE,
    SBX_VERB_AUDIT_WRITABLE,
    SBX_VERB_AUDIT_SHOW,
    SBX_VERB_AUDIT_VERIFY,
    SBX_VERB_POLICY_VALIDATE,
    SBX_VERB_POLICY_SHOW,
    SBX_VERB_POLICY_TEST,
    SBX_VERB_SETUP,
    SBX_VERB_REPAIR,
    SBX_VERB_UNINSTALL,
    SBX_VERB_STATUS,
    SBX_VERB_VERIFY,
    SBX_VERB_EXPLAIN,
    SBX_VERB_DOCTOR
};

struct sbx_cli {
    enum sbx_verb verb;
    const char *help_topic;   /* verb asked about, NULL = overview; borrowed from argv */
    struct sbx_policy policy; /* SBX_LAYER_COMMAND: what the options say */
    struct sbx_strings policy_files;
    const char *cwd;    /* borrowed; NULL = the current directory */
    const char *result; /* FILE or "handle:N"; borrowed; NULL = none */
    bool tty, tty_pass; /* run: --tty, and its escape sequences as they are */
    struct sbx_tty_size tty_size;
    bool json, dry_run, quiet, debug, wine_unconfined;
    const char *const *program; /* run: borrowed from argv: PROGRAM ARGS... */
    size_t program_count;
    struct sbx_strings operands; /* of the other commands: PATH, FILE... */
    enum sbx_why_op op;          /* why */
    bool all;                    /* revoke --all */
    bool follow;                 /* audit show */
    const char *since;           /* audit show; borrowed; NULL = all */
    bool include_links;          /* grants repair --include-links */
    uint64_t budget_ms;          /* audit --seconds; 0 = the default */
    uint32_t accounts;           /* setup --accounts; 0 = as installed, or 1 */
    enum sbx_setup_fence fence;  /* setup --fence; 0 = as installed, or plain */
    bool verify;                 /* uninstall --verify */
    bool calibrate;              /* doctor --calibrate */
    const char *pipe;            /* serve --pipe; borrowed; NULL = standard input and output */
    /* The options as they were written, borrowed from argv: what a session passes on. */
    const char *const *options;
    size_t option_count;
};

/**
 * Parse the arguments after argv[0].
 * @param argv UTF-8, borrowed: ret_cli points into it
 * @return SBX_INVALID for a usage error (the text is one line, the hint names --help); SBX_OOM.
 *         On failure ret_cli is released.
 */
SBX_MUST_CHECK enum sbx_status sbx_cli_parse(
    const char *const *argv, size_t argc, struct sbx_cli *ret_cli, struct sbx_error *err);
void sbx_cli_done(struct sbx_cli *cli);

/**
 * Append the help of a command ("run", "grants list"; "grants" for all that begin so) or, for
 * NULL, the overview. @return SBX_NOT_FOUND
 */
SBX_MUST_CHECK enum sbx_status sbx_cli_help(
    const char *topic, struct sbx_buf *text, struct sbx_error *err);

#endif
