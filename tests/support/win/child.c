/* See child.h. */
#include "child.h"
#include "tests/support/unit.h"

#include "shared/core/winpath.h"
#include "shared/win/known.h"
#include "shared/win/pipe.h"

#include <stdio.h>

#define CHILD_TIMEOUT_MS 30000u

const char *child_directory(void)
{
    static char directory[1024];
    struct sbx_error err;
    char *program = NULL;
    char *parent = NULL;

    if (directory[0])
        return directory;
    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_known_program(&program, &err), &err);
    ck_assert_sbx_ok(sbx_winpath_parent(program, &parent, &err), &err);
    snprintf(directory, sizeof(directory), "%s", parent);
    free(parent);
    free(program);
    return directory;
}

const char *child_image(void)
{
    static char image[1100];

    if (!image[0])
        snprintf(image, sizeof(image), "%s\\child.exe", child_directory());
    return image;
}

struct sbx_spawn child_request(const char *const *argv, size_t argc)
{
    struct sbx_spawn spawn = {0};

    spawn.image = child_image();
    spawn.argv = argv;
    spawn.argc = argc;
    spawn.cwd = child_directory();
    spawn.options = SBX_SPAWN_RUN | SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_NO_WINDOW;
    return spawn;
}

uint32_t child_run(struct sbx_spawn *spawn, char *ret_output, size_t size_bytes)
{
    struct sbx_process process = {0};
    struct sbx_pipe pipe = {NULL, NULL};
    struct sbx_error err;
    struct sbx_buf output;
    uint32_t code = 0;

    sbx_error_init(&err);
    sbx_buf_init(&output, 1024u * 1024u);
    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    spawn->std_out = pipe.write;
    ck_assert_sbx_ok(sbx_spawn_create(spawn, &process, &err), &err);
    CloseHandle(pipe.write);
    pipe.write = NULL;
    ck_assert_sbx_ok(sbx_pipe_read_all(pipe.read, CHILD_TIMEOUT_MS, &output, &err), &err);
    ck_assert_sbx_ok(sbx_process_wait(&process, CHILD_TIMEOUT_MS, &code, &err), &err);
    snprintf(ret_output, size_bytes, "%s", output.data ? output.data : "");
    sbx_process_close(&process);
    sbx_pipe_close(&pipe);
    sbx_buf_done(&output);
    return code;
}
