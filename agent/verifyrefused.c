/*
 * See verifycheck.h: what is decided before anything is granted or started. A command that is
 * refused must leave nothing behind: no grant, no file.
 */
#include "verifychecks.h"

#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#define DENIES_EXTRA "{\"approvals\":{\"write\":\"deny\"}}"
#define ALLOWS_EXTRA "{\"approvals\":{\"write\":\"allow\"}}"
#define DENIES_CREATE                                                                              \
    "{\"commands\":[{\"match\":[\"probe\",\"create\"],\"decision\":\"deny\",\"reason\":"           \
    "\"verify\"}]}"
#define POLICY "{out}\\policy.json"
#define WITH_POLICY "--policy|" POLICY
#define EXIT_REFUSED 126u

/* A run that must be refused, and what it was refused to do. */
struct refusal {
    const char *options, *program;
    const char *granted; /* a place whose list a grant would change */
    const char *made;    /* what the command would make */
};

static bool is_there(const struct sbx_verify_check *check, const char *place)
{
    char *path = NULL;
    wchar_t *path_w = NULL;
    bool there = true; /* when it cannot be asked, too */

    if (!sbx_verify_path(check, place, &path, NULL) && !sbx_wstr_from_utf8(path, &path_w, NULL))
        there = GetFileAttributesW(path_w) != INVALID_FILE_ATTRIBUTES;
    free(path_w);
    free(path);
    return there;
}

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
    if (!status &&
        (ran.began || is_there(check, refusal->made) || !sbx_descriptor_equal(&before, &after)))
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
        seen->twin = is_there(check, refusal->made) ? seen->ping : SBX_VERIFY_ODD;
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
