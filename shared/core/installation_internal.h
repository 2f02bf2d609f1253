/* What the halves of installation.c share; nobody else includes this. */
#ifndef SBX_INSTALLATION_INTERNAL_H
#define SBX_INSTALLATION_INTERNAL_H

#include "installation.h"
#include "sha256.h"

/* Longest texts, in bytes. */
#define SBX_INSTALLATION_VERSION_MAX 32u
#define SBX_INSTALLATION_BUILD_MAX 96u
#define SBX_INSTALLATION_NAME_MAX 64u
#define SBX_INSTALLATION_SHA_DIGITS 64u

extern const char *const sbx_installation_kind_words[2]; /* offline, online */

/** All rules that a whole record keeps. */
SBX_MUST_CHECK enum sbx_status sbx_installation_check(
    const struct sbx_installation *inst, struct sbx_error *err);

/** Print without looking. @param check NULL for the text that the checksum is made of */
SBX_MUST_CHECK enum sbx_status sbx_installation_write(const struct sbx_installation *inst,
    const char *check, struct sbx_buf *ret_text, struct sbx_error *err);

SBX_MUST_CHECK enum sbx_status sbx_installation_checksum(
    const struct sbx_installation *inst, char ret_text[SBX_SHA256_HEX_SIZE], struct sbx_error *err);

#endif
