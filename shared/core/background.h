/*
 * What was known of a root when the watch over it ended while a background run may have left
 * processes: a record in the state folder, compared by the next run (agent/protectback.c).
 */
#ifndef SBX_BACKGROUND_H
#define SBX_BACKGROUND_H

#include "buf.h"
#include "policy.h"

#define SBX_BACKGROUND_MAX_BYTES (256u * 1024u)
#define SBX_BACKGROUND_SEEN_MAX 1000u
#define SBX_BACKGROUND_KEY_SIZE 640u

struct sbx_background {
    char *path;         /* of the root, when it was written */
    uint64_t since_ms;  /* Unix time of the first background run that nothing has ended since */
    uint64_t looked_ms; /* Unix time of the last look */
    struct sbx_strings seen; /* keys of the protected names at its top */
};

/**
 * The key of an object under a protected name: the same name, object and time of creation give the
 * same key, another object another one.
 */
void sbx_background_key(const char *name, const uint8_t file_id[16], uint64_t created,
    char ret_key[SBX_BACKGROUND_KEY_SIZE]);

/** True when the record knows the key. */
bool sbx_background_knows(const struct sbx_background *record, const char *key);

/** Append the record as one line of JSON. @return SBX_INVALID: more than the caps; SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_background_format(
    const struct sbx_background *record, struct sbx_buf *ret_text, struct sbx_error *err);

/** @return SBX_INVALID for anything that sbx_background_format would not write; SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_background_parse(const char *text, size_t length_bytes,
    struct sbx_background *ret_record, struct sbx_error *err);
void sbx_background_done(struct sbx_background *record);

#endif
