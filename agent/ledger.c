/* See ledger.h. */
#include "ledgerfile.h"

#include <stdio.h>

#include "shared/core/list.h"
#include "shared/win/clock.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"

#define LEDGER_FOLDER "ledger"
#define POLL_MS 100u
#define NT_SHARING_VIOLATION 0xC0000043u
#define DAMAGED_COPIES_MAX 99

enum sbx_status sbx_ledger_directory(
    const char *state_directory, bool create, HANDLE *ret_directory, struct sbx_error *err)
{
    static const struct sbx_file_how state_how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE};
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_FILE};
    HANDLE state = NULL;
    enum sbx_status status = sbx_file_open(state_directory, &state_how, &state, err);

    if (!status && create)
        status =
            sbx_file_ensure_directory(state, LEDGER_FOLDER, &how, NULL, ret_directory, NULL, err);
    else if (!status)
        status = sbx_file_open_at(state, LEDGER_FOLDER, &how, ret_directory, err);
    if (status)
        sbx_error_context(err, "ledger folder in '%s'", state_directory);
    sbx_handle_close(&state);
    return status;
}

void sbx_ledger_close(struct sbx_ledger *ledger)
{
    if (!ledger)
        return;
    sbx_handle_close(&ledger->file);
    sbx_ledger_records_done(&ledger->records);
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool is_held(const struct sbx_error *error)
{
    return (error->domain == SBX_DOMAIN_NTSTATUS && error->code == NT_SHARING_VIOLATION) ||
           (error->domain == SBX_DOMAIN_WIN32 && error->code == ERROR_SHARING_VIOLATION);
}

static enum sbx_status open_or_create(
    HANDLE directory, const char *name, bool create, HANDLE *ret_file, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN,
        .access = FILE_READ_DATA | FILE_WRITE_DATA | DELETE,
        .share = FILE_SHARE_READ};
    enum sbx_status status = sbx_file_open_at(directory, name, &how, ret_file, err);

    if (status == SBX_NOT_FOUND && create)
        status = sbx_file_create_at(directory, name, &how, NULL, ret_file, err);
    if (status == SBX_EXISTS) /* another agent was faster */
        status = sbx_file_open_at(directory, name, &how, ret_file, err);
    return status;
}

static enum sbx_status lock(HANDLE directory, const char *name, const struct sbx_ledger_how *how,
    HANDLE *ret_file, struct sbx_error *err)
{
    uint64_t deadline_ms = sbx_clock_ms() + how->wait_ms;

    for (;;) {
        enum sbx_status status = open_or_create(directory, name, how->create, ret_file, err);

        if (!status || !err || !is_held(err))
            return status;
        if (how->cancel && *how->cancel)
            return sbx_fail(err, SBX_CANCELLED, "cancelled while waiting for another agent");
        if (sbx_clock_left_ms(deadline_ms) == 0) {
            sbx_fail(err, SBX_TIMEOUT, "another agent has been working on this root for %u ms",
                (unsigned)how->wait_ms);
            sbx_error_hint(err, "wait for it to finish, or end it, and run the command again");
            return SBX_TIMEOUT;
        }
        if (how->waiting)
            how->waiting(how->context);
        Sleep(POLL_MS);
    }
}

enum sbx_status sbx_ledger_move_to(HANDLE file, uint64_t at_bytes, struct sbx_error *err)
{
    LARGE_INTEGER position;

    position.QuadPart = (LONGLONG)at_bytes;
    if (!SetFilePointerEx(file, position, NULL, FILE_BEGIN))
        return sbx_fail_win32(err, GetLastError(), "position in the ledger");
    return SBX_OK;
}

/* Keep all bytes of a damaged ledger beside it: somebody may want to know what they said. */
static enum sbx_status set_aside(
    HANDLE directory, const char *name, const struct sbx_buf *bytes, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_WRITE_DATA};
    char copy_name[SBX_LEDGER_NAME_SIZE + 16];
    HANDLE copy = NULL;
    enum sbx_status status = SBX_EXISTS;
    int n;

    for (n = 1; n <= DAMAGED_COPIES_MAX && status == SBX_EXISTS; n++) {
        snprintf(copy_name, sizeof(copy_name), "%s.damaged-%d", name, n);
        status = sbx_file_create_at(directory, copy_name, &how, NULL, &copy, err);
    }
    if (!status)
        status = sbx_file_write_all(copy, bytes->data, bytes->length_bytes, err);
    if (!status && !FlushFileBuffers(copy))
        status = sbx_fail_win32(err, GetLastError(), "flush '%s'", copy_name);
    sbx_handle_close(&copy);
    return status;
}

bool sbx_ledger_was_set_aside(HANDLE directory, const char *name)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    char copy_name[SBX_LEDGER_NAME_SIZE + 16];
    HANDLE copy = NULL;
    enum sbx_status status;

    snprintf(copy_name, sizeof(copy_name), "%s.damaged-1", name);
    status = sbx_file_open_at(directory, copy_name, &how, &copy, NULL);
    sbx_handle_close(&copy);
    return status != SBX_NOT_FOUND;
}

enum sbx_status sbx_ledger_unreadable(const char *name, struct sbx_error *err)
{
    sbx_fail(
        err, SBX_UNPROVEN, "the ledger '%s' cannot be read: what was granted is not known", name);
    sbx_error_hint(err, "it is kept. Run a command in the directory it is for (lines of it, or of "
                        "its .damaged copy, may still name it): that writes it anew; then revoke "
                        "again. If the directory is gone, delete the ledger");
    return SBX_UNPROVEN;
}

static enum sbx_status repair(
    HANDLE directory, struct sbx_ledger *ledger, const struct sbx_buf *bytes, struct sbx_error *err)
{
    struct sbx_ledger_record stale = {.kind = SBX_LEDGER_STALE};
    enum sbx_status status = set_aside(directory, ledger->name, bytes, err);

    if (!status)
        status = sbx_ledger_move_to(ledger->file, ledger->records.good_bytes, err);
    if (!status && !SetEndOfFile(ledger->file))
        status = sbx_fail_win32(err, GetLastError(), "cut off the damaged part");
    if (!status && ledger->records.count)
        status = sbx_ledger_append(ledger, &stale, err);
    if (!status)
        status = sbx_ledger_flush(ledger, err);
    ledger->repaired = true;
    return status;
}

enum sbx_status sbx_ledger_read_all(
    HANDLE file, struct sbx_buf *bytes, struct sbx_ledger_records *records, struct sbx_error *err)
{
    enum sbx_status status = sbx_file_read_all(file, bytes, err);

    return status
               ? status
               : sbx_ledger_read(bytes->data ? bytes->data : "", bytes->length_bytes, records, err);
}

/* --- open and peek ---------------------------------------------------------------------------- */

enum sbx_status sbx_ledger_open(HANDLE directory, const char *name,
    const struct sbx_ledger_how *how, struct sbx_ledger *ret_ledger, struct sbx_error *err)
{
    struct sbx_ledger ledger;
    struct sbx_error own;
    struct sbx_buf bytes;
    enum sbx_status status = SBX_OK;

    sbx_error_init(&own);
    if (!err)
        err = &own; /* lock() looks at the code */
    memset(&ledger, 0, sizeof(ledger));
    sbx_buf_init(&bytes, SBX_LEDGER_MAX_BYTES);
    snprintf(ledger.name, sizeof(ledger.name), "%s", name);
    status = lock(directory, name, how, &ledger.file, err);
    if (!status)
        status = sbx_ledger_recover(directory, &ledger, err);
    if (!status)
        status = sbx_ledger_read_all(ledger.file, &bytes, &ledger.records, err);
    if (!status && ledger.records.damaged && !ledger.records.count && !how->create)
        status = sbx_ledger_unreadable(name, err);
    else if (!status && ledger.records.damaged)
        status = repair(directory, &ledger, &bytes, err);
    if (!status) {
        *ret_ledger = ledger;
        memset(&ledger, 0, sizeof(ledger));
    } else if (status != SBX_NOT_FOUND) {
        sbx_error_context(err, "ledger '%s'", name);
    }
    sbx_buf_done(&bytes);
    sbx_ledger_close(&ledger);
    return status;
}

enum sbx_status sbx_ledger_peek(HANDLE directory, const char *name,
    struct sbx_ledger_records *ret_records, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    struct sbx_buf bytes;
    HANDLE file = NULL, next = NULL;
    enum sbx_status status = sbx_file_open_at(directory, name, &how, &file, err);

    sbx_buf_init(&bytes, SBX_LEDGER_MAX_BYTES);
    if (status)
        goto cleanup;
    /* A ledger that is being shortened is not whole for a moment; then its next content is. */
    if (!sbx_ledger_read_next(directory, name, &next, &bytes, ret_records, NULL) &&
        ret_records->count && !ret_records->damaged)
        goto cleanup;
    sbx_ledger_records_done(ret_records);
    memset(ret_records, 0, sizeof(*ret_records));
    sbx_buf_clear(&bytes);
    status = sbx_ledger_read_all(file, &bytes, ret_records, err);
cleanup:
    sbx_buf_done(&bytes);
    sbx_handle_close(&next);
    sbx_handle_close(&file);
    return status;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Keep in memory what was written, as a later run would read it. */
static enum sbx_status remember(
    struct sbx_ledger *ledger, const struct sbx_buf *line, struct sbx_error *err)
{
    struct sbx_ledger_records *records = &ledger->records;
    enum sbx_status status =
        sbx_list_grow(&records->items, records->count, sizeof(*records->items), err);

    if (status)
        return status;
    if (sbx_ledger_parse(line->data, line->length_bytes, &records->items[records->count], err))
        return sbx_fail(err, SBX_INTERNAL, "a ledger line does not read back");
    records->count++;
    records->good_bytes += line->length_bytes;
    return SBX_OK;
}

enum sbx_status sbx_ledger_append(
    struct sbx_ledger *ledger, struct sbx_ledger_record *record, struct sbx_error *err)
{
    struct sbx_buf line;
    enum sbx_status status = SBX_OK;

    sbx_buf_init(&line, SBX_LEDGER_LINE_MAX + 64);
    record->sequence = ledger->records.count + 1;
    status = sbx_ledger_format(record, &line, err);
    if (!status)
        status = sbx_ledger_move_to(ledger->file, ledger->records.good_bytes, err);
    if (!status)
        status = sbx_file_write_all(ledger->file, line.data, line.length_bytes, err);
    if (!status)
        status = remember(ledger, &line, err);
    if (status)
        sbx_error_context(err, "write the ledger '%s'", ledger->name);
    sbx_buf_done(&line);
    return status;
}

enum sbx_status sbx_ledger_flush(struct sbx_ledger *ledger, struct sbx_error *err)
{
    if (!FlushFileBuffers(ledger->file))
        return sbx_fail_win32(err, GetLastError(), "flush the ledger '%s'", ledger->name);
    return SBX_OK;
}

enum sbx_status sbx_ledger_remove(struct sbx_ledger *ledger, struct sbx_error *err)
{
    enum sbx_status status = sbx_file_delete(ledger->file, err);

    if (status)
        sbx_error_context(err, "delete the ledger '%s'", ledger->name);
    sbx_ledger_close(ledger);
    return status;
}
