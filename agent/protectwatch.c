/* See protectwatch.h. */
#include "protectwatch.h"

#include "shared/core/buf.h"
#include "shared/win/handle.h"
#include "shared/win/thread.h"

/*
 * The system keeps what comes between two requests in a buffer of this size: installing packages
 * overflows a small one. Microsoft names 64 KiB as the largest for network file systems, which then
 * is asked for.
 */
#define BUFFER_BYTES (512u * 1024u)
#define SMALL_BUFFER_BYTES 65536u
#define TEXT_MAX_CCH ((size_t)4 * 1024 * 1024) /* of all names of one directory */
#define CANCEL_WAIT_MS 2000u
/* Somebody else who goes on writing must not keep the end of a run from coming. */
#define COMPLETIONS_AFTER_STOP 64u
#define STOP_KEY ((ULONG_PTR)-1)

struct directory {
    HANDLE handle; /* borrowed */
    OVERLAPPED io;
    DWORD *buffer;      /* owned, BUFFER_BYTES; the system writes into it while is_armed */
    DWORD buffer_bytes; /* of it are asked for */
    bool is_armed;
    size_t capacity;
    size_t text_cch;
    struct sbx_watch_names names;
};

struct sbx_watch {
    HANDLE port;
    HANDLE thread;
    HANDLE ready; /* event: every directory that can be is armed */
    struct directory *directories;
    size_t count;
    bool is_leaking; /* the system may still write into the buffers: they must stay */
};

static void arm(struct directory *directory)
{
    memset(&directory->io, 0, sizeof(directory->io));
    directory->is_armed =
        ReadDirectoryChangesW(directory->handle, directory->buffer, directory->buffer_bytes, TRUE,
            FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME, NULL, &directory->io, NULL);
    if (!directory->is_armed && directory->buffer_bytes > SMALL_BUFFER_BYTES) {
        directory->buffer_bytes = SMALL_BUFFER_BYTES;
        arm(directory);
        return;
    }
    if (!directory->is_armed)
        directory->names.lost = true;
}

/* Room for one more name. */
static bool reserve(struct directory *directory)
{
    size_t capacity = directory->capacity ? directory->capacity * 2 : 64;
    wchar_t **larger = NULL;

    if (directory->names.count < directory->capacity)
        return true;
    if (directory->names.count >= SBX_WATCH_EVENTS_MAX ||
        sbx_calloc(capacity, sizeof(*larger), &larger, NULL))
        return false;
    if (directory->names.count)
        memcpy(larger, directory->names.names_w, directory->names.count * sizeof(*larger));
    free(directory->names.names_w);
    directory->names.names_w = larger;
    directory->capacity = capacity;
    return true;
}

static void add(struct directory *directory, const wchar_t *name_w, size_t cch)
{
    struct sbx_watch_names *names = &directory->names;
    const wchar_t *last_w = names->count ? names->names_w[names->count - 1] : NULL;
    wchar_t *copy_w = NULL;

    names->events++;
    if (names->lost)
        return;
    if (last_w && wcslen(last_w) == cch && wmemcmp(last_w, name_w, cch) == 0)
        return;
    if (!cch || wmemchr(name_w, L'\0', cch) || directory->text_cch + cch > TEXT_MAX_CCH ||
        !reserve(directory) || sbx_calloc(cch + 1, sizeof(*copy_w), &copy_w, NULL)) {
        names->lost = true;
        return;
    }
    memcpy(copy_w, name_w, cch * sizeof(*copy_w));
    directory->text_cch += cch;
    names->names_w[names->count++] = copy_w;
}

/* Records come from a file system that may be remote or broken: offsets are checked. */
static void take(struct directory *directory, size_t bytes)
{
    const uint8_t *at = (const uint8_t *)directory->buffer;

    for (;;) {
        const FILE_NOTIFY_INFORMATION *record = (const FILE_NOTIFY_INFORMATION *)(const void *)at;
        size_t head = offsetof(FILE_NOTIFY_INFORMATION, FileName);

        if (bytes < head || record->FileNameLength > bytes - head ||
            record->FileNameLength % sizeof(wchar_t) || record->NextEntryOffset % sizeof(DWORD) ||
            record->NextEntryOffset > bytes) {
            directory->names.lost = true;
            return;
        }
        if (record->Action == FILE_ACTION_ADDED || record->Action == FILE_ACTION_RENAMED_NEW_NAME)
            add(directory, record->FileName, record->FileNameLength / sizeof(wchar_t));
        else
            directory->names.events++;
        if (!record->NextEntryOffset)
            return;
        at += record->NextEntryOffset;
        bytes -= record->NextEntryOffset;
    }
}

/* One completion. Zero bytes mean that the system's own buffer overflowed. */
static void completed(struct directory *directory, BOOL ok, DWORD bytes, bool again)
{
    directory->is_armed = false;
    if (ok && directory->buffer && bytes && bytes <= BUFFER_BYTES)
        take(directory, bytes);
    else
        directory->names.lost = true;
    if (again)
        arm(directory);
}

/* The buffers belong to the system until each request has come back. */
static void cancel_all(struct sbx_watch *watch)
{
    size_t i, armed = 0;

    for (i = 0; i < watch->count; i++) {
        armed += watch->directories[i].is_armed;
        if (watch->directories[i].is_armed)
            CancelIoEx(watch->directories[i].handle, &watch->directories[i].io);
    }
    while (armed) {
        DWORD bytes = 0;
        ULONG_PTR key = 0;
        OVERLAPPED *io = NULL;
        BOOL ok = GetQueuedCompletionStatus(watch->port, &bytes, &key, &io, CANCEL_WAIT_MS);

        if (!ok && !io)
            break;
        if (key >= watch->count || !watch->directories[key].is_armed)
            continue;
        /* A cancelled request says nothing; one that was faster than its cancelling does. */
        if (ok && bytes)
            completed(&watch->directories[key], ok, bytes, false);
        watch->directories[key].is_armed = false;
        armed--;
    }
    watch->is_leaking = armed != 0;
}

/* Until the stop, and then what is queued. */
static void serve(struct sbx_watch *watch)
{
    DWORD timeout_ms = INFINITE;
    size_t left = SIZE_MAX;

    while (left--) {
        DWORD bytes = 0;
        ULONG_PTR key = 0;
        OVERLAPPED *io = NULL;
        BOOL ok = GetQueuedCompletionStatus(watch->port, &bytes, &key, &io, timeout_ms);

        /*
         * After the stop: everything that happened before is queued already, or is returned by
         * the next arming at once, so an empty queue is the end.
         */
        if (!ok && !io)
            return;
        if (key == STOP_KEY) {
            timeout_ms = 0;
            left = watch->count * COMPLETIONS_AFTER_STOP;
        } else if (key < watch->count) {
            completed(&watch->directories[key], ok, bytes, true);
        }
    }
}

/*
 * Arms, serves and cancels: requests belong to the thread that made them and end with it, and some
 * systems complete them in no other.
 */
static DWORD WINAPI watch_thread(void *context)
{
    struct sbx_watch *watch = context;
    size_t i;

    for (i = 0; i < watch->count; i++)
        if (watch->directories[i].buffer)
            arm(&watch->directories[i]);
    SetEvent(watch->ready);
    serve(watch);
    cancel_all(watch);
    return 0;
}

static enum sbx_status begin_one(
    struct sbx_watch *watch, size_t index, HANDLE handle, struct sbx_error *err)
{
    struct directory *directory = &watch->directories[index];
    enum sbx_status status;

    directory->handle = handle;
    directory->buffer_bytes = BUFFER_BYTES;
    if (!sbx_handle_is_set(handle) || !CreateIoCompletionPort(handle, watch->port, index, 0)) {
        directory->names.lost = true;
        return SBX_OK;
    }
    status = sbx_calloc(BUFFER_BYTES / sizeof(DWORD), sizeof(DWORD), &directory->buffer, err);
    return status;
}

enum sbx_status sbx_watch_start(
    const HANDLE *directories, size_t count, struct sbx_watch **ret_watch, struct sbx_error *err)
{
    struct sbx_watch *watch = NULL;
    enum sbx_status status = sbx_calloc(1, sizeof(*watch), &watch, err);
    DWORD code;
    size_t i;

    if (!status)
        status =
            sbx_calloc(count ? count : 1, sizeof(*watch->directories), &watch->directories, err);
    if (status)
        goto cleanup;
    watch->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (watch->port)
        watch->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    code = GetLastError();
    if (!watch->ready) {
        status = sbx_fail_win32(err, code, "make a completion port");
        goto cleanup;
    }
    watch->count = count;
    for (i = 0; i < count && !status; i++)
        status = begin_one(watch, i, directories[i], err);
    if (!status)
        status = sbx_thread_start(watch_thread, watch, &watch->thread, err);
    if (status)
        goto cleanup;
    WaitForSingleObject(watch->ready, INFINITE);
    *ret_watch = watch;
    watch = NULL;
cleanup:
    sbx_watch_free(watch);
    return status;
}

void sbx_watch_stop(struct sbx_watch *watch)
{
    if (watch->thread) {
        PostQueuedCompletionStatus(watch->port, 0, STOP_KEY, NULL);
        WaitForSingleObject(watch->thread, INFINITE);
        sbx_handle_close(&watch->thread);
    }
}

const struct sbx_watch_names *sbx_watch_names(const struct sbx_watch *watch, size_t index)
{
    return &watch->directories[index].names;
}

void sbx_watch_free(struct sbx_watch *watch)
{
    size_t i, k;

    if (!watch)
        return;
    sbx_watch_stop(watch);
    sbx_handle_close(&watch->port);
    sbx_handle_close(&watch->ready);
    for (i = 0; i < watch->count; i++) {
        struct directory *directory = &watch->directories[i];

        for (k = 0; k < directory->names.count; k++)
            free(directory->names.names_w[k]);
        free(directory->names.names_w);
        if (!watch->is_leaking)
            free(directory->buffer);
    }
    if (!watch->is_leaking) {
        free(watch->directories);
        free(watch);
    }
}
