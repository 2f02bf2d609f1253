/* Handles: closed once, and asked about when their number is somebody else's. */
#include "tests/support/unit.h"
#include "shared/win/handle.h"
#include "shared/win/hardening.h"

static HANDLE event(void)
{
    HANDLE handle = CreateEventW(NULL, TRUE, FALSE, NULL);

    ck_assert_ptr_nonnull(handle);
    return handle;
}

START_TEST(close_each__the_same_number_twice__closed_once)
{
    HANDLE one = event(), other = event();
    HANDLE list[] = {one, other, one, NULL, INVALID_HANDLE_VALUE};
    size_t i;

    ck_assert_uint_eq(sbx_handle_close_each(list, countof(list)), 2);
    for (i = 0; i < countof(list); i++)
        ck_assert_ptr_null(list[i]);
    ck_assert(!sbx_handle_is_open(one));
    ck_assert(!sbx_handle_is_open(other));
}
END_TEST

START_TEST(close_each__last_error__left_alone)
{
    HANDLE one = event();

    SetLastError(ERROR_ARENA_TRASHED);
    sbx_handle_close_each(&one, 1);
    ck_assert_uint_eq(GetLastError(), ERROR_ARENA_TRASHED);
}
END_TEST

/* Windows raises an exception on every other use of a bad handle from here on. */
START_TEST(is_open__after_hardening__answers)
{
    HANDLE open = event(), closed = event();

    CloseHandle(closed);
    SetStdHandle(STD_INPUT_HANDLE, closed);
    sbx_hardening_apply();
    ck_assert_ptr_null(GetStdHandle(STD_INPUT_HANDLE));
    ck_assert(sbx_handle_is_open(open));
    ck_assert(!sbx_handle_is_open(closed));
    ck_assert(!sbx_handle_is_open(NULL));
    ck_assert(!sbx_handle_is_open(INVALID_HANDLE_VALUE));
    sbx_handle_close(&open);
}
END_TEST

START_TEST(hardening__streams_that_are_open__kept)
{
    HANDLE open = event();

    SetStdHandle(STD_ERROR_HANDLE, open);
    sbx_hardening_apply();
    ck_assert_ptr_eq(GetStdHandle(STD_ERROR_HANDLE), open);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, close_each__the_same_number_twice__closed_once);
    tcase_add_test(tcase, close_each__last_error__left_alone);
    tcase_add_test(tcase, is_open__after_hardening__answers);
    tcase_add_test(tcase, hardening__streams_that_are_open__kept);
}

UNIT_MAIN("handle", add_tests)
