/*
 * A security identifier as a value: no pointers, copied with =, the same bytes on every platform.
 *
 * The binary form is Microsoft's SID structure (revision 1, up to 15 sub-authorities, numbers
 * little-endian, authority big-endian). Bytes after the SID's own length are always zero.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-sid
 */
#ifndef SBX_NTSID_H
#define SBX_NTSID_H

#include "error.h"

#define SBX_SID_MAX_BYTES 68u /* SECURITY_MAX_SID_SIZE: 8 + 4 * 15 */
#define SBX_SID_MAX_SUBS 15u
#define SBX_SID_TEXT_MAX 192u /* "S-1-0x............" and 15 numbers of 10 digits, with the NUL */

/* All zero means "no SID"; sbx_sid_is_set tells. */
struct sbx_sid {
    uint8_t bytes[SBX_SID_MAX_BYTES];
};

/* Well-known SIDs. @see https://learn.microsoft.com/windows/win32/secauthz/well-known-sids */
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

/** True unless the value is all zero (no SID). */
bool sbx_sid_is_set(const struct sbx_sid *sid);

/** Length of the binary form: 8 + 4 per sub-authority; 0 when the value holds no SID. */
size_t sbx_sid_length_bytes(const struct sbx_sid *sid);

/** True when both hold the same SID (two empty values are equal). */
bool sbx_sid_equal(const struct sbx_sid *a, const struct sbx_sid *b);

/**
 * Read a binary SID from the start of untrusted bytes.
 * @param available_bytes how many bytes may be read; more than the SID needs is fine
 * @return SBX_INVALID: revision not 1, more than 15 sub-authorities, or cut off
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_from_bytes(
    const void *bytes, size_t available_bytes, struct sbx_sid *ret_sid, struct sbx_error *err);

/**
 * Build a SID from numbers.
 * @param authority below 2^48 (5 = NT AUTHORITY)
 * @param count 0 to 15 sub-authorities
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_make(uint64_t authority, const uint32_t *subs, size_t count,
    struct sbx_sid *ret_sid, struct sbx_error *err);

/**
 * Parse "S-1-5-21-...": decimal sub-authorities without leading zeros or signs, authority decimal
 * or 0x with exactly 12 hexadecimal digits. One spelling only, because a ledger compares text.
 * @return SBX_INVALID for anything else, including trailing characters and SDDL aliases ("WD")
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_parse(
    const char *text, struct sbx_sid *ret_sid, struct sbx_error *err);

/** Write the "S-1-..." form; an empty value gives "-". Always terminated. */
void sbx_sid_format(const struct sbx_sid *sid, char text[SBX_SID_TEXT_MAX]);

#endif
