/* See runstate.h. The part of a run in which something runs. */
#include "runstate.h"

#include "shared/core/winpath.h"
#include "shared/win/attachtry.h"
#include "shared/win/hardening.h"
#include "shared/win/known.h"
#include "shared/win/late.h"
#include "shared/win/sid.h"

#include <stdio.h>

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

bool sbx_run_unconfined_wine(const struct sbx_run_state *command)
{
    return command->cli->wine_unconfined && sbx_late_wine_version();
}

enum sbx_status sbx_run_check_cancel(const struct sbx_run_state *command, struct sbx_error *err)
{
    return *command->how->cancel.count ? sbx_fail(err, SBX_CANCELLED, "cancelled before it started")
                                       : SBX_OK;
}

/* What nothing stands behind, by name: --wine-unconfined says so every time. */
static void say_unproved(const struct sbx_run_state *command)
{
    const struct sbx_strings *list = &command->reply.unproved;
    size_t i;

    sbx_say_warning(command->say, "this command ran UNCONFINED; nothing enforced or proved:");
    for (i = 0; i < list->count; i++)
        sbx_say_warning(command->say, "  %s", list->items[i]);
}

/* command-runner.exe beside agent.exe and nowhere else; in elevated mode the installed one. */
static enum sbx_status run_session(struct sbx_run_state *command, struct sbx_error *err)
{
    struct sbx_session session = {.plan = &command->plan,
        .program = &command->program,
        .user_sid = command->plan.user_sid,
        .wine_unconfined = sbx_run_unconfined_wine(command),
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
    command->elevated.lease_kept = times.lease_kept;
    free(runner);
    if (status)
        return status;
    if (sbx_run_unconfined_wine(command)) {
        command->reply.confined = false;
        status = sbx_strings_add(
            &command->reply.unproved, "Grants: left out, files keep no access lists here", err);
    }
    if (!status && command->reply.ended == SBX_ENDED_FAILED) {
        *err = command->reply.error;
        return err->status ? err->status : SBX_INTERNAL;
    }
    if (sbx_run_unconfined_wine(command))
        say_unproved(command);
    return status;
}

/* A tool that fails for want of them says something else, so it is said here. */
static void say_named_objects(const struct sbx_run_state *command)
{
    if (command->reply.named_objects == SBX_NAMED_UNAVAILABLE)
        sbx_say_warning(command->say,
            "recipe '%s': this session lets the command make no named events, mutexes or sections; "
            "a tool that needs them works with --token standard",
            sbx_token_choice_name(command->plan.recipe));
}

/*
 * What Windows answers to a console program that it cannot start up: nothing of it has run, and
 * nothing else is said. STATUS_DLL_INIT_FAILED.
 */
static void say_not_started(const struct sbx_run_state *command)
{
    if (command->reply.ended == SBX_ENDED_EXIT && command->reply.exit_code == 0xC0000142u)
        sbx_say_warning(command->say,
            "exit code 0xC0000142: Windows could not start a program of the command up. In a "
            "session without a desktop (SSH, a service, a scheduled task) run it from an "
            "interactive one; under recipe '%s' otherwise: agent doctor --calibrate",
            sbx_token_choice_name(command->plan.recipe));
}

static void say_protected(const struct sbx_run_state *command)
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

enum sbx_status sbx_run_watched(struct sbx_run_state *command, struct sbx_error *err)
{
    struct sbx_grant_options grants = {.state_directory = command->facts.state_directory};
    const struct sbx_protect_options options = {.policy = &command->policy,
        .facts = &command->facts,
        .grants = sbx_run_unconfined_wine(command) ? NULL : &grants};
    enum sbx_status status, ended;
    struct sbx_error problem;

    sbx_elevated_grants(&command->elevated, &grants);
    status = sbx_protect_begin(&command->plan, &options, &command->protect, err);
    if (!status)
        status = lock_self(err);
    if (!status) /* the last moment at which nothing has run yet */
        status = sbx_run_check_cancel(command, err);
    if (status) {
        sbx_protect_cancel(command->protect);
        command->protect = NULL;
        return status;
    }
    status = run_session(command, err);
    sbx_error_init(&problem);
    ended = sbx_protect_end(command->protect, &command->protect_report, &problem);
    command->result.descriptor_reads += command->protect_report.descriptors.reads;
    command->result.descriptor_writes += command->protect_report.descriptors.writes;
    say_protected(command);
    say_named_objects(command);
    say_not_started(command);
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

enum sbx_status sbx_run_begin_elevated(struct sbx_run_state *command, struct sbx_error *err)
{
    if (command->elevated.active)
        return SBX_OK;
    return sbx_elevated_begin(&command->facts, &command->policy, command->how->cancel.count,
        &command->plan, &command->elevated, err);
}

/*
 * A program of ours, as the command that tries: this one, or in elevated mode the installed runner,
 * because a sandbox account need not be able to start what lies in the user's profile.
 */
static enum sbx_status make_probe(
    const struct sbx_run_state *command, struct sbx_program *probe, struct sbx_error *err)
{
    const bool installed = command->elevated.active;
    enum sbx_status status;
    char pid[16];

    snprintf(pid, sizeof(pid), "%lu", (unsigned long)GetCurrentProcessId());
    status = installed
                 ? sbx_strdup(command->elevated.installed.runner, &probe->image, err)
                 : sbx_winpath_join(command->facts.own_directory, "agent.exe", &probe->image, err);
    if (!status)
        status = sbx_strings_add(&probe->argv, installed ? "command-runner" : "agent", err);
    if (!status)
        status = sbx_strings_add(
            &probe->argv, installed ? SBX_ATTACH_RUNNER_VERB : SBX_ATTACH_AGENT_VERB, err);
    return status ? status : sbx_strings_add(&probe->argv, pid, err);
}

enum sbx_status sbx_run_try_to_join(void *context, struct sbx_error *err)
{
    struct sbx_run_state *command = context;
    struct sbx_program probe = {0};
    struct sbx_session session = {.plan = &command->plan,
        .program = &probe,
        .wine_unconfined = sbx_run_unconfined_wine(command),
        .streams = {.open = no_streams, .handed_over = nothing_to_do, .close = nothing_to_do},
        .cancel = command->how->cancel};
    struct sbx_session_times times;
    struct sbx_reply reply = {0};
    char *runner = NULL, *system = NULL;
    /* The account, too, is the command's. Nothing is granted yet: not even its directory is. */
    enum sbx_status status = sbx_run_begin_elevated(command, err);

    if (!status)
        status = lock_self(err);
    if (!status)
        status = make_probe(command, &probe, err);
    if (!status)
        status = sbx_winpath_join(command->facts.own_directory, "command-runner.exe", &runner, err);
    if (!status && command->elevated.active)
        status = sbx_known_folder(SBX_KNOWN_SYSTEM, &system, err);
    session.runner = runner;
    session.cwd = system;
    session.user_sid = command->plan.user_sid;
    sbx_elevated_session(&command->elevated, &command->plan, &command->facts, &session);
    session.lease = NULL; /* the command's, whatever becomes of the trial */
    if (!status)
        status = sbx_session_run(&session, &reply, &times, err);
    if (!status && reply.ended == SBX_ENDED_FAILED)
        *err = reply.error, status = SBX_UNPROVEN;
    if (!status && (reply.ended != SBX_ENDED_EXIT || reply.exit_code != SBX_ATTACH_REFUSED))
        status = reply.exit_code == SBX_ATTACH_JOINED
                     ? sbx_fail(err, SBX_UNPROVEN, "a command can join it (AttachConsole)")
                     : sbx_fail(err, SBX_UNPROVEN, "the trial ended with %lu (%s)",
                           (unsigned long)reply.exit_code, sbx_ended_name(reply.ended));
    sbx_reply_done(&reply);
    sbx_program_done(&probe);
    free(system);
    free(runner);
    return status;
}
