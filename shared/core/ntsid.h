/*
 * The SIDs that Windows itself gives a meaning, as constants, and what descriptors need of the SID
 * type (which is in capsid.h): reading one from the start of a longer run of untrusted bytes.
 *
 * @see https://learn.microsoft.com/windows/win32/secauthz/well-known-sids
 */
#ifndef SBX_NTSID_H
#define SBX_NTSID_H

#include "capsid.h"

extern const struct sbx_sid sbx_sid_everyone;          /* S-1-1-0 */
extern const struct sbx_sid sbx_sid_creator_owner;     /* S-1-3-0 */
extern const struct sbx_sid sbx_sid_creator_group;     /* S-1-3-1 */
extern const struct sbx_sid sbx_sid_owner_rights;      /* S-1-3-4 */
extern const struct sbx_sid sbx_sid_interactive;       /* S-1-5-4 */
extern const struct sbx_sid sbx_sid_authenticated;     /* S-1-5-11 */
extern const struct sbx_sid sbx_sid_restricted;        /* S-1-5-12 */
extern const struct sbx_sid sbx_sid_system;            /* S-1-5-18 */
extern const struct sbx_sid sbx_sid_local_service;     /* S-1-5-19 */
extern const struct sbx_sid sbx_sid_network_service;   /* S-1-5-20 */
extern const struct sbx_sid sbx_sid_write_restricted;  /* S-1-5-33 */
extern const struct sbx_sid sbx_sid_administrators;    /* S-1-5-32-544 */
extern const struct sbx_sid sbx_sid_users;             /* S-1-5-32-545 */
extern const struct sbx_sid sbx_sid_trusted_installer; /* the service that owns system files */
extern const struct sbx_sid sbx_sid_medium_label;      /* S-1-16-8192 */

/** False for the value {0}, which stands for "no SID" in this project. */
bool sbx_sid_is_set(const struct sbx_sid *sid);

/** Length of the binary form: 8 + 4 per sub-authority. */
size_t sbx_sid_length_bytes(const struct sbx_sid *sid);

/**
 * Read a binary SID from the start of untrusted bytes; more may follow.
 * @return bytes it takes; 0: revision not 1, more than 15 sub-authorities, or cut off
 */
size_t sbx_sid_from_prefix(const void *bytes, size_t available_bytes, struct sbx_sid *ret_sid);

#endif
