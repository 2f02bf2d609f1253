/* See thread.h. */
#include "thread.h"

#include "handle.h"
#include "sd.h"
#include "sid.h"

enum sbx_status sbx_thread_start(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err)
{
    return sbx_thread_start_stack(routine, context, SBX_THREAD_STACK_SMALL, ret_thread, err);
}

enum sbx_status sbx_thread_start_stack(LPTHREAD_START_ROUTINE routine, void *context,
    size_t stack_bytes, HANDLE *ret_thread, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    struct sbx_sd_people people = {0};
    struct sbx_buf descriptor;
    enum sbx_status status;
    HANDLE thread = NULL;
    DWORD code;

    sbx_buf_init(&descriptor, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_sd_build_bytes(&sbx_sd_locked_thread, &people, &descriptor, err);
    if (status)
        goto cleanup;
    attributes.lpSecurityDescriptor = descriptor.data;
    thread = CreateThread(
        &attributes, stack_bytes, routine, context, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    code = GetLastError();
    if (!thread) {
        status = sbx_fail_win32(err, code, "start a thread");
        goto cleanup;
    }
    if (ret_thread) {
        *ret_thread = thread;
        thread = NULL;
    }
cleanup:
    sbx_handle_close(&thread);
    sbx_buf_done(&descriptor);
    return status;
}
