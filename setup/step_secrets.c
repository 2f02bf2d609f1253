/*
 * Step "secrets": a password for each account, set, sealed, and readable by operators only.
 *
 * MUSTs of this file:
 *  1. A password lives in struct sbx_setup's `secrets`, which is wiped at the end, and on the stack
 *     of a call that wipes it. It is in no text, no event, no journal line.
 *  2. A password that works is kept: a second operator, a repair of something else, a second
 *     install rotate nothing. New ones are made for accounts whose password is missing, does not
 *     open, or is not the account's any more; and for all by `rotate`.
 *  3. The file is replaced whole, with its descriptor, and read back; when that fails the accounts
 *     get their old passwords again, as far as those are known.
 *
 * A power failure between the change of a password and the new file leaves an account that nobody
 * can log on to (1326); the next examine finds that, and apply makes a new password.
 */
#include "steps.h"

#include "descriptors.h"
#include "identity.h"
#include "newpassword.h"
#include "shared/core/credential.h"
#include "shared/win/handle.h"
#include "shared/win/logon.h"
#include "shared/win/seal.h"
#include "shared/win/statefile.h"

/* What is there. */
struct seen {
    bool file;       /* something of that name is there */
    bool descriptor; /* as it should be */
    bool complete;   /* every wanted account's password is known and works, and no other is there */
};

/* --- the descriptor of the file -----------------------------------------------------------------
 */

/* The table of the folder, for one file: nothing to inherit, nothing to execute. */
static enum sbx_status wanted_descriptor(
    const struct sbx_setup *setup, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status =
        sbx_setup_descriptor(SBX_FOLDER_SECRETS, &setup->wanted, &descriptor, err);
    size_t i;

    if (status)
        return status;
    for (i = 0; i < descriptor.dacl.count; i++) {
        struct sbx_ace *ace = &descriptor.dacl.aces[i];

        ace->flags = 0;
        if (ace->mask != SBX_FILE_ALL)
            ace->mask = SBX_FILE_GENERIC_READ;
    }
    *ret_descriptor = descriptor;
    return SBX_OK;
}

static enum sbx_status see_descriptor(
    const struct sbx_setup *setup, bool *ret_right, struct sbx_error *err)
{
    struct sbx_descriptor wanted = {0};
    struct sbx_descriptor found = {0};
    enum sbx_status status = wanted_descriptor(setup, &wanted, err);

    if (!status)
        status = sbx_statefile_descriptor(setup->credentials_path, &found, err);
    *ret_right = !status && sbx_statefile_same_descriptor(&found, &wanted);
    sbx_descriptor_done(&wanted);
    sbx_descriptor_done(&found);
    return status;
}

/* --- the content --------------------------------------------------------------------------------
 */

/* Codes with which a logon is refused although the password was right, or without looking at it.
 * The states behind them are mended by other steps (disabled, locked: enable; 1385: rights). */
static bool is_about_something_else(uint32_t code)
{
    return code == ERROR_ACCOUNT_DISABLED || code == ERROR_ACCOUNT_LOCKED_OUT ||
           code == ERROR_LOGON_TYPE_NOT_GRANTED || code == ERROR_ACCOUNT_RESTRICTION ||
           code == ERROR_INVALID_LOGON_HOURS || code == ERROR_INVALID_WORKSTATION ||
           code == ERROR_ACCOUNT_EXPIRED;
}

/* One attempt, and only with a password that was sealed for exactly this account. */
static enum sbx_status see_works(
    const char *name, const char *password, bool *ret_works, struct sbx_error *err)
{
    HANDLE token = NULL;
    struct sbx_error refusal;
    enum sbx_status status;

    sbx_error_init(&refusal);
    status = sbx_logon_user(name, password, &token, &refusal);
    sbx_handle_close(&token);
    *ret_works = !status || is_about_something_else(refusal.code);
    if (*ret_works || refusal.code == ERROR_LOGON_FAILURE ||
        refusal.code == ERROR_PASSWORD_EXPIRED || refusal.code == ERROR_PASSWORD_MUST_CHANGE)
        return SBX_OK;
    if (err)
        *err = refusal;
    return status;
}

static enum sbx_status see_account(struct sbx_setup *setup,
    const struct sbx_credentials *credentials, size_t index, struct sbx_error *err)
{
    const char *name = setup->wanted.accounts[index].name;
    struct sbx_setup_secret *secret = &setup->secrets[index];
    const struct sbx_credential *found = sbx_credentials_find(credentials, name);
    struct sbx_account_facts facts;
    struct sbx_sid sid;
    struct sbx_sid sealed_for;
    bool works = false;
    enum sbx_status status = SBX_OK;

    sbx_setup_at(setup, "password of account '%s'", name);
    if (!found || !sbx_identity_account_sid(setup, index, &sid) ||
        sbx_sid_parse(found->sid, &sealed_for, NULL) || !sbx_sid_equal(&sid, &sealed_for) ||
        sbx_seal_open(&sid, found->blob, found->blob_bytes, secret->text, NULL))
        return SBX_OK;
    /* Asked for, not only tried: a disabled account is refused for that before it is for this. */
    status = sbx_account_user_read(name, &facts, err);
    if (!status && !facts.password_expired)
        status = see_works(name, secret->text, &works, err);
    secret->known = !status && works;
    if (!secret->known)
        SecureZeroMemory(secret->text, sizeof(secret->text));
    return status;
}

/* Not there, not the machine's, or damaged: there is nothing in it. Denied by the system: say so.
 */
static enum sbx_status read_credentials(struct sbx_setup *setup,
    struct sbx_credentials *credentials, bool *ret_there, struct sbx_error *err)
{
    struct sbx_error bad;
    struct sbx_buf text;
    enum sbx_status status;

    sbx_error_init(&bad);
    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    status = sbx_statefile_read(setup->credentials_path, SBX_STATEFILE_MACHINE, &text, &bad);
    *ret_there = status != SBX_NOT_FOUND;
    if (!status)
        status =
            sbx_credentials_parse(text.data ? text.data : "", text.length_bytes, credentials, &bad);
    sbx_buf_wipe(&text);
    if (!status || status == SBX_NOT_FOUND || status == SBX_INVALID ||
        (status == SBX_DENIED && bad.domain == SBX_DOMAIN_NONE))
        return SBX_OK;
    if (err)
        *err = bad;
    return status;
}

static enum sbx_status look(struct sbx_setup *setup, struct seen *seen, struct sbx_error *err)
{
    struct sbx_credentials credentials = {0};
    enum sbx_status status = SBX_OK;
    size_t known = 0;
    size_t i;

    memset(seen, 0, sizeof(*seen));
    SecureZeroMemory(setup->secrets, sizeof(setup->secrets));
    sbx_setup_at(setup, "file '%s'", setup->credentials_path);
    status = read_credentials(setup, &credentials, &seen->file, err);
    for (i = 0; !status && i < setup->wanted.account_count; i++) {
        status = see_account(setup, &credentials, i, err);
        known += setup->secrets[i].known;
    }
    seen->complete =
        known == setup->wanted.account_count && credentials.count == setup->wanted.account_count;
    sbx_setup_at(setup, "file '%s'", setup->credentials_path);
    if (!status && seen->file && setup->wanted.group_sid)
        status = see_descriptor(setup, &seen->descriptor, err);
    sbx_credentials_done(&credentials);
    return status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct seen seen;
    enum sbx_status status = look(setup, &seen, err);

    if (status)
        return status;
    if (!seen.file)
        *ret = SBX_STEP_ABSENT;
    else
        *ret = seen.complete && seen.descriptor && !setup->rotate ? SBX_STEP_PRESENT
                                                                  : SBX_STEP_DIFFERENT;
    return SBX_OK;
}

/* --- apply --------------------------------------------------------------------------------------
 */

static enum sbx_status set_new(struct sbx_setup *setup, size_t index,
    struct sbx_setup_secret *ret_secret, struct sbx_error *err)
{
    const char *name = setup->wanted.accounts[index].name;
    struct sbx_sid sid;
    enum sbx_status status;
    unsigned tries = 0;

    sbx_setup_at(setup, "password of account '%s'", name);
    if (!sbx_identity_account_sid(setup, index, &sid))
        return sbx_fail(err, SBX_INTERNAL, "the account is not there");
    do {
        status = sbx_newpassword(ret_secret->text, err);
        if (!status)
            status = sbx_account_user_set_password(name, &sid, ret_secret->text, err);
    } while (sbx_newpassword_again(status, err, ++tries));
    ret_secret->known = !status;
    if (status)
        SecureZeroMemory(ret_secret->text, sizeof(ret_secret->text));
    return status;
}

static enum sbx_status seal_one(struct sbx_setup *setup, size_t index,
    struct sbx_credentials *credentials, struct sbx_error *err)
{
    const struct sbx_installed_account *account = &setup->wanted.accounts[index];
    struct sbx_buf blob;
    struct sbx_sid sid;
    enum sbx_status status = SBX_OK;

    sbx_buf_init(&blob, SBX_CREDENTIAL_BLOB_MAX_BYTES);
    if (!sbx_identity_account_sid(setup, index, &sid))
        status = sbx_fail(err, SBX_INTERNAL, "the account is not there");
    if (!status)
        status = sbx_seal_password(&sid, setup->secrets[index].text, &blob, err);
    if (!status)
        status = sbx_credentials_set(
            credentials, account->name, account->sid, blob.data, blob.length_bytes, err);
    sbx_buf_wipe(&blob);
    return status;
}

static enum sbx_status write_file(struct sbx_setup *setup, struct sbx_error *err)
{
    struct sbx_credentials credentials = {0};
    struct sbx_descriptor descriptor = {0};
    struct sbx_buf text;
    enum sbx_status status = wanted_descriptor(setup, &descriptor, err);
    size_t i;

    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    sbx_setup_at(setup, "file '%s'", setup->credentials_path);
    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = seal_one(setup, i, &credentials, err);
    if (!status)
        status = sbx_credentials_format(&credentials, &text, err);
    if (!status)
        status = sbx_statefile_write(
            setup->credentials_path, &descriptor, text.data, text.length_bytes, err);
    sbx_buf_wipe(&text);
    sbx_descriptor_done(&descriptor);
    sbx_credentials_done(&credentials);
    return status;
}

/*
 * After a failure the file decides, for it is what the runner reads: an account whose old password
 * it still holds gets that one again.
 */
static void restore(struct sbx_setup *setup, const struct sbx_setup_secret *old)
{
    struct sbx_credentials credentials = {0};
    char password[SBX_PASSWORD_SIZE];
    bool there = false;
    struct sbx_sid sid;
    size_t i;

    if (read_credentials(setup, &credentials, &there, NULL))
        return;
    for (i = 0; i < setup->wanted.account_count; i++) {
        const char *name = setup->wanted.accounts[i].name;
        const struct sbx_credential *found = sbx_credentials_find(&credentials, name);

        if (!found || !old[i].known || !sbx_identity_account_sid(setup, i, &sid) ||
            sbx_seal_open(&sid, found->blob, found->blob_bytes, password, NULL) ||
            strcmp(password, old[i].text) != 0)
            continue;
        if (strcmp(setup->secrets[i].text, old[i].text) == 0 ||
            sbx_account_user_set_password(name, &sid, password, NULL) == SBX_OK)
            setup->secrets[i] = old[i];
    }
    SecureZeroMemory(password, sizeof(password));
    sbx_credentials_done(&credentials);
}

static enum sbx_status renew(struct sbx_setup *setup, struct sbx_error *err)
{
    struct sbx_setup_secret old[SBX_INSTALLATION_ACCOUNTS_MAX];
    enum sbx_status status = SBX_OK;
    size_t i;

    memcpy(old, setup->secrets, sizeof(old));
    for (i = 0; !status && i < setup->wanted.account_count; i++)
        if (setup->rotate || !setup->secrets[i].known)
            status = set_new(setup, i, &setup->secrets[i], err);
    if (!status)
        status = write_file(setup, err);
    if (status)
        restore(setup, old);
    SecureZeroMemory(old, sizeof(old));
    return status;
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_descriptor descriptor = {0};
    struct seen seen;
    enum sbx_status status = SBX_OK;

    if (!setup->wanted.group_sid)
        return sbx_fail(err, SBX_INTERNAL, "there is no group to deny the file to");
    status = look(setup, &seen, err);
    if (status)
        return status;
    if (!seen.complete || setup->rotate) {
        status = renew(setup, err);
        if (!status)
            setup->rotate = false;
    } else if (!seen.descriptor) {
        status = wanted_descriptor(setup, &descriptor, err);
        if (!status)
            status = sbx_statefile_set_descriptor(setup->credentials_path, &descriptor, err);
        sbx_descriptor_done(&descriptor);
    }
    return status;
}

/* --- verify, undo -------------------------------------------------------------------------------
 */

/* What the runner will do: open the sealed password, and log on with it. */
static enum sbx_status verify_one(struct sbx_setup *setup, size_t index,
    const struct sbx_credentials *credentials, struct sbx_error *err)
{
    const char *name = setup->wanted.accounts[index].name;
    const struct sbx_credential *found = sbx_credentials_find(credentials, name);
    char password[SBX_PASSWORD_SIZE];
    bool works = false;
    struct sbx_sid sid;
    enum sbx_status status = SBX_OK;

    sbx_setup_at(setup, "password of account '%s'", name);
    if (!found || !sbx_identity_account_sid(setup, index, &sid) ||
        strcmp(found->sid, setup->wanted.accounts[index].sid) != 0)
        return sbx_fail(err, SBX_UNPROVEN, "it is not in the file, or for another account");
    status = sbx_seal_open(&sid, found->blob, found->blob_bytes, password, err);
    if (!status &&
        (!setup->secrets[index].known || strcmp(password, setup->secrets[index].text) != 0))
        status = sbx_fail(err, SBX_UNPROVEN, "another one than was set is in the file");
    if (!status)
        status = see_works(name, password, &works, err);
    if (!status && !works)
        status = sbx_fail(err, SBX_UNPROVEN, "the account does not accept it");
    SecureZeroMemory(password, sizeof(password));
    return status;
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_credentials credentials = {0};
    struct sbx_buf text;
    bool right = false;
    size_t i;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    sbx_setup_at(setup, "file '%s'", setup->credentials_path);
    status = sbx_statefile_read(setup->credentials_path, SBX_STATEFILE_MACHINE, &text, err);
    if (!status)
        status =
            sbx_credentials_parse(text.data ? text.data : "", text.length_bytes, &credentials, err);
    if (!status && credentials.count != setup->wanted.account_count)
        status = sbx_fail(err, SBX_UNPROVEN, "it holds %zu accounts", credentials.count);
    if (!status)
        status = see_descriptor(setup, &right, err);
    if (!status && !right)
        status = sbx_fail(err, SBX_UNPROVEN, "others than operators may read it, or not all may");
    for (i = 0; !status && i < setup->wanted.account_count; i++)
        status = verify_one(setup, i, &credentials, err);
    sbx_credentials_done(&credentials);
    sbx_buf_wipe(&text);
    return status;
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;

    sbx_setup_at(setup, "file '%s'", setup->credentials_path);
    SecureZeroMemory(setup->secrets, sizeof(setup->secrets));
    return sbx_statefile_delete(setup->credentials_path, err);
}

const struct sbx_step sbx_step_secrets = {
    .name = "secrets",
    .why_safe =
        "sets random passwords of accounts that set-up made and keeps them sealed in a file "
        "that SYSTEM, Administrators and operators read and the sandbox group is denied; "
        "no password is in any text, message or command line",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
};
