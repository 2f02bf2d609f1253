/* See message_read.h. */
#include "message_read.h"
#include "utf.h"

enum sbx_status sbx_message_open(const char *json, size_t length_bytes, struct cJSON **ret_doc,
    struct sbx_json_at *ret_root, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_FRAME_MAX_BYTES, 8};
    enum sbx_status status = sbx_json_parse(json, length_bytes, &limits, ret_doc, err);

    if (!status)
        status = sbx_json_root_object(*ret_doc, ret_root, err);
    return status;
}

enum sbx_status sbx_need_version(const struct sbx_json_at *root, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(root, "version", err);
    int64_t version = 0;

    if (!status)
        status = sbx_json_get_int(root, "version", 0, SBX_JSON_INT_MAX, &version, err);
    if (!status && version != SBX_MESSAGE_VERSION) {
        status = sbx_fail(err, SBX_INVALID, "'version' is %lld, this program speaks %d",
            (long long)version, SBX_MESSAGE_VERSION);
        sbx_error_hint(err, "agent.exe and command-runner.exe must be of the same release");
    }
    return status;
}

enum sbx_status sbx_need_text(const struct sbx_json_at *at, const char *key, size_t max_bytes,
    char **ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);
    const char *text = NULL;

    if (!status)
        status = sbx_json_get_string(at, key, max_bytes, &text, err);
    if (!status)
        status = sbx_strdup(text, ret, err);
    return status;
}

enum sbx_status sbx_need_printable(const struct sbx_json_at *at, const char *key, char *text,
    size_t size_bytes, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);
    const char *raw = NULL;

    if (!status)
        status = sbx_json_get_string(at, key, size_bytes - 1, &raw, err);
    if (!status)
        sbx_utf_printable(raw, strlen(raw), text, size_bytes);
    return status;
}

enum sbx_status sbx_need_bool(
    const struct sbx_json_at *at, const char *key, bool *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_bool(at, key, ret, err);
}

enum sbx_status sbx_read_number(const struct sbx_json_at *at, const char *key, int64_t min,
    int64_t max, uint64_t *ret, struct sbx_error *err)
{
    int64_t value = 0;
    enum sbx_status status = sbx_json_get_int(at, key, min, max, &value, err);

    if (!status)
        *ret = (uint64_t)value;
    return status;
}

enum sbx_status sbx_need_number(const struct sbx_json_at *at, const char *key, int64_t max,
    uint64_t *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_read_number(at, key, 0, max, ret, err);
}

enum sbx_status sbx_need_u32(
    const struct sbx_json_at *at, const char *key, uint32_t *ret, struct sbx_error *err)
{
    uint64_t value = 0;
    enum sbx_status status = sbx_need_number(at, key, UINT32_MAX, &value, err);

    if (!status)
        *ret = (uint32_t)value;
    return status;
}

enum sbx_status sbx_need_word(const struct sbx_json_at *at, const char *key,
    const char *const *words, size_t count, size_t *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_enum(at, key, words, count, ret, err);
}

enum sbx_status sbx_need_list(const struct sbx_json_at *at, const char *key, size_t max_count,
    size_t max_bytes, struct sbx_strings *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);
    const char **list = NULL;
    size_t count = 0, i;

    if (!status)
        status = sbx_json_get_string_list(at, key, max_count, max_bytes, &list, &count, err);
    for (i = 0; !status && i < count; i++)
        status = sbx_strings_add(ret, list[i], err);
    if (!status)
        ret->written = true;
    free(list);
    return status;
}

enum sbx_status sbx_need_object(
    const struct sbx_json_at *at, const char *key, struct sbx_json_at *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_object(at, key, ret, err);
}
