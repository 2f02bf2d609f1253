/* See run.h. */
#include "run.h"

#include <stdio.h>

#include "eventrecord.h"
#include "journalfile.h"
#include "operator.h"
#include "ownerfix.h"
#include "place.h"
#include "prepare.h"
#include "strays.h"
#include "table.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/wow64.h"

/* --- the engine's callbacks ------------------------------------------------------------------- */

struct run {
    struct sbx_setup *setup;
    struct sbx_engine engine;
    struct sbx_engine_outcome outcome;
    char failed_object[SBX_SETUP_OBJECT_MAX];
};

/* The engine knows one context; the steps' is the setup, and there is one run in a process. */
static struct run *running;

static void entering(void *context, const struct sbx_step *step)
{
    struct sbx_setup *setup = context;

    (void)step;
    setup->object[0] = '\0';
}

static void on_event(
    void *context, const struct sbx_step *step, size_t index, enum sbx_step_event event)
{
    struct sbx_setup *setup = context;
    char name[SBX_SETUP_OBJECT_MAX];
    struct sbx_setup_event out = {.kind = SBX_SETUP_EVENT_STEP,
        .name = name,
        .index = (uint32_t)index,
        .count = (uint32_t)sbx_setup_step_count,
        .state = (enum sbx_setup_step_state)event};

    snprintf(name, sizeof(name), "%s", step->name);
    if (event == SBX_STEP_EVENT_FAILED && running)
        memcpy(running->failed_object, setup->object, sizeof(running->failed_object));
    if (setup->sink)
        setup->sink(setup->sink_context, &out);
}

/* A build says what it wants, so that a repair without the record wants the same. */
static enum sbx_status journal(void *context, enum sbx_journal_kind kind, const char *step,
    const char *object, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = sbx_setup_journal_line(setup, kind, step, object, err);

    if (!status && kind == SBX_JOURNAL_BEGIN && setup->request.mode != SBX_SETUP_UNINSTALL)
        status = sbx_setup_keep_settings(setup, err);
    return status;
}

static void begin(struct run *run, struct sbx_setup *setup)
{
    memset(run, 0, sizeof(*run));
    run->setup = setup;
    run->engine = (struct sbx_engine){.steps = sbx_setup_steps,
        .count = sbx_setup_step_count,
        .context = setup,
        .journal = journal,
        .entering = entering,
        .event = on_event};
    running = run;
}

/* --- install, repair, rotate ------------------------------------------------------------------ */

/* After a failed first installation nothing is left: then no journal either. */
static void forget_if_nothing_left(struct run *run)
{
    struct sbx_setup *setup = run->setup;
    struct sbx_error unsaid;
    bool left = false;

    sbx_error_init(&unsaid);
    if (run->outcome.undo_failed || setup->has_found ||
        sbx_journal_has_objects(&setup->journal->records))
        return;
    (void)!sbx_setup_journal_remove(setup, &left, &unsaid);
}

/* A build is none the worse for a file that means nothing: what cannot be removed is said. */
static void tidy(struct run *run)
{
    struct sbx_error why;
    size_t removed = 0;

    sbx_error_init(&why);
    if (sbx_setup_remove_strays(run->setup, &removed, &why))
        sbx_setup_note(
            run->setup, "temporary files of an earlier set-up stay: %.600s", why.context);
    run->outcome.changed = run->outcome.changed || removed > 0;
}

static void tell_undo(struct run *run)
{
    if (!run->outcome.undo_failed)
        return;
    sbx_setup_note(run->setup,
        "undoing stopped at step '%s': %.600s; run: agent repair, or agent uninstall",
        run->outcome.undo_step, run->outcome.undo_error.context);
}

static enum sbx_status check_installed(const struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (setup->request.mode == SBX_SETUP_INSTALL || setup->has_found)
        return SBX_OK;
    if (setup->request.mode == SBX_SETUP_REPAIR &&
        sbx_journal_has_objects(&setup->journal->records))
        return SBX_OK;
    status = sbx_fail(err, SBX_NOT_SETUP, "nothing is installed on this machine");
    sbx_error_hint(err, "run: agent setup");
    return status;
}

static enum sbx_status build(struct run *run, struct sbx_error *err)
{
    struct sbx_setup *setup = run->setup;
    enum sbx_status status;

    setup->rotate = setup->request.mode == SBX_SETUP_ROTATE;
    /* Repair adds nobody, unless nothing says any more who the operators are. */
    if (setup->request.mode != SBX_SETUP_INSTALL &&
        (setup->has_found || sbx_setup_journal_has_operators(setup)))
        setup->has_operator = false;
    status = check_installed(setup, err);
    if (!status && setup->has_operator)
        status = sbx_setup_check_operator(setup, &setup->operator_sid, err);
    if (!status)
        status = sbx_setup_want(setup, err);
    if (!status) {
        status = sbx_engine_build(
            &run->engine, sbx_setup_mode_name(setup->request.mode), &run->outcome, err);
        tidy(run);
    }
    if (status)
        forget_if_nothing_left(run);
    tell_undo(run);
    return status;
}

/* --- uninstall -------------------------------------------------------------------------------- */

/* A grant ledger lies in its operator's profile and is worked off as that operator. */
static void tell_operators(struct sbx_setup *setup)
{
    char requester[SBX_SID_TEXT_SIZE] = "";
    size_t i;

    if (setup->has_operator)
        sbx_sid_format(&setup->operator_sid, requester);
    for (i = 0; i < setup->found.operators.count; i++) {
        if (strcmp(setup->found.operators.items[i], requester) != 0)
            sbx_setup_note(setup,
                "operator %s: entries on that user's folders are removed by the user: agent revoke "
                "--all",
                setup->found.operators.items[i]);
    }
}

static enum sbx_status refuse_installed_copy(const struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (!sbx_winpath_equal(setup->source_folder, setup->program_folder))
        return SBX_OK;
    status = sbx_fail(err, SBX_DENIED, "the installed copy cannot remove itself");
    sbx_error_hint(err, "run: agent uninstall, from the folder that agent.exe lies in");
    return status;
}

/* Nothing to see and no journal: uninstalling nothing must not even make a journal. */
static enum sbx_status is_clean(struct run *run, bool *ret_clean, struct sbx_error *err)
{
    enum sbx_step_state states[16];
    enum sbx_status status = SBX_OK;
    size_t i;

    *ret_clean = false;
    if (run->setup->journal->file || run->setup->has_found)
        return SBX_OK;
    if (sbx_setup_step_count > countof(states))
        return sbx_fail(err, SBX_INTERNAL, "too many steps");
    status = sbx_engine_examine(&run->engine, states, &run->outcome, err);
    for (i = 0; !status && i < sbx_setup_step_count; i++) {
        if (states[i] != SBX_STEP_ABSENT && states[i] != SBX_STEP_FOREIGN)
            return SBX_OK;
    }
    *ret_clean = !status;
    return status;
}

static enum sbx_status uninstall(struct run *run, struct sbx_error *err)
{
    struct sbx_setup *setup = run->setup;
    bool clean = false;
    bool left = false;
    enum sbx_status status = refuse_installed_copy(setup, err);

    if (!status)
        status = sbx_setup_want(setup, err);
    if (!status)
        status = is_clean(run, &clean, err);
    if (!status && !clean) {
        tell_operators(setup);
        sbx_setup_event_begins(setup);
        status = sbx_engine_remove(&run->engine, &run->outcome, err);
    }
    if (!status)
        status = sbx_setup_remove_folder(setup, &run->outcome.changed, &left, err);
    if (!status && left && !clean)
        sbx_setup_note(
            setup, "'%s' stays: it holds files that set-up did not make", setup->program_folder);
    return status;
}

/* --- verify ----------------------------------------------------------------------------------- */

/* The folders themselves, beyond what the steps say. */
static enum sbx_status look_for_folders(
    struct sbx_setup *setup, size_t *left, struct sbx_error *err)
{
    static const enum sbx_setup_folder tops[] = {SBX_FOLDER_PROGRAM, SBX_FOLDER_DATA};
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(tops); i++) {
        enum sbx_place_state state = SBX_PLACE_ABSENT;
        HANDLE folder = NULL;
        HANDLE file = NULL;

        status = sbx_place_look(setup, tops[i], &state, NULL, err);
        if (status || state != SBX_PLACE_FOLDER)
            continue;
        /* An administrator's policy keeps its folder; a journal is ours. */
        status = sbx_place_open(setup, tops[i], FILE_TRAVERSE, &folder, err);
        if (!status && tops[i] == SBX_FOLDER_PROGRAM &&
            !sbx_file_open_at(folder, "policy.json", &how, &file, NULL)) {
            sbx_handle_close(&file);
            if (sbx_file_open_at(folder, SBX_JOURNAL_NAME, &how, &file, NULL)) {
                sbx_setup_note(setup, "'%s' holds a machine policy, which set-up did not make",
                    sbx_setup_folder_path(setup, tops[i]));
                sbx_handle_close(&folder);
                continue;
            }
        }
        sbx_handle_close(&file);
        sbx_handle_close(&folder);
        (*left)++;
        sbx_setup_note(setup, "left: folder '%s'", sbx_setup_folder_path(setup, tops[i]));
    }
    return status;
}

/* A step that cannot be examined is not proved to be gone. */
static enum sbx_status verify_uninstalled(struct run *run, struct sbx_error *err)
{
    struct sbx_setup *setup = run->setup;
    size_t left = 0;
    enum sbx_status status = sbx_setup_want(setup, err);
    size_t i;

    for (i = 0; !status && i < sbx_setup_step_count; i++) {
        const struct sbx_step *step = sbx_setup_steps[i];
        enum sbx_step_state state = SBX_STEP_PRESENT;
        struct sbx_error why;

        sbx_error_init(&why);
        entering(setup, step);
        if (step->examine(setup, &state, &why)) {
            left++;
            sbx_setup_note(setup, "cannot tell: step '%s': %.600s", step->name, why.context);
        } else if (state != SBX_STEP_ABSENT) {
            left++;
            sbx_setup_note(setup, "left: step '%s' is %s%s%s", step->name,
                sbx_step_state_name(state), setup->object[0] ? ": " : "", setup->object);
        }
    }
    if (!status)
        status = look_for_folders(setup, &left, err);
    setup->object[0] = '\0';
    if (!status && left) {
        status = sbx_fail(err, SBX_EXISTS, "%zu things of an installation are left", left);
        sbx_error_hint(err, "run: agent uninstall");
    }
    return status;
}

/* --- all -------------------------------------------------------------------------------------- */

static bool changes_machine(enum sbx_setup_mode mode)
{
    return mode != SBX_SETUP_STATUS && mode != SBX_SETUP_VERIFY_UNINSTALLED;
}

static enum sbx_status list_states(struct run *run, struct sbx_error *err)
{
    struct sbx_setup *setup = run->setup;
    enum sbx_status status = sbx_setup_want(setup, err);
    size_t i;

    for (i = 0; !status && i < sbx_setup_step_count; i++) {
        enum sbx_step_state state = 0;
        struct sbx_error why;

        sbx_error_init(&why);
        if (sbx_setup_steps[i]->examine(setup, &state, &why))
            sbx_setup_note(setup, "%s: unknown: %.600s", sbx_setup_steps[i]->name, why.context);
        else
            sbx_setup_note(setup, "%s: %s", sbx_setup_steps[i]->name, sbx_step_state_name(state));
    }
    return status;
}

/* What such a build made, either build takes away again. */
static bool builds(enum sbx_setup_mode mode)
{
    return mode == SBX_SETUP_INSTALL || mode == SBX_SETUP_REPAIR || mode == SBX_SETUP_ROTATE;
}

static enum sbx_status dispatch(struct run *run, struct sbx_error *err)
{
    struct sbx_setup *setup = run->setup;
    enum sbx_status status = sbx_setup_request_check(&setup->request, err);

    if (!status && builds(setup->request.mode))
        status = sbx_wow64_may_set_up(err);
    if (!status && changes_machine(setup->request.mode))
        status = sbx_setup_check_administrator(err);
    if (!status)
        status = sbx_setup_prepare(setup, changes_machine(setup->request.mode), err);
    if (status)
        return status;
    switch (setup->request.mode) {
    case SBX_SETUP_INSTALL:
    case SBX_SETUP_REPAIR:
    case SBX_SETUP_ROTATE:
        return build(run, err);
    case SBX_SETUP_UNINSTALL:
        return uninstall(run, err);
    case SBX_SETUP_REPAIR_OWNER:
        return sbx_ownerfix_run(setup, &run->outcome.changed, err);
    case SBX_SETUP_VERIFY_UNINSTALLED:
        return verify_uninstalled(run, err);
    default:
        return list_states(run, err);
    }
}

void sbx_setup_run(struct sbx_setup *setup, struct sbx_setup_event *ret_result)
{
    struct run run;
    enum sbx_status status;

    begin(&run, setup);
    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->kind = SBX_SETUP_EVENT_RESULT;
    sbx_error_init(&ret_result->error);
    status = dispatch(&run, &ret_result->error);
    ret_result->ok = status == SBX_OK;
    ret_result->changed = run.outcome.changed;
    if (status) {
        if (!ret_result->error.status)
            sbx_fail(&ret_result->error, status, "no reason was given");
        /* Without memory for them the fields stay empty; the error itself is a struct. */
        (void)!sbx_setup_set(
            &ret_result->failed_step, run.outcome.failed_step ? run.outcome.failed_step : "", NULL);
        (void)!sbx_setup_set(
            &ret_result->object, run.failed_object[0] ? run.failed_object : setup->object, NULL);
    }
    if (changes_machine(setup->request.mode))
        sbx_setup_event_ends(setup, ret_result);
    ret_result->notes = setup->notes;
    memset(&setup->notes, 0, sizeof(setup->notes));
    running = NULL;
}
