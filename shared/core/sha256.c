/* See sha256.h. Names follow FIPS 180-4, section 6.2. */
#include "sha256.h"

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). */
static const uint32_t constants[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
    0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
    0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3,
    0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354,
    0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
    0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
    0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

static uint32_t read_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void write_be32(uint32_t value, uint8_t *bytes)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static void expand(const uint8_t block[64], uint32_t w[64])
{
    unsigned t;

    for (t = 0; t < 16; t++)
        w[t] = read_be32(block + 4 * t);
    for (; t < 64; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;

        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
}

/* v[0..7] are a..h. */
static void compress(uint32_t state[8], const uint8_t block[64])
{
    uint32_t w[64], v[8];
    unsigned t, i;

    expand(block, w);
    memcpy(v, state, sizeof(v));
    for (t = 0; t < 64; t++) {
        uint32_t sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choose = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + sum1 + choose + constants[t] + w[t];
        uint32_t sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

        memmove(v + 1, v, 7 * sizeof(*v));
        v[4] += t1;
        v[0] = t1 + sum0 + majority;
    }
    for (i = 0; i < 8; i++)
        state[i] += v[i];
}

void sbx_sha256_init(struct sbx_sha256 *sha)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
        0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(sha->state, start, sizeof(start));
    sha->length_bytes = 0;
}

void sbx_sha256_add(struct sbx_sha256 *sha, const void *bytes, size_t length_bytes)
{
    const uint8_t *byte = bytes;

    while (length_bytes) {
        size_t used = (size_t)(sha->length_bytes % 64), n = 64 - used;

        if (n > length_bytes)
            n = length_bytes;
        memcpy(sha->block + used, byte, n);
        sha->length_bytes += n;
        byte += n;
        length_bytes -= n;
        if (used + n == 64)
            compress(sha->state, sha->block);
    }
}

void sbx_sha256_end(struct sbx_sha256 *sha, uint8_t ret_digest[SBX_SHA256_BYTES])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = sha->length_bytes * 8;
    size_t used = (size_t)(sha->length_bytes % 64);
    uint8_t length[8];
    unsigned i;

    write_be32((uint32_t)(bits >> 32), length);
    write_be32((uint32_t)bits, length + 4);
    sbx_sha256_add(sha, padding, used < 56 ? 56 - used : 120 - used);
    sbx_sha256_add(sha, length, sizeof(length));
    for (i = 0; i < 8; i++)
        write_be32(sha->state[i], ret_digest + 4 * i);
}

void sbx_sha256(const void *bytes, size_t length_bytes, uint8_t ret_digest[SBX_SHA256_BYTES])
{
    struct sbx_sha256 sha;

    sbx_sha256_init(&sha);
    sbx_sha256_add(&sha, bytes, length_bytes);
    sbx_sha256_end(&sha, ret_digest);
}

void sbx_sha256_hex(const uint8_t digest[SBX_SHA256_BYTES], char ret_text[SBX_SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned i;

    for (i = 0; i < SBX_SHA256_BYTES; i++) {
        ret_text[2 * i] = digits[digest[i] >> 4];
        ret_text[2 * i + 1] = digits[digest[i] & 0xF];
    }
    ret_text[2 * SBX_SHA256_BYTES] = '\0';
}
