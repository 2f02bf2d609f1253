/* See spawn.h for what this file upholds. Handles and attributes are in spawn_startup.c. */
#include "spawn.h"
#include "handle.h"
#include "sd.h"
#include "sid.h"
#include "spawn_startup.h"
#include "wstr.h"
#include "../core/buf.h"
#include "../core/cmdline.h"
#include "../core/utf.h"
#include "../core/winpath.h"

#define KILL_WAIT_MS 5000u

#ifndef ERROR_ELEVATION_REQUIRED
#define ERROR_ELEVATION_REQUIRED 740 /* missing in older headers */
#endif

/* Longer images need the verbatim prefix; CreateProcessW stops at MAX_PATH without it. */
static enum sbx_status image_to_wide(
    const char *image, wchar_t **ret_image_w, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    if (strlen(image) < MAX_PATH - 1u || sbx_winpath_classify(image) != SBX_WINPATH_DRIVE)
        return sbx_wstr_from_utf8(image, ret_image_w, err);
    sbx_buf_init(&text, (size_t)SBX_WINPATH_MAX_CCH * 4u);
    status = sbx_buf_printf(&text, err, "\\\\?\\%s", image);
    if (!status)
        status = sbx_wstr_from_utf8(text.data, ret_image_w, err);
    sbx_buf_done(&text);
    return status;
}

/*
 * CreateProcessW runs a batch file through cmd.exe of its own accord, and cmd.exe does not follow
 * the quoting that our command line was built with: an argument could become a command.
 */
static bool is_batch(const char *image)
{
    const char *extension = sbx_winpath_extension(image);

    return sbx_utf_equal_ci_ascii(extension, ".bat") || sbx_utf_equal_ci_ascii(extension, ".cmd");
}

static enum sbx_status check(const struct sbx_spawn *spawn, struct sbx_error *err)
{
    if (!spawn->image || !sbx_winpath_is_normal(spawn->image))
        return sbx_fail(err, SBX_INVALID, "program '%s' is not an absolute path in normal form",
            spawn->image ? spawn->image : "");
    if (is_batch(spawn->image))
        return sbx_fail(
            err, SBX_INVALID, "'%s' is a batch file and is run by cmd.exe only", spawn->image);
    if (!spawn->cwd || !sbx_winpath_is_normal(spawn->cwd))
        return sbx_fail(err, SBX_INVALID,
            "working directory '%s' is not an absolute path in normal form",
            spawn->cwd ? spawn->cwd : "");
    if (!spawn->argv == !spawn->command_line)
        return sbx_fail(err, SBX_INTERNAL, "spawn: a vector or a command line, not both");
    if (!spawn->environment_w == !(spawn->options & SBX_SPAWN_OUR_ENVIRONMENT))
        return sbx_fail(err, SBX_INTERNAL, "spawn: an environment block, or ours by option");
    if ((spawn->options & SBX_SPAWN_NO_WINDOW) && (spawn->options & SBX_SPAWN_DETACHED))
        return sbx_fail(err, SBX_INTERNAL, "spawn: no window and detached exclude each other");
    if ((spawn->options & SBX_SPAWN_HOSTED) && !spawn->conpty)
        return sbx_fail(err, SBX_INTERNAL, "spawn: a hosted console without one");
    if (spawn->conpty && (spawn->options & (SBX_SPAWN_NO_WINDOW | SBX_SPAWN_DETACHED)))
        return sbx_fail(err, SBX_INTERNAL, "spawn: a pseudo console, or another or none");
    if (sbx_spawn_is_on_terminal(spawn) &&
        (spawn->std_in || spawn->std_out || spawn->std_err || spawn->extra_count))
        return sbx_fail(err, SBX_INTERNAL, "spawn: a pseudo console, or handles and no console");
    return SBX_OK;
}

static enum sbx_status command_line(
    const struct sbx_spawn *spawn, wchar_t **ret_line_w, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char *built = NULL;

    if (spawn->argv)
        status = sbx_cmdline_build(spawn->argv, spawn->argc, &built, err);
    if (!status)
        status = sbx_wstr_from_utf8(built ? built : spawn->command_line, ret_line_w, err);
    free(built);
    if (!status && wcslen(*ret_line_w) > SBX_CMDLINE_MAX_CCH) {
        free(*ret_line_w);
        *ret_line_w = NULL;
        status = sbx_fail(
            err, SBX_INVALID, "command line is longer than %u characters", SBX_CMDLINE_MAX_CCH);
    }
    return status;
}

/* What the user can do about a refused start. */
static enum sbx_status refused(const struct sbx_spawn *spawn, DWORD code, struct sbx_error *err)
{
    enum sbx_status status;

    if (code == ERROR_DIRECTORY)
        return sbx_fail_win32(
            err, code, "working directory '%s' does not exist or cannot be entered", spawn->cwd);
    status = sbx_fail_win32(err, code, "start '%s'", spawn->image);
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        sbx_error_hint(err, "the program does not exist at that path");
        break;
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
        sbx_error_hint(err, "it is not a program for this machine; scripts need their interpreter");
        break;
    case ERROR_ELEVATION_REQUIRED:
        sbx_error_hint(
            err, "the program asks for administrator rights, which a sandbox never gives");
        break;
    case ERROR_PRIVILEGE_NOT_HELD:
        sbx_error_hint(err, "the token is not a restricted form of the caller's own");
        break;
    case ERROR_ACCESS_DENIED:
        if (spawn->options & SBX_SPAWN_BREAKAWAY)
            sbx_error_hint(err,
                "the job this runs in may forbid breakaway (a CI service, a "
                "container); start from outside it, or set limits.ui to best-effort");
        else if (spawn->job)
            sbx_error_hint(err, "this user may not execute the program, or the job this runs in "
                                "admits no further job with limits");
        else
            sbx_error_hint(err, "this user may not read or execute the program");
        break;
    default:
        if (sbx_code_blocker(code))
            sbx_error_hint(err, "%s", sbx_code_blocker(code));
        break;
    }
    return status;
}

static DWORD creation_flags(const struct sbx_spawn *spawn)
{
    DWORD flags = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;

    if (spawn->options & SBX_SPAWN_LOCKED)
        flags &= ~(DWORD)CREATE_SUSPENDED;
    if (spawn->options & SBX_SPAWN_NO_WINDOW)
        flags |= CREATE_NO_WINDOW;
    if (spawn->options & SBX_SPAWN_DETACHED)
        flags |= DETACHED_PROCESS;
    if (spawn->options & SBX_SPAWN_NEW_GROUP)
        flags |= CREATE_NEW_PROCESS_GROUP;
    if (spawn->options & SBX_SPAWN_BREAKAWAY)
        flags |= CREATE_BREAKAWAY_FROM_JOB;
    return flags;
}

/* The strings of one call. */
struct texts {
    wchar_t *image_w;
    wchar_t *line_w;
    wchar_t *cwd_w;
    wchar_t *desktop_w;
};

static void texts_done(struct texts *texts)
{
    free(texts->image_w);
    free(texts->line_w);
    free(texts->cwd_w);
    free(texts->desktop_w);
}

static enum sbx_status texts_init(
    const struct sbx_spawn *spawn, struct texts *texts, struct sbx_error *err)
{
    enum sbx_status status = image_to_wide(spawn->image, &texts->image_w, err);

    if (!status)
        status = command_line(spawn, &texts->line_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(spawn->cwd, &texts->cwd_w, err);
    if (!status && spawn->desktop)
        status = sbx_wstr_from_utf8(spawn->desktop, &texts->desktop_w, err);
    return status;
}

/* What a process of ours is born with: see SBX_SPAWN_LOCKED. */
struct locks {
    struct sbx_buf process, thread;
    SECURITY_ATTRIBUTES process_attributes, thread_attributes;
};

static enum sbx_status locks_init(
    const struct sbx_spawn *spawn, struct locks *locks, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    enum sbx_status status = SBX_OK;

    memset(locks, 0, sizeof(*locks));
    sbx_buf_init(&locks->process, SBX_DESCRIPTOR_MAX_BYTES);
    sbx_buf_init(&locks->thread, SBX_DESCRIPTOR_MAX_BYTES);
    locks->process_attributes.nLength = sizeof(locks->process_attributes);
    locks->thread_attributes.nLength = sizeof(locks->thread_attributes);
    if (!(spawn->options & SBX_SPAWN_LOCKED))
        return SBX_OK;
    if (spawn->job || spawn->token)
        return sbx_fail(err, SBX_INTERNAL, "a process that runs at once can prove nothing");
    status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_sd_build_bytes(&sbx_sd_locked_process, &people, &locks->process, err);
    if (!status)
        status = sbx_sd_build_bytes(&sbx_sd_locked_thread, &people, &locks->thread, err);
    locks->process_attributes.lpSecurityDescriptor = locks->process.data;
    locks->thread_attributes.lpSecurityDescriptor = locks->thread.data;
    return status;
}

static void locks_done(struct locks *locks)
{
    sbx_buf_done(&locks->process);
    sbx_buf_done(&locks->thread);
}

static enum sbx_status create(const struct sbx_spawn *spawn, const struct texts *texts,
    struct sbx_startup *startup, struct locks *locks, struct sbx_process *process,
    struct sbx_error *err)
{
    /* The declaration takes a mutable block; it is not written to. */
    void *environment = NULL;
    PROCESS_INFORMATION info = {0};
    DWORD flags = creation_flags(spawn), code;
    /* With a handle list; without one, nothing at all. */
    const BOOL inherit = !sbx_spawn_is_on_terminal(spawn);
    BOOL created;

    memcpy(&environment, &spawn->environment_w, sizeof(environment));
    startup->info.StartupInfo.lpDesktop = texts->desktop_w;
    /* Set first: one kernel fails without setting a code, and a stale one must not look right. */
    SetLastError(ERROR_SUCCESS);
    if (spawn->token)
        created = CreateProcessAsUserW(spawn->token, texts->image_w, texts->line_w, NULL, NULL,
            inherit, flags, environment, texts->cwd_w, &startup->info.StartupInfo, &info);
    else
        created = CreateProcessW(texts->image_w, texts->line_w, &locks->process_attributes,
            &locks->thread_attributes, inherit, flags, environment, texts->cwd_w,
            &startup->info.StartupInfo, &info);
    code = GetLastError();
    if (!created)
        return refused(spawn, code, err);
    process->process = info.hProcess;
    process->thread = info.hThread;
    process->pid = info.dwProcessId;
    process->job_at_birth = startup->has_job;
    return SBX_OK;
}

static enum sbx_status join_job(
    const struct sbx_spawn *spawn, const struct sbx_process *process, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (!spawn->job)
        return SBX_OK;
    if (!process->job_at_birth)
        status = sbx_job_assign(spawn->job, process->process, err);
    if (!status)
        status = sbx_job_prove_member(spawn->job, process->process, err);
    return status;
}

enum sbx_status sbx_spawn_create(
    struct sbx_spawn *spawn, struct sbx_process *ret_process, struct sbx_error *err)
{
    struct sbx_process process = {0};
    struct sbx_startup startup = {0};
    struct texts texts = {0};
    struct locks locks = {0};
    enum sbx_status status;

    status = check(spawn, err);
    if (!status)
        status = locks_init(spawn, &locks, err);
    if (!status)
        status = texts_init(spawn, &texts, err);
    if (!status)
        status = sbx_startup_init(spawn, &startup, err);
    if (!status)
        status = create(spawn, &texts, &startup, &locks, &process, err);
    if (!status)
        status = join_job(spawn, &process, err);
    if (!status && (spawn->options & SBX_SPAWN_RUN))
        status = sbx_process_resume(&process, err);
    if (status) {
        sbx_process_kill(&process, ERROR_CANCELLED);
        sbx_process_close(&process);
    } else {
        *ret_process = process;
    }
    sbx_startup_done(&startup);
    texts_done(&texts);
    locks_done(&locks);
    return status;
}

enum sbx_status sbx_process_resume(struct sbx_process *process, struct sbx_error *err)
{
    DWORD before, code;

    before = ResumeThread(process->thread);
    code = GetLastError();
    if (before == (DWORD)-1)
        return sbx_fail_win32(err, code, "resume the process");
    if (before != 1)
        return sbx_fail(err, SBX_INTERNAL, "the process was suspended %u times", (unsigned)before);
    return SBX_OK;
}

void sbx_process_kill(struct sbx_process *process, uint32_t exit_code)
{
    if (!process || !process->process)
        return;
    TerminateProcess(process->process, exit_code);
    WaitForSingleObject(process->process, KILL_WAIT_MS);
}

enum sbx_status sbx_process_wait(const struct sbx_process *process, uint32_t timeout_ms,
    uint32_t *ret_exit_code, struct sbx_error *err)
{
    DWORD result, code, exit_code = 0;

    result = WaitForSingleObject(process->process, timeout_ms);
    code = GetLastError();
    if (result == WAIT_TIMEOUT)
        return sbx_fail(
            err, SBX_TIMEOUT, "the process did not end within %u ms", (unsigned)timeout_ms);
    if (result != WAIT_OBJECT_0)
        return sbx_fail_win32(err, code, "wait for the process");
    if (!GetExitCodeProcess(process->process, &exit_code)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "exit code of the process");
    }
    *ret_exit_code = exit_code;
    return SBX_OK;
}

enum sbx_status sbx_spawn_to_end(
    struct sbx_spawn *spawn, uint32_t timeout_ms, uint32_t *ret_exit_code, struct sbx_error *err)
{
    struct sbx_process process = {0};
    enum sbx_status status = sbx_spawn_create(spawn, &process, err);

    if (status)
        return status;
    status = sbx_process_wait(&process, timeout_ms, ret_exit_code, err);
    if (status)
        sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    return status;
}

void sbx_process_close(struct sbx_process *process)
{
    if (!process)
        return;
    sbx_handle_close(&process->thread);
    sbx_handle_close(&process->process);
    process->pid = 0;
}
