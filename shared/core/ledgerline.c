/* The lines of a grant ledger. See ledgerline.h. */
#include "ledgerline.h"

#include <stdio.h>

#include "checkedline.h"
#include "json.h"
#include "jsonwrite.h"

#define PATH_MAX_BYTES (3u * 32768u)

static const char *const kind_words[] = {"root", "target", "done", "stale", "gone"};

void sbx_ledger_record_done(struct sbx_ledger_record *record)
{
    if (!record)
        return;
    free(record->path);
    free(record->volume_guid);
    free(record->capability);
    free(record->aces);
    free(record->added);
    memset(record, 0, sizeof(*record));
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_id(struct sbx_json_writer *w, const uint8_t id[16])
{
    char text[33];
    size_t i;

    for (i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
    sbx_json_key_string(w, "id", text);
}

/* ["allow", flags, mask, "S-1-..."] */
static void write_aces(
    struct sbx_json_writer *w, const char *key, const struct sbx_ace *aces, size_t count)
{
    char sid[SBX_SID_TEXT_SIZE];
    size_t i;

    sbx_json_key_array(w, key);
    for (i = 0; i < count; i++) {
        sbx_sid_format(&aces[i].sid, sid);
        sbx_json_begin_array(w);
        sbx_json_string(w, aces[i].type == SBX_ACE_DENY ? "deny" : "allow");
        sbx_json_uint64(w, aces[i].flags);
        sbx_json_uint64(w, aces[i].mask);
        sbx_json_string(w, sid);
        sbx_json_end_array(w);
    }
    sbx_json_end_array(w);
}

static bool all_plain(const struct sbx_ace *aces, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if ((aces[i].type != SBX_ACE_ALLOW && aces[i].type != SBX_ACE_DENY) || aces[i].rest_bytes ||
            (aces[i].flags & SBX_ACE_INHERITED) || !sbx_sid_is_set(&aces[i].sid))
            return false;
    }
    return count <= SBX_LEDGER_ACES_MAX;
}

static void write_record(struct sbx_json_writer *w, const struct sbx_ledger_record *record)
{
    sbx_json_begin_object(w);
    sbx_json_key_uint64(w, "seq", record->sequence);
    sbx_json_key_string(w, "kind", kind_words[record->kind]);
    if (record->kind != SBX_LEDGER_STALE) {
        sbx_json_key_string(w, "path", record->path ? record->path : "");
        write_id(w, record->file_id);
        sbx_json_key_bool(w, "directory", record->is_directory);
    }
    if (record->kind == SBX_LEDGER_ROOT) {
        sbx_json_key_string(w, "volume", record->volume_guid ? record->volume_guid : "");
        sbx_json_key_string(w, "capability", record->capability ? record->capability : "");
    }
    if (record->kind == SBX_LEDGER_TARGET || record->kind == SBX_LEDGER_DONE)
        write_aces(w, "aces", record->aces, record->ace_count);
    if (record->kind == SBX_LEDGER_TARGET)
        write_aces(w, "added", record->added, record->added_count);
    sbx_json_end_object(w);
}

enum sbx_status sbx_ledger_format(
    const struct sbx_ledger_record *record, struct sbx_buf *ret_line, struct sbx_error *err)
{
    struct sbx_json_writer writer;
    struct sbx_buf json;
    enum sbx_status status = SBX_OK;

    if ((size_t)record->kind >= countof(kind_words) ||
        !all_plain(record->aces, record->ace_count) ||
        !all_plain(record->added, record->added_count))
        return sbx_fail(err, SBX_INVALID, "not a ledger record");
    sbx_buf_init(&json, SBX_LEDGER_LINE_MAX);
    sbx_json_writer_begin(&writer, &json, false);
    write_record(&writer, record);
    status = sbx_json_writer_end(&writer, err);
    if (!status)
        status = sbx_checkedline_add(ret_line, json.data, json.length_bytes, err);
    sbx_buf_done(&json);
    return status;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum sbx_status read_id(
    const struct sbx_json_at *object, uint8_t ret_id[16], struct sbx_error *err)
{
    const char *text = "";
    enum sbx_status status = sbx_json_require(object, "id", err);
    size_t i;

    if (!status)
        status = sbx_json_get_string(object, "id", 32, &text, err);
    if (status)
        return status;
    if (strlen(text) != 32)
        return sbx_fail(err, SBX_INVALID, "'id' has not 32 digits");
    for (i = 0; i < 16; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return sbx_fail(err, SBX_INVALID, "'id' is not hexadecimal");
        ret_id[i] = (uint8_t)(high << 4 | low);
    }
    return SBX_OK;
}

static enum sbx_status read_ace(
    const struct sbx_json_at *at, struct sbx_ace *ret_ace, struct sbx_error *err)
{
    struct sbx_json_at part;
    const char *type = "";
    const char *sid_text = "";
    struct sbx_sid sid;
    int64_t flags = 0;
    int64_t mask = 0;
    enum sbx_status status = SBX_OK;

    if (sbx_json_type(at) != SBX_JSON_ARRAY || sbx_json_count(at) != 4)
        return sbx_fail(err, SBX_INVALID, "'%s' is not an entry of four", at->path);
    part = *at;
    part.item = NULL;
    if (sbx_json_next(at, &part))
        status = sbx_json_as_string(&part, 8, &type, err);
    if (!status && sbx_json_next(at, &part))
        status = sbx_json_as_int(&part, 0, SBX_ACE_INHERITED - 1, &flags, err);
    if (!status && sbx_json_next(at, &part))
        status = sbx_json_as_int(&part, 0, UINT32_MAX, &mask, err);
    if (!status && sbx_json_next(at, &part))
        status = sbx_json_as_string(&part, SBX_SID_TEXT_SIZE, &sid_text, err);
    if (!status)
        status = sbx_sid_parse(sid_text, &sid, err);
    if (status)
        return status;
    if (strcmp(type, "allow") != 0 && strcmp(type, "deny") != 0)
        return sbx_fail(err, SBX_INVALID, "'%s' is neither allow nor deny", at->path);
    *ret_ace = sbx_ace_make(
        type[0] == 'd' ? SBX_ACE_DENY : SBX_ACE_ALLOW, (uint8_t)flags, (uint32_t)mask, &sid);
    return SBX_OK;
}

static enum sbx_status read_aces(const struct sbx_json_at *object, const char *key,
    struct sbx_ace **ret_aces, size_t *ret_count, struct sbx_error *err)
{
    struct sbx_json_at array;
    struct sbx_json_at at;
    enum sbx_status status = sbx_json_require(object, key, err);
    size_t count;
    size_t i = 0;

    if (!status)
        status = sbx_json_get_array(object, key, &array, err);
    if (status)
        return status;
    count = sbx_json_count(&array);
    if (count > SBX_LEDGER_ACES_MAX)
        return sbx_fail(err, SBX_INVALID, "'%s' has %zu entries", key, count);
    if (!count)
        return SBX_OK;
    status = sbx_calloc(count, sizeof(**ret_aces), ret_aces, err);
    at.item = NULL;
    while (!status && sbx_json_next(&array, &at))
        status = read_ace(&at, &(*ret_aces)[i++], err);
    *ret_count = count;
    return status;
}

static enum sbx_status read_text(
    const struct sbx_json_at *object, const char *key, char **ret_text, struct sbx_error *err)
{
    const char *text = "";
    enum sbx_status status = sbx_json_require(object, key, err);

    if (!status)
        status = sbx_json_get_string(object, key, PATH_MAX_BYTES, &text, err);
    return status ? status : sbx_strdup(text, ret_text, err);
}

/* The keys that a kind has are exactly the ones written for it. */
static enum sbx_status check_keys(
    const struct sbx_json_at *object, enum sbx_ledger_kind kind, struct sbx_error *err)
{
    static const char *const keys[] = {
        "seq", "kind", "path", "id", "directory", "volume", "capability"};
    static const char *const target[] = {"seq", "kind", "path", "id", "directory", "aces", "added"};

    switch (kind) {
    case SBX_LEDGER_ROOT:
        return sbx_json_known_keys(object, keys, 7, err);
    case SBX_LEDGER_TARGET:
        return sbx_json_known_keys(object, target, 7, err);
    case SBX_LEDGER_DONE:
        return sbx_json_known_keys(object, target, 6, err);
    case SBX_LEDGER_STALE:
        return sbx_json_known_keys(object, keys, 2, err);
    default:
        return sbx_json_known_keys(object, keys, 5, err);
    }
}

static enum sbx_status read_record(
    const struct sbx_json_at *object, struct sbx_ledger_record *record, struct sbx_error *err)
{
    size_t kind = 0;
    int64_t sequence = 0;
    enum sbx_status status = sbx_json_require(object, "kind", err);

    if (!status)
        status = sbx_json_get_enum(object, "kind", kind_words, countof(kind_words), &kind, err);
    if (!status)
        status = sbx_json_require(object, "seq", err);
    if (!status)
        status = sbx_json_get_int(object, "seq", 1, SBX_JSON_INT_MAX, &sequence, err);
    record->kind = (enum sbx_ledger_kind)kind;
    record->sequence = (uint64_t)sequence;
    if (!status)
        status = check_keys(object, record->kind, err);
    if (!status && record->kind != SBX_LEDGER_STALE) {
        status = read_text(object, "path", &record->path, err);
        if (!status)
            status = read_id(object, record->file_id, err);
        if (!status)
            status = sbx_json_require(object, "directory", err);
        if (!status)
            status = sbx_json_get_bool(object, "directory", &record->is_directory, err);
    }
    if (!status && record->kind == SBX_LEDGER_ROOT) {
        status = read_text(object, "volume", &record->volume_guid, err);
        if (!status)
            status = read_text(object, "capability", &record->capability, err);
    }
    if (!status && (record->kind == SBX_LEDGER_TARGET || record->kind == SBX_LEDGER_DONE))
        status = read_aces(object, "aces", &record->aces, &record->ace_count, err);
    if (!status && record->kind == SBX_LEDGER_TARGET)
        status = read_aces(object, "added", &record->added, &record->added_count, err);
    return status;
}

enum sbx_status sbx_ledger_parse(const char *line, size_t length_bytes,
    struct sbx_ledger_record *ret_record, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_LEDGER_LINE_MAX, 4};
    struct sbx_ledger_record record;
    struct sbx_json_at root;
    struct cJSON *document = NULL;
    const char *json = NULL;
    size_t json_bytes = 0;
    enum sbx_status status = sbx_checkedline_open(line, length_bytes, &json, &json_bytes, err);

    memset(&record, 0, sizeof(record));
    if (!status)
        status = sbx_json_parse(json, json_bytes, &limits, &document, err);
    if (!status)
        status = sbx_json_root_object(document, &root, err);
    if (!status)
        status = read_record(&root, &record, err);
    if (!status) {
        *ret_record = record;
        memset(&record, 0, sizeof(record));
    }
    sbx_ledger_record_done(&record);
    sbx_json_free(document);
    return status;
}
