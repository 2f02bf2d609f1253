/*
 * Reading one message: the document, and values that must be there. Internal to message_*.c.
 *
 * All return SBX_INVALID naming the key; `need` means that a missing key is an error.
 */
#ifndef SBX_MESSAGE_READ_H
#define SBX_MESSAGE_READ_H

#include "json.h"
#include "message_words.h"

#define SBX_MESSAGE_TEXT_MAX 98301u /* bytes: 32,767 UTF-16 code units of three bytes each */

SBX_MUST_CHECK enum sbx_status sbx_message_open(const char *json, size_t length_bytes,
    struct cJSON **ret_doc, struct sbx_json_at *ret_root, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_version(
    const struct sbx_json_at *root, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_text(const struct sbx_json_at *at, const char *key,
    size_t max_bytes, char **ret, struct sbx_error *err);
/* Into text[size_bytes], with what a terminal would act on replaced: for what a person is shown. */
SBX_MUST_CHECK enum sbx_status sbx_need_printable(const struct sbx_json_at *at, const char *key,
    char *text, size_t size_bytes, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_bool(
    const struct sbx_json_at *at, const char *key, bool *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_read_number(const struct sbx_json_at *at, const char *key,
    int64_t min, int64_t max, uint64_t *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_number(const struct sbx_json_at *at, const char *key,
    int64_t max, uint64_t *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_u32(
    const struct sbx_json_at *at, const char *key, uint32_t *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_word(const struct sbx_json_at *at, const char *key,
    const char *const *words, size_t count, size_t *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_list(const struct sbx_json_at *at, const char *key,
    size_t max_count, size_t max_bytes, struct sbx_strings *ret, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_need_object(
    const struct sbx_json_at *at, const char *key, struct sbx_json_at *ret, struct sbx_error *err);

#endif
