/*
 * Asking for approvals: between the rules (shared/core/approval.h) and whoever can ask a person.
 *
 * An asker is a callback: the console prompt of `agent run` (ask.h), approval.request of
 * `agent serve`, elicitation of `agent mcp`. The session owns the memory of "session" and "never"
 * answers and may be used by many commands at once; the asker is called without a lock held, so a
 * slow answer holds up its own command only.
 *
 *     struct sbx_approvals approvals;
 *     sbx_approvals_init(&approvals, SBX_ORIGIN_PROGRAM, my_ask, my_context);
 *     ... for each command: status = sbx_approvals_decide(&approvals, &request, &records, err);
 *     sbx_approvals_done(&approvals);
 */
#ifndef SBX_AGENT_APPROVE_H
#define SBX_AGENT_APPROVE_H

#include "shared/core/approval.h"
#include "shared/core/plan.h"
#include "shared/win/win.h"

/**
 * Ask a person and wait for the answer, at most question->timeout_ms. Called on the thread of the
 * command, from several threads at once for different questions.
 * @param context as given to sbx_approvals_init
 * @param ret_answer set choice and by; starts as SBX_CHOICE_NONE, "". by is shown and logged.
 * @return SBX_TIMEOUT: no answer came; SBX_UNSUPPORTED: nobody can be asked this way (no console,
 *         a client without elicitation); SBX_CANCELLED. Every failure is a deny.
 */
typedef enum sbx_status (*sbx_ask_fn)(void *context, const struct sbx_approval_question *question,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err);

struct sbx_approvals {
    enum sbx_approval_origin origin;
    sbx_ask_fn ask; /* NULL: nobody can be asked */
    void *context;
    struct sbx_approval_memory memory; /* guarded by lock */
    uint64_t asked;                    /* guarded by lock */
    bool on_console;                   /* the asker shares a console with this process: see ask.h */
    uint32_t timeout_ms;
    char *home; /* owned; final path of the directory this process was started in; may be NULL */
    CRITICAL_SECTION lock;
};

void sbx_approvals_init(struct sbx_approvals *approvals, enum sbx_approval_origin origin,
    sbx_ask_fn ask, void *context);
void sbx_approvals_done(struct sbx_approvals *approvals);

/* What one command asks for. All borrowed. */
struct sbx_approval_request {
    const struct sbx_policy *policy;  /* merged */
    const struct sbx_policy *options; /* SBX_LAYER_COMMAND: what the options or parameters say */
    const struct sbx_facts *facts;
    const struct sbx_plan *plan;
    const char *const *argv; /* scrubbed: what is shown and logged */
    size_t argc;
    enum sbx_decision command; /* what the rules say about the real vector */
    const char *reason;        /* of that rule; may be NULL */
    /*
     * With on_console, called before the first question: SBX_OK when a command of this plan cannot
     * join our console. Anything else, and NULL: nobody is asked there.
     */
    enum sbx_status (*prove_console)(void *context, struct sbx_error *err);
    void *prove_context;
};

/**
 * Settle everything about this command that needs a decision, in the order of the table in
 * approval.h. A program that chose a working directory outside `home` asked for a root like any
 * other (attack row S11). Ends at the first deny. Call it after the plan was made (what is refused
 * anyway is not asked about) and before the first grant.
 * @param ret_records initialised; what was asked, denials included; also on failure
 * @return SBX_DENIED naming what was denied, by whom or why, and the rule's reason
 */
SBX_MUST_CHECK enum sbx_status sbx_approvals_decide(struct sbx_approvals *approvals,
    const struct sbx_approval_request *request, struct sbx_approval_records *ret_records,
    struct sbx_error *err);

#endif
