/* See lease.h. */
#include "lease.h"

#include <stdio.h>

#include "shared/core/list.h"
#include "shared/core/ntsid.h"
#include "shared/core/utf.h"
#include "shared/win/clock.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/random.h"

#define WAIT_MS 600000u
#define POLL_MS 250u
/* Tries to be alone on an account that looked free, before it counts as taken. */
#define TRIES 4u
#define LIVE_MAX 4096u
#define LEASE_READ (FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | SYNCHRONIZE)

/* --- who is there ------------------------------------------------------------------------------
 */

struct look {
    HANDLE work;
    const char *own_id; /* our own lease is none of the others */
    struct sbx_lease_name *live;
    size_t count;
    enum sbx_status status; /* out of memory, or more than can be */
};

/*
 * A holder shares nothing, so a sharing violation is a live one. So is what cannot be opened for
 * another reason (an operator that is not on this record): in doubt an account is in use.
 * A dead one of our own goes; another user's stays until that user runs again.
 */
static bool is_live(HANDLE work, const char *text)
{
    const struct sbx_file_how read = {.kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    const struct sbx_file_how remove = {.kind = SBX_FILE_DIRECTORY, .access = DELETE};
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open_at(work, text, &read, &handle, NULL);

    sbx_handle_close(&handle);
    if (status == SBX_NOT_FOUND)
        return false;
    if (status)
        return true;
    if (!sbx_file_open_at(work, text, &remove, &handle, NULL) && sbx_file_delete(handle, NULL))
        SetLastError(ERROR_SUCCESS); /* it is dead all the same */
    sbx_handle_close(&handle);
    return false;
}

static enum sbx_filewalk_next look_at(void *context, struct sbx_filewalk_entry *entry)
{
    struct look *look = context;
    struct sbx_lease_name name;
    char *text = NULL;

    if (!(entry->attributes & FILE_ATTRIBUTE_DIRECTORY) || entry->reparse_tag ||
        sbx_utf16_to_utf8((const sbx_char16 *)entry->name_w, entry->name_cch, &text, NULL, NULL) !=
            SBX_OK)
        return SBX_WALK_SKIP;
    if (sbx_lease_name_parse(text, &name) && strcmp(name.id, look->own_id) != 0 &&
        is_live(look->work, text)) {
        look->status = look->count < LIVE_MAX
                           ? sbx_list_grow(&look->live, look->count, sizeof(*look->live), NULL)
                           : SBX_INVALID;
        if (!look->status)
            look->live[look->count++] = name;
    }
    free(text);
    return look->status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

/*
 * All live leases but our own. Through a handle that has not been read yet: Wine reads a directory
 * once per handle and shows the same again after a restart, so what came since would not be seen.
 * @param ret_live owned by the caller
 */
static enum sbx_status list_live(const struct sbx_lease *lease, struct sbx_lease_name **ret_live,
    size_t *ret_count, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    struct look look = {.work = lease->work, .own_id = lease->name.id};
    struct sbx_filewalk walk = {.context = &look, .visit = look_at};
    HANDLE fresh = NULL;
    enum sbx_status status = sbx_file_open(lease->directory, &how, &fresh, err);

    if (!status)
        status = sbx_filewalk_run(fresh, &walk, NULL, err);
    sbx_handle_close(&fresh);
    if (look.status)
        status = sbx_fail(err, look.status, "the leases of sandbox accounts cannot be listed");
    if (status) {
        free(look.live);
        return status;
    }
    *ret_live = look.live;
    *ret_count = look.count;
    return SBX_OK;
}

static bool is_shared(
    const struct sbx_lease *lease, const struct sbx_lease_name *live, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (sbx_utf_equal_ci_ascii(live[i].account, lease->name.account) &&
            strcmp(live[i].key, lease->name.key) != 0)
            return true;
    return false;
}

/* --- putting one down --------------------------------------------------------------------------
 */

static enum sbx_status add_entry(
    struct sbx_descriptor *descriptor, const char *sid, uint32_t mask, struct sbx_error *err)
{
    struct sbx_sid parsed;
    enum sbx_status status = sbx_sid_parse(sid, &parsed, err);

    if (!status) {
        struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, mask, &parsed);

        status = sbx_acl_insert(&descriptor->dacl, descriptor->dacl.count, &ace, err);
    }
    return status;
}

/*
 * The user removes it, every operator may try to open it, SYSTEM manages. Nobody else: a sandbox
 * account that could open one would make a dead lease look alive.
 */
static enum sbx_status make_descriptor(
    const struct sbx_lease_options *options, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status;
    size_t i;

    descriptor.control = SBX_SD_DACL_PROTECTED;
    descriptor.dacl.kind = SBX_ACL_LIST;
    status = add_entry(&descriptor, "S-1-5-18", SBX_FILE_ALL, err);
    if (!status)
        status = add_entry(&descriptor, options->caller_sid, SBX_FILE_ALL, err);
    for (i = 0; !status && i < options->record->operators.count; i++)
        status = add_entry(&descriptor, options->record->operators.items[i], LEASE_READ, err);
    if (!status)
        status = sbx_descriptor_serialise(&descriptor, ret_bytes, err);
    sbx_descriptor_done(&descriptor);
    return status;
}

static enum sbx_status fresh_id(struct sbx_lease *lease, struct sbx_error *err)
{
    uint8_t random[16];
    enum sbx_status status = sbx_random_bytes(random, sizeof(random), err);
    size_t i;

    for (i = 0; !status && i < sizeof(random); i++)
        snprintf(lease->name.id + 2 * i, 3, "%02x", random[i]);
    return status;
}

static void withdraw(struct sbx_lease *lease)
{
    if (lease->handle && sbx_file_delete(lease->handle, NULL))
        SetLastError(ERROR_SUCCESS); /* closed, it is dead anyway */
    sbx_handle_close(&lease->handle);
}

static enum sbx_status put_down(const struct sbx_lease_options *options, const char *account,
    struct sbx_lease *lease, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | DELETE, .share_none = true};
    char text[SBX_LEASE_NAME_MAX];
    struct sbx_buf bytes;
    enum sbx_status status;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    snprintf(lease->name.account, sizeof(lease->name.account), "%s", account);
    status = fresh_id(lease, err);
    if (!status)
        status = make_descriptor(options, &bytes, err);
    if (!status) {
        sbx_lease_name_format(&lease->name, text, sizeof(text));
        status = sbx_file_create_at(lease->work, text, &how, bytes.data, &lease->handle, err);
    }
    if (status)
        sbx_error_context(err, "lease of account '%s'", account);
    sbx_buf_done(&bytes);
    return status;
}

/* --- choosing ----------------------------------------------------------------------------------
 */

/* The accounts of the kind, in the record's order. */
static enum sbx_status list_accounts(const struct sbx_lease_options *options,
    struct sbx_lease_account *ret_accounts, size_t *ret_count, struct sbx_error *err)
{
    const struct sbx_installation *record = options->record;
    size_t i, count = 0;

    for (i = 0; i < record->account_count && count < SBX_INSTALLATION_ACCOUNTS_MAX; i++)
        if (record->accounts[i].offline != options->online)
            ret_accounts[count++] = (struct sbx_lease_account){record->accounts[i].name, 0, 0};
    *ret_count = count;
    if (count)
        return SBX_OK;
    sbx_fail(err, SBX_NOT_SETUP, "the installation has no %s account",
        options->online ? "online" : "offline");
    sbx_error_hint(err, "run: agent repair");
    return SBX_NOT_SETUP;
}

/* Put a lease on the account down, and see who is there now. */
static enum sbx_status try_account(const struct sbx_lease_options *options, const char *account,
    struct sbx_lease *lease, bool *ret_shared, struct sbx_error *err)
{
    struct sbx_lease_name *live = NULL;
    size_t count = 0;
    enum sbx_status status = put_down(options, account, lease, err);

    if (!status)
        status = list_live(lease, &live, &count, err);
    if (!status)
        *ret_shared = is_shared(lease, live, count);
    free(live);
    if (status)
        withdraw(lease);
    return status;
}

/* @param ret_taken false: every account is in use by others (or always was at the wrong moment) */
static enum sbx_status take_alone(const struct sbx_lease_options *options,
    struct sbx_lease_account *accounts, size_t account_count, struct sbx_lease *lease,
    bool *ret_taken, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    unsigned tries;

    *ret_taken = false;
    for (tries = 0; !status && !*ret_taken && tries < TRIES; tries++) {
        struct sbx_lease_name *live = NULL;
        size_t count = 0, index = SIZE_MAX;
        bool shared = false;

        status = list_live(lease, &live, &count, err);
        if (!status) {
            sbx_lease_count(accounts, account_count, live, count, options->key);
            index = sbx_lease_choose(accounts, account_count);
        }
        free(live);
        if (status || index == SIZE_MAX)
            break;
        status = try_account(options, accounts[index].name, lease, &shared, err);
        if (!status && !shared) {
            *ret_taken = true;
        } else if (!status) {
            withdraw(lease);
            Sleep(10u + (DWORD)lease->name.id[0] % 16u * 5u); /* two that met do not meet again */
        }
    }
    return status;
}

static enum sbx_status take_shared(const struct sbx_lease_options *options,
    struct sbx_lease_account *accounts, size_t account_count, struct sbx_lease *lease,
    struct sbx_error *err)
{
    size_t index = sbx_lease_choose_shared(accounts, account_count);

    return try_account(options, accounts[index].name, lease, &lease->shared, err);
}

static enum sbx_status refuse(const struct sbx_lease_options *options, struct sbx_error *err)
{
    enum sbx_status status = options->sharing == SBX_SHARING_WAIT ? SBX_TIMEOUT : SBX_DENIED;

    sbx_fail(err, status, "every %s sandbox account is in use by commands of another policy",
        options->online ? "online" : "offline");
    sbx_error_hint(err, "wait for them, set accounts.sharing to \"share\", or make more accounts: "
                        "agent setup --accounts N");
    return status;
}

static enum sbx_status take(
    const struct sbx_lease_options *options, struct sbx_lease *lease, struct sbx_error *err)
{
    const uint64_t deadline_ms = sbx_clock_ms() + (options->wait_ms ? options->wait_ms : WAIT_MS);
    struct sbx_lease_account accounts[SBX_INSTALLATION_ACCOUNTS_MAX];
    size_t account_count = 0;
    bool taken = false;
    enum sbx_status status = list_accounts(options, accounts, &account_count, err);

    while (!status) {
        if (options->cancel && *options->cancel)
            return sbx_fail(err, SBX_CANCELLED, "cancelled while waiting for a sandbox account");
        status = take_alone(options, accounts, account_count, lease, &taken, err);
        if (status || taken)
            break;
        if (options->sharing == SBX_SHARING_SHARE)
            return take_shared(options, accounts, account_count, lease, err);
        if (options->sharing != SBX_SHARING_WAIT || !sbx_clock_left_ms(deadline_ms))
            return refuse(options, err);
        Sleep(POLL_MS);
    }
    return status;
}

enum sbx_status sbx_lease_take(
    const struct sbx_lease_options *options, struct sbx_lease *lease, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY,
        .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_SUBDIRECTORY};
    enum sbx_status status = sbx_strdup(options->work_directory, &lease->directory, err);

    if (!status)
        status = sbx_file_open(lease->directory, &how, &lease->work, err);
    if (status) {
        sbx_lease_end(lease);
        sbx_error_context(err, "work folder '%s'", options->work_directory);
        sbx_error_hint(err, "run: agent repair");
        if (status == SBX_NOT_FOUND && err)
            err->status = SBX_NOT_SETUP;
        return status == SBX_NOT_FOUND ? SBX_NOT_SETUP : status;
    }
    snprintf(lease->name.key, sizeof(lease->name.key), "%s", options->key);
    status = take(options, lease, err);
    if (status) {
        sbx_lease_end(lease);
        return status;
    }
    lease->account = sbx_installation_account(options->record, lease->name.account);
    return SBX_OK;
}

static void look_once_more(struct sbx_lease *lease)
{
    struct sbx_lease_name *live = NULL;
    size_t count = 0;

    if (lease->handle && !lease->shared && !list_live(lease, &live, &count, NULL))
        lease->shared = is_shared(lease, live, count);
    free(live);
}

void sbx_lease_leave(struct sbx_lease *lease)
{
    look_once_more(lease);
    sbx_handle_close(&lease->handle);
    sbx_lease_end(lease);
}

void sbx_lease_end(struct sbx_lease *lease)
{
    look_once_more(lease);
    withdraw(lease);
    sbx_handle_close(&lease->work);
    free(lease->directory);
    lease->directory = NULL;
}
