/*
 * Whose is the account of that name? Every step that touches an account or the group asks here.
 *
 * MUSTs of this file:
 *  1. Ownership is decided by the SID: the record of the installation names it, or the journal of
 *     set-up does. A name, a comment or a full name proves nothing: anyone may use them.
 *  2. An account without such a SID is ours in one case only: the journal says that set-up was
 *     about to make it, at a time when there was none, and not that it came to an end. That is
 *     what a power failure between the making and the note of the SID leaves behind.
 *  3. What is not ours is FOREIGN. It is never changed, never deleted, never adopted.
 *
 * Journal objects of a step, in order, for an attempt n: "NAME" (n = 1) or "NAME n" before the
 * account is made, "NAME is S-1-5-..." with its SID, "NAME end n".
 */
#ifndef SBX_SETUP_IDENTITY_H
#define SBX_SETUP_IDENTITY_H

#include "context.h"
#include "shared/win/account.h"

#define SBX_STEP_GROUP "group"
#define SBX_STEP_ACCOUNTS "accounts"

enum sbx_identity { SBX_IDENTITY_ABSENT = 1, SBX_IDENTITY_OURS, SBX_IDENTITY_FOREIGN };

/** The user of that name, and whose it is. @param ret_facts filled unless ABSENT */
SBX_MUST_CHECK enum sbx_status sbx_identity_user(struct sbx_setup *setup, const char *name,
    enum sbx_identity *ret_identity, struct sbx_account_facts *ret_facts, struct sbx_error *err);

/** The group, and whose it is. @param ret_sid filled unless ABSENT; {0} when the name is no group
 */
SBX_MUST_CHECK enum sbx_status sbx_identity_group(struct sbx_setup *setup,
    enum sbx_identity *ret_identity, struct sbx_sid *ret_sid, struct sbx_error *err);

/** Journal, before an account or group that is absent is made. */
SBX_MUST_CHECK enum sbx_status sbx_identity_begin(
    struct sbx_setup *setup, const char *step, const char *name, struct sbx_error *err);
/**
 * Journal, when that came to an end.
 * @param sid what was made; NULL: nothing was made, what is there from now on is not ours
 */
SBX_MUST_CHECK enum sbx_status sbx_identity_end(struct sbx_setup *setup, const char *step,
    const char *name, const struct sbx_sid *sid, struct sbx_error *err);

/** The SID that the record found has for the name of an account, or of the group; NULL: none. */
const char *sbx_identity_recorded(const struct sbx_setup *setup, const char *name);

/** wanted.group_sid as a SID. False when the group is not known to be there. */
bool sbx_identity_group_sid(const struct sbx_setup *setup, struct sbx_sid *ret_sid);
/** wanted.accounts[index].sid as a SID. False when that account is not known to be there. */
bool sbx_identity_account_sid(const struct sbx_setup *setup, size_t index, struct sbx_sid *ret_sid);

/** Set or (sid NULL) clear a SID of the record to be. */
SBX_MUST_CHECK enum sbx_status sbx_identity_note(
    char **member, const struct sbx_sid *sid, struct sbx_error *err);

/**
 * Every account name that set-up can have: index 0 .. SBX_INSTALLATION_ACCOUNTS_MAX - 1.
 * @param text at least 21 bytes
 * @return true when an account of ours may have it: it is wanted, on record, or in the journal.
 *         What has any other name cannot be ours and need not be asked about
 */
bool sbx_identity_name(const struct sbx_setup *setup, size_t index, char *text, size_t size_bytes);

#endif
