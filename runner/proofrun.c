/* See proofrun.h; its MUSTs are numbered there. */
#include "proofrun.h"

#include "hop.h"
#include "shared/core/capsid.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/pipe.h"
#include "shared/win/random.h"

#include <stdio.h>

/* One run, the logon included; a machine may be slow, an open fence must not wait forever. */
#define RUN_TIMEOUT_MS 60000u
#define READ_TIMEOUT_MS 5000u

static enum sbx_status set_run_sid(struct sbx_request *request, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    enum sbx_status status;
    uint8_t random[16];
    struct sbx_sid sid;

    status = sbx_random_bytes(random, sizeof(random), err);
    if (status)
        return status;
    sbx_capsid_for_run(random, &sid);
    sbx_sid_format(&sid, text);
    return sbx_strdup(text, &request->run_sid, err);
}

/* As little as sockets need: Winsock's catalogue names its DLLs by %SystemRoot%. */
static enum sbx_status set_environment(
    struct sbx_request *request, const char *folder, struct sbx_error *err)
{
    char *windows = NULL;
    enum sbx_status status = sbx_known_folder(SBX_KNOWN_WINDOWS, &windows, err);

    sbx_env_init(&request->environment);
    if (!status)
        status = sbx_env_set(&request->environment, "SystemRoot", windows, err);
    if (!status)
        status = sbx_env_set(&request->environment, "windir", windows, err);
    if (!status)
        status = sbx_env_set(&request->environment, "TEMP", folder, err);
    if (!status)
        status = sbx_env_set(&request->environment, "TMP", folder, err);
    free(windows);
    return status;
}

static enum sbx_status set_arguments(struct sbx_request *request, const char *runner,
    enum sbx_fence_token token, const struct sbx_fencetry_ports *ports, struct sbx_error *err)
{
    const char *const fixed[] = {runner, "--fence-probe", "--open"};
    enum sbx_status status = SBX_OK;
    char open[16], range[32];
    size_t i;

    snprintf(open, sizeof(open), "%u", ports->open);
    snprintf(range, sizeof(range), "%u-%u", ports->proxy, ports->squat);
    for (i = 0; !status && i < countof(fixed); i++)
        status = sbx_strings_add(&request->argv, fixed[i], err);
    if (!status)
        status = sbx_strings_add(&request->argv, open, err);
    if (!status)
        status = sbx_strings_add(&request->argv, "--ports", err);
    if (!status)
        status = sbx_strings_add(&request->argv, range, err);
    if (!status)
        status = sbx_strings_add(&request->argv, "--token", err);
    if (!status)
        status = sbx_strings_add(&request->argv, sbx_fence_token_name(token), err);
    return status;
}

static enum sbx_status set_names(const struct sbx_proof_chain *chain,
    const struct sbx_installed_account *account, struct sbx_request *request, struct sbx_error *err)
{
    const struct {
        char **member;
        const char *text;
    } rows[] = {{&request->image, chain->runner}, {&request->cwd, chain->folder},
        {&request->user_sid, account->sid}, {&request->account, account->name},
        {&request->account_sid, account->sid}, {&request->group_sid, chain->group_sid}};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(rows); i++)
        status = rows[i].text ? sbx_strdup(rows[i].text, rows[i].member, err)
                              : sbx_fail(err, SBX_INTERNAL, "a SID is not known");
    return status;
}

static enum sbx_status make_request(const struct sbx_proof_chain *chain,
    const struct sbx_installed_account *account, enum sbx_fence_token token,
    const struct sbx_fencetry_ports *ports, struct sbx_request *request, struct sbx_error *err)
{
    enum sbx_status status = set_environment(request, chain->folder, err);

    request->stage = SBX_STAGE_LAUNCH;
    request->mode = SBX_MODE_ELEVATED;
    request->recipe = SBX_TOKEN_STANDARD; /* what runs use until they are calibrated (design 2) */
    request->desktop = SBX_DESKTOP_PRIVATE;
    request->limits.timeout_ms = RUN_TIMEOUT_MS / 2;
    request->limits.ui = SBX_UI_ENFORCE;
    if (!status)
        status = set_run_sid(request, err);
    if (!status)
        status = set_names(chain, account, request, err);
    if (!status)
        status = set_arguments(request, chain->runner, token, ports, err);
    return status;
}

/* MUSTs 2 and 3. */
static enum sbx_status read_report(const struct sbx_reply *reply, HANDLE pipe,
    enum sbx_fence_token token, struct sbx_fence_report *ret_report, struct sbx_error *err)
{
    struct sbx_buf text;
    enum sbx_status status;

    if (reply->ended == SBX_ENDED_FAILED) {
        *err = reply->error;
        return reply->error.status ? reply->error.status : SBX_INTERNAL;
    }
    if (reply->ended != SBX_ENDED_EXIT || reply->exit_code != 0)
        return sbx_fail(err, SBX_UNPROVEN, "the probe ended by '%s' with code %u",
            sbx_ended_name(reply->ended), (unsigned)reply->exit_code);
    if (!reply->confined)
        return sbx_fail(err, SBX_UNPROVEN, "the probe was not confined");
    sbx_buf_init(&text, SBX_FENCE_REPORT_MAX_BYTES);
    status = sbx_pipe_read_all(pipe, READ_TIMEOUT_MS, &text, err);
    if (!status)
        status =
            sbx_fence_report_parse(text.data ? text.data : "", text.length_bytes, ret_report, err);
    if (!status && ret_report->token != token)
        status = sbx_fail(err, SBX_UNPROVEN, "the probe reports on another token");
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status probe(const struct sbx_proof_chain *chain,
    const struct sbx_installed_account *account, enum sbx_fence_token token,
    const struct sbx_fencetry_ports *ports, struct sbx_fence_report *ret_report,
    struct sbx_error *err)
{
    struct sbx_request request = {.stage = SBX_STAGE_LAUNCH};
    struct sbx_reply reply = {.kind = SBX_REPLY_RESULT};
    struct sbx_pipe output = {NULL, NULL};
    enum sbx_status status;

    status = make_request(chain, account, token, ports, &request, err);
    if (!status)
        status = sbx_pipe_new(SBX_FENCE_REPORT_MAX_BYTES, &output, err);
    if (status)
        goto cleanup;
    request.stdout_handle = (uint64_t)(uintptr_t)output.write;
    status = sbx_hop_run(chain->runner, &request, RUN_TIMEOUT_MS, &reply, err);
    sbx_handle_close(&output.write);
    if (!status) {
        status = read_report(&reply, output.read, token, ret_report, err);
        sbx_reply_done(&reply);
    }
cleanup:
    if (status)
        sbx_error_context(err, "fence probe as '%s'", account->name);
    request.stdout_handle = 0;
    sbx_request_done(&request);
    sbx_pipe_close(&output);
    return status;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* MUST 1. */
enum sbx_status sbx_proof_twin(
    const struct sbx_fencetry_listeners *listeners, struct sbx_error *err)
{
    struct sbx_fence_report report;
    size_t i;

    memset(&report, 0, sizeof(report));
    sbx_fencetry_all(&listeners->ports, &report);
    for (i = 0; i < SBX_TRY_COUNT; i++) {
        const char *name = sbx_fence_try_name((enum sbx_fence_try)i);
        bool v6 = strchr(name, '6') != NULL || i == SBX_TRY_CONNECT_MAPPED;

        if (!report.tries[i].done && (listeners->has_v6 || !v6))
            return sbx_fail_win32(err, report.tries[i].code,
                "%s does not work outside the sandbox either, so the fence cannot be proved", name);
    }
    return SBX_OK;
}

static enum sbx_status refuse(enum sbx_fence_proof proof, bool derived, bool complement,
    const struct sbx_findings *findings, struct sbx_error *err)
{
    enum sbx_status status = sbx_findings_refuse(findings,
        proof == SBX_FENCE_OPEN ? "the network fence is open" : "the network fence cannot be told",
        err);

    if (!status)
        status = sbx_fail(err, SBX_UNPROVEN, "the network fence is not proved");
    if (derived && !complement)
        sbx_error_hint(err, "the plain form does not hold for tokens that a command can derive "
                            "from its own on this machine: use --fence complement");
    return status;
}

enum sbx_status sbx_proof_account(const struct sbx_proof_chain *chain,
    const struct sbx_installed_account *account, enum sbx_fence_token token,
    const struct sbx_fencetry_listeners *listeners, struct sbx_error *err)
{
    struct sbx_fence_report report;
    struct sbx_findings findings;
    enum sbx_fence_proof proof;
    enum sbx_status status = probe(chain, account, token, &listeners->ports, &report, err);

    if (status)
        return status;
    sbx_findings_init(&findings);
    proof = sbx_fence_report_judge(&report,
        account->offline ? SBX_FENCE_FOR_OFFLINE : SBX_FENCE_FOR_ONLINE, listeners->has_v6,
        &findings);
    if (proof != SBX_FENCE_HELD)
        status = refuse(proof, token != SBX_FENCE_TOKEN_OWN, chain->complement, &findings, err);
    return status;
}
