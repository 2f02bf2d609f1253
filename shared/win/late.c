/* See late.h. */
#include "late.h"
#include "late_internal.h"

static struct sbx_late_entry entries[SBX_LATE_COUNT] = {SBX_LATE_LIST(SBX_LATE_ENTRY)};

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

static FARPROC look_up(const wchar_t *dll_w, const char *name)
{
    HMODULE module = load(dll_w);

    return module ? GetProcAddress(module, name) : NULL;
}

FARPROC sbx_late_find(struct sbx_late_entry *entry)
{
    FARPROC found = NULL;
    void *address = NULL;

    if (!InterlockedCompareExchange(&entry->looked_up, 0, 0)) {
        found = look_up(entry->dll_w, entry->name);
        memcpy(&address, &found, sizeof(address));
        InterlockedExchangePointer(&entry->address, address);
        InterlockedExchange(&entry->looked_up, 1);
    }
    address = entry->address;
    memcpy(&found, &address, sizeof(found));
    return found;
}

enum sbx_status sbx_late_refuse(const struct sbx_late_entry *entry, struct sbx_error *err)
{
    return sbx_fail(err, SBX_UNSUPPORTED, "this system has no %s in %s", entry->name, entry->dll);
}

#define ACCESSOR(id, dll, name, result, params)                                                    \
    sbx_late_fn_##id sbx_late_##id(void) SBX_LATE_GET(sbx_late_fn_##id, &entries[SBX_LATE_##id])
SBX_LATE_LIST(ACCESSOR)

enum sbx_status sbx_late_missing(enum sbx_late_id id, struct sbx_error *err)
{
    if ((size_t)id >= SBX_LATE_COUNT)
        return sbx_fail(err, SBX_INTERNAL, "no late function %d", (int)id);
    sbx_late_refuse(&entries[id], err);
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
