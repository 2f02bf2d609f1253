/* See remoteparams.h. */
#include "remoteparams.h"

/*
 * Where things lie in the process environment block and in RTL_USER_PROCESS_PARAMETERS; the same
 * since Windows 2000. winternl.h declares the structures with these parts reserved.
 */
#ifdef _WIN64
#define PEB_PARAMETERS 0x20u
#define PARAMETERS_STDIO 0x20u
#define PARAMETERS_DESKTOP 0xC0u
#else
#define PEB_PARAMETERS 0x10u
#define PARAMETERS_STDIO 0x18u
#define PARAMETERS_DESKTOP 0x78u
#endif

static bool read_remote(HANDLE process, uintptr_t address, void *memory, size_t size_bytes)
{
    SIZE_T done = 0;

    return ReadProcessMemory(process, (LPCVOID)address, memory, size_bytes, &done) &&
           done == size_bytes;
}

static bool find_parameters(HANDLE process, uintptr_t *ret_address)
{
    PROCESS_BASIC_INFORMATION basic = {0};

    return !NtQueryInformationProcess(
               process, ProcessBasicInformation, &basic, sizeof(basic), NULL) &&
           read_remote(process, (uintptr_t)basic.PebBaseAddress + PEB_PARAMETERS, ret_address,
               sizeof(*ret_address));
}

/* Everything in the UNICODE_STRING is the other process's memory, hence the caps. */
bool sbx_remote_desktop(HANDLE process, wchar_t text_w[SBX_REMOTE_DESKTOP_MAX_CCH + 1])
{
    UNICODE_STRING name = {0};
    uintptr_t parameters = 0;

    if (!find_parameters(process, &parameters) ||
        !read_remote(process, parameters + PARAMETERS_DESKTOP, &name, sizeof(name)) ||
        name.Length % sizeof(wchar_t) ||
        name.Length > SBX_REMOTE_DESKTOP_MAX_CCH * sizeof(wchar_t) ||
        !read_remote(process, (uintptr_t)name.Buffer, text_w, name.Length))
        return false;
    text_w[name.Length / sizeof(wchar_t)] = L'\0';
    return true;
}

bool sbx_remote_stdio(HANDLE process, struct sbx_remote_stdio *ret_stdio)
{
    uintptr_t parameters = 0;

    return find_parameters(process, &parameters) &&
           read_remote(process, parameters + PARAMETERS_STDIO, ret_stdio, sizeof(*ret_stdio));
}

bool sbx_remote_set_stdio(HANDLE process, const struct sbx_remote_stdio *stdio)
{
    uintptr_t parameters = 0;
    SIZE_T done = 0;

    return find_parameters(process, &parameters) &&
           WriteProcessMemory(
               process, (LPVOID)(parameters + PARAMETERS_STDIO), stdio, sizeof(*stdio), &done) &&
           done == sizeof(*stdio);
}
