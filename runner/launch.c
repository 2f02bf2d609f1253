/*
 * The launch stage of elevated mode: from a request to a token or a process of the account.
 * Boundaries B14 and B15 of SECURITY.md.
 *
 * MUSTs:
 *  1. The password is in one buffer, wiped as soon as the hop is made or has failed; it is never in
 *     an environment, a command line, a message or an error.
 *  2. LogonUserW comes first and once: it says what is wrong with an account in words, and one bad
 *     password counts once. After a refusal nothing else is tried.
 *  3. What was logged on is proved before it is used (sbx_logon_check), here and, as its own token,
 *     by the confine stage.
 *  4. One thing is tried again, once: a logon session that is gone (1312).
 */
#include "relay.h"

#include "shared/core/credential.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/logon.h"
#include "shared/win/privilege.h"
#include "shared/win/seal.h"
#include "shared/win/sid.h"
#include "shared/win/statefile.h"
#include "shared/win/token.h"

/* What the request said, parsed once. */
struct identity {
    struct sbx_sid account, group, run;
};

static enum sbx_status parse_identity(
    const struct sbx_request *request, struct identity *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_sid_parse(request->account_sid, &ret->account, err);

    if (!status)
        status = sbx_sid_parse(request->group_sid, &ret->group, err);
    if (!status)
        status = sbx_sid_parse(request->run_sid, &ret->run, err);
    return status;
}

/* "FOLDER\secrets\credentials.json" beside this program: both are the administrator's. */
static enum sbx_status credentials_path(const char *program, char **ret_path, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf path;
    char *folder = NULL;

    sbx_buf_init(&path, (size_t)SBX_WINPATH_MAX_CCH * 4u);
    status = sbx_winpath_parent(program, &folder, err);
    if (!status)
        status = sbx_buf_printf(&path, err, "%s\\secrets\\credentials.json", folder);
    if (!status)
        status = sbx_buf_steal(&path, ret_path, err);
    sbx_buf_done(&path);
    free(folder);
    return status;
}

static enum sbx_status open_sealed(const struct sbx_credentials *all, const char *name,
    const struct sbx_sid *account, char password[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    const struct sbx_credential *entry = sbx_credentials_find(all, name);
    struct sbx_sid sid;
    enum sbx_status status;

    if (!entry)
        return sbx_fail(err, SBX_NOT_SETUP, "no sealed credential for '%s'", name);
    status = sbx_sid_parse(entry->sid, &sid, err);
    /* An account that was deleted and made again has another SID, and was not set up by us. */
    if (!status && !sbx_sid_equal(&sid, account))
        status = sbx_fail(err, SBX_NOT_SETUP, "the credential of '%s' is of another account (%s)",
            name, entry->sid);
    if (!status)
        status = sbx_seal_open(account, entry->blob, entry->blob_bytes, password, err);
    return status;
}

static enum sbx_status unseal(const char *program, const char *name, const struct sbx_sid *account,
    char password[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    struct sbx_credentials all = {0};
    enum sbx_status status;
    struct sbx_buf text;
    char *path = NULL;

    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    status = credentials_path(program, &path, err);
    if (!status)
        status = sbx_statefile_read(path, SBX_STATEFILE_MACHINE, &text, err);
    if (!status)
        status = sbx_credentials_parse(text.data, text.length_bytes, &all, err);
    if (!status)
        status = open_sealed(&all, name, account, password, err);
    if (status) {
        sbx_error_context(err, "credential");
        sbx_error_hint(err, "run: agent setup (or agent repair); this user must be an operator");
        if (status == SBX_NOT_FOUND)
            status = SBX_NOT_SETUP; /* "not found" is an answer about the command */
        if (err)
            err->status = status;
    }
    sbx_credentials_done(&all);
    sbx_buf_wipe(&text);
    free(path);
    return status;
}

/*
 * A process with another user's token needs both privileges; a service has them. Enabled here, for
 * the one call. Whoever lacks one, or may not enable it, takes two hops.
 * https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessasuserw
 */
static bool one_hop_possible(void)
{
    HANDLE token = NULL;
    bool possible = !sbx_token_open_self(TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token, NULL) &&
                    !sbx_privilege_set(token, "SeAssignPrimaryTokenPrivilege", true, NULL) &&
                    !sbx_privilege_set(token, "SeIncreaseQuotaPrivilege", true, NULL);

    sbx_handle_close(&token);
    return possible;
}

/* The private desktop and, where needed, the station: the launch stage's user owns both. */
static enum sbx_status prepare_desktop(
    struct sbx_run *run, const struct identity *who, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    if (!status && !run->desktop.handle)
        status = sbx_surround_desktop(run, &user, &who->account, &who->run, err);
    if (!status && !run->station.count)
        status = sbx_surround_station(run, &who->account, &who->run, err);
    if (!status && !run->names.count)
        sbx_surround_names(run, &who->account, &who->run);
    return status;
}

static bool stale_session(enum sbx_status status, const struct sbx_error *err)
{
    return status && err->domain == SBX_DOMAIN_WIN32 && err->code == ERROR_NO_SUCH_LOGON_SESSION;
}

/* Unseal, log on, check. The token is kept for one hop, else it has done its work. */
static enum sbx_status log_on(struct sbx_run *run, const char *program, const struct identity *who,
    char password[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    const char *name = run->request.account;
    HANDLE token = NULL;
    enum sbx_status status = unseal(program, name, &who->account, password, err);

    if (!status)
        status = sbx_logon_user(name, password, &token, err);
    if (!status)
        status = sbx_logon_check(token, &who->account, &who->group, err);
    if (!status && one_hop_possible()) {
        run->base = token;
        run->one_hop = true;
        return SBX_OK;
    }
    sbx_handle_close(&token);
    return status;
}

/* One way to the confine stage and, unless it failed, the command's whole life. */
static enum sbx_status second_hop(struct sbx_run *run, const char *program,
    char password[SBX_PASSWORD_SIZE], bool *ret_stale, struct sbx_error *err)
{
    struct sbx_hop_start start = {.runner = program,
        .request = &run->request,
        .password = password,
        .desktop = run->desktop.path};
    struct sbx_hop hop = {0};
    enum sbx_status status = sbx_confine_streams(run, start.streams, err);

    if (!status)
        status = sbx_hop_open(&start, &run->findings, &hop, err);
    sbx_wipe(password, SBX_PASSWORD_SIZE);
    *ret_stale = stale_session(status, err);
    /* What this stage could not prove ends the run before the other has begun. */
    if (!status && !run->request.wine_unconfined)
        status = sbx_findings_refuse(&run->findings, "the launch stage", err);
    if (status) {
        sbx_process_kill(&hop.stage, 1);
        sbx_hop_close(&hop);
        return sbx_run_about_the_sandbox(status, err);
    }
    return sbx_relay_run(run, &hop, ret_stale, err);
}

enum sbx_status sbx_launch(struct sbx_run *run, struct sbx_error *err)
{
    char password[SBX_PASSWORD_SIZE] = "";
    struct identity who;
    enum sbx_status status = parse_identity(&run->request, &who, err);
    char *program = NULL;
    bool stale = true;
    int attempt;

    if (!status)
        status = sbx_known_program(&program, err);
    for (attempt = 0; !status && attempt < 2 && stale; attempt++) {
        stale = false;
        sbx_error_init(err);
        status = log_on(run, program, &who, password, err);
        stale = stale_session(status, err);
        if (!status && run->one_hop)
            break;
        if (!status)
            status = prepare_desktop(run, &who, err);
        status = sbx_run_about_the_sandbox(status, err);
        run->times.token = sbx_run_clock(run);
        if (!status)
            status = second_hop(run, program, password, &stale, err);
        sbx_wipe(password, sizeof(password));
        if (stale && attempt == 0)
            status = SBX_OK; /* once more, from the start */
    }
    sbx_wipe(password, sizeof(password));
    free(program);
    return status;
}
