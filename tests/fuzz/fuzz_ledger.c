/*
 * ledger: whatever the file holds, the records before the damage are read, and writing them again
 * gives records that are the same. The input is also tried as the JSON text of one line with a
 * right length and checksum, which no mutation would find.
 */
#include "shared/core/ledgerline.h"

#include "shared/core/sha256.h"
#include "tests/fuzz/fuzz.h"

/* A record that was accepted is written, and reads back equal to itself. */
static void check_record(const struct sbx_ledger_record *record)
{
    struct sbx_ledger_record back;
    struct sbx_error err;
    struct sbx_buf line;

    memset(&back, 0, sizeof(back));
    sbx_error_init(&err);
    sbx_buf_init(&line, 2u * SBX_LEDGER_LINE_MAX);
    if (sbx_ledger_format(record, &line, &err) == SBX_OK) {
        FUZZ_CHECK(sbx_ledger_parse(line.data, line.length_bytes, &back, &err) == SBX_OK);
        FUZZ_CHECK(back.kind == record->kind && back.sequence == record->sequence);
        FUZZ_CHECK(memcmp(back.file_id, record->file_id, 16) == 0);
        FUZZ_CHECK(!record->path || strcmp(back.path, record->path) == 0);
        FUZZ_CHECK(
            sbx_ledger_same_aces(back.aces, back.ace_count, record->aces, record->ace_count));
        FUZZ_CHECK(
            sbx_ledger_same_aces(back.added, back.added_count, record->added, record->added_count));
    }
    sbx_ledger_record_done(&back);
    sbx_buf_done(&line);
}

static void check_json(const uint8_t *data, size_t size)
{
    struct sbx_ledger_record record;
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_error err;
    struct sbx_buf line;

    if (size > SBX_LEDGER_LINE_MAX)
        return;
    memset(&record, 0, sizeof(record));
    sbx_error_init(&err);
    sbx_buf_init(&line, SBX_LEDGER_LINE_MAX + 64);
    sbx_sha256(data, size, digest);
    sbx_sha256_hex(digest, hex);
    FUZZ_CHECK(sbx_buf_printf(&line, &err, "%06zu %.24s ", size, hex) == SBX_OK);
    FUZZ_CHECK(sbx_buf_add(&line, data, size, &err) == SBX_OK);
    FUZZ_CHECK(sbx_buf_putc(&line, '\n', &err) == SBX_OK);
    if (sbx_ledger_parse(line.data, line.length_bytes, &record, &err) == SBX_OK)
        check_record(&record);
    sbx_ledger_record_done(&record);
    sbx_buf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sbx_ledger_records records;
    struct sbx_ace *added = NULL;
    struct sbx_error err;
    size_t count = 0;
    size_t i;

    memset(&records, 0, sizeof(records));
    sbx_error_init(&err);
    check_json(data, size);
    FUZZ_CHECK(sbx_ledger_read((const char *)data, size, &records, &err) == SBX_OK);
    FUZZ_CHECK(records.good_bytes <= size);
    FUZZ_CHECK(records.damaged == (records.good_bytes < size));
    for (i = 0; i < records.count; i++) {
        const struct sbx_ledger_record *record = &records.items[i];

        FUZZ_CHECK(record->sequence == i + 1);
        check_record(record);
        FUZZ_CHECK(sbx_ledger_added(&records, record->file_id, &added, &count, &err) == SBX_OK);
        free(added);
        sbx_ledger_is_done(&records, record->file_id, record->aces, record->ace_count);
    }
    sbx_ledger_records_done(&records);
    return 0;
}
