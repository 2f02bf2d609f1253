/* See setupstart.h. */
#include "setupstart.h"

#include <stdio.h>

#include "follow.h"
#include "shared/core/message.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/pipe.h"
#include "shared/win/random.h"
#include "shared/win/runas.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/spawn.h"

#include "shared/core/winpath.h"

#define CONNECT_MS 60000u /* from the consent to the pipe */
#define SLICE_MS 250u
#define SEND_MS 30000u
#define PIPE_NAME_MAX 96u

/* MUST 2. FILE_GENERIC_READ and FILE_GENERIC_WRITE: what opening the pipe for both asks for. */
#define PIPE_CLIENT 0x0012019Fu

static const struct sbx_sd_entry pipe_entries[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, SBX_FILE_ALL, "the system may inspect it"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, false, PIPE_CLIENT, "our end, and setup as this user"},
    {SBX_WHO_ADMINISTRATORS, SBX_ACE_ALLOW, 0, false, PIPE_CLIENT,
        "setup as another user, whose password was typed into the prompt"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "a sandboxed child of this user must not rewrite this list"},
};
static const struct sbx_sd_spec pipe_spec = {
    "set-up pipe", SBX_SD_DACL_PROTECTED, pipe_entries, countof(pipe_entries)};

/* One conversation. */
struct talk {
    const struct sbx_setup_call *call;
    char name[PIPE_NAME_MAX];
    struct sbx_named_pipe pipe;
    struct sbx_runas runas;     /* by consent, or */
    struct sbx_process process; /* without */
};

static HANDLE process_of(const struct talk *talk)
{
    return talk->runas.process ? talk->runas.process : talk->process.process;
}

static enum sbx_status open_pipe(struct talk *talk, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    uint8_t random[16];
    struct sbx_buf bytes;
    enum sbx_status status;
    int length;
    size_t i;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_random_bytes(random, sizeof(random), err);
    if (!status)
        status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);
    if (!status)
        status = sbx_sd_build_bytes(&pipe_spec, &people, &bytes, err);
    if (!status) {
        length = snprintf(talk->name, sizeof(talk->name), "\\\\.\\pipe\\agent-sandbox-setup-");
        for (i = 0; i < sizeof(random); i++)
            snprintf(talk->name + length + 2 * i, 3, "%02x", random[i]);
        status = sbx_named_pipe_listen(talk->name, bytes.data, &talk->pipe, err);
    }
    sbx_buf_done(&bytes);
    return status;
}

/* --- starting ----------------------------------------------------------------------------------
 */

static enum sbx_status check_image(const char *path, struct sbx_error *err)
{
    enum sbx_status status = sbx_follow_open(path, 0, NULL, NULL, err);

    if (status) {
        sbx_error_context(err, "the set-up program");
        sbx_error_hint(err, "sandbox-setup.exe must lie beside agent.exe");
    }
    return status;
}

static enum sbx_status start(struct talk *talk, struct sbx_error *err)
{
    const char *const argv[] = {"sandbox-setup", "--pipe", talk->name};
    struct sbx_spawn spawn = {.image = talk->call->setup,
        .argv = argv,
        .argc = countof(argv),
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_NO_WINDOW | SBX_SPAWN_RUN};
    char *system = NULL, *cwd = NULL;
    enum sbx_status status = sbx_known_folder(SBX_KNOWN_SYSTEM, &system, err);

    if (!status)
        status = sbx_winpath_normalise(system, &cwd, NULL, err);
    spawn.cwd = cwd;
    if (!status && talk->call->elevated)
        status = sbx_spawn_create(&spawn, &talk->process, err);
    else if (!status)
        status =
            sbx_runas_start(talk->call->setup, argv + 1, countof(argv) - 1, cwd, &talk->runas, err);
    free(system);
    free(cwd);
    return status;
}

static bool has_ended(const struct talk *talk)
{
    HANDLE process = process_of(talk);

    return process && WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
}

static enum sbx_status ended_early(const struct talk *talk, struct sbx_error *err)
{
    DWORD code = 0;
    enum sbx_status status;

    if (process_of(talk) && !GetExitCodeProcess(process_of(talk), &code))
        code = 0;
    status = sbx_fail(err, SBX_INTERNAL, "sandbox-setup.exe ended without a result (exit code %lu)",
        (unsigned long)code);
    sbx_error_hint(err, "run: agent status; then agent repair, or agent uninstall");
    return status;
}

static uint32_t started_pid(const struct talk *talk)
{
    return talk->runas.process ? talk->runas.pid : talk->process.pid;
}

/* MUST 3. A shell that hands out no process handle leaves nothing to compare with. */
static enum sbx_status check_peer(const struct talk *talk, struct sbx_error *err)
{
    uint32_t expected = started_pid(talk), pid = 0;
    enum sbx_status status;

    if (!expected) {
        status = sbx_fail(err, SBX_UNPROVEN, "Windows does not say which process it started");
        sbx_error_hint(err, "run it from an administrator's prompt");
        return status;
    }
    status = sbx_named_pipe_peer(&talk->pipe, &pid, err);
    if (!status && pid != expected)
        status = sbx_fail(err, SBX_DENIED,
            "process %u came to the set-up pipe, and process %u was started", (unsigned)pid,
            (unsigned)expected);
    return status;
}

static enum sbx_status await_setup(struct talk *talk, struct sbx_error *err)
{
    const uint64_t deadline_ms = sbx_clock_ms() + CONNECT_MS;
    enum sbx_status status = SBX_TIMEOUT;

    while (status == SBX_TIMEOUT) {
        bool ended = has_ended(talk);

        status = sbx_named_pipe_accept(&talk->pipe, SLICE_MS, err);
        if (status == SBX_TIMEOUT && ended)
            return ended_early(talk, err);
        if (status == SBX_TIMEOUT && !sbx_clock_left_ms(deadline_ms)) {
            sbx_error_context(err, "sandbox-setup.exe was started and does not answer");
            return status;
        }
    }
    return status ? status : check_peer(talk, err);
}

/* --- talking -----------------------------------------------------------------------------------
 */

static enum sbx_status read_event(
    struct talk *talk, struct sbx_setup_event *ret_event, struct sbx_error *err)
{
    uint32_t length = 0;
    uint8_t prefix[4];
    char *json = NULL;
    enum sbx_status status =
        sbx_named_pipe_read(&talk->pipe, prefix, sizeof(prefix), SBX_PIPE_FOREVER, err);

    if (status) /* its end of the pipe went with it */
        return ended_early(talk, err);
    status = sbx_frame_length(prefix, &length, err);
    if (!status && length > SBX_SETUP_EVENT_MAX_BYTES)
        status = sbx_fail(err, SBX_INVALID, "an event of %lu bytes", (unsigned long)length);
    if (!status)
        status = sbx_calloc(length, 1, &json, err);
    if (!status && sbx_named_pipe_read(&talk->pipe, json, length, SEND_MS, err))
        status = ended_early(talk, err);
    if (!status)
        status = sbx_setup_event_decode(json, length, ret_event, err);
    if (status)
        sbx_error_context(err, "what sandbox-setup.exe reports");
    free(json);
    return status;
}

static enum sbx_status follow(
    struct talk *talk, struct sbx_setup_event *ret_result, struct sbx_error *err)
{
    for (;;) {
        struct sbx_setup_event event = {0};
        enum sbx_status status = read_event(talk, &event, err);

        if (status)
            return status;
        if (event.kind == SBX_SETUP_EVENT_RESULT) {
            *ret_result = event;
            return SBX_OK;
        }
        if (talk->call->step)
            talk->call->step(talk->call->context, &event);
        sbx_setup_event_done(&event);
    }
}

static enum sbx_status talk_all(struct talk *talk, const struct sbx_buf *frame,
    struct sbx_setup_event *ret_result, struct sbx_error *err)
{
    enum sbx_status status = open_pipe(talk, err);

    if (!status)
        status = start(talk, err);
    if (!status)
        status = await_setup(talk, err);
    if (!status)
        status = sbx_named_pipe_write(&talk->pipe, frame->data, frame->length_bytes, SEND_MS, err);
    if (!status)
        status = follow(talk, ret_result, err);
    /* Its last words were read; it may still be tidying up behind itself. */
    if (!status && process_of(talk))
        WaitForSingleObject(process_of(talk), SEND_MS);
    return status;
}

enum sbx_status sbx_setup_talk(
    const struct sbx_setup_call *call, struct sbx_setup_event *ret_result, struct sbx_error *err)
{
    struct talk talk = {.call = call};
    struct sbx_buf frame;
    enum sbx_status status;

    sbx_buf_init(&frame, SBX_SETUP_REQUEST_MAX_BYTES + 4);
    status = sbx_setup_request_encode(call->request, &frame, err);
    if (!status)
        status = check_image(call->setup, err);
    if (!status)
        status = talk_all(&talk, &frame, ret_result, err);
    sbx_named_pipe_close(&talk.pipe);
    sbx_process_close(&talk.process);
    sbx_runas_close(&talk.runas);
    sbx_buf_done(&frame);
    return status;
}
