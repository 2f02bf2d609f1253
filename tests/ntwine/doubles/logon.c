/* ntwine test double: logon and account names, part of advapi32.dll. See ../README.md. */

#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NTSTATUS WINAPI NtQueryInformationToken(HANDLE token, int what, void *data, ULONG size, ULONG *needed);
BOOL WINAPI double_GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS what, void *data, DWORD size, DWORD *needed);

static void *real(const char *name)
{
    static HMODULE module;

    if (!module) module = LoadLibraryW(L"wadvapi.dll");
    return (void *)GetProcAddress(module, name);
}

static BOOL refuse(DWORD code)
{
    SetLastError(code);
    return FALSE;
}

/* ---- who may log on ---- */

static const struct {
    DWORD type;
    const char *right, *deny, *builtin, *type_sid;
} logon_types[] = {
    {LOGON32_LOGON_INTERACTIVE, "SeInteractiveLogonRight", "SeDenyInteractiveLogonRight", "S-1-5-32-545", "S-1-5-4"},
    {LOGON32_LOGON_NETWORK, "SeNetworkLogonRight", "SeDenyNetworkLogonRight", "S-1-1-0", "S-1-5-2"},
    {LOGON32_LOGON_BATCH, "SeBatchLogonRight", "SeDenyBatchLogonRight", "S-1-5-32-544", "S-1-5-3"},
    {LOGON32_LOGON_SERVICE, "SeServiceLogonRight", "SeDenyServiceLogonRight", "", "S-1-5-6"},
    {8 /* LOGON32_LOGON_NETWORK_CLEARTEXT */, "SeNetworkLogonRight", "SeDenyNetworkLogonRight", "S-1-1-0", "S-1-5-2"},
};

static bool has_right(struct machine *machine, const char *sid, const char *right)
{
    struct record *record = NULL;

    while ((record = record_find(machine, record, "right", "sid", sid)))
        if (!strcmp(record_get(record, "name"), right)) return true;
    return false;
}

/* SIDs of the local groups a user is in, BUILTIN\Users first: it contains Authenticated Users. */
static size_t groups_of(struct machine *machine, const char *user_sid, char (*out)[128], size_t room)
{
    struct record *record = NULL;
    size_t count = 0;

    strcpy(out[count++], "S-1-5-32-545");
    while (count < room && (record = record_find(machine, record, "member", "sid", user_sid)))
        if (strcmp(record_get(record, "group"), "S-1-5-32-545") != 0) strcpy(out[count++], record_get(record, "group"));
    return count;
}

static DWORD check_rights(struct machine *machine, const char *user_sid, DWORD type)
{
    char groups[32][128];
    size_t i, g, count = groups_of(machine, user_sid, groups, 30);
    bool granted = false;

    strcpy(groups[count++], "S-1-1-0");
    strcpy(groups[count++], user_sid);
    for (i = 0; i < sizeof(logon_types) / sizeof(logon_types[0]); i++) {
        if (logon_types[i].type != type) continue;
        for (g = 0; g < count; g++) {
            if (has_right(machine, groups[g], logon_types[i].deny)) return ERROR_LOGON_TYPE_NOT_GRANTED;
            if (has_right(machine, groups[g], logon_types[i].right) || !strcmp(groups[g], logon_types[i].builtin)) granted = true;
        }
        return granted ? 0 : ERROR_LOGON_TYPE_NOT_GRANTED;
    }
    return ERROR_INVALID_PARAMETER;
}

#define UF_ACCOUNTDISABLE 0x2u
#define UF_LOCKOUT 0x10u
#define LOCKOUT_THRESHOLD 10u

/* The order in which Windows tells: lockout, then password, then the account's state, then the logon type. */
static DWORD check_logon(struct machine *machine, struct record *user, const char *password, DWORD type)
{
    unsigned flags = user ? (unsigned)strtoul(record_get(user, "flags"), NULL, 0) : 0, bad;

    if (!user) return ERROR_LOGON_FAILURE;
    if (flags & UF_LOCKOUT) return ERROR_ACCOUNT_LOCKED_OUT;
    if (strcmp(record_get(user, "password"), password) != 0) {
        bad = (unsigned)strtoul(record_get(user, "bad_count"), NULL, 10) + 1;
        record_setf(user, "bad_count", "%u", bad);
        if (bad >= LOCKOUT_THRESHOLD) record_setf(user, "flags", "0x%x", flags | UF_LOCKOUT);
        return ERROR_LOGON_FAILURE;
    }
    record_set(user, "bad_count", "0");
    if (!*password && type != LOGON32_LOGON_INTERACTIVE) return ERROR_ACCOUNT_RESTRICTION;
    if (flags & UF_ACCOUNTDISABLE) return ERROR_ACCOUNT_DISABLED;
    if (!strcmp(record_get(user, "account_expired"), "1")) return ERROR_ACCOUNT_EXPIRED;
    if (!strcmp(record_get(user, "password_expired"), "1")) return ERROR_PASSWORD_MUST_CHANGE;
    return check_rights(machine, record_get(user, "sid"), type);
}

/* ---- the token ---- */

struct identity {
    unsigned sid_count, priv_count, integrity, flags;
    LUID auth_id;
    unsigned owner_index, elevation;
};

static BYTE *put_sid(BYTE *at, const char *text)
{
    return at + sid_parse(text, at, 68);
}

/* The caller's logon SID: the secondary logon service puts it into the token it makes. */
static void callers_logon_sid(char *text, size_t room)
{
    BYTE buffer[8192];
    TOKEN_GROUPS *groups = (TOKEN_GROUPS *)buffer;
    HANDLE token;
    DWORD used, i;

    snprintf(text, room, "S-1-5-5-0-77777");
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return;
    if (double_GetTokenInformation(token, TokenGroups, buffer, sizeof(buffer), &used))
        for (i = 0; i < groups->GroupCount; i++)
            if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID) sid_format(groups->Groups[i].Sid, text, room);
    CloseHandle(token);
}

/* Privileges that the security policy gives to the account itself, besides what every user has. */
static size_t granted_privileges(struct machine *machine, const char *sid, DWORD *out)
{
    static const struct {
        const char *name;
        DWORD luid;
    } known[] = {{"SeAssignPrimaryTokenPrivilege", 3}, {"SeIncreaseQuotaPrivilege", 5}, {"SeImpersonatePrivilege", 29}};
    size_t i, count = 0;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (has_right(machine, sid, known[i].name)) out[count++] = known[i].luid;
    return count;
}

/* Makes a duplicate of our own token and turns it into the account's. */
static HANDLE make_token(struct machine *machine, struct record *user, DWORD type, bool seclogon)
{
    DWORD privileges[8] = {23, 19, 25, 33, 34};
    const char *fixed[] = {"S-1-1-0", "S-1-5-113", "S-1-5-11", "S-1-5-15", "S-1-2-0", "S-1-5-64-10"};
    BYTE data[8192] = {0}, sids[4096], *end = sids;
    unsigned *attrs = (unsigned *)(data + sizeof(struct identity));
    struct identity *id = (struct identity *)data;
    char groups[32][128], text[128];
    size_t i, count;
    HANDLE own = NULL, token = NULL;
    unsigned n = 0, session = ++machine->next_rid;
    LUID_AND_ATTRIBUTES *luids;

    attrs[n++] = 0;
    end = put_sid(end, record_get(user, "sid"));
    attrs[n++] = 7;
    snprintf(text, sizeof(text), "%s-513", record_get(record_find(machine, NULL, "machine", NULL, NULL), "domain"));
    end = put_sid(end, text);
    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++, attrs[n++] = 7) end = put_sid(end, fixed[i]);
    for (i = 0; i < sizeof(logon_types) / sizeof(logon_types[0]); i++) {
        if (logon_types[i].type != type) continue;
        end = put_sid(end, logon_types[i].type_sid);
        attrs[n++] = 7;
        break;
    }
    count = groups_of(machine, record_get(user, "sid"), groups, 32);
    for (i = 0; i < count; i++) {
        end = put_sid(end, groups[i]);
        attrs[n++] = strcmp(groups[i], "S-1-5-32-544") ? 7 : SE_GROUP_USE_FOR_DENY_ONLY; /* UAC filters an administrator */
    }
    snprintf(text, sizeof(text), "S-1-5-5-0-%u", 200000 + session);
    if (seclogon) callers_logon_sid(text, sizeof(text));
    end = put_sid(end, text);
    attrs[n++] = 0xc0000007;
    id->sid_count = n;
    id->priv_count = 5 + granted_privileges(machine, record_get(user, "sid"), privileges + 5);
    id->integrity = SECURITY_MANDATORY_MEDIUM_RID;
    id->flags = (seclogon ? 0x20000 : 0) | 0x40000 /* make the hive */;
    id->auth_id.LowPart = 200000 + session;
    id->elevation = TokenElevationTypeDefault;
    luids = (LUID_AND_ATTRIBUTES *)(attrs + n);
    for (i = 0; i < id->priv_count; i++) {
        luids[i].Luid.LowPart = privileges[i];
        luids[i].Attributes = i ? 0 : 3;
    }
    memcpy(luids + id->priv_count, sids, (size_t)(end - sids));
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own)) return NULL;
    if (DuplicateTokenEx(own, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation,
                         type == LOGON32_LOGON_NETWORK ? TokenImpersonation : TokenPrimary, &token) &&
        !fail_nt(server_extension(token, 2, 0, data, (unsigned)((BYTE *)(luids + id->priv_count) - data + (end - sids))))) {
        CloseHandle(token);
        token = NULL;
    }
    CloseHandle(own);
    return token;
}

static DWORD logon(const wchar_t *user, const wchar_t *domain, const wchar_t *password, DWORD type, bool seclogon, HANDLE *token)
{
    char *name = utf8(user), *secret = utf8(password), *where = utf8(domain), *at;
    struct machine *machine;
    struct record *record;
    DWORD code;

    if ((at = strchr(name, '\\'))) memmove(name, at + 1, strlen(at));
    do {
        machine = machine_load();
        record = record_find(machine, NULL, "user", "name", name);
        code = check_logon(machine, record, secret, type);
        if (!code && !(*token = make_token(machine, record, type, seclogon))) code = GetLastError();
    } while (!machine_done(machine, TRUE) && (code || CloseHandle(*token)));
    SecureZeroMemory(secret, strlen(secret));
    free(name);
    free(secret);
    free(where);
    return code;
}

BOOL WINAPI double_LogonUserW(const wchar_t *user, const wchar_t *domain, const wchar_t *password, DWORD type, DWORD provider, HANDLE *token)
{
    char *name = utf8(user);
    DWORD code = double_call("LogonUserW", "user=%s type=%lu provider=%lu", name, type, provider);

    free(name);
    if (!token || !user) code = ERROR_INVALID_PARAMETER;
    if (!code) code = logon(user, domain, password, type, false, token);
    double_result("LogonUserW", code);
    return code ? refuse(code) : TRUE;
}

/*
 * The service opens the calling process, as the caller, for the handles that it duplicates and for the parent of what it
 * makes. A caller that its own user may not open so gets nothing. The access is what Sysmon shows of it (0x14c0, see
 * github.com/SigmaHQ/sigma: proc_access_win_lsass_seclogon_access; 0x1000 comes with 0x400).
 */
static DWORD open_caller(void)
{
    HANDLE caller = OpenProcess(PROCESS_CREATE_PROCESS | PROCESS_DUP_HANDLE | PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId());
    DWORD code = caller ? 0 : GetLastError();

    if (caller) CloseHandle(caller);
    return code;
}

/* https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-createprocesswithlogonw */
BOOL WINAPI double_CreateProcessWithLogonW(const wchar_t *user, const wchar_t *domain, const wchar_t *password, DWORD logon_flags,
                                           const wchar_t *program, wchar_t *command, DWORD flags, void *environment,
                                           const wchar_t *directory, STARTUPINFOW *startup, PROCESS_INFORMATION *process)
{
    char *name = utf8(user), *path = utf8(program), *line = utf8(command);
    DWORD code = double_call("CreateProcessWithLogonW", "user=%s logon_flags=%lu flags=0x%lx program=%s command=%s", name, logon_flags,
                             flags, path, line);
    HANDLE token = NULL;

    free(name);
    free(path);
    free(line);
    if (!code && command && wcslen(command) > 1024) code = ERROR_INVALID_PARAMETER;
    if (!code) code = open_caller();
    if (!code) code = logon(user, domain, password, LOGON32_LOGON_INTERACTIVE, true, &token);
    if (!code && !CreateProcessAsUserW(token, program, command, NULL, NULL, FALSE, flags | CREATE_UNICODE_ENVIRONMENT, environment, directory,
                                       startup, process)) code = GetLastError();
    if (token) CloseHandle(token);
    double_result("CreateProcessWithLogonW", code);
    return code ? refuse(code) : TRUE;
}

/* ---- names ---- */

static BOOL give_text(const char *text, wchar_t *out, DWORD *size, bool *fits)
{
    wchar_t *wide = utf16(text);
    DWORD length = (DWORD)wcslen(wide);

    if (*size <= length || !out) {
        *size = length + 1;
        *fits = false;
    } else {
        memcpy(out, wide, (length + 1) * sizeof(wchar_t));
        *size = length;
    }
    free(wide);
    return *fits;
}

BOOL WINAPI double_LookupAccountSidW(const wchar_t *system, PSID sid, wchar_t *name, DWORD *name_size, wchar_t *domain, DWORD *domain_size,
                                     SID_NAME_USE *use)
{
    BOOL(WINAPI *original)(const wchar_t *, PSID, wchar_t *, DWORD *, wchar_t *, DWORD *, SID_NAME_USE *) = real("LookupAccountSidW");
    struct machine *machine = machine_load();
    struct record *record;
    wchar_t computer[64];
    DWORD size = 64;
    char text[128], *machine_name;
    bool fits = true;

    sid_format(sid, text, sizeof(text));
    if (!(record = record_find(machine, NULL, "user", "sid", text))) record = record_find(machine, NULL, "group", "sid", text);
    if (!record) {
        machine_done(machine, FALSE);
        return original(system, sid, name, name_size, domain, domain_size, use);
    }
    GetComputerNameW(computer, &size);
    machine_name = utf8(computer);
    give_text(record_get(record, "name"), name, name_size, &fits);
    give_text(machine_name, domain, domain_size, &fits);
    *use = !strcmp(record_get(record, "kind"), "user") ? SidTypeUser : SidTypeAlias;
    free(machine_name);
    machine_done(machine, FALSE);
    return fits ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

BOOL WINAPI double_LookupAccountNameW(const wchar_t *system, const wchar_t *account, PSID sid, DWORD *sid_room, wchar_t *domain,
                                      DWORD *domain_size, SID_NAME_USE *use)
{
    BOOL(WINAPI *original)(const wchar_t *, const wchar_t *, PSID, DWORD *, wchar_t *, DWORD *, SID_NAME_USE *) = real("LookupAccountNameW");
    const wchar_t *leaf = account ? wcsrchr(account, L'\\') : NULL;
    char *name = utf8(leaf ? leaf + 1 : account), *machine_name;
    struct machine *machine = machine_load();
    struct record *record;
    wchar_t computer[64];
    DWORD size = 64, needed;
    BYTE value[68];
    bool fits = true;

    if (!(record = record_find(machine, NULL, "user", "name", name))) record = record_find(machine, NULL, "group", "name", name);
    free(name);
    if (!record || !(needed = sid_parse(record_get(record, "sid"), value, sizeof(value)))) {
        machine_done(machine, FALSE);
        return original(system, account, sid, sid_room, domain, domain_size, use);
    }
    if (*sid_room < needed || !sid) fits = false;
    else memcpy(sid, value, needed);
    *sid_room = needed;
    GetComputerNameW(computer, &size);
    machine_name = utf8(computer);
    give_text(machine_name, domain, domain_size, &fits);
    *use = !strcmp(record_get(record, "kind"), "user") ? SidTypeUser : SidTypeAlias;
    free(machine_name);
    machine_done(machine, FALSE);
    return fits ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

/* The name of the account whose token counts; Wine would give the Unix user's. */
BOOL WINAPI double_GetUserNameW(wchar_t *name, DWORD *size)
{
    BOOL(WINAPI *original)(wchar_t *, DWORD *) = real("GetUserNameW");
    struct machine *machine = NULL;
    struct record *record = NULL;
    BYTE buffer[256];
    char text[128];
    HANDLE token;
    ULONG used;
    bool fits = true;

    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token) && !OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return original(name, size);
    if (!NtQueryInformationToken(token, TokenUser, buffer, sizeof(buffer), &used)) {
        sid_format(((TOKEN_USER *)buffer)->User.Sid, text, sizeof(text));
        machine = machine_load();
        record = record_find(machine, NULL, "user", "sid", text);
    }
    CloseHandle(token);
    if (record && give_text(record_get(record, "name"), name, size, &fits)) ++*size;
    if (machine) machine_done(machine, FALSE);
    if (!record) return original(name, size);
    return fits ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}
