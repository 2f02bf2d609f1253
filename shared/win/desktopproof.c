/* See desktopproof.h. */
#include "desktopproof.h"

#include "wstr.h"

/*
 * Where things lie in the process environment block and in RTL_USER_PROCESS_PARAMETERS; the same
 * since Windows 2000. winternl.h declares the structures with these parts reserved.
 */
#ifdef _WIN64
#define PEB_PARAMETERS 0x20u
#define PARAMETERS_DESKTOP 0xC0u
#else
#define PEB_PARAMETERS 0x10u
#define PARAMETERS_DESKTOP 0x78u
#endif

#define DESKTOP_MAX_CCH 512u

static bool read_remote(HANDLE process, uintptr_t address, void *memory, size_t size_bytes)
{
    SIZE_T done = 0;

    return ReadProcessMemory(process, (LPCVOID)address, memory, size_bytes, &done) &&
           done == size_bytes;
}

/* The remote UNICODE_STRING's text; everything in it is the child's memory, hence the caps. */
static bool read_desktop(HANDLE process, wchar_t text_w[DESKTOP_MAX_CCH + 1])
{
    PROCESS_BASIC_INFORMATION basic = {0};
    UNICODE_STRING name = {0};
    uintptr_t parameters = 0;

    if (NtQueryInformationProcess(process, ProcessBasicInformation, &basic, sizeof(basic), NULL))
        return false;
    if (!read_remote(process, (uintptr_t)basic.PebBaseAddress + PEB_PARAMETERS, &parameters,
            sizeof(parameters)) ||
        !read_remote(process, parameters + PARAMETERS_DESKTOP, &name, sizeof(name)) ||
        name.Length % sizeof(wchar_t) || name.Length > DESKTOP_MAX_CCH * sizeof(wchar_t) ||
        !read_remote(process, (uintptr_t)name.Buffer, text_w, name.Length))
        return false;
    text_w[name.Length / sizeof(wchar_t)] = L'\0';
    return true;
}

enum sbx_status sbx_desktop_prove(
    HANDLE process, const char *desktop, struct sbx_findings *findings, struct sbx_error *err)
{
    wchar_t seen_w[DESKTOP_MAX_CCH + 1] = {0};
    wchar_t *wanted_w = NULL;
    char seen[256];
    enum sbx_status status;

    if (!read_desktop(process, seen_w)) {
        sbx_findings_add(findings, "Desktop", "the child's parameters could not be read");
        return sbx_fail(err, SBX_UNPROVEN, "the child's desktop could not be read back");
    }
    status = sbx_wstr_from_utf8(desktop, &wanted_w, err);
    if (!status && wcscmp(seen_w, wanted_w) != 0) {
        sbx_wstr_display(seen_w, wcslen(seen_w), seen, sizeof(seen));
        sbx_findings_add(findings, "Desktop", "asked for '%s', the child has '%s'", desktop, seen);
        status =
            sbx_fail(err, SBX_UNPROVEN, "the child's desktop is '%s', not '%s'", seen, desktop);
    }
    free(wanted_w);
    return status;
}
