/* See latenet.h. */
#include "latenet.h"
#include "late_internal.h"

enum dll { FWPUCLNT, OLEAUT32, WS2_32, DLL_COUNT };

static const wchar_t *const dll_names_w[DLL_COUNT] = {
    L"fwpuclnt.dll", L"oleaut32.dll", L"ws2_32.dll"};
static const char *const dll_names[DLL_COUNT] = {"fwpuclnt.dll", "oleaut32.dll", "ws2_32.dll"};

static const struct {
    enum dll dll;
    const char *name;
} symbols[SBX_LATENET_COUNT] = {
#define SYMBOL(id, dll, name, result, params) {dll, name},
    SBX_LATENET_LIST(SYMBOL)};

/* Two threads may look the same name up at once; both find the same answer. */
static void *volatile addresses[SBX_LATENET_COUNT];
static volatile LONG looked_up[SBX_LATENET_COUNT];

static FARPROC find(enum sbx_latenet_id id)
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
    sbx_latenet_fn_##id sbx_latenet_##id(void)                                                     \
    {                                                                                              \
        FARPROC found = find(SBX_LATENET_##id);                                                    \
        sbx_latenet_fn_##id function = NULL;                                                       \
                                                                                                   \
        memcpy(&function, &found, sizeof(function));                                               \
        return function;                                                                           \
    }
SBX_LATENET_LIST(ACCESSOR)

enum sbx_status sbx_latenet_need(
    enum sbx_latenet_id first, enum sbx_latenet_id last, struct sbx_error *err)
{
    unsigned id;

    for (id = first; id <= (unsigned)last; id++)
        if (!find((enum sbx_latenet_id)id))
            return sbx_fail(err, SBX_UNSUPPORTED, "this system has no %s in %s", symbols[id].name,
                dll_names[symbols[id].dll]);
    return SBX_OK;
}
