/* envblock: emit(parse(block)) is sorted and a fixed point; dropping drops exactly the matches. */
#include "shared/core/envblock.h"

#include "shared/core/utf.h"
#include "tests/fuzz/fuzz.h"

static void check_sorted(const struct sbx_env *env)
{
    size_t i;

    for (i = 0; i < env->count; i++) {
        FUZZ_CHECK(env->vars[i].name[0] != '\0');
        FUZZ_CHECK(!strchr(env->vars[i].name + 1, '='));
        FUZZ_CHECK(sbx_env_get(env, env->vars[i].name) == env->vars[i].value);
        FUZZ_CHECK(
            i == 0 || sbx_utf_compare_ci_ascii(env->vars[i - 1].name, env->vars[i].name) < 0);
    }
}

static void check_round_trip(const struct sbx_env *env)
{
    size_t first_cch = 0, second_cch = 0, skipped = 0;
    sbx_char16 *first = NULL, *second = NULL;
    struct sbx_env again;
    struct sbx_error err;

    sbx_env_init(&again);
    FUZZ_CHECK(sbx_env_emit(env, &first, &first_cch, &err) == SBX_OK);
    FUZZ_CHECK(first_cch >= 2 && !first[first_cch - 1] && !first[first_cch - 2]);
    FUZZ_CHECK(sbx_env_parse(first, first_cch, &again, &skipped, &err) == SBX_OK);
    FUZZ_CHECK(skipped == 0 && again.count == env->count);
    FUZZ_CHECK(sbx_env_emit(&again, &second, &second_cch, &err) == SBX_OK);
    FUZZ_CHECK(first_cch == second_cch && memcmp(first, second, first_cch * 2) == 0);
    sbx_env_done(&again);
    free(first);
    free(second);
}

/* Set what was parsed into an empty one, in reverse order: the same content. */
static void check_set(const struct sbx_env *env)
{
    struct sbx_env copy;
    struct sbx_error err;
    size_t i, hidden = 0;

    sbx_env_init(&copy);
    for (i = env->count; i > 0; i--) {
        const struct sbx_env_var *var = &env->vars[i - 1];

        if (var->name[0] == '=') {
            FUZZ_CHECK(sbx_env_set(&copy, var->name, var->value, &err) == SBX_INVALID);
            hidden++;
        } else {
            FUZZ_CHECK(sbx_env_set(&copy, var->name, var->value, &err) == SBX_OK);
        }
    }
    FUZZ_CHECK(copy.count + hidden == env->count);
    check_sorted(&copy);
    FUZZ_CHECK(sbx_env_merge(&copy, env, &err) == SBX_OK && copy.count == env->count);
    FUZZ_CHECK(sbx_env_drop_hidden(&copy) == hidden);
    sbx_env_done(&copy);
}

static void check_drop(struct sbx_env *env, const char *pattern)
{
    size_t before = env->count, dropped = sbx_env_drop(env, pattern), i;

    FUZZ_CHECK(env->count + dropped == before);
    for (i = 0; i < env->count; i++)
        FUZZ_CHECK(!sbx_env_name_matches(pattern, env->vars[i].name));
    check_sorted(env);
    sbx_env_drop(env, "*");
    FUZZ_CHECK(env->count == 0);
}

/*
 * One length byte, a pattern of that many bytes, then text; each byte of the text is one UTF-16
 * unit, with 0x80-0x9F mapped to surrogates, so that a mutation of one byte is a meaningful one.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t pattern_bytes = size ? data[0] % 16 : 0, i, cch;
    struct sbx_env env;
    struct sbx_error err;
    sbx_char16 *block;
    char *pattern;

    if (size < 1 + pattern_bytes)
        return 0;
    pattern = fuzz_string(data + 1, pattern_bytes);
    data += 1 + pattern_bytes;
    cch = size - 1 - pattern_bytes;
    block = malloc(cch * 2 + 1);
    FUZZ_CHECK(block != NULL);
    for (i = 0; i < cch; i++)
        block[i] = (sbx_char16)(data[i] >= 0x80 && data[i] < 0xA0
                                    ? 0xD800 + (data[i] & 0xF) + (data[i] >= 0x90 ? 0x400 : 0)
                                    : data[i]);
    sbx_env_init(&env);
    if (sbx_env_parse(block, cch, &env, NULL, &err) == SBX_OK) {
        check_sorted(&env);
        check_round_trip(&env);
        check_set(&env);
        check_drop(&env, pattern);
    } else {
        FUZZ_CHECK(env.count == 0 && env.vars == NULL);
    }
    sbx_env_done(&env);
    free(block);
    free(pattern);
    return 0;
}
