/* See auditrecord.h. Checking is in auditcheck.c. */
#include "auditrecord.h"

#include <stdio.h>

#include "jsonwrite.h"
#include "utf.h"

/* event.action, event.category, event.type: the allowed values of ECS 8.11. */
struct action_row {
    const char *name, *category, *type;
};

static const struct action_row actions[] = {
    {"unknown", "process", "info"},
    {"run-started", "process", "start"},
    {"run-ended", "process", "end"},
    {"run-denied", "process", "denied"},
    {"approval-asked", "process", "info"},
    {"approval-decided", "process", "info"},
    {"grants-changed", "configuration", "change"},
    {"protected-name", "file", "change"},
    {"setup-changed", "configuration", "change"},
    {"log-repaired", "configuration", "change"},
    {"log-restarted", "configuration", "change"},
};

static const char *const outcomes[] = {"unknown", "success", "failure"};

const char *sbx_audit_action_name(enum sbx_audit_action action)
{
    return actions[(size_t)action < countof(actions) ? action : 0].name;
}

/* --- building --------------------------------------------------------------------------------- */

void sbx_audit_begin(struct sbx_audit_record *record, enum sbx_audit_action action,
    enum sbx_audit_outcome outcome, uint64_t time_ms)
{
    memset(record, 0, sizeof(*record));
    record->action = action;
    record->outcome = outcome;
    record->time_ms = time_ms;
}

/* One too many is counted and not kept: sbx_audit_format refuses it. */
static void add(struct sbx_audit_record *record, const struct sbx_audit_field *field)
{
    if (record->field_count < SBX_AUDIT_FIELDS_MAX)
        record->fields[record->field_count] = *field;
    record->field_count++;
}

void sbx_audit_text(
    struct sbx_audit_record *record, const char *section, const char *key, const char *text)
{
    const struct sbx_audit_field field = {
        .section = section, .key = key, .kind = SBX_AUDIT_TEXT, .text = text};

    if (text)
        add(record, &field);
}

void sbx_audit_number(
    struct sbx_audit_record *record, const char *section, const char *key, uint64_t number)
{
    const struct sbx_audit_field field = {
        .section = section, .key = key, .kind = SBX_AUDIT_NUMBER, .number = number};

    add(record, &field);
}

void sbx_audit_flag(
    struct sbx_audit_record *record, const char *section, const char *key, bool flag)
{
    const struct sbx_audit_field field = {
        .section = section, .key = key, .kind = SBX_AUDIT_FLAG, .number = flag};

    add(record, &field);
}

void sbx_audit_list(struct sbx_audit_record *record, const char *section, const char *key,
    const char *const *list, size_t count)
{
    const struct sbx_audit_field field = {
        .section = section, .key = key, .kind = SBX_AUDIT_LIST, .list = list, .number = count};

    add(record, &field);
}

void sbx_audit_tip_init(struct sbx_audit_tip *tip)
{
    tip->sequence = 0;
    memset(tip->hash, '0', sizeof(tip->hash) - 1);
    tip->hash[sizeof(tip->hash) - 1] = '\0';
}

/* --- the line --------------------------------------------------------------------------------- */

/* Days since 1970 to a date of the Gregorian calendar: 400 years have 146097 days. */
static void civil(uint64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    const uint64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
    const uint64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const uint64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint64_t shifted_month = (5 * of_year + 2) / 153; /* 0 = March */

    *ret_day = (unsigned)(of_year - (153 * shifted_month + 2) / 5 + 1);
    *ret_month = (unsigned)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *ret_year = (unsigned)(year_of_era + era * 400 + (*ret_month <= 2));
}

void sbx_audit_time_text(uint64_t time_ms, char ret_text[32])
{
    const uint64_t seconds = time_ms / 1000 % UINT64_C(253402300800); /* up to the year 9999 */
    unsigned year, month, day;

    civil(seconds / 86400, &year, &month, &day);
    snprintf(ret_text, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year % 10000, month % 100,
        day % 100, (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60),
        (unsigned)(seconds % 60), (unsigned)(time_ms % 1000));
}

/* Cut where a character begins; ill-formed text is left for the writer to refuse. */
static void put_text(struct sbx_json_writer *w, const char *text)
{
    char cut[SBX_AUDIT_TEXT_MAX + 4];
    size_t length = strlen(text), keep = SBX_AUDIT_TEXT_MAX - 3;

    if (length <= SBX_AUDIT_TEXT_MAX) {
        sbx_json_string(w, text);
        return;
    }
    while (keep && ((unsigned char)text[keep] & 0xC0u) == 0x80u)
        keep--;
    memcpy(cut, text, keep);
    memcpy(cut + keep, "...", 4);
    sbx_json_string(w, cut);
}

static void put_list(struct sbx_json_writer *w, const struct sbx_audit_field *field)
{
    size_t i, bytes = 0;

    sbx_json_begin_array(w);
    for (i = 0; i < field->number; i++) {
        bytes += strlen(field->list[i]) + 3;
        if (bytes > SBX_AUDIT_LIST_MAX) {
            sbx_json_string(w, "...");
            break;
        }
        put_text(w, field->list[i]);
    }
    sbx_json_end_array(w);
}

static void put_field(struct sbx_json_writer *w, const struct sbx_audit_field *field)
{
    sbx_json_key(w, field->key);
    switch (field->kind) {
    case SBX_AUDIT_TEXT:
        put_text(w, field->text);
        break;
    case SBX_AUDIT_NUMBER:
        sbx_json_uint64(w, field->number);
        break;
    case SBX_AUDIT_FLAG:
        sbx_json_bool(w, field->number != 0);
        break;
    case SBX_AUDIT_LIST:
        put_list(w, field);
        break;
    }
}

/* All members of the section that field `first` is in. */
static void put_section(
    struct sbx_json_writer *w, const struct sbx_audit_record *record, const char *section)
{
    size_t i;

    for (i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].section, section) == 0)
            put_field(w, &record->fields[i]);
}

static bool is_first_of_section(const struct sbx_audit_record *record, size_t index)
{
    size_t i;

    if (strcmp(record->fields[index].section, "event") == 0)
        return false; /* written at the head */
    for (i = 0; i < index; i++)
        if (strcmp(record->fields[i].section, record->fields[index].section) == 0)
            return false;
    return true;
}

/* @param sequence 0: in no chain */
static void put_head(
    struct sbx_json_writer *w, const struct sbx_audit_record *record, uint64_t sequence)
{
    const struct action_row *row =
        &actions[(size_t)record->action < countof(actions) ? record->action : 0];
    char time[32];

    sbx_audit_time_text(record->time_ms, time);
    sbx_json_key_string(w, "@timestamp", time);
    sbx_json_key_object(w, "ecs");
    sbx_json_key_string(w, "version", "8.11.0");
    sbx_json_end_object(w);
    sbx_json_key_object(w, "event");
    sbx_json_key_string(w, "kind", "event");
    sbx_json_key_string(w, "provider", "agent-sandbox");
    if (sequence)
        sbx_json_key_uint64(w, "sequence", sequence);
    sbx_json_key_string(w, "action", row->name);
    sbx_json_key_strings(w, "category", &row->category, 1);
    sbx_json_key_strings(w, "type", &row->type, 1);
    sbx_json_key_string(
        w, "outcome", outcomes[(size_t)record->outcome < countof(outcomes) ? record->outcome : 0]);
    put_section(w, record, "event");
    sbx_json_end_object(w);
}

static enum sbx_status put_body(const struct sbx_audit_record *record, uint64_t sequence,
    struct sbx_buf *body, struct sbx_error *err)
{
    struct sbx_json_writer w;
    size_t i;

    if (record->field_count > SBX_AUDIT_FIELDS_MAX)
        return sbx_fail(err, SBX_INTERNAL, "%zu members in an audit record", record->field_count);
    sbx_json_writer_begin(&w, body, false);
    sbx_json_begin_object(&w);
    put_head(&w, record, sequence);
    for (i = 0; i < record->field_count; i++) {
        if (!is_first_of_section(record, i))
            continue;
        sbx_json_key_object(&w, record->fields[i].section);
        put_section(&w, record, record->fields[i].section);
        sbx_json_end_object(&w);
    }
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

enum sbx_status sbx_audit_format_single(
    const struct sbx_audit_record *record, struct sbx_buf *ret_json, struct sbx_error *err)
{
    struct sbx_buf line;
    enum sbx_status status;

    sbx_buf_init(&line, SBX_AUDIT_LINE_MAX);
    status = put_body(record, 0, &line, err);
    if (!status)
        status = sbx_buf_add(ret_json, line.data, line.length_bytes, err);
    sbx_buf_done(&line);
    return status;
}

enum sbx_status sbx_audit_format(const struct sbx_audit_record *record, struct sbx_audit_tip *tip,
    struct sbx_buf *ret_line, struct sbx_error *err)
{
    char hash[SBX_SHA256_HEX_SIZE];
    uint8_t digest[SBX_SHA256_BYTES];
    struct sbx_buf line;
    enum sbx_status status;

    sbx_buf_init(&line, SBX_AUDIT_LINE_MAX);
    status = put_body(record, tip->sequence + 1, &line, err);
    if (!status) { /* the chain is written by hand, byte for byte, in front of the last brace */
        line.data[--line.length_bytes] = '\0';
        status = sbx_buf_printf(&line, err, ",\"chain\":{\"previous\":\"%s", tip->hash);
    }
    if (!status) {
        sbx_sha256(line.data, line.length_bytes, digest);
        sbx_sha256_hex(digest, hash);
        status = sbx_buf_printf(&line, err, "\",\"hash\":\"%s\"}}\n", hash);
    }
    if (!status)
        status = sbx_buf_add(ret_line, line.data, line.length_bytes, err);
    if (!status) {
        tip->sequence++;
        memcpy(tip->hash, hash, sizeof(hash));
    }
    sbx_buf_done(&line);
    return status;
}
