/* See runnerproc.h. */
#include "runnerproc.h"

#include "shared/core/buf.h"
#include "shared/core/winpath.h"
#include "shared/win/birthjob.h"
#include "shared/win/handle.h"
#include "shared/win/hardening.h"
#include "shared/win/known.h"
#include "shared/win/pipe.h"
#include "shared/win/thread.h"

#define END_MS 15000u
/* A command that runs longer than this leaves its processor to the start of the next spare. */
#define SOON_MS 150u
/* For a spare that is on its way. */
#define STARTED_MS 3000u

/* It was born so; this reads back whether it was. */
static enum sbx_status lock_runner(const struct sbx_process *process, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    if (!status)
        status = sbx_hardening_lock_process(process->process, process->thread, &user, NULL, err);
    return status;
}

/*
 * In a birth job where that is possible. A job around us with UI limits admits none inside it,
 * which is seen as error 5: then without.
 */
static enum sbx_status create(
    struct sbx_spawn *spawn, struct sbx_runner *runner, struct sbx_error *err)
{
    enum sbx_status status;

    spawn->birth_job = sbx_birthjob_new(true);
    status = sbx_spawn_create(spawn, &runner->process, err);
    if (status == SBX_DENIED && spawn->birth_job) {
        sbx_handle_close(&spawn->birth_job);
        sbx_error_init(err);
        status = sbx_spawn_create(spawn, &runner->process, err);
    }
    runner->birth_job = !status && runner->process.job_at_birth;
    if (!sbx_birthjob_release(&spawn->birth_job) && !status)
        status = sbx_fail(err, SBX_OS, "the job of its birth would end the runner");
    return status;
}

enum sbx_status sbx_runner_start(const char *path, const HANDLE streams[3],
    uint64_t *const ret_values[3], struct sbx_runner *ret_runner, struct sbx_error *err)
{
    const char *argv[] = {"command-runner"};
    struct sbx_pipe requests = {0}, replies = {0};
    struct sbx_spawn_extra extra[3] = {{0}};
    struct sbx_spawn spawn = {.image = path,
        .argv = argv,
        .argc = countof(argv),
        .extra = extra,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_LOCKED};
    size_t i, which[3] = {0};
    enum sbx_status status;
    char *cwd = NULL;

    memset(ret_runner, 0, sizeof(*ret_runner));
    /* Its own folder: the command's may be renamed or removed while the runner lives. */
    status = sbx_winpath_parent(path, &cwd, err);
    if (!status)
        status = sbx_pipe_new(0, &requests, err);
    if (!status)
        status = sbx_pipe_new(0, &replies, err);
    spawn.cwd = cwd;
    spawn.std_in = requests.read;
    spawn.std_out = replies.write;
    for (i = 0; streams && i < 3; i++) {
        if (!streams[i])
            continue;
        which[spawn.extra_count] = i;
        extra[spawn.extra_count++].source = streams[i];
    }
    if (!status)
        status = create(&spawn, ret_runner, err);
    if (!status)
        status = lock_runner(&ret_runner->process, err);
    if (status) {
        sbx_process_kill(&ret_runner->process, 1);
        sbx_process_close(&ret_runner->process);
        sbx_error_context(err, "start '%s'", path);
        sbx_error_hint(err, "command-runner.exe must lie beside agent.exe");
        status = SBX_NOT_SETUP;
        if (err)
            err->status = status;
    } else {
        ret_runner->request = requests.write;
        ret_runner->replies = replies.read;
        requests.write = NULL;
        replies.read = NULL;
        for (i = 0; ret_values && i < spawn.extra_count; i++)
            *ret_values[which[i]] = (uint64_t)(uintptr_t)extra[i].ret_value;
    }
    sbx_pipe_close(&requests);
    sbx_pipe_close(&replies);
    free(cwd);
    return status;
}

enum sbx_status sbx_runner_give(
    const struct sbx_runner *runner, HANDLE handle, uint64_t *ret_value, struct sbx_error *err)
{
    HANDLE there = NULL;
    DWORD code;

    if (!DuplicateHandle(GetCurrentProcess(), handle, runner->process.process, &there, 0, FALSE,
            DUPLICATE_SAME_ACCESS)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "hand a handle over to the runner");
    }
    *ret_value = (uint64_t)(uintptr_t)there;
    return SBX_OK;
}

void sbx_runner_leave(struct sbx_runner *runner)
{
    sbx_handle_close(&runner->request);
    sbx_handle_close(&runner->replies);
    sbx_process_close(&runner->process);
}

void sbx_runner_end(struct sbx_runner *runner)
{
    uint32_t exit_code = 0;

    sbx_handle_close(&runner->request);
    if (runner->process.process && sbx_process_wait(&runner->process, END_MS, &exit_code, NULL))
        sbx_process_kill(&runner->process, 1);
    sbx_handle_close(&runner->replies);
    sbx_process_close(&runner->process);
}

static bool alive(const struct sbx_runner *runner)
{
    return WaitForSingleObject(runner->process.process, 0) == WAIT_TIMEOUT;
}

/* Whether a spare is missing; ret_closing: the pool ends. */
static bool missing(struct sbx_runner_pool *pool, bool *ret_closing)
{
    bool result;

    EnterCriticalSection(&pool->lock);
    *ret_closing = pool->closing;
    result = !pool->have && !pool->closing;
    pool->starting = result;
    if (result)
        ResetEvent(pool->started);
    LeaveCriticalSection(&pool->lock);
    return result;
}

/* A failure is not told: the command that finds no spare starts its own, and says why. */
static void start_spare(struct sbx_runner_pool *pool)
{
    struct sbx_runner runner = {0};
    bool started = !sbx_runner_start(pool->path, NULL, NULL, &runner, NULL);

    EnterCriticalSection(&pool->lock);
    if (started)
        pool->spare = runner;
    pool->have = started;
    pool->starting = false;
    SetEvent(pool->started);
    LeaveCriticalSection(&pool->lock);
}

/* One thread starts the spares, so that there is never more than one on its way. */
static DWORD WINAPI keep(void *context)
{
    struct sbx_runner_pool *pool = context;
    const HANDLE asked[] = {pool->now, pool->soon};
    bool closing = false;

    for (;;) {
        if (missing(pool, &closing))
            start_spare(pool);
        if (closing)
            return 0;
        if (WaitForMultipleObjects(countof(asked), asked, FALSE, INFINITE) == WAIT_OBJECT_0 + 1)
            WaitForSingleObject(pool->now, SOON_MS);
    }
}

enum sbx_status sbx_runner_pool_begin(
    struct sbx_runner_pool *pool, const char *path, struct sbx_error *err)
{
    enum sbx_status status;
    DWORD code;

    memset(pool, 0, sizeof(*pool));
    InitializeCriticalSection(&pool->lock);
    status = sbx_strdup(path, &pool->path, err);
    if (!status) {
        pool->soon = CreateEventW(NULL, FALSE, FALSE, NULL);
        pool->now = CreateEventW(NULL, FALSE, FALSE, NULL);
        pool->started = CreateEventW(NULL, TRUE, TRUE, NULL);
        code = GetLastError();
        if (!pool->soon || !pool->now || !pool->started)
            status = sbx_fail_win32(err, code, "event for spare runners");
    }
    if (!status)
        status = sbx_thread_start_stack(keep, pool, SBX_THREAD_STACK_LARGE, &pool->keeper, err);
    if (status)
        sbx_runner_pool_end(pool);
    return status;
}

bool sbx_runner_pool_begin_beside(struct sbx_runner_pool *pool)
{
    char *own = NULL, *directory = NULL, *path = NULL;
    bool ok;

    ok = !sbx_known_program(&own, NULL) && !sbx_winpath_parent(own, &directory, NULL) &&
         !sbx_winpath_join(directory, "command-runner.exe", &path, NULL) &&
         !sbx_runner_pool_begin(pool, path, NULL);
    free(own);
    free(directory);
    free(path);
    return ok;
}

bool sbx_runner_pool_take(struct sbx_runner_pool *pool, struct sbx_runner *ret_runner)
{
    bool have, starting;

    if (!pool)
        return false;
    EnterCriticalSection(&pool->lock);
    starting = pool->starting;
    LeaveCriticalSection(&pool->lock);
    if (starting)
        WaitForSingleObject(pool->started, STARTED_MS);
    EnterCriticalSection(&pool->lock);
    have = pool->have;
    *ret_runner = pool->spare;
    pool->have = false;
    memset(&pool->spare, 0, sizeof(pool->spare));
    LeaveCriticalSection(&pool->lock);
    if (have && !alive(ret_runner)) {
        sbx_runner_end(ret_runner);
        have = false;
    }
    return have;
}

void sbx_runner_pool_refill(struct sbx_runner_pool *pool, bool now)
{
    if (pool)
        SetEvent(now ? pool->now : pool->soon);
}

void sbx_runner_pool_end(struct sbx_runner_pool *pool)
{
    struct sbx_runner spare = {0};

    EnterCriticalSection(&pool->lock);
    pool->closing = true;
    LeaveCriticalSection(&pool->lock);
    if (pool->keeper) {
        SetEvent(pool->now);
        WaitForSingleObject(pool->keeper, INFINITE);
    }
    sbx_handle_close(&pool->keeper);
    if (sbx_runner_pool_take(pool, &spare))
        sbx_runner_end(&spare);
}
