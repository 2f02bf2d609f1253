/*
 * See plan.h: order of the decisions, mode, network and token; protected names; release.
 *
 * Each decision either is what the policy asks for or an error that says why not: nothing is
 * weakened in silence, and there is no branch that runs a command without a sandbox.
 */
#include "plan.h"

#include <stdarg.h>
#include <stdio.h>

#include "capsid.h"
#include "installation.h"
#include "plan_parts.h"
#include "utf.h"

/*
 * design 4, and our own: .agent-sandbox.json narrows the next run, so a command may not remove it.
 */
static const char *const builtin_names[] = {".agent-sandbox.json", ".git", ".hg", ".svn", ".codex",
    ".agents", ".claude", ".cursor", ".gemini", ".vscode", ".idea", ".mcp.json", ".gitmodules",
    ".gitconfig", ".envrc"};

enum sbx_status sbx_plan_warn(struct sbx_plan *plan, struct sbx_error *err, const char *format, ...)
{
    char text[1024], printable[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sbx_utf_printable(text, strlen(text), printable, sizeof(printable));
    return sbx_strings_add(&plan->warnings, printable, err);
}

/* --- mode ---------------------------------------------------------------------------------- */

static enum sbx_status refuse_not_setup(const struct sbx_facts *facts, struct sbx_error *err)
{
    sbx_fail(err, SBX_NOT_SETUP, "mode 'elevated': %s%s%s",
        facts->installation_current ? "this user is not an operator of the installation"
                                    : "there is no current installation",
        facts->installation_problem ? ": " : "",
        facts->installation_problem ? facts->installation_problem : "");
    sbx_error_hint(err, "run: agent setup");
    return SBX_NOT_SETUP;
}

static enum sbx_status refuse_member(struct sbx_error *err)
{
    sbx_fail(err, SBX_DENIED, "this user is a member of AgentSandboxUsers");
    sbx_error_hint(err, "run agent as yourself, outside the sandbox, and take yourself out of "
                        "that group");
    return SBX_DENIED;
}

/*
 * An unelevated child reads what its user reads, and an operator reads the sealed credential of
 * the sandbox accounts. So an operator does not run unelevated, whatever state the installation
 * is in, unless the machine's policy accepts that.
 */
static enum sbx_status refuse_operator(struct sbx_error *err)
{
    sbx_fail(err, SBX_DENIED,
        "mode 'unelevated': this user is an operator of the installation, and the command could "
        "read the accounts' sealed credential");
    sbx_error_hint(err, "use mode auto or elevated; only the machine's policy may set "
                        "allowUnelevated");
    return SBX_DENIED;
}

enum sbx_status sbx_plan_mode(const struct sbx_policy *policy, const struct sbx_facts *facts,
    enum sbx_mode *ret_mode, struct sbx_error *err)
{
    bool possible = facts->is_operator && facts->installation_current;
    bool tolerated = policy->allow_unelevated == SBX_FLAG_YES;

    if (facts->in_sandbox_group)
        return refuse_member(err);
    switch (policy->mode) {
    case SBX_MODE_ELEVATED:
        if (!possible)
            return refuse_not_setup(facts, err);
        *ret_mode = SBX_MODE_ELEVATED;
        return SBX_OK;
    case SBX_MODE_AUTO:
        if (facts->is_operator && !facts->installation_current && !tolerated)
            return refuse_not_setup(facts, err);
        *ret_mode = possible ? SBX_MODE_ELEVATED : SBX_MODE_UNELEVATED;
        return SBX_OK;
    case SBX_MODE_UNELEVATED:
        if (facts->is_operator && !tolerated)
            return refuse_operator(err);
        *ret_mode = SBX_MODE_UNELEVATED;
        return SBX_OK;
    case SBX_MODE_UNSET:
        break;
    }
    return sbx_fail(err, SBX_INTERNAL, "policy was not merged: no mode");
}

/* --- network ------------------------------------------------------------------------------- */

static enum sbx_status refuse_network(
    struct sbx_error *err, const char *what, const char *why, const char *hint)
{
    sbx_fail(err, SBX_UNSUPPORTED, "%s: %s", what, why);
    sbx_error_hint(err, "%s", hint);
    return SBX_UNSUPPORTED;
}

/* A list of domains without a word about access means that list; an empty one means nothing. */
static enum sbx_network asked_network(const struct sbx_policy *policy)
{
    if (policy->network != SBX_NETWORK_UNSET || !policy->allowed_domains.written)
        return policy->network;
    return policy->allowed_domains.count ? SBX_NETWORK_ALLOWLIST : SBX_NETWORK_NONE;
}

static enum sbx_status check_network(
    struct sbx_plan_work *work, enum sbx_network asked, struct sbx_error *err)
{
    bool elevated = work->plan->mode == SBX_MODE_ELEVATED;

    if (!elevated && asked == SBX_NETWORK_NONE)
        return refuse_network(err, "network.access 'none'",
            "unelevated mode has nothing that stops a program from opening a connection",
            "run: agent setup (elevated mode), or write network.access \"advisory\" or \"full\"");
    if (!elevated && asked == SBX_NETWORK_ALLOWLIST)
        return refuse_network(err, "network.access 'allowlist'",
            "unelevated mode has nothing that stops a program from going round a proxy",
            "run: agent setup (elevated mode), or write network.access \"advisory\" or \"full\"");
    if (asked == SBX_NETWORK_ALLOWLIST)
        return refuse_network(err, "network.access 'allowlist'",
            "this version has no proxy that could let single domains through",
            "write network.access \"none\" or \"full\"");
    if (work->plan->network >= SBX_NETWORK_ADVISORY && work->policy->denied_domains.count)
        return refuse_network(err, "network.deniedDomains",
            "this version has no proxy that could stop single domains",
            "take the list out, or write network.access \"none\" (elevated mode)");
    if (elevated && work->policy->allow_local_binding == SBX_FLAG_YES)
        return refuse_network(err, "network.allowLocalBinding",
            "this version has no account whose fence is open for local servers only",
            "take it out, or write network.access \"full\"");
    return SBX_OK;
}

static enum sbx_status decide_network(struct sbx_plan_work *work, struct sbx_error *err)
{
    struct sbx_plan *plan = work->plan;
    enum sbx_network asked = asked_network(work->policy);
    bool elevated = plan->mode == SBX_MODE_ELEVATED;
    enum sbx_status status;

    plan->network = asked;
    if (asked == SBX_NETWORK_UNSET) {
        plan->network_defaulted = true;
        plan->network = elevated ? SBX_NETWORK_NONE : SBX_NETWORK_ADVISORY;
    }
    status = check_network(work, asked, err);
    if (!status && plan->network >= SBX_NETWORK_ADVISORY && work->policy->allowed_domains.count)
        status = sbx_plan_warn(plan, err, "network.allowedDomains has no effect with access '%s'",
            sbx_network_name(plan->network));
    if (!status && elevated && plan->network == SBX_NETWORK_ADVISORY)
        status = sbx_plan_warn(plan, err,
            "network.access 'advisory' asks programs to stay offline; nothing enforces it");
    return status;
}

/* --- identity ------------------------------------------------------------------------------ */

/* Which account runs the child follows from the network: the fence is per account. */
static enum sbx_status decide_account(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_facts *facts = work->facts;
    struct sbx_plan *plan = work->plan;
    bool online = plan->network >= SBX_NETWORK_ADVISORY;
    const char *sid = online ? facts->online_account_sid : facts->offline_account_sid;
    enum sbx_status status;

    if (plan->mode == SBX_MODE_UNELEVATED) {
        status = sbx_strdup("", &plan->account, err);
        if (!status)
            status = sbx_strdup(facts->caller_sid, &plan->user_sid, err);
        if (!status && facts->logon_sid)
            status = sbx_strdup(facts->logon_sid, &plan->logon_sid, err);
        return status;
    }
    if (!sid || !facts->group_sid) {
        sbx_fail(err, SBX_NOT_SETUP, "the installation names no %s account or group",
            online ? "online" : "offline");
        sbx_error_hint(err, "run: agent repair");
        return SBX_NOT_SETUP;
    }
    plan->online = online;
    status = sbx_strdup(online ? SBX_ONLINE_NAME : SBX_OFFLINE_NAME, &plan->account, err);
    return status ? status : sbx_strdup(sid, &plan->user_sid, err);
}

enum sbx_status sbx_plan_set_account(
    struct sbx_plan *plan, const char *name, const char *sid, struct sbx_error *err)
{
    const char *user_name = sbx_env_get(&plan->environment, "USERNAME");
    char *account = NULL, *user_sid = NULL;
    enum sbx_status status;

    if (plan->mode != SBX_MODE_ELEVATED)
        return sbx_fail(err, SBX_INTERNAL, "an unelevated run has no account");
    status = sbx_strdup(name, &account, err);
    if (!status)
        status = sbx_strdup(sid, &user_sid, err);
    /* A USERNAME that the policy set is not ours to change. */
    if (!status && user_name && !strcmp(user_name, plan->account))
        status = sbx_env_set(&plan->environment, "USERNAME", name, err);
    if (status) {
        free(account);
        free(user_sid);
        return status;
    }
    free(plan->account);
    free(plan->user_sid);
    plan->account = account;
    plan->user_sid = user_sid;
    return SBX_OK;
}

enum sbx_token_choice sbx_plan_auto_recipe(const struct sbx_facts *facts, enum sbx_mode mode)
{
    const enum sbx_token_choice calibrated =
        mode == SBX_MODE_ELEVATED ? facts->calibrated_elevated : facts->calibrated_unelevated;

    return calibrated == SBX_TOKEN_STRICT || calibrated == SBX_TOKEN_ISOLATED ? calibrated
                                                                              : SBX_TOKEN_STANDARD;
}

static enum sbx_status decide_token(struct sbx_plan_work *work, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid run_sid;

    work->plan->recipe = work->policy->token;
    if (work->policy->token == SBX_TOKEN_AUTO || work->policy->token == SBX_TOKEN_UNSET)
        work->plan->recipe = sbx_plan_auto_recipe(work->facts, work->plan->mode);
    sbx_capsid_for_run(work->facts->random, &run_sid);
    sbx_sid_format(&run_sid, text);
    return sbx_strdup(text, &work->plan->run_sid, err);
}

/* --- protected names ----------------------------------------------------------------------- */

static bool has_name(const struct sbx_strings *list, const char *name)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (sbx_utf_equal_ci_ascii(list->items[i], name))
            return true;
    return false;
}

enum sbx_status sbx_plan_protected_names(
    const struct sbx_policy *policy, struct sbx_strings *ret_names, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(builtin_names); i++)
        if (!has_name(&policy->protect_remove, builtin_names[i]))
            status = sbx_strings_add(ret_names, builtin_names[i], err);
    for (i = 0; !status && i < policy->protect_add.count; i++)
        if (!has_name(ret_names, policy->protect_add.items[i]))
            status = sbx_strings_add(ret_names, policy->protect_add.items[i], err);
    if (status)
        sbx_strings_done(ret_names);
    else
        ret_names->written = true;
    return status;
}

/* --- the plan ------------------------------------------------------------------------------ */

static enum sbx_status check_reads(struct sbx_plan_work *work, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < work->facts->read_notes.count; i++)
        status = sbx_plan_warn(work->plan, err, "%s", work->facts->read_notes.items[i]);
    if (status || work->plan->mode == SBX_MODE_ELEVATED || !work->policy->deny_read.count)
        return status;
    sbx_fail(err, SBX_UNSUPPORTED,
        "filesystem.denyRead: in unelevated mode the command reads what "
        "its user may read");
    sbx_error_hint(err, "run: agent setup (elevated mode), or take denyRead out");
    return SBX_UNSUPPORTED;
}

static enum sbx_status make(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_policy *policy = work->policy;
    struct sbx_plan *plan = work->plan;
    enum sbx_status status = sbx_plan_mode(policy, work->facts, &plan->mode, err);

    plan->git = policy->git;
    plan->on_created_protected = policy->on_created_protected;
    plan->limits = policy->limits;
    plan->background = policy->background == SBX_FLAG_YES;
    plan->desktop = policy->desktop;
    if (!status)
        status = decide_network(work, err);
    if (!status)
        status = check_reads(work, err);
    if (!status)
        status = decide_account(work, err);
    if (!status)
        status = decide_token(work, err);
    if (!status)
        status = sbx_strdup(work->facts->cwd, &plan->cwd, err);
    if (!status)
        status = sbx_plan_protected_names(policy, &plan->protected_names, err);
    if (!status)
        status = sbx_plan_roots(work, err);
    if (!status)
        status = sbx_plan_aces(work, err);
    if (!status)
        status = sbx_plan_environment(work, err);
    if (!status)
        status = sbx_policy_hash(policy, plan->policy_hash, err);
    return status;
}

enum sbx_status sbx_plan_make(const struct sbx_policy *policy, const struct sbx_facts *facts,
    struct sbx_plan *ret_plan, struct sbx_error *err)
{
    struct sbx_plan plan;
    struct sbx_plan_work work = {policy, facts, &plan};
    enum sbx_status status;

    memset(&plan, 0, sizeof(plan));
    sbx_env_init(&plan.environment);
    if (!facts->caller_sid || !facts->cwd)
        return sbx_fail(err, SBX_INTERNAL, "facts without caller or working directory");
    status = sbx_plan_check_places(facts, err);
    if (!status)
        status = make(&work, err);
    if (status) {
        sbx_plan_done(&plan);
        return status;
    }
    *ret_plan = plan;
    return SBX_OK;
}

void sbx_plan_done(struct sbx_plan *plan)
{
    size_t i;

    if (!plan)
        return;
    free(plan->account);
    free(plan->user_sid);
    free(plan->logon_sid);
    free(plan->cwd);
    for (i = 0; i < plan->root_count; i++) {
        free(plan->roots[i].path);
        free(plan->roots[i].volume_guid);
        free(plan->roots[i].capability_sid);
    }
    free(plan->roots);
    for (i = 0; i < plan->ace_count; i++) {
        free(plan->aces[i].path);
        free(plan->aces[i].sid);
    }
    free(plan->aces);
    sbx_strings_done(&plan->protected_names);
    free(plan->run_sid);
    sbx_strings_done(&plan->capability_sids);
    sbx_env_done(&plan->environment);
    sbx_strings_done(&plan->environment_scrubbed);
    sbx_strings_done(&plan->warnings);
    memset(plan, 0, sizeof(*plan));
}

static void free_list(char **list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void sbx_facts_done(struct sbx_facts *facts)
{
    size_t i;

    if (!facts)
        return;
    {
        char *const owned[] = {facts->caller_sid, facts->logon_sid, facts->group_sid,
            facts->installation_problem, facts->offline_account_sid, facts->online_account_sid,
            facts->cwd, facts->system_root, facts->work_directory, facts->program_files,
            facts->program_files_x86, facts->program_data, facts->profile,
            facts->profiles_directory, facts->app_data, facts->local_app_data, facts->startup,
            facts->documents, facts->own_directory, facts->state_directory, facts->home_directory,
            facts->temp_directory, facts->denybin_directory, facts->git_root};

        for (i = 0; i < countof(owned); i++)
            free(owned[i]);
    }
    for (i = 0; i < facts->root_count; i++) {
        free(facts->roots[i].path);
        free(facts->roots[i].asked);
        free(facts->roots[i].asked_path);
        free(facts->roots[i].volume_guid);
    }
    free(facts->roots);
    for (i = 0; i < facts->object_count; i++) {
        free(facts->objects[i].path);
        free(facts->objects[i].gitdir_target);
        free(facts->objects[i].commondir_target);
    }
    free(facts->objects);
    sbx_strings_done(&facts->read_notes);
    free_list(facts->write_bound, facts->write_bound_count);
    free_list(facts->path_directories, facts->path_count);
    sbx_env_done(&facts->environment);
    memset(facts, 0, sizeof(*facts));
}
