/* See installation.h. */
#include "installation_internal.h"

#include <stdio.h>

#include "capsid.h"
#include "jsonwrite.h"
#include "sha256.h"
#include "utf.h"
#include "winpath.h"

const char *const sbx_installation_kind_words[2] = {"offline", "online"};

void sbx_installation_account_name(bool offline, size_t index, char *text, size_t size_bytes)
{
    const char *name = offline ? SBX_OFFLINE_NAME : SBX_ONLINE_NAME;

    if (index)
        snprintf(text, size_bytes, "%s%zu", name, index + 1);
    else
        snprintf(text, size_bytes, "%s", name);
}

void sbx_installation_done(struct sbx_installation *installation)
{
    size_t i;

    if (!installation)
        return;
    free(installation->product_version);
    free(installation->os_build);
    free(installation->group_sid);
    for (i = 0; i < installation->account_count; i++) {
        free(installation->accounts[i].name);
        free(installation->accounts[i].sid);
    }
    free(installation->accounts);
    sbx_strings_done(&installation->operators);
    for (i = 0; i < installation->program_count; i++)
        free(installation->programs[i].name);
    free(installation->programs);
    free(installation->firewall_note);
    memset(installation, 0, sizeof(*installation));
}

bool sbx_installation_is_operator(const struct sbx_installation *installation, const char *sid)
{
    struct sbx_sid wanted;
    struct sbx_sid one;
    size_t i;

    if (!sid || sbx_sid_parse(sid, &wanted, NULL))
        return false;
    for (i = 0; i < installation->operators.count; i++) {
        if (!sbx_sid_parse(installation->operators.items[i], &one, NULL) &&
            sbx_sid_equal(&one, &wanted))
            return true;
    }
    return false;
}

struct sbx_installed_account *sbx_installation_account(
    const struct sbx_installation *installation, const char *name)
{
    size_t i;

    for (i = 0; i < installation->account_count; i++) {
        if (sbx_utf_equal_ci_ascii(installation->accounts[i].name, name))
            return &installation->accounts[i];
    }
    return NULL;
}

struct sbx_installed_program *sbx_installation_program(
    const struct sbx_installation *installation, const char *name)
{
    size_t i;

    for (i = 0; i < installation->program_count; i++) {
        if (sbx_utf_equal_ci_ascii(installation->programs[i].name, name))
            return &installation->programs[i];
    }
    return NULL;
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool is_text(const char *text, size_t max_bytes, bool may_be_empty)
{
    char printable[SBX_INSTALLATION_NOTE_MAX + 8];
    size_t length = text ? strlen(text) : 0;

    if (!text || length > max_bytes || length > SBX_INSTALLATION_NOTE_MAX ||
        (!length && !may_be_empty))
        return false;
    sbx_utf_printable(text, length, printable, sizeof(printable));
    return strcmp(text, printable) == 0;
}

/* The very text that a SID prints to: two spellings would be two entries. */
static bool is_sid(const char *text)
{
    char printed[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;

    if (!text || sbx_sid_parse(text, &sid, NULL))
        return false;
    sbx_sid_format(&sid, printed);
    return strcmp(text, printed) == 0;
}

static bool is_hash(const char *text)
{
    size_t i;

    for (i = 0; i < SBX_INSTALLATION_SHA_DIGITS; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    }
    return text[SBX_INSTALLATION_SHA_DIGITS] == '\0';
}

static bool is_account_name(const char *name, bool offline)
{
    char one[SBX_INSTALLATION_NAME_MAX];
    size_t i;

    for (i = 0; name && i < SBX_INSTALLATION_KINDS_MAX; i++) {
        sbx_installation_account_name(offline, i, one, sizeof(one));
        if (strcmp(name, one) == 0)
            return true;
    }
    return false;
}

static enum sbx_status check_accounts(
    const struct sbx_installation *inst, bool sids_known, struct sbx_error *err)
{
    size_t kinds[2] = {0, 0};
    size_t i;
    size_t k;

    for (i = 0; i < inst->account_count; i++) {
        const struct sbx_installed_account *account = &inst->accounts[i];

        if (!is_account_name(account->name, account->offline))
            return sbx_fail(err, SBX_INVALID, "account %zu has no name of ours", i);
        if ((account->sid || sids_known) && !is_sid(account->sid))
            return sbx_fail(err, SBX_INVALID, "account '%s' has no SID", account->name);
        for (k = 0; k < i; k++) {
            const struct sbx_installed_account *other = &inst->accounts[k];

            if (strcmp(other->name, account->name) == 0 ||
                (account->sid && other->sid && strcmp(other->sid, account->sid) == 0))
                return sbx_fail(err, SBX_INVALID, "account '%s' is there twice", account->name);
        }
        if (account->sid && inst->group_sid && strcmp(account->sid, inst->group_sid) == 0)
            return sbx_fail(err, SBX_INVALID, "account '%s' has the group's SID", account->name);
        kinds[account->offline ? 0 : 1]++;
    }
    if (!kinds[0] || !kinds[1] || inst->account_count > SBX_INSTALLATION_ACCOUNTS_MAX)
        return sbx_fail(err, SBX_INVALID, "accounts of both kinds are needed, at most %u",
            SBX_INSTALLATION_ACCOUNTS_MAX);
    return SBX_OK;
}

static enum sbx_status check_operators(const struct sbx_installation *inst, struct sbx_error *err)
{
    size_t i;
    size_t k;

    if (!inst->operators.count || inst->operators.count > SBX_INSTALLATION_OPERATORS_MAX)
        return sbx_fail(err, SBX_INVALID, "there are %zu operators (allowed: 1 to %u)",
            inst->operators.count, SBX_INSTALLATION_OPERATORS_MAX);
    for (i = 0; i < inst->operators.count; i++) {
        if (!is_sid(inst->operators.items[i]))
            return sbx_fail(err, SBX_INVALID, "operator %zu is not a SID", i);
        if (strcmp(inst->operators.items[i], inst->group_sid) == 0)
            return sbx_fail(err, SBX_INVALID, "the group is an operator");
        for (k = 0; k < inst->account_count; k++) {
            if (strcmp(inst->operators.items[i], inst->accounts[k].sid) == 0)
                return sbx_fail(
                    err, SBX_INVALID, "account '%s' is an operator", inst->accounts[k].name);
        }
        for (k = 0; k < i; k++) {
            if (strcmp(inst->operators.items[i], inst->operators.items[k]) == 0)
                return sbx_fail(err, SBX_INVALID, "operator %zu is there twice", i);
        }
    }
    return SBX_OK;
}

static enum sbx_status check_programs(const struct sbx_installation *inst, struct sbx_error *err)
{
    size_t i;
    size_t k;

    if (inst->program_count > SBX_INSTALLATION_PROGRAMS_MAX)
        return sbx_fail(err, SBX_INVALID, "there are %zu programs", inst->program_count);
    for (i = 0; i < inst->program_count; i++) {
        const struct sbx_installed_program *program = &inst->programs[i];

        if (!is_text(program->name, SBX_INSTALLATION_NAME_MAX, false) ||
            sbx_winpath_check_component(program->name, strlen(program->name), NULL))
            return sbx_fail(err, SBX_INVALID, "program %zu has no name of a file", i);
        if (!is_hash(program->sha256))
            return sbx_fail(err, SBX_INVALID, "program '%s' has no hash", program->name);
        for (k = 0; k < i; k++) {
            if (sbx_utf_equal_ci_ascii(program->name, inst->programs[k].name))
                return sbx_fail(err, SBX_INVALID, "program '%s' is there twice", program->name);
        }
    }
    return SBX_OK;
}

enum sbx_status sbx_installation_check(const struct sbx_installation *inst, struct sbx_error *err)
{
    enum sbx_status status;

    if (inst->schema != SBX_INSTALLATION_SCHEMA)
        return sbx_fail(err, SBX_INVALID, "the record has schema %lu, this program knows %u",
            (unsigned long)inst->schema, SBX_INSTALLATION_SCHEMA);
    if (!is_text(inst->product_version, SBX_INSTALLATION_VERSION_MAX, false) ||
        !is_text(inst->os_build, SBX_INSTALLATION_BUILD_MAX, false) ||
        !is_text(inst->firewall_note, SBX_INSTALLATION_NOTE_MAX, true))
        return sbx_fail(err, SBX_INVALID, "version, build or note is missing or not printable");
    if (!is_sid(inst->group_sid))
        return sbx_fail(err, SBX_INVALID, "the group has no SID");
    if (inst->proxy_first < 1024 || inst->proxy_last <= inst->proxy_first ||
        inst->proxy_last > SBX_PROXY_PORT_LIMIT ||
        inst->proxy_last - inst->proxy_first >= (int)SBX_PROXY_PORTS_MAX)
        return sbx_fail(err, SBX_INVALID, "the proxy range %u-%u is empty, privileged or too wide",
            inst->proxy_first, inst->proxy_last);
    status = check_accounts(inst, true, err);
    if (!status)
        status = check_operators(inst, err);
    if (!status)
        status = check_programs(inst, err);
    return status;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_accounts(struct sbx_json_writer *w, const struct sbx_installation *inst)
{
    size_t i;

    sbx_json_key_array(w, "accounts");
    for (i = 0; i < inst->account_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", inst->accounts[i].name);
        sbx_json_key_string(w, "sid", inst->accounts[i].sid);
        sbx_json_key_string(
            w, "kind", sbx_installation_kind_words[inst->accounts[i].offline ? 0 : 1]);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

/* @param check NULL for the text that the checksum is made of */
enum sbx_status sbx_installation_write(const struct sbx_installation *inst, const char *check,
    struct sbx_buf *ret_text, struct sbx_error *err)
{
    struct sbx_json_writer w;
    size_t i;

    sbx_json_writer_begin(&w, ret_text, true);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "schema", inst->schema);
    sbx_json_key_string(&w, "productVersion", inst->product_version);
    sbx_json_key_string(&w, "osBuild", inst->os_build);
    sbx_json_key_string(&w, "groupSid", inst->group_sid);
    write_accounts(&w, inst);
    sbx_json_key_strings(
        &w, "operators", (const char *const *)inst->operators.items, inst->operators.count);
    sbx_json_key_uint64(&w, "proxyFirst", inst->proxy_first);
    sbx_json_key_uint64(&w, "proxyLast", inst->proxy_last);
    sbx_json_key_array(&w, "programs");
    for (i = 0; i < inst->program_count; i++) {
        sbx_json_begin_object(&w);
        sbx_json_key_string(&w, "name", inst->programs[i].name);
        sbx_json_key_string(&w, "sha256", inst->programs[i].sha256);
        sbx_json_end_object(&w);
    }
    sbx_json_end_array(&w);
    sbx_json_key_bool(&w, "fenceComplement", inst->fence_complement);
    sbx_json_key_bool(&w, "fenceProved", inst->fence_proved);
    sbx_json_key_bool(&w, "firewallEffective", inst->firewall_effective);
    sbx_json_key_string(&w, "firewallNote", inst->firewall_note);
    if (check)
        sbx_json_key_string(&w, "sha256", check);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

enum sbx_status sbx_installation_checksum(
    const struct sbx_installation *inst, char ret_text[SBX_SHA256_HEX_SIZE], struct sbx_error *err)
{
    uint8_t digest[SBX_SHA256_BYTES];
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    status = sbx_installation_write(inst, NULL, &text, err);
    if (!status) {
        sbx_sha256(text.data, text.length_bytes, digest);
        sbx_sha256_hex(digest, ret_text);
    }
    sbx_buf_done(&text);
    return status;
}

enum sbx_status sbx_installation_format(
    const struct sbx_installation *installation, struct sbx_buf *ret_text, struct sbx_error *err)
{
    char check[SBX_SHA256_HEX_SIZE];
    enum sbx_status status = sbx_installation_check(installation, err);

    if (!status)
        status = sbx_installation_checksum(installation, check, err);
    if (!status)
        status = sbx_installation_write(installation, check, ret_text, err);
    if (status)
        sbx_error_context(err, "installation record");
    return status;
}
