/*
 * The installation of elevated mode as the agent finds it: the record in
 * %ProgramFiles%\AgentSandbox and the programs beside it (design 2, 5). Reads only.
 *
 * MUSTs:
 *  1. the record is opened without following links and believed only when SYSTEM, Administrators or
 *     TrustedInstaller own it;
 *  2. the runner of elevated mode is the installed one, and is started only after its bytes hash to
 *     what the record says (sbx_installed_check_program, asked by `run` and by `status`);
 *  3. a record that is there and cannot be believed makes nobody less of an operator: without an
 *     answer to "who is one" everybody counts as one, and nothing runs unelevated beside a sealed
 *     credential (design 2).
 */
#ifndef SBX_AGENT_INSTALLED_H
#define SBX_AGENT_INSTALLED_H

#include "shared/core/installation.h"
#include "shared/core/plan.h"

/* Start with {0}. */
struct sbx_installed {
    bool found;   /* a record lies there, whatever is in it */
    bool read;    /* `record` is filled */
    bool current; /* readable, whole, of this version, its fence proved */
    struct sbx_installation record;
    char record_hash[65];     /* SHA-256 of the record's text, hexadecimal; "" unless `read` */
    char *directory;          /* %ProgramFiles%\AgentSandbox; NULL without a Program Files folder */
    char *runner;             /* command-runner.exe in it; set with `current` */
    struct sbx_error problem; /* found but not current: why, and what to do */
};

/**
 * Look at the installation.
 * @param program_files normal path, may be NULL: then there is none
 * @return failures of our own only (out of memory); what is wrong with the installation is in
 *         ret->problem
 */
SBX_MUST_CHECK enum sbx_status sbx_installed_read(
    const char *program_files, struct sbx_installed *ret, struct sbx_error *err);

/**
 * Compare one installed program with the record.
 * @return SBX_UNPROVEN when it hashes to something else, SBX_NOT_FOUND, SBX_DENIED (a link)
 */
SBX_MUST_CHECK enum sbx_status sbx_installed_check_program(
    const struct sbx_installed *installed, const char *name, struct sbx_error *err);

/**
 * Fill the facts that come from an installation: group and account SIDs, is_operator,
 * installation_current, installation_problem, in_sandbox_group, work_directory.
 * @param facts with caller_sid and program_data filled in
 */
SBX_MUST_CHECK enum sbx_status sbx_installed_facts(
    const struct sbx_installed *installed, struct sbx_facts *facts, struct sbx_error *err);

void sbx_installed_done(struct sbx_installed *installed);

#endif
