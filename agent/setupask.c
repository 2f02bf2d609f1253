/* See setupask.h. */
#include "setupask.h"

#include "shared/core/winpath.h"
#include "shared/win/pipe.h"
#include "shared/win/spawn.h"

#define SETUP_NAME "sandbox-setup.exe"
#define ANSWER_MS 60000u
#define ANSWER_MAX_BYTES (1024u * 1024u)

/* Its standard output, to the end. */
static enum sbx_status collect(
    const char *image, const char *cwd, struct sbx_buf *ret_text, struct sbx_error *err)
{
    const char *const argv[] = {"sandbox-setup", "status", "--json"};
    struct sbx_spawn spawn = {.image = image,
        .argv = argv,
        .argc = countof(argv),
        .cwd = cwd,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_NO_WINDOW | SBX_SPAWN_RUN};
    struct sbx_process process = {0};
    struct sbx_pipe pipe = {0};
    uint32_t exit_code = 0;
    enum sbx_status status = sbx_pipe_new(0, &pipe, err);

    spawn.std_out = pipe.write;
    if (!status)
        status = sbx_spawn_create(&spawn, &process, err);
    if (pipe.write) { /* ours; while it is open the pipe has no end */
        CloseHandle(pipe.write);
        pipe.write = NULL;
    }
    if (!status)
        status = sbx_pipe_read_all(pipe.read, ANSWER_MS, ret_text, err);
    if (!status)
        status = sbx_process_wait(&process, ANSWER_MS, &exit_code, err);
    if (!status && exit_code != 0)
        status = sbx_fail(err, SBX_INTERNAL, "it ended with exit code %u", (unsigned)exit_code);
    if (status)
        sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    sbx_pipe_close(&pipe);
    return status;
}

enum sbx_status sbx_setup_ask(
    const char *own_directory, struct cJSON **ret_root, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {.max_bytes = ANSWER_MAX_BYTES};
    struct sbx_json_at object;
    struct cJSON *root = NULL;
    struct sbx_buf text;
    enum sbx_status status;
    char *image = NULL;

    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = sbx_winpath_join(own_directory, SETUP_NAME, &image, err);
    if (!status)
        status = collect(image, own_directory, &text, err);
    if (!status)
        status = sbx_json_parse(text.data ? text.data : "", text.length_bytes, &limits, &root, err);
    if (!status)
        status = sbx_json_root_object(root, &object, err);
    if (status) {
        sbx_error_context(err, "ask sandbox-setup.exe for the state of the machine");
        sbx_json_free(root);
    } else {
        *ret_root = root;
    }
    sbx_buf_done(&text);
    free(image);
    return status;
}
