/*
 * agent status (design 9): one screen on what the sandbox of this user rests on. What the agent can
 * see itself is asked here; what needs other libraries is asked of sandbox-setup.exe; nothing is
 * changed. Elevated or not, installed or not: what there is, is said.
 */
#include "status.h"

#include "setupask.h"

#include "shared/win/platform.h"

/* What a mode does not hold, for people, each on one line. SECURITY.md has the reasons. */
static const char *const residuals_elevated[] = {
    "the DNS Client service resolves names for an offline command",
    "the system may dial SMB and WebDAV hosts for a command",
    "a token that a command derives may escape an unproved fence",
    "standard: this desktop and runs of the same logon can be reached",
    "isolated, strict: named objects may be missing (namedObjects)",
};
static const char *const residuals_unelevated[] = {
    "a command reads what this user reads",
    "network access is advisory: nothing stops who does not ask",
    "explorer, Task Scheduler, wsl act for this user outside of it",
    "it stops accidents, not a program that tries to leave",
};

static void ask_programs(struct sbx_machine_state *state)
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

static enum sbx_status ask(
    const struct sbx_cli *cli, struct sbx_machine_state *state, struct sbx_error *err)
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

bool sbx_status_is_calibrated(const struct sbx_machine_state *state)
{
    const struct sbx_facts *facts = &state->prepared.facts;

    return (state->mode == SBX_MODE_ELEVATED ? facts->calibrated_elevated
                                             : facts->calibrated_unelevated) != SBX_TOKEN_UNSET;
}

const char *sbx_status_recipe(const struct sbx_machine_state *state)
{
    const struct sbx_policy *policy = &state->prepared.policy;
    enum sbx_token_choice recipe = policy->token;

    if (recipe == SBX_TOKEN_AUTO || recipe == SBX_TOKEN_UNSET)
        recipe = sbx_plan_auto_recipe(&state->prepared.facts, state->mode);
    return sbx_token_choice_name(recipe);
}

const char *const *sbx_status_residuals(const struct sbx_machine_state *state, size_t *ret_count)
{
    bool elevated = state->mode == SBX_MODE_ELEVATED;

    *ret_count = state->mode == SBX_MODE_UNSET ? 0
                 : elevated                    ? countof(residuals_elevated)
                                               : countof(residuals_unelevated);
    return elevated ? residuals_elevated : residuals_unelevated;
}

static enum sbx_status print(const struct sbx_cli *cli, const struct sbx_say *say,
    const struct sbx_machine_state *state, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, SBX_STATUS_MAX_BYTES);
    status = cli->json ? sbx_status_json(state, &text, err) : sbx_status_text(state, &text, err);
    if (!status && !sbx_verbs_show(cli, say, &text))
        status = sbx_fail(err, SBX_OS, "standard output cannot be written");
    sbx_buf_done(&text);
    return status;
}

int sbx_status_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_machine_state *state = NULL; /* too large for the stack */
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    if (sbx_calloc(1, sizeof(*state), &state, &err))
        return sbx_verbs_failed(say, &err);
    status = ask(cli, state, &err);
    if (!status)
        status = print(cli, say, state, &err);
    sbx_json_free(state->machine);
    sbx_installed_done(&state->installed);
    sbx_verbs_prepared_done(&state->prepared);
    free(state);
    return status ? sbx_verbs_failed(say, &err) : 0;
}
