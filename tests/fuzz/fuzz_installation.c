/*
 * installation: a record that is accepted prints to the very bytes that were read. The input is
 * also tried with a right checksum put in, which no mutation would find.
 */
#include "shared/core/installation.h"

#include "tests/fuzz/sealed.h"

static void check(const char *text, size_t length_bytes)
{
    struct sbx_installation inst;
    struct sbx_installation copy;
    struct sbx_error err;
    struct sbx_buf again;

    memset(&inst, 0, sizeof(inst));
    memset(&copy, 0, sizeof(copy));
    sbx_error_init(&err);
    sbx_buf_init(&again, SBX_INSTALLATION_MAX_BYTES);
    if (sbx_installation_parse(text, length_bytes, &inst, &err) == SBX_OK) {
        FUZZ_CHECK(sbx_installation_copy(&inst, &copy, &err) == SBX_OK);
        FUZZ_CHECK(sbx_installation_format(&copy, &again, &err) == SBX_OK);
        FUZZ_CHECK(again.length_bytes == length_bytes);
        FUZZ_CHECK(memcmp(again.data, text, length_bytes) == 0);
        FUZZ_CHECK(inst.operators.count > 0 && inst.account_count > 1);
        FUZZ_CHECK(sbx_installation_is_operator(&inst, inst.operators.items[0]));
    }
    sbx_installation_done(&inst);
    sbx_installation_done(&copy);
    sbx_buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size);
    fuzz_sealed(data, size, SBX_INSTALLATION_MAX_BYTES, check);
    return 0;
}
