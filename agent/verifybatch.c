/*
 * See verifycheck.h: batch files, whose arguments cmd.exe reads by rules of its own. What stands in
 * the files is ours; a canary in the attack's own folder tells that a second command ran.
 */
#include "verifychecks.h"

#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/wstr.h"

#define BATCH_MS 10000u
#define CANARY "{free}\\second.txt"

/* args.cmd ends with "succeeded"; second.cmd makes the canary; said.cmd keeps what it was given. */
static enum sbx_status put_batches(const struct sbx_verify_check *check, struct sbx_error *err)
{
    enum sbx_status status = sbx_verify_put_file(check, "{ws}\\args.cmd", "@exit /b 70\r\n", err);

    if (!status)
        status = sbx_verify_put_file(
            check, "{ws}\\second.cmd", "@echo x>free\\second.txt\r\n@exit /b 70\r\n", err);
    if (!status)
        status = sbx_verify_put_file(check, "{ws}\\said.cmd", "@echo %1>free\\said.txt\r\n", err);
    return status;
}

/* cmd.exe as the user in the root, with a line as a careless program would write it. */
static enum sbx_status careless(
    const struct sbx_verify_check *check, const char *rest, struct sbx_error *err)
{
    struct sbx_spawn spawn = {
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    struct sbx_buf image, line;
    char *folder = NULL, *cwd = NULL;
    uint32_t exit_code = 0;
    enum sbx_status status = sbx_known_folder(SBX_KNOWN_SYSTEM, &folder, err);

    sbx_buf_init(&image, SBX_VERIFY_PATH_MAX);
    sbx_buf_init(&line, 2 * SBX_VERIFY_PATH_MAX);
    if (!status)
        status = sbx_buf_printf(&image, err, "%s\\cmd.exe", folder);
    if (!status)
        status = sbx_buf_printf(&line, err, "\"%s\" /d /c %s", image.data, rest);
    if (!status)
        status = sbx_verify_path(check, "{ws}", &cwd, err);
    spawn.image = image.data;
    spawn.command_line = line.data;
    spawn.cwd = cwd;
    if (!status)
        status = sbx_spawn_to_end(&spawn, BATCH_MS, &exit_code, err);
    sbx_buf_done(&image);
    sbx_buf_done(&line);
    free(folder);
    free(cwd);
    return status;
}

static void saw_run(const struct sbx_verify_check *check, const struct sbx_verify_ran *ran)
{
    sbx_verify_take_run(check, ran);
    check->result->seen.ping = sbx_verify_ran_outcome(ran);
}

enum sbx_status sbx_verify_check_batch_and(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran ran = {0};
    enum sbx_status status = put_batches(check, err);

    if (!status)
        status = sbx_verify_run_words(check, NULL, "{ws}\\args.cmd|a&.\\second.cmd", &ran, err);
    if (!status) {
        saw_run(check, &ran);
        seen->inside =
            sbx_verify_is_there(check, CANARY) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
        status = careless(check, "args.cmd a&.\\second.cmd", err);
        seen->twin_ran = !status;
        seen->twin = sbx_verify_is_there(check, CANARY) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    sbx_verify_ran_done(&ran);
    return status;
}

/* Whether said.cmd was given something else than the text with its two signs. */
static bool was_expanded(const struct sbx_verify_check *check)
{
    struct sbx_buf bytes;
    char *path = NULL;
    bool expanded = false;

    sbx_buf_init(&bytes, 4096);
    if (!sbx_verify_path(check, "{free}\\said.txt", &path, NULL) &&
        !sbx_file_read_named(path, &bytes, NULL) && bytes.length_bytes > 2)
        expanded = bytes.data[0] != '%';
    sbx_buf_done(&bytes);
    free(path);
    return expanded;
}

enum sbx_status sbx_verify_check_batch_percent(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_verify_ran plain = {0}, ran = {0};
    enum sbx_status status = put_batches(check, err);

    if (!status)
        status = sbx_verify_run_words(check, NULL, "{ws}\\args.cmd|plain", &plain, err);
    if (!status)
        status = sbx_verify_run_words(check, NULL, "{ws}\\said.cmd|%ComSpec%", &ran, err);
    if (!status) {
        saw_run(check, &plain);
        seen->inside = ran.began               ? SBX_VERIFY_SUCCEEDED
                       : ran.exit_code == 126u ? SBX_VERIFY_DENIED
                                               : SBX_VERIFY_ODD;
        status = careless(check, "said.cmd %ComSpec%", err);
        seen->twin_ran = !status;
        seen->twin = was_expanded(check) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    sbx_verify_ran_done(&plain);
    sbx_verify_ran_done(&ran);
    return status;
}

enum sbx_status sbx_verify_check_batch_started(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    const char *argv[] = {"second"};
    struct sbx_spawn spawn = {.argv = argv,
        .argc = countof(argv),
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    struct sbx_process process = {0};
    uint32_t exit_code = 0;
    char *image = NULL, *cwd = NULL;
    enum sbx_status status = put_batches(check, err), started = SBX_OK;

    if (!status)
        status = sbx_verify_path(check, "{ws}\\second.cmd", &image, err);
    if (!status)
        status = sbx_verify_path(check, "{ws}", &cwd, err);
    spawn.image = image;
    spawn.cwd = cwd;
    if (!status) {
        started = sbx_spawn_create(&spawn, &process, NULL);
        if (!started && sbx_process_wait(&process, BATCH_MS, &exit_code, NULL))
            sbx_process_kill(&process, 1);
        sbx_process_close(&process);
        seen->inside = started == SBX_OK        ? SBX_VERIFY_SUCCEEDED
                       : started == SBX_INVALID ? SBX_VERIFY_DENIED
                                                : SBX_VERIFY_ODD;
        status = careless(check, "second.cmd", err);
    }
    if (!status) {
        seen->inside_ran = seen->twin_ran = true;
        seen->confined =
            check->report->confined; /* nothing runs in the sandbox: as the runs before */
        seen->ping = seen->twin =
            sbx_verify_is_there(check, CANARY) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    free(image);
    free(cwd);
    return status;
}
