/* See envblock.h. */
#include "envblock.h"

#include <stdio.h>

#include "buf.h"
#include "utf.h"

void sbx_env_init(struct sbx_env *env)
{
    memset(env, 0, sizeof(*env));
}

static void free_var(struct sbx_env_var *var)
{
    if (var->value)
        sbx_wipe(var->value, strlen(var->value));
    free(var->value);
    free(var->name);
}

void sbx_env_done(struct sbx_env *env)
{
    size_t i;

    if (!env)
        return;
    for (i = 0; i < env->count; i++)
        free_var(&env->vars[i]);
    free(env->vars);
    sbx_env_init(env);
}

/* Where the name is (true), or where it belongs. Binary search. */
static bool locate(const struct sbx_env *env, const char *name, size_t *ret_index)
{
    size_t low = 0, high = env->count, middle;
    int order;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = sbx_utf_compare_ci_ascii(name, env->vars[middle].name);
        if (order == 0) {
            *ret_index = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_index = low;
    return false;
}

/* Pointers only, so nothing secret is left behind in the old array. */
static enum sbx_status reserve_one(struct sbx_env *env, struct sbx_error *err)
{
    size_t capacity = env->capacity ? env->capacity * 2 : 64;
    struct sbx_env_var *vars = NULL;
    enum sbx_status status;

    if (env->count == SBX_ENV_MAX_VARS)
        return sbx_fail(err, SBX_INVALID, "more than %u environment variables", SBX_ENV_MAX_VARS);
    if (env->count < env->capacity)
        return SBX_OK;
    status = sbx_calloc(capacity, sizeof(*vars), &vars, err);
    if (status)
        return status;
    if (env->count)
        memcpy(vars, env->vars, env->count * sizeof(*vars));
    free(env->vars);
    env->vars = vars;
    env->capacity = capacity;
    return SBX_OK;
}

/* Put a checked variable at its place: takes both strings, also on failure. */
static enum sbx_status put_var(struct sbx_env *env, struct sbx_env_var var, struct sbx_error *err)
{
    enum sbx_status status;
    size_t at;

    if (locate(env, var.name, &at)) {
        struct sbx_env_var old = {var.name, env->vars[at].value};

        env->vars[at].value = var.value;
        free_var(&old);
        return SBX_OK;
    }
    status = reserve_one(env, err);
    if (status) {
        free_var(&var);
        return status;
    }
    memmove(&env->vars[at + 1], &env->vars[at], (env->count - at) * sizeof(*env->vars));
    env->vars[at] = var;
    env->count++;
    return SBX_OK;
}

static enum sbx_status copy_var(
    struct sbx_env *env, const char *name, const char *value, struct sbx_error *err)
{
    struct sbx_env_var var = {NULL, NULL};
    enum sbx_status status = sbx_strdup(name, &var.name, err);

    if (!status)
        status = sbx_strdup(value, &var.value, err);
    if (!status)
        return put_var(env, var, err);
    free_var(&var);
    return status;
}

/* The value is not shown in any error: it may be a secret. */
static enum sbx_status check_var(const char *name, const char *value, struct sbx_error *err)
{
    size_t name_bytes = strlen(name), value_bytes = strlen(value);
    enum sbx_status status;
    char shown[80];

    sbx_utf_printable(name, name_bytes, shown, sizeof(shown));
    if (!name_bytes)
        return sbx_fail(err, SBX_INVALID, "environment variable without a name");
    if (strchr(name, '='))
        return sbx_fail(err, SBX_INVALID, "environment variable '%s': '=' in its name", shown);
    status = sbx_utf8_check(name, name_bytes, err);
    if (!status)
        status = sbx_utf8_check(value, value_bytes, err);
    if (status) {
        sbx_error_context(err, "environment variable '%s'", shown);
        return status;
    }
    if (sbx_utf8_cch(name, name_bytes) + sbx_utf8_cch(value, value_bytes) + 2 > SBX_ENV_VAR_MAX_CCH)
        return sbx_fail(err, SBX_INVALID, "environment variable '%s': longer than %u characters",
            shown, SBX_ENV_VAR_MAX_CCH);
    return SBX_OK;
}

enum sbx_status sbx_env_set(
    struct sbx_env *env, const char *name, const char *value, struct sbx_error *err)
{
    enum sbx_status status = check_var(name, value, err);

    return status ? status : copy_var(env, name, value, err);
}

const char *sbx_env_get(const struct sbx_env *env, const char *name)
{
    size_t at;

    return locate(env, name, &at) ? env->vars[at].value : NULL;
}

static void remove_at(struct sbx_env *env, size_t at)
{
    free_var(&env->vars[at]);
    env->count--;
    memmove(&env->vars[at], &env->vars[at + 1], (env->count - at) * sizeof(*env->vars));
}

bool sbx_env_unset(struct sbx_env *env, const char *name)
{
    size_t at;

    if (!locate(env, name, &at))
        return false;
    remove_at(env, at);
    return true;
}

enum sbx_status sbx_env_merge(
    struct sbx_env *env, const struct sbx_env *over, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < over->count && !status; i++)
        status = copy_var(env, over->vars[i].name, over->vars[i].value, err);
    return status;
}

/*
 * Greedy with one point of return: when a later part does not fit, only the last star is moved,
 * so a pattern of many stars costs the product of the lengths, not a power of them.
 */
bool sbx_env_name_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;

    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (*pattern && sbx_ascii_upper(*pattern) == sbx_ascii_upper(*name)) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

enum sbx_status sbx_env_add_missing(struct sbx_env *env, const struct sbx_env *from,
    const char *const *patterns, size_t pattern_count, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, j;

    for (i = 0; !status && i < from->count; i++) {
        const struct sbx_env_var *var = &from->vars[i];

        for (j = 0; j < pattern_count && !sbx_env_name_matches(patterns[j], var->name); j++)
            ;
        if (j < pattern_count && !sbx_env_get(env, var->name))
            status = sbx_env_set(env, var->name, var->value, err);
    }
    return status;
}

size_t sbx_env_drop(struct sbx_env *env, const char *pattern)
{
    size_t dropped = 0, i = 0;

    while (i < env->count) {
        if (sbx_env_name_matches(pattern, env->vars[i].name)) {
            remove_at(env, i);
            dropped++;
        } else {
            i++;
        }
    }
    return dropped;
}

size_t sbx_env_drop_hidden(struct sbx_env *env)
{
    return sbx_env_drop(env, "=*");
}

/*
 * One entry of a block. The first '=' of a hidden entry belongs to its name. An entry that cannot
 * be carried over is not an error: one odd variable of the caller must not stop every run, and
 * leaving it out only takes away.
 */
static enum sbx_status parse_entry(struct sbx_env *env, const sbx_char16 *entry_w, size_t cch,
    size_t *skipped, struct sbx_error *err)
{
    struct sbx_env_var var = {NULL, NULL};
    enum sbx_status status;
    size_t split = 1, at;

    while (split < cch && entry_w[split] != '=')
        split++;
    if (split >= cch || cch + 1 > SBX_ENV_VAR_MAX_CCH) {
        (*skipped)++;
        return SBX_OK;
    }
    status = sbx_utf16_to_utf8(entry_w, split, &var.name, NULL, err);
    if (!status)
        status = sbx_utf16_to_utf8(entry_w + split + 1, cch - split - 1, &var.value, NULL, err);
    if (!status && !locate(env, var.name, &at))
        return put_var(env, var, err);
    free_var(&var);
    if (status == SBX_OOM)
        return status;
    (*skipped)++;
    return SBX_OK;
}

enum sbx_status sbx_env_parse(const sbx_char16 *block_w, size_t length_cch, struct sbx_env *env,
    size_t *ret_skipped, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t at = 0, cch, skipped = 0;

    while (!status && at < length_cch && block_w[at]) {
        for (cch = 0; at + cch < length_cch && block_w[at + cch]; cch++)
            ;
        if (at + cch >= length_cch)
            break;
        status = parse_entry(env, block_w + at, cch, &skipped, err);
        at += cch + 1;
    }
    if (!status && (at >= length_cch || block_w[at]))
        status = sbx_fail(err, SBX_INVALID, "environment block does not end");
    if (status) {
        sbx_env_done(env);
        return status;
    }
    if (ret_skipped)
        *ret_skipped = skipped;
    return SBX_OK;
}

/* Stored text is well-formed, so only memory can be short. */
static enum sbx_status emit_text(
    sbx_char16 *block_w, size_t *at, const char *text, struct sbx_error *err)
{
    sbx_char16 *text_w = NULL;
    size_t cch = 0;
    enum sbx_status status = sbx_utf8_to_utf16(text, strlen(text), &text_w, &cch, err);

    if (status)
        return status;
    memcpy(block_w + *at, text_w, cch * sizeof(*text_w));
    *at += cch;
    sbx_wipe(text_w, cch * sizeof(*text_w));
    free(text_w);
    return SBX_OK;
}

enum sbx_status sbx_env_emit(
    const struct sbx_env *env, sbx_char16 **ret_block_w, size_t *ret_cch, struct sbx_error *err)
{
    size_t total = 2, at = 0, i;
    sbx_char16 *block_w = NULL;
    enum sbx_status status;

    for (i = 0; i < env->count; i++)
        total += sbx_utf8_cch(env->vars[i].name, strlen(env->vars[i].name)) +
                 sbx_utf8_cch(env->vars[i].value, strlen(env->vars[i].value)) + 2;
    status = sbx_calloc(total, sizeof(*block_w), &block_w, err);
    for (i = 0; i < env->count && !status; i++) {
        status = emit_text(block_w, &at, env->vars[i].name, err);
        if (status)
            break;
        block_w[at++] = '=';
        status = emit_text(block_w, &at, env->vars[i].value, err);
        at++;
    }
    if (status) {
        if (block_w)
            sbx_wipe(block_w, total * sizeof(*block_w));
        free(block_w);
        return status;
    }
    /* calloc wrote the final NULs: one after a list, two for an empty one. */
    *ret_block_w = block_w;
    if (ret_cch)
        *ret_cch = env->count ? at + 1 : 2;
    return SBX_OK;
}
