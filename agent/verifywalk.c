/*
 * See verifycheck.h: the walk that sets descriptors. What is opened is never a link, also where one
 * takes the place of a folder between the look and the opening; and the walk ends when it is told
 * to. Both are tried at one moment of a real walk (struct sbx_grant_options, met), not by chance.
 */
#include "verifychecks.h"

#include "grantobject.h"
#include "repair.h"

#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>
#include <wchar.h>

/* `agent grants repair` of the root with something that happens meanwhile. */
static enum sbx_status walk_root(const struct sbx_verify_check *check,
    struct sbx_grant_options *options, struct sbx_grant_report *ret_report,
    enum sbx_status *ret_walked, struct sbx_error *err)
{
    struct sbx_repair repair = {0};
    char *state = NULL, *ws = NULL;
    enum sbx_status status = sbx_verify_path(check, "{state}", &state, err);

    if (!status)
        status = sbx_verify_path(check, "{ws}", &ws, err);
    options->state_directory = state;
    repair.path_or_name = ws;
    if (!status)
        *ret_walked = sbx_grants_repair(&repair, options, ret_report, NULL);
    free(state);
    free(ws);
    return status;
}

/* --- a name that is a link -------------------------------------------------------------------- */

static const struct sbx_file_how any = {.kind = SBX_FILE_ANY, .access = READ_CONTROL};

/* @return SUCCEEDED: opened; DENIED: refused because it is a link; ODD: by something else */
static enum sbx_verify_outcome outcome_of(enum sbx_status status, const struct sbx_error *error)
{
    return !status                                                     ? SBX_VERIFY_SUCCEEDED
           : status == SBX_DENIED && sbx_grant_is_reparse_error(error) ? SBX_VERIFY_DENIED
                                                                       : SBX_VERIFY_ODD;
}

static enum sbx_verify_outcome open_path(const struct sbx_verify_check *check, const char *place)
{
    char *path = NULL;
    HANDLE handle = NULL;
    struct sbx_error error;
    enum sbx_status status;

    sbx_error_init(&error);
    status = sbx_verify_path(check, place, &path, &error);
    if (!status)
        status = sbx_file_open(path, &any, &handle, &error);
    sbx_handle_close(&handle);
    free(path);
    return outcome_of(status, &error);
}

/* By the handle of the folder it is in, as the walks open what they meet. */
static enum sbx_verify_outcome open_child(
    const struct sbx_verify_check *check, const char *place, const wchar_t *name_w)
{
    static const struct sbx_file_how pass = {.kind = SBX_FILE_DIRECTORY};
    char *path = NULL;
    HANDLE parent = NULL, handle = NULL;
    struct sbx_error error;
    enum sbx_status status;

    sbx_error_init(&error);
    status = sbx_verify_path(check, place, &path, &error);
    if (!status)
        status = sbx_file_open(path, &pass, &parent, &error);
    if (!status)
        status = sbx_file_open_child(parent, name_w, wcslen(name_w), &any, &handle, &error);
    sbx_handle_close(&handle);
    sbx_handle_close(&parent);
    free(path);
    return outcome_of(status, &error);
}

enum sbx_status sbx_verify_check_opened_link(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    enum sbx_verify_outcome tries[3];
    size_t i;
    /* The twin: a program that opens by name ends up outside. */
    enum sbx_status status = sbx_verify_must(
        check, "seq|junction|{free}\\link|{out}|+|write|{free}\\link\\target.txt", err);

    if (status)
        return status;
    tries[0] = open_path(check, "{free}\\link");
    tries[1] = open_path(check, "{free}\\link\\target.txt");
    tries[2] = open_child(check, "{free}", L"link");
    seen->inside_ran = seen->twin_ran = true;
    seen->confined = check->report->confined; /* as the runs before: nothing runs here */
    seen->twin = SBX_VERIFY_SUCCEEDED;
    seen->ping = open_path(check, "{ws}\\target.txt");
    seen->inside = SBX_VERIFY_DENIED;
    for (i = 0; i < countof(tries); i++)
        if (tries[i] != SBX_VERIFY_DENIED && seen->inside != SBX_VERIFY_SUCCEEDED)
            seen->inside = tries[i];
    return SBX_OK;
}

/* --- a folder that becomes a link ------------------------------------------------------------- */

#define SWAPPED L"swapped"

struct swap {
    wchar_t *folder_w, *link_w; /* owned */
    bool done;
};

/* The walk has listed the folder, and opens it next. */
static void swap_now(void *context, const wchar_t *relative_w, size_t cch)
{
    struct swap *swap = context;
    const size_t length = wcslen(SWAPPED);

    if (swap->done || cch < length || _wcsicmp(relative_w + cch - length, SWAPPED) != 0)
        return;
    swap->done = RemoveDirectoryW(swap->folder_w) && MoveFileExW(swap->link_w, swap->folder_w, 0);
}

static enum sbx_status prepare_swap(
    const struct sbx_verify_check *check, struct swap *swap, struct sbx_error *err)
{
    char *folder = NULL, *link = NULL;
    enum sbx_status status = sbx_verify_path(check, "{free}\\swapped", &folder, err);

    if (!status)
        status = sbx_verify_path(check, "{extra}\\link", &link, err);
    if (!status)
        status = sbx_wstr_from_utf8(folder, &swap->folder_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(link, &swap->link_w, err);
    if (!status)
        status =
            sbx_verify_must(check, "seq|mkdir|{free}\\swapped|+|junction|{extra}\\link|{out}", err);
    free(folder);
    free(link);
    return status;
}

/* The link is told as left alone; what it leads to keeps its list. */
static bool is_left(const struct sbx_verify_check *check, const struct sbx_grant_report *report)
{
    char *path = NULL;
    bool left = false;
    size_t i;

    if (sbx_verify_path(check, "{free}\\swapped", &path, NULL))
        return false;
    for (i = 0; i < report->skip_count; i++)
        left = left || (sbx_winpath_equal(report->skips[i].path, path) &&
                           strcmp(report->skips[i].reason, "reparse point") == 0);
    free(path);
    return left;
}

enum sbx_status sbx_verify_check_swapped_folder(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_descriptor before = {0}, after = {0};
    struct swap swap = {NULL, NULL, false};
    struct sbx_grant_options options = {.met = swap_now, .ctx = &swap};
    struct sbx_grant_report report = {0};
    enum sbx_status status = sbx_verify_grant_root(check, err), walked = SBX_OK;
    bool left = false;

    if (!status)
        status = prepare_swap(check, &swap, err);
    if (!status)
        status = sbx_verify_descriptor(check, "{out}", &before, err);
    if (!status) {
        status = walk_root(check, &options, &report, &walked, err);
        left = is_left(check, &report);
        sbx_grant_report_done(&report);
    }
    if (!status && !swap.done)
        status = sbx_fail(err, SBX_UNPROVEN, "the folder could not be replaced during the walk");
    if (!status)
        status = sbx_verify_descriptor(check, "{out}", &after, err);
    if (!status) {
        seen->inside = left && sbx_descriptor_equal(&before, &after) ? SBX_VERIFY_DENIED
                                                                     : SBX_VERIFY_SUCCEEDED;
        /* The twin: whoever goes by the name is outside now. */
        seen->twin_ran = true;
        seen->twin = SBX_VERIFY_SUCCEEDED;
        status = sbx_verify_must(check, "write|{free}\\swapped\\target.txt", err);
    }
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&after);
    free(swap.folder_w);
    free(swap.link_w);
    return status;
}

/* --- a walk that is told to end --------------------------------------------------------------- */

#define LAST_MET 3u

struct stop {
    volatile LONG cancel;
    unsigned met;
};

static void stop_soon(void *context, const wchar_t *relative_w, size_t cch)
{
    struct stop *stop = context;

    (void)relative_w, (void)cch;
    if (++stop->met == LAST_MET)
        InterlockedExchange(&stop->cancel, 1);
}

enum sbx_status sbx_verify_check_cancelled_walk(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct stop stop = {0, 0}, on = {0, LAST_MET};
    struct sbx_grant_options stopped = {.met = stop_soon, .ctx = &stop, .cancel = &stop.cancel};
    struct sbx_grant_options whole = {.met = stop_soon, .ctx = &on, .cancel = &on.cancel};
    struct sbx_grant_report report = {0};
    enum sbx_status status = sbx_verify_grant_root(check, err), ended = SBX_OK, resumed = SBX_OK;

    if (!status)
        status = walk_root(check, &stopped, &report, &ended, err);
    sbx_grant_report_done(&report);
    /* The twin: nobody stops the next one, which goes on and ends. */
    if (!status)
        status = walk_root(check, &whole, &report, &resumed, err);
    sbx_grant_report_done(&report);
    if (status)
        return status;
    seen->inside = stop.met > LAST_MET                              ? SBX_VERIFY_SUCCEEDED
                   : stop.met == LAST_MET && ended == SBX_CANCELLED ? SBX_VERIFY_DENIED
                                                                    : SBX_VERIFY_ODD;
    seen->twin_ran = true;
    seen->twin = !resumed && on.met > 2 * LAST_MET ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    return SBX_OK;
}
