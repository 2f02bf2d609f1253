/* See preflight.h. One function per check, each on its own facts. */
#include "preflight.h"

#include <stdarg.h>
#include <stdio.h>

#include "bitness.h"
#include "password.h"

static void add(struct sbx_preflight_report *report, const char *check, bool fatal,
    const char *remedy, const char *format, ...) SBX_PRINTF(5, 6);

static void add(struct sbx_preflight_report *report, const char *check, bool fatal,
    const char *remedy, const char *format, ...)
{
    struct sbx_preflight_finding *item;
    va_list args;

    if (report->count >= countof(report->items))
        return;
    item = &report->items[report->count++];
    item->check = check;
    item->fatal = fatal;
    report->fatal = report->fatal || fatal;
    va_start(args, format);
    vsnprintf(item->text, sizeof(item->text), format, args);
    va_end(args);
    snprintf(item->remedy, sizeof(item->remedy), "%s", remedy);
}

static void judge_sandbox(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    if (facts->is_restricted == SBX_KNOWN_YES)
        add(report, "sandboxed", true, "start it from outside of the sandbox",
            "this process runs in a sandbox and cannot ask for administrator's rights");
    if (facts->in_sandbox_group == SBX_KNOWN_YES)
        add(report, "operator", true, "take this user out of the group, then log on again",
            "this user is a member of " SBX_GROUP_NAME
            ", and an operator must not be one of those who are confined");
}

/* setup refuses the same; here before anybody is asked for consent. */
static void judge_build(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_bitness_check_setup(facts->is_wow64 == SBX_KNOWN_YES, &err))
        add(report, "build", true, err.hint, "%s", err.context);
}

/* Accounts made on a domain controller are accounts of the whole domain. */
static void judge_machine(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    if (facts->is_domain_controller == SBX_KNOWN_YES)
        add(report, "domain-controller", true, "use another machine, or unelevated mode",
            "this machine is a domain controller: it has no local accounts, and the sandbox "
            "accounts would be accounts of the domain");
    if (facts->password_min_length > SBX_PASSWORD_LENGTH)
        add(report, "password-policy", true,
            "have this machine exempted from the policy, or use unelevated mode",
            "the password policy asks for %u characters, and the sandbox accounts get %u",
            (unsigned)facts->password_min_length, (unsigned)SBX_PASSWORD_LENGTH);
}

/* An ordinary user's commands are started by this service (two hops, design 1). */
static void judge_seclogon(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    if (facts->seclogon_exists == SBX_KNOWN_NO)
        add(report, "seclogon", true, "use unelevated mode, or run agent from a service",
            "this Windows has no Secondary Logon service, which starts programs as another user");
    else if (facts->seclogon_disabled == SBX_KNOWN_YES)
        add(report, "seclogon", true,
            "as an administrator: sc.exe config seclogon start= demand; a policy may set it back",
            "the Secondary Logon service (seclogon) is disabled, and it starts the sandboxed "
            "programs");
}

static void judge_volumes(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    size_t i;

    for (i = 0; i < facts->volume_count && i < countof(facts->volumes); i++)
        if (facts->volumes[i].has_acls == SBX_KNOWN_NO)
            add(report, "volume", true, "convert the volume to NTFS",
                "%s lies on a volume (%s) that keeps no access lists", facts->volumes[i].what,
                facts->volumes[i].filesystem[0] ? facts->volumes[i].filesystem : "unknown");
}

bool sbx_preflight_is_download(const char *text, size_t length_bytes)
{
    static const char key[] = "ZoneId=";
    size_t i;

    for (i = 0; i + sizeof(key) <= length_bytes; i++)
        if ((!i || text[i - 1] == '\n' || text[i - 1] == '\r') &&
            memcmp(text + i, key, sizeof(key) - 1) == 0)
            return text[i + sizeof(key) - 1] >= '3' && text[i + sizeof(key) - 1] <= '9';
    return false;
}

/* What the shell does with a download comes before the prompt, and looks like a No to it. */
static void judge_download(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    if (facts->is_download == SBX_KNOWN_YES)
        add(report, "download", false,
            "if it is refused: in PowerShell, Unblock-File on the programs in that folder; then "
            "again",
            "sandbox-setup.exe is marked as a download: Windows may ask about it, or refuse it");
}

/* Can a person here become an administrator at all? */
static void judge_rights(
    const struct sbx_preflight_facts *facts, struct sbx_preflight_report *report)
{
    static const char elsewhere[] =
        "run it from an administrator's prompt, or have IT run: sandbox-setup provision --operator "
        "DOMAIN\\USER";

    if (facts->elevation == SBX_ELEVATION_FULL)
        return;
    judge_download(facts, report);
    if (facts->is_interactive == SBX_KNOWN_NO) {
        add(report, "rights", true, elsewhere,
            "no prompt can be shown in this session: it has no desktop of a user");
        return;
    }
    if (facts->elevation == SBX_ELEVATION_LIMITED)
        return;
    if (facts->uac_enabled == SBX_KNOWN_NO)
        add(report, "rights", true, elsewhere,
            "this user is no administrator, and User Account Control is off: Windows will not ask "
            "for one");
    else if (facts->prompts_for_users == SBX_KNOWN_NO)
        add(report, "rights", true, elsewhere,
            "this user is no administrator, and a policy denies requests for one");
    else if (facts->elevation == SBX_ELEVATION_USER)
        add(report, "rights", false, "have the name and password of an administrator ready",
            "this user is no administrator: Windows will ask for one");
}

void sbx_preflight_judge(const struct sbx_preflight_facts *facts, enum sbx_setup_mode mode,
    struct sbx_preflight_report *ret_report)
{
    bool builds = mode == SBX_SETUP_INSTALL || mode == SBX_SETUP_REPAIR;

    memset(ret_report, 0, sizeof(*ret_report));
    if (builds) {
        judge_sandbox(facts, ret_report);
        judge_build(facts, ret_report);
        judge_machine(facts, ret_report);
        judge_seclogon(facts, ret_report);
        judge_volumes(facts, ret_report);
    } else if (facts->is_restricted == SBX_KNOWN_YES) {
        judge_sandbox(facts, ret_report);
    }
    judge_rights(facts, ret_report);
}
