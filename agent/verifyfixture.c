/* See verify.h. Plain calls by name: the folder is ours, new, and nobody else's business. */
#include "verify.h"
#include "verifyparts.h"

#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/random.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/wstr.h"

#include <stdio.h>

/* What a copy consists of: folders end with a backslash; an access list, or the inherited one. */
static const struct {
    const char *name;
    const char *sddl;
} parts[] = {
    {"ws\\", NULL},
    {"ws\\free\\", NULL},
    {"ws\\target.txt", NULL},
    {"ws\\kept\\", NULL},
    {"ws\\kept\\target.txt", NULL},
    {"ws\\.git\\", NULL},
    {"ws\\.git\\config", NULL},
    {"ws\\.git\\HEAD", NULL},
    {"ws\\.git\\hooks\\", NULL},
    {"ws\\.git\\hooks\\pre-commit", NULL},
    {"ws\\.vscode\\", NULL},
    {"ws\\.vscode\\tasks.json", NULL},
    {"ws\\.claude\\", NULL},
    {"ws\\.claude\\CLAUDE.md", NULL},
    {"ws\\.mcp.json", NULL},
    {"ws\\.envrc", NULL},
    {"ws\\.agent-sandbox.json", NULL},
    {"out\\", NULL},
    {"out\\target.txt", NULL},
    {"out\\linked.txt", NULL},
    {"extra\\", NULL},
    {"extra\\target.txt", NULL},
    {"everyone\\", "D:P(A;OICI;FA;;;WD)"},
    {"everyone\\target.txt", NULL},
    {"authenticated\\", "D:P(A;OICI;FA;;;AU)"},
    {"authenticated\\target.txt", NULL},
    {"interactive\\", "D:P(A;OICI;FA;;;IU)"},
    {"interactive\\target.txt", NULL},
    {"users\\", "D:P(A;OICI;FA;;;BU)"},
    {"users\\target.txt", NULL},
    {"nulldacl\\", NULL},
    {"nulldacl\\target.txt", NULL},
};
#define CONTENT "{}\n"

static enum sbx_status wide(const char *path, wchar_t **ret_w, struct sbx_error *err)
{
    return sbx_wstr_from_utf8(path, ret_w, err);
}

/* A list that is not there lets everybody in. */
static bool without_list(const char *path)
{
    return strstr(path, "\\nulldacl") != NULL;
}

static enum sbx_status write_file(const char *path, struct sbx_error *err)
{
    SECURITY_DESCRIPTOR none;
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), &none, FALSE};
    wchar_t *path_w = NULL;
    enum sbx_status status = wide(path, &path_w, err);
    HANDLE file;
    DWORD code;

    if (status)
        return status;
    InitializeSecurityDescriptor(&none, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorDacl(&none, TRUE, NULL, FALSE);
    file = CreateFileW(
        path_w, GENERIC_WRITE, 0, without_list(path) ? &attributes : NULL, CREATE_ALWAYS, 0, NULL);
    code = GetLastError();
    free(path_w);
    if (file == INVALID_HANDLE_VALUE)
        return sbx_fail_win32(err, code, "create '%s'", path);
    status = sbx_file_write_all(file, CONTENT, sizeof(CONTENT) - 1, err);
    CloseHandle(file);
    return status;
}

/* A folder, with a list of its own where the table has one. */
static enum sbx_status make_folder(const char *path, const char *sddl, struct sbx_error *err)
{
    SECURITY_DESCRIPTOR none;
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), &none, FALSE};
    struct sbx_descriptor descriptor = {0};
    struct sbx_buf bytes;
    wchar_t *path_w = NULL;
    enum sbx_status status;
    DWORD code;
    BOOL made;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    InitializeSecurityDescriptor(&none, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorDacl(&none, TRUE, NULL, FALSE);
    status = wide(path, &path_w, err);
    if (!status && sddl) {
        status = sbx_sd_from_sddl(sddl, &descriptor, err);
        if (!status)
            status = sbx_descriptor_serialise(&descriptor, &bytes, err);
        attributes.lpSecurityDescriptor = bytes.data;
    }
    if (!status) {
        made = CreateDirectoryW(path_w, sddl || without_list(path) ? &attributes : NULL);
        code = GetLastError();
        if (!made)
            status = sbx_fail_win32(err, code, "create '%s'", path);
    }
    sbx_descriptor_done(&descriptor);
    sbx_buf_done(&bytes);
    free(path_w);
    return status;
}

static enum sbx_status make_link(const char *base, struct sbx_error *err)
{
    char from[SBX_VERIFY_PATH_MAX], to[SBX_VERIFY_PATH_MAX];
    wchar_t *from_w = NULL, *to_w = NULL;
    enum sbx_status status;

    snprintf(from, sizeof(from), "%s\\ws\\linked.txt", base);
    snprintf(to, sizeof(to), "%s\\out\\linked.txt", base);
    status = wide(from, &from_w, err);
    if (!status)
        status = wide(to, &to_w, err);
    /* Where links are not to be had, row F13's twin shows that. */
    if (!status && !CreateHardLinkW(from_w, to_w, NULL))
        status = write_file(from, err);
    free(from_w);
    free(to_w);
    return status;
}

/* Where a sandbox account may read and execute it, wherever agent.exe lies. */
static enum sbx_status copy_probe(const struct sbx_verify_fixture *fixture, struct sbx_error *err)
{
    char path[SBX_VERIFY_PATH_MAX];
    wchar_t *from_w = NULL, *to_w = NULL;
    enum sbx_status status;
    DWORD code;

    snprintf(path, sizeof(path), "%s\\ws\\probe.exe", fixture->base);
    status = wide(fixture->probe, &from_w, err);
    if (!status)
        status = wide(path, &to_w, err);
    if (!status && !CopyFileW(from_w, to_w, TRUE)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "copy '%s' to '%s'", fixture->probe, path);
    }
    free(from_w);
    free(to_w);
    return status;
}

enum sbx_status sbx_verify_make_parts(
    const struct sbx_verify_fixture *fixture, struct sbx_error *err)
{
    const char *base = fixture->base;
    enum sbx_status status = make_folder(base, NULL, err);
    char path[SBX_VERIFY_PATH_MAX];
    size_t i, length;

    for (i = 0; !status && i < countof(parts); i++) {
        length = (size_t)snprintf(path, sizeof(path), "%s\\%s", base, parts[i].name);
        if (path[length - 1] == '\\') {
            path[length - 1] = '\0';
            status = make_folder(path, parts[i].sddl, err);
        } else {
            status = write_file(path, err);
        }
    }
    if (!status)
        status = make_link(base, err);
    return status || !fixture->probe ? status : copy_probe(fixture, err);
}

/* --- places ----------------------------------------------------------------------------------- */

static void place(struct sbx_verify_fixture *fixture, const char *name, const char *value)
{
    if (2 * fixture->count + 3 > SBX_VERIFY_PLACES_MAX)
        return;
    snprintf(fixture->text[fixture->count], SBX_VERIFY_PATH_MAX, "%s", value);
    fixture->values[2 * fixture->count] = name;
    fixture->values[2 * fixture->count + 1] = fixture->text[fixture->count];
    fixture->count++;
}

static void place_in(struct sbx_verify_fixture *fixture, const char *name, const char *below)
{
    char path[SBX_VERIFY_PATH_MAX];

    snprintf(path, sizeof(path), "%s\\%s", fixture->base, below);
    place(fixture, name, path);
}

static enum sbx_status place_known(struct sbx_verify_fixture *fixture, const char *name,
    enum sbx_known_folder which, const char *below, struct sbx_error *err)
{
    char path[SBX_VERIFY_PATH_MAX];
    char *folder = NULL;
    enum sbx_status status = sbx_known_folder(which, &folder, err);

    if (status)
        return status;
    snprintf(path, sizeof(path), "%s%s", folder, below);
    free(folder);
    place(fixture, name, path);
    return SBX_OK;
}

static enum sbx_status fill_places(
    const struct sbx_verify_run *run, struct sbx_verify_fixture *fixture, struct sbx_error *err)
{
    static const char *const own[] = {
        "out", "extra", "everyone", "authenticated", "interactive", "users", "nulldacl", "ws"};
    enum sbx_status status;
    char number[16];
    size_t i;

    for (i = 0; i < countof(own); i++)
        place_in(fixture, own[i], own[i]);
    place_in(fixture, "free", "ws\\free");
    place_in(fixture, "probe", "ws\\probe.exe");
    snprintf(number, sizeof(number), "%lu", (unsigned long)run->targets.victim.pid);
    place(fixture, "victim", number);
    place(fixture, "pipe", run->targets.pipe_name);
    place(fixture, "event", run->targets.event_name);
    place(fixture, "key", run->targets.key_name);
    place(fixture, "desktop", run->targets.desktop_name);
    status = place_known(fixture, "windows", SBX_KNOWN_WINDOWS, "", err);
    if (!status)
        status = place_known(fixture, "programs", SBX_KNOWN_PROGRAM_FILES, "", err);
    if (!status)
        status = place_known(fixture, "secrets", SBX_KNOWN_PROGRAM_FILES,
            "\\AgentSandbox\\secrets\\credentials.json", err);
    if (!status)
        status = place_known(fixture, "state", SBX_KNOWN_LOCAL, "\\AgentSandbox", err);
    return status;
}

/* --- the user's own objects ------------------------------------------------------------------- */

static enum sbx_status owner_only(struct sbx_buf *bytes, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    enum sbx_status status = sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], err);

    return status ? status : sbx_sd_build_bytes(&sbx_sd_private_pipe, &people, bytes, err);
}

static enum sbx_status start_victim(struct sbx_verify_run *run, struct sbx_error *err)
{
    const char *argv[] = {"sandbox-probe", "sleep", "300000"};
    struct sbx_spawn spawn = {.image = run->probe,
        .argv = argv,
        .argc = countof(argv),
        .cwd = run->folder,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};

    return sbx_spawn_create(&spawn, &run->targets.victim, err);
}

/* Of this process's desktop; "?" when there is none, and then its row's twin fails. */
static void name_desktop(struct sbx_verify_targets *targets)
{
    wchar_t name_w[64] = L"";
    char *name = NULL;
    DWORD length = 0;

    snprintf(targets->desktop_name, sizeof(targets->desktop_name), "?");
    if (!GetUserObjectInformationW(GetThreadDesktop(GetCurrentThreadId()), UOI_NAME, name_w,
            sizeof(name_w) - sizeof(*name_w), &length) ||
        !name_w[0] || sbx_wstr_to_utf8(name_w, &name, NULL))
        return;
    snprintf(targets->desktop_name, sizeof(targets->desktop_name), "%s", name);
    free(name);
}

static enum sbx_status make_targets(struct sbx_verify_run *run, struct sbx_error *err)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    struct sbx_verify_targets *targets = &run->targets;
    unsigned long number = (unsigned long)GetCurrentProcessId();
    enum sbx_status status;
    struct sbx_buf bytes;
    wchar_t name[64];
    size_t i;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    snprintf(
        targets->pipe_name, sizeof(targets->pipe_name), "\\\\.\\pipe\\agent-verify-%lu", number);
    snprintf(targets->event_name, sizeof(targets->event_name), "Local\\agent-verify-%lu", number);
    snprintf(targets->key_name, sizeof(targets->key_name), "Software\\agent-verify-%lu", number);
    status = owner_only(&bytes, err);
    if (status)
        goto cleanup;
    attributes.lpSecurityDescriptor = bytes.data;
    for (i = 0; i < countof(targets->pipes); i++) {
        swprintf(name, countof(name), L"\\\\.\\pipe\\agent-verify-%lu", number);
        targets->pipes[i] =
            CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                (DWORD)countof(targets->pipes), 512, 512, 0, &attributes);
        if (targets->pipes[i] == INVALID_HANDLE_VALUE)
            targets->pipes[i] = NULL;
    }
    name_desktop(targets);
    SetEnvironmentVariableW(L"AGENT_VERIFY_CANARY", L"1");
    SetEnvironmentVariableW(L"AGENT_VERIFY_TOKEN", L"1");
    swprintf(name, countof(name), L"Local\\agent-verify-%lu", number);
    targets->event = CreateEventW(&attributes, TRUE, FALSE, name);
    swprintf(name, countof(name), L"Software\\agent-verify-%lu", number);
    if (RegCreateKeyExW(HKEY_CURRENT_USER, name, 0, NULL, REG_OPTION_VOLATILE, KEY_ALL_ACCESS, NULL,
            &targets->key, NULL))
        targets->key = NULL; /* its row then says that the twin failed */
    status = start_victim(run, err);
cleanup:
    sbx_buf_done(&bytes);
    return status;
}

void sbx_verify_close_targets(struct sbx_verify_targets *targets)
{
    wchar_t name[64];
    size_t i;

    sbx_process_kill(&targets->victim, 1);
    sbx_process_close(&targets->victim);
    for (i = 0; i < countof(targets->pipes); i++)
        sbx_handle_close(&targets->pipes[i]);
    sbx_handle_close(&targets->event);
    if (targets->key) {
        RegCloseKey(targets->key);
        swprintf(name, countof(name), L"Software\\agent-verify-%lu",
            (unsigned long)GetCurrentProcessId());
        RegDeleteKeyW(HKEY_CURRENT_USER, name);
        targets->key = NULL;
    }
}

/* --- all together ----------------------------------------------------------------------------- */

static enum sbx_status make_folder_name(struct sbx_verify_run *run, struct sbx_error *err)
{
    uint8_t random[8];
    struct sbx_buf path;
    char *profile = NULL;
    enum sbx_status status = sbx_random_bytes(random, sizeof(random), err);
    size_t i;

    sbx_buf_init(&path, SBX_VERIFY_PATH_MAX);
    if (!status)
        status = sbx_known_folder(SBX_KNOWN_PROFILE, &profile, err);
    if (!status)
        status = sbx_buf_printf(&path, err, "%s\\agent-verify-", profile);
    for (i = 0; !status && i < sizeof(random); i++)
        status = sbx_buf_printf(&path, err, "%02x", random[i]);
    if (!status)
        status = sbx_buf_steal(&path, &run->folder, err);
    sbx_buf_done(&path);
    free(profile);
    return status ? status : make_folder(run->folder, NULL, err);
}

static enum sbx_status make_copy(struct sbx_verify_run *run, struct sbx_verify_fixture *fixture,
    const char *name, struct sbx_error *err)
{
    char path[SBX_VERIFY_PATH_MAX];
    enum sbx_status status;

    snprintf(path, sizeof(path), "%s\\%s", run->folder, name);
    status = sbx_strdup(path, &fixture->base, err);
    if (!status)
        status = sbx_verify_make_parts(fixture, err);
    return status ? status : fill_places(run, fixture, err);
}

enum sbx_status sbx_verify_prepare(struct sbx_verify_run *run, struct sbx_error *err)
{
    enum sbx_status status = make_folder_name(run, err);
    size_t left;

    if (!status && !run->shares_targets)
        status = make_targets(run, err);
    run->inside.probe = run->probe;
    if (!status)
        status = make_copy(run, &run->inside, "inside", err);
    if (!status)
        status = make_copy(run, &run->outside, "outside", err);
    if (status) {
        sbx_error_context(err, "fixture of verify");
        sbx_verify_clean(run, &left);
    }
    return status;
}
