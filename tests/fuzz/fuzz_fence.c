/*
 * What setup reads back while it builds the fence. The first byte chooses: 'r' the probe's report,
 * which comes from the sandbox and must, once accepted, print and read as itself, and never be
 * judged held when a try is missing; 'a' a list of addresses, which equals itself or nothing;
 * 'u' a user list.
 */
#include "shared/core/fencereport.h"
#include "shared/core/fwrule.h"

#include "tests/fuzz/fuzz.h"

static void check_report(const char *text, size_t length)
{
    struct sbx_fence_report report, again;
    struct sbx_buf line;
    size_t i, made = 0;

    if (sbx_fence_report_parse(text, length, &report, NULL))
        return;
    sbx_buf_init(&line, SBX_FENCE_REPORT_MAX_BYTES);
    FUZZ_CHECK(!sbx_fence_report_format(&report, &line, NULL));
    FUZZ_CHECK(!sbx_fence_report_parse(line.data, line.length_bytes, &again, NULL));
    for (i = 0; i < SBX_TRY_COUNT; i++) {
        made += report.tries[i].made;
        FUZZ_CHECK(report.tries[i].made == again.tries[i].made &&
                   report.tries[i].done == again.tries[i].done &&
                   report.tries[i].code == again.tries[i].code);
    }
    FUZZ_CHECK(
        !report.derived || made == SBX_TRY_COUNT ||
        sbx_fence_report_judge(&report, SBX_FENCE_FOR_OFFLINE, true, NULL) != SBX_FENCE_HELD ||
        report.token != SBX_FENCE_TOKEN_OWN);
    sbx_buf_done(&line);
}

static void check_addresses(const char *text)
{
    FUZZ_CHECK(sbx_fwrule_same_addresses(text, text));
    FUZZ_CHECK(sbx_fwrule_same_addresses("127.0.0.1,::1", text) ==
               sbx_fwrule_same_addresses(text, "127.0.0.1,::1"));
}

static void check_users(const char *text)
{
    const struct sbx_sid accounts[] = {{5, 5, {21, 1, 2, 3, 1001}}};

    if (sbx_fwrule_same_users(accounts, 1, text))
        FUZZ_CHECK(strstr(text, "1001") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size < 1 || size > SBX_FENCE_REPORT_MAX_BYTES)
        return 0;
    text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 'r')
        check_report(text, size - 1);
    else if (data[0] == 'a')
        check_addresses(text);
    else if (data[0] == 'u')
        check_users(text);
    free(text);
    return 0;
}
