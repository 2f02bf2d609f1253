/* preflight: each fact on its own, what it stops and what it only says. */
#include "shared/core/preflight.h"

#include <stdio.h>

#include "tests/support/unit.h"

/* A machine on which everything is as it should be: an administrator at a desk. */
static struct sbx_preflight_facts good(void)
{
    struct sbx_preflight_facts facts;

    memset(&facts, 0, sizeof(facts));
    facts.is_domain_controller = SBX_KNOWN_NO;
    facts.seclogon_exists = SBX_KNOWN_YES;
    facts.seclogon_disabled = SBX_KNOWN_NO;
    facts.in_sandbox_group = SBX_KNOWN_NO;
    facts.is_restricted = SBX_KNOWN_NO;
    facts.uac_enabled = SBX_KNOWN_YES;
    facts.prompts_for_users = SBX_KNOWN_YES;
    facts.is_interactive = SBX_KNOWN_YES;
    facts.elevation = SBX_ELEVATION_LIMITED;
    facts.password_min_length = 14;
    facts.volumes[0].what = "Program Files";
    facts.volumes[0].has_acls = SBX_KNOWN_YES;
    snprintf(facts.volumes[0].filesystem, sizeof(facts.volumes[0].filesystem), "NTFS");
    facts.volume_count = 1;
    return facts;
}

static void controller(struct sbx_preflight_facts *f)
{
    f->is_domain_controller = SBX_KNOWN_YES;
}
static void wow64(struct sbx_preflight_facts *f)
{
    f->is_wow64 = SBX_KNOWN_YES;
}
static void no_seclogon(struct sbx_preflight_facts *f)
{
    f->seclogon_exists = SBX_KNOWN_NO;
}
static void seclogon_disabled(struct sbx_preflight_facts *f)
{
    f->seclogon_disabled = SBX_KNOWN_YES;
}
static void member(struct sbx_preflight_facts *f)
{
    f->in_sandbox_group = SBX_KNOWN_YES;
}
static void sandboxed(struct sbx_preflight_facts *f)
{
    f->is_restricted = SBX_KNOWN_YES;
}
static void passwords_of_64(struct sbx_preflight_facts *f)
{
    f->password_min_length = 64;
}
static void passwords_of_65(struct sbx_preflight_facts *f)
{
    f->password_min_length = 65;
}
static void fat(struct sbx_preflight_facts *f)
{
    f->volumes[0].has_acls = SBX_KNOWN_NO;
    snprintf(f->volumes[0].filesystem, sizeof(f->volumes[0].filesystem), "FAT32");
}
static void no_desk(struct sbx_preflight_facts *f)
{
    f->is_interactive = SBX_KNOWN_NO;
}
static void no_desk_elevated(struct sbx_preflight_facts *f)
{
    f->is_interactive = SBX_KNOWN_NO;
    f->elevation = SBX_ELEVATION_FULL;
}
static void user(struct sbx_preflight_facts *f)
{
    f->elevation = SBX_ELEVATION_USER;
}
static void user_without_uac(struct sbx_preflight_facts *f)
{
    f->elevation = SBX_ELEVATION_USER;
    f->uac_enabled = SBX_KNOWN_NO;
}
static void user_denied_by_policy(struct sbx_preflight_facts *f)
{
    f->elevation = SBX_ELEVATION_USER;
    f->prompts_for_users = SBX_KNOWN_NO;
}
static void downloaded(struct sbx_preflight_facts *f)
{
    f->is_download = SBX_KNOWN_YES;
}
static void downloaded_elevated(struct sbx_preflight_facts *f)
{
    f->is_download = SBX_KNOWN_YES;
    f->elevation = SBX_ELEVATION_FULL;
}
static void nothing_known(struct sbx_preflight_facts *f)
{
    memset(f, 0, sizeof(*f));
}

static const struct preflight_row {
    void (*change)(struct sbx_preflight_facts *facts);
    const char *check; /* NULL: nothing is found */
    bool fatal;
    bool hinders_uninstall;
    const char *says;
} rows[] = {
    {NULL, NULL, false, false, NULL},
    {nothing_known, NULL, false, false, NULL},
    {controller, "domain-controller", true, false, "domain controller"},
    {wow64, "build", true, false, "32-bit build"},
    {no_seclogon, "seclogon", true, false, "Secondary Logon"},
    {seclogon_disabled, "seclogon", true, false, "disabled"},
    {member, "operator", true, false, "AgentSandboxUsers"},
    {sandboxed, "sandboxed", true, true, "sandbox"},
    {passwords_of_64, NULL, false, false, NULL},
    {passwords_of_65, "password-policy", true, false, "65"},
    {fat, "volume", true, false, "FAT32"},
    {downloaded, "download", false, true, "download"},
    {downloaded_elevated, NULL, false, false, NULL}, /* no shell starts it */
    {no_desk, "rights", true, true, "session"},
    {no_desk_elevated, NULL, false, false, NULL},
    {user, "rights", false, true, "administrator"},
    {user_without_uac, "rights", true, true, "User Account Control"},
    {user_denied_by_policy, "rights", true, true, "policy"},
};

static void assert_finding(
    const struct sbx_preflight_report *report, const struct preflight_row *row, bool expected)
{
    const struct sbx_preflight_finding *item = &report->items[0];

    ck_assert_uint_eq(report->count, expected ? 1 : 0);
    ck_assert(report->fatal == (expected && row->fatal));
    if (!expected)
        return;
    ck_assert_str_eq(item->check, row->check);
    ck_assert(item->fatal == row->fatal);
    ck_assert_msg(strstr(item->text, row->says) != NULL, "'%s'", item->text);
    ck_assert_msg(item->remedy[0] != '\0', "no remedy for '%s'", item->text);
    /* One line that was not cut. */
    ck_assert(strlen(item->text) + 1 < sizeof(item->text) && !strchr(item->text, '\n'));
    ck_assert(strlen(item->remedy) + 1 < sizeof(item->remedy));
}

START_TEST(preflight__one_fact__is_judged_alone)
{
    const struct preflight_row *row = &rows[_i];
    struct sbx_preflight_facts facts = good();
    struct sbx_preflight_report report;

    if (row->change)
        row->change(&facts);
    sbx_preflight_judge(&facts, SBX_SETUP_INSTALL, &report);
    assert_finding(&report, row, row->check != NULL);
    sbx_preflight_judge(&facts, SBX_SETUP_REPAIR, &report);
    assert_finding(&report, row, row->check != NULL);
    sbx_preflight_judge(&facts, SBX_SETUP_UNINSTALL, &report);
    assert_finding(&report, row, row->hinders_uninstall);
}
END_TEST

START_TEST(preflight__all_at_once__are_all_told)
{
    struct sbx_preflight_facts facts = good();
    struct sbx_preflight_report report;

    controller(&facts);
    seclogon_disabled(&facts);
    member(&facts);
    passwords_of_65(&facts);
    fat(&facts);
    facts.volumes[1] = facts.volumes[2] = facts.volumes[0];
    facts.volume_count = SBX_PREFLIGHT_VOLUMES;
    user_denied_by_policy(&facts);
    sbx_preflight_judge(&facts, SBX_SETUP_INSTALL, &report);
    ck_assert_uint_eq(report.count, 8);
    ck_assert(report.fatal);
}
END_TEST

static const struct {
    const char *text;
    bool is_download;
} zones[] = {
    {"[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=about:internet\r\n", true},
    {"[ZoneTransfer]\nZoneId=4", true},
    {"[ZoneTransfer]\r\nLastWriterPackageFamilyName=x\r\nZoneId=3", true},
    {"ZoneId=3", true},
    {"[ZoneTransfer]\r\nZoneId=1\r\n", false},
    {"[ZoneTransfer]\r\nZoneId=0\r\nAppZoneId=4\r\n", false},
    {"[ZoneTransfer]\r\nAppZoneId=4\r\n", false},
    {"[ZoneTransfer]\r\nZoneId=", false},
    {"ZoneId=-3", false},
    {"", false},
};

START_TEST(download__zone_identifier__as_listed)
{
    ck_assert(
        sbx_preflight_is_download(zones[_i].text, strlen(zones[_i].text)) == zones[_i].is_download);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, download__zone_identifier__as_listed, 0, (int)countof(zones));
    tcase_add_loop_test(tcase, preflight__one_fact__is_judged_alone, 0, (int)countof(rows));
    tcase_add_test(tcase, preflight__all_at_once__are_all_told);
}

UNIT_MAIN("preflight", add_tests)
