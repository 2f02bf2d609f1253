/*
 * The commands beside `run`: why, grants, revoke, audit, policy, which start nothing, and setup,
 * repair, uninstall and status, which start sandbox-setup.exe.
 *
 * Their answer goes to standard output, as text or (--json) as one JSON object; messages go to
 * standard error as for `run`. Exit codes are listed per command in options.c and README.md.
 */
#ifndef SBX_AGENT_VERBS_H
#define SBX_AGENT_VERBS_H

#include "cli.h"
#include "run.h"
#include "say.h"

/* Besides those of run.h. */
enum sbx_verbs_exit { SBX_EXIT_FOUND = 1 };

/* One per command. @return the process's exit code */
int sbx_why_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_grants_list_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_grants_repair_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_revoke_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_audit_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_policy_validate_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_audit_show_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_audit_verify_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_policy_test_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_explain_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_policy_show_command(const struct sbx_cli *cli, const struct sbx_say *say);
/** setup, repair and uninstall: setupcmd.c */
int sbx_setup_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_status_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_serve_command(const struct sbx_cli *cli, const struct sbx_say *say);
int sbx_mcp_command(const struct sbx_cli *cli, const struct sbx_say *say);

/** Run the command that was parsed; any but run, help and version. */
int sbx_verbs_command(const struct sbx_cli *cli, const struct sbx_say *say);

/* --- what they share -------------------------------------------------------------------------- */

/* The plan of a run with the same options. Start with {0}. */
struct sbx_prepared {
    struct sbx_facts facts;
    struct sbx_policy policy;
    struct sbx_plan plan;
};

/** Facts and merged policy, no plan. Reads only. */
SBX_MUST_CHECK enum sbx_status sbx_verbs_policy(
    const struct sbx_cli *cli, struct sbx_prepared *ret_prepared, struct sbx_error *err);

/**
 * The rest of the facts, and the plan. Reads only.
 * @param facts from sbx_facts_places; completed here
 */
SBX_MUST_CHECK enum sbx_status sbx_verbs_plan(const struct sbx_policy *policy,
    struct sbx_facts *facts, struct sbx_plan *ret_plan, struct sbx_error *err);

/** As above, and the plan, made as `run` makes it. Nothing is granted or created. */
SBX_MUST_CHECK enum sbx_status sbx_verbs_prepare(
    const struct sbx_cli *cli, struct sbx_prepared *ret_prepared, struct sbx_error *err);
void sbx_verbs_prepared_done(struct sbx_prepared *prepared);

/* The token of a plan as data. Start with {0}. */
struct sbx_planned_token {
    struct sbx_groups groups;
    struct sbx_tokenplan plan;
    struct sbx_why_token why;
    struct sbx_creator creator; /* borrows from plan */
};

/**
 * The token that a run of this plan would get, made from the facts of this process's own token.
 * @return SBX_UNSUPPORTED in elevated mode: the account's groups are known only after its logon
 */
SBX_MUST_CHECK enum sbx_status sbx_verbs_token(
    const struct sbx_plan *plan, struct sbx_planned_token *ret_token, struct sbx_error *err);
void sbx_verbs_token_done(struct sbx_planned_token *token);

/**
 * What the caller named as revoke and repair want it: the name of a ledger as it is, a path in
 * normal form and, where it still exists, as final path.
 * @param ret_path owned
 * @param ret_final owned; NULL when it does not exist
 */
SBX_MUST_CHECK enum sbx_status sbx_verbs_grant_path(const struct sbx_facts *facts,
    const char *asked, char **ret_path, char **ret_final, struct sbx_error *err);

/** Exit code of revoke and repair. */
int sbx_verbs_grant_exit(enum sbx_status status);

/** Usage (2) for SBX_INVALID, else 125; says the error. */
int sbx_verbs_failed(const struct sbx_say *say, const struct sbx_error *err);

/**
 * Text with line ends to standard output; other control characters are replaced, because paths
 * come from the disk.
 * @return false when nobody reads
 */
bool sbx_verbs_print(const struct sbx_say *say, const struct sbx_buf *text);

/** A JSON document to standard output as it is. */
bool sbx_verbs_print_json(const struct sbx_say *say, const struct sbx_buf *json);

/** One of the two: as JSON when `--json` was given. */
bool sbx_verbs_show(
    const struct sbx_cli *cli, const struct sbx_say *say, const struct sbx_buf *text);

#endif
