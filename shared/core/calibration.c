/* See calibration.h. */
#include "calibration.h"

#include "json.h"
#include "jsonwrite.h"
#include "sha256.h"

#include <stdio.h>

/* Whoever has one of these can change what the file says, or who may. */
#define WRITE_BITS                                                                                 \
    (SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_FILE_DELETE_CHILD | SBX_DELETE |             \
        SBX_WRITE_DAC | SBX_WRITE_OWNER | SBX_GENERIC_WRITE | SBX_GENERIC_ALL)

static const char *const recipe_words[] = {"strict", "isolated", "standard"};
static const char *const mode_words[] = {"elevated", "unelevated"};

/* --- checking ----------------------------------------------------------------------------------
 */

static bool is_text(const char *text, size_t size_bytes, bool empty)
{
    size_t i;

    for (i = 0; i < size_bytes && text[i]; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return i < size_bytes && (empty || i > 0);
}

static enum sbx_status check_entry(const struct sbx_calibration_entry *entry, struct sbx_error *err)
{
    size_t i;

    if (!is_text(entry->os_build, sizeof(entry->os_build), false) ||
        !is_text(entry->product_version, sizeof(entry->product_version), false) ||
        (entry->mode != SBX_MODE_ELEVATED && entry->mode != SBX_MODE_UNELEVATED) ||
        !entry->try_count || entry->try_count > SBX_CALIBRATION_RECIPES)
        return sbx_fail(err, SBX_INVALID, "build, version, mode or number of recipes");
    for (i = 0; i < entry->try_count; i++) {
        const struct sbx_calibration_try *one = &entry->tries[i];

        /* The strictest first, none left out, nothing behind one that passed. */
        if (one->recipe != (enum sbx_token_choice)(SBX_TOKEN_STRICT + (int)i) || !one->rows ||
            (one->passed && i + 1 != entry->try_count))
            return sbx_fail(err, SBX_INVALID, "recipes are not in order");
        if (!is_text(one->failed, sizeof(one->failed), one->passed) ||
            !is_text(one->why, sizeof(one->why), one->passed) ||
            (one->passed && (one->failed[0] || one->why[0])))
            return sbx_fail(err, SBX_INVALID, "a recipe passed and failed, or neither");
    }
    return SBX_OK;
}

static enum sbx_status check(const struct sbx_calibration *calibration, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, j;

    if (calibration->count > SBX_CALIBRATION_ENTRIES_MAX)
        return sbx_fail(err, SBX_INVALID, "too many entries");
    for (i = 0; !status && i < calibration->count; i++) {
        const struct sbx_calibration_entry *entry = &calibration->entries[i];

        status = check_entry(entry, err);
        for (j = 0; !status && j < i; j++)
            if (entry->mode == calibration->entries[j].mode &&
                strcmp(entry->os_build, calibration->entries[j].os_build) == 0)
                status = sbx_fail(err, SBX_INVALID, "two entries for one build and mode");
    }
    return status;
}

/* --- printing ----------------------------------------------------------------------------------
 */

static void write_entry(struct sbx_json_writer *w, const struct sbx_calibration_entry *entry)
{
    size_t i;

    sbx_json_begin_object(w);
    sbx_json_key_string(w, "osBuild", entry->os_build);
    sbx_json_key_string(w, "productVersion", entry->product_version);
    sbx_json_key_string(w, "mode", mode_words[entry->mode == SBX_MODE_UNELEVATED]);
    sbx_json_key_array(w, "recipes");
    for (i = 0; i < entry->try_count; i++) {
        const struct sbx_calibration_try *one = &entry->tries[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "recipe", recipe_words[one->recipe - SBX_TOKEN_STRICT]);
        sbx_json_key_bool(w, "passed", one->passed);
        sbx_json_key_uint64(w, "rows", one->rows);
        sbx_json_key_string(w, "failed", one->failed);
        sbx_json_key_string(w, "why", one->why);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_end_object(w);
}

/* @param sum NULL: the text that the checksum is over */
static enum sbx_status print(const struct sbx_calibration *calibration, const char *sum,
    struct sbx_buf *text, struct sbx_error *err)
{
    struct sbx_json_writer w;
    size_t i;

    sbx_json_writer_begin(&w, text, true);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "schema", SBX_CALIBRATION_SCHEMA);
    sbx_json_key_array(&w, "entries");
    for (i = 0; i < calibration->count; i++)
        write_entry(&w, &calibration->entries[i]);
    sbx_json_end_array(&w);
    if (sum)
        sbx_json_key_string(&w, "sha256", sum);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

enum sbx_status sbx_calibration_format(
    const struct sbx_calibration *calibration, struct sbx_buf *ret_text, struct sbx_error *err)
{
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_buf body;
    enum sbx_status status = check(calibration, err);

    sbx_buf_init(&body, SBX_CALIBRATION_MAX_BYTES);
    if (!status)
        status = print(calibration, NULL, &body, err);
    if (!status) {
        sbx_sha256(body.data, body.length_bytes, digest);
        sbx_sha256_hex(digest, hex);
        status = print(calibration, hex, ret_text, err);
    }
    sbx_buf_done(&body);
    return status;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static enum sbx_status get_text(const struct sbx_json_at *object, const char *key, char *ret_text,
    size_t size_bytes, struct sbx_error *err)
{
    const char *text = NULL;
    enum sbx_status status = sbx_json_require(object, key, err);

    if (!status)
        status = sbx_json_get_string(object, key, size_bytes - 1, &text, err);
    if (!status && !text)
        status = sbx_fail(err, SBX_INVALID, "'%s' is no text", key);
    if (!status)
        snprintf(ret_text, size_bytes, "%s", text);
    return status;
}

static enum sbx_status read_try(
    const struct sbx_json_at *object, struct sbx_calibration_try *ret, struct sbx_error *err)
{
    static const char *const keys[] = {"recipe", "passed", "rows", "failed", "why"};
    enum sbx_status status = sbx_json_known_keys(object, keys, countof(keys), err);
    int64_t rows = 0;
    size_t word = 0;

    if (!status)
        status = sbx_json_require(object, "recipe", err);
    if (!status)
        status =
            sbx_json_get_enum(object, "recipe", recipe_words, countof(recipe_words), &word, err);
    ret->recipe = (enum sbx_token_choice)(SBX_TOKEN_STRICT + (int)word);
    if (!status)
        status = sbx_json_get_bool(object, "passed", &ret->passed, err);
    if (!status)
        status = sbx_json_get_int(object, "rows", 1, 10000, &rows, err);
    ret->rows = (uint32_t)rows;
    if (!status)
        status = get_text(object, "failed", ret->failed, sizeof(ret->failed), err);
    return status ? status : get_text(object, "why", ret->why, sizeof(ret->why), err);
}

static enum sbx_status read_entry(
    const struct sbx_json_at *object, struct sbx_calibration_entry *ret, struct sbx_error *err)
{
    static const char *const keys[] = {"osBuild", "productVersion", "mode", "recipes"};
    struct sbx_json_at list = {0}, at = {0};
    enum sbx_status status = sbx_json_known_keys(object, keys, countof(keys), err);
    size_t word = 0;

    if (!status)
        status = get_text(object, "osBuild", ret->os_build, sizeof(ret->os_build), err);
    if (!status)
        status = get_text(
            object, "productVersion", ret->product_version, sizeof(ret->product_version), err);
    if (!status)
        status = sbx_json_require(object, "mode", err);
    if (!status)
        status = sbx_json_get_enum(object, "mode", mode_words, countof(mode_words), &word, err);
    ret->mode = word ? SBX_MODE_UNELEVATED : SBX_MODE_ELEVATED;
    if (!status)
        status = sbx_json_get_array(object, "recipes", &list, err);
    while (!status && list.item && sbx_json_next(&list, &at)) {
        if (ret->try_count == SBX_CALIBRATION_RECIPES)
            return sbx_fail(err, SBX_INVALID, "too many recipes");
        status = sbx_json_as_object(&at, err);
        if (!status)
            status = read_try(&at, &ret->tries[ret->try_count++], err);
    }
    return status;
}

static enum sbx_status read_root(
    const struct sbx_json_at *root, struct sbx_calibration *ret, struct sbx_error *err)
{
    static const char *const keys[] = {"schema", "entries", "sha256"};
    struct sbx_json_at list = {0}, at = {0};
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);
    int64_t schema = 0;

    if (!status)
        status = sbx_json_require(root, "schema", err);
    if (!status)
        status = sbx_json_get_int(
            root, "schema", SBX_CALIBRATION_SCHEMA, SBX_CALIBRATION_SCHEMA, &schema, err);
    if (!status)
        status = sbx_json_get_array(root, "entries", &list, err);
    while (!status && list.item && sbx_json_next(&list, &at)) {
        if (ret->count == SBX_CALIBRATION_ENTRIES_MAX)
            return sbx_fail(err, SBX_INVALID, "too many entries");
        status = sbx_json_as_object(&at, err);
        if (!status)
            status = read_entry(&at, &ret->entries[ret->count++], err);
    }
    return status;
}

enum sbx_status sbx_calibration_parse(
    const char *text, size_t length_bytes, struct sbx_calibration *ret, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {.max_bytes = SBX_CALIBRATION_MAX_BYTES};
    struct cJSON *document = NULL;
    struct sbx_json_at root;
    struct sbx_buf again;
    enum sbx_status status;

    memset(ret, 0, sizeof(*ret));
    sbx_buf_init(&again, SBX_CALIBRATION_MAX_BYTES);
    status = sbx_json_parse(text, length_bytes, &limits, &document, err);
    if (!status)
        status = sbx_json_root_object(document, &root, err);
    if (!status)
        status = read_root(&root, ret, err);
    /* MUST 3: printed again it is the same to the byte, and so is its checksum. */
    if (!status)
        status = sbx_calibration_format(ret, &again, err);
    if (!status && !sbx_buf_is(&again, text, length_bytes))
        status = sbx_fail(err, SBX_INVALID, "the checksum or the form is not right");
    if (status)
        memset(ret, 0, sizeof(*ret));
    sbx_json_free(document);
    sbx_buf_done(&again);
    return status;
}

/* --- using -------------------------------------------------------------------------------------
 */

const struct sbx_calibration_entry *sbx_calibration_find(const struct sbx_calibration *calibration,
    const char *os_build, const char *product_version, enum sbx_mode mode)
{
    size_t i;

    for (i = 0; i < calibration->count; i++) {
        const struct sbx_calibration_entry *entry = &calibration->entries[i];

        if (entry->mode == mode && strcmp(entry->os_build, os_build) == 0 &&
            strcmp(entry->product_version, product_version) == 0)
            return entry;
    }
    return NULL;
}

enum sbx_token_choice sbx_calibration_recipe(const struct sbx_calibration_entry *entry)
{
    size_t i;

    for (i = 0; entry && i < entry->try_count; i++)
        if (entry->tries[i].passed)
            return entry->tries[i].recipe;
    return SBX_TOKEN_UNSET;
}

/*
 * CreateNamedPipe without a descriptor names the maker as owner, administrators and the system, and
 * lets Everyone read. The user's SID restricts no token of unelevated mode, so a command there
 * opens no such pipe for writing, its own included; the account's does in elevated mode.
 * https://learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights
 */
const char *sbx_calibration_known_limit(const char *work, enum sbx_mode mode)
{
    return mode == SBX_MODE_UNELEVATED && strcmp(work, "work.node") == 0
               ? "Node's pipes to its children need elevated mode (agent setup)"
               : NULL;
}

void sbx_calibration_put(
    struct sbx_calibration *calibration, const struct sbx_calibration_entry *entry)
{
    size_t i, gone = calibration->count == SBX_CALIBRATION_ENTRIES_MAX ? 0 : calibration->count;

    for (i = 0; i < calibration->count; i++)
        if (calibration->entries[i].mode == entry->mode &&
            strcmp(calibration->entries[i].os_build, entry->os_build) == 0)
            gone = i;
    if (gone < calibration->count) {
        memmove(&calibration->entries[gone], &calibration->entries[gone + 1],
            (calibration->count - gone - 1) * sizeof(*entry));
        calibration->count--;
    }
    calibration->entries[calibration->count++] = *entry;
}

void sbx_calibration_text(char *ret_text, size_t size_bytes, const char *text)
{
    size_t i;

    for (i = 0; i + 1 < size_bytes && text[i]; i++)
        ret_text[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i];
    ret_text[i] = '\0';
}

static bool may_write(const struct sbx_sid *sid, const struct sbx_sid *user)
{
    return sbx_sid_equal(sid, user) || sbx_sid_equal(sid, &sbx_sid_system) ||
           sbx_sid_equal(sid, &sbx_sid_administrators);
}

const struct sbx_sid *sbx_calibration_other_writer(
    const struct sbx_descriptor *descriptor, const struct sbx_sid *user)
{
    size_t i;

    if (!descriptor->has_owner || descriptor->dacl.kind != SBX_ACL_LIST)
        return &sbx_sid_everyone; /* no list: everyone may do everything */
    if (!may_write(&descriptor->owner, user))
        return &descriptor->owner;
    for (i = 0; i < descriptor->dacl.count; i++) {
        const struct sbx_ace *ace = &descriptor->dacl.aces[i];

        if (ace->type == SBX_ACE_DENY || ace->flags & SBX_ACE_IO ||
            (ace->type == SBX_ACE_ALLOW && !(ace->mask & WRITE_BITS)))
            continue;
        if (ace->type != SBX_ACE_ALLOW || !may_write(&ace->sid, user))
            return ace->type == SBX_ACE_ALLOW ? &ace->sid : &sbx_sid_everyone;
    }
    return NULL;
}

enum sbx_status sbx_calibration_check_writers(
    const struct sbx_descriptor *descriptor, const struct sbx_sid *user, struct sbx_error *err)
{
    const struct sbx_sid *other = sbx_calibration_other_writer(descriptor, user);
    char text[SBX_SID_TEXT_SIZE];

    if (!other)
        return SBX_OK;
    sbx_sid_format(other, text);
    return sbx_fail(err, SBX_UNPROVEN, "%s may write it", text);
}
