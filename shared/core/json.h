/*
 * Strict JSON: parse, check, read. Writing is in jsonwrite.h.
 *
 * cJSON builds the tree; what may reach it is decided here. A scanner of our own validates the
 * whole text against RFC 8259 first, because cJSON accepts more (leading zeros, control
 * characters in strings, a byte order mark, numbers such as 1.e5, trailing text) and less (a
 * number of 64 characters or more). On top: size and depth caps, well-formed UTF-8, no U+0000, no
 * lone surrogate escapes, no number outside the range of a double, no duplicate key in any object.
 *
 * Errors of the parser name line and column; errors of the readers name the key path
 * ("filesystem.allowWrite[2]"). Keys are compared exactly, case included.
 *
 * Reading, in short:
 *
 *     static const char *const keys[] = {"mode", "limits"};
 *     struct sbx_json_at root;
 *     sbx_json_parse(text, length, NULL, &doc, err);
 *     sbx_json_root_object(doc, &root, err);
 *     sbx_json_known_keys(&root, keys, countof(keys), err);
 *     mode = MODE_AUTO;                                   the default; absent leaves it alone
 *     sbx_json_get_enum(&root, "mode", words, countof(words), &mode, err);
 *     ...
 *     sbx_json_free(doc);
 */
#ifndef SBX_JSON_H
#define SBX_JSON_H

#include "base.h"
#include "error.h"

struct cJSON;

#define SBX_JSON_DEFAULT_MAX_BYTES (1024u * 1024u)
#define SBX_JSON_DEFAULT_MAX_DEPTH 32u
/* The most a caller may ask for: recursion is on our stack, and our builds of cJSON stop there. */
#define SBX_JSON_DEPTH_LIMIT 64u
#define SBX_JSON_PATH_MAX 160u

/* Integers beyond this are refused: a double cannot tell them apart (RFC 7493, 2.2). */
#define SBX_JSON_INT_MAX INT64_C(9007199254740991)

struct sbx_json_limits {
    size_t max_bytes; /* of text, checked before anything else; 0 = default */
    size_t max_depth; /* nested arrays and objects; 0 = default, at most SBX_JSON_DEPTH_LIMIT */
};

/**
 * A value and its name in errors. Copied freely; borrows from the document, which must outlive
 * it. Set item to NULL to start an iteration with sbx_json_next.
 */
struct sbx_json_at {
    const struct cJSON *item;
    size_t index;                 /* position in its array or object */
    char path[SBX_JSON_PATH_MAX]; /* printable, "" for the root, "..." when cut */
};

/**
 * Parse one JSON text.
 * @param text UTF-8 of length_bytes bytes; need not be terminated
 * @param limits NULL for the defaults
 * @param ret_root owned by the caller, released with sbx_json_free
 * @return SBX_INVALID (too big, too deep, not JSON, duplicate key: with line and column or the
 *         key path); SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_json_parse(const char *text, size_t length_bytes,
    const struct sbx_json_limits *limits, struct cJSON **ret_root, struct sbx_error *err);

/** Release a document. NULL does nothing. */
void sbx_json_free(struct cJSON *root);

/**
 * The grammar, depth and text checks of sbx_json_parse alone: nothing is built, and duplicate
 * keys and number range are not looked at.
 * @return SBX_INVALID with line and column
 */
SBX_MUST_CHECK enum sbx_status sbx_json_scan(
    const char *text, size_t length_bytes, size_t max_depth, struct sbx_error *err);

/** The root as a place to read from. @return SBX_INVALID when it is not an object */
SBX_MUST_CHECK enum sbx_status sbx_json_root_object(
    const struct cJSON *root, struct sbx_json_at *ret_object, struct sbx_error *err);

/**
 * Refuse every key that is not in the table.
 * @return SBX_INVALID naming the key, and the nearest known key when one is within an edit
 *         distance of 3
 */
SBX_MUST_CHECK enum sbx_status sbx_json_known_keys(const struct sbx_json_at *object,
    const char *const *keys, size_t key_count, struct sbx_error *err);

/** True when the key is there, whatever its value. */
bool sbx_json_has(const struct sbx_json_at *object, const char *key);

/** @return SBX_INVALID "'a.b' is missing" */
SBX_MUST_CHECK enum sbx_status sbx_json_require(
    const struct sbx_json_at *object, const char *key, struct sbx_error *err);

/*
 * Getters by key. An absent key is SBX_OK and leaves *ret as it was, so set the default first and
 * call sbx_json_require for what has none. Any other type, null included, is SBX_INVALID with the
 * key path.
 */

/** @param max_bytes longest string accepted @param ret borrowed from the document */
SBX_MUST_CHECK enum sbx_status sbx_json_get_string(const struct sbx_json_at *object,
    const char *key, size_t max_bytes, const char **ret, struct sbx_error *err);

SBX_MUST_CHECK enum sbx_status sbx_json_get_bool(
    const struct sbx_json_at *object, const char *key, bool *ret, struct sbx_error *err);

/**
 * An integer in [min, max]; 1.0 and 1e2 are integers, 1.5 is not.
 * @param min, max within +-SBX_JSON_INT_MAX (wider is narrowed to that)
 */
SBX_MUST_CHECK enum sbx_status sbx_json_get_int(const struct sbx_json_at *object, const char *key,
    int64_t min, int64_t max, int64_t *ret, struct sbx_error *err);

/** One word of a table. @param ret index into words. The error lists the words. */
SBX_MUST_CHECK enum sbx_status sbx_json_get_enum(const struct sbx_json_at *object, const char *key,
    const char *const *words, size_t word_count, size_t *ret, struct sbx_error *err);

/** @param ret item is NULL when the key is absent */
SBX_MUST_CHECK enum sbx_status sbx_json_get_object(const struct sbx_json_at *object,
    const char *key, struct sbx_json_at *ret, struct sbx_error *err);

/** @param ret item is NULL when the key is absent */
SBX_MUST_CHECK enum sbx_status sbx_json_get_array(const struct sbx_json_at *object, const char *key,
    struct sbx_json_at *ret, struct sbx_error *err);

/**
 * An array of strings.
 * @param max_count most elements @param max_bytes longest element
 * @param ret_list owned array of borrowed strings, released with free(); NULL when empty.
 *        Overwritten only when the key is present, so start from NULL and 0
 */
SBX_MUST_CHECK enum sbx_status sbx_json_get_string_list(const struct sbx_json_at *object,
    const char *key, size_t max_count, size_t max_bytes, const char ***ret_list, size_t *ret_count,
    struct sbx_error *err);

/*
 * Walk an array or an object:  at.item = NULL; while (sbx_json_next(&array, &at)) ...
 */

/** Move to the next element, or to the first when at->item is NULL. False at the end. */
bool sbx_json_next(const struct sbx_json_at *container, struct sbx_json_at *at);

/** Number of elements of an array or object. Linear. */
size_t sbx_json_count(const struct sbx_json_at *container);

/** The key of an element of an object, borrowed; NULL for an element of an array. */
const char *sbx_json_name(const struct sbx_json_at *at);

/* The value itself, for elements of arrays and for unions. SBX_INVALID with the path otherwise. */
SBX_MUST_CHECK enum sbx_status sbx_json_as_string(
    const struct sbx_json_at *at, size_t max_bytes, const char **ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_json_as_int(
    const struct sbx_json_at *at, int64_t min, int64_t max, int64_t *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_json_as_bool(
    const struct sbx_json_at *at, bool *ret, struct sbx_error *err);
/** Any number in [min, max], as a double. */
SBX_MUST_CHECK enum sbx_status sbx_json_as_double(
    const struct sbx_json_at *at, double min, double max, double *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_json_as_object(
    const struct sbx_json_at *at, struct sbx_error *err);

enum sbx_json_type {
    SBX_JSON_NULL,
    SBX_JSON_BOOL,
    SBX_JSON_NUMBER,
    SBX_JSON_STRING,
    SBX_JSON_ARRAY,
    SBX_JSON_OBJECT
};

enum sbx_json_type sbx_json_type(const struct sbx_json_at *at);

/**
 * The word of the table nearest to `word`, for "did you mean".
 * @return NULL when none is within an edit distance of 3 (and below the length of the word)
 */
const char *sbx_json_nearest(const char *word, const char *const *words, size_t word_count);

#endif
