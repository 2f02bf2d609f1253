/* What an administrator may do: privileges, accounts, logons. */

#include "probe.h"

static BOOL enable(const wchar_t *name, BOOL on)
{
    TOKEN_PRIVILEGES privileges = {1, {{{0, 0}, on ? SE_PRIVILEGE_ENABLED : 0}}};

    return LookupPrivilegeValueW(NULL, name, &privileges.Privileges[0].Luid) &&
           AdjustTokenPrivileges(own, FALSE, &privileges, 0, NULL, NULL) && !GetLastError();
}

void test_privileges(void)
{
    is("admin-token__elevated", number_of(own, TokenElevation), 1);
    is("admin-token__high", integrity_of(own), SECURITY_MANDATORY_HIGH_RID);
    is("admin__program-files", result(CreateDirectoryW(L"C:\\Program Files\\ntwine-probe", NULL)), 0);
    RemoveDirectoryW(L"C:\\Program Files\\ntwine-probe");
    make_file(in(L"closed"));
    set_sd(in(L"closed"), "D:P(A;;0x100000;;;WD)(A;;RC;;;S-1-3-4)"); /* CreateFileW adds SYNCHRONIZE to each request */
    is("take-ownership__not-enabled-refused", try_open(in(L"closed"), WRITE_OWNER, OPEN_EXISTING), 5);
    is("take-ownership__enabled", enable(L"SeTakeOwnershipPrivilege", TRUE), TRUE);
    is("take-ownership__opens", try_open(in(L"closed"), WRITE_OWNER, OPEN_EXISTING), 0);
    is("backup__not-enabled-refused", try_open(in(L"closed"), GENERIC_READ, OPEN_EXISTING), 5);
    is("backup__enabled", enable(L"SeBackupPrivilege", TRUE), TRUE);
    is("backup__reads", try_open(in(L"closed"), GENERIC_READ, OPEN_EXISTING), 0);
    is("backup__writes-refused", try_open(in(L"closed"), GENERIC_WRITE, OPEN_EXISTING), 5);
    is("restore__enabled", enable(L"SeRestorePrivilege", TRUE), TRUE);
    is("restore__writes", try_open(in(L"closed"), GENERIC_WRITE, OPEN_EXISTING), 0);
    enable(L"SeRestorePrivilege", FALSE);
    enable(L"SeBackupPrivilege", FALSE);
    is("security__not-enabled", try_open(in(L"closed"), ACCESS_SYSTEM_SECURITY, OPEN_EXISTING), ERROR_PRIVILEGE_NOT_HELD);
    is("security__enabled", enable(L"SeSecurityPrivilege", TRUE), TRUE);
    is("security__opens", try_open(in(L"closed"), ACCESS_SYSTEM_SECURITY, OPEN_EXISTING), 0);
}

static PSID account_sid(const wchar_t *name)
{
    static BYTE sid[68];
    wchar_t domain[64];
    DWORD size = sizeof(sid), domain_size = 64;
    SID_NAME_USE use;

    return LookupAccountNameW(NULL, name, sid, &size, domain, &domain_size, &use) && use == SidTypeUser ? sid : NULL;
}

static DWORD rights(PSID sid, const wchar_t *name, BOOL add)
{
    LSA_OBJECT_ATTRIBUTES attributes = {sizeof(attributes), NULL, NULL, 0, NULL, NULL};
    LSA_UNICODE_STRING text = {(USHORT)(wcslen(name) * 2), (USHORT)(wcslen(name) * 2 + 2), (wchar_t *)name};
    LSA_HANDLE policy;
    NTSTATUS status = LsaOpenPolicy(NULL, &attributes, POLICY_ALL_ACCESS, &policy);

    if (!status) status = add ? LsaAddAccountRights(policy, sid, &text, 1) : LsaRemoveAccountRights(policy, sid, FALSE, &text, 1);
    LsaClose(policy);
    return LsaNtStatusToWinError(status);
}

static DWORD logon(const wchar_t *password, DWORD type, HANDLE *token)
{
    HANDLE out = NULL;
    DWORD code = result(LogonUserW(L"probe-user", L".", password, type, LOGON32_PROVIDER_DEFAULT, &out));

    if (token) *token = out;
    return code;
}

static DWORD set_flags(DWORD flags)
{
    USER_INFO_1008 info = {flags};

    return NetUserSetInfo(NULL, L"probe-user", 1008, (BYTE *)&info, NULL);
}

void test_accounts(void)
{
    USER_INFO_1 user = {L"probe-user", L"Correct-Horse-1", 0, USER_PRIV_USER, NULL, L"made by the probe", UF_SCRIPT | UF_DONT_EXPIRE_PASSWD, NULL};
    LOCALGROUP_INFO_1 group = {L"probe-group", L"made by the probe"};
    LOCALGROUP_MEMBERS_INFO_3 member = {L"probe-user"}, nobody = {L"nobody-at-all"};
    wchar_t name[64], domain[64];
    DWORD size = 64, domain_size = 64;
    SID_NAME_USE use;
    PSID sid;

    is("account__added", NetUserAdd(NULL, 1, (BYTE *)&user, NULL), 0);
    is("account__added-twice", NetUserAdd(NULL, 1, (BYTE *)&user, NULL), NERR_UserExists);
    check("account__name-to-sid", (sid = account_sid(L"probe-user")) != NULL, "unknown");
    check("account__sid-to-name", LookupAccountSidW(NULL, sid, name, &size, domain, &domain_size, &use) && !wcscmp(name, L"probe-user"), "unknown");
    is("group__added", NetLocalGroupAdd(NULL, 1, (BYTE *)&group, NULL), 0);
    is("group__added-twice", NetLocalGroupAdd(NULL, 1, (BYTE *)&group, NULL), ERROR_ALIAS_EXISTS);
    is("group__member-added", NetLocalGroupAddMembers(NULL, L"probe-group", 3, (BYTE *)&member, 1), 0);
    is("group__member-added-twice", NetLocalGroupAddMembers(NULL, L"probe-group", 3, (BYTE *)&member, 1), ERROR_MEMBER_IN_ALIAS);
    is("group__unknown-member", NetLocalGroupAddMembers(NULL, L"probe-group", 3, (BYTE *)&nobody, 1), ERROR_NO_SUCH_MEMBER);
    is("group__unknown-group", NetLocalGroupAddMembers(NULL, L"no-such-group", 3, (BYTE *)&member, 1), NERR_GroupNotFound);
}

void test_logon(void)
{
    PSID sid = account_sid(L"probe-user");
    HANDLE token;

    is("logon__right-password", logon(L"Correct-Horse-1", LOGON32_LOGON_INTERACTIVE, &token), 0);
    check("logon__the-accounts-sid", EqualSid(((TOKEN_USER *)info_of(token, TokenUser))->User.Sid, sid), "another");
    is("logon__group-in-token", attributes_of(token, "S-1-5-4"), 7);
    is("logon__no-administrator", attributes_of(token, "S-1-5-32-544"), 0xffffffff);
    is("logon__as-that-user-without-the-privilege", run(token, L"whoami"), 1000 + ERROR_PRIVILEGE_NOT_HELD);
    CreateDirectoryW(in(L"private"), NULL);
    set_sd(in(L"private"), "D:P(A;OICI;FA;;;BA)(A;OICI;FA;;;" ME ")");
    make_file(in(L"private\\f"));
    as(token);
    is("logon__the-other-users-file-refused", try_open(in(L"private\\f"), GENERIC_READ, OPEN_EXISTING), 5);
    as(NULL);
    is("logon__own-file", try_open(in(L"private\\f"), GENERIC_READ, OPEN_EXISTING), 0);
    is("logon__wrong-password", logon(L"wrong", LOGON32_LOGON_INTERACTIVE, NULL), ERROR_LOGON_FAILURE);
    is("logon__service-type-not-granted", logon(L"Correct-Horse-1", LOGON32_LOGON_SERVICE, NULL), ERROR_LOGON_TYPE_NOT_GRANTED);
    is("logon__network", logon(L"Correct-Horse-1", LOGON32_LOGON_NETWORK, NULL), 0);
    is("rights__deny-network-added", rights(sid, L"SeDenyNetworkLogonRight", TRUE), 0);
    is("logon__network-denied", logon(L"Correct-Horse-1", LOGON32_LOGON_NETWORK, NULL), ERROR_LOGON_TYPE_NOT_GRANTED);
    is("rights__deny-network-removed", rights(sid, L"SeDenyNetworkLogonRight", FALSE), 0);
    is("logon__network-again", logon(L"Correct-Horse-1", LOGON32_LOGON_NETWORK, NULL), 0);
    is("account__disabled", set_flags(UF_SCRIPT | UF_ACCOUNTDISABLE), 0);
    is("logon__disabled", logon(L"Correct-Horse-1", LOGON32_LOGON_INTERACTIVE, NULL), ERROR_ACCOUNT_DISABLED);
    is("account__locked", set_flags(UF_SCRIPT | UF_LOCKOUT), 0);
    is("logon__locked", logon(L"Correct-Horse-1", LOGON32_LOGON_INTERACTIVE, NULL), ERROR_ACCOUNT_LOCKED_OUT);
    is("account__enabled", set_flags(UF_SCRIPT), 0);
}

void test_second_user(void)
{
    STARTUPINFOW startup = {sizeof(startup)};
    PROCESS_INFORMATION process;
    wchar_t command[2 * MAX_PATH], path[MAX_PATH];
    DWORD code = 99, used = 0;
    char text[256] = "", *want = NULL;
    HANDLE file;

    CreateDirectoryW(L"C:\\ntwine-drop", NULL);
    set_sd(L"C:\\ntwine-drop", "D:P(A;OICI;FA;;;WD)");
    _snwprintf(path, MAX_PATH, L"C:\\ntwine-drop\\who.txt");
    CopyFileW(self, L"C:\\ntwine-drop\\probe.exe", FALSE);
    _snwprintf(command, 2 * MAX_PATH, L"C:\\ntwine-drop\\probe.exe whoami %ls", path);
    is("second-user__starts", result(CreateProcessWithLogonW(L"probe-user", L".", L"Correct-Horse-1", 0, NULL, command, 0, NULL, L"C:\\", &startup, &process)), 0);
    WaitForSingleObject(process.hProcess, 20000);
    GetExitCodeProcess(process.hProcess, &code);
    is("second-user__ends", code, 0);
    file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    ReadFile(file, text, sizeof(text) - 1, &used, NULL);
    CloseHandle(file);
    ConvertSidToStringSidA(account_sid(L"probe-user"), &want);
    check("second-user__other-sid-and-may-not-open-us", want && !strncmp(text, want, strlen(want)) && strstr(text, "open=5"), "%s", text);
    check("second-user__a-thread-of-the-loader-is-there", strstr(text, "threads=2") != NULL, "%s", text);
    is("second-user__wrong-password", result(CreateProcessWithLogonW(L"probe-user", L".", L"no", 0, NULL, command, 0, NULL, L"C:\\", &startup, &process)),
       ERROR_LOGON_FAILURE);
    DeleteFileW(path);
    DeleteFileW(L"C:\\ntwine-drop\\probe.exe");
    RemoveDirectoryW(L"C:\\ntwine-drop");
}

void test_removal(void)
{
    wchar_t path[MAX_PATH];
    char *sid = NULL;
    wchar_t wide[128];

    ConvertSidToStringSidA(account_sid(L"probe-user"), &sid);
    MultiByteToWideChar(CP_ACP, 0, sid, -1, wide, 128);
    is("profile__created", CreateProfile(wide, L"probe-user", path, MAX_PATH), S_OK);
    is("profile__created-twice", CreateProfile(wide, L"probe-user", path, MAX_PATH), HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS));
    is("profile__deleted", result(DeleteProfileW(wide, NULL, NULL)), 0);
    is("group__deleted", NetLocalGroupDel(NULL, L"probe-group"), 0);
    is("group__deleted-twice", NetLocalGroupDel(NULL, L"probe-group"), NERR_GroupNotFound);
    is("account__deleted", NetUserDel(NULL, L"probe-user"), 0);
    is("account__deleted-twice", NetUserDel(NULL, L"probe-user"), NERR_UserNotFound);
    SetEnvironmentVariableW(L"NTWINE_FAIL", L"NetLocalGroupDel:4:1234");
    is("injected__third-call-is-untouched", NetLocalGroupDel(NULL, L"probe-group"), NERR_GroupNotFound);
    is("injected__fourth-call-fails", NetLocalGroupDel(NULL, L"probe-group"), 1234);
}
