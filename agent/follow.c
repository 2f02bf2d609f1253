/* See follow.h. */
#include "follow.h"

#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

/* More links on one path than this lead in a circle. */
#define LINKS_MAX 64
/* Directories end 12 characters before files: room for an 8.3 name. */
#define PLAIN_MAX_BYTES 240u
/* Tags with this bit stand for another name; others (cloud files, compression) do not redirect. */
#define TAG_NAME_SURROGATE 0x20000000u

/*
 * Look at one object without following it, below the open directory before it on the path: one open
 * per component. An access list that cannot be read is not one of ours: those let the user read
 * them. A command can make a folder with a list of its own choice, but not the folder around it, so
 * what is inside a granted folder counts as granted.
 */
struct walk {
    HANDLE parent; /* NULL: at the root */
    bool granted, is_link, missing;
};

static enum sbx_status open_next(const struct walk *walk, const char *prefix, const char *name,
    ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .access = access, .allow_reparse = true};

    return walk->parent ? sbx_file_open_at(walk->parent, name, &how, ret_handle, err)
                        : sbx_file_open(prefix, &how, ret_handle, err);
}

/*
 * A folder that cannot be opened hides whether a link is in it. Windows goes through folders that a
 * user may not open, and a command can make one with a list of its own choice: in a granted folder
 * that is as good as a link. Elsewhere whoever opens it says so.
 */
static enum sbx_status is_hidden(
    struct walk *walk, const char *prefix, enum sbx_status opened, struct sbx_error *err)
{
    walk->missing = true;
    if (opened == SBX_NOT_FOUND || !walk->granted)
        return SBX_OK;
    sbx_error_context(err, "'%s', which a sandboxed command can have made", prefix);
    sbx_error_hint(err, "its owner can give himself access (icacls), look what is in it and remove "
                        "it");
    return opened;
}

static enum sbx_status judge(
    struct walk *walk, const char *prefix, const char *name, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_file_type type;
    enum sbx_status status = SBX_OK;
    HANDLE handle = NULL;

    if (open_next(walk, prefix, name, READ_CONTROL, &handle, NULL)) {
        status = open_next(walk, prefix, name, 0, &handle, err);
        if (status)
            return is_hidden(walk, prefix, status, err);
    } else if (!sbx_acl_get(handle, NULL, &descriptor, NULL)) {
        walk->granted = walk->granted || sbx_acl_capability(&descriptor.dacl);
    }
    status = sbx_file_get_type(handle, &type, err);
    if (!status && type.is_reparse)
        walk->is_link = (type.reparse_tag & TAG_NAME_SURROGATE) != 0;
    if (!status && walk->is_link && walk->granted) {
        status = sbx_fail(
            err, SBX_DENIED, "'%s' is a link that a sandboxed command can have made", prefix);
        sbx_error_hint(err, "look where it leads and remove it, or name its target");
    }
    sbx_descriptor_done(&descriptor);
    sbx_handle_close(&walk->parent);
    walk->parent = handle;
    return status;
}

/* The path with the first link resolved, or NULL when there is none. */
static enum sbx_status resolve_one(const char *path, char **ret_next, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct walk walk = {0};
    const char *at = NULL;
    size_t length = 0;

    *ret_next = NULL;
    while (!status && !walk.is_link && !walk.missing && sbx_winpath_next(path, &at, &length)) {
        const char *rest = at + length;
        char *prefix = NULL, *target = NULL;

        status = sbx_calloc((size_t)(rest - path) + 1, 1, &prefix, err);
        if (!status) {
            memcpy(prefix, path, (size_t)(rest - path));
            status = judge(&walk, prefix, prefix + (at - path), err);
        }
        /* A link that leads nowhere ends the question: opening the path says what is wrong. */
        if (!status && walk.is_link && !sbx_follow_open(prefix, 0, NULL, &target, NULL))
            status = sbx_winpath_resolve(target, *rest ? rest + 1 : ".", ret_next, NULL, err);
        free(prefix);
        free(target);
    }
    sbx_handle_close(&walk.parent);
    return status;
}

enum sbx_status sbx_follow_check_links(const char *path, struct sbx_error *err)
{
    char *current = NULL, *next = NULL;
    enum sbx_status status = sbx_strdup(path, &current, err);
    int links;

    for (links = 0; !status && links < LINKS_MAX; links++) {
        status = resolve_one(current, &next, err);
        if (status || !next)
            break;
        free(current);
        current = next;
    }
    if (!status && links == LINKS_MAX)
        status =
            sbx_fail(err, SBX_DENIED, "'%s' leads through more than %d links", path, LINKS_MAX);
    free(current);
    return status;
}

static enum sbx_status final_path(HANDLE handle, char **ret_path, struct sbx_error *err)
{
    char *verbatim = NULL;
    enum sbx_status status = sbx_file_final_path(handle, false, &verbatim, err);

    if (!status)
        status = sbx_winpath_normalise(verbatim, ret_path, NULL, err);
    free(verbatim);
    return status;
}

/*
 * Without a prefix CreateFileW takes 259 characters, unless the machine was told otherwise. With
 * it nothing is rewritten, which for a path in normal form is the same.
 */
static enum sbx_status to_win32(const char *path, wchar_t **ret_path_w, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    if (strlen(path) < PLAIN_MAX_BYTES || sbx_winpath_classify(path) != SBX_WINPATH_DRIVE)
        return sbx_wstr_from_utf8(path, ret_path_w, err);
    sbx_buf_init(&text, 4 * 65536);
    status = sbx_buf_printf(&text, err, "\\\\?\\%s", path);
    if (!status)
        status = sbx_wstr_from_utf8(text.data, ret_path_w, err);
    sbx_buf_done(&text);
    return status;
}

enum sbx_status sbx_follow_open(const char *path, ACCESS_MASK access, HANDLE *ret_handle,
    char **ret_path, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    wchar_t *path_w = NULL;
    HANDLE handle = INVALID_HANDLE_VALUE;
    DWORD code;

    status = to_win32(path, &path_w, err);
    if (status)
        return status;
    /* BACKUP_SEMANTICS opens directories; it gives no right by itself. */
    handle = CreateFileW(path_w, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS, NULL);
    code = GetLastError();
    if (handle == INVALID_HANDLE_VALUE) {
        status = sbx_fail_win32(err, code, "open '%s'", path);
        goto cleanup;
    }
    if (ret_path) {
        status = final_path(handle, ret_path, err);
        if (status)
            goto cleanup;
    }
    if (ret_handle) {
        *ret_handle = handle;
        handle = INVALID_HANDLE_VALUE;
    }
cleanup:
    sbx_handle_close(&handle);
    free(path_w);
    return status;
}
