/* See status.h. The answer for people: one line per fact, its name in the first column. */
#include "status.h"

#include "shared/win/sid.h"

#define LINE "%-13s "

static enum sbx_status text_mode(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_facts *facts = &state->prepared.facts;

    if (state->mode == SBX_MODE_UNSET)
        return sbx_buf_printf(text, err, LINE "none: %s\n" LINE "%s\n", "mode",
            state->no_mode.context, "", state->no_mode.hint);
    return sbx_buf_printf(text, err, LINE "%s (policy: %s): %s\n", "mode",
        sbx_mode_name(state->mode), sbx_mode_name(state->prepared.policy.mode),
        state->mode == SBX_MODE_ELEVATED ? "commands run as a sandbox account"
        : facts->installation_current    ? "this user is no operator of the installation"
                                         : "commands run as this user under a restricted token");
}

static enum sbx_status text_installation(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installed *installed = &state->installed;
    char problem[SBX_ERROR_CONTEXT_MAX + 64];

    if (!installed->found)
        return sbx_buf_printf(text, err, LINE "none (agent setup makes one)\n", "installation");
    if (installed->current)
        return sbx_buf_printf(text, err, LINE "current: version %s in '%s', made on %s\n",
            "installation", installed->record.product_version, installed->directory,
            installed->record.os_build);
    sbx_error_format(&installed->problem, problem, sizeof(problem));
    return sbx_buf_printf(
        text, err, LINE "NOT USABLE: %s (%s)\n", "installation", problem, installed->problem.hint);
}

static enum sbx_status text_programs(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installation *record = &state->installed.record;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < record->program_count && i < countof(state->programs); i++)
        status = sbx_buf_printf(text, err, LINE "%s %s%s\n", i ? "" : "programs",
            record->programs[i].name, state->programs[i].status ? "CHANGED: " : "as installed",
            state->programs[i].status ? state->programs[i].context : "");
    return status;
}

static enum sbx_status text_accounts(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_installation *record = &state->installed.record;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < record->account_count; i++)
        status = sbx_buf_printf(text, err, LINE "%s (%s) %s\n", i ? "" : "accounts",
            record->accounts[i].name, record->accounts[i].offline ? "offline" : "online",
            record->accounts[i].sid);
    return status;
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
        status = sbx_buf_printf(text, err, LINE "%s%s\n", i ? "" : "operators",
            name ? name : operators->items[i],
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

    status = sbx_buf_printf(text, err, LINE "%s form, %s; proxy ports %u to %u\n", "filters",
        record->fence_complement ? "complement" : "plain",
        record->fence_proved ? "proved by behaviour" : "NOT PROVED", (unsigned)record->proxy_first,
        (unsigned)record->proxy_last);
    if (!status)
        status = sbx_buf_printf(text, err, LINE "%s%s%s\n", "rules",
            record->firewall_effective ? "in effect (second line)" : "WITHOUT EFFECT (second line)",
            record->firewall_note[0] ? ": " : "", record->firewall_note);
    return status;
}

/* The steps of setup as it finds them now: accounts, rights, rules, filters. */
static enum sbx_status text_machine(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    struct sbx_json_at root, steps = {0}, step = {0};
    enum sbx_status status;
    bool first = true;

    if (!state->machine)
        return sbx_buf_printf(
            text, err, LINE "cannot tell: %s\n", "machine", state->no_machine.context);
    status = sbx_json_root_object(state->machine, &root, err);
    if (!status)
        status = sbx_json_get_array(&root, "steps", &steps, err);
    if (status || !steps.item)
        return status;
    while (!status && sbx_json_next(&steps, &step)) {
        const char *name = "", *state_word = "";

        if (sbx_json_type(&step) != SBX_JSON_OBJECT ||
            sbx_json_get_string(&step, "name", 64, &name, NULL) ||
            sbx_json_get_string(&step, "state", 64, &state_word, NULL))
            continue;
        status = sbx_buf_printf(text, err, "%s%s %s", first ? "" : ", ", name, state_word);
        first = false;
    }
    return status ? status : sbx_buf_putc(text, '\n', err);
}

static enum sbx_status text_recipe(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    return sbx_buf_printf(text, err, LINE "%s (%s)\n" LINE "%s\n", "recipe",
        sbx_status_recipe(state),
        sbx_status_is_calibrated(state) ? "the strictest that passed calibration here"
                                        : "not calibrated on this machine",
        "platform", state->platform);
}

static enum sbx_status text_residuals(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t count = 0, i;
    const char *const *list = sbx_status_residuals(state, &count);

    for (i = 0; !status && i < count; i++)
        status = sbx_buf_printf(text, err, LINE "- %s\n", i ? "" : "not held", list[i]);
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
        status = sbx_buf_printf(text, err, state->machine ? LINE : "", "machine");
    if (!status)
        status = text_machine(state, text, err);
    if (!status)
        status = text_recipe(state, text, err);
    return status ? status : text_residuals(state, text, err);
}
