/* Closing our last handle is what the kernel does for a creator that is killed: what then stays. */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"

#include "shared/win/birthjob.h"
#include "shared/win/handle.h"

static const char *const argv[] = {"child", "exit", "7"};
static struct sbx_process process;
static struct sbx_error err;
static HANDLE job;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&process, 0, sizeof(process));
    job = sbx_birthjob_new(true);
}

static void teardown(void)
{
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    sbx_handle_close(&job);
}

/* Suspended, as everybody is born. */
static void create(HANDLE birth_job)
{
    struct sbx_spawn spawn = child_request(argv, countof(argv));

    spawn.options &= ~(unsigned)SBX_SPAWN_RUN;
    spawn.birth_job = birth_job;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
}

static uint32_t run_to_end(void)
{
    uint32_t code = 0;

    ck_assert_sbx_ok(sbx_process_resume(&process, &err), &err);
    ck_assert_sbx_ok(sbx_process_wait(&process, 30000, &code, &err), &err);
    return code;
}

START_TEST(birthjob__creator_dies_before_resume__process_ends)
{
    if (!job)
        UNIT_SKIP("this test runs in a job that lets nobody out");
    create(job);
    ck_assert(process.job_at_birth);
    ck_assert_uint_eq(WaitForSingleObject(process.process, 300), WAIT_TIMEOUT);
    sbx_handle_close(&job);
    ck_assert_uint_eq(WaitForSingleObject(process.process, 20000), WAIT_OBJECT_0);
}
END_TEST

/* The twin: without the job it stays for ever. */
START_TEST(birthjob__no_job__process_stays)
{
    create(NULL);
    sbx_handle_close(&job);
    ck_assert_uint_eq(WaitForSingleObject(process.process, 1000), WAIT_TIMEOUT);
    ck_assert_uint_eq(run_to_end(), 7);
}
END_TEST

START_TEST(birthjob__released__process_outlives_the_handle)
{
    if (!job)
        UNIT_SKIP("this test runs in a job that lets nobody out");
    create(job);
    ck_assert(sbx_birthjob_release(&job));
    ck_assert_ptr_null(job);
    ck_assert_uint_eq(WaitForSingleObject(process.process, 500), WAIT_TIMEOUT);
    ck_assert_uint_eq(run_to_end(), 7);
}
END_TEST

/* The confine stage's way: created elsewhere, without a job list. */
START_TEST(birthjob__assigned__process_ends_with_the_creator)
{
    HANDLE second = sbx_birthjob_new(false);

    create(NULL);
    ck_assert(sbx_birthjob_assign(second, process.process));
    /* It is in a job now, and no second one is put inside it. */
    ck_assert(!sbx_birthjob_assign(job, process.process));
    sbx_handle_close(&second);
    ck_assert_uint_eq(WaitForSingleObject(process.process, 20000), WAIT_OBJECT_0);
}
END_TEST

START_TEST(birthjob__nothing__does_nothing)
{
    HANDLE none = NULL;

    create(NULL);
    ck_assert(!sbx_birthjob_assign(NULL, process.process));
    ck_assert(sbx_birthjob_release(&none));
    ck_assert_uint_eq(run_to_end(), 7);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, birthjob__creator_dies_before_resume__process_ends);
    tcase_add_test(tcase, birthjob__no_job__process_stays);
    tcase_add_test(tcase, birthjob__released__process_outlives_the_handle);
    tcase_add_test(tcase, birthjob__assigned__process_ends_with_the_creator);
    tcase_add_test(tcase, birthjob__nothing__does_nothing);
}

UNIT_MAIN("birthjob", add_tests)
