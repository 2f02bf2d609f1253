/* See setupmsg.h: release, words, encoders. */
#include "setupmsg.h"

#include "jsonwrite.h"
#include "setupmsg_words.h"
#include "winpath.h"

const char *const sbx_setup_mode_words[SBX_SETUP_VERIFY_UNINSTALLED] = {
    "install", "repair", "uninstall", "rotate", "status", "repair-owner", "verify-uninstalled"};
const char *const sbx_setup_fence_words[SBX_SETUP_FENCE_COMPLEMENT] = {"plain", "complement"};
const char *const sbx_setup_state_words[SBX_SETUP_STEP_FAILED] = {
    "done", "skipped", "undone", "failed"};

const char *sbx_setup_mode_name(enum sbx_setup_mode mode)
{
    return mode >= SBX_SETUP_INSTALL && mode <= SBX_SETUP_VERIFY_UNINSTALLED
               ? sbx_setup_mode_words[mode - 1]
               : "unknown";
}

const char *sbx_setup_step_state_name(enum sbx_setup_step_state state)
{
    return state >= SBX_SETUP_STEP_DONE && state <= SBX_SETUP_STEP_FAILED
               ? sbx_setup_state_words[state - 1]
               : "unknown";
}

void sbx_setup_request_done(struct sbx_setup_request *request)
{
    if (!request)
        return;
    free(request->path);
    memset(request, 0, sizeof(*request));
}

void sbx_setup_event_done(struct sbx_setup_event *event)
{
    if (!event)
        return;
    free(event->name);
    free(event->failed_step);
    free(event->object);
    sbx_strings_done(&event->notes);
    memset(event, 0, sizeof(*event));
}

static enum sbx_status check_path(const char *path, struct sbx_error *err)
{
    if (sbx_winpath_classify(path) != SBX_WINPATH_DRIVE || !sbx_winpath_is_normal(path) ||
        sbx_winpath_is_volume_root(path)) {
        enum sbx_status status =
            sbx_fail(err, SBX_INVALID, "'path' is not the absolute path of an object on a drive");

        sbx_error_hint(err, "network paths, devices and whole drives are refused");
        return status;
    }
    return SBX_OK;
}

enum sbx_status sbx_setup_request_check(
    const struct sbx_setup_request *request, struct sbx_error *err)
{
    bool wants_path = request->mode == SBX_SETUP_REPAIR_OWNER;
    bool has_range = request->proxy_first || request->proxy_last;

    if (request->mode < SBX_SETUP_INSTALL || request->mode > SBX_SETUP_VERIFY_UNINSTALLED)
        return sbx_fail(err, SBX_INVALID, "'mode' is unknown");
    if (request->accounts > SBX_INSTALLATION_KINDS_MAX)
        return sbx_fail(err, SBX_INVALID, "'accounts' is %lu (allowed: 1 to %u)",
            (unsigned long)request->accounts, SBX_INSTALLATION_KINDS_MAX);
    if (has_range && (request->proxy_first < 1024 || request->proxy_last <= request->proxy_first ||
                         request->proxy_last > SBX_PROXY_PORT_LIMIT ||
                         request->proxy_last - request->proxy_first >= (int)SBX_PROXY_PORTS_MAX))
        return sbx_fail(err, SBX_INVALID,
            "the proxy range %u-%u is not 2 to %u ports within 1024-%u", request->proxy_first,
            request->proxy_last, SBX_PROXY_PORTS_MAX, SBX_PROXY_PORT_LIMIT);
    if ((unsigned)request->fence > SBX_SETUP_FENCE_COMPLEMENT)
        return sbx_fail(err, SBX_INVALID, "'fence' is unknown");
    if (wants_path != (request->path != NULL))
        return sbx_fail(err, SBX_INVALID, "'path' is %s in mode %s",
            wants_path ? "missing" : "not allowed", sbx_setup_mode_name(request->mode));
    return request->path ? check_path(request->path, err) : SBX_OK;
}

/* --- encoders --------------------------------------------------------------------------------- */

/* The target is untouched after a failure. */
static enum sbx_status append_frame(
    const struct sbx_buf *json, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    size_t length = json->length_bytes;
    size_t before = ret_frame->length_bytes;
    uint8_t prefix[4] = {
        (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16), (uint8_t)(length >> 24)};
    enum sbx_status status = sbx_buf_add(ret_frame, prefix, sizeof(prefix), err);

    if (!status)
        status = sbx_buf_add(ret_frame, json->data, length, err);
    if (status)
        ret_frame->length_bytes = before;
    return status;
}

static enum sbx_status write_request(
    const struct sbx_setup_request *request, struct sbx_buf *ret_json, struct sbx_error *err)
{
    struct sbx_json_writer w;

    sbx_json_writer_begin(&w, ret_json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_int64(&w, "version", SBX_MESSAGE_VERSION);
    sbx_json_key_string(&w, "mode", sbx_setup_mode_words[request->mode - 1]);
    sbx_json_key_uint64(&w, "accounts", request->accounts);
    sbx_json_key_uint64(&w, "proxyFirst", request->proxy_first);
    sbx_json_key_uint64(&w, "proxyLast", request->proxy_last);
    if (request->fence)
        sbx_json_key_string(&w, "fence", sbx_setup_fence_words[request->fence - 1]);
    if (request->path)
        sbx_json_key_string(&w, "path", request->path);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

enum sbx_status sbx_setup_request_encode(
    const struct sbx_setup_request *request, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    struct sbx_buf json;
    enum sbx_status status = sbx_setup_request_check(request, err);

    sbx_buf_init(&json, SBX_SETUP_REQUEST_MAX_BYTES);
    if (!status)
        status = write_request(request, &json, err);
    if (!status)
        status = append_frame(&json, ret_frame, err);
    sbx_buf_done(&json);
    return status;
}

static void write_error(struct sbx_json_writer *w, const struct sbx_setup_event *event)
{
    sbx_json_key_object(w, "error");
    sbx_json_key_string(w, "step", event->failed_step ? event->failed_step : "");
    sbx_json_key_string(w, "object", event->object ? event->object : "");
    sbx_json_key_string(w, "status", sbx_status_name(event->error.status));
    sbx_json_key_string(w, "domain", sbx_domain_name(event->error.domain));
    sbx_json_key_uint64(w, "code", event->error.code);
    sbx_json_key_string(w, "message", event->error.context);
    sbx_json_key_string(w, "fix", event->error.hint);
    sbx_json_end_object(w);
}

static enum sbx_status check_event(const struct sbx_setup_event *event, struct sbx_error *err)
{
    if (event->kind == SBX_SETUP_EVENT_STEP && event->name && event->index < event->count &&
        event->state >= SBX_SETUP_STEP_DONE && event->state <= SBX_SETUP_STEP_FAILED)
        return SBX_OK;
    if (event->kind == SBX_SETUP_EVENT_RESULT && (event->ok || event->error.status != SBX_OK))
        return SBX_OK;
    return sbx_fail(err, SBX_INVALID, "not an event of set-up");
}

static enum sbx_status write_event(
    const struct sbx_setup_event *event, struct sbx_buf *ret_json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status = check_event(event, err);

    if (status)
        return status;
    sbx_json_writer_begin(&w, ret_json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_int64(&w, "version", SBX_MESSAGE_VERSION);
    if (event->kind == SBX_SETUP_EVENT_STEP) {
        sbx_json_key_string(&w, "event", "step");
        sbx_json_key_string(&w, "name", event->name);
        sbx_json_key_uint64(&w, "index", event->index);
        sbx_json_key_uint64(&w, "count", event->count);
        sbx_json_key_string(&w, "state", sbx_setup_state_words[event->state - 1]);
    } else {
        sbx_json_key_string(&w, "event", "result");
        sbx_json_key_bool(&w, "ok", event->ok);
        sbx_json_key_bool(&w, "changed", event->changed);
        if (!event->ok)
            write_error(&w, event);
        sbx_json_key_strings(
            &w, "notes", (const char *const *)event->notes.items, event->notes.count);
    }
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

enum sbx_status sbx_setup_event_encode(
    const struct sbx_setup_event *event, struct sbx_buf *ret_frame, struct sbx_error *err)
{
    struct sbx_buf json;
    enum sbx_status status;

    sbx_buf_init(&json, SBX_SETUP_EVENT_MAX_BYTES);
    status = write_event(event, &json, err);
    if (!status)
        status = append_frame(&json, ret_frame, err);
    sbx_buf_done(&json);
    return status;
}

enum sbx_status sbx_setup_event_line(
    const struct sbx_setup_event *event, struct sbx_buf *ret_line, struct sbx_error *err)
{
    size_t before = ret_line->length_bytes;
    struct sbx_buf json;
    enum sbx_status status;

    sbx_buf_init(&json, SBX_SETUP_EVENT_MAX_BYTES);
    status = write_event(event, &json, err);
    if (!status)
        status = sbx_buf_add(ret_line, json.data, json.length_bytes, err);
    if (!status)
        status = sbx_buf_putc(ret_line, '\n', err);
    if (status)
        ret_line->length_bytes = before;
    sbx_buf_done(&json);
    return status;
}
