/* See eventrecord.h. */
#include "eventrecord.h"

#include "eventsource.h"

#include "shared/win/auditlog.h"
#include "shared/win/eventlog.h"

#define SANDBOX "agent_sandbox"

/* Who asked for what, and how: the same in both. */
struct who {
    char asker[SBX_SID_TEXT_SIZE];
    char operator[SBX_SID_TEXT_SIZE];
};

static void begin(const struct sbx_setup *setup, enum sbx_audit_outcome outcome, const char *phase,
    struct who *who, struct sbx_audit_record *record)
{
    sbx_audit_begin(record, SBX_AUDIT_SETUP_CHANGED, outcome, sbx_auditlog_now_ms());
    sbx_sid_format(&setup->asker, who->asker);
    sbx_audit_text(record, "user", "id", who->asker);
    sbx_audit_text(record, SANDBOX, "setup_mode",
        setup->verb ? setup->verb : sbx_setup_mode_name(setup->request.mode));
    sbx_audit_text(record, SANDBOX, "setup_phase", phase);
    sbx_audit_text(record, SANDBOX, "setup_by", setup->from_agent ? "agent" : "hand");
    if (setup->request.mode == SBX_SETUP_INSTALL && setup->has_operator) {
        sbx_sid_format(&setup->operator_sid, who->operator);
        sbx_audit_text(record, SANDBOX, "setup_operator", who->operator);
    }
    sbx_audit_text(record, "file", "path", setup->request.path);
}

static const char *some(const char *text)
{
    return text && text[0] ? text : NULL;
}

static void write_event(struct sbx_setup *setup, const struct sbx_audit_record *record)
{
    struct sbx_eventlog log = {0};
    char why[SBX_ERROR_CONTEXT_MAX + 64];
    struct sbx_error err;
    struct sbx_buf json;
    enum sbx_status status;

    sbx_error_init(&err);
    sbx_buf_init(&json, SBX_AUDIT_LINE_MAX);
    status = sbx_audit_format_single(record, &json, &err);
    if (!status)
        status = sbx_eventlog_write(
            &log, record->action, record->outcome, json.data, json.length_bytes, &err);
    if (status) {
        sbx_error_format(&err, why, sizeof(why));
        sbx_setup_note(setup, "not in the Windows Event Log: %.700s", why);
    }
    sbx_eventlog_close(&log);
    sbx_buf_done(&json);
}

void sbx_setup_event_begins(struct sbx_setup *setup)
{
    struct sbx_audit_record record;
    struct who who;

    if (!sbx_setup_has_event_source(setup))
        return;
    begin(setup, SBX_OUTCOME_UNKNOWN, "begun", &who, &record);
    write_event(setup, &record);
}

void sbx_setup_event_ends(struct sbx_setup *setup, const struct sbx_setup_event *result)
{
    struct sbx_audit_record record;
    struct who who;

    if (!setup->program_folder || !sbx_setup_has_event_source(setup))
        return;
    begin(setup, result->ok ? SBX_OUTCOME_SUCCESS : SBX_OUTCOME_FAILURE, "ended", &who, &record);
    sbx_audit_flag(&record, SANDBOX, "changed", result->changed);
    if (!result->ok) {
        sbx_audit_text(&record, SANDBOX, "setup_step", some(result->failed_step));
        sbx_audit_text(&record, SANDBOX, "setup_object", some(result->object));
        sbx_audit_text(&record, "error", "type", sbx_status_name(result->error.status));
        sbx_audit_text(&record, "error", "message", result->error.context);
    }
    write_event(setup, &record);
}
