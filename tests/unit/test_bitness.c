/* bitness: what the 32-bit build refuses on a 64-bit Windows. */
#include "shared/core/bitness.h"

#include "tests/support/unit.h"

static const struct {
    bool own, child, refused;
} children[] = {
    {false, false, false}, /* each on its own kind of system, and 64-bit on 64-bit */
    {false, true, false},  /* the 64-bit build and a 32-bit child */
    {true, true, false},
    {true, false, true},
};

START_TEST(child__row__started_or_refused_with_the_build_that_can)
{
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    status = sbx_bitness_check_child(children[_i].own, children[_i].child, "C:\\a.exe", &err);
    if (!children[_i].refused) {
        ck_assert_sbx_ok(status, &err);
        return;
    }
    ck_assert_int_eq(status, SBX_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.context, "'C:\\a.exe' is a 64-bit program"));
    ck_assert_ptr_nonnull(strstr(err.hint, "64-bit build"));
}
END_TEST

START_TEST(setup__32_bit_build_on_64_bit_windows__refused)
{
    struct sbx_error err;

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_bitness_check_setup(false, &err), &err);
    ck_assert_int_eq(sbx_bitness_check_setup(true, &err), SBX_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.context, "32-bit build"));
    ck_assert_ptr_nonnull(strstr(err.hint, "64-bit build (x86_64)"));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, child__row__started_or_refused_with_the_build_that_can, 0, (int)countof(children));
    tcase_add_test(tcase, setup__32_bit_build_on_64_bit_windows__refused);
}

UNIT_MAIN("bitness", add_tests)
