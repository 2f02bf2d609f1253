/* Checks, files and tokens for probe.exe. See probe.h. */

#include "probe.h"

wchar_t base[MAX_PATH], self[MAX_PATH];
HANDLE own;

void check(const char *name, BOOL ok, const char *format, ...)
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

void is(const char *name, DWORD got, DWORD want)
{
    check(name, got == want, "got %lu, want %lu", got, want);
}

PSID sid_of(const char *text)
{
    PSID sid = NULL;

    if (!ConvertStringSidToSidA(text, &sid)) check(text, FALSE, "not a SID");
    return sid;
}

const wchar_t *in(const wchar_t *name)
{
    static wchar_t ring[8][MAX_PATH];
    static unsigned next;
    wchar_t *out = ring[next++ % 8];

    _snwprintf(out, MAX_PATH, L"%ls\\%ls", base, name);
    return out;
}

DWORD try_open(const wchar_t *path, DWORD access, DWORD disposition)
{
    HANDLE handle = CreateFileW(path, access, 7, NULL, disposition, FILE_FLAG_BACKUP_SEMANTICS, NULL);

    if (handle == INVALID_HANDLE_VALUE) return GetLastError();
    CloseHandle(handle);
    return 0;
}

DWORD result(BOOL ok)
{
    return ok ? 0 : GetLastError();
}

void make_file(const wchar_t *path)
{
    DWORD code = try_open(path, GENERIC_WRITE, CREATE_ALWAYS);

    if (code) {
        SetLastError(code);
        check("setting up a file", FALSE, "%ls", path);
    }
}

void set_sd(const wchar_t *path, const char *sddl)
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

const char *dacl_of(const wchar_t *path)
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

void dacl_is(const char *name, const wchar_t *path, const char *want)
{
    const char *got = dacl_of(path);

    check(name, !strcmp(got, want), "got %s, want %s", got, want);
}

HANDLE restricted(HANDLE token, DWORD flags, const char *first, const char *second, const char *third)
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

void as(HANDLE token)
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

void *info_of(HANDLE token, TOKEN_INFORMATION_CLASS what)
{
    static BYTE buffer[4][8192];
    static unsigned next;
    BYTE *out = buffer[next++ % 4];
    DWORD needed = 0;

    memset(out, 0, 8192);
    if (!GetTokenInformation(token, what, out, 8192, &needed)) check("GetTokenInformation", FALSE, "class %d", (int)what);
    return out;
}

DWORD number_of(HANDLE token, TOKEN_INFORMATION_CLASS what)
{
    return *(DWORD *)info_of(token, what);
}

DWORD attributes_of(HANDLE token, const char *sid)
{
    TOKEN_GROUPS *groups = info_of(token, TokenGroups);
    PSID want = sid_of(sid);
    DWORD i;

    for (i = 0; i < groups->GroupCount; i++)
        if (EqualSid(groups->Groups[i].Sid, want)) return groups->Groups[i].Attributes;
    return 0xffffffff;
}

DWORD integrity_of(HANDLE token)
{
    TOKEN_MANDATORY_LABEL *label = info_of(token, TokenIntegrityLevel);

    return *GetSidSubAuthority(label->Label.Sid, 0);
}
