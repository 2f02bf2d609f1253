/*
 * The 32-bit build on a 64-bit Windows, played here: IsWow64Process is this file's own, by the
 * pointer through which programs call what they import. Set-up refuses before it looks at anything,
 * a 64-bit child is refused, and an answer that does not come is no permission.
 */
#include "tests/support/unit.h"

#include "setup/prepare.h"
#include "setup/run.h"
#include "shared/win/wow64.h"

enum answer { FAILS = -1, NO = 0, YES = 1 };
static enum answer own, its;
static struct sbx_error err;

static BOOL WINAPI answer(HANDLE process, BOOL *ret_wow64)
{
    enum answer given = process == GetCurrentProcess() ? own : its;

    if (given == FAILS) {
        SetLastError(ERROR_ACCESS_DENIED);
        return FALSE;
    }
    *ret_wow64 = given == YES;
    return TRUE;
}

#ifdef _WIN64
extern BOOL(WINAPI *__imp_IsWow64Process)(HANDLE, BOOL *);
BOOL(WINAPI *__imp_IsWow64Process)(HANDLE, BOOL *) = answer;
#else
extern BOOL(WINAPI *played)(HANDLE, BOOL *) __asm__("__imp__IsWow64Process@8");
BOOL(WINAPI *played)(HANDLE, BOOL *) = answer;
#endif

static void setup(void)
{
    own = its = NO;
    sbx_error_init(&err);
}

static const struct {
    enum sbx_setup_mode mode;
    enum answer own;
    enum sbx_status refusal; /* SBX_OK: whatever comes, it is not about the build */
} runs[] = {
    {SBX_SETUP_INSTALL, YES, SBX_UNSUPPORTED},
    {SBX_SETUP_REPAIR, YES, SBX_UNSUPPORTED},
    {SBX_SETUP_ROTATE, YES, SBX_UNSUPPORTED},
    {SBX_SETUP_INSTALL, FAILS, SBX_DENIED},
    {SBX_SETUP_VERIFY_UNINSTALLED, YES, SBX_OK},
    {SBX_SETUP_VERIFY_UNINSTALLED, FAILS, SBX_OK},
};

START_TEST(run__row__refused_before_the_machine_is_looked_at_or_not)
{
    struct sbx_setup context = {.request = {.mode = runs[_i].mode}};
    struct sbx_setup_event result = {0};
    const char *about = runs[_i].own == FAILS ? "32-bit one" : "32-bit build";

    own = runs[_i].own;
    sbx_setup_run(&context, &result);
    if (runs[_i].refusal) {
        ck_assert(!result.ok && !result.changed);
        ck_assert_int_eq(result.error.status, runs[_i].refusal);
        ck_assert_msg(strstr(result.error.context, about), "%s", result.error.context);
        ck_assert_ptr_null(context.program_folder); /* prepare was never reached */
    } else {
        ck_assert_ptr_null(strstr(result.error.context, "32-bit"));
        ck_assert_ptr_nonnull(context.program_folder);
    }
    sbx_setup_event_done(&result);
    sbx_setup_done(&context);
}
END_TEST

static const struct {
    enum answer own, its;
    enum sbx_status status;
} children[] = {{NO, NO, SBX_OK}, {NO, YES, SBX_OK}, {YES, YES, SBX_OK}, {YES, NO, SBX_UNSUPPORTED},
    {YES, FAILS, SBX_DENIED}, {NO, FAILS, SBX_DENIED}, {FAILS, NO, SBX_DENIED}};

START_TEST(child__row__as_listed)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, GetCurrentProcessId());

    own = children[_i].own;
    its = children[_i].its;
    ck_assert_int_eq(sbx_wow64_may_start(process, "C:\\a.exe", &err), children[_i].status);
    CloseHandle(process);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(
        tcase, run__row__refused_before_the_machine_is_looked_at_or_not, 0, (int)countof(runs));
    tcase_add_loop_test(tcase, child__row__as_listed, 0, (int)countof(children));
}

UNIT_MAIN("wow64", add_tests)
