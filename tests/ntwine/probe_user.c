/* What a standard user and a restricted token may do: tokens, files, other objects, programs. */

#include "probe.h"

/* ---- tokens ---- */

static void test_default_token(void)
{
    TOKEN_PRIVILEGES *privileges = info_of(own, TokenPrivileges);

    is("default-token__administrators-deny-only", attributes_of(own, "S-1-5-32-544"), SE_GROUP_USE_FOR_DENY_ONLY);
    is("default-token__five-privileges", privileges->PrivilegeCount, 5);
    is("default-token__medium", integrity_of(own), SECURITY_MANDATORY_MEDIUM_RID);
    is("default-token__not-elevated", number_of(own, TokenElevation), 0);
    is("default-token__not-restricted", IsTokenRestricted(own), FALSE);
    is("default-token__has-no-restrictions", number_of(own, TokenHasRestrictions), 0);
    is("default-token__no-restricting-sids", ((TOKEN_GROUPS *)info_of(own, TokenRestrictedSids))->GroupCount, 0);
    check("default-token__owner-is-the-user", EqualSid(((TOKEN_OWNER *)info_of(own, TokenOwner))->Owner, sid_of(ME)), "other");
}

static void test_restricted_token(void)
{
    HANDLE one = restricted(own, DISABLE_MAX_PRIVILEGE | LUA_TOKEN | WRITE_RESTRICTED, CAP, "S-1-1-0", NULL), two, copy;
    TOKEN_GROUPS *list = info_of(one, TokenRestrictedSids);
    SID_AND_ATTRIBUTES user = {sid_of(ME), 0};
    DWORD *access;

    is("restricted__is-restricted", IsTokenRestricted(one), TRUE);
    is("restricted__has-restrictions", number_of(one, TokenHasRestrictions), 1);
    check("restricted__exact-list", list->GroupCount == 2 && EqualSid(list->Groups[0].Sid, sid_of(CAP)) && EqualSid(list->Groups[1].Sid, sid_of("S-1-1-0")),
          "%lu SIDs", list->GroupCount);
    access = info_of(one, TokenAccessInformation);
    is("restricted__flags-tell-write-restricted", access[11] & 0x18, 0x18);
    is("restricted__one-privilege-left", ((TOKEN_PRIVILEGES *)info_of(one, TokenPrivileges))->PrivilegeCount, 1);
    is("restricted__administrators-deny-only", attributes_of(one, "S-1-5-32-544"), SE_GROUP_USE_FOR_DENY_ONLY);
    if (!DuplicateTokenEx(one, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation, &copy)) copy = NULL;
    is("restricted__a-duplicate-keeps-the-list", ((TOKEN_GROUPS *)info_of(copy, TokenRestrictedSids))->GroupCount, 2);
    two = restricted(one, 0, CAP, CAP2, NULL);
    list = info_of(two, TokenRestrictedSids);
    check("restricted-twice__intersection", list->GroupCount == 1 && EqualSid(list->Groups[0].Sid, sid_of(CAP)), "%lu SIDs", list->GroupCount);
    is("restricted-twice__fully-restricted", ((DWORD *)info_of(two, TokenAccessInformation))[11] & 0x18, 0x10);
    check("deny-only-user__made", CreateRestrictedToken(own, 0, 1, &user, 0, NULL, 0, NULL, &two), "refused");
    is("deny-only-user__told", ((TOKEN_USER *)info_of(two, TokenUser))->User.Attributes, SE_GROUP_USE_FOR_DENY_ONLY);
    SetLastError(0);
    is("restricted__unknown-flag-is-refused", CreateRestrictedToken(own, 0x40, 0, NULL, 0, NULL, 0, NULL, &two), FALSE);
}

static BOOL set_integrity(HANDLE token, const char *sid)
{
    TOKEN_MANDATORY_LABEL label = {{sid_of(sid), SE_GROUP_INTEGRITY}};

    return SetTokenInformation(token, TokenIntegrityLevel, &label, sizeof(label) + GetLengthSid(label.Label.Sid));
}

static void test_integrity(void)
{
    HANDLE low = restricted(own, 0, NULL, NULL, NULL);

    make_file(in(L"medium.txt"));
    is("integrity__lowered", set_integrity(low, "S-1-16-4096"), TRUE);
    is("integrity__told", integrity_of(low), SECURITY_MANDATORY_LOW_RID);
    is("integrity__raising-is-refused", result(set_integrity(low, "S-1-16-12288")), ERROR_PRIVILEGE_NOT_HELD);
    as(low);
    is("integrity__low-reads-medium", try_open(in(L"medium.txt"), GENERIC_READ, OPEN_EXISTING), 0);
    is("integrity__low-writes-medium-refused", try_open(in(L"medium.txt"), GENERIC_WRITE, OPEN_EXISTING), 5);
    as(NULL);
    is("integrity__medium-writes-medium", try_open(in(L"medium.txt"), GENERIC_WRITE, OPEN_EXISTING), 0);
}

/* The level that a process of this file gets, which ends before its first instruction. */
static DWORD level_of_process(const wchar_t *program)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    DWORD level = 0;
    HANDLE token;

    if (!CreateProcessW(program, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &process)) return 0;
    if (OpenProcessToken(process.hProcess, TOKEN_QUERY, &token)) level = integrity_of(token);
    TerminateProcess(process.hProcess, 0);
    return level;
}

/* @see https://learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control */
static void test_image_label(void)
{
    PSECURITY_DESCRIPTOR low = NULL;
    HANDLE file;

    CopyFileW(self, in(L"label.exe"), FALSE);
    is("image-label__none-is-medium", level_of_process(in(L"label.exe")), SECURITY_MANDATORY_MEDIUM_RID);
    file = CreateFileW(in(L"label.exe"), READ_CONTROL | WRITE_OWNER, 7, NULL, OPEN_EXISTING, 0, NULL);
    ConvertStringSecurityDescriptorToSecurityDescriptorA("S:(ML;;NW;;;LW)", SDDL_REVISION_1, &low, NULL);
    is("image-label__set", result(SetKernelObjectSecurity(file, LABEL_SECURITY_INFORMATION, low)), 0);
    CloseHandle(file);
    is("image-label__a-process-is-not-above-its-file", level_of_process(in(L"label.exe")), SECURITY_MANDATORY_LOW_RID);
}

/* ---- files ---- */

static void test_inheritance(void)
{
    CreateDirectoryW(in(L"inherit"), NULL);
    set_sd(in(L"inherit"), "D:P(A;OICI;FA;;;" ME ")(A;OI;FR;;;WD)(A;CINP;FR;;;SY)(A;OICIIO;GA;;;CO)(A;;FR;;;BA)");
    dacl_is("set__stores-what-it-is-given", in(L"inherit"), "D:P(A;OICI;FA;;;" ME ")(A;OI;FR;;;WD)(A;CINP;FR;;;SY)(A;OICIIO;GA;;;CO)(A;;FR;;;BA)");
    make_file(in(L"inherit\\f"));
    CreateDirectoryW(in(L"inherit\\d"), NULL);
    dacl_is("inherit__file", in(L"inherit\\f"), "D:AI(A;ID;FA;;;" ME ")(A;ID;FR;;;WD)(A;ID;FA;;;" ME ")");
    dacl_is("inherit__directory", in(L"inherit\\d"),
            "D:AI(A;OICIID;FA;;;" ME ")(A;OIIOID;FR;;;WD)(A;ID;FR;;;SY)(A;ID;FA;;;" ME ")(A;OICIIOID;GA;;;CO)");
    set_sd(in(L"inherit"), "D:P(A;;FA;;;" ME ")");
    dacl_is("inherit__existing-children-stay", in(L"inherit\\f"), "D:AI(A;ID;FA;;;" ME ")(A;ID;FR;;;WD)(A;ID;FA;;;" ME ")");
    make_file(in(L"inherit\\plain"));
    check("inherit__nothing-inheritable-gives-the-default-dacl", strstr(dacl_of(in(L"inherit\\plain")), "(A;;FA;;;SY)(A;;FA;;;" ME ")") != NULL, "%s",
          dacl_of(in(L"inherit\\plain")));
}

static void test_explicit_at_creation(void)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};

    ConvertStringSecurityDescriptorToSecurityDescriptorA("D:P(A;OICI;FA;;;" ME ")(A;OICI;0x1301bf;;;" CAP ")", 1, &attributes.lpSecurityDescriptor, NULL);
    CreateDirectoryW(in(L"explicit"), &attributes);
    dacl_is("create__protected-explicit-dacl", in(L"explicit"), "D:P(A;OICI;FA;;;" ME ")(A;OICI;0x1301bf;;;" CAP ")");
    ConvertStringSecurityDescriptorToSecurityDescriptorA("D:(A;;FR;;;WD)", 1, &attributes.lpSecurityDescriptor, NULL);
    CreateDirectoryW(in(L"explicit\\merged"), &attributes);
    dacl_is("create__explicit-then-inherited", in(L"explicit\\merged"), "D:AI(A;;FR;;;WD)(A;OICIID;FA;;;" ME ")(A;OICIID;0x1301bf;;;" CAP ")");
}

static void test_write_restricted_files(void)
{
    HANDLE token = restricted(own, WRITE_RESTRICTED, CAP, NULL, NULL), full = restricted(own, 0, CAP, NULL, NULL);

    CreateDirectoryW(in(L"ws"), NULL);
    CreateDirectoryW(in(L"out"), NULL);
    set_sd(in(L"ws"), "D:P(A;OICI;FA;;;" ME ")(A;OICI;0x1301bf;;;" CAP ")");
    set_sd(in(L"out"), "D:P(A;OICI;0x1301bf;;;" ME ")"); /* no FILE_DELETE_CHILD: see README */
    make_file(in(L"ws\\a"));
    make_file(in(L"out\\a"));
    as(token);
    is("write-restricted__reads-outside", try_open(in(L"out\\a"), GENERIC_READ, OPEN_EXISTING), 0);
    is("write-restricted__writes-outside-refused", try_open(in(L"out\\a"), GENERIC_WRITE, OPEN_EXISTING), 5);
    is("write-restricted__writes-inside", try_open(in(L"ws\\a"), GENERIC_WRITE, OPEN_EXISTING), 0);
    is("write-restricted__truncates-outside-refused", try_open(in(L"out\\a"), GENERIC_WRITE, TRUNCATE_EXISTING), 5);
    is("write-restricted__overwrites-outside-refused", try_open(in(L"out\\a"), GENERIC_READ, CREATE_ALWAYS), 5);
    is("write-restricted__overwrites-inside", try_open(in(L"ws\\a"), GENERIC_READ, CREATE_ALWAYS), 0);
    is("write-restricted__creates-outside-refused", try_open(in(L"out\\new"), GENERIC_READ, CREATE_NEW), 5);
    is("write-restricted__creates-inside", try_open(in(L"ws\\new"), GENERIC_READ, CREATE_NEW), 0);
    is("write-restricted__mkdir-outside-refused", result(CreateDirectoryW(in(L"out\\d"), NULL)), 5);
    is("write-restricted__mkdir-inside", result(CreateDirectoryW(in(L"ws\\d"), NULL)), 0);
    is("write-restricted__deletes-outside-refused", result(DeleteFileW(in(L"out\\a"))), 5);
    is("write-restricted__deletes-inside", result(DeleteFileW(in(L"ws\\new"))), 0);
    is("write-restricted__write-dac-outside-refused", try_open(in(L"out\\a"), WRITE_DAC, OPEN_EXISTING), 5);
    is("write-restricted__attributes-outside-refused", try_open(in(L"out\\a"), FILE_WRITE_ATTRIBUTES, OPEN_EXISTING), 5);
    is("write-restricted__renames-outside-refused", result(MoveFileExW(in(L"out\\a"), in(L"out\\b"), 0)), 5);
    is("write-restricted__moves-out-of-the-workspace-refused", result(MoveFileExW(in(L"ws\\a"), in(L"out\\c"), 0)), 5);
    is("write-restricted__links-out-of-the-workspace-refused", result(CreateHardLinkW(in(L"out\\l"), in(L"ws\\a"), NULL)), 5);
    is("write-restricted__links-an-outside-file-in-refused", result(CreateHardLinkW(in(L"ws\\l"), in(L"out\\a"), NULL)), 5);
    is("write-restricted__links-inside", result(CreateHardLinkW(in(L"ws\\l"), in(L"ws\\a"), NULL)), 0);
    is("write-restricted__renames-inside", result(MoveFileExW(in(L"ws\\a"), in(L"ws\\b"), 0)), 0);
    as(full);
    is("restricted__reads-outside-refused", try_open(in(L"out\\a"), GENERIC_READ, OPEN_EXISTING), 5);
    is("restricted__reads-inside", try_open(in(L"ws\\b"), GENERIC_READ, OPEN_EXISTING), 0);
    as(NULL);
    is("unrestricted__writes-outside", try_open(in(L"out\\a"), GENERIC_WRITE, OPEN_EXISTING), 0);
}

static void test_delete_rights(void)
{
    CreateDirectoryW(in(L"del"), NULL);
    make_file(in(L"del\\kept"));
    make_file(in(L"del\\target"));
    make_file(in(L"del\\source"));
    set_sd(in(L"del\\kept"), "D:P(A;;FR;;;" ME ")");
    set_sd(in(L"del\\target"), "D:P(A;;FR;;;" ME ")");
    set_sd(in(L"del"), "D:P(A;;0x1201bf;;;" ME ")");
    is("delete__neither-on-the-object-nor-on-the-parent-refused", result(DeleteFileW(in(L"del\\kept"))), 5);
    is("rename__over-an-undeletable-target-refused", result(MoveFileExW(in(L"del\\source"), in(L"del\\target"), MOVEFILE_REPLACE_EXISTING)), 5);
    is("read-attributes__by-the-parents-list-right", try_open(in(L"del\\kept"), FILE_READ_ATTRIBUTES, OPEN_EXISTING), 0);
    set_sd(in(L"del"), "D:P(A;;FA;;;" ME ")");
    is("delete__by-the-parents-delete-child", result(DeleteFileW(in(L"del\\kept"))), 0);
}

static void test_owner_and_denies(void)
{
    SECURITY_DESCRIPTOR *sd = NULL;
    SID_AND_ATTRIBUTES users = {sid_of("S-1-5-32-545"), 0};
    HANDLE handle, token = NULL;

    make_file(in(L"owned"));
    set_sd(in(L"owned"), "D:P(A;;FR;;;WD)");
    is("owner__has-write-dac", try_open(in(L"owned"), WRITE_DAC, OPEN_EXISTING), 0);
    is("owner__has-no-write-owner", try_open(in(L"owned"), WRITE_OWNER, OPEN_EXISTING), 5);
    set_sd(in(L"owned"), "D:P(A;;FR;;;WD)(A;;RC;;;S-1-3-4)");
    is("owner-rights__end-write-dac", try_open(in(L"owned"), WRITE_DAC, OPEN_EXISTING), 5);
    is("owner-rights__leave-read-control", try_open(in(L"owned"), READ_CONTROL, OPEN_EXISTING), 0);
    make_file(in(L"deny"));
    CreateRestrictedToken(own, 0, 1, &users, 0, NULL, 0, NULL, &token);
    set_sd(in(L"deny"), "D:P(D;;0x116;;;BU)(A;;FA;;;" ME ")");
    as(token);
    is("deny-only-group__counts-in-a-deny-ace", try_open(in(L"deny"), FILE_WRITE_DATA, OPEN_EXISTING), 5);
    as(NULL);
    set_sd(in(L"deny"), "D:P(A;;FR;;;BU)");
    is("group__enabled-reads", try_open(in(L"deny"), FILE_READ_DATA, OPEN_EXISTING), 0);
    as(token);
    is("deny-only-group__does-not-count-in-an-allow-ace", try_open(in(L"deny"), FILE_READ_DATA, OPEN_EXISTING), 5);
    as(NULL);
    make_file(in(L"chown"));
    ConvertStringSecurityDescriptorToSecurityDescriptorA("O:SY", 1, (PSECURITY_DESCRIPTOR *)&sd, NULL);
    handle = CreateFileW(in(L"chown"), WRITE_OWNER, 7, NULL, OPEN_EXISTING, 0, NULL);
    is("owner__cannot-be-given-to-another", result(SetKernelObjectSecurity(handle, OWNER_SECURITY_INFORMATION, sd)), ERROR_INVALID_OWNER);
    CloseHandle(handle);
}

/* Overwriting takes the contents away, so it needs the right to write them, whatever the handle is opened for. */
static void test_overwrite(void)
{
    make_file(in(L"over"));
    set_sd(in(L"over"), "D:P(A;;0x120189;;;" ME ")"); /* read, write attributes */
    is("overwrite__without-write-data-refused", try_open(in(L"over"), GENERIC_READ, CREATE_ALWAYS), 5);
    is("overwrite__opening-only", try_open(in(L"over"), GENERIC_READ, OPEN_ALWAYS), 0);
    set_sd(in(L"over"), "D:P(A;;0x12019b;;;" ME ")");
    is("overwrite__with-write-data", try_open(in(L"over"), GENERIC_READ, CREATE_ALWAYS), 0);
}

static void test_volume(void)
{
    is("volume__file-in-the-root-refused", try_open(L"C:\\ntwine-probe.txt", GENERIC_WRITE, CREATE_ALWAYS), 5);
    is("volume__folder-in-the-root", result(CreateDirectoryW(L"C:\\ntwine-probe", NULL)), 0);
    is("volume__file-in-that-folder", try_open(L"C:\\ntwine-probe\\f", GENERIC_WRITE, CREATE_ALWAYS), 0);
    DeleteFileW(L"C:\\ntwine-probe\\f");
    RemoveDirectoryW(L"C:\\ntwine-probe");
    is("volume__windows-refused", try_open(L"C:\\windows\\ntwine-probe.txt", GENERIC_WRITE, CREATE_ALWAYS), 5);
    is("volume__win-ini-write-refused", try_open(L"C:\\windows\\win.ini", GENERIC_WRITE, OPEN_EXISTING), 5);
    is("volume__win-ini-read", try_open(L"C:\\windows\\win.ini", GENERIC_READ, OPEN_EXISTING), 0);
    is("volume__program-files-refused", result(CreateDirectoryW(L"C:\\Program Files\\ntwine-probe", NULL)), 5);
    is("volume__nul-device", try_open(L"NUL", GENERIC_WRITE, OPEN_EXISTING), 0);
}

/* ---- other objects ---- */

static void test_registry(void)
{
    HANDLE token = restricted(own, WRITE_RESTRICTED, CAP, NULL, NULL);
    HKEY key;

    is("registry__hklm-read", RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software", 0, KEY_READ, &key), 0);
    is("registry__hklm-write-refused", RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software", 0, KEY_SET_VALUE, &key), 5);
    is("registry__hklm-create-refused", RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"Software\\ntwine-probe", 0, NULL, 0, KEY_READ, NULL, &key, NULL), 5);
    is("registry__hkcu-create", RegCreateKeyExW(HKEY_CURRENT_USER, L"Software\\ntwine-probe", 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL), 0);
    is("registry__hkcu-set-value", RegSetValueExW(key, L"v", 0, REG_SZ, (const BYTE *)L"x", 4), 0);
    RegCloseKey(key);
    as(token);
    is("registry__write-restricted-reads-hkcu", RegOpenKeyExA(HKEY_USERS, ME "\\Software\\ntwine-probe", 0, KEY_READ, &key), 0);
    is("registry__write-restricted-writes-hkcu-refused", RegOpenKeyExA(HKEY_USERS, ME "\\Software\\ntwine-probe", 0, KEY_SET_VALUE, &key), 5);
    as(NULL);
    RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\ntwine-probe");
}

static void test_named_objects(void)
{
    HANDLE token = restricted(own, WRITE_RESTRICTED, CAP, NULL, NULL), event, section, pipe, other;
    char pipe_name[64];

    event = CreateEventA(NULL, FALSE, FALSE, "ntwine-probe-event");
    section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, "ntwine-probe-section");
    snprintf(pipe_name, sizeof(pipe_name), "\\\\.\\pipe\\ntwine-probe-%lu", GetCurrentProcessId());
    pipe = CreateNamedPipeA(pipe_name, PIPE_ACCESS_DUPLEX, 0, 4, 512, 512, 0, NULL);
    as(token);
    is("event__write-restricted-waits", result(OpenEventA(SYNCHRONIZE, FALSE, "ntwine-probe-event") != NULL), 0);
    is("event__write-restricted-sets-refused", result(OpenEventA(EVENT_MODIFY_STATE, FALSE, "ntwine-probe-event") != NULL), 5);
    is("section__write-restricted-reads", result(OpenFileMappingA(FILE_MAP_READ, FALSE, "ntwine-probe-section") != NULL), 0);
    is("section__write-restricted-writes-refused", result(OpenFileMappingA(FILE_MAP_WRITE, FALSE, "ntwine-probe-section") != NULL), 5);
    other = CreateFileA(pipe_name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    is("pipe__write-restricted-writes-refused", result(other != INVALID_HANDLE_VALUE), 5);
    other = CreateNamedPipeA(pipe_name, PIPE_ACCESS_DUPLEX, 0, 4, 512, 512, 0, NULL);
    is("pipe__write-restricted-second-instance-refused", result(other != INVALID_HANDLE_VALUE), 5);
    as(NULL);
    is("event__unrestricted-sets", result(OpenEventA(EVENT_MODIFY_STATE, FALSE, "ntwine-probe-event") != NULL), 0);
    is("section__unrestricted-writes", result(OpenFileMappingA(FILE_MAP_WRITE, FALSE, "ntwine-probe-section") != NULL), 0);
    other = CreateFileA(pipe_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    is("pipe__unrestricted-connects", result(other != INVALID_HANDLE_VALUE), 0);
    CloseHandle(pipe);
    CloseHandle(event);
    CloseHandle(section);
}

/* ---- programs ---- */

DWORD run(HANDLE token, const wchar_t *arguments)
{
    wchar_t command[2 * MAX_PATH];
    STARTUPINFOW startup = {sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    DWORD code = 99;

    fflush(stdout);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    SetHandleInformation(startup.hStdOutput, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    _snwprintf(command, 2 * MAX_PATH, L"\"%ls\" %ls", self, arguments);
    if (!CreateProcessAsUserW(token, self, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) return 1000 + GetLastError();
    WaitForSingleObject(process.hProcess, 20000);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
    return code;
}

void child(const wchar_t *dir)
{
    wchar_t command[2 * MAX_PATH];
    STARTUPINFOW startup = {sizeof(startup)};
    PROCESS_INFORMATION process;
    HANDLE read, write;

    wcscpy(base, dir);
    is("child__is-restricted", IsTokenRestricted(own), TRUE);
    is("child__reads-outside", try_open(in(L"out\\a"), GENERIC_READ, OPEN_EXISTING), 0);
    is("child__writes-outside-refused", try_open(in(L"out\\a"), GENERIC_WRITE, OPEN_EXISTING), 5);
    is("child__writes-inside", try_open(in(L"ws\\b"), GENERIC_WRITE, OPEN_EXISTING), 0);
    is("child__anonymous-pipe-needs-the-default-dacl", result(CreatePipe(&read, &write, NULL, 0)), 5);
    _snwprintf(command, 2 * MAX_PATH, L"cmd.exe /c echo x> \"%ls\\out\\cmd.txt\" & echo x> \"%ls\\ws\\cmd.txt\"", base, base);
    if (CreateProcessW(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)) WaitForSingleObject(process.hProcess, 20000);
    is("grandchild__writes-outside-refused", try_open(in(L"out\\cmd.txt"), GENERIC_READ, OPEN_EXISTING), ERROR_FILE_NOT_FOUND);
    is("grandchild__writes-inside", try_open(in(L"ws\\cmd.txt"), GENERIC_READ, OPEN_EXISTING), 0);
}

static void test_processes(void)
{
    HANDLE token = restricted(own, DISABLE_MAX_PRIVILEGE | LUA_TOKEN | WRITE_RESTRICTED, CAP, NULL, NULL);
    wchar_t arguments[MAX_PATH + 16];

    _snwprintf(arguments, MAX_PATH + 16, L"child \"%ls\"", base);
    is("process__restricted-form-of-ones-own-token-needs-no-privilege", run(token, arguments), 0);
    is("process__opens-itself", result(OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId()) != NULL), 0);
    as(token);
    is("process__write-restricted-opens-for-writing-refused", result(OpenProcess(PROCESS_VM_WRITE, FALSE, GetCurrentProcessId()) != NULL), 5);
    is("process__write-restricted-opens-for-reading", result(OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId()) != NULL), 0);
    as(NULL);
}

/* "Yes" and "No" in the consent prompt; the started program answers with its exit code. */
static void test_consent(void)
{
    SHELLEXECUTEINFOW info = {.cbSize = sizeof(info), .fMask = SEE_MASK_NOCLOSEPROCESS, .lpVerb = L"runas", .lpFile = self, .lpParameters = L"elevated"};
    DWORD code = 99;

    is("runas__starts", result(ShellExecuteExW(&info)), 0);
    WaitForSingleObject(info.hProcess, 20000);
    GetExitCodeProcess(info.hProcess, &code);
    is("runas__the-program-is-elevated", code, 7);
    SetEnvironmentVariableW(L"NTWINE_UAC", L"refuse");
    is("runas__refused-by-the-user", result(ShellExecuteExW(&info)), ERROR_CANCELLED);
    SetEnvironmentVariableW(L"NTWINE_UAC", NULL);
    is("runas__only-it-elevates", run(NULL, L"elevated"), 6);
}

void test_user(void)
{
    test_default_token();
    test_restricted_token();
    test_integrity();
    test_image_label();
    test_inheritance();
    test_explicit_at_creation();
    test_write_restricted_files();
    test_delete_rights();
    test_owner_and_denies();
    test_overwrite();
    test_links();
    test_volume();
    test_registry();
    test_named_objects();
    test_processes();
    test_consent();
    is("accounts__adding-one-needs-an-administrator", NetUserAdd(NULL, 1, (BYTE *)&(USER_INFO_1){L"x", L"y", 0, USER_PRIV_USER, NULL, NULL, 0, NULL}, NULL), 5);
}
