/*
 * Local users and one local group: made, read back, changed, deleted. Only sandbox-setup.exe links
 * this file (netapi32.dll). Boundary B15.
 *
 * MUSTs of this file:
 *  1. it acts on the local machine only (server name NULL), never on a domain;
 *  2. a user is born disabled, with a password that does not expire, and stays disabled until
 *     sbx_account_user_enable;
 *  3. what is there under a name is identified by its SID, never by name, comment or full name;
 *     each change and each deletion takes the SID that its caller has on record and is refused for
 *     any other (an administrator may have made an account of that name since);
 *  4. a password is read from the caller's buffer, widened into a buffer on the stack that is
 *     wiped, and is in no error text.
 *
 * Every Net function returns its code (NET_API_STATUS: Win32 codes and, from 2100, NERR codes).
 * @see https://learn.microsoft.com/windows/win32/netmgmt/network-management-error-codes
 */
#ifndef SBX_ACCOUNT_H
#define SBX_ACCOUNT_H

#include "win.h"
#include "../core/ntsid.h"

#define SBX_ACCOUNT_MEMBERS_MAX 64u

/* What Windows says about a local user. */
struct sbx_account_facts {
    struct sbx_sid sid;
    uint32_t flags;         /* UF_* of lmaccess.h */
    bool disabled;          /* UF_ACCOUNTDISABLE */
    bool locked;            /* UF_LOCKOUT: too many wrong passwords */
    bool needs_no_password; /* UF_PASSWD_NOTREQD: never true for an account of ours */
    bool password_lasts;    /* UF_DONT_EXPIRE_PASSWD */
    bool password_expired;  /* must be changed at the next logon */
    bool account_expires;   /* has an expiry date, past or not */
    bool ordinary;          /* neither an administrator nor an operator of any kind */
};

/** Everything but disabled and locked is as setup makes it. */
bool sbx_account_is_sound(const struct sbx_account_facts *facts);

struct sbx_account_members {
    struct sbx_sid sids[SBX_ACCOUNT_MEMBERS_MAX];
    size_t count;
};

/**
 * Facts of a local user.
 * @return SBX_NOT_FOUND (2221) without such a user
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netusergetinfo
 *      https://learn.microsoft.com/windows/win32/api/lmaccess/ns-lmaccess-user_info_4
 */
SBX_MUST_CHECK enum sbx_status sbx_account_user_read(
    const char *name, struct sbx_account_facts *ret_facts, struct sbx_error *err);

/**
 * Create a user: disabled, normal account, password never expires, no home, no script. It is in no
 * local group; Windows counts it among BUILTIN\Users by way of Authenticated Users.
 * @param name at most 20 characters
 * @param password UTF-8, ASCII only, at most SBX_PASSWORD_LENGTH characters; borrowed
 * @param ret_facts read back after the creation; also set when the status is SBX_UNPROVEN
 * @return SBX_EXISTS (2224 a user, 2223 a group of that name); SBX_DENIED with code 2245 when the
 *         password policy refuses it (another one may pass), with 5 without administrator's rights;
 *         SBX_UNPROVEN when it reads back other than asked for (the user may then exist)
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netuseradd
 */
SBX_MUST_CHECK enum sbx_status sbx_account_user_create(const char *name, const char *comment,
    const char *password, struct sbx_account_facts *ret_facts, struct sbx_error *err);

/**
 * Set a new password, which need not be changed before it is used; needs no old one.
 * @return SBX_NOT_FOUND; SBX_DENIED when the name is now another account (MUST 3), with code
 *         2245 when the password policy refuses it, with 5 without administrator's rights
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netusersetinfo
 */
SBX_MUST_CHECK enum sbx_status sbx_account_user_set_password(
    const char *name, const struct sbx_sid *expected, const char *password, struct sbx_error *err);

/**
 * Enable or disable, and put the flags that an account of ours has back to what they were at its
 * creation; unlocks it and takes away an expiry date. Reads back. Doing it twice changes nothing.
 * @return as above; SBX_UNPROVEN when it reads back otherwise
 */
SBX_MUST_CHECK enum sbx_status sbx_account_user_enable(
    const char *name, const struct sbx_sid *expected, bool enabled, struct sbx_error *err);

/**
 * Delete a user. An absent one is success.
 * @return SBX_DENIED when the name is now another account; SBX_UNPROVEN when it is still there
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netuserdel
 */
SBX_MUST_CHECK enum sbx_status sbx_account_user_delete(
    const char *name, const struct sbx_sid *expected, struct sbx_error *err);

/**
 * The SID of a local group. The name is looked up as MACHINE\NAME, so a domain's group of that name
 * is not meant.
 * @return SBX_NOT_FOUND without such a group; SBX_EXISTS when the name is something else (a user)
 */
SBX_MUST_CHECK enum sbx_status sbx_account_group_read(
    const char *name, struct sbx_sid *ret_sid, struct sbx_error *err);

/**
 * Create an empty local group.
 * @return SBX_EXISTS (1379 a local group, 2223 a group, 2224 a user of that name), SBX_DENIED
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netlocalgroupadd
 */
SBX_MUST_CHECK enum sbx_status sbx_account_group_create(
    const char *name, const char *comment, struct sbx_sid *ret_sid, struct sbx_error *err);

/** Delete a local group; as sbx_account_user_delete. Rights of its SID are not taken away.
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netlocalgroupdel */
SBX_MUST_CHECK enum sbx_status sbx_account_group_delete(
    const char *name, const struct sbx_sid *expected, struct sbx_error *err);

/**
 * Direct members of a local group, by SID.
 * @return SBX_INVALID with more than SBX_ACCOUNT_MEMBERS_MAX
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netlocalgroupgetmembers
 */
SBX_MUST_CHECK enum sbx_status sbx_account_group_members(
    const char *name, struct sbx_account_members *ret_members, struct sbx_error *err);

bool sbx_account_is_member(const struct sbx_account_members *members, const struct sbx_sid *sid);

/**
 * Put an account into a group, or take it out; being there, or not, already is success. Reads back.
 * @see https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netlocalgroupaddmembers
 *      https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netlocalgroupdelmembers
 */
SBX_MUST_CHECK enum sbx_status sbx_account_group_add(
    const char *name, const struct sbx_sid *member, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_account_group_remove(
    const char *name, const struct sbx_sid *member, struct sbx_error *err);

#endif
