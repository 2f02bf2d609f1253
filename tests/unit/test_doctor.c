/* doctor: a clean machine shows nothing; each defect, planted alone, turns its row and no other. */
#include "shared/core/doctor.h"
#include "shared/core/explain.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define USER "S-1-5-21-1-2-3-1001"
#define OTHER "S-1-5-21-1-2-3-1002"
#define SET(text, ...) snprintf(text, sizeof(text), __VA_ARGS__)

/* Everything that facts borrow. */
static struct sbx_doctor_volume volume;
static struct sbx_doctor_tool tool;
static struct sbx_doctor_place path_place, root_place;
static struct sbx_doctor_ledger ledger;
static struct sbx_doctor_report report;
static const char *const operators[] = {USER};
static const char *const names[] = {"lease-1"};

static const char *const good_rights[] = {"SeInteractiveLogonRight", "SeDenyNetworkLogonRight",
    "SeDenyBatchLogonRight", "SeDenyServiceLogonRight", "SeDenyRemoteInteractiveLogonRight"};

static void good_machine(struct sbx_doctor_machine *m)
{
    static const char *const accounts[] = {"AgentSandboxOffline", "AgentSandboxOnline"};
    size_t i;

    for (i = 0; i < countof(accounts); i++) {
        SET(m->accounts[i].name, "%s", accounts[i]);
        m->accounts[i].exists = m->accounts[i].ours = SBX_KNOWN_YES;
        m->accounts[i].member = true;
    }
    m->account_count = countof(accounts);
    m->group_exists = m->rights_asked = m->firewall_effective = SBX_KNOWN_YES;
    for (i = 0; i < countof(good_rights); i++)
        SET(m->rights[i], "%s", good_rights[i]);
    m->right_count = countof(good_rights);
    m->folders = m->access = m->secrets = m->hidden = m->fence = m->firewall = m->eventlog =
        SBX_DOCTOR_STEP_PRESENT;
}

static struct sbx_doctor_facts clean(void)
{
    struct sbx_doctor_facts f;
    size_t i;

    memset(&f, 0, sizeof(f));
    f.installed = f.readable = f.is_operator = true;
    f.record_version = f.own_version = "1.0";
    f.record_build = f.own_build = "windows 10.0.19045";
    f.programs[0].name = "command-runner.exe";
    f.programs[0].problem = "";
    f.program_count = 1;
    f.in_group = SBX_KNOWN_NO;
    f.user_sid = USER;
    f.operators = operators;
    f.operator_count = 1;
    good_machine(&f.machine);
    for (i = 0; i < SBX_DOCTOR_SERVICES; i++)
        f.services[i] = (struct sbx_doctor_service_fact){SBX_KNOWN_YES, SBX_KNOWN_NO};
    volume = (struct sbx_doctor_volume){"the working directory", "D:\\p", SBX_KNOWN_YES, "NTFS"};
    f.volumes = &volume;
    tool = (struct sbx_doctor_tool){
        "git", "D:\\git\\bin\\git.exe", "D:\\git\\bin", SBX_KNOWN_YES, SBX_KNOWN_YES};
    f.tools = &tool;
    path_place = (struct sbx_doctor_place){"C:\\tools", SBX_DOCTOR_WRITERS_FEW};
    root_place = (struct sbx_doctor_place){"D:\\p\\out", SBX_DOCTOR_WRITERS_FEW};
    f.path_places = &path_place;
    f.root_places = &root_place;
    ledger =
        (struct sbx_doctor_ledger){"0123abcd", "D:\\p", SBX_KNOWN_YES, false, false, SBX_KNOWN_NO};
    f.ledgers = &ledger;
    f.volume_count = f.tool_count = f.path_place_count = f.root_place_count = f.ledger_count = 1;
    f.ledgers_asked = f.leases_asked = f.work_asked = SBX_KNOWN_YES;
    f.stale_leases = f.stale_work = names;
    f.state_folder.path = "C:\\Users\\u\\AppData\\Local\\AgentSandbox";
    f.state_folder.right = SBX_KNOWN_YES;
    f.policy_path = "C:\\Users\\u\\AppData\\Local\\AgentSandbox\\policy.json";
    f.recipe = "standard";
    return f;
}

static void judge(const struct sbx_doctor_facts *facts)
{
    sbx_doctor_judge(facts, &report);
}

START_TEST(doctor__clean_machine__every_row_is_ok)
{
    struct sbx_doctor_facts f = clean();
    size_t i;

    judge(&f);
    ck_assert_uint_eq(report.count, sbx_doctor_check_count);
    for (i = 0; i < report.count; i++) {
        ck_assert_str_eq(report.rows[i].id, sbx_doctor_checks[i].id);
        ck_assert_msg(report.rows[i].state == SBX_DOCTOR_OK, "%s: %s", report.rows[i].id,
            report.rows[i].found);
        ck_assert_str_eq(report.rows[i].remedy, "");
    }
    ck_assert(sbx_doctor_is_well(&report));
}
END_TEST

/* Not installed: what is not there is not missed. */
START_TEST(doctor__not_installed__only_what_unelevated_mode_needs)
{
    struct sbx_doctor_facts f = clean();
    size_t i;

    f.installed = f.readable = false;
    memset(&f.machine, 0, sizeof(f.machine));
    memset(f.services, 0, sizeof(f.services));
    judge(&f);
    ck_assert_uint_gt(report.count, 5);
    for (i = 0; i < report.count; i++)
        ck_assert_msg(report.rows[i].state == SBX_DOCTOR_OK, "%s", report.rows[i].id);
}
END_TEST

/* --- defects -----------------------------------------------------------------------------------
 */

struct defect {
    const char *name, *id;
    enum sbx_doctor_state state;
    void (*plant)(struct sbx_doctor_facts *f);
    const char *found, *remedy; /* must be in the row */
};

#define PLANT(name, ...)                                                                           \
    static void name(struct sbx_doctor_facts *f)                                                   \
    {                                                                                              \
        (void)f;                                                                                   \
        __VA_ARGS__;                                                                               \
    }

PLANT(record_damaged, f->readable = false; SET(f->problem, "checksum"))
PLANT(record_lost, f->installed = f->readable = false; memset(&f->machine, 0, sizeof(f->machine));
      f->machine.leftovers = true)
PLANT(record_unproved, SET(f->problem, "the network fence of the installation was not proved"))
PLANT(old_version, f->record_version = "0.9"; SET(f->problem, "the installation is of version 0.9"))
PLANT(other_build, f->record_build = "windows 10.0.26100")
PLANT(program_changed, f->programs[0].problem = "it is not the program that was installed")
PLANT(account_gone, f->machine.accounts[1].exists = SBX_KNOWN_NO)
PLANT(account_foreign, f->machine.accounts[0].ours = SBX_KNOWN_NO;
      f->machine.accounts[0].disabled = true)
PLANT(account_disabled, f->machine.accounts[0].disabled = true)
PLANT(account_locked, f->machine.accounts[1].locked = true)
PLANT(account_expires, f->machine.accounts[0].expires = true)
PLANT(password_expired, f->machine.accounts[0].password_expired = true)
PLANT(password_may_expire, f->machine.accounts[0].password_may_expire = true)
PLANT(no_password, f->machine.accounts[0].needs_no_password = true)
PLANT(account_special, f->machine.accounts[0].special = true)
PLANT(not_a_member, f->machine.accounts[0].member = false)
PLANT(group_gone, f->machine.group_exists = SBX_KNOWN_NO)
PLANT(stranger, SET(f->machine.strangers[0], OTHER); f->machine.stranger_count = 1)
PLANT(operator_member, SET(f->machine.strangers[0], USER); f->machine.stranger_count = 1)
PLANT(logged_on_as_member, f->in_group = SBX_KNOWN_YES)
PLANT(no_logon_right, SET(f->machine.rights[0], "SeDenyServiceLogonRight"))
PLANT(logon_denied, SET(f->machine.rights[5], "SeDenyInteractiveLogonRight");
      f->machine.right_count = 6)
PLANT(network_logon_allowed, SET(f->machine.rights[1], "SeDenyBatchLogonRight"))
PLANT(privilege_given, SET(f->machine.rights[5], "SeDebugPrivilege"); f->machine.right_count = 6)
PLANT(own_right, f->machine.own_right_count = 2)
PLANT(seclogon_disabled, f->services[SBX_DOCTOR_SECLOGON].disabled = SBX_KNOWN_YES)
PLANT(seclogon_gone, f->services[SBX_DOCTOR_SECLOGON].exists = SBX_KNOWN_NO)
PLANT(bfe_disabled, f->services[SBX_DOCTOR_BFE].disabled = SBX_KNOWN_YES)
PLANT(mpssvc_disabled, f->services[SBX_DOCTOR_MPSSVC].disabled = SBX_KNOWN_YES)
PLANT(filters_gone, f->machine.fence = SBX_DOCTOR_STEP_ABSENT)
PLANT(filters_changed, f->machine.fence = SBX_DOCTOR_STEP_DIFFERENT)
PLANT(rules_gone, f->machine.firewall = SBX_DOCTOR_STEP_ABSENT)
PLANT(source_gone, f->machine.eventlog = SBX_DOCTOR_STEP_ABSENT)
PLANT(source_foreign, f->machine.eventlog = SBX_DOCTOR_STEP_FOREIGN)
PLANT(rules_overridden, f->machine.firewall_effective = SBX_KNOWN_NO;
      SET(f->machine.firewall_note, "group policy"))
PLANT(folder_open, f->machine.folders = SBX_DOCTOR_STEP_DIFFERENT)
PLANT(access_lost, f->machine.access = SBX_DOCTOR_STEP_DIFFERENT)
PLANT(secrets_open, f->machine.secrets = SBX_DOCTOR_STEP_DIFFERENT)
PLANT(state_open, f->state_folder.right = SBX_KNOWN_NO; SET(f->state_folder.sid, "S-1-1-0");
      SET(f->state_folder.problem, "S-1-1-0 may write it"))
PLANT(volume_fat, volume.keeps_acls = SBX_KNOWN_NO; SET(volume.filesystem, "exFAT"))
PLANT(tool_denied, tool.user_may = SBX_KNOWN_NO)
PLANT(tool_closed, tool.account_may = SBX_KNOWN_NO)
PLANT(path_open, path_place.writers = SBX_DOCTOR_WRITERS_EVERYONE)
PLANT(path_users, path_place.writers = SBX_DOCTOR_WRITERS_USERS)
PLANT(root_open, root_place.writers = SBX_DOCTOR_WRITERS_EVERYONE)
PLANT(root_gone, ledger.root_exists = SBX_KNOWN_NO)
PLANT(run_dead, ledger.unfinished = true)
PLANT(ledger_torn, ledger.damaged = true)
PLANT(ledger_unread, ledger.damaged = true; ledger.path = "")
PLANT(lease_dead, f->stale_lease_count = 1)
PLANT(work_dead, f->stale_work_count = 1)
PLANT(calibration_damaged, f->calibration_exists = true; SET(f->calibration_problem, "checksum"))
PLANT(calibration_old, f->calibration_exists = true)

#define W SBX_DOCTOR_WARNING
#define X SBX_DOCTOR_FAULT
#define REPAIR "agent repair"

static const struct defect defects[] = {
    {"record damaged", "record", X, record_damaged, "checksum", REPAIR},
    {"record lost", "record", X, record_lost, "its record is not", REPAIR},
    {"fence never proved", "record", X, record_unproved, "not proved", "agent setup"},
    {"another version", "version.product", X, old_version, "0.9", "agent setup"},
    {"another build", "version.os", W, other_build, "26100", "agent setup"},
    {"program changed", "version.programs", X, program_changed, "command-runner.exe", REPAIR},
    {"account missing", "account.missing", X, account_gone, "AgentSandboxOnline", REPAIR},
    {"account of another", "account.missing", X, account_foreign, "not the one", REPAIR},
    {"account disabled", "account.disabled", X, account_disabled, "disabled", REPAIR},
    {"account locked", "account.locked", X, account_locked, "AgentSandboxOnline", REPAIR},
    {"account expired", "account.expires", X, account_expires, "expire", REPAIR},
    {"password expired", "account.password", X, password_expired, "password", REPAIR},
    {"password may expire", "account.password", X, password_may_expire, "password", REPAIR},
    {"no password needed", "account.kind", X, no_password, "password", REPAIR},
    {"account is a guest", "account.kind", X, account_special, "ordinary", REPAIR},
    {"account left the group", "account.kind", X, not_a_member, "group", REPAIR},
    {"group missing", "group.members", X, group_gone, "does not exist", REPAIR},
    {"stranger in the group", "group.members", X, stranger, OTHER, REPAIR},
    {"operator in the group", "group.operator", X, operator_member, USER,
        "Remove-LocalGroupMember"},
    {"logged on as member", "group.operator", X, logged_on_as_member, "logon", "log off"},
    {"logon right missing", "rights.granted", X, no_logon_right, "SeInteractiveLogonRight", REPAIR},
    {"logon denied", "rights.granted", X, logon_denied, "SeDenyInteractiveLogonRight", REPAIR},
    {"network logon", "rights.denied", X, network_logon_allowed, "SeDenyNetworkLogonRight", REPAIR},
    {"a privilege", "rights.extra", X, privilege_given, "SeDebugPrivilege", REPAIR},
    {"rights of their own", "rights.extra", X, own_right, "2 rights", REPAIR},
    {"seclogon disabled", "service.seclogon", X, seclogon_disabled, "disabled",
        "sc.exe config seclogon start= demand"},
    {"seclogon missing", "service.seclogon", X, seclogon_gone, "no service", "DISM"},
    {"BFE disabled", "service.bfe", X, bfe_disabled, "BFE", "sc.exe config BFE start= auto"},
    {"MpsSvc disabled", "service.mpssvc", W, mpssvc_disabled, "MpsSvc", "start= auto"},
    {"filters missing", "fence.filters", X, filters_gone, "missing", REPAIR},
    {"filters changed", "fence.filters", X, filters_changed, "not as set up", REPAIR},
    {"rules missing", "firewall.rules", W, rules_gone, "missing", REPAIR},
    {"rules overridden", "firewall.policy", W, rules_overridden, "group policy", "netsh.exe"},
    {"event source gone", "eventlog.source", W, source_gone, "missing", REPAIR},
    {"event source of another", "eventlog.source", W, source_foreign, "did not make", REPAIR},
    {"program folder open", "dacl.machine", X, folder_open, "not as set up", REPAIR},
    {"operators' access lost", "dacl.machine", X, access_lost, "not as set up", REPAIR},
    {"secrets open", "dacl.secrets", X, secrets_open, "not as set up", REPAIR},
    {"state folder open", "dacl.state", X, state_open, "S-1-1-0", "/remove:g *S-1-1-0"},
    {"exFAT", "volume.acls", X, volume_fat, "exFAT", "convert.exe D: /fs:ntfs"},
    {"tool denied to the user", "tool.user", W, tool_denied, "git.exe", "icacls.exe"},
    {"tool closed to the account", "tool.account", W, tool_closed, "git.exe",
        "{\"filesystem\": {\"allowRead\": [\"D:\\\\git\\\\bin\"]}}"},
    {"PATH open to Everyone", "writable.path", X, path_open, "Everyone", "/remove:g *S-1-1-0"},
    {"PATH open to users", "writable.path", W, path_users, "every user", "/remove:g *S-1-5-11"},
    {"root open", "writable.root", X, root_open, "D:\\p\\out", "icacls.exe"},
    {"root gone", "ledger.gone", W, root_gone, "D:\\p", "agent revoke 0123abcd"},
    {"run dead", "ledger.unfinished", W, run_dead, "D:\\p", "agent grants repair"},
    {"ledger torn", "ledger.damaged", W, ledger_torn, "cannot be read", "agent grants repair"},
    {"ledger unreadable", "ledger.damaged", W, ledger_unread, "0123abcd", "run a command in"},
    {"lease of a dead run", "lease.stale", W, lease_dead, "lease-1", "agent run"},
    {"work of a dead run", "work.stale", W, work_dead, "1", "agent run"},
    {"calibration damaged", "calibration", W, calibration_damaged, "checksum", "--calibrate"},
    {"calibration of another build", "calibration", W, calibration_old, "another build",
        "--calibrate"},
};

START_TEST(doctor__one_defect__turns_its_row_and_no_other)
{
    const struct defect *defect = &defects[_i];
    struct sbx_doctor_facts f = clean();
    size_t i, turned = 0;

    defect->plant(&f);
    judge(&f);
    for (i = 0; i < report.count; i++) {
        const struct sbx_doctor_row *row = &report.rows[i];

        if (strcmp(row->id, defect->id) != 0) {
            ck_assert_msg(row->state == SBX_DOCTOR_OK, "%s: %s turned too: %s", defect->name,
                row->id, row->found);
            continue;
        }
        turned++;
        ck_assert_msg(
            row->state == defect->state, "%s: %s", defect->name, sbx_doctor_state_name(row->state));
        ck_assert_msg(strstr(row->found, defect->found), "%s: %s", defect->name, row->found);
        ck_assert_msg(strstr(row->remedy, defect->remedy), "%s: %s", defect->name, row->remedy);
        ck_assert_msg(!row->command[0] || strstr(row->remedy, row->command), "%s: %s", defect->name,
            row->command);
    }
    ck_assert_msg(turned >= 1, "%s", defect->name);
    ck_assert_int_eq(sbx_doctor_is_well(&report), defect->state != X);
}
END_TEST

START_TEST(doctor__every_check__has_a_defect_and_an_explanation)
{
    struct sbx_error err;
    struct sbx_buf text;
    size_t i, j;

    sbx_error_init(&err);
    for (i = 0; i < sbx_doctor_check_count; i++) {
        for (j = 0; j < countof(defects); j++)
            if (strcmp(defects[j].id, sbx_doctor_checks[i].id) == 0)
                break;
        ck_assert_msg(j < countof(defects), "%s", sbx_doctor_checks[i].id);
        sbx_buf_init(&text, 16384);
        ck_assert_msg(sbx_explain(sbx_doctor_checks[i].id, &text, &err) == SBX_OK, "%s",
            sbx_doctor_checks[i].id);
        sbx_buf_done(&text);
    }
}
END_TEST

/* Nothing could be asked: no row says ok that rests on it. */
START_TEST(doctor__nothing_known__cannot_tell)
{
    static const char *const sure[] = {"record", "version.product", "version.os",
        "version.programs", "ledger.gone", "ledger.unfinished", "ledger.damaged", "calibration"};
    struct sbx_doctor_facts f = clean();
    size_t i, j;

    memset(&f.machine, 0, sizeof(f.machine));
    SET(f.machine.why_not, "sandbox-setup.exe did not answer");
    memset(f.services, 0, sizeof(f.services));
    f.in_group = f.leases_asked = f.work_asked = f.state_folder.right = SBX_UNKNOWN;
    volume.keeps_acls = tool.user_may = tool.account_may = SBX_UNKNOWN;
    path_place.writers = root_place.writers = SBX_DOCTOR_WRITERS_UNKNOWN;
    judge(&f);
    for (i = 0; i < report.count; i++) {
        bool known = false;

        for (j = 0; j < countof(sure); j++)
            known = known || strcmp(sure[j], report.rows[i].id) == 0;
        ck_assert_msg(report.rows[i].state == (known ? SBX_DOCTOR_OK : SBX_DOCTOR_CANNOT_TELL),
            "%s: %s", report.rows[i].id, report.rows[i].found);
        ck_assert(known || report.rows[i].remedy[0]);
    }
    ck_assert(sbx_doctor_is_well(&report)); /* nothing was found */
}
END_TEST

/* A ledger that a run holds is not a dead run's. */
START_TEST(doctor__run_under_way__is_not_dead)
{
    struct sbx_doctor_facts f = clean();

    ledger.unfinished = true;
    ledger.held = SBX_KNOWN_YES;
    judge(&f);
    ck_assert_uint_eq(report.counts[SBX_DOCTOR_OK], sbx_doctor_check_count);
}
END_TEST

START_TEST(doctor__more_rows_than_room__a_fault)
{
    static struct sbx_doctor_place places[SBX_DOCTOR_ROWS_MAX + 5];
    struct sbx_doctor_facts f = clean();
    size_t i;

    for (i = 0; i < countof(places); i++)
        places[i] = (struct sbx_doctor_place){"C:\\x", SBX_DOCTOR_WRITERS_USERS};
    f.path_places = places;
    f.path_place_count = countof(places);
    judge(&f);
    ck_assert_uint_eq(report.count, SBX_DOCTOR_ROWS_MAX);
    ck_assert_uint_gt(report.left_out, 5);
    ck_assert(!sbx_doctor_is_well(&report));
}
END_TEST

/* --- the answer of sandbox-setup ---------------------------------------------------------------
 */

static const char answer[] =
    "{\"accounts\": {\"a\": {\"exists\": false}, \"b\": {\"exists\": true, \"sid\": \"S\"}},"
    "\"users\": [{\"name\": \"AgentSandboxOffline\", \"exists\": true, \"ours\": true,"
    " \"disabled\": true, \"locked\": false, \"expires\": false, \"passwordExpired\": true,"
    " \"needsNoPassword\": false, \"passwordMayExpire\": false, \"special\": false,"
    " \"member\": true, \"ownRights\": 3}, {\"name\": \"AgentSandboxOnline\", \"exists\": false},"
    " {\"name\": \"AgentSandboxOnline2\", \"why\": \"denied\"}],"
    " \"group\": {\"exists\": true, \"strangers\": [\"" OTHER "\"], \"rights\": [\"SeX\"]},"
    " \"firewall\": {\"effective\": false, \"note\": \"off\"},"
    " \"steps\": [{\"name\": \"fence\", \"state\": \"different\"},"
    " {\"name\": \"folders\", \"state\": \"present\"},"
    " {\"name\": \"access\", \"state\": \"unknown\", \"why\": \"x\"}]}";

static enum sbx_status machine_of(const char *text, struct sbx_doctor_machine *ret)
{
    struct cJSON *document = NULL;
    enum sbx_status status;
    struct sbx_json_at root;
    struct sbx_error err;

    sbx_error_init(&err);
    memset(ret, 0, sizeof(*ret));
    ck_assert_sbx_ok(sbx_json_parse(text, strlen(text), NULL, &document, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(document, &root, &err), &err);
    status = sbx_doctor_read_machine(&root, ret, &err);
    sbx_json_free(document);
    return status;
}

START_TEST(doctor__answer_of_setup__is_read)
{
    struct sbx_doctor_machine m;

    ck_assert_int_eq(machine_of(answer, &m), SBX_OK);
    ck_assert(m.leftovers);
    ck_assert_uint_eq(m.account_count, 3);
    ck_assert(m.accounts[0].disabled && m.accounts[0].password_expired && m.accounts[0].member);
    ck_assert(!m.accounts[0].locked && m.own_right_count == 3);
    ck_assert_int_eq(m.accounts[1].exists, SBX_KNOWN_NO);
    ck_assert_int_eq(m.accounts[2].exists, SBX_UNKNOWN);
    ck_assert_int_eq(m.group_exists, SBX_KNOWN_YES);
    ck_assert_str_eq(m.strangers[0], OTHER);
    ck_assert_int_eq(m.rights_asked, SBX_KNOWN_YES);
    ck_assert_str_eq(m.rights[0], "SeX");
    ck_assert_int_eq(m.firewall_effective, SBX_KNOWN_NO);
    ck_assert_int_eq(m.fence, SBX_DOCTOR_STEP_DIFFERENT);
    ck_assert_int_eq(m.folders, SBX_DOCTOR_STEP_PRESENT);
    ck_assert_int_eq(m.access, SBX_DOCTOR_STEP_UNKNOWN);
}
END_TEST

START_TEST(doctor__odd_answer_of_setup__refused)
{
    static const char *const bad[] = {"{\"users\": 5}", "{\"accounts\": [1]}",
        "{\"accounts\": {\"a\": {\"exists\": 1}}}", "{\"users\": [5]}",
        "{\"users\": [{\"name\": \"x\", \"exists\": true}]}",
        "{\"users\": [{\"name\": \"x\", \"exists\": 1}]}", "{\"group\": []}",
        "{\"group\": {\"exists\": \"yes\"}}", "{\"group\": {\"rights\": [1]}}",
        "{\"firewall\": {\"effective\": 0}}", "{\"steps\": {}}"};
    struct sbx_doctor_machine m;
    size_t i;

    for (i = 0; i < countof(bad); i++)
        ck_assert_msg(machine_of(bad[i], &m) == SBX_INVALID, "%s", bad[i]);
    ck_assert_int_eq(machine_of("{}", &m), SBX_OK); /* and everything is unknown */
    ck_assert_int_eq(m.rights_asked, SBX_UNKNOWN);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, doctor__clean_machine__every_row_is_ok);
    tcase_add_test(tcase, doctor__not_installed__only_what_unelevated_mode_needs);
    tcase_add_loop_test(tcase, doctor__one_defect__turns_its_row_and_no_other, 0, countof(defects));
    tcase_add_test(tcase, doctor__every_check__has_a_defect_and_an_explanation);
    tcase_add_test(tcase, doctor__nothing_known__cannot_tell);
    tcase_add_test(tcase, doctor__run_under_way__is_not_dead);
    tcase_add_test(tcase, doctor__more_rows_than_room__a_fault);
    tcase_add_test(tcase, doctor__answer_of_setup__is_read);
    tcase_add_test(tcase, doctor__odd_answer_of_setup__refused);
}

UNIT_MAIN("doctor", add_tests)
