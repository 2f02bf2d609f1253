/*
 * Reads the policy layers from where they live and folds them into one (design 8).
 *
 *   machine    %ProgramFiles%\AgentSandbox\policy.json      bounds everything
 *   command    the options of this command
 *   file       --policy FILE, - = standard input
 *   user       %LOCALAPPDATA%\AgentSandbox\policy.json
 *   workspace  .agent-sandbox.json in the working directory, may only narrow
 *
 * The machine, user and workspace files may be absent; a file that is there and cannot be read or
 * parsed stops the run: a policy that is skipped in silence is no policy.
 */
#ifndef SBX_AGENT_POLICYLOAD_H
#define SBX_AGENT_POLICYLOAD_H

#include "cli.h"

#define SBX_WORKSPACE_POLICY_NAME ".agent-sandbox.json"

/**
 * @param cwd        normal path of the working directory
 * @param state_directory %LOCALAPPDATA%\AgentSandbox, normal
 * @param program_files   %ProgramFiles%, normal; NULL when there is none
 * @return SBX_INVALID (exit 2) naming file, line and key; SBX_DENIED for a request outside the
 *         machine's bounds (exit 126). Then ret_policy is empty, but for what the machine's policy
 *         says of the record: the refusal is recorded as an administrator wants it
 */
SBX_MUST_CHECK enum sbx_status sbx_policy_load(const struct sbx_cli *cli, const char *cwd,
    const char *state_directory, const char *program_files, struct sbx_policy *ret_policy,
    struct sbx_error *err);

/**
 * Read one file that the caller named as a policy, - = standard input, and parse it on its own.
 * @param ret_policy initialised by this function
 * @return SBX_INVALID naming file, line and key, also when it cannot be read; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_policy_read(
    const char *path, struct sbx_policy *ret_policy, struct sbx_error *err);

#endif
