/*
 * See verify.h: in which order, and what beside what. Most of a row's time is starting processes
 * and waiting for what must not come, so several lanes work at once. A lane shares nothing with
 * another but the user's objects that nobody can change from inside: two lanes are two calls of
 * `agent verify`.
 */
#include "verify.h"

#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/thread.h"

#define LANES_MAX 3u
/* A row that begins has at least this long, or a fifth of the time if that is less. */
#define LAST_MS 10000u

/* They wait, P19 in Wine only. Ids that the table does not have are harmless. */
static const char *const long_rows[] = {"P5d", "P19", "P5b", "P6b", "P5c", "S18"};
/* R4 holds the folder of the audit log, which every run needs; G10 changes our own PATH. */
static const char *const lone_rows[] = {"R4", "G10"};

/* The first run of all: it shows that ordinary work succeeds, and which mode `auto` means here. */
static const struct sbx_verify_row first_row = {"", "ordinary work", "", "read|{ws}\\target.txt",
    NULL, NULL, 0, SBX_VERIFY_FILES, SBX_VERIFY_MUST_WORK | SBX_VERIFY_NO_TRACE};

/* What one lane takes at a time: a row, or some that share a run. */
struct unit {
    struct sbx_verify_result *results[SBX_VERIFY_TOGETHER_MAX];
    size_t count;
};

struct work {
    struct unit *units; /* owned */
    size_t count;       /* of those that lanes take; the lone ones follow */
    size_t lone;
    volatile LONG next;
    uint64_t begin_until_ms; /* 0: for ever */
    const char *runner;
};

struct lane {
    struct sbx_verify_run run;       /* with a folder of its own */
    struct sbx_verify_report report; /* what its runs say as a whole; no results */
    struct work *work;
    const struct sbx_verify_run *first;
    HANDLE ready, go, thread; /* go: borrowed */
    size_t left;
};

enum sbx_status sbx_verify_try_first(
    struct sbx_verify_run *run, struct sbx_verify_report *report, struct sbx_error *err)
{
    struct sbx_verify_result first;

    sbx_verify_try(run, &first_row, &first, report);
    if (!first.seen.inside_ran || first.seen.inside != SBX_VERIFY_SUCCEEDED)
        return sbx_fail(err, SBX_UNPROVEN, "the sandbox does not run an ordinary command: %s",
            first.error[0] ? first.error : "the probe failed in it");
    run->mode = first.seen.mode;
    return SBX_OK;
}

/* --- what is to be done ----------------------------------------------------------------------- */

static bool is_among(const char *id, const char *const *ids, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(id, ids[i]) == 0)
            return true;
    return false;
}

enum kind { KIND_NOTHING, KIND_LONG, KIND_SHARED, KIND_OTHER, KIND_LONE, KIND_COUNT };

static enum kind kind_of(const struct sbx_verify_run *run, const struct sbx_verify_row *row)
{
    if (!row->words || !sbx_verify_applies(row, run->mode))
        return KIND_NOTHING;
    if (is_among(row->id, lone_rows, countof(lone_rows)))
        return KIND_LONE;
    if (is_among(row->id, long_rows, countof(long_rows)))
        return KIND_LONG;
    /* Where nothing is confined nothing is refused: a shared run would only be made again. */
    return !run->cli->wine_unconfined &&
                   sbx_verify_shares(row, run->mode, sbx_late_wine_version() != NULL)
               ? KIND_SHARED
               : KIND_OTHER;
}

/* Long ones first, so that none is left over at the end; lone ones behind the others. */
static void plan(
    const struct sbx_verify_run *run, const struct sbx_verify_report *report, struct work *work)
{
    size_t i, kind, made = 0;

    for (kind = KIND_LONG; kind < KIND_COUNT; kind++) {
        if (kind == KIND_LONE)
            work->count = made;
        for (i = 0; i < report->count; i++) {
            struct unit *unit = &work->units[made];

            if ((size_t)kind_of(run, report->results[i].row) != kind)
                continue;
            unit->results[unit->count++] = &report->results[i];
            made += kind != KIND_SHARED || unit->count == countof(unit->results);
        }
        made += work->units[made].count != 0; /* the last of those that share was not full */
    }
    work->lone = made - work->count;
}

/* --- lanes ------------------------------------------------------------------------------------ */

static bool may_begin(const struct sbx_verify_run *run, const struct work *work)
{
    return !*run->cancel.count &&
           (!work->begin_until_ms || sbx_clock_left_ms(work->begin_until_ms));
}

static void do_unit(
    struct sbx_verify_run *run, const struct unit *unit, struct sbx_verify_report *report)
{
    if (unit->count > 1)
        sbx_verify_try_together(run, unit->results, unit->count, report);
    else
        sbx_verify_try(run, unit->results[0]->row, unit->results[0], report);
}

static void take_units(
    struct sbx_verify_run *run, struct work *work, struct sbx_verify_report *report)
{
    while (may_begin(run, work)) {
        const size_t i = (size_t)InterlockedIncrement(&work->next) - 1;

        if (i >= work->count)
            return;
        do_unit(run, &work->units[i], report);
    }
}

/* A lane that ordinary work does not succeed in leaves its share to the others. */
static DWORD WINAPI drive(void *context)
{
    struct lane *lane = context;
    struct sbx_verify_run *run = &lane->run;
    bool usable = false;

    if (!sbx_verify_prepare(run, NULL)) {
        run->have_runners = !sbx_runner_pool_begin(&run->runners, lane->work->runner, NULL);
        usable = !sbx_verify_try_first(run, &lane->report, NULL);
        SetEvent(lane->ready);
        WaitForSingleObject(lane->go, INFINITE);
        if (usable)
            take_units(run, lane->work, &lane->report);
        if (run->have_runners)
            sbx_runner_pool_end(&run->runners);
        sbx_verify_clean(run, &lane->left);
    }
    SetEvent(lane->ready);
    return 0;
}

static void start_lane(struct lane *lane, const struct sbx_verify_run *first, struct work *work,
    const struct sbx_verify_report *report, HANDLE go)
{
    lane->run = (struct sbx_verify_run){.cli = first->cli,
        .say = first->say,
        .probe = first->probe,
        .targets = first->targets,
        .shares_targets = true,
        .cancel = first->cancel,
        .until_ms = first->until_ms,
        .mode = first->mode};
    lane->report = *report;
    lane->work = work;
    lane->go = go;
    lane->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!lane->ready || sbx_thread_start_asking(drive, lane, &lane->thread, NULL))
        lane->thread = NULL;
}

/*
 * The first lane is the caller's. Rows begin when each lane has had its first run: only then is the
 * thread of the lane closed to others, which is what rows P2 are about.
 */
static void run_lanes(struct sbx_verify_run *run, struct work *work,
    struct sbx_verify_report *report, size_t *ret_left)
{
    const size_t more = (work->count < LANES_MAX ? work->count : LANES_MAX) - 1;
    struct lane *lanes = NULL;
    HANDLE go = more ? CreateEventW(NULL, TRUE, FALSE, NULL) : NULL;
    size_t i;

    if (go && !sbx_calloc(LANES_MAX, sizeof(*lanes), &lanes, NULL))
        for (i = 0; i < more; i++)
            start_lane(&lanes[i], run, work, report, go);
    for (i = 0; lanes && i < more; i++)
        if (lanes[i].thread)
            WaitForSingleObject(lanes[i].ready, INFINITE);
    if (go)
        SetEvent(go);
    take_units(run, work, report);
    for (i = 0; lanes && i < more; i++) {
        if (lanes[i].thread)
            WaitForSingleObject(lanes[i].thread, INFINITE);
        report->confined = report->confined && lanes[i].report.confined;
        *ret_left += lanes[i].left;
        sbx_handle_close(&lanes[i].thread);
        sbx_handle_close(&lanes[i].ready);
    }
    sbx_handle_close(&go);
    free(lanes);
}

/* --- all ---------------------------------------------------------------------------------------
 */

static void count_all(struct sbx_verify_report *report)
{
    size_t i;

    for (i = 0; i < report->count; i++) {
        struct sbx_verify_result *result = &report->results[i];

        if (!result->value) {
            result->value = SBX_VERIFY_CANNOT_TELL;
            result->why = "not tried: the time was up";
            report->untried++;
        }
        report->counts[result->row->group][result->value]++;
        report->broken += result->value == SBX_VERIFY_BROKEN;
    }
}

enum sbx_status sbx_verify_try_all(struct sbx_verify_run *run, const char *runner,
    struct sbx_verify_report *report, size_t *ret_left, struct sbx_error *err)
{
    const uint32_t left_ms = run->until_ms ? sbx_clock_left_ms(run->until_ms) : 0;
    struct work work = {.runner = runner};
    enum sbx_status status = sbx_calloc(report->count + 1, sizeof(*work.units), &work.units, err);
    size_t i;

    *ret_left = 0;
    if (status)
        return status;
    for (i = 0; i < report->count; i++) /* whatever the time, they need none */
        if (kind_of(run, report->results[i].row) == KIND_NOTHING)
            sbx_verify_try(run, report->results[i].row, &report->results[i], report);
    if (run->until_ms)
        work.begin_until_ms = run->until_ms - (left_ms / 5 < LAST_MS ? left_ms / 5 : LAST_MS);
    plan(run, report, &work);
    if (work.count)
        run_lanes(run, &work, report, ret_left);
    for (i = 0; i < work.lone && may_begin(run, &work); i++)
        do_unit(run, &work.units[work.count + i], report);
    free(work.units);
    if (*run->cancel.count)
        return sbx_fail(err, SBX_CANCELLED, "cancelled");
    count_all(report);
    return SBX_OK;
}
