/*
 * A long stream of bytes that both ends can compute, and a hash of it: probe.exe writes and reads
 * it, suite.exe compares. Neither is for security.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Hash of a stream however it is cut into pieces. */
struct stream_hash {
    uint64_t state;
    unsigned char carry[8];
    size_t carried;
};

static inline void stream_hash_word(struct stream_hash *hash, const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, 8);
    hash->state = (hash->state ^ word) * 0x100000001B3ull;
    hash->state ^= hash->state >> 29;
}

static inline void stream_hash_add(
    struct stream_hash *hash, const unsigned char *bytes, size_t length_bytes)
{
    while (hash->carried && length_bytes) {
        hash->carry[hash->carried++] = *bytes++;
        length_bytes--;
        if (hash->carried == 8) {
            stream_hash_word(hash, hash->carry);
            hash->carried = 0;
        }
    }
    for (; length_bytes >= 8; length_bytes -= 8, bytes += 8)
        stream_hash_word(hash, bytes);
    for (; length_bytes; length_bytes--)
        hash->carry[hash->carried++] = *bytes++;
}

static inline uint64_t stream_hash_end(const struct stream_hash *hash)
{
    uint64_t state = hash->state ^ 0xCBF29CE484222325ull;
    for (size_t i = 0; i < hash->carried; i++)
        state = (state ^ hash->carry[i]) * 0x100000001B3ull;
    return state;
}

/* Bytes [offset, offset + length) of the stream; offset and length are multiples of 8. All byte
 * values occur, line ends and control-Z included. */
static inline void stream_fill(unsigned char *bytes, size_t length_bytes, uint64_t offset)
{
    for (size_t i = 0; i + 8 <= length_bytes; i += 8) {
        uint64_t x = (offset + i) * 0x9E3779B97F4A7C15ull;
        x ^= x >> 31;
        x *= 0xD6E8FEB86659FD93ull;
        x ^= x >> 32;
        memcpy(bytes + i, &x, 8);
    }
}

#endif
