/* A whole ledger: its sound prefix, and what it says. See ledgerline.h. */
#include "ledgerline.h"

#include "checkedline.h"
#include "list.h"

void sbx_ledger_records_done(struct sbx_ledger_records *records)
{
    size_t i;

    if (!records)
        return;
    for (i = 0; i < records->count; i++)
        sbx_ledger_record_done(&records->items[i]);
    free(records->items);
    memset(records, 0, sizeof(*records));
}

static enum sbx_status append(
    struct sbx_ledger_records *records, struct sbx_ledger_record *record, struct sbx_error *err)
{
    enum sbx_status status =
        sbx_list_grow(&records->items, records->count, sizeof(*records->items), err);

    if (status)
        return status;
    records->items[records->count++] = *record;
    memset(record, 0, sizeof(*record));
    return SBX_OK;
}

/* The place of a record in its ledger: the first is ROOT and no other is; no gap. */
static enum sbx_status check_place(
    const struct sbx_ledger_record *record, size_t index, struct sbx_error *err)
{
    if ((record->kind == SBX_LEDGER_ROOT) != (index == 0))
        return sbx_fail(
            err, SBX_INVALID, index ? "a second header" : "the first line is not the header");
    if (record->sequence != index + 1)
        return sbx_fail(err, SBX_INVALID, "line %zu is missing", index + 1);
    return SBX_OK;
}

static enum sbx_status take(
    void *context, const char *line, size_t line_bytes, size_t index, struct sbx_error *err)
{
    struct sbx_ledger_records *records = context;
    struct sbx_ledger_record record;
    enum sbx_status status;

    memset(&record, 0, sizeof(record));
    status = sbx_ledger_parse(line, line_bytes, &record, err);
    if (!status)
        status = check_place(&record, index, err);
    if (!status)
        status = append(records, &record, err);
    sbx_ledger_record_done(&record);
    return status;
}

enum sbx_status sbx_ledger_read(const char *bytes, size_t length_bytes,
    struct sbx_ledger_records *ret_records, struct sbx_error *err)
{
    struct sbx_ledger_records records;
    struct sbx_checkedline_front front;

    if (length_bytes > SBX_LEDGER_MAX_BYTES)
        return sbx_fail(err, SBX_INVALID, "the ledger is too large (%zu bytes)", length_bytes);
    memset(&records, 0, sizeof(records));
    if (sbx_checkedline_each(bytes, length_bytes, take, &records, &front, err)) {
        sbx_ledger_records_done(&records);
        return SBX_OOM;
    }
    records.good_bytes = front.good_bytes;
    records.damaged = front.damaged;
    memcpy(records.why, front.why, sizeof(records.why));
    *ret_records = records;
    return SBX_OK;
}

bool sbx_ledger_same_aces(
    const struct sbx_ace *a, size_t a_count, const struct sbx_ace *b, size_t b_count)
{
    size_t i;

    if (a_count != b_count)
        return false;
    for (i = 0; i < a_count; i++) {
        if (!sbx_ace_equal(&a[i], &b[i]))
            return false;
    }
    return true;
}

bool sbx_ledger_is_done(const struct sbx_ledger_records *records, const uint8_t file_id[16],
    const struct sbx_ace *aces, size_t count)
{
    bool done = false;
    size_t i;

    for (i = 0; i < records->count; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        bool is_about_it = memcmp(record->file_id, file_id, 16) == 0;

        if (record->kind == SBX_LEDGER_STALE || (is_about_it && record->kind == SBX_LEDGER_GONE))
            done = false;
        else if (is_about_it && sbx_ledger_same_aces(record->aces, record->ace_count, aces, count))
            done = record->kind == SBX_LEDGER_DONE; /* TARGET: it was missing again */
    }
    return done;
}

static bool holds(const struct sbx_ace *aces, size_t count, const struct sbx_ace *ace)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (sbx_ace_equal(&aces[i], ace))
            return true;
    }
    return false;
}

enum sbx_status sbx_ledger_added(const struct sbx_ledger_records *records,
    const uint8_t file_id[16], struct sbx_ace **ret_aces, size_t *ret_count, struct sbx_error *err)
{
    struct sbx_ace *aces = NULL;
    size_t most = 0;
    size_t count = 0;
    enum sbx_status status = SBX_OK;
    size_t i;
    size_t k;

    for (i = 0; i < records->count; i++)
        most += records->items[i].added_count;
    *ret_aces = NULL;
    *ret_count = 0;
    if (!most)
        return SBX_OK;
    status = sbx_calloc(most, sizeof(*aces), &aces, err);
    if (status)
        return status;
    for (i = 0; i < records->count; i++) {
        const struct sbx_ledger_record *record = &records->items[i];

        if (memcmp(record->file_id, file_id, 16) != 0)
            continue;
        if (record->kind == SBX_LEDGER_GONE)
            count = 0;
        for (k = 0; k < record->added_count; k++) {
            if (!holds(aces, count, &record->added[k]))
                aces[count++] = record->added[k];
        }
    }
    if (!count) {
        free(aces);
        return SBX_OK;
    }
    *ret_aces = aces;
    *ret_count = count;
    return SBX_OK;
}
