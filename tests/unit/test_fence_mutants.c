/*
 * The judgement of the fence (test_fence.c) over filters that were broken on purpose: none may
 * pass, or the judgement would prove nothing.
 */
#include "tests/support/fencecase.h"
#include "tests/support/unit.h"

static void caught(bool complement, const char *what, size_t index, size_t part)
{
    ck_assert_msg(!fence_holds(complement), "%s: filter %zu '%s' (%zu) was not missed", what, index,
        fence.filters[index].name, part);
}

/* In the complement form the plain rows are a second line, so only its own rows are looked at. */
static bool own_row(size_t index, bool complement)
{
    return complement == (fence.filters[index].key.d[6] >= 20);
}

START_TEST(mutants__each_filter_left_out__is_noticed)
{
    bool complement = _i != 0;
    size_t i, mutants = 0;

    fence_make(complement);
    for (i = 0; i < fence.count; i++) {
        uint8_t layer = fence.filters[i].layer;

        if (!own_row(i, complement))
            continue;
        fence.filters[i].layer = SBX_FENCE_LAYERS;
        caught(complement, "left out", i, 0);
        fence.filters[i].layer = layer;
        mutants++;
    }
    ck_assert_uint_eq(mutants, complement ? 38 : 24);
    ck_assert_msg(fence_holds(complement), "%s", fence_wrong);
}
END_TEST

START_TEST(mutants__each_condition_left_out__is_noticed)
{
    bool complement = _i != 0;
    size_t i, j, mutants = 0;

    fence_make(complement);
    for (i = 0; i < fence.count; i++)
        for (j = 0; own_row(i, complement) && j < fence.filters[i].condition_count; j++) {
            struct sbx_fence_filter kept = fence.filters[i];

            fence.filters[i].conditions[j] =
                fence.filters[i].conditions[--fence.filters[i].condition_count];
            caught(complement, "condition left out", i, j);
            fence.filters[i] = kept;
            mutants++;
        }
    ck_assert_uint_eq(mutants, complement ? 32 : 46);
}
END_TEST

START_TEST(mutants__action_or_family_turned__is_noticed)
{
    bool complement = _i != 0;
    size_t i;

    fence_make(complement);
    for (i = 0; i < fence.count; i++) {
        struct sbx_fence_filter *filter = &fence.filters[i];

        if (!own_row(i, complement))
            continue;
        filter->action = (uint8_t)(SBX_FENCE_BLOCK + SBX_FENCE_PERMIT - filter->action);
        caught(complement, "action", i, 0);
        filter->action = (uint8_t)(SBX_FENCE_BLOCK + SBX_FENCE_PERMIT - filter->action);
        filter->v6 = !filter->v6;
        caught(complement, "family", i, 0);
        filter->v6 = !filter->v6;
    }
    for (i = 0; i < fence.count; i++)
        if (fence.filters[i].action == SBX_FENCE_PERMIT) {
            fence.filters[i].hard = !fence.filters[i].hard;
            caught(complement, "action right", i, 0);
            fence.filters[i].hard = !fence.filters[i].hard;
        }
}
END_TEST

START_TEST(mutants__weights_of_a_block_and_a_permit_swapped__is_noticed)
{
    bool complement = _i != 0;
    size_t i, j, mutants = 0;

    fence_make(complement);
    for (i = 0; i < fence.count; i++)
        for (j = 0; j < i; j++) {
            struct sbx_fence_filter *a = &fence.filters[i], *b = &fence.filters[j];
            uint64_t weight = a->weight;

            if (!own_row(i, complement) || !own_row(j, complement) || a->layer != b->layer ||
                a->v6 != b->v6 || a->action == b->action)
                continue;
            if (!complement && a->conditions[0].who != b->conditions[0].who)
                continue; /* no token matches both */
            a->weight = b->weight;
            b->weight = weight;
            caught(complement, "weights", i, j);
            b->weight = a->weight;
            a->weight = weight;
            mutants++;
        }
    ck_assert_uint_eq(mutants, complement ? 44 : 2);
}
END_TEST

START_TEST(mutants__a_user_condition_for_other_accounts__is_noticed)
{
    size_t i;

    for (i = 0; i < fence.count; i++) {
        struct sbx_fence_condition *user = &fence.filters[i].conditions[0];
        uint8_t who = user->who, other;

        ck_assert_uint_eq(user->field, SBX_FENCE_FIELD_USER);
        for (other = 0; other < SBX_FENCE_WHO_COUNT; other++) {
            if (other == who)
                continue;
            /* Offline accounts may not listen anywhere: there the first row is a second line. */
            if (fence.filters[i].key.d[6] == 1 && other == SBX_FENCE_ONLINE)
                continue;
            if (who == SBX_FENCE_ONLINE && other == SBX_FENCE_SANDBOXED)
                continue; /* and here the rows of the offline accounts are the first line */
            user->who = other;
            caught(false, "user", i, other);
        }
        user->who = who;
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, fence_case_setup, fence_case_teardown);
    tcase_add_loop_test(tcase, mutants__each_filter_left_out__is_noticed, 0, 2);
    tcase_add_loop_test(tcase, mutants__each_condition_left_out__is_noticed, 0, 2);
    tcase_add_loop_test(tcase, mutants__action_or_family_turned__is_noticed, 0, 2);
    tcase_add_loop_test(tcase, mutants__weights_of_a_block_and_a_permit_swapped__is_noticed, 0, 2);
    tcase_add_test(tcase, mutants__a_user_condition_for_other_accounts__is_noticed);
}

UNIT_MAIN("fence_mutants", add_tests)
