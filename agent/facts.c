/* See facts.h. */
#include "facts.h"

#include "follow.h"
#include "installed.h"
#include "shared/core/winpath.h"
#include "shared/win/calibrationfile.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/platform.h"
#include "shared/win/random.h"
#include "shared/win/sid.h"
#include "shared/win/wstr.h"

#include <stdio.h>

static enum sbx_status sid_text(const struct sbx_sid *sid, char **ret_text, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];

    sbx_sid_format(sid, text);
    return sbx_strdup(text, ret_text, err);
}

/* The caller's SIDs, and a refusal to run inside a sandbox of our own (design 2). */
static enum sbx_status gather_caller(struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status;
    HANDLE token = NULL;
    struct sbx_sid sid;
    DWORD code;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        code = GetLastError();
        return sbx_fail_win32(err, code, "open the token of this process");
    }
    if (IsTokenRestricted(token)) {
        status = sbx_fail(err, SBX_UNSUPPORTED, "this process already runs in a sandbox");
        sbx_error_hint(err, "sandboxes do not nest; start agent from outside");
        goto cleanup;
    }
    status = sbx_sid_of_token(token, &sid, err);
    if (!status)
        status = sid_text(&sid, &facts->caller_sid, err);
    if (status)
        goto cleanup;
    status = sbx_sid_of_logon(token, &sid, err);
    if (!status)
        status = sid_text(&sid, &facts->logon_sid, err);
    else if (status == SBX_NOT_FOUND)
        status = SBX_OK; /* services have none; the recipe says whether it needs one */
cleanup:
    sbx_handle_close(&token);
    return status;
}

/* A folder Windows knows by role, as final path when it exists; NULL when there is none. */
static enum sbx_status folder(enum sbx_known_folder which, char **ret_path, struct sbx_error *err)
{
    enum sbx_status status;
    char *path = NULL, *normal = NULL;

    status = sbx_known_folder(which, &path, err);
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status)
        status = sbx_winpath_normalise(path, &normal, NULL, err);
    free(path);
    if (status)
        return status;
    if (sbx_follow_open(normal, 0, NULL, ret_path, NULL)) {
        *ret_path = normal;
        return SBX_OK;
    }
    free(normal);
    return SBX_OK;
}

static enum sbx_status gather_folders(struct sbx_facts *facts, struct sbx_error *err)
{
    struct {
        enum sbx_known_folder which;
        char **ret;
    } const rows[] = {
        {SBX_KNOWN_WINDOWS, &facts->system_root},
        {SBX_KNOWN_PROGRAM_FILES, &facts->program_files},
        {SBX_KNOWN_PROGRAM_FILES_X86, &facts->program_files_x86},
        {SBX_KNOWN_PROGRAM_DATA, &facts->program_data},
        {SBX_KNOWN_PROFILE, &facts->profile},
        {SBX_KNOWN_ROAMING, &facts->app_data},
        {SBX_KNOWN_LOCAL, &facts->local_app_data},
        {SBX_KNOWN_STARTUP, &facts->startup},
        {SBX_KNOWN_DOCUMENTS, &facts->documents},
    };
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(rows); i++)
        status = folder(rows[i].which, rows[i].ret, err);
    if (!status && !facts->local_app_data) {
        status = sbx_fail(err, SBX_UNSUPPORTED, "this user has no local application data folder");
        sbx_error_hint(err, "the sandbox keeps its ledger there; log on with a full profile");
    }
    if (!status)
        status =
            sbx_winpath_join(facts->local_app_data, "AgentSandbox", &facts->state_directory, err);
    if (!status && facts->profile)
        status = sbx_winpath_parent(facts->profile, &facts->profiles_directory, err);
    return status;
}

static enum sbx_status gather_own_directory(struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status;
    char *path = NULL, *final = NULL;

    status = sbx_known_program(&path, err);
    if (!status)
        status = sbx_winpath_normalise(path, &final, NULL, err);
    if (!status) {
        free(path);
        path = NULL;
        status = sbx_follow_open(final, 0, NULL, &path, err);
    }
    if (!status)
        status = sbx_winpath_parent(path, &facts->own_directory, err);
    free(path);
    free(final);
    return status;
}

/* Each absolute PATH entry that exists, as final path: none of them may become writable. */
static enum sbx_status gather_path(struct sbx_facts *facts, struct sbx_error *err)
{
    const char *search = sbx_env_get(&facts->environment, "PATH");
    struct sbx_strings list = {0};
    enum sbx_status status = SBX_OK;

    while (search && *search && !status) {
        size_t length = strcspn(search, ";");
        char *entry = NULL, *normal = NULL, *final = NULL;

        status = sbx_calloc(length + 1, 1, &entry, err);
        if (status)
            break;
        memcpy(entry, search, length);
        search += length + (search[length] == ';');
        if (!sbx_winpath_normalise(entry, &normal, NULL, NULL) &&
            !sbx_follow_open(normal, 0, NULL, &final, NULL))
            status = sbx_strings_add(&list, final, err);
        free(entry);
        free(normal);
        free(final);
    }
    if (status) {
        sbx_strings_done(&list);
        return status;
    }
    facts->path_directories = list.items;
    facts->path_count = list.count;
    return SBX_OK;
}

static enum sbx_status gather_installation(struct sbx_facts *facts, struct sbx_error *err)
{
    struct sbx_installed installed = {0};
    enum sbx_status status = sbx_installed_read(facts->program_files, &installed, err);

    if (!status)
        status = sbx_installed_facts(&installed, facts, err);
    sbx_installed_done(&installed);
    return status;
}

/* A record that does not count is said, and means what none means: the known recipe. */
static enum sbx_status gather_calibration(struct sbx_facts *facts, struct sbx_error *err)
{
    struct sbx_calibration record;
    char platform[96], text[SBX_ERROR_CONTEXT_MAX + 128];
    struct sbx_error problem;
    struct sbx_sid user;
    bool exists = false;
    enum sbx_status status = sbx_sid_parse(facts->caller_sid, &user, err);

    if (status)
        return status;
    sbx_error_init(&problem);
    sbx_platform_name(platform, sizeof(platform));
    if (sbx_calibrationfile_read(facts->state_directory, &user, &record, &exists, &problem)) {
        snprintf(text, sizeof(text),
            "the calibration counts as none (%s): agent doctor --calibrate", problem.context);
        return sbx_strings_add(&facts->read_notes, text, err);
    }
    facts->calibrated_elevated = sbx_calibration_recipe(
        sbx_calibration_find(&record, platform, SBX_VERSION, SBX_MODE_ELEVATED));
    facts->calibrated_unelevated = sbx_calibration_recipe(
        sbx_calibration_find(&record, platform, SBX_VERSION, SBX_MODE_UNELEVATED));
    return SBX_OK;
}

static enum sbx_status gather_cwd(const char *cwd, struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    wchar_t *current_w = NULL;
    char *current = NULL, *base = NULL, *asked = NULL;
    struct sbx_file_type type;
    HANDLE handle = NULL;
    DWORD cch, code;

    cch = GetCurrentDirectoryW(0, NULL);
    code = GetLastError();
    if (!cch)
        return sbx_fail_win32(err, code, "the current directory");
    status = sbx_calloc(cch + 1, sizeof(*current_w), &current_w, err);
    if (status)
        return status;
    cch = GetCurrentDirectoryW(cch + 1, current_w);
    status = sbx_wstr_to_utf8_n(current_w, cch, &current, err);
    if (!status)
        status = sbx_winpath_normalise(current, &base, NULL, err);
    if (!status)
        status = sbx_winpath_resolve(base, cwd ? cwd : ".", &asked, NULL, err);
    if (!status)
        status = sbx_follow_check_links(asked, err);
    if (!status)
        status = sbx_follow_open(asked, 0, &handle, &facts->cwd, err);
    if (!status)
        status = sbx_file_get_type(handle, &type, err);
    if (!status && !type.is_directory)
        status = sbx_fail(err, SBX_NOT_FOUND, "it is a file, not a directory");
    if (status)
        sbx_error_context(err, "working directory '%s'", cwd ? cwd : current ? current : "");
    sbx_handle_close(&handle);
    free(current_w);
    free(current);
    free(base);
    free(asked);
    return status;
}

enum sbx_status sbx_facts_places(
    const char *cwd, struct sbx_facts *ret_facts, struct sbx_error *err)
{
    enum sbx_status status;

    memset(ret_facts, 0, sizeof(*ret_facts));
    sbx_env_init(&ret_facts->environment);
    status = gather_caller(ret_facts, err);
    if (!status)
        status = gather_cwd(cwd, ret_facts, err);
    if (!status)
        status = gather_folders(ret_facts, err);
    if (!status)
        status = gather_own_directory(ret_facts, err);
    if (!status)
        status = gather_installation(ret_facts, err);
    if (!status)
        status = gather_calibration(ret_facts, err);
    if (!status)
        status = sbx_facts_environment(ret_facts, err);
    if (!status)
        status = gather_path(ret_facts, err);
    if (!status)
        status = sbx_random_bytes(ret_facts->random, sizeof(ret_facts->random), err);
    if (status)
        sbx_facts_done(ret_facts);
    return status;
}
