/* See auditevents.h. */
#include "auditevents.h"

#define SANDBOX "agent_sandbox"

/* ANSI C has no cast from char ** to what the record borrows. */
static const char *const *items_of(const struct sbx_strings *list)
{
    return (const char *const *)list->items;
}

static void add_list(struct sbx_audit_record *record, const char *section, const char *key,
    const struct sbx_strings *list)
{
    if (list && list->count)
        sbx_audit_list(record, section, key, items_of(list), list->count);
}

static enum sbx_status open_log(struct sbx_audit_run *run, bool create, struct sbx_error *err)
{
    enum sbx_status status;

    if (run->opened)
        return SBX_OK;
    status = sbx_auditlog_open(run->facts->state_directory, create, &run->log, err);
    run->opened = !status;
    return status;
}

static bool has_file(const struct sbx_audit_run *run)
{
    return run->facts && run->facts->state_directory &&
           !(run->policy && run->policy->audit == SBX_FLAG_NO);
}

static enum sbx_event_log copies(const struct sbx_audit_run *run)
{
    return run->policy && run->policy->event_log ? run->policy->event_log : SBX_EVENT_LOG_OFF;
}

static bool is_off(const struct sbx_audit_run *run)
{
    return !run->facts || (!has_file(run) && copies(run) == SBX_EVENT_LOG_OFF);
}

/* Who, where, in which run: the same in every event. */
static void begin(const struct sbx_audit_run *run, enum sbx_audit_action action,
    enum sbx_audit_outcome outcome, uint64_t time_ms, struct sbx_audit_record *record)
{
    const struct sbx_plan *plan = run->plan;

    sbx_audit_begin(record, action, outcome, time_ms);
    sbx_audit_text(record, "user", "id", run->facts->caller_sid);
    if (!plan)
        return;
    sbx_audit_text(record, SANDBOX, "run_id", plan->run_sid);
    sbx_audit_text(record, SANDBOX, "policy_hash", plan->policy_hash);
}

static void add_command(const struct sbx_audit_run *run, struct sbx_audit_record *record)
{
    sbx_audit_text(record, "process", "executable", run->image);
    if (run->argv) {
        add_list(record, "process", "args", run->argv);
        sbx_audit_number(record, "process", "args_count", run->argv->count);
    }
    sbx_audit_text(record, "process", "working_directory", run->facts->cwd);
}

static enum sbx_status copy_lines(struct sbx_audit_run *run, const struct sbx_audit_record *record,
    const struct sbx_auditlog_written *written, struct sbx_error *err)
{
    const char *line = written->lines.data;
    size_t length = written->lines.length_bytes;
    enum sbx_status status = SBX_OK;

    if (written->note) {
        const size_t first = (size_t)((const char *)memchr(line, '\n', length) - line) + 1;

        status =
            sbx_eventlog_write(&run->events, written->note, SBX_OUTCOME_SUCCESS, line, first, err);
        line += first;
        length -= first;
    }
    return status ? status
                  : sbx_eventlog_write(
                        &run->events, record->action, record->outcome, line, length, err);
}

/* A copy that fails is a failure only where the policy requires it and nothing runs yet. */
static enum sbx_status copy(struct sbx_audit_run *run, const struct sbx_audit_record *record,
    const struct sbx_auditlog_written *written, struct sbx_error *err)
{
    struct sbx_error own;

    sbx_error_init(&own);
    if (copies(run) == SBX_EVENT_LOG_OFF || !copy_lines(run, record, written, &own))
        return SBX_OK;
    sbx_error_context(
        &own, "the Windows Event Log does not have '%s'", sbx_audit_action_name(record->action));
    if (!run->uncopied.status) {
        run->uncopied = own;
        sbx_error_format(&own, run->uncopied_text, sizeof(run->uncopied_text));
    }
    if (copies(run) != SBX_EVENT_LOG_REQUIRED || run->settled)
        return SBX_OK;
    sbx_error_hint(&own, "the policy says audit.eventLog: required; start the service EventLog, or "
                         "say \"on\" where no machine policy requires it");
    if (err)
        *err = own;
    return own.status;
}

static enum sbx_status append(
    struct sbx_audit_run *run, const struct sbx_audit_record *record, struct sbx_error *err)
{
    struct sbx_auditlog_written written = {0};
    enum sbx_status status;

    sbx_buf_init(&written.lines, SBX_AUDIT_LINE_MAX);
    if (run->opened)
        status = sbx_auditlog_append(&run->log, record, &written, err);
    else
        status = sbx_audit_format_single(record, &written.lines, err);
    if (!status)
        status = copy(run, record, &written, err);
    sbx_buf_done(&written.lines);
    return status;
}

/* --- approvals and grants --------------------------------------------------------------------- */

static enum sbx_status put_approval(
    struct sbx_audit_run *run, const struct sbx_approval_record *item, struct sbx_error *err)
{
    const bool allowed = sbx_approval_allows(item->answer.choice);
    struct sbx_audit_record record;
    enum sbx_status status = SBX_OK;

    if (strcmp(item->how, "rule") != 0 && !item->remembered) {
        begin(run, SBX_AUDIT_APPROVAL_ASKED, SBX_OUTCOME_UNKNOWN, run->begun_ms, &record);
        sbx_audit_text(&record, SANDBOX, "approval_kind", sbx_approval_kind_name(item->kind));
        sbx_audit_text(&record, SANDBOX, "approval_subject", item->subject);
        status = append(run, &record, err);
    }
    if (status)
        return status;
    begin(run, SBX_AUDIT_APPROVAL_DECIDED, allowed ? SBX_OUTCOME_SUCCESS : SBX_OUTCOME_FAILURE,
        item->answer.time_ms ? item->answer.time_ms : sbx_auditlog_now_ms(), &record);
    sbx_audit_text(&record, SANDBOX, "approval_kind", sbx_approval_kind_name(item->kind));
    sbx_audit_text(&record, SANDBOX, "approval_subject", item->subject);
    sbx_audit_text(
        &record, SANDBOX, "approval_choice", sbx_approval_choice_name(item->answer.choice));
    sbx_audit_text(&record, SANDBOX, "approval_by", item->answer.by);
    sbx_audit_text(&record, SANDBOX, "approval_how", item->how);
    sbx_audit_flag(&record, SANDBOX, "approval_allowed", allowed);
    return append(run, &record, err);
}

static enum sbx_status put_approvals(struct sbx_audit_run *run, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    while (!status && run->approvals && run->approvals_written < run->approvals->count)
        status = put_approval(run, &run->approvals->items[run->approvals_written++], err);
    return status;
}

static enum sbx_status put_grants(struct sbx_audit_run *run, struct sbx_error *err)
{
    struct sbx_audit_record record;
    struct sbx_strings roots = {0};
    enum sbx_status status = SBX_OK;
    size_t i;

    if (!run->grants || !run->grants->counts.writes)
        return SBX_OK;
    for (i = 0; !status && i < run->plan->root_count; i++)
        status = sbx_strings_add(&roots, run->plan->roots[i].path, err);
    begin(run, SBX_AUDIT_GRANTS_CHANGED, SBX_OUTCOME_SUCCESS, sbx_auditlog_now_ms(), &record);
    sbx_audit_text(&record, SANDBOX, "change", "granted");
    sbx_audit_number(&record, SANDBOX, "descriptor_writes", run->grants->counts.writes);
    add_list(&record, SANDBOX, "roots", &roots);
    if (!status)
        status = append(run, &record, err);
    sbx_strings_done(&roots);
    return status;
}

/* --- the run ---------------------------------------------------------------------------------- */

/* The file has the start, and its copy failed, which was required: the file says how that went. */
static void put_not_started(struct sbx_audit_run *run)
{
    struct sbx_audit_record record;

    if (!run->opened || !run->uncopied.status)
        return;
    begin(run, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_FAILURE, sbx_auditlog_now_ms(), &record);
    add_command(run, &record);
    sbx_audit_text(&record, SANDBOX, "ended", sbx_ended_name(SBX_ENDED_FAILED));
    sbx_audit_text(&record, "error", "type", sbx_status_name(run->uncopied.status));
    sbx_audit_text(&record, "error", "message", run->uncopied_text);
    (void)!sbx_auditlog_append(&run->log, &record, NULL, NULL);
}

enum sbx_status sbx_audit_started(struct sbx_audit_run *run, struct sbx_error *err)
{
    const struct sbx_plan *plan = run->plan;
    struct sbx_audit_record record;
    enum sbx_status status;

    if (is_off(run))
        return SBX_OK;
    status = has_file(run) ? open_log(run, true, err) : SBX_OK;
    if (!status)
        status = put_approvals(run, err);
    if (!status)
        status = put_grants(run, err);
    if (!status) {
        begin(run, SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_UNKNOWN, sbx_auditlog_now_ms(), &record);
        add_command(run, &record);
        sbx_audit_text(&record, SANDBOX, "mode", sbx_mode_name(plan->mode));
        sbx_audit_text(&record, SANDBOX, "recipe", sbx_token_choice_name(plan->recipe));
        sbx_audit_text(&record, SANDBOX, "network", sbx_network_name(plan->network));
        sbx_audit_text(&record, SANDBOX, "desktop", sbx_desktop_name(plan->desktop));
        sbx_audit_text(&record, SANDBOX, "account", plan->account);
        sbx_audit_flag(&record, SANDBOX, "background", plan->background);
        add_list(&record, SANDBOX, "capabilities", &plan->capability_sids);
        status = append(run, &record, err);
    }
    run->settled = true;
    if (!status)
        return SBX_OK;
    put_not_started(run);
    sbx_error_hint(err, "a run that cannot be recorded does not start; audit.enabled: false in the "
                        "policy turns the log off");
    /* "Denied" would be an answer about the command, and this is not about it. */
    if (err && err->status == SBX_DENIED)
        err->status = SBX_OS;
    return err ? err->status : SBX_OS;
}

static enum sbx_status put_protected(
    struct sbx_audit_run *run, const struct sbx_protect_item *item, struct sbx_error *err)
{
    struct sbx_audit_record record;

    begin(run, SBX_AUDIT_PROTECTED_NAME,
        item->action == SBX_PROTECT_FAILED ? SBX_OUTCOME_FAILURE : SBX_OUTCOME_SUCCESS,
        sbx_auditlog_now_ms(), &record);
    sbx_audit_text(&record, "file", "path", item->path);
    sbx_audit_text(&record, SANDBOX, "protected_action", sbx_protect_action_name(item->action));
    add_list(&record, SANDBOX, "protected_details", &item->details);
    return append(run, &record, err);
}

static void add_reply(const struct sbx_reply *reply, struct sbx_audit_record *record)
{
    if (!reply)
        return;
    if (reply->process_id)
        sbx_audit_number(record, "process", "pid", reply->process_id);
    sbx_audit_flag(record, SANDBOX, "confined", reply->confined);
    sbx_audit_text(record, SANDBOX, "platform", reply->platform);
    add_list(record, SANDBOX, "unproved", &reply->unproved);
    add_list(record, SANDBOX, "limits_hit", &reply->limits_hit);
}

enum sbx_status sbx_audit_ended(
    struct sbx_audit_run *run, const struct sbx_result *result, struct sbx_error *err)
{
    const struct sbx_reply *reply = result->reply;
    const uint64_t now_ms = sbx_auditlog_now_ms();
    struct sbx_audit_record record;
    enum sbx_status status = SBX_OK;
    size_t i;

    if (is_off(run))
        return SBX_OK;
    for (i = 0; !status && i < result->protect->item_count; i++)
        status = put_protected(run, &result->protect->items[i], err);
    if (status)
        return status;
    begin(run, SBX_AUDIT_RUN_ENDED, result->error ? SBX_OUTCOME_FAILURE : SBX_OUTCOME_SUCCESS,
        now_ms, &record);
    add_command(run, &record);
    sbx_audit_number(&record, "process", "exit_code", result->exit_code);
    if (now_ms >= run->begun_ms) /* a clock that was set back measures nothing */
        sbx_audit_number(&record, "event", "duration", (now_ms - run->begun_ms) * 1000000u);
    sbx_audit_text(
        &record, SANDBOX, "ended", sbx_ended_name(reply ? reply->ended : SBX_ENDED_FAILED));
    add_reply(reply, &record);
    if (result->error) {
        sbx_audit_text(&record, "error", "type", sbx_status_name(result->error->status));
        sbx_audit_text(&record, "error", "message", result->error->context);
    }
    return append(run, &record, err);
}

enum sbx_status sbx_audit_denied(
    struct sbx_audit_run *run, const struct sbx_error *why, struct sbx_error *err)
{
    struct sbx_audit_record record;
    enum sbx_status status;

    if (is_off(run))
        return SBX_OK;
    run->settled = true;
    status = has_file(run) ? open_log(run, true, err) : SBX_OK;
    if (status == SBX_NOT_FOUND && copies(run) == SBX_EVENT_LOG_OFF)
        return SBX_OK;
    if (status == SBX_NOT_FOUND) /* no state folder yet: there is the copy alone */
        status = SBX_OK;
    if (!status)
        status = put_approvals(run, err);
    if (status)
        return status;
    begin(run, SBX_AUDIT_RUN_DENIED, SBX_OUTCOME_FAILURE, sbx_auditlog_now_ms(), &record);
    add_command(run, &record);
    sbx_audit_text(&record, "event", "reason", why->context);
    sbx_audit_text(&record, "error", "type", sbx_status_name(why->status));
    return append(run, &record, err);
}

enum sbx_status sbx_audit_revoked(const struct sbx_facts *facts, const struct sbx_policy *policy,
    const char *path, const struct sbx_grant_report *report, struct sbx_error *err)
{
    struct sbx_audit_run run = {.facts = facts, .policy = policy};
    struct sbx_audit_record record;
    enum sbx_status status;

    if (!facts->state_directory)
        return SBX_OK;
    status = open_log(&run, true, err); /* whatever the policy says of runs */
    if (!status) {
        begin(&run, SBX_AUDIT_GRANTS_CHANGED,
            report->failure_count ? SBX_OUTCOME_FAILURE : SBX_OUTCOME_SUCCESS,
            sbx_auditlog_now_ms(), &record);
        sbx_audit_text(&record, SANDBOX, "change", "revoked");
        sbx_audit_text(&record, "file", "path", path);
        sbx_audit_number(&record, SANDBOX, "descriptor_writes", report->counts.writes);
        status = append(&run, &record, err);
    }
    if (!status && run.uncopied.status) {
        *err = run.uncopied;
        status = err->status;
    }
    sbx_audit_run_done(&run);
    return status;
}

enum sbx_status sbx_audit_setup(const struct sbx_facts *facts, enum sbx_setup_mode mode,
    const struct sbx_setup_event *result, const struct sbx_error *failure, struct sbx_error *err)
{
    struct sbx_audit_run run = {.facts = facts};
    struct sbx_audit_record record;
    enum sbx_status status = open_log(&run, true, err);

    if (!status) {
        begin(&run, SBX_AUDIT_SETUP_CHANGED, failure ? SBX_OUTCOME_FAILURE : SBX_OUTCOME_SUCCESS,
            sbx_auditlog_now_ms(), &record);
        sbx_audit_text(&record, SANDBOX, "setup_mode", sbx_setup_mode_name(mode));
        sbx_audit_flag(&record, SANDBOX, "changed", result && result->changed);
        if (failure) {
            sbx_audit_text(&record, SANDBOX, "setup_step", result ? result->failed_step : NULL);
            sbx_audit_text(&record, SANDBOX, "setup_object", result ? result->object : NULL);
            sbx_audit_text(&record, "error", "type", sbx_status_name(failure->status));
            sbx_audit_text(&record, "error", "message", failure->context);
        }
        status = append(&run, &record, err);
    }
    sbx_audit_run_done(&run);
    return status;
}

void sbx_audit_run_done(struct sbx_audit_run *run)
{
    if (run->opened)
        sbx_auditlog_close(&run->log);
    run->opened = false;
    sbx_eventlog_close(&run->events);
}
