/*
 * Set-up on the machine itself. Where the filter engine works, sandbox-setup.exe installs; where it
 * does not, it must refuse and leave nothing, and its steps that need no network are done by
 * setupsteps.exe, which is the same code. Every row judges by plain API calls. The last row
 * uninstalls; it can always be run (--only U95), after a crash too.
 */
#include "suite.h"
#include <lm.h>

#define USER_LIST                                                                                  \
    "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts\\UserList"
#define RIGHTS                                                                                     \
    "SeDenyBatchLogonRight SeDenyNetworkLogonRight SeDenyRemoteInteractiveLogonRight "             \
    "SeDenyServiceLogonRight SeInteractiveLogonRight"

static const char *const accounts[] = {SUITE_OFFLINE, SUITE_ONLINE};

/* --- what is there, in words --- */

/* -1 when there is no such value. */
static int hidden_value(const char *name)
{
    HKEY key = NULL;
    DWORD value = 0, size = sizeof value, type = 0;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, w(USER_LIST), 0, KEY_READ | KEY_WOW64_64KEY, &key))
        return -1;
    LONG error = RegQueryValueExW(key, w(name), NULL, &type, (BYTE *)&value, &size);
    RegCloseKey(key);
    return error || type != REG_DWORD ? -1 : (int)value;
}

static bool account_flags(const char *name, DWORD *ret_flags, DWORD *ret_priv)
{
    USER_INFO_1 *info = NULL;
    if (NetUserGetInfo(NULL, w(name), 1, (BYTE **)&info))
        return false;
    *ret_flags = info->usri1_flags;
    *ret_priv = info->usri1_priv;
    NetApiBufferFree(info);
    return true;
}

static bool event_source(void)
{
    HKEY key = NULL;

    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE,
            L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\AgentSandbox", 0,
            KEY_READ | KEY_WOW64_64KEY, &key))
        return false;
    RegCloseKey(key);
    return true;
}

static char *traces(void)
{
    char *text = f("%s", "");
    if (name_sid(SUITE_GROUP, NULL))
        text = f("%s group", text);
    for (size_t i = 0; i < countof(accounts); i++) {
        if (name_sid(accounts[i], NULL))
            text = f("%s account:%s", text, accounts[i]);
        if (hidden_value(accounts[i]) >= 0)
            text = f("%s hidden:%s", text, accounts[i]);
        if (exists(expand(f("{drive}\\Users\\%s", accounts[i]))))
            text = f("%s profile:%s", text, accounts[i]);
    }
    if (event_source())
        text = f("%s event-source", text);
    if (exists(installed_dir()))
        text = f("%s folder:%s", text, installed_dir());
    if (exists(data_dir()))
        text = f("%s folder:%s", text, data_dir());
    return text;
}

/* --- install --- */

static void remember(bool product, const char *how)
{
    if (product)
        fact_set(FACT_PRODUCT, true, "%s", how);
    fact_set(FACT_SETUP, true, "%s", how);
}

/* The marker is there before anything else is: a crash leaves a machine that M25 knows. */
static bool mark(void)
{
    tool("hopchild.exe");
    tool("probe.exe");
    write_file(marker(), "uninstall: suite.exe --elevated --only U95\r\n");
    return exists(marker());
}

static void refused_without_engine(const struct row *row)
{
    (void)row;
    if (fact(FACT_FENCE)) {
        skip("there is a filter engine: %s", fact_evidence(FACT_FENCE));
        return;
    }
    if (fact(FACT_SETUP)) {
        skip("set up already: %s", fact_evidence(FACT_SETUP));
        return;
    }
    CHECK(mark(), "no marker");
    struct run *run = call(f("%s\\sandbox-setup.exe", opt.programs), "install", NULL);
    EXPECT(run->code == 125, "it must refuse: %s", story(run));
    EXPECT(strstr(run->err_text, "sandbox-setup: ") != NULL, "it must say why: %s", story(run));
    EXPECT(!traces()[0], "it left:%s", traces());
    diag("%s", story(run));
}

static void install(const struct row *row)
{
    char *setup = f("%s\\sandbox-setup.exe", opt.programs);
    (void)row;
    if (fact(FACT_PRODUCT))
        return; /* by an earlier run, which did not come to its end */
    CHECK(mark(), "no marker");
    struct run *run = call(setup, "install", NULL);
    if (run->code && strstr(run->err_text, "--fence complement")) {
        /* This machine's filters do not see through derived tokens; the other form does. */
        diag("plain form: %s", story(run));
        run = call(setup, "install", "--fence", "complement", NULL);
    }
    CHECK(run->code == 0, "sandbox-setup install: %s", story(run));
    EXPECT(exists(f("%s\\installation.json", installed_dir())), "no record: %s", story(run));
    EXPECT(name_sid(SUITE_OFFLINE, NULL), "there is no account: %s", story(run));
    remember(true, "sandbox-setup install");
}

static void install_by_steps(const struct row *row)
{
    (void)row;
    if (fact(FACT_SETUP)) {
        skip("set up already: %s", fact_evidence(FACT_SETUP));
        return;
    }
    CHECK(mark(), "no marker");
    if (!fact(FACT_NETLOGON))
        diag("the gate is opened without its proof by a refused network logon: %s",
            fact_evidence(FACT_NETLOGON));
    struct run *run = set_up_again("install", NULL);
    CHECK(run->code == 0, "setupsteps: %s", story(run));
    CHECK(name_sid(SUITE_OFFLINE, NULL), "there is no account: %s", story(run));
    remember(false, "the steps that need no filter engine");
}

/* --- what set-up made --- */

static void accounts_made(const struct row *row)
{
    LOCALGROUP_MEMBERS_INFO_0 *members = NULL;
    SID_NAME_USE use = SidTypeUnknown;
    DWORD count = 0, total = 0, flags = 0, priv = 0;
    (void)row;
    char *group = name_sid(SUITE_GROUP, &use);
    CHECK(group && use == SidTypeAlias, "the group: %s, type %d", group ? group : "absent", use);
    for (size_t i = 0; i < countof(accounts); i++) {
        char *sid = name_sid(accounts[i], &use);
        CHECK(sid && use == SidTypeUser, "%s: %s", accounts[i], sid ? sid : "absent");
        CHECK(account_flags(accounts[i], &flags, &priv), "%s cannot be read", accounts[i]);
        EXPECT(!(flags & UF_ACCOUNTDISABLE), "%s is disabled", accounts[i]);
        EXPECT(!(flags & (UF_PASSWD_NOTREQD | UF_LOCKOUT)), "%s: flags 0x%lX", accounts[i], flags);
        EXPECT(flags & UF_DONT_EXPIRE_PASSWD, "%s: its password expires, flags 0x%lX", accounts[i],
            flags);
        EXPECT(priv != USER_PRIV_ADMIN, "%s is an administrator", accounts[i]);
    }
    NET_API_STATUS code = NetLocalGroupGetMembers(
        NULL, w(SUITE_GROUP), 0, (BYTE **)&members, MAX_PREFERRED_LENGTH, &count, &total, NULL);
    EXPECT(!code && count == countof(accounts), "members: error %lu, %lu of them", code, count);
    NetApiBufferFree(members);
}

static void rights_given(const struct row *row)
{
    (void)row;
    char *group = rights_of(name_sid(SUITE_GROUP, NULL));
    EXPECT(!strcmp(group, RIGHTS), "the group's rights: %s", group);
    for (size_t i = 0; i < countof(accounts); i++) {
        char *own = rights_of(name_sid(accounts[i], NULL));
        EXPECT(!own[0], "%s has rights of its own: %s", accounts[i], own);
    }
}

static void hidden(const struct row *row)
{
    (void)row;
    for (size_t i = 0; i < countof(accounts); i++)
        EXPECT(hidden_value(accounts[i]) == 0, "UserList\\%s is %d", accounts[i],
            hidden_value(accounts[i]));
}

static void logons(const struct row *row)
{
    struct run *run = call(helper("setupsteps.exe"), "logons", SUITE_OFFLINE, SUITE_ONLINE, NULL);
    (void)row;
    CHECK(run->code == 0, "%s", story(run));
    for (size_t i = 0; i < countof(accounts); i++) {
        const char *name = accounts[i];
        EXPECT(line_begins(run->out_text, f("%s interactive as-recorded", name)), "%s", story(run));
        EXPECT(line_begins(run->out_text, f("%s sealed-file-holds-password 0", name)), "%s",
            story(run));
        EXPECT(line_begins(run->out_text, f("%s wrong-password refused 1326", name)), "%s",
            story(run));
        if (fact(FACT_NETLOGON))
            EXPECT(line_begins(run->out_text, f("%s network denied", name)), "%s", story(run));
    }
    if (!fact(FACT_NETLOGON))
        diag("network logons: %s", fact_evidence(FACT_NETLOGON));
}

/* An ordinary user of this machine, by logon, reads nothing of the sealed file; the suite does. */
static void sealed_file(const struct row *row)
{
    char password[40], *path = f("%s\\secrets\\credentials.json", installed_dir());
    char *program = f("%s\\command-runner.exe", installed_dir());
    HANDLE token = NULL;
    (void)row;
    CHECK(read_file(path, NULL), "the twin: the operator must read %s", path);
    CHECK(user_make(password), "no account");
    BOOL on = LogonUserW(w(SUITE_USER), L".", w(password), LOGON32_LOGON_INTERACTIVE,
                  LOGON32_PROVIDER_DEFAULT, &token) &&
              ImpersonateLoggedOnUser(token);
    HANDLE sealed = CreateFileW(w(path), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    DWORD refused = sealed == INVALID_HANDLE_VALUE ? GetLastError() : 0;
    HANDLE open = CreateFileW(w(program), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE writes = CreateFileW(w(program), GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    DWORD written = writes == INVALID_HANDLE_VALUE ? GetLastError() : 0;
    RevertToSelf();
    user_remove();
    CHECK(on, "the user could not be impersonated");
    EXPECT(refused == ERROR_ACCESS_DENIED, "another user opens %s: %lu", path, refused);
    EXPECT(open != INVALID_HANDLE_VALUE, "another user must be able to read the runner");
    EXPECT(
        written == ERROR_ACCESS_DENIED, "another user opens the runner for writing: %lu", written);
}

static void again(const struct row *row)
{
    char *path = f("%s\\secrets\\credentials.json", installed_dir());
    char *before = read_file(path, NULL), *sid = name_sid(SUITE_OFFLINE, NULL);
    struct run *run = set_up_again("install", NULL);
    (void)row;
    CHECK(run->code == 0, "%s", story(run));
    EXPECT(strstr(run->out_text, fact(FACT_PRODUCT) ? "\"changed\":false" : "changed 0") != NULL,
        "the second time it changed something: %s", story(run));
    char *after = read_file(path, NULL), *same = name_sid(SUITE_OFFLINE, NULL);
    EXPECT(before && after && !strcmp(before, after), "the sealed file is another");
    EXPECT(same && !strcmp(sid, same), "the account is another: %s, %s", sid, same ? same : "none");
}

/* Damage that people do: an account disabled and one shown on the logon screen. */
static void repaired(const struct row *row)
{
    USER_INFO_1008 flags = {UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_ACCOUNTDISABLE |
                            UF_DONT_EXPIRE_PASSWD | UF_PASSWD_CANT_CHANGE};
    DWORD now = 0, priv = 0;
    HKEY key = NULL;
    (void)row;
    NetUserSetInfo(NULL, w(SUITE_ONLINE), 1008, (BYTE *)&flags, NULL);
    if (!RegOpenKeyExW(
            HKEY_LOCAL_MACHINE, w(USER_LIST), 0, KEY_SET_VALUE | KEY_WOW64_64KEY, &key)) {
        RegDeleteValueW(key, w(SUITE_ONLINE));
        RegCloseKey(key);
    }
    CHECK(account_flags(SUITE_ONLINE, &now, &priv) && (now & UF_ACCOUNTDISABLE) &&
              hidden_value(SUITE_ONLINE) < 0,
        "the damage was not done");
    struct run *run = set_up_again("repair", NULL);
    CHECK(run->code == 0, "%s", story(run));
    EXPECT(account_flags(SUITE_ONLINE, &now, &priv) && !(now & UF_ACCOUNTDISABLE),
        "the account is still disabled: %s", story(run));
    EXPECT(hidden_value(SUITE_ONLINE) == 0, "it is still on the logon screen: %s", story(run));
}

#define ROW(id, name, needs, seconds, function)                                                    \
    {                                                                                              \
        id, name, NEED_ELEVATED | (needs), seconds, function, NULL                                 \
    }
#define BASE (NEED(FACT_ACCOUNTS) | NEED(FACT_LOGON) | NEED(FACT_FREE) | NEED(FACT_PROGRAMS))

static const struct row rows[] = {
    ROW("U01", "setup__no_filter_engine__refused_and_nothing_left", BASE, 120,
        refused_without_engine),
    ROW("U02", "setup__install__done", BASE | NEED(FACT_FENCE), 180, install),
    ROW("U03", "setup__steps_that_need_no_network__done", BASE, 180, install_by_steps),
    ROW("U04", "setup__accounts_and_group__as_documented", NEED(FACT_SETUP), 0, accounts_made),
    ROW("U05", "setup__logon_rights__given_and_denied_to_the_group", NEED(FACT_SETUP), 0,
        rights_given),
    ROW("U06", "setup__logon_screen__accounts_hidden", NEED(FACT_SETUP), 0, hidden),
    ROW("U07", "setup__sealed_password__interactive_logon_and_no_other", NEED(FACT_SETUP), 0,
        logons),
    ROW("U08", "setup__sealed_file__closed_to_other_users", NEED(FACT_SETUP) | NEED(FACT_ACL), 0,
        sealed_file),
    ROW("U09", "setup__second_time__changes_nothing", NEED(FACT_SETUP), 120, again),
    ROW("U10", "setup__damaged__put_right", NEED(FACT_SETUP), 120, repaired),
};
const struct row_set rows_setup = {rows, countof(rows)};

/* --- uninstall --- */

static void uninstall(const struct row *row)
{
    char *setup = f("%s\\sandbox-setup.exe", opt.programs);
    char *group = name_sid(SUITE_GROUP, NULL), *offline = name_sid(SUITE_OFFLINE, NULL);
    (void)row;
    if (!exists(marker())) {
        skip("the suite has set nothing up here");
        return;
    }
    bool product = exists(f("%s\\installation.json", installed_dir()));
    struct run *run = product ? call(setup, "uninstall", NULL)
                              : call(helper("setupsteps.exe"), "remove", opt.programs, NULL);
    CHECK(run->code == 0, "%s", story(run));
    EXPECT(!traces()[0], "left:%s; %s", traces(), story(run));
    if (group)
        EXPECT(!rights_of(group)[0], "rights of the former group: %s", rights_of(group));
    if (offline)
        EXPECT(!rights_of(offline)[0], "rights of the former account: %s", rights_of(offline));
    if (product) {
        run = call(setup, "uninstall", "--verify", NULL);
        EXPECT(run->code == 0, "uninstall --verify: %s", story(run));
        run = call(setup, "uninstall", NULL);
        EXPECT(run->code == 0, "a second uninstall: %s", story(run));
    }
    user_remove();
    if (!row_failed())
        remove_tree(tools_dir());
}

static const struct row last_rows[] = {
    ROW("U95", "setup__uninstall__leaves_nothing", 0, 180, uninstall),
};
const struct row_set rows_uninstall = {last_rows, countof(last_rows)};
