/* See scratch.h. Plain Win32 on purpose: the code under test must not check itself. */
#include "tests/support/unit.h"
#include "scratch.h"

#include <stdio.h>

static char root[400];

bool platform_is_wine(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    return ntdll && GetProcAddress(ntdll, "wine_get_version") != NULL;
}

bool platform_is_stock_wine(void)
{
    wchar_t value_w[16] = {0};

    GetEnvironmentVariableW(L"SBX_PLATFORM", value_w, countof(value_w));
    return platform_is_wine() && wcscmp(value_w, L"ntwine") != 0;
}

static void widen(const char *text, wchar_t *text_w, int size_cch)
{
    ck_assert_int_gt(
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, text_w, size_cch), 0);
}

const char *scratch_path(const char *name)
{
    static char path[800];

    snprintf(path, sizeof(path), "%s\\%s", root, name);
    return path;
}

const wchar_t *scratch_path_w(const char *name)
{
    static wchar_t path_w[800];

    widen(scratch_path(name), path_w, countof(path_w));
    return path_w;
}

const char *scratch_begin(void)
{
    static unsigned counter;
    wchar_t temp_w[300];
    wchar_t long_w[300];
    char temp[350];
    DWORD cch = GetTempPathW(countof(temp_w), temp_w);

    ck_assert(cch > 0 && cch < countof(temp_w));
    cch = GetLongPathNameW(temp_w, long_w, countof(long_w));
    ck_assert(cch > 0 && cch < countof(long_w));
    ck_assert_int_gt(
        WideCharToMultiByte(CP_UTF8, 0, long_w, -1, temp, (int)sizeof(temp), NULL, NULL), 0);
    snprintf(root, sizeof(root), "%ssbx-test-%lu-%u", temp, (unsigned long)GetCurrentProcessId(),
        counter++);
    widen(root, temp_w, countof(temp_w));
    ck_assert(CreateDirectoryW(temp_w, NULL));
    return root;
}

/* A link is removed as a directory or file of its own on Windows; on Wine, where that would hit
 * the target, it is left alone (and the directory stays). */
static void remove_tree(const wchar_t *directory_w)
{
    WIN32_FIND_DATAW found;
    wchar_t path_w[800];
    HANDLE find;

    _snwprintf_s(path_w, countof(path_w), _TRUNCATE, L"%ls\\*", directory_w);
    find = FindFirstFileW(path_w, &found);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        bool is_link = (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;

        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0 ||
            (is_link && platform_is_wine()))
            continue;
        _snwprintf_s(path_w, countof(path_w), _TRUNCATE, L"%ls\\%ls", directory_w, found.cFileName);
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
            if (!is_link)
                remove_tree(path_w);
            RemoveDirectoryW(path_w);
        } else {
            SetFileAttributesW(path_w, FILE_ATTRIBUTE_NORMAL);
            DeleteFileW(path_w);
        }
    } while (FindNextFileW(find, &found));
    FindClose(find);
}

void scratch_end(void)
{
    wchar_t root_w[400];

    if (!root[0])
        return;
    widen(root, root_w, countof(root_w));
    remove_tree(root_w);
    RemoveDirectoryW(root_w);
    root[0] = '\0';
}

void scratch_write(const char *name, const char *text)
{
    HANDLE file = CreateFileW(scratch_path_w(name), GENERIC_WRITE, FILE_SHARE_READ, NULL,
        CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD done = 0;

    ck_assert_msg(file != INVALID_HANDLE_VALUE, "create %s: %lu", name, GetLastError());
    ck_assert(WriteFile(file, text, (DWORD)strlen(text), &done, NULL));
    ck_assert_uint_eq(done, strlen(text));
    CloseHandle(file);
}

void scratch_mkdir(const char *name)
{
    ck_assert_msg(
        CreateDirectoryW(scratch_path_w(name), NULL), "mkdir %s: %lu", name, GetLastError());
}

bool scratch_exists(const char *name)
{
    return GetFileAttributesW(scratch_path_w(name)) != INVALID_FILE_ATTRIBUTES;
}
