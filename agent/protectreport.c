/* The report of protect.h: filling, printing, releasing. */
#include "protectparts.h"

#include <stdarg.h>
#include <stdio.h>

#include <winioctl.h>

#include "shared/core/linktarget.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"

#define LINE_BYTES 1500u

/* One more element of a list that grows by doubling. @return SBX_INVALID when it is full */
static enum sbx_status grow(
    struct sbx_protect_work *work, void *list, size_t count, size_t item_bytes)
{
    void *larger = NULL, *old = NULL;
    enum sbx_status status;

    if (count >= SBX_PROTECT_ITEMS_MAX) {
        work->report->left_out++;
        return SBX_INVALID;
    }
    if (count && (count < 8 || (count & (count - 1)) != 0))
        return SBX_OK;
    status = sbx_calloc(count ? count * 2 : 8, item_bytes, &larger, work->err);
    if (status)
        return status;
    memcpy(&old, list, sizeof(old));
    if (count)
        memcpy(larger, old, count * item_bytes);
    free(old);
    memcpy(list, &larger, sizeof(larger));
    return SBX_OK;
}

static enum sbx_status printable(const char *text, char **ret_copy, struct sbx_error *err)
{
    size_t length = strlen(text);
    enum sbx_status status = sbx_calloc(length + 8, 1, ret_copy, err);

    if (!status)
        sbx_utf_printable(text, length, *ret_copy, length + 8);
    return status;
}

enum sbx_status sbx_protect_add_item(struct sbx_protect_work *work, const char *path,
    enum sbx_protect_action action, size_t *ret_index)
{
    struct sbx_protect_report *report = work->report;
    enum sbx_status status = grow(work, &report->items, report->item_count, sizeof(*report->items));
    struct sbx_protect_item item = {.action = action};

    if (!status)
        status = printable(path, &item.path, work->err);
    if (status)
        return status;
    *ret_index = report->item_count;
    report->items[report->item_count++] = item;
    return SBX_OK;
}

enum sbx_status sbx_protect_add_change(
    struct sbx_protect_work *work, const char *path, const char *what)
{
    struct sbx_protect_report *report = work->report;
    struct sbx_protect_change change = {NULL, what};
    enum sbx_status status =
        grow(work, &report->changes, report->change_count, sizeof(*report->changes));

    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    status = printable(path, &change.path, work->err);
    if (!status)
        report->changes[report->change_count++] = change;
    return status;
}

/* --- links --------------------------------------------------------------------------------------
 */

/* By its text: a target that itself goes through a link may lead elsewhere. */
static enum sbx_protect_leaves leaves(
    const char *root, const char *link, const char *target, bool is_relative)
{
    enum sbx_protect_leaves answer = SBX_LEAVES_UNKNOWN;
    char *parent = NULL, *full = NULL;

    if (is_relative ? !sbx_winpath_parent(link, &parent, NULL) &&
                          !sbx_winpath_resolve(parent, target, &full, NULL, NULL)
                    : !sbx_winpath_normalise(target, &full, NULL, NULL))
        answer = sbx_winpath_is_inside(root, full) ? SBX_LEAVES_NO : SBX_LEAVES_YES;
    free(parent);
    free(full);
    return answer;
}

/* @see https://learn.microsoft.com/windows/win32/api/winioctl/ni-winioctl-fsctl_get_reparse_point
 */
static void read_target(HANDLE handle, const char *root, struct sbx_protect_link *link)
{
    uint8_t *bytes = NULL;
    bool is_relative = false;
    char *target = NULL;
    DWORD got = 0;

    if (sbx_calloc(SBX_REPARSE_MAX_BYTES, 1, &bytes, NULL))
        return;
    if (DeviceIoControl(
            handle, FSCTL_GET_REPARSE_POINT, NULL, 0, bytes, SBX_REPARSE_MAX_BYTES, &got, NULL) &&
        !sbx_linktarget_parse(bytes, got, &target, &is_relative, NULL)) {
        link->leaves = leaves(root, link->path, target, is_relative);
        if (printable(target, &link->target, NULL))
            link->target = NULL;
    }
    free(target);
    free(bytes);
}

static bool is_listed(const struct sbx_protect_report *report, const char *path)
{
    size_t i;

    for (i = 0; i < report->link_count; i++)
        if (strcmp(report->links[i].path, path) == 0)
            return true;
    return false;
}

enum sbx_status sbx_protect_add_link(struct sbx_protect_work *work,
    const struct sbx_protect_root *root, const char *path, HANDLE handle, DWORD tag, uint32_t links)
{
    struct sbx_protect_report *report = work->report;
    struct sbx_protect_link link = {.tag = tag, .links = links};
    enum sbx_status status;

    if (is_listed(report, path)) /* by an event, and by the full look after a lost watch */
        return SBX_OK;
    status = grow(work, &report->links, report->link_count, sizeof(*report->links));
    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    status = printable(path, &link.path, work->err);
    if (status)
        return status;
    if (tag)
        read_target(handle, root->root->path, &link);
    report->links[report->link_count++] = link;
    return SBX_OK;
}

/* --- text ---------------------------------------------------------------------------------------
 */

enum sbx_status sbx_protect_say(
    struct sbx_strings *details, struct sbx_error *err, const char *format, ...)
{
    char line[LINE_BYTES], clean[LINE_BYTES];
    va_list args;

    if (details->count >= SBX_PROTECT_DETAILS_MAX)
        return SBX_OK;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    sbx_utf_printable(line, strlen(line), clean, sizeof(clean));
    return sbx_strings_add(details, clean, err);
}

const char *sbx_protect_action_name(enum sbx_protect_action action)
{
    static const char *const names[] = {"adopted", "quarantined", "reported", "failed"};

    return (size_t)action < countof(names) ? names[action] : "unknown";
}

static const char *kind_of(const struct sbx_protect_link *link)
{
    if (!link->tag)
        return "hardlink";
    if (link->tag == SBX_REPARSE_JUNCTION)
        return "junction";
    return link->tag == SBX_REPARSE_SYMLINK ? "symlink" : "reparse";
}

static void write_items(const struct sbx_protect_report *report, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, "protected");
    for (i = 0; i < report->item_count; i++) {
        const struct sbx_protect_item *item = &report->items[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", item->path);
        sbx_json_key_string(w, "action", sbx_protect_action_name(item->action));
        sbx_json_key_strings(
            w, "details", (const char *const *)item->details.items, item->details.count);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

static void write_changes(const struct sbx_protect_report *report, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, "changed");
    for (i = 0; i < report->change_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", report->changes[i].path);
        sbx_json_key_string(w, "what", report->changes[i].what);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

static void write_links(const struct sbx_protect_report *report, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, "links");
    for (i = 0; i < report->link_count; i++) {
        const struct sbx_protect_link *link = &report->links[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", link->path);
        sbx_json_key_string(w, "kind", kind_of(link));
        sbx_json_key_string(w, "target", link->target);
        sbx_json_key_uint64(w, "names", link->links);
        if (link->leaves == SBX_LEAVES_UNKNOWN)
            sbx_json_key_null(w, "leavesRoot");
        else
            sbx_json_key_bool(w, "leavesRoot", link->leaves == SBX_LEAVES_YES);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

void sbx_protect_format(const struct sbx_protect_report *report, struct sbx_json_writer *w)
{
    write_items(report, w);
    sbx_json_key_object(w, "integrity");
    write_changes(report, w);
    write_links(report, w);
    sbx_json_key_object(w, "looked");
    sbx_json_key_uint64(w, "roots", report->roots_watched);
    sbx_json_key_uint64(w, "rootsReadInFull", report->roots_lost);
    sbx_json_key_uint64(w, "events", report->events);
    sbx_json_key_uint64(w, "entries", report->entries_read);
    sbx_json_key_uint64(w, "filesOpened", report->files_opened);
    sbx_json_end_object(w);
    sbx_json_key_uint64(w, "leftOut", report->left_out);
    sbx_json_key_bool(w, "nestedWatched", !report->nested_unwatched);
    sbx_json_key_bool(w, "truncated", report->truncated);
    sbx_json_key_bool(w, "background", report->background);
    sbx_json_key_uint64(w, "rootsUnwatchedNow", report->unwatched);
    sbx_json_end_object(w);
}

void sbx_protect_report_done(struct sbx_protect_report *report)
{
    size_t i;

    for (i = 0; i < report->item_count; i++) {
        free(report->items[i].path);
        sbx_strings_done(&report->items[i].details);
    }
    for (i = 0; i < report->change_count; i++)
        free(report->changes[i].path);
    for (i = 0; i < report->link_count; i++) {
        free(report->links[i].path);
        free(report->links[i].target);
    }
    free(report->items);
    free(report->changes);
    free(report->links);
    memset(report, 0, sizeof(*report));
}
