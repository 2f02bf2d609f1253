/*
 * See status.h. The answer for people: at most 24 lines of 80 columns for a usual installation. One
 * fact a line, its name in the first column; what is longer goes on below, at the same place.
 */
#include "status.h"

#include "shared/win/sid.h"

#include <stdarg.h>
#include <stdio.h>

#define COLUMNS 80u
#define INDENT 14u
#define WORDS_MAX (SBX_ERROR_CONTEXT_MAX * 2u)

/* --- lines -------------------------------------------------------------------------------------
 */

/* What a terminal shows of UTF-8, but for wide characters. */
static size_t columns_of(const char *words, size_t length_bytes)
{
    size_t columns = 0, i;

    for (i = 0; i < length_bytes; i++)
        columns += ((unsigned char)words[i] & 0xC0u) != 0x80u;
    return columns;
}

/* A word that is longer than a line, such as a path, is not broken. */
static enum sbx_status wrap(
    const char *name, const char *words, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_printf(text, err, "%-*s", (int)INDENT - 1, name);
    size_t column = INDENT - 1;

    while (!status && *words) {
        size_t length = strcspn(words, " "), width = columns_of(words, length);

        if (column >= INDENT && column + 1 + width > COLUMNS) {
            status = sbx_buf_printf(text, err, "\n%*s", (int)INDENT - 1, "");
            column = INDENT - 1;
        }
        if (!status)
            status = sbx_buf_printf(text, err, " %.*s", (int)length, words);
        column += 1 + width;
        words += length + strspn(words + length, " ");
    }
    return status ? status : sbx_buf_putc(text, '\n', err);
}

static enum sbx_status line(struct sbx_buf *text, struct sbx_error *err, const char *name,
    const char *format, ...) SBX_PRINTF(4, 5);

static enum sbx_status line(
    struct sbx_buf *text, struct sbx_error *err, const char *name, const char *format, ...)
{
    char words[WORDS_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    return wrap(name, words, text, err);
}

/* --- what sandbox-setup found -------------------------------------------------------------------
 */

/* Its word on a step: "present", "absent", "different", "foreign", "unknown"; NULL without one. */
static const char *step_state(const struct sbx_machine_state *state, const char *name)
{
    struct sbx_json_at root, steps = {0}, step = {0};

    if (!state->machine || sbx_json_root_object(state->machine, &root, NULL) ||
        sbx_json_get_array(&root, "steps", &steps, NULL) || !steps.item)
        return NULL;
    while (sbx_json_next(&steps, &step)) {
        const char *own = "", *word = "";

        if (sbx_json_type(&step) == SBX_JSON_OBJECT &&
            !sbx_json_get_string(&step, "name", 64, &own, NULL) && !strcmp(own, name))
            return sbx_json_get_string(&step, "state", 64, &word, NULL) ? NULL : word;
    }
    return NULL;
}

/* Loud where it is not as it was set up. */
static const char *now(const struct sbx_machine_state *state, const char *step)
{
    const char *word = step_state(state, step);

    if (!word || !strcmp(word, "unknown"))
        return "not seen by this user";
    return !strcmp(word, "present") ? "as set up" : "NOT AS SET UP";
}

/* The steps of set-up that are in one state, after its word. */
static enum sbx_status text_steps(const struct sbx_machine_state *state, const char *word,
    bool *first, struct sbx_buf *text, struct sbx_error *err)
{
    struct sbx_json_at root, steps = {0}, step = {0};
    char words[WORDS_MAX];
    size_t used = (size_t)snprintf(words, sizeof(words), "%s%s:", word,
               strcmp(word, "unknown") == 0 ? " to this user" : ""),
           count = 0;
    enum sbx_status status;

    if (sbx_json_root_object(state->machine, &root, NULL) ||
        sbx_json_get_array(&root, "steps", &steps, NULL) || !steps.item)
        return SBX_OK;
    while (sbx_json_next(&steps, &step)) {
        const char *own = "", *its = "";

        if (sbx_json_type(&step) != SBX_JSON_OBJECT ||
            sbx_json_get_string(&step, "name", 64, &own, NULL) ||
            sbx_json_get_string(&step, "state", 64, &its, NULL) || strcmp(its, word) != 0 ||
            used + strlen(own) + 3 > sizeof(words))
            continue;
        used +=
            (size_t)snprintf(words + used, sizeof(words) - used, "%s %s", count++ ? "," : "", own);
    }
    if (!count)
        return SBX_OK;
    status = wrap(*first ? "machine" : "", words, text, err);
    *first = false;
    return status;
}

static enum sbx_status text_machine(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    static const char *const words[] = {"foreign", "absent", "different", "present", "unknown"};
    enum sbx_status status = SBX_OK;
    bool first = true;
    size_t i;

    if (!state->machine)
        return line(text, err, "machine", "cannot tell: %s", state->no_machine.context);
    for (i = 0; !status && i < countof(words); i++)
        status = text_steps(state, words[i], &first, text, err);
    return status;
}

/* --- the facts ----------------------------------------------------------------------------------
 */

static enum sbx_status text_mode(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_facts *facts = &state->prepared.facts;
    enum sbx_status status;

    if (state->mode == SBX_MODE_UNSET) {
        status = line(text, err, "mode", "none: %s", state->no_mode.context);
        return status ? status : line(text, err, "", "%s", state->no_mode.hint);
    }
    return line(text, err, "mode", "%s (policy: %s): %s", sbx_mode_name(state->mode),
        sbx_mode_name(state->prepared.policy.mode),
        state->mode == SBX_MODE_ELEVATED ? "commands run as a sandbox account"
        : facts->installation_current    ? "this user is no operator of the installation"
                                         : "commands run as this user under a restricted token");
}

static enum sbx_status text_installation(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installed *installed = &state->installed;
    const struct sbx_installation *record = &installed->record;
    char problem[SBX_ERROR_CONTEXT_MAX + 64];
    enum sbx_status status;

    if (!installed->found)
        return line(text, err, "installation", "none (agent setup makes one)");
    if (!installed->current) {
        sbx_error_format(&installed->problem, problem, sizeof(problem));
        return line(
            text, err, "installation", "NOT USABLE: %s (%s)", problem, installed->problem.hint);
    }
    status = line(text, err, "installation", "current: version %s in '%s'", record->product_version,
        installed->directory);
    if (!status && strcmp(record->os_build, state->platform) != 0)
        status = line(text, err, "", "made on %s, another build than this", record->os_build);
    return status;
}

static enum sbx_status text_programs(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installation *record = &state->installed.record;
    enum sbx_status status = SBX_OK;
    char names[WORDS_MAX] = "";
    size_t i, used = 0;

    for (i = 0; !status && i < record->program_count && i < countof(state->programs); i++) {
        const struct sbx_installed_program *program = &record->programs[i];

        if (state->programs[i].status)
            status = line(
                text, err, "programs", "%s CHANGED: %s", program->name, state->programs[i].context);
        else if (used + strlen(program->name) + 3 < sizeof(names))
            used += (size_t)snprintf(
                names + used, sizeof(names) - used, "%s%s", used ? ", " : "", program->name);
    }
    if (!status && used)
        status = line(text, err, "programs", "as installed: %s", names);
    return status;
}

static enum sbx_status text_accounts(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installation *record = &state->installed.record;
    char names[WORDS_MAX] = "";
    enum sbx_status status;
    size_t i, used = 0;

    for (i = 0; i < record->account_count; i++)
        if (used + strlen(record->accounts[i].name) + 12 < sizeof(names))
            used +=
                (size_t)snprintf(names + used, sizeof(names) - used, "%s%s (%s)", used ? ", " : "",
                    record->accounts[i].name, record->accounts[i].offline ? "offline" : "online");
    status = line(text, err, "accounts", "%s; now: %s", names, now(state, "accounts"));
    return status ? status : line(text, err, "rights", "%s", now(state, "rights"));
}

static enum sbx_status text_operators(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_strings *operators = &state->installed.record.operators;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < operators->count; i++) {
        char *name = NULL;
        struct sbx_sid sid;

        if (sbx_sid_parse(operators->items[i], &sid, NULL) || sbx_sid_to_account(&sid, &name, NULL))
            name = NULL;
        status = line(text, err, i ? "" : "operators", "%s%s", name ? name : operators->items[i],
            strcmp(operators->items[i], state->prepared.facts.caller_sid) == 0 ? " (this user)"
                                                                               : "");
        free(name);
    }
    return status;
}

static enum sbx_status text_network(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installation *record = &state->installed.record;
    enum sbx_status status;

    status = line(text, err, "filters", "%s form, %s; proxy ports %u to %u; now: %s",
        record->fence_complement ? "complement" : "plain",
        record->fence_proved ? "proved by behaviour" : "NOT PROVED", (unsigned)record->proxy_first,
        (unsigned)record->proxy_last, now(state, "fence"));
    if (!status)
        status = line(text, err, "rules", "%s%s%s; now: %s",
            record->firewall_effective ? "in effect (second line)" : "WITHOUT EFFECT (second line)",
            record->firewall_note[0] ? ": " : "", record->firewall_note, now(state, "firewall"));
    return status;
}

static enum sbx_status text_recipe(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = line(text, err, "recipe", "%s", sbx_status_recipe(state));

    if (!status)
        status = line(text, err, "calibration", "%s",
            sbx_status_is_calibrated(state)
                ? "done: the strictest recipe that held and worked here"
                : "none for this machine and mode (agent doctor --calibrate)");
    return status ? status : line(text, err, "platform", "%s", state->platform);
}

static enum sbx_status text_residuals(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t count = 0, i;
    const char *const *list = sbx_status_residuals(state, &count);

    for (i = 0; !status && i < count; i++)
        status = line(text, err, i ? "" : "not held", "- %s", list[i]);
    return status;
}

enum sbx_status sbx_status_text(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = text_mode(state, text, err);

    if (!status)
        status = text_installation(state, text, err);
    if (!status && state->installed.read)
        status = text_programs(state, text, err);
    if (!status && state->installed.read)
        status = text_accounts(state, text, err);
    if (!status && state->installed.read)
        status = text_operators(state, text, err);
    if (!status && state->installed.read)
        status = text_network(state, text, err);
    if (!status)
        status = text_machine(state, text, err);
    if (!status)
        status = text_recipe(state, text, err);
    return status ? status : text_residuals(state, text, err);
}
