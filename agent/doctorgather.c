/* See doctor.h: installation, machine, services, volumes. */
#include "doctor.h"

#include "facts.h"
#include "follow.h"
#include "readroots.h"
#include "setupask.h"

#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/platform.h"
#include "shared/win/regvalue.h"
#include "shared/win/volume.h"

#include <stdio.h>

#define SERVICES_KEY "SYSTEM\\CurrentControlSet\\Services\\"
#define START_DISABLED 4u /* SERVICE_DISABLED */

/* https://learn.microsoft.com/windows-hardware/drivers/install/hklm-system-currentcontrolset-services-registry-tree
 */
static void look_services(struct sbx_doctor_facts *facts)
{
    static const char *const keys[SBX_DOCTOR_SERVICES] = {
        SERVICES_KEY "seclogon", SERVICES_KEY "BFE", SERVICES_KEY "MpsSvc"};
    size_t i;

    for (i = 0; i < countof(keys); i++) {
        bool exists = false, has_start = false;
        uint32_t start = 0;

        if (sbx_regvalue_key_exists(keys[i], &exists, NULL))
            continue;
        facts->services[i].exists = exists ? SBX_KNOWN_YES : SBX_KNOWN_NO;
        if (exists && !sbx_regvalue_get(keys[i], "Start", &has_start, &start, NULL) && has_start)
            facts->services[i].disabled = start == START_DISABLED ? SBX_KNOWN_YES : SBX_KNOWN_NO;
    }
}

static void look_volume(struct sbx_doctor_gathered *gathered, const char *what, const char *path)
{
    struct sbx_doctor_volume *item = &gathered->volumes[gathered->facts.volume_count];
    struct sbx_volume volume;
    HANDLE handle = NULL;

    if (!path || gathered->facts.volume_count == countof(gathered->volumes))
        return;
    memset(item, 0, sizeof(*item));
    item->what = what;
    item->path = path;
    gathered->facts.volume_count++;
    if (!sbx_follow_open(path, 0, &handle, NULL, NULL) &&
        !sbx_volume_of_handle(handle, &volume, NULL)) {
        item->keeps_acls = volume.persistent_acls ? SBX_KNOWN_YES : SBX_KNOWN_NO;
        snprintf(item->filesystem, sizeof(item->filesystem), "%s", volume.filesystem);
    }
    sbx_handle_close(&handle);
}

static void look_volumes(struct sbx_doctor_gathered *gathered)
{
    const struct sbx_facts *facts = &gathered->prepared.facts;
    size_t i;

    look_volume(gathered, "the state folder", facts->local_app_data);
    if (gathered->facts.installed) {
        look_volume(gathered, "the program folder", facts->program_files);
        look_volume(gathered, "the work folder", facts->program_data);
    }
    look_volume(gathered, "the working directory", facts->cwd);
    for (i = 1; i < facts->root_count; i++)
        if (facts->roots[i].exists)
            look_volume(gathered, "the root", facts->roots[i].path);
    gathered->facts.volumes = gathered->volumes;
}

static void look_programs(struct sbx_doctor_gathered *gathered)
{
    const struct sbx_installation *record = &gathered->installed.record;
    struct sbx_doctor_facts *facts = &gathered->facts;
    size_t i;

    for (i = 0; i < record->program_count && i < countof(gathered->programs); i++) {
        struct sbx_error *err = &gathered->programs[i];
        enum sbx_status status;

        sbx_error_init(err);
        status = sbx_installed_check_program(&gathered->installed, record->programs[i].name, err);
        facts->programs[i].name = record->programs[i].name;
        facts->programs[i].problem = !status           ? ""
                                     : err->context[0] ? err->context
                                                       : sbx_status_name(status);
        facts->program_count++;
    }
}

static void look_record(struct sbx_doctor_gathered *gathered)
{
    const struct sbx_installed *installed = &gathered->installed;
    struct sbx_doctor_facts *facts = &gathered->facts;
    const struct sbx_facts *own = &gathered->prepared.facts;

    facts->installed = installed->found;
    facts->readable = installed->read;
    if (installed->found && !installed->current)
        snprintf(facts->problem, sizeof(facts->problem), "%s",
            installed->problem.context[0] ? installed->problem.context
                                          : sbx_status_name(installed->problem.status));
    facts->own_version = SBX_VERSION;
    facts->own_build = gathered->platform;
    facts->user_sid = own->caller_sid;
    if (!installed->read)
        return;
    facts->record_version = installed->record.product_version;
    facts->record_build = installed->record.os_build;
    facts->operators = (const char *const *)installed->record.operators.items;
    facts->operator_count = installed->record.operators.count;
    facts->is_operator = own->is_operator;
    facts->in_group = own->in_sandbox_group ? SBX_KNOWN_YES : SBX_KNOWN_NO;
    look_programs(gathered);
}

static void look_machine(struct sbx_doctor_gathered *gathered)
{
    struct sbx_doctor_machine *machine = &gathered->facts.machine;
    struct cJSON *answer = NULL;
    struct sbx_json_at root;
    struct sbx_error why;

    sbx_error_init(&why);
    if (sbx_setup_ask(gathered->prepared.facts.own_directory, &answer, &why) ||
        sbx_json_root_object(answer, &root, &why) ||
        sbx_doctor_read_machine(&root, machine, &why)) {
        memset(machine, 0, sizeof(*machine)); /* half an answer is none */
        sbx_error_format(&why, machine->why_not, sizeof(machine->why_not));
    }
    sbx_json_free(answer);
}

/* Roots and reads, as far as they can be found: a doctor works in any directory. */
static void look_roots(struct sbx_doctor_gathered *gathered)
{
    struct sbx_facts *facts = &gathered->prepared.facts;
    const struct sbx_policy *policy = &gathered->prepared.policy;
    struct sbx_strings names = {0};
    struct sbx_error ignored;

    sbx_error_init(&ignored);
    if (sbx_plan_mode(policy, facts, &gathered->mode, &ignored))
        gathered->mode = SBX_MODE_UNSET;
    if (!sbx_plan_protected_names(policy, &names, &ignored) &&
        !sbx_facts_roots(policy, &names, facts, &ignored) &&
        sbx_readroots_add(policy, gathered->mode, facts, &ignored))
        sbx_error_init(&ignored); /* what a run would refuse, the run says */
    sbx_strings_done(&names);
}

enum sbx_status sbx_doctor_gather(
    const struct sbx_cli *cli, struct sbx_doctor_gathered *ret, struct sbx_error *err)
{
    struct sbx_facts *facts = &ret->prepared.facts;
    enum sbx_status status = sbx_verbs_policy(cli, &ret->prepared, err);

    sbx_platform_name(ret->platform, sizeof(ret->platform));
    if (!status)
        status = sbx_installed_read(facts->program_files, &ret->installed, err);
    if (!status)
        status = sbx_winpath_join(facts->state_directory, "policy.json", &ret->policy_path, err);
    if (status)
        return status;
    ret->facts.policy_path = ret->policy_path;
    look_record(ret);
    look_machine(ret);
    look_services(&ret->facts);
    look_roots(ret);
    look_volumes(ret);
    status = sbx_doctor_look_tools(ret, err);
    if (!status)
        status = sbx_doctor_look_writable(ret, err);
    return status ? status : sbx_doctor_look_state(ret, err);
}

void sbx_doctor_gathered_done(struct sbx_doctor_gathered *gathered)
{
    sbx_grants_list_free(gathered->infos, gathered->facts.ledger_count);
    free(gathered->ledgers);
    sbx_strings_done(&gathered->leases);
    sbx_strings_done(&gathered->work);
    sbx_strings_done(&gathered->texts);
    free(gathered->policy_path);
    sbx_installed_done(&gathered->installed);
    sbx_verbs_prepared_done(&gathered->prepared);
}
