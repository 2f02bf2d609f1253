/* See installed.h. */
#include "installed.h"

#include "shared/core/sha256.h"
#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/statefile.h"
#include "shared/win/token.h"

#define FOLDER_NAME "AgentSandbox"
#define RECORD_NAME "installation.json"
#define RUNNER_NAME "command-runner.exe"
#define WORK_NAME "work"
#define PROGRAM_MAX_BYTES (64u * 1024u * 1024u)
#define PART_BYTES 65536u

/* --- the record --------------------------------------------------------------------------------
 */

/* What makes a readable record one that elevated mode can rest on. */
static enum sbx_status check_record(const struct sbx_installation *record, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (strcmp(record->product_version, SBX_VERSION) != 0)
        status = sbx_fail(err, SBX_NOT_SETUP,
            "the installation is of version %s, and this is version " SBX_VERSION,
            record->product_version);
    else if (!record->fence_proved)
        status =
            sbx_fail(err, SBX_UNPROVEN, "the network fence of the installation was not proved");
    if (status)
        sbx_error_hint(err, "run: agent setup");
    return status;
}

static enum sbx_status read_record(
    const char *path, struct sbx_installed *installed, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    status = sbx_statefile_read(path, SBX_STATEFILE_MACHINE, &text, err);
    installed->found = status != SBX_NOT_FOUND;
    if (!status)
        status = sbx_installation_parse(
            text.data ? text.data : "", text.length_bytes, &installed->record, err);
    installed->read = !status;
    if (!status) {
        uint8_t digest[SBX_SHA256_BYTES];

        sbx_sha256(text.data, text.length_bytes, digest);
        sbx_sha256_hex(digest, installed->record_hash);
    }
    if (!status)
        status = check_record(&installed->record, err);
    if (status && installed->found && !installed->read) {
        sbx_error_context(err, "installation record '%s'", path);
        sbx_error_hint(err, "run: agent repair");
    }
    sbx_buf_done(&text);
    return status;
}

enum sbx_status sbx_installed_read(
    const char *program_files, struct sbx_installed *ret, struct sbx_error *err)
{
    struct sbx_installed installed = {0};
    enum sbx_status status;
    char *path = NULL;

    if (!program_files) {
        *ret = installed;
        return SBX_OK;
    }
    sbx_error_init(&installed.problem);
    status = sbx_winpath_join(program_files, FOLDER_NAME, &installed.directory, err);
    if (!status)
        status = sbx_winpath_join(installed.directory, RUNNER_NAME, &installed.runner, err);
    if (!status)
        status = sbx_winpath_join(installed.directory, RECORD_NAME, &path, err);
    if (status) {
        sbx_installed_done(&installed);
        return status;
    }
    installed.current = !read_record(path, &installed, &installed.problem);
    if (!installed.found)
        sbx_error_init(&installed.problem);
    free(path);
    *ret = installed;
    return SBX_OK;
}

void sbx_installed_done(struct sbx_installed *installed)
{
    if (!installed)
        return;
    sbx_installation_done(&installed->record);
    free(installed->directory);
    free(installed->runner);
    memset(installed, 0, sizeof(*installed));
}

/* --- programs ----------------------------------------------------------------------------------
 */

static enum sbx_status hash_file(
    HANDLE file, char ret_hex[SBX_SHA256_HEX_SIZE], struct sbx_error *err)
{
    uint8_t digest[SBX_SHA256_BYTES];
    struct sbx_sha256 sha;
    uint64_t total_bytes = 0;
    uint8_t *part = NULL;
    enum sbx_status status = sbx_calloc(PART_BYTES, 1, &part, err);

    sbx_sha256_init(&sha);
    while (!status) {
        DWORD length_bytes = 0;
        BOOL ok = ReadFile(file, part, PART_BYTES, &length_bytes, NULL);
        DWORD code = ok ? 0 : GetLastError();

        if (!ok)
            status = sbx_fail_win32(err, code, "read it");
        else if (total_bytes + length_bytes > PROGRAM_MAX_BYTES)
            status = sbx_fail(err, SBX_INVALID, "it is larger than any program of ours");
        if (status || !length_bytes)
            break;
        total_bytes += length_bytes;
        sbx_sha256_add(&sha, part, length_bytes);
    }
    sbx_sha256_end(&sha, digest);
    sbx_sha256_hex(digest, ret_hex);
    free(part);
    return status;
}

enum sbx_status sbx_installed_check_program(
    const struct sbx_installed *installed, const char *name, struct sbx_error *err)
{
    /* Nobody may write it meanwhile; a writer that is there already makes the open fail. */
    const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA, .share = FILE_SHARE_READ};
    const struct sbx_installed_program *recorded =
        sbx_installation_program(&installed->record, name);
    char hex[SBX_SHA256_HEX_SIZE] = "";
    enum sbx_status status;
    HANDLE file = NULL;
    char *path = NULL;

    if (!recorded) {
        status = sbx_fail(err, SBX_UNPROVEN, "the installation record does not name '%s'", name);
        goto cleanup;
    }
    status = sbx_winpath_join(installed->directory, name, &path, err);
    if (!status)
        status = sbx_file_open(path, &how, &file, err);
    if (!status)
        status = hash_file(file, hex, err);
    if (!status && strcmp(hex, recorded->sha256) != 0)
        status = sbx_fail(err, SBX_UNPROVEN, "it is not the program that was installed");
    if (status)
        sbx_error_context(err, "'%s'", path ? path : name);
cleanup:
    if (status)
        sbx_error_hint(err, "run: agent repair");
    sbx_handle_close(&file);
    free(path);
    return status;
}

/* --- facts -------------------------------------------------------------------------------------
 */

static enum sbx_status is_member(const char *group_sid, bool *ret_member, struct sbx_error *err)
{
    struct sbx_groups groups = {0};
    struct sbx_sid group;
    enum sbx_status status = sbx_sid_parse(group_sid, &group, err);
    HANDLE token = NULL;
    size_t i;

    if (!status)
        status = sbx_token_open_self(TOKEN_QUERY, &token, err);
    if (!status)
        status = sbx_token_groups(token, &groups, err);
    for (i = 0; !status && i < groups.count; i++)
        *ret_member = *ret_member || sbx_sid_equal(&groups.items[i].sid, &group);
    sbx_groups_done(&groups);
    sbx_handle_close(&token);
    return status;
}

static enum sbx_status first_account(
    const struct sbx_installation *record, bool offline, char **ret_sid, struct sbx_error *err)
{
    size_t i;

    for (i = 0; i < record->account_count; i++)
        if (record->accounts[i].offline == offline)
            return sbx_strdup(record->accounts[i].sid, ret_sid, err);
    return SBX_OK;
}

static enum sbx_status record_facts(
    const struct sbx_installation *record, struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status = sbx_strdup(record->group_sid, &facts->group_sid, err);

    facts->is_operator = sbx_installation_is_operator(record, facts->caller_sid);
    if (!status)
        status = first_account(record, true, &facts->offline_account_sid, err);
    if (!status)
        status = first_account(record, false, &facts->online_account_sid, err);
    return status ? status : is_member(record->group_sid, &facts->in_sandbox_group, err);
}

static enum sbx_status set_work(struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status;
    char *folder = NULL;

    if (!facts->program_data)
        return SBX_OK;
    status = sbx_winpath_join(facts->program_data, FOLDER_NAME, &folder, err);
    if (!status)
        status = sbx_winpath_join(folder, WORK_NAME, &facts->work_directory, err);
    free(folder);
    return status;
}

enum sbx_status sbx_installed_facts(
    const struct sbx_installed *installed, struct sbx_facts *facts, struct sbx_error *err)
{
    char text[SBX_ERROR_CONTEXT_MAX + 64];

    facts->installation_current = installed->current;
    if (!installed->found)
        return SBX_OK;
    if (!installed->current) {
        enum sbx_status status;

        sbx_error_format(&installed->problem, text, sizeof(text));
        status = sbx_strdup(text, &facts->installation_problem, err);
        if (status)
            return status;
    }
    if (!installed->read) { /* MUST 3 */
        facts->is_operator = true;
        return SBX_OK;
    }
    if (installed->current) {
        enum sbx_status status = set_work(facts, err);

        if (status)
            return status;
    }
    return record_facts(&installed->record, facts, err);
}
