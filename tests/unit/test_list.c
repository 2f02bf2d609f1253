/* Arrays that grow by one. */
#include "tests/support/unit.h"
#include "shared/core/list.h"

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
}

START_TEST(grow_1000_times__every_item_keeps_its_value_and_new_ones_are_zero)
{
    uint64_t *items = NULL;
    size_t count, i;

    for (count = 0; count < 1000; count++) {
        ck_assert_sbx_ok(sbx_list_grow(&items, count, sizeof(*items), &err), &err);
        ck_assert_uint_eq(items[count], 0);
        items[count] = count + 1;
    }
    for (i = 0; i < count; i++)
        ck_assert_uint_eq(items[i], i + 1);
    free(items);
}
END_TEST

START_TEST(grow_beyond_memory__out_of_memory_and_unchanged)
{
    char one = 1;
    char *items = &one;

    ck_assert_int_eq(sbx_list_grow(&items, (SIZE_MAX >> 1) + 1, 1, &err), SBX_OOM);
    ck_assert_ptr_eq(items, &one);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, grow_1000_times__every_item_keeps_its_value_and_new_ones_are_zero);
    tcase_add_test(tcase, grow_beyond_memory__out_of_memory_and_unchanged);
}

UNIT_MAIN("list", add_tests)
