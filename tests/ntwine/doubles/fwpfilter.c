/* Filters of the filtering platform. See fwpuclnt.c. */

#include "fwp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what may stand in a filter ----
 * Which conditions a layer has: https://learn.microsoft.com/windows/win32/fwp/filtering-conditions-available-at-each-filtering-layer
 * Which type a condition's value has: https://learn.microsoft.com/windows/win32/fwp/filtering-condition-identifiers-
 * Which types a match goes with: https://learn.microsoft.com/windows/win32/api/fwptypes/ne-fwptypes-fwp_match_type */

enum { USER = 1, APP = 2, REMOTE_ADDRESS = 4, LOCAL_ADDRESS = 8, REMOTE_PORT = 16, LOCAL_PORT = 32, PROTOCOL = 64, FLAGS = 128 };
#define LISTENS (USER | APP | LOCAL_ADDRESS | LOCAL_PORT | FLAGS)
#define ASSIGNS (LISTENS | PROTOCOL)
#define FLOWS (ASSIGNS | REMOTE_ADDRESS | REMOTE_PORT)

static const struct {
    const char *key, *name;
    bool v6;
    unsigned has;
} layers[] = {
    {"c38d57d1-05a7-4c33-904f-7fbceee60e82", "ALE_AUTH_CONNECT_V4", false, FLOWS},
    {"4a72393b-319f-44bc-84c3-ba54dcb3b6b4", "ALE_AUTH_CONNECT_V6", true, FLOWS},
    {"88bb5dad-76d7-4227-9c71-df0a3ed7be7e", "ALE_AUTH_LISTEN_V4", false, LISTENS},
    {"7ac9de24-17dd-4814-b4bd-a9fbc95a321b", "ALE_AUTH_LISTEN_V6", true, LISTENS},
    {"e1cd9fe7-f4b5-4273-96c0-592e487b8650", "ALE_AUTH_RECV_ACCEPT_V4", false, FLOWS},
    {"a3b42c97-9f04-4672-b87e-cee9c483257f", "ALE_AUTH_RECV_ACCEPT_V6", true, FLOWS},
    {"1247d66d-0b60-4a15-8d44-7155d0f53a0c", "ALE_RESOURCE_ASSIGNMENT_V4", false, ASSIGNS},
    {"55a650e1-5f0a-4eca-a653-88f53b26aa8c", "ALE_RESOURCE_ASSIGNMENT_V6", true, ASSIGNS},
};

static const struct {
    const char *key;
    unsigned field;
} conditions[] = {
    {"af043a0a-b34d-4f86-979c-c90371af6e66", USER},
    {"d78e1e87-8644-4ea5-9437-d809ecefc971", APP},
    {"b235ae9a-1d64-49b8-a44c-5ff3d9095045", REMOTE_ADDRESS},
    {"d9ee00de-c1ef-4617-bfe3-ffd8f5a08957", LOCAL_ADDRESS},
    {"c35a604d-d22b-4e1a-91b4-68f674ee674b", REMOTE_PORT},
    {"0c1ba1af-5765-453f-af22-a8f791ac775b", LOCAL_PORT},
    {"3971ef2b-623e-4f9a-8cb1-6e79b806b9a7", PROTOCOL},
    {"632ce23b-5167-435c-86d7-e903684aa80c", FLAGS},
};

/* The type of one value of the field, as the layer's family has it. */
static DWORD plain_type(unsigned field, bool v6)
{
    switch (field) {
    case USER: return FWP_SECURITY_DESCRIPTOR_TYPE;
    case APP: return FWP_BYTE_BLOB_TYPE;
    case PROTOCOL: return FWP_UINT8;
    case FLAGS: return FWP_UINT32;
    case REMOTE_PORT:
    case LOCAL_PORT: return FWP_UINT16;
    default: return v6 ? FWP_BYTE_ARRAY16_TYPE : FWP_UINT32;
    }
}

/* A descriptor the kernel can check against: self-relative and whole. */
static bool good_descriptor(const FWP_BYTE_BLOB *blob)
{
    const SECURITY_DESCRIPTOR_RELATIVE *sd = blob ? (const SECURITY_DESCRIPTOR_RELATIVE *)(const void *)blob->data : NULL;

    return sd && blob->size >= sizeof(*sd) && (sd->Control & SE_SELF_RELATIVE) && IsValidSecurityDescriptor((void *)sd) &&
           GetSecurityDescriptorLength((void *)sd) <= blob->size;
}

static DWORD check_condition(const FWPM_FILTER_CONDITION0 *condition, unsigned field, bool v6)
{
    const FWP_CONDITION_VALUE0 *value = &condition->conditionValue;
    DWORD plain = plain_type(field, v6), type = value->type;
    bool address = field == REMOTE_ADDRESS || field == LOCAL_ADDRESS, flags = false;

    switch ((int)condition->matchType) {
    case FWP_MATCH_FLAGS_ALL_SET:
    case FWP_MATCH_FLAGS_ANY_SET:
    case FWP_MATCH_FLAGS_NONE_SET: flags = true; break;
    case FWP_MATCH_RANGE:
        if (type != FWP_RANGE_TYPE || !value->rangeValue) return FWP_MATCH_TYPE_MISMATCH;
        if (value->rangeValue->valueLow.type != plain || value->rangeValue->valueHigh.type != plain) return FWP_TYPE_MISMATCH;
        return field == USER || field == APP ? FWP_MATCH_TYPE_MISMATCH : 0;
    case FWP_MATCH_NOT_EQUAL: /* of types that can be ordered */
        if (field == USER || field == APP) return FWP_MATCH_TYPE_MISMATCH;
        break;
    case FWP_MATCH_EQUAL: break;
    default: return FWP_MATCH_TYPE_MISMATCH;
    }
    if (flags && type != FWP_UINT32 && type != FWP_UINT64) return FWP_MATCH_TYPE_MISMATCH;
    if (type != plain && !(address && type == (DWORD)(v6 ? FWP_V6_ADDR_MASK : FWP_V4_ADDR_MASK))) return FWP_TYPE_MISMATCH;
    if (field == USER && !good_descriptor(value->sd)) return ERROR_INVALID_SECURITY_DESCR;
    return 0;
}

static DWORD check_filter(const FWPM_FILTER0 *filter, const char **layer_name)
{
    char key[40];
    size_t i, c;
    DWORD code;
    UINT32 n;

    guid_text(&filter->layerKey, key);
    for (i = 0; i < sizeof(layers) / sizeof(layers[0]) && strcmp(layers[i].key, key) != 0; i++) {}
    if (i == sizeof(layers) / sizeof(layers[0])) return FWP_LAYER_NOT_FOUND;
    *layer_name = layers[i].name;
    if (filter->weight.type != FWP_EMPTY && filter->weight.type != FWP_UINT8 && filter->weight.type != FWP_UINT64) return FWP_TYPE_MISMATCH;
    for (n = 0; n < filter->numFilterConditions; n++) {
        guid_text(&filter->filterCondition[n].fieldKey, key);
        for (c = 0; c < sizeof(conditions) / sizeof(conditions[0]) && strcmp(conditions[c].key, key) != 0; c++) {}
        if (c == sizeof(conditions) / sizeof(conditions[0]) || !(layers[i].has & conditions[c].field)) return FWP_CONDITION_NOT_FOUND;
        if ((code = check_condition(&filter->filterCondition[n], conditions[c].field, layers[i].v6))) return code;
    }
    return 0;
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

static void load_filter(struct arena *arena, void *object, const struct record *record)
{
    FWPM_FILTER0 *out = object;
    const char *text = record_get(record, "weight");
    UINT32 count;

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

static const struct kind filters = {"wfp-filter", FWP_FILTER_NOT_FOUND, sizeof(FWPM_FILTER0), load_filter};

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
    return remove_object("FwpmFilterDeleteByKey0", engine, &filters, key);
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

DWORD WINAPI double_FwpmFilterGetByKey0(HANDLE engine, const GUID *key, FWPM_FILTER0 **ret)
{
    return get_by_key("FwpmFilterGetByKey0", engine, &filters, key, (void **)ret);
}

DWORD WINAPI double_FwpmFilterGetById0(HANDLE engine, UINT64 id, FWPM_FILTER0 **ret)
{
    char text[32];

    sprintf(text, "%llu", (unsigned long long)id);
    return get_object("FwpmFilterGetById0", engine, &filters, "id", text, (void **)ret);
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
