/*
 * See verifycheck.h: a child that did not come out as it was planned. The proof before the start
 * finds nothing on a machine where all is well, so it is given a child that the kernel makes
 * otherwise than it was asked for: the program's file carries a lower mandatory label than the
 * token, and its process gets the lower of the two.
 * https://learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control
 */
#include "verifychecks.h"

#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"

#define PROGRAM "{free}\\low.exe"
#define LOW "S-1-16-4096"
#define EXIT_SANDBOX 125u

/* https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-system_mandatory_label_ace */
static enum sbx_status set_label(
    const struct sbx_verify_check *check, const char *place, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = READ_CONTROL | WRITE_OWNER};
    DWORD space[32] = {0};
    ACL *sacl = (ACL *)(void *)space;
    SECURITY_DESCRIPTOR descriptor;
    SID low = {SID_REVISION, 1, {SECURITY_MANDATORY_LABEL_AUTHORITY}, {SECURITY_MANDATORY_LOW_RID}};
    HANDLE file = NULL;
    char *path = NULL;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);
    DWORD code;

    if (!status)
        status = sbx_file_open(path, &how, &file, err);
    if (!status &&
        (!InitializeAcl(sacl, sizeof(space), ACL_REVISION) ||
            !AddMandatoryAce(sacl, ACL_REVISION, 0, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP, &low) ||
            !InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) ||
            !SetSecurityDescriptorSacl(&descriptor, TRUE, sacl, FALSE) ||
            !SetKernelObjectSecurity(file, LABEL_SECURITY_INFORMATION, &descriptor))) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "lower the label of '%s'", path);
    }
    sbx_handle_close(&file);
    free(path);
    return status;
}

/* Outside: whether its process, which is ended before its first instruction, has the lower level.
 */
static enum sbx_status is_lowered(
    const struct sbx_verify_check *check, const char *place, bool *ret_low, struct sbx_error *err)
{
    const char *argv[] = {"sandbox-probe", "ping"};
    struct sbx_spawn spawn = {.argv = argv,
        .argc = countof(argv),
        .cwd = check->run->folder,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_NO_WINDOW};
    struct sbx_process process = {0};
    struct sbx_sid low, seen;
    HANDLE token = NULL;
    char *path = NULL;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);

    spawn.image = path;
    if (!status)
        status = sbx_sid_parse(LOW, &low, err);
    if (!status)
        status = sbx_spawn_create(&spawn, &process, err);
    if (!status)
        status = sbx_token_open(process.process, TOKEN_QUERY, &token, err);
    if (!status)
        status = sbx_token_integrity(token, &seen, err);
    *ret_low = !status && sbx_sid_equal(&seen, &low);
    sbx_handle_close(&token);
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    free(path);
    return status;
}

/* The same file before and after: only then is it the label that was refused. */
enum sbx_status sbx_verify_check_lowered_program(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran before = {0}, after = {0};
    bool low = false;
    enum sbx_status status = sbx_verify_copy_probe(check, PROGRAM, err);

    if (!status)
        status = sbx_verify_run_words(check, NULL, PROGRAM "|ping", &before, err);
    if (!status) {
        sbx_verify_take_run(check, &before);
        seen->ping = sbx_verify_ran_outcome(&before);
        status = set_label(check, PROGRAM, err);
    }
    if (!status)
        status = is_lowered(check, PROGRAM, &low, err);
    if (!status) {
        seen->twin_ran = true;
        seen->twin = low ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    /* Where labels do not count there is nothing to be refused. */
    if (!status && low)
        status = sbx_verify_run_words(check, NULL, PROGRAM "|ping", &after, err);
    if (!status && low)
        seen->inside =
            after.began ? SBX_VERIFY_SUCCEEDED
            : after.exit_code == EXIT_SANDBOX && strstr(after.json.data, "TokenIntegrityLevel: ")
                ? SBX_VERIFY_DENIED
                : SBX_VERIFY_ODD;
    sbx_verify_ran_done(&before);
    sbx_verify_ran_done(&after);
    return status;
}
