/* Files and descriptors as the suite itself needs them, by plain calls. */
#include "suite.h"
#include <sddl.h>

static void die(const char *what, const char *path)
{
    fail_at(__FILE__, __LINE__, "the suite itself cannot %s '%s': error %lu", what, path,
        GetLastError());
    ExitProcess(1);
}

void make_dir(const char *path)
{
    char *copy = f("%s", path);
    for (char *p = copy + 3; *p; p++)
        if (*p == '\\') {
            *p = 0;
            CreateDirectoryW(w(copy), NULL);
            *p = '\\';
        }
    if (!CreateDirectoryW(w(copy), NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        die("make the directory", path);
}

void write_bytes(const char *path, const void *bytes, size_t length_bytes)
{
    DWORD done = 0;
    HANDLE file = CreateFileW(w(path), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, bytes, (DWORD)length_bytes, &done, NULL) ||
        done != length_bytes)
        die("write", path);
    CloseHandle(file);
}

void write_file(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

char *read_file(const char *path, size_t *ret_length_bytes)
{
    DWORD done = 0, size;
    HANDLE file = CreateFileW(w(path), GENERIC_READ,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    size = GetFileSize(file, NULL);
    char *text = calloc(1, (size_t)size + 1);
    if (!text || !ReadFile(file, text, size, &done, NULL))
        die("read", path);
    CloseHandle(file);
    if (ret_length_bytes)
        *ret_length_bytes = done;
    return text;
}

bool exists(const char *path)
{
    return GetFileAttributesW(w(path)) != INVALID_FILE_ATTRIBUTES;
}

bool is_directory(const char *path)
{
    DWORD a = GetFileAttributesW(w(path));
    return a != INVALID_FILE_ATTRIBUTES && a & FILE_ATTRIBUTE_DIRECTORY;
}

static uint64_t hash_of(const char *path)
{
    struct stream_hash hash = {0};
    size_t length = 0;
    char *text = read_file(path, &length);
    if (!text)
        return GetLastError();
    stream_hash_add(&hash, (unsigned char *)text, length);
    free(text);
    return stream_hash_end(&hash);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *snapshot_dir(const char *path, const char *indent)
{
    WIN32_FIND_DATAW found;
    char *lines[512], *all = f("%s", "");
    size_t count = 0;
    HANDLE search = FindFirstFileW(w(f("%s\\*", path)), &found);
    if (search == INVALID_HANDLE_VALUE)
        return all;
    do {
        char *name = u(found.cFileName), *full = f("%s\\%s", path, name);
        DWORD a = found.dwFileAttributes;
        if (!strcmp(name, ".") || !strcmp(name, "..") || count == countof(lines) ||
            !strncmp(name, "ping.tmp", 8)) /* the attack's own harmless step */
            continue;
        if (a & FILE_ATTRIBUTE_REPARSE_POINT)
            lines[count++] = f("%s%s -> link\n", indent, name);
        else if (a & FILE_ATTRIBUTE_DIRECTORY)
            lines[count++] = f("%s%s\\\n%s", indent, name, snapshot_dir(full, f("%s  ", indent)));
        else
            lines[count++] = f("%s%s %lu%s %016llx\n", indent, name, found.nFileSizeLow,
                a & FILE_ATTRIBUTE_HIDDEN ? " hidden" : "", (unsigned long long)hash_of(full));
    } while (FindNextFileW(search, &found));
    FindClose(search);
    qsort(lines, count, sizeof lines[0], by_name);
    for (size_t i = 0; i < count; i++)
        all = f("%s%s", all, lines[i]);
    return all;
}

char *snapshot(const char *path)
{
    DWORD a = GetFileAttributesW(w(path));
    if (a == INVALID_FILE_ATTRIBUTES)
        return f("absent");
    return a & FILE_ATTRIBUTE_DIRECTORY ? f("directory\n%s", snapshot_dir(path, "  "))
                                        : f("file %016llx%s", (unsigned long long)hash_of(path),
                                              a & FILE_ATTRIBUTE_HIDDEN ? " hidden" : "");
}

/* Attacks leave read-only files, denied entries and links behind. */
static void loosen(const char *path)
{
    char *sddl = f("D:P(A;OICI;FA;;;%s)(A;OICI;FA;;;SY)", user_sid());
    PSECURITY_DESCRIPTOR sd = NULL;
    HANDLE file = CreateFileW(w(path), WRITE_DAC, 7, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    if (ConvertStringSecurityDescriptorToSecurityDescriptorW(w(sddl), SDDL_REVISION_1, &sd, NULL))
        SetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, sd);
    LocalFree(sd);
    CloseHandle(file);
}

static bool remove_once(const char *path, DWORD attributes)
{
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? RemoveDirectoryW(w(path)) : DeleteFileW(w(path));
}

void remove_tree(const char *path)
{
    WIN32_FIND_DATAW found;
    DWORD a = GetFileAttributesW(w(path));
    if (a == INVALID_FILE_ATTRIBUTES && GetLastError() != ERROR_ACCESS_DENIED)
        return;
    if (a == INVALID_FILE_ATTRIBUTES || (a & FILE_ATTRIBUTE_READONLY)) {
        loosen(path);
        SetFileAttributesW(w(path), FILE_ATTRIBUTE_NORMAL);
        a = GetFileAttributesW(w(path));
    }
    if ((a & FILE_ATTRIBUTE_DIRECTORY) && !(a & FILE_ATTRIBUTE_REPARSE_POINT)) {
        HANDLE search = FindFirstFileW(w(f("%s\\*", path)), &found);
        if (search == INVALID_HANDLE_VALUE) {
            loosen(path);
            search = FindFirstFileW(w(f("%s\\*", path)), &found);
        }
        if (search != INVALID_HANDLE_VALUE) {
            do {
                char *name = u(found.cFileName);
                if (strcmp(name, ".") && strcmp(name, ".."))
                    remove_tree(f("%s\\%s", path, name));
            } while (FindNextFileW(search, &found));
            FindClose(search);
        }
    }
    for (int i = 0; i < 20 && !remove_once(path, a); i++) {
        if (GetLastError() == ERROR_FILE_NOT_FOUND)
            return;
        loosen(path);
        if (i)
            Sleep(50); /* a process that was killed may not have let go yet */
    }
}

bool set_dacl(const char *path, const char *sddl)
{
    PSECURITY_DESCRIPTOR sd = NULL;
    HANDLE file = CreateFileW(w(path), WRITE_DAC, 7, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    bool ok = ConvertStringSecurityDescriptorToSecurityDescriptorW(
                  w(expand(sddl)), SDDL_REVISION_1, &sd, NULL) &&
              SetKernelObjectSecurity(
                  file, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, sd);
    DWORD error = GetLastError();
    LocalFree(sd);
    CloseHandle(file);
    SetLastError(error);
    return ok;
}

static char *sid_text(PSID sid)
{
    wchar_t *text = NULL;
    if (!ConvertSidToStringSidW(sid, &text))
        return NULL;
    char *copy = u(text);
    LocalFree(text);
    return copy;
}

static void *token_information(TOKEN_INFORMATION_CLASS class)
{
    HANDLE token = NULL;
    DWORD size = 0;
    void *data = calloc(1, 65536);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) || !data)
        return NULL;
    BOOL ok = GetTokenInformation(token, class, data, 65536, &size);
    CloseHandle(token);
    return ok ? data : NULL;
}

const char *user_sid(void)
{
    static char *text;
    TOKEN_USER *user = text ? NULL : token_information(TokenUser);
    if (user)
        text = sid_text(user->User.Sid);
    return text;
}

const char *logon_sid(void)
{
    TOKEN_GROUPS *groups = token_information(TokenGroups);
    for (DWORD i = 0; groups && i < groups->GroupCount; i++)
        if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
            return sid_text(groups->Groups[i].Sid);
    return NULL;
}

char *env(const char *name)
{
    DWORD size = GetEnvironmentVariableW(w(name), NULL, 0);
    wchar_t *value = size ? calloc(size, sizeof(wchar_t)) : NULL;
    if (!value || !GetEnvironmentVariableW(w(name), value, size))
        return NULL;
    char *text = u(value);
    free(value);
    return text;
}

char *system_directory(void)
{
    wchar_t path[MAX_PATH];
    return GetSystemDirectoryW(path, MAX_PATH) ? u(path) : f("C:\\Windows\\System32");
}
