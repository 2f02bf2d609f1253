/*
 * agent status (design 9): one screen on what the sandbox of this user rests on. What the agent can
 * see itself is asked here; what needs other libraries is asked of sandbox-setup.exe; nothing is
 * changed. Elevated or not, installed or not: what there is, is said.
 */
#include "verbs.h"

#include "facts.h"
#include "installed.h"
#include "setupask.h"

#include <stdio.h>

#include "shared/core/jsonwrite.h"
#include "shared/win/platform.h"
#include "shared/win/sid.h"

#define ANSWER_MAX_BYTES (1024u * 1024u)
#define PROGRAMS_MAX SBX_INSTALLATION_PROGRAMS_MAX

/* What a mode does not hold, for people. SECURITY.md has the reasons. */
static const char *const residuals_elevated[] = {
    "names are resolved by the DNS Client service, also for an offline command",
    "SMB and WebDAV hosts can be dialled by the system on behalf of a command",
    "a token that a command derives from its own may escape the fence where that was not proved",
    "with recipe standard: windows of this desktop, and runs of the same logon, can be reached",
};
static const char *const residuals_unelevated[] = {
    "a command reads what this user reads",
    "network access is advisory: programs are asked, nothing stops one that does not ask",
    "programs that act for this user on request (explorer, Task Scheduler, wsl) are outside of it",
    "it stops accidents and unaware programs, not a program that tries to leave",
};

struct state {
    struct sbx_prepared prepared; /* facts and policy; no plan */
    struct sbx_installed installed;
    enum sbx_mode mode; /* UNSET: no command would run */
    struct sbx_error no_mode;
    struct sbx_error programs[PROGRAMS_MAX]; /* of record.programs; status OK: as recorded */
    struct cJSON *machine;                   /* of sandbox-setup status; NULL: not answered */
    struct sbx_error no_machine;
    char platform[96];
};

/* --- asking ------------------------------------------------------------------------------------
 */

static void ask_programs(struct state *state)
{
    const struct sbx_installation *record = &state->installed.record;
    size_t i;

    for (i = 0; i < record->program_count && i < countof(state->programs); i++) {
        struct sbx_error *err = &state->programs[i];

        sbx_error_init(err);
        if (sbx_installed_check_program(&state->installed, record->programs[i].name, err) &&
            !err->status)
            err->status = SBX_INTERNAL;
    }
}

static enum sbx_status ask(const struct sbx_cli *cli, struct state *state, struct sbx_error *err)
{
    const struct sbx_facts *facts = &state->prepared.facts;
    enum sbx_status status = sbx_verbs_policy(cli, &state->prepared, err);

    if (!status)
        status = sbx_installed_read(facts->program_files, &state->installed, err);
    if (status)
        return status;
    sbx_error_init(&state->no_mode);
    sbx_error_init(&state->no_machine);
    sbx_platform_name(state->platform, sizeof(state->platform));
    if (sbx_plan_mode(&state->prepared.policy, facts, &state->mode, &state->no_mode))
        state->mode = SBX_MODE_UNSET;
    if (state->installed.read)
        ask_programs(state);
    if (sbx_setup_ask(facts->own_directory, &state->machine, &state->no_machine))
        state->machine = NULL;
    return SBX_OK;
}

static const char *recipe_of(const struct state *state)
{
    const struct sbx_policy *policy = &state->prepared.policy;
    enum sbx_token_choice recipe = policy->token;

    if (recipe == SBX_TOKEN_AUTO || recipe == SBX_TOKEN_UNSET)
        recipe = state->prepared.facts.calibrated >= SBX_TOKEN_STRICT
                     ? state->prepared.facts.calibrated
                     : SBX_TOKEN_STANDARD;
    return sbx_token_choice_name(recipe);
}

static const char *const *residuals(const struct state *state, size_t *ret_count)
{
    bool elevated = state->mode == SBX_MODE_ELEVATED;

    *ret_count = state->mode == SBX_MODE_UNSET ? 0
                 : elevated                    ? countof(residuals_elevated)
                                               : countof(residuals_unelevated);
    return elevated ? residuals_elevated : residuals_unelevated;
}

/* --- as text -----------------------------------------------------------------------------------
 */

/* One line of the screen: a name in the first column. */
#define LINE "%-13s "

static enum sbx_status text_mode(
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
{
    return sbx_buf_printf(text, err, LINE "%s (%s)\n" LINE "%s\n", "recipe", recipe_of(state),
        state->prepared.facts.calibrated ? "the strictest that passed calibration here"
                                         : "not calibrated on this machine",
        "platform", state->platform);
}

static enum sbx_status text_residuals(
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t count = 0, i;
    const char *const *list = residuals(state, &count);

    for (i = 0; !status && i < count; i++)
        status = sbx_buf_printf(text, err, LINE "- %s\n", i ? "" : "not held", list[i]);
    return status;
}

static enum sbx_status format_text(
    const struct state *state, struct sbx_buf *text, struct sbx_error *err)
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

/* --- as JSON -----------------------------------------------------------------------------------
 */

static void copy_json(const struct sbx_json_at *at, const char *key, struct sbx_json_writer *w)
{
    struct sbx_json_at child = {0};
    const char *text = "";
    int64_t number = 0;
    bool yes = false;

    if (key)
        sbx_json_key(w, key);
    switch (sbx_json_type(at)) {
    case SBX_JSON_OBJECT:
        sbx_json_begin_object(w);
        while (sbx_json_next(at, &child))
            copy_json(&child, sbx_json_name(&child), w);
        sbx_json_end_object(w);
        break;
    case SBX_JSON_ARRAY:
        sbx_json_begin_array(w);
        while (sbx_json_next(at, &child))
            copy_json(&child, NULL, w);
        sbx_json_end_array(w);
        break;
    case SBX_JSON_STRING:
        sbx_json_string(w, sbx_json_as_string(at, ANSWER_MAX_BYTES, &text, NULL) ? NULL : text);
        break;
    case SBX_JSON_BOOL:
        sbx_json_bool(w, !sbx_json_as_bool(at, &yes, NULL) && yes);
        break;
    case SBX_JSON_NUMBER:
        if (sbx_json_as_int(at, -SBX_JSON_INT_MAX, SBX_JSON_INT_MAX, &number, NULL))
            sbx_json_null(w);
        else
            sbx_json_int64(w, number);
        break;
    case SBX_JSON_NULL:
        sbx_json_null(w);
        break;
    }
}

static void json_record(const struct state *state, struct sbx_json_writer *w)
{
    const struct sbx_installation *record = &state->installed.record;
    size_t i;

    sbx_json_key_string(w, "group", record->group_sid);
    sbx_json_key_array(w, "accounts");
    for (i = 0; i < record->account_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", record->accounts[i].name);
        sbx_json_key_string(w, "sid", record->accounts[i].sid);
        sbx_json_key_bool(w, "offline", record->accounts[i].offline);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_strings(
        w, "operators", (const char *const *)record->operators.items, record->operators.count);
    sbx_json_key_array(w, "programs");
    for (i = 0; i < record->program_count && i < countof(state->programs); i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", record->programs[i].name);
        sbx_json_key_bool(w, "asInstalled", !state->programs[i].status);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_uint64(w, "proxyFirst", record->proxy_first);
    sbx_json_key_uint64(w, "proxyLast", record->proxy_last);
    sbx_json_key_bool(w, "fenceComplement", record->fence_complement);
    sbx_json_key_bool(w, "fenceProved", record->fence_proved);
    sbx_json_key_bool(w, "firewallEffective", record->firewall_effective);
    sbx_json_key_string(w, "firewallNote", record->firewall_note);
}

static void json_installation(const struct state *state, struct sbx_json_writer *w)
{
    const struct sbx_installed *installed = &state->installed;
    char problem[SBX_ERROR_CONTEXT_MAX + 64];

    sbx_json_key_object(w, "installation");
    sbx_json_key_bool(w, "found", installed->found);
    sbx_json_key_bool(w, "current", installed->current);
    sbx_json_key_bool(w, "operator", state->prepared.facts.is_operator);
    if (installed->found && !installed->current) {
        sbx_error_format(&installed->problem, problem, sizeof(problem));
        sbx_json_key_string(w, "problem", problem);
        sbx_json_key_string(w, "hint", installed->problem.hint);
    }
    if (installed->read)
        json_record(state, w);
    sbx_json_end_object(w);
}

static enum sbx_status format_json(
    const struct state *state, struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_json_at root;
    enum sbx_status status;
    size_t count = 0;
    const char *const *list = residuals(state, &count);

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_string(&w, "platform", state->platform);
    sbx_json_key_string(&w, "mode", state->mode ? sbx_mode_name(state->mode) : NULL);
    if (!state->mode) {
        sbx_json_key_string(&w, "noMode", state->no_mode.context);
        sbx_json_key_string(&w, "hint", state->no_mode.hint);
    }
    json_installation(state, &w);
    sbx_json_key_string(&w, "recipe", recipe_of(state));
    sbx_json_key_bool(&w, "calibrated", state->prepared.facts.calibrated != SBX_TOKEN_UNSET);
    if (state->machine && !sbx_json_root_object(state->machine, &root, NULL))
        copy_json(&root, "machine", &w);
    else
        sbx_json_key_null(&w, "machine");
    sbx_json_key_strings(&w, "residuals", list, count);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(json, '\n', err);
}

/* --- the command -------------------------------------------------------------------------------
 */

static enum sbx_status print(const struct sbx_cli *cli, const struct sbx_say *say,
    const struct state *state, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = cli->json ? format_json(state, &text, err) : format_text(state, &text, err);
    if (!status && !(cli->json ? sbx_verbs_print_json(say, &text) : sbx_verbs_print(say, &text)))
        status = sbx_fail(err, SBX_OS, "standard output cannot be written");
    sbx_buf_done(&text);
    return status;
}

int sbx_status_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    static struct state state;
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    status = ask(cli, &state, &err);
    if (!status)
        status = print(cli, say, &state, &err);
    sbx_json_free(state.machine);
    sbx_installed_done(&state.installed);
    sbx_verbs_prepared_done(&state.prepared);
    return status ? sbx_verbs_failed(say, &err) : 0;
}
