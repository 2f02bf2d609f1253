/* ntwine test double: the Windows Filtering Platform's management calls. fwpuclnt.dll forwards the rest to Wine's own
 * (wfwpuclnt.dll). It keeps providers, sublayers and filters in the machine state; it filters nothing.
 * https://learn.microsoft.com/windows/win32/fwp/windows-filtering-platform-start-page */

#include "fwp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- engine and transactions ---- */

DWORD WINAPI double_FwpmEngineOpen0(const wchar_t *server, UINT32 service, SEC_WINNT_AUTH_IDENTITY_W *identity, const FWPM_SESSION0 *options,
                                    HANDLE *engine)
{
    DWORD code = double_call("FwpmEngineOpen0", "flags=%u", options ? options->flags : 0);
    struct session *session;

    /* Everybody may open a session; what it is good for is asked with each call of it.
     * https://learn.microsoft.com/windows/win32/fwp/access-control */
    if (!code) {
        session = calloc(1, sizeof(*session));
        session->magic = SESSION_MAGIC;
        session->dynamic = options && (options->flags & 1);
        snprintf(session->id, sizeof(session->id), "%lu-%llu", GetCurrentProcessId(), (unsigned long long)GetTickCount64());
        *engine = session;
    }
    double_result("FwpmEngineOpen0", code);
    return code;
}

DWORD WINAPI double_FwpmEngineClose0(HANDLE engine)
{
    struct session *session = session_of(engine);
    static const char *const kinds[] = {"wfp-filter", "wfp-sublayer", "wfp-provider"};
    struct machine *machine;
    struct record *record;
    DWORD code = double_call("FwpmEngineClose0", "");
    size_t i;

    if (!session) code = ERROR_INVALID_HANDLE;
    if (!code) {
        drop_changes(session);
        if (session->dynamic) do {
            machine = machine_load();
            for (i = 0; i < 3; i++)
                while ((record = record_find(machine, NULL, kinds[i], "session", session->id))) record_remove(machine, record);
        } while (!machine_done(machine, TRUE));
        session->magic = 0;
        free(session);
    }
    double_result("FwpmEngineClose0", code);
    return code;
}

DWORD WINAPI double_FwpmTransactionBegin0(HANDLE engine, UINT32 flags)
{
    struct session *session;
    DWORD code = begin("FwpmTransactionBegin0", engine, "", &session);

    if (!code && session->in_transaction) code = FWP_TXN_IN_PROGRESS;
    if (!code) session->in_transaction = true;
    double_result("FwpmTransactionBegin0", code);
    return code;
}

static DWORD end_transaction(const char *function, HANDLE engine, bool commit)
{
    struct session *session;
    DWORD code = begin(function, engine, "", &session);

    if (!code && !session->in_transaction) code = FWP_NO_TXN;
    if (!code) {
        session->in_transaction = false;
        if (commit) apply_changes(session);
        else drop_changes(session);
    }
    double_result(function, code);
    return code;
}

DWORD WINAPI double_FwpmTransactionCommit0(HANDLE engine)
{
    return end_transaction("FwpmTransactionCommit0", engine, true);
}

DWORD WINAPI double_FwpmTransactionAbort0(HANDLE engine)
{
    return end_transaction("FwpmTransactionAbort0", engine, false);
}

void WINAPI double_FwpmFreeMemory0(void **memory)
{
    if (memory && *memory) HeapFree(GetProcessHeap(), 0, *memory);
    if (memory) *memory = NULL;
}

/* ---- providers and sublayers ---- */

static void load_provider(struct arena *arena, void *object, const struct record *record)
{
    FWPM_PROVIDER0 *out = object;

    guid_parse(record_get(record, "key"), &out->providerKey);
    get_display(arena, &out->displayData, record);
    out->flags = strtoul(record_get(record, "flags"), NULL, 0);
}

static void load_sublayer(struct arena *arena, void *object, const struct record *record)
{
    FWPM_SUBLAYER0 *out = object;

    guid_parse(record_get(record, "key"), &out->subLayerKey);
    get_display(arena, &out->displayData, record);
    out->providerKey = get_provider(arena, record);
    out->flags = (UINT16)strtoul(record_get(record, "flags"), NULL, 0);
    out->weight = (UINT16)strtoul(record_get(record, "weight"), NULL, 0);
}

static const struct kind providers = {"wfp-provider", FWP_PROVIDER_NOT_FOUND, sizeof(FWPM_PROVIDER0), load_provider};
static const struct kind sublayers = {"wfp-sublayer", FWP_SUBLAYER_NOT_FOUND, sizeof(FWPM_SUBLAYER0), load_sublayer};

DWORD WINAPI double_FwpmProviderAdd0(HANDLE engine, const FWPM_PROVIDER0 *provider, PSECURITY_DESCRIPTOR sd)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record;
    char key[40];
    DWORD code;

    guid_text(&provider->providerKey, key);
    code = begin("FwpmProviderAdd0", engine, key, &session);
    if (!code && !provider->displayData.name) code = FWP_NULL_DISPLAY_NAME;
    if (!code && find_object(session, machine, "wfp-provider", "key", key)) code = FWP_ALREADY_EXISTS;
    if (!code) {
        record = new_object(session, "wfp-provider", key);
        set_display(record, &provider->displayData);
        record_setf(record, "flags", "0x%x", provider->flags);
    }
    machine_done(machine, FALSE);
    return finish("FwpmProviderAdd0", session, code);
}

DWORD WINAPI double_FwpmSubLayerAdd0(HANDLE engine, const FWPM_SUBLAYER0 *sublayer, PSECURITY_DESCRIPTOR sd)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record;
    char key[40];
    DWORD code;

    guid_text(&sublayer->subLayerKey, key);
    code = begin("FwpmSubLayerAdd0", engine, key, &session);
    if (!code && !sublayer->displayData.name) code = FWP_NULL_DISPLAY_NAME;
    if (!code) code = check_provider(session, machine, sublayer->providerKey);
    if (!code && find_object(session, machine, "wfp-sublayer", "key", key)) code = FWP_ALREADY_EXISTS;
    if (!code) {
        record = new_object(session, "wfp-sublayer", key);
        set_display(record, &sublayer->displayData);
        set_provider(record, sublayer->providerKey);
        record_setf(record, "flags", "0x%x", sublayer->flags);
        record_setf(record, "weight", "%u", sublayer->weight);
    }
    machine_done(machine, FALSE);
    return finish("FwpmSubLayerAdd0", session, code);
}

DWORD WINAPI double_FwpmProviderDeleteByKey0(HANDLE engine, const GUID *key)
{
    return remove_object("FwpmProviderDeleteByKey0", engine, &providers, key);
}

DWORD WINAPI double_FwpmSubLayerDeleteByKey0(HANDLE engine, const GUID *key)
{
    return remove_object("FwpmSubLayerDeleteByKey0", engine, &sublayers, key);
}

DWORD WINAPI double_FwpmProviderGetByKey0(HANDLE engine, const GUID *key, FWPM_PROVIDER0 **ret)
{
    return get_by_key("FwpmProviderGetByKey0", engine, &providers, key, (void **)ret);
}

DWORD WINAPI double_FwpmSubLayerGetByKey0(HANDLE engine, const GUID *key, FWPM_SUBLAYER0 **ret)
{
    return get_by_key("FwpmSubLayerGetByKey0", engine, &sublayers, key, (void **)ret);
}
