/* See wow64.h. */
#include "wow64.h"
#include "../core/bitness.h"

enum sbx_status sbx_wow64_of(HANDLE process, bool *ret_wow64, struct sbx_error *err)
{
    BOOL wow64 = FALSE;

    if (!IsWow64Process(process, &wow64))
        return sbx_fail_win32(err, GetLastError(), "ask whether a process is a 32-bit one");
    *ret_wow64 = wow64 != FALSE;
    return SBX_OK;
}

enum sbx_status sbx_wow64_may_set_up(struct sbx_error *err)
{
    bool own = false;
    enum sbx_status status = sbx_wow64_of(GetCurrentProcess(), &own, err);

    return status ? status : sbx_bitness_check_setup(own, err);
}

enum sbx_status sbx_wow64_may_start(HANDLE child, const char *program, struct sbx_error *err)
{
    bool own = false, its = false;
    enum sbx_status status = sbx_wow64_of(GetCurrentProcess(), &own, err);

    if (!status)
        status = sbx_wow64_of(child, &its, err);
    return status ? status : sbx_bitness_check_child(own, its, program, err);
}
