/* See random.h. */
#include "random.h"
#include "late.h"
#include "../core/buf.h"

#define USE_SYSTEM_PREFERRED_RNG 0x00000002u

enum sbx_status sbx_random_bytes(void *bytes, size_t size_bytes, struct sbx_error *err)
{
    sbx_late_fn_bcrypt_gen_random bcrypt = sbx_late_bcrypt_gen_random();
    sbx_late_fn_rtl_gen_random rtl = NULL;
    enum sbx_status status = SBX_OK;
    LONG nt_status;

    if (size_bytes > ULONG_MAX)
        return sbx_fail(err, SBX_INTERNAL, "%zu random bytes in one call", size_bytes);
    if (bcrypt) {
        nt_status = bcrypt(NULL, bytes, (ULONG)size_bytes, USE_SYSTEM_PREFERRED_RNG);
        if (nt_status < 0)
            status = sbx_fail_nt(err, (uint32_t)nt_status, "random bytes");
    } else {
        rtl = sbx_late_rtl_gen_random();
        if (!rtl)
            status = sbx_late_missing(SBX_LATE_bcrypt_gen_random, err);
        else if (!rtl(bytes, (ULONG)size_bytes))
            status = sbx_fail(err, SBX_OS, "random bytes: the system's generator failed");
    }
    if (status)
        sbx_wipe(bytes, size_bytes);
    return status;
}
