/*
 * The engine of set-up on a machine made of numbers: every call of every step and every journal
 * line fails once, or is where the power goes, in every scenario; afterwards the machine is as it
 * was, or repair and uninstall make it so. The number of cases is printed.
 */
#include "tests/support/unit.h"
#include "setup/engine.h"
#include "setup/journal.h"

#include <stdio.h>

/* --- the machine ------------------------------------------------------------------------------ */

enum { NONE = 0, BROKEN = 1, OURS = 2, OURS_TWO = 3 /* with a second operator */, THEIRS = 9 };

#define STEPS 12
#define OBJECTS 3
#define JOURNAL_BYTES 24576u
#define LINES 240u

static const unsigned step_objects[STEPS] = {3, 2, 1, 2, 2, 1, 1, 3, 2, 2, 1, 1};
static const char *const step_names[STEPS] = {"folders", "programs", "group", "accounts", "rights",
    "hidden", "secrets", "fence", "firewall", "enable", "proof", "record"};
static const char *const object_names[OBJECTS] = {"first", "second", "third"};
#define GROUP 2u
#define SECRETS 6u
#define ENABLE 9u
#define PROOF 10u
#define RECORD 11u

/* A journal line without its text. */
struct line {
    uint8_t kind;
    const char *step;
    const char *object;
};

/*
 * Its journal is kept as lines and as text. Reading the text takes most of the time, so the large
 * enumerations use the lines alone (`by_text` false), and the others check that both say the same.
 */
struct machine {
    uint8_t object[STEPS][OBJECTS];
    struct line line[LINES];
    size_t lines;
    char journal[JOURNAL_BYTES];
    size_t journal_bytes;
};

static bool by_text;

/* What goes wrong, at the at-th call of anything. */
enum harm {
    NO_HARM,
    FAIL,       /* the call fails and did nothing */
    FAIL_AFTER, /* the call fails although it did its work */
    POWER,      /* the machine stops before the call; a journal line is torn */
    POWER_AFTER,
    JOURNAL_DEAD, /* from here on no journal line can be written */
    HARMS
};

struct world {
    struct machine m;
    struct sbx_journal_records records;
    size_t good_bytes;
    size_t good_lines;
    uint8_t wanted[STEPS]; /* value of every object of the step */
    size_t calls;
    size_t at;
    enum harm harm;
    bool struck;
    bool dead;
    bool unsafe;      /* the boundary was changed, or not there, while the gate was open */
    bool unannounced; /* a change without a line before it */
    unsigned told[5];
};

static struct world w;
static struct sbx_error err;

/* The next call: what happens to it. */
static enum harm next_call(void)
{
    if (w.dead)
        return POWER;
    if (w.calls++ != w.at)
        return NO_HARM;
    w.struck = true;
    if (w.harm == POWER || w.harm == POWER_AFTER)
        w.dead = true;
    return w.harm;
}

static enum sbx_status harmed(struct sbx_error *error)
{
    return sbx_fail(error, SBX_OS, "injected");
}

static bool is_boundary(unsigned step)
{
    return step == GROUP || step == 3 || step == 4 || step == 7;
}

static bool gate_open(void)
{
    return w.m.object[ENABLE][0] >= OURS || w.m.object[ENABLE][1] >= OURS;
}

static void check_safe(unsigned step, uint8_t value)
{
    unsigned s;
    unsigned k;

    if (is_boundary(step) && gate_open())
        w.unsafe = true;
    if (step != ENABLE || value < OURS)
        return;
    for (s = 0; s < ENABLE; s++)
        for (k = 0; is_boundary(s) && k < step_objects[s]; k++)
            w.unsafe |= w.m.object[s][k] < OURS;
}

/* The newest line that names a change names this step. (Undo goes on without a journal.) */
static void check_announced(unsigned step)
{
    size_t i = w.records.count;

    while (i > 0 && w.records.items[i - 1].kind != SBX_JOURNAL_APPLY &&
           w.records.items[i - 1].kind != SBX_JOURNAL_UNDO)
        i--;
    if (w.harm != FAIL && w.harm != FAIL_AFTER && w.harm != JOURNAL_DEAD &&
        (!i || strcmp(w.records.items[i - 1].step, step_names[step]) != 0))
        w.unannounced = true;
}

static enum sbx_status change(unsigned step, unsigned k, uint8_t value, struct sbx_error *error)
{
    enum harm harm = next_call();

    if (harm == NO_HARM || harm == FAIL_AFTER || (harm == POWER_AFTER && w.struck)) {
        check_safe(step, value);
        check_announced(step);
        w.m.object[step][k] = value;
    }
    if (harm == NO_HARM || harm == JOURNAL_DEAD)
        w.m.object[step][k] = value;
    return harm == NO_HARM || harm == JOURNAL_DEAD ? SBX_OK : harmed(error);
}

/* --- its journal ------------------------------------------------------------------------------ */

static void write_text(bool torn, enum sbx_journal_kind kind, const char *step, const char *object)
{
    struct sbx_buf line;
    size_t bytes;

    sbx_buf_init(&line, SBX_JOURNAL_LINE_MAX);
    ck_assert_sbx_ok(
        sbx_journal_format(w.records.count + 1, kind, step, object, &line, &err), &err);
    bytes = torn ? line.length_bytes / 2 : line.length_bytes;
    ck_assert_uint_lt(w.good_bytes + bytes, JOURNAL_BYTES);
    memcpy(w.m.journal + w.good_bytes, line.data, bytes);
    w.m.journal_bytes = w.good_bytes + bytes;
    sbx_buf_done(&line);
}

static enum sbx_status write_line(void *context, enum sbx_journal_kind kind, const char *step,
    const char *object, struct sbx_error *error)
{
    enum harm harm = next_call();

    (void)context;
    if (w.harm == JOURNAL_DEAD && w.struck)
        return harmed(error);
    if (harm == POWER && !(w.struck && w.calls == w.at + 1))
        return harmed(error); /* dead for a while */
    if (by_text)
        write_text(harm == FAIL || harm == POWER, kind, step, object);
    w.m.lines = w.good_lines;
    if (harm == FAIL || harm == POWER)
        return harmed(error);
    /* On the disk, whatever the caller was told: a line that was not confirmed is overwritten. */
    ck_assert_uint_lt(w.good_lines, LINES);
    w.m.line[w.good_lines] = (struct line){(uint8_t)kind, step, object};
    w.m.lines = w.good_lines + 1;
    if (harm != NO_HARM)
        return harmed(error);
    w.good_lines = w.m.lines;
    w.good_bytes = w.m.journal_bytes;
    return sbx_journal_add(&w.records, kind, step, object, error);
}

/* --- its steps -------------------------------------------------------------------------------- */

static unsigned current; /* set by `entering` */

static bool ours(unsigned step, unsigned k)
{
    return sbx_journal_intended(&w.records, step_names[step], object_names[k]);
}

static enum sbx_status step_examine(
    void *context, enum sbx_step_state *ret, struct sbx_error *error)
{
    unsigned there = 0;
    unsigned right = 0;
    unsigned k;

    (void)context;
    switch (next_call()) {
    case NO_HARM:
    case JOURNAL_DEAD:
        break;
    default:
        return harmed(error);
    }
    *ret = SBX_STEP_ABSENT;
    for (k = 0; k < step_objects[current]; k++) {
        uint8_t value = w.m.object[current][k];

        if (value && (value == THEIRS || !ours(current, k))) {
            *ret = SBX_STEP_FOREIGN;
            return SBX_OK;
        }
        there += value != NONE;
        right += value == w.wanted[current];
    }
    if (right == step_objects[current])
        *ret = SBX_STEP_PRESENT;
    else if (there)
        *ret = SBX_STEP_DIFFERENT;
    return SBX_OK;
}

static enum sbx_status step_apply(void *context, struct sbx_error *error)
{
    enum sbx_status status = SBX_OK;
    unsigned step = current;
    unsigned k;

    if (step == PROOF && !gate_open())
        return sbx_fail(error, SBX_INTERNAL, "nothing to prove");
    for (k = 0; !status && k < step_objects[step]; k++) {
        if (w.m.object[step][k] == w.wanted[step])
            continue;
        if (w.m.object[step][k] == NONE && !ours(step, k))
            status =
                write_line(context, SBX_JOURNAL_OBJECT, step_names[step], object_names[k], error);
        if (!status)
            status = change(step, k, w.wanted[step], error);
    }
    return status;
}

static enum sbx_status step_verify(void *context, struct sbx_error *error)
{
    enum sbx_step_state state = SBX_STEP_ABSENT;
    enum sbx_status status = step_examine(context, &state, error);

    if (!status && state != SBX_STEP_PRESENT)
        status = sbx_fail(error, SBX_UNPROVEN, "not there");
    return status;
}

static enum sbx_status step_undo(void *context, struct sbx_error *error)
{
    enum sbx_status status = SBX_OK;
    unsigned step = current;
    unsigned k;

    (void)context;
    for (k = step_objects[step]; !status && k-- > 0;) {
        if (w.m.object[step][k] && w.m.object[step][k] != THEIRS && ours(step, k))
            status = change(step, k, NONE, error);
    }
    return status;
}

static struct sbx_step steps[STEPS];
static const struct sbx_step *table[STEPS];

static void entering(void *context, const struct sbx_step *step)
{
    (void)context;
    current = (unsigned)(step - steps);
}

static void told(
    void *context, const struct sbx_step *step, size_t index, enum sbx_step_event event)
{
    (void)context;
    ck_assert_ptr_eq(step, table[index]);
    w.told[event]++;
}

static struct sbx_engine engine;

static void make_table(void)
{
    unsigned s;

    for (s = 0; s < STEPS; s++) {
        steps[s] = (struct sbx_step){.name = step_names[s],
            .why_safe = "it is a number",
            .examine = step_examine,
            .apply = step_apply,
            .verify = step_verify,
            .undo = step_undo,
            .flags = (is_boundary(s) || s == PROOF ? (unsigned)SBX_STEP_BOUNDARY : 0) |
                     (s == ENABLE ? (unsigned)SBX_STEP_GATE : 0)};
        table[s] = &steps[s];
    }
    engine = (struct sbx_engine){
        .steps = table, .count = STEPS, .journal = write_line, .entering = entering, .event = told};
}

/* --- runs ------------------------------------------------------------------------------------- */

enum verb { BUILD, REMOVE };

static void read_journal(void)
{
    size_t i;

    w.good_lines = w.m.lines;
    if (!by_text) {
        for (i = 0; i < w.m.lines; i++)
            ck_assert_sbx_ok(sbx_journal_add(&w.records, (enum sbx_journal_kind)w.m.line[i].kind,
                                 w.m.line[i].step, w.m.line[i].object, &err),
                &err);
        return;
    }
    ck_assert_sbx_ok(sbx_journal_read(w.m.journal, w.m.journal_bytes, &w.records, &err), &err);
    ck_assert_msg(!w.records.damaged || w.records.torn, "%s", w.records.why);
    ck_assert_uint_eq(w.records.count, w.m.lines);
    for (i = 0; i < w.m.lines; i++)
        ck_assert_int_eq(w.records.items[i].kind, w.m.line[i].kind);
    w.good_bytes = w.records.good_bytes;
}

/* Switch the machine on, run, switch it off. */
static enum sbx_status run(
    enum verb verb, enum harm harm, size_t at, struct sbx_engine_outcome *outcome)
{
    enum sbx_status status;

    sbx_error_init(&err);
    read_journal();
    w.calls = 0;
    w.at = harm == NO_HARM ? SIZE_MAX : at;
    w.harm = harm;
    w.struck = w.dead = w.unsafe = w.unannounced = false;
    memset(w.told, 0, sizeof(w.told));
    status = verb == BUILD ? sbx_engine_build(&engine, "install", outcome, &err)
                           : sbx_engine_remove(&engine, outcome, &err);
    sbx_journal_records_done(&w.records);
    return status;
}

static bool complete(void)
{
    unsigned s;
    unsigned k;

    for (s = 0; s < STEPS; s++)
        for (k = 0; k < step_objects[s]; k++)
            if (w.m.object[s][k] != w.wanted[s])
                return false;
    return true;
}

/* Nothing of ours; what is theirs is as in `before`. */
static bool empty(const struct machine *before)
{
    unsigned s;
    unsigned k;

    for (s = 0; s < STEPS; s++)
        for (k = 0; k < step_objects[s]; k++) {
            bool theirs = before->object[s][k] == THEIRS;

            if (w.m.object[s][k] != (theirs ? THEIRS : NONE))
                return false;
        }
    return true;
}

static void want(uint8_t value)
{
    unsigned s;

    for (s = 0; s < STEPS; s++)
        w.wanted[s] = s == SECRETS || s == RECORD ? value : (uint8_t)OURS;
}

static void new_machine(void)
{
    memset(&w, 0, sizeof(w));
    want(OURS);
}

static void installed_machine(void)
{
    struct sbx_engine_outcome outcome;

    new_machine();
    ck_assert_sbx_ok(run(BUILD, NO_HARM, 0, &outcome), &err);
    ck_assert(complete() && outcome.changed);
}

static void setup(void)
{
    by_text = true;
    make_table();
    new_machine();
}

/* --- plain runs ------------------------------------------------------------------------------- */

START_TEST(build__on_an_empty_machine__makes_everything)
{
    struct sbx_engine_outcome outcome;

    ck_assert_sbx_ok(run(BUILD, NO_HARM, 0, &outcome), &err);
    ck_assert(complete());
    ck_assert(outcome.changed && !outcome.failed_step);
    ck_assert_uint_eq(w.told[SBX_STEP_EVENT_DONE], STEPS);
    ck_assert(!w.unsafe);
}
END_TEST

START_TEST(build__a_second_time__writes_nothing)
{
    struct sbx_engine_outcome outcome;
    struct machine before;

    installed_machine();
    before = w.m;
    ck_assert_sbx_ok(run(BUILD, NO_HARM, 0, &outcome), &err);
    ck_assert(!outcome.changed);
    ck_assert_uint_eq(w.told[SBX_STEP_EVENT_SKIPPED], STEPS);
    ck_assert_mem_eq(&w.m, &before, sizeof(before));
}
END_TEST

START_TEST(build__second_operator__leaves_the_gate_alone)
{
    struct sbx_engine_outcome outcome;

    installed_machine();
    want(OURS_TWO);
    ck_assert_sbx_ok(run(BUILD, NO_HARM, 0, &outcome), &err);
    ck_assert(complete());
    ck_assert_uint_eq(w.told[SBX_STEP_EVENT_UNDONE], 0);
    ck_assert_uint_eq(w.told[SBX_STEP_EVENT_DONE], 2);
}
END_TEST

START_TEST(build__boundary_damaged__closes_the_gate_first)
{
    struct sbx_engine_outcome outcome;

    installed_machine();
    w.m.object[7][1] = NONE;
    ck_assert_sbx_ok(run(BUILD, NO_HARM, 0, &outcome), &err);
    ck_assert(complete());
    ck_assert(!w.unsafe);
    ck_assert_uint_eq(w.told[SBX_STEP_EVENT_UNDONE], 1);
}
END_TEST

static enum sbx_status no_proof(void *context, struct sbx_error *error)
{
    (void)context;
    return sbx_fail(error, SBX_UNPROVEN, "a packet went through");
}

START_TEST(build__proof_fails_on_an_old_installation__closes_the_gate)
{
    struct sbx_engine_outcome outcome;

    installed_machine();
    w.m.object[PROOF][0] = NONE; /* a new build of Windows: prove again */
    steps[PROOF].apply = no_proof;
    ck_assert_int_eq(run(BUILD, NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert_str_eq(outcome.failed_step, "proof");
    ck_assert(!gate_open());
    ck_assert(!outcome.undo_failed);
    ck_assert_uint_eq(w.m.object[7][0], OURS);
}
END_TEST

START_TEST(build__proof_fails_on_a_new_installation__leaves_nothing)
{
    struct sbx_engine_outcome outcome;
    struct machine before = w.m;

    steps[PROOF].apply = no_proof;
    ck_assert_int_eq(run(BUILD, NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert(empty(&before));
}
END_TEST

static enum sbx_status lie(void *context, struct sbx_error *error)
{
    (void)context;
    (void)error;
    return SBX_OK;
}

START_TEST(build__apply_lies__is_found_by_verify)
{
    struct sbx_engine_outcome outcome;
    struct machine before = w.m;

    steps[7].apply = lie;
    ck_assert_int_eq(run(BUILD, NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert_str_eq(outcome.failed_step, "fence");
    ck_assert(empty(&before));
}
END_TEST

START_TEST(remove__undo_lies__is_found_by_examine)
{
    struct sbx_engine_outcome outcome;

    installed_machine();
    steps[7].undo = lie;
    ck_assert_int_eq(run(REMOVE, NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert_str_eq(outcome.failed_step, "fence");
    ck_assert_uint_eq(w.m.object[6][0], OURS); /* nothing before it was touched */
    ck_assert(!gate_open());
}
END_TEST

START_TEST(build__something_foreign__changes_nothing)
{
    struct sbx_engine_outcome outcome;
    unsigned s;
    unsigned k;

    for (s = 0; s < STEPS; s++) {
        for (k = 0; k < step_objects[s]; k++) {
            struct machine before;

            new_machine();
            w.m.object[s][k] = THEIRS;
            before = w.m;
            ck_assert_int_eq(run(BUILD, NO_HARM, 0, &outcome), SBX_EXISTS);
            ck_assert_str_eq(outcome.failed_step, step_names[s]);
            ck_assert_mem_eq(&w.m, &before, sizeof(before));
        }
    }
}
END_TEST

/* A name of ours that the journal does not know is not adopted, whatever it looks like. */
START_TEST(build__unknown_to_the_journal__is_foreign)
{
    struct sbx_engine_outcome outcome;

    w.m.object[3][0] = OURS;
    ck_assert_int_eq(run(BUILD, NO_HARM, 0, &outcome), SBX_EXISTS);
    ck_assert_str_eq(outcome.failed_step, "accounts");
    ck_assert_uint_eq(w.m.journal_bytes, 0);
}
END_TEST

START_TEST(examine__any_machine__changes_nothing)
{
    enum sbx_step_state states[STEPS];
    struct sbx_engine_outcome outcome;

    installed_machine();
    w.m.object[7][1] = BROKEN;
    w.m.object[5][0] = NONE;
    read_journal();
    w.at = SIZE_MAX;
    ck_assert_sbx_ok(sbx_engine_examine(&engine, states, &outcome, &err), &err);
    sbx_journal_records_done(&w.records);
    ck_assert_int_eq(states[7], SBX_STEP_DIFFERENT);
    ck_assert_int_eq(states[5], SBX_STEP_ABSENT);
    ck_assert_int_eq(states[0], SBX_STEP_PRESENT);
    ck_assert(!outcome.changed);
}
END_TEST

/* --- everything that can go wrong ------------------------------------------------------------- */

struct scenario {
    struct machine start;
    uint8_t wanted;
    enum verb verb;
    bool keeps; /* whatever fails, nothing that was there goes away */
};

static size_t cases;

/* However it was left: repair completes it, uninstall removes it. */
static void check_recovery(const struct scenario *scenario, const char *where, size_t at)
{
    struct sbx_engine_outcome outcome;
    struct machine left = w.m;

    ck_assert_msg(run(BUILD, NO_HARM, 0, &outcome) == SBX_OK && complete() && !w.unsafe,
        "%s, call %zu: repair: %s", where, at, err.context);
    w.m = left;
    ck_assert_msg(
        run(REMOVE, NO_HARM, 0, &outcome) == SBX_OK && empty(&scenario->start) && !w.unsafe,
        "%s, call %zu: uninstall: %s", where, at, err.context);
    w.m = left;
}

static void check_kept(const char *where, size_t at)
{
    unsigned s;
    unsigned k;

    for (s = 0; s < STEPS; s++)
        for (k = 0; k < step_objects[s]; k++)
            ck_assert_msg(
                w.m.object[s][k] >= OURS, "%s, call %zu: %s is gone", where, at, step_names[s]);
}

/* One harm at every call until a run is over before it strikes. */
static void play(const struct scenario *scenario, const char *where, enum harm harm)
{
    struct sbx_engine_outcome outcome;
    bool from_nothing = true;
    size_t at;
    unsigned s;
    unsigned k;

    for (s = 0; s < STEPS; s++)
        for (k = 0; k < step_objects[s]; k++)
            from_nothing &= scenario->start.object[s][k] == NONE;
    for (at = 0;; at++) {
        enum sbx_status status;

        w.m = scenario->start;
        want(scenario->wanted);
        status = run(scenario->verb, harm, at, &outcome);
        if (!w.struck)
            break;
        cases++;
        ck_assert_msg(!w.unsafe, "%s, call %zu: the gate was open", where, at);
        ck_assert_msg(!w.unannounced, "%s, call %zu: not in the journal", where, at);
        if (scenario->keeps)
            check_kept(where, at);
        if (!status)
            ck_assert_msg(scenario->verb == BUILD ? complete() : empty(&scenario->start),
                "%s, call %zu: success, but it is not", where, at);
        else if (scenario->verb == BUILD && from_nothing && harm != POWER && harm != POWER_AFTER)
            ck_assert_msg(empty(&scenario->start) && !outcome.undo_failed,
                "%s, call %zu: not as it was before", where, at);
        check_recovery(scenario, where, at);
    }
    ck_assert_uint_gt(at, 10);
}

static void play_all(const struct scenario *scenario, const char *where)
{
    int harm;

    for (harm = FAIL; harm < HARMS; harm++)
        play(scenario, where, (enum harm)harm);
}

START_TEST(install__any_call_fails__machine_as_before_or_repairable)
{
    struct scenario scenario = {.wanted = OURS, .verb = BUILD};

    cases = 0;
    play_all(&scenario, "install");
    printf("engine: install: %zu injected failures and power losses\n", cases);
}
END_TEST

START_TEST(second_operator__any_call_fails__repairable)
{
    struct scenario scenario = {.wanted = OURS_TWO, .verb = BUILD, .keeps = true};

    cases = 0;
    installed_machine();
    scenario.start = w.m;
    play_all(&scenario, "second operator");
    printf("engine: second operator: %zu injected failures and power losses\n", cases);
}
END_TEST

START_TEST(repair__any_damage_and_any_call_fails__repairable)
{
    struct scenario scenario = {.wanted = OURS, .verb = BUILD};
    struct machine good;
    char where[64];
    unsigned s;
    unsigned k;
    uint8_t damage;

    cases = 0;
    by_text = false;
    installed_machine();
    good = w.m;
    for (s = 0; s < STEPS; s++) {
        for (k = 0; k < step_objects[s]; k++) {
            for (damage = NONE; damage <= BROKEN; damage++) {
                scenario.start = good;
                scenario.start.object[s][k] = damage;
                snprintf(where, sizeof(where), "repair of %s/%u/%u", step_names[s], k, damage);
                play_all(&scenario, where);
            }
        }
    }
    printf("engine: repair: %zu injected failures and power losses\n", cases);
}
END_TEST

START_TEST(uninstall__any_call_fails__repairable)
{
    struct scenario scenario = {.wanted = OURS, .verb = REMOVE};

    cases = 0;
    installed_machine();
    scenario.start = w.m;
    play_all(&scenario, "uninstall");
    scenario.start.object[7][1] = BROKEN;
    scenario.start.object[3][0] = NONE;
    play_all(&scenario, "uninstall of a damaged machine");
    printf("engine: uninstall: %zu injected failures and power losses\n", cases);
}
END_TEST

/* The power goes, and goes again while the damage is mended. */
static void play_twice(enum verb first, enum verb second, const struct machine *start)
{
    const struct scenario scenario = {.start = *start, .wanted = OURS, .verb = first};
    struct sbx_engine_outcome outcome;
    size_t a;
    size_t b;

    for (a = 0;; a++) {
        struct machine left;

        w.m = *start;
        (void)!run(first, POWER, a, &outcome);
        if (!w.struck)
            return;
        left = w.m;
        for (b = 0;; b += 3) {
            w.m = left;
            (void)!run(second, (a + b) % 2 ? POWER : POWER_AFTER, b, &outcome);
            if (!w.struck)
                break;
            cases++;
            ck_assert(!w.unsafe);
            check_recovery(&scenario, "twice", a * 1000 + b);
        }
    }
}

START_TEST(power__lost_twice__repairable)
{
    struct machine nothing;
    struct machine good;

    cases = 0;
    by_text = false;
    nothing = w.m;
    installed_machine();
    good = w.m;
    play_twice(BUILD, BUILD, &nothing);
    play_twice(BUILD, REMOVE, &nothing);
    play_twice(REMOVE, BUILD, &good);
    play_twice(REMOVE, REMOVE, &good);
    printf("engine: twice: %zu pairs of power losses\n", cases);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, build__on_an_empty_machine__makes_everything);
    tcase_add_test(tcase, build__a_second_time__writes_nothing);
    tcase_add_test(tcase, build__second_operator__leaves_the_gate_alone);
    tcase_add_test(tcase, build__boundary_damaged__closes_the_gate_first);
    tcase_add_test(tcase, build__proof_fails_on_an_old_installation__closes_the_gate);
    tcase_add_test(tcase, build__proof_fails_on_a_new_installation__leaves_nothing);
    tcase_add_test(tcase, build__apply_lies__is_found_by_verify);
    tcase_add_test(tcase, remove__undo_lies__is_found_by_examine);
    tcase_add_test(tcase, build__something_foreign__changes_nothing);
    tcase_add_test(tcase, build__unknown_to_the_journal__is_foreign);
    tcase_add_test(tcase, examine__any_machine__changes_nothing);
    tcase_add_test(tcase, install__any_call_fails__machine_as_before_or_repairable);
    tcase_add_test(tcase, second_operator__any_call_fails__repairable);
    tcase_add_test(tcase, repair__any_damage_and_any_call_fails__repairable);
    tcase_add_test(tcase, uninstall__any_call_fails__repairable);
    tcase_add_test(tcase, power__lost_twice__repairable);
}

UNIT_MAIN("engine", add_tests)
