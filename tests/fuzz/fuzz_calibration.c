/*
 * calibration: a record that is accepted prints to the very bytes that were read, and chooses among
 * the known recipes only. The input is also tried with a right checksum put in.
 */
#include "shared/core/calibration.h"

#include "shared/core/sha256.h"
#include "tests/fuzz/fuzz.h"

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

/* The tail that format writes: ,\n  "sha256": "64 digits"\n}\n */
static void check_sealed(const uint8_t *data, size_t size)
{
    static const char key[] = ",\n  \"sha256\": \"";
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_error err;
    struct sbx_buf text;
    size_t body;

    if (size <= sizeof(key) + 68u || size > SBX_CALIBRATION_MAX_BYTES)
        return;
    body = size - (sizeof(key) - 1) - 64u - 4u;
    sbx_error_init(&err);
    sbx_buf_init(&text, 2u * SBX_CALIBRATION_MAX_BYTES);
    FUZZ_CHECK(sbx_buf_add(&text, data, body, &err) == SBX_OK);
    FUZZ_CHECK(sbx_buf_puts(&text, "\n}\n", &err) == SBX_OK);
    sbx_sha256(text.data, text.length_bytes, digest);
    sbx_sha256_hex(digest, hex);
    sbx_buf_clear(&text);
    FUZZ_CHECK(sbx_buf_add(&text, data, body, &err) == SBX_OK);
    FUZZ_CHECK(sbx_buf_printf(&text, &err, "%s%s\"\n}\n", key, hex) == SBX_OK);
    check(text.data, text.length_bytes);
    sbx_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size);
    check_sealed(data, size);
    return 0;
}
