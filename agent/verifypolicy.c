/*
 * See verifycheck.h: who may ask for what. A policy file that the workspace brings along, a place
 * that nobody may make writable, a request of a host's.
 */
#include "verifychecks.h"

#include "options.h"
#include "rpcargs.h"

#define WORKSPACE "{ws}\\.agent-sandbox.json"
#define OWN "{out}\\policy.json"

/* A policy that widens, and what it would allow. */
struct widening {
    const char *words; /* the probe's */
    const char *works; /* what the output says when it was allowed; NULL: the outcome says it */
};

static enum sbx_verify_outcome outcome_of(
    const struct sbx_verify_ran *ran, const struct widening *widening)
{
    if (!ran->began)
        return SBX_VERIFY_DENIED; /* the whole command is refused */
    if (widening->works && strstr(ran->out.data, widening->works))
        return SBX_VERIFY_SUCCEEDED;
    switch (sbx_verify_ran_outcome(ran)) {
    case SBX_VERIFY_SUCCEEDED:
        return widening->works ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
    case SBX_VERIFY_DENIED:
    case SBX_VERIFY_NOT_FOUND: /* a variable that was not set */
        return SBX_VERIFY_DENIED;
    default:
        return SBX_VERIFY_ODD;
    }
}

/* The user's own policy says it first, which must work; then the workspace's file alone. */
static enum sbx_status try_widening(const struct sbx_verify_check *check, const char *policy,
    const struct widening *widening, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran own = {0}, brought = {0};
    struct sbx_buf program;
    enum sbx_status status = sbx_verify_put_file(check, OWN, policy, err);

    sbx_buf_init(&program, SBX_VERIFY_PATH_MAX);
    if (!status)
        status =
            sbx_buf_printf(&program, err, "{probe}|seq|create|{free}\\p|+|%s", widening->words);
    if (!status)
        status = sbx_verify_run_words(check, "--policy|" OWN, program.data, &own, err);
    if (!status)
        status = sbx_verify_put_file(check, WORKSPACE, policy, err);
    if (!status)
        status = sbx_verify_run_words(check, NULL, program.data, &brought, err);
    if (!status) {
        seen->inside_ran = seen->twin_ran = own.began;
        seen->confined = own.confined;
        seen->ping = sbx_verify_first(own.out.data);
        seen->twin = outcome_of(&own, widening);
        seen->inside = outcome_of(&brought, widening);
        memcpy(check->result->error, own.error, sizeof(check->result->error));
    }
    sbx_verify_ran_done(&own);
    sbx_verify_ran_done(&brought);
    sbx_buf_done(&program);
    return status;
}

/* A path as a JSON string: backslashes twice. */
static enum sbx_status json_path(const struct sbx_verify_check *check, const char *place,
    struct sbx_buf *text, struct sbx_error *err)
{
    char *path = NULL;
    const char *at;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);

    for (at = path; !status && *at; at++)
        status = *at == '\\' ? sbx_buf_puts(text, "\\\\", err) : sbx_buf_putc(text, *at, err);
    free(path);
    return status;
}

enum sbx_status sbx_verify_check_workspace_roots(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const struct widening more = {"append|{extra}\\target.txt", NULL};
    struct sbx_buf policy;
    enum sbx_status status;

    sbx_buf_init(&policy, 2 * SBX_VERIFY_PATH_MAX);
    status = sbx_buf_puts(&policy, "{\"filesystem\":{\"allowWrite\":[\".\",\"", err);
    if (!status)
        status = json_path(check, "{extra}", &policy, err);
    if (!status)
        status = sbx_buf_puts(&policy, "\"]}}", err);
    if (!status)
        status = try_widening(check, policy.data, &more, err);
    sbx_buf_done(&policy);
    return status;
}

enum sbx_status sbx_verify_check_workspace_variables(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const struct widening more = {"env|AGENT_VERIFY", "planted-value"};

    return try_widening(
        check, "{\"environment\":{\"set\":{\"AGENT_VERIFY\":\"planted-value\"}}}", &more, err);
}

enum sbx_status sbx_verify_check_workspace_scalars(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const struct widening more = {"append|{ws}\\.git\\HEAD", NULL};

    return try_widening(check, "{\"git\":\"write\"}", &more, err);
}

/* Only planned: what is refused here would otherwise be granted. */
enum sbx_status sbx_verify_check_forbidden_place(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char *const places[] = {"{windows}", "{programs}", "{state}"};
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    struct sbx_buf options;
    enum sbx_status status =
        sbx_verify_run_words(check, "--dry-run|--allow-write|{extra}", "{probe}|ping", &ran, err);
    size_t i;

    sbx_buf_init(&options, SBX_VERIFY_PATH_MAX);
    seen->inside_ran = seen->twin_ran = !status;
    seen->confined = check->report->confined; /* nothing runs: as the runs before */
    seen->ping = seen->twin = ran.exit_code ? SBX_VERIFY_ODD : SBX_VERIFY_SUCCEEDED;
    sbx_verify_ran_done(&ran);
    for (i = 0; !status && i < countof(places) && seen->inside != SBX_VERIFY_SUCCEEDED; i++) {
        sbx_buf_clear(&options);
        status = sbx_buf_printf(&options, err, "--dry-run|--allow-write|%s", places[i]);
        if (!status)
            status = sbx_verify_run_words(check, options.data, "{probe}|ping", &ran, err);
        if (!status)
            seen->inside = ran.exit_code ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
        sbx_verify_ran_done(&ran);
    }
    if (status)
        seen->inside = SBX_VERIFY_NONE;
    sbx_buf_done(&options);
    return status;
}

/* Whether `agent serve` takes such parameters of a request. @param session of its command line */
static enum sbx_verify_outcome ask(
    const char *json, const char *const *session, size_t session_count)
{
    struct sbx_json_at params;
    struct sbx_rpcargs args = {.row = sbx_verb_find("run", NULL),
        .session_row = sbx_verb_find("serve", NULL),
        .session = session,
        .session_count = session_count,
        .params = &params};
    enum sbx_verify_outcome outcome = SBX_VERIFY_ODD;
    struct sbx_strings argv = {0};
    struct cJSON *root = NULL;
    enum sbx_status status;

    if (!args.row || !args.session_row || sbx_json_parse(json, strlen(json), NULL, &root, NULL))
        return SBX_VERIFY_ODD;
    if (!sbx_json_root_object(root, &params, NULL)) {
        status = sbx_rpcargs_build(&args, &argv, NULL);
        outcome = !status                 ? SBX_VERIFY_SUCCEEDED
                  : status == SBX_INVALID ? SBX_VERIFY_DENIED
                                          : SBX_VERIFY_ODD;
    }
    sbx_strings_done(&argv);
    sbx_json_free(root);
    return outcome;
}

enum sbx_status sbx_verify_check_request(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char *const session[] = {"--wine-unconfined"};
    struct sbx_verify_seen *seen = &check->result->seen;

    (void)err;
    seen->inside_ran = seen->twin_ran = true;
    seen->confined = check->report->confined; /* nothing runs: as the runs before */
    seen->ping = ask("{\"profile\":\"read-only\"}", NULL, 0);
    seen->twin = ask("{\"profile\":\"read-only\"}", session, countof(session));
    seen->inside = ask("{\"wineUnconfined\":true}", NULL, 0);
    return SBX_OK;
}
