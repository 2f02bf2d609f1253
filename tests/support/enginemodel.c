/* See enginemodel.h. */
#include "enginemodel.h"

#include "unit.h"

const unsigned em_step_objects[EM_STEPS] = {3, 3, 1, 1, 2, 2, 1, 1, 3, 2, 2, 1, 1};
const char *const em_step_names[EM_STEPS] = {"folders", "programs", "eventlog", "group", "accounts",
    "rights", "hidden", "secrets", "fence", "firewall", "enable", "proof", "record"};
static const char *const em_object_names[EM_OBJECTS] = {"first", "second", "third"};
bool em_by_text;

struct em_world em_w;
struct sbx_error em_err;

/* The next call: what happens to it. */
static enum em_harm next_call(void)
{
    if (em_w.dead)
        return EM_POWER;
    if (em_w.calls++ != em_w.at)
        return EM_NO_HARM;
    em_w.struck = true;
    if (em_w.harm == EM_POWER || em_w.harm == EM_POWER_AFTER)
        em_w.dead = true;
    return em_w.harm;
}

static enum sbx_status harmed(struct sbx_error *error)
{
    return sbx_fail(error, SBX_OS, "injected");
}

static bool is_boundary(unsigned step)
{
    return step == EM_GROUP || step == EM_ACCOUNTS || step == EM_RIGHTS || step == EM_FENCE;
}

bool em_gate_open(void)
{
    return em_w.m.object[EM_ENABLE][0] >= EM_OURS || em_w.m.object[EM_ENABLE][1] >= EM_OURS;
}

static void check_safe(unsigned step, uint8_t value)
{
    unsigned s;
    unsigned k;

    if (is_boundary(step) && em_gate_open())
        em_w.unsafe = true;
    if (step != EM_ENABLE || value < EM_OURS)
        return;
    for (s = 0; s < EM_ENABLE; s++)
        for (k = 0; is_boundary(s) && k < em_step_objects[s]; k++)
            em_w.unsafe |= em_w.m.object[s][k] < EM_OURS;
}

/* The newest line that names a change names this step. (Undo goes on without a journal.) */
static void check_announced(unsigned step)
{
    size_t i = em_w.records.count;

    while (i > 0 && em_w.records.items[i - 1].kind != SBX_JOURNAL_APPLY &&
           em_w.records.items[i - 1].kind != SBX_JOURNAL_UNDO)
        i--;
    if (em_w.harm != EM_FAIL && em_w.harm != EM_FAIL_AFTER && em_w.harm != EM_JOURNAL_DEAD &&
        (!i || strcmp(em_w.records.items[i - 1].step, em_step_names[step]) != 0))
        em_w.unannounced = true;
}

static enum sbx_status change(unsigned step, unsigned k, uint8_t value, struct sbx_error *error)
{
    enum em_harm harm = next_call();

    if (harm == EM_NO_HARM || harm == EM_FAIL_AFTER || (harm == EM_POWER_AFTER && em_w.struck)) {
        check_safe(step, value);
        check_announced(step);
        em_w.m.object[step][k] = value;
    }
    if (harm == EM_NO_HARM || harm == EM_JOURNAL_DEAD)
        em_w.m.object[step][k] = value;
    return harm == EM_NO_HARM || harm == EM_JOURNAL_DEAD ? SBX_OK : harmed(error);
}

/* --- its journal ------------------------------------------------------------------------------ */

static void write_text(bool torn, enum sbx_journal_kind kind, const char *step, const char *object)
{
    struct sbx_buf line;
    size_t bytes;

    sbx_buf_init(&line, SBX_JOURNAL_LINE_MAX);
    ck_assert_sbx_ok(
        sbx_journal_format(em_w.records.count + 1, kind, step, object, &line, &em_err), &em_err);
    bytes = torn ? line.length_bytes / 2 : line.length_bytes;
    ck_assert_uint_lt(em_w.good_bytes + bytes, EM_JOURNAL_BYTES);
    memcpy(em_w.m.journal + em_w.good_bytes, line.data, bytes);
    em_w.m.journal_bytes = em_w.good_bytes + bytes;
    sbx_buf_done(&line);
}

static enum sbx_status write_line(void *context, enum sbx_journal_kind kind, const char *step,
    const char *object, struct sbx_error *error)
{
    enum em_harm harm = next_call();

    (void)context;
    if (em_w.harm == EM_JOURNAL_DEAD && em_w.struck)
        return harmed(error);
    if (harm == EM_POWER && !(em_w.struck && em_w.calls == em_w.at + 1))
        return harmed(error); /* dead for a while */
    if (em_by_text)
        write_text(harm == EM_FAIL || harm == EM_POWER, kind, step, object);
    em_w.m.lines = em_w.good_lines;
    if (harm == EM_FAIL || harm == EM_POWER)
        return harmed(error);
    /* On the disk, whatever the caller was told: a line that was not confirmed is overwritten. */
    ck_assert_uint_lt(em_w.good_lines, EM_LINES);
    em_w.m.line[em_w.good_lines] = (struct em_line){(uint8_t)kind, step, object};
    em_w.m.lines = em_w.good_lines + 1;
    if (harm != EM_NO_HARM)
        return harmed(error);
    em_w.good_lines = em_w.m.lines;
    em_w.good_bytes = em_w.m.journal_bytes;
    return sbx_journal_add(&em_w.records, kind, step, object, error);
}

/* --- its steps -------------------------------------------------------------------------------- */

static unsigned current; /* set by `entering` */

static bool ours(unsigned step, unsigned k)
{
    return sbx_journal_intended(&em_w.records, em_step_names[step], em_object_names[k]);
}

static enum sbx_status step_examine(
    void *context, enum sbx_step_state *ret, struct sbx_error *error)
{
    unsigned there = 0;
    unsigned right = 0;
    unsigned k;

    (void)context;
    switch (next_call()) {
    case EM_NO_HARM:
    case EM_JOURNAL_DEAD:
        break;
    default:
        return harmed(error);
    }
    *ret = SBX_STEP_ABSENT;
    for (k = 0; k < em_step_objects[current]; k++) {
        uint8_t value = em_w.m.object[current][k];

        if (value && (value == EM_THEIRS || !ours(current, k))) {
            *ret = SBX_STEP_FOREIGN;
            return SBX_OK;
        }
        there += value != EM_NONE;
        right += value == em_w.wanted[current];
    }
    if (right == em_step_objects[current])
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

    if (step == EM_PROOF && !em_gate_open())
        return sbx_fail(error, SBX_INTERNAL, "nothing to prove");
    for (k = 0; !status && k < em_step_objects[step]; k++) {
        if (em_w.m.object[step][k] == em_w.wanted[step])
            continue;
        if (em_w.m.object[step][k] == EM_NONE && !ours(step, k))
            status = write_line(
                context, SBX_JOURNAL_OBJECT, em_step_names[step], em_object_names[k], error);
        if (!status)
            status = change(step, k, em_w.wanted[step], error);
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
    for (k = em_step_objects[step]; !status && k-- > 0;) {
        if (em_w.m.object[step][k] && em_w.m.object[step][k] != EM_THEIRS && ours(step, k))
            status = change(step, k, EM_NONE, error);
    }
    return status;
}

struct sbx_step em_steps[EM_STEPS];
static const struct sbx_step *table[EM_STEPS];

static void entering(void *context, const struct sbx_step *step)
{
    (void)context;
    current = (unsigned)(step - em_steps);
}

static void told(
    void *context, const struct sbx_step *step, size_t index, enum sbx_step_event event)
{
    (void)context;
    ck_assert_ptr_eq(step, table[index]);
    em_w.told[event]++;
}

struct sbx_engine em_engine;

static void make_table(void)
{
    unsigned s;

    for (s = 0; s < EM_STEPS; s++) {
        em_steps[s] = (struct sbx_step){.name = em_step_names[s],
            .why_safe = "it is a number",
            .examine = step_examine,
            .apply = step_apply,
            .verify = step_verify,
            .undo = step_undo,
            .flags = (is_boundary(s) || s == EM_PROOF ? (unsigned)SBX_STEP_BOUNDARY : 0) |
                     (s == EM_ENABLE ? (unsigned)SBX_STEP_GATE : 0)};
        table[s] = &em_steps[s];
    }
    em_engine = (struct sbx_engine){.steps = table,
        .count = EM_STEPS,
        .journal = write_line,
        .entering = entering,
        .event = told};
}

/* --- runs ------------------------------------------------------------------------------------- */

void em_read_journal(void)
{
    size_t i;

    em_w.good_lines = em_w.m.lines;
    if (!em_by_text) {
        for (i = 0; i < em_w.m.lines; i++)
            ck_assert_sbx_ok(
                sbx_journal_add(&em_w.records, (enum sbx_journal_kind)em_w.m.line[i].kind,
                    em_w.m.line[i].step, em_w.m.line[i].object, &em_err),
                &em_err);
        return;
    }
    ck_assert_sbx_ok(
        sbx_journal_read(em_w.m.journal, em_w.m.journal_bytes, &em_w.records, &em_err), &em_err);
    ck_assert_msg(!em_w.records.damaged || em_w.records.torn, "%s", em_w.records.why);
    ck_assert_uint_eq(em_w.records.count, em_w.m.lines);
    for (i = 0; i < em_w.m.lines; i++)
        ck_assert_int_eq(em_w.records.items[i].kind, em_w.m.line[i].kind);
    em_w.good_bytes = em_w.records.good_bytes;
}

enum sbx_status em_run(
    enum em_verb verb, enum em_harm harm, size_t at, struct sbx_engine_outcome *outcome)
{
    enum sbx_status status;

    sbx_error_init(&em_err);
    em_read_journal();
    em_w.calls = 0;
    em_w.at = harm == EM_NO_HARM ? SIZE_MAX : at;
    em_w.harm = harm;
    em_w.struck = em_w.dead = em_w.unsafe = em_w.unannounced = false;
    memset(em_w.told, 0, sizeof(em_w.told));
    status = verb == EM_BUILD ? sbx_engine_build(&em_engine, "install", outcome, &em_err)
                              : sbx_engine_remove(&em_engine, outcome, &em_err);
    sbx_journal_records_done(&em_w.records);
    return status;
}

bool em_complete(void)
{
    unsigned s;
    unsigned k;

    for (s = 0; s < EM_STEPS; s++)
        for (k = 0; k < em_step_objects[s]; k++)
            if (em_w.m.object[s][k] != em_w.wanted[s])
                return false;
    return true;
}

bool em_empty(const struct em_machine *before)
{
    unsigned s;
    unsigned k;

    for (s = 0; s < EM_STEPS; s++)
        for (k = 0; k < em_step_objects[s]; k++) {
            bool theirs = before->object[s][k] == EM_THEIRS;

            if (em_w.m.object[s][k] != (theirs ? EM_THEIRS : EM_NONE))
                return false;
        }
    return true;
}

void em_want(uint8_t value)
{
    unsigned s;

    for (s = 0; s < EM_STEPS; s++)
        em_w.wanted[s] = s == EM_SECRETS || s == EM_RECORD ? value : (uint8_t)EM_OURS;
}

void em_new_machine(void)
{
    memset(&em_w, 0, sizeof(em_w));
    em_want(EM_OURS);
}

void em_installed_machine(void)
{
    struct sbx_engine_outcome outcome;

    em_new_machine();
    ck_assert_sbx_ok(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), &em_err);
    ck_assert(em_complete() && outcome.changed);
}

void em_setup(void)
{
    em_by_text = true;
    make_table();
    em_new_machine();
}
