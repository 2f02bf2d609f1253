/*
 * The engine of set-up: a table of steps, applied in order, undone in reverse, with a journal line
 * flushed to the disk before each change. Pure: what a step does is behind its four functions, and
 * where the journal lies behind one, so every failure and every power loss can be played through
 * natively (tests/unit/test_engine.c).
 *
 * MUSTs of engine.c:
 *  1. Everything is examined before anything is changed. A FOREIGN object or a failed examination
 *     ends the run with the machine untouched.
 *  2. Nothing is applied before its journal line is on the disk. (An undo is tried even when its
 *     line cannot be written: a full disk must not keep half an installation alive, and what the
 *     journal then still names as ours is gone.)
 *  3. What apply says is not believed: verify reads back, and after an undo examine must say
 * ABSENT.
 *  4. Steps are applied in the order of the table and undone in reverse, and an undo that fails
 *     ends the undoing: so whatever is left is a front part of the table, and the table is in such
 *     an order that every front part of it is safe (the fence before the accounts are enabled).
 *  5. A gate is not open while a boundary step before it is being changed: it is undone first. And
 *     it is undone when a boundary step that was not PRESENT fails, whoever opened it. (A step that
 * could not even be examined was not changed either: a busy service does not lock everybody out.)
 *  6. A run that finds everything PRESENT writes nothing, not even to the journal.
 *
 * A failed run undoes what it has itself made of nothing (state ABSENT). A step that was DIFFERENT
 * keeps what was repaired of it: going back would mean to damage it again; `repair` ends the work.
 */
#ifndef SBX_SETUP_ENGINE_H
#define SBX_SETUP_ENGINE_H

#include "shared/core/base.h"
#include "shared/core/error.h"

enum sbx_step_state {
    SBX_STEP_ABSENT = 1, /* nothing of it is there */
    SBX_STEP_PRESENT,    /* exactly as it should be */
    SBX_STEP_DIFFERENT,  /* ours and there, but in part or not as it should be: apply mends it */
    SBX_STEP_FOREIGN     /* the name is taken by something that setup did not make */
};

enum sbx_step_flag {
    /* What an enabled sandbox account needs around it: group, accounts, rights, fence, proof. */
    SBX_STEP_BOUNDARY = 1 << 0,
    /* What opens it: the accounts are enabled. See MUST 5. */
    SBX_STEP_GATE = 1 << 1
};

/*
 * One step. `context` is the engine's; in sandbox-setup it is a struct sbx_setup (context.h).
 * All four may be called several times in a run; each must cope with a machine on which the power
 * failed in the middle of any other.
 */
struct sbx_step {
    const char *name;     /* "group", "accounts", ...: also the journal's and the events' name */
    const char *why_safe; /* printed by `sandbox-setup steps`; read by the auditor */
    /**
     * Say what is there. Reads only. When something of an earlier step is missing that this one
     * needs, the answer is ABSENT, not a failure.
     */
    enum sbx_status (*examine)(void *context, enum sbx_step_state *ret, struct sbx_error *err);
    /** ABSENT or DIFFERENT -> PRESENT. After a failure anything in between may be there. */
    enum sbx_status (*apply)(void *context, struct sbx_error *err);
    /** Read back, with code of its own and not by apply's word. SBX_UNPROVEN says what is wrong. */
    enum sbx_status (*verify)(void *context, struct sbx_error *err);
    /** Remove what is ours, from any state; absent is SBX_OK. Never touches what is FOREIGN. */
    enum sbx_status (*undo)(void *context, struct sbx_error *err);
    unsigned flags; /* SBX_STEP_*; 0 when left out of an initialiser */
};

/* What a journal line says. Words of the file: see journal.h. */
enum sbx_journal_kind {
    SBX_JOURNAL_BEGIN = 1, /* a run that will change something; object = its mode */
    SBX_JOURNAL_APPLY,     /* the step is about to be applied */
    SBX_JOURNAL_OBJECT,    /* within a step: this object, absent now, is about to be made */
    SBX_JOURNAL_DONE,      /* the step was verified */
    SBX_JOURNAL_UNDO,      /* the step is about to be undone */
    SBX_JOURNAL_UNDONE,    /* nothing of the step is left; its objects are nobody's again */
    SBX_JOURNAL_END        /* the run is over; object = "ok" or "failed" */
};

enum sbx_step_event {
    SBX_STEP_EVENT_DONE = 1, /* applied and verified */
    SBX_STEP_EVENT_SKIPPED,  /* there was nothing to do */
    SBX_STEP_EVENT_UNDONE,
    SBX_STEP_EVENT_FAILED
};

struct sbx_engine {
    const struct sbx_step *const *steps; /* borrowed; in the order in which they are applied */
    size_t count;
    void *context; /* given to steps and to the two functions below */
    /** Append one line and flush it: SBX_OK only when it is on the disk. `object` may be NULL. */
    enum sbx_status (*journal)(void *context, enum sbx_journal_kind kind, const char *step,
        const char *object, struct sbx_error *err);
    /** May be NULL. Called before each call of a step, so that failures can be given a place. */
    void (*entering)(void *context, const struct sbx_step *step);
    /** May be NULL. */
    void (*event)(
        void *context, const struct sbx_step *step, size_t index, enum sbx_step_event event);
};

/* What a run did. Start with {0}. */
struct sbx_engine_outcome {
    bool changed;            /* something was applied or undone (and maybe undone again) */
    const char *failed_step; /* borrowed from the table; NULL: none, or the journal itself */
    bool undo_failed;        /* after a failure not all could be undone; `undo_error` says why */
    const char *undo_step;   /* at which the undoing stopped */
    struct sbx_error undo_error;
};

/**
 * Examine all; apply what is ABSENT or DIFFERENT; verify. On failure undo in reverse what this run
 * made of nothing. Serves install and repair.
 * @param mode word for the journal ("install")
 * @param outcome always filled
 * @return the failure of the first step that failed (after undoing); SBX_EXISTS for a FOREIGN
 *         object (nothing was changed)
 */
SBX_MUST_CHECK enum sbx_status sbx_engine_build(const struct sbx_engine *engine, const char *mode,
    struct sbx_engine_outcome *outcome, struct sbx_error *err);

/**
 * Undo every step in reverse, whoever applied it, and prove by examine that it is gone.
 * FOREIGN counts as gone: it is not ours. Stops at the first failure (MUST 4).
 * Steps that examine says are ABSENT are undone all the same: undo may know of more than examine.
 */
SBX_MUST_CHECK enum sbx_status sbx_engine_remove(
    const struct sbx_engine *engine, struct sbx_engine_outcome *outcome, struct sbx_error *err);

/**
 * Examine only.
 * @param ret_states array of engine->count
 */
SBX_MUST_CHECK enum sbx_status sbx_engine_examine(const struct sbx_engine *engine,
    enum sbx_step_state *ret_states, struct sbx_engine_outcome *outcome, struct sbx_error *err);

/** "absent", "present", "different", "foreign"; "unknown" for anything else. */
const char *sbx_step_state_name(enum sbx_step_state state);

/** "done", "skipped", "undone", "failed". */
const char *sbx_step_event_name(enum sbx_step_event event);

#endif
