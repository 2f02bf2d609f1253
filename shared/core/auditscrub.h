/*
 * Arguments without the secrets that may be in them, for the audit log and the questions of an
 * approval. The rules are those of the environment (design 7), applied to
 *   NAME=value and NAME: value  anywhere in an argument (--api-key=x, "set TOKEN=x", a header)
 *   --name value                the argument after an option with such a name
 *   scheme://user:secret@host   what stands before the '@'
 *   the value of a variable     that would be scrubbed from the environment, wherever it appears
 * What hides behind no name (`-p x`, a file's content) is not found. Hiding too much is no harm.
 */
#ifndef SBX_AUDITSCRUB_H
#define SBX_AUDITSCRUB_H

#include "envblock.h"
#include "policy.h"

#define SBX_SCRUBBED "[scrubbed]"

/**
 * Copy an argument vector with secrets replaced by SBX_SCRUBBED.
 * @param patterns more name patterns of the policy (environment.scrub); may be NULL
 * @param environment the caller's; its secret values are looked for; may be NULL
 * @param ret_argv initialised and empty; holds secrets no longer
 * @return SBX_OOM, SBX_INVALID for more than SBX_STRINGS_MAX arguments
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_scrub(const char *const *argv, size_t argc,
    const struct sbx_strings *patterns, const struct sbx_env *environment,
    struct sbx_strings *ret_argv, struct sbx_error *err);

#endif
