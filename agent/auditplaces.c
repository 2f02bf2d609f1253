/* Where `agent audit writable` looks; see auditwalk.h. */
#include "auditwalk.h"

#include "follow.h"
#include "shared/core/envblock.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"

/*
 * Below %SystemRoot%, known to give Users or Authenticated Users some write access. A restricting
 * SID keeps a command out of them as long as nobody added Everyone; that is what is looked at.
 */
static const char *const system_places[] = {
    "Temp",
    "Tasks",
    "tracing",
    "Registration\\CRMLog",
    "ServiceProfiles\\LocalService\\AppData\\Local\\Temp",
    "System32\\Tasks",
    "System32\\spool\\PRINTERS",
    "System32\\spool\\SERVERS",
    "System32\\spool\\drivers\\color",
    "System32\\FxsTmp",
    "System32\\com\\dmp",
    "System32\\Microsoft\\Crypto\\RSA\\MachineKeys",
    "SysWOW64\\Tasks",
    "SysWOW64\\FxsTmp",
    "SysWOW64\\com\\dmp",
};

static enum sbx_status facts_of(const char *path, ACCESS_MASK access, char **ret_final,
    struct sbx_file_facts *ret_facts, struct sbx_error *err)
{
    HANDLE handle = NULL;
    enum sbx_status status = sbx_follow_open(path, access, &handle, ret_final, err);

    if (!status)
        status = sbx_file_get_facts(handle, ret_facts, err);
    sbx_handle_close(&handle);
    return status;
}

enum sbx_status sbx_audit_add_place(
    struct sbx_audit *audit, const char *path, struct sbx_error *err)
{
    struct sbx_audit_place place = {0}, *grown = NULL;
    enum sbx_status status = facts_of(path, 0, &place.path, &place.facts, err);
    size_t i;

    if (!status && !place.facts.is_directory)
        status = sbx_fail(err, SBX_INVALID, "'%s' is not a directory", path);
    for (i = 0; !status && i < audit->place_count; i++)
        if (sbx_file_same(&audit->places[i].facts, &place.facts))
            goto cleanup;
    if (!status)
        status = sbx_calloc(audit->place_count + 1, sizeof(*grown), &grown, err);
    if (status)
        goto cleanup;
    if (audit->place_count)
        memcpy(grown, audit->places, audit->place_count * sizeof(*grown));
    free(audit->places);
    audit->places = grown;
    grown[audit->place_count++] = place;
    place.path = NULL;
cleanup:
    free(place.path);
    return status;
}

enum sbx_status sbx_audit_exclude(struct sbx_audit *audit, const char *path, struct sbx_error *err)
{
    struct sbx_audit_exclusion *grown = NULL;
    struct sbx_file_facts facts;
    enum sbx_status status;

    if (facts_of(path, 0, NULL, &facts, NULL))
        return SBX_OK; /* not there: nothing to leave out */
    status = sbx_calloc(audit->root_count + 1, sizeof(*grown), &grown, err);
    if (status)
        return status;
    if (audit->root_count)
        memcpy(grown, audit->roots, audit->root_count * sizeof(*grown));
    free(audit->roots);
    audit->roots = grown;
    grown[audit->root_count].volume_serial = facts.volume_serial;
    memcpy(grown[audit->root_count++].id, facts.id, sizeof(facts.id));
    return SBX_OK;
}

/* A place that is not there, or not ours to open, is none. */
static enum sbx_status maybe(struct sbx_audit *audit, const char *path, struct sbx_error *err)
{
    enum sbx_status status = path ? sbx_audit_add_place(audit, path, err) : SBX_OK;

    return status == SBX_OOM ? status : SBX_OK;
}

static enum sbx_status maybe_below(
    struct sbx_audit *audit, const char *base, const char *relative, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char *path = NULL;

    if (!base)
        return SBX_OK;
    if (!sbx_winpath_resolve(base, relative, &path, NULL, NULL))
        status = maybe(audit, path, err);
    free(path);
    return status;
}

static enum sbx_status add_drives(struct sbx_audit *audit, struct sbx_error *err)
{
    DWORD drives = GetLogicalDrives();
    enum sbx_status status = SBX_OK;
    char letter;

    for (letter = 'A'; !status && letter <= 'Z'; letter++) {
        const char path[] = {letter, ':', '\\', '\0'};
        const wchar_t path_w[] = {(wchar_t)letter, L':', L'\\', L'\0'};
        bool subst = false, remote = false;

        if (!(drives & (1u << (letter - 'A'))) || GetDriveTypeW(path_w) != DRIVE_FIXED)
            continue;
        if (!sbx_volume_drive(letter, &subst, &remote, NULL) && (subst || remote))
            continue;
        status = maybe(audit, path, err);
    }
    return status;
}

enum sbx_status sbx_audit_usual_places(
    const struct sbx_facts *facts, struct sbx_audit *audit, struct sbx_error *err)
{
    const char *const temps[] = {
        sbx_env_get(&facts->environment, "TEMP"), sbx_env_get(&facts->environment, "TMP")};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < facts->path_count; i++)
        status = maybe(audit, facts->path_directories[i], err);
    for (i = 0; !status && i < countof(system_places); i++)
        status = maybe_below(audit, facts->system_root, system_places[i], err);
    if (!status)
        status = maybe_below(audit, facts->profiles_directory, "Public", err);
    if (!status)
        status = maybe(audit, facts->startup, err);
    for (i = 0; !status && i < countof(temps); i++)
        if (temps[i])
            status = maybe_below(audit, facts->cwd, temps[i], err);
    if (!status)
        status = maybe(audit, facts->program_data, err);
    if (!status)
        status = maybe(audit, facts->profile, err);
    return status ? status : add_drives(audit, err);
}
