/*
 * audit: whatever a log holds, the check ends with what was good before the damage, a file that is
 * good is good in two parts too, and the input as the text of a record makes a line that reads
 * back.
 */
#include "shared/core/auditrecord.h"

#include "shared/core/auditscrub.h"
#include "tests/fuzz/fuzz.h"

static void check_files(const char *bytes, size_t size)
{
    const size_t whole = sbx_audit_whole_bytes(bytes, size);
    struct sbx_audit_check one = {0}, two = {0};
    struct sbx_error err;
    size_t half;

    sbx_error_init(&err);
    FUZZ_CHECK(whole <= size && (!whole || bytes[whole - 1] == '\n'));
    if (sbx_audit_check_file(&one, bytes, size, true, &err))
        return;
    FUZZ_CHECK(one.torn_bytes == size - whole);
    half = sbx_audit_whole_bytes(bytes, size / 2);
    FUZZ_CHECK(sbx_audit_check_file(&two, bytes, half, false, &err) == SBX_OK);
    FUZZ_CHECK(sbx_audit_check_file(&two, bytes + half, size - half, true, &err) == SBX_OK);
    FUZZ_CHECK(one.records == two.records && strcmp(one.tip.hash, two.tip.hash) == 0);
}

static void check_record(const char *text)
{
    struct sbx_audit_tip tip, read;
    struct sbx_audit_record record;
    struct sbx_error err;
    struct sbx_buf line;

    sbx_error_init(&err);
    sbx_audit_tip_init(&tip);
    sbx_buf_init(&line, SBX_AUDIT_LINE_MAX);
    sbx_audit_begin(&record, SBX_AUDIT_RUN_DENIED, SBX_OUTCOME_FAILURE, 1);
    sbx_audit_text(&record, "event", "reason", text);
    sbx_audit_list(&record, "process", "args", &text, 1);
    if (sbx_audit_format(&record, &tip, &line, &err) == SBX_OK) {
        FUZZ_CHECK(!memchr(line.data, '\n', line.length_bytes - 1));
        FUZZ_CHECK(sbx_audit_read_line(line.data, line.length_bytes, &read, NULL, &err) == SBX_OK);
        FUZZ_CHECK(read.sequence == 1 && strcmp(read.hash, tip.hash) == 0);
        check_files(line.data, line.length_bytes);
    }
    sbx_buf_done(&line);
}

/* What was scrubbed once has nothing left to scrub. */
static void check_scrub(const char *text)
{
    const char *const argv[] = {"x", text, "last"};
    struct sbx_strings once = {0}, twice = {0};
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_audit_scrub(argv, countof(argv), NULL, NULL, &once, &err) == SBX_OK) {
        FUZZ_CHECK(once.count == countof(argv));
        FUZZ_CHECK(sbx_audit_scrub((const char *const *)once.items, once.count, NULL, NULL, &twice,
                       &err) == SBX_OK);
    }
    sbx_strings_done(&once);
    sbx_strings_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);

    check_files((const char *)data, size);
    check_record(text);
    check_scrub(text);
    free(text);
    return 0;
}
