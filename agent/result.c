/* See result.h. */
#include "result.h"

#include "follow.h"
#include "granting.h"

#include "shared/core/auditrecord.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/stream.h"
#include "shared/win/wstr.h"

static void write_list(struct sbx_json_writer *w, const char *key, const struct sbx_strings *list)
{
    sbx_json_key_strings(
        w, key, list ? (const char *const *)list->items : NULL, list ? list->count : 0);
}

static void write_plan(struct sbx_json_writer *w, const struct sbx_result *result)
{
    const struct sbx_plan *plan = result->plan;
    size_t i;

    sbx_json_key_string(w, "mode", plan ? sbx_mode_name(plan->mode) : NULL);
    sbx_json_key_string(w, "recipe", plan ? sbx_token_choice_name(plan->recipe) : NULL);
    sbx_json_key_string(w, "network", plan ? sbx_network_name(plan->network) : NULL);
    sbx_json_key_string(w, "account", plan ? plan->account : NULL);
    sbx_json_key_bool(w, "sharedAccount", result->shared_account);
    sbx_json_key_string(w, "policyHash", plan ? plan->policy_hash : NULL);
    sbx_json_key_array(w, "warnings");
    for (i = 0; plan && i < plan->warnings.count; i++)
        sbx_json_string(w, plan->warnings.items[i]);
    if (result->uncopied)
        sbx_json_string(w, result->uncopied);
    sbx_json_end_array(w);
}

static void write_approvals(struct sbx_json_writer *w, const struct sbx_approval_records *records)
{
    size_t i;

    sbx_json_key_array(w, "approvals");
    for (i = 0; records && i < records->count; i++) {
        const struct sbx_approval_record *record = &records->items[i];
        char time[32];

        sbx_audit_time_text(record->answer.time_ms, time);
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "kind", sbx_approval_kind_name(record->kind));
        sbx_json_key_string(w, "subject", record->subject);
        sbx_json_key_bool(w, "allowed", sbx_approval_allows(record->answer.choice));
        sbx_json_key_string(w, "choice", sbx_approval_choice_name(record->answer.choice));
        sbx_json_key_string(w, "how", record->how);
        sbx_json_key_string(w, "by", record->answer.by[0] ? record->answer.by : NULL);
        sbx_json_key_string(w, "time", record->answer.time_ms ? time : NULL);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

static void write_times(struct sbx_json_writer *w, const struct sbx_result *result)
{
    const struct sbx_stage_times *times = result->reply ? &result->reply->times : NULL;

    sbx_json_key_object(w, "reused");
    sbx_json_key_bool(w, "runner", result->runner_ready);
    sbx_json_key_bool(w, "grants", result->grants_warm);
    sbx_json_end_object(w);
    sbx_json_key_object(w, "timingsUs");
    sbx_json_key_uint64(w, "facts", result->facts_us);
    sbx_json_key_uint64(w, "policy", result->policy_us);
    sbx_json_key_uint64(w, "plan", result->plan_us);
    sbx_json_key_uint64(w, "grants", result->grants_us);
    sbx_json_key_uint64(w, "runner", result->runner_us);
    sbx_json_key_uint64(w, "total", result->total_us);
    if (times) {
        sbx_json_key_object(w, "runnerStages");
        sbx_json_key_uint64(w, "request", times->request);
        sbx_json_key_uint64(w, "token", times->token);
        sbx_json_key_uint64(w, "job", times->job);
        sbx_json_key_uint64(w, "desktop", times->desktop);
        sbx_json_key_uint64(w, "created", times->created);
        sbx_json_key_uint64(w, "proved", times->proved);
        sbx_json_key_uint64(w, "resumed", times->resumed);
        sbx_json_key_uint64(w, "exited", times->exited);
        sbx_json_key_uint64(w, "done", times->done);
        sbx_json_end_object(w);
    }
    sbx_json_end_object(w);
}

static enum sbx_ended ended(const struct sbx_result *result)
{
    if (result->reply)
        return result->reply->ended;
    return result->error && result->error->status == SBX_CANCELLED ? SBX_ENDED_CANCELLED
                                                                   : SBX_ENDED_FAILED;
}

enum sbx_status sbx_result_format(
    const struct sbx_result *result, struct sbx_buf *ret_json, struct sbx_error *err)
{
    const struct sbx_reply *reply = result->reply;
    struct sbx_json_writer w;

    sbx_json_writer_begin(&w, ret_json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_uint64(&w, "exitCode", result->exit_code);
    sbx_json_key_string(&w, "ended", sbx_ended_name(ended(result)));
    sbx_json_key_bool(&w, "confined", reply && reply->confined);
    sbx_json_key_string(&w, "platform", reply ? reply->platform : NULL);
    write_plan(&w, result);
    write_list(&w, "unproved", reply ? &reply->unproved : NULL);
    sbx_json_key_string(&w, "namedObjects",
        sbx_named_objects_name(reply ? reply->named_objects : SBX_NAMED_UNKNOWN));
    write_list(&w, "limitsHit", reply ? &reply->limits_hit : NULL);
    write_approvals(&w, result->approvals);
    sbx_granting_format("grants", result->grants, &w);
    sbx_protect_format(result->protect, &w);
    sbx_json_key_object(&w, "descriptors");
    sbx_json_key_uint64(&w, "reads", result->descriptor_reads);
    sbx_json_key_uint64(&w, "writes", result->descriptor_writes);
    sbx_json_end_object(&w);
    sbx_json_key_object(&w, "process");
    sbx_json_key_uint64(&w, "id", reply ? reply->process_id : 0);
    sbx_json_key_uint64(&w, "peakMemoryBytes", reply ? reply->peak_memory_bytes : 0);
    sbx_json_key_uint64(&w, "cpuTimeUs", reply ? reply->cpu_time_us : 0);
    sbx_json_key_uint64(&w, "total", reply ? reply->total_processes : 0);
    sbx_json_end_object(&w);
    write_times(&w, result);
    sbx_json_key_error(&w, "error", result->error);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

static enum sbx_status open_inherited(const char *digits, void **ret_handle, struct sbx_error *err)
{
    uint64_t value = 0;
    const char *p;

    for (p = digits; *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    if (p == digits || *p || !value || value > UINT32_MAX ||
        !sbx_handle_is_open((HANDLE)(uintptr_t)value))
        return sbx_fail(err, SBX_INVALID, "--result: '%s' is no handle of this process", digits);
    /* Not for the runner, let alone the child. */
    SetHandleInformation((HANDLE)(uintptr_t)value, HANDLE_FLAG_INHERIT, 0);
    /* A handle of our own: the number may be that of standard output, which goes before the end. */
    return sbx_handle_duplicate((HANDLE)(uintptr_t)value, false, ret_handle, err);
}

/*
 * The file may lie where a command can write, and an earlier one may have left something at its
 * name: a link to a file of the user's, or a second name of it. Neither is written through.
 */
static enum sbx_status refuse_planted(HANDLE handle, const char *target, struct sbx_error *err)
{
    struct sbx_file_facts facts;
    enum sbx_status status;

    if (GetFileType(handle) != FILE_TYPE_DISK)
        return SBX_OK; /* a pipe or device that the caller named */
    status = sbx_file_get_facts(handle, &facts, err);
    if (!status && (facts.is_directory || facts.is_reparse || facts.links > 1))
        status = sbx_fail(err, SBX_DENIED, "'%s' is %s", target,
            facts.is_directory ? "a directory"
            : facts.is_reparse ? "a link"
                               : "one of several names of a file");
    return status;
}

static enum sbx_status open_file(const char *target, HANDLE *ret_handle, struct sbx_error *err)
{
    enum sbx_status status;
    wchar_t *path_w = NULL;
    HANDLE handle;
    DWORD code;

    status = sbx_wstr_from_utf8(target, &path_w, err);
    if (status)
        return status;
    /* Opened first and emptied later: CREATE_ALWAYS would empty before anything can be asked. */
    handle = CreateFileW(path_w, GENERIC_WRITE | FILE_READ_ATTRIBUTES, FILE_SHARE_READ, NULL,
        OPEN_ALWAYS,
        FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT | SECURITY_SQOS_PRESENT |
            SECURITY_IDENTIFICATION,
        NULL);
    code = GetLastError();
    free(path_w);
    if (handle == INVALID_HANDLE_VALUE)
        return sbx_fail_win32(err, code, "'%s'", target);
    status = refuse_planted(handle, target, err);
    if (!status && GetFileType(handle) == FILE_TYPE_DISK && !SetEndOfFile(handle)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "'%s'", target);
    }
    if (status)
        sbx_handle_close(&handle);
    else
        *ret_handle = handle;
    return status;
}

/* The folders on the way to it: see sbx_follow_check_links. */
static enum sbx_status check_way(const char *target, struct sbx_error *err)
{
    wchar_t *target_w = NULL, *full_w = NULL;
    char *full = NULL, *normal = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(target, &target_w, err);
    DWORD cch = 0;

    if (!status)
        cch = GetFullPathNameW(target_w, 0, NULL, NULL);
    if (!status)
        status = sbx_calloc((size_t)cch + 1, sizeof(*full_w), &full_w, err);
    if (!status)
        cch = GetFullPathNameW(target_w, cch + 1, full_w, NULL);
    if (!status)
        status = sbx_wstr_to_utf8_n(full_w, cch, &full, err);
    /* What has no normal form is no file on a drive: a pipe, a device, or an error on opening. */
    if (!status && !sbx_winpath_normalise(full, &normal, NULL, NULL) &&
        sbx_winpath_classify(normal) == SBX_WINPATH_DRIVE)
        status = sbx_follow_check_links(normal, err);
    free(target_w);
    free(full_w);
    free(full);
    free(normal);
    return status;
}

enum sbx_status sbx_result_open_file(const char *target, void **ret_handle, struct sbx_error *err)
{
    enum sbx_status status = check_way(target, err);

    return status ? status : open_file(target, ret_handle, err);
}

enum sbx_status sbx_result_open(const char *target, void **ret_handle, struct sbx_error *err)
{
    enum sbx_status status;

    if (strncmp(target, "handle:", 7) == 0)
        return open_inherited(target + 7, ret_handle, err);
    status = sbx_result_open_file(target, ret_handle, err);
    if (status)
        sbx_error_context(err, "--result");
    return status;
}

enum sbx_status sbx_result_write(void **handle, const struct sbx_buf *json, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    DWORD code;

    if (!sbx_stream_write(*handle, json->data, json->length_bytes) ||
        !sbx_stream_write(*handle, "\n", 1)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "write the result");
    }
    sbx_handle_close(handle);
    return status;
}
