/*
 * See message.h: decoders.
 *
 * Both ends of the pipes run at different trust (the confine stage is the sandbox account), so:
 *   1. every key is known, every required key is there, every value is in range;
 *   2. nothing is used before the whole message was accepted;
 *   3. text that reaches a terminal is made printable;
 *   4. a result that contradicts itself (confined, yet something is unproved) is refused.
 */
#include "message.h"

#include "capsid.h"
#include "json.h"
#include "message_words.h"
#include "tokenplan.h"
#include "utf.h"
#include "winpath.h"

#define TEXT_MAX_BYTES (3u * 32767u) /* 32,767 UTF-16 code units of three bytes each */
#define FACTS_MAX 256u               /* entries of unproved */

static enum sbx_status open_document(const char *json, size_t length_bytes, struct cJSON **ret_doc,
    struct sbx_json_at *ret_root, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_FRAME_MAX_BYTES, 8};
    enum sbx_status status = sbx_json_parse(json, length_bytes, &limits, ret_doc, err);

    if (!status)
        status = sbx_json_root_object(*ret_doc, ret_root, err);
    return status;
}

static enum sbx_status need_version(const struct sbx_json_at *root, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(root, "version", err);
    int64_t version = 0;

    if (!status)
        status = sbx_json_get_int(root, "version", 0, SBX_JSON_INT_MAX, &version, err);
    if (!status && version != SBX_MESSAGE_VERSION) {
        status = sbx_fail(err, SBX_INVALID, "'version' is %lld, this program speaks %d",
            (long long)version, SBX_MESSAGE_VERSION);
        sbx_error_hint(err, "agent.exe and command-runner.exe must be of the same release");
    }
    return status;
}

/* --- required values ----------------------------------------------------------------------- */

static enum sbx_status need_text(const struct sbx_json_at *at, const char *key, size_t max_bytes,
    char **ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);
    const char *text = NULL;

    if (!status)
        status = sbx_json_get_string(at, key, max_bytes, &text, err);
    if (!status)
        status = sbx_strdup(text, ret, err);
    return status;
}

static enum sbx_status need_bool(
    const struct sbx_json_at *at, const char *key, bool *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_bool(at, key, ret, err);
}

static enum sbx_status get_number(const struct sbx_json_at *at, const char *key, int64_t min,
    int64_t max, uint64_t *ret, struct sbx_error *err)
{
    int64_t value = 0;
    enum sbx_status status = sbx_json_get_int(at, key, min, max, &value, err);

    if (!status)
        *ret = (uint64_t)value;
    return status;
}

static enum sbx_status need_number(const struct sbx_json_at *at, const char *key, int64_t max,
    uint64_t *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : get_number(at, key, 0, max, ret, err);
}

static enum sbx_status need_u32(
    const struct sbx_json_at *at, const char *key, uint32_t *ret, struct sbx_error *err)
{
    uint64_t value = 0;
    enum sbx_status status = need_number(at, key, UINT32_MAX, &value, err);

    if (!status)
        *ret = (uint32_t)value;
    return status;
}

static enum sbx_status need_word(const struct sbx_json_at *at, const char *key,
    const char *const *words, size_t count, size_t *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_enum(at, key, words, count, ret, err);
}

static enum sbx_status need_list(const struct sbx_json_at *at, const char *key, size_t max_count,
    size_t max_bytes, struct sbx_strings *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);
    const char **list = NULL;
    size_t count = 0, i;

    if (!status)
        status = sbx_json_get_string_list(at, key, max_count, max_bytes, &list, &count, err);
    for (i = 0; !status && i < count; i++)
        status = sbx_strings_add(ret, list[i], err);
    if (!status)
        ret->written = true;
    free(list);
    return status;
}

static enum sbx_status need_object(
    const struct sbx_json_at *at, const char *key, struct sbx_json_at *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_object(at, key, ret, err);
}

/* --- request ------------------------------------------------------------------------------- */

/* A path that Windows does not rewrite: what is started is what was decided about. */
static enum sbx_status need_path(const struct sbx_json_at *at, const char *key, bool drive_only,
    char **ret, struct sbx_error *err)
{
    enum sbx_status status = need_text(at, key, TEXT_MAX_BYTES, ret, err);

    if (status)
        return status;
    if (!sbx_winpath_is_normal(*ret) ||
        (drive_only && sbx_winpath_classify(*ret) != SBX_WINPATH_DRIVE) ||
        (drive_only && sbx_winpath_is_volume_root(*ret)))
        return sbx_fail(err, SBX_INVALID, "'%s' is not an absolute path%s in normal form", key,
            drive_only ? " of a file on a drive" : "");
    return SBX_OK;
}

static enum sbx_status need_sid(
    const struct sbx_json_at *at, const char *key, bool ours, char **ret, struct sbx_error *err)
{
    enum sbx_status status = need_text(at, key, SBX_SID_TEXT_SIZE - 1, ret, err);
    struct sbx_sid sid;

    if (!status && (sbx_sid_parse(*ret, &sid, NULL) || (ours && !sbx_capsid_is_ours(&sid))))
        status = sbx_fail(
            err, SBX_INVALID, "'%s' is not a SID%s", key, ours ? " of a run or capability" : "");
    return status;
}

static enum sbx_status need_capabilities(
    const struct sbx_json_at *root, struct sbx_strings *ret, struct sbx_error *err)
{
    enum sbx_status status =
        need_list(root, "capabilitySids", SBX_CAPABILITIES_MAX, SBX_SID_TEXT_SIZE - 1, ret, err);
    struct sbx_sid sid;
    size_t i;

    for (i = 0; !status && i < ret->count; i++)
        if (sbx_sid_parse(ret->items[i], &sid, NULL) || !sbx_capsid_is_ours(&sid))
            status = sbx_fail(
                err, SBX_INVALID, "'capabilitySids[%zu]' is not a SID of a run or capability", i);
    return status;
}

static enum sbx_status need_arguments(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    enum sbx_status status =
        need_list(root, "argv", SBX_STRINGS_MAX, TEXT_MAX_BYTES, &request->argv, err);

    if (!status && !request->argv.count)
        status = sbx_fail(err, SBX_INVALID, "'argv' is empty");
    if (status || !sbx_json_has(root, "commandLine"))
        return status;
    status = need_text(root, "commandLine", TEXT_MAX_BYTES, &request->command_line, err);
    if (!status && !request->command_line[0])
        status = sbx_fail(err, SBX_INVALID, "'commandLine' is empty");
    if (!status && sbx_utf8_cch(request->command_line, strlen(request->command_line)) > 32766)
        status = sbx_fail(err, SBX_INVALID, "'commandLine' has more than 32766 characters");
    return status;
}

/* Windows compares names without case: two spellings of one name would depend on order. */
static enum sbx_status need_environment(
    const struct sbx_json_at *root, struct sbx_env *env, struct sbx_error *err)
{
    struct sbx_json_at object, at = {0};
    enum sbx_status status = need_object(root, "environment", &object, err);
    const char *name, *value = NULL;

    while (!status && sbx_json_next(&object, &at)) {
        name = sbx_json_name(&at);
        if (sbx_env_get(env, name))
            return sbx_fail(err, SBX_INVALID, "'%s' appears twice but for case", at.path);
        status = sbx_json_as_string(&at, TEXT_MAX_BYTES, &value, err);
        if (!status)
            status = sbx_env_set(env, name, value, err);
    }
    return status;
}

static enum sbx_status need_limits(
    const struct sbx_json_at *root, struct sbx_policy_limits *limits, struct sbx_error *err)
{
    static const char *const keys[] = {
        "timeoutMs", "processes", "memoryBytes", "processMemoryBytes", "cpuPercent", "ui"};
    static const char *const ui_words[] = {"enforce", "best-effort"};
    struct sbx_json_at at;
    uint64_t processes = 0, cpu_percent = 0;
    size_t ui = 0;
    enum sbx_status status = need_object(root, "limits", &at, err);

    if (!status)
        status = sbx_json_known_keys(&at, keys, countof(keys), err);
    if (!status)
        status =
            get_number(&at, "timeoutMs", 1, INT64_C(7) * 86400 * 1000, &limits->timeout_ms, err);
    if (!status)
        status = get_number(&at, "processes", 1, 65535, &processes, err);
    if (!status)
        status = get_number(
            &at, "memoryBytes", INT64_C(16) << 20, SBX_JSON_INT_MAX, &limits->memory_bytes, err);
    if (!status)
        status = get_number(&at, "processMemoryBytes", INT64_C(8) << 20, SBX_JSON_INT_MAX,
            &limits->process_memory_bytes, err);
    if (!status)
        status = get_number(&at, "cpuPercent", 1, 100, &cpu_percent, err);
    if (!status)
        status = need_word(&at, "ui", ui_words, countof(ui_words), &ui, err);
    limits->processes = (uint32_t)processes;
    limits->cpu_percent = (uint32_t)cpu_percent;
    limits->ui = ui ? SBX_UI_BEST_EFFORT : SBX_UI_ENFORCE;
    return status;
}

/* `auto` was decided by the agent; the runner takes nothing that is still open. */
static enum sbx_status need_choices(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    static const char *const modes[] = {"elevated", "unelevated"};
    static const char *const recipes[] = {"strict", "isolated", "standard"};
    static const char *const desktops[] = {"private", "interactive"};
    size_t mode = 0, recipe = 0, desktop = 0;
    enum sbx_status status = need_word(root, "mode", modes, countof(modes), &mode, err);

    if (!status)
        status = need_word(root, "recipe", recipes, countof(recipes), &recipe, err);
    if (!status)
        status = need_word(root, "desktop", desktops, countof(desktops), &desktop, err);
    if (!status)
        status = need_bool(root, "background", &request->background, err);
    if (!status)
        status = need_bool(root, "wineUnconfined", &request->wine_unconfined, err);
    request->mode = mode ? SBX_MODE_UNELEVATED : SBX_MODE_ELEVATED;
    request->recipe = (enum sbx_token_choice)(SBX_TOKEN_STRICT + recipe);
    request->desktop = desktop ? SBX_DESKTOP_INTERACTIVE : SBX_DESKTOP_PRIVATE;
    return status;
}

static enum sbx_status read_request(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "image", "argv", "commandLine", "cwd",
        "environment", "mode", "recipe", "userSid", "runSid", "capabilitySids", "limits",
        "background", "desktop", "wineUnconfined", "stdin", "stdout", "stderr"};
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = need_version(root, err);
    if (!status)
        status = need_path(root, "image", true, &request->image, err);
    if (!status)
        status = need_arguments(root, request, err);
    if (!status)
        status = need_path(root, "cwd", false, &request->cwd, err);
    if (!status)
        status = need_environment(root, &request->environment, err);
    if (!status)
        status = need_choices(root, request, err);
    if (!status)
        status = need_sid(root, "userSid", false, &request->user_sid, err);
    if (!status)
        status = need_sid(root, "runSid", true, &request->run_sid, err);
    if (!status)
        status = need_capabilities(root, &request->capability_sids, err);
    if (!status)
        status = need_limits(root, &request->limits, err);
    if (!status)
        status = need_number(root, "stdin", SBX_JSON_INT_MAX, &request->stdin_handle, err);
    if (!status)
        status = need_number(root, "stdout", SBX_JSON_INT_MAX, &request->stdout_handle, err);
    if (!status)
        status = need_number(root, "stderr", SBX_JSON_INT_MAX, &request->stderr_handle, err);
    return status;
}

enum sbx_status sbx_request_decode(
    const char *json, size_t length_bytes, struct sbx_request *ret_request, struct sbx_error *err)
{
    struct sbx_request request;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    enum sbx_status status;

    memset(ret_request, 0, sizeof(*ret_request));
    memset(&request, 0, sizeof(request));
    sbx_env_init(&request.environment);
    status = open_document(json, length_bytes, &doc, &root, err);
    if (!status)
        status = read_request(&root, &request, err);
    sbx_json_free(doc);
    if (status) {
        sbx_request_done(&request);
        sbx_error_context(err, "request");
        return status;
    }
    *ret_request = request;
    return SBX_OK;
}

/* --- reply --------------------------------------------------------------------------------- */

static enum sbx_status need_printable(const struct sbx_json_at *at, const char *key, char *text,
    size_t size_bytes, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);
    const char *raw = NULL;

    if (!status)
        status = sbx_json_get_string(at, key, size_bytes - 1, &raw, err);
    if (!status)
        sbx_utf_printable(raw, strlen(raw), text, size_bytes);
    return status;
}

static enum sbx_status need_error(
    const struct sbx_json_at *root, struct sbx_error *ret_error, struct sbx_error *err)
{
    static const char *const keys[] = {"status", "domain", "code", "context", "hint"};
    const char *statuses[SBX_OS], *domains[SBX_DOMAIN_NTSTATUS + 1];
    struct sbx_json_at at;
    size_t i, status_index = 0, domain = 0;
    enum sbx_status status = need_object(root, "error", &at, err);

    for (i = 0; i < countof(statuses); i++) /* without OK: a failure is never OK */
        statuses[i] = sbx_status_name((enum sbx_status)(i + 1));
    for (i = 0; i < countof(domains); i++)
        domains[i] = sbx_domain_name((enum sbx_domain)i);
    if (!status)
        status = sbx_json_known_keys(&at, keys, countof(keys), err);
    if (!status)
        status = need_word(&at, "status", statuses, countof(statuses), &status_index, err);
    if (!status)
        status = need_word(&at, "domain", domains, countof(domains), &domain, err);
    if (!status)
        status = need_u32(&at, "code", &ret_error->code, err);
    if (!status)
        status =
            need_printable(&at, "context", ret_error->context, sizeof(ret_error->context), err);
    if (!status)
        status = need_printable(&at, "hint", ret_error->hint, sizeof(ret_error->hint), err);
    ret_error->status = (enum sbx_status)(status_index + 1);
    ret_error->domain = (enum sbx_domain)domain;
    return status;
}

static enum sbx_status need_times(
    const struct sbx_json_at *root, struct sbx_stage_times *times, struct sbx_error *err)
{
    const char *keys[SBX_TIME_KEYS];
    struct sbx_json_at at;
    size_t i;
    enum sbx_status status = need_object(root, "times", &at, err);

    for (i = 0; i < SBX_TIME_KEYS; i++)
        keys[i] = sbx_time_keys[i].key;
    if (!status)
        status = sbx_json_known_keys(&at, keys, SBX_TIME_KEYS, err);
    for (i = 0; !status && i < SBX_TIME_KEYS; i++) {
        uint64_t value = 0;

        status = need_number(&at, keys[i], SBX_JSON_INT_MAX, &value, err);
        memcpy((char *)times + sbx_time_keys[i].offset, &value, sizeof(value));
    }
    return status;
}

static enum sbx_status need_limits_hit(
    const struct sbx_json_at *root, struct sbx_strings *ret, struct sbx_error *err)
{
    enum sbx_status status = need_list(root, "limitsHit", SBX_LIMIT_WORDS, 32, ret, err);
    size_t i, word;

    for (i = 0; !status && i < ret->count; i++) {
        for (word = 0; word < SBX_LIMIT_WORDS; word++)
            if (!strcmp(ret->items[i], sbx_limit_words[word]))
                break;
        if (word == SBX_LIMIT_WORDS)
            status = sbx_fail(err, SBX_INVALID, "'limitsHit[%zu]' is not a known limit", i);
    }
    return status;
}

/* Facts and platform are shown to people: the list is rebuilt from printable text. */
static enum sbx_status need_facts(
    const struct sbx_json_at *root, struct sbx_reply *reply, struct sbx_error *err)
{
    char platform[128], text[SBX_ERROR_CONTEXT_MAX];
    struct sbx_strings raw = {0};
    enum sbx_status status = need_printable(root, "platform", platform, sizeof(platform), err);
    size_t i;

    if (!status)
        status = sbx_strdup(platform, &reply->platform, err);
    if (!status)
        status = need_list(root, "unproved", FACTS_MAX, sizeof(text) - 1, &raw, err);
    for (i = 0; !status && i < raw.count; i++) {
        sbx_utf_printable(raw.items[i], strlen(raw.items[i]), text, sizeof(text));
        status = sbx_strings_add(&reply->unproved, text, err);
    }
    reply->unproved.written = true;
    sbx_strings_done(&raw);
    return status;
}

static enum sbx_status check_result(
    const struct sbx_reply *reply, bool has_error, struct sbx_error *err)
{
    if (reply->confined && reply->unproved.count)
        return sbx_fail(err, SBX_INVALID, "'confined' is true although '%s' is unproved",
            reply->unproved.items[0]);
    if ((reply->ended == SBX_ENDED_FAILED) != has_error)
        return sbx_fail(err, SBX_INVALID, "'error' is %s although the command ended as '%s'",
            has_error ? "there" : "missing", sbx_ended_name(reply->ended));
    return SBX_OK;
}

static enum sbx_status read_result(
    const struct sbx_json_at *root, struct sbx_reply *reply, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "kind", "ended", "exitCode", "confined",
        "platform", "unproved", "limitsHit", "peakMemoryBytes", "totalProcesses", "cpuTimeUs",
        "times", "error"};
    size_t ended = 0;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = need_word(root, "ended", sbx_ended_words, SBX_ENDED_FAILED, &ended, err);
    reply->ended = (enum sbx_ended)(ended + 1);
    if (!status)
        status = need_u32(root, "exitCode", &reply->exit_code, err);
    if (!status)
        status = need_bool(root, "confined", &reply->confined, err);
    if (!status)
        status = need_facts(root, reply, err);
    if (!status)
        status = need_limits_hit(root, &reply->limits_hit, err);
    if (!status)
        status =
            need_number(root, "peakMemoryBytes", SBX_JSON_INT_MAX, &reply->peak_memory_bytes, err);
    if (!status)
        status = need_u32(root, "totalProcesses", &reply->total_processes, err);
    if (!status)
        status = need_number(root, "cpuTimeUs", SBX_JSON_INT_MAX, &reply->cpu_time_us, err);
    if (!status)
        status = need_times(root, &reply->times, err);
    if (!status)
        status = check_result(reply, sbx_json_has(root, "error"), err);
    if (!status && reply->ended == SBX_ENDED_FAILED)
        status = need_error(root, &reply->error, err);
    return status;
}

static enum sbx_status read_reply(
    const struct sbx_json_at *root, struct sbx_reply *reply, struct sbx_error *err)
{
    static const char *const kinds[] = {"started", "result"};
    static const char *const started_keys[] = {"version", "kind", "processId"};
    size_t kind = 0;
    enum sbx_status status = need_version(root, err);

    if (!status)
        status = need_word(root, "kind", kinds, countof(kinds), &kind, err);
    if (status)
        return status;
    if (kind == 1) {
        reply->kind = SBX_REPLY_RESULT;
        return read_result(root, reply, err);
    }
    reply->kind = SBX_REPLY_STARTED;
    status = sbx_json_known_keys(root, started_keys, countof(started_keys), err);
    if (!status)
        status = need_u32(root, "processId", &reply->process_id, err);
    return status;
}

enum sbx_status sbx_reply_decode(
    const char *json, size_t length_bytes, struct sbx_reply *ret_reply, struct sbx_error *err)
{
    struct sbx_reply reply;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    enum sbx_status status;

    memset(ret_reply, 0, sizeof(*ret_reply));
    memset(&reply, 0, sizeof(reply));
    status = open_document(json, length_bytes, &doc, &root, err);
    if (!status)
        status = read_reply(&root, &reply, err);
    sbx_json_free(doc);
    if (status) {
        sbx_reply_done(&reply);
        sbx_error_context(err, "reply");
        return status;
    }
    *ret_reply = reply;
    return SBX_OK;
}

enum sbx_status sbx_control_decode(
    const char *json, size_t length_bytes, enum sbx_control *ret_control, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "control"};
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    size_t word = 0;
    enum sbx_status status = open_document(json, length_bytes, &doc, &root, err);

    if (!status)
        status = sbx_json_known_keys(&root, keys, countof(keys), err);
    if (!status)
        status = need_version(&root, err);
    if (!status)
        status = need_word(&root, "control", sbx_control_words, SBX_CONTROL_KILL, &word, err);
    sbx_json_free(doc);
    if (status) {
        sbx_error_context(err, "control message");
        return status;
    }
    *ret_control = (enum sbx_control)(word + 1);
    return SBX_OK;
}
