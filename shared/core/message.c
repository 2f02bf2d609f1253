/* See message.h: frames, encoders, release. */
#include "message.h"

#include "jsonwrite.h"
#include "message_words.h"
#include "utf.h"

const char *const sbx_ended_words[SBX_ENDED_FAILED] = {
    "exit", "timeout", "limit", "cancelled", "failed"};
const char *const sbx_control_words[SBX_CONTROL_RESIZE] = {"cancel", "kill", "resize"};
const char *const sbx_stage_words[SBX_STAGE_CONFINE] = {"launch", "confine"};
const char *const sbx_named_words[SBX_NAMED_UNAVAILABLE] = {"unknown", "available", "unavailable"};
const char *const sbx_limit_words[SBX_LIMIT_WORDS] = {
    "timeout", "processes", "memory", "process-memory", "cpu"};

const struct sbx_time_key sbx_time_keys[SBX_TIME_KEYS] = {
    {"request", offsetof(struct sbx_stage_times, request)},
    {"token", offsetof(struct sbx_stage_times, token)},
    {"job", offsetof(struct sbx_stage_times, job)},
    {"desktop", offsetof(struct sbx_stage_times, desktop)},
    {"created", offsetof(struct sbx_stage_times, created)},
    {"proved", offsetof(struct sbx_stage_times, proved)},
    {"resumed", offsetof(struct sbx_stage_times, resumed)},
    {"exited", offsetof(struct sbx_stage_times, exited)},
    {"done", offsetof(struct sbx_stage_times, done)},
};

const char *sbx_ended_name(enum sbx_ended ended)
{
    return ended >= SBX_ENDED_EXIT && ended <= SBX_ENDED_FAILED ? sbx_ended_words[ended - 1]
                                                                : "unknown";
}

const char *sbx_named_objects_name(enum sbx_named_objects named)
{
    return named >= SBX_NAMED_UNKNOWN && named <= SBX_NAMED_UNAVAILABLE ? sbx_named_words[named - 1]
                                                                        : sbx_named_words[0];
}

const char *sbx_stage_name(enum sbx_stage stage)
{
    return stage >= SBX_STAGE_LAUNCH && stage <= SBX_STAGE_CONFINE ? sbx_stage_words[stage - 1]
                                                                   : "unknown";
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool sbx_desktop_path_is_ours(const char *path)
{
    static const char prefix[] = "\\SbxRun-";
    const char *at = strstr(path, prefix), *p;

    if (!at || at == path || !at[sizeof(prefix) - 1] || strlen(path) > 120)
        return false;
    for (p = path; *p; p++)
        if (p != at && !is_alnum(*p) && *p != '-' && *p != '$')
            return false;
    return true;
}

/* Ours begin alike: a request cannot name another local account, whatever the sealed file holds. */
bool sbx_account_name_is_ours(const char *name)
{
    static const char prefix[] = "AgentSandbox";
    size_t i;

    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || strlen(name) > 20)
        return false;
    for (i = sizeof(prefix) - 1; name[i]; i++)
        if (!is_alnum(name[i]))
            return false;
    return true;
}

void sbx_request_done(struct sbx_request *request)
{
    if (!request)
        return;
    free(request->image);
    sbx_strings_done(&request->argv);
    free(request->command_line);
    free(request->cwd);
    sbx_env_done(&request->environment);
    free(request->user_sid);
    free(request->account);
    free(request->account_sid);
    free(request->group_sid);
    free(request->desktop_path);
    free(request->run_sid);
    sbx_strings_done(&request->capability_sids);
    memset(request, 0, sizeof(*request));
}

void sbx_reply_done(struct sbx_reply *reply)
{
    if (!reply)
        return;
    free(reply->platform);
    sbx_strings_done(&reply->unproved);
    sbx_strings_done(&reply->limits_hit);
    memset(reply, 0, sizeof(*reply));
}

enum sbx_status sbx_frame_length(
    const uint8_t prefix[4], uint32_t *ret_length_bytes, struct sbx_error *err)
{
    uint32_t length = (uint32_t)prefix[0] | (uint32_t)prefix[1] << 8 | (uint32_t)prefix[2] << 16 |
                      (uint32_t)prefix[3] << 24;

    if (length == 0 || length > SBX_FRAME_MAX_BYTES)
        return sbx_fail(err, SBX_INVALID, "frame of %lu bytes (allowed: 1 to %u)",
            (unsigned long)length, SBX_FRAME_MAX_BYTES);
    *ret_length_bytes = length;
    return SBX_OK;
}

/* --- frames -------------------------------------------------------------------------------- */

/* Append a frame around what was written to `json`; the target is untouched after a failure. */
static enum sbx_status append_frame(struct sbx_json_writer *w, struct sbx_buf *json,
    struct sbx_buf *ret_frame, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_writer_end(w, err);
    size_t room = ret_frame->max_bytes - ret_frame->length_bytes, length = json->length_bytes;
    uint8_t prefix[4];

    if (status)
        return status;
    if (room < 4 || room - 4 < length)
        return sbx_fail(err, SBX_INVALID, "no room for a frame of %zu bytes", length);
    prefix[0] = (uint8_t)length;
    prefix[1] = (uint8_t)(length >> 8);
    prefix[2] = (uint8_t)(length >> 16);
    prefix[3] = (uint8_t)(length >> 24);
    status = sbx_buf_add(ret_frame, prefix, sizeof(prefix), err);
    if (status)
        return status;
    status = sbx_buf_add(ret_frame, json->data, length, err);
    if (status)
        ret_frame->length_bytes -= sizeof(prefix);
    return status;
}

static void begin(struct sbx_json_writer *w, struct sbx_buf *json)
{
    sbx_buf_init(json, SBX_FRAME_MAX_BYTES);
    sbx_json_writer_begin(w, json, false);
    sbx_json_begin_object(w);
    sbx_json_key_uint64(w, "version", SBX_MESSAGE_VERSION);
}

static void put_strings(struct sbx_json_writer *w, const char *key, const struct sbx_strings *list)
{
    sbx_json_key_strings(w, key, (const char *const *)list->items, list->count);
}

/* Numbers are left out when 0, which means "not limited". */
static void put_limits(struct sbx_json_writer *w, const struct sbx_policy_limits *limits)
{
    sbx_json_key_object(w, "limits");
    if (limits->timeout_ms)
        sbx_json_key_uint64(w, "timeoutMs", limits->timeout_ms);
    if (limits->processes)
        sbx_json_key_uint64(w, "processes", limits->processes);
    if (limits->memory_bytes)
        sbx_json_key_uint64(w, "memoryBytes", limits->memory_bytes);
    if (limits->process_memory_bytes)
        sbx_json_key_uint64(w, "processMemoryBytes", limits->process_memory_bytes);
    if (limits->cpu_percent)
        sbx_json_key_uint64(w, "cpuPercent", limits->cpu_percent);
    sbx_json_key_string(w, "ui", sbx_ui_limits_name(limits->ui));
    sbx_json_end_object(w);
}

static void put_size(struct sbx_json_writer *w, const struct sbx_tty_size *size)
{
    sbx_json_key_uint64(w, "columns", size->columns);
    sbx_json_key_uint64(w, "rows", size->rows);
}

enum sbx_status sbx_request_encode(
    const struct sbx_request *request, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_buf json;
    enum sbx_status status;
    size_t i;

    begin(&w, &json);
    sbx_json_key_string(&w, "stage", sbx_stage_name(request->stage));
    sbx_json_key_string(&w, "image", request->image);
    put_strings(&w, "argv", &request->argv);
    if (request->command_line)
        sbx_json_key_string(&w, "commandLine", request->command_line);
    sbx_json_key_string(&w, "cwd", request->cwd);
    sbx_json_key_object(&w, "environment");
    for (i = 0; i < request->environment.count; i++)
        sbx_json_key_string(
            &w, request->environment.vars[i].name, request->environment.vars[i].value);
    sbx_json_end_object(&w);
    sbx_json_key_string(&w, "mode", sbx_mode_name(request->mode));
    sbx_json_key_string(&w, "recipe", sbx_token_choice_name(request->recipe));
    sbx_json_key_string(&w, "userSid", request->user_sid);
    if (request->mode == SBX_MODE_ELEVATED) {
        sbx_json_key_string(&w, "account", request->account);
        sbx_json_key_string(&w, "accountSid", request->account_sid);
        sbx_json_key_string(&w, "groupSid", request->group_sid);
    }
    sbx_json_key_string(&w, "runSid", request->run_sid);
    put_strings(&w, "capabilitySids", &request->capability_sids);
    put_limits(&w, &request->limits);
    sbx_json_key_bool(&w, "background", request->background);
    sbx_json_key_string(&w, "desktop", sbx_desktop_name(request->desktop));
    if (request->stage == SBX_STAGE_CONFINE)
        sbx_json_key_string(&w, "desktopPath", request->desktop_path);
    sbx_json_key_bool(&w, "wineUnconfined", request->wine_unconfined);
    if (request->birth_job)
        sbx_json_key_bool(&w, "birthJob", true);
    if (request->tty.columns) {
        sbx_json_key_object(&w, "tty");
        put_size(&w, &request->tty);
        sbx_json_end_object(&w);
    }
    sbx_json_key_uint64(&w, "stdin", request->stdin_handle);
    sbx_json_key_uint64(&w, "stdout", request->stdout_handle);
    sbx_json_key_uint64(&w, "stderr", request->stderr_handle);
    sbx_json_end_object(&w);
    status = append_frame(&w, &json, ret_frame, err);
    sbx_buf_wipe(&json); /* the environment may hold secrets */
    if (status)
        sbx_error_context(err, "encode the request");
    return status;
}

/*
 * Error text may have been cut inside a character and may quote what a command wrote: it is made
 * printable, so that the story of a failure always arrives.
 */
static void put_error(struct sbx_json_writer *w, const struct sbx_error *error)
{
    char text[SBX_ERROR_CONTEXT_MAX];

    sbx_json_key_object(w, "error");
    sbx_json_key_string(w, "status", sbx_status_name(error->status));
    sbx_json_key_string(w, "domain", sbx_domain_name(error->domain));
    sbx_json_key_uint64(w, "code", error->code);
    sbx_utf_printable(error->context, strlen(error->context), text, sizeof(text));
    sbx_json_key_string(w, "context", text);
    sbx_utf_printable(error->hint, strlen(error->hint), text, SBX_ERROR_HINT_MAX);
    sbx_json_key_string(w, "hint", text);
    sbx_json_end_object(w);
}

static void put_times(struct sbx_json_writer *w, const struct sbx_stage_times *times)
{
    size_t i;

    sbx_json_key_object(w, "times");
    for (i = 0; i < SBX_TIME_KEYS; i++) {
        uint64_t value = 0;

        memcpy(&value, (const char *)times + sbx_time_keys[i].offset, sizeof(value));
        sbx_json_key_uint64(w, sbx_time_keys[i].key, value);
    }
    sbx_json_end_object(w);
}

static void put_result(struct sbx_json_writer *w, const struct sbx_reply *reply)
{
    sbx_json_key_string(w, "ended", sbx_ended_name(reply->ended));
    sbx_json_key_uint64(w, "exitCode", reply->exit_code);
    sbx_json_key_bool(w, "confined", reply->confined);
    sbx_json_key_string(w, "platform", reply->platform ? reply->platform : "");
    put_strings(w, "unproved", &reply->unproved);
    put_strings(w, "limitsHit", &reply->limits_hit);
    sbx_json_key_uint64(w, "peakMemoryBytes", reply->peak_memory_bytes);
    sbx_json_key_uint64(w, "totalProcesses", reply->total_processes);
    sbx_json_key_uint64(w, "cpuTimeUs", reply->cpu_time_us);
    sbx_json_key_string(w, "namedObjects", sbx_named_objects_name(reply->named_objects));
    put_times(w, &reply->times);
    if (reply->ended == SBX_ENDED_FAILED)
        put_error(w, &reply->error);
}

enum sbx_status sbx_reply_encode(
    const struct sbx_reply *reply, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_buf json;
    enum sbx_status status;

    begin(&w, &json);
    if (reply->kind == SBX_REPLY_STARTED) {
        sbx_json_key_string(&w, "kind", "started");
        sbx_json_key_uint64(&w, "processId", reply->process_id);
    } else {
        sbx_json_key_string(&w, "kind", "result");
        put_result(&w, reply);
    }
    sbx_json_end_object(&w);
    status = append_frame(&w, &json, ret_frame, err);
    sbx_buf_done(&json);
    if (status)
        sbx_error_context(err, "encode the reply");
    return status;
}

enum sbx_status sbx_control_encode(
    enum sbx_control control, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_buf json;
    enum sbx_status status;

    if (control != SBX_CONTROL_CANCEL && control != SBX_CONTROL_KILL)
        return sbx_fail(err, SBX_INTERNAL, "control %d", (int)control);
    begin(&w, &json);
    sbx_json_key_string(&w, "control", sbx_control_words[control - 1]);
    sbx_json_end_object(&w);
    status = append_frame(&w, &json, ret_frame, err);
    sbx_buf_done(&json);
    return status;
}

enum sbx_status sbx_resize_encode(
    const struct sbx_tty_size *size, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_buf json;
    enum sbx_status status;

    begin(&w, &json);
    sbx_json_key_string(&w, "control", sbx_control_words[SBX_CONTROL_RESIZE - 1]);
    put_size(&w, size);
    sbx_json_end_object(&w);
    status = append_frame(&w, &json, ret_frame, err);
    sbx_buf_done(&json);
    return status;
}
