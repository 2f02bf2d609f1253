/*
 * See verifycheck.h: what is decided before anything is granted or started. A command that is
 * refused must leave nothing behind: no grant, no file.
 */
#include "verifychecks.h"

#include "approve.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define DENIES_EXTRA "{\"approvals\":{\"write\":\"deny\"}}"
#define ALLOWS_EXTRA "{\"approvals\":{\"write\":\"allow\"}}"
#define DENIES_CREATE                                                                              \
    "{\"commands\":[{\"match\":[\"probe\",\"create\"],\"decision\":\"deny\",\"reason\":"           \
    "\"verify\"}]}"
#define POLICY "{out}\\policy.json"
#define WITH_POLICY "--policy|" POLICY
#define AUDITED "{\"audit\":{\"enabled\":true}}"
#define EXIT_REFUSED 126u
#define EXIT_SANDBOX 125u

/* A run that must be refused, and what it was refused to do. */
struct refusal {
    const char *options, *program;
    const char *granted; /* a place whose list a grant would change */
    const char *made;    /* what the command would make */
};

/* Refused with our own code, and nothing is changed: DENIED. Anything changed: it SUCCEEDED. */
static enum sbx_status try_refused(const struct sbx_verify_check *check,
    const struct refusal *refusal, uint32_t wanted_code, enum sbx_verify_outcome *ret_outcome,
    struct sbx_error *err)
{
    struct sbx_descriptor before = {0}, after = {0};
    struct sbx_verify_ran ran = {0};
    enum sbx_status status = sbx_verify_descriptor(check, refusal->granted, &before, err);

    if (!status)
        status = sbx_verify_run_words(check, refusal->options, refusal->program, &ran, err);
    if (!status)
        status = sbx_verify_descriptor(check, refusal->granted, &after, err);
    if (!status && (ran.began || sbx_verify_is_there(check, refusal->made) ||
                       !sbx_descriptor_equal(&before, &after)))
        *ret_outcome = SBX_VERIFY_SUCCEEDED;
    else if (!status)
        *ret_outcome = ran.exit_code == wanted_code ? SBX_VERIFY_DENIED : SBX_VERIFY_ODD;
    sbx_verify_ran_done(&ran);
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&after);
    return status;
}

/* The same where nothing refuses it: it must start, and do what it was to do. */
static enum sbx_status try_allowed(
    const struct sbx_verify_check *check, const struct refusal *refusal, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    enum sbx_status status =
        sbx_verify_run_words(check, refusal->options, refusal->program, &ran, err);

    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined = ran.confined;
        seen->ping = sbx_verify_ran_outcome(&ran);
        seen->twin = sbx_verify_is_there(check, refusal->made) ? seen->ping : SBX_VERIFY_ODD;
        if (!ran.began)
            memcpy(check->result->error, ran.error, sizeof(check->result->error));
    }
    sbx_verify_ran_done(&ran);
    return status;
}

enum sbx_status sbx_verify_check_unapproved(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const struct refusal more = {WITH_POLICY "|--allow-write|{extra}",
        "{probe}|create|{extra}\\started.txt", "{extra}", "{extra}\\started.txt"};
    enum sbx_status status = sbx_verify_put_file(check, POLICY, DENIES_EXTRA, err);

    if (!status)
        status = try_refused(check, &more, EXIT_REFUSED, &check->result->seen.inside, err);
    if (!status)
        status = sbx_verify_put_file(check, POLICY, ALLOWS_EXTRA, err);
    return status ? status : try_allowed(check, &more, err);
}

static const struct refusal creates = {
    WITH_POLICY, "{probe}|create|{free}\\started.txt", "{ws}", "{free}\\started.txt"};

enum sbx_status sbx_verify_check_denied_command(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    enum sbx_status status = sbx_verify_put_file(check, POLICY, DENIES_CREATE, err);

    if (!status)
        status = try_refused(check, &creates, EXIT_REFUSED, &check->result->seen.inside, err);
    if (!status)
        status = sbx_verify_put_file(check, POLICY, "{}", err);
    return status ? status : try_allowed(check, &creates, err);
}

/* A dry run ends with 0 and a plan, or is refused: nothing is granted either way. */
enum sbx_status sbx_verify_check_denied_plan(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran denied = {0}, allowed = {0};
    enum sbx_status status = sbx_verify_put_file(check, POLICY, DENIES_CREATE, err);

    if (!status)
        status =
            sbx_verify_run_words(check, WITH_POLICY "|--dry-run", creates.program, &denied, err);
    if (!status)
        status = sbx_verify_put_file(check, POLICY, "{}", err);
    if (!status)
        status =
            sbx_verify_run_words(check, WITH_POLICY "|--dry-run", creates.program, &allowed, err);
    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined = check->report->confined; /* nothing runs: as the first run was */
        seen->ping = seen->twin = allowed.exit_code ? SBX_VERIFY_ODD : SBX_VERIFY_SUCCEEDED;
        seen->inside = denied.exit_code == 0              ? SBX_VERIFY_SUCCEEDED
                       : denied.exit_code == EXIT_REFUSED ? SBX_VERIFY_DENIED
                                                          : SBX_VERIFY_ODD;
    }
    sbx_verify_ran_done(&denied);
    sbx_verify_ran_done(&allowed);
    return status;
}

/* Somebody who shares the log's folder with nobody: for as long as one run takes to be refused. */
enum sbx_status sbx_verify_check_unrecorded(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    char *path = NULL;
    wchar_t *path_w = NULL;
    HANDLE folder = INVALID_HANDLE_VALUE;
    enum sbx_status status = sbx_verify_put_file(check, POLICY, AUDITED, err);
    DWORD code;

    if (!status) /* first, so that there is a log */
        status = try_allowed(check, &creates, err);
    if (!status)
        status = sbx_verify_must(check, "delete|{free}\\started.txt", err);
    if (!status)
        status = sbx_verify_path(check, "{state}\\audit", &path, err);
    if (!status)
        status = sbx_wstr_from_utf8(path, &path_w, err);
    if (!status) {
        folder = CreateFileW(
            path_w, FILE_LIST_DIRECTORY, 0, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
        code = GetLastError();
        if (folder == INVALID_HANDLE_VALUE)
            status = sbx_fail_win32(err, code, "hold '%s'", path);
    }
    if (!status)
        status = sbx_verify_run_words(check, creates.options, creates.program, &ran, err);
    sbx_handle_close(&folder);
    if (!status)
        seen->inside = ran.began || sbx_verify_is_there(check, creates.made) ? SBX_VERIFY_SUCCEEDED
                       : ran.exit_code == EXIT_SANDBOX                       ? SBX_VERIFY_DENIED
                                                                             : SBX_VERIFY_ODD;
    sbx_verify_ran_done(&ran);
    free(path_w);
    free(path);
    return status;
}

/* The second lock behind R2, where nothing but approvals is asked. */
enum sbx_status sbx_verify_check_denied_settled(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char *const argv[] = {"probe", "create"};
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_approval_records records = {0};
    struct sbx_approvals nobody;
    struct sbx_policy policy;
    struct sbx_facts facts = {0};
    struct sbx_plan plan = {0};
    struct sbx_approval_request request = {.policy = &policy,
        .options = &policy,
        .facts = &facts,
        .plan = &plan,
        .argv = argv,
        .argc = countof(argv),
        .command = SBX_DECISION_ALLOW};
    enum sbx_status status;

    sbx_policy_init(&policy, SBX_LAYER_COMMAND);
    sbx_approvals_init(&nobody, SBX_ORIGIN_PERSON, NULL, NULL);
    status = sbx_approvals_decide(&nobody, &request, &records, err);
    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined = check->report->confined; /* nothing runs: as the runs before */
        seen->ping = seen->twin = SBX_VERIFY_SUCCEEDED;
        request.command = SBX_DECISION_DENY;
        status = sbx_approvals_decide(&nobody, &request, &records, err);
        seen->inside = !status                ? SBX_VERIFY_SUCCEEDED
                       : status == SBX_DENIED ? SBX_VERIFY_DENIED
                                              : SBX_VERIFY_ODD;
        status = SBX_OK;
    }
    sbx_approval_records_done(&records);
    sbx_approvals_done(&nobody);
    sbx_policy_done(&policy);
    return status;
}
