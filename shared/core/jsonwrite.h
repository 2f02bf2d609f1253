/*
 * JSON writer over sbx_buf: compact on one line, or indented.
 *
 * The calls return nothing; the first failure sticks, later calls do nothing, and
 * sbx_json_writer_end reports it. So a message is written as straight lines, and no result can
 * be forgotten: text that was not ended is not handed out.
 *
 * Output is ASCII-safe where it matters: control characters, DEL, U+2028 and U+2029 are escaped;
 * ill-formed UTF-8 is refused, not replaced, because a changed name would be a wrong answer.
 */
#ifndef SBX_JSONWRITE_H
#define SBX_JSONWRITE_H

#include "base.h"
#include "buf.h"
#include "error.h"

#define SBX_JSON_WRITER_DEPTH 64u

struct sbx_json_writer {
    struct sbx_buf *buf; /* borrowed */
    bool indented;
    bool key_pending; /* a key was written, its value was not */
    bool complete;    /* the root value is closed */
    unsigned depth;
    bool is_object[SBX_JSON_WRITER_DEPTH];
    bool has_items[SBX_JSON_WRITER_DEPTH];
    struct sbx_error first; /* first.status != SBX_OK: failed */
};

/**
 * Start a document; it is appended to buf, which the caller owns and which must outlive the
 * writer. The cap of buf is the cap of the document.
 * @param indented two spaces per level and a final line end; otherwise one line without one
 */
void sbx_json_writer_begin(struct sbx_json_writer *w, struct sbx_buf *buf, bool indented);

/* Values: at the root, after a key in an object, or as an element of an array. */
void sbx_json_begin_object(struct sbx_json_writer *w);
void sbx_json_end_object(struct sbx_json_writer *w);
void sbx_json_begin_array(struct sbx_json_writer *w);
void sbx_json_end_array(struct sbx_json_writer *w);
/** text: NUL-terminated UTF-8; NULL writes null. */
void sbx_json_string(struct sbx_json_writer *w, const char *text);
void sbx_json_string_n(struct sbx_json_writer *w, const char *text, size_t length_bytes);
/** All 64 bits in decimal; readers of ours refuse magnitudes above SBX_JSON_INT_MAX. */
void sbx_json_int64(struct sbx_json_writer *w, int64_t value);
void sbx_json_uint64(struct sbx_json_writer *w, uint64_t value);
void sbx_json_bool(struct sbx_json_writer *w, bool value);
void sbx_json_null(struct sbx_json_writer *w);

/** A value that is JSON already, on one line: what another writer of ours made. */
void sbx_json_raw(struct sbx_json_writer *w, const char *json, size_t length_bytes);

/** Only inside an object, once before each value. */
void sbx_json_key(struct sbx_json_writer *w, const char *key);

/* Key and value in one call. */
void sbx_json_key_string(struct sbx_json_writer *w, const char *key, const char *text);
void sbx_json_key_int64(struct sbx_json_writer *w, const char *key, int64_t value);
void sbx_json_key_uint64(struct sbx_json_writer *w, const char *key, uint64_t value);
void sbx_json_key_bool(struct sbx_json_writer *w, const char *key, bool value);
void sbx_json_key_null(struct sbx_json_writer *w, const char *key);
void sbx_json_key_object(struct sbx_json_writer *w, const char *key);
void sbx_json_key_array(struct sbx_json_writer *w, const char *key);
/** An array of strings; list may be NULL when count is 0. */
void sbx_json_key_strings(
    struct sbx_json_writer *w, const char *key, const char *const *list, size_t count);

/**
 * An error as an object: status, domain, code, name, message, hint; null for NULL and for one that
 * says nothing happened. Every error that a program hands out has this shape.
 */
void sbx_json_key_error(struct sbx_json_writer *w, const char *key, const struct sbx_error *error);

/**
 * Finish. On failure the buffer holds an unusable part of a document.
 * @return SBX_INVALID (ill-formed text, cap of the buffer), SBX_INTERNAL (nesting not closed, key
 *         without value, value without key, two roots: a bug of the caller), SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_json_writer_end(
    struct sbx_json_writer *w, struct sbx_error *err);

#endif
