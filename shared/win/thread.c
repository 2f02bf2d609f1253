/* See thread.h. */
#include "thread.h"

#include "acl.h"
#include "handle.h"
#include "hardening.h"
#include "late.h"
#include "sd.h"
#include "sid.h"

#include <tlhelp32.h>

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

/* user: who may wait for it; NULL for nobody. */
static enum sbx_status start_locked(LPTHREAD_START_ROUTINE routine, void *context,
    size_t stack_bytes, const struct sbx_sid *user, HANDLE *ret_thread, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    struct sbx_sd_people people = {0};
    struct sbx_buf descriptor;
    enum sbx_status status;

    sbx_buf_init(&descriptor, SBX_DESCRIPTOR_MAX_BYTES);
    if (user)
        people.sid[SBX_WHO_USER] = *user;
    status = sbx_sd_build_bytes(&sbx_sd_locked_thread, &people, &descriptor, err);
    attributes.lpSecurityDescriptor = descriptor.data;
    if (!status)
        status = start(routine, context, stack_bytes, &attributes, ret_thread, err);
    sbx_buf_done(&descriptor);
    return status;
}

enum sbx_status sbx_thread_start_stack(LPTHREAD_START_ROUTINE routine, void *context,
    size_t stack_bytes, HANDLE *ret_thread, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_of_current_user(&user, err);

    return status ? status : start_locked(routine, context, stack_bytes, &user, ret_thread, err);
}

enum sbx_status sbx_thread_start_closed(
    LPTHREAD_START_ROUTINE routine, void *context, HANDLE *ret_thread, struct sbx_error *err)
{
    return start_locked(routine, context, SBX_THREAD_STACK_SMALL, NULL, ret_thread, err);
}

/* SYSTEM, and an owner who may read the list: nobody else, and no owner's right to change it. */
static bool is_closed(const struct sbx_acl *dacl)
{
    bool owner_bound = false;
    size_t i;

    for (i = 0; i < dacl->count; i++) {
        const struct sbx_ace *ace = &dacl->aces[i];

        if (ace->type != SBX_ACE_ALLOW)
            return false;
        if (sbx_sid_equal(&ace->sid, &sbx_sid_owner_rights) && ace->mask == SBX_READ_CONTROL)
            owner_bound = true;
        else if (!sbx_sid_equal(&ace->sid, &sbx_sid_system))
            return false;
    }
    return dacl->kind == SBX_ACL_LIST && owner_bound;
}

static enum sbx_status open_thread(
    DWORD id, DWORD access, HANDLE *ret_thread, struct sbx_error *err)
{
    DWORD code;

    *ret_thread = OpenThread(access, FALSE, id);
    code = GetLastError();
    if (*ret_thread || code == ERROR_INVALID_PARAMETER) /* it has ended since it was listed */
        return SBX_OK;
    return sbx_fail_win32(err, code, "open thread %lu of this process", (unsigned long)id);
}

/*
 * A thread that a service put in here may be open to nobody of ours; then it is closed already.
 * https://learn.microsoft.com/windows/win32/secauthz/requesting-access-rights-to-an-object
 */
static bool gives_nothing(DWORD id)
{
    HANDLE thread = OpenThread(MAXIMUM_ALLOWED, FALSE, id);
    DWORD code = GetLastError();

    if (thread)
        CloseHandle(thread);
    return !thread && code == ERROR_ACCESS_DENIED;
}

static enum sbx_status close_one(DWORD id, struct sbx_findings *findings, struct sbx_error *err)
{
    const struct sbx_sd_people nobody = {0};
    struct sbx_descriptor seen = {0};
    HANDLE thread = NULL;
    enum sbx_status status = open_thread(id, READ_CONTROL, &thread, err);
    bool closed = !thread;

    if (status == SBX_DENIED && gives_nothing(id)) {
        sbx_error_init(err);
        return SBX_OK;
    }
    /* A list that does not read in full is not closed; setting it proves what it is then. */
    if (!status && thread)
        closed = !sbx_acl_get(thread, NULL, &seen, NULL) && is_closed(&seen.dacl);
    sbx_handle_close(&thread);
    if (!status && !closed)
        status = open_thread(id, READ_CONTROL | WRITE_DAC, &thread, err);
    if (!status && thread)
        status = sbx_hardening_protect(thread, &sbx_sd_locked_thread, &nobody, findings, err);
    sbx_descriptor_done(&seen);
    sbx_handle_close(&thread);
    return status;
}

enum sbx_status sbx_thread_close_all(struct sbx_findings *findings, struct sbx_error *err)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    enum sbx_status status = SBX_OK;
    DWORD code = GetLastError();
    size_t own = 0;
    BOOL more;

    if (snapshot == INVALID_HANDLE_VALUE)
        return sbx_fail_win32(err, code, "list the threads of this process");
    for (more = Thread32First(snapshot, &entry); more && !status;
         more = Thread32Next(snapshot, &entry)) {
        if (entry.th32OwnerProcessID != GetCurrentProcessId())
            continue;
        own++;
        status = close_one(entry.th32ThreadID, findings, err);
    }
    if (!status && !own) /* this thread is one: a list without it is no list */
        status = sbx_fail(err, SBX_UNPROVEN, "the system lists no thread of this process");
    sbx_handle_close(&snapshot);
    if (status)
        sbx_error_context(err, "close the threads of this process");
    return status;
}
