/* See bitness.h. */
#include "bitness.h"

static const char hint[] = "use the 64-bit build (x86_64) of Agent Sandbox on this machine";

enum sbx_status sbx_bitness_check_setup(bool own_wow64, struct sbx_error *err)
{
    if (!own_wow64)
        return SBX_OK;
    (void)sbx_fail(err, SBX_UNSUPPORTED,
        "this is the 32-bit build, and this Windows is a 64-bit one: it could confine no 64-bit "
        "program");
    sbx_error_hint(err, "%s", hint);
    return SBX_UNSUPPORTED;
}

enum sbx_status sbx_bitness_check_child(
    bool own_wow64, bool child_wow64, const char *program, struct sbx_error *err)
{
    if (!own_wow64 || child_wow64)
        return SBX_OK;
    (void)sbx_fail(err, SBX_UNSUPPORTED,
        "'%.300s' is a 64-bit program, and the 32-bit build cannot read back what a 64-bit child "
        "was started with",
        program);
    sbx_error_hint(err, "%s", hint);
    return SBX_UNSUPPORTED;
}
