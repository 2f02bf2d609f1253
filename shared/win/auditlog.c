/* See auditlog.h. */
#include "auditlog.h"
#include "clock.h"
#include "file.h"
#include "filewalk.h"
#include "handle.h"

#include <stdio.h>

#define POLL_MS 2u
#define NT_SHARING_VIOLATION 0xC0000043u
#define NUMBER_MAX 99999999u

static const struct sbx_file_how read_how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};

uint64_t sbx_auditlog_now_ms(void)
{
    const uint64_t ticks_1970 = UINT64_C(116444736000000000); /* of 100 ns since 1601 */
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return ((((uint64_t)now.dwHighDateTime << 32) | now.dwLowDateTime) - ticks_1970) / 10000;
}

enum sbx_status sbx_auditlog_open(
    const char *state_directory, bool create, struct sbx_auditlog *ret_log, struct sbx_error *err)
{
    static const struct sbx_file_how state_how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE};
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_FILE};
    HANDLE state = NULL, directory = NULL;
    enum sbx_status status = sbx_file_open(state_directory, &state_how, &state, err);

    if (!status && create)
        status = sbx_file_ensure_directory(
            state, SBX_AUDITLOG_FOLDER, &how, NULL, &directory, NULL, err);
    else if (!status)
        status = sbx_file_open_at(state, SBX_AUDITLOG_FOLDER, &how, &directory, err);
    if (status) {
        sbx_handle_close(&state);
        sbx_error_context(err, "audit log in '%s'", state_directory);
        return status;
    }
    ret_log->state = state;
    ret_log->directory = directory;
    ret_log->rotate_bytes = SBX_AUDITLOG_ROTATE_BYTES;
    ret_log->wait_ms = SBX_AUDITLOG_WAIT_MS;
    InitializeCriticalSection(&ret_log->lock);
    return SBX_OK;
}

void sbx_auditlog_close(struct sbx_auditlog *log)
{
    if (!log || !log->directory)
        return;
    sbx_handle_close(&log->directory);
    sbx_handle_close(&log->state);
    DeleteCriticalSection(&log->lock);
}

/* --- files ------------------------------------------------------------------------------------ */

void sbx_auditlog_name(uint32_t number, char ret_name[SBX_AUDITLOG_NAME_SIZE])
{
    snprintf(ret_name, SBX_AUDITLOG_NAME_SIZE, "audit-%08u.jsonl",
        (unsigned)(number > NUMBER_MAX ? NUMBER_MAX : number));
}

struct range {
    uint32_t lowest, highest;
};

static uint32_t number_of(const wchar_t *name_w, size_t cch)
{
    char name[SBX_AUDITLOG_NAME_SIZE], expected[SBX_AUDITLOG_NAME_SIZE];
    uint32_t number = 0;
    size_t i;

    if (cch >= sizeof(name))
        return 0;
    for (i = 0; i < cch; i++) {
        name[i] = name_w[i] < 128 ? (char)name_w[i] : '?';
        if (i >= 6 && i < 14 && name[i] >= '0' && name[i] <= '9')
            number = number * 10 + (uint32_t)(name[i] - '0');
    }
    name[cch] = '\0';
    sbx_auditlog_name(number, expected);
    return strcmp(name, expected) == 0 ? number : 0;
}

static enum sbx_filewalk_next note(void *context, struct sbx_filewalk_entry *entry)
{
    struct range *range = context;
    uint32_t number = number_of(entry->name_w, entry->name_cch);

    if (number) {
        if (!range->lowest || number < range->lowest)
            range->lowest = number;
        if (number > range->highest)
            range->highest = number;
    }
    return SBX_WALK_SKIP;
}

enum sbx_status sbx_auditlog_range(const struct sbx_auditlog *log, uint32_t *ret_lowest,
    uint32_t *ret_highest, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    struct range range = {0, 0};
    const struct sbx_filewalk walk = {.context = &range, .visit = note};
    HANDLE folder =
        NULL; /* of its own: some systems list what was there at a handle's first look */
    enum sbx_status status = sbx_file_open_at(log->state, SBX_AUDITLOG_FOLDER, &how, &folder, err);

    if (!status)
        status = sbx_filewalk_run(folder, &walk, NULL, err);
    sbx_handle_close(&folder);
    *ret_lowest = range.lowest;
    *ret_highest = range.highest;
    return status;
}

enum sbx_status sbx_auditlog_read(const struct sbx_auditlog *log, uint32_t number,
    struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    char name[SBX_AUDITLOG_NAME_SIZE];
    HANDLE file = NULL;
    enum sbx_status status;

    sbx_auditlog_name(number, name);
    status = sbx_file_open_at(log->directory, name, &read_how, &file, err);
    if (!status)
        status = sbx_file_read_all(file, ret_bytes, err);
    if (status)
        sbx_error_context(err, "'%s'", name);
    sbx_handle_close(&file);
    return status;
}

/* --- appending -------------------------------------------------------------------------------- */

/* One append under way. */
struct append {
    struct sbx_auditlog *log;
    HANDLE file; /* the lock */
    uint32_t number;
    uint64_t size_bytes;
    struct sbx_audit_tip tip; /* what the next record follows */
    size_t torn_bytes;        /* behind the last whole line */
    bool damaged;             /* the last whole line is no record */
    struct sbx_buf lines;
    enum sbx_audit_action note; /* of the first of two lines */
};

static bool is_held(const struct sbx_error *err)
{
    return (err->domain == SBX_DOMAIN_NTSTATUS && err->code == NT_SHARING_VIOLATION) ||
           (err->domain == SBX_DOMAIN_WIN32 && err->code == ERROR_SHARING_VIOLATION);
}

static enum sbx_status open_file(
    HANDLE directory, uint32_t number, HANDLE *ret_file, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN,
        .access = FILE_READ_DATA | FILE_WRITE_DATA,
        .share = FILE_SHARE_READ};
    char name[SBX_AUDITLOG_NAME_SIZE];
    enum sbx_status status;

    sbx_auditlog_name(number, name);
    status = sbx_file_open_at(directory, name, &how, ret_file, err);
    if (status == SBX_NOT_FOUND)
        status = sbx_file_create_at(directory, name, &how, NULL, ret_file, err);
    if (status == SBX_EXISTS) /* another writer was faster */
        status = sbx_file_open_at(directory, name, &how, ret_file, err);
    return status;
}

static bool exists(HANDLE directory, uint32_t number)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    char name[SBX_AUDITLOG_NAME_SIZE];
    HANDLE file = NULL;
    bool found;

    sbx_auditlog_name(number, name);
    found = sbx_file_open_at(directory, name, &how, &file, NULL) != SBX_NOT_FOUND;
    sbx_handle_close(&file);
    return found;
}

/* Open the file that grows, and be the only one. It may have changed while we waited for it. */
static enum sbx_status lock(struct append *append, struct sbx_error *err)
{
    const uint64_t deadline_ms = sbx_clock_ms() + append->log->wait_ms;
    uint32_t lowest = 0, highest = 0;
    enum sbx_status status;

    for (;;) {
        status = sbx_auditlog_range(append->log, &lowest, &highest, err);
        if (status)
            return status;
        append->number = highest ? highest : 1;
        status = open_file(append->log->directory, append->number, &append->file, err);
        if (!status) {
            if (!exists(append->log->directory, append->number + 1))
                return SBX_OK;
            sbx_handle_close(&append->file);
        } else if (!is_held(err)) {
            return status;
        }
        if (!sbx_clock_left_ms(deadline_ms))
            return sbx_fail(err, SBX_TIMEOUT, "other programs have held the audit log for %u ms",
                (unsigned)append->log->wait_ms);
        Sleep(POLL_MS);
    }
}

/* The last bytes of a file: a whole record and a part of another fit. */
static enum sbx_status read_tail(
    HANDLE file, struct sbx_buf *tail, uint64_t *ret_size_bytes, struct sbx_error *err)
{
    const uint64_t want = 2u * SBX_AUDIT_LINE_MAX;
    LARGE_INTEGER size, position;
    enum sbx_status status;
    char *bytes = NULL;
    DWORD got = 0, code;
    uint64_t left;

    if (!GetFileSizeEx(file, &size)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "size of the audit log");
    }
    *ret_size_bytes = (uint64_t)size.QuadPart;
    left = *ret_size_bytes < want ? *ret_size_bytes : want;
    if (!left)
        return SBX_OK;
    position.QuadPart = (LONGLONG)(*ret_size_bytes - left);
    status = sbx_calloc((size_t)left, 1, &bytes, err);
    if (status)
        return status;
    if (!SetFilePointerEx(file, position, NULL, FILE_BEGIN) ||
        !ReadFile(file, bytes, (DWORD)left, &got, NULL)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "read the end of the audit log");
    } else if (got != left) {
        status = sbx_fail(err, SBX_OS, "the end of the audit log reads short");
    } else {
        status = sbx_buf_add(tail, bytes, got, err);
    }
    free(bytes);
    return status;
}

/* The record at the end of a file. @param ret_any false: the file has no whole line */
static enum sbx_status read_end(HANDLE file, struct append *append, bool *ret_any,
    size_t *ret_torn_bytes, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf tail;
    size_t whole, begin;

    sbx_buf_init(&tail, 2u * SBX_AUDIT_LINE_MAX);
    status = read_tail(file, &tail, &append->size_bytes, err);
    whole = sbx_audit_whole_bytes(tail.data, tail.length_bytes);
    *ret_torn_bytes = tail.length_bytes - whole;
    *ret_any = whole > 0;
    if (!status && !whole && append->size_bytes > tail.length_bytes)
        *ret_any = append->damaged = true; /* more bytes without a line end than any record has */
    if (!status && whole) {
        begin = sbx_audit_whole_bytes(tail.data, whole - 1);
        append->damaged = sbx_audit_read_line(
                              tail.data + begin, whole - begin, &append->tip, NULL, NULL) != SBX_OK;
    }
    sbx_buf_done(&tail);
    return status;
}

/* Where the chain stands. A file that was only just made follows the one before it. */
static enum sbx_status find_tip(struct append *append, struct sbx_error *err)
{
    char name[SBX_AUDITLOG_NAME_SIZE];
    HANDLE before = NULL;
    uint64_t size_bytes;
    enum sbx_status status;
    size_t ignored;
    bool any = false;

    sbx_audit_tip_init(&append->tip);
    status = read_end(append->file, append, &any, &append->torn_bytes, err);
    if (status || any || append->number == 1)
        return status;
    size_bytes = append->size_bytes;
    sbx_auditlog_name(append->number - 1, name);
    status = sbx_file_open_at(append->log->directory, name, &read_how, &before, err);
    if (status == SBX_NOT_FOUND) { /* somebody removed it: the chain cannot go on */
        append->damaged = true;
        return SBX_OK;
    }
    if (!status)
        status = read_end(before, append, &any, &ignored, err);
    /* Between its rotation and our record it was closed: a torn end there is damage as well. */
    if (!status && (!any || ignored))
        append->damaged = true;
    append->size_bytes = size_bytes;
    sbx_handle_close(&before);
    return status;
}

static enum sbx_status add_note(
    struct append *append, enum sbx_audit_action action, struct sbx_error *err)
{
    struct sbx_audit_record note_record;

    append->note = action;
    sbx_audit_begin(&note_record, action, SBX_OUTCOME_SUCCESS, sbx_auditlog_now_ms());
    sbx_audit_number(&note_record, "agent_sandbox", "bytes_cut", append->torn_bytes);
    return sbx_audit_format(&note_record, &append->tip, &append->lines, err);
}

/* Close this file for good and go on in the next; the old one is held until that is ours. */
static enum sbx_status next_file(struct append *append, struct sbx_error *err)
{
    HANDLE next = NULL;
    enum sbx_status status;

    if (append->number >= NUMBER_MAX)
        return sbx_fail(err, SBX_UNSUPPORTED, "the audit log has had %u files", NUMBER_MAX);
    status = open_file(append->log->directory, append->number + 1, &next, err);
    if (status)
        return status;
    FlushFileBuffers(append->file);
    sbx_handle_close(&append->file);
    append->file = next;
    append->number++;
    append->size_bytes = 0;
    append->torn_bytes = 0;
    return SBX_OK;
}

/* The oldest file, when there are too many. That it stays is no failure. */
static void prune(const struct append *append)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = DELETE};
    char name[SBX_AUDITLOG_NAME_SIZE];
    uint32_t lowest = 0, highest = 0;
    HANDLE file = NULL;

    if (sbx_auditlog_range(append->log, &lowest, &highest, NULL) || !lowest)
        return;
    for (; lowest + SBX_AUDITLOG_FILES_MAX <= highest; lowest++) {
        sbx_auditlog_name(lowest, name);
        if (sbx_file_open_at(append->log->directory, name, &how, &file, NULL) ||
            sbx_file_delete(file, NULL))
            SetLastError(ERROR_SUCCESS);
        sbx_handle_close(&file);
    }
}

static enum sbx_status cut(HANDLE file, uint64_t at_bytes, struct sbx_error *err)
{
    LARGE_INTEGER position;
    DWORD code;

    position.QuadPart = (LONGLONG)at_bytes;
    if (SetFilePointerEx(file, position, NULL, FILE_BEGIN) && SetEndOfFile(file))
        return SBX_OK;
    code = GetLastError();
    return sbx_fail_win32(err, code, "cut off the end of the audit log");
}

/* Get the file into a state that a record may follow, with the records that say what was done. */
static enum sbx_status prepare(struct append *append, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (append->damaged) {
        status = next_file(append, err);
        sbx_audit_tip_init(&append->tip);
        if (!status)
            status = add_note(append, SBX_AUDIT_LOG_RESTARTED, err);
        return status;
    }
    if (append->torn_bytes) {
        append->size_bytes -= append->torn_bytes;
        status = add_note(append, SBX_AUDIT_LOG_REPAIRED, err);
    } else if (append->size_bytes >= append->log->rotate_bytes) {
        status = next_file(append, err);
        if (!status)
            prune(append);
    }
    return status;
}

static enum sbx_status write_lines(struct append *append, struct sbx_error *err)
{
    enum sbx_status status = cut(append->file, append->size_bytes, err);

    if (!status)
        status =
            sbx_file_write_all(append->file, append->lines.data, append->lines.length_bytes, err);
    if (status && cut(append->file, append->size_bytes, NULL))
        SetLastError(ERROR_SUCCESS); /* the next writer cuts it off */
    return status;
}

enum sbx_status sbx_auditlog_append(struct sbx_auditlog *log, const struct sbx_audit_record *record,
    struct sbx_auditlog_written *ret_written, struct sbx_error *err)
{
    struct append append = {.log = log};
    struct sbx_error own;
    enum sbx_status status;

    sbx_error_init(&own);
    if (!err)
        err = &own; /* lock() looks at the code */
    sbx_buf_init(&append.lines, 2u * SBX_AUDIT_LINE_MAX);
    EnterCriticalSection(&log->lock);
    status = lock(&append, err);
    if (!status)
        status = find_tip(&append, err);
    if (!status)
        status = prepare(&append, err);
    if (!status)
        status = sbx_audit_format(record, &append.tip, &append.lines, err);
    if (!status)
        status = write_lines(&append, err);
    if (status)
        sbx_error_context(err, "write the audit log");
    sbx_handle_close(&append.file);
    LeaveCriticalSection(&log->lock);
    if (!status && ret_written) {
        ret_written->lines = append.lines;
        ret_written->note = append.note;
        return SBX_OK;
    }
    sbx_buf_done(&append.lines);
    return status;
}
