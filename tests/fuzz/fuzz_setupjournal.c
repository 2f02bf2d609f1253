/*
 * setupjournal: whatever the file holds, the lines before the damage are read, a journal made
 * shorter means the same, and a line with a right checksum around any text breaks nothing.
 */
#include "setup/journal.h"

#include "shared/core/sha256.h"
#include "tests/fuzz/fuzz.h"

static void check(const char *text, size_t size)
{
    struct sbx_journal_records records;
    struct sbx_journal_records shorter;
    struct sbx_error err;
    struct sbx_buf compact;
    size_t i;

    memset(&records, 0, sizeof(records));
    memset(&shorter, 0, sizeof(shorter));
    sbx_error_init(&err);
    sbx_buf_init(&compact, 2u * SBX_JOURNAL_MAX_BYTES);
    FUZZ_CHECK(sbx_journal_read(text, size, &records, &err) == SBX_OK);
    FUZZ_CHECK(records.good_bytes <= size);
    FUZZ_CHECK(records.damaged == (records.good_bytes < size));
    FUZZ_CHECK(sbx_journal_compact(&records, &compact, &err) == SBX_OK);
    FUZZ_CHECK(sbx_journal_read(compact.data, compact.length_bytes, &shorter, &err) == SBX_OK);
    FUZZ_CHECK(!shorter.damaged);
    for (i = 0; i < records.count; i++) {
        const struct sbx_journal_record *record = &records.items[i];

        if (record->kind == SBX_JOURNAL_OBJECT)
            FUZZ_CHECK(sbx_journal_intended(&records, record->step, record->object) ==
                       sbx_journal_intended(&shorter, record->step, record->object));
    }
    FUZZ_CHECK(sbx_journal_has_objects(&records) == sbx_journal_has_objects(&shorter));
    sbx_journal_records_done(&records);
    sbx_journal_records_done(&shorter);
    sbx_buf_done(&compact);
}

static void check_sealed(const uint8_t *data, size_t size)
{
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_error err;
    struct sbx_buf line;

    if (size > SBX_JOURNAL_LINE_MAX)
        return;
    sbx_error_init(&err);
    sbx_buf_init(&line, 2u * SBX_JOURNAL_LINE_MAX);
    sbx_sha256(data, size, digest);
    sbx_sha256_hex(digest, hex);
    FUZZ_CHECK(sbx_buf_printf(&line, &err, "%06zu %.24s ", size, hex) == SBX_OK);
    FUZZ_CHECK(sbx_buf_add(&line, data, size, &err) == SBX_OK);
    FUZZ_CHECK(sbx_buf_putc(&line, '\n', &err) == SBX_OK);
    check(line.data, line.length_bytes);
    sbx_buf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size);
    check_sealed(data, size);
    return 0;
}
