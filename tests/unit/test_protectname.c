/* protectname: every spelling of a protected name is one, its neighbours are not. */
#include "shared/core/protectname.h"

#include <stdio.h>

#include "shared/core/utf.h"
#include "tests/support/unit.h"

#define NONE SBX_PROTECTNAME_NONE

static char *list[] = {
    (char *)".git", (char *)".mcp.json", (char *)"\xC3\xA4.x", (char *)"\xF0\x9F\x94\x92"};
static const struct sbx_strings names = {list, countof(list), true};

struct row {
    const char *name;
    const char *alias; /* 8.3 */
    size_t want;
    enum sbx_spelling spelling;
};

static const struct row rows[] = {
    {".git", "GIT~1", 0, SBX_SPELLING_PLAIN},
    {".GIT", NULL, 0, SBX_SPELLING_PLAIN},
    {".GiT", NULL, 0, SBX_SPELLING_PLAIN},
    {".git.", NULL, 0, SBX_SPELLING_TAIL},
    {".git ", NULL, 0, SBX_SPELLING_TAIL},
    {".Git. . .", NULL, 0, SBX_SPELLING_TAIL},
    {".git::$INDEX_ALLOCATION", NULL, 0, SBX_SPELLING_TAIL},
    {".git:x", NULL, 0, SBX_SPELLING_TAIL},
    {".git. :x:$DATA", NULL, 0, SBX_SPELLING_TAIL},
    {"other", ".GIT", 0, SBX_SPELLING_SHORT},
    {".mcp.json", NULL, 1, SBX_SPELLING_PLAIN},
    {".MCP.JSON.", NULL, 1, SBX_SPELLING_TAIL},
    {"\xC3\xA4.X", NULL, 2, SBX_SPELLING_PLAIN},
    {"\xF0\x9F\x94\x92", NULL, 3, SBX_SPELLING_PLAIN},
    {"\xF0\x9F\x94\x92 ", NULL, 3, SBX_SPELLING_TAIL},
    {"", NULL, NONE, SBX_SPELLING_PLAIN},
    {".", NULL, NONE, SBX_SPELLING_PLAIN},
    {"...", NULL, NONE, SBX_SPELLING_PLAIN},
    {"git", NULL, NONE, SBX_SPELLING_PLAIN},
    {".gi", NULL, NONE, SBX_SPELLING_PLAIN},
    {".gitx", NULL, NONE, SBX_SPELLING_PLAIN},
    {".gitignore", "GITIGN~1", NONE, SBX_SPELLING_PLAIN},
    {".git.x", NULL, NONE, SBX_SPELLING_PLAIN},
    {" .git", NULL, NONE, SBX_SPELLING_PLAIN},
    {"x.git", NULL, NONE, SBX_SPELLING_PLAIN},
    {":.git", NULL, NONE, SBX_SPELLING_PLAIN},
    {"GIT~1", NULL, NONE, SBX_SPELLING_PLAIN}, /* an ordinary name; as an alias see the handle */
    {".mcp", NULL, NONE, SBX_SPELLING_PLAIN},
    {".mcpXjson", NULL, NONE, SBX_SPELLING_PLAIN},
    {"\xF0\x9F\x94\x93", NULL, NONE, SBX_SPELLING_PLAIN},
};

static size_t find_utf8(const char *name, const char *alias, enum sbx_spelling *ret_spelling)
{
    sbx_char16 *name_w = NULL, *alias_w = NULL;
    size_t cch = 0, alias_cch = 0, found;

    ck_assert_int_eq(sbx_utf8_to_utf16(name, strlen(name), &name_w, &cch, NULL), SBX_OK);
    if (alias)
        ck_assert_int_eq(
            sbx_utf8_to_utf16(alias, strlen(alias), &alias_w, &alias_cch, NULL), SBX_OK);
    found = sbx_protectname_find(&names, name_w, cch, alias_w, alias_cch, ret_spelling);
    free(name_w);
    free(alias_w);
    return found;
}

START_TEST(protectname__find__by_spelling)
{
    const struct row *row = &rows[_i];
    enum sbx_spelling spelling = SBX_SPELLING_PLAIN;
    size_t found = find_utf8(row->name, row->alias, &spelling);

    ck_assert_msg(found == row->want, "'%s': %zu", row->name, found);
    ck_assert_msg(spelling == row->spelling, "'%s': spelling %d", row->name, (int)spelling);
}
END_TEST

START_TEST(protectname__ill_formed__is_none)
{
    static const sbx_char16 lone[] = {'.', 'g', 'i', 0xD800}, half[] = {0xD83D};

    ck_assert_uint_eq(sbx_protectname_find(&names, lone, 4, NULL, 0, NULL), NONE);
    ck_assert_uint_eq(sbx_protectname_find(&names, half, 1, NULL, 0, NULL), NONE);
}
END_TEST

/* A spelling made from a name by the rules is found; one changed letter is not. */
START_TEST(protectname__random_spelling__found_until_changed)
{
    uint64_t state = unit_seed();
    int round;

    for (round = 0; round < 20000; round++) {
        size_t which = (size_t)(unit_random(&state) % 2), length = strlen(list[which]), at, i;
        sbx_char16 name_w[64];
        size_t cch = 0;

        for (i = 0; i < length; i++) {
            char c = list[which][i];

            name_w[cch++] = (sbx_char16)(unit_random(&state) & 1 ? sbx_ascii_upper(c) : c);
        }
        for (i = unit_random(&state) % 4; i; i--)
            name_w[cch++] = unit_random(&state) & 1 ? '.' : ' ';
        if (unit_random(&state) & 1) {
            name_w[cch++] = ':';
            for (i = unit_random(&state) % 8; i; i--)
                name_w[cch++] = (sbx_char16)(unit_random(&state) & 0xFFFF);
        }
        ck_assert_uint_eq(sbx_protectname_find(&names, name_w, cch, NULL, 0, NULL), which);
        at = (size_t)(unit_random(&state) % length);
        name_w[at] = (sbx_char16)(name_w[at] ^ 0x100);
        ck_assert_uint_eq(sbx_protectname_find(&names, name_w, cch, NULL, 0, NULL), NONE);
    }
}
END_TEST

START_TEST(protectname__quarantine__other_name_that_is_not_protected)
{
    char *name = NULL, long_name[250];
    size_t i;

    for (i = 0; i < countof(list); i++) {
        unsigned attempt;

        for (attempt = 0; attempt < 3; attempt++) {
            char want[80];

            ck_assert_int_eq(
                sbx_protectname_quarantine(list[i], "0a1b", attempt, &name, NULL), SBX_OK);
            if (attempt)
                snprintf(want, sizeof(want), "%s.quarantined-0a1b-%u", list[i], attempt);
            else
                snprintf(want, sizeof(want), "%s.quarantined-0a1b", list[i]);
            ck_assert_str_eq(name, want);
            ck_assert_uint_eq(find_utf8(name, NULL, NULL), NONE);
            free(name);
            name = NULL;
        }
    }
    memset(long_name, 'a', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    ck_assert_int_eq(sbx_protectname_quarantine(long_name, "0a1b", 0, &name, NULL), SBX_INVALID);
    ck_assert_ptr_null(name);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, protectname__find__by_spelling, 0, (int)countof(rows));
    tcase_add_test(tcase, protectname__ill_formed__is_none);
    tcase_add_test(tcase, protectname__random_spelling__found_until_changed);
    tcase_add_test(tcase, protectname__quarantine__other_name_that_is_not_protected);
}

UNIT_MAIN("protectname", add_tests)
