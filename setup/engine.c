/* See engine.h, which numbers what must hold here. */
#include "engine.h"

#include "shared/core/buf.h"

/* A run in progress. */
struct run {
    const struct sbx_engine *engine;
    struct sbx_engine_outcome *outcome;
    enum sbx_step_state *states; /* as last examined */
    bool *made;                  /* this run applied it, and nothing was there before */
    bool breached;               /* the step that failed is of the boundary, and is not PRESENT */
};

static const char *const state_words[] = {"unknown", "absent", "present", "different", "foreign"};
static const char *const event_words[] = {"unknown", "done", "skipped", "undone", "failed"};

const char *sbx_step_state_name(enum sbx_step_state state)
{
    return state_words[(size_t)state < countof(state_words) ? (size_t)state : 0];
}

const char *sbx_step_event_name(enum sbx_step_event event)
{
    return event_words[(size_t)event < countof(event_words) ? (size_t)event : 0];
}

/* --- one call --------------------------------------------------------------------------------- */

static void enter(const struct sbx_engine *engine, const struct sbx_step *step)
{
    if (engine->entering)
        engine->entering(engine->context, step);
}

static void tell(const struct sbx_engine *engine, size_t index, enum sbx_step_event event)
{
    if (engine->event)
        engine->event(engine->context, engine->steps[index], index, event);
}

static enum sbx_status note(const struct sbx_engine *engine, enum sbx_journal_kind kind,
    const char *step, const char *object, struct sbx_error *err)
{
    enum sbx_status status = engine->journal(engine->context, kind, step, object, err);

    if (status)
        sbx_error_context(err, "journal");
    return status;
}

static enum sbx_status examine(const struct sbx_engine *engine, size_t index,
    enum sbx_step_state *ret_state, struct sbx_error *err)
{
    const struct sbx_step *step = engine->steps[index];
    enum sbx_step_state state = 0;
    enum sbx_status status;

    enter(engine, step);
    status = step->examine(engine->context, &state, err);
    if (!status && (state < SBX_STEP_ABSENT || state > SBX_STEP_FOREIGN))
        status = sbx_fail(err, SBX_INTERNAL, "the examination has no result");
    if (status)
        return status;
    *ret_state = state;
    return SBX_OK;
}

static enum sbx_status refuse_foreign(const struct sbx_step *step, struct sbx_error *err)
{
    enum sbx_status status = sbx_fail(err, SBX_EXISTS,
        "something of the same name is there that set-up did not make (step '%s')", step->name);

    sbx_error_hint(err, "look at it, and remove or rename it if it is not needed");
    return status;
}

/* --- undoing ---------------------------------------------------------------------------------- */

/* Undo and prove by examine that it is gone. A journal that cannot be written does not stop it. */
static enum sbx_status undo_one(struct run *run, size_t index, struct sbx_error *err)
{
    const struct sbx_engine *engine = run->engine;
    const struct sbx_step *step = engine->steps[index];
    enum sbx_step_state state = SBX_STEP_ABSENT;
    struct sbx_error unsaid;
    enum sbx_status status;

    sbx_error_init(&unsaid);
    (void)note(engine, SBX_JOURNAL_UNDO, step->name, NULL, &unsaid);
    enter(engine, step);
    status = step->undo(engine->context, err);
    if (!status)
        status = examine(engine, index, &state, err);
    if (!status && state != SBX_STEP_ABSENT && state != SBX_STEP_FOREIGN)
        status = sbx_fail(err, SBX_UNPROVEN, "step '%s' was undone but is still %s", step->name,
            sbx_step_state_name(state));
    if (status)
        return status;
    run->states[index] = state;
    run->outcome->changed = true;
    (void)note(engine, SBX_JOURNAL_UNDONE, step->name, NULL, &unsaid);
    tell(engine, index, SBX_STEP_EVENT_UNDONE);
    return SBX_OK;
}

static bool is_gate(const struct sbx_step *step)
{
    return (step->flags & SBX_STEP_GATE) != 0;
}

static bool is_boundary(const struct sbx_step *step)
{
    return (step->flags & SBX_STEP_BOUNDARY) != 0;
}

/* The error of the run stays what it was. */
static void roll_back(struct run *run)
{
    const struct sbx_engine *engine = run->engine;
    size_t i;

    for (i = engine->count; i-- > 0;) {
        bool gate = run->breached && is_gate(engine->steps[i]);

        if (!run->made[i] && !gate)
            continue;
        sbx_error_init(&run->outcome->undo_error);
        if (undo_one(run, i, &run->outcome->undo_error)) {
            run->outcome->undo_failed = true;
            run->outcome->undo_step = engine->steps[i]->name;
            return;
        }
    }
}

/* --- building --------------------------------------------------------------------------------- */

/* @param refuse end at the first FOREIGN one, so that what was looked at last is what is reported
 */
static enum sbx_status examine_all(struct run *run, bool refuse, struct sbx_error *err)
{
    const struct sbx_engine *engine = run->engine;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < engine->count; i++) {
        status = examine(engine, i, &run->states[i], err);
        if (!status && refuse && run->states[i] == SBX_STEP_FOREIGN)
            status = refuse_foreign(engine->steps[i], err);
        if (status)
            run->outcome->failed_step = engine->steps[i]->name;
    }
    return status;
}

static bool all_present(const struct run *run)
{
    size_t i;

    for (i = 0; i < run->engine->count; i++) {
        if (run->states[i] != SBX_STEP_PRESENT)
            return false;
    }
    return true;
}

/* MUST 5: before the boundary step at `index` changes. A gate that is ABSENT is closed already. */
static enum sbx_status close_gates(struct run *run, size_t index, struct sbx_error *err)
{
    const struct sbx_engine *engine = run->engine;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = engine->count; !status && i-- > index + 1;) {
        if (is_gate(engine->steps[i]) && run->states[i] != SBX_STEP_ABSENT)
            status = undo_one(run, i, err);
    }
    return status;
}

/* The state is asked for again: an earlier step may have changed it (a new group has a new SID). */
static enum sbx_status build_one(struct run *run, size_t index, struct sbx_error *err)
{
    const struct sbx_engine *engine = run->engine;
    const struct sbx_step *step = engine->steps[index];
    enum sbx_status status = examine(engine, index, &run->states[index], err);

    if (status)
        return status;
    if (run->states[index] == SBX_STEP_FOREIGN)
        return refuse_foreign(step, err);
    if (run->states[index] == SBX_STEP_PRESENT) {
        tell(engine, index, SBX_STEP_EVENT_SKIPPED);
        return SBX_OK;
    }
    run->breached = is_boundary(step);
    if (run->breached)
        status = close_gates(run, index, err);
    if (!status)
        status = note(engine, SBX_JOURNAL_APPLY, step->name, NULL, err);
    if (status)
        return status;
    run->made[index] = run->states[index] == SBX_STEP_ABSENT;
    run->outcome->changed = true;
    enter(engine, step);
    status = step->apply(engine->context, err);
    if (!status) {
        enter(engine, step);
        status = step->verify(engine->context, err);
    }
    if (!status)
        status = note(engine, SBX_JOURNAL_DONE, step->name, NULL, err);
    if (!status) {
        run->breached = false;
        tell(engine, index, SBX_STEP_EVENT_DONE);
    }
    return status;
}

static enum sbx_status build_all(struct run *run, struct sbx_error *err)
{
    const struct sbx_engine *engine = run->engine;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < engine->count; i++) {
        status = build_one(run, i, err);
        if (status) {
            run->outcome->failed_step = engine->steps[i]->name;
            tell(engine, i, SBX_STEP_EVENT_FAILED);
        }
    }
    if (status)
        roll_back(run);
    return status;
}

static enum sbx_status run_begin(struct run *run, const struct sbx_engine *engine,
    struct sbx_engine_outcome *outcome, struct sbx_error *err)
{
    enum sbx_status status;

    memset(run, 0, sizeof(*run));
    memset(outcome, 0, sizeof(*outcome));
    sbx_error_init(&outcome->undo_error);
    run->engine = engine;
    run->outcome = outcome;
    if (!engine->count)
        return sbx_fail(err, SBX_INTERNAL, "the table of steps is empty");
    status = sbx_calloc(engine->count, sizeof(*run->states), &run->states, err);
    if (!status)
        status = sbx_calloc(engine->count, sizeof(*run->made), &run->made, err);
    return status;
}

static void run_done(struct run *run)
{
    free(run->states);
    free(run->made);
}

enum sbx_status sbx_engine_build(const struct sbx_engine *engine, const char *mode,
    struct sbx_engine_outcome *outcome, struct sbx_error *err)
{
    struct sbx_error unsaid;
    struct run run;
    enum sbx_status status = run_begin(&run, engine, outcome, err);
    size_t i;

    if (!status)
        status = examine_all(&run, true, err);
    if (!status && all_present(&run)) {
        for (i = 0; i < engine->count; i++)
            tell(engine, i, SBX_STEP_EVENT_SKIPPED);
    } else if (!status) {
        status = note(engine, SBX_JOURNAL_BEGIN, NULL, mode, err);
        if (!status) {
            status = build_all(&run, err);
            /* Every line that a later run needs is written: without this one it looks again. */
            sbx_error_init(&unsaid);
            (void)note(engine, SBX_JOURNAL_END, NULL, status ? "failed" : "ok", &unsaid);
        }
    }
    run_done(&run);
    return status;
}

/* --- removing --------------------------------------------------------------------------------- */

static enum sbx_status remove_all(struct run *run, struct sbx_error *err)
{
    const struct sbx_engine *engine = run->engine;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = engine->count; !status && i-- > 0;) {
        status = undo_one(run, i, err);
        if (status) {
            run->outcome->failed_step = engine->steps[i]->name;
            tell(engine, i, SBX_STEP_EVENT_FAILED);
        }
    }
    return status;
}

enum sbx_status sbx_engine_remove(
    const struct sbx_engine *engine, struct sbx_engine_outcome *outcome, struct sbx_error *err)
{
    struct sbx_error unsaid;
    struct run run;
    enum sbx_status status = run_begin(&run, engine, outcome, err);

    if (!status)
        status = note(engine, SBX_JOURNAL_BEGIN, NULL, "uninstall", err);
    if (!status) {
        status = remove_all(&run, err);
        sbx_error_init(&unsaid);
        (void)note(engine, SBX_JOURNAL_END, NULL, status ? "failed" : "ok", &unsaid);
    }
    run_done(&run);
    return status;
}

enum sbx_status sbx_engine_examine(const struct sbx_engine *engine, enum sbx_step_state *ret_states,
    struct sbx_engine_outcome *outcome, struct sbx_error *err)
{
    struct run run;
    enum sbx_status status = run_begin(&run, engine, outcome, err);

    if (!status)
        status = examine_all(&run, false, err);
    if (!status)
        memcpy(ret_states, run.states, engine->count * sizeof(*ret_states));
    run_done(&run);
    return status;
}
