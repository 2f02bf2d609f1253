/* Random bytes of the system: all of them or an error, never a weaker source. */
#ifndef SBX_RANDOM_H
#define SBX_RANDOM_H

#include "win.h"
#include "../core/error.h"

/**
 * Fill memory from BCryptGenRandom, or SystemFunction036 (RtlGenRandom) where bcrypt.dll is absent.
 * @return SBX_UNSUPPORTED when neither exists, SBX_OS when the generator failed; the memory is
 *         then zeroed
 * @see https://learn.microsoft.com/windows/win32/api/bcrypt/nf-bcrypt-bcryptgenrandom
 *      https://learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-rtlgenrandom
 */
SBX_MUST_CHECK enum sbx_status sbx_random_bytes(
    void *bytes, size_t size_bytes, struct sbx_error *err);

#endif
