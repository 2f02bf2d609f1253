/* ntwine test double: the consent prompt, part of advapi32.dll.
 *
 * ShellExecuteExW with the verb "runas", imported by the program itself, starts the file under the user's full token,
 * as after a click on Yes. NTWINE_UAC=refuse: ERROR_CANCELLED (1223), as after a click on No.
 * https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-shellexecuteexw */

#include "double.h"

#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOW_PRIMARY 4 /* enum nt_extension in ../server/nt_model.h */
#define ELEVATION_REQUIRED 740 /* not in this mingw */

NTSTATUS WINAPI NtQueryInformationToken(HANDLE token, int what, void *data, ULONG size, ULONG *needed);

static BOOL(WINAPI *wine_execute)(SHELLEXECUTEINFOW *info);

/* The other half of a filtered token, as a primary token. */
static HANDLE full_token(void)
{
    TOKEN_LINKED_TOKEN linked = {NULL};
    HANDLE own = NULL, primary = NULL;
    ULONG used;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own)) return NULL;
    if (!NtQueryInformationToken(own, TokenLinkedToken, &linked, sizeof(linked), &used) && linked.LinkedToken) {
        if (!DuplicateTokenEx(linked.LinkedToken, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenPrimary, &primary) ||
            !fail_nt(server_extension(primary, ALLOW_PRIMARY, 0, NULL, 0))) primary = NULL;
        CloseHandle(linked.LinkedToken);
    }
    CloseHandle(own);
    return primary;
}

static DWORD run_elevated(SHELLEXECUTEINFOW *info)
{
    struct token_state state;
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    wchar_t command[32768];
    HANDLE token;
    DWORD code = 0;

    if (!token_state(NULL, &state)) return GetLastError();
    /* an elevated caller has nothing to ask for, a restricted one no administrator's half */
    if (state.elevation == TokenElevationTypeFull) token = NULL;
    else if ((state.flags & 0x10) || !(token = full_token())) return ELEVATION_REQUIRED;
    _snwprintf(command, 32768, L"\"%ls\" %ls", info->lpFile, info->lpParameters ? info->lpParameters : L"");
    if (!(token ? CreateProcessAsUserW(token, info->lpFile, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, info->lpDirectory, &startup, &process)
                : CreateProcessW(info->lpFile, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, info->lpDirectory, &startup, &process)))
        code = GetLastError();
    if (token) CloseHandle(token);
    if (code) return code;
    CloseHandle(process.hThread);
    if (info->fMask & SEE_MASK_NOCLOSEPROCESS) info->hProcess = process.hProcess;
    else CloseHandle(process.hProcess);
    info->hInstApp = (HINSTANCE)(ULONG_PTR)42;
    return 0;
}

static BOOL WINAPI execute(SHELLEXECUTEINFOW *info)
{
    wchar_t answer[16] = L"";
    char *file, *parameters;
    DWORD code;

    if (!info || !info->lpVerb || _wcsicmp(info->lpVerb, L"runas") != 0) return wine_execute(info);
    file = utf8(info->lpFile);
    parameters = utf8(info->lpParameters);
    code = double_call("ShellExecuteExW_runas", "file=%s parameters=%s", file, parameters);
    free(file);
    free(parameters);
    GetEnvironmentVariableW(L"NTWINE_UAC", answer, 16);
    if (!code && !_wcsicmp(answer, L"refuse")) code = ERROR_CANCELLED;
    if (!code) code = run_elevated(info);
    double_result("ShellExecuteExW_runas", code);
    if (code) SetLastError(code);
    return !code;
}

/* What the program imports as `name`, replaced by `ours`; returns what was there. */
static void *replace_import(const char *name, void *ours)
{
    BYTE *base = (BYTE *)GetModuleHandleW(NULL);
    const IMAGE_NT_HEADERS *headers = (const IMAGE_NT_HEADERS *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);
    const IMAGE_DATA_DIRECTORY *directory = &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    const IMAGE_IMPORT_DESCRIPTOR *import = (const IMAGE_IMPORT_DESCRIPTOR *)(base + directory->VirtualAddress);
    void *theirs;
    DWORD old;

    if (!directory->VirtualAddress) return NULL;
    for (; import->Name; import++) {
        const IMAGE_THUNK_DATA *names = (const IMAGE_THUNK_DATA *)(base + import->OriginalFirstThunk);
        IMAGE_THUNK_DATA *entries = (IMAGE_THUNK_DATA *)(base + import->FirstThunk);

        if (!import->OriginalFirstThunk) continue;
        for (; names->u1.AddressOfData; names++, entries++) {
            if (IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal)) continue;
            if (strcmp((const char *)((const IMAGE_IMPORT_BY_NAME *)(base + names->u1.AddressOfData))->Name, name) != 0) continue;
            theirs = (void *)(ULONG_PTR)entries->u1.Function;
            if (!VirtualProtect(entries, sizeof(*entries), PAGE_READWRITE, &old)) return NULL;
            entries->u1.Function = (ULONG_PTR)ours;
            VirtualProtect(entries, sizeof(*entries), old, &old);
            return theirs;
        }
    }
    return NULL;
}

void install_runas(void);

/* Called when advapi32.dll is attached: the program's imports are in place by then. */
void install_runas(void)
{
    wine_execute = replace_import("ShellExecuteExW", (void *)execute);
}
