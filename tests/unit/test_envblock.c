/* envblock: a block survives the way in and out; names ignore case; odd entries are left out. */
#include "shared/core/envblock.h"

#include "shared/core/buf.h"
#include "shared/core/utf.h"
#include "tests/support/unit.h"

static struct sbx_env env;
static struct sbx_error err;

static void setup(void)
{
    sbx_env_init(&env);
}

static void teardown(void)
{
    sbx_env_done(&env);
}

/* ASCII text with NULs -> UTF-16. */
static size_t widen(const char *text, size_t length, sbx_char16 *wide)
{
    size_t i;

    for (i = 0; i < length; i++)
        wide[i] = (unsigned char)text[i];
    return length;
}

static enum sbx_status parse(const char *text, size_t length, size_t *skipped)
{
    sbx_char16 wide[512];

    return sbx_env_parse(wide, widen(text, length, wide), &env, skipped, &err);
}

#define PARSE(literal, skipped) parse(literal, sizeof(literal), skipped)

static void assert_emits(const char *want, size_t want_length)
{
    sbx_char16 *block = NULL;
    size_t cch = 0, i;

    ck_assert_sbx_ok(sbx_env_emit(&env, &block, &cch, &err), &err);
    ck_assert_uint_eq(cch, want_length);
    for (i = 0; i < cch; i++)
        ck_assert_msg(block[i] == (unsigned char)want[i], "unit %zu", i);
    free(block);
}

#define EMITS(literal) assert_emits(literal, sizeof(literal))

START_TEST(envblock__real_block__sorted_and_complete)
{
    size_t skipped = 9;

    ck_assert_sbx_ok(
        PARSE("=::=::\\\0=C:=C:\\dir\0Path=C:\\b;x=y\0alpha=\0A_B=1\0AB=2\0", &skipped), &err);
    ck_assert_uint_eq(skipped, 0);
    ck_assert_uint_eq(env.count, 6);
    ck_assert_str_eq(sbx_env_get(&env, "PATH"), "C:\\b;x=y");
    ck_assert_str_eq(sbx_env_get(&env, "Alpha"), "");
    ck_assert_str_eq(sbx_env_get(&env, "=c:"), "C:\\dir");
    ck_assert_ptr_null(sbx_env_get(&env, "Pat"));
    EMITS("=::=::\\\0=C:=C:\\dir\0AB=2\0alpha=\0A_B=1\0Path=C:\\b;x=y\0");
}
END_TEST

START_TEST(envblock__empty__is_two_nuls)
{
    ck_assert_sbx_ok(parse("", 1, NULL), &err);
    EMITS("\0");
    ck_assert_uint_eq(env.count, 0);
}
END_TEST

START_TEST(envblock__order_of_changes__does_not_show)
{
    ck_assert_sbx_ok(sbx_env_set(&env, "b", "2", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&env, "C", "3", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&env, "A", "x", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&env, "D", "4", &err), &err);
    ck_assert(sbx_env_unset(&env, "d"));
    ck_assert(!sbx_env_unset(&env, "d"));
    ck_assert_sbx_ok(sbx_env_set(&env, "a", "1", &err), &err);
    EMITS("A=1\0b=2\0C=3\0");
}
END_TEST

START_TEST(envblock__odd_entries__left_out_and_counted)
{
    static const sbx_char16 lone[] = {
        'A', '=', 0xD800, 0, 'B', 0xDC00, '=', 'x', 0, 'C', '=', 'y', 0, 0};
    size_t skipped = 0;

    ck_assert_sbx_ok(PARSE("noequals\0=\0=x\0Path=first\0PATH=second\0", &skipped), &err);
    ck_assert_uint_eq(skipped, 4);
    EMITS("Path=first\0");
    sbx_env_done(&env);
    ck_assert_sbx_ok(sbx_env_parse(lone, countof(lone), &env, &skipped, &err), &err);
    ck_assert_uint_eq(skipped, 2);
    EMITS("C=y\0");
}
END_TEST

START_TEST(envblock__unended_block__refused_without_reading_on)
{
    static const char *const texts[] = {"", "A", "A=", "A=1", "A=1\0", "A=1\0B"};
    static const size_t lengths[] = {0, 1, 2, 3, 4, 5};
    size_t i;

    for (i = 0; i < countof(texts); i++) {
        /* On the heap and exactly as long, so that the sanitizer sees any unit too far. */
        sbx_char16 *wide = malloc(lengths[i] * sizeof(*wide) + 1);

        ck_assert_ptr_nonnull(wide);
        widen(texts[i], lengths[i], wide);
        ck_assert_int_eq(sbx_env_parse(wide, lengths[i], &env, NULL, &err), SBX_INVALID);
        ck_assert_uint_eq(env.count, 0);
        free(wide);
    }
}
END_TEST

START_TEST(envblock__bad_names_and_values__refused)
{
    char *value = malloc(SBX_ENV_VAR_MAX_CCH);

    ck_assert_ptr_nonnull(value);
    memset(value, 'x', SBX_ENV_VAR_MAX_CCH);
    value[SBX_ENV_VAR_MAX_CCH - 3] = '\0';
    ck_assert_int_eq(sbx_env_set(&env, "", "x", &err), SBX_INVALID);
    ck_assert_int_eq(sbx_env_set(&env, "a=b", "x", &err), SBX_INVALID);
    ck_assert_int_eq(sbx_env_set(&env, "=C:", "x", &err), SBX_INVALID);
    ck_assert_int_eq(sbx_env_set(&env, "a\xFF", "x", &err), SBX_INVALID);
    ck_assert_int_eq(sbx_env_set(&env, "a", "secret\xFF", &err), SBX_INVALID);
    ck_assert_ptr_null(strstr(err.context, "secret"));
    ck_assert_int_eq(strncmp(err.context, "environment variable 'a': ", 26), 0);
    ck_assert_sbx_ok(sbx_env_set(&env, "a", value, &err), &err);
    ck_assert_int_eq(sbx_env_set(&env, "ab", value, &err), SBX_INVALID);
    ck_assert_uint_eq(env.count, 1);
    free(value);
}
END_TEST

START_TEST(envblock__too_many__refused)
{
    char name[8] = "v0000";
    unsigned i;

    for (i = 0; i < SBX_ENV_MAX_VARS; i++) {
        name[1] = (char)('0' + i / 1000);
        name[2] = (char)('0' + i / 100 % 10);
        name[3] = (char)('0' + i / 10 % 10);
        name[4] = (char)('0' + i % 10);
        ck_assert_sbx_ok(sbx_env_set(&env, name, "x", &err), &err);
    }
    ck_assert_int_eq(sbx_env_set(&env, "one_more", "x", &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_env_set(&env, "V0000", "y", &err), &err);
    ck_assert_str_eq(sbx_env_get(&env, "v0000"), "y");
}
END_TEST

struct match_row {
    const char *pattern;
    const char *name;
    bool match;
};

static const struct match_row match_rows[] = {
    {"*TOKEN*", "GITHUB_TOKEN", true},
    {"*TOKEN*", "token", true},
    {"*TOKEN*", "MyTokens", true},
    {"*TOKEN*", "TOKE_N", false},
    {"AWS_*", "aws_secret", true},
    {"AWS_*", "AWS_", true},
    {"AWS_*", "MAWS_X", false},
    {"*_KEY", "API_KEY", true},
    {"*_KEY", "API_KEYS", false},
    {"*_KEY", "A_KEY_KEY", true},
    {"*", "", true},
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"a*b*c", "aXbXbXc", true},
    {"a*b*c", "aXbXbX", false},
    {"**a**", "xax", true},
    {"a?", "ab", false},
};

START_TEST(envblock__pattern__whole_name_without_case)
{
    const struct match_row *row = &match_rows[_i];

    ck_assert_msg(sbx_env_name_matches(row->pattern, row->name) == row->match, "'%s' '%s'",
        row->pattern, row->name);
}
END_TEST

START_TEST(envblock__many_stars__not_exponential)
{
    char pattern[201], name[20001];
    size_t i;

    for (i = 0; i < 200; i += 2)
        memcpy(pattern + i, "*a", 3);
    memset(name, 'a', 20000);
    name[20000] = '\0';
    name[19999] = 'b';
    ck_assert(!sbx_env_name_matches(pattern, name));
}
END_TEST

START_TEST(envblock__drop_and_merge)
{
    struct sbx_env over;

    ck_assert_sbx_ok(PARSE("=C:=C:\\x\0A_KEY=1\0B_key=2\0C=3\0", NULL), &err);
    ck_assert_uint_eq(sbx_env_drop(&env, "*_KEY"), 2);
    sbx_env_init(&over);
    ck_assert_sbx_ok(sbx_env_set(&over, "c", "4", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&over, "D", "5", &err), &err);
    ck_assert_sbx_ok(sbx_env_merge(&env, &over, &err), &err);
    sbx_env_done(&over);
    EMITS("=C:=C:\\x\0C=4\0D=5\0");
    ck_assert_uint_eq(sbx_env_drop_hidden(&env), 1);
    EMITS("C=4\0D=5\0");
    ck_assert_uint_eq(sbx_env_drop(&env, "*"), 2);
    EMITS("\0");
}
END_TEST

START_TEST(envblock__random_changes__emit_parse_emit_is_stable)
{
    uint64_t state = unit_seed();
    int round, i;

    for (round = 0; round < 300; round++) {
        static const char parts[][5] = {
            "A", "b", "_", "Z", "\xC3\xA4", "\xF0\x9F\x98\x80", "\xEF\xBC\xA1", "1"};
        sbx_char16 *first = NULL, *second = NULL;
        size_t first_cch, second_cch, skipped = 0;
        struct sbx_env again;

        for (i = 0; i < 30; i++) {
            char name[32] = "";
            int n = 1 + (int)(unit_random(&state) % 4);

            while (n--)
                memcpy(name + strlen(name), parts[unit_random(&state) % countof(parts)], 5);
            if (unit_random(&state) % 5)
                ck_assert_sbx_ok(sbx_env_set(&env, name, name, &err), &err);
            else
                sbx_env_unset(&env, name);
        }
        for (i = 1; (size_t)i < env.count; i++)
            ck_assert_int_lt(sbx_utf_compare_ci_ascii(env.vars[i - 1].name, env.vars[i].name), 0);
        ck_assert_sbx_ok(sbx_env_emit(&env, &first, &first_cch, &err), &err);
        sbx_env_init(&again);
        ck_assert_sbx_ok(sbx_env_parse(first, first_cch, &again, &skipped, &err), &err);
        ck_assert_uint_eq(skipped, 0);
        ck_assert_sbx_ok(sbx_env_emit(&again, &second, &second_cch, &err), &err);
        ck_assert_uint_eq(first_cch, second_cch);
        ck_assert_mem_eq(first, second, first_cch * sizeof(*first));
        sbx_env_done(&again);
        free(first);
        free(second);
    }
}
END_TEST

START_TEST(envblock__add_missing__neither_changes_nor_takes_others)
{
    static const char *const patterns[] = {"ComSpec", "ProgramFiles*", "OS"};
    struct sbx_env from;

    sbx_env_init(&from);
    ck_assert_sbx_ok(sbx_env_set(&from, "ComSpec", "C:\\cmd.exe", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&from, "PROGRAMFILES", "D:\\P", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&from, "ProgramFiles(x86)", "D:\\P86", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&from, "PATH", "D:\\x", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&env, "ProgramFiles", "C:\\P", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&env, "OS", "", &err), &err);
    ck_assert_sbx_ok(sbx_env_add_missing(&env, &from, patterns, countof(patterns), &err), &err);
    ck_assert_str_eq(sbx_env_get(&env, "comspec"), "C:\\cmd.exe");
    ck_assert_str_eq(sbx_env_get(&env, "ProgramFiles"), "C:\\P");
    ck_assert_str_eq(sbx_env_get(&env, "ProgramFiles(x86)"), "D:\\P86");
    ck_assert_str_eq(sbx_env_get(&env, "OS"), "");
    ck_assert_ptr_null(sbx_env_get(&env, "PATH"));
    sbx_env_done(&from);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, envblock__real_block__sorted_and_complete);
    tcase_add_test(tcase, envblock__empty__is_two_nuls);
    tcase_add_test(tcase, envblock__order_of_changes__does_not_show);
    tcase_add_test(tcase, envblock__odd_entries__left_out_and_counted);
    tcase_add_test(tcase, envblock__unended_block__refused_without_reading_on);
    tcase_add_test(tcase, envblock__bad_names_and_values__refused);
    tcase_add_test(tcase, envblock__too_many__refused);
    tcase_add_loop_test(
        tcase, envblock__pattern__whole_name_without_case, 0, (int)countof(match_rows));
    tcase_add_test(tcase, envblock__many_stars__not_exponential);
    tcase_add_test(tcase, envblock__drop_and_merge);
    tcase_add_test(tcase, envblock__add_missing__neither_changes_nor_takes_others);
    tcase_add_test(tcase, envblock__random_changes__emit_parse_emit_is_stable);
}

UNIT_MAIN("envblock", add_tests)
