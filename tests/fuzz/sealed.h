/*
 * For parsers of text that ends with its own SHA-256: no mutation would find the right one.
 */
#ifndef SBX_TESTS_FUZZ_SEALED_H
#define SBX_TESTS_FUZZ_SEALED_H

#include "shared/core/buf.h"
#include "shared/core/sha256.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_SEAL_KEY ",\n  \"sha256\": \""
#define FUZZ_SEAL_END "\"\n}\n"

/** Give check() the input with the checksum of its body in the place of its last bytes. */
static inline void fuzz_sealed(const uint8_t *data, size_t size, size_t max_bytes,
    void (*check)(const char *text, size_t length_bytes))
{
    const size_t tail = sizeof(FUZZ_SEAL_KEY) - 1 + 64u + sizeof(FUZZ_SEAL_END) - 1;
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_error err;
    struct sbx_buf text;

    if (size <= tail || size > max_bytes)
        return;
    sbx_error_init(&err);
    sbx_buf_init(&text, 2u * max_bytes);
    FUZZ_CHECK(sbx_buf_add(&text, data, size - tail, &err) == SBX_OK);
    FUZZ_CHECK(sbx_buf_puts(&text, "\n}\n", &err) == SBX_OK);
    sbx_sha256(text.data, text.length_bytes, digest);
    sbx_sha256_hex(digest, hex);
    sbx_buf_clear(&text);
    FUZZ_CHECK(sbx_buf_add(&text, data, size - tail, &err) == SBX_OK);
    FUZZ_CHECK(sbx_buf_printf(&text, &err, FUZZ_SEAL_KEY "%s" FUZZ_SEAL_END, hex) == SBX_OK);
    check(text.data, text.length_bytes);
    sbx_buf_done(&text);
}

#endif
