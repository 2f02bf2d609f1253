/* The same ledger in fewer lines. See ledgerline.h. */
#include "ledgerline.h"

#include "winpath.h"

static bool is_same_object(const struct sbx_ledger_record *a, const struct sbx_ledger_record *b)
{
    return memcmp(a->file_id, b->file_id, sizeof(a->file_id)) == 0;
}

static bool is_same_target(const struct sbx_ledger_record *a, const struct sbx_ledger_record *b)
{
    return a->kind == SBX_LEDGER_TARGET && b->kind == SBX_LEDGER_TARGET && is_same_object(a, b) &&
           sbx_ledger_same_aces(a->aces, a->ace_count, b->aces, b->ace_count);
}

/* True for a TARGET record that nothing later stands for or takes back. */
static bool is_last(const struct sbx_ledger_records *records, size_t index, bool *ret_path_taken)
{
    const struct sbx_ledger_record *record = &records->items[index];
    size_t i;

    *ret_path_taken = false;
    if (record->kind != SBX_LEDGER_TARGET)
        return false;
    for (i = index + 1; i < records->count; i++) {
        const struct sbx_ledger_record *later = &records->items[i];

        if (is_same_target(record, later) ||
            (later->kind == SBX_LEDGER_GONE && is_same_object(record, later)))
            return false;
        if (later->kind == SBX_LEDGER_TARGET && !is_same_object(record, later) &&
            sbx_winpath_equal(record->path, later->path))
            *ret_path_taken = true;
    }
    return true;
}

static bool has(const struct sbx_ace *aces, size_t count, const struct sbx_ace *ace)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (sbx_ace_equal(&aces[i], ace))
            return true;
    return false;
}

/* All that this record and earlier ones like it added, each entry once. */
static enum sbx_status collect_added(const struct sbx_ledger_records *records, size_t index,
    struct sbx_ace **ret_added, size_t *ret_count, struct sbx_error *err)
{
    const struct sbx_ledger_record *record = &records->items[index];
    enum sbx_status status = sbx_calloc(record->ace_count + 1, sizeof(**ret_added), ret_added, err);
    size_t i, k;

    *ret_count = 0;
    for (i = 0; i <= index && !status; i++) {
        const struct sbx_ledger_record *other = &records->items[i];

        if (other->kind == SBX_LEDGER_GONE && is_same_object(other, record))
            *ret_count = 0;
        if (!is_same_target(other, record))
            continue;
        for (k = 0; k < other->added_count; k++) {
            if (has(*ret_added, *ret_count, &other->added[k]))
                continue;
            if (*ret_count == record->ace_count) /* more than was wanted: not ours to shorten */
                return sbx_fail(err, SBX_INVALID, "a record added what it did not want");
            (*ret_added)[(*ret_count)++] = other->added[k];
        }
    }
    return status;
}

static enum sbx_status put(
    struct sbx_ledger_record *record, struct sbx_buf *text, size_t *count, struct sbx_error *err)
{
    record->sequence = ++*count;
    return sbx_ledger_format(record, text, err);
}

static enum sbx_status put_target(const struct sbx_ledger_records *records, size_t index,
    struct sbx_buf *text, size_t *count, struct sbx_error *err)
{
    struct sbx_ledger_record record = records->items[index]; /* borrows */
    enum sbx_status status;

    record.added = NULL;
    status = collect_added(records, index, &record.added, &record.added_count, err);
    if (!status)
        status = put(&record, text, count, err);
    free(record.added);
    return status;
}

static enum sbx_status put_done(const struct sbx_ledger_records *records, size_t index,
    struct sbx_buf *text, size_t *count, struct sbx_error *err)
{
    struct sbx_ledger_record record = records->items[index]; /* borrows */

    if (!sbx_ledger_is_done(records, record.file_id, record.aces, record.ace_count))
        return SBX_OK;
    record.kind = SBX_LEDGER_DONE;
    record.added = NULL;
    record.added_count = 0;
    return put(&record, text, count, err);
}

enum sbx_status sbx_ledger_compact(const struct sbx_ledger_records *records,
    bool (*is_gone)(void *ctx, const struct sbx_ledger_record *record), void *ctx,
    struct sbx_buf *ret_text, size_t *ret_count, struct sbx_error *err)
{
    struct sbx_ledger_record root;
    enum sbx_status status = SBX_OK;
    bool *keep = NULL;
    size_t i;

    *ret_count = 0;
    if (!records->count)
        return SBX_OK;
    status = sbx_calloc(records->count, sizeof(*keep), &keep, err);
    root = records->items[0]; /* borrows */
    if (!status)
        status = put(&root, ret_text, ret_count, err);
    for (i = 1; i < records->count && !status; i++) {
        const struct sbx_ledger_record *record = &records->items[i];
        bool path_taken = false;

        keep[i] = is_last(records, i, &path_taken);
        if (keep[i] && path_taken && !record->is_directory && is_gone && is_gone(ctx, record))
            keep[i] = false;
        if (keep[i])
            status = put_target(records, i, ret_text, ret_count, err);
    }
    for (i = 1; i < records->count && !status; i++)
        if (keep[i])
            status = put_done(records, i, ret_text, ret_count, err);
    free(keep);
    return status;
}
