/* See platform.h. */
#include "platform.h"

#include <stdio.h>

#include "late.h"

/*
 * tests/ntwine puts doubles beside the programs; its advapi32 has this export. It is looked for so
 * that nobody takes a result of that model for one of Windows.
 */
static bool is_ntwine(void)
{
    HMODULE advapi = GetModuleHandleW(L"advapi32.dll");

    return advapi && GetProcAddress(advapi, "NtwineIsAModel");
}

void sbx_platform_name(char *text, size_t size_bytes)
{
    struct sbx_kernel_version version = {0};
    const char *wine = sbx_late_wine_version();

    if (wine && is_ntwine())
        snprintf(text, size_bytes, "ntwine (a model of NT access checks on Wine %.40s)", wine);
    else if (wine)
        snprintf(text, size_bytes, "wine %.40s", wine);
    else if (sbx_late_kernel_version(&version, NULL))
        snprintf(text, size_bytes, "unknown");
    else
        snprintf(text, size_bytes, "windows %u.%u.%u", (unsigned)version.major,
            (unsigned)version.minor, (unsigned)version.build);
}
