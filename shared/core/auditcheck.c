/* Reading the audit log back and finding the first record that is not as it was written. */
#include "auditrecord.h"

#include "json.h"

/* What follows the hashed bytes: `","hash":"` 64 digits `"}}` line end. */
static const char before_hash[] = "\",\"hash\":\"";
static const char after_hash[] = "\"}}\n";
static const char before_previous[] = ",\"chain\":{\"previous\":\"";

#define HEX_BYTES (SBX_SHA256_HEX_SIZE - 1)
#define TAIL_BYTES (sizeof(before_hash) - 1 + HEX_BYTES + sizeof(after_hash) - 1)
#define CHAIN_BYTES (sizeof(before_previous) - 1 + HEX_BYTES + TAIL_BYTES)

size_t sbx_audit_whole_bytes(const char *bytes, size_t length_bytes)
{
    while (length_bytes && bytes[length_bytes - 1] != '\n')
        length_bytes--;
    return length_bytes;
}

static bool is_hex(const char *text)
{
    size_t i;

    for (i = 0; i < HEX_BYTES; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return true;
}

/* The chain part has one spelling only, so that every byte of it is checked by comparison. */
static enum sbx_status check_form(const char *line, size_t length_bytes, const char **ret_previous,
    const char **ret_hash, struct sbx_error *err)
{
    const char *chain = line + length_bytes - CHAIN_BYTES;

    if (length_bytes > SBX_AUDIT_LINE_MAX)
        return sbx_fail(err, SBX_INVALID, "it is longer than any record");
    if (length_bytes <= CHAIN_BYTES ||
        memcmp(chain, before_previous, sizeof(before_previous) - 1) != 0)
        return sbx_fail(err, SBX_INVALID, "it does not end as a record ends");
    *ret_previous = chain + sizeof(before_previous) - 1;
    *ret_hash = *ret_previous + HEX_BYTES + sizeof(before_hash) - 1;
    if (memcmp(*ret_previous + HEX_BYTES, before_hash, sizeof(before_hash) - 1) != 0 ||
        memcmp(*ret_hash + HEX_BYTES, after_hash, sizeof(after_hash) - 1) != 0 ||
        !is_hex(*ret_previous) || !is_hex(*ret_hash))
        return sbx_fail(err, SBX_INVALID, "it does not end as a record ends");
    return SBX_OK;
}

static enum sbx_status read_event(const char *line, size_t length_bytes, uint64_t *ret_sequence,
    bool *ret_restart, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_AUDIT_LINE_MAX, 8};
    struct sbx_json_at root, event = {0};
    const char *action = "";
    struct cJSON *doc = NULL;
    int64_t sequence = 0;
    enum sbx_status status = sbx_json_parse(line, length_bytes - 1, &limits, &doc, err);

    if (!status)
        status = sbx_json_root_object(doc, &root, err);
    if (!status)
        status = sbx_json_get_object(&root, "event", &event, err);
    if (!status && !event.item)
        status = sbx_fail(err, SBX_INVALID, "it has no event");
    if (!status)
        status = sbx_json_get_int(&event, "sequence", 1, SBX_JSON_INT_MAX, &sequence, err);
    if (!status)
        status = sbx_json_get_string(&event, "action", 64, &action, err);
    if (!status && !sequence)
        status = sbx_fail(err, SBX_INVALID, "it has no sequence number");
    *ret_sequence = (uint64_t)sequence;
    *ret_restart = strcmp(action, sbx_audit_action_name(SBX_AUDIT_LOG_RESTARTED)) == 0;
    sbx_json_free(doc);
    return status;
}

static enum sbx_status read_line(const char *line, size_t length_bytes,
    struct sbx_audit_tip *ret_tip, char previous[SBX_SHA256_HEX_SIZE], bool *ret_restart,
    struct sbx_error *err)
{
    const char *said_previous = line, *said_hash = line;
    uint8_t digest[SBX_SHA256_BYTES];
    char hash[SBX_SHA256_HEX_SIZE];
    enum sbx_status status = check_form(line, length_bytes, &said_previous, &said_hash, err);

    if (status)
        return status;
    sbx_sha256(line, length_bytes - TAIL_BYTES, digest);
    sbx_sha256_hex(digest, hash);
    if (memcmp(hash, said_hash, HEX_BYTES) != 0)
        return sbx_fail(err, SBX_INVALID, "its hash is not that of its content");
    status = read_event(line, length_bytes, &ret_tip->sequence, ret_restart, err);
    if (status)
        return status;
    memcpy(ret_tip->hash, hash, sizeof(hash));
    memcpy(previous, said_previous, HEX_BYTES);
    previous[HEX_BYTES] = '\0';
    return SBX_OK;
}

enum sbx_status sbx_audit_read_line(const char *line, size_t length_bytes,
    struct sbx_audit_tip *ret_tip, char ret_previous[SBX_SHA256_HEX_SIZE], struct sbx_error *err)
{
    char previous[SBX_SHA256_HEX_SIZE];
    bool restart = false;

    return read_line(
        line, length_bytes, ret_tip, ret_previous ? ret_previous : previous, &restart, err);
}

/* Does a sound line stand where it says? */
static enum sbx_status check_place(const struct sbx_audit_check *check,
    const struct sbx_audit_tip *tip, const char *previous, bool restart, struct sbx_error *err)
{
    struct sbx_audit_tip none;

    sbx_audit_tip_init(&none);
    if (!check->started && tip->sequence > 1)
        return SBX_OK; /* older files were removed: its own sequence says how many records */
    if (!check->started || restart)
        return strcmp(previous, none.hash) == 0
                   ? SBX_OK
                   : sbx_fail(err, SBX_INVALID, "it begins a chain and names a record before it");
    if (tip->sequence != check->tip.sequence + 1)
        return sbx_fail(err, SBX_INVALID, "it says %llu where %llu follows",
            (unsigned long long)tip->sequence, (unsigned long long)check->tip.sequence + 1);
    if (strcmp(previous, check->tip.hash) != 0)
        return sbx_fail(err, SBX_INVALID, "it follows another record than the one before it");
    return SBX_OK;
}

static enum sbx_status check_line(
    struct sbx_audit_check *check, const char *line, size_t length_bytes, struct sbx_error *err)
{
    char previous[SBX_SHA256_HEX_SIZE];
    struct sbx_audit_tip tip = {0};
    bool restart = false;
    enum sbx_status status = read_line(line, length_bytes, &tip, previous, &restart, err);

    if (!status)
        status = check_place(check, &tip, previous, restart, err);
    if (status)
        return status;
    if (!check->started)
        check->begins_at = tip.sequence;
    check->restarts += restart && check->started;
    check->started = true;
    check->records++;
    check->tip = tip;
    return SBX_OK;
}

enum sbx_status sbx_audit_check_file(struct sbx_audit_check *check, const char *bytes,
    size_t length_bytes, bool is_last, struct sbx_error *err)
{
    const size_t whole = sbx_audit_whole_bytes(bytes, length_bytes);
    enum sbx_status status = SBX_OK;
    size_t at = 0, length, line = 1;

    for (; !status && at < whole; at += length, line++) {
        const char *end = memchr(bytes + at, '\n', whole - at);

        length = end ? (size_t)(end - (bytes + at)) + 1 : whole - at;
        status = check_line(check, bytes + at, length, err);
        if (status)
            break;
    }
    if (!status && whole < length_bytes && !is_last)
        status = sbx_fail(err, SBX_INVALID, "it has no line end, and a file follows");
    if (status) {
        sbx_error_context(err, "line %zu (byte %zu), after record %llu", line, at,
            (unsigned long long)check->tip.sequence);
        return status;
    }
    check->torn_bytes = length_bytes - whole;
    return SBX_OK;
}
