/*
 * installation: a record that is accepted prints to the very bytes that were read. The input is
 * also tried with a right checksum put in, which no mutation would find.
 */
#include "shared/core/installation.h"

#include "shared/core/sha256.h"
#include "tests/fuzz/fuzz.h"

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

/* The tail that format writes: ,\n  "sha256": "64 digits"\n}\n */
#define TAIL_BYTES (5u + 12u + 64u + 4u)

static void check_sealed(const uint8_t *data, size_t size)
{
    static const char key[] = ",\n  \"sha256\": \"";
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_error err;
    struct sbx_buf text;
    size_t body;

    if (size <= TAIL_BYTES || size > SBX_INSTALLATION_MAX_BYTES)
        return;
    body = size - (sizeof(key) - 1) - 64u - 4u;
    sbx_error_init(&err);
    sbx_buf_init(&text, 2u * SBX_INSTALLATION_MAX_BYTES);
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
