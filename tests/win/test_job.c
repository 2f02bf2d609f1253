/* Jobs: descendants end with the job, limits are read back, waits end when nothing is left. */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"
#include "tests/support/win/scratch.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/pipe.h"

static struct sbx_error err;
static struct sbx_findings findings;
static struct sbx_job job;
static struct sbx_process process;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_findings_init(&findings);
    memset(&job, 0, sizeof(job));
    memset(&process, 0, sizeof(process));
}

static void teardown(void)
{
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    sbx_job_close(&job);
}

static void make(struct sbx_job_limits limits)
{
    ck_assert_sbx_ok(sbx_job_new(&limits, &findings, &job, &err), &err);
}

static void start(const char *const *argv, size_t argc)
{
    struct sbx_spawn spawn = child_request(argv, argc);

    spawn.job = &job;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
}

/* Stock Wine accepts every limit and forgets it: then each must be a finding. */
START_TEST(job__limits__read_back_or_reported)
{
    struct sbx_job_limits limits = {0};
    char names[64];

    limits.processes = 12;
    limits.memory_bytes = 256u << 20;
    limits.process_memory_bytes = 64u << 20;
    limits.ui = SBX_JOB_UI_ALL | SBX_JOB_UI_INJECTION;
    make(limits);
    if (platform_is_stock_wine()) {
        ck_assert(sbx_findings_has(&findings, "JobLimitFlags"));
        ck_assert(sbx_findings_has(&findings, "JobProcesses"));
        ck_assert(sbx_findings_has(&findings, "JobMemory"));
        ck_assert(sbx_findings_has(&findings, "JobProcessMemory"));
        ck_assert(sbx_findings_has(&findings, "JobUiLimits"));
    } else if (!platform_is_wine()) {
        ck_assert_msg(
            findings.count == 0, "%s: %s", findings.items[0].fact, findings.items[0].text);
    }
    ck_assert_uint_eq(job.ui & SBX_JOB_UI_ALL, SBX_JOB_UI_ALL);
    sbx_job_hit_names(SBX_JOB_HIT_PROCESSES | SBX_JOB_HIT_CPU_TIME, names, sizeof(names));
    ck_assert_str_eq(names, "processes,cpu-time");
    sbx_job_hit_names(0, names, sizeof(names));
    ck_assert_str_eq(names, "");
}
END_TEST

/* A limit that cannot even be set is an error, and no job comes back. */
START_TEST(job__cpu_time__works_or_says_so)
{
    static const char *const argv[] = {"child", "burn", "60000"};
    struct sbx_job_limits limits = {0};
    enum sbx_status status;
    bool empty = false;

    limits.cpu_time_ms = 200;
    status = sbx_job_new(&limits, &findings, &job, &err);
    if (status) {
        ck_assert_int_eq(status, SBX_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(err.context, "CPU time limit"));
        ck_assert_ptr_null(job.handle);
        return;
    }
    start(argv, countof(argv));
    ck_assert_sbx_ok(sbx_job_wait(&job, NULL, 30000, &empty, &err), &err);
    ck_assert_uint_eq(job.hits, SBX_JOB_HIT_CPU_TIME);
}
END_TEST

START_TEST(job__cpu_rate__works_or_says_so)
{
    struct sbx_job_limits limits = {0};
    enum sbx_status status;

    limits.cpu_percent = 50;
    status = sbx_job_new(&limits, &findings, &job, &err);
    if (status) {
        ck_assert_int_eq(status, SBX_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(err.context, "50 percent"));
        ck_assert_ptr_nonnull(strstr(err.hint, "limits.cpuPercent"));
        ck_assert_ptr_null(job.handle);
    }
    limits.cpu_percent = 101;
    sbx_job_close(&job);
    ck_assert_int_eq(sbx_job_new(&limits, &findings, &job, &err), SBX_INVALID);
}
END_TEST

START_TEST(job__handle__is_not_inheritable)
{
    struct sbx_job_limits limits = {0};
    DWORD flags = HANDLE_FLAG_INHERIT;

    make(limits);
    ck_assert(GetHandleInformation(job.handle, &flags));
    ck_assert_uint_eq(flags & HANDLE_FLAG_INHERIT, 0);
}
END_TEST

START_TEST(job__close__ends_the_whole_tree)
{
    static const char *const argv[] = {"child", "tree", "5", "60000"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_job_limits limits = {0};
    struct sbx_job_usage usage = {0};
    struct sbx_pipe pipe = {0};
    struct {
        JOBOBJECT_BASIC_PROCESS_ID_LIST list;
        ULONG_PTR more[31];
    } ids;
    HANDLE each[32] = {NULL};
    char started[2];
    DWORD i;

    make(limits);
    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    spawn.std_out = pipe.write;
    spawn.job = &job;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_read_exact(pipe.read, started, 2, 30000, &err), &err);
    ck_assert_int_eq(started[0], '5');
    ck_assert_sbx_ok(sbx_job_usage(&job, &usage, &err), &err);
    /* Wine puts the console's host into the job as well. */
    ck_assert_uint_ge(usage.processes_active, 6);
    ck_assert_uint_ge(usage.processes_total, 6);
    /* Handles that cannot keep them alive, to look afterwards: of every one of the tree. */
    ck_assert(QueryInformationJobObject(
        job.handle, JobObjectBasicProcessIdList, &ids, sizeof(ids), NULL));
    ck_assert_uint_ge(ids.list.NumberOfProcessIdsInList, 6);
    for (i = 0; i < ids.list.NumberOfProcessIdsInList; i++) {
        each[i] = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)ids.list.ProcessIdList[i]);
        ck_assert_ptr_nonnull(each[i]);
        ck_assert_uint_eq(WaitForSingleObject(each[i], 0), WAIT_TIMEOUT);
    }
    sbx_job_close(&job);
    for (i = 0; i < ids.list.NumberOfProcessIdsInList; i++) {
        ck_assert_msg(WaitForSingleObject(each[i], 5000) == WAIT_OBJECT_0, "process %lu of %lu", i,
            ids.list.NumberOfProcessIdsInList);
        sbx_handle_close(&each[i]);
    }
    sbx_pipe_close(&pipe);
}
END_TEST

START_TEST(job__terminate__empties_it_with_the_code)
{
    static const char *const argv[] = {"child", "tree", "3", "60000"};
    struct sbx_job_limits limits = {0};
    struct sbx_job_usage usage = {0};
    uint32_t code = 0;
    bool empty = false;

    make(limits);
    start(argv, countof(argv));
    Sleep(300);
    ck_assert_sbx_ok(sbx_job_terminate(&job, 77, &err), &err);
    ck_assert_sbx_ok(sbx_job_wait(&job, NULL, 10000, &empty, &err), &err);
    ck_assert(empty);
    ck_assert_sbx_ok(sbx_job_usage(&job, &usage, &err), &err);
    ck_assert_uint_eq(usage.processes_active, 0);
    ck_assert_sbx_ok(sbx_process_wait(&process, 1000, &code, &err), &err);
    ck_assert_uint_eq(code, 77);
}
END_TEST

START_TEST(job__wait__tells_process_event_and_timeout_apart)
{
    static const char *const argv[] = {"child", "tree", "1", "1500"};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    struct sbx_job_limits limits = {0};
    uint64_t start_ms;
    HANDLE others[2];
    size_t which = 0;

    make(limits);
    start(argv, countof(argv));
    others[0] = event;
    others[1] = process.process;
    start_ms = sbx_clock_ms();
    ck_assert_int_eq(sbx_job_wait_any(&job, others, 2, 100, &which, &err), SBX_TIMEOUT);
    ck_assert_uint_ge(sbx_clock_ms() - start_ms, 90);
    SetEvent(event);
    ck_assert_sbx_ok(sbx_job_wait_any(&job, others, 2, 5000, &which, &err), &err);
    ck_assert_uint_eq(which, 0);
    ResetEvent(event);
    ck_assert_sbx_ok(sbx_job_wait_any(&job, others, 2, 20000, &which, &err), &err);
    ck_assert_msg(which == 1 || which == SBX_JOB_EMPTY, "%zu", which);
    ck_assert_sbx_ok(sbx_job_wait_any(&job, NULL, 0, 20000, &which, &err), &err);
    ck_assert_uint_eq(which, SBX_JOB_EMPTY);
    sbx_handle_close(&event);
}
END_TEST

START_TEST(job__wait__ends_promptly_with_the_process)
{
    static const char *const argv[] = {"child", "sleep", "300"};
    struct sbx_job_limits limits = {0};
    uint64_t start_ms;
    bool empty = false;

    make(limits);
    start(argv, countof(argv));
    ck_assert_uint_eq(WaitForSingleObject(process.process, 0), WAIT_TIMEOUT);
    start_ms = sbx_clock_ms();
    ck_assert_sbx_ok(sbx_job_wait(&job, NULL, 10000, &empty, &err), &err);
    ck_assert(empty);
    ck_assert_uint_lt(sbx_clock_ms() - start_ms, 3000);
}
END_TEST

START_TEST(job__membership__is_proved_not_assumed)
{
    static const char *const argv[] = {"child", "sleep", "60000"};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    struct sbx_job_limits limits = {0};

    make(limits);
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err); /* without the job */
    ck_assert_int_eq(sbx_job_prove_member(&job, process.process, &err), SBX_UNPROVEN);
    ck_assert_sbx_ok(sbx_job_assign(&job, process.process, &err), &err);
    ck_assert_sbx_ok(sbx_job_prove_member(&job, process.process, &err), &err);
}
END_TEST

START_TEST(job__process_limit__is_named_where_enforced)
{
    static const char *const argv[] = {"child", "tree", "10", "200"};
    struct sbx_job_limits limits = {0};
    struct sbx_job_usage usage;
    bool empty = false;

    limits.processes = 3;
    make(limits);
    start(argv, countof(argv));
    ck_assert_sbx_ok(sbx_job_wait(&job, NULL, 100000, &empty, &err), &err);
    ck_assert_sbx_ok(sbx_job_usage(&job, &usage, &err), &err);
    /* What was counted in the job is the evidence: without it the limit must have been hit. */
    if (platform_is_wine() && usage.processes_total > limits.processes)
        UNIT_SKIP("%u processes ran in a job that is limited to %u; %s", usage.processes_total,
            limits.processes,
            sbx_findings_has(&findings, "JobProcesses") ? "the limit is a finding"
                                                        : "ntwine gives limits back only");
    ck_assert_uint_eq(job.hits & SBX_JOB_HIT_PROCESSES, SBX_JOB_HIT_PROCESSES);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, job__limits__read_back_or_reported);
    tcase_add_test(tcase, job__cpu_time__works_or_says_so);
    tcase_add_test(tcase, job__cpu_rate__works_or_says_so);
    tcase_add_test(tcase, job__handle__is_not_inheritable);
    tcase_add_test(tcase, job__close__ends_the_whole_tree);
    tcase_add_test(tcase, job__terminate__empties_it_with_the_code);
    tcase_add_test(tcase, job__wait__tells_process_event_and_timeout_apart);
    tcase_add_test(tcase, job__wait__ends_promptly_with_the_process);
    tcase_add_test(tcase, job__membership__is_proved_not_assumed);
    tcase_add_test(tcase, job__process_limit__is_named_where_enforced);
}

UNIT_MAIN("job", add_tests)
