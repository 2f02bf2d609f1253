/* See spawn_logon.h. The proofs are in spawn_remote.c. */
#include "spawn_logon.h"
#include "handle.h"
#include "logon.h"
#include "wstr.h"
#include "../core/buf.h"
#include "../core/cmdline.h"
#include "../core/password.h"
#include "../core/winpath.h"

/* "The maximum length of this string is 1024 characters": one less than cmdline's own cap. */
#define COMMAND_LINE_MAX_CCH 1023u

static enum sbx_status check(const struct sbx_spawn_logon *spawn, struct sbx_error *err)
{
    if (!spawn->image || sbx_winpath_classify(spawn->image) != SBX_WINPATH_DRIVE ||
        !sbx_winpath_is_normal(spawn->image))
        return sbx_fail(err, SBX_INVALID, "program '%s' is not an absolute path in normal form",
            spawn->image ? spawn->image : "");
    if (!spawn->cwd || !sbx_winpath_is_normal(spawn->cwd))
        return sbx_fail(err, SBX_INVALID, "working directory '%s' is not an absolute path",
            spawn->cwd ? spawn->cwd : "");
    if (!spawn->account || !spawn->password || !spawn->environment_w || !spawn->argc)
        return sbx_fail(err, SBX_INTERNAL, "spawn with logon: something required is missing");
    if (strlen(spawn->password) >= SBX_PASSWORD_SIZE)
        return sbx_fail(err, SBX_INVALID, "the password is too long to be one of ours");
    if (!sbx_handle_is_set(spawn->std_in) || !sbx_handle_is_set(spawn->std_out) ||
        sbx_spawn_is_console(spawn->std_in) || sbx_spawn_is_console(spawn->std_out))
        return sbx_fail(err, SBX_INTERNAL, "spawn with logon: the standard handles are no pipes");
    return SBX_OK;
}

struct texts {
    wchar_t *image_w;
    wchar_t *line_w;
    wchar_t *cwd_w;
    wchar_t *desktop_w;
    wchar_t *account_w;
};

static void texts_done(struct texts *texts)
{
    free(texts->image_w);
    free(texts->line_w);
    free(texts->cwd_w);
    free(texts->desktop_w);
    free(texts->account_w);
}

static enum sbx_status texts_init(
    const struct sbx_spawn_logon *spawn, struct texts *texts, struct sbx_error *err)
{
    char *line = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(spawn->image, &texts->image_w, err);

    if (!status)
        status = sbx_cmdline_build(spawn->argv, spawn->argc, &line, err);
    if (!status)
        status = sbx_wstr_from_utf8(line, &texts->line_w, err);
    free(line);
    if (!status && wcslen(texts->line_w) > COMMAND_LINE_MAX_CCH)
        status = sbx_fail(
            err, SBX_INVALID, "command line is longer than %u characters", COMMAND_LINE_MAX_CCH);
    if (!status)
        status = sbx_wstr_from_utf8(spawn->cwd, &texts->cwd_w, err);
    if (!status && spawn->desktop)
        status = sbx_wstr_from_utf8(spawn->desktop, &texts->desktop_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(spawn->account, &texts->account_w, err);
    return status;
}

/* Inheritable for the length of the call: what the service duplicates from. See spawn.h. */
struct stdio {
    HANDLE in, out, nul;
};

static void stdio_done(struct stdio *stdio)
{
    sbx_handle_close(&stdio->in);
    sbx_handle_close(&stdio->out);
    sbx_handle_close(&stdio->nul);
}

static enum sbx_status stdio_init(
    const struct sbx_spawn_logon *spawn, struct stdio *stdio, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), NULL, TRUE};
    enum sbx_status status = sbx_handle_duplicate(spawn->std_in, true, &stdio->in, err);
    DWORD code;

    if (!status)
        status = sbx_handle_duplicate(spawn->std_out, true, &stdio->out, err);
    if (status)
        return status;
    stdio->nul = CreateFileW(L"\\\\.\\NUL", GENERIC_READ | GENERIC_WRITE,
        FILE_SHARE_READ | FILE_SHARE_WRITE, &inheritable, OPEN_EXISTING, 0, NULL);
    code = GetLastError();
    if (stdio->nul == INVALID_HANDLE_VALUE)
        return sbx_fail_win32(err, code, "open the NUL device");
    return SBX_OK;
}

static enum sbx_status refused(
    const struct sbx_spawn_logon *spawn, DWORD code, struct sbx_error *err)
{
    enum sbx_status status;

    /* The account logged on; it is the program that may not start. */
    if (sbx_code_blocker(code)) {
        status = sbx_fail_win32(err, code, "start '%s' as '%s'", spawn->image, spawn->account);
        sbx_error_hint(err, "%s", sbx_code_blocker(code));
        return status;
    }
    switch (code) {
    case ERROR_SERVICE_DISABLED:
    case ERROR_SERVICE_NOT_ACTIVE:
        sbx_fail_win32(err, code, "start '%s' as '%s'", spawn->image, spawn->account);
        sbx_error_hint(err, "the Secondary Logon service (seclogon) must be allowed to start");
        if (err)
            err->status = SBX_UNSUPPORTED;
        return SBX_UNSUPPORTED;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_DIRECTORY:
    case ERROR_ACCESS_DENIED:
    case ERROR_NO_SUCH_LOGON_SESSION:
        status = sbx_fail_win32(err, code, "start '%s' as '%s'", spawn->image, spawn->account);
        if (code == ERROR_ACCESS_DENIED)
            sbx_error_hint(err, "the account must be able to read and execute it; LocalSystem "
                                "cannot start programs this way");
        return status;
    default:
        return sbx_logon_explain(code, spawn->account, err);
    }
}

static enum sbx_status create(const struct sbx_spawn_logon *spawn, const struct texts *texts,
    const struct stdio *stdio, struct sbx_process *process, struct sbx_error *err)
{
    const DWORD flags = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW;
    STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    wchar_t password_w[SBX_PASSWORD_SIZE];
    PROCESS_INFORMATION info = {0};
    void *environment = NULL; /* declared mutable, not written to */
    size_t i, length = strlen(spawn->password);
    BOOL created;
    DWORD code;

    memcpy(&environment, &spawn->environment_w, sizeof(environment));
    startup.lpDesktop = texts->desktop_w;
    startup.hStdInput = stdio->in;
    startup.hStdOutput = stdio->out;
    startup.hStdError = stdio->nul;
    for (i = 0; i <= length; i++) /* ASCII, by password.h */
        password_w[i] = (unsigned char)spawn->password[i];
    created = CreateProcessWithLogonW(texts->account_w, L".", password_w, 0, texts->image_w,
        texts->line_w, flags, environment, texts->cwd_w, &startup, &info);
    code = GetLastError();
    sbx_wipe(password_w, sizeof(password_w));
    if (!created)
        return refused(spawn, code, err);
    /* One kernel says yes and returns nothing: then there is a process that nobody can confine. */
    if (!info.hProcess || !info.hThread)
        return sbx_fail(err, SBX_UNSUPPORTED, "no handles of the process that was started");
    process->process = info.hProcess;
    process->thread = info.hThread;
    process->pid = info.dwProcessId;
    return SBX_OK;
}

enum sbx_status sbx_spawn_with_logon(
    const struct sbx_spawn_logon *spawn, struct sbx_process *ret_process, struct sbx_error *err)
{
    struct sbx_process process = {0};
    struct stdio stdio = {0};
    struct texts texts = {0};
    enum sbx_status status = check(spawn, err);

    if (!status)
        status = texts_init(spawn, &texts, err);
    if (!status)
        status = stdio_init(spawn, &stdio, err);
    if (!status)
        status = create(spawn, &texts, &stdio, &process, err);
    if (!status)
        *ret_process = process;
    stdio_done(&stdio);
    texts_done(&texts);
    return status;
}
