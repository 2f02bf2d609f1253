/* ntwine test double: profiles of accounts. userenv.dll forwards the rest to Wine's own (wuserenv.dll).
 * A profile is a folder C:\users\NAME, noted in the machine state. */

#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

HRESULT WINAPI double_CreateProfile(const wchar_t *sid, const wchar_t *user, wchar_t *path, DWORD room)
{
    char *text = utf8(sid), *name = utf8(user);
    struct machine *machine;
    struct record *record;
    DWORD code = double_call("CreateProfile", "sid=%s user=%s", text, name);
    wchar_t *wide;
    char folder[300];

    if (!code && !caller_is_admin()) code = ERROR_ACCESS_DENIED;
    snprintf(folder, sizeof(folder), "C:\\users\\%s", name);
    if (!code) do {
        machine = machine_load();
        if (record_find(machine, NULL, "profile", "sid", text)) code = ERROR_ALREADY_EXISTS;
        else {
            record = record_add(machine, "profile");
            record_set(record, "sid", text);
            record_set(record, "path", folder);
        }
    } while (!machine_done(machine, !code) && !code);
    if (!code) {
        wide = utf16(folder);
        CreateDirectoryW(wide, NULL);
        if (path && room > wcslen(wide)) wcscpy(path, wide);
        free(wide);
    }
    double_result("CreateProfile", code);
    free(text);
    free(name);
    return HRESULT_FROM_WIN32(code);
}

static void remove_tree(const wchar_t *path)
{
    wchar_t pattern[MAX_PATH], child[MAX_PATH];
    WIN32_FIND_DATAW found;
    HANDLE find;

    _snwprintf(pattern, MAX_PATH, L"%ls\\*", path);
    if ((find = FindFirstFileW(pattern, &found)) != INVALID_HANDLE_VALUE) {
        do {
            if (!wcscmp(found.cFileName, L".") || !wcscmp(found.cFileName, L"..")) continue;
            _snwprintf(child, MAX_PATH, L"%ls\\%ls", path, found.cFileName);
            if (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) continue;
            if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) remove_tree(child);
            else DeleteFileW(child);
        } while (FindNextFileW(find, &found));
        FindClose(find);
    }
    RemoveDirectoryW(path);
}

BOOL WINAPI double_DeleteProfileW(const wchar_t *sid, const wchar_t *profile, const wchar_t *computer)
{
    char *text = utf8(sid);
    struct machine *machine;
    struct record *record;
    DWORD code = double_call("DeleteProfileW", "sid=%s", text);
    wchar_t *path = NULL;

    if (!code && !caller_is_admin()) code = ERROR_ACCESS_DENIED;
    if (!code) do {
        free(path);
        path = NULL;
        machine = machine_load();
        if (!(record = record_find(machine, NULL, "profile", "sid", text))) code = ERROR_FILE_NOT_FOUND;
        else {
            path = utf16(record_get(record, "path"));
            record_remove(machine, record);
        }
    } while (!machine_done(machine, !code) && !code);
    if (!code) remove_tree(path);
    double_result("DeleteProfileW", code);
    free(path);
    free(text);
    if (code) SetLastError(code);
    return !code;
}
