/*
 * An environment as data: parse a block, change it, emit it again. Nothing here touches the
 * environment of this process.
 *
 * Names are compared and sorted by upper-cased ordinal UTF-16, as Windows does, with the case of
 * ASCII letters only (see utf.h for why): two names that differ in the case of other letters stay
 * two variables, as the block carried them. Output depends only on content, never on history.
 *
 * @see https://learn.microsoft.com/windows/win32/procthread/environment-variables
 * @see https://learn.microsoft.com/windows/win32/procthread/changing-environment-variables
 */
#ifndef SBX_ENVBLOCK_H
#define SBX_ENVBLOCK_H

#include "base.h"
#include "error.h"

#define SBX_ENV_VAR_MAX_CCH 32767u /* "NAME=VALUE" and its NUL, in UTF-16 code units */
#define SBX_ENV_MAX_VARS 8192u

struct sbx_env_var {
    char *name;  /* UTF-8; hidden entries start with '=' ("=C:") */
    char *value; /* UTF-8 */
};

/* Sorted by name. Read vars[0 .. count-1] freely; change only through the functions. */
struct sbx_env {
    struct sbx_env_var *vars;
    size_t count;
    size_t capacity;
};

/** An empty environment. Allocates nothing. */
void sbx_env_init(struct sbx_env *env);

/** Release (values are wiped: an environment holds secrets). An empty one is fine. */
void sbx_env_done(struct sbx_env *env);

/**
 * Read a block as GetEnvironmentStringsW returns it.
 *
 * Hidden entries ("=C:=C:\dir", "=::=::\") are kept. Entries that cannot be carried over exactly
 * are left out and counted: no '=', ill-formed UTF-16, longer than SBX_ENV_VAR_MAX_CCH, a name that
 * is already there (GetEnvironmentVariable finds the first).
 *
 * @param block_w UTF-16, entries ended by NUL, the block by another NUL
 * @param length_cch code units readable at block_w, at least up to the final NUL
 * @param env initialised and empty
 * @param ret_skipped may be NULL
 * @return SBX_INVALID when the block does not end within length_cch, or has more than
 *         SBX_ENV_MAX_VARS entries; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_env_parse(const sbx_char16 *block_w, size_t length_cch,
    struct sbx_env *env, size_t *ret_skipped, struct sbx_error *err);

/** The value, borrowed until the next change; NULL when not set. */
const char *sbx_env_get(const struct sbx_env *env, const char *name);

/**
 * Set a variable; an existing one keeps the spelling of its name.
 * @return SBX_INVALID: name empty or with '=', ill-formed UTF-8, too long, too many. SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_env_set(
    struct sbx_env *env, const char *name, const char *value, struct sbx_error *err);

/** Remove a variable. @return true when it was there */
bool sbx_env_unset(struct sbx_env *env, const char *name);

/** Set every variable of `over`, hidden ones included. @return as sbx_env_set */
SBX_MUST_CHECK enum sbx_status sbx_env_merge(
    struct sbx_env *env, const struct sbx_env *over, struct sbx_error *err);

/**
 * Set what `from` has and `env` lacks, of the names that match one of the patterns.
 * @return as sbx_env_set
 */
SBX_MUST_CHECK enum sbx_status sbx_env_add_missing(struct sbx_env *env, const struct sbx_env *from,
    const char *const *patterns, size_t pattern_count, struct sbx_error *err);

/** Remove every variable whose name matches the pattern. @return how many */
size_t sbx_env_drop(struct sbx_env *env, const char *pattern);

/** Remove every hidden entry (the per-drive directories of the parent). @return how many */
size_t sbx_env_drop_hidden(struct sbx_env *env);

/** Glob with '*' only (any run of characters), the whole name, ASCII case ignored. */
bool sbx_env_name_matches(const char *pattern, const char *name);

/**
 * Write the block for CREATE_UNICODE_ENVIRONMENT: sorted, each entry NUL-terminated, one more NUL
 * (an empty environment is two NULs).
 * @param ret_block_w owned; wipe with sbx_wipe(block, cch * 2) when it holds secrets, then free()
 * @param ret_cch code units, final NULs included; may be NULL
 * @return SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_env_emit(
    const struct sbx_env *env, sbx_char16 **ret_block_w, size_t *ret_cch, struct sbx_error *err);

#endif
