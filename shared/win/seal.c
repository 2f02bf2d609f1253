/* See seal.h. */
#include "seal.h"

#include <wincrypt.h>
#include <stdio.h>

#define ENTROPY_SIZE (SBX_SID_TEXT_SIZE + 32u)

/* "AgentSandbox password 1 S-1-5-...": what the blob is, in which version, and whose. */
static DATA_BLOB entropy_for(const struct sbx_sid *account, char text[ENTROPY_SIZE])
{
    char sid[SBX_SID_TEXT_SIZE];
    DATA_BLOB blob;
    int length;

    sbx_sid_format(account, sid);
    length = snprintf(text, ENTROPY_SIZE, "AgentSandbox password 1 %s", sid);
    blob.pbData = (BYTE *)text;
    blob.cbData = (DWORD)length;
    return blob;
}

/* What DPAPI allocated is wiped before it goes back to the heap. */
static void release(DATA_BLOB *blob)
{
    if (blob->pbData) {
        SecureZeroMemory(blob->pbData, blob->cbData);
        LocalFree(blob->pbData);
    }
    blob->pbData = NULL;
    blob->cbData = 0;
}

enum sbx_status sbx_seal_password(const struct sbx_sid *account, const char *password,
    struct sbx_buf *ret_blob, struct sbx_error *err)
{
    char text[ENTROPY_SIZE];
    DATA_BLOB entropy = entropy_for(account, text);
    DATA_BLOB in = {(DWORD)strlen(password), (BYTE *)(uintptr_t)password};
    DATA_BLOB out = {0, NULL};
    enum sbx_status status;

    if (!sbx_password_is_ours(password))
        return sbx_fail(err, SBX_INTERNAL, "seal what is no password of this program");
    if (!CryptProtectData(&in, NULL, &entropy, NULL, NULL,
            CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN, &out))
        return sbx_fail_win32(err, GetLastError(), "seal a password");
    if (!out.pbData || !out.cbData)
        status = sbx_fail(err, SBX_UNPROVEN, "seal a password: an empty answer");
    else
        status = sbx_buf_add(ret_blob, out.pbData, out.cbData, err);
    release(&out);
    return status;
}

enum sbx_status sbx_seal_open(const struct sbx_sid *account, const void *blob, size_t blob_bytes,
    char ret_password[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    char text[ENTROPY_SIZE];
    DATA_BLOB entropy = entropy_for(account, text);
    DATA_BLOB in = {(DWORD)blob_bytes, (BYTE *)(uintptr_t)blob};
    DATA_BLOB out = {0, NULL};
    enum sbx_status status = SBX_OK;
    DWORD code;

    sbx_wipe(ret_password, SBX_PASSWORD_SIZE);
    if (!CryptUnprotectData(&in, NULL, &entropy, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out)) {
        code = GetLastError();
        (void)sbx_fail_win32(err, code, "open a sealed password");
        sbx_error_hint(err, "the sealed passwords were damaged or made on another machine; run: "
                            "agent repair");
        if (err)
            err->status = SBX_DENIED;
        return SBX_DENIED;
    }
    if (out.cbData == SBX_PASSWORD_LENGTH && out.pbData)
        memcpy(ret_password, out.pbData, SBX_PASSWORD_LENGTH);
    release(&out);
    if (!sbx_password_is_ours(ret_password)) {
        sbx_wipe(ret_password, SBX_PASSWORD_SIZE);
        status = sbx_fail(err, SBX_INVALID, "what was sealed is no password of this program");
    }
    return status;
}
