/* See thread.h. */
#include "thread.h"

#include "handle.h"
#include "late.h"
#include "sd.h"
#include "sid.h"

static enum sbx_status start(LPTHREAD_START_ROUTINE routine, void *context, size_t stack_bytes,
    SECURITY_ATTRIBUTES *attributes, HANDLE *ret_thread, struct sbx_error *err)
{
    HANDLE thread = CreateThread(
        attributes, stack_bytes, routine, context, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    DWORD code = GetLastError();

    if (!thread)
        return sbx_fail_win32(err, code, "start a thread");
    if (ret_thread)
        *ret_thread = thread;
    else
        sbx_handle_close(&thread);
    return SBX_OK;
}

enum sbx_status sbx_thread_start(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err)
{
    return sbx_thread_start_stack(routine, context, SBX_THREAD_STACK_SMALL, ret_thread, err);
}

enum sbx_status sbx_thread_start_asking(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err)
{
    if (sbx_late_wine_version())
        return start(routine, context, SBX_THREAD_STACK_LARGE, NULL, ret_thread, err);
    return sbx_thread_start_stack(routine, context, SBX_THREAD_STACK_LARGE, ret_thread, err);
}

enum sbx_status sbx_thread_start_stack(LPTHREAD_START_ROUTINE routine, void *context,
    size_t stack_bytes, HANDLE *ret_thread, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    struct sbx_sd_people people = {0};
    struct sbx_buf descriptor;
    enum sbx_status status;

    sbx_buf_init(&descriptor, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_sd_build_bytes(&sbx_sd_locked_thread, &people, &descriptor, err);
    attributes.lpSecurityDescriptor = descriptor.data;
    if (!status)
        status = start(routine, context, stack_bytes, &attributes, ret_thread, err);
    sbx_buf_done(&descriptor);
    return status;
}
