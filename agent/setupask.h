/*
 * `sandbox-setup.exe status --json`, started without any rights: what needs netapi32 and the
 * filtering platform to be asked, and agent.exe imports neither.
 */
#ifndef SBX_AGENT_SETUPASK_H
#define SBX_AGENT_SETUPASK_H

#include "shared/core/json.h"

/**
 * Ask and parse.
 * @param own_directory where agent.exe lies
 * @param ret_root owned, sbx_json_free
 * @return SBX_NOT_FOUND without sandbox-setup.exe beside us, SBX_TIMEOUT, SBX_INVALID for an answer
 *         that is no JSON object, SBX_INTERNAL when it failed (the context has the exit code)
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_ask(
    const char *own_directory, struct cJSON **ret_root, struct sbx_error *err);

#endif
