/*
 * See filewalk.h. The stack of open directories is an array of frames; the path is one buffer that
 * grows and shrinks with it.
 */
#include "filewalk.h"
#include "file.h"
#include "handle.h"
#include "wstr.h"
#include "../core/buf.h"

#define FRAME_BYTES 16384u
#define DEFAULT_DEPTH 256u
#define PATH_MAX_CCH 32767u

struct frame {
    HANDLE directory; /* owned, but for the root's */
    void *data;
    uint8_t *entries; /* FRAME_BYTES, 8-aligned; filled by the system */
    size_t at;        /* of the next entry; FRAME_BYTES = read more */
    size_t path_cch;  /* of this directory in walk->path_w, 0 for the root */
    bool is_started;
};

struct state {
    const struct sbx_filewalk *walk;
    struct frame *frames;
    size_t depth; /* frames in use */
    size_t max_depth;
    uint64_t visited;
    wchar_t *path_w;
    struct sbx_error *err;
};

/* Close the innermost directory and tell the visitor. */
static void pop(struct state *state)
{
    struct frame *frame = &state->frames[--state->depth];

    if (state->walk->leave)
        state->walk->leave(state->walk->context, frame->data);
    if (state->depth > 0)
        sbx_handle_close(&frame->directory);
    free(frame->entries);
    memset(frame, 0, sizeof(*frame));
}

static enum sbx_status push(struct state *state, HANDLE directory, void *data, size_t path_cch)
{
    struct frame *frame = &state->frames[state->depth];
    enum sbx_status status = SBX_OK;

    status = sbx_calloc(FRAME_BYTES, 1, &frame->entries, state->err);
    if (status)
        return status;
    frame->directory = directory;
    frame->data = data;
    frame->at = FRAME_BYTES;
    frame->path_cch = path_cch;
    frame->is_started = false;
    state->depth++;
    return SBX_OK;
}

/*
 * The next entry of the innermost directory; *ret_info NULL at its end.
 * Offsets come from a file system that may be remote or broken, so they are checked.
 */
static enum sbx_status next_entry(
    struct frame *frame, const FILE_ID_BOTH_DIR_INFO **ret_info, struct sbx_error *err)
{
    const FILE_ID_BOTH_DIR_INFO *info;

    *ret_info = NULL;
    if (frame->at == FRAME_BYTES) {
        bool is_first = !frame->is_started;
        FILE_INFO_BY_HANDLE_CLASS what =
            frame->is_started ? FileIdBothDirectoryInfo : FileIdBothDirectoryRestartInfo;

        frame->is_started = true;
        if (!GetFileInformationByHandleEx(frame->directory, what, frame->entries, FRAME_BYTES)) {
            DWORD code = GetLastError();

            /* "No such file": the first answer for the empty root of a volume, which has no "." */
            return code == ERROR_NO_MORE_FILES || (is_first && code == ERROR_FILE_NOT_FOUND)
                       ? SBX_OK
                       : sbx_fail_win32(err, code, "read a directory");
        }
        frame->at = 0;
    }
    info = (const FILE_ID_BOTH_DIR_INFO *)(const void *)(frame->entries + frame->at);
    if (frame->at > FRAME_BYTES - sizeof(*info) || frame->at % 8 ||
        info->FileNameLength % sizeof(wchar_t) ||
        info->FileNameLength >
            FRAME_BYTES - frame->at - offsetof(FILE_ID_BOTH_DIR_INFO, FileName) ||
        info->NextEntryOffset > FRAME_BYTES - frame->at)
        return sbx_fail(err, SBX_OS, "the system gave a malformed directory entry");
    frame->at = info->NextEntryOffset ? frame->at + info->NextEntryOffset : FRAME_BYTES;
    *ret_info = info;
    return SBX_OK;
}

static bool is_dots(const FILE_ID_BOTH_DIR_INFO *info)
{
    size_t cch = info->FileNameLength / sizeof(wchar_t);

    return (cch == 1 && info->FileName[0] == L'.') ||
           (cch == 2 && info->FileName[0] == L'.' && info->FileName[1] == L'.');
}

/* Tell the handler about a directory; what it says decides whether the walk goes on. */
static enum sbx_status report(struct state *state, size_t path_cch, const struct sbx_error *problem)
{
    const struct sbx_filewalk *walk = state->walk;

    state->path_w[path_cch] = 0;
    if (walk->problem && walk->problem(walk->context, state->path_w, path_cch, problem))
        return SBX_OK;
    if (walk->problem)
        return sbx_fail(state->err, SBX_CANCELLED, "the walk was ended");
    if (state->err)
        *state->err = *problem;
    return problem->status ? problem->status : SBX_INTERNAL;
}

/* Put the entry's name behind its directory's path. */
static enum sbx_status set_path(
    struct state *state, const FILE_ID_BOTH_DIR_INFO *info, size_t *ret_cch)
{
    size_t cch = state->frames[state->depth - 1].path_cch;
    size_t name_cch = info->FileNameLength / sizeof(wchar_t);

    if (cch + 1 + name_cch >= PATH_MAX_CCH)
        return sbx_fail(state->err, SBX_INVALID, "a path below the directory is too long");
    if (cch)
        state->path_w[cch++] = L'\\';
    memcpy(state->path_w + cch, info->FileName, info->FileNameLength);
    cch += name_cch;
    state->path_w[cch] = 0;
    *ret_cch = cch;
    return SBX_OK;
}

/* Open a directory entry and make it the innermost one. Not being able to is its own problem. */
static enum sbx_status enter(struct state *state, const struct sbx_filewalk_entry *entry)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    HANDLE directory = entry->directory;
    struct sbx_error problem;
    enum sbx_status status = SBX_OK;

    sbx_error_init(&problem);
    if (state->depth >= state->max_depth)
        status =
            sbx_fail(&problem, SBX_INVALID, "more than %zu directories deep", state->max_depth);
    else if (!directory)
        status = sbx_file_open_child(
            entry->parent, entry->name_w, entry->name_cch, &how, &directory, &problem);
    if (!status) {
        status = push(state, directory, entry->data, entry->relative_cch);
        if (!status)
            return SBX_OK;
        sbx_handle_close(&directory);
    } else {
        sbx_handle_close(&directory);
        status = report(state, entry->relative_cch, &problem);
    }
    if (state->walk->leave)
        state->walk->leave(state->walk->context, entry->data);
    return status;
}

static void fill(struct sbx_filewalk_entry *entry, const struct state *state,
    const FILE_ID_BOTH_DIR_INFO *info, size_t path_cch)
{
    const struct frame *frame = &state->frames[state->depth - 1];

    memset(entry, 0, sizeof(*entry));
    entry->parent = frame->directory;
    entry->name_cch = info->FileNameLength / sizeof(wchar_t);
    entry->name_w = state->path_w + path_cch - entry->name_cch;
    if (info->ShortNameLength > 0 && (size_t)info->ShortNameLength <= sizeof(info->ShortName)) {
        entry->short_w = info->ShortName;
        entry->short_cch = (size_t)info->ShortNameLength / sizeof(wchar_t);
    }
    entry->relative_w = state->path_w;
    entry->relative_cch = path_cch;
    entry->depth = state->depth - 1;
    entry->attributes = info->FileAttributes;
    /* For a reparse point the system puts the tag where the size of extended attributes goes. */
    if (info->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
        entry->reparse_tag = info->EaSize;
    entry->size_bytes = (uint64_t)info->EndOfFile.QuadPart;
    entry->created = (uint64_t)info->CreationTime.QuadPart;
    entry->file_id = (uint64_t)info->FileId.QuadPart;
    entry->parent_data = frame->data;
}

static enum sbx_status visit(struct state *state, const FILE_ID_BOTH_DIR_INFO *info)
{
    const struct sbx_filewalk *walk = state->walk;
    struct sbx_filewalk_entry entry;
    enum sbx_filewalk_next next;
    size_t path_cch = 0;
    bool is_enterable;
    enum sbx_status status = set_path(state, info, &path_cch);

    if (status)
        return status;
    if (walk->max_entries && state->visited >= walk->max_entries)
        return sbx_fail(state->err, SBX_INVALID, "more than %llu entries",
            (unsigned long long)walk->max_entries);
    state->visited++;
    fill(&entry, state, info, path_cch);
    /* Links are offered, never entered; enter() checks the handle again. */
    is_enterable = (info->FileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
                   !(info->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT);
    next = walk->visit(walk->context, &entry);
    if (next == SBX_WALK_ON && is_enterable)
        return enter(state, &entry);
    sbx_handle_close(&entry.directory);
    if (is_enterable && walk->leave)
        walk->leave(walk->context, entry.data);
    return next == SBX_WALK_STOP ? sbx_fail(state->err, SBX_CANCELLED, "the walk was ended")
                                 : SBX_OK;
}

static enum sbx_status step(struct state *state)
{
    struct frame *frame = &state->frames[state->depth - 1];
    const FILE_ID_BOTH_DIR_INFO *info = NULL;
    struct sbx_error problem;

    sbx_error_init(&problem);
    if (state->walk->cancel && *state->walk->cancel)
        return sbx_fail(state->err, SBX_CANCELLED, "cancelled");
    if (next_entry(frame, &info, &problem)) {
        enum sbx_status status = SBX_OK;

        if (state->depth == 1) {
            if (state->err)
                *state->err = problem;
            return problem.status;
        }
        status = report(state, frame->path_cch, &problem);
        pop(state);
        return status;
    }
    if (!info) {
        pop(state);
        return SBX_OK;
    }
    return is_dots(info) ? SBX_OK : visit(state, info);
}

enum sbx_status sbx_filewalk_run(
    HANDLE root, const struct sbx_filewalk *walk, uint64_t *ret_entries, struct sbx_error *err)
{
    struct state state;
    enum sbx_status status = SBX_OK;

    memset(&state, 0, sizeof(state));
    state.walk = walk;
    state.err = err;
    state.max_depth = (walk->max_depth ? walk->max_depth : DEFAULT_DEPTH) + 1;
    status = sbx_calloc(state.max_depth, sizeof(*state.frames), &state.frames, err);
    if (!status)
        status = sbx_calloc(PATH_MAX_CCH + 1, sizeof(*state.path_w), &state.path_w, err);
    if (!status)
        status = push(&state, root, walk->root_data, 0);
    while (!status && state.depth)
        status = step(&state);
    while (state.depth)
        pop(&state);
    if (ret_entries)
        *ret_entries = state.visited;
    free(state.path_w);
    free(state.frames);
    return status;
}
