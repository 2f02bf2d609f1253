/*
 * See message.h: what the runner accepts from the agent.
 *
 *   1. Every key is known, every required key is there, every value is in range.
 *   2. Nothing is left open: `auto` was decided by the agent.
 *   3. Nothing is used before the whole message was accepted.
 */
#include "message.h"

#include "capsid.h"
#include "message_read.h"
#include "tokenplan.h"
#include "utf.h"
#include "winpath.h"

/* A path that Windows does not rewrite: what is started is what was decided about. */
static enum sbx_status need_path(const struct sbx_json_at *at, const char *key, bool drive_only,
    char **ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_need_text(at, key, SBX_MESSAGE_TEXT_MAX, ret, err);

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
    enum sbx_status status = sbx_need_text(at, key, SBX_SID_TEXT_SIZE - 1, ret, err);
    struct sbx_sid sid;

    if (!status && (sbx_sid_parse(*ret, &sid, NULL) || (ours && !sbx_capsid_is_ours(&sid))))
        status = sbx_fail(
            err, SBX_INVALID, "'%s' is not a SID%s", key, ours ? " of a run or capability" : "");
    return status;
}

static enum sbx_status need_capabilities(
    const struct sbx_json_at *root, struct sbx_strings *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_need_list(
        root, "capabilitySids", SBX_CAPABILITIES_MAX, SBX_SID_TEXT_SIZE - 1, ret, err);
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
        sbx_need_list(root, "argv", SBX_STRINGS_MAX, SBX_MESSAGE_TEXT_MAX, &request->argv, err);

    if (!status && !request->argv.count)
        status = sbx_fail(err, SBX_INVALID, "'argv' is empty");
    if (status || !sbx_json_has(root, "commandLine"))
        return status;
    status = sbx_need_text(root, "commandLine", SBX_MESSAGE_TEXT_MAX, &request->command_line, err);
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
    enum sbx_status status = sbx_need_object(root, "environment", &object, err);
    const char *name, *value = NULL;

    while (!status && sbx_json_next(&object, &at)) {
        name = sbx_json_name(&at);
        if (sbx_env_get(env, name))
            return sbx_fail(err, SBX_INVALID, "'%s' appears twice but for case", at.path);
        status = sbx_json_as_string(&at, SBX_MESSAGE_TEXT_MAX, &value, err);
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
    enum sbx_status status = sbx_need_object(root, "limits", &at, err);

    if (!status)
        status = sbx_json_known_keys(&at, keys, countof(keys), err);
    if (!status)
        status = sbx_read_number(
            &at, "timeoutMs", 1, INT64_C(7) * 86400 * 1000, &limits->timeout_ms, err);
    if (!status)
        status = sbx_read_number(&at, "processes", 1, 65535, &processes, err);
    if (!status)
        status = sbx_read_number(
            &at, "memoryBytes", INT64_C(16) << 20, SBX_JSON_INT_MAX, &limits->memory_bytes, err);
    if (!status)
        status = sbx_read_number(&at, "processMemoryBytes", INT64_C(8) << 20, SBX_JSON_INT_MAX,
            &limits->process_memory_bytes, err);
    if (!status)
        status = sbx_read_number(&at, "cpuPercent", 1, 100, &cpu_percent, err);
    if (!status)
        status = sbx_need_word(&at, "ui", ui_words, countof(ui_words), &ui, err);
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
    size_t mode = 0, recipe = 0, desktop = 0, stage = 0;
    enum sbx_status status = sbx_need_word(root, "mode", modes, countof(modes), &mode, err);

    if (!status)
        status = sbx_need_word(root, "stage", sbx_stage_words, SBX_STAGE_CONFINE, &stage, err);
    if (!status && mode && stage)
        status = sbx_fail(err, SBX_INVALID, "'stage' is confine, which is for elevated mode");
    if (!status)
        status = sbx_need_word(root, "recipe", recipes, countof(recipes), &recipe, err);
    if (!status)
        status = sbx_need_word(root, "desktop", desktops, countof(desktops), &desktop, err);
    if (!status)
        status = sbx_need_bool(root, "background", &request->background, err);
    if (!status)
        status = sbx_need_bool(root, "wineUnconfined", &request->wine_unconfined, err);
    if (!status)
        status = sbx_json_get_bool(root, "birthJob", &request->birth_job, err);
    request->stage = (enum sbx_stage)(SBX_STAGE_LAUNCH + stage);
    request->mode = mode ? SBX_MODE_UNELEVATED : SBX_MODE_ELEVATED;
    request->recipe = (enum sbx_token_choice)(SBX_TOKEN_STRICT + recipe);
    request->desktop = desktop ? SBX_DESKTOP_INTERACTIVE : SBX_DESKTOP_PRIVATE;
    return status;
}

/* Elevated: who the child will be, said once as a name and twice as a SID. Else nobody's name. */
static enum sbx_status need_identity(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    static const char *const keys[] = {"account", "accountSid", "groupSid"};
    enum sbx_status status = need_sid(root, "userSid", false, &request->user_sid, err);
    size_t i;

    if (request->mode != SBX_MODE_ELEVATED) {
        for (i = 0; !status && i < countof(keys); i++)
            if (sbx_json_has(root, keys[i]))
                status = sbx_fail(err, SBX_INVALID, "'%s' is for elevated mode", keys[i]);
        return status;
    }
    if (!status)
        status = sbx_need_text(root, "account", SBX_MESSAGE_TEXT_MAX, &request->account, err);
    if (!status && !sbx_account_name_is_ours(request->account))
        status = sbx_fail(err, SBX_INVALID, "'account' is not the name of a sandbox account");
    if (!status)
        status = need_sid(root, "accountSid", false, &request->account_sid, err);
    if (!status)
        status = need_sid(root, "groupSid", false, &request->group_sid, err);
    if (!status && strcmp(request->account_sid, request->user_sid) != 0)
        status = sbx_fail(err, SBX_INVALID, "'userSid' is not 'accountSid'");
    if (!status && strcmp(request->account_sid, request->group_sid) == 0)
        status = sbx_fail(err, SBX_INVALID, "'groupSid' is the account's SID");
    return status;
}

/* Made by the launch stage, which tells the confine stage where it is. */
static enum sbx_status need_desktop_path(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    enum sbx_status status;

    if (request->stage != SBX_STAGE_CONFINE)
        return sbx_json_has(root, "desktopPath")
                   ? sbx_fail(err, SBX_INVALID, "'desktopPath' is for the confine stage")
                   : SBX_OK;
    status = sbx_need_text(root, "desktopPath", 256, &request->desktop_path, err);
    if (!status && !sbx_desktop_path_is_ours(request->desktop_path))
        status = sbx_fail(err, SBX_INVALID, "'desktopPath' is not a private desktop of a run");
    return status;
}

static enum sbx_status need_size(
    const struct sbx_json_at *at, struct sbx_tty_size *size, struct sbx_error *err)
{
    uint64_t columns = 0, rows = 0;
    enum sbx_status status = sbx_read_number(at, "columns", 1, SBX_TTY_SIZE_MAX, &columns, err);

    if (!status)
        status = sbx_read_number(at, "rows", 1, SBX_TTY_SIZE_MAX, &rows, err);
    if (!status && (!columns || !rows))
        status = sbx_fail(err, SBX_INVALID, "'columns' or 'rows' is missing");
    size->columns = (uint16_t)columns;
    size->rows = (uint16_t)rows;
    return status;
}

/* A pseudo console has two ends and no third stream. */
static enum sbx_status read_tty(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    static const char *const keys[] = {"columns", "rows"};
    struct sbx_json_at at;
    enum sbx_status status = SBX_OK;

    if (!sbx_json_has(root, "tty"))
        return SBX_OK;
    status = sbx_need_object(root, "tty", &at, err);
    if (!status)
        status = sbx_json_known_keys(&at, keys, countof(keys), err);
    if (!status)
        status = need_size(&at, &request->tty, err);
    if (!status && (!request->stdin_handle || !request->stdout_handle || request->stderr_handle))
        status = sbx_fail(err, SBX_INVALID, "'tty' needs stdin and stdout, and no stderr");
    return status;
}

static enum sbx_status read_request(
    const struct sbx_json_at *root, struct sbx_request *request, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "image", "argv", "commandLine", "cwd",
        "environment", "stage", "mode", "recipe", "userSid", "account", "accountSid", "groupSid",
        "runSid", "capabilitySids", "limits", "background", "desktop", "desktopPath",
        "wineUnconfined", "birthJob", "tty", "stdin", "stdout", "stderr"};
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = sbx_need_version(root, err);
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
        status = need_identity(root, request, err);
    if (!status)
        status = need_sid(root, "runSid", true, &request->run_sid, err);
    if (!status)
        status = need_capabilities(root, &request->capability_sids, err);
    if (!status)
        status = need_desktop_path(root, request, err);
    if (!status)
        status = need_limits(root, &request->limits, err);
    if (!status)
        status = sbx_need_number(root, "stdin", SBX_JSON_INT_MAX, &request->stdin_handle, err);
    if (!status)
        status = sbx_need_number(root, "stdout", SBX_JSON_INT_MAX, &request->stdout_handle, err);
    if (!status)
        status = sbx_need_number(root, "stderr", SBX_JSON_INT_MAX, &request->stderr_handle, err);
    if (!status)
        status = read_tty(root, request, err);
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
    status = sbx_message_open(json, length_bytes, &doc, &root, err);
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

enum sbx_status sbx_control_decode(const char *json, size_t length_bytes,
    enum sbx_control *ret_control, struct sbx_tty_size *ret_size, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "control", "columns", "rows"};
    struct sbx_tty_size size = {0, 0};
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    size_t word = 0, known = 2;
    enum sbx_status status = sbx_message_open(json, length_bytes, &doc, &root, err);

    if (!status)
        status = sbx_need_version(&root, err);
    if (!status)
        status = sbx_need_word(&root, "control", sbx_control_words,
            ret_size ? SBX_CONTROL_RESIZE : SBX_CONTROL_KILL, &word, err);
    if (!status && word + 1 == SBX_CONTROL_RESIZE) {
        known = countof(keys);
        status = need_size(&root, &size, err);
    }
    if (!status)
        status = sbx_json_known_keys(&root, keys, known, err);
    sbx_json_free(doc);
    if (status) {
        sbx_error_context(err, "control message");
        return status;
    }
    *ret_control = (enum sbx_control)(word + 1);
    if (ret_size)
        *ret_size = size;
    return SBX_OK;
}
