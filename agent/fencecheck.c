/* See fencecheck.h. */
#include "fencecheck.h"

#include "runner/proofrun.h"
#include "shared/core/bootproof.h"
#include "shared/core/winpath.h"
#include "shared/win/auditlog.h"
#include "shared/win/clock.h"
#include "shared/win/statefile.h"

#define FILE_NAME "fence.json"
/* Another agent may be proving on the same few ports. */
#define LISTEN_TRIES 60u
#define LISTEN_PAUSE_MS 500u

/* --- what is remembered ----------------------------------------------------------------------- */

/* @see https://learn.microsoft.com/windows/win32/api/sysinfoapi/nf-sysinfoapi-gettickcount64 */
static void read_clocks(const struct sbx_installed *installed, struct sbx_bootproof *ret_now)
{
    memset(ret_now, 0, sizeof(*ret_now));
    ret_now->up_ms = GetTickCount64();
    ret_now->started_ms = sbx_auditlog_now_ms() - ret_now->up_ms;
    memcpy(ret_now->installation, installed->record_hash, sizeof(ret_now->installation));
}

/* Nothing that can be believed is an answer, and the same as nothing. */
static void recall(const char *path, struct sbx_bootproof *ret_then)
{
    struct sbx_buf text;

    memset(ret_then, 0, sizeof(*ret_then));
    sbx_buf_init(&text, SBX_BOOTPROOF_MAX_BYTES);
    if (sbx_statefile_read(path, SBX_STATEFILE_ANY, &text, NULL) ||
        sbx_bootproof_parse(text.data ? text.data : "", text.length_bytes, ret_then, NULL))
        memset(ret_then, 0, sizeof(*ret_then));
    sbx_buf_done(&text);
}

/* A proof that cannot be kept is made again by the next run. */
static void remember(const char *path, const struct sbx_bootproof *then, struct sbx_bootproof *now,
    const char *account_sid)
{
    struct sbx_buf text;
    size_t i;

    for (i = 0; sbx_bootproof_is_now(then, now) && i < then->count; i++)
        sbx_bootproof_add(now, then->accounts[i]);
    sbx_bootproof_add(now, account_sid);
    sbx_buf_init(&text, SBX_BOOTPROOF_MAX_BYTES);
    if (!sbx_bootproof_format(now, &text, NULL))
        (void)!sbx_statefile_write(path, NULL, text.data, text.length_bytes, NULL);
    sbx_buf_done(&text);
}

/* --- proving ---------------------------------------------------------------------------------- */

static enum sbx_status listen_on_loopback(const struct sbx_installation *record,
    struct sbx_fencetry_listeners *ret_listeners, struct sbx_error *err)
{
    enum sbx_status status = SBX_EXISTS;
    unsigned i;

    for (i = 0; status == SBX_EXISTS && i < LISTEN_TRIES; i++) {
        if (i)
            Sleep(LISTEN_PAUSE_MS);
        sbx_error_init(err);
        status = sbx_fencetry_listen(record->proxy_first, record->proxy_last, ret_listeners, err);
    }
    return status;
}

static enum sbx_status prove(const struct sbx_installed *installed,
    const struct sbx_installed_account *account, struct sbx_error *err)
{
    const struct sbx_installation *record = &installed->record;
    const struct sbx_proof_chain chain = {.runner = installed->runner,
        .folder = installed->directory,
        .group_sid = record->group_sid,
        .complement = record->fence_complement};
    struct sbx_fencetry_listeners listeners = {.count = 0};
    enum sbx_status status = sbx_fencetry_begin(err);
    int token;

    if (!status)
        status = listen_on_loopback(record, &listeners, err);
    if (!status)
        status = sbx_proof_twin(&listeners, err);
    for (token = 0; !status && token < SBX_FENCE_TOKEN_COUNT; token++)
        status = sbx_proof_account(&chain, account, (enum sbx_fence_token)token, &listeners, err);
    sbx_fencetry_close(&listeners);
    return status;
}

enum sbx_status sbx_fencecheck(const struct sbx_facts *facts, const struct sbx_installed *installed,
    const struct sbx_installed_account *account, struct sbx_error *err)
{
    struct sbx_bootproof then, now;
    char *path = NULL;
    enum sbx_status status;

    if (!account->offline)
        return SBX_OK;
    status = sbx_winpath_join(facts->state_directory, FILE_NAME, &path, err);
    if (status)
        return status;
    read_clocks(installed, &now);
    recall(path, &then);
    if (!sbx_bootproof_holds(&then, &now, account->sid)) {
        status = prove(installed, account, err);
        if (!status)
            remember(path, &then, &now, account->sid);
    }
    if (status) {
        sbx_error_context(
            err, "the network fence of '%s', at the first run after boot", account->name);
        sbx_error_hint(err, "another firewall or a group policy may interfere, or the filters are "
                            "gone: run agent repair. Nothing runs as this account before its "
                            "fence is seen to hold");
        /* "Denied" and the like would be answers about the command. */
        status = err->status = SBX_UNPROVEN;
    }
    free(path);
    return status;
}
