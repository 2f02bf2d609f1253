/* See journal.h. */
#include "journal.h"

#include "shared/core/checkedline.h"
#include "shared/core/json.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/list.h"
#include "shared/core/utf.h"

static const char *const kind_words[] = {
    "begin", "apply", "object", "done", "undo", "undone", "end"};

static bool has_step(enum sbx_journal_kind kind)
{
    return kind != SBX_JOURNAL_BEGIN && kind != SBX_JOURNAL_END;
}

static bool has_object(enum sbx_journal_kind kind)
{
    return kind == SBX_JOURNAL_BEGIN || kind == SBX_JOURNAL_OBJECT || kind == SBX_JOURNAL_END;
}

/* Not empty, not too long, and the same after it was made printable. */
static bool is_word(const char *text)
{
    char printable[SBX_JOURNAL_WORD_MAX + 8];
    size_t length = text ? strlen(text) : 0;

    if (!length || length > SBX_JOURNAL_WORD_MAX)
        return false;
    sbx_utf_printable(text, length, printable, sizeof(printable));
    return strcmp(text, printable) == 0;
}

enum sbx_status sbx_journal_format(uint64_t sequence, enum sbx_journal_kind kind, const char *step,
    const char *object, struct sbx_buf *ret_line, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_buf json;
    enum sbx_status status = SBX_OK;

    if (kind < SBX_JOURNAL_BEGIN || kind > SBX_JOURNAL_END || (has_step(kind) && !is_word(step)) ||
        (has_object(kind) && !is_word(object)))
        return sbx_fail(err, SBX_INVALID, "not a journal line");
    sbx_buf_init(&json, SBX_JOURNAL_LINE_MAX - SBX_CHECKEDLINE_HEAD - 1);
    sbx_json_writer_begin(&w, &json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "seq", sequence);
    sbx_json_key_string(&w, "kind", kind_words[kind - 1]);
    if (has_step(kind))
        sbx_json_key_string(&w, "step", step);
    if (has_object(kind))
        sbx_json_key_string(&w, "object", object);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    if (!status)
        status = sbx_checkedline_add(ret_line, json.data, json.length_bytes, err);
    sbx_buf_done(&json);
    return status;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum sbx_status read_word(
    const struct sbx_json_at *root, const char *key, char **ret, struct sbx_error *err)
{
    const char *text = NULL;
    enum sbx_status status = sbx_json_require(root, key, err);

    if (!status)
        status = sbx_json_get_string(root, key, SBX_JOURNAL_WORD_MAX, &text, err);
    if (!status && !is_word(text))
        status = sbx_fail(err, SBX_INVALID, "'%s' is no name", key);
    return status ? status : sbx_strdup(text, ret, err);
}

/* The keys that a kind has are exactly the ones written for it. */
static enum sbx_status check_keys(
    const struct sbx_json_at *root, enum sbx_journal_kind kind, struct sbx_error *err)
{
    const char *keys[4] = {"seq", "kind"};
    size_t count = 2;

    if (has_step(kind))
        keys[count++] = "step";
    if (has_object(kind))
        keys[count++] = "object";
    return sbx_json_known_keys(root, keys, count, err);
}

static enum sbx_status read_record(const struct sbx_json_at *root, uint64_t *ret_sequence,
    struct sbx_journal_record *record, struct sbx_error *err)
{
    size_t kind = 0;
    int64_t sequence = 0;
    enum sbx_status status = sbx_json_require(root, "seq", err);

    if (!status)
        status = sbx_json_get_int(root, "seq", 1, SBX_JSON_INT_MAX, &sequence, err);
    if (!status)
        status = sbx_json_require(root, "kind", err);
    if (!status)
        status = sbx_json_get_enum(root, "kind", kind_words, countof(kind_words), &kind, err);
    *ret_sequence = (uint64_t)sequence;
    record->kind = (enum sbx_journal_kind)(kind + 1);
    if (!status)
        status = check_keys(root, record->kind, err);
    if (!status && has_step(record->kind))
        status = read_word(root, "step", &record->step, err);
    if (!status && has_object(record->kind))
        status = read_word(root, "object", &record->object, err);
    return status;
}

enum sbx_status sbx_journal_parse(const char *line, size_t length_bytes, uint64_t *ret_sequence,
    struct sbx_journal_record *ret, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_JOURNAL_LINE_MAX, 2};
    struct sbx_journal_record record;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    const char *json = NULL;
    size_t json_bytes = 0;
    enum sbx_status status;

    if (length_bytes > SBX_JOURNAL_LINE_MAX)
        return sbx_fail(err, SBX_INVALID, "a line of %zu bytes", length_bytes);
    memset(&record, 0, sizeof(record));
    status = sbx_checkedline_open(line, length_bytes, &json, &json_bytes, err);
    if (!status)
        status = sbx_json_parse(json, json_bytes, &limits, &doc, err);
    if (!status)
        status = sbx_json_root_object(doc, &root, err);
    if (!status)
        status = read_record(&root, ret_sequence, &record, err);
    sbx_json_free(doc);
    if (status)
        sbx_journal_record_done(&record);
    else
        *ret = record;
    return status;
}

/* Takes the record. */
static enum sbx_status append(
    struct sbx_journal_records *records, struct sbx_journal_record *record, struct sbx_error *err)
{
    enum sbx_status status =
        sbx_list_grow(&records->items, records->count, sizeof(*records->items), err);

    if (status) {
        sbx_journal_record_done(record);
        return status;
    }
    records->items[records->count++] = *record;
    memset(record, 0, sizeof(*record));
    return SBX_OK;
}

static enum sbx_status take(
    void *context, const char *line, size_t line_bytes, size_t index, struct sbx_error *err)
{
    struct sbx_journal_records *records = context;
    struct sbx_journal_record record;
    uint64_t sequence = 0;
    enum sbx_status status;

    memset(&record, 0, sizeof(record));
    status = sbx_journal_parse(line, line_bytes, &sequence, &record, err);
    if (!status && sequence != index + 1)
        status = sbx_fail(err, SBX_INVALID, "a line is missing before it");
    if (!status)
        return append(records, &record, err);
    sbx_journal_record_done(&record);
    return status;
}

enum sbx_status sbx_journal_read(
    const char *bytes, size_t length_bytes, struct sbx_journal_records *ret, struct sbx_error *err)
{
    struct sbx_journal_records records;
    struct sbx_checkedline_front front;

    if (length_bytes > SBX_JOURNAL_MAX_BYTES)
        return sbx_fail(err, SBX_INVALID, "the journal is too large (%zu bytes)", length_bytes);
    memset(&records, 0, sizeof(records));
    if (sbx_checkedline_each(bytes, length_bytes, take, &records, &front, err)) {
        sbx_journal_records_done(&records);
        return SBX_OOM;
    }
    records.good_bytes = front.good_bytes;
    records.damaged = front.damaged;
    records.torn = front.torn;
    memcpy(records.why, front.why, sizeof(records.why));
    *ret = records;
    return SBX_OK;
}

enum sbx_status sbx_journal_add(struct sbx_journal_records *records, enum sbx_journal_kind kind,
    const char *step, const char *object, struct sbx_error *err)
{
    struct sbx_journal_record record;
    enum sbx_status status = SBX_OK;

    memset(&record, 0, sizeof(record));
    record.kind = kind;
    if (step)
        status = sbx_strdup(step, &record.step, err);
    if (!status && object)
        status = sbx_strdup(object, &record.object, err);
    if (status) {
        sbx_journal_record_done(&record);
        return status;
    }
    return append(records, &record, err);
}

void sbx_journal_record_done(struct sbx_journal_record *record)
{
    if (!record)
        return;
    free(record->step);
    free(record->object);
    memset(record, 0, sizeof(*record));
}

void sbx_journal_records_done(struct sbx_journal_records *records)
{
    size_t i;

    if (!records)
        return;
    for (i = 0; i < records->count; i++)
        sbx_journal_record_done(&records->items[i]);
    free(records->items);
    memset(records, 0, sizeof(*records));
}

/* --- what it says ----------------------------------------------------------------------------- */

/* Whether the OBJECT record at `index` is valid: its step was not undone later. */
static bool is_valid(const struct sbx_journal_records *records, size_t index)
{
    size_t i;

    for (i = index + 1; i < records->count; i++) {
        if (records->items[i].kind == SBX_JOURNAL_UNDONE &&
            strcmp(records->items[i].step, records->items[index].step) == 0)
            return false;
    }
    return true;
}

bool sbx_journal_intended(
    const struct sbx_journal_records *records, const char *step, const char *object)
{
    size_t i;

    for (i = records->count; i-- > 0;) {
        const struct sbx_journal_record *record = &records->items[i];

        if (!record->step || strcmp(record->step, step) != 0)
            continue;
        if (record->kind == SBX_JOURNAL_UNDONE)
            return false;
        if (record->kind == SBX_JOURNAL_OBJECT && strcmp(record->object, object) == 0)
            return true;
    }
    return false;
}

bool sbx_journal_is_open(const struct sbx_journal_records *records)
{
    return records->count > 0 && records->items[records->count - 1].kind != SBX_JOURNAL_END;
}

bool sbx_journal_has_objects(const struct sbx_journal_records *records)
{
    size_t i;

    for (i = 0; i < records->count; i++) {
        if (records->items[i].kind == SBX_JOURNAL_OBJECT && is_valid(records, i) &&
            strcmp(records->items[i].step, SBX_JOURNAL_SETTINGS) != 0)
            return true;
    }
    return false;
}

const char *sbx_journal_setting(
    const struct sbx_journal_records *records, const char *prefix, size_t *at)
{
    size_t length = strlen(prefix);

    while (*at > 0) {
        const struct sbx_journal_record *record = &records->items[--*at];

        if (record->kind == SBX_JOURNAL_OBJECT && strcmp(record->step, SBX_JOURNAL_SETTINGS) == 0 &&
            strncmp(record->object, prefix, length) == 0)
            return record->object + length;
    }
    return NULL;
}

enum sbx_status sbx_journal_compact(
    const struct sbx_journal_records *records, struct sbx_buf *ret_text, struct sbx_error *err)
{
    uint64_t sequence = 1;
    enum sbx_status status =
        sbx_journal_format(sequence++, SBX_JOURNAL_BEGIN, NULL, "compact", ret_text, err);
    size_t i;

    for (i = 0; !status && i < records->count; i++) {
        const struct sbx_journal_record *record = &records->items[i];

        if (record->kind == SBX_JOURNAL_OBJECT && is_valid(records, i))
            status = sbx_journal_format(
                sequence++, SBX_JOURNAL_OBJECT, record->step, record->object, ret_text, err);
    }
    if (!status)
        status = sbx_journal_format(sequence, SBX_JOURNAL_END, NULL, "ok", ret_text, err);
    return status;
}
