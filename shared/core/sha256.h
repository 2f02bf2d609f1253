/*
 * SHA-256 (FIPS 180-4).
 *
 * Written here and not taken from a library because this ring is pure: it must build and be
 * tested on Linux and for two Windows targets without OpenSSL, and BCrypt does not exist outside
 * Windows. It derives names (capability SIDs) and chains audit records from public data; it is
 * not used with keys, so constant time is not claimed.
 *
 * @see https://csrc.nist.gov/pubs/fips/180-4/upd1/final
 */
#ifndef SBX_SHA256_H
#define SBX_SHA256_H

#include "base.h"

#define SBX_SHA256_BYTES 32u
#define SBX_SHA256_HEX_SIZE 65u /* 64 lower-case digits and the NUL */

struct sbx_sha256 {
    uint32_t state[8];
    uint64_t length_bytes;
    uint8_t block[64];
};

void sbx_sha256_init(struct sbx_sha256 *sha);
void sbx_sha256_add(struct sbx_sha256 *sha, const void *bytes, size_t length_bytes);
/** Write the digest; the struct must be initialised again before further use. */
void sbx_sha256_end(struct sbx_sha256 *sha, uint8_t ret_digest[SBX_SHA256_BYTES]);

/** All three in one. */
void sbx_sha256(const void *bytes, size_t length_bytes, uint8_t ret_digest[SBX_SHA256_BYTES]);

/** Lower-case hexadecimal text of a digest. */
void sbx_sha256_hex(const uint8_t digest[SBX_SHA256_BYTES], char ret_text[SBX_SHA256_HEX_SIZE]);

#endif
