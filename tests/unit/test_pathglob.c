/* pathglob: what a pattern matches, and where it is split. */
#include "shared/core/pathglob.h"

#include "tests/support/unit.h"

static const struct match_row {
    const char *pattern, *path;
    bool matches;
} matches[] = {
    {"a", "a", true},
    {"a", "A", true},
    {"a", "b", false},
    {"a", "a\\b", false},
    {"a\\b", "a/B", true},
    {"*", "a", true},
    {"*", "a\\b", false},
    {"*.pem", "key.PEM", true},
    {"*.pem", ".pem", true},
    {"*.pem", "key.pem.txt", false},
    {"*.pem", "d\\key.pem", false},
    {"**\\*.pem", "key.pem", true},
    {"**\\*.pem", "a\\b\\c\\key.pem", true},
    {"**\\*.pem", "a\\b\\key.pe", false},
    {"**", "a", true},
    {"**", "a\\b\\c", true},
    {"a\\**", "a\\b\\c", true},
    {"a\\**", "b", false},
    {"a\\**\\z", "a\\z", true},
    {"a\\**\\z", "a\\b\\z\\c\\z", true},
    {"a\\**\\z", "a\\b\\z\\c", false},
    {"**\\x\\**\\y", "a\\x\\b\\x\\y", true},
    {"a***b", "ab", true},
    {"a*b*c", "aXbYc", true},
    {"a*b*c", "aXbY", false},
    {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    {"?", "a", true},
    {"?", "\xC3\xA4", true},
    {"?", "ab", false},
    {"???",
        "\xE2\x82\xAC"
        "a\xC3\xA4",
        true},
    {"a?c", "abc", true},
    {".env*", ".env.local", true},
    {".env*", "x.env", false},
    {"**\\node_modules", "p\\q\\node_modules", true},
    {"**\\node_modules", "p\\node_modules\\q", false},
    {"", "", true},
    {"", "a", false},
    {"*", "", false},
    {"**", "", true},
};

START_TEST(pathglob__match__component_by_component)
{
    const struct match_row *row = &matches[_i];

    ck_assert_msg(sbx_pathglob_match(row->pattern, row->path) == row->matches, "'%s' on '%s'",
        row->pattern, row->path);
}
END_TEST

static const struct split_row {
    const char *text, *base, *rest;
    size_t depth;
} splits[] = {
    {"C:\\keys\\*.pem", "C:\\keys", "*.pem", 1},
    {"C:\\*", "C:\\", "*", 1},
    {"C:/a/b?/c", "C:/a", "b?/c", 2},
    {"~\\src\\**\\.env", "~\\src", "**\\.env", SIZE_MAX},
    {"**\\*.pem", "", "**\\*.pem", SIZE_MAX},
    {"*", "", "*", 1},
    {"sub\\*\\x\\*", "sub", "*\\x\\*", 3},
};

START_TEST(pathglob__split__before_the_first_wildcard)
{
    const struct split_row *row = &splits[_i];
    struct sbx_error err;
    const char *rest = NULL;
    char *base = NULL;

    ck_assert(sbx_pathglob_is_pattern(row->text));
    ck_assert_sbx_ok(sbx_pathglob_split(row->text, &base, &rest, &err), &err);
    ck_assert_str_eq(base, row->base);
    ck_assert_str_eq(rest, row->rest);
    ck_assert_uint_eq(sbx_pathglob_depth(rest), row->depth);
    free(base);
}
END_TEST

START_TEST(pathglob__plain_path__is_no_pattern)
{
    ck_assert(!sbx_pathglob_is_pattern("C:\\a\\b"));
    ck_assert(!sbx_pathglob_is_pattern(""));
}
END_TEST

/* A pattern made from a path by putting wildcards in matches that path. */
START_TEST(pathglob__path_with_wildcards_put_in__still_matches)
{
    uint64_t state = unit_seed();
    int round;

    for (round = 0; round < 20000; round++) {
        char path[40], pattern[80];
        size_t length = 1 + (size_t)(unit_random(&state) % 12), i, n = 0;

        for (i = 0; i < length; i++)
            path[i] = "abAB.\\"[unit_random(&state) % (i && i + 1 < length ? 6 : 5)];
        path[length] = '\0';
        for (i = 0; i < length; i++) {
            uint64_t dice = unit_random(&state) % 6;

            if (path[i] == '\\' || dice > 1)
                pattern[n++] = path[i];
            else
                pattern[n++] = dice ? '?' : '*';
            if (unit_random(&state) % 8 == 0 && path[i] != '\\')
                pattern[n++] = '*';
        }
        pattern[n] = '\0';
        ck_assert_msg(sbx_pathglob_match(pattern, path), "'%s' on '%s'", pattern, path);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, pathglob__match__component_by_component, 0, (int)countof(matches));
    tcase_add_loop_test(tcase, pathglob__split__before_the_first_wildcard, 0, (int)countof(splits));
    tcase_add_test(tcase, pathglob__plain_path__is_no_pattern);
    tcase_add_test(tcase, pathglob__path_with_wildcards_put_in__still_matches);
}

UNIT_MAIN("pathglob", add_tests)
