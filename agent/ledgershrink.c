/* A shorter ledger that says the same: see ledger.h. */
#include "ledgerfile.h"

#include <stdio.h>

#include "shared/win/file.h"
#include "shared/win/handle.h"

static void next_name(const char *name, char ret_name[SBX_LEDGER_NAME_SIZE + 8])
{
    snprintf(ret_name, SBX_LEDGER_NAME_SIZE + 8, "%s.next", name);
}

enum sbx_status sbx_ledger_read_next(HANDLE directory, const char *name, HANDLE *ret_file,
    struct sbx_buf *bytes, struct sbx_ledger_records *records, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA | DELETE};
    char next[SBX_LEDGER_NAME_SIZE + 8];
    enum sbx_status status;

    next_name(name, next);
    status = sbx_file_open_at(directory, next, &how, ret_file, err);
    return status ? status : sbx_ledger_read_all(*ret_file, bytes, records, err);
}

static enum sbx_status overwrite(HANDLE file, const struct sbx_buf *bytes, struct sbx_error *err)
{
    enum sbx_status status = sbx_ledger_move_to(file, 0, err);

    if (!status)
        status = sbx_file_write_all(file, bytes->data, bytes->length_bytes, err);
    if (!status && !SetEndOfFile(file))
        status = sbx_fail_win32(err, GetLastError(), "cut the ledger");
    if (!status && !FlushFileBuffers(file))
        status = sbx_fail_win32(err, GetLastError(), "flush the ledger");
    return status;
}

enum sbx_status sbx_ledger_recover(
    HANDLE directory, const struct sbx_ledger *ledger, struct sbx_error *err)
{
    struct sbx_ledger_records records;
    struct sbx_buf bytes;
    HANDLE next = NULL;
    enum sbx_status status;

    memset(&records, 0, sizeof(records));
    sbx_buf_init(&bytes, SBX_LEDGER_MAX_BYTES);
    status = sbx_ledger_read_next(directory, ledger->name, &next, &bytes, &records, err);
    if (!status && records.count && !records.damaged)
        status = overwrite(ledger->file, &bytes, err);
    if (!status)
        status = sbx_file_delete(next, err);
    if (status == SBX_NOT_FOUND)
        status = SBX_OK;
    sbx_handle_close(&next);
    sbx_ledger_records_done(&records);
    sbx_buf_done(&bytes);
    return status;
}

static enum sbx_status delete_next(HANDLE directory, const char *name, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = DELETE};
    char next[SBX_LEDGER_NAME_SIZE + 8];
    HANDLE handle = NULL;
    enum sbx_status status;

    next_name(name, next);
    status = sbx_file_open_at(directory, next, &how, &handle, err);
    if (!status)
        status = sbx_file_delete(handle, err);
    sbx_handle_close(&handle);
    return status;
}

enum sbx_status sbx_ledger_shrink(HANDLE directory, struct sbx_ledger *ledger,
    bool (*is_gone)(void *ctx, const struct sbx_ledger_record *record), void *ctx,
    struct sbx_error *err)
{
    struct sbx_ledger_records records;
    char next[SBX_LEDGER_NAME_SIZE + 8];
    enum sbx_status status = SBX_OK;
    struct sbx_buf text;
    size_t count = 0;

    if (ledger->records.count < SBX_LEDGER_SHRINK_AT)
        return SBX_OK;
    memset(&records, 0, sizeof(records));
    sbx_buf_init(&text, SBX_LEDGER_MAX_BYTES);
    next_name(ledger->name, next);
    /* What cannot be begun leaves a long ledger, which is as true. */
    if (sbx_ledger_compact(&ledger->records, is_gone, ctx, &text, &count, NULL) ||
        count * 2 > ledger->records.count ||
        sbx_ledger_read(text.data, text.length_bytes, &records, NULL) || records.damaged ||
        records.count != count ||
        sbx_file_replace_at(directory, next, text.data, text.length_bytes, NULL, NULL))
        goto cleanup;
    status = overwrite(ledger->file, &text, err);
    if (!status)
        status = delete_next(directory, ledger->name, err);
    if (status) {
        sbx_error_context(err, "shorten the ledger '%s'", ledger->name);
        goto cleanup;
    }
    sbx_ledger_records_done(&ledger->records);
    ledger->records = records;
    memset(&records, 0, sizeof(records));

cleanup:
    sbx_ledger_records_done(&records);
    sbx_buf_done(&text);
    return status;
}
