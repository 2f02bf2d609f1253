/* See run.h. */
#include "runstate.h"

#include "approve.h"
#include "granting.h"
#include "policyload.h"
#include "verbs.h"
#include "workdirs.h"

#include "shared/core/auditscrub.h"
#include "shared/win/clock.h"
#include "shared/win/late.h"

static uint64_t clock_us(const struct sbx_run_state *command)
{
    return sbx_clock_us() - command->begun_us;
}

/* A "prompt" is settled when everything else about the command is known (ask). */
static enum sbx_status apply_command_rules(struct sbx_run_state *command, struct sbx_error *err)
{
    const char *reason = NULL;

    command->decision = sbx_policy_decide(
        &command->policy, command->cli->program, command->cli->program_count, &reason);
    command->decision_reason = reason;
    if (command->decision != SBX_DECISION_DENY)
        return SBX_OK;
    return sbx_fail(err, SBX_DENIED, "'%s' is denied by a rule of the policy%s%s",
        command->cli->program[0], reason ? ": " : "", reason ? reason : "");
}

static enum sbx_status load_policy(struct sbx_run_state *command, struct sbx_error *err)
{
    enum sbx_status status;

    status = sbx_facts_places(command->cli->cwd, &command->facts, err);
    command->have_facts = !status;
    command->result.facts_us = clock_us(command);
    if (status)
        return status;
    status = sbx_policy_load(command->cli, command->facts.cwd, command->facts.state_directory,
        command->facts.program_files, &command->policy, err);
    command->result.policy_us = clock_us(command);
    sbx_policy_limit_timeout(&command->policy, command->how->timeout_at_most_ms);
    if (!status)
        status = sbx_audit_scrub(command->cli->program, command->cli->program_count,
            &command->policy.env_scrub, &command->facts.environment, &command->argv, err);
    return status ? status : apply_command_rules(command, err);
}

/* The PATH the child will have decides what is found, as a person in its shell would expect. */
static const char *search_path(const struct sbx_run_state *command)
{
    const struct sbx_strings *set = &command->policy.env_set;
    const char *path = sbx_env_get(&command->facts.environment, "PATH");
    size_t i;

    for (i = 0; i < set->count; i++)
        if (_strnicmp(set->items[i], "PATH=", 5) == 0)
            path = set->items[i] + 5;
    return path;
}

static enum sbx_status make_plan(struct sbx_run_state *command, struct sbx_error *err)
{
    enum sbx_status status = sbx_verbs_plan(&command->policy, &command->facts, &command->plan, err);

    command->have_plan = !status;
    command->result.plan_us = clock_us(command);
    if (status)
        return status;
    return sbx_program_resolve(command->cli->program, command->cli->program_count,
        command->facts.cwd, search_path(command), &command->program, err);
}

static void say_warnings(const struct sbx_run_state *command)
{
    size_t i;

    for (i = 0; i < command->plan.warnings.count; i++)
        sbx_say_warning(command->say, "%s", command->plan.warnings.items[i]);
    sbx_granting_say(command->say, &command->grants);
}

static enum sbx_status make_grants(struct sbx_run_state *command, struct sbx_error *err)
{
    struct sbx_grant_options options;
    enum sbx_status status;

    if (command->cli->wine_unconfined && !sbx_late_wine_version()) {
        status = sbx_fail(err, SBX_INVALID, "--wine-unconfined is for Wine only");
        sbx_error_hint(err, "on Windows a command is confined or it does not run");
        return status;
    }
    sbx_granting_options(
        command->say, command->facts.state_directory, command->how->cancel.count, &options);
    status = sbx_run_begin_elevated(command, err);
    sbx_elevated_grants(&command->elevated, &options);
    if (!status)
        status = sbx_workdirs_make(
            &command->facts, &command->plan, sbx_run_unconfined_wine(command), err);
    if (!status && !sbx_run_unconfined_wine(command)) {
        status = sbx_grants_apply(&command->plan, &options, &command->grants, err);
        command->result.grants = &command->grants;
    }
    command->result.descriptor_reads = command->grants.counts.reads;
    command->result.descriptor_writes = command->grants.counts.writes;
    command->result.grants_us = clock_us(command);
    return status;
}

/* Whatever needs a person's yes (design 8). */
static enum sbx_status ask(struct sbx_run_state *command, struct sbx_error *err)
{
    const struct sbx_approval_request request = {.policy = &command->policy,
        .options = &command->cli->policy,
        .facts = &command->facts,
        .plan = &command->plan,
        .argv = (const char *const *)command->argv.items,
        .argc = command->argv.count,
        .command = command->decision,
        .reason = command->decision_reason,
        .prove_console = sbx_run_try_to_join,
        .prove_context = command};
    struct sbx_approvals nobody;
    enum sbx_status status;

    if (command->how->approvals)
        return sbx_approvals_decide(command->how->approvals, &request, &command->approvals, err);
    sbx_approvals_init(&nobody, SBX_ORIGIN_PERSON, NULL, NULL);
    status = sbx_approvals_decide(&nobody, &request, &command->approvals, err);
    sbx_approvals_done(&nobody);
    return status;
}

/* The first records of this run; what they borrow lives as long as the command. */
static enum sbx_status record_start(struct sbx_run_state *command, struct sbx_error *err)
{
    enum sbx_status status = sbx_audit_started(&command->audit, err);

    command->started = !status;
    return status;
}

/* The last ones. A log that fails here loses no result: it is said. */
static void record_end(struct sbx_run_state *command, const struct sbx_error *failure)
{
    enum sbx_status status = SBX_OK;
    struct sbx_error err;

    sbx_error_init(&err);
    if (command->cli->dry_run || !command->have_facts)
        return;
    if (command->started)
        status = sbx_audit_ended(&command->audit, &command->result, &err);
    else if (failure && command->result.exit_code == SBX_EXIT_REFUSED)
        status = sbx_audit_denied(&command->audit, failure, &err);
    if (status)
        sbx_say_warning(command->say, "not recorded: %s", err.context);
    if (command->audit.uncopied.status) {
        command->result.uncopied = command->audit.uncopied_text;
        sbx_say_warning(command->say, "%s", command->result.uncopied);
    }
}

/* What the command made becomes the user's, and its account is free for others. */
static void end_elevated(struct sbx_run_state *command)
{
    struct sbx_acl_counts counts = {0};
    size_t left = sbx_elevated_end(&command->elevated, &command->plan, &command->facts, &counts);

    command->result.descriptor_reads += counts.reads;
    command->result.descriptor_writes += counts.writes;
    if (left)
        sbx_say_warning(command->say,
            "%zu new entries still belong to '%s': 'agent repair PATH' gives them to you", left,
            command->plan.account);
}

static enum sbx_status steps(
    struct sbx_run_state *command, struct sbx_buf *ret_json, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (command->cli->result)
        status = sbx_result_open(command->cli->result, &command->result_handle, err);
    if (!status)
        status = load_policy(command, err);
    if (!status)
        status = make_plan(command, err);
    if (status || command->cli->dry_run)
        return status ? status : sbx_plan_format(&command->plan, ret_json, err);
    command->audit.plan = &command->plan;
    command->audit.image = command->program.image;
    status = sbx_run_check_cancel(command, err);
    if (!status)
        status = ask(command, err);
    if (!status)
        status = make_grants(command, err);
    say_warnings(command);
    if (!status)
        status = sbx_run_check_cancel(command, err);
    if (!status)
        status = record_start(command, err);
    if (!status)
        status = sbx_run_watched(command, err);
    end_elevated(command);
    /* What still runs in the background still needs its TEMP. */
    command->has_temp = !command->plan.background || status;
    return status;
}

/* Which of our own codes a failure is. Refusals and missing programs are told apart by status. */
static uint32_t exit_code_of(const struct sbx_run_state *command, enum sbx_status status)
{
    if (status == SBX_CANCELLED)
        return SBX_EXIT_CANCELLED;
    if (!command->have_facts)
        return SBX_EXIT_SANDBOX;
    switch (status) {
    case SBX_INVALID:
        return command->have_plan ? SBX_EXIT_REFUSED : SBX_EXIT_USAGE;
    case SBX_NOT_FOUND:
        return command->have_plan ? SBX_EXIT_NOT_FOUND : SBX_EXIT_SANDBOX;
    case SBX_DENIED:
        return command->grants.failure_count ? SBX_EXIT_SANDBOX : SBX_EXIT_REFUSED;
    default:
        return SBX_EXIT_SANDBOX;
    }
}

static uint32_t exit_code_of_reply(const struct sbx_reply *reply)
{
    if (reply->ended == SBX_ENDED_TIMEOUT)
        return SBX_EXIT_TIMEOUT;
    if (reply->ended == SBX_ENDED_CANCELLED)
        return SBX_EXIT_CANCELLED;
    return reply->exit_code;
}

static enum sbx_status report(struct sbx_run_state *command, const struct sbx_error *failure,
    struct sbx_buf *ret_json, struct sbx_error *err)
{
    struct sbx_result *result = &command->result;

    result->plan = command->have_plan ? &command->plan : NULL;
    result->reply = command->have_reply ? &command->reply : NULL;
    result->error = failure;
    result->protect = &command->protect_report;
    result->shared_account = command->elevated.lease.shared;
    result->grants_warm = command->grants.warm;
    result->approvals = &command->approvals;
    result->total_us = clock_us(command);
    record_end(command, failure);
    return sbx_result_format(result, ret_json, err);
}

/* The result to where --result said. */
static void write_result(struct sbx_run_state *command, const struct sbx_buf *json)
{
    struct sbx_error err;

    sbx_error_init(&err);
    if (command->result_handle && sbx_result_write(&command->result_handle, json, &err))
        sbx_say_error(command->say, &err);
}

/* On stock Wine closing the watch alone takes milliseconds, which nobody needs to wait for. */
static void put_away(struct sbx_run_state *command)
{
    size_t left = 0;

    sbx_protect_cancel(command->protect);
    if (command->has_temp &&
        (sbx_workdirs_clean(&command->facts, &command->plan, &left, NULL) || left) &&
        !command->how->reported)
        sbx_say_debug(command->say, "%zu entries of TEMP stayed behind", left);
}

static void command_done(struct sbx_run_state *command)
{
    if (command->have_reply)
        sbx_reply_done(&command->reply);
    sbx_protect_report_done(&command->protect_report);
    sbx_grant_report_done(&command->grants);
    sbx_audit_run_done(&command->audit);
    sbx_approval_records_done(&command->approvals);
    sbx_strings_done(&command->argv);
    sbx_elevated_done(&command->elevated);
    if (command->have_plan)
        sbx_plan_done(&command->plan);
    sbx_program_done(&command->program);
    sbx_policy_done(&command->policy);
    sbx_facts_done(&command->facts);
}

uint32_t sbx_run(const struct sbx_run_how *how, struct sbx_buf *ret_json)
{
    struct sbx_run_state *command = NULL;
    uint32_t exit_code = SBX_EXIT_SANDBOX;
    struct sbx_error err, problem;
    enum sbx_status status;

    sbx_error_init(&err);
    if (sbx_calloc(1, sizeof(*command), &command, &err)) {
        sbx_say_error(how->say, &err);
        if (how->reported)
            how->reported(how->reported_context, exit_code, ret_json);
        return exit_code;
    }
    command->how = how;
    command->cli = how->cli;
    command->say = how->say;
    command->begun_us = sbx_clock_us();
    command->audit.facts = &command->facts;
    command->audit.policy = &command->policy;
    command->audit.argv = &command->argv;
    command->audit.approvals = &command->approvals;
    command->audit.grants = &command->grants;
    command->audit.begun_ms = sbx_auditlog_now_ms();
    sbx_policy_init(&command->policy, SBX_LAYER_COMMAND);
    status = steps(command, ret_json, &err);
    if (status) {
        sbx_say_error(how->say, &err);
        command->result.exit_code = exit_code_of(command, status);
    } else if (command->have_reply) {
        command->result.exit_code = exit_code_of_reply(&command->reply);
    }
    exit_code = command->result.exit_code;
    sbx_error_init(&problem);
    if (how->cli->dry_run)
        ; /* the plan is the answer */
    else if (report(command, status ? &err : NULL, ret_json, &problem))
        sbx_say_error(how->say, &problem);
    else
        write_result(command, ret_json);
    if (how->reported)
        how->reported(how->reported_context, exit_code, ret_json);
    put_away(command);
    command_done(command);
    free(command);
    return exit_code;
}
