/* See fencecheck.h. */
#include "fencecheck.h"

#include "runner/proofrun.h"
#include "shared/core/bootproof.h"
#include "shared/core/winpath.h"
#include "shared/win/auditlog.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/statefile.h"

#define FILE_NAME "fence.json"
#define LOCK_NAME "fence.lock"
/* Another user's agent may be proving on the same few ports. */
#define PORT_TRIES 60u
#define TURN_TRIES 240u
#define NT_SHARING_VIOLATION 0xC0000043u
#define PAUSE_MS 500u

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

/* --- one at a time ---------------------------------------------------------------------------- */

static bool is_held(const struct sbx_error *error)
{
    return (error->domain == SBX_DOMAIN_NTSTATUS && error->code == NT_SHARING_VIOLATION) ||
           (error->domain == SBX_DOMAIN_WIN32 && error->code == ERROR_SHARING_VIOLATION);
}

/*
 * Many runs may be the first after a boot, and one's listeners are in the way of another's tries:
 * the open file is the turn, and whoever waited for it finds the proof made. Nobody's turn (NULL)
 * stops nothing: two proofs at once can only fail.
 */
static HANDLE take_turn(const char *state_directory)
{
    const struct sbx_file_how folder_how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE};
    const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_WRITE_DATA, .share_none = true};
    HANDLE folder = NULL, file = NULL;
    unsigned i;

    if (sbx_file_open(state_directory, &folder_how, &folder, NULL))
        return NULL;
    for (i = 0; !file && i < TURN_TRIES; i++) {
        struct sbx_error why;
        enum sbx_status status;

        sbx_error_init(&why);
        status = sbx_file_open_at(folder, LOCK_NAME, &how, &file, &why);
        if (status == SBX_NOT_FOUND)
            status = sbx_file_create_at(folder, LOCK_NAME, &how, NULL, &file, &why);
        if (status && status != SBX_EXISTS && !is_held(&why))
            break;
        if (status)
            Sleep(PAUSE_MS);
    }
    sbx_handle_close(&folder);
    return file;
}

/* --- proving ---------------------------------------------------------------------------------- */

static bool port_in_use(enum sbx_status status, const struct sbx_error *err)
{
    return status == SBX_EXISTS ||
           (status && err->domain == SBX_DOMAIN_WIN32 && err->code == WSAEADDRINUSE);
}

static enum sbx_status listen_and_twin(const struct sbx_installation *record,
    struct sbx_fencetry_listeners *listeners, struct sbx_error *err)
{
    enum sbx_status status = SBX_EXISTS;
    unsigned i;

    for (i = 0; port_in_use(status, err) && i < PORT_TRIES; i++) {
        if (i)
            Sleep(PAUSE_MS);
        sbx_fencetry_close(listeners);
        sbx_error_init(err);
        status = sbx_fencetry_listen(record->proxy_first, record->proxy_last, listeners, err);
        if (!status)
            status = sbx_proof_twin(listeners, err);
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
        status = listen_and_twin(record, &listeners, err);
    for (token = 0; !status && token < SBX_FENCE_TOKEN_COUNT; token++)
        status = sbx_proof_account(&chain, account, (enum sbx_fence_token)token, &listeners, err);
    sbx_fencetry_close(&listeners);
    return status;
}

enum sbx_status sbx_fencecheck(const struct sbx_facts *facts, const struct sbx_installed *installed,
    const struct sbx_installed_account *account, struct sbx_error *err)
{
    struct sbx_bootproof then, now;
    HANDLE turn = NULL;
    char *path = NULL;
    enum sbx_status status;

    status = sbx_winpath_join(facts->state_directory, FILE_NAME, &path, err);
    if (status)
        return status;
    read_clocks(installed, &now);
    recall(path, &then);
    if (!sbx_bootproof_holds(&then, &now, account->sid)) {
        turn = take_turn(facts->state_directory);
        read_clocks(installed, &now); /* what was proved meanwhile is later than before */
        recall(path, &then);
    }
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
    sbx_handle_close(&turn);
    free(path);
    return status;
}
