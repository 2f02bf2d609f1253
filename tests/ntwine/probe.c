/* probe: shows each semantic of ntwine from a Windows program, each refusal with a twin that is allowed.
 *
 *   probe.exe user       as a standard user        probe.exe admin      with the full token (NTWINE_ELEVATED=1)
 *   probe.exe child DIR  what a program under a write-restricted token may do (used by "user")
 *   probe.exe whoami     prints the token's user (used by "admin")
 *   probe.exe elevated   exit code 7 when elevated, 6 when not
 *
 * One line per check, "ok NAME" or "not ok NAME: ...". tests/ntwine/selftest.sh counts them. */

#define COBJMACROS
#define INITGUID
#include <winsock2.h>
#include <windows.h>
#include <aclapi.h>
#include <fwpmu.h>
#include <lm.h>
#include <netfw.h>
#include <ntsecapi.h>
#include <sddl.h>
#include <shellapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <userenv.h>
#include <wchar.h>
#include <winternl.h>

#define CAP "S-1-5-21-4000000001-4000000002-4000000003-4000000004"
#define CAP2 "S-1-5-21-4000000001-4000000002-4000000003-4000000005"
#define ME "S-1-5-21-0-0-0-1000"
#ifndef WRITE_RESTRICTED
#define WRITE_RESTRICTED 8
#endif

static wchar_t base[MAX_PATH], self[MAX_PATH];
static HANDLE own;

static void check(const char *name, BOOL ok, const char *format, ...)
{
    DWORD error = GetLastError();
    va_list args;

    if (ok) {
        printf("ok %s\n", name);
    } else {
        printf("not ok %s: ", name);
        va_start(args, format);
        vprintf(format, args);
        va_end(args);
        printf(" (last error %lu)\n", error);
    }
    fflush(stdout);
}

static void is(const char *name, DWORD got, DWORD want)
{
    check(name, got == want, "got %lu, want %lu", got, want);
}

static PSID sid_of(const char *text)
{
    PSID sid = NULL;

    if (!ConvertStringSidToSidA(text, &sid)) check(text, FALSE, "not a SID");
    return sid;
}

static const wchar_t *in(const wchar_t *name)
{
    static wchar_t ring[8][MAX_PATH];
    static unsigned next;
    wchar_t *out = ring[next++ % 8];

    _snwprintf(out, MAX_PATH, L"%ls\\%ls", base, name);
    return out;
}

/* 0 or the error of opening with exactly this access */
static DWORD try_open(const wchar_t *path, DWORD access, DWORD disposition)
{
    HANDLE handle = CreateFileW(path, access, 7, NULL, disposition, FILE_FLAG_BACKUP_SEMANTICS, NULL);

    if (handle == INVALID_HANDLE_VALUE) return GetLastError();
    CloseHandle(handle);
    return 0;
}

static DWORD result(BOOL ok)
{
    return ok ? 0 : GetLastError();
}

static void make_file(const wchar_t *path)
{
    DWORD code = try_open(path, GENERIC_WRITE, CREATE_ALWAYS);

    if (code) {
        SetLastError(code);
        check("setting up a file", FALSE, "%ls", path);
    }
}

/* Stores exactly this descriptor: no propagation, no merging. */
static void set_sd(const wchar_t *path, const char *sddl)
{
    SECURITY_INFORMATION info = DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR sd = NULL;
    HANDLE handle;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl, 1, &sd, NULL)) check(sddl, FALSE, "not SDDL");
    handle = CreateFileW(path, WRITE_DAC | READ_CONTROL, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE || !SetKernelObjectSecurity(handle, info, sd)) check("setting a descriptor", FALSE, "%ls %s", path, sddl);
    CloseHandle(handle);
    LocalFree(sd);
}

/* The DACL as SDDL */
static const char *dacl_of(const wchar_t *path)
{
    static char buffer[4096];
    BYTE sd[8192];
    char *text = NULL;
    DWORD needed;
    HANDLE handle = CreateFileW(path, READ_CONTROL, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);

    buffer[0] = 0;
    if (handle != INVALID_HANDLE_VALUE && GetKernelObjectSecurity(handle, DACL_SECURITY_INFORMATION, sd, sizeof(sd), &needed) &&
        ConvertSecurityDescriptorToStringSecurityDescriptorA(sd, 1, DACL_SECURITY_INFORMATION, &text, NULL)) {
        snprintf(buffer, sizeof(buffer), "%s", text);
        LocalFree(text);
    }
    CloseHandle(handle);
    return buffer;
}

static void dacl_is(const char *name, const wchar_t *path, const char *want)
{
    const char *got = dacl_of(path);

    check(name, !strcmp(got, want), "got %s, want %s", got, want);
}

static HANDLE restricted(HANDLE token, DWORD flags, const char *first, const char *second, const char *third)
{
    const char *texts[3] = {first, second, third};
    SID_AND_ATTRIBUTES sids[3];
    HANDLE out = NULL;
    DWORD count;

    for (count = 0; count < 3 && texts[count]; count++) {
        sids[count].Sid = sid_of(texts[count]);
        sids[count].Attributes = 0;
    }
    if (!CreateRestrictedToken(token, flags, 0, NULL, 0, NULL, count, sids, &out)) check("CreateRestrictedToken", FALSE, "flags %lu", flags);
    return out;
}

static void as(HANDLE token)
{
    HANDLE copy = NULL;

    if (!token) {
        RevertToSelf();
        return;
    }
    if (!DuplicateTokenEx(token, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation, &copy) || !SetThreadToken(NULL, copy))
        check("impersonating", FALSE, "%p", token);
    CloseHandle(copy);
}

static void *info_of(HANDLE token, TOKEN_INFORMATION_CLASS what)
{
    static BYTE buffer[4][8192];
    static unsigned next;
    BYTE *out = buffer[next++ % 4];
    DWORD needed = 0;

    memset(out, 0, 8192);
    if (!GetTokenInformation(token, what, out, 8192, &needed)) check("GetTokenInformation", FALSE, "class %d", (int)what);
    return out;
}

static DWORD number_of(HANDLE token, TOKEN_INFORMATION_CLASS what)
{
    return *(DWORD *)info_of(token, what);
}

static DWORD attributes_of(HANDLE token, const char *sid)
{
    TOKEN_GROUPS *groups = info_of(token, TokenGroups);
    PSID want = sid_of(sid);
    DWORD i;

    for (i = 0; i < groups->GroupCount; i++)
        if (EqualSid(groups->Groups[i].Sid, want)) return groups->Groups[i].Attributes;
    return 0xffffffff;
}

static DWORD integrity_of(HANDLE token)
{
    TOKEN_MANDATORY_LABEL *label = info_of(token, TokenIntegrityLevel);

    return *GetSidSubAuthority(label->Label.Sid, 0);
}

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

static DWORD run(HANDLE token, const wchar_t *arguments)
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

static void child(const wchar_t *dir)
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

static void test_user(void)
{
    test_default_token();
    test_restricted_token();
    test_integrity();
    test_inheritance();
    test_explicit_at_creation();
    test_write_restricted_files();
    test_delete_rights();
    test_owner_and_denies();
    test_overwrite();
    test_volume();
    test_registry();
    test_named_objects();
    test_processes();
    test_consent();
    is("accounts__adding-one-needs-an-administrator", NetUserAdd(NULL, 1, (BYTE *)&(USER_INFO_1){L"x", L"y", 0, USER_PRIV_USER, NULL, NULL, 0, NULL}, NULL), 5);
}

/* ---- administrator ---- */

static BOOL enable(const wchar_t *name, BOOL on)
{
    TOKEN_PRIVILEGES privileges = {1, {{{0, 0}, on ? SE_PRIVILEGE_ENABLED : 0}}};

    return LookupPrivilegeValueW(NULL, name, &privileges.Privileges[0].Luid) &&
           AdjustTokenPrivileges(own, FALSE, &privileges, 0, NULL, NULL) && !GetLastError();
}

static void test_privileges(void)
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

static void test_accounts(void)
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

static void test_logon(void)
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

static void test_second_user(void)
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
    is("second-user__wrong-password", result(CreateProcessWithLogonW(L"probe-user", L".", L"no", 0, NULL, command, 0, NULL, L"C:\\", &startup, &process)),
       ERROR_LOGON_FAILURE);
    DeleteFileW(path);
    DeleteFileW(L"C:\\ntwine-drop\\probe.exe");
    RemoveDirectoryW(L"C:\\ntwine-drop");
}

/* ---- firewall ---- */

DEFINE_GUID(probe_provider, 0x11111111, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
DEFINE_GUID(probe_sublayer, 0x22222222, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
DEFINE_GUID(probe_filter, 0x33333333, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3);
DEFINE_GUID(connect_v4, 0xc38d57d1, 0x05a7, 0x4c33, 0x90, 0x4f, 0x7f, 0xbc, 0xee, 0xe6, 0x0e, 0x82);
DEFINE_GUID(listen_v4, 0x88bb5dad, 0x76d7, 0x4227, 0x9c, 0x71, 0xdf, 0x0a, 0x3e, 0xd7, 0xbe, 0x7e);
DEFINE_GUID(user_id, 0xaf043a0a, 0xb34d, 0x4f86, 0x97, 0x9c, 0xc9, 0x03, 0x71, 0xaf, 0x6e, 0x66);
DEFINE_GUID(remote_port, 0xc35a604d, 0xd22b, 0x4e1a, 0x91, 0xb4, 0x68, 0xf6, 0x74, 0xee, 0x67, 0x4b);

static void test_wfp(void)
{
    FWPM_PROVIDER0 provider = {.providerKey = probe_provider, .displayData = {L"probe", L""}};
    FWPM_SUBLAYER0 sublayer = {.subLayerKey = probe_sublayer, .displayData = {L"probe", L""}, .weight = 7};
    FWP_RANGE0 range = {{FWP_UINT16, {.uint16 = 8000}}, {FWP_UINT16, {.uint16 = 8010}}};
    FWPM_FILTER_CONDITION0 conditions[2] = {{.fieldKey = user_id, .conditionValue.type = FWP_SECURITY_DESCRIPTOR_TYPE},
                                            {.fieldKey = remote_port, .matchType = FWP_MATCH_RANGE, .conditionValue.type = FWP_RANGE_TYPE}};
    FWPM_FILTER0 filter = {.filterKey = probe_filter, .displayData = {L"probe", L""}, .numFilterConditions = 2, .layerKey = connect_v4};
    FWPM_FILTER0 *got = NULL;
    PSECURITY_DESCRIPTOR sd;
    FWP_BYTE_BLOB blob;
    HANDLE engine;
    UINT64 id = 0;

    ConvertStringSecurityDescriptorToSecurityDescriptorA("O:SYG:SYD:(A;;CC;;;" CAP ")", 1, &sd, NULL);
    blob.data = sd;
    blob.size = GetSecurityDescriptorLength(sd);
    conditions[0].conditionValue.sd = &blob;
    conditions[1].conditionValue.rangeValue = &range;
    filter.filterCondition = conditions;
    filter.subLayerKey = probe_sublayer;
    filter.providerKey = (GUID *)&probe_provider;
    filter.action.type = FWP_ACTION_PERMIT;
    filter.weight.type = FWP_UINT8;
    filter.weight.uint8 = 9;
    is("wfp__opens", FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine), 0);
    is("wfp__filter-without-its-provider", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320005);
    is("wfp__begins", FwpmTransactionBegin0(engine, 0), 0);
    is("wfp__begins-twice", FwpmTransactionBegin0(engine, 0), 0x8032000E);
    is("wfp__provider", FwpmProviderAdd0(engine, &provider, NULL), 0);
    is("wfp__aborts", FwpmTransactionAbort0(engine), 0);
    is("wfp__aborted-provider-is-gone", FwpmProviderDeleteByKey0(engine, &probe_provider), 0x80320005);
    FwpmTransactionBegin0(engine, 0);
    is("wfp__provider-again", FwpmProviderAdd0(engine, &provider, NULL), 0);
    is("wfp__provider-twice", FwpmProviderAdd0(engine, &provider, NULL), 0x80320009);
    is("wfp__sublayer", FwpmSubLayerAdd0(engine, &sublayer, NULL), 0);
    is("wfp__filter", FwpmFilterAdd0(engine, &filter, NULL, &id), 0);
    is("wfp__commits", FwpmTransactionCommit0(engine), 0);
    is("wfp__commits-twice", FwpmTransactionCommit0(engine), 0x8032000D);
    is("wfp__reads-back", FwpmFilterGetByKey0(engine, &probe_filter, &got), 0);
    check("wfp__reads-back-all", got && got->filterId == id && got->numFilterConditions == 2 && got->weight.uint8 == 9 && got->action.type == FWP_ACTION_PERMIT &&
          got->filterCondition[0].conditionValue.sd->size == blob.size && !memcmp(got->filterCondition[0].conditionValue.sd->data, sd, blob.size) &&
          got->filterCondition[1].conditionValue.rangeValue->valueHigh.uint16 == 8010, "something else");
    FwpmFreeMemory0((void **)&got);
    is("wfp__sublayer-in-use", FwpmSubLayerDeleteByKey0(engine, &probe_sublayer), 0x8032000A);
    filter.layerKey = listen_v4;
    filter.filterKey = probe_provider;
    is("wfp__no-remote-port-at-the-listen-layer", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320002);
    filter.layerKey = probe_filter;
    is("wfp__unknown-layer", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320004);
    is("wfp__filter-deleted", FwpmFilterDeleteByKey0(engine, &probe_filter), 0);
    is("wfp__filter-deleted-twice", FwpmFilterDeleteByKey0(engine, &probe_filter), 0x80320003);
    is("wfp__sublayer-deleted", FwpmSubLayerDeleteByKey0(engine, &probe_sublayer), 0);
    is("wfp__provider-deleted", FwpmProviderDeleteByKey0(engine, &probe_provider), 0);
    is("wfp__closes", FwpmEngineClose0(engine), 0);
}

/* ---- sockets ask the filters ---- */

static int socket_code(bool to_listen, struct sockaddr_in *address)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int code = 0;

    if (to_listen ? bind(s, (struct sockaddr *)&any, sizeof(any)) || listen(s, 5) : connect(s, (struct sockaddr *)address, sizeof(*address)))
        code = WSAGetLastError();
    closesocket(s);
    return code;
}

/* One filter of weight `weight`, with a user condition, and one on the remote port when `low` is set. */
static void put_filter(HANDLE engine, const GUID *layer, const char *users, UINT64 weight, FWP_ACTION_TYPE action, UINT16 low)
{
    FWP_RANGE0 range = {{FWP_UINT16, {.uint16 = low}}, {FWP_UINT16, {.uint16 = 0xffff}}};
    FWPM_FILTER_CONDITION0 conditions[2] = {{.fieldKey = user_id, .conditionValue.type = FWP_SECURITY_DESCRIPTOR_TYPE},
                                            {.fieldKey = remote_port, .matchType = FWP_MATCH_RANGE, .conditionValue.type = FWP_RANGE_TYPE}};
    FWPM_FILTER0 filter = {.displayData = {L"probe", L""}, .numFilterConditions = low ? 2 : 1, .layerKey = *layer, .subLayerKey = probe_sublayer};
    PSECURITY_DESCRIPTOR sd;
    FWP_BYTE_BLOB blob;

    filter.filterKey = probe_filter;
    filter.filterKey.Data2 = (unsigned short)weight;
    ConvertStringSecurityDescriptorToSecurityDescriptorA(users, 1, &sd, NULL);
    blob.data = sd;
    blob.size = GetSecurityDescriptorLength(sd);
    conditions[0].conditionValue.sd = &blob;
    conditions[1].conditionValue.rangeValue = &range;
    filter.filterCondition = conditions;
    filter.action.type = action;
    filter.weight.type = FWP_UINT64;
    filter.weight.uint64 = &weight;
    is("sockets__filter", FwpmFilterAdd0(engine, &filter, NULL, NULL), 0);
}

static void drop_filter(HANDLE engine, UINT64 weight)
{
    GUID key = probe_filter;

    key.Data2 = (unsigned short)weight;
    is("sockets__filter-deleted", FwpmFilterDeleteByKey0(engine, &key), 0);
}

static void test_sockets(void)
{
    static const char everyone[] = "O:SYG:SYD:(A;;CC;;;WD)", nobody[] = "O:SYG:SYD:(A;;CC;;;" CAP ")";
    FWPM_SUBLAYER0 sublayer = {.subLayerKey = probe_sublayer, .displayData = {L"probe", L""}, .weight = 7};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int length = sizeof(address);
    HANDLE engine;
    WSADATA data;
    SOCKET server;

    is("sockets__start", WSAStartup(MAKEWORD(2, 2), &data), 0);
    server = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    is("sockets__server", bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 20) || getsockname(server, (struct sockaddr *)&address, &length), 0);
    is("sockets__no-filter-connects", socket_code(false, &address), 0);
    FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine);
    is("sockets__sublayer", FwpmSubLayerAdd0(engine, &sublayer, NULL), 0);
    put_filter(engine, &connect_v4, nobody, 1, FWP_ACTION_BLOCK, 0);
    is("sockets__blocked-for-another-user-connects", socket_code(false, &address), 0);
    put_filter(engine, &connect_v4, everyone, 2, FWP_ACTION_BLOCK, 0);
    is("sockets__blocked-for-everyone-is-refused", socket_code(false, &address), WSAEACCES);
    is("sockets__connect-layer-does-not-stop-listening", socket_code(true, NULL), 0);
    put_filter(engine, &connect_v4, everyone, 3, FWP_ACTION_PERMIT, 0xffff);
    is("sockets__permit-of-another-port-does-not-help", socket_code(false, &address), WSAEACCES);
    put_filter(engine, &connect_v4, everyone, 4, FWP_ACTION_PERMIT, 1024);
    is("sockets__heavier-permit-connects", socket_code(false, &address), 0);
    put_filter(engine, &connect_v4, everyone, 5, FWP_ACTION_BLOCK, 1024);
    is("sockets__still-heavier-block-is-refused", socket_code(false, &address), WSAEACCES);
    put_filter(engine, &listen_v4, everyone, 6, FWP_ACTION_BLOCK, 0);
    is("sockets__listen-layer-stops-listening", socket_code(true, NULL), WSAEACCES);
    for (length = 1; length <= 6; length++) drop_filter(engine, (UINT64)length);
    is("sockets__filters-gone-connects", socket_code(false, &address), 0);
    is("sockets__sublayer-gone", FwpmSubLayerDeleteByKey0(engine, &probe_sublayer), 0);
    FwpmEngineClose0(engine);
    closesocket(server);
}

static void test_firewall(void)
{
    BSTR name = SysAllocString(L"probe rule"), users = SysAllocString(L"D:(A;;CC;;;" L"S-1-5-21-4000000001-4000000002-4000000003-4000000004)"), text = NULL;
    INetFwPolicy2 *policy = NULL;
    INetFwRules *rules = NULL;
    INetFwRule3 *rule = NULL, *found3 = NULL;
    INetFwRule *found = NULL;
    LONG count = -1;

    CoInitialize(NULL);
    is("firewall__policy", CoCreateInstance(&CLSID_NetFwPolicy2, NULL, CLSCTX_INPROC_SERVER, &IID_INetFwPolicy2, (void **)&policy), S_OK);
    is("firewall__rule", CoCreateInstance(&CLSID_NetFwRule, NULL, CLSCTX_INPROC_SERVER, &IID_INetFwRule3, (void **)&rule), S_OK);
    if (!policy || !rule) return;
    is("firewall__rules", INetFwPolicy2_get_Rules(policy, &rules), S_OK);
    is("firewall__ports-before-the-protocol-refused", INetFwRule3_put_RemotePorts(rule, SysAllocString(L"80")), E_INVALIDARG);
    is("firewall__rule-without-a-name-refused", INetFwRules_Add(rules, (INetFwRule *)rule), E_INVALIDARG);
    INetFwRule3_put_Name(rule, name);
    INetFwRule3_put_Protocol(rule, NET_FW_IP_PROTOCOL_TCP);
    is("firewall__ports", INetFwRule3_put_RemotePorts(rule, SysAllocString(L"80,443")), S_OK);
    is("firewall__users-must-be-sddl", INetFwRule3_put_LocalUserAuthorizedList(rule, name), E_INVALIDARG);
    is("firewall__users", INetFwRule3_put_LocalUserAuthorizedList(rule, users), S_OK);
    is("firewall__added", INetFwRules_Add(rules, (INetFwRule *)rule), S_OK);
    INetFwRules_get_Count(rules, &count);
    is("firewall__counted", count, 1);
    is("firewall__found", INetFwRules_Item(rules, name, &found), S_OK);
    if (found) INetFwRule_QueryInterface(found, &IID_INetFwRule3, (void **)&found3);
    if (found3) INetFwRule3_get_LocalUserAuthorizedList(found3, &text);
    check("firewall__reads-back-users", text && !wcscmp(text, users), "%ls", text);
    is("firewall__removed", INetFwRules_Remove(rules, name), S_OK);
    is("firewall__not-found", INetFwRules_Item(rules, name, &found), HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND));
}

static void test_removal(void)
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

/* Writes our SID and what opening the process that started us for writing gives. */
static int whoami(const wchar_t *path)
{
    char *text = NULL, line[256];
    FILE *out = path ? _wfopen(path, L"w") : stdout;
    DWORD parent = 0, code;
    PROCESS_BASIC_INFORMATION info;

    if (!out || !ConvertSidToStringSidA(((TOKEN_USER *)info_of(own, TokenUser))->User.Sid, &text)) return 1;
    if (!NtQueryInformationProcess(GetCurrentProcess(), ProcessBasicInformation, &info, sizeof(info), NULL)) parent = (DWORD)info.InheritedFromUniqueProcessId;
    code = result(OpenProcess(PROCESS_VM_WRITE, FALSE, parent) != NULL);
    snprintf(line, sizeof(line), "%s open=%lu", text, code);
    fprintf(out, "%s\n", line);
    if (path) fclose(out);
    return 0;
}

int wmain(int argc, wchar_t **argv)
{
    wchar_t temp[MAX_PATH];
    FILETIME now;

    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &own)) return 2;
    if (argc > 2 && !wcscmp(argv[1], L"child")) {
        child(argv[2]);
        return 0;
    }
    if (argc > 1 && !wcscmp(argv[1], L"whoami")) return whoami(argc > 2 ? argv[2] : NULL);
    if (argc > 1 && !wcscmp(argv[1], L"elevated")) return 6 + (int)number_of(own, TokenElevation);
    CloseHandle(own);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS & ~TOKEN_ADJUST_SESSIONID, &own)) return 2;
    GetTempPathW(MAX_PATH, temp);
    GetSystemTimeAsFileTime(&now); /* process ids come again after a restart of the server */
    _snwprintf(base, MAX_PATH, L"%lsprobe-%08lx%08lx", temp, now.dwHighDateTime, now.dwLowDateTime);
    CreateDirectoryW(base, NULL);
    if (argc > 1 && !wcscmp(argv[1], L"user")) test_user();
    else if (argc > 1 && !wcscmp(argv[1], L"admin")) {
        test_privileges();
        test_accounts();
        test_logon();
        test_second_user();
        test_wfp();
        test_sockets();
        test_firewall();
        test_removal();
    } else return 2;
    printf("done\n");
    return 0;
}
