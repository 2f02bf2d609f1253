/* See protect.h for the MUSTs and the decisions. */
#include "protectparts.h"

#include <stdio.h>

#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/wstr.h"

/* --- before the run ------------------------------------------------------------------------------
 */

/* One call where the file system has 128-bit ids: this runs three times per root and command. */
static enum sbx_status check_identity(
    HANDLE handle, const struct sbx_plan_root *root, struct sbx_error *err)
{
    struct sbx_file_facts facts;
    enum sbx_status status = SBX_OK;
    FILE_ID_INFO id;

    if (GetFileInformationByHandleEx(handle, FileIdInfo, &id, sizeof(id)))
        memcpy(facts.id, &id.FileId, sizeof(facts.id));
    else
        status = sbx_file_get_facts(handle, &facts, err);
    if (!status && memcmp(facts.id, root->file_id, sizeof(facts.id)) != 0)
        status =
            sbx_fail(err, SBX_DENIED, "'%s' changed since the plan: another directory", root->path);
    return status;
}

/*
 * By name and in one step, unlike everywhere else: links in the path do not matter, because the
 * object is compared with the plan's, and only a directory that a link was put in place of is
 * opened as that link. The watch needs a handle of its own kind (overlapped).
 */
static enum sbx_status open_root(
    const struct sbx_plan_root *root, DWORD flags, HANDLE *ret_handle, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf path;
    wchar_t *path_w = NULL;
    HANDLE handle = INVALID_HANDLE_VALUE;
    DWORD code;

    sbx_buf_init(&path, 65536);
    status = sbx_buf_printf(
        &path, err, "%s%s", strncmp(root->path, "\\\\", 2) == 0 ? "" : "\\\\?\\", root->path);
    if (!status)
        status = sbx_wstr_from_utf8(path.data, &path_w, err);
    if (status)
        goto cleanup;
    handle = CreateFileW(path_w, FILE_LIST_DIRECTORY | FILE_TRAVERSE | SYNCHRONIZE,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT | flags, NULL);
    code = GetLastError();
    if (handle == INVALID_HANDLE_VALUE)
        status = sbx_fail_win32(err, code, "open '%s'", root->path);
    else
        status = check_identity(handle, root, err);
    if (!status) {
        *ret_handle = handle;
        handle = INVALID_HANDLE_VALUE;
    }
cleanup:
    sbx_handle_close(&handle);
    sbx_buf_done(&path);
    free(path_w);
    return status;
}

/* A new handle each time: some systems go on giving the entries that a handle saw first. */
enum sbx_status sbx_protect_open_list(struct sbx_protect_root *root, struct sbx_error *err)
{
    return open_root(root->root, 0, &root->list, err);
}

static enum sbx_status begin_root(
    struct sbx_protect *protect, struct sbx_protect_root *root, struct sbx_error *err)
{
    enum sbx_status status = sbx_protect_open_list(root, err);

    if (!status)
        status = sbx_protect_snapshot(protect, root, err);
    if (!status)
        status = sbx_protect_back_compare(protect, root, &protect->descriptors, err);
    sbx_handle_close(&root->list);
    if (!status)
        status = open_root(root->root, FILE_FLAG_OVERLAPPED, &root->watched, err);
    if (status)
        sbx_error_context(err, "watch '%s'", root->root->path);
    return status;
}

/* Longer paths first: what is at the top of a root inside another root is judged there. */
static int by_depth(const void *a, const void *b)
{
    const struct sbx_protect_root *one = a, *two = b;
    size_t one_bytes = strlen(one->root->path), two_bytes = strlen(two->root->path);

    return one_bytes < two_bytes ? 1 : one_bytes > two_bytes ? -1 : 0;
}

/* The writable roots, each once. */
static enum sbx_status choose_roots(struct sbx_protect *protect, struct sbx_error *err)
{
    const struct sbx_plan *plan = protect->plan;
    enum sbx_status status = sbx_calloc(
        plan->root_count ? plan->root_count : 1, sizeof(*protect->roots), &protect->roots, err);
    size_t i, k;

    for (i = 0; i < plan->root_count && !status; i++) {
        if (!plan->roots[i].writable)
            continue;
        for (k = 0; k < protect->root_count; k++)
            if (sbx_winpath_equal(protect->roots[k].root->path, plan->roots[i].path))
                break;
        if (k == protect->root_count)
            protect->roots[protect->root_count++].root = &plan->roots[i];
    }
    if (!status)
        qsort(protect->roots, protect->root_count, sizeof(*protect->roots), by_depth);
    return status;
}

static enum sbx_status start_watch(struct sbx_protect *protect, struct sbx_error *err)
{
    HANDLE *handles = NULL;
    enum sbx_status status = sbx_calloc(protect->root_count, sizeof(*handles), &handles, err);
    size_t i;

    for (i = 0; i < protect->root_count && !status; i++) {
        handles[i] = protect->roots[i].watched;
        protect->roots[i].watch = i;
    }
    if (!status)
        status = sbx_watch_start(handles, protect->root_count, &protect->watch, err);
    free(handles);
    return status;
}

enum sbx_status sbx_protect_begin(const struct sbx_plan *plan,
    const struct sbx_protect_options *options, struct sbx_protect **ret_protect,
    struct sbx_error *err)
{
    struct sbx_protect *protect = NULL;
    enum sbx_status status = sbx_calloc(1, sizeof(*protect), &protect, err);
    size_t i;

    *ret_protect = NULL;
    if (status)
        return status;
    protect->plan = plan;
    protect->options = *options;
    for (i = 0; i < 4; i++)
        snprintf(protect->id + 2 * i, 3, "%02x", options->facts->random[i]);
    status = choose_roots(protect, err);
    for (i = 0; i < protect->root_count && !status; i++)
        status = begin_root(protect, &protect->roots[i], err);
    if (!status && protect->root_count)
        status = sbx_protect_prints_take(protect, &protect->prints, err);
    if (!status && protect->root_count)
        status = start_watch(protect, err);
    if (status)
        sbx_protect_cancel(protect);
    else
        *ret_protect = protect;
    return status;
}

/* --- after it ------------------------------------------------------------------------------------
 */

void sbx_protect_cancel(struct sbx_protect *protect)
{
    size_t i;

    if (!protect)
        return;
    sbx_watch_free(protect->watch);
    for (i = 0; i < protect->root_count; i++) {
        sbx_handle_close(&protect->roots[i].watched);
        sbx_handle_close(&protect->roots[i].list);
        free(protect->roots[i].seen);
        sbx_background_done(&protect->roots[i].record);
    }
    free(protect->roots);
    sbx_protect_prints_done(&protect->prints);
    free(protect);
}

/* A root that is not there any more, or is another one, is a finding: the plan denies both. */
static enum sbx_status end_root(struct sbx_protect_work *work, struct sbx_protect_root *root)
{
    enum sbx_status status;
    struct sbx_error problem;
    size_t index;

    sbx_error_init(&problem);
    if (!sbx_protect_open_list(root, &problem))
        return sbx_protect_look(work, root);
    work->report->truncated = true;
    status = sbx_protect_add_item(work, root->root->path, SBX_PROTECT_FAILED, &index);
    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    return sbx_protect_say(&work->report->items[index].details, work->err,
        "the root cannot be looked at: %s", problem.context);
}

/* A record that cannot be written loses what the next run should ask about: that is said. */
static void keep_record(struct sbx_protect_work *work, struct sbx_protect_root *root)
{
    struct sbx_error problem;
    size_t index;

    sbx_error_init(&problem);
    sbx_handle_close(&root->list);
    work->report->unwatched += root->has_record || work->protect->plan->background;
    if (!sbx_protect_back_keep(work->protect, root, &problem))
        return;
    work->report->truncated = true;
    if (!sbx_protect_add_item(work, root->root->path, SBX_PROTECT_FAILED, &index) &&
        sbx_protect_say(&work->report->items[index].details, NULL,
            "what a background process makes here will not be noticed: %s", problem.context))
        work->report->left_out++;
}

enum sbx_status sbx_protect_end(
    struct sbx_protect *protect, struct sbx_protect_report *ret_report, struct sbx_error *err)
{
    struct sbx_protect_work work = {.protect = protect, .report = ret_report, .err = err};
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(ret_report, 0, sizeof(*ret_report));
    if (!protect)
        return SBX_OK;
    work.deadline_ms = sbx_clock_ms() + SBX_PROTECT_TIME_MS;
    ret_report->background = protect->plan->background;
    ret_report->descriptors = protect->descriptors;
    ret_report->roots_watched = protect->root_count;
    ret_report->nested_unwatched = protect->root_count && sbx_late_wine_version() != NULL;
    if (protect->watch)
        sbx_watch_stop(protect->watch);
    for (i = 0; i < protect->root_count && !status; i++)
        status = end_root(&work, &protect->roots[i]);
    if (!status && protect->root_count)
        status = sbx_protect_prints_compare(&work);
    /* Also when the look was cut short: what was adopted must not stay without its denies. */
    if (work.adopted_count) {
        enum sbx_status stamped = sbx_protect_stamp(&work);

        status = status ? status : stamped;
    }
    for (i = 0; i < protect->root_count; i++)
        keep_record(&work, &protect->roots[i]);
    ret_report->truncated = ret_report->truncated || status;
    free(work.adopted);
    return status;
}

/* --- without a run -------------------------------------------------------------------------------
 */

static enum sbx_status audit_root(struct sbx_protect_work *work, struct sbx_protect_root *root)
{
    const struct sbx_strings *names = &work->protect->plan->protected_names;
    enum sbx_status status = sbx_protect_open_list(root, work->err);
    size_t i;

    if (!status)
        status = sbx_protect_snapshot(work->protect, root, work->err);
    if (!status)
        status =
            sbx_protect_back_compare(work->protect, root, &work->report->descriptors, work->err);
    sbx_handle_close(&root->list);
    work->report->unwatched += !status && root->has_record;
    for (i = 0; i < root->seen_count && !status; i++) {
        char *path = NULL;
        size_t index;

        if (!root->seen[i].is_late)
            continue;
        status =
            sbx_winpath_join(root->root->path, names->items[root->seen[i].name], &path, work->err);
        if (!status && !sbx_protect_add_item(work, path, SBX_PROTECT_REPORTED, &index))
            status = sbx_protect_say(&work->report->items[index].details, work->err,
                root->seen[i].is_certain
                    ? "made by a process that a background run left: the next run deals with it"
                    : "appeared after the watch over a background run: made by a process that it "
                      "left, or by you");
        free(path);
    }
    return status;
}

enum sbx_status sbx_protect_audit(const struct sbx_plan *plan,
    const struct sbx_protect_options *options, struct sbx_protect_report *ret_report,
    struct sbx_error *err)
{
    struct sbx_protect_work work = {.report = ret_report, .err = err};
    enum sbx_status status = sbx_calloc(1, sizeof(*work.protect), &work.protect, err);
    size_t i;

    memset(ret_report, 0, sizeof(*ret_report));
    if (status)
        return status;
    work.protect->plan = plan;
    work.protect->options = *options;
    status = choose_roots(work.protect, err);
    for (i = 0; i < work.protect->root_count && !status; i++)
        status = audit_root(&work, &work.protect->roots[i]);
    sbx_protect_cancel(work.protect);
    return status;
}
