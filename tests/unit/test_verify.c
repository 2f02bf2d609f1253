/* The registry of `agent verify`, and what answers mean. */
#include "tests/support/unit.h"

#include "shared/core/verify.h"

#include <ctype.h>
#include <stdio.h>

/* A plain attack, and one that worked outside and was refused inside. */
static const struct sbx_verify_row attack = {
    "F1", "a", "b", "write|{out}\\x", NULL, NULL, 0, SBX_VERIFY_FILES, 0};
static const struct sbx_verify_seen held = {.mode = SBX_MODE_UNELEVATED,
    .recipe = SBX_TOKEN_STANDARD,
    .confined = true,
    .twin_ran = true,
    .inside_ran = true,
    .twin = SBX_VERIFY_SUCCEEDED,
    .ping = SBX_VERIFY_SUCCEEDED,
    .inside = SBX_VERIFY_DENIED,
    .twin_changed = true};

static enum sbx_verify_class judge(
    const struct sbx_verify_row *row, const struct sbx_verify_seen *seen)
{
    const char *why = NULL;
    enum sbx_verify_class value = sbx_verify_judge(row, seen, &why);

    ck_assert_ptr_nonnull(why);
    return value;
}

START_TEST(judge__works_outside_refused_inside__held)
{
    ck_assert_int_eq(judge(&attack, &held), SBX_VERIFY_HELD);
}
END_TEST

START_TEST(judge__every_answer__held_only_by_one)
{
    size_t count = 0;
    unsigned bits;

    /* All combinations of what can be seen: 2^5 facts times 5^3 outcomes. */
    for (bits = 0; bits < 32; bits++) {
        for (int twin = 0; twin <= SBX_VERIFY_ODD; twin++) {
            for (int ping = 0; ping <= SBX_VERIFY_ODD; ping++) {
                for (int inside = 0; inside <= SBX_VERIFY_ODD; inside++) {
                    struct sbx_verify_seen seen = {.mode = SBX_MODE_UNELEVATED,
                        .recipe = SBX_TOKEN_STANDARD,
                        .confined = bits & 1,
                        .twin_ran = bits & 2,
                        .inside_ran = bits & 4,
                        .twin_changed = bits & 8,
                        .inside_changed = bits & 16,
                        .twin = (enum sbx_verify_outcome)twin,
                        .ping = (enum sbx_verify_outcome)ping,
                        .inside = (enum sbx_verify_outcome)inside};
                    enum sbx_verify_class value = judge(&attack, &seen);
                    bool worked =
                        seen.inside_ran && (inside == SBX_VERIFY_SUCCEEDED || seen.inside_changed);

                    count += value == SBX_VERIFY_HELD;
                    ck_assert_int_eq(value == SBX_VERIFY_BROKEN, worked);
                    if (value != SBX_VERIFY_HELD)
                        continue;
                    ck_assert(seen.confined && seen.twin_ran && seen.inside_ran);
                    ck_assert(seen.twin_changed && !seen.inside_changed);
                    ck_assert_int_eq(twin, SBX_VERIFY_SUCCEEDED);
                    ck_assert_int_eq(ping, SBX_VERIFY_SUCCEEDED);
                    ck_assert_int_eq(inside, SBX_VERIFY_DENIED);
                }
            }
        }
    }
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(judge__residual_flags__only_where_they_say)
{
    static const struct {
        unsigned flag;
        enum sbx_mode mode;
        enum sbx_token_choice recipe;
        enum sbx_verify_class want;
    } rows[] = {
        {SBX_VERIFY_RESIDUAL_UNELEVATED, SBX_MODE_UNELEVATED, SBX_TOKEN_STRICT,
            SBX_VERIFY_RESIDUAL},
        {SBX_VERIFY_RESIDUAL_UNELEVATED, SBX_MODE_ELEVATED, SBX_TOKEN_STANDARD, SBX_VERIFY_BROKEN},
        {SBX_VERIFY_RESIDUAL_STANDARD, SBX_MODE_ELEVATED, SBX_TOKEN_STANDARD, SBX_VERIFY_RESIDUAL},
        {SBX_VERIFY_RESIDUAL_STANDARD, SBX_MODE_ELEVATED, SBX_TOKEN_ISOLATED, SBX_VERIFY_BROKEN},
        {SBX_VERIFY_RESIDUAL_LOOSE, SBX_MODE_ELEVATED, SBX_TOKEN_ISOLATED, SBX_VERIFY_RESIDUAL},
        {SBX_VERIFY_RESIDUAL_LOOSE, SBX_MODE_ELEVATED, SBX_TOKEN_STRICT, SBX_VERIFY_BROKEN},
        {SBX_VERIFY_RESIDUAL_BOTH, SBX_MODE_ELEVATED, SBX_TOKEN_STRICT, SBX_VERIFY_RESIDUAL},
        {0, SBX_MODE_UNELEVATED, SBX_TOKEN_STANDARD, SBX_VERIFY_BROKEN},
    };
    size_t i;

    for (i = 0; i < countof(rows); i++) {
        struct sbx_verify_row row = attack;
        struct sbx_verify_seen seen = held;

        row.flags = (uint16_t)rows[i].flag;
        seen.mode = rows[i].mode;
        seen.recipe = rows[i].recipe;
        seen.inside = SBX_VERIFY_SUCCEEDED;
        ck_assert_int_eq(judge(&row, &seen), rows[i].want);
        /* What was refused is held, residual or not. */
        seen.inside = SBX_VERIFY_DENIED;
        ck_assert_int_eq(judge(&row, &seen), SBX_VERIFY_HELD);
    }
}
END_TEST

START_TEST(judge__not_confined__never_held)
{
    struct sbx_verify_seen seen = held;
    struct sbx_verify_row control = attack;

    seen.confined = false;
    ck_assert_int_eq(judge(&attack, &seen), SBX_VERIFY_CANNOT_TELL);
    control.flags = SBX_VERIFY_MUST_WORK;
    seen.inside = SBX_VERIFY_SUCCEEDED;
    ck_assert_int_eq(judge(&control, &seen), SBX_VERIFY_CANNOT_TELL);
}
END_TEST

START_TEST(judge__twin_refused__not_held)
{
    struct sbx_verify_seen seen = held;
    struct sbx_verify_row row = attack;

    seen.twin = SBX_VERIFY_DENIED;
    seen.twin_changed = false;
    ck_assert_int_eq(judge(&row, &seen), SBX_VERIFY_CANNOT_TELL);
    row.flags = SBX_VERIFY_TWIN_MAY_FAIL;
    ck_assert_int_eq(judge(&row, &seen), SBX_VERIFY_NOT_APPLICABLE);
    /* It worked inside: no excuse of the twin's counts. */
    seen.inside = SBX_VERIFY_SUCCEEDED;
    ck_assert_int_eq(judge(&row, &seen), SBX_VERIFY_BROKEN);
}
END_TEST

START_TEST(judge__other_mode__not_applicable)
{
    struct sbx_verify_row row = attack;

    row.flags = SBX_VERIFY_ONLY_ELEVATED;
    ck_assert_int_eq(judge(&row, &held), SBX_VERIFY_NOT_APPLICABLE);
    row.flags = SBX_VERIFY_ONLY_UNELEVATED;
    ck_assert_int_eq(judge(&row, &held), SBX_VERIFY_HELD);
}
END_TEST

START_TEST(first__output__the_first_answer)
{
    ck_assert_int_eq(sbx_verify_first(NULL), SBX_VERIFY_NONE);
    ck_assert_int_eq(sbx_verify_first("noise\n"), SBX_VERIFY_NONE);
    ck_assert_int_eq(
        sbx_verify_first("x = SUCCEEDED\n= DENIED 5 write\n= SUCCEEDED 0 y\n"), SBX_VERIFY_DENIED);
    ck_assert_int_eq(
        sbx_verify_first("= SUCCEEDED 0 create\r\n= DENIED 5 z\r\n"), SBX_VERIFY_SUCCEEDED);
    ck_assert_int_eq(sbx_verify_first("= SOMETHING\n"), SBX_VERIFY_ODD);
}
END_TEST

/* What several rows in one run print: grandchildren their own lines, too. */
START_TEST(step__output_of_several__by_words_in_order)
{
    static const char text[] = "noise\n= SUCCEEDED 0 create C:\\a b\\ping-1\r\n"
                               "= DENIED 5 write C:\\o\r\n= DENIED 5 spawn write C:\\o\r\n"
                               "= SUCCEEDED 0 create C:\\ping-2\n= NOT_FOUND 2 write C:\\o\n"
                               "= SUCCEEDED 0 write C:\\cut";
    const char *at = text, *before;

    ck_assert_int_eq(
        sbx_verify_step(&at, "create|C:\\a b\\ping-1|+|spawn|write"), SBX_VERIFY_SUCCEEDED);
    ck_assert_int_eq(sbx_verify_step(&at, "spawn|write|C:\\o"), SBX_VERIFY_DENIED);
    before = at;
    ck_assert_int_eq(sbx_verify_step(&at, "write|C:\\oo"), SBX_VERIFY_NONE);
    ck_assert_int_eq(sbx_verify_step(&at, "write|C:\\"), SBX_VERIFY_NONE);
    ck_assert_int_eq(sbx_verify_step(&at, "spawn|write|C:\\o"), SBX_VERIFY_NONE); /* is behind us */
    ck_assert_int_eq(sbx_verify_step(&at, "write|C:\\cut"), SBX_VERIFY_NONE);
    ck_assert_ptr_eq(at, before);
    ck_assert_int_eq(sbx_verify_step(&at, "create|C:\\ping-2"), SBX_VERIFY_SUCCEEDED);
    ck_assert_int_eq(sbx_verify_step(&at, "write|C:\\o"), SBX_VERIFY_NOT_FOUND);
    before = "";
    ck_assert_int_eq(sbx_verify_step(&before, "write"), SBX_VERIFY_NONE);
}
END_TEST

/* Only a row that may not work and takes no option of its own shares a run. */
START_TEST(shares__rows__only_plain_attacks)
{
    static const unsigned may_work[] = {SBX_VERIFY_RESIDUAL_UNELEVATED, SBX_VERIFY_RESIDUAL_LOOSE,
        SBX_VERIFY_RESIDUAL_STANDARD, SBX_VERIFY_RESIDUAL_BOTH};
    struct sbx_verify_row row = attack;
    size_t i;

    ck_assert(sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
    for (i = 0; i < countof(may_work); i++) {
        row.flags = (uint16_t)may_work[i];
        ck_assert(!sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
    }
    row.flags = SBX_VERIFY_NOT_IN_WINE;
    ck_assert(!sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
    ck_assert(sbx_verify_shares(&row, SBX_MODE_UNELEVATED, false));
    row.flags = SBX_VERIFY_ONLY_ELEVATED;
    ck_assert(!sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
    row = attack;
    row.options = "--read-only";
    ck_assert(!sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
    row = attack;
    row.words = "@does this and that";
    ck_assert(!sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
    row.words = NULL;
    ck_assert(!sbx_verify_shares(&row, SBX_MODE_UNELEVATED, true));
}
END_TEST

/* Every answer of a shared run: what it settles is held when the twin works, and nothing else is.
 */
START_TEST(answered__every_answer__only_what_is_held)
{
    static const unsigned flags[] = {
        0, SBX_VERIFY_MUST_WORK | SBX_VERIFY_NO_TRACE, SBX_VERIFY_ABSENT_TOO};
    struct sbx_verify_seen seen = held;
    struct sbx_verify_row row = attack;
    unsigned f, ping, inside, bits;
    size_t answered = 0;

    for (f = 0; f < countof(flags); f++)
        for (ping = SBX_VERIFY_NONE; ping <= SBX_VERIFY_ODD; ping++)
            for (inside = SBX_VERIFY_NONE; inside <= SBX_VERIFY_ODD; inside++)
                for (bits = 0; bits < 8; bits++) {
                    row.flags = (uint16_t)flags[f];
                    seen.ping = (enum sbx_verify_outcome)ping;
                    seen.inside = (enum sbx_verify_outcome)inside;
                    seen.confined = bits & 1;
                    seen.inside_ran = bits & 2;
                    seen.inside_changed = bits & 4;
                    if (!sbx_verify_answered(&row, &seen))
                        continue;
                    answered++;
                    ck_assert_int_eq(judge(&row, &seen), SBX_VERIFY_HELD);
                }
    ck_assert_uint_eq(answered, 4); /* refused; worked; refused, or not found */
}
END_TEST

START_TEST(expand__places__all_known)
{
    static const char *const values[] = {"ws", "C:\\w", "out", "C:\\o", NULL};
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_buf_init(&text, 4096);
    ck_assert_int_eq(sbx_verify_expand("a|{ws}\\x|{out}", values, &text, &err), SBX_OK);
    ck_assert_str_eq(text.data, "a|C:\\w\\x|C:\\o");
    sbx_buf_clear(&text);
    ck_assert_int_eq(sbx_verify_expand("{w}", values, &text, &err), SBX_INVALID);
    sbx_buf_clear(&text);
    ck_assert_int_eq(sbx_verify_expand("{wsx}", values, &text, &err), SBX_INVALID);
    sbx_buf_done(&text);
}
END_TEST

/* "F14" of "F14a" and of "F14b". */
static size_t base_length(const char *id)
{
    size_t length = 1;

    while (isdigit((unsigned char)id[length]))
        length++;
    return length;
}

static bool in_registry(const char *id)
{
    size_t i;

    for (i = 0; i < sbx_verify_row_count; i++)
        if (base_length(sbx_verify_rows[i].id) == strlen(id) &&
            strncmp(sbx_verify_rows[i].id, id, strlen(id)) == 0)
            return true;
    return false;
}

START_TEST(registry__attack_table__every_id_has_a_row)
{
    FILE *file = fopen("tests/attack-table.txt", "rb");
    size_t count = 0;
    char word[16];
    int c;

    ck_assert_msg(file != NULL, "run from the root of the project");
    while ((c = fgetc(file)) != EOF) {
        if (c == '#') {
            while (c != '\n' && c != EOF)
                c = fgetc(file);
            continue;
        }
        ungetc(c, file);
        if (fscanf(file, "%15s", word) != 1)
            break;
        ck_assert_msg(in_registry(word), "%s has no row", word);
        count++;
        c = fgetc(file);
    }
    fclose(file);
    ck_assert_uint_eq(count, 35 + 7 + 19 + 31 + 12);
}
END_TEST

START_TEST(registry__rows__complete_and_unique)
{
    static const char *const values[] = {"ws", "1", "free", "2", "out", "3", "extra", "4",
        "everyone", "5", "authenticated", "6", "interactive", "7", "users", "8", "nulldacl", "9",
        "victim", "10", "pipe", "11", "event", "12", "key", "13", "windows", "14", "programs", "15",
        "secrets", "16", "state", "17", "desktop", "18", "probe", "19", NULL};
    struct sbx_error err;
    size_t i, j, probes = 0;

    sbx_error_init(&err);
    for (i = 0; i < sbx_verify_row_count; i++) {
        const struct sbx_verify_row *row = &sbx_verify_rows[i];
        struct sbx_buf text;

        for (j = 0; j < i; j++)
            ck_assert_str_ne(row->id, sbx_verify_rows[j].id);
        ck_assert(row->name && *row->name && row->mechanism);
        ck_assert_uint_lt(row->group, SBX_VERIFY_GROUP_COUNT);
        sbx_buf_init(&text, 4096);
        if (row->words) {
            probes++;
            ck_assert_int_eq(row->unprobed, 0);
            ck_assert_int_eq(sbx_verify_expand(row->words, values, &text, &err), SBX_OK);
            /* A row that may be residual says why. */
            if (row->flags & (SBX_VERIFY_RESIDUAL_UNELEVATED | SBX_VERIFY_RESIDUAL_LOOSE |
                                 SBX_VERIFY_RESIDUAL_STANDARD | SBX_VERIFY_RESIDUAL_BOTH))
                ck_assert_msg(row->reason != NULL, "%s", row->id);
        } else {
            ck_assert_msg(row->reason && *row->reason, "%s", row->id);
            ck_assert_msg(row->unprobed == SBX_VERIFY_RESIDUAL ||
                              row->unprobed == SBX_VERIFY_NOT_APPLICABLE ||
                              row->unprobed == SBX_VERIFY_CANNOT_TELL,
                "%s", row->id);
        }
        sbx_buf_done(&text);
    }
    ck_assert_uint_ge(probes, 80);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, judge__works_outside_refused_inside__held);
    tcase_add_test(tcase, judge__every_answer__held_only_by_one);
    tcase_add_test(tcase, judge__residual_flags__only_where_they_say);
    tcase_add_test(tcase, judge__not_confined__never_held);
    tcase_add_test(tcase, judge__twin_refused__not_held);
    tcase_add_test(tcase, judge__other_mode__not_applicable);
    tcase_add_test(tcase, first__output__the_first_answer);
    tcase_add_test(tcase, step__output_of_several__by_words_in_order);
    tcase_add_test(tcase, shares__rows__only_plain_attacks);
    tcase_add_test(tcase, answered__every_answer__only_what_is_held);
    tcase_add_test(tcase, expand__places__all_known);
    tcase_add_test(tcase, registry__attack_table__every_id_has_a_row);
    tcase_add_test(tcase, registry__rows__complete_and_unique);
}

UNIT_MAIN("verify", add_tests)
