/* Threads of the confine stage: what it starts, and what was there before it could say anything. */
#include "tests/support/unit.h"

#include "shared/win/acl.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"
#include "shared/win/thread.h"
#include "tests/support/win/scratch.h"

/* Everything but reading the list, which the owner keeps. */
#define USABLE (THREAD_TERMINATE | THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | THREAD_SET_CONTEXT)

static struct sbx_error err;
static HANDLE over, threads[2];

static DWORD WINAPI wait_for_end(void *context)
{
    (void)context;
    return WaitForSingleObject(over, INFINITE);
}

static void setup(void)
{
    sbx_error_init(&err);
    over = CreateEventW(NULL, TRUE, FALSE, NULL);
    ck_assert_ptr_nonnull(over);
    memset(threads, 0, sizeof(threads));
}

static void teardown(void)
{
    size_t i;

    SetEvent(over);
    for (i = 0; i < countof(threads); i++) {
        if (threads[i])
            WaitForSingleObject(threads[i], 10000);
        sbx_handle_close(&threads[i]);
    }
    sbx_handle_close(&over);
}

static bool opens(HANDLE thread, DWORD access)
{
    HANDLE again = OpenThread(access, FALSE, GetThreadId(thread));

    if (again)
        CloseHandle(again);
    return again != NULL;
}

/* With a list of SYSTEM and this mask for its owner; NULL: as the system gives it. */
static HANDLE born_with(const uint32_t *owner_mask)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    struct sbx_descriptor list = {0};
    struct sbx_buf bytes;
    struct sbx_ace ace;
    HANDLE thread;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    if (owner_mask) {
        ace = sbx_ace_make(SBX_ACE_ALLOW, 0, THREAD_ALL_ACCESS, &sbx_sid_system);
        ck_assert_sbx_ok(sbx_acl_insert(&list.dacl, 0, &ace, &err), &err);
        ace = sbx_ace_make(SBX_ACE_ALLOW, 0, *owner_mask, &sbx_sid_owner_rights);
        ck_assert_sbx_ok(sbx_acl_insert(&list.dacl, 1, &ace, &err), &err);
        ck_assert_sbx_ok(sbx_descriptor_serialise(&list, &bytes, &err), &err);
        attributes.lpSecurityDescriptor = bytes.data;
    }
    thread = CreateThread(&attributes, 0, wait_for_end, NULL, 0, NULL);
    ck_assert_ptr_nonnull(thread);
    sbx_descriptor_done(&list);
    sbx_buf_done(&bytes);
    return thread;
}

static void ck_closed(HANDLE thread)
{
    static const struct sbx_sd_people nobody;
    struct sbx_descriptor seen = {0}, wanted = {0};

    ck_assert_sbx_ok(sbx_sd_build(&sbx_sd_locked_thread, &nobody, &wanted, &err), &err);
    ck_assert_sbx_ok(sbx_acl_get(thread, NULL, &seen, &err), &err);
    ck_assert_uint_eq(seen.dacl.count, 2);
    ck_assert(sbx_acl_same_aces(&seen.dacl, &wanted.dacl));
    sbx_descriptor_done(&seen);
    sbx_descriptor_done(&wanted);
    ck_assert_msg(!opens(thread, THREAD_QUERY_LIMITED_INFORMATION), "open for asking");
    ck_assert_msg(platform_is_stock_wine() || !opens(thread, SYNCHRONIZE), "open for waiting");
    ck_assert_msg(!opens(thread, USABLE), "open for use");
}

START_TEST(start__with_a_user__he_may_wait_for_it)
{
    ck_assert_sbx_ok(sbx_thread_start(wait_for_end, NULL, &threads[0], &err), &err);
    ck_assert(opens(threads[0], SYNCHRONIZE));
    ck_assert(!opens(threads[0], THREAD_SET_CONTEXT));
}
END_TEST

START_TEST(start_closed__current_user__gets_nothing)
{
    ck_assert_sbx_ok(sbx_thread_start_closed(wait_for_end, NULL, &threads[0], &err), &err);
    ck_closed(threads[0]);
}
END_TEST

/* The loader of Windows 10 has made threads before main; they are as open as these. */
START_TEST(close_all__threads_born_open__closed_and_again_nothing_to_do)
{
    threads[0] = born_with(NULL);
    threads[1] = born_with(NULL);
    ck_assert_msg(opens(threads[0], USABLE), "the twin: before, it is open");
    ck_assert_sbx_ok(sbx_thread_close_all(NULL, &err), &err);
    ck_closed(threads[0]);
    ck_closed(threads[1]);
    ck_assert_sbx_ok(sbx_thread_close_all(NULL, &err), &err);
}
END_TEST

START_TEST(close_all__what_does_not_open__closed_only_where_it_gives_nothing)
{
    static const uint32_t nothing = 0, waiting = SYNCHRONIZE;

    if (platform_is_stock_wine())
        UNIT_SKIP("no OWNER RIGHTS here: an owner always gets on");
    threads[0] = born_with(&nothing);
    ck_assert_sbx_ok(sbx_thread_close_all(NULL, &err), &err);
    threads[1] = born_with(&waiting);
    ck_assert_int_eq(sbx_thread_close_all(NULL, &err), SBX_DENIED);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, start__with_a_user__he_may_wait_for_it);
    tcase_add_test(tcase, start_closed__current_user__gets_nothing);
    tcase_add_test(tcase, close_all__threads_born_open__closed_and_again_nothing_to_do);
    tcase_add_test(tcase, close_all__what_does_not_open__closed_only_where_it_gives_nothing);
}

UNIT_MAIN("thread", add_tests)
