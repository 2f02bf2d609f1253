/* Checks of `agent doctor`: record, versions, services, fence, our own folders; and the table. */
#include "doctor_internal.h"

#include <stdio.h>

#define REPAIR "agent repair"
#define SETUP "agent setup"

/* --- the record --------------------------------------------------------------------------------
 */

void sbx_doctor_record(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    if (!facts->installed && facts->machine.leftovers)
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                             "accounts or group of an installation are there, its record is not"),
            REPAIR);
    else if (!facts->installed)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK,
            "elevated mode is not set up: commands run in unelevated mode");
    else if (!facts->readable)
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                             "the installation record cannot be relied on: %s", facts->problem),
            REPAIR);
    else if (facts->problem[0] && strcmp(facts->record_version, facts->own_version) == 0)
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT, "%s", facts->problem), SETUP);
    else
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "the installation record is whole");
}

void sbx_doctor_version_product(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    if (!facts->readable)
        return; /* the check "record" says it */
    if (strcmp(facts->record_version, facts->own_version) != 0)
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                             "the installation is of version %s, this program of version %s",
                             facts->record_version, facts->own_version),
            SETUP);
    else
        sbx_doctor_add(
            report, id, SBX_DOCTOR_OK, "installed and running: version %s", facts->own_version);
}

/* What was proved on another build may not hold on this one. */
void sbx_doctor_version_os(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    if (!facts->readable)
        return;
    if (strcmp(facts->record_build, facts->own_build) != 0)
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                             "the fence was proved on '%s', and this is '%s'", facts->record_build,
                             facts->own_build),
            SETUP);
    else
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "proved on this build: %s", facts->own_build);
}

void sbx_doctor_version_programs(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    bool found = false;
    size_t i;

    if (!facts->readable)
        return;
    for (i = 0; i < facts->program_count; i++)
        if (facts->programs[i].problem[0]) {
            found = true;
            sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_FAULT, "%s: %s",
                                 facts->programs[i].name, facts->programs[i].problem),
                REPAIR);
        }
    if (!found)
        sbx_doctor_add(
            report, id, SBX_DOCTOR_OK, "%zu programs are as installed", facts->program_count);
}

/* --- services ----------------------------------------------------------------------------------
 */

/* One service: there, and allowed to start. */
static void service(const char *id, const struct sbx_doctor_service_fact *fact,
    enum sbx_doctor_state state, const char *what, const char *command,
    struct sbx_doctor_report *report)
{
    if (fact->exists == SBX_KNOWN_NO)
        sbx_doctor_remedy(sbx_doctor_add(report, id, state, "this Windows has no service %s", what),
            true, NULL, "restore it from Windows' own media (DISM), or use unelevated mode");
    else if (fact->disabled == SBX_KNOWN_YES)
        sbx_doctor_remedy(sbx_doctor_add(report, id, state, "the service %s is disabled", what),
            true, command, "as an administrator: %s; a group policy may set it back", command);
    else if (fact->exists == SBX_UNKNOWN || fact->disabled == SBX_UNKNOWN)
        sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL,
                              "the start type of %s could not be read", what),
            true, NULL, "run agent doctor from an administrator's prompt");
    else
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "%s can start", what);
}

void sbx_doctor_seclogon(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    service(id, &facts->services[SBX_DOCTOR_SECLOGON], SBX_DOCTOR_FAULT,
        "Secondary Logon (seclogon), which starts the sandboxed programs",
        "sc.exe config seclogon start= demand", report);
}

void sbx_doctor_bfe(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    service(id, &facts->services[SBX_DOCTOR_BFE], SBX_DOCTOR_FAULT,
        "Base Filtering Engine (BFE), which holds the network filters",
        "sc.exe config BFE start= auto", report);
}

void sbx_doctor_mpssvc(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    service(id, &facts->services[SBX_DOCTOR_MPSSVC], SBX_DOCTOR_WARNING,
        "Windows Defender Firewall (MpsSvc), the second line behind the filters",
        "sc.exe config MpsSvc start= auto", report);
}

/* --- the fence ---------------------------------------------------------------------------------
 */

static void step(const char *id, enum sbx_doctor_step state, enum sbx_doctor_state bad,
    const char *what, const char *why_not, struct sbx_doctor_report *report)
{
    if (state == SBX_DOCTOR_STEP_PRESENT)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "%s as set up", what);
    else if (state == SBX_DOCTOR_STEP_UNKNOWN)
        sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "%s: %s", what,
                              why_not[0] ? why_not : "only an administrator may look"),
            true, NULL, "run agent doctor from an administrator's prompt");
    else
        sbx_doctor_agent(
            sbx_doctor_add(report, id, bad, "%s: %s", what,
                state == SBX_DOCTOR_STEP_ABSENT    ? "missing"
                : state == SBX_DOCTOR_STEP_FOREIGN ? "something is there that set-up did not make"
                                                   : "not as set up"),
            REPAIR);
}

void sbx_doctor_fence(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    step(id, facts->machine.fence, SBX_DOCTOR_FAULT, "the network filters", facts->machine.why_not,
        report);
}

void sbx_doctor_firewall_rules(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    step(id, facts->machine.firewall, SBX_DOCTOR_WARNING, "the firewall rules",
        facts->machine.why_not, report);
}

void sbx_doctor_firewall_policy(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;

    if (machine->firewall_effective == SBX_KNOWN_YES)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "local firewall rules have effect");
    else if (machine->firewall_effective == SBX_UNKNOWN)
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "%s",
                machine->why_not[0] ? machine->why_not : "the firewall could not be asked"),
            true, NULL, "run agent doctor from an administrator's prompt");
    else
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                "local firewall rules have no effect (%s); the filters are the boundary, the "
                "second line is missing",
                machine->firewall_note[0] ? machine->firewall_note : "overridden"),
            true, "netsh.exe advfirewall set allprofiles state on",
            "as an administrator: netsh.exe advfirewall set allprofiles state on; where a group "
            "policy overrides local rules, have it allow them");
}

/* Without it events are written all the same, and nobody finds their texts. */
void sbx_doctor_eventlog(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    step(id, facts->machine.eventlog, SBX_DOCTOR_WARNING,
        "the source of our events in the Windows Event Log", facts->machine.why_not, report);
}

/* --- our own folders ---------------------------------------------------------------------------
 */

void sbx_doctor_dacl_machine(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_machine *machine = &facts->machine;
    const bool folders_first = machine->folders != SBX_DOCTOR_STEP_PRESENT;

    step(id, folders_first ? machine->folders : machine->access, SBX_DOCTOR_FAULT,
        "the folders below Program Files and ProgramData, and their access lists", machine->why_not,
        report);
}

void sbx_doctor_dacl_secrets(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    step(id, facts->machine.secrets, SBX_DOCTOR_FAULT, "the sealed passwords",
        facts->machine.why_not, report);
}

void sbx_doctor_dacl_state(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    const struct sbx_doctor_dacl *dacl = &facts->state_folder;
    char command[SBX_DOCTOR_TEXT_MAX];

    if (!dacl->path) {
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "no run has made the state folder yet");
    } else if (dacl->right == SBX_KNOWN_YES) {
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "only this user may write in '%s'", dacl->path);
    } else if (dacl->right == SBX_UNKNOWN) {
        sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "'%s': %s", dacl->path,
                              dacl->problem),
            false, NULL, "look at its access list: icacls.exe \"%s\"", dacl->path);
    } else {
        snprintf(command, sizeof(command),
            "icacls.exe \"%s\" /inheritance:r /grant:r *%s:(OI)(CI)F *S-1-5-18:(OI)(CI)F%s%s",
            dacl->path, facts->user_sid ? facts->user_sid : "S-1-3-4",
            dacl->sid[0] ? " /remove:g *" : "", dacl->sid);
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                "the state folder '%s' is not this user's alone: %s", dacl->path, dacl->problem),
            false, command, "run: %s", command);
    }
}

void sbx_doctor_calibration(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    static const char command[] = "agent doctor --calibrate";

    if (facts->calibration_problem[0])
        sbx_doctor_agent(sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                             "the calibration counts as none: %s; recipe %s",
                             facts->calibration_problem, facts->recipe),
            command);
    else if (facts->calibration_exists && !facts->calibration_matches)
        sbx_doctor_agent(
            sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                "the calibration is of another build, version or mode: recipe %s", facts->recipe),
            command);
    else
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "%s: recipe %s",
            facts->calibration_exists ? "calibrated" : "not calibrated on this machine",
            facts->recipe);
}

/* --- the table ---------------------------------------------------------------------------------
 */

/* clang-format off */
const struct sbx_doctor_check sbx_doctor_checks[] = {
    {"record", false, sbx_doctor_record},
    {"version.product", true, sbx_doctor_version_product},
    {"version.os", true, sbx_doctor_version_os},
    {"version.programs", true, sbx_doctor_version_programs},
    {"account.missing", true, sbx_doctor_account_missing},
    {"account.disabled", true, sbx_doctor_account_disabled},
    {"account.locked", true, sbx_doctor_account_locked},
    {"account.expires", true, sbx_doctor_account_expires},
    {"account.password", true, sbx_doctor_account_password},
    {"account.kind", true, sbx_doctor_account_kind},
    {"group.members", true, sbx_doctor_group_members},
    {"group.operator", true, sbx_doctor_group_operator},
    {"rights.granted", true, sbx_doctor_rights_granted},
    {"rights.denied", true, sbx_doctor_rights_denied},
    {"rights.extra", true, sbx_doctor_rights_extra},
    {"service.seclogon", true, sbx_doctor_seclogon},
    {"service.bfe", true, sbx_doctor_bfe},
    {"service.mpssvc", true, sbx_doctor_mpssvc},
    {"fence.filters", true, sbx_doctor_fence},
    {"firewall.rules", true, sbx_doctor_firewall_rules},
    {"firewall.policy", true, sbx_doctor_firewall_policy},
    {"eventlog.source", true, sbx_doctor_eventlog},
    {"dacl.machine", true, sbx_doctor_dacl_machine},
    {"dacl.secrets", true, sbx_doctor_dacl_secrets},
    {"dacl.state", false, sbx_doctor_dacl_state},
    {"volume.acls", false, sbx_doctor_volumes},
    {"tool.user", false, sbx_doctor_tools_user},
    {"tool.account", true, sbx_doctor_tools_account},
    {"writable.path", false, sbx_doctor_writable_path},
    {"writable.root", false, sbx_doctor_writable_root},
    {"ledger.gone", false, sbx_doctor_ledger_gone},
    {"ledger.unfinished", false, sbx_doctor_ledger_unfinished},
    {"ledger.damaged", false, sbx_doctor_ledger_damaged},
    {"lease.stale", true, sbx_doctor_lease_stale},
    {"work.stale", false, sbx_doctor_work_stale},
    {"calibration", false, sbx_doctor_calibration},
};
/* clang-format on */

const size_t sbx_doctor_check_count = countof(sbx_doctor_checks);
