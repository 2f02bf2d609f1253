/*
 * aclset make PATH FILES: a tree, 100 files per directory, 10 directories per directory.
 * aclset set PATH: what `agent run` grants on a directory, done with SetNamedSecurityInfoW, and how
 * long it took. The yardstick of scripts/bench-grants; the programs may not use these calls
 * (scripts/banned.txt).
 *
 * Windows passes the entries on to everything below within that one call. A platform that does not
 * is found out by looking at a child; there the same call is made for each object, which is what
 * the caller would have to do. Prints "MODE N objects, N us".
 *
 * @see https://learn.microsoft.com/windows/win32/api/aclapi/nf-aclapi-setnamedsecurityinfow
 *      https://learn.microsoft.com/windows/win32/secauthz/automatic-propagation-of-inheritable-aces
 */
#include "shared/win/win.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>

#define CAPABILITY L"S-1-5-21-1004336348-1177238915-682003330-2164260864"
#define PATH_CCH 1024

static PSID capability, user;
static unsigned long objects;

static void entry(
    EXPLICIT_ACCESS_W *entry, PSID sid, ACCESS_MODE mode, DWORD mask, DWORD inheritance)
{
    memset(entry, 0, sizeof(*entry));
    entry->grfAccessPermissions = mask;
    entry->grfAccessMode = mode;
    entry->grfInheritance = inheritance;
    entry->Trustee.TrusteeForm = TRUSTEE_IS_SID;
    entry->Trustee.TrusteeType = TRUSTEE_IS_UNKNOWN;
    entry->Trustee.ptstrName = (LPWSTR)sid;
}

/* Design 4, unelevated: the entries of a writable root; for a child there is nothing to add. */
static DWORD set_entries(wchar_t *path_w, bool is_root)
{
    const DWORD below = CONTAINER_INHERIT_ACE | OBJECT_INHERIT_ACE;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    EXPLICIT_ACCESS_W entries[4];
    ACL *now = NULL, *wanted = NULL;
    DWORD code = GetNamedSecurityInfoW(
        path_w, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &now, NULL, &descriptor);

    entry(&entries[0], capability, DENY_ACCESS, FILE_DELETE_CHILD, 0);
    entry(&entries[1], capability, GRANT_ACCESS, 0x001201BF, 0);
    entry(&entries[2], capability, GRANT_ACCESS, 0x001301BF, below | INHERIT_ONLY_ACE);
    entry(&entries[3], user, GRANT_ACCESS, FILE_ALL_ACCESS, below);
    if (!code)
        code = SetEntriesInAclW(is_root ? 4 : 0, is_root ? entries : NULL, now, &wanted);
    if (!code)
        code = SetNamedSecurityInfoW(path_w, SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | UNPROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL, wanted,
            NULL);
    LocalFree(wanted);
    LocalFree(descriptor);
    objects++;
    return code;
}

static bool has_entry(wchar_t *path_w)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    ACL *dacl = NULL;
    bool found = false;
    DWORD i;

    if (GetNamedSecurityInfoW(path_w, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl,
            NULL, &descriptor))
        return false;
    for (i = 0; dacl && i < dacl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;

        found = found || (GetAce(dacl, i, (void **)&ace) && EqualSid(&ace->SidStart, capability));
    }
    LocalFree(descriptor);
    return found;
}

/* Everything below, each by its name. @return the first error */
static DWORD each_below(const wchar_t *directory_w, bool stop_at_first, bool *ret_passed_on)
{
    wchar_t path_w[PATH_CCH];
    WIN32_FIND_DATAW found;
    DWORD code = 0;
    HANDLE search;

    _snwprintf_s(path_w, PATH_CCH, _TRUNCATE, L"%ls\\*", directory_w);
    search = FindFirstFileW(path_w, &found);
    if (search == INVALID_HANDLE_VALUE)
        return GetLastError();
    do {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0 ||
            (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            continue;
        _snwprintf_s(path_w, PATH_CCH, _TRUNCATE, L"%ls\\%ls", directory_w, found.cFileName);
        if (stop_at_first) {
            *ret_passed_on = has_entry(path_w);
            break;
        }
        code = set_entries(path_w, false);
        if (!code && (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            code = each_below(path_w, false, NULL);
    } while (!code && FindNextFileW(search, &found));
    FindClose(search);
    return code;
}

/* By this system's own calls: a file that came another way may have no list of its own. */
static DWORD make_tree(const wchar_t *path_w, unsigned long files)
{
    unsigned long n, step;

    for (n = 0; n < files; n++) {
        wchar_t name_w[PATH_CCH];
        HANDLE file;

        for (step = 10000; step >= 100 && n % 100 == 0; step /= 10) {
            if (step == 10000)
                _snwprintf_s(name_w, PATH_CCH, _TRUNCATE, L"%ls\\d%lu", path_w, n / 10000);
            else if (step == 1000)
                _snwprintf_s(
                    name_w, PATH_CCH, _TRUNCATE, L"%ls\\d%lu\\d%lu", path_w, n / 10000, n / 1000);
            else
                _snwprintf_s(name_w, PATH_CCH, _TRUNCATE, L"%ls\\d%lu\\d%lu\\d%lu", path_w,
                    n / 10000, n / 1000, n / 100);
            if (!CreateDirectoryW(name_w, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
                return GetLastError();
        }
        _snwprintf_s(name_w, PATH_CCH, _TRUNCATE, L"%ls\\d%lu\\d%lu\\d%lu\\f%lu", path_w, n / 10000,
            n / 1000, n / 100, n);
        file = CreateFileW(name_w, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
        if (file == INVALID_HANDLE_VALUE)
            return GetLastError();
        CloseHandle(file);
    }
    return 0;
}

static bool find_user(void)
{
    static DWORD64 bytes[64];
    HANDLE token = NULL;
    DWORD size = 0;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
        !GetTokenInformation(token, TokenUser, bytes, sizeof(bytes), &size))
        return false;
    CloseHandle(token);
    user = ((TOKEN_USER *)bytes)->User.Sid;
    return true;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    LARGE_INTEGER begun, ended, frequency;
    bool passed_on = true;
    DWORD code;

    if (argc == 4 && wcscmp(argv[1], L"make") == 0) {
        code = make_tree(argv[2], wcstoul(argv[3], NULL, 10));
        if (code)
            fprintf(stderr, "error %lu\n", code);
        return code ? 1 : 0;
    }
    if (argc != 3 || wcscmp(argv[1], L"set") != 0 || !find_user() ||
        !ConvertStringSidToSidW(CAPABILITY, &capability)) {
        fprintf(stderr, "usage: aclset make PATH FILES | aclset set PATH\n");
        return 2;
    }
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&begun);
    code = set_entries(argv[2], true);
    if (!code)
        each_below(argv[2], true, &passed_on);
    if (!code && !passed_on)
        code = each_below(argv[2], false, NULL);
    QueryPerformanceCounter(&ended);
    if (code) {
        fprintf(stderr, "error %lu\n", code);
        return 1;
    }
    printf("%s %lu objects, %llu us\n", passed_on ? "propagated" : "per-object", objects,
        (unsigned long long)((ended.QuadPart - begun.QuadPart) * 1000000 / frequency.QuadPart));
    return 0;
}
