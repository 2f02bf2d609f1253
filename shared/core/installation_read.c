/* See installation.h: reading a record. */
#include "installation_internal.h"

#include "capsid.h"
#include "json.h"
#include "list.h"
#include "sha256.h"

static enum sbx_status need_text(const struct sbx_json_at *at, const char *key, size_t max_bytes,
    char **ret, struct sbx_error *err)
{
    const char *text = NULL;
    enum sbx_status status = sbx_json_require(at, key, err);

    if (!status)
        status = sbx_json_get_string(at, key, max_bytes, &text, err);
    return status ? status : sbx_strdup(text, ret, err);
}

static enum sbx_status need_int(
    const struct sbx_json_at *at, const char *key, int64_t max, int64_t *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_int(at, key, 0, max, ret, err);
}

static enum sbx_status need_bool(
    const struct sbx_json_at *at, const char *key, bool *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, key, err);

    return status ? status : sbx_json_get_bool(at, key, ret, err);
}

static enum sbx_status need_list(const struct sbx_json_at *root, const char *key, size_t max_count,
    struct sbx_json_at *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(root, key, err);

    if (!status)
        status = sbx_json_get_array(root, key, ret, err);
    if (!status && sbx_json_count(ret) > max_count)
        status = sbx_fail(err, SBX_INVALID, "'%s' has more than %zu entries", key, max_count);
    return status;
}

static enum sbx_status read_account(
    const struct sbx_json_at *at, struct sbx_installation *inst, struct sbx_error *err)
{
    static const char *const keys[] = {"name", "sid", "kind"};
    struct sbx_installed_account *account;
    size_t kind = 0;
    enum sbx_status status = sbx_json_as_object(at, err);

    if (!status)
        status = sbx_json_known_keys(at, keys, countof(keys), err);
    if (!status)
        status = sbx_list_grow(&inst->accounts, inst->account_count, sizeof(*account), err);
    if (status)
        return status;
    account = &inst->accounts[inst->account_count++];
    status = need_text(at, "name", SBX_INSTALLATION_NAME_MAX, &account->name, err);
    if (!status)
        status = need_text(at, "sid", SBX_SID_TEXT_SIZE - 1, &account->sid, err);
    if (!status)
        status = sbx_json_require(at, "kind", err);
    if (!status)
        status = sbx_json_get_enum(at, "kind", sbx_installation_kind_words, 2, &kind, err);
    account->offline = kind == 0;
    return status;
}

static enum sbx_status read_program(
    const struct sbx_json_at *at, struct sbx_installation *inst, struct sbx_error *err)
{
    static const char *const keys[] = {"name", "sha256"};
    struct sbx_installed_program *program;
    const char *hash = NULL;
    enum sbx_status status = sbx_json_as_object(at, err);

    if (!status)
        status = sbx_json_known_keys(at, keys, countof(keys), err);
    if (!status)
        status = sbx_list_grow(&inst->programs, inst->program_count, sizeof(*program), err);
    if (status)
        return status;
    program = &inst->programs[inst->program_count++];
    status = need_text(at, "name", SBX_INSTALLATION_NAME_MAX, &program->name, err);
    if (!status)
        status = sbx_json_require(at, "sha256", err);
    if (!status)
        status = sbx_json_get_string(at, "sha256", SBX_INSTALLATION_SHA_DIGITS, &hash, err);
    if (!status)
        memcpy(program->sha256, hash, strlen(hash) + 1);
    return status;
}

static enum sbx_status read_lists(
    const struct sbx_json_at *root, struct sbx_installation *inst, struct sbx_error *err)
{
    struct sbx_json_at list;
    struct sbx_json_at at;
    const char *text = NULL;
    enum sbx_status status = need_list(root, "accounts", SBX_INSTALLATION_ACCOUNTS_MAX, &list, err);

    at.item = NULL;
    while (!status && sbx_json_next(&list, &at))
        status = read_account(&at, inst, err);
    if (!status)
        status = need_list(root, "operators", SBX_INSTALLATION_OPERATORS_MAX, &list, err);
    at.item = NULL;
    while (!status && sbx_json_next(&list, &at)) {
        status = sbx_json_as_string(&at, SBX_SID_TEXT_SIZE - 1, &text, err);
        if (!status)
            status = sbx_strings_add(&inst->operators, text, err);
    }
    if (!status)
        status = need_list(root, "programs", SBX_INSTALLATION_PROGRAMS_MAX, &list, err);
    at.item = NULL;
    while (!status && sbx_json_next(&list, &at))
        status = read_program(&at, inst, err);
    return status;
}

static enum sbx_status read_record(const struct sbx_json_at *root, struct sbx_installation *inst,
    const char **ret_check, struct sbx_error *err)
{
    static const char *const keys[] = {"schema", "productVersion", "osBuild", "groupSid",
        "accounts", "operators", "proxyFirst", "proxyLast", "programs", "fenceComplement",
        "fenceProved", "firewallEffective", "firewallNote", "sha256"};
    int64_t schema = 0, first = 0, last = 0;
    enum sbx_status status = need_int(root, "schema", UINT32_MAX, &schema, err);

    if (!status && schema != SBX_INSTALLATION_SCHEMA)
        status = sbx_fail(err, SBX_INVALID, "schema %lld, this program knows %u", (long long)schema,
            SBX_INSTALLATION_SCHEMA);
    inst->schema = (uint32_t)schema;
    if (!status)
        status = sbx_json_known_keys(root, keys, countof(keys), err);
    if (!status)
        status = need_text(
            root, "productVersion", SBX_INSTALLATION_VERSION_MAX, &inst->product_version, err);
    if (!status)
        status = need_text(root, "osBuild", SBX_INSTALLATION_BUILD_MAX, &inst->os_build, err);
    if (!status)
        status = need_text(root, "groupSid", SBX_SID_TEXT_SIZE - 1, &inst->group_sid, err);
    if (!status)
        status = read_lists(root, inst, err);
    if (!status)
        status = need_int(root, "proxyFirst", UINT16_MAX, &first, err);
    if (!status)
        status = need_int(root, "proxyLast", UINT16_MAX, &last, err);
    inst->proxy_first = (uint16_t)first;
    inst->proxy_last = (uint16_t)last;
    if (!status)
        status = need_bool(root, "fenceComplement", &inst->fence_complement, err);
    if (!status)
        status = need_bool(root, "fenceProved", &inst->fence_proved, err);
    if (!status)
        status = need_bool(root, "firewallEffective", &inst->firewall_effective, err);
    if (!status)
        status =
            need_text(root, "firewallNote", SBX_INSTALLATION_NOTE_MAX, &inst->firewall_note, err);
    if (!status)
        status = sbx_json_require(root, "sha256", err);
    return status
               ? status
               : sbx_json_get_string(root, "sha256", SBX_INSTALLATION_SHA_DIGITS, ret_check, err);
}

/* The file is exactly what format prints: nothing of it is outside the checksum. */
static enum sbx_status check_text(const struct sbx_installation *inst, const char *check,
    const char *text, size_t length_bytes, struct sbx_error *err)
{
    char right[SBX_SHA256_HEX_SIZE];
    struct sbx_buf again;
    enum sbx_status status = sbx_installation_checksum(inst, right, err);

    sbx_buf_init(&again, SBX_INSTALLATION_MAX_BYTES);
    if (!status && strcmp(check, right) != 0)
        status = sbx_fail(err, SBX_INVALID, "the checksum is wrong: the file is damaged");
    if (!status)
        status = sbx_installation_write(inst, check, &again, err);
    if (!status && !sbx_buf_is(&again, text, length_bytes))
        status = sbx_fail(err, SBX_INVALID, "the text is not as set-up writes it");
    sbx_buf_done(&again);
    return status;
}

enum sbx_status sbx_installation_parse(
    const char *text, size_t length_bytes, struct sbx_installation *ret, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_INSTALLATION_MAX_BYTES, 4};
    struct sbx_installation inst;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    const char *check = "";
    enum sbx_status status;

    memset(&inst, 0, sizeof(inst));
    status = sbx_json_parse(text, length_bytes, &limits, &doc, err);
    if (!status)
        status = sbx_json_root_object(doc, &root, err);
    if (!status)
        status = read_record(&root, &inst, &check, err);
    if (!status)
        status = sbx_installation_check(&inst, err);
    if (!status)
        status = check_text(&inst, check, text, length_bytes, err);
    sbx_json_free(doc);
    if (status) {
        sbx_installation_done(&inst);
        sbx_error_context(err, "installation record");
        sbx_error_hint(err, "run: agent repair");
        return status;
    }
    *ret = inst;
    return SBX_OK;
}
