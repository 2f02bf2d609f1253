/* See background.h. */
#include "background.h"

#include <stdio.h>

#include "json.h"
#include "jsonwrite.h"
#include "utf.h"

void sbx_background_key(const char *name, const uint8_t file_id[16], uint64_t created,
    char ret_key[SBX_BACKGROUND_KEY_SIZE])
{
    size_t i;
    int used = snprintf(ret_key, SBX_BACKGROUND_KEY_SIZE, "%016llx ", (unsigned long long)created);

    for (i = 0; i < 16; i++)
        used +=
            snprintf(ret_key + used, SBX_BACKGROUND_KEY_SIZE - (size_t)used, "%02x", file_id[i]);
    snprintf(ret_key + used, SBX_BACKGROUND_KEY_SIZE - (size_t)used, " %s", name);
}

bool sbx_background_knows(const struct sbx_background *record, const char *key)
{
    size_t i;

    for (i = 0; i < record->seen.count; i++)
        if (strcmp(record->seen.items[i], key) == 0)
            return true;
    return false;
}

enum sbx_status sbx_background_format(
    const struct sbx_background *record, struct sbx_buf *ret_text, struct sbx_error *err)
{
    struct sbx_json_writer w;

    if (record->seen.count > SBX_BACKGROUND_SEEN_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u protected names", SBX_BACKGROUND_SEEN_MAX);
    sbx_json_writer_begin(&w, ret_text, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_string(&w, "path", record->path);
    sbx_json_key_uint64(&w, "since", record->since_ms);
    sbx_json_key_uint64(&w, "looked", record->looked_ms);
    sbx_json_key_strings(&w, "seen", (const char *const *)record->seen.items, record->seen.count);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

static enum sbx_status read(
    const struct sbx_json_at *root, struct sbx_background *record, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "path", "since", "looked", "seen"};
    int64_t version = 0, since = 0, looked = 0;
    const char **seen = NULL;
    const char *path = "";
    size_t count = 0, i;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    for (i = 0; i < countof(keys) && !status; i++)
        status = sbx_json_require(root, keys[i], err);
    if (!status)
        status = sbx_json_get_int(root, "version", 1, 1, &version, err);
    if (!status)
        status = sbx_json_get_string(root, "path", 65536, &path, err);
    if (!status)
        status = sbx_json_get_int(root, "since", 0, SBX_JSON_INT_MAX, &since, err);
    if (!status)
        status = sbx_json_get_int(root, "looked", 0, SBX_JSON_INT_MAX, &looked, err);
    if (!status)
        status = sbx_json_get_string_list(
            root, "seen", SBX_BACKGROUND_SEEN_MAX, SBX_BACKGROUND_KEY_SIZE, &seen, &count, err);
    record->since_ms = (uint64_t)since;
    record->looked_ms = (uint64_t)looked;
    if (!status)
        status = sbx_strdup(path, &record->path, err);
    for (i = 0; i < count && !status; i++)
        status = sbx_strings_add(&record->seen, seen[i], err);
    free(seen);
    return status;
}

enum sbx_status sbx_background_parse(
    const char *text, size_t length_bytes, struct sbx_background *ret_record, struct sbx_error *err)
{
    static const struct sbx_json_limits limits = {.max_bytes = SBX_BACKGROUND_MAX_BYTES};
    struct sbx_background record = {0};
    struct cJSON *document = NULL;
    struct sbx_json_at root;
    enum sbx_status status = sbx_json_parse(text, length_bytes, &limits, &document, err);

    if (!status)
        status = sbx_json_root_object(document, &root, err);
    if (!status)
        status = read(&root, &record, err);
    sbx_json_free(document);
    if (status)
        sbx_background_done(&record);
    else
        *ret_record = record;
    return status;
}

void sbx_background_done(struct sbx_background *record)
{
    free(record->path);
    sbx_strings_done(&record->seen);
    memset(record, 0, sizeof(*record));
}
