/*
 * credentials.json: which accounts there are and their sealed passwords.
 *
 *     {"version":1,"accounts":[{"name":"AgentSandboxOffline","sid":"S-1-5-21-...","blob":"..."}]}
 *
 * The blob is what shared/win/seal.h made of the password, for that SID; nothing here can open it.
 * The file is written by sandbox-setup and read by the runner's launch stage; its protection is its
 * DACL. The reader trusts it no more than any other file: strict, capped, fuzzed.
 * Boundary B14.
 */
#ifndef SBX_CREDENTIAL_H
#define SBX_CREDENTIAL_H

#include "buf.h"

#define SBX_CREDENTIAL_VERSION 1
#define SBX_CREDENTIAL_FILE_MAX_BYTES (256u * 1024u)
#define SBX_CREDENTIAL_BLOB_MAX_BYTES 4096u
#define SBX_CREDENTIALS_MAX 32u
#define SBX_ACCOUNT_NAME_MAX 20u /* characters; what SAM accepts for a user */

struct sbx_credential {
    char *name; /* owned; printable ASCII that SAM accepts */
    char *sid;  /* owned; text form */
    uint8_t *blob;
    size_t blob_bytes;
};

/* Start with {0}. */
struct sbx_credentials {
    struct sbx_credential *items;
    size_t count;
};

/** Wipe the blobs and free everything; {0} and a released one do nothing. */
void sbx_credentials_done(struct sbx_credentials *credentials);

/**
 * Add an entry, or replace the one of that name (its SID and blob). Copies everything.
 * @return SBX_INVALID for a name that SAM would not accept, a text that is no SID, an empty or
 *         overlong blob, a SID that another name has, or more than SBX_CREDENTIALS_MAX; SBX_OOM.
 *         Unchanged after a failure
 */
SBX_MUST_CHECK enum sbx_status sbx_credentials_set(struct sbx_credentials *credentials,
    const char *name, const char *sid, const void *blob, size_t blob_bytes, struct sbx_error *err);

/** The entry of a name (without regard to ASCII case, as SAM compares), or NULL. Borrowed. */
const struct sbx_credential *sbx_credentials_find(
    const struct sbx_credentials *credentials, const char *name);

/**
 * Read the file's text.
 * @param ret_credentials {0} before; unchanged after a failure
 * @return SBX_INVALID: over the cap, not that JSON, another version, an entry that
 *         sbx_credentials_set refuses, two entries of one name; SBX_OOM. The text of an error never
 *         holds a blob
 */
SBX_MUST_CHECK enum sbx_status sbx_credentials_parse(const char *text, size_t length_bytes,
    struct sbx_credentials *ret_credentials, struct sbx_error *err);

/** Append the file's text; parse(format(x)) equals x. @return SBX_INVALID at the cap, SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_credentials_format(
    const struct sbx_credentials *credentials, struct sbx_buf *ret_text, struct sbx_error *err);

#endif
