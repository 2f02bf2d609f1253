/*
 * Which sandbox account a run takes (design 5, "Lease"): the names of leases and the choice among
 * accounts, as data. What is on the disk is agent/lease.h.
 *
 * A lease is a folder "lease-ACCOUNT-KEY-ID" that its agent holds open. KEY stands for who runs
 * what: runs with the same key are one party and share an account without a word. ID is random and
 * tells two leases apart.
 */
#ifndef SBX_LEASECHOICE_H
#define SBX_LEASECHOICE_H

#include "plan.h"

#define SBX_LEASE_PREFIX "lease-"
#define SBX_LEASE_NAME_MAX 112u
#define SBX_LEASE_HEX_SIZE 33u /* 32 digits and the NUL */

/* A lease by its name. */
struct sbx_lease_name {
    char account[24];
    char key[SBX_LEASE_HEX_SIZE];
    char id[SBX_LEASE_HEX_SIZE];
};

/** Print a name. @param text at least SBX_LEASE_NAME_MAX bytes */
void sbx_lease_name_format(const struct sbx_lease_name *name, char *text, size_t size_bytes);

/** Read a name. @return false for anything that format does not print: other files, other case */
bool sbx_lease_name_parse(const char *text, struct sbx_lease_name *ret_name);

/**
 * The key of a plan: SHA-256 over the caller, the policy and the capability SIDs of the writable
 * roots, because one policy text means other folders in another working directory.
 * @param ret_key 32 hexadecimal digits
 */
void sbx_lease_key(
    const struct sbx_plan *plan, const char *caller_sid, char ret_key[SBX_LEASE_HEX_SIZE]);

/* One account that a run could take. */
struct sbx_lease_account {
    const char *name;
    size_t ours;   /* live leases with our key */
    size_t others; /* live leases with any other */
};

/** Count the live leases of each account. Accounts hold their names; the counts are set here. */
void sbx_lease_count(struct sbx_lease_account *accounts, size_t account_count,
    const struct sbx_lease_name *live, size_t live_count, const char *key);

/**
 * The account to take without sharing: one that only our own party uses, else one that nobody uses.
 * @return SIZE_MAX when every account is in use by others
 */
size_t sbx_lease_choose(const struct sbx_lease_account *accounts, size_t account_count);

/** The account to share: the one with the fewest others. @return SIZE_MAX for an empty list */
size_t sbx_lease_choose_shared(const struct sbx_lease_account *accounts, size_t account_count);

#endif
