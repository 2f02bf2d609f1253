/*
 * vtfilter: whatever a program writes, what comes out is no longer, is the same in one part or in
 * many, passes the filter unchanged, and holds no ESC but those of whole sequences on the list.
 */
#include "shared/core/vtfilter.h"

#include "tests/fuzz/fuzz.h"

static void run(const char *bytes, size_t size, size_t step, struct sbx_buf *out)
{
    struct sbx_vtfilter filter;
    struct sbx_error err;
    size_t at;

    sbx_error_init(&err);
    sbx_buf_init(out, 1u << 24);
    sbx_vtfilter_init(&filter);
    for (at = 0; at < size; at += step)
        FUZZ_CHECK(sbx_vtfilter_feed(&filter, bytes + at, size - at < step ? size - at : step, out,
                       &err) == SBX_OK);
}

static bool same(const struct sbx_buf *a, const char *bytes, size_t size)
{
    return a->length_bytes == size && (!size || memcmp(a->data, bytes, size) == 0);
}

/* An independent look at the output: no string opener, no query, no C1. */
static void check(const struct sbx_buf *out)
{
    size_t i;

    for (i = 0; i < out->length_bytes; i++) {
        const unsigned char c = (unsigned char)out->data[i];

        FUZZ_CHECK(c >= 0x20 || c == 0x1b || (c >= 7 && c <= 13));
        FUZZ_CHECK(c != 0x7f);
        FUZZ_CHECK(!(c == 0xc2 && (unsigned char)out->data[i + 1] < 0xa0));
        if (c != 0x1b)
            continue;
        FUZZ_CHECK(i + 1 < out->length_bytes && !strchr("]PX^_cZ", out->data[i + 1]));
        if (out->data[i + 1] != '[')
            continue;
        for (i += 2; i < out->length_bytes && (unsigned char)out->data[i] < 0x40; i++)
            FUZZ_CHECK((unsigned char)out->data[i] >= 0x20);
        FUZZ_CHECK(i < out->length_bytes && !strchr("cntpxiyz", out->data[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sbx_buf whole, parts, again;

    run((const char *)data, size, size ? size : 1, &whole);
    run((const char *)data, size, 3, &parts);
    run(whole.data, whole.length_bytes, 5, &again);
    FUZZ_CHECK(whole.length_bytes <= size);
    FUZZ_CHECK(same(&parts, whole.data, whole.length_bytes));
    FUZZ_CHECK(same(&again, whole.data, whole.length_bytes));
    check(&whole);
    sbx_buf_done(&whole);
    sbx_buf_done(&parts);
    sbx_buf_done(&again);
    return 0;
}
