/*
 * Parameters of a request as the options of a command: "allowWrite": ["a"] is --allow-write=a.
 *
 * So every option of `run` and `why` is a parameter of serve with the same checks and the same
 * texts, and none can be forgotten. Pure.
 */
#ifndef SBX_AGENT_RPCARGS_H
#define SBX_AGENT_RPCARGS_H

#include "options.h"
#include "shared/core/json.h"

/* What a request is made of. All borrowed. */
struct sbx_rpcargs {
    const struct sbx_verb_row *row;         /* the command that answers it */
    const struct sbx_verb_row *session_row; /* serve or mcp */
    const char *const *session;             /* options of the session, as they were parsed */
    size_t session_count;
    const struct sbx_json_at *params; /* item NULL: none */
    const char *const *own;           /* keys of params that are no options: left to the caller */
    size_t own_count;
    bool no_options; /* params may hold none of them (mcp: a model writes params) */
};

/**
 * The arguments for sbx_cli_parse: the words of the command, the session's options that it knows,
 * the request's, which replace the session's except where an option is repeatable.
 * @param ret_argv appended to
 * @return SBX_INVALID naming the key
 */
SBX_MUST_CHECK enum sbx_status sbx_rpcargs_build(
    const struct sbx_rpcargs *args, struct sbx_strings *ret_argv, struct sbx_error *err);

#endif
