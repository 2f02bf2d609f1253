/* ntwine test double: the Windows Firewall's COM objects, ntwinefw.dll (HNetCfg.FwPolicy2, HNetCfg.FWRule). Rules are
 * kept in the machine state; they stop nothing. prefix.sh registers it in place of Wine's hnetcfg.dll.
 * https://learn.microsoft.com/windows/win32/api/netfw/nn-netfw-inetfwpolicy2 */

#define INITGUID
#define COBJMACROS
#define CINTERFACE
#include "double.h"

#include <oleauto.h>
#include <netfw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_FOUND HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)

DEFINE_GUID(clsid_policy, 0xe2b3c97f, 0x6ae1, 0x41ac, 0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd);
DEFINE_GUID(clsid_rule, 0x2c5bc43e, 0x3369, 0x4c33, 0xab, 0x0c, 0xbe, 0x94, 0x69, 0x67, 0x7a, 0xf4);

enum text_field {
    NAME, DESCRIPTION, APPLICATION, SERVICE, LOCAL_PORTS, REMOTE_PORTS, LOCAL_ADDRESSES, REMOTE_ADDRESSES, ICMP, INTERFACE_TYPES, GROUPING,
    PACKAGE, OWNER, LOCAL_USERS, REMOTE_USERS, REMOTE_MACHINES, TEXT_FIELDS
};
enum number_field { PROTOCOL, DIRECTION, ENABLED, PROFILES, EDGE, ACTION, EDGE_OPTIONS, SECURE, NUMBER_FIELDS };

static const char *const text_names[TEXT_FIELDS] = {
    "name", "description", "application", "service", "local_ports", "remote_ports", "local_addresses", "remote_addresses", "icmp",
    "interface_types", "grouping", "package", "owner", "local_users", "remote_users", "remote_machines"};
static const char *const number_names[NUMBER_FIELDS] = {"protocol", "direction", "enabled", "profiles", "edge", "action", "edge_options", "secure"};

struct rule {
    const INetFwRule3Vtbl *vtbl;
    LONG refs;
    char key[40]; /* of the stored rule; "" while it is not added */
    wchar_t *text[TEXT_FIELDS];
    LONG number[NUMBER_FIELDS];
};

static const INetFwRule3Vtbl rule_vtbl;

static DWORD to_code(HRESULT hr)
{
    return HRESULT_FACILITY(hr) == FACILITY_WIN32 ? (DWORD)HRESULT_CODE(hr) : (DWORD)hr;
}

static HRESULT from_code(DWORD code)
{
    return code > 0xffff ? (HRESULT)code : HRESULT_FROM_WIN32(code);
}

static struct rule *new_rule(void)
{
    struct rule *rule = calloc(1, sizeof(*rule));

    rule->vtbl = &rule_vtbl;
    rule->refs = 1;
    rule->number[PROTOCOL] = NET_FW_IP_PROTOCOL_TCP;
    rule->number[PROTOCOL] = 256; /* any */
    rule->number[DIRECTION] = NET_FW_RULE_DIR_IN;
    rule->number[PROFILES] = NET_FW_PROFILE2_ALL;
    rule->number[ACTION] = NET_FW_ACTION_ALLOW;
    return rule;
}

static void store_rule(struct record *record, const struct rule *rule)
{
    int i;

    for (i = 0; i < TEXT_FIELDS; i++) {
        char *text = utf8(rule->text[i]);
        record_set(record, text_names[i], text);
        free(text);
    }
    for (i = 0; i < NUMBER_FIELDS; i++) record_setf(record, number_names[i], "%ld", rule->number[i]);
}

static struct rule *load_rule(const struct record *record)
{
    struct rule *rule = new_rule();
    int i;

    snprintf(rule->key, sizeof(rule->key), "%s", record_get(record, "key"));
    for (i = 0; i < TEXT_FIELDS; i++)
        if (*record_get(record, text_names[i])) rule->text[i] = utf16(record_get(record, text_names[i]));
    for (i = 0; i < NUMBER_FIELDS; i++) rule->number[i] = strtol(record_get(record, number_names[i]), NULL, 10);
    return rule;
}

/* A rule that came from the policy is live: a change takes effect at once. */
static HRESULT save_live(struct rule *rule)
{
    struct machine *machine;
    struct record *record;

    if (!rule->key[0]) return S_OK;
    if (!caller_is_admin()) return E_ACCESSDENIED;
    do {
        machine = machine_load();
        if ((record = record_find(machine, NULL, "firewall-rule", "key", rule->key))) store_rule(record, rule);
    } while (!machine_done(machine, record != NULL) && record);
    return record ? S_OK : NOT_FOUND;
}

/* ---- what a property accepts ---- */

static bool has_ports(const struct rule *rule)
{
    return rule->number[PROTOCOL] == NET_FW_IP_PROTOCOL_TCP || rule->number[PROTOCOL] == NET_FW_IP_PROTOCOL_UDP;
}

static bool valid_sddl(const wchar_t *text)
{
    BOOL(WINAPI * convert)(const wchar_t *, DWORD, void **, ULONG *);
    HMODULE advapi = LoadLibraryW(L"wadvapi.dll");
    void *sd = NULL;

    convert = (void *)GetProcAddress(advapi, "ConvertStringSecurityDescriptorToSecurityDescriptorW");
    if (!convert || !convert(text, 1, &sd, NULL)) return false;
    LocalFree(sd);
    return true;
}

static HRESULT check_text(const struct rule *rule, enum text_field field, const wchar_t *text)
{
    if (!text || !*text) return S_OK;
    switch (field) {
    case NAME: return wcschr(text, L'|') || !_wcsicmp(text, L"all") ? E_INVALIDARG : S_OK;
    case DESCRIPTION: return wcschr(text, L'|') ? E_INVALIDARG : S_OK;
    case LOCAL_PORTS:
    case REMOTE_PORTS: return has_ports(rule) && wcsspn(text, L"0123456789,-* ") == wcslen(text) ? S_OK : E_INVALIDARG;
    case LOCAL_ADDRESSES:
    case REMOTE_ADDRESSES:
        return !_wcsicmp(text, L"LocalSubnet") || wcsspn(text, L"0123456789abcdefABCDEF.:/,-* ") == wcslen(text) ? S_OK : E_INVALIDARG;
    case LOCAL_USERS:
    case REMOTE_USERS:
    case REMOTE_MACHINES: return valid_sddl(text) ? S_OK : E_INVALIDARG;
    default: return S_OK;
    }
}

static HRESULT put_text(INetFwRule3 *face, enum text_field field, BSTR value)
{
    struct rule *rule = (struct rule *)face;
    HRESULT hr = check_text(rule, field, value);

    if (FAILED(hr)) return hr;
    free(rule->text[field]);
    rule->text[field] = value ? _wcsdup(value) : NULL;
    return save_live(rule);
}

static HRESULT get_text(INetFwRule3 *face, enum text_field field, BSTR *value)
{
    struct rule *rule = (struct rule *)face;
    const wchar_t *text = rule->text[field];

    if (!value) return E_POINTER;
    if (!text && (field == LOCAL_ADDRESSES || field == REMOTE_ADDRESSES || ((field == LOCAL_PORTS || field == REMOTE_PORTS) && has_ports(rule)))) text = L"*";
    if (!text && field == INTERFACE_TYPES) text = L"All";
    *value = text ? SysAllocString(text) : NULL;
    return S_OK;
}

static HRESULT put_number(INetFwRule3 *face, enum number_field field, LONG value)
{
    struct rule *rule = (struct rule *)face;

    if (field == PROTOCOL && (value < 0 || value > 256)) return E_INVALIDARG;
    if (field == DIRECTION && value != NET_FW_RULE_DIR_IN && value != NET_FW_RULE_DIR_OUT) return E_INVALIDARG;
    if (field == ACTION && value != NET_FW_ACTION_BLOCK && value != NET_FW_ACTION_ALLOW) return E_INVALIDARG;
    rule->number[field] = value;
    return save_live(rule);
}

static HRESULT get_number(INetFwRule3 *face, enum number_field field, void *value, size_t size)
{
    if (!value) return E_POINTER;
    memcpy(value, &((struct rule *)face)->number[field], size);
    return S_OK;
}

#define TEXT_PROPERTY(NAME_, FIELD)                                                                                    \
    static HRESULT STDMETHODCALLTYPE rule_get_##NAME_(INetFwRule3 *face, BSTR *value) { return get_text(face, FIELD, value); } \
    static HRESULT STDMETHODCALLTYPE rule_put_##NAME_(INetFwRule3 *face, BSTR value) { return put_text(face, FIELD, value); }
#define NUMBER_PROPERTY(NAME_, TYPE, FIELD)                                                                            \
    static HRESULT STDMETHODCALLTYPE rule_get_##NAME_(INetFwRule3 *face, TYPE *value) { return get_number(face, FIELD, value, sizeof(*value)); } \
    static HRESULT STDMETHODCALLTYPE rule_put_##NAME_(INetFwRule3 *face, TYPE value) { return put_number(face, FIELD, (LONG)value); }

TEXT_PROPERTY(Name, NAME)
TEXT_PROPERTY(Description, DESCRIPTION)
TEXT_PROPERTY(ApplicationName, APPLICATION)
TEXT_PROPERTY(ServiceName, SERVICE)
TEXT_PROPERTY(LocalPorts, LOCAL_PORTS)
TEXT_PROPERTY(RemotePorts, REMOTE_PORTS)
TEXT_PROPERTY(LocalAddresses, LOCAL_ADDRESSES)
TEXT_PROPERTY(RemoteAddresses, REMOTE_ADDRESSES)
TEXT_PROPERTY(IcmpTypesAndCodes, ICMP)
TEXT_PROPERTY(InterfaceTypes, INTERFACE_TYPES)
TEXT_PROPERTY(Grouping, GROUPING)
TEXT_PROPERTY(LocalAppPackageId, PACKAGE)
TEXT_PROPERTY(LocalUserOwner, OWNER)
TEXT_PROPERTY(LocalUserAuthorizedList, LOCAL_USERS)
TEXT_PROPERTY(RemoteUserAuthorizedList, REMOTE_USERS)
TEXT_PROPERTY(RemoteMachineAuthorizedList, REMOTE_MACHINES)
NUMBER_PROPERTY(Protocol, LONG, PROTOCOL)
NUMBER_PROPERTY(Direction, NET_FW_RULE_DIRECTION, DIRECTION)
NUMBER_PROPERTY(Enabled, VARIANT_BOOL, ENABLED)
NUMBER_PROPERTY(Profiles, LONG, PROFILES)
NUMBER_PROPERTY(EdgeTraversal, VARIANT_BOOL, EDGE)
NUMBER_PROPERTY(Action, NET_FW_ACTION, ACTION)
NUMBER_PROPERTY(EdgeTraversalOptions, LONG, EDGE_OPTIONS)
NUMBER_PROPERTY(SecureFlags, LONG, SECURE)

static HRESULT STDMETHODCALLTYPE rule_get_Interfaces(INetFwRule3 *face, VARIANT *value)
{
    (void)face;
    VariantInit(value);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE rule_put_Interfaces(INetFwRule3 *face, VARIANT value)
{
    (void)face;
    return V_VT(&value) == VT_EMPTY ? S_OK : E_NOTIMPL;
}

/* ---- IUnknown and IDispatch, the same for all four objects: a pointer to the vtable, then the count ---- */

struct object {
    const void *vtbl;
    LONG refs;
};

static ULONG STDMETHODCALLTYPE any_AddRef(void *face)
{
    return (ULONG)InterlockedIncrement(&((struct object *)face)->refs);
}

static ULONG STDMETHODCALLTYPE any_Release(void *face)
{
    LONG left = InterlockedDecrement(&((struct object *)face)->refs);
    int i;

    if (left) return (ULONG)left;
    if (((struct object *)face)->vtbl == (const void *)&rule_vtbl)
        for (i = 0; i < TEXT_FIELDS; i++) free(((struct rule *)face)->text[i]);
    free(face);
    return 0;
}

static HRESULT query(void *face, REFIID wanted, void **ret, const IID *const *known, size_t count)
{
    size_t i;

    *ret = NULL;
    for (i = 0; i < count; i++)
        if (IsEqualIID(wanted, known[i])) {
            any_AddRef(face);
            *ret = face;
            return S_OK;
        }
    return E_NOINTERFACE;
}

static HRESULT STDMETHODCALLTYPE no_GetTypeInfoCount(void *face, UINT *count) { (void)face; *count = 0; return S_OK; }
static HRESULT STDMETHODCALLTYPE no_GetTypeInfo(void *face, UINT i, LCID lcid, ITypeInfo **info) { (void)face; (void)i; (void)lcid; *info = NULL; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE no_GetIDs(void *face, REFIID iid, LPOLESTR *names, UINT n, LCID lcid, DISPID *ids) { (void)face; (void)iid; (void)names; (void)n; (void)lcid; (void)ids; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE no_Invoke(void *face, DISPID id, REFIID iid, LCID lcid, WORD flags, DISPPARAMS *p, VARIANT *r, EXCEPINFO *e, UINT *a) { (void)face; (void)id; (void)iid; (void)lcid; (void)flags; (void)p; (void)r; (void)e; (void)a; return E_NOTIMPL; }

static HRESULT STDMETHODCALLTYPE rule_Query(void *face, REFIID wanted, void **ret)
{
    static const IID *const known[] = {&IID_IUnknown, &IID_IDispatch, &IID_INetFwRule, &IID_INetFwRule2, &IID_INetFwRule3};

    return query(face, wanted, ret, known, 5);
}

#define UNKNOWN(QUERY) .QueryInterface = (void *)QUERY, .AddRef = (void *)any_AddRef, .Release = (void *)any_Release
#define DISPATCH .GetTypeInfoCount = (void *)no_GetTypeInfoCount, .GetTypeInfo = (void *)no_GetTypeInfo, .GetIDsOfNames = (void *)no_GetIDs, .Invoke = (void *)no_Invoke
#define PROPERTY(NAME_) .get_##NAME_ = rule_get_##NAME_, .put_##NAME_ = rule_put_##NAME_

static const INetFwRule3Vtbl rule_vtbl = {
    UNKNOWN(rule_Query), DISPATCH, PROPERTY(Name), PROPERTY(Description), PROPERTY(ApplicationName), PROPERTY(ServiceName),
    PROPERTY(Protocol), PROPERTY(LocalPorts), PROPERTY(RemotePorts), PROPERTY(LocalAddresses), PROPERTY(RemoteAddresses),
    PROPERTY(IcmpTypesAndCodes), PROPERTY(Direction), PROPERTY(Interfaces), PROPERTY(InterfaceTypes), PROPERTY(Enabled), PROPERTY(Grouping),
    PROPERTY(Profiles), PROPERTY(EdgeTraversal), PROPERTY(Action), PROPERTY(EdgeTraversalOptions), PROPERTY(LocalAppPackageId),
    PROPERTY(LocalUserOwner), PROPERTY(LocalUserAuthorizedList), PROPERTY(RemoteUserAuthorizedList), PROPERTY(RemoteMachineAuthorizedList),
    PROPERTY(SecureFlags)};

/* ---- the enumerator ---- */

struct enumerator {
    const IEnumVARIANTVtbl *vtbl;
    LONG refs;
    ULONG next;
};

static HRESULT STDMETHODCALLTYPE enum_Query(void *face, REFIID wanted, void **ret)
{
    static const IID *const known[] = {&IID_IUnknown, &IID_IEnumVARIANT};

    return query(face, wanted, ret, known, 2);
}

static HRESULT STDMETHODCALLTYPE enum_Next(IEnumVARIANT *face, ULONG wanted, VARIANT *out, ULONG *fetched)
{
    struct enumerator *self = (struct enumerator *)face;
    struct machine *machine = machine_load();
    struct record *record = NULL;
    ULONG place = 0, count = 0;

    while (count < wanted && (record = record_find(machine, record, "firewall-rule", NULL, NULL))) {
        if (place++ < self->next) continue;
        VariantInit(&out[count]);
        V_VT(&out[count]) = VT_DISPATCH;
        V_DISPATCH(&out[count++]) = (IDispatch *)load_rule(record);
    }
    self->next += count;
    if (fetched) *fetched = count;
    machine_done(machine, FALSE);
    return count == wanted ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE enum_Skip(IEnumVARIANT *face, ULONG count)
{
    ((struct enumerator *)face)->next += count;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE enum_Reset(IEnumVARIANT *face)
{
    ((struct enumerator *)face)->next = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE enum_Clone(IEnumVARIANT *face, IEnumVARIANT **ret)
{
    (void)face;
    *ret = NULL;
    return E_NOTIMPL;
}

static const IEnumVARIANTVtbl enum_vtbl = {UNKNOWN(enum_Query), .Next = enum_Next, .Skip = enum_Skip, .Reset = enum_Reset, .Clone = enum_Clone};

/* ---- the rules ---- */

static HRESULT STDMETHODCALLTYPE rules_Query(void *face, REFIID wanted, void **ret)
{
    static const IID *const known[] = {&IID_IUnknown, &IID_IDispatch, &IID_INetFwRules};

    return query(face, wanted, ret, known, 3);
}

static HRESULT STDMETHODCALLTYPE rules_get_Count(INetFwRules *face, LONG *count)
{
    struct machine *machine = machine_load();
    struct record *record = NULL;

    (void)face;
    for (*count = 0; (record = record_find(machine, record, "firewall-rule", NULL, NULL)); ++*count) {}
    machine_done(machine, FALSE);
    return S_OK;
}

static HRESULT finish(const char *function, HRESULT hr)
{
    double_result(function, SUCCEEDED(hr) ? 0 : to_code(hr));
    return hr;
}

static HRESULT begin(const char *function, const wchar_t *name, bool admin)
{
    char *text = utf8(name);
    DWORD code = double_call(function, "name=%s", text);

    free(text);
    if (code) return from_code(code);
    return admin && !caller_is_admin() ? E_ACCESSDENIED : S_OK;
}

static HRESULT STDMETHODCALLTYPE rules_Add(INetFwRules *face, INetFwRule *added)
{
    struct rule *rule = (struct rule *)added;
    struct machine *machine;
    struct record *record;
    HRESULT hr;

    (void)face;
    if (!added) return E_INVALIDARG;
    hr = begin("INetFwRules_Add", rule->text[NAME], true);
    if (SUCCEEDED(hr) && (!rule->text[NAME] || !*rule->text[NAME])) hr = E_INVALIDARG;
    if (SUCCEEDED(hr)) do {
        machine = machine_load();
        record = record_add(machine, "firewall-rule");
        sprintf(rule->key, "rule-%u", machine->next_rid++);
        record_set(record, "key", rule->key);
        store_rule(record, rule);
    } while (!machine_done(machine, TRUE));
    return finish("INetFwRules_Add", hr);
}

/* One rule of that name goes, as on Windows; an unknown name is no error there. */
static HRESULT STDMETHODCALLTYPE rules_Remove(INetFwRules *face, BSTR name)
{
    HRESULT hr = begin("INetFwRules_Remove", name, true);
    char *text = utf8(name);
    struct machine *machine;
    struct record *record;

    (void)face;
    if (SUCCEEDED(hr)) do {
        machine = machine_load();
        if ((record = record_find(machine, NULL, "firewall-rule", "name", text))) record_remove(machine, record);
    } while (!machine_done(machine, record != NULL) && record);
    free(text);
    return finish("INetFwRules_Remove", hr);
}

static HRESULT STDMETHODCALLTYPE rules_Item(INetFwRules *face, BSTR name, INetFwRule **ret)
{
    HRESULT hr = begin("INetFwRules_Item", name, false);
    char *text = utf8(name);
    struct machine *machine = machine_load();
    struct record *record = record_find(machine, NULL, "firewall-rule", "name", text);

    (void)face;
    *ret = NULL;
    if (SUCCEEDED(hr) && !record) hr = NOT_FOUND;
    if (SUCCEEDED(hr)) *ret = (INetFwRule *)load_rule(record);
    machine_done(machine, FALSE);
    free(text);
    return finish("INetFwRules_Item", hr);
}

static HRESULT STDMETHODCALLTYPE rules_get__NewEnum(INetFwRules *face, IUnknown **ret)
{
    struct enumerator *self = calloc(1, sizeof(*self));

    (void)face;
    self->vtbl = &enum_vtbl;
    self->refs = 1;
    *ret = (IUnknown *)self;
    return S_OK;
}

static const INetFwRulesVtbl rules_vtbl = {UNKNOWN(rules_Query), DISPATCH, .get_Count = rules_get_Count, .Add = rules_Add, .Remove = rules_Remove,
                                           .Item = rules_Item, .get__NewEnum = rules_get__NewEnum};

/* ---- the policy ---- */

static HRESULT STDMETHODCALLTYPE policy_Query(void *face, REFIID wanted, void **ret)
{
    static const IID *const known[] = {&IID_IUnknown, &IID_IDispatch, &IID_INetFwPolicy2};

    return query(face, wanted, ret, known, 3);
}

/* A test may set firewall_off or modify_state in the machine record, to stand for a firewall that is switched off or
 * ruled by group policy. */
static LONG setting(const char *name)
{
    struct machine *machine = machine_load();
    LONG value = strtol(record_get(record_find(machine, NULL, "machine", NULL, NULL), name), NULL, 10);

    machine_done(machine, FALSE);
    return value;
}

static HRESULT STDMETHODCALLTYPE policy_profiles(INetFwPolicy2 *face, LONG *value) { (void)face; *value = NET_FW_PROFILE2_PRIVATE; return S_OK; }
static HRESULT STDMETHODCALLTYPE policy_enabled(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, VARIANT_BOOL *value)
{
    (void)face;
    (void)profile;
    *value = setting("firewall_off") ? VARIANT_FALSE : VARIANT_TRUE;
    return S_OK;
}
static HRESULT STDMETHODCALLTYPE policy_refuse_bool(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, VARIANT_BOOL value) { (void)face; (void)profile; (void)value; return E_ACCESSDENIED; }
static HRESULT STDMETHODCALLTYPE policy_false(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, VARIANT_BOOL *value) { (void)face; (void)profile; *value = VARIANT_FALSE; return S_OK; }
static HRESULT STDMETHODCALLTYPE policy_in(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, NET_FW_ACTION *value) { (void)face; (void)profile; *value = NET_FW_ACTION_BLOCK; return S_OK; }
static HRESULT STDMETHODCALLTYPE policy_out(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, NET_FW_ACTION *value) { (void)face; (void)profile; *value = NET_FW_ACTION_ALLOW; return S_OK; }
static HRESULT STDMETHODCALLTYPE policy_refuse_action(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, NET_FW_ACTION value) { (void)face; (void)profile; (void)value; return E_ACCESSDENIED; }
static HRESULT STDMETHODCALLTYPE policy_modify_state(INetFwPolicy2 *face, NET_FW_MODIFY_STATE *value) { (void)face; *value = (NET_FW_MODIFY_STATE)setting("modify_state"); return S_OK; }
static HRESULT STDMETHODCALLTYPE policy_rules(INetFwPolicy2 *face, INetFwRules **ret)
{
    struct object *rules = calloc(1, sizeof(*rules));

    (void)face;
    rules->vtbl = &rules_vtbl;
    rules->refs = 1;
    *ret = (INetFwRules *)rules;
    return S_OK;
}
static HRESULT STDMETHODCALLTYPE policy_no_variant(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, VARIANT *value) { (void)face; (void)profile; VariantInit(value); return S_OK; }
static HRESULT STDMETHODCALLTYPE policy_no_put(INetFwPolicy2 *face, NET_FW_PROFILE_TYPE2 profile, VARIANT value) { (void)face; (void)profile; (void)value; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE policy_no_group(INetFwPolicy2 *face, LONG profiles, BSTR group, VARIANT_BOOL enable) { (void)face; (void)profiles; (void)group; (void)enable; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE policy_no_is_group(INetFwPolicy2 *face, LONG profiles, BSTR group, VARIANT_BOOL *value) { (void)face; (void)profiles; (void)group; *value = VARIANT_FALSE; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE policy_no_defaults(INetFwPolicy2 *face) { (void)face; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE policy_no_service(INetFwPolicy2 *face, INetFwServiceRestriction **ret) { (void)face; *ret = NULL; return E_NOTIMPL; }
static HRESULT STDMETHODCALLTYPE policy_no_current(INetFwPolicy2 *face, BSTR group, VARIANT_BOOL *value) { (void)face; (void)group; *value = VARIANT_FALSE; return E_NOTIMPL; }

static const INetFwPolicy2Vtbl policy_vtbl = {
    UNKNOWN(policy_Query), DISPATCH, .get_CurrentProfileTypes = policy_profiles, .get_FirewallEnabled = policy_enabled,
    .put_FirewallEnabled = policy_refuse_bool, .get_ExcludedInterfaces = policy_no_variant, .put_ExcludedInterfaces = policy_no_put,
    .get_BlockAllInboundTraffic = policy_false, .put_BlockAllInboundTraffic = policy_refuse_bool, .get_NotificationsDisabled = policy_false,
    .put_NotificationsDisabled = policy_refuse_bool, .get_UnicastResponsesToMulticastBroadcastDisabled = policy_false,
    .put_UnicastResponsesToMulticastBroadcastDisabled = policy_refuse_bool, .get_Rules = policy_rules,
    .get_ServiceRestriction = policy_no_service, .EnableRuleGroup = policy_no_group, .IsRuleGroupEnabled = policy_no_is_group,
    .RestoreLocalFirewallDefaults = policy_no_defaults, .get_DefaultInboundAction = policy_in, .put_DefaultInboundAction = policy_refuse_action,
    .get_DefaultOutboundAction = policy_out, .put_DefaultOutboundAction = policy_refuse_action,
    .get_IsRuleGroupCurrentlyEnabled = policy_no_current, .get_LocalPolicyModifyState = policy_modify_state};

/* ---- the class objects ---- */

struct factory {
    const IClassFactoryVtbl *vtbl;
    bool policy;
};

static HRESULT STDMETHODCALLTYPE factory_Query(IClassFactory *face, REFIID wanted, void **ret)
{
    if (!IsEqualIID(wanted, &IID_IUnknown) && !IsEqualIID(wanted, &IID_IClassFactory)) {
        *ret = NULL;
        return E_NOINTERFACE;
    }
    *ret = face;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE factory_count(IClassFactory *face) { (void)face; return 2; }

static HRESULT STDMETHODCALLTYPE factory_Create(IClassFactory *face, IUnknown *outer, REFIID wanted, void **ret)
{
    bool policy = ((struct factory *)face)->policy;
    const char *function = policy ? "CoCreateInstance_NetFwPolicy2" : "CoCreateInstance_NetFwRule";
    DWORD code = double_call(function, "");
    struct object *object;
    HRESULT hr;

    *ret = NULL;
    double_result(function, code);
    if (code) return from_code(code);
    if (outer) return CLASS_E_NOAGGREGATION;
    if (policy) {
        object = calloc(1, sizeof(*object));
        object->vtbl = &policy_vtbl;
        object->refs = 1;
        hr = policy_Query(object, wanted, ret);
    } else {
        object = (struct object *)new_rule();
        hr = rule_Query(object, wanted, ret);
    }
    any_Release(object);
    return hr;
}

static HRESULT STDMETHODCALLTYPE factory_Lock(IClassFactory *face, BOOL lock) { (void)face; (void)lock; return S_OK; }

static const IClassFactoryVtbl factory_vtbl = {.QueryInterface = factory_Query, .AddRef = factory_count, .Release = factory_count,
                                               .CreateInstance = factory_Create, .LockServer = factory_Lock};

__declspec(dllexport) HRESULT WINAPI DllGetClassObject(REFCLSID clsid, REFIID wanted, void **ret)
{
    static struct factory policy = {&factory_vtbl, true}, rule = {&factory_vtbl, false};

    if (IsEqualCLSID(clsid, &clsid_policy)) return factory_Query((IClassFactory *)&policy, wanted, ret);
    if (IsEqualCLSID(clsid, &clsid_rule)) return factory_Query((IClassFactory *)&rule, wanted, ret);
    return CLASS_E_CLASSNOTAVAILABLE;
}

__declspec(dllexport) HRESULT WINAPI DllCanUnloadNow(void)
{
    return S_FALSE;
}
