/* See run.h. */
#include "run.h"

#include "approve.h"
#include "ask.h"
#include "auditevents.h"
#include "elevated.h"
#include "facts.h"
#include "granting.h"
#include "policyload.h"
#include "protect.h"
#include "resolve.h"
#include "result.h"
#include "session.h"
#include "verbs.h"
#include "workdirs.h"

#include "shared/core/auditscrub.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/hardening.h"
#include "shared/win/late.h"
#include "shared/win/sid.h"

#include <stdio.h>

/* Everything one run owns; released in one place. */
struct command {
    const struct sbx_run_how *how;
    const struct sbx_cli *cli;
    const struct sbx_say *say;
    void *result_handle;
    struct sbx_facts facts;
    struct sbx_policy policy;
    struct sbx_program program;
    struct sbx_plan plan;
    struct sbx_elevated elevated; /* {0} in unelevated mode */
    struct sbx_grant_report grants;
    struct sbx_protect *protect;
    struct sbx_protect_report protect_report;
    struct sbx_reply reply;
    struct sbx_strings argv;    /* scrubbed: what is shown to a person and logged */
    enum sbx_decision decision; /* of the command rules; the reason is the policy's */
    const char *decision_reason;
    struct sbx_approval_records approvals;
    struct sbx_audit_run audit;
    bool have_facts, have_plan, have_reply, started;
    struct sbx_result result;
    uint64_t begun_us;
};

static uint64_t clock_us(const struct command *command)
{
    return sbx_clock_us() - command->begun_us;
}

/*
 * No other process of this user may open us for writing while a sandbox of ours runs (design 1,
 * P2). Last before the runner starts: Wine's volume manager is a process of this user, and dies
 * when it is asked about a volume by a process that it may not open.
 */
static enum sbx_status lock_self(struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    if (!status)
        status =
            sbx_hardening_lock_process(GetCurrentProcess(), GetCurrentThread(), &user, NULL, err);
    if (status)
        sbx_error_context(err, "lock the agent");
    return status;
}

/* A "prompt" is settled when everything else about the command is known (ask). */
static enum sbx_status apply_command_rules(struct command *command, struct sbx_error *err)
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

static enum sbx_status load_policy(struct command *command, struct sbx_error *err)
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
    if (!status)
        status = sbx_audit_scrub(command->cli->program, command->cli->program_count,
            &command->policy.env_scrub, &command->facts.environment, &command->argv, err);
    return status ? status : apply_command_rules(command, err);
}

/* The PATH the child will have decides what is found, as a person in its shell would expect. */
static const char *search_path(const struct command *command)
{
    const struct sbx_strings *set = &command->policy.env_set;
    const char *path = sbx_env_get(&command->facts.environment, "PATH");
    size_t i;

    for (i = 0; i < set->count; i++)
        if (_strnicmp(set->items[i], "PATH=", 5) == 0)
            path = set->items[i] + 5;
    return path;
}

static enum sbx_status make_plan(struct command *command, struct sbx_error *err)
{
    enum sbx_status status = sbx_verbs_plan(&command->policy, &command->facts, &command->plan, err);

    command->have_plan = !status;
    command->result.plan_us = clock_us(command);
    if (status)
        return status;
    return sbx_program_resolve(command->cli->program, command->cli->program_count,
        command->facts.cwd, search_path(command), &command->program, err);
}

static void say_warnings(const struct command *command)
{
    size_t i;

    for (i = 0; i < command->plan.warnings.count; i++)
        sbx_say_warning(command->say, "%s", command->plan.warnings.items[i]);
    sbx_granting_say(command->say, &command->grants);
}

/*
 * --wine-unconfined: stock Wine keeps no file ACLs, and trying would change the mode bits of the
 * user's files for nothing. Accepted only where Wine itself answers; the result then says that
 * the run was not confined, whatever else could be proved.
 */
static bool unconfined_wine(const struct command *command)
{
    return command->cli->wine_unconfined && sbx_late_wine_version();
}

static enum sbx_status make_grants(struct command *command, struct sbx_error *err)
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
    status = sbx_elevated_begin(&command->facts, &command->policy, command->how->cancel.count,
        &command->plan, &command->elevated, err);
    sbx_elevated_grants(&command->elevated, &options);
    if (!status)
        status = sbx_workdirs_make(&command->facts, &command->plan, unconfined_wine(command), err);
    if (!status && !unconfined_wine(command)) {
        status = sbx_grants_apply(&command->plan, &options, &command->grants, err);
        command->result.grants = &command->grants;
    }
    command->result.descriptor_reads = command->grants.counts.reads;
    command->result.descriptor_writes = command->grants.counts.writes;
    command->result.grants_us = clock_us(command);
    return status;
}

/* What nothing stands behind, by name: --wine-unconfined says so every time. */
static void say_unproved(const struct command *command)
{
    const struct sbx_strings *list = &command->reply.unproved;
    size_t i;

    sbx_say_warning(command->say, "this command ran UNCONFINED; nothing enforced or proved:");
    for (i = 0; i < list->count; i++)
        sbx_say_warning(command->say, "  %s", list->items[i]);
}

/* command-runner.exe beside agent.exe and nowhere else; in elevated mode the installed one. */
static enum sbx_status run_session(struct command *command, struct sbx_error *err)
{
    struct sbx_session session = {.plan = &command->plan,
        .program = &command->program,
        .user_sid = command->plan.user_sid,
        .wine_unconfined = unconfined_wine(command),
        .streams = command->how->streams,
        .cancel = command->how->cancel,
        .runners = command->how->runners,
        .tty = command->how->tty};
    struct sbx_session_times times;
    enum sbx_status status;
    char *runner = NULL;

    status = sbx_winpath_join(command->facts.own_directory, "command-runner.exe", &runner, err);
    if (status)
        return status;
    session.runner = runner;
    sbx_elevated_session(&command->elevated, &command->plan, &command->facts, &session);
    status = sbx_session_run(&session, &command->reply, &times, err);
    command->have_reply = !status;
    command->result.runner_us = times.replied_us;
    command->result.runner_ready = times.runner_ready;
    free(runner);
    if (status)
        return status;
    if (unconfined_wine(command)) {
        command->reply.confined = false;
        status = sbx_strings_add(
            &command->reply.unproved, "Grants: left out, files keep no access lists here", err);
    }
    if (!status && command->reply.ended == SBX_ENDED_FAILED) {
        *err = command->reply.error;
        return err->status ? err->status : SBX_INTERNAL;
    }
    if (unconfined_wine(command))
        say_unproved(command);
    return status;
}

static void say_protected(const struct command *command)
{
    const struct sbx_protect_report *report = &command->protect_report;
    size_t i, k;

    for (i = 0; i < report->item_count; i++) {
        const struct sbx_protect_item *item = &report->items[i];

        sbx_say_warning(command->say, "protected name made during the run: '%s': %s", item->path,
            sbx_protect_action_name(item->action));
        for (k = 0; k < item->details.count; k++)
            sbx_say_warning(command->say, "  %s", item->details.items[k]);
    }
    for (i = 0; i < report->change_count; i++)
        sbx_say_warning(command->say, "git: '%s' was %s during the run", report->changes[i].path,
            report->changes[i].what);
    if (report->truncated)
        sbx_say_warning(command->say, "not everything that was made could be looked at");
    if (report->background && report->roots_watched)
        sbx_say_warning(command->say,
            "what this command left running is not watched: the next run here and 'agent audit "
            "writable' tell which protected names it makes");
}

/* Between two stages: asked to end before anything was started. */
static enum sbx_status check_cancel(const struct command *command, struct sbx_error *err)
{
    return *command->how->cancel.count ? sbx_fail(err, SBX_CANCELLED, "cancelled before it started")
                                       : SBX_OK;
}

/* Protected names that do not exist yet are watched for while the command runs (design 4). */
static enum sbx_status run_watched(struct command *command, struct sbx_error *err)
{
    struct sbx_grant_options grants = {.state_directory = command->facts.state_directory};
    const struct sbx_protect_options options = {.policy = &command->policy,
        .facts = &command->facts,
        .grants = unconfined_wine(command) ? NULL : &grants};
    enum sbx_status status, ended;
    struct sbx_error problem;

    sbx_elevated_grants(&command->elevated, &grants);
    status = sbx_protect_begin(&command->plan, &options, &command->protect, err);
    if (!status)
        status = lock_self(err);
    if (!status)
        status = check_cancel(command, err); /* the last moment at which nothing has run yet */
    if (status) {
        sbx_protect_cancel(command->protect);
        return status;
    }
    status = run_session(command, err);
    sbx_error_init(&problem);
    ended = sbx_protect_end(command->protect, &command->protect_report, &problem);
    command->result.descriptor_reads += command->protect_report.descriptors.reads;
    command->result.descriptor_writes += command->protect_report.descriptors.writes;
    say_protected(command);
    if (ended && !status && err)
        *err = problem;
    return status ? status : ended;
}

static enum sbx_status no_streams(void *context, HANDLE ret_child[3], struct sbx_error *err)
{
    (void)context, (void)err;
    memset(ret_child, 0, 3 * sizeof(*ret_child));
    return SBX_OK;
}

static void nothing_to_do(void *context)
{
    (void)context;
}

/*
 * Could this command join our console and type an answer? Tried by this program itself, run exactly
 * as the command would be: token, job, desktop. Our own process is locked before, as it will be.
 */
static enum sbx_status try_to_join(void *context, struct sbx_error *err)
{
    struct command *command = context;
    struct sbx_program probe = {0};
    struct sbx_session_times times;
    struct sbx_reply reply = {0};
    enum sbx_status status;
    char pid[16];

    snprintf(pid, sizeof(pid), "%lu", (unsigned long)GetCurrentProcessId());
    status = lock_self(err);
    if (!status)
        status = sbx_winpath_join(command->facts.own_directory, "agent.exe", &probe.image, err);
    if (!status)
        status = sbx_strings_add(&probe.argv, "agent", err);
    if (!status)
        status = sbx_strings_add(&probe.argv, SBX_ASK_PROBE_VERB, err);
    if (!status)
        status = sbx_strings_add(&probe.argv, pid, err);
    if (!status) {
        struct sbx_session session;
        char *runner = NULL;

        status = sbx_winpath_join(command->facts.own_directory, "command-runner.exe", &runner, err);
        memset(&session, 0, sizeof(session));
        session.plan = &command->plan;
        session.program = &probe;
        session.runner = runner;
        session.user_sid = command->plan.user_sid;
        session.wine_unconfined = unconfined_wine(command);
        session.streams.open = no_streams;
        session.streams.handed_over = nothing_to_do;
        session.streams.close = nothing_to_do;
        session.cancel = command->how->cancel;
        if (!status)
            status = sbx_session_run(&session, &reply, &times, err);
        free(runner);
    }
    if (!status && reply.ended == SBX_ENDED_FAILED)
        *err = reply.error, status = SBX_UNPROVEN;
    if (!status && (reply.ended != SBX_ENDED_EXIT || reply.exit_code != SBX_ASK_PROBE_REFUSED))
        status = reply.exit_code == SBX_ASK_PROBE_JOINED
                     ? sbx_fail(err, SBX_UNPROVEN, "a command can join it (AttachConsole)")
                     : sbx_fail(err, SBX_UNPROVEN, "the trial ended with %lu (%s)",
                           (unsigned long)reply.exit_code, sbx_ended_name(reply.ended));
    sbx_reply_done(&reply);
    sbx_program_done(&probe);
    return status;
}

/* Whatever needs a person's yes (design 8). */
static enum sbx_status ask(struct command *command, struct sbx_error *err)
{
    const struct sbx_approval_request request = {.policy = &command->policy,
        .options = &command->cli->policy,
        .facts = &command->facts,
        .plan = &command->plan,
        .argv = (const char *const *)command->argv.items,
        .argc = command->argv.count,
        .command = command->decision,
        .reason = command->decision_reason,
        .prove_console = try_to_join,
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
static enum sbx_status record_start(struct command *command, struct sbx_error *err)
{
    enum sbx_status status = sbx_audit_started(&command->audit, err);

    command->started = !status;
    return status;
}

/* The last ones. A log that fails here loses no result: it is said. */
static void record_end(struct command *command, const struct sbx_error *failure)
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
}

/* What the command made becomes the user's, and its account is free for others. */
static void end_elevated(struct command *command)
{
    struct sbx_acl_counts counts = {0};
    size_t left = sbx_elevated_end(&command->elevated, &command->plan, &command->facts, &counts);

    command->result.descriptor_reads += counts.reads;
    command->result.descriptor_writes += counts.writes;
    if (left)
        sbx_say_warning(command->say,
            "%zu new entries still belong to '%s': sandbox-setup repair-owner gives them to you",
            left, command->plan.account);
}

static enum sbx_status steps(
    struct command *command, struct sbx_buf *ret_json, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t left = 0;

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
    status = check_cancel(command, err);
    if (!status)
        status = ask(command, err);
    if (!status)
        status = make_grants(command, err);
    say_warnings(command);
    if (!status)
        status = check_cancel(command, err);
    if (!status)
        status = record_start(command, err);
    if (!status)
        status = run_watched(command, err);
    end_elevated(command);
    if (command->plan.background && !status)
        return status; /* what still runs still needs its TEMP */
    if (sbx_workdirs_clean(&command->facts, &command->plan, &left, NULL) || left)
        sbx_say_debug(command->say, "%zu entries of TEMP stayed behind", left);
    return status;
}

/* Which of our own codes a failure is. Refusals and missing programs are told apart by status. */
static uint32_t exit_code_of(const struct command *command, enum sbx_status status)
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

static enum sbx_status report(struct command *command, const struct sbx_error *failure,
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
static void write_result(struct command *command, const struct sbx_buf *json)
{
    struct sbx_error err;

    sbx_error_init(&err);
    if (command->result_handle && sbx_result_write(&command->result_handle, json, &err))
        sbx_say_error(command->say, &err);
}

static void command_done(struct command *command)
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
    struct command *command = NULL;
    uint32_t exit_code = SBX_EXIT_SANDBOX;
    struct sbx_error err, problem;
    enum sbx_status status;

    sbx_error_init(&err);
    if (sbx_calloc(1, sizeof(*command), &command, &err)) {
        sbx_say_error(how->say, &err);
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
    command_done(command);
    free(command);
    return exit_code;
}
