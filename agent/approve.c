/* See approve.h. */
#include "approve.h"

#include "follow.h"
#include "shared/core/cmdline.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/auditlog.h"
#include "shared/win/wstr.h"

#include <stdio.h>

/* One command under way. */
struct decide {
    struct sbx_approvals *approvals;
    const struct sbx_approval_request *request;
    struct sbx_approval_records *records;
};

/* Where the session began. Without it every working directory is asked about. */
static char *find_home(void)
{
    char *path = NULL, *normal = NULL, *final = NULL;
    wchar_t *path_w = NULL;
    DWORD cch = GetCurrentDirectoryW(0, NULL);

    if (cch && !sbx_calloc(cch, sizeof(*path_w), &path_w, NULL) &&
        GetCurrentDirectoryW(cch, path_w) && !sbx_wstr_to_utf8(path_w, &path, NULL) &&
        !sbx_winpath_normalise(path, &normal, NULL, NULL) &&
        sbx_follow_open(normal, 0, NULL, &final, NULL))
        final = NULL;
    free(path_w);
    free(path);
    free(normal);
    return final;
}

void sbx_approvals_init(
    struct sbx_approvals *approvals, enum sbx_approval_origin origin, sbx_ask_fn ask, void *context)
{
    memset(approvals, 0, sizeof(*approvals));
    approvals->origin = origin;
    approvals->ask = ask;
    approvals->context = context;
    approvals->timeout_ms = SBX_APPROVAL_TIMEOUT_MS;
    approvals->home = find_home();
    InitializeCriticalSection(&approvals->lock);
}

void sbx_approvals_done(struct sbx_approvals *approvals)
{
    sbx_approval_memory_done(&approvals->memory);
    free(approvals->home);
    DeleteCriticalSection(&approvals->lock);
}

/* --- one question ----------------------------------------------------------------------------- */

/* What is asked for, as part of a sentence. */
static void describe(const struct sbx_approval_question *question, char *text, size_t size_bytes)
{
    static const char *const what[] = {
        "", "to run", "to write in", "the desktop of the user", "network access"};
    char shown[400];

    sbx_utf_printable(question->subject, strlen(question->subject), shown, sizeof(shown));
    snprintf(text, size_bytes, "%s '%s'",
        what[(size_t)question->kind < countof(what) ? question->kind : 0], shown);
}

static enum sbx_status denied(const struct sbx_approval_question *question,
    const struct sbx_approval_record *record, const struct sbx_error *why, struct sbx_error *err)
{
    char what[500];

    describe(question, what, sizeof(what));
    if (strcmp(record->how, "rule") == 0)
        sbx_fail(err, SBX_DENIED, "%s: denied by the policy (approvals.%s)", what,
            sbx_approval_kind_name(question->kind));
    else if (record->answer.choice != SBX_CHOICE_NONE)
        sbx_fail(err, SBX_DENIED, "%s: denied by %s%s", what,
            record->answer.by[0] ? record->answer.by : "the person who was asked",
            record->remembered ? " for this session" : "");
    else if (strcmp(record->how, "timeout") == 0)
        sbx_fail(err, SBX_DENIED, "%s: nobody answered within %u s, which is a deny", what,
            (unsigned)(question->timeout_ms / 1000));
    else
        sbx_fail(err, SBX_DENIED, "%s: needs an approval, and nobody can be asked%s%s", what,
            why->status ? ": " : "", why->status ? why->context : "");
    if (question->reason)
        sbx_error_context(err, "%s", question->reason);
    sbx_error_hint(err, "allow it in your policy, or run it where a person can answer");
    return SBX_DENIED;
}

static const char *how_it_ended(enum sbx_status status, const struct sbx_approvals *approvals,
    const struct sbx_approval_answer *answer)
{
    if (!approvals->ask || status == SBX_UNSUPPORTED)
        return "nobody to ask";
    if (status == SBX_TIMEOUT || (!status && answer->choice == SBX_CHOICE_NONE))
        return "timeout";
    return status ? "failed" : "answered";
}

/* A command that could type the answer makes the answer worth nothing. */
static enum sbx_status prove_console(
    const struct sbx_approval_request *request, struct sbx_error *why)
{
    enum sbx_status status =
        request->prove_console ? request->prove_console(request->prove_context, why) : SBX_UNPROVEN;

    if (status)
        sbx_error_context(why, "it is not proved that a command cannot answer on this console");
    return status ? SBX_UNSUPPORTED : SBX_OK;
}

static enum sbx_status put_question(struct sbx_approvals *approvals,
    const struct sbx_approval_request *request, const struct sbx_approval_question *question,
    struct sbx_approval_answer *answer, const char **ret_how, struct sbx_error *why)
{
    enum sbx_status status = SBX_OK;
    bool known;

    EnterCriticalSection(&approvals->lock);
    known = sbx_approval_recall(&approvals->memory, question, answer);
    LeaveCriticalSection(&approvals->lock);
    if (known) {
        *ret_how = "remembered";
        return SBX_OK;
    }
    if (approvals->ask && approvals->on_console)
        status = prove_console(request, why);
    if (approvals->ask && !status)
        status = approvals->ask(approvals->context, question, answer, why);
    if (status || !approvals->ask)
        answer->choice = SBX_CHOICE_NONE;
    answer->by[sizeof(answer->by) - 1] = '\0';
    answer->time_ms = sbx_auditlog_now_ms();
    *ret_how = how_it_ended(status, approvals, answer);
    EnterCriticalSection(&approvals->lock);
    /* Not remembered is asked again: no failure. */
    if (sbx_approval_remember(&approvals->memory, question, answer, NULL))
        SetLastError(ERROR_SUCCESS);
    LeaveCriticalSection(&approvals->lock);
    return status == SBX_CANCELLED ? status : SBX_OK;
}

/* Settle one thing. @param rule what the policy says about it */
static enum sbx_status settle(const struct decide *decide, enum sbx_approval_kind kind,
    const char *subject, enum sbx_decision rule, struct sbx_error *err)
{
    const struct sbx_approval_request *request = decide->request;
    struct sbx_approvals *approvals = decide->approvals;
    struct sbx_approval_question question = {.kind = kind,
        .subject = subject,
        .cwd = request->plan->cwd,
        .reason = kind == SBX_APPROVAL_COMMAND ? request->reason : NULL,
        .policy_hash = request->plan->policy_hash,
        .timeout_ms = approvals->timeout_ms};
    struct sbx_approval_answer answer = {0};
    const char *how = "rule";
    struct sbx_error why;
    enum sbx_status status = SBX_OK;

    if (rule == SBX_DECISION_ALLOW)
        return SBX_OK;
    sbx_error_init(&why);
    if (rule == SBX_DECISION_PROMPT) {
        EnterCriticalSection(&approvals->lock);
        question.number = ++approvals->asked;
        LeaveCriticalSection(&approvals->lock);
        status = put_question(approvals, request, &question, &answer, &how, &why);
    }
    if (sbx_approval_record_add(decide->records, &question, &answer, how, err))
        return err ? err->status : SBX_OOM;
    if (status) {
        *err = why;
        return status;
    }
    if (rule == SBX_DECISION_PROMPT && sbx_approval_allows(answer.choice))
        return SBX_OK;
    return denied(&question, &decide->records->items[decide->records->count - 1], &why, err);
}

/* --- what a command asks for ------------------------------------------------------------------ */

static enum sbx_status settle_command(const struct decide *decide, struct sbx_error *err)
{
    const struct sbx_approval_request *request = decide->request;
    enum sbx_status status;
    char *line = NULL;

    if (request->command == SBX_DECISION_ALLOW)
        return SBX_OK;
    status = sbx_cmdline_build(request->argv, request->argc, &line, err);
    if (!status)
        status = settle(decide, SBX_APPROVAL_COMMAND, line, request->command, err);
    free(line);
    return status;
}

static bool was_asked_for(const struct sbx_strings *list, const char *text)
{
    size_t i;

    for (i = 0; text && i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

/* Is root i something that the options, not the policy files, made writable? */
static bool is_extra_root(const struct decide *decide, size_t index)
{
    const struct sbx_approval_request *request = decide->request;
    const struct sbx_approvals *approvals = decide->approvals;
    const struct sbx_root_fact *fact = &request->facts->roots[index];

    if (index > 0)
        return was_asked_for(&request->options->allow_write, fact->asked);
    return approvals->origin == SBX_ORIGIN_PROGRAM &&
           !(approvals->home && sbx_winpath_is_inside(approvals->home, request->plan->cwd));
}

/* The plan lists a root by its final path; two entries of the policy may be one root. */
static enum sbx_status settle_roots(const struct decide *decide, struct sbx_error *err)
{
    const struct sbx_approval_request *request = decide->request;
    const enum sbx_decision rule =
        sbx_approval_rule(request->policy, SBX_APPROVAL_WRITE, decide->approvals->origin);
    enum sbx_status status = SBX_OK;
    size_t i, k;

    for (i = 0; !status && i < request->plan->root_count; i++) {
        const struct sbx_plan_root *root = &request->plan->roots[i];
        bool extra = false;

        for (k = 0; root->writable && k < request->facts->root_count; k++)
            extra |= request->facts->roots[k].path &&
                     sbx_winpath_equal(request->facts->roots[k].path, root->path) &&
                     is_extra_root(decide, k);
        if (extra)
            status = settle(decide, SBX_APPROVAL_WRITE, root->path, rule, err);
    }
    return status;
}

enum sbx_status sbx_approvals_decide(struct sbx_approvals *approvals,
    const struct sbx_approval_request *request, struct sbx_approval_records *ret_records,
    struct sbx_error *err)
{
    const struct decide decide = {approvals, request, ret_records};
    enum sbx_status status = settle_command(&decide, err);

    if (!status)
        status = settle_roots(&decide, err);
    if (!status && request->plan->desktop == SBX_DESKTOP_INTERACTIVE)
        status = settle(&decide, SBX_APPROVAL_DESKTOP, "interactive",
            sbx_approval_rule(request->policy, SBX_APPROVAL_DESKTOP, approvals->origin), err);
    if (!status && request->plan->network == SBX_NETWORK_FULL &&
        request->options->network == SBX_NETWORK_FULL)
        status = settle(&decide, SBX_APPROVAL_NETWORK, "full",
            sbx_approval_rule(request->policy, SBX_APPROVAL_NETWORK, approvals->origin), err);
    return status;
}
