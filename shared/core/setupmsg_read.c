/*
 * See setupmsg.h: what setup accepts from a user, and what the agent accepts from setup.
 *
 *   1. Every key is known, every required key is there, every value is in range; nothing is used
 *      before the whole message was accepted.
 *   2. Text that reaches a terminal is made printable.
 *   3. Lists, texts and the message as a whole are capped before anything of them is kept.
 */
#include "setupmsg.h"

#include "message_read.h"
#include "setupmsg_words.h"
#include "utf.h"

#define STEP_NAME_MAX 64u
#define STEPS_MAX 64u
#define OBJECT_TEXT_MAX 256u

static enum sbx_status open_message(const char *json, size_t length_bytes, size_t max_bytes,
    struct cJSON **ret_doc, struct sbx_json_at *ret_root, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {max_bytes, 4};
    enum sbx_status status = sbx_json_parse(json, length_bytes, &limits, ret_doc, err);

    if (!status)
        status = sbx_json_root_object(*ret_doc, ret_root, err);
    if (!status)
        status = sbx_need_version(ret_root, err);
    return status;
}

static enum sbx_status read_port(
    const struct sbx_json_at *root, const char *key, uint16_t *ret, struct sbx_error *err)
{
    uint64_t value = 0;
    enum sbx_status status = sbx_need_number(root, key, UINT16_MAX, &value, err);

    *ret = (uint16_t)value;
    return status;
}

static enum sbx_status read_request(
    const struct sbx_json_at *root, struct sbx_setup_request *request, struct sbx_error *err)
{
    static const char *const keys[] = {
        "version", "mode", "accounts", "proxyFirst", "proxyLast", "fence", "path"};
    size_t mode = 0, fence = 0;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = sbx_need_word(
            root, "mode", sbx_setup_mode_words, countof(sbx_setup_mode_words), &mode, err);
    request->mode = (enum sbx_setup_mode)(mode + 1);
    if (!status)
        status = sbx_need_u32(root, "accounts", &request->accounts, err);
    if (!status)
        status = read_port(root, "proxyFirst", &request->proxy_first, err);
    if (!status)
        status = read_port(root, "proxyLast", &request->proxy_last, err);
    if (!status && sbx_json_has(root, "fence")) {
        status = sbx_need_word(
            root, "fence", sbx_setup_fence_words, countof(sbx_setup_fence_words), &fence, err);
        request->fence = (enum sbx_setup_fence)(fence + 1);
    }
    if (!status && sbx_json_has(root, "path"))
        status = sbx_need_text(root, "path", SBX_MESSAGE_TEXT_MAX, &request->path, err);
    return status ? status : sbx_setup_request_check(request, err);
}

enum sbx_status sbx_setup_request_decode(const char *json, size_t length_bytes,
    struct sbx_setup_request *ret_request, struct sbx_error *err)
{
    struct sbx_setup_request request;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    enum sbx_status status;

    memset(ret_request, 0, sizeof(*ret_request));
    memset(&request, 0, sizeof(request));
    status = open_message(json, length_bytes, SBX_SETUP_REQUEST_MAX_BYTES, &doc, &root, err);
    if (!status)
        status = read_request(&root, &request, err);
    sbx_json_free(doc);
    if (status) {
        sbx_setup_request_done(&request);
        sbx_error_context(err, "request");
        return status;
    }
    *ret_request = request;
    return SBX_OK;
}

/* --- events ----------------------------------------------------------------------------------- */

static enum sbx_status need_printable_copy(const struct sbx_json_at *at, const char *key,
    size_t max_bytes, char **ret, struct sbx_error *err)
{
    char text[SBX_ERROR_CONTEXT_MAX];
    enum sbx_status status = sbx_need_printable(at, key, text, max_bytes + 1, err);

    return status ? status : sbx_strdup(text, ret, err);
}

static enum sbx_status need_error(
    const struct sbx_json_at *root, struct sbx_setup_event *event, struct sbx_error *err)
{
    static const char *const keys[] = {
        "step", "object", "status", "domain", "code", "message", "fix"};
    const char *statuses[SBX_OS], *domains[SBX_DOMAIN_NTSTATUS + 1];
    struct sbx_error *error = &event->error;
    struct sbx_json_at at;
    size_t i, status_index = 0, domain = 0;
    enum sbx_status status = sbx_need_object(root, "error", &at, err);

    for (i = 0; i < countof(statuses); i++) /* without OK: a failure is never OK */
        statuses[i] = sbx_status_name((enum sbx_status)(i + 1));
    for (i = 0; i < countof(domains); i++)
        domains[i] = sbx_domain_name((enum sbx_domain)i);
    if (!status)
        status = sbx_json_known_keys(&at, keys, countof(keys), err);
    if (!status)
        status = need_printable_copy(&at, "step", STEP_NAME_MAX, &event->failed_step, err);
    if (!status)
        status = need_printable_copy(&at, "object", OBJECT_TEXT_MAX, &event->object, err);
    if (!status)
        status = sbx_need_word(&at, "status", statuses, countof(statuses), &status_index, err);
    if (!status)
        status = sbx_need_word(&at, "domain", domains, countof(domains), &domain, err);
    if (!status)
        status = sbx_need_u32(&at, "code", &error->code, err);
    if (!status)
        status = sbx_need_printable(&at, "message", error->context, sizeof(error->context), err);
    if (!status)
        status = sbx_need_printable(&at, "fix", error->hint, sizeof(error->hint), err);
    error->status = (enum sbx_status)(status_index + 1);
    error->domain = (enum sbx_domain)domain;
    return status;
}

static enum sbx_status need_notes(
    const struct sbx_json_at *root, struct sbx_strings *ret, struct sbx_error *err)
{
    char text[SBX_ERROR_CONTEXT_MAX];
    struct sbx_strings raw = {0};
    enum sbx_status status =
        sbx_need_list(root, "notes", SBX_SETUP_NOTES_MAX, sizeof(text) - 1, &raw, err);
    size_t i;

    for (i = 0; !status && i < raw.count; i++) {
        sbx_utf_printable(raw.items[i], strlen(raw.items[i]), text, sizeof(text));
        status = sbx_strings_add(ret, text, err);
    }
    sbx_strings_done(&raw);
    return status;
}

static enum sbx_status read_step(
    const struct sbx_json_at *root, struct sbx_setup_event *event, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "event", "name", "index", "count", "state"};
    uint64_t index = 0, count = 0;
    size_t state = 0;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = need_printable_copy(root, "name", STEP_NAME_MAX, &event->name, err);
    if (!status)
        status = sbx_need_number(root, "index", STEPS_MAX, &index, err);
    if (!status)
        status = sbx_need_number(root, "count", STEPS_MAX, &count, err);
    if (!status && index >= count)
        status = sbx_fail(err, SBX_INVALID, "'index' is not below 'count'");
    if (!status)
        status = sbx_need_word(
            root, "state", sbx_setup_state_words, countof(sbx_setup_state_words), &state, err);
    event->index = (uint32_t)index;
    event->count = (uint32_t)count;
    event->state = (enum sbx_setup_step_state)(state + 1);
    return status;
}

static enum sbx_status read_result(
    const struct sbx_json_at *root, struct sbx_setup_event *event, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "event", "ok", "changed", "error", "notes"};
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = sbx_need_bool(root, "ok", &event->ok, err);
    if (!status)
        status = sbx_need_bool(root, "changed", &event->changed, err);
    if (!status && event->ok == sbx_json_has(root, "error"))
        status = sbx_fail(err, SBX_INVALID, "'error' is %s although 'ok' is %s",
            event->ok ? "there" : "missing", event->ok ? "true" : "false");
    if (!status && !event->ok)
        status = need_error(root, event, err);
    if (!status)
        status = need_notes(root, &event->notes, err);
    return status;
}

enum sbx_status sbx_setup_event_decode(
    const char *json, size_t length_bytes, struct sbx_setup_event *ret_event, struct sbx_error *err)
{
    static const char *const kinds[] = {"step", "result"};
    struct sbx_setup_event event;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    size_t kind = 0;
    enum sbx_status status;

    memset(ret_event, 0, sizeof(*ret_event));
    memset(&event, 0, sizeof(event));
    status = open_message(json, length_bytes, SBX_SETUP_EVENT_MAX_BYTES, &doc, &root, err);
    if (!status)
        status = sbx_need_word(&root, "event", kinds, countof(kinds), &kind, err);
    event.kind = (enum sbx_setup_event_kind)(kind + 1);
    if (!status)
        status = kind ? read_result(&root, &event, err) : read_step(&root, &event, err);
    sbx_json_free(doc);
    if (status) {
        sbx_setup_event_done(&event);
        sbx_error_context(err, "event of set-up");
        return status;
    }
    *ret_event = event;
    return SBX_OK;
}
