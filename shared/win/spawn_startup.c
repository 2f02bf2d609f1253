/* See spawn_startup.h. */
#include "spawn_startup.h"
#include "handle.h"
#include "../core/buf.h"

#define ATTRIBUTE_JOB_LIST 0x0002000Du /* PROC_THREAD_ATTRIBUTE_JOB_LIST, Windows 10 */
#define ATTRIBUTE_PSEUDOCONSOLE                                                                    \
    0x00020016u /* PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, Windows 10 1809 */

/* Pseudo console, handles, job: the most that one process gets. */
#define ATTRIBUTES 3

bool sbx_spawn_is_console(HANDLE handle)
{
    DWORD mode = 0;

    /* Before Windows 8 console handles were numbers of the console server: 3, 7, 11, ... */
    if (((uintptr_t)handle & 3u) == 3u)
        return true;
    return GetFileType(handle) == FILE_TYPE_CHAR && GetConsoleMode(handle, &mode);
}

static enum sbx_status open_nul(HANDLE *ret_handle, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), NULL, TRUE};
    HANDLE handle;
    DWORD code;

    handle = CreateFileW(L"\\\\.\\NUL", GENERIC_READ | GENERIC_WRITE,
        FILE_SHARE_READ | FILE_SHARE_WRITE, &inheritable, OPEN_EXISTING, 0, NULL);
    code = GetLastError();
    if (handle == INVALID_HANDLE_VALUE)
        return sbx_fail_win32(err, code, "open the NUL device");
    *ret_handle = handle;
    return SBX_OK;
}

/*
 * The inheritable duplicate of a source, made once: stdout and stderr are often the same handle,
 * and a handle list with a duplicate is refused.
 */
static enum sbx_status add(struct sbx_startup *startup, HANDLE source, const char *what,
    HANDLE *ret_copy, struct sbx_error *err)
{
    enum sbx_status status;
    HANDLE copy = NULL;
    size_t i;

    if (source == INVALID_HANDLE_VALUE)
        source = NULL;
    for (i = 0; i < startup->copy_count; i++) {
        if (startup->sources[i] == source) {
            *ret_copy = startup->copies[i];
            return SBX_OK;
        }
    }
    if (source && sbx_spawn_is_console(source))
        return sbx_fail(err, SBX_INVALID, "%s of the child is a console: it never gets ours", what);
    if (source)
        status = sbx_handle_duplicate(source, true, &copy, err);
    else
        status = open_nul(&copy, err);
    if (status) {
        sbx_error_context(err, "%s of the child", what);
        return status;
    }
    startup->sources[startup->copy_count] = source;
    startup->copies[startup->copy_count] = copy;
    startup->copy_count++;
    *ret_copy = copy;
    return SBX_OK;
}

static enum sbx_status add_handles(
    struct sbx_spawn *spawn, struct sbx_startup *startup, struct sbx_error *err)
{
    STARTUPINFOW *info = &startup->info.StartupInfo;
    enum sbx_status status;
    size_t i;

    if (spawn->extra_count > SBX_SPAWN_EXTRA_MAX)
        return sbx_fail(err, SBX_INVALID, "%zu handles for a child", spawn->extra_count);
    status = add(startup, spawn->std_in, "standard input", &info->hStdInput, err);
    if (!status)
        status = add(startup, spawn->std_out, "standard output", &info->hStdOutput, err);
    if (!status)
        status = add(startup, spawn->std_err, "standard error", &info->hStdError, err);
    for (i = 0; i < spawn->extra_count && !status; i++) {
        if (!sbx_handle_is_set(spawn->extra[i].source))
            return sbx_fail(err, SBX_INTERNAL, "extra handle %zu of a child is empty", i);
        status = add(
            startup, spawn->extra[i].source, "an extra handle", &spawn->extra[i].ret_value, err);
    }
    return status;
}

static enum sbx_status add_attribute(struct sbx_startup *startup, DWORD_PTR attribute, void *value,
    size_t size_bytes, const char *what, struct sbx_error *err)
{
    DWORD code;

    if (UpdateProcThreadAttribute(
            startup->info.lpAttributeList, 0, attribute, value, size_bytes, NULL, NULL))
        return SBX_OK;
    code = GetLastError();
    return sbx_fail_win32(err, code, "%s of a process", what);
}

static enum sbx_status make_list(struct sbx_startup *startup, struct sbx_error *err)
{
    LPPROC_THREAD_ATTRIBUTE_LIST list = NULL;
    enum sbx_status status;
    SIZE_T size_bytes = 0;
    DWORD code;

    /* The first call fails by design and says the size. */
    InitializeProcThreadAttributeList(NULL, ATTRIBUTES, 0, &size_bytes);
    status = sbx_calloc(1, size_bytes, &list, err);
    if (status)
        return status;
    if (!InitializeProcThreadAttributeList(list, ATTRIBUTES, 0, &size_bytes)) {
        code = GetLastError();
        free(list);
        return sbx_fail_win32(err, code, "attribute list of a process");
    }
    startup->info.lpAttributeList = list;
    startup->has_list = true;
    return SBX_OK;
}

static enum sbx_status add_list(
    const struct sbx_spawn *spawn, struct sbx_startup *startup, struct sbx_error *err)
{
    enum sbx_status status = make_list(startup, err);

    /*
     * A child whose terminal is a pseudo console inherits no handle, and the list cannot be empty:
     * see spawn.c. The console is its handle's value, not a pointer to it.
     * https://learn.microsoft.com/windows/console/creating-a-pseudoconsole-session
     */
    if (!status && spawn->conpty)
        status = add_attribute(startup, ATTRIBUTE_PSEUDOCONSOLE, spawn->conpty,
            sizeof(spawn->conpty), "pseudo console", err);
    if (!status && startup->copy_count)
        status = add_attribute(startup, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, startup->copies,
            startup->copy_count * sizeof(HANDLE), "handle list", err);
    if (status || (!spawn->job && !spawn->birth_job))
        return status;
    /* Before Windows 10 the attribute is refused; then the suspended process is assigned. */
    startup->job = spawn->job ? spawn->job->handle : spawn->birth_job;
    startup->has_job = !add_attribute(
        startup, ATTRIBUTE_JOB_LIST, &startup->job, sizeof(startup->job), "job list", NULL);
    return SBX_OK;
}

enum sbx_status sbx_startup_init(
    struct sbx_spawn *spawn, struct sbx_startup *startup, struct sbx_error *err)
{
    enum sbx_status status;

    startup->info.StartupInfo.cb = sizeof(startup->info);
    startup->info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    /* STARTF_USESTDHANDLES with empty ones: else ours would be copied into the child's console. */
    status = sbx_spawn_is_on_terminal(spawn) ? SBX_OK : add_handles(spawn, startup, err);
    if (!status)
        status = add_list(spawn, startup, err);
    return status;
}

void sbx_startup_done(struct sbx_startup *startup)
{
    size_t i;

    if (startup->has_list) {
        DeleteProcThreadAttributeList(startup->info.lpAttributeList);
        free(startup->info.lpAttributeList);
    }
    for (i = 0; i < startup->copy_count; i++)
        sbx_handle_close(&startup->copies[i]);
    memset(startup, 0, sizeof(*startup));
}
