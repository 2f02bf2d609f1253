/* See credential.h. */
#include "credential.h"

#include "base64.h"
#include "capsid.h"
#include "json.h"
#include "jsonwrite.h"
#include "list.h"

#define BLOB_TEXT_MAX_BYTES ((SBX_CREDENTIAL_BLOB_MAX_BYTES + 2u) / 3u * 4u)

static void item_done(struct sbx_credential *item)
{
    free(item->name);
    free(item->sid);
    if (item->blob)
        sbx_wipe(item->blob, item->blob_bytes);
    free(item->blob);
    memset(item, 0, sizeof(*item));
}

void sbx_credentials_done(struct sbx_credentials *credentials)
{
    size_t i;

    if (!credentials)
        return;
    for (i = 0; i < credentials->count; i++)
        item_done(&credentials->items[i]);
    free(credentials->items);
    memset(credentials, 0, sizeof(*credentials));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static struct sbx_credential *find(const struct sbx_credentials *credentials, const char *name)
{
    size_t i;

    for (i = 0; i < credentials->count; i++)
        if (same_name(credentials->items[i].name, name))
            return &credentials->items[i];
    return NULL;
}

const struct sbx_credential *sbx_credentials_find(
    const struct sbx_credentials *credentials, const char *name)
{
    return find(credentials, name);
}

/* What SAM accepts for a user, and ASCII: the names are ours. The bytes are not shown: a file that
 * is not ours may hold anything. */
static enum sbx_status check_name(const char *name, struct sbx_error *err)
{
    size_t length = strlen(name);
    size_t i;

    if (!length || length > SBX_ACCOUNT_NAME_MAX)
        return sbx_fail(err, SBX_INVALID, "an account name of %zu characters", length);
    for (i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] > '~' || strchr("\"/\\[]:;|=,+*?<>@", name[i]))
            return sbx_fail(err, SBX_INVALID, "character %zu of an account name", i + 1);
    if (name[length - 1] == '.')
        return sbx_fail(err, SBX_INVALID, "an account name that ends in a dot");
    return SBX_OK;
}

static enum sbx_status check_item(const struct sbx_credentials *credentials, const char *name,
    const char *sid, size_t blob_bytes, struct sbx_error *err)
{
    struct sbx_sid wanted;
    struct sbx_sid other;
    enum sbx_status status = check_name(name, err);
    size_t i;

    if (!status)
        status = sbx_sid_parse(sid, &wanted, err);
    if (status)
        return status;
    if (!blob_bytes || blob_bytes > SBX_CREDENTIAL_BLOB_MAX_BYTES)
        return sbx_fail(err, SBX_INVALID, "a sealed password of %zu bytes", blob_bytes);
    for (i = 0; i < credentials->count; i++)
        if (!same_name(credentials->items[i].name, name) &&
            sbx_sid_parse(credentials->items[i].sid, &other, NULL) == SBX_OK &&
            sbx_sid_equal(&wanted, &other))
            return sbx_fail(err, SBX_INVALID, "two accounts with the SID %s", sid);
    return SBX_OK;
}

enum sbx_status sbx_credentials_set(struct sbx_credentials *credentials, const char *name,
    const char *sid, const void *blob, size_t blob_bytes, struct sbx_error *err)
{
    struct sbx_credential *existing = find(credentials, name);
    struct sbx_credential item;
    enum sbx_status status = check_item(credentials, name, sid, blob_bytes, err);

    memset(&item, 0, sizeof(item));
    if (!status && !existing && credentials->count >= SBX_CREDENTIALS_MAX)
        status = sbx_fail(err, SBX_INVALID, "more than %u accounts", SBX_CREDENTIALS_MAX);
    if (!status)
        status = sbx_strdup(name, &item.name, err);
    if (!status)
        status = sbx_strdup(sid, &item.sid, err);
    if (!status)
        status = sbx_calloc(blob_bytes, 1, &item.blob, err);
    if (!status && !existing)
        status = sbx_list_grow(
            &credentials->items, credentials->count, sizeof(*credentials->items), err);
    if (status) {
        item_done(&item);
        return status;
    }
    memcpy(item.blob, blob, blob_bytes);
    item.blob_bytes = blob_bytes;
    if (existing)
        item_done(existing);
    else
        existing = &credentials->items[credentials->count++];
    *existing = item;
    return SBX_OK;
}

/* --- text ------------------------------------------------------------------------------------- */

static enum sbx_status read_text(const struct sbx_json_at *object, const char *key,
    size_t max_bytes, const char **ret_text, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(object, key, err);

    return status ? status : sbx_json_get_string(object, key, max_bytes, ret_text, err);
}

static enum sbx_status add_item(struct sbx_credentials *credentials, const char *name,
    const char *sid, const char *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_buf blob;

    sbx_buf_init(&blob, SBX_CREDENTIAL_BLOB_MAX_BYTES);
    if (find(credentials, name))
        status = sbx_fail(err, SBX_INVALID, "an account stands there twice");
    if (!status)
        status = sbx_base64_decode(text, strlen(text), &blob, err);
    if (!status)
        status = sbx_credentials_set(credentials, name, sid, blob.data, blob.length_bytes, err);
    sbx_buf_wipe(&blob);
    return status;
}

static enum sbx_status read_item(
    const struct sbx_json_at *object, struct sbx_credentials *credentials, struct sbx_error *err)
{
    static const char *const keys[] = {"name", "sid", "blob"};
    const char *name = "";
    const char *sid = "";
    const char *text = "";
    enum sbx_status status = sbx_json_as_object(object, err);

    if (!status)
        status = sbx_json_known_keys(object, keys, countof(keys), err);
    if (!status)
        status = read_text(object, "name", SBX_ACCOUNT_NAME_MAX, &name, err);
    if (!status)
        status = read_text(object, "sid", SBX_SID_TEXT_SIZE - 1, &sid, err);
    if (!status)
        status = read_text(object, "blob", BLOB_TEXT_MAX_BYTES, &text, err);
    if (!status) {
        status = add_item(credentials, name, sid, text, err);
        if (status)
            sbx_error_context(err, "%s", object->path);
        /* The document is ours and about to be freed; the allocator must not keep the blob. */
        sbx_wipe((char *)(uintptr_t)text, strlen(text));
    }
    return status;
}

static enum sbx_status read_root(
    const struct sbx_json_at *root, struct sbx_credentials *credentials, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "accounts"};
    struct sbx_json_at array;
    struct sbx_json_at at;
    int64_t version = 0;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = sbx_json_require(root, "version", err);
    if (!status)
        status = sbx_json_get_int(
            root, "version", SBX_CREDENTIAL_VERSION, SBX_CREDENTIAL_VERSION, &version, err);
    if (!status)
        status = sbx_json_require(root, "accounts", err);
    if (!status)
        status = sbx_json_get_array(root, "accounts", &array, err);
    at.item = NULL;
    while (!status && sbx_json_next(&array, &at))
        status = read_item(&at, credentials, err);
    return status;
}

enum sbx_status sbx_credentials_parse(const char *text, size_t length_bytes,
    struct sbx_credentials *ret_credentials, struct sbx_error *err)
{
    static const struct sbx_json_limits limits = {SBX_CREDENTIAL_FILE_MAX_BYTES, 3};
    struct sbx_credentials credentials;
    struct sbx_json_at root;
    struct cJSON *document = NULL;
    enum sbx_status status = sbx_json_parse(text, length_bytes, &limits, &document, err);

    memset(&credentials, 0, sizeof(credentials));
    if (!status)
        status = sbx_json_root_object(document, &root, err);
    if (!status)
        status = read_root(&root, &credentials, err);
    if (!status) {
        *ret_credentials = credentials;
        memset(&credentials, 0, sizeof(credentials));
    }
    sbx_credentials_done(&credentials);
    sbx_json_free(document);
    return status;
}

static enum sbx_status write_item(
    struct sbx_json_writer *w, const struct sbx_credential *item, struct sbx_error *err)
{
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, BLOB_TEXT_MAX_BYTES);
    status = sbx_base64_encode(item->blob, item->blob_bytes, &text, err);
    if (!status) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", item->name);
        sbx_json_key_string(w, "sid", item->sid);
        sbx_json_key_string(w, "blob", text.data);
        sbx_json_end_object(w);
    }
    sbx_buf_wipe(&text);
    return status;
}

enum sbx_status sbx_credentials_format(
    const struct sbx_credentials *credentials, struct sbx_buf *ret_text, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status = SBX_OK;
    size_t i;

    sbx_json_writer_begin(&w, ret_text, true);
    sbx_json_begin_object(&w);
    sbx_json_key_int64(&w, "version", SBX_CREDENTIAL_VERSION);
    sbx_json_key_array(&w, "accounts");
    for (i = 0; !status && i < credentials->count; i++)
        status = write_item(&w, &credentials->items[i], err);
    sbx_json_end_array(&w);
    sbx_json_end_object(&w);
    return status ? status : sbx_json_writer_end(&w, err);
}
