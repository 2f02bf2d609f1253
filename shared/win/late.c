/* See late.h. */
#include "late.h"
#include "late_internal.h"

/* DLLs of System32 that may be asked for; nothing else is ever loaded by this program. */
enum dll { KERNEL32, KERNELBASE, NTDLL, ADVAPI32, USER32, BCRYPT, OLE32, NETAPI32, DLL_COUNT };

static const wchar_t *const dll_names_w[DLL_COUNT] = {L"kernel32.dll", L"kernelbase.dll",
    L"ntdll.dll", L"advapi32.dll", L"user32.dll", L"bcrypt.dll", L"ole32.dll", L"netapi32.dll"};
static const char *const dll_names[DLL_COUNT] = {"kernel32.dll", "kernelbase.dll", "ntdll.dll",
    "advapi32.dll", "user32.dll", "bcrypt.dll", "ole32.dll", "netapi32.dll"};

struct symbol {
    enum dll dll;
    const char *name;
};

#define SYMBOL(id, dll, name, result, params) {dll, name},
static const struct symbol symbols[SBX_LATE_COUNT] = {SBX_LATE_LIST(SYMBOL)};

/*
 * By absolute path: LOAD_LIBRARY_SEARCH_SYSTEM32 does not exist on every kernel this must start on,
 * and a bare name would search. LOAD_WITH_ALTERED_SEARCH_PATH makes the DLL's own imports start
 * from System32 as well. Never freed: the addresses are kept for the life of the process.
 * https://learn.microsoft.com/windows/win32/api/libloaderapi/nf-libloaderapi-loadlibraryexw
 */
static HMODULE load(const wchar_t *name_w)
{
    wchar_t path_w[MAX_PATH + 1 + 16];
    size_t cch_name = wcslen(name_w);
    UINT cch = GetSystemDirectoryW(path_w, MAX_PATH);

    if (cch == 0 || cch >= MAX_PATH || cch_name > 14)
        return NULL;
    path_w[cch] = L'\\';
    memcpy(path_w + cch + 1, name_w, (cch_name + 1) * sizeof(*path_w));
    return LoadLibraryExW(path_w, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}

FARPROC sbx_late_lookup(const wchar_t *dll_w, const char *name)
{
    HMODULE module = load(dll_w);

    return module ? GetProcAddress(module, name) : NULL;
}

/* Two threads may look the same name up at once; both find the same answer. */
static void *volatile addresses[SBX_LATE_COUNT];
static volatile LONG looked_up[SBX_LATE_COUNT];

static FARPROC find(enum sbx_late_id id)
{
    FARPROC found = NULL;
    void *address = NULL;

    if (!InterlockedCompareExchange(&looked_up[id], 0, 0)) {
        found = sbx_late_lookup(dll_names_w[symbols[id].dll], symbols[id].name);
        memcpy(&address, &found, sizeof(address));
        InterlockedExchangePointer(&addresses[id], address);
        InterlockedExchange(&looked_up[id], 1);
    }
    address = addresses[id];
    memcpy(&found, &address, sizeof(found));
    return found;
}

#define ACCESSOR(id, dll, name, result, params)                                                    \
    sbx_late_fn_##id sbx_late_##id(void)                                                           \
    {                                                                                              \
        FARPROC found = find(SBX_LATE_##id);                                                       \
        sbx_late_fn_##id function = NULL;                                                          \
                                                                                                   \
        memcpy(&function, &found, sizeof(function));                                               \
        return function;                                                                           \
    }
SBX_LATE_LIST(ACCESSOR)

enum sbx_status sbx_late_missing(enum sbx_late_id id, struct sbx_error *err)
{
    if ((size_t)id >= SBX_LATE_COUNT)
        return sbx_fail(err, SBX_INTERNAL, "no late function %d", (int)id);
    sbx_fail(err, SBX_UNSUPPORTED, "this system has no %s in %s", symbols[id].name,
        dll_names[symbols[id].dll]);
    sbx_error_hint(err, "use a newer Windows, or a policy that does not need it");
    return SBX_UNSUPPORTED;
}

const char *sbx_late_wine_version(void)
{
    sbx_late_fn_wine_get_version get = sbx_late_wine_get_version();

    return get ? get() : NULL;
}

enum sbx_status sbx_late_kernel_version(
    struct sbx_kernel_version *ret_version, struct sbx_error *err)
{
    sbx_late_fn_rtl_get_version get = sbx_late_rtl_get_version();
    OSVERSIONINFOW info = {0};
    LONG nt_status;

    if (!get)
        return sbx_late_missing(SBX_LATE_rtl_get_version, err);
    info.dwOSVersionInfoSize = sizeof(info);
    nt_status = get(&info);
    if (nt_status < 0)
        return sbx_fail_nt(err, (uint32_t)nt_status, "version of the kernel");
    ret_version->major = info.dwMajorVersion;
    ret_version->minor = info.dwMinorVersion;
    ret_version->build = info.dwBuildNumber;
    return SBX_OK;
}
