/* Functions found at run time, the random source, the clock, and the hardening of our own process.
 */
#include "tests/support/unit.h"

#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/hardening.h"
#include "shared/win/late.h"
#include "shared/win/random.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/acl.h"
#include "tests/support/win/child.h"

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
}

START_TEST(late__old_function__is_found_and_works)
{
    sbx_late_fn_rtl_get_version get = sbx_late_rtl_get_version();
    OSVERSIONINFOW info = {0};

    ck_assert_ptr_nonnull(get);
    ck_assert(get == sbx_late_rtl_get_version());
    info.dwOSVersionInfoSize = sizeof(info);
    ck_assert_int_eq(get(&info), 0);
    ck_assert_uint_ge(info.dwMajorVersion, 5);
}
END_TEST

START_TEST(late__missing_function__names_function_and_dll)
{
    ck_assert_int_eq(sbx_late_missing(SBX_LATE_compare_object_handles, &err), SBX_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.context, "CompareObjectHandles"));
    ck_assert_ptr_nonnull(strstr(err.context, "kernelbase.dll"));
    ck_assert_int_eq(sbx_late_missing(SBX_LATE_COUNT, &err), SBX_INTERNAL);
}
END_TEST

START_TEST(late__kernel_version__is_plausible)
{
    struct sbx_kernel_version version = {0};

    ck_assert_sbx_ok(sbx_late_kernel_version(&version, &err), &err);
    ck_assert(version.major >= 5 && version.major <= 20);
    ck_assert_uint_gt(version.build, 1000);
}
END_TEST

START_TEST(random__two_draws__differ_and_fill)
{
    uint8_t a[64] = {0}, b[64] = {0};
    size_t i;
    unsigned zeros = 0;

    ck_assert_sbx_ok(sbx_random_bytes(a, sizeof(a), &err), &err);
    ck_assert_sbx_ok(sbx_random_bytes(b, sizeof(b), &err), &err);
    ck_assert_int_ne(memcmp(a, b, sizeof(a)), 0);
    for (i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    ck_assert_uint_lt(zeros, 8);
}
END_TEST

START_TEST(clock__never_goes_back__and_counts)
{
    uint64_t start_us = sbx_clock_us(), last_us = start_us, now_us;
    uint64_t start_ms = sbx_clock_ms();
    int i;

    for (i = 0; i < 1000; i++) {
        now_us = sbx_clock_us();
        ck_assert_uint_ge(now_us, last_us);
        last_us = now_us;
    }
    Sleep(60);
    ck_assert_uint_ge(sbx_clock_us() - start_us, 50000);
    ck_assert_uint_ge(sbx_clock_ms() - start_ms, 50);
    ck_assert_uint_eq(sbx_clock_left_ms(0), 0);
    ck_assert_uint_ne(sbx_clock_left_ms(UINT64_MAX), INFINITE);
    ck_assert_uint_le(sbx_clock_left_ms(sbx_clock_ms() + 1000), 1000);
}
END_TEST

START_TEST(hardening__apply__reports_what_holds)
{
    unsigned mask = sbx_hardening_apply();
    char names[256];

    ck_assert(mask & SBX_HARDENING_NO_CWD_DLL);
    ck_assert(mask & SBX_HARDENING_ERROR_MODE);
    ck_assert(mask & SBX_HARDENING_HEAP);
    /* Where there is such a mode (Windows 10 1803), it is the one that was asked for: 1. */
    ck_assert_int_eq((mask & SBX_HARDENING_PLACEHOLDERS) != 0,
        sbx_late_rtl_query_placeholder_mode() && sbx_late_rtl_query_placeholder_mode()() == 1);
    if (!sbx_late_wine_version())
        ck_assert(mask & SBX_HARDENING_PLACEHOLDERS);
    sbx_hardening_names(mask, names, sizeof(names));
    ck_assert_ptr_nonnull(strstr(names, "no-cwd-dll"));
    sbx_hardening_names(~0u, names, 12);
    ck_assert_uint_lt(strlen(names), 12);
    /* A second call changes nothing for the worse. */
    ck_assert_uint_eq(sbx_hardening_apply() & mask, mask);
}
END_TEST

START_TEST(hardening__arguments__lone_surrogate_is_refused)
{
    wchar_t good[] = L"\x00E4", bad[] = {L'a', 0xD800, L'b', 0};
    wchar_t *argv_w[] = {good, good, bad};
    char **argv = NULL;

    ck_assert_sbx_ok(sbx_hardening_args(2, argv_w, &argv, &err), &err);
    ck_assert_str_eq(argv[1], "\xC3\xA4");
    ck_assert_ptr_null(argv[2]);
    sbx_hardening_free_args(2, argv);
    ck_assert_int_eq(sbx_hardening_args(3, argv_w, &argv, &err), SBX_INVALID);
    ck_assert_ptr_nonnull(strstr(err.context, "argument 2"));
    ck_assert_int_eq(sbx_hardening_args(0, argv_w, &argv, &err), SBX_INVALID);
}
END_TEST

/* On a child, so that the test program itself stays open for the next tests. */
START_TEST(hardening__lock_process__reads_back)
{
    static const char *const argv[] = {"child", "sleep", "60000"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_process process = {0};
    struct sbx_descriptor seen = {0};
    struct sbx_findings findings;
    struct sbx_sid user = {0};
    HANDLE reopened;

    sbx_findings_init(&findings);
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    /* The twin: before the lock, memory can be opened. */
    reopened = OpenProcess(PROCESS_VM_READ, FALSE, process.pid);
    ck_assert_ptr_nonnull(reopened);
    CloseHandle(reopened);
    ck_assert_sbx_ok(
        sbx_hardening_lock_process(process.process, process.thread, &user, &findings, &err), &err);
    ck_assert_sbx_ok(sbx_acl_get(process.process, NULL, &seen, &err), &err);
    ck_assert_uint_eq(seen.dacl.count, 3);
    sbx_descriptor_done(&seen);
    reopened = OpenProcess(PROCESS_VM_READ, FALSE, process.pid);
    ck_assert_msg(reopened == NULL, "a locked process was opened for reading");
    reopened = OpenProcess(PROCESS_DUP_HANDLE, FALSE, process.pid);
    ck_assert_msg(reopened == NULL, "a locked process was opened for its handles");
    reopened = OpenProcess(PROCESS_TERMINATE, FALSE, process.pid);
    ck_assert_ptr_nonnull(reopened);
    CloseHandle(reopened);
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
}
END_TEST

START_TEST(consolectl__break_to_group_zero__is_refused)
{
    HANDLE a = NULL, b = NULL;

    ck_assert_sbx_ok(sbx_consolectl_install(&a, &err), &err);
    ck_assert_sbx_ok(sbx_consolectl_install(&b, &err), &err);
    ck_assert_ptr_eq(a, b);
    ck_assert_uint_eq(WaitForSingleObject(a, 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(sbx_consolectl_count(), 0);
    ck_assert_int_eq(sbx_consolectl_break(0, &err), SBX_INTERNAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, late__old_function__is_found_and_works);
    tcase_add_test(tcase, late__missing_function__names_function_and_dll);
    tcase_add_test(tcase, late__kernel_version__is_plausible);
    tcase_add_test(tcase, random__two_draws__differ_and_fill);
    tcase_add_test(tcase, clock__never_goes_back__and_counts);
    tcase_add_test(tcase, hardening__arguments__lone_surrogate_is_refused);
    tcase_add_test(tcase, hardening__lock_process__reads_back);
    tcase_add_test(tcase, consolectl__break_to_group_zero__is_refused);
    tcase_add_test(tcase, hardening__apply__reports_what_holds);
}

UNIT_MAIN("late", add_tests)
