/* See prepare.h. */
#include "prepare.h"

#include <stdio.h>

#include "journalfile.h"
#include "place.h"
#include "shared/core/winpath.h"
#include "shared/win/known.h"
#include "shared/win/platform.h"
#include "shared/win/statefile.h"

static enum sbx_status join(
    const char *folder, const char *name, char **ret_path, struct sbx_error *err)
{
    return sbx_winpath_join(folder, name, ret_path, err);
}

static enum sbx_status below_known(
    enum sbx_known_folder which, char **ret_path, struct sbx_error *err)
{
    char *folder = NULL;
    char *normal = NULL;
    enum sbx_status status = sbx_known_folder(which, &folder, err);

    if (!status)
        status = sbx_winpath_normalise(folder, &normal, NULL, err);
    if (!status)
        status = join(normal, "AgentSandbox", ret_path, err);
    free(normal);
    free(folder);
    return status;
}

static enum sbx_status find_source(struct sbx_setup *setup, struct sbx_error *err)
{
    char *program = NULL;
    char *normal = NULL;
    enum sbx_status status = sbx_known_program(&program, err);

    if (!status)
        status = sbx_winpath_normalise(program, &normal, NULL, err);
    if (!status)
        status = sbx_winpath_parent(normal, &setup->source_folder, err);
    free(normal);
    free(program);
    return status;
}

static enum sbx_status find_paths(struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_status status = find_source(setup, err);

    if (!status)
        status = below_known(SBX_KNOWN_PROGRAM_FILES, &setup->program_folder, err);
    if (!status)
        status = join(setup->program_folder, SBX_SECRETS_NAME, &setup->secrets_folder, err);
    if (!status)
        status = join(setup->secrets_folder, SBX_CREDENTIALS_NAME, &setup->credentials_path, err);
    if (!status)
        status = join(setup->program_folder, SBX_RUNNER_NAME, &setup->runner_path, err);
    if (!status)
        status = below_known(SBX_KNOWN_PROGRAM_DATA, &setup->data_folder, err);
    if (!status)
        status = join(setup->data_folder, "work", &setup->work_folder, err);
    return status;
}

/* A record that is not there is no failure; one that cannot be believed is not used, and said. */
static enum sbx_status read_record(struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    struct sbx_error why;
    struct sbx_buf text;
    char *path = NULL;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);

    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    sbx_error_init(&why);
    if (!status && state == SBX_PLACE_FOLDER) {
        status = join(setup->program_folder, SBX_RECORD_NAME, &path, err);
        if (!status) {
            enum sbx_status found = sbx_statefile_read(path, SBX_STATEFILE_MACHINE, &text, &why);

            if (!found)
                found = sbx_installation_parse(text.data, text.length_bytes, &setup->found, &why);
            setup->has_found = !found;
            if (found == SBX_OOM)
                status = sbx_fail_oom(err);
            else if (found && found != SBX_NOT_FOUND)
                sbx_setup_note(
                    setup, "the installation record is not believed: %.400s", why.context);
        }
    }
    free(path);
    sbx_buf_done(&text);
    return status;
}

enum sbx_status sbx_setup_prepare(struct sbx_setup *setup, bool write, struct sbx_error *err)
{
    enum sbx_status status = find_paths(setup, err);

    if (!status)
        status = sbx_setup_journal_open(setup, write, err);
    if (!status)
        status = read_record(setup, err);
    if (!status && setup->journal && sbx_journal_is_open(&setup->journal->records))
        sbx_setup_note(
            setup, "an earlier run of set-up did not end: it is completed or undone now");
    return status;
}

/* --- what is wanted --------------------------------------------------------------------------- */

/* How many of a kind: never fewer than there are, so that none is forgotten. */
static size_t how_many(const struct sbx_setup *setup, bool offline)
{
    size_t count = setup->request.accounts ? setup->request.accounts : 1;
    char name[SBX_SETUP_OBJECT_MAX];
    size_t i;

    for (i = 0; i < SBX_INSTALLATION_KINDS_MAX; i++) {
        sbx_installation_account_name(offline, i, name, sizeof(name));
        if ((sbx_installation_account(&setup->wanted, name) ||
                sbx_setup_intended(setup, "accounts", name)) &&
            count <= i)
            count = i + 1;
    }
    return count;
}

static enum sbx_status want_accounts(struct sbx_setup *setup, bool offline, struct sbx_error *err)
{
    size_t count = how_many(setup, offline);
    char name[SBX_SETUP_OBJECT_MAX];
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < count; i++) {
        sbx_installation_account_name(offline, i, name, sizeof(name));
        if (!sbx_installation_account(&setup->wanted, name))
            status = sbx_installation_add_account(&setup->wanted, name, offline, err);
    }
    return status;
}

static enum sbx_status want_operator(struct sbx_setup *setup, struct sbx_error *err)
{
    char sid[SBX_SID_TEXT_SIZE];
    size_t i;

    sbx_sid_format(&setup->operator_sid, sid);
    for (i = 0; i < setup->wanted.account_count; i++) {
        if (setup->wanted.accounts[i].sid && strcmp(setup->wanted.accounts[i].sid, sid) == 0)
            return sbx_fail(err, SBX_DENIED, "'%s' is a sandbox account and cannot be an operator",
                setup->wanted.accounts[i].name);
    }
    if (sbx_installation_is_operator(&setup->wanted, sid))
        return SBX_OK;
    if (setup->wanted.operators.count >= SBX_INSTALLATION_OPERATORS_MAX)
        return sbx_fail(
            err, SBX_INVALID, "there are %u operators already", SBX_INSTALLATION_OPERATORS_MAX);
    return sbx_strings_add(&setup->wanted.operators, sid, err);
}

/* --- settings in the journal ------------------------------------------------------------------ */

#define FENCE "fence "
#define PORTS "ports "
#define OPERATOR "operator "

static const char *newest(const struct sbx_setup *setup, const char *prefix)
{
    size_t at = setup->journal->records.count;

    return sbx_journal_setting(&setup->journal->records, prefix, &at);
}

bool sbx_setup_journal_has_operators(const struct sbx_setup *setup)
{
    return newest(setup, OPERATOR) != NULL;
}

static enum sbx_status keep(
    struct sbx_setup *setup, const char *prefix, const char *value, struct sbx_error *err)
{
    const char *old = newest(setup, prefix);
    char object[SBX_JOURNAL_WORD_MAX];

    if (old && strcmp(old, value) == 0)
        return SBX_OK;
    snprintf(object, sizeof(object), "%s%s", prefix, value);
    return sbx_setup_journal_line(setup, SBX_JOURNAL_OBJECT, SBX_JOURNAL_SETTINGS, object, err);
}

static bool is_kept(const struct sbx_setup *setup, const char *sid)
{
    size_t at = setup->journal->records.count;
    const char *one;

    while ((one = sbx_journal_setting(&setup->journal->records, OPERATOR, &at)) != NULL) {
        if (strcmp(one, sid) == 0)
            return true;
    }
    return false;
}

enum sbx_status sbx_setup_keep_settings(struct sbx_setup *setup, struct sbx_error *err)
{
    const struct sbx_installation *wanted = &setup->wanted;
    char ports[32];
    enum sbx_status status =
        keep(setup, FENCE, wanted->fence_complement ? "complement" : "plain", err);
    size_t i;

    snprintf(ports, sizeof(ports), "%u-%u", wanted->proxy_first, wanted->proxy_last);
    if (!status)
        status = keep(setup, PORTS, ports, err);
    for (i = 0; !status && i < wanted->operators.count; i++) {
        if (!is_kept(setup, wanted->operators.items[i]))
            status = keep(setup, OPERATOR, wanted->operators.items[i], err);
    }
    return status;
}

/* The record is lost: what the last build wanted. The oldest operator first, as it was. */
static enum sbx_status recall(struct sbx_setup *setup, struct sbx_error *err)
{
    const struct sbx_journal_records *records = &setup->journal->records;
    const char *fence = newest(setup, FENCE);
    const char *ports = newest(setup, PORTS);
    struct sbx_installation *wanted = &setup->wanted;
    unsigned first = 0, last = 0;
    enum sbx_status status = SBX_OK;
    size_t i;

    wanted->fence_complement = fence && strcmp(fence, "complement") == 0;
    if (ports && sscanf(ports, "%5u-%5u", &first, &last) == 2 && first >= 1024 && last > first &&
        last <= SBX_PROXY_PORT_LIMIT && last - first < SBX_PROXY_PORTS_MAX) {
        wanted->proxy_first = (uint16_t)first;
        wanted->proxy_last = (uint16_t)last;
    }
    for (i = 0; !status && i < records->count; i++) {
        size_t at = i + 1;
        struct sbx_sid sid;
        const char *text = NULL;

        if (records->items[i].kind == SBX_JOURNAL_OBJECT)
            text = sbx_journal_setting(records, OPERATOR, &at);
        if (text && at == i && !sbx_sid_parse(text, &sid, NULL) &&
            !sbx_installation_is_operator(wanted, text))
            status = sbx_strings_add(&wanted->operators, text, err);
    }
    return status;
}

static void want_numbers(struct sbx_setup *setup)
{
    struct sbx_installation *wanted = &setup->wanted;

    wanted->schema = SBX_INSTALLATION_SCHEMA;
    if (setup->request.proxy_first) {
        wanted->proxy_first = setup->request.proxy_first;
        wanted->proxy_last = setup->request.proxy_last;
    } else if (!wanted->proxy_first) {
        wanted->proxy_first = SBX_PROXY_PORT_FIRST;
        wanted->proxy_last = SBX_PROXY_PORT_LAST;
    }
    if (setup->request.fence)
        wanted->fence_complement = setup->request.fence == SBX_SETUP_FENCE_COMPLEMENT;
}

enum sbx_status sbx_setup_want(struct sbx_setup *setup, struct sbx_error *err)
{
    char platform[96];
    enum sbx_status status = SBX_OK;

    sbx_platform_name(platform, sizeof(platform));
    if (setup->has_found)
        status = sbx_installation_copy(&setup->found, &setup->wanted, err);
    else
        status = recall(setup, err);
    want_numbers(setup);
    if (!status)
        status = sbx_setup_set(&setup->wanted.product_version, SBX_VERSION, err);
    if (!status)
        status = sbx_setup_set(&setup->wanted.os_build, platform, err);
    if (!status && !setup->wanted.firewall_note)
        status = sbx_setup_set(&setup->wanted.firewall_note, "", err);
    if (!status)
        status = want_accounts(setup, true, err);
    if (!status)
        status = want_accounts(setup, false, err);
    if (!status && setup->has_operator)
        status = want_operator(setup, err);
    return status;
}

void sbx_setup_done(struct sbx_setup *setup)
{
    sbx_wipe(setup->secrets, sizeof(setup->secrets));
    sbx_setup_journal_close(setup);
    sbx_setup_request_done(&setup->request);
    free(setup->source_folder);
    free(setup->program_folder);
    free(setup->secrets_folder);
    free(setup->credentials_path);
    free(setup->runner_path);
    free(setup->data_folder);
    free(setup->work_folder);
    sbx_installation_done(&setup->found);
    sbx_installation_done(&setup->wanted);
    sbx_strings_done(&setup->notes);
    memset(setup, 0, sizeof(*setup));
}
