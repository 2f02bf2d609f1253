/*
 * calibration: a record that is accepted prints to the very bytes that were read, and chooses among
 * the known recipes only. The input is also tried with a right checksum put in.
 */
#include "shared/core/calibration.h"

#include "tests/fuzz/sealed.h"

static void check(const char *text, size_t length_bytes)
{
    struct sbx_calibration calibration;
    struct sbx_error err;
    struct sbx_buf again;
    size_t i;

    sbx_error_init(&err);
    sbx_buf_init(&again, SBX_CALIBRATION_MAX_BYTES);
    if (sbx_calibration_parse(text, length_bytes, &calibration, &err) == SBX_OK) {
        FUZZ_CHECK(sbx_calibration_format(&calibration, &again, &err) == SBX_OK);
        FUZZ_CHECK(again.length_bytes == length_bytes);
        FUZZ_CHECK(memcmp(again.data, text, length_bytes) == 0);
        for (i = 0; i < calibration.count; i++) {
            enum sbx_token_choice recipe = sbx_calibration_recipe(&calibration.entries[i]);

            FUZZ_CHECK(recipe == SBX_TOKEN_UNSET ||
                       (recipe >= SBX_TOKEN_STRICT && recipe <= SBX_TOKEN_STANDARD));
        }
    } else {
        FUZZ_CHECK(calibration.count == 0);
    }
    sbx_buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size);
    fuzz_sealed(data, size, SBX_CALIBRATION_MAX_BYTES, check);
    return 0;
}
