/* ntwine test double: the Windows Filtering Platform's management calls. fwpuclnt.dll forwards the rest to Wine's own
 * (wfwpuclnt.dll). It keeps providers, sublayers and filters in the machine state; it filters nothing.
 * https://learn.microsoft.com/windows/win32/fwp/windows-filtering-platform-start-page */

#include "double.h"

#include <fwpmu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FWP_ALREADY_EXISTS 0x80320009u
#define FWP_FILTER_NOT_FOUND 0x80320003u
#define FWP_CONDITION_NOT_FOUND 0x80320002u
#define FWP_LAYER_NOT_FOUND 0x80320004u
#define FWP_PROVIDER_NOT_FOUND 0x80320005u
#define FWP_SUBLAYER_NOT_FOUND 0x80320007u
#define FWP_NOT_FOUND 0x80320008u
#define FWP_IN_USE 0x8032000Au
#define FWP_NO_TXN 0x8032000Du
#define FWP_TXN_IN_PROGRESS 0x8032000Eu
#define FWP_NULL_POINTER 0x8032001Cu
#define FWP_TYPE_MISMATCH 0x80320027u
#define FWP_NULL_DISPLAY_NAME 0x80320023u

/* A change that waits for its transaction's end; `record` is NULL for a removal. */
struct change {
    struct change *next;
    struct machine *holder; /* owns record, so that the record functions can be used */
    struct record *record;
    char kind[24], key[40];
};

struct session {
    unsigned magic;
    bool in_transaction, dynamic;
    char id[32];
    struct change *first;
};

struct enumeration {
    size_t next;
};

#define SESSION_MAGIC 0x4e545746u

static struct session *session_of(HANDLE engine)
{
    struct session *session = engine;

    return session && session->magic == SESSION_MAGIC ? session : NULL;
}

static void guid_text(const GUID *guid, char *out)
{
    sprintf(out, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid->Data1, guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1],
            guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5], guid->Data4[6], guid->Data4[7]);
}

static void guid_parse(const char *text, GUID *guid)
{
    unsigned part[8] = {0}, a = 0, b = 0, c = 0, i;

    memset(guid, 0, sizeof(*guid));
    if (sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, &part[0], &part[1], &part[2], &part[3], &part[4], &part[5], &part[6],
               &part[7]) != 11) return;
    guid->Data1 = a;
    guid->Data2 = (unsigned short)b;
    guid->Data3 = (unsigned short)c;
    for (i = 0; i < 8; i++) guid->Data4[i] = (unsigned char)part[i];
}

static bool is_null(const GUID *guid)
{
    static const GUID null;

    return !memcmp(guid, &null, sizeof(null));
}

/* ---- layers and conditions we know; `listens`: no remote end at that layer ---- */

static const struct {
    const char *key, *name;
    bool listens;
} layers[] = {
    {"c38d57d1-05a7-4c33-904f-7fbceee60e82", "ALE_AUTH_CONNECT_V4", false},
    {"4a72393b-319f-44bc-84c3-ba54dcb3b6b4", "ALE_AUTH_CONNECT_V6", false},
    {"88bb5dad-76d7-4227-9c71-df0a3ed7be7e", "ALE_AUTH_LISTEN_V4", true},
    {"7ac9de24-17dd-4814-b4bd-a9fbc95a321b", "ALE_AUTH_LISTEN_V6", true},
    {"e1cd9fe7-f4b5-4273-96c0-592e487b8650", "ALE_AUTH_RECV_ACCEPT_V4", false},
    {"a3b42c97-9f04-4672-b87e-cee9c483257f", "ALE_AUTH_RECV_ACCEPT_V6", false},
    {"1247d66d-0b60-4a15-8d44-7155d0f53a0c", "ALE_RESOURCE_ASSIGNMENT_V4", true},
    {"55a650e1-5f0a-4eca-a653-88f53b26aa8c", "ALE_RESOURCE_ASSIGNMENT_V6", true},
};

static const struct {
    const char *key, *name;
    bool remote, sd;
} conditions[] = {
    {"af043a0a-b34d-4f86-979c-c90371af6e66", "ALE_USER_ID", false, true},
    {"d78e1e87-8644-4ea5-9437-d809ecefc971", "ALE_APP_ID", false, false},
    {"b235ae9a-1d64-49b8-a44c-5ff3d9095045", "IP_REMOTE_ADDRESS", true, false},
    {"d9ee00de-c1ef-4617-bfe3-ffd8f5a08957", "IP_LOCAL_ADDRESS", false, false},
    {"c35a604d-d22b-4e1a-91b4-68f674ee674b", "IP_REMOTE_PORT", true, false},
    {"0c1ba1af-5765-453f-af22-a8f791ac775b", "IP_LOCAL_PORT", false, false},
    {"3971ef2b-623e-4f9a-8cb1-6e79b806b9a7", "IP_PROTOCOL", false, false},
    {"632ce23b-5167-435c-86d7-e903684aa80c", "FLAGS", false, false},
};

static DWORD check_filter(const FWPM_FILTER0 *filter, const char **layer_name)
{
    char key[40];
    bool listens;
    size_t i, c;
    UINT32 n;

    guid_text(&filter->layerKey, key);
    for (i = 0; i < sizeof(layers) / sizeof(layers[0]) && strcmp(layers[i].key, key) != 0; i++) {}
    if (i == sizeof(layers) / sizeof(layers[0])) return FWP_LAYER_NOT_FOUND;
    *layer_name = layers[i].name;
    listens = layers[i].listens;
    for (n = 0; n < filter->numFilterConditions; n++) {
        guid_text(&filter->filterCondition[n].fieldKey, key);
        for (c = 0; c < sizeof(conditions) / sizeof(conditions[0]) && strcmp(conditions[c].key, key) != 0; c++) {}
        if (c == sizeof(conditions) / sizeof(conditions[0]) || (listens && conditions[c].remote)) return FWP_CONDITION_NOT_FOUND;
        if (conditions[c].sd != (filter->filterCondition[n].conditionValue.type == FWP_SECURITY_DESCRIPTOR_TYPE)) return FWP_TYPE_MISMATCH;
    }
    return 0;
}

/* ---- values as text: "type:hex", a range "258:type:hex-type:hex" ---- */

struct text {
    char data[30000];
    size_t used;
};

static void put(struct text *text, const char *data)
{
    size_t size = strlen(data);

    if (text->used + size + 1 > sizeof(text->data)) return;
    memcpy(text->data + text->used, data, size + 1);
    text->used += size;
}

static void put_hex(struct text *text, const void *data, size_t size)
{
    const BYTE *in = data;
    char two[3];

    while (size--) {
        sprintf(two, "%02x", *in++);
        put(text, two);
    }
}

static void put_value(struct text *text, DWORD type, const FWP_VALUE0 *value)
{
    char head[16];

    sprintf(head, "%lu:", type);
    put(text, head);
    switch (type) {
    case FWP_UINT8: put_hex(text, &value->uint8, 1); break;
    case FWP_UINT16: put_hex(text, &value->uint16, 2); break;
    case FWP_UINT32: put_hex(text, &value->uint32, 4); break;
    case FWP_UINT64: put_hex(text, value->uint64, 8); break;
    case FWP_BYTE_ARRAY16_TYPE: put_hex(text, value->byteArray16, 16); break;
    case FWP_BYTE_BLOB_TYPE:
    case FWP_SECURITY_DESCRIPTOR_TYPE: put_hex(text, value->byteBlob->data, value->byteBlob->size); break;
    case FWP_SID: put_hex(text, value->sid, sid_size(value->sid)); break;
    case FWP_V4_ADDR_MASK: put_hex(text, value->byteBlob, sizeof(FWP_V4_ADDR_AND_MASK)); break;
    case FWP_V6_ADDR_MASK: put_hex(text, value->byteBlob, sizeof(FWP_V6_ADDR_AND_MASK)); break;
    case FWP_RANGE_TYPE: {
        const FWP_RANGE0 *range = (const FWP_RANGE0 *)value->byteBlob;
        put_value(text, range->valueLow.type, &range->valueLow);
        put(text, "-");
        put_value(text, range->valueHigh.type, &range->valueHigh);
        break;
    }
    }
}

struct arena {
    BYTE *data;
    size_t used, room;
};

static void *take(struct arena *arena, size_t size)
{
    void *at = arena->data + arena->used;

    arena->used += (size + 15) & ~(size_t)15;
    return arena->used <= arena->room ? at : arena->data; /* the room is ample: see begin_arena */
}

static bool begin_arena(struct arena *arena, size_t objects)
{
    arena->used = 0;
    arena->room = (objects + 1) * 65536;
    arena->data = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, arena->room);
    return arena->data != NULL;
}

static size_t get_hex(const char **text, BYTE *out)
{
    size_t size = 0;
    unsigned byte;

    for (; sscanf(*text, "%2x", &byte) == 1 && strspn(*text, "0123456789abcdef") >= 2; *text += 2) out[size++] = (BYTE)byte;
    return size;
}

static DWORD get_value(struct arena *arena, const char **text, FWP_VALUE0 *value)
{
    static BYTE bytes[16384];
    DWORD type = strtoul(*text, (char **)text, 10);
    size_t size;

    value->type = (FWP_DATA_TYPE)type;
    if (**text == ':') ++*text;
    if (type == FWP_RANGE_TYPE) {
        FWP_RANGE0 *range = take(arena, sizeof(*range));
        get_value(arena, text, &range->valueLow);
        if (**text == '-') ++*text;
        get_value(arena, text, &range->valueHigh);
        value->byteBlob = (FWP_BYTE_BLOB *)range;
        return type;
    }
    size = get_hex(text, bytes);
    if (type <= FWP_UINT32) {
        value->uint32 = 0;
        memcpy(&value->uint32, bytes, size);
    } else if (type == FWP_BYTE_BLOB_TYPE || type == FWP_SECURITY_DESCRIPTOR_TYPE) {
        value->byteBlob = take(arena, sizeof(FWP_BYTE_BLOB));
        value->byteBlob->size = (UINT32)size;
        value->byteBlob->data = take(arena, size);
        memcpy(value->byteBlob->data, bytes, size);
    } else memcpy(value->byteBlob = take(arena, size), bytes, size);
    return type;
}

static wchar_t *get_text(struct arena *arena, const char *text)
{
    int count = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *out = take(arena, (size_t)count * sizeof(wchar_t));

    MultiByteToWideChar(CP_UTF8, 0, text, -1, out, count);
    return out;
}

/* ---- finding and changing ---- */

/* The record as this session sees it: its own pending changes first, the last one wins. */
static struct record *find_object(struct session *session, struct machine *machine, const char *kind, const char *field, const char *value)
{
    struct record *found = NULL;
    struct change *change;
    bool removed = false;

    for (change = session->first; change; change = change->next) {
        if (strcmp(change->kind, kind) != 0) continue;
        if (change->record && !_stricmp(record_get(change->record, field), value)) found = change->record, removed = false;
        else if (!change->record && !strcmp(field, "key") && !_stricmp(change->key, value)) found = NULL, removed = true;
    }
    if (found || removed) return found;
    found = record_find(machine, NULL, kind, field, value);
    for (change = session->first; found && change; change = change->next)
        if (!change->record && !strcmp(change->kind, kind) && !_stricmp(change->key, record_get(found, "key"))) return NULL;
    return found;
}

static void copy_record(struct machine *machine, const struct record *from)
{
    struct record *to = record_add(machine, record_get(from, "kind"));
    size_t i;

    for (i = 0; i < from->count; i++) record_set(to, from->fields[i].name, from->fields[i].value);
}

static void drop_changes(struct session *session)
{
    struct change *next;

    for (; session->first; session->first = next) {
        next = session->first->next;
        if (session->first->holder) machine_done(session->first->holder, FALSE);
        free(session->first);
    }
}

static void apply_changes(struct session *session)
{
    struct machine *machine;
    struct change *change;
    struct record *record;

    do {
        machine = machine_load();
        for (change = session->first; change; change = change->next) {
            if (change->record) copy_record(machine, change->record);
            else if ((record = record_find(machine, NULL, change->kind, "key", change->key))) record_remove(machine, record);
        }
    } while (!machine_done(machine, TRUE));
    drop_changes(session);
}

static struct change *add_change(struct session *session, const char *kind, const char *key)
{
    struct change **end = &session->first, *change = calloc(1, sizeof(*change));

    while (*end) end = &(*end)->next;
    snprintf(change->kind, sizeof(change->kind), "%s", kind);
    snprintf(change->key, sizeof(change->key), "%s", key);
    return *end = change;
}

static struct record *new_object(struct session *session, const char *kind, const char *key)
{
    struct change *change = add_change(session, kind, key);

    change->holder = calloc(1, sizeof(*change->holder));
    change->record = record_add(change->holder, kind);
    record_set(change->record, "key", key);
    if (session->dynamic) record_set(change->record, "session", session->id);
    return change->record;
}

static DWORD begin(const char *function, HANDLE engine, const char *what, struct session **session)
{
    DWORD code = double_call(function, "%s", what);

    *session = session_of(engine);
    if (!code && !*session) code = ERROR_INVALID_HANDLE;
    return code ? code : caller_is_admin() ? 0 : ERROR_ACCESS_DENIED;
}

static DWORD finish(const char *function, struct session *session, DWORD code)
{
    if (session && !session->in_transaction) {
        if (!code && session->first) apply_changes(session);
        else drop_changes(session);
    }
    double_result(function, code);
    return code;
}

/* ---- engine and transactions ---- */

DWORD WINAPI double_FwpmEngineOpen0(const wchar_t *server, UINT32 service, SEC_WINNT_AUTH_IDENTITY_W *identity, const FWPM_SESSION0 *options,
                                    HANDLE *engine)
{
    DWORD code = double_call("FwpmEngineOpen0", "flags=%u", options ? options->flags : 0);
    struct session *session;

    if (!code && !caller_is_admin()) code = ERROR_ACCESS_DENIED;
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

static void set_display(struct record *record, const FWPM_DISPLAY_DATA0 *display)
{
    char *name = utf8(display->name), *description = utf8(display->description);

    record_set(record, "name", name);
    record_set(record, "description", description);
    free(name);
    free(description);
}

static void get_display(struct arena *arena, FWPM_DISPLAY_DATA0 *display, const struct record *record)
{
    display->name = get_text(arena, record_get(record, "name"));
    display->description = get_text(arena, record_get(record, "description"));
}

static void set_provider(struct record *record, const GUID *provider)
{
    char key[40] = "";

    if (provider) guid_text(provider, key);
    record_set(record, "provider", key);
}

static GUID *get_provider(struct arena *arena, const struct record *record)
{
    GUID *guid;

    if (!*record_get(record, "provider")) return NULL;
    guid = take(arena, sizeof(*guid));
    guid_parse(record_get(record, "provider"), guid);
    return guid;
}

static DWORD check_provider(struct session *session, struct machine *machine, const GUID *provider)
{
    char key[40];

    if (!provider) return 0;
    guid_text(provider, key);
    return find_object(session, machine, "wfp-provider", "key", key) ? 0 : FWP_PROVIDER_NOT_FOUND;
}

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

/* Is anything still attached? */
static bool in_use(struct session *session, struct machine *machine, const char *kind, const char *key)
{
    if (!strcmp(kind, "wfp-provider"))
        return find_object(session, machine, "wfp-filter", "provider", key) || find_object(session, machine, "wfp-sublayer", "provider", key);
    return !strcmp(kind, "wfp-sublayer") && find_object(session, machine, "wfp-filter", "sublayer", key);
}

static DWORD remove_object(const char *function, HANDLE engine, const char *kind, const GUID *guid, DWORD missing)
{
    struct machine *machine = machine_load();
    struct session *session;
    char key[40];
    DWORD code;

    guid_text(guid, key);
    code = begin(function, engine, key, &session);
    if (!code && !find_object(session, machine, kind, "key", key)) code = missing;
    if (!code && in_use(session, machine, kind, key)) code = FWP_IN_USE;
    if (!code) add_change(session, kind, key);
    machine_done(machine, FALSE);
    return finish(function, session, code);
}

DWORD WINAPI double_FwpmProviderDeleteByKey0(HANDLE engine, const GUID *key)
{
    return remove_object("FwpmProviderDeleteByKey0", engine, "wfp-provider", key, FWP_PROVIDER_NOT_FOUND);
}

DWORD WINAPI double_FwpmSubLayerDeleteByKey0(HANDLE engine, const GUID *key)
{
    return remove_object("FwpmSubLayerDeleteByKey0", engine, "wfp-sublayer", key, FWP_SUBLAYER_NOT_FOUND);
}

DWORD WINAPI double_FwpmProviderGetByKey0(HANDLE engine, const GUID *guid, FWPM_PROVIDER0 **ret)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record = NULL;
    struct arena arena;
    FWPM_PROVIDER0 *out;
    char key[40];
    DWORD code;

    guid_text(guid, key);
    code = begin("FwpmProviderGetByKey0", engine, key, &session);
    if (!code && !(record = find_object(session, machine, "wfp-provider", "key", key))) code = FWP_PROVIDER_NOT_FOUND;
    if (!code && begin_arena(&arena, 0)) {
        *ret = out = take(&arena, sizeof(*out));
        out->providerKey = *guid;
        get_display(&arena, &out->displayData, record);
        out->flags = strtoul(record_get(record, "flags"), NULL, 0);
    }
    machine_done(machine, FALSE);
    return finish("FwpmProviderGetByKey0", NULL, code);
}

DWORD WINAPI double_FwpmSubLayerGetByKey0(HANDLE engine, const GUID *guid, FWPM_SUBLAYER0 **ret)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record = NULL;
    struct arena arena;
    FWPM_SUBLAYER0 *out;
    char key[40];
    DWORD code;

    guid_text(guid, key);
    code = begin("FwpmSubLayerGetByKey0", engine, key, &session);
    if (!code && !(record = find_object(session, machine, "wfp-sublayer", "key", key))) code = FWP_SUBLAYER_NOT_FOUND;
    if (!code && begin_arena(&arena, 0)) {
        *ret = out = take(&arena, sizeof(*out));
        out->subLayerKey = *guid;
        get_display(&arena, &out->displayData, record);
        out->providerKey = get_provider(&arena, record);
        out->flags = (UINT16)strtoul(record_get(record, "flags"), NULL, 0);
        out->weight = (UINT16)strtoul(record_get(record, "weight"), NULL, 0);
    }
    machine_done(machine, FALSE);
    return finish("FwpmSubLayerGetByKey0", NULL, code);
}

/* ---- filters ---- */

static void store_filter(struct record *record, const FWPM_FILTER0 *filter, const char *layer, UINT64 id)
{
    static struct text text;
    char key[40];
    UINT32 i;

    set_display(record, &filter->displayData);
    set_provider(record, filter->providerKey);
    guid_text(&filter->layerKey, key);
    record_set(record, "layer", key);
    record_set(record, "layer_name", layer);
    guid_text(&filter->subLayerKey, key);
    record_set(record, "sublayer", key);
    record_setf(record, "flags", "0x%x", filter->flags);
    record_setf(record, "action", "0x%x", filter->action.type);
    record_setf(record, "id", "%llu", (unsigned long long)id);
    text.used = text.data[0] = 0;
    put_value(&text, filter->weight.type, &filter->weight);
    record_set(record, "weight", text.data);
    text.used = text.data[0] = 0;
    for (i = 0; i < filter->numFilterConditions; i++) {
        const FWPM_FILTER_CONDITION0 *condition = &filter->filterCondition[i];
        char head[64];

        guid_text(&condition->fieldKey, key);
        sprintf(head, "%s%s %d ", i ? "; " : "", key, (int)condition->matchType);
        put(&text, head);
        put_value(&text, condition->conditionValue.type, (const FWP_VALUE0 *)&condition->conditionValue);
    }
    record_set(record, "conditions", text.data);
}

static void load_filter(struct arena *arena, FWPM_FILTER0 *out, const struct record *record)
{
    const char *text = record_get(record, "weight");
    UINT32 count;

    memset(out, 0, sizeof(*out));
    guid_parse(record_get(record, "key"), &out->filterKey);
    get_display(arena, &out->displayData, record);
    out->providerKey = get_provider(arena, record);
    guid_parse(record_get(record, "layer"), &out->layerKey);
    guid_parse(record_get(record, "sublayer"), &out->subLayerKey);
    out->flags = strtoul(record_get(record, "flags"), NULL, 0);
    out->action.type = (FWP_ACTION_TYPE)strtoul(record_get(record, "action"), NULL, 0);
    out->filterId = _strtoui64(record_get(record, "id"), NULL, 10);
    get_value(arena, &text, &out->weight);
    out->effectiveWeight = out->weight;
    text = record_get(record, "conditions");
    out->filterCondition = take(arena, 32 * sizeof(*out->filterCondition));
    for (count = 0; *text && count < 32; count++) {
        guid_parse(text, &out->filterCondition[count].fieldKey);
        text += 37;
        out->filterCondition[count].matchType = (FWP_MATCH_TYPE)strtoul(text, (char **)&text, 10);
        text++;
        get_value(arena, &text, (FWP_VALUE0 *)&out->filterCondition[count].conditionValue);
        while (*text == ';' || *text == ' ') text++;
    }
    out->numFilterConditions = count;
}

DWORD WINAPI double_FwpmFilterAdd0(HANDLE engine, const FWPM_FILTER0 *filter, PSECURITY_DESCRIPTOR sd, UINT64 *ret_id)
{
    struct machine *machine = machine_load();
    struct session *session;
    const char *layer = "";
    char key[40], sublayer[40], what[256], *name = utf8(filter->displayData.name);
    GUID guid = filter->filterKey;
    LARGE_INTEGER ticks;
    static UINT32 serial;
    UINT64 id;
    DWORD code;

    QueryPerformanceCounter(&ticks);
    id = 100000 + ((UINT64)(GetCurrentProcessId() & 0xffff) << 16) + ++serial;
    if (is_null(&guid)) { /* the engine makes a key */
        guid.Data1 = (unsigned long)ticks.QuadPart;
        memcpy(guid.Data4, &id, 8);
    }
    guid_text(&guid, key);
    guid_text(&filter->subLayerKey, sublayer);
    snprintf(what, sizeof(what), "key=%s name=%s", key, name);
    free(name);
    code = begin("FwpmFilterAdd0", engine, what, &session);
    if (!code && !filter->displayData.name) code = FWP_NULL_DISPLAY_NAME;
    if (!code) code = check_filter(filter, &layer);
    if (!code) code = check_provider(session, machine, filter->providerKey);
    if (!code && !is_null(&filter->subLayerKey) && !find_object(session, machine, "wfp-sublayer", "key", sublayer)) code = FWP_SUBLAYER_NOT_FOUND;
    if (!code && find_object(session, machine, "wfp-filter", "key", key)) code = FWP_ALREADY_EXISTS;
    if (!code) {
        store_filter(new_object(session, "wfp-filter", key), filter, layer, id);
        if (ret_id) *ret_id = id;
    }
    machine_done(machine, FALSE);
    return finish("FwpmFilterAdd0", session, code);
}

DWORD WINAPI double_FwpmFilterDeleteByKey0(HANDLE engine, const GUID *key)
{
    return remove_object("FwpmFilterDeleteByKey0", engine, "wfp-filter", key, FWP_FILTER_NOT_FOUND);
}

DWORD WINAPI double_FwpmFilterDeleteById0(HANDLE engine, UINT64 id)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record = NULL;
    char text[32];
    DWORD code;

    sprintf(text, "%llu", (unsigned long long)id);
    code = begin("FwpmFilterDeleteById0", engine, text, &session);
    if (!code && !(record = find_object(session, machine, "wfp-filter", "id", text))) code = FWP_FILTER_NOT_FOUND;
    if (!code) add_change(session, "wfp-filter", record_get(record, "key"));
    machine_done(machine, FALSE);
    return finish("FwpmFilterDeleteById0", session, code);
}

static DWORD get_filter(const char *function, HANDLE engine, const char *field, const char *value, FWPM_FILTER0 **ret)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record = NULL;
    struct arena arena;
    DWORD code = begin(function, engine, value, &session);

    if (!code && !(record = find_object(session, machine, "wfp-filter", field, value))) code = FWP_FILTER_NOT_FOUND;
    if (!code && begin_arena(&arena, 1)) {
        *ret = take(&arena, sizeof(**ret));
        load_filter(&arena, *ret, record);
    }
    machine_done(machine, FALSE);
    return finish(function, NULL, code);
}

DWORD WINAPI double_FwpmFilterGetByKey0(HANDLE engine, const GUID *guid, FWPM_FILTER0 **ret)
{
    char key[40];

    guid_text(guid, key);
    return get_filter("FwpmFilterGetByKey0", engine, "key", key, ret);
}

DWORD WINAPI double_FwpmFilterGetById0(HANDLE engine, UINT64 id, FWPM_FILTER0 **ret)
{
    char text[32];

    sprintf(text, "%llu", (unsigned long long)id);
    return get_filter("FwpmFilterGetById0", engine, "id", text, ret);
}

struct filter_enumeration {
    char provider[40], layer[40];
    size_t next;
};

DWORD WINAPI double_FwpmFilterCreateEnumHandle0(HANDLE engine, const FWPM_FILTER_ENUM_TEMPLATE0 *template, HANDLE *ret)
{
    struct session *session;
    struct filter_enumeration *enumeration;
    DWORD code = begin("FwpmFilterCreateEnumHandle0", engine, "", &session);

    if (!code && (enumeration = calloc(1, sizeof(*enumeration)))) {
        if (template && template->providerKey) guid_text(template->providerKey, enumeration->provider);
        if (template && !is_null(&template->layerKey)) guid_text(&template->layerKey, enumeration->layer);
        *ret = enumeration;
    }
    return finish("FwpmFilterCreateEnumHandle0", NULL, code);
}

DWORD WINAPI double_FwpmFilterEnum0(HANDLE engine, HANDLE handle, UINT32 wanted, FWPM_FILTER0 ***ret, UINT32 *ret_count)
{
    struct filter_enumeration *enumeration = handle;
    struct machine *machine = machine_load();
    struct record *record = NULL, *found[512];
    struct session *session;
    struct arena arena;
    UINT32 count = 0, i;
    size_t place = 0;
    DWORD code = begin("FwpmFilterEnum0", engine, "", &session);

    while (!code && count < wanted && count < 512 && (record = record_find(machine, record, "wfp-filter", NULL, NULL))) {
        if (*enumeration->provider && _stricmp(record_get(record, "provider"), enumeration->provider) != 0) continue;
        if (*enumeration->layer && _stricmp(record_get(record, "layer"), enumeration->layer) != 0) continue;
        if (place++ >= enumeration->next) found[count++] = record;
    }
    if (!code) {
        enumeration->next += count;
        *ret_count = count;
        *ret = NULL;
        if (begin_arena(&arena, count)) {
            *ret = take(&arena, (count + 1) * sizeof(**ret));
            for (i = 0; i < count; i++) load_filter(&arena, (*ret)[i] = take(&arena, sizeof(FWPM_FILTER0)), found[i]);
        }
    }
    machine_done(machine, FALSE);
    return finish("FwpmFilterEnum0", NULL, code);
}

DWORD WINAPI double_FwpmFilterDestroyEnumHandle0(HANDLE engine, HANDLE handle)
{
    free(handle);
    return 0;
}
