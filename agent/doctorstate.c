/* See doctor.h: what this user's runs keep and left behind. */
#include "doctor.h"

#include "follow.h"
#include "workparts.h"

#include "shared/core/leasechoice.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/calibrationfile.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define WEEK_TICKS (UINT64_C(7) * 24 * 3600 * 10000000) /* FILETIME units of 100 ns */

/* --- ledgers -----------------------------------------------------------------------------------
 */

/* The folder is there when what has its path is the very object. */
static enum sbx_known root_exists(const struct sbx_grant_info *info)
{
    struct sbx_file_facts facts;
    enum sbx_known known = SBX_UNKNOWN;
    HANDLE handle = NULL;
    enum sbx_status status = info->path && info->path[0]
                                 ? sbx_follow_open(info->path, 0, &handle, NULL, NULL)
                                 : SBX_INVALID;

    if (status == SBX_NOT_FOUND)
        known = SBX_KNOWN_NO;
    else if (!status && !sbx_file_get_facts(handle, &facts, NULL))
        known =
            memcmp(facts.id, info->file_id, sizeof(facts.id)) == 0 ? SBX_KNOWN_YES : SBX_KNOWN_NO;
    sbx_handle_close(&handle);
    return known;
}

/* A holder shares its ledger for reading only. */
static enum sbx_known held(HANDLE directory, const char *name)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_APPEND_DATA};
    struct sbx_error err;
    HANDLE handle = NULL;
    enum sbx_status status;

    sbx_error_init(&err);
    status = sbx_file_open_at(directory, name, &how, &handle, &err);
    sbx_handle_close(&handle);
    return status ? SBX_KNOWN_YES : SBX_KNOWN_NO;
}

static enum sbx_status look_ledgers(struct sbx_doctor_gathered *gathered, struct sbx_error *err)
{
    const char *state = gathered->prepared.facts.state_directory;
    struct sbx_doctor_facts *facts = &gathered->facts;
    enum sbx_status status = SBX_OK;
    HANDLE directory = NULL;
    struct sbx_error why;
    size_t count = 0, i;

    sbx_error_init(&why);
    if (sbx_grants_list(state, &gathered->infos, &count, &why))
        return SBX_OK; /* unknown */
    facts->ledgers_asked = SBX_KNOWN_YES;
    if (!count)
        return SBX_OK;
    status = sbx_calloc(count, sizeof(*gathered->ledgers), &gathered->ledgers, err);
    if (status)
        return status;
    if (sbx_ledger_directory(state, false, &directory, &why))
        facts->ledgers_asked = SBX_UNKNOWN;
    for (i = 0; i < count; i++) {
        const struct sbx_grant_info *info = &gathered->infos[i];
        struct sbx_doctor_ledger *ledger = &gathered->ledgers[i];

        ledger->name = info->name;
        ledger->path = info->path;
        ledger->root_exists = root_exists(info);
        ledger->damaged = info->is_damaged;
        ledger->unfinished = !info->is_complete;
        ledger->held = directory ? held(directory, info->name) : SBX_UNKNOWN;
    }
    facts->ledgers = gathered->ledgers;
    facts->ledger_count = count;
    sbx_handle_close(&directory);
    return SBX_OK;
}

/* --- leases and work folders -------------------------------------------------------------------
 */

struct look {
    HANDLE folder;
    const char *prefix; /* of work folders; NULL: leases */
    struct sbx_strings *names;
    uint64_t now;
};

/* Nobody holds it: whoever does shares nothing. */
static bool is_stale_lease(HANDLE folder, const char *name)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY};
    struct sbx_lease_name lease;
    HANDLE handle = NULL;
    bool stale =
        sbx_lease_name_parse(name, &lease) && !sbx_file_open_at(folder, name, &how, &handle, NULL);

    sbx_handle_close(&handle);
    return stale;
}

/* As the sweep of a run sees it (workclean.c). */
static bool is_stale_work(const struct look *look, const char *name)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .allow_reparse = true};
    struct sbx_file_facts facts;
    HANDLE handle = NULL;
    bool stale = strncmp(name, look->prefix, strlen(look->prefix)) == 0 &&
                 !sbx_file_open_at(look->folder, name, &how, &handle, NULL) &&
                 !sbx_file_get_facts(handle, &facts, NULL) &&
                 facts.last_write + WEEK_TICKS < look->now;

    sbx_handle_close(&handle);
    return stale;
}

static enum sbx_filewalk_next look_entry(void *context, struct sbx_filewalk_entry *entry)
{
    struct look *look = context;
    enum sbx_status status = SBX_OK;
    char *name = NULL;

    if (sbx_utf16_to_utf8((const sbx_char16 *)entry->name_w, entry->name_cch, &name, NULL, NULL))
        return SBX_WALK_SKIP;
    if (look->prefix ? is_stale_work(look, name) : is_stale_lease(look->folder, name))
        status = sbx_strings_add(look->names, name, NULL);
    free(name);
    return status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

/* @return UNKNOWN when the folder cannot be listed; a folder that is not there has nothing */
static enum sbx_known look_folder(
    const char *path, const char *prefix, struct sbx_strings *ret_names)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    struct look look = {.prefix = prefix, .names = ret_names};
    const struct sbx_filewalk walk = {.context = &look, .visit = look_entry};
    enum sbx_status status;
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    look.now = ((uint64_t)now.dwHighDateTime << 32) | now.dwLowDateTime;
    status = sbx_file_open(path, &how, &look.folder, NULL);
    if (status == SBX_NOT_FOUND)
        return SBX_KNOWN_YES;
    if (!status)
        status = sbx_filewalk_run(look.folder, &walk, NULL, NULL);
    sbx_handle_close(&look.folder);
    return status ? SBX_UNKNOWN : SBX_KNOWN_YES;
}

static enum sbx_status look_work(struct sbx_doctor_gathered *gathered, struct sbx_error *err)
{
    const struct sbx_facts *own = &gathered->prepared.facts;
    struct sbx_doctor_facts *facts = &gathered->facts;
    const bool elevated = gathered->mode == SBX_MODE_ELEVATED && own->work_directory;
    enum sbx_status status = SBX_OK;
    char *temps = NULL;

    if (own->work_directory)
        facts->leases_asked = look_folder(own->work_directory, NULL, &gathered->leases);
    if (elevated) {
        facts->work_asked =
            look_folder(own->work_directory, SBX_WORKDIRS_TEMP_PREFIX, &gathered->work);
    } else {
        status = sbx_winpath_join(own->state_directory, "tmp", &temps, err);
        if (!status)
            facts->work_asked = look_folder(temps, "", &gathered->work);
    }
    facts->stale_leases = (const char *const *)gathered->leases.items;
    facts->stale_lease_count = gathered->leases.count;
    facts->stale_work = (const char *const *)gathered->work.items;
    facts->stale_work_count = gathered->work.count;
    free(temps);
    return status;
}

/* --- state folder and calibration --------------------------------------------------------------
 */

static void look_state_folder(struct sbx_doctor_gathered *gathered, const struct sbx_sid *user)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = READ_CONTROL};
    struct sbx_doctor_dacl *dacl = &gathered->facts.state_folder;
    struct sbx_descriptor descriptor = {0};
    const struct sbx_sid *other;
    HANDLE handle = NULL;
    struct sbx_error why;
    enum sbx_status status;

    sbx_error_init(&why);
    status = sbx_file_open(gathered->prepared.facts.state_directory, &how, &handle, &why);
    if (status == SBX_NOT_FOUND)
        return;
    dacl->path = gathered->prepared.facts.state_directory;
    if (!status)
        status = sbx_acl_get(handle, NULL, &descriptor, &why);
    if (status) {
        snprintf(dacl->problem, sizeof(dacl->problem), "%s", why.context);
    } else if ((other = sbx_calibration_other_writer(&descriptor, user)) != NULL) {
        dacl->right = SBX_KNOWN_NO;
        sbx_sid_format(other, dacl->sid);
        snprintf(dacl->problem, sizeof(dacl->problem), "%s may write in it, or owns it", dacl->sid);
    } else {
        dacl->right = SBX_KNOWN_YES;
    }
    sbx_descriptor_done(&descriptor);
    sbx_handle_close(&handle);
}

static void look_calibration(struct sbx_doctor_gathered *gathered, const struct sbx_sid *user)
{
    const struct sbx_facts *own = &gathered->prepared.facts;
    struct sbx_doctor_facts *facts = &gathered->facts;
    struct sbx_calibration record;
    struct sbx_error problem;
    enum sbx_mode mode =
        gathered->mode == SBX_MODE_ELEVATED ? SBX_MODE_ELEVATED : SBX_MODE_UNELEVATED;

    sbx_error_init(&problem);
    facts->recipe = sbx_token_choice_name(sbx_plan_auto_recipe(own, mode));
    if (sbx_calibrationfile_read(
            own->state_directory, user, &record, &facts->calibration_exists, &problem))
        snprintf(facts->calibration_problem, sizeof(facts->calibration_problem), "%s",
            problem.context[0] ? problem.context : sbx_status_name(problem.status));
    else
        facts->calibration_matches =
            sbx_calibration_find(&record, gathered->platform, SBX_VERSION, mode) != NULL;
}

enum sbx_status sbx_doctor_look_state(struct sbx_doctor_gathered *gathered, struct sbx_error *err)
{
    struct sbx_sid user;
    enum sbx_status status = sbx_sid_parse(gathered->prepared.facts.caller_sid, &user, err);

    if (!status)
        status = look_ledgers(gathered, err);
    if (!status)
        status = look_work(gathered, err);
    if (status)
        return status;
    look_state_folder(gathered, &user);
    look_calibration(gathered, &user);
    return SBX_OK;
}
