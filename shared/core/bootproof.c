/* See bootproof.h. */
#include "bootproof.h"

#include <stdio.h>

#include "json.h"
#include "jsonwrite.h"

#define SCHEMA 1
#define NUMBER_MAX 9000000000000000 /* what a double holds exactly, and far beyond any clock */

/* --- is it this boot -------------------------------------------------------------------------- */

bool sbx_bootproof_is_now(const struct sbx_bootproof *then, const struct sbx_bootproof *now)
{
    uint64_t apart = then->started_ms > now->started_ms ? then->started_ms - now->started_ms
                                                        : now->started_ms - then->started_ms;

    return then->installation[0] && strcmp(then->installation, now->installation) == 0 &&
           now->up_ms >= then->up_ms && apart <= SBX_BOOTPROOF_SLACK_MS;
}

static bool has(const struct sbx_bootproof *proof, const char *account_sid)
{
    size_t i;

    for (i = 0; i < proof->count; i++)
        if (strcmp(proof->accounts[i], account_sid) == 0)
            return true;
    return false;
}

bool sbx_bootproof_holds(
    const struct sbx_bootproof *then, const struct sbx_bootproof *now, const char *account_sid)
{
    return sbx_bootproof_is_now(then, now) && has(then, account_sid);
}

void sbx_bootproof_add(struct sbx_bootproof *proof, const char *account_sid)
{
    if (proof->count < SBX_BOOTPROOF_ACCOUNTS_MAX && !has(proof, account_sid))
        snprintf(proof->accounts[proof->count++], SBX_SID_TEXT_SIZE, "%s", account_sid);
}

/* --- as text ---------------------------------------------------------------------------------- */

enum sbx_status sbx_bootproof_format(
    const struct sbx_bootproof *proof, struct sbx_buf *ret_text, struct sbx_error *err)
{
    const char *accounts[SBX_BOOTPROOF_ACCOUNTS_MAX];
    struct sbx_json_writer w;
    size_t i;

    for (i = 0; i < proof->count; i++)
        accounts[i] = proof->accounts[i];
    sbx_json_writer_begin(&w, ret_text, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "schema", SCHEMA);
    sbx_json_key_uint64(&w, "upMs", proof->up_ms);
    sbx_json_key_uint64(&w, "startedMs", proof->started_ms);
    sbx_json_key_string(&w, "installation", proof->installation);
    sbx_json_key_strings(&w, "accounts", accounts, proof->count);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

static enum sbx_status get_number(
    const struct sbx_json_at *root, const char *key, uint64_t *ret, struct sbx_error *err)
{
    int64_t value = 0;
    enum sbx_status status = sbx_json_require(root, key, err);

    if (!status)
        status = sbx_json_get_int(root, key, 0, NUMBER_MAX, &value, err);
    *ret = (uint64_t)value;
    return status;
}

static enum sbx_status get_accounts(
    const struct sbx_json_at *root, struct sbx_bootproof *ret, struct sbx_error *err)
{
    const char **list = NULL;
    size_t count = 0, i;
    struct sbx_sid sid;
    enum sbx_status status = sbx_json_get_string_list(
        root, "accounts", SBX_BOOTPROOF_ACCOUNTS_MAX, SBX_SID_TEXT_SIZE - 1, &list, &count, err);

    for (i = 0; !status && i < count; i++) {
        status = sbx_sid_parse(list[i], &sid, err);
        if (!status)
            sbx_bootproof_add(ret, list[i]);
    }
    free(list);
    return status;
}

static enum sbx_status read_root(
    const struct sbx_json_at *root, struct sbx_bootproof *ret, struct sbx_error *err)
{
    static const char *const keys[] = {"schema", "upMs", "startedMs", "installation", "accounts"};
    const char *hash = NULL;
    uint64_t schema = 0;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = get_number(root, "schema", &schema, err);
    if (!status && schema != SCHEMA)
        status = sbx_fail(err, SBX_INVALID, "schema %u is unknown", (unsigned)schema);
    if (!status)
        status = get_number(root, "upMs", &ret->up_ms, err);
    if (!status)
        status = get_number(root, "startedMs", &ret->started_ms, err);
    if (!status)
        status =
            sbx_json_get_string(root, "installation", sizeof(ret->installation) - 1, &hash, err);
    if (!status && (!hash || strspn(hash, "0123456789abcdef") != sizeof(ret->installation) - 1))
        status = sbx_fail(err, SBX_INVALID, "'installation' is no SHA-256");
    if (!status)
        memcpy(ret->installation, hash, sizeof(ret->installation));
    return status ? status : get_accounts(root, ret, err);
}

enum sbx_status sbx_bootproof_parse(
    const char *text, size_t length_bytes, struct sbx_bootproof *ret, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {.max_bytes = SBX_BOOTPROOF_MAX_BYTES};
    struct cJSON *document = NULL;
    struct sbx_json_at root;
    struct sbx_buf again;
    enum sbx_status status;

    memset(ret, 0, sizeof(*ret));
    sbx_buf_init(&again, SBX_BOOTPROOF_MAX_BYTES);
    status = sbx_json_parse(text, length_bytes, &limits, &document, err);
    if (!status)
        status = sbx_json_root_object(document, &root, err);
    if (!status)
        status = read_root(&root, ret, err);
    if (!status)
        status = sbx_bootproof_format(ret, &again, err);
    if (!status && !sbx_buf_is(&again, text, length_bytes))
        status = sbx_fail(err, SBX_INVALID, "it is not in the form in which it was written");
    if (status)
        memset(ret, 0, sizeof(*ret));
    sbx_json_free(document);
    sbx_buf_done(&again);
    return status;
}
