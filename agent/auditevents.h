/*
 * What a run writes to the audit log, and when (design 8):
 *   before the command starts   approvals, changed grants, run-started: a run that cannot be
 *                               recorded does not start
 *   after it                    protected names, run-ended
 *   instead                     run-denied, for what a rule, a bound or a person refused
 * Names are those of the Elastic Common Schema; what has none is in agent_sandbox.*.
 *
 * Where the policy says audit.eventLog, each record goes to the Windows Event Log as well, also
 * with audit.enabled: false, which is about the file only: a user's policy must not switch off a
 * copy that the machine's demands. "required" holds for what comes before the start.
 */
#ifndef SBX_AGENT_AUDITEVENTS_H
#define SBX_AGENT_AUDITEVENTS_H

#include "grantreport.h"
#include "result.h"
#include "shared/core/approval.h"
#include "shared/core/setupmsg.h"
#include "shared/win/auditlog.h"
#include "shared/win/eventlog.h"

/* What the events of one run are about. Borrowed; NULL where it did not come to that. */
struct sbx_audit_run {
    const struct sbx_facts *facts;
    const struct sbx_policy *policy;
    const struct sbx_plan *plan;
    const char *image;
    const struct sbx_strings *argv; /* scrubbed */
    const struct sbx_approval_records *approvals;
    const struct sbx_grant_report *grants;
    uint64_t begun_ms; /* since 1970 */
    /* Kept here: */
    struct sbx_auditlog log;
    bool opened;
    size_t approvals_written;
    struct sbx_eventlog events;
    bool settled;              /* it started, or was denied: a record that fails stops nothing */
    struct sbx_error uncopied; /* the first event that could not be written; status OK: none */
    char uncopied_text[SBX_ERROR_CONTEXT_MAX + 64]; /* the same, with its code; "" */
};

/**
 * Record what was decided and granted and that the command starts. Makes STATE\audit; the state
 * folder exists. Does nothing where the policy turns the log off.
 * @return also what the Event Log says, where the policy requires it
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_started(struct sbx_audit_run *run, struct sbx_error *err);

/** Record how it ended. @param result with reply, protect and error as for the JSON result */
SBX_MUST_CHECK enum sbx_status sbx_audit_ended(
    struct sbx_audit_run *run, const struct sbx_result *result, struct sbx_error *err);

/** Record that it was refused. Does nothing while there is no state folder yet. */
SBX_MUST_CHECK enum sbx_status sbx_audit_denied(
    struct sbx_audit_run *run, const struct sbx_error *why, struct sbx_error *err);

/**
 * Record that access lists were taken back.
 * @param policy whether to copy it; NULL: not
 * @param path NULL: all of them
 * @return also the failure of a copy, with "required" and without
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_revoked(const struct sbx_facts *facts,
    const struct sbx_policy *policy, const char *path, const struct sbx_grant_report *report,
    struct sbx_error *err);

/**
 * Record what set-up was asked to do to the machine and what came of it. The agent writes it, from
 * what set-up said: the log lies in a folder that the operator may turn into anything, so a program
 * with an administrator's token does not open it. Hence a set-up that no agent started
 * (sandbox-setup by hand, provisioning, rotation) is in no operator's log. Set-up writes an event
 * of its own (setup/eventrecord.h), so this one is not copied.
 * @param result what set-up answered; NULL: it gave no answer (the prompt was refused)
 * @param failure NULL: all is as asked
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_setup(const struct sbx_facts *facts,
    enum sbx_setup_mode mode, const struct sbx_setup_event *result, const struct sbx_error *failure,
    struct sbx_error *err);

void sbx_audit_run_done(struct sbx_audit_run *run);

#endif
