/*
 * SIDs as data, and the two kinds of SID that this project makes up.
 *
 * A capability SID stands for one writable root of one user: it is computed from who, which
 * volume and which file id, so there is no state to lose, and a new directory at an old path gets
 * another SID. A run SID stands for one run and comes from random bytes.
 *
 * Both are S-1-5-21-a-b-c-d (the form of a domain account, which Windows accepts in tokens and
 * ACLs everywhere) with 127 bits of SHA-256. The highest bit of d is always set: real accounts
 * have relative identifiers below 2^31, so no account of any domain can have such a SID.
 *
 * @see https://learn.microsoft.com/windows/win32/secauthz/sid-components
 * @see
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/c92a27b1-c772-4fa7-a432-15df5f1b66a1
 */
#ifndef SBX_CAPSID_H
#define SBX_CAPSID_H

#include "base.h"
#include "error.h"

#define SBX_SID_MAX_SUBAUTHORITIES 15u
#define SBX_SID_TEXT_SIZE 188u /* longest text form and the NUL */
#define SBX_SID_BINARY_MAX 68u

struct sbx_sid {
    uint64_t authority; /* 48 bits */
    uint8_t count;      /* of subauthorities, 0-15 */
    uint32_t sub[SBX_SID_MAX_SUBAUTHORITIES];
};

/**
 * Read "S-1-5-32-544".
 * Strict: 'S' (or 's') -1-, authority in decimal below 2^32 or as 0x and exactly 12 hexadecimal
 * digits, 1-15 subauthorities in decimal without leading zeros or signs, nothing after. SDDL
 * abbreviations ("BA") are not accepted.
 * @return SBX_INVALID with the text
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_parse(
    const char *text, struct sbx_sid *ret_sid, struct sbx_error *err);

/** Write the text as ConvertSidToStringSidW does: authority in hexadecimal from 2^32 on. */
void sbx_sid_format(const struct sbx_sid *sid, char ret_text[SBX_SID_TEXT_SIZE]);

/**
 * Read the binary form (a Windows SID structure).
 * @param length_bytes exactly the length of the SID
 * @return SBX_INVALID: revision not 1, more than 15 subauthorities, another length
 */
SBX_MUST_CHECK enum sbx_status sbx_sid_from_bytes(
    const void *bytes, size_t length_bytes, struct sbx_sid *ret_sid, struct sbx_error *err);

/** Write the binary form. @return its length, 8 + 4 * count */
size_t sbx_sid_to_bytes(const struct sbx_sid *sid, uint8_t ret_bytes[SBX_SID_BINARY_MAX]);

bool sbx_sid_equal(const struct sbx_sid *a, const struct sbx_sid *b);

/** True when the SID has the form of a capability or run SID (see above). */
bool sbx_capsid_is_ours(const struct sbx_sid *sid);

/**
 * The capability SID of a root.
 * @param caller_sid text of the user's SID
 * @param volume_guid "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}", bare or within
 *        "\\?\Volume{...}" with or without a final backslash; case does not matter
 * @param file_id FILE_ID_INFO.FileId, 16 bytes
 * @return SBX_INVALID when SID or GUID are not of that form
 * @see https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-file_id_info
 */
SBX_MUST_CHECK enum sbx_status sbx_capsid_for_root(const char *caller_sid, const char *volume_guid,
    const uint8_t file_id[16], struct sbx_sid *ret_sid, struct sbx_error *err);

/** The SID of one run. @param random 16 bytes from the system's generator */
void sbx_capsid_for_run(const uint8_t random[16], struct sbx_sid *ret_sid);

#endif
