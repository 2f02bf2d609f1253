/* What a suspended process of another account has: spawn_logon.h. */
#include "spawn_logon.h"
#include "handle.h"
#include "late.h"
#include "remoteparams.h"

/* Both handles are ours. Before Windows 10 1607 only the kind can be compared. */
static bool same_object(HANDLE a, HANDLE b)
{
    sbx_late_fn_compare_object_handles compare = sbx_late_compare_object_handles();

    if (compare)
        return compare(a, b) != 0;
    return GetFileType(a) != FILE_TYPE_UNKNOWN && GetFileType(a) == GetFileType(b);
}

/* The handle's object there, looked at from here. */
static enum sbx_status is_there(
    HANDLE process, HANDLE remote, HANDLE ours, const char *what, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    HANDLE copy = NULL;
    DWORD code;

    if (!DuplicateHandle(
            process, remote, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        code = GetLastError();
        sbx_fail_win32(err, code, "%s of the new process cannot be looked at", what);
        status = SBX_UNPROVEN;
    } else if (!same_object(copy, ours)) {
        status = sbx_fail(err, SBX_UNPROVEN, "%s of the new process is not the given one", what);
    }
    if (status && err)
        err->status = status;
    sbx_handle_close(&copy);
    return status;
}

enum sbx_status sbx_spawn_prove_stdio(
    HANDLE process, HANDLE std_in, HANDLE std_out, struct sbx_error *err)
{
    struct sbx_remote_stdio seen = {0};
    enum sbx_status status;

    if (!sbx_remote_stdio(process, &seen))
        return sbx_fail(err, SBX_UNPROVEN, "the new process's parameters could not be read");
    status = is_there(process, seen.std_in, std_in, "standard input", err);
    if (!status)
        status = is_there(process, seen.std_out, std_out, "standard output", err);
    return status;
}

enum sbx_status sbx_spawn_give_handle(
    HANDLE process, HANDLE source, uint64_t *ret_value, struct sbx_error *err)
{
    enum sbx_status status;
    HANDLE remote = NULL;
    DWORD code;

    if (!DuplicateHandle(
            GetCurrentProcess(), source, process, &remote, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "give a handle to the new process");
    }
    status = is_there(process, remote, source, "a given handle", err);
    if (!status)
        *ret_value = (uint64_t)(uintptr_t)remote;
    return status;
}

enum sbx_status sbx_spawn_set_stdio(
    HANDLE process, HANDLE std_in, HANDLE std_out, struct sbx_error *err)
{
    struct sbx_remote_stdio stdio = {0};
    uint64_t in = 0, out = 0;
    enum sbx_status status;

    if (!sbx_remote_stdio(process, &stdio))
        return sbx_fail(err, SBX_UNPROVEN, "the new process's parameters could not be read");
    status = sbx_spawn_give_handle(process, std_in, &in, err);
    if (!status)
        status = sbx_spawn_give_handle(process, std_out, &out, err);
    if (status)
        return status;
    stdio.std_in = (HANDLE)(uintptr_t)in;
    stdio.std_out = (HANDLE)(uintptr_t)out;
    if (!sbx_remote_set_stdio(process, &stdio))
        return sbx_fail(err, SBX_UNPROVEN, "the new process's parameters could not be written");
    return sbx_spawn_prove_stdio(process, std_in, std_out, err);
}
